"""Tables in the terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from lomsong.text import clean

#: Tables of no more columns are never taken apart, however narrow the terminal is.
_FEW = 3
#: Characters that a column of a table takes beside its text; the table as a whole takes one less.
_BORDERS = 3
#: Wider than any terminal, to ask how wide a text would be. [characters]
_ENDLESS = 10_000


def print_table(title: str, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """
    Print rows below a header, as wide as the terminal; names are data, never markup or commands.

    Where the terminal is too narrow for the longest words of all columns, each row is a list of its own.
    """
    lines = [[Text(clean(str(cell))) for cell in row] for row in (header, *rows)]
    console = Console()
    # a pipe has no width: let it be as wide as the text
    console = Console(width=console.width if console.is_terminal else 200)
    asked = console.options.update(width=_ENDLESS)
    cells = [
        [Measurement.get(console, asked, cell) for cell in column] for column in zip(*lines, strict=True)
    ]
    least = [max(cell.minimum for cell in column) for column in cells]
    full = [max(cell.maximum for cell in column) for column in cells]
    room = console.width - _BORDERS * len(header) + 1
    if sum(least) > room and len(header) > _FEW:
        console.print(Text(clean(title)))
        for line in lines[1:]:
            console.print(_list_of(lines[0], line))
        return
    table = Table(title=Text(clean(title)), title_justify="left", pad_edge=False)
    for name, width in zip(lines[0], _share_room(least, full, room), strict=True):
        table.add_column(name, overflow="fold", width=width)
    for line in lines[1:]:
        table.add_row(*line)
    console.print(table)


def _share_room(least: Sequence[int], full: Sequence[int], room: int) -> list[int | None]:
    """Return how wide each column is: whole words in all of them, and as much of the longest as there is room for."""
    for cap in range(room, 0, -1):
        widths = [max(low, min(high, cap)) for low, high in zip(least, full, strict=True)]
        if sum(widths) <= room:
            return [*widths]
    return [None] * len(least)  # words must be broken


def _list_of(head: Sequence[Text], line: Sequence[Text]) -> Table:
    """Return one row as lines of a name and a value each, those without a value left out."""
    listed = Table.grid(padding=(0, 2))
    listed.add_column(overflow="fold")
    listed.add_column(overflow="fold")
    for name, cell in zip(head, line, strict=True):
        if cell.plain:
            listed.add_row(name, cell)
    listed.add_row()
    return listed
