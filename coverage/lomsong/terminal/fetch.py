"""What `lomsong fetch` says and asks."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from lomsong.contracts import problem_list
from lomsong.progress import Progress
from lomsong.sources.remote.catalogue import load_catalogue
from lomsong.sources.remote.fetching import Fetched, Order, carry_out, planned, terms_remarks
from lomsong.sources.remote.items import Item, Plan
from lomsong.sources.remote.web import StoppedError, WebError
from lomsong.terminal.lines import print_json, print_lines
from lomsong.terminal.tables import print_table


def show_layers(catalogue: Path | None, *, as_json: bool) -> None:
    """Print every layer with its licence and terms."""
    layers = load_catalogue(catalogue).layers
    if as_json:
        print_json(
            json.dumps(
                {name: layer.model_dump(exclude_none=True) for name, layer in layers.items()},
                ensure_ascii=False,
                indent=2,
            )
        )
        return
    rows = [
        (
            name,
            "usual" if layer.default else "",
            layer.title,
            layer.licence,
            ", ".join(term.replace("_", "-") for term in layer.terms),
            layer.feeds.replace("none", ""),
        )
        for name, layer in layers.items()
    ]
    print_table("open layers", ("layer", "", "what", "licence", "terms", "feeds inputs."), rows)


def fetch(order: Order, *, yes: bool, as_json: bool, progress: Progress) -> None:
    """
    Plan, show, ask, fetch, and say what to do next.

    Raises
    ------
    LomsongError
        What could not be had, and what to do.
    """
    try:
        with planned(order) as (plan, web):
            if not as_json:
                _show_plan(plan)
            if order.dry_run:
                if as_json:
                    print_json(_plan_json(plan))
                return
            if plan.bytes_to_fetch and not yes and not click.confirm("Fetch this?", default=True, err=True):
                raise click.Abort
            done = carry_out(plan, web, progress=progress)
    except (KeyboardInterrupt, StoppedError):
        print_lines(
            "Interrupted. What was fetched stays: run the same command again to go on where it stopped.",
            err=True,
        )
        raise click.exceptions.Exit(130) from None
    if as_json:
        print_json(_done_json(done))
    else:
        _show_done(done)
    if done.failed:
        problems = list(dict.fromkeys(item.problem for item in done.failed))
        raise WebError(problem_list("fetch: what is there can be used, but not everything came", problems))


def _show_plan(plan: Plan) -> None:
    rows = []
    for name in plan.layers:
        mine = [item for item in plan.items if item.layer == name]
        if not mine:
            continue
        to_come = [item for item in mine if item.wanted]
        guessed = any(item.size is None for item in to_come)
        size = sum(max(item.expected - item.have, 0) for item in to_come)
        rows.append(
            (
                name,
                f"{len(to_come)} of {len(mine)}",
                f"{'about ' if guessed else ''}{_amount(size)}" if to_come else "all there",
                " / ".join(dict.fromkeys(item.licence for item in mine)),
            )
        )
    title = f"{plan.area.name} into {plan.folder}: {_amount(plan.bytes_to_fetch)} to fetch"
    print_table(title, ("layer", "files to fetch", "size", "licence"), rows)
    for remark in terms_remarks(plan.items):
        print_lines(f"Terms: {remark}")
    for note in plan.notes:
        print_lines(f"Note: {note}")
    for problem in dict.fromkeys(item.problem for item in plan.items if item.problem):
        print_lines(f"Cannot be had: {problem}")


def _show_done(done: Fetched) -> None:
    for note in done.notes:
        print_lines(f"Note: {note}")
    print_lines(f"Licences, addresses and checksums: {done.settings.parent / 'sources.json'}")
    if not done.missing:
        print_lines(f"Next: lomsong run {done.settings} --out maps/{done.settings.parent.resolve().name}")
        return
    print_lines(
        f"Next: add {' and '.join(done.missing)} to {done.settings} (it says how), then "
        f"lomsong run {done.settings} --out maps/{done.settings.parent.resolve().name}"
    )


def _plan_json(plan: Plan) -> str:
    content = {
        "area": plan.area.name,
        "bounds": list(plan.area.bounds),
        "country": None if plan.area.country is None else plan.area.country.iso3,
        "bytes_to_fetch": plan.bytes_to_fetch,
        "files": [_item(item) for item in plan.items],
        "notes": list(plan.notes),
    }
    return json.dumps(content, ensure_ascii=False, indent=2)


def _done_json(done: Fetched) -> str:
    content = {
        "settings": str(done.settings),
        "missing": list(done.missing),
        "files": [_item(item) for item in done.items],
        "notes": list(done.notes),
    }
    return json.dumps(content, ensure_ascii=False, indent=2)


def _item(item: Item) -> dict[str, Any]:
    return {key: value for key, value in asdict(item).items() if value not in ("", (), None)}


def _amount(size: int) -> str:
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
