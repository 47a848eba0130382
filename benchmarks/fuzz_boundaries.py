"""
Broken boundary files by the thousand: `python benchmarks/fuzz_boundaries.py 5000 [KIND ...]` breaks so many of each kind.

Fails on anything but an error of ours, on a read of more than 10 s, and on a peak of memory over 2 GiB.
"""

import resource
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from fuzzing_boundaries import KINDS, attack_boundaries

SLOWEST_S = 10
MOST_MEMORY_MIB = 2048


def main(rounds: int, kinds: list[str]) -> int:
    warnings.simplefilter("ignore")
    # a hang ends in KeyboardInterrupt's cousin, which nothing in the package catches
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    for kind in kinds:
        refused, slowest = 0, 0.0
        with tempfile.TemporaryDirectory() as outer:
            folder = Path(outer) / "in"
            folder.mkdir()
            for seed in range(rounds):
                for each in folder.iterdir():
                    each.unlink()
                signal.alarm(SLOWEST_S)
                begin = time.perf_counter()
                try:
                    refused += attack_boundaries(folder, kind, seed)
                except BaseException:
                    print(f"{kind}: seed {seed}", file=sys.stderr)
                    raise
                slowest = max(slowest, time.perf_counter() - begin)
            signal.alarm(0)
        print(
            f"{kind}: {rounds:,} broken files, {refused:,} refused with our error; slowest {slowest:.2f} s",
            flush=True,
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:,.0f} MiB")
    return int(peak > MOST_MEMORY_MIB)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000, sys.argv[2:] or list(KINDS)))
