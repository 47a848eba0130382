"""Tables in the terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lomsong.text import clean


def print_table(title: str, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows below a header, as wide as the terminal; names are data, never markup or commands."""
    table = Table(title=Text(clean(title)), title_justify="left", show_lines=False, pad_edge=False)
    for name in header:
        table.add_column(Text(clean(name)), overflow="fold")
    for row in rows:
        table.add_row(*(Text(clean(str(cell))) for cell in row))
    console = Console()
    # a pipe has no width: let it be as wide as the text
    Console(width=console.width if console.is_terminal else 200).print(table)
