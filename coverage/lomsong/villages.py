"""Demand points: where the people of each village are, in which cluster, and where its centre is."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from lomsong.areas import village_areas
from lomsong.errors import SourceError
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.grid import Raster
from lomsong.schemas import DEMAND
from lomsong.settings import DemandSettings

#: A village without a population raster gets at least this many demand points: one centroid hides every hill.
FEWEST_POINTS = 9
#: Closer than this a grid is not refined. [m]
FINEST_SPACING_M = 15.0
#: A given centre may lie this far outside its village, as outlines are coarse; further off it is a mistake. [m]
FARTHEST_CENTRE_M = 2000.0
#: Cells touch diagonally: neighbours are up to this many cell sizes apart.
_DIAGONAL = 1.5


@dataclass(frozen=True, slots=True)
class _Points:
    """Points with the row number of their village and their weight; people where the raster says."""

    village: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    weight: NDArray[np.float64]
    origin: str


def build_demand(
    villages: gpd.GeoDataFrame,
    *,
    terrain: Raster,
    population: Raster | None = None,
    settings: DemandSettings | None = None,
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Find where the people of each village are.

    Populated cells whose centre lies in the village; a village without one gets a regular grid, and the
    finding says so. The centre is the given point, else the point nearest to the middle of the largest cluster.

    Parameters
    ----------
    villages : GeoDataFrame
        Contract `VILLAGES` in a metric CRS; polygons or points, empty shapes allowed.
    terrain, population : Raster
        Ground height [m] and people per cell [persons].
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
    findings: list[Finding] = []
    cells = _populated_cells(areas, population) if population is not None else None
    covered = np.zeros(len(villages), dtype=bool)
    parts: list[_Points] = []
    gap_m = settings.cluster_gap_m
    if cells is not None and population is not None:
        covered[np.unique(cells.village)] = True
        parts.append(cells)
        gap_m = max(gap_m, _DIAGONAL * population.cell_size_m())
    bare = ~covered & ~areas.is_empty.to_numpy()
    if bare.any():
        parts.append(_grid_points(areas, bare, settings.grid_spacing_m))
        why = "no population raster" if population is None else "no populated cell"
        findings.append(_grid_finding(villages, bare, why, settings.grid_spacing_m))
    centres, found = _given_centres(villages, areas)
    findings += found
    table = _assemble(villages, parts, gap_m, centres)
    demand = gpd.GeoDataFrame(
        table.drop(columns=["x", "y"]), geometry=gpd.points_from_xy(table["x"], table["y"]), crs=villages.crs
    )
    to_terrain = terrain.transformer_from(CRS.from_user_input(villages.crs))
    demand["ground_m"] = terrain.sample(*to_terrain.transform(table["x"].to_numpy(), table["y"].to_numpy()))
    if demand["ground_m"].isna().all():
        raise SourceError(
            "terrain: no village lies inside it; check that the terrain is of the same area and has no gaps there"
        )
    findings += _people_findings(villages, demand)
    DEMAND.check(demand)
    return demand[[*DEMAND.names(), "geometry"]], findings


def _populated_cells(areas: gpd.GeoSeries, population: Raster) -> _Points:
    rows, columns = np.nonzero(np.nan_to_num(population.values) > 0)
    x_left, x_step, y_top, y_step = population.transform
    back = Transformer.from_crs(population.crs, CRS.from_user_input(areas.crs), always_xy=True)
    x, y = back.transform(x_left + (columns + 0.5) * x_step, y_top + (rows + 0.5) * y_step)
    people = population.values[rows, columns].astype(np.float64)
    village, point = _containing(areas, x, y)
    return _Points(village, x[point], y[point], people[point], "population")


def _containing(
    areas: gpd.GeoSeries, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair points with villages, ordered by village; where villages overlap the first in the file has the point."""
    point, village = shapely.STRtree(areas.to_numpy()).query(shapely.points(x, y), predicate="intersects")
    order = np.lexsort((village, point))
    point, village = point[order], village[order]
    first = np.append(True, point[1:] != point[:-1]) if len(point) else np.zeros(0, dtype=bool)
    point, village = point[first], village[first]
    order = np.lexsort((point, village))
    return village[order], point[order]


def _grid_points(areas: gpd.GeoSeries, wanted: NDArray[np.bool_], spacing_m: float) -> _Points:
    """Cover polygons with a grid; one that holds too few points gets a finer grid, down to a floor."""
    open_rows = np.flatnonzero(wanted)
    found: list[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]] = []
    while len(open_rows):
        finest = spacing_m < 2 * FINEST_SPACING_M
        still = []
        for row in open_rows:
            x, y = _lattice(areas.iloc[row], spacing_m)
            if len(x) < FEWEST_POINTS and not finest:
                still.append(row)
                continue
            if len(x) == 0:
                inner = areas.iloc[row].representative_point()
                x, y = np.array([inner.x]), np.array([inner.y])
            found.append((np.full(len(x), row), x, y))
        open_rows, spacing_m = np.array(still, dtype=np.int64), spacing_m / 2
    village, x, y = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    order = np.argsort(village, kind="stable")
    return _Points(village[order], x[order], y[order], np.ones(len(village)), "grid")


def _lattice(area: shapely.Geometry, spacing_m: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    west, south, east, north = area.bounds
    # lines at whole multiples of the spacing, so that a place keeps its points when its neighbours change
    columns = np.arange(np.ceil(west / spacing_m), np.floor(east / spacing_m) + 1) * spacing_m
    rows = np.arange(np.ceil(south / spacing_m), np.floor(north / spacing_m) + 1) * spacing_m
    x, y = (axis.ravel() for axis in np.meshgrid(columns, rows))
    shapely.prepare(area)
    inside = shapely.contains_xy(area, x, y)
    return x[inside], y[inside]


def _assemble(
    villages: gpd.GeoDataFrame, parts: list[_Points], gap_m: float, centres: pd.DataFrame
) -> pd.DataFrame:
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("village", "x", "y", "weight")
    }
    table = pd.DataFrame(columns)
    table["origin"] = np.concatenate([np.full(len(part.village), part.origin) for part in parts])
    table = table.sort_values("village", kind="stable", ignore_index=True)
    table["share"] = table["weight"] / table.groupby("village")["weight"].transform("sum")
    table["cluster"] = _clusters(table, gap_m)
    table["is_centre"] = False
    table.loc[_middles(table), "is_centre"] = True
    table = _with_given_centres(table, centres)
    population = _column(villages, "population")[table["village"].to_numpy()]
    counted = np.where(table["origin"] == "grid", np.nan, table["weight"])
    table["people"] = np.where(np.isfinite(population), population * table["share"], counted)
    table["village_id"] = villages["village_id"].to_numpy()[table["village"].to_numpy()]
    table["demand_id"] = np.arange(len(table))
    return table


def _column(villages: gpd.GeoDataFrame, name: str) -> NDArray[np.float64]:
    if name not in villages:
        return np.full(len(villages), np.nan)
    return np.asarray(villages[name].astype("float64"))


def _clusters(table: pd.DataFrame, gap_m: float) -> NDArray[np.int64]:
    """Number the residential clusters of each village, the most peopled first; a grid tells none (-1)."""
    from sklearn.cluster import DBSCAN  # noqa: PLC0415 - slow to load; a grid needs none

    numbers = np.full(len(table), -1, dtype=np.int64)
    peopled = table[table["origin"] == "population"]
    for _, rows in peopled.groupby("village"):
        labels = DBSCAN(eps=gap_m, min_samples=1).fit_predict(rows[["x", "y"]].to_numpy())
        size = np.bincount(labels, weights=rows["weight"])
        place = np.empty(len(size), dtype=np.int64)
        place[np.argsort(-size, kind="stable")] = np.arange(len(size))
        numbers[rows.index] = place[labels]
    return numbers


def _middles(table: pd.DataFrame) -> NDArray[np.int64]:
    main = table[table["cluster"] <= 0]
    total = main.groupby("village")["weight"].transform("sum")
    mean_x = (main["x"] * main["weight"] / total).groupby(main["village"]).transform("sum")
    mean_y = (main["y"] * main["weight"] / total).groupby(main["village"]).transform("sum")
    away = pd.Series(np.hypot(main["x"] - mean_x, main["y"] - mean_y), index=main.index)
    return np.asarray(away.groupby(main["village"]).idxmin())


def _given_centres(villages: gpd.GeoDataFrame, areas: gpd.GeoSeries) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the centres that the file gives, as x and y by row; one far from its village is not believed."""
    longitude, latitude = _column(villages, "centre_longitude_deg"), _column(villages, "centre_latitude_deg")
    rows = np.flatnonzero(np.isfinite(longitude) & np.isfinite(latitude) & ~areas.is_empty.to_numpy())
    shapes = areas.to_numpy()[rows]
    to_metric = Transformer.from_crs("EPSG:4326", CRS.from_user_input(villages.crs), always_xy=True)

    def away(
        first: NDArray[np.float64], second: NDArray[np.float64]
    ) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
        x, y = to_metric.transform(first[rows], second[rows])
        distance = shapely.distance(shapes, shapely.points(x, y))
        return pd.DataFrame({"village": rows, "x": x, "y": y}), ~(distance <= FARTHEST_CENTRE_M)

    centres, far = away(longitude, latitude)
    if not far.any():
        return centres, []
    exchanged = np.abs(longitude[rows]) <= 90
    if far.mean() > 0.5 and exchanged.all() and away(latitude, longitude)[1].mean() < 0.5:
        raise SourceError(
            "villages: the given centres lie in their villages only with longitude and latitude exchanged; swap "
            "centre_longitude_deg and centre_latitude_deg under inputs.villages columns"
        )
    ids = tuple(villages["village_id"].astype(str).to_numpy()[rows[far]])
    message = (
        f"{count_rows(len(ids), 'given centre')} more than {FARTHEST_CENTRE_M / 1000:g} km from the village not used: "
        f"{name_rows(ids)}"
    )
    return centres[~far], [
        Finding(
            layer="villages", word="correct", severity="warning", message=message, count=len(ids), rows=ids
        )
    ]


def _with_given_centres(table: pd.DataFrame, centres: pd.DataFrame) -> pd.DataFrame:
    """Add the given centres, as points without people, in the cluster that they stand next to."""
    centres = centres[centres["village"].isin(table["village"])]
    if centres.empty:
        return table
    rows = centres["village"].to_numpy()
    joined = table.reset_index().merge(centres, on="village", suffixes=("", "_centre"))
    joined["away"] = np.hypot(joined["x"] - joined["x_centre"], joined["y"] - joined["y_centre"])
    nearest = joined.loc[joined.groupby("village")["away"].idxmin()].set_index("village")["cluster"]
    centres = centres.assign(
        weight=0.0, share=0.0, origin="given", is_centre=True, cluster=nearest.reindex(rows).to_numpy()
    )
    table.loc[table["village"].isin(rows), "is_centre"] = False
    both = pd.concat([table, centres], ignore_index=True)
    return both.sort_values("village", kind="stable", ignore_index=True)


def _grid_finding(villages: gpd.GeoDataFrame, bare: NDArray[np.bool_], why: str, spacing_m: float) -> Finding:
    ids = tuple(villages.loc[bare, "village_id"].astype(str))
    return Finding(
        layer="villages",
        word="sufficient",
        severity="assumption",
        message=f"{count_rows(len(ids), 'village')} with {why}: people are taken to live evenly on a {spacing_m:g} m "
        f"grid, finer in small ones ({name_rows(ids)})",
        count=len(ids),
        rows=ids,
        source="setting demand.grid_spacing_m",
    )


def _people_findings(villages: gpd.GeoDataFrame, demand: gpd.GeoDataFrame) -> list[Finding]:
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
