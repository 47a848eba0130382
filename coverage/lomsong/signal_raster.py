"""Predicted signal on a regular grid: best and second server of every cell, per operator and technology."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import CRS

from lomsong.errors import RadioError
from lomsong.inputs import Inputs
from lomsong.network import Network
from lomsong.prediction import spread
from lomsong.progress import SILENT, Progress, task
from lomsong.propagation import servers
from lomsong.propagation.antenna import LEVEL_KIND
from lomsong.propagation.area import STRETCH, AreaSettings, Transmitter, pixel_losses
from lomsong.propagation.free_space import free_space_loss
from lomsong.propagation.links import trace_links
from lomsong.propagation.sampling import NEAREST_P1812_M
from lomsong.settings import RadioSettings
from lomsong.text import fold

#: Cell of the grid that regulators report on: BNetzA and BEREC. [m]
REPORTING_CELL_M = 100.0
#: A grid of more cells than this is refused: take larger cells.
MOST_CELLS = 50_000_000
#: Bands of a written raster, in order.
BANDS = ("level_dbm", "second_level_dbm", "sigma_db", "masts_above_threshold", "sector_row")

_Floats = NDArray[np.float64]
_Levels = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRaster:
    """
    Servers of every cell for one operator and technology.

    Attributes
    ----------
    operator, technology, level_kind : str
        Whose signal, of which generation, and what the level is.
    level_dbm, second_level_dbm, sigma_db : ndarray of float32, shape (rows, columns)
        Median level of the best server, of the best on another mast, and the spread of the best; NaN where there is
        none or it could not be computed.
    masts : ndarray of int32, shape (rows, columns)
        Masts whose median level is at or above the threshold.
    sector_row : ndarray of int32, shape (rows, columns)
        Row of the best server in the sector table, -1 for none.
    transform : tuple of float
        As in `Raster`.
    crs : pyproj.CRS
        Metric working CRS.
    model : str
        What it was computed with; says so if that is a baseline.
    """

    operator: str
    technology: str
    level_kind: str
    level_dbm: _Levels
    second_level_dbm: _Levels
    sigma_db: _Levels
    masts: NDArray[np.int32]
    sector_row: NDArray[np.int32]
    transform: tuple[float, float, float, float]
    crs: CRS
    model: str

    @property
    def file_name(self) -> str:
        """Return a plain name for the file."""
        return f"signal_{re.sub(r'[^a-z0-9]+', '-', fold(self.operator)).strip('-') or 'operator'}_{self.technology}.tif"


def predict_raster(
    inputs: Inputs,
    radio: RadioSettings | None = None,
    *,
    cell_m: float = REPORTING_CELL_M,
    progress: Progress = SILENT,
) -> Iterator[SignalRaster]:
    """
    Predict the signal of every cell around the villages; one raster after the other, so that memory stays bounded.

    The loss is that of the engine `radio.area_engine` for the models that it knows. Cells nearer than 250 m, every cell of
    the other models, and every cell where clutter counts (the engines leave it out) have a path of their own, which takes
    about as long as the exact engine. Antennas act as for demand points.

    Parameters
    ----------
    inputs : Inputs
        From `read`.
    radio : RadioSettings, optional
        Those of the inputs' settings if not given.
    cell_m : float
        Side of a cell. [m]
    progress : Progress
        Told about every antenna.

    Yields
    ------
    SignalRaster
        In the order of operators and technologies.

    Raises
    ------
    RadioError
        The cell size is not positive, or would give more than `MOST_CELLS` cells.
    """
    radio = radio or inputs.settings.radio
    grid = _Grid.around(inputs, cell_m)
    sectors = inputs.sectors.reset_index(drop=True)
    area = _Area(inputs, radio, grid, Network.of(inputs, sectors, radio))
    groups = sectors.groupby([sectors["operator"].astype(str), sectors["technology"].astype(str)], sort=True)
    antennas = [
        "operator",
        "technology",
        "antenna_height_m",
        "frequency_mhz",
        sectors.geometry.x,
        sectors.geometry.y,
    ]
    with task(progress, "predicting rasters", sectors.groupby(antennas).ngroups) as told:
        for (operator, technology), mine in groups:
            yield area.predict(str(operator), str(technology), mine, told)


@dataclass(frozen=True, slots=True)
class _Grid:
    """Cell centres in the working CRS and as fractional pixels of the terrain."""

    transform: tuple[float, float, float, float]
    shape: tuple[int, int]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    row: NDArray[np.float64]
    column: NDArray[np.float64]

    @classmethod
    def around(cls, inputs: Inputs, cell_m: float) -> "_Grid":
        if not cell_m > 0:
            raise RadioError(f"raster: cells of {cell_m:g} m; give a size above 0")
        west, south, east, north = np.array(inputs.villages.total_bounds) / cell_m + np.array(
            [-1e-9, -1e-9, 1e-9, 1e-9]
        )
        left, bottom, right, top = np.floor(west), np.floor(south), np.ceil(east), np.ceil(north)
        rows, columns = int(top - bottom), int(right - left)
        if rows * columns > MOST_CELLS:
            raise RadioError(
                f"raster: {rows:,} x {columns:,} cells of {cell_m:g} m are more than {MOST_CELLS:,}; take larger cells"
            )
        x, y = np.meshgrid((left + np.arange(columns) + 0.5) * cell_m, (top - np.arange(rows) - 0.5) * cell_m)
        way = inputs.terrain.transformer_from(inputs.crs)
        row, column = inputs.terrain.pixel(*way.transform(x.ravel(), y.ravel()))
        return cls(
            (left * cell_m, cell_m, top * cell_m, -cell_m), (rows, columns), x.ravel(), y.ravel(), row, column
        )


@dataclass(frozen=True, slots=True)
class _Area:
    """The cells, and the network that serves them."""

    inputs: Inputs
    radio: RadioSettings
    grid: _Grid
    network: Network

    def predict(
        self, operator: str, technology: str, sectors: gpd.GeoDataFrame, told: Progress
    ) -> SignalRaster:
        """Return the servers of every cell among the sectors of one operator and technology."""
        threshold = self.radio.carriers[technology].threshold_dbm  # type: ignore[index]
        grid = self.grid
        cells = grid.x.size
        best, second = np.full(cells, -np.inf, np.float32), np.full(cells, -np.inf, np.float32)
        sigma = np.full(cells, np.nan, np.float32)
        server, masts = np.full(cells, -1, np.int32), np.zeros(cells, np.int32)
        # the sectors of a mast stand together, so that they count as one mast
        for _, on_mast in sectors.groupby("site_id", sort=True):
            own, own_sigma, own_server = self._best_on_mast(on_mast, told)
            masts += own >= threshold
            better = own > best
            second = np.where(better, best, np.maximum(second, own))
            best = np.where(better, own, best)
            sigma, server = np.where(better, own_sigma, sigma), np.where(better, own_server, server)
        lost = np.isneginf(best)
        return SignalRaster(
            operator=operator,
            technology=technology,
            level_kind=LEVEL_KIND[technology],
            level_dbm=np.where(lost, np.nan, best).reshape(grid.shape),
            second_level_dbm=np.where(np.isneginf(second), np.nan, second).reshape(grid.shape),
            sigma_db=np.where(lost, np.nan, sigma).reshape(grid.shape),
            masts=masts.reshape(grid.shape),
            sector_row=np.where(lost, -1, server).reshape(grid.shape),
            transform=grid.transform,
            crs=self.inputs.crs,
            model=self.network.model.heading,
        )

    def _best_on_mast(
        self, sectors: gpd.GeoDataFrame, told: Progress
    ) -> tuple[_Levels, _Levels, NDArray[np.int32]]:
        """Return the best level of one mast in every cell, minus infinity for none, its spread and its sector."""
        grid = self.grid
        level = np.full(grid.x.size, -np.inf, np.float32)
        sigma, server = np.full(grid.x.size, np.nan, np.float32), np.full(grid.x.size, -1, np.int32)
        places = np.column_stack([grid.x, grid.y])
        keys = [sectors.geometry.x, sectors.geometry.y, sectors["antenna_height_m"], sectors["frequency_mhz"]]
        for (x, y, _, _), alike in sectors.groupby(keys, sort=True):
            away = np.hypot(grid.x - x, grid.y - y)
            near = np.flatnonzero(away <= self.radio.maximum_radius_m)
            traced: _Traced | None = None
            for row in alike.index:  # few: the sectors of one mast
                pairs = self.network.pair_up(places, near, np.full(near.size, row), away[near])
                traced = traced or self._trace(pairs)
                taken = servers.attenuate(self.network.beams, pairs, traced.departure_deg)
                found = (pairs.free_dbm - taken - traced.excess_db).astype(np.float32)
                better = found > level[near]
                level[near] = np.where(better, found, level[near])
                sigma[near] = np.where(better, spread(traced.excess_db, self.radio), sigma[near])
                server[near] = np.where(better, row, server[near])
            told.advance()
        return level, sigma, server

    def _trace(self, pairs: servers.Pairs) -> "_Traced":
        """Return loss and direction of the rays from one antenna, that of the first pair."""
        excess, departure = np.full(pairs.place.size, np.nan), np.full(pairs.place.size, np.nan)
        # maps and the ground differ by a little in length
        own = pairs.distance_m < NEAREST_P1812_M * STRETCH
        if self._sweeps():
            excess[~own], departure[~own] = self._sweep(pairs.take(~own))
        else:
            own[:] = True
        grid = self.grid
        scene = self.network.scene._replace(place_row=grid.row, place_column=grid.column)
        few = pairs.take(own)
        traced = trace_links(scene, self.network.physics, few.sector, few.place, few.distance_m, few.given_db)
        excess[own], departure[own] = traced[:, 0], traced[:, 2]
        return _Traced(excess, departure)

    def _sweeps(self) -> bool:
        """Tell whether an area engine knows all that counts on the way."""
        model = self.network.model
        return model.area and not (model.counts_clutter and self.inputs.clutter is not None)

    def _sweep(self, pairs: servers.Pairs) -> tuple[_Floats, _Floats]:
        """Return loss beyond free space and direction by the area engine; NaN where the path leaves the terrain."""
        nothing = np.full(pairs.place.size, np.nan)
        if not pairs.place.size:
            return nothing, nothing
        inputs, radio, scene, first = self.inputs, self.radio, self.network.scene, pairs.sector[0]
        mast_x, mast_y = inputs.terrain.transformer_from(inputs.crs).transform(*self.network.xy[first])
        if np.isnan(inputs.terrain.sample(np.array([mast_x]), np.array([mast_y]))[0]):
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
            inputs.terrain,
            mast,
            settings,
            row=self.grid.row[pairs.place],
            column=self.grid.column[pairs.place],
            radius_m=radio.maximum_radius_m,
        )
        return loss - free_space_loss(pairs.distance_m, frequency), departure.astype(np.float64)


@dataclass(frozen=True, slots=True)
class _Traced:
    """Loss beyond free space [dB] and elevation of the ray at the mast [deg], one a cell; NaN where not known."""

    excess_db: _Floats
    departure_deg: _Floats


def write_raster(signal: SignalRaster, folder: Path) -> Path:
    """
    Write a cloud-optimised GeoTIFF with the bands `BANDS`.

    Returns
    -------
    Path
        The file. ``sector_row`` counts the rows of ``sectors.parquet`` from 0.
    """
    x_left, x_step, y_top, y_step = signal.transform
    rows, columns = signal.level_dbm.shape
    path = folder / signal.file_name
    layers = (signal.level_dbm, signal.second_level_dbm, signal.sigma_db, signal.masts, signal.sector_row)
    with rasterio.open(
        path,
        "w",
        driver="COG",
        height=rows,
        width=columns,
        count=len(BANDS),
        dtype="float32",
        nodata=float("nan"),
        crs=signal.crs.to_wkt(),
        transform=rasterio.Affine(x_step, 0.0, x_left, 0.0, y_step, y_top),
        compress="deflate",
        predictor=3,
    ) as target:
        for number, (name, layer) in enumerate(zip(BANDS, layers, strict=True), start=1):
            target.write(layer.astype(np.float32), number)
            target.set_band_description(number, name)
        target.update_tags(
            operator=signal.operator,
            technology=signal.technology,
            level_kind=signal.level_kind,
            model=signal.model,
        )
    return path
