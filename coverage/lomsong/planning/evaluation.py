"""How good a list of sites is: the planner's own list against the best plan, and simple rules of building."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.planning.covering import NOTHING
from lomsong.planning.investment import choose
from lomsong.planning.listing import lose_each
from lomsong.planning.problem import Problem, to_covering
from lomsong.settings import PlanningSettings

_Floats = NDArray[np.float64]

#: Spread of the population of a village between draws, as part of it.
POPULATION_SPREAD = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """
    What a given list of sites is worth.

    Attributes
    ----------
    sites : DataFrame
        ``site_id, cost, alone`` (people it would reach by itself), ``adds`` (people lost without it), ``overlap`` of the
        two, and of the loss of the mast ``lost_people`` and ``silenced``, as of `lose_each`.
    people, cost : float
        Reached together, and the present value.
    missed : DataFrame
        Villages not covered with the ``people`` still without signal, most first.
    best_people : float
        What the best plan of equal cost reaches.
    bound : float
        No plan of equal cost reaches more.
    """

    sites: pd.DataFrame
    people: float
    cost: float
    missed: pd.DataFrame
    best_people: float
    bound: float


def evaluate_sites(proposed: Problem, open_choice: Problem, settings: PlanningSettings) -> Evaluation:
    """
    Evaluate a planner's own list against the best plan of equal cost.

    Each site is built in the first configuration with its cheapest backhaul that needs no site outside the list.

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
    first = table["configuration"].to_numpy() == 0
    chosen = [
        int(rows[np.argmin(costs[rows])])
        for site in range(len(proposed.candidates))
        for rows in [np.flatnonzero(first & (table["site"].to_numpy() == site))]
    ]
    covering = to_covering(proposed, budget=float(costs.sum()))
    people, cost = covering.value(chosen), covering.spent(chosen)
    rows = []
    for option in chosen:
        alone = covering.value([option])
        adds = people - covering.value([other for other in chosen if other != option])
        name = str(proposed.candidates["site_id"].iloc[int(table["site"].iloc[option])])
        rows.append(
            {
                "site_id": name,
                "cost": float(costs[option]),
                "alone": alone,
                "adds": adds,
                "overlap": alone - adds,
            }
        )
    best = choose(open_choice, settings.model_copy(update={"budget": cost, "floors": {}}))
    table = pd.DataFrame(rows, columns=["site_id", "cost", "alone", "adds", "overlap"])
    lost = lose_each(proposed, chosen)
    return Evaluation(
        sites=table.assign(lost_people=lost["lost_people"], silenced=lost["silenced"]),
        people=people,
        cost=cost,
        missed=_missed(proposed, chosen),
        best_people=best.solution.value,
        bound=best.solution.bound,
    )


def _missed(problem: Problem, chosen: list[int]) -> pd.DataFrame:
    people = problem.demand["unserved"].to_numpy()
    best = problem.reach[chosen].max(axis=0).toarray().ravel() if chosen else np.zeros(len(people))
    left = pd.Series(people * (1 - best)).groupby(problem.demand["village_id"].astype(str)).sum()
    table = left[left > 0].rename("people").rename_axis("village_id").reset_index()
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


def proposed_candidates(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Make candidates of a planner's own list: ``site_id`` and points in the working CRS."""
    frame = table[["site_id", "geometry"]].copy()
    return frame.assign(origin="proposed", mast_height_m=np.nan)
