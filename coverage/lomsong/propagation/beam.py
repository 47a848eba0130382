"""What a sector radiates towards a ray, in compiled code: the 3GPP pattern, or the file of the antenna as a table."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lomsong.antenna_pattern import Pattern
from lomsong.compiled import kernel
from lomsong.propagation.antenna import vertical_excess

#: Between two columns of a table; files have a point a degree, and beams of 5 degrees bend little in between. [deg]
ELEVATION_STEP_DEG = 0.5
_AZIMUTHS, _ELEVATIONS = 361, int(180 / ELEVATION_STEP_DEG) + 1

_Floats = NDArray[np.float64]
_Table = NDArray[np.float32]


class Beams(NamedTuple):
    """What the sectors radiate in a direction; one entry a sector but for the tables."""

    tables: NDArray[np.float32]  # (antennas, azimuths, elevations), of `tabulate`
    least_db: _Floats  # of any elevation, (antennas, azimuths)
    number: NDArray[np.int64]  # which table, -1 for the 3GPP pattern
    vertical_deg: _Floats  # height of the 3GPP beam, NaN for no vertical pattern
    downtilt_deg: _Floats


def tabulate(pattern: Pattern, mechanical_tilt_deg: float) -> _Table:
    """
    Attenuation of a mounted antenna in every direction.

    Parameters
    ----------
    pattern : Pattern
        Of the file.
    mechanical_tilt_deg : float
        Tilt of the antenna on its mast, downwards, on top of the electrical tilt in the file. [deg]

    Returns
    -------
    ndarray of float32, shape (361, 361)
        By azimuth from the main beam, 0 to 360 in degrees, and elevation, -90 to 90 in half degrees. [dB]
    """
    azimuth = np.arange(_AZIMUTHS, dtype=np.float64)[:, np.newaxis]
    elevation = np.linspace(-90.0, 90.0, _ELEVATIONS)[np.newaxis, :]
    return pattern.attenuation(azimuth, elevation, mechanical_tilt_deg).astype(np.float32)


@kernel
def least_attenuation(least_db, number, offset_deg):  # type: ignore[no-untyped-def]
    """Return the least attenuation of any elevation in an azimuth of any number of turns, from `Beams.least_db`. [dB]"""
    x = offset_deg % 360.0
    i = min(int(x), _AZIMUTHS - 2)
    return least_db[number, i] + (least_db[number, i + 1] - least_db[number, i]) * (x - i)


@kernel
def table_attenuation(tables, number, offset_deg, elevation_deg):  # type: ignore[no-untyped-def]
    """Return the attenuation that a table has in a direction, linear between its entries; NaN of NaN. [dB]"""
    if math.isnan(offset_deg + elevation_deg):
        return math.nan
    x = offset_deg % 360.0
    y = (min(max(elevation_deg, -90.0), 90.0) + 90.0) / ELEVATION_STEP_DEG
    i, j = min(int(x), _AZIMUTHS - 2), min(int(y), _ELEVATIONS - 2)
    fx, fy = x - i, y - j
    near = tables[number, i, j] * (1.0 - fy) + tables[number, i, j + 1] * fy
    far = tables[number, i + 1, j] * (1.0 - fy) + tables[number, i + 1, j + 1] * fy
    return near * (1.0 - fx) + far * fx


@kernel
def beam_attenuation(  # type: ignore[no-untyped-def]
    tables, number, offset_deg, elevation_deg, horizontal_db, vertical_deg, downtilt_deg
):
    """
    Return the attenuation of a sector towards a ray. [dB]

    Parameters
    ----------
    tables : ndarray of float32, shape (antennas, 361, 361)
        From `tabulate`.
    number : int
        Which of them; -1 for the 3GPP pattern.
    offset_deg, elevation_deg : float
        Direction from the main beam, and above the horizon. [deg]
    horizontal_db, vertical_deg, downtilt_deg : float
        Of the 3GPP pattern: its attenuation in azimuth [dB], its height and its tilt. [deg] Without a height there is
        no vertical pattern.
    """
    if number >= 0:
        return table_attenuation(tables, number, offset_deg, elevation_deg)
    if math.isnan(vertical_deg):
        return horizontal_db
    return horizontal_db + vertical_excess(elevation_deg, horizontal_db, vertical_deg, downtilt_deg)
