"""What the page is told: the tables as packed columns, the masts by position, the words of the labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
from pyproj import CRS

from lomsong.contracts import Table
from lomsong.inputs import Inputs
from lomsong.maps.columns import pack_columns
from lomsong.maps.frame import WebFrame
from lomsong.maps.packing import deltas, pack, varints
from lomsong.maps.relief import Relief
from lomsong.maps.shapes import Bounds, build_shapes
from lomsong.schemas import ASSESSMENT, RANKING, SECTORS, VILLAGES

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
#: Read by popups alone: sent apart and unpacked after the map stands.
_LATER = (
    "district_name", "province_name", "households", "fund_eligible", "verify_cause", "p_2g", "covered_share",
    "evidence", "confidence", "reasons", "nearest_site_m", "terrain_share", "mobile_tests", "download_low_mbps",
    "download_high_mbps", "fixed_line", "fixed_download_mbps", "need_people", "need_severity", "need_isolation",
)  # fmt: skip
_MAST_COLUMNS = {
    name: SECTORS.column(name) for name in ("operator", "technology", "azimuth_deg", "beamwidth_deg")
}
_MAST_COLUMNS_LATER = {
    name: SECTORS.column(name) for name in ("site_id", "frequency_mhz", "antenna_height_m")
}


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


@dataclass(frozen=True, slots=True)
class Packs:
    """
    What one layer sends to the page.

    Attributes
    ----------
    first : bytes
        A pack with all that drawing needs.
    later : bytes or None
        Another with what popups need besides.
    bounds : tuple of float or None
        South, west, north and east edge. [deg]
    """

    first: bytes
    later: bytes | None = None
    bounds: Bounds | None = None


def village_contents(villages: gpd.GeoDataFrame, frame: WebFrame) -> Packs:
    """
    Return the villages as the page gets them.

    Parameters
    ----------
    villages : GeoDataFrame
        `VILLAGES`, `ASSESSMENT` and `RANKING` columns; any CRS.
    frame : WebFrame
        The projection of the map.

    Returns
    -------
    Packs
        Shapes, centres and columns, without the columns that hold nothing.

    Raises
    ------
    CrsError, TableError
        The villages have no CRS, no rows, no ids or no status.
    """
    DRAWN.check(villages)
    shapes = build_shapes(villages, frame)
    first, arrays = pack_columns(villages, {name: _SENT[name] for name in _SENT if name not in _LATER})
    later, later_arrays = pack_columns(villages, {name: _SENT[name] for name in _LATER})
    rows = len(villages)
    return Packs(
        pack({"rows": rows, "columns": first}, {**shapes.arrays(), **arrays}),
        pack({"rows": rows, "columns": later}, later_arrays),
        shapes.bounds(frame),
    )


def mast_contents(sectors: gpd.GeoDataFrame, frame: WebFrame) -> Packs | None:
    """
    Return the masts as the page gets them: one entry a position, whatever number of sectors stands there.

    Parameters
    ----------
    sectors : GeoDataFrame
        Contract `SECTORS`, any CRS; rows without a position are left out.
    frame : WebFrame
        The projection of the map.

    Returns
    -------
    Packs or None
        Positions, the sectors at each, and their columns; None where there is no position.
    """
    points = sectors.geometry
    x, y, known = frame.steps(np.column_stack([points.x, points.y]), CRS.from_user_input(sectors.crs))
    order = np.lexsort((np.arange(len(x)), y, x))
    order = order[known[order]]
    if not len(order):
        return None
    x, y = x[order], y[order]
    begins = np.flatnonzero(np.concatenate([[True], (np.diff(x) != 0) | (np.diff(y) != 0)]))
    table = sectors.iloc[order]
    first, arrays = pack_columns(table, _MAST_COLUMNS)
    later, later_arrays = pack_columns(table, _MAST_COLUMNS_LATER)
    counts = np.diff(np.append(begins, len(x)))
    places = {"place_x": deltas(x[begins]), "place_y": deltas(y[begins]), "place_rows": varints(counts)}
    return Packs(
        pack({"rows": len(table), "places": len(begins), "columns": first}, {**places, **arrays}),
        pack({"rows": len(table), "columns": later}, later_arrays),
    )


def relief_contents(relief: Relief) -> Packs:
    """Return the shaded picture of the terrain as the page gets it."""
    return Packs(pack({"bounds": relief.bounds}, {"png": relief.png}), bounds=relief.bounds)
