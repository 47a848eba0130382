"""Calibration as a whole: what samples change, by which rule, and an answer for every odd input."""

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from evidence_worlds.world import World, make_world, without_measurements
from shapely import Point
from worlds import CRS_METRIC, X0, Y0

import lomsong as ls
from lomsong.evidence.core import Evidence, calibrate
from lomsong.evidence.features import BIAS_PRIORS_DB
from lomsong.inputs import Inputs
from lomsong.prediction import Prediction

Maker = Callable[..., Inputs]


@pytest.fixture(scope="module")
def quiet() -> tuple[World, Prediction, Evidence]:
    made = make_world("quiet", 5)
    prediction = ls.predict(made.inputs)
    return made, prediction, calibrate(prediction)


def brier(table: gpd.GeoDataFrame, made: World) -> float:
    both = table.merge(made.truth, on="village_id")
    return float(((both["p_signal"] - both["has_signal"].astype(float)) ** 2).mean())


def samples(
    levels: list[float], places: list[tuple[float, float]], *, operator: str = "A"
) -> gpd.GeoDataFrame:
    table = pd.DataFrame(
        {
            "measurement_id": [f"s{i}" for i in range(len(levels))],
            "network": "mobile",
            "kind": "signal",
            "time": "2023-01-01",
            "operator": operator,
            "technology": "4g",
            "level_dbm": levels,
            "tests": np.nan,
            "has_signal": pd.array([pd.NA] * len(levels), dtype="boolean"),
        }
    )
    points = [Point(X0 + x * 1000, Y0 + y * 1000) for x, y in places]
    return gpd.GeoDataFrame(table, geometry=points, crs=CRS_METRIC)


def spread_out(count: int) -> list[tuple[float, float]]:
    rng = np.random.default_rng(1)
    return [tuple(xy) for xy in rng.uniform(4, 30, (count, 2)).tolist()]


def test_evidence_brings_the_chance_nearer_to_the_truth(quiet: tuple[World, Prediction, Evidence]) -> None:
    made, prediction, evidence = quiet
    assert brier(ls.assess(evidence, made.inputs), made) < 0.9 * brier(
        ls.assess(prediction, made.inputs), made
    )


def test_the_figures_of_the_cross_validation_are_told(quiet: tuple[World, Prediction, Evidence]) -> None:
    _, _, evidence = quiet
    record = evidence.record()
    assert record["rules"] == [{"operator": "Op1", "technology": "4g", "rule": "operator"}]
    figures = record["cross_validation"][record["correction"]]
    assert 0.6 < figures["within_80"] < figures["within_90"] <= 1
    assert record["block_m"] >= 1500
    assert [row["part"] for row in record["learning_curve"]] == [0.25, 0.5, 1.0]
    assert any("not seen" in finding.message for finding in evidence.findings)


def test_the_same_inputs_give_the_same_evidence(quiet: tuple[World, Prediction, Evidence]) -> None:
    _, prediction, evidence = quiet
    again = calibrate(prediction)
    pd.testing.assert_frame_equal(again.prediction.signal, evidence.prediction.signal)
    assert again.record() == evidence.record()


def test_without_measurements_fewer_are_never_to_be_verified(
    quiet: tuple[World, Prediction, Evidence],
) -> None:
    made, prediction, evidence = quiet
    bare = without_measurements(made)
    silent = calibrate(prediction, bare.measurements)
    weak = [
        (ls.assess(told, inputs)["verify_cause"] == "weak evidence").sum()
        for told, inputs in ((silent, bare), (evidence, made.inputs))
    ]
    assert weak[0] >= weak[1]
    assert {rule.rule for rule in silent.rules} == {"none"}
    pd.testing.assert_series_equal(silent.prediction.signal["level_dbm"], prediction.signal["level_dbm"])
    # what the records may have wrong, and what nobody measured in this region, widens the spread
    least = np.hypot(prediction.signal["sigma_db"], BIAS_PRIORS_DB[0])
    assert (silent.prediction.signal["sigma_db"] >= least - 1e-9).all()


def test_a_bias_of_all_samples_moves_the_levels(world: Maker) -> None:
    inputs = world({"v": (8, 15)}, {"m": (15, 15)})
    prediction = ls.predict(inputs)
    places = spread_out(150)
    plain = calibrate(prediction, samples([-90.0] * 150, places))
    assert plain.fit is not None
    predicted = plain.fit.bins["level_dbm"].to_numpy()
    rng = np.random.default_rng(2)
    moved = calibrate(prediction, samples((predicted - 15 + rng.normal(0, 4, len(predicted))).tolist(), [
        ((x - X0) / 1000, (y - Y0) / 1000) for x, y in plain.fit.bins[["x", "y"]].to_numpy()
    ]))  # fmt: skip
    shift = moved.prediction.signal["level_dbm"] - prediction.signal["level_dbm"]
    assert -19 < shift.mean() < -10


ODD: dict[str, tuple[list[float], list[tuple[float, float]]]] = {
    "one sample": ([-90.0], [(8, 15)]),
    "all in one village": ([-90.0] * 60, [(8 + 0.002 * i, 15) for i in range(60)]),
    "contradicting each other": ([-60.0, -119.0] * 60, [xy for xy in spread_out(60) for _ in range(2)]),
    "on the mast": ([-50.0] * 80, [(15, 15)] * 40 + spread_out(40)),
    "all the same level": ([-100.0] * 80, spread_out(80)),
    "everywhere strong": ([-55.0] * 80, spread_out(80)),
    "everywhere at the limit": ([-121.0] * 80, spread_out(80)),
}


@pytest.mark.parametrize("case", ODD)
def test_odd_samples_still_give_an_answer_with_its_reason(world: Maker, case: str) -> None:
    inputs = world({"v": (8, 15), "w": (20, 12)}, {"m": (15, 15)})
    evidence = calibrate(ls.predict(inputs), samples(*ODD[case]))
    table = ls.assess(evidence, inputs)
    assert table["p_signal"].between(0, 1).all()
    assert table["reasons"].str.contains("p = ").all()
    assert any("corrected" in finding.message for finding in evidence.findings)
    assert evidence.prediction.signal["sigma_db"].dropna().between(0.5, 60).all()


def test_samples_that_contradict_each_other_are_believed_less_and_said_to(world: Maker) -> None:
    inputs = world({"v": (8, 15), "w": (20, 12)}, {"m": (15, 15)})
    prediction = ls.predict(inputs)
    places = [xy for xy in spread_out(200) for _ in range(2)]
    torn = calibrate(prediction, samples([-60.0, -119.0] * 200, places))
    agreed = calibrate(prediction, samples([-89.5] * 400, places))
    assert any("contradict each other" in finding.message for finding in torn.findings)
    assert not any("contradict each other" in finding.message for finding in agreed.findings)
    spread = [told.prediction.signal["sigma_db"].mean() for told in (torn, agreed)]
    assert spread[0] > spread[1] + 2


def test_samples_of_an_unknown_operator_count_for_the_strongest(world: Maker) -> None:
    inputs = world({"v": (8, 15)}, {"m": (15, 15)})
    evidence = calibrate(ls.predict(inputs), samples([-90.0] * 80, spread_out(80), operator=None))  # type: ignore[arg-type]
    assert evidence.rules[0].rule == "operator"


def test_samples_where_no_recorded_mast_reaches_tell_of_one_that_is_not_recorded(world: Maker) -> None:
    inputs = world({"v": (35, 35), "w": (8, 8)}, {"m": (6, 6)}, radio={"maximum_radius_m": 12_000})
    places = [xy for xy in spread_out(400) if np.hypot(xy[0] - 6, xy[1] - 6) < 11]
    heard = samples([-85.0] * len(places) + [-70.0, -72.0], [*places, (35.1, 35.0), (35.2, 35.1)])
    evidence = calibrate(ls.predict(inputs), heard)
    assert evidence.fit is not None
    before, after = (
        ls.assess(calibrate(ls.predict(inputs), table), inputs).set_index("village_id").loc["v", "p_signal"]
        for table in (None, heard)
    )
    assert before < 0.2
    assert after > 0.8


def test_the_reason_tells_how_many_levels_were_measured_and_how_many_can_be_used(world: Maker) -> None:
    inputs = world({"v": (35, 35), "w": (8, 8)}, {"m": (6, 6)})
    near = [(35.1, 35.0), (35.4, 35.0), (35.0, 35.5)]
    evidence = calibrate(
        ls.predict(inputs), samples([-95.0] * 80 + [-90.0, -105.0, -106.0], [*spread_out(80), *near])
    )
    reasons = ls.assess(evidence, inputs).set_index("village_id").loc["v"]
    assert "levels measured within 1.0 km of the centre: 3, usable: 2;" in reasons["reasons"]
    assert "trong vòng 1,0 km quanh trung tâm: 3, dùng được: 2;" in reasons["reasons_vi"]
