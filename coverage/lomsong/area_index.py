"""
Polygons made ready to be asked which points they hold.

A grid of square cells over the polygons lists, cell by cell, which polygons fill it and which have an edge in it.
The edges of each polygon lie in strips of equal height, so that a ray to the right meets few of them.
"""

# Kernels take everything by position.

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from lomsong.compiled import kernel, parallel_kernel, prange
from lomsong.outline_strips import Outlines, Strips, cut_strips, holds
from lomsong.rings import flatten_polygons

#: Entries that the lists of all cells may have together, per polygon: finer cells leave fewer points near edges.
_ENTRIES_PER_SHAPE = 96
#: Rows that the grid may have at most, where polygons are tiny and far apart.
_MOST_ROWS = 4_000_000
#: Edges reach this much beyond themselves, so that rounding cannot hide one from its cell. [cell]
_MARGIN = 1e-6
#: A cell is at least this part of the largest coordinate, which leaves the margin far above rounding.
_SMALLEST_CELL = 1e-7

_Floats = NDArray[np.float64]
_Longs = NDArray[np.int64]


class Cells(NamedTuple):
    """Cells that hold something, by row and column; of each, the shapes in order of precedence."""

    left: float
    bottom: float
    per_unit: float
    row_start: _Longs  # first used cell of each row
    column: NDArray[np.int32]  # of each used cell
    start: _Longs  # first entry of each used cell
    shape: NDArray[np.int32]
    filled: NDArray[np.bool_]  # whether the shape fills the cell, so that no edge needs a look


class _Marks(NamedTuple):
    """That a shape has an edge in a cell, or fills it."""

    row: NDArray[np.int32]
    column: NDArray[np.int32]
    shape: NDArray[np.int32]
    filled: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class AreaIndex:
    """Polygons made ready for `joins.assign_points` and `joins.pair_points`; from `index_areas`."""

    shapes: int
    strips: Strips
    cells: Cells


def index_areas(shapes: ArrayLike) -> AreaIndex:
    """
    Make polygons ready to be asked which points they hold.

    Parameters
    ----------
    shapes : array_like of shapely geometries, shape (n,)
        Valid polygons and multipolygons, with holes or without; missing and empty ones hold nothing.

    Raises
    ------
    TableError
        A shape is a point or a line.
    """
    areas = np.asarray(shapes, dtype=object)
    rings = flatten_polygons(areas)
    ring_shape = np.repeat(rings.part_shape, np.diff(rings.part_start))
    outlines = Outlines(rings.xy, rings.ring_start, np.searchsorted(ring_shape, np.arange(rings.shapes + 1)))
    strips = cut_strips(outlines)
    # the smaller shape comes first, then the one that the table has first
    order = np.lexsort((np.arange(len(areas)), np.nan_to_num(shapely.area(areas))))
    order = order[np.isfinite(strips.bounds[order, 0])]
    return AreaIndex(len(areas), strips, _lay_grid(outlines, strips, order))


def _lay_grid(outlines: Outlines, strips: Strips, order: _Longs) -> Cells:
    """List the shapes of every cell; the cell size keeps the lists in proportion to the number of shapes."""
    bounds = strips.bounds[order]
    if not len(order):
        none = np.zeros(0, dtype=np.int32)
        return Cells(0.0, 0.0, 1.0, np.zeros(1, dtype=np.int64), none, np.zeros(1, np.int64), none, none > 0)
    left, bottom = bounds[:, :2].min(axis=0)
    right, top = bounds[:, 2:].max(axis=0)
    size = _cell_size(bounds, top - bottom)
    rows = int((top - bottom) / size) + 2  # one to spare for rounding
    columns = int((right - left) / size) + 2
    room = np.append(0, np.cumsum(_entries(bounds, size).astype(np.int64)))
    marks = _Marks(*(np.empty(room[-1], dtype=kind) for kind in (np.int32, np.int32, np.int32, np.bool_)))
    grid = (float(left), float(bottom), 1.0 / size, rows, columns)
    count = np.zeros(len(order), dtype=np.int64)
    _mark_cells(grid, order, outlines, strips, room, marks, count)
    marks, row_start = _sort_marks(marks, room, count, rows)
    begins = np.append(True, marks.column[1:] != marks.column[:-1])
    begins[row_start[row_start < len(begins)]] = True
    start = np.flatnonzero(begins)
    return Cells(
        *grid[:3],
        np.searchsorted(start, row_start),
        marks.column[start],
        np.append(start, len(begins)),
        marks.shape,
        marks.filled,
    )


def _sort_marks(marks: _Marks, room: _Longs, count: _Longs, rows: int) -> tuple[_Marks, _Longs]:
    """Return the marks by row and column, precedence within a cell kept, and the first one of each row."""
    row_start = np.zeros(rows + 1, dtype=np.int64)
    _count_rows(marks, room, count, row_start)
    row_start = np.cumsum(row_start)
    by_row = _Marks(*(np.empty(row_start[-1], dtype=part.dtype) for part in marks))
    _spread_rows(marks, room, count, row_start[:-1].copy(), by_row)
    _sort_columns(row_start, by_row)
    return by_row, row_start


def _entries(bounds: _Floats, size: float) -> _Floats:
    """Return at most how many cells each bounding box touches."""
    across, up = (
        np.floor((bounds[:, axis + 2] - bounds[:, axis]) / size + 3 * _MARGIN) + 2 for axis in (0, 1)
    )
    return np.asarray(across * up)


def _cell_size(bounds: _Floats, height: float) -> float:
    """Return the smallest cell that keeps the lists short, by halving an interval."""
    wanted = _ENTRIES_PER_SHAPE * len(bounds) + 1000
    smallest = max(float(np.abs(bounds).max()) * _SMALLEST_CELL, height / _MOST_ROWS, np.finfo(float).tiny)
    extent = float(max((bounds[:, 2:].max(axis=0) - bounds[:, :2].min(axis=0)).max(), smallest))
    low, high = np.log(smallest), np.log(max(2 * extent, smallest))
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (
            (low, middle) if _entries(bounds, float(np.exp(middle))).sum() <= wanted else (middle, high)
        )
    return float(np.exp(high))


@parallel_kernel
def _mark_cells(
    grid: tuple[float, float, float, int, int],
    order: _Longs,
    outlines: Outlines,
    strips: Strips,
    room: _Longs,
    marks: _Marks,
    count: _Longs,
) -> None:
    for i in prange(len(order)):
        count[i] = _mark_shape(grid, order[i], outlines, strips, room[i], marks)


@kernel
def _mark_shape(
    grid: tuple[float, float, float, int, int],
    v: int,
    outlines: Outlines,
    strips: Strips,
    begin: int,
    marks: _Marks,
) -> int:
    """Mark each cell that a shape has an edge in or fills; return how many."""
    left, bottom, per_unit, rows, columns = grid
    west, south, east, north = strips.bounds[v]
    c0 = max(int((west - left) * per_unit - _MARGIN), 0)
    r0 = max(int((south - bottom) * per_unit - _MARGIN), 0)
    c1 = min(int((east - left) * per_unit + _MARGIN), columns - 1)
    r1 = min(int((north - bottom) * per_unit + _MARGIN), rows - 1)
    edged = np.zeros((r1 - r0 + 1, c1 - c0 + 1), dtype=np.bool_)
    for ring in range(outlines.shape_ring[v], outlines.shape_ring[v + 1]):
        for k in range(outlines.ring_start[ring], outlines.ring_start[ring + 1] - 1):
            ax, ay = (strips.xy[k, 0] - left) * per_unit, (strips.xy[k, 1] - bottom) * per_unit
            bx, by = (strips.xy[k + 1, 0] - left) * per_unit, (strips.xy[k + 1, 1] - bottom) * per_unit
            _mark_edge(ax, ay, bx, by, r0, c0, edged)
    at = begin
    for row in range(r1 - r0 + 1):
        known, inside = False, False  # cells in a run without edges are all in or all out
        for column in range(c1 - c0 + 1):
            if edged[row, column]:
                known = False
            elif not known:
                known = True
                x, y = left + (c0 + column + 0.5) / per_unit, bottom + (r0 + row + 0.5) / per_unit
                inside = holds(strips, v, x, y)
            if edged[row, column] or inside:
                marks.row[at], marks.column[at], marks.shape[at] = r0 + row, c0 + column, v
                marks.filled[at] = not edged[row, column]
                at += 1
    return at - begin


@kernel
def _count_rows(marks: _Marks, room: _Longs, count: _Longs, row_start: _Longs) -> None:
    for i in range(len(count)):
        for k in range(room[i], room[i] + count[i]):
            row_start[marks.row[k] + 1] += 1


@kernel
def _spread_rows(marks: _Marks, room: _Longs, count: _Longs, place: _Longs, by_row: _Marks) -> None:
    for i in range(len(count)):
        for k in range(room[i], room[i] + count[i]):
            at = place[marks.row[k]]
            place[marks.row[k]] += 1
            by_row.row[at], by_row.column[at] = marks.row[k], marks.column[k]
            by_row.shape[at], by_row.filled[at] = marks.shape[k], marks.filled[k]


@parallel_kernel
def _sort_columns(row_start: _Longs, marks: _Marks) -> None:
    for row in prange(len(row_start) - 1):
        _sort_row(row_start[row], row_start[row + 1], marks)


@kernel
def _sort_row(first: int, end: int, marks: _Marks) -> None:
    order = np.argsort(marks.column[first:end], kind="mergesort")
    marks.column[first:end] = marks.column[first:end][order]
    marks.shape[first:end] = marks.shape[first:end][order]
    marks.filled[first:end] = marks.filled[first:end][order]


@kernel
def _mark_edge(
    ax: float, ay: float, bx: float, by: float, r0: int, c0: int, edged: NDArray[np.bool_]
) -> None:
    """Mark the cells that an edge passes, and those that it nearly touches; lengths in cells."""
    rows, columns = edged.shape
    low, high, west, east = min(ay, by), max(ay, by), min(ax, bx), max(ax, bx)
    for row in range(
        max(int(np.floor(low - _MARGIN)) - r0, 0), min(int(np.floor(high + _MARGIN)) - r0, rows - 1) + 1
    ):
        start, end = west, east
        if high - low > _MARGIN:
            below, above = max(low, r0 + row - _MARGIN), min(high, r0 + row + 1 + _MARGIN)
            first = ax + (bx - ax) * ((below - ay) / (by - ay))
            last = ax + (bx - ax) * ((above - ay) / (by - ay))
            start, end = max(min(first, last), west), min(max(first, last), east)
        for column in range(
            max(int(np.floor(start - _MARGIN)) - c0, 0),
            min(int(np.floor(end + _MARGIN)) - c0, columns - 1) + 1,
        ):
            edged[row, column] = True
