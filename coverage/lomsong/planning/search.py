"""
The fast path: greedy, then a long walk of drops and adds that never stops at the first hilltop (tabu search).

Ties go to the candidate with the smaller number; the walk ends after a number of steps, never by the clock.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lomsong.compiled import inlined_kernel, kernel
from lomsong.planning.covering import Covering
from lomsong.planning.shifts import to_instance

#: A dropped candidate stays out, and an added one in, for about this many steps.
TENURE = 10
#: Share of steps that drop at random instead of the least useful, so that the walk does not go in a circle.
RANDOM_DROPS = 0.05
#: Steps without a better plan after which the walk starts again from the best one, shaken.
PATIENCE = 2000
#: Part of the chosen that a shake takes out.
SHAKE = 0.15


class _Draft(NamedTuple):
    """
    One plan on its way, changed in place.

    `covers` counts the candidates that cover a row, and `names` sums their numbers, so that the last one left is known by
    name; `add` is what a candidate would add, `loss` what a chosen one covers alone; until step `free_from` a candidate stays
    where it is; `sums` holds the money left and the value.
    """

    inside: NDArray[np.bool_]
    used: NDArray[np.bool_]
    covers: NDArray[np.int32]
    names: NDArray[np.int64]
    add: NDArray[np.float64]
    loss: NDArray[np.float64]
    free_from: NDArray[np.int64]
    sums: NDArray[np.float64]


def search(covering: Covering, *, steps: int, seed: int = 1) -> NDArray[np.int64]:
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
    seed : int
        Of the few random drops.

    Returns
    -------
    ndarray of int
        The chosen candidates, rising.
    """
    if len(covering.costs) == 0 or len(covering.weights) == 0:
        return np.zeros(0, dtype=np.int64)
    draws = np.random.default_rng(seed).random((max(steps, 1), 3))
    return np.flatnonzero(_walk(to_instance(covering), covering.limit, steps, draws))


@kernel
def _open(instance, budget, chosen, free_from):  # type: ignore[no-untyped-def]
    """Return a draft with the candidates that are flagged in `chosen`."""
    n, m = len(instance.costs), len(instance.weights)
    draft = _Draft(
        np.zeros(n, dtype=np.bool_),
        np.zeros(instance.sites.max() + 1, dtype=np.bool_),
        np.zeros(m, dtype=np.int32),
        np.zeros(m, dtype=np.int64),
        np.zeros(n),
        np.zeros(n),
        free_from,
        np.array([budget, 0.0]),
    )
    for j in range(n):
        for i in instance.rows[instance.starts[j] : instance.starts[j + 1]]:
            draft.add[j] += instance.weights[i]
    for j in range(n):
        if chosen[j]:
            _flip(instance, draft, j, 1)
    return draft


@kernel
def _flip(instance, draft, j, sign):  # type: ignore[no-untyped-def]  # noqa: C901 - the four cases of one count
    """Put candidate `j` in (+1) or take it out (-1)."""
    change = 0.0
    covers, names, add, loss = draft.covers, draft.names, draft.add, draft.loss
    weights, back, back_starts = instance.weights, instance.back, instance.back_starts
    if sign < 0:
        loss[j] = 0.0
    for i in instance.rows[instance.starts[j] : instance.starts[j + 1]]:
        before = covers[i]
        covers[i] = before + sign
        names[i] += sign * j
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
                loss[names[i] - j] -= w
        elif before == 1:
            change -= w
            for k in back[back_starts[i] : back_starts[i + 1]]:
                add[k] += w
        elif before == 2:
            loss[names[i]] += w
    draft.inside[j] = sign > 0
    draft.used[instance.sites[j]] = sign > 0
    draft.sums[0] -= sign * instance.costs[j]
    draft.sums[1] += change


@inlined_kernel
def _best_add(instance, draft, price, step, best, per_cost):  # type: ignore[no-untyped-def]
    """Return the candidate with the largest gain (per cost), that fits; -1 for none. Smaller number on a tie."""
    found = -1
    top = 0.0
    room, value = draft.sums[0], draft.sums[1]
    # named before the loop, which is faster
    add, used, free_from, costs, sites = (
        draft.add,
        draft.used,
        draft.free_from,
        instance.costs,
        instance.sites,
    )
    for j in range(len(price)):
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


@inlined_kernel
def _fill_up(instance, draft, price, step, best, per_cost, chance):  # type: ignore[no-untyped-def]
    """Add what fits, the best first."""
    while True:
        j = _best_add(instance, draft, price, step, best, per_cost)
        if j < 0:
            return
        _flip(instance, draft, j, 1)
        draft.free_from[j] = step + 1 + int(TENURE * 0.3 * (0.5 + chance))


@inlined_kernel
def _worst_chosen(draft, price, step):  # type: ignore[no-untyped-def]
    found = -1
    low = np.inf
    inside, free_from, loss = draft.inside, draft.free_from, draft.loss
    for k in range(len(price)):
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


@inlined_kernel
def _drop_one(instance, draft, price, step, draw, at_random):  # type: ignore[no-untyped-def]
    """Take the least useful candidate out, or any; False where there is none."""
    worst = -1 if at_random else _worst_chosen(draft, price, step)
    drop = worst if worst >= 0 else _random_chosen(draft.inside, draw[1])
    if drop < 0:
        return False
    _flip(instance, draft, drop, -1)
    draft.free_from[drop] = step + 1 + int(TENURE * (0.5 + draw[2]))
    return True


@kernel
def _return_to(instance, draft, chosen):  # type: ignore[no-untyped-def]
    """Make the draft the plan that is flagged in `chosen` again."""
    for j in range(len(chosen)):
        if draft.inside[j] != chosen[j]:
            _flip(instance, draft, j, 1 if chosen[j] else -1)
    for j in range(len(chosen)):
        if chosen[j]:
            draft.used[instance.sites[j]] = True


@inlined_kernel
def _is_better(draft, best, best_inside):  # type: ignore[no-untyped-def]
    """Return whether a draft is the best one so far; it is kept then."""
    better = draft.sums[1] > best[0] * (1.0 + 1e-12)
    if better:
        best[0] = draft.sums[1]
        best_inside[:] = draft.inside
    return better


@kernel
def _walk(instance, budget, steps, draws):  # type: ignore[no-untyped-def]
    """Return the best set met as flags; see `search`."""
    positive = instance.costs[instance.costs > 0]
    price = np.maximum(instance.costs, positive.min() * 1e-3 if len(positive) else 1.0)
    best, best_inside = np.array([-1.0]), np.zeros(len(price), dtype=np.bool_)
    nothing, free_from = np.zeros(len(price), dtype=np.bool_), np.zeros(len(price), dtype=np.int64)
    for per_cost in (True, False):
        draft = _open(instance, budget, nothing, free_from)
        _fill_up(instance, draft, price, 0, best[0], per_cost, draws[0, 2])
        _is_better(draft, best, best_inside)
    draft = _open(instance, budget, best_inside, free_from)
    since = 0
    for step in range(steps):
        shake = 1
        if since > PATIENCE:
            since = 0
            _return_to(instance, draft, best_inside)
            shake = max(2, int(SHAKE * draft.inside.sum()))
        for turn in range(shake):
            draw = draws[(step + turn) % steps]
            if not _drop_one(instance, draft, price, step, draw, shake > 1 or draw[0] < RANDOM_DROPS):
                break
        _fill_up(instance, draft, price, step, best[0], draws[step, 1] < 0.5, draws[step, 2])
        since += 1
        if _is_better(draft, best, best_inside):
            since = 0
    return best_inside
