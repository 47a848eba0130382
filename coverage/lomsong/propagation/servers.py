"""
Best and second server of many places: the terrain profile of each path, and no path that cannot matter.

For one place the sectors are tried in the order of their free-space level. At 50 % of the time terrain only takes
away, so the search ends where the next sector's free-space level lies below the second server already found. A sector that is
still in question is first glanced at: a few samples of its path bound the diffraction from below.
"""

import math

import numpy as np
from numpy.typing import NDArray

from lomsong.compiled import kernel, parallel_kernel, prange
from lomsong.propagation.antenna import vertical_excess
from lomsong.propagation.p526 import delta_bullington_profile
from lomsong.propagation.p1812_mechanisms import Air, anomalous_time
from lomsong.propagation.p1812_path import p1812_kernel
from lomsong.propagation.p1812_profile import Zones
from lomsong.propagation.sampling import (
    GLANCE_SAMPLES,
    NEAREST_P1812_M,
    departure_angle,
    glance_loss,
    sample_surface,
)

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
    "glances",
)
LEVEL, SECTOR, DISTANCE, DIFFRACTION, OBSTACLE, SECOND, SECOND_SECTOR, SECOND_DIFFRACTION = range(8)
UNSEEN, PATHS, GLANCES = range(8, 11)
_MEDIAN_TIME_PERCENT = 50.0
#: A profile has at most this many samples; longer paths are sampled more coarsely.
MOST_SAMPLES = 4096


@kernel
def excess_loss(  # type: ignore[no-untyped-def]
    distances,
    ground,
    surface,
    count,
    tx_amsl_m,
    rx_amsl_m,
    frequency_mhz,
    radius_m,
    refractivity,
    latitude_deg,
    p1812,
):
    """
    Return the loss beyond free space, and distance and Fresnel parameter of what blocks most.

    `surface` is `ground` with clutter between the ends. P.1812 fits its smooth earth to the ground; P.526 knows one
    profile, which is the surface.
    """
    length_m = distances[count - 1]
    if not p1812 or length_m < NEAREST_P1812_M:
        loss_db, obstacle, nu = delta_bullington_profile(
            distances, surface, count, tx_amsl_m, rx_amsl_m, frequency_mhz, radius_m, True, 0.0
        )
        return loss_db, distances[obstacle], nu
    zones = Zones(0.0, length_m, length_m, math.inf, math.inf)
    losses = p1812_kernel(
        distances,
        ground,
        surface,
        count,
        tx_amsl_m,
        rx_amsl_m,
        frequency_mhz,
        True,
        Air(radius_m, refractivity, anomalous_time(latitude_deg, zones)),
        zones,
        _MEDIAN_TIME_PERCENT,
        0.0,
    )
    return losses.basic_db - losses.free_space_db, losses.obstacle_m, losses.obstacle_nu


@kernel
def keep_best(found, best_site, sector, site, level, path_m, loss, obstacle_m):  # type: ignore[no-untyped-def]
    """Enter one level into the best two of different masts; return the mast of the best."""
    if np.isnan(found[LEVEL]) or level > found[LEVEL]:
        if best_site not in (-1, site):
            found[SECOND] = found[LEVEL]
            found[SECOND_SECTOR] = found[SECTOR]
            found[SECOND_DIFFRACTION] = found[DIFFRACTION]
        found[LEVEL] = level
        found[SECTOR] = sector
        found[DISTANCE] = path_m
        found[DIFFRACTION] = loss
        found[OBSTACLE] = obstacle_m
        return site
    if best_site != site and not level <= found[SECOND]:
        found[SECOND] = level
        found[SECOND_SECTOR] = sector
        found[SECOND_DIFFRACTION] = loss
    return best_site


@parallel_kernel
def find_servers(  # type: ignore[no-untyped-def]
    terrain,
    clutter,
    starts,
    pair_place,
    pair_sector,
    pair_distance_m,
    pair_bound_dbm,
    pair_pattern_db,
    place_row,
    place_column,
    sector_row,
    sector_column,
    sector_height_m,
    sector_frequency_mhz,
    sector_vertical_deg,
    sector_downtilt_deg,
    sector_site,
    receiver_height_m,
    effective_earth_radius_m,
    surface_refractivity,
    latitude_deg,
    step_m,
    p1812,
):
    """
    Find the two strongest servers on different masts for each group of pairs.

    Parameters
    ----------
    terrain : ndarray, shape (rows, columns)
        Ground height. [m]
    clutter : ndarray, shape (rows, columns) or (0, 0)
        Height of what stands on the ground, on the grid of the terrain and without NaN; empty for none. [m]
    starts : ndarray of int, shape (groups + 1,)
        Where the pairs of each group (one place, one operator, one technology) begin; pairs of a group come in
        falling order of their bound.
    pair_place, pair_sector : ndarray of int, shape (pairs,)
        Row of the place and of the sector.
    pair_distance_m, pair_bound_dbm, pair_pattern_db : ndarray, shape (pairs,)
        Path length, level in free space, and the horizontal attenuation that it holds already.
    place_row, place_column, sector_row, sector_column : ndarray
        Fractional pixels of the terrain.
    sector_height_m, sector_frequency_mhz, sector_vertical_deg, sector_downtilt_deg, sector_site : ndarray
        Antenna above ground, carrier, vertical beam width and tilt (NaN for none), number of the mast.
    receiver_height_m, effective_earth_radius_m, surface_refractivity, latitude_deg, step_m : float
        Receiver above ground, earth with refraction, air at sea level, the area, distance between terrain samples.
    p1812 : bool
        P.1812 in full; else free space and delta-Bullington diffraction alone.

    Returns
    -------
    ndarray, shape (groups, len(FIELDS))
        `FIELDS`; NaN where there is none. ``paths`` counts the profiles evaluated, ``glances`` the
        bounds taken from a few samples.
    """
    groups = len(starts) - 1
    result = np.full((groups, 11), np.nan)
    for group in prange(groups):
        heights = np.empty(MOST_SAMPLES)
        surface = np.empty(MOST_SAMPLES) if clutter.size > 0 else heights
        distances = np.empty(MOST_SAMPLES)
        found = result[group]
        best_site = -1
        paths = glances = 0
        for pair in range(starts[group], starts[group + 1]):
            bound = pair_bound_dbm[pair]
            if bound <= found[SECOND]:
                break
            sector, place = pair_sector[pair], pair_place[pair]
            path_m = max(pair_distance_m[pair], 1.0)
            count = min(max(int(np.ceil(path_m / step_m)) + 1, 3), MOST_SAMPLES)
            glance_db = 0.0
            if count > 2 * GLANCE_SAMPLES and not math.isnan(found[SECOND]):
                glances += 1
                glance_db = glance_loss(
                    terrain,
                    sector_row[sector],
                    sector_column[sector],
                    place_row[place],
                    place_column[place],
                    count,
                    path_m,
                    sector_height_m[sector],
                    receiver_height_m,
                    sector_frequency_mhz[sector],
                    effective_earth_radius_m,
                    surface_refractivity,
                    p1812,
                )
            if bound - glance_db <= found[SECOND]:
                continue
            paths += 1
            if not sample_surface(
                terrain,
                clutter,
                sector_row[sector],
                sector_column[sector],
                place_row[place],
                place_column[place],
                count,
                heights,
                surface,
            ):
                if not bound <= found[UNSEEN]:
                    found[UNSEEN] = bound
                continue
            for i in range(count):
                distances[i] = path_m * i / (count - 1)
            loss, obstacle_m, nu = excess_loss(
                distances,
                heights,
                surface,
                count,
                heights[0] + sector_height_m[sector],
                heights[count - 1] + receiver_height_m,
                sector_frequency_mhz[sector],
                effective_earth_radius_m,
                surface_refractivity,
                latitude_deg,
                p1812,
            )
            tilted_db = 0.0
            if not math.isnan(sector_vertical_deg[sector]):
                tilted_db = vertical_excess(
                    departure_angle(
                        distances,
                        surface,
                        count,
                        heights[0] + sector_height_m[sector],
                        heights[count - 1] + receiver_height_m,
                        effective_earth_radius_m,
                    ),
                    pair_pattern_db[pair],
                    sector_vertical_deg[sector],
                    sector_downtilt_deg[sector],
                )
            hidden_m = path_m - obstacle_m if nu > 0 else math.nan
            best_site = keep_best(
                found,
                best_site,
                sector,
                sector_site[sector],
                bound - loss - tilted_db,
                path_m,
                loss,
                hidden_m,
            )
        found[PATHS] = paths
        found[GLANCES] = glances
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
