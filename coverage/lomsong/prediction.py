"""Predicted level at every demand point: best and second server per operator and technology."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import pandas as pd

from lomsong.blocks import Block, count_at_a_time, gather
from lomsong.engine import SERIAL, Engine
from lomsong.findings import Finding
from lomsong.inputs import Inputs
from lomsong.network import Network
from lomsong.prediction_findings import (
    find_antenna_gaps,
    find_assumed_air,
    find_model_limits,
    find_terrain_gaps,
)
from lomsong.progress import SILENT, Progress
from lomsong.propagation import servers
from lomsong.propagation.land import Land, Piece, Tile, cut_tiles, join_tiles, without_cells
from lomsong.propagation.links import NO_PATH_M, trace_links
from lomsong.settings import RadioSettings
from lomsong.signal_table import build_signal, join_blocks, spread
from lomsong.store import Arrays
from lomsong.villages import build_demand


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
    inputs : Inputs
        What it was computed from.
    """

    demand: gpd.GeoDataFrame
    signal: pd.DataFrame
    radio: RadioSettings
    findings: tuple[Finding, ...]
    paths: int
    glances: int
    pairs: int
    inputs: Inputs = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacesServed:
    """Servers of any places: contract `SIGNAL`, what was noticed, and how many paths, glances and pairs that took."""

    signal: pd.DataFrame
    findings: tuple[Finding, ...]
    paths: int
    glances: int
    pairs: int


def predict(
    inputs: Inputs,
    radio: RadioSettings | None = None,
    *,
    engine: Engine = SERIAL,
    progress: Progress = SILENT,
) -> Prediction:
    """
    Predict the level of every operator and technology where people are.

    ITU-R P.1812 at 50 % of time and locations over the terrain profile and the clutter that stands on it, or the model
    that `radio.model` names; the level is what a phone of that technology measures (RSRP, RSCP, RXLEV). Sectors are
    tried in the order of the upper bound that the model declares, and the search stops when no other can matter.

    Parameters
    ----------
    inputs : Inputs
        From `read`.
    radio : RadioSettings, optional
        Those of the inputs' settings if not given.
    engine : Engine
        Where the blocks of demand points are worked on, and what keeps those that are done.
    progress : Progress
        Told about each block of demand points.

    Returns
    -------
    Prediction
        Same bytes for the same inputs, on any number of threads and with any engine.

    Raises
    ------
    LomsongError
        No village lies inside the terrain, the clutter is not on its grid, or a carrier is outside the limits of the
        model.
    """
    radio = radio or inputs.settings.radio
    demand, findings = build_demand(
        inputs.villages,
        terrain=inputs.terrain,
        population=inputs.population,
        buildings=inputs.buildings,
        centres=inputs.community_centres,
        settings=inputs.settings.demand,
    )
    served = predict_places(demand, inputs, radio, engine=engine, progress=progress)
    return Prediction(
        demand=demand,
        signal=served.signal,
        radio=radio,
        findings=(
            *findings,
            *served.findings,
            *find_assumed_air(radio),
            *find_terrain_gaps(demand, served.signal),
        ),
        paths=served.paths,
        glances=served.glances,
        pairs=served.pairs,
        inputs=inputs,
    )


def predict_places(
    places: gpd.GeoDataFrame,
    inputs: Inputs,
    radio: RadioSettings,
    *,
    engine: Engine = SERIAL,
    progress: Progress = SILENT,
) -> PlacesServed:
    """
    Predict the level of every operator and technology at any places, as `predict` does where people are.

    Parameters
    ----------
    places : GeoDataFrame
        ``demand_id``, ``ground_m`` (missing outside the terrain) and points in the working CRS.
    inputs, radio, engine, progress
        As for `predict`.

    Returns
    -------
    PlacesServed
        Rows in the order of the places.
    """
    search = _Search.of(Network.of(inputs, inputs.sectors, radio))
    laid = Block.of(places, search.network, inputs)
    rows = gather(laid.xy, count_at_a_time(laid.xy, search.network))
    blocks = [laid.take(some) for some in rows]
    found = list(engine.map(_serve, search, blocks, name="predicting signal", progress=progress))
    counts = np.sum([np.zeros(4, dtype=np.int64), *(each["counts"] for each in found)], axis=0)
    paths, glances, pairs, outside = counts.tolist()
    return PlacesServed(
        signal=build_signal(
            join_blocks(found, rows, places, len(search.groups)), search.network, search.groups
        ),
        findings=(*find_model_limits(search.network, outside, pairs), *find_antenna_gaps(inputs)),
        paths=paths,
        glances=glances,
        pairs=pairs,
    )


@dataclass(frozen=True, slots=True)
class _Search:
    """A network and the groups (operator × technology) that its sectors form."""

    network: Network
    groups: pd.DataFrame
    rivals: servers.Rivals

    @classmethod
    def of(cls, network: Network) -> "_Search":
        keys = network.sectors[["operator", "technology"]].astype(str)
        groups = keys.drop_duplicates().sort_values(["operator", "technology"], ignore_index=True)
        number = {key: index for index, key in enumerate(groups.itertuples(index=False, name=None))}
        group = np.array([number[key] for key in keys.itertuples(index=False, name=None)], dtype=np.int64)
        floors = np.empty(len(groups))
        floors[group] = network.floor_dbm
        site = pd.factorize(network.sectors["site_id"])[0].astype(np.int64)
        return cls(network, groups, servers.Rivals(group, site, floors))

    def bare(self) -> "_Search":
        """Return the search without land."""
        return self._on(without_cells(self.network.land))

    def pieces(self, block: Block) -> dict[Hashable, Callable[[], Piece]]:
        """Return the tiles of land that a block needs."""
        return cut_tiles(self.network.land, block.bound(self.network))

    def fitted(self, block: Block, pieces: Mapping[Tile, Piece]) -> "_Search":
        """Return the search on the land that a block needs."""
        return self._on(join_tiles(self.network.land, block.bound(self.network), pieces))

    def _on(self, land: Land) -> "_Search":
        return replace(self, network=self.network.on(land))


def _serve(search: _Search, block: Block) -> Arrays:
    """
    Find the servers of one block of places.

    Returns
    -------
    dict of ndarray
        ``row``: place × groups + group, of those that anything is known of; the `servers.FIELDS` of each, sectors as
        numbers with -1 for none; ``counts``: profiles, glances, pairs in reach, and those outside the model's distances.
    """
    network = search.network
    scene, reach = block.reach(network)
    limit = network.model.limit("distance_m")
    far = 0 if limit is None else int((reach.distance_m > limit.high).sum())
    found = servers.find_servers(
        network.land,
        scene,
        network.physics,
        network.beams,
        network.emitters,
        search.rivals,
        block.xy,
        reach,
        network.give(reach.sector, reach.distance_m),
        network.model.gain_db,
    )
    paths, glances = found[:, servers.PATHS].sum(), found[:, servers.GLANCES].sum()
    floor = np.tile(search.rivals.floor_dbm, len(block.xy))
    low, second_low = found[:, servers.LEVEL] < floor, found[:, servers.SECOND] < floor
    found[low, : servers.SECOND] = np.nan
    found[second_low, servers.SECOND : servers.UNSEEN] = np.nan
    row = np.flatnonzero(np.isfinite(found[:, servers.LEVEL]) | np.isfinite(found[:, servers.UNSEEN]))
    table: Arrays = {name: found[row, column] for column, name in enumerate(servers.FIELDS[: servers.PATHS])}
    for name in ("sector", "second_sector"):
        table[name] = np.nan_to_num(table[name], nan=-1).astype(np.int32)
    return {**table, "row": row, "counts": np.array([paths, glances, reach.sector.size, far], dtype=np.int64)}


def predict_sectors(
    inputs: Inputs, demand: gpd.GeoDataFrame, sectors: gpd.GeoDataFrame, radio: RadioSettings | None = None
) -> pd.DataFrame:
    """
    Level of every sector at every demand point, for sectors that stand or are only thought of.

    The same kernels as `predict`, without its reduction to the best servers.

    Parameters
    ----------
    inputs : Inputs
        From `read`; gives the terrain and the clutter, not the sectors.
    demand : GeoDataFrame
        Contract `DEMAND` in the working CRS, as of `build_demand` or `Prediction.demand`.
    sectors : GeoDataFrame
        Contract `SECTORS` in the working CRS with every number that a prediction needs, as of `build_sectors`.
    radio : RadioSettings, optional
        Those of the inputs' settings if not given.

    Returns
    -------
    DataFrame
        ``demand_id, sector_id, level_dbm, sigma_db, distance_m, diffraction_db``: a row for each pair whose level is
        at or above the floor, by demand point in the order of `demand` and then by sector in the order of `sectors`.
        A pair beyond the maximum radius or whose path leaves the terrain has none.

    Raises
    ------
    LomsongError
        A frequency is outside the model's limits, or the clutter is not on the grid of the terrain.
    """
    radio = radio or inputs.settings.radio
    network = Network.of(inputs, sectors, radio)
    names = sectors["sector_id"].to_numpy()
    laid = Block.of(demand, network, inputs)
    step = count_at_a_time(laid.xy, network)
    tables = []
    for first in range(0, len(demand), step):
        block = laid.take(slice(first, first + step))
        scene, reach = block.reach(network)
        place = np.repeat(np.arange(len(block.xy)), np.diff(reach.starts))
        order = np.lexsort((reach.sector, place))
        pairs = network.pair_up(block.xy, place[order], reach.sector[order], reach.distance_m[order])
        pairs = pairs.take(pairs.bound_dbm >= network.floor_dbm[pairs.sector])
        traced = trace_links(
            network.land,
            scene,
            network.physics,
            pairs.sector,
            pairs.place,
            pairs.distance_m,
            pairs.given_db,
        )
        loss_db = traced[:, 0]
        level_dbm = pairs.free_dbm - servers.attenuate(network.beams, pairs, traced[:, 2]) - loss_db
        kept = level_dbm >= network.floor_dbm[pairs.sector]
        tables.append(
            pd.DataFrame(
                {
                    "demand_id": demand["demand_id"].to_numpy()[first + pairs.place[kept]],
                    "sector_id": pd.array(names[pairs.sector[kept]], dtype="string"),
                    "level_dbm": level_dbm[kept],
                    "sigma_db": spread(loss_db[kept], radio),
                    "distance_m": np.maximum(pairs.distance_m[kept], NO_PATH_M),
                    "diffraction_db": loss_db[kept],
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
