"""Roads and waters on the page and on paper."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from map_pages import SentPack, sent, to_degrees
from PIL import Image
from pyproj import Transformer

from lomsong.maps import Labels, MapOptions, MapParts, village_map
from lomsong.maps.frame import WebFrame
from lomsong.maps.static_map import draw_static_map
from lomsong.maps.ways import AREA, MAIN, MIDDLE, MINOR, sort_ways, way_contents

UTM = "EPSG:32648"


def layer_of(pairs: list[tuple[str | None, shapely.Geometry | None]]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"kind": [kind for kind, _ in pairs]}, geometry=[shape for _, shape in pairs], crs=UTM
    )


def line(*xy: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(400_000 + x, 2_500_000 + y) for x, y in xy])


def read_lines(pack: SentPack) -> list[list[tuple[float, float]]]:
    shift = pack.numbers("arc_shift")[0]
    x, y = ([value << shift for value in pack.deltas(name)] for name in ("arc_x", "arc_y"))
    lines, begin = [], 0
    for size in pack.varints("arc_sizes"):
        lines.append([to_degrees(x[i], y[i]) for i in range(begin, begin + size)])
        begin += size
    return lines


@pytest.fixture
def roads() -> gpd.GeoDataFrame:
    return layer_of(
        [
            ("track", line((0, 0), (9000, 9000))),
            ("primary", line((0, 0), (5000, 100))),
            ("primary", line((5000, 100), (9000, 4000))),
            ("Đường huyện", line((0, 8000), (3000, 8000))),
            ("motorway", None),
            (None, shapely.Point(400_000, 2_500_000)),
        ]
    )


def test_the_main_roads_come_first_and_pieces_that_go_on_are_joined(roads: gpd.GeoDataFrame) -> None:
    shapes, classes = sort_ways(roads)
    assert classes.tolist() == [MAIN, MIDDLE, MINOR]
    assert shapes[0].length == pytest.approx(roads.geometry.iloc[1].length + roads.geometry.iloc[2].length)


def test_without_kinds_every_road_is_a_main_one(roads: gpd.GeoDataFrame) -> None:
    _, classes = sort_ways(roads.drop(columns="kind"))
    assert set(classes.tolist()) == {MAIN}


def test_lines_arrive_where_they_are(roads: gpd.GeoDataFrame) -> None:
    packs, whole = way_contents(roads, WebFrame())
    assert packs is not None
    assert whole
    pack = SentPack(packs.first)
    assert pack.numbers("classes") == [MAIN, MIDDLE, MINOR]
    main = read_lines(pack)[0]
    to_wgs = Transformer.from_crs(UTM, 4326, always_xy=True)
    wanted = [to_wgs.transform(400_000, 2_500_000), to_wgs.transform(409_000, 2_504_000)]
    ends = sorted([main[0], main[-1]])
    assert np.allclose(ends, wanted, atol=2e-5)  # a step is 2.4 m at the equator
    assert len(main) == 3


def test_a_lake_keeps_its_island_and_lies_among_the_rivers() -> None:
    lake = shapely.box(400_000, 2_500_000, 404_000, 2_504_000).difference(
        shapely.box(401_000, 2_501_000, 402_000, 2_502_000)
    )
    water = layer_of(
        [("stream", line((0, 0), (90_000, 0))), ("water", lake), ("river", line((0, 0), (100, 0)))]
    )
    packs, _ = way_contents(water, WebFrame())
    assert packs is not None
    pack = SentPack(packs.first)
    assert pack.numbers("classes") == [AREA, AREA, MAIN, MINOR]
    shore, island = (shapely.LinearRing(ring) for ring in read_lines(pack)[:2])
    assert shore.is_ccw != island.is_ccw


def test_beyond_the_cap_the_least_is_left_out_and_the_name_says_so() -> None:
    rng = np.random.default_rng(3)
    rough = [
        (float(x), float(y)) for x, y in zip(range(0, 90_000, 300), rng.uniform(0, 5000, 300), strict=True)
    ]
    roads = layer_of([("track", line(*rough)), ("trunk", line((0, 0), (4000, 0)))])
    packs, whole = way_contents(roads, WebFrame(), most=100)
    assert packs is not None
    assert not whole
    assert SentPack(packs.first).numbers("classes") == [MAIN]


@pytest.mark.parametrize("shapes", [[], [None], [shapely.Point(400_000, 2_500_000)], [shapely.LineString()]])
def test_a_layer_with_nothing_to_draw_gives_no_layer(shapes: list[shapely.Geometry | None]) -> None:
    packs, whole = way_contents(gpd.GeoDataFrame(geometry=shapes, crs=UTM), WebFrame())
    assert packs is None
    assert whole


def test_roads_and_waters_are_layers_of_the_map_even_without_masts(
    villages: gpd.GeoDataFrame, roads: gpd.GeoDataFrame
) -> None:
    water = layer_of([("river", line((0, 500), (20_000, 900)))])
    drawn = village_map(
        villages, parts=MapParts(roads=roads, water=water), options=MapOptions(masts="hidden")
    )
    text = str(drawn.get_root().render())
    assert sent(text, "roads").numbers("classes") == [MAIN, MIDDLE, MINOR]
    assert sent(text, "water").numbers("classes") == [MAIN]
    assert '["Roads",' in text
    assert '["Waters",' in text


def test_the_sheet_shows_them_with_a_legend(
    make_villages: Callable[..., gpd.GeoDataFrame], tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    villages = make_villages(9).assign(status="served")
    water = layer_of([("water", shapely.box(405_000, 2_505_000, 415_000, 2_515_000))])
    labels = Labels("Thử", synthetic=True, attributions=())

    def blue(parts: MapParts) -> int:
        path = draw_static_map(villages, tmp_path / "m.png", parts=parts, drawn_on=date(2026, 11, 23))
        with Image.open(path) as sheet:
            return int((np.asarray(sheet.convert("RGB")) == (0x9E, 0xCB, 0xE8)).all(axis=2).sum())

    assert blue(MapParts(labels=labels)) == 0
    assert blue(MapParts(labels=labels, water=water)) > 10_000
