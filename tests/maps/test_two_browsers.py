"""What a reader needs most of the map, in Debian's Chromium and in Debian's Firefox alike."""

from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import geopandas as gpd
import numpy as np
import pytest
from firefox import BINARY, Firefox
from map_pages import as_shown
from PIL import Image
from web_server import hosting

from lomsong.inputs import Inputs
from lomsong.maps import Labels, MapOptions, MapParts, parts_of, save_map, village_map
from lomsong.maps.folder import save_map_folder
from lomsong.maps.runs import RunHistory, add_runs
from lomsong.schemas import STATUSES

pytestmark = pytest.mark.browser

#: Okabe and Ito's colours, as the legend has them, and how much of them covers the ground.
FILLS = {"white": "D55E00", "hollow": "E69F00", "underserved": "F0E442", "verify": "CC79A7", "covered": "56B4E9", "served": "0072B2"}  # fmt: skip
OPACITY, GROUND = 0.82, (0xF3, 0xF4, 0xF6)
READY = "window.lomsong && window.lomsong.isReady() && window.lomsong.shown.state"
TITLE = "document.querySelector('.lomsong-card h2').textContent"


class Browser(Protocol):
    """What both can be asked."""

    def goto(self, address: str) -> None: ...
    def evaluate(self, expression: str) -> Any: ...
    def wait_for(self, expression: str) -> None: ...
    def screenshot(self) -> bytes: ...


class Chromium:
    """A page of playwright's, asked as Firefox is."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def goto(self, address: str) -> None:
        self.page.goto("about:blank")
        self.page.goto(address)

    def evaluate(self, expression: str) -> Any:
        return self.page.evaluate(f"() => {expression}")

    def wait_for(self, expression: str) -> None:
        self.page.wait_for_function(f"() => {expression}")

    def screenshot(self) -> bytes:
        return bytes(self.page.screenshot())


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    if request.param == "chromium":
        options = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
        yield Chromium(request.getfixturevalue("chromium").new_context(**options).new_page())
        return
    if not Path(BINARY).exists():
        pytest.skip(f"{BINARY} is not installed (apt-get install firefox-esr)")
    firefox = Firefox()
    yield firefox
    firefox.close()


@pytest.fixture
def visit(browser: Browser) -> Callable[[str], Browser]:
    def go(address: str) -> Browser:
        browser.goto(address)
        browser.wait_for(READY)
        return browser

    return go


def shown_statuses(browser: Browser, villages: gpd.GeoDataFrame) -> list[str]:
    """The status whose colour fills the middle of each village on the screen."""
    browser.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 300)))")
    browser.wait_for("window.lomsong.isReady()")
    picture = np.asarray(Image.open(BytesIO(browser.screenshot())).convert("RGB"), dtype=int)
    places = villages.representative_point().to_crs(4326)
    pairs = ",".join(f"[{place.y},{place.x}]" for place in places)
    at = browser.evaluate(
        f"[{pairs}].map((place) => {{ const {{map}} = window.lomsong.shown, p = map.latLngToContainerPoint(place), "
        "box = map.getContainer().getBoundingClientRect(); return [p.x + box.left, p.y + box.top]; })"
    )
    colours = {
        status: OPACITY * np.array(list(bytes.fromhex(fill))) + (1 - OPACITY) * np.array(GROUND)
        for status, fill in FILLS.items()
    }
    found = []
    for x, y in at:
        patch = picture[round(y) - 5 : round(y) + 6, round(x) - 5 : round(x) + 6].reshape(-1, 3)
        usual = Counter(map(tuple, patch.tolist())).most_common(1)[0][0]
        found.append(min(colours, key=lambda status: float(np.abs(colours[status] - usual).sum())))
    return found


@pytest.mark.parametrize("form", ["one file", "folder", "hosted"])
def test_villages_have_the_colours_of_their_statuses_and_popups_their_facts(
    villages: gpd.GeoDataFrame, visit: Callable[[str], Browser], tmp_path: Path, form: str
) -> None:
    parts = MapParts(labels=Labels("Made up", synthetic=True, attributions=("Whoever <b>it was",)))
    drawn = village_map(villages, parts=parts, options=MapOptions(hosted=form == "hosted"))
    if form == "one file":
        look(visit(save_map(drawn, tmp_path / "map.html").as_uri()), villages)
    elif form == "folder":
        look(visit(save_map_folder(drawn, tmp_path / "map").as_uri()), villages)
    else:
        save_map_folder(drawn, tmp_path / "map")
        with hosting(tmp_path / "map") as site:
            look(visit(f"{site.address}/index.html"), villages)


def look(page: Browser, villages: gpd.GeoDataFrame) -> None:
    """Hold a page against the table that it shows."""
    # the control lies over the east of the map
    hidden = "document.querySelector('.leaflet-control-layers').style.display = 'none'"
    page.evaluate(hidden)
    assert shown_statuses(page, villages) == villages["status"].tolist()
    assert "SYNTHETIC DATA" in page.evaluate("document.querySelector('.lomsong-banner').textContent")
    assert "Whoever <b>it was" in page.evaluate(
        "document.querySelector('.leaflet-control-attribution').textContent"
    )
    counts = page.evaluate(
        "[...document.querySelectorAll('.lomsong-legend tbody tr')].map((row) => [row.querySelector('b').textContent, Number(row.cells[1].textContent)])"
    )
    told = villages["status"].str.capitalize().value_counts().to_dict()
    assert {word: count for word, count in counts if count} == told
    page.evaluate("window.lomsong.shown.villages.goTo(7)")
    page.wait_for("document.querySelector('.lomsong-card .lomsong-reasons')")
    card = page.evaluate("document.querySelector('.lomsong-card').textContent")
    assert villages["village_name"][7] in card
    assert villages["reasons"][7].split(" arrives")[0] in card
    place = villages.representative_point().to_crs(4326)[9]
    assert (
        page.evaluate(
            f"window.lomsong.shown.villages.pick(L.latLng({place.y}, {place.x}), window.lomsong.shown.map.getZoom())"
        )
        == 9
    )


def test_a_server_without_ranges_is_told_on_the_page(
    villages: gpd.GeoDataFrame, visit: Callable[[str], Browser], tmp_path: Path
) -> None:
    save_map_folder(village_map(villages, options=MapOptions(hosted=True)), tmp_path)
    with hosting(tmp_path, ranges=False) as site:
        page = visit(f"{site.address}/index.html")
        page.wait_for("document.querySelector('[role=alert]')")
        assert "range requests" in page.evaluate("document.querySelector('[role=alert]').textContent")


@pytest.mark.parametrize("hosted", [False, True])
def test_the_slider_recolours_the_villages(
    villages: gpd.GeoDataFrame, visit: Callable[[str], Browser], tmp_path: Path, *, hosted: bool
) -> None:
    now = np.array([STATUSES.index(word) for word in villages["status"]], dtype=np.uint8)
    before = np.full_like(now, STATUSES.index("white"))
    plain = village_map(villages, parts=MapParts(), options=MapOptions(hosted=hosted))
    drawn = add_runs(plain, RunHistory(("2025", "2026"), np.stack([before, now])))
    if not hosted:
        slide(visit(save_map(drawn, tmp_path / "runs.html").as_uri()), villages)
        return
    save_map_folder(drawn, tmp_path)
    with hosting(tmp_path) as site:
        slide(visit(f"{site.address}/index.html"), villages)


def slide(page: Browser, villages: gpd.GeoDataFrame) -> None:
    """Go one run back, then lay the last beside it in the west."""
    now = villages["status"].tolist()
    page.evaluate("document.querySelector('.leaflet-control-layers').style.display = 'none'")
    assert shown_statuses(page, villages) == now
    page.evaluate(
        "(() => { const slider = document.getElementById('lomsong-run'); slider.value = 0; "
        "slider.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )
    assert set(shown_statuses(page, villages)) == {"white"}
    page.evaluate(
        "(() => { const other = document.getElementById('lomsong-beside'); other.value = 1; "
        "other.dispatchEvent(new Event('change', {bubbles: true})); })()"
    )
    page.evaluate("document.querySelector('.lomsong-divider').style.display = 'none'")
    west = "window.lomsong.shown.map.getSize().x / 2 - 12"
    places = villages.representative_point().to_crs(4326)
    pairs = ",".join(f"[{place.y},{place.x}]" for place in places)
    in_west = page.evaluate(
        f"[{pairs}].map((place) => window.lomsong.shown.map.latLngToContainerPoint(place).x - ({west}))"
    )
    for found, status, away in zip(shown_statuses(page, villages), now, in_west, strict=True):
        if abs(away + 12) > 20:
            assert found == (status if away < 0 else "white")


def test_hostile_names_run_nothing(
    hostile_villages: gpd.GeoDataFrame,
    hostile: list[str],
    inputs: Inputs,
    visit: Callable[[str], Browser],
    tmp_path: Path,
) -> None:
    drawn = village_map(hostile_villages, parts=parts_of(inputs))
    page = visit(save_map(drawn, tmp_path / "map.html").as_uri())
    for row in (0, 40, 77, len(hostile) - 1):
        page.evaluate(f"window.lomsong.shown.villages.open({row})")
        page.wait_for("document.querySelector('.lomsong-card .lomsong-reasons')")
        assert page.evaluate(TITLE) == (
            as_shown(hostile[row]) or as_shown(hostile_villages["village_id"][row])
        )
    assert page.evaluate("window.__pwned === undefined")
    assert (
        page.evaluate("document.querySelectorAll('.lomsong-card script, .lomsong-card iframe').length") == 0
    )
