"""Masts of OpenStreetMap: which of its towers carry mobile radio, as far as the tags say."""

import re
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from lomsong.errors import SourceError
from lomsong.findings import Finding, count_rows
from lomsong.sources.fields import to_text
from lomsong.text import fold

LAYER = "masts"
_STRUCTURES = ("mast", "tower", "communications_tower", "antenna")
_PAIR = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')
#: Services whose presence alone does not make a mobile site.
_OTHER_SERVICES = (
    "television",
    "radio",
    "amateur_radio",
    "microwave",
    "gsm-r",
    "space",
    "satellite",
    "optical",
    "maritime",
)
_TV_WORDS = (
    "truyen hinh",
    "ptth",
    "phat thanh",
    "television",
    "tv tower",
    "tv mast",
    "broadcast",
    "radio tower",
)
_OTHER_WORDS = ("chuong", "hong chung", "bell", "watch", "lookout", "vong canh", "clock", "minaret", "water")
_HEIGHT = re.compile(r"^\s*(\d{1,3}(?:[.,]\d+)?)\s*(m|ft|')?\s*$", re.IGNORECASE)
_FOOT_M = 0.3048
#: Layers of GDAL without a column for it keep the tag among the others.
_IN_OTHER_TAGS = " OR ".join(f'other_tags LIKE \'%"man_made"=>"{name}"%\'' for name in _STRUCTURES)


def recognise(columns: frozenset[str]) -> bool:
    """Return whether the column names (lower case) are those of an OpenStreetMap extract."""
    return "man_made" in columns and bool(columns & {"osm_id", "other_tags", "osm_way_id", "@id", "id"})


def shape(raw: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Return the masts that may carry mobile radio under our column names.

    A structure stays where ``communication:mobile_phone`` says so, where its type is communication and no tag says
    broadcasting alone, and where it is a mast without any type: that it is a mobile one is then an assumption, and
    counted. Towers without a type, watch towers, bell towers and broadcasting masts are set aside and counted.
    """
    tags = _tags(raw)
    structure = _tag(tags, raw, "man_made").str.casefold()
    here = structure.isin(_STRUCTURES).fillna(value=False) | (_tag(tags, raw, "telecom") == "antenna").fillna(
        value=False
    )
    raw, tags, structure = raw[here], tags[here.to_numpy()], structure[here]
    kinds, sure = _kinds(raw, tags, structure)
    stays = kinds == "mobile"
    findings = _set_aside(kinds[~stays])
    assumed = stays & ~sure
    if assumed.any():
        message = (
            f"{count_rows(int(assumed.sum()), 'mast')} without a word on their use taken for mobile ones"
        )
        findings.append(
            Finding(layer=LAYER, word="correct", severity="assumption", message=message, count=int(assumed.sum()),
                    source="assumption: most masts of OpenStreetMap without tower:type are communication masts")
        )  # fmt: skip
    raw, tags = raw[stays], tags[stays.to_numpy()]
    ids = next((to_text(raw[name]) for name in ("osm_id", "@id", "id", "osm_way_id") if name in raw), None)
    frame = pd.DataFrame({"geometry": raw["geometry"].to_numpy()}, index=raw.index)
    if ids is not None:
        frame["sector_id"] = "osm-" + ids
    frame["operator"] = _tag(tags, raw, "operator")
    height = _tag(tags, raw, "height").map(_metres, na_action="ignore")
    frame["structure_height_m"] = pd.to_numeric(height, errors="coerce")
    return frame.reset_index(drop=True), findings


def read_structures(path: Path, *, layer: str) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Read the masts and towers of an OpenStreetMap extract, points and outlines, as points.

    Raises
    ------
    SourceError
        Not an extract, or it holds none.
    """
    where = "man_made IN (" + ", ".join(f"'{name}'" for name in _STRUCTURES) + ")"
    parts = []
    try:
        for each in ("points", "lines", "multipolygons"):
            fields = {str(name) for name in pyogrio.read_info(path, layer=each)["fields"]}
            tagged = where if "man_made" in fields else _IN_OTHER_TAGS
            with warnings.catch_warnings():
                # rings that cross themselves: GDAL leaves such features without a shape, which is counted below
                warnings.simplefilter("ignore", RuntimeWarning)
                parts.append(pyogrio.read_dataframe(path, layer=each, where=tagged))
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError,
            shapely.errors.GEOSException, UnicodeDecodeError) as error:  # fmt: skip
        reason = (str(error).splitlines() or [""])[0][:200]
        raise SourceError(f"{layer}: {path.name} is not a readable OpenStreetMap extract: {reason}") from None
    frame = (
        pd.concat([part for part in parts if len(part)], ignore_index=True) if any(map(len, parts)) else None
    )
    if frame is None:
        raise SourceError(f"{layer}: {path.name} holds no mast and no tower")
    shapeless = frame.geometry.isna() | frame.geometry.is_empty
    findings = []
    if shapeless.any():
        message = f"{count_rows(int(shapeless.sum()), 'structure')} without a usable shape set aside"
        findings.append(
            Finding(
                layer=layer, word="clean", severity="warning", message=message, count=int(shapeless.sum())
            )
        )
    frame = frame[~shapeless].reset_index(drop=True)
    boxes = frame.geometry.bounds
    middle = gpd.points_from_xy((boxes["minx"] + boxes["maxx"]) / 2, (boxes["miny"] + boxes["maxy"]) / 2)
    return gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=middle, crs="EPSG:4326"), findings


def _tags(raw: pd.DataFrame) -> "np.ndarray[tuple[int], np.dtype[np.object_]]":
    """Return the tags that GDAL packs into one column, as dictionaries."""
    packed = raw["other_tags"] if "other_tags" in raw else pd.Series(None, index=raw.index, dtype=object)
    rows = np.empty(len(raw), dtype=object)
    for row, text in enumerate(packed):
        rows[row] = dict(_PAIR.findall(text)) if isinstance(text, str) else {}
    return rows


def _tag(tags: "np.ndarray[tuple[int], np.dtype[np.object_]]", raw: pd.DataFrame, name: str) -> pd.Series:
    packed = pd.Series([row.get(name) for row in tags], index=raw.index, dtype="string")
    return to_text(raw[name]).fillna(packed) if name in raw else packed


def _kinds(
    raw: pd.DataFrame, tags: "np.ndarray[tuple[int], np.dtype[np.object_]]", structure: pd.Series
) -> tuple[pd.Series, pd.Series]:
    """Say what each structure is, and whether a mobile one is so by its tags."""
    kind = _tag(tags, raw, "tower:type").str.casefold()
    yes = {name: _tag(tags, raw, f"communication:{name}").str.casefold().eq("yes").fillna(value=False).to_numpy(bool)
           for name in ("mobile_phone", *_OTHER_SERVICES)}  # fmt: skip
    mobile = yes.pop("mobile_phone")
    broadcast = np.logical_or.reduce(list(yes.values()))
    words = (_tag(tags, raw, "name").fillna("") + " " + _tag(tags, raw, "name:en").fillna("")).map(fold)
    tv = words.map(lambda text: any(word in text for word in _TV_WORDS)).to_numpy(bool)
    other = words.map(lambda text: any(word in text for word in _OTHER_WORDS)).to_numpy(bool)
    scenic = _tag(tags, raw, "tourism").notna().to_numpy(bool)
    communication = kind.eq("communication").fillna(value=False).to_numpy(bool) | structure.isin(
        ["communications_tower", "antenna"]
    ).to_numpy(bool)
    typed = kind.notna().to_numpy(bool) & ~communication
    bare_tower = structure.eq("tower").fillna(value=False).to_numpy(bool) & ~communication
    kinds = np.select(
        [mobile, typed, broadcast | tv, other | scenic, bare_tower],
        ["mobile", "other", "broadcasting", "other", "tower"],
        default="mobile",
    )
    kinds = np.where(typed & ~mobile, kind.fillna("other").to_numpy(dtype=object), kinds)
    return pd.Series(kinds, index=raw.index), pd.Series(mobile | communication, index=raw.index)


def _set_aside(kinds: pd.Series) -> list[Finding]:
    findings = []
    for kind, rows in kinds.groupby(kinds):
        ids = tuple(str(row) for row in rows.index)
        what = {
            "broadcasting": "for television, radio or links alone",
            "tower": "of no known type (add tower:type=communication to those that carry mobile radio)",
            "other": "that serve another purpose by name or place",
        }.get(str(kind), f"of type '{kind}'")
        message = f"{count_rows(len(rows), 'structure')} set aside: {what}"
        findings.append(
            Finding(
                layer=LAYER, word="correct", severity="warning", message=message, count=len(rows), rows=ids
            )
        )
    return findings


def _metres(text: str) -> float:
    found = _HEIGHT.match(text)
    if found is None:
        return float("nan")
    number = float(found.group(1).replace(",", "."))
    return number * _FOOT_M if (found.group(2) or "m").casefold() in ("ft", "'") else number
