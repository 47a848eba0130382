"""
The radio step of a nation that `national.py --folder` made, on one worker and on two: seconds, their ratio, processor time.

    python benchmarks/workers.py FOLDER/nation-0.1/nation.yml --rounds 3

On a busy machine seconds say little. The critical path does: the processor time of the first process and of the worker that
has most of it, one after the other.
"""

import argparse
import json
import statistics
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import psutil

from lomsong import load_settings, predict, read
from lomsong.engine import Engine
from lomsong.inputs import Inputs

WORKERS = (1, 2)
#: A worker's processor time is looked at this often, as it is lost when it ends. [s]
LOOK_S = 0.1


@dataclass(frozen=True)
class Round:
    """Seconds by the clock, and processor seconds of the first process and of each worker."""

    seconds: float
    first_s: float
    workers_s: list[float]

    @property
    def critical_s(self) -> float:
        return self.first_s + max(self.workers_s)


def watch(spent: dict[int, float], done: threading.Event) -> None:
    """Keep what each child has used of the processor."""
    this = psutil.Process()
    while not done.wait(LOOK_S):
        for child in this.children():
            try:
                times = child.cpu_times()
            except psutil.NoSuchProcess:
                continue
            spent[child.pid] = max(spent[child.pid], times.user + times.system)


def measure(inputs: Inputs, workers: int) -> Round:
    spent: dict[int, float] = defaultdict(float)
    done = threading.Event()
    watcher = threading.Thread(target=watch, args=(spent, done))
    watcher.start()
    begin, used = time.perf_counter(), time.process_time()
    predict(inputs, engine=Engine(kind="processes", workers=workers))
    seconds, first_s = time.perf_counter() - begin, time.process_time() - used
    done.set()
    watcher.join()
    # the smallest is what tracks temporary files, no worker
    return Round(seconds, first_s, sorted(spent.values(), reverse=True)[:workers])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args()
    inputs = read(load_settings(given.config))
    rounds: dict[int, list[Round]] = {workers: [] for workers in WORKERS}
    for _ in range(given.rounds):
        for workers in WORKERS:  # in turns, so that what else runs here meets both
            rounds[workers].append(each := measure(inputs, workers))
            busy = " and ".join(f"{worker:.1f}" for worker in each.workers_s)
            print(
                f"{workers} workers: {each.seconds:.1f} s; processor: first process {each.first_s:.1f} s, workers {busy} s",
                flush=True,
            )
    one, two = (statistics.median(each.seconds for each in rounds[workers]) for workers in WORKERS)
    path = [statistics.median(each.critical_s for each in rounds[workers]) for workers in WORKERS]
    figures = {
        "one_worker_s": round(one, 2),
        "two_workers_s": round(two, 2),
        "ratio": round(one / two, 2),
        "critical_ratio": round(path[0] / path[1], 2),
        "first_process_cpu_s": round(statistics.median(each.first_s for each in rounds[2]), 2),
    }
    print(f"medians {one:.1f} s and {two:.1f} s: {one / two:.2f} times as fast")
    print(
        f"critical paths {path[0]:.1f} s and {path[1]:.1f} s: {figures['critical_ratio']:.2f} times as short"
    )
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
