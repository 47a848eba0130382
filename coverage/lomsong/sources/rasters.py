"""Terrain, land-cover and population rasters, read as far as the villages and their masts reach."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError
from rasterio.errors import RasterioError, RasterioIOError
from rasterio.windows import Window, from_bounds

from lomsong.errors import CrsError, SourceError
from lomsong.findings import Finding
from lomsong.grid import Raster
from lomsong.settings import RasterSource
from lomsong.sources.files import require_file
from lomsong.sources.terrain_tiles import find_tiles, read_tiles
from lomsong.sources.vectors import settle_crs

#: Heights beyond these are voids whose missing value the file does not declare. [m]
LOWEST_GROUND_M, HIGHEST_GROUND_M = -500.0, 9000.0
#: Terrain cells whose land cover is looked up at a time: so memory does not grow with the area. [cells]
_BLOCK_CELLS = 250_000

#: No cell of a population raster holds more; a larger number is an undeclared missing value. [persons]
MOST_PEOPLE = 5_000_000.0

Bounds = tuple[float, float, float, float]


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
    values = raster.values
    impossible = (values < LOWEST_GROUND_M) | (values > HIGHEST_GROUND_M)
    values[impossible] = np.nan
    if count := int(impossible.sum()):
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
    if voids := int(np.isnan(values).sum()) - count:
        findings.append(
            Finding(
                layer="terrain",
                word="sufficient",
                severity="note",
                message=f"{voids:,} cells of {values.size:,} have no height; paths across them are not computed",
                count=voids,
            )
        )
    if np.isnan(values).all():
        raise SourceError("terrain: the part around the villages holds no height at all")
    return raster, findings


def read_population(source: RasterSource, *, bounds: Bounds, crs: CRS) -> tuple[Raster, list[Finding]]:
    """
    Read people per cell inside `bounds`; negative counts and those above `MOST_PEOPLE` are missing. [persons]

    Raises
    ------
    MissingSourceError, SourceError, CrsError
        As `read_terrain`.
    """
    raster = _read(source, "population", bounds, crs)
    impossible = (raster.values < 0) | (raster.values > MOST_PEOPLE)
    raster.values[impossible] = np.nan
    if not (count := int(impossible.sum())):
        return raster, []
    message = (
        f"{count:,} cells with a population below 0 or above {MOST_PEOPLE:,.0f} taken as missing; set 'nodata' in the "
        "settings if they are a missing value"
    )
    return raster, [
        Finding(layer="population", word="correct", severity="warning", message=message, count=count)
    ]


def read_land_cover(source: RasterSource, *, terrain: Raster) -> Raster:
    """
    Read the land-cover class at the centre of every cell of the terrain.

    A class has no value between cells, so the cell of the file that holds the point counts.

    Parameters
    ----------
    source : RasterSource
        Whole numbers, in any CRS and cell size.
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
    rows, columns = terrain.values.shape
    codes = np.empty((rows, columns), dtype=np.float32)
    x_left, x_step, y_top, y_step = terrain.transform
    x = x_left + (np.arange(columns) + 0.5) * x_step
    step = max(_BLOCK_CELLS // columns, 1)
    with _opened(source, "land_cover") as (dataset, raster_crs):
        to_cover = Transformer.from_crs(terrain.crs, raster_crs, always_xy=True)
        box = to_cover.transform_bounds(*terrain.bounds, densify_pts=21)
        _window(dataset, box, "land_cover", Path(source.path).name)  # raises where the file lies elsewhere
        for first in range(0, rows, step):
            last = min(first + step, rows)
            y = y_top + (np.arange(first, last) + 0.5) * y_step
            across, down = to_cover.transform(*(axis.ravel() for axis in np.meshgrid(x, y)))
            codes[first:last] = _nearest(dataset, across, down, source.nodata).reshape(-1, columns)
    if np.isnan(codes).all():
        raise SourceError("land_cover: the part around the villages holds no class at all")
    return Raster(codes, terrain.transform, terrain.crs)


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
    found[inside] = _plain(cells.astype(np.float32), nodata)
    return found


def _read_heights(source: RasterSource, bounds: Bounds, crs: CRS) -> tuple[Raster, list[Finding]]:
    """Read one file, or join the tiles of a folder."""
    path = Path(source.path)
    if not path.is_dir():
        return _read(source, "terrain", bounds, crs), []
    tiles = find_tiles(path, layer="terrain")
    return read_tiles(
        tiles, bounds=bounds, crs=crs, layer="terrain", declared_crs=source.crs, nodata=source.nodata
    )


def _read(source: RasterSource, layer: str, bounds: Bounds, crs: CRS) -> Raster:
    with _opened(source, layer) as (dataset, raster_crs):
        affine = dataset.transform
        box = Transformer.from_crs(crs, raster_crs, always_xy=True).transform_bounds(*bounds, densify_pts=21)
        window = _window(dataset, box, layer, Path(source.path).name)
        values = dataset.read(1, window=window, masked=source.nodata is None).astype(np.float32)
        scale, offset = dataset.scales[0], dataset.offsets[0]
    left, top = affine.c + window.col_off * affine.a, affine.f + window.row_off * affine.e
    # a file may store heights in decimetres and say so
    plain = _plain(values, source.nodata) * np.float32(scale) + np.float32(offset)
    return Raster(plain, (left, affine.a, top, affine.e), raster_crs)


@contextmanager
def _opened(source: RasterSource, layer: str) -> Iterator[tuple[rasterio.DatasetReader, CRS]]:
    """Open a north-up raster with its CRS; whatever fails while it is read becomes one clear error."""
    path = require_file(Path(source.path), layer=layer)
    try:
        with rasterio.open(path) as dataset:
            found = CRS.from_user_input(dataset.crs) if dataset.crs else None
            raster_crs = settle_crs(found, source.crs, layer=layer)
            affine = dataset.transform
            if affine.b or affine.d or affine.e >= 0 or affine.a <= 0:
                raise SourceError(
                    f"{layer}: {path.name} is rotated or upside down; warp it north-up with gdalwarp first"
                )
            yield dataset, raster_crs
    except RasterioIOError as error:
        raise SourceError(f"{layer}: {path.name} is not a readable raster: {_reason(error)}") from None
    except ProjError as error:
        raise CrsError(
            f"{layer}: nothing leads from the villages' CRS to that of {path.name}: {_reason(error)}"
        ) from None
    except RasterioError as error:
        raise SourceError(f"{layer}: {path.name}: {_reason(error)}") from None


def _plain(values: np.ma.MaskedArray | NDArray[np.float32], nodata: float | None) -> NDArray[np.float32]:
    """Return values with NaN for what is masked, equal to `nodata` or not finite."""
    plain: NDArray[np.float32] = np.ma.filled(values, np.nan)
    if nodata is not None:
        plain[plain == np.float32(nodata)] = np.nan
    plain[~np.isfinite(plain)] = np.nan
    return plain


def _window(dataset: rasterio.DatasetReader, box: Bounds, layer: str, name: str) -> Window:
    margin = 2 * max(abs(dataset.transform.a), abs(dataset.transform.e))
    wanted = from_bounds(
        box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin, transform=dataset.transform
    )
    first_row, first_column = max(int(np.floor(wanted.row_off)), 0), max(int(np.floor(wanted.col_off)), 0)
    last_row = min(int(np.ceil(wanted.row_off + wanted.height)), dataset.height)
    last_column = min(int(np.ceil(wanted.col_off + wanted.width)), dataset.width)
    if last_row <= first_row or last_column <= first_column:
        west, south, east, north = dataset.bounds
        raise SourceError(
            f"{layer}: no village lies inside {name}, which covers x {west:.6g} to {east:.6g}, y {south:.6g} to "
            f"{north:.6g}; the villages need x {box[0]:.6g} to {box[2]:.6g}, y {box[1]:.6g} to {box[3]:.6g}. "
            "Check that it is the right tile and that longitude and latitude are not swapped"
        )
    return Window(first_column, first_row, last_column - first_column, last_row - first_row)


def _reason(error: BaseException) -> str:
    cause = error.__cause__ or error
    return (str(cause).splitlines() or [type(error).__name__])[0][:200]
