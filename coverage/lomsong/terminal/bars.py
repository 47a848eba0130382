"""Progress bars in the terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import TaskID

from lomsong.progress import SILENT, Progress


class _RichProgress:
    """Whoever is told how far the work is, as bars."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._tasks: list[TaskID] = []

    def start(self, task: str, total: int) -> None:
        self._tasks.append(self._bar.add_task(task, total=total))

    def advance(self, steps: int = 1) -> None:
        self._bar.advance(self._tasks[-1], steps)

    def finish(self) -> None:
        self._tasks.pop()


@contextmanager
def progress_bars(*, quiet: bool) -> Iterator[Progress]:
    """Show bars on standard error while the block runs; none if quiet or where nobody looks."""
    if quiet or not sys.stderr.isatty():
        yield SILENT
        return
    with Bar(console=Console(stderr=True), transient=True) as bar:
        yield _RichProgress(bar)
