"""Sums of square web-map tiles over polygons, each tile counted by the exact part of it that the polygon covers."""

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS

from lomsong.grid import BAND_ROWS, Band
from lomsong.zonal import ZonalSums, sum_bands

#: Half the circumference of the sphere of web maps. [m]
_HALF_WORLD_M = 20_037_508.342789244

_Floats = NDArray[np.float64]
_Longs = NDArray[np.int64]


def sum_tiles(
    areas: gpd.GeoSeries, column: ArrayLike, row: ArrayLike, weights: ArrayLike, *, zoom: int
) -> ZonalSums:
    """
    Sum square web-map tiles over polygons, each by the part of it that lies inside.

    Parameters
    ----------
    areas : GeoSeries
        Valid polygons in any CRS.
    column, row : array_like of int, shape (tiles,)
        Tile numbers, counted from the north-west corner of the world. Tiles that appear twice add up.
    weights : array_like, shape (tiles,)
        What to sum, such as tests; NaN counts as nothing.
    zoom : int
        Zoom level of the tiles; speed tests come at 16.

    Returns
    -------
    ZonalSums
        ``covered`` counts tiles.
    """
    side = 2 * _HALF_WORLD_M / 2**zoom
    across, down = np.asarray(column, dtype=np.int64), np.asarray(row, dtype=np.int64)
    given = np.asarray(weights, dtype=np.float64)
    use = np.isfinite(given)
    across, down, given = across[use], down[use], given[use]
    if not len(given):
        return ZonalSums(np.zeros(len(areas)), np.zeros(len(areas)))
    west = int(across.min())
    transform = (west * side - _HALF_WORLD_M, side, _HALF_WORLD_M, -side)
    bands = _tile_bands(across - west, down, given)
    return sum_bands(areas, bands, transform, CRS.from_epsg(3857))


def _tile_bands(column: _Longs, row: _Longs, weights: _Floats) -> Iterator[Band]:
    """Lay tiles out in bands, of those rows only that have any."""
    columns = int(column.max()) + 1
    band = row // BAND_ROWS
    order = np.argsort(band, kind="stable")
    numbers, start = np.unique(band[order], return_index=True)
    for number, tiles in zip(numbers.tolist(), np.split(order, start[1:]), strict=True):
        cell = (row[tiles] - number * BAND_ROWS) * columns + column[tiles]
        size = BAND_ROWS * columns
        values = np.bincount(cell, weights=weights[tiles], minlength=size)
        values[np.bincount(cell, minlength=size) == 0] = np.nan
        yield number * BAND_ROWS, values.reshape(BAND_ROWS, columns)
