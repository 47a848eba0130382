"""
What changed between finished runs: newly covered, newly dark, still dark, and why; progress to a target over any number.

Two runs are compared only where that says something about the ground: of one area, and judged by the same rules.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.admin_codes import CodeMapping
from lomsong.change_causes import FinishedRun, find_causes, list_differences, number_column
from lomsong.errors import MissingSourceError, SourceError, TableError
from lomsong.findings import count_rows, name_rows
from lomsong.schemas import STATUSES
from lomsong.settings import LayerSource
from lomsong.sources.code_mapping import read_code_mapping

CHANGES = ("newly covered", "newly dark", "still dark", "other change", "same", "appeared", "vanished")
#: Statuses that count as without signal, and those that say nothing.
DARK, UNKNOWN = "white", "verify"
#: Fewer villages in common than this part of the shorter list: two areas.
LEAST_SHARED = 0.5
#: Two runs that differ here give other words to the same ground.
_RULES = ("service", "radio.carriers", "radio.receiver_height_m")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """
    What changed over two or more runs.

    Attributes
    ----------
    changes : GeoDataFrame
        One row a village and step: ``from_run``, ``to_run``, ``village_id``, ``village_name``, ``commune_name``, ``change`` (of
        `CHANGES`), ``status_before``, ``status_after``, ``p_before``, ``p_after``, ``people``, ``cause`` (the likeliest,
        such as "new mast"), ``causes`` (all that are possible, in words); geometry in WGS 84.
    progress : DataFrame
        One row a run: villages, those of each status, people in the dark, changes since the run before, ``to_target``.
    settings : tuple of str
        Settings that differ, one sentence each.
    warnings : tuple of str
        Why the runs should not be compared, where that was asked for anyway.
    target : int
        Villages without signal to come down to.
    """

    changes: gpd.GeoDataFrame
    progress: pd.DataFrame
    settings: tuple[str, ...]
    warnings: tuple[str, ...]
    target: int

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; villages that stayed the same are only counted."""
        moved = pd.DataFrame(self.changes.drop(columns="geometry"))
        moved = moved[moved["change"] != "same"].astype(object)
        return {
            "target": self.target,
            "progress": self.progress.astype(object).where(self.progress.notna(), None).to_dict("records"),
            "changes": moved.where(moved.notna(), None).to_dict("records"),
            "settings": list(self.settings),
            "warnings": list(self.warnings),
        }


def read_runs(folders: Sequence[str | Path]) -> list[FinishedRun]:
    """Read finished runs; those whose folders have one name are told apart by their paths."""
    runs = [read_finished(folder) for folder in folders]
    names = [run.name for run in runs]
    if len(set(names)) == len(names):
        return runs
    return [
        replace(run, name=f"{number}: {folder}")
        for number, (run, folder) in enumerate(zip(runs, folders, strict=True), start=1)
    ]


def read_finished(folder: str | Path) -> FinishedRun:
    """
    Read what is compared of a finished run.

    Raises
    ------
    MissingSourceError, SourceError
        The folder holds no whole run, or one of its files is broken.
    """
    folder = Path(folder)
    path = folder / "run.json"
    if not path.is_file():
        raise MissingSourceError(
            f"{folder} holds no finished run (no run.json); `lomsong run CONFIG --out {folder}` makes one"
        )
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        villages = gpd.read_parquet(folder / "villages.parquet").to_crs(4326)
        sectors = gpd.read_parquet(folder / "sectors.parquet").to_crs(4326)
    except (OSError, ValueError) as error:
        raise SourceError(f"{folder} does not hold the files of a run: {error}; run it again") from None
    if not isinstance(record, dict) or not isinstance(record.get("settings"), dict):
        raise SourceError(f"{path} does not hold the settings of a run; run it again")
    lacking = {"village_id", "status"} - set(villages.columns)
    if lacking:
        raise SourceError(f"{folder}/villages.parquet lacks {', '.join(sorted(lacking))}; run it again")
    return FinishedRun(name=folder.name or str(folder), villages=villages, sectors=sectors, record=record)


def find_mapping(runs: Sequence[FinishedRun]) -> CodeMapping | None:
    """Read the code mapping that the settings of a run name, the newest first; None where no such file is there."""
    for run in reversed(runs):
        named = (run.record["settings"].get("inputs") or {}).get("code_mapping")
        if isinstance(named, dict) and Path(str(named.get("path"))).is_file():
            return read_code_mapping(LayerSource.model_validate(named))[0]
    return None


def compare(
    runs: Sequence[FinishedRun],
    *,
    mapping: CodeMapping | None = None,
    target: int = 0,
    anyway: bool = False,
) -> Comparison:
    """
    Compare runs in the order of time.

    Parameters
    ----------
    runs : sequence of FinishedRun
        Two or more, the oldest first.
    mapping : CodeMapping, optional
        Old village codes to new ones, for villages that a reform renamed, joined or split; see `find_mapping`.
    target : int
        Villages without signal to come down to.
    anyway : bool
        Compare runs that were judged by other rules, with a warning. Two areas are never compared.

    Raises
    ------
    TableError
        Fewer than two runs, or runs that cannot be compared; the message says why.
    """
    if len(runs) < 2:
        raise TableError("compare: at least two runs are needed, the oldest first")
    settings, warnings, steps = [], [], []
    for before, after in pairwise(runs):
        between = f"{before.name} → {after.name}: "
        differ = list_differences(before.record["settings"], after.record["settings"])
        settings += [between + each for each in differ]
        matched = _match(before, after, mapping)
        problems = _rule_problems(before, after, differ)
        if problems and not anyway:
            listed = "\n  - ".join(problems)
            raise TableError(
                f"compare: {before.name} and {after.name} cannot be compared:\n  - {listed}\n"
                "Run both with the same rules, or compare with --anyway and mind the difference."
            )
        warnings += [between + each for each in problems]
        steps.append(_step(before, after, matched, differ))
    changes = gpd.GeoDataFrame(pd.concat(steps, ignore_index=True), geometry="geometry", crs=4326)
    return Comparison(
        changes=changes,
        progress=_progress(runs, changes, target),
        settings=tuple(settings),
        warnings=tuple(warnings),
        target=target,
    )


def _rule_problems(before: FinishedRun, after: FinishedRun, differ: list[str]) -> list[str]:
    problems = [f"they were judged by other rules: {each}" for each in differ if each.startswith(_RULES)]
    if bool(before.record.get("synthetic")) != bool(after.record.get("synthetic")):
        problems.append("one is synthetic, the other is not")
    return problems


def _match(before: FinishedRun, after: FinishedRun, mapping: CodeMapping | None) -> pd.DataFrame:
    """Return pairs of rows, ``row_before`` and ``row_after`` (-1: none), and how the codes relate (``mapped``)."""
    old, new = before.villages["village_id"].astype(str), after.villages["village_id"].astype(str)
    place = pd.Series(np.arange(len(new)), index=new)
    row_after = place.reindex(old).fillna(-1).to_numpy(dtype=np.int64)
    mapped = np.full(len(old), "", dtype=object)
    heir_of: dict[int, str] = {}
    if mapping is not None and (row_after < 0).any():
        lost = old.reset_index(drop=True)[row_after < 0]
        pairs, _ = mapping.translate(lost, to="new")
        pairs = pairs[pairs["other"].isin(place.index)]
        for label, heirs in pairs.groupby("row")["other"]:
            row = int(str(label))
            if len(heirs) == 1:
                row_after[row] = place[heirs.iloc[0]]
                mapped[row] = f"{lost[row]} became {heirs.iloc[0]}"
            else:
                mapped[row] = f"{lost[row]} was split into {name_rows(heirs)}"
                heir_of |= {int(place[heir]): f"a part of {lost[row]}" for heir in heirs}
    shared = int((row_after >= 0).sum())
    if shared < LEAST_SHARED * min(len(old), len(new)):
        raise TableError(
            f"compare: {before.name} and {after.name} are of two areas: {count_rows(shared, 'village')} of {len(old):,} and "
            f"{len(new):,} are in both; were codes reformed, give the mapping of village codes with --mapping"
        )
    table = pd.DataFrame({"row_before": np.arange(len(old)), "row_after": row_after, "mapped": mapped})
    fresh = np.setdiff1d(np.arange(len(new)), row_after)
    parts = [heir_of.get(int(row), "") for row in fresh]
    added = pd.DataFrame({"row_before": -1, "row_after": fresh, "mapped": parts})
    return pd.concat([table, added], ignore_index=True)


def _step(
    before: FinishedRun, after: FinishedRun, matched: pd.DataFrame, differ: list[str]
) -> gpd.GeoDataFrame:
    one = before.villages.iloc[matched["row_before"]].reset_index(drop=True)
    two = after.villages.iloc[matched["row_after"]].reset_index(drop=True)
    was, now = (matched["row_before"] >= 0).to_numpy(), (matched["row_after"] >= 0).to_numpy()
    status_before, status_after = one["status"].where(was), two["status"].where(now)
    table = pd.DataFrame(
        {"from_run": before.name, "to_run": after.name, "village_id": _either(two, one, "village_id", now)}
    )
    table["village_id_before"] = one["village_id"].where(was)
    for name in ("village_name", "commune_name"):
        table[name] = _either(two, one, name, now)
    table["change"] = _name_change(status_before, status_after, was, now)
    table["status_before"], table["status_after"] = status_before, status_after
    table["p_before"], table["p_after"] = (
        number_column(one, "p_signal").where(was),
        number_column(two, "p_signal").where(now),
    )
    table["people"] = np.where(now, _people(two), _people(one))
    causes = find_causes(before, after, one, two, matched, differ)
    moved = ~np.isin(table["change"], ["same", "still dark"])
    listed = [[each for each in found if yes] for found, yes in zip(causes, moved, strict=True)]
    table["cause"] = [
        (found[0].split(":")[0] if found else "not known") if yes else None
        for found, yes in zip(listed, moved, strict=True)
    ]
    table["causes"] = ["; ".join(found) or None for found in listed]
    shapes = np.where(now, two.geometry.to_numpy(), one.geometry.to_numpy())
    return gpd.GeoDataFrame(table, geometry=shapes, crs=4326)


def _name_change(
    before: pd.Series, after: pd.Series, was: NDArray[np.bool_], now: NDArray[np.bool_]
) -> NDArray[np.str_]:
    lit = [status for status in STATUSES if status not in (DARK, UNKNOWN)]
    dark_before, dark_after = (before == DARK).to_numpy(), (after == DARK).to_numpy()
    return np.select(
        [
            ~was,
            ~now,
            dark_before & dark_after,
            dark_before & after.isin(lit).to_numpy(),
            dark_after & before.isin(lit).to_numpy(),
            (before == after).to_numpy(),
        ],
        ["appeared", "vanished", "still dark", "newly covered", "newly dark", "same"],
        default="other change",
    )


def _progress(runs: Sequence[FinishedRun], changes: gpd.GeoDataFrame, target: int) -> pd.DataFrame:
    rows = []
    first = int((runs[0].villages["status"] == DARK).sum())
    for number, run in enumerate(runs):
        status = run.villages["status"]
        dark = int((status == DARK).sum())
        row: dict[str, Any] = {"run": run.name, "villages": len(run.villages)}
        row |= {each: int((status == each).sum()) for each in STATUSES}
        row["people_white"] = float(np.nansum(_people(run.villages)[(status == DARK).to_numpy()]))
        since = changes[changes["to_run"] == run.name] if number else changes.iloc[:0]
        for change in ("newly covered", "newly dark", "still dark"):
            row[change.replace(" ", "_")] = int((since["change"] == change).sum()) if number else None
        row["to_target"] = max(dark - target, 0)
        row["share_done"] = round((first - dark) / (first - target), 4) if first > target else None
        rows.append(row)
    table = pd.DataFrame(rows)
    counted = ["newly_covered", "newly_dark", "still_dark"]
    return table.astype(dict.fromkeys(counted, "Int64"))


def _people(frame: pd.DataFrame) -> NDArray[np.float64]:
    return np.asarray(number_column(frame, "people" if "people" in frame else "population"), dtype=np.float64)


def _either(
    first: pd.DataFrame, second: pd.DataFrame, name: str, use: NDArray[np.bool_]
) -> NDArray[np.object_]:
    one, two = (
        each[name].astype(object) if name in each else pd.Series(None, index=each.index, dtype=object)
        for each in (first, second)
    )
    return np.where(use, one, two)
