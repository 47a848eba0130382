"""Where people of a village may be: populated cells, buildings, or an even grid where neither is known."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from lomsong.area_index import AreaIndex, index_areas
from lomsong.grid import Banded
from lomsong.joins import pair_points
from lomsong.peopled_cells import gather_cells

#: A village without a population raster gets at least this many demand points: one centroid hides every hill.
FEWEST_POINTS = 9
#: Closer than this a grid is not refined. [m]
FINEST_SPACING_M = 15.0
#: Fewer mapped buildings than this are no picture of a village; the size of a residential cluster that counts.
FEWEST_BUILDINGS = 10
#: Buildings within a cell of this size are one demand point: the grid for reporting of BNetzA and BEREC. [m]
BUILDING_CELL_M = 100.0


@dataclass(frozen=True, slots=True)
class Points:
    """
    Points with the row number of their village and their weight.

    Attributes
    ----------
    village : ndarray, shape (n,)
        Row numbers, rising.
    x, y : ndarray, shape (n,)
        In the CRS of the villages. [m]
    weight : ndarray, shape (n,)
        People of a cell, buildings of a place, or one each on a grid.
    cluster : ndarray, shape (n,)
        Residential cluster within the village, from 0, the most peopled first; -1 where places tell none.
    origin : str
        Of `DEMAND`.
    """

    village: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    weight: NDArray[np.float64]
    cluster: NDArray[np.int64]
    origin: str

    def only(self, wanted: NDArray[np.bool_]) -> "Points":
        """Return the points of the villages whose row is `wanted`."""
        keep = wanted[self.village]
        return Points(
            self.village[keep], self.x[keep], self.y[keep], self.weight[keep], self.cluster[keep], self.origin
        )


@dataclass(frozen=True, slots=True)
class Cells:
    """Populated cells by village, and the villages that share a cell with another."""

    points: Points
    shared: NDArray[np.bool_]


def index_villages(areas: gpd.GeoSeries) -> AreaIndex:
    """Make village areas ready for `building_places`."""
    return index_areas(areas.to_numpy())


def populated_cells(areas: gpd.GeoSeries, population: Banded, *, gap_m: float, most_points: int) -> Cells:
    """
    Return the populated cells whose middle lies in a village, merged where there are very many.

    Parameters and rules are those of `peopled_cells.gather_cells`.
    """
    cells = gather_cells(areas, population, gap_m=gap_m, most_points=most_points)
    x_left, x_step, y_top, y_step = population.transform
    back = Transformer.from_crs(population.crs, CRS.from_user_input(areas.crs), always_xy=True)
    x, y = back.transform(x_left + (cells.column + 0.5) * x_step, y_top + (cells.row + 0.5) * y_step)
    points = Points(cells.village, x, y, cells.people, cells.cluster, "population")
    return Cells(points, cells.shared)


def building_places(index: AreaIndex, buildings: gpd.GeoDataFrame, villages: int, *, gap_m: float) -> Points:
    """
    Return where buildings stand, gathered in cells of `BUILDING_CELL_M`; villages with too few have none.

    Parameters
    ----------
    index : AreaIndex
        From `index_villages`.
    buildings : GeoDataFrame
        Points in the CRS of the villages; one building each.
    villages : int
        How many there are.
    gap_m : float
        Greatest distance between neighbours of one residential cluster. [m]
    """
    x, y = buildings.geometry.x.to_numpy(), buildings.geometry.y.to_numpy()
    village, point, _ = _containing(index, x, y, villages)
    table = pd.DataFrame({"village": village, "x": x[point], "y": y[point]})
    cells = [
        table["village"],
        *(np.floor(table[axis] / BUILDING_CELL_M).rename(axis + "_cell") for axis in "xy"),
    ]
    places = table.groupby(cells).agg(x=("x", "mean"), y=("y", "mean"), weight=("x", "size")).reset_index()
    numbers = np.bincount(village, minlength=villages)
    found = Points(
        places["village"].to_numpy(dtype=np.int64),
        places["x"].to_numpy(dtype=np.float64),
        places["y"].to_numpy(dtype=np.float64),
        places["weight"].to_numpy(dtype=np.float64),
        _clusters(places, gap_m),
        "buildings",
    )
    return found.only(numbers >= FEWEST_BUILDINGS)


def _clusters(places: pd.DataFrame, gap_m: float) -> NDArray[np.int64]:
    """Number the residential clusters of each village, the most built first."""
    from sklearn.cluster import DBSCAN  # noqa: PLC0415 - slow to load, and few runs have buildings

    numbers = np.empty(len(places), dtype=np.int64)
    for _, rows in places.groupby("village"):
        labels = DBSCAN(eps=gap_m, min_samples=1).fit_predict(rows[["x", "y"]].to_numpy())
        size = np.bincount(labels, weights=rows["weight"])
        place = np.empty(len(size), dtype=np.int64)
        place[np.argsort(-size, kind="stable")] = np.arange(len(size))
        numbers[rows.index] = place[labels]
    return numbers


def _containing(
    index: AreaIndex, x: NDArray[np.float64], y: NDArray[np.float64], villages: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Pair points with villages, ordered by village; where villages overlap the smaller has the point."""
    point, village = pair_points(index, x, y)
    first = np.append(True, point[1:] != point[:-1]) if len(point) else np.zeros(0, dtype=bool)
    shared = np.zeros(villages, dtype=bool)
    later = np.flatnonzero(~first)
    shared[village[later]] = True
    shared[village[later - 1]] = True
    point, village = point[first], village[first]
    order = np.lexsort((point, village))
    return village[order], point[order], shared


def grid_points(
    areas: gpd.GeoSeries, wanted: NDArray[np.bool_], spacing_m: float, *, most_points: int
) -> Points:
    """
    Cover polygons with a grid.

    One that holds fewer than `FEWEST_POINTS` gets a finer grid, down to a floor; one that would hold more than
    `most_points` a coarser one, in tenths of the spacing.
    """
    found: list[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]] = []
    for row in np.flatnonzero(wanted):
        x, y = _even_points(areas.iloc[row], spacing_m, most_points)
        found.append((np.full(len(x), row), x, y))
    village, x, y = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    none = np.full(len(village), -1, dtype=np.int64)
    return Points(village, x, y, np.ones(len(village)), none, "grid")


def _even_points(
    area: shapely.Geometry, spacing_m: float, most_points: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    shapely.prepare(area)
    tenth_m = spacing_m / 10
    tenths = max(int(np.sqrt(area.area / most_points) / tenth_m), 10)
    x, y = _lattice(area, tenths * tenth_m)
    while len(x) > most_points:
        tenths += 1
        x, y = _lattice(area, tenths * tenth_m)
    finer_m = tenths * tenth_m
    while len(x) < FEWEST_POINTS and finer_m >= 2 * FINEST_SPACING_M:
        finer_m /= 2
        x, y = _lattice(area, finer_m)
    if len(x) == 0:
        inner = area.representative_point()
        x, y = np.array([inner.x]), np.array([inner.y])
    return x, y


def _lattice(area: shapely.Geometry, spacing_m: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    west, south, east, north = area.bounds
    # lines at whole multiples of the spacing, so that a place keeps its points when its neighbours change
    columns = np.arange(np.ceil(west / spacing_m), np.floor(east / spacing_m) + 1) * spacing_m
    rows = np.arange(np.ceil(south / spacing_m), np.floor(north / spacing_m) + 1) * spacing_m
    x, y = (axis.ravel() for axis in np.meshgrid(columns, rows))
    inside = shapely.contains_xy(area, x, y)
    return x[inside], y[inside]
