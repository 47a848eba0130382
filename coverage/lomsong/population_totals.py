"""Official numbers of people: for villages as they are, for communes to scale the population raster to."""

import geopandas as gpd
import numpy as np
import pandas as pd

from lomsong.areas import village_areas
from lomsong.errors import TableError
from lomsong.findings import Finding, Severity, Word, count_rows, name_rows
from lomsong.grid import Banded
from lomsong.zonal import sum_raster

LAYER = "population_totals"
#: A factor beyond these hints at another area, another date or another unit rather than at a coarse raster.
ODD_FACTOR = (0.5, 2.0)


def apply_totals(villages: gpd.GeoDataFrame, totals: pd.DataFrame) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Give villages the official number of people of a table, joined by ``village_id``.

    Parameters
    ----------
    villages : GeoDataFrame
        Contract `VILLAGES`.
    totals : DataFrame
        ``village_id`` and ``population``; a number here comes before the one in the villages' file.

    Returns
    -------
    villages : GeoDataFrame
        A copy with ``population``.
    findings : list of Finding
        Codes of the table that no village has, and villages that the table lacks.

    Raises
    ------
    TableError
        No code of the table is a village's.
    """
    by_id = totals.dropna().set_index("village_id")["population"]
    known = villages["village_id"].isin(by_id.index)
    if not known.any():
        raise TableError(
            f"{LAYER}: no village_id of the table is a village's (the table has {name_rows(by_id.index)}, the villages "
            f"{name_rows(villages['village_id'])}); check that both are text with their leading zeros"
        )
    official = villages["village_id"].map(by_id).astype("float64")
    own = villages["population"].astype("float64") if "population" in villages else np.nan
    filled = villages.assign(population=official.fillna(own))
    spare = tuple(by_id.index[~by_id.index.isin(villages["village_id"])].astype(str))
    lacking = tuple(villages.loc[~known, "village_id"].astype(str))
    return filled, [
        Finding(
            layer=LAYER, word="sufficient", severity="warning", message=message, count=len(rows), rows=rows
        )
        for rows, message in (
            (spare, f"{count_rows(len(spare), 'code')} of the table in no village: {name_rows(spare)}"),
            (lacking, f"{count_rows(len(lacking), 'village')} not in the table: {name_rows(lacking)}"),
        )
        if rows
    ]


def scale_to_totals(
    villages: gpd.GeoDataFrame,
    totals: "pd.Series[float]",
    population: Banded,
    *,
    communes: gpd.GeoDataFrame | None = None,
    point_radius_m: float,
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Find by how much the population raster is to be multiplied in each commune.

    The factor is the official number over the sum of the raster, cut exactly at the outline of the commune; without
    commune polygons, at the outlines of its villages together.

    Parameters
    ----------
    villages : GeoDataFrame
        Contract `VILLAGES` with ``commune_code``, in a metric CRS.
    totals : Series
        Official number of people by ``commune_code``. [persons]
    population : Banded
        People per cell; must reach over the communes.
    communes : GeoDataFrame, optional
        Contract `COMMUNES`, same CRS.
    point_radius_m : float
        Of the disc around a village that is a point. [m]

    Returns
    -------
    villages : GeoDataFrame
        A copy with ``population_factor``; missing where it could not be found.
    findings : list of Finding
        The factors in numbers; communes without one, and codes that no village has.

    Raises
    ------
    TableError
        The villages have no commune codes.
    """
    if "commune_code" not in villages or villages["commune_code"].isna().all():
        raise TableError(
            f"{LAYER}: the villages have no commune_code to join by; map it under inputs.villages columns, or give "
            "inputs.communes"
        )
    if communes is not None:
        units = communes.set_index("commune_code").geometry
    else:
        areas = gpd.GeoDataFrame(
            {"commune_code": villages["commune_code"]},
            geometry=village_areas(villages, point_radius_m).to_numpy(),
            crs=villages.crs,
        )
        units = areas.dissolve("commune_code").geometry
    totals = totals.dropna()
    units = units[units.index.isin(villages["commune_code"])]
    counted = pd.Series(sum_raster(units, population).total, index=units.index)
    factor = (totals.reindex(units.index) / counted).where(counted > 0)
    scaled = villages.assign(population_factor=villages["commune_code"].map(factor).astype("float64"))
    return scaled, _findings(villages, totals, counted, factor)


def _findings(
    villages: gpd.GeoDataFrame,
    totals: "pd.Series[float]",
    counted: "pd.Series[float]",
    factor: "pd.Series[float]",
) -> list[Finding]:
    known = factor.dropna().sort_index()
    findings = []
    if len(known):
        ratio = counted.reindex(known.index).sum() / totals.reindex(known.index).sum()
        message = (
            f"the population raster scaled to official totals in {count_rows(len(known), 'commune')}: it counts "
            f"{ratio:.0%} of the official number there; factors from {known.min():.2f} to {known.max():.2f}, median "
            f"{known.median():.2f} (column population_factor)"
        )
        findings.append(
            _finding("correct", "assumption", message, tuple(known.index), source="inputs.population_totals")
        )
        odd = known[(known < ODD_FACTOR[0]) | (known > ODD_FACTOR[1])]
        if len(odd):
            message = (
                f"{count_rows(len(odd), 'commune')} with a factor outside {ODD_FACTOR[0]:g} to {ODD_FACTOR[1]:g}: check "
                f"that total and outline are of the same area and date ({name_rows(odd.index)})"
            )
            findings.append(_finding("correct", "warning", message, tuple(odd.index)))
    lacking = tuple(str(code) for code in factor.index[factor.isna()].sort_values())
    if lacking:
        message = f"{count_rows(len(lacking), 'commune')} without an official total or without raster people, not scaled: {name_rows(lacking)}"
        findings.append(_finding("sufficient", "warning", message, lacking))
    spare = tuple(str(code) for code in totals.index[~totals.index.isin(villages["commune_code"])])
    if spare:
        message = f"{count_rows(len(spare), 'code')} with a total in no village: {name_rows(spare)}"
        findings.append(_finding("clean", "note", message, spare))
    return findings


def _finding(
    word: Word, severity: Severity, message: str, rows: tuple[str, ...], source: str = ""
) -> Finding:
    return Finding(
        layer=LAYER,
        word=word,
        severity=severity,
        message=message,
        count=len(rows),
        rows=rows,
        source=source,
    )
