"""Maps that do not tell where masts are: coarser or no positions, and nothing that gives them away."""

import re
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS, Transformer

from lomsong.maps.columns import plain_text
from lomsong.maps.parts import MapOptions, MapParts

#: Distances to hidden masts are told in steps of this. [m]
HIDDEN_STEP_M = 5000.0
_KILOMETRES = re.compile(r"\d+(?:\.\d+)? km")
_METRES_PER_DEGREE = 111_320.0


def discreet(
    villages: gpd.GeoDataFrame, parts: MapParts, options: MapOptions
) -> tuple[gpd.GeoDataFrame, MapParts]:
    """
    Return villages and parts of a map as the options allow them to be told.

    With masts *blurred* a mast stands in the middle of a square of ``blur_m``, without name, direction or height; with
    *hidden* there is none. In both cases signal rasters, profile pictures and backhaul lines are left out, and
    distances are rounded up to whole steps, since three exact distances would find a mast.
    """
    if options.masts == "exact":
        return villages, parts
    step_m = options.blur_m if options.masts == "blurred" else max(HIDDEN_STEP_M, options.blur_m)
    villages = villages.copy()
    if "nearest_site_m" in villages:
        metres = pd.to_numeric(villages["nearest_site_m"], errors="coerce").to_numpy(
            np.float64, na_value=np.nan
        )
        villages["nearest_site_m"] = np.ceil(metres / step_m) * step_m
    if "reasons" in villages:
        villages["reasons"] = [
            coarsen(plain_text(text) or "", step_m) if isinstance(text, str) else text
            for text in villages["reasons"]
        ]
    sectors = parts.sectors
    if sectors is not None:
        sectors = None if options.masts == "hidden" else _blur(sectors, options.blur_m)
    plan = parts.plan
    if plan is not None and "backhaul" in plan:
        plan = plan.drop(columns="backhaul")
    return villages, replace(parts, sectors=sectors, plan=plan, rasters=(), pictures={})


def coarsen(text: str, step_m: float) -> str:
    """
    Return a text with its distances rounded up to whole steps.

    Examples
    --------
    >>> coarsen("nearest recorded mast 3.4 km", 2000)
    'nearest recorded mast under 4 km'
    """
    return _KILOMETRES.sub(
        lambda found: f"under {np.ceil(float(found.group()[:-3]) * 1000 / step_m) * step_m / 1000:g} km", text
    )


def _blur(sectors: gpd.GeoDataFrame, blur_m: float) -> gpd.GeoDataFrame:
    """Move every mast to the middle of its square, and forget what tells it from its neighbours."""
    kept = [name for name in ("operator", "technology") if name in sectors]
    degrees = Transformer.from_crs(CRS.from_user_input(sectors.crs), 4326, always_xy=True)
    longitudes, latitudes = degrees.transform(sectors.geometry.x.to_numpy(), sectors.geometry.y.to_numpy())
    step_y = blur_m / _METRES_PER_DEGREE
    middle_y = (np.floor(latitudes / step_y) + 0.5) * step_y
    step_x = step_y / np.maximum(np.cos(np.radians(middle_y)), 0.01)
    middle_x = (np.floor(longitudes / step_x) + 0.5) * step_x
    return gpd.GeoDataFrame(
        pd.DataFrame(sectors[kept]).reset_index(drop=True),
        geometry=gpd.points_from_xy(middle_x, middle_y),
        crs=4326,
    )
