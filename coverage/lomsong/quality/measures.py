"""
Data quality measures: what is counted, under which of the four words and ISO 19157 element, and its grade.

Every measure is a share of rows, a distance or an age, so that less is better; the limits are assumptions of this
project and are shown beside every grade.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.findings import Word

Grade = Literal["A", "B", "C", "D"]
#: From the best to the worst.
GRADES: tuple[Grade, ...] = ("A", "B", "C", "D")
#: Where the limits come from.
LIMITS_SOURCE = "assumption of this project"

_OMISSION = "completeness: omission"
_COMMISSION = "completeness: commission"
_POSITION = "positional accuracy: absolute"
_THEME = "thematic accuracy: quantitative attributes"
_DOMAIN = "logical consistency: domain"
_CONCEPT = "logical consistency: conceptual"
_TOPOLOGY = "logical consistency: topological"
_TIME = "temporal quality: temporal validity"


@dataclass(frozen=True, slots=True)
class Kind:
    """
    What one measure is.

    Attributes
    ----------
    layer, word, element, name : str
        The layer, the mission's word, the element of ISO 19157, and what is counted.
    limits : tuple of float
        The most that still earns an A, a B, a C; empty for a figure without a grade.
    unit : str
        Of value and limits.
    """

    layer: str
    word: Word
    element: str
    name: str
    limits: tuple[float, ...] = ()
    unit: str = "%"


#: Every measure by its key.
KINDS: dict[str, Kind] = {
    "village_population": Kind(
        "villages", "sufficient", _OMISSION, "villages without a population", (1, 5, 20)
    ),
    "village_name": Kind("villages", "sufficient", _OMISSION, "villages without a name", (1, 5, 20)),
    "village_code": Kind("villages", "sufficient", _OMISSION, "villages without a commune", (1, 5, 20)),
    "village_area": Kind("villages", "sufficient", _OMISSION, "villages given as a point", (0, 20, 60)),
    "village_centre": Kind(
        "villages", "correct", _POSITION, "villages whose centre lies outside them", (0.5, 2, 10)
    ),
    "village_size": Kind(
        "villages",
        "correct",
        _THEME,
        "villages whose outline differs by more than 5 % from their published area",
        (1, 5, 20),
    ),
    "commune_size": Kind(
        "communes",
        "correct",
        _THEME,
        "communes whose outline differs by more than 5 % from their published area",
        (1, 5, 20),
    ),
    "village_overlap": Kind("villages", "clean", _TOPOLOGY, "villages that overlap another", (0.5, 2, 10)),
    "village_gap": Kind(
        "villages", "clean", _TOPOLOGY, "villages with a sliver between them and a neighbour", (1, 5, 25)
    ),
    "village_twin": Kind(
        "villages", "clean", _COMMISSION, "villages with the same name in the same commune", (0.5, 2, 10)
    ),
    "village_mended": Kind(
        "villages", "clean", _TOPOLOGY, "villages whose shape had to be mended", (0.5, 2, 10)
    ),
    "mast_assumed": Kind(
        "masts", "sufficient", _OMISSION, "values of sectors that are defaults", (10, 30, 70)
    ),
    "mast_operator": Kind("masts", "sufficient", _OMISSION, "sectors without an operator", (0.5, 2, 10)),
    "mast_terrain": Kind("masts", "correct", _POSITION, "masts where there is no terrain", (0.5, 2, 10)),
    "mast_village": Kind("masts", "correct", _POSITION, "masts in no village"),
    "mast_position": Kind(
        "masts", "correct", _POSITION, "middle doubt about the position of a mast", (50, 200, 1000), "m"
    ),
    "mast_twin": Kind(
        "masts", "clean", _COMMISSION, "sectors that repeat another of their mast", (0.5, 2, 10)
    ),
    "mast_undated": Kind("masts", "live", _TIME, "sectors without a date", (5, 25, 75)),
    "mast_age": Kind("masts", "live", _TIME, "middle age of the records of masts", (1, 3, 6), "years"),
    "test_none": Kind(
        "measurements", "sufficient", _OMISSION, "villages without a mobile test", (20, 50, 90)
    ),
    "test_away": Kind("measurements", "correct", _POSITION, "measurements in no village", (10, 40, 80)),
    "test_terrain": Kind(
        "measurements", "correct", _POSITION, "measurements where there is no terrain", (1, 5, 20)
    ),
    "test_twin": Kind(
        "measurements", "clean", _COMMISSION, "measurements that repeat another's place and time", (1, 5, 20)
    ),
    "test_idle": Kind(
        "measurements", "clean", _CONCEPT, "speed tests without a download speed", (0.5, 2, 10)
    ),
    "test_undated": Kind("measurements", "live", _TIME, "measurements without a date", (5, 25, 75)),
    "test_age": Kind("measurements", "live", _TIME, "middle age of the measurements", (0.5, 1, 3), "years"),
    "terrain_village": Kind(
        "terrain", "sufficient", _OMISSION, "villages that reach beyond the terrain", (0.5, 2, 10)
    ),
    "terrain_void": Kind(
        "terrain", "sufficient", _OMISSION, "cells of the terrain without a height", (1, 5, 20)
    ),
    "terrain_spike": Kind(
        "terrain", "correct", _DOMAIN, "cells that stand out as no ground does", (0.001, 0.01, 0.1)
    ),
    "people_total": Kind(
        "population",
        "correct",
        _THEME,
        "difference between the raster's people and the villages' own figures",
        (5, 15, 30),
    ),
    "people_empty": Kind(
        "population", "sufficient", _OMISSION, "villages in which the raster has nobody", (1, 5, 20)
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """
    One measured figure.

    Attributes
    ----------
    key : str
        In `KINDS`.
    value : float
        In the unit of its kind; NaN where nothing could be measured.
    count, of : int
        Rows that were found, and rows looked at.
    rows : tuple of str
        Ids of those found.
    """

    key: str
    value: float
    count: int = 0
    of: int = 0
    rows: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """Return what it measures."""
        return KINDS[self.key]

    @property
    def grade(self) -> Grade | None:
        """Return the grade, or None for a figure without one."""
        limits = self.kind.limits
        if not limits or not np.isfinite(self.value):
            return None
        return GRADES[sum(self.value > limit for limit in limits)]

    @property
    def text(self) -> str:
        """Return the figure with its unit."""
        kind = self.kind
        if not np.isfinite(self.value):
            return "not known"
        if kind.unit == "%":
            return f"{self.value:.3g} % ({self.count:,} of {self.of:,})" if self.of else f"{self.value:.3g} %"
        return f"{self.value:.3g} {kind.unit}"

    @property
    def rule(self) -> str:
        """Return the sentence that made the grade."""
        kind = self.kind
        if self.grade is None:
            return f"{kind.name}: {self.text}"
        steps = ", ".join(
            f"{grade} up to {limit:g} {kind.unit}" for grade, limit in zip(GRADES, kind.limits, strict=False)
        )
        return f"{kind.name}: {self.text} ({steps})"

    def as_dict(self) -> dict[str, object]:
        """Return plain values for JSON."""
        kind = self.kind
        return {
            "measure": self.key,
            "layer": kind.layer,
            "word": kind.word,
            "element": kind.element,
            "name": kind.name,
            "value": self.value if np.isfinite(self.value) else None,
            "unit": kind.unit,
            "count": self.count,
            "of": self.of,
            "limits": list(kind.limits),
            "grade": self.grade,
            "rows": list(self.rows),
        }


def measure_share(key: str, bad: "pd.Series | NDArray[np.bool_]", ids: Iterable[object]) -> Measure:
    """
    Measure the share of rows that are `bad`.

    Parameters
    ----------
    key : str
        In `KINDS`.
    bad : array of bool, shape (n,)
        Missing counts as not bad.
    ids : iterable, length n
        Names of the rows.
    """
    flags = pd.Series(bad).fillna(value=False).to_numpy(dtype=bool)
    found = ids[flags] if isinstance(ids, pd.Series) else itertools.compress(ids, flags)
    rows = tuple(str(name) for name in found)
    value = 100 * len(rows) / len(flags) if len(flags) else np.nan
    return Measure(key=key, value=value, count=len(rows), of=len(flags), rows=rows)
