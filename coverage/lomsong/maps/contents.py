"""What the page is told: the tables as packed columns, the masts by position, the words of the labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from lomsong.contracts import Column, Table
from lomsong.findings import Finding
from lomsong.maps.archives import DEEPEST, Archive, tile_shapes
from lomsong.maps.columns import pack_columns, plain_text, texts_as_bytes
from lomsong.maps.frame import WebFrame
from lomsong.maps.packing import Packable, deltas, pack, varints
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
#: The Vietnamese reasons are made of the English ones in the page, phrase by phrase: half the text of a nation.
_UNSENT = ("centre_longitude_deg", "centre_latitude_deg", "reasons_vi")
_SENT = {
    column.name: column
    for table in (VILLAGES, ASSESSMENT, RANKING)
    for column in table.columns
    if column.name not in _UNSENT
}
#: What colours, filters, lists and the search need; the rest, for popups, is sent apart and unpacked later.
_FIRST = (
    "village_id", "village_name", "commune_code", "commune_name", "population", "people", "grid_power", "status",
    "verify_cause", "p_signal", "unserved_people", "download_mbps", "rank", "need", "override",
)  # fmt: skip
_TEXT = Column(name="text", kind="text", meaning="any text")
_UNKNOWN_PERCENT = 255
_MAST_COLUMNS = {
    name: SECTORS.column(name) for name in ("operator", "technology", "azimuth_deg", "beamwidth_deg")
}
_MAST_COLUMNS_LATER = {
    name: SECTORS.column(name) for name in ("site_id", "frequency_mhz", "antenna_height_m")
}


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
    archive : Archive or None
        Tiles that lie beside the page; such a layer is drawn by the front end's ``hosted.js``.
    """

    first: bytes
    later: bytes | None = None
    bounds: Bounds | None = None
    archive: Archive | None = None


def village_contents(
    villages: gpd.GeoDataFrame,
    frame: WebFrame,
    *,
    service: pd.DataFrame | None = None,
    findings: Sequence[Finding] = (),
    pictures: Mapping[str, str] | None = None,
    hosted: bool = False,
) -> Packs:
    """
    Return the villages as the page gets them.

    Parameters
    ----------
    villages : GeoDataFrame
        `VILLAGES`, `ASSESSMENT` and `RANKING` columns; any CRS.
    frame : WebFrame
        The projection of the map.
    service : DataFrame, optional
        Contract `SERVICE`: the chance of signal by operator and technology.
    findings : sequence of Finding
        Those about the layer ``villages`` mark their rows.
    pictures : mapping, optional
        SVG texts by village id.
    hosted : bool
        Outlines come as tiles, if there are any.

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
    tiled = tile_shapes(villages, frame) if hosted else None
    shapes = build_shapes(villages, frame) if tiled is None else tiled
    tiles = {} if tiled is None else {"archive": tiled.archive.name, "deepest": DEEPEST}
    flags = quality_flags(villages["village_id"], findings)
    table = villages.assign(**flags)
    words = dict.fromkeys(("quality_word",), _TEXT)
    first, arrays = pack_columns(table, {name: _SENT[name] for name in _FIRST} | words)
    rows = len(villages)
    later, later_arrays = pack_columns(
        table,
        {name: _SENT[name] for name in _SENT if name not in _FIRST}
        | dict.fromkeys(("quality_flags",), _TEXT),
    )
    pairs, service_arrays = service_columns(villages["village_id"], service)
    shown = [
        (row, (pictures or {})[name])
        for row, name in enumerate(villages["village_id"])
        if name in (pictures or {})
    ]
    later_arrays |= {"picture_rows": deltas(np.array([row for row, _ in shown], dtype=np.int64))}
    later_arrays |= {
        f"picture.{part}": cells for part, cells in texts_as_bytes([svg for _, svg in shown]).items()
    }
    return Packs(
        pack(
            {"rows": rows, "columns": first, "service": pairs, **tiles},
            {**shapes.arrays(), **arrays, **service_arrays},
        ),
        pack({"rows": rows, "columns": later}, later_arrays),
        shapes.bounds(frame),
        None if tiled is None else tiled.archive,
    )


def quality_flags(village_ids: pd.Series, findings: Sequence[Finding]) -> dict[str, list[str | None]]:
    """Return the worst word and all messages about each village, None where nothing was noticed."""
    words: dict[str, str] = {}
    messages: dict[str, list[str]] = {}
    for finding in findings:
        if finding.layer != "villages":
            continue
        for row in finding.rows:
            words.setdefault(row, finding.word)
            messages.setdefault(row, []).append(plain_text(finding.message) or "")
    if not words:
        return {}
    ids = [str(name) for name in village_ids]
    return {
        "quality_word": [words.get(name) for name in ids],
        "quality_flags": ["\n".join(messages[name]) if name in messages else None for name in ids],
    }


def service_columns(
    village_ids: pd.Series, service: pd.DataFrame | None
) -> tuple[list[list[str]], dict[str, Packable]]:
    """Return operator and technology of each pair in the service table, and the chance of signal of every village."""
    if service is None or not len(service):
        return [], {}
    # a plain dictionary: pandas cannot compare texts that are not quite Unicode
    row_of = {str(name): row for row, name in enumerate(village_ids)}
    pairs: list[list[str]] = []
    arrays: dict[str, Packable] = {}
    names = ("operator", "technology")
    texts = service.assign(**{name: [plain_text(cell) or "" for cell in service[name]] for name in names})
    for number, ((operator, technology), rows) in enumerate(
        texts.groupby(["operator", "technology"], sort=True)
    ):
        place = np.array([row_of.get(str(name), -1) for name in rows["village_id"]], dtype=np.int64)
        there = place >= 0
        chance = pd.to_numeric(rows["p_centre"], errors="coerce").to_numpy(np.float64, na_value=np.nan)[there]
        percent = np.full(len(village_ids), _UNKNOWN_PERCENT, dtype=np.uint8)
        percent[place[there]] = np.where(
            np.isfinite(chance), np.round(np.clip(np.nan_to_num(chance), 0, 1) * 100), _UNKNOWN_PERCENT
        )
        pairs.append([str(operator), str(technology)])
        arrays[f"service{number}"] = percent
    return pairs, arrays


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


def border_contents(column: str) -> Packs:
    """Return the borders of an administrative level: the page finds them in the villages' own outlines."""
    return Packs(pack({"column": column}, {}))


def border_line_contents(villages: gpd.GeoDataFrame, columns: Sequence[str], frame: WebFrame) -> list[Packs]:
    """Return the borders of administrative levels as lines, for a page that has no outlines to find them in."""
    shapes = build_shapes(villages, frame)
    packs = []
    for column in columns:
        codes, _ = pd.factorize(
            pd.Series([plain_text(cell) for cell in villages[column]]), use_na_sentinel=False
        )
        packs.append(Packs(pack({"column": column}, shapes.arc_arrays(shapes.arcs_between(codes)))))
    return packs
