"""Dates and instants as people and programs write them → ISO 8601 text, as exact as what was written."""

import re

import pandas as pd

from lomsong.findings import Finding, count_rows, name_rows
from lomsong.sources.fields import spread_words, to_text

#: Seconds since 1970 between the years 2000 and 2100; a thousand times that in milliseconds.
_EPOCH_S = (946_684_800.0, 4_102_444_800.0)
#: Days since 1899-12-30 between the same years: how workbooks hold dates.
_WORKBOOK_DAYS = (36_526.0, 73_050.0)
_YEARS = (1980, 2100)
_YMD = re.compile(
    r"^(\d{4})(?:[-./](\d{1,2})(?:[-./](\d{1,2}))?)?(?:[T _]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?)?$"
)
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:[T_ ]?(\d{2})(\d{2})(\d{2}))?$")
_OTHER = re.compile(
    r"^(\d{1,2})[-./](\d{1,2})[-./](\d{4})(?:[T _,]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?\s*([AaPp][Mm])?)?$"
)
_QUARTER = re.compile(r"^(?:(\d{4})[ _-]?[Qq]([1-4])|[Qq]([1-4])[ _/-]?(\d{4}))$")


def to_dates(values: pd.Series, *, layer: str, days_only: bool = True) -> tuple[pd.Series, list[Finding]]:
    """
    Turn cells into ISO 8601 text: a year, a month, a day or an instant; other words become missing and are counted.

    Years, ISO dates, day/month/year (month/day/year where a middle number above 12 in the column says so), seconds
    since 1970, workbook days and quarters ("2023Q2", its middle month) are understood.

    Parameters
    ----------
    values : Series
        Cells of one column.
    layer : str
        For the findings.
    days_only : bool
        Leave the time of day out, which with a place can tell who somebody is.

    Returns
    -------
    dates : Series of text
        Same index.
    findings : list of Finding
        Words not understood; days that could be months.

    Examples
    --------
    >>> to_dates(pd.Series(["2018", "03/11/2022 14:05", "1477602130", "soon"]), layer="masts")[0].tolist()
    ['2018', '2022-11-03', '2016-10-27', <NA>]
    """
    text = to_text(values)
    unique = text.dropna().unique()
    parts = [_OTHER.match(each) for each in unique]
    american = any(found and int(found[2]) > 12 for found in parts) and not any(
        found and int(found[1]) > 12 for found in parts
    )
    known = {each: _iso(each, american=american, days_only=days_only) for each in unique}
    dates = spread_words(text, known.get, "string")
    findings = []
    odd = [each for each in unique if known[each] is None]
    if odd:
        count = int(text.isin(odd).sum())
        message = f"'{values.name}' is no date in {count_rows(count)} ({name_rows(odd)}); taken as unknown"
        findings.append(Finding(layer=layer, word="clean", severity="warning", message=message, count=count))
    both = [
        found
        for found in parts
        if found and int(found[1]) <= 12 and int(found[2]) <= 12 and found[1] != found[2]
    ]
    told = any(found and max(int(found[1]), int(found[2])) > 12 for found in parts)
    if both and not told:
        message = f"'{values.name}' read as day/month/year; nothing in the column says which comes first"
        findings.append(
            Finding(layer=layer, word="clean", severity="assumption", message=message, count=len(both),
                    source="assumption: the usual order in Vietnam and Europe")
        )  # fmt: skip
    return dates, findings


def _iso(text: str, *, american: bool, days_only: bool) -> str | None:
    number = _number(text)
    if number is not None:
        return _from_number(number, text, days_only=days_only)
    if found := _QUARTER.match(text):
        return f"{found[1] or found[4]}-{3 * int(found[2] or found[3]) - 1:02d}"
    if found := _YMD.match(text):
        return _compose(found[1], found[2], found[3], (found[4], found[5], found[6]), days_only=days_only)
    if found := _COMPACT.match(text):
        return _compose(found[1], found[2], found[3], (found[4], found[5], found[6]), days_only=days_only)
    if found := _OTHER.match(text):
        day, month = (found[2], found[1]) if american else (found[1], found[2])
        hour = found[4]
        if hour and found[7]:
            hour = str(int(hour) % 12 + (12 if found[7].casefold() == "pm" else 0))
        return _compose(found[3], month, day, (hour, found[5], found[6]), days_only=days_only)
    return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _from_number(number: float, text: str, *, days_only: bool) -> str | None:
    if _YEARS[0] <= number <= _YEARS[1] and number == int(number):
        return str(int(number))
    if len(text) == 8 and (found := _COMPACT.match(text)):
        return _compose(found[1], found[2], found[3], (None, None, None), days_only=days_only)
    for scale in (1.0, 1e-3, 1e-6):
        if _EPOCH_S[0] <= number * scale <= _EPOCH_S[1]:
            return _written(pd.Timestamp(number * scale, unit="s"), days_only=days_only)
    if _WORKBOOK_DAYS[0] <= number <= _WORKBOOK_DAYS[1]:
        return _written(pd.Timestamp("1899-12-30") + pd.Timedelta(days=number), days_only=days_only)
    return None


def _compose(
    year: str,
    month: str | None,
    day: str | None,
    clock: tuple[str | None, str | None, str | None],
    *,
    days_only: bool,
) -> str | None:
    try:
        stamp = pd.Timestamp(
            int(year),
            int(month or 1),
            int(day or 1),
            int(clock[0] or 0),
            int(clock[1] or 0),
            int(clock[2] or 0),
        )
    except ValueError:
        return None
    if not _YEARS[0] <= stamp.year <= _YEARS[1]:
        return None
    if month is None:
        return year
    if day is None:
        return f"{stamp:%Y-%m}"
    return _written(stamp, days_only=days_only or clock[0] is None)


def _written(stamp: pd.Timestamp, *, days_only: bool) -> str:
    return f"{stamp:%Y-%m-%d}" if days_only else f"{stamp:%Y-%m-%dT%H:%M:%S}"
