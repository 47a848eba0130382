"""Files as such: they exist, they have a checksum, their text has an encoding."""

import csv
import gzip
import hashlib
import io
import warnings
import zlib
from pathlib import Path

import pandas as pd

from lomsong.errors import MissingSourceError, SourceError
from lomsong.findings import Finding, count_rows
from lomsong.sources.virtual_rasters import named_rasters
from lomsong.text import Decoded, decode

#: Read this much at a time when a checksum is made. [bytes]
_CHUNK = 1 << 20
#: Files that belong to a shapefile.
_SIDECARS = (".dbf", ".shx", ".prj", ".cpg")
#: A text that unpacks to more than this is not read whole: it is a trap, or needs a format that is streamed. [bytes]
LARGEST_TEXT = 512 * 1024 * 1024
#: No table of places has more columns.
_MOST_COLUMNS = 2_000
#: Titles and remarks above the header end within these lines.
_HEADER_WITHIN = 30


def require_file(path: Path, *, layer: str) -> Path:
    """
    Return `path` if a file is there.

    Raises
    ------
    MissingSourceError
        It is not; names the layer and files of similar name beside it.
    SourceError
        It has no content.
    """
    if path.is_file():
        if not path.stat().st_size:
            raise SourceError(f"{layer}: {path.name} is empty; was it copied whole?")
        return path
    if path.is_dir():
        raise MissingSourceError(f"{layer}: {path} is a folder; name the file in it")
    beside = sorted(other.name for other in path.parent.glob("*") if other.suffix == path.suffix)[:5]
    there = f"; that folder holds {', '.join(beside)}" if beside else ""
    raise MissingSourceError(
        f"{layer}: there is no file {path}{there}; correct inputs.{layer} in the settings"
    )


def checksum(path: Path) -> str:
    """
    Return the SHA-256 of a file in hexadecimal, or of a folder's files.

    A shapefile counts with its companions, a virtual raster with the rasters that it names.
    """
    digest = hashlib.sha256()
    if path.is_dir():
        for each in sorted(other for other in path.iterdir() if other.is_file()):
            digest.update(f"{each.name} {checksum(each)}\n".encode())
        return digest.hexdigest()
    companions = [path.with_suffix(suffix) for suffix in _SIDECARS] if path.suffix.lower() == ".shp" else []
    for each in [path, *(other for other in companions if other.is_file())]:
        _add_content(digest, each)
    for each in _rasters_of(path):
        content = hashlib.sha256()
        _add_content(content, each)
        digest.update(f"{each.name} {content.hexdigest()}\n".encode())
    return digest.hexdigest()


def _add_content(digest: "hashlib._Hash", path: Path) -> None:
    with path.open("rb") as stream:
        while block := stream.read(_CHUNK):
            digest.update(block)


def _rasters_of(path: Path) -> list[Path]:
    if path.suffix.lower() != ".vrt":
        return []
    try:
        return named_rasters(path, layer="rasters")
    except SourceError:
        return []  # whoever reads it says what is wrong


def read_text(path: Path, *, layer: str, encoding: str | None) -> tuple[Decoded, list[Finding]]:
    """
    Read a whole text file; an encoding that had to be detected is a finding.

    Raises
    ------
    SourceError
        The file is empty, cannot be read or is not text.
    """
    content = _unpack(path, layer)
    decoded = decode(content, declared=encoding, name=f"{layer}: {path.name}")
    if not decoded.text.strip():
        raise SourceError(f"{layer}: {path.name} is empty")
    return decoded, detected_finding(decoded, path.name, layer=layer)


def detected_finding(decoded: Decoded, name: str, *, layer: str) -> list[Finding]:
    """Say so if the encoding of a text had to be detected."""
    if not decoded.detected:
        return []
    message = (
        f"{name} is not UTF-8; read as {decoded.encoding} (detected). "
        "Check a name with diacritics, and set 'encoding' in the settings if it is wrong"
    )
    return [Finding(layer=layer, word="clean", severity="warning", message=message, count=1)]


def _unpack(path: Path, layer: str) -> bytes:
    """Return the bytes of a file, unpacked where it is gzipped, unless they are too many."""
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as stream:
            content = stream.read(LARGEST_TEXT + 1)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or (str(error) or type(error).__name__)
        raise SourceError(f"{layer}: {path.name} cannot be read ({reason})") from None
    if len(content) > LARGEST_TEXT:
        raise SourceError(
            f"{layer}: {path.name} holds more than {LARGEST_TEXT // 2**20} MiB of text; cut out the area first, or save "
            "it as Parquet"
        )
    return bytes(content)


def read_delimited(path: Path, *, layer: str, encoding: str | None) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Read a text table; every cell stays text, so codes keep their leading zeros.

    Comma, semicolon, tab and vertical bar are told apart by the header.

    Raises
    ------
    SourceError
        No header, no rows, or rows that do not fit the header.
    """
    decoded, findings = read_text(path, layer=layer, encoding=encoding)
    text, separator, skipped = find_header(decoded.text, name=path.name, layer=layer)
    if skipped:
        message = f"{count_rows(skipped, 'line')} above the header of {path.name} skipped"
        findings.append(Finding(layer=layer, word="clean", severity="note", message=message, count=skipped))
    try:
        with warnings.catch_warnings():
            # rows longer than the header would lose their ends
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, index_col=False
            )
    except (
        pd.errors.ParserError,
        pd.errors.ParserWarning,
        pd.errors.EmptyDataError,
        csv.Error,
        ValueError,
    ) as error:
        raise SourceError(
            f"{layer}: {path.name} is not a readable table: {' '.join(str(error).split())}"
        ) from None
    frame.columns = frame.columns.astype(str).str.strip()
    if frame.empty:
        raise SourceError(f"{layer}: {path.name} has a header but no rows")
    return frame, findings


def find_header(text: str, *, name: str, layer: str) -> tuple[str, str, int]:
    """
    Cut off what stands above the header of a text table: lines without a separator before the first that has two.

    Returns
    -------
    text : str
        From the header on.
    separator : str
        Comma, semicolon, tab or vertical bar, whichever the header has most of.
    skipped : int
        Lines cut off.

    Raises
    ------
    SourceError
        The header has more columns than a table of places can have.
    """
    rest, skipped = text.lstrip(), 0
    for line, start in enumerate(_line_starts(rest)):
        header = rest[start:].split("\n", 1)[0] if start else rest.split("\n", 1)[0]
        separator = max(",;\t|", key=header.count)
        if header.count(separator) >= (1 if line == 0 else 2):
            rest, skipped = rest[start:], line
            break
    header = rest.split("\n", 1)[0]
    separator = max(",;\t|", key=header.count)
    if header.count(separator) >= _MOST_COLUMNS:
        raise SourceError(
            f"{layer}: {name} has {header.count(separator) + 1:,} columns; a table of places has fewer"
        )
    return rest, separator, skipped


def _line_starts(text: str) -> list[int]:
    """Return where the first lines begin."""
    starts, at = [0], 0
    while len(starts) < _HEADER_WITHIN and (at := text.find("\n", at) + 1) > 0:
        starts.append(at)
    return starts
