"""Indicators by area and group: one row for everything, each province, district and commune, and for parts of them."""

import numpy as np
import pandas as pd

from lomsong.contracts import Column, Kind
from lomsong.schemas import ANY, CONNECTIONS, STATUSES, TECHNOLOGIES

#: Where a row names no area.
UNNAMED = "(not given)"
_LEVELS = ("province_name", "district_name", "commune_name")
#: What the villages of an area are parted by, and the words for it.
GROUPS = ("status", "grid_power", "fund_eligible")
_FLAG_WORDS = {True: "yes", False: "no"}
_UNKNOWN = "unknown"


def summarise(ranked: pd.DataFrame, service: pd.DataFrame) -> pd.DataFrame:
    """
    Sum up by area: villages, households and people by status and connection, covered per technology, not ready.

    Parameters
    ----------
    ranked : DataFrame
        Villages with verdicts.
    service : DataFrame
        Contract `SERVICE`.

    Returns
    -------
    DataFrame
        One row for everything and one for each province, district and commune that has a name (``level`` 'all',
        'province' and so on), columns as in `dictionary`. Then the same for every status, grid power and fund
        eligibility that occur together there (``level`` 'all by group' and so on). A share counts only people whose
        place could be computed; ``people_unknown`` says how many villages have no number of people.
    """
    figures = _figures(ranked, service)
    groups = _groups(ranked)
    areas = {"all": pd.Series("", index=ranked.index, dtype="string")}
    for number, level in enumerate(_LEVELS):
        if level in ranked:
            # communes of one name in two districts are two
            keys = [each for each in _LEVELS[: number + 1] if each in ranked]
            named = ranked[keys].astype("string").fillna(UNNAMED)
            areas[level.removesuffix("_name")] = named.agg(" / ".join, axis=1)
    tables = []
    for suffix, parts in (("", []), (" by group", list(GROUPS))):
        for level, area in areas.items():
            keyed = groups[parts].copy()
            keyed.insert(0, "area", area)
            whole = keyed.join(figures)
            table = whole.groupby(list(keyed), sort=True).sum().reset_index()
            table.insert(0, "level", level + suffix)
            tables.append(table)
    summed = pd.concat(tables, ignore_index=True)
    return _finish(summed.reindex(columns=["level", "area", *GROUPS, *figures.columns]))


def dictionary() -> tuple[Column, ...]:
    """Return the columns of the summary; a name with a star stands for a family of them."""
    number: Kind = "number"
    text: Kind = "text"
    persons = "persons"
    return (
        Column(
            name="level", kind=text, meaning="kind of area; 'by group' where its villages are parted further"
        ),
        Column(name="area", kind=text, meaning="names from the province down; empty for everything"),
        Column(
            name="status", kind=text, meaning="of the group; empty on rows of whole areas", choices=STATUSES
        ),
        Column(name="grid_power", kind=text, meaning="of the group", choices=("yes", "no", _UNKNOWN)),
        Column(name="fund_eligible", kind=text, meaning="of the group", choices=("yes", "no", _UNKNOWN)),
        Column(name="villages", kind="integer", meaning="number of villages"),
        Column(name="households", kind=number, unit="households", meaning="households where they are given"),
        Column(name="households_unknown", kind="integer", meaning="villages without a number of households"),
        Column(name="people", kind=number, unit=persons, meaning="residents where they are known"),
        Column(name="people_unknown", kind="integer", meaning="villages without a number of people"),
        Column(name="unserved_people", kind=number, unit=persons, meaning="expected people without signal"),
        Column(name="unserved_unknown", kind="integer", meaning="villages for which that cannot be said"),
        Column(name="villages_*", kind="integer", meaning="villages of one status"),
        Column(name="households_*", kind=number, unit="households", meaning="households of one status"),
        Column(name="people_*", kind=number, unit=persons, meaning="residents of one status"),
        Column(
            name="unready_people",
            kind=number,
            unit=persons,
            meaning="expected people who cannot use online public services, by signal and speed",
        ),
        Column(name="unready_unknown", kind="integer", meaning="villages for which that cannot be said"),
        Column(name="villages_connection_*", kind="integer", meaning="villages by signal and fixed line"),
        Column(name="people_connection_*", kind=number, unit=persons, meaning="the same in people"),
        Column(
            name="covered_share_*",
            kind=number,
            minimum=0,
            maximum=1,
            meaning="SDG 9.c.1: share of people with signal of any operator by technology; 'any' is those that count",
        ),
    )


def _groups(ranked: pd.DataFrame) -> pd.DataFrame:
    groups = pd.DataFrame({"status": ranked["status"].astype("string")}, index=ranked.index)
    for name in GROUPS[1:]:
        if name in ranked:
            flag = ranked[name].astype("boolean").astype(object)
            groups[name] = flag.map(_FLAG_WORDS).fillna(_UNKNOWN).astype("string")
        else:
            groups[name] = pd.Series(_UNKNOWN, index=ranked.index, dtype="string")
    return groups


def _figures(ranked: pd.DataFrame, service: pd.DataFrame) -> pd.DataFrame:
    """Columns that add up over villages; a covered share as people covered and people it is known for."""
    people = _numbers(ranked, "people" if "people" in ranked else "population")
    households = _numbers(ranked, "households")
    unserved, unready = _numbers(ranked, "unserved_people"), _numbers(ranked, "unready_people")
    figures: dict[str, pd.Series] = {
        "villages": pd.Series(1, index=ranked.index),
        "households": households.fillna(0.0),
        "households_unknown": households.isna().astype(int),
        "people": people.fillna(0.0),
        "people_unknown": people.isna().astype(int),
        "unserved_people": unserved.fillna(0.0),
        "unserved_unknown": unserved.isna().astype(int),
    }
    for status in STATUSES:
        mine = ranked["status"] == status
        figures[f"villages_{status}"] = mine.astype(int)
        figures[f"households_{status}"] = households.where(mine, 0.0).fillna(0.0)
        figures[f"people_{status}"] = people.where(mine, 0.0).fillna(0.0)
    figures["unready_people"] = unready.fillna(0.0)
    figures["unready_unknown"] = unready.isna().astype(int)
    for connection in CONNECTIONS:
        mine, word = ranked["connection"] == connection, connection.replace(" ", "_")
        figures[f"villages_connection_{word}"] = mine.astype(int)
        figures[f"people_connection_{word}"] = people.where(mine, 0.0).fillna(0.0)
    whole = service[service["operator"] == ANY]
    for technology in [*TECHNOLOGIES, ANY]:
        rows = whole[whole["technology"] == technology].drop_duplicates("village_id")
        if len(rows):
            share = rows.set_index("village_id")["covered_share"].astype("float64")
            share = share.reindex(ranked["village_id"]).set_axis(ranked.index)
            known = share.notna() & people.notna()
            figures[f"covered_share_{technology}"] = (share * people).where(known, 0.0)
            figures[f"_known_{technology}"] = people.where(known, 0.0)
    return pd.DataFrame(figures)


def _numbers(ranked: pd.DataFrame, name: str) -> pd.Series:
    if name not in ranked:
        return pd.Series(np.nan, index=ranked.index)
    return pd.Series(ranked[name].to_numpy(np.float64, na_value=np.nan), index=ranked.index)


def _finish(summed: pd.DataFrame) -> pd.DataFrame:
    table = summed.copy()
    for name in [each for each in table if str(each).startswith("covered_share_")]:
        known = table.pop(f"_known_{str(name).removeprefix('covered_share_')}")
        table[name] = (table[name] / known.where(known > 0)).clip(0, 1).round(4)
    for name in table.columns[table.columns.str.match("households|people|unserved_people|unready_people")]:
        if pd.api.types.is_float_dtype(table[name]):
            table[name] = table[name].round(1)
    return table
