"""
Options: a candidate site × a configuration × a way to connect it, with its cost by part.

Backhaul: fibre where it is the cheapest, else one microwave hop to a mast that stands, else a hop to another candidate
(a relay, which must then be built too), and a satellite as the last resort. A candidate only relays through one that is
fewer hops from a standing mast, so that chains never form a circle.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from lomsong.context import distance_to
from lomsong.costs import SiteCosts, add_up, power_cost, tower_cost
from lomsong.findings import Finding
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    What the plan chooses from.

    Attributes
    ----------
    table : DataFrame
        One row an option: ``site`` (row of the candidates), ``configuration`` (number), ``backhaul_kind``,
        ``connects_to`` (site id or empty), ``needs`` (row of another candidate or `NOTHING`), ``to_x``, ``to_y`` (where
        the backhaul ends), ``from_height_m``, ``to_height_m`` (antennas of the hop) and ``power``.
    costs : SiteCosts
        In the order of the table.
    findings : tuple of Finding
        Layers that were not there and what was assumed.
    """

    table: pd.DataFrame
    costs: SiteCosts
    findings: tuple[Finding, ...]


def list_options(
    inputs: Inputs, candidates: gpd.GeoDataFrame, settings: PlanningSettings, costs: CostSettings
) -> Options:
    """
    List every way to build and connect every candidate, with its cost.

    Parameters
    ----------
    inputs : Inputs
        Masts, terrain, and what lies about.
    candidates : GeoDataFrame
        From `find_candidates`.
    settings, costs : PlanningSettings, CostSettings
        Configurations, hops, prices.

    Returns
    -------
    Options

    Raises
    ------
    PlanError
        A cost is negative or missing.
    """
    findings: list[Finding] = []
    links = _Links.of(inputs, candidates, settings)
    fibre_m = _distance(candidates, inputs, "fibre")
    rows = []
    for site in range(len(candidates)):
        standing = candidates["origin"].iloc[site] == "existing mast"
        ways = [("existing", str(candidates["site_id"].iloc[site]), NOTHING, np.nan, np.nan, np.nan)]
        if not standing:
            ways = links.ways(
                site,
                None if fibre_m is None else fibre_m[site] * costs.fibre_detour * costs.fibre_per_m,
                costs,
            )
        rows += [(site, number, *way) for number in range(len(settings.configurations)) for way in ways]
    names = ["site", "configuration", "backhaul_kind", "connects_to", "needs", "to_x", "to_y", "to_height_m"]
    whole = dict.fromkeys(["site", "configuration", "needs"], np.int64)
    table = pd.DataFrame(rows, columns=names).astype(whole)  # also without a row
    priced, power, found = _price(table, candidates, inputs, settings, costs, fibre_m)
    findings += found
    hop = np.where(table["to_height_m"].notna(), links.height_m, np.nan)
    table = table.assign(power=power, from_height_m=hop)
    return Options(table=table, costs=priced, findings=tuple(findings))


def _distance(candidates: gpd.GeoDataFrame, inputs: Inputs, layer: str) -> _Floats | None:
    lines = inputs.context.get(layer)
    if lines is None or not len(lines):
        return None
    return distance_to(candidates.geometry, lines)


def _price(
    table: pd.DataFrame,
    candidates: gpd.GeoDataFrame,
    inputs: Inputs,
    settings: PlanningSettings,
    costs: CostSettings,
    fibre_m: _Floats | None,
) -> tuple[SiteCosts, NDArray[np.object_], list[Finding]]:
    site = table["site"].to_numpy()
    origin = candidates["origin"].to_numpy()[site]
    new_tower = np.isin(origin, ["village", "high ground", "proposed"])
    green = origin != "existing mast"
    findings = []
    road_m, grid_m = (_distance(candidates, inputs, layer) for layer in ("roads", "power"))
    if road_m is None:
        road_m = np.full(len(candidates), costs.assumed_road_m)
        findings.append(
            _assumed("roads", f"access road of {costs.assumed_road_m:g} m", "costs.assumed_road_m")
        )
    if grid_m is None:
        grid_m = np.full(len(candidates), costs.assumed_grid_m)
        findings.append(
            _assumed("power", f"power line of {costs.assumed_grid_m:g} m", "costs.assumed_grid_m")
        )
        has_grid = _village_power(candidates, inputs)[site]
    height = np.array([c.antenna_height_m for c in settings.configurations])[table["configuration"]]
    power, solar = power_cost(grid_m[site], has_grid, costs)
    kind = table["backhaul_kind"].to_numpy()
    fibre = (
        np.zeros(len(table)) if fibre_m is None else fibre_m[site] * costs.fibre_detour * costs.fibre_per_m
    )
    backhaul = np.select(
        [kind == "fibre", np.isin(kind, ["microwave", "relay"]), kind == "satellite"],
        [fibre, np.full(len(table), costs.microwave_hop), np.full(len(table), costs.satellite)],
        0.0,
    )
    road = road_m[site] * costs.road_per_m
    priced = add_up(
        {
            "tower": np.where(new_tower, tower_cost(height, costs), 0.0),
            "civil_works": np.where(green, costs.civil_works, 0.0),
            "transport": np.full(len(table), costs.transport),
            "installation": np.full(len(table), costs.installation),
            "equipment": np.full(len(table), costs.equipment),
            "road": np.where(green, road, 0.0),
            "power": np.where(green, power, 0.0),
            "backhaul": backhaul,
        },
        np.where(kind == "satellite", costs.satellite_per_year, 0.0),
        costs,
    )
    words = np.where(~green, "existing", np.where(solar, "solar", "grid"))
    return priced, words.astype(object), findings


def _assumed(layer: str, what: str, key: str) -> Finding:
    return Finding(
        layer="planning",
        word="sufficient",
        severity="assumption",
        message=f"no layer '{layer}': {what} for every new site",
        count=1,
        source=f"{key}, a placeholder",
    )


def _village_power(candidates: gpd.GeoDataFrame, inputs: Inputs) -> NDArray[np.bool_]:
    """Whether the grid reaches the nearest village; taken as yes where no village says."""
    if "grid_power" not in inputs.villages:
        return np.ones(len(candidates), dtype=bool)
    shapes = inputs.villages[~inputs.villages.geometry.is_empty & inputs.villages.geometry.notna()]
    middle = shapes.geometry.representative_point()
    tree = cKDTree(np.column_stack([middle.x, middle.y]))
    nearest = tree.query(np.column_stack([candidates.geometry.x, candidates.geometry.y]))[1]
    reached: NDArray[np.bool_] = ~shapes["grid_power"].iloc[nearest].eq(False).fillna(value=False).to_numpy(
        dtype=bool
    )
    return reached


@dataclass(frozen=True, slots=True)
class _Links:
    """Free hops from candidates to standing masts and to each other."""

    masts: pd.DataFrame
    height_m: float
    xy: _Floats
    to_mast: list[list[int]]
    to_candidate: list[list[int]]
    hops: NDArray[np.int64]
    names: NDArray[np.object_]

    @classmethod
    def of(cls, inputs: Inputs, candidates: gpd.GeoDataFrame, settings: PlanningSettings) -> "_Links":
        height = min(configuration.antenna_height_m for configuration in settings.configurations)
        first = inputs.sectors.sort_values("antenna_height_m", kind="stable").drop_duplicates(
            "site_id", keep="last"
        )
        first = first.sort_values("site_id", kind="stable")
        masts = pd.DataFrame(
            {
                "site_id": first["site_id"].astype(str).to_numpy(),
                "x": first.geometry.x.to_numpy(),
                "y": first.geometry.y.to_numpy(),
                "height": first["antenna_height_m"].to_numpy(dtype=np.float64),
            }
        )
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
        hops = np.where(standing, 0, np.where([bool(row) for row in to_mast], 1, np.iinfo(np.int64).max))
        for _ in range(len(xy)):
            nearer = [
                min((hops[other] for other in row), default=hops[n]) for n, row in enumerate(to_candidate)
            ]
            step = np.array(
                [
                    min(h, n + 1) if n < np.iinfo(np.int64).max else h
                    for h, n in zip(hops, nearer, strict=True)
                ]
            )
            if (step == hops).all():
                break
            hops = step
        return cls(
            masts,
            height,
            xy,
            to_mast,
            to_candidate,
            hops,
            candidates["site_id"].astype(str).to_numpy(dtype=object),
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
