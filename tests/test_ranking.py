"""Ranking: transparent, complete, and stable."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lomsong.errors import SettingsError
from lomsong.ranking import percentile_rank, rank
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
