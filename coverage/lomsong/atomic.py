"""Files that are whole or not there: written aside, then moved into place."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lomsong.errors import OutputError

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
    scratch: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(_PREFIX + "*"):  # of a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        scratch = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
        yield scratch
        (folder / last).unlink(missing_ok=True)
        names = sorted(path.name for path in scratch.iterdir() if path.name != last)
        for name in [*names, last]:
            os.replace(scratch / name, folder / name)  # noqa: PTH105 - says what it does
    except OSError as error:
        raise OutputError(
            f"cannot write to {folder}: {error.strerror or error}; choose another folder with --out"
        ) from None
    finally:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)
