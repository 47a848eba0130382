"""
Empirical-Bayes shrinkage of villages' medians towards their commune, and of communes' towards the whole area.

On a log scale a village's true median is its commune's plus a deviation of variance τ², a commune's is the area's plus
one of ω², and what the tests of a village show differs from its true median by an error whose variance comes from the
scatter of all tests about their villages, heavy tails and all.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, ndtri, stdtr, stdtrit

#: Two-sided probability of all intervals.
INTERVAL = 0.8
#: Deviations that a scatter is learnt from, and degrees of freedom of a variance between units; else it is assumed.
MIN_DEVIATIONS = 20
MIN_DEGREES = 5
#: Degrees of freedom of an interval whose variances are assumed: wide.
ASSUMED_DEGREES = 4
#: A scatter is kept as this many quantiles at most; its error as a function of the number of tests in this many steps.
_QUANTILES = 10_000
_STEPS = 64

_Floats = NDArray[np.float64]
_Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """
    What is believed of the logarithm of a median.

    Attributes
    ----------
    middle, spread : ndarray, shape (n,)
        Of a Student distribution; NaN where nothing is known.
    degrees : float
        Its degrees of freedom.
    """

    middle: _Floats
    spread: _Floats
    degrees: float

    def interval(self) -> tuple[_Floats, _Floats]:
        """Return both ends of the 80 % interval, on the log scale."""
        reach = float(stdtrit(self.degrees, (1 + INTERVAL) / 2)) * self.spread
        return self.middle - reach, self.middle + reach

    def chance_above(self, value: float) -> _Floats:
        """Return the probability that the median is above a value of the log scale."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(stdtr(self.degrees, (self.middle - value) / self.spread), dtype=np.float64)

    def pick(self, here: NDArray[np.bool_], other: "Estimate") -> "Estimate":
        """Return this estimate where `here`, else the other."""
        return Estimate(
            np.where(here, self.middle, other.middle),
            np.where(here, self.spread, other.spread),
            min(self.degrees, other.degrees),
        )


@dataclass(frozen=True, slots=True)
class Shrunk:
    """
    Estimates of every village at three levels.

    Attributes
    ----------
    own : Estimate
        From its own tests and its commune; NaN without tests.
    commune, area : Estimate
        Of a village of that commune, or of anywhere, of which nothing else is known; NaN without tests there.
    between_villages, between_communes : float
        Standard deviations τ and ω. [ln]
    assumed : tuple of str
        Which of them could not be learnt and are those of the settings.
    """

    own: Estimate
    commune: Estimate
    area: Estimate
    between_villages: float
    between_communes: float
    assumed: tuple[str, ...]


def group_medians(
    values: ArrayLike, weights: ArrayLike, group: ArrayLike, groups: int
) -> tuple[_Floats, _Floats, _Floats]:
    """
    Weighted median of each group, the effective number of its values, and how the values deviate.

    Parameters
    ----------
    values, weights : array_like, shape (n,)
        Finite; positive.
    group : array_like of int, shape (n,)
        From 0.
    groups : int
        How many groups there are.

    Returns
    -------
    median : ndarray, shape (groups,)
        The value at which half of the weight is reached, the mean of two where it is reached between them; NaN
        without values.
    draws : ndarray, shape (groups,)
        Kish's effective number (Σw)²/Σw².
    deviations : ndarray
        Of the values of groups of three and more, without the one that is the median itself, widened by √(n/(n-1)).
    """
    value, weight, owner = np.asarray(values, float), np.asarray(weights, float), np.asarray(group, np.int64)
    order = np.lexsort((value, owner))
    value, weight, owner = value[order], weight[order], owner[order]
    total = np.bincount(owner, weights=weight, minlength=groups)
    square = np.bincount(owner, weights=weight**2, minlength=groups)
    count = np.bincount(owner, minlength=groups)
    first = np.cumsum(count) - count
    within = np.cumsum(weight) - (np.cumsum(total) - total)[owner]
    half = total[owner] / 2
    tolerance = 1e-9 * half
    some = np.flatnonzero(count)
    lower = np.full(groups, -1)
    below = np.bincount(owner, weights=within < half - tolerance, minlength=groups).astype(np.int64)
    lower[some] = np.minimum(first + below, first + count - 1)[some]
    upper = lower.copy()
    tied = np.flatnonzero((lower >= 0) & (lower < first + count - 1))
    on_edge = np.abs(within[lower[tied]] - half[lower[tied]]) <= tolerance[lower[tied]]
    upper[tied[on_edge]] += 1
    median = np.full(groups, np.nan)
    median[some] = (value[lower[some]] + value[upper[some]]) / 2
    kept = count[owner] >= 3
    itself = np.zeros(len(value), dtype=bool)
    odd = some[lower[some] == upper[some]]
    itself[lower[odd]] = True
    kept &= ~itself
    widened = (value - median[owner]) * np.sqrt(count[owner] / np.maximum(count[owner] - 1, 1))
    draws = np.divide(total**2, square, out=np.zeros(groups), where=square > 0)
    return median, draws, widened[kept]


def median_error(deviations: ArrayLike, draws: ArrayLike, *, assumed: float) -> tuple[_Floats, bool]:
    """
    Variance of the median of some draws from a scatter, however heavy its tails are.

    The median of n draws is the quantile of the scatter at a level that is Beta((n+1)/2, (n+1)/2) distributed.

    Parameters
    ----------
    deviations : array_like, shape (m,)
        The scatter, in any order.
    draws : array_like, shape (k,)
        Numbers of draws, whole or effective; zero gives infinity.
    assumed : float
        Standard deviation of the normal scatter that is taken where fewer than `MIN_DEVIATIONS` are given.

    Returns
    -------
    variance : ndarray, shape (k,)
        Of the median.
    learnt : bool
        Whether the scatter is that of the deviations.

    References
    ----------
    .. [1] David and Nagaraja, "Order Statistics", section 2.1: the distribution of an order statistic.
    """
    numbers = np.asarray(draws, dtype=np.float64)
    given = np.asarray(deviations, dtype=np.float64)
    learnt = len(given) >= MIN_DEVIATIONS
    levels = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    if learnt:
        ordered = np.sort(given)
        scatter = ordered if len(ordered) <= _QUANTILES else np.quantile(ordered, levels)
    else:
        scatter = assumed * ndtri(levels)
    scatter = scatter - np.median(scatter)
    edges = np.linspace(0, 1, len(scatter) + 1)
    most = max(float(numbers.max(initial=1.0)), 4.0)
    steps = np.append(1.0, np.geomspace(3.0, most, _STEPS))
    weight = np.diff(betainc((steps[:, None] + 1) / 2, (steps[:, None] + 1) / 2, edges), axis=1)
    variance = weight @ scatter**2 - (weight @ scatter) ** 2
    # of two values the median is their mean, which tails hurt more than the law of one order statistic says
    steps, variance = np.insert(steps, 1, 2.0), np.insert(variance, 1, variance[0] / 2)
    # many draws from few quantiles: no finer than the quantiles are
    variance = np.maximum(variance, 1e-6)
    found = np.exp(np.interp(np.log(np.maximum(numbers, 1.0)), np.log(steps), np.log(variance)))
    return np.where(numbers > 0, found, np.inf), learnt


def shrink(
    median: ArrayLike,
    error_variance: ArrayLike,
    commune: ArrayLike,
    communes: int,
    *,
    assumed_villages: float,
    assumed_communes: float,
) -> Shrunk:
    """
    Draw the medians of villages towards their commune, as far as the data say that they resemble each other.

    Parameters
    ----------
    median : array_like, shape (n,)
        Observed, on a log scale; NaN without tests.
    error_variance : array_like, shape (n,)
        Of each; infinite without tests.
    commune : array_like of int, shape (n,)
        From 0.
    communes : int
        How many communes there are.
    assumed_villages, assumed_communes : float
        Standard deviations between villages of a commune and between communes, where the data cannot tell.

    Returns
    -------
    Shrunk
        A variance between units is DerSimonian and Laird's moment estimate, but no less than its own standard error
        under none: what so few units could not show may be there.

    References
    ----------
    .. [1] DerSimonian and Laird 1986, "Meta-analysis in clinical trials": the moment estimate.
    .. [2] Rao and Molina, "Small Area Estimation", section 7.1: best linear predictor with estimated mean.
    """
    seen, error = np.asarray(median, dtype=np.float64), np.asarray(error_variance, dtype=np.float64)
    unit = np.asarray(commune, dtype=np.int64)
    tested = np.isfinite(seen) & np.isfinite(error)
    if not tested.any():
        nothing = Estimate(np.full(len(seen), np.nan), np.full(len(seen), np.nan), ASSUMED_DEGREES)
        return Shrunk(nothing, nothing, nothing, assumed_villages, assumed_communes, ("villages", "communes"))
    value, noise, owner = seen[tested], error[tested], unit[tested]
    village_variance, village_degrees = _between(value, noise, owner, communes)
    assumed = []
    if village_variance is None:
        village_variance = assumed_villages**2
        assumed.append("villages")
    weight = 1 / (noise + village_variance)
    precision = np.bincount(owner, weights=weight, minlength=communes)
    sums = np.bincount(owner, weights=weight * value, minlength=communes)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean, mean_variance = sums / precision, 1 / precision
    have = precision > 0
    commune_variance, _ = _between(
        mean[have], mean_variance[have], np.zeros(int(have.sum()), dtype=np.int64), 1
    )
    if commune_variance is None:
        commune_variance = assumed_communes**2
        assumed.append("communes")
    share = 1 / (mean_variance[have] + commune_variance)
    area, area_variance = float((share * mean[have]).sum() / share.sum()), float(1 / share.sum())
    trust = np.where(have, commune_variance / (commune_variance + np.where(have, mean_variance, 1.0)), 0.0)
    centre = trust * np.where(have, mean, 0.0) + (1 - trust) * area
    doubt = trust * np.where(have, mean_variance, 0.0) + (1 - trust) ** 2 * area_variance
    doubt = np.where(have, doubt, commune_variance + area_variance)
    degrees = float(ASSUMED_DEGREES if "villages" in assumed else village_degrees)
    own = np.where(tested, village_variance / (village_variance + np.where(tested, error, 1.0)), 0.0)
    middle = own * np.where(tested, seen, 0.0) + (1 - own) * centre[unit]
    variance = own * np.where(tested, error, 0.0) + (1 - own) ** 2 * doubt[unit]
    outside = np.where(have[unit], village_variance + doubt[unit], np.nan)
    everywhere = np.full(len(seen), np.sqrt(village_variance + commune_variance + area_variance))
    return Shrunk(
        own=Estimate(np.where(tested, middle, np.nan), np.sqrt(np.where(tested, variance, np.nan)), degrees),
        commune=Estimate(np.where(have[unit], centre[unit], np.nan), np.sqrt(outside), degrees),
        area=Estimate(np.full(len(seen), area), everywhere, degrees),
        between_villages=float(np.sqrt(village_variance)),
        between_communes=float(np.sqrt(commune_variance)),
        assumed=tuple(assumed),
    )


def _between(value: _Floats, noise: _Floats, group: _Longs, groups: int) -> tuple[float | None, int]:
    """Return the variance between the units of one group, none where too few tell, and its degrees of freedom."""
    weight = 1 / noise
    total = np.bincount(group, weights=weight, minlength=groups)
    square = np.bincount(group, weights=weight**2, minlength=groups)
    count = np.bincount(group, minlength=groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(group, weights=weight * value, minlength=groups) / total
        room = total - square / total
    degrees = int((count[count > 0] - 1).sum())
    if degrees < MIN_DEGREES:
        return None, degrees
    scale = float(room[count > 1].sum())
    excess = float((weight * (value - mean[group]) ** 2).sum()) - degrees
    return max(excess, np.sqrt(2.0 * degrees)) / scale, degrees
