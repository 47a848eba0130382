"""Columns of a table as arrays: texts by dictionary, numbers as whole numbers with the digits a reader can use."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.contracts import Column
from lomsong.maps.packing import Packable, smallest, varints

#: Digits after the point that a reader of the popup can use, by unit; scores up to 100 and counts get one.
_DIGITS = {"m": 0, "persons": 0, "households": 0, "Mbit/s": 1, "deg": 0, "MHz": 1}
#: Shares are shown in per cent; "< 1 %" and "> 99 %" need one digit more. [digits]
_SHARE_DIGITS = 3
#: Scores from 0 to 100 are shown whole. [digits]
_SCORE_DIGITS = 0
#: A text is sent once and numbered if it stands for this many rows on average.
_WORTH_NUMBERING = 2

MISSING_FLAG = 2


def pack_columns(
    table: pd.DataFrame, columns: Mapping[str, Column]
) -> tuple[dict[str, dict[str, Any]], dict[str, Packable]]:
    """
    Turn the known columns of a table into arrays; a column that holds nothing is left out.

    Parameters
    ----------
    table : DataFrame
        Any number of rows.
    columns : mapping
        What each known column holds, by name.

    Returns
    -------
    kinds : dict
        ``{"kind": "text" | "words" | "flag"}`` or ``{"kind": "number", "digits": n}`` by column, for the header.
    arrays : dict
        For `pack`; the arrays of a column begin with its name.
    """
    kinds: dict[str, dict[str, Any]] = {}
    arrays: dict[str, Packable] = {}
    for name, column in columns.items():
        if name not in table:
            continue
        if column.kind == "flag":
            kind, parts = _flags(table[name])
        elif column.kind in ("text", "date"):
            kind, parts = _texts([plain_text(cell) for cell in table[name].to_numpy(dtype=object)])
        else:
            kind, parts = _numbers(table[name], column)
        if kind is not None:
            kinds[name] = kind
            arrays |= {f"{name}.{part}": values for part, values in parts.items()}
    return kinds, arrays


def plain_text(cell: object) -> str | None:
    """Return a cell as text that can be written as UTF-8, None where it is empty."""
    if isinstance(cell, str) and cell.isascii():
        return cell
    if cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and np.isnan(cell)):
        return None
    return str(cell).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def texts_as_bytes(texts: Iterable[str | None]) -> dict[str, Packable]:
    """Return texts one after the other, and the length of each plus one; 0 stands for none. [bytes]"""
    written = [None if text is None else text.encode("utf-8") for text in texts]
    sizes = np.fromiter((0 if text is None else len(text) + 1 for text in written), np.int64, len(written))
    return {"sizes": varints(sizes), "bytes": b"".join(text for text in written if text is not None)}


def _texts(cells: list[str | None]) -> tuple[dict[str, Any] | None, dict[str, Packable]]:
    numbers: dict[str, int] = {}
    codes = np.fromiter(
        (0 if cell is None else numbers.setdefault(cell, len(numbers) + 1) for cell in cells),
        np.int64,
        len(cells),
    )
    if not numbers:
        return None, {}
    if len(numbers) * _WORTH_NUMBERING > len(cells):
        return {"kind": "text"}, texts_as_bytes(cells)
    width = np.uint8 if len(numbers) < 1 << 8 else np.uint16 if len(numbers) < 1 << 16 else np.uint32
    return {"kind": "words"}, {"codes": codes.astype(width), **texts_as_bytes(numbers)}


def _flags(values: pd.Series) -> tuple[dict[str, Any] | None, dict[str, Packable]]:
    missing = values.isna().to_numpy()
    if missing.all():
        return None, {}
    told = values.fillna(value=False).astype(bool).to_numpy()
    return {"kind": "flag"}, {"values": np.where(missing, MISSING_FLAG, told).astype(np.uint8)}


def _numbers(values: pd.Series, column: Column) -> tuple[dict[str, Any] | None, dict[str, Packable]]:
    digits = _digits(column)
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    known = np.isfinite(numbers)
    if not known.any():
        return None, {}
    if np.all(numbers[known] == np.round(numbers[known])):
        digits = 0
    return {"kind": "number", "digits": digits}, {"values": _whole(numbers, known, digits)}


def _digits(column: Column) -> int:
    if column.maximum == 1:
        return _SHARE_DIGITS
    if column.maximum == 100 and column.name != "need":
        return _SCORE_DIGITS
    return _DIGITS.get(column.unit, 1)


def _whole(numbers: NDArray[np.float64], known: NDArray[np.bool_], digits: int) -> NDArray[Any]:
    """Scale and round; the lowest value of the type, or NaN, stands for a missing number."""
    scaled = np.round(np.where(known, numbers, 0) * 10.0**digits)
    if np.abs(scaled).max() >= 1 << 31:
        return np.where(known, scaled, np.nan)
    whole = smallest(scaled.astype(np.int64))
    if whole.dtype.kind == "i":
        whole[~known] = np.iinfo(whole.dtype).min
        return whole
    return np.where(known, scaled, np.nan)
