"""Small worlds made in memory, in km from a corner."""

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS
from shapely import Point, box

from lomsong.grid import Raster
from lomsong.settings import Settings
from lomsong.settings_file import parse_settings

#: Metric CRS of the made-up worlds, and their lower left corner in it.
CRS_METRIC = "EPSG:32648"
X0, Y0 = 400_000.0, 2_400_000.0
CELL_M = 90.0


def small_settings(**changes: object) -> Settings:
    """Return settings whose files are never read."""
    nowhere = {"path": "nowhere"}
    inputs = {"villages": nowhere, "masts": [nowhere], "terrain": nowhere}
    return parse_settings({"name": "small world", "synthetic": True, "inputs": inputs, **changes})


def flat_terrain(height_m: float = 100.0, cells: int = 400) -> Raster:
    """Return level ground from the corner up and right."""
    values = np.full((cells, cells), height_m, dtype=np.float32)
    return Raster(values, (X0, CELL_M, Y0 + cells * CELL_M, -CELL_M), CRS.from_user_input(CRS_METRIC))


def ridged_terrain(ridge_m: float, *, east_km: float = 10.0) -> Raster:
    """Return level ground with a wall of three cells running north to south."""
    terrain = flat_terrain()
    column = int(east_km * 1000 / CELL_M)
    terrain.values[:, column - 1 : column + 2] += ridge_m
    return terrain


def village_table(places: dict[str, tuple[float, float]], **columns: object) -> gpd.GeoDataFrame:
    """Return square villages of 1 km about places given in km from the corner."""
    shapes = [
        box(X0 + x * 1000 - 500, Y0 + y * 1000 - 500, X0 + x * 1000 + 500, Y0 + y * 1000 + 500)
        for x, y in places.values()
    ]
    table = pd.DataFrame({"village_id": list(places), "village_name": list(places), "population": 100.0})
    return gpd.GeoDataFrame(table.assign(**columns), geometry=shapes, crs=CRS_METRIC)


def mast_table(places: dict[str, tuple[float, float]], **columns: object) -> gpd.GeoDataFrame:
    """Return one 4G sector per place given in km from the corner; columns override."""
    table = pd.DataFrame(
        {"sector_id": list(places), "site_id": list(places), "operator": "A", "technology": "4g"}
    )
    points = [Point(X0 + x * 1000, Y0 + y * 1000) for x, y in places.values()]
    return gpd.GeoDataFrame(table.assign(**columns), geometry=points, crs=CRS_METRIC)
