"""Catalogue, areas, records and cuttings of a fetch, each by itself; and what a broken file of theirs does."""

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
import yaml
from fuzzing import mutate
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pyproj import Geod
from web_server import CELLS, quadkey

from lomsong.errors import LomsongError, SettingsError, SourceError
from lomsong.settings_file import parse_settings
from lomsong.sources.remote.area_file import Source, write_settings_text
from lomsong.sources.remote.areas import countries, tile_values, tiles, widen
from lomsong.sources.remote.catalogue import load_catalogue
from lomsong.sources.remote.conversions import convert_overpass
from lomsong.sources.remote.cuttings import cut_cells, cut_speed_tests, quadkey_prefixes
from lomsong.sources.remote.formats import looks_like
from lomsong.sources.remote.items import terms_of
from lomsong.sources.remote.manifest import MANIFEST, Manifest, Record, is_inside, read_manifest

RECORD = Record(
    path="dem/a.tif",
    layer="dem",
    url="https://open.example/a?token={token}",
    sha256="0" * 64,
    size=3,
    licence="L",
    attribution="A",
    terms=("share_alike",),
)


def test_every_layer_says_its_terms_as_its_licence_does() -> None:
    for name, layer in load_catalogue().layers.items():
        assert set(layer.terms) == set(terms_of(layer.licence)), name
        assert layer.base_url.startswith("https://"), name


def test_a_catalogue_overrides_only_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "c.yml"
    path.write_text("layers: {dem: {base_url: 'http://mirror.example/'}}")
    mirrored, packaged = load_catalogue(path), load_catalogue()
    assert (
        mirrored.layers["dem"]
        .url(**tile_values(103, 22))
        .startswith("http://mirror.example/Copernicus_DSM_COG_10_N22")
    )
    assert mirrored.layers["dem"].licence == packaged.layers["dem"].licence
    assert mirrored.layers["population"] == packaged.layers["population"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("layers: {dem: {base_url: 'ftp://x'}}", "http or https"),
        ("layers: {dem: {base_url: 'https://me:secret@x'}}", "without a user name"),
        ("layers: {dem: {colour: red}}", "colour"),
        ("layers: {mine: {title: T}}", "mine.method"),
        ("layers: {opencellid: {token_variable: 'PATH X'}}", "token_variable"),
        ("layers: {speed_mobile: {quarter: 2025Q5}}", "no quarter"),
        ("[1]", "one key 'layers:'"),
        ("layers: {dem: 5}", "dem"),
        ("a: &a [*a]", "layers"),
        ("layers: {", "not readable as YAML"),
    ],
)
def test_a_catalogue_that_cannot_be_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "c.yml").write_text(text)
    with pytest.raises(SettingsError, match=said):
        load_catalogue(tmp_path / "c.yml")


def test_a_pattern_with_an_unknown_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.yml").write_text("layers: {dem: {path: '{lat.__class__}{nothing}'}}")
    with pytest.raises(SettingsError, match="nothing"):
        load_catalogue(tmp_path / "c.yml").layers["dem"].url(**tile_values(0, 0))


@pytest.mark.parametrize("seed", range(60))
def test_broken_catalogues_and_records_end_in_one_clear_error(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    folder = tmp_path / "out"
    folder.mkdir()
    Manifest(folder).add(RECORD)
    good = {
        "layers": {
            name: layer.model_dump(mode="json", exclude_none=True)
            for name, layer in load_catalogue().layers.items()
        }
    }
    (tmp_path / "c.yml").write_bytes(mutate(yaml.safe_dump(good).encode(), rng))
    (folder / MANIFEST).write_bytes(mutate((folder / MANIFEST).read_bytes(), rng))
    outcomes = []
    for read in (
        lambda: load_catalogue(tmp_path / "c.yml"),
        lambda: read_manifest(folder).holds("dem/a.tif", url="u"),
    ):
        try:
            read()
            outcomes.append("read")
        except LomsongError as error:
            outcomes.append(str(error))
    assert all(outcomes)


def test_a_record_is_kept_and_read_again(tmp_path: Path) -> None:
    Manifest(tmp_path).add(RECORD)
    again = read_manifest(tmp_path)
    assert again.records == {"dem/a.tif": RECORD}
    assert not again.holds("dem/a.tif", url=RECORD.url)  # the file itself is gone


@pytest.mark.parametrize(
    "change",
    [
        {"path": "../a"},
        {"path": "/a"},
        {"path": "c:\\a"},
        {"size": -1},
        {"size": True},
        {"terms": "x"},
        {"url": 5},
    ],
)
def test_a_record_of_something_outside_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    Manifest(tmp_path).add(RECORD)
    content = json.loads((tmp_path / MANIFEST).read_text())
    content["files"][0] |= change
    (tmp_path / MANIFEST).write_text(json.dumps(content))
    with pytest.raises(SourceError, match="not a record that lomsong wrote"):
        read_manifest(tmp_path)


@given(st.text(max_size=30))
def test_a_path_that_is_let_in_stays_inside(path: str) -> None:
    root = Path("/made/up")
    if is_inside(path):
        assert (root / path).is_relative_to(root)
        assert ".." not in (root / path).parts


def test_countries_have_codes_of_the_right_form() -> None:
    rows = set(countries().values())
    assert len(rows) == 250  # ISO 3166-1 has 249, and Kosovo its code in use
    assert all(len(row.iso2) == 2 and len(row.iso3) == 3 for row in rows)
    assert all(len(code) == 3 and code.isdecimal() for row in rows for code in row.mcc)


def numbers(lowest: float, highest: float) -> st.SearchStrategy[float]:
    """Give numbers with three digits: an edge less than a rounding error away is no matter here."""
    return st.integers(int(lowest * 1000), int(highest * 1000)).map(lambda number: number / 1000)


@given(numbers(-179, 178), numbers(-80, 79), numbers(0.01, 3), st.sampled_from([1, 3]))
def test_tiles_cover_an_area_and_none_is_in_vain(west: float, south: float, size: float, step: int) -> None:
    area = shapely.box(west, south, min(west + size, 180), south + size)
    found = [shapely.box(x, y, x + step, y + step) for x, y in tiles(area, step)]
    assert shapely.union_all(found).buffer(1e-9).covers(area)
    assert all(x % step == 0 and y % step == 0 for x, y in tiles(area, step))
    assert all(tile.intersection(area).area > 0 for tile in found)


@pytest.mark.parametrize("latitude", [-60.0, 0.0, 22.0, 70.0])
def test_a_margin_holds_on_the_ground_in_every_direction(latitude: float) -> None:
    place = shapely.Point(103, latitude).buffer(0.01)
    wide = widen(place, 35_000)
    for azimuth in range(0, 360, 15):
        x, y, _ = Geod(ellps="WGS84").fwd(103, latitude, azimuth, 35_000)
        assert wide.contains(shapely.Point(x, y)), azimuth
        x, y, _ = Geod(ellps="WGS84").fwd(103, latitude, azimuth, 60_000)
        assert not wide.contains(shapely.Point(x, y)), azimuth


@given(numbers(-170, 169), numbers(-75, 74), numbers(0.01, 4), numbers(0.01, 0.99), numbers(0.01, 0.99))
def test_quadkeys_of_a_box_begin_as_said(west: float, south: float, size: float, x: float, y: float) -> None:
    prefixes = quadkey_prefixes((west, south, west + size, south + size))
    assert 1 <= len(prefixes) <= 512
    key = quadkey(west + x * size, south + y * size)
    assert key[: len(prefixes[0])] in prefixes


def test_speed_tests_are_cut_to_the_area(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    places = np.column_stack([rng.uniform(100, 106, 400), rng.uniform(20, 25, 400)])
    table = pd.DataFrame({"quadkey": [quadkey(*place) for place in places], "avg_d_kbps": range(400)})
    table.to_parquet(tmp_path / "world.parquet")
    rows = cut_speed_tests(tmp_path / "world.parquet", tmp_path / "cut.parquet", (102, 21, 103, 22))
    kept = pd.read_parquet(tmp_path / "cut.parquet")
    inside = (places[:, 0] >= 102) & (places[:, 0] <= 103) & (places[:, 1] >= 21) & (places[:, 1] <= 22)
    assert set(np.flatnonzero(inside)) <= set(kept["avg_d_kbps"])
    assert len(kept) == rows < 3 * inside.sum() + 10


def test_cells_are_cut_with_and_without_a_header(tmp_path: Path) -> None:
    header = "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal\n"
    odd = "LTE,452\nGSM,452,1,1,1,0,x,y,0,0,0,0,0,0\n\0\n"
    for name, text in (("a", CELLS + odd), ("b", header + CELLS)):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
        rows = cut_cells([tmp_path / f"{name}.gz"], tmp_path / f"{name}.csv", (103.1, 22.1, 103.5, 22.6))
        kept = pd.read_csv(tmp_path / f"{name}.csv")
        assert len(kept) == rows == 4
        assert kept["lon"].between(103.1, 103.5).all()


def test_a_list_of_cells_that_is_a_bomb_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lomsong.sources.remote.cuttings._LEAST_LIMIT", 1 << 20)
    (tmp_path / "a.gz").write_bytes(gzip.compress(bytes(40 << 20)))
    with pytest.raises(SourceError, match="far more than"):
        cut_cells([tmp_path / "a.gz"], tmp_path / "a.csv", (0, 0, 1, 1))
    assert not (tmp_path / "a.csv").exists()


@pytest.mark.parametrize("seed", range(60))
def test_damaged_files_end_in_one_clear_error(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pd.DataFrame({"quadkey": [quadkey(103.4, 22.4)] * 9, "tests": range(9)}).to_parquet(
        tmp_path / "t.parquet"
    )
    (tmp_path / "c.gz").write_bytes(gzip.compress(CELLS.encode()))
    elements = [{"type": "node", "id": 1, "lat": 1, "lon": 2, "tags": {"a": "b"}}] * 3
    (tmp_path / "o.json").write_text(json.dumps({"elements": elements}))
    for path in list(tmp_path.iterdir()):
        path.write_bytes(mutate(path.read_bytes(), rng))
    box = (103.0, 22.0, 104.0, 23.0)
    outcomes = []
    for cut in (
        lambda: cut_speed_tests(tmp_path / "t.parquet", tmp_path / "t2.parquet", box),
        lambda: cut_cells([tmp_path / "c.gz"], tmp_path / "c.csv", box),
        lambda: convert_overpass(tmp_path / "o.json", tmp_path / "o.geojson"),
    ):
        try:
            outcomes.append(f"{cut()} rows")
        except LomsongError as error:
            outcomes.append(str(error))
    assert all(outcomes)
    assert not list(tmp_path.glob("*.new.*"))


def test_overpass_lines_stay_lines(tmp_path: Path) -> None:
    course = [{"lat": 22.0, "lon": 103.0}, {"lat": 22.1, "lon": 103.1}]
    strange = [
        5,
        {"type": "node"},
        {"type": "node", "lat": "x", "lon": 1},
        {"type": "node", "lat": 99, "lon": 1},
    ]
    road = {"type": "way", "id": 1, "geometry": course, "tags": {"highway": "track"}}
    (tmp_path / "a.json").write_text(json.dumps({"elements": [road, *strange]}))
    assert convert_overpass(tmp_path / "a.json", tmp_path / "a.geojson") == 1
    feature = json.loads((tmp_path / "a.geojson").read_text())["features"][0]
    assert feature["geometry"] == {"type": "LineString", "coordinates": [[103.0, 22.0], [103.1, 22.1]]}
    assert feature["properties"] == {"highway": "track", "osm_id": "way/1"}


@hypothesis_settings(max_examples=40)
@given(name=st.text(max_size=40), remark=st.text(max_size=60), attribution=st.text(max_size=40))
def test_any_name_makes_settings_that_load(name: str, remark: str, attribution: str) -> None:
    sources = [
        Source(feeds=key, path=f"{key}.x", attribution=attribution, licence="L", more=more)
        for key, more in (
            ("villages", ()),
            ("masts", (("format", "opencellid"),)),
            ("terrain", ()),
            ("speed_tests", (("network", "mobile"),)),
        )
    ]
    text = write_settings_text(name, sources, surface="surface", remarks=[remark])
    settings = parse_settings(yaml.safe_load(text))
    for kept, given_text in ((settings.name, name), (settings.inputs.villages.attribution, attribution)):
        assert kept == "".join(letter if letter.isprintable() else " " for letter in given_text)


@pytest.mark.parametrize("form", ["geotiff", "parquet", "gzip", "pbf", "geojson", "json", "overpass"])
def test_a_web_page_is_none_of_the_formats(form: str) -> None:
    for page in (b"<!DOCTYPE html><html>", b"\n<html>", b"", b"\xef\xbb\xbf<?xml"):
        assert not looks_like(page, form)
