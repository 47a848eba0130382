"""
Work cut into parts, done one after the other, by processes of this machine, or on a Dask cluster: the same bytes.

A part that is done can be kept in a store, so that a run that was stopped goes on where it was.
"""

import os
import signal
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

from lomsong.engine_dask import Cluster, on_dask
from lomsong.errors import EngineError, SettingsError
from lomsong.parcels import AHEAD, RETRIES, Parcel, Work, do_part, pack_to_file
from lomsong.progress import SILENT, Progress, task
from lomsong.store import Arrays, Store

Kind = Literal["serial", "processes", "dask"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """
    Where work is done.

    Attributes
    ----------
    kind : {'serial', 'processes', 'dask'}
        One part after the other on all threads; workers with a thread each on this machine; or those of a cluster.
    workers : int, optional
        How many of them, for `processes` and for a cluster that is started here; one for each processor if not given.
    scheduler : str, optional
        Address of a Dask scheduler that runs already, such as ``tcp://10.0.0.1:8786`` or ``tls://…``. Without it `dask`
        starts a cluster of its own, which listens on 127.0.0.1 only.
    tls_ca, tls_cert, tls_key : Path, optional
        Certificates for a ``tls://`` scheduler.
    store : Store, optional
        Keeps the parts that are done.
    """

    kind: Kind = "serial"
    workers: int | None = None
    scheduler: str | None = None
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    store: Store | None = None

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.scheduler is not None and self.kind != "dask":
            raise SettingsError(
                f"engine: a scheduler is of Dask, but the engine is '{self.kind}'; use engine dask"
            )
        if self.workers is not None and self.workers < 1:
            raise SettingsError(f"engine: {self.workers} workers cannot work; give at least 1")
        secure = self.scheduler is not None and self.scheduler.startswith("tls://")
        if (self.tls_ca or self.tls_cert or self.tls_key) and not secure:
            raise SettingsError("engine: certificates are for a scheduler whose address begins with tls://")

    def map(
        self, work: Work, common: Any, parts: Sequence[Any], *, name: str, progress: Progress = SILENT
    ) -> Iterator[Arrays]:
        """
        Do every part, and give the results in the order of the parts.

        Parameters
        ----------
        work : callable
            A function of a module, whose result hangs on nothing but its arguments.
        common : object
            What all parts share; sent to each worker once, but for what is `Divided` and the workers are another's.
        parts : sequence
            The parts, small.
        name : str
            What this is, for progress and messages.
        progress : Progress
            Told about each part that is done.

        Yields
        ------
        dict of ndarray
            The result of each part.

        Raises
        ------
        EngineError
            Workers keep dying, Dask is not installed, or a cluster cannot be reached.
        OutputError
            A finished part cannot be kept.
        """
        kept = self.store.holds if self.store is not None else _nothing
        todo = [number for number in range(len(parts)) if not kept(name, number)]
        fresh = self._do(work, common, [parts[number] for number in todo], name)
        waiting = set(todo)
        with task(progress, name, len(parts)) as told, closing(fresh):
            for number in range(len(parts)):
                found = None if number in waiting or self.store is None else self.store.load(name, number)
                if found is None and number in waiting:
                    found = next(fresh)
                    if self.store is not None:
                        self.store.save(name, number, found)
                elif found is None:  # kept, but damaged since
                    found = work(common, parts[number])
                told.advance()
                yield found

    def _do(self, work: Work, common: Any, parts: list[Any], name: str) -> Generator[Arrays]:
        if self.kind == "serial" or not parts:
            return (work(common, part) for part in parts)
        if self.kind == "processes":
            return _on_processes(work, common, parts, name=name, workers=self.workers or _processors())
        cluster = Cluster(self.scheduler, self.workers, self.tls_ca, self.tls_cert, self.tls_key)
        return on_dask(work, common, parts, name=name, cluster=cluster)


def _nothing(name: str, number: int) -> bool:  # noqa: ARG001 - stands in for `Store.holds`
    return False


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


SERIAL = Engine()


def _on_processes(work: Work, common: Any, parts: list[Any], *, name: str, workers: int) -> Generator[Arrays]:
    """Hand parts out to processes, a few ahead; a pool that breaks is made again."""
    with pack_to_file(common) as parcel:
        done = deaths = 0
        while done < len(parts):
            pool = ProcessPoolExecutor(
                min(workers, len(parts)), mp_context=get_context("spawn"), initializer=_prepare_worker
            )
            try:
                for found in _in_order(pool, work, parcel, parts[done:], AHEAD * workers):
                    done, deaths = done + 1, 0
                    yield found
            except BrokenProcessPool:
                deaths += 1
                if deaths > RETRIES:
                    raise EngineError(
                        f"{name}: a worker died {deaths} times at part {done + 1} of {len(parts)}, mostly for want of memory; "
                        "use fewer workers, or engine serial"
                    ) from None
            finally:
                pool.shutdown(cancel_futures=True)


def _in_order(
    pool: ProcessPoolExecutor, work: Work, parcel: Parcel, parts: list[Any], ahead: int
) -> Iterator[Arrays]:
    begun: deque[Future[Arrays]] = deque()
    for part in parts:
        begun.append(pool.submit(do_part, work, parcel, part))
        if len(begun) >= ahead:
            yield begun.popleft().result()
    while begun:
        yield begun.popleft().result()


def _prepare_worker() -> None:
    # Ctrl-C reaches the whole group; the first process alone decides what becomes of it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
