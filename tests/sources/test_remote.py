"""`lomsong fetch` from an area to settings that run, against a server on this machine."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import rasterio
import yaml
from click.testing import CliRunner, Result
from web_server import Site, fill_site, quadkey, serving, write_catalogue

from lomsong.cli import main
from lomsong.inputs import read
from lomsong.settings_file import load_settings

KEY = "pk.0123456789abcdef/+="  # made up, with letters that an address writes otherwise
BOX = "103.15,22.15,103.75,22.75"


@pytest.fixture(scope="module")
def served() -> Iterator[Site]:
    with serving() as site:
        fill_site(site)
        yield site


@pytest.fixture
def site(served: Site) -> Site:
    served.asked.clear()
    return served


@pytest.fixture
def fetch(site: Site, tmp_path: Path):
    catalogue = write_catalogue(site, tmp_path / "catalogue.yml")

    def run(*arguments: str, token: str | None = None, **options: object) -> Result:
        environment = {"OPENCELLID_TOKEN": token, "NO_PROXY": "127.0.0.1"}
        given = ["fetch", *arguments, "--catalogue", str(catalogue), "--quarter", "2025Q4"]
        return CliRunner().invoke(main, given, env=environment, **options)

    return run


def test_a_box_becomes_settings_that_run(fetch, tmp_path: Path) -> None:
    out = tmp_path / "area"
    done = fetch(BOX, "--out", str(out), "--country", "VN", "--yes", token=KEY)
    assert done.exit_code == 0, done.output
    assert f"Next: lomsong run {out / 'area.yml'}" in done.output
    inputs = read(load_settings(out / "area.yml"))
    assert len(inputs.villages) == 9  # of the 25 squares of 0.2 degrees, those whose middle lies in the box
    assert len(inputs.sectors) > 0
    assert set(inputs.measurements["network"]) == {"mobile"}
    assert inputs.settings.inputs.surface == "surface"
    assert inputs.population is not None
    ran = CliRunner().invoke(main, ["run", str(out / "area.yml"), "--out", str(tmp_path / "run"), "--quiet"])
    assert ran.exit_code == 0, ran.output
    assert KEY not in (tmp_path / "run" / "run.json").read_text()


def test_the_second_time_nothing_is_fetched_again(fetch, site: Site, tmp_path: Path) -> None:
    arguments = (BOX, "--out", str(tmp_path / "area"), "--yes", "--country", "VNM")
    fetch(*arguments, token=KEY)
    before = {path: path.read_bytes() for path in (tmp_path / "area").rglob("*") if path.is_file()}
    site.asked.clear()
    again = fetch(*arguments, token=KEY)
    assert again.exit_code == 0, again.output
    assert {(method, "N21_00_E104" in path) for method, path, _ in site.asked} == {("HEAD", True)}  # the sea
    assert {path: path.read_bytes() for path in (tmp_path / "area").rglob("*") if path.is_file()} == before


def test_the_token_reaches_its_server_and_nothing_else(fetch, site: Site, tmp_path: Path, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    done = fetch("VN", "--out", str(tmp_path / "area"), "--layers", "opencellid", "--yes", token=KEY)
    listed = fetch(
        "VN", "--out", str(tmp_path / "b"), "--layers", "opencellid", "--dry-run", "--json", token=KEY
    )
    assert done.exit_code == listed.exit_code == 0, done.output
    assert "{token}" in listed.output
    asked = [path for _, path, _ in site.asked if "token=" in path]
    assert asked
    assert all("pk.0123456789abcdef%2F%2B%3D" in path for path in asked)
    assert all("token" not in path for _, path, _ in site.asked if not path.startswith("/opencellid"))
    seen = done.output + listed.output + caplog.text
    seen += "".join(path.read_text("latin1") for path in tmp_path.rglob("*") if path.is_file())
    assert "0123456789abcdef" not in seen
    assert "opencellid" in caplog.text  # the library did log the address


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_an_error_about_the_token_does_not_hold_it(
    fetch, site: Site, tmp_path: Path, status: int, monkeypatch
) -> None:
    monkeypatch.setattr("lomsong.sources.remote.web._backoff", lambda _: 0.0)
    answer = site.files["/opencellid/ocid/downloads"]
    monkeypatch.setattr(answer, "first", [status] * 9)
    monkeypatch.setattr(answer, "head", False)
    done = fetch("VN", "--out", str(tmp_path), "--layers", "opencellid", "--yes", token=KEY)
    assert done.exit_code == 1
    assert f"({status})" in done.output
    assert "0123456789abcdef" not in done.output


def test_a_server_that_repeats_the_token_is_not_quoted(
    fetch, site: Site, tmp_path: Path, monkeypatch
) -> None:
    answer = site.files["/opencellid/ocid/downloads"]
    monkeypatch.setattr(answer, "body", f"INVALID TOKEN {KEY}".encode())
    done = fetch("VN", "--out", str(tmp_path), "--layers", "opencellid", "--yes", token=KEY)
    assert done.exit_code == 1
    assert "INVALID TOKEN ***" in done.output


def test_without_a_token_cells_are_left_out_and_the_way_to_masts_is_told(fetch, tmp_path: Path) -> None:
    layers = ("--layers", "dem,boundaries")
    done = fetch("VN", "--out", str(tmp_path), "--yes", *layers)
    assert done.exit_code == 0, done.output
    assert "add masts to" in done.output
    assert "# masts:" in (tmp_path / "area.yml").read_text()
    usual = fetch("VN", "--out", str(tmp_path), "--yes")
    assert "OPENCELLID_TOKEN: left out" in usual.output
    assert "masts are OpenStreetMap's" in usual.output
    assert len(read(load_settings(tmp_path / "area.yml")).sectors) == 1  # the other is a tower of unknown use
    asked_for = fetch("VN", "--out", str(tmp_path), "--layers", "opencellid", "--yes")
    assert asked_for.exit_code == 1
    assert "OPENCELLID_TOKEN" in asked_for.output


def test_every_file_has_its_licence_beside_it(fetch, tmp_path: Path) -> None:
    fetch("VN", "--out", str(tmp_path / "area"), "--yes", token=KEY)
    record = json.loads((tmp_path / "area" / "sources.json").read_text())
    rows = {row["path"]: row for row in record["files"]}
    files = {
        path.relative_to(tmp_path / "area").as_posix()
        for path in (tmp_path / "area").rglob("*")
        if path.is_file()
    }
    assert files == {*rows, "sources.json"}
    data = [row for row in rows.values() if row["layer"] != "settings"]
    assert all(row["licence"] and row["attribution"] for row in data)
    assert rows["boundaries/VNM-ADM3.geojson"]["terms"] == ["share_alike"]
    assert rows["speed_mobile.parquet"]["terms"] == ["non_commercial", "share_alike"]


def test_restricting_terms_are_told_before_anything_is_fetched(fetch, site: Site, tmp_path: Path) -> None:
    done = fetch("VN", "--out", str(tmp_path / "area"), "--layers", "speed_mobile", input="n\n")
    assert done.exit_code == 1
    assert "not for commercial use and what is made of it must be shared alike" in done.output
    assert site.gets("speed_mobile") == []
    assert not (tmp_path / "area" / "speed_mobile").exists()


def test_a_dry_run_says_how_much_and_writes_nothing(fetch, site: Site, tmp_path: Path) -> None:
    done = fetch(BOX, "--out", str(tmp_path / "area"), "--dry-run", "--json", "--country", "VN")
    plan = json.loads(done.output)
    sizes = {row["path"]: row.get("size") for row in plan["files"]}
    tile = next(path for path in site.files if "N22_00_E103" in path)
    assert sizes[f"dem/{Path(tile).name}"] == len(site.files[tile].body)
    wanted = [row for row in plan["files"] if row["state"] == "new"]
    assert plan["bytes_to_fetch"] == sum(row.get("size", row["hint"]) for row in wanted)
    assert not (tmp_path / "area").exists()
    assert site.gets("/dem/") == []


def test_a_missing_tile_is_noted_and_is_no_error(fetch, tmp_path: Path) -> None:
    done = fetch(BOX, "--out", str(tmp_path), "--layers", "dem", "--yes")
    assert done.exit_code == 0, done.output
    assert "dem: 1 tiles are not there; over the sea that is normal" in done.output


def test_what_cannot_be_had_is_told_and_the_rest_is_there(
    fetch, site: Site, tmp_path: Path, monkeypatch
) -> None:
    gone = next(path for path in site.files if path.startswith("/population"))
    monkeypatch.delitem(site.files, gone)
    done = fetch(BOX, "--out", str(tmp_path), "--layers", "dem,population", "--yes", "--country", "VN")
    assert done.exit_code == 1
    assert "there is no such file (404)" in done.output
    settings = yaml.safe_load((tmp_path / "area.yml").read_text())
    assert set(settings["inputs"]) == {"terrain", "surface"}


def test_the_country_of_a_box_is_found_or_asked_for(fetch, tmp_path: Path) -> None:
    clear = fetch(
        "103.5,22.6,103.6,22.7", "--out", str(tmp_path), "--layers", "population", "--dry-run", "--json"
    )
    assert json.loads(clear.output)["country"] == "VNM"
    unclear = fetch("103.1,22.1,103.2,22.2", "--out", str(tmp_path), "--layers", "population", "--dry-run")
    assert unclear.exit_code == 1
    assert "touches LA, VN" in unclear.output
    assert "--country" in unclear.output


def test_a_file_of_places_is_an_area(fetch, tmp_path: Path) -> None:
    places = tmp_path / "places.gpkg"
    points = gpd.GeoDataFrame(
        {"a": [1, 2]}, geometry=gpd.points_from_xy([600_000, 650_000], [2_450_000, 2_500_000])
    )
    points.set_crs("EPSG:32648").to_file(places)
    plan = json.loads(
        fetch(str(places), "--out", str(tmp_path), "--layers", "dem", "--dry-run", "--json").output
    )
    assert plan["bounds"] == pytest.approx(points.set_crs("EPSG:32648").to_crs("EPSG:4326").total_bounds)


@pytest.mark.parametrize(
    ("area", "said"),
    [
        ("22.1,103.1,22.7,103.7", "order is west,south,east,north"),
        ("104,22,103,23", "west must be less than east"),
        ("1,2,nan,4", "number"),
        ("XQ", "no ISO 3166 country code"),
        ("nowhere.gpkg", "is no area"),
        ("1,2,3", "is no area"),
    ],
)
def test_an_area_that_cannot_be_is_one_clear_error(fetch, tmp_path: Path, area: str, said: str) -> None:
    done = fetch(area, "--out", str(tmp_path / "area"), "--dry-run")
    assert done.exit_code == 1
    assert said in done.output
    assert len(done.output.splitlines()) < 4


def test_a_box_west_of_greenwich_is_no_option(fetch, tmp_path: Path) -> None:
    done = fetch(
        "-10.5,-3,-10.2,-2.5", "--out", str(tmp_path / "area"), "--layers", "dem", "--dry-run", "--json"
    )
    assert {row["path"] for row in json.loads(done.output)["files"]} == {
        f"dem/Copernicus_DSM_COG_10_S{lat}_00_W{lon}_00_DEM.tif"
        for lat in ("03", "04")
        for lon in ("011", "010")
    }
    assert fetch("--yess", "--out", str(tmp_path)).exit_code == 2


def test_the_speed_tests_of_the_area_are_kept_and_no_others(fetch, tmp_path: Path) -> None:
    done = fetch(BOX, "--out", str(tmp_path), "--layers", "speed_mobile,speed_fixed", "--yes")
    assert done.exit_code == 0, done.output
    for network in ("mobile", "fixed"):
        kept = pd.read_parquet(tmp_path / f"speed_{network}.parquet")
        assert set(kept["quadkey"]) == {quadkey(103.4, 22.4), quadkey(103.2, 22.7)}


def test_land_cover_of_several_tiles_is_one_raster(fetch, tmp_path: Path) -> None:
    fetch("104.8,22.1,105.3,22.5", "--out", str(tmp_path), "--layers", "land_cover", "--yes")
    with rasterio.open(tmp_path / "land_cover.vrt") as joined:
        assert tuple(joined.bounds) == pytest.approx((102, 21, 108, 24))
        assert (joined.read(1) == 30).all()


def test_openstreetmap_becomes_points_with_their_tags(fetch, tmp_path: Path) -> None:
    done = fetch(BOX, "--out", str(tmp_path), "--layers", "osm_masts", "--yes")
    assert done.exit_code == 0, done.output
    masts = gpd.read_file(tmp_path / "osm_masts.geojson")
    assert set(masts["osm_id"]) == {"node/5", "way/4"}
    assert masts.geometry.x.tolist() == pytest.approx([103.2, 103.3])
    assert "Cột" in set(masts["name"].dropna())


def test_roads_power_and_services_feed_the_run(fetch, tmp_path: Path) -> None:
    layers = "dem,boundaries,opencellid,osm_roads,osm_power,osm_services"
    done = fetch(BOX, "--out", str(tmp_path), "--layers", layers, "--country", "VN", "--yes", token=KEY)
    assert done.exit_code == 0, done.output
    context = read(load_settings(tmp_path / "area.yml")).context
    assert {name: list(frame["kind"]) for name, frame in context.items()} == {
        "roads": ["tertiary"], "power": ["line"], "schools": ["school"], "clinics": ["clinic"],
    }  # fmt: skip


def test_the_extract_of_a_country_is_compared_with_its_published_sum(
    fetch, site: Site, tmp_path: Path, monkeypatch
) -> None:
    done = fetch("VN", "--out", str(tmp_path / "a"), "--layers", "osm_extract", "--yes")
    assert done.exit_code == 0, done.output
    assert '"published": "md5:' in (tmp_path / "a" / "sources.json").read_text()
    monkeypatch.setattr(site.files["/files/vietnam.osm.pbf.md5"], "body", b"0" * 32)
    wrong = fetch("VN", "--out", str(tmp_path / "b"), "--layers", "osm_extract", "--yes")
    assert wrong.exit_code == 1
    assert "its md5 is" in wrong.output
    assert not list((tmp_path / "b").rglob("*.pbf*"))


def test_settings_changed_by_hand_are_never_overwritten(fetch, tmp_path: Path) -> None:
    arguments = (BOX, "--out", str(tmp_path), "--layers", "dem", "--yes")
    fetch(*arguments)
    mine = (tmp_path / "area.yml").read_text() + "# mine\n"
    (tmp_path / "area.yml").write_text(mine)
    done = fetch(*arguments)
    assert (tmp_path / "area.yml").read_text() == mine
    assert "area.new.yml" in done.output


def test_files_of_the_user_are_never_overwritten(fetch, tmp_path: Path) -> None:
    (tmp_path / "population").mkdir()
    mine = tmp_path / "population" / "vnm_pop_2025_CN_100m_R2025A_v1.tif"
    mine.write_bytes(b"mine")
    done = fetch("VN", "--out", str(tmp_path), "--layers", "population", "--yes")
    assert done.exit_code == 1
    assert "move them away" in done.output
    assert mine.read_bytes() == b"mine"


def test_a_disk_that_is_too_small_is_told_before(fetch, site: Site, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000})())
    done = fetch(BOX, "--out", str(tmp_path), "--layers", "dem", "--yes")
    assert done.exit_code == 1
    assert "GB are free" in done.output
    assert site.gets("/dem/") == []


def test_an_interruption_leaves_what_came_and_the_next_run_goes_on(fetch, site: Site, tmp_path: Path) -> None:
    tile = next(path for path in site.files if "N22_00_E103" in path)
    content = site.files[tile].body
    arguments = [
        BOX,
        "--out",
        str(tmp_path / "area"),
        "--layers",
        "dem",
        "--yes",
        "--catalogue",
        str(tmp_path / "catalogue.yml"),
    ]
    site.files[tile].drip_s = 0.2
    environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
    command = [sys.executable, "-m", "lomsong", "fetch", *arguments]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as running:
        part = tmp_path / "area" / "dem" / f"{Path(tile).name}.part"
        while running.poll() is None and not (part.is_file() and part.stat().st_size):
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        said = running.communicate(timeout=30)[1]
    site.files[tile].drip_s = 0.0
    assert running.returncode == 130
    assert "go on where it stopped" in said
    assert "Traceback" not in said
    have = part.stat().st_size
    assert 0 < have < len(content)
    site.asked.clear()
    assert fetch(*arguments[:-2]).exit_code == 0
    ranges = [headers["Range"] for method, path, headers in site.asked if path == tile and method == "GET"]
    assert ranges == [f"bytes={have}-"]
    assert (tmp_path / "area" / "dem" / Path(tile).name).read_bytes() == content


@pytest.mark.parametrize(
    "answer",
    [
        b"[]",
        b"{}",
        b'[5, null, {"boundaryType": 5}]',
        b'[{"boundaryType": "ADM0"}]',
        b'[{"boundaryType": "ADM0", "gjDownloadURL": 5, "simplifiedGeometryGeoJSON": 5}]',
        b'[{"boundaryType": "ADM0", "simplifiedGeometryGeoJSON": "file:///etc/passwd"}]',
        b'[{"boundaryType": "ADM0", "simplifiedGeometryGeoJSON": "http://me:secret@127.0.0.1/a"}]',
        b'[{"boundaryType": "../../ADM0", "simplifiedGeometryGeoJSON": "x"}]',
        b"[" * 100_000,
        b"{truncated",
        b"<html>log in</html>",
    ],
)
def test_a_strange_list_of_files_is_one_clear_error(
    fetch, site: Site, tmp_path: Path, monkeypatch, answer
) -> None:
    monkeypatch.setattr(site.files["/boundaries/api/current/gbOpen/VNM/ALL/"], "body", answer)
    for area in ("VN", BOX):
        done = fetch(
            area, "--out", str(tmp_path / area), "--layers", "boundaries", "--country", "VN", "--yes"
        )
        assert done.exit_code == 1, done.output
        assert "Error: " in done.output
        assert "mistake in lomsong" not in done.output
        assert "secret" not in done.output
    assert not list(tmp_path.rglob("ADM0*"))


def test_layers_are_listed_with_licences_and_terms(fetch) -> None:
    assert "CC BY-NC-SA 4.0" in fetch("--list").output
    layers = json.loads(fetch("--list", "--json").output)
    assert all(layer["licence"] and layer["attribution"] and layer["checked"] for layer in layers.values())
    assert fetch("--out", "x").exit_code == 2
    assert fetch("VN", "--out", "x", "--json").exit_code == 2
