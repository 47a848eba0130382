"""
Column contracts: how a table says what its columns are, and how a frame is held against it.

A contract is data, so the checks, the data dictionary and the headers of the exports come from the same lines.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from lomsong.errors import CrsError, TableError
from lomsong.findings import count_rows, name_rows

if TYPE_CHECKING:
    import pandas as pd

#: So many values are looked at at a time.
_CHUNK = 1 << 18
Kind = Literal["text", "integer", "number", "flag", "date"]
Shape = Literal["Point", "Polygon", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """
    One column of a table.

    Attributes
    ----------
    name, meaning, unit : str
        The unit also ends the name; it is empty for text and counts without one.
    kind : {'text', 'integer', 'number', 'flag', 'date'}
        What a cell holds. A flag is true, false or missing.
    minimum, maximum : float
        Closed range of a number. [unit]
    choices : tuple of str
        The only texts allowed, where it is not empty.
    required : bool
        The column must be there and have a value in every row.
    unique : bool
        No value appears twice.
    hint : str
        What to do when a required column is missing.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    minimum: float = float("-inf")
    maximum: float = float("inf")
    choices: tuple[str, ...] = ()
    required: bool = False
    unique: bool = False
    hint: str = ""

    def range_text(self) -> str:
        """Return the allowed values in words, empty where anything goes."""
        if self.choices:
            return ", ".join(self.choices)
        low, high = self.minimum, self.maximum
        if low == float("-inf") and high == float("inf"):
            return ""
        if high == float("inf"):
            return f"≥ {low:g}"
        return f"{low:g} to {high:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """
    A named set of columns with a key and, if spatial, the kind of its geometry.

    Attributes
    ----------
    name, meaning : str
        What it is called and what one row is.
    key : str
        Column whose values name rows in messages.
    geometry : {'Point', 'Polygon', 'none'}
        Kind of the geometry; villages may hold points or polygons.
    columns : tuple of Column
        The contract.
    """

    name: str
    meaning: str
    key: str
    geometry: Shape
    columns: tuple[Column, ...] = field(repr=False)

    def names(self) -> list[str]:
        """Return the column names in order."""
        return [column.name for column in self.columns]

    def column(self, name: str) -> Column:
        """Return the column called `name`; `KeyError` where there is none."""
        return {column.name: column for column in self.columns}[name]

    def problems(self, frame: "pd.DataFrame") -> Iterator[str]:
        """Yield one sentence for each way `frame` breaks this contract."""
        if len(frame) == 0:
            yield "the table is empty"
        for column in self.columns:
            yield from _column_problems(column, frame, self.key)

    def check(self, frame: "pd.DataFrame") -> None:
        """
        Hold `frame` against the contract; it is not changed.

        Raises
        ------
        CrsError
            A spatial table has no CRS.
        TableError
            Anything else; every problem is named in one message.
        """
        if self.geometry != "none" and getattr(frame, "crs", None) is None:
            raise CrsError(
                f"{self.name}: the layer has no CRS; set 'crs' beside its path in the settings, "
                "for example crs: EPSG:4326 (it is never guessed)"
            )
        found = list(self.problems(frame))
        if found:
            raise TableError(problem_list(self.name, found))


def problem_list(subject: str, problems: list[str]) -> str:
    """
    Write several problems as one message.

    Examples
    --------
    >>> print(problem_list("sites", ["the table is empty"]))
    sites: 1 problem
      - the table is empty
    """
    return "\n  - ".join([f"{subject}: {count_rows(len(problems), 'problem')}", *problems])


def _column_problems(column: Column, frame: "pd.DataFrame", key: str) -> Iterator[str]:
    import pandas as pd  # noqa: PLC0415 - contracts must import fast for the data dictionary

    if column.name not in frame:
        if column.required:
            yield f"column '{column.name}' is missing ({column.meaning}){'; ' + column.hint if column.hint else ''}"
        return
    values = frame[column.name]
    empty = values.isna()
    if column.required and empty.any():
        yield _rows(column, "has no value", frame, empty, key)
    if column.unique and may_repeat(values) and (twice := values.duplicated(keep=False) & ~empty).any():
        yield _rows(column, "is not unique", frame, twice, key)
    if column.choices and (odd := ~values.isin(column.choices) & ~empty).any():
        yield _rows(column, f"is not one of {', '.join(column.choices)}", frame, odd, key)
    if column.kind in ("integer", "number"):
        numbers = pd.to_numeric(values, errors="coerce")
        if (words := numbers.isna() & ~empty).any():
            yield _rows(column, "is not a number", frame, words, key)
        outside = ~numbers.between(column.minimum, column.maximum) & numbers.notna()
        if outside.any():
            span = f"[{column.minimum:g}, {column.maximum:g}] {column.unit}".rstrip()
            yield _rows(column, f"is outside {span}", frame, outside, key)


def may_repeat(values: "pd.Series") -> bool:
    """
    Return whether a value may be there twice; False is certain, and costs millions of texts little time and memory.

    Examples
    --------
    >>> import pandas as pd
    >>> may_repeat(pd.Series(["a", "b"])), may_repeat(pd.Series(["a", "a"]))
    (False, True)
    """
    import numpy as np  # noqa: PLC0415 - contracts must import fast for the data dictionary
    import pandas as pd  # noqa: PLC0415 - the same

    hashes = np.empty(len(values), dtype=np.uint64)
    for begin in range(0, len(values), _CHUNK):
        part = values.iloc[begin : begin + _CHUNK].to_numpy(dtype=object)
        try:
            hashes[begin : begin + _CHUNK] = pd.util.hash_array(part, categorize=False)
        except UnicodeEncodeError:
            return True  # half a letter has no bytes to be hashed; the exact count follows
    hashes.sort()
    return bool((hashes[1:] == hashes[:-1]).any())


def _rows(column: Column, what: str, frame: "pd.DataFrame", bad: "pd.Series[bool]", key: str) -> str:
    ids = frame.loc[bad, key] if key in frame else frame.index[bad]
    return f"'{column.name}' {what} in {count_rows(int(bad.sum()))}: {name_rows(ids.tolist())}"
