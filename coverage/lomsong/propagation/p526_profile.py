"""
Geometry of a terrain profile as ITU-R P.526 and P.1812 read it: the fitted smooth earth and what blocks the line.

Heights are compared in the frame where the ray is straight: clearance is terrain plus earth bulge minus the
straight line between the antennas. The numbers in brackets are equations of P.1812-8.
"""

# Kernels take everything by position.
# ruff: noqa: FBT001

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lomsong.compiled import kernel
from lomsong.errors import RadioError

_Floats = NDArray[np.float64]


class Scan(NamedTuple):
    """What stands out of a profile against the direct line; samples count from 0, the transmitter."""

    highest_m: float  # largest clearance of terrain over the line
    tx_slope: float  # steepest tangent over the line, seen from the transmitter [m/m]
    tx_tangent: int  # the sample it touches
    rx_slope: float
    rx_tangent: int
    strongest: (
        float  # largest clearance * abs(clearance) / (d1 d2): nu squared with its sign, but for a factor
    )
    obstacle: int  # the sample it belongs to


def stack_profiles(
    model: str, distance_m: ArrayLike, *per_sample: ArrayLike, per_path: tuple[ArrayLike, ...]
) -> tuple[tuple[int, ...], list[_Floats]]:
    """
    Check profiles and broadcast everything about them to plain rows for a compiled loop.

    Parameters
    ----------
    model : str
        Name of the model, which opens an error.
    distance_m : array_like, shape (..., n)
        Distance from the transmitter, from 0 and rising. [m]
    *per_sample : array_like, shape (..., n) or a number
        What else there is at every sample.
    per_path : tuple of array_like, each of shape (...)
        Numbers of a whole path.

    Returns
    -------
    shape : tuple of int
        Of the result.
    rows : list of ndarray
        The distances and each of `per_sample` with shape (paths, n), then all of `per_path` with shape
        (paths, len(per_path)).

    Raises
    ------
    RadioError
        If a profile has fewer than two samples, does not start at zero or does not rise.
    """
    samples = [np.asarray(values, dtype=np.float64) for values in (distance_m, *per_sample)]
    numbers = [np.asarray(values, dtype=np.float64) for values in per_path]
    distance = samples[0]
    if distance.ndim == 0 or distance.shape[-1] < 2:
        raise RadioError(f"{model}: a profile needs two samples or more, the transmitter and the receiver")
    problems = []
    if np.any(np.abs(distance[..., 0]) > 0.0):
        problems.append(f"'distance_m' must start at 0 m, the transmitter: {distance[..., 0].flat[0]:g}")
    if np.any(np.diff(distance, axis=-1) <= 0.0):
        problems.append("'distance_m' must rise from sample to sample")
    if problems:
        raise RadioError("\n  - ".join([f"{model}: {len(problems)} problem(s)", *problems]))
    count = distance.shape[-1:]
    sizes = {values.shape[-1] for values in samples if values.ndim > 0}
    if len(sizes) > 1:
        raise RadioError(f"{model}: the profile has {count[0]} distances, but other samples: {sorted(sizes)}")
    shape = np.broadcast_shapes(*(v.shape[:-1] for v in samples), *(v.shape for v in numbers))
    rows = [np.ascontiguousarray(np.broadcast_to(v, shape + count).reshape(-1, *count)) for v in samples]
    columns = [np.broadcast_to(v, shape).reshape(-1) for v in numbers]
    return shape, [*rows, np.stack(columns, axis=-1)]


@kernel
def fit_smooth_earth(distance_m: _Floats, height_m: _Floats, n: int) -> tuple[float, float]:
    """Return heights above sea level of a least-squares line at both ends, P.1812-8 (83) to (86). [m]."""
    first, second = 0.0, 0.0
    for i in range(1, n):
        near, far = distance_m[i - 1], distance_m[i]
        first += (far - near) * (height_m[i] + height_m[i - 1])
        second += (far - near) * (height_m[i] * (2.0 * far + near) + height_m[i - 1] * (far + 2.0 * near))
    d = distance_m[n - 1]
    return (2.0 * first * d - second) / (d * d), (second - first * d) / (d * d)


@kernel
def scan_profile(
    distance_m: _Floats,
    height_m: _Floats,
    n: int,
    tx_m: float,
    rx_m: float,
    curvature: float,
    smooth: bool,
) -> Scan:
    """
    Compare every sample between the ends of a profile with the straight line between the antennas.

    Parameters
    ----------
    distance_m, height_m : ndarray, shape (>= n,)
        Profile; with `smooth` the heights count as zero. [m]
    tx_m, rx_m : float
        Antennas over the same datum as the heights. [m]
    curvature : float
        Of the effective earth, zero for a flat one. [1/m]

    Returns
    -------
    Scan
        Slopes of minus infinity and samples 0 where no sample lies between the ends; NaN where a height is NaN.
    """
    d = distance_m[n - 1]
    tilt = (rx_m - tx_m) / d
    highest_m, tx_slope, rx_slope, strongest = -math.inf, -math.inf, -math.inf, -math.inf
    tx_tangent, rx_tangent, obstacle = 0, 0, 0
    total = 0.0
    for i in range(1, n - 1):
        from_tx_m = distance_m[i]
        from_rx_m = d - from_tx_m
        product = from_tx_m * from_rx_m
        ground_m = 0.0 if smooth else height_m[i]
        clearance_m = ground_m + 0.5 * curvature * product - (tx_m + tilt * from_tx_m)
        per_product = clearance_m / product
        total += clearance_m
        highest_m = max(highest_m, clearance_m)
        if per_product * from_rx_m > tx_slope:
            tx_slope, tx_tangent = per_product * from_rx_m, i
        if per_product * from_tx_m > rx_slope:
            rx_slope, rx_tangent = per_product * from_tx_m, i
        if abs(clearance_m) * per_product > strongest:
            strongest, obstacle = abs(clearance_m) * per_product, i
    if math.isnan(total):
        return Scan(math.nan, math.nan, 0, math.nan, 0, math.nan, 0)
    return Scan(highest_m, tx_slope, tx_tangent, rx_slope, rx_tangent, strongest, obstacle)


@kernel
def lower_smooth_earth(
    distance_m: _Floats,
    height_m: _Floats,
    n: int,
    transmitter_amsl_m: float,
    receiver_amsl_m: float,
    fit_tx_m: float,
    fit_rx_m: float,
) -> tuple[float, float]:
    """
    Return the smooth surface for diffraction at both ends, P.1812-8 (87) to (89). [m].

    Terrain over the direct line (without earth bulge) presses the fitted surface down, most at the end that sees
    it steepest, and the surface never lies above the ground.
    """
    scan = scan_profile(distance_m, height_m, n, transmitter_amsl_m, receiver_amsl_m, 0.0, False)
    if scan.highest_m > 0.0:
        share = scan.tx_slope / (scan.tx_slope + scan.rx_slope)
        fit_tx_m -= scan.highest_m * share
        fit_rx_m -= scan.highest_m * (1.0 - share)
    return min(fit_tx_m, height_m[0]), min(fit_rx_m, height_m[n - 1])
