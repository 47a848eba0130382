"""Progress of long work, told to whoever wants to show it; silent unless a caller says otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """Somebody who is told how far the work is."""

    def start(self, task: str, total: int) -> None:
        """Begin a task of `total` steps."""

    def advance(self, steps: int = 1) -> None:
        """Say that `steps` more are done."""

    def finish(self) -> None:
        """End the current task."""


class Silent:
    """Tell nobody."""

    def start(self, task: str, total: int) -> None:
        """Ignore it."""

    def advance(self, steps: int = 1) -> None:
        """Ignore it."""

    def finish(self) -> None:
        """Ignore it."""


SILENT = Silent()


@contextmanager
def task(progress: Progress, name: str, total: int) -> Iterator[Progress]:
    """Start a task and finish it whatever happens."""
    progress.start(name, total)
    try:
        yield progress
    finally:
        progress.finish()
