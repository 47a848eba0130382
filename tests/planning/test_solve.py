"""Budgeted covering: small instances against brute force, and the cases where nothing or everything fits."""

from itertools import combinations

import numpy as np
import pytest
from scipy import sparse

from lomsong.errors import PlanError
from lomsong.planning import polish as strong
from lomsong.planning.bound import bound
from lomsong.planning.covering import NOTHING, Covering, Floor, build_covering
from lomsong.planning.polish import polish
from lomsong.planning.reduction import reduce
from lomsong.planning.search import search
from lomsong.planning.solve import solve
from lomsong.planning.temper import anneal, temper


def draw(
    seed: int, *, candidates: int = 9, rows: int = 25, linked: bool = False, floors: bool = False
) -> Covering:
    rng = np.random.default_rng(seed)
    sites = rng.integers(0, candidates - 2, candidates)
    needs = np.full(candidates, NOTHING)
    if linked:  # a site may only need one with a smaller number, so no circle
        chosen = (rng.random(candidates) < 0.4) & (sites > 0)
        needs[chosen] = (rng.random(chosen.sum()) * sites[chosen]).astype(int)
    weights = rng.integers(0, 20, rows).astype(float)
    cover = rng.random((candidates, rows)) < 0.2
    areas: tuple[Floor, ...] = ()
    if floors:
        half = np.arange(rows // 2)
        areas = (
            Floor(name="west", rows=half, amount=0.25 * float(weights[half][cover.any(axis=0)[half]].sum())),
        )
    return build_covering(
        weights=weights, cover=sparse.csr_array(cover), costs=rng.integers(1, 9, candidates), budget=15,
        sites=sites, needs=needs, floors=areas,
    )  # fmt: skip


def brute_force(covering: Covering) -> float | None:
    """Try every set; None where no set is allowed."""
    count = len(covering.costs)
    values = [
        covering.value(chosen)
        for size in range(count + 1)
        for chosen in combinations(range(count), size)
        if covering.allows(chosen)
    ]
    return max(values, default=None)


@pytest.mark.parametrize("seed", range(12))
def test_a_plan_is_as_good_as_the_best_of_all_sets(seed: int) -> None:
    covering = draw(seed)
    found = solve(covering)
    assert found.value == brute_force(covering)
    assert found.proven
    assert covering.allows(found.chosen)


@pytest.mark.parametrize("seed", range(8))
def test_relay_chains_and_floors_keep_the_plan_the_best_of_all_sets(seed: int) -> None:
    covering = draw(seed, linked=True, floors=True)
    wanted = brute_force(covering)
    if wanted is None:
        with pytest.raises(PlanError, match="west"):
            solve(covering)
        return
    found = solve(covering)
    assert found.value == wanted
    assert covering.allows(found.chosen)


@pytest.mark.parametrize("seed", range(8))
def test_a_reduced_instance_has_the_same_best_value(seed: int) -> None:
    covering = draw(seed, linked=seed % 2 == 0)
    assert brute_force(reduce(covering).covering) == brute_force(covering)


@pytest.mark.parametrize("seed", range(8))
def test_no_plan_beats_the_bound(seed: int) -> None:
    covering = draw(seed)
    best = brute_force(covering)
    assert best is not None
    for steps in (1, 10, 300):
        limit = bound(covering, known=best, steps=steps)
        assert limit.value >= best


@pytest.mark.parametrize("seed", range(6))
def test_what_the_bound_rules_out_is_in_no_better_plan(seed: int) -> None:
    covering = draw(seed)
    best = brute_force(covering)
    assert best is not None
    limit = bound(covering, known=best, steps=100)
    for candidate in np.flatnonzero(limit.excess < -(limit.value - best + 1)):
        others = [
            covering.value(chosen)
            for size in range(9)
            for chosen in combinations(range(9), size)
            if candidate in chosen and covering.allows(chosen)
        ]
        assert max(others, default=0.0) <= best


@pytest.mark.parametrize("seed", range(4))
def test_every_search_keeps_the_budget_and_one_candidate_a_site(seed: int) -> None:
    covering = draw(seed, candidates=40, rows=80)
    greedy = search(covering, steps=0)
    for plan in (greedy, search(covering, steps=200), anneal(covering, greedy, proposals=3000)):
        assert covering.allows(plan)
        assert covering.value(plan) >= covering.value(greedy)
    ladder = temper(covering, (greedy,), seed, trades=3)
    assert all(covering.allows(plan) for plan in (*ladder.plans, *ladder.best))
    assert max(covering.value(plan) for plan in ladder.best) >= covering.value(greedy)


def test_the_strong_path_is_no_worse_than_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    covering = draw(1, candidates=40, rows=80)
    greedy = search(covering, steps=0)
    monkeypatch.setattr(strong, "TRADES", 5)
    plan = polish(covering, greedy, rounds=2)
    assert covering.allows(plan)
    assert covering.value(plan) >= covering.value(greedy)


def test_no_money_builds_nothing() -> None:
    found = solve(build_covering(weights=[1.0], cover=sparse.csr_array([[1]]), costs=[5.0], budget=0))
    assert (len(found.chosen), found.value, found.proven) == (0, 0.0, True)


def test_money_for_all_covers_all_that_can_be_and_buys_nothing_idle() -> None:
    cover = sparse.csr_array([[1, 1, 0], [0, 1, 0], [1, 0, 0]])
    found = solve(build_covering(weights=[3.0, 4.0, 9.0], cover=cover, costs=[5.0, 1.0, 1.0], budget=100))
    assert found.value == 7.0  # no candidate reaches the third row
    assert found.proven
    assert found.gap == 0.0


def test_no_candidate_is_an_empty_plan() -> None:
    found = solve(build_covering(weights=[3.0], cover=sparse.csr_array((0, 1)), budget=3))
    assert len(found.chosen) == 0


def test_of_two_identical_candidates_the_first_is_built() -> None:
    cover = sparse.csr_array([[1, 1], [1, 1]])
    assert solve(build_covering(weights=[1.0, 1.0], cover=cover, budget=2)).chosen.tolist() == [0]


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_a_negative_or_missing_cost_is_one_clear_error(bad: float) -> None:
    cover = sparse.csr_array([[1], [1]])
    with pytest.raises(PlanError, match=r"a cost is negative or missing in 1 row: 1"):
        build_covering(weights=[1.0], cover=cover, costs=[1.0, bad], budget=1)


def test_relays_in_a_circle_are_refused() -> None:
    with pytest.raises(PlanError, match="in a circle"):
        build_covering(weights=[1.0], cover=sparse.csr_array([[1], [1]]), needs=[1, 0], budget=5)


def test_a_relay_that_nobody_can_build_leaves_its_site_out() -> None:
    cover = sparse.csr_array([[1, 0], [0, 1]])
    found = solve(build_covering(weights=[9.0, 1.0], cover=cover, needs=[7, NOTHING], budget=5))
    assert found.chosen.tolist() == [1]


def test_a_relay_without_people_is_bought_for_the_one_behind_it() -> None:
    cover = sparse.csr_array([[1, 1], [0, 0]])
    found = solve(build_covering(weights=[9.0, 1.0], cover=cover, needs=[1, NOTHING], costs=[2, 3], budget=5))
    assert found.chosen.tolist() == [0, 1]


def test_floors_that_nothing_reaches_are_named() -> None:
    floors = (
        Floor(name="Xã A", rows=np.array([0]), amount=1.0),
        Floor(name="Xã B", rows=np.array([1]), amount=1.0),
    )
    with pytest.raises(
        PlanError, match=r"out of reach with every candidate built: Xã B \(at most 0 % of what is asked\)"
    ):
        solve(build_covering(weights=[1.0, 1.0], cover=sparse.csr_array([[1, 0]]), budget=1, floors=floors))


def test_floors_that_the_budget_cannot_meet_are_named() -> None:
    floors = (
        Floor(name="near", rows=np.array([0]), amount=1.0),
        Floor(name="far", rows=np.array([1]), amount=1.0),
    )
    cover = sparse.csr_array(np.eye(2))
    with pytest.raises(PlanError, match=r"cannot meet: far"):
        solve(build_covering(weights=[1.0, 1.0], cover=cover, costs=[1, 9], budget=5, floors=floors))
    with pytest.raises(PlanError, match="each floor alone but not all together"):
        solve(build_covering(weights=[1.0, 1.0], cover=cover, costs=[3, 3], budget=5, floors=floors))


def test_the_same_instance_gives_the_same_plan_by_every_method() -> None:
    covering = draw(3, candidates=60, rows=200)
    for method in ("fast", "strong", "exact"):
        first, again = (solve(covering, method=method, rounds=1) for _ in range(2))
        assert first.chosen.tolist() == again.chosen.tolist()
        assert covering.value(first.chosen) <= first.bound


def test_a_plan_cut_short_by_the_clock_says_so() -> None:
    covering = draw(5, candidates=250, rows=900)
    found = solve(covering, method="exact", seconds=1e-9)
    assert found.stop == "clock"
    assert not found.proven
