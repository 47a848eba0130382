"""Shapes written into a column of a table: well-known text, or well-known binary in hexadecimal digits, as databases export them."""

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from lomsong.errors import CrsError
from lomsong.sources.fields import to_text
from lomsong.sources.vectors import parse_crs, settle_crs

#: What such a column is called, in lower case.
NAMES = ("wkt", "geometry", "geom", "the_geom", "wkb_geometry", "shape", "geom_wkt", "geometry_wkt")
_TEXT = re.compile(
    r"(?:SRID=(\d{1,6});)?\s*((?:MULTI)?(?:POINT|LINESTRING|POLYGON)\b.*)", re.IGNORECASE | re.DOTALL
)
_HEXADECIMAL = re.compile(r"(?:\\x)?(0[01][0-9A-Fa-f]{8,})")


def find_written(table: pd.DataFrame) -> str | None:
    """Return the column of a table that holds shapes as text, if there is one."""
    for name in table.columns:
        if str(name).strip().casefold() in NAMES:
            first = to_text(table[name]).dropna().head(1)
            if len(first) and (_TEXT.fullmatch(first.iloc[0]) or _HEXADECIMAL.fullmatch(first.iloc[0])):
                return str(name)
    return None


def read_written(
    table: pd.DataFrame, name: str, *, declared: str | None, layer: str
) -> tuple[gpd.GeoDataFrame, NDArray[np.bool_]]:
    """
    Return a table with the shapes that one of its columns spells.

    Parameters
    ----------
    table : DataFrame
        As read.
    name : str
        From `find_written`.
    declared : str or None
        The CRS in the settings.
    layer : str
        For messages.

    Returns
    -------
    frame : GeoDataFrame
        Same rows without that column.
    broken : ndarray of bool, shape (rows,)
        There is a text that is no shape; it has none.

    Raises
    ------
    CrsError
        Nothing says the CRS, or the shapes name several or another one.
    """
    texts = to_text(table[name])
    with np.errstate(all="ignore"):  # a number too large is no place, which is told later
        shapes = np.array([None if pd.isna(text) else _read(text) for text in texts], dtype=object)
    broken = texts.notna().to_numpy(bool) & shapely.is_missing(shapes)
    numbers = sorted({int(number) for number in shapely.get_srid(shapes[~shapely.is_missing(shapes)])} - {0})
    if len(numbers) > 1:
        raise CrsError(f"{layer}: column '{name}' mixes coordinate systems: {', '.join(map(str, numbers))}")
    found: CRS | None = parse_crs(f"EPSG:{numbers[0]}", layer=layer) if numbers else None
    crs = settle_crs(found, declared, layer=layer)
    return gpd.GeoDataFrame(table.drop(columns=name), geometry=shapes, crs=crs), np.asarray(broken)


def _read(text: str) -> shapely.Geometry | None:
    if found := _TEXT.fullmatch(text):
        shape = shapely.from_wkt(found[2], on_invalid="ignore")
        return shape if shape is None or found[1] is None else shapely.set_srid(shape, int(found[1]))
    binary = _HEXADECIMAL.fullmatch(text)
    return None if binary is None else shapely.from_wkb(binary[1], on_invalid="ignore")
