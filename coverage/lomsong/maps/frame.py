"""Where things lie on the page: whole steps of Web Mercator, without a seam through the data."""

from dataclasses import dataclass
from math import pi
from typing import TypeVar

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

#: Steps around the world: 2.4 m at the equator, half a pixel of zoom 15. The front end knows the same number.
WORLD_STEPS = 1 << 24
#: Radius of the sphere that web maps take for the earth. [m]
_RADIUS_M = 6_378_137.0
_AROUND_M = 2 * pi * _RADIUS_M

Steps = NDArray[np.int64]
_Metres = TypeVar("_Metres", float, NDArray[np.float64])


@dataclass(frozen=True, slots=True)
class WebFrame:
    """
    The projection of one map.

    Attributes
    ----------
    middle_deg : float
        Meridian in the middle: 0, or 180 for places on both sides of the antimeridian, whose shapes would be torn
        apart otherwise. Longitudes of such a map run past 180. [deg]
    """

    middle_deg: float = 0.0

    @property
    def crs(self) -> CRS:
        """Return the spherical Mercator of web maps about the middle meridian."""
        return CRS.from_proj4(
            f"+proj=merc +a={_RADIUS_M} +b={_RADIUS_M} +lat_ts=0 +lon_0={self.middle_deg} +k=1 +units=m +no_defs"
        )

    def steps(self, xy: NDArray[np.float64], crs: CRS) -> tuple[Steps, Steps, NDArray[np.bool_]]:
        """
        Project coordinates to steps from the north-west corner of the world.

        Parameters
        ----------
        xy : ndarray, shape (n, 2)
            Coordinates in `crs`.
        crs : pyproj.CRS
            Any.

        Returns
        -------
        x, y : ndarray of int64, shape (n,)
            Steps to the east and to the south; 0 where there is no place.
        known : ndarray of bool, shape (n,)
            The place is on the map: finite, and not at a pole.
        """
        to_frame = Transformer.from_crs(crs, self.crs, always_xy=True)
        x, y = to_frame.transform(xy[:, 0], xy[:, 1])
        # in place: a nation has millions of vertices
        x /= _AROUND_M
        x += 0.5 + self.middle_deg / 360
        y /= -_AROUND_M
        y += 0.5
        known = np.isfinite(x) & np.isfinite(y) & (y >= 0) & (y <= 1)
        for turns in (x, y):
            turns[~known] = 0
            np.round(turns * WORLD_STEPS, out=turns)
        return x.astype(np.int64), y.astype(np.int64), known

    def degrees(self, x: Steps, y: Steps) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return longitude (past 180 where the frame goes there) and latitude of steps. [deg, WGS 84]"""
        return self._turns_to_degrees(np.asarray(x) / WORLD_STEPS, np.asarray(y) / WORLD_STEPS)

    def fraction(self, x_m: _Metres, y_m: _Metres) -> tuple[_Metres, _Metres]:
        """Return a place given in metres of `crs` as parts of the world from its north-west corner."""
        return x_m / _AROUND_M + 0.5 + self.middle_deg / 360, 0.5 - y_m / _AROUND_M

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return a place given in parts of the world from its north-west corner in metres of `crs`."""
        return (x - 0.5 - self.middle_deg / 360) * _AROUND_M, (0.5 - y) * _AROUND_M

    @staticmethod
    def turn(length_m: float) -> float:
        """Return a length in metres of `crs` as part of the world's width."""
        return length_m / _AROUND_M

    @staticmethod
    def metres(turn: float) -> float:
        """Return a part of the world's width in metres of `crs`."""
        return turn * _AROUND_M

    def box_degrees(
        self, west: float, south: float, east: float, north: float
    ) -> tuple[float, float, float, float]:
        """Return south, west, north and east edge of a box given in metres of `crs`. [deg, WGS 84]"""
        turns_x = np.array([west, east]) / _AROUND_M + 0.5 + self.middle_deg / 360
        turns_y = 0.5 - np.array([south, north]) / _AROUND_M
        (left, right), (bottom, top) = self._turns_to_degrees(turns_x, turns_y)
        return float(bottom), float(left), float(top), float(right)

    @staticmethod
    def _turns_to_degrees(
        x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return x * 360 - 180, np.degrees(np.arctan(np.sinh(pi * (1 - 2 * y))))


def find_frame(places: gpd.GeoSeries) -> WebFrame:
    """
    Return the frame whose edge does not run through the places.

    Parameters
    ----------
    places : GeoSeries
        Any geometries in any CRS.
    """
    boxes = shapely.bounds(np.asarray(places.array, dtype=object))
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    if not len(boxes):
        return WebFrame()
    to_degrees = Transformer.from_crs(CRS.from_user_input(places.crs), 4326, always_xy=True)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    longitudes, _ = to_degrees.transform(
        np.concatenate([middle[:, 0], boxes[:, 0], boxes[:, 2]]), np.tile(middle[:, 1], 3)
    )
    longitudes = longitudes[np.isfinite(longitudes)]
    if not len(longitudes):
        return WebFrame()
    return WebFrame(180.0) if np.ptp(longitudes % 360) < np.ptp(longitudes) - 1e-9 else WebFrame()
