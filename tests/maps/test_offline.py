import json
import re
from html.parser import HTMLParser
from pathlib import Path

import folium
import geopandas as gpd
import pytest
from branca.element import Element, Figure
from folium.plugins import Fullscreen

from lomsong.errors import OutputError
from lomsong.maps import save_map, village_map
from lomsong.maps.offline import RawElement, asset, data_element, embed_json


class Page(HTMLParser):
    """Reads a page as a browser would: tags with attributes, and the text of each script, style and title."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append((self.tags[-1][0] if self.tags else "", data))


def test_a_raw_element_is_not_a_template() -> None:
    figure = Figure()
    figure.html.add_child(RawElement("{{ 191*7 }} {% raw %}"))
    assert "{{ 191*7 }} {% raw %}" in figure.render()


def test_branca_still_runs_what_goes_through_its_own_elements() -> None:
    """The reason for `RawElement`; when this fails, branca has become safe."""
    figure = Figure()
    figure.html.add_child(Element("{{ 191*7 }}"))
    assert "1337" in figure.render()


def test_hostile_names_pass_through_json_unchanged(hostile: list[str]) -> None:
    text = embed_json(hostile)
    assert json.loads(text) == hostile
    assert not re.search("[<>&\u2028\u2029]", text)
    text.encode("utf-8")


def test_hostile_names_stay_inside_their_script_tag(hostile: list[str]) -> None:
    page = Page(data_element(hostile, "x").render())
    assert page.tags == [("script", {"type": "application/json", "id": "x"})]


@pytest.mark.parametrize("name", ["leaflet.css", "village_layer.css", "village_panel.css"])
def test_styles_load_nothing(name: str) -> None:
    assert not re.search(r"url\((?!data:)|@import", asset(name))


def test_our_script_never_writes_html_or_runs_text() -> None:
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(|fetch\(",
        asset("lomsong_map.js"),
    )


def test_developer_tools_are_not_sent_after_a_source_map() -> None:
    assert "sourceMappingURL" not in asset("leaflet.js")


def test_the_page_refers_to_nothing_outside_itself(villages: gpd.GeoDataFrame, inputs: object) -> None:
    text = village_map(villages, inputs=inputs).get_root().render()
    page = Page(text)
    for _, attributes in page.tags:
        for name in ("src", "href", "action", "poster", "data"):
            assert not re.match(r"(https?:)?//", attributes.get(name) or ""), attributes
    assert not re.search(r"url\(\s*['\"]?(https?:|//)|@import", text)
    addresses = {found for kind, data in page.texts for found in re.findall(r"https?://[\w./-]+", data)}
    # all of them in Leaflet: its home, a name-space, two bugs it works around
    assert addresses == {
        "https://leafletjs.com",
        "http://www.w3.org/2000/svg",
        "https://bugs.chromium.org/p/chromium/issues/detail",
        "https://bugzilla.mozilla.org/show_bug.cgi",
    }


def test_the_policy_forbids_the_network_and_comes_first(villages: gpd.GeoDataFrame) -> None:
    page = Page(village_map(villages).get_root().render())
    head = [(tag, attributes) for tag, attributes in page.tags if tag in ("meta", "script", "style", "title")]
    assert [tag for tag, _ in head[:3]] == ["meta", "meta", "title"]
    policy = head[1][1]
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert "default-src 'none'" in str(policy["content"])
    assert "connect-src 'none'" in str(policy["content"])
    assert "http" not in str(policy["content"])


def test_the_encoding_is_named_within_the_first_kilobyte_whatever_the_title(
    villages: gpd.GeoDataFrame,
) -> None:
    named = villages.copy()
    named.attrs["lomsong"] = {"name": "長" * 10_000}
    assert b"charset=UTF-8" in village_map(named).get_root().render().encode()[:1024]


def test_a_plugin_that_needs_the_network_is_refused_by_name(
    villages: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    drawn = village_map(villages)
    Fullscreen().add_to(drawn)
    with pytest.raises(OutputError, match=r"Control\.FullScreen") as error:
        save_map(drawn, tmp_path / "map.html")
    assert "folium.Map of your own" in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_online_tiles_are_refused_by_name(villages: gpd.GeoDataFrame) -> None:
    drawn = village_map(villages)
    folium.TileLayer("https://example.invalid/{z}/{x}/{y}.png", attr="x").add_to(drawn)
    with pytest.raises(OutputError, match=r"example\.invalid"):
        drawn.get_root().render()


def test_a_folder_that_is_not_there_is_one_clear_error(villages: gpd.GeoDataFrame, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="does the folder exist"):
        save_map(village_map(villages), tmp_path / "nowhere" / "map.html")


def test_a_failed_save_leaves_the_old_file_and_nothing_else(
    villages: gpd.GeoDataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "map.html"
    target.write_text("the old map")

    def full_disk(*_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(OutputError, match="No space left"):
        save_map(village_map(villages), target)
    assert target.read_text() == "the old map"
    assert list(tmp_path.iterdir()) == [target]


def test_saving_twice_and_saving_by_folium_write_the_same_bytes(
    villages: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    drawn = village_map(villages)
    first = save_map(drawn, tmp_path / "a.html").read_bytes()
    drawn.save(tmp_path / "b.html")
    assert (tmp_path / "b.html").read_bytes() == first
    assert save_map(drawn, str(tmp_path / "c.html")).read_bytes() == first
