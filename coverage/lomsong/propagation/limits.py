"""The values that a model is defined for, and one error that names every input outside them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lomsong.errors import RadioError


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
