"""Sums over what lies near each place, by a bell or in a tile: pairs are met one at a time and never kept."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from lomsong.compiled import parallel_kernel, prange

Array = NDArray[np.float64]

#: What lies further off than so many widths of the bell counts nothing (there it has fallen to 0.2 %).
REACHES = 2.5


def bell_sums(
    at: Array,
    xy: Array,
    value: Array,
    reach_m: float,
    *,
    doubted: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
) -> Array:
    """
    Sum values near each place, weighted by ``exp(-(distance / reach_m)²)``.

    Parameters
    ----------
    at : ndarray, shape (places, 2)
        Places in a metric CRS. [m]
    xy : ndarray, shape (n, 2)
        Where the values lie. [m]
    value : ndarray, shape (n,)
        What to sum.
    reach_m : float
        Width of the bell. [m]
    doubted : tuple of ndarray of int, shapes (places,) and (n,), optional
        A value counts half where the place's number is above its own: what was seen before the place changed.

    Returns
    -------
    ndarray, shape (places,)
        Added in the order of the values' cells, whatever the number of threads.
    """
    if not len(xy) or not len(at):
        return np.zeros(len(at))
    place_time, value_time = doubted or (np.zeros(len(at), np.int64), np.zeros(len(xy), np.int64))
    order, starts, ends = _cells(at, xy, REACHES * reach_m)
    sums: Array = _add_bell(at, xy[order], value[order], starts, ends, reach_m, place_time, value_time[order])
    return sums


def tile_sums(middle: Array, side_m: Array, xy: Array, value: Array) -> Array:
    """
    Sum values in the square tile around each middle.

    Parameters
    ----------
    middle : ndarray, shape (places, 2)
        In a metric CRS. [m]
    side_m : ndarray, shape (places,)
        Of each tile. [m]
    xy : ndarray, shape (n, 2)
        Where the values lie. [m]
    value : ndarray, shape (n,)
        What to sum.

    Returns
    -------
    ndarray, shape (places,)
        Sums.
    """
    if not len(xy) or not len(middle):
        return np.zeros(len(middle))
    order, starts, ends = _cells(middle, xy, float(side_m.max()))
    sums: Array = _add_tile(middle, xy[order], value[order], starts, ends, side_m / 2)
    return sums


def find_tiles(at: Array, middle: Array, side_m: Array) -> tuple[Array, Array]:
    """
    Find the tile of a lattice that each place lies in, whether or not anything was counted there.

    The lattice is continued from the nearest known tile, as its lines are straight and its sides alike only nearby.

    Parameters
    ----------
    at : ndarray, shape (places, 2)
        Places. [m]
    middle : ndarray, shape (n, 2)
        Middles of known tiles, one or more. [m]
    side_m : ndarray, shape (n,)
        Their sides. [m]

    Returns
    -------
    middle : ndarray, shape (places, 2)
        Of the tile around each place. [m]
    side_m : ndarray, shape (places,)
        Its side. [m]
    """
    nearest = np.asarray(cKDTree(middle).query(at, p=np.inf)[1])
    side = side_m[nearest]
    steps = np.rint((at - middle[nearest]) / side[:, None])
    return middle[nearest] + steps * side[:, None], side


def _cells(
    at: Array, xy: Array, side: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Sort values into cells; return their order, and where those of the three lines of cells about each place begin and end."""
    low = xy.min(axis=0)
    column, line = np.floor((xy - low) / side).astype(np.int64).T
    across = int(column.max()) + 1
    order = np.argsort(line * across + column, kind="stable")
    key = (line * across + column)[order]
    # of each of three lines of cells, the columns around the place lie beside each other
    there = np.floor((at - low) / side)
    here_column = np.clip(there[:, 0], -2, across + 1).astype(np.int64)
    here_line = np.clip(there[:, 1], -2, int(line.max()) + 2).astype(np.int64)
    first, last = np.clip(here_column - 1, 0, across), np.clip(here_column + 1, -1, across - 1)
    starts, ends = np.zeros((2, 3, len(at)), np.int64)
    for row, off in enumerate((-1, 0, 1)):
        starts[row] = np.searchsorted(key, (here_line + off) * across + first, side="left")
        ends[row] = np.searchsorted(key, (here_line + off) * across + last, side="right")
    return order, starts, ends


@parallel_kernel
def _add_bell(at, xy, value, starts, ends, reach_m, place_time, value_time):  # type: ignore[no-untyped-def]
    """Add up each place's values between `starts` and `ends`."""
    places = len(at)
    sums = np.zeros(places)
    most, width = (REACHES * reach_m) ** 2, reach_m * reach_m
    for place in prange(places):
        for line in range(3):
            for one in range(starts[line, place], ends[line, place]):
                east, north = xy[one, 0] - at[place, 0], xy[one, 1] - at[place, 1]
                square = east * east + north * north
                if square <= most:
                    weight = math.exp(-square / width)
                    if place_time[place] > value_time[one]:
                        weight *= 0.5
                    sums[place] += weight * value[one]
    return sums


@parallel_kernel
def _add_tile(middle, xy, value, starts, ends, half_m):  # type: ignore[no-untyped-def]
    """Add up each tile's values between `starts` and `ends`."""
    places = len(middle)
    sums = np.zeros(places)
    for place in prange(places):
        for line in range(3):
            for one in range(starts[line, place], ends[line, place]):
                off = max(abs(xy[one, 0] - middle[place, 0]), abs(xy[one, 1] - middle[place, 1]))
                if off <= half_m[place]:
                    sums[place] += value[one]
    return sums
