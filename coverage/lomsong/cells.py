"""Cells → sites: which cells stand on one mast, where that mast is, and how far a crowd's record can be trusted."""

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.clusters import cluster_places
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.points import coordinates
from lomsong.settings import SiteSettings

LAYER = "masts"
#: Standard deviation along each axis of a place drawn from a disc, and of the centroid of a third of a disc about the
#: disc's centre (its distance is 0.551 radii), in radii: plain geometry.
SPREAD = 0.5
LEAN = 0.551 / np.sqrt(2.0)
#: OpenCelliD's word for "not known" in the column range. [m]
UNKNOWN_RANGE_M = 1000.0
#: A record whose range is unknown is trusted by this part. Assumption of this project.
UNKNOWN_RANGE_TRUST = 0.7
#: Ids of base stations are believed for a technology of an operator if this part of them holds together.
BELIEVED_SHARE = 0.5
#: ... of at least this many. Fewer prove nothing.
BELIEVED_FROM = 3
#: No place is surer than this, or a record that says 0 would outweigh all. Assumption of this project. [m]
SUREST_M = 1.0
_DAYS_IN_YEAR = 365.25


def name_sites(raw: gpd.GeoDataFrame, settings: SiteSettings) -> NDArray[np.int64]:
    """
    Number the masts of the rows, by the base station in the cell id where that holds, else by position.

    Cells with one ``node`` share a mast if they lie as close as their own uncertainty lets them. In LTE the id names
    the base station; in GSM and UMTS that is a habit of operators, believed where most ids hold together. Then masts
    of one operator whose places are within ``same_mast_m`` are one, but none is wider than ``widest_mast_m``.

    Parameters
    ----------
    raw : GeoDataFrame
        Columns ``operator`` and ``technology``, points in a metric CRS; ``node`` and ``position_sigma_m`` where known.
    settings : SiteSettings
        Distances.

    Returns
    -------
    ndarray of int, shape (n,)
        Mast of each row, from 0.
    """
    x, y = coordinates(raw.geometry)
    operator = pd.factorize(raw["operator"])[0].astype(np.int64)
    operator -= min(operator.min(initial=0), 0)
    unit = np.arange(len(raw))
    if "node" in raw and raw["node"].notna().any():
        unit = _base_stations(raw, x, y, operator, settings)
    # a base station counts as one place: the middle of its cells
    count = np.bincount(unit)
    middle_x, middle_y = np.bincount(unit, x) / count, np.bincount(unit, y) / count
    whose = np.zeros(len(count), dtype=np.int64)
    whose[unit] = operator
    mast = cluster_places(
        middle_x, middle_y, whose, link_m=settings.same_mast_m, widest_m=settings.widest_mast_m
    )
    return mast[unit]


def _base_stations(
    raw: gpd.GeoDataFrame,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    operator: NDArray[np.int64],
    settings: SiteSettings,
) -> NDArray[np.int64]:
    """Give cells of one believed base station a common number, and every other cell its own."""
    node = pd.factorize(raw["node"])[0]
    named = node >= 0
    number = np.where(named, node, node.max() + 1)
    size = np.bincount(number)
    low, high = np.full((2, len(size)), np.inf), np.full((2, len(size)), -np.inf)
    for axis, values in enumerate((x, y)):
        np.minimum.at(low[axis], number, values)
        np.maximum.at(high[axis], number, values)
    width = np.hypot(*(high - low))
    sigma = (
        raw["position_sigma_m"].to_numpy(np.float64, na_value=0.0)
        if "position_sigma_m" in raw
        else np.zeros(len(raw))
    )
    doubt = np.zeros(len(size))
    np.maximum.at(doubt, number, sigma)
    holds = (width <= np.maximum(settings.widest_node_m, 2.0 * doubt)) & (size > 1)
    kind, technologies = pd.factorize(raw["technology"])
    whole = operator * (len(technologies) + 1) + kind + 1
    surely = np.append(np.asarray(technologies) == "4g", False)  # the last is for those without
    believed = _believed(whole, number, size, width <= settings.widest_node_m, surely[kind])
    joined = named & holds[number] & believed
    unit = np.where(joined, number, len(size) + np.arange(len(raw)))
    # numbered without gaps
    used = np.zeros(len(size) + len(raw), dtype=np.int64)
    used[unit] = 1
    return np.asarray(np.cumsum(used)[unit] - 1)


def _believed(
    whole: NDArray[np.int64],
    number: NDArray[np.int64],
    size: NDArray[np.int64],
    tight: NDArray[np.bool_],
    sure: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Return for each cell whether the ids of its operator and technology are believed."""
    several = size[number] > 1
    kinds = int(whole.max(initial=0)) + 1
    # an id counts once for each operator and technology that use it
    pair = pd.unique(number[several] * kinds + whole[several])
    ids = np.bincount(pair % kinds, minlength=kinds)
    held = np.bincount(pair % kinds, tight[pair // kinds], minlength=kinds)
    good = (held >= BELIEVED_SHARE * ids) & (ids >= BELIEVED_FROM)
    return np.asarray(good[whole] | sure, dtype=bool)


def trust_cells(raw: gpd.GeoDataFrame, settings: SiteSettings) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Say how far crowd-sourced records can be trusted, from their samples, age and range.

    Parameters
    ----------
    raw : GeoDataFrame
        ``samples`` is missing where a row is no crowd's; ``range_m`` and ``on_air`` where known.
    settings : SiteSettings
        When a record counts as stale.

    Returns
    -------
    trust : DataFrame, index of `raw`
        ``confidence``: n / (n + 1) of the samples, halved for every ``stale_after_years`` behind the youngest record,
        times 0.7 where the range is unknown; a score, no probability. ``position_sigma_m``: samples lie in a disc or
        a third of one as wide as the range, so their mean is off by the lean of the beam and by chance. NaN where no
        crowd's.
    findings : list of Finding
        Stale cells, cells seen once.
    """
    samples = raw["samples"].astype("float64") if "samples" in raw else pd.Series(np.nan, index=raw.index)
    crowd = samples.notna()
    if not crowd.any():
        empty = pd.Series(np.nan, index=raw.index)
        return pd.DataFrame({"confidence": empty, "position_sigma_m": empty}), []
    count = samples.clip(lower=1)
    spread = raw["range_m"].astype("float64") if "range_m" in raw else pd.Series(np.nan, index=raw.index)
    known = (spread > 0) & (spread != UNKNOWN_RANGE_M)
    radius = spread.where(spread > 0, UNKNOWN_RANGE_M)
    sigma = radius * np.sqrt(LEAN**2 + SPREAD**2 / count)
    years = _years_behind(raw, crowd)
    aged = 0.5 ** (years.fillna(settings.stale_after_years) / settings.stale_after_years)
    confidence = count / (count + 1) * aged * np.where(known, 1.0, UNKNOWN_RANGE_TRUST)
    findings = []
    stale = crowd & (years > settings.stale_after_years)
    if stale.any():
        ids = tuple(raw.loc[stale, "sector_id"].astype(str))
        message = (
            f"{count_rows(len(ids), 'cell')} last seen more than {settings.stale_after_years:g} years before the youngest "
            f"record: may be off the air ({name_rows(ids)}); used with less confidence"
        )
        findings.append(
            Finding(layer=LAYER, word="live", severity="warning", message=message, count=len(ids), rows=ids)
        )
    once = int((crowd & (samples <= 1)).sum())
    if once:
        message = (
            f"{count_rows(once, 'cell')} seen in one sample at most: their place is where somebody stood"
        )
        findings.append(Finding(layer=LAYER, word="correct", severity="note", message=message, count=once))
    return pd.DataFrame(
        {"confidence": confidence.where(crowd), "position_sigma_m": sigma.where(crowd)}
    ), findings


def _years_behind(raw: gpd.GeoDataFrame, crowd: "pd.Series[bool]") -> "pd.Series[float]":
    """Return how long before the youngest record each was last seen; the clock of the computer has no say."""
    if "on_air" not in raw:
        return pd.Series(np.nan, index=raw.index)
    seen = pd.to_datetime(raw["on_air"].where(crowd), format="ISO8601", errors="coerce")
    behind: pd.Series[float] = (seen.max() - seen).dt.days / _DAYS_IN_YEAR
    return behind


def settle_masts(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    sigma_m: NDArray[np.float64],
    mast: NDArray[np.int64],
    beam: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """
    Put the cells of a crowd on their masts: the mean of the cells, each weighted by its inverse variance.

    Parameters
    ----------
    x, y, sigma_m : ndarray, shape (n,)
        Places of the cells and their uncertainty along each axis. [m]
    mast : ndarray of int, shape (n,)
        Mast of each cell, from 0.
    beam : ndarray of int, shape (n,)
        Antenna direction, from 0 for all masts: cells of one direction lean the same way and count as one.

    Returns
    -------
    x, y, sigma_m : ndarray, shape (n,)
        Place of the cell's mast, and its uncertainty. [m]
    """
    weight = 1.0 / np.maximum(sigma_m, SUREST_M) ** 2
    # the best cell of each direction speaks for it
    best = np.zeros(int(beam.max()) + 1)
    np.maximum.at(best, beam, weight)
    own = np.bincount(beam, weight)
    share = weight * best[beam] / own[beam]
    total = np.bincount(mast, share)
    mean_x = np.bincount(mast, share * x) / total
    mean_y = np.bincount(mast, share * y) / total
    return mean_x[mast], mean_y[mast], 1.0 / np.sqrt(total[mast])
