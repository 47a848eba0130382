"""Options: a candidate site × a configuration × a way to connect it, with its cost by part."""

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
from lomsong.planning.backhaul import Links
from lomsong.planning.covering import NOTHING
from lomsong.settings import CostSettings, PlanningSettings

_Floats = NDArray[np.float64]


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
    links = Links.of(inputs, candidates, settings)
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
