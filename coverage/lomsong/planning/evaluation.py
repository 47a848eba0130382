"""How good a list of sites is: the planner's own list, the plan when a mast is lost, and the plan in other worlds."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.planning.chains import build_order
from lomsong.planning.covering import NOTHING
from lomsong.planning.investment import Plan, choose
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
    lost = _lose(proposed, chosen)
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


def lose_each(plan: Plan) -> pd.DataFrame:
    """
    Say what is lost when one site of the plan falls away, and with it all that hangs on it.

    Returns
    -------
    DataFrame
        ``site_id, lost_people, silenced`` (other sites that lose their backhaul, semicolons between them).
    """
    return _lose(plan.problem, plan.solution.chosen.tolist())


def _lose(problem: Problem, chosen: list[int]) -> pd.DataFrame:
    covering = to_covering(problem, budget=np.inf)
    names = problem.candidates["site_id"].astype(str).to_numpy()
    whole = covering.value(chosen)
    rows = []
    for lost in chosen:
        gone = {int(covering.sites[lost])}
        while more := {int(covering.sites[j]) for j in chosen if int(covering.needs[j]) in gone} - gone:
            gone |= more
        rest = [j for j in chosen if int(covering.sites[j]) not in gone]
        silenced = [names[site] for site in sorted(gone - {int(covering.sites[lost])})]
        rows.append(
            {
                "site_id": names[int(covering.sites[lost])],
                "lost_people": whole - covering.value(rest),
                "silenced": ";".join(silenced),
            }
        )
    return pd.DataFrame(rows, columns=["site_id", "lost_people", "silenced"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Robustness:
    """
    The plan in other worlds that are as likely.

    Attributes
    ----------
    sites : DataFrame
        ``site_id, in_plan``: part of the draws in whose own plan the site stands.
    expected_people, low_people : float
        Mean and 10th percentile of the people whom this plan reaches.
    checks : DataFrame
        ``village_id, shift``: how much the share of this plan that stays differs between draws where the village is
        without signal and draws where it is not; a field check at the first would change the plan most.
    draws : int
        How many.
    """

    sites: pd.DataFrame
    expected_people: float
    low_people: float
    checks: pd.DataFrame
    draws: int


def try_robustness(plan: Plan, *, draws: int, seed: int) -> Robustness:
    """
    Draw who is without signal and how many live there, and plan again in each draw.

    In a draw each village is dark where a common number falls above the chance of signal of its points, and its
    population is off by a lognormal factor. Draws are planned by the greedy path.

    Parameters
    ----------
    plan : Plan
        The plan under test.
    draws : int
        How many worlds.
    seed : int
        Of the draws.
    """
    problem, chosen = plan.problem, plan.solution.chosen
    rng = np.random.default_rng(seed)
    names, village = np.unique(problem.demand["village_id"].astype(str), return_inverse=True)
    full = problem.demand["unserved"].to_numpy() / np.maximum(1 - problem.demand["p_signal"].to_numpy(), 1e-9)
    reached, kept, dark = [], [], np.zeros((draws, len(names)), dtype=bool)
    sites = set(problem.options.table["site"].iloc[chosen])
    count = dict.fromkeys(sorted(sites), 0)
    covering = to_covering(problem, budget=plan.solution.spent)
    for draw in range(draws):
        luck = rng.random(len(names))
        factor = np.exp(rng.normal(0.0, POPULATION_SPREAD, len(names)))
        silent = luck[village] >= problem.demand["p_signal"].to_numpy()
        dark[draw] = np.bincount(village, weights=silent * full, minlength=len(names)) > 0.5 * np.bincount(
            village, weights=full, minlength=len(names)
        )
        people = np.where(silent, full * factor[village], 0.0)
        world = to_covering(problem, budget=plan.solution.spent, unserved=people)
        reached.append(world.value(chosen))
        own = set(covering.sites[build_order(world)].tolist())
        kept.append(len(own & sites) / max(len(sites), 1))
        for site in own & sites:
            count[site] += 1
    stays = np.array(kept)
    shift = np.zeros(len(names))
    for column in range(len(names)):
        mine = dark[:, column]
        if 0 < mine.sum() < draws:
            shift[column] = abs(stays[mine].mean() - stays[~mine].mean())
    order = np.lexsort((names, -shift))
    ids = problem.candidates["site_id"].astype(str)
    return Robustness(
        sites=pd.DataFrame(
            {
                "site_id": [ids.iloc[site] for site in count],
                "in_plan": [n / max(draws, 1) for n in count.values()],
            }
        ),
        expected_people=float(np.mean(reached)) if draws else np.nan,
        low_people=float(np.quantile(reached, 0.1)) if draws else np.nan,
        checks=pd.DataFrame({"village_id": names[order], "shift": shift[order]}),
        draws=draws,
    )


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
