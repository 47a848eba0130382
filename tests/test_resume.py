"""A run that is stopped goes on where it was, and ends with the same bytes."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lomsong as ls
from lomsong import pipeline, prediction
from lomsong.engine import Engine
from lomsong.errors import OutputError, SourceError
from lomsong.inputs import Inputs
from lomsong.prediction import predict
from lomsong.sources.records import refuse_changed, stamp_files
from lomsong.store import PARTS_FOLDER, Store

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "data" / "demo" / "district.yml"
#: Predicts in many small parts, and waits a little after each so that it can be killed between any two.
PREDICT = """
import sys, time
import lomsong as ls
from lomsong import blocks, prediction
from lomsong.engine import Engine
from lomsong.store import Store
blocks.CHUNK_POINTS = 90
class Slow(Store):
    def save(self, *part):
        super().save(*part)
        time.sleep(0.03)
engine = Engine(store=Slow(ls_path(sys.argv[1]), "demo"))
prediction.predict(ls.read(ls.load_settings(sys.argv[2])), engine=engine).signal.to_parquet(sys.argv[3])
""".replace("ls_path", "__import__('pathlib').Path")


@pytest.fixture(scope="module")
def district() -> Inputs:
    return ls.read(ls.load_settings(CONFIG))


def start(parts: Path, out: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", PREDICT, str(parts), str(CONFIG), str(out)], env=dict(os.environ)
    )


def test_a_run_killed_again_and_again_ends_with_the_same_bytes(district: Inputs, tmp_path: Path) -> None:
    """A seeded few of what benchmarks/kills.py does by the dozen."""
    rng = np.random.default_rng(7)
    parts, out, wanted = tmp_path / "parts", tmp_path / "killed.parquet", tmp_path / "whole.parquet"
    predict(district).signal.to_parquet(wanted)
    kept = 0
    for _ in range(2):
        process = start(parts, out)
        goal, deadline = kept + rng.integers(1, 5), time.monotonic() + 100
        while len(list(parts.glob("*.npz"))) < goal and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not out.exists()
        kept = len(list(parts.glob("*.npz")))
        assert kept >= goal
    assert start(parts, out).wait() == 0
    assert out.read_bytes() == wanted.read_bytes()


def test_parts_that_are_kept_are_not_computed_again(
    district: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(store=Store(tmp_path / "parts", "x"))
    first = predict(district, engine=engine)

    def never(*_: object) -> None:
        raise AssertionError("this part was kept")

    monkeypatch.setattr(prediction, "_serve", never)
    again = predict(district, engine=engine)
    pd.testing.assert_frame_equal(again.signal, first.signal, check_exact=True)
    assert (again.paths, again.glances, again.pairs) == (first.paths, first.glances, first.pairs)


def test_a_full_disk_stops_a_run_cleanly_and_resume_uses_what_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, out = ls.load_settings(CONFIG), tmp_path / "out"
    with monkeypatch.context() as patch:

        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(pipeline, "write_villages", full)
        with pytest.raises(OutputError, match="No space left"):
            pipeline.run(settings, out)
    assert [path.name for path in out.iterdir()] == [PARTS_FOLDER]
    before = {path.name for path in (out / PARTS_FOLDER).iterdir()}
    assert before

    def stop(*_: object, **__: object) -> None:
        raise OutputError("enough")

    monkeypatch.setattr(pipeline, "calibrate", stop)
    monkeypatch.setattr(prediction, "_serve", stop)
    with pytest.raises(OutputError, match="enough"):  # reaches the calibration without serving a block
        pipeline.run(settings, out, resume=True)
    assert {path.name for path in (out / PARTS_FOLDER).iterdir()} == before
    with pytest.raises(OutputError, match="enough"):  # without --resume they are thrown away first
        pipeline.run(settings, out)
    assert not (out / PARTS_FOLDER).exists()


def test_inputs_that_change_on_the_way_are_named(tmp_path: Path) -> None:
    settings = ls.load_settings(shutil.copytree(CONFIG.parent, tmp_path / "demo") / CONFIG.name)
    before = stamp_files(settings.inputs)
    refuse_changed(before, settings.inputs)
    masts = Path(settings.inputs.masts[0].path)
    os.utime(masts, ns=(1, 1))
    with pytest.raises(SourceError, match=rf"{masts.name} \(masts\) changed"):
        refuse_changed(before, settings.inputs)
    masts.unlink()
    Path(settings.inputs.terrain.path).unlink()
    with pytest.raises(SourceError, match=r"\(terrain\)"):
        refuse_changed(before, settings.inputs)
