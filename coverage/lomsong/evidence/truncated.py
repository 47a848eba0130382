"""Regression on levels that are only seen above the receiver's sensitivity, from one of two servers, with outliers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_ndtr, logit, ndtr
from sklearn.base import BaseEstimator, RegressorMixin

Array = NDArray[np.float64]

_ROOT_TWO_PI = np.sqrt(2 * np.pi)
#: Rounds in which what the second server adds is computed anew; two or three settle it.
ROUNDS = 3
#: Prior log odds, and their deviation, of a place being served by a mast that no record knows: about one in eight.
OUTLIER_ODDS, OUTLIER_WIDTH = -2.0, 0.7
#: Where more than a third seemed to be, the model would be wrong and not the records.
MOST_OUTLIER_ODDS = -0.6
#: Prior deviation of the logarithm of the spread about its start.
SPREAD_PRIOR = 0.4


def normal_density(z: Array) -> Array:
    """Return the standard normal density."""
    return np.asarray(np.exp(-0.5 * z * z) / _ROOT_TWO_PI)


def strongest_of_two(
    first_dbm: Array, second_dbm: Array, sigma_db: Array, correlation: float
) -> tuple[Array, Array]:
    """
    Mean and deviation of the stronger of two levels with normal, correlated errors.

    Parameters
    ----------
    first_dbm, second_dbm : ndarray, shape (n,)
        Medians; NaN for no second. [dBm]
    sigma_db : ndarray, shape (n,)
        Deviation of both. [dB]
    correlation : float
        Of their errors.

    Returns
    -------
    mean_dbm, sigma_db : ndarray, shape (n,)
        Of the stronger one.

    References
    ----------
    .. [1] Clark, "The greatest of a finite set of random variables", Operations Research 9 (1961).

    Examples
    --------
    >>> mean, sigma = strongest_of_two(np.zeros(1), np.zeros(1), np.ones(1), 0.0)
    >>> round(float(mean[0]), 4), round(float(sigma[0]), 4)
    (0.5642, 0.8256)
    """
    second = np.where(np.isnan(second_dbm), -np.inf, second_dbm)
    gap = sigma_db * np.sqrt(2 * (1 - correlation))
    alpha = np.clip((first_dbm - second) / gap, -30, 30)
    lead, trail, bump = ndtr(alpha), ndtr(-alpha), gap * normal_density(alpha)
    # far apart, the weaker one plays no part whatever its level
    other = np.maximum(second, first_dbm - 30 * gap)
    mean = first_dbm * lead + other * trail + bump
    square = (first_dbm**2 + sigma_db**2) * lead + (other**2 + sigma_db**2) * trail
    square += (first_dbm + other) * bump
    return mean, np.sqrt(np.maximum(square - mean**2, 0.05 * sigma_db**2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """
    What a fit needs of each bin beside its features.

    Attributes
    ----------
    first_dbm, second_dbm : ndarray, shape (n,)
        Predicted levels of the two best masts; NaN for no second. [dBm]
    obstruction : ndarray, shape (n,)
        0 on a clear path, 1 behind an obstacle.
    sensitivity_dbm : ndarray, shape (n,)
        No sample below it was ever reported. [dBm]
    weight : ndarray, shape (n,)
        Worth in independent samples.
    """

    first_dbm: Array
    second_dbm: Array
    obstruction: Array
    sensitivity_dbm: Array
    weight: Array

    def part(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "Observed":
        """Return some of the rows."""
        return Observed(
            first_dbm=self.first_dbm[rows],
            second_dbm=self.second_dbm[rows],
            obstruction=self.obstruction[rows],
            sensitivity_dbm=self.sensitivity_dbm[rows],
            weight=self.weight[rows],
        )


class TruncatedLevelRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """
    What a predicted level must be corrected by, and how far the real one spreads about it.

    A reported level is that of the stronger of two servers, cut off at the sensitivity; a share of the places is served
    by masts that no record knows, at any level. The mixture comes before the cut: where a recorded mast would hardly ever be
    heard, a report speaks for an unknown one and not for a miracle. Maximum likelihood with normal priors.

    Parameters
    ----------
    prior_db : ndarray, shape (features,)
        Prior deviation of each coefficient. [dB]
    sigma_clear_db, sigma_blocked_db : float
        Where the spread starts from. [dB]
    correlation : float
        Of the errors of two masts.

    Attributes
    ----------
    coef_ : ndarray, shape (features,)
        Correction per unit of each feature. [dB]
    covariance_ : ndarray, shape (features, features)
        How sure they are. [dB²]
    sigma_ : ndarray, shape (2,)
        Spread on a clear path and behind an obstacle. [dB]
    outliers_ : float
        Share of the places that recorded masts do not explain.
    """

    def __init__(
        self, prior_db: Array, *, sigma_clear_db: float, sigma_blocked_db: float, correlation: float
    ) -> None:
        self.prior_db = prior_db
        self.sigma_clear_db = sigma_clear_db
        self.sigma_blocked_db = sigma_blocked_db
        self.correlation = correlation

    def fit(self, X: Array, y: Array, observed: Observed) -> "TruncatedLevelRegressor":
        """
        Fit to reported levels.

        Parameters
        ----------
        X : ndarray, shape (n, features)
            Features of the path of the best server.
        y : ndarray, shape (n,)
            Reported levels. [dBm]
        observed : Observed
            The rest of each report.
        """
        self.coef_ = np.zeros(X.shape[1])
        self.sigma_ = np.array([self.sigma_clear_db, self.sigma_blocked_db])
        self.outliers_ = float(expit(OUTLIER_ODDS))
        weight = observed.weight
        middle = float(np.average(y, weights=weight))
        self.stray_ = (middle, max(float(np.sqrt(np.average((y - middle) ** 2, weights=weight))), 12.0))
        for _ in range(ROUNDS):
            self._maximise(X, y, observed)
        return self

    def predict(self, X: Array) -> Array:
        """Return the correction of each row. [dB]"""
        return np.asarray(X @ self.coef_)

    def spread(self, obstruction: Array) -> Array:
        """Return the spread of the real level about the corrected one. [dB]"""
        low, high = np.log(self.sigma_)
        return np.asarray(np.exp(low + (high - low) * obstruction))

    def reported(self, X: Array, observed: Observed, *, extra: Array | float = 0.0) -> tuple[Array, Array]:
        """Return mean and spread of the strongest server before the cut. [dBm, dB]"""
        shift = self.predict(X) + extra
        sigma = self.spread(observed.obstruction)
        return strongest_of_two(
            observed.first_dbm + shift, observed.second_dbm + shift, sigma, self.correlation
        )

    def explained(self, X: Array, y: Array, observed: Observed, *, extra: Array | float = 0.0) -> Array:
        """Return the probability that a recorded mast made each report."""
        inside, outside, _ = self._densities(X, y, observed, extra=extra)
        return np.asarray(inside / np.maximum(inside + outside, 1e-300))

    def presence(self, X: Array, y: Array, observed: Observed, *, extra: Array | float = 0.0) -> Array:
        """
        Return the logarithm of the likelihood ratio of each report: the best server there against not there.

        Beside a mast nothing weaker than its level is heard, whatever else serves the place.
        """
        sigma = self.spread(observed.obstruction)
        others = observed.second_dbm + self.predict(X) + extra
        there = self.reported(X, observed, extra=extra)
        gone = np.where(np.isnan(others), -np.inf, others), sigma
        with_it, without = (self._log_strongest(y, observed.sensitivity_dbm, *law) for law in (there, gone))
        return np.asarray(with_it - without)

    def _log_strongest(self, y: Array, sensitivity_dbm: Array, mean: Array, sigma: Array) -> Array:
        """Return the logarithm of the density of a report: the stronger of recorded masts and, at times, a stray one."""
        (middle, wide), part = self.stray_, self.outliers_
        z, t = (y - mean) / sigma, (y - middle) / wide
        density = normal_density(z) / sigma * (1 - part + part * ndtr(t))
        density += ndtr(z) * part * normal_density(t) / wide
        unheard = ndtr((sensitivity_dbm - mean) / sigma)
        unheard = unheard * (1 - part + part * ndtr((sensitivity_dbm - middle) / wide))
        return np.asarray(np.log(np.maximum(density, 1e-300)) - np.log(np.maximum(1 - unheard, 1e-300)))

    def log_score(self, X: Array, y: Array, observed: Observed, *, extra: Array | float = 0.0) -> Array:
        """Return the logarithm of the predicted density at each reported level."""
        inside, outside, seen = self._densities(X, y, observed, extra=extra)
        return np.asarray(np.log(np.maximum(inside + outside, 1e-300)) - np.log(seen))

    def rank_of(self, X: Array, y: Array, observed: Observed, *, extra: Array | float = 0.0) -> Array:
        """Return the predicted probability of a report at or below each reported level, 0 to 1."""
        above = self._seen(X, y, observed, extra=extra)
        return np.asarray(
            np.clip(1 - above / self._seen(X, observed.sensitivity_dbm, observed, extra=extra), 0, 1)
        )

    def expected(self, X: Array, observed: Observed, *, extra: Array | float = 0.0) -> Array:
        """Return the level that a recorded mast's report is expected to have, given that there is one. [dBm]"""
        mean, sigma = self.reported(X, observed, extra=extra)
        return expected_report(mean, sigma, observed.sensitivity_dbm)

    def _seen(self, X: Array, level_dbm: Array, observed: Observed, *, extra: Array | float = 0.0) -> Array:
        """Return the probability of a level above `level_dbm`, before the cut."""
        mean, sigma = self.reported(X, observed, extra=extra)
        middle, wide = self.stray_
        inside, outside = ndtr((mean - level_dbm) / sigma), ndtr((middle - level_dbm) / wide)
        return np.asarray(np.maximum((1 - self.outliers_) * inside + self.outliers_ * outside, 1e-300))

    def _densities(
        self, X: Array, y: Array, observed: Observed, *, extra: Array | float = 0.0
    ) -> tuple[Array, Array, Array]:
        mean, sigma = self.reported(X, observed, extra=extra)
        middle, wide = self.stray_
        inside = (1 - self.outliers_) * normal_density((y - mean) / sigma) / sigma
        outside = self.outliers_ * normal_density((y - middle) / wide) / wide
        return inside, outside, self._seen(X, observed.sensitivity_dbm, observed, extra=extra)

    def _maximise(self, X: Array, y: Array, observed: Observed) -> None:
        """Maximise the likelihood; what the second server adds is held at its present value."""
        mean, sigma = self.reported(X, observed)
        base = mean - self.predict(X)
        narrower = sigma / self.spread(observed.obstruction)
        middle, wide = self.stray_
        stray = normal_density((y - middle) / wide) / wide
        stray_seen = ndtr((middle - observed.sensitivity_dbm) / wide)
        start = np.log([self.sigma_clear_db, self.sigma_blocked_db])
        blocked, weight, features = observed.obstruction, observed.weight, X.shape[1]

        def loss(parameters: Array) -> tuple[float, Array]:
            coef, logs, odds = parameters[:features], parameters[features:-1], parameters[-1]
            part = expit(odds)
            s = narrower * np.exp(logs[0] + (logs[1] - logs[0]) * blocked)
            mu = base + X @ coef
            z, t = (y - mu) / s, (mu - observed.sensitivity_dbm) / s
            own, own_seen = normal_density(z) / s, ndtr(t)
            both = np.maximum((1 - part) * own + part * stray, 1e-300)
            seen = np.maximum((1 - part) * own_seen + part * stray_seen, 1e-300)
            known, hazard = (1 - part) * own / both, (1 - part) * normal_density(t) / seen
            prior = (
                coef / self.prior_db,
                (logs - start) / SPREAD_PRIOR,
                (odds - OUTLIER_ODDS) / OUTLIER_WIDTH,
            )
            value = -weight @ (np.log(both) - np.log(seen))
            value += 0.5 * (prior[0] @ prior[0] + prior[1] @ prior[1] + prior[2] ** 2)
            by_mean = -weight * (known * z - hazard) / s
            by_log = -weight * (known * (z * z - 1) + hazard * t)
            by_odds = -weight @ ((stray - own) / both - (stray_seen - own_seen) / seen) * part * (1 - part)
            gradient = np.concatenate(
                [
                    X.T @ by_mean + prior[0] / self.prior_db,
                    [by_log @ (1 - blocked), by_log @ blocked] + prior[1] / SPREAD_PRIOR,
                    [by_odds + prior[2] / OUTLIER_WIDTH],
                ]
            )
            return float(value), gradient

        bounds = [(None, None)] * features + [(np.log(2.0), np.log(25.0))] * 2 + [(-6.0, MOST_OUTLIER_ODDS)]
        first = np.concatenate([self.coef_, np.log(self.sigma_), [logit(self.outliers_)]])
        found = minimize(
            loss, first, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 100, "ftol": 1e-7}
        )
        self.coef_, self.sigma_ = found.x[:features], np.exp(found.x[features:-1])
        self.outliers_ = float(expit(found.x[-1]))
        known = self.explained(X, y, observed)
        s = self.spread(blocked) * narrower
        t = (base + X @ self.coef_ - observed.sensitivity_dbm) / s
        cut = np.exp(-0.5 * t * t - np.log(_ROOT_TWO_PI) - log_ndtr(t))
        information = weight * known / s**2 * np.clip(1 - cut * (cut + t), 0.02, 1.0)
        self.covariance_ = np.linalg.inv((X.T * information) @ X + np.diag(self.prior_db**-2.0))


def expected_report(mean_dbm: Array, sigma_db: Array, sensitivity_dbm: Array) -> Array:
    """
    Mean of a normal level, given that it was above the sensitivity. [dBm]

    Examples
    --------
    >>> float(expected_report(np.array([-100.0]), np.array([10.0]), np.array([-100.0])).round(2)[0])
    -92.02
    """
    t = (mean_dbm - sensitivity_dbm) / sigma_db
    return np.asarray(mean_dbm + sigma_db * np.exp(-0.5 * t * t - np.log(_ROOT_TWO_PI) - log_ndtr(t)))
