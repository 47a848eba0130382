"""Mast lists of regulators: ACCC (Australia), ARCEP (France), HIFLD and FCC (United States)."""

import pandas as pd

from lomsong.errors import TableError
from lomsong.sources.fields import to_flag, to_text
from lomsong.sources.numerals import to_decimal

LAYER = "masts"
_LAMBERT_93 = "EPSG:2154"
#: Network codes of metropolitan France as ARCEP's lists use them.
_FRENCH = {"20801": "Orange", "20810": "SFR", "20815": "Free Mobile", "20820": "Bouygues Telecom"}


def _lower(raw: pd.DataFrame) -> dict[str, str]:
    return {str(column).strip().casefold(): str(column) for column in raw.columns}


def _first(raw: pd.DataFrame, lower: dict[str, str], *names: str) -> pd.Series | None:
    return next((raw[lower[name]] for name in names if name in lower), None)


def recognise_accc(columns: frozenset[str]) -> bool:
    """Return whether the column names (lower case) are those of the ACCC's mobile site list."""
    return "rfnsa_id" in columns and bool(columns & {"bands", "tech_3g", "tech_4g"})


def shape_accc(raw: pd.DataFrame) -> pd.DataFrame:
    """Return sites with their bands, such as WCDMA850;LTE700; without bands, the flags of the technologies."""
    lower = _lower(raw)
    frame = pd.DataFrame(index=raw.index)
    for ours, names in {
        "site_id": ("rfnsa_id",), "operator": ("operator", "carrier"), "on_air": ("year",), "bands": ("bands",),
        "longitude_deg": ("lon", "longitude"), "latitude_deg": ("lat", "latitude"),
    }.items():  # fmt: skip
        column = _first(raw, lower, *names)
        if column is not None:
            frame[ours] = column
    if "bands" not in frame:
        frame["bands"] = _by_flags(raw, {f"{n}g": (f"tech_{n}g",) for n in (2, 3, 4, 5)})
    return frame


def recognise_arcep(columns: frozenset[str]) -> bool:
    """Return whether the column names (lower case) are those of ARCEP's site list."""
    return {"operateur", "2g", "3g", "4g"} <= columns or {
        "code_op",
        "x_lambert_93",
        "y_lambert_93",
    } <= columns


def shape_arcep(raw: pd.DataFrame) -> pd.DataFrame:
    """Return sites in Lambert-93 where the list gives it, else in degrees; one carrier for each technology flag."""
    lower = _lower(raw)
    frame = pd.DataFrame(index=raw.index)
    x, y = _first(raw, lower, "x", "x_lambert_93"), _first(raw, lower, "y", "y_lambert_93")
    east, north = _first(raw, lower, "lon", "longitude"), _first(raw, lower, "lat", "latitude")
    # the list writes no Lambert-93 for what lies overseas
    overseas = x is not None and east is not None and bool((to_text(x).isna() & to_text(east).notna()).any())
    if x is not None and y is not None and not overseas:
        frame["x_m"], frame["y_m"] = x, y
    elif east is not None and north is not None:
        frame["longitude_deg"], frame["latitude_deg"] = east, north
    name = _first(raw, lower, "operator", "nom_op")
    code = _first(raw, lower, "operateur", "code_op")
    who = name if name is not None else code
    if who is not None:
        frame["operator"] = to_text(who).replace(_FRENCH)
    number = _first(raw, lower, "num_site", "id_site_partage")
    if number is not None:
        frame["site_id"] = number
    frame["bands"] = _by_flags(raw, {f"{n}g": (f"{n}g", f"site_{n}g") for n in (2, 3, 4, 5)})
    return frame


def arcep_crs(frame: pd.DataFrame) -> str:
    """Return the CRS of ARCEP's columns."""
    return _LAMBERT_93 if "x_m" in frame else "EPSG:4326"


def recognise_hifld(columns: frozenset[str]) -> bool:
    """Return whether the column names (lower case) are those of HIFLD's cellular towers or of the FCC's lists."""
    towers = {"license", "structure", "structure_type"} <= columns or {"licensee", "structype"} <= columns
    return towers or {"registration_number", "structure_type"} <= columns


def shape_hifld(raw: pd.DataFrame) -> pd.DataFrame:
    """
    Return licensed structures: the licensee stands for the operator; technologies are not in the list.

    The height is that of the whole structure; antennas hang at or under its top.
    """
    lower = _lower(raw)
    frame = pd.DataFrame(index=raw.index)
    for ours, names in {
        "sector_id": ("id", "uniqsysid", "registration_number", "fid", "objectid"), "operator": ("license", "licensee", "entity_name"),
        "longitude_deg": ("longitude", "londec", "longitude_deg", "x"), "latitude_deg": ("latitude", "latdec", "latitude_deg", "y"),
    }.items():  # fmt: skip
        column = _first(raw, lower, *names)
        if column is not None:
            frame[ours] = column
    height = _first(
        raw, lower, "structure", "allstruc", "supstruc", "overall_height_above_ground", "height_of_structure"
    )
    if height is not None:
        frame["structure_height_m"] = pd.to_numeric(to_decimal(height), errors="coerce")
    return frame


def _by_flags(raw: pd.DataFrame, flags: dict[str, tuple[str, ...]]) -> pd.Series:
    """Write the technologies whose flag is set as a list such as 2g;4g."""
    lower = _lower(raw)
    words = pd.Series("", index=raw.index, dtype="string")
    found = False
    for technology, names in flags.items():
        column = _first(raw, lower, *names)
        if column is not None:
            found = True
            is_set, _ = to_flag(column, layer=LAYER)
            words = words + is_set.fillna(value=False).map({True: f"{technology};", False: ""}).astype(
                "string"
            )
    if not found:
        raise TableError(f"{LAYER}: the list has no column that says the technologies")
    return words
