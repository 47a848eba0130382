"""Longley-Rice against NTIA's own numbers, terrain whose answer is known, and properties of the model."""

import csv
import gzip
import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.stats import norm

from lomsong.errors import RadioError
from lomsong.propagation.free_space import free_space_loss
from lomsong.propagation.itm import ItmTerms, itm_kernel, itm_loss, itm_terms
from lomsong.propagation.itm_area import Siting, itm_area_loss, itm_area_terms
from lomsong.propagation.itm_caveats import Caveat
from lomsong.propagation.itm_link import effective_curvature
from lomsong.propagation.itm_profile import read_profile
from lomsong.propagation.itm_settings import CLIMATES, VARIABILITIES, ItmSettings
from lomsong.propagation.itm_variability import deviate

VALIDATION = Path(__file__).parents[2].parent / "shared" / "validation"
SITINGS: tuple[Siting, ...] = ("random", "careful", "very careful")
#: Short profiles of itm_ref, one a variability mode: NTIA/itm 1.4 (C++), free to ship. Step, heights,
#: antennas, frequency; polarization, climate, mode, then N_0, ground, percentages; loss and warnings.
NTIA_CASES = [
    (
        (173.5, [1142.0, 1098.63, 1030.16, 1011.89, 1021.13, 1041.5], 54.9, 10.0, 1012.3),
        (1, 3, 12, 347.5, 25.0, 0.005, 50.0, 1.0, 1.0),
        (87.210858004824, 64),
    ),
    (
        (169.76, [688.8, 707.83, 718.67, 802.0, 872.72, 839.81], 36.8, 1.5, 1544.3),
        (1, 4, 1, 389.9, 81.0, 0.001, 50.0, 50.0, 99.0),
        (203.6151616932067, 1728),
    ),
    (
        (126.63999999999999, [691.25, 737.63, 726.57, 751.71, 767.9, 727.64], 72.6, 1.5, 821.1),
        (0, 7, 2, 323.6, 81.0, 0.001, 90.0, 50.0, 99.0),
        (174.93530482093436, 1856),
    ),
    (
        (178.38333333333333, [394.51, 417.51, 436.71, 433.71, 458.31, 401.96, 427.89], 67.7, 1.5, 3425.0),
        (1, 3, 0, 363.4, 81.0, 5.0, 90.0, 1.0, 90.0),
        (182.040622378615, 1536),
    ),
    (
        (163.3, [542.05, 578.62, 631.39, 600.74, 663.18, 686.53], 13.5, 3.0, 331.7),
        (0, 2, 3, 314.5, 81.0, 0.005, 90.0, 99.0, 50.0),
        (136.22343678724678, 1728),
    ),
]
#: area.csv of NTIA/itm, rounded to a tenth: distance, roughness, antennas, frequency; siting; settings; loss.
NTIA_AREAS = [
    ((16e3, 0.0, 10.0, 1.0, 230.0), (0, 0), (0, 5, 0, 301.0, 15.0, 0.008, 87.0, 50.0, 50.0), 152.5),
    ((100e3, 5.0, 15.0, 3.0, 980.0), (2, 1), (1, 4, 2, 301.0, 15.0, 0.008, 92.0, 53.0, 97.0), 224.1),
    ((25e3, 45.0, 1.5, 10.0, 8900.0), (1, 2), (1, 1, 0, 301.0, 15.0, 0.008, 70.0, 99.0, 26.0), 156.0),
]
RIDGE = 300.0 + 250.0 * np.exp(-(((np.arange(201) - 120) / 12.0) ** 2))


def ntia_settings(
    polarization: float,
    climate: float,
    mdvar: float,
    refractivity: float,
    permittivity: float,
    conductivity: float,
    time: float,
    location: float,
    situation: float,
) -> ItmSettings:
    """Turn NTIA's numbers into settings; mdvar is the mode, +10 for fixed locations, +20 for situations."""
    situations, rest = divmod(int(mdvar), 20)
    locations, mode = divmod(rest, 10)
    return ItmSettings(
        polarization="vertical" if polarization else "horizontal",
        climate=CLIMATES[int(climate) - 1],
        variability=VARIABILITIES[mode],
        fixed_location=bool(locations),
        fixed_situation=bool(situations),
        refractivity=refractivity,
        permittivity=permittivity,
        conductivity=conductivity,
        time_percent=time,
        location_percent=location,
        situation_percent=situation,
    )


def oracle(name: str) -> Path:
    path = VALIDATION / name
    if not path.is_file():
        pytest.skip(
            f"NTIA's values are not here: ../shared/validation/{name} is missing beside the repository"
        )
    return path


@pytest.mark.parametrize(("path", "settings", "expected"), NTIA_CASES)
def test_short_paths_give_ntias_loss_and_warnings(
    path: tuple[float, list[float], float, float, float],
    settings: tuple[float, ...],
    expected: tuple[float, int],
) -> None:
    step, heights, *antennas = path
    terms = itm_terms(heights, step, *antennas, settings=ntia_settings(*settings))
    assert terms.loss_db == pytest.approx(expected[0], abs=1e-6)
    assert terms.caveats == expected[1]


@pytest.mark.parametrize(("path", "sitings", "settings", "expected"), NTIA_AREAS)
def test_areas_give_ntias_loss(
    path: tuple[float, ...], sitings: tuple[int, int], settings: tuple[float, ...], expected: float
) -> None:
    tx, rx = (SITINGS[number] for number in sitings)
    loss = itm_area_loss(*path, tx_siting=tx, rx_siting=rx, settings=ntia_settings(*settings))
    assert loss == pytest.approx(expected, abs=0.05)


def test_all_paths_of_itm_ref_give_ntias_loss_and_warnings() -> None:
    with gzip.open(oracle("itm_ref/open/cases.jsonl.gz"), "rt", encoding="utf-8") as file:
        cases = [json.loads(line) for line in file]
    assert len(cases) == 400
    for case in cases:
        names = ("pol", "climate", "mdvar", "N_0", "epsilon", "sigma", "time", "location", "situation")
        chosen = ntia_settings(*(case[name] for name in names))
        terms = itm_terms(
            case["h"], case["step_m"], case["h_tx"], case["h_rx"], case["f_mhz"], settings=chosen
        )
        assert terms.loss_db == pytest.approx(case["A_db"], abs=1e-6), case["id"]
        assert terms.caveats == case["warnings"], case["id"]


def test_ntias_published_paths_cover_every_mechanism_and_are_met() -> None:
    """Rounded to 0.01 dB by NTIA; one path each of line of sight, diffraction and troposcatter."""
    with oracle("itm_ntia/open/p2p.csv").open(newline="", encoding="utf-8") as file:
        rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    profiles = oracle("itm_ntia/open/pfls.csv").read_text(encoding="utf-8").splitlines()
    mechanisms = set()
    for row, line in zip(rows, profiles, strict=True):
        _, step, *heights = (float(value) for value in line.split(","))
        names = ("pol", "climate", "mdvar", "N_0", "epsilon", "sigma", "time", "location", "situation")
        chosen = ntia_settings(*(row[name] for name in names))
        antennas = (row["h_tx__meter"], row["h_rx__meter"], row["f__mhz"])
        terms = itm_terms(heights, step, *antennas, settings=chosen)
        assert terms.loss_db == pytest.approx(row["A__db"], abs=0.005)
        mechanisms.add(int(terms.mechanism))
    assert mechanisms == {1, 2, 3}


def test_a_high_clear_path_loses_what_free_space_loses() -> None:
    loss = itm_loss(np.full(101, 10.0), 50.0, 150.0, 150.0, 900.0)
    assert loss == pytest.approx(free_space_loss(5e3, 900.0), abs=0.5)


def test_a_ridge_in_the_way_costs_tens_of_decibels() -> None:
    flat = itm_loss(np.full_like(RIDGE, 300.0), 100.0, 30.0, 1.5, 900.0)
    assert itm_loss(RIDGE, 100.0, 30.0, 1.5, 900.0) > flat + 15.0


def test_a_spike_is_the_horizon_of_both_antennas() -> None:
    heights = np.zeros(101)
    heights[40] = 200.0
    curvature = effective_curvature(301.0)
    path = read_profile(heights, 100.0, 30.0, 10.0, curvature)
    assert (path.tx_horizon_m, path.rx_horizon_m) == pytest.approx((4000.0, 6000.0))
    assert path.tx_angle == pytest.approx(170.0 / 4e3 - curvature * 4e3 / 2)
    assert path.rx_angle == pytest.approx(190.0 / 6e3 - curvature * 6e3 / 2)


def test_the_air_bends_rays_over_an_earth_four_thirds_as_large() -> None:
    assert 1.0 / effective_curvature(301.0) == pytest.approx(4.0 / 3.0 * 6.37e6, rel=0.01)


def test_a_slope_is_not_rough_and_waves_are_as_rough_as_their_deciles() -> None:
    """The deciles of a sine are +-sin(0.4 pi); (1 - 0.8 exp(-d / 50 km)) of the roughness shows in d."""
    at = np.arange(4001)
    slope = 0.1 * at
    assert itm_terms(slope, 50.0, 30.0, 10.0, 900.0).roughness_m == pytest.approx(0.0, abs=1e-9)
    waves = slope + 25.0 * np.sin(2 * np.pi * at / 57.3)
    rough = itm_terms(waves, 50.0, 30.0, 10.0, 900.0).roughness_m
    assert rough * (1 - 0.8 * np.exp(-200e3 / 50e3)) == pytest.approx(50.0 * np.sin(0.4 * np.pi), rel=0.03)


@given(st.floats(0.01, 99.99))
def test_the_normal_deviate_is_right_within_its_published_error(percent: float) -> None:
    assert deviate(percent) == pytest.approx(norm.isf(percent / 100), abs=4.5e-4)


@hypothesis_settings(deadline=None, max_examples=25)
@given(
    st.floats(0.0, 400.0), st.floats(2.0, 80.0), st.floats(1.0, 10.0), st.sampled_from([450.0, 900.0, 2600.0])
)
def test_the_reference_attenuation_never_falls_with_distance(
    roughness: float, tx: float, rx: float, frequency: float
) -> None:
    terms = itm_area_terms(np.geomspace(1e3, 500e3, 400), roughness, tx, rx, frequency)
    assert (np.diff(terms.reference_db) >= -1e-9).all()
    assert (np.diff(terms.mechanism) >= 0).all()


def test_mechanisms_join_without_a_step() -> None:
    distance = np.geomspace(5e3, 500e3, 20_000)
    terms = itm_area_terms(distance, 90.0, 30.0, 1.5, 900.0)
    assert set(terms.mechanism.tolist()) == {1, 2, 3}
    assert np.abs(np.diff(terms.loss_db)).max() < 0.1


@pytest.mark.parametrize("sitings", [("random", "careful"), ("very careful", "random")])
def test_an_area_is_the_same_both_ways(sitings: tuple[Siting, Siting]) -> None:
    distance = np.geomspace(2e3, 300e3, 30)
    there = itm_area_loss(distance, 90.0, 40.0, 3.0, 900.0, tx_siting=sitings[0], rx_siting=sitings[1])
    back = itm_area_loss(distance, 90.0, 3.0, 40.0, 900.0, tx_siting=sitings[1], rx_siting=sitings[0])
    assert there == pytest.approx(back, abs=1e-9)


def test_a_better_chosen_site_loses_less() -> None:
    losses = [itm_area_loss(30e3, 90.0, 10.0, 3.0, 900.0, tx_siting=siting) for siting in SITINGS]
    assert losses[0] > losses[1] > losses[2]


@pytest.mark.parametrize("name", ["time_percent", "location_percent", "situation_percent"])
def test_a_greater_share_costs_more(name: str) -> None:
    losses = [
        itm_loss(RIDGE, 100.0, 30.0, 1.5, 900.0, settings=ItmSettings(**{name: p}))
        for p in (1, 10, 50, 90, 99)
    ]
    assert (np.diff(losses) > 0).all()


def test_what_is_fixed_does_not_vary() -> None:
    def loss(**chosen: float) -> float:
        settings = ItmSettings(fixed_location=True, fixed_situation=True, **chosen)  # type: ignore[arg-type]
        return float(itm_loss(RIDGE, 100.0, 30.0, 1.5, 900.0, settings=settings))

    assert loss(location_percent=90.0) == loss(location_percent=10.0)
    assert loss(situation_percent=50.0) == pytest.approx(loss(), abs=1e-12)
    free = ItmSettings(location_percent=90.0)
    assert itm_loss(RIDGE, 100.0, 30.0, 1.5, 900.0, settings=free) > loss(location_percent=90.0) + 5.0


def test_profiles_antennas_and_frequencies_broadcast_and_equal_their_scalars() -> None:
    profiles = np.stack([RIDGE, RIDGE[::-1], np.full_like(RIDGE, 300.0)])
    frequencies = np.array([[700.0], [1800.0]])
    terms = itm_terms(profiles, 100.0, [30.0, 40.0, 50.0], 1.5, frequencies)
    for field in fields(ItmTerms):
        together = getattr(terms, field.name)
        assert together.shape == (2, 3)
        for i, frequency in enumerate((700.0, 1800.0)):
            for j, height in enumerate((30.0, 40.0, 50.0)):
                alone = itm_terms(profiles[j], 100.0, height, 1.5, frequency)
                assert together[i, j] == getattr(alone, field.name)


def test_the_kernel_gives_the_same_as_the_arrays() -> None:
    settings = ItmSettings(time_percent=10.0)
    kernel = itm_kernel(RIDGE, 100.0, 30.0, 1.5, 900.0, settings.medium(), settings.statistics())
    terms = itm_terms(RIDGE, 100.0, 30.0, 1.5, 900.0, settings=settings)
    assert kernel == (terms.loss_db, terms.reference_db, terms.roughness_m, terms.mechanism, terms.caveats)


def test_no_paths_give_no_losses() -> None:
    assert itm_loss(np.empty((0, 5)), 100.0, 30.0, 1.5, 900.0).shape == (0,)


@pytest.mark.parametrize("point", [0, 3, 120, 200])
def test_a_hole_in_one_profile_harms_no_other(point: int) -> None:
    profiles = np.stack([RIDGE, RIDGE])
    profiles[0, point] = np.nan
    terms = itm_terms(profiles, 100.0, 30.0, 1.5, 900.0)
    assert np.isnan(terms.loss_db).tolist() == [True, False]
    assert terms.mechanism[0] == 0
    assert terms.loss_db[1] == itm_loss(RIDGE, 100.0, 30.0, 1.5, 900.0)


def test_nan_in_any_number_stays_nan() -> None:
    for position in range(4):
        path = [100.0, 30.0, 1.5, 900.0]
        path[position] = np.nan
        assert np.isnan(itm_loss(RIDGE, *path))
    for position in range(5):
        area = [20e3, 90.0, 30.0, 1.5, 900.0]
        area[position] = np.nan
        assert np.isnan(itm_area_loss(*area))


def test_inputs_are_not_modified_and_may_be_read_only() -> None:
    heights = RIDGE.copy()
    heights.setflags(write=False)
    step = np.array([100.0])
    itm_loss(heights, step, 30.0, 1.5, 900.0)
    assert (heights == RIDGE).all()
    assert step.tolist() == [100.0]


def test_caveats_have_names() -> None:
    assert Caveat.NEAR in Caveat(int(itm_terms([300.0] * 5, 100.0, 30.0, 1.5, 900.0).caveats))
    assert Caveat(int(itm_area_terms(20e3, 90.0, 30.0, 1.5, 15e3).caveats)) == Caveat.FREQUENCY
    rare = ItmSettings(time_percent=99.99)
    assert (
        Caveat(int(itm_area_terms(20e3, 90.0, 30.0, 1.5, 900.0, settings=rare).caveats))
        == Caveat.EXTREME_QUANTILE
    )


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ((0.0, 30.0, 1.5, 900.0), r"step_m.*\(0, inf\) m"),
        ((np.inf, 30.0, 1.5, 900.0), r"step_m.*\(0, inf\) m"),
        ((100.0, 0.4, 1.5, 900.0), r"tx_height_m.*\[0.5, 3000\] m"),
        ((100.0, 30.0, 3001.0, 900.0), r"rx_height_m.*\[0.5, 3000\] m"),
        ((100.0, 30.0, 1.5, 19.0), r"frequency_mhz.*\[20, 20000\] MHz"),
    ],
)
def test_a_path_outside_the_model_is_refused_by_name(path: tuple[float, ...], named: str) -> None:
    with pytest.raises(RadioError, match=named):
        itm_loss(RIDGE, *path)


@pytest.mark.parametrize("heights", [300.0, [300.0], []])
def test_a_profile_needs_two_points(heights: float | list[float]) -> None:
    with pytest.raises(RadioError, match="two points or more"):
        itm_loss(heights, 100.0, 30.0, 1.5, 900.0)


@pytest.mark.parametrize("height", [9000.0, np.inf, -np.inf])
def test_terrain_above_the_air_is_refused(height: float) -> None:
    profiles = np.full((3, 11), 300.0)
    profiles[2] = height
    with pytest.raises(RadioError, match=r"refractivity at the ground .* the first at row 2"):
        itm_loss(profiles, 100.0, 30.0, 1.5, 900.0)


@pytest.mark.parametrize(
    ("chosen", "named"),
    [
        ({"climate": "polar"}, "climate 'polar' is none of: equatorial"),
        ({"polarization": "slant"}, "polarization 'slant' is none of: vertical, horizontal"),
        ({"variability": "tv"}, "variability 'tv' is none of"),
        ({"refractivity": 420.0}, r"refractivity.*\[250, 400\] N-units"),
        ({"permittivity": 1.0}, r"permittivity.*\(1, inf\]"),
        ({"conductivity": 0.0}, "conductivity"),
        ({"time_percent": 100.0}, r"time_percent.*\(0, 100\) %"),
        ({"location_percent": float("nan")}, "NaN"),
    ],
)
def test_settings_without_a_formula_are_refused_by_name(chosen: dict[str, object], named: str) -> None:
    with pytest.raises(RadioError, match=named):
        ItmSettings(**chosen)  # type: ignore[arg-type]


def test_an_area_refuses_what_cannot_be() -> None:
    with pytest.raises(RadioError, match="2 problems"):
        itm_area_loss(0.0, -1.0, 30.0, 1.5, 900.0)
    with pytest.raises(RadioError, match="siting 'careless' is none of: random"):
        itm_area_loss(20e3, 90.0, 30.0, 1.5, 900.0, rx_siting="careless")  # type: ignore[arg-type]
