"""Raw mast rows → sectors: masts found by position, and defaults for what the record does not say."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from lomsong.carriers import CARRIERS as BY_BAND
from lomsong.carriers import typical_values
from lomsong.cells import name_sites, settle_masts, trust_cells
from lomsong.findings import Finding, count_rows
from lomsong.schemas import SECTORS
from lomsong.settings import CarrierDefaults, RadioSettings, SiteSettings

LAYER = "masts"
#: Columns that take what is usual on the band where the record is silent.
_BY_BAND = (
    "bandwidth_mhz",
    "eirp_dbm",
    "antenna_height_m",
    "beamwidth_deg",
    "vertical_beamwidth_deg",
    "downtilt_deg",
)
#: Those that mean nothing where the direction of the beam is unknown.
_OF_A_BEAM = ("beamwidth_deg", "vertical_beamwidth_deg", "downtilt_deg")


def build_sectors(
    raw: gpd.GeoDataFrame, radio: RadioSettings, sites: SiteSettings | None = None
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Complete raw mast rows to the contract `SECTORS`.

    Parameters
    ----------
    raw : GeoDataFrame
        Rows of the mast readers in a metric CRS; any optional column may be absent or have gaps.
    radio : RadioSettings
        Carrier defaults by technology.
    sites : SiteSettings, optional
        How cells become sites; the defaults if not given.

    Returns
    -------
    sectors : GeoDataFrame
        Same rows; ``assumed`` names what was filled in. Cells of a crowd stand on their masts.
    findings : list of Finding
        One assumption per technology and column, with its source; stale cells.

    Raises
    ------
    TableError
        A value is outside its range.
    """
    sectors = raw.copy()
    for column in SECTORS.columns:
        if column.name not in sectors:
            kind = "float64" if column.kind == "number" else "string"
            sectors[column.name] = pd.Series(
                np.nan if kind == "float64" else pd.NA, index=raw.index, dtype=kind
            )
    sites = sites or SiteSettings()
    sectors, findings = _settle(sectors, sites)
    directed = sectors["azimuth_deg"].notna()
    # made once: every finding shares the same texts
    ids = sectors["sector_id"].to_numpy(dtype=object)
    stands_in = {
        name: np.zeros(len(sectors), dtype=bool) for name in ("frequency_mhz", *_BY_BAND, "azimuth_deg")
    }
    kind, technologies = pd.factorize(sectors["technology"])
    number = {name: code for code, name in enumerate(technologies)}
    for technology, carrier in radio.carriers.items():
        mine = np.flatnonzero(kind == number.get(technology, len(number)))
        if len(mine):
            findings += _fill(sectors, stands_in, mine, technology, carrier, ids)
    if (~directed).any():
        count = int((~directed).sum())
        findings.append(
            Finding(
                layer=LAYER,
                word="sufficient",
                severity="assumption",
                message=f"azimuth of {count_rows(count, 'sector')} unknown: radiates alike in all directions",
                count=count,
                source="the optimistic choice; a sector's real beam leaves about two thirds of the circle weaker",
            )
        )
    stands_in["azimuth_deg"] = ~directed.to_numpy()
    findings += _doubts(sectors, stands_in, sites)
    sectors["assumed"] = _list_names(stands_in, sectors.index)
    SECTORS.check(sectors)
    return sectors[[*SECTORS.names(), "geometry"]], findings


def _fill(
    sectors: gpd.GeoDataFrame,
    stands_in: dict[str, NDArray[np.bool_]],
    mine: NDArray[np.int64],
    technology: str,
    carrier: CarrierDefaults,
    ids: NDArray[np.object_],
) -> list[Finding]:
    """Fill in, in place, what the rows `mine` of one technology do not say: a value for each band."""
    findings = []
    frequency = sectors["frequency_mhz"].to_numpy(np.float64)[mine]
    silent = np.isnan(frequency)
    if silent.any():
        frequency[silent] = carrier.frequency_mhz
        gap = mine[silent]
        _put(sectors, "frequency_mhz", gap, carrier.frequency_mhz)
        stands_in["frequency_mhz"][gap] = True
        values = {carrier.frequency_mhz: carrier.frequency_mhz}
        findings.append(_assumption("frequency_mhz", technology, values, ids[gap], carrier.source))
    which, bands = pd.factorize(frequency)
    typical = typical_values(technology, bands)
    directed = sectors["azimuth_deg"].notna().to_numpy()[mine]
    for name in _BY_BAND:
        empty = sectors[name].isna().to_numpy()[mine]
        if name in _OF_A_BEAM:
            empty &= directed
        if not empty.any():
            continue
        own = getattr(carrier, name)
        by_band = getattr(typical, name) if own is None else np.full(len(bands), own, dtype=np.float64)
        gap = mine[empty]
        _put(sectors, name, gap, by_band[which[empty]])
        stands_in[name][gap] = True
        present = np.flatnonzero(np.bincount(which[empty], minlength=len(bands)))
        rows = np.unique(typical.row[present]).tolist()
        sources = dict.fromkeys(getattr(BY_BAND[row], name).source for row in rows)
        source = "; ".join(sources) if own is None else carrier.source
        values = dict(sorted(zip(bands[present].tolist(), by_band[present].tolist(), strict=True)))
        findings.append(_assumption(name, technology, values, ids[gap], source))
    return findings


def _put(
    table: pd.DataFrame, name: str, rows: NDArray[np.int64], values: float | NDArray[np.float64]
) -> None:
    """Write numbers into rows of a column, in place."""
    column = table[name].to_numpy(np.float64, copy=True)
    column[rows] = values
    table[name] = column


def _list_names(flags: dict[str, NDArray[np.bool_]], index: pd.Index) -> pd.Series:
    """Write for each row the names whose flag is set; there are few different lists."""
    code = sum(
        (flag.astype(np.int64) << bit for bit, flag in enumerate(flags.values())),
        np.zeros(len(index), np.int64),
    )
    different, which = np.unique(code, return_inverse=True)
    texts = [
        ",".join(name for bit, name in enumerate(flags) if each >> bit & 1) for each in different.tolist()
    ]
    return pd.Series(pd.array(texts, dtype="string").take(which.reshape(-1)), index=index)


def _settle(sectors: gpd.GeoDataFrame, settings: SiteSettings) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Name the masts, and put the cells of a crowd on theirs."""
    trust, findings = trust_cells(sectors, settings)
    sectors["confidence"] = trust["confidence"]
    sigma = sectors["position_sigma_m"].fillna(trust["position_sigma_m"])
    sectors["position_sigma_m"] = sigma
    mast = name_sites(sectors, settings)
    sectors["site_id"] = _site_ids(sectors, mast)
    crowd = np.flatnonzero(trust["position_sigma_m"].notna())
    if len(crowd):
        own, masts = pd.factorize(mast[crowd])
        places = sectors.geometry.to_numpy().copy()
        x, y, doubt = settle_masts(
            shapely.get_x(places[crowd]), shapely.get_y(places[crowd]),
            sigma.to_numpy(np.float64)[crowd], own, _beams(sectors, crowd),
        )  # fmt: skip
        # cells of one mast share one point
        first = np.empty(len(masts), dtype=np.int64)
        first[own[::-1]] = np.arange(len(own))[::-1]
        places[crowd] = shapely.points(x[first], y[first])[own]
        sectors = sectors.set_geometry(gpd.GeoSeries(places, index=sectors.index, crs=sectors.crs))
        _put(sectors, "position_sigma_m", crowd, doubt)
    return sectors, findings


def _beams(sectors: gpd.GeoDataFrame, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the antenna directions of rows; one whose direction is unknown is taken to have one of its own."""
    if "sector_number" not in sectors:
        return np.arange(len(rows))
    number = sectors["sector_number"].fillna(-1).to_numpy(np.float64)[rows]
    node = pd.factorize(sectors["node"].iloc[rows])[0] if "node" in sectors else np.zeros(len(rows))
    named = (number >= 0) & (node >= 0)
    beam = np.arange(len(rows)) + len(rows)
    beam[named] = pd.factorize(node[named] * 256.0 + number[named])[0]
    return beam


def _site_ids(sectors: gpd.GeoDataFrame, mast: NDArray[np.int64]) -> "pd.Series[str]":
    """Name each row's site: as given, else after its operator and the first id of its mast."""
    operator, ids = sectors["operator"].astype("string"), sectors["sector_id"].astype("string")
    whose, operators = pd.factorize(operator)
    count = len(operators) + 1
    # a text for each mast and operator, not for each row
    own, pairs = pd.factorize(mast * count + whose + 1)
    texts = operators.array.take(pairs % count - 1, allow_fill=True) + " "
    found = (texts + ids.array.take(_first_of_each(ids, mast)[pairs // count])).take(own)
    given = sectors["site_id"].astype("string")
    site = given.where(given.notna(), found) if given.notna().any() else pd.Series(found, index=given.index)
    # operators number their masts each for themselves: one id of two operators is two masts
    name, names = pd.factorize(site)
    known = (name >= 0) & (whose >= 0)
    users = np.bincount(pd.unique(name[known] * count + whose[known]) // count, minlength=len(names) + 1)
    shared = users[name] > 1  # a row without a name looks up the last, which nobody uses
    return site.where(~shared, operator + " " + site) if shared.any() else site


def _first_of_each(ids: pd.Series, mast: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each mast the row whose id comes first in the alphabet."""
    order = ids.argsort().to_numpy()
    first = np.full(int(mast.max(initial=-1)) + 1, len(order))
    np.minimum.at(first, mast[order], np.arange(len(order)))
    return np.asarray(order[first])


def _doubts(
    sectors: gpd.GeoDataFrame, stands_in: dict[str, NDArray[np.bool_]], settings: SiteSettings
) -> list[Finding]:
    """Fill in how uncertain positions, heights and powers are, in place, and say so once for each."""
    findings = []
    for name, what, given, guessed in (
        ("position_sigma_m", "", settings.position_sigma_m, settings.position_sigma_m),
        (
            "height_sigma_m",
            "antenna_height_m",
            settings.height_sigma_given_m,
            settings.height_sigma_assumed_m,
        ),
        ("eirp_sigma_db", "eirp_dbm", settings.eirp_sigma_given_db, settings.eirp_sigma_assumed_db),
    ):
        gap = sectors[name].isna().to_numpy()
        if not gap.any():
            continue
        guess = stands_in[what][gap] if what else np.zeros(int(gap.sum()), dtype=bool)
        _put(sectors, name, np.flatnonzero(gap), np.where(guess, guessed, given))
        unit = SECTORS.column(name).unit
        taken = {guessed} if guess.all() else {given, guessed} if guess.any() else {given}
        values = " or ".join(f"{value:g} {unit}" for value in sorted(taken))
        message = (
            f"{SECTORS.column(name).meaning} of {count_rows(int(gap.sum()), 'sector')} taken as {values}"
        )
        findings.append(
            Finding(layer=LAYER, word="correct", severity="assumption", message=message, count=int(gap.sum()),
                    source="assumption of this project: settings sites")
        )  # fmt: skip
    return findings


def _assumption(
    name: str, technology: str, by_band: dict[float, float], rows: NDArray[np.object_], source: str
) -> Finding:
    """Say what was filled in: one value, or one for each band."""
    unit = SECTORS.column(name).unit
    values = f"{next(iter(by_band.values())):g} {unit}"
    if len(set(by_band.values())) > 1:
        values = ", ".join(f"{value:g} {unit} at {band:g} MHz" for band, value in by_band.items())
    what = name.rsplit("_", 1)[0].replace("_", " ")
    return Finding(
        layer=LAYER,
        word="sufficient",
        severity="assumption",
        message=f"{what} of {count_rows(len(rows), technology.upper() + ' sector')} taken as {values}",
        count=len(rows),
        rows=tuple(rows),
        source=source,
    )
