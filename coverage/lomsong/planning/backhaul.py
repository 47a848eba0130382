"""
Backhaul: the ways in which a candidate site can be connected.

Fibre where it is the cheapest, else one microwave hop to a mast that stands, else a hop to another candidate (a relay, which
must then be built too), and a satellite as the last resort. A candidate only relays through one that is fewer hops from a
standing mast, so that chains never form a circle.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from lomsong.inputs import Inputs
from lomsong.planning.candidates import ground_height
from lomsong.planning.covering import NOTHING
from lomsong.planning.hops import clearance
from lomsong.settings import CostSettings, PlanningSettings

_Floats = NDArray[np.float64]

#: Nearest masts, and nearest candidates, that a candidate tries to see.
TRIED = 8
#: Ways through other candidates that are offered to the plan.
RELAYS = 2


@dataclass(frozen=True, slots=True)
class Links:
    """
    Free hops from candidates to standing masts and to each other.

    Attributes
    ----------
    masts : DataFrame
        ``site_id, x, y, height`` of the masts that stand.
    height_m : float
        Antennas of hops at the candidates, which the lowest configuration can carry. [m]
    xy : ndarray, shape (n, 2)
        Places of the candidates. [m]
    to_mast, to_candidate : list of list of int
        By candidate the masts and the other candidates with a free hop, the nearest first.
    hops : ndarray of int, shape (n,)
        To a standing mast.
    names : ndarray of str, shape (n,)
        Of the candidates.
    """

    masts: pd.DataFrame
    height_m: float
    xy: _Floats
    to_mast: list[list[int]]
    to_candidate: list[list[int]]
    hops: NDArray[np.int64]
    names: NDArray[np.object_]

    @classmethod
    def of(cls, inputs: Inputs, candidates: gpd.GeoDataFrame, settings: PlanningSettings) -> "Links":
        """Find the free hops of all candidates."""
        height = min(configuration.antenna_height_m for configuration in settings.configurations)
        masts = _standing_masts(inputs)
        xy = np.column_stack([candidates.geometry.x, candidates.geometry.y])
        own = np.full(len(xy), height)

        def free(near: NDArray[np.int64], far_xy: _Floats, far_height: _Floats) -> NDArray[np.bool_]:
            least = clearance(
                lambda x, y: ground_height(inputs, x, y),
                (xy[near, 0], xy[near, 1], own[near]),
                (far_xy[:, 0], far_xy[:, 1], far_height),
                frequency_mhz=settings.hop_mhz,
                refractivity_gradient=inputs.settings.radio.refractivity_gradient,
            )
            return np.nan_to_num(least, nan=-1.0) >= settings.fresnel_share

        mast_xy = masts[["x", "y"]].to_numpy()
        i, j = _nearest(xy, mast_xy, settings.hop_m, skip_self=False)
        seen = free(i, mast_xy[j], masts["height"].to_numpy()[j])
        to_mast = _group(i[seen], j[seen], len(xy))
        a, b = _nearest(xy, xy, settings.hop_m, skip_self=True)
        seen = free(a, xy[b], own[b])
        to_candidate = _group(a[seen], b[seen], len(xy))
        standing = (candidates["origin"] == "existing mast").to_numpy()
        names = candidates["site_id"].astype(str).to_numpy(dtype=object)
        return cls(
            masts, height, xy, to_mast, to_candidate, _count_hops(standing, to_mast, to_candidate), names
        )

    def ways(
        self, site: int, fibre_cost: float | None, costs: CostSettings
    ) -> list[tuple[str, str, int, float, float, float]]:
        """List the ways to connect one new site, the cheapest kind first."""
        if fibre_cost is not None and np.isfinite(fibre_cost) and (fibre_cost <= costs.microwave_hop):
            return [("fibre", "", NOTHING, np.nan, np.nan, np.nan)]
        if self.to_mast[site]:
            mast = self.masts.iloc[self.to_mast[site][0]]
            x, y, height = (float(mast[name]) for name in ("x", "y", "height"))
            return [("microwave", str(mast["site_id"]), NOTHING, x, y, height)]
        found: list[tuple[str, str, int, float, float, float]] = []
        for other in self.to_candidate[site]:
            if self.hops[other] < self.hops[site] and len(found) < RELAYS:
                found.append(
                    ("relay", str(self.names[other]), other, *self.xy[other].tolist(), self.height_m)
                )
        if fibre_cost is not None and np.isfinite(fibre_cost):
            found.append(("fibre", "", NOTHING, np.nan, np.nan, np.nan))
        return [*found, ("satellite", "", NOTHING, np.nan, np.nan, np.nan)]


def _standing_masts(inputs: Inputs) -> pd.DataFrame:
    """Return ``site_id, x, y, height`` of each mast that stands, with its highest antenna, by name."""
    first = inputs.sectors.sort_values("antenna_height_m", kind="stable").drop_duplicates(
        "site_id", keep="last"
    )
    first = first.sort_values("site_id", kind="stable")
    return pd.DataFrame(
        {
            "site_id": first["site_id"].astype(str).to_numpy(),
            "x": first.geometry.x.to_numpy(),
            "y": first.geometry.y.to_numpy(),
            "height": first["antenna_height_m"].to_numpy(dtype=np.float64),
        }
    )


def _count_hops(
    standing: NDArray[np.bool_], to_mast: list[list[int]], to_candidate: list[list[int]]
) -> NDArray[np.int64]:
    """Return how many hops each candidate is from a mast that stands; the largest number where none leads there."""
    never = np.iinfo(np.int64).max
    hops: NDArray[np.int64] = np.where(standing, 0, np.where([bool(row) for row in to_mast], 1, never))
    for _ in range(len(hops)):
        nearer = [min((hops[other] for other in row), default=never) for row in to_candidate]
        step = np.array(
            [min(h, n + 1) if n < never else h for h, n in zip(hops, nearer, strict=True)], dtype=np.int64
        )
        if (step == hops).all():
            break
        hops = step
    return hops


def _nearest(
    near: _Floats, far: _Floats, reach_m: float, *, skip_self: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if not len(near) or not len(far):
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty
    wanted = min(TRIED + skip_self, len(far))
    distance, index = cKDTree(far).query(near, k=wanted, distance_upper_bound=reach_m)
    distance = np.asarray(distance).reshape(len(near), wanted)
    index = np.asarray(index).reshape(len(near), wanted)
    i = np.repeat(np.arange(len(near)), wanted)
    ok = np.isfinite(distance).ravel()
    if skip_self:
        ok &= index.ravel() != i
    return i[ok], index.ravel()[ok].astype(np.int64)


def _group(near: NDArray[np.int64], far: NDArray[np.int64], count: int) -> list[list[int]]:
    groups: list[list[int]] = [[] for _ in range(count)]
    for i, j in zip(near.tolist(), far.tolist(), strict=True):
        groups[i].append(j)
    return groups
