"""
Loops over the samples of a path that the processor runs many at a time.

Every loop is a sum or a running maximum. LLVM turns sums into vector code once it may add in any order, and maxima
once they are written with the processor's own instruction and no NaN can reach them: paths with a missing cell
are sorted out by `sum_heights`, which passes NaN on. Lengths along a path are counted in samples.
"""

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numpy.typing import NDArray

from lomsong.compiled import FREEDOMS, intrinsic, kernel, summing_kernel, swift_kernel

_Heights = NDArray[np.float32]

_LOWEST = np.float32(-1e30)


def _write_larger(typing_context: Any, a: Any, b: Any) -> Any:  # noqa: ARG001 - numba's way of calling
    """Return the larger of two numbers by the processor's own instruction; LLVM cannot see one in a branch."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:  # noqa: ARG001
        kind = values[0].type
        function = builder.module.declare_intrinsic(
            "llvm.maxnum", [kind], ir.FunctionType(kind, (kind, kind))
        )
        return builder.call(function, values, fastmath=FREEDOMS)

    return a(a, a), generate


#: The larger of two numbers.
_larger: Any = intrinsic(_write_larger)


class Tables(NamedTuple):
    """1 / i at index i, and the same backwards with 1 / i at index -1 - i."""

    inverse: _Heights
    backwards: _Heights


class Slopes(NamedTuple):
    """Per sample: the steepest slopes from both ends, and the clearance of the terrain over the direct line."""

    tx: float  # over the effective earth, but for its tangent
    rx: float
    flat_tx: float
    flat_rx: float
    flat_highest_m: float


@kernel
def make_tables(most: int) -> Tables:
    """Return the tables for paths of `most` steps."""
    inverse = np.zeros(most + 1, dtype=np.float32)
    for i in range(1, most + 1):
        inverse[i] = 1.0 / i
    return Tables(inverse, inverse[::-1].copy())


@summing_kernel
def sum_heights(heights: _Heights, steps: int) -> tuple[float, float]:
    """Return the sum of the heights, and of each times its sample number; the first is NaN if one is. [m]."""
    total, moment = 0.0, 0.0
    for i in range(steps + 1):
        height = np.float64(heights[i])
        total += height
        moment += height * i
    return total, moment


@swift_kernel
def find_slopes(heights: _Heights, tables: Tables, steps: int, receiver_m: float, bulge_m: float) -> Slopes:
    """
    Compare the samples between the ends with both antennas.

    Parameters
    ----------
    receiver_m : float
        The receiver's antenna over the transmitter's. [m]
    bulge_m : float
        Half the curvature of the effective earth times the sample distance squared. [m]
    """
    tx, rx, flat_tx, flat_rx, highest = _LOWEST, _LOWEST, _LOWEST, _LOWEST, _LOWEST
    receiver, bulge, full = np.float32(receiver_m), np.float32(bulge_m), np.float32(steps)
    tilt = receiver / full
    inverse, backwards = tables.inverse, tables.backwards[tables.backwards.size - 1 - steps :]
    for i in range(1, steps):
        x = np.float32(np.int32(i))
        height = heights[i]
        from_tx, from_rx = height * inverse[i], (height - receiver) * backwards[i]
        flat_tx, flat_rx = _larger(flat_tx, from_tx), _larger(flat_rx, from_rx)
        tx, rx = _larger(tx, from_tx - bulge * x), _larger(rx, from_rx - bulge * (full - x))
        highest = _larger(highest, height - tilt * x)
    return Slopes(
        np.float64(tx), np.float64(rx), np.float64(flat_tx), np.float64(flat_rx), np.float64(highest)
    )


@swift_kernel
def find_strongest(heights: _Heights, tables: Tables, steps: int, receiver_m: float, bulge_m: float) -> float:
    """Return the largest clearance * abs(clearance) / (i (n - i)) over the effective earth. [m^2]."""
    strongest = _LOWEST
    receiver, bulge, full = np.float32(receiver_m), np.float32(bulge_m), np.float32(steps)
    tilt = receiver / full
    inverse, backwards = tables.inverse, tables.backwards[tables.backwards.size - 1 - steps :]
    for i in range(1, steps):
        x = np.float32(np.int32(i))
        clearance = heights[i] - tilt * x + bulge * x * (full - x)
        strongest = _larger(strongest, clearance * abs(clearance) * inverse[i] * backwards[i])
    return np.float64(strongest)


@swift_kernel
def strongest_among(
    heights: _Heights, first: int, last: int, full: float, receiver_m: float, bulge_m: float
) -> float:
    """Do as `find_strongest` on some samples of a path that is `full` samples long, not a whole number. [m^2]."""
    strongest = _LOWEST
    bulge, length, tilt = np.float32(bulge_m), np.float32(full), np.float32(receiver_m / full)
    for i in range(first, last + 1):
        x = np.float32(np.int32(i))
        product = x * (length - x)
        clearance = heights[i] - tilt * x + bulge * product
        strongest = _larger(strongest, clearance * abs(clearance) / product)
    return np.float64(strongest)


@swift_kernel
def highest_over(heights: _Heights, first: int, last: int, start_m: float, slope_m: float) -> float:
    """Return how far the samples `first` to `last` rise over a line, `slope_m` per sample. [m]."""
    highest, slope = _LOWEST, np.float32(slope_m)
    for i in range(first, last + 1):
        highest = _larger(highest, heights[i] - slope * np.float32(np.int32(i)))
    return np.float64(highest) - start_m
