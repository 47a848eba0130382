"""Whether a fixed line is there: lists of availability, the way to the next fibre, and presence-only fixed tests."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, gammaln, logit

from lomsong.context import distance_to
from lomsong.inputs import Inputs
from lomsong.settings import BroadbandSettings

#: The rate of tests is looked for on this many steps, up to so many times the mean of all villages.
_STEPS = 81
_MOST = 10.0
_LEAST = 0.01


@dataclass(frozen=True, slots=True)
class Lines:
    """
    Fixed lines by village.

    Attributes
    ----------
    p_line : ndarray, shape (villages,)
        Probability that a fixed line is there.
    verdict : ndarray of str
        ``present``, ``absent`` or ``unknown``.
    basis : ndarray of str
        What it rests on: ``list``, ``tests``, ``fibre``, joined by a comma; empty where nothing is known.
    expected_tests : ndarray
        Tests to expect if a line is there.
    fibre_m : ndarray
        Way to the next known fibre; NaN without such a layer. [m]
    """

    p_line: NDArray[np.float64]
    verdict: NDArray[np.object_]
    basis: NDArray[np.object_]
    expected_tests: NDArray[np.float64]
    fibre_m: NDArray[np.float64]


def find_lines(inputs: Inputs, centres: gpd.GeoSeries, tests: ArrayLike) -> Lines:
    """
    Judge for every village whether a fixed line is there.

    Parameters
    ----------
    inputs : Inputs
        Villages; ``fixed_lines`` and ``context["fibre"]`` where they are there.
    centres : GeoSeries
        Of the villages, in the working CRS; empty ones allowed.
    tests : array_like, shape (villages,)
        Fixed speed tests in each village.

    Returns
    -------
    Lines
        No test is weak evidence of no line, in proportion to how many were to expect.
    """
    settings, villages = inputs.settings.broadband, inputs.villages
    fibre = inputs.context.get("fibre")
    away = np.full(len(villages), np.nan)
    if fibre is not None and len(fibre):
        away = distance_to(centres.reset_index(drop=True), fibre)
    listed = _listed(inputs)
    prior = line_prior(listed, away, settings)
    counts = np.asarray(tests, dtype=np.float64)
    homes = _households(villages, inputs.settings.demand.household_size)
    rate = fit_rate(prior, counts, homes, settings) if counts.any() else 0.0
    p_line = line_probability(prior, counts, rate * homes, settings)
    verdict = np.select(
        [p_line >= settings.line_present_from, p_line <= settings.line_absent_to],
        ["present", "absent"],
        default="unknown",
    ).astype(object)
    named = [("list", ~pd.isna(listed)), ("tests", counts > 0), ("fibre", np.isfinite(away))]
    basis = [",".join(name for name, have in named if have[row]) for row in range(len(villages))]
    return Lines(p_line, verdict, np.array(basis, dtype=object), rate * homes, away)


def line_prior(listed: ArrayLike, fibre_m: ArrayLike, settings: BroadbandSettings) -> NDArray[np.float64]:
    """
    Probability of a line before any test is looked at.

    Parameters
    ----------
    listed : array_like of str or None, shape (n,)
        ``village``, ``commune``, ``not`` (a list says or implies that there is none), or missing.
    fibre_m : array_like, shape (n,)
        NaN where not known. A list counts before it.
    settings : BroadbandSettings
        The chances.
    """
    far, near = settings.line_far, settings.line_unheard
    away = np.asarray(fibre_m, dtype=np.float64)
    by_fibre = far + (settings.line_near - far) * np.exp(-away / settings.fibre_reach_m)
    prior = np.where(np.isfinite(away), by_fibre, near)
    told = np.asarray(listed, dtype=object)
    for word, chance in (
        ("village", settings.line_listed),
        ("commune", settings.line_listed_commune),
        ("not", settings.line_not_listed),
    ):
        prior = np.where(told == word, chance, prior)
    return prior


def line_probability(
    prior: ArrayLike, tests: ArrayLike, expected: ArrayLike, settings: BroadbandSettings
) -> NDArray[np.float64]:
    """
    Probability of a line after the tests were counted.

    Tests clump: few people make many. Where a line is, their number is negative binomial about what is expected;
    where none is, some are still placed there by mistake.

    Parameters
    ----------
    prior, tests, expected : array_like, shape (n,)
        Chance of a line before, tests, and tests to expect with a line; nothing expected changes nothing.
    settings : BroadbandSettings
        Clumping and misplacement.
    """
    count, mean = np.asarray(tests, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    log_odds = logit(np.asarray(prior, dtype=np.float64))
    shift = _log_chance(count, mean, settings.test_clumping) - _log_chance(
        count, mean * settings.misplaced_tests, settings.test_clumping
    )
    return np.asarray(expit(log_odds + np.where(mean > 0, shift, 0.0)), dtype=np.float64)


def fit_rate(prior: ArrayLike, tests: ArrayLike, homes: ArrayLike, settings: BroadbandSettings) -> float:
    """
    Return the tests per household with a line that make the counts most likely, not knowing which village has one.

    Only villages with tests would tell too high a rate, and make of no test a proof.
    """
    chance, count = np.asarray(prior, dtype=np.float64), np.asarray(tests, dtype=np.float64)
    size = np.asarray(homes, dtype=np.float64)
    mean = count.sum() / size.sum()
    rates = mean * np.geomspace(_LEAST, _MOST, _STEPS)
    likelihood = []
    for rate in rates:
        present = _log_chance(count, rate * size, settings.test_clumping)
        absent = _log_chance(count, rate * size * settings.misplaced_tests, settings.test_clumping)
        likelihood.append(float(np.logaddexp(np.log(chance) + present, np.log1p(-chance) + absent).sum()))
    return float(rates[int(np.argmax(likelihood))])


def _log_chance(count: NDArray[np.float64], mean: NDArray[np.float64], shape: float) -> NDArray[np.float64]:
    """Return the logarithm of the negative binomial law of a mean and a shape."""
    with np.errstate(divide="ignore", invalid="ignore"):
        grown = np.where(count > 0, count * np.log(mean / (mean + shape)), 0.0)
    return np.asarray(
        gammaln(count + shape)
        - gammaln(shape)
        - gammaln(count + 1)
        + shape * np.log(shape / (mean + shape))
        + grown
    )


def _listed(inputs: Inputs) -> NDArray[np.object_]:
    listed = np.full(len(inputs.villages), None, dtype=object)
    if inputs.fixed_lines is None:
        return listed
    told = inputs.fixed_lines.set_index("village_id")["listed"].reindex(inputs.villages["village_id"])
    return np.where(told.notna(), told, listed)


def _households(villages: gpd.GeoDataFrame, household_size: float) -> NDArray[np.float64]:
    """Return households, from people where they are not given; unknown ones are like the usual village."""
    nothing = np.full(len(villages), np.nan)
    homes = (
        villages["households"].to_numpy(np.float64, na_value=np.nan) if "households" in villages else nothing
    )
    people = (
        villages["population"].to_numpy(np.float64, na_value=np.nan) if "population" in villages else nothing
    )
    homes = np.where(np.isfinite(homes), homes, people / household_size)
    known = homes[np.isfinite(homes) & (homes > 0)]
    usual = float(np.median(known)) if len(known) else 1.0
    return np.where(np.isfinite(homes), np.maximum(homes, 1.0), usual)
