"""Which path is explained: the village, the mast or the best one, and the run that they belong to."""

import json
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from lomsong.errors import MissingSourceError, SourceError, TableError
from lomsong.inputs import Inputs, read
from lomsong.path.explanation import PathExplanation
from lomsong.path.terms import add_up, excess_loss, largest_margin, trace_ray
from lomsong.propagation.antenna import LEVEL_KIND
from lomsong.propagation.clutter import ClutterLayer, nearest_heights
from lomsong.propagation.links import MOST_SAMPLES
from lomsong.propagation.p526 import effective_earth_radius
from lomsong.propagation.profile import WGS84, Profile, terrain_profile
from lomsong.settings import RadioSettings
from lomsong.settings_file import parse_settings
from lomsong.villages import build_demand


def explain_path(
    inputs: Inputs,
    *,
    village_id: str,
    site_id: str | None = None,
    operator: str | None = None,
    technology: str | None = None,
    radio: RadioSettings | None = None,
    clutter: ClutterLayer | None = None,
) -> PathExplanation:
    """
    Explain the signal of one mast at the centre of one village.

    Parameters
    ----------
    inputs : Inputs
        From `read`.
    village_id : str
        The village.
    site_id : str, optional
        The mast; if not given, the one with the largest margin over the threshold among the technologies that
        count, within the maximum radius.
    operator, technology : str, optional
        Only sectors of these.
    radio : RadioSettings, optional
        Those of the inputs' settings if not given.
    clutter : ClutterLayer, optional
        What stands on the ground; that of the inputs if not given.

    Returns
    -------
    PathExplanation
        Of the sector with the largest margin. Where terrain is missing on the way the level is NaN and a note
        says so.

    Raises
    ------
    TableError
        There is no such village or mast, or it has no such sector.
    SourceError
        The village lies outside the terrain.
    """
    radio = radio or inputs.settings.radio
    village = _find_village(inputs.villages, village_id)
    centre = _find_centre(inputs, village)
    sectors = _choose_sectors(inputs, radio, centre, site_id, operator, technology)
    best: PathExplanation | None = None
    paths = _Paths(inputs, radio, village, centre, clutter)
    for bound_db, sector in paths.by_bound(sectors):
        if best is not None and bound_db <= _rank(best.budget.margin_db):
            break
        found = paths.explain(sector)
        if best is None or _rank(found.budget.margin_db) > _rank(best.budget.margin_db):
            best = found
    if best is None:  # every sector lies where it cannot be
        raise TableError(f"sectors: none has a position from which a path leads to village {village_id}")
    return best


def explain_run_path(
    folder: str | Path,
    *,
    village_id: str,
    site_id: str | None = None,
    operator: str | None = None,
    technology: str | None = None,
) -> PathExplanation:
    """
    Explain a path of a finished run, from the inputs and settings it was made with.

    Parameters
    ----------
    folder : path
        Folder of the run.
    village_id, site_id, operator, technology
        As in `explain_path`.

    Raises
    ------
    MissingSourceError, SourceError
        The folder holds no whole run, or an input is no longer there.
    TableError
        As in `explain_path`.
    """
    record = read_record(Path(folder))
    inputs = read(parse_settings(record["settings"], subject=f"settings in {folder}/run.json"))
    found = explain_path(
        inputs, village_id=village_id, site_id=site_id, operator=operator, technology=technology
    )
    before = {(str(each.get("layer")), str(each.get("sha256"))) for each in record.get("inputs", [])}
    changed = [each.path for each in inputs.records if (each.layer, each.sha256) not in before]
    if changed:
        names = ", ".join(changed)
        found = replace(
            found,
            notes=(*found.notes, f"changed since the run, so its results may differ: {names}"),
            notes_vi=(*found.notes_vi, f"đã thay đổi sau lần chạy nên kết quả có thể khác: {names}"),
        )
    return found


def read_record(folder: Path) -> dict[str, Any]:
    """Read the record of a finished run; an error of ours where there is none."""
    path = folder / "run.json"
    if not path.is_file():
        raise MissingSourceError(
            f"{folder} holds no finished run (no run.json); `lomsong run CONFIG --out {folder}` makes one"
        )
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SourceError(f"{path} is not readable as JSON: {error}; run it again") from None
    if not isinstance(record, dict) or not isinstance(record.get("settings"), dict):
        raise SourceError(f"{path} does not hold the settings of a run; run it again")
    return record


def _find_village(villages: gpd.GeoDataFrame, village_id: str) -> "pd.Series[Any]":
    found = villages[villages["village_id"].astype(str) == village_id]
    if len(found):
        first: pd.Series[Any] = found.iloc[0]
        return first
    raise TableError(_unknown("villages", "village_id", village_id, villages["village_id"]))


def _unknown(table: str, column: str, wanted: str, ids: "pd.Series[Any]") -> str:
    names = list(dict.fromkeys(ids.dropna().astype(str)))
    nearest = get_close_matches(wanted, names, n=3, cutoff=0.0)
    return (
        f"{table}: there is no {column} '{wanted}' among {len(names):,}; the nearest are {', '.join(nearest)}"
    )


def _find_centre(inputs: Inputs, village: "pd.Series[Any]") -> tuple[float, float]:
    """Return the demand point that the assessment takes for the centre, in the working CRS."""
    name = str(village["village_id"])
    if village.geometry is None or village.geometry.is_empty:
        raise TableError(f"villages: {name} has no usable shape, so it has no centre")
    # a neighbour that overlaps may own some of the people
    around = inputs.villages[inputs.villages.geometry.intersects(village.geometry)]
    demand, _ = build_demand(
        around,
        terrain=inputs.terrain,
        population=inputs.population,
        buildings=inputs.buildings,
        centres=inputs.community_centres,
        settings=inputs.settings.demand,
    )
    mine = demand[demand["is_centre"] & (demand["village_id"].astype(str) == name)]
    if mine.empty:
        raise TableError(f"villages: nobody lives in {name} that is not counted for a village it overlaps")
    point = mine.geometry.iloc[0]
    return float(point.x), float(point.y)


def _choose_sectors(
    inputs: Inputs,
    radio: RadioSettings,
    centre: tuple[float, float],
    site_id: str | None,
    operator: str | None,
    technology: str | None,
) -> gpd.GeoDataFrame:
    sectors = inputs.sectors
    if site_id is not None:
        sectors = sectors[sectors["site_id"].astype(str) == site_id]
        if sectors.empty:
            raise TableError(_unknown("sectors", "site_id", site_id, inputs.sectors["site_id"]))
    else:
        away = np.hypot(sectors.geometry.x - centre[0], sectors.geometry.y - centre[1])
        sectors = sectors[away <= radio.maximum_radius_m]
    there = sectors
    for column, wanted in (("operator", operator), ("technology", technology)):
        if wanted is not None:
            sectors = sectors[sectors[column].astype(str) == wanted]
    if sectors.empty:
        where = f"site {site_id} has" if site_id else f"within {radio.maximum_radius_m / 1000:g} km there is"
        asked = " ".join(each for each in (operator, technology) if each)
        carriers = sorted(set(there["operator"].astype(str) + " " + there["technology"].astype(str)))
        rest = f"; there are {', '.join(carriers)}" if carriers else ""
        raise TableError(f"sectors: {where} no {asked + ' ' if asked else ''}sector{rest}")
    counts = sectors["technology"].isin(inputs.settings.service.technologies)
    return sectors[counts] if technology is None and counts.any() else sectors


@dataclass(frozen=True, slots=True)
class _Paths:
    """Everything that the paths to one village share."""

    inputs: Inputs
    radio: RadioSettings
    village: "pd.Series[Any]"
    centre: tuple[float, float]
    clutter: ClutterLayer | None

    def by_bound(self, sectors: gpd.GeoDataFrame) -> "list[tuple[float, pd.Series[Any]]]":
        """Return the sectors with the largest margin that they can have, the largest first."""
        bound_db = largest_margin(sectors, self.centre, self.radio)
        order = np.lexsort((sectors["sector_id"].astype(str).to_numpy(), -bound_db))
        return [(float(bound_db[i]), sectors.iloc[i]) for i in order]

    def explain(self, sector: "pd.Series[Any]") -> PathExplanation:
        """Explain the path from one sector."""
        inputs, radio = self.inputs, self.radio
        start = (float(sector.geometry.x), float(sector.geometry.y))
        profile = self._profile(start)
        height_m, frequency = float(sector["antenna_height_m"]), float(sector["frequency_mhz"])
        radius_m = float(effective_earth_radius(radio.refractivity_gradient))
        ray = trace_ray(profile, height_m, radio.receiver_height_m, frequency, radius_m)
        excess_db, diffraction_db, model = excess_loss(profile, height_m, frequency, radio)
        technology = str(sector["technology"])
        notes = _notes(profile, sector, self.clutter, inputs)
        name = self.village.get("village_name")
        return PathExplanation(
            area=inputs.settings.name,
            synthetic=inputs.settings.synthetic,
            village_id=str(self.village["village_id"]),
            village_name="" if name is None or pd.isna(name) else str(name),
            site_id=str(sector["site_id"]),
            sector_id=str(sector["sector_id"]),
            operator=str(sector["operator"]),
            technology=technology,
            level_kind=LEVEL_KIND[technology],
            model=model,
            frequency_mhz=frequency,
            transmitter_height_m=height_m,
            receiver_height_m=radio.receiver_height_m,
            effective_earth_radius_m=radius_m,
            profile=profile,
            bulge_m=ray.bulge_m,
            line_m=ray.line_m,
            fresnel_m=ray.fresnel_m,
            line_of_sight=ray.clear,
            obstacle=ray.obstacle,
            budget=add_up(sector, profile, excess_db, diffraction_db, radio, inputs.antennas),
            notes=tuple(english for english, _ in notes),
            notes_vi=tuple(vietnamese for _, vietnamese in notes),
        )

    def _profile(self, start: tuple[float, float]) -> Profile:
        inputs, radio = self.inputs, self.radio
        away = float(np.hypot(start[0] - self.centre[0], start[1] - self.centre[1]))
        step_m = max(radio.profile_step_m or inputs.terrain.cell_size_m(), away / (MOST_SAMPLES - 1))
        profile = terrain_profile(
            inputs.terrain, start, self.centre, step_m=step_m, crs=inputs.crs, clutter=self.clutter
        )
        if self.clutter is not None or inputs.clutter is None:
            return profile
        to_clutter = inputs.clutter.transformer_from(WGS84)
        places = to_clutter.transform(profile.longitude_deg, profile.latitude_deg)
        return replace(profile, clutter_m=nearest_heights(inputs.clutter, *places))


def _notes(
    profile: Profile, sector: "pd.Series[Any]", clutter: ClutterLayer | None, inputs: Inputs
) -> list[tuple[str, str]]:
    """Return notes in English and in Vietnamese."""
    notes = []
    samples = profile.ground_m.size
    if missing := int(profile.missing):
        notes.append(
            (
                f"{missing} of {samples} samples have no terrain height; the level is not known",
                f"{missing} trên {samples} điểm mẫu không có độ cao địa hình; chưa rõ mức thu",
            )
        )
    if clutter is not None and (gaps := int(profile.missing_clutter)):
        notes.append(
            (
                f"{gaps} of {samples} samples have no clutter class; taken as open land",
                f"{gaps} trên {samples} điểm mẫu không có lớp phủ; coi là đất trống",
            )
        )
    surface = inputs.settings.inputs.surface if clutter is None else clutter.surface
    if surface == "surface":
        notes.append(
            (
                "the terrain is a surface model: it holds trees and roofs, so no clutter is added",
                "địa hình là mô hình bề mặt, đã gồm cây và mái nhà, nên không cộng thêm lớp phủ",
            )
        )
    assumed = sector.get("assumed")
    if isinstance(assumed, str) and assumed:
        names = ", ".join(assumed.split(","))
        notes.append((f"assumed for this sector: {names}", f"giả định cho sector này: {names}"))
    return notes


def _rank(margin_db: float) -> float:
    """An unknown margin loses against every known one."""
    return -np.inf if np.isnan(margin_db) else margin_db
