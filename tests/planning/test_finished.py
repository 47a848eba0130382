"""`lomsong plan` on a finished run: from the files of a tiny made-up district to files, tables and JSON."""

import json
import shutil
from pathlib import Path
from shutil import copytree, rmtree

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import yaml
from click.testing import CliRunner, Result
from pyproj import Transformer
from rasterio.transform import from_origin
from worlds import CELL_M, CRS_METRIC, X0, Y0, mast_table, ridged_terrain, village_table

from lomsong.assessment import CHANCES_FILE
from lomsong.cli import main
from lomsong.errors import SourceError
from lomsong.inputs import Inputs
from lomsong.pipeline import run
from lomsong.planning import reach
from lomsong.planning.finished import evaluate_run, plan_run, state_run
from lomsong.prediction import predict_sectors
from lomsong.run_map import redraw_map
from lomsong.schemas import PLAN
from lomsong.settings_file import load_settings
from lomsong.store import REACH_FOLDER

#: Names that a page, a terminal or a spreadsheet might take for more than names.
HOSTILE = "<script>alert(1)</script>"
VILLAGES = {HOSTILE: (2.0, 18.0), "=1+1": (5.0, 30.0), "[red]near": (14.0, 18.0)}


def write_district(folder: Path) -> Path:
    """Write a mast east of a high wall, villages in its shadow and beside it, and the settings of a run."""
    village_table(VILLAGES, population=[900.0, 100.0, 500.0]).to_file(folder / "villages.gpkg")
    masts = mast_table({"M": (15.0, 18.0)}).to_crs(4326)
    pd.DataFrame(masts.drop(columns="geometry")).assign(
        latitude_deg=masts.geometry.y, longitude_deg=masts.geometry.x
    ).to_csv(folder / "masts.csv", index=False)
    values = ridged_terrain(900.0).values
    with rasterio.open(
        folder / "terrain.tif", "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1,
        dtype="float32", crs=CRS_METRIC, transform=from_origin(X0, Y0 + len(values) * CELL_M, CELL_M, CELL_M),
    ) as target:  # fmt: skip
        target.write(values, 1)
    weak = {"name": "weak", "technology": "4g", "antenna_height_m": 20, "eirp_dbm": 36}
    content = {
        "name": "made up",
        "synthetic": True,
        "working_crs": CRS_METRIC,
        "inputs": {
            "villages": {"path": "villages.gpkg"},
            "masts": [{"path": "masts.csv", "crs": "EPSG:4326"}],
            "terrain": {"path": "terrain.tif"},
        },
        "planning": {"most_candidates": 12, "draws": 4, "configurations": [weak], "budget": 1e7},
        "ranking": {"draws": 10},
    }
    (folder / "settings.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder / "settings.yml"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("district")
    run(load_settings(write_district(folder)), folder / "out")
    return folder / "out"


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    return copytree(finished, tmp_path / "run")


def lomsong(*arguments: str) -> Result:
    done = CliRunner().invoke(main, list(arguments))
    assert "Traceback" not in done.output
    return done


def proposed(folder: Path, name: str = HOSTILE) -> Path:
    x, y = Transformer.from_crs(CRS_METRIC, 4326, always_xy=True).transform(X0 + 5000, Y0 + 30_000)
    table = pd.DataFrame({"site_id": [name, "twin"], "longitude_deg": [x, x], "latitude_deg": [y, y]})
    table.to_csv(folder / "proposed.csv", index=False)
    return folder / "proposed.csv"


def test_the_command_writes_the_same_plan_as_csv_geopackage_and_json(folder: Path) -> None:
    done = lomsong("plan", str(folder), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert told["proven"]
    flat = pd.read_csv(folder / "plan.csv")
    layer = gpd.read_file(folder / "plan.gpkg", layer="plan")
    ids = [site["site_id"] for site in told["sites"]]
    assert ids
    assert flat["site_id"].tolist() == layer["site_id"].tolist() == ids
    assert flat["people"].sum() == pytest.approx(told["people"], abs=1)
    assert set(told["robustness"]) == {"expected_people", "low_people", "over_budget", "sites", "checks"}
    villages = pd.read_csv(folder / "plan_villages.csv")
    assert HOSTILE in set(villages["village_id"])
    assert pd.read_csv(folder / "plan_curve.csv")["knee"].sum() == 1


def test_the_tables_name_sites_and_people_and_quiet_says_nothing(folder: Path, tmp_path: Path) -> None:
    shown = lomsong("plan", str(folder), "--out", str(tmp_path / "elsewhere"))
    assert shown.exit_code == 0, shown.output
    assert "N-=1+1" in shown.output
    assert "synthetic data" in shown.output
    assert "as on the map" in shown.output
    for name in ("plan.gpkg", "plan.xlsx", "plan_backhaul.svg"):
        assert (tmp_path / "elsewhere" / name).is_file()
    assert not (folder / "plan.csv").exists()
    assert lomsong("plan", str(folder), "--quiet").output == ""


def test_checks_are_worth_something_only_where_a_candidate_that_can_be_paid_reaches(folder: Path) -> None:
    assert lomsong("plan", str(folder), "--quiet").exit_code == 0
    checks = pd.read_csv(folder / "plan_checks.csv", encoding="utf-8-sig")
    dark = set(pd.read_csv(folder / "plan_villages.csv")["village_id"])
    assert len(checks) > 0
    # the village beside the mast is not planned for, so its visit changes nothing
    assert {name.lstrip("'") for name in checks["village_id"]} <= dark
    assert (folder / "plan_checks.kml").is_file()
    lomsong("plan", str(folder), "--budget", "0", "--quiet")
    assert len(pd.read_csv(folder / "plan_checks.csv", encoding="utf-8-sig")) == 0


def test_the_map_shows_hostile_names_of_a_plan_as_names(folder: Path) -> None:
    lomsong("plan", str(folder), "--quiet")
    page, _ = redraw_map(folder)
    assert "<script>alert" not in page.read_text(encoding="utf-8")


def test_a_plan_without_sites_leaves_nothing_of_an_older_one(folder: Path) -> None:
    assert lomsong("plan", str(folder), "--quiet").exit_code == 0
    assert len(gpd.read_file(folder / "plan.gpkg", layer="plan")) > 0
    poor = lomsong("plan", str(folder), "--budget", "0")
    assert poor.exit_code == 0, poor.output
    assert "the cheapest site that reaches anybody costs" in poor.output
    assert "left out: 2 villages" in poor.output
    assert len(gpd.read_file(folder / "plan.gpkg", layer="plan")) == 0
    flat = pd.read_csv(folder / "plan.csv")
    assert len(flat) == 0
    assert set(PLAN.names()) <= set(flat)
    assert (pd.read_csv(folder / "plan_villages.csv")["comes_in_at"] > 0).any()
    redraw_map(folder)  # an empty plan is no plan to the map
    assert json.loads(lomsong("plan", str(folder), "--budget", "0", "--json").output)["sites"] == []


def test_the_plan_goes_by_the_chance_that_the_run_has_judged(folder: Path) -> None:
    told = pd.read_parquet(folder / CHANCES_FILE)
    stated = state_run(folder)
    assert stated.p_signal is not None
    np.testing.assert_array_equal(stated.p_signal, told["p_signal"])
    villages = gpd.read_parquet(folder / "villages.parquet").set_index("village_id")["unserved_people"]
    planned = stated.problem.demand.groupby("village_id")["unserved"].sum()
    assert planned[HOSTILE] == pytest.approx(villages[HOSTILE], abs=0.2)
    # where the run has found signal, nothing is built
    told.assign(p_signal=0.99).to_parquet(folder / CHANCES_FILE)
    assert len(plan_run(folder)[0].sites) == 0
    # a run that does not tell is planned by what was predicted, and the plan says so
    (folder / CHANCES_FILE).unlink()
    done, _ = plan_run(folder)
    assert len(done.sites) > 0
    assert any("as predicted, before any evidence" in finding.message for finding in done.findings)


def test_equal_years_that_are_asked_for_count_though_the_run_has_unequal_ones(folder: Path) -> None:
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    record["settings"]["planning"]["yearly_shares"] = [3, 1]
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    kept = json.loads(lomsong("plan", str(folder), "--budget", "1e6", "--json").output)
    assert kept["years"]["limits"] == [750_000.0, 1_000_000.0]
    equal = json.loads(lomsong("plan", str(folder), "--budget", "1e6", "--phases", "4", "--json").output)
    assert equal["years"]["limits"] == [250_000.0, 500_000.0, 750_000.0, 1_000_000.0]


def test_inputs_that_have_changed_since_the_run_are_warned_of(folder: Path) -> None:
    assert not any(finding.severity == "warning" for finding in plan_run(folder)[0].findings)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    next(each for each in record["inputs"] if each["layer"] == "masts")["sha256"] = "0" * 64
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    shown = lomsong("plan", str(folder))
    assert shown.exit_code == 0, shown.output
    assert "Warning: inputs that have changed since the run: masts" in shown.output


def test_chances_of_other_inputs_are_refused(folder: Path) -> None:
    pd.read_parquet(folder / CHANCES_FILE).iloc[:-1].to_parquet(folder / CHANCES_FILE)
    with pytest.raises(SourceError, match="run it again"):
        plan_run(folder)


def test_the_planners_list_is_told_as_a_table_and_as_json(folder: Path) -> None:
    listed = proposed(folder)
    shown = lomsong("plan", str(folder), "--sites", str(listed))
    assert shown.exit_code == 0, shown.output
    assert "twin" in shown.output
    told = json.loads(lomsong("plan", str(folder), "--sites", str(listed), "--json").output)
    worth, _ = evaluate_run(folder, listed)
    assert told["people"] == pytest.approx(worth.people)
    assert [site["site_id"] for site in told["sites"]] == [HOSTILE, "twin"]
    assert [site["adds"] for site in told["sites"]] == [0.0, 0.0]
    assert [(site["lost_people"], site["silenced"]) for site in told["sites"]] == [(0.0, "")] * 2
    assert worth.people <= worth.best_people <= worth.bound + 1e-6
    assert not (folder / "plan.csv").exists()


def test_other_plans_and_the_cost_of_everything_are_told_when_asked_for(folder: Path) -> None:
    asked = ("plan", str(folder), "--budget", "160000", "--alternatives", "2", "--everything")
    told = json.loads(lomsong(*asked, "--json").output)
    assert 1 <= len(told["alternatives"]) <= 2
    mine = {site["site_id"] for site in told["sites"]}
    for other in told["alternatives"]:
        assert other["value"] <= told["bound"] + 1e-6
        assert other["spent"] <= 160_000
        assert mine - set(other["site_ids"])
    whole = told["cover_everything"]
    assert whole["least"] <= whole["cost"]
    assert whole["people"] >= told["people"]
    shown = lomsong(*asked)
    assert shown.exit_code == 0, shown.output
    assert "other plans" in shown.output
    assert "To give all" in shown.output
    assert "alternatives" not in json.loads(lomsong("plan", str(folder), "--json").output)


def test_a_list_is_written_where_it_is_asked_for_and_a_broken_one_leaves_nothing(folder: Path) -> None:
    done = lomsong(
        "plan", str(folder), "--sites", str(proposed(folder)), "--out", str(folder / "mine"), "--budget", "1"
    )
    assert done.exit_code == 0, done.output
    assert "plan of equal cost" in done.stderr  # a budget does not count
    assert sorted(path.name for path in (folder / "mine").iterdir()) == [
        "proposed.csv", "proposed.gpkg", "proposed_missed.csv"
    ]  # fmt: skip
    layer = gpd.read_file(folder / "mine" / "proposed.gpkg", layer="proposed")
    assert layer["site_id"].tolist() == [HOSTILE, "twin"]
    assert (layer["overlap"] == layer["alone"]).all()
    mine = shutil.copy(proposed(folder), folder / "mine" / "proposed.csv")
    given = mine.read_bytes()
    kept = lomsong("plan", str(folder), "--sites", str(mine), "--out", str(folder / "mine"))
    assert (kept.exit_code, mine.read_bytes()) == (1, given)
    assert "replace proposed.csv" in kept.output
    (folder / "bad.csv").write_text("site_id,longitude_deg\na,1\n", encoding="utf-8")
    broken = lomsong("plan", str(folder), "--sites", str(folder / "bad.csv"), "--out", str(folder / "none"))
    assert (broken.exit_code, (folder / "none").exists()) == (1, False)
    assert "lacks latitude_deg" in broken.output


def count_predictions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    asked: list[int] = []

    def counting(inputs: Inputs, demand: gpd.GeoDataFrame, sectors: gpd.GeoDataFrame) -> pd.DataFrame:
        asked.append(len(sectors))
        return predict_sectors(inputs, demand, sectors)

    monkeypatch.setattr(reach, "predict_sectors", counting)
    return asked


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("plan*.csv")}


def test_a_second_plan_takes_the_kept_reach_and_writes_the_same_bytes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = count_predictions(monkeypatch)
    first, other = (lomsong("plan", str(folder), "--budget", budget) for budget in ("1e7", "1e6"))
    assert (first.exit_code, other.exit_code, len(asked)) == (0, 0, 1)
    kept = written(folder)
    rmtree(folder / REACH_FOLDER)
    assert lomsong("plan", str(folder), "--budget", "1e6").exit_code == 0
    assert (written(folder), len(asked)) == (kept, 2)


def test_a_damaged_reach_is_computed_again_and_another_configuration_never_takes_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = count_predictions(monkeypatch)
    whole = state_run(folder).problem.reach
    (path,) = (folder / REACH_FOLDER).iterdir()
    for damage in (path.read_bytes()[:-40], b"", b"not an archive"):
        path.write_bytes(damage)
        assert (state_run(folder).problem.reach != whole).nnz == 0
    np.savez(path, other=np.zeros(1))  # whole, but not ours
    assert (state_run(folder).problem.reach != whole).nnz == 0
    assert len(asked) == 5
    strong = {"name": "strong", "technology": "4g", "antenna_height_m": 60, "eirp_dbm": 50}
    assert state_run(folder, {"configurations": [strong]}).problem.reach.sum() > whole.sum()
    assert len(asked) == 6


def test_a_plan_needs_no_room_to_keep_its_reach(folder: Path) -> None:
    (folder / REACH_FOLDER).write_text("in the way")
    assert len(plan_run(folder)[0].sites)
