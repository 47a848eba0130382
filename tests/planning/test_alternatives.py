"""Plans that differ and the cost of reaching everybody: small instances against brute force."""

from itertools import combinations

import numpy as np
import pytest
from scipy import sparse

from lomsong.planning.alternatives import cheapest_cover, differ
from lomsong.planning.covering import NOTHING, Covering, build_covering
from lomsong.planning.exact import UNLIKE
from lomsong.planning.solve import solve

CANDIDATES = 9
SETS = [chosen for size in range(CANDIDATES + 1) for chosen in combinations(range(CANDIDATES), size)]


def draw(seed: int, *, linked: bool) -> Covering:
    rng = np.random.default_rng(seed)
    sites = rng.integers(0, CANDIDATES - 2, CANDIDATES)
    needs = np.full(CANDIDATES, NOTHING)
    if linked:  # a site only needs one with a smaller number, so no circle
        some = (rng.random(CANDIDATES) < 0.4) & (sites > 0)
        needs[some] = (rng.random(some.sum()) * sites[some]).astype(int)
    cover = sparse.csr_array(rng.random((CANDIDATES, 20)) < 0.2)
    weights, costs = rng.integers(0, 20, 20).astype(float), rng.integers(1, 9, CANDIDATES)
    return build_covering(weights=weights, cover=cover, costs=costs, budget=18, sites=sites, needs=needs)


def differs(covering: Covering, plan: object, known: list[np.ndarray]) -> bool:
    """Say whether a plan leaves out enough of the sites of every known one."""
    mine = set(covering.sites[np.asarray(plan, dtype=np.int64)].tolist())
    for other in known:
        theirs = set(covering.sites[other].tolist())
        if len(theirs - mine) < max(1, round(UNLIKE * len(theirs))):
            return False
    return True


@pytest.mark.parametrize("seed", range(8))
def test_each_alternative_is_the_best_of_all_sets_that_differ(seed: int) -> None:
    covering = draw(seed, linked=seed % 2 == 0)
    known = [solve(covering).chosen]
    found = differ(covering, known, count=3)
    assert found
    for plan, bound, stop in found:
        best = max(covering.value(s) for s in SETS if covering.allows(s) and differs(covering, s, known))
        assert covering.allows(plan)
        assert differs(covering, plan, known)
        assert covering.value(plan) == pytest.approx(best)
        assert (bound, stop) == (pytest.approx(best, abs=0.999), "proven")
        known.append(plan)


def test_where_nothing_else_can_be_built_there_is_only_nothing_to_build() -> None:
    one = build_covering(weights=[3.0], cover=sparse.csr_array([[1]]), costs=[1.0], budget=5)
    ((plan, _, _),) = differ(one, [np.array([0])], count=3)
    assert len(plan) == 0  # and nothing differs from nothing


@pytest.mark.parametrize("seed", range(8))
def test_the_cost_of_everything_is_the_least_of_all_sets_that_cover_it(seed: int) -> None:
    covering = draw(seed, linked=seed % 2 == 0)
    unbound = build_covering(
        weights=covering.weights, cover=covering.cover, costs=covering.costs, budget=1e6, sites=covering.sites,
        needs=covering.needs,
    )  # fmt: skip
    # what one configuration a site leaves out of reach makes it impossible: brute force says so too
    most = unbound.value(np.arange(CANDIDATES))
    costs = [unbound.spent(s) for s in SETS if unbound.allows(s) and unbound.value(s) >= most]
    chosen, least, stop = cheapest_cover(unbound)
    if not costs:
        assert (chosen, stop) == (None, "infeasible")
        return
    assert chosen is not None
    assert unbound.allows(chosen)
    assert unbound.value(chosen) == most
    assert (unbound.spent(chosen), least) == (min(costs), pytest.approx(min(costs)))


def test_reaching_nobody_costs_nothing() -> None:
    nobody = build_covering(weights=[0.0, 5.0], cover=sparse.csr_array([[1, 0]]), costs=[9.0], budget=1)
    chosen, least, stop = cheapest_cover(nobody)
    assert chosen is not None
    assert (len(chosen), least, stop) == (0, 0.0, "proven")
