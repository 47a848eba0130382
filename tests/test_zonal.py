"""Sums under polygons, against areas that shapely cuts cell by cell."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS, Transformer
from shapely import MultiPolygon, Point, Polygon, box

from lomsong.compiled import get_num_threads, set_num_threads
from lomsong.errors import TableError
from lomsong.grid import Raster
from lomsong.tile_sums import sum_tiles
from lomsong.zonal import sum_bands, sum_raster

UTM = CRS.from_epsg(32648)
ROWS, COLUMNS, STEP = 30, 40, 1.5
LEFT, TOP = 100.0, 200.0


def raster(seed: int = 1) -> Raster:
    """Return values between 0 and 10, a tenth of them missing."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(0, 10, (ROWS, COLUMNS)).astype(np.float32)
    values[rng.random(values.shape) < 0.1] = np.nan
    return Raster(values, (LEFT, STEP, TOP, -STEP), UTM)


def cut(shape: shapely.Geometry, held: Raster) -> tuple[float, float]:
    """Return total and covered cells by cutting every cell with shapely."""
    left, x_step, top, y_step = held.transform
    rows, columns = held.values.shape
    column, row = (axis.ravel() for axis in np.meshgrid(np.arange(columns), np.arange(rows)))
    cells = shapely.box(
        left + column * x_step,
        top + (row + 1) * y_step,
        left + (column + 1) * x_step,
        top + row * y_step,
    )
    part = shapely.area(shapely.intersection(cells, shape)) / abs(x_step * y_step)
    values = held.values.ravel().astype(np.float64)
    return float(np.nansum(part * values)), float(part[~np.isnan(values)].sum())


def random_shape(kind: int, rng: np.random.Generator) -> shapely.Geometry:
    """Return a shape in, across or beyond the border of the raster."""
    x, y = rng.uniform(90, 170), rng.uniform(145, 210)
    hull = shapely.convex_hull(shapely.multipoints(rng.uniform(-10, 10, (7, 2)) + np.array([x, y])))
    column, row = np.floor((x - LEFT) / STEP), np.floor((TOP - y) / STEP)
    on_grid = box(LEFT + column * STEP, TOP - (row + 4) * STEP, LEFT + (column + 3) * STEP, TOP - row * STEP)
    return [
        hull,
        hull.difference(Point(x, y).buffer(3)),
        Point(x, y).buffer(0.3),  # smaller than a cell
        MultiPolygon([on_grid, box(x + 40, y, x + 42.3, y + 0.1)]),
        shapely.reverse(Point(x, y).buffer(80)),  # larger than the raster, drawn the other way round
        Polygon([(x, y), (x + 30, y + 7), (x + 30, y + 7.0001)]),  # a sliver
    ][kind]


@pytest.mark.parametrize("kind", range(6))
def test_sums_are_those_of_cells_cut_one_by_one(kind: int) -> None:
    rng, held = np.random.default_rng(kind), raster()
    shapes = [random_shape(kind, rng) for _ in range(12)]
    sums = sum_raster(gpd.GeoSeries(shapes, crs=UTM), held)
    expected = np.array([cut(shape, held) for shape in shapes])
    np.testing.assert_allclose(sums.total, expected[:, 0], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(sums.covered, expected[:, 1], rtol=1e-9, atol=1e-9)


def test_villages_that_share_their_edges_share_out_the_people() -> None:
    """What is cut in pieces adds up to what the whole holds: nobody is lost or counted twice."""
    held, rng = raster(), np.random.default_rng(4)
    whole = box(95, 150, 165, 205)
    spots = shapely.multipoints(rng.uniform([95, 150], [165, 205], (60, 2)))
    pieces = [
        piece.intersection(whole)
        for piece in shapely.get_parts(shapely.voronoi_polygons(spots, extend_to=whole))
    ]
    parts = sum_raster(gpd.GeoSeries(pieces, crs=UTM), held).total
    assert parts.sum() == pytest.approx(float(np.nansum(held.values.astype(np.float64))), rel=1e-9)


def test_empty_shapes_and_shapes_elsewhere_hold_nobody() -> None:
    shapes = gpd.GeoSeries([Polygon(), None, box(0, 0, 1, 1), box(900, 100, 950, 300)], crs=UTM)
    assert sum_raster(shapes, raster()).total.tolist() == [0.0] * 4


def test_a_line_is_refused() -> None:
    with pytest.raises(TableError, match="not a polygon"):
        sum_raster(gpd.GeoSeries([shapely.LineString([(0, 0), (1, 1)])], crs=UTM), raster())


def test_bands_in_any_order_give_the_sums_of_the_whole() -> None:
    held = raster()
    shapes = gpd.GeoSeries([Point(130, 180).buffer(20), box(101, 160, 150, 199)], crs=UTM)
    pieces = [(top, held.values[top : top + 7]) for top in range(0, ROWS, 7)]
    whole = sum_raster(shapes, held).total
    np.testing.assert_allclose(sum_bands(shapes, pieces, held.transform, UTM).total, whole, rtol=1e-12)
    np.testing.assert_allclose(sum_bands(shapes, pieces[::-1], held.transform, UTM).total, whole, rtol=1e-12)


def test_one_and_two_threads_sum_the_same_bytes() -> None:
    rng, held = np.random.default_rng(7), raster()
    shapes = gpd.GeoSeries([random_shape(k % 6, rng) for k in range(60)], crs=UTM)
    before = get_num_threads()
    found = []
    try:
        for threads in (1, min(2, before)):
            set_num_threads(threads)
            found.append(sum_raster(shapes, held).total.tobytes())
    finally:
        set_num_threads(before)
    assert found[0] == found[1]


@pytest.mark.parametrize("raster_from", [-180.0, 160.0])
def test_a_village_on_the_antimeridian_counts_on_both_sides(raster_from: float) -> None:
    """One degree of people a cell; the village is two degrees wide with its middle on 180 degrees."""
    wgs84, fiji = CRS.from_epsg(4326), CRS.from_epsg(3460)
    cells = 360 if raster_from < 0 else 20
    held = Raster(np.ones((40, cells), dtype=np.float32), (raster_from, 1.0, 0.0, -1.0), wgs84)
    edge = [(179, -17), (180, -17), (181, -17), (181, -16), (180, -16), (179, -16)]
    village = shapely.transform(
        Polygon(edge), Transformer.from_crs(wgs84, fiji, always_xy=True).transform, interleaved=False
    )
    total = sum_raster(gpd.GeoSeries([village], crs=fiji), held).total[0]
    assert total == pytest.approx(2.0 if raster_from < 0 else 1.0, abs=1e-6)


def test_tiles_are_shared_out_by_area() -> None:
    """Against geopandas.overlay, with tiles that lie far apart."""
    half, zoom = 20_037_508.342789244, 16
    side = 2 * half / 2**zoom
    rng = np.random.default_rng(5)
    column = np.concatenate([rng.integers(40_000, 40_020, 80), [1000]])
    row = np.concatenate([rng.integers(30_000, 30_020, 80), [60_000]])
    tests = rng.integers(1, 30, 81).astype(float)
    west, north = column * side - half, half - row * side
    tiles = gpd.GeoDataFrame(
        {"tests": tests}, geometry=shapely.box(west, north - side, west + side, north), crs="EPSG:3857"
    )
    x, y = 40_010 * side - half, half - 30_010 * side
    areas = gpd.GeoSeries(
        [Point(x, y).buffer(5 * side), Point(x + 3 * side, y).buffer(0.2 * side), box(x, y, x + 9, y + 9)],
        crs="EPSG:3857",
    )
    pieces = gpd.overlay(gpd.GeoDataFrame({"area": range(3)}, geometry=areas), tiles)
    expected = (pieces["tests"] * pieces.area / side**2).groupby(pieces["area"]).sum()
    sums = sum_tiles(areas, column, row, tests, zoom=zoom)
    np.testing.assert_allclose(sums.total, expected.reindex(range(3), fill_value=0.0), rtol=1e-9, atol=1e-9)
    assert sum_tiles(areas, [], [], [], zoom=zoom).total.tolist() == [0.0] * 3


def test_bands_cut_a_raster_without_a_copy() -> None:
    held = raster()
    assert all(np.shares_memory(values, held.values) for _, values in held.bands())
