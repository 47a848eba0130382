"""Demand points and the villages they belong to: sums over the points of each village."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Homes:
    """
    Which village each demand point belongs to.

    Attributes
    ----------
    ids : ndarray
        Identifier of each village.
    village : ndarray of int, shape (points,)
        Row of each point's village; -1 for one that is not asked for.
    centre : ndarray of int, shape (villages,)
        Row of the demand point at each village's centre, -1 for none.
    share : ndarray, shape (points,)
        Part of its village's people.
    """

    ids: NDArray[np.object_]
    village: NDArray[np.int64]
    centre: NDArray[np.int64]
    share: Array

    @classmethod
    def of(cls, demand: gpd.GeoDataFrame, ids: pd.Series) -> "Homes":
        """
        Find the village of every demand point.

        Parameters
        ----------
        demand : GeoDataFrame
            Contract `DEMAND`, of these villages.
        ids : Series
            Identifier of each village, in the order of the results.
        """
        codes, names = pd.factorize(demand["village_id"])
        village = pd.Index(ids).get_indexer(pd.Index(names))[codes]
        rows = np.flatnonzero(demand["is_centre"].to_numpy(dtype=bool) & (village >= 0))
        centre = np.full(len(ids), -1, dtype=np.int64)
        centre[village[rows]] = rows
        return cls(
            ids=ids.to_numpy(dtype=object),
            village=np.asarray(village, dtype=np.int64),
            centre=centre,
            share=demand["share"].to_numpy(dtype=np.float64),
        )

    def sum(self, values: Array) -> Array:
        """Sum values of the demand points by village: NaN counts nothing, and where all are NaN is the answer."""
        known = np.isfinite(values) & (self.village >= 0)
        sums = np.bincount(self.village[known], weights=values[known], minlength=len(self.ids))
        some = np.bincount(self.village[known], minlength=len(self.ids)) > 0
        return np.where(some, sums, np.nan)

    def at_centre(self, values: Array) -> Array:
        """Return the value at each village's centre, NaN where it has none."""
        if not len(values):
            return np.full(len(self.ids), np.nan)
        return np.where(self.centre >= 0, values[self.centre], np.nan)

    def covered_share(self, p: Array) -> Array:
        """
        Return the expected part of each village's people with signal, of those whose place could be computed.

        Parameters
        ----------
        p : ndarray, shape (points,)
            Chance of signal; NaN where there is none.
        """
        known = np.isfinite(p)
        share = self.sum(np.where(known, self.share, np.nan))
        covered = self.sum(self.share * p)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.clip(np.where(share > 0, covered / share, np.nan), 0.0, 1.0)
