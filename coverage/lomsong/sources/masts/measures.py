"""Numbers of sectors as people write them: with their unit, zero for "not known", directions west of north."""

import re

import pandas as pd

from lomsong.findings import Finding, count_rows, name_rows
from lomsong.schemas import SECTORS
from lomsong.sources.numerals import to_decimal

LAYER = "masts"


def read_measure(values: pd.Series, ids: pd.Series) -> tuple[pd.Series, list[Finding]]:
    """Read a column of numbers; a height, width or frequency of zero stands for "not known"."""
    unit = SECTORS.column(str(values.name)).unit
    if unit and not pd.api.types.is_numeric_dtype(values):
        # people write the unit into the cell: 42 m, 120°
        written = "°|deg" if unit == "deg" else re.escape(unit)
        text = values.astype("string")
        values = text.str.replace(rf"(?i)(?<=\d)\s*(?:{written})\.?\s*$", "", regex=True)
    numbers = to_decimal(values)
    if SECTORS.column(str(values.name)).minimum <= 0 or not pd.api.types.is_float_dtype(numbers):
        return numbers, []
    zero = numbers == 0
    if not zero.any():
        return numbers, []
    rows = tuple(ids[zero].astype(str))
    message = f"'{values.name}' is 0 in {count_rows(len(rows))}; taken as unknown: {name_rows(rows)}"
    finding = Finding(
        layer=LAYER, word="correct", severity="warning", message=message, count=len(rows), rows=rows
    )
    return numbers.mask(zero), [finding]


def turn_clockwise(azimuth_deg: pd.Series, ids: pd.Series) -> tuple[pd.Series, list[Finding]]:
    """Write a direction west of north, such as -10, as one clockwise from north."""
    west = azimuth_deg.between(-360, 0, inclusive="left")
    if not west.any():
        return azimuth_deg, []
    rows = tuple(ids[west].astype(str))
    message = (
        f"azimuth of {count_rows(len(rows), 'sector')} is negative; a full turn added: {name_rows(rows)}"
    )
    finding = Finding(
        layer=LAYER, word="clean", severity="warning", message=message, count=len(rows), rows=rows,
        action="repaired",
    )  # fmt: skip
    return azimuth_deg.mask(west, azimuth_deg + 360), [finding]
