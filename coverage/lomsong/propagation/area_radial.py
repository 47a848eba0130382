"""
The radial area engine: the loss of a receiver from its nearest ray.

A receiver takes what its ray knows up to the last few samples. There its own terrain counts, because the ground
near a receiver decides, and those samples lie on its own path.
"""

# Kernels take everything by position.

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lomsong.compiled import inlined_kernel, kernel
from lomsong.propagation.area_duct import duct_coupling, duct_fading
from lomsong.propagation.area_exact import Mast
from lomsong.propagation.area_rays import FLAT_TX, MOMENT, TOTAL, TX, TX_TANGENT, top, touch
from lomsong.propagation.area_swift import highest_over, strongest_among
from lomsong.propagation.area_terms import (
    LEAST_DUCT_DB,
    Radio,
    Walk,
    diffraction_loss,
    find_angles,
    free_loss,
    join_mechanisms,
)
from lomsong.propagation.area_walk import bilinear, path_bend, path_steps
from lomsong.propagation.land import Land

#: Samples before a receiver that it walks on its own path.
OWN_SAMPLES = 2
#: Samples that are looked at together in search of an obstacle.
_BLOCK = 64

_Floats = NDArray[np.float64]
_Heights = NDArray[np.float32]
_Samples = NDArray[np.int32]


class Sight(NamedTuple):
    """What both antennas see, lengths in samples of the ray; slopes as in a ray's table."""

    tx: float
    tx_x: float  # where the transmitter's tangent touches
    flat_tx: float
    rx: float
    rx_x: float
    flat_rx: float
    highest_m: float  # clearance over the direct line over the flat earth
    first: float  # the integrals of (83) and (84)
    second: float


@inlined_kernel
def _look_along(
    heights: _Heights,
    table: _Floats,
    chain: _Samples,
    end: int,
    full: float,
    receiver_m: float,
    bulge_m: float,
) -> Sight:
    """Return what a receiver `full` samples away sees of a ray up to sample `end`."""
    touched = touch(table, chain, end, full, receiver_m - bulge_m * full * full)
    flat_rx = (heights[touched] - receiver_m) / (full - touched)
    tilt, flat_tx, highest_m = receiver_m / full, table[end, FLAT_TX], -math.inf
    if flat_tx > tilt:  # the hull of the effective earth knows nearly as well what stands out of the flat one
        peak = top(table, chain, touched, tilt - bulge_m * full)
        highest_m = heights[peak] - tilt * peak
    return Sight(
        table[end, TX],
        table[end, TX_TANGENT],
        flat_tx,
        flat_rx - bulge_m * (full - touched),
        float(touched),
        flat_rx,
        highest_m,
        2.0 * table[end, TOTAL] - heights[0] - heights[end],
        6.0 * table[end, MOMENT] - (3.0 * end + 1.0) * heights[end] + heights[0],
    )


@inlined_kernel
def _look_around(
    sight: Sight,
    heights: _Heights,
    own: _Floats,
    end: int,
    full: float,
    spacing: float,
    receiver_m: float,
    bulge_m: float,
) -> Sight:
    """Return the sight with the samples of the receiver's own path, the ground under it first, added."""
    tx, tx_x, flat_tx, rx, rx_x, flat_rx, highest_m, first, second = sight
    tilt = receiver_m / full
    x0, z0 = float(end), np.float64(heights[end])
    for j in range(OWN_SAMPLES, -1, -1):
        x, z = full - j * spacing, own[j]
        if j > 0:
            from_tx, from_rx = z / x, (z - receiver_m) / (full - x)
            flat_tx, flat_rx = max(flat_tx, from_tx), max(flat_rx, from_rx)
            highest_m = max(highest_m, z - tilt * x)
            if from_tx - bulge_m * x > tx:
                tx, tx_x = from_tx - bulge_m * x, x
            if from_rx - bulge_m * (full - x) > rx:
                rx, rx_x = from_rx - bulge_m * (full - x), x
        first += (x - x0) * (z + z0)
        second += (x - x0) * (z * (2.0 * x + x0) + z0 * (x + 2.0 * x0))
        x0, z0 = x, z
    return Sight(tx, tx_x, flat_tx, rx, rx_x, flat_rx, highest_m, first, second)


@kernel
def _fresnel_strongest(
    heights: _Heights, own: _Floats, end: int, full: float, spacing: float, receiver_m: float, bulge_m: float
) -> float:
    """Return the largest clearance * abs(clearance) / (x (d - x)), lengths in samples. [m^2]."""
    strongest, tilt = strongest_among(heights, 1, end, full, receiver_m, bulge_m), receiver_m / full
    for j in range(1, OWN_SAMPLES + 1):
        product = j * spacing * (full - j * spacing)
        clearance = own[j] - tilt * (full - j * spacing) + bulge_m * product
        strongest = max(strongest, clearance * abs(clearance) / product)
    return strongest


@kernel
def _obstacle(
    heights: _Heights, own: _Floats, end: int, full: float, spacing: float, receiver_m: float, bulge_m: float
) -> float:
    """
    Return where the largest Fresnel parameter is, in samples.

    The samples of the ray are looked at in blocks, and one by one only in the block that holds the largest.
    """
    block, highest = 1, -math.inf
    for first in range(1, end + 1, _BLOCK):
        found = strongest_among(heights, first, min(first + _BLOCK - 1, end), full, receiver_m, bulge_m)
        if found > highest:
            block, highest = first, found
    strongest, obstacle, tilt = -math.inf, 0.5 * full, receiver_m / full
    last = min(block + _BLOCK - 1, end)
    for i in range(block, last + OWN_SAMPLES + 1):
        near = last + OWN_SAMPLES + 1 - i
        x = float(i) if i <= last else full - near * spacing
        height = np.float64(heights[i]) if i <= last else own[near]
        clearance = height - tilt * x + bulge_m * x * (full - x)
        parameter = clearance * abs(clearance) / (x * (full - x))
        if parameter > strongest:
            strongest, obstacle = parameter, x
    return obstacle


@kernel
def _roughness(
    heights: _Heights,
    own: _Floats,
    end: int,
    full: float,
    spacing: float,
    between: tuple[float, float],
    over_m: float,
    slope_m: float,
) -> float:
    """Return how far the ground between two places rises over a line, `slope_m` per sample. [m]."""
    roughness_m = highest_over(
        heights, math.ceil(between[0]), min(math.floor(between[1]), end), over_m, slope_m
    )
    for j in range(1, OWN_SAMPLES + 1):
        x = full - j * spacing
        if between[0] <= x <= between[1]:
            roughness_m = max(roughness_m, own[j] - slope_m * x - over_m)
    return roughness_m


@inlined_kernel
def _load_own(
    land: Land,
    mast: Mast,
    forward: _Floats,
    place: tuple[float, float, float, float],
    steps: int,
    base_m: float,
    own: _Floats,
) -> None:
    """Fill `own` with the ground at a receiver and at the last samples of its own path."""
    bend = path_bend(forward, place[0], place[1])
    for j in range(OWN_SAMPLES + 1):
        t = 1.0 - j * (1.0 / steps)
        row = mast.row + t * (place[2] + (1.0 - t) * bend[0])
        column = mast.column + t * (place[3] + (1.0 - t) * bend[1])
        own[j] = bilinear(land, row, column) - base_m


@inlined_kernel
def radial_loss(
    land: Land,
    mast: Mast,
    forward: _Floats,
    place: tuple[float, float, float, float],
    radio: Radio,
    heights: _Heights,
    table: _Floats,
    chain: _Samples,
    own: _Floats,
) -> tuple[float, float]:
    """
    Return the basic transmission loss of a receiver near a ray [dB], and the slope in which its ray leaves the mast.

    NaN where there is no terrain under it.

    The ray must reach as far as the receiver; `own` is room for `OWN_SAMPLES` + 1 heights.
    """
    d = math.sqrt(place[0] * place[0] + place[1] * place[1])
    steps = path_steps(d, mast.step_m)
    bulge_m = 0.5 * mast.step_m * mast.step_m / radio.earth_radius_m
    full = d / mast.step_m  # lengths are in samples of the ray from here on
    spacing = full / steps
    _load_own(land, mast, forward, place, steps, mast.ground_m + radio.transmitter_height_m, own)
    receiver_m = own[0] + radio.receiver_height_m
    end = int(full - OWN_SAMPLES * spacing - 0.5)
    sight = _look_along(heights, table, chain, end, full, receiver_m, bulge_m)
    sight = _look_around(sight, heights, own, end, full, spacing, receiver_m, bulge_m)
    if math.isnan(sight.first):
        return math.nan, math.nan
    tilt, per_m = receiver_m / full, 1.0 / mast.step_m
    tx_slope = sight.tx + bulge_m * full - tilt
    departure = max(sight.tx, tilt - bulge_m * full) * per_m
    strongest = 0.0
    if tx_slope < 0.0:
        strongest = _fresnel_strongest(heights, own, end, full, spacing, receiver_m, bulge_m)
    walk = Walk(
        d,
        own[0] + radio.transmitter_height_m,
        (2.0 * sight.first * full - sight.second) / (full * full) + radio.transmitter_height_m,
        (sight.second - sight.first * full) / (full * full) + radio.transmitter_height_m,
        sight.highest_m,
        (sight.flat_tx - tilt) * per_m,
        (sight.flat_rx + tilt) * per_m,
        tx_slope * per_m,
        (sight.rx + bulge_m * full + tilt) * per_m,
        strongest * per_m * per_m,
    )
    log_km = math.log(1e-3 * d)
    free_db = free_loss(walk, log_km, radio)
    diffracted_db = free_db + diffraction_loss(walk, float(steps), radio)
    if radio.diffraction_only:
        return diffracted_db, departure
    near, far = sight.tx_x, max(sight.rx_x, sight.tx_x)
    if tx_slope < 0.0:
        near = far = (
            0.5 * full
        )  # ducting is bounded by the sum of both, which is right wherever the obstacle is
        if diffracted_db > free_db + LEAST_DUCT_DB:
            near = far = _obstacle(heights, own, end, full, spacing, receiver_m, bulge_m)
    horizons = find_angles(walk, near * mast.step_m, (full - far) * mast.step_m, radio)
    duct_db = duct_coupling(walk, horizons, radio)
    if duct_db < diffracted_db:
        smooth_tx_m, smooth_rx_m = min(walk.fit_tx_m, 0.0), min(walk.fit_rx_m, walk.receiver_ground_m)
        over_m, slope_m = smooth_tx_m - radio.transmitter_height_m, (smooth_rx_m - smooth_tx_m) / full
        roughness_m = _roughness(heights, own, end, full, spacing, (near, far), over_m, slope_m)
        duct_db += duct_fading(
            walk,
            horizons,
            radio,
            log_km,
            roughness_m,
            mast.latitude_deg + 0.5 * place[1] * mast.degrees_per_m,
        )
    return join_mechanisms(free_db, diffracted_db, duct_db, d, log_km, horizons, radio), departure
