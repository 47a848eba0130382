"""Tables of any size from text, workbooks and Parquet: small ones whole, large ones in pieces, near the area only."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lomsong.errors import SourceError
from lomsong.findings import Finding
from lomsong.sources.files import find_header, read_delimited
from lomsong.sources.workbooks import SUFFIXES, read_workbook

TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".log")
#: Larger files are read in pieces; a gzipped one is taken for ten times its size. [bytes]
LARGE = 64 * 1024 * 1024
_GZIP_FACTOR = 10
_BLOCK = 16 * 1024 * 1024
#: Lines longer than this are no table. [bytes]
_LONGEST_HEADER = 64 * 1024


@dataclass(frozen=True, slots=True)
class Box:
    """A piece of the earth in degrees; it does not cross the 180th meridian."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return whether each position lies inside; NaN does not."""
        return (
            (longitude >= self.west)
            & (longitude <= self.east)
            & (latitude >= self.south)
            & (latitude <= self.north)
        )


@dataclass(frozen=True, slots=True)
class Needs:
    """
    What a known layout needs of a large file.

    Attributes
    ----------
    columns : tuple of str
        Names in lower case; columns of other names are not read.
    locate : callable
        Longitude and latitude of the rows of a piece, whose columns are in lower case; NaN where they have none.
    """

    columns: tuple[str, ...]
    locate: Callable[[pd.DataFrame], tuple[NDArray[np.float64], NDArray[np.float64]]]


def is_table(path: Path) -> bool:
    """Return whether a file's name says text table, workbook or Parquet."""
    return text_suffix(path) in (*TEXT_SUFFIXES, *SUFFIXES, ".parquet")


def has_geometry(path: Path) -> bool:
    """Return whether a Parquet file says that it holds geometries."""
    try:
        return b"geo" in (pq.read_schema(path).metadata or {})
    except (pa.ArrowException, OSError, ValueError):
        return False


def peek_columns(path: Path, *, layer: str) -> list[str]:
    """Return the column names of a text table or Parquet file without reading it; none where that needs more care."""
    try:
        if text_suffix(path) == ".parquet":
            return [str(name) for name in pq.read_schema(path).names]
        if text_suffix(path) in TEXT_SUFFIXES:
            with _open(path) as stream:
                begin = stream.read(_LONGEST_HEADER)
            text, separator, _ = find_header(
                begin.decode("utf-8-sig", errors="replace"), name=path.name, layer=layer
            )
            return [name.strip().strip('"') for name in (text.splitlines() or [""])[0].split(separator)]
    except (pa.ArrowException, OSError, EOFError, zlib.error, ValueError):
        pass  # the reader itself will say what is wrong
    return []


def text_suffix(path: Path) -> str:
    """Return the ending of the name in lower case, that before ``.gz`` where there is one."""
    bare = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return bare.suffix.lower()


def read_table(
    path: Path,
    *,
    layer: str,
    encoding: str | None,
    sheet: str | None = None,
    needs: Needs | None = None,
    box: Box | None = None,
) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Read a table.

    Parameters
    ----------
    path : Path
        Text (also gzipped), workbook or Parquet.
    layer, encoding
        For messages; and the text's encoding where the settings give one.
    sheet : str or None
        Of a workbook.
    needs : Needs, optional
        Lets a large file be read in pieces, of which only the columns of the layout stay.
    box : Box, optional
        With `needs`: only the rows inside stay in memory, and how many did not is a finding.

    Raises
    ------
    SourceError
        Not what its name says, or no rows.
    """
    suffix = text_suffix(path)
    if suffix in SUFFIXES:
        return read_workbook(path, layer=layer, sheet=sheet)
    if needs is not None and path.stat().st_size > (
        LARGE if path.suffix.lower() != ".gz" else LARGE // _GZIP_FACTOR
    ):
        if suffix == ".parquet":
            return _gather(_parquet_pieces(path, layer, needs), path, layer, needs, box)
        if encoding is None:
            return _gather(_text_pieces(path, layer, needs), path, layer, needs, box)
    if suffix == ".parquet":
        return _read_parquet(path, layer), []
    return read_delimited(path, layer=layer, encoding=encoding)


def _read_parquet(path: Path, layer: str) -> pd.DataFrame:
    try:
        # without the metadata that pandas leaves: it is not ours to trust
        frame: pd.DataFrame = pq.read_table(path).to_pandas(
            ignore_metadata=True, split_blocks=True, self_destruct=True
        )
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise SourceError(f"{layer}: {path.name} is not readable Parquet: {_reason(error)}") from None
    # arrow keeps what it needed to unpack the file; of a large one that is as much as its rows
    pa.default_memory_pool().release_unused()
    frame.columns = frame.columns.astype(str)
    if frame.empty:
        raise SourceError(f"{layer}: {path.name} has no rows")
    return frame


def _reason(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0][:200]


def _parquet_pieces(path: Path, layer: str, needs: Needs) -> Iterator[pd.DataFrame]:
    try:
        with pq.ParquetFile(path) as file:
            have = [name for name in file.schema_arrow.names if name.casefold() in needs.columns]
            for batch in file.iter_batches(batch_size=1 << 18, columns=have):
                yield pa.Table.from_batches([batch]).to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SourceError(f"{layer}: {path.name} is not readable Parquet: {_reason(error)}") from None


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


def _text_pieces(path: Path, layer: str, needs: Needs) -> Iterator[pd.DataFrame]:
    try:
        with _open(path) as stream:
            begin = stream.read(_LONGEST_HEADER)
        if begin.count(b"\n") == 0:
            raise SourceError(f"{layer}: {path.name} has a header of more than {_LONGEST_HEADER:,} bytes")
        begin = begin[: begin.rfind(b"\n")]
        text, separator, skipped = find_header(
            begin.decode("utf-8-sig", errors="replace"), name=path.name, layer=layer
        )
        header = [name.strip().strip('"').strip() for name in text.splitlines()[0].split(separator)]
        raw = text.splitlines()[0].split(separator)
        have = {
            title.strip('"'): name
            for title, name in zip(raw, header, strict=True)
            if name.casefold() in needs.columns
        }
        with _open(path) as stream:
            reader = pc.open_csv(
                stream,
                read_options=pc.ReadOptions(block_size=_BLOCK, skip_rows=skipped),
                parse_options=pc.ParseOptions(delimiter=separator),
                convert_options=pc.ConvertOptions(
                    include_columns=list(have),
                    column_types=dict.fromkeys(have, pa.string()),
                    strings_can_be_null=False,
                ),
            )
            for batch in reader:
                yield pa.Table.from_batches([batch]).to_pandas().rename(columns=have)
    except (pa.ArrowException, OSError, EOFError, zlib.error, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{layer}: {path.name} is not a readable table: {_reason(error)}") from None


def _gather(
    pieces: Iterator[pd.DataFrame], path: Path, layer: str, needs: Needs, box: Box | None
) -> tuple[pd.DataFrame, list[Finding]]:
    """Put the pieces together, without the rows outside the box."""
    kept: list[pd.DataFrame] = []
    rows = away = 0
    for piece in pieces:
        inside = np.ones(len(piece), dtype=bool)
        if box is not None:
            inside = box.holds(*needs.locate(piece.rename(columns=str.casefold)))
        # the number of the row in the file names it in messages, whatever was left out
        kept.append(piece[inside].set_axis(np.flatnonzero(inside) + rows))
        rows += len(piece)
        away += int((~inside).sum())
    if not rows:
        raise SourceError(f"{layer}: {path.name} has no rows")
    frame = pd.concat(kept) if kept else pd.DataFrame()
    if frame.empty:
        raise SourceError(
            f"{layer}: none of {rows:,} rows of {path.name} lies near the villages; check that it is of the same area, "
            "and that longitude and latitude are not exchanged"
        )
    if not away:
        return frame, []
    message = f"{away:,} of {rows:,} rows of {path.name} lie beyond reach of every village or have no position; left out"
    return frame, [Finding(layer=layer, word="correct", severity="note", message=message, count=away)]
