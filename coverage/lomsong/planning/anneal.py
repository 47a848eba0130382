"""
Simulated annealing by small shifts: a chosen candidate moves to one that shares demand with it.

On streets and in valleys a better plan is often a chain of small shifts that no single swap shows. Only the counts of
who covers a row are kept, so that a proposal costs one look at two candidates' rows.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lomsong.compiled import kernel
from lomsong.planning.covering import TOLERANCE, Covering

#: Temperature at the start and at the end, as part of the mean value of a chosen candidate.
HOT, COLD = 0.03, 0.003
#: Share of proposals that look anywhere instead of beside the candidate that moves.
FAR = 0.02


def anneal(
    covering: Covering,
    start: NDArray[np.int64],
    *,
    proposals: int,
    seed: int = 1,
) -> NDArray[np.int64]:
    """
    Improve a plan by annealing.

    Parameters
    ----------
    covering : Covering
        Best reduced; needs and floors are not looked at.
    start : ndarray of int
        A plan within the budget, one candidate a site.
    proposals : int
        Length; the time is proportional.
    seed : int
        Of the draws.

    Returns
    -------
    ndarray of int
        The best plan met, rising.
    """
    if len(start) == 0 or proposals <= 0:
        return np.sort(start)
    back = sparse.csr_array(covering.cover.T)
    _, sites = np.unique(covering.sites, return_inverse=True)
    inside = np.zeros(len(covering.costs), dtype=np.bool_)
    inside[start] = True
    scale = covering.value(start) / len(start)
    best = _anneal(
        covering.cover.indptr.astype(np.int32),
        covering.cover.indices.astype(np.int32),
        back.indptr.astype(np.int32),
        back.indices.astype(np.int32),
        covering.weights,
        covering.costs,
        sites.astype(np.int64),
        covering.budget + TOLERANCE * max(1.0, covering.budget),
        inside,
        HOT * scale,
        COLD * scale,
        proposals,
        np.random.default_rng(seed).integers(1, 2**63, 1, dtype=np.uint64),
    )
    return np.sort(best)


@kernel
def draw(state):  # type: ignore[no-untyped-def]
    """Return the next number in [0, 1) of a xorshift64* sequence; the state is changed in place."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return float((x * np.uint64(2685821657736338717)) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@kernel
def put_in(j, starts, rows, weights, count):  # type: ignore[no-untyped-def]
    """Put candidate `j` in: `count` changes in place, and what it newly covers comes back."""
    won = 0.0
    for i in rows[starts[j] : starts[j + 1]]:
        if count[i] == 0:
            won += weights[i]
        count[i] += 1
    return won


@kernel
def swap_gain(k, j, starts, rows, weights, count, seen, turn):  # type: ignore[no-untyped-def]
    """Return what taking `k` out and putting `j` in would change, without doing it; `seen` is scratch space by turn."""
    lost = 0.0
    for i in rows[starts[k] : starts[k + 1]]:
        if count[i] == 1:
            lost += weights[i]
            seen[i] = turn
    won = 0.0
    for i in rows[starts[j] : starts[j + 1]]:
        if count[i] == 0 or (count[i] == 1 and seen[i] == turn):
            won += weights[i]
    return won - lost


@kernel
def _anneal(  # type: ignore[no-untyped-def]  # noqa: C901, PLR0915 - one walk over one state
    starts,
    rows,
    back_starts,
    back,
    weights,
    costs,
    sites,
    budget,
    inside,
    hot,
    cold,
    proposals,
    state,
):
    """Return the best chosen of the walk; `inside` moves in place."""
    n = len(costs)
    used = np.zeros(sites.max() + 1, dtype=np.bool_)
    count = np.zeros(len(weights), dtype=np.int32)
    seen = np.zeros(len(weights), dtype=np.int32)
    members = np.empty(n, dtype=np.int64)
    size = 0
    room = budget
    for j in range(n):
        if inside[j]:
            put_in(j, starts, rows, weights, count)
            used[sites[j]] = True
            room -= costs[j]
            members[size] = j
            size += 1
    heat = hot
    cooling = (cold / hot) ** (1.0 / max(proposals, 1))
    change = best = 0.0
    best_members = members[:size].copy()
    for turn in range(1, proposals + 1):
        heat *= cooling
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
                if change > best + 1e-9:
                    best = change
                    best_members = members[:size].copy()
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
            if change > best + 1e-9:
                best = change
                best_members = members[:size].copy()
    return best_members
