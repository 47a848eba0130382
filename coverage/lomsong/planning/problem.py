"""The planning problem: who is without signal, where a site could stand, whom it would reach and for how much."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from lomsong.assessment import signal_chance
from lomsong.errors import PlanError
from lomsong.evidence.core import Evidence, calibrate
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.inputs import Inputs
from lomsong.planning.candidates import find_candidates
from lomsong.planning.covering import Covering, Floor, build_covering
from lomsong.planning.options import Options, list_options
from lomsong.planning.programmes import NAMES, programme_of
from lomsong.planning.reach import find_reach
from lomsong.prediction import Prediction, predict
from lomsong.settings import CostSettings, PlanningSettings
from lomsong.store import Store

_Floats = NDArray[np.float64]

#: Columns of the villages by which a floor names its area.
AREA_CODES = ("commune_code", "province_code")
#: A village counts as covered when this part of its people without signal is, with this chance at least.
VILLAGE_SHARE, LIKELY = 0.5, 0.5


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
    settings, prices : PlanningSettings, CostSettings
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
    prices: CostSettings
    findings: tuple[Finding, ...]


def state(
    ranked: gpd.GeoDataFrame,
    inputs: Inputs,
    settings: PlanningSettings,
    *,
    prediction: Prediction | Evidence | None = None,
    p_signal: _Floats | None = None,
    candidates: gpd.GeoDataFrame | None = None,
    store: Store | None = None,
) -> Problem:
    """
    State the problem: demand, candidates, their reach and cost.

    Parameters
    ----------
    p_signal : ndarray, optional
        Chance of signal at every demand point, as the run has judged it; of the prediction if not given.
    candidates : GeoDataFrame, optional
        Sites to look at instead of those that `find_candidates` finds: ``site_id, origin, mast_height_m``, point.
    store : Store, optional
        Keeps what the radio engine found, for the next plan with these candidates.
    ranked, inputs, settings, prediction
        As of `plan`.
    """
    prediction = prediction or calibrate(predict(inputs))
    findings = [_basis(known=p_signal is not None or isinstance(prediction, Evidence))]
    p = signal_chance(prediction) if p_signal is None else p_signal
    plain = prediction.prediction if isinstance(prediction, Evidence) else prediction
    paid = _paid_for(ranked, settings)
    if len(paid) < len(ranked):
        findings.append(_narrowed(len(paid), len(ranked), settings))
    demand = _dark_demand(plain.demand, p, paid, settings)
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
        reach=find_reach(inputs, demand, candidates, options, settings, store=store),
        levels=settings.levels,
        settings=settings,
        prices=inputs.settings.costs,
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


def _paid_for(ranked: gpd.GeoDataFrame, settings: PlanningSettings) -> gpd.GeoDataFrame:
    """Return the villages that the programmes of the settings pay for."""
    payer = programme_of(ranked).to_numpy()
    return ranked[np.isin(payer, [NAMES[name] for name in settings.programmes])]


def _narrowed(paid: int, every: int, settings: PlanningSettings) -> Finding:
    names = ", ".join(NAMES[name] for name in settings.programmes)
    return Finding(
        layer="planning",
        word="sufficient",
        severity="note",
        message=f"planned for {paid:,} of {count_rows(every, 'village')}, paid for by: {names}",
        count=every - paid,
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


def to_covering(
    problem: Problem,
    *,
    budget: float,
    floors: dict[str, float] | None = None,
    unserved: _Floats | None = None,
    costs: _Floats | None = None,
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
    costs : ndarray, optional
        Present value of each option, for a draw; those of the problem if not given. [money]
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
        costs=problem.options.costs.present if costs is None else costs,
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
        for column in AREA_CODES:
            if column in codes:
                code = problem.demand["village_id"].astype(str).map(codes[column].astype(str))
                mine |= (code == area).to_numpy()
        if not mine.any():
            known = sorted(
                set().union(*(codes[column].dropna().astype(str) for column in AREA_CODES if column in codes))
            )
            raise PlanError(
                f"planning.floors: nobody without signal lives in an area with the code '{area}'; codes of this run: "
                f"{name_rows(known) if known else f'none, there is no {AREA_CODES[0]} and no {AREA_CODES[1]}'}"
            )
        rows = np.concatenate([np.flatnonzero(mine) + k * len(people) for k in range(len(problem.levels))])
        floors.append(Floor(name=area, rows=rows, amount=share * float(people[mine].sum())))
    return tuple(floors)


def chance_of(problem: Problem, option: int) -> _Floats:
    """Return the chance that an option brings signal to each demand point, shape (k,); 0 below the lowest level."""
    return np.asarray(problem.reach[[option]].toarray()[0], dtype=np.float64)


def stepped(problem: Problem, chance: _Floats) -> _Floats:
    """Round chances down to the levels of the problem."""
    levels = np.r_[0.0, problem.levels]
    lower: _Floats = levels[np.searchsorted(levels, chance, side="right") - 1]
    return lower


def covered_villages(problem: Problem, chance: _Floats) -> list[str]:
    """Return the villages most of whose people without signal more likely than not have it now."""
    village = problem.demand["village_id"].astype(str)
    people = problem.demand["unserved"]
    share = (people * (chance >= LIKELY)).groupby(village).sum() / people.groupby(village).sum()
    return sorted(share.index[share >= VILLAGE_SHARE])
