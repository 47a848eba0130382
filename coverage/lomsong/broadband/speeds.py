"""Speed tests → median download, upload and latency of every village, with intervals that carry what is not known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.broadband.shrinkage import Estimate, Shrunk, group_medians, median_error, shrink
from lomsong.findings import Finding
from lomsong.inputs import Inputs
from lomsong.measurements import Counts, count_tests, pair_tests
from lomsong.schemas import BROADBAND
from lomsong.settings import BroadbandSettings

Network = Literal["mobile", "fixed"]
NETWORKS: tuple[Network, ...] = ("mobile", "fixed")
METRICS = ("download_mbps", "upload_mbps", "latency_ms")


@dataclass(frozen=True, slots=True)
class Medians:
    """
    The medians of one quantity on one kind of network.

    Attributes
    ----------
    estimate : Estimate
        Of every village, from the nearest level that has tests; on the log scale.
    basis : ndarray of str, shape (villages,)
        That level: ``village``, ``commune``, ``area`` or ``none``.
    told : Estimate
        The same from the nearest level that is not of so few devices that it would tell on somebody.
    told_basis : ndarray of str
        That level.
    """

    estimate: Estimate
    basis: NDArray[np.object_]
    told: Estimate
    told_basis: NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Speeds:
    """
    What speed tests say.

    Attributes
    ----------
    counts : mapping
        Tests by village, by kind of network.
    medians : mapping
        By kind of network and quantity.
    table : DataFrame
        Contract `BROADBAND`: what may be told.
    findings : tuple of Finding
        What was assumed.
    """

    counts: Mapping[Network, Counts]
    medians: Mapping[tuple[Network, str], Medians]
    table: pd.DataFrame
    findings: tuple[Finding, ...]

    def own(self, network: Network, metric: str) -> Estimate:
        """Return the estimate of the villages that have tests of their own, NaN for the others."""
        found = self.medians[network, metric]
        mine = found.basis == "village"
        return Estimate(
            np.where(mine, found.estimate.middle, np.nan),
            np.where(mine, found.estimate.spread, np.nan),
            found.estimate.degrees,
        )


def measure_speeds(inputs: Inputs) -> Speeds:
    """
    Estimate the median speeds of every village on mobile and on fixed networks.

    Parameters
    ----------
    inputs : Inputs
        Villages, communes by their codes or names, and measurements of kind speed; its settings.

    Returns
    -------
    Speeds
        A village without tests borrows from its commune, and says so; without any test nothing is said.
    """
    settings, villages = inputs.settings, inputs.villages
    commune, communes = _communes(villages)
    # a sample of signal or a report of none is no speed
    rows = inputs.measurements[inputs.measurements["kind"] == "speed"]
    counts: dict[Network, Counts] = {}
    medians: dict[tuple[Network, str], Medians] = {}
    parts, findings = [], []
    for network in NETWORKS:
        tests = rows[rows["network"] == network].reset_index(drop=True)
        test, village = pair_tests(villages, tests, radius_m=settings.demand.point_radius_m)
        counts[network] = count_tests(tests, test, village, len(villages))
        few = _few_levels(tests, test, village, commune, communes, counts[network], inputs)
        assumed: set[str] = set()
        for metric in METRICS:
            shrunk, learnt = _shrink(
                tests, metric, test, village, commune, communes, len(villages), settings.broadband
            )
            medians[network, metric] = _choose(shrunk, few)
            assumed |= {*shrunk.assumed, *(() if learnt else ("tests",))} if len(test) else set()
        if assumed:
            findings.append(_assumption(network, assumed))
        parts.append(_tell(villages["village_id"], network, medians, counts[network], inputs))
    table = pd.concat(parts, ignore_index=True)[BROADBAND.names()]
    return Speeds(counts, medians, table, tuple(findings))


def _communes(villages: gpd.GeoDataFrame) -> tuple[NDArray[np.int64], int]:
    """Number the commune of each village; villages that name none share one."""
    for name in ("commune_code", "commune_code_old", "commune_name"):
        if name in villages and villages[name].notna().any():
            codes, names = pd.factorize(villages[name].astype("string").fillna(""))
            return np.asarray(codes, dtype=np.int64), len(names)
    return np.zeros(len(villages), dtype=np.int64), 1


def _few_levels(
    tests: gpd.GeoDataFrame,
    test: NDArray[np.int64],
    village: NDArray[np.int64],
    commune: NDArray[np.int64],
    communes: int,
    counts: Counts,
    inputs: Inputs,
) -> dict[str, NDArray[np.bool_]]:
    """Say where the tests of a village, its commune and everywhere are of too few devices to be told."""
    minimum = inputs.settings.privacy.minimum_devices
    by_commune = count_tests(tests, test, commune[village], communes).are_few(minimum)
    everywhere = count_tests(tests, test, np.zeros(len(test), dtype=np.int64), 1).are_few(minimum)
    return {
        "village": counts.are_few(minimum),
        "commune": by_commune[commune],
        "area": np.broadcast_to(everywhere, len(commune)),
    }


def _shrink(
    tests: gpd.GeoDataFrame,
    metric: str,
    test: NDArray[np.int64],
    village: NDArray[np.int64],
    commune: NDArray[np.int64],
    communes: int,
    villages: int,
    settings: BroadbandSettings,
) -> tuple[Shrunk, bool]:
    value = tests[metric].to_numpy(dtype=np.float64, na_value=np.nan)[test]
    weight = tests["tests"].fillna(1.0).to_numpy(dtype=np.float64)[test]
    known = np.isfinite(value)
    # a test that got nothing through is a slow one, not a missing one
    logarithm = np.log(np.maximum(value[known], settings.lowest_reading))
    median, draws, deviations = group_medians(logarithm, weight[known], village[known], villages)
    error, learnt = median_error(deviations, draws, assumed=settings.spread_of_tests)
    shrunk = shrink(
        median,
        error,
        commune,
        communes,
        assumed_villages=settings.spread_of_villages,
        assumed_communes=settings.spread_of_communes,
    )
    return shrunk, learnt


def _choose(shrunk: Shrunk, few: Mapping[str, NDArray[np.bool_]]) -> Medians:
    levels = {"village": shrunk.own, "commune": shrunk.commune, "area": shrunk.area}
    estimate = told = Estimate(
        np.full(len(shrunk.own.middle), np.nan), np.full(len(shrunk.own.middle), np.nan), shrunk.own.degrees
    )
    basis = np.full(len(shrunk.own.middle), "none", dtype=object)
    told_basis = basis.copy()
    for name in ("area", "commune", "village"):
        level = levels[name]
        have = np.isfinite(level.middle)
        estimate, basis = level.pick(have, estimate), np.where(have, name, basis)
        open_ = have & ~few[name]
        told, told_basis = level.pick(open_, told), np.where(open_, name, told_basis)
    return Medians(estimate, basis, told, told_basis)


def _tell(
    ids: pd.Series,
    network: Network,
    medians: Mapping[tuple[Network, str], Medians],
    counts: Counts,
    inputs: Inputs,
) -> pd.DataFrame:
    settings = inputs.settings
    columns: dict[str, object] = {
        "village_id": ids.to_numpy(),
        "network": network,
        "tests_shown": counts.shown(settings.privacy.minimum_devices),
    }
    for metric in METRICS:
        told = medians[network, metric].told
        stem, _, unit = metric.rpartition("_")
        low, high = told.interval()
        columns[metric] = np.exp(told.middle)
        columns[f"{stem}_low_{unit}"], columns[f"{stem}_high_{unit}"] = np.exp(low), np.exp(high)
        columns[f"{stem}_basis"] = medians[network, metric].told_basis
    table = pd.DataFrame(columns)
    table["target_met"] = _highest_target(table, "low", settings.broadband)
    table["target_possible"] = _highest_target(table, "high", settings.broadband)
    return table


def _highest_target(table: pd.DataFrame, end: str, settings: BroadbandSettings) -> list[str | None]:
    """Return the name of the highest target that one end of the intervals reaches."""
    down = table[f"download_{end}_mbps"].to_numpy()
    up = table[f"upload_{end}_mbps"].to_numpy()
    found = np.full(len(table), "none", dtype=object)
    for target in sorted(settings.targets, key=lambda each: (each.download_mbps, each.upload_mbps)):
        # where no test told the upload, the download alone decides
        reached = (down >= target.download_mbps) & ((up >= target.upload_mbps) | np.isnan(up))
        found[reached] = target.name
    found[np.isnan(down)] = None
    return list(found)


def _assumption(network: Network, which: set[str]) -> Finding:
    words = " and ".join(f"between {each}" for each in ("tests", "villages", "communes") if each in which)
    return Finding(
        layer="speed_tests",
        word="sufficient",
        severity="assumption",
        message=f"too few {network} tests to learn how much speeds differ {words}; assumed, with wide intervals",
        source="settings: broadband.spread_of_tests, spread_of_villages, spread_of_communes",
    )
