"""Thousands of broken lists of masts and measurements: `python benchmarks/fuzz_points.py 5000 [kind ...]`, so many of each kind."""

import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from fuzzing_points import attack, make_seeds

SLOWEST_S = 10.0
SHOWN = 3


def main(rounds: int, kinds: list[str]) -> int:
    warnings.simplefilter("ignore")
    seeds = make_seeds()
    worst = failures = 0
    for kind in kinds or seeds:
        refused, crashes, slowest = 0, Counter(), 0.0
        begin = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            for seed in range(rounds):
                start = time.perf_counter()
                try:
                    refused += attack(kind, Path(folder), seed, seeds)
                except Exception as error:  # noqa: BLE001 - whatever comes out is what is looked for
                    where = traceback.extract_tb(error.__traceback__)[-1]
                    ours = [
                        frame
                        for frame in traceback.extract_tb(error.__traceback__)
                        if "lomsong" in frame.filename
                    ]
                    place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else where.filename
                    crashes[f"{type(error).__name__} at {place}: {str(error)[:80]} (seed {seed})"] += 1
                slowest = max(slowest, time.perf_counter() - start)
        failures += sum(crashes.values())
        worst += slowest > SLOWEST_S
        seconds = time.perf_counter() - begin
        print(
            f"{kind}: {rounds:,} broken files in {seconds:.0f} s, {refused:,} refused, {sum(crashes.values())} crashes, slowest {slowest:.2f} s",
            flush=True,
        )
        for text, count in crashes.most_common(SHOWN):
            print(f"  {count} x {text}", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:,.0f} MiB; {failures} crashes; {worst} kinds slower than {SLOWEST_S:g} s")
    return 1 if failures or worst else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000, sys.argv[2:]))
