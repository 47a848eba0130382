"""Status rules: each status from the situation that it is for, and 'verify' where the input cannot tell."""

from collections.abc import Callable
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from pyproj import CRS
from shapely import Point, Polygon
from worlds import CRS_METRIC, X0, Y0, flat_terrain, ridged_terrain

from lomsong.assessment import assess, assess_service
from lomsong.grid import Raster
from lomsong.inputs import Inputs
from lomsong.prediction import predict

World = Callable[..., Inputs]
CLEAR = {"radio": {"sigma_clear_db": 2.0, "sigma_blocked_db": 10.0}}


def judge(inputs: Inputs) -> gpd.GeoDataFrame:
    return assess(predict(inputs), inputs).set_index("village_id")


def tiles_at(
    x_km: float, y_km: float, *, speed: float = 30.0, count: int = 8, network: str = "mobile"
) -> gpd.GeoDataFrame:
    rows = {
        "measurement_id": [f"t{i}" for i in range(count)],
        "network": network,
        "kind": "speed",
        "download_mbps": np.linspace(speed * 0.9, speed * 1.1, count),
        "upload_mbps": 1.0,
        "latency_ms": 40.0,
        "tests": 1.0,
        "devices": 1.0,
        "tile_size_m": 600.0,
    }
    places = [Point(X0 + x_km * 1000 + i, Y0 + y_km * 1000) for i in range(count)]
    return gpd.GeoDataFrame(rows, geometry=places, crs=CRS_METRIC)


def test_a_village_behind_a_high_ridge_is_white_and_says_why(world: World) -> None:
    inputs = world({"v": (16, 15)}, {"m": (4, 15)}, terrain=ridged_terrain(600.0), **CLEAR)
    row = judge(inputs).loc["v"]
    assert row["status"] == "white"
    assert row["p_signal"] < 0.2
    assert "nearest recorded mast 12.0 km (A)" in row["reasons"]
    assert "terrain 5.9 km away" in row["reasons"]
    assert "blocks" in row["reasons"]
    assert row["unserved_people"] == pytest.approx(100, abs=1)
    assert row["confidence"] > 0.8
    assert "trạm BTS gần nhất trong danh sách cách 12,0 km (A)" in row["reasons_vi"]
    assert "địa hình cách 5,9 km chắn sóng" in row["reasons_vi"]
    assert row["reasons"].count(";") == row["reasons_vi"].count(";")


def test_a_village_in_sight_of_a_mast_is_covered_with_speed_unknown(world: World) -> None:
    row = judge(world({"v": (8, 15)}, {"m": (4, 15)})).loc["v"]
    assert row["status"] == "covered"
    assert row["evidence"] == "predicted"
    assert np.isnan(row["download_mbps"])


@pytest.mark.parametrize(("speed", "status"), [(40.0, "served"), (3.0, "underserved"), (10.0, "covered")])
def test_speed_decides_between_served_and_underserved(world: World, speed: float, status: str) -> None:
    inputs = world({"v": (8, 15)}, {"m": (4, 15)}, tests=tiles_at(8, 15, speed=speed))
    row = judge(inputs).loc["v"]
    assert row["status"] == status
    assert row["evidence"] == "both"


def test_fixed_tests_are_no_sign_of_mobile_signal(world: World) -> None:
    inputs = world(
        {"v": (16, 15)},
        {"m": (4, 15)},
        terrain=ridged_terrain(600.0),
        tests=tiles_at(16, 15, network="fixed"),
        **CLEAR,
    )
    row = judge(inputs).loc["v"]
    assert row["status"] == "white"
    assert row["fixed_line"] == "present"
    assert row["mobile_tests"] == 0


def test_mobile_tests_where_none_can_be_are_a_contradiction(world: World) -> None:
    inputs = world(
        {"v": (16, 15)}, {"m": (4, 15)}, terrain=ridged_terrain(600.0), tests=tiles_at(16, 15), **CLEAR
    )
    row = judge(inputs).loc["v"]
    assert (row["status"], row["verify_cause"]) == ("verify", "contradiction")
    assert "contradict" in row["reasons"]


def test_an_unsure_prediction_without_a_sample_is_weak_evidence(world: World) -> None:
    # wide spread: p lands near one half
    inputs = world(
        {"v": (16, 15)},
        {"m": (4, 15)},
        terrain=ridged_terrain(150.0),
        radio={"sigma_blocked_db": 40.0, "sigma_clear_db": 40},
    )
    row = judge(inputs).loc["v"]
    assert 0.2 <= row["p_signal"] <= 0.8
    assert (row["status"], row["verify_cause"]) == ("verify", "weak evidence")


def test_an_outlying_dark_cluster_makes_a_village_hollow(world: World) -> None:
    """The village straddles the ridge; most people live in sight of the mast."""
    inputs = world({"v": (10, 15)}, {"m": (4, 15)}, terrain=ridged_terrain(500.0), **CLEAR)
    shape = inputs.villages.geometry.iloc[0].buffer(1500, cap_style="square")
    people = np.full((300, 300), np.nan, dtype=np.float32)
    people[149, 85:88] = 100
    people[149, 111:113] = 30
    raster = Raster(people, (X0, 100.0, Y0 + 30_000, -100.0), CRS.from_user_input(CRS_METRIC))
    inputs = replace(
        inputs, villages=inputs.villages.set_geometry([shape]).assign(population=400.0), population=raster
    )
    row = judge(inputs).loc["v"]
    assert row["status"] == "hollow"
    assert row["p_signal"] > 0.8
    assert "cluster of 19 households is probably dark" in row["reasons"]


def test_a_village_partly_outside_the_terrain_is_to_be_verified(world: World) -> None:
    row = judge(world({"v": (0.2, 15)}, {"m": (4, 15)})).loc["v"]
    assert (row["status"], row["verify_cause"]) == ("verify", "missing input")
    assert 0 < row["terrain_share"] < 1
    assert "outside the terrain model" in row["reasons"]


def test_a_village_wholly_outside_the_terrain_is_never_white(world: World) -> None:
    row = judge(world({"v": (-5, 15), "w": (9, 15)}, {"m": (4, 15)})).loc["v"]
    assert (row["status"], row["evidence"]) == ("verify", "none")
    assert np.isnan(row["p_signal"])
    assert np.isnan(row["confidence"])


def test_a_mast_beyond_the_terrain_that_could_serve_prevents_white(world: World) -> None:
    row = judge(world({"v": (2, 15)}, {"m": (-3, 15)})).loc["v"]
    assert (row["status"], row["verify_cause"]) == ("verify", "missing input")
    assert "lies beyond the terrain model" in row["reasons"]


def test_a_village_without_a_shape_stays_and_is_to_be_verified(world: World) -> None:
    inputs = world({"v": (8, 15), "w": (9, 15)}, {"m": (4, 15)})
    inputs.villages.loc[0, "geometry"] = Polygon()
    table = judge(inputs)
    assert table["status"]["v"] == "verify"
    assert table["status"]["w"] == "covered"


def test_2g_alone_is_no_service_but_is_reported(world: World) -> None:
    row = judge(world({"v": (8, 15)}, {"m": (4, 15)}, mast_columns={"technology": "2g"})).loc["v"]
    assert row["status"] == "white"
    assert row["p_2g"] > 0.9
    assert "2G alone reaches it" in row["reasons"]
    counted = world(
        {"v": (8, 15)}, {"m": (4, 15)}, mast_columns={"technology": "2g"}, service={"technologies": ["2g"]}
    )
    assert judge(counted).loc["v", "status"] == "covered"


def test_service_tells_operators_and_technologies_apart(world: World) -> None:
    inputs = world(
        {"v": (8, 15)},
        {"a": (4, 15), "b": (30, 30)},
        mast_columns={"operator": ["A", "B"], "technology": ["4g", "3g"]},
        terrain=flat_terrain(),
    )
    service = assess_service(predict(inputs), inputs).service.set_index(["operator", "technology"])
    assert service.loc[("A", "4g"), "p_centre"] > service.loc[("B", "3g"), "p_centre"]
    assert service.loc[("any", "any"), "p_centre"] >= service.loc[("A", "any"), "p_centre"]


def test_one_more_mast_never_lowers_p(world: World) -> None:
    terrain = ridged_terrain(300.0)
    one = judge(world({"v": (16, 15)}, {"a": (4, 15)}, terrain=terrain))["p_signal"]
    two = judge(world({"v": (16, 15)}, {"a": (4, 15), "b": (5, 12)}, terrain=terrain))["p_signal"]
    assert two["v"] >= one["v"]


def test_no_village_is_dropped_and_the_order_is_kept(world: World) -> None:
    names = {f"v{i}": (3 + 2 * i, 15) for i in (3, 1, 2, 9)}
    inputs = world(names, {"m": (4, 15)})
    table = assess(predict(inputs), inputs)
    assert table["village_id"].tolist() == list(names)
    assert table.index.equals(inputs.villages.index)


def test_an_unknown_population_leaves_unserved_people_unknown(world: World) -> None:
    inputs = world({"v": (8, 15)}, {"m": (4, 15)}, village_columns={"population": np.nan})
    assert np.isnan(judge(inputs).loc["v", "unserved_people"])


def test_a_mast_beyond_the_terrain_that_could_light_an_outlying_part_prevents_hollow(world: World) -> None:
    """The centre is served from inside; the western part only by a mast whose path cannot be computed."""
    masts = {"inside": (7, 15), "outside": (-0.3, 15)}
    columns = {"eirp_dbm": [61.0, 61.0]}
    inputs = world(
        {"v": (4, 15)}, masts, terrain=ridged_terrain(500.0, east_km=3.0), mast_columns=columns, **CLEAR
    )
    shape = inputs.villages.geometry.iloc[0].buffer(2600, cap_style="square")
    inputs = replace(inputs, villages=inputs.villages.set_geometry([shape]))
    row = judge(inputs).loc["v"]
    assert row["p_signal"] > 0.8
    assert row["covered_share"] < 0.8
    assert (row["status"], row["verify_cause"]) == ("verify", "missing input")


def test_people_without_signal_are_unknown_where_part_of_the_village_is(world: World) -> None:
    assert np.isnan(judge(world({"v": (0.2, 15)}, {"m": (4, 15)})).loc["v", "unserved_people"])
