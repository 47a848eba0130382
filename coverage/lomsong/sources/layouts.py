"""
Known layouts of boundary files: which of their columns is which of ours.

A layout is recognised by its column names, or chosen by ``format``; the user's own column map comes first. The
deepest level of a file is its own rows; the levels above are province (1), district (2) and commune (3), as in
Vietnam before July 2025.
"""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from lomsong.findings import Finding, count_rows

#: What the rows of a layer are; the deepest level of a layout becomes its code and name.
Unit = Literal["village", "commune"]
_UNIT_COLUMNS = {"village": ("village_id", "village_name"), "commune": ("commune_code", "commune_name")}
_LEVELS = {1: "province", 2: "district", 3: "commune"}
#: Key and value of an OSM tag as GDAL writes those without a column of their own.
_TAG = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Layout:
    """
    One known layout.

    Attributes
    ----------
    name : str
        As the settings call it.
    recognise : callable
        Tells from the column names whether a file has this layout.
    columns : callable
        Returns our column name: the file's, from the column names and the unit of the rows.
    prepare : callable
        Changes what the layout is known to get wrong; returns a copy and what was done.
    """

    name: str
    recognise: Callable[[list[str]], bool]
    columns: Callable[[list[str], Unit], dict[str, str]]
    prepare: Callable[[pd.DataFrame, str], tuple[pd.DataFrame, list[Finding]]]


def find_layout(names: list[str], wanted: str) -> Layout | None:
    """Return the layout called `wanted`; with ``auto`` the first that recognises the column names, if any."""
    if wanted == "auto":
        return next((layout for layout in LAYOUTS if layout.recognise(names)), None)
    return next((layout for layout in LAYOUTS if layout.name == wanted), None)


def _untouched(frame: pd.DataFrame, _layer: str) -> tuple[pd.DataFrame, list[Finding]]:
    return frame, []


# --- numbered levels: GADM and OCHA's common operational datasets -------------------------------------------------


def _by_level(names: list[str], pattern: str) -> dict[int, str]:
    found = {}
    for name in names:
        match = re.fullmatch(pattern, name, flags=re.IGNORECASE)
        if match:
            found[int(match.group(1))] = name
    return found


def _level_columns(codes: dict[int, str], titles: dict[int, str], unit: Unit) -> dict[str, str]:
    if not codes:
        return {}
    wanted: dict[str, str] = {}
    for level, place in _LEVELS.items():
        wanted |= {
            f"{place}_{part}": by_level[level]
            for part, by_level in (("code", codes), ("name", titles))
            if level in by_level
        }
    deepest = max(codes)
    own_code, own_name = _UNIT_COLUMNS[unit]
    wanted[own_code] = codes[deepest]
    if deepest in titles:
        wanted[own_name] = titles[deepest]
    return wanted


def _gadm_columns(names: list[str], unit: Unit) -> dict[str, str]:
    # editions before 3 number the levels
    codes = _by_level(names, r"GID_(\d)") or _by_level(names, r"ID_(\d)")
    return _level_columns(codes, _by_level(names, r"NAME_(\d)"), unit)


def _mend_joined_names(frame: pd.DataFrame, layer: str) -> tuple[pd.DataFrame, list[Finding]]:
    """Part the words of an edition that writes every name without spaces; one with a space is left alone."""
    columns = [name for name in frame.columns if re.fullmatch(r"(VAR)?NAME_[1-9]", str(name))]
    texts = {name: frame[name].astype("string") for name in columns}
    if not columns or any(text.str.contains(r"\s", regex=True).any() for text in texts.values()):
        return frame, []
    mended = {
        name: text.map(_part_words, na_action="ignore").astype("string") for name, text in texts.items()
    }
    changed = sum(int((mended[name] != texts[name]).fillna(value=False).sum()) for name in columns)
    if not changed:
        return frame, []
    message = (
        f"{count_rows(changed, 'name')} written without spaces parted before each capital and number, as in "
        "'ĐiệnBiên' to 'Điện Biên'; check them before they are shown"
    )
    return frame.assign(**mended), [
        Finding(layer=layer, word="clean", severity="warning", message=message, count=changed)
    ]


def _part_words(name: str) -> str:
    """Put a blank before a capital or a number that follows a letter."""
    parted = [name[:1]]
    for before, letter in itertools.pairwise(name):
        begins = (before.islower() and letter.isupper()) or (before.isalpha() and letter.isdigit())
        parted.append(" " + letter if begins else letter)
    return "".join(parted)


def _cod_columns(names: list[str], unit: Unit) -> dict[str, str]:
    titles: dict[int, str] = {}
    # the local language is what people there read; English and the alternative names give way
    for pattern in (
        r"ADM(\d)(?:ALT1)?_EN",
        r"ADM(\d)_NAME",
        r"ADM(\d)_(?!EN$|PCODE$|NAME$|TYPE$|REF$)[A-Z]{2}",
    ):
        titles |= _by_level(names, pattern)
    return _level_columns(_by_level(names, r"ADM(\d)_PCODE"), titles, unit)


# --- one level in a file: geoBoundaries ---------------------------------------------------------------------------


def _geoboundaries_columns(_names: list[str], unit: Unit) -> dict[str, str]:
    own_code, own_name = _UNIT_COLUMNS[unit]
    return {own_code: "shapeID", own_name: "shapeName"}


# --- OpenStreetMap ------------------------------------------------------------------------------------------------


def read_tags(text: object) -> dict[str, str]:
    r"""
    Return the tags that GDAL packs into one column.

    Examples
    --------
    >>> read_tags('"name:vi"=>"Bản \\"A\\"","population"=>"120"')
    {'name:vi': 'Bản "A"', 'population': '120'}
    """
    if not isinstance(text, str):
        return {}
    return {key: re.sub(r"\\(.)", r"\1", value) for key, value in _TAG.findall(text)}


def _is_osm(names: list[str]) -> bool:
    have = set(names)
    return "@id" in have or {"osm_id", "other_tags"} <= have or {"osm_id", "osm_type"} <= have


def _osm_columns(names: list[str], unit: Unit) -> dict[str, str]:
    own_code, own_name = _UNIT_COLUMNS[unit]
    wanted = {own_code: "osm_key", own_name: "name", "population": "population"}
    return {ours: theirs for ours, theirs in wanted.items() if theirs in names or theirs == "osm_key"}


def _prepare_osm(frame: pd.DataFrame, layer: str) -> tuple[pd.DataFrame, list[Finding]]:
    """Give every row a key that tells nodes, ways and relations apart, and the tags that matter a column."""
    frame = frame.assign(osm_key=_osm_keys(frame))
    if "other_tags" in frame:
        tags = frame["other_tags"].map(read_tags)
        for tag in ("population", "amenity", "name:vi"):
            if tag not in frame:
                frame[tag] = tags.map(lambda each, tag=tag: each.get(tag)).astype("string")
    if "population" not in frame:
        return frame, []
    text = frame["population"].astype("string").str.strip()
    numbers = pd.to_numeric(text, errors="coerce").astype("float64")
    odd = text.notna() & ~(numbers >= 0)
    frame["population"] = numbers.where(~odd)
    if not odd.any():
        return frame, []
    ids = tuple(frame.loc[odd, "osm_key"].astype(str))
    message = f"population is no number in {count_rows(len(ids))} (such as {text[odd].iloc[0]!r}); unknown"
    return frame, [
        Finding(layer=layer, word="clean", severity="warning", message=message, count=len(ids), rows=ids)
    ]


def _osm_keys(frame: pd.DataFrame) -> pd.Series:
    if "@id" in frame:
        return frame["@id"].astype("string")
    number = frame["osm_id"].astype("string")
    if "osm_type" in frame:
        return frame["osm_type"].astype("string").str[:1].str.lower() + number
    if "osm_way_id" in frame:
        return ("r" + number).fillna("w" + frame["osm_way_id"].astype("string"))
    return "n" + number


LAYOUTS: tuple[Layout, ...] = (
    Layout(
        "gadm",
        lambda names: "GID_0" in names or {"ID_0", "ISO", "NAME_0"} <= set(names),
        _gadm_columns,
        _mend_joined_names,
    ),
    Layout(
        "cod_ab",
        lambda names: any(re.fullmatch(r"ADM\d_PCODE", name, re.IGNORECASE) for name in names),
        _cod_columns,
        _untouched,
    ),
    Layout(
        "geoboundaries",
        lambda names: {"shapeID", "shapeName"} <= set(names),
        _geoboundaries_columns,
        _untouched,
    ),
    Layout("osm", _is_osm, _osm_columns, _prepare_osm),
)
