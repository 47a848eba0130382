"""Shrinkage against hand-worked cases, a brute-force twin, and truths drawn at random, heavy tails and all."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from lomsong.broadband.shrinkage import (
    ASSUMED_DEGREES,
    Shrunk,
    group_medians,
    median_error,
    shrink,
)

Floats = NDArray[np.float64]


def estimate(logs: Floats, village: NDArray[np.int64], commune: NDArray[np.int64]) -> Shrunk:
    median, draws, deviations = group_medians(logs, np.ones(len(logs)), village, len(commune))
    error, _ = median_error(deviations, draws, assumed=0.9)
    return shrink(median, error, commune, int(commune.max()) + 1, assumed_villages=0.7, assumed_communes=0.5)


def test_a_hand_worked_case_of_two_communes() -> None:
    # each median has error variance 1; within communes the values scatter with sum of squares 8 + 32 on 6 degrees
    value = np.array([0.0, 0.0, 4.0, 4.0, 10.0, 10.0, 14.0, 18.0])
    value[:4] -= 2.0
    noise = np.ones(8)
    commune = np.repeat([0, 1], 4)
    inner = ((value[:4] - 0.0) ** 2).sum() + ((value[4:] - 13.0) ** 2).sum()
    between = (inner - 6) / 6  # Q minus its expectation, over the sum of (w - w²/w) = 3 + 3
    found = shrink(value, noise, commune, 2, assumed_villages=0.7, assumed_communes=1.0)
    assert found.between_villages**2 == pytest.approx(between)
    assert found.assumed == ("communes",)
    # communes: means 0 and 13, each with variance (1 + between)/4; the area's mean lies in the middle
    mean_variance = (1 + between) / 4
    trust = 1.0 / (1.0 + mean_variance)
    centre = trust * 0.0 + (1 - trust) * 6.5
    own = between / (between + 1)
    assert found.own.middle[2] == pytest.approx(own * 2.0 + (1 - own) * centre)
    assert found.commune.middle[0] == pytest.approx(centre)


def test_the_linear_predictor_equals_the_normal_posterior_by_brute_force() -> None:
    """Condition the joint normal law of all villages on what was seen, with a nearly flat mean."""
    rng = np.random.default_rng(3)
    commune = np.repeat(np.arange(8), 4)
    value, noise = rng.normal(2, 1, 32), rng.uniform(0.1, 0.6, 32)
    seen = rng.random(32) < 0.7
    found = shrink(
        np.where(seen, value, np.nan),
        np.where(seen, noise, np.inf),
        commune,
        8,
        assumed_villages=0.7,
        assumed_communes=0.5,
    )
    tau, omega, flat = found.between_villages**2, found.between_communes**2, 1e4
    prior = flat + omega * (commune[:, None] == commune[None, :]) + tau * np.eye(32)
    gain = prior[:, seen] @ np.linalg.inv(prior[np.ix_(seen, seen)] + np.diag(noise[seen]))
    posterior = gain @ value[seen]
    variance = np.diag(prior - gain @ prior[seen])
    shown = np.where(seen, found.own.middle, found.commune.middle)
    spread = np.where(seen, found.own.spread, found.commune.spread)
    have = np.isfinite(shown)
    assert have.sum() > 28
    np.testing.assert_allclose(shown[have], posterior[have], atol=1e-3)
    np.testing.assert_allclose(spread[have] ** 2, variance[have], rtol=0.02)


@pytest.mark.parametrize("draws", [1, 2, 3, 4, 5, 12])
@pytest.mark.parametrize("degrees", [3.5, 30.0])
def test_the_error_of_a_median_is_that_of_simulated_medians(draws: int, degrees: float) -> None:
    rng = np.random.default_rng(11)
    scatter = rng.standard_t(degrees, 4000)
    drawn = rng.choice(scatter, size=(40_000, draws))
    variance, learnt = median_error(scatter, [float(draws)], assumed=1.0)
    assert learnt
    # the median of an even number is the mean of two values, a little surer than one: the law errs to the safe side
    assert variance[0] == pytest.approx(np.median(drawn, axis=1).var(), rel=0.2 if draws % 2 == 0 else 0.1)


def test_without_enough_deviations_the_scatter_is_the_assumed_normal() -> None:
    variance, learnt = median_error(np.zeros(3), [1.0, 0.0], assumed=0.9)
    assert not learnt
    assert variance[0] == pytest.approx(0.81, rel=0.01)
    assert variance[1] == np.inf


@pytest.mark.parametrize("tail", [2.5, 50.0])
def test_intervals_cover_what_they_promise_in_villages_with_and_without_tests(tail: float) -> None:
    """Tests with heavy tails, few in most villages and none in a third; 80 % intervals over 12 districts."""
    inside: list[float] = []
    borrowed: list[float] = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        commune = np.repeat(np.arange(15), 12)
        truth = 2.5 + rng.normal(0, 0.4, 15)[commune] + rng.standard_t(4, len(commune)) * 0.4
        count = rng.poisson(rng.gamma(0.7, 6.0, len(commune))) * (rng.random(len(commune)) < 0.67)
        village = np.repeat(np.arange(len(commune)), count)
        logs = truth[village] + 0.5 * rng.standard_t(tail, len(village))
        found = estimate(logs, village, commune)
        for level, store, here in (
            (found.own, inside, count > 0),
            (found.commune, borrowed, count == 0),
        ):
            low, high = level.interval()
            store += list(((low <= truth) & (truth <= high))[here & np.isfinite(low)])
    assert 0.77 <= np.mean(inside) <= 0.88
    assert 0.77 <= np.mean(borrowed) <= 0.90


def test_shrinkage_is_nearer_to_the_truth_than_the_villages_own_medians() -> None:
    rng = np.random.default_rng(5)
    commune = np.repeat(np.arange(10), 10)
    truth = 2.0 + rng.normal(0, 0.5, 100)
    village = np.repeat(np.arange(100), 2)
    logs = truth[village] + rng.standard_t(3, 200)
    median, _, _ = group_medians(logs, np.ones(200), village, 100)
    found = estimate(logs, village, commune)
    assert np.mean((found.own.middle - truth) ** 2) < 0.6 * np.mean((median - truth) ** 2)


def test_more_tests_never_widen_and_agreeing_villages_still_leave_doubt() -> None:
    same = shrink(
        np.full(12, 2.0), np.full(12, 0.2), np.zeros(12, int), 1, assumed_villages=0.7, assumed_communes=0.5
    )
    assert same.between_villages > 0.1
    assert (same.own.spread > 0).all()
    better = shrink(
        np.full(12, 2.0), np.full(12, 0.05), np.zeros(12, int), 1, assumed_villages=0.7, assumed_communes=0.5
    )
    assert (better.own.spread < same.own.spread).all()


def test_one_village_with_tests_lends_its_commune_a_wide_interval() -> None:
    value, noise = np.array([3.0, np.nan, np.nan]), np.array([0.01, np.inf, np.inf])
    found = shrink(value, noise, np.array([0, 0, 1]), 2, assumed_villages=0.7, assumed_communes=0.5)
    assert found.assumed == ("villages", "communes")
    assert found.own.degrees == ASSUMED_DEGREES
    low, high = found.commune.interval()
    assert high[1] - low[1] > 2 * 1.28 * 0.7
    assert np.isnan(found.commune.middle[2])
    assert np.isfinite(found.area.middle).all()
    assert found.area.spread[2] > found.commune.spread[1]


def test_nothing_known_stays_nothing() -> None:
    found = shrink([np.nan], [np.inf], [0], 1, assumed_villages=0.7, assumed_communes=0.5)
    assert np.isnan(found.area.middle).all()
    assert np.isnan(found.area.chance_above(1.0)).all()


def test_medians_are_weighted_and_split_at_the_half() -> None:
    values, owner = np.array([5.0, 1.0, 3.0, 30.0, 10.0, 20.0]), np.array([0, 0, 0, 0, 2, 2])
    median, draws, deviations = group_medians(values, np.array([1, 1, 1, 7.0, 2, 2]), owner, 3)
    assert median[0] == 30.0
    assert np.isnan(median[1])
    assert median[2] == 15.0
    assert draws.tolist() == [100 / 52, 0.0, 2.0]
    # of the four values of the first group all but the median itself
    np.testing.assert_allclose(np.sort(deviations), np.array([-29, -27, -25]) * np.sqrt(4 / 3))


def test_the_chance_above_a_target_is_the_tail_of_the_same_law() -> None:
    found = shrink([3.0, 3.2], [0.1, 0.2], [0, 0], 1, assumed_villages=0.7, assumed_communes=0.5).own
    low, high = found.interval()
    assert found.chance_above(float(low[0]))[0] == pytest.approx(0.9)
    assert found.chance_above(float(high[1]))[1] == pytest.approx(0.1)
    assert stats.t(found.degrees).sf((2.0 - found.middle[0]) / found.spread[0]) == pytest.approx(
        found.chance_above(2.0)[0]
    )
