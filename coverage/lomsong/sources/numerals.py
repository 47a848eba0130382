"""Numbers as people write them: decimal commas, thousands marks, and angles in degrees, minutes and seconds."""

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
