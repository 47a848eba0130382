"""Population rasters: people per cell, whatever the file counts and however many tiles it comes in."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio.windows import Window

from lomsong.compiled import parallel_kernel, prange
from lomsong.findings import Finding
from lomsong.grid import BAND_ROWS, Band, row_areas_m2
from lomsong.settings import PopulationSource
from lomsong.sources.raster_files import Bounds, find_window, open_raster, read_bands
from lomsong.sources.terrain_tiles import LaidTiles, lay_tiles
from lomsong.sources.tile_files import find_tiles

LAYER = "population"
#: No cell of a population raster holds more; a larger number is an undeclared missing value. [persons]
MOST_PEOPLE = 5_000_000.0
_M2_PER_KM2 = 1e6


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """
    People per cell in a file or a VRT, read when they are asked for; `Banded`.

    Attributes
    ----------
    path : Path
        The file.
    source : PopulationSource
        What is said of it.
    window : Window
        The part that is wanted.
    transform, shape, crs
        As of `Raster`, of that part.
    """

    path: Path
    source: PopulationSource
    window: Window
    transform: tuple[float, float, float, float]
    shape: tuple[int, int]
    crs: CRS

    @classmethod
    def open(cls, path: Path, source: PopulationSource, bounds: Bounds, crs: CRS) -> "PeopleFile":
        """Find the part of the file inside `bounds`, in `crs`."""
        with open_raster(path, layer=LAYER, declared_crs=source.crs) as (dataset, raster_crs):
            to_raster = Transformer.from_crs(crs, raster_crs, always_xy=True)
            box = to_raster.transform_bounds(*bounds, densify_pts=21)
            window = find_window(dataset, box, layer=LAYER, name=path.name)
            affine = dataset.transform
        left, top = affine.c + window.col_off * affine.a, affine.f + window.row_off * affine.e
        transform = (left, affine.a, top, affine.e)
        return cls(path, source, window, transform, (window.height, window.width), raster_crs)

    def bands(self, first: int = 0, last: int | None = None) -> Iterator[Band]:
        """Read rows `first` up to `last`; negative numbers and those above `MOST_PEOPLE` are missing."""
        return (each.band for each in self.counted_bands(first, last))

    def counted_bands(self, first: int = 0, last: int | None = None) -> "Iterator[CountedBand]":
        """Read as `bands`, and count what is impossible."""
        end = self.shape[0] if last is None else last
        areas_m2 = row_areas_m2(self.transform, self.shape, self.crs)
        column, row = self.window.col_off, self.window.row_off + first
        wanted = Window(column, row, self.window.width, max(end - first, 0))
        with open_raster(self.path, layer=LAYER, declared_crs=self.source.crs) as (dataset, _):
            for top, values in read_bands(dataset, wanted, nodata=self.source.nodata):
                rows = slice(first + top, first + top + len(values))
                impossible = _count_people(values, areas_m2[rows], self.source)
                yield CountedBand((first + top, values), impossible)


@dataclass(frozen=True, slots=True)
class PeopleTiles:
    """People per cell in tiles on one grid, read when they are asked for; `Banded`."""

    source: PopulationSource
    tiles: LaidTiles

    @property
    def transform(self) -> tuple[float, float, float, float]:
        """As of `Raster`."""
        return self.tiles.transform

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.tiles.shape

    @property
    def crs(self) -> CRS:
        """Coordinate system of the tiles."""
        return self.tiles.crs

    def bands(self, first: int = 0, last: int | None = None) -> Iterator[Band]:
        """Read rows `first` up to `last`, as `PeopleFile.bands`."""
        return (each.band for each in self.counted_bands(first, last))

    def counted_bands(self, first: int = 0, last: int | None = None) -> "Iterator[CountedBand]":
        """Read as `bands`, and count what is impossible, and the cells that tiles share."""
        end = self.shape[0] if last is None else last
        areas_m2 = row_areas_m2(self.transform, self.shape, self.crs)
        for top in range(first, end, BAND_ROWS):
            part, overlap = self.tiles.read(top, min(top + BAND_ROWS, end))
            rows = slice(top, top + part.shape[0])
            impossible = _count_people(part.values, areas_m2[rows], self.source)
            yield CountedBand((top, part.values), impossible, *overlap)


class CountedBand(NamedTuple):
    """A band, its cells with an impossible number, those in several tiles, and those of them that differ."""

    band: Band
    impossible: int
    twice: int = 0
    differing: int = 0


def read_population(
    source: PopulationSource, *, bounds: Bounds, crs: CRS
) -> tuple[PeopleFile | PeopleTiles, list[Finding]]:
    """
    Make people per cell inside `bounds` (west, south, east, north in `crs`) ready to be read band by band.

    A file, a VRT, or tiles on one grid. Everything is read once here, so that what is broken or impossible
    is told at the start; no more than a band of it is in memory.

    Returns
    -------
    people : Banded
        NaN where missing; negative numbers and those above `MOST_PEOPLE` are missing. [persons]
    findings : list of Finding
        Impossible numbers, counted; and what a cell is taken to count where the settings do not say.

    Raises
    ------
    MissingSourceError, SourceError, CrsError
        No file, not a raster, corrupt, no CRS, tiles of different grids, or it lies elsewhere.
    """
    people = _open(source, bounds, crs)
    counts = [band[1:] for band in people.counted_bands()]
    impossible, twice, differing = (sum(column) for column in zip(*counts, strict=True))
    findings = _unit_findings(source)
    if isinstance(people, PeopleTiles):
        findings += people.tiles.findings((twice, differing))
    return people, findings + _impossible_findings(impossible)


def _open(source: PopulationSource, bounds: Bounds, crs: CRS) -> PeopleFile | PeopleTiles:
    if (path := source.only_file) is not None:
        return PeopleFile.open(path, source, bounds, crs)
    tiles = lay_tiles(
        find_tiles(source.paths, layer=LAYER),
        bounds=bounds,
        crs=crs,
        layer=LAYER,
        declared_crs=source.crs,
        nodata=source.nodata,
        may_resample=False,
    )
    return PeopleTiles(source, tiles)


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
        count = 0
        for column in range(values.shape[1]):
            people = values[row, column] * factors[row]
            wrong = people < 0 or people > MOST_PEOPLE
            values[row, column] = np.float32(np.nan) if wrong else people
            count += wrong
        impossible[row] = count


def _unit_findings(source: PopulationSource) -> list[Finding]:
    if source.unit is not None:
        return []
    message = (
        f"{', '.join(path.name for path in source.paths[:3])} is taken to hold people per cell; set 'unit' under inputs.population, to "
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
