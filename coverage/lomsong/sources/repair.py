"""Outlines that cross themselves or are missing: mended, counted, never dropped."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from lomsong.errors import SourceError
from lomsong.findings import Finding, count_rows, name_rows


def mend_shapes(shapes: NDArray[Any]) -> NDArray[Any]:
    """Return shapes made valid; one that cannot be, as where a coordinate is no number, becomes empty."""
    mended = shapes.copy()
    for row in np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_valid(shapes)):
        try:
            mended[row] = shapely.make_valid(shapes[row])
        except shapely.errors.GEOSException:
            mended[row] = shapely.Polygon()
    return mended


def repair_polygons(
    frame: gpd.GeoDataFrame, *, layer: str, key: str
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Mend polygons that cross themselves; only the polygonal part is kept, and every mended row is counted.

    Raises
    ------
    SourceError
        A geometry is neither polygon nor point.
    """
    # a third axis means nothing for a boundary
    geometry = pd.Series(shapely.force_2d(frame.geometry.to_numpy()), index=frame.index)
    broken = ~pd.Series(shapely.is_valid(geometry.to_numpy()), index=frame.index) & geometry.notna()
    geometry[broken] = [_polygonal(shape) for shape in mend_shapes(geometry[broken].to_numpy())]
    kinds = pd.Series(shapely.get_type_id(geometry.to_numpy()), index=frame.index)
    empty = geometry.isna() | pd.Series(shapely.is_empty(geometry.to_numpy()), index=frame.index)
    wrong = ~kinds.isin([0, 3, 6]) & ~empty
    if wrong.any():
        raise SourceError(
            f"{layer}: neither polygon nor point in {count_rows(int(wrong.sum()))}: {name_rows(frame.loc[wrong, key])}"
        )
    findings = []
    broken &= ~empty
    if broken.any():
        ids = tuple(frame.loc[broken, key].astype(str))
        findings.append(
            Finding(
                layer=layer,
                word="clean",
                severity="warning",
                message=f"{count_rows(len(ids), 'invalid polygon')} repaired: {name_rows(ids)}",
                count=len(ids),
                rows=ids,
                action="repaired",
            )
        )
    if empty.any():
        ids = tuple(frame.loc[empty, key].astype(str))
        findings.append(
            Finding(
                layer=layer,
                word="sufficient",
                severity="warning",
                message=f"{count_rows(len(ids))} without a usable shape: {name_rows(ids)}; they stay, as 'verify'",
                count=len(ids),
                rows=ids,
            )
        )
    geometry[empty] = shapely.Polygon()
    return frame.set_geometry(gpd.GeoSeries(geometry, crs=frame.crs)), findings


def _polygonal(shape: shapely.Geometry) -> shapely.Geometry:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts) if parts else shapely.Polygon()
