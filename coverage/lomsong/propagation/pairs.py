"""
A place and a sector before terrain counts: which are within reach of each other, and what no level exceeds.

Sectors lie in square cells of a lattice, so that those within reach of a place are found beside it.
"""

# Kernels take everything by position.

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lomsong.compiled import kernel, parallel_kernel, prange
from lomsong.propagation.antenna import FRONT_TO_BACK_DB
from lomsong.propagation.beam import Beams, least_attenuation
from lomsong.propagation.free_space import free_space_loss_kernel

#: Nearer than this the far field of a mast antenna has not formed. [m]
NEAREST_M = 10.0
#: Cells of the lattice along the maximum radius, and along its sides at most.
_CELLS_A_RADIUS, _MOST_CELLS = 8, 1024

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]


class Emitters(NamedTuple):
    """Where sectors stand and what they send; one entry a sector."""

    x: _Floats  # in the working CRS [m]
    y: _Floats
    frequency_mhz: _Floats
    power_dbm: _Floats  # what a phone would measure without any loss
    azimuth_deg: _Floats  # NaN for one that is not known
    beamwidth_deg: _Floats
    convergence_deg: _Floats  # true bearing minus grid bearing


class Lattice(NamedTuple):
    """Sectors by square cells, row by row; those of one mast stand together."""

    west: float
    south: float
    cell_m: float
    rows: int
    columns: int
    starts: _Integers  # where each cell begins, shape (rows * columns + 1,)
    sectors: _Integers


class Reach(NamedTuple):
    """The sectors within reach of places, place by place."""

    starts: _Integers  # where each place begins, shape (places + 1,)
    sector: _Integers
    distance_m: _Floats


class Pairs(NamedTuple):
    """A place and a sector each."""

    place: _Integers
    sector: _Integers
    distance_m: _Floats
    bound_dbm: _Floats  # no level is higher
    free_dbm: _Floats  # level in free space and in the main beam
    given_db: _Floats  # loss beyond free space of a model that needs no terrain, else NaN
    offset_deg: _Floats  # direction from the main beam
    horizontal_db: _Floats  # attenuation of the 3GPP pattern in it

    def take(self, rows: NDArray[np.generic]) -> "Pairs":
        """Return some of them, by index or mask."""
        return Pairs(*(column[rows] for column in self))


def lay_lattice(x: _Floats, y: _Floats, radius_m: float) -> Lattice:
    """Return sectors in cells that suit a search within a radius."""
    if not x.size:
        return Lattice(0.0, 0.0, 1.0, 1, 1, np.zeros(2, dtype=np.int64), np.zeros(0, dtype=np.int64))
    west, south = float(x.min()), float(y.min())
    extent = max(float(x.max()) - west, float(y.max()) - south)
    cell_m = max(radius_m / _CELLS_A_RADIUS, extent / (_MOST_CELLS - 1), 1.0)
    row, column = ((y - south) / cell_m).astype(np.int64), ((x - west) / cell_m).astype(np.int64)
    rows, columns = int(row.max()) + 1, int(column.max()) + 1
    cell = row * columns + column
    order = np.lexsort((y, x, cell))
    starts = np.searchsorted(cell[order], np.arange(rows * columns + 1))
    return Lattice(west, south, cell_m, rows, columns, starts.astype(np.int64), order.astype(np.int64))


@kernel
def _list_within(
    lattice: Lattice,
    emitters: Emitters,
    x: float,
    y: float,
    radius_m: float,
    sector: _Integers,
    distance_m: _Floats,
) -> int:
    """Fill in the sectors within a radius of a place, unless there is no room at all; return how many they are."""
    count = 0
    if math.isnan(x):
        return 0
    first_row = max(math.floor((y - radius_m - lattice.south) / lattice.cell_m), 0)
    last_row = min(math.floor((y + radius_m - lattice.south) / lattice.cell_m), lattice.rows - 1)
    first = max(math.floor((x - radius_m - lattice.west) / lattice.cell_m), 0)
    last = min(math.floor((x + radius_m - lattice.west) / lattice.cell_m), lattice.columns - 1)
    if first > last:
        return 0
    for row in range(first_row, last_row + 1):
        start = row * lattice.columns
        for k in range(lattice.starts[start + first], lattice.starts[start + last + 1]):
            one = lattice.sectors[k]
            east, north = x - emitters.x[one], y - emitters.y[one]
            away_m = math.sqrt(east * east + north * north)
            if away_m <= radius_m:
                if sector.size > 0:
                    sector[count], distance_m[count] = one, away_m
                count += 1
    return count


@parallel_kernel
def count_within(lattice: Lattice, emitters: Emitters, places: _Floats, radius_m: float) -> _Integers:
    """Return how many sectors are within a radius of each place; shape of places (places, 2)."""
    counts = np.zeros(len(places), dtype=np.int64)
    for place in prange(len(places)):
        none, nowhere = np.empty(0, dtype=np.int64), np.empty(0)
        counts[place] = _list_within(
            lattice, emitters, places[place, 0], places[place, 1], radius_m, none, nowhere
        )
    return counts


def find_within(lattice: Lattice, emitters: Emitters, places: _Floats, radius_m: float) -> Reach:
    """Return the sectors within a radius of each place; NaN for a place that has none."""
    starts = np.concatenate([[0], np.cumsum(count_within(lattice, emitters, places, radius_m))])
    reach = Reach(starts, np.empty(starts[-1], dtype=np.int64), np.empty(starts[-1]))
    _fill_within(lattice, emitters, places, radius_m, reach)
    return reach


@parallel_kernel
def _fill_within(
    lattice: Lattice, emitters: Emitters, places: _Floats, radius_m: float, reach: Reach
) -> None:
    for place in prange(len(places)):
        first, end = reach.starts[place], reach.starts[place + 1]
        if first < end:
            _list_within(
                lattice,
                emitters,
                places[place, 0],
                places[place, 1],
                radius_m,
                reach.sector[first:end],
                reach.distance_m[first:end],
            )


@kernel
def free_level(emitters: Emitters, sector: int, distance_m: float) -> float:
    """Return the level of a sector in free space and in its main beam. [dBm]"""
    free_db = free_space_loss_kernel(max(distance_m, NEAREST_M), emitters.frequency_mhz[sector])
    return float(emitters.power_dbm[sector]) - free_db


@kernel
def look_off_axis(
    emitters: Emitters, beams: Beams, sector: int, bearing_deg: float
) -> tuple[float, float, float]:
    """
    Return the direction from the main beam [deg], what the 3GPP pattern takes in it, and the least of any elevation [dB].

    `bearing_deg` is that of the grid at the mast. A beam whose direction is not known goes everywhere.
    """
    offset = bearing_deg + emitters.convergence_deg[sector] - emitters.azimuth_deg[sector]
    if math.isnan(offset):
        offset = 0.0
    turned = (offset + 180.0) % 360.0 - 180.0
    part = turned / emitters.beamwidth_deg[sector]
    horizontal = 0.0 if math.isnan(part) else min(12.0 * part * part, FRONT_TO_BACK_DB)
    if beams.number[sector] < 0:
        return offset, horizontal, horizontal
    return offset, horizontal, least_attenuation(beams.least_db, beams.number[sector], offset)


@kernel
def bearing(east: float, north: float) -> float:
    """Return the direction of a place, clockwise from the grid's north. [deg]"""
    return math.degrees(math.atan2(east, north))


@parallel_kernel
def bound_pairs(
    emitters: Emitters, beams: Beams, places: _Floats, place: _Integers, sector: _Integers, away_m: _Floats
) -> _Floats:
    """Return level in free space [dBm], direction [deg], 3GPP and least attenuation [dB] of pairs, shape (4, pairs)."""
    found = np.empty((4, place.size))
    for k in prange(place.size):
        one = sector[k]
        east, north = places[place[k], 0] - emitters.x[one], places[place[k], 1] - emitters.y[one]
        found[0, k] = free_level(emitters, one, away_m[k])
        offset, horizontal, least = look_off_axis(emitters, beams, one, bearing(east, north))
        found[1, k], found[2, k], found[3, k] = offset, horizontal, least
    return found
