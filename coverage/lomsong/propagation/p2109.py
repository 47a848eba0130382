"""Loss of a signal on its way into a building, ITU-R P.2109."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from lomsong.errors import RadioError
from lomsong.propagation.limits import Limit, refuse_outside

Building = Literal["traditional", "thermally efficient"]

#: Loss of the way in that needs no wall, C of equation (1). [dB]
_OPENING_DB = -3.0
#: What each degree of elevation adds, equation (10). [dB/deg]
_ELEVATION_DB_PER_DEG = 0.212

_LIMITS = (
    Limit("frequency_mhz", 80, 100e3, "MHz"),
    Limit("percent", 0, 100, "%", low_excluded=True, high_excluded=True),
    Limit("elevation_deg", -90, 90, "deg"),
)


@dataclass(frozen=True, slots=True)
class _Coefficients:
    """Table 1; each is multiplied by a power of the logarithm of the frequency in GHz."""

    horizontal: tuple[float, float, float]  # r, s, t: median for horizontal paths
    wall_spread: tuple[float, float]  # u, v
    inside: tuple[float, float]  # w, x
    inside_spread: tuple[float, float]  # y, z


_TABLE: dict[Building, _Coefficients] = {
    "traditional": _Coefficients((12.64, 3.72, 0.96), (9.6, 2.0), (9.1, -3.0), (4.5, -2.0)),
    "thermally efficient": _Coefficients((28.19, -3.0, 8.48), (13.5, 3.8), (27.8, -2.9), (9.4, -2.1)),
}


def building_entry_loss(
    frequency_mhz: ArrayLike,
    percent: ArrayLike,
    *,
    elevation_deg: ArrayLike = 0.0,
    building: Building = "traditional",
) -> NDArray[np.float64]:
    """
    Loss between the outside of a building and a random place inside.

    Parameters
    ----------
    frequency_mhz : array_like, shape (...)
        Carrier frequency, 80 to 100 000. [MHz]
    percent : array_like, shape (...)
        Share of buildings and places in which the loss is not exceeded, in (0, 100). [%]
    elevation_deg : array_like, shape (...)
        Elevation of the path at the building, -90 to 90; its sign does not matter. [deg]
    building : {"traditional", "thermally efficient"}
        The second has metallised glass or foil in its walls. Village houses are traditional.

    Returns
    -------
    ndarray, shape (...)
        Loss of the broadcast inputs, -3 dB at least; NaN where an input is NaN. [dB]

    Raises
    ------
    RadioError
        If an input is outside its range or the kind of building is unknown.

    References
    ----------
    .. [1] ITU-R P.2109-2, section 3, equations (1) to (10) and table 1.
    """
    if building not in _TABLE:
        raise RadioError(f"building {building!r} is none of: {', '.join(_TABLE)}")
    given = [np.asarray(value, dtype=np.float64) for value in (frequency_mhz, percent, elevation_deg)]
    refuse_outside("P.2109", *zip(_LIMITS, given, strict=True))
    frequency, share, elevation = given
    table = _TABLE[building]
    log_f = np.log10(frequency / 1e3)
    deviate = ndtri(share / 100.0)
    wall_db = np.polyval(table.horizontal[::-1], log_f) + _ELEVATION_DB_PER_DEG * np.abs(elevation)
    wall_db = wall_db + np.polyval(table.wall_spread[::-1], log_f) * deviate
    inside_db = np.polyval(table.inside[::-1], log_f) + np.polyval(table.inside_spread[::-1], log_f) * deviate
    powers = 10.0 ** (0.1 * wall_db) + 10.0 ** (0.1 * inside_db) + 10.0 ** (0.1 * _OPENING_DB)
    return np.asarray(10.0 * np.log10(powers))
