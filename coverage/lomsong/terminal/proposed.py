"""`lomsong plan --sites`: what a planner's own list looks like in the terminal."""

from lomsong.findings import count_rows
from lomsong.planning.evaluation import Evaluation
from lomsong.settings import Settings
from lomsong.terminal.lines import print_lines
from lomsong.terminal.plan import backhaul_of, names_of, print_findings
from lomsong.terminal.tables import print_table

#: Villages missed, and masts, that are spelled out.
_SHOWN = 8


def print_evaluation(done: Evaluation, settings: Settings) -> None:
    """Print what a planner's own list is worth."""
    money = settings.costs.currency
    rows = [
        (
            row["site_id"],
            f"{row['origin']}, {row['configuration']}",
            f"{row['cost']:,.0f}",
            backhaul_of(row),
            f"{row['alone']:,.0f}",
            f"{row['adds']:,.0f}",
            f"{row['overlap']:,.0f}",
            f"{row['lost_people']:,.0f}",
            row["silenced"].replace(";", ", "),
        )
        for row in done.sites.to_dict("records")
    ]
    mark = " (synthetic data)" if settings.synthetic else ""
    header = (
        "site",
        "what",
        money,
        "backhaul",
        "reaches",
        "only it",
        "overlap",
        "lost with it",
        "silenced with it",
    )
    print_table(f"{settings.name}{mark}: {count_rows(len(rows), 'proposed site')}", header, rows)
    print_lines(
        f"Together they reach {done.people:,.0f} people for {done.cost:,.0f} {money} (present value; prices are placeholders "
        "where the settings say so)."
    )
    print_lines(_compare(done))
    if len(done.masts):
        fallen = [
            (row["site_id"], f"{row['lost_people']:,.0f}", row["silenced"].replace(";", ", "))
            for row in done.masts.head(_SHOWN).to_dict("records")
        ]
        print_table("standing masts that it hangs on", ("mast", "lost with it", "silenced with it"), fallen)
    _print_missed(done)
    print_findings(done.findings)


def _compare(done: Evaluation) -> str:
    best = f"The best plan of the usual candidates for the same money reaches {done.best_people:,.0f}"
    limit = f"none of those reaches over {done.bound:,.0f}"
    if done.short > 0:
        return f"{best}: the list falls {done.short:.0%} short of it; {limit}."
    return f"{best}: the list reaches no fewer; {limit}."


def _print_missed(done: Evaluation) -> None:
    names = names_of(done.villages)
    missed = [
        (row["village_id"], names.get(row["village_id"], ""), f"{row['people']:,.0f}")
        for row in done.missed.head(_SHOWN).to_dict("records")
    ]
    if missed:
        title = f"missed: {count_rows(len(done.missed), 'village')}, the largest first"
        print_table(title, ("village", "name", "people without signal"), missed)
