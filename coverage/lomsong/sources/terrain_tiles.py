"""Several raster tiles as one window: a folder, a list of files or a VRT, on the grid that most of them share."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.warp import reproject
from rasterio.windows import Window

from lomsong.errors import SourceError
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.grid import Raster
from lomsong.scratch import make_room
from lomsong.sources.raster_files import BAND_ROWS, Bounds, gdal_reason, open_dataset, read_bands
from lomsong.sources.tile_files import open_tiles
from lomsong.sources.tile_grids import (
    MARGIN_CELLS,
    Tile,
    TileGrid,
    box_in,
    find_common_grid,
    find_window,
    overlaps,
)

#: Overlapping tiles that differ more than this do not tell the same ground. [unit of the layer]
_SAME_HEIGHT = 1.0


def read_tiles(
    tiles: Sequence[Path],
    *,
    bounds: Bounds,
    crs: CRS,
    layer: str,
    declared_crs: str | None = None,
    nodata: float | None = None,
    may_resample: bool = True,
) -> tuple[Raster, list[Finding]]:
    """
    Join the part of each tile that lies inside `bounds`.

    The result lies on the grid of most tiles there (the finer one of two equally common). Tiles of another CRS,
    cell size or alignment are resampled onto it bilinearly, which is a finding. Where tiles overlap, the first
    that has a value counts. Holds the window once, see `make_room`, and a band of it besides; where tiles are resampled, twice.

    Parameters
    ----------
    tiles : sequence of Path
        As from `find_tiles`. An ``.hgt`` tile says where it lies by its name, such as ``N22E104.hgt``.
    bounds : tuple of float
        West, south, east and north in `crs`.
    crs : pyproj.CRS
        Coordinate system of the bounds.
    layer : str
        Which layer, for messages.
    declared_crs : str, optional
        Coordinate system of the tiles, where they do not say.
    nodata : float, optional
        Missing value, where the tiles do not say.
    may_resample : bool
        False for what may not be interpolated, such as counts of people: tiles off the grid are then an error.

    Returns
    -------
    raster : Raster
        NaN where no tile has a value.
    findings : list of Finding
        Tiles used, overlaps, resampled tiles; each counted.

    Raises
    ------
    SourceError, CrsError
        Tiles that cannot be read, are rotated, have no CRS or may not be resampled, all named at once; or none lies
        inside the bounds.
    """
    laid = lay_tiles(
        tiles,
        bounds=bounds,
        crs=crs,
        layer=layer,
        declared_crs=declared_crs,
        nodata=nodata,
        may_resample=may_resample,
    )
    rows, values, twice, differing = laid.shape[0], make_room(laid.shape), 0, 0
    # what is resampled hangs a little on how much is resampled at once
    step = rows if laid.foreign else BAND_ROWS
    for first in range(0, rows, step):
        band, overlap = laid.read(first, min(first + step, rows))
        values[first : first + step] = band.values
        twice, differing = twice + overlap[0], differing + overlap[1]
    return Raster(values, laid.transform, laid.crs), laid.findings((twice, differing))


#: How many cells lie in more than one tile, and how many of them differ.
Overlap = tuple[int, int]


@dataclass(frozen=True, slots=True)
class LaidTiles:
    """
    Tiles on their common grid, not yet read.

    Attributes
    ----------
    transform, shape, crs
        As of `Raster`: the wanted part of the grid.
    """

    layer: str
    transform: tuple[float, float, float, float]
    shape: tuple[int, int]
    crs: CRS
    nodata: float | None
    known: tuple[Tile, ...]
    near: tuple[Tile, ...]
    foreign: tuple[str, ...]

    def read(self, first: int, last: int) -> tuple[Raster, Overlap]:
        """
        Read rows `first` up to `last`; of a cell in several tiles the first that has a value counts.

        Raises
        ------
        SourceError
            A tile cannot be read.
        """
        left, x_step, top, y_step = self.transform
        values = make_room((last - first, self.shape[1]))
        values.fill(np.nan)
        part = Raster(values, (left, x_step, top + first * y_step, y_step), self.crs)
        twice = differing = 0
        for tile in self.near:
            overlap = _paste(part, tile, self.nodata, self.layer)
            twice, differing = twice + overlap[0], differing + overlap[1]
        return part, (twice, differing)

    def findings(self, overlap: Overlap) -> list[Finding]:
        """Say what was joined."""
        return _findings(
            self.layer, list(self.known), list(self.near), list(self.foreign), overlap[0], overlap[1]
        )


def lay_tiles(
    tiles: Sequence[Path],
    *,
    bounds: Bounds,
    crs: CRS,
    layer: str,
    declared_crs: str | None = None,
    nodata: float | None = None,
    may_resample: bool = True,
) -> LaidTiles:
    """
    Find the common grid of tiles and which of them lie inside `bounds`, without reading a value.

    Parameters and errors are those of `read_tiles`.
    """
    known = open_tiles(tiles, layer, declared_crs)
    near = [tile for tile in known if overlaps(tile, bounds, crs)]
    if not near:
        raise SourceError(_nowhere(known, bounds, crs, layer))
    grid = find_common_grid(near)
    foreign = [tile.path.name for tile in near if not grid.holds(tile.grid)]
    if foreign and not may_resample:
        raise SourceError(
            f"{layer}: {count_rows(len(foreign), 'tile')} of another CRS, cell size or alignment than the others, and "
            f"counts cannot be interpolated: {name_rows(foreign)}; keep tiles of one data set in the folder"
        )
    window = find_window(near, grid, bounds, crs)
    left, top = grid.left + window.col_off * grid.x_step, grid.top - window.row_off * grid.y_step
    return LaidTiles(
        layer=layer,
        transform=(left, grid.x_step, top, -grid.y_step),
        shape=(window.height, window.width),
        crs=grid.crs,
        nodata=nodata,
        known=tuple(known),
        near=tuple(near),
        foreign=tuple(foreign),
    )


def _paste(joined: Raster, tile: Tile, nodata: float | None, layer: str) -> tuple[int, int]:
    """Fill cells that are still empty from one tile; return how many it holds twice, and how many differ."""
    part = _source_part(joined, tile)
    if part is None:
        return 0, 0
    try:
        with open_dataset(tile.path, layer=layer) as dataset:
            values = np.empty((part.height, part.width), dtype=np.float32)
            for first, band in read_bands(dataset, part, nodata=nodata):
                values[first : first + len(band)] = band
    except RasterioError as error:
        raise SourceError(f"{layer}: {tile.path.name}: {gdal_reason(error)}") from None
    rows, columns, placed = _place(joined, tile, part, values)
    there = joined.values[rows, columns]
    both = ~np.isnan(there) & ~np.isnan(placed)
    differing = int((np.abs(there - placed)[both] > _SAME_HEIGHT).sum())
    joined.values[rows, columns] = np.where(np.isnan(there), placed, there)
    return int(both.sum()), differing


def _source_part(joined: Raster, tile: Tile) -> Window | None:
    """Return the tile's cells under the joined raster and a margin for resampling, or None."""
    west, south, east, north = box_in(joined.bounds, joined.crs, tile.grid.crs)
    grid = tile.grid
    first_column = max(int(np.floor((west - grid.left) / grid.x_step)) - MARGIN_CELLS, 0)
    first_row = max(int(np.floor((grid.top - north) / grid.y_step)) - MARGIN_CELLS, 0)
    last_column = min(int(np.ceil((east - grid.left) / grid.x_step)) + MARGIN_CELLS, tile.columns)
    last_row = min(int(np.ceil((grid.top - south) / grid.y_step)) + MARGIN_CELLS, tile.rows)
    if last_column <= first_column or last_row <= first_row:
        return None
    return Window(first_column, first_row, last_column - first_column, last_row - first_row)


def _place(
    joined: Raster, tile: Tile, part: Window, values: NDArray[np.float32]
) -> tuple[slice, slice, NDArray[np.float32]]:
    """Return rows and columns of the joined raster that the values belong to, and the values on its grid."""
    left, x_step, top, y_step = joined.transform
    target, grid = TileGrid(joined.crs, x_step, -y_step, left, top), tile.grid
    corner = (grid.left + part.col_off * grid.x_step, grid.top - part.row_off * grid.y_step)
    if target.holds(grid):
        column, row = round((corner[0] - left) / x_step), round((corner[1] - top) / y_step)
        rows, columns = _clip(row, part.height, joined, 0), _clip(column, part.width, joined, 1)
        cut = values[rows.start - row : rows.stop - row, columns.start - column : columns.stop - column]
        return rows, columns, cut
    edges = (
        corner[0],
        corner[1] - part.height * grid.y_step,
        corner[0] + part.width * grid.x_step,
        corner[1],
    )
    west, south, east, north = box_in(edges, grid.crs, joined.crs)
    row, column = int(np.floor((north - top) / y_step)), int(np.floor((west - left) / x_step))
    height = int(np.ceil((south - top) / y_step)) - row
    width = int(np.ceil((east - left) / x_step)) - column
    rows, columns = _clip(row, height, joined, 0), _clip(column, width, joined, 1)
    placed = np.full((rows.stop - rows.start, columns.stop - columns.start), np.nan, dtype=np.float32)
    if placed.size:
        reproject(
            values,
            placed,
            src_transform=rasterio.Affine(grid.x_step, 0, corner[0], 0, -grid.y_step, corner[1]),
            src_crs=grid.crs.to_wkt(),
            src_nodata=np.nan,
            dst_transform=rasterio.Affine(
                x_step, 0, left + columns.start * x_step, 0, y_step, top + rows.start * y_step
            ),
            dst_crs=joined.crs.to_wkt(),
            dst_nodata=np.nan,
            resampling=Resampling.bilinear,
        )
    return rows, columns, placed


def _clip(first: int, count: int, joined: Raster, axis: int) -> slice:
    size = joined.values.shape[axis]
    begin = min(max(first, 0), size)
    return slice(begin, max(min(first + count, size), begin))


def _nowhere(tiles: list[Tile], bounds: Bounds, crs: CRS, layer: str) -> str:
    first = tiles[0]
    left, bottom, right, top = first.bounds()
    west, south, east, north = box_in(bounds, crs, first.grid.crs)
    return (
        f"{layer}: no village lies inside {count_rows(len(tiles), 'tile')}; {first.path.name} covers x {left:.6g} to "
        f"{right:.6g}, y {bottom:.6g} to {top:.6g}; the villages need x {west:.6g} to {east:.6g}, y {south:.6g} to "
        f"{north:.6g}. Check that they are the right tiles and that longitude and latitude are not swapped"
    )


def _findings(
    layer: str, known: list[Tile], near: list[Tile], foreign: list[str], twice: int, differing: int
) -> list[Finding]:
    message = f"{len(near)} of {count_rows(len(known), 'tile')} joined"
    if twice:
        message += f"; {twice:,} cells lie in more than one, the first that has a value counts"
    names = tuple(tile.path.name for tile in near)
    findings = [
        Finding(layer=layer, word="clean", severity="note", message=message, count=len(near), rows=names)
    ]
    if differing:
        message = (
            f"{differing:,} cells differ by more than {_SAME_HEIGHT:g} m between overlapping tiles; the first tile "
            "counts. Check that the tiles are of one data set"
        )
        findings.append(
            Finding(layer=layer, word="correct", severity="warning", message=message, count=differing)
        )
    if foreign:
        message = (
            f"{count_rows(len(foreign), 'tile')} of another CRS, cell size or alignment resampled onto the grid of the "
            f"others, bilinearly: {name_rows(foreign)}"
        )
        findings.append(
            Finding(
                layer=layer,
                word="clean",
                severity="warning",
                message=message,
                count=len(foreign),
                rows=tuple(foreign),
            )
        )
    return findings
