"""Masts that samples speak against, and those that no record knows."""

from collections.abc import Callable
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point
from worlds import CRS_METRIC, X0, Y0

import lomsong as ls
from lomsong.evidence.calibration import Fit
from lomsong.evidence.core import Evidence, calibrate
from lomsong.evidence.doubts import doubt_masts, say_doubts
from lomsong.evidence.unrecorded import stray_servers
from lomsong.inputs import Inputs
from lomsong.prediction import Prediction

Maker = Callable[..., Inputs]


def drive(places: np.ndarray, levels: np.ndarray) -> gpd.GeoDataFrame:
    table = pd.DataFrame(
        {
            "measurement_id": [f"s{row}" for row in range(len(levels))],
            "network": "mobile",
            "kind": "signal",
            "time": "2023-01-01",
            "operator": "A",
            "technology": "4g",
            "level_dbm": levels,
            "tests": np.nan,
            "has_signal": pd.array([pd.NA] * len(levels), dtype="boolean"),
        }
    )
    return gpd.GeoDataFrame(table, geometry=[Point(*xy) for xy in places], crs=CRS_METRIC)


@pytest.fixture
def judged(world: Maker) -> tuple[Prediction, Evidence]:
    """Five masts on flat ground; beside one of them hardly anything is heard."""
    masts = {"a": (8, 8), "b": (8, 26), "c": (26, 8), "d": (26, 26), "gone": (17, 17)}
    inputs = world({"beside a": (8, 8.5), "beside the one that is gone": (17, 17.5)}, masts)
    prediction = ls.predict(inputs)
    rng = np.random.default_rng(1)
    xy = np.concatenate([rng.normal(at, 1.5, (80, 2)) for at in masts.values()])
    away_km = np.min([np.hypot(*(xy - at).T) for name, at in masts.items() if name != "gone"], axis=0)
    levels = -75 - 35 * np.log10(np.maximum(away_km, 0.3)) + rng.normal(0, 5, len(xy))
    return prediction, calibrate(prediction, drive(np.array([X0, Y0]) + 1000 * xy, levels))


def test_the_mast_that_is_gone_is_doubted_and_named(judged: tuple[Prediction, Evidence]) -> None:
    _, evidence = judged
    prior = evidence.settings.wrong_record_part
    assert evidence.doubts["gone"] > 0.5
    # what fits shows that a mast is there, not that its record is right
    assert evidence.doubts[["a", "b", "c", "d"]].to_numpy() == pytest.approx(prior)
    assert [finding.rows for finding in evidence.findings if finding.layer == "masts"] == [("gone",)]
    assert "off the air" in say_doubts(evidence.doubts)[0].message


def test_nobody_is_doubted_without_samples_or_where_records_are_right(
    judged: tuple[Prediction, Evidence],
) -> None:
    prediction, _ = judged
    assert calibrate(prediction).doubts.empty
    assert say_doubts(pd.Series({"a": 0.04})) == []


def test_samples_from_before_the_mast_speak_less_against_it(judged: tuple[Prediction, Evidence]) -> None:
    _, evidence = judged
    fit, sectors = evidence.fit, evidence.prediction.inputs.sectors
    few = replace(fit, bins=fit.bins.assign(weight=0.05 * fit.bins["weight"], age_years=2.0))
    day = pd.Timestamp("2023-01-01", tz="UTC")

    def doubt(on_air: str) -> float:
        return float(doubt_masts(few, sectors.assign(on_air=on_air), day, evidence.settings)["gone"])

    assert doubt("2015-01-01") > doubt("2022-06-01") > evidence.settings.wrong_record_part


def test_the_village_of_a_doubted_mast_is_less_likely_lit(judged: tuple[Prediction, Evidence]) -> None:
    prediction, evidence = judged
    sure = replace(evidence, doubts=evidence.doubts.iloc[:0])
    p, undoubted = (
        ls.assess(told, prediction.inputs).set_index("village_name")["p_signal"] for told in (evidence, sure)
    )
    assert p["beside the one that is gone"] < undoubted["beside the one that is gone"]
    assert p["beside a"] == pytest.approx(undoubted["beside a"], abs=0.01)


def test_a_weak_sample_nearby_tells_how_far_an_unknown_mast_reaches(
    judged: tuple[Prediction, Evidence],
) -> None:
    prediction, evidence = judged
    point = prediction.demand.iloc[[0]]
    x, y = point.geometry.x.iloc[0], point.geometry.y.iloc[0]

    def margin(*bins: tuple[float, float, float]) -> float:
        table = pd.DataFrame(bins, columns=["away_m", "measured_dbm", "explained"])
        table = table.assign(x=x + table["away_m"], y=y, operator="A", technology="4g", error=np.nan)
        fit = evidence.fit
        assert isinstance(fit, Fit)
        one = replace(prediction, demand=point)
        found = stray_servers(one, replace(fit, bins=table), {"4g": -105.0})
        return float(found["margin_sigmas"].iloc[0])

    stray, weak, strong = (600.0, -70.0, 0.0), (200.0, -118.0, 0.9), (200.0, -80.0, 0.9)
    assert margin(stray) > 0 > margin(stray, weak)
    # what a recorded mast gives says nothing of another
    assert margin(stray, strong) == margin(stray)
    assert margin((10.0, -70.0, 0.0)) > margin(stray)
