"""Population rasters: people per cell, whatever the file counts and however many tiles it comes in."""

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio.windows import Window

from lomsong.compiled import parallel_kernel, prange
from lomsong.findings import Finding
from lomsong.grid import Raster, row_areas_m2
from lomsong.settings import PopulationSource
from lomsong.sources.raster_files import Bounds, find_window, open_raster, read_bands, read_window
from lomsong.sources.terrain_tiles import find_tiles, read_tiles
from lomsong.zonal import Band, ZonalSums, sum_bands

LAYER = "population"
#: No cell of a population raster holds more; a larger number is an undeclared missing value. [persons]
MOST_PEOPLE = 5_000_000.0
_M2_PER_KM2 = 1e6


def read_population(source: PopulationSource, *, bounds: Bounds, crs: CRS) -> tuple[Raster, list[Finding]]:
    """
    Read people per cell inside `bounds` (west, south, east, north in `crs`).

    A file, a VRT, or a folder of tiles on one grid. Holds the window once in memory (twice for a folder).

    Returns
    -------
    raster : Raster
        NaN where missing; negative numbers and those above `MOST_PEOPLE` are missing. [persons]
    findings : list of Finding
        Impossible numbers, counted; and what a cell is taken to count where the settings do not say.

    Raises
    ------
    MissingSourceError, SourceError, CrsError
        No file, not a raster, corrupt, no CRS, tiles of different grids, or it lies elsewhere.
    """
    path = Path(source.path)
    findings = _unit_findings(source)
    if path.is_dir():
        raster, found = read_tiles(
            find_tiles(path, layer=LAYER),
            bounds=bounds,
            crs=crs,
            layer=LAYER,
            declared_crs=source.crs,
            nodata=source.nodata,
            may_resample=False,
        )
        findings += found
    else:
        raster = read_window(source, layer=LAYER, bounds=bounds, crs=crs)
    areas_m2 = row_areas_m2(raster.transform, raster.values.shape, raster.crs)
    impossible = _count_people(raster.values, areas_m2, source)
    return raster, findings + _impossible_findings(impossible)


def sum_people(source: PopulationSource, areas: gpd.GeoSeries) -> tuple[ZonalSums, list[Finding]]:
    """
    Count the people of each polygon while the raster is read; no more than a band of it is in memory.

    Parameters
    ----------
    source : PopulationSource
        One file or VRT.
    areas : GeoSeries
        Valid polygons in any CRS, empty ones allowed.

    Returns
    -------
    sums : ZonalSums
        Each cell by the exact part of it that the polygon covers. [persons]
    findings : list of Finding
        As `read_population`.

    Raises
    ------
    MissingSourceError, SourceError, CrsError
        As `read_population`.
    """
    impossible = [0]
    with open_raster(source, layer=LAYER) as (dataset, raster_crs):
        to_raster = Transformer.from_crs(CRS.from_user_input(areas.crs), raster_crs, always_xy=True)
        west, south, east, north = areas.total_bounds
        box = to_raster.transform_bounds(west, south, east, north, densify_pts=21)
        window = find_window(dataset, box, layer=LAYER, name=Path(source.path).name)
        affine = dataset.transform
        left, top = affine.c + window.col_off * affine.a, affine.f + window.row_off * affine.e
        transform = (left, affine.a, top, affine.e)
        areas_m2 = row_areas_m2(transform, (window.height, window.width), raster_crs)

        def bands(part: Window) -> Iterator[Band]:
            for first, values in read_bands(dataset, part, nodata=source.nodata):
                impossible[0] += _count_people(values, areas_m2[first : first + len(values)], source)
                yield first, values

        sums = sum_bands(areas, bands(window), transform, raster_crs)
    return sums, _unit_findings(source) + _impossible_findings(impossible[0])


def _count_people(
    values: NDArray[np.float32], areas_m2: NDArray[np.float64], source: PopulationSource
) -> int:
    """Turn values into people in place; return how many cells cannot be."""
    factors = areas_m2 / _M2_PER_KM2 if source.unit == "persons_per_km2" else np.ones(len(values))
    counts = np.zeros(len(values), dtype=np.int64)
    _convert_rows(values, factors.astype(np.float32), counts)
    return int(counts.sum())


@parallel_kernel
def _convert_rows(
    values: NDArray[np.float32], factors: NDArray[np.float32], impossible: NDArray[np.int64]
) -> None:
    for row in prange(len(values)):
        for column in range(values.shape[1]):
            people = values[row, column] * factors[row]
            if people < 0 or people > MOST_PEOPLE:
                people = np.float32(np.nan)
                impossible[row] += 1
            values[row, column] = people


def _unit_findings(source: PopulationSource) -> list[Finding]:
    if source.unit is not None:
        return []
    message = (
        f"{Path(source.path).name} is taken to hold people per cell; set 'unit' under inputs.population, to "
        "persons_per_cell or persons_per_km2"
    )
    return [
        Finding(
            layer=LAYER,
            word="correct",
            severity="assumption",
            message=message,
            source="what WorldPop, GHSL and HRSL publish as counts",
        )
    ]


def _impossible_findings(count: int) -> list[Finding]:
    if not count:
        return []
    message = (
        f"{count:,} cells with a population below 0 or above {MOST_PEOPLE:,.0f} taken as missing; set 'nodata' in the "
        "settings if they are a missing value"
    )
    return [Finding(layer=LAYER, word="correct", severity="warning", message=message, count=count)]
