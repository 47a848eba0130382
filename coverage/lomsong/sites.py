"""Raw mast rows → sectors: masts found by position, and defaults for what the record does not say."""

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from lomsong.findings import Finding, count_rows
from lomsong.schemas import SECTORS
from lomsong.settings import RadioSettings

LAYER = "masts"
#: Columns that take the carrier's default where the record is silent.
_DEFAULTED = ("frequency_mhz", "bandwidth_mhz", "eirp_dbm", "antenna_height_m", "beamwidth_deg")
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
    sectors["site_id"] = sectors["site_id"].fillna(pd.Series(name_sites(sectors), index=sectors.index))
    directed = sectors["azimuth_deg"].notna()
    findings: list[Finding] = []
    assumed = pd.Series("", index=sectors.index)
    for technology, carrier in radio.carriers.items():
        mine = sectors["technology"] == technology
        for name in _DEFAULTED:
            value = getattr(carrier, name)
            gap = mine & sectors[name].isna() & (directed if name == "beamwidth_deg" else True)
            if not gap.any():
                continue
            sectors.loc[gap, name] = value
            assumed[gap] += f"{name},"
            unit = SECTORS.column(name).unit
            message = f"{name.rsplit('_', 1)[0].replace('_', ' ')} of {count_rows(int(gap.sum()), technology.upper() + ' sector')} taken as {value:g} {unit}"
            findings.append(_assumption(message, int(gap.sum()), carrier.source))
    if (~directed).any():
        count = int((~directed).sum())
        findings.append(
            _assumption(
                f"azimuth of {count_rows(count, 'sector')} unknown: radiates alike in all directions",
                count,
                "the optimistic choice; a sector's real beam leaves about two thirds of the circle weaker",
            )
        )
    assumed[~directed] += "azimuth_deg,"
    sectors["assumed"] = assumed.str.rstrip(",").astype("string")
    SECTORS.check(sectors)
    return sectors[[*SECTORS.names(), "geometry"]], findings


def _assumption(message: str, count: int, source: str) -> Finding:
    return Finding(
        layer=LAYER, word="sufficient", severity="assumption", message=message, count=count, source=source
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
