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
from lomsong.settings import RadioSettings, SiteSettings

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
    for technology, carrier in radio.carriers.items():
        mine = np.asarray(sectors["technology"] == technology, dtype=bool)
        if not mine.any():
            continue
        silent = mine & sectors["frequency_mhz"].isna().to_numpy()
        if silent.any():
            sectors.loc[silent, "frequency_mhz"] = carrier.frequency_mhz
            stands_in["frequency_mhz"] |= silent
            findings.append(_assumption("frequency_mhz", technology, sectors, silent, carrier.source, ids))
        typical = typical_values(technology, sectors["frequency_mhz"].to_numpy()[mine])
        for name in _BY_BAND:
            gap = (
                mine & sectors[name].isna().to_numpy() & (directed.to_numpy() if name in _OF_A_BEAM else True)
            )
            if not gap.any():
                continue
            own = getattr(carrier, name)
            sectors.loc[gap, name] = getattr(typical, name)[gap[mine]] if own is None else own
            stands_in[name] |= gap
            rows = dict.fromkeys(np.unique(typical.row[gap[mine]]).tolist())
            sources = dict.fromkeys(getattr(BY_BAND[row], name).source for row in rows)
            source = "; ".join(sources) if own is None else carrier.source
            findings.append(_assumption(name, technology, sectors, gap, source, ids))
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
    found = sectors["operator"].astype("string") + " " + _first_of_each(sectors["sector_id"], mast)
    site = sectors["site_id"].fillna(found).astype("string")
    # operators number their masts each for themselves: one id of two operators is two masts
    shared = sectors["operator"].groupby(site).transform("nunique") > 1
    sectors["site_id"] = site.where(~shared, sectors["operator"].astype("string") + " " + site)
    crowd = trust["position_sigma_m"].notna().to_numpy()
    if crowd.any():
        own = np.unique(mast[crowd], return_inverse=True)[1].reshape(-1)
        number = (
            sectors["sector_number"].fillna(-1).to_numpy()
            if "sector_number" in sectors
            else np.full(len(sectors), -1)
        )
        node = (
            pd.factorize(sectors["node"])[0] if "node" in sectors else np.zeros(len(sectors), dtype=np.int64)
        )
        named = (number >= 0) & (node >= 0)
        # a cell whose direction is unknown is taken to have one of its own
        beam = pd.factorize(
            pd.Series(np.where(named, node * 256.0 + number, -1.0 - np.arange(len(sectors))))[crowd]
        )[0]
        x, y, doubt = settle_masts(
            sectors.geometry.x.to_numpy()[crowd], sectors.geometry.y.to_numpy()[crowd],
            sigma.to_numpy(np.float64)[crowd], own, beam.astype(np.int64),
        )  # fmt: skip
        places = sectors.geometry.to_numpy().copy()
        places[crowd] = shapely.points(x, y)
        sectors = sectors.set_geometry(gpd.GeoSeries(places, index=sectors.index, crs=sectors.crs))
        sectors.loc[crowd, "position_sigma_m"] = doubt
    return sectors, findings


def _first_of_each(ids: pd.Series, mast: NDArray[np.int64]) -> pd.Series:
    """Return for each row the id that comes first in the alphabet among those of its mast."""
    text = ids.astype("string")
    order = text.argsort().to_numpy()
    first = np.full(mast.max(initial=-1) + 1, len(order))
    np.minimum.at(first, mast[order], np.arange(len(order)))
    return pd.Series(text.to_numpy()[order[first[mast]]], index=ids.index, dtype="string")


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
        sectors.loc[gap, name] = np.where(stands_in[what][gap], guessed, given) if what else given
        unit = SECTORS.column(name).unit
        values = " or ".join(f"{value:g} {unit}" for value in sorted(set(sectors.loc[gap, name])))
        message = (
            f"{SECTORS.column(name).meaning} of {count_rows(int(gap.sum()), 'sector')} taken as {values}"
        )
        findings.append(
            Finding(layer=LAYER, word="correct", severity="assumption", message=message, count=int(gap.sum()),
                    source="assumption of this project: settings sites")
        )  # fmt: skip
    return findings


def _assumption(
    name: str,
    technology: str,
    sectors: pd.DataFrame,
    gap: NDArray[np.bool_],
    source: str,
    ids: NDArray[np.object_],
) -> Finding:
    """Say what was filled in: one value, or one for each band."""
    unit = SECTORS.column(name).unit
    bands, first = np.unique(sectors["frequency_mhz"].to_numpy(np.float64)[gap], return_index=True)
    by_band = sectors[name].to_numpy(np.float64)[gap][first].tolist()
    values = f"{by_band[0]:g} {unit}"
    if len(set(by_band)) > 1:
        values = ", ".join(
            f"{value:g} {unit} at {band:g} MHz" for band, value in zip(bands, by_band, strict=True)
        )
    what = name.rsplit("_", 1)[0].replace("_", " ")
    return Finding(
        layer=LAYER,
        word="sufficient",
        severity="assumption",
        message=f"{what} of {count_rows(int(gap.sum()), technology.upper() + ' sector')} taken as {values}",
        count=int(gap.sum()),
        rows=tuple(ids[gap].tolist()),
        source=source,
    )
