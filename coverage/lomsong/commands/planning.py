"""`plan`: which sites to build within a budget."""

from pathlib import Path

import click

from lomsong.commands import options
from lomsong.terminal.lines import print_json, print_lines


@click.command(
    short_help="Say which sites to build within a budget, and in which order.",
    epilog="\b\nExamples:\n  lomsong plan maps/mine --budget 2e6 --phases 3\n"
    "  lomsong plan maps/mine --floor 02689=0.5 --json > plan.json\n"
    "  lomsong plan maps/mine --programme fund --budget 1e6\n"
    "  lomsong plan maps/mine --alternatives 3 --everything\n"
    "  lomsong plan maps/mine --sites proposed.csv --out proposed\n",
)
@options.FINISHED_RUN
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
    "--programme",
    "programmes",
    type=click.Choice(["fund", "operators", "utility"]),
    multiple=True,
    help="Plan only for villages that it pays for (utility: those without grid power); may be given again.",
)
@click.option(
    "--sites",
    type=click.Path(dir_okay=False),
    help="Tell what your own list is worth instead: site_id, longitude_deg, latitude_deg and, if wanted, configuration.",
)
@click.option(
    "--alternatives",
    type=click.IntRange(0, 50),
    default=0,
    help="How many other plans to show that differ clearly.",
)
@click.option("--everything", is_flag=True, help="Also what it costs to reach everybody within reach.")
@click.option(
    "--out",
    type=click.Path(file_okay=False),
    help="Folder of plan.csv and plan.gpkg, RUN if not given; with --sites of proposed.csv and .gpkg, none if not given.",
)
@options.AS_JSON
@options.QUIET_BUT_JSON
def plan(
    run: str,
    budget: float | None,
    phases: int | None,
    floors: tuple[str, ...],
    programmes: tuple[str, ...],
    sites: str | None,
    alternatives: int,
    everything: bool,
    out: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Plan on the finished RUN which sites to build within a budget, in which order, and what that leaves out."""
    from lomsong.terminal import plan as shown

    changes = shown.changes_of(budget, phases, floors, programmes)
    if sites is not None:
        if changes or alternatives or everything:
            print_lines(
                "Note: of a list of your own only --sites, --out, --json and --quiet count: it is held against the best "
                "plan of equal cost",
                err=True,
            )
        _evaluate(run, sites, out, as_json, quiet)
        return
    from lomsong.planning.alternatives import cover_everything, find_alternatives
    from lomsong.planning.finished import rank_plan_checks, state_run
    from lomsong.planning.hop_paths import trace_hops
    from lomsong.planning.investment import choose
    from lomsong.planning.robustness import try_robustness
    from lomsong.report.plan_tables import write_plan
    from lomsong.sources.records import input_paths
    from lomsong.terminal.plan_json import plan_as_json

    stated = state_run(run, changes)
    settings = stated.settings
    done = choose(stated.problem, settings.planning)
    robust = None
    if settings.planning.draws and len(done.sites):
        robust = try_robustness(done, draws=settings.planning.draws, seed=settings.seed)
    others = None
    if alternatives:
        others = find_alternatives(done.problem, done.solution.chosen, settings.planning, count=alternatives)
    whole = cover_everything(done.problem, settings.planning) if everything else None
    hops = trace_hops(done, stated.inputs, most=shown.MOST_HOPS)
    checks = rank_plan_checks(done, settings)
    write_plan(
        done,
        out or run,
        hops=hops,
        checks=checks,
        inputs=input_paths(settings.inputs),
        area=settings.name,
        synthetic=settings.synthetic,
    )
    if as_json:
        print_json(plan_as_json(done, robust, others, whole))
    elif not quiet:
        shown.print_plan(done, settings, robust)
        shown.print_others(others or (), whole, settings, asked=alternatives)
        print_lines(
            f"Written: plan.csv, plan.gpkg, plan.xlsx, plan_backhaul.svg and plan_checks.csv in {out or run}"
        )
        if out is None:
            print_lines(f"Next: lomsong report {run} and lomsong map {run} show it")


def _evaluate(run: str, sites: str, out: str | None, as_json: bool, quiet: bool) -> None:
    """Tell what a list of one's own is worth."""
    from lomsong.planning.finished import evaluate_run
    from lomsong.report.plan_tables import write_evaluation
    from lomsong.sources.records import input_paths
    from lomsong.terminal import proposed
    from lomsong.terminal.plan_json import evaluation_as_json

    worth, settings = evaluate_run(run, sites)
    if out is not None:
        write_evaluation(worth, out, inputs=[Path(sites), *input_paths(settings.inputs)])
    if as_json:
        print_json(evaluation_as_json(worth))
    elif not quiet:
        proposed.print_evaluation(worth, settings)
        if out is not None:
            print_lines(f"Written: proposed.csv, proposed.gpkg and proposed_missed.csv in {out}")
