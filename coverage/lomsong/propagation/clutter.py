"""
Clutter along a path: what stands on the ground at points, from a raster of land-cover classes or of heights.

The classes and their heights are in `sources.land_cover`, which the readers need too.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lomsong.grid import Raster
from lomsong.settings import Surface
from lomsong.sources.land_cover import (
    HIGHEST_CLUTTER_M,
    NO_CLASS,
    SURFACES,
    WORLDCOVER,
    ClutterClass,
    ClutterTable,
    override_heights,
    representative_heights,
)

__all__ = [
    "HIGHEST_CLUTTER_M",
    "NO_CLASS",
    "SURFACES",
    "WORLDCOVER",
    "ClutterClass",
    "ClutterLayer",
    "ClutterTable",
    "Surface",
    "lookup_clutter",
    "nearest_classes",
    "nearest_heights",
    "override_heights",
    "representative_heights",
]


@dataclass(frozen=True, slots=True)
class ClutterLayer:
    """
    A land-cover raster with what its classes mean.

    Attributes
    ----------
    raster : Raster
        Class codes; NaN where there is none.
    table : mapping of int to ClutterClass
        Class by code.
    surface : {'bare_earth', 'surface'}
        What the terrain model under it shows. A surface model already holds trees and roofs: nothing is added.
    """

    raster: Raster
    table: ClutterTable = field(default_factory=lambda: WORLDCOVER)
    surface: Surface = "bare_earth"


def nearest_classes(raster: Raster, x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
    """
    Look up class codes; a code has no value between cells, so the cell that holds the point counts.

    Parameters
    ----------
    raster : Raster
        Class codes.
    x, y : array_like, shape (n,)
        Coordinates in the raster's CRS.

    Returns
    -------
    ndarray, shape (n,)
        Codes; NaN off the raster.
    """
    row, column = raster.pixel(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
    rows, columns = raster.values.shape
    down, across = np.floor(row + 0.5), np.floor(column + 0.5)
    inside = (down >= 0) & (down < rows) & (across >= 0) & (across < columns)  # False for NaN
    r = np.where(inside, down, 0).astype(np.int64)
    c = np.where(inside, across, 0).astype(np.int64)
    return np.where(inside, raster.values[r, c].astype(np.float64), np.nan)


def lookup_clutter(layer: ClutterLayer, x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
    """
    Return the clutter height at points in the CRS of the layer's raster, shape (n,); see `representative_heights`.
    """
    return representative_heights(nearest_classes(layer.raster, x, y), layer.table, surface=layer.surface)


def nearest_heights(heights: Raster, x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
    """
    Look up clutter heights in a raster that holds heights already, such as that of a run's inputs.

    Parameters
    ----------
    heights : Raster
        Clutter above the ground. [m]
    x, y : array_like, shape (n,)
        Coordinates in the raster's CRS.

    Returns
    -------
    ndarray, shape (n,)
        Height of the cell that holds the point; zero off the raster and where it holds none. [m]
    """
    return np.nan_to_num(nearest_classes(heights, x, y))
