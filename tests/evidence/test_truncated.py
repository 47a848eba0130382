"""Regression on truncated reports of the stronger of two servers: it finds what the reports were drawn from."""

import numpy as np
import pytest
from sklearn.base import clone

from lomsong.evidence.truncated import Observed, TruncatedLevelRegressor, strongest_of_two

CUT = -110.0


def draw(
    seed: int, *, bias: float, sigma: float, strays: float = 0.0
) -> tuple[np.ndarray, np.ndarray, Observed]:
    rng = np.random.default_rng(seed)
    predicted = rng.uniform(-125, -75, 6000)
    second = predicted - rng.uniform(0, 25, 6000)
    errors = rng.multivariate_normal([0, 0], sigma**2 * np.array([[1, 0.5], [0.5, 1]]), 6000)
    level = np.maximum(predicted + bias + errors[:, 0], second + bias + errors[:, 1])
    level = np.where(rng.random(6000) < strays, rng.normal(-85, 12, 6000), level)
    seen = level >= CUT
    count = int(seen.sum())
    observed = Observed(
        first_dbm=predicted[seen],
        second_dbm=second[seen],
        obstruction=np.zeros(count),
        sensitivity_dbm=np.full(count, CUT),
        weight=np.ones(count),
    )
    return np.ones((count, 1)), level[seen], observed


def regressor() -> TruncatedLevelRegressor:
    return TruncatedLevelRegressor(np.array([12.0]), sigma_clear_db=8, sigma_blocked_db=14, correlation=0.5)


def test_the_stronger_of_two_matches_a_simulation() -> None:
    rng = np.random.default_rng(1)
    both = rng.multivariate_normal([-90, -94], [[64, 32], [32, 64]], 400_000).max(axis=1)
    mean, sigma = strongest_of_two(np.array([-90.0]), np.array([-94.0]), np.array([8.0]), 0.5)
    assert mean[0] == pytest.approx(both.mean(), abs=0.05)
    assert sigma[0] == pytest.approx(both.std(), abs=0.05)


def test_without_a_second_server_the_first_stands_alone() -> None:
    mean, sigma = strongest_of_two(np.array([-90.0]), np.array([np.nan]), np.array([8.0]), 0.5)
    assert (mean[0], sigma[0]) == pytest.approx((-90, 8))


@pytest.mark.parametrize("bias", [-12.0, 6.0])
def test_bias_and_spread_are_found_behind_the_cut(bias: float) -> None:
    """The plain mean of what was reported misses the bias by decibels; the likelihood does not."""
    X, y, observed = draw(2, bias=bias, sigma=8)
    fitted = regressor().fit(X, y, observed)
    assert fitted.coef_[0] == pytest.approx(bias, abs=0.7)
    # the share left for unknown masts takes some of the tails
    assert fitted.sigma_[0] == pytest.approx(8, abs=1.2)
    assert abs((y - observed.first_dbm).mean() - bias) > 1.5


def test_reports_of_unknown_masts_do_not_pull_the_bias() -> None:
    X, y, observed = draw(3, bias=-8, sigma=7, strays=0.2)
    fitted = regressor().fit(X, y, observed)
    assert fitted.coef_[0] == pytest.approx(-8, abs=1.5)
    assert 0.05 < fitted.outliers_ < 0.5


def test_ranks_of_held_out_reports_are_even() -> None:
    X, y, observed = draw(4, bias=-8, sigma=7)
    fitted = regressor().fit(X, y, observed)
    X, y, observed = draw(5, bias=-8, sigma=7)
    rank = fitted.rank_of(X, y, observed)
    assert (np.abs(rank - 0.5) <= 0.4).mean() == pytest.approx(0.8, abs=0.03)
    assert (np.abs(rank - 0.5) <= 0.45).mean() == pytest.approx(0.9, abs=0.03)


def test_it_follows_scikit_learns_rules() -> None:
    copy = clone(regressor())
    assert not hasattr(copy, "coef_")
    assert set(copy.get_params()) == {"prior_db", "sigma_clear_db", "sigma_blocked_db", "correlation"}


def test_a_report_far_below_the_mast_beside_it_speaks_against_the_mast() -> None:
    fitted = regressor().fit(*draw(2, bias=0, sigma=8, strays=0.1))
    reports = np.array([-112.0, -70.0, -60.0])
    observed = Observed(
        first_dbm=np.full(3, -60.0),
        second_dbm=np.array([-130.0, -130.0, np.nan]),
        obstruction=np.zeros(3),
        sensitivity_dbm=np.full(3, -115.0),
        weight=np.ones(3),
    )
    told = fitted.presence(np.ones((3, 1)), reports, observed)
    assert told[0] < -5
    assert (told[1:] > 0).all()


def test_a_mast_far_too_weak_to_be_heard_is_neither_shown_nor_denied() -> None:
    fitted = regressor().fit(*draw(2, bias=0, sigma=8, strays=0.1))
    observed = Observed(
        first_dbm=np.array([-180.0]),
        second_dbm=np.array([np.nan]),
        obstruction=np.zeros(1),
        sensitivity_dbm=np.array([-115.0]),
        weight=np.ones(1),
    )
    assert fitted.presence(np.ones((1, 1)), np.array([-90.0]), observed)[0] == pytest.approx(0, abs=1e-6)
