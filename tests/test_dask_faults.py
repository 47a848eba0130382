"""What breaks on a Dask cluster ends in one clear message, and what was done is used again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lomsong.engine import Engine
from lomsong.errors import EngineError
from lomsong.store import Arrays, Store

distributed = pytest.importorskip(
    "distributed", reason="Dask is not installed: pip install 'lomsong[dask]'", exc_type=ImportError
)
PARTS = list(range(6))
LIMIT_MIB = 400


def square(_: Any, part: int) -> Arrays:
    return {"square": np.array(part**2)}


def hoard(_: Any, part: int) -> Arrays:
    """Take more memory than a worker may have, at part 4; in steps, so that its nurse sees it."""
    hoarded = []
    while part == 4 and len(hoarded) < 3 * LIMIT_MIB // 50:
        hoarded.append(np.ones(50 * 2**17))
        time.sleep(0.1)
    return square(None, part)


def resumed(store: Store) -> list[int]:
    """Return what a run comes to that goes on without Dask."""
    engine = Engine(store=store)
    return [int(found["square"]) for found in engine.map(square, None, PARTS, name="squaring")]


def test_a_worker_out_of_memory_is_said_and_what_was_done_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lomsong.engine_dask.RETRIES", 0)
    store = Store(tmp_path / "parts", "x")
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, memory_limit=f"{LIMIT_MIB}MiB", dashboard_address=None
        ) as cluster,
        pytest.raises(EngineError, match=r"part 5 of 6.*memory"),
    ):
        list(
            Engine(kind="dask", scheduler=cluster.scheduler_address, store=store).map(
                hoard, None, PARTS, name="squaring"
            )
        )
    assert [store.holds("squaring", part) for part in PARTS] == [True] * 4 + [False] * 2
    assert resumed(store) == [0, 1, 4, 9, 16, 25]


@pytest.fixture
def processes(tmp_path: Path) -> "Iterator[tuple[Path, subprocess.Popen[bytes]]]":
    """Start a scheduler and a worker in processes of their own; give the file with the address, and the scheduler."""
    address = tmp_path / "scheduler.json"
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    begun = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "dask", role, "--scheduler-file", str(address)),
                *("--host", "127.0.0.1", "--no-dashboard", *options),
            ],
            env={**os.environ, "PYTHONPATH": paths},
            stderr=subprocess.DEVNULL,
        )
        for role, options in (("scheduler", ("--port", "0")), ("worker", ("--nthreads", "1", "--no-nanny")))
    ]
    yield address, begun[0]
    for process in begun:
        process.kill()
        process.wait()


def test_a_killed_scheduler_is_said_and_what_was_done_is_used(
    processes: "tuple[Path, subprocess.Popen[bytes]]", tmp_path: Path
) -> None:
    file, scheduler = processes
    deadline = time.monotonic() + 60
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    with distributed.Client(scheduler_file=str(file), timeout=60) as client:
        address = client.scheduler.address
        client.wait_for_workers(1, timeout=60)
    store = Store(tmp_path / "parts", "x")
    found = Engine(kind="dask", scheduler=address, store=store).map(square, None, PARTS, name="squaring")
    next(found)
    scheduler.send_signal(signal.SIGKILL)
    scheduler.wait()
    with pytest.raises(EngineError, match=r"is gone.*--resume"):
        list(found)
    assert store.holds("squaring", 0)
    assert not store.holds("squaring", 5)
    assert resumed(store) == [0, 1, 4, 9, 16, 25]
