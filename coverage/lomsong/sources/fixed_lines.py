"""Lists of where fixed lines are on offer: by village, by commune, or as points."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from lomsong.area_index import index_areas
from lomsong.areas import village_areas
from lomsong.contracts import problem_list
from lomsong.errors import TableError
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.joins import pair_points
from lomsong.settings import FixedSource
from lomsong.sources.fields import rename_columns, to_flag, to_text
from lomsong.sources.headers import name_columns
from lomsong.sources.positions import PLACE_COLUMNS, place
from lomsong.sources.signals.tables import read_points
from lomsong.sources.witnesses import WGS84

LAYER = "fixed_availability"
_COLUMNS = ("village_id", "commune_code", "technology", "available")
#: Of two lists that differ the one that knows more counts.
_ORDER = ("village", "not", "commune")


def read_fixed_lines(
    sources: Sequence[FixedSource], *, villages: gpd.GeoDataFrame, radius_m: float
) -> tuple[pd.DataFrame | None, list[Finding]]:
    """
    Read the lists and say for every village what they say.

    Parameters
    ----------
    sources : sequence of FixedSource
        Each row names a village, else a commune, else a place; ``available`` may deny.
    villages : GeoDataFrame
        Contract `VILLAGES`, in the working CRS.
    radius_m : float
        Around a village that is given as a point.

    Returns
    -------
    frame : DataFrame or None
        ``village_id`` and ``listed``: ``village``, ``commune``, ``not`` or missing; none without a list.
    findings : list of Finding
        Rows that name no village of the run.
    """
    if not sources:
        return None, []
    listed = np.full(len(villages), None, dtype=object)
    findings: list[Finding] = []
    for source in sources:
        told, found = _read_list(source, villages, radius_m)
        findings += found
        if source.complete:
            told = np.where(pd.isna(told), "not", told)
        listed = _merge(listed, told)
    return pd.DataFrame({"village_id": villages["village_id"].to_numpy(), "listed": listed}), findings


def _merge(one: NDArray[np.object_], other: NDArray[np.object_]) -> NDArray[np.object_]:
    merged = np.full(len(one), None, dtype=object)
    for word in reversed(_ORDER):
        merged[(one == word) | (other == word)] = word
    return merged


def _read_list(
    source: FixedSource, villages: gpd.GeoDataFrame, radius_m: float
) -> tuple[NDArray[np.object_], list[Finding]]:
    raw, points, findings = read_points(source, layer=LAYER)
    named = rename_columns(raw, source.columns, layer=LAYER, known=[*_COLUMNS, *PLACE_COLUMNS])
    named = name_columns(named, ("village_id", "longitude_deg", "latitude_deg"), taken=source.columns)
    offered = pd.Series(data=True, index=named.index)
    if "available" in named:
        flags, found = to_flag(named["available"], layer=LAYER)
        findings += found
        # a row that does not say is there to say that there is one
        offered = flags.fillna(value=True).astype(bool)
    row, village, whole_commune = _find_villages(named, points, villages, source, radius_m)
    told = np.full(len(villages), None, dtype=object)
    for word, mine in (
        ("commune", whole_commune & offered.to_numpy()[row]),
        ("not", ~offered.to_numpy()[row]),
        ("village", ~whole_commune & offered.to_numpy()[row]),
    ):
        told[village[mine]] = word
    lost = np.setdiff1d(np.arange(len(named)), row)
    if len(lost):
        ids = [str(number + 2) for number in lost]
        message = (
            f"{count_rows(len(ids))} of {source.path.name} name no village of the run: line {name_rows(ids)}"
        )
        findings.append(
            Finding(
                layer=LAYER,
                word="correct",
                severity="warning",
                message=message,
                count=len(ids),
                rows=tuple(ids),
            )
        )
    return told, findings


def _find_villages(
    named: pd.DataFrame,
    points: gpd.GeoSeries | None,
    villages: gpd.GeoDataFrame,
    source: FixedSource,
    radius_m: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Pair rows with villages: by the village's code, else by the commune's, else by the place."""
    pairs: list[tuple[NDArray[np.int64], NDArray[np.int64], bool]] = []
    left = np.ones(len(named), dtype=bool)
    for name in ("village_id", "commune_code"):
        if name not in named or name not in villages:
            continue
        codes = to_text(named[name])
        row, village = _same(codes.where(left), villages[name])
        pairs.append((row, village, name == "commune_code"))
        left &= codes.isna().to_numpy()
    if points is None and ({"longitude_deg", "latitude_deg"} <= set(named) or {"x_m", "y_m"} <= set(named)):
        where = named[[name for name in PLACE_COLUMNS if name in named]]
        points = place(where, layer=LAYER, crs=source.crs, defined=WGS84).geometry
    if points is not None:
        at = points.to_crs(CRS.from_user_input(villages.crs))
        index = index_areas(village_areas(villages, radius_m).to_numpy())
        spot, village = pair_points(index, at.x.where(left), at.y.where(left))
        pairs.append((spot, village, False))
    if not pairs:
        problem = "no column 'village_id' or 'commune_code' and no place; map one under inputs.fixed_availability columns"
        raise TableError(problem_list(LAYER, [problem]))
    rows, found, whole = zip(*pairs, strict=True)
    return (
        np.concatenate(rows),
        np.concatenate(found),
        np.concatenate([np.full(len(row), flag) for row, flag in zip(rows, whole, strict=True)]),
    )


def _same(codes: pd.Series, known: pd.Series) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair equal codes; missing ones are equal to none."""
    left = pd.DataFrame({"code": codes.to_numpy(), "row": np.arange(len(codes))}).dropna()
    right = pd.DataFrame(
        {"code": known.astype("string").to_numpy(), "village": np.arange(len(known))}
    ).dropna()
    both = left.astype({"code": str}).merge(right.astype({"code": str}), on="code")
    return both["row"].to_numpy(dtype=np.int64), both["village"].to_numpy(dtype=np.int64)
