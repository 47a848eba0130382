"""Features page by page from a server on this machine: whole, or one clear error."""

import json
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pytest
from web_server import Site, serving

from lomsong.errors import SettingsError, SourceError
from lomsong.settings_file import load_settings, parse_settings
from lomsong.sources.boundaries import read_villages
from lomsong.sources.copies import take_copies
from lomsong.sources.remote.web import ATTEMPTS, Web, token_host
from lomsong.sources.services import PAGE_ROWS, read_service

ITEMS = "/collections/thon/items"
SECRET = "hush-hush"  # noqa: S105 - made up


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as found:
        yield found


def feature(number: int) -> dict[str, object]:
    west = 104 + number / 10
    ring = [[west, 21], [west + 0.1, 21], [west + 0.1, 21.1], [west, 21.1], [west, 21]]
    return {
        "type": "Feature",
        "id": number,
        "properties": {"village_id": f"0{number}", "village_name": f"Thôn {number}"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def page(*numbers: int, then: str | None = None, **more: object) -> bytes:
    links = [{"rel": "self", "href": "x"}] + ([] if then is None else [{"rel": "next", "href": then}])
    content = {
        "type": "FeatureCollection",
        "features": [feature(number) for number in numbers],
        "links": links,
    }
    return json.dumps(content | more).encode()


def ask(site: Site, path: str = ITEMS, **tokens: str) -> list[int]:
    web = Web(tokens=tokens, wait=lambda _: None)
    read = json.loads(read_service(site.address + path, layer="villages", web=web))
    return [each["id"] for each in read["features"]]


def test_villages_of_a_collection_are_read_whole_and_always_as_the_same_file(
    site: Site, tmp_path: Path
) -> None:
    site.put(
        f"{ITEMS}?limit={PAGE_ROWS}", page(3, 1, then=f"{ITEMS}?page=2", numberMatched=3, timeStamp="now")
    )
    site.put(f"{ITEMS}?page=2", page(2, numberMatched=3))
    nowhere = {"path": "nowhere"}
    settings = parse_settings(
        {
            "name": "x",
            "inputs": {"villages": {"path": site.address + ITEMS}, "masts": [nowhere], "terrain": nowhere},
        }
    )
    source = settings.inputs.villages.model_copy(update={"path": tmp_path / settings.inputs.villages.path})
    inputs = settings.inputs.model_copy(update={"villages": source})
    take_copies(inputs)
    villages, _ = read_villages(source)
    assert villages["village_id"].tolist() == ["01", "02", "03"]
    assert villages.crs.to_epsg() == 4326
    before = source.path.read_bytes()
    site.put(f"{ITEMS}?limit={PAGE_ROWS}", page(2, 3, 1, timeStamp="later"))
    take_copies(inputs)
    assert source.path.read_bytes() == before
    # a server that has gone leaves the copy of the last time
    site.files.clear()
    with pytest.raises(SourceError, match="404"):
        take_copies(inputs)
    assert source.path.read_bytes() == before


def test_features_come_in_the_order_of_their_numbers(site: Site) -> None:
    site.put(f"{ITEMS}?limit={PAGE_ROWS}", page(10, 9, then=f"{ITEMS}?page=2"))
    site.put(f"{ITEMS}?page=2", page(100, 1))
    assert ask(site) == [1, 9, 10, 100]


def test_passing_faults_and_cuts_are_tried_again(site: Site) -> None:
    site.put(f"{ITEMS}?limit={PAGE_ROWS}", page(1, then=f"{ITEMS}?page=2"), first=[500, 503])
    site.put(f"{ITEMS}?page=2", page(2), cuts=[40, -40])
    assert ask(site) == [1, 2]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (page(1, then="https://elsewhere.example/items"), "elsewhere"),
        (page(1, then=f"{ITEMS}?limit={PAGE_ROWS}"), "circle"),
        (page(1, numberMatched=5), "5 features but gave 1"),
        (page(), "no features"),
        (page(1, 2)[:-40], "GeoJSON"),
        (b"<html>log in first</html>", "log in first"),
        (b"[" * 100_000, "GeoJSON"),
        (b'{"features": {}}', "GeoJSON"),
    ],
)
def test_what_is_not_whole_is_refused_in_one_sentence(site: Site, body: bytes, said: str) -> None:
    site.put(ITEMS, body)
    with pytest.raises(SourceError, match=said) as caught:
        ask(site)
    assert len(str(caught.value)) < 500


def test_a_text_that_is_none_is_marked(site: Site) -> None:
    site.put(ITEMS, page(1).replace(b"u00f4", b"ud800"))
    read = json.loads(read_service(site.address + ITEMS, layer="villages"))
    assert read["features"][0]["properties"]["village_name"] == "Th?n 1"


@pytest.mark.parametrize("first", [[500] * 9, [404]])
def test_a_fault_that_stays_ends_in_one_sentence(site: Site, first: list[int]) -> None:
    site.put(ITEMS, page(1), first=first)
    with pytest.raises(SourceError, match=str(first[0])) as caught:
        ask(site)
    assert str(caught.value).startswith("villages: http://127")


def test_a_wfs_is_counted_through(site: Site) -> None:
    asked = "/wfs?service=WFS&typeNames=admin:thon&count=2"
    usual = "&version=2.0.0&request=GetFeature&outputFormat=application/json&startIndex="
    site.put(f"{asked}{usual}0", page(1, 2, numberMatched=3))
    site.put(f"{asked}{usual}2", page(3, numberMatched=3))
    assert ask(site, asked) == [1, 2, 3]


@pytest.mark.parametrize("counted", [True, False])
def test_a_short_page_of_a_wfs_is_not_its_end(site: Site, counted: bool) -> None:
    """Servers have limits of their own, and some do not tell in GeoJSON how many features there are."""
    asked = "/wfs?service=WFS&typeNames=thon"
    usual = f"{asked}&version=2.0.0&request=GetFeature"
    for begin, numbers in ((0, (1, 2)), (2, (3,)), (3, ())):
        site.put(
            f"{usual}&count={PAGE_ROWS}&outputFormat=application/json&startIndex={begin}", page(*numbers)
        )
    hits = b'<wfs:FeatureCollection timeStamp="2026-11-23" numberMatched="3" numberReturned="0"/>'
    if counted:
        site.put(f"{usual}&resultType=hits", hits)
    assert ask(site, asked) == [1, 2, 3]
    assert len(site.gets("startIndex")) == (2 if counted else 3)
    site.put(f"{usual}&resultType=hits", hits.replace(b'Matched="3"', b'Matched="4"'))
    with pytest.raises(SourceError, match="4 features but gave 3"):
        ask(site, asked)


@pytest.mark.parametrize("refusal", [{"first": [400]}, {"body": b"<ows:ExceptionReport/>"}])
def test_a_wfs_is_asked_for_geojson_by_the_name_that_it_knows(site: Site, refusal: dict[str, object]) -> None:
    asked = "/wfs?service=WFS&typeNames=thon"
    usual = f"{asked}&version=2.0.0&request=GetFeature&count={PAGE_ROWS}&outputFormat="
    site.put(f"{usual}application/json&startIndex=0", **{"body": b"", **refusal})
    site.put(f"{usual}geojson&startIndex=0", page(1, 2, numberMatched=3))
    site.put(f"{usual}geojson&startIndex=2", page(3, numberMatched=3))
    assert ask(site, asked) == [1, 2, 3]
    # what the address names is not doubted
    site.put("/wfs", b"<ows:ExceptionReport/>")
    site.asked.clear()
    with pytest.raises(SourceError, match="ExceptionReport"):
        ask(site, f"{asked}&outputFormat=GML3")
    assert len(site.gets()) == 1


@pytest.mark.parametrize(("status", "said"), [(400, "outputFormat=…"), (404, "check the address")])
def test_a_server_that_does_not_know_what_is_asked_gets_a_hint(site: Site, status: int, said: str) -> None:
    site.put("/wfs", b"", first=[status] * 9)
    with pytest.raises(SourceError, match=said):
        ask(site, "/wfs?service=WFS&typeNames=thon")


@pytest.mark.parametrize(("named", "said"), [(True, "the feature '1' twice"), (False, "same page")])
def test_a_wfs_that_cannot_count_is_found_out(site: Site, named: bool, said: str) -> None:
    site.put("/wfs", page(1, 2, totalFeatures=9).replace(b'"id"', b'"id"' if named else b'"number"'))
    with pytest.raises(SourceError, match=said):
        ask(site, "/wfs?service=WFS&typeNames=thon")


def test_pages_that_overlap_under_ever_new_addresses_are_found_out(site: Site) -> None:
    site.put(f"{ITEMS}?limit={PAGE_ROWS}", page(1, 2, then=f"{ITEMS}?page=2"))
    site.put(f"{ITEMS}?page=2", page(3, 2, then=f"{ITEMS}?page=3"))
    with pytest.raises(SourceError, match="the feature '2' twice"):
        ask(site)


def test_a_feature_without_a_name_repeats_none(site: Site) -> None:
    nameless = page(1, 2).replace(b'"id": 1', b'"number": 1').replace(b'"id": 2', b'"id": "None"')
    site.put(ITEMS, nameless)
    assert len(json.loads(read_service(site.address + ITEMS, layer="villages"))["features"]) == 2


def test_an_answer_without_end_is_given_up_and_not_kept(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lomsong.sources.services.LARGEST_TEXT", 1 << 20)
    site.put(ITEMS, bytes(1 << 22))
    with pytest.raises(SourceError, match="more than 1 MiB; narrow it with bbox="):
        ask(site)


def test_a_service_that_ends_in_the_middle_of_its_pages_gives_nothing(site: Site) -> None:
    site.put(f"{ITEMS}?limit={PAGE_ROWS}", page(1, then=f"{ITEMS}?page=2"))
    site.put(f"{ITEMS}?page=2", page(2, then=f"{ITEMS}?page=3"), first=[500] * 99)
    with pytest.raises(SourceError, match="500"):
        ask(site)
    assert len(site.gets("page=2")) == ATTEMPTS


def test_a_wfs_in_another_coordinate_system_says_so_in_the_file(site: Site) -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32648"}}
    site.put("/wfs", page(1, crs=crs, numberMatched=1))
    read = json.loads(read_service(site.address + "/wfs?service=WFS&typeNames=thon", layer="villages"))
    assert read["crs"] == crs


def test_a_token_reaches_its_server_and_nothing_else(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ITEMS + "?apikey={token}"
    with pytest.raises(SourceError, match="LOMSONG_SERVICE_TOKEN"):
        read_service(site.address + path, layer="villages")
    monkeypatch.setenv("LOMSONG_SERVICE_TOKEN", SECRET)
    site.put(ITEMS, page(1))
    assert b'"id": 1' in read_service(site.address + path, layer="villages")
    assert any(f"apikey={SECRET}" in asked for asked in site.gets())
    site.put(ITEMS, f"you sent {SECRET}".encode())
    tokens = {token_host(site.address): SECRET}
    for first in ([], [403]):
        site.files[ITEMS].first = first
        with pytest.raises(SourceError) as caught:
            ask(site, path, **tokens)
        assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "https://me:hush@db.example/collections/a/items",
        "https://db.example/collections/a/items?apikey=hush",
        "https://db.example/collections/a/items?access_token=hush",
        "https://db.example/villages.geojson",
        "https://db.example/wfs?service=WFS",
        "https://[db.example/items",
    ],
)
def test_an_address_with_a_secret_or_of_no_service_is_refused(address: str) -> None:
    nowhere = {"path": "nowhere"}
    with pytest.raises(SettingsError, match=r"inputs\.villages") as caught:
        parse_settings(
            {"name": "x", "inputs": {"villages": {"path": address}, "masts": [nowhere], "terrain": nowhere}}
        )
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("kind", ["items", "wfs"])
def test_the_demo_is_read_from_a_service_as_from_its_file(site: Site, tmp_path: Path, kind: str) -> None:
    """All sixty villages, in pages that the server makes smaller than was asked for."""
    demo = Path(__file__).parents[2] / "data" / "demo"
    file = gpd.read_file(demo / "villages.gpkg", layer="villages").to_crs(4326)
    features = json.loads(file.to_json())["features"]
    pages = [features[begin : begin + 25] for begin in range(0, len(features), 25)]
    for number, rows in enumerate(pages):
        content = {"type": "FeatureCollection", "features": rows, "numberMatched": len(features)}
        if kind == "items":
            query = f"limit={PAGE_ROWS}" if number == 0 else f"page={number}"
            then = [{"rel": "next", "href": f"{ITEMS}?page={number + 1}"}] if number + 1 < len(pages) else []
            site.put(f"{ITEMS}?{query}", json.dumps(content | {"links": then}).encode())
        else:
            usual = f"service=WFS&typeNames=thon&version=2.0.0&request=GetFeature&count={PAGE_ROWS}"
            site.put(
                f"/wfs?{usual}&outputFormat=application/json&startIndex={25 * number}",
                json.dumps(content).encode(),
            )
    address = site.address + (ITEMS if kind == "items" else "/wfs?service=WFS&typeNames=thon")
    text = (demo / "district.yml").read_text()
    text = text.replace("path: villages.gpkg", f'path: "{address}"').replace("    layer: villages\n", "", 1)
    for name in ("cells_opencellid.csv", "terrain.tif", "population.tif", "truth"):
        text = text.replace(f"path: {name}", f"path: {demo / name}")
    config = tmp_path / "district.yml"
    config.write_text(text)
    settings = load_settings(config)
    take_copies(settings.inputs)
    ours, _ = read_villages(settings.inputs.villages)
    theirs, _ = read_villages(load_settings(demo / "district.yml").inputs.villages)
    theirs = theirs.to_crs(4326).sort_values("village_id", ignore_index=True)
    ours = ours.sort_values("village_id", ignore_index=True)
    assert ours.drop(columns="geometry").equals(theirs[ours.columns].drop(columns="geometry"))
    assert ours.geometry.geom_equals_exact(theirs.geometry, tolerance=1e-9).all()
