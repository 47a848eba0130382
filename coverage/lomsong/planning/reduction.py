"""Smaller instances with the same best value: identical rows merged, dominated candidates removed."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lomsong.compiled import kernel
from lomsong.planning.covering import NOTHING, Covering


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduced:
    """
    A smaller instance with the same best value.

    Attributes
    ----------
    covering : Covering
        Rows that the same candidates cover are one; candidates that cannot matter are gone.
    candidates : ndarray of int
        Number of each of its candidates in the full instance.
    """

    covering: Covering
    candidates: NDArray[np.int64]


def reduce(full: Covering) -> Reduced:
    """
    Merge identical rows and drop dominated candidates.

    A candidate is dropped that costs more than the budget, or that another candidate dominates: covers all that it
    covers and costs no more (of equals the first stays). Only candidates without needs, whose site nobody needs and
    where the better one stands alone on its site or on the same site, can be told so.
    """
    affordable = np.flatnonzero(full.costs <= full.limit)
    part = keep_candidates(full, affordable)
    part = merge_rows(part)
    free = _replaceable(part)
    back = sparse.csr_array(part.cover.T)
    alone = np.bincount(part.sites, minlength=1)[part.sites] == 1
    dominated = _find_dominated(
        part.cover.indptr.astype(np.int64),
        part.cover.indices.astype(np.int64),
        back.indptr.astype(np.int64),
        back.indices.astype(np.int64),
        part.costs,
        part.sites,
        free,
        free & alone,
    )
    kept = np.flatnonzero(~dominated)
    smaller = merge_rows(keep_candidates(part, kept))
    return Reduced(covering=smaller, candidates=affordable[kept])


def _replaceable(part: Covering) -> NDArray[np.bool_]:
    needed = np.isin(part.sites, part.needs[part.needs != NOTHING])
    free: NDArray[np.bool_] = (part.needs == NOTHING) & ~needed
    return free


def keep_candidates(full: Covering, candidates: NDArray[np.int64]) -> Covering:
    """Return the instance with only these candidates, in this order; no row is dropped."""
    return replace(
        full,
        cover=sparse.csr_array(full.cover[candidates]),
        costs=full.costs[candidates],
        sites=full.sites[candidates],
        needs=full.needs[candidates],
    )


def merge_rows(full: Covering) -> Covering:
    """Make one row of those that the same candidates cover and that count for the same floors."""
    count = len(full.weights)
    back = sparse.csc_array(full.cover)
    degree = np.diff(back.indptr)
    # two independent random sums name a set; the lists are compared before anything is merged
    names = np.random.default_rng(0).integers(0, 2**62, (2, max(full.cover.shape[0], 1)), dtype=np.uint64)
    keys = [degree]
    for name in names:
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(name[back.indices], dtype=np.uint64)])
        keys.append(sums[back.indptr[1:]] - sums[back.indptr[:-1]])
    for floor in full.floors:
        inside = np.zeros(count, dtype=np.int64)
        inside[floor.rows] = 1
        keys.append(inside)
    _, first, group = np.unique(np.column_stack(keys), axis=0, return_index=True, return_inverse=True)
    group = group.reshape(-1)
    order = np.argsort(first, kind="stable")
    place = np.empty(len(first), dtype=np.int64)
    place[order] = np.arange(len(first))
    group, first = place[group], first[order]
    if not _same_lists(back, first[group], degree):
        return full
    useful = degree[first] > 0
    number = np.cumsum(useful) - 1
    weights = np.bincount(group, weights=full.weights, minlength=len(first)).astype(np.float64)
    floors = tuple(
        replace(floor, rows=number[rows[useful[rows]]])
        for floor in full.floors
        for rows in [np.unique(group[floor.rows])]
    )
    merged = sparse.csr_array(sparse.csc_array(full.cover)[:, first[useful]])
    merged.sort_indices()
    return replace(full, weights=weights[useful], cover=merged, floors=floors)


def _same_lists(back: sparse.csc_array, like: NDArray[np.int64], degree: NDArray[np.int64]) -> bool:
    starts = np.repeat(back.indptr[like] - back.indptr[:-1], degree)
    return bool((back.indices == back.indices[np.arange(len(back.indices)) + starts]).all())


@kernel
def _find_dominated(starts, rows, back_starts, back, costs, sites, free, better):  # type: ignore[no-untyped-def]  # noqa: C901, PLR0912 - one sweep
    """Return which candidates another one makes useless; see `reduce`."""
    count = len(costs)
    dominated = np.zeros(count, dtype=np.bool_)
    for j in range(count):
        if not free[j]:
            continue
        mine = rows[starts[j] : starts[j + 1]]
        if len(mine) == 0:
            dominated[j] = True
            continue
        rarest = mine[0]
        for i in mine:
            if back_starts[i + 1] - back_starts[i] < back_starts[rarest + 1] - back_starts[rarest]:
                rarest = i
        for k in back[back_starts[rarest] : back_starts[rarest + 1]]:
            size = starts[k + 1] - starts[k]
            if k == j or dominated[k] or size < len(mine) or costs[k] > costs[j]:
                continue
            if not (better[k] or (free[k] and sites[k] == sites[j])):
                continue
            if size == len(mine) and costs[k] == costs[j] and k > j:
                continue
            at = starts[k]
            inside = True
            for i in mine:
                while at < starts[k + 1] and rows[at] < i:
                    at += 1
                if at == starts[k + 1] or rows[at] != i:
                    inside = False
                    break
            if inside:
                dominated[j] = True
                break
    return dominated
