"""
Land-cover classes: what stands on the ground, from class codes to representative heights.

A class says what covers a cell, a representative height how far that reaches over the ground on average. The
heights by kind are those that ITU-R P.1812 adds to a profile; its text could not be consulted, so they were taken
from public programs that quote its table. Which WorldCover class is of which kind is an assumption of this project.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lomsong.contracts import problem_list
from lomsong.errors import RadioError
from lomsong.findings import Finding, name_rows
from lomsong.grid import Raster
from lomsong.scratch import make_room
from lomsong.settings import Surface

#: What a terrain model can show, see `Surface`.
SURFACES = ("bare_earth", "surface")

_TABLE = "ITU-R P.1812-8, table of representative clutter heights added to the profile, as quoted by public programs"
#: Representative clutter heights by kind of clutter, see `_TABLE`. [m]
WATER_M, OPEN_M, SUBURBAN_M, FOREST_M = 0.0, 0.0, 10.0, 15.0
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
        raise RadioError(_unlisted(unlisted, table))
    heights = np.full(codes.shape, np.nan)
    for code, kind in table.items():
        heights[codes == code] = 0.0 if surface == "surface" else kind.height_m
    return heights


def _unlisted(codes: list[float], table: ClutterTable) -> str:
    return (
        f"clutter: the table has no class {name_rows(f'{code:g}' for code in codes)}; it has "
        f"{', '.join(map(str, table))}. Give it a height under radio.clutter_heights_m, or set nodata under "
        "inputs.land_cover if it is a missing value"
    )


def stand_up(classes: Raster, table: ClutterTable = WORLDCOVER) -> tuple[Raster, list[Finding]]:
    """
    Turn a raster of class codes into one of heights over bare earth.

    Parameters
    ----------
    classes : Raster
        Class codes; NaN or `NO_CLASS` where there is none.
    table : mapping of int to ClutterClass
        Class by code.

    Returns
    -------
    heights : Raster
        On the same grid; zero where there is no class. [m]
    findings : list of Finding
        The heights taken and whose they are, and the cells without a class.

    Raises
    ------
    RadioError
        A class is not in the table; every such class is counted.
    """
    codes = classes.values
    present: set[float] = set()
    for row in codes:
        present.update(np.unique(row).tolist())  # row by row: sorting a nation's cells at once takes minutes
    known = {code for code in present if not np.isnan(code)} - {float(NO_CLASS)}
    if unlisted := sorted(known - set(table)):
        raise RadioError(_unlisted(unlisted, table))
    missing, heights = 0, make_room(codes.shape)
    for first, band in classes.bands():
        missing += int((np.isnan(band) | (band == NO_CLASS)).sum())
        part = heights[first : first + len(band)]
        part.fill(0.0)
        for code in known:
            part[band == code] = table[int(code)].height_m
    findings = [_height_finding({int(code): table[int(code)] for code in sorted(known)})]
    if missing:
        findings.append(
            Finding(
                layer="land_cover",
                word="sufficient",
                severity="warning",
                message=f"{missing:,} cells of {codes.size:,} have no land-cover class; taken as open land",
                count=missing,
            )
        )
    return Raster(heights, classes.transform, classes.crs), findings


def _height_finding(used: ClutterTable) -> Finding:
    tall = [kind for kind in used.values() if kind.height_m > 0.0]
    named = ", ".join(f"{kind.name} {kind.height_m:g} m" for kind in tall)
    rest = [kind.name for kind in used.values() if kind.height_m <= 0.0]
    parts = [named, f"nothing on {', '.join(rest)}" if rest else ""]
    return Finding(
        layer="land_cover",
        word="correct",
        severity="assumption",
        message="clutter that stands on the terrain, taken as bare earth: " + "; ".join(filter(None, parts)),
        count=len(used),
        source="; ".join(dict.fromkeys(kind.source for kind in used.values())),
    )
