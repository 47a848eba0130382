"""GeoParquet, and plain Parquet with a column of well-known binary."""

import io
import json
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from lomsong.errors import SourceError

#: Names of a column of well-known binary in files without the metadata of GeoParquet.
_PLAIN_NAMES = ("geometry", "geom", "wkb_geometry", "wkb", "the_geom", "shape")
#: A file that claims more cells than this is refused before they are made.
MOST_CELLS = 100_000_000
_BROKEN = (pa.ArrowException, OSError, ValueError, TypeError, KeyError, AttributeError, CRSError)


def read_geoparquet(
    handle: str | bytes, name: str, *, layer: str
) -> tuple[gpd.GeoDataFrame, NDArray[np.bool_]]:
    """
    Read the shapes and columns of a Parquet file.

    Parameters
    ----------
    handle : str or bytes
        Path or content.
    name, layer : str
        For messages.

    Returns
    -------
    frame : GeoDataFrame
        In the CRS of the metadata; none for plain Parquet.
    broken : ndarray of bool, shape (rows,)
        Shapes that could not be decoded; they are None in the frame.

    Raises
    ------
    SourceError
        Not Parquet, no geometry, or more rows than can be.
    """
    try:
        file = pq.ParquetFile(io.BytesIO(handle) if isinstance(handle, bytes) else handle)
        meta = file.metadata
        if meta.num_rows * max(meta.num_columns, 1) > MOST_CELLS:
            raise SourceError(
                f"{layer}: {name} claims {meta.num_rows:,} rows of {meta.num_columns} columns; cut the area out first"
            )
        geo = json.loads((file.schema_arrow.metadata or {}).get(b"geo", b"null"))
        column, encoding, crs = _geometry_column(geo, file.schema_arrow, name, layer)
        if encoding != "WKB":
            frame = gpd.read_parquet(io.BytesIO(handle) if isinstance(handle, bytes) else handle)
            return frame, np.zeros(len(frame), dtype=bool)
        # without the metadata that pandas leaves: it is not ours to trust
        table = file.read().to_pandas(ignore_metadata=True)
        raw = table.pop(column).to_numpy(dtype=object)
    except _BROKEN as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{layer}: {name} is not GeoParquet: {_first_line(error)}") from None
    try:
        shapes = shapely.from_wkb(raw, on_invalid="ignore")
    except (TypeError, shapely.errors.GEOSException):
        raise SourceError(f"{layer}: column '{column}' of {name} is not well-known binary") from None
    broken = shapely.is_missing(shapes) & np.asarray(pd.notna(raw), dtype=bool)
    return gpd.GeoDataFrame(table, geometry=shapes, crs=crs), broken


def _geometry_column(geo: Any, schema: pa.Schema, name: str, layer: str) -> tuple[str, str, CRS | None]:
    if geo is not None:
        column = str(geo["primary_column"])
        about = geo["columns"][column]
        # the standard: no 'crs' means longitude and latitude, null means unknown
        stated = about.get("crs", "OGC:CRS84")
        return column, str(about["encoding"]), None if stated is None else CRS.from_user_input(stated)
    by_name = {field.name.casefold(): field for field in schema}
    for candidate in _PLAIN_NAMES:
        field = by_name.get(candidate)
        if field is not None and (pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type)):
            return field.name, "WKB", None
    raise SourceError(
        f"{layer}: {name} has no geometry: neither GeoParquet metadata nor a binary column named "
        f"{', '.join(_PLAIN_NAMES)}"
    )


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
