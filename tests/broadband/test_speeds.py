"""Speeds of villages from their tests: what is borrowed, what may be told, and bad input."""

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point
from worlds import CRS_METRIC, X0, Y0

from lomsong.broadband.speeds import Speeds, measure_speeds
from lomsong.inputs import Inputs
from lomsong.schemas import BROADBAND

World = Callable[..., Inputs]
COMMUNES = {"commune_code": ["1", "1", "1", "2"]}
PLACES: dict[str, tuple[float, float]] = {"a": (5, 5), "b": (8, 5), "c": (11, 5), "d": (14, 5)}


def made(x_km: float, speeds: list[float], **columns: object) -> gpd.GeoDataFrame:
    rows = pd.DataFrame({"download_mbps": speeds, "upload_mbps": np.array(speeds) / 4, "latency_ms": 40.0})
    rows["measurement_id"] = [f"{x_km}-{i}" for i in range(len(rows))]
    rows = rows.assign(kind="speed", network="mobile", tests=1.0, devices=1.0, published=True, **columns)
    return gpd.GeoDataFrame(rows, geometry=[Point(X0 + x_km * 1000, Y0 + 5000)] * len(rows), crs=CRS_METRIC)


def measured(world: World, *parts: gpd.GeoDataFrame, **more: object) -> Speeds:
    tests = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=CRS_METRIC) if parts else None
    inputs = world(PLACES, {"m": (4, 5)}, tests=tests, village_columns=COMMUNES, **more)
    found = measure_speeds(inputs)
    BROADBAND.check(found.table)
    return found


def mobile(found: Speeds) -> pd.DataFrame:
    return found.table[found.table["network"] == "mobile"].set_index("village_id")


def test_a_village_without_tests_borrows_from_its_commune_with_a_wider_interval(world: World) -> None:
    table = mobile(measured(world, made(5, [20.0] * 9), made(8, [22.0, 25.0, 19.0])))
    assert table["download_basis"].tolist() == ["village", "village", "commune", "area"]
    width = np.log(table["download_high_mbps"] / table["download_low_mbps"])
    assert width["a"] < width["b"] < width["c"] < width["d"]
    assert 15 < table["download_mbps"]["c"] < 30


def test_without_any_test_nothing_is_said(world: World) -> None:
    found = measured(world)
    assert (found.table["download_basis"] == "none").all()
    assert found.table["download_mbps"].isna().all()
    assert found.table["target_met"].isna().all()
    assert found.findings == ()


def test_tests_of_one_village_alone_are_told_as_assumed_spread(world: World) -> None:
    found = measured(world, made(5, [20.0] * 9))
    assert found.findings[0].severity == "assumption"
    assert "between villages" in found.findings[0].message
    assert mobile(found)["download_basis"].tolist() == ["village", "commune", "commune", "area"]


def test_zero_speeds_are_slow_tests_and_not_missing(world: World) -> None:
    table = mobile(measured(world, made(5, [0.0, 0.0, 0.0, 5.0, 5.0])))
    assert 0 < table["download_mbps"]["a"] < 0.1
    assert table["target_met"]["a"] == "none"


def test_missing_speeds_leave_the_upload_unknown_but_the_download_known(world: World) -> None:
    rows = made(5, [20.0] * 9)
    rows["upload_mbps"] = np.nan
    table = mobile(measured(world, rows))
    assert table["upload_basis"].tolist() == ["none"] * 4
    assert table["target_met"]["a"] == "10"


def test_classes_follow_both_ends_of_the_interval(world: World) -> None:
    speeds = list(30 * np.exp(np.linspace(-0.8, 0.8, 31)))
    table = mobile(measured(world, *(made(x, speeds) for x in (5, 8, 11))))
    assert 10 < table["download_low_mbps"]["a"] < 35 < table["download_high_mbps"]["a"] < 40
    assert table["target_met"]["a"] == "10"
    assert table["target_possible"]["a"] == "35/3"


def test_few_devices_are_not_told_through_their_own_village_or_a_neighbour(world: World) -> None:
    few = made(5, [3.0, 3.0]).assign(published=False)
    many = made(14, [50.0] * 20).assign(published=False)
    found = measured(world, few, many)
    table = mobile(found)
    # the commune of a, b and c holds no other test: even its median would be theirs
    assert table["download_basis"].tolist() == ["area", "area", "area", "village"]
    assert table["tests_shown"].tolist() == ["<5", "0", "0", "20"]
    own = found.own("mobile", "download_mbps")
    assert np.isfinite(own.middle[0])
    alone = mobile(measured(world, few))
    assert alone["download_mbps"].isna().all()


def test_fixed_and_mobile_never_mix(world: World) -> None:
    found = measured(world, made(5, [100.0] * 9).assign(network="fixed"))
    assert (mobile(found)["download_basis"] == "none").all()
    fixed = found.table[found.table["network"] == "fixed"].set_index("village_id")
    assert fixed["download_mbps"]["a"] == pytest.approx(100, rel=0.01)


def test_villages_that_name_no_commune_share_one(world: World) -> None:
    tests = made(5, [20.0] * 9)
    found = measure_speeds(world(PLACES, {"m": (4, 5)}, tests=tests))
    assert mobile(found)["download_basis"].tolist() == ["village", "commune", "commune", "commune"]
