"""Witnesses: the tests, reports and field checks that lie near each place, and the people who could have made them."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit

from lomsong.evidence.nearby import bell_sums, find_tiles, tile_sums
from lomsong.evidence.samples import age_weight, measurement_ages
from lomsong.points import coordinates
from lomsong.settings import EvidenceSettings

Array = NDArray[np.float64]

#: Field checks of one place agree or do not: together they are never stronger than this. [natural logarithm]
MOST_CHECKED = 5.0
#: Reports of one place repeat each other: no more than so many count.
MOST_REPORTS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnesses:
    """
    What lies near each place.

    Attributes
    ----------
    tests : ndarray, shape (n,)
        Mobile tests, weighted by nearness and age.
    people : ndarray, shape (n,)
        People, weighted by nearness.
    reports : ndarray, shape (n,)
        Reports of no service, weighted by nearness and age.
    checks : ndarray, shape (n,)
        Logarithm of the likelihood ratio, signal against none, of the field checks.
    share : ndarray, shape (n,)
        Share of the operators that serve the place if any does: who has signal can test.
    """

    tests: Array
    people: Array
    reports: Array
    checks: Array
    share: Array

    def part(self, rows: NDArray[np.int64]) -> "Witnesses":
        """Return some of the places."""
        return Witnesses(
            tests=self.tests[rows],
            people=self.people[rows],
            reports=self.reports[rows],
            checks=self.checks[rows],
            share=self.share[rows],
        )


def gather_witnesses(
    places: gpd.GeoSeries,
    measurements: gpd.GeoDataFrame,
    people: gpd.GeoDataFrame,
    settings: EvidenceSettings,
    *,
    on_air: NDArray[np.datetime64] | None = None,
) -> Witnesses:
    """
    Sum up what lies near each place.

    Parameters
    ----------
    places : GeoSeries
        Points in a metric CRS.
    measurements : GeoDataFrame
        Contract `MEASUREMENTS`, same CRS. Fixed lines are no witness.
    people : GeoDataFrame
        Demand points with ``people``.
    settings : EvidenceSettings
        Reach, half-life, and how far reports and checks are believed.
    on_air : ndarray of datetime64, shape (n,), optional
        When the mast that should serve each place was last switched on or seen; absence that is older counts half.
    """
    at = np.column_stack([places.x, places.y])
    mobile = measurements[measurements["network"] == "mobile"]
    age = age_weight(measurement_ages(measurements)[mobile.index].to_numpy(), settings.half_life_years)
    kind = mobile["kind"].to_numpy()
    xy = np.column_stack(coordinates(mobile.geometry))
    time = pd.to_datetime(mobile["time"], errors="coerce", utc=True, format="ISO8601").dt.tz_localize(None)
    counts = mobile["tests"].fillna(1.0).to_numpy(dtype=np.float64)
    heads = np.nan_to_num(people["people"].to_numpy(dtype=np.float64), nan=1.0)
    crowd = np.column_stack([people.geometry.x, people.geometry.y])
    # one operator's silence is not everybody's
    named = mobile["operator"].notna().to_numpy()
    lit = mobile["has_signal"].fillna(value=False).to_numpy(dtype=bool)
    part = np.where(named & ~lit, settings.one_operator_part, 1.0) * age
    checked = (kind == "field_check") & mobile["has_signal"].notna().to_numpy()
    sure = np.where(lit, 1.0, -1.0) * logit(settings.check_reliability)

    # nanoseconds; what has no date is never older than a mast
    moment = np.where(
        time.isna(), np.iinfo(np.int64).max, time.to_numpy(dtype="datetime64[ns]").view(np.int64)
    )

    def near(rows: NDArray[np.bool_], value: Array, *, absence: NDArray[np.bool_] | None = None) -> Array:
        doubted = None
        if absence is not None and on_air is not None:
            late = np.where(absence, moment, np.iinfo(np.int64).max)[rows]
            doubted = on_air.astype("datetime64[ns]").view(np.int64), late
        return bell_sums(at, xy[rows], value[rows], settings.reach_m, doubted=doubted)

    every = np.ones(len(mobile), dtype=bool)
    reports = np.minimum(near(kind == "no_service", part, absence=every), MOST_REPORTS)
    checks = near(checked, part * sure, absence=~lit)
    speed = kind == "speed"
    side = mobile.get("tile_size_m", pd.Series(np.nan, mobile.index)).to_numpy(np.float64, na_value=np.nan)[
        speed
    ]
    tests, exposed = _count_tests(at, xy[speed], (counts * age)[speed], side, crowd, heads, settings.reach_m)
    return Witnesses(
        tests=tests,
        people=exposed,
        reports=reports,
        checks=np.clip(checks, -MOST_CHECKED, MOST_CHECKED),
        share=np.ones(len(at)),
    )


def _count_tests(
    at: Array, xy: Array, counts: Array, side_m: Array, crowd: Array, heads: Array, reach_m: float
) -> tuple[Array, Array]:
    """
    Count tests at each place, and the people who could have made them.

    What was published by tile bears witness to that tile; a test of its own to what lies about it.
    """
    tiled = np.isfinite(side_m)
    tests = bell_sums(at, xy[~tiled], counts[~tiled], reach_m)
    people = bell_sums(at, crowd, heads, reach_m)
    if not tiled.any():
        return tests, people
    middle, side = find_tiles(at, xy[tiled], side_m[tiled])
    tests += tile_sums(middle, side, xy[tiled], counts[tiled])
    # each kind of count has its own people: taken in proportion to what it counts
    part = float(counts[tiled].sum() / counts.sum())
    return tests, part * tile_sums(middle, side, crowd, heads) + (1 - part) * people
