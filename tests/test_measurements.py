"""Speed tests summed up: medians with honest intervals."""

import geopandas as gpd
import numpy as np
import pytest
from shapely import Point
from worlds import CRS_METRIC, X0, Y0, village_table

from lomsong.measurements import count_near, median_interval, summarise_tests, weighted_median


def tiles(*rows: tuple[float, float, float, float]) -> gpd.GeoDataFrame:
    x, y, tests, speed = zip(*rows, strict=True)
    places = [Point(X0 + a * 1000, Y0 + b * 1000) for a, b in zip(x, y, strict=True)]
    return gpd.GeoDataFrame({"tests": tests, "download_mbps": speed}, geometry=places, crs=CRS_METRIC)


def test_only_tiles_inside_the_village_count() -> None:
    summary = summarise_tests(village_table({"a": (5, 5)}), tiles((5, 5, 3, 10), (7, 5, 9, 90)), radius_m=500)
    assert summary["tests"].tolist() == [3]
    assert summary["download_mbps"].tolist() == [10]
    assert np.isnan(summary["download_low_mbps"][0])


def test_tiles_without_a_test_count_count_one_each() -> None:
    summary = summarise_tests(
        village_table({"a": (5, 5)}), tiles((5, 5, np.nan, 10), (5.1, 5, np.nan, 20)), radius_m=500
    )
    assert summary["tests"].tolist() == [2]


def test_the_median_is_weighted_by_tests() -> None:
    assert weighted_median(np.array([5.0, 50.0]), np.array([9.0, 1.0])) == 5.0


@pytest.mark.parametrize("count", [4, 7, 15, 40])
def test_the_interval_holds_the_true_median_at_least_as_often_as_it_says(count: int) -> None:
    rng = np.random.default_rng(count)
    draws = rng.lognormal(2, 1, (4000, count))
    inside = [low <= np.exp(2) <= high for low, high in map(median_interval, draws)]
    assert np.mean(inside) >= 0.78


def test_three_values_are_too_few_for_an_interval() -> None:
    assert np.isnan(median_interval(np.array([1.0, 2.0, 3.0]))).all()


def test_tests_near_a_centre_are_counted_by_distance() -> None:
    centres = gpd.GeoSeries([Point(X0 + 5000, Y0 + 5000), Point()], crs=CRS_METRIC)
    near = count_near(centres, tiles((5, 5.9, 4, 1), (5, 6.1, 8, 1)), near_m=1000)
    assert near.tolist() == [4, 0]


def test_no_tiles_give_zero_and_missing() -> None:
    summary = summarise_tests(village_table({"a": (5, 5)}), tiles((5, 5, 1, 1)).iloc[:0], radius_m=500)
    assert summary["tests"].tolist() == [0]
    assert np.isnan(summary["download_mbps"][0])
