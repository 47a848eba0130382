"""Antennas against the tables and formulas of 3GPP."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lomsong.propagation.antenna import (
    FRONT_TO_BACK_DB,
    combined_attenuation,
    elevation_angle,
    horizontal_attenuation,
    reference_offset,
    sector_attenuation,
    vertical_attenuation,
)

directions = st.floats(-180, 180)
elevations = st.floats(-90, 90)
tilts = st.floats(-15, 15)


def sector(azimuth: float, elevation: float, electrical: float, mechanical: float) -> float:
    """Return the loss of a 65 x 10 degree sector."""
    return float(
        sector_attenuation(
            azimuth,
            elevation,
            beamwidth_deg=65,
            vertical_beamwidth_deg=10,
            electrical_tilt_deg=electrical,
            mechanical_tilt_deg=mechanical,
        )
    )


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


# --- 3GPP in elevation, and both together -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("elevation", "by_hand"),
    [(-15.0, 0.0), (-10.0, 3.0), (-20.0, 3.0), (-7.5, 6.75), (0.0, 20.0), (90.0, 20.0)],
)
def test_the_vertical_pattern_follows_tr_36814_case_1(elevation: float, by_hand: float) -> None:
    """10 degrees high, tilted by 15, side lobes at -20 dB."""
    assert vertical_attenuation(elevation, beamwidth_deg=10, electrical_tilt_deg=15) == pytest.approx(by_hand)


def test_azimuth_and_elevation_add_up_to_the_front_to_back_ratio_and_no_further() -> None:
    assert combined_attenuation([3.0, 10.0, 25.0], [6.75, 20.0, 20.0]).tolist() == [9.75, 25.0, 25.0]


@given(directions, elevations, tilts, tilts)
def test_a_sector_lies_between_its_main_beam_and_its_back(
    azimuth: float, elevation: float, electrical: float, mechanical: float
) -> None:
    loss = sector(azimuth, elevation, electrical, mechanical)
    assert 0.0 <= loss <= FRONT_TO_BACK_DB


@given(directions, elevations, tilts, tilts)
def test_a_sector_radiates_alike_to_both_sides(
    azimuth: float, elevation: float, electrical: float, mechanical: float
) -> None:
    assert sector(azimuth, elevation, electrical, mechanical) == pytest.approx(
        sector(-azimuth, elevation, electrical, mechanical), abs=1e-9
    )


@given(elevations.filter(lambda e: abs(e) < 75), tilts)
def test_straight_ahead_both_kinds_of_tilt_do_the_same(elevation: float, tilt: float) -> None:
    assert sector(0.0, elevation, tilt, 0.0) == pytest.approx(sector(0.0, elevation, 0.0, tilt), abs=1e-6)


def test_behind_the_mast_electrical_tilt_sinks_and_mechanical_tilt_rises() -> None:
    wide = {"beamwidth_deg": np.inf, "vertical_beamwidth_deg": 10}
    assert sector_attenuation(180, -6, electrical_tilt_deg=6, **wide) == pytest.approx(0.0, abs=1e-9)
    assert sector_attenuation(180, 6, mechanical_tilt_deg=6, **wide) == pytest.approx(0.0, abs=1e-9)
    assert sector_attenuation(180, -6, mechanical_tilt_deg=6, **wide) == pytest.approx(12 * 1.2**2)


@given(directions, elevations, tilts)
def test_an_infinitely_wide_sector_is_an_omni(azimuth: float, elevation: float, tilt: float) -> None:
    omni = sector_attenuation(
        azimuth, elevation, beamwidth_deg=np.inf, vertical_beamwidth_deg=10, electrical_tilt_deg=tilt
    )
    assert omni == vertical_attenuation(elevation, beamwidth_deg=10, electrical_tilt_deg=tilt)


@given(directions, elevations, tilts, tilts)
def test_a_tilted_sector_equals_the_pattern_at_the_plainly_turned_vector(
    azimuth: float, elevation: float, electrical: float, mechanical: float
) -> None:
    a, e, b = np.radians([azimuth, elevation, mechanical])
    x, y, z = np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)
    ahead, top = x * np.cos(b) - z * np.sin(b), x * np.sin(b) + z * np.cos(b)
    phi, theta = np.degrees(np.arctan2(y, ahead)), np.degrees(np.arcsin(np.clip(top, -1, 1)))
    by_hand = min(min(12 * (phi / 65) ** 2, 25) + min(12 * ((theta + electrical) / 10) ** 2, 20), 25)
    assert sector(azimuth, elevation, electrical, mechanical) == pytest.approx(by_hand, abs=1e-3)


# --- the angle between mast and receiver ------------------------------------------------------------------------


@given(st.floats(0, 3000), st.floats(0, 3000), st.floats(1, 100_000), st.floats(4e6, 2e7))
def test_the_elevation_is_that_of_plain_vectors_around_the_earth(
    antenna: float, receiver: float, distance: float, radius: float
) -> None:
    turn = distance / radius
    mast = np.array([0.0, radius + antenna])
    seen = (radius + receiver) * np.array([np.sin(turn), np.cos(turn)]) - mast
    by_hand = np.degrees(np.arctan2(seen[1], seen[0]))
    result = elevation_angle(antenna, receiver, distance, effective_earth_radius_m=radius)
    # the plain difference of earth radii keeps nine decimals of a metre
    assert result == pytest.approx(by_hand, abs=1e-6 / min(distance, 1.0))


@given(st.floats(-500, 9000), st.floats(-500, 9000), st.floats(1, 100_000))
def test_over_a_flat_earth_the_elevation_is_height_over_distance(
    antenna: float, receiver: float, distance: float
) -> None:
    angle = elevation_angle(antenna, receiver, distance, effective_earth_radius_m=np.inf)
    assert np.tan(np.radians(angle)) == pytest.approx((receiver - antenna) / distance, rel=1e-6, abs=1e-9)


def test_curvature_lowers_a_receiver_by_half_the_distance_over_the_radius() -> None:
    angle = elevation_angle(100, 100, 20_000, effective_earth_radius_m=8.5e6)
    assert angle == pytest.approx(-np.degrees(20_000 / (2 * 8.5e6)), rel=1e-9)


def test_under_and_over_the_antenna_the_elevation_is_a_right_angle() -> None:
    angles = elevation_angle([30, 30, 30], [0, 90, 30], 0, effective_earth_radius_m=8.5e6)
    assert angles.tolist() == [-90.0, 90.0, 0.0]


def test_new_physics_keep_missing_values_and_their_inputs() -> None:
    values = np.array([1.0, np.nan])
    results = [
        vertical_attenuation(values, beamwidth_deg=10, electrical_tilt_deg=0),
        vertical_attenuation(1.0, beamwidth_deg=values, electrical_tilt_deg=0),
        combined_attenuation(values, 1.0),
        sector_attenuation(values, 0.0, beamwidth_deg=65, vertical_beamwidth_deg=10),
        sector_attenuation(0.0, 0.0, beamwidth_deg=65, vertical_beamwidth_deg=10, mechanical_tilt_deg=values),
        elevation_angle(values, 0.0, 100.0, effective_earth_radius_m=8.5e6),
        elevation_angle(0.0, 0.0, values, effective_earth_radius_m=8.5e6),
    ]
    for result in results:
        assert np.isnan(result).tolist() == [False, True]
    assert values[0] == 1.0
