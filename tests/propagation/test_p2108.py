"""Clutter loss against NTIA's test data, simulation and limits."""

import csv
from pathlib import Path

import numpy as np
import pytest

from lomsong.errors import RadioError
from lomsong.propagation.p2108 import CLUTTER_HEIGHT_M, height_gain_loss, terrestrial_clutter_loss

ORACLE = Path(__file__).parents[2].parent / "shared" / "validation" / "p2108_ntia" / "open"
KINDS = list(CLUTTER_HEIGHT_M)
#: NTIA rounds its test data to a tenth.
ROUNDING_DB = 0.05 + 1e-9


def rows(name: str) -> list[dict[str, float]]:
    path = ORACLE / name
    if not path.is_file():
        pytest.skip(f"NTIA's test data are not here: ../shared/validation/p2108_ntia/open/{name} is missing")
    with path.open(newline="", encoding="utf-8") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def test_height_gain_gives_ntias_values_and_refuses_what_ntia_refuses() -> None:
    verdicts = []
    for row in rows("HeightGainTerminalCorrectionModelTestData.csv"):
        kind = KINDS[int(row["clutter_type"]) - 1]
        path = (row["f__ghz"] * 1e3, row["h__meter"], kind)
        sizes = {"clutter_height_m": row["R__meter"], "street_width_m": row["w_s__meter"]}
        verdicts.append(row["rtn"] == 0)
        if row["rtn"] == 0:
            assert height_gain_loss(*path, **sizes) == pytest.approx(row["A_h__db"], abs=ROUNDING_DB), row
        else:
            with pytest.raises(RadioError):
                height_gain_loss(*path, **sizes)
    assert set(verdicts) == {True, False}


def test_terrestrial_loss_gives_ntias_values_and_refuses_what_ntia_refuses() -> None:
    verdicts = []
    for row in rows("TerrestrialStatisticalModelTestData.csv"):
        path = (row["d__km"] * 1e3, row["f__ghz"] * 1e3, row["p"])
        verdicts.append(row["rtn"] == 0)
        if row["rtn"] == 0:
            assert terrestrial_clutter_loss(*path) == pytest.approx(row["L_ctt__db"], abs=ROUNDING_DB), row
        else:
            with pytest.raises(RadioError):
                terrestrial_clutter_loss(*path)
    assert set(verdicts) == {True, False}


@pytest.mark.parametrize(
    ("kind", "expected"), [("open", 16.0), ("suburban", 20.5), ("trees", 24.5), ("dense urban", 27.1)]
)
def test_a_telephone_at_two_metres_in_its_usual_clutter(kind: str, expected: float) -> None:
    """Four rows of NTIA's HeightGainTerminalCorrectionModelTestData.csv: 1.5 GHz, streets of 27 m."""
    assert height_gain_loss(1500.0, 2.0, kind) == pytest.approx(expected, abs=ROUNDING_DB)


@pytest.mark.parametrize("kind", KINDS)
def test_an_antenna_above_the_clutter_loses_nothing(kind: str) -> None:
    top = CLUTTER_HEIGHT_M[kind]  # type: ignore[index]
    assert height_gain_loss(900.0, [top, 2 * top], kind).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_falls_as_the_antenna_rises_and_ends_without_a_step(kind: str) -> None:
    height = np.linspace(1.0, CLUTTER_HEIGHT_M[kind], 400)[:-1]  # type: ignore[index]
    loss = height_gain_loss(900.0, height, kind)
    assert (np.diff(loss) < 0).all()
    assert loss[-1] == pytest.approx(0.0, abs=0.3)


def test_wider_streets_lose_less() -> None:
    assert (np.diff(height_gain_loss(900.0, 1.5, "urban", street_width_m=[10.0, 20.0, 40.0])) < 0).all()


def test_kinds_of_clutter_broadcast_like_numbers() -> None:
    loss = height_gain_loss([[900.0], [1800.0]], 1.5, ["open", "trees"])
    alone = [[float(height_gain_loss(f, 1.5, kind)) for kind in ("open", "trees")] for f in (900.0, 1800.0)]
    assert loss.tolist() == alone


def test_an_unknown_kind_of_clutter_is_named() -> None:
    with pytest.raises(RadioError, match="'jungle' is none of: water, open"):
        height_gain_loss(900.0, 1.5, ["open", "jungle"])


def test_half_the_locations_lose_less_than_the_median() -> None:
    """Where one part dominates, the loss is normal: 10 % and 90 % are equally far from the median."""
    low, middle, high = terrestrial_clutter_loss(2e3, 900.0, [10.0, 50.0, 90.0])
    assert high - middle == pytest.approx(middle - low)
    assert high - middle == pytest.approx(1.2816 * 4.0, abs=0.1)


def test_the_loss_at_two_kilometres_is_the_most_there_is() -> None:
    distance = np.geomspace(250, 50e3, 100)
    for percent in (1.0, 50.0, 99.9):
        loss = terrestrial_clutter_loss(distance, 3500.0, percent)
        assert loss.max() == pytest.approx(terrestrial_clutter_loss(2e3, 3500.0, percent))


def test_the_median_grows_with_distance_and_share() -> None:
    loss = terrestrial_clutter_loss(np.geomspace(250, 2e3, 50), 900.0, 50.0)
    assert (np.diff(loss) > 0).all()
    assert (np.diff(terrestrial_clutter_loss(500.0, 900.0, np.linspace(1, 99, 50))) > 0).all()


def test_nan_stays_nan_and_inputs_stay_as_they_are() -> None:
    height = np.array([np.nan, 1.5, 30.0])
    assert np.isnan(height_gain_loss(900.0, height, "urban")).tolist() == [True, False, False]
    assert np.isnan(height_gain_loss([np.nan, 900.0], 30.0, "urban")).tolist() == [True, False]
    assert np.isnan(height_gain_loss(900.0, 30.0, "open", street_width_m=[np.nan, 20.0])).tolist() == [
        True,
        False,
    ]
    assert height.tolist()[1:] == [1.5, 30.0]
    for position in range(3):
        path = [500.0, 900.0, 50.0]
        path[position] = np.nan
        assert np.isnan(terrestrial_clutter_loss(*path))


def test_a_path_too_short_for_the_statistics_is_refused() -> None:
    with pytest.raises(RadioError, match=r"distance_m.*\[250, inf\] m"):
        terrestrial_clutter_loss(200.0, 900.0, 50.0)
