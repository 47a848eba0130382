"""The self-test: figures by hand and by theory, pictures that say what the figures say, pages that hold nothing foreign."""

import json
import string
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lomsong.report.evidence_page import render_self_test
from lomsong.report.self_test import (
    SelfTest,
    calibration_error,
    interval_coverage,
    make_self_test,
    parse_self_test,
    reliability_bins,
)
from lomsong.report.self_test_pictures import draw_coverage, draw_drivers, draw_reliability
from lomsong.report.words import WORDS
from lomsong.text import fold


def villages(p: list[float], **columns: object) -> pd.DataFrame:
    table = pd.DataFrame({"village_id": [str(i) for i in range(len(p))], "p_signal": p})
    plain: dict[str, object] = {"status": "covered", "evidence": "predicted", "nearest_site_m": 2000.0}
    return table.assign(**{**plain, **columns})


def truth(*signal: bool) -> pd.DataFrame:
    return pd.DataFrame({"village_id": [str(i) for i in range(len(signal))], "has_signal": signal})


def test_a_hand_worked_case() -> None:
    test = make_self_test(
        villages([0.9, 0.94, 0.1, np.nan], status=["covered", "covered", "white", "verify"]),
        truth(True, False, False, True),
    )
    assert test.source == "truth"
    assert test.villages == 3
    assert test.brier == pytest.approx((0.1**2 + 0.94**2 + 0.1**2) / 3, abs=1e-6)
    # bins: 0.1 held none of 1; 0.9 and 0.94 held one of 2
    assert test.calibration_error == pytest.approx((1 * 0.1 + 2 * abs(0.92 - 0.5)) / 3, abs=1e-5)
    assert test.confusion == {
        "covered": {"no signal": 1, "signal": 1},
        "verify": {"no signal": 0, "signal": 1},
        "white": {"no signal": 1, "signal": 0},
    }


def test_bars_are_jeffreys_intervals() -> None:
    found = reliability_bins([0.55] * 10, [True] * 4 + [False] * 6)[0]
    law = stats.beta(4.5, 6.5)
    assert (found.low, found.high) == pytest.approx(law.ppf([0.05, 0.95]))


def test_chances_that_come_true_as_often_as_they_say_have_no_error() -> None:
    rng = np.random.default_rng(1)
    p = rng.random(40_000)
    assert calibration_error(reliability_bins(p, rng.random(40_000) < p)) < 0.01
    assert calibration_error(reliability_bins(p, rng.random(40_000) < 0.5)) > 0.2


def test_coverage_of_ranks() -> None:
    even = {each.nominal: each.found for each in interval_coverage((np.arange(1000) + 0.5) / 1000)}
    assert all(found == pytest.approx(nominal, abs=0.002) for nominal, found in even.items())
    narrow = {each.nominal: each.found for each in interval_coverage(np.array([0.01, 0.99, 0.5, 0.5]))}
    assert narrow[0.8] == 0.5
    assert interval_coverage([np.nan]) == ()


def test_without_truth_the_held_out_samples_tell_of_levels_alone() -> None:
    held = pd.DataFrame({"level_dbm": [-90.0, -100.0], "expected_dbm": [-93.0, -96.0], "rank": [0.6, 0.3]})
    test = make_self_test(villages([0.5]), None, held)
    assert test.source == "held-out samples"
    assert test.rmse_db == pytest.approx(np.sqrt(12.5), abs=1e-5)
    assert np.isnan(test.brier)
    assert test.reliability == ()
    page = render_self_test(test, name="x", synthetic=False)
    assert "say nothing of places without signal" in page
    assert page.count("<svg") == 1


def test_with_nothing_to_hold_it_against_the_page_says_what_would_help() -> None:
    test = make_self_test(villages([0.5]), None)
    assert test.source == "none"
    assert "field_checks.csv" in render_self_test(test, name="x", synthetic=True)


def test_drivers_name_the_group_that_the_errors_come_from() -> None:
    test = make_self_test(
        villages(
            [0.9] * 8,
            nearest_site_m=[500.0] * 6 + [9000.0] * 2,
            evidence=["both"] * 4 + ["predicted"] * 4,
        ),
        truth(*[True] * 6, False, False),
    )
    worst = test.drivers[0]
    assert (worst.subject, worst.group, worst.villages) == ("distance", "> 8 km", 2)
    assert worst.part_of_error == pytest.approx(2 * 0.81 / (2 * 0.81 + 6 * 0.01), abs=1e-5)
    for subject in ("distance", "evidence", "status"):
        parts = [each for each in test.drivers if each.subject == subject]
        assert sum(each.part_of_error for each in parts) == pytest.approx(1, abs=1e-5)
        assert sum(each.villages for each in parts) == 8


def full() -> SelfTest:
    rng = np.random.default_rng(2)
    p = rng.random(60)
    held = pd.DataFrame({"level_dbm": -90.0, "expected_dbm": -92.0, "rank": rng.random(50)})
    table = villages(list(p), nearest_site_m=rng.random(60) * 12_000)
    return make_self_test(table, truth(*(rng.random(60) < p)), held)


def test_it_comes_back_from_json_as_it_was() -> None:
    test = full()
    again = parse_self_test(json.loads(json.dumps(test.as_dict())))
    assert again.as_dict() == test.as_dict()
    assert again.villages == 60


def test_a_perfect_forecast_is_drawn_on_the_diagonal() -> None:
    test = make_self_test(villages([0.0] * 5 + [1.0] * 5), truth(*[False] * 5, *[True] * 5))
    sheet = draw_reliability(test, "en")
    diagonal = sheet.shapes[0].points  # type: ignore[union-attr]
    diamonds = [shape for shape in sheet.shapes if getattr(shape, "fill", "") == "#1b5e9b"]
    middles = [np.mean(shape.points, axis=0) for shape in diamonds]  # type: ignore[union-attr]
    np.testing.assert_allclose(middles, diagonal)


@pytest.mark.parametrize("language", ["en", "vi"])
def test_pictures_are_whole_and_the_page_asks_for_nothing(language: str) -> None:
    test = full()
    lang = "vi" if language == "vi" else "en"
    for draw in (draw_reliability, draw_coverage, draw_drivers):
        ET.fromstring(draw(test, lang).as_svg())  # noqa: S314 - drawn by us
    page = render_self_test(test, name='<script>"x"', synthetic=True, language=lang)
    assert page.count("<svg") == 3
    assert "<script" not in page
    assert "src=" not in page
    assert ("Điểm" in page or "điểm Brier" in page) == (language == "vi")


def test_the_words_of_both_languages_hold_the_same_values_and_real_vietnamese() -> None:
    def names(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for key, (english, vietnamese) in WORDS.items():
        assert names(english) == names(vietnamese), key
        assert fold(vietnamese) != vietnamese.casefold(), key
