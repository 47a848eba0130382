"""`lomsong compare`: what changed between finished runs, in the terminal."""

import json
from collections.abc import Sequence
from pathlib import Path

from lomsong.changes import CHANGES, Comparison, compare, find_mapping, read_runs
from lomsong.findings import count_rows
from lomsong.report.changes_page import PAGE, write_changes
from lomsong.settings import LayerSource
from lomsong.sources.code_mapping import read_code_mapping
from lomsong.terminal.lines import print_json, print_lines
from lomsong.terminal.tables import print_table

#: Villages of one kind of change in the terminal; the files have them all.
_SHOWN = 10


def compare_runs(
    folders: Sequence[str],
    *,
    out: str | None,
    target: int,
    mapping: str | None,
    anyway: bool,
    as_json: bool,
) -> None:
    """Compare finished runs, write the files if asked for, and print what changed."""
    runs = read_runs(folders)
    codes = find_mapping(runs) if mapping is None else read_code_mapping(LayerSource(path=Path(mapping)))[0]
    found = compare(runs, mapping=codes, target=target, anyway=anyway)
    if out is not None:
        write_changes(found, out, synthetic=any(bool(run.record.get("synthetic")) for run in runs))
    if as_json:
        print_json(json.dumps(found.as_dict(), ensure_ascii=False, indent=2))
        return
    for warning in found.warnings:
        print_lines(f"Warning: {warning}")
    _print(found)
    if out is not None:
        print_lines(f"Page: {Path(out) / PAGE}")


def _print(found: Comparison) -> None:
    names = [
        "run",
        "villages",
        "white",
        "hollow",
        "verify",
        "newly_covered",
        "newly_dark",
        "still_dark",
        "to_target",
    ]
    numbers = found.progress[names].astype(object)
    cells = numbers.where(numbers.notna(), "–").itertuples(index=False)
    rows = [tuple(str(cell) for cell in row) for row in cells]
    heads = tuple(name.replace("_", " ") for name in names)
    print_table(f"progress to {count_rows(found.target, 'village')} without signal", heads, rows)
    for change in CHANGES:
        mine = found.changes[found.changes["change"] == change]
        if change == "same" or not len(mine):
            continue
        shown = [
            (str(row["to_run"]), str(row["village_id"]), str(row["village_name"] or ""), f"{row['status_before'] or '–'} → {row['status_after'] or '–'}", str(row["causes"] or "not known"))
            for row in mine.head(_SHOWN).astype(object).where(mine.head(_SHOWN).notna(), None).to_dict("records")
        ]  # fmt: skip
        print_table(
            f"{change}: {len(mine):,}", ("run", "village", "name", "status", "what can have caused it"), shown
        )
    for line in found.settings:
        print_lines(f"Setting: {line}")
