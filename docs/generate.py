"""Write the pages that the contracts and settings already hold: data dictionary, settings reference, command line."""

from pathlib import Path

import click

import lomsong
from lomsong.carriers import CARRIERS
from lomsong.cli import main
from lomsong.schemas import TABLES
from lomsong.settings_reference import describe_settings
from lomsong.wording import LABELS

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


def python_names() -> str:
    """Every name of the package, from where it is at home."""
    lines = [
        "# Python\n",
        "What `import lomsong as ls` offers. Tables in, tables out; units end the names.\n",
        "```{eval-rst}",
    ]
    for name in lomsong.__all__:
        found = getattr(lomsong, name)
        kind = "autoclass" if isinstance(found, type) else "autofunction"
        lines += [f".. {kind}:: {found.__module__}.{found.__qualname__}", ""]
    return "\n".join([*lines, "```", ""])


def words() -> str:
    parts = [
        "# Words of the results\n",
        "What the columns hold, and what the map and the report call it in each language.\n",
    ]
    for subject, labels in LABELS.items():
        rows = [(f"`{word}`", *pair) for word, pair in labels.items()]
        parts.append(f"## {subject.replace('_', ' ')}\n\n" + table(("value", "English", "Vietnamese"), rows))
    return "\n".join(parts)


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    pages = {
        "data-dictionary": data_dictionary,
        "settings": settings_reference,
        "carriers": carriers,
        "command-line": command_line,
        "python": python_names,
        "words": words,
    }
    for name, make in pages.items():
        (OUT / f"{name}.md").write_text(make(), encoding="utf-8")
