"""The part of a large file that an area needs: cells, speed-test tiles, villages, OpenStreetMap objects, a list of tiles."""

import csv
import gzip
import io
import json
import math
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyogrio
import rasterio
import shapely
from rasterio.errors import RasterioError

from lomsong.errors import LomsongError, OutputError, SourceError
from lomsong.settings import LayerSource
from lomsong.sources.remote.areas import Bounds
from lomsong.sources.remote.formats import read_json
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
    except (pa.ArrowException, ValueError) as error:
        if isinstance(error, SourceError):
            raise
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
    inner = shapely.point_on_surface(shapely.make_valid(frame.geometry.to_numpy()))
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


def convert_overpass(source: Path, target: Path) -> int:
    """
    Write an answer of Overpass as GeoJSON: points, or lines where their course was asked for.

    Returns
    -------
    int
        Objects written.

    Raises
    ------
    SourceError
        The answer is not what it should be.
    """
    answer = read_json(source)
    elements = answer.get("elements") if isinstance(answer, dict) else None
    rows = [_feature(each) for each in elements] if isinstance(elements, list) else []
    features = sorted(
        (row for row in rows if row is not None), key=lambda row: str(row["properties"]["osm_id"])
    )
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, allow_nan=False) for row in features)
    with written(target) as aside:
        aside.write_text(f'{{"type":"FeatureCollection","features":[\n{lines}\n]}}\n', encoding="utf-8")
    return len(features)


def _feature(element: Any) -> dict[str, Any] | None:
    if not isinstance(element, dict) or not isinstance(element.get("type"), str):
        return None
    geometry = _geometry(element)
    if geometry is None:
        return None
    tags = element.get("tags")
    texts = (
        {key: value for key, value in tags.items() if isinstance(value, str)}
        if isinstance(tags, dict)
        else {}
    )
    name = {"osm_id": f"{element['type']}/{element.get('id')}"}
    return {"type": "Feature", "properties": {**texts, **name}, "geometry": geometry}


def _geometry(element: dict[str, Any]) -> dict[str, Any] | None:
    course = element.get("geometry")
    if isinstance(course, list):
        places = [place for place in map(_place, course) if place is not None]
        if len(places) > 1:
            return {"type": "LineString", "coordinates": places}
    for where in (element, element.get("center")):
        place = _place(where)
        if place is not None:
            return {"type": "Point", "coordinates": place}
    return None


def _place(where: Any) -> list[float] | None:
    if not isinstance(where, dict):
        return None
    x, y = where.get("lon"), where.get("lat")
    if not (isinstance(x, int | float) and isinstance(y, int | float)):
        return None
    return [float(x), float(y)] if -180 <= x <= 180 and -90 <= y <= 90 else None


def write_vrt(tiles: list[Path], target: Path) -> int:
    """
    Write a virtual raster over tiles of one grid, with paths relative to it.

    Returns
    -------
    int
        Tiles in it.

    Raises
    ------
    SourceError
        A tile is no raster, or the tiles do not share a cell size.
    """
    opened = []
    for path in tiles:
        try:
            with rasterio.open(path) as dataset:
                opened.append(
                    (path, dataset.bounds, dataset.transform, dataset.crs, dataset.dtypes[0], dataset.nodata)
                )
        except RasterioError as error:
            raise SourceError(f"{path.name} is not a readable raster: {str(error)[:150]}") from None
    _, _, grid, crs, kind, nodata = opened[0]
    if any(
        abs(each[2].a - grid.a) > 1e-9 or abs(each[2].e - grid.e) > 1e-9 or each[3] != crs for each in opened
    ):
        raise SourceError(f"{target.name}: the tiles do not share cell size and CRS")
    west, north = min(each[1].left for each in opened), max(each[1].top for each in opened)
    width = round((max(each[1].right for each in opened) - west) / grid.a)
    height = round((north - min(each[1].bottom for each in opened)) / -grid.e)
    missing = "" if nodata is None else f"<NoDataValue>{nodata:g}</NoDataValue>"
    names = {"uint8": "Byte", "int16": "Int16", "uint16": "UInt16", "float32": "Float32"}
    parts = []
    for path, box, _, _, _, _ in opened:
        columns, rows = round((box.right - box.left) / grid.a), round((box.top - box.bottom) / -grid.e)
        size = f'xSize="{columns}" ySize="{rows}"'
        parts.append(
            f'<SimpleSource><SourceFilename relativeToVRT="1">{escape(path.relative_to(target.parent).as_posix())}'
            f'</SourceFilename><SourceBand>1</SourceBand><SrcRect xOff="0" yOff="0" {size}/>'
            f'<DstRect xOff="{round((box.left - west) / grid.a)}" yOff="{round((north - box.top) / -grid.e)}" {size}/>'
            "</SimpleSource>"
        )
    content = (
        f'<VRTDataset rasterXSize="{width}" rasterYSize="{height}"><SRS>{escape(crs.to_wkt())}</SRS>'
        f"<GeoTransform>{west!r}, {grid.a!r}, 0, {north!r}, 0, {grid.e!r}</GeoTransform>"
        f'<VRTRasterBand dataType="{names.get(kind, "Float32")}" band="1">{missing}{"".join(parts)}'
        "</VRTRasterBand></VRTDataset>\n"
    )
    with written(target) as aside:
        aside.write_text(content, encoding="utf-8")
    return len(parts)
