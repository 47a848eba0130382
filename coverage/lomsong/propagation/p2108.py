"""
Loss in the clutter around a terminal, ITU-R P.2108: what houses and trees add to a loss that ignores them.

Not for paths predicted over a profile with clutter, which count it already. Section 3.3 (satellites and
aircraft, above 10 GHz) is left out.
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from lomsong.errors import RadioError
from lomsong.propagation.limits import Limit, refuse_outside

Clutter = Literal["water", "open", "suburban", "urban", "trees", "dense urban"]
#: Representative height of each kind of clutter, table 3. [m]
CLUTTER_HEIGHT_M: dict[Clutter, float] = {
    "water": 10.0,
    "open": 10.0,
    "suburban": 10.0,
    "urban": 15.0,
    "trees": 15.0,
    "dense urban": 20.0,
}
#: Width of the streets where nobody knows better, section 3.1. [m]
STREET_WIDTH_M = 27.0
#: Kinds without an edge to diffract at: equation (2b) of section 3.1.
_WITHOUT_EDGE = ("water", "open")
#: The loss at this distance is an upper limit at any distance, equation (6) of section 3.2. [m]
_FARTHEST_M = 2000.0
#: Deviation between locations of the two parts of section 3.2. [dB]
_SIGMA_LONG_DB, _SIGMA_SHORT_DB = 4.0, 6.0

_HEIGHT_GAIN_LIMITS = (
    Limit("frequency_mhz", 30, 3000, "MHz"),
    Limit("height_m", 0, math.inf, "m", low_excluded=True),
    Limit("clutter_height_m", 0, math.inf, "m", low_excluded=True, high_excluded=True),
    Limit("street_width_m", 0, math.inf, "m", low_excluded=True, high_excluded=True),
)
_TERRESTRIAL_LIMITS = (
    Limit("distance_m", 250, math.inf, "m"),
    Limit("frequency_mhz", 500, 67e3, "MHz"),
    Limit("percent", 0, 100, "%", low_excluded=True, high_excluded=True),
)

_Floats = NDArray[np.float64]


def height_gain_loss(
    frequency_mhz: ArrayLike,
    height_m: ArrayLike,
    clutter: ArrayLike,
    *,
    clutter_height_m: ArrayLike | None = None,
    street_width_m: ArrayLike = STREET_WIDTH_M,
) -> _Floats:
    """
    Median loss of a terminal below the tops of the clutter around it, by diffraction over its edge.

    Parameters
    ----------
    frequency_mhz : array_like, shape (...)
        Carrier frequency, 30 to 3000. [MHz]
    height_m : array_like, shape (...)
        Antenna above ground, above zero. [m]
    clutter : array_like of str, shape (...)
        What surrounds the terminal, a key of `CLUTTER_HEIGHT_M`.
    clutter_height_m : array_like, shape (...), optional
        Its height; by default that of `CLUTTER_HEIGHT_M`. [m]
    street_width_m : array_like, shape (...)
        Width of the streets. [m]

    Returns
    -------
    ndarray, shape (...)
        Loss to add at this end of the path, 0 above the clutter; NaN where an input is NaN. [dB]

    Raises
    ------
    RadioError
        If an input is outside its range or a kind of clutter is unknown.

    References
    ----------
    .. [1] ITU-R P.2108-1, section 3.1 (height gain terminal correction model).
    """
    kinds = np.asarray(clutter)
    unknown = sorted({str(kind) for kind in kinds.flat} - set(CLUTTER_HEIGHT_M))
    if unknown:
        raise RadioError(f"clutter {', '.join(map(repr, unknown))} is none of: {', '.join(CLUTTER_HEIGHT_M)}")
    if clutter_height_m is None:
        usual = [CLUTTER_HEIGHT_M[kind] for kind in kinds.flat]
        clutter_height_m = np.array(usual, dtype=np.float64).reshape(kinds.shape)
    values = (frequency_mhz, height_m, clutter_height_m, street_width_m)
    given = [np.asarray(value, dtype=np.float64) for value in values]
    refuse_outside("P.2108 height gain", *zip(_HEIGHT_GAIN_LIMITS, given, strict=True))
    frequency_ghz, height, top, street = given[0] / 1e3, *given[1:]
    below_m = np.maximum(top - height, 0.0)
    angle_deg = np.degrees(np.arctan(below_m / street))
    nu = 0.342 * np.sqrt(frequency_ghz) * np.sqrt(below_m * angle_deg) - 0.1
    edge_db = 6.9 + 20.0 * np.log10(np.sqrt(nu**2 + 1.0) + nu) - 6.03
    open_db = -(21.8 + 6.2 * np.log10(frequency_ghz)) * np.log10(height / top)
    loss_db = np.where(np.isin(kinds, _WITHOUT_EDGE), open_db, edge_db)
    loss_db = np.where(height >= top, 0.0, loss_db)
    return np.where(np.isnan(edge_db + open_db), np.nan, loss_db)  # whichever formula the input is for


def terrestrial_clutter_loss(distance_m: ArrayLike, frequency_mhz: ArrayLike, percent: ArrayLike) -> _Floats:
    """
    Loss in urban or suburban clutter at one end of a path, by its distribution over locations.

    It knows nothing of the place: draw from it, or give the share of locations. For both ends add it
    twice, over paths of 1 km and more.

    Parameters
    ----------
    distance_m : array_like, shape (...)
        Length of the path, 250 and more. [m]
    frequency_mhz : array_like, shape (...)
        Carrier frequency, 500 to 67 000. [MHz]
    percent : array_like, shape (...)
        Share of locations in which the loss is not exceeded, in (0, 100). [%]

    Returns
    -------
    ndarray, shape (...)
        Loss of the broadcast inputs, at most that at 2 km; NaN where an input is NaN. [dB]

    Raises
    ------
    RadioError
        If an input is outside its range.

    References
    ----------
    .. [1] ITU-R P.2108-1, section 3.2 (statistical clutter loss model for terrestrial paths).
    """
    given = [np.asarray(value, dtype=np.float64) for value in (distance_m, frequency_mhz, percent)]
    refuse_outside("P.2108 terrestrial", *zip(_TERRESTRIAL_LIMITS, given, strict=True))
    distance, frequency, share = given
    here_db = _terrestrial(distance, frequency, share)
    # A minimum of losses, not of distances: in the worst places the loss need not grow with distance.
    return np.minimum(here_db, _terrestrial(np.asarray(_FARTHEST_M), frequency, share))


def _terrestrial(distance: _Floats, frequency: _Floats, share: _Floats) -> _Floats:
    """Return the loss of section 3.2 before its upper limit, equations (3) to (5). [dB]."""
    log_f = np.log10(frequency / 1e3)
    long_db = -2.0 * np.log10(10.0 ** (-5.0 * log_f - 12.5) + 10.0**-16.5)
    short_db = 32.98 + 23.9 * np.log10(distance / 1e3) + 3.0 * log_f
    long_part, short_part = 10.0 ** (-0.2 * long_db), 10.0 ** (-0.2 * short_db)
    both = long_part + short_part
    sigma_db = np.sqrt((_SIGMA_LONG_DB**2 * long_part + _SIGMA_SHORT_DB**2 * short_part) / both)
    return np.asarray(-5.0 * np.log10(both) + sigma_db * ndtri(share / 100.0))
