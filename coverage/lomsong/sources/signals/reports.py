"""Reports of no service: points where somebody, or an app that was offline, says there was none."""

from pathlib import Path

import geopandas as gpd
import pandas as pd

from lomsong.findings import Finding
from lomsong.settings import PrivacySettings, ReportSource
from lomsong.sources.dates import to_dates
from lomsong.sources.fields import rename_columns
from lomsong.sources.headers import name_columns
from lomsong.sources.positions import PLACE_COLUMNS
from lomsong.sources.signals.tables import name_operators, read_points
from lomsong.sources.witnesses import bin_places, place_rows, read_numbers, read_technology

LAYER = "no_service_reports"
_COLUMNS = ("longitude_deg", "latitude_deg", "time", "operator", "technology", "tests", "devices")


def read_no_service(
    source: ReportSource, *, privacy: PrivacySettings | None = None
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Read any table of points at which there was no service.

    Parameters
    ----------
    source : ReportSource
        The file, its column map, and the operator where no column says.
    privacy : PrivacySettings, optional
        The size of the squares that places are moved to; the default if not given.

    Returns
    -------
    frame : GeoDataFrame
        Columns of `MEASUREMENTS`, kind no_service, in WGS 84, without the time of day.
    findings : list of Finding
        What was set aside.

    Raises
    ------
    MissingSourceError, SourceError, TableError
        One message that says what to do.
    """
    privacy = privacy or PrivacySettings()
    raw, points, findings = read_points(source, layer=LAYER)
    named = rename_columns(raw, source.columns, layer=LAYER, known=[*_COLUMNS, *PLACE_COLUMNS])
    named = name_columns(named, _COLUMNS, taken=source.columns)
    stem = Path(source.path).stem
    ids = pd.Series([f"{stem}:{row + 2}" for row in range(len(named))], index=named.index, dtype="string")
    frame = pd.DataFrame({"measurement_id": ids, "network": "mobile", "kind": "no_service"})
    frame["operator"] = name_operators(named, source)
    if "technology" in named:
        frame["technology"], _, _, found = read_technology(named["technology"], layer=LAYER)
        findings += found
    if "time" in named:
        frame["time"], found = to_dates(named["time"], layer=LAYER)
        findings += found
    numbers, found = read_numbers(named, ("tests", "devices"), ids, layer=LAYER)
    frame, findings = frame.join(numbers), findings + found
    where = named[[name for name in PLACE_COLUMNS if name in named]]
    placed, found = place_rows(frame.join(where), layer=LAYER, crs=source.crs, points=points)
    binned = bin_places(placed.drop(columns=list(where)), privacy.bin_m)
    binned["tile_size_m"] = privacy.bin_m
    binned["published"] = pd.Series(bool(source.published), index=binned.index, dtype="boolean")
    return binned, findings + found
