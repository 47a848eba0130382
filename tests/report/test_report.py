"""The report: whole in one page, in two languages, with the plan, the villages and what changed; inert whatever a village is called."""

import base64
import json
import re
import string
import sys
import types
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from map_attacks import ATTACKS
from worlds import ridged_terrain, small_settings

from lomsong.errors import OutputError, SourceError
from lomsong.inputs import Inputs
from lomsong.path import PathExplanation, explain_path
from lomsong.quality import QualityReport
from lomsong.report import figures as figures_module
from lomsong.report.area_pictures import MOST_SHAPES, draw_area
from lomsong.report.contents import ReportContents
from lomsong.report.document import render_report, render_with_figures
from lomsong.report.figures import LIST_FILE, write_figures
from lomsong.report.fonts import font_faces
from lomsong.report.page_files import refuse_ending, write_page
from lomsong.report.plan_section import PlanTables, draw_curve, read_plan_tables
from lomsong.report.plan_tables import mark_villages
from lomsong.report.plan_words import PLAN_WORDS
from lomsong.report.plane import Plane
from lomsong.report.self_test import make_self_test
from lomsong.report.settings_used import list_settings
from lomsong.report.summary import summarise
from lomsong.report.summary_tables import area_tables, group_table
from lomsong.report.village_words import VILLAGE_WORDS
from lomsong.schemas import CONNECTIONS, STATUSES

World = Callable[..., Inputs]
SVG = "http://www.w3.org/2000/svg"


def frame(names: list[str]) -> gpd.GeoDataFrame:
    count = len(names)
    cycle = np.arange(count)
    table = pd.DataFrame(
        {
            "village_id": [f"{i:05d}" for i in range(count)],
            "village_name": names,
            "commune_name": [f"Xã {i % 3}" for i in range(count)],
            "status": [STATUSES[i % len(STATUSES)] for i in range(count)],
            "verify_cause": None,
            "override": None,
            "connection": [CONNECTIONS[i % len(CONNECTIONS)] for i in range(count)],
            "people": 100.0 + cycle,
            "unserved_people": 50.0 - cycle % 50,
            "unready_people": 12.0,
            "unready_basis": "signal and speed",
            "grid_power": pd.array([[True, False, None][i % 3] for i in range(count)], dtype="boolean"),
            "fund_eligible": pd.array([bool(i % 2) for i in range(count)], dtype="boolean"),
            "p_signal": 0.25,
            "confidence": 0.75,
            "evidence": "predicted",
            "rank": cycle + 1,
            "rank_low": 1,
            "rank_high": 4,
            "p_top": 0.5,
            "need": 90.0,
            "nearest_site_m": 3400.0,
            "reasons": names,
            "reasons_vi": names,
        }
    )
    squares = [shapely.box(104 + 0.01 * (i % 50), 22 + 0.01 * (i // 50), 104.009 + 0.01 * (i % 50), 22.009 + 0.01 * (i // 50)) for i in range(count)]  # fmt: skip
    return gpd.GeoDataFrame(table, geometry=squares, crs=4326)


def plan_of(villages: gpd.GeoDataFrame, names: list[str]) -> PlanTables:
    sites = pd.DataFrame(
        {
            "order": [1, 2], "phase": [1, 2], "site_id": names[:2], "origin": ["high ground", "existing mast"], "configuration": "30 m",
            "people": [300.0, 120.0], "cost": [50_000.0, 30_000.0], "cost_total": [50_000.0, 80_000.0], "cost_capital": [40_000.0, 20_000.0],
            "cost_per_year": [4000.0, 2000.0], "cost_tower": [10_000.0, 0.0], "cost_backhaul": [30_000.0, 20_000.0], "power": "grid",
            "backhaul_kind": "microwave", "connects_to": names[2], "programme": "operators", "runner_up": [None, names[3]],
            "village_ids": [";".join(villages["village_id"].iloc[:2]), None], "lost_people": [290.0, 110.0], "silenced": [None, names[0]],
            "longitude_deg": [104.004, 104.02], "latitude_deg": [22.004, 22.005],
        }
    )  # fmt: skip
    reached = pd.DataFrame(
        {
            "village_id": villages["village_id"].iloc[:3], "people": [50.0, 49.0, 48.0], "order": pd.array([1, None, None], dtype="Int64"),
            "why": [None, "the budget ends before it", "no candidate site reaches it"], "comes_in_at": [50_000.0, 95_000.0, np.nan],
        }
    )  # fmt: skip
    curve = pd.DataFrame({"cost": [0.0, 50_000.0, 80_000.0, 95_000.0], "people": [0.0, 300.0, 420.0, 450.0], "knee": [False, True, False, False]})  # fmt: skip
    note = {"budget": 90_000.0, "people": 500.0, "reached": 420.0, "spent": 80_000.0, "bound": 430.0, "proven": False, "assumed": names[:1], "villages_sha256": None}  # fmt: skip
    return PlanTables(sites=sites, villages=reached, curve=curve, note=note)


@pytest.fixture
def path(world: World) -> PathExplanation:
    inputs = world({"V": (18, 9)}, {"M": (2, 9)}, terrain=ridged_terrain(150.0))
    return replace(explain_path(inputs, village_id="V"), village_id="00000")


def contents_of(names: list[str], path: PathExplanation, *, plan: bool = True) -> ReportContents:
    villages = frame(names)
    sectors = gpd.GeoDataFrame(
        {"sector_id": ["1"], "site_id": [names[0]]}, geometry=[shapely.Point(104.03, 22.01)], crs=4326
    )
    service = pd.DataFrame({"village_id": villages["village_id"], "operator": "any", "technology": "any", "covered_share": 0.5})  # fmt: skip
    return ReportContents(
        ranked=villages,
        sectors=sectors,
        summary=summarise(villages, service),
        settings=small_settings(name=names[0]),
        quality=QualityReport(counts={}, findings=()),
        records=[],
        truth=None,
        self_test=make_self_test(villages, None, None),
        version="0",
        paths={"00000": replace(path, village_name=names[0], site_id=names[1])},
        plan=plan_of(villages, names) if plan else None,
    )


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("</style>", 1)[1]))


def test_the_page_answers_which_why_how_sure_what_it_costs_and_what_was_assumed(
    path: PathExplanation,
) -> None:
    page = plain(render_report(contents_of([f"Bản {i}" for i in range(12)], path)))
    assert "The greatest need is in Bản 0" in page
    assert "0.75" in page
    assert "site Bản 0 (high ground, 30 m), number 1 of the plan, in year 1: 50,000 USD" in page
    assert (
        "not in the plan: the budget ends before it. It would come in at a budget of about 95,000 USD."
        in page
    )
    assert (
        "Villages that it newly covers People lost without it Sites that fall with it Bản 0 Bản 0, Bản 1 290 –"
        in page
    )
    assert "costs.microwave_hop" in page
    assert "placeholder" in page
    bare = plain(render_report(contents_of([f"Bản {i}" for i in range(12)], path, plan=False)))
    assert "no plan has been made on this run" in bare


def test_the_vietnamese_page_has_its_own_numbers_and_no_english_headings(path: PathExplanation) -> None:
    contents = contents_of([f"Bản {i}" for i in range(12)], path)
    english, page = (plain(render_report(contents, language=language)) for language in ("en", "vi"))
    assert "50.000 USD" in page
    for words in (VILLAGE_WORDS, PLAN_WORDS):
        for one, other in words.values():
            if one != other and "{" not in one and len(one) > 14 and one in english:
                assert one not in page, one


def test_hostile_names_stay_text_and_nothing_is_asked_for(path: PathExplanation) -> None:
    names = [name.encode("utf-8", "replace").decode() for name in ATTACKS]
    page, figures = render_with_figures(contents_of(names, path))
    assert "<script" not in page.lower()
    assert not re.search(r"<[^>]*\son\w+\s*=", re.sub(r'"[^"]*"', '""', page))
    assert "default-src 'none'" in page
    tags = re.findall(r"<(\w+)[\s>]", page)
    assert not {
        "img",
        "iframe",
        "object",
        "embed",
        "link",
        "a",
        "form",
        "image",
        "use",
        "foreignObject",
    } & set(tags)
    for drawing in figures.values():
        kinds = {node.tag.removeprefix(f"{{{SVG}}}") for node in ET.fromstring(drawing.as_svg()).iter()}  # noqa: S314 - ours
        assert kinds <= {"svg", "title", "desc", "rect", "polygon", "polyline", "text"}


def test_every_picture_lies_on_its_sheet_and_has_words(path: PathExplanation) -> None:
    _, figures = render_with_figures(contents_of([f"Thôn rất dài tên số {i}" * 4 for i in range(12)], path))
    assert {"area", "statuses", "plan", "plan_curve", "plan_parts", "village_01_map", "village_01_terrain", "village_10_map"} <= set(figures)  # fmt: skip
    for name, drawing in figures.items():
        assert drawing.title, name
        assert drawing.description, name
        for shape in drawing.shapes:
            points = getattr(shape, "points", None) or [(shape.x, shape.y)]
            assert all(-1 <= x <= drawing.width + 1 and -1 <= y <= drawing.height + 1 for x, y in points), (
                name
            )


def test_figures_come_as_svg_and_png_with_a_list_of_their_words(
    path: PathExplanation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, figures = render_with_figures(contents_of([f"Bản {i}" for i in range(4)], path))
    few = {name: figures[name] for name in ("area", "village_01_map")}
    write_figures(few, tmp_path)
    assert (tmp_path / "area.png").read_bytes().startswith(b"\x89PNG")
    ET.parse(tmp_path / "village_01_map.svg")  # noqa: S314 - ours
    listed = pd.read_csv(tmp_path / LIST_FILE)
    assert listed["figure"].tolist() == list(few)
    assert listed["description"].str.len().min() > 10
    monkeypatch.setattr(figures_module, "find_spec", lambda _: None)
    write_figures(few, tmp_path / "bare")
    assert {each.suffix for each in (tmp_path / "bare").iterdir()} == {".svg", ".csv"}


def test_both_languages_take_the_same_values() -> None:
    for words in (VILLAGE_WORDS, PLAN_WORDS):
        for key, pair in words.items():
            english, vietnamese = (
                {name for _, name, _, _ in string.Formatter().parse(text) if name} for text in pair
            )
            assert english == vietnamese, key


def test_the_font_in_the_page_holds_every_vietnamese_letter() -> None:
    faces = font_faces()
    covered: set[int] = set()
    for letters in re.findall(r"unicode-range: ([^;]+);", faces):
        for part in letters.split(","):
            low, _, high = part.removeprefix("U+").partition("-")
            covered |= set(range(int(low, 16), int(high or low, 16) + 1))
    alphabet = (
        "aăâbcdđeêghiklmnoôơpqrstuưvxyàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ₫–“”−"
    )
    assert {*map(ord, alphabet + alphabet.upper())} <= covered
    for content in re.findall(r"base64,([^)]+)\)", faces):
        assert base64.b64decode(content).startswith(b"wOF2")


def test_a_nation_is_drawn_as_squares_and_stays_small() -> None:
    villages = frame([str(i) for i in range(MOST_SHAPES + 500)])
    drawing = draw_area(villages, "en")
    assert len(drawing.as_svg()) < 300_000
    few = draw_area(villages.head(20), "en")
    assert "white 4" in few.description


def test_the_plane_is_true_to_scale_and_north_is_up() -> None:
    plane = Plane.around((104.0, 22.0, 104.1, 22.1), (10, 30, 510, 430), least_m=100)
    x, y = plane.point(104.05, 22.05)
    assert (x, y) == pytest.approx((260, 230))
    assert plane.point(104.05, 22.1)[1] < y
    east, north = plane.point(104.06, 22.05)[0] - x, y - plane.point(104.05, 22.06)[1]
    assert east / north == pytest.approx(np.cos(np.radians(22.05)), rel=1e-6)
    assert 0.01 * 111_195 / north == pytest.approx(plane.metres_per_pixel)
    wide = Plane.around((104.0, 22.0, 104.0, 22.0), (0, 0, 100, 100), least_m=5000)
    assert wide.metres_per_pixel * 100 == pytest.approx(5000)


def test_made_up_data_is_named_on_every_picture_and_real_data_on_none(path: PathExplanation) -> None:
    contents = contents_of([f"Bản {i}" for i in range(6)], path)
    _, figures = render_with_figures(contents)
    for name, drawing in figures.items():
        assert "SYNTHETIC DATA" in [each.text for each in drawing.shapes if hasattr(each, "text")], name
        assert drawing.description.endswith("Synthetic data."), name
    real = replace(
        contents,
        settings=small_settings(synthetic=False),
        paths={"00000": replace(contents.paths["00000"], synthetic=False)},
    )
    page, _ = render_with_figures(real)
    assert "SYNTHETIC" not in plain(page).upper()


def test_the_group_table_counts_every_village_once() -> None:
    villages = frame([str(i) for i in range(36)])
    service = pd.DataFrame({"village_id": villages["village_id"], "operator": "any", "technology": "any", "covered_share": 0.5})  # fmt: skip
    summary = summarise(villages, service)
    rows = group_table(summary)
    assert sum(cell["villages"] for row in rows for cell in row["cells"]) == 36
    assert sum(cell["people"] for row in rows for cell in row["cells"]) == pytest.approx(
        villages["people"].sum()
    )
    dark = rows[0]["cells"][STATUSES.index("white")]
    mine = villages[
        villages["grid_power"].fillna(value=False)
        & villages["fund_eligible"]
        & (villages["status"] == "white")
    ]
    assert dark["villages"] == len(mine)
    (communes,) = area_tables(summary)
    assert communes["total"] == 3
    unserved = [row["unserved_people"] for row in communes["rows"]]
    assert unserved == sorted(unserved, reverse=True)


def test_settings_that_a_user_has_set_are_told_apart_from_assumed_ones() -> None:
    assumed, own = list_settings(small_settings(costs={"tower": 7000}, service={"hollow_share": 0.7}))
    assert {(each.key, each.value, each.default) for each in own} == {
        ("costs.tower", "7000", "5000"),
        ("service.hollow_share", "0.7", "0.8"),
    }
    keys = {each.key for each in assumed}
    assert {"costs.civil_works", "radio.carriers.4g.threshold_dbm", "ranking.weight_people"} <= keys
    assert "costs.tower" not in keys
    assert all("assumption" in each.source or "placeholder" in each.source for each in assumed)


def test_a_plan_of_other_results_is_not_shown_and_a_broken_one_is_one_message(tmp_path: Path) -> None:
    assert read_plan_tables(tmp_path) is None
    plan = plan_of(frame(["a", "b", "c", "d"]), ["a", "NA", "c", "d"])
    (tmp_path / "villages.parquet").write_bytes(b"results")
    for name, table in (
        ("plan.csv", plan.sites),
        ("plan_villages.csv", plan.villages),
        ("plan_curve.csv", plan.curve),
    ):
        table.to_csv(tmp_path / name, index=False)
    note = {**plan.note, "villages_sha256": mark_villages(tmp_path)}
    (tmp_path / "plan.json").write_text(json.dumps(note))
    read = read_plan_tables(tmp_path)
    assert read is not None
    site = read.site_of("00000")
    assert site is not None
    assert site["site_id"] == "a"
    assert read.sites["site_id"].tolist() == ["a", "NA"]
    assert read.site_of("00001") is None
    assert read.parts().to_dict() == {"backhaul": 50_000.0, "tower": 10_000.0}
    (tmp_path / "villages.parquet").write_bytes(b"other results")
    assert read_plan_tables(tmp_path) is None
    (tmp_path / "plan_curve.csv").write_text("a\n1\n")
    with pytest.raises(SourceError, match="plan again"):
        read_plan_tables(tmp_path)


def test_a_plan_of_many_sites_shows_the_first_and_says_where_the_rest_is(path: PathExplanation) -> None:
    contents = contents_of([f"Bản {i}" for i in range(6)], path)
    assert contents.plan is not None
    sites = pd.concat([contents.plan.sites] * 60, ignore_index=True).assign(order=range(1, 121))
    many = replace(contents, plan=replace(contents.plan, sites=sites))
    assert "The first 100 sites of 120; plan.csv has them all." in plain(render_report(many))


def test_the_curve_rises_in_steps_through_its_points() -> None:
    plan = plan_of(frame(["a", "b", "c", "d"]), ["a", "b", "c", "d"])
    drawing = draw_curve(plan, "USD", "en")
    blue = max((each for each in drawing.shapes if hasattr(each, "width")), key=lambda line: len(line.points))
    corners = blue.points
    assert len(corners) == 7
    assert all(b[0] >= a[0] and b[1] <= a[1] for a, b in pairwise(corners))
    assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(corners))
    assert "300 people for 50,000 USD" in drawing.description


def test_a_pdf_without_weasyprint_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(OutputError, match=r"lomsong\[pdf\]"):
        refuse_ending(tmp_path / "report.pdf")
    with pytest.raises(OutputError, match=r"\.html or \.pdf"):
        refuse_ending(tmp_path / "report.docx")


def test_a_pdf_is_made_of_the_page_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """WeasyPrint's part is played by a stand-in with the names and arguments of version 70."""
    allowed = []

    class Fetcher:
        def __init__(self, *, allowed_protocols: tuple[str, ...]) -> None:
            allowed.append(allowed_protocols)

    class Page:
        def __init__(self, *, string: str, url_fetcher: Fetcher) -> None:
            assert isinstance(url_fetcher, Fetcher)
            self.string = string

        def write_pdf(self) -> bytes:
            return b"%PDF " + self.string.encode()

    module, urls = types.ModuleType("weasyprint"), types.ModuleType("weasyprint.urls")
    module.HTML, urls.URLFetcher = Page, Fetcher  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "weasyprint", module)
    monkeypatch.setitem(sys.modules, "weasyprint.urls", urls)
    write_page("Bản", tmp_path / "r.pdf")
    assert (tmp_path / "r.pdf").read_bytes() == "%PDF Bản".encode()
    assert allowed == [("data",)]
