"""Parts of a run that are done, kept under the name of all that they hang on, so that none is ever taken for another's."""

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lomsong.errors import OutputError

#: Named arrays: what a part of the work comes to.
Arrays = dict[str, NDArray[Any]]
#: Where a run keeps them, in the folder of its results.
PARTS_FOLDER = ".lomsong-parts"
#: Where plans on a finished run keep what their candidates reach; a new run into the folder forgets it.
REACH_FOLDER = ".lomsong-reach"


@dataclass(frozen=True, slots=True)
class Store:
    """
    A folder of finished parts.

    Attributes
    ----------
    folder : Path
        Made when the first part is kept.
    identity : str
        From `identify`.
    """

    folder: Path
    identity: str

    def holds(self, name: str, number: int) -> bool:
        """Tell whether a part is kept."""
        return self._path(name, number).is_file()

    def load(self, name: str, number: int) -> Arrays | None:
        """Return a part, or None if it is damaged."""
        try:
            with self._path(name, number).open("rb") as file, np.load(file, allow_pickle=False) as kept:
                return {key: kept[key] for key in kept.files}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def save(self, name: str, number: int, arrays: Arrays) -> None:
        """
        Keep a part; a reader never sees half of it.

        Raises
        ------
        OutputError
            The disk is full or the folder cannot be written to; what was kept before stays.
        """
        path = self._path(name, number)
        aside = path.with_suffix(f".{os.getpid()}.unfinished")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with aside.open("wb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]
            aside.replace(path)
        except OSError as error:
            with suppress(OSError):
                aside.unlink(missing_ok=True)
            raise OutputError(
                f"cannot keep a finished part in {self.folder}: {error.strerror or error}; make room or choose another --out, "
                "then run again with --resume: the parts kept so far are used"
            ) from None

    def clear(self) -> None:
        """Forget every part, those of other identities too."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, name: str, number: int) -> Path:
        key = hashlib.sha256(json.dumps([self.identity, name, number]).encode()).hexdigest()
        return self.folder / f"{key[:40]}.npz"


def identify(settings: Any, checksums: Sequence[tuple[str, str]]) -> str:
    """
    Name all that a result hangs on: settings, inputs, and the code with what it counts with.

    Parameters
    ----------
    settings : object
        What JSON can say.
    checksums : sequence of (str, str)
        Name and checksum of each input.
    """
    every = json.dumps([settings, list(checksums), _code(), np.__version__], sort_keys=True, default=str)
    return hashlib.sha256(every.encode()).hexdigest()


@cache
def _code() -> str:
    """Return a checksum of this package's modules: another commit may count differently."""
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
