"""Speed tests → villages: how many, how fast, and how near to the centre."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.stats import binom

from lomsong.areas import village_areas

#: Two-sided probability of the speed intervals.
INTERVAL = 0.8


def summarise_tests(villages: gpd.GeoDataFrame, tiles: gpd.GeoDataFrame, *, radius_m: float) -> pd.DataFrame:
    """
    Sum up the tests whose tile centre lies in each village.

    Parameters
    ----------
    villages : GeoDataFrame
        Contract `VILLAGES`, metric CRS.
    tiles : GeoDataFrame
        Rows of `MEASUREMENTS` of one kind of network, same CRS.
    radius_m : float
        Around a village that is given as a point.

    Returns
    -------
    DataFrame, index of `villages`
        ``tests`` (tiles where the file has no test counts), ``download_mbps``, ``download_low_mbps`` and
        ``download_high_mbps``: median, weighted by tests, and its 80 % interval from the order of the tiles;
        NaN without tiles, the interval also with fewer than four.
    """
    summary = pd.DataFrame(
        {"tests": 0.0, "download_mbps": np.nan, "download_low_mbps": np.nan, "download_high_mbps": np.nan},
        index=villages.index,
    )
    if tiles.empty:
        return summary
    areas = village_areas(villages, radius_m)
    tile, village = shapely.STRtree(areas.to_numpy()).query(tiles.geometry.to_numpy(), predicate="intersects")
    tests = tiles["tests"].fillna(1.0).to_numpy()
    summary["tests"] = np.bincount(village, weights=tests[tile], minlength=len(villages))
    speed = tiles["download_mbps"].to_numpy(dtype=np.float64)
    usable = np.isfinite(speed[tile])
    tile, village = tile[usable], village[usable]
    for row in np.unique(village):
        mine = tile[village == row]
        low, high = median_interval(speed[mine])
        middle = weighted_median(speed[mine], tests[mine])
        summary.loc[summary.index[row], ["download_mbps", "download_low_mbps", "download_high_mbps"]] = (
            middle,
            low,
            high,
        )
    return summary


def count_near(centres: gpd.GeoSeries, tiles: gpd.GeoDataFrame, *, near_m: float) -> NDArray[np.float64]:
    """
    Count the tests in tiles whose centre lies within `near_m` of each centre.

    Returns
    -------
    ndarray, shape (len(centres),)
        Zero for an empty centre.
    """
    counts = np.zeros(len(centres))
    usable = ~(centres.is_empty | centres.isna()).to_numpy()
    if tiles.empty or not usable.any():
        return counts
    tests = tiles["tests"].fillna(1.0).to_numpy()
    tree = cKDTree(np.column_stack([tiles.geometry.x, tiles.geometry.y]))
    places = np.column_stack([centres[usable].x, centres[usable].y])
    counts[usable] = [tests[rows].sum() for rows in tree.query_ball_point(places, near_m)]
    return counts


def weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """
    Return the value at which half of the weight is reached.

    Examples
    --------
    >>> weighted_median(np.array([1.0, 2.0, 30.0]), np.array([1.0, 1.0, 5.0]))
    30.0
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])


def median_interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """
    Interval that holds the median of the population with at least 80 % confidence, whatever its distribution.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Independent draws.

    Returns
    -------
    low, high : float
        The k-th smallest and k-th largest value for the largest k that keeps the confidence; NaN for n < 4.

    References
    ----------
    .. [1] Conover, "Practical Nonparametric Statistics", section 3.2: order statistics and the binomial law.
    """
    count = len(values)
    if 1 - 2 * binom.cdf(0, count, 0.5) < INTERVAL:
        return float("nan"), float("nan")
    ranks = np.arange(count // 2 + 1)
    k = int(ranks[1 - 2 * binom.cdf(ranks, count, 0.5) >= INTERVAL].max())
    ordered = np.sort(values)
    return float(ordered[k]), float(ordered[count - 1 - k])
