"""Many rounds of broken input files: `python benchmarks/fuzz_readers.py 1000`; every kind of file is broken in each round."""

import sys
import tempfile
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from fuzzing import attack, write_seeds

SLOWEST_S = 10.0


def main(rounds: int) -> int:
    warnings.simplefilter("ignore")
    refused = slow = 0
    kinds = 0
    for seed in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            begin = time.perf_counter()
            kinds = kinds or len(write_seeds(Path(folder)))
            refused += attack(Path(folder), seed)
            slow += time.perf_counter() - begin > SLOWEST_S
    print(
        f"{rounds * kinds:,} broken files: {refused:,} refused with our error, the others read; {slow} rounds over {SLOWEST_S:g} s"
    )
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
