"""Speed tests → villages: how many, how fast, and how near to the centre."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.stats import binom

from lomsong.areas import village_areas
from lomsong.joins import index_areas, pair_points

#: Two-sided probability of the speed intervals.
INTERVAL = 0.8


@dataclass(frozen=True, slots=True)
class Counts:
    """
    How many tests, and how many of them may be told.

    Attributes
    ----------
    total : ndarray, shape (n,)
        All tests.
    private, devices : ndarray, shape (n,)
        Tests that no publisher has made public, and their devices: tests where devices are unknown.
    """

    total: NDArray[np.float64]
    private: NDArray[np.float64]
    devices: NDArray[np.float64]

    def are_few(self, minimum: int) -> NDArray[np.bool_]:
        """Return where there are private tests, but of fewer devices than `minimum`."""
        return np.asarray((self.private > 0) & (self.devices < minimum), dtype=bool)

    def shown(self, minimum: int) -> list[str]:
        """
        Write each count as it may be shown.

        Examples
        --------
        >>> Counts(np.array([7.0, 2.0, 9.0]), np.array([0.0, 2.0, 1.0]), np.array([0.0, 2.0, 1.0])).shown(5)
        ['7', '<5', '8 + <5']
        """
        public = self.total - self.private
        return [
            f"{total:.0f}" if not few else (f"<{minimum}" if known < 1 else f"{known:.0f} + <{minimum}")
            for total, known, few in zip(self.total, public, self.are_few(minimum), strict=True)
        ]


def count_tests(
    tiles: gpd.GeoDataFrame, tile: NDArray[np.int64], place: NDArray[np.int64], places: int
) -> Counts:
    """
    Count the tests of each place from pairs of rows.

    Parameters
    ----------
    tiles : GeoDataFrame
        Rows of `MEASUREMENTS`; without ``published`` none counts as public.
    tile, place : ndarray of int, shape (n,)
        A row of `tiles` and the place that it belongs to.
    places : int
        How many places there are.
    """
    tests = tiles["tests"].fillna(1.0).to_numpy(dtype=np.float64)
    devices = (
        tiles["devices"].to_numpy(dtype=np.float64, na_value=np.nan)
        if "devices" in tiles
        else np.full(len(tiles), np.nan)
    )
    public = (
        tiles["published"].fillna(value=False).to_numpy(dtype=bool)
        if "published" in tiles
        else np.zeros(len(tiles), dtype=bool)
    )
    hidden = np.where(public, 0.0, tests)
    known = np.where(public, 0.0, np.where(np.isfinite(devices), devices, tests))
    total, private, told = (
        np.bincount(place, each[tile], minlength=places).astype(np.float64) for each in (tests, hidden, known)
    )
    return Counts(total, private, told)


def summarise_tests(villages: gpd.GeoDataFrame, tiles: gpd.GeoDataFrame, *, radius_m: float) -> pd.DataFrame:
    """
    Sum up the tests whose tile centre lies in each village.

    Parameters
    ----------
    villages : GeoDataFrame
        Contract `VILLAGES`, metric CRS.
    tiles : GeoDataFrame
        Rows of `MEASUREMENTS` of kind speed and of one kind of network, same CRS.
    radius_m : float
        Around a village that is given as a point.

    Returns
    -------
    DataFrame, index of `villages`
        ``tests`` (tiles where the file has no test counts), ``download_mbps``, ``download_low_mbps`` and
        ``download_high_mbps``: median, weighted by tests, and its 80 % interval from the order of the tiles;
        NaN without tiles, the interval also with fewer than four.
        ``private_tests`` and ``private_devices`` are those of `Counts`.
    """
    summary = pd.DataFrame(
        {
            "tests": 0.0,
            "private_tests": 0.0,
            "private_devices": 0.0,
            "download_mbps": np.nan,
            "download_low_mbps": np.nan,
            "download_high_mbps": np.nan,
        },
        index=villages.index,
    )
    if tiles.empty:
        return summary
    areas = village_areas(villages, radius_m)
    tile, village = pair_points(index_areas(areas.to_numpy()), tiles.geometry.x, tiles.geometry.y)
    tests = tiles["tests"].fillna(1.0).to_numpy()
    counts = count_tests(tiles, tile, village, len(villages))
    summary["tests"], summary["private_tests"], summary["private_devices"] = (
        counts.total,
        counts.private,
        counts.devices,
    )
    speed = tiles["download_mbps"].to_numpy(dtype=np.float64)
    usable = np.isfinite(speed[tile])
    tile, village = tile[usable], village[usable]
    by_village = np.argsort(village, kind="stable")
    rows, first = np.unique(village[by_village], return_index=True)
    found = np.full((len(villages), 3), np.nan)
    for row, mine in zip(rows, np.split(tile[by_village], first[1:]), strict=False):
        found[row] = (weighted_median(speed[mine], tests[mine]), *median_interval(speed[mine]))
    summary[["download_mbps", "download_low_mbps", "download_high_mbps"]] = found
    return summary


def count_near(centres: gpd.GeoSeries, tiles: gpd.GeoDataFrame, *, near_m: float) -> NDArray[np.float64]:
    """Count the tests in tiles whose centre lies within `near_m` of each centre; zero for an empty centre."""
    return counts_near(centres, tiles, near_m=near_m).total


def counts_near(centres: gpd.GeoSeries, tiles: gpd.GeoDataFrame, *, near_m: float) -> Counts:
    """
    Count the tests near each centre, and those of them that may not be told.

    Parameters
    ----------
    centres : GeoSeries, length n
        Points, some of them empty, in a metric CRS.
    tiles : GeoDataFrame
        Rows of `MEASUREMENTS`, same CRS.
    near_m : float
        Greatest distance of a tile's centre. [m]
    """
    usable = np.flatnonzero(~(centres.is_empty | centres.isna()).to_numpy())
    if tiles.empty or not len(usable):
        none = np.zeros(len(centres))
        return Counts(none, none, none)
    tree = cKDTree(np.column_stack([tiles.geometry.x, tiles.geometry.y]))
    places = np.column_stack([centres.iloc[usable].x, centres.iloc[usable].y])
    found = tree.query_ball_point(places, near_m)
    tile = np.concatenate([np.asarray(rows, dtype=np.int64) for rows in found])
    place = np.repeat(usable, [len(rows) for rows in found])
    return count_tests(tiles, tile, place, len(centres))


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
