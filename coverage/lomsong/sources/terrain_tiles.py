"""Several raster tiles as one window: a folder, a list of files or a VRT, on the grid that most of them share."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.warp import reproject
from rasterio.windows import Window

from lomsong.contracts import problem_list
from lomsong.errors import CrsError, LomsongError, MissingSourceError, SourceError
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.grid import Raster
from lomsong.sources.files import require_file
from lomsong.sources.raster_files import (
    PACKED_SUFFIXES,
    TILE_SUFFIXES,
    Bounds,
    find_layout,
    gdal_reason,
    open_dataset,
    read_bands,
)
from lomsong.sources.vectors import settle_crs

#: Cells more than this share of a cell off the common grid are resampled onto it. [cell]
_ON_GRID = 0.01
#: Overlapping tiles that differ more than this do not tell the same ground. [unit of the layer]
_SAME_HEIGHT = 1.0
#: Cells around the wanted bounds, so that bilinear look-ups at their edge find neighbours.
_MARGIN_CELLS = 2


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where the cells of a raster lie: CRS, cell sizes (positive), and one cell corner."""

    crs: CRS
    x_step: float
    y_step: float
    left: float
    top: float

    def key(self) -> tuple[str, float, float]:
        """Return what tiles of one data set have in common."""
        name = str(self.crs.to_epsg() or self.crs.to_wkt())
        return name, float(f"{self.x_step:.6g}"), float(f"{self.y_step:.6g}")

    def holds(self, other: "_Grid") -> bool:
        """Tell whether the other's cells are cells of this grid."""
        if self.key() != other.key():
            return False
        across, down = (other.left - self.left) / self.x_step, (other.top - self.top) / self.y_step
        return abs(across - round(across)) <= _ON_GRID and abs(down - round(down)) <= _ON_GRID


@dataclass(frozen=True, slots=True)
class _Tile:
    path: Path
    grid: _Grid
    rows: int
    columns: int

    def bounds(self) -> Bounds:
        """Return west, south, east and north edge in the tile's own CRS."""
        grid = self.grid
        return grid.left, grid.top - self.rows * grid.y_step, grid.left + self.columns * grid.x_step, grid.top


def find_tiles(path: Path | Sequence[Path], *, layer: str) -> list[Path]:
    """
    List the tiles that a folder holds, or check that the files of a list are there.

    Parameters
    ----------
    path : Path or sequence of Path
        A folder (its own tiles, not those of folders within), one raster or VRT, or several rasters.
    layer : str
        Which layer, for messages.

    Returns
    -------
    list of Path
        A folder's tiles in the order of their names, a list's in its own order: where tiles overlap the first
        counts.

    Raises
    ------
    MissingSourceError
        A file is not there, or a folder holds no tile.
    """
    if not isinstance(path, Path):
        return [tile for each in path for tile in find_tiles(each, layer=layer)]
    if not path.is_dir():
        return [require_file(path, layer=layer)]
    files = sorted(each for each in path.iterdir() if each.is_file())
    found = [each for each in files if each.suffix.lower() in TILE_SUFFIXES]
    plain = {each.name.casefold() for each in found}
    # a tile that lies there unpacked, too, is read from there
    found += [each for each in files if _is_packed_tile(each) and each.stem.casefold() not in plain]
    found.sort()
    if not found:
        raise MissingSourceError(
            f"{layer}: the folder {path} holds no raster ({', '.join(TILE_SUFFIXES)}); name the folder of the tiles"
        )
    return found


def _is_packed_tile(path: Path) -> bool:
    """Tell whether an archive is taken for a tile: any zip, and what is gzipped under a tile's name."""
    suffix = path.suffix.lower()
    return suffix in PACKED_SUFFIXES and (suffix == ".zip" or Path(path.stem).suffix.lower() in TILE_SUFFIXES)


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
    that has a value counts. Holds the window twice in memory, never a whole tile.

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
    joined, overlap = laid.read(0, laid.shape[0])
    return joined, laid.findings(overlap)


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
    known: tuple[_Tile, ...]
    near: tuple[_Tile, ...]
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
        part = Raster(
            np.full((last - first, self.shape[1]), np.nan, dtype=np.float32),
            (left, x_step, top + first * y_step, y_step),
            self.crs,
        )
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
    known = _open_all(tiles, layer, declared_crs)
    near = [tile for tile in known if _overlaps(tile, bounds, crs)]
    if not near:
        raise SourceError(_nowhere(known, bounds, crs, layer))
    grid = _common_grid(near)
    foreign = [tile.path.name for tile in near if not grid.holds(tile.grid)]
    if foreign and not may_resample:
        raise SourceError(
            f"{layer}: {count_rows(len(foreign), 'tile')} of another CRS, cell size or alignment than the others, and "
            f"counts cannot be interpolated: {name_rows(foreign)}; keep tiles of one data set in the folder"
        )
    window = _window(near, grid, bounds, crs)
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


def _open_all(tiles: Sequence[Path], layer: str, declared_crs: str | None) -> list[_Tile]:
    found, problems = [], []
    for path in tiles:
        try:
            found.append(_open(path, layer, declared_crs))
        except (RasterioError, UnicodeDecodeError) as error:
            by_name = ".hgt" in path.name.lower()
            hint = "; its name must say where it lies, such as N22E104.hgt" if by_name else ""
            problems.append(f"{path.name} is not a readable raster: {gdal_reason(error)}{hint}")
        except LomsongError as error:
            problems.append(
                f"{path.name}: {str(error).removeprefix(layer + ': ').removeprefix(path.name + ' ')}"
            )
    if problems:
        raise SourceError(problem_list(layer, problems))
    return found


def _open(path: Path, layer: str, declared_crs: str | None) -> _Tile:
    with open_dataset(path, layer=layer) as dataset:
        found = CRS.from_user_input(dataset.crs) if dataset.crs else None
        crs = settle_crs(found, declared_crs, layer=layer)
        affine = find_layout(dataset, path.name)
        grid = _Grid(crs, affine.a, -affine.e, affine.c, affine.f)
        return _Tile(path, grid, dataset.height, dataset.width)


@lru_cache(maxsize=64)
def _transformer(crs: CRS, into: CRS) -> Transformer:
    return Transformer.from_crs(
        crs, into, always_xy=True
    )  # slow to make, and there may be thousands of tiles


def _box(bounds: Bounds, crs: CRS, into: CRS) -> Bounds:
    try:
        box: Bounds = _transformer(crs, into).transform_bounds(*bounds, densify_pts=21)
    except ProjError as error:
        raise CrsError(f"raster tiles: nothing leads from {crs.name} to {into.name}: {error}") from None
    return box


def _overlaps(tile: _Tile, bounds: Bounds, crs: CRS) -> bool:
    west, south, east, north = _box(bounds, crs, tile.grid.crs)
    left, bottom, right, top = tile.bounds()
    return west < right and east > left and south < top and north > bottom


def _common_grid(tiles: list[_Tile]) -> _Grid:
    """Return the grid that most tiles lie on; of equally common ones the finer, then the first."""
    votes = Counter(tile.grid.key() for tile in tiles)
    area = {tile.grid.key(): Raster(*_cell(tile.grid)).cell_size_m() for tile in tiles}
    chosen = min(votes, key=lambda key: (-votes[key], area[key]))  # of equals the first inserted
    return next(tile.grid for tile in tiles if tile.grid.key() == chosen)


def _cell(grid: _Grid) -> tuple[NDArray[np.float32], tuple[float, float, float, float], CRS]:
    one = np.zeros((1, 1), dtype=np.float32)
    return one, (grid.left, grid.x_step, grid.top, -grid.y_step), grid.crs


def _window(tiles: list[_Tile], grid: _Grid, bounds: Bounds, crs: CRS) -> Window:
    """Return the wanted cells of the grid, clipped to what the tiles cover together; may start left of the grid."""
    west, south, east, north = _box(bounds, crs, grid.crs)
    edges = np.array([_box(tile.bounds(), tile.grid.crs, grid.crs) for tile in tiles])
    margin_x, margin_y = _MARGIN_CELLS * grid.x_step, _MARGIN_CELLS * grid.y_step
    west, south = max(west - margin_x, edges[:, 0].min()), max(south - margin_y, edges[:, 1].min())
    east, north = min(east + margin_x, edges[:, 2].max()), min(north + margin_y, edges[:, 3].max())
    # edges that lie on the grid but for rounding must not gain an empty row
    first_column = int(np.floor((west - grid.left) / grid.x_step + _ON_GRID))
    first_row = int(np.floor((grid.top - north) / grid.y_step + _ON_GRID))
    last_column = int(np.ceil((east - grid.left) / grid.x_step - _ON_GRID))
    last_row = int(np.ceil((grid.top - south) / grid.y_step - _ON_GRID))
    return Window(first_column, first_row, max(last_column - first_column, 1), max(last_row - first_row, 1))


def _paste(joined: Raster, tile: _Tile, nodata: float | None, layer: str) -> tuple[int, int]:
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


def _source_part(joined: Raster, tile: _Tile) -> Window | None:
    """Return the tile's cells under the joined raster and a margin for resampling, or None."""
    west, south, east, north = _box(joined.bounds, joined.crs, tile.grid.crs)
    grid = tile.grid
    first_column = max(int(np.floor((west - grid.left) / grid.x_step)) - _MARGIN_CELLS, 0)
    first_row = max(int(np.floor((grid.top - north) / grid.y_step)) - _MARGIN_CELLS, 0)
    last_column = min(int(np.ceil((east - grid.left) / grid.x_step)) + _MARGIN_CELLS, tile.columns)
    last_row = min(int(np.ceil((grid.top - south) / grid.y_step)) + _MARGIN_CELLS, tile.rows)
    if last_column <= first_column or last_row <= first_row:
        return None
    return Window(first_column, first_row, last_column - first_column, last_row - first_row)


def _place(
    joined: Raster, tile: _Tile, part: Window, values: NDArray[np.float32]
) -> tuple[slice, slice, NDArray[np.float32]]:
    """Return rows and columns of the joined raster that the values belong to, and the values on its grid."""
    left, x_step, top, y_step = joined.transform
    target, grid = _Grid(joined.crs, x_step, -y_step, left, top), tile.grid
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
    west, south, east, north = _box(edges, grid.crs, joined.crs)
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


def _nowhere(tiles: list[_Tile], bounds: Bounds, crs: CRS, layer: str) -> str:
    first = tiles[0]
    left, bottom, right, top = first.bounds()
    west, south, east, north = _box(bounds, crs, first.grid.crs)
    return (
        f"{layer}: no village lies inside {count_rows(len(tiles), 'tile')}; {first.path.name} covers x {left:.6g} to "
        f"{right:.6g}, y {bottom:.6g} to {top:.6g}; the villages need x {west:.6g} to {east:.6g}, y {south:.6g} to "
        f"{north:.6g}. Check that they are the right tiles and that longitude and latitude are not swapped"
    )


def _findings(
    layer: str, known: list[_Tile], near: list[_Tile], foreign: list[str], twice: int, differing: int
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
