"""Measurements summed up over hexagons, so that no single place of a person is on the map."""

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from lomsong.contracts import Column
from lomsong.maps.columns import pack_columns
from lomsong.maps.contents import Packs
from lomsong.maps.frame import WebFrame
from lomsong.maps.packing import deltas, pack
from lomsong.points import coordinates

#: A hexagon's height from side to side: some 600 m at the equator, a published speed-test tile. [steps]
HEXAGON_STEPS = 256
_COLUMNS = {
    "tests": Column(name="tests", kind="number", meaning="mobile tests"),
    "download_mbps": Column(name="download_mbps", kind="number", unit="Mbit/s", meaning="median download"),
    "level_dbm": Column(name="level_dbm", kind="number", unit="dBm", meaning="median level"),
    "no_service": Column(name="no_service", kind="number", meaning="reports of no service"),
}


def measurement_contents(
    measurements: gpd.GeoDataFrame, frame: WebFrame, *, minimum_tests: int
) -> Packs | None:
    """
    Return the mobile measurements by hexagon as the page gets them.

    Parameters
    ----------
    measurements : GeoDataFrame
        Contract `MEASUREMENTS`, any CRS.
    frame : WebFrame
        The projection of the map.
    minimum_tests : int
        Hexagons with fewer tests tell neither their number nor a speed nor a level.

    Returns
    -------
    Packs or None
        None where there is no mobile measurement.
    """
    if "network" in measurements:
        measurements = measurements[measurements["network"] == "mobile"]
    if not len(measurements):
        return None
    points = np.column_stack(coordinates(measurements.geometry))
    x, y, known = frame.steps(points, CRS.from_user_input(measurements.crs))
    measurements = measurements[known]
    if not len(measurements):
        return None
    column, row = hexagon_of(x[known], y[known])
    table = pd.DataFrame(
        {
            "column": column,
            "row": row,
            "tests": _numbers(measurements, "tests", default=1.0),
            "download_mbps": _numbers(measurements, "download_mbps"),
            "level_dbm": _numbers(measurements, "level_dbm"),
            "no_service": (measurements["kind"] == "no_service").to_numpy(np.float64)
            if "kind" in measurements
            else 0.0,
        }
    )
    hexagons = table.groupby(["row", "column"], sort=True).agg(
        {"tests": "sum", "download_mbps": "median", "level_dbm": "median", "no_service": "sum"}
    )
    few = hexagons["tests"] < minimum_tests
    hexagons.loc[few, ["tests", "download_mbps", "level_dbm"]] = np.nan
    kinds, arrays = pack_columns(hexagons, _COLUMNS)
    rows, columns = (hexagons.index.get_level_values(name).to_numpy() for name in ("row", "column"))
    places = {"hexagon_rows": deltas(rows), "hexagon_columns": deltas(columns)}
    meta = {"rows": len(hexagons), "columns": kinds, "hexagon": HEXAGON_STEPS, "minimum": minimum_tests}
    return Packs(pack(meta, {**places, **arrays}))


def hexagon_of(x: NDArray[np.int64], y: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """
    Return column and row of the hexagon around each place; every other row lies half a hexagon to the east.

    The hexagon is the one with the nearest middle, of the two rows that can hold the place.
    """
    across, down = float(HEXAGON_STEPS), HEXAGON_STEPS * np.sqrt(3) / 2
    best = np.full(len(x), np.inf)
    column, row = np.zeros(len(x), dtype=np.int64), np.zeros(len(x), dtype=np.int64)
    for candidate in (np.floor(y / down), np.floor(y / down) + 1):
        shift = (candidate % 2) / 2
        nearest = np.round(x / across - shift)
        away = ((nearest + shift) * across - x) ** 2 + (candidate * down - y) ** 2
        closer = away < best
        best = np.where(closer, away, best)
        column = np.where(closer, nearest, column).astype(np.int64)
        row = np.where(closer, candidate, row).astype(np.int64)
    return column, row


def _numbers(table: gpd.GeoDataFrame, name: str, *, default: float = np.nan) -> NDArray[np.float64]:
    if name not in table:
        return np.full(len(table), default)
    values: NDArray[np.float64] = (
        pd.to_numeric(table[name], errors="coerce").fillna(default).to_numpy(np.float64)
    )
    return values
