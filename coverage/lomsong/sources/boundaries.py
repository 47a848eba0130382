"""Village boundaries, or points where no boundary is known."""

from pathlib import Path

import geopandas as gpd

from lomsong.contracts import problem_list
from lomsong.errors import TableError
from lomsong.findings import Finding
from lomsong.schemas import VILLAGES
from lomsong.settings import LayerSource
from lomsong.sources.fields import apply_contract, rename_columns
from lomsong.sources.files import require_file
from lomsong.sources.vectors import read_vector, repair_polygons

LAYER = "villages"


def read_villages(source: LayerSource) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Read villages, in the file's own CRS.

    Parameters
    ----------
    source : LayerSource
        The file and its column map.

    Returns
    -------
    frame : GeoDataFrame
        Columns of `VILLAGES` that the file has; polygons are valid; index 0..n-1.
    findings : list of Finding
        What was repaired.

    Raises
    ------
    MissingSourceError, SourceError, CrsError, TableError
        One message that says what to do.
    """
    require_file(Path(source.path), layer=LAYER)
    raw, findings = read_vector(source, layer=LAYER)
    raw = raw.reset_index(drop=True)
    named = rename_columns(raw, source.columns, layer=LAYER, known=VILLAGES.names())
    columns, found = apply_contract(named, VILLAGES, layer=LAYER)
    frame = gpd.GeoDataFrame(columns, geometry=raw.geometry.to_numpy(), crs=raw.crs)
    findings += found
    VILLAGES.check(frame)
    if frame.crs.is_geographic:
        _refuse_swapped(frame)
    frame, found = repair_polygons(frame, layer=LAYER, key="village_id")
    return frame, findings + found


def _refuse_swapped(frame: gpd.GeoDataFrame) -> None:
    _, south, _, north = frame.total_bounds
    if south < -90 or north > 90:
        raise TableError(
            problem_list(
                LAYER,
                [
                    f"latitudes reach from {south:.4g} to {north:.4g}: longitude and latitude are swapped in the file"
                ],
            )
        )
