"""Populated cells by village: the same as point by point, whatever the bands; merged without losing anybody."""

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import CRS
from shapely import MultiPolygon, Point, Polygon, box
from sklearn.cluster import DBSCAN

from lomsong.area_index import index_areas
from lomsong.grid import Band, Raster
from lomsong.joins import assign_points
from lomsong.peopled_cells import PeopledCells, gather_cells

UTM = CRS.from_epsg(32648)
X0, Y0, STEP = 400_000.0, 2_400_000.0, 100.0


@dataclass(frozen=True)
class InBands:
    """A raster in memory that comes in bands of a few rows."""

    held: Raster
    rows: int

    @property
    def transform(self) -> tuple[float, float, float, float]:
        return self.held.transform

    @property
    def crs(self) -> CRS:
        return self.held.crs

    @property
    def shape(self) -> tuple[int, int]:
        return self.held.shape

    def bands(self, first: int = 0, last: int | None = None) -> Iterator[Band]:
        end = self.shape[0] if last is None else last
        for top in range(first, end, self.rows):
            yield top, self.held.values[top : min(top + self.rows, end)]


def settled(seed: int = 1, *, share: float = 0.2, size: int = 120) -> Raster:
    rng = np.random.default_rng(seed)
    values = rng.uniform(0.5, 30.0, (size, size)).astype(np.float32)
    values[rng.random((size, size)) > share] = np.nan
    return Raster(values, (X0, STEP, Y0 + size * STEP, -STEP), UTM)


def shapes(seed: int = 2, count: int = 12) -> gpd.GeoSeries:
    """Discs that overlap, one with a hole, one in two parts, one empty; no cell's middle on an outline."""
    rng = np.random.default_rng(seed)
    discs = [
        Point(X0 + x, Y0 + y).buffer(radius)
        for x, y, radius in zip(
            *rng.uniform(0, 12_000, (2, count)), rng.uniform(200, 2500, count), strict=True
        )
    ]
    discs[0] = discs[0].difference(discs[0].centroid.buffer(150.3))
    discs[1] = MultiPolygon(
        [Point(X0 + 900, Y0 + 11_000).buffer(700.7), Point(X0 + 11_500, Y0 + 650).buffer(900.9)]
    )
    return gpd.GeoSeries([*discs, Polygon()], crs=UTM)


def gather(
    areas: gpd.GeoSeries, raster: Raster, *, rows: int = 256, gap_m: float = 150.0, most: int = 100_000
) -> PeopledCells:
    return gather_cells(areas, InBands(raster, rows), gap_m=gap_m, most_points=most)


def table(cells: PeopledCells) -> pd.DataFrame:
    return pd.DataFrame(
        {name: getattr(cells, name) for name in ("village", "row", "column", "people", "cluster")}
    )


def test_every_populated_cell_goes_to_the_smallest_village_round_its_middle() -> None:
    raster, areas = settled(), shapes()
    row, column = np.nonzero(np.isfinite(raster.values))
    owner = assign_points(
        index_areas(areas.to_numpy()), X0 + (column + 0.5) * STEP, Y0 + (120 - row - 0.5) * STEP
    )
    expected = {
        (v, r, c) for v, r, c in zip(owner.tolist(), row.tolist(), column.tolist(), strict=True) if v >= 0
    }
    found = table(gather(areas, raster))
    assert set(found[["village", "row", "column"]].itertuples(index=False, name=None)) == expected
    assert found["people"].tolist() == raster.values[found["row"], found["column"]].tolist()


def test_villages_that_share_a_populated_cell_are_told() -> None:
    areas = gpd.GeoSeries(
        [
            box(X0, Y0, X0 + 1000, Y0 + 1000),
            box(X0 + 500, Y0, X0 + 1500, Y0 + 1000),
            box(X0 + 2000, Y0, X0 + 3000, Y0 + 900),
        ],
        crs=UTM,
    )
    assert gather(areas, settled(share=1.0)).shared.tolist() == [True, True, False]
    apart = settled(share=1.0)
    apart.values[:, 5:10] = np.nan  # nobody lives where they overlap
    assert gather(areas, apart).shared.tolist() == [False, False, False]


@pytest.mark.parametrize("rows", [1, 7, 64])
@pytest.mark.parametrize("most", [5, 100_000])
def test_the_bands_of_the_file_change_nothing(rows: int, most: int) -> None:
    pd.testing.assert_frame_equal(
        table(gather(shapes(), settled(), rows=rows, most=most)),
        table(gather(shapes(), settled(), most=most)),
    )


@pytest.mark.parametrize("gap_m", [100.0, 150.0, 330.0])
def test_clusters_are_those_of_single_linkage_the_most_peopled_first(gap_m: float) -> None:
    found = table(gather(shapes(), settled(share=0.06), gap_m=gap_m))
    for _, mine in found.groupby("village"):
        labels = DBSCAN(eps=gap_m, min_samples=1).fit_predict(mine[["row", "column"]].to_numpy() * STEP)
        pairs = pd.DataFrame({"theirs": labels, "ours": mine["cluster"].to_numpy()}).drop_duplicates()
        assert pairs["theirs"].is_unique
        assert pairs["ours"].is_unique
        people = mine.groupby("cluster")["people"].sum()
        assert people.is_monotonic_decreasing
        assert people.index.tolist() == list(range(len(people)))


def test_a_populous_village_is_cut_into_blocks_and_nobody_is_lost() -> None:
    raster, areas = settled(share=1.0), shapes()
    every, merged = table(gather(areas, raster)), table(gather(areas, raster, most=60))
    before, after = every.groupby("village"), merged.groupby("village")
    assert after.size().max() <= 60
    assert after["people"].sum().tolist() == pytest.approx(before["people"].sum().tolist())
    small = before.size()[before.size() <= 60].index
    pd.testing.assert_frame_equal(
        merged[merged["village"].isin(small)].reset_index(drop=True),
        every[every["village"].isin(small)].reset_index(drop=True),
    )
    # a block stands where most of its people do, and blocks are no finer than they have to be
    large = merged[~merged["village"].isin(small)]
    assert (large["people"] >= raster.values[large["row"], large["column"]]).all()
    assert after.size()[~after.size().index.isin(small)].min() > 60 / 8
    biggest = before.size().idxmax()
    mine = every[every["village"] == biggest]
    for level in range(1, 10):
        blocks = mine.groupby([mine["row"] // 2**level, mine["column"] // 2**level])["people"]
        if blocks.ngroups <= 60:
            break
    best = mine.loc[blocks.idxmax(), ["row", "column"]].sort_values(["row", "column"])
    ours = merged.loc[merged["village"] == biggest, ["row", "column"]].sort_values(["row", "column"])
    assert ours.to_numpy().tolist() == best.to_numpy().tolist()


def test_blocks_never_join_clusters_so_each_keeps_a_point() -> None:
    values = np.full((40, 40), np.nan, dtype=np.float32)
    values[::8, ::8] = 1.0
    raster = Raster(values, (X0, STEP, Y0 + 4000, -STEP), UTM)
    area = gpd.GeoSeries([box(X0, Y0, X0 + 4000, Y0 + 4000)], crs=UTM)
    found = table(gather(area, raster, most=9))
    assert len(found) == 25
    assert found["cluster"].nunique() == 25


def test_degrees_are_metres_on_the_ellipsoid() -> None:
    """At 60 degrees north a cell is half as wide as tall: neighbours in a row link, those in a column do not."""
    values = np.full((3, 4), np.nan, dtype=np.float32)
    values[1, 1:3] = 5.0
    values[2, 1] = 1.0
    raster = Raster(values, (10.0, 0.001, 60.0, -0.001), CRS.from_epsg(4326))
    area = gpd.GeoSeries([box(10.0, 59.0, 10.1, 60.1)], crs="EPSG:4326")
    assert gather_cells(area, raster, gap_m=60.0, most_points=80).cluster.tolist() == [0, 0, 1]
    assert gather_cells(area, raster, gap_m=112.0, most_points=80).cluster.tolist() == [0, 0, 0]
