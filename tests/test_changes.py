"""What changed between made-up runs, and which runs are refused."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from click.testing import CliRunner

from lomsong.admin_codes import build_mapping
from lomsong.change_causes import list_differences
from lomsong.changes import compare, find_mapping, read_runs
from lomsong.cli import main
from lomsong.errors import MissingSourceError, SourceError, TableError
from lomsong.report.changes_page import render_changes, write_changes
from lomsong.report.changes_pictures import draw_progress

SETTINGS: dict[str, Any] = {
    "name": "x",
    "service": {"technologies": ["3g", "4g"], "covered_from": 0.5},
    "radio": {"model": "p1812", "carriers": {"4g": {"threshold_dbm": -105.0, "source": "a"}}},
    "ranking": {"people": 1},
}
#: Villages stand 0.2 degrees apart, about 20 km, so that a mast beside one is no cause for the next.
PLACES = {"a": 104.0, "b": 104.2, "c": 104.4, "d": 104.6, "e": 104.8}


def write_run(
    folder: Path,
    statuses: dict[str, str],
    *,
    masts: dict[str, float] | None = None,
    settings: dict[str, Any] | None = None,
    tests: dict[str, str] | None = None,
    inputs: list[dict[str, str]] | None = None,
    synthetic: bool = False,
    places: dict[str, float] | None = None,
) -> Path:
    folder.mkdir(parents=True)
    places = {**PLACES, **(places or {})}
    p = {"white": 0.1, "verify": 0.5}
    ids = list(statuses)
    gpd.GeoDataFrame(
        {
            "village_id": ids,
            "village_name": [f"Bản <b>{each}</b>" for each in ids],
            "status": list(statuses.values()),
            "p_signal": [p.get(status, 0.9) for status in statuses.values()],
            "people": 100.0,
            "mobile_tests_shown": [(tests or {}).get(each, "0") for each in ids],
        },
        geometry=[shapely.box(places[each], 22.0, places[each] + 0.01, 22.01) for each in ids],
        crs=4326,
    ).to_parquet(folder / "villages.parquet")
    masts = {"m-old": 103.0} if masts is None else masts
    gpd.GeoDataFrame(
        {
            "sector_id": list(masts),
            "site_id": list(masts),
            "operator": "A",
            "technology": "4g",
            "eirp_dbm": 60.0,
        },
        geometry=[shapely.Point(x, 22.005) for x in masts.values()],
        crs=4326,
    ).to_parquet(folder / "sectors.parquet")
    record = {
        "lomsong": "0.1",
        "synthetic": synthetic,
        "settings": settings or SETTINGS,
        "inputs": inputs or [],
    }
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


BEFORE = {"a": "white", "b": "covered", "c": "white", "d": "hollow", "e": "covered"}
AFTER = {"a": "covered", "b": "white", "c": "white", "d": "served", "e": "covered"}


def changes_of(*folders: Path, **options: Any) -> pd.DataFrame:
    return compare(read_runs(folders), **options).changes.set_index("village_id")


def test_each_village_is_named_by_what_happened_to_it(tmp_path: Path) -> None:
    found = changes_of(write_run(tmp_path / "one", BEFORE), write_run(tmp_path / "two", AFTER))
    assert found["change"].to_dict() == {
        "a": "newly covered", "b": "newly dark", "c": "still dark", "d": "other change", "e": "same",
    }  # fmt: skip
    assert found.loc["a", ["status_before", "status_after", "p_before", "p_after"]].tolist() == [
        "white", "covered", 0.1, 0.9,
    ]  # fmt: skip
    # nothing at all differs between these runs: nothing is made up
    assert found.loc["a", "cause"] == "not known"


def test_a_village_to_verify_is_neither_covered_nor_dark(tmp_path: Path) -> None:
    one = write_run(tmp_path / "one", BEFORE)
    two = write_run(tmp_path / "two", {**AFTER, "a": "verify", "b": "verify"})
    assert changes_of(one, two)["change"][["a", "b"]].tolist() == ["other change", "other change"]


def test_a_new_mast_is_the_cause_near_it_and_nowhere_else(tmp_path: Path) -> None:
    one = write_run(tmp_path / "one", {**BEFORE, "c": "white"}, masts={"m-old": 103.0, "m-b": 104.21})
    two = write_run(tmp_path / "two", {**AFTER, "c": "covered"}, masts={"m-old": 103.0, "m-new": 104.05})
    found = changes_of(one, two)
    assert found.loc["a", "cause"] == "new mast"
    # 0.045 degrees of longitude at 22 degrees north, from the middle of the village
    assert found.loc["a", "causes"] == "new mast: m-new at 4.6 km"
    assert found.loc["b", "cause"] == "mast gone"
    assert found.loc["c", "cause"] == "not known"


def test_evidence_data_settings_and_program_are_told_apart(tmp_path: Path) -> None:
    one = write_run(tmp_path / "one", BEFORE, inputs=[{"layer": "terrain", "sha256": "1"}])
    changed = {**SETTINGS, "radio": {**SETTINGS["radio"], "model": "itm"}}
    two = write_run(
        tmp_path / "two", AFTER, tests={"a": "12"}, settings=changed,
        inputs=[{"layer": "terrain", "sha256": "2"}, {"layer": "speed_tests", "sha256": "3"}],
    )  # fmt: skip
    found = changes_of(one, two)
    assert found.loc["a", "cause"] == "new evidence"
    assert "tests, samples or checks of the village differ" in found.loc["a", "causes"]
    assert "of the village" not in found.loc["b", "causes"]
    for text in ("new evidence: speed_tests", "changed settings: radio.model", "changed data: terrain"):
        assert text in found.loc["b", "causes"]


def test_renamed_split_and_moved_villages_go_through_the_mapping(tmp_path: Path) -> None:
    one = write_run(tmp_path / "one", BEFORE)
    two = write_run(
        tmp_path / "two",
        {"A2": "covered", "b": "covered", "c1": "white", "c2": "white", "d": "white", "e": "covered"},
        places={"A2": 104.0, "c1": 104.4, "c2": 104.42, "d": 104.65},
    )
    mapping = build_mapping(
        pd.DataFrame(
            {"old_code": ["a", "c", "c"], "new_code": ["A2", "c1", "c2"], "kind": ["whole", "split", "split"]}
        )
    )
    found = changes_of(one, two, mapping=mapping)
    assert found.loc["A2", "change"] == "newly covered"
    assert found.loc["A2", "causes"] == "changed boundaries: a became A2"
    assert found.loc["c", "change"] == "vanished"
    assert "split into c1, c2" in found.loc["c", "causes"]
    assert found.loc["c1", "change"] == "appeared"
    assert "a part of c" in found.loc["c1", "causes"]
    assert found.loc["d", "cause"] == "changed boundaries"
    without = changes_of(one, two)
    assert without.loc["A2", "change"] == "appeared"
    assert without.loc["a", "change"] == "vanished"


def test_progress_counts_every_run_down_to_the_target(tmp_path: Path) -> None:
    runs = [
        write_run(tmp_path / "2024", dict.fromkeys("abcde", "white")),
        write_run(tmp_path / "2025", {**dict.fromkeys("abcd", "white"), "e": "covered"}),
        write_run(tmp_path / "2026", {**dict.fromkeys("bcd", "covered"), "a": "white", "e": "white"}),
    ]
    progress = compare(read_runs(runs), target=1).progress
    assert progress["white"].tolist() == [5, 4, 2]
    assert progress["to_target"].tolist() == [4, 3, 1]
    assert progress["share_done"].tolist() == [0.0, 0.25, 0.75]
    assert progress["people_white"].tolist() == [500.0, 400.0, 200.0]
    assert progress["newly_covered"].tolist()[1:] == [1, 3]
    assert progress["newly_dark"].tolist()[1:] == [0, 1]
    assert progress["newly_covered"].isna().tolist() == [True, False, False]


def test_other_rules_are_refused_and_named_and_compared_only_when_asked(tmp_path: Path) -> None:
    one = write_run(tmp_path / "one", BEFORE)
    other = {
        **SETTINGS,
        "radio": {"model": "p1812", "carriers": {"4g": {"threshold_dbm": -110.0, "source": "b"}}},
    }
    two = write_run(tmp_path / "two", AFTER, settings=other)
    with pytest.raises(TableError, match=r"threshold_dbm: -105\.0 → -110\.0[\s\S]*--anyway"):
        compare(read_runs([one, two]))
    found = compare(read_runs([one, two]), anyway=True)
    assert len(found.warnings) == 1
    assert found.changes.set_index("village_id").loc["a", "cause"] == "changed settings"
    three = write_run(tmp_path / "three", AFTER, synthetic=True)
    with pytest.raises(TableError, match="one is synthetic"):
        compare(read_runs([one, three]))


def test_two_areas_are_never_compared(tmp_path: Path) -> None:
    one = write_run(tmp_path / "one", BEFORE)
    two = write_run(tmp_path / "two", {"x": "white", "y": "white", "a": "white"}, places={"x": 1.0, "y": 2.0})
    for anyway in (False, True):
        with pytest.raises(TableError, match=r"two areas: 1 village of 5 and 3 .* --mapping"):
            compare(read_runs([one, two]), anyway=anyway)


def test_settings_that_leave_the_verdict_alone_do_not_differ() -> None:
    assert list_differences({**SETTINGS, "name": "y", "ranking": {}}, SETTINGS) == []
    other = json.loads(json.dumps(SETTINGS))
    other["radio"]["carriers"]["4g"]["source"] = "elsewhere"
    assert list_differences(SETTINGS, other) == []


def test_the_files_are_whole_escaped_and_the_same_each_time(tmp_path: Path) -> None:
    one, two = write_run(tmp_path / "one", BEFORE), write_run(tmp_path / "<i>two", AFTER)
    found = compare(read_runs([one, two]))
    for name in ("x", "y"):
        write_changes(found, tmp_path / name, synthetic=True)
    names = {"changes.csv", "changes.gpkg", "progress.csv", "progress.svg", "changes_1.svg", "changes.html"}
    assert {path.name for path in (tmp_path / "x").iterdir()} == names
    for name in names - {"changes.gpkg"}:
        assert (tmp_path / "x" / name).read_bytes() == (tmp_path / "y" / name).read_bytes()
    page = (tmp_path / "x" / "changes.html").read_text(encoding="utf-8")
    assert "<b>a</b>" not in page
    assert "<i>two" not in page
    assert "Synthetic data" in page
    assert "Synthetic data" not in render_changes(found)
    assert pd.read_csv(tmp_path / "x" / "changes.csv")["change"].tolist() == found.changes["change"].tolist()
    assert len(pyogrio.read_dataframe(tmp_path / "x" / "changes.gpkg")) == 5
    assert "one 2" in draw_progress(found).description


def test_the_command_prints_writes_and_refuses(tmp_path: Path) -> None:
    one, two = write_run(tmp_path / "one", BEFORE), write_run(tmp_path / "two", AFTER)
    done = CliRunner().invoke(main, ["compare", str(one), str(two), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "newly covered: 1" in done.output
    assert (tmp_path / "out" / "changes.html").is_file()
    done = CliRunner().invoke(main, ["compare", str(one), str(two), "--json", "--target", "1"])
    content = json.loads(done.output)
    assert content["target"] == 1
    assert [each["white"] for each in content["progress"]] == [2, 2]
    assert CliRunner().invoke(main, ["compare", str(one)]).exit_code == 2
    done = CliRunner().invoke(main, ["compare", str(one), str(tmp_path / "nothing")])
    assert done.exit_code == 1
    assert "holds no finished run" in done.output
    mapping = tmp_path / "codes.csv"
    mapping.write_text("old_code,new_code,kind\na,a2,whole\n", encoding="utf-8")
    assert CliRunner().invoke(main, ["compare", str(one), str(two), "--mapping", str(mapping)]).exit_code == 0


def test_broken_runs_are_clear_errors(tmp_path: Path) -> None:
    one = write_run(tmp_path / "one", BEFORE)
    with pytest.raises(MissingSourceError, match="no finished run"):
        read_runs([tmp_path / "none"])
    (one / "run.json").write_text("[]")
    with pytest.raises(SourceError, match="settings of a run"):
        read_runs([one])
    (one / "villages.parquet").write_bytes(b"x")
    with pytest.raises(SourceError, match="does not hold the files"):
        read_runs([one])
    same = [write_run(tmp_path / name / "run", BEFORE) for name in ("p", "q")]
    assert len({run.name for run in read_runs(same)}) == 2
    with pytest.raises(TableError, match="at least two"):
        compare(read_runs(same[:1]))


def test_many_runs_have_a_map_of_every_step_and_the_mapping_of_their_settings(tmp_path: Path) -> None:
    mapping = tmp_path / "codes.csv"
    mapping.write_text("old_code,new_code,kind\na,A2,whole\n", encoding="utf-8")
    named = {**SETTINGS, "inputs": {"code_mapping": {"path": str(mapping)}}}
    folders = [
        write_run(tmp_path / "one", BEFORE),
        write_run(tmp_path / "two", AFTER),
        write_run(
            tmp_path / "three",
            {("A2" if each == "a" else each): status for each, status in AFTER.items()},
            settings=named,
            places={"A2": 104.0},
        ),
    ]
    runs = read_runs(folders)
    found = compare(runs, mapping=find_mapping(runs), target=1)
    assert find_mapping(runs[:2]) is None
    assert set(found.changes["change"]) & {"appeared", "vanished"} == set()
    assert found.progress["to_target"].tolist() == [1, 1, 1]
    write_changes(found, tmp_path / "out")
    assert {"changes_1.svg", "changes_2.svg"} <= {path.name for path in (tmp_path / "out").iterdir()}
    page = (tmp_path / "out" / "changes.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 3
    assert page.index("one → two") < page.index("two → three")
