"""The map of a run: drawn while it finishes, and drawn again from its files without computing anything again."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import folium
import geopandas as gpd
import pandas as pd
import shapely

from lomsong.errors import LomsongError, MissingSourceError, OutputError, SourceError
from lomsong.findings import Finding
from lomsong.inputs import Inputs, read
from lomsong.maps import Labels, MapOptions, MapParts, parts_of, save_map, village_map
from lomsong.maps.folder import save_map_folder
from lomsong.maps.static_map import draw_static_map
from lomsong.path import PATHS_FILE, PathExplanation, explain_path, parse_paths, paths_as_json, read_paths
from lomsong.prediction import Prediction
from lomsong.reasons import find_best_servers
from lomsong.report.csv_files import read_service
from lomsong.report.path_picture import draw_path
from lomsong.report.plan_tables import BACKHAUL_LAYER
from lomsong.settings_file import parse_settings
from lomsong.wording import LANGUAGES, Language, write_number

#: Villages with the greatest need whose best path is explained, for the map and the report.
EXPLAINED_VILLAGES = 10
#: No more paths are added once their texts together are longer. [bytes]
MOST_PATH_BYTES = 2_000_000
#: A correction by measurements below this is not worth a word. [dB]
_WORTH_TELLING_DB = 0.5
_CORRECTED = (
    "before correction by measurements; {level} dBm after it",
    "trước khi hiệu chỉnh theo số đo; sau hiệu chỉnh là {level} dBm",
)

#: Endings of a page.
PAGES = (".html", ".htm")
Paper = Literal["a4", "a4-portrait", "slide"]


def explain_first(
    prediction: Prediction, ranked: gpd.GeoDataFrame, *, count: int = EXPLAINED_VILLAGES
) -> dict[str, PathExplanation]:
    """
    Explain the paths between the first villages of the ranking and the masts that their reasons name.

    Parameters
    ----------
    prediction : Prediction
        What the villages were assessed by.
    ranked : GeoDataFrame
        Villages, best rank first.
    count : int
        How many; fewer where their texts grow beyond `MOST_PATH_BYTES` or a path cannot be explained.

    Returns
    -------
    dict
        Paths by village id, as a finished run tells them.
    """
    paths: dict[str, PathExplanation] = {}
    size = 0
    if not len(prediction.inputs.sectors):
        return paths
    servers = find_best_servers(prediction, prediction.inputs.settings.service)
    demand = prediction.demand[prediction.demand["is_centre"].astype(bool)]
    centres = dict(zip(demand["village_id"].astype(str), demand["demand_id"], strict=True))
    for village_id in ranked["village_id"].astype(str).head(count):
        try:
            text = paths_as_json(
                [_explain(prediction.inputs, village_id, servers.get(centres.get(village_id, -1)))]
            )
        except LomsongError:
            continue  # a village without a place has no path; its popup says so
        size += len(text.encode("utf-8"))
        if size > MOST_PATH_BYTES:
            break
        # what is drawn is what can be read back: the same bytes when it is drawn again
        paths |= parse_paths(text, subject="path")
    return paths


def _explain(inputs: Inputs, village_id: str, server: Mapping[Any, Any] | None) -> PathExplanation:
    """Explain the path to one village, from its best server if there is one."""
    if server is None:
        return explain_path(inputs, village_id=village_id)
    path = explain_path(
        inputs,
        village_id=village_id,
        site_id=str(server["site_id"]),
        operator=str(server["operator"]),
        technology=str(server["technology"]),
    )
    level = float(server["level_dbm"])
    if not abs(level - path.budget.level_dbm) >= _WORTH_TELLING_DB:
        return path
    notes = [
        text.format(level=write_number(level, 1, language))
        for text, language in zip(_CORRECTED, LANGUAGES, strict=True)
    ]
    return replace(path, notes=(notes[0], *path.notes), notes_vi=(notes[1], *path.notes_vi))


def save_run_map(
    folder: Path,
    inputs: Inputs,
    ranked: gpd.GeoDataFrame,
    *,
    service: pd.DataFrame,
    findings: tuple[Finding, ...],
    paths: Mapping[str, PathExplanation],
) -> None:
    """Write ``map.html`` and the paths in it, ``paths.json``, into the folder of a run."""
    pictures = _pictures(paths, "en")
    parts = replace(
        parts_of(inputs, service=service, rasters=_rasters(folder), pictures=pictures), findings=findings
    )
    (folder / PATHS_FILE).write_text(paths_as_json(list(paths.values())), encoding="utf-8")
    save_map(village_map(ranked, parts=parts), folder / "map.html")


def _pictures(paths: Mapping[str, PathExplanation], language: Language) -> dict[str, str]:
    return {village: draw_path(path, language).as_svg() for village, path in paths.items()}


def redraw_map(
    folder: str | Path,
    *,
    out: str | Path | None = None,
    options: MapOptions | None = None,
    paper: Paper = "a4",
) -> tuple[Path, tuple[str, ...]]:
    """
    Draw the map of a finished run again.

    Parameters
    ----------
    folder : path
        Folder of the run.
    out : path, optional
        ``.html`` for a page, ``.png``, ``.svg`` or ``.pdf`` for a sheet, without an ending for a folder with the page in
        parts; ``map.html`` in the folder if not given.
    options : MapOptions, optional
        Language, and what is told about where masts are.
    paper : {'a4', 'a4-portrait', 'slide'}
        Size of a sheet.

    Returns
    -------
    path : Path
        The file.
    notes : tuple of str
        What had to be left out.

    Raises
    ------
    MissingSourceError, SourceError
        The folder holds no whole run, or one of its files is broken.
    OutputError
        The file cannot be written.
    """
    folder = Path(folder)
    target = folder / "map.html" if out is None else Path(out)
    if not is_folder(target) and target.suffix.lower() not in (*PAGES, ".png", ".svg", ".pdf"):
        raise OutputError(f"map: '{target.name}' should end in .html, .png, .svg or .pdf, or be a folder")
    if options is not None and options.hosted and not is_folder(target):
        raise OutputError(f"map: a hosted map is a folder; give one with --out instead of '{target.name}'")
    villages, parts, notes = read_run_map(folder, "en" if options is None else options.language)
    if is_folder(target) or target.suffix.lower() in PAGES:
        return save_page(village_map(villages, parts=parts, options=options), target), notes
    return draw_static_map(villages, target, parts=parts, options=options, paper=paper), notes


def is_folder(target: Path) -> bool:
    """Return whether a map is to be written as a folder: it is one, or its name has no ending."""
    return target.is_dir() or not target.suffix


def save_page(drawn: folium.Map, target: Path) -> Path:
    """Write a map as one file, or as a folder where that is what is asked for."""
    return save_map_folder(drawn, target) if is_folder(target) else save_map(drawn, target)


def read_run_map(folder: Path, language: Language) -> tuple[gpd.GeoDataFrame, MapParts, tuple[str, ...]]:
    """
    Read what the map of a finished run shows: its villages, the other parts, and what had to be left out.

    Raises
    ------
    MissingSourceError, SourceError
        The folder holds no whole run, or one of its files is broken.
    """
    record = _read_json(folder / "run.json")
    villages = _read_table(folder / "villages.parquet")
    return villages, *_parts_of_run(folder, record, language)


def _parts_of_run(
    folder: Path, record: dict[str, Any], language: Language
) -> tuple[MapParts, tuple[str, ...]]:
    """Take what the run has written; relief, roads, waters and measurements come from its sources while those are there."""
    notes: tuple[str, ...] = ()
    try:
        settings = parse_settings(record["settings"], subject=f"settings in {folder}/run.json")
        parts = parts_of(read(settings))
    except (LomsongError, KeyError) as error:
        credits_ = [
            f"{source['attribution']} ({source['licence']})"
            if source.get("licence")
            else source["attribution"]
            for source in record.get("inputs", [])
            if source.get("attribution")
        ]
        labels = Labels(
            str(record.get("name", "")),
            bool(record.get("synthetic")),
            tuple(dict.fromkeys(map(str, credits_))),
        )
        parts = MapParts(labels=labels)
        notes = (
            f"without relief, roads, waters and measurements, since a source is gone: {str(error).splitlines()[0]}",
        )
    service, plan = folder / "service.csv", folder / "plan.gpkg"
    return (
        replace(
            parts,
            sectors=_read_table(folder / "sectors.parquet"),
            service=read_service(service) if service.is_file() else None,
            plan=_read_plan(plan, record) if plan.is_file() else None,
            rasters=_rasters(folder),
            pictures=_pictures(read_paths(folder), language),
        ),
        notes,
    )


def _rasters(folder: Path) -> list[Path]:
    return sorted(folder.glob("signal_*.tif"))


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise MissingSourceError(
            f"{path.parent} holds no finished run (no {path.name}); `lomsong run CONFIG --out {path.parent}` makes one"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SourceError(f"{path} is not readable as JSON: {error}; run it again") from None
    if not isinstance(content, dict):
        raise SourceError(f"{path} does not hold what a run writes there; run it again")
    return content


def _read_table(path: Path) -> gpd.GeoDataFrame:
    try:
        return gpd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be read: {error}; run it again") from None


def _read_plan(path: Path, record: dict[str, Any]) -> gpd.GeoDataFrame:
    try:
        plan = gpd.read_file(path, layer="plan")
        plan = plan.assign(currency=record.get("settings", {}).get("costs", {}).get("currency"))
        if BACKHAUL_LAYER not in set(gpd.list_layers(path)["name"]):
            return plan
        lines = gpd.read_file(path, layer=BACKHAUL_LAYER).to_crs(plan.crs).set_index("order").geometry
        # a file holds multilines of one line
        line_of = dict(zip(lines.index, shapely.get_geometry(lines.to_numpy(), 0), strict=True))
        return plan.assign(backhaul=[line_of.get(order) for order in plan["order"]])
    except KeyError as error:
        raise SourceError(f"{path} lacks the column {error}; plan again with `lomsong plan`") from None
    except (OSError, ValueError, RuntimeError) as error:
        raise SourceError(f"{path} cannot be read: {error}; plan again with `lomsong plan`") from None
