"""
A radio link as Longley-Rice sees it, and what the ground and the air do to it.

Symbols in brackets in all the `itm_` modules are those of Hufford, "The ITS Irregular Terrain Model, version
1.2.2, the Algorithm", 1995.
"""

import cmath
import math
from typing import NamedTuple

from lomsong.compiled import kernel

#: Frequency of wave number 1/m as the model rounds it: c / (2 pi). [MHz m]
MHZ_PER_WAVE_NUMBER = 47.7
#: Limits of the refractivity at the ground outside which there is no result, and below which there is doubt.
LEAST_REFRACTIVITY, DOUBTFUL_REFRACTIVITY, MOST_REFRACTIVITY = 150.0, 250.0, 400.0
#: The air thins by a factor e in this height. [m]
_REFRACTIVITY_HEIGHT_M = 9460.0
#: Curvature of the earth without air, and how the refractivity flattens it. [1/m], [N-units]
_CURVATURE = 157e-9
_CURVATURE_SHARE, _CURVATURE_SCALE = 0.04665, 179.3
#: Roughness reaches its asymptote over this distance: delta_h(d) = delta_h (1 - 0.8 exp(-d / D)). [m]
_ROUGHNESS_DISTANCE_M = 50e3
#: Antennas count as this high when roughness shortens their horizon [H3]. [m]
_LOWEST_FOR_HORIZON_M = 5.0


class Medium(NamedTuple):
    """Ground and air along a path."""

    permittivity: float  # relative
    conductivity: float  # [S/m]
    vertical: bool  # polarization
    refractivity: float  # N_0, reduced to sea level [N-units]


class Terminals(NamedTuple):
    """What a terrain profile, or an area of known roughness, leaves of a path."""

    distance_m: float
    roughness_m: float  # delta h, between the deciles of the terrain about a straight line
    tx_effective_m: float  # he1, he2: heights above the ground that reflects
    rx_effective_m: float
    tx_horizon_m: float  # dL1, dL2: how far each antenna sees
    rx_horizon_m: float
    tx_angle: float  # theta e1, theta e2: elevation of the horizons [rad]
    rx_angle: float


class Link(NamedTuple):
    """A path with its antennas, its ground and its air."""

    path: Terminals
    frequency_mhz: float
    tx_height_m: float
    rx_height_m: float
    height_offset: float  # what point-to-point mode adds to the product of the heights [m2]
    impedance: complex  # Z_g, of the ground, relative to free space
    refractivity: float  # N_s, at the ground [N-units]
    curvature: float  # gamma e, effective [1/m]


class Horizon(NamedTuple):
    """Sums over both terminals."""

    smooth_m: float  # d_Ls, horizons of a smooth earth
    rough_m: float  # d_L, actual horizons
    angle: float  # theta e, not below what the smooth earth allows [rad]


@kernel
def surface_refractivity(sea_level: float, height_m: float) -> float:
    """Return the refractivity at the ground. [N-units]."""
    return sea_level * math.exp(-height_m / _REFRACTIVITY_HEIGHT_M)


@kernel
def effective_curvature(refractivity: float) -> float:
    """Return the curvature of the earth under rays that count as straight. [1/m]."""
    return _CURVATURE * (1.0 - _CURVATURE_SHARE * math.exp(refractivity / _CURVATURE_SCALE))


@kernel
def ground_impedance(frequency_mhz: float, medium: Medium) -> complex:
    """Return the transfer impedance of the ground, relative to free space."""
    permittivity = complex(medium.permittivity, 18_000.0 * medium.conductivity / frequency_mhz)
    impedance = cmath.sqrt(permittivity - 1.0)
    return impedance / permittivity if medium.vertical else impedance


@kernel
def join_horizons(link: Link) -> Horizon:
    """Return the horizons of both terminals together."""
    path = link.path
    smooth_m = math.sqrt(2.0 * path.tx_effective_m / link.curvature)
    smooth_m += math.sqrt(2.0 * path.rx_effective_m / link.curvature)
    rough_m = path.tx_horizon_m + path.rx_horizon_m
    return Horizon(smooth_m, rough_m, max(path.tx_angle + path.rx_angle, -rough_m * link.curvature))


@kernel
def rough_horizon(effective_m: float, roughness_m: float, curvature: float) -> tuple[float, float]:
    """Return distance [m] and elevation [rad] of the horizon where only the roughness is known."""
    smooth_m = math.sqrt(2.0 * effective_m / curvature)
    horizon_m = smooth_m * math.exp(-0.07 * math.sqrt(roughness_m / max(effective_m, _LOWEST_FOR_HORIZON_M)))
    return horizon_m, (0.65 * roughness_m * (smooth_m / horizon_m - 1.0) - 2.0 * effective_m) / smooth_m


@kernel
def roughness_at(distance_m: float, roughness_m: float) -> float:
    """Return the roughness [delta h (d)] that shows within a distance, from its asymptote. [m]."""
    return roughness_m * (1.0 - 0.8 * math.exp(-distance_m / _ROUGHNESS_DISTANCE_M))


@kernel
def height_spread(roughness_m: float) -> float:
    """Return the standard deviation of terrain heights [sigma h] that goes with a roughness. [m]."""
    return 0.78 * roughness_m * math.exp(-0.5 * roughness_m**0.25)
