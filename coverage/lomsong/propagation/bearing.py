"""True north in a map projection: how far its grid is turned at a place."""

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer

#: A step this long shows the direction of the meridian; it bends no further within. [degrees]
_STEP_DEG = 1e-4

_Floats = NDArray[np.float64]


def grid_convergence(x: _Floats, y: _Floats, crs: CRS) -> _Floats:
    """
    Angle from true north to the grid's north, clockwise: what a grid bearing lacks to a true one.

    Parameters
    ----------
    x, y : ndarray, shape (...)
        Places in the CRS. [m]
    crs : pyproj.CRS
        Projected.

    Returns
    -------
    ndarray, shape (...)
        About a degree at the edge of a UTM zone at 20 degrees of latitude, zero on its middle meridian. [deg]
    """
    to_degrees = Transformer.from_crs(crs, crs.geodetic_crs or "EPSG:4326", always_xy=True)
    longitude, latitude = (np.asarray(each, dtype=np.float64) for each in to_degrees.transform(x, y))
    # towards the equator, so that no step leads over a pole
    step = np.where(latitude > 0.0, -_STEP_DEG, _STEP_DEG)
    ahead_x, ahead_y = to_degrees.transform(longitude, latitude + step, direction="INVERSE")
    east, north = (ahead_x - x) / step, (ahead_y - y) / step
    return np.asarray(-np.degrees(np.arctan2(east, north)))
