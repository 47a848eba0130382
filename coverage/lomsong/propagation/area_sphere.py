"""
What the bulge of the earth adds to the loss of one path, at the speed that an area needs.

The same formulas as in `p526_sphere` and `p526`, for average land. What only the carrier decides is worked out once
in `prepare_sphere`, every power that is left comes from a logarithm, and the smooth earth is scanned at the samples
that decide instead of at all. The numbers in brackets are equations of P.1812-8.
"""

# Kernels take everything by position.
# ruff: noqa: FBT001

import math
from typing import NamedTuple

from lomsong.compiled import inlined_kernel, kernel
from lomsong.propagation.p526_sphere import LAND, WAVELENGTH_M_MHZ

#: Height over the bulge at which the sphere costs nothing, (26): 17.456 with distances in km. [sqrt(m) form]
_CLEARANCE = 17.456 / math.sqrt(1000.0)
#: 20 log10(x) = _DECIBELS log(x); the natural logarithm is several times faster.
_DECIBELS = 20.0 / math.log(10.0)
#: A thin ridge this far below the line costs nothing, P.526-15 section 4.1. [unitless]
_CLEAR_NU = -0.78
#: (25) in kilometres: the logarithm of half a thousandth.
_LOG_HALF_KM = math.log(0.5e-3)


class Sphere(NamedTuple):
    """What the carrier decides about a round earth of average land, with the earth's radius in km."""

    admittance: float  # (29) times the cube root of the radius
    per_metre: float  # (32) likewise, without beta
    along: float  # (31) times the squared cube root of the radius, without beta [1/m]
    log_radius: float  # of the effective earth
    clearance: float  # (26) but for the distances


@kernel
def prepare_sphere(frequency_mhz: float, vertical: bool, earth_radius_m: float) -> Sphere:
    """Work out what is the same for every receiver."""
    permittivity, conductivity = LAND
    losses = 18_000.0 * conductivity / frequency_mhz
    admittance = 0.36 * frequency_mhz ** (-1.0 / 3.0) * ((permittivity - 1.0) ** 2 + losses**2) ** -0.25
    if vertical:
        admittance *= math.sqrt(permittivity**2 + losses**2)
    cube_root = frequency_mhz ** (1.0 / 3.0)
    return Sphere(
        admittance,
        9.575e-3 * cube_root * cube_root,
        2.188e-3 * cube_root,
        math.log(1e-3 * earth_radius_m),
        _CLEARANCE * math.sqrt(WAVELENGTH_M_MHZ / frequency_mhz),
    )


@inlined_kernel
def bullington(nu: float, distance_m: float) -> float:
    """Return the Bullington loss of its equivalent knife edge, (16) and (21). [dB]."""
    if nu <= _CLEAR_NU:
        return 0.0
    above = nu - 0.1
    knife_db = 6.9 + _DECIBELS * math.log(math.sqrt(above * above + 1.0) + above)
    return knife_db + (1.0 - math.exp(-knife_db / 6.0)) * (10.0 + 2e-5 * distance_m)


@kernel
def bulge_excess(
    d: float, steps: float, tx_m: float, rx_m: float, radius_m: float, frequency_mhz: float, sphere: Sphere
) -> float:
    """
    Return the loss over the sphere less the Bullington loss over it, zero at least, (22) to (28) and (40). [dB].

    Parameters
    ----------
    steps : float
        Equal intervals that the path is sampled at, and with it the smooth earth under the Bullington loss.
    tx_m, rx_m : float
        Antennas over the smooth earth. [m]
    radius_m : float
        Of the effective earth. [m]
    """
    roots = math.sqrt(tx_m) + math.sqrt(rx_m)
    place = math.nan  # of the least clearance, -1 to 1 from end to end; each formula may have to ask for it
    if d >= math.sqrt(2.0 * radius_m) * roots:  # (22)
        sphere_db = _first_term(d, tx_m, rx_m, sphere.log_radius, sphere)
    else:
        place = _tightest(d, tx_m, rx_m, radius_m)
        d1, d2 = 0.5 * d * (1.0 + place), 0.5 * d * (1.0 - place)
        drop = 0.5 / radius_m
        clearance_m = ((tx_m - d1 * d1 * drop) * d2 + (rx_m - d2 * d2 * drop) * d1) / d  # (23)
        required_m = sphere.clearance * math.sqrt(d1 * d2 / d)  # (26)
        if clearance_m > required_m:
            return 0.0
        log_radius = _LOG_HALF_KM + 2.0 * math.log(d / roots)  # (25)
        sphere_db = (1.0 - clearance_m / required_m) * _first_term(d, tx_m, rx_m, log_radius, sphere)  # (27)
    if sphere_db <= 0.0:
        return 0.0
    return max(sphere_db - _smooth_bullington(d, steps, tx_m, rx_m, radius_m, frequency_mhz, place), 0.0)


@inlined_kernel
def _tightest(d: float, tx_m: float, rx_m: float, radius_m: float) -> float:
    """Return where a sphere is nearest to the line of sight in Fresnel radii, -1 to 1 from end to end, (24)."""
    m = d * d / (4.0 * radius_m * (tx_m + rx_m))
    above = m + 1.0
    cosine = 1.5 * (tx_m - rx_m) / (tx_m + rx_m) * math.sqrt(3.0 * m / (above * above * above))
    angle = math.acos(min(max(cosine, -1.0), 1.0))
    return 2.0 * math.sqrt(above / (3.0 * m)) * math.cos((math.pi + angle) / 3.0)


@inlined_kernel
def _first_term(d: float, tx_m: float, rx_m: float, log_radius: float, sphere: Sphere) -> float:
    """Return the first term of the residue series, (29) to (36), given the logarithm of the radius in km. [dB]."""
    shrink = math.exp(-log_radius / 3.0)
    admittance = sphere.admittance * shrink
    k2 = admittance * admittance
    beta = (1.0 + 1.6 * k2 + 0.67 * k2 * k2) / (1.0 + 4.5 * k2 + 1.53 * k2 * k2)  # (30)
    x = sphere.along * beta * shrink * shrink * d
    log_x = math.log(x)
    if x >= 1.6:
        loss_db = 17.6 * x - 11.0 - 0.5 * _DECIBELS * log_x  # (33)
    else:
        loss_db = _DECIBELS * log_x + 5.6488 * math.exp(1.425 * log_x)
    lowest = math.pow(10.0, 0.1) * admittance
    per_metre = sphere.per_metre * beta * beta * shrink
    tx_root_db, tx_ratio = _height_gain(per_metre * tx_m, lowest)
    rx_root_db, rx_ratio = _height_gain(per_metre * rx_m, lowest)
    return loss_db - tx_root_db - rx_root_db - _DECIBELS * math.log(tx_ratio * rx_ratio)


@inlined_kernel
def _height_gain(b: float, lowest: float) -> tuple[float, float]:
    """Return what the height of an antenna gains, (34) and (35), in dB and as a ratio besides."""
    if (
        b > 2.0
    ):  # here more than an antenna on the ground: that is 2 dB at an admittance of 1, and it is below 1
        return 17.6 * math.sqrt(b - 1.1) - 8.0, 1.0 / math.sqrt(math.sqrt(b - 1.1))
    return 0.0, max(b + 0.1 * b * b * b, lowest)


@inlined_kernel
def _smooth_bullington(
    d: float, steps: float, tx_m: float, rx_m: float, radius_m: float, frequency_mhz: float, place: float
) -> float:
    """
    Return the Bullington loss over the smooth earth, sampled at `steps` equal intervals. [dB].

    Seen from an antenna the bulge rises to the horizon at sqrt(2 a h) and falls behind it, and the clearance in
    Fresnel radii has one least value, at the point of (24), so two samples decide each.
    """
    step_m = d / steps
    tilt = (rx_m - tx_m) / d
    tx_slope = _steepest_bulge(d, step_m, steps, tx_m, radius_m) - tilt
    factor = 2.0 * d * frequency_mhz / WAVELENGTH_M_MHZ
    if tx_slope >= 0.0:
        rx_slope = _steepest_bulge(d, step_m, steps, rx_m, radius_m) + tilt
        nu = math.sqrt(factor * tx_slope * max(rx_slope, 0.0))
    else:
        if math.isnan(place):
            place = _tightest(d, tx_m, rx_m, radius_m)
        sample = min(max(math.floor(0.5 * (1.0 + place) * steps), 1.0), steps - 1.0)
        strongest = -math.inf
        for x in (sample * step_m, min(sample + 1.0, steps - 1.0) * step_m):
            product = x * (d - x)
            clearance_m = 0.5 * product / radius_m - tx_m - tilt * x
            strongest = max(strongest, clearance_m * abs(clearance_m) / product)
        nu = math.copysign(math.sqrt(abs(strongest) * factor), strongest)
    return bullington(nu, d)


@inlined_kernel
def _steepest_bulge(d: float, step_m: float, steps: float, height_m: float, radius_m: float) -> float:
    """Return the largest slope from an antenna to a sample of the smooth earth, against its chord. [m/m]."""
    sample = min(max(math.floor(math.sqrt(2.0 * height_m * radius_m) / step_m), 1.0), steps - 1.0)
    near_m, far_m = sample * step_m, min(sample + 1.0, steps - 1.0) * step_m
    near = 0.5 * (d - near_m) / radius_m - height_m / near_m
    return max(near, 0.5 * (d - far_m) / radius_m - height_m / far_m)
