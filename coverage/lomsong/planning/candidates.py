"""Candidate sites: where people without signal live, high ground that sees them, masts and structures that stand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from scipy.spatial import cKDTree

from lomsong.findings import Finding, count_rows
from lomsong.inputs import Inputs
from lomsong.planning.hops import clearance
from lomsong.settings import PlanningSettings

_Floats = NDArray[np.float64]

#: High ground is the top of each square of this side. [m]
SQUARE_M = 1500.0
#: A hilltop must see so many clusters without signal, with an antenna this high. [m]
SEEN_CLUSTERS, HILLTOP_ANTENNA_M = 2, 30.0
#: Line of sight to people is judged at this frequency; only free sight counts. [MHz]
SIGHT_MHZ = 1800.0
#: Two candidates nearer than this are one. [m]
TOO_NEAR_M = 150.0
#: Layers of the context where no tower may stand.
FORBIDDEN = ("protected", "water")


def ground_height(inputs: Inputs, x: _Floats, y: _Floats) -> _Floats:
    """Return the height of the ground at places in the working CRS, NaN where it is not known. [m]"""
    to_terrain = inputs.terrain.transformer_from(CRS.from_user_input(inputs.crs))
    return inputs.terrain.sample(*to_terrain.transform(x, y))


def find_candidates(
    inputs: Inputs, dark: gpd.GeoDataFrame, settings: PlanningSettings
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Find where a site could stand.

    Parameters
    ----------
    inputs : Inputs
        Terrain, masts, and what lies about.
    dark : GeoDataFrame
        Demand points to plan for: contract `DEMAND` with ``unserved``, the expected people without signal.
    settings : PlanningSettings
        How far to look and how many to keep.

    Returns
    -------
    candidates : GeoDataFrame
        ``site_id, origin`` ('village', 'high ground', 'existing mast', 'structure'), ``mast_height_m`` of a mast that
        stands, ``ground_m``, point; in a fixed order: villages by people without signal, high ground by the clusters that
        it sees, the others by their distance to people without signal.
    findings : list of Finding
        What was left out, and layers that were not there.
    """
    findings: list[Finding] = []
    parts = [
        _clusters(dark),
        _hilltops(inputs, dark, settings),
        _masts(inputs, dark, settings),
        _structures(inputs, dark, settings),
    ]
    table = gpd.GeoDataFrame(
        pd.concat([part for part in parts if len(part)], ignore_index=True), crs=inputs.crs
    )
    if "mast_height_m" not in table:
        table["mast_height_m"] = np.nan
    table["ground_m"] = ground_height(inputs, table.geometry.x.to_numpy(), table.geometry.y.to_numpy())
    table, found = _mask(table, inputs, settings)
    findings += found
    table = _thin(table)
    if len(table) > settings.most_candidates:
        dropped = len(table) - settings.most_candidates
        findings.append(
            _note(
                f"{count_rows(dropped, 'candidate')} beyond planning.most_candidates not looked at", dropped
            )
        )
        table = table.iloc[: settings.most_candidates]
    return table.reset_index(drop=True), findings


def _note(message: str, count: int = 0) -> Finding:
    return Finding(layer="planning", word="sufficient", severity="note", message=message, count=count)


def _points(ids: list[str], origin: str, xy: _Floats, crs: CRS) -> gpd.GeoDataFrame:
    frame = pd.DataFrame({"site_id": pd.array(ids, dtype="string"), "origin": origin})
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(xy[:, 0], xy[:, 1]), crs=crs)


def _clusters(dark: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The populated place nearest to the middle of the people of each cluster."""
    keys = [dark["village_id"].astype(str), dark["cluster"]]
    weight = dark["unserved"] + 1e-9
    x, y = dark.geometry.x, dark.geometry.y
    total = weight.groupby(keys).transform("sum")
    middle_x = (x * weight).groupby(keys).transform("sum") / total
    middle_y = (y * weight).groupby(keys).transform("sum") / total
    off = np.hypot(x - middle_x, y - middle_y)
    frame = pd.DataFrame(
        {"village": keys[0], "cluster": dark["cluster"], "off": off, "people": total, "x": x, "y": y}
    )
    frame = frame.sort_values(["village", "cluster", "off", "x", "y"], kind="stable")
    frame = frame.drop_duplicates(["village", "cluster"])
    frame = frame.sort_values(["people", "village", "cluster"], ascending=[False, True, True], kind="stable")
    number = frame.groupby("village").cumcount() + 1
    ids = [f"N-{village}-{row}" for village, row in zip(frame["village"], number, strict=True)]
    return _points(ids, "village", frame[["x", "y"]].to_numpy(), dark.crs)


def _hilltops(inputs: Inputs, dark: gpd.GeoDataFrame, settings: PlanningSettings) -> gpd.GeoDataFrame:
    """The top of each square near people without signal, if it sees several clusters of them."""
    homes = np.column_stack([dark.geometry.x, dark.geometry.y])
    reach = settings.high_ground_m
    if reach <= 0 or not len(homes):
        return _points([], "high ground", np.zeros((0, 2)), dark.crs)
    step = max(inputs.terrain.cell_size_m(), 60.0)
    west, south = homes.min(axis=0) - reach
    east, north = homes.max(axis=0) + reach
    west, south = (np.floor(edge / SQUARE_M) * SQUARE_M for edge in (west, south))
    xs, ys = np.arange(west + step / 2, east, step), np.arange(south + step / 2, north, step)
    grid_x, grid_y = (axis.ravel() for axis in np.meshgrid(xs, ys))
    near = cKDTree(homes).query(np.column_stack([grid_x, grid_y]), distance_upper_bound=reach)[0] <= reach
    grid_x, grid_y = grid_x[near], grid_y[near]
    height = ground_height(inputs, grid_x, grid_y)
    known = np.isfinite(height)
    squares = pd.DataFrame({"x": grid_x[known], "y": grid_y[known], "height": height[known]})
    squares["column"] = np.floor((squares["x"] - west) / SQUARE_M).astype(int)
    squares["row"] = np.floor((squares["y"] - south) / SQUARE_M).astype(int)
    squares = squares.sort_values(["height", "x", "y"], ascending=[False, True, True], kind="stable")
    tops = squares.drop_duplicates(["column", "row"])
    seen = _clusters_seen(inputs, tops[["x", "y"]].to_numpy(), dark, reach)
    kept = tops[seen >= SEEN_CLUSTERS].assign(seen=seen[seen >= SEEN_CLUSTERS])
    kept = kept.sort_values(["seen", "height", "x", "y"], ascending=[False, False, True, True], kind="stable")
    ids = [f"H-{int(x)}-{int(y)}" for x, y in zip(kept["x"], kept["y"], strict=True)]
    return _points(ids, "high ground", kept[["x", "y"]].to_numpy(), dark.crs)


def _clusters_seen(
    inputs: Inputs, tops: _Floats, dark: gpd.GeoDataFrame, reach_m: float
) -> NDArray[np.int64]:
    middles = _clusters(dark)
    places = np.column_stack([middles.geometry.x, middles.geometry.y])
    pairs = cKDTree(tops).sparse_distance_matrix(cKDTree(places), 2 * reach_m, output_type="ndarray")
    order = np.lexsort((pairs["j"], pairs["i"]))
    top, place = pairs["i"][order], pairs["j"][order]
    free = clearance(
        lambda x, y: ground_height(inputs, x, y),
        (tops[top, 0], tops[top, 1], np.full(len(top), HILLTOP_ANTENNA_M)),
        (places[place, 0], places[place, 1], np.full(len(top), inputs.settings.radio.receiver_height_m)),
        frequency_mhz=SIGHT_MHZ,
        refractivity_gradient=inputs.settings.radio.refractivity_gradient,
    )
    return np.bincount(top[np.nan_to_num(free, nan=-1.0) > 0], minlength=len(tops))


def _masts(inputs: Inputs, dark: gpd.GeoDataFrame, settings: PlanningSettings) -> gpd.GeoDataFrame:
    """Masts that stand near people without signal: they can carry another sector."""
    first = inputs.sectors.drop_duplicates("site_id")
    xy = np.column_stack([first.geometry.x, first.geometry.y])
    away = _away(xy, dark)
    near = np.flatnonzero(away <= settings.reuse_within_m)
    near = near[np.lexsort((first["site_id"].astype(str).to_numpy()[near], away[near]))]
    found = _points(first["site_id"].astype(str).iloc[near].tolist(), "existing mast", xy[near], inputs.crs)
    height = inputs.sectors.groupby(inputs.sectors["site_id"].astype(str))["antenna_height_m"].max()
    return found.assign(mast_height_m=height.reindex(found["site_id"].astype(str)).to_numpy(dtype=np.float64))


def _structures(inputs: Inputs, dark: gpd.GeoDataFrame, settings: PlanningSettings) -> gpd.GeoDataFrame:
    layer = inputs.context.get("structures")
    if layer is None or not len(layer):
        return _points([], "structure", np.zeros((0, 2)), inputs.crs)
    middle = layer.geometry.representative_point()
    xy = np.column_stack([middle.x, middle.y])
    away = _away(xy, dark)
    near = np.flatnonzero(away <= settings.high_ground_m)
    near = near[np.lexsort((layer["feature_id"].astype(str).to_numpy()[near], away[near]))]
    ids = ["T-" + name for name in layer["feature_id"].astype(str).iloc[near]]
    return _points(ids, "structure", xy[near], inputs.crs)


def _away(xy: _Floats, dark: gpd.GeoDataFrame) -> _Floats:
    if not len(xy):
        return np.zeros(0)
    return np.asarray(
        cKDTree(np.column_stack([dark.geometry.x, dark.geometry.y])).query(xy)[0], dtype=np.float64
    )


def _mask(
    table: gpd.GeoDataFrame, inputs: Inputs, settings: PlanningSettings
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Leave out what lies outside the terrain, and new towers on steep, protected or flooded ground."""
    findings = []
    new = table["origin"].isin(["village", "high ground"]).to_numpy()
    reasons = {"outside the terrain model": table["ground_m"].isna().to_numpy()}
    x, y = table.geometry.x.to_numpy(), table.geometry.y.to_numpy()
    step = inputs.terrain.cell_size_m()
    rise_x = ground_height(inputs, x + step, y) - ground_height(inputs, x - step, y)
    rise_y = ground_height(inputs, x, y + step) - ground_height(inputs, x, y - step)
    steep = np.hypot(rise_x, rise_y) / (2 * step) > settings.steepest_slope
    reasons["on ground steeper than planning.steepest_slope"] = steep & new
    for name in FORBIDDEN:
        layer = inputs.context.get(name)
        if layer is None:
            findings.append(_note(f"no layer '{name}': candidates are not held against it"))
            continue
        tree = shapely.STRtree(layer.geometry.to_numpy())
        inside = np.zeros(len(table), dtype=bool)
        inside[np.unique(tree.query(table.geometry.to_numpy(), predicate="within")[0])] = True
        reasons[f"inside the layer '{name}'"] = inside & new
    out = np.zeros(len(table), dtype=bool)
    for reason, hit in reasons.items():
        mine = hit & ~out
        if mine.any():
            findings.append(
                _note(f"{count_rows(int(mine.sum()), 'candidate')} left out: {reason}", int(mine.sum()))
            )
        out |= mine
    return table[~out], findings


def _thin(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Of candidates very near to each other keep the first; a mast that stands always stays."""
    order = np.argsort(~table["origin"].isin(["existing mast", "structure"]).to_numpy(), kind="stable")
    xy = np.column_stack([table.geometry.x, table.geometry.y])[order]
    keep = np.ones(len(table), dtype=bool)
    for a, b in np.sort(cKDTree(xy).query_pairs(TOO_NEAR_M, output_type="ndarray"), axis=1)[:, :].tolist():
        if keep[a] and order[a] != order[b]:
            keep[b] = False
    kept = np.zeros(len(table), dtype=bool)
    kept[order[keep]] = True
    return table[kept].drop_duplicates("site_id")
