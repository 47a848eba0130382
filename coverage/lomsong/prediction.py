"""Predicted level at every demand point: best and second server per operator and technology."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from scipy.spatial import cKDTree

from lomsong.errors import RadioError
from lomsong.findings import Finding, count_rows
from lomsong.inputs import Inputs
from lomsong.progress import SILENT, Progress, task
from lomsong.propagation import servers
from lomsong.propagation.antenna import LEVEL_KIND, horizontal_attenuation, reference_offset
from lomsong.propagation.free_space import free_space_loss
from lomsong.propagation.p526 import effective_earth_radius
from lomsong.schemas import SIGNAL
from lomsong.settings import RadioSettings
from lomsong.villages import build_demand

#: Demand points worked on at a time, and pairs of a point and a sector: so memory does not grow with the network.
CHUNK_POINTS = 2000
CHUNK_PAIRS = 4_000_000
#: A level this many standard deviations below the threshold is none.
FLOOR_SIGMAS = 4.0
#: Nearer than this the far field of a mast antenna has not formed. [m]
NEAREST_M = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """
    Demand points and the servers that reach them.

    Attributes
    ----------
    demand : GeoDataFrame
        Contract `DEMAND`.
    signal : DataFrame
        Contract `SIGNAL`; a point, operator and technology without any level above the floor has no row.
    radio : RadioSettings
        What it was computed with.
    findings : tuple of Finding
        What was assumed on the way.
    paths : int
        Terrain profiles evaluated.
    glances : int
        Paths looked at in a few samples, to tell whether they could matter.
    pairs : int
        Pairs of a demand point and a sector within reach.
    """

    demand: gpd.GeoDataFrame
    signal: pd.DataFrame
    radio: RadioSettings
    findings: tuple[Finding, ...]
    paths: int
    glances: int
    pairs: int


def predict(inputs: Inputs, radio: RadioSettings | None = None, *, progress: Progress = SILENT) -> Prediction:
    """
    Predict the level of every operator and technology where people are.

    ITU-R P.1812 at 50 % of time and locations over the terrain profile and the clutter that stands on it (or free
    space and delta-Bullington diffraction alone); the level is what a phone of that technology measures (RSRP, RSCP,
    RXLEV). Sectors are tried in the order of their free-space level and the search stops when no other can matter.

    Parameters
    ----------
    inputs : Inputs
        From `read`.
    radio : RadioSettings, optional
        Those of the inputs' settings if not given.
    progress : Progress
        Told about each block of demand points.

    Returns
    -------
    Prediction
        Same bytes for the same inputs, on any number of threads.

    Raises
    ------
    LomsongError
        No village lies inside the terrain, or the clutter is not on its grid.
    """
    radio = radio or inputs.settings.radio
    demand, findings = build_demand(
        inputs.villages, terrain=inputs.terrain, population=inputs.population, settings=inputs.settings.demand
    )
    network = _Network.of(inputs, radio)
    blocks = []
    paths = glances = pairs = 0
    with task(progress, "predicting signal", len(demand)) as told:
        step = min(CHUNK_POINTS, max(CHUNK_PAIRS // len(inputs.sectors), 1))
        for first in range(0, len(demand), step):
            block = demand.iloc[first : first + step]
            found, tried = network.serve(block, inputs)
            blocks.append(found)
            paths += int(found["paths"].sum())
            glances += int(found["glances"].sum())
            pairs += tried
            told.advance(len(block))
    signal = _signal_table(pd.concat(blocks, ignore_index=True), inputs.sectors, network, radio)
    return Prediction(
        demand=demand,
        signal=signal,
        radio=radio,
        findings=(*findings, *_air_findings(radio), *_terrain_findings(demand, signal)),
        paths=paths,
        glances=glances,
        pairs=pairs,
    )


@dataclass(frozen=True, slots=True)
class _Network:
    """The sectors as arrays, and the groups (operator × technology) that they form."""

    radio: RadioSettings
    groups: pd.DataFrame
    group: NDArray[np.int64]
    tree: cKDTree
    xy: NDArray[np.float64]
    row: NDArray[np.float64]
    column: NDArray[np.float64]
    power_dbm: NDArray[np.float64]
    site: NDArray[np.int64]
    sectors: gpd.GeoDataFrame
    clutter_m: NDArray[np.float32]

    @classmethod
    def of(cls, inputs: Inputs, radio: RadioSettings) -> "_Network":
        sectors = inputs.sectors
        keys = sectors[["operator", "technology"]].astype(str)
        groups = keys.drop_duplicates().sort_values(["operator", "technology"], ignore_index=True)
        number = {key: index for index, key in enumerate(groups.itertuples(index=False, name=None))}
        xy = np.column_stack([sectors.geometry.x, sectors.geometry.y])
        row, column = _pixels(xy, inputs)
        offset = reference_offset(
            sectors["technology"].to_numpy(dtype=str), sectors["bandwidth_mhz"].to_numpy()
        )
        return cls(
            radio=radio,
            groups=groups,
            group=np.array([number[key] for key in keys.itertuples(index=False, name=None)], dtype=np.int64),
            tree=cKDTree(xy),
            xy=xy,
            row=row,
            column=column,
            power_dbm=sectors["eirp_dbm"].to_numpy(dtype=np.float64) + offset,
            site=pd.factorize(sectors["site_id"])[0].astype(np.int64),
            sectors=sectors,
            clutter_m=_clutter_heights(inputs),
        )

    def floors(self) -> NDArray[np.float64]:
        """Return the level of each group below which there is none. [dBm]"""
        thresholds = [
            self.radio.carriers[technology].threshold_dbm for technology in self.groups["technology"]
        ]
        return np.array(thresholds) - FLOOR_SIGMAS * self.radio.sigma_blocked_db

    def serve(self, block: gpd.GeoDataFrame, inputs: Inputs) -> tuple[pd.DataFrame, int]:
        """Find the servers of one block of demand points; also the number of pairs within reach."""
        radio, count = self.radio, len(self.groups)
        places = np.column_stack([block.geometry.x, block.geometry.y])
        reach = cKDTree(places).sparse_distance_matrix(
            self.tree, radio.maximum_radius_m, output_type="ndarray"
        )
        # a place outside the terrain has no profile to any mast
        reach = reach[block["ground_m"].notna().to_numpy()[reach["i"]]]
        place, sector, distance = reach["i"], reach["j"], reach["v"]
        bound, pattern = self._free_space_level(places[place], sector, distance)
        alive = bound >= self.floors()[self.group[sector]]
        place, sector, distance = place[alive], sector[alive], distance[alive]
        bound, pattern = bound[alive], pattern[alive]
        groups = place.astype(np.int64) * count + self.group[sector]
        order, starts = servers.order_pairs(groups, bound, sector, len(block) * count)
        place_row, place_column = _pixels(places, inputs)
        found = servers.find_servers(
            inputs.terrain.values,
            self.clutter_m,
            starts,
            place[order],
            sector[order],
            distance[order],
            bound[order],
            pattern[order],
            place_row,
            place_column,
            self.row,
            self.column,
            self.sectors["antenna_height_m"].to_numpy(dtype=np.float64),
            self.sectors["frequency_mhz"].to_numpy(dtype=np.float64),
            self.sectors["vertical_beamwidth_deg"].to_numpy(dtype=np.float64),
            self.sectors["downtilt_deg"].to_numpy(dtype=np.float64),
            self.site,
            radio.receiver_height_m,
            float(effective_earth_radius(radio.refractivity_gradient)),
            radio.surface_refractivity,
            _middle_latitude(inputs),
            radio.profile_step_m or inputs.terrain.cell_size_m(),
            radio.model == "p1812",
        )
        table = pd.DataFrame(found, columns=list(servers.FIELDS))
        table["demand_id"] = np.repeat(block["demand_id"].to_numpy(), count)
        table["group"] = np.tile(np.arange(count), len(block))
        return table, len(reach)

    def _free_space_level(
        self, places: NDArray[np.float64], sector: NDArray[np.int64], distance_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the level without terrain in the antenna's best elevation, and its horizontal attenuation."""
        azimuth = self.sectors["azimuth_deg"].to_numpy(dtype=np.float64)[sector]
        beamwidth = self.sectors["beamwidth_deg"].to_numpy(dtype=np.float64)[sector]
        east, north = (places - self.xy[sector]).T
        bearing = np.degrees(np.arctan2(east, north))
        pattern = np.nan_to_num(horizontal_attenuation(bearing - azimuth, beamwidth))
        frequency = self.sectors["frequency_mhz"].to_numpy(dtype=np.float64)[sector]
        loss = free_space_loss(np.maximum(distance_m, NEAREST_M), frequency)
        return self.power_dbm[sector] - pattern - loss, pattern


def _clutter_heights(inputs: Inputs) -> NDArray[np.float32]:
    """Return the clutter as the kernel indexes it, unchecked: on the terrain's cells, without NaN; empty for none."""
    if inputs.clutter is None:
        return np.zeros((0, 0), dtype=np.float32)
    clutter, terrain = inputs.clutter, inputs.terrain
    same = clutter.values.shape == terrain.values.shape and clutter.transform == terrain.transform
    if not same or clutter.crs != terrain.crs:
        raise RadioError("inputs: the clutter is not on the grid of the terrain; resample it onto that first")
    return np.nan_to_num(np.ascontiguousarray(clutter.values, dtype=np.float32))


def _pixels(xy: NDArray[np.float64], inputs: Inputs) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    to_terrain = inputs.terrain.transformer_from(CRS.from_user_input(inputs.crs))
    return inputs.terrain.pixel(*to_terrain.transform(xy[:, 0], xy[:, 1]))


def _middle_latitude(inputs: Inputs) -> float:
    """Return the latitude of the area, which sets how often the air bends rays further than usual. [deg]"""
    west, south, east, north = inputs.villages.total_bounds
    to_degrees = Transformer.from_crs(inputs.crs, "EPSG:4326", always_xy=True)
    return float(to_degrees.transform((west + east) / 2, (south + north) / 2)[1])


def spread(diffraction_db: NDArray[np.float64], radio: RadioSettings) -> NDArray[np.float64]:
    """
    Standard deviation of the real level about the predicted one; it grows with the obstruction.

    Parameters
    ----------
    diffraction_db : ndarray, shape (...)
        Loss beyond free space. [dB]
    radio : RadioSettings
        The values on a clear and on a blocked path, and where blocked begins.

    Returns
    -------
    ndarray, shape (...)
        Between the two, linear in the loss. [dB]
    """
    part = np.clip(diffraction_db / radio.blocked_from_db, 0.0, 1.0)
    return radio.sigma_clear_db + (radio.sigma_blocked_db - radio.sigma_clear_db) * part


def _signal_table(
    found: pd.DataFrame, sectors: gpd.GeoDataFrame, network: _Network, radio: RadioSettings
) -> pd.DataFrame:
    floor = network.floors()[found["group"]]
    second_low = found["second_level_dbm"].lt(floor)
    found.loc[second_low, ["second_level_dbm", "second_sector", "second_diffraction_db"]] = np.nan
    low = found["level_dbm"].lt(floor)
    found.loc[low, list(servers.FIELDS[:5])] = np.nan
    found = found[found["level_dbm"].notna() | found["unseen_bound_dbm"].notna()].reset_index(drop=True)
    technology = network.groups["technology"].to_numpy()[found["group"]]
    table = pd.DataFrame(
        {
            "demand_id": found["demand_id"],
            "operator": network.groups["operator"].to_numpy()[found["group"]],
            "technology": technology,
            "level_kind": [LEVEL_KIND[name] for name in technology],
            "level_dbm": found["level_dbm"],
            "sigma_db": spread(found["diffraction_db"].to_numpy(), radio),
            "sector_id": _named(found["sector"], sectors["sector_id"]),
            "site_id": _named(found["sector"], sectors["site_id"]),
            "distance_m": found["distance_m"],
            "diffraction_db": found["diffraction_db"],
            "obstacle_m": found["obstacle_m"],
            "second_level_dbm": found["second_level_dbm"],
            "second_sigma_db": spread(found["second_diffraction_db"].to_numpy(), radio),
            "second_site_id": _named(found["second_sector"], sectors["site_id"]),
            "unseen_bound_dbm": found["unseen_bound_dbm"],
        }
    )
    return table[SIGNAL.names()]


def _named(rows: pd.Series, names: pd.Series) -> pd.Series:
    known = rows.notna()
    picked = names.to_numpy()[rows.fillna(0).to_numpy(dtype=np.int64)]
    return pd.Series(picked, index=rows.index, dtype="string").where(known)


def _air_findings(radio: RadioSettings) -> list[Finding]:
    """Say that the air is that of another place, where the settings do not give it."""
    silent = {"refractivity_gradient", "surface_refractivity"} - radio.model_fields_set
    if not silent:
        return []
    message = (
        f"air as over northern Vietnam: {radio.refractivity_gradient:g} N-units/km, {radio.surface_refractivity:g} "
        f"N-units at sea level; set {' and '.join(sorted('radio.' + name for name in silent))} for another place"
    )
    source = "ITU-R P.453 maps as quoted in the domain notes"
    return [
        Finding(layer="radio", word="correct", severity="assumption", message=message, count=1, source=source)
    ]


def _terrain_findings(demand: gpd.GeoDataFrame, signal: pd.DataFrame) -> list[Finding]:
    findings = []
    outside = demand.loc[demand["ground_m"].isna(), "village_id"]
    if len(outside):
        ids = tuple(dict.fromkeys(outside.astype(str)))
        message = f"{count_rows(len(ids), 'village')} reach beyond the terrain model; they are 'verify'"
        findings.append(
            Finding(
                layer="terrain",
                word="sufficient",
                severity="warning",
                message=message,
                count=len(ids),
                rows=ids,
            )
        )
    unseen = int(signal["unseen_bound_dbm"].notna().sum())
    if unseen:
        findings.append(
            Finding(
                layer="terrain",
                word="sufficient",
                severity="warning",
                message=f"{unseen:,} times a mast within reach could not be computed because the path leaves the "
                "terrain model; where that mast alone could bring signal the village is 'verify'",
                count=unseen,
            )
        )
    return findings
