"""A map as a folder: small page, chunks that come when they are asked for, from disk as from a server."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import geopandas as gpd
import pytest
from web_server import serving

from lomsong.errors import OutputError
from lomsong.inputs import Inputs
from lomsong.maps import parts_of, save_map, village_map
from lomsong.maps.folder import save_map_folder


def make_tests(villages: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Nine mobile tests in every village."""
    points = villages.geometry.representative_point()
    rows = [str(row) for row in range(len(points))]
    table = gpd.GeoDataFrame({"measurement_id": rows}, geometry=points.to_numpy(), crs=villages.crs)
    return table.assign(
        kind="speed", network="mobile", download_mbps=20.0, tests=9, devices=9, published=True
    )


@pytest.fixture
def drawn(villages: gpd.GeoDataFrame, inputs: Inputs) -> Any:
    parts = parts_of(inputs, pictures={"00000": "<svg xmlns='http://www.w3.org/2000/svg'></svg>"})
    return village_map(villages, parts=replace(parts, measurements=make_tests(villages)))


def test_page_and_chunks_hold_what_the_one_file_holds(drawn: Any, tmp_path: Path) -> None:
    whole = save_map(drawn, tmp_path / "m.html").read_text()
    page = save_map_folder(drawn, tmp_path / "folder")
    chunks = sorted(page.parent.glob("lomsong_*.js"))
    assert {chunk.stem.split("_")[1] for chunk in chunks} >= {"villages", "masts", "relief", "measurements"}
    for chunk in chunks:
        packed = chunk.read_text().split('"')[3]
        assert packed in whole
        assert packed not in page.read_text()
    assert page.stat().st_size + sum(chunk.stat().st_size for chunk in chunks) == pytest.approx(
        len(whole.encode()), rel=0.02
    )
    assert "connect-src 'none'" in page.read_text()


def test_the_same_map_gives_the_same_folder_and_another_leaves_nothing_of_it(
    drawn: Any, villages: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "own.js").write_text("mine")
    save_map_folder(drawn, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    save_map_folder(drawn, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    save_map_folder(village_map(villages), folder)
    named = re.findall(r'data-chunk="([^"]+)"', (folder / "index.html").read_text())
    assert {path.name for path in folder.iterdir()} == {"index.html", "own.js", *named}
    assert not any("measurements" in name for name in named)


def test_the_page_of_somebody_else_is_never_replaced(drawn: Any, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<h1>My site</h1>")
    with pytest.raises(OutputError, match="no map of lomsong's; name another folder"):
        save_map_folder(drawn, tmp_path)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["<h1>My site</h1>"]


def test_a_folder_that_cannot_be_made_is_told(drawn: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        save_map_folder(drawn, tmp_path / "file" / "folder")


@pytest.fixture
def visit(chromium: Any) -> Callable[..., Any]:
    def go(address: str) -> tuple[Any, list[str], list[str]]:
        asked: list[str] = []
        complaints: list[str] = []
        page = chromium.new_context(
            viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
        ).new_page()
        page.on("request", lambda request: asked.append(urlsplit(request.url).path.rsplit("/", 1)[-1]))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        page.wait_for_function("() => window.lomsong && lomsong.isReady() && lomsong.shown.state")
        return page, asked, complaints

    return go


def kinds(names: list[str]) -> list[str]:
    return sorted(
        "_".join((name.split("_")[1], name.split("_")[-1][:-3])) for name in names if name.endswith(".js")
    )


@pytest.mark.browser
@pytest.mark.parametrize("served", [False, True])
def test_what_nobody_looks_at_is_not_read(
    drawn: Any, visit: Callable[..., Any], tmp_path: Path, *, served: bool
) -> None:
    page_file = save_map_folder(drawn, tmp_path / "folder")
    with serving() as site:
        for path in page_file.parent.iterdir():
            kind = "text/html; charset=utf-8" if path.suffix == ".html" else "text/javascript"
            site.put(f"/{path.name}", path.read_bytes(), headers={"Content-Type": kind})
        page, asked, complaints = visit(f"{site.address}/index.html" if served else page_file.as_uri())
        assert kinds(asked) == ["borders_first", "masts_first", "relief_first", "villages_first"]
        # a popup asks for the rest of its layer
        page.evaluate("() => lomsong.shown.villages.goTo(0)")
        page.wait_for_selector(".leaflet-popup")
        page.wait_for_function("() => lomsong.isReady() && lomsong.shown.villages.pictures")
        assert kinds(asked)[-1] == "villages_later"
        # switching a layer on asks for it
        page.get_by_role("checkbox", name="Measurements").check()
        page.wait_for_function(
            "() => document.querySelector('.leaflet-lomsong-hexagons-pane canvas') && lomsong.isReady()"
        )
        assert "measurements_first" in kinds(asked)
        assert "masts_later" not in kinds(asked)
        assert [text for text in complaints if "favicon" not in text and "404" not in text] == []


@pytest.mark.browser
def test_a_chunk_that_is_gone_is_named_on_the_page(
    drawn: Any, visit: Callable[..., Any], tmp_path: Path
) -> None:
    page_file = save_map_folder(drawn, tmp_path / "folder")
    gone = next(page_file.parent.glob("lomsong_villages_*_later.js"))
    gone.unlink()
    page, _, _ = visit(page_file.as_uri())
    page.evaluate("() => lomsong.shown.villages.goTo(0)")
    page.wait_for_selector("[role=alert]")
    assert gone.name in page.locator("[role=alert]").inner_text()
    assert page.locator(".leaflet-popup").count() == 1
