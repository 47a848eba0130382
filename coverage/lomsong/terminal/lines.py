"""Lines in the terminal: the one way out for all that the commands say."""

import json
import re
import sys

import click

from lomsong.text import UNSHOWN, clean

#: What an output in another encoding than UTF-8 may not hold.
_BEYOND_ASCII = re.compile(r"[^\x00-\x7e]")


def print_lines(*lines: str, err: bool = False) -> None:
    """Print lines, on standard error if so wanted; a text is never a command to the terminal, and stays on its line."""
    click.echo("\n".join(clean(line) for line in lines), err=err)


def print_json(text: str) -> None:
    """Print JSON; what no terminal should obey, or can hold, is written as the number of the character: the same value."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"  # a closed output has none
    numbered = UNSHOWN if encoding.lower() in ("utf-8", "utf8") else _BEYOND_ASCII
    click.echo("\n".join(numbered.sub(_number_of, line) for line in text.split("\n")))


def _number_of(found: re.Match[str]) -> str:
    return json.dumps(found.group())[1:-1]
