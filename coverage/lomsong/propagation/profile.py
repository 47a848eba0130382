"""Terrain profiles: the ground under a geodesic, read from a raster in any coordinate system."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Geod, Transformer

from lomsong.errors import RadioError
from lomsong.grid import Raster
from lomsong.propagation.clutter import ClutterLayer, lookup_clutter

#: Coordinates of the profile's samples.
WGS84 = CRS.from_epsg(4326)
_ELLIPSOID = Geod(ellps="WGS84")
#: P.1812 needs one sample between the antennas.
_FEWEST_SAMPLES = 3

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """
    The ground along one path or many; every path of one profile has the same number of samples.

    Attributes
    ----------
    distance_m : ndarray, shape (..., n)
        Geodesic distance from the start on the WGS 84 ellipsoid: from 0, evenly spaced. [m]
    ground_m : ndarray, shape (..., n)
        Height of the raster, NaN where it has none. [m]
    clutter_m : ndarray, shape (..., n)
        What stands on the ground; zero without a clutter layer, NaN where the layer does not say. [m]
    longitude_deg, latitude_deg : ndarray, shape (..., n)
        The samples in WGS 84. [deg]
    bearing_deg : ndarray, shape (...)
        Direction of the path at its start, clockwise from true north. [deg]
    missing : ndarray of int, shape (...)
        Samples without a height.
    missing_clutter : ndarray of int, shape (...)
        Samples without a clutter class.
    """

    distance_m: _Floats
    ground_m: _Floats
    clutter_m: _Floats
    longitude_deg: _Floats
    latitude_deg: _Floats
    bearing_deg: _Floats
    missing: NDArray[np.int64]
    missing_clutter: NDArray[np.int64]

    @property
    def length_m(self) -> _Floats:
        """Return the length of each path, shape (...). [m]"""
        return self.distance_m[..., -1]


def terrain_profile(
    raster: Raster,
    start: tuple[ArrayLike, ArrayLike],
    end: tuple[ArrayLike, ArrayLike],
    *,
    step_m: float,
    crs: CRS,
    clutter: ClutterLayer | None = None,
) -> Profile:
    """
    Sample a raster along the shortest line on the earth between two points.

    Parameters
    ----------
    raster : Raster
        Ground height, in any CRS. [m]
    start, end : tuple of array_like, each of shape (...)
        x (or longitude) and y (or latitude) in `crs`; many paths at once where they are arrays.
    step_m : float
        Largest distance between samples, above zero. Paths of one call get as many samples as the longest of
        them needs. [m]
    crs : pyproj.CRS
        Coordinate system of the points.
    clutter : ClutterLayer, optional
        What stands on the ground.

    Returns
    -------
    Profile
        Heights are bilinear between cell centres; a sample off the raster or beside a missing cell is NaN and
        counted. A path with an end that is not a place is NaN throughout.

    Raises
    ------
    RadioError
        If the step is not above zero.

    References
    ----------
    .. [1] C. F. F. Karney, "Algorithms for geodesics", Journal of Geodesy 87, 2013 (as in PROJ).
    """
    if not step_m > 0.0:
        raise RadioError(f"terrain profile: 'step_m' must be above 0 m, not {step_m:g}")
    to_degrees = Transformer.from_crs(crs, WGS84, always_xy=True)
    given = np.broadcast_arrays(*(np.asarray(axis, dtype=np.float64) for axis in (*start, *end)))
    shape = given[0].shape
    x0, y0, x1, y1 = (axis.ravel() for axis in given)
    longitude, latitude = _finite(*to_degrees.transform(x0, y0))
    bearing, _, length = _ELLIPSOID.inv(longitude, latitude, *_finite(*to_degrees.transform(x1, y1)))
    count = _sample_count(length, step_m)
    distance = length[:, np.newaxis] * np.linspace(0.0, 1.0, count)
    longitudes, latitudes = _walk(longitude, latitude, bearing, distance)
    ground = raster.sample(*_into(raster, longitudes, latitudes)).reshape(-1, count)
    standing = np.zeros_like(ground)
    if clutter is not None:
        standing = lookup_clutter(clutter, *_into(clutter.raster, longitudes, latitudes)).reshape(-1, count)

    def shaped(values: _Floats) -> _Floats:
        return values.reshape(*shape, count)

    return Profile(
        distance_m=shaped(distance),
        ground_m=shaped(ground),
        clutter_m=shaped(standing),
        longitude_deg=shaped(longitudes),
        latitude_deg=shaped(latitudes),
        bearing_deg=(bearing % 360.0).reshape(shape),
        missing=np.isnan(ground).sum(axis=1).reshape(shape),
        missing_clutter=np.isnan(standing).sum(axis=1).reshape(shape),
    )


def _finite(x: _Floats, y: _Floats) -> tuple[_Floats, _Floats]:
    """PROJ marks what it cannot transform with infinity; both axes become NaN."""
    known = np.isfinite(x) & np.isfinite(y)
    return np.where(known, x, np.nan), np.where(known, y, np.nan)


def _sample_count(length_m: _Floats, step_m: float) -> int:
    known = length_m[np.isfinite(length_m)]
    longest = float(known.max()) if known.size else 0.0
    # a path of 900 m in steps of 30 m may measure 900.000001 m
    return max(int(np.ceil(longest / step_m - 1e-6)) + 1, _FEWEST_SAMPLES)


def _walk(
    longitude: _Floats, latitude: _Floats, bearing: _Floats, distance: _Floats
) -> tuple[_Floats, _Floats]:
    """Return the points at each distance along each geodesic, shape (paths, n). [deg]"""
    x0, y0, toward = (
        np.broadcast_to(axis[:, np.newaxis], distance.shape).ravel()
        for axis in (longitude, latitude, bearing)
    )
    x, y, _ = _ELLIPSOID.fwd(x0, y0, toward, distance.ravel())
    return np.reshape(x, distance.shape), np.reshape(y, distance.shape)


def _into(raster: Raster, longitude: _Floats, latitude: _Floats) -> tuple[_Floats, _Floats]:
    return _finite(*raster.transformer_from(WGS84).transform(longitude.ravel(), latitude.ravel()))
