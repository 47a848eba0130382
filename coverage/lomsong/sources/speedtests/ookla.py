"""Tiles of Ookla's open data: by quadkey, or by their centres alone."""

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from lomsong.contracts import problem_list
from lomsong.errors import TableError
from lomsong.findings import Finding, count_rows
from lomsong.points import PointArray
from lomsong.schemas import MEASUREMENTS
from lomsong.settings import SpeedTestSource
from lomsong.sources.fields import rename_columns, set_aside, to_number
from lomsong.sources.tables import Box, Needs
from lomsong.sources.witnesses import refuse_exchanged

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
#: Zoom of Ookla's tiles: the digits of a key. A key that lost more zeros than this leaves lies near a pole.
ZOOM = 16
_SHORTEST_KEY = 12
#: So many keys are decoded at a time.
_CHUNK = 1 << 18


#: A quarter in a file's name: as Ookla names its files, or as people do.
_QUARTER = re.compile(r"(?<!\d)(20\d\d)(?:-(01|04|07|10)-01_performance|[-_ ]?[Qq]([1-4])(?!\d))")


def _locate(piece: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Find the tiles of a piece of a large file."""
    if "quadkey" in piece:
        longitude, latitude, _ = decode_quadkeys(write_keys(piece["quadkey"])[0])
        return longitude, latitude
    pair = next((pair for pair in _PLACES if all(name in piece for name in pair)), None)
    if pair is None:
        everywhere = np.full(len(piece), np.nan)
        return everywhere, everywhere
    x, y = (pd.to_numeric(piece[name], errors="coerce").to_numpy(np.float64) for name in pair)
    return x, y


_PLACES = (("lon", "lat"), ("tile_x", "tile_y"))
NEEDS = Needs(
    columns=(
        "quadkey",
        "avg_d_kbps",
        "avg_u_kbps",
        "avg_lat_ms",
        "tests",
        "devices",
        "lon",
        "lat",
        "tile_x",
        "tile_y",
    ),
    locate=_locate,
)


def recognise(columns: frozenset[str]) -> bool:
    """Return whether the column names (lower case) are those of Ookla's tiles."""
    return bool(columns & {"avg_d_kbps", "quadkey"})


def shape(
    raw: pd.DataFrame, source: SpeedTestSource, crs: CRS, box: Box | None
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Return the tiles as points at their centres, dated to the middle of the quarter in the file's name.

    The points are made in `crs` at once: ten million of them twice would not fit.

    Raises
    ------
    TableError, SourceError
        No download speed, or no place; longitude and latitude exchanged.
    """
    path = source.path
    findings: list[Finding] = []
    known = [*_FIELDS, "longitude_deg", "latitude_deg", "quadkey"]
    raw = rename_columns(raw.reset_index(drop=True), source.columns, layer=LAYER, known=known)
    longitude, latitude, size, found = _centres(raw, path.name, box)
    findings += found
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
    if found_in := _QUARTER.search(path.name):
        month = int(found_in[2] or 3 * int(found_in[3]) - 2) + 1
        frame["time"] = pd.Series(f"{found_in[1]}-{month:02d}-15", index=frame.index, dtype="string")
    if source.operator is not None:
        frame["operator"] = pd.Series(source.operator, index=frame.index, dtype="string")
    refuse_exchanged(longitude, latitude, box, layer=LAYER, name=path.name)
    good = np.isfinite(longitude) & (np.abs(latitude) <= 90) & (np.abs(longitude) <= 180)
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(longitude, latitude)
    good &= np.isfinite(x) & np.isfinite(y)
    frame, found = set_aside(
        frame, pd.Series(~good), layer=LAYER, word="correct", key="measurement_id", why="no usable position"
    )
    points = PointArray(x[good], y[good], crs)
    return gpd.GeoDataFrame(frame.reset_index(drop=True), geometry=points), findings + found


def _names(raw: pd.DataFrame, stem: str) -> pd.Series:
    if "quadkey" not in raw:
        return stem + ":" + pd.Series(np.arange(1, len(raw) + 1), index=raw.index).astype("string")
    keys = write_keys(raw["quadkey"])[0]
    keys = keys.mask(keys == "")
    again = keys.duplicated(keep=False) | keys.isna()
    if again.any():
        rows = pd.Series(np.flatnonzero(again) + 1, index=raw.index[again]).astype("string")
        keys[again] = stem + ":" + rows
    return keys


_Centres = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], list[Finding]]


def _centres(raw: pd.DataFrame, name: str, box: Box | None) -> _Centres:
    """Find the tiles: by their keys, and those whose key a spreadsheet spoilt by what else says where they are."""
    findings: list[Finding] = []
    longitude, latitude, size = (np.full(len(raw), np.nan) for _ in range(3))
    if "quadkey" in raw:
        keys, findings = write_keys(raw["quadkey"], box)
        longitude, latitude, size = decode_quadkeys(keys)
        scientific = int(keys[np.isnan(longitude)].str.fullmatch(r"\d(\.\d+)?[eE]\+?\d+").sum())
        if scientific:
            message = (
                f"{count_rows(scientific, 'quadkey')} of {name} in scientific form, whose last digits are lost; export "
                "the column as text"
            )
            findings.append(
                Finding(layer=LAYER, word="correct", severity="warning", message=message, count=scientific)
            )
    lost = np.isnan(longitude)
    if not lost.any():
        return longitude, latitude, size, findings
    pairs = (("longitude_deg", "latitude_deg"), ("lon", "lat"), ("tile_x", "tile_y"))
    places = next((pair for pair in pairs if all(column in raw for column in pair)), None)
    if places is not None:
        for axis, column in zip((longitude, latitude), places, strict=True):
            axis[lost] = pd.to_numeric(to_number(raw[column][lost]), errors="coerce")
    elif "tile" in raw:
        bounds = shapely.bounds(shapely.from_wkt(raw["tile"][lost].astype(object), on_invalid="ignore"))
        longitude[lost] = (bounds[:, 0] + bounds[:, 2]) / 2
        latitude[lost] = (bounds[:, 1] + bounds[:, 3]) / 2
    elif "quadkey" not in raw:
        raise TableError(
            problem_list(
                f"{LAYER} ({name})",
                [
                    "column 'quadkey' is missing, and so are 'lon' and 'lat'; map longitude_deg and latitude_deg"
                ],
            )
        )
    return longitude, latitude, size, findings


def write_keys(values: pd.Series, box: Box | None = None) -> tuple["pd.Series[str]", list[Finding]]:
    """
    Return quadkeys as text, with the leading zeros that a spreadsheet or a number took.

    Zeros are put back where the column is of numbers, where other keys of it have all 16 digits, or where the keys
    lie in the area with them and beyond it without.

    Parameters
    ----------
    values : Series
        Keys, as text or numbers.
    box : Box, optional
        The area.

    Examples
    --------
    >>> write_keys(pd.Series(["322033012301230", "1322033012301231"]))[0].tolist()
    ['0322033012301230', '1322033012301231']
    """
    number = pd.api.types.is_numeric_dtype(values)
    if pd.api.types.is_float_dtype(values):
        whole = (values % 1 == 0) & (values.abs() < 2**53)
        values = values.where(whole).astype("Int64")
    keys = values.astype("string").str.strip().fillna("")
    width = keys.str.len()
    short = width.between(_SHORTEST_KEY, ZOOM - 1).astype(bool)
    if short.any():
        short &= keys.str.fullmatch("[0-3]+").astype(bool)
    if not short.any():
        return keys, []
    padded = keys.where(~short, keys.str.zfill(ZOOM))
    lost = number or bool((width == ZOOM).any())
    if not lost and box is not None:
        there, here = (decode_quadkeys(each[short])[:2] for each in (keys, padded))
        lost = box.holds(*there).mean() < 0.1 and box.holds(*here).mean() > 0.5
    if not lost:
        return keys, []
    count = int(short.sum())
    message = f"{count_rows(count, 'quadkey')} had lost leading zeros; put back"
    return padded, [
        Finding(
            layer=LAYER, word="clean", severity="warning", message=message, count=count, action="repaired"
        )
    ]


def decode_quadkeys(
    keys: "NDArray[np.object_] | pd.Series[str]",
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """
    Find the tiles that quadkeys name.

    Parameters
    ----------
    keys : array or Series of str, shape (n,)
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
    for begin in range(0, len(keys), _CHUNK):
        part = slice(begin, begin + _CHUNK)
        longitude[part], latitude[part], size[part] = _decode(np.asarray(keys[part], dtype=object))
    return longitude, latitude, size


def _decode(
    keys: NDArray[np.object_],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    # one byte a digit; a key of 30 digits fills the table, a longer one runs over and is none
    text = np.array([str(key).encode("ascii", "replace") for key in keys], dtype="S31")
    digits = text.view(np.uint8).reshape(len(text), 31).astype(np.int16) - ord("0")
    length = np.char.str_len(text)
    there = np.arange(31) < length[:, np.newaxis]
    good = (length > 0) & (length <= 30) & np.all(~there | ((digits >= 0) & (digits <= 3)), axis=1)
    column, line = np.zeros(len(text), dtype=np.int64), np.zeros(len(text), dtype=np.int64)
    for digit in range(30):
        more = there[:, digit] & good
        column = np.where(more, 2 * column + (digits[:, digit] & 1), column)
        line = np.where(more, 2 * line + (digits[:, digit] >> 1), line)
    tiles = np.where(good, 2.0**length, np.nan)
    longitude = (column + 0.5) / tiles * 360 - 180
    latitude = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * (line + 0.5) / tiles))))
    size = _MERCATOR_M / tiles * np.cos(np.radians(latitude))
    return longitude, latitude, size


def _impossible(name: str, bad: pd.Series, ids: pd.Series) -> list[Finding]:
    if not bad.any():
        return []
    rows = tuple(ids[bad].astype(str))
    message = f"{len(rows):,} rows have an impossible '{name}'; taken as missing"
    return [
        Finding(layer=LAYER, word="correct", severity="warning", message=message, count=len(rows), rows=rows)
    ]
