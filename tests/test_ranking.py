"""Ranking: transparent, complete, and stable."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, Point
from worlds import CRS_METRIC, X0, Y0

from lomsong.errors import SettingsError
from lomsong.ranking import add_rank_uncertainty, percentile_rank, rank, rank_by_part, severity
from lomsong.settings import RankingSettings


def villages(**columns: list[float]) -> pd.DataFrame:
    count = len(next(iter(columns.values())))
    base = {"unserved_people": 0.0, "p_signal": 1.0, "nearest_site_m": 1000.0}
    return pd.DataFrame({"village_id": [f"v{i}" for i in range(count)], **base, **columns})


def test_more_people_without_signal_come_first() -> None:
    ranked = rank(villages(unserved_people=[1.0, 50.0, 9.0]))
    assert ranked["village_id"].tolist() == ["v1", "v2", "v0"]
    assert ranked["rank"].tolist() == [1, 2, 3]


def test_need_is_the_weighted_sum_of_its_shown_parts() -> None:
    settings = RankingSettings(weight_people=2, weight_severity=1, weight_isolation=1)
    ranked = rank(
        villages(unserved_people=[1.0, 5.0], p_signal=[0.1, 0.9], nearest_site_m=[9.0, 3.0]), settings
    )
    wanted = 0.5 * ranked["need_people"] + 0.25 * ranked["need_severity"] + 0.25 * ranked["need_isolation"]
    np.testing.assert_allclose(ranked["need"], wanted)


def test_ties_go_to_the_smaller_code_whatever_the_order_of_rows() -> None:
    table = villages(unserved_people=[3.0, 3.0, 3.0])
    assert (
        rank(table)["village_id"].tolist()
        == rank(table.iloc[::-1])["village_id"].tolist()
        == ["v0", "v1", "v2"]
    )


def test_missing_values_neither_raise_nor_lower_a_village() -> None:
    ranked = rank(villages(unserved_people=[0.0, np.nan, 9.0])).set_index("village_id")
    assert ranked["need_people"].to_dict() == {"v0": 0.0, "v1": 50.0, "v2": 100.0}


def test_weights_of_zero_are_refused() -> None:
    with pytest.raises(SettingsError, match="every weight is 0"):
        rank(
            villages(p_signal=[0.5]), RankingSettings(weight_people=0, weight_severity=0, weight_isolation=0)
        )


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=30))
def test_percentile_ranks_keep_the_order_and_stay_in_range(values: list[float]) -> None:
    ranks = percentile_rank(pd.Series(values))
    assert ranks.between(0, 100).all()
    for i, a in enumerate(values):
        for j, b in enumerate(values):
            assert (a < b) == (ranks[i] < ranks[j])


def test_one_village_ranks_first() -> None:
    assert rank(villages(p_signal=[0.4]))["rank"].tolist() == [1]


def test_social_weight_counts_only_where_a_village_gives_it() -> None:
    plain = rank(villages(unserved_people=[5.0, 5.0]))
    assert "need_social" not in plain
    ranked = rank(villages(unserved_people=[5.0, 5.0], poverty_share=[0.1, 0.8], schools=[0.0, 2.0]))
    assert ranked["village_id"].tolist() == ["v1", "v0"]
    assert ranked["need_social"].tolist() == [100.0, 0.0]


def test_schools_of_a_layer_are_counted_where_no_village_gives_them() -> None:
    shapes = [Point(X0, Y0).buffer(300), Point(X0 + 5000, Y0), Point(X0 + 20_000, Y0).buffer(300)]
    table = gpd.GeoDataFrame(villages(p_signal=[0.5] * 3), geometry=shapes, crs=CRS_METRIC)
    spots = [Point(X0 + 100, Y0), Point(X0 + 400, Y0), Point(X0 + 5900, Y0), Point(X0, Y0 + 50)]
    layers = {"schools": gpd.GeoDataFrame(geometry=spots, crs=CRS_METRIC)}
    ranked = rank(table, services=layers).set_index("village_id")
    assert ranked["schools"].to_dict() == {
        "v0": 2,
        "v1": 1,
        "v2": 0,
    }  # 400 m off is outside, 900 m near a mere point
    assert ranked["need_social"].to_dict() == {"v0": 100, "v1": 50, "v2": 0}
    assert "clinics" not in ranked
    assert "schools" not in table
    told = rank(table.assign(schools=[0.0, 0.0, 9.0]), services=layers).set_index("village_id")
    assert told["schools"].to_dict() == {"v0": 0, "v1": 0, "v2": 9}


def test_a_hollow_village_is_less_grave_than_a_white_one_and_graver_than_a_served_one() -> None:
    table = villages(p_signal=[0.1, 0.95, 0.95], covered_share=[0.1, 0.2, 0.95])
    assert rank(table)["village_id"].tolist() == ["v0", "v1", "v2"]
    found = severity(table, RankingSettings(severity_hollow=0.6))
    np.testing.assert_allclose(found, [0.9, 0.6 * 0.8, 0.05])


def test_distance_to_a_road_stands_for_isolation_where_roads_are_given() -> None:
    table = gpd.GeoDataFrame(
        villages(nearest_site_m=[9.0, 1.0]),
        geometry=gpd.points_from_xy([X0, X0 + 900], [Y0, Y0]),
        crs=CRS_METRIC,
    )
    roads = gpd.GeoDataFrame(geometry=[LineString([(X0, Y0 - 10), (X0, Y0 + 10)])], crs=CRS_METRIC)
    assert rank(table)["village_id"].tolist() == ["v0", "v1"]
    assert rank(table, roads=roads)["village_id"].tolist() == ["v1", "v0"]


def test_rank_intervals_hold_the_rank_widen_with_doubt_and_do_not_hang_on_the_order_of_rows() -> None:
    table = villages(
        unserved_people=[100.0, 90.0, 80.0, 1.0],
        p_signal=[0.1, 0.15, 0.2, 0.9],
        nearest_site_m=[4.0, 3.0, 2.0, 1.0],
    )
    settings = RankingSettings(draws=200, top=1)
    found = add_rank_uncertainty(rank(table), settings, seed=3)
    assert (found["rank_low"] <= found["rank"]).all()
    assert (found["rank"] <= found["rank_high"]).all()
    assert found["p_top"].sum() == pytest.approx(1.0)  # one village is first in each draw
    turned = add_rank_uncertainty(rank(table.iloc[::-1]), settings, seed=3)
    pd.testing.assert_frame_equal(found.reset_index(drop=True), turned.reset_index(drop=True))
    sure = RankingSettings(draws=50, p_spread=0, population_spread=0, weight_concentration=1e9)
    narrow = add_rank_uncertainty(rank(table), sure, seed=3)
    assert (narrow["rank_low"] == narrow["rank"]).all()
    assert (narrow["rank_high"] == narrow["rank"]).all()


def test_the_order_by_one_part_alone_is_the_order_of_that_part() -> None:
    ranked = rank(villages(unserved_people=[1.0, 9.0], p_signal=[0.1, 0.9]))
    alone = rank_by_part(ranked).set_index("village_id")
    assert alone.loc[["v1", "v0"], "rank_people"].tolist() == [1, 2]
    assert alone.loc[["v0", "v1"], "rank_severity"].tolist() == [1, 2]
