"""
Kill a run at random moments, worker or client, and resume it until it ends: its tables must be those of an undisturbed run.

The demo district is predicted in many small parts with each engine that is installed.
"""

import argparse
import hashlib
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

ROOT = Path(__file__).parents[1]
RUN = """
import sys
from lomsong import blocks
from lomsong.cli import main
if __name__ == "__main__":
    blocks.CHUNK_POINTS = 20
    main(sys.argv[1:])
"""


def start(script: Path, out: Path, engine: str) -> "subprocess.Popen[bytes]":
    config = ROOT / "data" / "demo" / "district.yml"
    options = ["--engine", engine] + ([] if engine == "serial" else ["--workers", "2"])
    command = [
        sys.executable,
        str(script),
        "run",
        str(config),
        "--out",
        str(out),
        "--quiet",
        "--resume",
        *options,
    ]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})


def finish(script: Path, out: Path, engine: str, kills: int, whole_s: float, rng: np.random.Generator) -> int:
    """Kill so many times, then let it end; return how many kills met a run at work."""
    met = 0
    for _ in range(kills):
        process = start(script, out, engine)
        time.sleep(rng.uniform(0.1, 1.0) * whole_s)
        if process.poll() is None:
            below = psutil.Process(process.pid).children(recursive=True)
            victim = rng.choice([process.pid, *(child.pid for child in below)])
            os.kill(victim, signal.SIGKILL)
            met += 1
            if victim == process.pid:
                process.wait()
                for child in below:
                    if child.is_running():
                        child.kill()
        process.wait()
    if start(script, out, engine).wait():
        sys.exit(f"{engine}: the last run failed")
    return met


def digests(folder: Path) -> dict[str, str]:
    files = [path for path in folder.iterdir() if path.suffix in (".csv", ".parquet")]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="for each engine")
    parser.add_argument("--engines", default="serial,processes,dask")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    with tempfile.TemporaryDirectory() as scratch:
        script = Path(scratch) / "run.py"
        script.write_text(RUN)
        begin = time.perf_counter()
        start(script, Path(scratch) / "whole", "serial").wait()
        whole_s, wanted = time.perf_counter() - begin, digests(Path(scratch) / "whole")
        for engine in given.engines.split(","):
            if engine == "dask" and importlib.util.find_spec("distributed") is None:
                print("dask: not installed")
                continue
            out = Path(scratch) / engine
            met = finish(script, out, engine, given.kills, whole_s, rng)
            same = digests(out) == wanted
            print(
                f"{engine}: {met} of {given.kills} kills met a run at work; tables {'equal' if same else 'DIFFER'}",
                flush=True,
            )
            if not same:
                sys.exit(1)


if __name__ == "__main__":
    main()
