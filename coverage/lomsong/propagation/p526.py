"""
Diffraction over terrain after ITU-R P.526: knife edge, Bullington, delta-Bullington.

ITU-R P.1812-8 takes the same formulas over as its section 4.3; the numbers in brackets are its equations. The
kernels work on the first `n` samples of one profile and allocate nothing, so they can run inside any loop; the
public functions take many profiles and check what they are given.

The knife edge that replaces the terrain in the Bullington construction stands where the steepest tangents from
both ends cross. With their slopes s_t and s_r over the direct line, its parameter is
``nu = sqrt(2 d s_t s_r / lambda)``: equations (18) to (20) in one, and the same from either end.
"""

# Kernels take everything by position.
# ruff: noqa: FBT001

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lomsong.compiled import kernel
from lomsong.propagation.limits import Limit, refuse_outside
from lomsong.propagation.p526_profile import (
    Scan,
    fit_smooth_earth,
    lower_smooth_earth,
    scan_profile,
    stack_profiles,
)
from lomsong.propagation.p526_sphere import WAVELENGTH_M_MHZ, spherical_earth_kernel
from lomsong.units import EARTH_RADIUS_M

#: Refractivity gradient at which a ray follows the earth, P.1812-8 (6). [N-units/km]
_DUCTING_GRADIENT = 157.0
#: A thin ridge this far below the line costs nothing, P.526-15 section 4.1. [unitless]
_CLEAR_NU = -0.78

_GRADIENT = Limit("refractivity_gradient", -math.inf, _DUCTING_GRADIENT, "N-units/km", high_excluded=True)
_FREQUENCY = Limit("frequency_mhz", 0.0, math.inf, "MHz", low_excluded=True)
_RADIUS = Limit("effective_earth_radius_m", 0.0, math.inf, "m", low_excluded=True)
_SEA_FRACTION = Limit("sea_fraction", 0.0, 1.0, "")
_TX_HEIGHT = Limit("transmitter_height_m", 0.0, math.inf, "m")
_RX_HEIGHT = Limit("receiver_height_m", 0.0, math.inf, "m")

_Floats = NDArray[np.float64]


def effective_earth_radius(refractivity_gradient: ArrayLike) -> _Floats:
    """
    Earth radius over which rays are straight lines.

    Parameters
    ----------
    refractivity_gradient : array_like, shape (...)
        Fall of the radio refractivity in the lowest kilometre (Delta N), below 157. [N-units/km]

    Returns
    -------
    ndarray, shape (...)
        Radius. [m]

    Raises
    ------
    RadioError
        If the gradient is 157 or more: such rays bend more than the earth.

    References
    ----------
    .. [1] ITU-R P.1812-8, equations (6) and (7a).
    """
    gradient = np.asarray(refractivity_gradient, dtype=np.float64)
    refuse_outside("effective earth radius", (_GRADIENT, gradient))
    return np.asarray(EARTH_RADIUS_M * _DUCTING_GRADIENT / (_DUCTING_GRADIENT - gradient))


@kernel
def knife_edge_kernel(nu: float) -> float:
    """Loss of one thin ridge, for callers that are themselves compiled; (16). `knife_edge_loss` defines it."""
    if nu <= _CLEAR_NU:
        return 0.0
    return 6.9 + 20.0 * math.log10(math.sqrt((nu - 0.1) ** 2 + 1.0) + nu - 0.1)


def knife_edge_loss(nu: ArrayLike) -> _Floats:
    """
    Loss caused by one thin ridge between transmitter and receiver.

    Parameters
    ----------
    nu : array_like, shape (...)
        Fresnel diffraction parameter; positive when the ridge blocks the line of sight. [unitless]

    Returns
    -------
    ndarray, shape (...)
        Loss in excess of free space, never negative; NaN where `nu` is NaN. [dB]

    References
    ----------
    .. [1] ITU-R P.526-15, section 4.1 (single knife-edge obstacle), equation (31).
    """
    values = np.asarray(nu, dtype=np.float64)
    above = np.maximum(values, _CLEAR_NU) - 0.1
    loss_db = 6.9 + 20.0 * np.log10(np.sqrt(above**2 + 1.0) + above)
    return np.where(values <= _CLEAR_NU, 0.0, loss_db)


@kernel
def obstacle_parameter(scan: Scan, distance_m: float, frequency_mhz: float) -> float:
    """Return the largest knife-edge parameter nu of a scanned profile; minus infinity where it has no samples."""
    factor = 2.0 * distance_m * frequency_mhz / WAVELENGTH_M_MHZ
    return math.copysign(math.sqrt(abs(scan.strongest) * factor), scan.strongest)


@kernel
def bullington_kernel(scan: Scan, distance_m: float, frequency_mhz: float) -> float:
    """Bullington loss of a scanned profile, P.1812-8 section 4.3.1, (13) to (21). [dB]."""
    if scan.tx_slope < 0.0:
        nu = obstacle_parameter(scan, distance_m, frequency_mhz)  # line of sight: (14) and (15)
    else:
        factor = 2.0 * distance_m * frequency_mhz / WAVELENGTH_M_MHZ
        nu = math.sqrt(factor * scan.tx_slope * scan.rx_slope)  # crossing of both tangents: (17) to (20)
    knife_db = knife_edge_kernel(nu)
    return knife_db + (1.0 - math.exp(-knife_db / 6.0)) * (10.0 + 2e-5 * distance_m)  # (21), here in metres


@kernel
def delta_bullington_kernel(
    scan: Scan,
    distance_m: _Floats,
    n: int,
    smooth_tx_m: float,
    smooth_rx_m: float,
    frequency_mhz: float,
    effective_earth_radius_m: float,
    vertical: bool,
    sea_fraction: float,
) -> float:
    """
    Delta-Bullington loss of a profile that is already scanned, P.1812-8 section 4.3.4. [dB].

    `smooth_tx_m` and `smooth_rx_m` are the antennas above what `lower_smooth_earth` returns, (37).
    """
    d = distance_m[n - 1]
    loss_db = bullington_kernel(scan, d, frequency_mhz)
    sphere_db = spherical_earth_kernel(
        d, smooth_tx_m, smooth_rx_m, frequency_mhz, effective_earth_radius_m, vertical, sea_fraction
    )
    if sphere_db > 0.0:  # else the smooth profile, which costs zero or more, changes nothing
        curvature = 1.0 / effective_earth_radius_m
        smooth = scan_profile(distance_m, distance_m, n, smooth_tx_m, smooth_rx_m, curvature, True)
        loss_db += max(sphere_db - bullington_kernel(smooth, d, frequency_mhz), 0.0)  # (38) and (39)
    return loss_db


@kernel
def delta_bullington_profile(
    distance_m: _Floats,
    height_m: _Floats,
    n: int,
    transmitter_amsl_m: float,
    receiver_amsl_m: float,
    frequency_mhz: float,
    effective_earth_radius_m: float,
    vertical: bool,
    sea_fraction: float,
) -> tuple[float, int, float]:
    """
    Delta-Bullington loss of one profile, for callers that are themselves compiled; allocates nothing.

    Parameters
    ----------
    distance_m, height_m : ndarray, shape (>= n,)
        The first `n` samples are the terrain from transmitter to receiver, both included, two or more; distances
        rise from 0. [m]
    n : int
        Samples in use.
    transmitter_amsl_m, receiver_amsl_m : float
        Antennas above sea level, at or above the ground. [m]
    frequency_mhz, effective_earth_radius_m, vertical, sea_fraction
        As in `delta_bullington_loss`.

    Returns
    -------
    loss_db : float
        Loss in excess of free space; NaN where a height is NaN.
    obstacle : int
        Sample with the largest knife-edge parameter against the direct line, with earth bulge; 0 where none lies
        between the ends.
    obstacle_nu : float
        That parameter: positive where the line of sight is blocked.
    """
    fit_tx_m, fit_rx_m = fit_smooth_earth(distance_m, height_m, n)
    if math.isnan(fit_tx_m + fit_rx_m):
        return math.nan, 0, math.nan
    smooth_tx_m, smooth_rx_m = lower_smooth_earth(
        distance_m, height_m, n, transmitter_amsl_m, receiver_amsl_m, fit_tx_m, fit_rx_m
    )
    curvature = 1.0 / effective_earth_radius_m
    scan = scan_profile(distance_m, height_m, n, transmitter_amsl_m, receiver_amsl_m, curvature, False)
    loss_db = delta_bullington_kernel(
        scan,
        distance_m,
        n,
        transmitter_amsl_m - smooth_tx_m,
        receiver_amsl_m - smooth_rx_m,
        frequency_mhz,
        effective_earth_radius_m,
        vertical,
        sea_fraction,
    )
    return loss_db, scan.obstacle, obstacle_parameter(scan, distance_m[n - 1], frequency_mhz)


@kernel
def _delta_bullington_paths(distance_m: _Floats, height_m: _Floats, numbers: _Floats) -> _Floats:
    """Run `delta_bullington_profile` on every row; `numbers` holds its scalars in its order. [dB]."""
    paths, n = distance_m.shape
    loss_db = np.empty(paths)
    for i in range(paths):
        tx_m, rx_m, frequency, radius, vertical, sea = numbers[i]
        tx_m += height_m[i, 0]
        rx_m += height_m[i, n - 1]
        found = delta_bullington_profile(
            distance_m[i], height_m[i], n, tx_m, rx_m, frequency, radius, vertical > 0.5, sea
        )
        loss_db[i] = math.nan if math.isnan(numbers[i].sum() + distance_m[i].sum()) else found[0]
    return loss_db


def delta_bullington_loss(
    distance_m: ArrayLike,
    height_m: ArrayLike,
    *,
    transmitter_height_m: ArrayLike,
    receiver_height_m: ArrayLike,
    frequency_mhz: ArrayLike,
    effective_earth_radius_m: ArrayLike,
    vertical: ArrayLike = True,
    sea_fraction: ArrayLike = 0.0,
) -> _Floats:
    """
    Diffraction loss over terrain by the delta-Bullington method, in excess of free space.

    Bullington's construction over the real profile, corrected by what a smooth spherical earth costs more than
    Bullington's construction over that same smooth earth.

    Parameters
    ----------
    distance_m : array_like, shape (..., n)
        Distance of the samples from the transmitter: from 0, rising, the receiver last. [m]
    height_m : array_like, shape (..., n)
        Terrain above sea level. [m]
    transmitter_height_m, receiver_height_m : array_like, shape (...)
        Antennas above the ground at the first and the last sample, zero or more. [m]
    frequency_mhz : array_like, shape (...)
        Carrier frequency, above zero. [MHz]
    effective_earth_radius_m : array_like, shape (...)
        Earth radius with refraction, as of `effective_earth_radius`. [m]
    vertical : array_like of bool, shape (...)
        True for vertical polarisation, False for horizontal.
    sea_fraction : array_like, shape (...)
        Part of the path over sea water, 0 to 1. [unitless]

    Returns
    -------
    ndarray, shape (...)
        Loss, zero or more; NaN where an input is NaN. [dB]

    Raises
    ------
    RadioError
        If an input is outside its range, or a profile is not one.

    References
    ----------
    .. [1] ITU-R P.526-15, section 4.5 (general method for one or more terrain obstacles).
    .. [2] ITU-R P.1812-8, sections 4.3.1 to 4.3.4.
    """
    limits = (_TX_HEIGHT, _RX_HEIGHT, _FREQUENCY, _RADIUS, _SEA_FRACTION)
    given = (transmitter_height_m, receiver_height_m, frequency_mhz, effective_earth_radius_m, sea_fraction)
    tx, rx, frequency, radius, sea = (np.asarray(values, dtype=np.float64) for values in given)
    refuse_outside("delta-Bullington", *zip(limits, (tx, rx, frequency, radius, sea), strict=True))
    shape, rows = stack_profiles(
        "delta-Bullington", distance_m, height_m, per_path=(tx, rx, frequency, radius, vertical, sea)
    )
    return np.asarray(_delta_bullington_paths(*rows)).reshape(shape)
