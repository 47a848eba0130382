"""Presence-only evidence: what the tests, reports and checks near a place say about signal there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, gammaln, log_expit, logit

from lomsong.evidence.witnesses import Witnesses
from lomsong.settings import EvidenceSettings

Array = NDArray[np.float64]

#: A likelihood ratio from presence alone is never stronger than this. [natural logarithm]
MOST_LOG_RATIO = 5.0
#: Chances are kept this far from 0 and 1.
SURE = 1e-4


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
    reports : float
        Reports of no service that a place without signal files.
    false_reports : float
        The same from a place with signal, as a part.
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
    reports: float
    false_reports: float
    learned: bool

    def prior_odds(self, p: Array) -> Array:
        """
        Log odds of signal before tests, reports and checks.

        Parameters
        ----------
        p : ndarray, shape (n,)
            Chance from the recorded masts as they are recorded; NaN stays NaN.
        """
        return combine(logit(np.clip(p, SURE, 1 - SURE)) + self.shift, self.unrecorded)

    def expected(self, seen: Witnesses) -> Array:
        """Return the tests to be expected at each place if it has signal."""
        return np.asarray(self.rate * seen.people * seen.share**self.by_share)

    def log_ratio(self, seen: Witnesses) -> Array:
        """Return the logarithm of the likelihood ratio, signal against none, of all that was seen at each place."""
        # where reports are filed at all, their absence speaks for signal
        silence = self.reports * (1 - self.false_reports)
        return self.tests_ratio(seen) + self.denial(seen) + silence + seen.checks

    def denial(self, seen: Witnesses) -> Array:
        """Return the logarithm of the likelihood ratio of the reports of no service alone; never positive."""
        return np.asarray(np.log(self.false_reports) * seen.reports)

    def tests_ratio(self, seen: Witnesses) -> Array:
        """Return the logarithm of the likelihood ratio of the tests."""
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
    tests, people, share, reports = (
        part[known] for part in (witnesses.tests, witnesses.people, witnesses.share, witnesses.reports)
    )
    log_odds = logit(np.clip(p[known], SURE, 1 - SURE))
    enough, told = bool(tests.sum() >= settings.enough_tests), bool(reports.any())
    start_rate = np.log(max(tests.sum(), 0.5) / max(people.sum(), 1.0) / 0.7)
    start_reports = np.log(max(reports.mean() if told else 0.0, 1e-3) / 0.4)
    # shift, unrecorded, rate, shape, leak, share, reports, false reports
    centre = np.array(
        [
            0.0,
            logit(unrecorded),
            start_rate,
            0.0,
            logit(0.1),
            0.5,
            start_reports,
            logit(settings.false_report_part),
        ]
    )
    width = np.array([0.8 if calibrated else 1.0, 0.7, 1.0, 0.7, 0.7, 0.4, 0.7, 0.7])

    def loss(t: Array) -> float:
        value = 0.5 * float((((t - centre) / width) ** 2).sum())
        chance = combine(log_odds + t[0], float(expit(t[1])))
        ratio, none = witnesses.checks[known], np.zeros(len(tests))
        if enough:
            mean, shape = np.maximum(np.exp(t[2]) * people * share ** t[5], 1e-6), float(np.exp(t[3]))
            none = log_count(tests, expit(t[4]) * mean, shape)
            ratio = ratio + log_count(tests, mean, shape) - none
        if told:
            # Poisson counts
            filed, false = np.exp(t[6]), expit(t[7])
            none = none + reports * t[6] - filed
            ratio = ratio + reports * np.log(false) + filed * (1 - false)
        total = none + np.logaddexp(log_expit(chance) + ratio, log_expit(-chance))
        return value - float(total.sum())

    found = centre
    if enough or told or np.any(witnesses.checks[known] != 0):
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
        reports=float(np.exp(found[6])) if told else 0.0,
        false_reports=float(expit(found[7])),
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
