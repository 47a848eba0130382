"""Where rows lie: degrees in any spelling, metres of any CRS; what cannot be is set aside and counted."""

import re

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.contracts import problem_list
from lomsong.errors import TableError
from lomsong.findings import Finding
from lomsong.points import PointArray, coordinates
from lomsong.sources.fields import set_aside, to_text
from lomsong.sources.numerals import to_decimal, to_degrees
from lomsong.sources.vectors import parse_crs
from lomsong.sources.zones import WGS84, names_zones, zones_to_degrees

#: Columns that any table of places may have besides those of its contract.
PLACE_COLUMNS = ("longitude_deg", "latitude_deg", "x_m", "y_m", "zone")

#: How columns call the parts of an angle, after the axis: letters only.
_PARTS = {
    "degrees": "deg|degree|degrees|d|dg", "minutes": "min|minute|minutes|m|mn", "seconds": "sec|second|seconds|s|sc",
    "side": "dir|direction|hem|hemisphere|ns|ew",
}  # fmt: skip
_AXES = {"latitude_deg": "lat|latitude", "longitude_deg": "lon|long|longitude"}


def join_angles(frame: pd.DataFrame) -> pd.DataFrame:
    """
    Add ``latitude_deg`` and ``longitude_deg`` where degrees, minutes and seconds stand in columns of their own.

    Such as ``latdeg``, ``latmin``, ``latsec``, ``latdir`` or ``lat_degrees`` and so on. Columns of those names stay as
    they are. Seconds and the side may have no column; without a side the degrees carry the sign. An angle with a part
    missing or beyond its range is missing.

    Examples
    --------
    >>> parts = {"latdeg": [43], "latmin": [30], "latdir": ["S"], "londeg": [71], "lonmin": [15], "londir": ["W"]}
    >>> join_angles(pd.DataFrame(parts))[["latitude_deg", "longitude_deg"]].to_numpy().tolist()
    [[-43.5, -71.25]]
    """
    bare = {re.sub(r"[^a-z]", "", str(name).casefold()): str(name) for name in frame.columns}
    added = {}
    for ours, axis in _AXES.items():
        parts = {
            part: next((bare[name] for name in bare if re.fullmatch(f"(?:{axis})(?:{words})", name)), None)
            for part, words in _PARTS.items()
        }
        if ours in frame or parts["degrees"] is None or parts["minutes"] is None:
            return frame
        added[ours] = _angle({part: frame[name] for part, name in parts.items() if name is not None})
    return frame.assign(**added)


def _angle(parts: dict[str, pd.Series]) -> pd.Series:
    size = _number(parts["degrees"]).abs() + _sixtieths(parts["minutes"]) / 60
    if "seconds" in parts:
        size = size + _sixtieths(parts["seconds"]) / 3600
    if "side" not in parts:
        # -0 degrees lie south as well
        return size.mask(to_text(parts["degrees"]).str.startswith("-").fillna(value=False), -size)
    side = to_text(parts["side"]).str.upper().str[:1]
    return size.where(side.isin(["N", "E"]), (-size).where(side.isin(["S", "W"])))


def _number(column: pd.Series) -> pd.Series:
    return pd.to_numeric(to_decimal(column), errors="coerce").astype(float)


def _sixtieths(column: pd.Series) -> pd.Series:
    numbers = _number(column)
    return numbers.where(numbers.between(0, 60))


def place(
    frame: pd.DataFrame, *, layer: str, crs: str | None, defined: str | None = None
) -> gpd.GeoDataFrame:
    """
    Give the rows points from their columns ``x_m`` and ``y_m``, else ``longitude_deg`` and ``latitude_deg``.

    Metres with a ``zone`` in every row become degrees.

    Parameters
    ----------
    frame : DataFrame
        With our column names.
    layer : str
        The settings' name of the layer, for messages.
    crs : str or None
        What the settings say.
    defined : str, optional
        The CRS that the layout is defined in, where it is.

    Raises
    ------
    TableError
        No positions, no CRS, or longitude and latitude exchanged.
    """
    metres = "x_m" in frame and "y_m" in frame
    names = ("x_m", "y_m") if metres else ("longitude_deg", "latitude_deg")
    lacking = [name for name in names if name not in frame]
    if lacking:
        problems = [
            f"column '{name}' is missing; map it (or x_m and y_m) under inputs.{layer} columns"
            for name in lacking
        ]
        raise TableError(problem_list(layer, problems))
    stated = crs or defined
    if metres and "zone" in frame and names_zones(frame["zone"]):
        datum = None if stated is None else parse_crs(stated, layer=layer)
        x, y = zones_to_degrees(frame, *_metres(frame), layer=layer, datum=datum)
        return gpd.GeoDataFrame(frame, geometry=PointArray(x, y, parse_crs(WGS84, layer=layer)))
    if stated is None:
        what = "x_m and y_m need" if metres else "the file's longitudes need"
        hint = f"set inputs.{layer} crs" + ("" if metres else ", mostly EPSG:4326")
        raise TableError(problem_list(layer, [f"{what} their CRS; {hint}"]))
    system = parse_crs(stated, layer=layer)
    if metres:
        x, y = _metres(frame)
        if system.is_geographic:
            raise TableError(
                problem_list(layer, [f"x_m and y_m are metres, but {system.name} is in degrees"])
            )
    else:
        (x, _), (y, letters) = to_degrees(frame["longitude_deg"]), to_degrees(frame["latitude_deg"])
        if (letters < 0).sum() > 0.5 * len(letters):
            raise TableError(problem_list(layer, [_SWAPPED.format("latitudes carry E or W")]))
        if not system.is_geographic:
            raise TableError(
                problem_list(
                    layer, [f"{system.name} is in metres: map x_m and y_m, or set the CRS of the degrees"]
                )
            )
    return gpd.GeoDataFrame(frame, geometry=PointArray(x, y, system))


def _metres(frame: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = (
        pd.to_numeric(to_decimal(frame[name]), errors="coerce").to_numpy(np.float64)
        for name in ("x_m", "y_m")
    )
    return x, y


_SWAPPED = "{}: longitude and latitude are swapped in the column map"


def usable_positions(
    frame: gpd.GeoDataFrame, *, layer: str, key: str
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Set aside and count the rows without a position, at (0, 0) and off the earth.

    Raises
    ------
    TableError
        Most latitudes are none: the axes are exchanged.
    """
    x, y = coordinates(frame.geometry)
    lost = ~(np.isfinite(x) & np.isfinite(y))
    # a position that was never fixed is often written as zero with some noise of rounding
    zero = (np.abs(x) < 1e-6) & (np.abs(y) < 1e-6)
    beyond = np.zeros(len(frame), dtype=bool)
    if frame.crs.is_geographic:
        beyond = ~lost & ((np.abs(y) > 90) | (np.abs(x) > 180))
        if beyond.sum() > 0.5 * len(beyond):
            if max(np.max(np.abs(x[~lost])), np.max(np.abs(y[~lost]))) <= 180:
                text = _SWAPPED.format(f"latitudes reach {np.max(np.abs(y[~lost])):.4g}")
            else:
                text = (
                    f"most positions are off the earth in {frame.crs.name}; are they metres of another CRS?"
                )
            raise TableError(problem_list(layer, [text]))
    reasons = (
        (lost, "sufficient", "no position"),
        (zero, "correct", "position is (0, 0)"),
        (beyond, "correct", "position is off the earth"),
    )
    findings: list[Finding] = []
    left, index = frame, frame.index
    for bad, word, why in reasons:
        rows = pd.Series(bad, index=index).loc[left.index]
        left, found = set_aside(left, rows, layer=layer, word=word, key=key, why=why)
        findings += found
    return left, findings
