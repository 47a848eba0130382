"""What the tables say about each other, in sentences."""

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from lomsong.findings import Finding, count_rows, name_rows
from lomsong.inputs import Inputs

#: Villages may share this much area before they count as overlapping: digitising slivers. [share of the smaller]
SLIVER_SHARE = 0.01


def notice(inputs: Inputs, overlaps: NDArray[np.int64], village_of: pd.Series) -> list[Finding]:
    """
    Say what the tables say about each other.

    Parameters
    ----------
    inputs : Inputs
        From `read`.
    overlaps : ndarray of int, shape (pairs, 2)
        From `find_overlaps`.
    village_of : Series of int, index of the measurements
        Row of the village that each lies in; -1 for none.
    """
    return [
        *_population_findings(inputs.villages),
        *_overlap_findings(inputs.villages, overlaps),
        *_test_findings(inputs, village_of),
        *_age_findings(inputs.sectors),
    ]


def find_overlaps(villages: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """
    Find the pairs of villages that share more ground than a sliver.

    Returns
    -------
    ndarray of int, shape (pairs, 2)
        Rows of the table, the first before the second.
    """
    shapes = villages.geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    shared = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    smaller = np.minimum(shapely.area(shapes[first]), shapely.area(shapes[second]))
    over = shared > SLIVER_SHARE * smaller
    return np.column_stack([first[over], second[over]])


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


def _overlap_findings(villages: gpd.GeoDataFrame, overlaps: NDArray[np.int64]) -> list[Finding]:
    if not len(overlaps):
        return []
    ids = villages["village_id"].astype(str).to_numpy()
    pairs = [f"{ids[a]} and {ids[b]}" for a, b in overlaps]
    message = f"{count_rows(len(pairs), 'pair')} of villages overlap: {name_rows(pairs)}; shared people count for the smaller"
    return [_finding("villages", "clean", "warning", message, pairs)]


def _test_findings(inputs: Inputs, village_of: pd.Series) -> list[Finding]:
    tiles = inputs.measurements
    findings = []
    if not (tiles["network"] == "mobile").any():
        message = "no mobile speed test: nothing can confirm or contradict the prediction, and mobile speed is unknown"
        findings.append(_finding("speed_tests", "sufficient", "note", message, []))
    if tiles.empty:
        return findings
    away = village_of < 0
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
