"""
Annealing and parallel tempering of plans by small shifts.

Annealing cools one plan down, which is quick. Tempering keeps one plan at each temperature, and they trade places now
and then: a cold plan improves and gets stuck, a hot one wanders; a good plan found in the heat moves down to the cold, and
one that is stuck moves up and is shaken. This goes on improving long after a single annealed plan has frozen.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lomsong.compiled import kernel
from lomsong.planning.covering import Covering
from lomsong.planning.shifts import PROPOSALS, draw, open_draft, to_instance, walk

#: Temperatures are parts of what the least useful quarter of a plan's candidates each cover alone, at most: it is those
#: that move, and the same part accepts about the same share of proposals whether plans reach half of the demand or all.
LEAST_USEFUL = 0.25
#: Temperature of annealing at the start, where about one proposal in twelve is accepted, and at the end.
HOT, COLD = 0.04, 0.004
#: The ladder of temperatures of tempering, and its number of rungs.
COLDEST, HOTTEST, RUNGS = 0.009, 0.045, 8

_Plan = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ladder:
    """
    Where the plans stand, coldest first, and the best plan met at each temperature.

    Attributes
    ----------
    plans : tuple of ndarray of int
        As they stand; the start of a further walk.
    best : tuple of ndarray of int
        Rising.
    """

    plans: tuple[_Plan, ...]
    best: tuple[_Plan, ...]


def anneal(covering: Covering, start: _Plan, *, proposals: int, seed: int = 1) -> _Plan:
    """
    Improve a plan by annealing.

    Parameters
    ----------
    covering : Covering
        Best reduced; needs and floors are not looked at.
    start : ndarray of int
        A plan within the budget, one candidate a site.
    proposals : int
        Length, in whole `PROPOSALS`; the time is proportional.
    seed : int
        Of the draws.

    Returns
    -------
    ndarray of int
        The best plan met, rising.
    """
    heats = np.geomspace(HOT, COLD, proposals // PROPOSALS)[:, None]
    return _improve(covering, (start,), seed, heats).best[0]


def temper(covering: Covering, starts: tuple[_Plan, ...], seed: int, *, trades: int) -> Ladder:
    """
    Improve plans by parallel tempering.

    Parameters
    ----------
    covering : Covering
        Best reduced; needs and floors are not looked at.
    starts : tuple of ndarray of int
        Plans within the budget, one candidate a site; the first is the coldest, and they are used in turn.
    trades : int
        Length; between two trades every plan sees `PROPOSALS` proposals.
    seed : int
        Of the draws.

    Returns
    -------
    Ladder
    """
    return _improve(covering, starts, seed, np.tile(np.geomspace(COLDEST, HOTTEST, RUNGS), (trades, 1)))


def _improve(covering: Covering, starts: tuple[_Plan, ...], seed: int, heats: NDArray[np.float64]) -> Ladder:
    """Walk a plan at each temperature: `heats` has a row for every trade and a column for every rung."""
    if not len(starts[0]):
        return Ladder(plans=starts, best=starts)
    inside = np.zeros((heats.shape[1], len(covering.costs)), dtype=np.bool_)
    for rung in range(len(inside)):
        inside[rung, starts[rung % len(starts)]] = True
    best = _climb(
        to_instance(covering),
        covering.limit,
        inside,
        heats * _least_useful(covering, starts[0]),
        np.random.default_rng(seed).integers(1, 2**63, 1, dtype=np.uint64),
    )
    return Ladder(
        plans=tuple(np.flatnonzero(row) for row in inside), best=tuple(np.flatnonzero(row) for row in best)
    )


def _least_useful(covering: Covering, plan: _Plan) -> float:
    """Return what a candidate of the plan that is of little use covers alone; see `LEAST_USEFUL`."""
    part = covering.cover[plan].astype(np.float64)
    alone = np.where(part.sum(axis=0) == 1, covering.weights, 0.0)
    return max(float(np.quantile(part @ alone, LEAST_USEFUL)), 1e-300)


@kernel
def _climb(instance, budget, inside, heats, state):  # type: ignore[no-untyped-def]
    """Return the best plan met at each temperature as flags; `inside` ends with the plans as they stand, by temperature."""
    rungs = len(inside)
    drafts = [open_draft(instance, inside[rung], budget) for rung in range(rungs)]
    top = np.array([draft.sums[1] for draft in drafts])
    best = inside.copy()
    for trade in range(len(heats)):
        heat = heats[trade]
        for rung in range(rungs):
            walk(instance, drafts[rung], heat[rung], best[rung], top[rung : rung + 1], state)
        for rung in range(trade % 2, rungs - 1, 2):
            cold, warm = drafts[rung], drafts[rung + 1]
            lift = (1.0 / heat[rung] - 1.0 / heat[rung + 1]) * (warm.sums[1] - cold.sums[1])
            if lift >= 0.0 or draw(state) < np.exp(lift):
                drafts[rung], drafts[rung + 1] = warm, cold
    for rung in range(rungs):
        inside[rung] = drafts[rung].inside
    return best
