"""One tile of a signal raster: the servers of its cells among the sectors of one operator and technology."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.grid import Raster
from lomsong.inputs import Inputs
from lomsong.network import Network
from lomsong.propagation.area import STRETCH, ground_under, pixel_losses
from lomsong.propagation.area_request import AreaSettings, Transmitter
from lomsong.propagation.board import (
    Board,
    beyond_free_space,
    blank_board,
    close_mast,
    enter_antenna,
    find_near,
)
from lomsong.propagation.land import (
    Box,
    Land,
    Piece,
    bound_paths,
    cut_tiles,
    is_whole,
    join_tiles,
    require_paths,
    without_cells,
)
from lomsong.propagation.land import Tile as LandTile
from lomsong.propagation.links import trace_links
from lomsong.propagation.sampling import NEAREST_P1812_M
from lomsong.signal_table import spread
from lomsong.store import Arrays

#: How far paths of the area engines leave the box around masts and cells at most: a part of the radius, as far from the
#: equator as `area_frame` goes, and some samples. `pixel_losses` refuses a window that is too small for it.
OFF_PART, OFF_STEPS = 0.1, 10.0
#: Points of each edge of that box, to find where it lies in the terrain.
EDGE_POINTS = 65

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
        All sectors, and the land.
    terrain : Raster
        Where the land lies, without its heights.
    cell_m : float
        Side of a cell. [m]
    wooded : bool
        Whether clutter is known.
    site, antenna : ndarray of int, shape (sectors,)
        Number of the mast, and of its antenna; those of one mast follow each other.
    """

    network: Network
    terrain: Raster
    cell_m: float
    wooded: bool
    site: _Numbers
    antenna: _Numbers

    @classmethod
    def of(cls, inputs: Inputs, network: Network, cell_m: float) -> "Surroundings":
        """Take from the inputs what tiles need, and no more: workers are sent it."""
        sectors = network.sectors
        site = pd.factorize(sectors["site_id"].astype(str), sort=True)[0]
        shared = [*network.xy.T, network.scene.sector_height_m, network.scene.sector_frequency_mhz]
        antenna = np.unique(np.column_stack([site, *shared]), axis=0, return_inverse=True)[1].ravel()
        terrain = replace(inputs.terrain, values=inputs.terrain.values[:0, :0])
        return cls(network, terrain, cell_m, inputs.clutter is not None, site, antenna)

    def masts(self, among: _Numbers) -> Iterator[list[_Numbers]]:
        """Yield the masts of some sectors, each as its antennas: the sectors that share position, height and frequency."""
        if not among.size:  # a tile that no mast reaches
            return
        ordered = among[np.lexsort((among, self.antenna[among]))]
        antennas = np.split(ordered, np.flatnonzero(np.diff(self.antenna[ordered])) + 1)
        for _, mast in groupby(antennas, key=lambda sectors: self.site[sectors[0]]):
            yield list(mast)

    def in_reach(self, left: float, top: float, rows: int, columns: int, among: _Numbers) -> _Numbers:
        """Return those of the sectors that are within the maximum radius of a tile."""
        x, y = self.network.xy[among].T / self.cell_m
        beside = np.maximum(np.maximum(left - x, x - (left + columns)), 0.0)
        below = np.maximum(np.maximum(y - top, (top - rows) - y), 0.0)
        within: _Numbers = among[np.hypot(beside, below) * self.cell_m <= self.network.radio.maximum_radius_m]
        return within

    def bare(self) -> "Surroundings":
        """Return the same without land."""
        return self._on(without_cells(self.network.land))

    def pieces(self, tile: Tile) -> dict[Hashable, Callable[[], Piece]]:
        """Return the tiles of land that a tile of cells needs."""
        return cut_tiles(self.network.land, self._bound(tile))

    def fitted(self, tile: Tile, pieces: Mapping[LandTile, Piece]) -> "Surroundings":
        """Return the same on the land that a tile of cells needs."""
        return self._on(join_tiles(self.network.land, self._bound(tile), pieces))

    def _on(self, land: Land) -> "Surroundings":
        return replace(self, network=self.network.on(land))

    def _bound(self, tile: Tile) -> Box:
        """Return the cells of the terrain that paths from masts in reach to a tile can look up."""
        if not tile.sectors.size:
            return Box(0, 0, 0, 0)
        network = self.network
        corners = np.array([[tile.left, tile.top - tile.rows], [tile.left + tile.columns, tile.top]])
        all_in = np.concatenate([corners * self.cell_m, network.xy[tile.sectors]])
        off_m = OFF_PART * network.radio.maximum_radius_m + OFF_STEPS * network.scene.step_m
        x, y = np.linspace(all_in.min(axis=0) - off_m, all_in.max(axis=0) + off_m, EDGE_POINTS).T
        edge_x = np.concatenate([x, x, np.repeat(x[[0, -1]], EDGE_POINTS)])
        edge_y = np.concatenate([np.repeat(y[[0, -1]], EDGE_POINTS), y, y])
        way = self.terrain.transformer_from(network.crs)
        return bound_paths(network.land, *self.terrain.pixel(*way.transform(edge_x, edge_y)))

    @property
    def sweeps(self) -> bool:
        """Whether an area engine knows all that counts on the way."""
        return self.network.model.area and not (self.network.model.counts_clutter and self.wooded)


class _Cells(NamedTuple):
    """Centres in the working CRS, shape (cells, 2), and as fractional pixels of the terrain."""

    xy: _Floats
    row: _Floats
    column: _Floats


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
    board = blank_board(len(cells.xy))
    for mast in around.masts(tile.sectors):
        for antenna in mast:
            _enter(around, cells, antenna, board)
        technology = network.sectors["technology"].iloc[mast[0][0]]
        close_mast(board, network.radio.carriers[technology].threshold_dbm)
    lost, alone = np.isneginf(board.level_dbm), np.isneginf(board.second_dbm)
    layers = {
        "level_dbm": np.where(lost, np.float32(np.nan), board.level_dbm),
        "second_level_dbm": np.where(alone, np.float32(np.nan), board.second_dbm),
        "sigma_db": spread(board.excess_db, network.radio).astype(np.float32),
        "masts": board.masts,
        "sector_row": board.sector,
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


def _enter(around: Surroundings, cells: _Cells, sectors: _Numbers, board: Board) -> None:
    """Enter the sectors of one antenna into what is known of its mast."""
    network, first = around.network, int(sectors[0])
    x, y = network.xy[first]
    near, away_m = find_near(cells.xy, x, y, network.radio.maximum_radius_m)
    if around.sweeps:
        excess_db, departure_deg = _sweep(around, cells, first, near, away_m)
        # maps and the ground differ by a little in length
        alone = np.flatnonzero(away_m < NEAREST_P1812_M * STRETCH)
    else:
        excess_db, departure_deg = np.empty(near.size), np.empty(near.size, np.float32)
        alone = np.arange(near.size)
    scene = network.scene._replace(place_row=cells.row, place_column=cells.column)
    if not is_whole(network.land):
        row = np.append(cells.row[near[alone]], scene.sector_row[first])
        require_paths(network.land, row, np.append(cells.column[near[alone]], scene.sector_column[first]))
    numbers = np.full(alone.size, first)
    given_db = network.give(numbers, away_m[alone])
    unknown = np.full(alone.size, np.nan)
    traced = trace_links(
        network.land,
        scene,
        network.physics,
        numbers,
        near[alone],
        away_m[alone],
        given_db if given_db.size else unknown,
    )
    excess_db[alone], departure_deg[alone] = traced[:, 0], traced[:, 2]
    enter_antenna(
        board, network.emitters, network.beams, sectors, cells.xy, near, away_m, excess_db, departure_deg
    )


def _sweep(
    around: Surroundings, cells: _Cells, sector: int, near: _Numbers, away_m: _Floats
) -> tuple[_Floats, _Levels]:
    """Return loss beyond free space and direction by the area engine; NaN where the path leaves the terrain."""
    network, terrain = around.network, around.terrain
    radio, scene = network.radio, network.scene
    mast_x, mast_y = terrain.transformer_from(network.crs).transform(*network.xy[sector])
    if not near.size or np.isnan(ground_under(terrain, network.land, mast_x, mast_y)):
        return np.full(near.size, np.nan), np.full(near.size, np.nan, np.float32)
    settings = AreaSettings(
        refractivity_gradient=radio.refractivity_gradient,
        surface_refractivity=radio.surface_refractivity,
        receiver_height_m=radio.receiver_height_m,
        model="p526" if radio.model == "p526" else "p1812",
        engine=radio.area_engine,
        step_m=radio.profile_step_m,
    )
    frequency = float(scene.sector_frequency_mhz[sector])
    mast = Transmitter(
        x=float(mast_x),
        y=float(mast_y),
        height_m=float(scene.sector_height_m[sector]),
        frequency_mhz=frequency,
    )
    loss_db, departure_deg = pixel_losses(
        terrain,
        mast,
        settings,
        row=cells.row[near],
        column=cells.column[near],
        radius_m=radio.maximum_radius_m,
        land=network.land,
    )
    return beyond_free_space(loss_db, away_m, frequency), departure_deg
