"""How old records are, counted from the newest of them: a result must not depend on the day of reading."""

import pandas as pd

DAYS_PER_YEAR = 365.25


def newest_day(*dates: "pd.Series") -> "pd.Timestamp | None":
    """Return the newest date of several columns of ISO 8601 text, or None."""
    days = [parsed.max() for column in dates if (parsed := _parse(column)).notna().any()]
    return max(days) if days else None


def years_before(dates: "pd.Series", newest: "pd.Timestamp | None") -> "pd.Series":
    """
    Age of records.

    Parameters
    ----------
    dates : Series of str
        ISO 8601; missing stays missing.
    newest : Timestamp or None
        The day to count from.

    Returns
    -------
    Series of float
        [years]
    """
    if newest is None:
        return pd.Series(float("nan"), index=dates.index)
    days = (newest - _parse(dates)).dt.days
    return pd.Series(days / DAYS_PER_YEAR, index=dates.index)


def _parse(dates: "pd.Series") -> "pd.Series":
    # millions of rows share a few days
    code, words = pd.factorize(dates.astype("string"))
    days = pd.Series(pd.to_datetime(words, errors="coerce", format="ISO8601", utc=True))
    return pd.Series(days.array.take(code, allow_fill=True), index=dates.index)
