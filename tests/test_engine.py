"""The same bytes from every engine, whatever dies on the way."""

import importlib.util
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lomsong.engine import SERIAL, Engine
from lomsong.errors import EngineError, OutputError, SettingsError, TableError
from lomsong.parcels import pack_to_file, pack_whole, unpack
from lomsong.store import Arrays, Store, identify

PARTS = list(range(7))
needs_dask = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None,
    reason="Dask is not installed: pip install 'lomsong[dask]'",
)


@pytest.fixture(autouse=True)
def _workers_see_this_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), *sys.path]))


def multiply(common: Any, part: int) -> Arrays:
    factor, _ = common
    return {"product": factor * part, "part": np.array([part])}


def die_once(common: Any, part: int) -> Arrays:
    """Kill the worker the first time it meets a certain part."""
    _, mark = common
    if part == 3 and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return multiply(common, part)


def die_always(common: Any, part: int) -> Arrays:
    if part == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return multiply(common, part)


def refuse(_: Any, part: int) -> Arrays:
    raise TableError(f"part {part} is no good")


def work(engine: Engine, function: Any = multiply, extra: str = "") -> list[bytes]:
    common = (np.linspace(0, 1, 50_000), extra)
    return [found["product"].tobytes() for found in engine.map(function, common, PARTS, name="multiplying")]


@pytest.fixture(params=["processes", pytest.param("dask", marks=needs_dask)])
def workers(request: pytest.FixtureRequest) -> Engine:
    return Engine(kind=request.param, workers=2)


def test_every_engine_gives_the_same_bytes_in_order_though_a_worker_is_killed(
    workers: Engine, tmp_path: Path
) -> None:
    assert work(workers, die_once, str(tmp_path / "mark")) == work(SERIAL)
    assert (tmp_path / "mark").exists()


def test_a_part_that_kills_every_worker_is_an_error_that_says_what_to_do(
    workers: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lomsong.engine.RETRIES", 1)
    monkeypatch.setattr("lomsong.engine_dask.RETRIES", 1)
    with pytest.raises(EngineError, match="fewer"):
        work(workers, die_always)


def test_an_error_of_ours_comes_out_as_it_is(workers: Engine) -> None:
    with pytest.raises(TableError, match="is no good"):
        work(workers, refuse)


@needs_dask
def test_a_scheduler_that_is_not_there_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lomsong.engine_dask.PATIENCE_S", 0.5)
    with pytest.raises(EngineError, match=r"127\.0\.0\.1:9"):
        work(Engine(kind="dask", scheduler="tcp://127.0.0.1:9"))


def test_without_dask_the_engine_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EngineError, match=r"lomsong\[dask\]"):
        work(Engine(kind="dask"))


@pytest.mark.parametrize(
    "wrong", [{"scheduler": "tcp://127.0.0.1:1"}, {"workers": 0}, {"kind": "dask", "tls_ca": Path("ca.pem")}]
)
def test_an_engine_that_contradicts_itself_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="engine"):
        Engine(**wrong)


def counting(common: Any, part: int) -> Arrays:
    """Leave a file for each time a part is done."""
    factor, folder = common
    number = len(list(Path(folder).glob(f"{part}-*")))
    (Path(folder) / f"{part}-{number}").touch()
    return multiply((factor, ""), part)


def times(folder: Path) -> dict[int, int]:
    return {part: len(list(folder.glob(f"{part}-*"))) for part in PARTS}


def resumable(tmp_path: Path, name: str = "x") -> tuple[Engine, Path]:
    done = tmp_path / "done"
    done.mkdir(exist_ok=True)
    return Engine(store=Store(tmp_path / "parts", name)), done


def test_a_run_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    engine, done = resumable(tmp_path)
    some: Iterator[Arrays] = engine.map(counting, (np.ones(3), str(done)), PARTS, name="multiplying")
    for _ in range(4):
        next(some)
    some.close()  # type: ignore[attr-defined]
    assert work(engine, counting, str(done)) != []
    assert times(done) == dict.fromkeys(PARTS, 1)


def test_parts_of_other_inputs_and_damaged_parts_are_done_again(tmp_path: Path) -> None:
    engine, done = resumable(tmp_path)
    first = work(engine, counting, str(done))
    for kept in (tmp_path / "parts").iterdir():
        whole = kept.read_bytes()
        kept.write_bytes(whole[: len(whole) // 2])
    assert work(engine, counting, str(done)) == first
    assert set(times(done).values()) == {2}
    other, _ = resumable(tmp_path, "y")
    assert work(other, counting, str(done)) == first
    assert set(times(done).values()) == {3}
    other.store.clear()  # type: ignore[union-attr]
    assert not (tmp_path / "parts").exists()


def test_a_part_that_cannot_be_kept_is_one_clear_error_and_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, done = resumable(tmp_path)

    def full(file: Any, **_: Any) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numpy.savez", full)
    with pytest.raises(OutputError, match=r"No space left.*--resume"):
        work(engine, counting, str(done))
    assert list((tmp_path / "parts").iterdir()) == []


def test_the_identity_hangs_on_settings_inputs_and_code(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = identify({"a": 1}, [("masts", "00")])
    assert mine == identify({"a": 1}, [("masts", "00")])
    assert mine != identify({"a": 2}, [("masts", "00")])
    assert mine != identify({"a": 1}, [("masts", "01")])
    monkeypatch.setattr("lomsong.store._code", lambda: "another commit")
    assert mine != identify({"a": 1}, [("masts", "00")])


def test_a_parcel_holds_what_was_packed_and_its_arrays_can_be_written_to() -> None:
    thing = {
        "a": np.arange(1000.0),
        "empty": np.zeros(0),
        "word": "x",
        "columns": np.asfortranarray(np.ones((3, 4))),
    }
    with pack_to_file(thing) as parcel:
        found = unpack(parcel)
        unpack.cache_clear()
        again = unpack(parcel)
    for other in (found, unpack(pack_whole(thing, label="whole"))):
        assert other["word"] == "x"
        for name in ("a", "empty", "columns"):
            np.testing.assert_array_equal(other[name], thing[name])
            assert other[name].flags.writeable
    found["a"][0] = 99.0
    assert again["a"][0] == 0.0
    unpack.cache_clear()


@needs_dask
def test_a_cluster_that_does_not_start_is_tried_again_once(monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[int] = []

    def fail(**_: Any) -> None:
        starts.append(1)
        raise RuntimeError("Cluster failed to start: busy")

    monkeypatch.setattr("distributed.LocalCluster", fail)
    with pytest.raises(EngineError, match=r"workers do not start .*busy"):
        work(Engine(kind="dask", workers=1))
    assert len(starts) == 2


@needs_dask
def test_a_cluster_of_ours_that_has_given_up_its_workers_is_made_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Dask gives up a worker that is not back after a while, which on a busy machine is before it has started."""
    import dask  # noqa: PLC0415 - an extra
    import distributed  # noqa: PLC0415

    begun: list[Any] = []
    start = distributed.LocalCluster.__init__

    def start_and_count(cluster: Any, **options: Any) -> None:
        begun.append(cluster)
        start(cluster, **options)

    monkeypatch.setattr(distributed.LocalCluster, "__init__", start_and_count)
    monkeypatch.setattr("lomsong.engine_dask._LOOK_S", 0.2)
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "10ms"}):
        found = work(Engine(kind="dask", workers=1), die_once, str(tmp_path / "mark"))
    assert found == work(SERIAL)
    assert len(begun) == 2


@dataclass(frozen=True)
class Shelves:
    """Boxes of numbers, of which each part needs its own and the next."""

    boxes: tuple[np.ndarray, ...]
    mark: str

    def bare(self) -> "Shelves":
        return Shelves((), self.mark)

    def pieces(self, part: int) -> dict[int, Callable[[], np.ndarray]]:
        return {number: partial(self.boxes.__getitem__, number) for number in (part, part + 1)}

    def fitted(self, _: int, pieces: dict[int, np.ndarray]) -> "Shelves":
        return Shelves(tuple(pieces.values()), self.mark)


def weigh(common: Shelves, part: int) -> Arrays:
    """Add two boxes; kill the worker the first time it meets a certain part."""
    if part == 3 and len(common.boxes) == 2 and not Path(common.mark).exists():
        Path(common.mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    here, there = common.boxes if len(common.boxes) == 2 else common.boxes[part : part + 2]
    return {"product": here * there, "held": np.array(len(common.boxes))}


@needs_dask
def test_workers_of_others_are_sent_the_pieces_of_their_parts_alone_each_once_though_one_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import distributed  # noqa: PLC0415 - an extra

    sent: list[int] = []
    scatter = distributed.Client.scatter

    def scatter_and_count(client: Any, data: Any, **options: Any) -> Any:
        sent.append(len(data) if isinstance(data, list) else 0)
        return scatter(client, data, **options)

    monkeypatch.setattr(distributed.Client, "scatter", scatter_and_count)
    common = Shelves(tuple(np.full(1000, float(number)) for number in range(8)), str(tmp_path / "mark"))
    wanted = list(SERIAL.map(weigh, common, PARTS, name="weighing"))
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        engine = Engine(kind="dask", scheduler=cluster.scheduler_address)
        found = list(engine.map(weigh, common, PARTS, name="weighing"))
        killed = sum(sent)
        again = list(engine.map(weigh, common, PARTS, name="weighing"))
    assert (tmp_path / "mark").exists()
    for parts in (found, again):
        assert [part["product"].tobytes() for part in parts] == [part["product"].tobytes() for part in wanted]
        assert {int(part["held"]) for part in parts} == {2}
    assert sum(sent) - killed == 8


@needs_dask
def test_a_scheduler_without_workers_is_told_and_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import distributed  # noqa: PLC0415 - an extra

    monkeypatch.setattr("lomsong.engine_dask.WORKERS_PATIENCE_S", 0.5)
    with (
        distributed.LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0") as cluster,
        pytest.raises(EngineError, match=r"no worker for .* --resume"),
    ):
        work(Engine(kind="dask", scheduler=cluster.scheduler_address))
