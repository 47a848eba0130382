"""Options that several commands have."""

import click

QUIET = click.option("--quiet", is_flag=True, help="Print nothing but errors.")
QUIET_BUT_JSON = click.option(
    "--quiet", is_flag=True, help="Print nothing but errors and what --json asks for."
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
LANGUAGE = click.option(
    "--lang",
    "language",
    type=click.Choice(["en", "vi"]),
    default="en",
    show_default=True,
    help="Language.",
)
FINISHED_RUN = click.argument("run", type=click.Path(file_okay=False))
FINISHED_RUNS = click.argument("runs", nargs=-1, required=True, type=click.Path(file_okay=False))
MAPPING = click.option(
    "--mapping",
    type=click.Path(dir_okay=False),
    metavar="CSV",
    help="Old village codes to new ones, between runs: old_code, new_code, kind.",
)
