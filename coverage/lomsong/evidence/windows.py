"""Means over the square around each cell of a raster, from top to bottom, so that the raster may be larger than memory."""

# Kernels take everything by position.

import math

import numpy as np
from numpy.typing import NDArray

from lomsong.compiled import kernel, parallel_kernel, prange
from lomsong.scratch import make_room

#: Columns that one thread takes at a time: those of a page of memory.
_COLUMNS = 1024

_Heights = NDArray[np.float32]


def window_means(values: _Heights, cells: int) -> _Heights:
    """
    Mean of the square around each cell; beyond the edges the raster is mirrored.

    Parameters
    ----------
    values : ndarray of float32, shape (rows, columns)
        NaN counts as zero. [any unit]
    cells : int
        Side of the square.

    Returns
    -------
    ndarray of float32, shape (rows, columns)
        Bit for bit what `scipy.ndimage.uniform_filter` gives, which would walk down column by column: from a file that
        takes hours.
    """
    means = make_room(values.shape)
    _means_down(np.ascontiguousarray(values, dtype=np.float32), cells, means)
    _means_across(means, cells)
    return means


@kernel
def _mirrored(place: int, count: int) -> int:
    """Return the cell that stands for one beyond the edges: the first before the first, and so on."""
    turned = place % (2 * count)
    return turned if turned < count else 2 * count - 1 - turned


@kernel
def _known(value: float) -> float:
    return 0.0 if math.isnan(value) else np.float64(value)


@parallel_kernel
def _means_down(values: _Heights, cells: int, means: _Heights) -> None:
    rows, columns = values.shape
    half = cells // 2
    for block in prange((columns + _COLUMNS - 1) // _COLUMNS):
        first, end = block * _COLUMNS, min((block + 1) * _COLUMNS, columns)
        total = np.zeros(end - first)
        for row in range(-half, cells - half):
            entering = _mirrored(row, rows)
            for column in range(first, end):
                total[column - first] += _known(values[entering, column])
        for row in range(rows):
            if row > 0:
                leaving, entering = _mirrored(row - 1 - half, rows), _mirrored(row - 1 - half + cells, rows)
                for column in range(first, end):
                    total[column - first] += _known(values[entering, column]) - _known(
                        values[leaving, column]
                    )
            for column in range(first, end):
                means[row, column] = total[column - first] / cells


@parallel_kernel
def _means_across(means: _Heights, cells: int) -> None:
    """Replace every row by its means."""
    rows, columns = means.shape
    half = cells // 2
    for row in prange(rows):
        line = means[row].copy()
        total = 0.0
        for column in range(-half, cells - half):
            total += np.float64(line[_mirrored(column, columns)])
        means[row, 0] = total / cells
        for column in range(1, columns):
            entering, leaving = column - 1 - half + cells, column - 1 - half
            total += np.float64(line[_mirrored(entering, columns)]) - np.float64(
                line[_mirrored(leaving, columns)]
            )
            means[row, column] = total / cells
