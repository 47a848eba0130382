"""Runs whose schedulers and workers are processes on two machines, as far as one machine can be two: network namespaces."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

import lomsong as ls
from lomsong.prediction import predict

CONFIG = Path(__file__).parents[1] / "data" / "demo" / "district.yml"
#: Predicts in small blocks; after the second it says so and goes on when told to.
PREDICT = """
import sys, time
from pathlib import Path
import lomsong as ls
import lomsong.blocks
import lomsong.prediction
from lomsong.engine import Engine
from lomsong.errors import EngineError
from lomsong.store import Store
scheduler, config, out, pause = sys.argv[1:]
class Told:
    done = 0
    def start(self, task, total): pass
    def finish(self): pass
    def advance(self, steps=1):
        self.done += 1
        if self.done == 2 and pause == "yes":
            Path(out + ".two").touch()
            while not Path(out + ".on").exists():
                time.sleep(0.02)
lomsong.blocks.CHUNK_POINTS = 100
engine = Engine(kind="dask", scheduler=scheduler, store=Store(Path(out + ".parts"), "of this test"))
try:
    found = lomsong.prediction.predict(ls.read(ls.load_settings(config)), engine=engine, progress=Told())
except EngineError as error:
    sys.exit(str(error))
found.signal.to_parquet(out)
"""
HEAD, NODE = "10.211.55.1", "10.211.55.2"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def machines() -> Iterator[tuple[str, str]]:
    """Two namespaces that reach each other through one cable and nothing else."""
    names = [f"lomsong-{role}-{os.getpid()}" for role in ("head", "node")]
    cable = [f"lom{role}{os.getpid() % 10**8}" for role in "hn"]
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("network namespaces may not be made here (needs root and iproute2)")
    with ExitStack() as made:
        try:
            for name in names:
                ip("netns", "add", name)
                made.callback(ip, "netns", "del", name)
            ip("link", "add", cable[0], "type", "veth", "peer", "name", cable[1])
            for name, end, address in zip(names, cable, (HEAD, NODE), strict=True):
                ip("link", "set", end, "netns", name)
                ip("-n", name, "addr", "add", f"{address}/30", "dev", end)
                ip("-n", name, "link", "set", end, "up")
                ip("-n", name, "link", "set", "lo", "up")
        except subprocess.CalledProcessError as error:
            pytest.skip(f"network namespaces may not be made here: {error.stderr.decode().strip()}")
        yield names[0], names[1]


def start(machine: str, *command: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        ["ip", "netns", "exec", machine, sys.executable, *command],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE if command[0] == "-c" else subprocess.DEVNULL, text=True,
    )  # fmt: skip


@contextmanager
def cluster(
    scheduler: tuple[str, str], worker: tuple[str, str], folder: Path
) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Start a scheduler on one machine and its worker on another; give the address and the scheduler."""
    address = f"tcp://{scheduler[1]}:8786"
    begun = [
        start(scheduler[0], "-m", "distributed.cli.dask_scheduler", "--host", scheduler[1], "--port", "8786", "--no-dashboard"),
        start(worker[0], "-m", "distributed.cli.dask_worker", address, "--host", worker[1], "--nworkers", "1", "--nthreads", "1",
              "--no-dashboard", "--local-directory", str(folder)),
    ]  # fmt: skip
    try:
        yield address, begun[0]
    finally:
        for process in begun:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def test_a_second_scheduler_goes_on_where_the_first_was_killed_and_the_bytes_are_the_same(
    machines: tuple[str, str], tmp_path: Path
) -> None:
    head, node = (machines[0], HEAD), (machines[1], NODE)
    far, near = tmp_path / "far.parquet", tmp_path / "near.parquet"
    parts = Path(f"{far}.parts")

    def run(address: str, *, pause: bool) -> "subprocess.Popen[str]":
        return start(head[0], "-c", PREDICT, address, str(CONFIG), str(far), "yes" if pause else "no")

    with cluster(head, node, tmp_path) as (address, scheduler):
        first = run(address, pause=True)
        until = time.monotonic() + 120
        while not Path(f"{far}.two").exists() and first.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        scheduler.send_signal(signal.SIGKILL)
        scheduler.wait()
        Path(f"{far}.on").touch()
        _, told = first.communicate(timeout=120)
    assert first.returncode == 1
    assert "is gone" in told
    assert "--resume" in told
    kept = {path.name: path.stat().st_mtime_ns for path in parts.glob("*.npz")}
    assert len(kept) >= 2
    assert not far.exists()
    with cluster(node, head, tmp_path) as (address, _):
        second = run(address, pause=False)
        _, told = second.communicate(timeout=300)
    assert second.returncode == 0, told
    every = {path.name: path.stat().st_mtime_ns for path in parts.glob("*.npz")}
    assert kept.items() < every.items()  # some are done anew, none twice
    predict(ls.read(ls.load_settings(CONFIG))).signal.to_parquet(near)
    assert far.read_bytes() == near.read_bytes()
