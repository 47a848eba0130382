"""The whole chain on the demo district: whole, deterministic, atomic, and compared with the truth."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from fnmatch import fnmatch
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

import lomsong as ls
from lomsong.errors import LomsongError, OutputError
from lomsong.pipeline import RESULTS, RUN_FILE, Run, run
from lomsong.report.tables import result_columns
from lomsong.report.truth import compare_truth
from lomsong.run_report import redraw_report
from lomsong.schemas import STATUSES
from lomsong.store import PARTS_FOLDER

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "data" / "demo" / "district.yml"
FILES = {
    "map.html", "paths.json", "report.html", "run.json", "quality.json", "quality.html", "villages.parquet", "villages.gpkg", "villages.csv", "villages.geojson", "report.xlsx",
    "ranking.csv", "ranking_by_part.csv", "broadband.csv", "evidence.json", "field_checks.csv", "field_checks.kml", "summary.csv", "service.csv", "signal.parquet", "sectors.parquet",
    "demand_points.parquet",
}  # fmt: skip


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(ls.load_settings(CONFIG), tmp_path_factory.mktemp("demo") / "out")


def digests(folder: Path) -> dict[str, str]:
    kept = [
        path
        for path in folder.iterdir()
        if path.suffix in (".csv", ".parquet", ".html", ".xlsx", ".geojson") or path.name == "quality.json"
    ]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


def test_a_run_writes_every_file_and_nothing_else(demo: Run) -> None:
    assert {path.name for path in demo.folder.iterdir()} == FILES
    assert all(any(fnmatch(name, kind) for kind in (RUN_FILE, *RESULTS)) for name in FILES)


def test_a_run_never_replaces_what_it_reads(tmp_path: Path) -> None:
    folder = shutil.copytree(CONFIG.parent, tmp_path / "demo")
    before = digests(folder)
    given = hashlib.sha256((folder / "villages.gpkg").read_bytes()).hexdigest()
    with pytest.raises(OutputError, match=r"replace villages.gpkg.*choose another folder"):
        run(ls.load_settings(folder / CONFIG.name), folder)
    assert hashlib.sha256((folder / "villages.gpkg").read_bytes()).hexdigest() == given
    assert digests(folder) == before
    assert {path.name for path in folder.iterdir()} == {path.name for path in CONFIG.parent.iterdir()}


def test_every_village_is_in_every_table_once(demo: Run) -> None:
    wanted = set(ls.read(ls.load_settings(CONFIG)).villages["village_id"])
    parquet = gpd.read_parquet(demo.folder / "villages.parquet")
    package = gpd.read_file(demo.folder / "villages.gpkg", layer="villages")
    flat = pd.read_csv(demo.folder / "villages.csv", dtype={"village_id": str})
    ranking = pd.read_csv(demo.folder / "ranking.csv", dtype={"village_id": str})
    for table in (parquet, package, flat, ranking):
        assert set(table["village_id"]) == wanted
        assert table["village_id"].is_unique
    assert flat["rank"].tolist() == list(range(1, len(flat) + 1))
    assert set(flat["status"]) <= set(STATUSES)
    assert list(parquet.columns.drop("geometry")) == result_columns(demo.villages)


def test_the_same_inputs_give_the_same_bytes(demo: Run, tmp_path: Path) -> None:
    again = run(ls.load_settings(CONFIG), tmp_path)
    assert digests(again.folder) == digests(demo.folder)
    one, two = (
        gpd.read_file(folder / "villages.gpkg", layer="villages") for folder in (demo.folder, again.folder)
    )
    pd.testing.assert_frame_equal(one, two)


def test_the_record_says_what_was_run_and_on_what(demo: Run) -> None:
    record = json.loads((demo.folder / "run.json").read_text())
    assert record["model"] == {"name": "p1812", "title": "ITU-R P.1812", "label": "standard"}
    assert record["synthetic"] is True
    assert record["seed"] == ls.load_settings(CONFIG).seed
    assert set(record["seconds"]) == {"read", "check", "predict", "calibrate", "assess", "rank", "write"}
    assert record["peak_memory_mib"] > 50
    villages = next(row for row in record["inputs"] if row["layer"] == "villages")
    assert villages["sha256"] == hashlib.sha256((CONFIG.parent / villages["path"]).read_bytes()).hexdigest()
    assert record["settings"]["radio"]["receiver_height_m"] == 1.5
    assert record["assumptions"]


def test_the_summary_adds_up(demo: Run) -> None:
    summary = pd.read_csv(demo.folder / "summary.csv")
    whole, communes = summary[summary["level"] == "all"].iloc[0], summary[summary["level"] == "commune"]
    statuses = [f"villages_{status}" for status in STATUSES]
    assert whole[statuses].sum() == whole["villages"] == communes["villages"].sum()
    assert communes["people"].sum() == pytest.approx(whole["people"])
    assert 0 <= whole["covered_share_any"] <= 1


def test_synthetic_stands_on_the_map_and_in_the_report(demo: Run) -> None:
    assert "synthetic" in (demo.folder / "map.html").read_text(encoding="utf-8").lower()
    assert "Synthetic data" in (demo.folder / "report.html").read_text(encoding="utf-8")


def test_the_report_compares_with_the_truth_and_the_prediction_beats_distance(demo: Run) -> None:
    """The oracle is the truth behind the district; the rival says 'dark' to as many villages, by distance alone."""
    assert demo.truth is not None
    assert "Compared with the truth" in (demo.folder / "report.html").read_text(encoding="utf-8")
    truth = ls.read(ls.load_settings(CONFIG)).truth
    by_distance = demo.villages.copy()
    order = by_distance["nearest_site_m"].rank(ascending=False, method="first")
    by_distance["p_signal"] = (order > demo.truth.alarms).astype(float)
    rival = compare_truth(by_distance, truth)
    assert demo.truth.found > rival.found
    assert demo.truth.recall >= 0.6


def test_an_error_on_the_way_leaves_the_old_result_untouched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    run(ls.load_settings(CONFIG), folder)
    before = digests(folder)

    def fail(*_: object, **__: object) -> None:
        raise LomsongError("broken on purpose")

    monkeypatch.setattr("lomsong.pipeline.render_report", fail)
    with pytest.raises(LomsongError, match="on purpose"):
        run(ls.load_settings(CONFIG), folder)
    assert digests(folder) == before
    assert {path.name for path in folder.iterdir()} == FILES | {PARTS_FOLDER}  # for --resume


@pytest.mark.parametrize("after_s", [1.5, 3.0, 4.5])
def test_a_killed_run_leaves_no_half_file_and_the_next_one_cleans_up(tmp_path: Path, after_s: float) -> None:
    folder = tmp_path / "out"
    command = [sys.executable, "-m", "lomsong", "run", str(CONFIG), "--out", str(folder), "--quiet"]
    process = subprocess.Popen(command)
    time.sleep(after_s)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    left = (
        {path.name for path in folder.iterdir() if not path.name.startswith(".")}
        if folder.exists()
        else set()
    )
    # either nothing moved yet, or the run was done; run.json stands for a whole result
    assert left in (set(), FILES) or "run.json" not in left
    run(ls.load_settings(CONFIG), folder)
    assert {path.name for path in folder.iterdir()} == FILES


def test_a_folder_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="choose another folder"):
        run(ls.load_settings(CONFIG), tmp_path / "file" / "out")


def test_the_report_drawn_again_is_the_same_and_speaks_vietnamese(demo: Run, tmp_path: Path) -> None:
    again = redraw_report(demo.folder, out=tmp_path / "again.html")
    assert again.read_bytes() == (demo.folder / "report.html").read_bytes()
    page = redraw_report(demo.folder, out=tmp_path / "vi.html", language="vi").read_text(encoding="utf-8")
    assert '<html lang="vi">' in page
    assert "trắng sóng" in page
    assert "Thôn bản" in page
    assert "nearest recorded mast" not in page


def test_the_evidence_page_of_a_run_holds_its_pictures_and_asks_for_nothing(
    demo: Run, tmp_path: Path
) -> None:
    page = redraw_report(demo.folder, out=tmp_path / "e.html", evidence_only=True).read_text(encoding="utf-8")
    assert page.count("<svg") >= 2
    assert "Synthetic data" in page
    assert "://" not in page.replace("http://www.w3.org/2000/svg", "")


def test_the_report_of_no_run_and_of_a_broken_one_is_one_message(demo: Run, tmp_path: Path) -> None:
    with pytest.raises(LomsongError, match="holds no finished run"):
        redraw_report(tmp_path)
    for path in demo.folder.iterdir():
        shutil.copy(path, tmp_path)
    (tmp_path / "evidence.json").write_text('{"self_test": {}}')
    with pytest.raises(LomsongError, match="run it again"):
        redraw_report(tmp_path)
    with pytest.raises(OutputError, match="name a file"):
        redraw_report(demo.folder, out=tmp_path / "report.txt")
