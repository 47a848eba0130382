"""Small worlds made in memory, and where the real data lies."""

from collections.abc import Callable, Iterator
from pathlib import Path

import geopandas as gpd
import pytest
from postgres_server import PASSWORD, USER, Server, serve
from pyproj import CRS
from worlds import CRS_METRIC, flat_terrain, mast_table, small_settings, village_table

from lomsong.grid import Raster
from lomsong.inputs import Inputs, no_measurements
from lomsong.sites import build_sectors

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def real() -> Path:
    """Return the folder of real layers, or skip."""
    folder = SHARED / "data" / "real"
    if not folder.is_dir():
        pytest.skip("the real layers are not here: ../shared/data/real is missing beside the repository")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Return a server with the database `gis` that has PostGIS, or skip."""
    with serve() as server:
        server.ask("postgres", "CREATE DATABASE gis")
        server.ask("gis", "CREATE EXTENSION postgis")
        yield server


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the login of the server's owner into the environment."""
    monkeypatch.setenv("PGUSER", USER)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)


@pytest.fixture
def world() -> Callable[..., Inputs]:
    """Return a maker of inputs in memory: villages and masts in km from the corner."""

    def make(
        villages: dict[str, tuple[float, float]],
        masts: dict[str, tuple[float, float]],
        *,
        terrain: Raster | None = None,
        tests: gpd.GeoDataFrame | None = None,
        mast_columns: dict[str, object] | None = None,
        village_columns: dict[str, object] | None = None,
        **settings: object,
    ) -> Inputs:
        chosen = small_settings(**settings)
        sectors, findings = build_sectors(mast_table(masts, **(mast_columns or {})), chosen.radio)
        return Inputs(
            settings=chosen,
            villages=village_table(villages, **(village_columns or {})),
            sectors=sectors,
            measurements=no_measurements(CRS.from_user_input(CRS_METRIC)) if tests is None else tests,
            terrain=flat_terrain() if terrain is None else terrain,
            findings=tuple(findings),
        )

    return make
