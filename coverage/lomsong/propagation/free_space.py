"""Loss between two antennas with nothing around them: the floor under every other model."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lomsong.compiled import kernel
from lomsong.propagation.limits import Limit, refuse_outside
from lomsong.units import SPEED_OF_LIGHT_MPS

#: The formula is for the far field and falls to minus infinity at zero, so it is held at this distance; no
#: antenna of a cellular site is closer to a telephone. [m]
MIN_DISTANCE_M = 1.0
#: 20 log10(4 pi / c) for metres and MHz; P.525 prints it as 32.4 dB for kilometres and MHz. [dB]
_ONE_METRE_ONE_MHZ_DB = 20.0 * math.log10(4e6 * math.pi / SPEED_OF_LIGHT_MPS)


_DISTANCE = Limit("distance_m", 0.0, math.inf, "m")
_FREQUENCY = Limit("frequency_mhz", 0.0, math.inf, "MHz", low_excluded=True)


@kernel
def free_space_loss_kernel(distance_m: float, frequency_mhz: float) -> float:
    """
    Free-space loss of one path, for callers that are themselves compiled.

    Checks nothing: a frequency of zero or less gives minus infinity or NaN. `free_space_loss` has the
    definition.
    """
    distance_m = max(distance_m, MIN_DISTANCE_M)
    return _ONE_METRE_ONE_MHZ_DB + 20.0 * math.log10(distance_m * frequency_mhz)


def free_space_loss(distance_m: ArrayLike, frequency_mhz: ArrayLike) -> NDArray[np.float64]:
    """
    Basic transmission loss between isotropic antennas in free space.

    Parameters
    ----------
    distance_m : array_like, shape (...)
        Straight distance between the antennas, zero or more. Below `MIN_DISTANCE_M` the loss is that of
        `MIN_DISTANCE_M`. [m]
    frequency_mhz : array_like, shape (...)
        Carrier frequency, above zero. [MHz]

    Returns
    -------
    ndarray, shape (...)
        Loss of the broadcast inputs; NaN where an input is NaN. [dB]

    Raises
    ------
    RadioError
        If a frequency is zero or less, or a distance is below zero.

    References
    ----------
    .. [1] ITU-R P.525-4, section 2.3 (basic free-space transmission loss of a point-to-point link).
    """
    distance = np.asarray(distance_m, dtype=np.float64)
    frequency = np.asarray(frequency_mhz, dtype=np.float64)
    refuse_outside("free space", (_DISTANCE, distance), (_FREQUENCY, frequency))
    product = np.maximum(distance, MIN_DISTANCE_M) * frequency
    return np.asarray(_ONE_METRE_ONE_MHZ_DB + 20.0 * np.log10(product))
