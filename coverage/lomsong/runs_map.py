"""The map of several finished runs, drawn from their files."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.changes import compare, find_mapping, read_runs
from lomsong.errors import OutputError
from lomsong.maps import MapOptions, village_map
from lomsong.maps.runs import ABSENT, RunHistory, add_runs
from lomsong.run_map import PAGES, is_folder, read_run_map, save_page
from lomsong.schemas import STATUSES
from lomsong.settings import LayerSource
from lomsong.sources.code_mapping import read_code_mapping

#: The map of several runs, in the folder of the last.
RUNS_MAP = "runs.html"


def draw_runs_map(
    folders: Sequence[str | Path],
    *,
    out: str | Path | None = None,
    options: MapOptions | None = None,
    mapping: str | Path | None = None,
    anyway: bool = False,
) -> tuple[Path, tuple[str, ...]]:
    """
    Draw finished runs on one map, with a slider through time and a dividing line between any two.

    Parameters
    ----------
    folders : sequence of path
        Folders of two or more runs, the oldest first; all but the statuses is that of the last.
    out : path, optional
        ``.html``, or without an ending for a folder; `RUNS_MAP` in the folder of the last run if not given.
    options : MapOptions, optional
        Language, and what is told about where masts are.
    mapping : path, optional
        Table of old village codes and new ones; that of the runs' settings if not given.
    anyway : bool
        Also runs that were judged by other rules, with a note.

    Returns
    -------
    path : Path
        The file.
    notes : tuple of str
        What had to be left out, and why runs should not be compared.

    Raises
    ------
    MissingSourceError, SourceError
        A folder holds no whole run.
    TableError
        The runs are of two areas or were judged by other rules.
    OutputError
        The file cannot be written, or is no page.
    """
    last = Path(folders[-1])
    target = last / RUNS_MAP if out is None else Path(out)
    if not is_folder(target) and target.suffix.lower() not in PAGES:
        raise OutputError(
            f"map: several runs are shown on a page: '{target.name}' should end in .html, or be a folder"
        )
    runs = read_runs(folders)
    codes = find_mapping(runs) if mapping is None else read_code_mapping(LayerSource(path=Path(mapping)))[0]
    found = compare(runs, mapping=codes, anyway=anyway)
    options = options or MapOptions()
    villages, parts, notes = read_run_map(last, options.language)
    names = tuple(run.name for run in runs)
    history = RunHistory(names, find_statuses(villages["village_id"], found.changes, names))
    drawn = add_runs(village_map(villages, parts=parts, options=options), history)
    return save_page(drawn, target), (*found.warnings, *notes)


def find_statuses(village_ids: pd.Series, changes: pd.DataFrame, names: Sequence[str]) -> NDArray[np.uint8]:
    """
    Return what each run said of the villages of the last.

    Parameters
    ----------
    village_ids : Series
        Of the last run.
    changes : DataFrame
        `Comparison.changes`.
    names : sequence of str
        The runs, the oldest first.

    Returns
    -------
    ndarray of uint8, shape (runs, villages)
        Places in `STATUSES`; `ABSENT` where a run has no village that became this one.
    """
    code_of = {status: code for code, status in enumerate(STATUSES)}
    statuses = np.full((len(names), len(village_ids)), ABSENT, dtype=np.uint8)
    ids = village_ids.astype(str).tolist()
    said = changes[["village_id", "village_id_before", "status_before", "status_after"]].astype(object)
    for run in range(len(names) - 1, 0, -1):
        step = said[(changes["to_run"] == names[run]) & changes["status_after"].notna()]
        rows = {str(row[0]): row[1:] for row in step.itertuples(index=False, name=None)}
        found = [rows.get(name, (None, None, None)) for name in ids]
        statuses[run] = [code_of.get(str(after), ABSENT) for _, _, after in found]
        statuses[run - 1] = [code_of.get(str(before), ABSENT) for _, before, _ in found]
        # no village has the id of none
        ids = [str(earlier) if isinstance(earlier, str) else "" for earlier, _, _ in found]
    return statuses
