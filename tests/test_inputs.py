"""Whole inputs from files: operators that number alike, axes exchanged, projections of elsewhere, bare minimum."""

import shutil
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import yaml
from shapely import box
from worlds import flat_terrain

import lomsong as ls
from lomsong.errors import CrsError, MissingSourceError, OutputError, SourceError
from lomsong.pipeline import run
from lomsong.settings import MastSource, Settings, SpeedTestSource
from lomsong.settings_file import load_settings
from lomsong.sources.boundaries import read_villages
from lomsong.sources.masts import read_masts
from lomsong.sources.speedtests import read_speed_tests
from lomsong.villages import build_demand

DEMO = Path(__file__).parents[1] / "data" / "demo"
COLUMNS = {"latitude_deg": "lat", "longitude_deg": "lon", "technology": "tech"}


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEMO, tmp_path / "demo"))


def change(folder: Path, edit: Any) -> Settings:
    """Apply `edit` to the demo's settings as dictionaries, and load them."""
    path = folder / "district.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    edit(content)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return load_settings(path)


def site_list(folder: Path, name: str, rows: list[tuple[object, ...]]) -> dict[str, Any]:
    table = pd.DataFrame(rows, columns=["site", "sector", "lat", "lon", "tech"])
    folder.mkdir(exist_ok=True)
    table.to_csv(folder / name, index=False)
    columns = {"site_id": "site", "sector_id": "sector", **COLUMNS}
    return {"path": str(folder / name), "crs": "EPSG:4326", "columns": columns}


def test_a_run_needs_no_more_than_codes_and_shapes_of_villages(demo: Path, tmp_path: Path) -> None:
    def bare(content: dict[str, Any]) -> None:
        content["inputs"]["villages"]["columns"] = {"village_id": "ma_thon"}
        for optional in ("speed_tests", "population", "truth"):
            content["inputs"].pop(optional)

    done = run(change(demo, bare), tmp_path / "out")
    assert len(done.villages) == 60
    assert "–" in (done.folder / "report.html").read_text(encoding="utf-8")


def test_a_missing_input_is_not_blamed_on_the_output_folder(demo: Path, tmp_path: Path) -> None:
    (demo / "terrain.tif").unlink()
    with pytest.raises(MissingSourceError, match="terrain: there is no file"):
        run(load_settings(demo / "district.yml"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_two_operators_that_number_alike_stay_two(demo: Path) -> None:
    rows = [("1", "1", 34.0, -147.0, "4G"), ("1", "2", 34.0, -147.0, "4G")]
    other = [("1", "1", 34.05, -147.05, "4G"), ("1", "2", 34.05, -147.05, "4G")]

    def two(content: dict[str, Any]) -> None:
        lists = [site_list(demo / "a", "sites.csv", rows), site_list(demo / "b", "sites.csv", other)]
        content["inputs"]["masts"] = [
            {**each, "operator": name} for each, name in zip(lists, "AB", strict=True)
        ]

    sectors = ls.read(change(demo, two)).sectors
    assert len(sectors) == 4
    assert sectors["sector_id"].is_unique
    assert sectors["site_id"].nunique() == 2


def test_sectors_numbered_anew_on_every_mast_all_stay(tmp_path: Path) -> None:
    rows = [(site, sector, 34.0 + site / 100, -147.0, "4G") for site in (1, 2, 3) for sector in (1, 2, 3)]
    source = MastSource(**site_list(tmp_path, "sites.csv", rows), operator="A")
    frame, findings = read_masts(source)
    assert len(frame) == 9
    assert frame["sector_id"].is_unique
    assert findings == []


def test_the_same_row_in_two_files_counts_once(demo: Path) -> None:
    rows = [("1", "1", 34.0, -147.0, "4G")]

    def twice(content: dict[str, Any]) -> None:
        lists = [site_list(demo / "a", "sites.csv", rows), site_list(demo / "b", "sites.csv", rows)]
        content["inputs"]["masts"] = [{**each, "operator": "A"} for each in lists]

    inputs = ls.read(change(demo, twice))
    assert len(inputs.sectors) == 1
    assert any("stand in two files" in finding.message for finding in inputs.findings)


@pytest.mark.parametrize("crs", ["EPSG:32648", "EPSG:3857"])
def test_a_projection_of_elsewhere_is_refused(demo: Path, crs: str) -> None:
    with pytest.raises(CrsError, match="stretches lengths"):
        ls.read(change(demo, lambda content: content.update(working_crs=crs)))


def move_centres(folder: Path, *, swap: bool) -> Settings:
    """Move the demo's villages to where both coordinates stay below 90, with their centres wrong."""
    villages = gpd.read_file(folder / "villages.gpkg")
    villages["geometry"] = villages.translate(167, 0)
    inside = villages.geometry.representative_point()
    x, y = (inside.y, inside.x) if swap else (inside.x + 1, inside.y)
    villages["kinh_do"], villages["vi_do"] = x, y
    villages.to_file(folder / "villages.gpkg", layer="villages")
    return load_settings(folder / "district.yml")


def test_centres_with_exchanged_axes_are_refused_and_far_ones_not_used(demo: Path) -> None:
    settings = move_centres(demo, swap=True)
    villages, _ = read_villages(settings.inputs.villages)
    villages = villages.to_crs(villages.estimate_utm_crs())
    with pytest.raises(SourceError, match="longitude and latitude exchanged"):
        build_demand(villages, terrain=flat_terrain())
    settings = move_centres(Path(shutil.copytree(DEMO, demo.parent / "again")), swap=False)
    villages, _ = read_villages(settings.inputs.villages)
    villages = villages.to_crs(villages.estimate_utm_crs())
    with pytest.raises(SourceError, match="no village lies inside"):  # the far centres were no reason to stop
        build_demand(villages, terrain=flat_terrain())


def test_a_second_run_into_a_folder_at_work_is_refused(demo: Path, tmp_path: Path) -> None:
    busy = tmp_path / "out" / ".lomsong-unfinished-1-x"
    busy.mkdir(parents=True)
    with pytest.raises(OutputError, match="another run"):
        run(load_settings(demo / "district.yml"), tmp_path / "out")
    assert busy.is_dir()


@pytest.mark.real
@pytest.mark.parametrize(
    "name",
    ["opencellid_651_lesotho_kaggle_variant.csv", "opencellid_248_tartu.geojson", "opencellid_313_usa.csv"],
)
def test_every_opencellid_layout_reads(real: Path, name: str) -> None:
    frame, _ = read_masts(MastSource(path=real / "readers" / name, format="opencellid"))
    assert len(frame) > 500
    assert frame.geometry.x.abs().max() <= 180
    assert frame["technology"].isin(["2g", "3g", "4g", "5g"]).all()


@pytest.mark.real
def test_tiles_known_by_their_centre_alone_read(real: Path) -> None:
    frame, _ = read_speed_tests(
        SpeedTestSource(path=real / "readers" / "ookla_turkey_mobile_2025Q4.parquet", network="mobile")
    )
    assert len(frame) > 1000
    assert frame["download_mbps"].median() > 1


@pytest.mark.parametrize("text", ["name: 2024-99-99\n", "a: " + "[" * 3000])
def test_odd_yaml_is_one_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.yml").write_text(text)
    with pytest.raises(ValueError, match=r"s\.yml"):
        load_settings(tmp_path / "s.yml")


def test_masts_outside_the_country_are_set_aside(demo: Path) -> None:
    inputs = ls.read(load_settings(demo / "district.yml"))
    west, south, east, north = inputs.sectors.to_crs(4326).total_bounds
    outline = gpd.GeoDataFrame(
        geometry=[box(west - 1, south - 1, (west + east) / 2, north + 1)], crs="EPSG:4326"
    )
    outline.to_file(demo / "country.gpkg")

    def bounded(content: dict[str, Any]) -> None:
        content["inputs"]["country"] = {"path": "country.gpkg"}

    within = ls.read(change(demo, bounded))
    told = [finding for finding in within.findings if "outside the country" in finding.message]
    assert 0 < len(within.sectors) < len(inputs.sectors)
    assert told[0].count == len(inputs.sectors) - len(within.sectors)


def test_every_kind_of_measurement_joins_one_table(demo: Path) -> None:
    settings = load_settings(demo / "district.yml")
    code = ls.read(settings).villages["village_id"].iloc[0]
    (demo / "log.csv").write_text(
        "Timestamp,Longitude,Latitude,NetworkMode,RSRP\n2020.02.13_15.02.01,-147.0,34.0,LTE,-93\n"
    )
    (demo / "none.csv").write_text("lon,lat,time\n-147.0,34.0,2023-05-01\n")
    (demo / "checks.csv").write_text(f"village_id,has_signal,date\n{code},yes,2023-11-01\n")

    def all_kinds(content: dict[str, Any]) -> None:
        content["inputs"] |= {
            "signal_samples": [{"path": "log.csv", "operator": "A"}],
            "no_service_reports": [{"path": "none.csv"}],
            "field_checks": [{"path": "checks.csv"}],
        }

    inputs = ls.read(change(demo, all_kinds))
    counts = inputs.measurements["kind"].value_counts()
    assert set(counts.index) == {"speed", "signal", "no_service", "field_check"}
    assert counts[["signal", "no_service", "field_check"]].tolist() == [1, 1, 1]
    assert inputs.measurements["measurement_id"].is_unique
    check = inputs.measurements[inputs.measurements["kind"] == "field_check"]
    assert inputs.villages.geometry.iloc[0].buffer(2000).contains(check.geometry.iloc[0])
    assert {"log.csv", "none.csv", "checks.csv"} <= {record.path for record in inputs.records}


def test_a_file_that_is_only_read_later_is_missed_at_once(demo: Path) -> None:
    shutil.rmtree(demo / "truth")
    with pytest.raises(MissingSourceError, match="truth"):
        ls.read(load_settings(demo / "district.yml"))
