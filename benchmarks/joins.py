"""
Joins at the size of a nation against the usual ways, in the same run and with the same answers.

Villages are Voronoi cells with ragged edges; `--scale 1` is 90,000 of them, 10 million points, 1 million tiles,
600 million population cells, 300,000 masts and a million cells of a crowd's list. Of the zonal sums, whose time is in proportion to the villages, the usual
ways may run on a share of the villages (`--rival-share`), their time scaled up: the row says so.
"""

import argparse
import json
import platform
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from pyproj import CRS
from rasterio.transform import from_origin
from rasterio.windows import Window
from sites import SITES, by_dbscan, draw_cells

from lomsong.area_index import index_areas
from lomsong.clusters import cluster_places
from lomsong.joins import assign_points
from lomsong.nearest import find_nearest
from lomsong.quantiles import group_quantiles
from lomsong.settings import PopulationSource
from lomsong.sources.population import read_population
from lomsong.tile_sums import sum_tiles
from lomsong.zonal import sum_raster

WGS84 = CRS.from_epsg(4326)
HALF_WORLD_M = 20_037_508.342789244
WEST, NORTH = 102.0, 24.0
CELL_DEG = 1 / 1200
#: Cells from side to side of a village, as in 600 million cells for 90,000 villages.
CELLS_ACROSS = 82


def timed(work: Callable[[], Any], repeats: int = 1) -> tuple[float, Any]:
    """Return the median time [s] and the last answer."""
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        answer = work()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds), answer


def make_villages(count: int, rng: np.random.Generator) -> gpd.GeoSeries:
    """Return about `count` cells of a jittered lattice, some 60 vertices each, in degrees."""
    side = max(round(np.sqrt(count)), 2)
    step = CELLS_ACROSS * CELL_DEG
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(side), np.arange(side)))
    spots = np.column_stack([x, y]) + 0.5 + rng.uniform(-0.4, 0.4, (side * side, 2))
    frame = shapely.box(0, 0, side, side)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(spots), extend_to=frame))
    cells = shapely.intersection(shapely.segmentize(cells, 0.07), frame)
    placed = shapely.transform(cells, lambda xy: xy * [step, -step] + [WEST, NORTH])
    return gpd.GeoSeries(placed, crs=WGS84)


def point_join(villages: gpd.GeoSeries, points: int, repeats: int, rng: np.random.Generator) -> dict:
    west, south, east, north = villages.total_bounds
    x, y = rng.uniform(west, east, points), rng.uniform(south, north, points)
    speed = rng.lognormal(2, 1, points)

    def ours(n: int) -> tuple[np.ndarray, np.ndarray]:
        village = assign_points(index_areas(villages), x[:n], y[:n])
        return group_quantiles(village, speed[:n], groups=len(villages), shares=[0.5, 0.1])

    def theirs(n: int) -> pd.DataFrame:
        frame = gpd.GeoDataFrame({"speed": speed[:n]}, geometry=gpd.points_from_xy(x[:n], y[:n]), crs=WGS84)
        joined = gpd.sjoin(frame, gpd.GeoDataFrame(geometry=villages), predicate="intersects")
        groups = joined.groupby("index_right")["speed"]
        return pd.DataFrame({"count": groups.count(), "median": groups.median(), "low": groups.quantile(0.1)})

    ours(1000)
    seconds, (quantiles, count) = timed(lambda: ours(points), repeats)
    rival, table = timed(lambda: theirs(points))
    table = table.reindex(range(len(villages)))
    same = np.array_equal(count, table["count"].fillna(0)) and np.allclose(
        quantiles, table[["median", "low"]], equal_nan=True
    )
    name = "points in villages, count, median and 10th percentile"
    return row(name, seconds, "geopandas.sjoin + groupby", rival, 1.0, same=same)


def tile_overlay(villages: gpd.GeoSeries, tiles: int, repeats: int, rng: np.random.Generator) -> dict:
    areas = villages.to_crs(3857)
    west, south, east, north = areas.total_bounds
    across = max(round(np.sqrt(tiles * (east - west) / (north - south))), 1)
    zoom = max(int(np.log2(2 * HALF_WORLD_M / ((east - west) / across))), 1)
    side = 2 * HALF_WORLD_M / 2**zoom
    first, top = int((west + HALF_WORLD_M) / side), int((HALF_WORLD_M - north) / side)
    columns, rows = int((east - west) / side) + 1, int((north - south) / side) + 1
    column, line = (axis.ravel() for axis in np.meshgrid(first + np.arange(columns), top + np.arange(rows)))
    tests = rng.integers(1, 50, len(column)).astype(float)

    def theirs(part: gpd.GeoSeries) -> pd.Series:
        left, upper = column * side - HALF_WORLD_M, HALF_WORLD_M - line * side
        frame = gpd.GeoDataFrame(
            {"tests": tests}, geometry=shapely.box(left, upper - side, left + side, upper), crs=3857
        )
        pieces = gpd.overlay(
            gpd.GeoDataFrame({"village": part.index}, geometry=part.to_numpy(), crs=3857), frame
        )
        return (pieces["tests"] * pieces.area / side**2).groupby(pieces["village"]).sum()

    sum_tiles(areas.iloc[:10], column, line, tests, zoom=zoom)
    seconds, sums = timed(lambda: sum_tiles(areas, column, line, tests, zoom=zoom), repeats)
    rival, table = timed(lambda: theirs(areas))
    same = np.allclose(sums.total, table.reindex(range(len(areas)), fill_value=0), rtol=1e-7)
    name = f"{len(column):,} tiles shared out by area"
    return row(name, seconds, "geopandas.overlay", rival, 1.0, same=same)


def make_population(path: Path, cells: int, rng: np.random.Generator) -> None:
    """Write a tiled raster under the villages: float32, without compression, so that reading is cheap for all."""
    with rasterio.open(
        path, "w", driver="GTiff", width=cells, height=cells, count=1, dtype="float32", crs="EPSG:4326", tiled=True,
        blockxsize=512, blockysize=512, nodata=-99999, transform=from_origin(WEST, NORTH, CELL_DEG, CELL_DEG),
    ) as target:  # fmt: skip
        for top in range(0, cells, 512):
            rows = min(512, cells - top)
            band = rng.random((rows, cells), dtype=np.float32) * 10
            band[rng.random((rows, cells), dtype=np.float32) < 0.2] = -99999
            target.write(band, 1, window=Window(0, top, cells, rows))


def population(
    villages: gpd.GeoSeries, folder: Path, rivals: float, repeats: int, rng: np.random.Generator
) -> list:
    west, _, east, _ = villages.total_bounds
    path = folder / "population.tif"
    cells = round((east - west) / CELL_DEG)
    make_population(path, cells, rng)
    source = PopulationSource(path=path, unit="persons_per_cell")
    # a run looks through the file once before, for what is impossible in it
    people, _ = read_population(source, bounds=tuple(villages.total_bounds), crs=WGS84)
    sum_raster(villages.iloc[:10], people)
    seconds, sums = timed(lambda: sum_raster(villages, people), repeats)
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory so far, with the villages and all before: {peak_gib:.2f} GiB")
    part = villages.iloc[: max(int(len(villages) * rivals), 10)]
    scale, share, ours = len(villages) / len(part), len(part) / len(villages), sums.total[: len(part)]
    name = f"people of each village from {cells**2 / 1e6:,.0f} million cells"
    rows = []
    try:
        import exactextract  # noqa: PLC0415 - for comparison only
    except ImportError:
        print("exactextract is not installed: left out")
    else:
        frame = gpd.GeoDataFrame(geometry=part)
        rival, table = timed(lambda: exactextract.exact_extract(str(path), frame, ["sum"], output="pandas"))
        away = float(np.nanmax(np.abs(ours / table["sum"].to_numpy(dtype=float) - 1)))
        rows.append(row(name, seconds, "exactextract", rival * scale, share, same=away < 1e-6, worst=away))
    try:
        from rasterstats import zonal_stats  # noqa: PLC0415 - for comparison only
    except ImportError:
        print("rasterstats is not installed: left out")
    else:
        few = part.iloc[: max(len(part) // 10, 10)]
        rival, stats = timed(lambda: zonal_stats(few.tolist(), str(path), stats=["sum"]))
        coarse = np.array([each["sum"] or 0.0 for each in stats], dtype=float)
        away = float(np.median(np.abs(coarse / ours[: len(few)] - 1)))
        # pixel centres are another answer: it must be near, not the same
        scale, share = len(villages) / len(few), len(few) / len(villages)
        rows.append(row(name, seconds, "rasterstats", rival * scale, share, same=away < 0.05, worst=away))
    return rows


def nearest(masts: int, points: int, repeats: int, rng: np.random.Generator) -> dict:
    from sklearn.neighbors import BallTree  # noqa: PLC0415 - for comparison only

    lon, lat = rng.uniform(102, 110, points), rng.uniform(8, 24, points)
    to_lon, to_lat = rng.uniform(102, 110, masts), rng.uniform(8, 24, masts)

    def theirs() -> tuple[np.ndarray, np.ndarray]:
        tree = BallTree(np.radians(np.column_stack([to_lat, to_lon])), metric="haversine")
        away, found = tree.query(np.radians(np.column_stack([lat, lon])))
        return away[:, 0], found[:, 0]

    seconds, (place, _) = timed(lambda: find_nearest(lon, lat, to_lon, to_lat), repeats)
    rival, (_, found) = timed(theirs)
    wrong = float((place[: len(found)] != found).mean())
    name = f"nearest of {masts:,} masts for {points:,} points"
    return row(name, seconds, "BallTree haversine", rival, 1.0, same=wrong < 0.01, worst=wrong)


def clustering(cells: int, repeats: int) -> dict:
    """Gather the cells that a crowd recorded into masts."""
    table = draw_cells(cells)
    x, y = table.geometry.x.to_numpy(), table.geometry.y.to_numpy()
    operator = pd.factorize(table["operator"])[0].astype(np.int64)

    def ours(link_m: float) -> int:
        found = cluster_places(x, y, operator, link_m=link_m, widest_m=np.inf)
        return int(found.max()) + 1

    seconds, count = timed(lambda: ours(SITES.same_mast_m), repeats)
    rival, theirs = timed(lambda: by_dbscan(table))
    # lengths on the sphere and on the map differ by up to a part in a hundred
    same = ours(1.01 * SITES.same_mast_m) <= theirs <= ours(0.99 * SITES.same_mast_m)
    name = f"{cells:,} cells of a crowd gathered into masts, chains left whole"
    return row(name, seconds, "DBSCAN haversine", rival, 1.0, same=same, worst=abs(count / theirs - 1))


def row(
    job: str,
    seconds: float,
    rival: str,
    rival_seconds: float,
    share: float,
    *,
    same: bool,
    worst: float = 0.0,
) -> dict:
    ratio = rival_seconds / seconds
    note = "" if share == 1 else f" (timed on {share:.2%}, scaled up)"
    print(
        f"{job}: {seconds:.2f} s; {rival} {rival_seconds:.1f} s{note}: {ratio:.0f} times; same answer: {same}"
    )
    return {"job": job, "seconds": seconds, "rival": rival, "rival_seconds": rival_seconds, "rival_share": share,
            "ratio": ratio, "same_answer": bool(same), "difference": worst}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.01, help="share of a nation")
    parser.add_argument(
        "--rival-share", type=float, default=1.0, help="share of the villages that the usual zonal sums get"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--only", choices=["points", "tiles", "population", "nearest", "clusters"], default=None
    )
    parser.add_argument("--json", type=Path, default=None, help="write the figures there")
    arguments = parser.parse_args()
    rng, scale = np.random.default_rng(1), arguments.scale
    share, repeats, only = arguments.rival_share, arguments.repeats, arguments.only
    villages = make_villages(max(int(90_000 * scale), 16), rng)
    print(f"{len(villages):,} villages of {shapely.get_num_coordinates(villages).mean():.0f} vertices")
    rows: list[dict] = []
    if only in (None, "points"):
        rows.append(point_join(villages, int(1e7 * scale), repeats, rng))
    if only in (None, "tiles"):
        rows.append(tile_overlay(villages, int(1e6 * scale), repeats, rng))
    if only in (None, "population"):
        with tempfile.TemporaryDirectory() as folder:
            rows += population(villages, Path(folder), share, repeats, rng)
    if only in (None, "nearest"):
        rows.append(nearest(int(300_000 * scale), int(300_000 * scale), repeats, rng))
    if only in (None, "clusters"):
        rows.append(clustering(int(1e6 * scale), repeats))
    if arguments.json is not None:
        about = {"machine": platform.processor() or platform.machine(), "python": platform.python_version()}
        arguments.json.write_text(json.dumps({**about, "scale": scale, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
