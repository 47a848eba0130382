"""
The Longley-Rice irregular terrain model (ITM), point to point: the second opinion beside ITU-R P.1812.

`itm_kernel` predicts one profile and is meant for compiled callers; `itm_loss` and `itm_terms` take arrays.
The parts are in the modules beside this one: `itm_settings` says what is asked, `itm_profile` reads the
terrain, `itm_reference` joins `itm_diffraction` and `itm_scatter`, `itm_variability` gives quantiles, and
`itm_area` needs no profile.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lomsong.compiled import kernel
from lomsong.errors import RadioError
from lomsong.propagation.itm_caveats import find_caveats
from lomsong.propagation.itm_link import (
    LEAST_REFRACTIVITY,
    MOST_REFRACTIVITY,
    Link,
    Medium,
    effective_curvature,
    ground_impedance,
    surface_refractivity,
)
from lomsong.propagation.itm_profile import mean_height, read_profile
from lomsong.propagation.itm_reference import reference_attenuation
from lomsong.propagation.itm_settings import DEFAULT_SETTINGS, ItmSettings
from lomsong.propagation.itm_variability import Statistics, quantile
from lomsong.propagation.limits import Limit, refuse_outside

#: Added to the product of antenna heights in the weight of diffraction, point to point only. [m2]
_HEIGHT_OFFSET = 10.0
#: The model rounds the loss of free space at 1 km and 1 MHz. [dB]
_FREE_SPACE_DB = 32.45

_STEP = Limit("step_m", 0, math.inf, "m", low_excluded=True, high_excluded=True)
ANTENNA_LIMITS = (
    Limit("tx_height_m", 0.5, 3000, "m"),
    Limit("rx_height_m", 0.5, 3000, "m"),
    Limit("frequency_mhz", 20, 20e3, "MHz"),
)

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ItmTerms:
    """
    A prediction with what it is made of, each an array of the broadcast shape.

    Attributes
    ----------
    loss_db : ndarray
        Basic transmission loss. [dB]
    reference_db : ndarray
        Median attenuation in excess of free space, before variability. [dB]
    roughness_m : ndarray
        Distance between the deciles of the terrain about a straight line. [m]
    mechanism : ndarray of int
        1 nearer than the horizons of a smooth earth, 2 diffraction, 3 troposcatter, 0 where an input is NaN.
    caveats : ndarray of int
        Sums of `lomsong.propagation.itm_caveats.Caveat`.
    """

    loss_db: _Floats
    reference_db: _Floats
    roughness_m: _Floats
    mechanism: _Integers
    caveats: _Integers


@kernel
def predict_link(link: Link, statistics: Statistics) -> tuple[float, float, float, int, int]:
    """Return loss, reference attenuation [dB], roughness [m], mechanism and caveats of a link."""
    reference_db, mechanism = reference_attenuation(link)
    distance_m = link.path.distance_m
    loss_db = _FREE_SPACE_DB + 20.0 * math.log10(link.frequency_mhz) + 20.0 * math.log10(distance_m / 1e3)
    loss_db += quantile(reference_db, link.path, link.frequency_mhz, statistics)
    return loss_db, reference_db, link.path.roughness_m, mechanism, find_caveats(link, statistics)


@kernel
def itm_kernel(
    heights_m: _Floats,
    step_m: float,
    tx_height_m: float,
    rx_height_m: float,
    frequency_mhz: float,
    medium: Medium,
    statistics: Statistics,
) -> tuple[float, float, float, int, int]:
    """
    Longley-Rice prediction over one profile, for callers that are themselves compiled.

    Parameters
    ----------
    heights_m : ndarray, shape (n,)
        Terrain from the transmitter to the receiver, two points or more. [m]
    step_m, tx_height_m, rx_height_m, frequency_mhz : float
        As for `itm_loss`; nothing is checked here.
    medium : Medium
        `ItmSettings.medium()`.
    statistics : Statistics
        `ItmSettings.statistics()`.

    Returns
    -------
    tuple of float, float, float, int and int
        Loss, reference attenuation [dB], roughness [m], mechanism and caveats, as in `ItmTerms`. The first
        three are NaN and the others 0 where an input is NaN; where the refractivity at the ground is outside
        150 to 400 N-units, the mechanism is -1.
    """
    ground_m = mean_height(heights_m)
    if math.isnan(ground_m) or not math.isfinite(step_m + tx_height_m + rx_height_m + frequency_mhz):
        return math.nan, math.nan, math.nan, 0, 0
    refractivity = surface_refractivity(medium.refractivity, ground_m)
    if not LEAST_REFRACTIVITY <= refractivity <= MOST_REFRACTIVITY:
        return math.nan, math.nan, math.nan, -1, 0
    curvature = effective_curvature(refractivity)
    path = read_profile(heights_m, step_m, tx_height_m, rx_height_m, curvature)
    impedance = ground_impedance(frequency_mhz, medium)
    link = Link(
        path, frequency_mhz, tx_height_m, rx_height_m, _HEIGHT_OFFSET, impedance, refractivity, curvature
    )
    return predict_link(link, statistics)


@kernel
def _predict_profiles(
    heights_m: _Floats,
    numbers: _Floats,
    medium: Medium,
    statistics: Statistics,
    floats: _Floats,
    codes: _Integers,
) -> None:
    for row in range(heights_m.shape[0]):
        step_m, tx_m, rx_m, frequency_mhz = numbers[row, 0], numbers[row, 1], numbers[row, 2], numbers[row, 3]
        loss_db, reference_db, roughness_m, mechanism, caveats = itm_kernel(
            heights_m[row], step_m, tx_m, rx_m, frequency_mhz, medium, statistics
        )
        floats[row, 0], floats[row, 1], floats[row, 2] = loss_db, reference_db, roughness_m
        codes[row, 0], codes[row, 1] = mechanism, caveats


def itm_terms(
    heights_m: ArrayLike,
    step_m: ArrayLike,
    tx_height_m: ArrayLike,
    rx_height_m: ArrayLike,
    frequency_mhz: ArrayLike,
    *,
    settings: ItmSettings = DEFAULT_SETTINGS,
) -> ItmTerms:
    """
    Longley-Rice prediction over terrain profiles, with what it is made of.

    Parameters
    ----------
    heights_m, step_m, tx_height_m, rx_height_m, frequency_mhz : array_like
        As for `itm_loss`.
    settings : ItmSettings
        Ground, air and quantile.

    Returns
    -------
    ItmTerms

    Raises
    ------
    RadioError
        As for `itm_loss`.
    """
    heights = np.asarray(heights_m, dtype=np.float64)
    if heights.ndim == 0 or heights.shape[-1] < 2:
        raise RadioError(
            f"Longley-Rice: a profile needs two points or more; heights_m has shape {heights.shape}"
        )
    given = [np.asarray(v, dtype=np.float64) for v in (step_m, tx_height_m, rx_height_m, frequency_mhz)]
    refuse_outside("Longley-Rice", *zip((_STEP, *ANTENNA_LIMITS), given, strict=True))
    shape = np.broadcast_shapes(heights.shape[:-1], *(v.shape for v in given))
    points = heights.shape[-1]
    rows = np.require(np.broadcast_to(heights, (*shape, points)).reshape(-1, points), requirements=["C", "W"])
    numbers = np.stack([np.broadcast_to(v, shape).reshape(-1) for v in given], axis=-1)
    floats = np.empty((len(rows), 3))
    codes = np.empty((len(rows), 2), dtype=np.int64)
    _predict_profiles(rows, numbers, settings.medium(), settings.statistics(), floats, codes)
    return arrange_terms(floats, codes, shape)


def arrange_terms(floats: _Floats, codes: _Integers, shape: tuple[int, ...]) -> ItmTerms:
    """
    Give the rows of the kernels their shape, or refuse them.

    Parameters
    ----------
    floats : ndarray, shape (m, 3)
        Loss, reference attenuation [dB] and roughness [m].
    codes : ndarray of int, shape (m, 2)
        Mechanism and caveats.
    shape : tuple of int
        Shape of the result.

    Returns
    -------
    ItmTerms

    Raises
    ------
    RadioError
        If the refractivity at the ground was out of bounds in a row.
    """
    refused = np.flatnonzero(codes[:, 0] < 0)
    if refused.size:
        raise RadioError(
            f"Longley-Rice: the refractivity at the ground is outside [{LEAST_REFRACTIVITY:g}, "
            f"{MOST_REFRACTIVITY:g}] N-units in {refused.size} paths, the first at row {refused[0]}; "
            "are the heights above sea level, in metres?"
        )
    loss_db, reference_db, roughness_m = (column.reshape(shape) for column in floats.T)
    mechanism, caveats = (column.reshape(shape) for column in codes.T)
    return ItmTerms(loss_db, reference_db, roughness_m, mechanism, caveats)


def itm_loss(
    heights_m: ArrayLike,
    step_m: ArrayLike,
    tx_height_m: ArrayLike,
    rx_height_m: ArrayLike,
    frequency_mhz: ArrayLike,
    *,
    settings: ItmSettings = DEFAULT_SETTINGS,
) -> _Floats:
    """
    Basic transmission loss over terrain profiles by the Longley-Rice model.

    Parameters
    ----------
    heights_m : array_like, shape (..., n)
        Terrain above sea level at even steps from the transmitter to the receiver, two points or more. [m]
    step_m : array_like, shape (...)
        Distance between two points. [m]
    tx_height_m, rx_height_m : array_like, shape (...)
        Antennas above ground, 0.5 to 3000. [m]
    frequency_mhz : array_like, shape (...)
        Carrier frequency, 20 to 20 000. [MHz]
    settings : ItmSettings
        Ground, air and quantile.

    Returns
    -------
    ndarray, shape (...)
        Loss of the broadcast inputs; NaN where an input is NaN. [dB]

    Raises
    ------
    RadioError
        If an input is outside its range, a profile has fewer than two points, or the refractivity at the
        ground is outside 150 to 400 N-units.

    References
    ----------
    .. [1] Hufford, "The ITS Irregular Terrain Model, version 1.2.2, the Algorithm", NTIA, 1995.
    .. [2] Hufford, Longley and Kissick, NTIA Report 82-100, 1982.
    """
    return itm_terms(heights_m, step_m, tx_height_m, rx_height_m, frequency_mhz, settings=settings).loss_db
