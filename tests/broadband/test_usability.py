"""Who can use what: signal, speed and line together."""

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pytest
from shapely import Point
from worlds import CRS_METRIC, X0, Y0, ridged_terrain

from lomsong.assessment import assess, assess_service
from lomsong.inputs import Inputs
from lomsong.prediction import predict
from lomsong.report.summary import summarise
from lomsong.settings import EvidenceSettings

World = Callable[..., Inputs]
CLEAR = {"radio": {"sigma_clear_db": 2.0, "sigma_blocked_db": 10.0}}
GONE = EvidenceSettings().wrong_record_part


def rows_at(x_km: float, speed: float, network: str) -> gpd.GeoDataFrame:
    rows = {
        "measurement_id": [f"{network}{i}" for i in range(12)],
        "network": network,
        "kind": "speed",
        "download_mbps": np.full(12, speed),
        "upload_mbps": np.full(12, speed / 3),
        "latency_ms": 40.0,
        "tests": 1.0,
        "devices": 1.0,
        "published": True,
    }
    return gpd.GeoDataFrame(rows, geometry=[Point(X0 + x_km * 1000, Y0 + 15_000)] * 12, crs=CRS_METRIC)


def judged(world: World, tests: gpd.GeoDataFrame | None = None) -> gpd.GeoDataFrame:
    places: dict[str, tuple[float, float]] = {"lit": (8, 15), "dark": (16, 15)}
    inputs = world(places, {"m": (4, 15)}, terrain=ridged_terrain(600.0), tests=tests, **CLEAR)
    return assess(predict(inputs), inputs).set_index("village_id")


def test_without_any_speed_signal_alone_counts_and_says_so(world: World) -> None:
    table = judged(world)
    # the one mast may be gone
    assert table["unready_people"]["lit"] == pytest.approx(100 * GONE, abs=1)
    assert table["unready_people"]["dark"] == pytest.approx(100, abs=1)
    assert (table["unready_basis"] == "signal alone").all()
    assert table["connection"].tolist() == ["mobile", "no mobile"]


def test_slow_signal_leaves_people_unready(world: World) -> None:
    table = judged(world, rows_at(8, 0.5, "mobile"))
    assert table["unready_people"]["lit"] > 90
    assert table["unready_basis"]["lit"] == "signal and speed"


def test_a_fast_line_makes_a_village_without_signal_ready(world: World) -> None:
    table = judged(world, rows_at(16, 80.0, "fixed"))
    assert table["connection"]["dark"] == "fixed"
    assert table["fixed_line"]["dark"] == "present"
    assert table["unready_people"]["dark"] < 10


def test_the_summary_adds_up_who_cannot_use_online_services(world: World) -> None:
    places: dict[str, tuple[float, float]] = {"lit": (8, 15), "dark": (16, 15)}
    inputs = world(places, {"m": (4, 15)}, terrain=ridged_terrain(600.0), **CLEAR)
    result = assess_service(predict(inputs), inputs)
    row = summarise(result.villages, result.service).iloc[0]
    assert row["unready_people"] == pytest.approx(100 * (1 + GONE), abs=2)
    assert row["villages_connection_no_mobile"] == 1
    assert row["people_connection_mobile"] == 100
