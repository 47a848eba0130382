"""
What all parts of a piece of work share, packed once for many workers, and what a worker does with it.

On one machine the workers share its memory, too.
"""

import mmap
import pickle
import tempfile
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from lomsong.compiled import get_num_threads, set_num_threads
from lomsong.scratch import told_as_temporary
from lomsong.store import Arrays

#: What does one part: a function of a module, given what all parts share, and the part.
Work = Callable[[Any, Any], Arrays]
#: A part whose worker died is tried this often again; what kills three workers kills the fourth.
RETRIES = 3
#: Parts handed out ahead, for each worker: none waits for one that takes several times as long, as tiles among many masts
#: do, and memory does not grow with the number of parts.
AHEAD = 4
#: Arrays begin at a multiple of this, as processors like it. [bytes]
_ALIGNED = 64


@runtime_checkable
class Divided(Protocol):
    """
    What parts share, of which each needs but a few pieces: land, which would not fit into a worker.

    Workers on this machine share it all. To others the pieces of a part are sent with it.
    """

    def bare(self) -> Any:
        """Return what every part needs: all but the pieces."""

    def pieces(self, part: Any) -> Mapping[Hashable, Callable[[], Any]]:
        """Return the names of the pieces that a part needs, and how to make each; one name is always one piece."""

    def fitted(self, part: Any, pieces: Mapping[Any, Any]) -> Any:
        """Return what is bare with the pieces that a part needs: as good for this part as what was divided."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """
    Something packed.

    Attributes
    ----------
    label : str
        Tells one parcel from another; the path of its file, where it has one.
    content : bytes
        All of it; empty where it lies in a file.
    spans : tuple of (int, int)
        Where each array begins and ends in the file, then the object without them. [bytes]
    """

    label: str
    content: bytes = field(default=b"", compare=False)
    spans: tuple[tuple[int, int], ...] = field(default=(), compare=False)


def pack_whole(thing: Any, *, label: str) -> Parcel:
    """Pack something for workers that see no file of ours."""
    return Parcel(label, pickle.dumps(thing, protocol=5))


@contextmanager
def pack_to_file(thing: Any) -> Iterator[Parcel]:
    """
    Pack something for workers on this machine; the file of its arrays is there for as long as the block.

    Raises
    ------
    OutputError
        The folder for temporary files is full or cannot be written to.
    """
    buffers: list[pickle.PickleBuffer] = []
    content = pickle.dumps(thing, protocol=5, buffer_callback=buffers.append)
    spans, end = [], 0
    with ExitStack() as stack:
        with told_as_temporary():
            path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lomsong-"))) / "arrays"
            with path.open("wb") as file:
                for piece in (*(buffer.raw() for buffer in buffers), memoryview(content)):
                    end += file.write(b"\0" * (-end % _ALIGNED))
                    spans.append((end, end + file.write(piece)))
                    end = spans[-1][1]
        yield Parcel(str(path), spans=tuple(spans))


@lru_cache(maxsize=1)
def unpack(parcel: Parcel) -> Any:
    """
    Return what was packed, once for many parts.

    Arrays of a file are mapped, not read: workers share their pages. They can be written to, privately, since compiled
    kernels know arrays that can be written to only.
    """
    if not parcel.spans:
        return pickle.loads(parcel.content)  # noqa: S301 - packed by this very run
    with Path(parcel.label).open("rb") as file:
        whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    *arrays, (first, last) = parcel.spans
    return pickle.loads(whole[first:last], buffers=[whole[a:b] for a, b in arrays])  # noqa: S301 - as above


def do_part(
    work: Work, parcel: Parcel, part: Any, names: Sequence[Hashable] = (), pieces: Sequence[Any] = ()
) -> Arrays:
    """
    Do one part in a worker: with one thread, and with what is common unpacked once.

    Where pieces were sent with it, each with its name, what is common is `Divided`, and bare.
    """
    threads = get_num_threads()
    set_num_threads(1)
    try:
        common = unpack(parcel)
        return work(common.fitted(part, dict(zip(names, pieces, strict=True))) if names else common, part)
    finally:
        set_num_threads(threads)
