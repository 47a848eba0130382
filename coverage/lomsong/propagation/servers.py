"""
Best and second server of many places: the terrain profile of each path, and no path that cannot matter.

For one place the sectors are tried in the order of their free-space level. Diffraction only takes away, so the
search ends where the next sector's free-space level lies below the second server already found.
"""

import numpy as np
from numpy.typing import NDArray

from lomsong.compiled import kernel, parallel_kernel, prange
from lomsong.propagation.p526 import delta_bullington_profile

#: Columns of the result, in order.
FIELDS = (
    "level_dbm",
    "sector",
    "distance_m",
    "diffraction_db",
    "obstacle_m",
    "second_level_dbm",
    "second_sector",
    "second_diffraction_db",
    "unseen_bound_dbm",
    "paths",
)
LEVEL, SECTOR, DISTANCE, DIFFRACTION, OBSTACLE, SECOND, SECOND_SECTOR, SECOND_DIFFRACTION, UNSEEN, PATHS = (
    range(10)
)
#: A profile has at most this many samples; longer paths are sampled more coarsely.
MOST_SAMPLES = 4096


@kernel
def sample_profile(terrain, row_a, column_a, row_b, column_b, count, heights):  # type: ignore[no-untyped-def]
    """
    Fill `heights` with `count` bilinear samples on the straight line from a to b, in fractional pixels.

    Returns False where the line leaves the raster or crosses a missing cell.
    """
    rows, columns = terrain.shape
    for i in range(count):
        part = i / (count - 1)
        row = row_a + (row_b - row_a) * part
        column = column_a + (column_b - column_a) * part
        if not (0.0 <= row <= rows - 1 and 0.0 <= column <= columns - 1):
            return False
        r, c = min(int(row), rows - 2), min(int(column), columns - 2)
        fr, fc = row - r, column - c
        height = (terrain[r, c] * (1 - fc) + terrain[r, c + 1] * fc) * (1 - fr) + (
            terrain[r + 1, c] * (1 - fc) + terrain[r + 1, c + 1] * fc
        ) * fr
        if np.isnan(height):
            return False
        heights[i] = height
    return True


@parallel_kernel
def find_servers(  # type: ignore[no-untyped-def]
    terrain,
    starts,
    pair_place,
    pair_sector,
    pair_distance_m,
    pair_bound_dbm,
    place_row,
    place_column,
    sector_row,
    sector_column,
    sector_height_m,
    sector_frequency_mhz,
    sector_site,
    receiver_height_m,
    effective_earth_radius_m,
    step_m,
):
    """
    Find the two strongest servers on different masts for each group of pairs.

    Parameters
    ----------
    terrain : ndarray, shape (rows, columns)
        Ground height. [m]
    starts : ndarray of int, shape (groups + 1,)
        Where the pairs of each group (one place, one operator, one technology) begin; pairs of a group come in
        falling order of their bound.
    pair_place, pair_sector : ndarray of int, shape (pairs,)
        Row of the place and of the sector.
    pair_distance_m, pair_bound_dbm : ndarray, shape (pairs,)
        Path length and level in free space.
    place_row, place_column, sector_row, sector_column : ndarray
        Fractional pixels of the terrain.
    sector_height_m, sector_frequency_mhz, sector_site : ndarray, shape (sectors,)
        Antenna above ground, carrier, number of the mast.
    receiver_height_m, effective_earth_radius_m, step_m : float
        Receiver above ground, earth with refraction, distance between terrain samples.

    Returns
    -------
    ndarray, shape (groups, len(FIELDS))
        `FIELDS`; NaN where there is none. ``paths`` counts the profiles evaluated.
    """
    groups = len(starts) - 1
    result = np.full((groups, 10), np.nan)
    for group in prange(groups):
        heights = np.empty(MOST_SAMPLES)
        distances = np.empty(MOST_SAMPLES)
        found = result[group]
        best_site = -1
        paths = 0
        for pair in range(starts[group], starts[group + 1]):
            bound = pair_bound_dbm[pair]
            if bound <= found[SECOND]:
                break
            sector, place = pair_sector[pair], pair_place[pair]
            path_m = max(pair_distance_m[pair], 1.0)
            count = min(max(int(np.ceil(path_m / step_m)) + 1, 3), MOST_SAMPLES)
            paths += 1
            if not sample_profile(
                terrain,
                sector_row[sector],
                sector_column[sector],
                place_row[place],
                place_column[place],
                count,
                heights,
            ):
                if not bound <= found[UNSEEN]:
                    found[UNSEEN] = bound
                continue
            for i in range(count):
                distances[i] = path_m * i / (count - 1)
            loss, obstacle, nu = delta_bullington_profile(
                distances,
                heights,
                count,
                heights[0] + sector_height_m[sector],
                heights[count - 1] + receiver_height_m,
                sector_frequency_mhz[sector],
                effective_earth_radius_m,
                True,
                0.0,
            )
            level = bound - loss
            if np.isnan(found[LEVEL]) or level > found[LEVEL]:
                if best_site != sector_site[sector] and best_site >= 0:
                    found[SECOND] = found[LEVEL]
                    found[SECOND_SECTOR] = found[SECTOR]
                    found[SECOND_DIFFRACTION] = found[DIFFRACTION]
                best_site = sector_site[sector]
                found[LEVEL] = level
                found[SECTOR] = sector
                found[DISTANCE] = path_m
                found[DIFFRACTION] = loss
                found[OBSTACLE] = path_m - distances[obstacle] if nu > 0 else np.nan
            elif best_site != sector_site[sector] and not level <= found[SECOND]:
                found[SECOND] = level
                found[SECOND_SECTOR] = sector
                found[SECOND_DIFFRACTION] = loss
        found[PATHS] = paths
    return result


def order_pairs(
    group: NDArray[np.int64], bound_dbm: NDArray[np.float64], sector: NDArray[np.int64], groups: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """
    Return the order of pairs by group, falling bound, then sector, and where each of `groups` groups begins.
    """
    order = np.lexsort((sector, -bound_dbm, group))
    starts = np.searchsorted(group[order], np.arange(groups + 1))
    return order, starts
