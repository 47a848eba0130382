"""Longley-Rice's statistics: how the attenuation varies in time, between locations and between situations."""

import math
from typing import NamedTuple

from lomsong.compiled import kernel
from lomsong.propagation.itm_link import MHZ_PER_WAVE_NUMBER, Terminals, roughness_at

#: What the percentages mean: one number for all; time apart; time with location; all three apart.
SINGLE_MESSAGE, ACCIDENTAL, MOBILE, BROADCAST = 0, 1, 2, 3
#: Standard normal deviates beyond this are extrapolations.
EXTREME_DEVIATE = 3.10

#: Each curve of effective distance has five coefficients: two levels [dB] and three distances [m]. One line a
#: climate, in the order of `lomsong.propagation.itm_settings.CLIMATES`: the median V, and the deviations
#: sigma T below and above it. Table 5.1 of the Algorithm, from Tech Note 101.
_MEDIAN = (
    (-9.67, 12.7, 144.9e3, 190.3e3, 133.8e3),
    (-0.62, 9.19, 228.9e3, 205.2e3, 143.6e3),
    (1.26, 15.5, 262.6e3, 185.2e3, 99.8e3),
    (-9.21, 9.05, 84.1e3, 101.1e3, 98.6e3),
    (-0.62, 9.19, 228.9e3, 205.2e3, 143.6e3),
    (-0.39, 2.86, 141.7e3, 315.9e3, 167.4e3),
    (3.15, 857.9, 2222e3, 164.8e3, 116.3e3),
)
_BELOW = (
    (2.13, 159.5, 762.2e3, 123.6e3, 94.5e3),
    (2.66, 7.67, 100.4e3, 172.5e3, 136.4e3),
    (6.11, 6.65, 138.2e3, 242.2e3, 178.6e3),
    (1.98, 13.11, 139.1e3, 132.7e3, 193.5e3),
    (2.68, 7.16, 93.7e3, 186.8e3, 133.5e3),
    (6.86, 10.38, 187.8e3, 169.6e3, 108.9e3),
    (8.51, 169.8, 609.8e3, 119.9e3, 106.6e3),
)
_ABOVE = (
    (2.11, 102.3, 636.9e3, 134.8e3, 95.6e3),
    (6.87, 15.53, 138.7e3, 143.7e3, 98.6e3),
    (10.08, 9.60, 165.3e3, 225.7e3, 129.7e3),
    (3.68, 159.3, 464.4e3, 93.1e3, 94.2e3),
    (4.75, 8.12, 93.2e3, 135.9e3, 113.4e3),
    (8.58, 13.97, 216.0e3, 152.0e3, 122.7e3),
    (8.43, 8.19, 136.2e3, 188.5e3, 122.9e3),
)
#: Rare strong fields: their deviation as a share of sigma T above, and the deviate z_D where they begin.
_DUCTING = (
    (1.224, 1.282),
    (0.801, 2.161),
    (1.38, 1.282),
    (1.0, 20.0),
    (1.224, 1.282),
    (1.518, 1.282),
    (1.518, 1.282),
)
#: Coefficients of the frequency gains g- and g+: a level, a bump, its width in ln f.
_GAIN_BELOW = ((1.0, 0.0, 0.0),) * 4 + ((0.92, 0.25, 1.77),) + ((1.0, 0.0, 0.0),) * 2
_GAIN_ABOVE = (
    (1.0, 0.0, 0.0),
    (0.93, 0.31, 2.0),
    (1.0, 0.0, 0.0),
    (0.93, 0.19, 1.79),
    (0.93, 0.31, 2.0),
    (1.0, 0.0, 0.0),
    (1.0, 0.0, 0.0),
)


#: The fit of `deviate` is off by some 1e-6 at 50 %, and spreads are below 40 dB. [dB]
_MEDIAN_ROUNDING_DB = 1e-3


class Statistics(NamedTuple):
    """Which quantile of the attenuation is asked for."""

    climate: int  # row of the tables above
    mode: int
    fixed_location: bool  # no variability between locations
    fixed_situation: bool  # no variability between situations
    time_deviate: float
    location_deviate: float
    situation_deviate: float


def deviate(percent: float) -> float:
    """
    Standard normal deviate that a share of cases exceeds.

    Parameters
    ----------
    percent : float
        Share of cases, between 0 and 100, both excluded. [%]

    Returns
    -------
    float
        Deviate, negative above 50 %, within 4.5e-4. [unitless]

    References
    ----------
    .. [1] Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23. The model is defined with this
       fit, its first coefficient rounded so that 50 % gives nearly zero.
    """
    tail = min(percent, 100.0 - percent) / 100.0
    t = math.sqrt(-2.0 * math.log(tail))
    above = (0.010328 * t + 0.802853) * t + 2.515516
    below = ((0.001308 * t + 0.189269) * t + 1.432788) * t + 1.0
    z = t - above / below
    return z if percent <= 50.0 else -z


def most_gain(climate: int) -> float:
    """
    Bound of how far the median level of the model can exceed that of free space.

    The reference attenuation is never negative, so it is the climate's median curve at its highest, squeezed as
    `quantile` does.

    Parameters
    ----------
    climate : int
        Row of the tables.

    Returns
    -------
    float
        Zero or more. [dB]
    """
    level, bump = _MEDIAN[climate][:2]
    highest = max(level + bump, 0.0) + _MEDIAN_ROUNDING_DB
    return highest * (29.0 + highest) / (29.0 + 10.0 * highest)


@kernel
def quantile(reference_db: float, path: Terminals, frequency_mhz: float, statistics: Statistics) -> float:
    """
    Attenuation that is not exceeded in the wanted share of times, locations and situations.

    Parameters
    ----------
    reference_db : float
        Reference attenuation. [dB]
    path : Terminals
    frequency_mhz : float
        Carrier frequency. [MHz]
    statistics : Statistics

    Returns
    -------
    float
        Attenuation in excess of free space, which may be slightly negative. [dB]
    """
    z_time, z_location, z_situation = share_deviates(statistics)
    mode = statistics.mode
    effective_m = _effective_distance(path, frequency_mhz)
    sigma_time = _time_spread(z_time, effective_m, frequency_mhz, statistics.climate)
    sigma_location = 0.0
    if not statistics.fixed_location:
        roughness = frequency_mhz / MHZ_PER_WAVE_NUMBER * roughness_at(path.distance_m, path.roughness_m)
        sigma_location = 10.0 * roughness / (roughness + 13.0)
    sigma_situation = 0.0 if statistics.fixed_situation else 5.0 + 3.0 * math.exp(-effective_m / 100e3)
    time_db, location_db = sigma_time * z_time, sigma_location * z_location
    variance = sigma_situation**2
    variance += time_db**2 / (7.8 + z_situation**2) + location_db**2 / (24.0 + z_situation**2)
    known_db = 0.0
    if mode == SINGLE_MESSAGE:
        variance += sigma_time**2 + sigma_location**2
    elif mode == ACCIDENTAL:
        known_db = time_db
        variance += sigma_location**2
    elif mode == MOBILE:
        known_db = math.sqrt(sigma_time**2 + sigma_location**2) * z_time
    else:
        known_db = time_db + location_db
    median_db = _curve(effective_m, _MEDIAN[statistics.climate])
    loss_db = reference_db - median_db - known_db - math.sqrt(variance) * z_situation
    if loss_db < 0.0:  # a field stronger than in free space is rare: squeeze it
        loss_db *= (29.0 - loss_db) / (29.0 - 10.0 * loss_db)
    return loss_db


@kernel
def share_deviates(statistics: Statistics) -> tuple[float, float, float]:
    """Return the deviates of time, location and situation, where the mode lets one stand for others."""
    z_time, z_location = statistics.time_deviate, statistics.location_deviate
    z_situation = statistics.situation_deviate
    if statistics.mode == SINGLE_MESSAGE:
        return z_situation, z_situation, z_situation
    if statistics.mode == ACCIDENTAL:
        return z_time, z_situation, z_situation
    if statistics.mode == MOBILE:
        return z_time, z_time, z_situation
    return z_time, z_location, z_situation


@kernel
def _effective_distance(path: Terminals, frequency_mhz: float) -> float:
    """Return the distance that counts for variability, 130 km where the scatter begins. [m]."""
    begins_m: float = math.sqrt(18e6 * path.tx_effective_m) + math.sqrt(18e6 * path.rx_effective_m)
    begins_m += (575.7e12 * MHZ_PER_WAVE_NUMBER / frequency_mhz) ** (1.0 / 3.0)
    if path.distance_m < begins_m:
        return 130e3 * path.distance_m / begins_m
    return 130e3 + path.distance_m - begins_m


@kernel
def _curve(distance_m: float, c: tuple[float, float, float, float, float]) -> float:
    """Return a climate's curve at an effective distance. [dB]."""
    rise = (distance_m / c[2]) ** 2
    return (c[0] + c[1] / (1.0 + ((distance_m - c[3]) / c[4]) ** 2)) * rise / (1.0 + rise)


@kernel
def _time_spread(z_time: float, effective_m: float, frequency_mhz: float, climate: int) -> float:
    """Return sigma T on the side of the median where the deviate is. [dB]."""
    log_f = math.log(0.133 * frequency_mhz / MHZ_PER_WAVE_NUMBER)
    if z_time < 0.0:
        level, bump, width = _GAIN_BELOW[climate]
        spread: float = _curve(effective_m, _BELOW[climate])
    else:
        level, bump, width = _GAIN_ABOVE[climate]
        spread = _curve(effective_m, _ABOVE[climate])
    spread *= level + bump / ((width * log_f) ** 2 + 1.0)
    share, begins = _DUCTING[climate]
    if z_time > begins:
        spread *= share + (1.0 - share) * begins / z_time
    return spread
