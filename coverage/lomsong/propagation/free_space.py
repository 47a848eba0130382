"""Loss between two antennas with nothing around them: the floor under every other model."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lomsong.compiled import kernel
from lomsong.errors import RadioError
from lomsong.units import SPEED_OF_LIGHT_MPS

#: The formula is for the far field and falls to minus infinity at zero, so it is held at this distance; no
#: antenna of a cellular site is closer to a telephone. [m]
MIN_DISTANCE_M = 1.0
#: 20 log10(4 pi / c) for metres and MHz; P.525 prints it as 32.4 dB for kilometres and MHz. [dB]
_ONE_METRE_ONE_MHZ_DB = 20.0 * math.log10(4e6 * math.pi / SPEED_OF_LIGHT_MPS)


@dataclass(frozen=True, slots=True)
class Limit:
    """The values of one input that a model is defined for."""

    name: str
    low: float
    high: float
    unit: str
    low_excluded: bool = False
    high_excluded: bool = False

    def problem(self, values: NDArray[np.float64]) -> str | None:
        """Return what is wrong with the values in one line, or None; NaN is never wrong."""
        below = values <= self.low if self.low_excluded else values < self.low
        above = values >= self.high if self.high_excluded else values > self.high
        outside = values[below | above]
        if outside.size == 0:
            return None
        opening, closing = "(" if self.low_excluded else "[", ")" if self.high_excluded else "]"
        allowed = f"{opening}{self.low:g}, {self.high:g}{closing} {self.unit}".rstrip()
        count = f"{outside.size} values" if outside.size > 1 else "1 value"
        return f"{self.name!r} is outside {allowed} in {count}: {outside.flat[0]:g}"


def refuse_outside(model: str, *inputs: tuple[Limit, NDArray[np.float64]]) -> None:
    """
    Raise one error that names every input outside the limits of a model.

    Parameters
    ----------
    model : str
        Name of the model, which opens the message.
    *inputs : tuple of Limit and ndarray
        Each limit with the values that it holds for.

    Raises
    ------
    RadioError
        If a value is outside its limit.
    """
    problems = [problem for limit, values in inputs if (problem := limit.problem(values))]
    if problems:
        count = f"{len(problems)} problems" if len(problems) > 1 else "1 problem"
        raise RadioError("\n  - ".join([f"{model}: {count}", *problems]))


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
