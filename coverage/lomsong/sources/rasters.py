"""Terrain and land cover, read as far as the villages and their masts reach."""

from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio.windows import Window

from lomsong.errors import SourceError
from lomsong.findings import Finding
from lomsong.grid import Raster
from lomsong.scratch import make_room
from lomsong.settings import RasterSource
from lomsong.sources.raster_files import Bounds, find_window, open_raster, plain_values, read_window
from lomsong.sources.terrain_tiles import read_tiles
from lomsong.sources.tile_files import find_tiles

#: Heights beyond these are voids whose missing value the file does not declare. [m]
LOWEST_GROUND_M, HIGHEST_GROUND_M = -500.0, 9000.0
#: Terrain cells whose land cover is looked up at a time: so memory does not grow with the area. [cells]
_BLOCK_CELLS = 250_000


def read_terrain(source: RasterSource, *, bounds: Bounds, crs: CRS) -> tuple[Raster, list[Finding]]:
    """
    Read the terrain model inside `bounds` (west, south, east, north in `crs`).

    Returns
    -------
    raster : Raster
        Height above sea level, NaN where missing. [m]
    findings : list of Finding
        Voids, counted.

    Raises
    ------
    MissingSourceError, SourceError, CrsError
        No file, not a raster, corrupt, no CRS, or it lies elsewhere.
    """
    raster, findings = _read_heights(source, bounds, crs)
    count = voids = 0
    for _, band in raster.bands():
        impossible = (band < LOWEST_GROUND_M) | (band > HIGHEST_GROUND_M)
        count, voids = count + int(impossible.sum()), voids + int(np.isnan(band).sum())
        band[impossible] = np.nan
    cells = raster.values.size
    if count:
        findings.append(
            Finding(
                layer="terrain",
                word="correct",
                severity="warning",
                message=f"{count:,} cells outside [{LOWEST_GROUND_M:g}, {HIGHEST_GROUND_M:g}] m taken as missing; "
                "set 'nodata' in the settings if they are a missing value",
                count=count,
            )
        )
    if voids:
        findings.append(
            Finding(
                layer="terrain",
                word="sufficient",
                severity="note",
                message=f"{voids:,} cells of {cells:,} have no height; paths across them are not computed",
                count=voids,
            )
        )
    if count + voids == cells:
        raise SourceError("terrain: the part around the villages holds no height at all")
    return raster, findings


def read_land_cover(source: RasterSource, *, terrain: Raster) -> Raster:
    """
    Read the land-cover class at the centre of every cell of the terrain.

    A class has no value between cells, so the cell of the file that holds the point counts.

    Parameters
    ----------
    source : RasterSource
        Whole numbers, in any CRS and cell size: a file, a VRT or tiles, of which the first that has a class counts.
    terrain : Raster
        The grid to read onto.

    Returns
    -------
    Raster
        Class codes on the terrain's grid; NaN where missing and beyond the file.

    Raises
    ------
    MissingSourceError, SourceError, CrsError
        As `read_terrain`.
    """
    codes = make_room(terrain.shape)
    codes.fill(np.nan)
    tiles = find_tiles(source.paths, layer="land_cover")
    elsewhere = [
        error for tile in tiles if (error := _fill_classes(codes, tile, source, terrain)) is not None
    ]
    if len(elsewhere) == len(tiles):
        raise elsewhere[0]
    classes = Raster(codes, terrain.transform, terrain.crs)
    if all(np.isnan(band).all() for _, band in classes.bands()):
        raise SourceError("land_cover: the part around the villages holds no class at all")
    return classes


def _fill_classes(
    codes: NDArray[np.float32], tile: Path, source: RasterSource, terrain: Raster
) -> SourceError | None:
    """Look up the cells that have no class yet in one file; return what is wrong where it lies elsewhere."""
    rows, columns = codes.shape
    x_left, x_step, y_top, y_step = terrain.transform
    x = x_left + (np.arange(columns) + 0.5) * x_step
    step = max(_BLOCK_CELLS // columns, 1)
    with open_raster(tile, layer="land_cover", declared_crs=source.crs) as (dataset, raster_crs):
        to_cover = Transformer.from_crs(terrain.crs, raster_crs, always_xy=True)
        box = to_cover.transform_bounds(*terrain.bounds, densify_pts=21)
        try:
            find_window(dataset, box, layer="land_cover", name=tile.name)
        except SourceError as error:
            return error
        for first in range(0, rows, step):
            block = codes[first : first + step]
            y = y_top + (first + np.arange(len(block)) + 0.5) * y_step
            across, down = to_cover.transform(*(axis.ravel() for axis in np.meshgrid(x, y)))
            found = _nearest(dataset, across, down, source.nodata).reshape(block.shape)
            np.copyto(block, found, where=np.isnan(block))
    return None


def _nearest(
    dataset: rasterio.DatasetReader, x: NDArray[np.float64], y: NDArray[np.float64], nodata: float | None
) -> NDArray[np.float32]:
    """Look up the cells that hold points in the dataset's CRS; NaN off it."""
    affine = dataset.transform
    down, across = np.floor((y - affine.f) / affine.e), np.floor((x - affine.c) / affine.a)
    inside = (down >= 0) & (down < dataset.height) & (across >= 0) & (across < dataset.width)
    found = np.full(x.shape, np.nan, dtype=np.float32)
    if not inside.any():
        return found
    row, column = down[inside].astype(np.int64), across[inside].astype(np.int64)
    top, left = row.min(), column.min()
    window = Window(left, top, column.max() - left + 1, row.max() - top + 1)
    cells = dataset.read(1, window=window, masked=nodata is None)[row - top, column - left]
    found[inside] = plain_values(cells.astype(np.float32), nodata)
    return found


def _read_heights(source: RasterSource, bounds: Bounds, crs: CRS) -> tuple[Raster, list[Finding]]:
    """Read one file, or join tiles."""
    if (path := source.only_file) is not None:
        raster = read_window(
            path, layer="terrain", bounds=bounds, crs=crs, declared_crs=source.crs, nodata=source.nodata
        )
        return raster, []
    tiles = find_tiles(source.paths, layer="terrain")
    return read_tiles(
        tiles, bounds=bounds, crs=crs, layer="terrain", declared_crs=source.crs, nodata=source.nodata
    )
