"""The map of a finished run, drawn again from its files."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from map_pages import sent, to_degrees

from lomsong.cli import main
from lomsong.errors import MissingSourceError, OutputError, SourceError
from lomsong.maps import MapOptions
from lomsong.planning.investment import Plan
from lomsong.report.plan_tables import write_plan
from lomsong.run_map import redraw_map


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The files of a run whose sources are gone."""
    folder = tmp_path / "run"
    folder.mkdir()
    squares = [shapely.box(104 + 0.01 * i, 22, 104.01 + 0.01 * i, 22.01) for i in range(4)]
    gpd.GeoDataFrame(
        {
            "village_id": [f"{i:03d}" for i in range(4)],
            "village_name": ["Bản Một", "Bản Hai", "Bản Ba", "Bản Bốn"],
            "status": ["white", "hollow", "served", "covered"],
            "rank": [1, 2, 3, 4],
            "nearest_site_m": [3400.0, 900.0, 800.0, 700.0],
            "reasons": "nearest recorded mast 3.4 km (Sóng Xanh)",
        },
        geometry=squares,
        crs=4326,
    ).to_parquet(folder / "villages.parquet")
    gpd.GeoDataFrame(
        {"sector_id": ["A-1"], "site_id": ["A-site"], "operator": ["Sóng Xanh"], "technology": ["4g"]},
        geometry=[shapely.Point(104.005, 22.005)],
        crs=4326,
    ).to_parquet(folder / "sectors.parquet")
    (folder / "service.csv").write_text(
        "village_id,operator,technology,p_centre\n000,any,any,0.2\n", encoding="utf-8"
    )
    gpd.GeoDataFrame(
        {"site_id": ["P1"], "order": [1], "cost": [50000.0], "people": [300.0], "village_ids": ["000;001"]},
        geometry=[shapely.MultiPoint([(104.02, 22.005)])],
        crs=4326,
    ).to_file(folder / "plan.gpkg", layer="plan")
    record = {
        "name": "Xã Thử",
        "synthetic": True,
        "settings": {"name": "x"},
        "inputs": [{"attribution": "Somebody", "licence": "CC0"}, {"attribution": "", "licence": ""}],
    }
    (folder / "run.json").write_text(json.dumps(record))
    return folder


def test_a_run_without_its_sources_is_drawn_from_its_own_files(run: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    path, notes = redraw_map(run, out=tmp_path / "again.html", options=MapOptions(language="vi"))
    text = path.read_text(encoding="utf-8")
    assert "<title>Xã Thử</title>" in text
    assert "Somebody (CC0)" in text
    assert re.search(r'"language":"vi"', text)
    assert "lomsong_masts_" in text
    assert sent(text, "plan").varints("covered_sizes") == [2]
    assert len(notes) == 1
    assert "without relief" in notes[0]
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before


def test_the_command_writes_the_page_without_masts(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "public.html"
    done = CliRunner().invoke(main, ["map", str(run), "--out", str(out), "--hide-masts"])
    assert done.exit_code == 0, done.output
    assert "lomsong_masts_" not in out.read_text(encoding="utf-8")
    done = CliRunner().invoke(main, ["map", str(run), "--hide-masts", "--blur-masts", "500"])
    assert done.exit_code == 2
    done = CliRunner().invoke(main, ["map", str(tmp_path / "nothing")])
    assert done.exit_code == 1
    assert "holds no finished run" in done.output


def test_broken_files_are_clear_errors(run: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="should end in"):
        redraw_map(run, out=tmp_path / "map.docx")
    (run / "villages.parquet").write_bytes(b"nothing")
    with pytest.raises(SourceError, match=r"villages\.parquet"):
        redraw_map(run)
    (run / "run.json").write_text("{")
    with pytest.raises(SourceError, match="not readable as JSON"):
        redraw_map(run)
    (run / "run.json").unlink()
    with pytest.raises(MissingSourceError, match="no finished run"):
        redraw_map(run)


def test_the_backhaul_of_a_written_plan_reaches_the_map(run: Path, tmp_path: Path) -> None:
    places = gpd.GeoSeries(gpd.points_from_xy([104.02, 104.03], [22.005, 22.006]), crs=4326).to_crs(32648)
    sites = gpd.GeoDataFrame(
        {
            "site_id": ["P1", "P2"],
            "order": [1, 2],
            "backhaul_kind": ["satellite", "microwave"],
            "village_ids": "",
        },
        geometry=places,
    )
    line = shapely.LineString([places[1], places[0]])
    sites["backhaul"] = gpd.GeoSeries([None, line], crs=32648)
    nothing = pd.DataFrame({"village_id": []})
    solution = SimpleNamespace(value=0.0, spent=0.0, bound=0.0, proven=True)
    planned = SimpleNamespace(budget=1.0, phases=1)
    problem = SimpleNamespace(settings=planned, demand=pd.DataFrame({"unserved": []}), findings=())
    for folder in (run, tmp_path / "again"):
        folder.mkdir(exist_ok=True)
        write_plan(
            Plan(
                sites=sites,
                villages=nothing,
                curve=nothing,
                solution=cast("Any", solution),
                years=cast("Any", None),
                problem=cast("Any", problem),
            ),
            folder,
        )
    assert (run / "plan.gpkg").read_bytes() == (tmp_path / "again/plan.gpkg").read_bytes()
    path, _ = redraw_map(run, out=tmp_path / "m.html")
    pack = sent(path.read_text(encoding="utf-8"), "plan")
    assert pack.varints("line_sizes") == [0, 2]
    ends = [to_degrees(x, y) for x, y in zip(pack.deltas("line_x"), pack.deltas("line_y"), strict=True)]
    assert np.allclose(ends, [(104.03, 22.006), (104.02, 22.005)], atol=2e-5)


def test_online_tiles_are_asked_for_with_whom_to_name(run: Path, tmp_path: Path) -> None:
    tiles = ["--online-tiles", "https://tiles.example/{z}/{x}/{y}.png"]
    out = tmp_path / "online.html"
    done = CliRunner().invoke(main, ["map", str(run), "--out", str(out), *tiles, "--attribution", "Somebody"])
    assert done.exit_code == 0, done.output
    assert "img-src data: blob: https://tiles.example;" in out.read_text(encoding="utf-8")
    done = CliRunner().invoke(main, ["map", str(run), "--out", str(out), *tiles])
    assert done.exit_code == 2
    assert "need each other" in done.output
    done = CliRunner().invoke(main, ["map", str(run), "--online-tiles", "x; y", "--attribution", "Somebody"])
    assert done.exit_code == 1
    assert "is not the address of tiles" in done.output
