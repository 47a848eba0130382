"""
The nearest of many places, in true metres.

Positions become points in space on the WGS84 ellipsoid, where the straight line between two of them orders
neighbours as the way over the ground does; nothing is stretched, and there is no seam at the antimeridian or the
poles. The distance that is given is the geodesic one.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod
from scipy.spatial import cKDTree

#: The WGS84 ellipsoid: semi-major axis [m] and flattening.
SEMI_MAJOR_M, FLATTENING = 6_378_137.0, 1 / 298.257223563
#: Its mean radius (IUGG). [m]
MEAN_RADIUS_M = 6_371_008.8
#: A chord up to this long is an arc of a circle of any of the ellipsoid's radii to a tenth of a millimetre: the arc is
#: longer by chord^3 / 24 radius^2, 8 mm, and the radii differ by less than a hundredth. [m]
_BENT_M = 20_000.0
#: Edge of the cubes that points are ordered by. [m]
_CUBE_M = 20_000.0

_Floats = NDArray[np.float64]
#: Geodesics on it.
GEOD = Geod(a=SEMI_MAJOR_M, f=FLATTENING)


def find_nearest(
    longitude_deg: ArrayLike, latitude_deg: ArrayLike, to_longitude_deg: ArrayLike, to_latitude_deg: ArrayLike
) -> tuple[NDArray[np.int64], _Floats]:
    """
    Find the nearest place of each point.

    Parameters
    ----------
    longitude_deg, latitude_deg : array_like, shape (points,)
        WGS84. [deg]
    to_longitude_deg, to_latitude_deg : array_like, shape (places,)
        The places to choose from, WGS84. [deg]

    Returns
    -------
    place : ndarray, shape (points,)
        Row number of the nearest place; -1 for a point with NaN, and where there is no place.
    distance_m : ndarray, shape (points,)
        Geodesic distance to it, NaN likewise; to a tenth of a millimetre. [m]

    Notes
    -----
    The straight line through the earth differs from the geodesic by a part that depends on the direction; of two
    places 100 km away whose distances differ by less than a few centimetres, either may be found.
    """
    from_lon, from_lat = _floats(longitude_deg), _floats(latitude_deg)
    to_lon, to_lat = _floats(to_longitude_deg), _floats(to_latitude_deg)
    place = np.full(from_lon.shape, -1, dtype=np.int64)
    distance = np.full(from_lon.shape, np.nan)
    asked = np.isfinite(from_lon) & np.isfinite(from_lat)
    there = np.flatnonzero(np.isfinite(to_lon) & np.isfinite(to_lat))
    if not asked.any() or not len(there):
        return place, distance
    tree = cKDTree(to_space(to_lon[there], to_lat[there]), balanced_tree=False, compact_nodes=False)
    here = to_space(from_lon[asked], from_lat[asked])
    order = _by_neighbourhood(here)
    found = np.empty(len(here), dtype=np.int64)
    chord = np.empty(len(here))
    chord[order], found[order] = tree.query(here[order])
    place[asked] = chosen = there[found]
    metres = 2 * MEAN_RADIUS_M * np.arcsin(np.minimum(chord / (2 * MEAN_RADIUS_M), 1.0))
    far = chord > _BENT_M
    lon, lat = from_lon[asked][far], from_lat[asked][far]
    metres[far] = GEOD.inv(lon, lat, to_lon[chosen][far], to_lat[chosen][far])[2]
    distance[asked] = metres
    return place, distance


def _by_neighbourhood(points: _Floats) -> NDArray[np.int64]:
    """Order points so that neighbours follow each other: a tree answers them from the cache of the processor."""
    x, y, z = ((points - points.min(axis=0)) // _CUBE_M).astype(np.int64).T
    side = 2 * SEMI_MAJOR_M // _CUBE_M + 1
    return np.argsort((z * int(side) + y) * int(side) + x)


def to_space(longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> _Floats:
    """
    Place points of the WGS84 ellipsoid in space, counted from the middle of the earth.

    Returns
    -------
    ndarray, shape (n, 3)
        x towards 0 degrees east on the equator, y towards 90 degrees east, z north. [m]

    Examples
    --------
    >>> to_space([0.0], [0.0]).round(3).tolist()
    [[6378137.0, 0.0, 0.0]]
    """
    longitude, latitude = np.radians(_floats(longitude_deg)), np.radians(_floats(latitude_deg))
    squared_eccentricity = FLATTENING * (2 - FLATTENING)
    sine = np.sin(latitude)
    normal = SEMI_MAJOR_M / np.sqrt(1 - squared_eccentricity * sine * sine)
    outward = normal * np.cos(latitude)
    return np.column_stack(
        [
            outward * np.cos(longitude),
            outward * np.sin(longitude),
            normal * (1 - squared_eccentricity) * sine,
        ]
    )


def _floats(values: ArrayLike) -> _Floats:
    return np.atleast_1d(np.asarray(values, dtype=np.float64))
