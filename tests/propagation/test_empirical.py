"""The empirical baselines against numbers of other houses, textbook reductions and their own limits."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from lomsong.errors import RadioError
from lomsong.propagation.empirical import (
    Surroundings,
    cost231_hata_loss,
    okumura_hata_loss,
    rma_los_loss,
    rma_nlos_loss,
)

Model = Callable[..., NDArray[np.float64]]
#: Each model with a path in the middle of its range.
MIDDLE: list[tuple[Model, float, float]] = [
    (okumura_hata_loss, 5e3, 900.0),
    (cost231_hata_loss, 5e3, 1800.0),
    (rma_los_loss, 5e3, 1800.0),
    (rma_nlos_loss, 3e3, 1800.0),
]


@pytest.mark.parametrize(
    ("surroundings", "expected"), [("large city", 137.93), ("city", 137.88), ("suburban", 128.03)]
)
def test_okumura_hata_gives_the_values_of_ns_3(surroundings: Surroundings, expected: float) -> None:
    """Reference values of ns-3's test suite okumura-hata: 869 MHz, 2 km, 30 m, 1 m."""
    loss = okumura_hata_loss(2e3, 869.0, 30.0, 1.0, surroundings=surroundings)
    assert loss == pytest.approx(expected, abs=0.006)


@pytest.mark.parametrize(("surroundings", "less_db"), [("suburban", 9.9), ("open", 28.5)])
def test_open_country_at_900_mhz_gains_what_textbooks_say(surroundings: Surroundings, less_db: float) -> None:
    city = okumura_hata_loss(5e3, 900.0, 40.0, 1.5, surroundings="city")
    assert city - okumura_hata_loss(5e3, 900.0, 40.0, 1.5, surroundings=surroundings) == pytest.approx(
        less_db, abs=0.06
    )


@pytest.mark.parametrize("distance_km", [1.0, 5.0, 20.0])
def test_hata_reduces_to_the_usual_planning_formulas(distance_km: float) -> None:
    """From 50 m to 1.5 m: 123.3 + 33.7 log d at 900 MHz (Hata), 133.2 + 33.8 log d at 1800 MHz (COST 231)."""
    low = okumura_hata_loss(distance_km * 1e3, 900.0, 50.0, 1.5, surroundings="city")
    high = cost231_hata_loss(distance_km * 1e3, 1800.0, 50.0, 1.5)
    assert low == pytest.approx(123.3 + 33.7 * np.log10(distance_km), abs=0.15)
    assert high == pytest.approx(133.2 + 33.8 * np.log10(distance_km), abs=0.15)


@pytest.mark.parametrize("distance_km", [5.0, 30.0, 60.0, 100.0])
def test_hata_is_the_field_strength_that_p1546_compares_itself_with(distance_km: float) -> None:
    """P.1546-6 annex 7 gives the field of 1 kW e.r.p.; annex 5 section 14 turns it into a loss."""
    f, base = 600.0, 80.0
    exponent = 1.0
    if distance_km > 20.0:
        height = base / np.sqrt(1 + 7e-6 * base**2)
        exponent += (0.14 + 0.000187 * f + 0.00107 * height) * np.log10(0.05 * distance_km) ** 0.8
    mobile = (1.1 * np.log10(f) - 0.7) * 1.5 - (1.56 * np.log10(f) - 0.8)
    field = 69.82 - 6.16 * np.log10(f) + 13.82 * np.log10(base) + mobile
    field -= (44.9 - 6.55 * np.log10(base)) * np.log10(distance_km) ** exponent
    expected = 139.3 - field + 20 * np.log10(f)
    loss = okumura_hata_loss(distance_km * 1e3, f, base, 1.5, surroundings="city")
    assert loss == pytest.approx(expected, abs=0.1)


def test_the_large_city_correction_has_hatas_two_bands() -> None:
    """Hata 1980: 8.29 (log 1.54 hm)^2 - 1.1 at low, 3.2 (log 11.75 hm)^2 - 4.97 at high frequencies."""
    rise = okumura_hata_loss(5e3, [160.0, 450.0], 40.0, 1.0, surroundings="large city")
    rise = rise - okumura_hata_loss(5e3, [160.0, 450.0], 40.0, 3.0, surroundings="large city")
    low = 8.29 * (np.log10(1.54 * 3) ** 2 - np.log10(1.54) ** 2)
    high = 3.2 * (np.log10(11.75 * 3) ** 2 - np.log10(11.75) ** 2)
    assert rise == pytest.approx([low, high])


def test_cost231_takes_over_where_hata_ends() -> None:
    city = okumura_hata_loss(5e3, 1500.0, 40.0, 1.5, surroundings="city")
    assert cost231_hata_loss(5e3, 1500.0, 40.0, 1.5) == pytest.approx(city, abs=1.5)


def test_a_metropolitan_centre_costs_three_decibels() -> None:
    centre = cost231_hata_loss(5e3, 1800.0, 40.0, 1.5, metropolitan=True)
    assert centre - cost231_hata_loss(5e3, 1800.0, 40.0, 1.5) == pytest.approx(3.0)


def test_rma_gives_the_values_of_ns_3() -> None:
    """Reference values of ns-3's test of ThreeGppRmaPropagationLossModel: 5 GHz, 35 m, 1.5 m."""
    los = rma_los_loss([10.0, 100.0, 1e3, 10e3], 5e3, 35.0, 1.5)
    nlos = rma_nlos_loss([10.0, 100.0, 1e3, 5e3], 5e3, 35.0, 1.5)
    assert los == pytest.approx([77.3784, 87.2965, 108.5577, 140.3896], abs=1e-3)
    assert nlos == pytest.approx([77.3784, 95.7718, 133.5223, 160.5169], abs=1e-3)


def test_rma_falls_with_the_fourth_power_beyond_its_break_point() -> None:
    near, far = rma_los_loss([4e3, 8e3], 900.0, 35.0, 1.5)
    assert far - near == pytest.approx(40 * np.log10(2), abs=1e-3)


def test_rma_without_sight_never_beats_sight() -> None:
    distance = np.geomspace(10, 5e3, 200)
    for frequency in (700.0, 1800.0, 3500.0):
        seen = rma_los_loss(distance, frequency, [[20.0], [60.0]], 1.5)
        assert (rma_nlos_loss(distance, frequency, [[20.0], [60.0]], 1.5) >= seen).all()


@pytest.mark.parametrize("surroundings", ["large city", "city", "suburban", "open"])
def test_hata_grows_with_distance_without_a_step(surroundings: Surroundings) -> None:
    distance = np.geomspace(1e3, 100e3, 2000)
    rise = np.diff(okumura_hata_loss(distance, 900.0, 40.0, 1.5, surroundings=surroundings))
    assert (rise > 0).all()
    assert rise.max() < 0.5


@pytest.mark.parametrize(("model", "distance", "frequency"), MIDDLE)
def test_more_distance_costs_more_and_a_higher_telephone_less(
    model: Model, distance: float, frequency: float
) -> None:
    loss = model([distance, 1.5 * distance], frequency, 40.0, [[1.5], [4.0]])
    assert (np.diff(loss, axis=1) > 0).all()
    assert (np.diff(loss, axis=0) < 0).all()


@pytest.mark.parametrize(("model", "distance", "frequency"), MIDDLE)
def test_arrays_equal_scalars_and_nan_stays_nan(model: Model, distance: float, frequency: float) -> None:
    inputs = [
        np.array(pair)
        for pair in ([distance, 1.2 * distance], [frequency, frequency], [40.0, 50.0], [1.5, 3.0])
    ]
    kept = [values.copy() for values in inputs]
    loss = model(*inputs)
    assert loss.tolist() == [float(model(*row)) for row in zip(*inputs, strict=True)]
    assert all((a == b).all() for a, b in zip(inputs, kept, strict=True))
    for position in range(4):
        spoilt = [np.where([True, False], np.nan, v) if i == position else v for i, v in enumerate(inputs)]
        assert np.isnan(model(*spoilt)).tolist() == [True, False]


@pytest.mark.parametrize(
    ("model", "path", "named"),
    [
        (okumura_hata_loss, (900.0, 900.0, 40.0, 1.5), r"distance_m.*\[1000, 100000\]"),
        (okumura_hata_loss, (5e3, 1800.0, 40.0, 1.5), r"frequency_mhz.*\[150, 1500\]"),
        (okumura_hata_loss, (5e3, 900.0, 25.0, 1.5), r"base_height_m.*\[30, 200\]"),
        (okumura_hata_loss, (5e3, 900.0, 40.0, 0.5), r"mobile_height_m.*\[1, 10\]"),
        (cost231_hata_loss, (25e3, 1800.0, 40.0, 1.5), r"distance_m.*\[1000, 20000\]"),
        (cost231_hata_loss, (5e3, 2100.0, 40.0, 1.5), r"frequency_mhz.*\[1500, 2000\]"),
        (rma_los_loss, (10.1e3, 900.0, 40.0, 1.5), r"distance_m.*\[10, 10000\]"),
        (rma_nlos_loss, (5.1e3, 900.0, 40.0, 1.5), r"distance_m.*\[10, 5000\]"),
        (rma_nlos_loss, (1e3, 450.0, 40.0, 1.5), r"frequency_mhz.*\[500, 30000\]"),
        (rma_los_loss, (1e3, 900.0, 8.0, 1.5), r"base_height_m.*\[10, 150\]"),
    ],
)
def test_a_path_outside_the_measurements_is_refused_by_name(
    model: Model, path: tuple[float, ...], named: str
) -> None:
    with pytest.raises(RadioError, match=named):
        model(*path)


def test_rma_refuses_towns_that_are_no_villages() -> None:
    with pytest.raises(RadioError, match="2 problems"):
        rma_nlos_loss(1e3, 900.0, 40.0, 1.5, building_height_m=60.0, street_width_m=2.0)
