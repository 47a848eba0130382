"""Raster files as such: open them north-up, find the window that is wanted, read it band by band."""

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.env import get_gdal_config, set_gdal_config
from rasterio.errors import NotGeoreferencedWarning, RasterioError, RasterioIOError
from rasterio.io import MemoryFile
from rasterio.windows import Window, from_bounds

from lomsong.compiled import parallel_kernel, prange
from lomsong.errors import CrsError, SourceError
from lomsong.grid import Raster
from lomsong.scratch import make_room
from lomsong.sources.containers import unpack_one
from lomsong.sources.files import require_file
from lomsong.sources.vectors import settle_crs
from lomsong.sources.virtual_rasters import is_description, is_virtual, named_rasters, read_head

#: Rows that are read at a time: whole tiles of usual files, and a nation's width of them in 60 MB.
BAND_ROWS = 512
#: Files of a folder that are taken for tiles. A VRT must be named itself: it names tiles that may lie beside it.
TILE_SUFFIXES = (".tif", ".tiff", ".hgt", ".img", ".asc")
#: Such files packed one by one, as ``N44W072.SRTMGL1.hgt.zip``.
PACKED_SUFFIXES = (".zip", ".gz")
#: GDAL keeps blocks that are never asked for again; left alone it takes a twentieth of the machine. This holds a band of a
#: nation and what its tiles reach beyond it. [bytes]
_CACHE_BYTES = 256 << 20
#: Types whose values are all float32: GDAL may turn them into it by itself.
_WITHIN_FLOAT32 = ("uint8", "int8", "uint16", "int16", "float32")
#: Red, green and blue, and their opacity.
_PICTURE_BANDS = (3, 4)
#: No coordinate or cell is as large as this, and no cell as small as its inverse. [unit of the CRS]
_BEYOND_ALL = 1e9

Bounds = tuple[float, float, float, float]


@contextmanager
def open_raster(
    path: Path, *, layer: str, declared_crs: str | None
) -> Iterator[tuple[rasterio.DatasetReader, CRS]]:
    """
    Open a north-up raster with its CRS; whatever fails while it is read becomes one clear error.

    Raises
    ------
    MissingSourceError, SourceError, CrsError
        No file, not a raster, corrupt, rotated, a picture, no CRS, or one that the villages' CRS has no way to.
    """
    require_file(path, layer=layer)
    try:
        with open_dataset(path, layer=layer) as dataset:
            found = CRS.from_user_input(dataset.crs) if dataset.crs else None
            raster_crs = settle_crs(found, declared_crs, layer=layer)
            try:
                find_layout(dataset, path.name)
            except SourceError as error:
                raise SourceError(f"{layer}: {error}") from None
            yield dataset, raster_crs
    except (RasterioIOError, UnicodeDecodeError) as error:  # rasterio takes every message of GDAL for UTF-8
        raise SourceError(f"{layer}: {path.name} is not a readable raster: {gdal_reason(error)}") from None
    except ProjError as error:
        raise CrsError(
            f"{layer}: nothing leads from the villages' CRS to that of {path.name}: {gdal_reason(error)}"
        ) from None
    except RasterioError as error:
        raise SourceError(f"{layer}: {path.name}: {gdal_reason(error)}") from None


@contextmanager
def open_dataset(path: Path, *, layer: str) -> Iterator[rasterio.DatasetReader]:
    """
    Open a raster, also the only one in a zip or gzip archive, which is unpacked in memory.

    One that does not say where it lies is refused by `find_layout`, not warned of.

    Raises
    ------
    SourceError
        A broken or unsafe archive, or one that unpacks to more than `MOST_IN_MEMORY`.
    RasterioError
        Not a readable raster.
    """
    with ExitStack() as opened:
        place: Path | str = path
        head = read_head(path, layer=layer)
        if path.suffix.lower() in PACKED_SUFFIXES or head.startswith(b"PK\x03\x04"):
            # GDAL would open zipped SRTM tiles by itself, and crashes on broken ones
            name, content = unpack_one(path, layer=layer, suffixes=TILE_SUFFIXES)
            # the tile's own name says where it lies
            place = opened.enter_context(MemoryFile(content, filename=name)).name
        elif is_virtual(head):
            named_rasters(path, layer=layer)  # for its refusals: GDAL opens whatever one names
        elif is_description(head):
            raise SourceError(
                f"{layer}: {path.name} is not a readable raster: it describes one that lies elsewhere"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            dataset = opened.enter_context(rasterio.open(place))
        # for the process: an environment of rasterio would have to end in order, which half-read bands do not
        if get_gdal_config("GDAL_CACHEMAX") > _CACHE_BYTES:
            set_gdal_config("GDAL_CACHEMAX", _CACHE_BYTES)
        yield dataset


def find_layout(dataset: rasterio.DatasetReader, name: str) -> Affine:
    """
    Return the transform of a north-up raster with one layer of values.

    Raises
    ------
    SourceError
        It does not say where it lies, is rotated, or has several bands besides an opacity.
    """
    affine: Affine = dataset.transform
    if affine.is_identity:
        raise SourceError(
            f"{name} does not say where it lies; georeference it first, as gdal_translate -a_ullr does"
        )
    if affine.b or affine.d or affine.e >= 0 or affine.a <= 0:
        raise SourceError(f"{name} is rotated or upside down; warp it north-up with gdalwarp first")
    sides, corner = np.abs([affine.a, affine.e]), np.abs([affine.c, affine.f])
    if not ((sides > 1 / _BEYOND_ALL).all() and (sides < _BEYOND_ALL).all() and (corner < _BEYOND_ALL).all()):
        raise SourceError(
            f"{name} has cells of {affine.a:g} by {-affine.e:g} at {affine.c:g}, {affine.f:g}: its place is damaged"
        )
    bands = sum(each != ColorInterp.alpha for each in dataset.colorinterp)
    if bands in _PICTURE_BANDS and set(dataset.dtypes) == {"uint8"}:
        raise SourceError(
            f"{name} is a picture of {dataset.count} colour bands, no layer of values; fetch the layer itself"
        )
    if bands > 1:
        raise SourceError(
            f"{name} has {bands} bands and nothing says which counts; write that one into a file of its own: "
            f"gdal_translate -b 1 {name} band_1.tif"
        )
    return affine


def read_window(
    path: Path,
    *,
    layer: str,
    bounds: Bounds,
    crs: CRS,
    declared_crs: str | None = None,
    nodata: float | None = None,
) -> Raster:
    """
    Read the part of a raster inside `bounds` (west, south, east, north in `crs`) and two cells around it.

    Holds that part once, as float32, in memory or in a file, see `make_room`.

    Raises
    ------
    MissingSourceError, SourceError, CrsError
        As `open_raster`; or it lies elsewhere.
    """
    with open_raster(path, layer=layer, declared_crs=declared_crs) as (dataset, raster_crs):
        box = Transformer.from_crs(crs, raster_crs, always_xy=True).transform_bounds(*bounds, densify_pts=21)
        window = find_window(dataset, box, layer=layer, name=path.name)
        values = make_room((window.height, window.width))
        for first, band in read_bands(dataset, window, nodata=nodata):
            values[first : first + len(band)] = band
        affine = dataset.transform
    left, top = affine.c + window.col_off * affine.a, affine.f + window.row_off * affine.e
    return Raster(values, (left, affine.a, top, affine.e), raster_crs)


def read_bands(
    dataset: rasterio.DatasetReader, window: Window, *, nodata: float | None
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """
    Read a window from top to bottom.

    Parameters
    ----------
    dataset : rasterio.DatasetReader
        From `open_raster`.
    window : Window
        In whole cells.
    nodata : float, optional
        Missing value of the user; without it the file's own, and its mask.

    Yields
    ------
    first, values : int, ndarray of shape (rows, columns)
        First row of the band, counted from the window's; NaN where missing. The scale and offset that the file
        declares are applied: it may store heights in decimetres. The next band may take the place of the values.
    """
    masked = nodata is None and MaskFlags.nodata not in dataset.mask_flag_enums[0]
    masked &= MaskFlags.all_valid not in dataset.mask_flag_enums[0]
    missing = dataset.nodata if nodata is None else nodata
    scale, offset = np.float32(dataset.scales[0]), np.float32(dataset.offsets[0])
    shape = (min(BAND_ROWS, window.height), window.width)
    # one room for all bands: a new one for each costs as much as all that is done in it
    room = np.empty(shape, dtype=np.float32) if not masked and dataset.dtypes[0] in _WITHIN_FLOAT32 else None
    for first in range(0, window.height, BAND_ROWS):
        rows = min(BAND_ROWS, window.height - first)
        part = Window(window.col_off, window.row_off + first, window.width, rows)
        if room is None:
            values = dataset.read(1, window=part, masked=masked).astype(np.float32, copy=False)
        else:
            values = dataset.read(1, window=part, out=room[:rows])
        plain = plain_values(values, missing)
        yield first, plain if scale == 1 and offset == 0 else plain * scale + offset


def plain_values(
    values: np.ma.MaskedArray | NDArray[np.float32], nodata: float | None
) -> NDArray[np.float32]:
    """Return values with NaN for what is masked, equal to `nodata` or not finite."""
    plain: NDArray[np.float32] = np.ma.filled(values, np.nan)
    with np.errstate(over="ignore"):  # beyond float32 the value is infinite, and so missing too
        missing = np.float32(np.nan if nodata is None else nodata)
    _clear_missing(plain.reshape(-1), missing)
    return plain


@parallel_kernel
def _clear_missing(values: NDArray[np.float32], missing: np.float32) -> None:
    for k in prange(len(values)):
        value = values[k]
        values[k] = np.float32(np.nan) if value == missing or not np.isfinite(value) else value


def find_window(dataset: rasterio.DatasetReader, box: Bounds, *, layer: str, name: str) -> Window:
    """
    Return the cells of a raster inside a box of its own CRS and two cells around.

    Raises
    ------
    SourceError
        The raster lies elsewhere.
    """
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


def gdal_reason(error: BaseException) -> str:
    """Return the first line of what GDAL says is wrong."""
    cause = error.__cause__ or error
    return (str(cause).splitlines() or [type(error).__name__])[0][:200]
