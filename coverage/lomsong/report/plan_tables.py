"""The plan as files: ``plan.csv|gpkg|xlsx|json``, ``plan_villages.csv``, ``plan_curve.csv`` and ``plan_backhaul.svg``."""

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from lomsong.atomic import refuse_to_replace, staged_folder
from lomsong.findings import count_rows
from lomsong.planning.evaluation import Evaluation
from lomsong.planning.hop_paths import HopPath
from lomsong.planning.investment import Plan
from lomsong.report.checklist import write_checklist
from lomsong.report.csv_files import write_csv
from lomsong.report.hop_pictures import draw_hops
from lomsong.report.tables import SYNTHETIC_NOTE, round_columns, write_geopackage
from lomsong.report.workbook import Sheet, save_workbook
from lomsong.schemas import PLAN

#: Of ``plan.gpkg``: from each site to where its backhaul ends, for sites that have a line.
BACKHAUL_LAYER = "backhaul"
#: Files of the villages that are worth a visit before building.
CHECKS_NAME = "plan_checks"
#: Written last.
PLAN_FILE = "plan.csv"
#: Budget, bound and assumptions of the plan, and which villages it was made for.
NOTE_FILE = "plan.json"
#: What a planner's own list is worth; written last.
PROPOSED_FILE = "proposed.csv"
#: The terrain under the hops, and the tables as a workbook.
HOPS_FILE, WORKBOOK_FILE = "plan_backhaul.svg", "plan.xlsx"
#: All that a plan writes.
PLAN_FILES = ("plan.*", "plan_checks.*", "plan_villages.csv", "plan_curve.csv", HOPS_FILE)


def write_plan(
    plan: Plan,
    folder: str | Path,
    *,
    hops: Sequence[HopPath] = (),
    checks: gpd.GeoDataFrame | None = None,
    inputs: Iterable[Path] = (),
    area: str = "",
    synthetic: bool = False,
) -> None:
    """
    Write a plan beside the results of its run; rows in the order of building.

    Parameters
    ----------
    plan : Plan
        From `plan` or `plan_run`.
    folder : path
        Nothing in it changes before every file is ready.
    hops : sequence of HopPath
        From `trace_hops`, for the picture of the backhaul.
    checks : GeoDataFrame, optional
        From `rank_plan_checks`: where to measure before building, as ``plan_checks.csv`` and ``plan_checks.kml``.
    inputs : iterable of Path
        Files that must not be replaced: field checks that were filled in may stand here.
    area : str
        Name of the run.
    synthetic : bool
        The data are made up, and the picture and the workbook say so.

    Raises
    ------
    OutputError
        The folder cannot be written to, or holds an input of the name of a result.
    """
    refuse_to_replace(Path(folder), PLAN_FILES, inputs)
    flat = _flatten(plan.sites)
    with staged_folder(Path(folder), last=PLAN_FILE) as scratch:
        # also without a site: an older plan must not stay beside the new one
        _write_layers(plan.sites, scratch / "plan.gpkg", layer="plan")
        write_csv(round_columns(plan.villages), scratch / "plan_villages.csv")
        write_csv(round_columns(plan.curve), scratch / "plan_curve.csv")
        text = json.dumps(_note(plan, Path(folder)), ensure_ascii=False, indent=2)
        (scratch / NOTE_FILE).write_text(text + "\n", encoding="utf-8")
        if checks is not None:
            write_checklist(checks, scratch, name=CHECKS_NAME)
        write_csv(flat, scratch / PLAN_FILE)
        drawing = draw_hops(hops, area=area, synthetic=synthetic)
        (scratch / HOPS_FILE).write_text(drawing.as_svg(), encoding="utf-8")
        _write_workbook(plan, flat, scratch / WORKBOOK_FILE, area=area, synthetic=synthetic)


def write_evaluation(done: Evaluation, folder: str | Path, *, inputs: Iterable[Path] = ()) -> None:
    """
    Write what a planner's own list is worth: ``proposed.csv`` and ``.gpkg``, ``proposed_missed.csv``.

    Parameters
    ----------
    done : Evaluation
        From `evaluate_sites`.
    folder : path
        Nothing in it changes before every file is ready.
    inputs : iterable of Path
        Files that must not be replaced, such as the list itself.

    Raises
    ------
    OutputError
        The folder cannot be written to, or holds an input of the name of a result.
    """
    refuse_to_replace(Path(folder), ("proposed.*", "proposed_missed.csv"), inputs)
    with staged_folder(Path(folder), last=PROPOSED_FILE) as scratch:
        _write_layers(done.sites, scratch / "proposed.gpkg", layer="proposed")
        write_csv(round_columns(done.missed), scratch / "proposed_missed.csv")
        write_csv(_flatten(done.sites), scratch / PROPOSED_FILE)


def _flatten(sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return sites with their places in columns."""
    table = round_columns(sites).to_crs("EPSG:4326")
    flat = pd.DataFrame(table.drop(columns=["geometry", "backhaul"]))
    flat["longitude_deg"], flat["latitude_deg"] = table.geometry.x.round(6), table.geometry.y.round(6)
    return flat


def _write_layers(sites: gpd.GeoDataFrame, file: Path, *, layer: str) -> None:
    """Write a layer of the sites and one of their backhaul, where there is any."""
    table = round_columns(sites).to_crs("EPSG:4326")
    write_geopackage(_plain(table), file, layer=layer)
    lines = _backhaul(table) if len(table) else table
    if len(lines):
        write_geopackage(lines, file, layer=BACKHAUL_LAYER)


def _write_workbook(plan: Plan, flat: pd.DataFrame, file: Path, *, area: str, synthetic: bool) -> None:
    """Write the plan as a workbook: sites, villages, curve."""
    found = plan.solution
    proof = (
        "proven the best of these candidates" if found.proven else f"gap of at most {found.gap_percent:.2f} %"
    )
    about = [
        ("Result", area),
        ("What it is", f"{count_rows(len(flat), 'site')} for {found.spent:,.0f}, {found.value:,.0f} people reached; {proof}"),
        ("Prices", "present values; placeholders where the settings say so"),
        *((f"Note {number}", finding.message) for number, finding in enumerate(plan.findings, start=1)),
    ]  # fmt: skip
    sheets = [
        Sheet("plan", flat, PLAN.columns),
        Sheet("villages", round_columns(plan.villages)),
        Sheet("curve", round_columns(plan.curve)),
    ]
    save_workbook(file, sheets, about=about, warning=SYNTHETIC_NOTE if synthetic else "")


def _plain(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(table.drop(columns="backhaul"), geometry="geometry", crs=table.crs)


def _backhaul(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    lines = gpd.GeoSeries(table["backhaul"])
    there = lines.notna() & ~lines.is_empty
    names = [name for name in ("order", "site_id", "backhaul_kind", "connects_to") if name in table]
    found = pd.DataFrame(table.loc[there, names])
    return gpd.GeoDataFrame(found, geometry=lines[there].to_crs(table.crs))


def mark_villages(folder: Path) -> str | None:
    """Return the checksum of the villages of a run, by which a plan of other results is known; None without a run."""
    path = folder / "villages.parquet"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _note(plan: Plan, folder: Path) -> dict[str, Any]:
    found, problem = plan.solution, plan.problem
    return {
        "budget": problem.settings.budget,
        "phases": problem.settings.phases,
        "people": round(float(problem.demand["unserved"].sum()), 1),
        "reached": round(found.value, 1),
        "spent": round(found.spent, 2),
        "bound": round(found.bound, 1) if math.isfinite(found.bound) else None,
        "proven": found.proven,
        "assumed": [each.message for each in plan.findings],
        "villages_sha256": mark_villages(folder),
    }
