"""Plan on a finished run: the villages as they were ranked, the inputs read again, the levels as they were predicted."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.assessment import CHANCES_FILE
from lomsong.checking import rank_checks
from lomsong.errors import SourceError
from lomsong.findings import Finding
from lomsong.inputs import Inputs, read
from lomsong.path.search import read_record
from lomsong.planning.evaluation import Evaluation, evaluate_sites
from lomsong.planning.investment import Plan, choose
from lomsong.planning.problem import Problem, state
from lomsong.planning.proposal import read_proposal
from lomsong.prediction import Prediction
from lomsong.settings import Settings
from lomsong.settings_file import parse_settings
from lomsong.store import REACH_FOLDER, Store, identify
from lomsong.villages import build_demand


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """
    The planning problem of a finished run and what it was stated from.

    Attributes
    ----------
    problem : Problem
        With the usual candidates.
    settings : Settings
        Of the run, with what was changed.
    inputs : Inputs
        Read again.
    prediction : Prediction
        Levels as the run has written them.
    p_signal : ndarray or None
        Chance of signal at every demand point as the run has judged it; None for a run that does not tell.
    store : Store
        Beside the run: what candidates reach, for the next plan.
    changed : tuple of Finding
        Inputs that are not those of the run any more.
    """

    problem: Problem
    settings: Settings
    inputs: Inputs
    prediction: Prediction
    p_signal: NDArray[np.float64] | None
    store: Store
    changed: tuple[Finding, ...]


def state_run(folder: str | Path, changes: dict[str, Any] | None = None) -> Stated:
    """
    State the planning problem of a finished run.

    Parameters
    ----------
    folder : path
        Folder of the run.
    changes : dict, optional
        Keys of ``planning`` that differ from the run's settings.

    Raises
    ------
    LomsongError
        The folder holds no whole run, an input is gone, or a changed setting cannot be.
    """
    folder = Path(folder)
    record = read_record(folder)
    given = dict(record["settings"])
    given["planning"] = {**(given.get("planning") or {}), **(changes or {})}
    settings = parse_settings(given, subject=f"settings in {folder}/run.json")
    inputs = read(settings)
    p_signal = None
    try:
        ranked = gpd.read_parquet(folder / "villages.parquet").to_crs(inputs.crs)
        signal = pd.read_parquet(folder / "signal.parquet")
        if (folder / CHANCES_FILE).is_file():
            p_signal = pd.read_parquet(folder / CHANCES_FILE)["p_signal"].to_numpy(dtype=np.float64)
    except (OSError, ValueError, KeyError) as error:
        raise SourceError(f"{folder} does not hold the tables of a run: {error}; run it again") from None
    demand, _ = build_demand(
        inputs.villages,
        terrain=inputs.terrain,
        population=inputs.population,
        buildings=inputs.buildings,
        centres=inputs.community_centres,
        settings=settings.demand,
    )
    if p_signal is not None and len(p_signal) != len(demand):
        raise SourceError(
            f"{folder} was made from other inputs: {len(p_signal):,} demand points then, {len(demand):,} now; run it again"
        )
    prediction = Prediction(
        inputs=inputs,
        demand=demand,
        signal=signal,
        radio=settings.radio,
        findings=(),
        paths=0,
        glances=0,
        pairs=0,
    )
    store = Store(folder / REACH_FOLDER, _identity(inputs))
    problem = state(ranked, inputs, settings.planning, prediction=prediction, p_signal=p_signal, store=store)
    changed = _find_changed(record, inputs)
    return Stated(
        problem=replace(problem, findings=(*changed, *problem.findings)),
        settings=settings,
        inputs=inputs,
        prediction=prediction,
        p_signal=p_signal,
        store=store,
        changed=changed,
    )


def _find_changed(record: dict[str, Any], inputs: Inputs) -> tuple[Finding, ...]:
    """Say which inputs are other files than those that the run has read."""
    known = record.get("inputs")
    if not isinstance(known, list):
        return ()
    then = {(str(each.get("layer")), str(each.get("sha256"))) for each in known if isinstance(each, dict)}
    now = {(each.layer, each.sha256) for each in inputs.records}
    layers = sorted({layer for layer, _ in then ^ now})
    if not layers:
        return ()
    message = f"inputs that have changed since the run: {', '.join(layers)}; its villages are as they were, run it again"
    return (Finding(layer="planning", word="live", severity="warning", message=message, count=len(layers)),)


def _identity(inputs: Inputs) -> str:
    """Name what a level hangs on besides the sector and the point: nothing of the planning settings."""
    settings = inputs.settings.model_dump(mode="json", exclude={"planning", "costs"})
    return identify(settings, [(record.layer, record.sha256) for record in inputs.records])


def plan_run(folder: str | Path, changes: dict[str, Any] | None = None) -> tuple[Plan, Settings]:
    """Plan on a finished run; see `state_run`."""
    stated = state_run(folder, changes)
    return choose(stated.problem, stated.settings.planning), stated.settings


def rank_plan_checks(plan: Plan, settings: Settings) -> pd.DataFrame:
    """
    Order the villages by what a field check of each is worth for the plan.

    What hangs on a village is how many people it has where some candidate that can be paid reaches: elsewhere no answer
    changes what is built.

    Parameters
    ----------
    plan : Plan
        From `plan_run`.
    settings : Settings
        Of the plan.

    Returns
    -------
    DataFrame
        As of `rank_checks`.
    """
    problem = plan.problem
    payable = np.flatnonzero(problem.options.costs.present <= settings.planning.budget)
    demand = problem.demand
    reached = np.zeros(len(demand), dtype=bool)
    if len(payable) and len(demand):
        reached = problem.reach[payable].max(axis=0).toarray()[0] >= problem.levels[0]
    people = demand["unserved"].to_numpy() / np.maximum(1 - demand["p_signal"].to_numpy(), 1e-9)
    values = pd.Series(people * reached).groupby(demand["village_id"].to_numpy()).sum()
    return rank_checks(
        problem.villages,
        reliability=settings.evidence.check_reliability,
        covered_from=settings.service.covered_from,
        values=values,
    )


def evaluate_run(
    folder: str | Path, sites: str | Path, changes: dict[str, Any] | None = None
) -> tuple[Evaluation, Settings]:
    """
    Evaluate a planner's own list on a finished run.

    Parameters
    ----------
    sites : path
        As of `read_proposal`.
    folder, changes
        As of `state_run`.

    Raises
    ------
    LomsongError
        As of `state_run`, or the list lacks a column or holds a place that cannot be.
    """
    stated = state_run(folder, changes)
    planning = stated.settings.planning
    listed, findings = read_proposal(sites, stated.inputs, planning)
    own = state(
        stated.problem.villages,
        stated.inputs,
        planning,
        prediction=stated.prediction,
        p_signal=stated.p_signal,
        candidates=listed,
        store=stated.store,
    )
    own = replace(own, findings=(*findings, *stated.changed, *own.findings))
    return evaluate_sites(own, stated.problem, planning), stated.settings
