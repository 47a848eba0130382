"""
Path loss from terrain profiles after ITU-R P.1812-8: the default model, as a function of arrays.

The work on one path is in `p1812_path`, which an area engine calls by itself. Troposcatter is the formula of
P.1812-6: the ITU advises users of P.1812-7 to go back to it.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lomsong.compiled import kernel
from lomsong.errors import RadioError
from lomsong.propagation.limits import Limit, refuse_outside
from lomsong.propagation.p526 import effective_earth_radius
from lomsong.propagation.p526_profile import stack_profiles
from lomsong.propagation.p1812_mechanisms import Air, anomalous_time, inverse_normal
from lomsong.propagation.p1812_path import Losses, p1812_kernel
from lomsong.propagation.p1812_profile import COASTAL, INLAND, SEA, read_zones

_DISTANCE = Limit("distance_m", 250.0, 3000e3, "m")
_TX_HEIGHT = Limit("transmitter_height_m", 1.0, 3000.0, "m")
_RX_HEIGHT = Limit("receiver_height_m", 1.0, 3000.0, "m")
_FREQUENCY = Limit("frequency_mhz", 30.0, 6000.0, "MHz")
_LATITUDE = Limit("latitude_deg", -90.0, 90.0, "degrees")
_REFRACTIVITY = Limit("surface_refractivity", 0.0, math.inf, "N-units", low_excluded=True)
_TIME = Limit("time_percent", 1.0, 50.0, "%")
_LOCATIONS = Limit("location_percent", 1.0, 99.0, "%")
_SIGMA = Limit("location_sigma_db", 0.0, math.inf, "dB")
_CLUTTER = Limit("clutter_height_m", 0.0, math.inf, "m")
_TX_COAST = Limit("transmitter_coast_m", 0.0, math.inf, "m")
_RX_COAST = Limit("receiver_coast_m", 0.0, math.inf, "m")
_RESOLUTION = Limit("resolution_m", 0.0, math.inf, "m", low_excluded=True)

_NUMBERS = (
    _TX_HEIGHT,
    _RX_HEIGHT,
    _FREQUENCY,
    _REFRACTIVITY,
    _LATITUDE,
    _TIME,
    _LOCATIONS,
    _SIGMA,
    _TX_COAST,
    _RX_COAST,
)

_Floats = NDArray[np.float64]


@kernel
def location_term(location_percent: float, sigma_db: float) -> float:
    """Return what a percentage of locations adds to the loss, below zero under 50 %, (66). [dB]."""
    return -inverse_normal(location_percent / 100.0) * sigma_db


def location_sigma(
    frequency_mhz: ArrayLike,
    receiver_height_m: ArrayLike,
    *,
    clutter_height_m: ArrayLike = 0.0,
    resolution_m: ArrayLike,
) -> _Floats:
    """
    Standard deviation of the loss among outdoor locations within a square.

    Parameters
    ----------
    frequency_mhz : array_like, shape (...)
        Carrier frequency, 30 to 6000. [MHz]
    receiver_height_m : array_like, shape (...)
        Receiver above ground, 1 to 3000. [m]
    clutter_height_m : array_like, shape (...)
        Representative clutter around the receiver. [m]
    resolution_m : array_like, shape (...)
        Width of the square. [m]

    Returns
    -------
    ndarray, shape (...)
        Standard deviation; falls to zero for a receiver 10 m over the clutter. [dB]

    Raises
    ------
    RadioError
        If an input is outside its range.

    References
    ----------
    .. [1] ITU-R P.1812-8, section 4.7 (location variability of losses), with 0.024 per GHz.
    """
    given = (frequency_mhz, receiver_height_m, clutter_height_m, resolution_m)
    frequency, height, clutter, width = (np.asarray(values, dtype=np.float64) for values in given)
    limits = (_FREQUENCY, _RX_HEIGHT, _CLUTTER, _RESOLUTION)
    refuse_outside("P.1812 locations", *zip(limits, (frequency, height, clutter, width), strict=True))
    among_clutter = np.clip(1.0 - (height - clutter) / 10.0, 0.0, 1.0)
    return np.asarray((0.52 + 0.024 * frequency / 1e3) * width**0.28 * among_clutter)


@kernel
def _p1812_paths(
    distance_m: _Floats, ground_m: _Floats, clutter_m: _Floats, zone: _Floats, numbers: _Floats
) -> _Floats:
    """Run `p1812_kernel` on every row; `numbers` holds the scalars in the order of `p1812_losses`."""
    paths, n = distance_m.shape
    losses = np.full((paths, 9), np.nan)
    surface_m = np.empty(n)
    for i in range(paths):
        given = ground_m[i] + clutter_m[i] + zone[i] + distance_m[i]
        if math.isnan(given.sum() + numbers[i].sum()):
            continue
        tx_m, rx_m, frequency, radius, refractivity, latitude = numbers[i, :6]
        time, locations, sigma_db, vertical, tx_coast_m, rx_coast_m = numbers[i, 6:]
        surface_m[:] = ground_m[i] + clutter_m[i]
        zones = read_zones(distance_m[i], zone[i], n, tx_coast_m, rx_coast_m)
        found = p1812_kernel(
            distance_m[i],
            ground_m[i],
            surface_m,
            n,
            ground_m[i, 0] + tx_m,
            ground_m[i, n - 1] + rx_m,
            frequency,
            vertical > 0.5,
            Air(radius, refractivity, anomalous_time(latitude, zones)),
            zones,
            time,
            0.0 if zone[i, n - 1] == SEA else location_term(locations, sigma_db),
        )
        for j in range(9):
            losses[i, j] = found[j]
    return losses


def p1812_losses(
    distance_m: ArrayLike,
    height_m: ArrayLike,
    *,
    transmitter_height_m: ArrayLike,
    receiver_height_m: ArrayLike,
    frequency_mhz: ArrayLike,
    latitude_deg: ArrayLike,
    refractivity_gradient: ArrayLike,
    surface_refractivity: ArrayLike,
    time_percent: ArrayLike = 50.0,
    location_percent: ArrayLike = 50.0,
    location_sigma_db: ArrayLike | None = None,
    vertical: ArrayLike = True,
    clutter_height_m: ArrayLike = 0.0,
    zone: ArrayLike = INLAND,
    transmitter_coast_m: ArrayLike = math.inf,
    receiver_coast_m: ArrayLike = math.inf,
) -> Losses[_Floats]:
    """
    Basic transmission loss over terrain after ITU-R P.1812-8, and the parts it is made of.

    Parameters
    ----------
    distance_m : array_like, shape (..., n)
        Distance of three samples or more from the transmitter: from 0, rising, the receiver last, 250 m to
        3000 km away. [m]
    height_m : array_like, shape (..., n)
        Terrain above sea level, without clutter. [m]
    transmitter_height_m, receiver_height_m : array_like, shape (...)
        Antennas above the ground, 1 to 3000. [m]
    frequency_mhz : array_like, shape (...)
        Carrier frequency, 30 to 6000. [MHz]
    latitude_deg : array_like, shape (...)
        Of the path's centre, as of `path_centre_latitude`. [degrees]
    refractivity_gradient : array_like, shape (...)
        Median fall of the refractivity in the lowest kilometre (Delta N), below 157. [N-units/km]
    surface_refractivity : array_like, shape (...)
        Median refractivity at sea level (N_0). [N-units]
    time_percent : array_like, shape (...)
        Part of an average year for which the loss is not exceeded, 1 to 50. [%]
    location_percent : array_like, shape (...)
        Part of the locations around the receiver, 1 to 99. [%]
    location_sigma_db : array_like, shape (...), optional
        Standard deviation among them, as of `location_sigma`; needed where the percentage is not 50. A receiver
        at sea has none. [dB]
    vertical : array_like of bool, shape (...)
        True for vertical polarisation, False for horizontal.
    clutter_height_m : array_like, shape (..., n) or a number
        Representative clutter on the terrain; not used under the antennas. [m]
    zone : array_like, shape (..., n) or a number
        Radio-climatic zone of each sample: 1 sea, 3 coastal land, 4 inland.
    transmitter_coast_m, receiver_coast_m : array_like, shape (...)
        Distance of the antennas to the coast along the path. It only matters on a path that is mostly sea. [m]

    Returns
    -------
    Losses
        Arrays of the shape of the broadcast inputs; NaN where an input of the path is NaN. [dB]

    Raises
    ------
    RadioError
        If an input is outside what the Recommendation is defined for, or a profile is not one.

    References
    ----------
    .. [1] ITU-R P.1812-8, "A path-specific propagation prediction method for point-to-area terrestrial services
       in the frequency range 30 MHz to 6 000 MHz".
    .. [2] ITU-R P.1812-6, section 4.4 (troposcatter).
    """
    given = (
        transmitter_height_m,
        receiver_height_m,
        frequency_mhz,
        surface_refractivity,
        latitude_deg,
        time_percent,
        location_percent,
        0.0 if location_sigma_db is None else location_sigma_db,
        transmitter_coast_m,
        receiver_coast_m,
    )
    values = [np.asarray(number, dtype=np.float64) for number in given]
    distance, clutter = (np.asarray(samples, dtype=np.float64) for samples in (distance_m, clutter_height_m))
    has_sigma = location_sigma_db is not None
    _refuse_choices(distance, np.asarray(zone, dtype=np.float64), values[6], has_sigma=has_sigma)
    length = (_DISTANCE, distance[..., -1:])
    refuse_outside("P.1812", length, *zip(_NUMBERS, values, strict=True), (_CLUTTER, clutter))
    tx, rx, frequency, refractivity, latitude, time, locations, sigma, tx_coast, rx_coast = values
    radius = effective_earth_radius(refractivity_gradient)
    per_path = (
        tx,
        rx,
        frequency,
        radius,
        refractivity,
        latitude,
        time,
        locations,
        sigma,
        vertical,
        tx_coast,
        rx_coast,
    )
    shape, rows = stack_profiles("P.1812", distance, height_m, clutter, zone, per_path=per_path)
    found = np.asarray(_p1812_paths(*rows))
    return Losses(*(column.reshape(shape) for column in found.T))


def _refuse_choices(distance: _Floats, zone: _Floats, locations: _Floats, *, has_sigma: bool) -> None:
    """Raise one error that names what no single limit covers."""
    problems = []
    if distance.ndim == 0 or distance.shape[-1] < 3:
        problems.append("a profile needs three samples or more, one of them between transmitter and receiver")
    if np.any(~np.isin(zone[~np.isnan(zone)], (SEA, COASTAL, INLAND))):
        problems.append("'zone' must be 1 (sea), 3 (coastal) or 4 (inland)")
    if not has_sigma and np.any(np.abs(locations - 50.0) > 0.0):
        problems.append("'location_sigma_db' is missing, which 'location_percent' other than 50 needs")
    if problems:
        raise RadioError("\n  - ".join([f"P.1812: {len(problems)} problem(s)", *problems]))
