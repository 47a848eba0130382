"""Sums over the demand points of each village."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from lomsong.homes import Homes

DEMAND = gpd.GeoDataFrame(
    {
        "village_id": ["b", "a", "a", "b", "elsewhere"],
        "share": [0.25, 0.5, 0.5, 0.75, 1.0],
        "is_centre": [False, True, False, True, True],
    },
    geometry=gpd.points_from_xy(range(5), range(5)),
    crs="EPSG:32648",
)
HOMES = Homes.of(DEMAND, pd.Series(["a", "b", "c"]))


def test_points_are_summed_by_village_and_what_is_unknown_counts_nothing() -> None:
    sums = HOMES.sum(np.array([1.0, 2.0, np.nan, 4.0, 100.0]))
    assert sums[:2].tolist() == [2.0, 5.0]
    assert np.isnan(sums[2])
    assert np.isnan(HOMES.sum(np.array([1.0, np.nan, np.nan, 4.0, 1.0]))[0])


def test_the_centre_of_a_village_without_points_is_unknown() -> None:
    at = HOMES.at_centre(np.arange(5.0))
    assert at[:2].tolist() == [1.0, 3.0]
    assert np.isnan(at[2])


def test_the_covered_share_is_of_the_people_whose_place_is_known() -> None:
    share = HOMES.covered_share(np.array([0.2, 0.5, np.nan, 0.6, 0.0]))
    assert share[:2] == pytest.approx([0.5, 0.25 * 0.2 + 0.75 * 0.6])
    assert np.isnan(share[2])
