"""
The fast path: greedy, then a long walk of drops and adds that never stops at the first hilltop (tabu search).

Ties go to the candidate with the smaller number; the walk ends after a number of steps, never by the clock.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lomsong.compiled import kernel
from lomsong.planning.covering import Covering

#: A dropped candidate stays out, and an added one in, for about this many steps.
TENURE = 10
#: Share of steps that drop at random instead of the least useful, so that the walk does not go in a circle.
RANDOM_DROPS = 0.05
#: Steps without a better plan after which the walk starts again from the best one, shaken.
PATIENCE = 2000
#: Part of the chosen that a shake takes out.
SHAKE = 0.15


def search(
    covering: Covering, *, steps: int, start: NDArray[np.int64] | None = None, seed: int = 1
) -> NDArray[np.int64]:
    """
    Find a good plan fast, without proof.

    Greedy by gain per cost and greedy by gain (the better one is taken), then `steps` steps of tabu search: drop the
    candidate that loses least per cost, fill up again with the best that fit. Needs and floors are not looked at.

    Parameters
    ----------
    covering : Covering
        Best reduced.
    steps : int
        Length of the walk; 0 for greedy alone.
    start : ndarray of int, optional
        A plan to start from instead of greedy.
    seed : int
        Of the few random drops.

    Returns
    -------
    ndarray of int
        The chosen candidates, rising.
    """
    if len(covering.costs) == 0 or len(covering.weights) == 0:
        return np.zeros(0, dtype=np.int64)
    back = sparse.csr_array(covering.cover.T)
    draws = np.random.default_rng(seed).random((max(steps, 1), 3))
    _, sites = np.unique(covering.sites, return_inverse=True)
    begin = np.zeros(len(covering.costs), dtype=np.bool_)
    if start is not None:
        begin[start] = True
    chosen = _walk(
        covering.cover.indptr.astype(np.int64),
        covering.cover.indices.astype(np.int64),
        back.indptr.astype(np.int64),
        back.indices.astype(np.int64),
        covering.weights,
        covering.costs,
        sites.astype(np.int64),
        covering.limit,
        begin,
        steps,
        draws,
    )
    return np.flatnonzero(chosen)


@kernel
def _flip(j, sign, starts, rows, back_starts, back, weights, count, owner, add, loss):  # type: ignore[no-untyped-def]  # noqa: C901 - the four cases of one count
    """Put candidate `j` in (+1) or take it out (-1); returns the change of value. Changes the state in place."""
    change = 0.0
    if sign < 0:
        loss[j] = 0.0
    for i in rows[starts[j] : starts[j + 1]]:
        before = count[i]
        count[i] = before + sign
        owner[i] += sign * j
        w = weights[i]
        if w == 0.0:
            continue
        if sign > 0:
            if before == 0:
                change += w
                loss[j] += w
                for k in back[back_starts[i] : back_starts[i + 1]]:
                    add[k] -= w
            elif before == 1:
                loss[owner[i] - j] -= w
        elif before == 1:
            change -= w
            for k in back[back_starts[i] : back_starts[i + 1]]:
                add[k] += w
        elif before == 2:
            loss[owner[i]] += w
    return change


@kernel
def _best_add(add, price, room, costs, sites, used, free_from, step, value, best, per_cost):  # type: ignore[no-untyped-def]
    """Return the candidate with the largest gain (per cost), that fits; -1 for none. Smaller number on a tie."""
    found = -1
    top = 0.0
    for j in range(len(add)):
        gain = add[j]
        if gain <= 1e-9 or costs[j] > room or used[sites[j]]:
            continue
        if free_from[j] > step and value + gain <= best:
            continue
        score = gain / price[j] if per_cost else gain
        if score > top * (1.0 + 1e-12):
            top = score
            found = j
    return found


@kernel
def _worst_chosen(inside, loss, price, free_from, step):  # type: ignore[no-untyped-def]
    found = -1
    low = np.inf
    for k in range(len(inside)):
        if inside[k] and free_from[k] <= step:
            score = loss[k] / price[k]
            if score < low * (1.0 - 1e-12):
                low = score
                found = k
    return found


@kernel
def _random_chosen(inside, draw):  # type: ignore[no-untyped-def]
    members = np.flatnonzero(inside)
    if len(members) == 0:
        return -1
    return members[min(int(draw * len(members)), len(members) - 1)]


@kernel
def _walk(  # type: ignore[no-untyped-def]  # noqa: C901, PLR0912, PLR0915 - one walk over one state
    starts, rows, back_starts, back, weights, costs, sites, budget, begin, steps, draws
):
    """Return the best set met as flags; see `search`."""
    n = len(costs)
    m = len(weights)
    site_count = sites.max() + 1
    positive = costs[costs > 0]
    floor = positive.min() * 1e-3 if len(positive) else 1.0
    price = np.maximum(costs, floor)
    best_inside = np.zeros(n, dtype=np.bool_)
    best = -1.0
    free_from = np.zeros(n, dtype=np.int64)
    for kind in range(3):  # greedy per cost, greedy by gain, the walk from the better one
        inside = np.zeros(n, dtype=np.bool_)
        used = np.zeros(site_count, dtype=np.bool_)
        count = np.zeros(m, dtype=np.int32)
        owner = np.zeros(m, dtype=np.int64)
        add = np.zeros(n)
        loss = np.zeros(n)
        for j in range(n):
            for i in rows[starts[j] : starts[j + 1]]:
                add[j] += weights[i]
        value = 0.0
        room = budget
        source = begin if kind < 2 else best_inside
        for j in range(n):
            if source[j]:
                value += _flip(j, 1, starts, rows, back_starts, back, weights, count, owner, add, loss)
                inside[j] = True
                used[sites[j]] = True
                room -= costs[j]
        walk = steps if kind == 2 else 1
        since = 0
        for step in range(walk):
            if kind == 2:
                shake = 1
                if since > PATIENCE:
                    since = 0
                    for j in range(n):
                        if inside[j] != best_inside[j]:
                            sign = 1 if best_inside[j] else -1
                            value += _flip(
                                j, sign, starts, rows, back_starts, back, weights, count, owner, add, loss
                            )
                            inside[j] = best_inside[j]
                            used[sites[j]] = False
                            room -= sign * costs[j]
                    for j in range(n):
                        if inside[j]:
                            used[sites[j]] = True
                    shake = max(2, int(SHAKE * inside.sum()))
                for turn in range(shake):
                    draw = draws[(step + turn) % walk]
                    drop = -1
                    if shake == 1 and draw[0] >= RANDOM_DROPS:
                        drop = _worst_chosen(inside, loss, price, free_from, step)
                    if drop < 0:
                        drop = _random_chosen(inside, draw[1])
                    if drop < 0:
                        break
                    value += _flip(
                        drop, -1, starts, rows, back_starts, back, weights, count, owner, add, loss
                    )
                    inside[drop] = False
                    used[sites[drop]] = False
                    room += costs[drop]
                    free_from[drop] = step + 1 + int(TENURE * (0.5 + draw[2]))
            per_cost = kind == 0 or (kind == 2 and draws[step, 1] < 0.5)
            while True:
                j = _best_add(add, price, room, costs, sites, used, free_from, step, value, best, per_cost)
                if j < 0:
                    break
                value += _flip(j, 1, starts, rows, back_starts, back, weights, count, owner, add, loss)
                inside[j] = True
                used[sites[j]] = True
                room -= costs[j]
                free_from[j] = step + 1 + int(TENURE * 0.3 * (0.5 + draws[step, 2]))
            since += 1
            if value > best * (1.0 + 1e-12):
                best = value
                best_inside[:] = inside
                since = 0
    return best_inside
