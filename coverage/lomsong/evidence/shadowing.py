"""How alike the errors of the prediction are nearby: their variogram, and the estimate of them between samples."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from lomsong.compiled import parallel_kernel, prange

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
_BATCH = 200_000


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


def estimate_errors(
    shadowing: Shadowing,
    known: tuple[Array, Array, NDArray[np.int64], Array, Array],
    wanted: tuple[Array, Array, NDArray[np.int64]],
) -> tuple[Array, Array]:
    """
    Estimate standardised errors between samples by simple kriging from the nearest ones.

    Parameters
    ----------
    shadowing : Shadowing
        Covariance.
    known : tuple of ndarray, each shape (n,)
        x, y, mast, error, and additional variance (of old samples) in units of the error's variance.
    wanted : tuple of ndarray, each shape (m,)
        x, y and mast of the estimates.

    Returns
    -------
    error, variance : ndarray, shape (m,)
        Mean and variance of the standardised error; 0 and 1 far from every sample.
    """
    x, y, mast, z, extra = known
    error, variance = np.zeros(len(wanted[0])), np.ones(len(wanted[0]))
    if not len(z) or shadowing.part == 0:
        return error, variance
    tree = cKDTree(np.column_stack([x, y]))
    reach = REACH * shadowing.length_m
    at = np.column_stack(wanted[:2])
    nearest, _ = tree.query(at, distance_upper_bound=reach)
    rows = np.flatnonzero(np.isfinite(nearest))
    for first in range(0, len(rows), _BATCH):
        some = rows[first : first + _BATCH]
        found = tree.query(at[some], k=min(NEIGHBOURS, len(z)), distance_upper_bound=reach)
        away, near = (np.asarray(part).reshape(len(some), -1) for part in found)
        error[some], variance[some] = _krige(
            x,
            y,
            mast,
            z,
            extra,
            away,
            near,
            wanted[2][some],
            shadowing.part,
            shadowing.length_m,
            shadowing.between,
        )
    return error, variance


@parallel_kernel
def _krige(x, y, mast, z, extra, away, near, wanted, part, length_m, between):  # type: ignore[no-untyped-def]
    """Solve the kriging system of each row by Cholesky's method; neighbours out of reach are at infinity."""
    rows, most = near.shape
    error, variance = np.zeros(rows), np.ones(rows)
    for row in prange(rows):
        count = 0
        while count < most and math.isfinite(away[row, count]):
            count += 1
        root, towards, values = np.empty((count, count)), np.empty(count), np.empty(count)
        for i in range(count):
            one = near[row, i]
            towards[i] = (
                part * math.exp(-away[row, i] / length_m) * (1.0 if mast[one] == wanted[row] else between)
            )
            values[i] = z[one]
            for j in range(i + 1):
                other = near[row, j]
                if i == j:
                    cell = 1.0 + extra[one]
                else:
                    apart = math.hypot(x[one] - x[other], y[one] - y[other])
                    cell = part * math.exp(-apart / length_m) * (1.0 if mast[one] == mast[other] else between)
                for k in range(j):
                    cell -= root[i, k] * root[j, k]
                root[i, j] = math.sqrt(max(cell, 1e-12)) if i == j else cell / root[j, j]
        # both right-hand sides through the lower triangle: their products are what is asked for
        known = 0.0
        for i in range(count):
            for k in range(i):
                towards[i] -= root[i, k] * towards[k]
                values[i] -= root[i, k] * values[k]
            towards[i] /= root[i, i]
            values[i] /= root[i, i]
            error[row] += towards[i] * values[i]
            known += towards[i] * towards[i]
        variance[row] = min(max(1.0 - known, 0.05), 1.0)
    return error, variance
