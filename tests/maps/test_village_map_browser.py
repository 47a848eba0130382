"""The map as a planner meets it: opened from disk in a real browser, without a network."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from map_pages import as_shown
from PIL import Image

from lomsong.findings import Finding
from lomsong.inputs import Inputs
from lomsong.maps import Labels, MapOptions, MapParts, parts_of, save_map, village_map
from lomsong.maps.contents import village_contents
from lomsong.maps.frame import WebFrame
from lomsong.maps.layer import DataLayer
from lomsong.maps.offline import entity_escape, head_elements
from lomsong.wording import PHRASES, Phrase

pytestmark = pytest.mark.browser

DESKTOP, PHONE = (1280, 800), (390, 780)
Open = Callable[..., Any]


@pytest.fixture
def open_map(chromium: Any, tmp_path: Path) -> Iterator[Open]:
    """Open a map from disk; at the end there must have been one request, the file, and no complaint."""
    contexts: list[Any] = []
    requests: list[str] = []
    complaints: list[str] = []

    def opener(drawn: folium.Map, size: tuple[int, int] = DESKTOP) -> Any:
        path = save_map(drawn, tmp_path / "map.html")
        phone = size == PHONE
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            is_mobile=phone,
            has_touch=phone,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path.as_uri())
        page.wait_for_function("() => window.lomsong && lomsong.isReady()")
        return page

    yield opener
    for context in contexts:
        context.close()
    assert complaints == []
    assert len(requests) == len(contexts)
    assert all(address.startswith("file:") for address in requests)


def map_name(drawn: folium.Map) -> str:
    return str(drawn.get_name())


def place_of(page: Any, drawn: folium.Map, longitude: float, latitude: float) -> tuple[float, float]:
    """Where a place is on the screen."""
    name = map_name(drawn)
    x, y = page.evaluate(
        f"() => {{ const p = {name}.latLngToContainerPoint([{latitude}, {longitude}]),"
        f" box = {name}.getContainer().getBoundingClientRect(); return [p.x + box.left, p.y + box.top]; }}"
    )
    return x, y


def layer_names(page: Any) -> list[str]:
    return [name.strip() for name in page.locator(".leaflet-control-layers-overlays label").all_inner_texts()]


def inside(villages: gpd.GeoDataFrame, row: int) -> tuple[float, float]:
    point = villages.geometry.iloc[[row]].representative_point().to_crs(4326).iloc[0]
    return point.x, point.y


def test_the_page_shows_its_name_its_counts_and_its_sources(
    open_map: Open, villages: gpd.GeoDataFrame, inputs: Inputs
) -> None:
    page = open_map(village_map(villages, inputs=inputs))
    assert page.title() == "Made-up district of Sơn Giả"
    assert page.locator("h1").inner_text() == "Made-up district of Sơn Giả"
    white = villages[villages["status"] == "white"]
    row = page.locator(".lomsong-legend tbody tr").first
    assert row.locator("td").all_inner_texts() == [str(len(white)), f"{white['population'].sum():,.0f}"]
    assert "Mast register <b>&" in page.locator(".leaflet-control-attribution").inner_text()
    assert page.locator(".leaflet-control-scale-line").inner_text().endswith("km")
    assert layer_names(page) == ["Relief", "Communes", "Villages", "Masts"]
    assert page.locator(".leaflet-image-layer").evaluate("image => image.naturalWidth") > 200


def test_a_synthetic_map_says_so_and_another_does_not(
    open_map: Open, villages: gpd.GeoDataFrame, inputs: Inputs
) -> None:
    page = open_map(village_map(villages, inputs=inputs))
    assert page.locator(".lomsong-banner").inner_text().startswith("SYNTHETIC DATA")
    assert page.locator(".lomsong-banner").is_visible()
    assert open_map(village_map(villages)).locator(".lomsong-banner").count() == 0


def test_a_click_on_a_village_explains_it(open_map: Open, villages: gpd.GeoDataFrame, inputs: Inputs) -> None:
    drawn = village_map(villages, inputs=inputs)
    page = open_map(drawn)
    row = int(villages.index[villages["status"] == "served"][0])
    page.mouse.click(*place_of(page, drawn, *inside(villages, row)))
    text = page.locator(".lomsong-card").inner_text()
    village = villages.loc[row]
    for part in (
        village["village_name"],
        village["village_id"],
        village["commune_name"],
        "Served",
        village["reasons"],
        f"{village['population']:,.0f} people",
        "22.5 Mbit/s, 80 % interval 14 to 31",
        f"Rank {village['rank']} of 60",
        "Severity",
    ):
        assert part in text


def test_a_popup_tells_the_people_that_the_run_counted_and_the_connection(
    open_map: Open, villages: gpd.GeoDataFrame
) -> None:
    row = villages.index[villages["status"] == "served"][0]
    drawn = villages.assign(people=321.0, connection="no mobile", fixed_line="absent", override=None)
    drawn.loc[row, "override"] = "2026-11-23, A. B.: seen there"
    page = open_map(village_map(drawn))
    page.evaluate(f"() => lomsong.shown.villages.open({row})")
    text = page.locator(".leaflet-popup-content").inner_text()
    for part in ("321 people", "no signal, fixed line unknown", "absent"):
        assert part in text
    page.get_by_label("Colour by").select_option("quality")
    counted = (
        page.locator(".lomsong-legend tr", has_text="status set by hand").locator("td").all_inner_texts()
    )
    assert counted == ["1", "321"]


def test_far_away_a_filter_only_changes_the_colours_of_the_pixels(
    open_map: Open, villages: gpd.GeoDataFrame
) -> None:
    page = open_map(village_map(villages))
    page.evaluate("() => lomsong.shown.map.setZoom(6, { animate: false })")
    seen = """async (hidden) => { const layer = lomsong.shown.villages;
      await layer.show((row) => layer.value(row, "status") !== hidden);
      const colours = new Set();
      for (const tile of layer.getContainer().querySelectorAll("canvas")) {
        const pixels = tile.getContext("2d").getImageData(0, 0, tile.width, tile.height).data;
        for (let i = 0; i < pixels.length; i += 4) if (pixels[i + 3] === 209) colours.add(pixels[i] + "," + pixels[i + 1] + "," + pixels[i + 2]);
      }
      return [...colours]; }"""
    page.wait_for_function("() => !lomsong.shown.villages.isLoading()")
    served, covered = (0x00, 0x72, 0xB2), (0x56, 0xB4, 0xE9)

    def has(colours: list[str], wanted: tuple[int, ...]) -> bool:
        return any(
            max(abs(int(a) - b) for a, b in zip(each.split(","), wanted, strict=True)) < 4 for each in colours
        )

    everything, rest = page.evaluate(seen, "nothing"), page.evaluate(seen, "served")
    assert has(everything, served)
    assert has(everything, covered)
    assert not has(rest, served)
    assert has(rest, covered)


def test_a_click_on_a_mast_names_site_operator_and_technologies(
    open_map: Open, villages: gpd.GeoDataFrame, inputs: Inputs
) -> None:
    drawn = village_map(villages, inputs=inputs)
    page = open_map(drawn)
    mast = inputs.sectors[inputs.sectors["site_id"] == "S02"].geometry.iloc[[0]].to_crs(4326).iloc[0]
    page.mouse.click(*place_of(page, drawn, mast.x, mast.y))
    text = page.locator(".lomsong-card").inner_text()
    assert text.split() == ["Site", "S02", "Núi", "Đá", "4G", "Sóng", "Xanh", "2G,", "4G"]


@pytest.mark.parametrize("words", ["deo gio", "ĐÈO GIÓ", "gio deo", "00046"])
def test_search_finds_with_and_without_diacritics_and_by_code(
    open_map: Open, villages: gpd.GeoDataFrame, words: str
) -> None:
    assert villages["village_name"][46] == "Đèo Gió"
    page = open_map(village_map(villages))
    page.get_by_label("Find a village").fill(words)
    assert page.locator("#lomsong-found .lomsong-name").all_inner_texts() == ["Đèo Gió"]
    page.keyboard.press("Enter")
    assert "Đèo Gió" in page.locator(".lomsong-card h2").inner_text()


def test_a_search_without_result_says_so(open_map: Open, villages: gpd.GeoDataFrame) -> None:
    page = open_map(village_map(villages))
    page.get_by_label("Find a village").fill("zzz")
    assert page.get_by_text("No village found.").is_visible()


def test_the_ranked_list_leads_to_the_village(open_map: Open, villages: gpd.GeoDataFrame) -> None:
    drawn = village_map(villages)
    page = open_map(drawn)
    ranked = villages.sort_values("rank")["village_name"].head(20).tolist()
    assert page.locator("#lomsong-ranked .lomsong-name").all_inner_texts() == ranked
    before = page.evaluate(f"() => {map_name(drawn)}.getZoom()")
    page.locator("#lomsong-ranked button").nth(4).click()
    page.locator(".lomsong-card").wait_for()
    assert page.locator(".lomsong-card h2").inner_text() == ranked[4]
    assert page.evaluate(f"() => {map_name(drawn)}.getZoom()") > before


def test_the_keyboard_alone_opens_and_closes_a_village(open_map: Open, villages: gpd.GeoDataFrame) -> None:
    page = open_map(village_map(villages))
    page.get_by_label("Find a village").focus()
    page.keyboard.type("ban")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    second = page.evaluate("() => document.activeElement.querySelector('.lomsong-name').textContent")
    page.keyboard.press("Enter")
    page.locator(".lomsong-card").wait_for()
    assert page.locator(".lomsong-card h2").inner_text() == second
    page.keyboard.press("Escape")
    page.locator(".lomsong-card").wait_for(state="detached")
    assert page.evaluate("() => document.activeElement.closest('#lomsong-found') !== null")


def test_unticking_a_status_hides_its_villages(open_map: Open, villages: gpd.GeoDataFrame) -> None:
    drawn = village_map(villages)
    page = open_map(drawn)
    row = int(villages.index[villages["status"] == "hollow"][0])
    page.get_by_label("Hollow").uncheck()
    page.mouse.click(*place_of(page, drawn, *inside(villages, row)))
    assert page.locator(".lomsong-card").count() == 0
    page.get_by_label("Hollow").check()
    page.mouse.click(*place_of(page, drawn, *inside(villages, row)))
    assert page.locator(".lomsong-card").count() == 1


def test_masts_stay_on_top_when_villages_are_switched_on_again(
    open_map: Open, villages: gpd.GeoDataFrame, inputs: Inputs
) -> None:
    drawn = village_map(villages, inputs=inputs)
    page = open_map(drawn)
    for _ in range(2):
        page.get_by_label("Villages", exact=True).and_(page.locator("input")).click()
    mast = inputs.sectors.geometry.iloc[[0]].to_crs(4326).iloc[0]
    page.mouse.click(*place_of(page, drawn, mast.x, mast.y))
    assert page.locator(".lomsong-card h2").inner_text() == "Site S00"


def test_points_without_any_optional_column_work(open_map: Open, villages: gpd.GeoDataFrame) -> None:
    bare = villages[["village_id", "status", "geometry"]]
    bare = bare.set_geometry(bare.geometry.centroid)
    drawn = village_map(bare)
    page = open_map(drawn)
    assert page.get_by_text("These villages have not been ranked.").is_visible()
    page.mouse.click(*place_of(page, drawn, *inside(bare, 7)))
    text = page.locator(".lomsong-card").inner_text()
    assert "00007" in text
    assert "not known" in text


def test_one_village_fills_the_map(open_map: Open, villages: gpd.GeoDataFrame) -> None:
    drawn = village_map(villages.iloc[[5]])
    page = open_map(drawn)
    assert 9 <= page.evaluate(f"() => {map_name(drawn)}.getZoom()") <= 14


OPEN_ALL = """
async ([layer, size]) => {
  const cards = [];
  for (let row = 0; row < size; row++) {
    lomsong.shown.map[layer].open(row);
    const card = [...document.querySelectorAll('.lomsong-card')].at(-1);
    cards.push({ title: card.querySelector('h2').textContent, text: card.textContent,
      reasons: card.querySelector('.lomsong-reasons')?.textContent, foreign: card.querySelectorAll('svg, script, iframe, a, style, link, meta, base, form, object, embed, input, b').length });
  }
  return cards;
}
"""


def test_hostile_text_in_every_field_of_every_table_stands_on_the_page_and_nothing_runs(
    open_map: Open, hostile_villages: gpd.GeoDataFrame, inputs: Inputs, hostile: list[str]
) -> None:
    shown = [as_shown(name) for name in hostile]
    count = len(hostile)
    places = hostile_villages.geometry.representative_point().to_numpy()
    names = pd.Series(hostile, dtype=object)
    table = {"sector_id": names, "site_id": names, "operator": names, "technology": names}
    sectors = gpd.GeoDataFrame(table, geometry=places, crs=hostile_villages.crs)
    plan = gpd.GeoDataFrame(
        {"site_id": pd.Series([f"site {name}" for name in hostile], dtype=object), "order": range(1, count + 1), "backhaul_kind": names,
         "village_ids": [[village] for village in hostile_villages["village_id"]]},
        geometry=places,
        crs=hostile_villages.crs,
    )  # fmt: skip
    service = pd.DataFrame(
        {
            "village_id": hostile_villages["village_id"],
            "operator": names,
            "technology": names,
            "p_centre": 0.4,
        }
    )
    findings = [
        Finding(layer="villages", word="clean", severity="note", message=name, rows=(village,))
        for name, village in zip(hostile, hostile_villages["village_id"], strict=True)
    ]
    pictures = {
        village: f"<svg xmlns='http://www.w3.org/2000/svg'>{name}</svg>"
        for village, name in zip(hostile_villages["village_id"], shown, strict=True)
    }
    labels = Labels(hostile[41], synthetic=True, attributions=tuple(hostile))
    parts = replace(
        parts_of(replace(inputs, sectors=sectors), plan=plan, service=service, pictures=pictures),
        labels=labels, findings=findings,
    )  # fmt: skip
    page = open_map(village_map(hostile_villages, parts=parts))
    assert page.locator("h1").evaluate("heading => heading.textContent") == hostile[41]
    sources = page.locator(".leaflet-control-attribution bdi").evaluate_all(
        "all => all.map(one => one.textContent)"
    )
    assert sources == hostile

    cards = page.evaluate(OPEN_ALL, ["lomsongVillages", count])
    for row, card in enumerate(cards):
        assert card["title"] == (shown[row] or as_shown(hostile_villages["village_id"][row]))
        assert card["reasons"] == shown[(row + 4) % count]
        assert as_shown(hostile_villages["village_id"][row]) in card["text"]
        assert card["foreign"] == 0
    assert all(card["foreign"] == 0 for card in page.evaluate(OPEN_ALL, ["lomsongPlan", count]))
    masts = page.evaluate(OPEN_ALL, ["lomsongMasts", count])
    assert {card["title"] for card in masts} >= {f"Site {name}" for name in shown if name}
    assert all(card["foreign"] == 0 for card in masts)

    page.locator("summary", has_text="Filters").click()
    operators = page.get_by_label("Operator").evaluate("list => [...list.options].map(one => one.value)")
    assert set(operators[1:]) == {name for name in shown if name != "any"}
    for words in ("<img", "{{", "\\", "\u202e"):
        page.get_by_label("Find a village").fill(words)
        page.locator(".lomsong-filters input[type=search]").fill(words)
    page.get_by_role("button", name="Clear the filters").click()
    with page.expect_download():
        page.get_by_role("button", name="Table (CSV)").click()
    with page.expect_download():
        page.get_by_role("button", name="Picture (PNG)").click()
    page.get_by_role("button", name="Tiếng Việt").click()
    page.wait_for_timeout(300)
    assert page.evaluate("() => window.__pwned") is None
    assert page.evaluate("() => document.dir + getComputedStyle(document.body).direction") == "ltr"


def test_hostile_names_in_folium_widgets_stand_literally_when_escaped(
    open_map: Open, villages: gpd.GeoDataFrame, hostile: list[str]
) -> None:
    """Folium compiles what it renders once more as a template and Leaflet reads it as HTML: `entity_escape` stops both."""
    drawn = village_map(villages.iloc[:3].drop(columns="commune_name"))
    names = [name for name in hostile if len(name) < 300 and name.strip()]
    for place, name in enumerate(names):
        safe = entity_escape(name)
        where = [22.6 + place / 5000, 104.05]
        group = folium.FeatureGroup(name=safe).add_to(drawn)
        folium.Marker(
            where,
            tooltip=safe,
            popup=folium.Popup(safe),
            icon=folium.DivIcon(html=safe, class_name="attacked"),
        ).add_to(group)
    text = drawn.get_root().render()
    assert not multiplied(text)
    assert "hahaha" not in text
    page = open_map(drawn)
    icons = page.locator(".attacked").evaluate_all("all => all.map(one => one.textContent)")
    assert len(icons) == len(names)
    # HTML itself turns a carriage return into a line feed and NUL into a replacement mark; the browser does so too
    assert [flat(icon) for icon in icons] == [flat(as_shown(name)) for name in names]
    assert page.locator(".attacked *").count() == 0
    control = page.locator(".leaflet-control-layers-overlays label").all_text_contents()
    assert len(control) == len(names) + 1
    assert page.evaluate("() => window.__pwned") is None


def multiplied(text: str) -> bool:
    """Tell whether somebody worked 191*7 out; Folium's random ids may hold the digits by chance."""
    return re.search(r"(?<![0-9a-f])1337(?![0-9a-f])", text) is not None


def flat(text: str) -> str:
    return re.sub(r"[\s\x00\ufffd\ufeff]", "", text)


def test_a_native_layer_control_does_not_run_the_name_of_our_layer(
    open_map: Open, villages: gpd.GeoDataFrame
) -> None:
    drawn = folium.Map(tiles=None)
    drawn.default_js, drawn.default_css = [], []
    for name, element in head_elements("x").items():
        drawn.get_root().header.add_child(element, name=name)
    for name in ("{{ 191*7 }}", "<img src=x onerror=window.__pwned=1>"):
        DataLayer("villages", village_contents(villages.iloc[:4], WebFrame()), name=name).add_to(drawn)
        villages = villages.iloc[4:]
    folium.LayerControl(collapsed=False).add_to(drawn)
    text = drawn.get_root().render()
    assert not multiplied(text)
    page = open_map(drawn)
    assert layer_names(page) == ["{{ 191*7 }}", "<img src=x onerror=window.__pwned=1>"]
    assert page.evaluate("() => window.__pwned") is None


def test_on_a_phone_the_panel_makes_room_for_the_map(
    open_map: Open, villages: gpd.GeoDataFrame, inputs: Inputs
) -> None:
    drawn = village_map(villages, inputs=inputs)
    page = open_map(drawn, PHONE)
    assert not page.locator("#lomsong-body").is_visible()
    assert page.locator(".folium-map").bounding_box()["height"] > 600
    page.get_by_label("Show the panel").tap()
    assert page.locator("#lomsong-body").is_visible()
    page.locator("#lomsong-ranked button").first.tap()
    page.locator(".lomsong-card").wait_for()
    assert not page.locator("#lomsong-body").is_visible()
    page.wait_for_timeout(500)
    box = page.locator(".leaflet-popup").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE[0]
    page.locator(".leaflet-popup-close-button").tap()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_nothing_to_press_is_smaller_than_24_pixels(
    open_map: Open, villages: gpd.GeoDataFrame, inputs: Inputs
) -> None:
    page = open_map(village_map(villages, inputs=inputs))
    boxes = page.locator(
        ".lomsong-panel button, .lomsong-panel label:has(input), .lomsong-panel input:not([type=checkbox]), .lomsong-panel select"
    )
    page.locator("summary", has_text="Filters").click()
    shown = "all => all.map(one => one.getBoundingClientRect().toJSON()).filter(box => box.width)"
    for box in boxes.evaluate_all(shown):
        assert min(box["width"], box["height"]) >= 24


def test_folium_layers_added_to_the_map_work_without_network(
    open_map: Open, villages: gpd.GeoDataFrame, inputs: Inputs
) -> None:
    drawn = village_map(villages, inputs=inputs)
    longitude, latitude = inside(villages, 0)
    group = folium.FeatureGroup(name="Ours").add_to(drawn)
    folium.CircleMarker([latitude, longitude], radius=9, fill=True, popup="a popup of Folium").add_to(group)
    folium.Marker([latitude, longitude], tooltip="t", icon=folium.Icon(color="red")).add_to(group)
    folium.GeoJson(villages.geometry.iloc[[1]].to_crs(4326), name="<One>").add_to(drawn)
    page = open_map(drawn)
    assert layer_names(page) == ["Relief", "Communes", "Villages", "Masts", "Ours", "<One>"]
    x, y = place_of(page, drawn, longitude, latitude)
    page.mouse.click(x, y + 6)
    assert page.get_by_text("a popup of Folium").is_visible()


def test_our_layer_works_under_a_layer_control_of_folium(open_map: Open, villages: gpd.GeoDataFrame) -> None:
    villages = villages.drop(columns="commune_name")
    drawn = village_map(villages)
    folium.LayerControl(collapsed=False).add_to(drawn)
    other = DataLayer("villages", village_contents(villages.iloc[:3], WebFrame()), name="Again", show=False)
    other.add_to(drawn)
    drawn._children.move_to_end(next(name for name in drawn._children if name.startswith("layer_control")))
    page = open_map(drawn)
    boxes = page.locator(".leaflet-control-layers-overlays input")
    assert [box.is_checked() for box in boxes.all()] == [True, False]
    boxes.nth(1).check()
    boxes.nth(0).uncheck()
    page.mouse.click(*place_of(page, drawn, *inside(villages, 1)))
    assert page.locator(".lomsong-card").count() == 1


def test_a_notebook_frame_shows_the_map(chromium: Any, villages: gpd.GeoDataFrame, tmp_path: Path) -> None:
    (tmp_path / "notebook.html").write_text(village_map(villages)._repr_html_(), encoding="utf-8")
    page = chromium.new_page(viewport={"width": 1000, "height": 700})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((tmp_path / "notebook.html").as_uri())
    frame = page.frame_locator("iframe")
    frame.locator("#lomsong-ranked button").first.click()
    frame.locator(".lomsong-card").wait_for()
    page.close()
    assert errors == []


def test_the_plan_filters_themes_and_the_language_change_what_stands_on_the_page(
    open_map: Open, villages: gpd.GeoDataFrame, inputs: Inputs
) -> None:
    """One page for all of it: opening costs more than using."""
    ids = villages["village_id"].tolist()
    plan = gpd.GeoDataFrame(
        {"site_id": ["P1", "P2"], "order": [1, 2], "cost": [50_000.0, 60_000.0], "people": [400.0, 300.0],
         "village_ids": [ids[:3], ids[3:5]]},
        geometry=gpd.points_from_xy([410_000, 415_000], [2_510_000, 2_512_000]),
        crs=villages.crs,
    )  # fmt: skip
    service = pd.DataFrame(
        {"village_id": ids, "operator": "Núi Đá", "technology": "4g", "p_centre": [0.1] * 10 + [0.9] * 50}
    )
    page = open_map(village_map(villages, parts=parts_of(inputs, plan=plan, service=service)))
    told = page.locator(".lomsong-panel [aria-live]", has_text="villages shown")
    assert told.inner_text().startswith("60 of 60 villages shown")

    page.get_by_label("Sites to build").press("ArrowRight")
    legend = page.locator(".lomsong-legend tbody tr").last
    assert legend.inner_text().split("\n")[0].startswith("Gets signal by the plan")
    assert legend.locator("td").first.inner_text() == "3"
    assert (
        "1 of 2 sites · cost 50,000, 400 people reached" in page.locator("#lomsong-budget-sum").inner_text()
    )

    page.locator("summary", has_text="Filters").click()
    page.get_by_label("Operator").select_option("Núi Đá")
    page.get_by_label("Technology").select_option("4g")
    page.get_by_label("Signal of these").select_option("without")
    assert told.inner_text().startswith("10 of 60 villages shown")
    page.get_by_label("Grid power").select_option("no")
    off_grid = sum(i % 7 == 0 for i in range(10))
    assert told.inner_text().startswith(f"{off_grid} of 60 villages shown")
    page.get_by_role("button", name="Clear the filters").click()
    page.locator(".lomsong-filters input[type=search]").fill("khau tinh")
    assert told.inner_text().startswith("20 of 60 villages shown")
    page.locator(".lomsong-filters input[type=search]").fill("")
    page.get_by_label("People, from").fill("700")
    assert told.inner_text().startswith(f"{(villages['population'] >= 700).sum()} of 60 villages shown")
    page.get_by_role("button", name="Clear the filters").click()

    page.get_by_label("Colour by").select_option("chance")
    assert page.locator(".lomsong-legend tbody b").all_inner_texts()[0] == "under 20 %"

    page.get_by_role("button", name="Tiếng Việt").click()
    assert page.evaluate("() => document.documentElement.lang") == "vi"
    assert page.locator(".lomsong-legend tbody b").all_inner_texts()[0] == "dưới 20 %"
    assert "Trạm đề xuất" in layer_names(page)
    assert page.get_by_label("Tìm thôn bản").is_visible()
    english = page.get_by_text("villages shown")
    assert english.count() == 0


def test_every_other_layer_draws(
    open_map: Open, villages: gpd.GeoDataFrame, inputs: Inputs, tmp_path: Path
) -> None:
    with rasterio.open(
        tmp_path / "signal_x_4g.tif", "w", driver="GTiff", height=60, width=60, count=1, dtype="float32",
        crs="EPSG:32648", transform=rasterio.Affine(400, 0, 400_000, 0, -400, 2_524_000), nodata=float("nan"),
    ) as target:  # fmt: skip
        target.write(np.full((60, 60), -90, dtype=np.float32), 1)
        target.update_tags(operator="X", technology="4g")
    measurements = gpd.GeoDataFrame(
        {"network": "mobile", "kind": "speed", "tests": [9.0], "download_mbps": [21.0]},
        geometry=gpd.points_from_xy([412_000], [2_512_000]),
        crs=villages.crs,
    )
    inputs = replace(inputs, measurements=measurements)
    drawn = village_map(
        villages, parts=parts_of(inputs, rasters=[tmp_path / "signal_x_4g.tif"], pictures={"00005": "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='5'/>"})
    )  # fmt: skip
    page = open_map(drawn)
    for name in ("X 4G", "Measurements", "Communes"):
        page.locator(".leaflet-control-layers-overlays label", has_text=name).locator("input").check()
    page.wait_for_timeout(300)
    painted = page.evaluate(
        """() => Object.fromEntries(['signal', 'hexagons', 'borders', 'masts'].map((name) => [name,
        [...document.querySelectorAll('.leaflet-lomsong-' + name + '-pane canvas')].some((tile) =>
          new Uint32Array(tile.getContext('2d').getImageData(0, 0, tile.width, tile.height).data.buffer).some(Boolean))]))"""
    )
    assert painted == {"signal": True, "hexagons": True, "borders": True, "masts": True}
    assert page.get_by_text("Level, dBm").is_visible()
    page.evaluate("() => lomsong.shown.villages.open(5)")
    assert page.locator(".lomsong-profile").evaluate("image => image.naturalWidth") == 9


def test_a_browser_without_decompression_takes_the_slower_way(
    chromium: Any, villages: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    path = save_map(village_map(villages), tmp_path / "map.html")
    page = chromium.new_page()
    page.add_init_script("delete window.DecompressionStream; delete Uint8Array.fromBase64")
    page.goto(path.as_uri())
    page.wait_for_function("() => window.lomsong && lomsong.isReady()")
    assert page.locator("#lomsong-ranked li").count() == 20
    page.close()


def test_the_address_keeps_what_the_reader_looks_at(
    open_map: Open, chromium: Any, villages: gpd.GeoDataFrame
) -> None:
    drawn = village_map(villages)
    page = open_map(drawn)
    page.get_by_label("Colour by").select_option("need")
    page.get_by_label("first 20").uncheck()
    page.locator("summary", has_text="Filters").click()
    page.get_by_label("People, from").fill("300")
    page.get_by_role("button", name="Tiếng Việt").click()
    page.evaluate(
        f"() => {{ {map_name(drawn)}.setView([22.7, 104.1], 12, {{animate: false}}); lomsong.shown.villages.open(7); }}"
    )
    page.wait_for_function("() => location.hash.includes('village=00007')")
    address = page.url
    other = chromium.new_page()
    other.goto(address)
    other.wait_for_function("() => window.lomsong && lomsong.isReady()")
    assert other.evaluate("() => document.documentElement.lang") == "vi"
    assert other.get_by_label("Tô màu theo").input_value() == "need"
    assert not other.locator(".lomsong-legend input").first.is_checked()
    assert other.get_by_label("Số dân, từ").input_value() == "300"
    assert villages["village_name"][7] in other.locator(".lomsong-card h2").inner_text()
    other.goto(
        address.split("#")[0]
        + "#at=x/y/z&theme=__proto__&step=-5&hide=%00&f.from=abc&village=%7B%7B7%7D%7D&lang=xx"
    )
    other.wait_for_function("() => window.lomsong && lomsong.isReady()")
    assert other.locator("#lomsong-ranked li").count() == 20
    other.close()


def test_picture_table_and_ruler_do_what_they_say(
    open_map: Open, villages: gpd.GeoDataFrame, inputs: Inputs, tmp_path: Path
) -> None:
    named = villages.copy()
    named.loc[3, "village_name"] = "=HYPERLINK(1)"
    drawn = village_map(named, inputs=inputs)
    page = open_map(drawn)
    page.get_by_label("White").uncheck()
    with page.expect_download() as table:
        page.get_by_role("button", name="Table (CSV)").click()
    table.value.save_as(tmp_path / "villages.csv")
    rows = pd.read_csv(tmp_path / "villages.csv", dtype={"village_id": str})
    assert set(rows["village_id"]) == set(villages.loc[villages["status"] != "white", "village_id"])
    assert (rows["village_name"] == "'=HYPERLINK(1)").sum() == (named["status"][3] != "white")
    assert rows["rank"].is_monotonic_increasing

    with page.expect_download() as picture:
        page.get_by_role("button", name="Picture (PNG)").click()
    picture.value.save_as(tmp_path / "map.png")
    with Image.open(tmp_path / "map.png") as opened:
        sheet = opened.convert("RGB")
    assert sheet.width > 1500
    colours = sheet.resize((300, 200)).getcolors(60_000)
    assert colours is not None
    assert len(colours) > 200

    page.get_by_role("button", name="Measure").click()
    page.keyboard.press("Enter")
    page.evaluate(f"() => {map_name(drawn)}.panBy([200, 0], {{animate: false}})")
    page.keyboard.press("Enter")
    told = page.locator(".lomsong-tools + .lomsong-note").last.inner_text()
    assert re.fullmatch(r"[\d.,]+ k?m", told)
    page.keyboard.press("Escape")
    assert page.get_by_role("button", name="Measure").get_attribute("aria-pressed") == "false"
    assert page.locator(".lomsong-card").count() == 0

    page.locator("summary", has_text="List of the villages").click()
    shown = len(rows)
    page.get_by_text(f"1 to 25 of {shown}").wait_for()
    page.get_by_role("button", name="Next").click()
    page.get_by_text(f"26 to {min(50, shown)} of {shown}").wait_for()

    page.locator(".folium-map").focus()
    page.keyboard.press("Enter")
    page.locator(".lomsong-card").wait_for()


def test_the_page_works_inside_a_sandboxed_frame(
    chromium: Any, villages: gpd.GeoDataFrame, inputs: Inputs, tmp_path: Path
) -> None:
    save_map(village_map(villages, inputs=inputs), tmp_path / "map.html")
    (tmp_path / "report.html").write_text(
        '<!doctype html><iframe src="map.html#theme=need" sandbox="allow-scripts allow-downloads" width="1000" height="700"></iframe>'
    )
    page = chromium.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((tmp_path / "report.html").as_uri())
    frame = page.frame_locator("iframe")
    frame.locator("#lomsong-ranked li").nth(19).wait_for()
    assert frame.get_by_label("Colour by").input_value() == "need"
    frame.locator("#lomsong-ranked button").first.click()
    frame.locator(".lomsong-card").wait_for()
    page.close()
    assert errors == []


def test_reasons_are_told_in_vietnamese_as_python_tells_them(
    open_map: Open, villages: gpd.GeoDataFrame
) -> None:
    """Every phrase, through the page's translation, against `wording` itself."""
    values = {"operator": "Sóng Xanh", "technology": "4G"}
    phrases = [
        Phrase(key, {name: values.get(name, (1234.5, 1)) for name in re.findall(r"\{(\w+)\}", english)})
        for key, (english, _) in PHRASES.items()
    ]
    told = villages.iloc[: len(phrases)].copy()
    told["reasons"] = [phrase.say("en") for phrase in phrases]
    page = open_map(village_map(told, options=MapOptions(language="vi")))
    for row, phrase in enumerate(phrases):
        page.evaluate(f"() => lomsong.shown.villages.open({row})")
        assert page.locator(".lomsong-reasons").last.inner_text() == phrase.say("vi")


CONTRAST = """
() => {
  const numbers = (colour) => { const found = colour.match(/[\\d.]+/g).map(Number); return found.length < 4 ? [...found, 1] : found; };
  const luminance = (rgb) => rgb.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((under, over) => over.slice(0, 3).map((v, i) => v * over[3] + under[i] * (1 - over[3])), [255, 255, 255]);
  };
  const weak = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const box = element.getBoundingClientRect();
    if (!own || !box.width || box.width < 2 || element.closest('[disabled]') || element.matches('option, script, textarea')) continue;
    const style = getComputedStyle(element), large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    const a = luminance(numbers(style.color)), b = luminance(behind(element)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < (large ? 3 : 4.5)) weak.push([element.tagName, element.className, element.textContent.slice(0, 30), ratio.toFixed(2)].join(' '));
  }
  return weak;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_keeps_its_contrast(
    chromium: Any, villages: gpd.GeoDataFrame, inputs: Inputs, tmp_path: Path, scheme: str
) -> None:
    path = save_map(village_map(villages, inputs=inputs), tmp_path / "map.html")
    page = chromium.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page.goto(path.as_uri())
    page.wait_for_function("() => window.lomsong && lomsong.isReady()")
    page.evaluate(
        "() => { document.querySelectorAll('details').forEach((one) => (one.open = true)); lomsong.shown.villages.open(2); }"
    )
    page.locator("#lomsong-all li").first.wait_for()
    assert page.evaluate(CONTRAST) == []
    page.get_by_role("button", name="Embed").click()
    assert page.evaluate(CONTRAST) == []
    page.close()


def test_everything_to_press_or_fill_has_a_name(
    open_map: Open, villages: gpd.GeoDataFrame, inputs: Inputs
) -> None:
    page = open_map(village_map(villages, inputs=inputs))
    page.evaluate("() => lomsong.shown.villages.open(2)")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, a[href], a[role=button], input, select, summary, [tabindex="0"]')].filter((one) =>
          !(one.textContent.trim() || one.getAttribute('aria-label') || one.title || (one.labels && one.labels.length))).map((one) => one.outerHTML)"""
    )
    assert nameless == []


def painted(page: Any, pane: str) -> int:
    """Pixels of a pane's canvases that are not clear."""
    return int(
        page.evaluate(
            """(pane) => [...document.querySelectorAll(".leaflet-" + pane + "-pane canvas")].reduce((sum, tile) => {
              const { data } = tile.getContext("2d").getImageData(0, 0, tile.width, tile.height);
              for (let i = 3; i < data.length; i += 4) sum += data[i] > 0;
              return sum;
            }, 0)""",
            pane,
        )
    )


def test_roads_and_waters_can_be_switched_off(open_map: Open, villages: gpd.GeoDataFrame) -> None:
    west, south, east, north = villages.total_bounds
    ways = {
        name: gpd.GeoDataFrame({"kind": [kind]}, geometry=[shapely.LineString(line)], crs=villages.crs)
        for name, kind, line in (
            ("roads", "primary", [(west, south), (east, north)]),
            ("water", "river", [(west, north), (east, south)]),
        )
    }
    page = open_map(village_map(villages, parts=MapParts(**ways), options=MapOptions(language="vi")))
    for pane, name in (("lomsong-roads", "Đường bộ"), ("lomsong-water", "Sông hồ")):
        page.wait_for_function(
            "(pane) => document.querySelector('.leaflet-' + pane + '-pane canvas')", arg=pane
        )
        page.wait_for_timeout(300)
        assert painted(page, pane) > 500
        page.get_by_label(name, exact=True).uncheck()
        assert painted(page, pane) == 0


def test_a_masked_count_of_tests_is_shown_as_such(open_map: Open, villages: gpd.GeoDataFrame) -> None:
    masked = villages.assign(mobile_tests=np.nan, mobile_tests_shown="<5", rank=range(1, len(villages) + 1))
    page = open_map(village_map(masked))
    page.locator("#lomsong-body .lomsong-list button").first.click()
    page.wait_for_selector(".lomsong-card")
    assert "<5 tests" in page.locator(".lomsong-card").inner_text()
    with page.expect_download() as download:
        page.get_by_role("button", name="Table (CSV)").click()
    table = pd.read_csv(download.value.path(), dtype=str)
    assert table["mobile_tests_shown"].eq("<5").all()
    page.locator(".lomsong-language").click()
    page.locator("#lomsong-body .lomsong-list button").first.click()
    page.wait_for_selector(".lomsong-card")
    assert "<5 lượt đo" in page.locator(".lomsong-card").inner_text()
