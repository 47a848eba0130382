"""
What the map costs at the scale of a district, a province and a nation: size, building, opening, repainting, zooming.

A synthetic nation: villages with shared rough borders, masts, planned sites. The page is opened from disk by
Debian's Chromium over a pipe. `python benchmarks/map.py [--json FILE] [--only 1000] [--keep FOLDER]`.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from lomsong.grid import Raster

CHROMIUM = "/usr/bin/chromium"
SIZES = {1_000: 60_000.0, 11_000: 200_000.0, 90_000: 570_000.0}
#: Rows of masts, and whether relief and plan come along: only the nation has them in the published table.
MASTS = {90_000: 100_000}
PLANNED_SITES = 400
WEST, SOUTH = 200_000.0, 1_800_000.0
STATUSES = ["white", "hollow", "underserved", "verify", "covered", "served"]
SYLLABLES = [
    "Nà",
    "Bản",
    "Pác",
    "Khuổi",
    "Lũng",
    "Tả",
    "Đèo",
    "Sín",
    "Phiêng",
    "Huổi",
    "Đông",
    "Mạ",
    "Lìn",
    "Gió",
]


def make_nation(count: int, side_m: float) -> gpd.GeoDataFrame:
    """Voronoi cells with borders as rough as surveyed ones: about 50 corners a village."""
    rng = np.random.default_rng(2023)
    xy = rng.uniform(0, 1, (count, 2)) * side_m + (WEST, SOUTH)
    # codes follow places, as administrative codes do
    xy = xy[np.argsort(gpd.GeoSeries(gpd.points_from_xy(*xy.T)).hilbert_distance().to_numpy(), kind="stable")]
    box = shapely.box(WEST, SOUTH, WEST + side_m, SOUTH + side_m)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(xy), extend_to=box, ordered=True))
    cells = shapely.intersection(cells, box)
    cells = shapely.segmentize(cells, side_m / np.sqrt(count) / 12)
    cells = shapely.transform(cells, lambda where: _crumple(where, side_m / np.sqrt(count)))
    status = rng.choice(STATUSES, count, p=[0.1, 0.1, 0.15, 0.1, 0.25, 0.3])
    population = rng.integers(80, 1400, count).astype(float)
    p = np.clip(np.where(np.isin(status, ["white"]), rng.beta(1, 5, count), rng.beta(6, 2, count)), 0, 1)
    words = rng.choice(SYLLABLES, (count, 2))
    margin = rng.integers(-25, 30, count)
    reasons = [
        f"nearest recorded mast {a / 1000:.1f} km (Sóng Xanh); best server Núi Đá 4G at {b / 1000:.1f} km: −{c} dBm, "
        f"{abs(m)} dB {'over' if m > 0 else 'under'} the threshold; terrain {d / 1000:.1f} km away blocks {e} dB; "
        f"no mobile test within 1.0 km of the centre; p = {q:.2f}"
        for a, b, c, m, d, e, q in zip(
            rng.integers(200, 9000, count), rng.integers(300, 9900, count), rng.integers(80, 130, count), margin,
            rng.integers(100, 5000, count), rng.integers(3, 40, count), p, strict=True,
        )
    ]  # fmt: skip
    need = 100 * (1 - p) * population / population.max()
    return gpd.GeoDataFrame(
        {
            "village_id": [f"{i:07d}" for i in range(count)],
            "village_name": [f"{a} {b} {i % 37}" for i, (a, b) in enumerate(words)],
            "commune_code": [f"{i // 27:05d}" for i in range(count)],
            "commune_name": [f"Xã {SYLLABLES[i // 27 % 14]} {i // 27}" for i in range(count)],
            "province_name": [f"Tỉnh {i // 2700}" for i in range(count)],
            "population": population,
            "households": np.round(population / 4.1),
            "grid_power": pd.array(rng.random(count) > 0.1, dtype="boolean"),
            "fund_eligible": pd.array(rng.random(count) > 0.6, dtype="boolean"),
            "status": status,
            "p_signal": p,
            "covered_share": np.clip(p + rng.normal(0, 0.05, count), 0, 1),
            "unserved_people": population * (1 - p),
            "evidence": "predicted",
            "confidence": np.abs(2 * p - 1),
            "reasons": reasons,
            "nearest_site_m": rng.uniform(400, 9000, count),
            "mobile_tests": rng.integers(0, 20, count),
            "download_mbps": np.where(rng.random(count) > 0.5, rng.gamma(2, 10, count), np.nan),
            "rank": pd.Series(need).rank(ascending=False, method="first").astype(int),
            "need": need,
            "need_people": rng.uniform(0, 100, count),
            "need_severity": rng.uniform(0, 100, count),
            "need_isolation": rng.uniform(0, 100, count),
        },
        geometry=list(cells),
        crs="EPSG:32648",
    )


def _crumple(xy: np.ndarray, side_m: float) -> np.ndarray:
    """Move points as a function of their place alone, so that neighbours keep one border."""
    x, y = xy.T / side_m
    wave_x = np.sin(9 * y + 3 * np.sin(5 * x)) + 0.6 * np.sin(31 * y + 17 * x)
    wave_y = np.sin(8 * x + 3 * np.sin(6 * y)) + 0.6 * np.sin(29 * x - 19 * y)
    return xy + 0.045 * side_m * np.stack([wave_x, wave_y]).T


def make_masts(count: int, side_m: float) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(7)
    xy = rng.uniform(0, 1, (count, 2)) * side_m + (WEST, SOUTH)
    return gpd.GeoDataFrame(
        {
            "sector_id": [f"S{i:06d}-1" for i in range(count)],
            "site_id": [f"S{i:06d}" for i in range(count)],
            "operator": rng.choice(["Sóng Xanh", "Núi Đá", "Viễn thông Mây"], count),
            "technology": rng.choice(["2g", "3g", "4g", "5g"], count),
            "azimuth_deg": np.where(rng.random(count) > 0.3, rng.integers(0, 36, count) * 10.0, np.nan),
            "beamwidth_deg": 65.0,
            "frequency_mhz": rng.choice([700.0, 900.0, 1800.0, 2100.0], count),
            "antenna_height_m": rng.integers(20, 60, count).astype(float),
        },
        geometry=gpd.points_from_xy(*xy.T),
        crs="EPSG:32648",
    )


def make_plan(villages: gpd.GeoDataFrame, side_m: float) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(3)
    ids = villages["village_id"].to_numpy()
    first = rng.integers(0, len(ids) - 12, PLANNED_SITES)
    return gpd.GeoDataFrame(
        {
            "site_id": [f"P{i:03d}" for i in range(PLANNED_SITES)],
            "order": np.arange(1, PLANNED_SITES + 1),
            "cost": rng.uniform(40_000, 120_000, PLANNED_SITES),
            "people": rng.uniform(200, 4000, PLANNED_SITES),
            "village_ids": [list(ids[start : start + 12]) for start in first],
        },
        geometry=gpd.points_from_xy(*(rng.uniform(0, 1, (PLANNED_SITES, 2)) * side_m + (WEST, SOUTH)).T),
        crs=villages.crs,
    )


def make_terrain(side_m: float) -> Raster:
    across, down = np.meshgrid(np.linspace(0, 60, 1500), np.linspace(0, 50, 1500))
    heights = 600 + 350 * np.abs(np.sin(across + 0.4 * np.sin(down))) + 120 * np.sin(2.3 * down + across)
    cell = side_m / 1500
    return Raster(heights.astype(np.float32), (WEST, cell, SOUTH + side_m, -cell), CRS("EPSG:32648"))


def build(count: int, target: Path) -> dict[str, float]:
    """Build and save one map in this process; the peak includes the tables themselves."""
    from lomsong.maps import MapParts, save_map, village_map  # noqa: PLC0415

    side = SIZES[count]
    villages = make_nation(count, side)
    extra: dict[str, Any] = {}
    if count in MASTS:
        extra["sectors"] = make_masts(MASTS[count], side)
        extra["plan"] = make_plan(villages, side)
        extra["terrain"] = make_terrain(side)
    village_map(villages.iloc[:50])  # machine code and projections are loaded once a process
    begin = time.perf_counter()
    save_map(village_map(villages, parts=MapParts(**extra)), target)
    return {
        "build_s": round(time.perf_counter() - begin, 2),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "file_mb": round(target.stat().st_size / 1e6, 2),
    }


FRAMES = """
() => { window.__frames = []; let last = performance.now();
  const tick = (now) => { window.__frames.push(now - last); last = now; if (window.__frames) requestAnimationFrame(tick); };
  requestAnimationFrame(tick); }
"""
REPAINT = """
async () => { const layer = lomsong.shown.villages, times = [];
  if (lomsong.shown.state.plan) {
    for (const step of [50, 100, 150, 200, 250]) {
      const begin = performance.now();
      lomsong.shown.state.step = step;
      await lomsong.shown.state.apply();
      times.push(performance.now() - begin);
    }
    lomsong.shown.state.step = 0;
  }
  for (let i = 0; i < 7; i++) {
    const begin = performance.now();
    await layer.show((row) => layer.style[row] !== i % 6);
    times.push(performance.now() - begin);
  }
  await layer.show(() => true);
  return times; }
"""
ZOOM = """
async () => { const map = lomsong.shown.map, wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const begin = window.__frames.length;
  for (const step of [1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1]) { map.setZoom(map.getZoom() + step); await wait(700); }
  return Math.max(...window.__frames.slice(begin)); }
"""


def measure(page_path: Path, *, slower: int = 1) -> dict[str, float]:
    """Open a map and use it."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        requests: list[str] = []
        complaints: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if slower > 1:
            session = page.context.new_cdp_session(page)
            session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        page.goto(page_path.as_uri())
        page.wait_for_function("() => window.lomsong && lomsong.isReady()", timeout=120_000)
        interactive = page.evaluate("() => performance.getEntriesByName('lomsong:interactive')[0].startTime")
        found = {"interactive_ms": round(interactive)}
        if slower == 1:
            page.evaluate(FRAMES)
            found["repaint_ms"] = round(statistics.median(page.evaluate(REPAINT)))
            found["worst_zoom_frame_ms"] = round(page.evaluate(ZOOM))
            found["heap_mb"] = round(page.evaluate("() => performance.memory.usedJSHeapSize") / 1e6, 1)
        browser.close()
    if complaints or len(requests) != 1:
        raise SystemExit(f"{page_path}: {len(requests)} requests, complaints: {complaints}")
    return found


def middle(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--only", type=int, choices=SIZES, action="append")
    parser.add_argument("--keep", type=Path, help="keep the maps in this folder")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--build", type=int, choices=SIZES, help=argparse.SUPPRESS)
    parser.add_argument("--target", type=Path, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.build:
        print(json.dumps(build(wanted.build, wanted.target)))
        return
    figures: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = wanted.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for count in wanted.only or SIZES:
            target = folder / f"map_{count}.html"
            command = [sys.executable, __file__, "--build", str(count), "--target", str(target)]
            built = [
                json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                for _ in range(min(wanted.runs, 2))
            ]
            opened = middle([measure(target) for _ in range(wanted.runs)])
            slow = measure(target, slower=4)["interactive_ms"]
            figures[str(count)] = {**middle(built), **opened, "interactive_4x_slower_ms": slow}
            print(count, json.dumps(figures[str(count)]), flush=True)
    if wanted.json:
        wanted.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
