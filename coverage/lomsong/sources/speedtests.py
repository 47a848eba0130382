"""Speed-test tiles in the layout of Ookla's open data (Parquet, CSV, GeoJSON, Shapefile)."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lomsong.contracts import problem_list
from lomsong.errors import SourceError, TableError
from lomsong.findings import Finding
from lomsong.schemas import MEASUREMENTS
from lomsong.settings import SpeedTestSource
from lomsong.sources.fields import rename_columns, set_aside, to_number, to_text
from lomsong.sources.files import read_delimited, require_file
from lomsong.sources.vectors import read_vector

LAYER = "speed_tests"
#: The file's name for each of our columns, and what one of its units is in ours.
_FIELDS = {
    "download_mbps": ("avg_d_kbps", 1e-3),
    "upload_mbps": ("avg_u_kbps", 1e-3),
    "latency_ms": ("avg_lat_ms", 1.0),
    "tests": ("tests", 1.0),
    "devices": ("devices", 1.0),
}
#: Circumference of the earth in spherical Mercator, EPSG:3857. [m]
_MERCATOR_M = 2 * np.pi * 6_378_137.0


def read_speed_tests(source: SpeedTestSource) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Read tiles as points at their centres, in WGS 84.

    Returns
    -------
    frame : GeoDataFrame
        Contract `MEASUREMENTS`; impossible values are missing and counted.
    findings : list of Finding
        What was set aside.

    Raises
    ------
    MissingSourceError, SourceError, TableError
        One message that says what to do.
    """
    path = require_file(Path(source.path), layer=LAYER)
    raw, findings = _read(path, source)
    known = [*_FIELDS, "longitude_deg", "latitude_deg", "quadkey"]
    raw = rename_columns(raw.reset_index(drop=True), source.columns, layer=LAYER, known=known)
    longitude, latitude, size = _centres(raw, path.name)
    frame = pd.DataFrame(
        {"measurement_id": _names(raw, path.stem), "network": source.network, "kind": "speed"}
    )
    for ours, (theirs, factor) in _FIELDS.items():
        if ours in raw or theirs in raw:
            scale = 1.0 if ours in raw else factor
            numbers = (
                pd.to_numeric(to_number(raw[ours] if ours in raw else raw[theirs]), errors="coerce") * scale
            )
            column = MEASUREMENTS.column(ours)
            bad = ~numbers.between(column.minimum, column.maximum) & numbers.notna()
            frame[ours] = numbers.mask(bad)
            findings += _impossible(ours, bad, frame["measurement_id"])
    if "download_mbps" not in frame:
        raise TableError(
            problem_list(f"{LAYER} ({path.name})", ["column 'avg_d_kbps' is missing (download speed)"])
        )
    frame["tile_size_m"] = size
    points = gpd.points_from_xy(longitude, latitude)
    table = gpd.GeoDataFrame(frame, geometry=points, crs="EPSG:4326")
    lost = pd.Series(~(np.isfinite(longitude) & (np.abs(latitude) <= 90) & (np.abs(longitude) <= 180)))
    table, found = set_aside(
        table, lost, layer=LAYER, word="correct", key="measurement_id", why="no usable position"
    )
    return table.reset_index(drop=True), findings + found


def _read(path: Path, source: SpeedTestSource) -> tuple[pd.DataFrame, list[Finding]]:
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        try:
            # without the metadata that pandas leaves: it is not ours to trust
            return pq.read_table(path).to_pandas(ignore_metadata=True), []
        except (pa.ArrowException, OSError, ValueError) as error:
            reason = (str(error).splitlines() or [""])[0]
            raise SourceError(f"{LAYER}: {path.name} is not readable Parquet: {reason[:200]}") from None
    if suffix in (".csv", ".tsv", ".txt"):
        return read_delimited(path, layer=LAYER, encoding=source.encoding)
    frame, findings = read_vector(source, layer=LAYER)
    centre = frame.to_crs("EPSG:4326").geometry.envelope
    with_place = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    box = centre.bounds
    with_place["longitude_deg"] = (box["minx"] + box["maxx"]) / 2
    with_place["latitude_deg"] = (box["miny"] + box["maxy"]) / 2
    return with_place, findings


def _names(raw: pd.DataFrame, stem: str) -> pd.Series:
    rows = pd.Series([f"{stem}:{row + 1}" for row in range(len(raw))], index=raw.index, dtype="string")
    if "quadkey" not in raw:
        return rows
    keys = to_text(raw["quadkey"])
    return keys.where(~keys.duplicated(keep=False) & keys.notna(), rows)


def _centres(
    raw: pd.DataFrame, name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    pairs = (("longitude_deg", "latitude_deg"), ("lon", "lat"), ("tile_x", "tile_y"))
    places = next((pair for pair in pairs if all(column in raw for column in pair)), ("lon", "lat"))
    if "quadkey" in raw:
        return decode_quadkeys(to_text(raw["quadkey"]).fillna("").to_numpy(dtype=object))
    if all(column in raw for column in places):
        x, y = (
            pd.to_numeric(to_number(raw[column]), errors="coerce").to_numpy(dtype=float) for column in places
        )
        return x, y, np.full(len(raw), np.nan)
    raise TableError(
        problem_list(
            f"{LAYER} ({name})",
            ["column 'quadkey' is missing, and so are 'lon' and 'lat'; map longitude_deg and latitude_deg"],
        )
    )


def decode_quadkeys(
    keys: NDArray[np.object_],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """
    Find the tiles that quadkeys name.

    Parameters
    ----------
    keys : ndarray of str, shape (n,)
        Bing Maps quadkeys of any zoom up to 30.

    Returns
    -------
    longitude_deg, latitude_deg, size_m : ndarray, shape (n,)
        Centre (WGS 84) and true side length; NaN where a key is none.

    References
    ----------
    .. [1] Microsoft, "Bing Maps Tile System".

    Examples
    --------
    >>> lon, lat, size = decode_quadkeys(np.array(["3112302131202302"], dtype=object))
    >>> round(float(lon[0]), 4), round(float(lat[0]), 4), round(float(size[0]))
    (148.7357, -35.0907, 500)
    """
    longitude, latitude, size = (np.full(len(keys), np.nan) for _ in range(3))
    for row, key in enumerate(keys):
        if not (0 < len(key) <= 30 and set(key) <= set("0123")):
            continue
        column = int(key.translate({ord("2"): "0", ord("3"): "1"}), 2)
        line = int(key.translate({ord("1"): "0", ord("2"): "1", ord("3"): "1"}), 2)
        tiles = 1 << len(key)
        longitude[row] = (column + 0.5) / tiles * 360 - 180
        latitude[row] = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * (line + 0.5) / tiles))))
        size[row] = _MERCATOR_M / tiles * np.cos(np.radians(latitude[row]))
    return longitude, latitude, size


def _impossible(name: str, bad: pd.Series, ids: pd.Series) -> list[Finding]:
    if not bad.any():
        return []
    rows = tuple(ids[bad].astype(str))
    message = f"{len(rows):,} rows have an impossible '{name}'; taken as missing"
    return [
        Finding(layer=LAYER, word="correct", severity="warning", message=message, count=len(rows), rows=rows)
    ]
