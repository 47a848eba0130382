"""Villages that are points, communes, totals and buildings, from files to one reading of them."""

import shutil
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import yaml

import lomsong as ls
from lomsong.errors import TableError
from lomsong.inputs import Inputs
from lomsong.settings_file import load_settings
from lomsong.villages import build_demand

DEMO = Path(__file__).parents[1] / "data" / "demo"


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """Return the made-up district with its villages as points and one commune around them all."""
    folder = Path(shutil.copytree(DEMO, tmp_path / "demo"))
    villages = gpd.read_file(folder / "villages.gpkg")
    metric = villages.to_crs(villages.estimate_utm_crs())
    commune = gpd.GeoDataFrame(
        {"ma": ["01"], "ten": ["Xã Một"], "dan": [9_000.0]},
        geometry=[metric.union_all().buffer(50)],
        crs=metric.crs,
    )
    commune.to_file(folder / "communes.gpkg")
    points = villages.set_geometry(metric.representative_point().to_crs(villages.crs))
    points.to_file(folder / "points.gpkg")
    return folder


def read(folder: Path, **changes: dict[str, Any]) -> Inputs:
    path = folder / "district.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["inputs"]["villages"]["path"] = "points.gpkg"
    content["inputs"]["villages"].pop("layer", None)
    content["inputs"]["villages"]["columns"] = {"village_id": "ma_thon"}
    content["inputs"]["communes"] = {
        "path": "communes.gpkg", "columns": {"commune_code": "ma", "commune_name": "ten", "population": "dan"},
    }  # fmt: skip
    content["inputs"].update(changes)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return ls.read(load_settings(path))


def test_points_become_parts_of_their_commune_whose_people_add_up_to_its_total(demo: Path) -> None:
    inputs = read(demo)
    villages = inputs.villages
    assert set(villages["geometry_origin"]) == {"voronoi"}
    assert set(villages["commune_name"]) == {"Xã Một"}
    assert len(set(villages["population_factor"])) == 1
    demand, _ = build_demand(villages, terrain=inputs.terrain, population=inputs.population)
    assert demand["people"].sum() == pytest.approx(9_000, rel=0.02)
    assert demand[demand["is_centre"]]["origin"].eq("given").all()
    words = " ".join(finding.message for finding in inputs.findings)
    assert "known only as a point" in words
    assert "scaled to official totals in 1 commune" in words
    assert [record.layer for record in inputs.records][:2] == ["villages", "communes"]


def test_a_table_of_totals_by_village_fills_what_the_file_lacks(demo: Path) -> None:
    ids = gpd.read_file(demo / "points.gpkg")["ma_thon"]
    pd.DataFrame({"code": ids, "people": 50}).to_csv(demo / "totals.csv", index=False)
    columns = {"village_id": "code", "population": "people"}
    inputs = read(demo, population_totals={"path": "totals.csv", "columns": columns})
    assert set(inputs.villages["population"]) == {50.0}


def test_totals_by_commune_without_a_raster_are_an_error(demo: Path) -> None:
    (demo / "totals.csv").write_text("commune_code,population\n01,5\n")
    content = yaml.safe_load((demo / "district.yml").read_text(encoding="utf-8"))
    content["inputs"].pop("population")
    (demo / "district.yml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    with pytest.raises(TableError, match="there is none; set"):
        read(demo, population_totals={"path": "totals.csv"})


def test_old_codes_lead_to_the_new_ones(demo: Path) -> None:
    villages = gpd.read_file(demo / "points.gpkg")
    villages["cu"] = ["0101" if row % 2 else "0102" for row in range(len(villages))]
    villages.to_file(demo / "points.gpkg")
    (demo / "m.csv").write_text("old_code,new_code,kind,date\n0101,01,whole,2025-07-01\n")
    columns = {"village_id": "ma_thon", "commune_code_old": "cu"}
    villages_source = {"path": "points.gpkg", "columns": columns}
    inputs = read(demo, villages=villages_source, code_mapping={"path": "m.csv"})
    assert set(inputs.villages["commune_code"]) == {"01"}
    assert (
        any("unknown to the code mapping (0102)" in finding.message for finding in inputs.findings) is False
    )
    assert inputs.villages["commune_code_old"].value_counts().to_dict() == {"0101": 30, "0102": 30}
