"""The plan: candidate sites, their reach and cost, the choice within a budget, and the order of building."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import norm

from lomsong.assessment import signal_chance
from lomsong.errors import PlanError
from lomsong.evidence.core import Evidence, calibrate
from lomsong.findings import Finding
from lomsong.inputs import Inputs
from lomsong.planning.candidates import find_candidates
from lomsong.planning.chains import build_order
from lomsong.planning.covering import Covering, Floor, build_covering
from lomsong.planning.options import Options, list_options
from lomsong.planning.solve import Solution, solve
from lomsong.prediction import Prediction, predict, predict_sectors
from lomsong.schemas import PLAN
from lomsong.settings import PlanningSettings
from lomsong.sites import build_sectors

_Floats = NDArray[np.float64]

#: Operator's name of sectors that are only thought of.
PLANNED = "planned"
#: A village counts as covered when this part of its people without signal is.
VILLAGE_SHARE = 0.5
#: Who pays, by rule: fund-eligible with grid power, other with grid power, without grid power.
FUND, OPERATORS, UTILITY = "universal-service fund", "operators", "utility first, or solar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """
    What there is to plan: everything that does not depend on the budget.

    Attributes
    ----------
    demand : GeoDataFrame
        Demand points to plan for, with ``unserved`` people and ``p_signal`` now; index 0..k-1.
    villages : DataFrame
        One row a village of the ranking: codes, grid power, fund.
    candidates : GeoDataFrame
        From `find_candidates`.
    options : Options
        From `list_options`.
    reach : csr_array, shape (options, k)
        Chance that an option brings signal to a point, where it is at least the lowest level.
    levels : tuple of float
        Steps in which that chance counts.
    settings : PlanningSettings
        What it was made with.
    findings : tuple of Finding
        What was assumed.
    """

    demand: gpd.GeoDataFrame
    villages: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame
    options: Options
    reach: sparse.csr_array
    levels: tuple[float, ...]
    settings: PlanningSettings
    findings: tuple[Finding, ...]


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
        covers it, ``why`` it is left out, ``comes_in_at``, the budget at which the greedy order covers it.
    solution : Solution
        Value (expected people reached), spending, bound and gap.
    curve : DataFrame
        ``cost, people``: what the greedy order reaches with more and more money; ``knee`` marks the bend.
    problem : Problem
        What it was chosen from.
    """

    sites: gpd.GeoDataFrame
    villages: pd.DataFrame
    solution: Solution
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


def state(
    ranked: gpd.GeoDataFrame,
    inputs: Inputs,
    settings: PlanningSettings,
    *,
    prediction: Prediction | Evidence | None = None,
    p_signal: _Floats | None = None,
    candidates: gpd.GeoDataFrame | None = None,
) -> Problem:
    """
    State the problem: demand, candidates, their reach and cost.

    Parameters
    ----------
    p_signal : ndarray, optional
        Chance of signal at every demand point, as the run has judged it; of the prediction if not given.
    candidates : GeoDataFrame, optional
        Sites to look at instead of those that `find_candidates` finds: ``site_id, origin, mast_height_m``, point.
    ranked, inputs, settings, prediction
        As of `plan`.
    """
    prediction = prediction or calibrate(predict(inputs))
    findings = [_basis(known=p_signal is not None or isinstance(prediction, Evidence))]
    p = signal_chance(prediction) if p_signal is None else p_signal
    plain = prediction.prediction if isinstance(prediction, Evidence) else prediction
    demand = _dark_demand(plain.demand, p, ranked, settings)
    if candidates is None:
        if len(demand):
            candidates, found = find_candidates(inputs, demand, settings)
            findings += found
        else:
            candidates = gpd.GeoDataFrame(
                {"site_id": [], "origin": [], "mast_height_m": []}, geometry=[], crs=inputs.crs
            )
    options = list_options(inputs, candidates, settings, inputs.settings.costs)
    return Problem(
        demand=demand,
        villages=ranked,
        candidates=candidates,
        options=options,
        reach=_reach(inputs, demand, candidates, options, settings),
        levels=settings.levels,
        settings=settings,
        findings=(*findings, *options.findings),
    )


def _basis(*, known: bool) -> Finding:
    """Say which chance of signal the plan goes by."""
    after, before = (
        "after samples, tests, reports and checks, as on the map",
        "as predicted, before any evidence",
    )
    return Finding(
        layer="planning",
        word="sufficient",
        severity="note",
        message=f"chance of signal {after if known else before}",
    )


def _dark_demand(
    demand: gpd.GeoDataFrame, p: _Floats, ranked: gpd.GeoDataFrame, settings: PlanningSettings
) -> gpd.GeoDataFrame:
    """Demand points whose chance of signal is low, with the people expected to be without."""
    ids = ranked["village_id"].astype(str)
    population = ranked["population"] if "population" in ranked else pd.Series(np.nan, index=ranked.index)
    by_village = pd.Series(population.to_numpy(dtype=np.float64), index=ids)
    given = demand["village_id"].astype(str).map(by_village).to_numpy(dtype=np.float64) * demand["share"]
    # without a population every village weighs the same
    people = demand["people"].astype(np.float64).fillna(given).fillna(demand["share"])
    demand = demand.assign(p_signal=p, unserved=people * (1 - p))
    dark = (demand["p_signal"] < settings.unserved_below) & (demand["unserved"] > 0)
    return demand[dark & demand["village_id"].astype(str).isin(set(ids))].reset_index(drop=True)


def _reach(
    inputs: Inputs,
    demand: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    options: Options,
    settings: PlanningSettings,
) -> sparse.csr_array:
    """Chance of signal at each point from each option, by the radio engine."""
    table = options.table
    shape = (len(table), len(demand))
    if not len(table) or not len(demand):
        return sparse.csr_array(shape)
    kinds = len(settings.configurations)
    pairs = [(site, number) for site in range(len(candidates)) for number in range(kinds)]
    raw = pd.DataFrame(
        {
            "sector_id": [f"{site}/{number}" for site, number in pairs],
            "site_id": [f"{site}/{number}" for site, number in pairs],
            "operator": PLANNED,
            "technology": [settings.configurations[number].technology for _, number in pairs],
            "antenna_height_m": [settings.configurations[number].antenna_height_m for _, number in pairs],
            "frequency_mhz": [settings.configurations[number].frequency_mhz for _, number in pairs],
            "eirp_dbm": [settings.configurations[number].eirp_dbm for _, number in pairs],
        }
    ).astype({"frequency_mhz": "float64", "eirp_dbm": "float64"})
    # another sector on a mast that stands hangs no higher than the mast
    mast_m = candidates["mast_height_m"].to_numpy(dtype=np.float64)[[site for site, _ in pairs]]
    raw["antenna_height_m"] = np.fmin(raw["antenna_height_m"].to_numpy(dtype=np.float64), mast_m)
    points = candidates.geometry.iloc[[site for site, _ in pairs]].to_numpy()
    sectors, _ = build_sectors(gpd.GeoDataFrame(raw, geometry=points, crs=inputs.crs), inputs.settings.radio)
    levels = predict_sectors(inputs, demand.assign(demand_id=np.arange(len(demand))), sectors)
    number = pd.Series(np.arange(len(pairs)), index=raw["sector_id"])
    row = levels["sector_id"].astype(str).map(number).to_numpy(dtype=np.int64)
    threshold = np.array([inputs.settings.radio.carriers[name].threshold_dbm for name in raw["technology"]])
    chance = norm.cdf((levels["level_dbm"].to_numpy() - threshold[row]) / levels["sigma_db"].to_numpy())
    kept = chance >= settings.levels[0]
    by_pair = sparse.csr_array(
        (chance[kept], (row[kept], levels["demand_id"].to_numpy()[kept])), shape=(len(pairs), len(demand))
    )
    return sparse.csr_array(by_pair[(table["site"] * kinds + table["configuration"]).to_numpy()])


def to_covering(
    problem: Problem,
    *,
    budget: float,
    floors: dict[str, float] | None = None,
    unserved: _Floats | None = None,
) -> Covering:
    """
    Write the problem as budgeted covering: one row for each point and level of chance.

    Parameters
    ----------
    budget : float
        Present value that may be spent. [money]
    floors : dict, optional
        Least part of the people without signal to reach, by commune or province code.
    unserved : ndarray, optional
        People without signal at each point, for a draw; those of the problem if not given. [persons]
    """
    people = problem.demand["unserved"].to_numpy() if unserved is None else unserved
    steps = np.diff(np.r_[0.0, problem.levels])
    blocks = []
    for level in problem.levels:
        part = problem.reach.copy()
        part.data = (part.data >= level).astype(np.float64)
        blocks.append(part)
    table = problem.options.table
    return build_covering(
        weights=np.concatenate([people * step for step in steps]) if len(people) else np.zeros(0),
        cover=sparse.csr_array(sparse.hstack(blocks, format="csr")),
        costs=problem.options.costs.present,
        budget=budget,
        sites=table["site"].to_numpy(dtype=np.int64),
        needs=table["needs"].to_numpy(dtype=np.int64),
        floors=_floors(problem, floors or {}, people),
    )


def _floors(problem: Problem, wanted: dict[str, float], people: _Floats) -> tuple[Floor, ...]:
    floors = []
    codes = problem.villages.set_index(problem.villages["village_id"].astype(str))
    for area, share in wanted.items():
        mine = np.zeros(len(people), dtype=bool)
        for column in ("commune_code", "province_code"):
            if column in codes:
                code = problem.demand["village_id"].astype(str).map(codes[column].astype(str))
                mine |= (code == area).to_numpy()
        if not mine.any():
            raise PlanError(f"planning.floors: nobody without signal lives in an area with the code '{area}'")
        rows = np.concatenate([np.flatnonzero(mine) + k * len(people) for k in range(len(problem.levels))])
        floors.append(Floor(name=area, rows=rows, amount=share * float(people[mine].sum())))
    return tuple(floors)


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
    curve, first_cost = _curve(problem)
    sites = _site_table(problem, covering, order, settings)
    return Plan(
        sites=sites,
        villages=_village_table(problem, order, first_cost),
        solution=solution,
        curve=curve,
        problem=problem,
    )


def _curve(problem: Problem) -> tuple[pd.DataFrame, dict[str, float]]:
    """The greedy order to the end: cost and people, the knee, and the cost at which each village comes in."""
    everything = to_covering(problem, budget=float(problem.options.costs.present.sum()))
    order = build_order(everything)
    best = np.zeros(len(problem.demand))
    cost, rows = 0.0, [(0.0, 0.0)]
    first: dict[str, float] = {}
    for option in order:
        cost += float(everything.costs[option])
        best = np.maximum(best, _chance(problem, option))
        rows.append((cost, float(_stepped(problem, best) @ problem.demand["unserved"].to_numpy())))
        for village in _covered_villages(problem, best):
            first.setdefault(village, cost)
    curve = pd.DataFrame(rows, columns=["cost", "people"])
    # the knee lies furthest above the straight line from nothing to everything
    last = curve.iloc[-1]
    above = curve["people"] / max(last["people"], 1e-9) - curve["cost"] / max(last["cost"], 1e-9)
    return curve.assign(knee=np.arange(len(curve)) == int(above.to_numpy().argmax())), first


def _chance(problem: Problem, option: int) -> _Floats:
    return np.asarray(problem.reach[[option]].toarray()[0], dtype=np.float64)


def _stepped(problem: Problem, chance: _Floats) -> _Floats:
    """Round chances down to the levels of the problem."""
    levels = np.r_[0.0, problem.levels]
    stepped: _Floats = levels[np.searchsorted(levels, chance, side="right") - 1]
    return stepped


def _covered_villages(problem: Problem, chance: _Floats) -> list[str]:
    village = problem.demand["village_id"].astype(str)
    people = problem.demand["unserved"]
    share = (people * (chance >= 0.5)).groupby(village).sum() / people.groupby(village).sum()
    return sorted(share.index[share >= VILLAGE_SHARE])


def _site_table(
    problem: Problem, covering: Covering, order: list[int], settings: PlanningSettings
) -> gpd.GeoDataFrame:
    options, candidates = problem.options, problem.candidates
    rows, lines, points = [], [], []
    best = np.zeros(len(problem.demand))
    people = problem.demand["unserved"].to_numpy()
    known: set[str] = set()
    spent = reached = 0.0
    for number, option in enumerate(order, start=1):
        row = options.table.iloc[option]
        site = int(row["site"])
        spent += float(options.costs.present[option])
        best = np.maximum(best, _chance(problem, option))
        total = float(_stepped(problem, best) @ people)
        villages = _covered_villages(problem, best)
        new = [village for village in villages if village not in known]
        known |= set(villages)
        configuration = settings.configurations[int(row["configuration"])]
        rows.append(
            {
                "order": number,
                "phase": min(
                    int(np.ceil(spent * settings.phases / max(settings.budget, 1e-9) - 1e-9)), settings.phases
                ),
                "site_id": str(candidates["site_id"].iloc[site]),
                "origin": str(candidates["origin"].iloc[site]),
                "configuration": configuration.name,
                "technology": configuration.technology,
                "antenna_height_m": float(
                    np.fmin(configuration.antenna_height_m, candidates["mast_height_m"].iloc[site])
                ),
                "people": total - reached,
                "people_total": total,
                "village_ids": ";".join(new),
                "cost": float(options.costs.present[option]),
                "cost_total": spent,
                "cost_capital": float(options.costs.capital[option]),
                "cost_per_year": float(options.costs.per_year[option]),
                **{f"cost_{name}": float(values[option]) for name, values in options.costs.parts.items()},
                "power": str(row["power"]),
                "backhaul_kind": str(row["backhaul_kind"]),
                "connects_to": str(row["connects_to"]),
                "programme": _programme(problem, _chance(problem, option)),
                "runner_up": _runner_up(problem, covering, order, option),
            }
        )
        reached = total
        point = candidates.geometry.iloc[site]
        points.append(point)
        there = np.isfinite(row["to_x"])
        lines.append(shapely.LineString([(point.x, point.y), (row["to_x"], row["to_y"])]) if there else None)
    frame = pd.DataFrame(rows, columns=None if rows else PLAN.names())
    table = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(points, crs=candidates.crs), crs=candidates.crs)
    table["backhaul"] = gpd.GeoSeries(lines, index=table.index, crs=candidates.crs)
    return table


def _programme(problem: Problem, chance: _Floats) -> str:
    """Who pays, by the villages where most of the people of the site live."""
    villages = problem.villages.set_index(problem.villages["village_id"].astype(str))
    power = villages["grid_power"] if "grid_power" in villages else pd.Series(pd.NA, index=villages.index)
    fund = (
        villages["fund_eligible"] if "fund_eligible" in villages else pd.Series(pd.NA, index=villages.index)
    )
    no_power = power.eq(False).fillna(value=False).astype(bool)
    eligible = fund.eq(True).fillna(value=False).astype(bool)
    word = pd.Series(np.select([no_power, eligible], [UTILITY, FUND], OPERATORS), index=villages.index)
    people = problem.demand["unserved"] * (chance >= problem.levels[0])
    by_word = people.groupby(problem.demand["village_id"].astype(str).map(word)).sum()
    return str(by_word.idxmax()) if len(by_word) and by_word.max() > 0 else OPERATORS


def _runner_up(problem: Problem, covering: Covering, order: list[int], option: int) -> str:
    """The site that would best stand in for one of the plan, for the money it frees; empty where none would help."""
    rest = [other for other in order if other != option]
    left = np.where(covering.covered(rest), 0.0, covering.weights)
    gains = covering.cover.astype(np.float64) @ left
    built = set(covering.sites[rest].tolist())
    fits = covering.costs <= covering.budget - covering.spent(rest)
    reachable = np.array([need < 0 or need in built for need in covering.needs.tolist()], dtype=bool)
    other = ~np.isin(covering.sites, covering.sites[order])
    gains = np.where(fits & reachable & other, gains, 0.0)
    if not len(gains) or gains.max() <= 0:
        return ""
    return str(problem.candidates["site_id"].iloc[int(covering.sites[int(np.argmax(gains))])])


def _village_table(problem: Problem, order: list[int], first_cost: dict[str, float]) -> pd.DataFrame:
    village = problem.demand["village_id"].astype(str)
    people = problem.demand["unserved"]
    best = np.zeros(len(people))
    by_order: dict[str, int] = {}
    for number, option in enumerate(order, start=1):
        best = np.maximum(best, _chance(problem, option))
        for name in _covered_villages(problem, best):
            by_order.setdefault(name, number)
    possible = np.asarray((problem.reach > 0).sum(axis=0)).ravel() > 0
    table = pd.DataFrame(
        {
            "people": people.groupby(village).sum(),
            "reached": (people * _stepped(problem, best)).groupby(village).sum(),
            "reachable": (people * possible).groupby(village).sum(),
        }
    )
    table["order"] = pd.Series(by_order, dtype="Int64").reindex(table.index)
    table["comes_in_at"] = [first_cost.get(name, np.nan) for name in table.index]
    out = table["order"].isna()
    none, few = table["reachable"] <= 0, table["reachable"] < VILLAGE_SHARE * table["people"]
    words = [
        "no candidate site reaches it",
        "candidate sites reach less than half of its people",
        "the budget ends before it",
    ]
    table["why"] = np.where(out, np.select([none, few], words[:2], words[2]), "")
    return table.rename_axis("village_id").reset_index()
