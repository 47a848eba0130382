"""What else could be built: the best plans that differ from the chosen one, and what it costs to reach everybody."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lomsong.planning.covering import TOLERANCE, Covering
from lomsong.planning.exact import Stop, solve_exactly
from lomsong.planning.problem import Problem, to_covering
from lomsong.planning.reduction import reduce
from lomsong.settings import PlanningSettings

_Plan = NDArray[np.int64]

#: Some places are reached only by another way to build the same site, or through a relay that cannot be built.
_WHY_NOT = (
    "no choice of one configuration and one backhaul a site reaches every place that some candidate reaches"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """
    A plan that differs from every better one in at least `lomsong.planning.exact.UNLIKE` of its sites.

    Attributes
    ----------
    chosen : ndarray of int
        Options, rising.
    site_ids : tuple of str
        Their sites.
    value, spent : float
        People reached, and present value.
    bound : float
        No plan that differs so reaches more.
    proven : bool
        Whether the bound says that there is no better one.
    stop : str
        Why the solver ended.
    """

    chosen: _Plan
    site_ids: tuple[str, ...]
    value: float
    spent: float
    bound: float
    proven: bool
    stop: Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverAll:
    """
    The cheapest way to bring everybody whom a candidate can reach to the lowest level of chance.

    Attributes
    ----------
    chosen : ndarray of int
        Options, rising.
    site_ids : tuple of str
        Their sites.
    cost : float
        Present value. [money]
    least : float
        No plan that reaches them all costs less. [money]
    proven : bool
        Whether `least` says that there is no cheaper one.
    people, beyond : float
        People without signal at the places that are reached, and at those that no candidate reaches.
    stop : str
        Why the solver ended.
    why : str
        Why there is no such plan; empty where there is one. Without one the cost is NaN.
    """

    chosen: _Plan
    site_ids: tuple[str, ...]
    cost: float
    least: float
    proven: bool
    people: float
    beyond: float
    stop: Stop
    why: str = ""

    @property
    def gap(self) -> float:
        """Return the most that a cheaper plan could save, as part of the cost."""
        return 0.0 if self.proven or not self.cost > 0 else max(0.0, 1.0 - self.least / self.cost)


def find_alternatives(
    problem: Problem, chosen: _Plan, settings: PlanningSettings, *, count: int
) -> tuple[Alternative, ...]:
    """
    Find the best plans within the same budget and floors that differ from the chosen one and from each other.

    Parameters
    ----------
    problem : Problem
        From `state`.
    chosen : ndarray of int
        Options of the plan to differ from.
    settings : PlanningSettings
        Budget, floors, gap and nodes.
    count : int
        How many; fewer where no more differ enough and reach anybody, or the solver stops first.

    Returns
    -------
    tuple of Alternative
        The best first.
    """
    covering = to_covering(problem, budget=settings.budget, floors=settings.floors)
    found: list[Alternative] = []
    known = [chosen]
    for plan, top, stop in differ(covering, known, count=count, gap=settings.gap, nodes=settings.nodes):
        value = covering.value(plan)
        if value <= 0:  # to build nothing is no plan
            break
        found.append(
            Alternative(
                chosen=plan,
                site_ids=_names(problem, plan),
                value=value,
                spent=covering.spent(plan),
                bound=max(top, value),
                proven=top - value <= max(1e-6, TOLERANCE * value),
                stop=stop,
            )
        )
    return tuple(found)


def differ(
    covering: Covering, known: list[_Plan], *, count: int, gap: float = 0.0, nodes: int | None = None
) -> list[tuple[_Plan, float, Stop]]:
    """
    Return the best plans that differ from those known and from each other, each with its bound and why it ended.

    No candidate is dropped beforehand: one that another dominates may well stand in a second-best plan.
    """
    before = list(known)
    found: list[tuple[_Plan, float, Stop]] = []
    for _ in range(count):
        one = solve_exactly(covering, gap=gap, nodes=nodes, unlike=tuple(before))
        if one.chosen is None:
            break
        before.append(one.chosen)
        found.append((one.chosen, one.bound, one.stop))
    return found


def cover_everything(problem: Problem, settings: PlanningSettings) -> CoverAll:
    """
    Find what it costs to reach everybody whom any candidate reaches, whatever the budget.

    Parameters
    ----------
    problem : Problem
        From `state`.
    settings : PlanningSettings
        Gap and nodes.

    Returns
    -------
    CoverAll
        Where there is no such plan, or none was found before the solver stopped, it says why.
    """
    people = problem.demand["unserved"].to_numpy(dtype=np.float64)
    # everything at the lowest level: one row a point, not one a level
    lowest = replace(problem, levels=problem.levels[:1])
    full = to_covering(lowest, budget=float(problem.options.costs.present.sum()))
    chosen, least, stop = cheapest_cover(full, gap=settings.gap, nodes=settings.nodes)
    if chosen is None:
        hit = full.covered(np.arange(len(full.costs)))
        return CoverAll(
            chosen=np.zeros(0, dtype=np.int64),
            site_ids=(),
            cost=np.nan,
            least=least if np.isfinite(least) else 0.0,
            proven=False,
            people=float(people[hit].sum()),
            beyond=float(people[~hit].sum()),
            stop=stop,
            why=_WHY_NOT
            if stop == "infeasible"
            else f"no plan was found in {settings.nodes:,} nodes; raise planning.nodes",
        )
    cost, hit = full.spent(chosen), full.covered(chosen)
    return CoverAll(
        chosen=chosen,
        site_ids=_names(problem, chosen),
        cost=cost,
        least=min(least, cost),
        proven=cost - least <= max(1e-6, 1e-9 * cost),
        people=float(people[hit].sum()),
        beyond=float(people[~hit].sum()),
        stop=stop,
    )


def cheapest_cover(
    full: Covering, *, gap: float = 0.0, nodes: int | None = None
) -> tuple[_Plan | None, float, Stop]:
    """Return the cheapest candidates that cover every row that any covers, the least possible cost, and why it ended."""
    # rows without weight are nobody's; those that no candidate covers cannot be asked for
    wanted = (full.weights > 0) & full.covered(np.arange(len(full.costs)))
    if not wanted.any():
        return np.zeros(0, dtype=np.int64), 0.0, "proven"
    part = replace(
        full, weights=full.weights[wanted], cover=sparse.csr_array(full.cover[:, wanted]), floors=()
    )
    small = reduce(part)
    found = solve_exactly(small.covering, gap=gap, nodes=nodes, everything=True)
    chosen = None if found.chosen is None else np.sort(small.candidates[found.chosen])
    return chosen, found.bound, found.stop


def _names(problem: Problem, chosen: _Plan) -> tuple[str, ...]:
    sites = problem.options.table["site"].to_numpy()[chosen]
    return tuple(problem.candidates["site_id"].astype(str).iloc[sites])
