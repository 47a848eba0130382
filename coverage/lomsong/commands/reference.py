"""`columns` and `settings`: what the tables hold and what can be set."""

import json
from typing import Any

import click

from lomsong.commands import options
from lomsong.terminal.lines import print_json, print_lines


@click.command(epilog="\b\nExamples:\n  lomsong columns\n  lomsong columns villages\n")
@click.argument("table", required=False)
@options.AS_JSON
def columns(table: str | None, as_json: bool) -> None:
    """Print the data dictionary of TABLE, or name the tables."""
    from dataclasses import asdict

    from lomsong.schemas import TABLES
    from lomsong.terminal.tables import print_table

    if table is None:
        for each in TABLES.values():
            print_lines(f"{each.name:<14}{each.meaning}")
        return
    if table not in TABLES:
        raise click.UsageError(f"there is no table '{table}'; there are {', '.join(TABLES)}")
    contract = TABLES[table]
    if as_json:
        print_json(
            json.dumps([_plain(asdict(column)) for column in contract.columns], ensure_ascii=False, indent=2)
        )
        return
    rows = [
        (
            column.name,
            column.kind,
            column.unit,
            column.range_text(),
            "yes" if column.required else "",
            column.meaning,
        )
        for column in contract.columns
    ]
    print_table(
        f"{contract.name}: {contract.meaning}",
        ("column", "kind", "unit", "range", "required", "meaning"),
        rows,
    )


@click.command(
    short_help="Print every setting, its default and where that comes from.",
    epilog="\b\nExamples:\n  lomsong settings\n  lomsong settings radio\n",
)
@click.argument("section", required=False)
def settings(section: str | None) -> None:
    """Print every setting with its default and the source of the default."""
    from lomsong.settings_reference import describe_settings
    from lomsong.terminal.tables import print_table

    rows = [
        (line.key, line.default, line.unit, line.meaning, line.source)
        for line in describe_settings()
        if section is None or line.key.split(".")[0] == section
    ]
    if not rows:
        names = dict.fromkeys(line.key.split(".")[0] for line in describe_settings())
        raise click.UsageError(f"there is no section '{section}'; there are {', '.join(names)}")
    print_table("settings", ("key", "default", "unit", "meaning", "source of the default"), rows)


def _plain(column: dict[str, Any]) -> dict[str, Any]:
    """Leave out what says nothing: JSON has no infinity."""
    return {key: value for key, value in column.items() if value not in ("", (), float("inf"), float("-inf"))}
