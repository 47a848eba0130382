"""What surrounds a place: how far it is to the nearest road, line or school."""

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from lomsong.grid import require_metric
from lomsong.nearest import GEOD


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
