"""Errors of neighbours: their length and parts are found, and the estimate between samples is that of a full solve."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from lomsong.evidence.shadowing import USUAL_LENGTH_M, Known, Shadowing, estimate_errors, fit_shadowing

TRUE = Shadowing(length_m=400, part=0.8, between=0.5, pairs=1)


def covariance(
    shadowing: Shadowing, one: np.ndarray, mast: np.ndarray, two: np.ndarray, other: np.ndarray
) -> np.ndarray:
    likeness = np.where(mast[:, None] == other[None], 1.0, shadowing.between)
    return shadowing.part * np.exp(-cdist(one, two) / shadowing.length_m) * likeness


def test_length_and_parts_are_found() -> None:
    rng = np.random.default_rng(7)
    place = rng.uniform(0, 9000, (900, 2))
    xy, mast = np.repeat(place, 2, axis=0), np.tile([0, 1], 900)
    full = covariance(TRUE, xy, mast, xy, mast) + 0.2 * np.eye(1800)
    z = np.linalg.cholesky(full) @ rng.standard_normal(1800)
    found = fit_shadowing(*xy.T, mast, z, between=0.2, rng=rng)
    assert 250 <= found.length_m <= 750
    assert found.part == pytest.approx(0.8, abs=0.2)
    assert found.between == pytest.approx(0.5, abs=0.2)


def test_too_few_pairs_say_nothing() -> None:
    rng = np.random.default_rng(1)
    found = fit_shadowing(
        np.arange(5.0), np.zeros(5), np.zeros(5, int), rng.normal(size=5), between=0.5, rng=rng
    )
    assert (found.length_m, found.pairs, found.between) == (USUAL_LENGTH_M, 0, 0.5)


def test_an_estimate_between_samples_is_the_full_solve() -> None:
    rng = np.random.default_rng(3)
    xy, mast, z = rng.uniform(0, 500, (8, 2)), rng.integers(0, 2, 8), rng.normal(size=8)
    at, of = rng.uniform(0, 500, (4, 2))[[0, 0, 1, 2, 3]], np.array([0, 1, 2, 0, 1])
    known = Known(xy=xy, mast=mast, error=z, extra=np.zeros(8))
    # two masts of one place share a system of equations
    error, variance = (
        part[:, 0] for part in estimate_errors(TRUE, known, at, np.array([0, 0, 1, 2, 3]), of[:, None])
    )
    full = covariance(TRUE, xy, mast, xy, mast)
    np.fill_diagonal(full, 1.0)
    towards = covariance(TRUE, at, of, xy, mast)
    np.testing.assert_allclose(error, towards @ np.linalg.solve(full, z))
    np.testing.assert_allclose(variance, 1 - np.einsum("ij,ji->i", towards, np.linalg.solve(full, towards.T)))


def test_far_from_every_sample_nothing_is_known() -> None:
    known = Known(xy=np.zeros((3, 2)), mast=np.zeros(3, int), error=np.ones(3), extra=np.zeros(3))
    error, variance = estimate_errors(
        TRUE, known, np.array([[1e6, 0.0]]), np.zeros(1, int), np.zeros((1, 1), int)
    )
    assert (error[0, 0], variance[0, 0]) == (0, 1)


def test_an_old_sample_counts_less() -> None:
    def at_sample(extra: float) -> float:
        known = Known(xy=np.zeros((1, 2)), mast=np.zeros(1, int), error=np.ones(1), extra=np.full(1, extra))
        here = np.array([[50.0, 0.0]]), np.zeros(1, int), np.zeros((1, 1), int)
        return float(estimate_errors(TRUE, known, *here)[0][0, 0])

    assert at_sample(0.0) > at_sample(3.0) > 0
