"""OpenStreetMap extracts: administrative polygons by level, or places by kind."""

from pathlib import Path

import geopandas as gpd
import pandas as pd

from lomsong.errors import SourceError
from lomsong.findings import Finding
from lomsong.settings import BoundarySource
from lomsong.sources.vectors import read_vector

#: The layers of GDAL's OSM driver with what may be a village or commune.
_POINTS, _POLYGONS = "points", "multipolygons"


def read_osm(source: BoundarySource, *, layer: str) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Read administrative polygons of one level, or places that are points.

    Parameters
    ----------
    source : BoundarySource
        ``admin_level`` chooses polygons; without it ``places`` chooses points.
    layer : str
        For messages.

    Returns
    -------
    frame : GeoDataFrame
        As GDAL reads it: osm_id, name, place or admin_level, other_tags.
    findings : list of Finding
        Rings that could not be built.

    Raises
    ------
    SourceError
        None is in the file; names what there is.
    """
    if source.admin_level is not None:
        where = f"boundary = 'administrative' AND admin_level = '{source.admin_level}'"
        chosen, column = source.model_copy(update={"layer": _POLYGONS}), "admin_level"
        wanted = f"administrative polygon of level {source.admin_level}"
    else:
        listed = ", ".join("'" + place.replace("'", "''") + "'" for place in source.places)
        where = f"place IN ({listed})"
        chosen, column = source.model_copy(update={"layer": _POINTS}), "place"
        wanted = f"place of the kinds {', '.join(source.places)}"
    try:
        return read_vector(chosen, layer=layer, where=where)
    except SourceError as error:
        if "has no rows" not in str(error):
            raise
    there = _present(chosen, column, layer)
    advice = "admin_level" if column == "admin_level" else "places, or admin_level for polygons,"
    raise SourceError(
        f"{layer}: {Path(source.path).name} has no {wanted}; {there}; set inputs.{layer} {advice} to what is wanted"
    )


def _present(source: BoundarySource, column: str, layer: str) -> str:
    try:
        frame, _ = read_vector(source, layer=layer, where=f"{column} IS NOT NULL")
    except SourceError:
        return f"nothing in it says {column}"
    counts = pd.Series(frame[column]).value_counts().sort_index()
    return "it has " + ", ".join(f"{count} {value}" for value, count in counts.items())
