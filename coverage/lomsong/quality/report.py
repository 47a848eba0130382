"""What is known about the data: findings, measures, a grade for every layer, and what to fetch next."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace

from lomsong.findings import SHOWN_ROWS, Finding
from lomsong.quality.measures import GRADES, LIMITS_SOURCE, Grade, Measure


@dataclass(frozen=True, slots=True)
class LayerGrade:
    """The grade of one layer: that of its worst measure, whose rule is given."""

    layer: str
    grade: Grade
    rule: str
    words: dict[str, Grade]


@dataclass(frozen=True, slots=True)
class Advice:
    """What would mend most: how many villages it is about, and what to do."""

    layer: str
    villages: int
    message: str


@dataclass(frozen=True, slots=True)
class QualityReport:
    """
    What is known about the data.

    Attributes
    ----------
    counts : dict
        Rows of each layer.
    findings : tuple of Finding
        What was noticed, layer by layer.
    measures : tuple of Measure
        Figures under the four words, within and across the tables.
    advice : tuple of Advice
        What to fetch or ask for next, the most useful first.
    """

    counts: dict[str, int]
    findings: tuple[Finding, ...]
    measures: tuple[Measure, ...] = field(default=())
    advice: tuple[Advice, ...] = field(default=())

    def of(self, severity: str) -> list[Finding]:
        """Return the findings of one severity."""
        return [finding for finding in self.findings if finding.severity == severity]

    def in_brief(self) -> list[Finding]:
        """
        Return what a screen has room for: errors and warnings first, then notes, then what was assumed.

        The assumptions about one layer are one line that names the `SHOWN_ROWS` most important: values that were not
        given before uncertainties that were not, and those of most rows first.
        """
        first = [finding for severity in ("error", "warning", "note") for finding in self.of(severity)]
        by_layer: dict[str, list[Finding]] = {}
        for finding in self.of("assumption"):
            by_layer.setdefault(finding.layer, []).append(finding)
        return first + [line for found in by_layer.values() for line in _gather(found)]

    def grades(self) -> list[LayerGrade]:
        """Return the grade of each layer that could be graded, in the order of the measures."""
        layers = dict.fromkeys(measure.kind.layer for measure in self.measures)
        return [grade for layer in layers if (grade := _grade_layer(layer, self.measures)) is not None]

    def with_findings(self, more: Iterable[Finding]) -> "QualityReport":
        """Return the same report with more findings."""
        return replace(self, findings=(*self.findings, *more))

    def as_dict(self) -> dict[str, object]:
        """Return plain values for JSON."""
        return {
            "counts": self.counts,
            "grades": [asdict(grade) for grade in self.grades()],
            "limits_source": LIMITS_SOURCE,
            "measures": [measure.as_dict() for measure in self.measures],
            "advice": [asdict(advice) for advice in self.advice],
            "findings": [finding.as_dict() for finding in self.findings],
        }

    def as_json(self) -> str:
        """Return JSON text."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=2)


def _gather(assumptions: list[Finding]) -> list[Finding]:
    """Make one line of the assumptions about a layer, where there are more than it would name."""
    if len(assumptions) <= SHOWN_ROWS:
        return assumptions
    ordered = sorted(assumptions, key=lambda each: (each.word != "sufficient", -each.count))
    named = "; ".join(each.message for each in ordered[:SHOWN_ROWS])
    message = f"{len(assumptions)} assumptions stand in for what was not given, among them: {named}"
    return [
        replace(ordered[0], message=message, count=len(assumptions), rows=(), source="see --json or --out")
    ]


def _grade_layer(layer: str, measures: Iterable[Measure]) -> LayerGrade | None:
    graded = [(measure, measure.grade) for measure in measures if measure.kind.layer == layer]
    known = [(measure, grade) for measure, grade in graded if grade is not None]
    if not known:
        return None
    worst, grade = max(known, key=lambda pair: GRADES.index(pair[1]))
    words: dict[str, Grade] = {}
    for measure, own in known:
        word = measure.kind.word
        words[word] = max(words.get(word, "A"), own, key=GRADES.index)
    return LayerGrade(layer, grade, worst.rule, words)
