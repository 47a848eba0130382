"""Names of administrative units: compared with and without diacritics, kinds of unit and blanks; never guessed."""

import re

import pandas as pd

from lomsong.admin_codes import CodeMapping, System
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.text import fold

#: Words before a name that say what kind of unit it is, folded; the longer of two first.
UNIT_WORDS = (
    "thanh pho", "thanhpho", "thi tran", "thitran", "thi xa", "thixa", "dac khu", "dackhu", "phuong", "huyen", "quan", "tinh", "xa", "tp.", "tp", "tt.", "tt",
    "tx.", "tx", "p.", "x.", "h.", "q.",
    "city", "province", "district", "town", "township", "commune", "ward", "special zone",
)  # fmt: skip
#: Names in one cell are parted by any of these.
_BETWEEN_NAMES = re.compile(r"\s*[|;/]\s*")


def match_names(
    names: "pd.Series[str]",
    mapping: CodeMapping,
    *,
    system: System,
    parents: "pd.Series[str] | None" = None,
    layer: str = "code_mapping",
) -> tuple["pd.Series[str]", list[Finding]]:
    """
    Find the codes of units known by name.

    Names are compared without diacritics, blanks and case; first with the word for the kind of unit ("Xã"), then, where
    that finds none, without it. A name that fits several units is left without a code.

    Parameters
    ----------
    names : Series of str
        As written; may hold several names parted by ``|``, ``;`` or ``/``.
    mapping : CodeMapping
        Its names, or its codes where they are made of names.
    system : {'old', 'new'}
        The system that the names are of.
    parents : Series of str, optional
        Name or code of the unit above, on the same index; tells units of the same name apart.
    layer : str
        For the findings.

    Returns
    -------
    codes : Series of str
        On the index of `names`; missing where nothing fits, or several do.
    findings : list of Finding
        Names that fit none and names that fit several, listed.
    """
    book = _index_names(mapping, system)
    found: list[object] = []
    lost: list[str] = []
    several: list[str] = []
    above_each: list[object] = [None] * len(names) if parents is None else list(parents)
    for name, above in zip(names.astype(object), above_each, strict=True):
        code, fits = _look_up(name, above, book)
        found.append(code)
        if isinstance(name, str) and code is pd.NA:
            (several if fits else lost).append(name)
    findings = [
        Finding(
            layer=layer, word="clean", severity="warning", message=message, count=len(rows), rows=tuple(rows)
        )
        for rows, message in (
            (lost, f"{count_rows(len(lost), 'name')} in no row of the code mapping: {name_rows(lost)}"),
            (
                several,
                f"{count_rows(len(several), 'name')} fit several units, none is chosen: {name_rows(several)}",
            ),
        )
        if rows
    ]
    return pd.Series(found, index=names.index, dtype="string"), findings


def _index_names(mapping: CodeMapping, system: System) -> dict[tuple[str, str], set[str]]:
    """List the codes of each name, under every spelling of the unit above and under none."""
    units = mapping.table.drop_duplicates(f"{system}_code")
    book: dict[tuple[str, str], set[str]] = {}
    for code, title, parent in zip(
        units[f"{system}_code"], units[f"{system}_name"], units[f"{system}_parent"], strict=True
    ):
        above = ["", name_key(parent), bare_key(parent)] if isinstance(parent, str) else [""]
        for key in _keys(title):
            for place in above:
                book.setdefault((place, key), set()).add(code)
    return book


def name_key(name: str) -> str:
    """
    Return a name as letters and digits alone, for comparison.

    Examples
    --------
    >>> name_key("Phường Hưng Thạnh") == name_key("phuonghungthanh")
    True
    """
    return re.sub(r"[\W_]", "", fold(name))


def bare_key(name: str) -> str:
    """
    Return the same without the word for the kind of unit.

    Examples
    --------
    >>> bare_key("Thị trấn Mường Lay"), bare_key("Muong Lay Town"), bare_key("Xã")
    ('muonglay', 'muonglay', 'xa')
    """
    folded = fold(name)
    for word in UNIT_WORDS:
        if folded.startswith(word) and re.match(
            r"[\s.]", folded[len(word) - word.endswith(".") :][:1] or "x"
        ):
            return name_key(folded[len(word) :]) or name_key(name)
        if folded.endswith(" " + word):
            return name_key(folded[: -len(word)]) or name_key(name)
    return name_key(name)


def _keys(title: object) -> set[str]:
    if not isinstance(title, str):
        return set()
    keys = set()
    for name in _BETWEEN_NAMES.split(title):
        keys |= {name_key(name), "~" + bare_key(name)}
    return keys - {"", "~"}


def _look_up(name: object, place: object, book: dict[tuple[str, str], set[str]]) -> tuple[object, set[str]]:
    if not isinstance(name, str):
        return pd.NA, set()
    places = [""] if not isinstance(place, str) or not place else [name_key(place), bare_key(place)]
    written = _BETWEEN_NAMES.split(name)
    fits: set[str] = set()
    for keys in ([name_key(each) for each in written], ["~" + bare_key(each) for each in written]):
        fits = set().union(*(book.get((where, key), set()) for key in keys for where in places))
        if fits:
            break
    return (next(iter(fits)), fits) if len(fits) == 1 else (pd.NA, fits)
