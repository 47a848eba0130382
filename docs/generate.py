"""Write the pages that the contracts and settings already hold: data dictionary, settings reference, command line."""

from pathlib import Path

import click

from lomsong.carriers import CARRIERS
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


def carriers() -> str:
    names = (
        "bandwidth_mhz",
        "eirp_dbm",
        "beamwidth_deg",
        "vertical_beamwidth_deg",
        "antenna_height_m",
        "downtilt_deg",
    )
    rows, notes = [], {}
    for carrier in CARRIERS:
        cells = [carrier.technology.upper(), f"{carrier.band_mhz:g}"]
        for name in names:
            typical = getattr(carrier, name)
            notes.setdefault(typical.source, len(notes) + 1)
            cells.append(f"{typical.value:g} [{notes[typical.source]}]")
        rows.append(tuple(cells))
    text = "# Carriers by band\n\nWhat a sector is taken for where its record does not say; numbers in brackets are sources.\n\n"
    text += table(("technology", "band [MHz]", *(f"`{name}`" for name in names)), rows)
    return text + "\n" + "\n".join(f"{number}. {source}" for source, number in notes.items()) + "\n"


def command_line() -> str:
    parts = ["# Command line\n"]
    for name, command in sorted(main.commands.items()):
        context = click.Context(command, info_name=f"lomsong {name}")
        parts.append(f"## {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    pages = {
        "data-dictionary": data_dictionary,
        "settings": settings_reference,
        "carriers": carriers,
        "command-line": command_line,
    }
    for name, make in pages.items():
        (OUT / f"{name}.md").write_text(make(), encoding="utf-8")
