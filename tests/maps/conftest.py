"""A made-up district for the map tests: 60 villages in a row of valleys, masts, terrain, and hostile names."""

from collections.abc import Callable, Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from map_attacks import ATTACKS
from pyproj import CRS

from lomsong.grid import Raster
from lomsong.inputs import Inputs, SourceRecord
from lomsong.settings import BoundarySource, InputSettings, MastSource, RasterSource, Settings

UTM = "EPSG:32648"
WEST, SOUTH, SIDE = 400_000.0, 2_500_000.0, 24_000.0
CHROMIUM = Path("/usr/bin/chromium")
STATUSES = ["white", "hollow", "underserved", "verify", "covered", "served"]
FIRST = ["Nà", "Bản", "Pác", "Khuổi", "Lũng", "Tả", "Đèo", "Sín", "Phiêng", "Huổi"]
SECOND = ["Đông", "Ỏ", "Mạ", "Lìn", "Gió", "Ngàn", "Hán", "Quyền", "Thượng", "Cáp"]


@pytest.fixture(scope="session")
def make_villages() -> Callable[..., gpd.GeoDataFrame]:
    return _make_villages


def _make_villages(count: int = 60, *, corners: int = 0) -> gpd.GeoDataFrame:
    """Voronoi cells about jittered places; `corners` roughens their borders with that many vertices a side."""
    rng = np.random.default_rng(7)
    centres = WEST + 0.0, SOUTH + 0.0
    xy = rng.uniform(0.02, 0.98, (count, 2)) * SIDE + centres
    box = shapely.box(WEST, SOUTH, WEST + SIDE, SOUTH + SIDE)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(xy), extend_to=box, ordered=True))
    cells = shapely.intersection(cells, box)
    if corners:
        cells = shapely.segmentize(cells, SIDE / np.sqrt(count) / corners)
        cells = shapely.transform(cells, _crumple)
    status = rng.choice(STATUSES, count, p=[0.2, 0.15, 0.12, 0.13, 0.2, 0.2])
    p_signal = np.select([status == "white", status == "verify"], [rng.uniform(0, 0.4, count), 0.5], 0.9)
    population = rng.integers(80, 1400, count).astype(float)
    need = 100 * (1 - p_signal) * population / population.max()
    tests = np.where(status == "served", rng.integers(3, 40, count), 0.0)
    names = [
        f"{FIRST[i % 10]} {SECOND[i // 10 % 10]}" + (f" {i // 100 + 1}" if i >= 100 else "")
        for i in range(count)
    ]
    return gpd.GeoDataFrame(
        {
            "village_id": [f"{i:05d}" for i in range(count)],
            "village_name": names,
            "commune_name": [("Thượng Lâm", "Khau Tinh", "Yên Hoa")[i % 3] for i in range(count)],
            "province_name": "Sơn Giả",
            "population": population,
            "households": np.round(population / 4.1),
            "grid_power": pd.array([i % 7 != 0 for i in range(count)], dtype="boolean"),
            "fund_eligible": pd.array([True, False, pd.NA] * (count // 3 + 1), dtype="boolean")[:count],
            "status": status,
            "verify_cause": pd.array(
                ["weak evidence" if word == "verify" else pd.NA for word in status], dtype="string"
            ),
            "p_signal": p_signal,
            "covered_share": np.clip(p_signal + rng.normal(0, 0.05, count), 0, 1),
            "unserved_people": population * (1 - p_signal),
            "evidence": "predicted",
            "confidence": np.abs(2 * p_signal - 1),
            "reasons": [
                f"4G from site S{i % 9:02d} arrives at -{95 + i % 20} dBm, 3 dB short of the threshold: "
                f"a ridge {i % 5 + 1}.2 km away blocks the path (18 dB of diffraction loss)."
                for i in range(count)
            ],
            "nearest_site_m": rng.uniform(400, 9000, count),
            "mobile_tests": tests,
            "download_mbps": np.where(tests > 0, 22.5, np.nan),
            "download_low_mbps": np.where(tests > 0, 14.0, np.nan),
            "download_high_mbps": np.where(tests > 0, 31.0, np.nan),
            "fixed_line": pd.array(
                ["present" if i % 4 == 0 else "unknown" for i in range(count)], dtype="string"
            ),
            "fixed_download_mbps": [48.0 if i % 4 == 0 else np.nan for i in range(count)],
            "rank": pd.Series(need).rank(ascending=False, method="first").astype(int),
            "need": need,
            "need_people": rng.uniform(0, 100, count),
            "need_severity": rng.uniform(0, 100, count),
            "need_isolation": rng.uniform(0, 100, count),
        },
        geometry=list(cells),
        crs=UTM,
    )


def _crumple(xy: np.ndarray) -> np.ndarray:
    wave = np.stack(
        [np.sin(xy[:, 1] / 310) + np.sin(xy[:, 1] / 90), np.sin(xy[:, 0] / 270) + np.sin(xy[:, 0] / 70)]
    )
    return xy + 60 * wave.T


@pytest.fixture(scope="session")
def villages(make_villages: Callable[..., gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    return make_villages()


@pytest.fixture(scope="session")
def inputs(villages: gpd.GeoDataFrame) -> Inputs:
    rng = np.random.default_rng(11)
    across, down = np.meshgrid(np.linspace(0, 9, 300), np.linspace(0, 7, 300))
    heights = 600 + 350 * np.abs(np.sin(across + 0.4 * np.sin(down))) + 120 * np.sin(2.3 * down + across)
    terrain = Raster(heights.astype(np.float32), (WEST - 1500, 90.0, SOUTH + SIDE + 1500, -90.0), CRS(UTM))
    places = rng.uniform(0.05, 0.95, (9, 2)) * SIDE + (WEST, SOUTH)
    rows = [
        (f"S{site:02d}", operator, technology, *places[site])
        for site in range(9)
        for operator, technology in [("Sóng Xanh", "2g"), ("Sóng Xanh", "4g"), ("Núi Đá", "4g")][
            : 1 + site % 3
        ]
    ]
    sectors = gpd.GeoDataFrame(
        {
            "sector_id": [f"{row[0]}-{number}" for number, row in enumerate(rows)],
            "site_id": [row[0] for row in rows],
            "operator": [row[1] for row in rows],
            "technology": [row[2] for row in rows],
        },
        geometry=gpd.points_from_xy([row[3] for row in rows], [row[4] for row in rows]),
        crs=UTM,
    )
    file = Path("made-up")
    settings = Settings(
        name="Made-up district of Sơn Giả",
        synthetic=True,
        inputs=InputSettings(
            villages=BoundarySource(path=file),
            masts=(MastSource(path=file),),
            terrain=RasterSource(path=file),
        ),
    )
    return Inputs(
        settings=settings,
        villages=villages,
        sectors=sectors,
        measurements=gpd.GeoDataFrame({"measurement_id": []}, geometry=[], crs=UTM),
        terrain=terrain,
        records=(
            SourceRecord("villages", "villages.gpkg", "0", "Lomsong demo", "CC0"),
            SourceRecord("terrain", "terrain.tif", "0", "Lomsong demo", "CC0"),
            SourceRecord("masts", "masts.csv", "0", "Mast register <b>&", ""),
        ),
    )


@pytest.fixture(scope="session")
def hostile() -> list[str]:
    """Names that would run, break out, mislead or overflow if they were anything but text."""
    return ATTACKS


@pytest.fixture
def hostile_villages(make_villages: Callable[..., gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Every hostile name in every text column that the map shows."""
    frame = make_villages(len(ATTACKS))
    names = pd.Series(ATTACKS, dtype=object)
    for shift, column in enumerate(
        [
            "village_name",
            "commune_name",
            "district_name",
            "province_name",
            "reasons",
            "commune_code",
            "commune_code_old",
            "commune_name_old",
            "district_code",
            "province_code",
        ]
    ):
        frame[column] = pd.Series([*ATTACKS[shift:], *ATTACKS[:shift]], dtype=object)
    frame["village_id"] = pd.Series([f"{i}:{name}" for i, name in enumerate(ATTACKS)], dtype=object)
    frame["evidence"] = names
    frame["fixed_line"] = names
    frame["verify_cause"] = names
    return frame


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    """Debian's Chromium, driven over a pipe; not for the whole session, since its event loop would disturb others."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed (apt-get install chromium)")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only the browser tests need it

    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        yield browser
        browser.close()
