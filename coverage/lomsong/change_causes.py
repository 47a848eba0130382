"""What can have caused the changes between two runs: masts, evidence, boundaries, settings, data, the program."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from lomsong.nearest import find_nearest

#: A mast that came or went counts as a cause up to here, an assumption. [m]
MAST_REACH_M = 15_000.0
#: A centre that moved farther, or an area that changed by a greater part, is another boundary.
MOVED_M, AREA_PART = 250.0, 0.05
#: Settings that leave the verdict alone.
_IRRELEVANT = ("name", "seed", "inputs", "ranking", "costs", "planning", "privacy")
_EVIDENCE_LAYERS = ("speed_tests", "signal_samples", "no_service_reports", "field_checks")
_MAST_COLUMNS = (
    "operator", "technology", "frequency_mhz", "eirp_dbm", "antenna_height_m", "azimuth_deg", "beamwidth_deg", "downtilt_deg",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRun:
    """What is compared of a finished run: villages and sectors in WGS 84, and its record."""

    name: str
    villages: gpd.GeoDataFrame
    sectors: gpd.GeoDataFrame
    record: dict[str, Any]


def list_differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """
    Name the settings that bear on a verdict and differ.

    Examples
    --------
    >>> list_differences({"service": {"hollow_share": 0.8}}, {"service": {"hollow_share": 0.7}})
    ['service.hollow_share: 0.8 → 0.7']
    """
    one, two = _flat(before), _flat(after)
    keys = sorted(key for key in {*one, *two} if key.split(".")[0] not in _IRRELEVANT)
    return [f"{key}: {one.get(key)} → {two.get(key)}" for key in keys if one.get(key) != two.get(key)]


def _flat(values: dict[str, Any], stem: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{stem}{key}.")
        elif key not in ("source", "path", "attribution", "licence"):
            flat[stem + key] = value
    return flat


def find_causes(
    before: FinishedRun,
    after: FinishedRun,
    one: gpd.GeoDataFrame,
    two: gpd.GeoDataFrame,
    matched: pd.DataFrame,
    differ: list[str],
) -> list[list[str]]:
    """List for every row what can have caused a change, the nearest to the place first."""
    both = ((matched["row_before"] >= 0) & (matched["row_after"] >= 0)).to_numpy()
    found: list[list[str]] = [[] for _ in range(len(matched))]
    for row, how in enumerate(matched["mapped"]):
        if how:
            found[row].append(f"changed boundaries: {how}")
    for row in np.flatnonzero(both & _boundary_moved(one, two)).tolist():
        found[row].append("changed boundaries: centre or area differ")
    better = (number_column(two, "p_signal") >= number_column(one, "p_signal")).to_numpy()
    points = two.geometry.where(both, one.geometry).representative_point()
    for kind, sectors, helps in _mast_changes(before.sectors, after.sectors):
        if not len(sectors):
            continue
        nearest, away = find_nearest(points.x, points.y, sectors.geometry.x, sectors.geometry.y)
        fits = (away <= MAST_REACH_M) & both & (better if helps else ~better if helps is False else True)
        sites = sectors["site_id"].astype(str).to_numpy()
        for row in np.flatnonzero(fits).tolist():
            found[row].append(f"{kind}: {sites[nearest[row]]} at {away[row] / 1000:.1f} km")
    for row in np.flatnonzero(both & _evidence_differs(one, two)).tolist():
        found[row].append("new evidence: tests, samples or checks of the village differ")
    everywhere = _global_causes(before.record, after.record, differ)
    return [causes + everywhere if shared else causes for causes, shared in zip(found, both, strict=True)]


def _mast_changes(
    before: gpd.GeoDataFrame, after: gpd.GeoDataFrame
) -> list[tuple[str, gpd.GeoDataFrame, bool | None]]:
    """Return masts that came, went and changed, and whether that helps or hurts."""
    old, new = before["sector_id"].astype(str), after["sector_id"].astype(str)
    names = [name for name in _MAST_COLUMNS if name in before and name in after]
    one = before.set_axis(old)[~old.duplicated().to_numpy()]
    two = after.set_axis(new)[~new.duplicated().to_numpy()]
    shared = one.index.intersection(two.index)
    left, right = one.loc[shared, names].astype(str), two.loc[shared, names].astype(str)
    changed = (left != right).any(axis=1).to_numpy()
    return [
        ("new mast", after[~new.isin(old).to_numpy()], True),
        ("mast gone", before[~old.isin(new).to_numpy()], False),
        ("mast changed", two.loc[shared][changed], None),
    ]


def _boundary_moved(one: gpd.GeoDataFrame, two: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    old, new = one.geometry.to_numpy(), two.geometry.to_numpy()
    a, b = shapely.centroid(old), shapely.centroid(new)
    slim = np.cos(np.radians(shapely.get_y(a)))
    metres = 111_195.0  # a degree of a great circle
    away = (
        np.hypot((shapely.get_x(a) - shapely.get_x(b)) * slim, shapely.get_y(a) - shapely.get_y(b)) * metres
    )
    size_one, size_two = shapely.area(old), shapely.area(new)
    return np.asarray(
        (away > MOVED_M) | (np.abs(size_two - size_one) > AREA_PART * np.maximum(size_one, size_two))
    )


def _evidence_differs(one: pd.DataFrame, two: pd.DataFrame) -> NDArray[np.bool_]:
    differs = np.zeros(len(one), dtype=bool)
    for name in ("mobile_tests_shown", "evidence", "override"):
        if name in one and name in two:
            differs |= (
                one[name].astype("string").fillna("") != two[name].astype("string").fillna("")
            ).to_numpy()
    return differs


def _global_causes(before: dict[str, Any], after: dict[str, Any], differ: list[str]) -> list[str]:
    """Causes that touch every village alike."""
    sums: list[dict[str, set[str]]] = []
    for record in (before, after):
        sums.append({})
        for source in record.get("inputs", []):
            sums[-1].setdefault(str(source.get("layer")), set()).add(str(source.get("sha256")))
    layers = sorted(layer for layer in {*sums[0], *sums[1]} if sums[0].get(layer) != sums[1].get(layer))
    evidence = [layer for layer in layers if layer in _EVIDENCE_LAYERS]
    data = [
        layer
        for layer in layers
        if layer not in (*_EVIDENCE_LAYERS, "masts", "villages", "truth", "code_mapping")
    ]
    causes = []
    if evidence:
        causes.append(f"new evidence: {', '.join(evidence)} (corrects levels elsewhere too)")
    if differ:
        causes.append(f"changed settings: {', '.join(each.split(':')[0] for each in differ)}")
    if data:
        causes.append(f"changed data: {', '.join(data)}")
    if before.get("lomsong") != after.get("lomsong"):
        causes.append(f"changed program: {before.get('lomsong')} → {after.get('lomsong')}")
    return causes


def number_column(frame: pd.DataFrame, name: str) -> "pd.Series[float]":
    """Return a column of numbers, all missing where the table has none."""
    return frame[name].astype("float64") if name in frame else pd.Series(np.nan, index=frame.index)
