"""
The exact area engine: every receiver has its own terrain profile.

Equal to `p1812_losses` on the same profiles. Chunks of receivers run on all threads; a thread needs room for one
path, whatever the size of the area.
"""

# Kernels take everything by position.

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lomsong.compiled import kernel, parallel_kernel, prange
from lomsong.propagation.area_duct import duct_coupling, duct_fading
from lomsong.propagation.area_swift import (
    Tables,
    find_slopes,
    find_strongest,
    highest_over,
    make_tables,
    sum_heights,
)
from lomsong.propagation.area_terms import (
    LEAST_DUCT_DB,
    Radio,
    Walk,
    diffraction_loss,
    find_angles,
    free_loss,
    join_mechanisms,
)
from lomsong.propagation.area_walk import (
    Room,
    find_obstacle,
    first_tangent,
    last_tangent,
    make_room,
    path_bend,
    path_steps,
    sample_path,
)
from lomsong.propagation.land import Land
from lomsong.propagation.p1812_mechanisms import Air, anomalous_time
from lomsong.propagation.p1812_path import p1812_kernel
from lomsong.propagation.p1812_profile import Zones

#: P.1812 begins here; nearer receivers have no loss. [m]
NEAREST_M = 250.0
#: Receivers that one thread takes at a time.
CHUNK = 512

_Floats = NDArray[np.float64]
_Heights = NDArray[np.float32]


class Mast(NamedTuple):
    """Where the paths begin and how they are walked."""

    row: float  # fractional pixels
    column: float
    ground_m: float  # above sea level
    latitude_deg: float
    degrees_per_m: float  # of latitude, to the north
    reach_m: float  # no path is longer
    step_m: float  # between samples


@kernel
def exact_loss(
    land: Land,
    mast: Mast,
    forward: _Floats,
    place: tuple[float, float, float, float],
    radio: Radio,
    room: Room,
    tables: Tables,
) -> tuple[float, float]:
    """
    Return the basic transmission loss of one receiver [dB], and the slope in which its ray leaves the mast.

    NaN where the path leaves or misses terrain. The slope is that to the receiver, or to the horizon that hides it.
    `place` holds the receiver's east, north, row and column from the mast.
    """
    east, north = place[0], place[1]
    d = math.sqrt(east * east + north * north)
    steps = path_steps(d, mast.step_m)
    start, change = (mast.row, mast.column), (place[2], place[3])
    base_m = mast.ground_m + radio.transmitter_height_m
    if not sample_path(land, start, change, path_bend(forward, east, north), steps, base_m, room):
        return math.nan, math.nan
    heights = room.heights
    total, moment = sum_heights(heights, steps)
    if math.isnan(total):
        return math.nan, math.nan
    spacing_m = d / steps
    bulge_m = 0.5 * spacing_m * spacing_m / radio.earth_radius_m
    receiver_m = heights[steps] + radio.receiver_height_m
    slopes = find_slopes(heights, tables, steps, receiver_m, bulge_m)
    tilt, lift = receiver_m / steps, bulge_m * steps
    tx_slope = slopes.tx + lift - tilt
    departure = max(slopes.tx, tilt - lift) / spacing_m
    strongest = 0.0
    if tx_slope < 0.0:
        strongest = find_strongest(heights, tables, steps, receiver_m, bulge_m) / (spacing_m * spacing_m)
    first = 2.0 * total - heights[0] - heights[steps]  # the integrals of (83) and (84)
    second = 6.0 * moment - (3.0 * steps + 1.0) * heights[steps] + heights[0]
    walk = Walk(
        d,
        heights[steps] + radio.transmitter_height_m,
        (2.0 * first * steps - second) / (steps * steps) + radio.transmitter_height_m,
        (second - first * steps) / (steps * steps) + radio.transmitter_height_m,
        slopes.flat_highest_m,
        (slopes.flat_tx - tilt) / spacing_m,
        (slopes.flat_rx + tilt) / spacing_m,
        tx_slope / spacing_m,
        (slopes.rx + lift + tilt) / spacing_m,
        strongest,
    )
    log_km = math.log(1e-3 * d)
    free_db = free_loss(walk, log_km, radio)
    diffracted_db = free_db + diffraction_loss(walk, float(steps), radio)
    if radio.diffraction_only:
        return diffracted_db, departure
    if tx_slope < 0.0:
        near = far = (
            steps // 2
        )  # ducting is bounded by the sum of both, which is right wherever the obstacle is
        if diffracted_db > free_db + LEAST_DUCT_DB:
            near = far = find_obstacle(heights, steps, receiver_m, bulge_m)
    else:
        near = first_tangent(heights, tables, steps, bulge_m, slopes.tx)
        far = max(last_tangent(heights, tables, steps, receiver_m, bulge_m, slopes.rx), near)
    horizons = find_angles(walk, near * spacing_m, (steps - far) * spacing_m, radio)
    duct_db = duct_coupling(walk, horizons, radio)
    if duct_db < diffracted_db:
        smooth_tx_m, smooth_rx_m = min(walk.fit_tx_m, 0.0), min(walk.fit_rx_m, walk.receiver_ground_m)
        over_m, slope_m = smooth_tx_m - radio.transmitter_height_m, (smooth_rx_m - smooth_tx_m) / steps
        roughness_m = highest_over(heights, near, far, over_m, slope_m)
        centre_deg = mast.latitude_deg + 0.5 * north * mast.degrees_per_m
        duct_db += duct_fading(walk, horizons, radio, log_km, roughness_m, centre_deg)
    return join_mechanisms(free_db, diffracted_db, duct_db, d, log_km, horizons, radio), departure


@parallel_kernel
def exact_losses(
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
    """
    most = path_steps(mast.reach_m, mast.step_m) + 1
    inverse, backwards = make_tables(most)
    chunks = (losses.size + CHUNK - 1) // CHUNK
    for chunk in prange(chunks):
        room, tables = make_room(most), Tables(inverse, backwards)
        for i in range(chunk * CHUNK, min((chunk + 1) * CHUNK, losses.size)):
            distance2 = places[i, 0] * places[i, 0] + places[i, 1] * places[i, 1]
            if not NEAREST_M * NEAREST_M <= distance2 <= mast.reach_m * mast.reach_m:  # nor NaN
                loss_db, slope = math.nan, math.nan
            else:
                place = places[i, 0], places[i, 1], places[i, 2], places[i, 3]
                loss_db, slope = exact_loss(land, mast, forward, place, radio, room, tables)
            losses[i] = loss_db
            if slopes.size > 0:
                slopes[i] = slope


@parallel_kernel
def timed_losses(
    land: Land,
    mast: Mast,
    forward: _Floats,
    places: _Floats,
    radio: Radio,
    time_percent: float,
    losses: _Heights,
) -> None:
    """Do as `exact_losses` for less than 50 % of time, which takes both states of the air and several times longer."""
    most = path_steps(mast.reach_m, mast.step_m) + 1
    base_m = mast.ground_m + radio.transmitter_height_m
    chunks = (losses.size + CHUNK - 1) // CHUNK
    for chunk in prange(chunks):
        room, distance_m, ground_m = make_room(most), np.empty(most + 1), np.empty(most + 1)
        for i in range(chunk * CHUNK, min((chunk + 1) * CHUNK, losses.size)):
            d = math.sqrt(places[i, 0] * places[i, 0] + places[i, 1] * places[i, 1])
            losses[i] = math.nan
            if not NEAREST_M <= d <= mast.reach_m:
                continue
            steps = path_steps(d, mast.step_m)
            start, change = (mast.row, mast.column), (places[i, 2], places[i, 3])
            bend = path_bend(forward, places[i, 0], places[i, 1])
            if sample_path(land, start, change, bend, steps, base_m, room):
                for j in range(steps + 1):
                    distance_m[j], ground_m[j] = d * j / steps, room.heights[j] + base_m
                zones = Zones(0.0, d, d, math.inf, math.inf)
                beta0 = anomalous_time(mast.latitude_deg + 0.5 * places[i, 1] * mast.degrees_per_m, zones)
                losses[i] = p1812_kernel(
                    distance_m,
                    ground_m,
                    ground_m,
                    steps + 1,
                    base_m,
                    ground_m[steps] + radio.receiver_height_m,
                    radio.frequency_mhz,
                    radio.vertical,
                    Air(radio.earth_radius_m, radio.surface_refractivity, beta0),
                    zones,
                    time_percent,
                    0.0,
                ).basic_db
