"""Demand points: inside the village, adding up, never one centroid."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import CRS
from shapely import Point, Polygon, box
from worlds import CRS_METRIC, X0, Y0, flat_terrain, village_table

from lomsong.demand_points import FEWEST_BUILDINGS, FEWEST_POINTS
from lomsong.errors import SourceError
from lomsong.grid import Raster
from lomsong.settings import DemandSettings
from lomsong.villages import build_demand

TERRAIN = flat_terrain()


def people_at(*cells: tuple[float, float, float]) -> Raster:
    """Return a 100 m population raster with people at places in km from the corner."""
    values = np.full((300, 300), np.nan, dtype=np.float32)
    for x_km, y_km, people in cells:
        values[299 - int(y_km * 10), int(x_km * 10)] = people
    return Raster(values, (X0, 100.0, Y0 + 30_000, -100.0), CRS.from_user_input(CRS_METRIC))


def test_without_a_raster_a_village_gets_a_grid_inside_it_and_the_report_says_so() -> None:
    villages = village_table({"a": (5, 5), "b": (9, 9)})
    demand, findings = build_demand(villages, terrain=TERRAIN)
    joined = demand.merge(villages[["village_id", "geometry"]], on="village_id", suffixes=("", "_village"))
    assert joined.apply(lambda row: row["geometry_village"].contains(row["geometry"]), axis=1).all()
    assert set(demand["origin"]) == {"grid"}
    assert findings[0].severity == "assumption"
    assert findings[0].rows == ("a", "b")


@pytest.mark.parametrize("size_m", [2000.0, 300.0, 40.0])
def test_small_villages_get_a_finer_grid_never_one_centroid(size_m: float) -> None:
    shape = box(X0 + 5000, Y0 + 5000, X0 + 5000 + size_m, Y0 + 5000 + size_m)
    villages = gpd.GeoDataFrame({"village_id": ["a"], "population": [50.0]}, geometry=[shape], crs=CRS_METRIC)
    demand, _ = build_demand(villages, terrain=TERRAIN)
    assert len(demand) >= (FEWEST_POINTS if size_m >= 100 else 2)


def test_people_add_up_to_the_population_and_shares_to_one() -> None:
    villages = village_table({"a": (5, 5), "b": (9, 9)}, population=[123.0, 77.0])
    raster = people_at((5.0, 5.0, 3.0), (5.2, 5.1, 1.0))
    demand, _ = build_demand(villages, terrain=TERRAIN, population=raster)
    sums = demand.groupby("village_id")[["people", "share"]].sum()
    assert sums["people"].tolist() == pytest.approx([123.0, 77.0])
    assert sums["share"].tolist() == pytest.approx([1.0, 1.0])
    assert demand.loc[demand["village_id"] == "a", "share"].max() == pytest.approx(0.75)


def test_an_unknown_population_is_counted_from_the_raster_or_stays_unknown() -> None:
    villages = village_table({"a": (5, 5), "b": (9, 9)}, population=[np.nan, np.nan])
    demand, findings = build_demand(villages, terrain=TERRAIN, population=people_at((5.0, 5.0, 3.0)))
    people = demand.groupby("village_id")["people"].sum(min_count=1)
    assert people["a"] == 3.0
    assert np.isnan(people["b"])
    assert any("population unknown in 1 village: b" in finding.message for finding in findings)


def test_settlements_far_apart_are_clusters_the_largest_first_with_the_centre() -> None:
    raster = people_at((4.7, 4.7, 5.0), (4.8, 4.7, 5.0), (5.4, 5.4, 2.0))
    demand, _ = build_demand(village_table({"a": (5, 5)}), terrain=TERRAIN, population=raster)
    assert demand["cluster"].tolist().count(0) == 2
    assert demand["cluster"].tolist().count(1) == 1
    assert demand.loc[demand["is_centre"], "cluster"].tolist() == [0]


def test_a_given_centre_is_the_centre_and_holds_no_people() -> None:
    x, y = (
        gpd.GeoSeries([Point(X0 + 5100, Y0 + 4900)], crs=CRS_METRIC)
        .to_crs("EPSG:4326")
        .get_coordinates()
        .iloc[0]
    )
    villages = village_table({"a": (5, 5), "b": (9, 9)})
    villages["centre_longitude_deg"], villages["centre_latitude_deg"] = [x, np.nan], [y, np.nan]
    demand, _ = build_demand(villages, terrain=TERRAIN)
    centres = demand[demand["is_centre"]].set_index("village_id")
    assert centres.loc["a", "origin"] == "given"
    assert centres.loc["a", "share"] == 0
    assert centres.geometry["a"].distance(Point(X0 + 5100, Y0 + 4900)) < 0.01
    assert centres.loc["b", "origin"] == "grid"


def test_every_village_has_exactly_one_centre_and_overlaps_count_once() -> None:
    shape = box(X0 + 4000, Y0 + 4000, X0 + 6000, Y0 + 6000)
    villages = gpd.GeoDataFrame(
        {"village_id": ["a", "b"], "population": 10.0}, geometry=[shape, shape], crs=CRS_METRIC
    )
    demand, _ = build_demand(villages, terrain=TERRAIN, population=people_at((5.0, 5.0, 8.0)))
    assert demand.groupby("village_id")["is_centre"].sum().tolist() == [1, 1]
    assert demand[demand["origin"] == "population"]["village_id"].tolist() == ["a"]


def test_a_village_given_as_a_point_gets_its_surroundings() -> None:
    places = [Point(X0 + 5000, Y0 + 5000)]
    villages = gpd.GeoDataFrame({"village_id": ["a"], "population": [10.0]}, geometry=places, crs=CRS_METRIC)
    demand, _ = build_demand(villages, terrain=TERRAIN, settings=DemandSettings(point_radius_m=400))
    assert len(demand) >= FEWEST_POINTS
    assert demand.distance(places[0]).max() <= 400


def test_an_empty_shape_has_no_points_and_harms_nobody() -> None:
    villages = village_table({"a": (5, 5), "b": (9, 9)})
    villages.loc[0, "geometry"] = Polygon()
    demand, _ = build_demand(villages, terrain=TERRAIN)
    assert set(demand["village_id"]) == {"b"}


def test_every_village_outside_the_terrain_is_an_error() -> None:
    with pytest.raises(SourceError, match="no village lies inside"):
        build_demand(village_table({"a": (500, 500)}), terrain=TERRAIN)


def test_the_input_is_not_changed() -> None:
    villages = village_table({"a": (5, 5)})
    before = villages.copy(deep=True)
    build_demand(villages, terrain=TERRAIN)
    assert villages.equals(before)


def points_at(*places: tuple[float, float]) -> gpd.GeoDataFrame:
    """Return points given in km from the corner."""
    return gpd.GeoDataFrame(geometry=[Point(X0 + x * 1000, Y0 + y * 1000) for x, y in places], crs=CRS_METRIC)


HAMLETS = [(4.6 + i / 200, 4.6) for i in range(8)] + [(5.3 + i / 200, 5.4) for i in range(4)]


def test_buildings_come_before_the_raster_and_make_clusters() -> None:
    raster = people_at((4.9, 4.9, 30.0), (9.0, 9.0, 5.0))
    villages = village_table({"a": (5, 5), "b": (9, 9)}, population=[60.0, 5.0])
    buildings = points_at(*HAMLETS, (9.1, 9.1))
    demand, findings = build_demand(villages, terrain=TERRAIN, population=raster, buildings=buildings)
    mine = demand[demand["village_id"] == "a"]
    assert set(mine["origin"]) == {"buildings"}
    assert mine.groupby("cluster")["people"].sum().tolist() == pytest.approx([40.0, 20.0])
    assert mine.loc[mine["is_centre"], "cluster"].tolist() == [0]
    # one mapped house is no picture of a village
    assert set(demand.loc[demand["village_id"] == "b", "origin"]) == {"population"}
    assert findings == []


def test_buildings_within_a_hundred_metres_are_one_demand_point_in_their_middle() -> None:
    houses = [(4.61 + i / 1000, 4.62) for i in range(FEWEST_BUILDINGS)]
    demand, _ = build_demand(village_table({"a": (5, 5)}), terrain=TERRAIN, buildings=points_at(*houses))
    assert len(demand) == 1
    assert demand.geometry[0].distance(Point(X0 + 4614.5, Y0 + 4620)) < 1e-6


def test_people_nobody_counted_are_the_households_of_the_buildings_and_that_is_said() -> None:
    villages = village_table({"a": (5, 5)}, population=np.nan)
    demand, findings = build_demand(villages, terrain=TERRAIN, buildings=points_at(*HAMLETS))
    assert demand["people"].sum() == pytest.approx(12 * 3.6)
    assert findings[0].severity == "assumption"
    assert "every building counts as a household of 3.6" in findings[0].message
    raster = people_at((5.0, 5.0, 70.0))
    demand, findings = build_demand(
        villages, terrain=TERRAIN, population=raster, buildings=points_at(*HAMLETS)
    )
    assert demand["people"].sum() == pytest.approx(70.0)
    assert findings == []


def test_the_centre_is_the_given_point_else_the_cultural_house_else_the_middle() -> None:
    villages = village_table({"a": (5, 5), "b": (9, 9), "c": (13, 13)})
    given = gpd.GeoSeries([Point(X0 + 5100, Y0 + 4900)], crs=CRS_METRIC).to_crs("EPSG:4326")
    villages["centre_longitude_deg"] = [given.x[0], np.nan, np.nan]
    villages["centre_latitude_deg"] = [given.y[0], np.nan, np.nan]
    houses = points_at((5.2, 5.2), (8.6, 8.6), (9.1, 9.1), (30, 30))
    demand, _ = build_demand(villages, terrain=TERRAIN, centres=houses)
    centres = demand[demand["is_centre"]].set_index("village_id")
    assert centres["origin"].to_dict() == {"a": "given", "b": "community_centre", "c": "grid"}
    # of two the one nearer to the middle
    assert centres.geometry["b"].distance(houses.geometry[2]) < 1e-6
    assert centres.loc["b", "share"] == 0


def test_in_two_villages_at_once_the_smaller_one_has_the_people_whatever_the_order() -> None:
    small = box(X0 + 4900, Y0 + 4900, X0 + 5200, Y0 + 5200)
    large = box(X0 + 4000, Y0 + 4000, X0 + 6000, Y0 + 6000)
    raster = people_at((5.0, 5.0, 8.0), (5.5, 5.5, 2.0))
    for shapes, names in (((small, large), ["s", "l"]), ((large, small), ["l", "s"])):
        villages = gpd.GeoDataFrame({"village_id": names}, geometry=list(shapes), crs=CRS_METRIC)
        demand, _ = build_demand(villages, terrain=TERRAIN, population=raster)
        assert demand.groupby("village_id")["people"].sum().to_dict() == {"l": 2.0, "s": 8.0}


@pytest.mark.parametrize("side_m", [4800.0, 6000.0, 25_000.0])
def test_a_wide_village_gets_an_even_grid_of_no_more_than_the_most_points(side_m: float) -> None:
    wide = box(X0 + 1000, Y0 + 1000, X0 + 1000 + side_m, Y0 + 1000 + side_m)
    villages = gpd.GeoDataFrame({"village_id": ["w"]}, geometry=[wide], crs=CRS_METRIC)
    demand, findings = build_demand(villages, terrain=TERRAIN, settings=DemandSettings(most_points=80))
    assert 50 < len(demand) <= 80
    west = (demand.geometry.x < X0 + 1000 + side_m / 2).mean()
    assert west == pytest.approx(0.5, abs=0.1)
    assert "coarser beyond 80 points" in findings[0].message


def test_a_village_smaller_than_a_cell_has_its_part_of_the_cell() -> None:
    tiny = box(X0 + 5005, Y0 + 5005, X0 + 5030, Y0 + 5045)
    villages = gpd.GeoDataFrame({"village_id": ["t"]}, geometry=[tiny], crs=CRS_METRIC)
    demand, _ = build_demand(villages, terrain=TERRAIN, population=people_at((5.0, 5.0, 80.0)))
    assert demand["people"].sum() == pytest.approx(80.0 * 25 * 40 / 100**2)
    assert set(demand["origin"]) == {"grid"}


def test_the_factor_of_the_commune_multiplies_the_raster_but_no_counted_number() -> None:
    villages = village_table({"a": (5, 5), "b": (9, 9)}, population=[np.nan, 40.0])
    villages["population_factor"] = pd.Series([0.5, 0.5])
    raster = people_at((5.0, 5.0, 30.0), (9.0, 9.0, 10.0))
    demand, _ = build_demand(villages, terrain=TERRAIN, population=raster)
    assert demand.groupby("village_id")["people"].sum().tolist() == pytest.approx([15.0, 40.0])


def test_a_populous_village_has_a_bounded_number_of_points_and_all_its_people() -> None:
    raster = people_at(*((4.55 + i / 10, 4.55 + j / 10, 2.0) for i in range(10) for j in range(10)))
    villages = village_table({"a": (5, 5)}, population=[np.nan])
    demand, _ = build_demand(
        villages, terrain=TERRAIN, population=raster, settings=DemandSettings(most_points=30)
    )
    assert 30 / 8 < len(demand) <= 30
    assert demand["people"].sum() == pytest.approx(200.0)
    assert demand["cluster"].tolist() == [0] * len(demand)
