"""`lomsong plan`: what a plan looks like in the terminal."""

import math
from collections.abc import Sequence
from typing import Any

import click
import numpy as np
import pandas as pd

from lomsong.findings import Finding, count_rows
from lomsong.planning.alternatives import Alternative, CoverAll
from lomsong.planning.investment import Plan
from lomsong.planning.programmes import sum_by
from lomsong.planning.robustness import Robustness
from lomsong.settings import Settings
from lomsong.terminal.lines import print_lines
from lomsong.terminal.tables import print_table

#: Villages left out, field checks and lost masts that are spelled out.
_SHOWN = 8
#: Microwave hops that are drawn.
MOST_HOPS = 20


def changes_of(
    budget: float | None, phases: int | None, floors: tuple[str, ...], programmes: tuple[str, ...]
) -> dict[str, Any]:
    """Turn the options of the command into keys of ``planning``."""
    changes: dict[str, Any] = {}
    if budget is not None:
        changes["budget"] = budget
    if phases is not None:
        # asked for in equal parts: unequal ones of the run do not count
        changes |= {"phases": phases, "yearly_shares": ()}
    if programmes:
        changes["programmes"] = programmes
    if floors:
        pairs = [floor.partition("=") for floor in floors]
        if not all(name and share for name, _, share in pairs):
            raise click.UsageError("--floor needs CODE=SHARE, for example --floor 02689=0.5")
        changes["floors"] = {name: share for name, _, share in pairs}
    return changes


def proof_of(plan: Plan) -> str:
    """Say in one sentence how good the plan is, never more than what is proven."""
    found = plan.solution
    if found.proven:
        return "Proven: no plan of these candidates reaches more people within this budget."
    cut = " It was cut short by the clock; another run may differ." if found.stop == "clock" else ""
    return f"No plan of these candidates reaches over {found.bound:,.0f}: a gap of at most {found.gap_percent:.2f} %.{cut}"


def why_nothing(plan: Plan, money: str) -> str:
    """Say why a plan builds nothing, and what would change that."""
    problem = plan.problem
    if not len(problem.demand):
        return (
            "Nothing to build: nobody in the villages that are planned for is without signal (planning.programmes says which "
            "villages those are, planning.unserved_below how small a chance of signal counts as none)."
        )
    useful = np.diff(problem.reach.indptr) > 0
    if not useful.any():
        return (
            "Nothing is built: no candidate site reaches anybody without signal; stronger or higher planning.configurations "
            "may."
        )
    return (
        f"Nothing is built: the cheapest site that reaches anybody costs {problem.options.costs.present[useful].min():,.0f} "
        f"{money}; give a larger --budget."
    )


def print_plan(plan: Plan, settings: Settings, robust: Robustness | None) -> None:
    """Print the plan as tables."""
    money = settings.costs.currency
    mark = " (synthetic data)" if settings.synthetic else ""
    title = f"{settings.name}{mark}: plan for {settings.planning.budget:,.0f} {money}"
    if len(plan.sites):
        _print_sites(plan, title, money, robust)
        people = float(plan.problem.demand["unserved"].sum())
        found = plan.solution
        print_lines(
            f"{count_rows(len(plan.sites), 'site')} for {found.spent:,.0f} {money} (present value; prices are placeholders "
            f"where the settings say so): {found.value:,.0f} of {people:,.0f} people without signal are reached, "
            f"{found.spent / max(found.value, 1e-9):,.0f} {money} for each."
        )
        print_lines(proof_of(plan))
        _print_sums(plan, money)
        if len(plan.years.limits) > 1:
            print_lines(_years_of(plan))
    else:
        print_lines(title, why_nothing(plan, money))
    if plan.curve["people"].iloc[-1] > 0:
        print_lines(_curve_of(plan, money))
    if robust is not None:
        print_lines(_draws_of(robust))
    _print_left_out(plan, money)
    print_findings(plan.findings)


def _print_sites(plan: Plan, title: str, money: str, robust: Robustness | None) -> None:
    stands = {} if robust is None else robust.sites.set_index("site_id")["in_plan"].to_dict()
    rows = [
        (
            str(row["order"]),
            str(row["phase"]),
            row["site_id"],
            f"{row['origin']}, {row['configuration']}",
            str(len([village for village in row["village_ids"].split(";") if village])),
            f"{row['people']:,.0f}",
            f"{row['cost']:,.0f}",
            f"{row['cost_total']:,.0f}",
            backhaul_of(row),
            row["programme"],
            row["runner_up"],
            f"{stands[row['site_id']]:.0%}" if row["site_id"] in stands else "",
        )
        for row in plan.sites.to_dict("records")
    ]
    before, after = ("#", "year", "site", "what", "villages", "people"), ("sum", "backhaul", "who pays")
    print_table(title, (*before, money, *after, "runner-up", "stays"), rows)


def _curve_of(plan: Plan, money: str) -> str:
    """Say what it costs to go on to the end, and where the curve bends."""
    knee, last = plan.curve[plan.curve["knee"]].iloc[0], plan.curve.iloc[-1]
    bend = f"; beyond {knee['cost']:,.0f} ({knee['people']:,.0f} people) money reaches ever fewer"
    return (
        f"Built one by one, {last['people']:,.0f} people would cost {last['cost']:,.0f} {money}"
        f"{bend if knee['people'] > 0 else ''}."
    )


def _draws_of(robust: Robustness) -> str:
    """Say how the plan does in other worlds, and which field checks would change it."""
    names = ", ".join(robust.checks[robust.checks["shift"] > 0]["village_id"].head(3)) or "none"
    few = f"{robust.low_people:,.0f} or fewer" if robust.low_people >= 0.5 else "nobody"
    return (
        f"Over {count_rows(robust.draws, 'draw')} the plan reaches {robust.expected_people:,.0f} people on average, "
        f"{few} in one case of ten; in {robust.over_budget:.0%} it costs more than the budget. Field checks that would "
        f"change it most: {names}."
    )


def print_findings(findings: Sequence[Finding]) -> None:
    """Print what was noticed and assumed."""
    for finding in findings:
        print_lines(f"{'Warning' if finding.severity == 'warning' else 'Note'}: {finding.message}")


def _print_sums(plan: Plan, money: str) -> None:
    """Print what each year and each programme spends; by the end of a year its share of the budget may be spent."""
    limits = plan.years.limits
    rows = [
        (
            f"year {row['phase']}",
            str(row["sites"]),
            f"{row['people']:,.0f}",
            f"{row['cost']:,.0f}",
            f"{limits[int(row['phase']) - 1]:,.0f}",
        )
        for row in sum_by(plan.sites, "phase").to_dict("records")
    ]
    rows += [
        (row["programme"], str(row["sites"]), f"{row['people']:,.0f}", f"{row['cost']:,.0f}", "")
        for row in sum_by(plan.sites, "programme").to_dict("records")
    ]
    print_table("by year and by who pays", ("", "sites", "people", money, "to spend by its end"), rows)


def backhaul_of(row: dict[Any, Any]) -> str:
    """Say how a site is connected, and to what where that is another one."""
    there = row["connects_to"] if row["connects_to"] != row["site_id"] else ""
    return f"{row['backhaul_kind']} {there}".strip()


def _years_of(plan: Plan) -> str:
    """Say how early the people are reached, and what a plan made for that alone could gain at most."""
    years = plan.years
    return (
        f"Over the ends of {len(years.limits)} years that is {years.person_years:,.0f} person-years "
        f"({years.in_order:,.0f} if built in greedy order); no plan for these yearly budgets has over {years.bound:,.0f}."
    )


def _print_left_out(plan: Plan, money: str) -> None:
    out = plan.villages[plan.villages["why"] != ""].sort_values(
        ["people", "village_id"], ascending=[False, True]
    )
    if not len(out):
        return
    names = names_of(plan.problem.villages)
    rows = [
        (
            row["village_id"],
            names.get(row["village_id"], ""),
            f"{row['people']:,.0f}",
            row["why"],
            "" if math.isnan(row["comes_in_at"]) else f"{row['comes_in_at']:,.0f}",
        )
        for row in out.head(_SHOWN).to_dict("records")
    ]
    print_table(
        f"left out: {count_rows(len(out), 'village')}, the largest first",
        ("village", "name", "people", "why", f"comes in at {money}"),
        rows,
    )


def names_of(villages: pd.DataFrame) -> dict[str, str]:
    """Return what the villages are called, with their communes, by code; empty where they have no names."""
    given = [name for name in ("village_name", "commune_name") if name in villages]
    told = villages[given].astype("string").fillna("")
    joined = [", ".join(part for part in row if part) for row in told.to_numpy().tolist()]
    return dict(zip(villages["village_id"].astype(str), joined, strict=True))


def print_others(
    others: Sequence[Alternative], whole: CoverAll | None, settings: Settings, *, asked: int
) -> None:
    """Print the plans that differ, of as many as were asked for, and what reaching everybody costs."""
    money = settings.costs.currency
    if others:
        rows = [
            (
                str(number),
                f"{one.value:,.0f}",
                f"{one.spent:,.0f}",
                _proof(one.proven),
                ", ".join(one.site_ids),
            )
            for number, one in enumerate(others, start=1)
        ]
        print_table("other plans, the best first", ("#", "people", money, "best of its kind", "sites"), rows)
    if len(others) < asked:
        more = "other plan" if not others else "further plan"
        print_lines(
            f"No {more} was found that keeps the budget, differs in a fifth of the sites and reaches anybody."
        )
    if whole is not None and whole.people + whole.beyond <= 0:
        print_lines("Nobody is without signal: to reach everybody costs nothing.")
    elif whole is not None and whole.why:
        print_lines(
            f"No plan reaches all {whole.people:,.0f} people whom a candidate reaches: {whole.why}. "
            f"No candidate reaches {whole.beyond:,.0f} people."
        )
    elif whole is not None:
        print_lines(
            f"To give all {whole.people:,.0f} people whom a candidate reaches a chance of signal of "
            f"{settings.planning.levels[0]:.0%} or more costs {whole.cost:,.0f} {money} with "
            f"{count_rows(len(whole.site_ids), 'site')}; {'proven the least' if whole.proven else f'at least {whole.least:,.0f}'}. "
            f"No candidate reaches {whole.beyond:,.0f} people."
        )


def _proof(proven: bool) -> str:  # noqa: FBT001 - one word for one fact
    return "proven" if proven else "within the gap"
