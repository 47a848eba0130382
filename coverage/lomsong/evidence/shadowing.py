"""How alike the errors of the prediction are nearby: their variogram, and the estimate of them between samples."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from lomsong.compiled import kernel, parallel_kernel, prange

Array = NDArray[np.float64]

#: What is assumed where samples are too few to tell: length [m] and structured part.
USUAL_LENGTH_M, USUAL_PART = 300.0, 0.6
#: Lengths that are tried, and distances between which pairs are counted. [m]
LENGTHS_M = (100.0, 150.0, 200.0, 300.0, 400.0, 550.0, 750.0, 1000.0, 1400.0, 2000.0)
LAGS_M = np.array([50.0, 150.0, 250.0, 400.0, 600.0, 900.0, 1300.0, 1900.0, 2700.0, 4000.0])
#: Fewer pairs than this in all say nothing; more than this many points are thinned by lot.
FEWEST_PAIRS, MOST_POINTS = 300, 4000
#: Neighbours that an estimate uses, and how many lengths away they may be.
NEIGHBOURS, REACH = 12, 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadowing:
    """
    Covariance of standardised errors.

    Between two places d apart: ``part * exp(-d / length_m)``, times `between` for two different masts.

    Attributes
    ----------
    length_m : float
        Distance at which likeness falls to 1/e. [m]
    part : float
        Share of the variance that neighbours have in common; the rest is each sample's own.
    between : float
        Correlation of two masts' errors at one place.
    pairs : int
        Pairs of samples that it was learned from; 0 for an assumption.
    """

    length_m: float
    part: float
    between: float
    pairs: int


def fit_shadowing(
    x: Array, y: Array, mast: NDArray[np.int64], z: Array, *, between: float, rng: np.random.Generator
) -> Shadowing:
    """
    Fit length and parts to the products of errors of neighbours.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Places. [m]
    mast : ndarray of int, shape (n,)
        Serving mast.
    z : ndarray, shape (n,)
        Errors in their standard deviations.
    between : float
        Correlation between masts where the samples cannot tell, and which they must outweigh.
    rng : Generator
        Thins many samples.
    """
    if len(z) > MOST_POINTS:
        kept = np.sort(rng.choice(len(z), MOST_POINTS, replace=False))
        x, y, mast, z = x[kept], y[kept], mast[kept], z[kept]
    pairs = cKDTree(np.column_stack([x, y])).query_pairs(LAGS_M[-1], output_type="ndarray")
    same = mast[pairs[:, 0]] == mast[pairs[:, 1]] if len(pairs) else np.zeros(0, dtype=bool)
    if same.sum() < FEWEST_PAIRS:
        return Shadowing(length_m=USUAL_LENGTH_M, part=USUAL_PART, between=between, pairs=0)
    z = np.clip(z - np.median(z), -3.0, 3.0)
    first, second = pairs.T
    product = z[first] * z[second] / np.mean(z * z)
    distance = np.hypot(x[first] - x[second], y[first] - y[second])
    lag = np.searchsorted(LAGS_M, distance)
    count = np.bincount(lag[same], minlength=len(LAGS_M)).astype(np.float64)
    alike = np.bincount(lag[same], weights=product[same], minlength=len(LAGS_M)) / np.maximum(count, 1)
    middle = np.bincount(lag[same], weights=distance[same], minlength=len(LAGS_M)) / np.maximum(count, 1)
    weight = np.sqrt(count)
    best = (np.inf, USUAL_LENGTH_M, USUAL_PART)
    for length in LENGTHS_M:
        shape = np.exp(-middle / length)
        part = float(np.clip((weight * shape) @ alike / ((weight * shape) @ shape), 0.0, 0.95))
        best = min(best, (float(weight @ (alike - part * shape) ** 2), length, part))
    _, length, part = best
    cross = ~same & (distance < length)
    expected = part * np.exp(-distance[cross] / length)
    # worth fifty independent pairs of one place
    grip = 50.0 * part**2
    between = (
        (grip * between + product[cross] @ expected) / (grip + expected @ expected) if part > 0 else between
    )
    return Shadowing(
        length_m=length, part=part, between=float(np.clip(between, 0.0, 0.9)), pairs=int(same.sum())
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """
    Samples whose error is known.

    Attributes
    ----------
    xy : ndarray, shape (n, 2)
        Places. [m]
    mast : ndarray of int, shape (n,)
        Serving mast.
    error : ndarray, shape (n,)
        Error in its standard deviation.
    extra : ndarray, shape (n,)
        Additional variance, of old samples and of those that contradict each other, in units of the error's variance.
    """

    xy: Array
    mast: NDArray[np.int64]
    error: Array
    extra: Array


def estimate_errors(
    shadowing: Shadowing,
    known: Known,
    xy: Array,
    place: NDArray[np.int64],
    masts: NDArray[np.int64],
) -> tuple[Array, Array]:
    """
    Estimate standardised errors between samples by simple kriging from the nearest ones.

    Parameters
    ----------
    shadowing : Shadowing
        Covariance.
    known : Known
        What to estimate from.
    xy : ndarray, shape (m, 2)
        Where. [m]
    place : ndarray of int, shape (m,)
        The same number for rows of one place, which lie below each other: they share one system of equations.
    masts : ndarray of int, shape (m, k)
        Masts whose errors are asked for, -1 for none.

    Returns
    -------
    error, variance : ndarray, shape (m, k)
        Mean and variance of the standardised error; 0 and 1 far from every sample.
    """
    error, variance = np.zeros(masts.shape), np.ones(masts.shape)
    if not len(known.error) or shadowing.part == 0 or not len(place):
        return error, variance
    starts = np.flatnonzero(np.concatenate([[True], place[1:] != place[:-1]]))
    at = xy[starts]
    reach = REACH * shadowing.length_m
    tree = cKDTree(known.xy)
    close = np.flatnonzero(np.isfinite(tree.query(at, distance_upper_bound=reach)[0]))
    if len(close):
        found = tree.query(at[close], k=min(NEIGHBOURS, len(known.error)), distance_upper_bound=reach)
        away, near = (np.asarray(part).reshape(len(close), -1) for part in found)
        ends = np.append(starts[1:], len(place))
        _krige(
            (known.xy, known.mast, known.error, known.extra),
            away,
            near,
            np.column_stack([starts[close], ends[close]]),
            masts,
            (shadowing.part, shadowing.length_m, shadowing.between),
            error,
            variance,
        )
    return error, variance


@parallel_kernel
def _krige(known, away, near, spans, masts, law, error, variance):  # type: ignore[no-untyped-def]
    """Solve the kriging system of each place by Cholesky's method; neighbours out of reach are at infinity."""
    xy, mast, z, extra = known
    part, length_m, between = law
    for place in prange(len(near)):
        count = np.searchsorted(away[place], np.inf)
        one = near[place, :count]
        root = _factorise(xy[one], mast[one], extra[one], law)
        alike = part * np.exp(-away[place, :count] / length_m)
        values = z[one]
        _forward(root, values)
        for row in range(spans[place, 0], spans[place, 1]):
            for server in range(masts.shape[1]):
                if masts[row, server] >= 0:
                    # both right-hand sides go through the lower triangle: their products are what is asked for
                    towards = alike * np.where(mast[one] == masts[row, server], 1.0, between)
                    _forward(root, towards)
                    error[row, server] = (towards * values).sum()
                    variance[row, server] = min(max(1.0 - (towards * towards).sum(), 0.05), 1.0)


@kernel
def _factorise(xy, mast, extra, law):  # type: ignore[no-untyped-def]
    """Return the lower triangle whose square is the covariance of some samples' errors."""
    part, length_m, between = law
    count = len(xy)
    root = np.zeros((count, count))
    for i in range(count):
        for j in range(i + 1):
            if i == j:
                cell = 1.0 + extra[i]
            else:
                apart = math.hypot(xy[i, 0] - xy[j, 0], xy[i, 1] - xy[j, 1])
                cell = part * math.exp(-apart / length_m) * (1.0 if mast[i] == mast[j] else between)
            for k in range(j):
                cell -= root[i, k] * root[j, k]
            root[i, j] = math.sqrt(max(cell, 1e-12)) if i == j else cell / root[j, j]
    return root


@kernel
def _forward(root, values):  # type: ignore[no-untyped-def]
    """Solve the lower triangle for `values`, in place."""
    for i in range(len(values)):
        for k in range(i):
            values[i] -= root[i, k] * values[k]
        values[i] /= root[i, i]
