"""
The loss along ducts and by reflection from layers, at the speed that an area needs.

The same formulas as `ducting_loss` and `anomalous_time` in `p1812_mechanisms`, at 50 % of time and inland: what the
geometry costs bounds the rest from below, so most receivers need no more, and every power comes from a logarithm.
The numbers in brackets are equations of P.1812-8.
"""

# Kernels take everything by position.

import math

from lomsong.compiled import inlined_kernel, kernel
from lomsong.propagation.area_terms import Horizons, Radio, Walk

_LN10 = math.log(10.0)
#: Beyond this latitude (2) and (4) do not change any more. [degrees]
_POLAR_DEG = 70.0


@inlined_kernel
def duct_coupling(walk: Walk, horizons: Horizons, radio: Radio) -> float:
    """
    Return all of (46) but what depends on time, which at 50 % is 0 or more. [dB].

    In (54) beta is smaller than the percentage of time, so the sum is not below -12 + 12. The three logarithms of
    (47) and (48) are one.
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
    fixed_db = radio.duct_db + 20.0 / _LN10 * math.log((tx_km + rx_km) * product)
    return fixed_db + radio.duct_per_mrad_db * angle + radio.shield_per_mrad_db * (tx_above + rx_above)


@kernel
def duct_fading(
    walk: Walk,
    horizons: Horizons,
    radio: Radio,
    log_km: float,
    roughness_m: float,
    latitude_deg: float,
) -> float:
    """Return what ducts cost besides `duct_coupling` in half of the time, (54) to (56), given log(distance). [dB]."""
    d_km = 1e-3 * walk.distance_m
    tau = 1.0 - math.exp(-4.12e-4 * math.exp(2.41 * log_km))  # (3)
    log_beta = _log_anomalous_time(d_km, tau, latitude_deg)
    alpha = max(-0.6 - 3.5e-9 * math.exp(3.1 * log_km) * tau, -3.4)  # (55a)
    tx_m = radio.transmitter_height_m - min(walk.fit_tx_m, 0.0)
    rx_m = walk.receiver_ground_m + radio.receiver_height_m - min(walk.fit_rx_m, walk.receiver_ground_m)
    heights = math.sqrt(tx_m) + math.sqrt(rx_m)
    geometry = 0.5 * walk.distance_m * walk.distance_m / (radio.earth_radius_m * heights * heights)
    log_beta += min(alpha * math.log(geometry), 0.0)
    if roughness_m > 10.0:  # (56)
        between_km = min(1e-3 * (walk.distance_m - horizons.tx_m - horizons.rx_m), 40.0)
        log_beta -= 4.6e-5 * (roughness_m - 10.0) * (43.0 + 6.0 * between_km)
    tens = log_beta / _LN10
    by_beta = 9.51 - 4.8 * tens + 0.198 * tens * tens
    exponent = 1.076 * math.exp(
        -1.012 * math.log(2.0058 - tens) - by_beta * 1e-6 * math.exp(1.13 * log_km)
    )  # (54a)
    log_ratio = math.log(50.0) - log_beta
    return 12.0 * math.exp(exponent * log_ratio) - 12.0 + (1.2 + 3.7e-3 * d_km) * log_ratio / _LN10  # (54)


@inlined_kernel
def _log_anomalous_time(d_km: float, tau: float, latitude_deg: float) -> float:
    """Return the logarithm of beta 0, how often the lowest 100 m refract strongly, (2) to (5). [log(percent)]."""
    often = math.exp(-_LN10 * d_km / (16.0 - 6.6 * tau)) + math.exp(-5.0 * _LN10 * (0.496 + 0.354 * tau))
    log_mu1 = min(0.2 * math.log(often), 0.0)
    latitude = abs(latitude_deg)
    if latitude > _POLAR_DEG:
        return math.log(4.17) + 1.3 * log_mu1
    return _LN10 * (1.67 - 0.015 * latitude) + (0.065 + 0.0176 * latitude) * log_mu1
