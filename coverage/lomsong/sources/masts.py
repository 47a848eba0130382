"""Mast and cell lists: OpenCelliD, and any table through a column map; one raw row a carrier."""

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from lomsong.contracts import problem_list
from lomsong.errors import SourceError, TableError
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.schemas import SECTORS
from lomsong.settings import MastSource
from lomsong.sources.fields import apply_contract, rename_columns, set_aside, to_number, to_text
from lomsong.sources.files import read_delimited, require_file
from lomsong.sources.vectors import parse_crs, read_vector

LAYER = "masts"
#: Columns a mast list may have besides those of `SECTORS`.
EXTRA_COLUMNS = ("longitude_deg", "latitude_deg", "x_m", "y_m", "bands")
#: What operators, regulators and OpenCelliD call a radio generation.
GENERATIONS = {
    "2g": "2g", "gsm": "2g", "edge": "2g",
    "3g": "3g", "umts": "3g", "wcdma": "3g", "hspa": "3g",
    "4g": "4g", "lte": "4g", "lte-a": "4g",
    "5g": "5g", "nr": "5g",
}  # fmt: skip
_BAND = re.compile(r"^\s*([A-Za-z][A-Za-z-]*|[2-5][gG])\s*[-_ ]?\s*(\d{3,4})\s*$")
_OPENCELLID = ("radio", "mcc", "net", "area", "cell", "lon", "lat")
#: The other header in circulation, lower case: its name, and the usual one.
_OPENCELLID_ALIASES = {
    "mnc": "net",
    "tac": "area",
    "lac": "area",
    "cid": "cell",
    "range": "range",
    "sam": "samples",
}


def read_masts(source: MastSource) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Read one list of masts.

    Parameters
    ----------
    source : MastSource
        The file, its format and its column map.

    Returns
    -------
    frame : GeoDataFrame
        One row a carrier, in the file's CRS: the columns of `SECTORS` that the file has; ``site_id`` is missing
        where the file names none. Points only.
    findings : list of Finding
        Rows set aside, positions at (0, 0), bands not understood.

    Raises
    ------
    MissingSourceError, SourceError, CrsError, TableError
        One message that says what to do.
    """
    path = require_file(Path(source.path), layer=LAYER)
    known = [*SECTORS.names(), *EXTRA_COLUMNS]
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        raw, findings = read_delimited(path, layer=LAYER, encoding=source.encoding)
        points = None
    else:
        raw, findings = read_vector(source, layer=LAYER)
        raw = _as_points(raw)
        points = None if source.format == "opencellid" else raw.geometry
    raw = raw.reset_index(drop=True)
    if source.format == "opencellid":
        raw = _opencellid_columns(raw, path.name)
    else:
        raw = rename_columns(raw, source.columns, layer=LAYER, known=known)
    stem = path.stem
    raw["sector_id"] = to_text(raw["sector_id"]) if "sector_id" in raw else pd.Series(pd.NA, index=raw.index)
    unnamed = raw["sector_id"].isna()
    raw["sector_id"] = raw["sector_id"].where(~unnamed, [f"{stem}:{row + 2}" for row in range(len(raw))])
    frame, found = _carriers(raw)
    findings += found
    if source.format == "sites":
        frame = _tell_apart(frame)
    twice = frame["sector_id"].duplicated(keep="last")
    frame, found = set_aside(
        frame, twice, layer=LAYER, word="clean", key="sector_id", why="the same cell stands in a later row"
    )
    findings += found
    placed = _place(frame, points, source)
    frame, found = _usable_positions(placed)
    findings += found
    if frame.empty:
        raise SourceError(f"{LAYER}: no usable row is left of {path.name}: {findings[-1].message}")
    frame, found = _finish(frame, source)
    return frame, findings + found


def _as_points(raw: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rows with points under the name ``geometry``; masts drawn as areas are refused."""
    raw = raw.rename_geometry("geometry") if raw.geometry.name != "geometry" else raw
    wrong = ~(raw.geometry.isna() | raw.geometry.geom_type.eq("Point"))
    if wrong.any():
        kinds = name_rows(sorted(set(raw.geometry[wrong].geom_type)))
        raise SourceError(
            f"{LAYER}: {count_rows(int(wrong.sum()))} are no points but {kinds}; take their centroids first"
        )
    return raw


def _finish(frame: gpd.GeoDataFrame, source: MastSource) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    columns, _ = apply_contract(frame, SECTORS, layer=LAYER)
    if "operator" not in columns or columns["operator"].isna().all():
        if source.operator is None:
            raise TableError(
                problem_list(
                    LAYER,
                    [
                        f"column 'operator' is missing ({SECTORS.column('operator').meaning}); "
                        "map it under inputs.masts columns, or set inputs.masts operator for the whole file"
                    ],
                )
            )
        columns["operator"] = pd.Series(source.operator, index=columns.index, dtype="string")
    unnamed = columns["operator"].isna()
    columns["operator"] = columns["operator"].replace(source.operators).fillna(source.operator or "unknown")
    findings = []
    if unnamed.any():
        ids = tuple(columns.loc[unnamed, "sector_id"].astype(str))
        message = f"{count_rows(len(ids), 'sector')} without an operator taken as '{source.operator or 'unknown'}': {name_rows(ids)}"
        findings.append(
            Finding(
                layer=LAYER, word="sufficient", severity="warning", message=message, count=len(ids), rows=ids
            )
        )
    return gpd.GeoDataFrame(columns, geometry=frame.geometry, crs=frame.crs).reset_index(drop=True), findings


def _opencellid_columns(raw: pd.DataFrame, name: str) -> pd.DataFrame:
    lower = {str(column).casefold(): column for column in raw.columns}
    lower = {
        **{usual: lower[other] for other, usual in _OPENCELLID_ALIASES.items() if other in lower},
        **lower,
    }
    if "geometry" in raw:
        raw = raw.assign(lon=raw["geometry"].x, lat=raw["geometry"].y)
        lower |= {"lon": "lon", "lat": "lat"}
    absent = [column for column in _OPENCELLID if column not in lower]
    if absent:
        raise TableError(
            problem_list(
                f"{LAYER} ({name})", [f"column '{column}' is missing (OpenCelliD)" for column in absent]
            )
        )
    text = {
        column: to_text(raw[lower[column]]).fillna("") for column in ("radio", "mcc", "net", "area", "cell")
    }
    radio = text["radio"].str.upper()
    number = pd.to_numeric(text["cell"], errors="coerce")
    network = text["mcc"] + "-" + text["net"].str.zfill(2)
    # an LTE cell id is 20 bits of base station and 8 bits of sector (3GPP TS 36.300)
    station = (number.fillna(0).astype("int64") // 256).astype("string")
    frame = pd.DataFrame(
        {
            "sector_id": radio + "-" + network + "-" + text["area"] + "-" + text["cell"],
            "site_id": (network + "-eNB" + station).where((radio == "LTE") & number.notna()),
            "operator": network,
            "technology": radio,
            "longitude_deg": raw[lower["lon"]],
            "latitude_deg": raw[lower["lat"]],
        }
    )
    if "updated" in lower:
        seconds = pd.to_numeric(to_text(raw[lower["updated"]]), errors="coerce")
        frame["on_air"] = pd.to_datetime(seconds, unit="s", errors="coerce").dt.strftime("%Y-%m-%d")
    # the same cell can stand twice; the younger record knows better
    return frame.sort_values("on_air", kind="stable") if "on_air" in frame else frame


def _carriers(raw: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Give each row its technology; a row that lists bands becomes one row a band."""
    findings: list[Finding] = []
    frame = raw
    if "bands" in raw:
        frame, findings = _split_bands(raw)
    if "technology" not in frame:
        raise TableError(
            problem_list(
                LAYER,
                [
                    "column 'technology' is missing (radio generation: 2g, 3g, 4g, 5g); map it, or map 'bands' "
                    "(such as 'WCDMA850;LTE700'), under inputs.masts columns"
                ],
            )
        )
    words = to_text(frame["technology"])
    generation = words.str.casefold().map(GENERATIONS)
    odd = generation.isna()
    frame = frame.assign(technology=generation)
    frame, found = set_aside(
        frame, odd, layer=LAYER, word="correct", key="sector_id",
        why=f"technology is none of 2g to 5g (found: {name_rows(words[odd].dropna().unique())})",
    )  # fmt: skip
    findings += found
    return frame, findings + found


def _tell_apart(frame: pd.DataFrame) -> pd.DataFrame:
    """Lengthen sector ids that a list uses again for every mast, or for every carrier of a sector."""
    frame = frame.copy()
    for column in ("site_id", "technology", "frequency_mhz"):
        again = frame["sector_id"].duplicated(keep=False)
        if column in frame and again.any():
            more = to_text(frame[column]).fillna("")
            longer = (
                more + " " + frame["sector_id"] if column == "site_id" else frame["sector_id"] + " " + more
            )
            frame["sector_id"] = frame["sector_id"].where(~again, longer.str.strip())
    return frame


def _split_bands(raw: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    tokens = to_text(raw["bands"]).fillna("").str.split(r"[;,|/]", regex=True)
    split = raw.assign(band=tokens).explode("band", ignore_index=True)
    split = split[split["band"].str.strip() != ""]
    parts = split["band"].str.extract(_BAND)
    known = parts[0].str.casefold().isin(GENERATIONS)
    split, findings = set_aside(
        split, ~known, layer=LAYER, word="correct", key="sector_id",
        why=f"bands not understood (found: {name_rows(split.loc[~known, 'band'].unique())})",
    )  # fmt: skip
    lost = set(raw["sector_id"]) - set(split["sector_id"])
    if lost:
        findings.append(
            Finding(
                layer=LAYER,
                word="sufficient",
                severity="warning",
                message=f"{count_rows(len(lost), 'mast')} without a usable band left out: {name_rows(sorted(lost))}",
                count=len(lost),
                rows=tuple(sorted(lost)),
            )
        )
    site = split["site_id"] if "site_id" in split else pd.Series(pd.NA, index=split.index)
    return split.assign(
        technology=parts.loc[split.index, 0],
        frequency_mhz=parts.loc[split.index, 1],
        # the row was the mast: its bands share one site
        site_id=to_text(site).fillna(split["sector_id"]),
        sector_id=split["sector_id"] + " " + split["band"].str.strip(),
    ).drop(columns=["band", "bands"]), findings


def _place(frame: pd.DataFrame, points: gpd.GeoSeries | None, source: MastSource) -> gpd.GeoDataFrame:
    if points is not None:
        # a band split repeats rows; their index was renewed, so positions travel as a column
        return gpd.GeoDataFrame(
            frame.drop(columns="geometry"), geometry=frame["geometry"].to_numpy(), crs=points.crs
        )
    if "x_m" in frame and "y_m" in frame:
        if source.crs is None:
            raise TableError(problem_list(LAYER, ["x_m and y_m need their CRS; set inputs.masts crs"]))
        x, y, crs = frame["x_m"], frame["y_m"], parse_crs(source.crs, layer=LAYER)
    elif "longitude_deg" in frame and "latitude_deg" in frame:
        x, y = frame["longitude_deg"], frame["latitude_deg"]
        # OpenCelliD is defined in WGS 84; any other list must say so itself
        if source.format == "sites" and source.crs is None:
            raise TableError(
                problem_list(
                    LAYER, ["the file's longitudes need their CRS; set inputs.masts crs, mostly EPSG:4326"]
                )
            )
        crs = parse_crs(source.crs or "EPSG:4326", layer=LAYER)
    else:
        missing = [name for name in ("longitude_deg", "latitude_deg") if name not in frame]
        raise TableError(
            problem_list(
                LAYER,
                [
                    f"column '{name}' is missing; map it (or x_m and y_m) under inputs.masts columns"
                    for name in missing
                ],
            )
        )
    commas = to_text(y).str.fullmatch(r"-?\d+,\d+").fillna(value=False)
    if commas.mean() > 0.5:
        raise TableError(
            problem_list(
                LAYER,
                [f"positions have decimal commas (such as {y[commas].iloc[0]}); write them with points"],
            )
        )
    east = pd.to_numeric(to_number(x), errors="coerce")
    north = pd.to_numeric(to_number(y), errors="coerce")
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(east, north), crs=crs)


def _usable_positions(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    x, y = frame.geometry.x, frame.geometry.y
    lost = ~(np.isfinite(x) & np.isfinite(y))
    frame, findings = set_aside(
        frame, lost, layer=LAYER, word="sufficient", key="sector_id", why="no position"
    )
    x, y = frame.geometry.x, frame.geometry.y
    zero = (x == 0) & (y == 0)
    frame, found = set_aside(
        frame, zero, layer=LAYER, word="correct", key="sector_id", why="position is (0, 0)"
    )
    findings += found
    if not frame.crs.is_geographic:
        return frame, findings
    x, y = frame.geometry.x, frame.geometry.y
    beyond = (y.abs() > 90) | (x.abs() > 180)
    if beyond.mean() > 0.5:
        raise TableError(
            problem_list(
                LAYER,
                [
                    f"latitudes reach {y.abs().max():.4g}: longitude and latitude are swapped in the column map"
                ],
            )
        )
    frame, found = set_aside(
        frame, beyond, layer=LAYER, word="correct", key="sector_id", why="position is off the earth"
    )
    return frame, findings + found
