"""Raw mast rows → sectors: masts found by position, and defaults for what the record does not say."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

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
    assumed = pd.Series("", index=sectors.index)
    for technology, carrier in radio.carriers.items():
        mine = sectors["technology"] == technology
        silent = mine & sectors["frequency_mhz"].isna()
        if silent.any():
            sectors.loc[silent, "frequency_mhz"] = carrier.frequency_mhz
            assumed[silent] += "frequency_mhz,"
            findings.append(_assumption("frequency_mhz", technology, sectors[silent], carrier.source))
        typical = typical_values(
            sectors["technology"].to_numpy(dtype=str), sectors["frequency_mhz"].to_numpy()
        )
        for name in _BY_BAND:
            gap = mine & sectors[name].isna() & (directed if name in _OF_A_BEAM else True)
            if not gap.any():
                continue
            own = getattr(carrier, name)
            sectors.loc[gap, name] = getattr(typical, name)[gap] if own is None else own
            assumed[gap] += f"{name},"
            rows = dict.fromkeys(typical.row[gap].tolist())
            sources = dict.fromkeys(getattr(BY_BAND[row], name).source for row in rows)
            source = "; ".join(sources) if own is None else carrier.source
            findings.append(_assumption(name, technology, sectors[gap], source))
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
    assumed[~directed] += "azimuth_deg,"
    findings += _doubts(sectors, assumed, sites)
    sectors["assumed"] = assumed.str.rstrip(",").astype("string")
    SECTORS.check(sectors)
    return sectors[[*SECTORS.names(), "geometry"]], findings


def _settle(sectors: gpd.GeoDataFrame, settings: SiteSettings) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Name the masts, and put the cells of a crowd on theirs."""
    trust, findings = trust_cells(sectors, settings)
    sectors["confidence"] = trust["confidence"]
    sigma = sectors["position_sigma_m"].fillna(trust["position_sigma_m"])
    sectors["position_sigma_m"] = sigma
    mast = name_sites(sectors, settings)
    lowest = sectors["sector_id"].astype(object).groupby(mast).transform("min")
    found = (sectors["operator"].astype(object) + " " + lowest).astype("string")
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


def _doubts(sectors: gpd.GeoDataFrame, assumed: "pd.Series[str]", settings: SiteSettings) -> list[Finding]:
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
        stands_in = (
            assumed.str.contains(f"{what},", regex=False)
            if what
            else pd.Series(data=False, index=sectors.index)
        )
        gap = sectors[name].isna()
        if not gap.any():
            continue
        sectors.loc[gap, name] = np.where(stands_in[gap], guessed, given)
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


def _assumption(name: str, technology: str, filled: pd.DataFrame, source: str) -> Finding:
    """Say what was filled in: one value, or one for each band."""
    unit = SECTORS.column(name).unit
    by_band = filled.groupby("frequency_mhz")[name].first()
    values = f"{by_band.iloc[0]:g} {unit}"
    if len(set(by_band)) > 1:
        values = ", ".join(f"{value:g} {unit} at {band:g} MHz" for band, value in by_band.items())
    what = name.rsplit("_", 1)[0].replace("_", " ")
    return Finding(
        layer=LAYER,
        word="sufficient",
        severity="assumption",
        message=f"{what} of {count_rows(len(filled), technology.upper() + ' sector')} taken as {values}",
        count=len(filled),
        rows=tuple(filled["sector_id"].astype(str)),
        source=source,
    )
