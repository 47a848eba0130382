"""Points of large tables: two numbers each instead of an object of some 200 bytes, which is made only where asked for."""

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from geopandas.array import GeometryArray
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer
from shapely import Point

_Floats = NDArray[np.float64]


class PointArray(GeometryArray):  # type: ignore[misc]
    """
    A geometry column that holds the coordinates of points; it can be used like any other.

    Ten million points of shapely fill two gigabytes; their coordinates, 160 megabytes. What only needs coordinates,
    rows or another CRS works on them; everything else sees points made for the moment.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Coordinates; NaN where there is no position. [unit of the CRS]
    crs : CRS, optional
        Coordinate system.
    """

    def __init__(self, x: ArrayLike, y: ArrayLike, crs: CRS | None = None) -> None:
        self._x, self._y = _frozen(x), _frozen(y)
        self.crs = crs
        self._sindex = None

    @property
    def _data(self) -> NDArray[np.object_]:
        """The points themselves, made anew: what geopandas works on where it is not told better here."""
        points: NDArray[np.object_] = shapely.points(self._x, self._y)
        return points

    @property
    def x(self) -> _Floats:
        """First coordinates, read-only."""
        return self._x

    @property
    def y(self) -> _Floats:
        """Second coordinates, read-only."""
        return self._y

    @property
    def shape(self) -> tuple[int]:
        """Number of points."""
        return self._x.shape

    @property
    def size(self) -> int:
        """Number of points."""
        return self._x.size

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return self._x.nbytes + self._y.nbytes

    @property
    def total_bounds(self) -> _Floats:
        """Least and greatest coordinates: x, y, x, y; NaN where there are none."""
        known = np.isfinite(self._x) & np.isfinite(self._y)
        if not known.any():
            return np.full(4, np.nan)
        x, y = self._x[known], self._y[known]
        return np.array([x.min(), y.min(), x.max(), y.max()])

    def isna(self) -> NDArray[np.bool_]:
        """Return that no row is without a point; one may be without a position."""
        return np.zeros(len(self._x), dtype=bool)

    def copy(self, *_: object, **__: object) -> "PointArray":
        """Return the same points: they cannot be changed."""
        return PointArray(self._x, self._y, self._crs)

    def __getitem__(self, key: Any) -> Any:
        """Return one point, or the points of a slice, mask or list of rows."""
        if np.ndim(key) == 0 and not isinstance(key, slice):
            return Point(self._x[key], self._y[key])
        key = pd.api.indexers.check_array_indexer(self, key)
        return PointArray(self._x[key], self._y[key], self._crs)

    def __setitem__(self, key: Any, value: Any) -> None:
        """
        Refuse: the points cannot be changed.

        Raises
        ------
        TypeError
            Always.
        """
        raise TypeError("points held as coordinates cannot be changed in place; set the whole column")

    def take(
        self,
        indices: Sequence[int] | NDArray[np.int64],
        allow_fill: bool = False,  # noqa: FBT001, FBT002 - pandas asks for it so
        fill_value: Any = None,
    ) -> GeometryArray:
        """Return the points of some rows; none where a filled row is -1."""
        rows = np.asarray(indices)
        if allow_fill and ((rows < 0).any() or not len(self)):
            return super().take(indices, allow_fill=allow_fill, fill_value=fill_value)
        return PointArray(self._x.take(rows), self._y.take(rows), self._crs)

    def to_crs(self, crs: Any = None, epsg: int | None = None) -> "PointArray":
        """
        Return the points in another CRS; infinite where it is not defined.

        Raises
        ------
        ValueError
            The points have no CRS, or none is given.
        """
        have: CRS | None = self.crs
        if have is None or (crs is None and epsg is None):
            raise ValueError("points need a CRS to leave and one to reach")
        wanted = CRS.from_user_input(epsg if crs is None else crs)
        if have.is_exact_same(wanted):
            return self
        x, y = Transformer.from_crs(have, wanted, always_xy=True).transform(self._x, self._y)
        return PointArray(x, y, wanted)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as coordinates."""
        return PointArray, (self._x, self._y, self._crs)

    @classmethod
    def _concat_same_type(cls, to_concat: Sequence[GeometryArray]) -> GeometryArray:
        if not all(isinstance(each, PointArray) for each in to_concat):
            return super()._concat_same_type(to_concat)
        systems = [each.crs for each in to_concat if each.crs is not None]
        if any(not each.is_exact_same(systems[0]) for each in systems):
            return super()._concat_same_type(to_concat)  # says what is wrong in its own words
        x, y = (np.concatenate([getattr(each, axis) for each in to_concat]) for axis in ("x", "y"))
        return PointArray(x, y, systems[0] if systems else None)


def _frozen(values: ArrayLike) -> _Floats:
    array = np.asarray(values, dtype=np.float64).view()
    array.flags.writeable = False
    return array


def coordinates(points: gpd.GeoSeries) -> tuple[_Floats, _Floats]:
    """
    Return the coordinates of points, without making them where they are held as coordinates.

    Parameters
    ----------
    points : GeoSeries, length n
        Points; its own ``x`` and ``y`` would make every one of them first.

    Returns
    -------
    x, y : ndarray, shape (n,)
        NaN where a point is empty. [unit of the CRS]
    """
    held = points.array
    if isinstance(held, PointArray):
        return held.x, held.y
    return points.x.to_numpy(), points.y.to_numpy()
