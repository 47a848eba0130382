"""
Parallel tempering: one plan at each temperature, all shifting candidates at random, that trade places now and then.

A cold plan improves and gets stuck, a hot one wanders; a good plan found in the heat moves down to the cold, and one that
is stuck moves up and is shaken. This goes on improving long after a single annealed plan has frozen.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lomsong.compiled import kernel
from lomsong.planning.anneal import FAR, draw, put_in, swap_gain
from lomsong.planning.covering import TOLERANCE, Covering

#: The ladder of temperatures, as part of the mean value of a chosen candidate, and its number of rungs.
COLDEST, HOTTEST, RUNGS = 0.006, 0.03, 8
#: Proposals at each temperature between two trades.
BETWEEN_TRADES = 2_000

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
        Length; between two trades every plan sees `BETWEEN_TRADES` proposals.
    seed : int
        Of the draws.

    Returns
    -------
    Ladder
    """
    back = sparse.csr_array(covering.cover.T)
    _, sites = np.unique(covering.sites, return_inverse=True)
    inside = np.zeros((RUNGS, len(covering.costs)), dtype=np.bool_)
    for rung in range(RUNGS):
        inside[rung, starts[rung % len(starts)]] = True
    scale = covering.value(starts[0]) / max(len(starts[0]), 1)
    best = _temper(
        covering.cover.indptr.astype(np.int32),
        covering.cover.indices.astype(np.int32),
        back.indptr.astype(np.int32),
        back.indices.astype(np.int32),
        covering.weights,
        covering.costs,
        sites.astype(np.int64),
        covering.budget + TOLERANCE * max(1.0, covering.budget),
        inside,
        np.geomspace(COLDEST, HOTTEST, RUNGS) * max(scale, 1e-300),
        trades,
        np.random.default_rng(seed).integers(1, 2**63, 1, dtype=np.uint64),
    )
    return Ladder(
        plans=tuple(np.flatnonzero(row) for row in inside), best=tuple(np.flatnonzero(row) for row in best)
    )


@kernel
def _walk(  # type: ignore[no-untyped-def]  # noqa: C901 - one walk over one state
    starts, rows, back_starts, back, weights, costs, sites, heat,
    inside, used, count, members, size, room, change, top, best, seen, turn, state,
):  # fmt: skip
    """Make the proposals of one plan between two trades; returns size, room, change and the top met. State in place."""
    n = len(costs)
    for _ in range(BETWEEN_TRADES):
        turn += 1
        kind = draw(state)
        if kind < FAR:
            j = int(draw(state) * n)
            # an addition that fits can only help
            if not used[sites[j]] and costs[j] <= room:
                change += put_in(j, starts, rows, weights, count)
                inside[j] = True
                used[sites[j]] = True
                room -= costs[j]
                members[size] = j
                size += 1
                if change > top + 1e-9:
                    top = change
                    best[:] = inside
                continue
        if size == 0:
            continue
        at = int(draw(state) * size)
        k = members[at]
        width = starts[k + 1] - starts[k]
        if kind < FAR or width == 0:
            j = int(draw(state) * n)
        else:
            i = rows[starts[k] + int(draw(state) * width)]
            j = back[back_starts[i] + int(draw(state) * (back_starts[i + 1] - back_starts[i]))]
        if inside[j] or (used[sites[j]] and sites[j] != sites[k]) or costs[j] - costs[k] > room:
            continue
        gain = swap_gain(k, j, starts, rows, weights, count, seen, turn)
        if gain >= 0.0 or draw(state) < np.exp(gain / heat):
            for i in rows[starts[k] : starts[k + 1]]:
                count[i] -= 1
            put_in(j, starts, rows, weights, count)
            change += gain
            inside[k] = False
            inside[j] = True
            used[sites[k]] = False
            used[sites[j]] = True
            room += costs[k] - costs[j]
            members[at] = j
            if change > top + 1e-9:
                top = change
                best[:] = inside
    return size, room, change, top


@kernel
def _temper(  # type: ignore[no-untyped-def]
    starts, rows, back_starts, back, weights, costs, sites, budget, inside, heats, trades, state
):
    """Return the best plan met at each temperature as flags; `inside` ends with the plans as they stand, by temperature."""
    rungs, n = inside.shape
    used = np.zeros((rungs, sites.max() + 1), dtype=np.bool_)
    count = np.zeros((rungs, len(weights)), dtype=np.int32)
    members = np.empty((rungs, n), dtype=np.int64)
    seen = np.zeros(len(weights), dtype=np.int64)
    size = np.zeros(rungs, dtype=np.int64)
    room = np.full(rungs, budget)
    value = np.zeros(rungs)
    for r in range(rungs):
        for j in range(n):
            if inside[r, j]:
                value[r] += put_in(j, starts, rows, weights, count[r])
                used[r, sites[j]] = True
                room[r] -= costs[j]
                members[r, size[r]] = j
                size[r] += 1
    top = value.copy()
    best = inside.copy()
    at = np.arange(rungs)  # the plan at each temperature
    turn = 0
    for trade in range(trades):
        for rung in range(rungs):
            r = at[rung]
            size[r], room[r], value[r], top[rung] = _walk(
                starts, rows, back_starts, back, weights, costs, sites, heats[rung],
                inside[r], used[r], count[r], members[r], size[r], room[r], value[r], top[rung], best[rung], seen, turn, state,
            )  # fmt: skip
            turn += BETWEEN_TRADES
        for rung in range(trade % 2, rungs - 1, 2):
            cold, warm = at[rung], at[rung + 1]
            lift = (1.0 / heats[rung] - 1.0 / heats[rung + 1]) * (value[warm] - value[cold])
            if lift >= 0.0 or draw(state) < np.exp(lift):
                at[rung], at[rung + 1] = warm, cold
    inside[:] = inside[at]
    return best
