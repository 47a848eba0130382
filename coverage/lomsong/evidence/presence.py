"""Presence-only evidence: what the tests, reports and checks near a place say about signal there."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, gammaln, log_expit, logit

from lomsong.evidence.nearby import bell_sums
from lomsong.evidence.samples import age_weight, measurement_ages
from lomsong.points import coordinates
from lomsong.settings import EvidenceSettings

Array = NDArray[np.float64]

#: A likelihood ratio from presence alone is never stronger than this. [natural logarithm]
MOST_LOG_RATIO = 5.0
#: Reports of one place repeat each other: no more than so many count.
MOST_REPORTS = 3.0
#: Chances are kept this far from 0 and 1.
SURE = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnesses:
    """
    What lies near each place.

    Attributes
    ----------
    tests : ndarray, shape (n,)
        Mobile tests, weighted by nearness and age.
    people : ndarray, shape (n,)
        People, weighted by nearness.
    reports : ndarray, shape (n,)
        Logarithm of the likelihood ratio of the reports of no service, and of the field checks.
    checks : ndarray, shape (n,)
        The same of field checks alone, which say more than any model.
    share : ndarray, shape (n,)
        Share of the operators that serve the place if any does: who has signal can test.
    """

    tests: Array
    people: Array
    reports: Array
    checks: Array
    share: Array

    def part(self, rows: NDArray[np.int64]) -> "Witnesses":
        """Return some of the places."""
        return Witnesses(
            tests=self.tests[rows],
            people=self.people[rows],
            reports=self.reports[rows],
            checks=self.checks[rows],
            share=self.share[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRate:
    """
    How many tests people make, learned from all places together.

    Attributes
    ----------
    rate : float
        Tests a person where there is signal.
    shape : float
        Of the gamma spread of the rate between places; small means very uneven.
    leak : float
        The same rate where the centre has no signal, as a part: tests of those around it.
    unrecorded : float
        Chance that a mast no record knows serves a place.
    shift : float
        What the logit of the predicted chance is moved by.
    by_share : float
        Exponent by which the rate falls with the share of operators that serve a place.
    learned : bool
        False where there are too few tests, and the priors stand alone.
    """

    __test__ = False

    rate: float
    shape: float
    leak: float
    unrecorded: float
    shift: float
    by_share: float
    learned: bool

    def expected(self, seen: Witnesses) -> Array:
        """Return the tests to be expected at each place if it has signal."""
        return np.asarray(self.rate * seen.people * seen.share**self.by_share)

    def log_ratio(self, seen: Witnesses) -> Array:
        """Return the logarithm of the likelihood ratio, signal against none, of the tests at each place."""
        if self.rate <= 0:
            return np.zeros(len(seen.tests))
        mean = np.maximum(self.expected(seen), 1e-6)
        ratio = log_count(seen.tests, mean, self.shape) - log_count(seen.tests, self.leak * mean, self.shape)
        return np.clip(ratio, -MOST_LOG_RATIO, MOST_LOG_RATIO)


def log_count(count: Array, mean: Array, shape: float) -> Array:
    """
    Logarithm of the negative binomial probability of a count (weighted counts need not be whole).

    Examples
    --------
    >>> float(np.exp(log_count(np.zeros(1), np.full(1, 2.0), 1.0))[0].round(4))
    0.3333
    """
    log_part = np.log(mean / (mean + shape))
    return np.asarray(
        gammaln(count + shape) - gammaln(shape) - gammaln(count + 1)
        - shape * np.log1p(mean / shape) + count * log_part
    )  # fmt: skip


def gather_witnesses(
    places: gpd.GeoSeries,
    measurements: gpd.GeoDataFrame,
    people: gpd.GeoDataFrame,
    settings: EvidenceSettings,
    *,
    on_air: NDArray[np.datetime64] | None = None,
) -> Witnesses:
    """
    Sum up what lies near each place.

    Parameters
    ----------
    places : GeoSeries
        Points in a metric CRS.
    measurements : GeoDataFrame
        Contract `MEASUREMENTS`, same CRS. Fixed lines are no witness.
    people : GeoDataFrame
        Demand points with ``people``.
    settings : EvidenceSettings
        Reach, half-life, and how far reports and checks are believed.
    on_air : ndarray of datetime64, shape (n,), optional
        When the mast that should serve each place was last switched on or seen; absence that is older counts half.
    """
    at = np.column_stack([places.x, places.y])
    mobile = measurements[measurements["network"] == "mobile"]
    age = age_weight(measurement_ages(measurements)[mobile.index].to_numpy(), settings.half_life_years)
    kind = mobile["kind"].to_numpy()
    xy = np.column_stack(coordinates(mobile.geometry))
    time = pd.to_datetime(mobile["time"], errors="coerce", utc=True, format="ISO8601").dt.tz_localize(None)
    counts = mobile["tests"].fillna(1.0).to_numpy(dtype=np.float64)
    heads = np.nan_to_num(people["people"].to_numpy(dtype=np.float64), nan=1.0)
    crowd = np.column_stack([people.geometry.x, people.geometry.y])
    # one operator's silence is not everybody's
    named = mobile["operator"].notna().to_numpy()
    lit = mobile["has_signal"].fillna(value=False).to_numpy(dtype=bool)
    part = np.where(named & ~lit, settings.one_operator_part, 1.0) * age
    checked = (kind == "field_check") & mobile["has_signal"].notna().to_numpy()
    sure = np.where(lit, 1.0, -1.0) * logit(settings.check_reliability)

    # nanoseconds; what has no date is never older than a mast
    moment = np.where(
        time.isna(), np.iinfo(np.int64).max, time.to_numpy(dtype="datetime64[ns]").view(np.int64)
    )

    def near(rows: NDArray[np.bool_], value: Array, *, absence: NDArray[np.bool_] | None = None) -> Array:
        doubted = None
        if absence is not None and on_air is not None:
            late = np.where(absence, moment, np.iinfo(np.int64).max)[rows]
            doubted = on_air.astype("datetime64[ns]").view(np.int64), late
        return bell_sums(at, xy[rows], value[rows], settings.reach_m, doubted=doubted)

    every = np.ones(len(mobile), dtype=bool)
    reports = np.minimum(near(kind == "no_service", part, absence=every), MOST_REPORTS)
    checks = near(checked, part * sure, absence=~lit)
    return Witnesses(
        tests=near(kind == "speed", counts * age),
        people=bell_sums(at, crowd, heads, settings.reach_m),
        reports=np.log(settings.false_report_part) * reports,
        checks=np.clip(checks, -MOST_LOG_RATIO, MOST_LOG_RATIO),
        share=np.ones(len(at)),
    )


def learn_rate(
    p: Array, witnesses: Witnesses, settings: EvidenceSettings, *, unrecorded: float, calibrated: bool
) -> TestRate:
    """
    Learn how many tests people make, and how complete the records are, from all places at once.

    Whether a place has signal is not known, so the likelihood sums over both answers: the predicted chance, moved by a
    shift and raised by the chance of an unrecorded mast, weighs the counts with and without signal.

    Parameters
    ----------
    p : ndarray, shape (n,)
        Predicted chance from recorded masts; NaN where there is none.
    witnesses : Witnesses
        Counts.
    settings : EvidenceSettings
        Fewest tests.
    unrecorded : float
        What the chance of an unrecorded mast is before the tests.
    calibrated : bool
        Whether the prediction was corrected by samples; then its shift is held tighter.
    """
    known = np.isfinite(p)
    tests, people, share = (part[known] for part in (witnesses.tests, witnesses.people, witnesses.share))
    log_odds = logit(np.clip(p[known], SURE, 1 - SURE))
    log_ratio = witnesses.reports[known] + witnesses.checks[known]
    enough = bool(tests.sum() >= settings.enough_tests)
    start_rate = np.log(max(tests.sum(), 0.5) / max(people.sum(), 1.0) / 0.7)
    # shift, unrecorded, rate, shape, leak, share
    centre = np.array([0.0, logit(unrecorded), start_rate, 0.0, logit(0.1), 0.5])
    width = np.array([0.5 if calibrated else 1.0, 0.7, 1.0, 0.7, 0.7, 0.4])

    def loss(t: Array) -> float:
        value = 0.5 * float((((t - centre) / width) ** 2).sum())
        chance = combine(log_odds + t[0], float(expit(t[1])))
        ratio = log_ratio
        none = np.zeros(len(tests))
        if enough:
            mean, shape = np.maximum(np.exp(t[2]) * people * share ** t[5], 1e-6), float(np.exp(t[3]))
            none = log_count(tests, expit(t[4]) * mean, shape)
            ratio = ratio + log_count(tests, mean, shape) - none
        total = none + np.logaddexp(log_expit(chance) + ratio, log_expit(-chance))
        return value - float(total.sum())

    found = centre
    if enough or np.any(log_ratio != 0):
        found = minimize(
            loss, centre, method="L-BFGS-B", bounds=list(zip(centre - 4, centre + 4, strict=True))
        ).x
    return TestRate(
        rate=float(np.exp(found[2])) if enough else 0.0,
        shape=float(np.exp(found[3])),
        leak=float(expit(found[4])),
        unrecorded=float(expit(found[1])),
        shift=float(found[0]),
        by_share=float(found[5]),
        learned=enough,
    )


def combine(log_odds: Array, unrecorded: float) -> Array:
    """
    Return the log odds that a recorded mast or one that no record knows serves a place.

    Examples
    --------
    >>> float(combine(np.array([0.0]), 0.0)[0])
    0.0
    """
    # 1 - p = (1 - recorded)(1 - unrecorded)
    log_none = log_expit(-log_odds) + np.log1p(-min(unrecorded, 1 - 1e-9))
    return np.asarray(np.log(-np.expm1(np.minimum(log_none, -1e-12))) - log_none)
