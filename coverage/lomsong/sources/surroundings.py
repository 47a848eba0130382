"""Roads, power, schools and the like: from any vector file, or picked from OpenStreetMap by the usual tags."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS
from pyproj.exceptions import ProjError

from lomsong.errors import CrsError, SourceError
from lomsong.findings import Finding, count_rows
from lomsong.settings import LayerSource
from lomsong.sources.containers import is_osm
from lomsong.sources.fields import rename_columns, to_text
from lomsong.sources.files import require_file
from lomsong.sources.raster_files import Bounds
from lomsong.sources.repair import mend_shapes
from lomsong.sources.vectors import read_vector

#: Columns of every context layer beside its geometry.
COLUMNS = ("feature_id", "name", "kind")
#: Layers of GDAL's OSM driver that may hold what we look for; relations of routes and sites are none of it.
_OSM_LAYERS = ("points", "lines", "multipolygons")
_PAIR = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')

Tags = Mapping[str, frozenset[str]]
#: By layer, the keys of OpenStreetMap and the values that count.
TAGS: Mapping[str, Tags] = MappingProxyType(
    {
        "roads": {
            "highway": frozenset(
                [
                    "motorway",
                    "trunk",
                    "primary",
                    "secondary",
                    "tertiary",
                    "unclassified",
                    "residential",
                    "service",
                    "track",
                    "road",
                    "living_street",
                    "motorway_link",
                    "trunk_link",
                    "primary_link",
                    "secondary_link",
                    "tertiary_link",
                ]
            )
        },
        "power": {"power": frozenset(["line", "minor_line", "cable", "substation", "transformer", "plant"])},
        "fibre": {
            "communication": frozenset(["line", "cable"]),
            "telecom": frozenset(
                ["exchange", "connection_point", "distribution_point", "data_center", "line"]
            ),
        },
        "schools": {"amenity": frozenset(["school", "kindergarten", "college", "university"])},
        "clinics": {
            "amenity": frozenset(["clinic", "hospital", "doctors", "health_post"]),
            "healthcare": frozenset(["clinic", "hospital", "centre", "doctor", "birthing_centre"]),
        },
        "protected": {
            "boundary": frozenset(["protected_area", "national_park"]),
            "leisure": frozenset(["nature_reserve"]),
        },
        "water": {
            "natural": frozenset(["water"]),
            "waterway": frozenset(["river", "canal", "stream", "riverbank"]),
            "landuse": frozenset(["reservoir"]),
        },
        "structures": {
            "man_made": frozenset(
                ["mast", "tower", "communications_tower", "water_tower", "chimney", "silo", "antenna"]
            )
        },
    }
)
#: Where Geofabrik's shapefiles keep the value, whatever its key.
_FCLASS = "fclass"
_KEYS = frozenset(key for tags in TAGS.values() for key in tags)


def read_surroundings(
    source: LayerSource, *, layer: str, bounds: Bounds, crs: CRS
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Read one context layer around the villages.

    An OpenStreetMap extract, or any table that has one of the keys in `TAGS` as a column, is filtered by them; of
    another file every row counts.

    Parameters
    ----------
    source : LayerSource
        The file; its column map may name ``name`` and ``kind``.
    layer : str
        One of `TAGS`.
    bounds : tuple of float
        West, south, east and north in `crs`; shapes are cut off there.
    crs : pyproj.CRS
        The working CRS.

    Returns
    -------
    frame : GeoDataFrame
        ``feature_id``, ``name``, ``kind`` and valid shapes without a third axis, in `crs`; may have no rows.
    findings : list of Finding
        How many were taken, mended, and left out.

    Raises
    ------
    MissingSourceError, SourceError, CrsError
        As of any vector file.
    """
    path = require_file(Path(source.path), layer=layer)
    tags = TAGS[layer]
    if source.layer is None and is_osm(path):
        raw, findings = _read_osm(source, layer, tags)
    else:
        raw, findings = read_vector(source, layer=layer)
        raw = rename_columns(raw, source.columns, layer=layer, known=list(COLUMNS))
    kind = _kinds(raw, tags)
    taken = raw if kind is None else raw[kind.notna().to_numpy()]
    own = taken["kind"] if "kind" in taken else pd.Series(pd.NA, index=taken.index)
    frame = gpd.GeoDataFrame(
        {
            "feature_id": _ids(taken),
            "name": to_text(taken["name"]) if "name" in taken else pd.Series(pd.NA, index=taken.index, dtype="string"),
            "kind": to_text(own) if kind is None else kind[kind.notna()].astype("string"),
        },
        geometry=taken.geometry.to_numpy(),
        crs=raw.crs,
        index=taken.index,
    )  # fmt: skip
    near, found = _bring_near(frame, layer, bounds, crs)
    findings += found
    message = f"{count_rows(len(near), 'feature')} near the villages"
    if kind is not None:
        message += f"; {len(taken):,} of {len(raw):,} rows of {path.name} are {layer} by their tags"
    findings.append(
        Finding(
            layer=layer,
            word="sufficient",
            severity="note" if len(near) else "warning",
            message=message,
            count=len(near),
        )
    )
    return near, findings


def _read_osm(source: LayerSource, layer: str, tags: Tags) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Read those rows of an extract that have one of the keys, of every kind of geometry."""
    parts, findings = [], []
    for name in _OSM_LAYERS:
        try:
            fields = set(pyogrio.read_info(source.path, layer=name)["fields"].tolist())
            conditions = [
                f'"{key}" IS NOT NULL' if key in fields else f"other_tags LIKE '%\"{key}\"=>%'"
                for key in tags
            ]
            part, found = read_vector(
                source.model_copy(update={"layer": name}), layer=layer, where=" OR ".join(conditions)
            )
        except pyogrio.errors.DataSourceError as error:
            raise SourceError(f"{layer}: {Path(source.path).name} is not readable: {error}") from None
        except SourceError as error:
            if "has no rows" not in str(error):
                raise
            continue
        parts.append(part)
        findings += found
    if not parts:
        empty = gpd.GeoDataFrame(
            {key: pd.Series(dtype="string") for key in tags}, geometry=[], crs="EPSG:4326"
        )
        return empty, findings
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=parts[0].crs), findings


def _kinds(raw: gpd.GeoDataFrame, tags: Tags) -> pd.Series | None:
    """Return what each row is by its tags, missing where it is none of the layer; None in a file without tags."""
    if not any(key in raw for key in ("other_tags", _FCLASS, *_KEYS)):
        return None
    kind = pd.Series(pd.NA, index=raw.index, dtype="string")
    unpacked = [
        dict(_PAIR.findall(text)) if isinstance(text, str) else {} for text in raw.get("other_tags", [])
    ]
    by_key = {**tags, _FCLASS: frozenset().union(*tags.values())}
    for key, values in by_key.items():
        said = to_text(raw[key]) if key in raw else pd.Series(pd.NA, index=raw.index, dtype="string")
        if unpacked:
            said = said.fillna(pd.Series([row.get(key) for row in unpacked], index=raw.index, dtype="string"))
        kind = kind.fillna(said.where(said.isin(list(values)).fillna(value=False).astype(bool)))
    return kind


def _ids(frame: gpd.GeoDataFrame) -> pd.Series:
    for column in ("feature_id", "osm_id", "osm_way_id", "@id", "id"):
        if column in frame and frame[column].notna().any():
            ids = to_text(frame[column])
            if column == "osm_id" and "osm_way_id" in frame:  # polygons that are ways have the other one
                ids = ids.fillna(to_text(frame["osm_way_id"]))
            return ids
    return pd.Series(frame.index.astype(str), index=frame.index, dtype="string")


def _bring_near(
    frame: gpd.GeoDataFrame, layer: str, bounds: Bounds, crs: CRS
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Mend shapes, bring them into the working CRS and cut them off at the bounds."""
    findings = []
    given = shapely.force_2d(frame.geometry.to_numpy())
    shapes = mend_shapes(given)
    usable = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    invalid = usable & ~shapely.is_valid(given)
    if count := int(invalid.sum()):
        findings.append(_finding(layer, f"{count_rows(count, 'invalid shape')} mended", count))
    if count := int((~usable).sum()):
        findings.append(_finding(layer, f"{count_rows(count)} without a shape left out", count))
    kept = frame[usable].set_geometry(gpd.GeoSeries(shapes[usable], index=frame.index[usable], crs=frame.crs))
    try:
        moved = kept.to_crs(crs)
    except ProjError as error:
        raise CrsError(f"{layer}: nothing leads from {frame.crs.name} to {crs.name}: {error}") from None
    corners = shapely.bounds(moved.geometry.to_numpy())
    moved = moved[np.isfinite(corners).all(axis=1)]  # beyond what the working CRS can show is beyond reach
    shapes = shapely.clip_by_rect(moved.geometry.to_numpy(), *bounds)
    moved = moved.set_geometry(gpd.GeoSeries(shapes, index=moved.index, crs=crs))
    return moved[~moved.geometry.is_empty].reset_index(drop=True), findings


def _finding(layer: str, message: str, count: int) -> Finding:
    return Finding(layer=layer, word="clean", severity="warning", message=message, count=count)
