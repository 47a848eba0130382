"""Measurements → villages: which lie in a village, how many, and how many of them may be told."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from lomsong.area_index import index_areas
from lomsong.areas import village_areas
from lomsong.joins import pair_points
from lomsong.points import coordinates


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


def pair_tests(
    villages: gpd.GeoDataFrame, tiles: gpd.GeoDataFrame, *, radius_m: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """
    Pair every test with the villages that hold the centre of its tile.

    Parameters
    ----------
    villages : GeoDataFrame
        Contract `VILLAGES`, metric CRS.
    tiles : GeoDataFrame
        Rows of `MEASUREMENTS`, same CRS.
    radius_m : float
        Around a village that is given as a point.

    Returns
    -------
    tile, village : ndarray of int, shape (pairs,)
        Row numbers.
    """
    index = index_areas(village_areas(villages, radius_m).to_numpy())
    return pair_points(index, *coordinates(tiles.geometry))


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
    tree = cKDTree(np.column_stack(coordinates(tiles.geometry)))
    places = np.column_stack([centres.iloc[usable].x, centres.iloc[usable].y])
    found = tree.query_ball_point(places, near_m)
    tile = np.concatenate([np.asarray(rows, dtype=np.int64) for rows in found])
    place = np.repeat(usable, [len(rows) for rows in found])
    return count_tests(tiles, tile, place, len(centres))
