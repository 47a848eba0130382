"""
Sums of a raster over polygons, each cell counted by the exact part of it that the polygon covers.

An outline is walked cell by cell. Each piece of it changes the covered part of the cell it lies in, and of all cells
to its right in the same row by the same amount; the running sum along a row is the covered part of every cell. A
hole runs the other way round and takes its part off again. The raster comes in bands of rows, so a nation's never
has to be in memory.
"""

# Kernels take everything by position.

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from lomsong.compiled import kernel, parallel_kernel, prange
from lomsong.errors import CrsError
from lomsong.grid import Band, Banded
from lomsong.rings import Rings, flatten_polygons

#: Shapes wider than this in degrees cross the antimeridian rather than the globe.
_WIDEST_DEG = 180.0

_Floats = NDArray[np.float64]
_Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ZonalSums:
    """
    What a raster holds under each polygon.

    Attributes
    ----------
    total : ndarray, shape (polygons,)
        Sum of value times covered part of the cell; zero where there is no value. [unit of the raster]
    covered : ndarray, shape (polygons,)
        Sum of the covered parts of cells that have a value: total / covered is the mean. [cells]
    """

    total: _Floats
    covered: _Floats


def sum_raster(areas: gpd.GeoSeries, raster: Banded) -> ZonalSums:
    """
    Sum a raster over polygons; one that is read band by band is never in memory as a whole.

    Parameters
    ----------
    areas : GeoSeries
        Valid polygons in any CRS; empty ones sum to zero. They may overlap: each has its own sum.
    raster : Banded
        A quantity per cell, such as people; NaN counts as nothing.

    Returns
    -------
    ZonalSums
        In the order of the polygons.

    Raises
    ------
    TableError
        A shape is not a polygon.
    """
    return sum_bands(areas, raster.bands(*rows_under(areas, raster)), raster.transform, raster.crs)


def rows_under(areas: gpd.GeoSeries, raster: Banded) -> tuple[int, int]:
    """Return the first row of a raster that polygons may lie on, and the one behind the last."""
    rows = raster.shape[0]
    west, south, east, north = areas.total_bounds
    if not np.isfinite([west, south, east, north]).all():
        return 0, 0
    to_raster = Transformer.from_crs(CRS.from_user_input(areas.crs), raster.crs, always_xy=True)
    _, south, _, north = to_raster.transform_bounds(west, south, east, north, densify_pts=21)
    if not np.isfinite([south, north]).all():
        return 0, rows
    _, _, y_top, y_step = raster.transform
    # a row more on either side: the sides of the box are not quite straight in the other CRS
    first, last = np.floor((north - y_top) / y_step) - 1, np.ceil((south - y_top) / y_step) + 1
    return int(np.clip(first, 0, rows)), int(np.clip(last, 0, rows))


def sum_bands(
    areas: gpd.GeoSeries, bands: Iterable[Band], transform: tuple[float, float, float, float], crs: CRS
) -> ZonalSums:
    """
    Sum a raster over polygons while it is read.

    Parameters
    ----------
    areas : GeoSeries
        As of `sum_raster`.
    bands : iterable of (int, ndarray of shape (rows, columns))
        First row of each band and its values, NaN where missing. Bands do not overlap, may come in any order and
        leave rows out; those without values count as nothing.
    transform : tuple of float
        As of `Raster`, of the row and column that are counted from.
    crs : pyproj.CRS
        Coordinate system of the transform.

    Raises
    ------
    TableError
        A shape is not a polygon.
    CrsError
        A shape lies where the CRS of the raster is not defined.
    """
    shapes, owner = shapes_in(areas, crs)
    rings = flatten_polygons(shapes)
    x_left, x_step, y_top, y_step = transform
    x, y = (rings.xy[:, 0] - x_left) / x_step, (rings.xy[:, 1] - y_top) / y_step
    vertex = rings.ring_start[rings.part_start]
    box = np.empty((len(vertex) - 1, 4))
    _part_boxes(x, y, vertex, box)
    total, covered = np.zeros(len(box)), np.zeros(len(box))
    for top, values in bands:
        rows = values.shape[0]
        near = np.flatnonzero((box[:, 1] < top + rows) & (box[:, 3] > top))
        near = near[(box[near, 0] < values.shape[1]) & (box[near, 2] > 0)]
        if len(near):
            _add_band(values, top, near, x, y, box, _ring_arrays(rings), total, covered)
    # parts of a shape one after the other: the same sum on any number of threads
    part_area = owner[rings.part_shape]
    by_area = [np.zeros(len(areas)), np.zeros(len(areas))]
    np.add.at(by_area[0], part_area, total)
    np.add.at(by_area[1], part_area, covered)
    return ZonalSums(*by_area)


def shapes_in(areas: gpd.GeoSeries, crs: CRS) -> tuple[NDArray[Any], _Longs]:
    """
    Bring polygons into another CRS, those on the antimeridian to both edges of the world.

    Parameters
    ----------
    areas : GeoSeries
        Polygons.
    crs : pyproj.CRS
        To bring them into.

    Returns
    -------
    shapes : ndarray of geometries, shape (n + k,)
        Each polygon, then the k that cross the antimeridian once more, seen from its other side.
    owner : ndarray, shape (n + k,)
        Row number of the polygon that each shape belongs to.
    """
    shapes = np.asarray(areas.to_numpy(), dtype=object)
    owner = np.arange(len(shapes))
    source = CRS.from_user_input(areas.crs)
    if not source.equals(crs, ignore_axis_order=True):
        to_raster = Transformer.from_crs(source, crs, always_xy=True)
        try:
            shapes = shapely.transform(
                shapes, lambda x, y: to_raster.transform(x, y, errcheck=True), interleaved=False
            )
        except ProjError:
            raise CrsError(
                f"areas: some of their outlines lie where {crs.name} is not defined; leave those out"
            ) from None
    if not crs.is_geographic:
        return shapes, owner
    bounds = shapely.bounds(shapes)
    wide = np.flatnonzero(bounds[:, 2] - bounds[:, 0] > _WIDEST_DEG)
    if len(wide) == 0:
        return shapes, owner
    east = shapely.transform(shapes[wide], lambda xy: np.column_stack([xy[:, 0] % 360.0, xy[:, 1]]))
    shapes = shapes.copy()
    shapes[wide] = east
    west = shapely.transform(east, lambda xy: xy - [360.0, 0.0])
    return np.concatenate([shapes, west]), np.concatenate([owner, wide])


_RingArrays = tuple[_Longs, _Floats, _Longs]


def _ring_arrays(rings: Rings) -> _RingArrays:
    return rings.ring_start, rings.ring_sign, rings.part_start


@kernel
def _part_boxes(x: _Floats, y: _Floats, vertex: _Longs, box: _Floats) -> None:
    """Write where each part lies, in columns and rows: left, top, right, bottom."""
    for p in range(len(box)):
        left, right, top, bottom = np.inf, -np.inf, np.inf, -np.inf
        for k in range(vertex[p], vertex[p + 1]):
            left, right = min(left, x[k]), max(right, x[k])
            top, bottom = min(top, y[k]), max(bottom, y[k])
        box[p, 0], box[p, 1], box[p, 2], box[p, 3] = left, top, right, bottom


@parallel_kernel
def _add_band(
    values: NDArray[Any],
    top: int,
    near: _Longs,
    x: _Floats,
    y: _Floats,
    box: _Floats,
    rings: _RingArrays,
    total: _Floats,
    covered: _Floats,
) -> None:
    """Add what a band holds under each of the parts `near` it; every part has its own sum."""
    ring_start, ring_sign, part_start = rings
    for k in prange(len(near)):
        p = near[k]
        row0 = int(max(np.floor(box[p, 1]), float(top)))
        row1 = int(min(np.ceil(box[p, 3]), float(top + values.shape[0])))
        column0 = int(max(np.floor(box[p, 0]), 0.0))
        column1 = int(min(np.ceil(box[p, 2]), values.shape[1]))
        if row1 <= row0 or column1 <= column0:
            continue
        change = np.zeros((row1 - row0, column1 - column0 + 1))
        reach = np.empty((row1 - row0, 2), dtype=np.int64)
        reach[:, 0], reach[:, 1] = column1 - column0, 0
        for ring in range(part_start[p], part_start[p + 1]):
            for v in range(ring_start[ring], ring_start[ring + 1] - 1):
                _add_edge(
                    x[v] - column0,
                    y[v] - row0,
                    x[v + 1] - column0,
                    y[v + 1] - row0,
                    ring_sign[ring],
                    change,
                    reach,
                )
        held = cells = 0.0
        for row in range(row1 - row0):
            part = 0.0
            for column in range(reach[row, 0], reach[row, 1]):
                part += change[row, column]
                value = values[row0 - top + row, column0 + column]
                # no branch: where values are missing here and there it would be guessed wrong each time
                there = value == value  # noqa: PLR0124 - NaN is not
                held += part * value if there else 0.0
                cells += part if there else 0.0
        total[p] += held
        covered[p] += cells


@kernel
def _add_edge(
    ax: float, ay: float, bx: float, by: float, sign: float, change: _Floats, reach: _Longs
) -> None:
    """
    Add one edge to the changes of the rows it passes; what lies left of them counts at their left end.

    `reach` is made to hold the first column of each row that an edge touches and the one behind the last.
    """
    rows, columns = change.shape[0], change.shape[1] - 1
    if ay == by:
        return
    if ay > by:
        ax, ay, bx, by, sign = bx, by, ax, ay, -sign
    low, high = max(ay, 0.0), min(by, float(rows))
    if low >= high:
        return
    slope = (bx - ax) / (by - ay)
    west, east = min(ax, bx), max(ax, bx)
    y0 = low
    x0 = ax if low == ay else min(max(ax + (low - ay) * slope, west), east)
    row = int(low)
    while y0 < high:
        y1 = min(float(row + 1), high)
        x1 = bx if y1 == by else min(max(ax + (y1 - ay) * slope, west), east)
        left, right = max(min(x0, x1), 0.0), max(min(max(x0, x1), float(columns)), 0.0)
        reach[row, 0] = min(reach[row, 0], int(left))
        reach[row, 1] = max(reach[row, 1], min(int(right) + 2, columns))
        _add_piece(x0, x1, sign * (y1 - y0), float(columns), change[row])
        x0, y0, row = x1, y1, row + 1


@kernel
def _add_piece(x0: float, x1: float, height: float, columns: float, change: _Floats) -> None:
    """Add a piece within one row: the part of each cell that lies to its right, cell by cell."""
    if x0 > x1:
        x0, x1 = x1, x0
    if x0 >= columns:
        return
    if x1 <= 0.0:
        change[0] += height
        return
    per_cell = height / (x1 - x0) if x0 < 0.0 or int(x0) + 1 < x1 else 0.0  # mostly it lies in one cell
    if x0 < 0.0:
        change[0] += -x0 * per_cell
        height += x0 * per_cell
        x0 = 0.0
    column = int(x0)
    while column + 1 < x1 and column < int(columns):
        piece = (column + 1 - x0) * per_cell
        middle = 0.5 * (x0 + column + 1) - column
        change[column] += piece * (1.0 - middle)
        change[column + 1] += piece * middle
        height -= piece
        column += 1
        x0 = float(column)
    if column < int(columns):
        middle = 0.5 * (x0 + x1) - column
        change[column] += height * (1.0 - middle)
        change[column + 1] += height * middle
