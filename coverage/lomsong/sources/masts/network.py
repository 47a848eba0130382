"""Several mast lists → one network: nothing twice, nothing out of reach, axes the right way round."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lomsong.errors import SourceError
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.points import coordinates

#: Corners of a quarter of a circle.
_CORNERS = 32


def refuse_exchanged_axes(masts: gpd.GeoDataFrame, villages: gpd.GeoDataFrame) -> None:
    """Refuse positions that would fall among the villages if their axes were exchanged."""
    margin = 1 if masts.crs.is_geographic else 100_000
    west, south, east, north = villages.to_crs(masts.crs).total_bounds
    x, y = (pd.Series(axis) for axis in coordinates(masts.geometry))

    def inside(a: pd.Series, b: pd.Series) -> float:
        return float(
            (a.between(west - margin, east + margin) & b.between(south - margin, north + margin)).mean()
        )

    if inside(x, y) < 0.1 and inside(y, x) > 0.5:
        if not masts.crs.is_geographic:
            raise SourceError(
                f"masts: none of {len(masts)} masts lies near a village, but they would with x_m and y_m exchanged "
                "(surveyors often call the northing X); swap them under inputs.masts columns"
            )
        raise SourceError(
            f"masts and villages: none of {len(masts)} masts lies near a village, but they would with longitude and "
            "latitude exchanged in one of the two; if it is the masts, swap longitude_deg and latitude_deg under "
            "inputs.masts columns; if it is the villages, mend their file"
        )


def join_lists(raw: list[gpd.GeoDataFrame]) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Put the lists of one CRS together: what stands in two counts once, ids that files share are told apart."""
    frame = gpd.GeoDataFrame(pd.concat(raw, ignore_index=True), crs=raw[0].crs)
    findings = []
    x, y = coordinates(frame.geometry)
    same = pd.DataFrame(
        {
            "x": x.round(),
            "y": y.round(),
            **{name: frame[name] for name in ("operator", "sector_id", "technology")},
        }
    )
    twice = same.duplicated(keep="first")
    if twice.any():
        ids = tuple(frame.loc[twice, "sector_id"].astype(str))
        findings.append(
            Finding(
                layer="masts",
                word="clean",
                severity="warning",
                message=f"{count_rows(len(ids), 'sector')} stand in two files; the first counts: {name_rows(ids)}",
                count=len(ids),
                rows=ids,
            )
        )
    frame = frame[~twice].reset_index(drop=True)
    # different operators, or different files of one, may number alike
    again = frame["sector_id"].duplicated(keep=False)
    frame.loc[again, "sector_id"] = frame["operator"].astype(str) + " " + frame["sector_id"].astype(str)
    number = frame.groupby("sector_id").cumcount()
    frame.loc[number > 0, "sector_id"] += " #" + (number + 1).astype(str)
    return frame, findings


def keep_within_reach(
    raw: gpd.GeoDataFrame, villages: gpd.GeoDataFrame, radius_m: float
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Set aside the rows that reach no village: those farther than a radius from the convex hull of all villages.

    This is what stands for the outline of the country where the settings name none: what lies across the border and
    reaches villages is kept, what cannot reach one is not.

    Parameters
    ----------
    raw : GeoDataFrame
        Points in the working CRS.
    villages : GeoDataFrame
        In the same CRS.
    radius_m : float
        How far a mast reaches. [m]

    Raises
    ------
    SourceError
        None is left.
    """
    corners = shapely.get_coordinates(shapely.convex_hull(villages.geometry.to_numpy()))
    hull = shapely.convex_hull(shapely.multipoints(corners))
    # drawn with corners the circle would fall short
    area = shapely.buffer(hull, radius_m / np.cos(np.pi / (4 * _CORNERS)), quad_segs=_CORNERS)
    shapely.prepare(area)
    near = pd.Series(shapely.intersects_xy(area, *coordinates(raw.geometry)), index=raw.index)
    if not near.any():
        raise SourceError(
            f"masts: none of {len(raw)} rows lies within reach of a village; check their CRS and that the mast list "
            "and the villages are of the same area"
        )
    away = int((~near).sum())
    findings = []
    if away:
        ids = tuple(raw.loc[~near, "sector_id"].astype(str))
        message = (
            f"{count_rows(away, 'sector')} beyond reach of every village set aside: more than {radius_m / 1000:g} km "
            "(radio.maximum_radius_m) from the area of the villages"
        )
        findings.append(
            Finding(
                layer="masts", word="correct", severity="note", message=message, count=away, rows=ids,
                action="dropped",
            )
        )  # fmt: skip
    return raw[near].reset_index(drop=True), findings
