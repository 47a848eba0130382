"""What the page is told: the tables as plain columns, the masts by position, the words of the labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from lomsong.contracts import Column, Table
from lomsong.inputs import Inputs
from lomsong.maps.shapes import STEPS_PER_DEGREE, village_centres, village_shapes
from lomsong.schemas import ASSESSMENT, RANKING, TECHNOLOGIES, VILLAGES

#: What a map cannot do without; everything else in the three tables may be missing.
DRAWN = Table(
    name="villages for the map",
    meaning="one row a village to draw",
    key="village_id",
    geometry="Polygon",
    columns=(VILLAGES.column("village_id"), ASSESSMENT.column("status")),
)
#: Where the centre lies is part of the geometry that is sent.
_UNSENT = ("centre_longitude_deg", "centre_latitude_deg")
_SENT = {
    column.name: column
    for table in (VILLAGES, ASSESSMENT, RANKING)
    for column in table.columns
    if column.name not in _UNSENT
}
#: Digits after the point that a reader of the popup can use, by unit; scores up to 100 and counts get one.
_DIGITS = {"m": 0, "persons": 0, "households": 0, "Mbit/s": 1}
#: Shares are shown in per cent; with two more digits, rounding twice does not differ from rounding once. [digits]
_SHARE_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Labels:
    """
    The words around the map.

    Attributes
    ----------
    name : str
        What the map is called.
    synthetic : bool
        The data are made up, and the map must say so.
    attributions : tuple of str
        Whom to name for the data.
    """

    name: str
    synthetic: bool
    attributions: tuple[str, ...]


def find_labels(villages: gpd.GeoDataFrame, inputs: Inputs | None) -> Labels:
    """Return the labels from what was read, else from ``villages.attrs["lomsong"]``."""
    if inputs is not None:
        credits_ = [
            f"{record.attribution} ({record.licence})" if record.licence else record.attribution
            for record in inputs.records
            if record.attribution
        ]
        return Labels(inputs.settings.name, inputs.settings.synthetic, tuple(dict.fromkeys(credits_)))
    told: Mapping[str, Any] = villages.attrs.get("lomsong", {})
    return Labels(
        name=str(told.get("name", "Mobile coverage")),
        synthetic=bool(told.get("synthetic", False)),
        attributions=tuple(dict.fromkeys(str(text) for text in told.get("attributions", ()) if text)),
    )


def village_contents(villages: gpd.GeoDataFrame) -> dict[str, Any]:
    """
    Return the villages as the page gets them.

    Parameters
    ----------
    villages : GeoDataFrame
        `VILLAGES`, `ASSESSMENT` and `RANKING` columns; any CRS.

    Returns
    -------
    dict
        ``steps_per_degree``, ``shapes``, ``centres``, and ``columns``: a list by column name, without the columns
        that hold nothing.

    Raises
    ------
    CrsError, TableError
        The villages have no CRS, no rows, no ids or no status.
    """
    DRAWN.check(villages)
    centres = village_centres(villages)
    shapes = [
        centre if shape is None else shape
        for shape, centre in zip(village_shapes(villages), centres, strict=True)
    ]
    columns = {name: _cells(villages[name], column) for name, column in _SENT.items() if name in villages}
    return {
        "steps_per_degree": STEPS_PER_DEGREE,
        "shapes": shapes,
        "centres": centres,
        "columns": {
            name: cells for name, cells in columns.items() if any(cell is not None for cell in cells)
        },
    }


def mast_contents(sectors: gpd.GeoDataFrame) -> dict[str, Any]:
    """
    Return the masts as the page gets them: one entry a position, whatever number of sectors stands there.

    Parameters
    ----------
    sectors : GeoDataFrame
        Contract `SECTORS`, any CRS; rows without a position are left out.

    Returns
    -------
    dict
        ``steps_per_degree``, ``points`` (``[x, y]`` each), ``sites`` (the site ids there) and ``carriers``
        (``[operator, technologies]`` pairs).
    """
    degrees = sectors.geometry.to_crs(4326)
    # plain dictionaries: pandas cannot group texts that are not quite Unicode, and broken files do hold such
    masts: dict[tuple[int, int], dict[str, set[str]]] = {}
    sites: dict[tuple[int, int], set[str]] = {}
    rows = zip(
        degrees.x, degrees.y, *(sectors[name] for name in ("site_id", "operator", "technology")), strict=True
    )
    for x, y, site, operator, technology in rows:
        if not (np.isfinite(x) and np.isfinite(y)):
            continue
        place = (round(x * STEPS_PER_DEGREE), round(y * STEPS_PER_DEGREE))
        sites.setdefault(place, set()).add(_text(site) or "")
        masts.setdefault(place, {}).setdefault(_text(operator) or "", set()).add(_text(technology) or "")
    places = sorted(masts)
    return {
        "steps_per_degree": STEPS_PER_DEGREE,
        "points": [list(place) for place in places],
        "sites": [sorted(sites[place]) for place in places],
        "carriers": [
            [
                (operator, sorted(masts[place][operator], key=_technology_order))
                for operator in sorted(masts[place])
            ]
            for place in places
        ],
    }


def _cells(values: pd.Series, column: Column) -> list[Any]:
    if column.kind == "flag":
        return [None if pd.isna(cell) else bool(cell) for cell in values]
    if column.kind in ("text", "date"):
        return [_text(cell) for cell in values]
    digits = _SHARE_DIGITS if column.maximum == 1 else _DIGITS.get(column.unit, 1)
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    return [_number(cell, digits) for cell in numbers.tolist()]


def _number(cell: float, digits: int) -> float | None:
    if not np.isfinite(cell):
        return None
    return int(cell) if cell.is_integer() else (round(cell, digits) if digits else round(cell))


def _text(cell: object) -> str | None:
    return None if pd.isna(cell) else str(cell)  # type: ignore[call-overload]


def _technology_order(technology: str) -> tuple[int, str]:
    return (TECHNOLOGIES.index(technology) if technology in TECHNOLOGIES else len(TECHNOLOGIES), technology)
