"""
Points in polygons, exactly and by the million.

A point in a cell of the grid that a polygon fills is done; near an edge a ray is cast to the right, through those
edges only that pass at its height. Which side of an edge a point is on is decided without rounding, so that a point
on the edge between two villages is on it for both: it lies in either, as with
``geopandas.sjoin(predicate="intersects")``.
"""

# Kernels take everything by position.

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lomsong.area_index import AreaIndex, Cells
from lomsong.compiled import kernel, parallel_kernel, prange
from lomsong.outline_strips import Strips, holds

#: Points that are looked up at a time: so that memory does not grow with their number. [points]
_BLOCK_POINTS = 4_000_000
#: Neighbouring points are looked up one after the other, by tiles of the grid; this many, to stay in the cache.
_MOST_TILES = 16_384

_Floats = NDArray[np.float64]
_Longs = NDArray[np.int64]


class _Sorted(NamedTuple):
    """Points tile by tile of the grid: the outlines of the last one are in the cache, and so are the points."""

    row: NDArray[np.int32]  # where the point stood
    x: _Floats
    y: _Floats


def assign_points(index: AreaIndex, x: ArrayLike, y: ArrayLike) -> NDArray[np.int32]:
    """
    Say which polygon each point lies in, edges included.

    Where polygons overlap, or touch in the point, the one with the smaller area has it; of equal ones the first
    in the table.

    Parameters
    ----------
    index : AreaIndex
        From `index_areas`.
    x, y : array_like, shape (points,)
        In the CRS of the polygons.

    Returns
    -------
    ndarray, shape (points,)
        Row number of the polygon; -1 outside all, and for NaN.
    """
    across, up = _as_points(x, y)
    found = np.empty(len(across), dtype=np.int32)
    for first in range(0, len(across), _BLOCK_POINTS):
        block = slice(first, first + _BLOCK_POINTS)
        points = _sort_points(across[block], up[block], index.cells)
        _assign(points, index.strips, index.cells, found[block])
    return found


def pair_points(index: AreaIndex, x: ArrayLike, y: ArrayLike) -> tuple[_Longs, _Longs]:
    """
    List every point with every polygon that holds it, edges included.

    Parameters
    ----------
    index : AreaIndex
        From `index_areas`.
    x, y : array_like, shape (points,)
        In the CRS of the polygons.

    Returns
    -------
    point, shape : ndarray, shape (pairs,)
        Row numbers, by point and then in the order of precedence of `assign_points`.
    """
    across, up = _as_points(x, y)
    rows, shapes = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for first in range(0, len(across), _BLOCK_POINTS):
        block = slice(first, first + _BLOCK_POINTS)
        points = _sort_points(across[block], up[block], index.cells)
        count = np.zeros(len(points.row), dtype=np.int64)
        _count(points, index.strips, index.cells, count)
        start = np.append(0, np.cumsum(count))
        found = np.empty(start[-1], dtype=np.int64)
        _list(points, index.strips, index.cells, start, found)
        rows.append(first + np.repeat(np.arange(len(count)), count))
        shapes.append(found)
    return np.concatenate(rows), np.concatenate(shapes)


def _as_points(x: ArrayLike, y: ArrayLike) -> tuple[_Floats, _Floats]:
    return np.ascontiguousarray(x, dtype=np.float64), np.ascontiguousarray(y, dtype=np.float64)


def _sort_points(x: _Floats, y: _Floats, cells: Cells) -> _Sorted:
    rows = len(cells.row_start) - 1
    columns = int(cells.column.max()) + 1 if len(cells.column) else 1
    across = max(int(np.sqrt(_MOST_TILES * columns / max(rows, 1))), 1)
    across = min(across, columns, _MOST_TILES)
    up = max(min(_MOST_TILES // across, rows), 1)
    tile = np.empty(len(x), dtype=np.int32)
    _find_tiles(x, y, cells, (columns, rows), (across, up), tile)
    points = _Sorted(np.empty(len(x), dtype=np.int32), np.empty(len(x)), np.empty(len(x)))
    _sort_tiles(x, y, tile, across * up, points)
    return points


@parallel_kernel
def _find_tiles(
    x: _Floats,
    y: _Floats,
    cells: Cells,
    size: tuple[int, int],
    tiles: tuple[int, int],
    tile: NDArray[np.int32],
) -> None:
    per_column, per_row = tiles[0] / size[0] * cells.per_unit, tiles[1] / size[1] * cells.per_unit
    for i in prange(len(x)):
        across, up = (x[i] - cells.left) * per_column, (y[i] - cells.bottom) * per_row
        if 0.0 <= across < tiles[0] and 0.0 <= up < tiles[1]:
            tile[i] = int(up) * tiles[0] + int(across)
        else:
            tile[i] = 0


@kernel
def _sort_tiles(x: _Floats, y: _Floats, tile: NDArray[np.int32], tiles: int, points: _Sorted) -> None:
    place = np.zeros(tiles + 1, dtype=np.int64)
    for i in range(len(tile)):
        place[tile[i] + 1] += 1
    for k in range(tiles):
        place[k + 1] += place[k]
    for i in range(len(tile)):
        k = place[tile[i]]
        points.row[k], points.x[k], points.y[k] = i, x[i], y[i]
        place[tile[i]] = k + 1


@kernel
def _cell_of(cells: Cells, x: float, y: float) -> int:
    """Return the used cell that holds a point, -1 where nothing is near."""
    across, up = (x - cells.left) * cells.per_unit, (y - cells.bottom) * cells.per_unit
    if not (across >= 0.0 and up >= 0.0 and up < len(cells.row_start) - 1):
        return -1
    row = int(up)
    low, end = cells.row_start[row], cells.row_start[row + 1]
    if low == end or across < cells.column[low] or across >= cells.column[end - 1] + 1.0:
        return -1
    column = int(across)
    direct = low + column - cells.column[low]
    if direct < end and cells.column[direct] == column:  # mostly there are no gaps
        return int(direct)
    high = end
    while low < high:
        middle = (low + high) >> 1
        if cells.column[middle] < column:
            low = middle + 1
        else:
            high = middle
    return int(low) if low < end and cells.column[low] == column else -1


@kernel
def _has(strips: Strips, cells: Cells, entry: int, x: float, y: float) -> bool:
    return cells.filled[entry] or holds(strips, cells.shape[entry], x, y)


@parallel_kernel
def _assign(points: _Sorted, strips: Strips, cells: Cells, found: NDArray[np.int32]) -> None:
    for k in prange(len(points.row)):
        held = np.int32(-1)
        cell = _cell_of(cells, points.x[k], points.y[k])
        if cell >= 0:
            for entry in range(cells.start[cell], cells.start[cell + 1]):
                if _has(strips, cells, entry, points.x[k], points.y[k]):
                    held = cells.shape[entry]
                    break
        found[points.row[k]] = held


@parallel_kernel
def _count(points: _Sorted, strips: Strips, cells: Cells, count: _Longs) -> None:
    for k in prange(len(points.row)):
        cell = _cell_of(cells, points.x[k], points.y[k])
        if cell >= 0:
            for entry in range(cells.start[cell], cells.start[cell + 1]):
                if _has(strips, cells, entry, points.x[k], points.y[k]):
                    count[points.row[k]] += 1


@parallel_kernel
def _list(points: _Sorted, strips: Strips, cells: Cells, start: _Longs, found: _Longs) -> None:
    for k in prange(len(points.row)):
        place = start[points.row[k]]
        cell = _cell_of(cells, points.x[k], points.y[k])
        if cell >= 0:
            for entry in range(cells.start[cell], cells.start[cell + 1]):
                if _has(strips, cells, entry, points.x[k], points.y[k]):
                    found[place] = cells.shape[entry]
                    place += 1
