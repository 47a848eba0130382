"""Holding the inputs against their contracts and against each other."""

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.area_index import AreaIndex, index_areas
from lomsong.areas import village_areas
from lomsong.grid import Band, Banded
from lomsong.inputs import Inputs
from lomsong.joins import assign_points
from lomsong.points import coordinates
from lomsong.quality.advice import advise
from lomsong.quality.ages import newest_day
from lomsong.quality.measures import Measure
from lomsong.quality.network import measure_masts
from lomsong.quality.notices import find_overlaps, notice
from lomsong.quality.places import measure_villages
from lomsong.quality.report import QualityReport
from lomsong.quality.surfaces import measure_people, measure_terrain
from lomsong.quality.witnesses import measure_measurements
from lomsong.schemas import MEASUREMENTS, SECTORS, VILLAGES
from lomsong.zonal import sum_bands


def check(inputs: Inputs) -> QualityReport:
    """
    Hold the inputs against their contracts and against each other.

    Parameters
    ----------
    inputs : Inputs
        From `read`, or put together in memory; never changed.

    Returns
    -------
    QualityReport
        What the readers noticed, what the tables say about each other, measures under the four words with a grade
        for every layer, and what to fetch next.

    Raises
    ------
    TableError, CrsError
        A table breaks its contract: results would be wrong.

    References
    ----------
    .. [1] ISO 19157, data quality elements; the limits of the grades are assumptions of this project.
    """
    VILLAGES.check(inputs.villages)
    SECTORS.check(inputs.sectors)
    if len(inputs.measurements):
        MEASUREMENTS.check(inputs.measurements)
    areas = village_areas(inputs.villages, inputs.settings.demand.point_radius_m)
    index = index_areas(areas.to_numpy())
    overlaps = find_overlaps(inputs.villages)
    village_of = _villages_of(inputs.measurements, index)
    measures = _measure(inputs, index, overlaps, village_of)
    counts = _count(inputs)
    if inputs.population is not None:
        people, counts["population_cells"] = _count_people(areas, inputs.population)
        measures += measure_people(inputs, people)
    return QualityReport(
        counts=counts,
        findings=(*inputs.findings, *notice(inputs, overlaps, village_of)),
        measures=tuple(measures),
        advice=advise(measures, villages=len(inputs.villages)),
    )


def _measure(
    inputs: Inputs, index: AreaIndex, overlaps: NDArray[np.int64], village_of: pd.Series
) -> list[Measure]:
    overlapping = np.zeros(len(inputs.villages), dtype=bool)
    overlapping[overlaps.ravel()] = True
    newest = newest_day(inputs.sectors["on_air"], inputs.measurements["time"])
    measures = [
        *measure_villages(inputs, overlapping),
        *measure_masts(inputs, _villages_of(inputs.sectors, index) >= 0, newest),
        *measure_measurements(inputs, village_of, newest),
        *measure_terrain(inputs),
    ]
    return measures


def _villages_of(frame: gpd.GeoDataFrame, index: AreaIndex) -> pd.Series:
    return pd.Series(assign_points(index, *coordinates(frame.geometry)), index=frame.index)


def _count(inputs: Inputs) -> dict[str, int]:
    network, kind = inputs.measurements["network"], inputs.measurements["kind"]
    speed = kind.eq("speed")
    return {
        "villages": len(inputs.villages),
        "masts": int(inputs.sectors["site_id"].nunique()),
        "sectors": len(inputs.sectors),
        "operators": int(inputs.sectors["operator"].nunique()),
        "speed_tests_mobile": int((speed & network.eq("mobile")).sum()),
        "speed_tests_fixed": int((speed & network.eq("fixed")).sum()),
        "signal_samples": int(kind.eq("signal").sum()),
        "no_service_reports": int(kind.eq("no_service").sum()),
        "field_checks": int(kind.eq("field_check").sum()),
        "terrain_cells": int(inputs.terrain.values.size),
        "population_cells": 0,
    }


def _count_people(areas: gpd.GeoSeries, population: Banded) -> tuple[NDArray[np.float64], int]:
    """Return the people of each area, and how many cells of the raster have any, in one pass."""
    peopled = 0

    def bands() -> Iterator[Band]:
        nonlocal peopled
        for top, values in population.bands():
            peopled += int((values > 0).sum())
            yield top, values

    sums = sum_bands(areas, bands(), population.transform, population.crs)
    return sums.total, peopled
