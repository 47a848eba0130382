"""BAKOM's lists of antenna sites (Switzerland): that of all stations, and the older ones of a technology each."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lomsong.findings import Finding, count_rows
from lomsong.settings import MastSource
from lomsong.sources.fields import set_aside, to_text

LAYER = "masts"
SWISS_METRES = "EPSG:2056"
#: Power relative to a half-wave dipole → relative to an isotropic antenna. [dB]
_DIPOLE_DBI = 2.15
#: Beginnings of the names of stations; those of railways and of foreign networks at the border begin otherwise.
_OPERATORS = ("Swisscom", "Sunrise", "Salt")
_RAILWAY = "SBB"
#: Words of the classes, the weakest first, in the lists' languages; a class is looked for in this order.
_CLASSES = (
    r"very low|sehr klein|très faible",
    r"\blow|klein|faible",
    r"medium|mittel|moyenne",
    r"high|gross|groß|forte",
)
_LANGUAGES = ("en", "de", "fr")
#: Older lists: the file's name tells the technology.
_BY_NAME = re.compile(r"antennenstandorte[-_](gsm|umts|lte|5g)", re.IGNORECASE)
#: Where powers of a class may lie around its middle besides: bands and sectors share them unevenly. [dB]
_SHARING_SIGMA_DB = 3.0
_GENERATION = r"[2-5]G"
_INSIDE = r"(?i)indoor|tunnel"


@dataclass(frozen=True, slots=True)
class _Powers:
    """Radiated powers at which classes begin, the last also where it ends, and what they count. [W, ERP]"""

    bounds_w: tuple[float, ...]
    source: str

    def middle_dbm(self, number: pd.Series) -> pd.Series:
        """Return the middle of each class in decibels, as power relative to an isotropic antenna."""
        edges = 10 * np.log10(self.bounds_w) + 30
        middles = (edges[:-1] + edges[1:]) / 2 + _DIPOLE_DBI
        return number.map(dict(enumerate(middles)))

    def sigma_db(self, number: pd.Series) -> pd.Series:
        """Return the standard deviation of powers spread evenly, in decibels, over their class, and of how they are shared."""
        widths = np.diff(10 * np.log10(self.bounds_w))
        return number.map(dict(enumerate(np.hypot(widths / np.sqrt(12), _SHARING_SIGMA_DB).round(1))))


# the strongest class has no upper end: the last number of each is assumed
_STATIONS = _Powers(
    (1, 6, 500, 5_000, 20_000),
    "BAKOM, explanations of the map of stations (2024): up to 6, 500, 5000 W and over, all carriers towards the strongest quarter; "
    "the middle of the class in decibels, shared evenly by the technologies, and 20 kW as its end are assumptions",
)
_SINGLE = _Powers(
    (1, 10, 100, 1_000, 10_000),
    "BAKOM, explanations of the map of one technology: 1 to 10, 100, 1000 W and over; the middle of the class in decibels and "
    "10 kW as its end are assumptions",
)


def recognise(columns: frozenset[str]) -> bool:
    """Return whether the column names (lower case) are those of either kind of list."""
    stations = "station" in columns and any(
        {f"techno_{each}", f"power_{each}"} <= columns for each in _LANGUAGES
    )
    return stations or any(f"powercode_{each}" in columns for each in _LANGUAGES)


def shape(raw: pd.DataFrame, source: MastSource) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Return stations with their technologies and the power that their class comes to.

    Stations inside houses and tunnels, and the railway's, are set aside: they serve nobody around. Azimuths, heights and
    bands are not in the lists.
    """
    lower = {str(column).casefold(): str(column) for column in raw.columns}
    own = pd.DataFrame(raw)[list(lower.values())].set_axis(list(lower), axis=1)
    frame, findings = _shape_stations(own) if "station" in own else _shape_single(own, source)
    return (
        frame.assign(geometry=raw["geometry"].reindex(frame.index)) if "geometry" in raw else frame
    ), findings


def _shape_stations(own: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    station = to_text(own["station"])
    generations = _first(own, "techno")
    frame = pd.DataFrame(
        {"sector_id": station, "bands": generations.str.findall(_GENERATION).str.join(";")}, index=own.index
    )
    first = station.str.partition(" ")[0]
    frame["operator"] = first.where(first.isin(_OPERATORS))
    findings = []
    for unfit, why in (
        (_first(own, "typ").str.contains(_INSIDE, regex=True), "inside a house or tunnel"),
        (first == _RAILWAY, "the railway's own network"),
    ):
        bad = unfit.fillna(value=False).astype(bool).reindex(frame.index)
        frame, found = set_aside(frame, bad, layer=LAYER, word="correct", key="sector_id", why=why)
        findings += found
    frame, found = _with_power(
        own.loc[frame.index], frame, "power", _STATIONS, shares=generations.str.count(_GENERATION)
    )
    return frame, findings + found


def _shape_single(own: pd.DataFrame, source: MastSource) -> tuple[pd.DataFrame, list[Finding]]:
    frame = pd.DataFrame(index=own.index)
    if "id" in own:
        frame["sector_id"] = to_text(own["id"])
    named = _BY_NAME.search(Path(source.path).name)
    if source.technology is None and named:
        frame["technology"] = named[1]
    frame, findings = _with_power(own, frame, "powercode", _SINGLE, shares=None)
    if source.operator is None:
        frame["operator"] = "unknown"
        message = f"operator of {count_rows(len(frame), 'mast')} is not in the list; all count as one network, 'unknown'"
        findings.append(
            Finding(layer=LAYER, word="sufficient", severity="assumption", message=message, count=len(frame),
                    source="BAKOM's older lists name no operators; set inputs.masts operator")
        )  # fmt: skip
    return frame, findings


def _first(own: pd.DataFrame, name: str) -> pd.Series:
    """Return a text in the first language that is there."""
    found = next((f"{name}_{each}" for each in _LANGUAGES if f"{name}_{each}" in own), None)
    return pd.Series(pd.NA, index=own.index, dtype="string") if found is None else to_text(own[found])


def _with_power(
    own: pd.DataFrame, frame: pd.DataFrame, name: str, powers: _Powers, *, shares: pd.Series | None
) -> tuple[pd.DataFrame, list[Finding]]:
    """Add the power of each carrier and how sure it is; what names no class known has none."""
    words = _first(own, name).str.casefold()
    frame = frame.copy()
    number = pd.Series(np.nan, index=own.index)
    for each, pattern in enumerate(_CLASSES):
        number = number.mask(
            number.isna() & words.str.contains(pattern, regex=True).fillna(value=False), each
        )
    known = number.notna()
    frame["eirp_dbm"] = powers.middle_dbm(number)
    if shares is not None:
        frame["eirp_dbm"] -= 10 * np.log10(shares.where(shares > 0).astype("float64").reindex(frame.index))
    frame["eirp_dbm"] = frame["eirp_dbm"].round(1)
    frame["eirp_sigma_db"] = powers.sigma_db(number)
    if not known.any():
        return frame, []
    message = f"radiated power of {count_rows(int(known.sum()), 'station')} taken from the class that the list tells"
    return frame, [
        Finding(layer=LAYER, word="correct", severity="assumption", message=message, count=int(known.sum()),
                source=powers.source)
    ]  # fmt: skip
