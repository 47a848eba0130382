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
from click.testing import CliRunner, Result

from lomsong.engine import Engine
from lomsong.errors import EngineError, OutputError
from lomsong.store import PARTS_FOLDER, Arrays, Store

distributed = pytest.importorskip(
    "distributed", reason="Dask is not installed: pip install 'lomsong[dask]'", exc_type=ImportError
)
CONFIG = Path(__file__).parents[1] / "data" / "demo" / "district.yml"
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
            n_workers=1, threads_per_worker=1, memory_limit=f"{LIMIT_MIB}MiB", dashboard_address="127.0.0.1:0"
        ) as cluster,
        pytest.raises(EngineError, match=r"memory.*part 5 of 6"),
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


def address_of(file: Path) -> str:
    """Wait for the scheduler and its worker."""
    deadline = time.monotonic() + 60
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    with distributed.Client(scheduler_file=str(file), timeout=60) as client:
        client.wait_for_workers(1, timeout=60)
        return str(client.scheduler.address)


def test_a_killed_scheduler_is_said_and_what_was_done_is_used(
    processes: "tuple[Path, subprocess.Popen[bytes]]", tmp_path: Path
) -> None:
    file, scheduler = processes
    store = Store(tmp_path / "parts", "x")
    found = Engine(kind="dask", scheduler=address_of(file), store=store).map(
        square, None, PARTS, name="squaring"
    )
    next(found)
    scheduler.send_signal(signal.SIGKILL)
    scheduler.wait()
    with pytest.raises(EngineError, match=r"is gone.*--resume"):
        list(found)
    assert store.holds("squaring", 0)
    assert not store.holds("squaring", 5)
    assert resumed(store) == [0, 1, 4, 9, 16, 25]


def test_a_run_whose_scheduler_is_killed_ends_in_one_message_and_goes_on_without_it(
    processes: "tuple[Path, subprocess.Popen[bytes]]", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lomsong.cli import main  # noqa: PLC0415 - workers, which import this module, have little memory

    file, scheduler = processes
    out, save = tmp_path / "out", Store.save

    def run(*options: str) -> Result:
        return CliRunner().invoke(main, ["run", str(CONFIG), "--out", str(out), *options])

    def kill(store: Store, *part: Any) -> None:
        save(store, *part)
        scheduler.send_signal(signal.SIGKILL)
        scheduler.wait()

    def stop(*_: Any) -> None:
        raise OutputError("enough")

    monkeypatch.setattr("lomsong.blocks.CHUNK_POINTS", 100)
    monkeypatch.setattr("lomsong.pipeline.calibrate", stop)
    with monkeypatch.context() as patch:
        patch.setattr(Store, "save", kill)
        told = run("--engine", "dask", "--scheduler", address_of(file))
    assert told.exit_code == 1
    assert told.stderr.startswith("Error: predicting signal: the scheduler at tcp://127.0.0.1:")
    assert "--resume" in told.stderr
    kept = {path: path.stat().st_mtime_ns for path in (out / PARTS_FOLDER).iterdir()}
    assert kept
    assert "enough" in run("--resume").stderr  # has predicted all
    after = {path: path.stat().st_mtime_ns for path in (out / PARTS_FOLDER).iterdir()}
    assert len(after) > len(kept)
    assert kept.items() <= after.items()
