"""The other layers: signal, measurements, plan, service, quality flags, and what a discreet map leaves out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from map_pages import SentPack, sent, sent_columns
from pyproj import CRS, Transformer

from lomsong.errors import SourceError, TableError
from lomsong.findings import Finding
from lomsong.inputs import Inputs
from lomsong.maps import MapOptions, MapParts, parts_of, village_map
from lomsong.maps.frame import WebFrame
from lomsong.maps.measurement_contents import HEXAGON_STEPS, hexagon_of, measurement_contents
from lomsong.maps.plan_contents import plan_contents
from lomsong.maps.signal_contents import LEVELS_DBM, pyramid, signal_contents

MakeVillages = Callable[..., gpd.GeoDataFrame]


def render(villages: gpd.GeoDataFrame, **parts: Any) -> str:
    return str(village_map(villages, **parts).get_root().render())


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    """90 x 60 cells of 200 m in UTM: a strong spot at one cell, weak elsewhere, nothing in the last column."""
    levels = np.full((60, 90), -118.0, dtype=np.float32)
    levels[10:14, 20:24] = -70.0
    levels[:, -1] = np.nan
    path = tmp_path / "signal_song-xanh_4g.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=60, width=90, count=1, dtype="float32", crs="EPSG:32648",
        transform=rasterio.Affine(200, 0, 400_000, 0, -200, 2_512_000), nodata=float("nan"),
    ) as target:  # fmt: skip
        target.write(levels, 1)
        target.update_tags(operator="Sóng Xanh", technology="4g", level_kind="rsrp")
    return path


def test_the_strong_spot_of_a_raster_lies_where_it_was_predicted(raster: Path) -> None:
    (picture,) = signal_contents([raster], WebFrame())
    assert picture.name == "Sóng Xanh 4G"
    pack = SentPack(picture.packs.first)
    rows, columns = pack.meta["sizes"][0]
    cells = np.array(pack.numbers("level0")).reshape(rows, columns)
    row, column = np.argwhere(cells == len(LEVELS_DBM)).mean(axis=0) + 0.5
    x = (pack.meta["left"] + column * pack.meta["cell"]) * 2**24
    y = (pack.meta["top"] + row * pack.meta["cell"]) * 2**24
    (longitude,), (latitude,) = WebFrame().degrees(np.array([x]), np.array([y]))
    true = Transformer.from_crs("EPSG:32648", 4326, always_xy=True).transform(404_400, 2_509_600)
    assert longitude == pytest.approx(true[0], abs=0.001)
    assert latitude == pytest.approx(true[1], abs=0.001)
    assert set(np.unique(cells)) == {0, 2, 9}


def test_a_pyramid_halves_and_keeps_what_is_known() -> None:
    cells = np.zeros((300, 200), dtype=np.uint8)
    cells[:, :100] = 4
    cells[0, 0] = 8
    levels = pyramid(cells)
    assert [level.shape for level in levels] == [(300, 200), (150, 100), (75, 50)]
    assert levels[1][0, 0] == 5
    assert levels[2][40, 10] == 4
    assert levels[2][40, 30] == 0


def test_large_rasters_are_made_coarser(raster: Path) -> None:
    (picture,) = signal_contents([raster], WebFrame(), most_cells=1)
    rows, columns = SentPack(picture.packs.first).meta["sizes"][0]
    assert rows * columns <= 128**2 * 1.1


def test_a_file_that_is_no_raster_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "signal_x_4g.tif"
    path.write_text("no raster")
    with pytest.raises(SourceError, match="signal_x_4g"):
        signal_contents([path], WebFrame())


def test_every_place_is_in_the_hexagon_with_the_nearest_middle() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 20 * HEXAGON_STEPS, (2, 500))
    column, row = hexagon_of(x, y)
    down = HEXAGON_STEPS * np.sqrt(3) / 2
    middles = np.array(
        [((c + (r % 2) / 2) * HEXAGON_STEPS, r * down) for r in range(26) for c in range(-1, 22)]
    )
    nearest = np.hypot(x[:, None] - middles[:, 0], y[:, None] - middles[:, 1]).min(axis=1)
    mine = np.hypot((column + (row % 2) / 2) * HEXAGON_STEPS - x, row * down - y)
    assert np.allclose(mine, nearest)


def test_few_tests_in_a_hexagon_stay_untold_and_fixed_lines_stay_out() -> None:
    there = shapely.Point(104.0, 22.0), shapely.Point(104.1, 22.0), shapely.Point(104.2, 22.0)
    measurements = gpd.GeoDataFrame(
        {
            "network": ["mobile", "mobile", "mobile", "fixed"],
            "kind": ["speed", "speed", "no_service", "speed"],
            "tests": [8.0, 2.0, np.nan, 50.0],
            "download_mbps": [12.0, 99.0, np.nan, 80.0],
        },
        geometry=[there[0], there[1], there[0], there[2]],
        crs=4326,
    )
    contents = measurement_contents(measurements, WebFrame(), minimum_tests=5)
    assert contents is not None
    pack = SentPack(contents.first)
    assert pack.meta["rows"] == 2
    assert pack.column("tests") == [9, None]
    assert pack.column("download_mbps") == [12, None]
    assert pack.column("no_service") == [1, 0]
    assert measurement_contents(measurements.iloc[3:], WebFrame(), minimum_tests=5) is None


def plan_of() -> gpd.GeoDataFrame:
    places = gpd.points_from_xy([410_000, 405_000, 415_000], [2_510_000, 2_505_000, 2_515_000])
    plan = gpd.GeoDataFrame(
        {
            "site_id": ["B", "A", "C"],
            "order": [2, 1, 3],
            "cost": [70_000.0, 50_000.0, 90_000.0],
            "people": [300.0, 500.0, 100.0],
            "village_ids": [["00003", "nowhere"], "00001; 00002", None],
            "backhaul_kind": ["microwave", "fibre", pd.NA],
            "phase": [1, 1, 2],
            "programme": ["operators", "universal-service fund", pd.NA],
            "currency": "USD",
        },
        geometry=places,
        crs="EPSG:32648",
    )
    plan["backhaul"] = [shapely.LineString([places[0], places[1]]), None, None]
    return plan


def test_a_plan_is_sent_in_the_order_of_building(villages: gpd.GeoDataFrame) -> None:
    contents = plan_contents(plan_of(), villages["village_id"], WebFrame())
    assert contents is not None
    pack = SentPack(contents.first)
    assert pack.column("site_id") == ["A", "B", "C"]
    assert pack.column("cost") == [50_000, 70_000, 90_000]
    assert pack.column("phase") == [1, 1, 2]
    assert pack.column("programme") == ["universal-service fund", "operators", None]
    assert pack.column("currency") == ["USD"] * 3
    assert pack.varints("covered_sizes") == [2, 1, 0]
    assert pack.deltas("covered") == [1, 2, 3]
    assert pack.varints("line_sizes") == [0, 2, 0]


def test_a_plan_without_order_says_so(villages: gpd.GeoDataFrame) -> None:
    with pytest.raises(TableError, match="'order' is missing"):
        plan_contents(plan_of().drop(columns="order"), villages["village_id"], WebFrame())
    assert plan_contents(plan_of().iloc[:0], villages["village_id"], WebFrame()) is None


def test_service_and_quality_reach_the_villages_by_their_ids(villages: gpd.GeoDataFrame) -> None:
    service = pd.DataFrame(
        {
            "village_id": ["00001", "00000", "elsewhere", "00001"],
            "operator": ["Sóng Xanh", "Sóng Xanh", "Sóng Xanh", "any"],
            "technology": ["4g", "4g", "4g", "any"],
            "p_centre": [0.254, np.nan, 0.9, 1.0],
        }
    )
    finding = Finding(
        layer="villages",
        word="clean",
        severity="warning",
        message="2 shapes mended",
        count=2,
        rows=("00002", "x"),
    )
    text = render(villages, parts=MapParts(service=service, findings=(finding,)))
    pack = sent(text, "villages")
    assert pack.meta["service"] == [["Sóng Xanh", "4g"], ["any", "any"]]
    assert pack.numbers("service0")[:3] == [255, 25, 255]
    assert pack.numbers("service1")[:3] == [255, 100, 255]
    columns = sent_columns(text, "villages")
    assert columns["quality_word"][:4] == [None, None, "clean", None]
    assert columns["quality_flags"][2] == "2 shapes mended"


# ---------- discretion ----------


def test_a_map_with_hidden_masts_does_not_tell_where_they_are(
    villages: gpd.GeoDataFrame, inputs: Inputs, raster: Path
) -> None:
    parts = parts_of(inputs, rasters=[raster], plan=plan_of(), pictures={"00001": "<svg/>"})
    text = render(villages, parts=parts, options=MapOptions(masts="hidden"))
    assert "lomsong_masts_" not in text
    assert "lomsong_signal_" not in text
    columns = sent_columns(text, "villages")
    assert set(columns["nearest_site_m"]) <= {5000, 10000}
    assert all("under 5 km" in words or "under 10 km" in words for words in columns["reasons"])
    assert not any(".2 km" in words for words in columns["reasons"])
    assert sent(text, "villages", "later").varints("picture.sizes") == []
    assert sent(text, "plan").varints("line_sizes") == [0, 0, 0]


def test_blurred_masts_stand_in_the_middle_of_squares_without_names(
    villages: gpd.GeoDataFrame, inputs: Inputs
) -> None:
    text = render(villages, inputs=inputs, options=MapOptions(masts="blurred", blur_m=3000))
    assert set(sent_columns(text, "masts")) == {"operator", "technology"}
    places = [place for place in sent(text, "masts").places() if place]
    blurred = gpd.GeoSeries([shapely.Point(xy) for xy in places], crs=4326).to_crs(inputs.sectors.crs)
    away = [blurred.distance(mast).min() for mast in inputs.sectors.geometry]
    assert max(away) < 3000 * 0.75
    assert max(away) > 300
    assert CRS.from_user_input(inputs.sectors.crs).is_projected
    assert "S00" not in str(sent_columns(text, "masts"))
