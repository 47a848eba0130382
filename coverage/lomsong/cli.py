"""The command line: arguments in, one call of the package, results and errors as text."""

import json
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, Literal

import click

from lomsong.errors import LomsongError

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from lomsong.pipeline import Run
    from lomsong.progress import Progress
    from lomsong.quality import QualityReport

_EXAMPLES = """\b
Examples:
  lomsong demo my-district                       a made-up district to learn with
  lomsong check my-district/district.yml         what the data is good for
  lomsong run my-district/district.yml --out maps/mine
  lomsong path maps/mine --village ID --out p.svg  the terrain between a village and a mast
  lomsong fetch VN --out vn --dry-run            which open layers an area needs, and how much that is
  lomsong map maps/mine --lang vi                the map again, in Vietnamese
  lomsong compare maps/old maps/new              what changed between runs, and why
  lomsong publish maps/mine postgresql://db/gis  the result in a PostGIS database
  lomsong columns villages                       what a table holds
  lomsong settings radio                         every setting with its default and source
"""


class _Main(click.Group):
    """A group that ends every error of ours in one message and exit code 1."""

    def invoke(self, context: click.Context) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")  # a name that the terminal cannot show is no error
        try:
            return super().invoke(context)
        except LomsongError as error:
            _fail(_with_notes(str(error), error))
        except KeyboardInterrupt:
            _fail(
                "interrupted; no result was changed (after lomsong run, --resume goes on from here)", code=130
            )
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise  # click has its own end for each
        except MemoryError as error:
            _fail(
                _with_notes(
                    "there is not enough memory; use fewer workers, larger cells or a larger machine", error
                )
            )
        except Exception as error:  # noqa: BLE001 - nothing that a user meets ends in a traceback
            if os.environ.get("LOMSONG_DEBUG"):
                traceback.print_exc()
            _fail(
                f"this is a mistake in lomsong, not in your data: {type(error).__name__}: {error}\n"
                "Please report it; LOMSONG_DEBUG=1 in front of the command shows where it happened."
            )


def _with_notes(message: str, error: BaseException) -> str:
    return "\n".join([message, *getattr(error, "__notes__", ())])


def _fail(message: str, *, code: int = 1) -> None:
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)


@click.group(cls=_Main, epilog=_EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lomsong")
def main() -> None:
    """Find the villages without mobile signal, say how sure that is, and rank them."""


@main.command(
    epilog="\b\nExample:\n  lomsong demo my-district && lomsong run my-district/district.yml --out maps/mine\n"
)
@click.argument("folder", default="lomsong-demo", type=click.Path(file_okay=False))
@click.option("--seed", default=2023, show_default=True, help="Another seed gives another district.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def demo(folder: str, seed: int, quiet: bool) -> None:
    """Write a synthetic district with its settings into FOLDER."""
    from pathlib import Path

    from lomsong.sources.demo import write_demo

    config = write_demo(Path(folder), seed=seed)
    if not quiet:
        click.echo(f"A synthetic district lies in {folder}. Next: lomsong run {config} --out maps/demo")


@main.command(
    epilog="\b\nExamples:\n  lomsong check district.yml\n  lomsong check district.yml --out quality.html\n"
    "  lomsong check district.yml --json > quality.json\n"
)
@click.argument("config", type=click.Path(dir_okay=False))
@click.option("--out", type=click.Path(dir_okay=False), help="Page to write, .html.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(config: str, out: str | None, as_json: bool) -> None:
    """Read the sources that CONFIG names and say how good they are."""
    from lomsong.inputs import read
    from lomsong.quality import check as check_quality
    from lomsong.settings_file import load_settings
    from lomsong.sources.copies import take_copies

    settings = load_settings(config)
    take_copies(settings.inputs)
    report = check_quality(read(settings))
    if out is not None:
        from lomsong.report.quality_page import save_quality

        save_quality(report, out, settings=settings)
    if as_json:
        click.echo(report.as_json())
        return
    _print_quality(report, settings.name)
    if out is not None:
        click.echo(f"Page: {out}")


@main.command(
    epilog="\b\nExamples:\n  lomsong run district.yml --out maps/mine\n"
    "  lomsong run district.yml --out maps/mine --rasters --raster-cell 250\n"
    "  lomsong run district.yml --out maps/mine --json --quiet\n"
    "  lomsong run country.yml --out maps/country --engine processes --workers 4 --resume\n"
)
@click.argument("config", type=click.Path(dir_okay=False))
@click.option("--out", required=True, type=click.Path(file_okay=False), help="Folder of the results.")
@click.option(
    "--rasters", is_flag=True, help="Also write predicted signal as GeoTIFF, one per operator and technology."
)
@click.option(
    "--raster-cell", default=100.0, show_default=True, metavar="M", help="Cell size of --rasters in metres."
)
@click.option("--bom", is_flag=True, help="Begin CSV files with a byte order mark, for Excel.")
@click.option(
    "--inert-csv",
    is_flag=True,
    help="In CSV files, put an apostrophe before texts that a spreadsheet would compute, such as =1+1.",
)
@click.option(
    "--engine",
    type=click.Choice(["serial", "processes", "dask"]),
    default="serial",
    show_default=True,
    help="Where prediction and rasters are worked on; the results are the same.",
)
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Workers of processes and dask.")
@click.option("--scheduler", metavar="URL", help="A Dask scheduler that runs already, tcp:// or tls://.")
@click.option("--tls", nargs=3, metavar="CA CERT KEY", help="Certificate files for a tls:// scheduler.")
@click.option("--resume", is_flag=True, help="Go on where a stopped run into OUT was.")
@click.option("--json", "as_json", is_flag=True, help="Print the record of the run as JSON.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors and what --json asks for.")
def run(
    config: str,
    out: str,
    rasters: bool,
    raster_cell: float,
    bom: bool,
    inert_csv: bool,
    engine: Literal["serial", "processes", "dask"],
    workers: int | None,
    scheduler: str | None,
    tls: tuple[str, str, str] | None,
    resume: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run the whole chain on CONFIG: a map, a ranking and a report in the folder OUT."""
    from lomsong.settings_file import load_settings

    settings = load_settings(config)
    with _progress(quiet=quiet) as progress:
        from pathlib import Path

        from lomsong.engine import Engine
        from lomsong.pipeline import run as run_chain
        from lomsong.report.csv_files import Dress

        ca, cert, key = (Path(each) for each in tls) if tls else (None, None, None)
        chosen = Engine(
            kind=engine, workers=workers, scheduler=scheduler, tls_ca=ca, tls_cert=cert, tls_key=key
        )
        done = run_chain(
            settings,
            out,
            raster_cell_m=raster_cell if rasters else None,
            csv=Dress(bom=bom, inert=inert_csv),
            engine=chosen,
            resume=resume,
            progress=progress,
        )
    if as_json:
        click.echo(json.dumps(done.record, ensure_ascii=False, indent=2))
    elif not quiet:
        _print_run(done)


@main.command(
    "map",
    epilog="\b\nExamples:\n  lomsong map maps/mine --lang vi\n  lomsong map maps/mine --out public.html --hide-masts\n"
    "  lomsong map maps/mine --out sheet.pdf --paper a4\n"
    "  lomsong map maps/2024 maps/2025 maps/2026 --out progress.html\n"
    "  lomsong map maps/mine --out public/mine\n",
)
@click.argument("runs", nargs=-1, required=True, type=click.Path(file_okay=False))
@click.option("--lang", type=click.Choice(["en", "vi"]), default="en", show_default=True, help="Language.")
@click.option(
    "--out",
    type=click.Path(),
    help="What to write: .html for a page, .png, .svg or .pdf for a sheet, a folder for a page in parts; map.html of the run if left out, "
    "runs.html of the last of several.",
)
@click.option("--hide-masts", is_flag=True, help="Leave out the masts and what gives their places away.")
@click.option(
    "--blur-masts",
    type=click.FloatRange(min=100),
    metavar="M",
    help="Show masts only to squares of M metres.",
)
@click.option(
    "--online-tiles",
    metavar="URL",
    help="Lay a map of this server beneath, such as https://tiles.example/{z}/{x}/{y}.png; pages only.",
)
@click.option("--attribution", metavar="TEXT", help="Whom to name for the online tiles.")
@click.option(
    "--paper",
    type=click.Choice(["a4", "a4-portrait", "slide"]),
    default="a4",
    show_default=True,
    help="Size of a sheet.",
)
@click.option(
    "--mapping",
    type=click.Path(dir_okay=False),
    metavar="CSV",
    help="Several runs: old village codes to new ones: old_code, new_code, kind.",
)
@click.option("--anyway", is_flag=True, help="Several runs: also those that were judged by other rules.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def map_(
    runs: tuple[str, ...],
    lang: str,
    out: str | None,
    hide_masts: bool,
    blur_masts: float | None,
    online_tiles: str | None,
    attribution: str | None,
    paper: str,
    mapping: str | None,
    anyway: bool,
    quiet: bool,
) -> None:
    """Draw the map of a finished run again, or of several RUNS, the oldest first, with a slider through time."""
    from typing import cast

    from lomsong.maps import MapOptions, OnlineTiles
    from lomsong.run_map import Paper, redraw_map

    if hide_masts and blur_masts is not None:
        raise click.UsageError("--hide-masts and --blur-masts exclude each other")
    if (online_tiles is None) != (attribution is None):
        raise click.UsageError("--online-tiles and --attribution need each other")
    options = MapOptions(
        language="vi" if lang == "vi" else "en",
        masts="hidden" if hide_masts else "exact" if blur_masts is None else "blurred",
        blur_m=blur_masts or MapOptions().blur_m,
        online_tiles=OnlineTiles(online_tiles, attribution or "") if online_tiles is not None else None,
    )
    if len(runs) > 1:
        from lomsong.runs_map import draw_runs_map

        target, notes = draw_runs_map(runs, out=out, options=options, mapping=mapping, anyway=anyway)
    else:
        target, notes = redraw_map(runs[0], out=out, options=options, paper=cast("Paper", paper))
    if not quiet:
        for note in notes:
            click.echo(f"Note: {note}")
        click.echo(f"Map: {target}")


@main.command(
    epilog="\b\nExamples:\n  lomsong report maps/mine --lang vi\n  lomsong report maps/mine --evidence --out trust.html\n"
    "  lomsong report maps/2026 --since maps/2025 --figures\n"
)
@click.argument("run", type=click.Path(file_okay=False))
@click.option("--lang", type=click.Choice(["en", "vi"]), default="en", show_default=True, help="Language.")
@click.option(
    "--evidence", is_flag=True, help="Write how far the result can be trusted, as a page of its own."
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False),
    help="File to write, .html or .pdf; report.html of the run if left out, evidence.html with --evidence.",
)
@click.option(
    "--since",
    metavar="OLD_RUN",
    type=click.Path(file_okay=False),
    help="Also say what changed since an older run.",
)
@click.option(
    "--figures", is_flag=True, help="Also every picture as SVG and PNG, in figures/ beside the report."
)
@click.option("--pdf", is_flag=True, help="Write report.pdf; needs the extra 'pdf' (WeasyPrint).")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def report(
    run: str,
    lang: str,
    evidence: bool,
    out: str | None,
    since: str | None,
    figures: bool,
    pdf: bool,
    quiet: bool,
) -> None:
    """Write the report of the finished RUN again, with its plan, without computing again."""
    from pathlib import Path

    from lomsong.run_report import redraw_report

    if evidence and since is not None:
        raise click.UsageError("--evidence and --since exclude each other")
    if pdf and out is None:
        out = str(Path(run) / ("evidence.pdf" if evidence else "report.pdf"))
    elif pdf and not str(out).lower().endswith(".pdf"):
        raise click.UsageError("with --pdf the file of --out ends in .pdf")
    target = redraw_report(
        run,
        out=out,
        language="vi" if lang == "vi" else "en",
        evidence_only=evidence,
        since=since,
        figures=figures,
    )
    if not quiet:
        click.echo(f"Report: {target}")


@main.command(
    epilog="\b\nExamples:\n  lomsong path maps/mine --village 0099219 --out path.svg\n"
    "  lomsong path maps/mine --village 0099219 --site HG-7 --json > path.json\n"
)
@click.argument("run", type=click.Path(file_okay=False))
@click.option("--village", required=True, metavar="ID", help="Code of the village.")
@click.option(
    "--site",
    metavar="ID",
    help="The mast; left out, the one with the best margin at the centre of the village.",
)
@click.option("--operator", help="Only sectors of this operator.")
@click.option("--technology", type=click.Choice(["2g", "3g", "4g", "5g"]), help="Only sectors of this one.")
@click.option("--out", type=click.Path(dir_okay=False), help="Picture to write, .svg or .png.")
@click.option("--json", "as_json", is_flag=True, help="Print the numbers and the profile as JSON.")
def path(
    run: str,
    village: str,
    site: str | None,
    operator: str | None,
    technology: str | None,
    out: str | None,
    as_json: bool,
) -> None:
    """Show the terrain between a village and a mast of the finished RUN, and what it costs."""
    from lomsong.path import explain_run_path
    from lomsong.report.path_picture import list_terms, save_path_picture

    found = explain_run_path(run, village_id=village, site_id=site, operator=operator, technology=technology)
    if out is not None:
        save_path_picture(found, out)
    if as_json:
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False, indent=2))
        return
    mark = " (synthetic data)" if found.synthetic else ""
    _print_table(f"{found.village_name or found.village_id}{mark}", ("path", ""), list_terms(found))
    for note in found.notes:
        click.echo(f"Note: {note}")
    if out is not None:
        click.echo(f"Picture: {out}")


@main.command(
    context_settings={"ignore_unknown_options": True},  # a box may begin with a minus
    epilog="\b\nExamples:\n"
    "  lomsong fetch --list                                  layers, licences and terms\n"
    "  lomsong fetch 102.9,22.0,103.4,22.6 --out my-area --country VN --dry-run\n"
    "  lomsong fetch villages.gpkg --out my-area --layers dem,population --country VN\n"
    "  lomsong fetch LSO --out lesotho --quarter 2025Q4 --yes\n"
    "\b\nThe token of OpenCelliD is read from the environment variable OPENCELLID_TOKEN and written nowhere.\n",
)
@click.argument("area", required=False)
@click.option("--out", type=click.Path(file_okay=False), help="Folder of the files.")
@click.option("--layers", metavar="A,B", help="Layers, by comma; the usual ones if not given (see --list).")
@click.option("--quarter", metavar="YYYYQn", help="Quarter of the speed tests, for example 2025Q4.")
@click.option("--country", metavar="CODE", help="ISO 3166 code of the country that a box or file lies in.")
@click.option(
    "--catalogue",
    type=click.Path(dir_okay=False),
    help="YAML that overrides layers, for example base_url of a mirror.",
)
@click.option("--list", "list_layers", is_flag=True, help="Name the layers and their licences.")
@click.option("--dry-run", is_flag=True, help="Say what would be fetched and how much, and write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before fetching.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; needs --yes or --dry-run.")
def fetch(
    area: str | None,
    out: str | None,
    layers: str | None,
    quarter: str | None,
    country: str | None,
    catalogue: str | None,
    list_layers: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Fetch open layers for AREA: a box west,south,east,north, a vector file, or an ISO country code."""
    from pathlib import Path

    from lomsong import fetch_command
    from lomsong.sources.remote.fetching import Order

    chosen = None if catalogue is None else Path(catalogue)
    if list_layers:
        fetch_command.show_layers(chosen, as_json=as_json, table=_print_table)
        return
    if area is None or out is None:
        raise click.UsageError("fetch needs an AREA and --out DIR (or --list); see lomsong fetch --help")
    if area.startswith("-") and "," not in area:
        raise click.NoSuchOption(area)
    if as_json and not (yes or dry_run):
        raise click.UsageError("--json does not ask; add --yes or --dry-run")
    names = None if layers is None else tuple(name.strip() for name in layers.split(",") if name.strip())
    order = Order(
        area=area,
        out=Path(out),
        layers=names,
        quarter=quarter,
        country=country,
        catalogue=chosen,
        dry_run=dry_run,
    )
    with _progress(quiet=as_json) as progress:
        fetch_command.fetch(order, yes=yes, as_json=as_json, table=_print_table, progress=progress)


@main.command(
    epilog="\b\nExamples:\n  lomsong plan maps/mine --budget 2e6 --phases 3\n"
    "  lomsong plan maps/mine --floor 02689=0.5 --json > plan.json\n"
    "  lomsong plan maps/mine --sites proposed.csv\n"
)
@click.argument("run", type=click.Path(file_okay=False))
@click.option("--budget", type=click.FloatRange(min=0), help="Present value that may be spent.")
@click.option("--phases", type=click.IntRange(1, 30), help="Years in which it is spent, in equal parts.")
@click.option(
    "--floor",
    "floors",
    multiple=True,
    metavar="CODE=SHARE",
    help="Least part of the people without signal to reach in a commune or province; may be given again.",
)
@click.option(
    "--sites",
    type=click.Path(dir_okay=False),
    help="Your own list instead: site_id, longitude_deg, latitude_deg.",
)
@click.option(
    "--alternatives", type=click.IntRange(min=0), help="How many other plans to show that differ clearly."
)
@click.option("--everything", is_flag=True, help="Also what it costs to reach everybody within reach.")
@click.option(
    "--out", type=click.Path(file_okay=False), help="Folder of plan.csv and plan.gpkg; RUN if not given."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors and what --json asks for.")
def plan(
    run: str,
    budget: float | None,
    phases: int | None,
    floors: tuple[str, ...],
    sites: str | None,
    alternatives: int | None,
    everything: bool,
    out: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Plan on the finished RUN which sites to build within a budget, in which order, and what that leaves out."""
    from lomsong import plan_command as shown
    from lomsong.planning.finished import evaluate_run, rank_plan_checks, state_run

    changes = shown.changes_of(budget, phases, floors)
    if sites is not None:
        worth, settings = evaluate_run(run, sites, changes)
        if as_json:
            click.echo(shown.evaluation_as_json(worth))
        elif not quiet:
            shown.print_evaluation(worth, settings, _print_table)
        return
    from lomsong.planning.alternatives import cover_everything, find_alternatives
    from lomsong.planning.hop_paths import trace_hops
    from lomsong.planning.investment import choose
    from lomsong.planning.robustness import try_robustness
    from lomsong.report.plan_tables import write_plan

    stated = state_run(run, changes)
    settings = stated.settings
    done = choose(stated.problem, settings.planning)
    robust = None
    if settings.planning.draws and len(done.sites):
        robust = try_robustness(done, draws=settings.planning.draws, seed=settings.seed)
    others = None
    if alternatives is not None:
        others = find_alternatives(done.problem, done.solution.chosen, settings.planning, count=alternatives)
    whole = cover_everything(done.problem, settings.planning) if everything else None
    hops = trace_hops(done, stated.inputs, most=shown.MOST_HOPS)
    checks = rank_plan_checks(done, settings)
    write_plan(done, out or run, hops=hops, checks=checks, area=settings.name, synthetic=settings.synthetic)
    if as_json:
        click.echo(shown.plan_as_json(done, robust, others, whole))
    elif not quiet:
        shown.print_plan(done, settings, robust, _print_table)
        shown.print_others(others or (), whole, settings, _print_table)
        click.echo(
            f"Written: plan.csv, plan.gpkg, plan.xlsx, plan_backhaul.svg and plan_checks.csv in {out or run}"
        )
        if out is None:
            click.echo(f"Next: lomsong report {run} and lomsong map {run} show it")


@main.command(
    epilog="\b\nExamples:\n  lomsong compare maps/spring maps/autumn --out maps/progress\n"
    "  lomsong compare maps/2024 maps/2025 maps/2026 --target 0 --json > progress.json\n"
)
@click.argument("runs", nargs=-1, required=True, type=click.Path(file_okay=False))
@click.option("--out", type=click.Path(file_okay=False), help="Folder of the page, the chart and the tables.")
@click.option(
    "--target",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Villages without signal to come down to.",
)
@click.option(
    "--mapping",
    type=click.Path(dir_okay=False),
    metavar="CSV",
    help="Old village codes to new ones: old_code, new_code, kind.",
)
@click.option("--anyway", is_flag=True, help="Compare runs that were judged by other rules.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compare(
    runs: tuple[str, ...], out: str | None, target: int, mapping: str | None, anyway: bool, as_json: bool
) -> None:
    """Say what changed between finished RUNS, the oldest first, and why."""
    from lomsong.compare_command import compare_runs

    if len(runs) < 2:
        raise click.UsageError("compare needs two runs or more, the oldest first")
    compare_runs(
        runs, out=out, target=target, mapping=mapping, anyway=anyway, as_json=as_json, table=_print_table
    )


@main.command(
    epilog="\b\nExamples:\n  lomsong publish maps/mine postgresql://db.example/gis\n"
    "  lomsong publish maps/mine postgresql://db.example/gis --id 2026-autumn\n"
    "\b\nUser and password are read from the environment (PGUSER, PGPASSWORD or PGPASSFILE) and written nowhere.\n"
)
@click.argument("run", type=click.Path(file_okay=False))
@click.argument("database", metavar="ADDRESS")
@click.option(
    "--id", "run_id", metavar="NAME", help="Name of the run there; that of the folder if not given."
)
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def publish(run: str, database: str, run_id: str | None, quiet: bool) -> None:
    """Put the finished RUN into the PostGIS database at ADDRESS, replacing what was there of the same name."""
    try:
        from lomsong.publication import publish_run
    except ImportError:
        raise LomsongError("publish needs the extra 'postgis': pip install 'lomsong[postgis]'") from None

    done = publish_run(run, database, run_id=run_id)
    if not quiet:
        rows = ", ".join(f"{name} ({count:,} rows)" for name, count in done.rows.items())
        click.echo(f'{"Replaced" if done.replaced else "Published"}: {rows} in schema "{done.schema}"')


@main.command(epilog="\b\nExamples:\n  lomsong columns\n  lomsong columns villages\n")
@click.argument("table", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def columns(table: str | None, as_json: bool) -> None:
    """Print the data dictionary of TABLE, or name the tables."""
    from dataclasses import asdict

    from lomsong.schemas import TABLES

    if table is None:
        for each in TABLES.values():
            click.echo(f"{each.name:<14}{each.meaning}")
        return
    if table not in TABLES:
        raise click.UsageError(f"there is no table '{table}'; there are {', '.join(TABLES)}")
    contract = TABLES[table]
    if as_json:
        click.echo(
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
    _print_table(
        f"{contract.name}: {contract.meaning}",
        ("column", "kind", "unit", "range", "required", "meaning"),
        rows,
    )


@main.command(epilog="\b\nExamples:\n  lomsong settings\n  lomsong settings radio\n")
@click.argument("section", required=False)
def settings(section: str | None) -> None:
    """Print every setting with its default and the source of the default."""
    from lomsong.settings_reference import describe_settings

    rows = [
        (line.key, line.default, line.unit, line.meaning, line.source)
        for line in describe_settings()
        if section is None or line.key.split(".")[0] == section
    ]
    if not rows:
        names = dict.fromkeys(line.key.split(".")[0] for line in describe_settings())
        raise click.UsageError(f"there is no section '{section}'; there are {', '.join(names)}")
    _print_table("settings", ("key", "default", "unit", "meaning", "source of the default"), rows)


def _plain(column: dict[str, Any]) -> dict[str, Any]:
    """Leave out what says nothing: JSON has no infinity."""
    return {key: value for key, value in column.items() if value not in ("", (), float("inf"), float("-inf"))}


def _print_table(title: str, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), title_justify="left", show_lines=False, pad_edge=False)
    for name in header:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))  # Text: names are data, not markup
    console = Console()
    # a pipe has no width: let it be as wide as the text
    Console(width=console.width if console.is_terminal else 200).print(table)


def _print_quality(report: "QualityReport", name: str) -> None:
    _print_table(
        f"{name}: what was read",
        ("layer", "rows"),
        [(key, f"{value:,}") for key, value in report.counts.items()],
    )
    words = ("correct", "sufficient", "clean", "live")
    _print_table(
        "how good it is: A is best; each layer has the grade of its worst measure",
        ("layer", "grade", *words, "the measure that made the grade"),
        [
            (grade.layer, grade.grade, *(grade.words.get(word, "") for word in words), grade.rule)
            for grade in report.grades()
        ],
    )
    rows = [(f.layer, f.word, f.severity, f.message, f.source) for f in report.in_brief()]
    _print_table("what was noticed", ("layer", "quality", "severity", "finding", "source"), rows)
    if report.advice:
        advice = [(each.layer, f"{each.villages:,}", each.message) for each in report.advice]
        _print_table("what to fetch next, the most useful first", ("layer", "villages", "what"), advice)


def _print_run(done: "Run") -> None:
    from lomsong.schemas import STATUSES

    counts = done.villages["status"].value_counts()
    people = done.villages["people"]
    rows = []
    for status in STATUSES:
        mine = done.villages["status"] == status
        rows.append((status, str(counts.get(status, 0)), f"{people[mine].sum():,.0f}"))
    mark = " (synthetic data)" if done.record["synthetic"] else ""
    _print_table(f"{done.record['name']}{mark}", ("status", "villages", "people"), rows)
    if done.truth is not None:
        click.echo(
            f"Against the truth: {done.truth.dark} villages are dark, p < 0.5 finds {done.truth.found} of them "
            f"(recall {done.truth.recall:.2f}, precision {done.truth.precision:.2f})."
        )
    warnings, assumed = len(done.quality.of("warning")), len(done.quality.of("assumption"))
    click.echo(
        f"{warnings} warnings and {assumed} assumptions about the data: see {done.folder / 'report.html'}"
    )
    click.echo(f"Open {done.folder / 'map.html'} in a browser.")


class _RichProgress:
    """Progress bars on the terminal."""

    def __init__(self, bar: "Bar") -> None:
        self._bar = bar
        self._tasks: list[TaskID] = []

    def start(self, task: str, total: int) -> None:
        self._tasks.append(self._bar.add_task(task, total=total))

    def advance(self, steps: int = 1) -> None:
        self._bar.advance(self._tasks[-1], steps)

    def finish(self) -> None:
        self._tasks.pop()


@contextmanager
def _progress(*, quiet: bool) -> "Iterator[Progress]":
    from lomsong.progress import SILENT

    if quiet or not sys.stderr.isatty():
        yield SILENT
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        yield _RichProgress(bar)
