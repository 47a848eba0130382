"""
The exact path: a mixed-integer program for HiGHS, warm-started from a plan at hand.

HiGHS runs on one thread with a fixed seed and stops by gap or by nodes, so that the same instance gives the same plan;
only the clock, where one is set, can cut it short, and then the result says so.
"""

import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lomsong.errors import PlanError
from lomsong.planning.covering import NOTHING, Covering

#: Part of the sites in which an alternative plan differs at least.
UNLIKE = 0.2

Stop = Literal["proven", "gap", "nodes", "clock", "infeasible"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """
    What the solver found.

    Attributes
    ----------
    chosen : ndarray of int or None
        The best plan, rising; none where it found none before it stopped.
    bound : float
        No plan is worth more.
    nodes : int
        Branch-and-bound nodes.
    stop : {'proven', 'gap', 'nodes', 'clock', 'infeasible'}
        Why it ended.
    """

    chosen: NDArray[np.int64] | None
    bound: float
    nodes: int
    stop: Stop


def solve_exactly(
    covering: Covering,
    *,
    start: NDArray[np.int64] | None = None,
    gap: float = 0.0,
    nodes: int | None = None,
    seconds: float | None = None,
    unlike: tuple[NDArray[np.int64], ...] = (),
    everything: bool = False,
) -> Exact:
    """
    Solve an instance by branch and bound.

    Parameters
    ----------
    covering : Covering
        Best reduced.
    start : ndarray of int, optional
        A plan that keeps everything.
    gap : float
        Stop when the bound is within this part of the plan.
    nodes : int, optional
        Most branch-and-bound nodes.
    seconds : float, optional
        Most time; a plan cut short by it depends on the machine. [s]
    unlike : tuple of ndarray of int
        Plans from each of which at least `UNLIKE` of the sites must differ.
    everything : bool
        Cover every row and minimise the cost instead; the bound is then the least possible cost.

    Returns
    -------
    Exact

    Raises
    ------
    PlanError
        The solver broke down.
    """
    if len(covering.costs) == 0 or len(covering.weights) == 0:
        empty = np.zeros(0, dtype=np.int64)
        fits = covering.allows(empty)
        return Exact(
            chosen=empty if fits else None, bound=0.0, nodes=0, stop="proven" if fits else "infeasible"
        )
    absolute = 0.999 if covering.whole and not everything else 1e-6
    solver = open_solver(gap=gap, absolute_gap=absolute, nodes=nodes, seconds=seconds)
    solver.passModel(_model(covering, unlike, everything=everything))
    count = len(covering.costs)
    if start is not None:
        x = np.zeros(count)
        x[start] = 1.0
        known = highspy.HighsSolution()
        known.col_value = [*x, *covering.covered(start).astype(float)]
        solver.setSolution(known)
    solver.run()
    info = solver.getInfo()
    stop = stop_of(solver, gap)
    if stop == "infeasible":
        return Exact(chosen=None, bound=0.0, nodes=int(info.mip_node_count), stop=stop)
    values = np.array(solver.getSolution().col_value)
    chosen = None
    if len(values) and info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        chosen = np.flatnonzero(values[:count] > 0.5)
    return Exact(
        chosen=chosen,
        bound=float(info.mip_dual_bound) if everything else min(float(info.mip_dual_bound), covering.total),
        nodes=int(info.mip_node_count),
        stop=stop,
    )


def open_solver(
    *, gap: float, absolute_gap: float, nodes: int | None, seconds: float | None = None
) -> highspy.Highs:
    """Return a silent solver on one thread with a fixed seed, which stops by gap, nodes or the clock."""
    _swallow_banner()
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    options: dict[str, bool | int | float] = {
        "output_flag": False,
        "log_to_console": False,
        "threads": 1,
        "random_seed": 1,
        "mip_rel_gap": gap,
        "mip_abs_gap": absolute_gap,
    }
    if nodes is not None:
        options["mip_max_nodes"] = nodes
    if seconds is not None:
        options["time_limit"] = seconds
    for name, value in options.items():
        solver.setOptionValue(name, value)
    return solver


@cache
def _swallow_banner() -> None:
    """Make the first solver of the process, whose banner goes to the standard output whatever the options say."""
    sys.stdout.flush()
    with Path(os.devnull).open("wb") as nowhere:
        kept = os.dup(1)
        try:
            os.dup2(nowhere.fileno(), 1)
            highspy.Highs()  # type: ignore[no-untyped-call]
        finally:
            os.dup2(kept, 1)
            os.close(kept)


def stop_of(solver: highspy.Highs, gap: float) -> Stop:
    """Say why a solver ended; an error of ours where it broke down."""
    status = solver.getModelStatus()
    known: dict[object, Stop] = {
        highspy.HighsModelStatus.kOptimal: "proven" if gap <= 0 else "gap",
        highspy.HighsModelStatus.kSolutionLimit: "nodes",
        highspy.HighsModelStatus.kIterationLimit: "nodes",
        highspy.HighsModelStatus.kTimeLimit: "clock",
        highspy.HighsModelStatus.kInfeasible: "infeasible",
    }
    if status not in known:
        raise PlanError(
            f"the solver stopped with '{solver.modelStatusToString(status)}'; try the fast method"
        )
    return known[status]


def _model(covering: Covering, unlike: tuple[NDArray[np.int64], ...], *, everything: bool) -> highspy.HighsLp:
    """Columns: one a candidate, one a row; a row is covered if a candidate that covers it is built."""
    count, rows = covering.cover.shape
    blocks = [_hstack(-sparse.csr_array(covering.cover.T).astype(np.float64), sparse.eye_array(rows))]
    lower, upper = [np.full(rows, -highspy.kHighsInf)], [np.zeros(rows)]

    def require(
        left: sparse.sparray | None,
        right: sparse.sparray | None,
        low: NDArray[np.float64],
        high: NDArray[np.float64],
    ) -> None:
        size = len(low)
        a = sparse.csr_array((size, count)) if left is None else left
        b = sparse.csr_array((size, rows)) if right is None else right
        blocks.append(_hstack(a, b))
        lower.append(low)
        upper.append(high)

    nothing = np.array([-highspy.kHighsInf])
    require(sparse.csr_array(covering.costs[None, :]), None, nothing, np.array([covering.budget]))
    sites, number = np.unique(covering.sites, return_inverse=True)
    at = sparse.csr_array((np.ones(count), (number, np.arange(count))), shape=(len(sites), count))
    shared = np.flatnonzero(np.bincount(number) > 1)
    if len(shared):
        require(at[shared], None, np.full(len(shared), -highspy.kHighsInf), np.ones(len(shared)))
    linked = np.flatnonzero(covering.needs != NOTHING)
    if len(linked):
        own = sparse.csr_array(
            (np.ones(len(linked)), (np.arange(len(linked)), linked)), shape=(len(linked), count)
        )
        needed = np.searchsorted(sites, covering.needs[linked])
        known = (needed < len(sites)) & (sites[np.minimum(needed, len(sites) - 1)] == covering.needs[linked])
        masts = sparse.csr_array(at[np.where(known, needed, 0)]).multiply(known[:, None].astype(float))
        require(
            own - sparse.csr_array(masts),
            None,
            np.full(len(linked), -highspy.kHighsInf),
            np.zeros(len(linked)),
        )
    for floor in covering.floors:
        share = np.zeros((1, rows))
        share[0, floor.rows] = covering.weights[floor.rows]
        require(None, sparse.csr_array(share), np.array([floor.amount]), np.array([highspy.kHighsInf]))
    for plan in unlike:
        same = np.isin(covering.sites, covering.sites[plan]).astype(float)
        most = len(plan) - max(1, round(UNLIKE * len(plan)))
        require(sparse.csr_array(same[None, :]), None, nothing, np.array([float(most)]))
    matrix = sparse.csr_array(sparse.vstack(blocks, format="csr"))
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = count + rows, matrix.shape[0]
    model.col_cost_ = np.r_[np.zeros(count), covering.weights]
    model.col_lower_, model.col_upper_ = np.zeros(count + rows), np.ones(count + rows)
    model.row_lower_, model.row_upper_ = np.concatenate(lower), np.concatenate(upper)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
    model.a_matrix_.value_ = matrix.data
    whole, part = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
    model.integrality_ = [whole] * count + [part] * rows
    model.sense_ = highspy.ObjSense.kMaximize
    if everything:
        model.sense_ = highspy.ObjSense.kMinimize
        model.col_cost_ = np.r_[covering.costs, np.zeros(rows)]
        model.col_lower_ = np.r_[np.zeros(count), np.ones(rows)]
    return model


def _hstack(left: sparse.sparray, right: sparse.sparray) -> sparse.csr_array:
    return sparse.csr_array(sparse.hstack([left, right], format="csr"))
