"""
The strong path for large instances: many annealed plans, merged exactly.

Good plans share most of their candidates. An exact solver that may only choose among the candidates of a few good
plans is quick, and finds the best mixture of them; fresh plans annealed from that one feed the next round.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lomsong.planning.anneal import anneal
from lomsong.planning.covering import Covering, keep_candidates, reduce
from lomsong.planning.exact import solve_exactly

#: Fresh plans a round, and proposals for each.
FRESH, PROPOSALS = 8, 1_000_000
#: Temperatures of the fresh plans, in turn.
HEATS = (0.03, 0.02)
#: An exact solver chooses among this many candidates at most, as a multiple of the plan's length; and in this many nodes.
MOST, NODES = 3.0, 60
#: Two at a time, whatever the machine: the result may not hang on its number of cores.
THREADS = 2

_Plan = NDArray[np.int64]


def polish(covering: Covering, start: _Plan, *, rounds: int, seed: int = 1) -> _Plan:
    """
    Improve a plan by rounds of annealing and merging.

    Parameters
    ----------
    covering : Covering
        Best reduced, without needs and floors.
    start : ndarray of int
        A plan that keeps the budget.
    rounds : int
        How many; each takes some seconds on thousands of candidates.
    seed : int
        Of the draws.

    Returns
    -------
    ndarray of int
        At least as good as `start`; the same on any number of threads.
    """
    best = [start]
    with ThreadPoolExecutor(THREADS) as pool:
        for turn in range(rounds):
            starts, seeds = [best[number % len(best)] for number in range(FRESH)], range(FRESH)
            fresh = list(pool.map(partial(_walk, covering, seed + 1000 * turn), starts, seeds))
            halves = [[*best, *fresh[0::4], *fresh[1::4]], [*best, *fresh[2::4], *fresh[3::4]]]
            merged = list(pool.map(partial(_merge, covering), halves))
            best = sorted([*best, *merged], key=lambda plan: (-covering.value(plan), plan.tolist()))[:2]
    return best[0]


def _walk(covering: Covering, seed: int, start: _Plan, number: int) -> _Plan:
    heat = HEATS[number % len(HEATS)]
    return anneal(covering, start, proposals=PROPOSALS, seed=seed + number, hot=heat, fresh=True)


def _merge(covering: Covering, plans: list[_Plan]) -> _Plan:
    """Return the best plan of the candidates of all, as many as an exact solver takes."""
    order = sorted(plans, key=lambda plan: -covering.value(plan))
    union = order[0]
    for plan in order[1:]:
        wider = np.union1d(union, plan)
        if len(wider) <= MOST * len(order[0]):
            union = wider
    small = reduce(keep_candidates(covering, union))
    found = solve_exactly(small.covering, gap=1e-5, nodes=NODES).chosen
    if found is None:
        return order[0]
    plan = union[small.candidates[found]]
    return plan if covering.value(plan) > covering.value(order[0]) else order[0]
