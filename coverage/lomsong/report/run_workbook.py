"""The workbook of a run: which tables it holds and what each column means."""

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd

from lomsong.contracts import Column
from lomsong.findings import Finding
from lomsong.quality import QualityReport
from lomsong.report import summary as indicators
from lomsong.report.tables import SYNTHETIC_NOTE, flatten, result_columns, round_columns
from lomsong.report.workbook import Sheet, save_workbook
from lomsong.schemas import ANY, ASSESSMENT, PLAN, RANKING, SERVICE, VILLAGES
from lomsong.settings import Settings
from lomsong.sources.records import SourceRecord

#: With more rows, the sheet on service shows all operators together, and if need be all technologies that count; ``service.csv``
#: has every row.
MOST_SERVICE_ROWS = 300_000
#: Communes of a country times their groups would be most of the workbook; ``summary.csv`` has them.
MOST_SUMMARY_ROWS = 20_000
_PLACE = (
    Column(name="longitude_deg", kind="number", unit="deg", meaning="of a place inside the shape (WGS 84)"),
    Column(name="latitude_deg", kind="number", unit="deg", meaning="of a place inside the shape (WGS 84)"),
)
_FINDING = (
    Column(name="layer", kind="text", meaning="what the finding is about"),
    Column(name="quality", kind="text", meaning="correct, sufficient, clean or live"),
    Column(
        name="severity", kind="text", meaning="an assumption is a default that stands in for missing data"
    ),
    Column(name="rows", kind="integer", meaning="how many rows it is about"),
    Column(name="finding", kind="text", meaning="what was noticed, repaired or assumed"),
    Column(name="source", kind="text", meaning="where an assumed value comes from"),
)
_SOURCE = (
    Column(name="layer", kind="text", meaning="what the file is for"),
    Column(name="file", kind="text", meaning="its name"),
    Column(name="attribution", kind="text", meaning="whom to name"),
    Column(name="licence", kind="text", meaning="terms of use"),
    Column(name="sha256", kind="text", meaning="checksum of the file that was read"),
)


def write_run_workbook(
    path: Path,
    ranked: gpd.GeoDataFrame,
    *,
    service: pd.DataFrame,
    summary: pd.DataFrame,
    quality: QualityReport,
    records: Sequence[SourceRecord],
    settings: Settings,
    version: str,
    plan: pd.DataFrame | None = None,
) -> tuple[Finding, ...]:
    """
    Write ``report.xlsx``.

    Parameters
    ----------
    path : Path
        File to write.
    ranked : GeoDataFrame
        Villages with verdict and rank, in order.
    service, summary : DataFrame
        Contract `SERVICE`, and what `summarise` returns.
    quality, records, settings, version
        What the workbook says about where the result comes from.
    plan : DataFrame, optional
        Contract `PLAN`, without shapes.

    Returns
    -------
    tuple of Finding
        What had to be changed or left out.
    """
    villages = flatten(round_columns(ranked[[*result_columns(ranked), "geometry"]]).to_crs("EPSG:4326"))
    meanings = (*VILLAGES.columns, *ASSESSMENT.columns, *RANKING.columns, *_PLACE)
    parts = [name for name in RANKING.names() if name not in ("village_id", "rank")]
    order = [
        "rank", "village_id", "village_name", "commune_name", "status", *parts, "people", "unserved_people", "p_signal", "confidence", "grid_power", "fund_eligible", "reasons", "reasons_vi",
    ]  # fmt: skip
    sheets = [
        Sheet("summary", _few_areas(summary), indicators.dictionary()),
        Sheet("ranking", villages[[name for name in order if name in villages]], meanings),
        Sheet("villages", villages, meanings),
        Sheet("service", _few_operators(service), SERVICE.columns),
    ]
    if plan is not None:
        sheets.insert(2, Sheet("plan", round_columns(plan), (*PLAN.columns, *_PLACE)))
    found = [
        (each.layer, each.word, each.severity, each.count, each.message, each.source)
        for each in quality.findings
    ]
    sheets.append(Sheet("quality", pd.DataFrame(found, columns=[each.name for each in _FINDING]), _FINDING))
    files = [(each.layer, each.path, each.attribution, each.licence, each.sha256) for each in records]
    sheets.append(Sheet("sources", pd.DataFrame(files, columns=[each.name for each in _SOURCE]), _SOURCE))
    about = [
        ("Result", settings.name),
        ("What it is", "Villages by mobile signal: status, how sure that is, rank, and what it rests on"),
        ("Villages", f"{len(villages):,}"),
        ("Made with", f"lomsong {version}, model {settings.radio.model}"),
        ("Sheets", ", ".join(sheet.name for sheet in sheets) + ", data dictionary"),
        ("Shapes", "villages.gpkg (styled for QGIS), villages.parquet, villages.geojson"),
        ("Assumptions", f"{sum(each.severity == 'assumption' for each in quality.findings):,} on the sheet 'quality'"),
    ]  # fmt: skip
    return save_workbook(path, sheets, about=about, warning=SYNTHETIC_NOTE if settings.synthetic else "")


def _few_areas(summary: pd.DataFrame) -> pd.DataFrame:
    if len(summary) <= MOST_SUMMARY_ROWS:
        return summary
    return summary[summary["level"] != "commune by group"]


def _few_operators(service: pd.DataFrame) -> pd.DataFrame:
    table = service
    for name in ("operator", "technology"):
        if len(table) > MOST_SERVICE_ROWS:
            table = table[table[name] == ANY]
    return round_columns(table)
