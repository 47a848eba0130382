"""
One mast, one area, one engine: how many receivers a second.

    python benchmarks/area.py --dem N44W072.hgt --lat 44.45 --lon -71.55 --tx-height-m 30 --frequency-mhz 900 \
        --radius-km 30 --cell-m 90 --engine radial

The first run compiles the engine or loads it from disk, and is reported apart; the rest give the median.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import rasterio
from pyproj import CRS, Transformer

from lomsong.compiled import get_num_threads, set_num_threads
from lomsong.errors import LomsongError
from lomsong.grid import Raster
from lomsong.propagation.area import AreaLoss, area_loss
from lomsong.propagation.area_request import AreaSettings, Transmitter


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dem", type=Path, required=True, help="any raster of heights that rasterio opens")
    parser.add_argument("--lat", type=float, required=True, help="of the mast [degrees]")
    parser.add_argument("--lon", type=float, required=True, help="of the mast [degrees]")
    parser.add_argument("--tx-height-m", type=float, required=True)
    parser.add_argument("--frequency-mhz", type=float, required=True)
    parser.add_argument("--radius-km", type=float, required=True)
    parser.add_argument("--cell-m", type=float, required=True, help="distance between receivers")
    parser.add_argument("--engine", choices=["exact", "radial"], required=True)
    parser.add_argument("--model", choices=["p1812", "p526"], default="p1812")
    parser.add_argument(
        "--step-m", type=float, help="distance between terrain samples (default: the DEM's cells)"
    )
    parser.add_argument("--rx-height-m", type=float, default=1.5)
    parser.add_argument("--time-percent", type=float, default=50.0)
    parser.add_argument("--delta-n", type=float, default=45.0, help="refractivity gradient [N-units/km]")
    parser.add_argument("--n0", type=float, default=325.0, help="refractivity at sea level [N-units]")
    parser.add_argument("--threads", type=int, help="default: all cores")
    parser.add_argument("--runs", type=int, default=5, help="timed runs after the first")
    parser.add_argument("--out", type=Path, help="write path_loss_db, lat, lon to this .npz")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def read_dem(path: Path) -> Raster:
    """Read the whole raster; missing cells become NaN."""
    with rasterio.open(path) as dataset:
        values = dataset.read(1, masked=True).astype(np.float32).filled(np.nan)
        affine, crs = dataset.transform, dataset.crs
    if crs is None or affine.b or affine.d or affine.a <= 0 or affine.e >= 0:
        raise SystemExit(f"{path}: needs a CRS and rows from north to south")
    return Raster(values, (affine.c, affine.a, affine.f, affine.e), CRS.from_user_input(crs))


def measure(terrain: Raster, arguments: argparse.Namespace) -> tuple[AreaLoss, dict[str, object]]:
    x, y = Transformer.from_crs("EPSG:4326", terrain.crs, always_xy=True).transform(
        arguments.lon, arguments.lat
    )
    transmitter = Transmitter(x=x, y=y, height_m=arguments.tx_height_m, frequency_mhz=arguments.frequency_mhz)
    settings = AreaSettings(
        refractivity_gradient=arguments.delta_n,
        surface_refractivity=arguments.n0,
        receiver_height_m=arguments.rx_height_m,
        time_percent=arguments.time_percent,
        model=arguments.model,
        engine=arguments.engine,
        step_m=arguments.step_m,
    )
    if arguments.threads:
        set_num_threads(arguments.threads)
    times = []
    for run in range(arguments.runs + 1):
        if run == 0:
            print("first run: compiles the engine, or loads it from disk", file=sys.stderr)
        begin = time.perf_counter()
        found = area_loss(
            terrain, transmitter, settings, radius_m=arguments.radius_km * 1e3, cell_m=arguments.cell_m
        )
        times.append(time.perf_counter() - begin)
    seconds = statistics.median(times[1:])
    cells = int(np.isfinite(found.path_loss_db).sum())
    return found, {
        "engine": arguments.engine,
        "model": arguments.model,
        "cells": cells,
        "seconds": round(seconds, 5),
        "seconds_fastest": round(min(times[1:]), 5),
        "cells_per_second": round(cells / seconds),
        "compile_seconds": round(max(times[0] - seconds, 0.0), 2),
        "runs": arguments.runs,
        "threads": get_num_threads(),
        "machine_load": round(os.getloadavg()[0], 2),
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def write(path: Path, found: AreaLoss) -> None:
    """Write lat [rows] and lon [columns], or both for every receiver where the DEM is in a projected CRS."""
    lat, lon = found.y, found.x
    if not found.crs.is_geographic:
        lon, lat = found.coordinates()
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, path_loss_db=found.path_loss_db, lat=lat, lon=lon)


def main() -> None:
    arguments = read_arguments()
    try:
        found, report = measure(read_dem(arguments.dem), arguments)
    except LomsongError as error:
        raise SystemExit(str(error)) from None
    if arguments.out:
        write(arguments.out, found)
    if arguments.json:
        print(json.dumps(report))
        return
    for name, value in report.items():
        print(f"{name:<20}{value}")


if __name__ == "__main__":
    main()
