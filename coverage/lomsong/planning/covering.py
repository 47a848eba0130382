"""
The covering problem as arrays: which candidate covers which demand row, what each costs, what may be spent.

A *row* is a piece of demand with a weight; a *candidate* is one way to build at one site. The plan maximises the
weight of the rows that at least one chosen candidate covers.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from lomsong.compiled import kernel
from lomsong.contracts import problem_list
from lomsong.errors import PlanError
from lomsong.findings import count_rows, name_rows

#: Sums of money and of people are compared up to this part of them.
TOLERANCE = 1e-9
#: No site: what a candidate needs when it needs none.
NOTHING = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """
    The least weight to cover among some rows.

    Attributes
    ----------
    name : str
        The area, for messages.
    rows : ndarray of int, shape (k,)
        Its rows.
    amount : float
        Least covered weight. [unit of the weights]
    """

    name: str
    rows: NDArray[np.int64]
    amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Covering:
    """
    One instance of the budgeted maximal covering problem.

    Attributes
    ----------
    weights : ndarray, shape (m,)
        What covering each row is worth, not negative.
    cover : csr_array of bool, shape (n, m)
        True where the candidate covers the row; canonical (sorted, no duplicates).
    costs : ndarray, shape (n,)
        Price of each candidate, not negative; counts of sites where there is no money.
    budget : float
        Most that the chosen may cost together.
    sites : ndarray of int, shape (n,)
        At most one candidate of a site is chosen.
    needs : ndarray of int, shape (n,)
        Site that must be built too (a relay), or `NOTHING`. Needs form no circle.
    floors : tuple of Floor
        Least weights by area.
    """

    weights: NDArray[np.float64]
    cover: sparse.csr_array
    costs: NDArray[np.float64]
    budget: float
    sites: NDArray[np.int64]
    needs: NDArray[np.int64]
    floors: tuple[Floor, ...] = field(default=())

    @property
    def total(self) -> float:
        """Return the weight of all rows."""
        return float(self.weights.sum())

    @property
    def linked(self) -> bool:
        """Return whether a candidate needs another site, or an area has a floor."""
        return bool(self.floors) or bool((self.needs != NOTHING).any())

    @property
    def whole(self) -> bool:
        """Return whether every weight is a whole number, so that every value is one too."""
        return bool((self.weights == np.round(self.weights)).all())

    def covered(self, chosen: ArrayLike) -> NDArray[np.bool_]:
        """Return which rows the chosen candidates (their numbers) cover, shape (m,)."""
        hit = np.zeros(len(self.weights), dtype=np.bool_)
        hit[self.cover[np.asarray(chosen, dtype=np.int64)].indices] = True
        return hit

    def value(self, chosen: ArrayLike) -> float:
        """Return the weight that the chosen candidates cover."""
        return float(self.weights[self.covered(chosen)].sum())

    def spent(self, chosen: ArrayLike) -> float:
        """Return what the chosen candidates cost."""
        return float(self.costs[np.asarray(chosen, dtype=np.int64)].sum())

    def affords(self, cost: float) -> bool:
        """Return whether a cost is within the budget, up to `TOLERANCE` of it."""
        return cost <= self.budget + TOLERANCE * max(1.0, abs(self.budget))

    def allows(self, chosen: ArrayLike) -> bool:
        """Return whether the chosen keep the budget, one candidate a site, the needs and the floors."""
        picked = np.asarray(chosen, dtype=np.int64)
        sites = self.sites[picked]
        needs = self.needs[picked]
        hit = self.covered(picked)
        return (
            self.affords(self.spent(picked))
            and len(np.unique(sites)) == len(sites)
            and bool(np.isin(needs[needs != NOTHING], sites).all())
            and all(
                self.weights[floor.rows][hit[floor.rows]].sum() >= floor.amount * (1 - TOLERANCE)
                for floor in self.floors
            )
        )


def build_covering(
    *,
    weights: ArrayLike,
    cover: "sparse.sparray[Any]",
    costs: ArrayLike | None = None,
    budget: float,
    sites: ArrayLike | None = None,
    needs: ArrayLike | None = None,
    floors: tuple[Floor, ...] = (),
) -> Covering:
    """
    Put an instance together and check it.

    Parameters
    ----------
    weights : array_like, shape (m,)
        Worth of each row.
    cover : sparse array, shape (n, m)
        Non-zero where a candidate covers a row.
    costs : array_like, shape (n,), optional
        Price of each; one each if not given, so that the budget is a number of sites.
    budget : float
        In the unit of the costs.
    sites, needs : array_like of int, shape (n,), optional
        Every candidate a site of its own, and no needs, if not given.
    floors : tuple of Floor
        Least weights by area.

    Returns
    -------
    Covering

    Raises
    ------
    PlanError
        A weight, a cost or the budget is negative or missing, shapes differ, or needs run in a circle.
    """
    given: Any = cover
    matrix = sparse.csr_array(given, dtype=np.bool_)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    count, rows = matrix.shape
    built = Covering(
        weights=np.asarray(weights, dtype=np.float64),
        cover=matrix,
        costs=np.ones(count) if costs is None else np.asarray(costs, dtype=np.float64),
        budget=float(budget),
        sites=np.arange(count) if sites is None else np.asarray(sites, dtype=np.int64),
        needs=np.full(count, NOTHING) if needs is None else np.asarray(needs, dtype=np.int64),
        floors=floors,
    )
    lengths = {"weights": (built.weights, rows), "costs": (built.costs, count), "sites": (built.sites, count)}
    lengths["needs"] = (built.needs, count)
    problems = [
        f"{name}: {len(values)} values for {wanted}"
        for name, (values, wanted) in lengths.items()
        if values.shape != (wanted,)
    ]
    if not problems:
        for name, values in (("weight", built.weights), ("cost", built.costs)):
            bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
            if len(bad):
                problems.append(
                    f"a {name} is negative or missing in {count_rows(len(bad))}: {name_rows(bad)}"
                )
        if _has_circle(built.sites, built.needs):
            problems.append("sites need each other in a circle; a relay chain must end at a connected point")
    if not budget >= 0:
        problems.append(f"the budget is {budget}; it must be a number from 0 up")
    if problems:
        raise PlanError(problem_list("covering", problems))
    return built


def _has_circle(sites: NDArray[np.int64], needs: NDArray[np.int64]) -> bool:
    linked = needs != NOTHING
    if not linked.any():
        return False
    size = int(max(sites.max(), needs.max())) + 1
    graph = sparse.csr_array((np.ones(linked.sum()), (sites[linked], needs[linked])), shape=(size, size))
    if graph.diagonal().any():
        return True
    parts, _ = sparse.csgraph.connected_components(graph, connection="strong")
    return bool(parts < size)


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
    merged_rows, dropped : int
        How many rows and candidates fewer.
    """

    covering: Covering
    candidates: NDArray[np.int64]
    merged_rows: int
    dropped: int


def reduce(full: Covering) -> Reduced:
    """
    Merge identical rows and drop dominated candidates.

    A candidate is dropped that costs more than the budget, or that another candidate dominates: covers all that it
    covers and costs no more (of equals the first stays). Only candidates without needs, whose site nobody needs and
    where the better one stands alone on its site or on the same site, can be told so.
    """
    affordable = np.flatnonzero([full.affords(cost) for cost in full.costs])
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
    return Reduced(
        covering=smaller,
        candidates=affordable[kept],
        merged_rows=len(full.weights) - len(smaller.weights),
        dropped=len(full.costs) - len(kept),
    )


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
