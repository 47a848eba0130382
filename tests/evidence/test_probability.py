"""Probability that any server suffices, against closed forms and simulation."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from lomsong.evidence.probability import any_server_probability, list_servers, point_probabilities

MARGINS = st.floats(-6, 6)


def one(margins: list[float], correlation: float) -> float:
    return float(
        any_server_probability(margins, np.zeros(len(margins), int), groups=1, correlation=correlation)[0]
    )


@settings(deadline=None)
@given(MARGINS, st.floats(0, 0.9))
def test_one_server_is_the_normal_distribution(margin: float, correlation: float) -> None:
    assert one([margin], correlation) == pytest.approx(norm.cdf(margin), abs=2e-4)


def test_at_the_default_correlation_one_server_is_exact() -> None:
    margins = np.linspace(-5, 5, 41)
    p = any_server_probability(margins, np.arange(41), groups=41, correlation=0.5)
    np.testing.assert_allclose(p, norm.cdf(margins), atol=1e-9)


@settings(deadline=None)
@given(MARGINS, MARGINS)
def test_two_servers_equal_the_bivariate_normal(a: float, b: float) -> None:
    both_fail = multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]]).cdf([-a, -b])
    assert one([a, b], 0.5) == pytest.approx(1 - both_fail, abs=1e-5)


def test_independent_servers_multiply() -> None:
    assert one([0.0, 0.0, 0.0], 0.0) == pytest.approx(1 - 0.5**3, abs=1e-12)


@settings(deadline=None)
@given(st.lists(MARGINS, min_size=1, max_size=5), MARGINS)
def test_one_more_server_never_lowers_the_chance(margins: list[float], extra: float) -> None:
    assert one([*margins, extra], 0.5) >= one(margins, 0.5) - 1e-12


def test_correlated_shadowing_helps_less_than_independent() -> None:
    assert one([0, 0, 0], 0.8) < one([0, 0, 0], 0.5) < one([0, 0, 0], 0.0)


def test_no_server_is_no_signal_and_nan_stays_nan() -> None:
    p = any_server_probability([np.nan], [1], groups=2, correlation=0.5)
    assert p[0] == 0
    assert np.isnan(p[1])


SIGNAL = pd.DataFrame(
    {
        "demand_id": [0, 0, 1],
        "operator": ["A", "A", "A"],
        "technology": ["4g", "3g", "4g"],
        "site_id": ["x", "x", pd.NA],
        "level_dbm": [-95.0, -100.0, np.nan],
        "sigma_db": [10.0, 10.0, np.nan],
        "second_site_id": ["y", pd.NA, pd.NA],
        "second_level_dbm": [-115.0, np.nan, np.nan],
        "second_sigma_db": [5.0, np.nan, np.nan],
    }
)
THRESHOLDS = {"4g": -105.0, "3g": -100.0}


def test_best_and_second_server_and_further_ones_are_listed_by_point() -> None:
    strays = pd.DataFrame(
        {"demand_id": [0], "operator": "B", "technology": "4g", "site_id": "z", "margin_sigmas": 0.5}
    )
    servers = list_servers(SIGNAL, THRESHOLDS, strays)
    named = servers.carriers.iloc[servers.carrier].agg(" ".join, axis=1).tolist()
    assert named == ["A 4g", "A 4g", "A 3g", "B 4g"]
    assert servers.margin_sigmas.tolist() == [1.0, -2.0, 0.0, 0.5]
    assert servers.point.tolist() == [0, 0, 0, 0]


def test_a_register_of_20000_owners_keeps_every_carrier_apart() -> None:
    rows = 20_000
    owners = pd.DataFrame(
        {
            "demand_id": np.arange(rows),
            "operator": [f"owner {number:05d}" for number in range(rows)],
            "technology": np.where(np.arange(rows) % 2, "3g", "4g"),
            "site_id": "x",
            "level_dbm": -95.0,
            "sigma_db": 10.0,
            "second_site_id": pd.NA,
            "second_level_dbm": np.nan,
            "second_sigma_db": np.nan,
        }
    )
    servers = list_servers(owners, THRESHOLDS)
    named = servers.carriers.iloc[servers.carrier].reset_index(drop=True)
    pd.testing.assert_frame_equal(named, owners[["operator", "technology"]], check_dtype=False)


def test_carriers_of_one_mast_count_once() -> None:
    servers = list_servers(SIGNAL, THRESHOLDS)
    choices = np.array([[True, True], [False, True], [True, False]])
    assert servers.carriers["technology"].tolist() == ["3g", "4g"]
    both, newer, older = point_probabilities(servers, choices, points=2, correlation=0.5)
    assert both[0] == newer[0] == pytest.approx(one([1.0, -2.0], 0.5))
    assert older.tolist() == [0.5, 0.0]
    assert newer[1] == 0


def test_masts_are_gone_one_by_one() -> None:
    loud = SIGNAL.assign(level_dbm=200.0, second_level_dbm=200.0)
    # 3g has one mast of the two of 4g
    choices = np.array([[True, True], [True, False]])
    p = point_probabilities(list_servers(loud, THRESHOLDS, wrong=0.1), choices, points=2, correlation=0.5)
    assert p[:, 0] == pytest.approx([0.99, 0.9])
    doubted = list_servers(loud, THRESHOLDS, wrong=0.1, doubts=pd.Series({"x": 0.6, "elsewhere": 0.9}))
    p = point_probabilities(doubted, choices, points=2, correlation=0.5)
    assert p[:, 0] == pytest.approx([0.94, 0.4])
