"""Numbers as people write them: decimal commas, thousands marks, and angles in degrees, minutes and seconds."""

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.findings import Finding, count_rows
from lomsong.sources.fields import to_number
from lomsong.text import MISSING_WORDS

#: No coordinate is written longer; anything longer is no angle.
_LONGEST = 40
_MARKS = str.maketrans(
    {
        "º": "°",
        "˚": "°",
        "’": "'",
        "‘": "'",
        "′": "'",
        "´": "'",
        "”": '"',
        "“": '"',
        "″": '"',
        "−": "-",
        "\u00a0": " ",
        "\u202f": " ",
    }
)
_NUMBER = r"(\d+(?:\.\d+)?)"
_ANGLE = re.compile(
    rf"^([NSEWĐB])?\s*([+-])?{_NUMBER}\s*°?(?:[\s:-]?\s*{_NUMBER}\s*'?(?:[\s:-]?\s*{_NUMBER}\s*\"?)?)?\s*([NSEWĐB])?$"
)
#: Sign of each compass letter, and whether it belongs to a latitude; Đ and B are the Vietnamese east and north.
_COMPASS = {
    "N": (1, True),
    "B": (1, True),
    "S": (-1, True),
    "E": (1, False),
    "Đ": (1, False),
    "W": (-1, False),
}
_GROUPED = re.compile(r"^[+-]?\d{1,3}(?:,\d{3}){2,}(?:\.\d+)?$|^[+-]?\d{1,3}(?:,\d{3})+\.\d+$")


def to_decimal(values: pd.Series) -> pd.Series:
    """
    Turn cells into numbers, also with decimal commas or blanks between thousands; other words stay to be reported.

    A column in which any number has two commas, or a comma before a point, uses commas for thousands.

    Examples
    --------
    >>> to_decimal(pd.Series(["2 341 567,25", "30,5", "-"])).tolist()
    [2341567.25, 30.5, nan]
    >>> to_decimal(pd.Series(["2,341,567", "12,500"])).tolist()
    [2341567.0, 12500.0]
    """
    numbers = to_number(values)
    if pd.api.types.is_float_dtype(numbers):
        return numbers
    text = numbers.map(lambda cell: str(cell).translate(_MARKS).strip(), na_action="ignore").astype("string")
    if text.str.fullmatch(_GROUPED).any():
        return to_number(text.str.replace(",", "").str.replace(" ", ""))
    bare = text.str.replace(r"(?<=\d) (?=\d{3}(\D|$))", "", regex=True)
    # a point before a comma parts thousands
    dotted = bare.str.fullmatch(r"[+-]?\d{1,3}(\.\d{3})+,\d+").fillna(value=False)
    bare = bare.mask(dotted, bare.str.replace(".", "", regex=False))
    return to_number(bare.str.replace(",", ".", regex=False))


def to_counts(values: pd.Series, *, layer: str) -> tuple[pd.Series, list[Finding]]:
    """
    Turn cells into counts of people or the like: a comma, point or blank before three digits parts thousands.

    A point does so only where the numbers without one are whole and below a thousand; other words stay to be reported.

    Examples
    --------
    >>> to_counts(pd.Series(["1,234", "900"]), layer="villages")[0].tolist()
    [1234.0, 900.0]
    >>> to_counts(pd.Series(["1.234", "0.5"]), layer="villages")[0].tolist()
    [1.234, 0.5]
    """
    if pd.api.types.is_numeric_dtype(values):
        return to_number(values), []
    text = values.astype("string").str.strip().str.replace("[\u00a0\u202f]", " ", regex=True)
    text = text.mask(text.str.casefold().isin(MISSING_WORDS))
    parted = pd.Series(data=False, index=values.index)
    for mark in (",", ".", " "):
        has = text.str.contains(mark, regex=False).fillna(value=False).astype(bool)
        grouped = text.str.fullmatch(rf"\d{{1,3}}(\{mark}\d{{3}})+").fillna(value=False).astype(bool)
        if not has.any() or not grouped[has].all():
            continue
        plain = text[~has].dropna()
        small = plain.str.fullmatch(r"\d{1,3}").all() and len(plain) > 0
        if mark == "." and not small and not text.str.count(r"\.").gt(1).any():
            continue
        text = text.str.replace(mark, "", regex=False)
        parted |= has
    numbers = to_decimal(text)
    if not parted.any():
        return numbers, []
    count = int(parted.sum())
    message = f"'{values.name}' has marks between thousands in {count_rows(count)}, such as {values[parted].iloc[0]}; taken off"
    return numbers, [
        Finding(layer=layer, word="clean", severity="note", message=message, count=count, action="repaired")
    ]


def to_degrees(values: pd.Series) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    r"""
    Turn cells into angles: decimal degrees, decimal commas, or degrees, minutes and seconds with compass letters.

    Parameters
    ----------
    values : Series
        Cells of one column.

    Returns
    -------
    degrees : ndarray, shape (n,)
        NaN where a cell is empty or no angle. [deg]
    axis : ndarray of int, shape (n,)
        1 where a compass letter says latitude, -1 where one says longitude, 0 where none does.

    Examples
    --------
    >>> degrees, axis = to_degrees(pd.Series(["21°03'12.5\"N", "21 03 12.5 N", "N21.0534", "21,0534", "x"]))
    >>> degrees.round(4).tolist(), axis.tolist()
    ([21.0535, 21.0535, 21.0534, 21.0534, nan], [1, 1, 1, 0, 0])
    """
    axis = np.zeros(len(values), dtype=np.int8)
    numbers = to_number(values)
    if pd.api.types.is_float_dtype(numbers):
        return numbers.to_numpy(dtype=np.float64), axis
    degrees = np.full(len(values), np.nan)
    for row, cell in enumerate(numbers):
        if pd.notna(cell):
            degrees[row], axis[row] = _parse_angle(str(cell))
    return degrees, axis


def _parse_angle(cell: str) -> tuple[float, int]:
    text = cell.translate(_MARKS).replace("''", '"').strip().upper()
    if len(text) > _LONGEST or text.casefold() in MISSING_WORDS:
        return float("nan"), 0
    if "," in text and "." not in text:
        text = text.replace(",", ".")
    try:
        return float(text), 0
    except ValueError:
        found = _ANGLE.match(text)
    if found is None:
        return float("nan"), 0
    before, sign, degrees, minutes, seconds, after = found.groups()
    letter = before or after
    if (before and after) or (sign == "-" and letter) or max(float(minutes or 0), float(seconds or 0)) >= 60:
        return float("nan"), 0
    angle = float(degrees) + float(minutes or 0) / 60 + float(seconds or 0) / 3600
    way, latitude = _COMPASS.get(letter, (1, True)) if letter else (1, True)
    return (-angle if sign == "-" else angle * way), 0 if letter is None else (1 if latitude else -1)
