"""Measurement Lab's NDT rows, as exported from its unified views: places come from IP addresses."""

import geopandas as gpd
import pandas as pd

from lomsong.contracts import problem_list
from lomsong.errors import TableError
from lomsong.findings import Finding
from lomsong.settings import PrivacySettings, SpeedTestSource
from lomsong.sources.fields import set_aside, to_text
from lomsong.sources.speedtests import lists

LAYER = "speed_tests"
#: A place known no better than this says nothing of a village. Assumption of this project. [km]
WORST_PLACE_KM = 5.0
#: Ending of the flattened column names, in lower case and without punctuation, and our name.
_FIELDS = {
    "meanthroughputmbps": "throughput_mbps",
    "minrtt": "latency_ms",
    "clientgeolatitude": "latitude_deg",
    "clientgeolongitude": "longitude_deg",
    "clientgeoaccuracyradiuskm": "radius_km",
    "clientnetworkasname": "operator",
    "clientlatitude": "latitude_deg",
    "clientlongitude": "longitude_deg",
    "date": "time",
    "testdate": "time",
    "direction": "direction",
}


def _bare(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


def recognise(columns: frozenset[str]) -> bool:
    """Return whether the column names (lower case) are those of an NDT export."""
    bare = [_bare(name) for name in columns]
    return any(name.endswith("meanthroughputmbps") for name in bare)


def shape(
    raw: pd.DataFrame, source: SpeedTestSource, privacy: PrivacySettings
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Return the tests whose place is known well enough.

    Raises
    ------
    TableError
        No throughput column.
    """
    named = raw.copy()
    for column in raw.columns:
        bare = _bare(str(column))
        ours = next(
            (
                ours
                for ending, ours in _FIELDS.items()
                if bare == ending or (len(ending) > 4 and bare.endswith(ending))
            ),
            None,
        )
        if ours is not None and ours not in named:
            named[ours] = raw[column]
    if "throughput_mbps" not in named and "download_mbps" not in source.columns:
        raise TableError(
            problem_list(
                f"{LAYER} ({source.path.name})", ["column 'a.MeanThroughputMbps' is missing (speed)"]
            )
        )
    if "throughput_mbps" in named:
        up = (
            to_text(named["direction"]).str.casefold().str.startswith("up").fillna(value=False)
            if "direction" in named
            else pd.Series("upload" in source.path.stem.casefold(), index=named.index)
        )
        named["download_mbps"] = named["throughput_mbps"].where(~up)
        named["upload_mbps"] = named["throughput_mbps"].where(up)
    findings: list[Finding] = []
    named["measurement_id"] = [f"{source.path.stem}:{row + 1}" for row in range(len(named))]
    if "radius_km" in named:
        radius = pd.to_numeric(to_text(named["radius_km"]), errors="coerce")
        why = f"their place, taken from an IP address, is known to more than {WORST_PLACE_KM:g} km only"
        named["tile_size_m"] = 2000.0 * radius
        named, findings = set_aside(
            named, radius > WORST_PLACE_KM, layer=LAYER, word="correct", key="measurement_id", why=why
        )
    else:
        message = "places come from IP addresses, and the file does not say how exact they are"
        findings.append(
            Finding(layer=LAYER, word="correct", severity="warning", message=message, count=len(named))
        )
    frame, found = lists.shape(named, source, privacy)
    return frame, findings + found
