"""
The ways a signal takes in ITU-R P.1812 besides diffraction: line of sight, troposcatter, ducts and layers.

Kernels of one path. The numbers in brackets are equations of P.1812-8, whose kilometres and gigahertz the code
keeps, with metres and MHz converted on the way in. Troposcatter is the formula of P.1812-6: the ITU advises
users of P.1812-7 to go back to it.
"""

import math
from typing import NamedTuple

from lomsong.compiled import kernel
from lomsong.propagation.p1812_profile import Path, Zones

#: Coefficients of the approximation to the inverse normal distribution, (96) to (98). [unitless]
_C = (2.515516698, 0.802853, 0.010328)
_D = (1.432788, 0.189269, 0.001308)
#: How far from the coast a terminal feels the duct over the sea. [m]
_COAST_M = 5e3
#: Part of the path over sea above which it does. [unitless]
_MOSTLY_SEA = 0.75


class Air(NamedTuple):
    """The state of the atmosphere along a path."""

    effective_earth_radius_m: float  # a_e, at median refraction
    surface_refractivity: float  # N_0, at sea level [N-units]
    beta0_percent: float  # part of the time with strong refraction, as of `anomalous_time`


@kernel
def inverse_normal(share: float) -> float:
    """Return the value that a standard normal variable exceeds with probability `share`, 1e-6 to 1 - 1e-6."""
    tail = min(max(min(share, 1.0 - share), 1e-6), 0.5)
    t = math.sqrt(-2.0 * math.log(tail))
    top = (_C[2] * t + _C[1]) * t + _C[0]
    bottom = ((_D[2] * t + _D[1]) * t + _D[0]) * t + 1.0
    value = t - top / bottom
    return value if share <= 0.5 else -value


@kernel
def inland_parameter(inland_m: float) -> float:
    """Return tau, which grows with the longest stretch inland, (3). [unitless]."""
    return 1.0 - math.exp(-4.12e-4 * math.pow(inland_m / 1e3, 2.41))


@kernel
def anomalous_time(latitude_deg: float, zones: Zones) -> float:
    """Return beta 0, how often the lowest 100 m refract strongly, (2) to (5). [percent]."""
    tau = inland_parameter(zones.inland_m)
    land_km = zones.land_m / 1e3
    power = math.pow(10.0, -land_km / (16.0 - 6.6 * tau)) + math.pow(10.0, -5.0 * (0.496 + 0.354 * tau))
    mu1 = min(math.pow(power, 0.2), 1.0)
    latitude = abs(latitude_deg)
    if latitude > 70.0:
        return 4.17 * mu1 * math.pow(mu1, 0.3)
    mu4 = math.pow(mu1, -0.935 + 0.0176 * latitude)
    return math.pow(10.0, -0.015 * latitude + 1.67) * mu1 * mu4


@kernel
def time_interpolation(time_percent: float, beta0_percent: float) -> float:
    """Return F_i, which leads from median conditions (0) to strong refraction (1), (40). [unitless]."""
    if time_percent <= beta0_percent:
        return 1.0
    return inverse_normal(time_percent / 100.0) / inverse_normal(beta0_percent / 100.0)


@kernel
def free_space_p1812(path: Path, frequency_mhz: float) -> float:
    """Return the loss in free space along the slant path, with the rounded constant of (8). [dB]."""
    slant_km = math.hypot(path.distance_m, path.tx_amsl_m - path.rx_amsl_m) / 1e3
    return 92.4 + 20.0 * math.log10(frequency_mhz / 1e3) + 20.0 * math.log10(slant_km)


@kernel
def multipath_focusing(path: Path, time_percent: float) -> float:
    """Return what multipath and focusing add to the line-of-sight loss, below zero under 50 % of time, (9). [dB]."""
    horizons_km = (path.tx_horizon_m + path.rx_horizon_m) / 1e3
    return 2.6 * (1.0 - math.exp(-0.1 * horizons_km)) * math.log10(time_percent / 50.0)


@kernel
def troposcatter_loss(
    path: Path, frequency_mhz: float, surface_refractivity: float, time_percent: float
) -> float:
    """Return the loss by scatter from the troposphere, (44) and (45) of P.1812-6. [dB]."""
    f = frequency_mhz / 1e3
    by_frequency_db = 25.0 * math.log10(f) - 2.5 * math.log10(0.5 * f) ** 2
    rarer_db = 10.125 * math.pow(math.log10(50.0 / time_percent), 0.7)
    by_distance_db = 20.0 * math.log10(path.distance_m / 1e3) + 0.573 * path.angle_mrad
    return 190.1 + by_frequency_db + by_distance_db - 0.15 * surface_refractivity - rarer_db


@kernel
def ducting_loss(
    path: Path,
    zones: Zones,
    frequency_mhz: float,
    air: Air,
    time_percent: float,
) -> float:
    """Return the loss along ducts and by reflection from layers, section 4.5, (46) to (56). [dB]."""
    f, d = frequency_mhz / 1e3, path.distance_m / 1e3
    coupling_db = _duct_coupling(path, zones, f)
    tx_angle = min(path.tx_angle_mrad, 0.1 * path.tx_horizon_m / 1e3)  # (53a)
    rx_angle = min(path.rx_angle_mrad, 0.1 * path.rx_horizon_m / 1e3)
    angle = 1e3 * path.distance_m / air.effective_earth_radius_m + tx_angle + rx_angle  # (53)
    per_mrad_db = 5e-5 * (air.effective_earth_radius_m / 1e3) * math.pow(f, 1.0 / 3.0)  # (51)
    beta = _duct_time(path, zones, air)
    log_beta = math.log10(beta)
    by_beta = 9.51 - 4.8 * log_beta + 0.198 * log_beta * log_beta
    exponent = (
        1.076 / math.pow(2.0058 - log_beta, 1.012) * math.exp(-by_beta * 1e-6 * math.pow(d, 1.13))
    )  # (54a)
    ratio = time_percent / beta
    by_time_db = -12.0 + (1.2 + 3.7e-3 * d) * math.log10(ratio) + 12.0 * math.pow(ratio, exponent)  # (54)
    return coupling_db + per_mrad_db * angle + by_time_db


@kernel
def _duct_time(path: Path, zones: Zones, air: Air) -> float:
    """Return beta, beta 0 corrected for the geometry of the path and the roughness, (55) and (56). [percent]."""
    d = path.distance_m / 1e3
    alpha = max(-0.6 - 3.5e-9 * math.pow(d, 3.1) * inland_parameter(zones.inland_m), -3.4)
    heights = math.sqrt(path.tx_effective_m) + math.sqrt(path.rx_effective_m)
    geometry = min(math.pow(0.5 * path.distance_m**2 / air.effective_earth_radius_m / heights**2, alpha), 1.0)
    if path.roughness_m <= 10.0:
        return air.beta0_percent * geometry
    between_km = min((path.distance_m - path.tx_horizon_m - path.rx_horizon_m) / 1e3, 40.0)
    rough = math.exp(-4.6e-5 * (path.roughness_m - 10.0) * (43.0 + 6.0 * between_km))
    return air.beta0_percent * geometry * rough


@kernel
def _duct_coupling(path: Path, zones: Zones, f: float) -> float:
    """Return A_f, the fixed losses between the antennas and the duct, (47) to (50). [dB]."""
    horizons_km = (path.tx_horizon_m + path.rx_horizon_m) / 1e3
    loss_db = 102.45 + 20.0 * math.log10(f) + 20.0 * math.log10(horizons_km)
    if f < 0.5:
        loss_db += 45.375 - 137.0 * f + 92.5 * f * f  # (47a)
    loss_db += _site_shielding(path.tx_angle_mrad, path.tx_horizon_m / 1e3, f)
    loss_db += _site_shielding(path.rx_angle_mrad, path.rx_horizon_m / 1e3, f)
    loss_db += _over_sea(zones.sea_fraction, zones.tx_coast_m, path.tx_horizon_m, path.tx_amsl_m)
    return loss_db + _over_sea(zones.sea_fraction, zones.rx_coast_m, path.rx_horizon_m, path.rx_amsl_m)


@kernel
def _site_shielding(angle_mrad: float, horizon_km: float, f: float) -> float:
    """Return A_s of one terminal, (48). [dB]."""
    above = angle_mrad - 0.1 * horizon_km
    if above <= 0.0:
        return 0.0
    by_distance_db = 20.0 * math.log10(1.0 + 0.361 * above * math.sqrt(f * horizon_km))
    return by_distance_db + 0.264 * above * math.pow(f, 1.0 / 3.0)


@kernel
def _over_sea(sea_fraction: float, coast_m: float, horizon_m: float, amsl_m: float) -> float:
    """Return A_c of one terminal: the duct over the sea couples better, (49). [dB]."""
    if sea_fraction < _MOSTLY_SEA or coast_m > horizon_m or coast_m > _COAST_M:
        return 0.0
    coast_km = coast_m / 1e3
    return -3.0 * math.exp(-0.25 * coast_km * coast_km) * (1.0 + math.tanh(0.07 * (50.0 - amsl_m)))
