"""
A raster as a mast sees it: where in the raster lies the place so many metres east and north of the mast.

East and north are those of the azimuthal equidistant view: a geodesic from the mast is a straight line, and its
length is true on the ellipsoid. The way from there into the pixels of a raster, whatever its CRS, is smooth, so
polynomials of the third degree describe it over the radius of a mast to well below a metre; the error is measured
when they are fitted.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer

from lomsong.compiled import parallel_kernel, prange
from lomsong.errors import CrsError, RadioError
from lomsong.grid import Raster

#: The fitted polynomials may miss by this much. [m]
MAX_MISS_M = 1.0
#: Rays and rings of places that the polynomials are fitted to.
_RAYS, _RINGS = 16, 5

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Frame:
    """
    The surroundings of a mast.

    Attributes
    ----------
    longitude_deg, latitude_deg : float
        The mast, on the geographic CRS under the raster's.
    row, column : float
        The mast in fractional pixels, whole numbers at cell centres.
    forward : ndarray, shape (2, 9)
        Coefficients of row and column, counted from the mast, over `monomials` of east and north. [1/m, ...]
    backward : ndarray, shape (2, 9)
        Coefficients of east and north over `monomials` of row and column, counted from the mast.
    geod : pyproj.Geod
        The ellipsoid.
    crs : pyproj.CRS
        Of the raster.
    """

    longitude_deg: float
    latitude_deg: float
    row: float
    column: float
    forward: _Floats
    backward: _Floats
    geod: Geod
    crs: CRS

    def locate(self, longitude_deg: _Floats, latitude_deg: _Floats) -> _Floats:
        """Return east, north, row and column from the mast, shape (n, 4), of places in degrees."""
        mast = (
            np.full(longitude_deg.shape, self.longitude_deg),
            np.full(longitude_deg.shape, self.latitude_deg),
        )
        azimuth, _, length = self.geod.inv(*mast, longitude_deg, latitude_deg)
        east, north = length * np.sin(np.radians(azimuth)), length * np.cos(np.radians(azimuth))
        pixels = monomials(east, north) @ self.forward.T
        return np.column_stack([east, north, pixels])

    def coordinates(self, east_m: _Floats, north_m: _Floats) -> tuple[_Floats, _Floats]:
        """Return longitude and latitude of places around the mast. [degrees]"""
        azimuth, length = np.degrees(np.arctan2(east_m, north_m)), np.hypot(east_m, north_m)
        mast = np.full(east_m.shape, self.longitude_deg), np.full(east_m.shape, self.latitude_deg)
        longitude, latitude, _ = self.geod.fwd(*mast, azimuth, length)
        return np.asarray(longitude), np.asarray(latitude)


def monomials(a: _Floats, b: _Floats) -> _Floats:
    """Return the products of two numbers from the first to the third degree, shape (..., 9)."""
    return np.stack([a, b, a * a, a * b, b * b, a * a * a, a * a * b, a * b * b, b * b * b], axis=-1)


@lru_cache(maxsize=8)
def _degrees_to(crs: CRS) -> Transformer | None:
    """Return the way from degrees into a projected CRS; none is needed into a geographic one."""
    if crs.is_geographic:
        return None
    if crs.geodetic_crs is None:
        raise CrsError(
            f"terrain: {crs.name} is not tied to the earth; give the raster a geographic or projected CRS"
        )
    return Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True)


def frame_mast(terrain: Raster, x: float, y: float, radius_m: float) -> Frame:
    """
    Fit the surroundings of a mast.

    Parameters
    ----------
    terrain : Raster
        In any CRS on an ellipsoid.
    x, y : float
        The mast in the CRS of the raster.
    radius_m : float
        How far the frame reaches. [m]

    Raises
    ------
    CrsError
        The raster's CRS is not tied to the earth.
    RadioError
        The radius is too large for the place and the CRS: the polynomials miss by more than `MAX_MISS_M`.
    """
    geod, way = terrain.crs.get_geod(), _degrees_to(terrain.crs)
    if geod is None:
        raise CrsError(f"terrain: {terrain.crs.name} has no ellipsoid")
    longitude, latitude = (x, y) if way is None else way.transform(x, y, direction="INVERSE")
    azimuth, length = np.meshgrid(
        np.arange(_RAYS) * 360.0 / _RAYS, radius_m * (np.arange(_RINGS) + 1.0) / _RINGS, indexing="ij"
    )
    start = np.full(azimuth.size, longitude), np.full(azimuth.size, latitude)
    far_x, far_y, _ = geod.fwd(*start, azimuth.ravel(), length.ravel())
    if way is None:
        far_x = longitude + (np.asarray(far_x) - longitude + 180.0) % 360.0 - 180.0
    else:
        far_x, far_y = way.transform(far_x, far_y)
    east = (length * np.sin(np.radians(azimuth))).ravel()
    north = (length * np.cos(np.radians(azimuth))).ravel()
    row, column = (float(part) for part in terrain.pixel(np.asarray(x), np.asarray(y)))
    rows, columns = terrain.pixel(np.asarray(far_x), np.asarray(far_y))
    forward = _fit(east, north, rows - row, columns - column, radius_m)
    backward = _fit(
        rows - row, columns - column, east, north, float(np.abs([rows - row, columns - column]).max())
    )
    found = Frame(longitude, latitude, row, column, forward, backward, geod, terrain.crs)
    # The rows of a raster of degrees are no metres: the miss is measured there and back.
    there = monomials(east, north) @ forward.T - np.column_stack([rows - row, columns - column])
    metres = np.linalg.norm(backward[:, :2], axis=0)
    back = monomials(rows - row, columns - column) @ backward.T - np.column_stack([east, north])
    miss_m = max(float(np.abs(there * metres).max()), float(np.abs(back).max()))
    if not miss_m <= MAX_MISS_M:
        raise RadioError(
            f"area: a radius of {radius_m / 1e3:g} km is too large at latitude {latitude:.4g} in {terrain.crs.name}: "
            f"paths would miss by {miss_m:.3g} m (at most {MAX_MISS_M:g} m); take a smaller radius"
        )
    return found


def path_margin(frame: Frame, reach_m: float, step_m: float) -> tuple[float, float]:
    """
    Return by how much a path of the area engines can leave the box around its mast and its receivers. [rows, columns]

    A path differs from a straight line by the second and third degree of the frame, at most half as much again as
    `area_walk.path_bend` counts of the third. A ray passes its receivers within half a step, is walked two further, and
    differs from the line to them at the place and, as it bends for the whole of its length, at its end.
    """
    most_m = reach_m + 3.0 * step_m
    size = np.abs(frame.forward)
    bend = size[:, 2:5].sum(axis=1) * most_m**2 + 1.5 * size[:, 5:].sum(axis=1) * most_m**3
    rows, columns = 2.5 * bend + 3.0 * step_m * np.hypot(size[:, 0], size[:, 1])
    return float(rows), float(columns)


def _fit(a: _Floats, b: _Floats, c: _Floats, d: _Floats, scale: float) -> _Floats:
    """Return the coefficients of `c` and `d` over the monomials of `a` and `b`, shape (2, 9)."""
    powers = np.array([1, 1, 2, 2, 2, 3, 3, 3, 3])
    found, *_ = np.linalg.lstsq(monomials(a / scale, b / scale), np.column_stack([c, d]), rcond=None)
    return np.ascontiguousarray(found.T / scale**powers)


@parallel_kernel
def locate_grid(rows: _Floats, columns: _Floats, backward: _Floats, places: _Floats) -> None:
    """
    Fill `places`, shape (rows * columns, 4), with east, north, row and column of a grid, row by row.

    `rows` and `columns` are the pixels of the grid's lines, counted from the mast.
    """
    for i in prange(rows.size):
        r = rows[i]
        east0 = r * (backward[0, 0] + r * (backward[0, 2] + r * backward[0, 5]))
        east1 = backward[0, 1] + r * (backward[0, 3] + r * backward[0, 6])
        east2 = backward[0, 4] + r * backward[0, 7]
        north0 = r * (backward[1, 0] + r * (backward[1, 2] + r * backward[1, 5]))
        north1 = backward[1, 1] + r * (backward[1, 3] + r * backward[1, 6])
        north2 = backward[1, 4] + r * backward[1, 7]
        for j in range(columns.size):
            c = columns[j]
            k = i * columns.size + j
            places[k, 0] = east0 + c * (east1 + c * (east2 + c * backward[0, 8]))
            places[k, 1] = north0 + c * (north1 + c * (north2 + c * backward[1, 8]))
            places[k, 2] = r
            places[k, 3] = c


@parallel_kernel
def locate_pixels(
    row: _Floats, column: _Floats, frame_row: float, frame_column: float, backward: _Floats
) -> _Floats:
    """Return east, north, row and column from the mast, shape (n, 4), of places in fractional pixels."""
    places = np.empty((row.size, 4))
    for k in prange(row.size):
        r, c = row[k] - frame_row, column[k] - frame_column
        for axis in range(2):
            b = backward[axis]
            linear = r * (b[0] + r * (b[2] + r * b[5])) + c * (b[1] + r * (b[3] + r * b[6]))
            places[k, axis] = linear + c * c * (b[4] + r * b[7] + c * b[8])
        places[k, 2], places[k, 3] = r, c
    return places
