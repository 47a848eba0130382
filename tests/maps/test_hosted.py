"""A hosted map: outlines and signal in tile archives, of which a web server sends what somebody looks at."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from PIL import Image
from pmtiles.reader import MmapSource, Reader, all_tiles
from web_server import hosting

from lomsong.errors import OutputError
from lomsong.inputs import Inputs
from lomsong.maps import MapOptions, parts_of, save_map, village_map
from lomsong.maps.archives import tile_shapes
from lomsong.maps.folder import save_map_folder
from lomsong.maps.frame import find_frame
from lomsong.maps.signal_contents import LEVELS_DBM
from lomsong.maps.signal_tiles import SIGNAL_COLOURS

FRONTEND = Path(__file__).parents[2] / "coverage/lomsong/maps/frontend/src"
#: Level in the west and in the east half of the made-up raster. [dBm]
WEST_DBM, EAST_DBM = -117.0, -84.0


@pytest.fixture(scope="module")
def raster(villages: gpd.GeoDataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    west, south, east, north = villages.total_bounds
    levels = np.full((400, 400), WEST_DBM, dtype=np.float32)
    levels[:, 200:] = EAST_DBM
    levels[:40] = np.nan
    path = tmp_path_factory.mktemp("signal") / "signal_a_4g.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=400, width=400, count=1, dtype="float32", nodata=np.nan,
        crs=villages.crs, transform=rasterio.transform.from_bounds(west, south, east, north, 400, 400),
    ) as file:  # fmt: skip
        file.write(levels, 1)
        file.update_tags(operator="Sóng Xanh", technology="4g")
    return path


@pytest.fixture(scope="module")
def drawn(villages: gpd.GeoDataFrame, inputs: Inputs, raster: Path) -> Any:
    parts = replace(parts_of(inputs, rasters=[raster]), measurements=None)
    return village_map(villages, parts=parts, options=MapOptions(hosted=True))


@pytest.fixture(scope="module")
def folder(drawn: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_map_folder(drawn, tmp_path_factory.mktemp("hosted")).parent


def archive_of(folder: Path, kind: str) -> Path:
    (found,) = folder.glob(f"lomsong_{kind}_*.pmtiles")
    return found


def test_outlines_in_the_tiles_are_those_of_the_villages(folder: Path, villages: gpd.GeoDataFrame) -> None:
    pieces = gpd.read_file(archive_of(folder, "villages"), layer="villages")
    whole = pieces.dissolve("row").sort_index()
    assert whole.index.tolist() == list(range(len(villages)))
    assert whole["status"].tolist() == villages["status"].tolist()
    outlines = villages.geometry.to_crs(3857).to_numpy()
    off = shapely.symmetric_difference(whole.geometry.to_numpy(), outlines)
    # a step of the finest tiles is 2.4 m wide
    assert (shapely.area(off) < 3 * shapely.length(outlines)).all()


def test_coarse_tiles_hold_every_village_that_can_be_seen(folder: Path, villages: gpd.GeoDataFrame) -> None:
    pieces = gpd.read_file(archive_of(folder, "villages"), layer="villages", ZOOM_LEVEL=9)
    assert set(pieces["row"]) == set(range(len(villages)))
    pixel_m = 40_075_017 / 256 / 2**9
    assert pieces.geometry.area.sum() == pytest.approx(villages.to_crs(3857).area.sum(), rel=0.02)
    assert pieces.total_bounds == pytest.approx(villages.to_crs(3857).total_bounds, abs=pixel_m)


def test_signal_tiles_have_the_colour_of_the_level_at_each_place(
    folder: Path, villages: gpd.GeoDataFrame
) -> None:
    path = archive_of(folder, "signal")
    with path.open("rb") as file:
        reader = Reader(MmapSource(file))
        header, told = reader.header(), reader.metadata()
        tiles = dict(all_tiles(MmapSource(file)))
    assert told["name"] == "Sóng Xanh 4G"
    # pixels are no larger than the raster's cells of 60 m
    assert 40_075_017 / 256 / 2 ** header["max_zoom"] <= 60 / np.cos(np.radians(22.6))
    west, south, east, north = villages.total_bounds
    asked = [(0.25, 0.5, WEST_DBM), (0.75, 0.9, EAST_DBM), (0.25, 0.05, None), (0.45, 0.2, WEST_DBM)]
    for across, down, level in asked:
        at = gpd.GeoSeries.from_xy(
            [west + across * (east - west)], [north - down * (north - south)], crs=villages.crs
        ).to_crs(3857)[0]
        for zoom in range(9, header["max_zoom"] + 1):
            x, y = (at.x / 40_075_016.686 + 0.5) * 2**zoom, (0.5 - at.y / 40_075_016.686) * 2**zoom
            with Image.open(BytesIO(tiles[zoom, int(x), int(y)])) as picture:
                colour = picture.convert("RGBA").getpixel((int(x % 1 * 256), int(y % 1 * 256)))
            if level is None:
                assert colour[3] == 0
            else:
                wanted = SIGNAL_COLOURS[sum(level >= low for low in LEVELS_DBM) - 1]
                assert colour == (*bytes.fromhex(wanted), 255)


def test_the_colours_of_the_tiles_are_those_of_the_legend() -> None:
    listed = re.search(r"SIGNAL_COLOURS = (\[.*?\])", (FRONTEND / "signal.js").read_text())
    assert listed is not None
    assert json.loads(listed.group(1)) == [f"#{colour}" for colour in SIGNAL_COLOURS]
    assert len(SIGNAL_COLOURS) == len(LEVELS_DBM)


def test_the_same_map_gives_the_same_bytes_and_another_leaves_nothing_of_it(
    drawn: Any, villages: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    save_map_folder(drawn, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert len([name for name in before if name.endswith(".pmtiles")]) == 2
    save_map_folder(drawn, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    page = before["index.html"].decode()
    assert "connect-src 'self'" in page
    save_map_folder(village_map(villages), tmp_path)
    assert not list(tmp_path.glob("*.pmtiles"))
    assert "connect-src 'none'" in (tmp_path / "index.html").read_text()


def test_outlines_change_the_name_of_their_archive(villages: gpd.GeoDataFrame) -> None:
    moved = villages.copy()
    moved.loc[0, "geometry"] = shapely.simplify(moved.geometry[0], 500)
    names = {tile_shapes(each, find_frame(each.geometry)).archive.name for each in (villages, moved)}  # type: ignore[union-attr]
    assert len(names) == 2


def test_villages_across_the_antimeridian_are_cut_there(tmp_path: Path) -> None:
    boxes = [
        shapely.box(179.0, -17, 179.5, -16.5),
        shapely.box(179.8, -17, 180.2, -16.5),
        shapely.box(-179.6, -17, -179.2, -16.5),
    ]
    places = gpd.GeoDataFrame({"status": ["white"] * 3}, geometry=boxes, crs=4326).to_crs(3832)
    tiled = tile_shapes(places, find_frame(places.geometry))
    assert tiled is not None
    bounds = tiled.bounds(find_frame(places.geometry))
    assert bounds == pytest.approx((-17, 179, -16.5, 180.8), abs=1e-4)
    path = tmp_path / tiled.archive.name
    tiled.archive.write(path)
    pieces = gpd.read_file(path, layer="villages").to_crs(4326)
    for row, expected in enumerate(
        [[boxes[0]], [shapely.box(179.8, -17, 180, -16.5), shapely.box(-180, -17, -179.8, -16.5)], [boxes[2]]]
    ):
        found = shapely.union_all(pieces.geometry[pieces["row"] == row])
        assert shapely.symmetric_difference(found, shapely.union_all(expected)).area < 1e-4


def test_villages_that_are_points_need_no_tiles(villages: gpd.GeoDataFrame, tmp_path: Path) -> None:
    points = villages.set_geometry(villages.representative_point())
    save_map_folder(village_map(points, options=MapOptions(hosted=True)), tmp_path)
    assert not list(tmp_path.glob("*.pmtiles"))


def test_a_hosted_map_is_no_single_file(drawn: Any, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="folder"):
        save_map(drawn, tmp_path / "map.html")


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[[str], tuple[Any, list[str]]]]:
    contexts = []

    def go(address: str) -> tuple[Any, list[str]]:
        complaints: list[str] = []
        contexts.append(
            chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        )
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        page.wait_for_function("() => window.lomsong && lomsong.isReady() && lomsong.shown.state")
        return page, complaints

    yield go
    for context in contexts:
        context.close()


def picture_of(page: Any) -> np.ndarray:
    """What the map shows, without the buttons on it."""
    page.wait_for_timeout(300)
    page.wait_for_function("() => lomsong.isReady()")
    shot = page.locator(".leaflet-container").screenshot()
    return np.asarray(Image.open(BytesIO(shot)).convert("RGB"), dtype=float)


@pytest.mark.browser
def test_the_page_shows_what_the_one_file_shows(
    folder: Path,
    villages: gpd.GeoDataFrame,
    inputs: Inputs,
    raster: Path,
    visit: Any,
    tmp_path: Path,
) -> None:
    parts = replace(parts_of(inputs, rasters=[raster]), measurements=None)
    whole, _ = visit(save_map(village_map(villages, parts=parts), tmp_path / "map.html").as_uri())
    with hosting(folder) as site:
        page, complaints = visit(f"{site.address}/index.html")
        assert page.locator(".lomsong-banner").inner_text() == whole.locator(".lomsong-banner").inner_text()
        for part in (".lomsong-body table", "#lomsong-ranked", ".leaflet-control-attribution"):
            assert page.locator(part).inner_text() == whole.locator(part).inner_text()
        assert np.abs(picture_of(page) - picture_of(whole)).mean() < 1.5
        for each in (page, whole):
            each.get_by_role("checkbox", name="Sóng Xanh 4G").check()
        assert np.abs(picture_of(page) - picture_of(whole)).mean() < 2.5
        for each in (page, whole):
            each.get_by_role("checkbox", name="Sóng Xanh 4G").uncheck()
        lines = []
        for each in (page, whole):
            before = picture_of(each)
            each.get_by_role("checkbox", name="Communes").check()
            lines.append(np.abs(picture_of(each) - before).max(axis=2) > 60)
        assert lines[1].sum() > 1000
        assert (lines[0] & lines[1]).sum() > 0.8 * (lines[0] | lines[1]).sum()
        for each in (page, whole):
            each.evaluate("() => lomsong.shown.villages.goTo(7)")
            each.wait_for_selector(".leaflet-popup")
            each.wait_for_function("() => lomsong.isReady()")
        assert page.locator(".lomsong-card").inner_text() == whole.locator(".lomsong-card").inner_text()
        assert np.abs(picture_of(page) - picture_of(whole)).mean() < 1.5
        asked = [headers.get("Range") for _, path, headers in site.asked if path.endswith(".pmtiles")]
        assert asked
        assert None not in asked
        assert [text for text in complaints if "favicon" not in text and "404" not in text] == []


@pytest.mark.browser
def test_a_click_finds_the_village_under_it(folder: Path, villages: gpd.GeoDataFrame, visit: Any) -> None:
    with hosting(folder) as site:
        page, _ = visit(f"{site.address}/index.html")
        for row, place in enumerate(villages.representative_point().to_crs(4326)[:5]):
            found = page.evaluate(
                f"() => lomsong.shown.villages.pick(L.latLng({place.y}, {place.x}), lomsong.shown.map.getZoom())"
            )
            assert found == row


@pytest.mark.browser
def test_what_the_server_cannot_do_is_told_on_the_page(folder: Path, visit: Any) -> None:
    def alert(address: str) -> str:
        page, _ = visit(address)
        page.wait_for_selector("[role=alert]")
        assert page.locator("#lomsong-ranked li").count() > 0
        return str(page.locator("[role=alert]").inner_text())

    with hosting(folder, ranges=False) as site:
        assert "range requests" in alert(f"{site.address}/index.html")
    with hosting(folder) as site:
        gone = archive_of(folder, "villages").name
        del site.files[f"/{gone}"]
        assert gone in alert(f"{site.address}/index.html")
        site.put(f"/{gone}", b"PMTiles" + bytes(300), ranges=True)
        assert gone in alert(f"{site.address}/index.html")
    assert "web server" in alert((folder / "index.html").as_uri())
