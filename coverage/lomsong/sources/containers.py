"""What a vector file is by its first bytes, and the careful way into archives, of rasters too."""

import codecs
import gzip
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from lomsong.errors import SourceError

Kind = Literal["json", "gpkg", "shapefile", "flatgeobuf", "parquet", "osm", "kml", "mapinfo", "zip", "gzip"]

#: What a person may choose from, for messages.
KNOWN = "GeoPackage, GeoJSON, Shapefile, FlatGeobuf, GeoParquet, OSM PBF, KML, MapInfo TAB or MIF, or one of them zipped"
#: An archive that unpacks to more than this is refused. [bytes]
MOST_UNPACKED = 4 << 30
#: One that is unpacked in memory may hold less. [bytes]
MOST_IN_MEMORY = 512 << 20
#: Text packs about tenfold and shapes less; an archive beyond both limits was made to harm.
MOST_PACKED_RATIO, RATIO_COUNTS_FROM = 200, 64 << 20
_CHUNK = 1 << 20
#: Ways of packing that are unpacked no further than asked; the others give all at once.
_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_HEAD = 1024
#: What inside an archive is taken for a layer; the rest are its companions.
_LAYERS = (".shp", ".gpkg", ".geojson", ".json", ".fgb", ".parquet", ".geoparquet", ".kml", ".tab", ".mif")
#: The first element of an XML text, behind its declaration and remarks.
_ROOT = re.compile(rb"(?s)(?:\s|<\?.*?\?>|<!--.*?-->)*<(?:\w+:)?(kml|osm)\b")
_FETCHING = re.compile(rb"(?i)<(?:ogr|gdal|wfs|ogc)")
_MIF = re.compile(rb"(?i)\s*version\s+\d")
#: Where macOS leaves a shadow of every file.
_SHADOWS = "__MACOSX/"
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


@dataclass(frozen=True, slots=True)
class Opened:
    """
    A vector file that is ready to be read.

    Attributes
    ----------
    handle : str or bytes
        A path that GDAL opens, or the content.
    name : str
        For messages.
    kind : str
        By its first bytes, never by its name.
    companion : callable
        Returns the first bytes of the file of the same stem and another suffix, None where there is none.
    """

    handle: str | bytes
    name: str
    kind: Kind
    companion: Callable[[str], bytes | None]


def open_vector(path: Path, *, layer: str, member: str | None = None) -> Opened:
    """
    Find out what a file is, looking into a zip or gzip archive.

    Nothing is unpacked to disk. An archive with unsafe names, one that unpacks to far more than it should, and one
    whose sizes lie are refused before anything in it is used.

    Parameters
    ----------
    path : Path
        The file.
    layer : str
        For messages.
    member : str, optional
        Which of several files in an archive; its stem counts.

    Raises
    ------
    SourceError
        None of the known formats, or an archive that is broken, unsafe or ambiguous.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError as error:
        raise SourceError(f"{layer}: {path.name} cannot be read ({error.strerror})") from None
    kind = sniff(head, path.name, layer=layer)
    if kind == "zip":
        return _open_zip(path, layer, member)
    if kind == "gzip":
        content = _gunzip(path, layer)
        inner = sniff(content[:_HEAD], path.stem, layer=layer)
        if inner in ("zip", "gzip"):
            raise SourceError(f"{layer}: {path.name} is an archive in an archive; unpack it once")
        return Opened(content, path.stem, inner, lambda _suffix: None)
    return Opened(str(path.absolute()), path.name, kind, lambda suffix: _beside(path, suffix))


def unpack_one(path: Path, *, layer: str, suffixes: tuple[str, ...]) -> tuple[str, bytes]:
    """
    Unpack the only file with one of these suffixes from a zip, or what a gzip file holds, into memory.

    Returns
    -------
    name, content : str, bytes
        The file's own name, without folders.

    Raises
    ------
    SourceError
        A broken or unsafe archive, one that holds none or several such files, or one of more than `MOST_IN_MEMORY`.
    """
    if path.suffix.lower() == ".gz":
        if path.stem.lower().endswith((".zip", ".gz")):
            raise SourceError(f"{layer}: {path.name} is an archive in an archive; unpack it once")
        return path.stem, _gunzip(path, layer)
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.filename.startswith(_SHADOWS)]
            _refuse_unsafe(infos, path.name, layer)
            found = [info for info in infos if info.filename.lower().endswith(suffixes)]
            if len(found) != 1:
                held = f"{len(found)} rasters, not one; unpack it and name their folder"
                none = f"no raster ({', '.join(suffixes)})"
                raise SourceError(f"{layer}: {path.name} holds {held if found else none}")
            if found[0].file_size > MOST_IN_MEMORY:
                raise SourceError(
                    f"{layer}: {path.name} unpacks to more than {MOST_IN_MEMORY >> 20:,} MiB; unpack it first"
                )
            return PurePosixPath(found[0].filename).name, b"".join(_pieces(archive, found[0]))
    except _BROKEN as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{layer}: {path.name} is a broken archive: {error}") from None


def sniff(head: bytes, name: str, *, layer: str) -> Kind:
    """
    Return what a file is by its first bytes.

    Raises
    ------
    SourceError
        It is none of the known formats.
    """
    signatures: tuple[tuple[bytes, Kind], ...] = (
        (b"PK\x03\x04", "zip"),
        (b"PK\x05\x06", "zip"),
        (b"\x1f\x8b", "gzip"),
        (b"PAR1", "parquet"),
        (b"SQLite format 3\x00", "gpkg"),
        (b"fgb", "flatgeobuf"),
        (b"\x00\x00\x27\x0a", "shapefile"),
        (b"!table", "mapinfo"),
    )
    for signature, kind in signatures:
        if head.startswith(signature):
            return kind
    if name.lower().endswith(".mif") and _MIF.match(head) is not None:
        return "mapinfo"
    if b"OSMHeader" in head[:64]:
        return "osm"
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if text.startswith((b"{", b"[")) or (wide and name.lower().endswith(("json", "js"))):
        return "json"
    # no other XML, and none of it anywhere: some of GDAL's dialects, which it looks for first, fetch what they name
    if (root := _ROOT.match(text)) is not None and _FETCHING.search(text) is None:
        return "kml" if root[1] == b"kml" else "osm"
    raise SourceError(f"{layer}: {name} is not a readable vector file; it may be {KNOWN}")


def is_osm(path: Path) -> bool:
    """Tell whether a file is an OpenStreetMap extract, by its first bytes; one that cannot be read is not."""
    try:
        with path.open("rb") as stream:
            return sniff(stream.read(_HEAD), path.name, layer="") == "osm"
    except (OSError, SourceError):
        return False


def is_utf8(handle: str | bytes) -> bool:
    """Tell whether a whole file is UTF-8, a block at a time."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        if isinstance(handle, bytes):
            decoder.decode(handle, final=True)
            return True
        with Path(handle).open("rb") as stream:
            while block := stream.read(_CHUNK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _beside(path: Path, suffix: str) -> bytes | None:
    for other in (path.with_suffix(suffix), path.with_suffix(suffix.upper())):
        if other.is_file():
            with other.open("rb") as stream:
                return stream.read(_HEAD)
    return None


def _gunzip(path: Path, layer: str) -> bytes:
    limit = min(MOST_IN_MEMORY, max(path.stat().st_size * MOST_PACKED_RATIO, RATIO_COUNTS_FROM))
    try:
        with gzip.open(path) as stream:
            content = stream.read(limit + 1)
    except _BROKEN as error:
        raise SourceError(f"{layer}: {path.name} is a broken archive: {error}") from None
    if len(content) > limit:
        raise SourceError(
            f"{layer}: {path.name} unpacks to more than {limit >> 20:,} MiB; unpack it yourself if that is right"
        )
    return content


def _open_zip(path: Path, layer: str, member: str | None) -> Opened:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            _refuse_unsafe(infos, path.name, layer)
            chosen = _choose_member(infos, path.name, layer, member)
            family = [info for info in infos if _stem(info) == _stem(chosen)]
            heads = {PurePosixPath(info.filename).suffix.lower(): _verify(archive, info) for info in family}
            suffix = PurePosixPath(chosen.filename).suffix.lower()
            kind = sniff(heads[suffix], chosen.filename, layer=layer)
            if kind in ("zip", "gzip"):
                raise SourceError(f"{layer}: {path.name} is an archive in an archive; unpack it once")
            if kind in ("parquet", "json"):
                if chosen.file_size > MOST_IN_MEMORY:
                    raise SourceError(f"{layer}: {chosen.filename} is large; unpack {path.name} first")
                content = b"".join(_pieces(archive, chosen))
                return Opened(content, chosen.filename, kind, lambda _suffix: None)
    except _BROKEN as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{layer}: {path.name} is a broken archive: {error}") from None
    return Opened(f"/vsizip/{{{path.absolute()}}}/{chosen.filename}", chosen.filename, kind, heads.get)


def _stem(info: zipfile.ZipInfo) -> str:
    return str(PurePosixPath(info.filename).with_suffix("")).casefold()


def _refuse_unsafe(infos: list[zipfile.ZipInfo], name: str, layer: str) -> None:
    for info in infos:
        parts = PurePosixPath(info.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or ":" in info.filename or "}" in info.filename:
            raise SourceError(
                f"{layer}: {name} holds an unsafe path, {info.filename[:80]!r}; it is not opened"
            )
    total, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    swollen = total > RATIO_COUNTS_FROM and total > MOST_PACKED_RATIO * packed
    if total > MOST_UNPACKED or swollen:
        raise SourceError(
            f"{layer}: {name} unpacks from {packed >> 20:,} to {total >> 20:,} MiB; unpack it yourself if that is right"
        )


def _choose_member(
    infos: list[zipfile.ZipInfo], name: str, layer: str, member: str | None
) -> zipfile.ZipInfo:
    layers = [
        info
        for info in infos
        if info.filename.lower().endswith(_LAYERS) and not info.filename.startswith(_SHADOWS)
    ]
    if not layers:
        raise SourceError(f"{layer}: {name} holds no vector file; it may hold {KNOWN}")
    if len(layers) == 1:
        return layers[0]
    stems = {PurePosixPath(info.filename).stem: info for info in layers}
    if member in stems:
        return stems[member]
    listed = ", ".join(sorted(stems)[:20])
    raise SourceError(f"{layer}: {name} holds {len(layers)} layers; set 'layer' to one of {listed}")


def _verify(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Unpack a member to nowhere, which checks its size and sum, and return its first bytes."""
    head = b""
    for piece in _pieces(archive, info):
        head = head or piece[:_HEAD]
    return head


def _pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Unpack a member a little at a time: as a whole it may be far larger than it says, which its sum does not tell."""
    if info.compress_type not in _BOUNDED:
        raise zipfile.BadZipFile(f"{info.filename[:80]!r} is packed in an unusual way; unpack it yourself")
    with archive.open(info) as stream:
        while piece := stream.read(_CHUNK):
            yield piece
