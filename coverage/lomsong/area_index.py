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

from lomsong.compiled import kernel
from lomsong.orientation import turn
from lomsong.rings import Rings, flatten_polygons

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


class Strips(NamedTuple):
    """Edges by shape and height: strip s of a shape lists the edges that pass there."""

    xy: _Floats
    bounds: _Floats  # of each shape: west, south, east, north
    first: _Longs  # first strip of each shape
    per_unit: _Floats  # strips of each shape per unit of y
    start: _Longs  # first entry of each strip
    edge: _Longs  # entries: first vertex of an edge


class Cells(NamedTuple):
    """Cells that hold something, by row and column; of each, the shapes in order of precedence."""

    left: float
    bottom: float
    per_unit: float
    row_start: _Longs  # first used cell of each row
    column: _Longs  # of each used cell
    start: _Longs  # first entry of each used cell
    shape: NDArray[np.int32]
    filled: NDArray[np.bool_]  # whether the shape fills the cell, so that no edge needs a look


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
    strips = _cut_strips(rings)
    # the smaller shape comes first, then the one that the table has first
    order = np.lexsort((np.arange(len(areas)), np.nan_to_num(shapely.area(areas))))
    order = order[np.isfinite(strips.bounds[order, 0])]
    return AreaIndex(len(areas), strips, _lay_grid(rings, strips, order))


def _cut_strips(rings: Rings) -> Strips:
    """Sort the edges of each shape into strips of equal height, about as many as it has edges."""
    ring_shape = np.repeat(rings.part_shape, np.diff(rings.part_start))
    edge = np.delete(np.arange(len(rings.xy)), rings.ring_start[1:] - 1)
    owner = np.repeat(ring_shape, np.diff(rings.ring_start) - 1)
    bounds = np.full((rings.shapes, 4), np.nan)
    shape_edge = np.searchsorted(owner, np.arange(rings.shapes + 1))
    some = np.flatnonzero(np.diff(shape_edge))
    if len(some):
        low = np.minimum.reduceat(rings.xy[edge], shape_edge[some])
        high = np.maximum.reduceat(rings.xy[edge], shape_edge[some])
        bounds[some] = np.hstack([low, high])
    height = np.nan_to_num(bounds[:, 3] - bounds[:, 1])
    rise = np.bincount(
        owner, weights=np.abs(rings.xy[edge + 1, 1] - rings.xy[edge, 1]), minlength=rings.shapes
    )
    # as many as keep the entries at three times the edges, however the outline zigzags
    count = np.where(rise > 0, 2 * np.diff(shape_edge) * height / np.where(rise > 0, rise, 1), 1)
    strips = np.clip(count.astype(np.int64), 1, None)
    per_unit = np.divide(strips, height, out=np.zeros(rings.shapes), where=height > 0)
    per_unit[~np.isfinite(per_unit)] = 0.0
    first = np.append(0, np.cumsum(strips))
    start = np.zeros(first[-1] + 1, dtype=np.int64)
    _count_strips(rings.xy, edge, owner, bounds, first, per_unit, start)
    start = np.cumsum(start)
    entries = np.empty(start[-1], dtype=np.int64)
    _fill_strips(rings.xy, edge, owner, bounds, first, per_unit, start[:-1].copy(), entries)
    return Strips(rings.xy, bounds, first, per_unit, start, entries)


def _lay_grid(rings: Rings, strips: Strips, order: _Longs) -> Cells:
    """List the shapes of every cell; the cell size keeps the lists in proportion to the number of shapes."""
    bounds = strips.bounds[order]
    if not len(order):
        none = np.zeros(0, dtype=np.int64)
        return Cells(0.0, 0.0, 1.0, np.zeros(1, dtype=np.int64), none, none, none.astype(np.int32), none > 0)
    left, bottom = bounds[:, :2].min(axis=0)
    right, top = bounds[:, 2:].max(axis=0)
    size = _cell_size(bounds, top - bottom)
    rows = int((top - bottom) / size) + 2  # one to spare for rounding
    columns = int((right - left) / size) + 2
    most = int(_entries(bounds, size)) + len(order)
    cell, shape = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int32)
    filled = np.empty(most, dtype=np.bool_)
    edges = np.searchsorted(
        np.repeat(rings.part_shape, np.diff(rings.part_start)), np.arange(rings.shapes + 1)
    )
    grid = (float(left), float(bottom), 1.0 / size, rows, columns)
    count = _mark_cells(grid, order, edges, rings.ring_start, strips, cell, shape, filled)
    by_cell = np.argsort(cell[:count], kind="stable")  # precedence within a cell is kept
    cell = cell[by_cell]
    start = np.flatnonzero(np.append(True, cell[1:] != cell[:-1])) if count else np.zeros(0, dtype=np.int64)
    used = cell[start]
    return Cells(
        grid[0],
        grid[1],
        grid[2],
        np.searchsorted(used, np.arange(rows + 1) * columns),
        used % columns,
        np.append(start, count),
        shape[by_cell],
        filled[by_cell],
    )


def _entries(bounds: _Floats, size: float) -> float:
    """Return at most how many cells the bounding boxes touch together."""
    across, up = (
        np.floor((bounds[:, axis + 2] - bounds[:, axis]) / size + 3 * _MARGIN) + 2 for axis in (0, 1)
    )
    return float((across * up).sum())


def _cell_size(bounds: _Floats, height: float) -> float:
    """Return the smallest cell that keeps the lists short, by halving an interval."""
    wanted = _ENTRIES_PER_SHAPE * len(bounds) + 1000
    smallest = max(float(np.abs(bounds).max()) * _SMALLEST_CELL, height / _MOST_ROWS, np.finfo(float).tiny)
    extent = float(max((bounds[:, 2:].max(axis=0) - bounds[:, :2].min(axis=0)).max(), smallest))
    low, high = np.log(smallest), np.log(max(2 * extent, smallest))
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (low, middle) if _entries(bounds, float(np.exp(middle))) <= wanted else (middle, high)
    return float(np.exp(high))


@kernel
def _strip_of(y: float, low: float, per_unit: float, count: int) -> int:
    """Return the strip at height y; rising in y, so that an edge is in every strip that its points are in."""
    strip = int((y - low) * per_unit)
    return min(max(strip, 0), count - 1)


@kernel
def _count_strips(
    xy: _Floats, edge: _Longs, owner: _Longs, bounds: _Floats, first: _Longs, per_unit: _Floats, count: _Longs
) -> None:
    for k in range(len(edge)):
        v = owner[k]
        a, b = xy[edge[k], 1], xy[edge[k] + 1, 1]
        strips = first[v + 1] - first[v]
        low = _strip_of(min(a, b), bounds[v, 1], per_unit[v], strips)
        high = _strip_of(max(a, b), bounds[v, 1], per_unit[v], strips)
        for strip in range(first[v] + low, first[v] + high + 1):
            count[strip + 1] += 1


@kernel
def _fill_strips(
    xy: _Floats,
    edge: _Longs,
    owner: _Longs,
    bounds: _Floats,
    first: _Longs,
    per_unit: _Floats,
    place: _Longs,
    entries: _Longs,
) -> None:
    for k in range(len(edge)):
        v = owner[k]
        a, b = xy[edge[k], 1], xy[edge[k] + 1, 1]
        strips = first[v + 1] - first[v]
        low = _strip_of(min(a, b), bounds[v, 1], per_unit[v], strips)
        high = _strip_of(max(a, b), bounds[v, 1], per_unit[v], strips)
        for strip in range(first[v] + low, first[v] + high + 1):
            entries[place[strip]] = edge[k]
            place[strip] += 1


@kernel
def _mark_cells(
    grid: tuple[float, float, float, int, int],
    order: _Longs,
    shape_ring: _Longs,
    ring_start: _Longs,
    strips: Strips,
    cell: _Longs,
    shape: NDArray[np.int32],
    filled: NDArray[np.bool_],
) -> int:
    """Write one entry for each cell that a shape has an edge in or fills; return how many."""
    left, bottom, per_unit, rows, columns = grid
    count = 0
    for v in order:
        west, south, east, north = strips.bounds[v]
        c0 = max(int((west - left) * per_unit - _MARGIN), 0)
        r0 = max(int((south - bottom) * per_unit - _MARGIN), 0)
        c1 = min(int((east - left) * per_unit + _MARGIN), columns - 1)
        r1 = min(int((north - bottom) * per_unit + _MARGIN), rows - 1)
        edged = np.zeros((r1 - r0 + 1, c1 - c0 + 1), dtype=np.bool_)
        for ring in range(shape_ring[v], shape_ring[v + 1]):
            for k in range(ring_start[ring], ring_start[ring + 1] - 1):
                ax, ay = (strips.xy[k, 0] - left) * per_unit, (strips.xy[k, 1] - bottom) * per_unit
                bx, by = (strips.xy[k + 1, 0] - left) * per_unit, (strips.xy[k + 1, 1] - bottom) * per_unit
                _mark_edge(ax, ay, bx, by, r0, c0, edged)
        for row in range(r1 - r0 + 1):
            known, inside = False, False  # cells in a run without edges are all in or all out
            for column in range(c1 - c0 + 1):
                if edged[row, column]:
                    known = False
                elif not known:
                    known = True
                    inside = holds(
                        strips,
                        v,
                        left + (c0 + column + 0.5) / per_unit,
                        bottom + (r0 + row + 0.5) / per_unit,
                    )
                if edged[row, column] or inside:
                    cell[count] = (r0 + row) * np.int64(columns) + c0 + column
                    shape[count] = v
                    filled[count] = not edged[row, column]
                    count += 1
    return count


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


@kernel
def holds(strips: Strips, v: int, x: float, y: float) -> bool:
    """Return whether shape v holds the point, edges included: a ray to the right crosses it an odd number of times."""
    west, south, east, north = (
        strips.bounds[v, 0],
        strips.bounds[v, 1],
        strips.bounds[v, 2],
        strips.bounds[v, 3],
    )
    if not (west <= x <= east and south <= y <= north):
        return False
    first = strips.first[v]
    strip = first + _strip_of(y, south, strips.per_unit[v], strips.first[v + 1] - first)
    odd = False
    for entry in range(strips.start[strip], strips.start[strip + 1]):
        k = strips.edge[entry]
        ax, ay, bx, by = strips.xy[k, 0], strips.xy[k, 1], strips.xy[k + 1, 0], strips.xy[k + 1, 1]
        if (ay > y and by > y) or (ay < y and by < y) or (ax < x and bx < x):
            continue
        crossed = (ay > y) != (by > y)
        if ax > x and bx > x:
            odd ^= crossed
            continue
        side = turn(ax, ay, bx, by, x, y)
        if side == 0:
            return True
        odd ^= crossed and (side > 0) == (by > ay)
    return odd
