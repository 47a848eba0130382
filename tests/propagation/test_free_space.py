"""Free space against its definition, and the check of ranges that the other models share."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lomsong.errors import RadioError
from lomsong.propagation.free_space import MIN_DISTANCE_M, free_space_loss, free_space_loss_kernel
from lomsong.propagation.limits import Limit, refuse_outside
from lomsong.units import wavelength_m

DISTANCES = st.floats(MIN_DISTANCE_M, 1e7)
FREQUENCIES = st.floats(1.0, 1e5)


@given(DISTANCES, FREQUENCIES)
def test_the_loss_is_the_square_of_the_distance_in_wavelengths(distance: float, frequency: float) -> None:
    definition = 20 * math.log10(4 * math.pi * distance / float(wavelength_m(frequency)))
    assert free_space_loss(distance, frequency) == pytest.approx(definition, abs=1e-9)


def test_a_kilometre_at_a_gigahertz_costs_what_the_recommendation_prints() -> None:
    assert free_space_loss(1e3, 1e3) == pytest.approx(32.4 + 60.0, abs=0.05)


@given(DISTANCES, FREQUENCIES)
def test_twice_as_far_costs_six_decibels_more(distance: float, frequency: float) -> None:
    rise = free_space_loss(2 * distance, frequency) - free_space_loss(distance, frequency)
    assert rise == pytest.approx(20 * math.log10(2))


@pytest.mark.parametrize("distance", [0.0, 0.3, MIN_DISTANCE_M])
def test_the_loss_stops_falling_at_one_metre(distance: float) -> None:
    assert free_space_loss(distance, 900.0) == free_space_loss(1.0, 900.0)
    assert free_space_loss_kernel(distance, 900.0) == pytest.approx(free_space_loss(1.0, 900.0))


@given(st.lists(DISTANCES, min_size=1, max_size=5), FREQUENCIES)
def test_an_array_its_scalars_and_the_kernel_agree(distances: list[float], frequency: float) -> None:
    together = free_space_loss(distances, frequency)
    assert together.tolist() == [free_space_loss(d, frequency) for d in distances]
    assert together == pytest.approx([free_space_loss_kernel(d, frequency) for d in distances], abs=1e-9)


def test_distances_and_frequencies_broadcast() -> None:
    assert free_space_loss(np.ones((3, 1)), np.full(4, 900.0)).shape == (3, 4)


def test_nan_stays_nan_and_harms_no_neighbour() -> None:
    assert np.isnan(free_space_loss([1.0, np.nan], 900.0)).tolist() == [False, True]
    assert np.isnan(free_space_loss(1.0, [np.nan, 900.0])).tolist() == [True, False]
    assert math.isnan(free_space_loss_kernel(math.nan, 900.0))
    assert math.isnan(free_space_loss_kernel(100.0, math.nan))


def test_inputs_are_not_modified() -> None:
    distance = np.array([0.0, 5.0])
    free_space_loss(distance, 900.0)
    assert distance.tolist() == [0.0, 5.0]


@pytest.mark.parametrize("frequency", [0.0, -900.0])
def test_a_frequency_without_a_wave_is_refused(frequency: float) -> None:
    with pytest.raises(RadioError, match=r"frequency_mhz.*\(0, inf\] MHz"):
        free_space_loss(1.0, frequency)


def test_one_error_names_every_problem() -> None:
    with pytest.raises(RadioError, match="2 problems") as caught:
        free_space_loss([-1.0, -2.0], [0.0, 900.0])
    assert "'distance_m' is outside [0, inf] m in 2 values: -1" in str(caught.value)
    assert "'frequency_mhz' is outside (0, inf] MHz in 1 value: 0" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "closed", "open_ended"),
    [(1.0, True, False), (2.0, True, False), (1.5, True, True), (0.9, False, False)],
)
def test_a_limit_includes_its_bounds_unless_it_excludes_them(
    value: float, *, closed: bool, open_ended: bool
) -> None:
    strict = Limit("x", 1.0, 2.0, "", low_excluded=True, high_excluded=True)
    for limit, accepted in ((Limit("x", 1.0, 2.0, ""), closed), (strict, open_ended)):
        if accepted:
            refuse_outside("model", (limit, np.array([value, np.nan])))
        else:
            with pytest.raises(RadioError, match="'x' is outside"):
                refuse_outside("model", (limit, np.array([value, np.nan])))
