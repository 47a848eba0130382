"""
Diffraction over a smooth spherical earth: the part of ITU-R P.526 that knows no hills.

Recommendation P.1812-8 takes these formulas over as its sections 4.3.2 and 4.3.3; the numbers in brackets are
its equations. Inside the horizon the loss is interpolated down to zero at the height that clears the path.
"""

# Kernels take everything by position.
# ruff: noqa: FBT001

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lomsong.compiled import kernel
from lomsong.propagation.limits import Limit, refuse_outside

#: Speed of light that the P series takes for wavelengths: lambda = 0.2998 / f(GHz). [m MHz]
WAVELENGTH_M_MHZ = 299.8
#: Relative permittivity and conductivity of average land and of sea water, P.1812-8 section 4.3.3. [1, S/m]
LAND = (22.0, 0.003)
SEA = (80.0, 5.0)
#: Height over the bulge at which the sphere costs nothing, (26): 17.456 with distances in km. [sqrt(m) form]
_CLEARANCE = 17.456 / math.sqrt(1000.0)

_DISTANCE = Limit("distance_m", 0.0, math.inf, "m", low_excluded=True)
_RADIUS = Limit("effective_earth_radius_m", 0.0, math.inf, "m", low_excluded=True)
_FREQUENCY = Limit("frequency_mhz", 0.0, math.inf, "MHz", low_excluded=True)
_SEA_FRACTION = Limit("sea_fraction", 0.0, 1.0, "")
_TX_HEIGHT = Limit("transmitter_height_m", 0.0, math.inf, "m")
_RX_HEIGHT = Limit("receiver_height_m", 0.0, math.inf, "m")


@kernel
def spherical_earth_kernel(
    distance_m: float,
    transmitter_height_m: float,
    receiver_height_m: float,
    frequency_mhz: float,
    effective_earth_radius_m: float,
    vertical: bool,
    sea_fraction: float,
) -> float:
    """
    Loss over the sphere of one path, for callers that are themselves compiled.

    P.1812-8 section 4.3.2, equations (22) to (27), in metres. `spherical_earth_loss` has the definition.
    """
    d, tx, rx, radius = distance_m, transmitter_height_m, receiver_height_m, effective_earth_radius_m
    line_of_sight_m = math.sqrt(2.0 * radius) * (math.sqrt(tx) + math.sqrt(rx))  # (22)
    if d >= line_of_sight_m:
        return _first_term(d, tx, rx, frequency_mhz, radius, vertical, sea_fraction)
    c = (tx - rx) / (tx + rx)  # (24d)
    m = d * d / (4.0 * radius * (tx + rx))  # (24e)
    cosine = 1.5 * c * math.sqrt(3.0 * m / (m + 1.0) ** 3)
    angle = math.acos(min(max(cosine, -1.0), 1.0))
    b = 2.0 * math.sqrt((m + 1.0) / (3.0 * m)) * math.cos(math.pi / 3.0 + angle / 3.0)  # (24c)
    d1 = 0.5 * d * (1.0 + b)  # (24a)
    d2 = d - d1  # (24b)
    clearance_m = ((tx - d1 * d1 / (2.0 * radius)) * d2 + (rx - d2 * d2 / (2.0 * radius)) * d1) / d  # (23)
    required_m = _CLEARANCE * math.sqrt(d1 * d2 * WAVELENGTH_M_MHZ / (frequency_mhz * d))  # (26)
    if clearance_m > required_m:
        return 0.0
    marginal_radius_m = 0.5 * (d / (math.sqrt(tx) + math.sqrt(rx))) ** 2  # (25)
    first_db = _first_term(d, tx, rx, frequency_mhz, marginal_radius_m, vertical, sea_fraction)
    if first_db < 0.0:
        return 0.0
    return (1.0 - clearance_m / required_m) * first_db  # (27)


@kernel
def _first_term(
    distance_m: float,
    transmitter_height_m: float,
    receiver_height_m: float,
    frequency_mhz: float,
    radius_m: float,
    vertical: bool,
    sea_fraction: float,
) -> float:
    """Return the first term of the residue series, weighted by land and sea, (28). [dB]."""
    loss_db = 0.0
    if sea_fraction < 1.0:
        loss_db += (1.0 - sea_fraction) * _first_term_over(
            distance_m, transmitter_height_m, receiver_height_m, frequency_mhz, radius_m, vertical, LAND
        )
    if sea_fraction > 0.0:
        loss_db += sea_fraction * _first_term_over(
            distance_m, transmitter_height_m, receiver_height_m, frequency_mhz, radius_m, vertical, SEA
        )
    return loss_db


@kernel
def _first_term_over(
    distance_m: float,
    transmitter_height_m: float,
    receiver_height_m: float,
    frequency_mhz: float,
    radius_m: float,
    vertical: bool,
    ground: tuple[float, float],
) -> float:
    """Return the first term of the residue series over one kind of ground, (29) to (36). [dB]."""
    permittivity, conductivity = ground
    radius_km = radius_m / 1000.0
    losses = 18_000.0 * conductivity / frequency_mhz
    admittance: float = 0.36 * (radius_km * frequency_mhz) ** (-1.0 / 3.0)  # (29a)
    admittance *= ((permittivity - 1.0) ** 2 + losses * losses) ** -0.25
    if vertical:
        admittance *= math.sqrt(permittivity * permittivity + losses * losses)  # (29b)
    k2 = admittance * admittance
    beta = (1.0 + 1.6 * k2 + 0.67 * k2 * k2) / (1.0 + 4.5 * k2 + 1.53 * k2 * k2)  # (30)
    x: float = (
        2.188 * beta * (frequency_mhz / (radius_km * radius_km)) ** (1.0 / 3.0) * distance_m / 1000.0
    )  # (31)
    per_metre: float = 9.575e-3 * beta * (frequency_mhz * frequency_mhz / radius_km) ** (1.0 / 3.0)  # (32)
    if x >= 1.6:
        distance_db = 11.0 + 10.0 * math.log10(x) - 17.6 * x  # (33)
    else:
        distance_db = -20.0 * math.log10(x) - 5.6488 * math.pow(x, 1.425)
    tx_db = _height_gain(beta * per_metre * transmitter_height_m, admittance)
    rx_db = _height_gain(beta * per_metre * receiver_height_m, admittance)
    return -distance_db - tx_db - rx_db  # (36)


@kernel
def _height_gain(b: float, admittance: float) -> float:
    """Return what the height of one antenna gains, (34) and (35); at least that of an antenna on the ground. [dB]."""
    if b > 2.0:
        gain_db = 17.6 * math.sqrt(b - 1.1) - 5.0 * math.log10(b - 1.1) - 8.0
    else:
        gain_db = 20.0 * math.log10(b + 0.1 * b * b * b)
    lowest_db = 2.0 + 20.0 * math.log10(admittance)
    # Written so that NaN passes through.
    return lowest_db if gain_db < lowest_db else gain_db


def spherical_earth_loss(
    distance_m: ArrayLike,
    transmitter_height_m: ArrayLike,
    receiver_height_m: ArrayLike,
    frequency_mhz: ArrayLike,
    *,
    effective_earth_radius_m: ArrayLike,
    vertical: ArrayLike = True,
    sea_fraction: ArrayLike = 0.0,
) -> NDArray[np.float64]:
    """
    Diffraction loss over a smooth spherical earth, in excess of free space.

    Parameters
    ----------
    distance_m : array_like, shape (...)
        Path length, above zero. [m]
    transmitter_height_m, receiver_height_m : array_like, shape (...)
        Antennas above the sphere, zero or more. [m]
    frequency_mhz : array_like, shape (...)
        Carrier frequency, above zero. [MHz]
    effective_earth_radius_m : array_like, shape (...)
        Earth radius with refraction. [m]
    vertical : array_like of bool, shape (...)
        True for vertical polarisation, False for horizontal.
    sea_fraction : array_like, shape (...)
        Part of the path over sea water, 0 to 1; the rest is average land. [unitless]

    Returns
    -------
    ndarray, shape (...)
        Loss of the broadcast inputs, NaN where an input is NaN. Zero where the path clears the bulge; beyond the
        horizon it can be below zero by a little where the first term alone no longer holds. [dB]

    Raises
    ------
    RadioError
        If an input is outside its range.

    References
    ----------
    .. [1] ITU-R P.526-15, section 3.2 (diffraction over a smooth spherical earth).
    .. [2] ITU-R P.1812-8, sections 4.3.2 and 4.3.3.
    """
    limits = (_DISTANCE, _TX_HEIGHT, _RX_HEIGHT, _FREQUENCY, _RADIUS, _SEA_FRACTION)
    given = (
        distance_m,
        transmitter_height_m,
        receiver_height_m,
        frequency_mhz,
        effective_earth_radius_m,
        sea_fraction,
    )
    values = [np.asarray(value, dtype=np.float64) for value in given]
    refuse_outside("spherical earth", *zip(limits, values, strict=True))
    vertical = np.asarray(vertical, dtype=np.bool_)
    broadcast = np.broadcast(*values, vertical)
    loss_db = np.array(
        [
            spherical_earth_kernel(d, tx, rx, f, radius, v, sea) if not math.isnan(sea) else math.nan
            for d, tx, rx, f, radius, sea, v in broadcast
        ],
        dtype=np.float64,
    )
    return loss_db.reshape(broadcast.shape)
