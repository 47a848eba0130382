"""
A mast's receivers sorted by their nearest ray, and the rays walked one after the other on all threads.

The order of the work does not depend on the number of threads, and no two rays share a receiver, so neither does
the result. A thread needs room for one ray; the sorting needs a few numbers per receiver.
"""

# Kernels take everything by position.

import math

import numpy as np
from numpy.typing import NDArray

from lomsong.compiled import fused_kernel, kernel, parallel_kernel, prange
from lomsong.propagation.area_exact import NEAREST_M, Mast, exact_loss
from lomsong.propagation.area_radial import OWN_SAMPLES, radial_loss
from lomsong.propagation.area_rays import COLUMNS, LINKS, walk_ray
from lomsong.propagation.area_swift import Tables, make_tables
from lomsong.propagation.area_terms import Radio
from lomsong.propagation.area_walk import Room, make_room, path_bend, path_steps
from lomsong.propagation.land import Land

#: Paths of fewer steps are walked by themselves: they are few, and rays have little to share there.
FEWEST_STEPS = OWN_SAMPLES + 7
_FEWEST_RAYS = 8
#: Parts that the receivers are sorted in, and rays that one thread takes at a time.
_BLOCKS, _RAYS_AT_A_TIME = 64, 32
#: Arctangent from 0 to 1 as an odd polynomial, fitted for the least largest error; 2e-6 by comparison.
_ARC = (0.99997726, -0.33262347, 0.19354346, -0.11643287, 0.05265332, -0.01172120)

_Floats = NDArray[np.float64]
_Heights = NDArray[np.float32]
_Integers = NDArray[np.int32]


@kernel
def _part_of_turn(east: float, north: float) -> float:
    """Return the azimuth as a part of the full turn, 0 to 1, to some 1e-6."""
    a, b = abs(east), abs(north)
    ratio = min(a, b) / max(a, b)
    r2 = ratio * ratio
    inner = _ARC[2] + r2 * (_ARC[3] + r2 * (_ARC[4] + r2 * _ARC[5]))
    angle = ratio * (_ARC[0] + r2 * (_ARC[1] + r2 * inner))
    if a > b:
        angle = 0.5 * math.pi - angle
    if north < 0.0:
        angle = math.pi - angle
    part = angle / (2.0 * math.pi)
    return 1.0 - part if east < 0.0 else part


@parallel_kernel
def _assign_rays(places: _Floats, reach_m: float, rays: int, ray: _Integers, counts: _Integers) -> None:
    """Find the nearest ray of every receiver in reach, `rays` for the others, and count them by block and ray."""
    size = ray.size
    for block in prange(_BLOCKS):
        for i in range(block * size // _BLOCKS, (block + 1) * size // _BLOCKS):
            east, north = places[i, 0], places[i, 1]
            distance2 = east * east + north * north
            ray[i] = rays
            if NEAREST_M * NEAREST_M <= distance2 <= reach_m * reach_m:
                nearest = int(_part_of_turn(east, north) * rays + 0.5)
                ray[i] = nearest if nearest < rays else 0
            counts[block, ray[i]] += 1


@kernel
def _count_on(counts: _Integers, starts: _Integers) -> None:
    """Turn counts by block and ray into where each begins, ray by ray."""
    position = 0
    for ray in range(counts.shape[1]):
        starts[ray] = position
        for block in range(counts.shape[0]):
            count = counts[block, ray]
            counts[block, ray] = position
            position += count


@parallel_kernel
def _sort_by_ray(
    ray: _Integers, begins: _Integers, places: _Floats, order: _Integers, sorted_places: _Heights
) -> None:
    """Fill `order` and `sorted_places` with the receivers ray by ray; `begins` is used up."""
    size = ray.size
    for block in prange(_BLOCKS):
        for i in range(block * size // _BLOCKS, (block + 1) * size // _BLOCKS):
            k = begins[block, ray[i]]
            begins[block, ray[i]] = k + 1
            order[k] = i
            for j in range(4):
                sorted_places[k, j] = places[i, j]


@parallel_kernel
def _put_back(order: _Integers, by_ray: _Heights, values: _Heights) -> None:
    """Fill `values` with what was computed ray by ray."""
    for k in prange(values.size):
        values[order[k]] = by_ray[k]


@fused_kernel
def _serve_receivers(
    land: Land,
    mast: Mast,
    forward: _Floats,
    places: _Heights,
    radio: Radio,
    last: int,
    heights: _Heights,
    table: _Floats,
    chain: _Integers,
    own: _Floats,
    room: Room,
    tables: Tables,
    losses: _Heights,
    slopes: _Heights,
) -> None:
    """
    Fill the losses of the receivers of one ray that is known up to sample `last`, and the slopes unless empty.

    Receivers further out get a path of their own: theirs may pass beside the missing cell or the raster's corner
    that ended the ray.
    """
    for k in range(losses.size):
        place = (
            np.float64(places[k, 0]),
            np.float64(places[k, 1]),
            np.float64(places[k, 2]),
            np.float64(places[k, 3]),
        )
        steps = path_steps(math.sqrt(place[0] * place[0] + place[1] * place[1]), mast.step_m)
        if steps < FEWEST_STEPS or steps - OWN_SAMPLES + 1 > last:
            loss_db, slope = exact_loss(land, mast, forward, place, radio, room, tables)
        else:
            loss_db, slope = radial_loss(land, mast, forward, place, radio, heights, table, chain, own)
        losses[k] = loss_db
        if slopes.size > 0:
            slopes[k] = slope


@kernel
def _furthest_sample(places: _Heights, step_m: float) -> int:
    """Return the furthest sample of a ray that one of its receivers asks for."""
    distance2 = np.float64(0.0)
    for k in range(places.shape[0]):
        east, north = np.float64(places[k, 0]), np.float64(places[k, 1])
        distance2 = max(distance2, east * east + north * north)
    return path_steps(math.sqrt(distance2), step_m) - OWN_SAMPLES + 1


@kernel
def _coprime_stride(count: int) -> int:
    """Return a stride that visits each of `count` groups once and gives every thread some of all directions."""
    stride = max(int(0.618 * count), 1)
    while math.gcd(stride, count) > 1:
        stride += 1
    return stride


@parallel_kernel
def _walk_rays(
    land: Land,
    mast: Mast,
    forward: _Floats,
    places: _Heights,
    radio: Radio,
    starts: _Integers,
    losses: _Heights,
    slopes: _Heights,
) -> None:
    """Fill the losses of all receivers in reach, which lie ray by ray, and the slopes unless empty."""
    rays = starts.size - 1
    size = int(mast.reach_m / mast.step_m) + 3
    inverse, backwards = make_tables(size)
    groups = (rays + _RAYS_AT_A_TIME - 1) // _RAYS_AT_A_TIME
    stride = _coprime_stride(groups)
    for turn in prange(groups):
        group = turn * stride % groups
        tables, room, shared = Tables(inverse, backwards), make_room(size), make_room(size)
        table, chain, own = (
            np.zeros((size, COLUMNS)),
            np.zeros((size, LINKS), dtype=np.int32),
            np.empty(OWN_SAMPLES + 1),
        )
        for number in range(group * _RAYS_AT_A_TIME, min((group + 1) * _RAYS_AT_A_TIME, rays)):
            if starts[number] == starts[number + 1]:
                continue
            azimuth, length = 2.0 * math.pi * number / rays, (size - 1) * mast.step_m
            end = _pixels(forward, length * math.sin(azimuth), length * math.cos(azimuth))
            bend = path_bend(forward, length * math.sin(azimuth), length * math.cos(azimuth))
            mine = places[starts[number] : starts[number + 1]]
            most = _furthest_sample(mine, mast.step_m)
            last = walk_ray(land, mast, end, bend, most, radio, shared, table, chain)
            _serve_receivers(
                land,
                mast,
                forward,
                mine,
                radio,
                last,
                shared.heights,
                table,
                chain,
                own,
                room,
                tables,
                losses[starts[number] : starts[number + 1]],
                slopes[starts[number] : starts[number + 1]],  # of an empty array empty
            )


@kernel
def _pixels(forward: _Floats, east: float, north: float) -> tuple[float, float]:
    """Return row and column of a place, counted from the mast."""
    e2, en, n2 = east * east, east * north, north * north
    powers = (east, north, e2, en, n2, e2 * east, e2 * north, n2 * east, n2 * north)
    row, column = 0.0, 0.0
    for i in range(9):
        row += forward[0, i] * powers[i]
        column += forward[1, i] * powers[i]
    return row, column


def was_compiled() -> bool:
    """Return whether this process has compiled the engine or loaded it from disk."""
    return bool(_walk_rays.signatures)


def radial_losses(
    land: Land,
    mast: Mast,
    forward: _Floats,
    places: _Floats,
    radio: Radio,
    losses: _Heights,
    slopes: _Heights,
) -> None:
    """
    Fill `losses` for every place from `NEAREST_M` to the mast's reach, NaN for the others. [dB].

    Fill also `slopes`, in which rays leave the mast, unless it is empty.
    Rays are as far apart at the rim as samples along them: the terrain has no more detail.
    """
    rays = max(math.ceil(2.0 * math.pi * mast.reach_m / mast.step_m), _FEWEST_RAYS)
    ray, order = np.empty(losses.size, dtype=np.int32), np.empty(losses.size, dtype=np.int32)
    begins, starts = np.zeros((_BLOCKS, rays + 1), dtype=np.int32), np.empty(rays + 1, dtype=np.int32)
    _assign_rays(places, mast.reach_m, rays, ray, begins)
    _count_on(begins, starts)
    sorted_places, sorted_losses = np.empty((losses.size, 4), dtype=np.float32), np.empty_like(losses)
    _sort_by_ray(ray, begins, places, order, sorted_places)
    sorted_slopes = np.empty_like(slopes)
    sorted_losses[starts[rays] :] = np.nan
    sorted_slopes[starts[rays] :] = np.nan
    _walk_rays(land, mast, forward, sorted_places, radio, starts, sorted_losses, sorted_slopes)
    _put_back(order, sorted_losses, losses)
    _put_back(order, sorted_slopes, slopes)
