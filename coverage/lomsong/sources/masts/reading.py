"""One reader for every mast list: the file, its layout, its carriers and their places."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from lomsong.contracts import problem_list
from lomsong.errors import SourceError, TableError
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.schemas import SECTORS
from lomsong.settings import MastSource
from lomsong.sources.dates import to_dates
from lomsong.sources.fields import apply_contract, rename_columns, set_aside, to_text
from lomsong.sources.files import require_file
from lomsong.sources.masts import opencellid
from lomsong.sources.masts.anfr import is_anfr, read_anfr
from lomsong.sources.masts.carriers import split_carriers, tell_apart
from lomsong.sources.masts.formats import FORMATS, find_format
from lomsong.sources.masts.measures import read_measure, turn_clockwise
from lomsong.sources.masts.openstreetmap import read_structures
from lomsong.sources.numerals import to_decimal
from lomsong.sources.positions import PLACE_COLUMNS, join_angles, place, usable_positions
from lomsong.sources.privacy import drop_identities
from lomsong.sources.tables import Box, Needs, has_geometry, is_table, peek_columns, read_table
from lomsong.sources.vectors import KML_FOLDER, read_vector

LAYER = "masts"
#: Columns a mast list may have besides those of `SECTORS`: `sites` makes sectors of them.
EXTRA_COLUMNS = (*PLACE_COLUMNS, "bands", "structure_height_m", "samples", "range_m", "node", "sector_number")
#: What goes on to `sites`, beyond the contract.
CARRIED = ("samples", "range_m", "node", "sector_number")
#: The technology of structures whose list is silent on it.
ASSUMED_TECHNOLOGY = "4g"
#: A list in which this part of the cells has one country code is of that country.
HOME_SHARE = 0.6
#: Antennas of a structure hang at its top or under it; part of its height, and at least. [m]
STRUCTURE_SIGMA_SHARE = 0.2
STRUCTURE_SIGMA_M = 5.0


def read_masts(source: MastSource, *, box: Box | None = None) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Read one list of masts.

    Parameters
    ----------
    source : MastSource
        The file, its format and its column map.
    box : Box, optional
        The area; a large file of a known layout keeps only its rows in it.

    Returns
    -------
    frame : GeoDataFrame
        One row a carrier, in the file's CRS: the columns of `SECTORS` that the file has; ``site_id`` is missing
        where the file names none. Points only. Also ``samples``, ``range_m`` and ``node`` where the layout has them.
    findings : list of Finding
        Rows set aside, positions at (0, 0), bands not understood.

    Raises
    ------
    MissingSourceError, SourceError, CrsError, TableError
        One message that says what to do.
    """
    path = require_file(Path(source.path), layer=LAYER)
    raw, findings = _read(path, source, box)
    raw, found = drop_identities(raw, layer=LAYER)
    findings += found
    raw = join_angles(raw)
    name = find_format(source, [str(column) for column in raw.columns])
    layout = FORMATS.get(name)
    known = [*SECTORS.names(), *EXTRA_COLUMNS]
    if layout is None:
        shaped = rename_columns(raw, source.columns, layer=LAYER, known=known)
    else:
        mapped = rename_columns(raw, source.columns, layer=LAYER, known=known)
        shaped, found = layout.shape(raw, source)
        # what the user maps goes before what the layout knows
        shaped = shaped.assign(**{ours: mapped[ours].reindex(shaped.index) for ours in source.columns})
        findings += found
    shaped, found = _own_country(shaped, source)
    findings += found
    if shaped.empty:
        raise SourceError(f"{LAYER}: {path.name} holds no mast of use: {_last(findings)}")
    shaped, found = _fill_gaps(shaped, source, layout.silent_on if layout else ())
    findings += found
    shaped = _name_rows(shaped, path.stem)
    frame, found = split_carriers(shaped)
    findings += found
    if name != "opencellid":
        frame = tell_apart(frame)
    twice = frame["sector_id"].duplicated(keep="last")
    frame, found = set_aside(
        frame, twice, layer=LAYER, word="clean", key="sector_id", why="the same cell stands in a later row"
    )
    findings += found
    spatial = isinstance(raw, gpd.GeoDataFrame)
    if spatial and not ("x_m" in source.columns or "longitude_deg" in source.columns):
        placed = gpd.GeoDataFrame(frame, geometry="geometry", crs=raw.crs)
    else:
        placed = place(
            frame.drop(columns="geometry", errors="ignore"), layer=LAYER, crs=source.crs,
            defined=layout.crs(frame) if layout else None,
        )  # fmt: skip
    frame, found = usable_positions(placed, layer=LAYER, key="sector_id")
    findings += found
    if frame.empty:
        raise SourceError(f"{LAYER}: no usable row is left of {path.name}: {_last(findings)}")
    frame, found = _finish(frame, source)
    # whose terms hold, where the settings name none
    frame.attrs["layout"] = name
    return frame, findings + found


def _read(path: Path, source: MastSource, box: Box | None) -> tuple[pd.DataFrame, list[Finding]]:
    if path.name.lower().endswith(".osm.pbf") or path.suffix.lower() == ".osm":
        return read_structures(path, layer=LAYER)
    if source.format in (None, "anfr") and is_anfr(path):
        return read_anfr(path, encoding=source.encoding)
    if is_table(path) and not _is_geoparquet(path):
        raw, findings = read_table(
            path,
            layer=LAYER,
            encoding=source.encoding,
            sheet=source.layer,
            needs=_needs(path, source),
            box=box,
        )
        if not source.columns and source.format in (None, "opencellid"):
            raw = opencellid.name_columns(raw, peek_columns(path, layer=LAYER))
        return raw, findings
    raw, findings = read_vector(source, layer=LAYER)
    points, found = _as_points(raw, shapes=source.format == "osm" or "man_made" in raw)
    return points, findings + found


def _own_country(frame: pd.DataFrame, source: MastSource) -> tuple[pd.DataFrame, list[Finding]]:
    """Set aside the cells whose mobile country code is not among those of the settings."""
    if "network" not in frame:
        return frame, []
    if not source.country_codes:
        return frame, _foreign_codes(frame)
    foreign = ~frame["network"].str.split("-").str[0].isin(source.country_codes)
    why = f"their country code is not {' or '.join(source.country_codes)}"
    return set_aside(frame, foreign, layer=LAYER, word="correct", key="sector_id", why=why)


def _foreign_codes(frame: pd.DataFrame) -> list[Finding]:
    """Count the cells of other countries than the one most cells are of; which country it is, the user knows."""
    codes = frame["network"].str.split("-").str[0]
    counts = codes[codes != ""].value_counts()
    if len(counts) < 2 or counts.iloc[0] < HOME_SHARE * counts.sum():
        return []
    home = str(counts.index[0])
    foreign = (codes != home) & (codes != "")
    rows = tuple(frame.loc[foreign, "sector_id"].astype(str))
    others = name_rows(f"{code} ({count:,})" for code, count in counts.iloc[1:].items())
    message = (
        f"{count_rows(len(rows), 'cell')} of other countries' codes than {home}: {others}; they count as networks of "
        f"their own; set inputs.masts country_codes: ['{home}'] to leave them out"
    )
    return [
        Finding(layer=LAYER, word="correct", severity="warning", message=message, count=len(rows), rows=rows)
    ]


def _is_geoparquet(path: Path) -> bool:
    return path.suffix.lower() in (".parquet", ".geoparquet") and has_geometry(path)


def _needs(path: Path, source: MastSource) -> Needs | None:
    """Return what to read of a large file, for layouts that come in large files."""
    if source.columns:
        return None
    layout = FORMATS.get(find_format(source, peek_columns(path, layer=LAYER)))
    return None if layout is None else layout.needs


def _last(findings: list[Finding]) -> str:
    return findings[-1].message if findings else "it has no rows"


def _name_rows(frame: pd.DataFrame, stem: str) -> pd.DataFrame:
    """Give the rows that the file does not name a name by their line."""
    given = (
        to_text(frame["sector_id"])
        if "sector_id" in frame
        else pd.Series(pd.NA, index=frame.index, dtype="string")
    )
    if not given.isna().any():
        return frame.assign(sector_id=given)
    lines = pd.Series([f"{stem}:{row + 2}" for row in range(len(frame))], index=frame.index, dtype="string")
    return frame.assign(sector_id=given.fillna(lines))


def _fill_gaps(
    frame: pd.DataFrame, source: MastSource, silent_on: tuple[str, ...]
) -> tuple[pd.DataFrame, list[Finding]]:
    """Take the settings' word, or a stated assumption, where a list says nothing of technology, operator or height."""
    findings = []
    if (
        "technology" not in frame
        and "bands" not in frame
        and (source.technology or "technology" in silent_on)
    ):
        technology = source.technology or ASSUMED_TECHNOLOGY
        frame = frame.assign(technology=technology)
        if source.technology is None:
            message = (
                f"technology of {count_rows(len(frame), 'mast')} taken as {technology}: the list does not say"
            )
            findings.append(
                Finding(layer=LAYER, word="sufficient", severity="assumption", message=message, count=len(frame),
                        source="assumption: what most masts carry; set inputs.masts technology")
            )  # fmt: skip
    if "operator" in silent_on and source.operator is None:
        named = (
            frame["operator"] if "operator" in frame else pd.Series(pd.NA, index=frame.index, dtype="string")
        )
        frame = frame.assign(operator=named.fillna("unknown"))
    if "structure_height_m" in frame:
        height = pd.to_numeric(to_decimal(frame["structure_height_m"]), errors="coerce")
        column = SECTORS.column("antenna_height_m")
        height = height.where(height.between(column.minimum, column.maximum))
        given = (
            frame["antenna_height_m"] if "antenna_height_m" in frame else pd.Series(np.nan, index=frame.index)
        )
        borrowed = given.isna() & height.notna()
        frame = frame.assign(
            antenna_height_m=given.where(~borrowed, height),
            height_sigma_m=(height * STRUCTURE_SIGMA_SHARE).clip(lower=STRUCTURE_SIGMA_M).where(borrowed),
        )
        if borrowed.any():
            message = (
                f"antenna height of {count_rows(int(borrowed.sum()), 'mast')} taken as that of the structure"
            )
            findings.append(
                Finding(layer=LAYER, word="correct", severity="assumption", message=message, count=int(borrowed.sum()),
                        source="assumption: antennas hang at the top, give or take 20 %")
            )  # fmt: skip
    return frame, findings


def _as_points(raw: gpd.GeoDataFrame, *, shapes: bool) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Return the rows with points under the name ``geometry``; masts drawn as areas are refused, but in maps.

    What a KML file draws between its sites is set aside.
    """
    raw = raw.rename_geometry("geometry") if raw.geometry.name != "geometry" else raw
    if shapes:
        # a map draws the foot of a tower as an area
        boxes = raw.geometry.bounds
        middle = gpd.points_from_xy((boxes["minx"] + boxes["maxx"]) / 2, (boxes["miny"] + boxes["maxy"]) / 2)
        return raw.set_geometry(gpd.GeoSeries(middle, index=raw.index, crs=raw.crs)).reset_index(
            drop=True
        ), []
    wrong = ~(raw.geometry.isna() | raw.geometry.geom_type.eq("Point"))
    if not wrong.any():
        return raw.reset_index(drop=True), []
    kinds = name_rows(sorted(set(raw.geometry[wrong].geom_type)))
    if KML_FOLDER not in raw or wrong.all():
        raise SourceError(
            f"{LAYER}: {count_rows(int(wrong.sum()))} are no points but {kinds}; take their centroids first"
        )
    message = f"{count_rows(int(wrong.sum()), 'placemark')} set aside: no points but {kinds}"
    finding = Finding(layer=LAYER, word="clean", severity="note", message=message, count=int(wrong.sum()))
    return raw[~wrong].reset_index(drop=True), [finding]


def _finish(frame: gpd.GeoDataFrame, source: MastSource) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    findings: list[Finding] = []
    plain = pd.DataFrame(frame.drop(columns="geometry"))
    for column in SECTORS.columns:
        if column.kind == "number" and column.name in plain:
            plain[column.name], found = read_measure(plain[column.name], plain["sector_id"])
            findings += found
    if "azimuth_deg" in plain and pd.api.types.is_float_dtype(plain["azimuth_deg"]):
        plain["azimuth_deg"], found = turn_clockwise(plain["azimuth_deg"], plain["sector_id"])
        findings += found
    if "on_air" in plain:
        plain["on_air"], found = to_dates(plain["on_air"], layer=LAYER)
        findings += found
    columns, _ = apply_contract(plain, SECTORS, layer=LAYER)
    for name in CARRIED:
        if name in plain:
            columns[name] = plain[name]
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
    columns["operator"] = (
        columns["operator"].replace(source.operators).astype("string").fillna(source.operator or "unknown")
    )
    if unnamed.any():
        ids = tuple(columns.loc[unnamed, "sector_id"].astype(str))
        message = f"{count_rows(len(ids), 'sector')} without an operator taken as '{source.operator or 'unknown'}': {name_rows(ids)}"
        findings.append(
            Finding(
                layer=LAYER, word="sufficient", severity="warning", message=message, count=len(ids), rows=ids
            )
        )
    return gpd.GeoDataFrame(columns, geometry=frame.geometry, crs=frame.crs).reset_index(drop=True), findings
