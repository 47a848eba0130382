"""Sums over what lies near each place, weighted by a bell: pairs are met one at a time and never kept."""

import math

import numpy as np
from numpy.typing import NDArray

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
    side = REACHES * reach_m
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
    sums: Array = _add(at, xy[order], value[order], starts, ends, reach_m, place_time, value_time[order])
    return sums


@parallel_kernel
def _add(at, xy, value, starts, ends, reach_m, place_time, value_time):  # type: ignore[no-untyped-def]
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
