"""The plan: the choice within a budget, its years, and what it tells of itself."""

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from lomsong.evidence.core import Evidence
from lomsong.findings import Finding
from lomsong.inputs import Inputs
from lomsong.planning.chains import build_order
from lomsong.planning.listing import draw_curve, list_sites, list_villages
from lomsong.planning.phases import Years, share_out, spread_over_years
from lomsong.planning.problem import Problem, state, to_covering
from lomsong.planning.solve import Solution, solve
from lomsong.prediction import Prediction
from lomsong.settings import PlanningSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    What to build, in order, and what is proven about it.

    Attributes
    ----------
    sites : GeoDataFrame
        Contract `PLAN`, first to build on top; no rows where nothing is built.
    villages : DataFrame
        One row a village with people without signal: ``people`` without, ``reached`` of them, ``order`` of the site that
        covers it, ``why`` it is left out, ``comes_in_at``, the budget at which it is covered: on the way of this plan, or as
        the greedy order goes on from it.
    solution : Solution
        Value (expected people reached), spending, bound and gap.
    years : Years
        How early people are reached, and what is proven about that.
    curve : DataFrame
        ``cost, people``: what the greedy order reaches with more and more money; ``knee`` marks the bend.
    problem : Problem
        What it was chosen from.
    """

    sites: gpd.GeoDataFrame
    villages: pd.DataFrame
    solution: Solution
    years: Years
    curve: pd.DataFrame
    problem: Problem

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return what was assumed on the way."""
        return self.problem.findings


def plan(
    ranked: gpd.GeoDataFrame,
    inputs: Inputs,
    settings: PlanningSettings | None = None,
    *,
    prediction: Prediction | Evidence | None = None,
) -> Plan:
    """
    Plan the sites that bring signal to the most people within a budget.

    Parameters
    ----------
    ranked : GeoDataFrame
        From `rank`.
    inputs : Inputs
        What it was computed from.
    settings : PlanningSettings, optional
        Those of the inputs' settings if not given.
    prediction : Prediction or Evidence, optional
        What the villages were assessed by, so that plan and map tell the same; predicted and calibrated if not given.

    Returns
    -------
    Plan
        The same for the same inputs.

    Raises
    ------
    PlanError
        A floor cannot be met (it is named), or a cost is negative or missing.
    """
    settings = settings or inputs.settings.planning
    return choose(state(ranked, inputs, settings, prediction=prediction), settings)


def choose(problem: Problem, settings: PlanningSettings) -> Plan:
    """
    Choose what to build within the budget of the settings.

    Parameters
    ----------
    problem : Problem
        From `state`.
    settings : PlanningSettings
        Budget, phases, floors; what changes nothing of the problem.
    """
    covering = to_covering(problem, budget=settings.budget, floors=settings.floors)
    solution = solve(covering, gap=settings.gap, nodes=settings.nodes)
    order = build_order(covering, solution.chosen)
    order += [j for j in solution.chosen.tolist() if j not in order]
    limits = share_out(settings.budget, settings.phases, settings.yearly_shares)
    years = spread_over_years(covering, order, limits, gap=settings.gap, nodes=settings.nodes)
    # the best first within a year; a relay is never later than what hangs on it
    sequence = sorted(range(len(order)), key=lambda place: years.year[place])
    order, year = [order[place] for place in sequence], [int(years.year[place]) for place in sequence]
    return Plan(
        sites=list_sites(problem, covering, order, year, settings),
        villages=list_villages(problem, order),
        solution=solution,
        years=years,
        curve=draw_curve(problem),
        problem=problem,
    )
