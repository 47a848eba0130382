"""`map`, `report` and `path`: a finished run drawn again."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from lomsong.commands import options
from lomsong.terminal.lines import print_json, print_lines

if TYPE_CHECKING:
    from lomsong.run_map import Paper


@click.command(
    "map",
    short_help="Draw the map of a finished run again, or of several.",
    epilog="\b\nExamples:\n  lomsong map maps/mine --lang vi\n  lomsong map maps/mine --out public.html --hide-masts\n"
    "  lomsong map maps/mine --out sheet.pdf --paper a4\n"
    "  lomsong map maps/2024 maps/2025 maps/2026 --out progress.html\n"
    "  lomsong map maps/mine --out public/mine\n  lomsong map maps/mine --out public/mine --hosted\n",
)
@options.FINISHED_RUNS
@options.LANGUAGE
@click.option(
    "--out",
    type=click.Path(),
    help="What to write: .html for a page, .png, .svg or .pdf for a sheet, a folder for a page in parts; map.html of the run if left out, "
    "runs.html of the last of several.",
)
@click.option(
    "--hosted",
    is_flag=True,
    help="For a web server: outlines and signal as PMTiles beside the page, in the folder of --out.",
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
@options.MAPPING
@click.option("--anyway", is_flag=True, help="Several runs: also those that were judged by other rules.")
@options.QUIET
def map_(
    runs: tuple[str, ...],
    language: Literal["en", "vi"],
    out: str | None,
    hosted: bool,
    hide_masts: bool,
    blur_masts: float | None,
    online_tiles: str | None,
    attribution: str | None,
    paper: "Paper",
    mapping: str | None,
    anyway: bool,
    quiet: bool,
) -> None:
    """Draw the map of a finished run again, or of several RUNS, the oldest first, with a slider through time."""
    from lomsong.maps import MapOptions, OnlineTiles
    from lomsong.run_map import redraw_map

    if hide_masts and blur_masts is not None:
        raise click.UsageError("--hide-masts and --blur-masts exclude each other")
    if len(runs) == 1 and (mapping is not None or anyway):
        raise click.UsageError("--mapping and --anyway are for several runs")
    if (online_tiles is None) != (attribution is None):
        raise click.UsageError("--online-tiles and --attribution need each other")
    chosen = MapOptions(
        language=language,
        masts="hidden" if hide_masts else "exact" if blur_masts is None else "blurred",
        blur_m=blur_masts or MapOptions().blur_m,
        online_tiles=OnlineTiles(online_tiles, attribution or "") if online_tiles is not None else None,
        hosted=hosted,
    )
    if len(runs) > 1:
        from lomsong.runs_map import draw_runs_map

        target, notes = draw_runs_map(runs, out=out, options=chosen, mapping=mapping, anyway=anyway)
    else:
        target, notes = redraw_map(runs[0], out=out, options=chosen, paper=paper)
    if not quiet:
        for note in notes:
            print_lines(f"Note: {note}")
        print_lines(f"Map: {target}")


@click.command(
    short_help="Write the report of a finished run again, with its plan.",
    epilog="\b\nExamples:\n  lomsong report maps/mine --lang vi\n  lomsong report maps/mine --evidence --out trust.html\n"
    "  lomsong report maps/2026 --since maps/2025 --figures\n",
)
@options.FINISHED_RUN
@options.LANGUAGE
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
@options.QUIET
def report(
    run: str,
    language: Literal["en", "vi"],
    evidence: bool,
    out: str | None,
    since: str | None,
    figures: bool,
    pdf: bool,
    quiet: bool,
) -> None:
    """Write the report of the finished RUN again, with its plan, without computing again."""
    from lomsong.run_report import redraw_report

    if evidence and since is not None:
        raise click.UsageError("--evidence and --since exclude each other")
    if pdf and out is None:
        out = str(Path(run) / ("evidence.pdf" if evidence else "report.pdf"))
    elif pdf and not str(out).lower().endswith(".pdf"):
        raise click.UsageError("with --pdf the file of --out ends in .pdf")
    target = redraw_report(
        run, out=out, language=language, evidence_only=evidence, since=since, figures=figures
    )
    if not quiet:
        print_lines(f"Report: {target}")


@click.command(
    short_help="Show the terrain between a village and a mast.",
    epilog="\b\nExamples:\n  lomsong path maps/mine --village 0099219 --out path.svg\n"
    "  lomsong path maps/mine --village 0099219 --site VTM-004 --json > path.json\n",
)
@options.FINISHED_RUN
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
    from lomsong.report.path_picture import save_path_picture
    from lomsong.report.path_terms import list_terms
    from lomsong.terminal.tables import print_table

    found = explain_run_path(run, village_id=village, site_id=site, operator=operator, technology=technology)
    if out is not None:
        save_path_picture(found, out)
    if as_json:
        print_json(json.dumps(found.as_dict(), ensure_ascii=False, indent=2))
        return
    mark = " (synthetic data)" if found.synthetic else ""
    print_table(f"{found.village_name or found.village_id}{mark}", ("path", ""), list_terms(found))
    for note in found.notes:
        print_lines(f"Note: {note}")
    if out is not None:
        print_lines(f"Picture: {out}")
