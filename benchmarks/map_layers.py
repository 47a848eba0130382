"""
What a nation's signal rasters and road net add to the map: bytes of the file and processor time.

Synthetic: levels that fall with the distance from masts, with fading; roads as random walks of all classes.
`python benchmarks/map_layers.py [--side 6333] [--rasters 2] [--roads 300000]`.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from pyproj import CRS
from rasterio.transform import from_origin
from scipy.spatial import cKDTree

from lomsong.maps.frame import WebFrame
from lomsong.maps.signal_contents import signal_contents
from lomsong.maps.ways import way_contents

WEST, NORTH, SIDE_M = 200_000.0, 2_370_000.0, 570_000.0
UTM = "EPSG:32648"
KINDS = ["trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "track"]
#: Cells along a side that share a distance to the mast; each has its own fading.
BLOCK = 4


def write_levels(path: Path, side: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    masts = cKDTree(rng.uniform(0, SIDE_M, (5000, 2)))
    middle = (np.arange(-(-side // BLOCK)) + 0.5) * SIDE_M * BLOCK / side
    away_m, _ = masts.query(np.stack(np.meshgrid(middle, middle), axis=-1).reshape(-1, 2))
    level = (-55 - 35 * np.log10(np.maximum(away_m, 50) / 100)).reshape(len(middle), -1).astype(np.float32)
    level += 8 * rng.standard_normal(level.shape, dtype=np.float32)
    level = np.repeat(np.repeat(level, BLOCK, axis=0), BLOCK, axis=1)[:side, :side]
    level += 2 * rng.standard_normal(level.shape, dtype=np.float32)
    cell = SIDE_M / side
    with rasterio.open(
        path, "w", driver="GTiff", width=side, height=side, count=1, dtype="float32", crs=UTM,
        transform=from_origin(WEST, NORTH, cell, cell), nodata=np.nan, tiled=True,
    ) as target:  # fmt: skip
        target.write(level, 1)
        target.update_tags(operator=f"Operator {seed}", technology="4g")


def make_roads(count: int) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(5)
    steps = rng.normal(0, 150, (count, 8, 2)).cumsum(axis=1)
    xy = rng.uniform(0, SIDE_M, (count, 1, 2)) + np.array([WEST, NORTH - SIDE_M]) + steps
    kinds = rng.choice(KINDS, count, p=[0.01, 0.02, 0.05, 0.1, 0.22, 0.4, 0.2])
    return gpd.GeoDataFrame({"kind": kinds}, geometry=shapely.linestrings(xy), crs=CRS(UTM))


def packed_mb(packs: list[bytes]) -> float:
    """Return megabytes in the file, where packs stand as base64."""
    return round(sum(map(len, packs)) * 4 / 3 / 1e6, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=6333, help="cells along a side of each raster")
    parser.add_argument("--rasters", type=int, default=2)
    parser.add_argument("--roads", type=int, default=300_000)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    wanted = parser.parse_args()
    frame = WebFrame()
    with tempfile.TemporaryDirectory() as scratch:
        paths = [Path(scratch) / f"signal_{number}.tif" for number in range(wanted.rasters)]
        for number, path in enumerate(paths):
            write_levels(path, wanted.side, number)
        begin = time.process_time()
        pictures = signal_contents(paths, frame)
        signal_s = time.process_time() - begin
    roads = make_roads(wanted.roads)
    begin = time.process_time()
    packs, whole = way_contents(roads, frame)
    roads_s = time.process_time() - begin
    figures = {
        "signal_mb": packed_mb([each.packs.first for each in pictures]),
        "signal_cpu_s": round(signal_s, 2),
        "roads_mb": packed_mb([packs.first] if packs else []),
        "roads_whole": whole,
        "roads_cpu_s": round(roads_s, 2),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(figures))
    if wanted.json:
        wanted.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
