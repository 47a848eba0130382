"""
Tables as CSV: the same bytes for the same table, faithful to the letter unless they are made for a spreadsheet.

A CSV has no types, so a spreadsheet computes a text that begins with ``=``. An apostrophe before it stops that, but the file then
no longer says what the source says, and a join on such a code fails. So the files are faithful by default, `Dress` makes them
inert, and the workbook, which has types, is what to open in a spreadsheet.
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from lomsong.errors import SourceError

#: A spreadsheet computes a text that begins so.
COMPUTED = r"[=+\-@\t\r]"
#: Blanks before it are passed over by some, wide forms taken for the narrow ones by others; apostrophes count so that
#: `unguard` gives back what was there.
STARTS_COMPUTED = rf"^'*[ \n]*(?:{COMPUTED}|[＝＋－＠])"


@dataclass(frozen=True, slots=True)
class Dress:
    """
    How CSV files are written.

    Attributes
    ----------
    bom : bool
        Begin with a byte order mark, by which Excel knows UTF-8.
    inert : bool
        Put an apostrophe before texts that a spreadsheet would compute.
    """

    bom: bool = False
    inert: bool = False


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as UTF-8 with line feeds; texts stay as they are, quoted where they need it."""
    texts = [name for name in table if pd.api.types.is_object_dtype(table[name]) or _is_string(table[name])]
    # a bare carriage return ends a line for readers, and Python's writer does not quote it
    returns = any(table[name].astype("string").str.contains("\r", regex=False).any() for name in texts)
    quoting: Literal[0, 2] = csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL
    table.to_csv(path, index=False, lineterminator="\n", quoting=quoting, encoding="utf-8")


def dress_csv(folder: Path, dress: Dress) -> None:
    """Rewrite every CSV of a folder for spreadsheets, as far as `dress` says."""
    if not (dress.bom or dress.inert):
        return
    for path in sorted(folder.glob("*.csv")):
        if dress.inert:
            table = pd.read_csv(path, dtype=str, keep_default_na=False)
            table.columns = pd.Index([str(guard(pd.Series([name]))[0]) for name in table])
            write_csv(table.apply(guard), path)
        if dress.bom:
            path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().removeprefix(b"\xef\xbb\xbf"))


def guard(texts: "pd.Series[str]") -> "pd.Series[str]":
    """
    Put an apostrophe before each text that a spreadsheet would compute; numbers stay numbers.

    Examples
    --------
    >>> guard(pd.Series(["=1+1", "-12.5", "-x", "Bản"])).tolist()
    ["'=1+1", '-12.5', "'-x", 'Bản']
    """
    number = pd.to_numeric(texts, errors="coerce").notna() & ~texts.str.contains(r"[\t\r\n]")
    risky = texts.str.contains(STARTS_COMPUTED, regex=True) & ~number
    return texts.where(~risky, "'" + texts)


def unguard(texts: "pd.Series[str]") -> "pd.Series[str]":
    """Take that apostrophe away again."""
    return texts.str.replace(rf"^'(?={STARTS_COMPUTED[1:]})", "", regex=True)


def read_service(path: Path) -> pd.DataFrame:
    """
    Read ``service.csv`` of a run, however it was dressed.

    Raises
    ------
    SourceError
        It is not what a run writes.
    """
    names = ["village_id", "operator", "technology"]
    try:
        table = pd.read_csv(path, dtype=dict.fromkeys(names, str), keep_default_na=False, na_values={
            "p_centre": [""], "covered_share": [""]
        })  # fmt: skip
        return table.assign(**{name: unguard(table[name]) for name in names})
    except (OSError, ValueError, KeyError) as error:
        raise SourceError(f"{path} cannot be read: {error}; run it again") from None


def _is_string(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.StringDtype | pd.CategoricalDtype)
