"""Field checks: the list that a team took to the villages and filled in."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from lomsong.code_repair import mend_codes
from lomsong.contracts import problem_list
from lomsong.errors import TableError
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.settings import CheckSource
from lomsong.sources.dates import to_dates
from lomsong.sources.fields import rename_columns, set_aside, to_flag, to_text
from lomsong.sources.headers import name_columns
from lomsong.sources.positions import PLACE_COLUMNS, place
from lomsong.sources.signals.tables import name_operators, read_points
from lomsong.sources.witnesses import WGS84, keep_levels, read_technology
from lomsong.text import fold, unguard_cell

LAYER = "field_checks"
_COLUMNS = (
    "longitude_deg",
    "latitude_deg",
    "time",
    "operator",
    "technology",
    "level_dbm",
    "village_id",
    "has_signal",
)
#: What teams write for yes and no, folded, besides the words of `to_flag`.
_WORDS = {
    "co song": "yes", "co tin hieu": "yes", "song tot": "yes", "song yeu": "yes", "ok": "yes", "good": "yes", "weak": "yes",
    "signal": "yes", "covered": "yes", "dat": "yes", "khong co song": "no", "khong song": "no", "mat song": "no", "no signal": "no",
    "none": "no", "no service": "no", "trang song": "no", "not covered": "no", "uncovered": "no", "khong dat": "no", "khong": "no",
}  # fmt: skip


def read_field_checks(
    source: CheckSource, *, villages: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Read a check list: a village or a place, what was found, and where noted the date, operator, technology and level.

    A row with a place stands there; one with a village alone stands at the village's centre. Notes are not kept.

    Parameters
    ----------
    source : CheckSource
        The file and its column map.
    villages : GeoDataFrame
        Contract `VILLAGES`, any CRS.

    Returns
    -------
    frame : GeoDataFrame
        Columns of `MEASUREMENTS`, kind field_check, in WGS 84.
    findings : list of Finding
        Rows not filled in, villages that are not known: listed, never guessed.

    Raises
    ------
    MissingSourceError, SourceError, TableError
        One message that says what to do.
    """
    raw, points, findings = read_points(source, layer=LAYER)
    known = [*_COLUMNS, *PLACE_COLUMNS]
    named = rename_columns(raw, source.columns, layer=LAYER, known=known)
    named = name_columns(named, _COLUMNS, taken=source.columns)
    if "has_signal" not in named:
        problem = "column 'has_signal' is missing (what the team found: yes or no); map it under inputs.field_checks columns"
        raise TableError(problem_list(LAYER, [problem]))
    stem = Path(source.path).stem
    ids = pd.Series([f"{stem}:{row + 2}" for row in range(len(named))], index=named.index, dtype="string")
    frame = pd.DataFrame({"measurement_id": ids, "network": "mobile", "kind": "field_check"})
    words = to_text(named["has_signal"]).rename("has_signal")
    frame["has_signal"], found = to_flag(
        words.map(lambda word: _WORDS.get(fold(word), word), na_action="ignore"), layer=LAYER
    )
    findings += found
    frame["operator"] = name_operators(named, source)
    frame["technology"] = pd.Series(source.technology or pd.NA, index=named.index, dtype="string")
    if "technology" in named:
        technology, _, _, found = read_technology(named["technology"], layer=LAYER)
        frame["technology"] = technology.fillna(frame["technology"])
        findings += found
    if "level_dbm" in named:
        frame["level_dbm"], frame["level_kind"], found = keep_levels(
            named["level_dbm"], frame["technology"], layer=LAYER
        )
        findings += found
    if "time" in named:
        frame["time"], found = to_dates(named["time"], layer=LAYER)
        findings += found
    frame["published"] = pd.Series(data=True, index=frame.index, dtype="boolean")
    if "village_id" in named:
        known_ids = pd.Index(villages["village_id"].astype(str))
        named["village_id"], found = mend_codes(
            to_text(named["village_id"]), known_ids, layer=LAYER, column="village_id"
        )
        findings += found
    placed = _place(frame, named, points, villages, source)
    empty = placed["has_signal"].isna()
    placed, found = set_aside(
        placed, empty, layer=LAYER, word="sufficient", key="measurement_id", why="has_signal is not filled in"
    )
    findings += found
    lost = ~(np.isfinite(placed.geometry.x) & np.isfinite(placed.geometry.y))
    if lost.any():
        whom = (
            to_text(named["village_id"])[placed.index[lost]].dropna()
            if "village_id" in named
            else pd.Series(dtype="string")
        )
        message = f"{count_rows(int(lost.sum()))} set aside: no place, and no village of the run ({name_rows(whom) or 'none named'})"
        findings.append(
            Finding(layer=LAYER, word="correct", severity="warning", message=message, count=int(lost.sum()),
                    rows=tuple(placed.loc[lost, "measurement_id"]))
        )  # fmt: skip
    return placed[~lost].reset_index(drop=True), findings


def _place(
    frame: pd.DataFrame,
    named: pd.DataFrame,
    points: gpd.GeoSeries | None,
    villages: gpd.GeoDataFrame,
    source: CheckSource,
) -> gpd.GeoDataFrame:
    """Give each row its own place, else that of its village's centre, else none."""
    x, y = np.full(len(frame), np.nan), np.full(len(frame), np.nan)
    if points is not None:
        own = points.to_crs(WGS84)
        x, y = own.x.to_numpy().copy(), own.y.to_numpy().copy()
    elif {"longitude_deg", "latitude_deg"} <= set(named) or {"x_m", "y_m"} <= set(named):
        where = named[[name for name in PLACE_COLUMNS if name in named]]
        own = place(where, layer=LAYER, crs=source.crs, defined=WGS84).geometry.to_crs(WGS84)
        x, y = own.x.to_numpy().copy(), own.y.to_numpy().copy()
    elif "village_id" not in named:
        raise TableError(
            problem_list(
                LAYER,
                [
                    "column 'village_id' is missing, and so is a place; map one under inputs.field_checks columns"
                ],
            )
        )
    x[(np.abs(x) > 180) | (np.abs(y) > 90) | ((np.abs(x) < 1e-6) & (np.abs(y) < 1e-6))] = np.nan
    if "village_id" in named:
        centres = _centres(villages)
        # our own check lists guard codes that look like formulas
        ids = to_text(named["village_id"]).map(unguard_cell, na_action="ignore")
        gap = ~(np.isfinite(x) & np.isfinite(y))
        x = np.where(gap, ids.map(centres.x).to_numpy(dtype=np.float64, na_value=np.nan), x)
        y = np.where(gap, ids.map(centres.y).to_numpy(dtype=np.float64, na_value=np.nan), y)
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(x, y), crs=WGS84)


def _centres(villages: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return the given centre of each village, else a point inside it, by its code."""
    inside = villages.geometry.representative_point().to_crs(WGS84)
    x, y = inside.x, inside.y
    if {"centre_longitude_deg", "centre_latitude_deg"} <= set(villages):
        x, y = villages["centre_longitude_deg"].fillna(x), villages["centre_latitude_deg"].fillna(y)
    points = gpd.points_from_xy(x.astype("float64"), y.astype("float64"))
    return gpd.GeoSeries(points, index=villages["village_id"].astype(str), crs=WGS84)
