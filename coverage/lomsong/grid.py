"""Rasters, in memory or read band by band: values, where they lie, and how to look things up in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Proj, Transformer

from lomsong.errors import CrsError
from lomsong.scratch import make_room

#: Rows that are worked on at a time.
BAND_ROWS = 256
#: First row of a band, and its values.
Band = tuple[int, NDArray[Any]]


class Banded(Protocol):
    """
    A north-up raster that is read from top to bottom, so that a nation's never has to be in memory.

    `Raster` is one that is in memory.
    """

    @property
    def transform(self) -> tuple[float, float, float, float]:
        """Return what `Raster.transform` is."""

    @property
    def crs(self) -> CRS:
        """Return the coordinate system of the transform."""

    @property
    def shape(self) -> tuple[int, int]:
        """Return rows and columns."""

    def bands(self, first: int = 0, last: int | None = None) -> Iterator[Band]:
        """
        Read rows `first` up to `last`, a band at a time: its first row, and its values with NaN where missing.

        The next band may take the place of the values: copy what is to be kept.
        """


@dataclass(frozen=True, slots=True)
class Raster:
    """
    A north-up raster.

    Attributes
    ----------
    values : ndarray, shape (rows, columns)
        Missing cells are NaN. [unit of the layer]
    transform : tuple of float
        ``(x_left, x_step, y_top, y_step)`` of the upper left corner in `crs`; ``y_step`` is negative.
    crs : pyproj.CRS
        Coordinate system of the transform.
    """

    values: NDArray[np.float32]
    transform: tuple[float, float, float, float]
    crs: CRS

    @property
    def shape(self) -> tuple[int, int]:
        """Return rows and columns."""
        rows, columns = self.values.shape
        return rows, columns

    def bands(self, first: int = 0, last: int | None = None) -> Iterator[Band]:
        """Cut rows `first` up to `last` into bands, without a copy."""
        end = len(self.values) if last is None else last
        for top in range(first, end, BAND_ROWS):
            yield top, self.values[top : min(top + BAND_ROWS, end)]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Return west, south, east and north edge in the raster's own CRS."""
        x_left, x_step, y_top, y_step = self.transform
        rows, columns = self.values.shape
        return x_left, y_top + rows * y_step, x_left + columns * x_step, y_top

    def pixel(self, x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """
        Return fractional row and column of points; whole numbers are cell centres.

        Parameters
        ----------
        x, y : ndarray, shape (n,)
            Coordinates in the raster's CRS.
        """
        x_left, x_step, y_top, y_step = self.transform
        return (np.asarray(y) - y_top) / y_step - 0.5, (np.asarray(x) - x_left) / x_step - 0.5

    def sample(self, x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.float64]:
        """
        Look up points by bilinear interpolation between cell centres.

        Parameters
        ----------
        x, y : ndarray, shape (n,)
            Coordinates in the raster's CRS.

        Returns
        -------
        ndarray, shape (n,)
            NaN outside, and wherever one of the four neighbours is missing.
        """
        row, column = self.pixel(x, y)
        rows, columns = self.values.shape
        inside = (row >= 0) & (row <= rows - 1) & (column >= 0) & (column <= columns - 1)
        r = np.clip(np.nan_to_num(row), 0, rows - 1)
        c = np.clip(np.nan_to_num(column), 0, columns - 1)
        r0, c0 = np.minimum(r.astype(int), max(rows - 2, 0)), np.minimum(c.astype(int), max(columns - 2, 0))
        r1, c1 = np.minimum(r0 + 1, rows - 1), np.minimum(c0 + 1, columns - 1)
        fr, fc = r - r0, c - c0
        v = self.values
        top = v[r0, c0] * (1 - fc) + v[r0, c1] * fc
        bottom = v[r1, c0] * (1 - fc) + v[r1, c1] * fc
        return np.where(inside, top * (1 - fr) + bottom * fr, np.nan)

    def cell_size_m(self) -> float:
        """Return the shorter side of a cell in the middle of the raster. [m]"""
        return float(min(cell_sides_m(self)))

    def transformer_from(self, crs: CRS) -> Transformer:
        """Return the transformer from `crs` (x, y order) into this raster's CRS."""
        return Transformer.from_crs(crs, self.crs, always_xy=True)


def load_bands(raster: Banded) -> Raster:
    """Read a whole raster."""
    values = make_room(raster.shape)
    for top, band in raster.bands():
        values[top : top + len(band)] = band
    return Raster(values, raster.transform, raster.crs)


def cell_sides_m(raster: Banded) -> tuple[float, float]:
    """
    Return the width and the height of a cell in the middle of a raster. [m]

    Raises
    ------
    CrsError
        The CRS has no ellipsoid.
    """
    x_left, x_step, y_top, y_step = raster.transform
    rows, columns = raster.shape
    if not raster.crs.is_geographic:
        unit = raster.crs.axis_info[0].unit_conversion_factor
        return float(abs(x_step) * unit), float(abs(y_step) * unit)
    geod = raster.crs.get_geod()
    if geod is None:
        raise CrsError(f"raster: {raster.crs.name} has no ellipsoid")
    x, y = x_left + columns * x_step / 2, y_top + rows * y_step / 2
    _, _, across = geod.inv(x, y, x + x_step, y)
    _, _, down = geod.inv(x, y, x, y + y_step)
    return float(across), float(down)


def row_sides_m(raster: Banded) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Return the width and the height of a cell of each row.

    Returns
    -------
    across, down : ndarray, shape (rows,)
        On the ellipsoid for a geographic CRS, else the size that the transform says. [m]

    Raises
    ------
    CrsError
        The CRS has no ellipsoid.
    """
    _, x_step, y_top, y_step = raster.transform
    rows = raster.shape[0]
    if not raster.crs.is_geographic:
        across, down = cell_sides_m(raster)
        return np.full(rows, across), np.full(rows, down)
    geod = raster.crs.get_geod()
    if geod is None:
        raise CrsError(f"raster: {raster.crs.name} has no ellipsoid")
    latitude = np.radians(y_top + (np.arange(rows) + 0.5) * y_step)
    bend = 1.0 - geod.es * np.sin(latitude) ** 2
    across = geod.a / np.sqrt(bend) * np.cos(latitude) * np.radians(abs(x_step))
    down = geod.a * (1.0 - geod.es) / bend**1.5 * np.radians(abs(y_step))
    return np.abs(across), down


def row_areas_m2(
    transform: tuple[float, float, float, float], shape: tuple[int, int], crs: CRS
) -> NDArray[np.float64]:
    """
    Return the area on the ground of one cell of each row, in the middle column.

    Parameters
    ----------
    transform, shape : tuple
        As of `Raster`.
    crs : pyproj.CRS
        Geographic, where the area is exact; or projected, where the scale of the projection is that at the middle of
        the row.

    Returns
    -------
    ndarray, shape (rows,)
        [m2]

    Raises
    ------
    CrsError
        The CRS has no ellipsoid.
    """
    x_left, x_step, y_top, y_step = transform
    rows, columns = shape
    geod = crs.get_geod()
    if geod is None:
        raise CrsError(f"raster: {crs.name} has no ellipsoid")
    if crs.is_geographic:
        edges = np.radians(np.clip(y_top + np.arange(rows + 1) * y_step, -90.0, 90.0))
        strips = np.abs(np.diff(_area_below(edges, geod.b, float(np.sqrt(geod.es)))))
        return np.asarray(strips * np.radians(abs(x_step)), dtype=np.float64)
    y = y_top + (np.arange(rows) + 0.5) * y_step
    x = np.full(rows, x_left + columns / 2 * x_step)
    unit = crs.axis_info[0].unit_conversion_factor
    to_degrees = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    scale = Proj(crs).get_factors(*to_degrees.transform(x, y)).areal_scale
    return np.asarray(abs(x_step * y_step) * unit**2 / scale, dtype=np.float64)


def _area_below(
    latitude: NDArray[np.float64], semi_minor_m: float, eccentricity: float
) -> NDArray[np.float64]:
    """Return the area of an ellipsoid between the equator and a latitude, per radian of longitude."""
    sine = np.sin(latitude)
    if eccentricity == 0:
        return np.asarray(semi_minor_m**2 * sine)
    bend = np.arctanh(eccentricity * sine) / eccentricity
    return np.asarray(semi_minor_m**2 / 2 * (sine / (1 - (eccentricity * sine) ** 2) + bend))


def require_metric(crs: CRS) -> CRS:
    """
    Return `crs` if lengths can be measured in it.

    Raises
    ------
    CrsError
        It is geographic or not in metres: a distance computed in degrees is not a distance.
    """
    if not crs.is_projected or any(axis.unit_name not in ("metre", "meter") for axis in crs.axis_info[:2]):
        raise CrsError(
            f"working_crs: {crs.name} is not a projected CRS in metres; leave working_crs out to use the UTM zone "
            "of the villages, or name one such as EPSG:32648"
        )
    return crs
