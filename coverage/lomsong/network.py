"""The sectors of a network as arrays over the terrain, and what reaches a place before terrain counts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from lomsong.antenna_pattern import Pattern
from lomsong.errors import RadioError
from lomsong.inputs import Inputs
from lomsong.propagation.antenna import reference_offset
from lomsong.propagation.beam import Beams, tabulate
from lomsong.propagation.bearing import grid_convergence
from lomsong.propagation.itm_settings import ItmSettings
from lomsong.propagation.land import Land, whole_land
from lomsong.propagation.links import Physics, Scene
from lomsong.propagation.models import ITM, MODELS, Model, refuse_frequencies
from lomsong.propagation.p526 import effective_earth_radius
from lomsong.propagation.pairs import (
    NEAREST_M,
    Emitters,
    Lattice,
    Pairs,
    Reach,
    bound_pairs,
    count_within,
    find_within,
    lay_lattice,
)
from lomsong.settings import RadioSettings
from lomsong.text import normalise

#: A level this many standard deviations below the threshold is none.
FLOOR_SIGMAS = 4.0
#: Places whose sectors in reach are counted, to tell how many there are at most.
_LOOKED_AT = 500

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """
    Sectors as arrays, one entry a sector in the order of the table.

    Attributes
    ----------
    sectors : GeoDataFrame
        Contract `SECTORS`.
    radio : RadioSettings
        Model, air and thresholds.
    model : Model
        That of the settings.
    crs : pyproj.CRS
        Metric working CRS.
    xy : ndarray, shape (sectors, 2)
        In the working CRS. [m]
    floor_dbm : ndarray, shape (sectors,)
        The level that counts as none. [dBm]
    emitters, lattice, land, scene, physics, beams
        For the kernels; the scene has no places yet.
    """

    sectors: gpd.GeoDataFrame
    radio: RadioSettings
    model: Model
    crs: CRS
    xy: _Floats
    floor_dbm: _Floats
    emitters: Emitters
    lattice: Lattice
    land: Land
    scene: Scene
    physics: Physics
    beams: Beams

    @classmethod
    def of(cls, inputs: Inputs, sectors: gpd.GeoDataFrame, radio: RadioSettings) -> "Network":
        """
        Lay the sectors out over the terrain of the inputs.

        Raises
        ------
        RadioError
            A frequency is outside the model's limits, or the clutter is not on the grid of the terrain.
        """
        model = MODELS[radio.model]
        frequency_mhz = sectors["frequency_mhz"].to_numpy(dtype=np.float64)
        refuse_frequencies(model, frequency_mhz)
        xy = np.column_stack([sectors.geometry.x, sectors.geometry.y])
        row, column = _pixels(xy, inputs)
        technology = sectors["technology"].to_numpy(dtype=str)
        threshold = np.array([radio.carriers[name].threshold_dbm for name in technology], dtype=np.float64)
        scene = Scene(
            step_m=float(radio.profile_step_m or inputs.terrain.cell_size_m()),
            sector_row=row,
            sector_column=column,
            sector_height_m=sectors["antenna_height_m"].to_numpy(dtype=np.float64),
            sector_frequency_mhz=frequency_mhz,
            place_row=np.empty(0),
            place_column=np.empty(0),
        )
        offset = reference_offset(technology, sectors["bandwidth_mhz"].to_numpy(dtype=np.float64))
        return cls(
            sectors=sectors,
            radio=radio,
            model=model,
            crs=inputs.crs,
            xy=xy,
            floor_dbm=threshold - FLOOR_SIGMAS * radio.sigma_blocked_db,
            emitters=Emitters(
                x=xy[:, 0].copy(),
                y=xy[:, 1].copy(),
                frequency_mhz=frequency_mhz,
                power_dbm=sectors["eirp_dbm"].to_numpy(dtype=np.float64) + offset,
                azimuth_deg=sectors["azimuth_deg"].to_numpy(dtype=np.float64),
                beamwidth_deg=sectors["beamwidth_deg"].to_numpy(dtype=np.float64),
                convergence_deg=grid_convergence(xy[:, 0], xy[:, 1], inputs.crs),
            ),
            lattice=lay_lattice(xy[:, 0], xy[:, 1], radio.maximum_radius_m),
            land=whole_land(inputs.terrain.values, _clutter_heights(inputs)),
            scene=scene,
            physics=build_physics(radio, _middle_latitude(inputs)),
            beams=build_beams(sectors, inputs.antennas),
        )

    def place(self, places: _Floats, inputs: Inputs) -> Scene:
        """Return the scene with places, given in the working CRS, shape (places, 2)."""
        row, column = _pixels(places, inputs)
        return self.scene._replace(place_row=row, place_column=column)

    def on(self, land: Land) -> "Network":
        """Return the same sectors on other land: a window of the same terrain, or nothing of it."""
        return replace(self, land=land)

    def reach(self, places: _Floats) -> Reach:
        """Return the sectors within the maximum radius of each place; shape of places (places, 2), NaN for none."""
        return find_within(self.lattice, self.emitters, places, self.radio.maximum_radius_m)

    def beside(self, places: _Floats) -> _Integers:
        """Return all sectors within the maximum radius of places, and some more; shape of places (places, 2)."""
        if not len(places):
            return np.zeros(0, dtype=np.int64)
        away_m = self.radio.maximum_radius_m + 1.0  # what rounding may take from the radius, and much more
        (west, south), (east, north) = places.min(axis=0) - away_m, places.max(axis=0) + away_m
        x, y = self.emitters.x, self.emitters.y
        near = np.flatnonzero((x >= west) & (x <= east))
        beside: _Integers = near[(y[near] >= south) & (y[near] <= north)]
        return beside

    def most_in_reach(self, places: _Floats) -> int:
        """Return the most sectors within the maximum radius of one place, looking at places here and there."""
        some = places[:: max(len(places) // _LOOKED_AT, 1)]
        counts = count_within(self.lattice, self.emitters, some, self.radio.maximum_radius_m)
        return int(counts.max(initial=1))

    def give(self, sector: _Integers, distance_m: _Floats) -> _Floats:
        """Return the loss beyond free space of a model that needs no terrain; nothing for one that does. [dB]"""
        if self.model.excess is None:
            return np.empty(0)
        return self.model.least_excess(
            np.maximum(distance_m, NEAREST_M),
            self.scene.sector_frequency_mhz[sector],
            self.scene.sector_height_m[sector],
            self.radio.receiver_height_m,
        )

    def pair_up(self, places: _Floats, place: _Integers, sector: _Integers, distance_m: _Floats) -> Pairs:
        """Return pairs with all that is known of them without terrain."""
        free_dbm, offset, horizontal, least_beam = bound_pairs(
            self.emitters, self.beams, places, place, sector, distance_m
        )
        given_db = self.give(sector, distance_m)
        least_db = given_db if given_db.size else -self.model.gain_db
        return Pairs(
            place=place,
            sector=sector,
            distance_m=distance_m,
            bound_dbm=free_dbm - least_db - least_beam,
            free_dbm=free_dbm,
            given_db=given_db if given_db.size else np.full(len(sector), np.nan),
            offset_deg=offset,
            horizontal_db=horizontal,
        )


def build_physics(radio: RadioSettings, latitude_deg: float) -> Physics:
    """
    Return what the kernels are told about the model and the air.

    Raises
    ------
    RadioError
        The model does not know such air.
    """
    model = MODELS[radio.model]
    if model.kernel == ITM:
        ItmSettings(refractivity=radio.surface_refractivity)  # refuses air that it is not made for
    return Physics(
        kernel=model.kernel,
        glance=model.glance,
        receiver_height_m=float(radio.receiver_height_m),
        earth_radius_m=float(effective_earth_radius(radio.refractivity_gradient)),
        surface_refractivity=float(radio.surface_refractivity),
        latitude_deg=latitude_deg,
    )


def build_beams(sectors: gpd.GeoDataFrame | pd.DataFrame, antennas: Mapping[str, Pattern]) -> Beams:
    """
    Return what the sectors radiate: the pattern of the antenna that they name, else that of 3GPP.

    A sector's downtilt is the whole of it. What the antenna's own pattern lacks of it is taken for mechanical; a
    downtilt that was assumed gives way to the antenna's own.

    Parameters
    ----------
    sectors : DataFrame
        Contract `SECTORS`.
    antennas : mapping of str to Pattern
        By name; a sector whose antenna is not among them has the 3GPP pattern.

    Returns
    -------
    Beams
        A table for each pattern and mechanical tilt, however many sectors have it.
    """
    downtilt = sectors["downtilt_deg"].to_numpy(dtype=np.float64)
    number = np.full(len(sectors), -1, dtype=np.int64)
    tables: list[NDArray[np.float32]] = []
    found: dict[tuple[str, float], int] = {}
    for row, (name, assumed) in enumerate(zip(antenna_names(sectors), sectors["assumed"], strict=True)):
        if name is None or name not in antennas:
            continue
        pattern = antennas[name]
        own = math.isnan(downtilt[row]) or "downtilt_deg" in str(assumed).split(",")
        # finer than anyone sets a bracket
        mechanical = 0.0 if own else round(float(downtilt[row]) - pattern.built_in_tilt_deg, 1)
        if (name, mechanical) not in found:
            found[name, mechanical] = len(tables)
            tables.append(tabulate(pattern, mechanical))
        number[row] = found[name, mechanical]
    every = np.stack(tables) if tables else np.zeros((0, 2, 2), dtype=np.float32)
    return Beams(
        tables=every,
        least_db=every.min(axis=2).astype(np.float64),
        number=number,
        vertical_deg=sectors["vertical_beamwidth_deg"].to_numpy(dtype=np.float64),
        downtilt_deg=downtilt,
    )


def antenna_names(sectors: gpd.GeoDataFrame | pd.DataFrame) -> list[str | None]:
    """Return the antenna that each sector names, None for none."""
    if "antenna" not in sectors:
        return [None] * len(sectors)
    return [None if pd.isna(name) else normalise(str(name)) for name in sectors["antenna"]]


def _clutter_heights(inputs: Inputs) -> NDArray[np.float32]:
    """Return the clutter as the kernel indexes it, unchecked: on the terrain's cells, without NaN; empty for none."""
    if inputs.clutter is None:
        return np.zeros((0, 0), dtype=np.float32)
    clutter, terrain = inputs.clutter, inputs.terrain
    same = clutter.values.shape == terrain.values.shape and clutter.transform == terrain.transform
    if not same or clutter.crs != terrain.crs:
        raise RadioError("inputs: the clutter is not on the grid of the terrain; resample it onto that first")
    heights = np.ascontiguousarray(clutter.values, dtype=np.float32)
    whole = all(np.isfinite(band).all() for _, band in clutter.bands())
    return heights if whole else np.nan_to_num(heights)


def _pixels(xy: _Floats, inputs: Inputs) -> tuple[_Floats, _Floats]:
    to_terrain = inputs.terrain.transformer_from(inputs.crs)
    return inputs.terrain.pixel(*to_terrain.transform(xy[:, 0], xy[:, 1]))


def _middle_latitude(inputs: Inputs) -> float:
    """Return the latitude of the area, which sets how often the air bends rays further than usual. [deg]"""
    west, south, east, north = inputs.villages.total_bounds
    to_degrees = Transformer.from_crs(inputs.crs, "EPSG:4326", always_xy=True)
    return float(to_degrees.transform((west + east) / 2, (south + north) / 2)[1])
