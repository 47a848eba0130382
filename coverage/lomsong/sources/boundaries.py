"""Village and commune boundaries, or points where no boundary is known."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.code_repair import mend_codes
from lomsong.contracts import Table, problem_list
from lomsong.errors import SourceError, TableError
from lomsong.findings import Finding
from lomsong.schemas import COMMUNES, VILLAGES
from lomsong.settings import BoundarySource, LayerSource
from lomsong.sources.containers import is_osm
from lomsong.sources.fields import apply_contract, rename_columns, to_text
from lomsong.sources.files import require_file
from lomsong.sources.layouts import Unit, find_layout
from lomsong.sources.numerals import to_counts, to_decimal, to_degrees
from lomsong.sources.osm import read_osm
from lomsong.sources.repair import repair_polygons
from lomsong.sources.tables import has_geometry, is_table, peek_columns, read_table, text_suffix
from lomsong.sources.vectors import broken_findings, read_vector, settle_crs
from lomsong.sources.written_shapes import find_written, read_written

#: Where a table without shapes says the place of a row, in degrees or in metres.
_PLACE = ("centre_longitude_deg", "centre_latitude_deg")
_PLACE_M = ("x_m", "y_m")
#: Columns that a spreadsheet may have spoilt.
_COUNTS = ("population", "households")
_CODES = ("village_id", "commune_code", "commune_code_old")


@dataclass(frozen=True, slots=True)
class _Layer:
    name: str
    unit: Unit
    table: Table


_VILLAGES = _Layer("villages", "village", VILLAGES)
_COMMUNES = _Layer("communes", "commune", COMMUNES)


def read_villages(source: BoundarySource) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Read villages, in the file's own CRS.

    Parameters
    ----------
    source : BoundarySource
        The file, its layout and its column map.

    Returns
    -------
    frame : GeoDataFrame
        Columns of `VILLAGES` that the file has; polygons are valid; index 0..n-1.
    findings : list of Finding
        What was repaired, skipped or taken by the layout.

    Raises
    ------
    MissingSourceError, SourceError, CrsError, TableError
        One message that says what to do.
    """
    return _read(source, _VILLAGES)


def read_communes(source: BoundarySource) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Read commune polygons, in the file's own CRS.

    Returns
    -------
    frame : GeoDataFrame
        Columns of `COMMUNES` that the file has; index 0..n-1.
    findings : list of Finding
        What was repaired, skipped or taken by the layout.

    Raises
    ------
    MissingSourceError, SourceError, CrsError, TableError
        One message that says what to do; points are no communes.
    """
    frame, findings = _read(source, _COMMUNES)
    points = frame.geometry.geom_type.eq("Point") & ~frame.geometry.is_empty
    if points.any():
        raise SourceError(f"communes: {source.path.name} holds points; communes must be polygons")
    return frame, findings


def _read(source: BoundarySource, layer: _Layer) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    path = require_file(Path(source.path), layer=layer.name)
    if _has_no_shapes(path, source, layer):
        raw, findings = _read_points(path, source, layer)
    elif source.layer is None and is_osm(path):
        raw, findings = read_osm(source, layer=layer.name)
    else:
        raw, findings = read_vector(source, layer=layer.name)
    raw = gpd.GeoDataFrame(raw.reset_index(drop=True))
    named, found = _name_columns(raw, source, layer)
    findings += found
    for count in _COUNTS:
        if count in named:
            named[count], found = to_counts(named[count], layer=layer.name)
            findings += found
    for column in layer.table.columns:
        if column.kind == "number" and column.name in named and column.name not in _COUNTS:
            named[column.name] = to_decimal(named[column.name])
    columns, found = apply_contract(named, layer.table, layer=layer.name)
    findings += found
    for code in _CODES:
        if code in columns:
            columns[code], found = mend_codes(columns[code], layer=layer.name, column=code)
            findings += found
    frame = gpd.GeoDataFrame(columns, geometry=raw.geometry.to_numpy(), crs=raw.crs)
    layer.table.check(frame)
    if frame.crs.is_geographic:
        _refuse_swapped(frame, layer.name)
    frame, found = repair_polygons(frame, layer=layer.name, key=layer.table.key)
    return frame, findings + found


def _has_no_shapes(path: Path, source: LayerSource, layer: _Layer) -> bool:
    """Return whether a file is a table that can at most say where a row is."""
    if not is_table(path) or text_suffix(path) != ".parquet":
        return is_table(path)
    columns = peek_columns(path, layer=layer.name)
    return not has_geometry(path) and any(
        all(source.columns.get(name, name) in columns for name in place) for place in (_PLACE, _PLACE_M)
    )


def _name_columns(
    raw: gpd.GeoDataFrame, source: BoundarySource, layer: _Layer
) -> tuple[pd.DataFrame, list[Finding]]:
    table = pd.DataFrame(raw.drop(columns=raw.geometry.name))
    names = [str(name) for name in table.columns]
    layout = find_layout(names, source.format)
    findings: list[Finding] = []
    wanted = dict(source.columns)
    if layout is not None:
        table, findings = layout.prepare(table, layer.name)
        by_default = {
            ours: theirs
            for ours, theirs in layout.columns([str(name) for name in table.columns], layer.unit).items()
            if ours in layer.table.names() and ours not in wanted and ours not in names
        }
        if by_default:
            used = ", ".join(f"{ours} from {theirs}" for ours, theirs in sorted(by_default.items()))
            message = f"columns taken as in the layout '{layout.name}': {used}; 'columns' in the settings comes first"
            findings.append(
                Finding(layer=layer.name, word="correct", severity="note", message=message, source="layout")
            )
        wanted = {**by_default, **wanted}
    return rename_columns(table, wanted, layer=layer.name, known=[*layer.table.names(), *_PLACE_M]), findings


def _read_points(path: Path, source: LayerSource, layer: _Layer) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Read a table whose rows say where they are, in columns named so in the settings or in one that spells their shapes."""
    table, findings = read_table(path, layer=layer.name, encoding=source.encoding, sheet=source.layer)
    # places beside shapes are the centres of villages
    if written := find_written(table):
        frame, broken = read_written(table, written, declared=source.crs, layer=layer.name)
        return frame, findings + broken_findings(broken, path.name, layer.name)
    metric = all(source.columns.get(name, name) in table for name in _PLACE_M)
    ours = _PLACE_M if metric else _PLACE
    names = [source.columns.get(name, name) for name in ours]
    lacking = [name for name in names if name not in table]
    if lacking:
        raise TableError(
            f"{layer.name}: {path.name} has no shapes and no column {' or '.join(lacking)}; map "
            f"{' and '.join(_PLACE)}, or {' and '.join(_PLACE_M)}, under inputs.{layer.name} columns"
        )
    crs = settle_crs(None, source.crs or (None if metric else "EPSG:4326"), layer=layer.name)
    if metric == crs.is_geographic:
        what, other, way = ("metres", "degrees", _PLACE) if metric else ("degrees", "metres", _PLACE_M)
        raise TableError(
            f"{layer.name}: {' and '.join(ours)} are {what}, but {crs.name} is in {other}; give the places in {what} "
            f"of another crs, or map {' and '.join(way)}"
        )
    given = [to_text(table[name]) for name in names]
    (x, _), (y, letters) = ((_metres if metric else to_degrees)(table[name]) for name in names)
    words = [
        name
        for name, text, axis in zip(names, given, (x, y), strict=True)
        if (text.notna().to_numpy() & np.isnan(axis)).any()
    ]
    if words:
        raise TableError(f"{layer.name}: {', '.join(words)} of {path.name} are not all numbers or angles")
    if (letters < 0).any():
        raise TableError(
            f"{layer.name}: longitude and latitude are swapped in {path.name}: latitudes carry E or W"
        )
    table = table.assign(**dict(zip(names, (x, y), strict=True)))
    known = np.isfinite(x) & np.isfinite(y)
    points = gpd.GeoSeries(gpd.points_from_xy(x, y), crs=crs, index=table.index).where(known, None)
    return gpd.GeoDataFrame(table, geometry=points), findings


def _metres(column: pd.Series) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return numbers as `to_degrees` does; metres carry no letters."""
    numbers = pd.to_numeric(to_decimal(column), errors="coerce").to_numpy(np.float64, na_value=np.nan)
    return numbers, np.zeros(len(numbers))


def _refuse_swapped(frame: gpd.GeoDataFrame, layer: str) -> None:
    _, south, _, north = frame.total_bounds
    if south < -90 or north > 90:
        raise TableError(
            problem_list(
                layer,
                [
                    f"latitudes reach from {south:.4g} to {north:.4g}: longitude and latitude are swapped in the file"
                ],
            )
        )
