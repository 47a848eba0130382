"""
What ITU-R P.1812 reads off a path: horizons, effective heights, roughness, and its parts over land and sea.

The numbers in brackets are equations of P.1812-8; section 3 has the zones, attachment 1 to its annex the profile.
"""

# Kernels take everything by position.

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lomsong.compiled import kernel
from lomsong.propagation.p526_profile import fit_smooth_earth, lower_smooth_earth, scan_profile
from lomsong.units import EARTH_RADIUS_M

#: Radio-climatic zones, with the codes of the ITU-R digital world map.
SEA, COASTAL, INLAND = 1.0, 3.0, 4.0

_Floats = NDArray[np.float64]


class Path(NamedTuple):
    """A profile as the mechanisms of P.1812 see it."""

    distance_m: float
    tx_amsl_m: float  # antennas above sea level
    rx_amsl_m: float
    line_of_sight: bool
    tx_horizon_m: float  # d_lt, d_lr: from each antenna to its horizon
    rx_horizon_m: float
    tx_angle_mrad: float  # theta_t, theta_r: elevation of the horizons
    rx_angle_mrad: float
    angle_mrad: float  # theta: between both rays where they cross
    tx_effective_m: float  # h_te, h_re: antennas above the smooth earth, for ducts
    rx_effective_m: float
    roughness_m: float  # h_m
    smooth_tx_m: float  # antennas above the smooth earth, for diffraction
    smooth_rx_m: float


class Zones(NamedTuple):
    """The path over land and sea."""

    sea_fraction: float  # omega
    land_m: float  # d_tm: longest stretch over land, coastal or inland
    inland_m: float  # d_lm: longest stretch inland
    tx_coast_m: float  # d_ct, d_cr: from each antenna to the coast along the path
    rx_coast_m: float


@kernel
def read_path(
    distance_m: _Floats,
    height_m: _Floats,
    n: int,
    tx_amsl_m: float,
    rx_amsl_m: float,
    effective_earth_radius_m: float,
) -> Path:
    """
    Analyse the bare terrain of one profile, without clutter; attachment 1 to annex 1, sections 4 and 5.

    Parameters
    ----------
    distance_m, height_m : ndarray, shape (>= n,)
        The first `n` samples are the path from transmitter to receiver, both included; distances rise from 0. [m]
    tx_amsl_m, rx_amsl_m : float
        Antennas above sea level. [m]
    effective_earth_radius_m : float
        For median refraction. [m]

    Returns
    -------
    Path
        With NaN where a height is NaN.
    """
    d = distance_m[n - 1]
    fit_tx_m, fit_rx_m = fit_smooth_earth(distance_m, height_m, n)
    low_tx_m, low_rx_m = lower_smooth_earth(distance_m, height_m, n, tx_amsl_m, rx_amsl_m, fit_tx_m, fit_rx_m)
    scan = scan_profile(distance_m, height_m, n, tx_amsl_m, rx_amsl_m, 1.0 / effective_earth_radius_m, False)
    tilt = (rx_amsl_m - tx_amsl_m) / d
    bend = 0.5 * d / effective_earth_radius_m
    line_of_sight = scan.tx_slope < 0.0
    if (
        line_of_sight
    ):  # the horizon is the other antenna, its distance that of the obstacle: (78a), (80), (81)
        first, last = scan.obstacle, scan.obstacle
        tx_angle, rx_angle = math.atan(tilt - bend), math.atan(-tilt - bend)
    else:
        first, last = scan.tx_tangent, scan.rx_tangent
        tx_angle, rx_angle = math.atan(scan.tx_slope + tilt - bend), math.atan(scan.rx_slope - tilt - bend)
    smooth_tx_m, smooth_rx_m = min(fit_tx_m, height_m[0]), min(fit_rx_m, height_m[n - 1])  # (90)
    slope = (smooth_rx_m - smooth_tx_m) / d  # (91)
    roughness_m = height_m[first] - (smooth_tx_m + slope * distance_m[first])
    for i in range(first, last + 1):  # (93)
        roughness_m = max(roughness_m, height_m[i] - (smooth_tx_m + slope * distance_m[i]))
    return Path(
        distance_m=d,
        tx_amsl_m=tx_amsl_m,
        rx_amsl_m=rx_amsl_m,
        line_of_sight=line_of_sight,
        tx_horizon_m=distance_m[first],
        rx_horizon_m=d - distance_m[last],
        tx_angle_mrad=1e3 * tx_angle,
        rx_angle_mrad=1e3 * rx_angle,
        angle_mrad=1e3 * (d / effective_earth_radius_m + tx_angle + rx_angle),  # (82)
        tx_effective_m=tx_amsl_m - smooth_tx_m,  # (92)
        rx_effective_m=rx_amsl_m - smooth_rx_m,
        roughness_m=roughness_m,
        smooth_tx_m=tx_amsl_m - low_tx_m,  # (37)
        smooth_rx_m=rx_amsl_m - low_rx_m,
    )


@kernel
def read_zones(distance_m: _Floats, zone: _Floats, n: int, tx_coast_m: float, rx_coast_m: float) -> Zones:
    """
    Measure the stretches of a path over sea, land and inland, section 3.6.

    The zone of a sample reaches half way to its neighbours, so the parts of a path add up to its length.
    """
    sea_m, land_m, inland_m = 0.0, 0.0, 0.0
    longest_land_m, longest_inland_m = 0.0, 0.0
    for i in range(n):
        begin_m = 0.5 * (distance_m[max(i - 1, 0)] + distance_m[i])
        end_m = 0.5 * (distance_m[i] + distance_m[min(i + 1, n - 1)])
        width_m = end_m - begin_m
        sea_m += width_m if zone[i] == SEA else 0.0
        land_m = 0.0 if zone[i] == SEA else land_m + width_m
        inland_m = inland_m + width_m if zone[i] == INLAND else 0.0
        longest_land_m = max(longest_land_m, land_m)
        longest_inland_m = max(longest_inland_m, inland_m)
    return Zones(sea_m / distance_m[n - 1], longest_land_m, longest_inland_m, tx_coast_m, rx_coast_m)


def path_centre_latitude(
    tx_latitude_deg: ArrayLike,
    tx_longitude_deg: ArrayLike,
    rx_latitude_deg: ArrayLike,
    rx_longitude_deg: ArrayLike,
    distance_m: ArrayLike,
) -> _Floats:
    """
    Latitude half way along a path, on the great circle from the transmitter towards the receiver.

    Parameters
    ----------
    tx_latitude_deg, tx_longitude_deg, rx_latitude_deg, rx_longitude_deg : array_like, shape (...)
        Both ends. [degrees]
    distance_m : array_like, shape (...)
        Length of the path; half of it is walked. [m]

    Returns
    -------
    ndarray, shape (...)
        Latitude. [degrees]

    References
    ----------
    .. [1] ITU-R P.1812-8, section 3.5 and equation (4); the great circle as in ITU-R P.2001, attachment H.
    """
    tx_lat, tx_lon, rx_lat, rx_lon = (
        np.radians(np.asarray(angle, dtype=np.float64))
        for angle in (tx_latitude_deg, tx_longitude_deg, rx_latitude_deg, rx_longitude_deg)
    )
    east = np.sin(rx_lon - tx_lon) * np.cos(rx_lat)
    north = np.cos(tx_lat) * np.sin(rx_lat) - np.sin(tx_lat) * np.cos(rx_lat) * np.cos(rx_lon - tx_lon)
    towards_north = np.cos(np.arctan2(east, north))
    walked = 0.5 * np.asarray(distance_m, dtype=np.float64) / EARTH_RADIUS_M
    sine = np.sin(tx_lat) * np.cos(walked) + np.cos(tx_lat) * np.sin(walked) * towards_north
    return np.asarray(np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0))))
