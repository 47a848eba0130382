"""Buildings and community centres: points, or the middle of polygons."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lomsong.errors import SourceError, TableError
from lomsong.findings import Finding, count_rows
from lomsong.settings import LayerSource
from lomsong.sources.containers import is_osm
from lomsong.sources.fields import rename_columns
from lomsong.sources.files import require_file
from lomsong.sources.layouts import read_tags
from lomsong.sources.numerals import to_degrees
from lomsong.sources.tables import has_geometry, is_table, read_table
from lomsong.sources.vectors import read_vector, settle_crs

#: Our names of the columns of a table, and those of published tables of buildings.
_PLACE = (("longitude_deg", "latitude_deg"), ("longitude", "latitude"), ("lon", "lat"))
#: What OpenStreetMap calls a cultural house.
COMMUNITY_CENTRES = ("community_centre", "townhall", "arts_centre")


def read_buildings(source: LayerSource) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Read buildings as points: of polygons a point inside, of an OpenStreetMap extract what is tagged as building.

    Returns
    -------
    frame : GeoDataFrame
        Points in the file's CRS.
    findings : list of Finding
        Rows without a usable shape.

    Raises
    ------
    MissingSourceError, SourceError, CrsError, TableError
        One message that says what to do.
    """
    where = "building IS NOT NULL"
    return _read_points(source, layer="buildings", osm_layer="multipolygons", where=where)


def read_community_centres(source: LayerSource) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Read cultural houses or community centres as points.

    A file with an ``amenity`` column, or an OpenStreetMap extract, is cut down to `COMMUNITY_CENTRES`.

    Raises
    ------
    MissingSourceError, SourceError, CrsError, TableError
        One message that says what to do.
    """
    where = "other_tags LIKE '%\"amenity\"=>%'"
    frame, findings = _read_points(source, layer="community_centres", osm_layer="points", where=where)
    if "amenity" not in frame and "other_tags" in frame:
        frame["amenity"] = frame["other_tags"].map(lambda tags: read_tags(tags).get("amenity"))
    if "amenity" in frame:
        frame = frame[frame["amenity"].isin(COMMUNITY_CENTRES)].reset_index(drop=True)
    return frame[["geometry"]], findings


def _read_points(
    source: LayerSource, *, layer: str, osm_layer: str, where: str
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    path = require_file(Path(source.path), layer=layer)
    if is_table(path) and not has_geometry(path):
        frame, findings = _read_table(path, source, layer)
    elif source.layer is None and is_osm(path):
        chosen = source.model_copy(update={"layer": osm_layer})
        frame, findings = read_vector(chosen, layer=layer, where=where)
    else:
        frame, findings = read_vector(source, layer=layer)
    shapes = frame.geometry.to_numpy()
    lost = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if lost.all():
        raise SourceError(f"{layer}: {path.name} has no usable shape")
    frame = frame[~lost].reset_index(drop=True)
    if lost.any():
        message = f"{count_rows(int(lost.sum()))} without a usable place left out"
        findings.append(
            Finding(layer=layer, word="clean", severity="warning", message=message, count=int(lost.sum()))
        )
    points = shapely.point_on_surface(shapely.force_2d(frame.geometry.to_numpy()))
    table = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    return gpd.GeoDataFrame(table, geometry=points, crs=frame.crs), findings


def _read_table(path: Path, source: LayerSource, layer: str) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    raw, findings = read_table(path, layer=layer, encoding=source.encoding, sheet=source.layer)
    named = rename_columns(raw, source.columns, layer=layer, known=list(_PLACE[0]))
    pair = next((pair for pair in _PLACE if set(pair) <= set(named.columns)), None)
    if pair is None:
        raise TableError(
            f"{layer}: {path.name} says no place; map longitude_deg and latitude_deg under inputs.{layer} columns"
        )
    x, y = (to_degrees(named[name])[0] for name in pair)
    good = (np.abs(x) <= 180) & (np.abs(y) <= 90)
    crs = settle_crs(None, source.crs or "EPSG:4326", layer=layer)
    points = gpd.GeoSeries(gpd.points_from_xy(x, y), crs=crs, index=named.index).where(good, None)
    return gpd.GeoDataFrame(
        named.drop(columns="geometry", errors="ignore"), geometry=points, crs=crs
    ), findings
