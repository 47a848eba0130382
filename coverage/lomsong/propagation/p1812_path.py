"""
Path loss of one terrain profile after ITU-R P.1812: where its mechanisms meet.

The path is analysed in `p1812_profile`, diffraction is in `p526`, the other mechanisms are in `p1812_mechanisms`.
The numbers in brackets are equations of P.1812-8.
"""

# Kernels take everything by position.
# ruff: noqa: FBT001

import math
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from lomsong.compiled import kernel
from lomsong.propagation.p526 import delta_bullington_kernel, obstacle_parameter
from lomsong.propagation.p526_profile import Scan, scan_profile
from lomsong.propagation.p1812_mechanisms import (
    Air,
    ducting_loss,
    free_space_p1812,
    multipath_focusing,
    time_interpolation,
    troposcatter_loss,
)
from lomsong.propagation.p1812_profile import Path, Zones, read_path
from lomsong.units import EARTH_RADIUS_M

#: Effective earth radius exceeded for beta 0 of the time, (7b): k = 3. [m]
ANOMALOUS_RADIUS_M = 3.0 * EARTH_RADIUS_M
#: Blending of line of sight and ducting, (60); of angles, (57); of distances, (58).
_ETA = 2.5
_ANGLE_MRAD, _ANGLE_STEEPNESS = 0.3, 0.8
_BLEND_KM, _DISTANCE_STEEPNESS = 20.0, 0.5

_Floats = NDArray[np.float64]
#: A number for one path, an array for many.
Value = TypeVar("Value", float, _Floats)


class Losses(NamedTuple, Generic[Value]):
    """
    What P.1812 finds out about a path; scalars from the kernel, arrays of one shape from `p1812_losses`.

    Attributes
    ----------
    basic_db
        Basic transmission loss not exceeded for the time and the locations asked for, L_b. [dB]
    median_locations_db
        The same at 50 % of locations, L_bc. [dB]
    free_space_db
        Free space along the slant path, L_bfs. [dB]
    diffraction_db
        Diffraction not exceeded for the time asked for, in excess of free space, L_dp. [dB]
    troposcatter_db, ducting_db
        Basic transmission loss by scatter, L_bs, and by ducts and layers, L_ba. [dB]
    line_of_sight
        1 where no terrain (clutter aside) blocks the ray in median refraction, else 0.
    obstacle_m
        Distance from the transmitter to what stands highest in the Fresnel zone, clutter included. [m]
    obstacle_nu
        Its knife-edge parameter, positive where it blocks the line of sight. [unitless]
    """

    basic_db: Value
    median_locations_db: Value
    free_space_db: Value
    diffraction_db: Value
    troposcatter_db: Value
    ducting_db: Value
    line_of_sight: Value
    obstacle_m: Value
    obstacle_nu: Value


@kernel
def p1812_kernel(
    distance_m: _Floats,
    ground_m: _Floats,
    surface_m: _Floats,
    n: int,
    tx_amsl_m: float,
    rx_amsl_m: float,
    frequency_mhz: float,
    vertical: bool,
    air: Air,
    zones: Zones,
    time_percent: float,
    location_db: float,
) -> Losses[float]:
    """
    Losses of one path, for callers that are themselves compiled; checks and allocates nothing.

    Parameters
    ----------
    distance_m, ground_m, surface_m : ndarray, shape (>= n,)
        The first `n` samples, three or more, are the path from transmitter to receiver, both included: distance
        from 0, terrain, terrain with clutter (the same array where there is none). The ends of `surface_m` are
        not used: an antenna stands on the ground. [m]
    n : int
        Samples in use.
    tx_amsl_m, rx_amsl_m : float
        Antennas above sea level. [m]
    frequency_mhz, vertical, time_percent
        As in `p1812_losses`.
    air : Air
        As from `anomalous_time` and `effective_earth_radius`.
    zones : Zones
        As from `read_zones`; all inland is ``Zones(0.0, d, d, inf, inf)``.
    location_db : float
        What the percentage of locations adds, as of `location_term`. [dB]

    Returns
    -------
    Losses
        NaN where a height is NaN.
    """
    path = read_path(distance_m, ground_m, n, tx_amsl_m, rx_amsl_m, air.effective_earth_radius_m)
    curvature = 1.0 / air.effective_earth_radius_m
    scan = scan_profile(distance_m, surface_m, n, tx_amsl_m, rx_amsl_m, curvature, False)
    share = time_interpolation(time_percent, air.beta0_percent)
    median_db = _diffraction(
        scan, path, distance_m, n, frequency_mhz, air.effective_earth_radius_m, vertical, zones.sea_fraction
    )
    diffraction_db = median_db
    if time_percent < 50.0:
        bent = scan_profile(distance_m, surface_m, n, tx_amsl_m, rx_amsl_m, 1.0 / ANOMALOUS_RADIUS_M, False)
        rare_db = _diffraction(
            bent, path, distance_m, n, frequency_mhz, ANOMALOUS_RADIUS_M, vertical, zones.sea_fraction
        )
        diffraction_db += share * (rare_db - median_db)  # (41)
    free_space_db = free_space_p1812(path, frequency_mhz)
    scatter_db = troposcatter_loss(path, frequency_mhz, air.surface_refractivity, time_percent)
    ducting_db = ducting_loss(path, zones, frequency_mhz, air, time_percent)
    clear_db = free_space_db + multipath_focusing(path, time_percent)  # (10)
    land_db = (1.0 - zones.sea_fraction) * diffraction_db
    lowest_db = clear_db + land_db  # (59), below beta 0
    if time_percent >= air.beta0_percent:
        median_path_db = free_space_db + median_db  # (42)
        focused_db = free_space_db + multipath_focusing(path, air.beta0_percent)  # (11)
        lowest_db = median_path_db + (focused_db + land_db - median_path_db) * share
    combined_db = _combine(path, clear_db, diffraction_db, lowest_db, ducting_db, scatter_db)
    basic_db = combined_db + location_db
    return Losses(
        clear_db if basic_db < clear_db else basic_db,  # (69), written so that NaN passes
        combined_db,
        free_space_db,
        diffraction_db,
        scatter_db,
        ducting_db,
        1.0 if path.line_of_sight else 0.0,
        distance_m[scan.obstacle],
        obstacle_parameter(scan, path.distance_m, frequency_mhz),
    )


@kernel
def _diffraction(
    scan: Scan,
    path: Path,
    distance_m: _Floats,
    n: int,
    frequency_mhz: float,
    radius_m: float,
    vertical: bool,
    sea_fraction: float,
) -> float:
    """Return the delta-Bullington loss over the smooth earth of the path, section 4.3.4. [dB]."""
    return delta_bullington_kernel(
        scan,
        distance_m,
        n,
        path.smooth_tx_m,
        path.smooth_rx_m,
        frequency_mhz,
        radius_m,
        vertical,
        sea_fraction,
    )


@kernel
def _combine(
    path: Path, clear_db: float, diffraction_db: float, lowest_db: float, ducting_db: float, scatter_db: float
) -> float:
    """Return L_bc, all mechanisms together, (57) to (63). [dB]."""
    angle = 3.0 * _ANGLE_STEEPNESS * (path.angle_mrad - _ANGLE_MRAD) / _ANGLE_MRAD
    by_angle = 1.0 - 0.5 * (1.0 + math.tanh(angle))  # (57)
    distance = 3.0 * _DISTANCE_STEEPNESS * (path.distance_m / 1e3 - _BLEND_KM) / _BLEND_KM
    by_distance = 1.0 - 0.5 * (1.0 + math.tanh(distance))  # (58)
    # (60): eta ln(exp(a / eta) + exp(b / eta)), which would overflow as it stands
    larger_db, smaller_db = max(ducting_db, clear_db), min(ducting_db, clear_db)
    enhanced_db = larger_db + _ETA * math.log1p(math.exp((smaller_db - larger_db) / _ETA))
    diffracted_db = clear_db + diffraction_db  # (43)
    blended_db = diffracted_db
    if enhanced_db <= diffracted_db:
        blended_db = enhanced_db + (diffracted_db - enhanced_db) * by_distance  # (61)
    modified_db = blended_db + (lowest_db - blended_db) * by_angle  # (62)
    return -5.0 * math.log10(math.pow(10.0, -0.2 * scatter_db) + math.pow(10.0, -0.2 * modified_db))  # (63)
