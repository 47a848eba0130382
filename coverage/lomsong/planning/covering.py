"""
The covering problem as arrays: which candidate covers which demand row, what each costs, what may be spent.

A *row* is a piece of demand with a weight; a *candidate* is one way to build at one site. The plan maximises the
weight of the rows that at least one chosen candidate covers.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

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

    @property
    def limit(self) -> float:
        """Return the budget with its tolerance."""
        return self.budget + TOLERANCE * max(1.0, self.budget)

    def affords(self, cost: float) -> bool:
        """Return whether a cost is within the budget, up to `TOLERANCE` of it."""
        return cost <= self.limit

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
