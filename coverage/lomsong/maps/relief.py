"""The offline basemap: the user's own terrain as a shaded picture in the projection of the web map."""

from dataclasses import dataclass

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
from rasterio.warp import reproject

from lomsong.grid import Raster
from lomsong.maps.frame import WebFrame

#: Light from the north-west as on printed maps; the side lights keep slopes along that direction from vanishing.
_LIGHTS_DEG = ((315.0, 0.7), (270.0, 0.15), (0.0, 0.15))
_LIGHT_HEIGHT_DEG = 45.0
#: Makes hills readable at district scale. [unitless]
_EXAGGERATION = 1.4
#: Grey of full shadow, of level ground and of a slope that faces the light. The page multiplies the picture into the
#: colours of the villages, so level ground must leave them nearly as they are.
_GREYS = (118, 240, 255)
#: Grey steps; more cannot be told apart under the villages and make the file larger.
_STEPS = 28


@dataclass(frozen=True, slots=True)
class Relief:
    """
    A shaded picture of the terrain.

    Attributes
    ----------
    png : bytes
        Grey with transparency; clear where the terrain is unknown.
    bounds : tuple of float
        South, west, north and east edge. [deg, WGS 84]
    """

    png: bytes
    bounds: tuple[float, float, float, float]


def shade_relief(terrain: Raster, frame: WebFrame, *, longest_px: int = 800) -> Relief | None:
    """
    Draw the terrain as seen from above in slanting light.

    Parameters
    ----------
    terrain : Raster
        Ground height; missing cells are NaN. [m]
    frame : WebFrame
        The projection of the map. Leaflet stretches a picture evenly between its corners, so it must be in that: a
        picture in degrees would lie kilometres off in the middle of a country.
    longest_px : int
        Longest side of the picture; coarser terrain gives a smaller one. [pixel]

    Returns
    -------
    Relief or None
        None where no height is known.
    """
    if not any(np.isfinite(band).any() for _, band in terrain.bands()):
        return None
    heights, box = _warp(terrain, frame, longest_px)
    west, south, east, north = box
    rows = heights.shape[0]
    middles = north - (np.arange(rows) + 0.5) * (north - south) / rows
    _, latitudes = Transformer.from_crs(frame.crs, 4326, always_xy=True).transform(
        np.full(rows, west), middles
    )
    pixel_m = (east - west) / heights.shape[1] * np.cos(np.radians(latitudes))
    return Relief(_encode(hillshade(heights, pixel_m)), frame.box_degrees(*box))


def hillshade(heights_m: NDArray[np.floating], pixel_m: NDArray[np.floating]) -> NDArray[np.float64]:
    """
    Brightness of a surface lit from the north-west, 0 to 1.

    Parameters
    ----------
    heights_m : ndarray, shape (rows, columns)
        North up; NaN stays NaN. [m]
    pixel_m : ndarray, shape (rows,)
        Side of a pixel on the ground, row by row. [m]

    Returns
    -------
    ndarray, shape (rows, columns)
        Cosine of the angle between the light and the surface normal, never negative. [unitless]
    """
    side = np.asarray(pixel_m, dtype=np.float64)[:, np.newaxis] / _EXAGGERATION
    padded = np.pad(np.asarray(heights_m, dtype=np.float64), 1, mode="edge")
    eastward = _slope(padded[1:-1, 2:], padded[1:-1, 1:-1], padded[1:-1, :-2]) / side
    northward = _slope(padded[:-2, 1:-1], padded[1:-1, 1:-1], padded[2:, 1:-1]) / side
    height = np.radians(_LIGHT_HEIGHT_DEG)
    light = np.zeros(eastward.shape)
    for azimuth_deg, weight in _LIGHTS_DEG:
        azimuth = np.radians(azimuth_deg)
        facing = -np.cos(height) * (eastward * np.sin(azimuth) + northward * np.cos(azimuth)) + np.sin(height)
        light += weight * np.clip(facing / np.sqrt(1 + eastward**2 + northward**2), 0, 1)
    return np.where(np.isnan(heights_m), np.nan, light)


def _slope(
    ahead: NDArray[np.float64], here: NDArray[np.float64], behind: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Half the difference of the neighbours; a missing neighbour counts as level with the cell itself."""
    return (np.where(np.isnan(ahead), here, ahead) - np.where(np.isnan(behind), here, behind)) / 2


def _warp(
    terrain: Raster, frame: WebFrame, longest_px: int
) -> tuple[NDArray[np.float32], tuple[float, float, float, float]]:
    to_mercator = Transformer.from_crs(terrain.crs, frame.crs, always_xy=True)
    west, south, east, north = to_mercator.transform_bounds(*terrain.bounds, densify_pts=21)
    finest = max(terrain.values.shape)
    scale = min(longest_px, finest) / max(east - west, north - south)
    columns, rows = max(round((east - west) * scale), 1), max(round((north - south) * scale), 1)
    x_left, x_step, y_top, y_step = terrain.transform
    heights = np.full((rows, columns), np.nan, dtype=np.float32)
    reproject(
        np.asarray(terrain.values, dtype=np.float32),
        heights,
        src_transform=rasterio.Affine(x_step, 0, x_left, 0, y_step, y_top),
        src_crs=terrain.crs.to_wkt(),
        src_nodata=np.nan,
        dst_transform=rasterio.Affine((east - west) / columns, 0, west, 0, (south - north) / rows, north),
        dst_crs=frame.crs.to_wkt(),
        dst_nodata=np.nan,
        resampling=Resampling.average if finest > longest_px else Resampling.bilinear,
    )
    return heights, (west, south, east, north)


def _encode(light: NDArray[np.float64]) -> bytes:
    known = np.isfinite(light)
    level = np.sin(np.radians(_LIGHT_HEIGHT_DEG))
    shade = np.interp(np.nan_to_num(light, nan=level), (0, level, 1), _GREYS)
    step = (_GREYS[2] - _GREYS[0]) / (_STEPS - 1)
    shade = _GREYS[0] + np.round((shade - _GREYS[0]) / step) * step
    grey = np.where(known, np.round(shade), 0).astype(np.uint8)
    rows, columns = grey.shape
    profile = {"driver": "PNG", "height": rows, "width": columns, "count": 2, "dtype": "uint8", "zlevel": 9}
    # PNG keeps no georeference, but rasterio warns about pictures without one
    somewhere = rasterio.Affine(1, 0, 0, 0, -1, rows)
    with MemoryFile() as memory:
        with memory.open(**profile, transform=somewhere) as picture:
            picture.write(grey, 1)
            picture.write(np.where(known, 255, 0).astype(np.uint8), 2)
        return bytes(memory.read())
