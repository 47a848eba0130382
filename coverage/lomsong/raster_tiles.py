"""One tile of a signal raster: the servers of its cells among the sectors of one operator and technology."""

from dataclasses import dataclass
from typing import NamedTuple

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from lomsong.grid import Raster
from lomsong.inputs import Inputs
from lomsong.network import Network
from lomsong.prediction import spread
from lomsong.propagation import servers
from lomsong.propagation.area import STRETCH, AreaSettings, Transmitter, pixel_losses
from lomsong.propagation.free_space import free_space_loss
from lomsong.propagation.links import trace_links
from lomsong.propagation.pairs import Pairs
from lomsong.propagation.sampling import NEAREST_P1812_M
from lomsong.store import Arrays

_Floats = NDArray[np.float64]
_Levels = NDArray[np.float32]
_Numbers = NDArray[np.int64]


class Tile(NamedTuple):
    """The corner in cells, how many rows and columns, and the rows of the sectors that may reach it."""

    left: float
    top: float
    rows: int
    columns: int
    sectors: _Numbers


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    What all tiles share.

    Attributes
    ----------
    network : Network
        All sectors; its scene holds the ground.
    terrain : Raster
        The same ground, for the area engines.
    cell_m : float
        Side of a cell. [m]
    wooded : bool
        Whether clutter is known.
    """

    network: Network
    terrain: Raster
    cell_m: float
    wooded: bool

    @classmethod
    def of(cls, inputs: Inputs, network: Network, cell_m: float) -> "Surroundings":
        """Take from the inputs what tiles need, and no more: workers are sent it."""
        return cls(network, inputs.terrain, cell_m, inputs.clutter is not None)

    def in_reach(self, left: float, top: float, rows: int, columns: int, among: _Numbers) -> _Numbers:
        """Return those of the sectors that are within the maximum radius of a tile."""
        x, y = self.network.xy[among].T / self.cell_m
        beside = np.maximum(np.maximum(left - x, x - (left + columns)), 0.0)
        below = np.maximum(np.maximum(y - top, (top - rows) - y), 0.0)
        within: _Numbers = among[np.hypot(beside, below) * self.cell_m <= self.network.radio.maximum_radius_m]
        return within

    @property
    def sweeps(self) -> bool:
        """Whether an area engine knows all that counts on the way."""
        return self.network.model.area and not (self.network.model.counts_clutter and self.wooded)


class _Cells(NamedTuple):
    """Centres in the working CRS, shape (cells, 2), and as fractional pixels of the terrain."""

    xy: _Floats
    row: _Floats
    column: _Floats


class _Traced(NamedTuple):
    """Loss beyond free space [dB] and elevation of the ray at the mast [deg], one a cell; NaN where not known."""

    excess_db: _Floats
    departure_deg: _Floats


def serve_tile(around: Surroundings, tile: Tile) -> Arrays:
    """
    Find the servers of every cell of a tile.

    Parameters
    ----------
    around : Surroundings
        What all tiles share.
    tile : Tile
        With sectors of one operator and technology.

    Returns
    -------
    dict of ndarray
        The layers of `lomsong.signal_raster.SignalRaster` by name, shape (rows, columns). A cell has the same values in any tile.
    """
    network, cells = around.network, _lay_out(around, tile)
    sectors = network.sectors.iloc[tile.sectors]
    size = tile.rows * tile.columns
    best, second = np.full(size, -np.inf, np.float32), np.full(size, -np.inf, np.float32)
    sigma = np.full(size, np.nan, np.float32)
    server, masts = np.full(size, -1, np.int32), np.zeros(size, np.int32)
    # the sectors of a mast stand together, so that they count as one mast
    for _, on_mast in sectors.groupby("site_id", sort=True):
        threshold = network.radio.carriers[on_mast["technology"].iloc[0]].threshold_dbm
        own, own_sigma, own_server = _best_on_mast(around, cells, on_mast)
        masts += own >= threshold
        better = own > best
        second = np.where(better, best, np.maximum(second, own))
        best = np.where(better, own, best)
        sigma, server = np.where(better, own_sigma, sigma), np.where(better, own_server, server)
    lost = np.isneginf(best)
    layers = {
        "level_dbm": np.where(lost, np.nan, best),
        "second_level_dbm": np.where(np.isneginf(second), np.nan, second),
        "sigma_db": np.where(lost, np.nan, sigma),
        "masts": masts,
        "sector_row": np.where(lost, -1, server),
    }
    return {name: layer.reshape(tile.rows, tile.columns) for name, layer in layers.items()}


def _lay_out(around: Surroundings, tile: Tile) -> _Cells:
    x, y = np.meshgrid(
        (tile.left + np.arange(tile.columns) + 0.5) * around.cell_m,
        (tile.top - np.arange(tile.rows) - 0.5) * around.cell_m,
    )
    way = around.terrain.transformer_from(around.network.crs)
    row, column = around.terrain.pixel(*way.transform(x.ravel(), y.ravel()))
    return _Cells(np.column_stack([x.ravel(), y.ravel()]), row, column)


def _best_on_mast(
    around: Surroundings, cells: _Cells, sectors: gpd.GeoDataFrame
) -> tuple[_Levels, _Levels, NDArray[np.int32]]:
    """Return the best level of one mast in every cell, minus infinity for none, its spread and its sector."""
    network, size = around.network, len(cells.xy)
    level = np.full(size, -np.inf, np.float32)
    sigma, server = np.full(size, np.nan, np.float32), np.full(size, -1, np.int32)
    keys = [sectors.geometry.x, sectors.geometry.y, sectors["antenna_height_m"], sectors["frequency_mhz"]]
    for (x, y, _, _), alike in sectors.groupby(keys, sort=True):
        away = np.hypot(cells.xy[:, 0] - x, cells.xy[:, 1] - y)
        near = np.flatnonzero(away <= network.radio.maximum_radius_m)
        traced: _Traced | None = None
        for row in alike.index:  # few: the sectors of one mast
            pairs = network.pair_up(cells.xy, near, np.full(near.size, row), away[near])
            traced = traced or _trace(around, cells, pairs)
            taken = servers.attenuate(network.beams, pairs, traced.departure_deg)
            found = (pairs.free_dbm - taken - traced.excess_db).astype(np.float32)
            better = found > level[near]
            level[near] = np.where(better, found, level[near])
            sigma[near] = np.where(better, spread(traced.excess_db, network.radio), sigma[near])
            server[near] = np.where(better, row, server[near])
    return level, sigma, server


def _trace(around: Surroundings, cells: _Cells, pairs: Pairs) -> _Traced:
    """Return loss and direction of the rays from one antenna, that of the first pair."""
    excess, departure = np.full(pairs.place.size, np.nan), np.full(pairs.place.size, np.nan)
    # maps and the ground differ by a little in length
    own = pairs.distance_m < NEAREST_P1812_M * STRETCH
    if around.sweeps:
        excess[~own], departure[~own] = _sweep(around, cells, pairs.take(~own))
    else:
        own[:] = True
    network = around.network
    scene = network.scene._replace(place_row=cells.row, place_column=cells.column)
    few = pairs.take(own)
    traced = trace_links(scene, network.physics, few.sector, few.place, few.distance_m, few.given_db)
    excess[own], departure[own] = traced[:, 0], traced[:, 2]
    return _Traced(excess, departure)


def _sweep(around: Surroundings, cells: _Cells, pairs: Pairs) -> tuple[_Floats, _Floats]:
    """Return loss beyond free space and direction by the area engine; NaN where the path leaves the terrain."""
    nothing = np.full(pairs.place.size, np.nan)
    if not pairs.place.size:
        return nothing, nothing
    network, terrain, first = around.network, around.terrain, pairs.sector[0]
    radio, scene = network.radio, network.scene
    mast_x, mast_y = terrain.transformer_from(network.crs).transform(*network.xy[first])
    if np.isnan(terrain.sample(np.array([mast_x]), np.array([mast_y]))[0]):
        return nothing, nothing
    settings = AreaSettings(
        refractivity_gradient=radio.refractivity_gradient,
        surface_refractivity=radio.surface_refractivity,
        receiver_height_m=radio.receiver_height_m,
        model="p526" if radio.model == "p526" else "p1812",
        engine=radio.area_engine,
        step_m=radio.profile_step_m,
    )
    frequency = float(scene.sector_frequency_mhz[first])
    mast = Transmitter(
        x=float(mast_x),
        y=float(mast_y),
        height_m=float(scene.sector_height_m[first]),
        frequency_mhz=frequency,
    )
    loss, departure = pixel_losses(
        terrain,
        mast,
        settings,
        row=cells.row[pairs.place],
        column=cells.column[pairs.place],
        radius_m=radio.maximum_radius_m,
    )
    return loss - free_space_loss(pairs.distance_m, frequency), departure.astype(np.float64)
