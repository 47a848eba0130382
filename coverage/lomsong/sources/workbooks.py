"""Excel workbooks as text tables: the sheet with the data, its header wherever it stands, merged headings spread."""

import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import ParseError

import pandas as pd
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from lomsong.errors import SourceError
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.sources.headers import number_repeats

SUFFIXES = (".xlsx", ".xlsm")
#: A workbook that unpacks to more than this is refused: it is a trap, or better exported as CSV. [bytes]
LARGEST = 512 * 1024 * 1024
#: Cells beyond this count are not read.
MOST_CELLS = 50_000_000
#: The header stands in one of the first rows.
_HEADER_WITHIN = 30
#: A header names at least this part of the columns.
_MOST_COLUMNS = 0.7


def read_workbook(path: Path, *, layer: str, sheet: str | None) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Read one sheet; every cell becomes text.

    The header is the first of the leading rows that has as many cells filled as the table is wide, or most of them.
    A heading above it that spans several columns (merged cells) is put before their names.

    Parameters
    ----------
    path : Path
        The file.
    layer : str
        For messages.
    sheet : str or None
        Name of the sheet; the only visible one with rows if None.

    Raises
    ------
    SourceError
        Not a workbook, no such sheet, several to choose from, or no rows.
    """
    try:
        _refuse_traps(path, layer)
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", UserWarning
            )  # openpyxl's remarks on styles; cells are read all the same
            book = load_workbook(path, read_only=True, data_only=True)
            try:
                return _read_sheet(book, path.name, layer, sheet)
            finally:
                book.close()
    except (
        InvalidFileException, zipfile.BadZipFile, ParseError, KeyError, IndexError, ValueError, TypeError,
        AttributeError, OSError, EOFError, RuntimeError, OverflowError, zipfile.zlib.error,  # type: ignore[attr-defined]
    ) as error:  # fmt: skip
        if isinstance(error, SourceError):
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise SourceError(f"{layer}: {path.name} is not a readable workbook: {reason}") from None


def _refuse_traps(path: Path, layer: str) -> None:
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > LARGEST:
        raise SourceError(f"{layer}: {path.name} unpacks to {size / 2**20:,.0f} MiB; export the sheet as CSV")


def _read_sheet(book, name: str, layer: str, wanted: str | None) -> tuple[pd.DataFrame, list[Finding]]:  # type: ignore[no-untyped-def]
    visible = [each.title for each in book.worksheets if each.sheet_state == "visible"]
    hidden = [each.title for each in book.worksheets if each.sheet_state != "visible"]
    if wanted is not None and wanted not in [*visible, *hidden]:
        raise SourceError(f"{layer}: {name} has no sheet '{wanted}'; it has {', '.join([*visible, *hidden])}")
    tables = {}
    for title in [wanted] if wanted is not None else visible:
        rows = list(_filled_rows(book[title], name, layer))
        if len(rows) > 1:
            tables[title] = rows
    if not tables:
        raise SourceError(
            f"{layer}: {name} has no visible sheet with rows (hidden: {', '.join(hidden) or 'none'})"
        )
    if len(tables) > 1:
        raise SourceError(
            f"{layer}: {name} has {len(tables)} sheets with rows; set 'layer' to one of {', '.join(tables)}"
        )
    title, rows = next(iter(tables.items()))
    frame, skipped = _as_table(rows)
    if frame.empty:
        raise SourceError(f"{layer}: sheet '{title}' of {name} has a header but no rows")
    findings = []
    if skipped:
        message = f"{count_rows(skipped)} above the header of sheet '{title}' skipped"
        findings.append(Finding(layer=layer, word="clean", severity="note", message=message, count=skipped))
    if hidden and wanted is None:
        message = f"hidden sheets not read: {name_rows(hidden)}; set 'layer' to read one"
        findings.append(
            Finding(layer=layer, word="sufficient", severity="note", message=message, count=len(hidden))
        )
    return frame, findings


def _filled_rows(sheet, name: str, layer: str) -> Iterator[list[str]]:  # type: ignore[no-untyped-def]
    cells = 0
    for row in sheet.iter_rows(values_only=True):
        cells += max(len(row), 1)
        if cells > MOST_CELLS:
            raise SourceError(f"{layer}: {name} has more than {MOST_CELLS:,} cells; export the sheet as CSV")
        texts = ["" if cell is None else _text(cell) for cell in row]
        if any(texts):
            yield texts


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _as_table(rows: list[list[str]]) -> tuple[pd.DataFrame, int]:
    """Find the header, and return the rows under it and how many stood above it."""
    widest = max(sum(map(bool, row)) for row in rows[: 4 * _HEADER_WITHIN])
    width = max(len(row) for row in rows)
    leading = [row + [""] * (width - len(row)) for row in rows[: _HEADER_WITHIN + 1]]
    leading.append([""] * width)
    at = next(
        (row for row in range(len(leading) - 1) if _is_header(leading[row], leading[row + 1], widest)), 0
    )
    header, below, begin = leading[at], leading[at + 1], at + 1
    if _is_second_heading(header, below):
        header, begin = _join_headings(header, below), begin + 1
    elif at and sum(map(bool, leading[at - 1])) > 1:
        header = _join_headings(leading[at - 1], header)
    keep = [column for column, title in enumerate(header) if title]
    body = [[row[column] if column < len(row) else "" for column in keep] for row in rows[begin:]]
    frame = pd.DataFrame(body, columns=number_repeats([header[column] for column in keep]), dtype=str)
    return frame, at


def _is_header(row: list[str], below: list[str], widest: int) -> bool:
    """Tell whether a row names most columns, alone or with the row below where cells were merged."""
    named = sum(map(bool, row))
    if named > 1 and _is_second_heading(row, below):
        named = sum(bool(cell or under) for cell, under in zip(row, below, strict=True))
    return named >= _MOST_COLUMNS * widest


def _is_second_heading(header: list[str], below: list[str]) -> bool:
    """Tell whether a row under a heading with gaps, where cells were merged, names the columns within."""
    wide = max((column for column, cell in enumerate(below) if cell), default=-1)
    gaps = [column for column in range(wide + 1) if not header[column]]
    named = [column for column in range(wide + 1) if below[column]]
    if not gaps or not set(gaps) <= set(named) or any(any(map(str.isdigit, below[each])) for each in named):
        return False
    # under a heading that is merged downwards nothing stands; under one merged sideways, the first of its columns
    return all(column in gaps or column + 1 in gaps for column in named)


def _join_headings(above: list[str], header: list[str]) -> list[str]:
    """Put a heading that spans columns before the name of each; one that stands alone fills a gap."""
    joined, group = [], ""
    for over, name in zip(above, header, strict=True):
        group = over or group
        joined.append(f"{group} {name}".strip() if name else over)
    return joined
