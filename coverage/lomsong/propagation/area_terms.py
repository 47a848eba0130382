"""
From the geometry of one path to its loss, at the speed that an area needs.

The same formulas as in `p1812_path`, at 50 % of time and of locations, inland and without clutter, rearranged so
that no term costs more than a handful of operations and none is computed that cannot matter: the smooth earth is
scanned at the two samples that decide instead of at all, and ducting is bounded from below before it is computed.
The numbers in brackets are equations of P.1812-8.
"""

# Kernels take everything by position.
# ruff: noqa: FBT001

import math
from typing import NamedTuple

from lomsong.compiled import inlined_kernel, kernel
from lomsong.propagation.free_space import free_space_loss_kernel
from lomsong.propagation.p526_sphere import WAVELENGTH_M_MHZ, spherical_earth_kernel
from lomsong.propagation.p1812_mechanisms import Air, anomalous_time, ducting_loss
from lomsong.propagation.p1812_profile import Path, Zones

#: Height over the bulge at which the sphere costs nothing, (26): 17.456 with distances in km. [sqrt(m) form]
_CLEARANCE = 17.456 / math.sqrt(1000.0)
#: A signal this far below the other adds less than 1e-5 dB to it, (63). [dB]
_NEGLIGIBLE_DB = 30.0
#: Angle between the rays beyond which (57) is 1 to 1e-10. [mrad]
_STEEP_MRAD = 3.0
#: In line of sight, ducting costs at least this much more than free space: (47) against (8). [dB]
LEAST_DUCT_DB = 10.0
#: Slope below which the series of the arctangent is good to 1e-10.
_GENTLE = 0.3
#: Squared slope below which the series of the logarithm is good to 1e-8.
_LEVEL = 0.01
#: 20 log10(x) = _DECIBELS log(x); the natural logarithm is several times faster.
_DECIBELS = 20.0 / math.log(10.0)
#: A thin ridge this far below the line costs nothing, P.526-15 section 4.1. [unitless]
_CLEAR_NU = -0.78


class Radio(NamedTuple):
    """What is the same for every receiver of a mast."""

    frequency_mhz: float
    vertical: bool
    earth_radius_m: float  # with refraction
    surface_refractivity: float
    transmitter_height_m: float  # above ground
    receiver_height_m: float
    diffraction_only: bool  # P.526 over free space instead of P.1812
    free_db: float  # free space at 1 km, (8)
    scatter_db: float  # what of troposcatter no path changes, (44)
    duct_db: float  # likewise of ducting, (47)
    duct_per_mrad_db: float  # (51)
    shield_per_mrad_db: float  # of a horizon above the antenna, (48)


class Walk(NamedTuple):
    """
    What a walk along a path has found, heights over the ground under the mast.

    Slopes are those of the steepest tangents over the straight line between the antennas: seen from the
    transmitter and from the receiver, over the flat earth and over the effective one. [m/m]
    """

    distance_m: float
    receiver_ground_m: float
    fit_tx_m: float  # least-squares line through the terrain, at both ends
    fit_rx_m: float
    flat_highest_m: float  # largest clearance over the flat earth
    flat_tx_slope: float
    flat_rx_slope: float
    tx_slope: float
    rx_slope: float
    strongest: float  # clearance * abs(clearance) / (d1 d2), where the line of sight is free


class Horizons(NamedTuple):
    """Where each antenna's ray touches the ground; the obstacle for both, where the line of sight is free."""

    tx_m: float  # distance from the transmitter
    rx_m: float  # distance from the receiver
    tx_angle_mrad: float
    rx_angle_mrad: float
    angle_mrad: float  # between both rays where they cross


@kernel
def prepare_radio(
    frequency_mhz: float,
    vertical: bool,
    earth_radius_m: float,
    surface_refractivity: float,
    transmitter_height_m: float,
    receiver_height_m: float,
    diffraction_only: bool,
) -> Radio:
    """Work out what is the same for every receiver."""
    f = frequency_mhz / 1e3
    free_db = 92.4 + 20.0 * math.log10(f)
    if diffraction_only:
        free_db = free_space_loss_kernel(1000.0, frequency_mhz)
    scatter_db = 190.1 + 25.0 * math.log10(f) - 2.5 * math.log10(0.5 * f) ** 2 - 0.15 * surface_refractivity
    duct_db = 102.45 + 20.0 * math.log10(f)
    if f < 0.5:
        duct_db += 45.375 - 137.0 * f + 92.5 * f * f
    return Radio(
        frequency_mhz,
        vertical,
        earth_radius_m,
        surface_refractivity,
        transmitter_height_m,
        receiver_height_m,
        diffraction_only,
        free_db,
        scatter_db,
        duct_db,
        5e-5 * (earth_radius_m / 1e3) * math.pow(f, 1.0 / 3.0),
        0.264 * math.pow(f, 1.0 / 3.0),
    )


@inlined_kernel
def diffraction_loss(walk: Walk, steps: float, radio: Radio) -> float:
    """Return the delta-Bullington loss of a path that was sampled at `steps` intervals, section 4.3.4. [dB]."""
    d = walk.distance_m
    tx_amsl_m, rx_amsl_m = radio.transmitter_height_m, walk.receiver_ground_m + radio.receiver_height_m
    low_tx_m, low_rx_m = walk.fit_tx_m, walk.fit_rx_m
    if walk.flat_highest_m > 0.0:  # (88)
        share = walk.flat_tx_slope / (walk.flat_tx_slope + walk.flat_rx_slope)
        low_tx_m -= walk.flat_highest_m * share
        low_rx_m -= walk.flat_highest_m * (1.0 - share)
    smooth_tx_m = tx_amsl_m - min(low_tx_m, 0.0)  # (89) and (37)
    smooth_rx_m = rx_amsl_m - min(low_rx_m, walk.receiver_ground_m)
    factor = 2.0 * d * radio.frequency_mhz / WAVELENGTH_M_MHZ
    if walk.tx_slope < 0.0:
        loss_db = _bullington(math.copysign(math.sqrt(abs(walk.strongest) * factor), walk.strongest), d)
    else:
        loss_db = _bullington(math.sqrt(walk.tx_slope * walk.rx_slope * factor), d)
    # The least clearance in Fresnel radii is at least that of a path with both antennas at their geometric mean.
    clearance_m = math.sqrt(smooth_tx_m * smooth_rx_m) - 0.125 * d * d / radio.earth_radius_m
    if clearance_m > 0.5 * _CLEARANCE * math.sqrt(d * WAVELENGTH_M_MHZ / radio.frequency_mhz):
        return loss_db
    sphere_db = spherical_earth_kernel(
        d, smooth_tx_m, smooth_rx_m, radio.frequency_mhz, radio.earth_radius_m, radio.vertical, 0.0
    )
    if sphere_db > 0.0:
        loss_db += max(sphere_db - _smooth_bullington(d, steps, smooth_tx_m, smooth_rx_m, radio), 0.0)
    return loss_db


@inlined_kernel
def _bullington(nu: float, distance_m: float) -> float:
    """Return the Bullington loss of its equivalent knife edge, (16) and (21). [dB]."""
    if nu <= _CLEAR_NU:
        return 0.0
    above = nu - 0.1
    knife_db = 6.9 + _DECIBELS * math.log(math.sqrt(above * above + 1.0) + above)
    return knife_db + (1.0 - math.exp(-knife_db / 6.0)) * (10.0 + 2e-5 * distance_m)


@kernel
def _smooth_bullington(d: float, steps: float, tx_m: float, rx_m: float, radio: Radio) -> float:
    """
    Return the Bullington loss over the smooth earth, sampled at `steps` equal intervals. [dB].

    Seen from an antenna the bulge rises to the horizon at sqrt(2 a h) and falls behind it, and the clearance in
    Fresnel radii has one least value, at the point of (24), so two samples decide each.
    """
    step_m, radius = d / steps, radio.earth_radius_m
    tilt = (rx_m - tx_m) / d
    tx_slope = _steepest_bulge(d, step_m, steps, tx_m, radius) - tilt
    factor = 2.0 * d * radio.frequency_mhz / WAVELENGTH_M_MHZ
    if tx_slope >= 0.0:
        rx_slope = _steepest_bulge(d, step_m, steps, rx_m, radius) + tilt
        return _bullington(math.sqrt(factor * tx_slope * max(rx_slope, 0.0)), d)
    m = d * d / (4.0 * radius * (tx_m + rx_m))
    cosine = 1.5 * (tx_m - rx_m) / (tx_m + rx_m) * math.sqrt(3.0 * m / (m + 1.0) ** 3)
    angle = math.acos(min(max(cosine, -1.0), 1.0))
    b = 2.0 * math.sqrt((m + 1.0) / (3.0 * m)) * math.cos(math.pi / 3.0 + angle / 3.0)
    sample = min(max(math.floor(0.5 * (1.0 + b) * steps), 1.0), steps - 1.0)
    strongest = -math.inf
    for x in (sample * step_m, min(sample + 1.0, steps - 1.0) * step_m):
        product = x * (d - x)
        clearance_m = 0.5 * product / radius - tx_m - tilt * x
        strongest = max(strongest, clearance_m * abs(clearance_m) / product)
    return _bullington(math.copysign(math.sqrt(abs(strongest) * factor), strongest), d)


@kernel
def _steepest_bulge(d: float, step_m: float, steps: float, height_m: float, radius: float) -> float:
    """Return the largest slope from an antenna to a sample of the smooth earth, against its chord. [m/m]."""
    sample = min(max(math.floor(math.sqrt(2.0 * height_m * radius) / step_m), 1.0), steps - 1.0)
    near_m, far_m = sample * step_m, min(sample + 1.0, steps - 1.0) * step_m
    near = 0.5 * (d - near_m) / radius - height_m / near_m
    return max(near, 0.5 * (d - far_m) / radius - height_m / far_m)


@inlined_kernel
def _arctangent(slope: float) -> float:
    """Return the arctangent, by its series where that is as good."""
    if abs(slope) > _GENTLE:
        return math.atan(slope)
    s2 = slope * slope
    small = 1.0 / 9.0 - s2 * (1.0 / 11.0 - s2 * (1.0 / 13.0 - s2 / 15.0))
    return slope * (1.0 - s2 * (1.0 / 3.0 - s2 * (1.0 / 5.0 - s2 * (1.0 / 7.0 - s2 * small))))


@inlined_kernel
def find_angles(walk: Walk, tx_m: float, rx_m: float, radio: Radio) -> Horizons:
    """Return the horizons whose distances from their antennas are known, (76) to (82)."""
    d, radius = walk.distance_m, radio.earth_radius_m
    tilt = (walk.receiver_ground_m + radio.receiver_height_m - radio.transmitter_height_m) / d
    bend = 0.5 * d / radius
    tx_slope, rx_slope = walk.tx_slope, walk.rx_slope
    if walk.tx_slope < 0.0:
        tx_slope, rx_slope = 0.0, 0.0
    tx_angle, rx_angle = _arctangent(tx_slope + tilt - bend), _arctangent(rx_slope - tilt - bend)
    return Horizons(tx_m, rx_m, 1e3 * tx_angle, 1e3 * rx_angle, 1e3 * (d / radius + tx_angle + rx_angle))


@inlined_kernel
def ducting_bound(walk: Walk, horizons: Horizons, radio: Radio) -> float:
    """
    Return a level that ducting does not undercut: all of (46) but what depends on time, which is 0 or more. [dB].

    In (54) the percentage of time is 50 and beta is smaller, so the sum is not below -12 + 12. The three logarithms
    of (47) and (48) are one.
    """
    tx_km, rx_km = 1e-3 * horizons.tx_m, 1e-3 * horizons.rx_m
    angle = 1e3 * walk.distance_m / radio.earth_radius_m
    angle += min(horizons.tx_angle_mrad, 0.1 * tx_km) + min(horizons.rx_angle_mrad, 0.1 * rx_km)  # (53a)
    tx_above = max(horizons.tx_angle_mrad - 0.1 * tx_km, 0.0)
    rx_above = max(horizons.rx_angle_mrad - 0.1 * rx_km, 0.0)
    f = 1e-3 * radio.frequency_mhz
    product = (1.0 + 0.361 * tx_above * math.sqrt(f * tx_km)) * (
        1.0 + 0.361 * rx_above * math.sqrt(f * rx_km)
    )
    bound_db = radio.duct_db + _DECIBELS * math.log((tx_km + rx_km) * product)
    return bound_db + radio.duct_per_mrad_db * angle + radio.shield_per_mrad_db * (tx_above + rx_above)


@kernel
def duct_loss(walk: Walk, horizons: Horizons, radio: Radio, roughness_m: float, latitude_deg: float) -> float:
    """Return the loss along ducts, (46) to (56); over land, heights above sea level play no part. [dB]."""
    d = walk.distance_m
    rx_amsl_m = walk.receiver_ground_m + radio.receiver_height_m
    zones = Zones(0.0, d, d, math.inf, math.inf)
    path = Path(
        d,
        radio.transmitter_height_m,
        rx_amsl_m,
        walk.tx_slope < 0.0,
        horizons.tx_m,
        horizons.rx_m,
        horizons.tx_angle_mrad,
        horizons.rx_angle_mrad,
        horizons.angle_mrad,
        radio.transmitter_height_m - min(walk.fit_tx_m, 0.0),
        rx_amsl_m - min(walk.fit_rx_m, walk.receiver_ground_m),
        roughness_m,
        0.0,
        0.0,
    )
    beta0 = anomalous_time(latitude_deg, zones)
    air = Air(radio.earth_radius_m, radio.surface_refractivity, beta0)
    return ducting_loss(path, zones, radio.frequency_mhz, air, 50.0)


@inlined_kernel
def free_loss(walk: Walk, distance_db: float, radio: Radio) -> float:
    """Return the loss in free space along the slant path, given the path's length in dB(km), (8). [dB]."""
    tilt = (walk.receiver_ground_m + radio.receiver_height_m - radio.transmitter_height_m) / walk.distance_m
    slant, t2 = 0.5 * _DECIBELS, tilt * tilt
    if t2 < _LEVEL:
        slant *= t2 * (1.0 - t2 * (0.5 - t2 / 3.0))
    else:
        slant *= math.log1p(t2)
    return radio.free_db + distance_db + slant


@inlined_kernel
def join_mechanisms(
    free_db: float, diffracted_db: float, duct_db: float, distance_db: float, horizons: Horizons, radio: Radio
) -> float:
    """Return the basic transmission loss; ducting may be infinite where it does not matter, (57) to (69). [dB]."""
    blended_db = diffracted_db
    if duct_db < diffracted_db:
        larger_db, smaller_db = max(duct_db, free_db), min(duct_db, free_db)
        enhanced_db = larger_db + 2.5 * math.log1p(math.exp((smaller_db - larger_db) / 2.5))  # (60)
        if enhanced_db < diffracted_db:
            distance_km = math.pow(10.0, 0.05 * distance_db)
            by_distance = 0.5 - 0.5 * math.tanh(1.5 * (distance_km - 20.0) / 20.0)  # (58)
            blended_db = enhanced_db + (diffracted_db - enhanced_db) * by_distance  # (61)
            if horizons.angle_mrad < _STEEP_MRAD:
                by_angle = 0.5 - 0.5 * math.tanh(2.4 * (horizons.angle_mrad - 0.3) / 0.3)  # (57)
                blended_db += (diffracted_db - blended_db) * by_angle  # (62)
    scatter_db = radio.scatter_db + distance_db + 0.573 * horizons.angle_mrad  # (44) of P.1812-6
    lower_db, gap_db = min(scatter_db, blended_db), abs(scatter_db - blended_db)
    if gap_db < _NEGLIGIBLE_DB:
        lower_db -= 0.25 * _DECIBELS * math.log1p(math.exp(-0.2 * math.log(10.0) * gap_db))  # (63)
    return max(lower_db, free_db)


@inlined_kernel
def distance_level(distance_m: float) -> float:
    """Return 20 log10 of a distance in kilometres. [dB]."""
    return _DECIBELS * math.log(1e-3 * distance_m)
