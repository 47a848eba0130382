"""
The link between one sector and one place: its terrain profile, the loss over it and the direction it leaves the mast in.

Every model of `models` is computed here, so that search, tables and rasters cannot differ.
"""

# Kernels take everything by position.

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lomsong.compiled import kernel, parallel_kernel, prange
from lomsong.propagation.free_space import free_space_loss_kernel
from lomsong.propagation.itm import itm_kernel
from lomsong.propagation.itm_link import Medium
from lomsong.propagation.itm_settings import DEFAULT_SETTINGS
from lomsong.propagation.land import Land
from lomsong.propagation.models import DEYGOUT, ITM, P1812
from lomsong.propagation.p526 import delta_bullington_profile
from lomsong.propagation.p526_deygout import deygout_profile
from lomsong.propagation.p1812_mechanisms import Air, anomalous_time
from lomsong.propagation.p1812_path import p1812_kernel
from lomsong.propagation.p1812_profile import Zones
from lomsong.propagation.sampling import NEAREST_P1812_M, departure_angle, sample_surface

#: A profile has at most this many samples; longer paths are sampled more coarsely.
MOST_SAMPLES = 4096
#: Shorter than this a path has no profile. [m]
NO_PATH_M = 1.0
_MEDIAN_TIME_PERCENT = 50.0
#: What ITM is told besides: average ground, and the median of everything.
_PERMITTIVITY, _CONDUCTIVITY = DEFAULT_SETTINGS.permittivity, DEFAULT_SETTINGS.conductivity
_MEDIANS = DEFAULT_SETTINGS.statistics()
#: Links that one thread takes at a time.
_CHUNK = 256

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]


class Physics(NamedTuple):
    """Which model, and what it is told besides the path."""

    kernel: int  # of `models`
    glance: bool
    receiver_height_m: float
    earth_radius_m: float  # with refraction
    surface_refractivity: float  # at sea level [N-units]
    latitude_deg: float


class Scene(NamedTuple):
    """Masts and places on some land; rows and columns are fractional pixels of the whole terrain."""

    step_m: float  # between samples
    sector_row: _Floats
    sector_column: _Floats
    sector_height_m: _Floats
    sector_frequency_mhz: _Floats
    place_row: _Floats
    place_column: _Floats


class Room(NamedTuple):
    """What one thread writes a profile into."""

    distances: _Floats
    ground: _Floats
    surface: _Floats  # the ground itself where there is no clutter


@kernel
def make_room(land: Land) -> Room:
    """Return room for one profile."""
    ground = np.empty(MOST_SAMPLES)
    surface = np.empty(MOST_SAMPLES) if land.clutter.size > 0 else ground
    return Room(np.empty(MOST_SAMPLES), ground, surface)


@kernel
def count_samples(distance_m: float, step_m: float) -> int:
    """Return the number of samples of a path."""
    return min(max(int(np.ceil(distance_m / step_m)) + 1, 3), MOST_SAMPLES)


@kernel
def excess_loss(
    room: Room,
    count: int,
    tx_amsl_m: float,
    rx_amsl_m: float,
    frequency_mhz: float,
    given_db: float,
    physics: Physics,
) -> tuple[float, float, float]:
    """
    Return the loss beyond free space, and distance and Fresnel parameter of what blocks most.

    P.1812 fits its smooth earth to the ground and counts clutter for diffraction; P.526 knows one profile, which is the
    surface; ITM is for the ground alone. `given_db` is the loss of a model that needs no terrain; where it blocks most
    is then as of P.526.
    """
    distances, ground, surface = room
    length_m = distances[count - 1]
    radius_m = physics.earth_radius_m
    if physics.kernel == P1812 and length_m >= NEAREST_P1812_M:
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
            Air(radius_m, physics.surface_refractivity, anomalous_time(physics.latitude_deg, zones)),
            zones,
            _MEDIAN_TIME_PERCENT,
            0.0,
        )
        return losses.basic_db - losses.free_space_db, losses.obstacle_m, losses.obstacle_nu
    if physics.kernel == DEYGOUT:
        loss_db, obstacle, nu = deygout_profile(
            distances, surface, count, tx_amsl_m, rx_amsl_m, frequency_mhz, radius_m
        )
        return loss_db, distances[obstacle], nu
    loss_db, obstacle, nu = delta_bullington_profile(
        distances, surface, count, tx_amsl_m, rx_amsl_m, frequency_mhz, radius_m, True, 0.0
    )
    if physics.kernel == ITM:
        total_db = itm_kernel(
            ground[:count],
            length_m / (count - 1),
            tx_amsl_m - ground[0],
            rx_amsl_m - ground[count - 1],
            frequency_mhz,
            Medium(_PERMITTIVITY, _CONDUCTIVITY, True, physics.surface_refractivity),
            _MEDIANS,
        )[0]
        loss_db = total_db - free_space_loss_kernel(length_m, frequency_mhz)
    if not math.isnan(given_db):
        loss_db = given_db
    return loss_db, distances[obstacle], nu


@kernel
def trace_link(
    land: Land,
    scene: Scene,
    physics: Physics,
    sector: int,
    place: int,
    distance_m: float,
    given_db: float,
    room: Room,
) -> tuple[float, float, float]:
    """
    Return the loss beyond free space [dB], how far the place lies behind what blocks it [m], and the departure [deg].

    The loss is NaN where the path leaves the terrain or crosses a missing cell; the second where nothing blocks.
    `given_db` is NaN for a model that looks at the terrain.
    """
    path_m = max(distance_m, NO_PATH_M)
    count = count_samples(path_m, scene.step_m)
    if not sample_surface(
        land,
        scene.sector_row[sector],
        scene.sector_column[sector],
        scene.place_row[place],
        scene.place_column[place],
        count,
        room.ground,
        room.surface,
    ):
        return math.nan, math.nan, math.nan
    for i in range(count):
        room.distances[i] = path_m * i / (count - 1)
    tx_amsl_m = room.ground[0] + scene.sector_height_m[sector]
    rx_amsl_m = room.ground[count - 1] + physics.receiver_height_m
    loss_db, obstacle_m, nu = excess_loss(
        room, count, tx_amsl_m, rx_amsl_m, scene.sector_frequency_mhz[sector], given_db, physics
    )
    departure_deg = departure_angle(
        room.distances, room.surface, count, tx_amsl_m, rx_amsl_m, physics.earth_radius_m
    )
    return loss_db, path_m - obstacle_m if nu > 0 else math.nan, departure_deg


@parallel_kernel
def trace_links(
    land: Land,
    scene: Scene,
    physics: Physics,
    sector: _Integers,
    place: _Integers,
    distance_m: _Floats,
    given_db: _Floats,
) -> _Floats:
    """
    Trace many links, on all threads; memory does not grow with their lengths.

    Parameters
    ----------
    land, scene, physics
        Ground, masts and places, model.
    sector, place : ndarray of int, shape (links,)
        Rows in the scene.
    distance_m, given_db : ndarray, shape (links,)
        Length, and the loss of a model that needs no terrain, else NaN. [m, dB]

    Returns
    -------
    ndarray, shape (links, 3)
        As of `trace_link`.
    """
    found = np.empty((sector.size, 3))
    chunks = (sector.size + _CHUNK - 1) // _CHUNK
    for chunk in prange(chunks):
        room = make_room(land)
        for i in range(chunk * _CHUNK, min((chunk + 1) * _CHUNK, sector.size)):
            loss_db, behind_m, departure_deg = trace_link(
                land, scene, physics, sector[i], place[i], distance_m[i], given_db[i], room
            )
            found[i, 0], found[i, 1], found[i, 2] = loss_db, behind_m, departure_deg
    return found
