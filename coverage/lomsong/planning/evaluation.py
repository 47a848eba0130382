"""How good a list of sites is: the planner's own list against the best plan, and simple rules of building."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.findings import Finding
from lomsong.planning.chains import build_order
from lomsong.planning.covering import NOTHING
from lomsong.planning.investment import choose
from lomsong.planning.listing import list_sites, lose_masts
from lomsong.planning.problem import Problem, covered_villages, to_covering
from lomsong.planning.proposal import CONFIGURATION
from lomsong.settings import PlanningSettings

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """
    What a given list of sites is worth.

    Attributes
    ----------
    sites : GeoDataFrame
        Contract `PLAN` in the order of the best gain per cost, and ``alone``, people whom it would reach by itself,
        ``adds``, those whom only it reaches, and ``overlap``, the difference of the two.
    masts : DataFrame
        What falls with each standing mast that the list's backhaul ends at, as of `lose_masts`.
    people, cost : float
        Reached together, and the present value.
    missed : DataFrame
        Villages not covered, with the ``people`` still without signal, most first.
    best_people : float
        What the best plan of equal cost reaches.
    bound : float
        No plan of equal cost reaches more.
    villages : GeoDataFrame
        Those of the ranking, with their names.
    findings : tuple of Finding
        What was assumed, and what of the list does not count.
    """

    sites: gpd.GeoDataFrame
    masts: pd.DataFrame
    people: float
    cost: float
    missed: pd.DataFrame
    best_people: float
    bound: float
    villages: gpd.GeoDataFrame
    findings: tuple[Finding, ...]

    @property
    def short(self) -> float:
        """Return how much of what the best plan of equal cost reaches the list falls short of."""
        return 1 - self.people / self.best_people if self.best_people > 0 else 0.0


def evaluate_sites(proposed: Problem, open_choice: Problem, settings: PlanningSettings) -> Evaluation:
    """
    Evaluate a planner's own list against the best plan of equal cost.

    Each site is built in its configuration with its cheapest backhaul that needs no site outside the list.

    Parameters
    ----------
    proposed : Problem
        Stated with the proposed sites as the candidates.
    open_choice : Problem
        Stated for the same demand with the usual candidates.
    settings : PlanningSettings
        Gap and nodes of the comparison.
    """
    table, costs = proposed.options.table, proposed.options.costs.present
    wanted = proposed.candidates[CONFIGURATION].to_numpy()[table["site"]]
    fits = table["configuration"].to_numpy() == wanted
    chosen = [
        int(rows[np.argmin(costs[rows])])
        for site in range(len(proposed.candidates))
        for rows in [np.flatnonzero(fits & (table["site"].to_numpy() == site))]
    ]
    covering = to_covering(proposed, budget=float(costs.sum()))
    order = build_order(covering, np.array(chosen, dtype=np.int64))
    order += [option for option in chosen if option not in order]
    people, cost = covering.value(chosen), covering.spent(chosen)
    alone = np.array([covering.value([option]) for option in order])
    adds = np.array(
        [people - covering.value([other for other in order if other != option]) for option in order]
    )
    best = choose(open_choice, settings.model_copy(update={"budget": cost, "floors": {}}))
    sites = list_sites(proposed, covering, order, [1] * len(order), settings)
    return Evaluation(
        sites=sites.assign(alone=alone, adds=adds, overlap=np.maximum(alone - adds, 0.0)),
        masts=lose_masts(proposed, order),
        people=people,
        cost=cost,
        missed=_missed(proposed, order),
        best_people=best.solution.value,
        bound=best.solution.bound,
        villages=proposed.villages,
        findings=proposed.findings,
    )


def _missed(problem: Problem, chosen: list[int]) -> pd.DataFrame:
    people = problem.demand["unserved"].to_numpy()
    best = problem.reach[chosen].max(axis=0).toarray().ravel() if chosen else np.zeros(len(people))
    left = pd.Series(people * (1 - best)).groupby(problem.demand["village_id"].astype(str)).sum()
    left = left.drop(covered_villages(problem, best))
    table = left.rename("people").rename_axis("village_id").reset_index()
    return table.sort_values(["people", "village_id"], ascending=[False, True], ignore_index=True)


def rival_order(problem: Problem, village_order: list[str], *, budget: float) -> list[int]:
    """
    Build village by village instead: for each in turn the cheapest site that reaches most of it, while money lasts.

    Parameters
    ----------
    village_order : list of str
        Worst villages first, or the largest first.
    budget : float
        [money]

    Returns
    -------
    list of int
        Options; none that needs a relay.
    """
    costs, table = problem.options.costs.present, problem.options.table
    village = problem.demand["village_id"].astype(str).to_numpy()
    people = problem.demand["unserved"].to_numpy()
    covered = np.zeros(len(people), dtype=bool)
    chosen: list[int] = []
    built: set[int] = set()
    left = budget
    single = (table["needs"] == NOTHING).to_numpy()
    for name in village_order:
        mine = (village == name) & ~covered
        gains = problem.reach[:, np.flatnonzero(mine)] @ people[mine] if mine.any() else np.zeros(len(costs))
        fits = single & (costs <= left) & ~np.isin(table["site"], list(built))
        if not mine.any() or not (fits & (gains > 0)).any():
            continue
        score = np.where(fits, np.round(gains, 6), -1.0)
        option = int(np.lexsort((np.arange(len(costs)), costs, -score))[0])
        chosen.append(option)
        built.add(int(table["site"].iloc[option]))
        left -= float(costs[option])
        covered |= problem.reach[[option]].toarray()[0] >= problem.levels[0]
    return chosen
