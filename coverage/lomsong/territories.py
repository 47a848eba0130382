"""Which commune a village lies in, and the part of it that belongs to a village known only as a point."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from lomsong.findings import Finding, count_rows, name_rows

LAYER = "villages"
_CENTRE = ("centre_longitude_deg", "centre_latitude_deg")
#: What a village may take over from the commune it lies in.
_FROM_COMMUNE = (
    "commune_code", "commune_name", "district_code", "district_name", "province_code", "province_name",
)  # fmt: skip


def place_villages(
    villages: gpd.GeoDataFrame, communes: gpd.GeoDataFrame | None = None
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Find each village's commune, and give villages that are points their part of it.

    The part is the Voronoi cell of the point among the points of the same commune, less the villages there that have
    an outline. A point outside every commune, or without communes, stays a point: later steps take a disc around it.
    The point itself is the centre of the village where no centre is given.

    Parameters
    ----------
    villages : GeoDataFrame
        Contract `VILLAGES` in a metric CRS; polygons, points or empty shapes.
    communes : GeoDataFrame, optional
        Contract `COMMUNES` in the same CRS. Where two overlap the smaller has the village, of equal ones the first.

    Returns
    -------
    villages : GeoDataFrame
        A copy with ``geometry_origin``, and with the commune's codes and names where the village had none.
    findings : list of Finding
        How many were shaped in which way, and given codes that disagree with the place.
    """
    placed = villages.copy()
    points = placed.geometry.geom_type.eq("Point") & ~placed.geometry.is_empty
    placed["geometry_origin"] = pd.Series("given", index=placed.index, dtype="string").mask(points, "buffer")
    placed.loc[placed.geometry.is_empty, "geometry_origin"] = pd.NA
    if points.any():
        _keep_centres(placed, points)
    findings: list[Finding] = []
    if communes is not None:
        home = locate(placed, communes)
        findings += _take_over(placed, communes, home)
        _share_communes(placed, communes, home, points.to_numpy())
    return placed, findings + _origin_findings(placed)


def locate(villages: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """
    Return the row number of the commune that holds each village's point or a point inside its outline; -1 for none.

    Where communes overlap the smaller holds it, of equal ones the first in the table.
    """
    inside = shapely.point_on_surface(villages.geometry.to_numpy())
    shapes = communes.geometry.to_numpy()
    order = np.argsort(shapely.area(shapes), kind="stable")
    village, found = shapely.STRtree(shapes[order]).query(inside, predicate="intersects")
    best = np.full(len(villages), len(order), dtype=np.int64)
    np.minimum.at(best, village, found)
    return np.append(order, -1)[best]


def divide_area(
    area: shapely.Geometry, x: NDArray[np.float64], y: NDArray[np.float64]
) -> list[shapely.Geometry]:
    """
    Divide an area among points: each has what is nearer to it than to any other.

    Parameters
    ----------
    area : Polygon or MultiPolygon
        In a metric CRS.
    x, y : ndarray, shape (points,)
        No two the same.

    Returns
    -------
    list of Polygon or MultiPolygon
        In the order of the points; together the area. Empty for a point that has nothing of it.
    """
    if len(x) == 1:
        return [area]
    places = shapely.multipoints(shapely.points(x, y))
    cells = shapely.get_parts(shapely.voronoi_polygons(places, extend_to=area, ordered=True))
    return [_polygonal(part) for part in shapely.intersection(cells, area)]


def _polygonal(shape: shapely.Geometry) -> shapely.Geometry:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _keep_centres(placed: gpd.GeoDataFrame, points: pd.Series) -> None:
    place = placed.geometry[points].to_crs("EPSG:4326")
    for name, axis in zip(_CENTRE, (place.x, place.y), strict=True):
        if name not in placed:
            placed[name] = np.nan
        placed[name] = placed[name].fillna(axis)


def _take_over(
    placed: gpd.GeoDataFrame, communes: gpd.GeoDataFrame, home: NDArray[np.int64]
) -> list[Finding]:
    findings = []
    own = communes.reindex(home).set_axis(placed.index)
    if "commune_code" in placed:
        stated = placed["commune_code"]
        elsewhere = stated.notna() & own["commune_code"].notna() & (stated != own["commune_code"])
        elsewhere = elsewhere.fillna(value=False).astype(bool)
        if elsewhere.any():
            findings.append(_disagreement(placed, own, elsewhere))
    # a row keeps what it says of its commune as a whole: nothing is mixed from two
    blank = pd.Series(True, index=placed.index)
    if "commune_code" in placed:
        blank &= placed["commune_code"].isna() | (placed["commune_code"] == own["commune_code"]).fillna(
            value=False
        )
    for name in _FROM_COMMUNE:
        if name not in own:
            continue
        if name not in placed:
            placed[name] = pd.Series(pd.NA, index=placed.index, dtype="string")
        placed[name] = placed[name].fillna(own[name].where(blank))
    return findings


def _disagreement(placed: gpd.GeoDataFrame, own: pd.DataFrame, elsewhere: pd.Series) -> Finding:
    ids = tuple(placed.loc[elsewhere, "village_id"].astype(str))
    stated, found = (frame.loc[elsewhere, "commune_code"].iloc[0] for frame in (placed, own))
    message = (
        f"{count_rows(len(ids), 'village')} in another commune than the code says ({name_rows(ids)}; the first says "
        f"{stated} and lies in {found}); the code is kept. Codes "
        "of the old system belong under commune_code_old"
    )
    return Finding(layer=LAYER, word="correct", severity="warning", message=message, count=len(ids), rows=ids)


def _share_communes(
    placed: gpd.GeoDataFrame, communes: gpd.GeoDataFrame, home: NDArray[np.int64], points: NDArray[np.bool_]
) -> None:
    shapes = placed.geometry.to_numpy().copy()
    outlines = shapes[~points]
    tree = shapely.STRtree(outlines)
    place = placed.geometry.get_coordinates(index_parts=False) if points.any() else None
    if place is None:
        return
    xy = np.column_stack([shapely.get_x(shapes), shapely.get_y(shapes)])
    # points in the same place cannot be parted: the first has the cell
    repeated = pd.DataFrame(xy).duplicated().to_numpy() & points
    for commune in np.unique(home[points & (home >= 0)]):
        rows = np.flatnonzero((home == commune) & points & ~repeated)
        area = communes.geometry.iloc[commune]
        taken = outlines[tree.query(area, predicate="intersects")]
        if len(taken):
            area = _polygonal(shapely.difference(area, shapely.union_all(taken)))
        for row, cell in zip(rows, divide_area(area, xy[rows, 0], xy[rows, 1]), strict=True):
            if not cell.is_empty:
                shapes[row] = cell
                placed.iloc[row, placed.columns.get_loc("geometry_origin")] = "voronoi"
    placed.geometry = gpd.GeoSeries(shapes, index=placed.index, crs=placed.crs)


def _origin_findings(placed: gpd.GeoDataFrame) -> list[Finding]:
    ways = {
        "voronoi": "known only as a point: given the part of the commune that is nearer to it than to another village",
        "buffer": "known only as a point: a disc of demand.point_radius_m around it stands for the village",
    }
    findings = []
    for origin, words in ways.items():
        ids = tuple(
            placed.loc[placed["geometry_origin"].eq(origin).fillna(value=False), "village_id"].astype(str)
        )
        if ids:
            findings.append(
                Finding(
                    layer=LAYER, word="correct", severity="assumption", count=len(ids), rows=ids, source="geometry_origin",
                    message=f"{count_rows(len(ids), 'village')} {words} ({name_rows(ids)})",
                )
            )  # fmt: skip
    return findings
