"""The sites of an investment plan, in the order in which the budget slider builds them."""

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from lomsong.contracts import Column, Table
from lomsong.maps.columns import pack_columns, plain_text
from lomsong.maps.contents import Packs
from lomsong.maps.frame import WebFrame
from lomsong.maps.packing import deltas, pack, varints
from lomsong.text import fold

#: What the map takes of a plan. ``village_ids`` may hold lists, or texts with semicolons between the ids; a column
#: ``backhaul`` of lines, in the CRS of the table, is drawn where it is there.
MAP_PLAN = Table(
    name="plan for the map",
    meaning="one row a site to build, the first to build on top",
    key="site_id",
    geometry="Point",
    columns=(
        Column(name="site_id", kind="text", meaning="name of the site", required=True, unique=True),
        Column(
            name="order", kind="integer", minimum=1, meaning="place in the order of building", required=True
        ),
        Column(
            name="cost", kind="number", minimum=0, meaning="present value of the site, in the plan's currency"
        ),
        Column(
            name="people", kind="number", unit="persons", minimum=0, meaning="people whom it gives signal"
        ),
        Column(name="village_ids", kind="text", meaning="villages that it covers"),
        Column(name="backhaul_kind", kind="text", meaning="how it is connected"),
        Column(name="phase", kind="integer", minimum=1, meaning="year in which it is built"),
        Column(name="programme", kind="text", meaning="who pays"),
        Column(name="currency", kind="text", meaning="name of the money, the same in all rows"),
    ),
)
_TEXTS = ("site_id", "backhaul_kind", "programme", "currency")
_COLUMNS = {name: MAP_PLAN.column(name) for name in (*_TEXTS, "cost", "people", "phase")}


def plan_contents(plan: gpd.GeoDataFrame, village_ids: pd.Series, frame: WebFrame) -> Packs | None:
    """
    Return a plan as the page gets it.

    Parameters
    ----------
    plan : GeoDataFrame
        Contract `MAP_PLAN`, any CRS.
    village_ids : Series
        Ids of the villages on the map, in their order; others that the plan names are left out.
    frame : WebFrame
        The projection of the map.

    Returns
    -------
    Packs or None
        None for a plan without sites.

    Raises
    ------
    TableError
        The plan breaks its contract.
    """
    if not len(plan):
        return None
    # pandas cannot compare texts that are not quite Unicode, and broken files do hold such
    plan = plan.assign(**{name: [plain_text(cell) for cell in plan[name]] for name in _TEXTS if name in plan})
    MAP_PLAN.check(plan.drop(columns=[name for name in ("village_ids",) if name in plan]))
    crs = CRS.from_user_input(plan.crs)
    plan = plan.iloc[np.argsort(plan["order"].to_numpy(), kind="stable")]
    # a file may hold multipoints of one point
    places = shapely.centroid(np.asarray(plan.geometry.array, dtype=object))
    x, y, known = frame.steps(np.column_stack([shapely.get_x(places), shapely.get_y(places)]), crs)
    plan, x, y = plan[known], x[known], y[known]
    rows = {str(name): row for row, name in enumerate(village_ids)}
    covered = [
        [rows[name] for name in _names(cell) if name in rows]
        for cell in plan.get("village_ids", [()] * len(plan))
    ]
    lines = _lines(plan, crs, frame)
    kinds, arrays = pack_columns(plan, _COLUMNS)
    meta = {"rows": len(plan), "columns": kinds}
    return Packs(
        pack(
            meta,
            {
                **arrays,
                "place_x": deltas(x),
                "place_y": deltas(y),
                "covered_sizes": varints(np.array([len(each) for each in covered], dtype=np.int64)),
                "covered": deltas(np.array([row for each in covered for row in each], dtype=np.int64)),
                "line_sizes": varints(np.array([len(line[0]) for line in lines], dtype=np.int64)),
                "line_x": deltas(np.concatenate([line[0] for line in lines])),
                "line_y": deltas(np.concatenate([line[1] for line in lines])),
            },
        )
    )


def _names(cell: object) -> list[str]:
    if isinstance(cell, str):
        return [part.strip() for part in cell.split(";") if fold(part)]
    if isinstance(cell, Iterable):
        return [str(part) for part in cell]
    return []


def _lines(plan: gpd.GeoDataFrame, crs: CRS, frame: WebFrame) -> list[tuple[np.ndarray, np.ndarray]]:
    """Backhaul lines in steps, empty where a site has none."""
    nothing = np.zeros(0, dtype=np.int64)
    if "backhaul" not in plan:
        return [(nothing, nothing)] * len(plan)
    found = []
    for line in plan["backhaul"]:
        if not isinstance(line, shapely.LineString) or line.is_empty:
            found.append((nothing, nothing))
            continue
        x, y, known = frame.steps(shapely.get_coordinates(line), crs)
        found.append((x[known], y[known]))
    return found
