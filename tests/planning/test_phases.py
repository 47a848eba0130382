"""The years of a plan: small plans against every way to share them out."""

from itertools import product

import numpy as np
import pytest
from scipy import sparse

from lomsong.planning.chains import build_order
from lomsong.planning.covering import NOTHING, Covering, build_covering
from lomsong.planning.phases import share_out, spread_over_years

SITES, YEARS = 5, 3


def draw(seed: int, *, linked: bool) -> Covering:
    rng = np.random.default_rng(seed)
    needs = np.full(SITES, NOTHING)
    if linked:
        needs[3], needs[4] = 1, 3
    cover = sparse.csr_array(rng.random((SITES, 15)) < 0.3)
    weights, costs = rng.integers(1, 20, 15).astype(float), rng.integers(1, 9, SITES).astype(float)
    return build_covering(weights=weights, cover=cover, costs=costs, budget=costs.sum(), needs=needs)


def keeps(covering: Covering, year: tuple[int, ...], limits: np.ndarray) -> bool:
    """Say whether no year is overspent and no site stands before its relay."""
    for number, limit in enumerate(limits, start=1):
        built = np.flatnonzero(np.array(year) <= number)
        if covering.spent(built) > limit + 1e-9 or not set(covering.needs[built]) - {NOTHING} <= set(built):
            return False
    return True


def waited(covering: Covering, year: tuple[int, ...]) -> float:
    return sum(covering.value(np.flatnonzero(np.array(year) <= number)) for number in range(1, YEARS + 1))


@pytest.mark.parametrize("seed", range(8))
def test_the_years_are_the_best_of_all_ways_to_share_the_sites_out(seed: int) -> None:
    covering = draw(seed, linked=seed % 2 == 0)
    limits = share_out(covering.budget, YEARS, (3, 1, 2) if seed % 3 else ())
    order = build_order(covering)
    order += [j for j in range(SITES) if j not in order]
    found = spread_over_years(covering, order, limits)
    year = np.empty(SITES, dtype=int)
    year[order] = found.year
    assert keeps(covering, tuple(year), limits)
    best = max(
        waited(covering, way)
        for way in product(range(1, YEARS + 1), repeat=SITES)
        if keeps(covering, way, limits)
    )
    assert found.person_years == pytest.approx(best)
    assert found.in_order <= best <= found.bound + 1e-6


def test_shares_of_the_budget_add_up_to_it() -> None:
    np.testing.assert_allclose(share_out(90.0, 3, ()), [30, 60, 90])
    np.testing.assert_allclose(share_out(90.0, 3, (2, 1)), [60, 90])


def test_a_plan_of_one_year_or_without_sites_needs_no_choice() -> None:
    covering = draw(1, linked=False)
    assert spread_over_years(covering, [0, 2], share_out(99, 1, ())).year.tolist() == [1, 1]
    assert spread_over_years(covering, [], share_out(99, 3, ())).person_years == 0.0


def test_a_dear_site_waits_until_the_money_is_there_and_a_cheap_one_does_not() -> None:
    covering = build_covering(
        weights=[100.0, 1.0], cover=sparse.csr_array(np.eye(2)), costs=[8.0, 2.0], budget=10
    )
    # in greedy order the dear one holds up the other until the second year
    found = spread_over_years(covering, [0, 1], share_out(10, 2, ()))
    assert found.year.tolist() == [2, 1]
    assert (found.in_order, found.person_years) == (101.0, 102.0)
