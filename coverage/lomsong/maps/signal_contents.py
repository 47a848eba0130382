"""Predicted signal as a pyramid of class pictures in the projection of the page."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.errors import RasterioError, RasterioIOError
from rasterio.io import DatasetReader
from rasterio.transform import from_origin
from rasterio.warp import calculate_default_transform, reproject

from lomsong.errors import SourceError
from lomsong.maps.contents import Packs
from lomsong.maps.frame import WebFrame
from lomsong.maps.packing import Packable, pack

#: Lower ends of the classes; class 1 begins at the first, 0 is below it or unknown. [dBm]
LEVELS_DBM = (-125.0, -120.0, -115.0, -110.0, -105.0, -100.0, -95.0, -90.0, -80.0)
#: Most cells of one raster's finest picture: a nation's rasters together stay within some megabytes.
MOST_CELLS = 4_000_000
#: The pyramid ends where a picture has become this small. [cells]
_TOP_CELLS = 128

_Classes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class SignalPicture:
    """One operator and technology: `name` for the layer control, and what the page gets."""

    name: str
    packs: Packs


def signal_contents(
    paths: Sequence[Path], frame: WebFrame, *, most_cells: int = MOST_CELLS
) -> list[SignalPicture]:
    """
    Return signal rasters as the page gets them.

    Parameters
    ----------
    paths : sequence of Path
        ``signal_*.tif`` as `write_raster` makes them: level in the first band [dBm], operator and technology as tags.
    frame : WebFrame
        The projection of the map.
    most_cells : int
        Cells to share among the finest pictures of all rasters.

    Raises
    ------
    SourceError
        A file is not such a raster.
    """
    share = max(most_cells // max(len(paths), 1), _TOP_CELLS**2)
    return [_picture(path, frame, share) for path in paths]


def _picture(path: Path, frame: WebFrame, most_cells: int) -> SignalPicture:
    with open_signal(path) as source:
        name, meta = name_signal(path, source)
        classes, left_m, top_m, cell_m = _warp(source, frame, most_cells)
    levels = pyramid(classes)
    left, top = frame.fraction(left_m, top_m)
    meta |= {
        "left": left,
        "top": top,
        "cell": frame.turn(cell_m),
        "sizes": [list(level.shape) for level in levels],
    }
    arrays: dict[str, Packable] = {f"level{k}": level.ravel() for k, level in enumerate(levels)}
    return SignalPicture(name, Packs(pack(meta, arrays)))


def _warp(source: Any, frame: WebFrame, most_cells: int) -> tuple[_Classes, float, float, float]:
    """Return classes, left and top edge and cell in metres of the frame."""
    crs = CRS.from_user_input(source.crs.to_wkt())
    wkt = frame.crs.to_wkt()
    transform, columns, rows = calculate_default_transform(
        crs.to_wkt(), wkt, source.width, source.height, *source.bounds
    )
    coarser = max(1.0, float(np.sqrt(rows * columns / most_cells)))
    cell = transform.a * coarser
    columns, rows = max(int(np.ceil(columns / coarser)), 1), max(int(np.ceil(rows / coarser)), 1)
    levels = np.full((rows, columns), np.nan, dtype=np.float32)
    reproject(
        rasterio.band(source, 1),
        levels,
        dst_transform=from_origin(transform.c, transform.f, cell, cell),
        dst_crs=wkt,
        dst_nodata=np.nan,
        resampling=Resampling.average if coarser > 1.5 else Resampling.nearest,
    )
    return classify(levels), transform.c, transform.f, cell


def pyramid(classes: _Classes) -> list[_Classes]:
    """Return the picture and its halves; a cell of a half has the mean class of the four below that are known."""
    levels = [classes]
    while max(levels[-1].shape) > _TOP_CELLS:
        levels.append(halve(levels[-1]))
    return levels


def halve(fine: _Classes) -> _Classes:
    """Return classes at half the detail."""
    fine = np.pad(fine, ((0, fine.shape[0] % 2), (0, fine.shape[1] % 2)))
    four = np.stack([fine[::2, ::2], fine[::2, 1::2], fine[1::2, ::2], fine[1::2, 1::2]]).astype(np.uint16)
    known = (four > 0).sum(axis=0)
    mean = (four.sum(axis=0) + known // 2) // np.maximum(known, 1)
    return np.where(known >= 2, mean, 0).astype(np.uint8)


def classify(levels: NDArray[np.float32]) -> _Classes:
    """Return the class of each level, 0 where it is unknown or below all. [dBm]"""
    return np.where(np.isfinite(levels), np.digitize(levels, LEVELS_DBM), 0).astype(np.uint8)


@contextmanager
def open_signal(path: Path) -> Iterator[DatasetReader]:
    """
    Open a signal raster.

    Raises
    ------
    SourceError
        The file is not such a raster.
    """
    try:
        with rasterio.open(path) as source:
            if source.crs is None:
                raise SourceError(
                    f"{path} has no coordinate system; write it again with `lomsong run --rasters`"
                )
            yield source
    except (RasterioIOError, RasterioError) as error:
        raise SourceError(f"{path} cannot be read as a signal raster: {error}") from None


def name_signal(path: Path, source: DatasetReader) -> tuple[str, dict[str, Any]]:
    """Return what a raster is called in the layer control, and what its legend needs."""
    tags = source.tags()
    operator, technology = tags.get("operator", path.stem), tags.get("technology", "")
    meta = {"operator": operator, "technology": technology, "levels_dbm": LEVELS_DBM}
    return f"{operator} {technology.upper()}".strip(), meta
