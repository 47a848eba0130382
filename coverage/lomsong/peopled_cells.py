"""
Populated cells of a raster by village, gathered while it is read and merged where a village has very many.

Band by band every village is filled into a mask of owners; its cells wait until the last band that it lies in. Then
they fall into residential clusters, and blocks of cells stand for their cells where there are more than anyone needs.
"""

# Kernels take everything by position.

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from lomsong.clusters import find_root
from lomsong.compiled import kernel, parallel_kernel, prange
from lomsong.grid import Banded, row_sides_m
from lomsong.rings import Rings, flatten_polygons
from lomsong.zonal import rows_under, shapes_in

#: A village is merged into blocks of at most 2 to this power cells a side; beyond, it is larger than any raster.
_MOST_LEVELS = 20

_Floats = NDArray[np.float64]
_Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PeopledCells:
    """
    The cells that stand for where people of villages are.

    Attributes
    ----------
    village : ndarray, shape (n,)
        Row numbers, rising.
    row, column : ndarray, shape (n,)
        Of the raster: the cell itself, or the most peopled one of its block.
    people : ndarray, shape (n,)
        Of the cell, or of the whole block. [persons]
    cluster : ndarray, shape (n,)
        Residential cluster within the village, from 0, the most peopled first.
    shared : ndarray of bool, shape (villages,)
        Villages that share a populated cell with another.
    """

    village: _Longs
    row: _Longs
    column: _Longs
    people: _Floats
    cluster: _Longs
    shared: NDArray[np.bool_]


def gather_cells(areas: gpd.GeoSeries, raster: Banded, *, gap_m: float, most_points: int) -> PeopledCells:
    """
    Find the populated cells whose middle lies in each polygon, in memory that does not grow with the raster.

    Where polygons overlap the smaller has the cell, of equal ones the first. Cells nearer than `gap_m`, directly or
    through others, share a cluster. A polygon with more than `most_points` cells is cut into square blocks of 2, 4, 8 ...
    cells a side, counted from the corner of the raster, until no more than that many are left, but never across clusters.

    Parameters
    ----------
    areas : GeoSeries
        Valid polygons in any CRS, empty ones allowed.
    raster : Banded
        People per cell; NaN is nobody.
    gap_m : float
        Greatest distance between the middles of neighbours. [m]
    most_points : int
        Most cells or blocks of a polygon; each cluster keeps one however many there are.
    """
    shapes, owner = shapes_in(areas, raster.crs)
    rings = flatten_polygons(shapes)
    x_left, x_step, y_top, y_step = raster.transform
    x, y = (rings.xy[:, 0] - x_left) / x_step, (rings.xy[:, 1] - y_top) / y_step
    vertex = rings.ring_start[rings.part_start]
    top, bottom = _reach(y, vertex)
    village = owner[rings.part_shape]
    # painted over one another: the larger first, of equal ones the last
    size = np.nan_to_num(shapely.area(shapes))[rings.part_shape]
    order = np.lexsort((-village, -size))
    last_row = np.full(len(areas), -np.inf)
    np.maximum.at(last_row, village, bottom)
    shared = np.zeros(len(areas), dtype=bool)
    across_m, down_m = row_sides_m(raster)
    waiting = [np.zeros(0, dtype=np.int64) for _ in range(3)]
    people = np.zeros(0)
    done: list[tuple[_Longs, _Longs, _Longs, _Floats, _Longs]] = []
    for first, values in raster.bands(*rows_under(areas, raster)):
        owners = np.full(values.shape, -1, dtype=np.int32)
        near = order[(top[order] < first + len(values)) & (bottom[order] > first)]
        for part in near:
            _fill(owners, values, first, village[part], x, y, *_ring_range(rings, part), shared)
        found = np.flatnonzero((owners >= 0) & (values > 0))
        row, column = np.divmod(found, values.shape[1])
        waiting = [
            np.concatenate(pair)
            for pair in zip(waiting, (owners.ravel()[found], first + row, column), strict=True)
        ]
        people = np.concatenate([people, values.ravel()[found]])
        whole = last_row[waiting[0]] <= first + len(values)
        done.append(_settle(waiting, people, whole, across_m, down_m, gap_m, most_points))
        waiting, people = [each[~whole] for each in waiting], people[~whole]
    every = np.ones(len(people), dtype=bool)
    done.append(_settle(waiting, people, every, across_m, down_m, gap_m, most_points))
    village, row, column, people, cluster = (np.concatenate(each) for each in zip(*done, strict=True))
    order = np.argsort(village, kind="stable")
    return PeopledCells(
        village=village[order],
        row=row[order],
        column=column[order],
        people=people[order],
        cluster=cluster[order],
        shared=shared,
    )


def _reach(y: _Floats, vertex: _Longs) -> tuple[_Floats, _Floats]:
    """Return the first and last row that each part reaches, in fractions of a row."""
    if len(vertex) < 2:
        return np.zeros(0), np.zeros(0)
    return np.minimum.reduceat(y, vertex[:-1]), np.maximum.reduceat(y, vertex[:-1])


def _ring_range(rings: Rings, part: int) -> tuple[_Longs, int, int]:
    return rings.ring_start, rings.part_start[part], rings.part_start[part + 1]


def _settle(
    waiting: list[_Longs],
    people: _Floats,
    whole: NDArray[np.bool_],
    across_m: _Floats,
    down_m: _Floats,
    gap_m: float,
    most_points: int,
) -> tuple[_Longs, _Longs, _Longs, _Floats, _Longs]:
    """Cluster and merge the cells of villages that are complete."""
    order = np.flatnonzero(whole)
    order = order[
        np.argsort(waiting[0][order], kind="stable")
    ]  # rows and columns keep rising within a village
    village, row, column = (each[order].astype(np.int64) for each in waiting)
    weight = people[order].astype(np.float64)
    start = np.append(np.flatnonzero(np.diff(village, prepend=-1)), len(village))
    cluster, keeper = np.empty(len(village), dtype=np.int64), np.empty(len(village), dtype=np.int64)
    _cluster_and_merge(start, row, column, weight, across_m, down_m, gap_m, most_points, cluster, keeper)
    total = np.bincount(keeper, weight, minlength=len(village))
    kept = keeper == np.arange(len(village))
    return village[kept], row[kept], column[kept], total[kept], cluster[kept]


@kernel
def _draw(x, y, row0, column0, flips):  # type: ignore[no-untyped-def]
    """Flip the cell right of each crossing of a ring with the middle of a row: inside changes for all beyond it."""
    rows, columns = flips.shape
    for k in range(len(x) - 1):
        upper, lower = min(y[k], y[k + 1]), max(y[k], y[k + 1])
        for row in range(max(int(np.ceil(upper - 0.5)), row0), min(int(np.ceil(lower - 0.5)), row0 + rows)):
            part = (row + 0.5 - y[k]) / (y[k + 1] - y[k])
            column = int(np.ceil(x[k] + part * (x[k + 1] - x[k]) - 0.5)) - column0
            if column < columns:
                flips[row - row0, max(column, 0)] ^= True


@kernel
def _fill(owners, values, top, village, x, y, ring_start, first_ring, last_ring, shared):  # type: ignore[no-untyped-def]
    """Make a village the owner of the cells of a band whose middle lies in one of its parts."""
    rows, columns = owners.shape
    begin, end = ring_start[first_ring], ring_start[last_ring]
    row0 = max(int(np.floor(y[begin:end].min())), top)
    row1 = min(int(np.ceil(y[begin:end].max())) + 1, top + rows)
    column0 = max(int(np.floor(x[begin:end].min())), 0)
    column1 = min(int(np.ceil(x[begin:end].max())) + 1, columns)
    if row1 <= row0 or column1 <= column0:
        return
    flips = np.zeros((row1 - row0, column1 - column0), dtype=np.bool_)
    for ring in range(first_ring, last_ring):
        _draw(
            x[ring_start[ring] : ring_start[ring + 1]],
            y[ring_start[ring] : ring_start[ring + 1]],
            row0,
            column0,
            flips,
        )
    for row in range(row0, row1):
        inside = False
        for column in range(column0, column1):
            inside ^= flips[row - row0, column - column0]
            if inside:
                before = owners[row - top, column]
                if before not in (-1, village) and values[row - top, column] > 0:
                    shared[before] = True
                    shared[village] = True
                owners[row - top, column] = village


@parallel_kernel
def _cluster_and_merge(start, row, column, weight, across_m, down_m, gap_m, most, cluster, keeper):  # type: ignore[no-untyped-def]
    for village in prange(len(start) - 1):
        a, b = start[village], start[village + 1]
        _number_clusters(row[a:b], column[a:b], weight[a:b], across_m, down_m, gap_m, cluster[a:b])
        _merge_blocks(row[a:b], column[a:b], weight[a:b], most, cluster[a:b], keeper[a:b])
        for cell in range(a, b):
            keeper[cell] += a


@kernel
def _number_clusters(row, column, weight, across_m, down_m, gap_m, cluster):  # type: ignore[no-untyped-def]
    """Link cells nearer than the gap; write the number of each cell's cluster, the most peopled first."""
    count = len(row)
    wide, tall = across_m[row[0]], down_m[row[0]]
    width = column.max() + 1
    key = row * width + column
    parent = np.arange(count)
    reach = int(gap_m / tall)
    for cell in range(count):
        for down in range(reach + 1):
            side = int(np.sqrt(max(gap_m * gap_m - (down * tall) ** 2, 0.0)) / wide)
            line = (row[cell] + down) * width
            near = np.searchsorted(key, line + max(column[cell] - side, 0)) if down else cell + 1
            last = line + min(column[cell] + side, width - 1)
            while near < count and key[near] <= last:
                one, other = find_root(parent, cell), find_root(parent, near)
                parent[max(one, other)] = min(one, other)
                near += 1
    total = np.zeros(count)
    for cell in range(count):
        total[find_root(parent, cell)] += weight[cell]
    order = np.argsort(-total, kind="mergesort")
    number = np.empty(count, dtype=np.int64)
    for place in range(count):
        number[order[place]] = place
    for cell in range(count):
        cluster[cell] = number[find_root(parent, cell)]


@kernel
def _merge_blocks(row, column, weight, most, cluster, keeper):  # type: ignore[no-untyped-def]
    """Write for each cell the most peopled cell of its block: itself while there are no more than wanted."""
    count = len(row)
    for cell in range(count):
        keeper[cell] = cell
    if count <= most:
        return
    width = column.max() + 1
    height = row.max() + 1
    clusters = cluster.max() + 1
    for level in range(1, _MOST_LEVELS):
        across, down = (width >> level) + 1, (height >> level) + 1
        key = (cluster * down + (row >> level)) * across + (column >> level)
        order = np.argsort(key, kind="mergesort")
        blocks = 1
        for place in range(1, count):
            blocks += key[order[place]] != key[order[place - 1]]
        if blocks <= max(most, clusters) or level == _MOST_LEVELS - 1:
            break
    first = 0
    while first < count:
        last = first
        best = order[first]
        while last < count and key[order[last]] == key[order[first]]:
            if weight[order[last]] > weight[best]:
                best = order[last]
            last += 1
        for place in range(first, last):
            keeper[order[place]] = best
        first = last
