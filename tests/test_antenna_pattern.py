"""Measured antenna patterns: exact on their cuts, and turned like a rigid body."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lomsong.antenna_pattern import Cut, Pattern, to_antenna_frame
from lomsong.errors import RadioError

DEGREES = tuple(range(360))
azimuths = st.floats(-180, 180)
elevations = st.floats(-90, 90)
tilts = st.floats(-20, 20)


def panel(tilt: int = 0, back_db: float = 25.0) -> Pattern:
    """Return a made-up 65 x 10 degree panel, both cuts agreeing where they cross."""
    turned = (np.array(DEGREES) + 180.0) % 360.0 - 180.0
    around = np.minimum(12 * (turned / 65) ** 2, back_db)
    down = np.minimum(12 * ((turned - tilt) / 10) ** 2, back_db)
    return Pattern(
        name="panel",
        frequency_mhz=1800,
        gain_dbi=18,
        horizontal=Cut(DEGREES, tuple(around)),
        vertical=Cut(DEGREES, tuple(down)),
        electrical_tilt_deg=tilt,
    )


def at_odds() -> Pattern:
    """Return cuts drawn at random: they agree in front alone."""
    rng = np.random.default_rng(3)
    around, down = rng.uniform(0.5, 40, 360), rng.uniform(0.5, 40, 360)
    around[0] = down[0] = 0.0
    return Pattern(
        name="odd",
        frequency_mhz=900,
        gain_dbi=15,
        horizontal=Cut(DEGREES, tuple(around)),
        vertical=Cut(DEGREES, tuple(down)),
    )


def vector(azimuth_deg: float, elevation_deg: float) -> NDArray[np.float64]:
    a, e = np.radians([azimuth_deg, elevation_deg])
    return np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])


# --- turning ----------------------------------------------------------------------------------------------------


@given(azimuths, elevations, tilts)
def test_tilting_is_the_turn_of_a_plain_vector_about_the_cross_axis(
    azimuth: float, elevation: float, tilt: float
) -> None:
    b = np.radians(tilt)
    # rows: the tilted antenna's boresight, right side and top, written in the mast's axes
    axes = np.array([[np.cos(b), 0, -np.sin(b)], [0, 1, 0], [np.sin(b), 0, np.cos(b)]])
    local = [float(each) for each in to_antenna_frame(azimuth, elevation, tilt)]
    np.testing.assert_allclose(vector(*local), axes @ vector(azimuth, elevation), atol=1e-12)


@given(azimuths, elevations, tilts)
def test_tilting_agrees_with_the_zenith_angle_of_tr_38901(
    azimuth: float, elevation: float, tilt: float
) -> None:
    """Section 7.1.3: theta' = arccos(cos phi sin theta sin beta + cos theta cos beta)."""
    theta, phi, beta = np.radians([90 - elevation, azimuth, tilt])
    cosine = np.cos(phi) * np.sin(theta) * np.sin(beta) + np.cos(theta) * np.cos(beta)
    _, local = to_antenna_frame(azimuth, elevation, tilt)
    assert np.sin(np.radians(local)) == pytest.approx(cosine, abs=1e-12)


def test_what_sinks_in_front_rises_behind_and_rolls_at_the_side() -> None:
    _, local = to_antenna_frame([0.0, 180.0, 90.0, -90.0], 0.0, 6.0)
    np.testing.assert_allclose(local, [6.0, -6.0, 0.0, 0.0], atol=1e-12)


@given(azimuths, elevations)
def test_without_tilt_a_direction_keeps_its_very_bits(azimuth: float, elevation: float) -> None:
    a, e = to_antenna_frame(azimuth, elevation, 0.0)
    assert (float(a), float(e)) == (azimuth, elevation)


# --- the cuts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", [panel(), panel(6), at_odds()], ids=lambda p: p.name)
def test_the_vertical_cut_gives_its_own_values_in_front_and_behind(pattern: Pattern) -> None:
    down = np.array(DEGREES)
    front = down[(down <= 90) | (down >= 270)]
    values = np.array(pattern.vertical.attenuation_db)
    elevation = -((front + 180.0) % 360.0 - 180.0)
    crossing = elevation == pattern.cut_elevation_deg
    np.testing.assert_array_equal(pattern.attenuation(0.0, elevation)[~crossing], values[front][~crossing])
    behind = down[(down >= 90) & (down <= 270)]
    crossing = behind - 180.0 == pattern.cut_elevation_deg
    np.testing.assert_array_equal(
        pattern.attenuation(180.0, behind - 180.0)[~crossing], values[behind][~crossing]
    )


@pytest.mark.parametrize("pattern", [panel(), panel(6), at_odds()], ids=lambda p: p.name)
def test_the_horizontal_cut_gives_its_own_values_but_where_the_other_crosses_it(pattern: Pattern) -> None:
    azimuth = np.array([degree for degree in DEGREES if degree % 180])
    values = np.array(pattern.horizontal.attenuation_db)[azimuth]
    np.testing.assert_array_equal(pattern.attenuation(azimuth, pattern.cut_elevation_deg), values)


def test_a_tilted_panel_was_cut_on_its_cone_and_a_level_one_on_the_horizon() -> None:
    assert panel().cut_elevation_deg == 0.0
    assert panel(6).peak_elevation_deg == panel(6).cut_elevation_deg == -6.0


def test_a_panel_cut_on_the_horizon_below_its_peak_is_recognised() -> None:
    below = panel(6)
    lowered = tuple(value + below.vertical.at(0.0) for value in below.horizontal.attenuation_db)
    pattern = Pattern(
        name="horizon",
        frequency_mhz=900,
        gain_dbi=15,
        horizontal=Cut(DEGREES, lowered),
        vertical=below.vertical,
    )
    assert pattern.peak_elevation_deg == -6.0
    assert pattern.cut_elevation_deg == 0.0


def test_agreeing_cuts_give_horizontal_projection_interpolation_by_hand() -> None:
    """At 45 degrees, a quarter of the way round: H + 3/4 (V(10) - H(0)) + 1/4 (V(170) - H(180))."""
    pattern = panel()
    by_hand = 12 * (45 / 65) ** 2 + 0.75 * 12 + 0.25 * (25 - 25)
    assert pattern.attenuation(45.0, -10.0) == pytest.approx(by_hand)
    assert pattern.crossing_gap_db == 0.0


def test_the_gap_where_cuts_contradict_each_other_is_told() -> None:
    pattern = at_odds()
    gap = abs(pattern.horizontal.attenuation_db[180] - pattern.vertical.attenuation_db[180])
    assert pattern.crossing_gap_db == pytest.approx(gap)


# --- properties -------------------------------------------------------------------------------------------------


@given(azimuths, elevations, tilts)
def test_attenuation_is_never_negative(azimuth: float, elevation: float, tilt: float) -> None:
    assert at_odds().attenuation(azimuth, elevation, tilt) >= 0.0
    assert panel(6).attenuation(azimuth, elevation, tilt) >= 0.0


@given(azimuths, elevations, tilts)
def test_a_symmetric_panel_radiates_alike_to_both_sides(
    azimuth: float, elevation: float, tilt: float
) -> None:
    left, right = panel(4).attenuation([-azimuth, azimuth], elevation, tilt)
    assert left == pytest.approx(right, abs=1e-9)


@given(st.floats(-75, 75), st.floats(-14, 14))
def test_mechanical_tilt_in_front_is_a_shift_of_elevation(elevation: float, tilt: float) -> None:
    pattern = panel(2)
    assert pattern.attenuation(0.0, elevation, tilt) == pytest.approx(
        float(pattern.attenuation(0.0, elevation + tilt)), abs=1e-6
    )


@given(azimuths, st.floats(-89, 89), st.integers(-3, 3))
def test_turns_change_nothing(azimuth: float, elevation: float, turns: int) -> None:
    pattern = panel(3)
    assert pattern.attenuation(azimuth + 360 * turns, elevation) == pytest.approx(
        float(pattern.attenuation(azimuth, elevation)), abs=1e-6
    )


def test_an_omni_radiates_alike_all_around_and_leans_when_tilted() -> None:
    down = panel().vertical
    mirror = tuple(
        min(value, back)
        for value, back in zip(down.attenuation_db, down.attenuation_db[180::-1], strict=False)
    )
    folded = mirror + tuple(mirror[360 - degree] for degree in range(181, 360))
    omni = Pattern(
        name="omni", frequency_mhz=900, gain_dbi=8, horizontal=Cut((0,), (0,)), vertical=Cut(DEGREES, folded)
    )
    around = np.arange(0, 360, 7.0)
    np.testing.assert_allclose(omni.attenuation(around, -5.0), 3.0)
    leaning = omni.attenuation([0.0, 180.0], [-5.0, 5.0], 5.0)
    np.testing.assert_allclose(leaning, 0.0, atol=1e-9)


def test_missing_stays_missing_and_arrays_equal_scalars() -> None:
    pattern = panel(5)
    cases = np.array(list(itertools.product([0.0, 33.0, np.nan], [-7.0, np.nan], [0.0, 4.0, np.nan])))
    together = pattern.attenuation(*cases.T)
    alone = [float(pattern.attenuation(*case)) for case in cases]
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(np.isnan(together), np.isnan(cases).any(axis=1))
    assert np.isnan(pattern.attenuation(np.inf, 0.0))


def test_inputs_stay_as_they_were() -> None:
    azimuth, elevation = np.array([10.0, 20.0]), np.array([1.0, 2.0])
    result = panel().attenuation(azimuth, elevation)
    result[:] = -1
    for turned in to_antenna_frame(azimuth, elevation, 0.0):
        turned[:] = -1
    assert azimuth.tolist() == [10.0, 20.0]
    assert elevation.tolist() == [1.0, 2.0]


# --- values that cannot be --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("angles", "values", "word"),
    [
        ((), (), "one for each"),
        ((0, 1), (0,), "one for each"),
        ((0, 360), (0, 0), r"outside \[0, 360\)"),
        ((5, 5), (0, 0), "do not rise"),
        ((0, 5), (0, -1), "negative"),
        ((0, 5), (0, np.nan), "not finite"),
    ],
)
def test_an_impossible_cut_is_refused(
    angles: tuple[float, ...], values: tuple[float, ...], word: str
) -> None:
    with pytest.raises(RadioError, match=word):
        Cut(angles, values)


@pytest.mark.parametrize(("frequency", "gain"), [(0.0, 1.0), (np.nan, 1.0), (900.0, np.inf)])
def test_an_impossible_pattern_is_refused(frequency: float, gain: float) -> None:
    flat = Cut((0,), (0,))
    with pytest.raises(RadioError, match="frequency above zero"):
        Pattern(name="x", frequency_mhz=frequency, gain_dbi=gain, horizontal=flat, vertical=flat)


def test_a_mirrored_cut_counts_the_other_way_and_twice_is_the_same() -> None:
    cut = panel(6).vertical
    assert cut.mirrored().at(-6.0) == 0.0
    assert cut.mirrored().mirrored() == cut
