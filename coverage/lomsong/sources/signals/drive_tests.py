"""Drive-test logs: many samples of one phone, put together in squares by day, operator and technology."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from lomsong.findings import Finding, count_rows
from lomsong.points import coordinates
from lomsong.settings import PrivacySettings, SignalSource
from lomsong.sources.dates import to_dates
from lomsong.sources.fields import rename_columns, to_text
from lomsong.sources.headers import bare_heading, name_columns
from lomsong.sources.positions import PLACE_COLUMNS
from lomsong.sources.signals.tables import name_operators, read_points
from lomsong.sources.witnesses import (
    LEVEL_KIND,
    bin_places,
    keep_levels,
    place_rows,
    read_numbers,
    read_technology,
)

LAYER = "signal_samples"
#: Heading of a level that is of one kind alone: folded, letters and digits only, without unit.
_OF_ONE_KIND = {
    "rsrp": "rsrp", "ltersrp": "rsrp", "ssrsrp": "rsrp", "nrssrsrp": "rsrp", "nrrsrp": "rsrp", "rscp": "rscp",
    "umtsrscp": "rscp", "wcdmarscp": "rscp", "rxlev": "rxlev", "gsmrxlev": "rxlev", "rssi2g": "rxlev",
}  # fmt: skip
_COLUMNS = ("longitude_deg", "latitude_deg", "time", "operator", "technology", "level_dbm", "frequency_mhz")
#: Where a log has both, this says what the network is, and the other what mode of it.
_NETWORK = ("networktech", "networkmode")
_KEYS = ("y", "x", "time", "operator", "technology", "kind", "level_kind")


def read_signal_samples(
    source: SignalSource, *, privacy: PrivacySettings | None = None
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Read a drive-test log, or any list of samples of signal.

    A level counts as RSRP on 4G and 5G rows alone, as RSCP on 3G and as RXLEV on 2G rows, whatever else the log has
    filled in. Samples of one square, day, operator and technology become one row with their median level; ``tests``
    is their number, and one log is one device.

    Parameters
    ----------
    source : SignalSource
        The file and its column map; the layout of G-NetTrack and common headings are known.
    privacy : PrivacySettings, optional
        The size of the squares; the default if not given.

    Returns
    -------
    frame : GeoDataFrame
        Columns of `MEASUREMENTS`, in WGS 84: kind signal, or no_service where the log says so.
    findings : list of Finding
        Sentinels, levels on rows of another technology, positions that cannot be.

    Raises
    ------
    MissingSourceError, SourceError, TableError
        One message that says what to do.
    """
    path = Path(source.path)
    raw, points, findings = read_points(source, layer=LAYER)
    known = [*_COLUMNS, *PLACE_COLUMNS, "rsrp_dbm", "rscp_dbm", "rxlev_dbm"]
    named = rename_columns(raw, source.columns, layer=LAYER, known=known)
    named = _network_column(named)
    named = name_columns(named, _COLUMNS, taken=source.columns)
    frame = pd.DataFrame(
        {"measurement_id": [f"{path.stem}:{row + 2}" for row in range(len(named))]}, index=named.index
    )
    frame["technology"], dark, found = _technology(named, source)
    findings += found
    level, found = _levels(named, frame["technology"])
    findings += found
    frame["level_dbm"], frame["level_kind"], found = keep_levels(level, frame["technology"], layer=LAYER)
    findings += found
    frame["kind"] = np.where(dark & frame["level_dbm"].isna(), "no_service", "signal")
    frame["operator"] = name_operators(named, source)
    if "time" in named:
        frame["time"], found = to_dates(named["time"], layer=LAYER)
        findings += found
    numbers, found = read_numbers(named, ("frequency_mhz",), frame["measurement_id"], layer=LAYER)
    frame, findings = frame.join(numbers), findings + found
    where = named[[name for name in PLACE_COLUMNS if name in named]]
    placed, found = place_rows(frame.join(where), layer=LAYER, crs=source.crs, points=points)
    findings += found
    mute = (placed["kind"] == "signal") & placed["technology"].isna() & placed["level_dbm"].isna()
    if mute.any():
        message = f"{count_rows(int(mute.sum()), 'sample')} left out: neither a technology nor a level of use"
        findings.append(
            Finding(
                layer=LAYER, word="sufficient", severity="warning", message=message, count=int(mute.sum())
            )
        )
    return _sum_up(placed[~mute].drop(columns=list(where)), source, privacy or PrivacySettings()), findings


def _network_column(named: pd.DataFrame) -> pd.DataFrame:
    """Take the technology from G-NetTrack's columns: the plain one, and its mode where that is empty."""
    if "technology" in named:
        return named
    lower = {str(name).casefold(): name for name in named.columns}
    have = [to_text(named[lower[name]]) for name in _NETWORK if name in lower]
    if not have:
        return named
    words = have[0]
    for other in have[1:]:
        words = words.fillna(other)
    return named.assign(technology=words)


def _technology(
    named: pd.DataFrame, source: SignalSource
) -> tuple[pd.Series, "pd.Series[bool]", list[Finding]]:
    if "technology" not in named:
        technology = pd.Series(source.technology or pd.NA, index=named.index, dtype="string")
        return technology, pd.Series(data=False, index=named.index), []
    technology, fixed, dark, findings = read_technology(named["technology"], layer=LAYER)
    if source.technology:
        technology = technology.fillna(source.technology)
    return technology.mask(fixed), dark, findings


def _levels(named: pd.DataFrame, technology: pd.Series) -> tuple[pd.Series, list[Finding]]:
    """Return the level of each row: the column of its kind, else the column that fits every technology."""
    kind = technology.map(LEVEL_KIND).astype("string")
    level = pd.Series(pd.NA, index=named.index, dtype=object)
    if "level_dbm" in named:
        level = to_text(named["level_dbm"]).astype(object)
    elsewhere = pd.Series(data=False, index=named.index)
    for heading in map(str, named.columns):
        of = _OF_ONE_KIND.get(bare_heading(heading))
        if of is None:
            continue
        own = to_text(named[heading])
        fits = kind.eq(of).fillna(value=False).astype(bool)
        level = level.where(~(fits & own.notna() & pd.isna(level)), own.astype(object))
        elsewhere |= ~fits & own.notna()
    findings = []
    lost = elsewhere & pd.isna(level) & technology.notna()
    if lost.any():
        message = f"{count_rows(int(lost.sum()))} carry the level of another technology (such as RSRP on 3G); it does not count as theirs"
        findings.append(
            Finding(layer=LAYER, word="correct", severity="warning", message=message, count=int(lost.sum()))
        )
    nameless = elsewhere & technology.isna()
    if nameless.any():
        message = (
            f"{count_rows(int(nameless.sum()))} with a level but no technology: nobody knows of which network; set "
            "inputs.signal_samples technology, or map its column; level left out"
        )
        findings.append(
            Finding(
                layer=LAYER, word="sufficient", severity="warning", message=message, count=int(nameless.sum())
            )
        )
    return level, findings


def _sum_up(placed: gpd.GeoDataFrame, source: SignalSource, privacy: PrivacySettings) -> gpd.GeoDataFrame:
    binned = bin_places(placed, privacy.bin_m)
    table = pd.DataFrame(binned.drop(columns="geometry"))
    table["x"], table["y"] = coordinates(binned.geometry)
    for name in ("time", "operator", "technology", "level_kind"):
        table[name] = table[name].astype("string").fillna("") if name in table else ""
    if "frequency_mhz" not in table:
        table["frequency_mhz"] = np.nan
    summed = table.groupby(list(_KEYS), sort=True, as_index=False).agg(
        level_dbm=("level_dbm", "median"), frequency_mhz=("frequency_mhz", "median"), tests=("level_dbm", "size"),
    )  # fmt: skip
    frame = pd.DataFrame(
        {
            "measurement_id": [f"{Path(source.path).stem}:{row + 1}" for row in range(len(summed))],
            "network": "mobile",
            "kind": summed["kind"],
            "level_dbm": summed["level_dbm"].astype("float64"),
            "frequency_mhz": summed["frequency_mhz"].astype("float64"),
            "tests": summed["tests"].astype("float64"),
            "devices": 1.0,
            "tile_size_m": privacy.bin_m,
        }
    )
    for name in ("time", "operator", "technology", "level_kind"):
        frame[name] = summed[name].astype("string").mask(summed[name] == "")
    frame["published"] = pd.Series(bool(source.published), index=frame.index, dtype="boolean")
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(summed["x"], summed["y"]), crs="EPSG:4326")
