"""Village outlines made light: same borders for both neighbours, whole-number coordinates, nothing finer than a screen."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

#: Coordinates are sent as whole numbers of this part of a degree: 1.1 m of latitude, a tenth of a pixel at zoom 14.
STEPS_PER_DEGREE = 100_000
#: Borders are simplified to about this, one or two pixels at zoom 14, the closest a district is looked at. Neighbours
#: stay joined, since their shared border is simplified once (Visvalingam-Whyatt on the coverage). It is measured
#: where the map is drawn, in Web Mercator: at 22 degrees of latitude 15 m there are 14 m on the ground. [m]
TOLERANCE_M = 15.0

#: A point is ``[x, y]``; a polygon a list of parts, each a list of rings, each ``[x, y, dx, dy, dx, dy, ...]``
#: without the closing vertex. None where there is no shape.
Shape = list[Any] | None


def village_shapes(villages: gpd.GeoDataFrame) -> list[Shape]:
    """
    Return the outline or the point of every village.

    Parameters
    ----------
    villages : GeoDataFrame
        Polygons or points in any CRS. Lines and collections become a point within them.

    Returns
    -------
    list
        One `Shape` per row, in order, in steps of WGS 84 degrees.
    """
    drawn = _placed(villages.geometry.to_crs(3857))
    area = np.isin(
        shapely.get_type_id(drawn), (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
    )
    broken = area & ~shapely.is_valid(drawn)
    drawn[broken] = [_areas_of(shape) for shape in shapely.make_valid(drawn[broken])]
    if area.any():
        drawn[area] = shapely.coverage_simplify(drawn[area], TOLERANCE_M)
    degrees = gpd.GeoSeries(drawn, crs=3857).to_crs(4326)
    return [_shape(geometry) for geometry in degrees]


def village_centres(villages: gpd.GeoDataFrame) -> list[Shape]:
    """
    Return where a village's popup points to: its recorded centre, else a point within its shape.

    Parameters
    ----------
    villages : GeoDataFrame
        ``centre_longitude_deg`` and ``centre_latitude_deg`` are used where they are there.

    Returns
    -------
    list
        ``[x, y]`` or None, one per row, in steps of WGS 84 degrees.
    """
    within = shapely.point_on_surface(_placed(villages.geometry.to_crs(4326)))
    x, y = shapely.get_x(within), shapely.get_y(within)
    given = ("centre_longitude_deg", "centre_latitude_deg")
    if all(name in villages for name in given):
        east, north = (
            pd.to_numeric(villages[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)
            for name in given
        )
        known = np.isfinite(east) & np.isfinite(north)
        x, y = np.where(known, east, x), np.where(known, north, y)
    return [_point(*pair) if np.isfinite(pair).all() else None for pair in zip(x, y, strict=True)]


def shape_bounds(shapes: list[Shape]) -> tuple[float, float, float, float] | None:
    """Return south, west, north and east edge of some shapes, None where nothing has one. [deg, WGS 84]"""
    corners: list[NDArray[np.int64]] = []
    for shape in shapes:
        if shape is None:
            continue
        rings = [[shape]] if isinstance(shape[0], int) else shape
        corners += [np.cumsum(np.reshape(part[0], (-1, 2)), axis=0) for part in rings]
    if not corners:
        return None
    every = np.concatenate(corners) / STEPS_PER_DEGREE
    (west, south), (east, north) = every.min(axis=0).tolist(), every.max(axis=0).tolist()
    return south, west, north, east


def _placed(shapes: gpd.GeoSeries) -> NDArray[np.object_]:
    """Shapes as an array of their own, None instead of those that are empty or lie nowhere."""
    kept: NDArray[np.object_] = np.array(shapes.to_numpy(), dtype=object)
    kept[~np.isfinite(shapely.bounds(kept)).all(axis=1)] = None
    return kept


def _areas_of(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.multipolygons(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])


def _shape(geometry: shapely.Geometry | None) -> Shape:
    if geometry is None or geometry.is_empty:
        return None
    if isinstance(geometry, shapely.Polygon | shapely.MultiPolygon):
        parts = [
            [ring for line in (part.exterior, *part.interiors) if (ring := _ring(line)) is not None]
            for part in shapely.get_parts(geometry)
            if _ring(part.exterior) is not None
        ]
        if parts:
            return parts
    inside = shapely.point_on_surface(geometry)
    return _point(inside.x, inside.y)


def _ring(line: shapely.Geometry) -> list[int] | None:
    steps = np.round(shapely.get_coordinates(line)[:-1] * STEPS_PER_DEGREE).astype(np.int64)
    moves = np.diff(steps, axis=0, prepend=0)
    moves = moves[np.any(moves != 0, axis=1) | (np.arange(len(moves)) == 0)]
    return moves.ravel().tolist() if len(moves) >= 3 else None


def _point(x_deg: float, y_deg: float) -> list[int]:
    return [round(float(x_deg) * STEPS_PER_DEGREE), round(float(y_deg) * STEPS_PER_DEGREE)]
