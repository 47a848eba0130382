"""The area of a village, where a village may be only a point."""

import geopandas as gpd


def village_areas(villages: gpd.GeoDataFrame, radius_m: float) -> gpd.GeoSeries:
    """
    Return the polygon of each village, a disc around it where it is given as a point.

    Parameters
    ----------
    villages : GeoDataFrame
        Polygons or points in a metric CRS; empty shapes stay empty.
    radius_m : float
        Of the disc. [m]
    """
    points = villages.geometry.geom_type.eq("Point") & ~villages.geometry.is_empty
    return villages.geometry.where(~points, villages.geometry.buffer(radius_m))
