"""
The years of a plan: which of its sites are built first, so that people wait least.

What is built in the end is chosen before; here its sites are spread over the years. All years are decided together, by
branch and bound: the sum over the years of the people reached is the largest that the yearly budgets allow.
"""

from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lomsong.planning.bound import bound
from lomsong.planning.covering import NOTHING, TOLERANCE, Covering
from lomsong.planning.exact import open_solver
from lomsong.planning.reduction import keep_candidates, merge_rows

_Floats = NDArray[np.float64]

#: Steps of the bound of each year.
YEAR_BOUND_STEPS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Years:
    """
    When each site of a plan is built.

    Attributes
    ----------
    year : ndarray of int
        From 1, in the order of the sites given.
    limits : ndarray
        Money that may be spent up to the end of each year; what is left over is kept. [money]
    person_years : float
        People reached, summed over the ends of the years.
    in_order : float
        The same if each site were built as soon as the money lasts, in the order given.
    bound : float
        No plan, not even one that ends up with other sites, has more.
    """

    year: NDArray[np.int64]
    limits: _Floats
    person_years: float
    in_order: float
    bound: float


def share_out(budget: float, years: int, shares: tuple[float, ...]) -> _Floats:
    """
    Return what may be spent up to the end of each year.

    Parameters
    ----------
    budget : float
        Of all years. [money]
    years : int
        Equal parts.
    shares : tuple of float
        Parts of the years instead, scaled to one; then `years` does not count.
    """
    parts = np.asarray(shares, dtype=np.float64) if shares else np.ones(years)
    limits: _Floats = budget * np.cumsum(parts) / parts.sum()
    return limits


def spread_over_years(
    covering: Covering, order: list[int], limits: _Floats, *, gap: float = 0.0, nodes: int | None = None
) -> Years:
    """
    Spread the sites of a plan over years.

    Parameters
    ----------
    covering : Covering
        The instance that was planned.
    order : list of int
        Candidates of the plan, the best first, relays before what hangs on them.
    limits : ndarray
        From `share_out`; the last one pays for all.
    gap, nodes
        Where branch and bound stops.

    Returns
    -------
    Years
        Never worse than the order given.
    """
    chosen = np.array(order, dtype=np.int64)
    count = len(limits)
    spent = np.cumsum(covering.costs[chosen])
    first = np.searchsorted(limits * (1 + TOLERANCE) + TOLERANCE, spent)
    first = np.minimum(first, count - 1) + 1
    year = first
    if count > 1 and len(chosen):
        found = _Calendar.of(covering, chosen, limits).solve(first, gap=gap, nodes=nodes)
        if _waited(covering, chosen, found, count) > _waited(covering, chosen, first, count):
            year = found
    most = sum(_most(covering, chosen[year <= number + 1], limits[number]) for number in range(count))
    done = _waited(covering, chosen, year, count)
    return Years(
        year=year,
        limits=limits,
        person_years=done,
        in_order=_waited(covering, chosen, first, count),
        bound=max(most, done),
    )


def _waited(covering: Covering, chosen: NDArray[np.int64], year: NDArray[np.int64], years: int) -> float:
    return sum(covering.value(chosen[year <= number + 1]) for number in range(years))


def _most(covering: Covering, built: NDArray[np.int64], limit: float) -> float:
    """Return what no plan for the money up to the end of a year exceeds."""
    part = merge_rows(
        keep_candidates(covering, np.flatnonzero(covering.costs <= limit * (1 + TOLERANCE) + TOLERANCE))
    )
    if not len(part.costs) or not len(part.weights):
        return 0.0
    free = Covering(
        weights=part.weights, cover=part.cover, costs=part.costs, budget=float(limit), sites=part.sites, needs=part.needs
    )  # fmt: skip
    return bound(free, known=covering.value(built), steps=YEAR_BOUND_STEPS).value


@dataclass(frozen=True, slots=True)
class _Calendar:
    """The choice of years as a mixed-integer program: is a site built, and a row covered, by the end of a year."""

    part: Covering
    limits: _Floats

    @classmethod
    def of(cls, covering: Covering, chosen: NDArray[np.int64], limits: _Floats) -> "_Calendar":
        return cls(merge_rows(keep_candidates(covering, chosen)), limits)

    def solve(self, start: NDArray[np.int64], *, gap: float, nodes: int | None) -> NDArray[np.int64]:
        """Return a year for each site; `start` where the solver finds none that keeps everything."""
        part, open_years = self.part, len(self.limits) - 1
        sites = len(part.costs)
        solver = open_solver(gap=gap, absolute_gap=1e-6, nodes=nodes)
        solver.passModel(self._model())
        built = start[None, :] <= np.arange(1, open_years + 1)[:, None]
        covered = [part.covered(np.flatnonzero(row)) for row in built]
        known = highspy.HighsSolution()
        known.col_value = np.concatenate([built.ravel(), np.concatenate(covered)]).astype(float).tolist()
        solver.setSolution(known)
        solver.run()
        if solver.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            return start
        values = np.array(solver.getSolution().col_value)[: open_years * sites].reshape(open_years, sites)
        year: NDArray[np.int64] = open_years + 1 - (values > 0.5).sum(axis=0)
        return year

    def _model(self) -> highspy.HighsLp:
        """Columns: by year one a site, then by year one a row; the last year builds what is left."""
        part, open_years = self.part, len(self.limits) - 1
        sites, rows = part.cover.shape
        each = sparse.eye_array(open_years)
        covers = sparse.csr_array(part.cover.T).astype(np.float64)
        blocks = [
            (sparse.kron(each, -covers), sparse.eye_array(open_years * rows), np.zeros(open_years * rows)),
            (sparse.kron(each, part.costs[None, :]), None, self.limits[:-1]),
        ]
        if open_years > 1:  # what stands stays
            earlier = sparse.eye_array(open_years - 1, open_years) - sparse.eye_array(
                open_years - 1, open_years, k=1
            )
            stays = sparse.kron(earlier, sparse.eye_array(sites))
            blocks.append((stays, None, np.zeros((open_years - 1) * sites)))
        hanging = np.flatnonzero(part.needs != NOTHING)
        if len(hanging):
            relay = (part.sites[None, :] == part.needs[hanging][:, None]).astype(float)
            own = np.zeros_like(relay)
            own[np.arange(len(hanging)), hanging] = 1.0
            links = sparse.kron(each, sparse.csr_array(own - relay))
            blocks.append((links, None, np.zeros(open_years * len(hanging))))
        width = open_years * rows
        matrix = sparse.csr_array(
            sparse.vstack(
                [
                    sparse.hstack(
                        [left, sparse.csr_array((left.shape[0], width)) if right is None else right]
                    )
                    for left, right, _ in blocks
                ]
            )
        )
        upper = np.concatenate([high for _, _, high in blocks])
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = matrix.shape[1], matrix.shape[0]
        model.col_cost_ = np.r_[np.zeros(open_years * sites), np.tile(part.weights, open_years)]
        model.col_lower_, model.col_upper_ = np.zeros(matrix.shape[1]), np.ones(matrix.shape[1])
        model.row_lower_, model.row_upper_ = np.full(len(upper), -highspy.kHighsInf), upper
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
        model.a_matrix_.value_ = matrix.data
        whole, free = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
        model.integrality_ = [whole] * (open_years * sites) + [free] * width
        model.sense_ = highspy.ObjSense.kMaximize
        return model
