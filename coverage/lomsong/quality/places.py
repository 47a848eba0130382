"""Quality of the villages: who is missing from the table, and how their outlines fit together."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from lomsong.findings import Finding
from lomsong.inputs import Inputs
from lomsong.quality.measures import Measure, measure_share

#: A gap between neighbours narrower than this is a fault of drawing, not a place between them. [m]
SLIVER_WIDTH_M = 50.0
#: Part of the published area by which an outline may differ: more is another outline, or another year's.
SIZE_TOLERANCE = 0.05
_EQUAL_AREA = "EPSG:6933"


def measure_villages(inputs: Inputs, overlapping: NDArray[np.bool_]) -> list[Measure]:
    """
    Measure the village table.

    Parameters
    ----------
    inputs : Inputs
        From `read`.
    overlapping : ndarray of bool, shape (villages,)
        Those that share ground with another.
    """
    villages = inputs.villages
    ids = villages["village_id"]
    measures = [
        measure_share("village_population", _absent(villages, "population"), ids),
        measure_share("village_name", _absent(villages, "village_name"), ids),
        _communes_missing(inputs),
        measure_share("village_area", _point_like(villages), ids),
        measure_share("village_overlap", overlapping, ids),
        measure_share("village_mended", ids.astype(str).isin(_mended(inputs.findings)), ids),
    ]
    drawn = _areal(villages) & ~_point_like(villages)
    for key, table, areal, name in (
        ("village_size", villages, drawn, "village_id"),
        ("commune_size", inputs.communes, None, "commune_code"),
    ):
        if table is not None and "area_km2" in table and table["area_km2"].notna().any():
            measures.append(measure_share(key, _ill_sized(table, areal), table[name]))
    if _areal(villages).sum() > 1:
        measures.append(measure_share("village_gap", _beside_slivers(villages) & ~overlapping, ids))
    if {"village_name", "commune_name"} <= set(villages.columns):
        keys = villages[["village_name", "commune_name"]].astype("string")
        twin = keys.duplicated(keep=False) & keys.notna().all(axis=1)
        measures.append(measure_share("village_twin", twin, ids))
    outside = _centre_outside(villages)
    if outside is not None:
        measures.append(measure_share("village_centre", outside, ids))
    return measures


def _communes_missing(inputs: Inputs) -> Measure:
    """Count the villages without a commune; where nothing in the inputs knows any, they may be communes themselves."""
    villages = inputs.villages
    missing = _absent(villages, "commune_code") & _absent(villages, "commune_name")
    if missing.all() and inputs.communes is None:
        return Measure(key="village_code", value=np.nan)
    return measure_share("village_code", missing, villages["village_id"])


def _absent(frame: pd.DataFrame, column: str) -> pd.Series:
    if column not in frame:
        return pd.Series(data=True, index=frame.index)
    return frame[column].isna()


def _point_like(villages: gpd.GeoDataFrame) -> pd.Series:
    """Tell which villages came as a point, also where an area has been drawn around them since."""
    drawn = ~_areal(villages)
    if "geometry_origin" in villages:
        drawn |= villages["geometry_origin"].isin(["voronoi", "buffer"]).fillna(value=False)
    return drawn


def _areal(villages: gpd.GeoDataFrame) -> pd.Series:
    areal = villages.geometry.geom_type.isin(["Polygon", "MultiPolygon"]) & ~villages.geometry.is_empty
    return pd.Series(areal, index=villages.index)


def _ill_sized(table: gpd.GeoDataFrame, areal: pd.Series | None) -> NDArray[np.bool_]:
    """Tell whose outline has not the area that was published, on the ellipsoid."""
    published = table["area_km2"].to_numpy(dtype=np.float64)
    found = table.geometry.to_crs(_EQUAL_AREA).area.to_numpy(dtype=np.float64) / 1e6
    ill = np.abs(found - published) > SIZE_TOLERANCE * published
    return np.asarray(ill if areal is None else ill & areal.to_numpy(dtype=bool), dtype=bool)


def _beside_slivers(villages: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    areal = _areal(villages).to_numpy()
    edges = shapely.coverage_invalid_edges(villages.geometry.to_numpy()[areal], gap_width=SLIVER_WIDTH_M)
    found = np.zeros(len(villages), dtype=bool)
    found[areal] = ~shapely.is_empty(edges)
    return found


def _centre_outside(villages: gpd.GeoDataFrame) -> NDArray[np.bool_] | None:
    names = ["centre_longitude_deg", "centre_latitude_deg"]
    if not set(names) <= set(villages.columns) or not villages[names].notna().all(axis=1).any():
        return None
    to_metric = Transformer.from_crs("EPSG:4326", villages.crs, always_xy=True)
    x, y = to_metric.transform(*(villages[name].to_numpy(dtype=float) for name in names))
    known = np.isfinite(x) & np.isfinite(y) & _areal(villages).to_numpy()
    outside = np.zeros(len(villages), dtype=bool)
    shapes = villages.geometry.to_numpy()[known]
    outside[known] = ~shapely.intersects_xy(shapes, x[known], y[known])
    return outside


def _mended(findings: tuple[Finding, ...]) -> set[str]:
    return {
        row
        for finding in findings
        if finding.layer == "villages" and finding.action == "repaired"
        for row in finding.rows
    }
