"""Lines in the terminal: the one way out for all that the commands say."""

import json

import click

from lomsong.text import UNSHOWN, clean


def print_lines(*lines: str, err: bool = False) -> None:
    """Print lines, on standard error if so wanted; a text is never a command to the terminal, and stays on its line."""
    click.echo("\n".join(clean(line) for line in lines), err=err)


def print_json(text: str) -> None:
    """Print JSON; what no terminal should obey is written as the number of the character, which reads as the same value."""
    lines = (UNSHOWN.sub(lambda found: json.dumps(found.group())[1:-1], line) for line in text.split("\n"))
    click.echo("\n".join(lines))
