"""
A made-up nation of the size of Vietnam, and shares of it: seconds and memory of every step, and how they grow.

Ridged mountains with villages in their valleys: 90,000 villages on 330,000 km², 30,000 masts with 100,000 sectors of three
operators, a million speed tests, terrain and population at three seconds of arc. All of it synthetic.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
import yaml
from numpy.typing import NDArray
from rasterio.transform import from_origin
from scipy.ndimage import map_coordinates

WEST, NORTH = 104.0, 22.0
STEP = 1 / 1200
#: Of the whole nation. [km]
WIDTH_KM, HEIGHT_KM = 300.0, 1100.0
VILLAGES, SITES, TESTS = 90_000, 30_000, 1_000_000
KM_PER_DEG = 111.0
#: Times as many for each village: 50 million sectors and 200 million tests on 5 million villages.
CONTINENT_SITES, CONTINENT_TESTS = 9.0, 3.6
TO_THE_RANKING = ("read", "check", "predict", "calibrate", "assess", "rank")
#: Pieces of each side of a village's outline.
PIECES = 8
_Floats = NDArray[np.float64]


def ridged(shape: tuple[int, int], step: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return heights on cells of so many degrees: ridges of 40 km and their halves, quarters, ..., higher in the west. [m]"""
    heights = np.zeros(shape, dtype=np.float32)
    for octave in range(6):
        cells = 40.0 / 2**octave / (KM_PER_DEG * step)
        lattice = rng.uniform(-1, 1, (int(shape[0] / cells) + 4, int(shape[1] / cells) + 4)).astype(
            np.float32
        )
        for first in range(0, shape[0], 512):
            row = (np.arange(first, min(first + 512, shape[0])) / cells + 1)[:, None]
            column = (np.arange(shape[1]) / cells + 1)[None, :]
            noise = map_coordinates(lattice, np.broadcast_arrays(row, column), order=1)
            heights[first : first + 512] += 900.0 / 2**octave * (1 - np.abs(noise)) ** 2
    plain = np.linspace(1.0, 0.05, shape[1], dtype=np.float32)
    return heights * plain


def outlines(
    across: int, down: int, width: float, height: float, rng: np.random.Generator
) -> list[shapely.Polygon]:
    """Cover a rectangle with villages whose winding outlines fit together."""
    n = PIECES
    x, y = np.meshgrid(np.linspace(0, width, across * n + 1), np.linspace(0, height, down * n + 1))
    x[:, 1:-1] += rng.uniform(-0.3, 0.3, (len(x), across * n - 1)) * width / across / n
    y[1:-1] += rng.uniform(-0.3, 0.3, (down * n - 1, y.shape[1])) * height / down / n
    k, none = np.arange(n), np.zeros(n, dtype=int)
    ring_row = np.concatenate([none, k, none + n, n - k, [0]])
    ring_column = np.concatenate([k, none + n, n - k, none, [0]])
    row, column = (axis.ravel()[:, None] * n for axis in np.mgrid[0:down, 0:across])
    rings = np.stack(
        [WEST + x[row + ring_row, column + ring_column], NORTH - y[row + ring_row, column + ring_column]],
        axis=-1,
    )
    return list(shapely.polygons(rings))


def write_raster(path: Path, values: NDArray[np.float32], step: float) -> None:
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1, dtype="float32", crs="EPSG:4326",
        transform=from_origin(WEST, NORTH, step, step), nodata=-9999, compress="zstd", zstd_level=1, tiled=True, bigtiff="if_safer",
    ) as target:  # fmt: skip
        target.write(values, 1)


def make(folder: Path, share: float, *, dense: bool = False, seed: int = 1) -> Path:
    """Write a share of the nation and its settings; with as many masts and tests for each village as a continent has."""
    finer, more_sites, more_tests = (3, CONTINENT_SITES, CONTINENT_TESTS) if dense else (1, 1.0, 1.0)
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    width, height = WIDTH_KM * share**0.5 / KM_PER_DEG, HEIGHT_KM * share**0.5 / KM_PER_DEG
    shape = (int(height / STEP), int(width / STEP))
    heights = ridged((finer * shape[0], finer * shape[1]), STEP / finer, rng)
    write_raster(folder / "terrain.tif", heights, STEP / finer)
    heights = heights[::finer, ::finer]
    across = max(round((VILLAGES * share * width / height) ** 0.5), 1)
    down = round(VILLAGES * share / across)
    shapes = outlines(across, down, width, height, rng)
    x, y, ground = hamlets(shapes, heights, rng)
    write_raster(folder / "people.tif", people(x, y, shape, rng), STEP)
    names = np.array([f"{number:06d}" for number in range(len(shapes))])
    frame = gpd.GeoDataFrame({"village_id": names, "village_name": names}, geometry=shapes, crs="EPSG:4326")
    frame.to_file(folder / "villages.gpkg", engine="pyogrio")
    sites = masts(folder, x[:, 0], y[:, 0], ground[:, 0], round(SITES * more_sites * share), rng)
    tests(folder, sites, round(TESTS * more_tests * share), rng)
    config = folder / "nation.yml"
    config.write_text(yaml.safe_dump({
        "name": f"a made-up nation, share {share:g}", "synthetic": True,
        "inputs": {
            "villages": {"path": "villages.gpkg"}, "masts": [{"path": "masts.csv", "crs": "EPSG:4326"}], "terrain": {"path": "terrain.tif"},
            "speed_tests": [{"path": "tests.parquet", "network": "mobile", "crs": "EPSG:4326"}],
            "population": {"path": "people.tif", "unit": "persons_per_cell"},
        },
        "demand": {"most_points": 24},
    }))  # fmt: skip
    return config


def hamlets(
    shapes: list[shapely.Polygon], heights: NDArray[np.float32], rng: np.random.Generator
) -> tuple[_Floats, _Floats, _Floats]:
    """Return three places in each village, each the lowest of four: people live in valleys; shape (villages, 3)."""
    west, south, east, north = shapely.bounds(shapes).T[:, :, None, None]
    x, y = (
        low + (0.15 + 0.7 * rng.random((len(shapes), 3, 4))) * (high - low)
        for low, high in ((west, east), (south, north))
    )
    row = np.clip(((NORTH - y) / STEP).astype(int), 0, heights.shape[0] - 1)
    column = np.clip(((x - WEST) / STEP).astype(int), 0, heights.shape[1] - 1)
    ground = heights[row, column].astype(np.float64)
    lowest = ground.argmin(axis=2)[..., None]
    return tuple(np.take_along_axis(each, lowest, axis=2)[..., 0] for each in (x, y, ground))  # type: ignore[return-value]


def people(x: _Floats, y: _Floats, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return people per cell: about fifteen cells round each hamlet."""
    values = np.zeros(shape, dtype=np.float32)
    for _ in range(15):
        row = ((NORTH - y.ravel()) / STEP + rng.normal(0, 2.5, x.size)).astype(int).clip(0, shape[0] - 1)
        column = ((x.ravel() - WEST) / STEP + rng.normal(0, 2.5, x.size)).astype(int).clip(0, shape[1] - 1)
        np.add.at(values, (row, column), rng.uniform(2, 35, x.size).astype(np.float32))
    return np.where(values > 0, values, np.float32(-9999))


def masts(
    folder: Path, x: _Floats, y: _Floats, ground: _Floats, count: int, rng: np.random.Generator
) -> _Floats:
    """Write masts near villages, rarely high up; three 4G sectors each, and 2G on every third."""
    weight = np.exp(-ground / 250.0)
    village = rng.choice(len(x), count, p=weight / weight.sum())
    site = np.column_stack(
        [x[village] + rng.normal(0, 0.004, count), y[village] + rng.normal(0, 0.004, count)]
    )
    rows = []
    for technology, azimuths, of in (("4g", (0, 120, 240), 1), ("2g", (None,), 3)):
        for number, azimuth in enumerate(azimuths):
            chosen = np.arange(0, count, of)
            rows.append(pd.DataFrame({
                "site_id": [f"S{k}" for k in chosen], "sector_id": [f"S{k}-{technology}-{number}" for k in chosen],
                "operator": np.array(["A", "B", "C"])[chosen % 3], "technology": technology, "azimuth_deg": azimuth,
                "longitude_deg": site[chosen, 0].round(6), "latitude_deg": site[chosen, 1].round(6),
            }))  # fmt: skip
    pd.concat(rows).to_csv(folder / "masts.csv", index=False)
    return site


def tests(folder: Path, sites: _Floats, count: int, rng: np.random.Generator) -> None:
    place = sites[rng.integers(0, len(sites), count)] + rng.normal(0, 0.01, (count, 2))
    pd.DataFrame({
        "longitude_deg": place[:, 0], "latitude_deg": place[:, 1], "download_mbps": rng.lognormal(3, 1, count).clip(0.1, 900).round(2),
        "upload_mbps": rng.lognormal(2, 1, count).clip(0.1, 500).round(2), "latency_ms": rng.uniform(10, 200, count).round(),
        "time": pd.to_datetime("2026-01-01") + pd.to_timedelta(rng.integers(0, 180, count), unit="D"),
        "operator": np.array(["A", "B", "C"])[rng.integers(0, 3, count)], "technology": "4g",
    }).to_parquet(folder / "tests.parquet", index=False)  # fmt: skip


def measure(config: Path, out: Path, options: list[str]) -> dict[str, object]:
    """Run the chain in a process of its own; return its record in short."""
    command = [
        sys.executable,
        "-m",
        "lomsong",
        "run",
        str(config),
        "--out",
        str(out),
        "--json",
        "--quiet",
        *options,
    ]
    begin = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    record = json.loads(done.stdout)
    wall, used = record["seconds"], record["processor_seconds"]
    for times in (wall, used):
        times["to the ranking"] = round(sum(times[name] for name in TO_THE_RANKING), 1)
    wall["whole"] = round(time.perf_counter() - begin, 1)
    gib = round(record["peak_memory_mib"] / 1024, 2)
    return {"seconds": wall, "processor_seconds": used, "gib": gib, "counts": record["counts"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="0.01,0.1", help="shares of the nation, by comma; 1 is all of it")
    parser.add_argument("--folder", type=Path, help="keep the nation and the results here")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument(
        "--dense", action="store_true", help="masts and tests as dense as a continent's, terrain at 30 m"
    )
    parser.add_argument("--options", default="", help="for lomsong run, such as '--engine processes'")
    given = parser.parse_args()
    results: dict[str, dict[str, object]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        root = given.folder or Path(scratch)
        for share in sorted(float(each) for each in given.scale.split(",")):
            begin = time.perf_counter()
            config = make(root / f"nation-{share:g}", share, dense=given.dense)
            print(f"share {share:g}: made in {time.perf_counter() - begin:.0f} s", flush=True)
            results[f"{share:g}"] = measure(config, root / f"out-{share:g}", given.options.split())
            print(json.dumps(results[f"{share:g}"]), flush=True)
    tell(results)
    if given.json:
        machine = {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "system": platform.system(),
        }
        given.json.write_text(json.dumps({"machine": machine, "results": results}, indent=2) + "\n")


def tell(results: dict[str, dict[str, object]]) -> None:
    """Print seconds and processor seconds of each step, and the exponent of growth from the smallest to the largest share."""
    shares = list(results)
    for kind in ("seconds", "processor_seconds"):
        times: dict[str, dict[str, float]] = {share: results[share][kind] for share in shares}  # type: ignore[misc]
        print(f"{kind:<18}" + "".join(f"{share:>12}" for share in shares) + f"{'exponent':>12}")
        for step in times[shares[0]]:
            exponent = ""
            if len(shares) > 1:
                a, b = (max(times[share][step], 0.01) for share in (shares[0], shares[-1]))
                exponent = f"{np.log(b / a) / np.log(float(shares[-1]) / float(shares[0])):.2f}"
            print(
                f"{step:<18}"
                + "".join(f"{times[share][step]:>12.1f}" for share in shares)
                + f"{exponent:>12}"
            )
    print(f"{'GiB at most':<18}" + "".join(f"{results[share]['gib']:>12}" for share in shares))


if __name__ == "__main__":
    main()
