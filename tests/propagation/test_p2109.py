"""Building entry loss against an independent implementation, its own limits and its table."""

import csv
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from lomsong.errors import RadioError
from lomsong.propagation.p2109 import Building, building_entry_loss

BUILDINGS: tuple[Building, ...] = get_args(Building)
ORACLE = Path(__file__).parents[2].parent / "shared" / "validation" / "p2109" / "open" / "validation.csv"


def test_every_value_of_crc_covlib_is_met() -> None:
    if not ORACLE.is_file():
        pytest.skip(
            "crc-covlib's values are not here: ../shared/validation/p2109/open/validation.csv is missing"
        )
    with ORACLE.open(newline="", encoding="utf-8") as file:
        table = np.array(list(csv.reader(file))[1:], dtype=np.float64)
    assert len(table) == 15625
    for number, building in enumerate(BUILDINGS, start=1):
        ghz, percent, _, elevation, expected = table[table[:, 2] == number].T
        loss = building_entry_loss(ghz * 1e3, percent, elevation_deg=elevation, building=building)
        assert loss == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("building", "median_db"), [("traditional", 12.64), ("thermally efficient", 28.19)])
def test_the_median_at_one_gigahertz_is_the_first_number_of_the_table_and_two_small_parts(
    building: Building, median_db: float
) -> None:
    inside_db = {"traditional": 9.1, "thermally efficient": 27.8}[building]
    powers = [10 ** (db / 10) for db in (median_db, inside_db, -3.0)]
    assert building_entry_loss(1e3, 50.0, building=building) == pytest.approx(10 * np.log10(sum(powers)))


@pytest.mark.parametrize("building", BUILDINGS)
def test_the_luckiest_place_inside_gains_no_more_than_three_decibels(building: Building) -> None:
    loss = building_entry_loss([100.0, 900.0, 30e3], 1e-9, building=building)
    assert (loss >= -3.0).all()
    assert building_entry_loss(900.0, 1e-12) == pytest.approx(-3.0, abs=0.1)


@pytest.mark.parametrize("building", BUILDINGS)
def test_the_loss_grows_with_the_share_and_with_elevation_either_way(building: Building) -> None:
    share = building_entry_loss(900.0, np.linspace(1, 99, 99), building=building)
    assert (np.diff(share) > 0).all()
    up, level, down = building_entry_loss(900.0, 50.0, elevation_deg=[40.0, 0.0, -40.0], building=building)
    assert up == down
    assert up > level + 5.0


def test_metallised_glass_costs_more() -> None:
    frequency = np.geomspace(80, 100e3, 50)
    foil = building_entry_loss(frequency, 50.0, building="thermally efficient")
    assert (foil > building_entry_loss(frequency, 50.0)).all()


def test_arrays_equal_scalars_nan_stays_nan_and_inputs_stay_as_they_are() -> None:
    frequency, percent = np.array([[900.0], [np.nan]]), np.array([10.0, 50.0, np.nan])
    loss = building_entry_loss(frequency, percent, elevation_deg=5.0)
    assert np.isnan(loss).tolist() == [[False, False, True], [True, True, True]]
    assert loss[0, 1] == building_entry_loss(900.0, 50.0, elevation_deg=5.0)
    assert percent[:2].tolist() == [10.0, 50.0]
    assert np.isnan(building_entry_loss(900.0, 50.0, elevation_deg=np.nan))


@pytest.mark.parametrize(
    ("path", "elevation", "named"),
    [
        ((70.0, 50.0), 0.0, r"frequency_mhz.*\[80, 100000\]"),
        ((900.0, 0.0), 0.0, r"percent.*\(0, 100\)"),
        ((900.0, 100.0), 0.0, r"percent.*\(0, 100\)"),
        ((900.0, 50.0), 91.0, r"elevation_deg.*\[-90, 90\]"),
    ],
)
def test_a_value_outside_the_recommendation_is_refused_by_name(
    path: tuple[float, float], elevation: float, named: str
) -> None:
    with pytest.raises(RadioError, match=named):
        building_entry_loss(*path, elevation_deg=elevation)


def test_an_unknown_building_is_named() -> None:
    with pytest.raises(RadioError, match="'stilt house' is none of: traditional"):
        building_entry_loss(900.0, 50.0, building="stilt house")  # type: ignore[arg-type]
