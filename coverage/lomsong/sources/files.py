"""Files as such: they exist, they have a checksum, their text has an encoding."""

import csv
import hashlib
import io
import warnings
from pathlib import Path

import pandas as pd

from lomsong.errors import MissingSourceError, SourceError
from lomsong.findings import Finding
from lomsong.text import Decoded, decode

#: Read this much at a time when a checksum is made. [bytes]
_CHUNK = 1 << 20
#: Files that belong to a shapefile.
_SIDECARS = (".dbf", ".shx", ".prj", ".cpg")


def require_file(path: Path, *, layer: str) -> Path:
    """
    Return `path` if a file is there.

    Raises
    ------
    MissingSourceError
        It is not; names the layer and files of similar name beside it.
    """
    if path.is_file():
        return path
    if path.is_dir():
        raise MissingSourceError(f"{layer}: {path} is a folder; name the file in it")
    beside = sorted(other.name for other in path.parent.glob("*") if other.suffix == path.suffix)[:5]
    there = f"; that folder holds {', '.join(beside)}" if beside else ""
    raise MissingSourceError(
        f"{layer}: there is no file {path}{there}; correct inputs.{layer} in the settings"
    )


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file and, for a shapefile, of its companions, or of a folder's files, in hexadecimal."""
    digest = hashlib.sha256()
    if path.is_dir():
        for each in sorted(other for other in path.iterdir() if other.is_file()):
            digest.update(f"{each.name} {checksum(each)}\n".encode())
        return digest.hexdigest()
    companions = [path.with_suffix(suffix) for suffix in _SIDECARS] if path.suffix.lower() == ".shp" else []
    for each in [path, *(other for other in companions if other.is_file())]:
        with each.open("rb") as stream:
            while block := stream.read(_CHUNK):
                digest.update(block)
    return digest.hexdigest()


def read_text(path: Path, *, layer: str, encoding: str | None) -> tuple[Decoded, list[Finding]]:
    """
    Read a whole text file; an encoding that had to be detected is a finding.

    Raises
    ------
    SourceError
        The file is empty, cannot be read or is not text.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{layer}: {path.name} cannot be read ({error.strerror})") from None
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
    header = decoded.text.lstrip().splitlines()[0]
    separator = max(",;\t|", key=header.count)
    try:
        with warnings.catch_warnings():
            # rows longer than the header would lose their ends
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                io.StringIO(decoded.text), sep=separator, dtype=str, keep_default_na=False, index_col=False
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
