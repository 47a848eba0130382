"""Result tables as GeoPackage, Parquet and CSV; the same bytes for the same results where the format allows."""

from pathlib import Path
from typing import TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from lomsong.schemas import ANY, ASSESSMENT, CONNECTIONS, RANKING, SECTORS, STATUSES, TECHNOLOGIES, VILLAGES

#: GeoPackage stamps its layers with the clock; this makes two runs equal.
_FIXED_DATE = "2000-01-01T00:00:00Z"
#: Decimals of a printed number by the ending of its column's name.
_DECIMALS = {"_m": 1, "_dbm": 2, "_db": 2, "_mbps": 3, "_ms": 1, "_deg": 6}
_OTHER_DECIMALS = 4
Frame = TypeVar("Frame", bound=pd.DataFrame)
#: Where a row names no area.
_UNNAMED = "(not given)"
_LEVELS = ("province_name", "district_name", "commune_name")


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


def write_villages(ranked: gpd.GeoDataFrame, folder: Path) -> None:
    """Write ``villages.parquet``, ``villages.gpkg`` and ``villages.csv``, in WGS 84, best rank first."""
    table = round_columns(ranked[[*result_columns(ranked), "geometry"]]).to_crs("EPSG:4326")
    table.attrs = {}
    table.to_parquet(folder / "villages.parquet", index=False)
    write_geopackage(table, folder / "villages.gpkg", layer="villages")
    flat = pd.DataFrame(table.drop(columns="geometry"))
    inner = table.geometry.representative_point()
    flat["longitude_deg"], flat["latitude_deg"] = inner.x.round(6), inner.y.round(6)
    flat.to_csv(folder / "villages.csv", index=False, lineterminator="\n")


def write_geopackage(table: gpd.GeoDataFrame, path: Path, *, layer: str) -> None:
    """Write one layer; equal content for equal tables."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _FIXED_DATE})
    try:
        plain = table.copy()
        for name in plain.columns.drop("geometry"):
            if isinstance(plain[name].dtype, pd.BooleanDtype | pd.StringDtype):
                plain[name] = plain[name].astype(object).where(plain[name].notna(), None)
        pyogrio.write_dataframe(plain, path, layer=layer, driver="GPKG", promote_to_multi=True)
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def write_sectors(sectors: gpd.GeoDataFrame, folder: Path) -> None:
    """Write ``sectors.parquet`` in WGS 84."""
    table = round_columns(sectors[[*SECTORS.names(), "geometry"]]).to_crs("EPSG:4326")
    table.to_parquet(folder / "sectors.parquet", index=False)


def write_ranking(ranked: pd.DataFrame, folder: Path) -> None:
    """Write ``ranking.csv``: the order and its parts, with names and verdicts to read along."""
    names = [
        "rank", "village_id", "village_name", "commune_name", "status", "need", "need_people", "need_severity",
        "need_isolation", "population", "unserved_people", "p_signal", "nearest_site_m", "grid_power",
        "fund_eligible", "reasons",
    ]  # fmt: skip
    have = [name for name in names if name in ranked]
    round_columns(pd.DataFrame(ranked[have])).to_csv(folder / "ranking.csv", index=False, lineterminator="\n")


def summarise(ranked: pd.DataFrame, service: pd.DataFrame) -> pd.DataFrame:
    """
    Sum up by area: villages and people by status and connection, people covered per technology (SDG 9.c.1) or not ready.

    Parameters
    ----------
    ranked : DataFrame
        Villages with verdicts.
    service : DataFrame
        Contract `SERVICE`.

    Returns
    -------
    DataFrame
        One row for everything and one for each province, district and commune that has a name. A share counts
        only people whose place could be computed; ``people_unknown`` says how many villages have no population.
    """
    shares = service[service["operator"] == ANY].pivot_table(
        index="village_id", columns="technology", values="covered_share", aggfunc="first", dropna=False
    )
    rows = [_area_row("all", "", ranked, shares)]
    for number, level in enumerate(_LEVELS):
        if level in ranked:
            # communes of one name in two districts are two
            keys = [each for each in _LEVELS[: number + 1] if each in ranked]
            named = ranked[keys].astype("string").fillna(_UNNAMED)
            for path, part in ranked.groupby(named.agg(" / ".join, axis=1), sort=True):
                rows.append(_area_row(level.removesuffix("_name"), str(path), part, shares))
    return pd.DataFrame(rows)


def _area_row(level: str, name: str, part: pd.DataFrame, shares: pd.DataFrame) -> dict[str, object]:
    people = part["population"] if "population" in part else pd.Series(np.nan, index=part.index)
    row: dict[str, object] = {
        "level": level,
        "area": name,
        "villages": len(part),
        "people": people.sum(),
        "people_unknown": int(people.isna().sum()),
        "unserved_people": round(float(part["unserved_people"].sum()), 1),
        "unserved_unknown": int(part["unserved_people"].isna().sum()),
    }
    for status in STATUSES:
        mine = part["status"] == status
        row[f"villages_{status}"] = int(mine.sum())
        row[f"people_{status}"] = people[mine].sum()
    row["unready_people"] = round(float(part["unready_people"].sum()), 1)
    row["unready_unknown"] = int(part["unready_people"].isna().sum())
    for connection in CONNECTIONS:
        mine = part["connection"] == connection
        row[f"villages_connection_{connection.replace(' ', '_')}"] = int(mine.sum())
        row[f"people_connection_{connection.replace(' ', '_')}"] = people[mine].sum()
    for technology in [*TECHNOLOGIES, ANY]:
        if technology in shares:
            share = shares[technology].reindex(part["village_id"]).to_numpy(dtype=float)
            known = np.isfinite(share) & people.notna().to_numpy()
            weight = people.to_numpy(dtype=float)[known]
            covered = float((share[known] * weight).sum() / weight.sum()) if weight.sum() > 0 else np.nan
            row[f"covered_share_{technology}"] = round(covered, 4)
    return row
