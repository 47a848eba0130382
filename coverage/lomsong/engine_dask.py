"""The engine on Dask: a cluster of our own on this machine, or one that runs already."""

import secrets
from collections import deque
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lomsong.errors import EngineError, LomsongError
from lomsong.parcels import AHEAD, RETRIES, Work, do_part, pack_to_file, pack_whole
from lomsong.store import Arrays

#: A scheduler that does not answer within this time is not there. [s]
PATIENCE_S = 20
#: How often a cluster on this machine is started before giving up.
STARTS = 2


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
    lost = (OSError, TimeoutError, CommClosedError, FutureCancelledError, KilledWorker)
    with ExitStack() as stack:
        client = stack.enter_context(_connect(distributed, cluster, stack))
        # workers of our own see our files, and share the memory of what is in them
        near = stack.enter_context(pack_to_file(common)) if cluster.scheduler is None else None
        done = deaths = 0
        while done < len(parts):
            try:
                for found in _in_order(client, work, near or _send(client, common), parts[done:]):
                    done, deaths = done + 1, 0
                    yield found
            except LomsongError:
                raise
            except lost as error:
                # what was sent to workers is lost with the last that held it
                deaths += 1
                if client.status != "running":
                    raise EngineError(
                        f"{name}: the scheduler at {cluster.scheduler or 'this machine'} is gone ({type(error).__name__}); "
                        "run again with --resume"
                    ) from None
                if deaths > RETRIES:
                    raise EngineError(
                        f"{name}: workers of the cluster keep dying at part {done + 1} of {len(parts)}, mostly for want of "
                        "memory; use fewer or larger workers"
                    ) from None


def _send(client: Any, common: Any) -> Any:
    return client.scatter(pack_whole(common, label=secrets.token_hex(8)), broadcast=True, hash=False)


def _in_order(client: Any, work: Work, parcel: Any, parts: list[Any]) -> Generator[Arrays]:
    ahead = AHEAD * max(len(client.scheduler_info(n_workers=-1)["workers"]), 1)
    begun: deque[Any] = deque()
    for part in parts:
        begun.append(client.submit(do_part, work, parcel, part, retries=RETRIES, pure=False))
        if len(begun) >= ahead:
            yield begun.popleft().result()
    while begun:
        yield begun.popleft().result()


def _connect(distributed: Any, cluster: Cluster, stack: ExitStack) -> Any:
    if cluster.scheduler is None:
        return distributed.Client(stack.enter_context(_start(distributed, cluster.workers)))
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
                dashboard_address=None,
            )
        except (RuntimeError, OSError, TimeoutError) as error:
            said = error
    raise EngineError(
        f"engine dask: the workers do not start ({said}); try again, with fewer of them, or use engine processes"
    )
