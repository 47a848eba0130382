"""Predicted signal on a regular grid: best and second server of every cell, per operator and technology."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import CRS

from lomsong.engine import SERIAL, Engine
from lomsong.errors import RadioError
from lomsong.inputs import Inputs
from lomsong.network import Network
from lomsong.progress import SILENT, Progress
from lomsong.propagation.antenna import LEVEL_KIND
from lomsong.raster_tiles import Surroundings, Tile, serve_tile
from lomsong.settings import RadioSettings
from lomsong.store import Arrays
from lomsong.text import fold

#: Cell of the grid that regulators report on: BNetzA and BEREC. [m]
REPORTING_CELL_M = 100.0
#: A grid of more cells than this is refused: take larger cells.
MOST_CELLS = 50_000_000
#: Cells of each side of the tiles that a grid is worked on in.
TILE_CELLS = 512
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
    engine: Engine = SERIAL,
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
    engine : Engine
        Where the tiles are worked on, and what keeps those that are done.
    progress : Progress
        Told about every tile.

    Yields
    ------
    SignalRaster
        In the order of operators and technologies. Same bytes on any number of threads and with any engine.

    Raises
    ------
    RadioError
        The cell size is not positive, or would give more than `MOST_CELLS` cells.
    """
    radio = radio or inputs.settings.radio
    grid = _Grid.around(inputs, cell_m)
    sectors = inputs.sectors.reset_index(drop=True)
    around = Surroundings.of(inputs, Network.of(inputs, sectors, radio), cell_m)
    groups = sectors.groupby([sectors["operator"].astype(str), sectors["technology"].astype(str)], sort=True)
    rows = {key: mine.index.to_numpy() for key, mine in groups}
    corners = grid.tiles()
    parts = [Tile(*corner, around.in_reach(*corner, mine)) for mine in rows.values() for corner in corners]
    # what is kept is known by this name, so it tells cell sizes apart
    name = f"predicting rasters of {float(cell_m)!r} m"
    found = engine.map(serve_tile, around, parts, name=name, progress=progress)
    for operator, technology in rows:
        layers = grid.join(islice(found, len(corners)))
        yield SignalRaster(
            operator=str(operator),
            technology=str(technology),
            level_kind=LEVEL_KIND[str(technology)],
            level_dbm=layers["level_dbm"],
            second_level_dbm=layers["second_level_dbm"],
            sigma_db=layers["sigma_db"],
            masts=layers["masts"],
            sector_row=layers["sector_row"],
            transform=(grid.left * cell_m, cell_m, grid.top * cell_m, -cell_m),
            crs=inputs.crs,
            model=around.network.model.heading,
        )


@dataclass(frozen=True, slots=True)
class _Grid:
    """Cells on whole multiples of their size: the corner in cells, and how many."""

    left: float
    top: float
    rows: int
    columns: int

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
        return cls(float(left), float(top), rows, columns)

    def tiles(self) -> list[tuple[float, float, int, int]]:
        """Return the corner of each tile in cells, and its rows and columns."""
        return [
            (
                self.left + column,
                self.top - row,
                min(TILE_CELLS, self.rows - row),
                min(TILE_CELLS, self.columns - column),
            )
            for row in range(0, self.rows, TILE_CELLS)
            for column in range(0, self.columns, TILE_CELLS)
        ]

    def join(self, found: Iterator[Arrays]) -> Arrays:
        """Lay the layers of all tiles side by side."""
        whole: Arrays = {}
        for (left, top, rows, columns), layers in zip(self.tiles(), found, strict=True):
            row, column = int(self.top - top), int(left - self.left)
            for name, layer in layers.items():
                place = whole.setdefault(name, np.empty((self.rows, self.columns), layer.dtype))
                place[row : row + rows, column : column + columns] = layer
        return whole


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
