"""
The memory of reading and checking a large country: 10 million tests, 1 million cells, 600 million population cells.

Everything is made up. Each part is read by `lomsong check` in a process of its own, whose peak is printed; with --parts
tests,cells,people (the default) all of it at once.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import yaml
from rasterio.transform import from_origin
from shapely import Polygon

WEST, NORTH = 102.0, 22.0
#: Cells of the population raster are of this size, as those of HRSL. [deg]
STEP = 1 / 3600
PARTS = ("tests", "cells", "people")


def make_villages(
    folder: Path, width: float, height: float, count: int, rng: np.random.Generator
) -> dict[str, object]:
    """Cover the area with quadrilaterals."""
    across = round(np.sqrt(count * width / height))
    down = round(count / across)
    x, y = np.meshgrid(
        np.linspace(WEST, WEST + width, across + 1), np.linspace(NORTH, NORTH - height, down + 1)
    )
    inner = (slice(1, -1), slice(1, -1))
    x[inner] += rng.uniform(-0.3, 0.3, x[inner].shape) * width / across
    y[inner] += rng.uniform(-0.3, 0.3, y[inner].shape) * height / down
    shapes = [
        Polygon([(x[r + a, c + b], y[r + a, c + b]) for a, b in ((0, 0), (0, 1), (1, 1), (1, 0))])
        for r in range(down)
        for c in range(across)
    ]
    names = [f"{number:06d}" for number in range(len(shapes))]
    frame = gpd.GeoDataFrame({"village_id": names, "village_name": names}, geometry=shapes, crs="EPSG:4326")
    frame.to_file(folder / "villages.gpkg", engine="pyogrio")
    return {"path": "villages.gpkg"}


def make_terrain(folder: Path, width: float, height: float, rng: np.random.Generator) -> dict[str, object]:
    shape = (int(height / 0.0025), int(width / 0.0025))
    values = rng.uniform(0, 500, shape).astype(np.float32)
    write(folder / "terrain.tif", [values], shape, 0.0025)
    return {"path": "terrain.tif"}


def write(
    path: Path, bands: list[np.ndarray] | None, shape: tuple[int, int], step: float, seed: int = 0
) -> None:
    with rasterio.open(
        path, "w", driver="GTiff", height=shape[0], width=shape[1], count=1, dtype="float32", crs="EPSG:4326",
        transform=from_origin(WEST, NORTH, step, step), nodata=-9999, compress="zstd", tiled=True, zstd_level=1,
    ) as target:  # fmt: skip
        if bands is not None:
            target.write(bands[0], 1)
            return
        rng = np.random.default_rng(seed)
        for first in range(0, shape[0], 256):
            rows = min(256, shape[0] - first)
            values = np.full((rows, shape[1]), -9999, dtype=np.float32)
            # one block of 32 cells in ten is settled, as HRSL has it; within it half of the cells
            settled = np.kron(
                rng.random((rows // 32 + 1, shape[1] // 32 + 1)) < 0.1, np.ones((32, 32), dtype=bool)
            )
            settled = settled[:rows, : shape[1]] & (rng.random(values.shape, dtype=np.float32) < 0.5)
            values[settled] = rng.uniform(0.5, 20, int(settled.sum())).astype(np.float32)
            target.write(values, 1, window=((first, first + rows), (0, shape[1])))


def make_cells(
    folder: Path, width: float, height: float, count: int, rng: np.random.Generator
) -> list[dict[str, object]]:
    masts = max(count // 12, 1)
    mast = rng.integers(0, masts, count)
    x, y = WEST + rng.uniform(0, width, masts)[mast], NORTH - rng.uniform(0, height, masts)[mast]
    frame = pd.DataFrame(
        {
            "radio": "LTE", "mcc": 452, "net": 1 + mast % 3, "area": 1 + mast // 100, "cell": mast * 256 + np.arange(count) % 256,
            "unit": 0, "lon": x + rng.normal(0, 0.002, count), "lat": y + rng.normal(0, 0.002, count),
            "range": rng.integers(500, 5000, count), "samples": rng.integers(1, 500, count), "changeable": 1,
            "created": 1_600_000_000, "updated": rng.integers(1_600_000_000, 1_700_000_000, count), "averageSignal": 0,
        }
    )  # fmt: skip
    frame.drop_duplicates(["net", "area", "cell"]).to_csv(folder / "cells.csv", index=False)
    return [{"path": "cells.csv", "format": "opencellid"}]


def make_tests(
    folder: Path, width: float, height: float, count: int, rng: np.random.Generator
) -> dict[str, object]:
    frame = pd.DataFrame(
        {
            "longitude_deg": WEST + rng.uniform(0, width, count), "latitude_deg": NORTH - rng.uniform(0, height, count),
            "download_mbps": rng.lognormal(3, 1, count).clip(0.1, 900).round(2), "upload_mbps": rng.lognormal(2, 1, count).clip(0.1, 500).round(2),
            "latency_ms": rng.uniform(10, 200, count).round(), "time": pd.to_datetime("2026-01-01") + pd.to_timedelta(rng.integers(0, 180, count), unit="D"),
            "operator": np.array(["A", "B", "C"])[rng.integers(0, 3, count)], "technology": np.array(["4g", "5g"])[rng.integers(0, 2, count)],
        }
    )  # fmt: skip
    frame.to_parquet(folder / "tests.parquet", index=False)
    return {"path": "tests.parquet", "network": "mobile", "crs": "EPSG:4326"}


def make(folder: Path, parts: list[str], share: float) -> Path:
    """Write the inputs; `share` of everything but the size of a cell."""
    rng = np.random.default_rng(1)
    shape = (round(20_000 * share**0.5), round(30_000 * share**0.5))
    height, width = shape[0] * STEP, shape[1] * STEP
    folder.mkdir(parents=True, exist_ok=True)
    inputs: dict[str, object] = {
        "villages": make_villages(folder, width, height, round(20_000 * share), rng),
        "terrain": make_terrain(folder, width, height, rng),
        "masts": make_cells(
            folder, width, height, round((1_000_000 if "cells" in parts else 30_000) * share), rng
        ),
    }
    if "people" in parts:
        write(folder / "people.tif", None, shape, STEP)
        inputs["population"] = {"path": "people.tif", "unit": "persons_per_cell"}
    if "tests" in parts:
        inputs["speed_tests"] = [make_tests(folder, width, height, round(10_000_000 * share), rng)]
    config = folder / "country.yml"
    config.write_text(yaml.safe_dump({"name": "made up", "synthetic": True, "inputs": inputs}))
    return config


CHECK = """
import json, resource, sys, time
from lomsong.settings_file import load_settings
from lomsong.inputs import read
from lomsong.quality import check
from lomsong.villages import build_demand
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
begin = time.perf_counter()
inputs = read(load_settings(sys.argv[1]))
told = {"read": [round(time.perf_counter() - begin, 1), round(peak(), 2)]}
begin = time.perf_counter()
counts = check(inputs).counts
told["check"] = [round(time.perf_counter() - begin, 1), round(peak(), 2)]
if inputs.population is not None:
    begin = time.perf_counter()
    build_demand(inputs.villages, terrain=inputs.terrain, population=inputs.population, settings=inputs.settings.demand)
    told["demand points"] = [round(time.perf_counter() - begin, 1), round(peak(), 2)]
print(json.dumps({"seconds and GiB so far": told, **counts}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "folder", type=Path, help="where the made-up country is written (2 GB for a whole one)"
    )
    parser.add_argument("--parts", default=",".join(PARTS), help="of tests, cells, people")
    parser.add_argument("--share", type=float, default=1.0)
    given = parser.parse_args()
    begin = time.perf_counter()
    config = make(given.folder, given.parts.split(","), given.share)
    print(f"made in {time.perf_counter() - begin:.0f} s", flush=True)
    done = subprocess.run(
        [sys.executable, "-c", CHECK, str(config)], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.returncode)
    print(json.dumps(json.loads(done.stdout), indent=2))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"{given.parts}: {peak:.2f} GiB at most")


if __name__ == "__main__":
    main()
