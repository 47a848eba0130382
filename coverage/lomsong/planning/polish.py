"""
The strong path for large instances: two ladders of tempered plans, merged exactly.

Good plans share most of their candidates. An exact solver that may only choose among the candidates of a few good
plans is quick, and finds the best mixture of them, from which one of the ladders goes on.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lomsong.planning.covering import Covering
from lomsong.planning.exact import solve_exactly
from lomsong.planning.reduction import keep_candidates, reduce
from lomsong.planning.temper import temper

#: Two ladders, whatever the machine: the result may not hang on its number of cores.
LADDERS = 2
#: Trades of a ladder in a round.
TRADES = 1_000
#: An exact solver chooses among this many candidates at most, as a multiple of the plan's length; and in this many nodes.
MOST, NODES = 3.0, 60

_Plan = NDArray[np.int64]


def polish(covering: Covering, start: _Plan, *, rounds: int, seed: int = 1) -> _Plan:
    """
    Improve a plan by rounds of tempering and merging.

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
    if not len(start):
        return start
    best = [start]
    starts: list[tuple[_Plan, ...]] = [(start,)] * LADDERS
    with ThreadPoolExecutor(LADDERS) as pool:
        for turn in range(rounds):
            seeds = range(seed + LADDERS * turn, seed + LADDERS * (turn + 1))
            ladders = list(pool.map(partial(temper, covering, trades=TRADES), starts, seeds))
            halves = [[*best, *ladder.best] for ladder in ladders]
            merged = list(pool.map(partial(_merge, covering), halves))
            best = sorted([*best, *merged], key=lambda plan: (-covering.value(plan), plan.tolist()))[:LADDERS]
            # the other ladder stays by itself: plans that all come from one have little left to mix
            starts = [
                (best[0], *ladder.plans[1:]) if number == turn % LADDERS else ladder.plans
                for number, ladder in enumerate(ladders)
            ]
    return best[0]


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
