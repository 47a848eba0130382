"""Physical constants and the conversions between linear quantities and decibels."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Speed of light in vacuum, exact by definition of the metre. [m/s]
SPEED_OF_LIGHT_MPS = 299_792_458.0
#: Mean radius of the earth used by the ITU-R P series. [m]
EARTH_RADIUS_M = 6_371_000.0


def wavelength_m(frequency_mhz: ArrayLike) -> NDArray[np.float64]:
    """
    Length of one wave in vacuum.

    Parameters
    ----------
    frequency_mhz : array_like, shape (...)
        Carrier frequency, above zero. [MHz]

    Returns
    -------
    ndarray, shape (...)
        Wavelength. [m]
    """
    return SPEED_OF_LIGHT_MPS / (np.asarray(frequency_mhz, dtype=np.float64) * 1e6)
