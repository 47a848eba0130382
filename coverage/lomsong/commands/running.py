"""`demo`, `check` and `run`: from sources to results."""

import json
import math
from pathlib import Path
from typing import Literal

import click

from lomsong.addresses import hide_login, is_address
from lomsong.commands import options
from lomsong.terminal.lines import print_json, print_lines

#: Cell of a raster where none is asked for. [m]
_RASTER_CELL_M = 100.0


@click.command(
    epilog="\b\nExample:\n  lomsong demo my-district && lomsong run my-district/district.yml --out maps/mine\n"
)
@click.argument("folder", default="lomsong-demo", type=click.Path(file_okay=False))
@click.option("--seed", default=2023, show_default=True, help="Another seed gives another district.")
@options.QUIET
def demo(folder: str, seed: int, quiet: bool) -> None:
    """Write a synthetic district with its settings into FOLDER."""
    from lomsong.sources.demo import write_demo

    config = write_demo(Path(folder), seed=seed)
    if not quiet:
        print_lines(f"A synthetic district lies in {folder}. Next: lomsong run {config} --out maps/demo")


@click.command(
    epilog="\b\nExamples:\n  lomsong check district.yml\n  lomsong check district.yml --out quality.html\n"
    "  lomsong check district.yml --json > quality.json\n"
)
@click.argument("config", type=click.Path(dir_okay=False))
@click.option("--out", type=click.Path(dir_okay=False), help="Page to write, .html.")
@options.AS_JSON
def check(config: str, out: str | None, as_json: bool) -> None:
    """Read the sources that CONFIG names and say how good they are."""
    from lomsong.inputs import read
    from lomsong.quality import check as check_quality
    from lomsong.settings_file import load_settings
    from lomsong.sources.copies import take_copies
    from lomsong.terminal.runs import print_quality

    settings = load_settings(config)
    take_copies(settings.inputs)
    report = check_quality(read(settings))
    if out is not None:
        from lomsong.report.quality_page import save_quality

        save_quality(report, out, settings=settings)
    if as_json:
        print_json(report.as_json())
        return
    print_quality(report, settings.name)
    if out is not None:
        print_lines(f"Page: {out}")


@click.command(
    short_help="Run the whole chain: a map, a ranking and a report.",
    epilog="\b\nExamples:\n  lomsong run district.yml --out maps/mine\n"
    "  lomsong run district.yml --out maps/mine --rasters --raster-cell 250\n"
    "  lomsong run district.yml --out maps/mine --json --quiet\n"
    "  lomsong run country.yml --out maps/country --engine processes --workers 4 --resume\n",
)
@click.argument("config", type=click.Path(dir_okay=False))
@click.option("--out", required=True, type=click.Path(file_okay=False), help="Folder of the results.")
@click.option(
    "--rasters", is_flag=True, help="Also write predicted signal as GeoTIFF, one per operator and technology."
)
@click.option(
    "--raster-cell", type=float, metavar="M", help="Cell size of --rasters in metres.  [default: 100]"
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
@click.option(
    "--workers",
    type=click.IntRange(1),
    metavar="N",
    help="Workers of processes and dask; as many as processors if not given.",
)
@click.option("--scheduler", metavar="URL", help="A Dask scheduler that runs already, tcp:// or tls://.")
@click.option("--tls", nargs=3, metavar="CA CERT KEY", help="Certificate files for a tls:// scheduler.")
@click.option("--resume", is_flag=True, help="Go on where a stopped run into OUT was.")
@click.option("--json", "as_json", is_flag=True, help="Print the record of the run as JSON.")
@options.QUIET_BUT_JSON
def run(
    config: str,
    out: str,
    rasters: bool,
    raster_cell: float | None,
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

    if is_address(out):
        raise click.UsageError(
            f"--out is a folder of this machine; afterwards: lomsong publish FOLDER {hide_login(out)}"
        )
    if workers is not None and engine == "serial":
        raise click.UsageError("--workers are those of --engine processes or dask")
    if raster_cell is not None and not (rasters and 0 < raster_cell < math.inf):
        raise click.UsageError("--raster-cell needs --rasters, and a size above 0")
    settings = load_settings(config)  # a mistake in it is told before the rest is loaded
    from lomsong.engine import Engine
    from lomsong.pipeline import run as run_chain
    from lomsong.report.csv_files import Dress
    from lomsong.terminal.bars import progress_bars
    from lomsong.terminal.runs import print_run

    with progress_bars(quiet=quiet) as progress:
        ca, cert, key = (Path(each) for each in tls) if tls else (None, None, None)
        chosen = Engine(
            kind=engine, workers=workers, scheduler=scheduler, tls_ca=ca, tls_cert=cert, tls_key=key
        )
        done = run_chain(
            settings,
            out,
            raster_cell_m=(raster_cell or _RASTER_CELL_M) if rasters else None,
            csv=Dress(bom=bom, inert=inert_csv),
            engine=chosen,
            resume=resume,
            progress=progress,
        )
    if as_json:
        print_json(json.dumps(done.record, ensure_ascii=False, indent=2))
    elif not quiet:
        print_run(done)
