"""What a field check is worth: against brute force, in its order, and as a list that reads back."""

from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import CRS_METRIC, village_table

from lomsong.checking import check_value, rank_checks
from lomsong.report.checklist import TO_FILL_IN, write_checklist
from lomsong.schemas import FIELD_CHECKS
from lomsong.settings import CheckSource
from lomsong.sources.signals import read_field_checks

PLACES: dict[str, tuple[float, float]] = {"001": (5, 5), "=1+1": (8, 5), "003": (11, 5)}


def ranked_checks(villages: gpd.GeoDataFrame, values: pd.Series | None = None) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(rank_checks(villages, reliability=0.97, values=values))


def judged(**columns: object) -> gpd.GeoDataFrame:
    table = village_table(PLACES)
    plain: dict[str, object] = {
        "p_signal": [0.5, 0.9, 0.1],
        "status": ["verify", "covered", "white"],
        "verify_cause": ["weak evidence", None, None],
        "reasons": ["a <b>; & c", "-2 dB", "ok"],
        "village_name": ['=HYPERLINK("http://x")', "Bản <Đèo> & \x07 Gió", "+84"],
    }
    return table.assign(**{**plain, **columns})


@given(
    p=st.floats(0.01, 0.99),
    stake=st.floats(0, 1e4),
    limit=st.floats(0.1, 0.9),
    reliability=st.floats(0.5, 1.0),
)
def test_the_value_is_the_spared_loss_of_all_outcomes_by_brute_force(
    p: float, stake: float, limit: float, reliability: float
) -> None:
    cost = {("covered", False): 2 * limit, ("white", True): 2 * (1 - limit)}

    def loss(chance: float) -> float:
        calls = ("covered", "white")
        return min(
            chance * cost.get((call, True), 0) + (1 - chance) * cost.get((call, False), 0) for call in calls
        )

    after = 0.0
    for answer in (True, False):
        if_signal = reliability if answer else 1 - reliability
        chance = p * if_signal + (1 - p) * (1 - if_signal)
        if chance > 0:
            after += chance * loss(p * if_signal / chance)
    value = check_value([p], [stake], covered_from=limit, reliability=reliability)[0]
    assert value == pytest.approx(stake * (loss(p) - after), abs=1e-6 * max(stake, 1))


def test_the_costs_make_the_limit_of_the_status_the_best_one() -> None:
    p = np.array([0.29, 0.3, 0.31])
    covered, white = (1 - p) * 2 * 0.3, p * 2 * 0.7
    assert (covered < white).tolist() == [False, False, True]
    assert (
        check_value([0.3], [1.0], covered_from=0.3, reliability=1.0)[0]
        > check_value([0.5], [1.0], covered_from=0.3, reliability=1.0)[0]
    )


def test_even_odds_are_worth_most_and_certainty_nothing() -> None:
    value = check_value(np.array([0.0, 0.02, 0.2, 0.5, 0.8, 0.98, 1.0]), np.full(7, 100.0), reliability=0.97)
    assert value[3] == value.max()
    assert value[[0, 1, 5, 6]].tolist() == [0.0] * 4
    np.testing.assert_allclose(value, value[::-1], atol=1e-9)


def test_people_and_doubt_decide_the_order() -> None:
    table = ranked_checks(judged(population=[100.0, 5000.0, 100.0]))
    assert table["village_id"].tolist() == ["=1+1", "001", "003"]
    assert table["check_order"].tolist() == [1, 2, 3]


def test_nothing_computed_and_contradictions_are_even_odds() -> None:
    table = ranked_checks(
        judged(p_signal=[np.nan, 0.99, 0.99], verify_cause=["missing input", "contradiction", None])
    )
    assert table["village_id"].tolist() == ["001", "=1+1"]
    assert table["check_value"][0] == table["check_value"][1]


def test_a_plan_may_say_what_hangs_on_a_village() -> None:
    table = ranked_checks(judged(), values=pd.Series({"003": 9.0}))
    assert table["village_id"].tolist() == ["003"]


def test_unknown_people_count_as_the_usual_village_and_a_decision_by_hand_needs_no_check() -> None:
    table = ranked_checks(judged(population=[np.nan, 100.0, 100.0], override=["2026-11-01 A", None, None]))
    assert table["village_id"].tolist() == ["003", "=1+1"] or table["village_id"].tolist() == ["=1+1", "003"]
    assert len(ranked_checks(judged(population=np.nan))) == 3


def read_back(path: Path) -> gpd.GeoDataFrame:
    frame, _ = read_field_checks(CheckSource(path=path, crs="EPSG:4326"), villages=village_table(PLACES))
    return frame.to_crs(CRS_METRIC)


def assert_filled(frame: gpd.GeoDataFrame) -> None:
    assert (frame["kind"] == "field_check").all()
    assert frame["has_signal"].tolist() == [True, False]
    assert frame["technology"].tolist() == ["4g", "4g"]
    assert frame["time"].tolist() == ["2026-11-20"] * 2
    centres = village_table(PLACES).geometry.centroid
    assert frame.geometry.iloc[0].distance(centres.iloc[0]) < 1
    assert frame.geometry.iloc[1].distance(centres.iloc[1]) < 1


FILLED: dict[str, list[str]] = {
    "has_signal": ["có", "không", ""],
    "time": ["2026-11-20"] * 3,
    "operator": ["Viettel"] * 3,
    "technology": ["4G"] * 3,
    "level_dbm": ["-95", "", ""],
}


@pytest.mark.parametrize("layout", ["as written", "semicolons and decimal commas"])
def test_a_filled_list_reads_back_as_field_checks(tmp_path: Path, layout: str) -> None:
    write_checklist(ranked_checks(judged(population=[300.0, 200.0, 100.0], p_signal=0.5)), tmp_path)
    path = tmp_path / "field_checks.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig").assign(**FILLED)
    if layout == "as written":
        table.to_csv(path, index=False)
    else:
        for name in ("longitude_deg", "latitude_deg"):
            table[name] = table[name].str.replace(".", ",")
        table.to_csv(path, index=False, sep=";", encoding="utf-8-sig")
    assert_filled(read_back(path))


def test_a_list_whose_places_were_lost_still_reads_back_by_its_codes(tmp_path: Path) -> None:
    write_checklist(ranked_checks(judged(population=[300.0, 200.0, 100.0], p_signal=0.5)), tmp_path)
    path = tmp_path / "field_checks.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig").assign(**FILLED)
    table.drop(columns=["longitude_deg", "latitude_deg"]).to_csv(path, index=False)
    assert_filled(read_back(path))


def test_no_cell_of_the_list_is_a_formula(tmp_path: Path) -> None:
    write_checklist(ranked_checks(judged(p_signal=0.5)), tmp_path)
    table = pd.read_csv(tmp_path / "field_checks.csv", dtype=str, keep_default_na=False)
    assert set(FIELD_CHECKS.names()) <= set(table)
    texts = table[["village_id", "village_name", "reasons"]].to_numpy().ravel()
    assert len(texts) == 9
    assert not any(text.startswith(("=", "+", "-", "@", "\t", "\r")) for text in texts)


def test_the_kml_is_whole_and_reads_back_when_filled_in(tmp_path: Path) -> None:
    write_checklist(ranked_checks(judged(population=[300.0, 200.0, 100.0], p_signal=0.5)), tmp_path)
    path = tmp_path / "field_checks.kml"
    space = {"k": "http://www.opengis.net/kml/2.2"}
    ET.register_namespace("", "http://www.opengis.net/kml/2.2")
    tree = ET.parse(path)  # noqa: S314 - written by us
    places = tree.findall(".//k:Placemark", space)
    assert places[0].findtext("k:name", namespaces=space) == '=HYPERLINK("http://x")'
    for row, place in enumerate(places):
        for name, cells in FILLED.items():
            value = place.find(f".//k:Data[@name='{name}']/k:value", space)
            assert value is not None
            value.text = cells[row]
    tree.write(path, encoding="utf-8")
    assert_filled(read_back(path))


def test_what_is_to_fill_in_is_what_the_reader_reads() -> None:
    assert {"has_signal", "time", "operator", "technology", "level_dbm"} <= set(TO_FILL_IN)
