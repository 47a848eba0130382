"""Antennas against the tables and formulas of 3GPP."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lomsong.propagation.antenna import FRONT_TO_BACK_DB, horizontal_attenuation, reference_offset


def test_half_a_beamwidth_off_costs_three_decibels() -> None:
    assert horizontal_attenuation(32.5, 65.0) == pytest.approx(3.0)
    assert horizontal_attenuation(-32.5, 65.0) == pytest.approx(3.0)


def test_the_back_is_down_by_the_front_to_back_ratio() -> None:
    assert horizontal_attenuation(180.0, 65.0) == FRONT_TO_BACK_DB


@given(st.floats(-720, 720), st.integers(-3, 3))
def test_a_full_turn_changes_nothing(offset: float, turns: int) -> None:
    a, b = horizontal_attenuation(offset, 65.0), horizontal_attenuation(offset + 360 * turns, 65.0)
    assert a == pytest.approx(b, abs=1e-6)


@pytest.mark.parametrize(
    ("technology", "bandwidth", "blocks"),
    [("4g", 20, 100), ("4g", 1.4, 6), ("4g", 12, 50), ("5g", 100, 273), ("5g", 20, 51)],
)
def test_rsrp_is_one_subcarrier_of_the_carrier(technology: str, bandwidth: float, blocks: int) -> None:
    assert reference_offset(technology, bandwidth) == pytest.approx(-10 * np.log10(12 * blocks))


def test_missing_stays_missing_and_arrays_equal_scalars() -> None:
    offsets = reference_offset(["4g", "3g", "4g"], [10.0, 5.0, np.nan])
    assert np.isnan(offsets[2])
    assert offsets[0] == reference_offset("4g", 10.0)
    assert np.isnan(horizontal_attenuation(np.nan, 65.0))
