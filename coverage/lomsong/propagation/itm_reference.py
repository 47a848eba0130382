"""
The reference attenuation of Longley-Rice: line of sight, diffraction and troposcatter joined into one curve.

Every loss here is in excess of free space.
"""

import math

from lomsong.compiled import kernel
from lomsong.propagation.itm_diffraction import diffraction_line
from lomsong.propagation.itm_link import (
    MHZ_PER_WAVE_NUMBER,
    Horizon,
    Link,
    height_spread,
    join_horizons,
    roughness_at,
)
from lomsong.propagation.itm_scatter import scatter_line

#: Which formula gave the reference attenuation; the first means nearer than the horizons of a smooth earth.
LINE_OF_SIGHT, DIFFRACTION, TROPOSCATTER = 1, 2, 3


@kernel
def reference_attenuation(link: Link) -> tuple[float, int]:
    """
    Median attenuation under the reference conditions of the model.

    Parameters
    ----------
    link : Link

    Returns
    -------
    tuple of float and int
        Attenuation in excess of free space, never negative [dB], and the formula that gave it.
    """
    distance_m = link.path.distance_m
    horizon = join_horizons(link)
    slope, base = diffraction_line(link, horizon)
    if distance_m < horizon.smooth_m:
        return max(_sight_curve(link, horizon, slope, base), 0.0), LINE_OF_SIGHT
    scatter_slope, scatter_base, start_m = scatter_line(link, horizon, slope, base)
    if distance_m > start_m:
        return max(scatter_base + scatter_slope * distance_m, 0.0), TROPOSCATTER
    return max(base + slope * distance_m, 0.0), DIFFRACTION


@kernel
def _sight_curve(link: Link, horizon: Horizon, slope: float, base: float) -> float:
    """Return the curve a + k1 d + k2 ln d through three points, the last on the diffraction line. [dB]."""
    path = link.path
    last_m = horizon.smooth_m
    last_db = slope * last_m + base
    first_m = 0.04 * link.frequency_mhz * path.tx_effective_m * path.rx_effective_m
    if base >= 0.0:
        first_m = min(first_m, 0.5 * horizon.rough_m)
        second_m = first_m + 0.25 * (horizon.rough_m - first_m)
    else:
        second_m = max(-base / slope, 0.25 * horizon.rough_m)
    second_db = _two_ray_loss(second_m, link, horizon, slope, base)
    k1, k2 = max(last_db - second_db, 0.0) / (last_m - second_m), 0.0
    if first_m < second_m:
        first_db = _two_ray_loss(first_m, link, horizon, slope, base)
        bent_k1, bent_k2, bends = _bend(first_m, second_m, last_m, first_db, second_db, last_db)
        if bends or base >= 0.0:
            k1, k2 = bent_k1, bent_k2
    if k1 == 0.0 and k2 == 0.0:
        k1 = slope
    return last_db + k1 * (path.distance_m - last_m) + k2 * math.log(path.distance_m / last_m)


@kernel
def _bend(
    first_m: float, second_m: float, last_m: float, first_db: float, second_db: float, last_db: float
) -> tuple[float, float, bool]:
    """Return k1 [dB/m] and k2 [dB] of a curve through three points, not negative, and whether it bends."""
    span_m, part_m = last_m - first_m, second_m - first_m
    whole = math.log(last_m / first_m)
    rise = span_m * (second_db - first_db) - part_m * (last_db - first_db)
    k2 = max(0.0, rise / (span_m * math.log(second_m / first_m) - part_m * whole))
    k1 = (last_db - first_db - k2 * whole) / span_m
    if k1 < 0.0:
        return 0.0, max(last_db - first_db, 0.0) / whole, k2 > 0.0
    return k1, k2, k2 > 0.0


@kernel
def _two_ray_loss(distance_m: float, link: Link, horizon: Horizon, slope: float, base: float) -> float:
    """Return the loss of a direct and a ground-reflected ray, blended with diffraction. [dB]."""
    path = link.path
    wave_number = link.frequency_mhz / MHZ_PER_WAVE_NUMBER
    heights_m = path.tx_effective_m + path.rx_effective_m
    sine = heights_m / math.sqrt(distance_m**2 + heights_m**2)
    spread_m = height_spread(roughness_at(distance_m, path.roughness_m))
    reflected = (sine - link.impedance) / (sine + link.impedance)
    reflected *= math.exp(-min(10.0, wave_number * spread_m * sine))
    power = reflected.real**2 + reflected.imag**2
    if power < 0.25 or power < sine:
        reflected *= math.sqrt(sine / power)
    phase = 2.0 * wave_number * path.tx_effective_m * path.rx_effective_m / distance_m
    if phase > 0.5 * math.pi:
        phase = math.pi - (0.5 * math.pi) ** 2 / phase
    field = complex(math.cos(phase), -math.sin(phase)) + reflected
    two_rays_db = -10.0 * math.log10(field.real**2 + field.imag**2)
    diffracted_db = slope * distance_m + base
    weight = 1.0 / (1.0 + link.frequency_mhz * path.roughness_m / max(10e3, horizon.smooth_m))
    return weight * two_rays_db + (1.0 - weight) * diffracted_db
