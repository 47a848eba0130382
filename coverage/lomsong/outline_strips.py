"""
Outlines of polygons cut into strips of equal height, so that a ray to the right meets few of their edges.

Which side of an edge a point is on is decided without rounding: `holds` is exact.
"""

# Kernels take everything by position.

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lomsong.compiled import kernel, parallel_kernel, prange
from lomsong.orientation import turn

_Floats = NDArray[np.float64]
_Longs = NDArray[np.int64]


class Outlines(NamedTuple):
    """Vertices by ring, rings by shape."""

    xy: _Floats
    ring_start: _Longs  # first vertex of each ring
    shape_ring: _Longs  # first ring of each shape


class Strips(NamedTuple):
    """Edges by shape and height: strip s of a shape lists the edges that pass there."""

    xy: _Floats
    bounds: _Floats  # of each shape: west, south, east, north
    first: _Longs  # first strip of each shape
    per_unit: _Floats  # strips of each shape per unit of y
    start: _Longs  # first entry of each strip
    edge: _Longs  # entries: first vertex of an edge


def cut_strips(outlines: Outlines) -> Strips:
    """Sort the edges of each shape into strips of equal height, about as many as it has edges."""
    shapes = len(outlines.shape_ring) - 1
    bounds, count = np.full((shapes, 4), np.nan), np.empty(shapes, dtype=np.int64)
    _measure_shapes(outlines, bounds, count)
    height = np.nan_to_num(bounds[:, 3] - bounds[:, 1])
    per_unit = np.divide(count, height, out=np.zeros(shapes), where=height > 0)
    per_unit[~np.isfinite(per_unit)] = 0.0
    first = np.append(0, np.cumsum(count))
    strips = Strips(
        outlines.xy, bounds, first, per_unit, np.zeros(first[-1] + 1, np.int64), np.zeros(0, np.int64)
    )
    _count_strips(outlines, strips)
    np.cumsum(strips.start, out=strips.start)
    strips = strips._replace(edge=np.empty(strips.start[-1], dtype=np.int64))
    _fill_strips(outlines, strips, strips.start[:-1].copy())
    return strips


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


@kernel
def _strip_of(y: float, low: float, per_unit: float, count: int) -> int:
    """Return the strip at height y; rising in y, so that an edge is in every strip that its points are in."""
    strip = int((y - low) * per_unit)
    return min(max(strip, 0), count - 1)


@parallel_kernel
def _measure_shapes(outlines: Outlines, bounds: _Floats, count: _Longs) -> None:
    for v in prange(len(count)):
        count[v] = _measure_shape(outlines, v, bounds[v])


@kernel
def _measure_shape(outlines: Outlines, v: int, bounds: _Floats) -> int:
    """Write the bounds of a shape with edges; return how many strips it gets."""
    edges, rise = 0, 0.0
    west, south, east, north = np.inf, np.inf, -np.inf, -np.inf
    for ring in range(outlines.shape_ring[v], outlines.shape_ring[v + 1]):
        for k in range(outlines.ring_start[ring], outlines.ring_start[ring + 1] - 1):
            x, y = outlines.xy[k, 0], outlines.xy[k, 1]
            west, south, east, north = min(west, x), min(south, y), max(east, x), max(north, y)
            rise += abs(outlines.xy[k + 1, 1] - y)
            edges += 1
    if edges:
        bounds[0], bounds[1], bounds[2], bounds[3] = west, south, east, north
    # as many as keep the entries at three times the edges, however the outline zigzags
    return max(int(2 * edges * (north - south) / rise), 1) if rise > 0 else 1


@kernel
def _passed(outlines: Outlines, strips: Strips, v: int, k: int) -> tuple[int, int]:
    """Return the first strip that edge k of shape v passes, and the one after its last."""
    a, b = outlines.xy[k, 1], outlines.xy[k + 1, 1]
    first, count = strips.first[v], strips.first[v + 1] - strips.first[v]
    low = _strip_of(min(a, b), strips.bounds[v, 1], strips.per_unit[v], count)
    high = _strip_of(max(a, b), strips.bounds[v, 1], strips.per_unit[v], count)
    return first + low, first + high + 1


@parallel_kernel
def _count_strips(outlines: Outlines, strips: Strips) -> None:
    """Count the edges of strip s in place s + 1."""
    for v in prange(len(strips.per_unit)):
        _count_edges(outlines, strips, v)


@kernel
def _count_edges(outlines: Outlines, strips: Strips, v: int) -> None:
    for ring in range(outlines.shape_ring[v], outlines.shape_ring[v + 1]):
        for k in range(outlines.ring_start[ring], outlines.ring_start[ring + 1] - 1):
            low, end = _passed(outlines, strips, v, k)
            for strip in range(low, end):
                strips.start[strip + 1] += 1


@parallel_kernel
def _fill_strips(outlines: Outlines, strips: Strips, place: _Longs) -> None:
    for v in prange(len(strips.per_unit)):
        _fill_edges(outlines, strips, place, v)


@kernel
def _fill_edges(outlines: Outlines, strips: Strips, place: _Longs, v: int) -> None:
    for ring in range(outlines.shape_ring[v], outlines.shape_ring[v + 1]):
        for k in range(outlines.ring_start[ring], outlines.ring_start[ring + 1] - 1):
            low, end = _passed(outlines, strips, v, k)
            for strip in range(low, end):
                strips.edge[place[strip]] = k
                place[strip] += 1
