"""Start-up, the demo run and the real run: medians, peak memory, and whether two runs give the same bytes."""

import argparse
import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOMSONG = [sys.executable, "-m", "lomsong"]
REAL = ROOT.parent / "shared" / "data" / "real" / "au-capital"


def seconds(command: list[str], runs: int) -> float:
    """Return the median wall time of a whole process, the first (cold) run left out."""
    times = []
    for _ in range(runs + 1):
        begin = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        times.append(time.perf_counter() - begin)
    return statistics.median(times[1:])


def digests(folder: Path) -> dict[str, str]:
    """Return the checksum of each file that must not change between runs."""
    files = sorted(
        [*folder.glob("*.csv"), *folder.glob("*.parquet"), folder / "map.html", folder / "report.html"]
    )
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def measure(config: Path) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(scratch) / name for name in "abc"]
        times = []
        for folder in folders:
            begin = time.perf_counter()
            subprocess.run(
                [*LOMSONG, "run", str(config), "--out", str(folder), "--quiet"], cwd=ROOT, check=True
            )
            times.append(time.perf_counter() - begin)
        record = json.loads((folders[-1] / "run.json").read_text())
        return {
            "seconds_first": round(times[0], 1),
            "seconds_median_after": round(statistics.median(times[1:]), 1),
            "peak_memory_mib": record["peak_memory_mib"],
            "paths_evaluated": record["counts"]["paths_evaluated"],
            "pairs_within_reach": record["counts"]["pairs_within_reach"],
            "same_bytes": digests(folders[0]) == digests(folders[1]) == digests(folders[2]),
            "map_mib": round((folders[-1] / "map.html").stat().st_size / 2**20, 2),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args()
    figures: dict[str, object] = {"help_s": round(seconds([*LOMSONG, "--help"], 7), 3)}
    print(f"lomsong --help        {figures['help_s']} s")
    empty = seconds([sys.executable, "-c", "pass"], 7)
    figures["import_s"] = round(seconds([sys.executable, "-c", "import lomsong"], 7) - empty, 3)
    print(f"import lomsong        {figures['import_s']} s beyond an empty interpreter")
    for config in (ROOT / "data" / "demo" / "district.yml", ROOT / "docs" / "examples" / "au-capital.yml"):
        if config.stem == "au-capital" and not REAL.is_dir():
            print("au-capital: not run, ../shared/data/real is missing")
            continue
        print(config.stem)
        figures[config.stem] = told = measure(config)
        for name, value in told.items():
            print(f"  {name:<22}{value}")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
