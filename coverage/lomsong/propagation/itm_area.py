"""Longley-Rice without a profile: for an area of which only the roughness is known."""

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lomsong.compiled import kernel
from lomsong.errors import RadioError
from lomsong.propagation.itm import ANTENNA_LIMITS, ItmTerms, arrange_terms, predict_link
from lomsong.propagation.itm_link import (
    Link,
    Medium,
    Terminals,
    effective_curvature,
    ground_impedance,
    rough_horizon,
)
from lomsong.propagation.itm_settings import DEFAULT_SETTINGS, ItmSettings
from lomsong.propagation.itm_variability import Statistics
from lomsong.propagation.limits import Limit, refuse_outside

Siting = Literal["random", "careful", "very careful"]
#: How much higher a well-sited antenna may seem; random siting adds nothing. [m]
_SITING_GAIN_M: dict[Siting, float] = {"random": 0.0, "careful": 5.0, "very careful": 10.0}
#: An antenna must be this high to profit fully from its siting. [m]
_FULL_PROFIT_M = 5.0

_DISTANCE = Limit("distance_m", 0, math.inf, "m", low_excluded=True, high_excluded=True)
_ROUGHNESS = Limit("roughness_m", 0, math.inf, "m", high_excluded=True)


@kernel
def _sited_height(height_m: float, roughness_m: float, gain_m: float) -> float:
    """Return the effective height of an antenna whose site was chosen with some care. [m]."""
    if gain_m == 0.0:
        return height_m
    if height_m < _FULL_PROFIT_M:
        gain_m = 1.0 + (gain_m - 1.0) * math.sin(0.5 * math.pi * height_m / _FULL_PROFIT_M)
    return height_m + gain_m * math.exp(-min(20.0, 2.0 * height_m / max(1e-3, roughness_m)))


@kernel
def _predict_areas(
    numbers: NDArray[np.float64],
    gains_m: tuple[float, float],
    medium: Medium,
    statistics: Statistics,
    floats: NDArray[np.float64],
    codes: NDArray[np.int64],
) -> None:
    curvature = effective_curvature(medium.refractivity)
    for row in range(numbers.shape[0]):
        distance_m, roughness_m, frequency_mhz = numbers[row, 0], numbers[row, 1], numbers[row, 4]
        tx_m, rx_m = numbers[row, 2], numbers[row, 3]
        if math.isnan(distance_m + roughness_m + tx_m + rx_m + frequency_mhz):
            floats[row, :] = math.nan
            codes[row, :] = 0
            continue
        tx_effective_m = _sited_height(tx_m, roughness_m, gains_m[0])
        rx_effective_m = _sited_height(rx_m, roughness_m, gains_m[1])
        tx_horizon_m, tx_angle = rough_horizon(tx_effective_m, roughness_m, curvature)
        rx_horizon_m, rx_angle = rough_horizon(rx_effective_m, roughness_m, curvature)
        path = Terminals(
            distance_m,
            roughness_m,
            tx_effective_m,
            rx_effective_m,
            tx_horizon_m,
            rx_horizon_m,
            tx_angle,
            rx_angle,
        )
        impedance = ground_impedance(frequency_mhz, medium)
        link = Link(path, frequency_mhz, tx_m, rx_m, 0.0, impedance, medium.refractivity, curvature)
        loss_db, reference_db, _, mechanism, caveats = predict_link(link, statistics)
        floats[row, 0], floats[row, 1], floats[row, 2] = loss_db, reference_db, roughness_m
        codes[row, 0], codes[row, 1] = mechanism, caveats


def itm_area_terms(
    distance_m: ArrayLike,
    roughness_m: ArrayLike,
    tx_height_m: ArrayLike,
    rx_height_m: ArrayLike,
    frequency_mhz: ArrayLike,
    *,
    tx_siting: Siting = "random",
    rx_siting: Siting = "random",
    settings: ItmSettings = DEFAULT_SETTINGS,
) -> ItmTerms:
    """
    Longley-Rice prediction for an area, with what it is made of.

    Parameters
    ----------
    distance_m, roughness_m, tx_height_m, rx_height_m, frequency_mhz : array_like, shape (...)
        As for `itm_area_loss`.
    tx_siting, rx_siting : {"random", "careful", "very careful"}
        As for `itm_area_loss`.
    settings : ItmSettings
        Ground, air and quantile.

    Returns
    -------
    ItmTerms

    Raises
    ------
    RadioError
        If an input is outside its range.
    """
    values = (distance_m, roughness_m, tx_height_m, rx_height_m, frequency_mhz)
    given = [np.asarray(value, dtype=np.float64) for value in values]
    refuse_outside("Longley-Rice area", *zip((_DISTANCE, _ROUGHNESS, *ANTENNA_LIMITS), given, strict=True))
    for siting in (tx_siting, rx_siting):
        if siting not in _SITING_GAIN_M:
            raise RadioError(f"Longley-Rice area: siting {siting!r} is none of: {', '.join(_SITING_GAIN_M)}")
    shape = np.broadcast_shapes(*(value.shape for value in given))
    numbers = np.stack([np.broadcast_to(value, shape).reshape(-1) for value in given], axis=-1)
    floats = np.empty((len(numbers), 3))
    codes = np.empty((len(numbers), 2), dtype=np.int64)
    gains_m = (_SITING_GAIN_M[tx_siting], _SITING_GAIN_M[rx_siting])
    _predict_areas(numbers, gains_m, settings.medium(), settings.statistics(), floats, codes)
    return arrange_terms(floats, codes, shape)


def itm_area_loss(
    distance_m: ArrayLike,
    roughness_m: ArrayLike,
    tx_height_m: ArrayLike,
    rx_height_m: ArrayLike,
    frequency_mhz: ArrayLike,
    *,
    tx_siting: Siting = "random",
    rx_siting: Siting = "random",
    settings: ItmSettings = DEFAULT_SETTINGS,
) -> NDArray[np.float64]:
    """
    Basic transmission loss in an area of known roughness by the Longley-Rice model.

    Parameters
    ----------
    distance_m : array_like, shape (...)
        Distance along the ground, above zero. [m]
    roughness_m : array_like, shape (...)
        Height between the deciles of the terrain about a straight line: 0 for a plain, 90 for hills, 200 and
        more for mountains. [m]
    tx_height_m, rx_height_m : array_like, shape (...)
        Antennas above ground, 0.5 to 3000. [m]
    frequency_mhz : array_like, shape (...)
        Carrier frequency, 20 to 20 000. [MHz]
    tx_siting, rx_siting : {"random", "careful", "very careful"}
        How well the terrain was used when the antenna was placed.
    settings : ItmSettings
        Ground, air and quantile; the refractivity counts as that at the ground.

    Returns
    -------
    ndarray, shape (...)
        Loss of the broadcast inputs; NaN where an input is NaN. [dB]

    Raises
    ------
    RadioError
        If an input is outside its range.

    References
    ----------
    .. [1] Hufford, Longley and Kissick, "A guide to the use of the ITS irregular terrain model in the area
       prediction mode", NTIA Report 82-100, 1982.
    """
    return itm_area_terms(
        distance_m,
        roughness_m,
        tx_height_m,
        rx_height_m,
        frequency_mhz,
        tx_siting=tx_siting,
        rx_siting=rx_siting,
        settings=settings,
    ).loss_db
