"""Raw mast rows → sectors: masts found by position, and defaults for what the record does not say."""

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from lomsong.carriers import CARRIERS as BY_BAND
from lomsong.carriers import typical_values
from lomsong.findings import Finding, count_rows
from lomsong.schemas import SECTORS
from lomsong.settings import RadioSettings

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
#: Cells of one operator closer than this stand on one mast when no id says so; OpenCelliD positions scatter. [m]
SAME_MAST_M = 150.0


def build_sectors(raw: gpd.GeoDataFrame, radio: RadioSettings) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Complete raw mast rows to the contract `SECTORS`.

    Parameters
    ----------
    raw : GeoDataFrame
        Rows of the mast readers in a metric CRS; any optional column may be absent or have gaps.
    radio : RadioSettings
        Carrier defaults by technology.

    Returns
    -------
    sectors : GeoDataFrame
        Same rows; ``assumed`` names what was filled in.
    findings : list of Finding
        One assumption per technology and column, with its source.

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
    found = pd.Series(name_sites(sectors), index=sectors.index)
    site = sectors["site_id"].where(sectors["site_id"].notna(), found).astype("string")
    # operators number their masts each for themselves: one id of two operators is two masts
    shared = sectors.groupby(site)["operator"].transform("nunique") > 1
    sectors["site_id"] = site.where(~shared, sectors["operator"].astype("string") + " " + site)
    directed = sectors["azimuth_deg"].notna()
    findings: list[Finding] = []
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
    sectors["assumed"] = assumed.str.rstrip(",").astype("string")
    SECTORS.check(sectors)
    return sectors[[*SECTORS.names(), "geometry"]], findings


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


def name_sites(sectors: gpd.GeoDataFrame) -> list[str]:
    """
    Name the mast of each row by position: rows of one operator within `SAME_MAST_M` of each other share one.

    Parameters
    ----------
    sectors : GeoDataFrame
        Columns ``operator`` and ``sector_id``, points in a metric CRS.

    Returns
    -------
    list of str
        One name a row: the operator and the first sector of the mast.
    """
    names = np.empty(len(sectors), dtype=object)
    xy = np.column_stack([sectors.geometry.x, sectors.geometry.y])
    for operator, positions in sectors.groupby("operator", sort=True).indices.items():
        pairs = cKDTree(xy[positions]).query_pairs(SAME_MAST_M, output_type="ndarray")
        links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(positions),) * 2)
        _, mast = connected_components(links, directed=False)
        ids = sectors["sector_id"].to_numpy()[positions]
        first = pd.Series(ids).groupby(mast).transform("min")
        names[positions] = [f"{operator} {sector}" for sector in first]
    return names.tolist()
