"""
Broken files of boundaries, rasters and surroundings: `python benchmarks/fuzz_boundaries.py 5000 [KIND ...]`, so many of each kind.

Fails on anything but an error of ours, on a read of more than 10 s of processor time, and on a peak of memory over 2 GiB.
"""

import os
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

# GDAL makes room for this much of every OSM file before it reads one: of 100 MiB that is most of the time
os.environ.setdefault("OSM_MAX_TMPFILE_SIZE", "1")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from fuzzing_boundaries import KINDS as BOUNDARIES
from fuzzing_boundaries import attack_boundaries
from fuzzing_surfaces import KINDS as SURFACES
from fuzzing_surfaces import attack_surfaces

SLOWEST_S = 10
MOST_MEMORY_MIB = 2048


def main(rounds: int, kinds: list[str]) -> int:
    warnings.simplefilter("ignore")
    # a hang ends in KeyboardInterrupt's cousin, which nothing in the package catches
    signal.signal(signal.SIGPROF, signal.default_int_handler)
    failures = 0
    for kind in kinds:
        attack = attack_boundaries if kind in BOUNDARIES else attack_surfaces
        refused, failed, slowest = 0, 0, 0.0
        with tempfile.TemporaryDirectory() as outer:
            folder = Path(outer) / "in"
            folder.mkdir()
            for seed in range(rounds):
                for each in folder.iterdir():
                    each.unlink()
                signal.setitimer(signal.ITIMER_PROF, SLOWEST_S)
                begin = time.process_time()
                try:
                    refused += attack(folder, kind, seed)
                except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever comes out is what is looked for
                    failed += 1
                    where = traceback.extract_tb(error.__traceback__)[-1]
                    print(
                        f"{kind}: seed {seed}: {error!r:.200} at {Path(where.filename).name}:{where.lineno}",
                        flush=True,
                    )
                slowest = max(slowest, time.process_time() - begin)
            signal.setitimer(signal.ITIMER_PROF, 0)
        print(
            f"{kind}: {rounds:,} broken files, {refused:,} refused with our error, {failed} failures; slowest {slowest:.2f} s",
            flush=True,
        )
        failures += failed
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:,.0f} MiB")
    return int(peak > MOST_MEMORY_MIB or failures > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000, sys.argv[2:] or [*BOUNDARIES, *SURFACES]))
