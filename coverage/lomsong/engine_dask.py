"""The engine on Dask: a cluster of our own on this machine, or one that runs already."""

import secrets
import time
from collections import deque
from collections.abc import Generator, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from lomsong.errors import EngineError, LomsongError
from lomsong.parcels import AHEAD, RETRIES, Divided, Work, do_part, pack_to_file, pack_whole
from lomsong.store import Arrays

#: A scheduler that does not answer within this time is not there. [s]
PATIENCE_S = 20
#: How often a cluster on this machine is started before giving up.
STARTS = 2
#: A cluster that has no worker for so long is not waited for; one that grows by itself may take minutes. [s]
WORKERS_PATIENCE_S = 600.0
#: How often it is looked whether there are workers at all. [s]
_LOOK_S = 5.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """A scheduler that runs already with its certificates, or how many workers to start; see `Engine`."""

    scheduler: str | None
    workers: int | None
    tls_ca: Path | None
    tls_cert: Path | None
    tls_key: Path | None


def on_dask(work: Work, common: Any, parts: list[Any], *, name: str, cluster: Cluster) -> Generator[Arrays]:
    """
    Do parts on a cluster, a few ahead, and give the results in their order.

    Raises
    ------
    EngineError
        Dask is not installed, the scheduler does not answer, or workers keep dying.
    """
    try:
        import distributed  # noqa: PLC0415 - an extra
        from distributed.client import FutureCancelledError  # noqa: PLC0415
        from distributed.comm.core import CommClosedError  # noqa: PLC0415
        from distributed.scheduler import KilledWorker  # noqa: PLC0415
    except ImportError:
        raise EngineError(
            "engine dask: Dask is not installed; pip install 'lomsong[dask]', or use engine processes"
        ) from None
    lost = (OSError, TimeoutError, CommClosedError, FutureCancelledError, KilledWorker, _NobodyWorksError)
    with ExitStack() as files:
        # workers of our own see our files, and share the memory of what is in them
        near = files.enter_context(pack_to_file(common)) if cluster.scheduler is None else None
        done = deaths = 0
        while done < len(parts):
            with _crew(distributed, cluster) as crew:
                try:
                    sent = _Sent(near, None) if near else crew.send(common)
                    for found in crew.do(work, sent, parts[done:]):
                        done, deaths = done + 1, 0
                        yield found
                except LomsongError:
                    raise
                except lost as error:
                    # what was sent to workers is lost with the last that held it
                    deaths += 1
                    told = crew.despair(cluster, error, deaths)
                    if told is not None:
                        raise EngineError(f"{name}: {told} (at part {done + 1} of {len(parts)})") from None


class _NobodyWorksError(Exception):
    """A cluster has had no worker for longer than is worth waiting."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """Where workers find what is common; what pieces are made of, if there are any; and those that parts at work have."""

    parcel: Any
    divided: Divided | None
    pieces: WeakValueDictionary[Hashable, Any] = field(default_factory=WeakValueDictionary)


@dataclass(frozen=True, slots=True)
class _Crew:
    """A client of a scheduler, and the cluster that was started for it, if one was."""

    client: Any
    ours: Any

    def send(self, common: Any) -> "_Sent":
        """Send what is common to all workers, but for what lies in pieces."""
        try:
            self.client.wait_for_workers(1, timeout=WORKERS_PATIENCE_S)
        except TimeoutError:
            raise _NobodyWorksError from None
        divided = common if isinstance(common, Divided) else None
        packed = pack_whole(common if divided is None else divided.bare(), label=secrets.token_hex(8))
        return _Sent(self.client.scatter(packed, broadcast=True, hash=False), divided)

    def do(self, work: Work, sent: "_Sent", parts: list[Any]) -> Generator[Arrays]:
        """Do parts, a few ahead, and give the results in their order."""
        ahead = AHEAD * max(self.count(), 1)
        begun: deque[tuple[Any, dict[Hashable, Any]]] = deque()
        for part in parts:
            pieces = self.lay_out(sent, part)
            future = self.client.submit(
                do_part, work, sent.parcel, part, list(pieces), list(pieces.values()),
                retries=RETRIES, pure=False,
            )  # fmt: skip
            begun.append((future, pieces))
            if len(begun) >= ahead:
                future, pieces = begun.popleft()  # which stay until the part is done
                yield self.wait(future)
        while begun:
            future, pieces = begun.popleft()
            yield self.wait(future)

    def lay_out(self, sent: "_Sent", part: Any) -> dict[Hashable, Any]:
        """Send the pieces that a part needs and no part at work has; each stays while one of them needs it."""
        if sent.divided is None:
            return {}
        wanted = sent.divided.pieces(part)
        there = {name: sent.pieces[name] for name in wanted if name in sent.pieces}
        new = [name for name in wanted if name not in there]
        if new:
            futures = self.client.scatter([wanted[name]() for name in new], hash=False)
            there.update(zip(new, futures, strict=True))
            sent.pieces.update(there)
        return there

    def wait(self, future: Any) -> Arrays:
        """Return a result, but do not wait for one that nobody is there to find."""
        alone_s = 0.0
        while alone_s < WORKERS_PATIENCE_S and not self.has_given_up():
            begin = time.monotonic()
            try:
                found: Arrays = future.result(timeout=min(_LOOK_S, WORKERS_PATIENCE_S))
            except TimeoutError:
                if future.done():  # the part itself says so
                    raise
                alone_s = 0.0 if self.count() else alone_s + time.monotonic() - begin
            else:
                return found
        raise _NobodyWorksError

    def count(self) -> int:
        """Return how many workers there are just now."""
        return len(self.client.scheduler_info(n_workers=-1)["workers"])

    def has_given_up(self) -> bool:
        """Tell whether nobody starts our workers again: Dask gives up one that is not back after 15 s."""
        return self.ours is not None and all(
            nanny.status.name == "closed" for nanny in list(self.ours.workers.values())
        )

    def despair(self, cluster: Cluster, error: Exception, deaths: int) -> str | None:
        """Return what to say where it is no use to try again."""
        if self.client.status != "running":
            return f"the scheduler at {cluster.scheduler or 'this machine'} is gone ({type(error).__name__}); run again with --resume"
        if self.ours is None and isinstance(error, _NobodyWorksError):
            return f"the cluster has had no worker for {WORKERS_PATIENCE_S:.0f} s; start some, then run again with --resume"
        if deaths > RETRIES:
            return "workers of the cluster keep dying, mostly for want of memory; use fewer or larger workers"
        return None


@contextmanager
def _crew(distributed: Any, cluster: Cluster) -> Iterator[_Crew]:
    with ExitStack() as stack:
        ours: Any = None
        if cluster.scheduler is None:
            ours = stack.enter_context(_start(distributed, cluster.workers))
        yield _Crew(stack.enter_context(_connect(distributed, cluster, ours)), ours)


def _connect(distributed: Any, cluster: Cluster, ours: Any) -> Any:
    if cluster.scheduler is None:
        return distributed.Client(ours)
    security = None
    if cluster.scheduler.startswith("tls://"):
        security = distributed.Security(
            tls_ca_file=_text(cluster.tls_ca), tls_client_cert=_text(cluster.tls_cert), tls_client_key=_text(cluster.tls_key),
            require_encryption=True,
        )  # fmt: skip
    try:
        return distributed.Client(cluster.scheduler, timeout=PATIENCE_S, security=security)
    except (OSError, TimeoutError, ValueError) as error:
        raise EngineError(
            f"engine dask: no scheduler answers at {cluster.scheduler} ({type(error).__name__}); check the address and the "
            "certificates"
        ) from None


def _text(path: object) -> str | None:
    return None if path is None else str(path)


def _start(distributed: Any, workers: int | None) -> Any:
    """Start a cluster on this machine that only this machine reaches; on a busy one a first start can time out."""
    said: Exception | None = None
    for _ in range(STARTS):
        try:
            return distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
            )
        except (RuntimeError, OSError, TimeoutError) as error:
            said = error
    raise EngineError(
        f"engine dask: the workers do not start ({said}); try again, with fewer of them, or use engine processes"
    )
