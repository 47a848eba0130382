"""Write the pages that the contracts and settings already hold: data dictionary, settings reference, command line."""

from pathlib import Path

import click

from lomsong.cli import main
from lomsong.schemas import TABLES
from lomsong.settings_reference import describe_settings

OUT = Path(__file__).parent / "generated"


def cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def table(header: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def data_dictionary() -> str:
    parts = ["# Data dictionary\n"]
    for contract in TABLES.values():
        rows = [
            (
                f"`{column.name}`",
                column.kind,
                column.unit,
                column.range_text(),
                "yes" if column.required else "",
                column.meaning,
            )
            for column in contract.columns
        ]
        parts.append(f"## {contract.name}\n\n{contract.meaning}\n")
        parts.append(table(("column", "kind", "unit", "range", "required", "meaning"), rows))
    return "\n".join(parts)


def settings_reference() -> str:
    rows = [
        (f"`{line.key}`", line.default, line.unit, line.meaning, line.source) for line in describe_settings()
    ]
    return "# Settings\n\n" + table(("key", "default", "unit", "meaning", "source of the default"), rows)


def command_line() -> str:
    parts = ["# Command line\n"]
    for name, command in sorted(main.commands.items()):
        context = click.Context(command, info_name=f"lomsong {name}")
        parts.append(f"## {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    pages = {"data-dictionary": data_dictionary, "settings": settings_reference, "command-line": command_line}
    for name, make in pages.items():
        (OUT / f"{name}.md").write_text(make(), encoding="utf-8")
