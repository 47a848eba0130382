"""Longley-Rice beyond the horizon: knife edges and Vogler's round earth, weighted by roughness."""

import math

from lomsong.compiled import kernel
from lomsong.propagation.itm_link import (
    MHZ_PER_WAVE_NUMBER,
    Horizon,
    Link,
    height_spread,
    roughness_at,
)

#: Radius of the earth, 4/3 of which Vogler's formulas are written for. [m]
_EARTH_RADIUS_M = 6370e3


@kernel
def diffraction_line(link: Link, horizon: Horizon) -> tuple[float, float]:
    """Return slope [dB/m] and intercept [dB] of the line through two points deep in the shadow."""
    scale_m = 1.0 / (link.curvature**2 * link.frequency_mhz) ** (1.0 / 3.0)
    near_m = max(horizon.smooth_m, horizon.rough_m + 5.0 * scale_m)
    far_m = near_m + 10.0 * scale_m
    near_db = _diffraction_loss(near_m, link, horizon)
    far_db = _diffraction_loss(far_m, link, horizon)
    slope = (far_db - near_db) / (far_m - near_m)
    return slope, near_db - slope * near_m


@kernel
def _diffraction_loss(distance_m: float, link: Link, horizon: Horizon) -> float:
    """Return the weighted sum of two knife edges and a smooth earth, plus clutter. [dB]."""
    path = link.path
    product = link.tx_height_m * link.rx_height_m
    lift = path.tx_effective_m * path.rx_effective_m - product
    spread_m = height_spread(roughness_at(horizon.smooth_m, path.roughness_m))
    clutter_db = min(15.0, 5.0 * math.log10(1.0 + 1e-5 * product * link.frequency_mhz * spread_m))
    product += link.height_offset
    seen = math.sqrt(1.0 + lift / product)
    seen += (horizon.angle / link.curvature + horizon.rough_m) / distance_m
    wave_number = link.frequency_mhz / MHZ_PER_WAVE_NUMBER
    seen *= min(roughness_at(distance_m, path.roughness_m) * wave_number, 6283.2)
    smooth = 25.1 / (25.1 + math.sqrt(seen))
    round_db = _smooth_earth_loss(distance_m, link, horizon)
    edges_db = _two_edges_loss(distance_m, link, horizon)
    return smooth * round_db + (1.0 - smooth) * edges_db + clutter_db


@kernel
def _two_edges_loss(distance_m: float, link: Link, horizon: Horizon) -> float:
    """Return the loss of one knife edge at each horizon. [dB]."""
    angle = horizon.angle + distance_m * link.curvature
    between_m = distance_m - horizon.rough_m
    common = 0.0795775 * (link.frequency_mhz / MHZ_PER_WAVE_NUMBER) * angle**2 * between_m
    tx_m, rx_m = link.path.tx_horizon_m, link.path.rx_horizon_m
    tx_db = _edge_loss(common * tx_m / (between_m + tx_m))
    return tx_db + _edge_loss(common * rx_m / (between_m + rx_m))


@kernel
def _edge_loss(nu_squared: float) -> float:
    """Return the Fresnel integral as Longley and Rice fit it. [dB]."""
    if nu_squared < 5.76:
        return 6.02 + 9.11 * math.sqrt(nu_squared) - 1.27 * nu_squared
    return 12.953 + 10.0 * math.log10(nu_squared)


@kernel
def _smooth_earth_loss(distance_m: float, link: Link, horizon: Horizon) -> float:
    """Return Vogler's three-radii diffraction over a round earth. [dB]."""
    path = link.path
    angle = horizon.angle + distance_m * link.curvature
    impedance = abs(link.impedance)
    frequency = link.frequency_mhz
    tx_radius_m = 0.5 * path.tx_horizon_m**2 / path.tx_effective_m
    rx_radius_m = 0.5 * path.rx_horizon_m**2 / path.rx_effective_m
    radius_m = (distance_m - horizon.rough_m) / angle
    tx_x, tx_k = _vogler(tx_radius_m, path.tx_horizon_m, frequency, impedance)
    rx_x, rx_k = _vogler(rx_radius_m, path.rx_horizon_m, frequency, impedance)
    x = _vogler(radius_m, radius_m * angle, frequency, impedance)[0] + tx_x + rx_x
    gain_db = _height_gain(tx_x, tx_k) + _height_gain(rx_x, rx_k)
    return 0.05751 * x - 10.0 * math.log10(x) - gain_db - 20.0


@kernel
def _vogler(
    radius_m: float, distance_m: float, frequency_mhz: float, impedance: float
) -> tuple[float, float]:
    """Return the normalised distance x and the ground constant K over an earth of some radius. [unitless]."""
    ratio = (4.0 / 3.0 * _EARTH_RADIUS_M / radius_m) ** (1.0 / 3.0)
    k = 0.017778 * ratio * frequency_mhz ** (-1.0 / 3.0) / impedance
    return (1.607 - k) * ratio**2 * frequency_mhz ** (1.0 / 3.0) * distance_m / 1e3, k


@kernel
def _height_gain(x: float, k: float) -> float:
    """Return Vogler's height function F(x, K). [dB]."""
    if x < 200.0:
        w = -math.log(k)
        if k < 1e-5 or x * w**3 > 5495.0:
            return 17.372 * math.log(x) - 117.0 if x > 1.0 else -117.0
        return 2.5e-5 * x**2 / k + 8.686 * math.log(k) - 15.0
    round_db = 0.05751 * x - 4.343 * math.log(x)
    if x >= 2000.0:
        return round_db
    w = 0.0134 * x * math.exp(-0.005 * x)
    return (1.0 - w) * round_db + w * (17.372 * math.log(x) - 117.0)
