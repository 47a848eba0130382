"""P.1812 against two sets of reference values, the theory at its limits, and what must not change a result."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference_sets import PathCase, read_random_paths, read_sg3
from scipy.stats import norm

from lomsong.errors import RadioError
from lomsong.propagation.free_space import free_space_loss
from lomsong.propagation.p526 import delta_bullington_loss, effective_earth_radius
from lomsong.propagation.p1812 import location_sigma, location_term, p1812_losses
from lomsong.propagation.p1812_mechanisms import (
    Air,
    anomalous_time,
    inverse_normal,
    multipath_focusing,
    time_interpolation,
)
from lomsong.propagation.p1812_path import p1812_kernel
from lomsong.propagation.p1812_profile import Path as TerrainPath
from lomsong.propagation.p1812_profile import Zones, path_centre_latitude, read_path, read_zones

VALIDATION = Path(__file__).parents[3] / "shared" / "validation"
#: Study group 3 prints its intermediate values with ten digits.
PRINTED = {"rel": 1e-9, "abs": 1e-7}
PLACE = {"latitude_deg": 21.0, "refractivity_gradient": 45.0, "surface_refractivity": 365.0}
LINK = PLACE | {"transmitter_height_m": 40.0, "receiver_height_m": 1.5, "frequency_mhz": 900.0}

Floats = NDArray[np.float64]
#: The first example also compiles the kernels.
after_compiling = settings(deadline=None)
profiles = st.lists(st.floats(0, 1500), min_size=3, max_size=40).map(np.array)
times = st.sampled_from([1.0, 10.0, 50.0])


@pytest.fixture(scope="module")
def study_group_3() -> list[PathCase]:
    return read_sg3(folder("p1812_sg3"))


@pytest.fixture(scope="module")
def random_paths() -> list[PathCase]:
    return read_random_paths(folder("p1812_ref"))


def folder(name: str) -> Path:
    path = VALIDATION / name / "open"
    if not path.is_dir():
        pytest.skip(f"the reference values are not here: ../shared/validation/{name}/open is missing")
    return path


def distances(heights: Floats, length_m: float = 9000.0) -> Floats:
    return np.linspace(0.0, length_m, len(heights))


def path_of(case: PathCase) -> tuple[TerrainPath, Zones, Air]:
    d, h, given_values, n = case.distance_m, case.height_m, case.arguments, len(case.height_m)
    radius_m = float(effective_earth_radius(given_values["refractivity_gradient"]))
    tx_m, rx_m = h[0] + given_values["transmitter_height_m"], h[-1] + given_values["receiver_height_m"]
    zones = read_zones(d, given_values["zone"], n, np.inf, np.inf)
    beta0 = anomalous_time(given_values["latitude_deg"], zones)
    air = Air(radius_m, given_values["surface_refractivity"], beta0)
    return read_path(d, h, n, tx_m, rx_m, radius_m), zones, air


# Reference values


def test_study_group_3_losses(study_group_3: list[PathCase]) -> None:
    for case in study_group_3:
        found = p1812_losses(case.distance_m, case.height_m, **case.arguments)
        assert found.basic_db == pytest.approx(case.expected_db, abs=1e-6), case.name


def test_study_group_3_every_step(study_group_3: list[PathCase]) -> None:
    for case in study_group_3:
        path, zones, air = path_of(case)
        found = p1812_losses(case.distance_m, case.height_m, **case.arguments)
        time = case.arguments["time_percent"]
        steps = {
            ("dtm (km)", "Sec 3.6"): zones.land_m / 1e3,
            ("dlm (km)", "Sec 3.6"): zones.inland_m / 1e3,
            ("w", "Table 5"): zones.sea_fraction,
            ("phi (deg)", "Eq (4)"): case.arguments["latitude_deg"],
            ("b0 (%)", "Eq (5)"): air.beta0_percent,
            ("ae (km)", "Eq (7a)"): air.effective_earth_radius_m / 1e3,
            ("dlt (km)", "Eq (78)"): path.tx_horizon_m / 1e3,
            ("dlr (km)", "Eq (81a)"): path.rx_horizon_m / 1e3,
            ("th_t (mrad)", "Eqs (76-78)"): path.tx_angle_mrad,
            ("th_r (mrad)", "Eqs (79-81)"): path.rx_angle_mrad,
            ("th (mrad)", "Eq (82)"): path.angle_mrad,
            ("htc (m)", "Eq (37a)"): path.smooth_tx_m,
            ("hrc (m)", "Eq (37b)"): path.smooth_rx_m,
            ("hte (m)", "Eq (92a)"): path.tx_effective_m,
            ("hre (m)", "Eq (92b)"): path.rx_effective_m,
            ("hm (m)", "Eq (93)"): path.roughness_m,
            ("Fi", "Eq (40)"): time_interpolation(time, air.beta0_percent),
            ("Lbfs", "Eq (8)"): found.free_space_db,
            ("Lb0p", "Eq (10)"): found.free_space_db + multipath_focusing(path, time),
            ("Lb0b", "Eq (11)"): found.free_space_db + multipath_focusing(path, air.beta0_percent),
            ("Ldp (dB)", "Eq (41)"): found.diffraction_db,
            ("Lbs (dB)", "Eq (44)"): found.troposcatter_db,
            ("Lba (dB)", "Eq (46)"): found.ducting_db,
            ("Lbc (dB)", "Eq (63)"): found.median_locations_db,
        }
        for step, value in steps.items():
            assert float(value) == pytest.approx(case.log[step], **PRINTED), (case.name, step)


def test_random_mountain_paths(random_paths: list[PathCase]) -> None:
    assert len(random_paths) == 400
    for case in random_paths:
        found = p1812_losses(case.distance_m, case.height_m, **case.arguments)
        assert found.basic_db == pytest.approx(case.expected_db, abs=1e-6), case.name


# Theory at the limits


def test_high_antennas_over_flat_land_see_free_space() -> None:
    heights = np.full(61, 20.0)
    link = LINK | {"transmitter_height_m": 80.0, "receiver_height_m": 80.0, "frequency_mhz": 2600.0}
    found = p1812_losses(distances(heights, 5e3), heights, **link)
    assert found.basic_db == pytest.approx(float(free_space_loss(5e3, 2600.0)), abs=0.1)
    assert found.line_of_sight == 1.0
    assert found.obstacle_nu < 0.0


def test_behind_a_ridge_diffraction_comes_on_top_of_free_space() -> None:
    heights = np.full(61, 20.0)
    heights[10] = 300.0
    d = distances(heights, 6e3)
    found = p1812_losses(d, heights, **LINK)
    ridge = delta_bullington_loss(
        d,
        heights,
        transmitter_height_m=40.0,
        receiver_height_m=1.5,
        frequency_mhz=900.0,
        effective_earth_radius_m=effective_earth_radius(45.0),
    )
    assert found.diffraction_db == pytest.approx(float(ridge))
    assert found.basic_db == pytest.approx(found.free_space_db + ridge, abs=0.5)
    assert found.line_of_sight == 0.0
    assert found.obstacle_m == pytest.approx(1000.0)
    assert found.obstacle_nu > 0.0


@given(st.floats(1e-3, 1 - 1e-3))
@after_compiling
def test_the_normal_quantile_is_that_of_statistics(share: float) -> None:
    """The approximation of the Recommendation is known to be good to 4.5e-4."""
    assert inverse_normal(share) == pytest.approx(norm.isf(share), abs=4.6e-4)


def test_locations_spread_as_a_normal_distribution() -> None:
    """Behind a ridge, where the loss at the best places stays above that of a clear path."""
    heights = np.full(61, 20.0)
    heights[10] = 300.0
    wanted = np.array([5.0, 50.0, 84.0, 95.0])
    found = p1812_losses(distances(heights), heights, **LINK, location_percent=wanted, location_sigma_db=8.0)
    assert found.basic_db - found.median_locations_db == pytest.approx(8.0 * norm.ppf(wanted / 100), abs=0.01)


def test_no_location_is_better_than_a_clear_path() -> None:
    heights = np.full(61, 20.0)
    link = LINK | {"transmitter_height_m": 80.0, "receiver_height_m": 80.0}
    best = p1812_losses(
        distances(heights, 3e3), heights, **link, location_percent=1.0, location_sigma_db=12.0
    )
    assert best.basic_db == pytest.approx(float(best.free_space_db))


def test_locations_at_sea_are_all_alike() -> None:
    heights = np.array([30.0, 200.0, 0.0, 0.0])
    d = distances(heights)
    options = {"location_percent": 95.0, "location_sigma_db": 8.0}
    at_sea = p1812_losses(d, heights, **LINK, **options, zone=[4, 4, 1, 1])
    ashore = p1812_losses(d, heights, **LINK, **options, zone=[4, 4, 1, 3])
    assert at_sea.basic_db == at_sea.median_locations_db
    assert ashore.basic_db > ashore.median_locations_db + 12.0


def test_location_sigma_is_the_published_formula_and_fades_above_the_clutter() -> None:
    base = (0.52 + 0.024 * 0.9) * 100.0**0.28
    found = location_sigma(900.0, [1.5, 10.0, 15.0, 20.0, 60.0], clutter_height_m=10.0, resolution_m=100.0)
    assert found == pytest.approx(base * np.array([1.0, 1.0, 0.5, 0.0, 0.0]))
    with pytest.raises(RadioError, match="'resolution_m'"):
        location_sigma(900.0, 1.5, resolution_m=0.0)


def test_a_path_centre_lies_between_its_ends() -> None:
    quarter = 0.25 * 2 * np.pi * 6371e3
    assert path_centre_latitude(0.0, 100.0, 0.0, 101.0, 111e3) == pytest.approx(0.0)
    assert path_centre_latitude(20.0, 105.0, 22.0, 105.0, quarter * 2 / 90) == pytest.approx(21.0)
    assert path_centre_latitude(0.0, 0.0, 90.0, 0.0, quarter) == pytest.approx(45.0)
    assert path_centre_latitude(0.0, 0.0, -60.0, 0.0, quarter * 60 / 90) == pytest.approx(-30.0)


# Zones


@given(st.lists(st.sampled_from([1.0, 3.0, 4.0]), min_size=3, max_size=30).map(np.array))
@after_compiling
def test_the_stretches_of_a_path_are_counted_as_by_hand(zone: Floats) -> None:
    """Each sample reaches half way to its neighbours; the longest run of a kind counts."""
    d = np.cumsum(1.0 + np.arange(len(zone)) % 4) * 100.0
    d -= d[0]
    borders = np.concatenate([[0.0], (d[1:] + d[:-1]) / 2, d[-1:]])

    def longest(belongs: NDArray[np.bool_]) -> float:
        runs = np.split(np.arange(len(zone)), np.flatnonzero(np.diff(belongs)) + 1)
        return max((borders[run[-1] + 1] - borders[run[0]] for run in runs if belongs[run[0]]), default=0.0)

    zones = read_zones(d, zone, len(zone), np.inf, np.inf)
    assert zones.land_m == pytest.approx(longest(zone > 1.0))
    assert zones.inland_m == pytest.approx(longest(zone > 3.0))
    assert zones.sea_fraction == pytest.approx(np.diff(borders)[zone == 1.0].sum() / d[-1])


def test_strong_refraction_is_commoner_over_the_sea() -> None:
    sea, land = Zones(1.0, 0.0, 0.0, np.inf, np.inf), Zones(0.0, 200e3, 200e3, np.inf, np.inf)
    assert anomalous_time(20.0, sea) > 2.0 * anomalous_time(20.0, land)
    assert anomalous_time(71.0, sea) == pytest.approx(4.17)


def test_a_coast_at_the_antennas_helps_ducts_on_a_path_over_the_sea() -> None:
    heights = np.zeros(301)
    heights[[0, -1]] = 5.0
    d = distances(heights, 90e3)
    link = LINK | {"receiver_height_m": 10.0, "zone": np.where((d > 0) & (d < 90e3), 1.0, 3.0)}
    far = p1812_losses(d, heights, **link)
    near = p1812_losses(d, heights, **link, transmitter_coast_m=0.0, receiver_coast_m=200.0)
    assert -12.0 < near.ducting_db - far.ducting_db < -6.0
    assert near.troposcatter_db == far.troposcatter_db


# What must not change a result, and what must


@given(profiles, st.floats(2, 80), st.floats(1.5, 30), st.floats(30, 6000), times, st.floats(300, 60e3))
@after_compiling
def test_the_loss_is_the_same_from_both_ends(
    heights: Floats, tx_m: float, rx_m: float, frequency_mhz: float, time: float, length_m: float
) -> None:
    steps = np.cumsum(1.0 + np.arange(len(heights)) % 3)
    d = (steps - steps[0]) / (steps[-1] - steps[0]) * length_m
    d[-1] = length_m
    clutter = heights % 7.0
    link = LINK | {"frequency_mhz": frequency_mhz, "time_percent": time}
    there = p1812_losses(
        d,
        heights,
        **link | {"transmitter_height_m": tx_m, "receiver_height_m": rx_m, "clutter_height_m": clutter},
    )
    back = p1812_losses(
        length_m - d[::-1],
        heights[::-1],
        **link | {"transmitter_height_m": rx_m, "receiver_height_m": tx_m, "clutter_height_m": clutter[::-1]},
    )
    assert back.basic_db == pytest.approx(float(there.basic_db), abs=1e-6)


@given(st.floats(-300, 600), st.floats(0, 300), st.floats(30, 6000), times)
@after_compiling
def test_a_higher_ridge_over_a_valley_never_costs_less(
    height_m: float, more_m: float, frequency_mhz: float, time: float
) -> None:
    heights = np.full((2, 41), -800.0)
    heights[:, [0, -1]] = 0.0
    heights[:, 20] = height_m, height_m + more_m
    found = p1812_losses(
        distances(heights[0]), heights, **LINK | {"frequency_mhz": frequency_mhz}, time_percent=time
    )
    assert found.basic_db[1] >= found.basic_db[0] - 1e-9


def test_clutter_costs_and_clutter_under_the_antennas_does_not() -> None:
    heights = np.full(61, 20.0)
    clutter = np.full(61, 12.0)
    d = distances(heights, 6e3)
    bare = p1812_losses(d, heights, **LINK).basic_db
    covered = p1812_losses(d, heights, **LINK, clutter_height_m=clutter).basic_db
    assert covered > bare + 5.0
    clutter[[0, -1]] = 0.0
    assert p1812_losses(d, heights, **LINK, clutter_height_m=clutter).basic_db == covered
    assert p1812_losses(d, heights, **LINK, clutter_height_m=12.0).basic_db == covered


def test_beyond_the_horizon_rare_conditions_bring_more_signal() -> None:
    heights = np.full(201, 10.0)
    found = p1812_losses(distances(heights, 80e3), heights, **LINK, time_percent=[1.0, 10.0, 50.0])
    assert np.all(np.diff(found.basic_db) > 3.0)
    assert found.free_space_db.shape == (3,)


def test_the_kernel_reads_no_sample_after_the_profile() -> None:
    heights = np.array([10.0, 60.0, 45.0, 20.0, np.nan, 9e9])
    d = distances(heights)
    air, zones = Air(8.9e6, 365.0, 5.0), Zones(0.0, 5400.0, 5400.0, np.inf, np.inf)
    arguments = (4, 50.0, 21.5, 900.0, True, air, zones, 50.0, 0.0)
    longer = p1812_kernel(d, heights, heights, *arguments)
    assert longer == p1812_kernel(d[:4], heights[:4], heights[:4], *arguments)
    whole = p1812_losses(d[:4], heights[:4], **LINK | {"receiver_height_m": 1.5})
    assert longer.free_space_db == pytest.approx(float(whole.free_space_db))


def test_a_hole_in_the_terrain_or_the_clutter_leaves_no_loss_in_the_kernel() -> None:
    heights = np.array([10.0, 60.0, 45.0, 20.0])
    holed = np.array([10.0, 60.0, np.nan, 20.0])
    air, zones = Air(8.9e6, 365.0, 5.0), Zones(0.0, 9e3, 9e3, np.inf, np.inf)
    arguments = (4, 50.0, 21.5, 900.0, True, air, zones, 10.0, 0.0)
    for ground, surface in ((heights, holed), (holed, holed), (holed, heights)):
        assert np.isnan(p1812_kernel(distances(heights), ground, surface, *arguments).basic_db)
    assert np.isfinite(p1812_kernel(distances(heights), heights, heights, *arguments).basic_db)


def test_arrays_equal_scalars_and_broadcast() -> None:
    rng = np.random.default_rng(5)
    heights = rng.uniform(0, 400, (4, 1, 25))
    d = distances(heights[0, 0])
    frequencies, sigmas = np.array([450.0, 900.0, 2600.0]), np.array([5.5, 0.0, 8.0])
    options = {"location_percent": 90.0, "time_percent": 10.0}
    found = p1812_losses(
        d, heights, **LINK | {"frequency_mhz": frequencies}, location_sigma_db=sigmas, **options
    )
    for i in range(4):
        for j in range(3):
            link = LINK | {"frequency_mhz": frequencies[j]}
            one = p1812_losses(d, heights[i, 0], **link, location_sigma_db=sigmas[j], **options)
            assert [term[i, j] for term in found] == list(one)


@pytest.mark.parametrize(
    "name",
    ["height_m", "clutter_height_m", "zone", "time_percent", "location_percent", "location_sigma_db", *LINK],
)
def test_missing_stays_missing_and_nothing_else(name: str) -> None:
    heights = np.tile(np.array([10.0, 60.0, 45.0, 20.0]), (2, 1))
    inputs = {key: np.array([value, value]) for key, value in LINK.items()}
    inputs |= {"distance_m": distances(heights[0]), "height_m": heights, "clutter_height_m": heights / 10}
    inputs |= {"zone": np.full((2, 4), 4.0), "time_percent": np.array([20.0, 20.0])}
    inputs |= {"location_percent": np.array([80.0, 80.0]), "location_sigma_db": np.array([5.0, 5.0])}
    complete = p1812_losses(**inputs)
    inputs[name][(0, 1) if inputs[name].ndim > 1 else 0] = np.nan
    before = {key: values.copy() for key, values in inputs.items()}
    found = p1812_losses(**inputs)
    assert all(np.isnan(term[0]) for term in found)
    assert all(term[1] == whole[1] for term, whole in zip(found, complete, strict=True))
    assert all(np.array_equal(inputs[key], before[key], equal_nan=True) for key in inputs)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"frequency_mhz": 29.9}, r"'frequency_mhz' is outside \[30, 6000\] MHz in 1 value: 29.9"),
        ({"frequency_mhz": 6001.0}, r"'frequency_mhz' is outside \[30, 6000\]"),
        ({"distance_m": [0.0, 100.0, 249.0]}, r"'distance_m' is outside \[250, 3e\+06\] m in 1 value: 249"),
        ({"time_percent": 0.9}, r"'time_percent' is outside \[1, 50\] %"),
        ({"time_percent": 51.0}, r"'time_percent' is outside \[1, 50\] %"),
        ({"location_percent": 99.5, "location_sigma_db": 5.0}, r"'location_percent' is outside \[1, 99\] %"),
        ({"location_percent": 0.5, "location_sigma_db": 5.0}, r"'location_percent' is outside \[1, 99\] %"),
        ({"location_percent": 95.0}, "'location_sigma_db' is missing"),
        ({"transmitter_height_m": 0.5}, r"'transmitter_height_m' is outside \[1, 3000\] m"),
        ({"receiver_height_m": 3001.0}, r"'receiver_height_m' is outside \[1, 3000\] m"),
        ({"latitude_deg": 100.0}, "'latitude_deg' is outside"),
        ({"refractivity_gradient": 157.0}, "'refractivity_gradient' is outside"),
        ({"surface_refractivity": 0.0}, "'surface_refractivity' is outside"),
        ({"clutter_height_m": -1.0}, "'clutter_height_m' is outside"),
        ({"location_sigma_db": -1.0}, "'location_sigma_db' is outside"),
        ({"receiver_coast_m": -1.0}, "'receiver_coast_m' is outside"),
        ({"zone": [4, 2, 4]}, "'zone' must be 1"),
        ({"distance_m": [0.0, 900.0], "height_m": [0.0, 0.0]}, "three samples or more"),
        ({"distance_m": 900.0}, "three samples or more"),
        ({"distance_m": [0.0, 900.0, 800.0]}, "'distance_m' must rise"),
        ({"distance_m": [1.0, 900.0, 1800.0]}, "'distance_m' must start at 0 m"),
        ({"clutter_height_m": [1.0, 2.0]}, r"3 distances, but other samples: \[2, 3\]"),
    ],
)
def test_what_the_model_is_not_defined_for_is_refused_by_name(
    changed: dict[str, object], message: str
) -> None:
    path = {"distance_m": [0.0, 500.0, 1000.0], "height_m": [10.0, 20.0, 30.0]}
    with pytest.raises(RadioError, match=message):
        p1812_losses(**path | LINK | changed)


def test_every_problem_comes_in_one_error() -> None:
    with pytest.raises(RadioError, match=r"2 problems(.|\n)*'frequency_mhz'(.|\n)*'time_percent'"):
        p1812_losses([0, 500, 1e3], [0, 0, 0], **LINK | {"frequency_mhz": -1.0, "time_percent": 80.0})


def test_half_of_the_locations_need_no_spread() -> None:
    assert location_term(50.0, 8.0) == pytest.approx(0.0, abs=1e-6)
    heights = np.array([10.0, 60.0, 45.0, 20.0])
    found = p1812_losses(distances(heights), heights, **LINK)
    assert found.basic_db == pytest.approx(float(found.median_locations_db), abs=1e-6)
