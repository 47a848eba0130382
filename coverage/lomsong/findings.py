"""
What the program noticed about the data: one finding is one sentence with a count and the rows it is about.

The four words are the mission's, mapped to ISO 19157: *correct* (positional and thematic accuracy),
*sufficient* (completeness), *clean* (logical consistency) and *live* (temporal quality).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Word = Literal["correct", "sufficient", "clean", "live"]
Severity = Literal["error", "warning", "assumption", "note"]
#: What was done to the rows: mended, left out, or filled with a default.
Action = Literal["repaired", "dropped", "defaulted", "none"]

#: How many row ids a message spells out before it only counts them.
SHOWN_ROWS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One thing noticed about one layer.

    Attributes
    ----------
    layer : str
        The layer as the settings call it, for example ``masts``.
    word : {'correct', 'sufficient', 'clean', 'live'}
        The part of quality that it touches.
    severity : {'error', 'warning', 'assumption', 'note'}
        *error*: results would be wrong. *warning*: something was repaired, dropped or set aside.
        *assumption*: a default stands in for data that is missing. *note*: worth knowing.
    message : str
        One sentence that says what, and what to do where there is something to do.
    count : int
        How many rows it is about.
    rows : tuple of str
        Their ids, all of them.
    source : str
        For an assumption, where the value comes from.
    action : {'none', 'repaired', 'dropped', 'defaulted'}
        What was done to the rows.
    """

    layer: str
    word: Word
    severity: Severity
    message: str
    count: int = 0
    rows: tuple[str, ...] = ()
    source: str = ""
    action: Action = "none"

    def as_dict(self) -> dict[str, object]:
        """Return plain values for JSON."""
        return {
            "layer": self.layer,
            "word": self.word,
            "severity": self.severity,
            "message": self.message,
            "count": self.count,
            "action": self.action,
            "rows": list(self.rows),
            "source": self.source,
        }


def name_rows(ids: Iterable[object]) -> str:
    """
    Spell out the first few row ids.

    Examples
    --------
    >>> name_rows(["a", "b", "c", "d"])
    'a, b, c and 1 more'
    """
    every = [str(row) for row in ids]
    shown = ", ".join(every[:SHOWN_ROWS])
    rest = len(every) - SHOWN_ROWS
    return f"{shown} and {rest} more" if rest > 0 else shown


def count_rows(count: int, noun: str = "row") -> str:
    """
    Write a count with its noun.

    Examples
    --------
    >>> count_rows(1, "village"), count_rows(2, "village")
    ('1 village', '2 villages')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
