"""Metres in several zones of one projection, the zone of each row in a column: UTM, and Vietnam's zones of three degrees."""

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from lomsong.contracts import problem_list
from lomsong.errors import TableError
from lomsong.sources.fields import to_text

WGS84 = "EPSG:4326"
_VN2000 = 4756
#: EPSG codes of the zones of three degrees of VN-2000, by central meridian. [deg]
_VIETNAMESE = {
    103.0: 9205, 104.0: 9206, 104.5: 9207, 104.75: 9208, 105.5: 9209, 105.75: 9210, 106.0: 9211, 106.25: 9212, 106.5: 9213,
    107.0: 9214, 107.25: 9215, 107.5: 9216, 107.75: 5899, 108.25: 9217, 108.5: 9218,
}  # fmt: skip
#: No zone is as wide; north of the ninth parallel nothing is as far south. [m]
_MOST_EAST_M = 1e6
_UTM = re.compile(r"(?:UTM|ZONE|MÚI)?\s*([1-9]|[1-5]\d|60)\s*([C-HJ-NP-X])?", re.IGNORECASE)
#: Letters of bands of eight degrees south of the equator; S alone is taken for south, as in 48S.
_SOUTH = frozenset("CDEFGHJKLMS")
_MERIDIAN = re.compile(
    r"(?:[^\d]*?)(10\d)(?:[.,](\d+)|\s*[°º\- ]\s*(\d{1,2})\s*['′’]?(?:\s*0+\s*(?:''|[\"″”]))?)?\s*[°ºE]*",
    re.IGNORECASE,
)


def find_zone(text: str, datum: CRS | None) -> CRS | None:
    """
    Return the CRS of a zone as people write it, None where it names none.

    Parameters
    ----------
    text : str
        A zone of UTM with its half of the earth (``48N``, ``49Q``), or a central meridian of VN-2000 (``105°45'``,
        ``105-45``, ``105.75``). The half may be left out on VN-2000, which lies in the north.
    datum : CRS or None
        Geographic CRS that zones of UTM are of; None knows only VN-2000's meridians.

    Examples
    --------
    >>> find_zone("105-45", None).name
    'VN-2000 / TM-3 105-45'
    >>> find_zone("48N", CRS("EPSG:4326")).name
    'WGS 84 / UTM zone 48N'
    """
    text = text.strip()
    if found := _UTM.fullmatch(text):
        return None if datum is None else _utm(int(found[1]), (found[2] or "").upper(), datum)
    if found := _MERIDIAN.fullmatch(text):
        degrees = float(f"{found[1]}.{found[2] or 0}") + int(found[3] or 0) / 60
        code = _VIETNAMESE.get(degrees)
        return None if code is None else CRS.from_epsg(code)
    return None


def names_zones(column: pd.Series) -> bool:
    """Return whether a column called so holds zones of a projection, and not, say, parts of a town."""
    datums = (CRS.from_epsg(4326), CRS.from_epsg(_VN2000))
    texts = to_text(column).dropna().unique()
    return any(find_zone(str(text), datum) is not None for text in texts for datum in datums)


def _utm(zone: int, letter: str, datum: CRS) -> CRS | None:
    if not letter and datum.to_epsg() != _VN2000:
        return None
    south = " +south" if letter in _SOUTH else ""
    known = {4326: 32700 if south else 32600, _VN2000: 3357}.get(datum.to_epsg() or 0)
    if known is not None and (datum.to_epsg() == 4326 or zone in (48, 49)):
        return CRS.from_epsg(known + zone)
    return None


def zones_to_degrees(
    frame: pd.DataFrame, x: NDArray[np.float64], y: NDArray[np.float64], *, layer: str, datum: CRS | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Return longitude and latitude of metres whose zones stand in the column ``zone``.

    Parameters
    ----------
    frame : DataFrame
        With ``zone``.
    x, y : ndarray, shape (rows,)
        East and north. [m]
    layer : str
        For messages.
    datum : CRS or None
        As for `find_zone`.

    Returns
    -------
    longitude, latitude : ndarray, shape (rows,)
        NaN where a row names no zone. [deg, WGS 84]

    Raises
    ------
    TableError
        The datum is no geographic CRS, or no row names a zone.
    """
    if datum is not None and datum.to_epsg() not in (4326, _VN2000):
        text = f"x_m and y_m have a column of zones; 'crs' then names their datum, EPSG:4326 for WGS 84 or EPSG:4756 for VN-2000, not {datum.name}"
        raise TableError(problem_list(layer, [text]))
    known = np.isfinite(x) & np.isfinite(y)
    if (x[known] > _MOST_EAST_M).sum() > 0.5 * known.sum() and (y[known] <= _MOST_EAST_M).all():
        text = "x_m (east) and y_m (north) are exchanged; in Vietnam X often is the way north: swap them under columns"
        raise TableError(problem_list(layer, [text]))
    longitude, latitude = np.full(len(frame), np.nan), np.full(len(frame), np.nan)
    zones = to_text(frame["zone"])
    for text in zones.dropna().unique():
        crs = find_zone(str(text), datum)
        if crs is None:
            continue
        rows = (zones == text).fillna(value=False).to_numpy(bool)
        to_degrees = Transformer.from_crs(crs, WGS84, always_xy=True)
        longitude[rows], latitude[rows] = to_degrees.transform(x[rows], y[rows])
    if not np.isfinite(longitude).any():
        shown = ", ".join(repr(str(text)) for text in zones.dropna().unique()[:3]) or "nothing"
        text = f"column 'zone' holds {shown}: write 48N with crs EPSG:4326 (or EPSG:4756), or a central meridian of VN-2000 such as 105°45'"
        raise TableError(problem_list(layer, [text]))
    away = ~(np.isfinite(longitude) & np.isfinite(latitude))
    longitude[away] = latitude[away] = np.nan
    return longitude, latitude
