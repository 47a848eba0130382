"""One reader for every layout of speed tests."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from lomsong.findings import Finding
from lomsong.points import coordinates
from lomsong.settings import PrivacySettings, SpeedTestSource
from lomsong.sources.files import require_file
from lomsong.sources.privacy import drop_identities
from lomsong.sources.speedtests import lists, mlab, ookla
from lomsong.sources.tables import Box, has_geometry, is_table, peek_columns, read_table
from lomsong.sources.vectors import read_vector
from lomsong.sources.witnesses import refuse_exchanged

LAYER = "speed_tests"


def read_speed_tests(
    source: SpeedTestSource,
    *,
    box: Box | None = None,
    privacy: PrivacySettings | None = None,
    crs: CRS | None = None,
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Read speed tests as points: tiles at their centres, single tests at the centres of small squares.

    Parameters
    ----------
    source : SpeedTestSource
        The file, its format and its column map.
    box : Box, optional
        The area; a large file keeps only its rows in it.
    privacy : PrivacySettings, optional
        The size of the squares; the default if not given.
    crs : CRS, optional
        Of the points; WGS 84 if not given.

    Returns
    -------
    frame : GeoDataFrame
        Columns of `MEASUREMENTS` that the file has, kind speed; impossible values are missing and counted.
    findings : list of Finding
        What was set aside.

    Raises
    ------
    MissingSourceError, SourceError, TableError
        One message that says what to do.
    """
    path = require_file(Path(source.path), layer=LAYER)
    raw, findings = _read(path, source, box)
    raw, found = drop_identities(raw, layer=LAYER)
    findings += found
    name = find_format(source, [str(column) for column in raw.columns])
    if name == "ookla":
        frame, found = ookla.shape(raw, source, crs or CRS.from_user_input("EPSG:4326"), box)
    else:
        shape = mlab.shape if name == "mlab" else lists.shape
        frame, found = shape(raw, source, privacy or PrivacySettings())
        x, y = coordinates(frame.geometry)
        refuse_exchanged(x, y, box, layer=LAYER, name=path.name)
        frame = frame if crs is None else frame.to_crs(crs)
    public = source.published if source.published is not None else name == "ookla"
    frame["published"] = pd.Series(public, index=frame.index, dtype="boolean")
    # whose terms hold, where the settings name none
    frame.attrs["layout"] = name
    return frame, findings + found


def find_format(source: SpeedTestSource, columns: list[str]) -> str:
    """Return the layout's name: what the settings say, else what the columns say, else 'list'."""
    if source.format is not None:
        return source.format
    lower = frozenset(name.casefold() for name in columns)
    if ookla.recognise(lower) or "quadkey" in source.columns:
        return "ookla"
    return "mlab" if mlab.recognise(lower) else "list"


def _read(path: Path, source: SpeedTestSource, box: Box | None) -> tuple[pd.DataFrame, list[Finding]]:
    if is_table(path) and not has_geometry(path):
        # what is left out of a large file depends on its layout
        known = not source.columns and find_format(source, peek_columns(path, layer=LAYER)) == "ookla"
        needs = ookla.NEEDS if known else None
        return read_table(
            path, layer=LAYER, encoding=source.encoding, sheet=source.layer, needs=needs, box=box
        )
    frame, findings = read_vector(source, layer=LAYER)
    bounds = frame.to_crs("EPSG:4326").bounds
    with_place = pd.DataFrame(frame.drop(columns=frame.geometry.name)).reset_index(drop=True)
    with_place["longitude_deg"] = ((bounds["minx"] + bounds["maxx"]) / 2).to_numpy()
    with_place["latitude_deg"] = ((bounds["miny"] + bounds["maxy"]) / 2).to_numpy()
    return with_place, findings
