"""`compare` and `publish`: finished runs beside each other and in a database."""

import click

from lomsong.addresses import is_store
from lomsong.commands import options
from lomsong.errors import LomsongError
from lomsong.findings import count_rows
from lomsong.terminal.lines import print_lines


@click.command(
    short_help="Say what changed between finished runs, and why.",
    epilog="\b\nExamples:\n  lomsong compare maps/spring maps/autumn --out maps/progress\n"
    "  lomsong compare maps/2024 maps/2025 maps/2026 --target 0 --json > progress.json\n",
)
@options.FINISHED_RUNS
@click.option("--out", type=click.Path(file_okay=False), help="Folder of the page, the chart and the tables.")
@click.option(
    "--target",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Villages without signal to come down to.",
)
@options.MAPPING
@click.option("--anyway", is_flag=True, help="Compare runs that were judged by other rules.")
@options.AS_JSON
def compare(
    runs: tuple[str, ...], out: str | None, target: int, mapping: str | None, anyway: bool, as_json: bool
) -> None:
    """Say what changed between finished RUNS, the oldest first, and why."""
    from lomsong.terminal.compare import compare_runs

    if len(runs) < 2:
        raise click.UsageError("compare needs two runs or more, the oldest first")
    compare_runs(runs, out=out, target=target, mapping=mapping, anyway=anyway, as_json=as_json)


@click.command(
    short_help="Put a finished run into a database or an object store.",
    epilog="\b\nExamples:\n  lomsong publish maps/mine postgresql://db.example/gis\n"
    "  lomsong publish maps/mine postgresql://db.example/gis --id 2026-autumn\n"
    "  lomsong publish public/mine s3://bucket/maps/mine\n"
    "\b\nLogins are read from the environment (PGUSER, PGPASSWORD or PGPASSFILE; AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,\n"
    "AWS_ENDPOINT_URL) and written nowhere.\n",
)
@options.FINISHED_RUN
@click.argument("database", metavar="ADDRESS")
@click.option(
    "--id", "run_id", metavar="NAME", help="Name of the run there; that of the folder if not given."
)
@options.QUIET
def publish(run: str, database: str, run_id: str | None, quiet: bool) -> None:
    """
    Put the finished RUN into the PostGIS database at ADDRESS, or a folder of lomsong's into an object store.

    What was there of the same name is replaced.
    """
    if is_store(database):
        if run_id is not None:
            raise click.UsageError("--id names a run in a database; in a store the address does")
        from lomsong.store_publication import store_folder

        count = store_folder(run, database)
        if not quiet:
            print_lines(f"Stored: {count_rows(count, 'file')} in {database}")
        return
    try:
        from lomsong.publication import publish_run
    except ImportError:
        raise LomsongError("publish needs the extra 'postgis': pip install 'lomsong[postgis]'") from None

    done = publish_run(run, database, run_id=run_id)
    if not quiet:
        rows = ", ".join(f"{name} ({count_rows(count)})" for name, count in done.rows.items())
        print_lines(f'{"Replaced" if done.replaced else "Published"}: {rows} in schema "{done.schema}"')
