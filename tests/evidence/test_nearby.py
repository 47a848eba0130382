"""Sums over what lies near: the same as over every pair of points."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from lomsong.evidence.nearby import REACHES, bell_sums, find_tiles, tile_sums


@pytest.mark.parametrize("spread_m", [50.0, 3000.0, 60_000.0])
def test_sums_are_those_over_every_pair(spread_m: float) -> None:
    rng = np.random.default_rng(3)
    # places beyond the values on every side too
    at, xy = rng.normal(5e5, 2 * spread_m, (300, 2)), rng.normal(5e5, spread_m, (400, 2))
    value = rng.normal(0, 1, 400)
    place_time, value_time = rng.integers(0, 9, 300), rng.integers(0, 9, 400)
    away = cdist(at, xy)
    weight = np.where(away <= REACHES * 400, np.exp(-((away / 400) ** 2)), 0.0)
    np.testing.assert_allclose(bell_sums(at, xy, value, 400), weight @ value, atol=1e-9)
    halved = np.where(place_time[:, None] > value_time, 0.5 * weight, weight)
    doubted = bell_sums(at, xy, value, 400, doubted=(place_time, value_time))
    np.testing.assert_allclose(doubted, halved @ value, atol=1e-9)


def test_nothing_near_sums_to_zero() -> None:
    assert bell_sums(np.zeros((2, 2)), np.zeros((0, 2)), np.zeros(0), 400).tolist() == [0, 0]
    assert bell_sums(np.zeros((1, 2)), np.full((1, 2), 5000.0), np.ones(1), 400).tolist() == [0]


def test_tiles_are_summed_as_over_every_pair_and_found_where_nothing_was_counted() -> None:
    rng = np.random.default_rng(4)
    at, xy, value = rng.uniform(0, 6000, (200, 2)), rng.uniform(0, 6000, (500, 2)), rng.normal(0, 1, 500)
    # two known tiles of a lattice of 600 m
    middle, side = find_tiles(at, np.array([[300.0, 300.0], [3300.0, 5100.0]]), np.full(2, 600.0))
    np.testing.assert_allclose(middle, (np.floor(at / 600) + 0.5) * 600)
    inside = cdist(middle, xy, "chebyshev") <= 300
    np.testing.assert_allclose(tile_sums(middle, side, xy, value), inside @ value, atol=1e-9)
    assert tile_sums(middle, side, xy[:0], value[:0]).tolist() == [0.0] * 200
