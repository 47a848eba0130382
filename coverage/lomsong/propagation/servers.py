"""
Best and second server of many places: the terrain profile of each path, and no path that cannot matter.

For one place the sectors are tried in the order of an upper bound of their level, which each model declares: that of
free space where terrain only takes away. The search ends where the next bound lies below the second server already
found. A sector that is still in question is first glanced at, where the model allows it: a few samples of its path bound
the diffraction from below.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lomsong.compiled import kernel, parallel_kernel, prange
from lomsong.propagation.beam import beam_attenuation
from lomsong.propagation.links import NO_PATH_M, Physics, Scene, count_samples, make_room, trace_link
from lomsong.propagation.models import P1812
from lomsong.propagation.sampling import GLANCE_SAMPLES, glance_loss

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

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]


class Beams(NamedTuple):
    """What the sectors radiate in a direction; one entry a sector but for the tables."""

    tables: NDArray[np.float32]  # (antennas, azimuths, elevations), of `beam.tabulate`
    number: _Integers  # which table, -1 for the 3GPP pattern
    vertical_deg: _Floats  # height of the 3GPP beam, NaN for no vertical pattern
    downtilt_deg: _Floats


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
    scene: Scene, physics: Physics, beams: Beams, site, starts, pairs: Pairs
):
    """
    Find the two strongest servers on different masts for each group of pairs.

    Parameters
    ----------
    scene, physics, beams
        Ground, masts and places; the model; what the masts radiate.
    site : ndarray of int, shape (sectors,)
        Number of the mast.
    starts : ndarray of int, shape (groups + 1,)
        Where the pairs of each group (one place, one operator, one technology) begin; pairs of a group come in
        falling order of their bound.
    pairs : Pairs
        All groups, one after the other.

    Returns
    -------
    ndarray, shape (groups, len(FIELDS))
        `FIELDS`; NaN where there is none. ``paths`` counts the profiles evaluated, ``glances`` the
        bounds taken from a few samples.
    """
    groups = len(starts) - 1
    result = np.full((groups, 11), np.nan)
    for group in prange(groups):
        room = make_room(scene)
        found = result[group]
        best_site = -1
        paths = glances = 0
        for pair in range(starts[group], starts[group + 1]):
            bound = pairs.bound_dbm[pair]
            if bound <= found[SECOND]:
                break
            sector, place = pairs.sector[pair], pairs.place[pair]
            path_m = max(pairs.distance_m[pair], NO_PATH_M)
            if physics.glance and not math.isnan(found[SECOND]):
                count = count_samples(path_m, scene.step_m)
                if count > 2 * GLANCE_SAMPLES:
                    glances += 1
                    glance_db = glance_loss(
                        scene.terrain,
                        scene.sector_row[sector],
                        scene.sector_column[sector],
                        scene.place_row[place],
                        scene.place_column[place],
                        count,
                        path_m,
                        scene.sector_height_m[sector],
                        physics.receiver_height_m,
                        scene.sector_frequency_mhz[sector],
                        physics.earth_radius_m,
                        physics.surface_refractivity,
                        physics.kernel == P1812,
                    )
                    if bound - glance_db <= found[SECOND]:
                        continue
            paths += 1
            loss, hidden_m, departure_deg = trace_link(
                scene, physics, sector, place, path_m, pairs.given_db[pair], room
            )
            if math.isnan(loss):
                if not bound <= found[UNSEEN]:
                    found[UNSEEN] = bound
                continue
            beam_db = beam_attenuation(
                beams.tables,
                beams.number[sector],
                pairs.offset_deg[pair],
                departure_deg,
                pairs.horizontal_db[pair],
                beams.vertical_deg[sector],
                beams.downtilt_deg[sector],
            )
            level = pairs.free_dbm[pair] - beam_db - loss
            best_site = keep_best(found, best_site, sector, site[sector], level, path_m, loss, hidden_m)
        found[PATHS] = paths
        found[GLANCES] = glances
    return result


@parallel_kernel
def attenuate(beams: Beams, pairs: Pairs, departure_deg: _Floats) -> _Floats:
    """Return what the pattern of each pair's sector takes in the direction of the pair. [dB]"""
    taken = np.empty(departure_deg.size)
    for pair in prange(taken.size):
        sector = pairs.sector[pair]
        taken[pair] = beam_attenuation(
            beams.tables,
            beams.number[sector],
            pairs.offset_deg[pair],
            departure_deg[pair],
            pairs.horizontal_db[pair],
            beams.vertical_deg[sector],
            beams.downtilt_deg[sector],
        )
    return taken


def order_pairs(
    group: NDArray[np.int64], bound_dbm: NDArray[np.float64], sector: NDArray[np.int64], groups: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """
    Return the order of pairs by group, falling bound, then sector, and where each of `groups` groups begins.

    Linear in the pairs but for the sorting within a group: a comparison of all pairs would take longer than the search.
    """
    sectors = int(sector.max(initial=-1)) + 1
    by_sector, _ = _count_sort(np.arange(len(group)), sector, sectors)
    order, starts = _count_sort(by_sector, group, groups)
    _sort_groups(order, starts, bound_dbm)
    return order, starts


@kernel
def _count_sort(order, key, keys):  # type: ignore[no-untyped-def]
    """Sort by whole numbers below `keys`, keeping the order of equal ones; also where each begins."""
    starts = np.zeros(keys + 1, dtype=np.int64)
    for k in order:
        starts[key[k] + 1] += 1
    starts = np.cumsum(starts)
    free = starts[:-1].copy()
    found = np.empty_like(order)
    for k in order:
        found[free[key[k]]] = k
        free[key[k]] += 1
    return found, starts


@parallel_kernel
def _sort_groups(order, starts, bound_dbm):  # type: ignore[no-untyped-def]
    for group in prange(len(starts) - 1):
        mine = order[starts[group] : starts[group + 1]]
        mine[:] = mine[np.argsort(-bound_dbm[mine], kind="mergesort")]
