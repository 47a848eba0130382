"""
Cells per second against programs that others use, in one run on one machine.

SPLAT! (Debian's `splat`: apt-get install splat) draws ITM over a disc; itmlogic and pycraf (PyPI) compute one path at a time.
Each is called through its public interface only; what is not installed is said and left out.
"""

import argparse
import importlib.util
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio

AREA = Path(__file__).with_name("area.py")


def median_seconds(work: Callable[[], object], runs: int = 3) -> float:
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def splat_rate(dem: Path, lat: float, lon: float, radius_km: float) -> float | None:
    """Return SPLAT!'s cells per second with its ITM, all of its process counted; None where it is not installed."""
    if not (shutil.which("splat") and shutil.which("srtm2sdf")):
        return None
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        shutil.copy(dem, here / dem.name)
        subprocess.run(["srtm2sdf", dem.name], cwd=here, check=True, capture_output=True)
        (here / "mast.qth").write_text(f"mast\n{lat}\n{-lon}\n30 meters\n")
        (here / "mast.lrp").write_text("15.000\n0.005\n301.000\n900.000\n5\n1\n0.50\n0.50\n")
        command = [
            "splat",
            "-t",
            "mast.qth",
            "-L",
            "1.5",
            "-R",
            str(radius_km),
            "-metric",
            "-olditm",
            "-d",
            ".",
            "-N",
            "-o",
            "map.ppm",
        ]
        seconds = median_seconds(lambda: subprocess.run(command, cwd=here, check=True, capture_output=True))
    with rasterio.open(dem) as tile:
        step = abs(tile.transform.a)
    cell_m2 = (step * 111_195) ** 2 * np.cos(np.radians(lat))
    return float(np.pi * (radius_km * 1e3) ** 2 / cell_m2 / seconds)


def own_rate(engine: str, arguments: argparse.Namespace, threads: int) -> float:
    """Return our cells per second as `area.py` prints them."""
    command = [sys.executable, str(AREA), "--dem", arguments.dem, "--lat", str(arguments.lat), "--lon", str(arguments.lon),
               "--tx-height-m", "30", "--frequency-mhz", "900", "--radius-km", str(arguments.radius_km), "--cell-m", "90",
               "--engine", engine, "--threads", str(threads), "--json"]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout)["cells_per_second"])


def itmlogic_rate() -> float | None:
    """Return itmlogic's paths per second: its documented point-to-point call on a 300-sample profile."""
    if importlib.util.find_spec("itmlogic") is None:
        return None
    from itmlogic.preparatory_subroutines.qlrpfl import qlrpfl  # noqa: PLC0415 - optional

    rng = np.random.default_rng(1)
    heights = 300 + 100 * np.cumsum(rng.normal(0, 0.1, 301))

    def one() -> None:
        prop = {
            "hg": [30, 1.5], "wn": 900 / 47.7, "gme": 1 / 8.5e6, "ens0": 314, "ens": 301, "klim": 5, "mdp": -1, "eps": 15,
            "sgm": 0.005, "ipol": 1, "zgnd": complex(4, 0.1), "klimx": 0, "mdvarx": 11, "lvar": 5, "d": 27.0, "kwx": 0,
            "pfl": [300, 90.0, *heights], "gma": 157e-9,
        }  # fmt: skip
        qlrpfl(prop)

    return 20 / median_seconds(lambda: [one() for _ in range(20)])


def pycraf_rate() -> float | None:
    """Return pycraf's paths per second (P.452, its compiled height-profile call) on a 300-sample profile."""
    if importlib.util.find_spec("pycraf") is None:
        return None
    from astropy import units as u  # noqa: PLC0415 - optional
    from pycraf import pathprof  # noqa: PLC0415

    rng = np.random.default_rng(1)
    heights = (300 + 100 * np.cumsum(rng.normal(0, 0.1, 301))) * u.m
    distances = np.linspace(0, 27, 301) * u.km

    def one() -> None:
        prof = pathprof.PathProp(
            0.9 * u.GHz, 290 * u.K, 1013 * u.hPa, 0 * u.deg, 0 * u.deg, 0.3 * u.deg, 0 * u.deg, 30 * u.m, 1.5 * u.m,
            90 * u.m, 50 * u.percent, delta_N=45 * u.dimensionless_unscaled / u.km, N0=325 * u.dimensionless_unscaled,
            hprof_dists=distances, hprof_heights=heights, hprof_bearing=90 * u.deg, hprof_backbearing=-90 * u.deg,
            d_tm=27 * u.km, d_lm=27 * u.km, d_ct=500 * u.km, d_cr=500 * u.km, omega=0 * u.percent,
        )  # fmt: skip
        pathprof.loss_complete(prof)

    return 20 / median_seconds(lambda: [one() for _ in range(20)])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dem", required=True, help="an SRTM .hgt tile")
    parser.add_argument("--lat", type=float, required=True)
    parser.add_argument("--lon", type=float, required=True)
    parser.add_argument("--radius-km", type=float, default=30.0)
    arguments = parser.parse_args()
    splat = splat_rate(Path(arguments.dem), arguments.lat, arguments.lon, arguments.radius_km)
    own = {engine: own_rate(engine, arguments, 1) for engine in ("exact", "radial")}
    print(f"SPLAT! (ITM, one thread): {'not installed' if splat is None else f'{splat:,.0f} cells/s'}")
    for engine, rate in own.items():
        beside = "" if splat is None else f", {rate / splat:.1f} times SPLAT!"
        print(f"lomsong {engine} (P.1812, one thread): {rate:,.0f} cells/s{beside}")
    for name, find in (("itmlogic (ITM)", itmlogic_rate), ("pycraf (P.452)", pycraf_rate)):
        try:
            other = find()
        except Exception as error:  # noqa: BLE001 - their interfaces are not ours to keep stable
            print(f"{name}: could not be called: {type(error).__name__}: {error}")
            continue
        if other is None:
            print(f"{name}: not installed")
        else:
            print(f"{name}: {other:,.0f} paths/s, {own['exact'] / other:,.0f} times fewer than exact")


if __name__ == "__main__":
    main()
