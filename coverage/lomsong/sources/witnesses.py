"""Rows of `MEASUREMENTS` from whatever was read: technologies and levels that can be, places that tell nobody."""

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.contracts import Column
from lomsong.errors import SourceError
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.points import PointArray, coordinates
from lomsong.schemas import MEASUREMENTS
from lomsong.sources.fields import set_aside, spread_words, to_text
from lomsong.sources.masts.carriers import GENERATIONS
from lomsong.sources.numerals import to_decimal
from lomsong.sources.positions import place, usable_positions
from lomsong.sources.tables import Box
from lomsong.text import fold

WGS84 = "EPSG:4326"
#: What a level is in each technology.
LEVEL_KIND = {"2g": "rxlev", "3g": "rscp", "4g": "rsrp", "5g": "rsrp"}
#: Levels that a phone can report; beyond them stand sentinels such as -200, 0, 99 and 2147483647: the widest reporting
#: range of 3GPP TS 38.133 reaches from -156 to -31 dBm, and that of GSM to -38 dBm.
POSSIBLE_DBM = (-156.0, -20.0)
_NOT_MOBILE = (
    "wifi",
    "wi-fi",
    "wlan",
    "ethernet",
    "fixed",
    "cable",
    "lan",
    "co dinh",
    "cap quang",
    "ftth",
    "adsl",
)
_NO_SERVICE = (
    "no service", "noservice", "out of service", "no signal", "nosignal", "emergency", "emergency only",
    "searching", "limited service", "mat song", "khong co song", "khong co tin hieu", "khong song",
)  # fmt: skip
_DEGREE_M = 111_320.0
#: So many rows are moved at a time: millions would need several times their own memory.
_CHUNK = 1 << 18


def dtype_of(column: Column) -> str:
    """Return the pandas type of a contract's column."""
    return {"number": "float64", "flag": "boolean"}.get(column.kind, "string")


def complete(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rows with every column of `MEASUREMENTS`, missing where they say nothing."""
    absent = {
        column.name: pd.Series(None, index=frame.index, dtype=dtype_of(column))
        for column in MEASUREMENTS.columns
        if column.name not in frame
    }
    return frame.assign(**absent)[[*MEASUREMENTS.names(), "geometry"]]


def read_numbers(
    raw: pd.DataFrame, names: tuple[str, ...], ids: pd.Series, *, layer: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the named columns that are there as numbers; what is no number or cannot be is missing, and counted."""
    found: dict[str, pd.Series] = {}
    findings = []
    for name in names:
        if name not in raw:
            continue
        column = MEASUREMENTS.column(name)
        numbers = pd.to_numeric(to_decimal(raw[name]), errors="coerce")
        words = numbers.isna() & raw[name].notna()
        if words.any() and not pd.api.types.is_numeric_dtype(raw[name]):
            words &= to_text(raw[name]).notna()
        bad = (~numbers.between(column.minimum, column.maximum) & numbers.notna()) | words
        found[name] = numbers.mask(bad)
        if bad.any():
            rows = tuple(ids[bad].astype(str))
            message = f"{len(rows):,} rows have an impossible '{name}'; taken as missing"
            findings.append(
                Finding(
                    layer=layer,
                    word="correct",
                    severity="warning",
                    message=message,
                    count=len(rows),
                    rows=rows,
                )
            )
    return pd.DataFrame(found, index=raw.index), findings


def read_technology(
    values: pd.Series, *, layer: str
) -> tuple[pd.Series, pd.Series, pd.Series, list[Finding]]:
    """
    Understand what a file calls the network.

    Returns
    -------
    technology : Series of text
        2g to 5g, missing where the word is none of them.
    fixed, dark : Series of bool
        The word says Wi-Fi or a fixed line; it says that there was no service.
    findings : list of Finding
        Words not understood.
    """
    text = to_text(values)
    technology = spread_words(text, _generation, "string")
    fixed = spread_words(text, lambda word: fold(word) in _NOT_MOBILE, "boolean").fillna(value=False)
    dark = spread_words(text, _says_no_service, "boolean").fillna(value=False)
    fixed, dark = fixed.astype(bool), dark.astype(bool)
    odd = text.notna() & technology.isna() & ~fixed & ~dark
    findings = []
    if odd.any():
        message = f"technology of {count_rows(int(odd.sum()))} not understood ({name_rows(text[odd].unique())}); taken as unknown"
        findings.append(
            Finding(layer=layer, word="clean", severity="note", message=message, count=int(odd.sum()))
        )
    return technology, fixed, dark, findings


def _says_no_service(word: str) -> bool:
    return " ".join(fold(word).replace("_", " ").replace("-", " ").split()) in _NO_SERVICE


def _generation(word: str) -> str | None:
    """Find a generation in a word such as "LTE 1800", "4G+" or "5G NSA"."""
    bare = fold(word)
    if bare in GENERATIONS:
        return GENERATIONS[bare]
    for part in bare.replace("/", " ").replace("-", " ").replace("_", " ").replace("+", " ").split():
        if part in GENERATIONS:
            return GENERATIONS[part]
    return None


def keep_levels(
    level_dbm: pd.Series, technology: pd.Series, *, layer: str
) -> tuple[pd.Series, pd.Series, list[Finding]]:
    """
    Return levels that can be and what they are; sentinels become missing and are counted.

    Returns
    -------
    level_dbm : Series of float
        Missing where it cannot be, and where the technology is unknown, since nobody knows then what it is.
    level_kind : Series of text
        rsrp, rscp or rxlev.
    findings : list of Finding
        Sentinels.
    """
    numbers = pd.to_numeric(to_decimal(level_dbm), errors="coerce")
    bad = numbers.notna() & ~numbers.between(*POSSIBLE_DBM)
    kind = spread_words(technology, LEVEL_KIND.get, "string")
    level = numbers.mask(bad | kind.isna())
    findings = []
    if bad.any():
        values = name_rows(f"{value:g}" for value in sorted(set(numbers[bad])))
        message = f"{count_rows(int(bad.sum()))} with a level that no phone reports ({values} dBm); taken as missing"
        findings.append(
            Finding(layer=layer, word="correct", severity="warning", message=message, count=int(bad.sum()))
        )
    nameless = numbers.notna() & ~bad & kind.isna()
    if nameless.any():
        message = f"{count_rows(int(nameless.sum()))} with a level but no technology: nobody knows what was measured; level left out"
        findings.append(
            Finding(
                layer=layer, word="sufficient", severity="warning", message=message, count=int(nameless.sum())
            )
        )
    return level, kind.mask(level.isna()), findings


def place_rows(
    frame: pd.DataFrame, *, layer: str, crs: str | None, points: gpd.GeoSeries | None = None
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Give the rows points in WGS 84; those without a usable place are set aside and counted."""
    if points is not None:
        placed = gpd.GeoDataFrame(
            frame.drop(columns="geometry", errors="ignore"), geometry=points.to_numpy(), crs=points.crs
        )
    else:
        placed = place(frame, layer=layer, crs=crs, defined=WGS84)
    usable, findings = usable_positions(placed, layer=layer, key="measurement_id")
    usable = usable.to_crs(WGS84)
    x, y = coordinates(usable.geometry)
    lost = pd.Series(~np.isfinite(x) | ~np.isfinite(y), index=usable.index)
    usable, found = set_aside(
        usable, lost, layer=layer, word="correct", key="measurement_id", why="no usable position"
    )
    return usable.reset_index(drop=True), findings + found


def bin_places(frame: gpd.GeoDataFrame, size_m: float) -> gpd.GeoDataFrame:
    """
    Move points to the centres of squares, so that no row tells where one person stood.

    Parameters
    ----------
    frame : GeoDataFrame
        Points in WGS 84.
    size_m : float
        Side of the squares, which hold to a grid of the earth. [m]

    Returns
    -------
    GeoDataFrame
        Same rows at the centres; those of one square are equal to the last digit.
    """
    x, y = coordinates(frame.geometry)
    step = size_m / _DEGREE_M
    centre = np.empty((2, len(x)))
    for begin in range(0, len(x), _CHUNK):
        part = slice(begin, begin + _CHUNK)
        row = np.floor(y[part] / step)
        middle = np.clip((row + 0.5) * step, -90.0, 90.0)
        # squares of one row are equally wide, so that they meet
        wide = step / np.maximum(np.cos(np.radians(middle)), 1e-6)
        column = np.floor(x[part] / wide)
        centre[:, part] = np.clip((column + 0.5) * wide, -180.0, 180.0), middle
    return frame.set_geometry(gpd.GeoSeries(PointArray(centre[0], centre[1], frame.crs), index=frame.index))


def refuse_exchanged(
    longitude: NDArray[np.float64], latitude: NDArray[np.float64], box: Box | None, *, layer: str, name: str
) -> None:
    """
    Refuse rows that would lie among the villages if longitude and latitude were exchanged.

    Raises
    ------
    SourceError
        They would, and as they are they do not.
    """
    if box is None or not len(longitude):
        return
    if box.holds(longitude, latitude).mean() < 0.1 and box.holds(latitude, longitude).mean() > 0.5:
        raise SourceError(
            f"{layer}: {name} lies near no village, but would with longitude and latitude exchanged; swap longitude_deg "
            f"and latitude_deg under inputs.{layer} columns"
        )
