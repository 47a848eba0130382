"""What breaks in mid-run ends in one clear message and exit code 1, with nothing half written, and can go on."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from lomsong import pipeline
from lomsong.cli import main
from lomsong.engine import SERIAL, Engine
from lomsong.errors import EngineError, OutputError
from lomsong.store import PARTS_FOLDER, Arrays, Store

DEMO = Path(__file__).parents[1] / "data" / "demo"
PARTS = list(range(5))


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEMO, tmp_path / "demo"))


def run(demo: Path, *options: str) -> Result:
    command = ["run", str(demo / "district.yml"), "--out", str(demo / "out"), *options]
    return CliRunner().invoke(main, command)


def is_told(result: Result, *words: str) -> bool:
    """One message with these words, and no traceback."""
    one = result.stderr.startswith("Error: ") and "Traceback" not in result.stderr
    return result.exit_code == 1 and one and all(word in result.stderr for word in words)


def test_a_terrain_that_was_cut_off_is_named(demo: Path) -> None:
    terrain = demo / "terrain.tif"
    os.truncate(terrain, terrain.stat().st_size // 2)
    assert is_told(run(demo), terrain.name)
    assert not (demo / "out").exists()


def test_a_file_that_cannot_be_read_is_named(demo: Path) -> None:
    masts = demo / "cells_opencellid.csv"
    masts.unlink()
    masts.mkdir()
    assert is_told(run(demo), masts.name)
    assert not (demo / "out").exists()


def test_an_input_that_is_lost_in_mid_run_is_named(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = demo / "population.tif"
    check = pipeline.check

    def lose(inputs: Any) -> Any:
        people.unlink()
        return check(inputs)

    monkeypatch.setattr(pipeline, "check", lose)
    assert is_told(run(demo), people.name)
    assert not (demo / "out" / pipeline.RUN_FILE).exists()


def test_a_run_that_fails_says_that_its_parts_are_kept_and_a_fresh_one_forgets_them(
    demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, errors = [], iter([MemoryError(), OutputError("the disk is full"), OutputError("the disk is full")])

    def fail(*_: Any, engine: Engine, **__: Any) -> None:
        assert engine.store is not None
        seen.append(engine.store.holds("x", 0))
        engine.store.save("x", 0, {"a": np.zeros(1)})
        raise next(errors)

    monkeypatch.setattr(pipeline, "predict", fail)
    assert is_told(run(demo), "not enough memory", PARTS_FOLDER, "--resume")
    assert is_told(run(demo, "--resume"), "disk is full", PARTS_FOLDER, "--resume")
    assert is_told(run(demo), "disk is full")
    assert seen == [False, True, False]


@pytest.fixture(params=["size=64k"])
def small_disk(demo: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Mount a disk of 64 KiB, or one with other options, where the results go."""
    out = demo / "out"
    out.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", request.param, "tmpfs", str(out)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here: that takes root")
    yield out
    subprocess.run(["umount", str(out)], check=True)


def test_a_disk_that_is_full_is_said_and_a_larger_one_takes_the_run_on(
    demo: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lomsong.blocks.CHUNK_POINTS", 50)
    parts = small_disk / PARTS_FOLDER
    assert is_told(run(demo), "No space left", PARTS_FOLDER, "--resume")
    before = {path: path.stat().st_mtime_ns for path in parts.iterdir()}
    assert before
    assert all(path.suffix == ".npz" for path in before)
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)

    def stop(*_: Any) -> None:
        raise OutputError("enough")

    monkeypatch.setattr(pipeline, "calibrate", stop)
    assert is_told(run(demo, "--resume"), "enough")  # has predicted all
    after = {path: path.stat().st_mtime_ns for path in parts.iterdir()}
    assert len(after) > len(before)
    assert before.items() <= after.items()


@pytest.mark.parametrize("small_disk", ["ro,size=64k"], indirect=True)
def test_a_folder_that_may_not_be_written_to_is_said_at_once(demo: Path, small_disk: Path) -> None:
    assert is_told(run(demo), str(small_disk), "Read-only", "--out")


def multiply(factor: Any, part: int) -> Arrays:
    return {"product": factor * part}


def multiply_slowly(factor: Any, part: int) -> Arrays:
    if part == 1:
        time.sleep(0.5)
    return multiply(factor, part)


def work(engine: Engine, function: Any = multiply) -> list[bytes]:
    found = engine.map(function, np.linspace(0, 1, 100), PARTS, name="multiplying")
    return [each["product"].tobytes() for each in found]


def test_no_room_for_what_workers_share_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(OutputError, match=r"nowhere.*TMPDIR"):
        work(Engine(kind="processes", workers=1))


def test_a_clock_that_goes_backwards_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(10**9, 0, -86_400))
    monkeypatch.setattr(time, "time", lambda: float(next(now)))
    engine = Engine(store=Store(tmp_path / "parts", "x"))
    wanted = work(SERIAL)
    assert work(engine) == wanted
    for kept in (tmp_path / "parts").iterdir():
        os.utime(kept, (4e9, 4e9))
    assert work(engine, None) == wanted  # nothing is done again


def certificates(folder: Path) -> tuple[Path, Path]:
    """Make a key and a certificate that vouches for itself."""
    key, certificate = folder / "key.pem", folder / "cert.pem"
    request = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
    ]
    subprocess.run([*request, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


@pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None or shutil.which("openssl") is None,
    reason="needs Dask (pip install 'lomsong[dask]') and openssl",
)
def test_a_scheduler_with_certificates_and_a_slow_worker_serves_who_has_them_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import distributed  # noqa: PLC0415 - an extra

    certificate, key = certificates(tmp_path)
    paths = {"tls_ca_file": str(certificate), "require_encryption": True}
    for role in ("scheduler", "worker", "client"):
        paths |= {f"tls_{role}_cert": str(certificate), f"tls_{role}_key": str(key)}
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0", host="tls://127.0.0.1",
        security=distributed.Security(**paths),
    )  # fmt: skip
    (tmp_path / "other").mkdir()
    with cluster:
        address = cluster.scheduler_address
        assert address.startswith("tls://127.0.0.1")
        ours = Engine(kind="dask", scheduler=address, tls_ca=certificate, tls_cert=certificate, tls_key=key)
        assert work(ours, multiply_slowly) == work(SERIAL)
        monkeypatch.setattr("lomsong.engine_dask.PATIENCE_S", 1)
        other, other_key = certificates(tmp_path / "other")
        theirs = Engine(kind="dask", scheduler=address, tls_ca=other, tls_cert=other, tls_key=other_key)
        with pytest.raises(EngineError, match="certificates"):
            work(theirs)
