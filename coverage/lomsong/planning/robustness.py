"""The plan in other worlds that are as likely: other people without signal, other numbers of them, other prices."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.costs import draw_costs
from lomsong.planning.chains import build_order
from lomsong.planning.covering import NOTHING, Covering
from lomsong.planning.investment import Plan
from lomsong.planning.problem import Problem, to_covering

#: Spread of the population of a village between draws, as part of it.
POPULATION_SPREAD = 0.2
#: Of the draws a site is built in, this part lies outside its places on either side; and the part of bad worlds.
TAIL, BAD = 0.05, 0.1

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Robustness:
    """
    The plan in other worlds that are as likely.

    Attributes
    ----------
    sites : DataFrame
        ``site_id, in_plan``: part of the draws in whose own plan the site stands; ``place_low, place_high``: where in the
        order of building it then comes, 5 % of those draws outside on either side; missing where it is in none.
    expected_people, low_people : float
        Mean and 10th percentile of the people whom this plan reaches, built in its order while the budget lasts.
    over_budget : float
        Part of the draws in which the budget does not pay for all of this plan.
    checks : DataFrame
        ``village_id, shift``: how much the share of this plan that stays differs between draws where the village is
        without signal and draws where it is not; a field check at the first would change the plan most.
    draws : int
        How many.
    """

    sites: pd.DataFrame
    expected_people: float
    low_people: float
    over_budget: float
    checks: pd.DataFrame
    draws: int


def try_robustness(plan: Plan, *, draws: int, seed: int) -> Robustness:
    """
    Draw who is without signal, how many live there and what sites cost, and plan again in each draw.

    In a draw each village is dark where a common number falls above the chance of signal of its points, its
    population is off by a lognormal factor, and so are prices (`lomsong.costs.draw_costs`). Draws are planned by the
    greedy path.

    Parameters
    ----------
    plan : Plan
        The plan under test.
    draws : int
        How many worlds.
    seed : int
        Of the draws.
    """
    problem, budget = plan.problem, float(plan.years.limits[-1])
    rng = np.random.default_rng(seed)
    villages = _Villages.of(problem)
    order = _in_order(plan)
    sites = problem.options.table["site"].to_numpy()
    mine = sites[order].tolist()
    reached, kept, spared = [], [], 0
    dark = np.zeros((draws, len(villages.names)), dtype=bool)
    places: dict[int, list[int]] = {site: [] for site in mine}
    for draw in range(draws):
        people, dark[draw] = villages.draw(rng)
        costs = draw_costs(problem.options.costs, problem.prices, rng).present
        world = to_covering(problem, budget=budget, unserved=people, costs=costs)
        paid = _while_money_lasts(world, order)
        spared += len(paid) < len(order)
        reached.append(world.value(paid))
        own = sites[build_order(world)].tolist()
        kept.append(len(set(own) & set(mine)) / max(len(mine), 1))
        for place, site in enumerate(own, start=1):
            if site in places:
                places[site].append(place)
    return Robustness(
        sites=_table(problem, places, draws),
        expected_people=float(np.mean(reached)) if draws else np.nan,
        low_people=float(np.quantile(reached, BAD)) if draws else np.nan,
        over_budget=spared / draws if draws else np.nan,
        checks=_checks(villages.names, dark, np.array(kept)),
        draws=draws,
    )


def _in_order(plan: Plan) -> list[int]:
    """Return the options of a plan in its order of building."""
    names = plan.problem.candidates["site_id"].astype(str).to_numpy()
    chosen = plan.solution.chosen
    by_name = dict(
        zip(names[plan.problem.options.table["site"].to_numpy()[chosen]], chosen.tolist(), strict=True)
    )
    return [by_name[name] for name in plan.sites["site_id"].astype(str)]


def _while_money_lasts(world: Covering, order: list[int]) -> list[int]:
    """Return what of a plan is built at the prices of a world: in order, what is too dear left out."""
    built: list[int] = []
    sites: set[int] = set()
    spent = 0.0
    for option in order:
        need = int(world.needs[option])
        if (need == NOTHING or need in sites) and world.affords(spent + float(world.costs[option])):
            built.append(option)
            sites.add(int(world.sites[option]))
            spent += float(world.costs[option])
    return built


@dataclass(frozen=True, slots=True)
class _Villages:
    """Who may be without signal: by demand point the village, its chance of signal, and the people if it has none."""

    names: NDArray[np.object_]
    village: NDArray[np.int64]
    p_signal: _Floats
    people: _Floats

    @classmethod
    def of(cls, problem: Problem) -> "_Villages":
        names, village = np.unique(problem.demand["village_id"].astype(str), return_inverse=True)
        p_signal = problem.demand["p_signal"].to_numpy(dtype=np.float64)
        people = problem.demand["unserved"].to_numpy() / np.maximum(1 - p_signal, 1e-9)
        return cls(names, village, p_signal, people)

    def draw(self, rng: np.random.Generator) -> tuple[_Floats, NDArray[np.bool_]]:
        """Return the people without signal at each point, and which villages are mostly dark."""
        count = len(self.names)
        luck = rng.random(count)
        factor = np.exp(rng.normal(0.0, POPULATION_SPREAD, count))
        silent = luck[self.village] >= self.p_signal
        without = np.bincount(self.village, weights=silent * self.people, minlength=count)
        dark = without > 0.5 * np.bincount(self.village, weights=self.people, minlength=count)
        return np.where(silent, self.people * factor[self.village], 0.0), dark


def _table(problem: Problem, places: dict[int, list[int]], draws: int) -> pd.DataFrame:
    ids = problem.candidates["site_id"].astype(str).to_numpy()
    rows = []
    for site, found in places.items():
        low, high = np.quantile(found, [TAIL, 1 - TAIL], method="nearest") if found else (pd.NA, pd.NA)
        rows.append((ids[site], len(found) / max(draws, 1), low, high))
    table = pd.DataFrame(rows, columns=["site_id", "in_plan", "place_low", "place_high"])
    return table.astype({"place_low": "Int64", "place_high": "Int64"})


def _checks(names: NDArray[np.object_], dark: NDArray[np.bool_], stays: _Floats) -> pd.DataFrame:
    """Return by village how much more or less of the plan stays where it is dark; the largest difference first."""
    shift = np.zeros(len(names))
    for column in range(len(names)):
        mine = dark[:, column]
        if 0 < mine.sum() < len(mine):
            shift[column] = abs(stays[mine].mean() - stays[~mine].mean())
    order = np.lexsort((names, -shift))
    return pd.DataFrame({"village_id": names[order], "shift": shift[order]})
