"""What is known about the data: findings, measures, a grade for every layer, and what to fetch next."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace

from lomsong.findings import Finding
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
