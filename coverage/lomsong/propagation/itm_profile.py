"""What Longley-Rice reads off a terrain profile: horizons, effective antenna heights, roughness."""

import math

import numpy as np
from numpy.typing import NDArray

from lomsong.compiled import kernel
from lomsong.propagation.itm_link import Terminals, rough_horizon, roughness_at


@kernel
def mean_height(heights_m: NDArray[np.float64]) -> float:
    """Return the mean height of the middle 80 % of a profile, not finite if any height is not. [m]."""
    intervals = heights_m.size - 1
    skipped = int(0.1 * intervals)
    total, guard = 0.0, 0.0
    for i in range(heights_m.size):
        guard += heights_m[i]
        if skipped <= i <= intervals - skipped:
            total += heights_m[i]
    return total / (intervals - 2 * skipped + 1) if math.isfinite(guard) else guard


@kernel
def read_profile(
    heights_m: NDArray[np.float64], step_m: float, tx_height_m: float, rx_height_m: float, curvature: float
) -> Terminals:
    """
    Reduce a profile to the terminals that Longley-Rice works with.

    Parameters
    ----------
    heights_m : ndarray, shape (n,)
        Terrain from the transmitter to the receiver, two points or more. [m]
    step_m : float
        Distance between two points. [m]
    tx_height_m, rx_height_m : float
        Antennas above ground. [m]
    curvature : float
        Effective curvature of the earth. [1/m]

    Returns
    -------
    Terminals
    """
    intervals = heights_m.size - 1
    distance_m = intervals * step_m
    horizons = _find_horizons(heights_m, step_m, tx_height_m, rx_height_m, curvature)
    tx_horizon_m, tx_angle, rx_horizon_m, rx_angle = horizons
    start_m = min(15.0 * tx_height_m, 0.1 * tx_horizon_m)
    end_m = distance_m - min(15.0 * rx_height_m, 0.1 * rx_horizon_m)
    roughness_m = _roughness(heights_m, step_m, start_m, end_m)
    if tx_horizon_m + rx_horizon_m <= 1.5 * distance_m:
        tx_ground_m = _fit_line(heights_m, start_m / step_m, 0.9 * tx_horizon_m / step_m)[0]
        rx_ground_m = _fit_line(heights_m, (distance_m - 0.9 * rx_horizon_m) / step_m, end_m / step_m)[1]
        tx_effective_m = tx_height_m + max(heights_m[0] - tx_ground_m, 0.0)
        rx_effective_m = rx_height_m + max(heights_m[intervals] - rx_ground_m, 0.0)
    else:
        # In line of sight the ground that reflects is the whole path, and the horizons are hypothetical.
        tx_ground_m, rx_ground_m = _fit_line(heights_m, start_m / step_m, end_m / step_m)
        tx_effective_m = tx_height_m + max(heights_m[0] - tx_ground_m, 0.0)
        rx_effective_m = rx_height_m + max(heights_m[intervals] - rx_ground_m, 0.0)
        sees_m = rough_horizon(tx_effective_m, roughness_m, curvature)[0]
        sees_m += rough_horizon(rx_effective_m, roughness_m, curvature)[0]
        if sees_m <= distance_m:
            lift = (distance_m / sees_m) ** 2
            tx_effective_m *= lift
            rx_effective_m *= lift
        tx_horizon_m, tx_angle = rough_horizon(tx_effective_m, roughness_m, curvature)
        rx_horizon_m, rx_angle = rough_horizon(rx_effective_m, roughness_m, curvature)
    return Terminals(
        distance_m,
        roughness_m,
        tx_effective_m,
        rx_effective_m,
        tx_horizon_m,
        rx_horizon_m,
        tx_angle,
        rx_angle,
    )


@kernel
def _find_horizons(
    heights_m: NDArray[np.float64], step_m: float, tx_height_m: float, rx_height_m: float, curvature: float
) -> tuple[float, float, float, float]:
    """Return distance and elevation of what limits the view of each antenna, which may be the other."""
    intervals = heights_m.size - 1
    distance_m = intervals * step_m
    tx_m = heights_m[0] + tx_height_m
    rx_m = heights_m[intervals] + rx_height_m
    tilt = (rx_m - tx_m) / distance_m
    tx_angle = tilt - 0.5 * curvature * distance_m
    rx_angle = -tilt - 0.5 * curvature * distance_m
    tx_horizon_m = distance_m
    rx_horizon_m = distance_m
    from_tx_m, from_rx_m = 0.0, distance_m
    for i in range(1, intervals):
        from_tx_m += step_m
        from_rx_m -= step_m
        seen_by_tx = (heights_m[i] - tx_m) / from_tx_m - 0.5 * curvature * from_tx_m
        seen_by_rx = (heights_m[i] - rx_m) / from_rx_m - 0.5 * curvature * from_rx_m
        if seen_by_tx > tx_angle:
            tx_angle, tx_horizon_m = seen_by_tx, from_tx_m
        if seen_by_rx > rx_angle:
            rx_angle, rx_horizon_m = seen_by_rx, from_rx_m
    return tx_horizon_m, tx_angle, rx_horizon_m, rx_angle


@kernel
def _fit_line(heights_m: NDArray[np.float64], start: float, end: float) -> tuple[float, float]:
    """Return a least-squares line through part of a profile, at both ends of the profile. [m]."""
    last = heights_m.size - 1
    first_used = int(max(start, 0.0))
    last_used = last - int(max(last - end, 0.0))
    if last_used <= first_used:
        first_used = max(first_used - 1, 0)
        last_used = last - max(last - (last_used + 1), 0)
    span = last_used - first_used
    middle = 0.5 * (first_used + last_used)
    # The trapezoidal rule: both ends count half.
    total = 0.5 * (heights_m[first_used] + heights_m[last_used])
    moment = 0.25 * span * (heights_m[last_used] - heights_m[first_used])
    for i in range(first_used + 1, last_used):
        total += heights_m[i]
        moment += heights_m[i] * (i - middle)
    mean_m = total / span
    slope = 12.0 * moment / ((span * span + 2.0) * span)
    return mean_m - slope * middle, mean_m + slope * (last - middle)


@kernel
def _roughness(heights_m: NDArray[np.float64], step_m: float, start_m: float, end_m: float) -> float:
    """Return the distance between the deciles of the terrain about a straight line, at its asymptote. [m]."""
    start, end = start_m / step_m, end_m / step_m
    if end - start < 2.0:
        return 0.0
    decile = min(max(4, int(0.1 * (end - start + 8.0))), 25)
    samples = 10 * decile - 5
    sampled_m = np.empty(samples)
    stride = (end - start) / (samples - 1)
    last = heights_m.size - 1
    for i in range(samples):
        at = start + i * stride
        right = min(max(math.ceil(at), 1), last)
        sampled_m[i] = heights_m[right] + (heights_m[right] - heights_m[right - 1]) * (at - right)
    at_start_m, at_end_m = _fit_line(sampled_m, 0.0, samples - 1.0)
    slope = (at_end_m - at_start_m) / (samples - 1)
    for i in range(samples):
        sampled_m[i] -= at_start_m + i * slope
    sampled_m.sort()
    between_m: float = sampled_m[samples - decile] - sampled_m[decile - 1]
    shown: float = roughness_at(end_m - start_m, 1.0)
    return between_m / shown
