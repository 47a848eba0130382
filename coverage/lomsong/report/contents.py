"""What a report is made of, whether the run has just ended or is read again from its files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd

from lomsong.changes import Comparison
from lomsong.path import PathExplanation
from lomsong.quality import QualityReport
from lomsong.report.plan_section import PlanTables
from lomsong.report.self_test import SelfTest
from lomsong.report.truth import TruthComparison
from lomsong.settings import Settings
from lomsong.sources.records import SourceRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContents:
    """
    What a report is made of.

    Attributes
    ----------
    ranked : GeoDataFrame
        Villages with verdict and rank, in order.
    sectors : GeoDataFrame
        The network as it was understood.
    summary : DataFrame
        From `summarise`.
    settings, quality, records, truth, self_test, version
        Where the result comes from and how far to trust it.
    grades : sequence of dict
        Grades of the layers, as in ``quality.json``.
    paths : mapping of str to PathExplanation
        From the first villages to their best masts.
    plan : PlanTables or None
        What was planned on the run.
    changes : Comparison or None
        What changed since another run.
    """

    ranked: gpd.GeoDataFrame
    sectors: gpd.GeoDataFrame
    summary: pd.DataFrame
    settings: Settings
    quality: QualityReport
    records: Sequence[SourceRecord]
    truth: TruthComparison | None
    self_test: SelfTest
    version: str
    grades: Sequence[Mapping[str, Any]] = ()
    paths: Mapping[str, PathExplanation] = field(default_factory=dict)
    plan: PlanTables | None = None
    changes: Comparison | None = None
