"""
A path through the terrain: where its samples lie, what heights they have, and where lines of sight touch it.

Heights are float32 counted from the transmitter's antenna, which leaves a tenth of a millimetre in mountains;
positions are float64. Lengths along a path are counted in samples, so that tables of 1 / i serve every path.
"""

# Kernels take everything by position.

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lomsong.compiled import fused_kernel, inlined_kernel, kernel
from lomsong.propagation.area_swift import Tables
from lomsong.propagation.land import Land

_Floats = NDArray[np.float64]
_Heights = NDArray[np.float32]


class Room(NamedTuple):
    """What one thread writes a path into, as long as the longest path; nothing is allocated along the way."""

    heights: _Heights
    cell: NDArray[np.int32]  # upper left neighbour of each sample, counted along the rows of the land
    down: _Heights  # how far below it the sample lies [cells]
    right: _Heights


@kernel
def make_room(most: int) -> Room:
    """Return room for paths of `most` steps."""
    size = most + 1
    return Room(
        np.empty(size, dtype=np.float32),
        np.empty(size, dtype=np.int32),
        np.empty(size, dtype=np.float32),
        np.empty(size, dtype=np.float32),
    )


@inlined_kernel
def path_steps(distance_m: float, step_m: float) -> int:
    """Return the number of equal intervals that a path is sampled at."""
    return max(math.floor(distance_m / step_m + 0.5), 2)


@inlined_kernel
def path_bend(forward: _Floats, east_m: float, north_m: float) -> tuple[float, float]:
    """
    Return by how many rows and columns, times t (1 - t), a geodesic from the mast leaves the straight pixel line.

    The second degree of the frame, and of the third what a parabola through start, middle and end can follow.
    """
    e2, en, n2 = east_m * east_m, east_m * north_m, north_m * north_m
    row = forward[0, 2] * e2 + forward[0, 3] * en + forward[0, 4] * n2
    column = forward[1, 2] * e2 + forward[1, 3] * en + forward[1, 4] * n2
    row += 1.5 * ((forward[0, 5] * east_m + forward[0, 6] * north_m) * e2)
    row += 1.5 * ((forward[0, 7] * east_m + forward[0, 8] * north_m) * n2)
    column += 1.5 * ((forward[1, 5] * east_m + forward[1, 6] * north_m) * e2)
    column += 1.5 * ((forward[1, 7] * east_m + forward[1, 8] * north_m) * n2)
    return -row, -column


@kernel
def _stays_inside(start: float, change: float, bend: float, cells: int) -> bool:
    """Return whether start + t change + t (1 - t) bend stays between the first and the last cell centre."""
    last = cells - 1.0
    end = start + change
    if not (0.0 <= end <= last and 0.0 <= start <= last):
        return False
    if bend == 0.0:
        return True
    t = 0.5 * (change + bend) / bend
    turn = start + t * change + t * (1.0 - t) * bend
    return not (0.0 < t < 1.0) or 0.0 <= turn <= last


@kernel
def sample_path(
    land: Land,
    mast: tuple[float, float],
    change: tuple[float, float],
    bend: tuple[float, float],
    steps: int,
    base_m: float,
    room: Room,
) -> bool:
    """
    Fill `room.heights` with bilinear samples over `base_m` from a mast to a receiver, both included.

    Parameters
    ----------
    land : Land
        The terrain, or a window of it that the path does not leave.
    mast, change, bend : tuple of float
        Rows and columns of the mast; from there to the receiver; and as of `path_bend`.

    Returns
    -------
    bool
        False where the path leaves the cell centres of the raster; the heights are then undefined.
    """
    if not (
        _stays_inside(mast[0], change[0], bend[0], land.rows)
        and _stays_inside(mast[1], change[1], bend[1], land.columns)
    ):
        return False
    row = mast[0], (change[0] + bend[0]) / steps, -bend[0] / (steps * steps)
    column = mast[1], (change[1] + bend[1]) / steps, -bend[1] / (steps * steps)
    _take_samples(land, row, column, steps, base_m, room)
    return True


@kernel
def sample_ray(
    land: Land,
    mast: tuple[float, float],
    change: tuple[float, float],
    bend: tuple[float, float],
    steps: int,
    most: int,
    base_m: float,
    room: Room,
) -> int:
    """Do as `sample_path` up to sample `most` as far as the path stays inside; return the last, or -1 for none."""
    row = mast[0], (change[0] + bend[0]) / steps, -bend[0] / (steps * steps)
    column = mast[1], (change[1] + bend[1]) / steps, -bend[1] / (steps * steps)
    good, bad = -1, steps + 1
    while bad - good > 1:
        i = (good + bad) // 2
        r, c = row[0] + i * (row[1] + i * row[2]), column[0] + i * (column[1] + i * column[2])
        if 0.0 <= r <= land.rows - 1.0 and 0.0 <= c <= land.columns - 1.0:
            good = i
        else:
            bad = i
    last = min(good, most)
    if last >= 0:
        _take_samples(land, row, column, last, base_m, room)
    return last


@inlined_kernel
def _take_samples(
    land: Land,
    row: tuple[float, float, float],
    column: tuple[float, float, float],
    steps: int,
    base_m: float,
    room: Room,
) -> None:
    """Fill `room` with the samples of a path that is a polynomial in their number."""
    width = land.terrain.shape[1]
    size, before = (land.rows, land.columns), land.first_row * width + land.first_column
    _place_samples(
        row, column, steps, size, np.int32(width), np.int32(before), room.cell, room.down, room.right
    )
    _load_samples(land.terrain.reshape(-1), width, np.float32(base_m), steps, room)


@fused_kernel
def _place_samples(
    row: tuple[float, float, float],
    column: tuple[float, float, float],
    steps: int,
    size: tuple[int, int],
    width: np.int32,
    before: np.int32,
    cell: NDArray[np.int32],
    down: _Heights,
    right: _Heights,
) -> None:
    """Find the cell of every sample and where in it the sample lies."""
    last_row, last_column = np.int32(size[0] - 2), np.int32(size[1] - 2)
    row0, row1, row2 = row
    column0, column1, column2 = column
    for i in range(steps + 1):
        x = np.float64(i)
        r, c = row0 + x * (row1 + x * row2), column0 + x * (column1 + x * column2)
        upper, left = np.int32(r), np.int32(c)
        upper = upper if upper < last_row else last_row
        left = left if left < last_column else last_column
        cell[i] = upper * width + left - before
        down[i], right[i] = np.float32(r - upper), np.float32(c - left)


@kernel
def _load_samples(ground_m: _Heights, columns: int, base_m: np.float32, steps: int, room: Room) -> None:
    """Interpolate between the four neighbours of every sample; unsigned indices spare a check for negative ones."""
    one, width = np.uintp(1), np.uintp(columns)
    heights, cell, down, right = room
    for i in range(steps + 1):
        k = np.uintp(cell[i])
        top, bottom = ground_m[k], ground_m[k + width]
        upper = (top - base_m) + right[i] * (ground_m[k + one] - top)
        lower = (bottom - base_m) + right[i] * (ground_m[k + width + one] - bottom)
        heights[i] = upper + down[i] * (lower - upper)


@inlined_kernel
def bilinear(land: Land, row: float, column: float) -> float:
    """Return the ground at a place inside the cell centres of the terrain, NaN outside. [m]."""
    if not (0.0 <= row <= land.rows - 1.0 and 0.0 <= column <= land.columns - 1.0):
        return math.nan
    upper, left = min(int(row), land.rows - 2), min(int(column), land.columns - 2)
    down, right = np.float32(row - upper), np.float32(column - left)
    r, c, one = np.uintp(upper - land.first_row), np.uintp(left - land.first_column), np.uintp(1)
    terrain = land.terrain
    above, below = terrain[r, c], terrain[r + one, c]
    above += right * (terrain[r, c + one] - above)
    below += right * (terrain[r + one, c + one] - below)
    return np.float64(above) + np.float64(down * (below - above))


@kernel
def first_tangent(heights: _Heights, tables: Tables, steps: int, bulge_m: float, slope: float) -> int:
    """Return the first sample that the transmitter sees at `slope`, which rounding may miss by a little."""
    enough = slope - 2e-7 * abs(slope) - 1e-12
    for i in range(1, steps - 1):
        if heights[i] * tables.inverse[i] - bulge_m * i >= enough:
            return i
    return steps - 1


@kernel
def last_tangent(
    heights: _Heights, tables: Tables, steps: int, receiver_m: float, bulge_m: float, slope: float
) -> int:
    """Return the nearest sample that the receiver sees at `slope`, which rounding may miss by a little."""
    enough = slope - 2e-7 * abs(slope) - 1e-12
    for j in range(1, steps - 1):
        if (heights[steps - j] - receiver_m) * tables.inverse[j] - bulge_m * j >= enough:
            return steps - j
    return 1


@kernel
def find_obstacle(heights: _Heights, steps: int, receiver_m: float, bulge_m: float) -> int:
    """Return the sample with the largest Fresnel parameter."""
    strongest, obstacle, tilt = -math.inf, 1, receiver_m / steps
    for i in range(1, steps):
        clearance = heights[i] - tilt * i + bulge_m * i * (steps - i)
        parameter = clearance * abs(clearance) / (i * (steps - i))
        if parameter > strongest:
            strongest, obstacle = parameter, i
    return obstacle
