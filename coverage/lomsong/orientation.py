"""On which side of a line a point is, never misled by rounding."""

import numpy as np
from numpy.typing import NDArray

from lomsong.compiled import kernel

#: Sign of a cross product is certain beyond this part of its terms, see `turn`.
_CERTAIN = (3.0 + 16.0 * 2.0**-53) * 2.0**-53
#: Splits a double into two halves whose products are exact.
_SPLIT = 2.0**27 + 1.0


@kernel
def turn(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """
    Return on which side of the line from a to b the point p lies: 1 left, -1 right, 0 on it; never misled by rounding.

    References
    ----------
    .. [1] Shewchuk, "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates", 1997:
       the error bound and the exact sum.
    """
    one, other = (ax - px) * (by - py), (ay - py) * (bx - px)
    difference = one - other
    if abs(difference) > _CERTAIN * (abs(one) + abs(other)):
        return 1 if difference > 0 else -1
    parts = np.zeros(12)
    count = 0
    for p, q in ((ax, by), (-ax, py), (-px, by), (-ay, bx), (ay, px), (py, bx)):
        high, low = _product(p, q)
        count = _grow(parts, count, low)
        count = _grow(parts, count, high)
    for k in range(count - 1, -1, -1):
        if parts[k] != 0.0:
            return 1 if parts[k] > 0.0 else -1
    return 0


@kernel
def _product(a: float, b: float) -> tuple[float, float]:
    """Return a * b as a rounded product and what the rounding left out."""
    high = a * b
    split = _SPLIT * a
    a_high = split - (split - a)
    a_low = a - a_high
    split = _SPLIT * b
    b_high = split - (split - b)
    b_low = b - b_high
    return high, a_low * b_low - (((high - a_high * b_high) - a_low * b_high) - a_high * b_low)


@kernel
def _grow(parts: NDArray[np.float64], count: int, value: float) -> int:
    """Add a number to an exact sum of parts that do not overlap; return how many there are now."""
    carried = value
    for k in range(count):
        total = carried + parts[k]
        shadow = total - carried
        parts[k] = (carried - (total - shadow)) + (parts[k] - shadow)
        carried = total
    parts[count] = carried
    return count + 1
