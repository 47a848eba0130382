"""The part of a large file that an area needs: cells, speed-test tiles, villages, OpenStreetMap objects, a list of tiles."""

import csv
import gzip
import io
import math
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyogrio
import shapely

from lomsong.errors import LomsongError, OutputError, SourceError
from lomsong.settings import LayerSource
from lomsong.sources.remote.areas import Bounds
from lomsong.sources.repair import mend_shapes
from lomsong.sources.vectors import read_vector

#: Header of OpenCelliD; the files of one country may come without it.
_CELL_HEADER = [
    "radio",
    "mcc",
    "net",
    "area",
    "cell",
    "unit",
    "lon",
    "lat",
    "range",
    "samples",
    "changeable",
    "created",
    "updated",
    "averageSignal",
]
#: A list of cells packs to about a fifth; one that unpacks to this many times its size is a trap.
_MOST_UNPACKED, _LEAST_LIMIT = 60, 64 << 20
#: Speed-test tiles are first told by their quadkey's beginning; so many beginnings are looked up at most.
_MOST_PREFIXES, _DEEPEST = 512, 14


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """
    Give a name to write to that becomes `path` when the block ends well.

    Raises
    ------
    OutputError
        The folder cannot be written to.
    """
    aside = path.with_name(f"{path.stem}.new{path.suffix}")
    try:
        yield aside
        aside.replace(path)
    except LomsongError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        aside.unlink(missing_ok=True)


def cut_cells(packed: Iterable[Path], target: Path, bounds: Bounds) -> int:
    """
    Write the cells of an area as one table with the usual header.

    Parameters
    ----------
    packed : iterable of Path
        gzip-packed lists of OpenCelliD, with or without a header.
    target : Path
        CSV.
    bounds : tuple of float
        West, south, east, north. [deg]

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    SourceError
        A list is damaged, or unpacks to more than it may.
    """
    west, south, east, north = bounds
    rows = 0
    with written(target) as aside, aside.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream, lineterminator="\n")
        out.writerow(_CELL_HEADER)
        for path in packed:
            for row in _cell_rows(path):
                try:
                    x, y = float(row[6]), float(row[7])
                except (IndexError, ValueError):
                    continue
                if west <= x <= east and south <= y <= north:
                    out.writerow(row[: len(_CELL_HEADER)])
                    rows += 1
    return rows


def _cell_rows(path: Path) -> Iterator[list[str]]:
    limit = max(_LEAST_LIMIT, _MOST_UNPACKED * path.stat().st_size)
    try:
        with gzip.open(path, "rb") as packed:
            text = io.TextIOWrapper(
                io.BufferedReader(_Limited(packed, limit, path.name)), encoding="utf-8", errors="replace"
            )
            yield from csv.reader(_lines(text))
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        raise SourceError(f"{path.name} is damaged ({str(error)[:100]}); delete it and fetch again") from None


def _lines(text: TextIO) -> Iterator[str]:
    while line := text.readline(1 << 16):
        yield line.replace("\0", "")


class _Limited(io.RawIOBase):
    """A stream that refuses to give more than a limit."""

    def __init__(self, inner: gzip.GzipFile, limit: int, name: str) -> None:
        self._inner, self._left, self._name = inner, limit, name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._inner.read(len(buffer))
        self._left -= len(block)
        if self._left < 0:
            raise SourceError(f"{self._name} unpacks to far more than a list of cells does; not read")
        buffer[: len(block)] = block
        return len(block)


def cut_speed_tests(source: Path, target: Path, bounds: Bounds) -> int:
    """
    Write the tiles of an area out of the file of the whole world, batch by batch.

    Parameters
    ----------
    source, target : Path
        Parquet with a column ``quadkey``.
    bounds : tuple of float
        West, south, east, north; tiles a little beyond may stay. [deg]

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    SourceError
        The file is damaged or has no ``quadkey``.
    """
    prefixes = quadkey_prefixes(bounds)
    depth = len(prefixes[0])
    wanted = pa.array(prefixes, pa.string())
    rows = 0
    try:
        file = pq.ParquetFile(source)
        schema = file.schema_arrow.remove_metadata()
        if "quadkey" not in schema.names:
            raise SourceError(f"{source.name} has no column 'quadkey'; it is no file of Ookla's open data")
        with written(target) as aside, pq.ParquetWriter(aside, schema) as out:
            for batch in file.iter_batches(batch_size=200_000):
                starts = pc.utf8_slice_codeunits(batch.column("quadkey").cast(pa.string()), 0, depth)
                kept = batch.filter(pc.is_in(starts, value_set=wanted))
                if kept.num_rows:
                    out.write_table(pa.Table.from_batches([kept]).replace_schema_metadata(None).cast(schema))
                    rows += kept.num_rows
    except LomsongError:
        raise
    except (pa.ArrowException, ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise OutputError(f"cannot write {target}: {error.strerror}") from None
        raise SourceError(
            f"{source.name} is damaged ({str(error)[:150]}); delete it and fetch again"
        ) from None
    return rows


def quadkey_prefixes(bounds: Bounds) -> list[str]:
    """
    Return the beginnings of the quadkeys of every tile that touches a box.

    Parameters
    ----------
    bounds : tuple of float
        West, south, east, north. [deg]

    Returns
    -------
    list of str
        All of one length, as long as there are not too many.

    References
    ----------
    .. [1] Microsoft, "Bing Maps Tile System".
    """
    found = [""]
    for zoom in range(1, _DEEPEST + 1):
        columns, lines = _tile_range(bounds, zoom)
        if len(columns) * len(lines) > _MOST_PREFIXES:
            break
        found = [_quadkey(column, line, zoom) for line in lines for column in columns]
    return found


def _tile_range(bounds: Bounds, zoom: int) -> tuple[range, range]:
    west, south, east, north = bounds
    count = 1 << zoom

    def column(longitude: float) -> int:
        return min(max(int((longitude + 180) / 360 * count), 0), count - 1)

    def line(latitude: float) -> int:
        angle = math.radians(min(max(latitude, -85.05), 85.05))
        return min(max(int((1 - math.asinh(math.tan(angle)) / math.pi) / 2 * count), 0), count - 1)

    return range(column(west), column(east) + 1), range(line(north), line(south) + 1)


def _quadkey(column: int, line: int, zoom: int) -> str:
    return "".join(str((column >> bit & 1) + 2 * (line >> bit & 1)) for bit in range(zoom - 1, -1, -1))


def cut_villages(source: Path, target: Path, area: shapely.Geometry) -> int:
    """
    Write the polygons whose inner point lies in an area as GeoJSON.

    Returns
    -------
    int
        Rows written; where it is 0 no file is.

    Raises
    ------
    SourceError
        The file is no vector file.
    """
    frame, _ = read_vector(LayerSource(path=source), layer="boundaries")
    inner = shapely.point_on_surface(mend_shapes(frame.geometry.to_numpy()))
    shapely.prepare(area)
    kept = frame[shapely.intersects(area, inner)]
    if kept.empty:
        return 0
    with written(target) as aside:
        try:
            pyogrio.write_dataframe(kept.to_crs("EPSG:4326"), aside, driver="GeoJSON", RFC7946="YES")
        except pyogrio.errors.DataSourceError as error:
            raise OutputError(f"cannot write {target}: {str(error)[:200]}") from None
    return len(kept)
