"""Measurements counted: in villages, and near their centres."""

import geopandas as gpd
import numpy as np
from shapely import Point
from worlds import CRS_METRIC, X0, Y0, village_table

from lomsong.measurements import count_tests, counts_near, pair_tests


def tiles(*rows: tuple[float, float, float, float]) -> gpd.GeoDataFrame:
    x, y, tests, speed = zip(*rows, strict=True)
    places = [Point(X0 + a * 1000, Y0 + b * 1000) for a, b in zip(x, y, strict=True)]
    return gpd.GeoDataFrame({"tests": tests, "download_mbps": speed}, geometry=places, crs=CRS_METRIC)


def test_only_tiles_inside_the_village_count() -> None:
    rows = tiles((5, 5, 3, 10), (7, 5, 9, 90))
    tile, village = pair_tests(village_table({"a": (5, 5)}), rows, radius_m=500)
    assert (tile.tolist(), village.tolist()) == ([0], [0])
    assert count_tests(rows, tile, village, 1).total.tolist() == [3]


def test_tiles_without_a_test_count_count_one_each() -> None:
    rows = tiles((5, 5, np.nan, 10), (5.1, 5, np.nan, 20))
    tile, village = pair_tests(village_table({"a": (5, 5)}), rows, radius_m=500)
    assert count_tests(rows, tile, village, 1).total.tolist() == [2]


def test_tests_near_a_centre_are_counted_by_distance() -> None:
    centres = gpd.GeoSeries([Point(X0 + 5000, Y0 + 5000), Point()], crs=CRS_METRIC)
    near = counts_near(centres, tiles((5, 5.9, 4, 1), (5, 6.1, 8, 1)), near_m=1000)
    assert near.total.tolist() == [4, 0]


def test_no_tiles_pair_with_nothing() -> None:
    tile, village = pair_tests(village_table({"a": (5, 5)}), tiles((5, 5, 1, 1)).iloc[:0], radius_m=500)
    assert len(tile) == len(village) == 0
