"""
Plans that change by small shifts: a chosen candidate moves to one that shares demand with it.

On streets and in valleys a better plan is often a chain of small shifts that no single swap shows. Who alone covers a row,
and what each chosen candidate alone covers, are kept, so that a proposal costs one look at the rows of the newcomer.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lomsong.compiled import kernel
from lomsong.planning.covering import Covering

#: Share of proposals that look anywhere instead of beside the candidate that moves.
FAR = 0.02
#: Proposals of one call of `walk`: between two changes of temperature.
PROPOSALS = 2_000
#: Owner of a row that nobody covers, and of one that several do.
FREE, SHARED = -1, -2


class Instance(NamedTuple):
    """A covering as the arrays that the kernels read: rows by candidate, candidates by row, and what they are worth."""

    starts: NDArray[np.int32]
    rows: NDArray[np.int32]
    back_starts: NDArray[np.int32]
    back: NDArray[np.int32]
    weights: NDArray[np.float64]
    costs: NDArray[np.float64]
    sites: NDArray[np.int64]


class Draft(NamedTuple):
    """
    One plan on its way, changed in place.

    `covers` counts the candidates that cover a row, and `names` sums their numbers, so that the last one left is known by
    name; `loss` is what a chosen candidate covers alone; `size` and `sums` (money left, value) hold one and two numbers.
    """

    inside: NDArray[np.bool_]
    used: NDArray[np.bool_]
    covers: NDArray[np.int32]
    names: NDArray[np.int64]
    owner: NDArray[np.int32]
    loss: NDArray[np.float64]
    members: NDArray[np.int64]
    size: NDArray[np.int64]
    sums: NDArray[np.float64]


def to_instance(covering: Covering) -> Instance:
    """Return the arrays of a covering; needs and floors are not looked at."""
    back = sparse.csr_array(covering.cover.T)
    _, sites = np.unique(covering.sites, return_inverse=True)
    return Instance(
        covering.cover.indptr.astype(np.int32),
        covering.cover.indices.astype(np.int32),
        back.indptr.astype(np.int32),
        back.indices.astype(np.int32),
        covering.weights,
        covering.costs,
        sites.astype(np.int64),
    )


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
def open_draft(instance, chosen, budget):  # type: ignore[no-untyped-def]
    """Return a draft with the candidates that are flagged in `chosen`."""
    n, m = len(instance.costs), len(instance.weights)
    draft = Draft(
        np.zeros(n, dtype=np.bool_),
        np.zeros(instance.sites.max() + 1, dtype=np.bool_),
        np.zeros(m, dtype=np.int32),
        np.zeros(m, dtype=np.int64),
        np.full(m, FREE, dtype=np.int32),
        np.zeros(n),
        np.empty(n, dtype=np.int64),
        np.zeros(1, dtype=np.int64),
        np.array([budget, 0.0]),
    )
    for j in range(n):
        if chosen[j]:
            _append(instance, draft, j)
    return draft


@kernel
def _append(instance, draft, j):  # type: ignore[no-untyped-def]
    draft.members[draft.size[0]] = j
    draft.size[0] += 1
    _put_in(instance, draft, j)


@kernel
def _put_in(instance, draft, j):  # type: ignore[no-untyped-def]
    won = 0.0
    for i in instance.rows[instance.starts[j] : instance.starts[j + 1]]:
        before = draft.covers[i]
        if before == 0:
            won += instance.weights[i]
            draft.owner[i] = j
        else:
            if before == 1:
                draft.loss[draft.owner[i]] -= instance.weights[i]
            draft.owner[i] = SHARED
        draft.covers[i] = before + 1
        draft.names[i] += j
    draft.loss[j] = won
    draft.inside[j] = True
    draft.used[instance.sites[j]] = True
    draft.sums[0] -= instance.costs[j]
    draft.sums[1] += won


@kernel
def _take_out(instance, draft, k):  # type: ignore[no-untyped-def]
    draft.sums[0] += instance.costs[k]
    draft.sums[1] -= draft.loss[k]
    for i in instance.rows[instance.starts[k] : instance.starts[k + 1]]:
        left = draft.covers[i] - 1
        draft.covers[i] = left
        draft.names[i] -= k
        if left == 0:
            draft.owner[i] = FREE
        elif left == 1:
            last = draft.names[i]
            draft.owner[i] = last
            draft.loss[last] += instance.weights[i]
    draft.loss[k] = 0.0
    draft.inside[k] = False
    draft.used[instance.sites[k]] = False


@kernel
def _swap_gain(instance, draft, k, j):  # type: ignore[no-untyped-def]
    """Return what taking `k` out and putting `j` in would change, without doing it."""
    won = 0.0
    for i in instance.rows[instance.starts[j] : instance.starts[j + 1]]:
        owner = draft.owner[i]
        won += instance.weights[i] if (owner == FREE) | (owner == k) else 0.0
    return won - draft.loss[k]


@kernel
def _newcomer(instance, k, far, state):  # type: ignore[no-untyped-def]
    """Return a candidate for the place of `k`: any, or one that covers a random row of it."""
    first, last = instance.starts[k], instance.starts[k + 1]
    if far or last == first:
        return int(draw(state) * len(instance.costs))
    i = instance.rows[first + int(draw(state) * (last - first))]
    width = instance.back_starts[i + 1] - instance.back_starts[i]
    return instance.back[instance.back_starts[i] + int(draw(state) * width)]


@kernel
def walk(instance, draft, heat, best, top, state):  # type: ignore[no-untyped-def]
    """Make `PROPOSALS` proposals at one temperature; a plan above `top[0]` goes into `best`."""
    for _ in range(PROPOSALS):
        far = draw(state) < FAR
        if far:
            j = int(draw(state) * len(instance.costs))
            # an addition that fits can only help
            if not draft.used[instance.sites[j]] and instance.costs[j] <= draft.sums[0]:
                _append(instance, draft, j)
                _remember(draft, best, top)
                continue
        if draft.size[0] == 0:
            continue
        at = int(draw(state) * draft.size[0])
        k = draft.members[at]
        j = _newcomer(instance, k, far, state)
        site = instance.sites[j]
        if draft.inside[j] or (draft.used[site] and site != instance.sites[k]):
            continue
        if instance.costs[j] - instance.costs[k] > draft.sums[0]:
            continue
        gain = _swap_gain(instance, draft, k, j)
        if gain >= 0.0 or draw(state) < np.exp(gain / heat):
            _take_out(instance, draft, k)
            _put_in(instance, draft, j)
            draft.members[at] = j
            _remember(draft, best, top)


@kernel
def _remember(draft, best, top):  # type: ignore[no-untyped-def]
    if draft.sums[1] > top[0] + 1e-9:
        top[0] = draft.sums[1]
        best[:] = draft.inside
