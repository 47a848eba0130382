"""
Clutter: what stands on the ground along a path, from land-cover classes to representative heights.

A class says what covers a cell, a representative height how far that reaches over the ground on average. The
heights by kind are those that ITU-R P.1812 adds to a profile; its text could not be consulted, so they were taken
from public programs that quote its table. Which WorldCover class is of which kind is an assumption of this project.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lomsong.contracts import problem_list
from lomsong.errors import RadioError
from lomsong.grid import Raster

#: What a terrain model shows: the ground, or the tops of trees and roofs (a surface model such as SRTM in part,
#: Copernicus GLO-30 or ALOS).
Surface = Literal["bare_earth", "surface"]
SURFACES = ("bare_earth", "surface")

_TABLE = "ITU-R P.1812-8, table of representative clutter heights added to the profile, as quoted by public programs"
#: Representative clutter heights by kind of clutter, see `_TABLE`. [m]
WATER_M, OPEN_M, SUBURBAN_M, URBAN_M, FOREST_M, DENSE_URBAN_M = 0.0, 0.0, 10.0, 15.0, 15.0, 20.0
#: Tallest clutter that a table may give; no canopy or city averages more. [m]
HIGHEST_CLUTTER_M = 150.0
#: WorldCover's code for "no data".
NO_CLASS = 0


@dataclass(frozen=True, slots=True)
class ClutterClass:
    """One land-cover class: what it is called, how tall it stands [m], and who says so."""

    name: str
    height_m: float
    source: str


ClutterTable = Mapping[int, ClutterClass]


def _assumed(kind: str) -> str:
    return f"assumption: counts as '{kind}' of {_TABLE}"


_OPEN = _assumed("open/rural")
_FOREST = _assumed("urban/trees/forest")

#: ESA WorldCover 10 m v100 and v200, classes by their code.
WORLDCOVER: ClutterTable = MappingProxyType(
    {
        10: ClutterClass("tree cover", FOREST_M, _FOREST),
        20: ClutterClass("shrubland", OPEN_M, _OPEN),
        30: ClutterClass("grassland", OPEN_M, _OPEN),
        40: ClutterClass("cropland", OPEN_M, _OPEN),
        50: ClutterClass(
            "built-up", SUBURBAN_M, _assumed("suburban") + "; the class does not tell how dense"
        ),
        60: ClutterClass("bare or sparse vegetation", OPEN_M, _OPEN),
        70: ClutterClass("snow and ice", OPEN_M, _OPEN),
        80: ClutterClass("permanent water", WATER_M, _assumed("water/sea")),
        90: ClutterClass("herbaceous wetland", OPEN_M, _OPEN),
        95: ClutterClass("mangroves", FOREST_M, _FOREST),
        100: ClutterClass("moss and lichen", OPEN_M, _OPEN),
    }
)


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


def override_heights(table: ClutterTable, heights_m: Mapping[int, float], *, source: str) -> ClutterTable:
    """
    Return a table with the user's heights in place of, or beside, those that it has.

    Parameters
    ----------
    table : mapping of int to ClutterClass
        Table to start from; it does not change.
    heights_m : mapping of int to float
        Height by class code; a code that the table lacks is a new class. [m]
    source : str
        Where these heights come from.

    Raises
    ------
    RadioError
        A height is not within 0 to `HIGHEST_CLUTTER_M`.
    """
    wrong = [
        f"class {code}: {height:g} m is outside [0, {HIGHEST_CLUTTER_M:g}] m"
        for code, height in heights_m.items()
        if not 0.0 <= height <= HIGHEST_CLUTTER_M
    ]
    if wrong:
        raise RadioError(problem_list("clutter heights", wrong))
    changed = {
        code: ClutterClass(table[code].name if code in table else f"class {code}", float(height), source)
        for code, height in heights_m.items()
    }
    return MappingProxyType(dict(sorted({**table, **changed}.items())))


def representative_heights(
    classes: ArrayLike, table: ClutterTable = WORLDCOVER, *, surface: Surface = "bare_earth"
) -> NDArray[np.float64]:
    """
    Representative clutter height of land-cover classes.

    Parameters
    ----------
    classes : array_like, shape (...)
        Class codes; NaN or `NO_CLASS` where the class is not known.
    table : mapping of int to ClutterClass
        Class by code.
    surface : {'bare_earth', 'surface'}
        What the terrain model shows; over a surface model everything is zero, because it already holds trees and
        roofs.

    Returns
    -------
    ndarray, shape (...)
        Height above the terrain model; NaN where the class is not known. [m]

    Raises
    ------
    RadioError
        A class is not in the table, or `surface` is neither of the two.
    """
    if surface not in SURFACES:
        raise RadioError(f"clutter: 'surface' must be one of {', '.join(SURFACES)}, not {surface!r}")
    codes = np.asarray(classes, dtype=np.float64)
    known = ~np.isnan(codes) & (codes != NO_CLASS)
    unlisted = sorted(set(np.unique(codes[known]).tolist()) - set(table))
    if unlisted:
        names = ", ".join(f"{code:g}" for code in unlisted)
        raise RadioError(f"clutter: the table has no class {names}; it has {', '.join(map(str, table))}")
    heights = np.full(codes.shape, np.nan)
    for code, kind in table.items():
        heights[codes == code] = 0.0 if surface == "surface" else kind.height_m
    return heights


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
