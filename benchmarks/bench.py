"""
All figures that take minutes, with the machine and the versions they were taken on, beside those of the last time.

    python benchmarks/bench.py [--only joins,workers] [--json benchmarks/figures.json] [--against FILE]

The size of a job is a share of a nation's that fits into minutes; each script's own options give the rest. Nothing is judged:
figures of a machine at work say little, so the load stands beside them.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NATION = "NATION/nation-0.01/nation.yml"
#: In this order: the nation must be made before it is worked on.
JOBS = {
    "house": ["house.py"],
    "joins": ["joins.py", "--scale", "0.05"],
    "national": ["national.py", "--scale", "0.001,0.01", "--folder", "NATION"],
    "workers": ["workers.py", NATION],
    "rasters": ["national_raster.py", NATION],
    "map": ["map.py"],
    "map_layers": ["map_layers.py"],
}
NEEDS_NATION = ("workers", "rasters")
PACKAGES = ("lomsong", "numpy", "numba", "pandas", "geopandas", "shapely", "rasterio", "scipy", "distributed",
            "exactextract", "rasterstats", "scikit-learn")  # fmt: skip


def describe() -> dict[str, Any]:
    """Return the machine and the versions."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return {
        "system": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "versions": versions,
    }


def processor() -> str:
    """Return the name of the processor, where the system tells."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def flatten(figures: Any, name: str = "") -> dict[str, float]:
    """Return every number by the way to it; the rows of a list go by their job and rival, where they have one."""
    if isinstance(figures, bool) or not isinstance(figures, dict | list | int | float):
        return {}
    if isinstance(figures, int | float):
        return {name: float(figures)}
    pairs = (
        figures.items()
        if isinstance(figures, dict)
        else ((_title(k, row), row) for k, row in enumerate(figures))
    )
    found: dict[str, float] = {}
    for key, value in pairs:
        found |= flatten(value, f"{name} / {key}" if name else str(key))
    return found


def _title(number: int, row: Any) -> str:
    return f"{row['job']}, {row['rival']}" if isinstance(row, dict) and "rival" in row else str(number)


def compare(now: dict[str, float], before: dict[str, float]) -> None:
    """Print every figure, with that of the last time and their ratio."""
    width = max(map(len, now), default=0)
    print(f"{'figure':<{width}}{'now':>14}{'before':>14}{'ratio':>8}")
    for name, value in now.items():
        old = before.get(name)
        beside = "" if old is None else f"{old:>14,.6g}" + (f"{value / old:>8.2f}" if old else "")
        print(f"{name:<{width}}{value:>14,.6g}{beside}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(JOBS), help="jobs by comma: " + ", ".join(JOBS))
    parser.add_argument("--json", type=Path, default=HERE / "figures.json", help="write the figures here")
    parser.add_argument("--against", type=Path, help="figures to compare with; those that --json replaces")
    given = parser.parse_args()
    wanted = given.only.split(",")
    if unknown := [name for name in wanted if name not in JOBS]:
        parser.error(f"no job is called {', '.join(unknown)}")
    if set(wanted) & set(NEEDS_NATION) and "national" not in wanted:
        parser.error(f"{' and '.join(NEEDS_NATION)} work on what 'national' makes: name it, too")
    last = given.against or given.json
    before = json.loads(last.read_text()) if last.exists() else {}
    told, failed = describe(), []
    print(json.dumps(told, indent=2), flush=True)
    figures = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name in (name for name in JOBS if name in wanted):
            path = Path(scratch) / f"{name}.json"
            words = [word.replace("NATION", f"{scratch}/nation") for word in JOBS[name]]
            print(f"\n== {name}", flush=True)
            done = subprocess.run([sys.executable, HERE / words[0], *words[1:], "--json", path], check=False)
            if done.returncode or not path.exists():
                failed.append(name)
            else:
                figures[name] = json.loads(path.read_text())
    print()
    compare(flatten(figures), flatten(before.get("figures", {})))
    # those of jobs that did not run stay for the next time
    kept = before.get("figures", {}) if last == given.json else {}
    given.json.write_text(json.dumps({**told, "figures": {**kept, **figures}}, indent=2) + "\n")
    print(f"\nwritten to {given.json}")
    if before and before.get("processor") != told["processor"]:
        print(f"the figures before are of another processor: {before.get('processor')}")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
