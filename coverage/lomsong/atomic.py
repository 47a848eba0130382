"""Files that are whole or not there: written aside, then moved into place."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatch
from pathlib import Path

from lomsong.errors import LomsongError, OutputError

_PREFIX = ".lomsong-unfinished-"


@contextmanager
def staged_folder(folder: Path, *, last: str) -> Iterator[Path]:
    """
    Give a scratch folder whose files move into `folder` when the block ends well, and vanish when it does not.

    Parameters
    ----------
    folder : Path
        Made if it is not there; files of other names in it stay.
    last : str
        The file that says the folder is whole. It is taken away before the first file moves and comes back
        last, so that a kill in between cannot leave old and new results looking like one.

    Raises
    ------
    OutputError
        The folder cannot be made or written to.
    """
    with told_as_ours(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        scratch = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=folder))
    try:
        yield scratch
        with told_as_ours(folder):
            (folder / last).unlink(missing_ok=True)
            names = sorted(path.name for path in scratch.iterdir() if path.name != last)
            for name in [*names, last]:
                os.replace(scratch / name, folder / name)  # noqa: PTH105 - says what it does
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        with suppress(OSError):
            folder.rmdir()  # only if nothing came of it


def refuse_to_replace(folder: Path, results: Iterable[str], inputs: Iterable[Path]) -> None:
    """
    Refuse a folder in which a result would take the place of a file that somebody gave.

    Parameters
    ----------
    folder : Path
        Where the results go.
    results : iterable of str
        Their names, with ``*`` for what varies.
    inputs : iterable of Path
        The files that must stay.

    Raises
    ------
    OutputError
        One of them lies in the folder under the name of a result.
    """
    names = sorted({path.name for path in inputs if path.parent.resolve() == folder.resolve()})
    lost = [name for name in names if any(fnmatch(name, result) for result in results)]
    if lost:
        raise OutputError(
            f"{folder}: the results would replace {', '.join(lost)}, which this run reads; choose another folder with --out, "
            "or keep your own files elsewhere"
        )


def write_whole(path: Path, content: bytes) -> None:
    """
    Write one file; a reader never sees half of it.

    Raises
    ------
    OutputError
        The file cannot be written there; nothing is left behind.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        aside.write_bytes(content)
        os.replace(aside, path)  # noqa: PTH105 - says what it does
    except OSError as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise OutputError(
            f"cannot write {path}: {error.strerror or error}; does its folder exist? choose another place"
        ) from None


@contextmanager
def told_as_ours(folder: Path) -> Iterator[None]:
    """
    Turn what the operating system says while results are written into one clear error.

    Raises
    ------
    OutputError
        The folder cannot be made or written to, or its disk is full.
    """
    try:
        yield
    except LomsongError:
        raise
    except OSError as error:
        raise OutputError(
            f"cannot write to {folder}: {error.strerror or error}; make room there or choose another folder with --out"
        ) from None


def _sweep(folder: Path) -> None:
    """Remove what killed runs left; a run that is still at work in this folder is refused."""
    for left in folder.glob(_PREFIX + "*"):
        owner = left.name.removeprefix(_PREFIX).split("-")[0]
        if owner.isdigit() and int(owner) != os.getpid() and _is_alive(int(owner)):
            raise OutputError(
                f"another run (process {owner}) is writing to {folder}; wait for it, or choose another --out"
            )
        shutil.rmtree(left, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
