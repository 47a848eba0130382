"""Predicted signal as picture tiles in an archive beside the page, in full detail."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from math import ceil, log2
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.io import DatasetReader, MemoryFile
from rasterio.transform import from_origin
from rasterio.warp import calculate_default_transform, reproject, transform_bounds

from lomsong.errors import OutputError
from lomsong.maps.archives import Archive, archive_name
from lomsong.maps.contents import Packs
from lomsong.maps.frame import WebFrame
from lomsong.maps.packing import pack
from lomsong.maps.signal_contents import LEVELS_DBM, SignalPicture, classify, halve, name_signal, open_signal

#: Colours of the classes, from weak to strong; those of the front end's ``signal.js``.
SIGNAL_COLOURS = (
    "00204d", "00336f", "39486b", "575d6d", "707173", "8a8779", "a69d75", "c4b56c", "e4cf5b",
)  # fmt: skip
#: Side of a tile. [pixel]
_SIDE = 256
#: No tiles finer than this, which are 10 m a pixel at the equator, whatever the raster.
_DEEPEST = 14
#: From this zoom on, no tile lies on both sides of the antimeridian.
_COARSEST = 1
_CLEAR = (0, 0, 0, 0)

_Classes = NDArray[np.uint8]


def signal_tile_contents(paths: Sequence[Path], frame: WebFrame) -> list[SignalPicture]:
    """
    Return signal rasters as archives of picture tiles.

    Parameters
    ----------
    paths : sequence of Path
        As for `signal_contents`.
    frame : WebFrame
        The projection of the map.

    Raises
    ------
    SourceError
        A file is not such a raster.
    """
    return [_picture(path, frame) for path in paths]


def _picture(path: Path, frame: WebFrame) -> SignalPicture:
    with open_signal(path) as source:
        name, meta = name_signal(path, source)
        deepest = _deepest(source, frame)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    archive = Archive(
        archive_name("signal", [digest, str(frame.middle_deg).encode()]),
        partial(write_signal_tiles, path, frame, name, deepest),
    )
    return SignalPicture(
        name, Packs(pack(meta | {"archive": archive.name, "deepest": deepest}, {}), archive=archive)
    )


def _deepest(source: DatasetReader, frame: WebFrame) -> int:
    """Return the first zoom whose pixels are no larger than the raster's cells."""
    transform, _, _ = calculate_default_transform(
        source.crs, frame.crs.to_wkt(), source.width, source.height, *source.bounds
    )
    return int(np.clip(ceil(log2(frame.metres(1.0) / (_SIDE * transform.a)) - 1e-6), _COARSEST, _DEEPEST))


def write_signal_tiles(raster: Path, frame: WebFrame, name: str, deepest: int, path: Path) -> None:
    """
    Write a signal raster as an archive of coloured tiles.

    Parameters
    ----------
    raster : Path
        A ``signal_*.tif``.
    frame : WebFrame
        The projection of the map; tiles past the antimeridian are those of the other side.
    name : str
        What it is called in the archive.
    deepest : int
        Zoom of the finest tiles; coarser ones have the mean class of the four below.
    path : Path
        The file.

    Raises
    ------
    SourceError
        The raster cannot be read.
    OutputError
        The package pmtiles is not installed.
    """
    try:
        from pmtiles.tile import Compression, TileType, zxy_to_tileid  # noqa: PLC0415 - an extra
        from pmtiles.writer import Writer  # noqa: PLC0415
    except ImportError:
        raise OutputError(
            "map: signal rasters as tiles need the package pmtiles; install lomsong[hosted]"
        ) from None
    with open_signal(raster) as source:
        box = transform_bounds(source.crs, frame.crs.to_wkt(), *source.bounds, densify_pts=21)
        tiles = _Tiles(source, frame, box, deepest)
        for x, y in product(range(4), range(2)):
            tiles.build(_COARSEST, x, y)
    south, west, north, east = frame.box_degrees(*box)
    with path.open("wb") as file:
        writer = Writer(file)  # type: ignore[no-untyped-call]
        for number, picture in sorted((zxy_to_tileid(*place), png) for place, png in tiles.pictures.items()):
            writer.write_tile(number, picture)  # type: ignore[no-untyped-call]
        corners = {"min_lon_e7": west, "min_lat_e7": south, "max_lon_e7": east, "max_lat_e7": north}
        writer.finalize(  # type: ignore[no-untyped-call]
            {
                "tile_type": TileType.PNG,
                "tile_compression": Compression.NONE,
                "center_zoom": 0,
                "center_lon_e7": round((west + east) * 5e6),
                "center_lat_e7": round((south + north) * 5e6),
                **{key: round(degrees * 1e7) for key, degrees in corners.items()},
            },
            {"name": name, "levels_dbm": LEVELS_DBM, "colours": SIGNAL_COLOURS},
        )


@dataclass(slots=True)
class _Tiles:
    """The pictures of a raster by zoom, column and row, made from the finest up."""

    source: DatasetReader
    frame: WebFrame
    box: tuple[float, float, float, float]
    deepest: int
    pictures: dict[tuple[int, int, int], bytes] = field(default_factory=dict)

    def build(self, z: int, x: int, y: int) -> _Classes | None:
        """Make a tile and all below it; None where it is empty."""
        if not self._touches(z, x, y):
            return None
        classes = self._warp(z, x, y) if z == self.deepest else self._join(z, x, y)
        if classes is None or not classes.any():
            return None
        self.pictures[z, x % (1 << z), y] = _encode(classes)
        return classes

    def _corner(self, z: int, x: int, y: int) -> tuple[float, float, float]:
        """West and north edge and side of a tile. [m]"""
        west, north = self.frame.place(x / (1 << z), y / (1 << z))
        return west, north, self.frame.metres(1 / (1 << z))

    def _touches(self, z: int, x: int, y: int) -> bool:
        left, top, side = self._corner(z, x, y)
        west, south, east, north = self.box
        return left < east and left + side > west and top > south and top - side < north

    def _warp(self, z: int, x: int, y: int) -> _Classes:
        left, top, side = self._corner(z, x, y)
        levels = np.full((_SIDE, _SIDE), np.nan, dtype=np.float32)
        reproject(
            rasterio.band(self.source, 1),
            levels,
            dst_transform=from_origin(left, top, side / _SIDE, side / _SIDE),
            dst_crs=self.frame.crs.to_wkt(),
            dst_nodata=np.nan,
            resampling=Resampling.nearest,
        )
        return classify(levels)

    def _join(self, z: int, x: int, y: int) -> _Classes | None:
        four = np.zeros((2 * _SIDE, 2 * _SIDE), dtype=np.uint8)
        for down, right in product(range(2), range(2)):
            below = self.build(z + 1, 2 * x + right, 2 * y + down)
            if below is not None:
                four[down * _SIDE : (down + 1) * _SIDE, right * _SIDE : (right + 1) * _SIDE] = below
        return halve(four)


def _encode(classes: _Classes) -> bytes:
    """Return classes as a PNG with a palette."""
    colours = {0: _CLEAR} | {
        number: (*bytes.fromhex(colour), 255) for number, colour in enumerate(SIGNAL_COLOURS, start=1)
    }
    # PNG keeps no georeference, but rasterio warns about pictures without one
    profile = {"driver": "PNG", "height": _SIDE, "width": _SIDE, "count": 1, "dtype": "uint8"}
    with MemoryFile() as memory:
        with memory.open(**profile, transform=rasterio.Affine(1, 0, 0, 0, -1, _SIDE)) as picture:
            picture.write_colormap(1, colours)
            picture.write(classes, 1)
        return bytes(memory.read())
