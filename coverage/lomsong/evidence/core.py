"""Evidence: a prediction corrected by samples, with what tests, reports and checks add to it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.special import expit, ndtr
from threadpoolctl import threadpool_limits

from lomsong.evidence.calibration import Fit, fit_levels, gather_bins
from lomsong.evidence.correction import correct_signal, untuned_correlation
from lomsong.evidence.doubts import doubt_masts, say_doubts
from lomsong.evidence.features import Masts, Surroundings
from lomsong.evidence.input_errors import learn_input_errors
from lomsong.evidence.names import rows_of
from lomsong.evidence.presence import (
    SURE,
    TestRate,
    learn_rate,
)
from lomsong.evidence.probability import list_servers, point_probabilities
from lomsong.evidence.rules import GroupRule, choose_rules, say_rules
from lomsong.evidence.samples import bin_samples
from lomsong.evidence.unrecorded import no_strays, stray_servers
from lomsong.evidence.witnesses import Witnesses, gather_witnesses
from lomsong.findings import Finding
from lomsong.prediction import Prediction
from lomsong.quality.ages import newest_day
from lomsong.settings import EvidenceSettings

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """
    A calibrated prediction, which `assess` takes in place of the plain one.

    Attributes
    ----------
    prediction : Prediction
        Levels and spreads corrected by the samples; as predicted where there were none.
    fit : Fit or None
        What was learned from the samples.
    rules : tuple of GroupRule
        For each operator and technology, what its correction was learned from.
    strays : DataFrame
        Servers that no record knows but samples heard, in the columns of `list_servers`.
    doubts : Series
        Chance that a mast is not there, by ``site_id``, of those that samples speak of.
    witnesses : Witnesses
        What lies near every demand point.
    rate : TestRate
        How many tests people make where there is signal, and how complete the records are.
    settings : EvidenceSettings
        What was believed.
    findings : tuple of Finding
        What was left out and assumed.
    """

    prediction: Prediction
    fit: Fit | None
    rules: tuple[GroupRule, ...]
    strays: pd.DataFrame
    doubts: pd.Series
    witnesses: Witnesses
    rate: TestRate
    settings: EvidenceSettings
    findings: tuple[Finding, ...]

    def before_tests(self, p: Array) -> Array:
        """
        Chance of signal from recorded and unrecorded masts, before tests, reports and checks.

        Parameters
        ----------
        p : ndarray, shape (demand points,)
            Chance from the servers alone; NaN stays NaN.
        """
        return np.asarray(expit(self.rate.prior_odds(p)))

    def posterior(self, p: Array) -> Array:
        """Chance of signal after everything that is known of each demand point; arguments as `before_tests`."""
        return np.asarray(expit(self.rate.prior_odds(p) + self.rate.log_ratio(self.witnesses)))

    def samples_near(
        self, rows: NDArray[np.int64], near_m: float, technologies: Collection[str]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """
        Count the bins of samples near some demand points.

        Parameters
        ----------
        rows : ndarray of int, shape (n,)
            Of the demand points.
        near_m : float
            How far away they may be. [m]
        technologies : collection of str
            Those that count as signal.

        Returns
        -------
        all, usable : ndarray of int, shape (n,)
            Every bin, and those of such a technology at its threshold or above.
        """
        if self.fit is None:
            return np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
        points = self.prediction.demand.geometry.iloc[rows]
        at, bins = np.column_stack([points.x, points.y]), self.fit.bins
        needed = {
            name: carrier.threshold_dbm
            for name, carrier in self.prediction.radio.carriers.items()
            if name in technologies
        }
        usable = bins["measured_dbm"] >= bins["technology"].map(needed).astype(float)
        every, loud = (
            cKDTree(part[["x", "y"]].to_numpy()).query_ball_point(at, near_m, return_length=True)
            for part in (bins, bins[usable])
        )
        return np.asarray(every, dtype=np.int64), np.asarray(loud, dtype=np.int64)

    def record(self) -> dict[str, Any]:
        """Return what was learned, as plain values for ``run.json``."""
        rules = [{"operator": r.operator, "technology": r.technology, "rule": r.rule} for r in self.rules]
        told: dict[str, Any] = {"rules": rules, "tests": _rounded(self.rate)}
        if self.fit is not None:
            told |= self.fit.record()
        return told


def _rounded(rate: TestRate) -> dict[str, float | bool]:
    return {
        "learned": rate.learned,
        "tests_per_person": round(rate.rate, 5),
        "unrecorded_part": round(rate.unrecorded, 4),
        "part_without_signal": round(rate.leak, 4),
        "evenness": round(rate.shape, 3),
        "reports_without_signal": round(rate.reports, 4),
        "false_reports_part": round(rate.false_reports, 4),
    }


# The matrices are small: threads of linear algebra would mostly wait for each other, and add in another order.
@threadpool_limits.wrap(limits=1, user_api="blas")
def calibrate(
    prediction: Prediction,
    measurements: gpd.GeoDataFrame | None = None,
    settings: EvidenceSettings | None = None,
) -> Evidence:
    """
    Correct predicted levels by signal samples, and weigh tests, reports and checks.

    It falls back by rule as samples thin out: a bias per operator and technology, per technology, of all samples, none;
    the findings say which.

    Parameters
    ----------
    prediction : Prediction
        From `predict`.
    measurements : GeoDataFrame, optional
        Contract `MEASUREMENTS`; those of the inputs if not given.
    settings : EvidenceSettings, optional
        Those of the inputs' settings if not given.

    Returns
    -------
    Evidence
        For `assess`. Same bytes for the same inputs and seed.
    """
    inputs = prediction.inputs
    settings = settings or inputs.settings.evidence
    table = inputs.measurements if measurements is None else measurements
    samples = bin_samples(table, inputs, settings)
    fit, strays, bins = None, no_strays(), samples.bins
    thresholds: dict[str, float] = {
        name: carrier.threshold_dbm for name, carrier in prediction.radio.carriers.items()
    }
    masts, surroundings = Masts.of(inputs), Surroundings.of(inputs)
    if len(bins):
        bins = gather_bins(samples, prediction, masts)
        fit = fit_levels(bins, prediction, masts, surroundings, settings)
    errors = learn_input_errors(prediction, masts, surroundings, settings)
    corrected = replace(prediction, signal=correct_signal(prediction, fit, errors, settings))
    if fit is None:
        alike = {"site_correlation": untuned_correlation(prediction.radio)}
        corrected = replace(corrected, radio=prediction.radio.model_copy(update=alike))
    if fit is not None:
        strays = stray_servers(prediction, fit, thresholds)
    demand = prediction.demand
    witnesses = gather_witnesses(demand.geometry, table, demand, settings, on_air=_on_air(corrected))
    evidence = Evidence(
        prediction=corrected,
        fit=fit,
        rules=choose_rules(prediction.signal, fit, settings),
        strays=strays,
        doubts=doubt_masts(fit, inputs.sectors, newest_day(table["time"]), settings),
        witnesses=witnesses,
        rate=TestRate(
            rate=0.0,
            shape=1.0,
            leak=0.1,
            unrecorded=settings.unrecorded_part,
            shift=0.0,
            by_share=0.5,
            reports=0.0,
            false_reports=settings.false_report_part,
            learned=False,
        ),
        settings=settings,
        findings=(),
    )
    p, share = _chances(evidence, thresholds)
    witnesses = replace(witnesses, share=share)
    rows = np.flatnonzero(demand["is_centre"].to_numpy(dtype=bool))
    unrecorded = settings.unrecorded_part if fit is None else _unheard(fit, thresholds, settings)
    rate = learn_rate(
        p[rows], witnesses.part(rows), settings, unrecorded=unrecorded, calibrated=fit is not None
    )
    return replace(
        evidence,
        rate=rate,
        witnesses=witnesses,
        findings=(
            *samples.findings,
            *say_rules(evidence.rules, fit, len(samples.bins)),
            *say_doubts(evidence.doubts),
        ),
    )


def _on_air(prediction: Prediction) -> NDArray[np.datetime64]:
    """Return when the mast of the strongest server of each demand point was switched on or last seen."""
    signal, sectors = prediction.signal, prediction.inputs.sectors
    level, point = signal["level_dbm"].to_numpy(), signal["demand_id"].to_numpy()
    strongest = np.full(len(prediction.demand), -np.inf)
    np.fmax.at(strongest, point, level)
    rows = np.flatnonzero(level == strongest[point])[::-1]
    best = np.full(len(strongest), -1)
    best[point[rows]] = rows
    time = pd.to_datetime(sectors["on_air"], errors="coerce", utc=True, format="ISO8601").dt.tz_localize(None)
    dates = np.append(time.to_numpy(dtype="datetime64[ns]"), np.datetime64("NaT"))
    sector = rows_of(signal["sector_id"], pd.Index(sectors["sector_id"].astype(str)))
    return np.asarray(dates[np.append(sector, -1)[best]])


def _chances(evidence: Evidence, thresholds: dict[str, float]) -> tuple[Array, Array]:
    """Return the chance from the servers at every demand point, and the share of operators to serve it if any does."""
    prediction = evidence.prediction
    wrong = evidence.settings.wrong_record_part
    servers = list_servers(
        prediction.signal, thresholds, evidence.strays, wrong=wrong, doubts=evidence.doubts
    )
    counts = servers.carriers["technology"].isin(prediction.inputs.settings.service.technologies).to_numpy()
    names = servers.carriers["operator"]
    there = sorted(names[np.unique(servers.carrier[counts[servers.carrier]])].unique())
    choices = np.array([counts, *(counts & (names == name).to_numpy() for name in there)])
    count = len(prediction.demand)
    p, *alone = point_probabilities(
        servers,
        choices,
        points=count,
        correlation=prediction.radio.site_correlation,
    )
    fewest = 1.0 / max(len(alone), 1)
    share = (
        np.clip(np.sum(alone, axis=0) * fewest / np.maximum(p, SURE), fewest, 1.0)
        if alone
        else np.ones(count)
    )
    return np.where(prediction.demand["ground_m"].notna(), p, np.nan), np.asarray(share)


def _unheard(fit: Fit, thresholds: dict[str, float], settings: EvidenceSettings) -> float:
    """Return the chance of an unrecorded mast that the samples suggest: those that no record explains, if usable."""
    regressor = fit.model.regressor
    middle, wide = regressor.stray_
    usable = float(ndtr((middle - thresholds["4g"]) / wide))
    return float(np.clip(regressor.outliers_ * usable, 0.5 * settings.unrecorded_part, 0.4))
