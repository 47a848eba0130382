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
from lomsong.network import NEAREST_M
from lomsong.prediction import spread
from lomsong.progress import SILENT, Progress, task
from lomsong.propagation.antenna import LEVEL_KIND, horizontal_attenuation, reference_offset
from lomsong.propagation.area import AreaSettings, Transmitter, pixel_losses
from lomsong.propagation.free_space import free_space_loss
from lomsong.propagation.models import MODELS
from lomsong.propagation.sampling import NEAREST_P1812_M
from lomsong.settings import RadioSettings
from lomsong.text import fold

#: Cell of the grid that regulators report on: BNetzA and BEREC. [m]
REPORTING_CELL_M = 100.0
#: A grid of more cells than this is refused: take larger cells.
MOST_CELLS = 50_000_000
#: Bands of a written raster, in order.
BANDS = ("level_dbm", "second_level_dbm", "sigma_db", "masts_above_threshold", "sector_row")

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

    The loss is that of the engine `radio.area_engine`. Patterns act horizontally only: for cells near a mast in its vertical side
    lobes the level is optimistic, unlike that of demand points.

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
    if not MODELS[radio.model].area:
        fitting = " or ".join(name for name, model in MODELS.items() if model.area)
        raise RadioError(f"raster: no area engine for radio.model {radio.model}; set it to {fitting}")
    grid = _Grid.around(inputs, cell_m)
    sectors = inputs.sectors.reset_index(drop=True)
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
            yield _one_raster(str(operator), str(technology), mine, inputs, radio, grid, told)


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


def _one_raster(
    operator: str,
    technology: str,
    sectors: gpd.GeoDataFrame,
    inputs: Inputs,
    radio: RadioSettings,
    grid: _Grid,
    told: Progress,
) -> SignalRaster:
    threshold = radio.carriers[technology].threshold_dbm  # type: ignore[index]
    cells = grid.x.size
    best, second = np.full(cells, -np.inf, np.float32), np.full(cells, -np.inf, np.float32)
    sigma = np.full(cells, np.nan, np.float32)
    server, masts = np.full(cells, -1, np.int32), np.zeros(cells, np.int32)
    # the sectors of a mast stand together, so that they count as one mast
    for _, on_mast in sectors.groupby("site_id", sort=True):
        own, own_sigma, own_server = _best_on_mast(on_mast, inputs, radio, grid, told)
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
        crs=inputs.crs,
    )


def _best_on_mast(
    sectors: gpd.GeoDataFrame, inputs: Inputs, radio: RadioSettings, grid: _Grid, told: Progress
) -> tuple[_Levels, _Levels, NDArray[np.int32]]:
    """Return the best level of one mast in every cell, minus infinity for none, its spread and its sector."""
    level = np.full(grid.x.size, -np.inf, np.float32)
    sigma, server = np.full(grid.x.size, np.nan, np.float32), np.full(grid.x.size, -1, np.int32)
    keys = [sectors.geometry.x, sectors.geometry.y, sectors["antenna_height_m"], sectors["frequency_mhz"]]
    for (x, y, height, frequency), alike in sectors.groupby(keys, sort=True):
        away = np.hypot(grid.x - x, grid.y - y)
        near = away <= radio.maximum_radius_m
        free = free_space_loss(np.maximum(away[near], NEAREST_M), frequency)
        loss = _losses(inputs, radio, (x, y, height, frequency), grid, near)
        # P.1812 begins at 250 m; around the mast itself the path is taken for clear
        loss = np.where(away[near] < NEAREST_P1812_M, free, loss)
        spread_db = spread(loss - free, radio)
        bearing = np.degrees(np.arctan2(grid.x[near] - x, grid.y[near] - y))
        for row, sector in alike.iterrows():  # few: the sectors of one mast
            offset = float(reference_offset(str(sector["technology"]), float(sector["bandwidth_mhz"])))
            pattern = np.nan_to_num(
                horizontal_attenuation(bearing - float(sector["azimuth_deg"]), float(sector["beamwidth_deg"]))
            )
            found = (float(sector["eirp_dbm"]) + offset - pattern - loss).astype(np.float32)
            better = found > level[near]
            level[near] = np.where(better, found, level[near])
            sigma[near] = np.where(better, spread_db, sigma[near])
            server[near] = np.where(better, row, server[near])
        told.advance()
    return level, sigma, server


def _losses(
    inputs: Inputs,
    radio: RadioSettings,
    antenna: tuple[float, float, float, float],
    grid: _Grid,
    near: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return the path loss to the cells near an antenna; NaN where the path leaves the terrain. [dB]"""
    x, y, height, frequency = antenna
    way = inputs.terrain.transformer_from(inputs.crs)
    mast_x, mast_y = way.transform(x, y)
    if np.isnan(inputs.terrain.sample(np.array([mast_x]), np.array([mast_y]))[0]):
        return np.full(int(near.sum()), np.nan)
    settings = AreaSettings(
        refractivity_gradient=radio.refractivity_gradient,
        surface_refractivity=radio.surface_refractivity,
        receiver_height_m=radio.receiver_height_m,
        model="p526" if radio.model == "p526" else "p1812",
        engine=radio.area_engine,
        step_m=radio.profile_step_m,
    )
    mast = Transmitter(
        x=float(mast_x), y=float(mast_y), height_m=float(height), frequency_mhz=float(frequency)
    )
    found = pixel_losses(
        inputs.terrain,
        mast,
        settings,
        row=grid.row[near],
        column=grid.column[near],
        radius_m=radio.maximum_radius_m,
    )
    return np.asarray(found, dtype=np.float64)


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
            operator=signal.operator, technology=signal.technology, level_kind=signal.level_kind
        )
    return path
