"""Tables of official numbers of people, by village or by commune."""

from pathlib import Path

import pandas as pd

from lomsong.errors import TableError
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.settings import LayerSource
from lomsong.sources.fields import rename_columns, to_text
from lomsong.sources.files import require_file
from lomsong.sources.numerals import to_counts
from lomsong.sources.tables import read_table

LAYER = "population_totals"
#: What a row may be about.
KEYS = ("village_id", "commune_code")


def read_totals(source: LayerSource) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Read official numbers of people.

    Returns
    -------
    table : DataFrame
        ``village_id`` or ``commune_code`` (text), and ``population``; no code twice, no number below zero.
    findings : list of Finding
        Rows set aside.

    Raises
    ------
    MissingSourceError, SourceError, TableError
        No file, or not one of the two codes with a population.
    """
    path = require_file(Path(source.path), layer=LAYER)
    raw, findings = read_table(path, layer=LAYER, encoding=source.encoding, sheet=source.layer)
    named = rename_columns(raw, source.columns, layer=LAYER, known=[*KEYS, "population"])
    keys = [key for key in KEYS if key in named]
    if len(keys) != 1 or "population" not in named:
        raise TableError(
            f"{LAYER}: {path.name} needs a population and one of {' or '.join(KEYS)}; name them under "
            f"inputs.{LAYER} columns"
        )
    key = keys[0]
    counts, found = to_counts(named["population"], layer=LAYER)
    findings += found
    people = pd.to_numeric(counts, errors="coerce")
    table = pd.DataFrame({key: to_text(named[key]), "population": people})
    bad = table[key].isna() | ~table["population"].between(0, 1e9)
    twice = table[key].duplicated(keep=False) & ~bad
    for rows, why in ((bad, "no code, or no number of people"), (twice, "the code stands twice")):
        if rows.any():
            ids = tuple(table.loc[rows, key].fillna("?").astype(str))
            message = f"{count_rows(len(ids))} set aside: {why} ({name_rows(ids)})"
            findings.append(
                Finding(
                    layer=LAYER, word="clean", severity="warning", message=message, count=len(ids), rows=ids
                )
            )
    kept = table[~bad & ~twice].reset_index(drop=True)
    if kept.empty:
        raise TableError(f"{LAYER}: no usable row in {path.name}: {findings[-1].message}")
    return kept, findings
