"""Lists with one row a test, such as an export of Vietnam's i-Speed: headings in Vietnamese or English."""

import geopandas as gpd
import pandas as pd

from lomsong.contracts import problem_list
from lomsong.errors import TableError
from lomsong.findings import Finding, count_rows
from lomsong.settings import PrivacySettings, SpeedTestSource
from lomsong.sources.dates import to_dates
from lomsong.sources.fields import rename_columns, to_text
from lomsong.sources.headers import name_columns
from lomsong.sources.positions import PLACE_COLUMNS
from lomsong.sources.witnesses import bin_places, keep_levels, place_rows, read_numbers, read_technology

LAYER = "speed_tests"
_NUMBERS = ("download_mbps", "upload_mbps", "latency_ms", "frequency_mhz", "tests", "devices")
_COLUMNS = (*_NUMBERS, "longitude_deg", "latitude_deg", "time", "operator", "technology", "level_dbm")


def shape(
    raw: pd.DataFrame, source: SpeedTestSource, privacy: PrivacySettings
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Return one row a test, at the centre of a small square and without the time of day.

    A test over Wi-Fi or a fixed line is one of the fixed network, whatever the settings say of the file.

    Raises
    ------
    TableError
        No download speed, or no place.
    """
    known = [*_COLUMNS, *PLACE_COLUMNS, "tile_size_m"]
    named = rename_columns(raw.reset_index(drop=True), source.columns, layer=LAYER, known=known)
    named = name_columns(named, _COLUMNS, taken=source.columns)
    named = named.loc[:, [name in (*known, "measurement_id") for name in named.columns]]
    # the caller holds the same table, of which ten million rows would stand in memory twice: columns go as they are used
    for name in raw.columns.unique():
        del raw[name]
    if "download_mbps" not in named and "upload_mbps" not in named:
        raise TableError(
            problem_list(
                f"{LAYER} ({source.path.name})",
                [
                    "column 'download_mbps' is missing (download speed); map it under inputs.speed_tests columns"
                ],
            )
        )
    if "measurement_id" not in named:
        number = pd.Series(range(1, len(named) + 1)).astype("string")
        named["measurement_id"] = f"{source.path.stem}:" + number
    ids = named["measurement_id"].astype("string")
    frame = pd.DataFrame({"measurement_id": ids, "network": source.network, "kind": "speed"})
    numbers, findings = read_numbers(named, _NUMBERS, ids, layer=LAYER)
    frame = frame.assign(**numbers)
    named = named.drop(columns=list(numbers))
    if "tile_size_m" in named:
        frame["tile_size_m"] = pd.to_numeric(named["tile_size_m"], errors="coerce")
    if "time" in named:
        frame["time"], found = to_dates(named.pop("time"), layer=LAYER)
        findings += found
    frame["operator"] = (
        to_text(named.pop("operator"))
        if "operator" in named
        else pd.Series(pd.NA, index=named.index, dtype="string")
    )
    frame["operator"] = frame["operator"].fillna(source.operator) if source.operator else frame["operator"]
    if "technology" in named:
        frame["technology"], fixed, _, found = read_technology(named.pop("technology"), layer=LAYER)
        findings += found
        if source.network == "mobile" and fixed.any():
            frame["network"] = frame["network"].mask(fixed, "fixed")
            message = f"{count_rows(int(fixed.sum()), 'test')} over Wi-Fi or a fixed line: count as fixed, never as mobile signal"
            findings.append(
                Finding(
                    layer=LAYER, word="correct", severity="warning", message=message, count=int(fixed.sum())
                )
            )
        if "level_dbm" in named:
            frame["level_dbm"], frame["level_kind"], found = keep_levels(
                named["level_dbm"], frame["technology"], layer=LAYER
            )
            findings += found
    where = [name for name in PLACE_COLUMNS if name in named]
    placed, found = place_rows(frame.assign(**named[where]), layer=LAYER, crs=source.crs)
    return bin_places(placed.drop(columns=where), privacy.bin_m), findings + found
