"""
From the geometry of one path to its loss, at the speed that an area needs.

The same formulas as in `p1812_path`, at 50 % of time and of locations, inland and without clutter, rearranged so
that no term costs more than a handful of operations and none is computed that cannot matter: ducting is bounded
from below before it is computed.
The numbers in brackets are equations of P.1812-8.
"""

# Kernels take everything by position.
# ruff: noqa: FBT001

import math
from typing import NamedTuple

from lomsong.compiled import inlined_kernel, kernel
from lomsong.propagation.area_sphere import Sphere, bulge_excess, bullington, prepare_sphere
from lomsong.propagation.free_space import free_space_loss_kernel
from lomsong.propagation.p526_sphere import WAVELENGTH_M_MHZ

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
    # What is a `Sphere`, field by field: a parallel loop takes no tuples in tuples.
    sphere_admittance: float
    sphere_per_metre: float
    sphere_along: float
    sphere_log_radius: float
    sphere_clearance: float


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
    sphere = prepare_sphere(frequency_mhz, vertical, earth_radius_m)
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
        sphere.admittance,
        sphere.per_metre,
        sphere.along,
        sphere.log_radius,
        sphere.clearance,
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
        loss_db = bullington(math.copysign(math.sqrt(abs(walk.strongest) * factor), walk.strongest), d)
    else:
        loss_db = bullington(math.sqrt(walk.tx_slope * walk.rx_slope * factor), d)
    # The least clearance in Fresnel radii is at least that of a path with both antennas at their geometric mean.
    clearance_m = math.sqrt(smooth_tx_m * smooth_rx_m) - 0.125 * d * d / radio.earth_radius_m
    if clearance_m > 0.5 * radio.sphere_clearance * math.sqrt(d):
        return loss_db
    sphere = Sphere(
        radio.sphere_admittance,
        radio.sphere_per_metre,
        radio.sphere_along,
        radio.sphere_log_radius,
        radio.sphere_clearance,
    )
    return loss_db + bulge_excess(
        d, steps, smooth_tx_m, smooth_rx_m, radio.earth_radius_m, radio.frequency_mhz, sphere
    )


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
def free_loss(walk: Walk, log_km: float, radio: Radio) -> float:
    """Return the loss in free space along the slant path, given the logarithm of the path's length in km, (8). [dB]."""
    tilt = (walk.receiver_ground_m + radio.receiver_height_m - radio.transmitter_height_m) / walk.distance_m
    slant, t2 = 0.5 * _DECIBELS, tilt * tilt
    if t2 < _LEVEL:
        slant *= t2 * (1.0 - t2 * (0.5 - t2 / 3.0))
    else:
        slant *= math.log1p(t2)
    return radio.free_db + _DECIBELS * log_km + slant


@inlined_kernel
def join_mechanisms(
    free_db: float,
    diffracted_db: float,
    duct_db: float,
    distance_m: float,
    log_km: float,
    horizons: Horizons,
    radio: Radio,
) -> float:
    """Return the basic transmission loss; ducting may be infinite where it does not matter, (57) to (69). [dB]."""
    blended_db = diffracted_db
    if duct_db < diffracted_db:
        larger_db, smaller_db = max(duct_db, free_db), min(duct_db, free_db)
        enhanced_db = larger_db + 2.5 * math.log1p(math.exp((smaller_db - larger_db) / 2.5))  # (60)
        if enhanced_db < diffracted_db:
            by_distance = 0.5 - 0.5 * math.tanh(0.075 * (1e-3 * distance_m - 20.0))  # (58)
            blended_db = enhanced_db + (diffracted_db - enhanced_db) * by_distance  # (61)
            if horizons.angle_mrad < _STEEP_MRAD:
                by_angle = 0.5 - 0.5 * math.tanh(2.4 * (horizons.angle_mrad - 0.3) / 0.3)  # (57)
                blended_db += (diffracted_db - blended_db) * by_angle  # (62)
    scatter_db = radio.scatter_db + _DECIBELS * log_km + 0.573 * horizons.angle_mrad  # (44) of P.1812-6
    lower_db, gap_db = min(scatter_db, blended_db), abs(scatter_db - blended_db)
    if gap_db < _NEGLIGIBLE_DB:
        lower_db -= 0.25 * _DECIBELS * math.log1p(math.exp(-0.2 * math.log(10.0) * gap_db))  # (63)
    return max(lower_db, free_db)
