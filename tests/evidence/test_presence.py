"""Presence-only evidence: many tests speak for signal, none against it as far as some were expected."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from scipy.stats import nbinom
from worlds import CRS_METRIC, X0, Y0, small_settings

from lomsong.evidence.presence import TestRate, combine, learn_rate, log_count
from lomsong.evidence.witnesses import Witnesses, gather_witnesses
from lomsong.settings import EvidenceSettings

RATE = TestRate(
    rate=0.02, shape=1.5, leak=0.1, unrecorded=0.1, shift=0.0, by_share=0.5, reports=0.0, false_reports=0.2,
    learned=True,
)  # fmt: skip
SETTINGS = EvidenceSettings()


def points(*places: tuple[float, float], **columns: object) -> gpd.GeoDataFrame:
    xy = np.array(places)
    return gpd.GeoDataFrame(
        pd.DataFrame(columns, index=range(len(places))),
        geometry=gpd.points_from_xy(X0 + xy[:, 0], Y0 + xy[:, 1]),
        crs=CRS_METRIC,
    )


def crowd(tests: np.ndarray, people: np.ndarray, share: float = 1.0) -> Witnesses:
    none = np.zeros(len(tests))
    return Witnesses(tests=tests, people=people, reports=none, checks=none, share=np.full(len(tests), share))


def seen(kind: str, *, when: str = "2023-01-01", network: str = "mobile", **columns: object) -> Witnesses:
    blank = {"tests": np.nan, "tile_size_m": np.nan, "has_signal": pd.NA, "operator": pd.NA}
    rows = points((0, 0), (90_000, 0), kind=kind, network=network, **(blank | columns)).assign(
        time=[when, "2023-01-01"]
    )
    rows["has_signal"] = rows["has_signal"].astype("boolean")
    people = points((0, 0), people=500.0)
    return gather_witnesses(points((0, 0)).geometry, rows, people, SETTINGS)


def test_counts_follow_the_negative_binomial() -> None:
    counts = np.arange(6.0)
    expected = nbinom.logpmf(counts, 1.5, 1.5 / (1.5 + 4.0))
    np.testing.assert_allclose(log_count(counts, np.full(6, 4.0), 1.5), expected)


def test_none_speaks_against_signal_in_proportion_to_what_was_expected() -> None:
    ratios = RATE.log_ratio(crowd(np.zeros(4), np.array([0.0, 50.0, 300.0, 3000.0])))
    assert ratios[0] == pytest.approx(0, abs=1e-5)
    assert (np.diff(ratios) < 0).all()
    assert ratios[-1] < -2


def test_many_tests_speak_for_signal() -> None:
    assert RATE.log_ratio(crowd(np.array([12.0]), np.array([400.0])))[0] > 2


def test_fewer_tests_are_expected_where_few_operators_reach() -> None:
    tests, people = np.zeros(1), np.array([500.0])
    assert RATE.expected(crowd(tests, people, 0.25))[0] == pytest.approx(
        RATE.expected(crowd(tests, people))[0] / 2
    )
    assert RATE.log_ratio(crowd(tests, people)) < RATE.log_ratio(crowd(tests, people, 0.25)) < 0


def test_an_unrecorded_mast_raises_a_small_chance_and_hardly_a_large_one() -> None:
    p = expit(combine(logit(np.array([0.02, 0.5, 0.98])), 0.1))
    np.testing.assert_allclose(p, 1 - (1 - np.array([0.02, 0.5, 0.98])) * 0.9)


def test_fixed_lines_are_no_witness() -> None:
    assert seen("speed", tests=50.0, network="fixed").tests[0] == 0
    assert seen("speed", tests=50.0).tests[0] == pytest.approx(50)


def test_old_evidence_counts_less() -> None:
    assert seen("speed", tests=50.0, when="2020-01-01").tests[0] == pytest.approx(25, rel=0.01)
    old, new = (seen("no_service", when=when).reports[0] for when in ("2017-01-01", "2023-01-01"))
    assert new > old > 0


def test_tests_of_a_tile_bear_witness_to_its_people_alone() -> None:
    # two tiles of 600 m side by side: the village at the edge of the first is nearer to the middle of the second's people
    homes = points((-290, 0), (290, 0), (310, 0), people=100.0)
    rows = points((0, 0), kind="speed", network="mobile", tests=8.0, tile_size_m=600.0, time="2023-01-01")
    rows = rows.assign(operator=pd.NA, has_signal=pd.array([pd.NA], dtype="boolean"))
    near = gather_witnesses(homes.geometry, rows, homes, SETTINGS)
    assert near.tests.tolist() == [8.0, 8.0, 0.0]
    assert near.people.tolist() == [200.0, 200.0, 100.0]


def test_where_reports_are_usual_none_speaks_for_signal() -> None:
    silent = crowd(np.zeros(1), np.zeros(1))
    usual = replace(RATE, reports=1.0)
    assert usual.log_ratio(silent)[0] == pytest.approx(0.8, abs=1e-4)
    assert usual.log_ratio(replace(silent, reports=np.ones(1)))[0] == pytest.approx(
        0.8 + np.log(0.2), abs=1e-4
    )
    assert RATE.log_ratio(silent)[0] == pytest.approx(0, abs=1e-4)


def test_the_habit_of_reporting_is_learned() -> None:
    rng = np.random.default_rng(5)
    lit = rng.random(2000) < 0.7
    witnesses = replace(
        crowd(np.zeros(2000), np.ones(2000)), reports=rng.poisson(np.where(lit, 0.1, 1.2)).astype(float)
    )
    found = learn_rate(np.where(lit, 0.9, 0.1), witnesses, SETTINGS, unrecorded=0.1, calibrated=True)
    assert found.reports == pytest.approx(1.2, rel=0.2)
    assert found.false_reports == pytest.approx(0.1 / 1.2, abs=0.07)


def test_a_field_check_outweighs_a_report_and_says_which_way() -> None:
    report, yes, no = (
        RATE.denial(seen("no_service"))[0],
        seen("field_check", has_signal=True).checks[0],
        seen("field_check", has_signal=False).checks[0],
    )
    assert no < report < 0 < yes
    assert seen("field_check", has_signal=False, operator="A").checks[0] > no


def test_a_mast_switched_on_after_a_report_weakens_it() -> None:
    rows = points(
        (0, 0), kind="no_service", network="mobile", tests=np.nan, tile_size_m=np.nan, operator=pd.NA,
        time="2022-01-01",
    )  # fmt: skip
    rows["has_signal"] = pd.array([pd.NA], dtype="boolean")
    people = points((0, 0), people=500.0)
    before, after = (
        gather_witnesses(
            points((0, 0)).geometry, rows, people, SETTINGS, on_air=np.array([date], dtype="datetime64[ns]")
        ).reports[0]
        for date in ("2021-01-01", "2022-06-01")
    )
    assert before > after > 0


def test_rate_and_completeness_are_learned_without_knowing_who_has_signal() -> None:
    rng = np.random.default_rng(11)
    p = rng.choice([0.03, 0.97], 1500)
    lit = (rng.random(1500) < p) | (rng.random(1500) < 0.25)
    people = rng.uniform(100, 800, 1500)
    tests = rng.poisson(rng.gamma(1.5, 1 / 1.5, 1500) * 0.03 * people * np.where(lit, 1.0, 0.05)).astype(
        float
    )
    witnesses = crowd(tests, people)
    found = learn_rate(p, witnesses, SETTINGS, unrecorded=0.1, calibrated=True)
    assert found.rate == pytest.approx(0.03, rel=0.25)
    assert found.unrecorded == pytest.approx(0.25, abs=0.08)
    mute = replace(witnesses, tests=np.zeros(1500))
    silent = learn_rate(p, mute, SETTINGS, unrecorded=0.1, calibrated=True)
    assert not silent.learned
    assert silent.unrecorded == pytest.approx(0.1)
    assert not silent.log_ratio(witnesses).any()


def test_the_settings_hold_the_evidence_section() -> None:
    assert small_settings(evidence={"reach_m": 250}).evidence.reach_m == 250
