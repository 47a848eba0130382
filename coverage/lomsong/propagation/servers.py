"""
Best and second server of many places: the terrain profile of each path, and no path that cannot matter.

For one place the sectors are tried in the order of an upper bound of their level, which each model declares: that of
free space where terrain only takes away. The search ends where the next bound lies below the second server already
found, so the sectors are kept in a heap and few of them are ever put in order. A sector that comes first is only glanced
at, where the model allows it: a few samples of its path bound the diffraction from below, and it waits for its turn by
that bound. Sectors of one mast share what is found out about a path.
"""

# Kernels take everything by position.

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lomsong.compiled import inlined_kernel, kernel, parallel_kernel, prange
from lomsong.propagation.beam import Beams, beam_attenuation
from lomsong.propagation.land import Land
from lomsong.propagation.links import (
    NO_PATH_M,
    Physics,
    Room,
    Scene,
    count_samples,
    make_room,
    trace_link,
)
from lomsong.propagation.models import P1812
from lomsong.propagation.pairs import Emitters, Pairs, Reach, bearing, free_level, look_off_axis
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

_BOUND, _FREE, _OFFSET, _HORIZONTAL, _AWAY, _GIVEN = range(6)
_GLANCE, _LOSS, _HIDDEN, _DEPARTURE = range(6, 10)  # infinite until it is looked at
_FIGURES = 10
#: Places that one thread takes at a time.
_CHUNK = 16

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]


class Rivals(NamedTuple):
    """Which sectors compete with each other: those of one group, an operator and a technology."""

    group: _Integers  # one a sector
    site: _Integers  # number of the mast, one a sector
    floor_dbm: _Floats  # no level below it is looked for, one a group


class _Contest(NamedTuple):
    """Room for what is known of the sectors within reach of one place."""

    sector: _Integers
    twin: _Integers  # the first row with the same path
    sharpened: _Floats  # the bound, with what a glance at the terrain took from it [dBm]
    figures: _Floats  # `_BOUND`, ..., one row a sector; what the terrain does only in that of the twin
    heap: _Integers  # rows, group by group
    starts: _Integers  # where each group begins, shape (groups + 1,)


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
def find_servers(
    land: Land,
    scene: Scene,
    physics: Physics,
    beams: Beams,
    emitters: Emitters,
    rivals: Rivals,
    places: _Floats,
    reach: Reach,
    given_db: _Floats,
    gain_db: float,
) -> _Floats:
    """
    Find the two strongest servers on different masts at each place, for each group of sectors.

    Parameters
    ----------
    land, scene, physics, beams, emitters
        Ground; masts and places; the model; what the masts radiate and where they stand.
    rivals : Rivals
        The groups.
    places : ndarray, shape (places, 2)
        Those of the scene, in the CRS of the emitters. [m]
    reach : Reach
        The sectors to try.
    given_db : ndarray, shape (pairs in reach,) or (0,)
        Loss beyond free space of a model that needs no terrain. [dB]
    gain_db : float
        By how much the level of any other model can exceed that of free space. [dB]

    Returns
    -------
    ndarray, shape (places * groups, len(FIELDS))
        `FIELDS`; NaN where there is none. ``paths`` counts the profiles evaluated, ``glances`` the
        bounds taken from a few samples.
    """
    count, groups = len(places), rivals.floor_dbm.size
    result = np.full((count * groups, 11), np.nan)
    most = 0
    for place in range(count):
        most = max(most, reach.starts[place + 1] - reach.starts[place])
    for chunk in prange((count + _CHUNK - 1) // _CHUNK):
        room = make_room(land)
        contest = _Contest(
            np.empty(most, dtype=np.int64),
            np.empty(most, dtype=np.int64),
            np.empty(most),
            np.empty((most, _FIGURES)),
            np.empty(most, dtype=np.int64),
            np.empty(groups + 2, dtype=np.int64),
        )
        for place in range(chunk * _CHUNK, min((chunk + 1) * _CHUNK, count)):
            _line_up(scene, emitters, beams, rivals, places, reach, given_db, gain_db, place, contest)
            for group in range(groups):
                mine = contest.heap[contest.starts[group] : contest.starts[group + 1]]
                found = result[place * groups + group]
                floor_dbm = rivals.floor_dbm[group]
                _search(
                    land, scene, physics, beams, rivals.site, floor_dbm, place, contest, mine, room, found
                )
    return result


@kernel
def _line_up(
    scene: Scene,
    emitters: Emitters,
    beams: Beams,
    rivals: Rivals,
    places: _Floats,
    reach: Reach,
    given_db: _Floats,
    gain_db: float,
    place: int,
    contest: _Contest,
) -> None:
    """Fill in the sectors within reach whose bound is not below the floor, a heap for each group."""
    count = first = 0
    contest.starts[:] = 0
    last_x, last_y, bearing_deg = math.nan, math.nan, 0.0
    for k in range(reach.starts[place], reach.starts[place + 1]):
        sector, away_m = reach.sector[k], reach.distance_m[k]
        x, y = emitters.x[sector], emitters.y[sector]
        if x != last_x or y != last_y:  # the sectors of a mast come one after the other
            bearing_deg = bearing(places[place, 0] - x, places[place, 1] - y)
            last_x, last_y, first = x, y, count
        offset, horizontal, least = look_off_axis(emitters, beams, sector, bearing_deg)
        free = free_level(emitters, sector, away_m)
        given = given_db[k] if given_db.size > 0 else math.nan
        bound = free - (given if given_db.size > 0 else -gain_db) - least
        if bound >= rivals.floor_dbm[rivals.group[sector]]:
            row = contest.figures[count]
            row[_BOUND], row[_FREE], row[_OFFSET], row[_HORIZONTAL] = bound, free, offset, horizontal
            row[_AWAY], row[_GIVEN], row[_GLANCE], row[_LOSS] = away_m, given, math.inf, math.inf
            contest.sharpened[count] = bound
            contest.sector[count] = sector
            contest.twin[count] = first
            while not _alike(scene, contest.sector[contest.twin[count]], sector):
                contest.twin[count] += 1
            contest.starts[rivals.group[sector] + 2] += 1
            count += 1
    for group in range(2, contest.starts.size):
        contest.starts[group] += contest.starts[group - 1]
    for row in range(count):  # `starts` is one group ahead until its places are taken
        group = rivals.group[contest.sector[row]]
        contest.heap[contest.starts[group + 1]] = row
        contest.starts[group + 1] += 1
    for group in range(contest.starts.size - 2):
        mine = contest.heap[contest.starts[group] : contest.starts[group + 1]]
        for top in range(mine.size // 2 - 1, -1, -1):
            _sink(mine, mine.size, top, contest.sharpened, contest.sector)


@kernel
def _sink(heap: _Integers, size: int, top: int, sharpened: _Floats, sector: _Integers) -> None:
    """Let an entry sink to where none below it comes before it: none of a higher bound, nor of the same and a lower number."""
    moved = heap[top]
    while True:
        child = 2 * top + 1
        if child >= size:
            break
        if child + 1 < size and _precedes(heap[child + 1], heap[child], sharpened, sector):
            child += 1
        if not _precedes(heap[child], moved, sharpened, sector):
            break
        heap[top] = heap[child]
        top = child
    heap[top] = moved


@inlined_kernel
def _precedes(one: int, other: int, sharpened: _Floats, sector: _Integers) -> bool:
    a, b = sharpened[one], sharpened[other]
    return bool(a > b or (a == b and sector[one] < sector[other]))


@kernel
def _alike(scene: Scene, one: int, other: int) -> bool:
    """Tell whether two sectors of one place have the same path, too."""
    same_height = scene.sector_height_m[one] == scene.sector_height_m[other]
    return bool(same_height and scene.sector_frequency_mhz[one] == scene.sector_frequency_mhz[other])


@kernel
def _search(
    land: Land,
    scene: Scene,
    physics: Physics,
    beams: Beams,
    site: _Integers,
    floor_dbm: float,
    place: int,
    contest: _Contest,
    heap: _Integers,
    room: Room,
    found: _Floats,
) -> None:
    """Fill in the `FIELDS` of one place and group."""
    best_site = -1
    found[PATHS] = found[GLANCES] = 0.0
    size = heap.size
    while size > 0:
        row, sector = heap[0], contest.sector[heap[0]]
        if contest.sharpened[row] <= found[SECOND] or contest.sharpened[row] < floor_dbm:
            break
        figures, path = contest.figures[row], contest.figures[contest.twin[row]]
        path_m = max(figures[_AWAY], NO_PATH_M)
        bound = figures[_BOUND]
        if physics.glance and contest.sharpened[row] == bound:
            if path[_GLANCE] == math.inf:
                path[_GLANCE] = _glance(land, scene, physics, sector, place, path_m)
                found[GLANCES] += 1
            if path[_GLANCE] > 0.0:
                contest.sharpened[row] = bound - path[_GLANCE]
                _sink(heap, size, 0, contest.sharpened, contest.sector)
                continue
        size -= 1
        heap[0] = heap[size]
        _sink(heap, size, 0, contest.sharpened, contest.sector)
        if path[_LOSS] == math.inf:
            found[PATHS] += 1
            path[_LOSS], path[_HIDDEN], path[_DEPARTURE] = trace_link(
                land, scene, physics, sector, place, path_m, figures[_GIVEN], room
            )
        if math.isnan(path[_LOSS]):
            if not bound <= found[UNSEEN]:
                found[UNSEEN] = bound
            continue
        beam_db = beam_attenuation(
            beams.tables,
            beams.number[sector],
            figures[_OFFSET],
            path[_DEPARTURE],
            figures[_HORIZONTAL],
            beams.vertical_deg[sector],
            beams.downtilt_deg[sector],
        )
        level = figures[_FREE] - beam_db - path[_LOSS]
        best_site = keep_best(
            found, best_site, sector, site[sector], level, path_m, path[_LOSS], path[_HIDDEN]
        )


@kernel
def _glance(land: Land, scene: Scene, physics: Physics, sector: int, place: int, path_m: float) -> float:
    """Return what bounds the loss of a path from below, zero for one too short for that. [dB]"""
    count = count_samples(path_m, scene.step_m)
    if count <= 2 * GLANCE_SAMPLES:
        return 0.0
    bound_db: float = glance_loss(
        land,
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
    return bound_db


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
