"""Diffraction against theory, the text of the Recommendation, and the intermediate values of ITU-R study group 3."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference_sets import PathCase, read_sg3
from scipy.special import fresnel

from lomsong.errors import RadioError
from lomsong.propagation.p526 import (
    bullington_kernel,
    delta_bullington_kernel,
    delta_bullington_loss,
    delta_bullington_profile,
    effective_earth_radius,
    knife_edge_loss,
)
from lomsong.propagation.p526_deygout import deygout_loss, deygout_profile
from lomsong.propagation.p526_profile import fit_smooth_earth, lower_smooth_earth, scan_profile
from lomsong.propagation.p526_sphere import WAVELENGTH_M_MHZ, spherical_earth_kernel, spherical_earth_loss

SG3 = Path(__file__).parents[3] / "shared" / "validation" / "p1812_sg3" / "open"
FOUR_THIRDS_M = 4 / 3 * 6371e3
#: Study group 3 logs the parts of diffraction for strong refraction.
RARE_RADIUS_M = 3 * 6371e3
#: Its values are printed with ten digits.
PRINTED = {"rel": 1e-9, "abs": 1e-8}
LINK = {
    "transmitter_height_m": 40.0,
    "receiver_height_m": 1.5,
    "frequency_mhz": 900.0,
    "effective_earth_radius_m": FOUR_THIRDS_M,
}

Floats = NDArray[np.float64]
#: The first example also compiles the kernels.
after_compiling = settings(deadline=None)
profiles = st.lists(st.floats(0, 1500), min_size=3, max_size=40).map(np.array)
frequencies = st.floats(30, 6000)


@pytest.fixture(scope="module")
def cases() -> list[PathCase]:
    if not SG3.is_dir():
        pytest.skip("study group 3's values are not here: ../shared/validation/p1812_sg3/open is missing")
    return read_sg3(SG3)


def distances(heights: Floats, length_m: float = 9000.0) -> Floats:
    return np.linspace(0.0, length_m, len(heights))


def ridge_in_a_valley(height_m: float, samples: int = 41) -> Floats:
    """Return a deep valley with one thin ridge in it: nothing but the ridge can matter."""
    heights = np.full(samples, -800.0)
    heights[[0, -1]] = 0.0
    heights[samples // 2] = height_m
    return heights


# The knife edge


def test_grazing_ridge_costs_half_the_field() -> None:
    assert knife_edge_loss(0.0) == pytest.approx(20 * np.log10(2), abs=0.25)


def test_knife_edge_follows_the_fresnel_integral() -> None:
    nu = np.linspace(-0.78, 20.0, 400)
    sine, cosine = fresnel(nu)
    field = np.hypot(1 - cosine - sine, cosine - sine) / 2
    assert knife_edge_loss(nu) == pytest.approx(-20 * np.log10(field), abs=0.15)


def test_a_ridge_well_below_the_line_costs_nothing() -> None:
    assert np.all(knife_edge_loss([-50.0, -1.0, -0.79]) == 0.0)


@given(st.floats(-5, 50), st.floats(0, 5))
def test_a_higher_knife_edge_never_costs_less(nu: float, more: float) -> None:
    assert knife_edge_loss(nu + more) >= knife_edge_loss(nu)


# The effective earth


def test_the_standard_atmosphere_makes_the_earth_four_thirds_as_large() -> None:
    assert effective_earth_radius(39.25) == pytest.approx(FOUR_THIRDS_M)
    assert effective_earth_radius(0.0) == 6371e3


def test_an_atmosphere_that_traps_every_ray_is_refused() -> None:
    with pytest.raises(RadioError, match=r"'refractivity_gradient' is outside .*157.* N-units/km"):
        effective_earth_radius([40.0, 157.0])


# The sphere


@after_compiling
@given(st.floats(1, 300), st.floats(1, 50), frequencies)
def test_the_sphere_has_no_step_at_the_horizon(tx_m: float, rx_m: float, frequency_mhz: float) -> None:
    horizon_m = np.sqrt(2 * FOUR_THIRDS_M) * (np.sqrt(tx_m) + np.sqrt(rx_m))
    around = horizon_m * np.array([1 - 1e-7, 1 + 1e-7])
    before, after = spherical_earth_loss(
        around, tx_m, rx_m, frequency_mhz, effective_earth_radius_m=FOUR_THIRDS_M
    )
    assert before == pytest.approx(after, abs=1e-3)


def test_the_sphere_costs_nothing_where_the_path_clears_it() -> None:
    assert spherical_earth_loss(5000.0, 60.0, 60.0, 2600.0, effective_earth_radius_m=FOUR_THIRDS_M) == 0.0


@after_compiling
@given(st.floats(1, 300), st.floats(1, 300), st.floats(1e3, 300e3), st.booleans())
def test_the_sphere_is_the_same_from_both_ends(
    tx_m: float, rx_m: float, distance_m: float, vertical: bool
) -> None:
    there, back = spherical_earth_loss(
        distance_m,
        [tx_m, rx_m],
        [rx_m, tx_m],
        450.0,
        effective_earth_radius_m=FOUR_THIRDS_M,
        vertical=vertical,
    )
    assert there == pytest.approx(back, abs=1e-6)


def test_polarisation_matters_at_long_waves_over_the_sea_only() -> None:
    def gap(frequency_mhz: float, sea: float) -> float:
        horizontal, vertical = spherical_earth_loss(
            60e3,
            10.0,
            10.0,
            frequency_mhz,
            effective_earth_radius_m=FOUR_THIRDS_M,
            vertical=[False, True],
            sea_fraction=sea,
        )
        return float(horizontal - vertical)

    assert gap(30.0, 1.0) > 20.0
    assert abs(gap(2000.0, 1.0)) < 0.1
    assert abs(gap(2000.0, 0.0)) < 0.1


def test_a_mixed_path_lies_between_land_and_sea_in_proportion() -> None:
    land, sea, mixed = spherical_earth_loss(
        80e3,
        20.0,
        10.0,
        50.0,
        effective_earth_radius_m=FOUR_THIRDS_M,
        sea_fraction=[0.0, 1.0, 0.25],
    )
    assert sea < land
    assert mixed == pytest.approx(0.75 * land + 0.25 * sea)


# Study group 3, step by step


def test_study_group_3_smooth_surface(cases: list[PathCase]) -> None:
    for case in cases:
        d, h, n = case.distance_m, case.height_m, len(case.height_m)
        tx_m, rx_m = case.log["hts (m)", ""], case.log["hrs (m)", ""]
        fit = fit_smooth_earth(d, h, n)
        # The files give distances with six decimals of a kilometre: hence the millionths of a metre.
        assert fit == pytest.approx(
            (case.log["hst (m)", "Eq (85)"], case.log["hsr (m)", "Eq (86)"]), abs=1e-6
        )
        lowered = lower_smooth_earth(d, h, n, tx_m, rx_m, *fit)
        wanted = case.log["hstd (m)", "Eq (89)"], case.log["hsrd (m)", "Eq (89)"]
        assert lowered == pytest.approx(wanted, abs=1e-6), case.name


def test_study_group_3_diffraction_parts(cases: list[PathCase]) -> None:
    for case in cases:
        d, n, log = case.distance_m, len(case.height_m), case.log
        surface = case.height_m + case.arguments["clutter_height_m"]
        frequency, vertical = case.arguments["frequency_mhz"], case.arguments["vertical"]
        antennas = log["hts (m)", ""], log["hrs (m)", ""]
        smooth = log["htc (m)", "Eq (37a)"], log["hrc (m)", "Eq (37b)"]
        sea = log["w", "Table 5"]
        actual = scan_profile(d, surface, n, *antennas, 1 / RARE_RADIUS_M, False)
        flat = scan_profile(d, np.zeros(n), n, *smooth, 1 / RARE_RADIUS_M, False)
        assert bullington_kernel(actual, d[-1], frequency) == pytest.approx(
            log["Lbulla (dB)", "Eq (21)"], **PRINTED
        ), case.name
        assert bullington_kernel(flat, d[-1], frequency) == pytest.approx(
            log["Lbulls (dB)", "Eq (21)"], **PRINTED
        ), case.name
        sphere = spherical_earth_kernel(d[-1], *smooth, frequency, RARE_RADIUS_M, vertical, sea)
        assert sphere == pytest.approx(log["Ldsph (dB)", "Eq (27)"], **PRINTED), case.name
        for radius_m, name in ((RARE_RADIUS_M, "Ldb (dB)"), (log["ae (km)", "Eq (7a)"] * 1e3, "Ld50 (dB)")):
            scan = scan_profile(d, surface, n, *antennas, 1 / radius_m, False)
            whole = delta_bullington_kernel(scan, d, n, *smooth, frequency, radius_m, vertical, sea)
            assert whole == pytest.approx(log[name, "Eq (39)"], **PRINTED), case.name


# Terrain


def bullington_by_the_letter(
    distance_m: Floats, height_m: Floats, tx_m: float, rx_m: float, frequency_mhz: float
) -> float:
    """Return (13) to (21) of P.1812-8 as they are printed: with the point where both tangents cross."""
    d, wavelength_m, curve = distance_m[-1] / 1e3, WAVELENGTH_M_MHZ / frequency_mhz, 1e3 / FOUR_THIRDS_M
    at, ground = distance_m[1:-1] / 1e3, height_m[1:-1]
    bulged = ground + 500 * curve * at * (d - at)
    steepest, direct = np.max((bulged - tx_m) / at), (rx_m - tx_m) / d
    if steepest < direct:
        line = (tx_m * (d - at) + rx_m * at) / d
        nu = np.max((bulged - line) * np.sqrt(0.002 * d / (wavelength_m * at * (d - at))))
    else:
        from_rx = np.max((bulged - rx_m) / (d - at))
        cross = (rx_m - tx_m + from_rx * d) / (steepest + from_rx)
        above = tx_m + steepest * cross - (tx_m * (d - cross) + rx_m * cross) / d
        nu = above * np.sqrt(0.002 * d / (wavelength_m * cross * (d - cross)))
    knife = float(knife_edge_loss(nu))
    return knife + (1 - np.exp(-knife / 6)) * (10 + 0.02 * d)


@after_compiling
@given(profiles, st.floats(2, 80), st.floats(1.5, 30), frequencies)
def test_bullington_is_what_the_recommendation_prints(
    heights: Floats, tx_m: float, rx_m: float, frequency_mhz: float
) -> None:
    d, n = distances(heights), len(heights)
    tx, rx = heights[0] + tx_m, heights[-1] + rx_m
    scan = scan_profile(d, heights, n, tx, rx, 1 / FOUR_THIRDS_M, False)
    wanted = bullington_by_the_letter(d, heights, tx, rx, frequency_mhz)
    assert bullington_kernel(scan, d[-1], frequency_mhz) == pytest.approx(wanted, abs=1e-6)


def test_one_ridge_in_a_valley_is_one_knife_edge() -> None:
    """Theory for a single edge, plus the empirical term of the Recommendation, for both constructions."""
    heights = ridge_in_a_valley(300.0)
    link = LINK | {"receiver_height_m": 40.0}
    above_m = 300.0 - 40.0 + 4500.0**2 / (2 * FOUR_THIRDS_M)
    knife = knife_edge_loss(above_m * np.sqrt(2 * 9000.0 * 900.0 / WAVELENGTH_M_MHZ / 4500.0**2))
    taper = 1 - np.exp(-knife / 6)
    assert delta_bullington_loss(distances(heights), heights, **link) == pytest.approx(
        knife + taper * (10 + 0.02 * 9)
    )
    assert deygout_loss(distances(heights), heights, **link) == pytest.approx(knife + taper * (10 + 0.04 * 9))


@pytest.mark.parametrize("loss", [delta_bullington_loss, deygout_loss])
@after_compiling
@given(height_m=st.floats(-300, 600), more_m=st.floats(0, 300), frequency_mhz=frequencies)
def test_a_higher_ridge_never_costs_less(loss, height_m: float, more_m: float, frequency_mhz: float) -> None:  # type: ignore[no-untyped-def]
    """Over a valley. On flat ground delta-Bullington may fall: the fitted smooth earth sinks under the ridge."""
    heights = np.stack([ridge_in_a_valley(height_m), ridge_in_a_valley(height_m + more_m)])
    lower, higher = loss(distances(heights[0]), heights, **LINK | {"frequency_mhz": frequency_mhz})
    assert higher >= lower - 1e-9


@pytest.mark.parametrize("loss", [delta_bullington_loss, deygout_loss])
@after_compiling
@given(heights=profiles, tx_m=st.floats(2, 80), rx_m=st.floats(1.5, 30), frequency_mhz=frequencies)
def test_diffraction_is_the_same_from_both_ends(  # type: ignore[no-untyped-def]
    loss, heights: Floats, tx_m: float, rx_m: float, frequency_mhz: float
) -> None:
    d = np.cumsum(1.0 + np.arange(len(heights)) % 3) * 200.0
    d -= d[0]
    link = LINK | {"transmitter_height_m": tx_m, "receiver_height_m": rx_m, "frequency_mhz": frequency_mhz}
    swapped = link | {"transmitter_height_m": rx_m, "receiver_height_m": tx_m}
    there = loss(d, heights, **link)
    assert loss(d[-1] - d[::-1], heights[::-1], **swapped) == pytest.approx(float(there), abs=1e-6)
    assert there >= 0.0


def test_high_antennas_over_flat_land_see_each_other() -> None:
    heights = np.full(31, 250.0)
    for loss in (delta_bullington_loss, deygout_loss):
        assert loss(distances(heights, 3000.0), heights, **LINK | {"receiver_height_m": 40.0}) == 0.0


def test_the_dominant_obstacle_is_the_ridge() -> None:
    heights = np.full(91, 100.0)
    heights[19] = 400.0
    heights[60] = 250.0
    for run in (delta_bullington_profile, deygout_profile):
        ground = (True, 0.0) if run is delta_bullington_profile else ()
        loss, obstacle, nu = run(distances(heights), heights, 91, 140.0, 101.5, 900.0, FOUR_THIRDS_M, *ground)
        assert obstacle == 19
        assert nu > 0.0
        assert loss > knife_edge_loss(nu) - 1e-9


def test_samples_after_the_profile_are_not_read() -> None:
    heights = np.array([10.0, 60.0, 45.0, 20.0])
    longer = np.append(heights, [np.nan, 9e9])
    d = distances(longer)
    short = delta_bullington_profile(d[:4], heights, 4, 50.0, 25.0, 900.0, FOUR_THIRDS_M, True, 0.0)
    assert delta_bullington_profile(d, longer, 4, 50.0, 25.0, 900.0, FOUR_THIRDS_M, True, 0.0) == short


def test_a_profile_of_two_ends_has_no_obstacle() -> None:
    d, heights = np.array([0.0, 900.0]), np.array([50.0, 60.0])
    loss, obstacle, nu = delta_bullington_profile(d, heights, 2, 90.0, 90.0, 900.0, FOUR_THIRDS_M, True, 0.0)
    assert (loss, obstacle, nu) == (0.0, 0, -np.inf)


def deygout_by_hand(
    distance_m: Floats, height_m: Floats, tx_m: float, rx_m: float, frequency_mhz: float
) -> float:
    def edge(first: int, last: int, from_m: float, to_m: float) -> tuple[int, float]:
        at = distance_m[first + 1 : last]
        if not len(at):
            return first, -np.inf
        before, after = at - distance_m[first], distance_m[last] - at
        line = from_m + (to_m - from_m) * before / (before + after)
        above = height_m[first + 1 : last] + before * after / 2 / FOUR_THIRDS_M - line
        nu = above * np.sqrt(2 * frequency_mhz / WAVELENGTH_M_MHZ * (1 / before + 1 / after))
        return first + 1 + int(np.argmax(nu)), float(np.max(nu))

    end = len(height_m) - 1
    main, nu = edge(0, end, tx_m, rx_m)
    knife = float(knife_edge_loss(nu))
    if knife == 0.0:
        return 0.0
    sides = [edge(0, main, tx_m, height_m[main])[1], edge(main, end, height_m[main], rx_m)[1]]
    rest = float(np.sum(knife_edge_loss(sides))) + 10 + 0.04 * distance_m[-1] / 1e3
    return knife + (1 - np.exp(-knife / 6)) * rest


@after_compiling
@given(profiles, frequencies)
def test_deygout_takes_three_edges(heights: Floats, frequency_mhz: float) -> None:
    d = distances(heights)
    wanted = deygout_by_hand(d, heights, heights[0] + 40.0, heights[-1] + 1.5, frequency_mhz)
    found = deygout_loss(d, heights, **LINK | {"frequency_mhz": frequency_mhz})
    assert found == pytest.approx(wanted, abs=1e-6)


# What every function of arrays promises


@pytest.mark.parametrize("loss", [delta_bullington_loss, deygout_loss])
def test_arrays_equal_scalars_and_broadcast(loss) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(5)
    heights = rng.uniform(0, 400, (4, 1, 25))
    d = distances(heights[0, 0])
    frequencies_mhz = np.array([450.0, 900.0, 2600.0])
    found = loss(d, heights, **LINK | {"frequency_mhz": frequencies_mhz})
    assert found.shape == (4, 3)
    for i in range(4):
        for j in range(3):
            assert found[i, j] == loss(d, heights[i, 0], **LINK | {"frequency_mhz": frequencies_mhz[j]})


@pytest.mark.parametrize("loss", [delta_bullington_loss, deygout_loss])
@pytest.mark.parametrize("name", ["height_m", "distance_m", *LINK])
def test_missing_stays_missing_and_nothing_else(loss, name: str) -> None:  # type: ignore[no-untyped-def]
    heights = np.tile(ridge_in_a_valley(200.0), (2, 1))
    inputs = {"height_m": heights, "distance_m": np.tile(distances(heights[0]), (2, 1))}
    inputs |= {key: np.array([value, value]) for key, value in LINK.items()}
    before = {key: values.copy() for key, values in inputs.items()}
    complete = loss(**inputs)
    inputs[name][(0, 7) if inputs[name].ndim > 1 else 0] = np.nan
    found = loss(**inputs)
    assert np.isnan(found[0])
    assert found[1] == complete[1]
    inputs[name] = before[name]
    assert all(np.array_equal(inputs[key], before[key]) for key in inputs)


def test_missing_stays_missing_over_the_sphere() -> None:
    for i in range(4):
        given_numbers = [50e3, 30.0, 10.0, 900.0]
        given_numbers[i] = np.nan
        assert np.isnan(spherical_earth_loss(*given_numbers, effective_earth_radius_m=FOUR_THIRDS_M))
    for changed in ({"effective_earth_radius_m": np.nan}, {"sea_fraction": np.nan}):
        options = {"effective_earth_radius_m": FOUR_THIRDS_M} | changed
        assert np.isnan(spherical_earth_loss(2e3, 80.0, 80.0, 900.0, **options))
    assert np.isnan(knife_edge_loss(np.nan))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"frequency_mhz": 0.0}, r"'frequency_mhz' is outside \(0, inf\] MHz in 1 value: 0"),
        ({"transmitter_height_m": -1.0}, "'transmitter_height_m' is outside"),
        ({"receiver_height_m": [1.0, -2.0]}, "'receiver_height_m' is outside .*: -2"),
        ({"effective_earth_radius_m": -8.5e6}, "'effective_earth_radius_m' is outside"),
        ({"distance_m": [0.0, 10.0, 10.0]}, "'distance_m' must rise"),
        ({"distance_m": [5.0, 10.0, 20.0]}, "'distance_m' must start at 0 m"),
        ({"distance_m": [0.0]}, "two samples or more"),
        ({"height_m": [1.0, 2.0]}, r"3 distances, but other samples: \[2, 3\]"),
    ],
)
@pytest.mark.parametrize("loss", [delta_bullington_loss, deygout_loss])
def test_nonsense_is_refused_by_name(loss, changed: dict[str, object], message: str) -> None:  # type: ignore[no-untyped-def]
    path = {"distance_m": [0.0, 500.0, 1000.0], "height_m": [10.0, 20.0, 30.0]}
    with pytest.raises(RadioError, match=message):
        loss(**path | LINK | changed)


def test_every_problem_comes_in_one_error() -> None:
    with pytest.raises(RadioError, match=r"2 problems(.|\n)*'frequency_mhz'(.|\n)*'sea_fraction'"):
        delta_bullington_loss([0, 1e3], [0, 0], **LINK | {"frequency_mhz": -1.0}, sea_fraction=1.5)
