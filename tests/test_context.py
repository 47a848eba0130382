"""Distances to what lies about, against geodesics to points laid densely along it."""

import geopandas as gpd
import numpy as np
import pytest
from pyproj import CRS, Geod
from shapely import LineString, Point, box

from lomsong.context import distance_to
from lomsong.errors import CrsError

UTM = CRS.from_epsg(32648)
X, Y = 400_000.0, 2_400_000.0
ORIGIN = np.array([X, Y])


def frame(shapes: list[object]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=shapes, crs=UTM)


def test_the_distance_is_the_geodesic_to_the_nearest_place_on_any_line() -> None:
    rng = np.random.default_rng(1)
    lines = [LineString(rng.uniform(0, 40_000, (4, 2)) + ORIGIN) for _ in range(6)]
    points = gpd.GeoSeries([Point(*spot) for spot in rng.uniform(0, 40_000, (15, 2)) + ORIGIN], crs=UTM)
    found = distance_to(points, frame(lines))
    dense = np.concatenate([np.array(line.segmentize(5).coords) for line in lines])
    along = gpd.GeoSeries(gpd.points_from_xy(*dense.T), crs=UTM).to_crs("EPSG:4326")
    here = points.to_crs("EPSG:4326")
    for k, spot in enumerate(here):
        n = len(along)
        _, _, every = Geod(ellps="WGS84").inv([spot.x] * n, [spot.y] * n, along.x, along.y)
        assert found[k] == pytest.approx(min(every), abs=3, rel=1e-4)


def test_far_from_the_middle_of_the_zone_metres_stay_true() -> None:
    """Six degrees off its meridian UTM stretches by half a per cent; the distance given is not stretched."""
    x, y = 1_130_000.0, 1_000_000.0
    points = gpd.GeoSeries([Point(x, y)], crs=UTM)
    to = frame([Point(x + 10_000, y)])
    assert distance_to(points, to)[0] < 10_000 * 0.996


def test_inside_a_polygon_the_distance_is_zero() -> None:
    points = gpd.GeoSeries([Point(X + 5, Y + 5), Point(X + 110, Y + 5)], crs=UTM)
    found = distance_to(points, frame([box(X, Y, X + 10, Y + 10)]))
    assert found[0] == 0
    assert found[1] == pytest.approx(100, rel=1e-3)


def test_without_a_layer_or_a_place_nothing_is_known() -> None:
    points = gpd.GeoSeries([Point(), Point(X, Y)], crs=UTM)
    assert np.isnan(distance_to(points, frame([]))).all()
    assert np.isnan(distance_to(points, frame([None, Point()]))).all()
    found = distance_to(points, frame([Point(X, Y)]))
    assert np.isnan(found[0])
    assert found[1] == 0


def test_degrees_are_refused() -> None:
    with pytest.raises(CrsError, match="projected"):
        distance_to(gpd.GeoSeries([Point(1, 1)], crs="EPSG:4326"), frame([]))
