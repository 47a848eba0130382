"""Polygons as flat arrays of vertices, the way from geometries to compiled kernels."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from lomsong.errors import TableError
from lomsong.findings import count_rows

#: What shapely calls the kinds of geometry that have an area.
_POLYGON, _MULTIPOLYGON = 3, 6


@dataclass(frozen=True, slots=True)
class Rings:
    """
    Every ring of many shapes, one after the other.

    Attributes
    ----------
    xy : ndarray, shape (vertices, 2)
        Vertices; the last of a ring repeats its first.
    ring_start : ndarray, shape (rings + 1,)
        First vertex of each ring.
    ring_sign : ndarray, shape (rings,)
        1 where the ring as it runs adds its area, -1 where that needs turning round: outer rings count as
        counter-clockwise, holes as clockwise, whichever way the file draws them.
    part_start : ndarray, shape (parts + 1,)
        First ring of each part, its outer one; its holes follow.
    part_shape : ndarray, shape (parts,)
        The shape that each part belongs to, rising.
    shapes : int
        How many shapes there are; an empty one has no part.
    """

    xy: NDArray[np.float64]
    ring_start: NDArray[np.int64]
    ring_sign: NDArray[np.float64]
    part_start: NDArray[np.int64]
    part_shape: NDArray[np.int64]
    shapes: int


def flatten_polygons(shapes: ArrayLike) -> Rings:
    """
    Take polygons apart into rings.

    Parameters
    ----------
    shapes : array_like of shapely geometries, shape (n,)
        Valid polygons and multipolygons; missing and empty ones have no ring.

    Raises
    ------
    TableError
        A shape has no area by its kind, such as a point or a line.
    """
    every: NDArray[Any] = np.asarray(shapes, dtype=object)
    kinds = shapely.get_type_id(every)
    filled = (kinds >= 0) & ~shapely.is_empty(every)
    wrong = int((filled & (kinds != _POLYGON) & (kinds != _MULTIPOLYGON)).sum())
    if wrong:
        raise TableError(
            f"areas: {count_rows(wrong, 'shape')} not a polygon; give points a disc with village_areas first"
        )
    rows = np.flatnonzero(filled)
    parts, owner = shapely.get_parts(every[rows], return_index=True)
    some = ~shapely.is_empty(parts)
    parts, owner = parts[some], owner[some]
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    ring_start = _starts(ring, len(rings))
    part_start = _starts(part, len(parts))
    hole = np.ones(len(rings), dtype=bool)
    hole[part_start[:-1]] = False
    turned = shapely.is_ccw(rings) == hole
    return Rings(
        np.ascontiguousarray(xy, dtype=np.float64),
        ring_start,
        np.where(turned, -1.0, 1.0),
        part_start,
        rows[owner],
        len(every),
    )


def _starts(owner: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    return np.searchsorted(owner, np.arange(count + 1))
