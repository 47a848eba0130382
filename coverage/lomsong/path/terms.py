"""The ray over a profile, and the terms of the loss along it, as the prediction has them."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.antenna_pattern import Pattern
from lomsong.network import build_beams, build_physics
from lomsong.path.explanation import LinkBudget, Obstacle
from lomsong.propagation.antenna import horizontal_attenuation, reference_offset
from lomsong.propagation.beam import beam_attenuation
from lomsong.propagation.free_space import free_space_loss
from lomsong.propagation.links import NO_PATH_M, Room
from lomsong.propagation.links import excess_loss as excess_over
from lomsong.propagation.models import GIVEN, ITM, MODELS, P1812, refuse_frequencies
from lomsong.propagation.p526 import effective_earth_radius, knife_edge_loss
from lomsong.propagation.p1812 import p1812_losses
from lomsong.propagation.pairs import NEAREST_M
from lomsong.propagation.profile import Profile
from lomsong.propagation.sampling import NEAREST_P1812_M, departure_angle
from lomsong.settings import RadioSettings
from lomsong.signal_table import spread
from lomsong.units import wavelength_m

#: Distances on the map and on the ellipsoid differ by a part in a hundred at most in a CRS worth measuring in; no model
#: here falls by more than 100 dB in a decade. [dB]
_MAP_SCALE_DB = 0.5

_Floats = NDArray[np.float64]


class Ray(NamedTuple):
    """The geometry of a path: bulge, line of sight and Fresnel radius at every sample, and what stands in it."""

    bulge_m: _Floats
    line_m: _Floats
    fresnel_m: _Floats
    obstacle: Obstacle | None
    clear: bool | None


def trace_ray(
    profile: Profile, transmitter_m: float, receiver_m: float, frequency_mhz: float, radius_m: float
) -> Ray:
    """
    Draw the ray over a profile, in the frame where the ray is straight and the earth bulges.

    Parameters
    ----------
    profile : Profile
        One path, from the mast.
    transmitter_m, receiver_m : float
        Antennas above ground. [m]
    frequency_mhz, radius_m : float
        Carrier [MHz], and earth with refraction. [m]

    Returns
    -------
    Ray
        Without obstacle where nothing comes near enough to cost anything, or a height is missing.
    """
    length = float(profile.length_m)
    before = profile.distance_m
    after = length - before
    bulge = before * after / (2.0 * radius_m)
    part = before / length if length >= NO_PATH_M else np.linspace(0.0, 1.0, before.size)
    first, last = profile.ground_m[0] + transmitter_m, profile.ground_m[-1] + receiver_m
    line = first + (last - first) * part
    fresnel = np.sqrt(float(wavelength_m(frequency_mhz)) * before * after / max(length, NO_PATH_M))
    if length < NO_PATH_M:
        return Ray(bulge, line, fresnel, None, clear=True)
    over = (profile.ground_m + np.nan_to_num(profile.clutter_m) + bulge - line)[1:-1]
    if np.isnan(over).any():
        return Ray(bulge, line, fresnel, None, clear=None)
    nu = np.sqrt(2.0) * over / fresnel[1:-1]
    highest = int(np.argmax(nu))
    obstacle = None
    if float(knife_edge_loss(nu[highest])) > 0.0:
        i = highest + 1
        obstacle = Obstacle(
            distance_m=float(before[i]),
            from_village_m=float(after[i]),
            ground_m=float(profile.ground_m[i]),
            clutter_m=float(np.nan_to_num(profile.clutter_m[i])),
            over_line_m=float(over[highest]),
            nu=float(nu[highest]),
        )
    return Ray(bulge, line, fresnel, obstacle, clear=bool(over.max() <= 0.0))


def excess_loss(
    profile: Profile, transmitter_m: float, frequency_mhz: float, radio: RadioSettings
) -> tuple[float, float, str]:
    """
    Loss beyond free space, as the prediction has it.

    Parameters
    ----------
    profile : Profile
        One path, from the mast.
    transmitter_m, frequency_mhz : float
        Mast antenna above ground [m] and carrier. [MHz]
    radio : RadioSettings
        The model, the receiver and the air.

    Returns
    -------
    excess_db, diffraction_db : float
        All of it, and what diffraction alone would be, zero where the model does not tell it apart; NaN where a height
        is missing. [dB]
    model : str
        What it was computed with.
    """
    length, model = float(profile.length_m), MODELS[radio.model]
    given_db = math.nan
    if model.excess is not None:
        ends = np.array(max(length, NEAREST_M)), np.array(frequency_mhz), np.array(transmitter_m)
        given_db = float(model.least_excess(*ends, radio.receiver_height_m))
    if length < NO_PATH_M:
        return (0.0, 0.0, "free space") if math.isnan(given_db) else (given_db, 0.0, model.heading)
    ground = np.asarray(profile.ground_m, dtype=np.float64)
    if np.isnan(ground).any():
        return math.nan, math.nan, model.heading
    clutter = np.nan_to_num(profile.clutter_m)
    clutter[[0, -1]] = 0.0  # an antenna stands on the ground
    latitude_deg = float(profile.latitude_deg[profile.latitude_deg.size // 2])
    room = Room(np.asarray(profile.distance_m, dtype=np.float64), ground, ground + clutter)
    excess_db, _, _ = excess_over(
        room,
        ground.size,
        float(ground[0]) + transmitter_m,
        float(ground[-1]) + radio.receiver_height_m,
        frequency_mhz,
        given_db,
        build_physics(radio, latitude_deg),
    )
    if model.kernel in (ITM, GIVEN):
        return float(excess_db), 0.0, model.heading
    if model.kernel != P1812 or length < NEAREST_P1812_M:
        name = MODELS["p526"].heading if model.kernel == P1812 else model.heading
        return float(excess_db), float(excess_db), name
    losses = p1812_losses(
        profile.distance_m,
        profile.ground_m,
        transmitter_height_m=transmitter_m,
        receiver_height_m=radio.receiver_height_m,
        frequency_mhz=frequency_mhz,
        latitude_deg=latitude_deg,
        refractivity_gradient=radio.refractivity_gradient,
        surface_refractivity=radio.surface_refractivity,
        clutter_height_m=clutter,
    )
    return float(excess_db), float(losses.diffraction_db), model.heading


def largest_margin(sectors: gpd.GeoDataFrame, place: tuple[float, float], radio: RadioSettings) -> _Floats:
    """
    Level over the threshold in the main beam by the model's upper bound: terrain and pattern only take away.

    Parameters
    ----------
    sectors : GeoDataFrame
        Contract `SECTORS`, in a metric CRS.
    place : tuple of float
        x and y in the same CRS. [m]
    radio : RadioSettings
        The thresholds.

    Returns
    -------
    ndarray, shape (sectors,)
        Upper bound of the margin. [dB]

    Raises
    ------
    RadioError
        A frequency is outside the limits of the model.
    """
    model, frequency = MODELS[radio.model], sectors["frequency_mhz"].to_numpy(dtype=np.float64)
    refuse_frequencies(model, frequency)
    away = np.hypot(sectors.geometry.x - place[0], sectors.geometry.y - place[1]).to_numpy(dtype=np.float64)
    away = np.maximum(away, NEAREST_M)
    heights = sectors["antenna_height_m"].to_numpy(dtype=np.float64)
    free_db = free_space_loss(away, frequency) - _MAP_SCALE_DB
    least_db = model.least_excess(away, frequency, heights, radio.receiver_height_m)
    technology = sectors["technology"].to_numpy(dtype=str)
    offset_db = reference_offset(technology, sectors["bandwidth_mhz"].to_numpy())
    threshold_dbm = np.array([radio.carriers[name].threshold_dbm for name in technology])
    eirp_dbm = sectors["eirp_dbm"].to_numpy(dtype=np.float64)
    return np.asarray(eirp_dbm + offset_db - free_db - least_db - threshold_dbm)


def _pattern(
    sector: "pd.Series[Any]", profile: Profile, radio: RadioSettings, antennas: Mapping[str, Pattern]
) -> float:
    """Return the attenuation in the direction in which the ray leaves the mast. [dB]"""
    beams = build_beams(sector.to_frame().T, antennas)
    azimuth, width = float(sector["azimuth_deg"]), float(sector["beamwidth_deg"])
    # a beam whose direction is not known goes everywhere
    offset = 0.0 if math.isnan(azimuth) else float(profile.bearing_deg) - azimuth
    horizontal_db = 0.0 if math.isnan(azimuth) else float(horizontal_attenuation(offset, width))
    ground = np.asarray(profile.ground_m, dtype=np.float64)
    angle = departure_angle(
        np.asarray(profile.distance_m, dtype=np.float64),
        ground + np.nan_to_num(profile.clutter_m),
        ground.size,
        float(ground[0]) + float(sector["antenna_height_m"]),
        float(ground[-1]) + radio.receiver_height_m,
        float(effective_earth_radius(radio.refractivity_gradient)),
    )
    vertical, downtilt = beams.vertical_deg[0], beams.downtilt_deg[0]
    return float(
        beam_attenuation(beams.tables, beams.number[0], offset, angle, horizontal_db, vertical, downtilt)
    )


def add_up(
    sector: "pd.Series[Any]",
    profile: Profile,
    excess_db: float,
    diffraction_db: float,
    radio: RadioSettings,
    antennas: Mapping[str, Pattern],
) -> LinkBudget:
    """Return the terms from the power of a sector to the level at the end of its profile."""
    technology, frequency = str(sector["technology"]), float(sector["frequency_mhz"])
    free_db = float(free_space_loss(max(float(profile.length_m), NEAREST_M), frequency))
    pattern_db = _pattern(sector, profile, radio, antennas)
    offset_db = float(reference_offset(technology, float(sector["bandwidth_mhz"])))
    eirp_dbm = float(sector["eirp_dbm"])
    threshold_dbm = radio.carriers[technology].threshold_dbm  # type: ignore[index]
    level_dbm = eirp_dbm - pattern_db - free_db - excess_db + offset_db
    return LinkBudget(
        eirp_dbm=eirp_dbm,
        antenna_attenuation_db=pattern_db,
        free_space_db=free_db,
        diffraction_db=diffraction_db,
        other_db=excess_db - diffraction_db,
        path_loss_db=free_db + excess_db,
        reference_offset_db=offset_db,
        level_dbm=level_dbm,
        threshold_dbm=threshold_dbm,
        margin_db=level_dbm - threshold_dbm,
        sigma_db=float(spread(np.array(excess_db), radio)),
    )
