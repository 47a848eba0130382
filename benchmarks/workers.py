"""
The radio step of a nation that `national.py --folder` made, on one worker and on two: seconds, their ratio, processor time.

    python benchmarks/workers.py FOLDER/nation-0.1/nation.yml --rounds 3
"""

import argparse
import json
import resource
import statistics
import time
from pathlib import Path

from lomsong import load_settings, predict, read
from lomsong.engine import Engine

WORKERS = (1, 2)


def used(who: int) -> float:
    spent = resource.getrusage(who)
    return spent.ru_utime + spent.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args()
    inputs = read(load_settings(given.config))
    seconds: dict[int, list[float]] = {workers: [] for workers in WORKERS}
    first: list[float] = []
    for _ in range(given.rounds):
        for workers in WORKERS:  # in turns, so that what else runs here meets both
            begin, ours, theirs = (
                time.perf_counter(),
                used(resource.RUSAGE_SELF),
                used(resource.RUSAGE_CHILDREN),
            )
            predict(inputs, engine=Engine(kind="processes", workers=workers))
            seconds[workers].append(time.perf_counter() - begin)
            ours, theirs = used(resource.RUSAGE_SELF) - ours, used(resource.RUSAGE_CHILDREN) - theirs
            first.append(ours)
            print(
                f"{workers} workers: {seconds[workers][-1]:.1f} s; processor: first process {ours:.1f} s, workers {theirs:.1f} s",
                flush=True,
            )
    one, two = (statistics.median(seconds[workers]) for workers in WORKERS)
    print(f"medians {one:.1f} s and {two:.1f} s: {one / two:.2f} times as fast")
    if given.json:
        figures = {
            "one_worker_s": round(one, 2),
            "two_workers_s": round(two, 2),
            "ratio": round(one / two, 2),
            "first_process_cpu_s": round(statistics.median(first), 2),
        }
        given.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
