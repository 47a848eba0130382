"""The picture of the backhaul: its numbers against the check that offered the hop, and what it says."""

from html import escape
from types import SimpleNamespace
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import CRS
from shapely import Point
from worlds import CRS_METRIC, X0, Y0, ridged_terrain, small_settings

from lomsong.planning.hop_paths import HopPath, trace_hops
from lomsong.planning.hops import clearance
from lomsong.report.hop_pictures import draw_hops

HOSTILE = "<script>alert(1)</script>"


def hops(ridge_m: float, *, most: int = 5) -> tuple[HopPath, ...]:
    """Trace a hop of 18 km over a wall half way, and a site by satellite that has none."""
    terrain = ridged_terrain(ridge_m)
    inputs = SimpleNamespace(terrain=terrain, crs=CRS.from_user_input(CRS_METRIC), settings=small_settings())
    table = pd.DataFrame(
        {"site": [0, 1], "to_x": [np.nan, X0 + 19_000], "to_y": [np.nan, Y0 + 9000], "from_height_m": 30.0, "to_height_m": 40.0}
    )  # fmt: skip
    sites = gpd.GeoDataFrame(
        {"order": [1, 2], "site_id": ["sky", HOSTILE], "connects_to": ["", "M"]},
        geometry=[Point(X0, Y0), Point(X0 + 1000, Y0 + 9000)],
        crs=CRS_METRIC,
    )
    problem = SimpleNamespace(
        options=SimpleNamespace(table=table),
        candidates=pd.DataFrame({"site_id": ["sky", HOSTILE]}),
        settings=small_settings().planning,
    )
    solution = SimpleNamespace(chosen=np.array([0, 1]))
    plan = SimpleNamespace(sites=sites, problem=problem, solution=solution)
    return trace_hops(cast("Any", plan), cast("Any", inputs), most=most)


@pytest.mark.parametrize("ridge_m", [0.0, 60.0])
def test_a_hop_is_drawn_with_the_clearance_by_which_it_was_judged(ridge_m: float) -> None:
    (hop,) = hops(ridge_m)
    terrain, settings = ridged_terrain(ridge_m), small_settings()
    judged = clearance(
        terrain.sample,
        (np.array([X0 + 1000.0]), np.array([Y0 + 9000.0]), np.array([30.0])),
        (np.array([X0 + 19_000.0]), np.array([Y0 + 9000.0]), np.array([40.0])),
        frequency_mhz=settings.planning.hop_mhz,
        refractivity_gradient=settings.radio.refractivity_gradient,
    )
    assert hop.free.min() == pytest.approx(judged[0], abs=0.1)
    assert (hop.order, hop.connects_to, hop.far_height_m) == (2, "M", 40.0)
    assert hops(ridge_m, most=0) == ()


def test_the_picture_says_how_free_the_way_is_and_shows_names_as_names() -> None:
    sheet = draw_hops(hops(60.0), area="made up", synthetic=True).as_svg()
    assert "SYNTHETIC DATA" in sheet
    assert "of the zone is free at the tightest place; 0.6 is needed" in sheet
    assert escape(HOSTILE, quote=False) in sheet
    assert "<script" not in sheet


def test_a_plan_without_hops_says_so() -> None:
    assert "has a microwave hop" in draw_hops((), area="made up", synthetic=False).as_svg()
