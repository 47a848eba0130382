"""Columns of a source: renamed to ours by the settings, and cells turned into texts, numbers, flags."""

import difflib
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from lomsong.contracts import Table, problem_list
from lomsong.errors import TableError
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.text import MISSING_WORDS, normalise

#: Yes and no as people and programs write them; 1.0 is a whole number in a column with gaps.
_TRUE = frozenset({"true", "yes", "y", "1", "1.0", "t", "có", "x"})
#: Places that are called so, where only the first letter is a capital: hamlets in Laos and Vietnam, a Thai province.
_NAMES_LIKE_MISSING = frozenset({"Na", "Nan"})
#: Whole numbers that a float holds exactly.
_EXACT_BELOW = 2.0**53
_FALSE = frozenset({"false", "no", "n", "0", "0.0", "f", "không"})


def rename_columns(
    frame: pd.DataFrame, wanted: Mapping[str, str], *, layer: str, known: list[str]
) -> pd.DataFrame:
    """
    Return a copy whose mapped columns carry our names; a column that is mapped nowhere keeps its own.

    Parameters
    ----------
    frame : DataFrame
        As read.
    wanted : mapping
        Our name: the file's name.
    layer : str
        For messages.
    known : list of str
        Our names that this layer understands.

    Raises
    ------
    TableError
        The mapping names a column of ours that does not exist, or one that the file lacks.
    """
    problems = [
        f"'{ours}' is not a column of ours; the nearest is '{_nearest(ours, known)}' (see `lomsong columns`)"
        for ours in wanted
        if ours not in known
    ]
    have = [str(name) for name in frame.columns]
    problems += [
        f"column '{theirs}' (for {ours}) is not in the file; the nearest is '{_nearest(theirs, have)}' "
        f"(it has: {', '.join(have)})"
        for ours, theirs in wanted.items()
        if theirs not in have
    ]
    if problems:
        raise TableError(problem_list(layer, problems))
    copies = {ours: frame[theirs] for ours, theirs in wanted.items()}
    # a file's own column of the same name gives way to the one that the user mapped
    return frame.drop(columns=[ours for ours in copies if ours in frame]).assign(**copies)


def _nearest(name: str, choices: list[str]) -> str:
    folded = {choice.casefold(): choice for choice in choices}
    found = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.0)
    return folded[found[0]] if found else ""


def to_text(values: pd.Series) -> pd.Series:
    """
    Turn cells into NFC text; whole numbers lose their ".0", words for "no value" become missing.

    Examples
    --------
    >>> to_text(pd.Series([7.0, None, "NA", " x "], dtype=object)).tolist()
    ['7', <NA>, <NA>, 'x']
    """
    if pd.api.types.is_float_dtype(values):
        whole = values.dropna()
        if (whole == np.floor(whole)).all() and (whole.abs() < _EXACT_BELOW).all():
            values = values.astype("Int64")
    if pd.api.types.is_integer_dtype(values):
        return values.astype("string")
    if isinstance(values.dtype, pd.StringDtype | pd.CategoricalDtype) or values.dtype.kind == "M":
        # a nation's list says the same few words a million times
        code, words = pd.factorize(values)
        clean = _clean(pd.Series(words, dtype=values.dtype))
        return pd.Series(clean.array.take(code, allow_fill=True), index=values.index, name=values.name)
    return _clean(values)


def _clean(values: pd.Series) -> pd.Series:
    text = values.map(_cell_text, na_action="ignore").astype("string")
    return text.mask(text.str.casefold().isin(MISSING_WORDS) & ~text.isin(_NAMES_LIKE_MISSING))


def spread_words(text: pd.Series, meaning: Callable[[str], object], dtype: str) -> pd.Series:
    """
    Say what each cell means, asking once for every different word.

    Parameters
    ----------
    text : Series of text
        Cells, some of them missing.
    meaning : callable
        What one word means; None for nothing.
    dtype : str
        Of the answer, which is missing where the cell is.
    """
    code, words = pd.factorize(text)
    told = pd.Series([meaning(str(word)) for word in words], dtype=dtype)
    return pd.Series(told.array.take(code, allow_fill=True), index=text.index, name=text.name)


def _cell_text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return normalise(str(cell))


def to_number(values: pd.Series) -> pd.Series:
    """
    Turn cells into numbers; words for "no value" become missing, other words stay to be reported.

    Examples
    --------
    >>> to_number(pd.Series(["1.5", "-", ""])).tolist()
    [1.5, nan, nan]
    """
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return values.astype("float64")
    text = values.astype("string").str.strip()
    text = text.mask(text.str.casefold().isin(MISSING_WORDS))
    numbers = pd.to_numeric(text, errors="coerce")
    wrong = numbers.isna() & text.notna()
    return text.astype(object) if wrong.any() else numbers.astype("float64")


def to_flag(values: pd.Series, *, layer: str) -> tuple[pd.Series, list[Finding]]:
    """Turn cells into true, false or missing; a word that is neither becomes missing and is counted."""
    text = to_text(
        values.map(lambda cell: str(cell) if isinstance(cell, bool | np.bool_) else cell)
    ).str.casefold()
    flags = pd.Series(pd.NA, index=values.index, dtype="boolean")
    flags[text.isin(_TRUE).fillna(value=False)] = True
    flags[text.isin(_FALSE).fillna(value=False)] = False
    odd = flags.isna() & text.notna()
    if not odd.any():
        return flags, []
    message = (
        f"'{values.name}' is neither yes nor no in {count_rows(int(odd.sum()))} "
        f"(for example {text[odd].iloc[0]!r}); taken as unknown"
    )
    return flags, [
        Finding(layer=layer, word="clean", severity="warning", message=message, count=int(odd.sum()))
    ]


def apply_contract(frame: pd.DataFrame, table: Table, *, layer: str) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Give every column of the contract that is there its kind; columns beyond the contract are left out.

    Numbers that cannot be are reported by `Table.check`, which the caller runs when the table is whole.
    """
    findings: list[Finding] = []
    columns: dict[str, pd.Series] = {}
    for column in table.columns:
        if column.name not in frame:
            continue
        values = frame[column.name]
        if column.kind == "flag":
            columns[column.name], found = to_flag(values, layer=layer)
            findings += found
        elif column.kind in ("number", "integer"):
            columns[column.name] = to_number(values)
        else:
            columns[column.name] = to_text(values)
    return pd.DataFrame(columns, index=frame.index), findings


def set_aside(
    frame: pd.DataFrame, bad: pd.Series, *, layer: str, word: str, why: str, key: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the rows that are not `bad`, and a counted warning about the others if there are any."""
    if not bad.any():
        return frame, []
    ids = tuple(frame.loc[bad, key].astype(str))
    finding = Finding(
        layer=layer,
        word=word,  # type: ignore[arg-type]
        severity="warning",
        message=f"{count_rows(len(ids))} set aside: {why} ({name_rows(ids)})",
        count=len(ids),
        rows=ids,
        action="dropped",
    )
    return frame[~bad], [finding]
