"""Longley-Rice far beyond the horizon: what the troposphere scatters forward."""

import math

from lomsong.compiled import kernel
from lomsong.propagation.itm_link import MHZ_PER_WAVE_NUMBER, Horizon, Link

#: Beyond these products of scatter angle and distance the attenuation function F has other coefficients. [m]
_BREAKS_M = (10e3, 70e3)
_ATTENUATION = ((133.4, 0.332e-3, -10.0), (104.6, 0.212e-3, -2.5), (71.8, 0.157e-3, 5.0))
#: Coefficients of the frequency gain H0 where the scatter efficiency eta is 1, 2, 3, 4 and 5.
_H0_FOURTH = (25.0, 80.0, 177.0, 395.0, 705.0)
_H0_SQUARE = (24.0, 45.0, 68.0, 80.0, 105.0)
#: With both antennas lower than this, in radians of phase, there is no scatter formula.
_LEAST_R = 0.2
#: The line goes through this and twice this distance behind both horizons. [m]
_NEAR_M = 200e3
#: H in the scatter loss 10 log10(k H theta^4). [m]
_SCATTER_HEIGHT_M = 47.7
#: A frequency gain above this gives way to that of the farther point. [dB]
_MOST_H0_DB = 15.0


@kernel
def scatter_line(link: Link, horizon: Horizon, slope: float, base: float) -> tuple[float, float, float]:
    """
    Troposcatter as a line through two far points, and where it takes over from diffraction.

    Parameters
    ----------
    link : Link
    horizon : Horizon
    slope, base : float
        Slope [dB/m] and intercept [dB] of the diffraction line.

    Returns
    -------
    tuple of float
        Slope [dB/m] and intercept [dB] of the scatter line, and the distance where it starts, infinite where
        the antennas are too low for the formula. [m]
    """
    near_m = horizon.rough_m + _NEAR_M
    far_m = near_m + _NEAR_M
    near_h0, far_h0 = _frequency_gain(near_m, link), _frequency_gain(far_m, link)
    if far_h0 > _MOST_H0_DB or _MOST_H0_DB < near_h0 < math.inf:
        near_h0 = far_h0
    if math.isinf(near_h0):
        return slope, base, math.inf
    near_db = _scatter_loss(near_m, near_h0, link, horizon)
    far_db = _scatter_loss(far_m, far_h0, link, horizon)
    scatter_slope = (far_db - near_db) / (far_m - near_m)
    scale_m = 1.0 / (link.curvature**2 * link.frequency_mhz) ** (1.0 / 3.0)
    start_m = max(horizon.smooth_m, horizon.rough_m + 1.088 * scale_m * math.log(link.frequency_mhz))
    start_m = max(start_m, (near_db - base - scatter_slope * near_m) / (slope - scatter_slope))
    return scatter_slope, (slope - scatter_slope) * start_m + base, start_m


@kernel
def _scatter_loss(distance_m: float, h0_db: float, link: Link, horizon: Horizon) -> float:
    """Return the troposcatter loss. [dB]."""
    angle = horizon.angle + distance_m * link.curvature
    wave_number = link.frequency_mhz / MHZ_PER_WAVE_NUMBER
    loss_db = _attenuation(angle * distance_m) + 10.0 * math.log10(_SCATTER_HEIGHT_M * wave_number * angle**4)
    loss_db -= 0.1 * (link.refractivity - 301.0) * math.exp(-angle * distance_m / 40e3)
    return loss_db + h0_db


@kernel
def _frequency_gain(distance_m: float, link: Link) -> float:
    """Return H0, what low antennas lose, infinite where they are too low for the formula. [dB]."""
    path = link.path
    angle = path.tx_angle + path.rx_angle + distance_m * link.curvature
    double = 2.0 * link.frequency_mhz / MHZ_PER_WAVE_NUMBER * angle
    tx_r, rx_r = double * path.tx_effective_m, double * path.rx_effective_m
    if tx_r < _LEAST_R and rx_r < _LEAST_R:
        return math.inf
    apart_m = path.tx_horizon_m - path.rx_horizon_m
    ratio = path.rx_effective_m / path.tx_effective_m
    if apart_m < 0.0:
        apart_m, ratio = -apart_m, 1.0 / ratio
    asymmetry = (distance_m - apart_m) / (distance_m + apart_m)
    q = min(max(0.1, ratio / asymmetry), 10.0)
    asymmetry = max(0.1, asymmetry)
    crossing_m = (distance_m - apart_m) * (distance_m + apart_m) * angle * 0.25 / distance_m
    eta = _efficiency(crossing_m, link.refractivity)
    bounded = max(eta, 1.0)
    h0_db = 0.5 * (_h0(tx_r, bounded) + _h0(rx_r, bounded))
    unequal_db = 6.0 * (0.6 - math.log10(bounded)) * math.log10(asymmetry) * math.log10(q)
    h0_db = max(h0_db + min(h0_db, unequal_db), 0.0)
    if eta >= 1.0:
        return h0_db
    root = math.sqrt(2.0)
    low = ((1.0 + root / tx_r) * (1.0 + root / rx_r)) ** 2 * (tx_r + rx_r) / (tx_r + rx_r + 2.0 * root)
    return eta * h0_db + (1.0 - eta) * 10.0 * math.log10(low)


@kernel
def _efficiency(crossing_m: float, refractivity: float) -> float:
    """Return the scatter efficiency eta from the height where the two horizon rays cross. [unitless]."""
    air = 0.031 - 2.32e-3 * refractivity + 5.67e-6 * refractivity**2
    return crossing_m / 1.7556e3 * (1.0 + air * math.exp(-(min(1.7, crossing_m / 8e3) ** 6)))


@kernel
def _h0(r: float, eta: float) -> float:
    """Return H0 of one terminal, between its curves for whole eta. [dB]."""
    below = min(int(eta), 4)
    part = min(eta, 5.0) - below
    low_db = _h0_curve(r, below)
    return low_db + part * (_h0_curve(r, below + 1) - low_db)


@kernel
def _h0_curve(r: float, eta: int) -> float:
    """Return H0 where eta is 1, 2, 3, 4 or 5. [dB]."""
    return 10.0 * math.log10(1.0 + _H0_FOURTH[eta - 1] / r**4 + _H0_SQUARE[eta - 1] / r**2)


@kernel
def _attenuation(angular_m: float) -> float:
    """Return the attenuation function F of scatter angle times distance. [dB]."""
    part = 2
    if angular_m <= _BREAKS_M[1]:
        part = 1
    if angular_m <= _BREAKS_M[0]:
        part = 0
    constant, linear, logarithmic = _ATTENUATION[part]
    return constant + linear * angular_m + logarithmic * math.log10(angular_m)
