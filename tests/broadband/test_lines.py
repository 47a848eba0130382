"""Fixed lines: lists, fibre and presence-only tests, each as strong as it should be."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from shapely import LineString, Point
from worlds import CRS_METRIC, X0, Y0, village_table

from lomsong.broadband.lines import Lines, find_lines, fit_rate, line_prior, line_probability
from lomsong.errors import TableError
from lomsong.inputs import Inputs
from lomsong.settings import BroadbandSettings, FixedSource
from lomsong.sources.fixed_lines import read_fixed_lines

World = Callable[..., Inputs]
SETTINGS = BroadbandSettings()


def found_in(inputs: Inputs, tests: list[float]) -> Lines:
    return find_lines(inputs, inputs.villages.geometry.centroid, tests)


def test_the_posterior_is_bayes_rule_on_the_negative_binomial() -> None:
    shape, mean, count = SETTINGS.test_clumping, 6.2, 2
    there = stats.nbinom.pmf(count, shape, shape / (shape + mean))
    wrong = SETTINGS.misplaced_tests * mean
    not_there = stats.nbinom.pmf(count, shape, shape / (shape + wrong))
    expected = 0.3 * there / (0.3 * there + 0.7 * not_there)
    assert line_probability([0.3], [count], [mean], SETTINGS)[0] == pytest.approx(expected)


def test_no_test_is_weak_evidence_in_proportion_to_what_was_expected() -> None:
    p = line_probability([0.5] * 4, [0.0] * 4, [0.0, 0.5, 5.0, 50.0], SETTINGS)
    assert p[0] == 0.5
    assert (np.diff(p) < 0).all()
    assert p[1] > 0.4
    assert p[3] > 0.05


def test_many_tests_are_strong_evidence_against_a_list_that_denies_a_line() -> None:
    assert line_probability([SETTINGS.line_not_listed], [12.0], [6.0], SETTINGS)[0] > 0.9


def test_the_rate_is_found_without_knowing_who_has_a_line() -> None:
    rng = np.random.default_rng(4)
    homes = rng.uniform(30, 200, 800)
    wired = rng.random(800) < 0.4
    shape = SETTINGS.test_clumping
    mean = 0.05 * homes
    tests = rng.negative_binomial(shape, shape / (shape + mean)) * wired
    rate = fit_rate(np.full(800, 0.4), tests, homes, SETTINGS)
    assert rate == pytest.approx(0.05, rel=0.35)
    # the rate of villages with tests alone is far too high
    assert (tests[tests > 0] / homes[tests > 0]).mean() > 1.5 * rate
    p = line_probability(np.full(800, 0.4), tests, rate * homes, SETTINGS)
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.8, 1.01)):
        here = (p >= low) & (p < high)
        if here.sum() > 40:
            assert wired[here].mean() == pytest.approx(p[here].mean(), abs=0.1)


def test_where_nobody_tested_anywhere_no_test_says_nothing(world: World) -> None:
    lines = found_in(world({"a": (5, 5), "b": (8, 5)}, {"m": (4, 5)}), [0.0, 0.0])
    assert lines.p_line.tolist() == [0.5, 0.5]
    assert lines.verdict.tolist() == ["unknown", "unknown"]
    assert lines.basis.tolist() == ["", ""]


def test_a_village_far_from_fibre_without_the_tests_to_expect_has_no_line(world: World) -> None:
    inputs = world({name: (5 + 3 * i, 5) for i, name in enumerate("abcd")}, {"m": (4, 5)})
    fibre = gpd.GeoDataFrame(geometry=[LineString([(X0 + 5000, Y0), (X0 + 5000, Y0 + 9000)])], crs=CRS_METRIC)
    inputs = replace(
        inputs, context={"fibre": fibre}, villages=inputs.villages.assign(population=[400.0, 400, 400, 900])
    )
    lines = found_in(inputs, [30.0, 14.0, 0.0, 0.0])
    assert lines.verdict.tolist()[:2] == ["present", "present"]
    assert lines.verdict[3] == "absent"
    assert lines.basis.tolist() == ["tests,fibre", "tests,fibre", "fibre", "fibre"]
    assert lines.fibre_m[1] == pytest.approx(3000, rel=0.01)
    assert lines.fibre_m[0] == 0


def test_a_list_counts_before_the_way_to_fibre() -> None:
    prior = line_prior(["village", "commune", "not", None], [90_000.0] * 4, SETTINGS)
    assert prior[:3].tolist() == [0.95, 0.7, 0.1]
    assert prior[3] == pytest.approx(SETTINGS.line_far, abs=1e-3)


def write(folder: Path, text: str) -> Path:
    path = folder / "lines.csv"
    path.write_text(text, encoding="utf-8")
    return path


def villages() -> gpd.GeoDataFrame:
    return village_table({"001": (5, 5), "002": (8, 5), "003": (11, 5)}, commune_code=["07", "07", "08"])


def listed(path: Path, **more: object) -> tuple[list[object], list[str]]:
    source = FixedSource.model_validate({"path": path, **more})
    frame, findings = read_fixed_lines([source], villages=villages(), radius_m=500)
    assert frame is not None
    return [None if pd.isna(word) else word for word in frame["listed"]], [each.message for each in findings]


def test_a_list_names_villages_communes_or_places(tmp_path: Path) -> None:
    words, messages = listed(write(tmp_path, "village_id,technology\n001,GPON\n999,GPON\n"))
    assert words == ["village", None, None]
    assert "line 3" in messages[0]
    assert listed(write(tmp_path, "commune_code\n07\n"))[0] == ["commune", "commune", None]
    at = gpd.GeoSeries([Point(X0 + 11_000, Y0 + 5000)], crs=CRS_METRIC).to_crs("EPSG:4326").iloc[0]
    assert listed(write(tmp_path, f"longitude,latitude\n{at.x},{at.y}\n"), crs="EPSG:4326")[0] == [
        None,
        None,
        "village",
    ]


def test_a_list_may_deny_and_be_complete(tmp_path: Path) -> None:
    path = write(tmp_path, "village_id,available\n001,no\n002,yes\n")
    assert listed(path)[0] == ["not", "village", None]
    assert listed(path, complete=True)[0] == ["not", "village", "not"]


def test_of_two_lists_the_one_that_names_the_village_counts(tmp_path: Path) -> None:
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text("village_id,available\n001,no\n")
    other.write_text("village_id\n001\n")
    sources = [FixedSource(path=one), FixedSource(path=other)]
    frame, _ = read_fixed_lines(sources, villages=villages(), radius_m=500)
    assert frame is not None
    assert frame["listed"][0] == "village"


def test_a_list_that_names_nothing_known_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no column 'village_id' or 'commune_code' and no place"):
        listed(write(tmp_path, "name,technology\nx,GPON\n"))
