"""Online tiles: only when asked for, from one server, and nothing else."""

import base64
import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

from lomsong.errors import SettingsError
from lomsong.maps import MapOptions, OnlineTiles, save_map, village_map
from lomsong.maps.offline import POLICY

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def policy_of(villages: gpd.GeoDataFrame, options: MapOptions | None = None) -> str:
    text = str(village_map(villages, options=options).get_root().render())
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    return policy


def test_only_the_one_server_may_send_pictures_and_only_when_asked(villages: gpd.GeoDataFrame) -> None:
    assert policy_of(villages) == POLICY
    assert "http" not in POLICY
    tiles = OnlineTiles("https://tiles.example:8443/{z}/{x}/{y}.png?key=a%20b", "© Somebody")
    told = policy_of(villages, MapOptions(online_tiles=tiles)).split("; ")
    assert set(told) - set(POLICY.split("; ")) == {"img-src data: blob: https://tiles.example:8443"}
    assert len(told) == len(POLICY.split("; "))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "tiles.example/{z}/{x}/{y}.png",
        "http://tiles.example/{z}/{x}/{y}.png",
        "https://tiles.example/{z}/{x}.png",
        "https://tiles.example/{z}/{x}/{y}/{r}.png",
        "https://tiles.example/{z}/{x}/{y}/{{ 191*7 }}",
        "https://tiles.example/{z}/{x}/{y}/{z}",
        "https://{s}.tiles.example/{z}/{x}/{y}.png",
        "https://*.example/{z}/{x}/{y}.png",
        "https://*/{z}/{x}/{y}.png",
        "https:///{z}/{x}/{y}.png",
        "https://user:pass@tiles.example/{z}/{x}/{y}.png",
        "https://tiles.example; script-src */{z}/{x}/{y}.png",
        "https://tiles.example https://evil.example/{z}/{x}/{y}.png",
        "https://tiles.example/{z}/{x}/{y}.png; connect-src *",
        'https://tiles.example/{z}/{x}/{y}.png"><script>',
        "https://tiles.example/{z}/{x}/{y}.png\n",
        "https://tíles.example/{z}/{x}/{y}.png",
        "javascript:alert({z}{x}{y})",
        "data:image/png;base64,{z}{x}{y}",
        "file:///etc/{z}/{x}/{y}",
        "https://tiles.example:999999/{z}/{x}/{y}.png",
        "https://tiles.example/\u2028{z}/{x}/{y}.png",
    ],
)
def test_what_is_not_plainly_the_address_of_tiles_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="is not the address of tiles"):
        OnlineTiles(url, "Somebody")


def test_tiles_without_a_name_to_give_are_refused() -> None:
    with pytest.raises(SettingsError, match="attribution"):
        OnlineTiles("https://tiles.example/{z}/{x}/{y}.png", " ")


@pytest.mark.browser
def test_the_page_loads_the_tiles_and_nothing_from_anywhere_else(
    chromium: Any, villages: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    hostile = '© <img src=x onerror="window.ran = 1"> {{ 191*7 }}'
    tiles = OnlineTiles("http://127.0.0.1:8901/{z}/{x}/{y}.png", hostile)
    path = save_map(village_map(villages, options=MapOptions(online_tiles=tiles)), tmp_path / "map.html")
    context = chromium.new_context()
    page = context.new_page()
    wanted: list[str] = []

    def answer(route: Any) -> None:
        wanted.append(route.request.url)
        route.fulfill(body=PICTURE, content_type="image/png")

    context.route(re.compile("^https?:"), answer)
    page.goto(path.as_uri())
    page.wait_for_function("() => window.lomsong && lomsong.isReady()")
    page.wait_for_selector(".leaflet-tile-pane img.leaflet-tile-loaded", state="attached", timeout=10_000)
    assert wanted
    assert all(re.fullmatch(r"http://127\.0\.0\.1:8901/\d+/\d+/\d+\.png", address) for address in wanted)
    assert hostile in page.locator(".leaflet-control-attribution").inner_text()
    assert page.evaluate("window.ran") is None
    before = len(wanted)
    refused = page.evaluate(
        """async () => {
          const seen = [];
          document.addEventListener("securitypolicyviolation", (event) => seen.push(event.effectiveDirective));
          const image = new Image();
          const failed = new Promise((done) => (image.onerror = done));
          image.src = "http://127.0.0.1:8902/1.png";
          await failed;
          await fetch("http://127.0.0.1:8901/0/0/0.png").catch(() => null);
          await new Promise((done) => setTimeout(done, 50));
          return seen;
        }"""
    )
    assert refused == ["img-src", "connect-src"]
    assert "http://127.0.0.1:8902/1.png" not in wanted[before:]
    context.close()
