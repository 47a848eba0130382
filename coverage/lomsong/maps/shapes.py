"""Village outlines made light: shared borders, whole steps, and for each vertex the zoom that needs it."""

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from lomsong.maps.detail import keep_detail
from lomsong.maps.frame import WebFrame
from lomsong.maps.packing import Packable, deltas, varints
from lomsong.maps.topology import Arcs, cut_arcs

Bounds = tuple[float, float, float, float]
_AREAS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


@dataclass(frozen=True, slots=True)
class Shapes:
    """
    Outlines and centres of some places.

    Attributes
    ----------
    arcs : Arcs
        The borders.
    zooms : ndarray of uint8, shape (vertices,)
        Zoom from which on each vertex is drawn.
    shift : int
        Low bits of the borders' coordinates that are not sent.
    rings : ndarray of int64, shape (places,)
        Rings of each place, 0 for one that is a point or lies nowhere.
    x, y : ndarray of int64, shape (places,)
        Its centre. [steps]
    placed : ndarray of bool, shape (places,)
        It has a centre.
    """

    arcs: Arcs
    zooms: NDArray[np.uint8]
    shift: int
    rings: NDArray[np.int64]
    x: NDArray[np.int64]
    y: NDArray[np.int64]
    placed: NDArray[np.bool_]

    def bounds(self, frame: WebFrame) -> Bounds | None:
        """Return south, west, north and east edge, None where nothing has a place. [deg, WGS 84]"""
        x = np.concatenate([self.arcs.x, self.x[self.placed]])
        y = np.concatenate([self.arcs.y, self.y[self.placed]])
        if not len(x):
            return None
        (west, east), (north, south) = frame.degrees(
            np.array([x.min(), x.max()]), np.array([y.min(), y.max()])
        )
        return float(south), float(west), float(north), float(east)

    def arrays(self) -> dict[str, Packable]:
        """Return what the page needs to draw them."""
        uses = self.arcs.ring_arcs
        # arcs are numbered by first use: tell how far behind the next new one a use lies, 0 for a new one
        numbers = uses >> 1
        seen = np.maximum.accumulate(np.concatenate([[-1], numbers]))[:-1] + 1
        return {
            **self.arc_arrays(np.ones(len(self.arcs.starts) - 1, dtype=np.bool_)),
            "ring_sizes": varints(self.arcs.ring_sizes),
            "ring_arcs": varints(2 * seen - uses),
            "place_rings": varints(self.rings),
            "place_x": deltas(self.x),
            "place_y": deltas(self.y),
            "placed": self.placed.astype(np.uint8),
        }

    def arc_arrays(self, chosen: NDArray[np.bool_]) -> dict[str, Packable]:
        """Return what the page needs to draw some of the borders, by a mask of shape (arcs,)."""
        sizes = np.diff(self.arcs.starts)
        kept = np.repeat(chosen, sizes)
        return {
            "arc_sizes": varints(sizes[chosen]),
            "arc_shift": np.array([self.shift], dtype=np.uint8),
            "arc_x": deltas(self._rounded(self.arcs.x[kept])),
            "arc_y": deltas(self._rounded(self.arcs.y[kept])),
            "arc_zooms": self.zooms[kept],
        }

    def arcs_between(self, codes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """
        Mark the borders whose two sides have different codes, and the outer ones.

        Parameters
        ----------
        codes : ndarray of int64, shape (places,)
            What each place belongs to.
        """
        arcs = self.arcs.ring_arcs >> 1
        place = np.repeat(np.repeat(np.arange(len(self.rings)), self.rings), self.arcs.ring_sizes)
        count = len(self.arcs.starts) - 1
        low, high = np.full(count, np.iinfo(np.int64).max), np.full(count, -1)
        np.minimum.at(low, arcs, codes[place])
        np.maximum.at(high, arcs, codes[place])
        outer: NDArray[np.bool_] = np.bincount(arcs, minlength=count) == 1
        differ: NDArray[np.bool_] = low != high
        return outer | differ

    def _rounded(self, steps: NDArray[np.int64]) -> NDArray[np.int64]:
        rounded: NDArray[np.int64] = (steps + ((1 << self.shift) >> 1)) >> self.shift
        return rounded


def build_shapes(places: gpd.GeoDataFrame, frame: WebFrame) -> Shapes:
    """
    Return the outlines and centres of a table.

    Parameters
    ----------
    places : GeoDataFrame
        Polygons or points in any CRS; lines and collections are drawn as a point within them.
        ``centre_longitude_deg`` and ``centre_latitude_deg`` are taken for the centre where they are there.
    frame : WebFrame
        The projection of the map.
    """
    geometry = np.array(places.geometry.array, dtype=object)
    crs = CRS.from_user_input(places.crs)
    geometry[~np.isfinite(shapely.bounds(geometry)).all(axis=1)] = None
    arcs, rings = _outlines(geometry, are_areas(geometry), crs, frame)
    arcs, zooms, shift = keep_detail(arcs)
    x, y, placed = find_centres(places, geometry, crs, frame)
    return Shapes(arcs, zooms, shift, rings, x, y, placed)


def are_areas(geometry: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which shapes have an outline; others are drawn as points."""
    return np.isin(shapely.get_type_id(geometry), _AREAS)


def _outlines(
    geometry: NDArray[Any], is_area: NDArray[np.bool_], crs: CRS, frame: WebFrame
) -> tuple[Arcs, NDArray[np.int64]]:
    """Cut all rings into arcs; outlines run one way round and holes the other, so that fills know them apart."""
    rows = np.flatnonzero(is_area)
    parts, part_row = shapely.get_parts(geometry[rows], return_index=True)
    if not len(parts):
        none = np.zeros(0, dtype=np.int64)
        return cut_arcs(none, none, none, 0), np.zeros(len(geometry), dtype=np.int64)
    _, xy, (ring_starts, part_starts) = shapely.to_ragged_array(parts, include_z=False)
    rings = len(ring_starts) - 1
    part_of_ring = np.repeat(np.arange(len(parts)), np.diff(part_starts))
    outer = np.zeros(rings, dtype=np.bool_)
    outer[part_starts[:-1][np.diff(part_starts) > 0]] = True
    x, y, known = frame.steps(xy, crs)
    del xy
    ring_of = np.repeat(np.arange(rings), np.diff(ring_starts))
    order = _turned_round(ring_starts, ring_of, _areas(x, y, ring_of, rings) < 0, outer)
    order = order[known[order]]
    # one array at a time: a nation has millions of vertices
    x = x[order]
    y = y[order]
    ring_of = ring_of[order]
    del order, known
    arcs = cut_arcs(x, y, ring_of, rings)
    left = arcs.ring_sizes > 0
    row_of_ring = rows[part_row[part_of_ring]]
    return replace(arcs, ring_sizes=arcs.ring_sizes[left]), np.bincount(
        row_of_ring[left], minlength=len(geometry)
    )


def _areas(
    x: NDArray[np.int64], y: NDArray[np.int64], ring_of: NDArray[np.int64], rings: int
) -> NDArray[np.float64]:
    """Twice the signed area of closed rings."""
    same = ring_of[1:] == ring_of[:-1]
    cross = np.where(same, (x[:-1] - x[1:]) * (y[:-1] + y[1:]), 0)
    sums: NDArray[np.float64] = np.bincount(ring_of[:-1], weights=cross, minlength=rings).astype(np.float64)
    return sums


def _turned_round(
    starts: NDArray[np.int64],
    ring_of: NDArray[np.int64],
    clockwise: NDArray[np.bool_],
    outer: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Return the order of vertices in which outlines run clockwise and holes do not."""
    order = np.arange(len(ring_of))
    turned = (clockwise != outer)[ring_of]
    ends = starts[1:][ring_of] - 1 + starts[:-1][ring_of]
    return np.where(turned, ends - order, order)


def find_centres(
    places: gpd.GeoDataFrame, geometry: NDArray[Any], crs: CRS, frame: WebFrame
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return where popups point to, in steps, and whether there is such a place: the recorded centre, else a point within the shape."""
    count = len(geometry)
    x, y = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    given = np.full((count, 2), np.nan)
    names = ("centre_longitude_deg", "centre_latitude_deg")
    if all(name in places for name in names):
        for axis, name in enumerate(names):
            given[:, axis] = pd.to_numeric(places[name], errors="coerce").to_numpy(
                np.float64, na_value=np.nan
            )
    recorded = np.isfinite(given).all(axis=1)
    x[recorded], y[recorded], placed_there = frame.steps(given[recorded], CRS.from_epsg(4326))
    placed = recorded.copy()
    placed[recorded] = placed_there
    rest = np.flatnonzero(~placed & (geometry != None))  # noqa: E711 - an array of shapes
    within = shapely.get_coordinates(shapely.point_on_surface(geometry[rest]))
    x[rest], y[rest], placed[rest] = frame.steps(within, crs)
    return x, y, placed
