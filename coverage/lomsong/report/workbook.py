"""
The workbook: one sheet a table, typed, filtered, its columns explained, and nothing in it that computes.

Every text is a text, whatever it begins with. Sheets are written row by row, so a country's villages fit into memory.
"""

import io
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.writer.excel import ExcelWriter

from lomsong.atomic import write_whole
from lomsong.contracts import Column
from lomsong.findings import Finding, count_rows

#: Most letters in a cell, and most rows of a sheet, by the specification of Excel.
MOST_LETTERS = 32_767
MOST_ROWS = 1_048_576
#: A longer text in a cell of its own row would hide its neighbours.
_WIDEST, _NARROWEST = 60, 8
_SAMPLE_ROWS = 200
#: What XML 1.0 cannot hold.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: Marks that let a name show other letters than it has.
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
#: Taken for a formula, an error word or an escaped letter by spreadsheets and their readers.
_RISKY = re.compile(r"^[\s']*[=+\-@#＝＋－＠]|^\s|^'")
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
#: A zip archive knows no time before this.
_FIXED_TIME = datetime(2000, 1, 1)
#: Of zlib, 1 to 9: twice as fast as the usual 6, files a few per cent larger.
_COMPRESSION = 3
_HEAD_FILL, _WARN_FILL = PatternFill("solid", fgColor="DDE6EE"), PatternFill("solid", fgColor="FFE08A")


@dataclass(frozen=True, slots=True)
class Sheet:
    """
    One table of a workbook.

    Attributes
    ----------
    name : str
        Of the sheet, at most 31 letters.
    table : DataFrame
        Its rows; no shapes in it.
    columns : tuple of Column
        What the columns mean; a name that ends in ``*`` stands for a family.
    """

    name: str
    table: pd.DataFrame
    columns: tuple[Column, ...] = ()


@dataclass(slots=True)
class _Changes:
    """What had to be changed in texts so that the workbook holds them."""

    cleaned: int = 0
    cut: int = 0

    def findings(self) -> tuple[Finding, ...]:
        found = []
        if self.cleaned:
            message = f"report.xlsx: {count_rows(self.cleaned, 'text')} with letters that no workbook can hold or that reorder others: left out"
            found.append(_finding(message, self.cleaned))
        if self.cut:
            message = f"report.xlsx: {count_rows(self.cut, 'text')} longer than {MOST_LETTERS:,} letters: cut, whole in villages.csv"
            found.append(_finding(message, self.cut))
        return tuple(found)


def save_workbook(
    path: Path, sheets: Sequence[Sheet], *, about: Sequence[tuple[str, str]], warning: str = ""
) -> tuple[Finding, ...]:
    """
    Write tables as a workbook; the same bytes for the same tables.

    Parameters
    ----------
    path : Path
        File to write.
    sheets : sequence of Sheet
        In order; after a sheet ``about`` and before the data dictionary.
    about : sequence of (str, str)
        What the first sheet says.
    warning : str
        Stands on top of the first sheet and of every printed page, for synthetic data.

    Returns
    -------
    tuple of Finding
        Texts that had to be cleaned or cut, and rows left out; also said on the last sheet.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    book = Workbook(write_only=True)
    changes, findings = _Changes(), []
    _write_about(book, about, warning, changes)
    for sheet in sheets:
        table = sheet.table
        if len(table) >= MOST_ROWS:
            left_out = len(table) - (MOST_ROWS - 1)
            message = (
                f"report.xlsx, sheet {sheet.name}: {count_rows(left_out)} beyond what a sheet holds left out"
            )
            findings.append(_finding(message, left_out))
            table = table.head(MOST_ROWS - 1)
        _write_sheet(book, sheet.name, table, warning, changes)
    _write_sheet(book, "data dictionary", _dictionary(sheets), warning, changes)
    findings += changes.findings()
    if findings:
        notes = pd.DataFrame({"changed in this workbook": [each.message for each in findings]})
        _write_sheet(book, "changes", notes, warning, _Changes())
    write_whole(path, _pack(book))
    return tuple(findings)


def clean_text(text: str) -> str:
    r"""
    Return a text as a cell can hold it: no control characters, no marks that reorder, not too long.

    Examples
    --------
    >>> clean_text("Bản\x00 \x1b[31m\r\nHai")
    'Bản [31m\nHai'
    """
    text = _REORDERING.sub("", _ILLEGAL.sub("", text)).replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MOST_LETTERS:
        text = text[: MOST_LETTERS - 1] + "…"
    # a reader would take _x003D_ for the letter with that number
    return _ESCAPE.sub("_x005F_", text)


def _write_about(book: Workbook, about: Sequence[tuple[str, str]], warning: str, changes: _Changes) -> None:
    page = book.create_sheet("about")
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.column_dimensions["A"].width, page.column_dimensions["B"].width = 28, 90
    if warning:
        page.sheet_properties.tabColor = "E69F00"
        banner = WriteOnlyCell(page, value=warning)
        banner.font, banner.fill = Font(bold=True, size=14), _WARN_FILL
        page.append([banner])
    for name, value in about:
        head = WriteOnlyCell(page, value=name)
        head.data_type, head.font = "s", Font(bold=True)
        text = _cell(page, value, changes, always=True)
        text.alignment = Alignment(wrap_text=True, vertical="top")
        page.append([head, text])


def _write_sheet(book: Workbook, name: str, table: pd.DataFrame, warning: str, changes: _Changes) -> None:
    page = book.create_sheet(name)
    page.freeze_panes = "A2"
    names = [str(column) for column in table]
    if warning:
        page.sheet_properties.tabColor = "E69F00"
        page.oddHeader.center.text = warning.replace("&", "&&")
    page.page_setup.orientation, page.page_setup.fitToHeight = "landscape", 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = "1:1"
    for number, column in enumerate(names, start=1):
        page.column_dimensions[get_column_letter(number)].width = _width(column, table.iloc[:, number - 1])
    if names:
        page.auto_filter.ref = f"A1:{get_column_letter(len(names))}{len(table) + 1}"
    heads = []
    for column in names:
        head = WriteOnlyCell(page, value=clean_text(column))
        head.data_type, head.font, head.fill = "s", Font(bold=True), _HEAD_FILL
        heads.append(head)
    page.append(heads)
    columns = [_values(table.iloc[:, number], page, changes) for number in range(len(names))]
    for row in zip(*columns, strict=True):
        page.append(row)


def _values(column: pd.Series, page: Any, changes: _Changes) -> Iterator[Any]:
    """Yield what stands in the cells: numbers, true and false, texts, or nothing."""
    if isinstance(column.dtype, pd.BooleanDtype) or pd.api.types.is_bool_dtype(column):
        return _plain(column, bool)
    if pd.api.types.is_integer_dtype(column):
        return _plain(column, int)
    if pd.api.types.is_float_dtype(column):
        return _plain(column, float)
    return (_cell(page, value, changes) for value in column)


def _plain(column: pd.Series, kind: Callable[[Any], Any]) -> Iterator[Any]:
    known = column.notna().to_numpy()
    if kind is float:
        numbers = column.to_numpy(np.float64, na_value=np.nan)
        known = np.isfinite(numbers)  # a sheet has no infinity
        return (value if fine else None for value, fine in zip(numbers.tolist(), known, strict=True))
    return (kind(value) if fine else None for value, fine in zip(column, known, strict=True))


def _cell(page: Any, value: Any, changes: _Changes, *, always: bool = False) -> Any:
    """Return a value for a row; a text that could be taken for something else is nailed down as text."""
    if isinstance(value, str):
        text = clean_text(value)
        if text != value:
            changes.cut += len(value) > MOST_LETTERS
            changes.cleaned += bool(_ILLEGAL.search(value) or _REORDERING.search(value))
        risky = bool(_RISKY.search(text))
        if not (risky or always):
            return text
        cell = WriteOnlyCell(page)
        cell.value, cell.data_type = text, "s"
        if risky:
            cell.quotePrefix = True
        return cell
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if pd.isna(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _width(name: str, column: pd.Series) -> float:
    """Return about the width of the head and of the first values, in letters."""
    longest = max(map(len, column.head(_SAMPLE_ROWS).dropna().astype(str)), default=0)
    return float(min(max(len(name) + 4, longest + 1, _NARROWEST), _WIDEST))  # 4: the button of the filter


def _dictionary(sheets: Sequence[Sheet]) -> pd.DataFrame:
    rows = []
    for sheet in sheets:
        known = {column.name: column for column in sheet.columns}
        families = [column for column in sheet.columns if column.name.endswith("*")]
        for name in map(str, sheet.table):
            # the longest stem is the nearest family
            kin = [each for each in families if name.startswith(each.name[:-1])]
            column = known.get(name) or max(kin, key=lambda each: len(each.name), default=None)
            if column is not None:
                rows.append((sheet.name, name, column.kind, column.unit, column.range_text(), column.meaning))
    return pd.DataFrame(rows, columns=["sheet", "column", "kind", "unit", "range", "meaning"])


class _Package:
    """The zip file that openpyxl fills, whose entries bear no hour of their making."""

    def __init__(self, content: io.BytesIO) -> None:
        self._zip = zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION)

    def writestr(self, name: str, data: str | bytes) -> None:
        # an entry opened by its name is of 1980, the first year of the format
        with self._zip.open(name, "w") as entry:
            entry.write(data.encode("utf-8") if isinstance(data, str) else data)

    def write(self, file: str, name: str) -> None:
        with Path(file).open("rb") as source, self._zip.open(name, "w") as entry:
            shutil.copyfileobj(source, entry, 1 << 20)

    def namelist(self) -> list[str]:
        return self._zip.namelist()

    def close(self) -> None:
        self._zip.close()


def _pack(book: Workbook) -> bytes:
    """Return a workbook without the hour in which it was made."""
    book.properties.created = book.properties.modified = _FIXED_TIME
    content = io.BytesIO()
    ExcelWriter(book, _Package(content)).save()
    return content.getvalue()


def _finding(message: str, count: int) -> Finding:
    return Finding(
        layer="workbook", word="clean", severity="note", message=message, count=count, action="repaired"
    )
