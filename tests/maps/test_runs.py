"""Several runs on one map: the statuses that the page gets, and the page as a reader meets it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from map_pages import as_shown

from lomsong.admin_codes import build_mapping
from lomsong.changes import compare, read_runs
from lomsong.errors import OutputError, TableError
from lomsong.maps import Labels, MapParts, save_map, village_map
from lomsong.maps.runs import ABSENT, RunHistory, add_runs
from lomsong.runs_map import draw_runs_map, find_statuses
from lomsong.schemas import STATUSES


def write_run(folder: Path, villages: gpd.GeoDataFrame, **columns: object) -> Path:
    folder.mkdir()
    villages.assign(**columns).to_crs(4326).to_parquet(folder / "villages.parquet")
    masts = gpd.GeoDataFrame(
        {"sector_id": ["a"], "operator": ["A"]}, geometry=gpd.points_from_xy([104], [22.7]), crs=4326
    )
    masts.to_parquet(folder / "sectors.parquet")
    record = {"name": "made up", "synthetic": True, "settings": {"name": "made up"}, "inputs": []}
    (folder / "run.json").write_text(json.dumps(record))
    return folder


def named(status: str, count: int) -> list[str]:
    return [status] * count


def test_each_run_says_what_it_said_of_the_villages_of_the_last(
    tmp_path: Path, make_villages: Callable[..., Any]
) -> None:
    last = make_villages(4).assign(status=["white", "covered", "served", "hollow"])
    middle = last.iloc[[2, 0, 1]].assign(status=["white", "white", "verify"])
    first = last.iloc[[0, 1, 2]].assign(status=["covered", "white", "white"])
    first["village_id"] = ["00000", "old", "00002"]
    folders = [
        write_run(tmp_path / name, table) for name, table in (("a", first), ("b", middle), ("c", last))
    ]
    mapping = build_mapping(pd.DataFrame({"old_code": ["old"], "new_code": ["00001"], "kind": ["whole"]}))
    found = compare(read_runs(folders), mapping=mapping)
    codes = find_statuses(last["village_id"], found.changes, ["a", "b", "c"])
    words = [[None if code == ABSENT else STATUSES[code] for code in row] for row in codes]
    assert words == [
        ["covered", "white", "white", None],
        ["white", "verify", "white", None],
        ["white", "covered", "served", "hollow"],
    ]


def test_runs_of_two_areas_are_not_drawn_on_one_map(
    tmp_path: Path, make_villages: Callable[..., Any]
) -> None:
    table = make_villages(4)
    other = table.assign(village_id=["p", "q", "r", "s"])
    folders = [write_run(tmp_path / "a", table), write_run(tmp_path / "b", other)]
    with pytest.raises(TableError, match="two areas"):
        draw_runs_map(folders)
    assert not (tmp_path / "b" / "runs.html").exists()


def test_a_sheet_of_paper_has_no_slider(tmp_path: Path, make_villages: Callable[..., Any]) -> None:
    folders = [write_run(tmp_path / name, make_villages(4)) for name in ("a", "b")]
    with pytest.raises(OutputError, match=r"\.html"):
        draw_runs_map(folders, out=tmp_path / "runs.pdf")


def test_a_map_of_one_run_carries_none_of_it(villages: gpd.GeoDataFrame, tmp_path: Path) -> None:
    text = save_map(village_map(villages, parts=MapParts()), tmp_path / "m.html").read_text()
    assert "lomsong.comparison(" not in text
    assert "Through time" not in text
    with pytest.raises(OutputError, match="village_map"):
        add_runs(folium.Map(), RunHistory(("a", "b"), np.zeros((2, 1), np.uint8)))


def test_hostile_names_of_runs_stay_text(
    villages: gpd.GeoDataFrame, hostile: list[str], tmp_path: Path
) -> None:
    statuses = np.zeros((len(hostile), len(villages)), np.uint8)
    drawn = add_runs(village_map(villages, parts=MapParts()), RunHistory(tuple(hostile), statuses))
    text = save_map(drawn, tmp_path / "m.html").read_text()
    without = save_map(village_map(villages, parts=MapParts()), tmp_path / "w.html").read_text()
    # they travel packed, so that neither a template nor a browser meets them
    marked = [name for name in hostile if "191*7" in name or "alert" in name]
    assert marked
    assert [text.count(name) for name in marked] == [without.count(name) for name in marked]


@pytest.fixture
def page(chromium: Any, villages: gpd.GeoDataFrame, hostile: list[str], tmp_path: Path) -> Iterator[Any]:
    """Open a map of three runs: all white, then half covered, then as they are; the first has a hostile name."""
    half = len(villages) // 2
    white, covered = STATUSES.index("white"), STATUSES.index("covered")
    statuses = np.full((3, len(villages)), white, np.uint8)
    statuses[1, :half] = covered
    statuses[2] = [STATUSES.index(word) for word in villages["status"]]
    statuses[0, 0] = ABSENT
    labels = Labels("Made up", synthetic=True, attributions=())
    drawn = add_runs(
        village_map(villages, parts=MapParts(labels=labels)),
        RunHistory((hostile[0], "2025", "2026"), statuses),
    )
    path = save_map(drawn, tmp_path / "runs.html")
    complaints: list[str] = []
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    opened = context.new_page()
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(path.as_uri())
    opened.wait_for_function("() => window.lomsong && lomsong.isReady() && lomsong.shown.state")
    yield opened
    context.close()
    assert complaints == []


LEGEND = "() => Array.from(document.querySelectorAll('.lomsong-legend tbody tr')).filter((tr) => !tr.hidden).map((tr) => [tr.querySelector('b').textContent, Number(tr.cells[1].textContent)]).filter((row) => row[1])"
COLOUR = """([east, south]) => {
  const {map} = lomsong.shown, frame = map.getContainer().getBoundingClientRect();
  const x = frame.left + east * frame.width, y = frame.top + south * frame.height;
  const clipped = (canvas) => { const layer = canvas.closest('.leaflet-layer'), edges = (layer.style.clip.match(/-?[\\d.]+/g) || []).map(Number);
    if (!edges.length) return false; const at = map.containerPointToLayerPoint([east * frame.width, south * frame.height]);
    return at.y < edges[0] || at.x > edges[1] || at.y > edges[2] || at.x < edges[3]; };
  const found = Array.from(map.getContainer().querySelectorAll('.leaflet-lomsong-pane canvas')).filter((canvas) => {
    const b = canvas.getBoundingClientRect(); return b.left <= x && x < b.right && b.top <= y && y < b.bottom && !clipped(canvas); });
  return found.map((canvas) => { const b = canvas.getBoundingClientRect(), k = canvas.width / b.width;
    return Array.from(canvas.getContext('2d').getImageData((x - b.left) * k, (y - b.top) * k, 1, 1).data); });
}"""


@pytest.mark.browser
def test_the_slider_goes_through_the_runs_by_keyboard(
    page: Any, villages: gpd.GeoDataFrame, hostile: list[str]
) -> None:
    slider = page.locator("#lomsong-run")
    assert slider.get_attribute("aria-valuetext") == "2026"
    last = dict(page.evaluate(LEGEND))
    assert sum(last.values()) == len(villages)
    slider.focus()
    page.keyboard.press("ArrowLeft")
    half = len(villages) // 2
    assert dict(page.evaluate(LEGEND)) == {"White": len(villages) - half, "Covered": half}
    assert page.locator(".lomsong-headline strong").inner_text() == str(len(villages) - half)
    note = page.locator(".lomsong-runs .lomsong-note").first.inner_text()
    assert f"{half - 1} newly covered, 0 newly dark" in note
    assert as_shown(hostile[0]) in note
    page.keyboard.press("Home")
    assert dict(page.evaluate(LEGEND)) == {"White": len(villages) - 1, "Not there": 1}
    assert (
        page.locator(".lomsong-headline")
        .inner_text()
        .startswith(f"{len(villages) - 1} of {len(villages) - 1}")
    )
    page.wait_for_function("() => location.hash.includes('run=0')")
    page.locator(".lomsong-language").click()
    assert "Chưa có" in dict(page.evaluate(LEGEND))
    assert slider.input_value() == "0"


@pytest.mark.browser
def test_the_line_divides_two_runs_and_moves_by_key_and_mouse(page: Any) -> None:
    page.locator("#lomsong-run").focus()
    page.keyboard.press("ArrowLeft")
    page.locator("#lomsong-beside").select_option("0")
    line = page.locator(".lomsong-divider")
    assert line.get_attribute("aria-valuenow") == "50"
    assert "2025" in line.get_attribute("aria-label")
    line.focus()
    page.keyboard.press("End")
    page.wait_for_timeout(300)
    everywhere = page.evaluate(COLOUR, [0.55, 0.5])
    assert len(everywhere) == 1
    page.keyboard.press("Home")
    page.wait_for_timeout(300)
    right = page.evaluate(COLOUR, [0.55, 0.5])
    assert len(right) == 1
    assert line.get_attribute("aria-valuenow") == "0"
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    assert line.get_attribute("aria-valuenow") == "40"
    box = page.locator(".leaflet-container").bounding_box()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.6 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.6 * box["height"], steps=3)
    page.mouse.up()
    assert abs(int(line.get_attribute("aria-valuenow")) - 70) <= 1
    # another theme knows one run: the line goes
    page.locator("select:has(option[value=chance])").select_option("chance")
    assert page.locator(".lomsong-divider").count() == 0
    # choosing a run leads back
    page.locator("#lomsong-beside").select_option("2")
    assert page.locator("select:has(option[value=chance])").input_value() == "status"
    assert page.locator(".lomsong-divider").count() == 1
