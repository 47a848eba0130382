"""What a check and a run say."""

from lomsong.findings import count_rows
from lomsong.pipeline import Run
from lomsong.quality import QualityReport
from lomsong.schemas import STATUSES
from lomsong.terminal.lines import print_lines
from lomsong.terminal.tables import print_table


def print_quality(report: QualityReport, name: str) -> None:
    """Print what was read, its grades, what was noticed, and what to fetch next."""
    print_table(
        f"{name}: what was read",
        ("layer", "rows"),
        [(key, f"{value:,}") for key, value in report.counts.items()],
    )
    words = ("correct", "sufficient", "clean", "live")
    print_table(
        "how good it is: A is best; each layer has the grade of its worst measure",
        ("layer", "grade", *words, "the measure that made the grade"),
        [
            (grade.layer, grade.grade, *(grade.words.get(word, "") for word in words), grade.rule)
            for grade in report.grades()
        ],
    )
    rows = [(f.layer, f.word, f.severity, f.message, f.source) for f in report.in_brief()]
    print_table("what was noticed", ("layer", "quality", "severity", "finding", "source"), rows)
    if report.advice:
        advice = [(each.layer, f"{each.villages:,}", each.message) for each in report.advice]
        print_table("what to fetch next, the most useful first", ("layer", "villages", "what"), advice)


def print_run(done: Run) -> None:
    """Print villages and people by status, and where the results lie."""
    counts = done.villages["status"].value_counts()
    people = done.villages["people"]
    rows = []
    for status in STATUSES:
        mine = done.villages["status"] == status
        rows.append((status, str(counts.get(status, 0)), f"{people[mine].sum():,.0f}"))
    mark = " (synthetic data)" if done.record["synthetic"] else ""
    print_table(f"{done.record['name']}{mark}", ("status", "villages", "people"), rows)
    if done.truth is not None:
        print_lines(
            f"Against the truth: dark villages {done.truth.dark}, of which p < 0.5 finds {done.truth.found} "
            f"(recall {done.truth.recall:.2f}, precision {done.truth.precision:.2f})."
        )
    warnings, assumed = len(done.quality.of("warning")), len(done.quality.of("assumption"))
    print_lines(
        f"{count_rows(warnings, 'warning')} and {count_rows(assumed, 'assumption')} about the data: see "
        f"{done.folder / 'report.html'}"
    )
    print_lines(f"Open {done.folder / 'map.html'} in a browser.")
