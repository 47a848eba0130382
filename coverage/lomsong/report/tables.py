"""Result tables as GeoPackage, GeoJSON, Parquet and CSV; the same bytes for the same results where the format allows."""

from pathlib import Path
from typing import TypeVar

import geopandas as gpd
import pandas as pd
import pyogrio

from lomsong.ranking import rank_by_part
from lomsong.report.csv_files import write_csv
from lomsong.report.qgis_style import add_status_style
from lomsong.schemas import ASSESSMENT, RANKING, SECTORS, VILLAGES

#: GeoPackage stamps its layers with the clock; this makes two runs equal.
_FIXED_DATE = "2000-01-01T00:00:00Z"
#: Decimals of a printed number by the ending of its column's name.
_DECIMALS = {"_m": 1, "_dbm": 2, "_db": 2, "_mbps": 3, "_ms": 1, "_deg": 6}
_OTHER_DECIMALS = 4
#: About 0.1 m, as RFC 7946 (section 11.2) advises.
GEOJSON_DECIMALS = 6
SYNTHETIC_NOTE = "Synthetic data: the places, people and masts are made up."
#: What a page on the web needs; the whole tables are in the other files.
_WEB_COLUMNS = (
    "village_id", "village_name", "commune_name", "district_name", "province_name", "status", "verify_cause", "confidence", "p_signal",
    "covered_share", "rank", "need", "people", "unserved_people", "grid_power", "fund_eligible", "fixed_line", "connection",
    "nearest_site_m", "reasons", "reasons_vi",
)  # fmt: skip
Frame = TypeVar("Frame", bound=pd.DataFrame)


def result_columns(ranked: pd.DataFrame) -> list[str]:
    """Return the columns of the contracts that are there, in the order of the data dictionary."""
    names = [*VILLAGES.names(), *RANKING.names()[1:], *ASSESSMENT.names()[1:]]
    return [name for name in names if name in ranked]


def round_columns(frame: Frame) -> Frame:
    """Round numbers to what they can mean, so that tables read well and do not hang on the last bit."""
    rounded = frame.copy()
    for name in frame.columns:
        if pd.api.types.is_float_dtype(frame[name]):
            decimals = next(
                (places for end, places in _DECIMALS.items() if name.endswith(end)), _OTHER_DECIMALS
            )
            rounded[name] = frame[name].round(decimals) + 0.0  # no negative zero
    return rounded


def write_villages(ranked: gpd.GeoDataFrame, folder: Path, *, synthetic: bool = False) -> None:
    """Write ``villages`` as ``.parquet``, ``.gpkg``, ``.geojson`` and ``.csv``, in WGS 84, best rank first."""
    table = round_columns(ranked[[*result_columns(ranked), "geometry"]]).to_crs("EPSG:4326")
    table.attrs = {}
    table.to_parquet(folder / "villages.parquet", index=False)
    mark = SYNTHETIC_NOTE if synthetic else ""
    write_geopackage(table, folder / "villages.gpkg", layer="villages", note=mark)
    points = set(table.geom_type.dropna()) <= {"Point", "MultiPoint"}
    add_status_style(
        folder / "villages.gpkg", layer="villages", shape="marker" if points else "fill", note=mark
    )
    write_geojson(table, folder / "villages.geojson", note=mark)
    write_csv(flatten(table), folder / "villages.csv")


def flatten(table: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return a table in WGS 84 with a place inside each shape instead of the shape."""
    flat = pd.DataFrame(table.drop(columns="geometry"))
    inner = table.geometry.representative_point()
    flat["longitude_deg"], flat["latitude_deg"] = inner.x.round(6), inner.y.round(6)
    return flat


def write_geojson(table: gpd.GeoDataFrame, path: Path, *, note: str = "") -> None:
    """
    Write villages for the web by RFC 7946: WGS 84, outer rings counter-clockwise, `GEOJSON_DECIMALS` decimals.

    Parameters
    ----------
    table : GeoDataFrame
        Villages in WGS 84; of its columns those of `_WEB_COLUMNS` go along.
    path : Path
        File to write.
    note : str
        Member ``description`` of the collection, if not empty.
    """
    have = [name for name in _WEB_COLUMNS if name in table]
    plain = _plain(table[[*have, "geometry"]])
    options = {"RFC7946": "YES", "COORDINATE_PRECISION": str(GEOJSON_DECIMALS), "WRITE_NAME": "NO"}
    if note:
        options["DESCRIPTION"] = note
    pyogrio.write_dataframe(plain, path, layer="villages", driver="GeoJSON", layer_options=options)


def write_geopackage(table: gpd.GeoDataFrame, path: Path, *, layer: str, note: str = "") -> None:
    """Write one layer with a note as its description; equal content for equal tables."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _FIXED_DATE})
    try:
        options = {"DESCRIPTION": note} if note else {}
        pyogrio.write_dataframe(
            _plain(table),
            path,
            layer=layer,
            driver="GPKG",
            promote_to_multi=True,
            geometry_type=None if len(table) else "Unknown",
            layer_options=options,
        )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _plain(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Write missing flags and texts in the one way that GDAL knows, and flags as flags."""
    plain = table.copy()
    for name in plain.columns.drop("geometry"):
        if isinstance(plain[name].dtype, pd.StringDtype):
            plain[name] = plain[name].astype(object).where(plain[name].notna(), None)
        elif (
            pd.api.types.is_object_dtype(plain[name])
            and pd.api.types.infer_dtype(plain[name], skipna=True) == "boolean"
        ):
            plain[name] = plain[name].astype("boolean")
    return plain


def write_sectors(sectors: gpd.GeoDataFrame, folder: Path) -> None:
    """Write ``sectors.parquet`` in WGS 84."""
    table = round_columns(sectors[[*SECTORS.names(), "geometry"]]).to_crs("EPSG:4326")
    table.to_parquet(folder / "sectors.parquet", index=False)


def write_ranking(ranked: pd.DataFrame, folder: Path) -> None:
    """Write ``ranking.csv``: the order and its parts, with names and verdicts; ``ranking_by_part.csv``: by each alone."""
    parts = [name for name in RANKING.names() if name not in ("village_id", "rank")]
    names = [
        "rank", "village_id", "village_name", "commune_name", "status", *parts, "population", "people", "unserved_people", "p_signal",
        "nearest_site_m", "grid_power", "fund_eligible", "reasons",
    ]  # fmt: skip
    have = [name for name in names if name in ranked]
    write_csv(round_columns(pd.DataFrame(ranked[have])), folder / "ranking.csv")
    write_csv(rank_by_part(ranked), folder / "ranking_by_part.csv")
