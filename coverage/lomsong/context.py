"""What surrounds a place: how far it is to the nearest road, line or school, and how much road there is about it."""

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from lomsong.grid import require_metric
from lomsong.nearest import GEOD

#: Segments that a quarter of a circle is drawn with; its area is then within 0.01 %.
_QUARTER = 64


def distance_to(points: gpd.GeoSeries, layer: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """
    Return the distance from each point to the nearest shape of a layer, zero inside a polygon.

    The nearest place is found in the working CRS, the way to it is measured on the ellipsoid.

    Parameters
    ----------
    points : GeoSeries
        Points in a metric CRS; empty ones allowed.
    layer : GeoDataFrame
        Points, lines or polygons in the same CRS.

    Returns
    -------
    ndarray, shape (len(points),)
        NaN for an empty point, and everywhere when the layer has no row: nothing is known then. [m]

    Raises
    ------
    CrsError
        The CRS is not metric.
    """
    crs = require_metric(CRS.from_user_input(points.crs))
    distance = np.full(len(points), np.nan)
    spots, shapes = points.to_numpy(), layer.geometry.to_numpy()
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    asked = np.flatnonzero(~(shapely.is_missing(spots) | shapely.is_empty(spots)))
    if not len(shapes) or not len(asked):
        return distance
    point, shape = shapely.STRtree(shapes).query_nearest(spots[asked], all_matches=False)
    ways = shapely.shortest_line(spots[asked[point]], shapes[shape])
    ends = shapely.get_coordinates(ways).reshape(-1, 4)
    to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    here, there = to_degrees.transform(ends[:, 0], ends[:, 1]), to_degrees.transform(ends[:, 2], ends[:, 3])
    _, _, metres = GEOD.inv(*here, *there)
    distance[asked[point]] = metres
    return distance


def length_within(points: gpd.GeoSeries, lines: gpd.GeoDataFrame, *, radius_m: float) -> NDArray[np.float64]:
    """
    Return how much of the lines of a layer lies about each point: little road means a place hard to reach.

    Parameters
    ----------
    points : GeoSeries
        Points in a metric CRS; empty ones allowed.
    lines : GeoDataFrame
        Lines in the same CRS; other shapes have no length here.
    radius_m : float
        How far about. [m]

    Returns
    -------
    ndarray, shape (len(points),)
        Length in the working CRS, NaN for an empty point. [m]

    Raises
    ------
    CrsError
        The CRS is not metric.
    """
    require_metric(CRS.from_user_input(points.crs))
    spots = points.to_numpy()
    empty = shapely.is_missing(spots) | shapely.is_empty(spots)
    length = np.where(empty, np.nan, 0.0)
    shapes = lines.geometry.to_numpy()
    shapes = shapes[shapely.get_dimensions(shapes) == 1]
    rows = np.flatnonzero(~empty)
    if not len(shapes) or not len(rows):
        return length
    discs = shapely.buffer(spots[rows], radius_m, quad_segs=_QUARTER)
    disc, line = shapely.STRtree(shapes).query(discs, predicate="intersects")
    pieces = shapely.length(shapely.intersection(shapes[line], discs[disc]))
    np.add.at(length, rows[disc], pieces)
    return length
