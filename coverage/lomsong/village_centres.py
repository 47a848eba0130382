"""The centre of a village: the given point, else its cultural house, else the middle of where people are."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from lomsong.area_index import AreaIndex
from lomsong.errors import SourceError
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.joins import assign_points

#: A given centre may lie this far outside its village, as outlines are coarse; further off it is a mistake. [m]
FARTHEST_CENTRE_M = 2000.0


def given_centres(villages: gpd.GeoDataFrame, areas: gpd.GeoSeries) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Return the centres that the file gives; one far from its village is not believed.

    Returns
    -------
    centres : DataFrame
        ``village`` (row number), ``x``, ``y`` [m] and ``origin`` "given".
    findings : list of Finding
        Centres that were not used.

    Raises
    ------
    SourceError
        Most would fit with longitude and latitude exchanged.
    """
    longitude, latitude = (_column(villages, f"centre_{axis}_deg") for axis in ("longitude", "latitude"))
    rows = np.flatnonzero(np.isfinite(longitude) & np.isfinite(latitude) & ~areas.is_empty.to_numpy())
    shapes = areas.to_numpy()[rows]
    to_metric = Transformer.from_crs("EPSG:4326", CRS.from_user_input(villages.crs), always_xy=True)

    def away(
        first: NDArray[np.float64], second: NDArray[np.float64]
    ) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
        x, y = to_metric.transform(first[rows], second[rows])
        distance = shapely.distance(shapes, shapely.points(x, y))
        table = pd.DataFrame({"village": rows, "x": x, "y": y}).assign(origin="given")
        return table, ~(distance <= FARTHEST_CENTRE_M)

    centres, far = away(longitude, latitude)
    if not far.any():
        return centres, []
    exchanged = np.abs(longitude[rows]) <= 90
    if far.mean() > 0.5 and exchanged.all() and away(latitude, longitude)[1].mean() < 0.5:
        raise SourceError(
            "villages: the given centres lie in their villages only with longitude and latitude exchanged; swap "
            "centre_longitude_deg and centre_latitude_deg under inputs.villages columns"
        )
    ids = tuple(villages["village_id"].astype(str).to_numpy()[rows[far]])
    message = (
        f"{count_rows(len(ids), 'given centre')} more than {FARTHEST_CENTRE_M / 1000:g} km from the village not used: "
        f"{name_rows(ids)}"
    )
    return centres[~far], [
        Finding(
            layer="villages", word="correct", severity="warning", message=message, count=len(ids), rows=ids
        )
    ]


def community_centres(
    places: gpd.GeoDataFrame, index: AreaIndex, table: pd.DataFrame, without: NDArray[np.bool_]
) -> pd.DataFrame:
    """
    Choose a cultural house or community centre for each village that has no given centre.

    Parameters
    ----------
    places : GeoDataFrame
        Points in the CRS of the villages.
    index : AreaIndex
        Of the village areas; where two overlap the smaller has the point.
    table : DataFrame
        Demand points with ``village``, ``x``, ``y`` and ``is_centre``.
    without : ndarray of bool, shape (villages,)
        The villages that want one.

    Returns
    -------
    DataFrame
        As of `given_centres`, with origin "community_centre"; of several in a village the one nearest to the middle of
        where its people are.
    """
    x, y = places.geometry.x.to_numpy(), places.geometry.y.to_numpy()
    found = pd.DataFrame({"village": assign_points(index, x, y).astype(np.int64), "x": x, "y": y})
    found = found[(found["village"] >= 0) & without[found["village"]]]
    middle = table[table["is_centre"]].set_index("village")[["x", "y"]].reindex(found["village"]).to_numpy()
    away = np.hypot(found["x"] - middle[:, 0], found["y"] - middle[:, 1])
    ordered = found.assign(away=away).dropna(subset="away").sort_values(["village", "away", "x", "y"])
    chosen = ordered.drop_duplicates("village").drop(columns="away")
    return chosen.assign(origin="community_centre").reset_index(drop=True)


def add_centres(table: pd.DataFrame, centres: pd.DataFrame) -> pd.DataFrame:
    """Add centres to demand points, as points without people, in the cluster that they stand next to."""
    centres = centres[centres["village"].isin(table["village"])]
    if centres.empty:
        return table
    rows = centres["village"].to_numpy()
    joined = table.reset_index().merge(centres, on="village", suffixes=("", "_centre"))
    joined["away"] = np.hypot(joined["x"] - joined["x_centre"], joined["y"] - joined["y_centre"])
    nearest = joined.loc[joined.groupby("village")["away"].idxmin()].set_index("village")["cluster"]
    centres = centres.assign(weight=0.0, share=0.0, is_centre=True, cluster=nearest.reindex(rows).to_numpy())
    table = table.assign(is_centre=table["is_centre"] & ~table["village"].isin(rows))
    both = pd.concat([table, centres], ignore_index=True)
    return both.sort_values("village", kind="stable", ignore_index=True)


def _column(villages: gpd.GeoDataFrame, name: str) -> NDArray[np.float64]:
    if name not in villages:
        return np.full(len(villages), np.nan)
    return np.asarray(villages[name].astype("float64"))
