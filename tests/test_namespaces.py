"""A run whose scheduler and workers are processes on two machines, as far as one machine can be two: network namespaces."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

import lomsong as ls
from lomsong.prediction import predict

CONFIG = Path(__file__).parents[1] / "data" / "demo" / "district.yml"
PREDICT = """
import sys
import lomsong as ls
from lomsong.engine import Engine
from lomsong.prediction import predict
engine = Engine(kind="dask", scheduler=sys.argv[1])
predict(ls.read(ls.load_settings(sys.argv[2])), engine=engine).signal.to_parquet(sys.argv[3])
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


@contextmanager
def started(machine: str, *command: str) -> Iterator[None]:
    process = subprocess.Popen(
        ["ip", "netns", "exec", machine, sys.executable, "-m", "distributed.cli." + command[0], *command[1:]],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def test_a_run_on_two_machines_gives_the_same_bytes(machines: tuple[str, str], tmp_path: Path) -> None:
    head, node = machines
    address = f"tcp://{HEAD}:8786"
    scheduler = ("dask_scheduler", "--host", HEAD, "--port", "8786", "--no-dashboard")
    worker = ("dask_worker", address, "--host", NODE, "--nworkers", "2", "--nthreads", "1", "--no-dashboard", "--local-directory", str(tmp_path))  # fmt: skip
    far, near = tmp_path / "far.parquet", tmp_path / "near.parquet"
    with started(head, *scheduler), started(node, *worker):
        subprocess.run(
            ["ip", "netns", "exec", head, sys.executable, "-c", PREDICT, address, str(CONFIG), str(far)],
            check=True,
            timeout=300,
        )
    predict(ls.read(ls.load_settings(CONFIG))).signal.to_parquet(near)
    assert far.read_bytes() == near.read_bytes()
