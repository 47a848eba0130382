"""Room outside memory: arrays too large for it, and what is said when there is none."""

import math
import mmap
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lomsong.errors import OutputError

#: A larger array lies in a file: the terrain of a nation at 30 m does, at 90 m it does not. [bytes]
MOST_IN_MEMORY = 256 << 20
_PIECE = 1 << 22


@contextmanager
def told_as_temporary() -> Iterator[None]:
    """
    Turn what the operating system says about temporary files into one clear error.

    Raises
    ------
    OutputError
        Their folder is full or cannot be written to.
    """
    try:
        yield
    except OSError as error:
        # without a name no folder was found that can be used
        where = f" to {tempfile.tempdir}" if tempfile.tempdir else ""
        raise OutputError(
            f"cannot write temporary files{where}: {error.strerror or error}; make room there, or set TMPDIR to another folder"
        ) from None


def make_room(shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> NDArray[Any]:
    """
    Return an array to be filled, of any size.

    One of more than `MOST_IN_MEMORY` lies in a file without a name, which goes when the array does; the system keeps
    as much of it in memory as there is room.

    Raises
    ------
    OutputError
        The folder for temporary files is full or cannot be written to.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size <= MOST_IN_MEMORY:
        return np.empty(shape, dtype)
    with told_as_temporary(), tempfile.TemporaryFile(prefix="lomsong-") as file:
        # a disk that is full is an error here; where the array is written to, it would be the end of the process
        piece = memoryview(bytes(_PIECE))
        for left in range(size, 0, -_PIECE):
            file.write(piece[:left])
        file.flush()
        whole = mmap.mmap(file.fileno(), size)
    return np.frombuffer(whole, dtype).reshape(shape)
