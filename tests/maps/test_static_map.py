"""The map on paper."""

import importlib.util
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import date
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from PIL import Image

from lomsong.errors import OutputError
from lomsong.inputs import Inputs
from lomsong.maps import Labels, MapOptions, MapParts, parts_of
from lomsong.maps.static_map import SHEETS, draw_static_map

MakeVillages = Callable[..., gpd.GeoDataFrame]
DAY = date(2026, 11, 23)
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None, reason="matplotlib is not installed"
)


@pytest.mark.parametrize("paper", ["a4", "slide"])
def test_a_sheet_has_the_size_of_its_paper(
    villages: gpd.GeoDataFrame, inputs: Inputs, tmp_path: Path, paper: str
) -> None:
    path = draw_static_map(villages, tmp_path / "map.png", parts=parts_of(inputs), paper=paper)  # type: ignore[arg-type]
    with Image.open(path) as sheet:
        width, height = sheet.size
        colours = sheet.convert("RGB").resize((400, 280)).getcolors(200_000)
    assert width / height == pytest.approx(SHEETS[paper][0] / SHEETS[paper][1], rel=0.01)
    assert colours is not None
    assert len(colours) > 500


def test_pdf_and_svg_hold_pictures_of_the_fills_and_the_same_bytes_each_time(
    make_villages: MakeVillages, tmp_path: Path
) -> None:
    villages = make_villages(40)
    for kind, mark in ((".pdf", b"/Image"), (".svg", b"<image")):
        first = draw_static_map(villages, tmp_path / f"a{kind}", drawn_on=DAY).read_bytes()
        assert mark in first
        assert draw_static_map(villages, tmp_path / f"b{kind}", drawn_on=DAY).read_bytes() == first


def test_lines_show_how_planned_sites_are_connected(make_villages: MakeVillages, tmp_path: Path) -> None:
    villages = make_villages(9)
    west, south, east, north = villages.total_bounds
    plan = gpd.GeoDataFrame(
        {"site_id": ["P1", "P2"], "order": [1, 2], "backhaul": [shapely.LineString([(west, south), (east, north)]), None]},
        geometry=gpd.points_from_xy([west, east], [south, south]),
        crs=villages.crs,
    )  # fmt: skip
    violet = {}
    for name, table in (("with", plan), ("without", plan.drop(columns="backhaul"))):
        path = draw_static_map(villages, tmp_path / f"{name}.png", parts=MapParts(plan=table))
        with Image.open(path) as sheet:
            counts = sheet.convert("RGB").getcolors(1 << 22)
        violet[name] = sum(count for count, colour in counts or [] if colour == (0x5B, 0x2A, 0x86))
    assert violet["with"] > 1000
    assert violet["without"] == 0


def test_hostile_and_broken_input_still_gives_a_sheet(
    make_villages: MakeVillages, tmp_path: Path, hostile: list[str]
) -> None:
    villages = make_villages(len(hostile))
    shapes = villages.geometry.tolist()
    shapes[:4] = [None, shapely.Polygon(), shapely.Point(405_000, 2_505_000), shapely.LineString([(400_000, 2_500_000), (401_000, 2_500_000)])]  # fmt: skip
    villages = villages.set_geometry(gpd.GeoSeries(shapes, crs=villages.crs)).drop(columns="population")
    labels = Labels("".join(hostile)[:3000] + "$\\frac{", synthetic=True, attributions=tuple(hostile))
    path = draw_static_map(villages, tmp_path / "m.svg", parts=MapParts(labels=labels), drawn_on=DAY)
    elements = list(ET.fromstring(path.read_bytes()).iter())  # noqa: S314 - our own file
    assert not [one for one in elements if one.tag.endswith(("script", "foreignObject", "}a"))]
    assert not [name for one in elements for name in one.attrib if name.lower().startswith("on")]


def test_a_title_keeps_the_marks_that_join_its_letters(villages: gpd.GeoDataFrame, tmp_path: Path) -> None:
    labels = Labels("می\u200cشود\x1b[31m\u202e", synthetic=False, attributions=())
    path = draw_static_map(villages, tmp_path / "m.svg", parts=MapParts(labels=labels), drawn_on=DAY)
    assert "می\u200cشود\ufffd[31m\ufffd" in path.read_text(encoding="utf-8")


def test_hidden_masts_are_not_on_the_sheet(
    villages: gpd.GeoDataFrame, inputs: Inputs, tmp_path: Path
) -> None:
    parts = MapParts(sectors=inputs.sectors)
    with_masts = draw_static_map(villages, tmp_path / "a.png", parts=parts, drawn_on=DAY).read_bytes()
    hidden = MapOptions(masts="hidden")
    without = draw_static_map(
        villages, tmp_path / "b.png", parts=parts, options=hidden, drawn_on=DAY
    ).read_bytes()
    none = draw_static_map(villages, tmp_path / "c.png", drawn_on=DAY).read_bytes()
    assert without == none != with_masts


def test_another_ending_or_paper_and_no_matplotlib_are_clear_errors(
    villages: gpd.GeoDataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OutputError, match=r"\.png, \.svg or \.pdf"):
        draw_static_map(villages, tmp_path / "map.jpg")
    with pytest.raises(OutputError, match="a4-portrait"):
        draw_static_map(villages, tmp_path / "map.png", paper="a0")  # type: ignore[arg-type]
    with pytest.raises(OutputError, match="does its folder exist"):
        draw_static_map(villages.iloc[:2], tmp_path / "nowhere" / "map.png")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(OutputError, match="needs matplotlib"):
        draw_static_map(villages, tmp_path / "map.png")
    assert list(tmp_path.iterdir()) == []
