"""Cells → sites at scale: `python benchmarks/sites.py [cells] [tests]`; `joins.py` compares the clustering with DBSCAN."""

import gc
import resource
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyproj import CRS
from sklearn.cluster import DBSCAN

from lomsong.settings import RadioSettings, SiteSettings, SpeedTestSource
from lomsong.sites import build_sectors
from lomsong.sources.measurements import complete
from lomsong.sources.speedtests import read_speed_tests

METRIC = CRS.from_epsg(32648)
EARTH_M = 6_371_008.8
SITES = SiteSettings()
#: What a million cells may take. [s]
MOST_S = 5.0


def draw_cells(count: int) -> gpd.GeoDataFrame:
    """Draw masts, most of them in towns, and ten cells about each, as a crowd records them."""
    rng = np.random.default_rng(1)
    masts = max(count // 10, 1)
    towns = rng.uniform(-600e3, 600e3, (200, 2))
    spots = rng.uniform(-600e3, 600e3, (masts, 2))
    urban = rng.random(masts) < 0.6
    spots[urban] = towns[rng.integers(0, 200, urban.sum())] + rng.normal(0, 6e3, (urban.sum(), 2))
    xy = np.repeat(spots, 10, axis=0)[:count] + rng.normal(0, 60, (count, 2)) + (500e3, 2_000e3)
    number = np.arange(count)
    table = pd.DataFrame(
        {
            "sector_id": pd.Series(number.astype(str), dtype="string"),
            "operator": np.repeat(rng.choice(list("ABCD"), masts), 10)[:count],
            "technology": np.array(["2g", "3g", "4g"])[number % 3],
            "samples": rng.integers(1, 50, count).astype(float),
            "range_m": np.where(rng.random(count) < 0.8, 1000.0, rng.uniform(100, 20_000, count)),
            "on_air": pd.Series(
                (np.datetime64("2015-01-01") + rng.integers(0, 3000, count)).astype(str), dtype="string"
            ),
        }
    )
    table["node"] = pd.Series((number // 10).astype(str), dtype="string").where(number % 3 == 2)
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(*xy.T), crs=METRIC)


def by_dbscan(cells: gpd.GeoDataFrame) -> int:
    """Count the clusters that DBSCAN finds for each operator on the sphere."""
    degrees = cells.to_crs("EPSG:4326")
    found = 0
    for _, own in degrees.groupby("operator"):
        angles = np.radians(np.column_stack([own.geometry.y, own.geometry.x]))
        model = DBSCAN(
            eps=SITES.same_mast_m / EARTH_M, min_samples=1, metric="haversine", algorithm="ball_tree"
        )
        found += int(model.fit(angles).labels_.max()) + 1
    return found


def write_tests(path: Path, count: int) -> None:
    """Write tiles in the layout of Ookla's open data, all within one country."""
    rng = np.random.default_rng(2)
    schema = None
    writer = None
    for begin in range(0, count, 1_000_000):
        rows = min(1_000_000, count - begin)
        digits = rng.integers(0, 4, (rows, 10))
        keys = np.char.add(
            "132033", np.apply_along_axis(lambda row: "".join(map(str, row)), 1, digits[:1000])
        )
        keys = np.resize(keys, rows)
        table = pa.table(
            {"quadkey": keys, "avg_d_kbps": rng.integers(100, 200_000, rows), "avg_u_kbps": rng.integers(100, 90_000, rows),
             "avg_lat_ms": rng.integers(1, 200, rows), "tests": rng.integers(1, 9, rows), "devices": rng.integers(1, 5, rows)}
        )  # fmt: skip
        writer = writer or pq.ParquetWriter(path, schema or table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(count: int, tests: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tests.parquet"
        write_tests(path, tests)
        gc.collect()
        before, begin = peak_mib(), time.perf_counter()
        frame, _ = read_speed_tests(SpeedTestSource(path=path, network="mobile"), crs=METRIC)
        frame = complete(frame)
        print(
            f"{len(frame):,} tests read and projected in {time.perf_counter() - begin:.1f} s, peak {peak_mib():,.0f} MiB ({before:,.0f} before)"
        )
        del frame
    gc.collect()
    cells = draw_cells(count)
    build_sectors(cells.iloc[:1000], RadioSettings(), SITES)  # compiles
    seconds, processor = [], []
    for _ in range(3):
        begin, used = time.perf_counter(), time.process_time()
        sectors, _ = build_sectors(cells, RadioSettings(), SITES)
        seconds.append(time.perf_counter() - begin)
        processor.append(time.process_time() - used)
    print(
        f"{count:,} cells to {sectors['site_id'].nunique():,} sites with defaults and uncertainties: median {np.median(seconds):.2f} s, "
        f"{np.median(processor):.2f} s of processor time; peak {peak_mib():,.0f} MiB"
    )
    return 0 if np.median(seconds) <= MOST_S else 1


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*(given + [1_000_000, 10_000_000][len(given) :])))
