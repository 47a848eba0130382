"""
Baselines that know distance and antenna heights but no terrain: Okumura-Hata, COST-231 Hata, 3GPP RMa.

They are curves through measurements and mean little outside them, so each raises outside its range unless asked to
extrapolate in distance and height; in frequency none does. Behind a ridge they are tens of decibels too optimistic:
compare with them, do not plan by them.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lomsong.propagation.limits import Limit, refuse_outside

#: Surroundings of the telephone as Hata names them; "city" is a medium or small one.
Surroundings = Literal["large city", "city", "suburban", "open"]

#: Hata gives one large-city correction up to 200 MHz and one from 400 MHz; ITU-R P.529 joins them here. [MHz]
_LARGE_CITY_SPLIT_MHZ = 300.0
#: Up to here the exponent of distance is Hata's; beyond, the one of ITU-R P.1546-6, annex 7. [km]
_HATA_FAR_KM = 20.0
#: COST-231, what centres of big cities add. [dB]
_METROPOLITAN_DB = 3.0
#: TR 38.901 rounds the speed of light, note 5 of its table 7.4.1-1. [m/s]
_RMA_LIGHT_MPS = 3e8

_HATA_HEIGHTS = (Limit("base_height_m", 30, 200, "m"), Limit("mobile_height_m", 1, 10, "m"))
HATA_LIMITS = (
    Limit("distance_m", 1e3, 100e3, "m"),
    Limit("frequency_mhz", 150, 1500, "MHz"),
    *_HATA_HEIGHTS,
)
COST231_LIMITS = (
    Limit("distance_m", 1e3, 20e3, "m"),
    Limit("frequency_mhz", 1500, 2000, "MHz"),
    *_HATA_HEIGHTS,
)
_RMA_COMMON = (
    Limit("frequency_mhz", 500, 30e3, "MHz"),
    Limit("base_height_m", 10, 150, "m"),
    Limit("mobile_height_m", 1, 10, "m"),
    Limit("building_height_m", 5, 50, "m"),
)
_RMA_LOS_LIMITS = (Limit("distance_m", 10, 10e3, "m"), *_RMA_COMMON)
RMA_NLOS_LIMITS = (Limit("distance_m", 10, 5e3, "m"), *_RMA_COMMON, Limit("street_width_m", 5, 50, "m"))

_Floats = NDArray[np.float64]


def okumura_hata_loss(
    distance_m: ArrayLike,
    frequency_mhz: ArrayLike,
    base_height_m: ArrayLike,
    mobile_height_m: ArrayLike,
    *,
    surroundings: Surroundings = "open",
    extrapolate: bool = False,
) -> _Floats:
    """
    Median path loss after Okumura and Hata, between isotropic antennas.

    Parameters
    ----------
    distance_m : array_like, shape (...)
        Distance along the ground, 1 to 100 km; beyond 20 km with the exponent of [2]_. [m]
    frequency_mhz : array_like, shape (...)
        Carrier frequency, 150 to 1500. [MHz]
    base_height_m : array_like, shape (...)
        Height of the site's antenna above the terrain around it, 30 to 200. [m]
    mobile_height_m : array_like, shape (...)
        Height of the telephone above ground, 1 to 10. [m]
    surroundings : {"large city", "city", "suburban", "open"}
        Where the telephone is. Villages among fields are "open", market towns "suburban".
    extrapolate : bool
        Whether to use the formula also at distances and heights that it was not fitted to.

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
    .. [1] M. Hata, "Empirical formula for propagation loss in land mobile radio services", IEEE Trans.
       Vehicular Technology, vol. 29, no. 3, 1980, table 1.
    .. [2] ITU-R P.1546-6, annex 7 (the exponent beyond 20 km, as in the withdrawn P.529).
    """
    inputs = _as_floats(distance_m, frequency_mhz, base_height_m, mobile_height_m)
    _refuse("Okumura-Hata", HATA_LIMITS, inputs, extrapolate=extrapolate)
    distance, frequency, base, mobile = inputs
    log_f = np.log10(frequency)
    loss_db = 69.55 + 26.16 * log_f - 13.82 * np.log10(base)
    loss_db = loss_db + _hata_slope(base) * _hata_distance(distance / 1e3, frequency, base)
    loss_db = loss_db - _mobile_gain(frequency, mobile, large_city=surroundings == "large city")
    if surroundings == "suburban":
        loss_db = loss_db - 2.0 * np.log10(frequency / 28.0) ** 2 - 5.4
    if surroundings == "open":
        loss_db = loss_db - 4.78 * log_f**2 + 18.33 * log_f - 40.94
    return np.asarray(loss_db)


def cost231_hata_loss(
    distance_m: ArrayLike,
    frequency_mhz: ArrayLike,
    base_height_m: ArrayLike,
    mobile_height_m: ArrayLike,
    *,
    metropolitan: bool = False,
    extrapolate: bool = False,
) -> _Floats:
    """
    Median path loss after COST 231, which carries Hata's formula to 2 GHz.

    It was fitted to cities and suburbs and has no correction for open country, so it overstates the loss of
    villages among fields.

    Parameters
    ----------
    distance_m : array_like, shape (...)
        Distance along the ground, 1 to 20 km. [m]
    frequency_mhz : array_like, shape (...)
        Carrier frequency, 1500 to 2000. [MHz]
    base_height_m : array_like, shape (...)
        Height of the site's antenna above the terrain around it, 30 to 200. [m]
    mobile_height_m : array_like, shape (...)
        Height of the telephone above ground, 1 to 10. [m]
    metropolitan : bool
        Whether the telephone is in the centre of a big city.
    extrapolate : bool
        Whether to use the formula also at distances and heights that it was not fitted to.

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
    .. [1] COST Action 231, final report (EUR 18957), 1999, section 4.4.1.
    """
    inputs = _as_floats(distance_m, frequency_mhz, base_height_m, mobile_height_m)
    _refuse("COST-231 Hata", COST231_LIMITS, inputs, extrapolate=extrapolate)
    distance, frequency, base, mobile = inputs
    loss_db = 46.3 + 33.9 * np.log10(frequency) - 13.82 * np.log10(base)
    loss_db = loss_db + _hata_slope(base) * np.log10(distance / 1e3)
    loss_db = loss_db - _mobile_gain(frequency, mobile, large_city=False)
    return np.asarray(loss_db + (_METROPOLITAN_DB if metropolitan else 0.0))


def rma_los_loss(
    distance_m: ArrayLike,
    frequency_mhz: ArrayLike,
    base_height_m: ArrayLike,
    mobile_height_m: ArrayLike,
    *,
    building_height_m: ArrayLike = 5.0,
) -> _Floats:
    """
    Path loss of the rural macro cell of 3GPP where the telephone sees the antenna.

    Parameters
    ----------
    distance_m : array_like, shape (...)
        Distance along the ground, 10 m to 10 km. [m]
    frequency_mhz : array_like, shape (...)
        Carrier frequency, 500 to 30 000; above 7000 it rests on one campaign at 24 GHz. [MHz]
    base_height_m : array_like, shape (...)
        Height of the site's antenna above ground, 10 to 150. [m]
    mobile_height_m : array_like, shape (...)
        Height of the telephone above ground, 1 to 10. [m]
    building_height_m : array_like, shape (...)
        Average height of the buildings, 5 to 50; the default is 3GPP's. [m]

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
    .. [1] 3GPP TR 38.901, table 7.4.1-1, RMa LOS, with notes 2 and 5.
    """
    inputs = _as_floats(distance_m, frequency_mhz, base_height_m, mobile_height_m, building_height_m)
    refuse_outside("3GPP RMa LOS", *zip(_RMA_LOS_LIMITS, inputs, strict=True))
    return _rma_los(*inputs)


def rma_nlos_loss(
    distance_m: ArrayLike,
    frequency_mhz: ArrayLike,
    base_height_m: ArrayLike,
    mobile_height_m: ArrayLike,
    *,
    building_height_m: ArrayLike = 5.0,
    street_width_m: ArrayLike = 20.0,
    extrapolate: bool = False,
) -> _Floats:
    """
    Path loss of the rural macro cell of 3GPP where buildings or trees hide the antenna.

    Parameters
    ----------
    distance_m : array_like, shape (...)
        Distance along the ground, 10 m to 5 km. [m]
    frequency_mhz : array_like, shape (...)
        Carrier frequency, 500 to 30 000; above 7000 it rests on one campaign at 24 GHz. [MHz]
    base_height_m : array_like, shape (...)
        Height of the site's antenna above ground, 10 to 150. [m]
    mobile_height_m : array_like, shape (...)
        Height of the telephone above ground, 1 to 10. [m]
    building_height_m : array_like, shape (...)
        Average height of the buildings, 5 to 50; the default is 3GPP's. [m]
    street_width_m : array_like, shape (...)
        Average width of the streets, 5 to 50; the default is 3GPP's. [m]
    extrapolate : bool
        Whether to use the formula also at distances and heights that it was not fitted to.

    Returns
    -------
    ndarray, shape (...)
        Loss of the broadcast inputs, never below that of `rma_los_loss`; NaN where an input is NaN. [dB]

    Raises
    ------
    RadioError
        If an input is outside its range.

    References
    ----------
    .. [1] 3GPP TR 38.901, table 7.4.1-1, RMa NLOS, with note 2.
    """
    inputs = _as_floats(
        distance_m, frequency_mhz, base_height_m, mobile_height_m, building_height_m, street_width_m
    )
    _refuse("3GPP RMa NLOS", RMA_NLOS_LIMITS, inputs, extrapolate=extrapolate)
    distance, frequency, base, mobile, building, street = inputs
    loss_db = 161.04 - 7.1 * np.log10(street) + 7.5 * np.log10(building)
    loss_db = loss_db - (24.37 - 3.7 * (building / base) ** 2) * np.log10(base)
    slant_km = np.hypot(distance, base - mobile) / 1e3
    loss_db = loss_db + (43.42 - 3.1 * np.log10(base)) * np.log10(slant_km)
    loss_db = loss_db + 20.0 * np.log10(frequency / 1e3) - (3.2 * np.log10(11.75 * mobile) ** 2 - 4.97)
    return np.maximum(loss_db, _rma_los(distance, frequency, base, mobile, building))


def _refuse(model: str, limits: tuple[Limit, ...], inputs: tuple[_Floats, ...], *, extrapolate: bool) -> None:
    """Refuse what lies outside the limits: all of them, or that of the frequency alone."""
    pairs = zip(limits, inputs, strict=True)
    refuse_outside(
        model, *((limit, each) for limit, each in pairs if limit.name == "frequency_mhz" or not extrapolate)
    )


def _as_floats(*values: ArrayLike) -> tuple[_Floats, ...]:
    return tuple(np.asarray(value, dtype=np.float64) for value in values)


def _hata_slope(base: _Floats) -> _Floats:
    """Return the decibels per decade of distance, [1] of `okumura_hata_loss`."""
    return np.asarray(44.9 - 6.55 * np.log10(base))


def _hata_distance(distance_km: _Floats, frequency: _Floats, base: _Floats) -> _Floats:
    """Return log10 of the distance, raised beyond 20 km as [2] of `okumura_hata_loss` says."""
    log_d = np.log10(distance_km)
    beyond = np.log10(np.maximum(distance_km, _HATA_FAR_KM) / _HATA_FAR_KM)
    height = base / np.sqrt(1.0 + 7e-6 * base**2)
    exponent = 1.0 + (0.14 + 1.87e-4 * frequency + 1.07e-3 * height) * beyond**0.8
    return np.asarray(log_d**exponent)


def _mobile_gain(frequency: _Floats, mobile: _Floats, *, large_city: bool) -> _Floats:
    """Return Hata's correction a(hm) for the height of the telephone, about 0 dB at 1.5 m."""
    log_f = np.log10(frequency)
    if not large_city:
        return np.asarray((1.1 * log_f - 0.7) * mobile - (1.56 * log_f - 0.8))
    low = 8.29 * np.log10(1.54 * mobile) ** 2 - 1.1
    high = 3.2 * np.log10(11.75 * mobile) ** 2 - 4.97
    return np.where(frequency < _LARGE_CITY_SPLIT_MHZ, low, high)


def _rma_los(
    distance: _Floats, frequency: _Floats, base: _Floats, mobile: _Floats, building: _Floats
) -> _Floats:
    slant_m = np.hypot(distance, base - mobile)
    break_m = 2.0 * np.pi * base * mobile * frequency * 1e6 / _RMA_LIGHT_MPS
    near = _rma_before_the_break(slant_m, frequency, building)
    far = _rma_before_the_break(break_m, frequency, building) + 40.0 * np.log10(slant_m / break_m)
    return np.where(distance <= break_m, near, far)


def _rma_before_the_break(slant_m: _Floats, frequency: _Floats, building: _Floats) -> _Floats:
    power = building**1.72
    loss_db = 20.0 * np.log10(40.0 * np.pi * slant_m * frequency / 3e3)
    loss_db = loss_db + np.minimum(0.03 * power, 10.0) * np.log10(slant_m)
    return np.asarray(loss_db - np.minimum(0.044 * power, 14.77) + 0.002 * np.log10(building) * slant_m)
