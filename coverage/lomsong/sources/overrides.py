"""Verdicts that a person gave by hand: in the settings, or as a table."""

from collections.abc import Iterable

import pandas as pd

from lomsong.contracts import problem_list
from lomsong.errors import TableError
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.schemas import STATUSES
from lomsong.settings import LayerSource, Override
from lomsong.sources.dates import to_dates
from lomsong.sources.fields import rename_columns, to_text
from lomsong.sources.files import require_file
from lomsong.sources.tables import read_table

LAYER = "overrides"
_COLUMNS = ("village_id", "status", "date", "who", "why")


def read_overrides(
    named: Iterable[Override], source: LayerSource | None, *, village_ids: pd.Series
) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Gather the overrides of the settings and of a file.

    Parameters
    ----------
    named : iterable of Override
        Those of the settings.
    source : LayerSource or None
        A table with the columns ``village_id, status, date, who, why``.
    village_ids : Series
        Of the run.

    Returns
    -------
    frame : DataFrame
        One row a village, the youngest override of each; text.
    findings : list of Finding
        Overrides of villages that the run does not know, and how many verdicts are set by hand.

    Raises
    ------
    TableError
        A column is missing, a status is unknown or a cell is empty; every problem in one message.
    """
    rows = [pd.DataFrame([each.model_dump(mode="json") for each in named], columns=list(_COLUMNS))]
    findings: list[Finding] = []
    if source is not None:
        table, findings = _read_file(source)
        rows.append(table)
    # pandas would lose the kind of an empty table
    frame = pd.concat([each.astype("string") for each in rows], ignore_index=True)
    frame = frame.sort_values("date", kind="stable").drop_duplicates("village_id", keep="last")
    known = frame["village_id"].isin(village_ids.astype("string"))
    if not known.all():
        lost = tuple(frame.loc[~known, "village_id"])
        message = (
            f"{count_rows(len(lost), 'override')} of villages that are not in the run: {name_rows(lost)}"
        )
        findings.append(
            Finding(
                layer=LAYER, word="correct", severity="warning", message=message, count=len(lost), rows=lost
            )
        )
    frame = frame[known].reset_index(drop=True)
    if len(frame):
        ids = tuple(frame["village_id"])
        message = f"{count_rows(len(ids), 'verdict')} set by hand: {name_rows(ids)}"
        findings.append(
            Finding(layer=LAYER, word="correct", severity="note", message=message, count=len(ids), rows=ids)
        )
    return frame, findings


def _read_file(source: LayerSource) -> tuple[pd.DataFrame, list[Finding]]:
    path = require_file(source.path, layer=LAYER)
    raw, findings = read_table(path, layer=LAYER, encoding=source.encoding, sheet=source.layer)
    raw = rename_columns(raw, source.columns, layer=LAYER, known=list(_COLUMNS))
    problems = [f"column '{name}' is missing" for name in _COLUMNS if name not in raw]
    if problems:
        raise TableError(problem_list(LAYER, problems))
    table = pd.DataFrame({name: to_text(raw[name]) for name in _COLUMNS})
    dates, found = to_dates(raw["date"], layer=LAYER)
    table["date"] = dates.astype("string")
    table["status"] = table["status"].str.casefold()
    lines = pd.Series(range(2, len(table) + 2), index=table.index).astype(str)
    gaps = {name: lines[table[name].isna()] for name in _COLUMNS}
    problems += [
        f"'{name}' is empty or not readable in line {name_rows(rows)}"
        for name, rows in gaps.items()
        if len(rows)
    ]
    odd = ~table["status"].isin(STATUSES).fillna(value=False) & table["status"].notna()
    if odd.any():
        problems.append(f"'status' is not one of {', '.join(STATUSES)} in line {name_rows(lines[odd])}")
    if problems:
        raise TableError(problem_list(LAYER, problems))
    return table, findings + found
