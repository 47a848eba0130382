"""How good the data is, before anything is computed: correct, sufficient, clean, live."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
import shapely

from lomsong.areas import village_areas
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.inputs import Inputs
from lomsong.schemas import MEASUREMENTS, SECTORS, VILLAGES

#: Villages may share this much area before they count as overlapping: digitising slivers. [share of the smaller]
SLIVER_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class QualityReport:
    """
    What is known about the data.

    Attributes
    ----------
    counts : dict
        Rows of each layer.
    findings : tuple of Finding
        What was noticed, layer by layer.
    """

    counts: dict[str, int]
    findings: tuple[Finding, ...]

    def of(self, severity: str) -> list[Finding]:
        """Return the findings of one severity."""
        return [finding for finding in self.findings if finding.severity == severity]

    def as_dict(self) -> dict[str, object]:
        """Return plain values for JSON."""
        return {"counts": self.counts, "findings": [finding.as_dict() for finding in self.findings]}

    def as_json(self) -> str:
        """Return JSON text."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=2)


def check(inputs: Inputs) -> QualityReport:
    """
    Hold the inputs against their contracts and against each other.

    Parameters
    ----------
    inputs : Inputs
        From `read`, or put together in memory.

    Returns
    -------
    QualityReport
        What the readers noticed, and what the tables say about each other.

    Raises
    ------
    TableError, CrsError
        A table breaks its contract: results would be wrong.
    """
    VILLAGES.check(inputs.villages)
    SECTORS.check(inputs.sectors)
    if len(inputs.measurements):
        MEASUREMENTS.check(inputs.measurements)
    findings = [
        *inputs.findings,
        *_population_findings(inputs.villages),
        *_overlap_findings(inputs.villages),
        *_test_findings(inputs),
        *_age_findings(inputs.sectors),
    ]
    counts = {
        "villages": len(inputs.villages),
        "masts": int(inputs.sectors["site_id"].nunique()),
        "sectors": len(inputs.sectors),
        "operators": int(inputs.sectors["operator"].nunique()),
        "speed_tests_mobile": int((inputs.measurements["network"] == "mobile").sum()),
        "speed_tests_fixed": int((inputs.measurements["network"] == "fixed").sum()),
        "terrain_cells": int(inputs.terrain.values.size),
        "population_cells": 0 if inputs.population is None else int((inputs.population.values > 0).sum()),
    }
    return QualityReport(counts, tuple(findings))


def _population_findings(villages: gpd.GeoDataFrame) -> list[Finding]:
    if "population" not in villages:
        message = (
            "no village has a population; people are counted from the population raster, if there is one"
        )
        return [_finding("villages", "sufficient", "warning", message, villages["village_id"])]
    findings = []
    unknown = villages["population"].isna()
    if unknown.any():
        message = f"{count_rows(int(unknown.sum()), 'village')} without a population"
        findings.append(
            _finding("villages", "sufficient", "warning", message, villages.loc[unknown, "village_id"])
        )
    nobody = villages["population"] == 0
    if nobody.any():
        message = f"{count_rows(int(nobody.sum()), 'village')} with a population of 0"
        findings.append(_finding("villages", "correct", "note", message, villages.loc[nobody, "village_id"]))
    return findings


def _overlap_findings(villages: gpd.GeoDataFrame) -> list[Finding]:
    shapes = villages.geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    shared = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    smaller = pd.Series(shapely.area(shapes[first])).combine(pd.Series(shapely.area(shapes[second])), min)
    over = shared > SLIVER_SHARE * smaller.to_numpy()
    if not over.any():
        return []
    ids = villages["village_id"].astype(str).to_numpy()
    pairs = [f"{ids[a]} and {ids[b]}" for a, b in zip(first[over], second[over], strict=True)]
    message = f"{count_rows(len(pairs), 'pair')} of villages overlap: {name_rows(pairs)}; shared people count for the first"
    return [_finding("villages", "clean", "warning", message, pairs)]


def _test_findings(inputs: Inputs) -> list[Finding]:
    tiles = inputs.measurements
    findings = []
    if not (tiles["network"] == "mobile").any():
        message = "no mobile speed test: nothing can confirm or contradict the prediction, and mobile speed is unknown"
        findings.append(_finding("speed_tests", "sufficient", "note", message, []))
    if tiles.empty:
        return findings
    areas = village_areas(inputs.villages, inputs.settings.demand.point_radius_m)
    within, _ = shapely.STRtree(areas.to_numpy()).query(tiles.geometry.to_numpy(), predicate="intersects")
    away = ~tiles.index.isin(within)
    if away.any():
        message = f"{count_rows(int(away.sum()), 'speed-test tile')} in no village; not used for speeds"
        findings.append(
            _finding("speed_tests", "correct", "note", message, tiles.loc[away, "measurement_id"])
        )
    return findings


def _age_findings(sectors: gpd.GeoDataFrame) -> list[Finding]:
    """Tell the span of dates; whether that is old depends on the day of reading, which a result must not."""
    dates = sectors["on_air"].dropna().astype(str)
    unknown = int(sectors["on_air"].isna().sum())
    findings = []
    if len(dates):
        message = f"dates of the mast records reach from {dates.min()} to {dates.max()}"
        findings.append(_finding("masts", "live", "note", message, []))
    if unknown:
        message = f"{count_rows(unknown, 'sector')} without a date: masts since switched off would not show"
        findings.append(
            _finding("masts", "live", "note", message, sectors.loc[sectors["on_air"].isna(), "sector_id"])
        )
    return findings


def _finding(layer: str, word: str, severity: str, message: str, rows: Iterable[object]) -> Finding:
    ids = tuple(str(row) for row in rows)
    return Finding(
        layer=layer,
        word=word,  # type: ignore[arg-type]
        severity=severity,  # type: ignore[arg-type]
        message=message,
        count=len(ids),
        rows=ids,
    )
