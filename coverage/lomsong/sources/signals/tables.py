"""Tables of points, with the columns that tell who somebody is taken out first."""

from pathlib import Path

import geopandas as gpd
import pandas as pd

from lomsong.findings import Finding
from lomsong.settings import CheckSource, LayerSource, ReportSource
from lomsong.sources.fields import to_text
from lomsong.sources.files import require_file
from lomsong.sources.privacy import drop_identities
from lomsong.sources.tables import has_geometry, is_table, read_table
from lomsong.sources.vectors import read_vector


def read_points(
    source: LayerSource, *, layer: str
) -> tuple[pd.DataFrame, gpd.GeoSeries | None, list[Finding]]:
    """
    Read a table, or a vector file.

    Returns
    -------
    raw : DataFrame
        Index 0..n-1, without identities and geometry.
    points : GeoSeries or None
        Of a vector file: the middles of its shapes.
    findings : list of Finding
        What was dropped.

    Raises
    ------
    MissingSourceError, SourceError, CrsError
        The file is missing or not what its name says.
    """
    path = require_file(Path(source.path), layer=layer)
    if is_table(path) and not has_geometry(path):
        raw, findings = read_table(path, layer=layer, encoding=source.encoding, sheet=source.layer)
        points = None
    else:
        shapes, findings = read_vector(source, layer=layer)
        box = shapes.bounds
        middle = gpd.points_from_xy((box["minx"] + box["maxx"]) / 2, (box["miny"] + box["maxy"]) / 2)
        points = gpd.GeoSeries(middle, crs=shapes.crs)
        raw = pd.DataFrame(shapes.drop(columns=shapes.geometry.name))
    raw, found = drop_identities(raw.reset_index(drop=True), layer=layer)
    return raw, points, findings + found


def name_operators(named: pd.DataFrame, source: ReportSource | CheckSource) -> pd.Series:
    """Return whose network each row is about, as the settings call it; missing where neither row nor settings say."""
    if "operator" in named:
        given = to_text(named["operator"]).replace(source.operators)
    else:
        given = pd.Series(pd.NA, index=named.index, dtype="string")
    return given.fillna(source.operator or pd.NA).astype("string")
