"""Demand points: where the people of each village are, in which cluster, and where its centre is."""

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from lomsong.areas import village_areas
from lomsong.demand_points import (
    FEWEST_BUILDINGS,
    Cells,
    Points,
    building_places,
    grid_points,
    index_villages,
    populated_cells,
)
from lomsong.errors import SourceError
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.grid import Banded, Raster, cell_sides_m
from lomsong.schemas import DEMAND
from lomsong.settings import DemandSettings
from lomsong.village_centres import add_centres, community_centres, given_centres
from lomsong.zonal import sum_raster

#: Cells touch diagonally: neighbours are up to this many cell sizes apart.
_DIAGONAL = 1.5


def build_demand(
    villages: gpd.GeoDataFrame,
    *,
    terrain: Raster,
    population: Banded | None = None,
    buildings: gpd.GeoDataFrame | None = None,
    centres: gpd.GeoDataFrame | None = None,
    settings: DemandSettings | None = None,
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Find where the people of each village are.

    Buildings where at least `FEWEST_BUILDINGS` are known, else populated cells whose middle lies in the village (blocks of
    them where there are more than ``most_points``), else a regular grid of no more points, and the finding says so. Where
    villages overlap the smaller has what lies in both, of equal ones the first. People come from the village's own number, else from the raster, cut exactly at the outline and scaled by
    ``population_factor``, else from the number of buildings. The centre is the given point, else a community centre,
    else the point nearest to the middle of the largest cluster.

    Parameters
    ----------
    villages : GeoDataFrame
        Contract `VILLAGES` in a metric CRS; polygons or points, empty shapes allowed.
    terrain : Raster
        Ground height. [m]
    population : Banded
        People per cell; only a band of it is in memory. [persons]
    buildings, centres : GeoDataFrame
        Points of buildings, and of cultural houses or community centres, in the CRS of the villages.
    settings : DemandSettings
        Spacing and gaps.

    Returns
    -------
    demand : GeoDataFrame
        Contract `DEMAND`. A village with an empty shape has no row.
    findings : list of Finding
        Which villages were given a grid, and how many people are unknown.

    Raises
    ------
    SourceError
        No village lies inside the terrain.
    """
    settings = settings or DemandSettings()
    areas = village_areas(villages, settings.point_radius_m)
    index = index_villages(areas)
    crs = CRS.from_user_input(villages.crs)
    gap_m, cells, built = settings.cluster_gap_m, None, None
    if population is not None:
        gap_m = max(gap_m, _DIAGONAL * min(cell_sides_m(population)))
        cells = populated_cells(areas, population, gap_m=gap_m, most_points=settings.most_points)
    if buildings is not None:
        built = building_places(index, buildings, len(villages), gap_m=gap_m)
    parts, findings = _choose_points(villages, areas, cells, built, settings)
    known, found = given_centres(villages, areas)
    findings += found
    table = _assemble(parts)
    if centres is not None:
        wanting = np.ones(len(villages), dtype=bool)
        wanting[known["village"].to_numpy()] = False
        known = pd.concat([known, community_centres(centres, index, table, wanting)], ignore_index=True)
    table = add_centres(table, known)
    people, found = _count_people(villages, areas, population, cells, built, settings)
    findings += found
    table["people"] = people[table["village"].to_numpy()] * table["share"]
    table["village_id"] = villages["village_id"].to_numpy()[table["village"].to_numpy()]
    table["demand_id"] = np.arange(len(table))
    demand = gpd.GeoDataFrame(
        table.drop(columns=["x", "y"]), geometry=gpd.points_from_xy(table["x"], table["y"]), crs=villages.crs
    )
    to_terrain = terrain.transformer_from(crs)
    demand["ground_m"] = terrain.sample(*to_terrain.transform(table["x"].to_numpy(), table["y"].to_numpy()))
    if demand["ground_m"].isna().all():
        raise SourceError(
            "terrain: no village lies inside it; check that the terrain is of the same area and has no gaps there"
        )
    findings += _unknown_people(villages, demand)
    DEMAND.check(demand)
    return demand[[*DEMAND.names(), "geometry"]], findings


def _choose_points(
    villages: gpd.GeoDataFrame,
    areas: gpd.GeoSeries,
    cells: Cells | None,
    built: Points | None,
    settings: DemandSettings,
) -> tuple[list[Points], list[Finding]]:
    """Take for each village the best that is known of it."""
    open_rows = ~areas.is_empty.to_numpy()
    parts: list[Points] = []
    findings: list[Finding] = []
    for points in (built, None if cells is None else cells.points):
        if points is None:
            continue
        parts.append(points.only(open_rows))
        open_rows[np.unique(parts[-1].village)] = False
    if open_rows.any():
        parts.append(grid_points(areas, open_rows, settings.grid_spacing_m, most_points=settings.most_points))
        why = "no population raster" if cells is None else "no populated cell"
        if built is not None:
            why = f"fewer than {FEWEST_BUILDINGS} buildings and {why}"
        findings.append(_grid_finding(villages, open_rows, why, settings))
    return parts, findings


def _assemble(parts: list[Points]) -> pd.DataFrame:
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("village", "x", "y", "weight", "cluster")
    }
    table = pd.DataFrame(columns)
    table["origin"] = np.concatenate([np.full(len(part.village), part.origin) for part in parts])
    table = table.sort_values("village", kind="stable", ignore_index=True)
    table["share"] = table["weight"] / table.groupby("village")["weight"].transform("sum")
    table["is_centre"] = False
    table.loc[_middles(table), "is_centre"] = True
    return table


def _middles(table: pd.DataFrame) -> NDArray[np.int64]:
    main = table[table["cluster"] <= 0]
    total = main.groupby("village")["weight"].transform("sum")
    mean_x = (main["x"] * main["weight"] / total).groupby(main["village"]).transform("sum")
    mean_y = (main["y"] * main["weight"] / total).groupby(main["village"]).transform("sum")
    away = pd.Series(np.hypot(main["x"] - mean_x, main["y"] - mean_y), index=main.index)
    return np.asarray(away.groupby(main["village"]).idxmin())


def _count_people(
    villages: gpd.GeoDataFrame,
    areas: gpd.GeoSeries,
    population: Banded | None,
    cells: Cells | None,
    built: Points | None,
    settings: DemandSettings,
) -> tuple[NDArray[np.float64], list[Finding]]:
    """Return the people of each village: its own number, else the raster's, else households of its buildings."""
    people = _column(villages, "population")
    if population is not None and cells is not None:
        within = sum_raster(areas, population).total
        # villages that overlap would count shared people twice: there the owner of each cell counts them
        owned = np.bincount(cells.points.village, weights=cells.points.weight, minlength=len(villages))
        counted = np.where(cells.shared, owned, within)
        factor = _column(villages, "population_factor")
        counted = counted * np.where(np.isfinite(factor), factor, 1.0)
        people = np.where(np.isfinite(people) | (counted <= 0), people, counted)
    if built is None:
        return people, []
    homes = np.bincount(built.village, weights=built.weight, minlength=len(villages))
    guessed = ~np.isfinite(people) & (homes > 0)
    people = np.where(guessed, homes * settings.household_size, people)
    if not guessed.any():
        return people, []
    ids = tuple(villages.loc[guessed, "village_id"].astype(str))
    message = (
        f"{count_rows(len(ids), 'village')} without a number of people: every building counts as a household of "
        f"{settings.household_size:g} ({name_rows(ids)})"
    )
    return people, [
        Finding(
            layer="villages", word="sufficient", severity="assumption", message=message, count=len(ids), rows=ids,
            source="setting demand.household_size",
        )
    ]  # fmt: skip


def _column(villages: gpd.GeoDataFrame, name: str) -> NDArray[np.float64]:
    if name not in villages:
        return np.full(len(villages), np.nan)
    return np.asarray(villages[name].astype("float64"))


def _grid_finding(
    villages: gpd.GeoDataFrame, bare: NDArray[np.bool_], why: str, settings: DemandSettings
) -> Finding:
    ids = tuple(villages.loc[bare, "village_id"].astype(str))
    return Finding(
        layer="villages",
        word="sufficient",
        severity="assumption",
        message=f"{count_rows(len(ids), 'village')} with {why}: people are taken to live evenly on a "
        f"{settings.grid_spacing_m:g} m grid, finer in small ones and coarser beyond {settings.most_points} points "
        f"({name_rows(ids)})",
        count=len(ids),
        rows=ids,
        source="settings demand.grid_spacing_m and demand.most_points",
    )


def _unknown_people(villages: gpd.GeoDataFrame, demand: gpd.GeoDataFrame) -> list[Finding]:
    unknown = demand.loc[demand["people"].isna(), "village_id"].unique()
    if not len(unknown):
        return []
    ids = tuple(str(village) for village in villages["village_id"] if village in set(unknown))
    return [
        Finding(
            layer="villages",
            word="sufficient",
            severity="warning",
            message=f"population unknown in {count_rows(len(ids), 'village')}: {name_rows(ids)}",
            count=len(ids),
            rows=ids,
        )
    ]
