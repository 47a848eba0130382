"""
One walk through the terrain for all receivers in a direction: a ray, and what is true after each of its samples.

What the transmitter sees is a running maximum, the smooth earth running sums. What a receiver sees is a tangent to
the upper hull of the terrain before it: every sample remembers the vertex before it on its hull, so the hull of
each prefix of the ray is a chain to walk down, while the table stays as it is. Over flat ground every sample is a
vertex; each therefore also remembers one far before it, so that a walk takes as many steps as a binary search.
"""

import math

import numpy as np
from numpy.typing import NDArray

from lomsong.compiled import fused_kernel, inlined_kernel, kernel
from lomsong.propagation.area_exact import Mast
from lomsong.propagation.area_terms import Radio
from lomsong.propagation.area_walk import Room, sample_ray
from lomsong.propagation.land import Land

_Floats = NDArray[np.float64]
_Heights = NDArray[np.float32]
_Samples = NDArray[np.int32]

#: Columns of a ray's table. Row i belongs to the samples 1 to i, and is as long as a line of the cache.
TOTAL, MOMENT = 0, 1  # sum of heights, and of each times its sample number, with the mast's
TX, TX_TANGENT = (
    2,
    3,
)  # steepest slope from the transmitter, but for the tangent of the earth; where it touches
FLAT_TX = 4  # the same over the flat earth
EDGE, START = (
    5,
    6,
)  # slope of the last edge of the upper hull, and where it meets the transmitter's vertical
CURVED = 7  # height over the tangent of the effective earth
COLUMNS = 8

#: Columns of a ray's chain: the vertex before a sample on the hull that ends with it, 0 for none; one further
#: back; and how many vertices there are from the start.
BEFORE, LEAP, DEPTH = 0, 1, 2
LINKS = 4  # a power of two keeps the links of a sample together
#: Vertices to walk one by one, as mountains have no more, before leaping.
_SHORT = 4


@kernel
def walk_ray(
    land: Land,
    mast: Mast,
    change: tuple[float, float],
    bend: tuple[float, float],
    most: int,
    radio: Radio,
    room: Room,
    table: _Floats,
    chain: _Samples,
) -> int:
    """
    Sample a ray and fill its table.

    Parameters
    ----------
    change, bend : tuple of float
        From the mast to the ray's end, as in `sample_path`.
    most : int
        No sample after this one is asked for.
    table : ndarray, shape (samples, COLUMNS)
        Filled with what is true after each sample.
    chain : ndarray, shape (samples, LINKS)
        Filled with the vertices before each sample on the hull that ends with it.

    Returns
    -------
    int
        The last sample, up to `most`, before the ray leaves the raster or meets a missing cell; -1 for none.
    """
    base_m = mast.ground_m + radio.transmitter_height_m
    start, steps = (mast.row, mast.column), chain.shape[0] - 1
    last = sample_ray(land, start, change, bend, steps, most, base_m, room)
    bulge_m = 0.5 * mast.step_m * mast.step_m / radio.earth_radius_m
    return _fill_table(room.heights, bulge_m, last, table, chain)


@fused_kernel
def _fill_table(heights: _Heights, bulge_m: float, last: int, table: _Floats, chain: _Samples) -> int:
    """Fill the table of a ray up to a sample; return the last one before a missing cell."""
    if last < 0 or math.isnan(heights[0]):
        return -1
    total, moment = np.float64(heights[0]), 0.0
    steepest, flat_steepest, tangent = -math.inf, -math.inf, 0.0
    for i in range(1, last + 1):
        x, height = float(i), np.float64(heights[i])
        if math.isnan(height):
            return i - 1
        total += height
        moment += x * height
        flat, drop = height / x, bulge_m * x
        if flat - drop > steepest:
            steepest, tangent = flat - drop, x
        flat_steepest = flat if flat > flat_steepest else flat_steepest
        curved = height - drop * x
        v = i - 1
        while chain[v, BEFORE] > 0 and curved >= table[v, START] + table[v, EDGE] * x:
            v = chain[v, BEFORE]
        _link(chain, i, v)
        edge = (curved - table[v, CURVED]) / (i - v)
        table[i, TOTAL], table[i, MOMENT] = total, moment
        table[i, TX], table[i, TX_TANGENT], table[i, FLAT_TX] = steepest, tangent, flat_steepest
        table[i, EDGE], table[i, START], table[i, CURVED] = edge, curved - edge * x, curved
    return last


@inlined_kernel
def _link(chain: _Samples, sample: int, before: int) -> None:
    """Hang a sample on its chain; two leaps of one length become one of twice that (Myers' random-access list)."""
    leap = chain[before, LEAP]
    further = chain[leap, LEAP]
    chain[sample, BEFORE], chain[sample, DEPTH] = before, chain[before, DEPTH] + 1
    twice = chain[before, DEPTH] - chain[leap, DEPTH] == chain[leap, DEPTH] - chain[further, DEPTH]
    chain[sample, LEAP] = further if twice else before


@inlined_kernel
def touch(table: _Floats, chain: _Samples, end: int, distance: float, curved_m: float) -> int:
    """Return the vertex that a receiver at a distance behind sample `end` sees highest."""
    v, walked = end, 0
    while chain[v, BEFORE] > 0 and curved_m > table[v, START] + table[v, EDGE] * distance:
        far = chain[v, LEAP]
        v, walked = chain[v, BEFORE], walked + 1
        if walked > _SHORT and chain[far, BEFORE] > 0:
            v = far if curved_m > table[far, START] + table[far, EDGE] * distance else v
    return v


@inlined_kernel
def top(table: _Floats, chain: _Samples, end: int, tilt: float) -> int:
    """Return the vertex that rises highest over a line of slope `tilt`."""
    v, walked = end, 0
    while chain[v, BEFORE] > 0 and table[v, EDGE] < tilt:
        far = chain[v, LEAP]
        v, walked = chain[v, BEFORE], walked + 1
        if walked > _SHORT and chain[far, BEFORE] > 0:
            v = far if table[far, EDGE] < tilt else v
    return v
