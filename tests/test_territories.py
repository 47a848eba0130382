"""Villages that are points: their commune, their part of it, and what is said about it."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import MultiPolygon, Point, Polygon, box

from lomsong.areas import village_areas
from lomsong.territories import divide_area, locate, place_villages

CRS = "EPSG:32648"
X, Y = 400_000.0, 2_400_000.0
COMMUNE = box(X, Y, X + 10_000, Y + 8_000)


def communes(**shapes: object) -> gpd.GeoDataFrame:
    table = pd.DataFrame({"commune_code": pd.Series(list(shapes), dtype="string")})
    table["commune_name"] = ("Xã " + table["commune_code"]).astype("string")
    return gpd.GeoDataFrame(table, geometry=list(shapes.values()), crs=CRS)


def villages(*shapes: object, **columns: object) -> gpd.GeoDataFrame:
    table = pd.DataFrame({"village_id": [f"v{row}" for row in range(len(shapes))], **columns})
    return gpd.GeoDataFrame(table, geometry=list(shapes), crs=CRS)


def at(east: float, north: float) -> Point:
    return Point(X + east, Y + north)


def test_each_place_belongs_to_the_nearest_point() -> None:
    rng = np.random.default_rng(3)
    x, y = X + rng.uniform(0, 10_000, 12), Y + rng.uniform(0, 8_000, 12)
    notched = COMMUNE.difference(box(X + 3_000, Y, X + 5_000, Y + 6_000))
    cells = divide_area(notched, x, y)
    assert sum(cell.area for cell in cells) == pytest.approx(notched.area, rel=1e-9)
    places = np.column_stack([X + rng.uniform(0, 10_000, 2_000), Y + rng.uniform(0, 8_000, 2_000)])
    nearest = np.hypot(places[:, :1] - x, places[:, 1:] - y).argmin(axis=1)
    inside = shapely.contains_xy(notched, places[:, 0], places[:, 1])
    for place, cell in zip(places[inside], nearest[inside], strict=True):
        assert cells[cell].distance(Point(place)) < 1e-6


@pytest.mark.parametrize("x", [[5.0], [1.0, 9.0], [1.0, 2.0, 3.0]])
def test_few_points_and_points_in_a_row_divide_the_whole_too(x: list[float]) -> None:
    cells = divide_area(box(0, 0, 10, 8), np.array(x), np.full(len(x), 4.0))
    assert sum(cell.area for cell in cells) == pytest.approx(80)


def test_points_get_their_part_of_the_commune_less_the_outlines_there() -> None:
    outline = box(X, Y, X + 2_000, Y + 8_000)
    placed, findings = place_villages(
        villages(at(4_000, 4_000), outline, at(8_000, 4_000)), communes(a=COMMUNE)
    )
    assert placed["geometry_origin"].tolist() == ["voronoi", "given", "voronoi"]
    assert placed.geometry.area.tolist() == pytest.approx([4_000 * 8_000, 2_000 * 8_000, 4_000 * 8_000])
    assert placed["commune_code"].tolist() == ["a", "a", "a"]
    assert placed["commune_name"].tolist() == ["Xã a"] * 3
    back = gpd.GeoSeries(
        gpd.points_from_xy(placed["centre_longitude_deg"], placed["centre_latitude_deg"]), crs="EPSG:4326"
    ).to_crs(CRS)
    assert back[0].distance(at(4_000, 4_000)) < 0.01
    assert placed["centre_longitude_deg"].isna().tolist() == [False, True, False]
    assert findings[0].rows == ("v0", "v2")
    assert findings[0].severity == "assumption"


def test_points_in_one_place_or_in_no_commune_stay_points_and_get_a_disc() -> None:
    table = villages(at(4_000, 4_000), at(4_000, 4_000), at(40_000, 0))
    placed, findings = place_villages(table, communes(a=COMMUNE))
    assert placed["geometry_origin"].tolist() == ["voronoi", "buffer", "buffer"]
    assert placed["commune_code"].tolist() == ["a", "a", pd.NA]
    assert village_areas(placed, 500).area.tolist()[1:] == pytest.approx([np.pi * 500**2] * 2, rel=0.01)
    assert findings[-1].rows == ("v1", "v2")
    alone, findings = place_villages(table)
    assert alone["geometry_origin"].tolist() == ["buffer"] * 3
    assert len(findings) == 1


def test_outlines_are_given_and_need_no_word() -> None:
    placed, findings = place_villages(villages(COMMUNE, Polygon()))
    assert placed["geometry_origin"].tolist() == ["given", pd.NA]
    assert findings == []


def test_where_communes_overlap_the_smaller_one_has_the_village() -> None:
    small, twin = box(X, Y, X + 100, Y + 100), box(X + 50, Y, X + 150, Y + 100)
    overlapping = communes(large=COMMUNE, small=small, twin=twin)
    found = locate(villages(at(10, 10), at(75, 10), at(5_000, 5_000), at(-5, 0), Polygon()), overlapping)
    assert found.tolist() == [1, 1, 0, -1, -1]
    assert locate(villages(at(75, 10)), overlapping.iloc[[0, 2, 1]]).tolist() == [1]


def test_a_code_that_disagrees_with_the_place_is_kept_and_named() -> None:
    code = pd.Series(["z", None], dtype="string")
    table = villages(at(1_000, 1_000), at(2_000, 2_000), commune_code=code)
    placed, findings = place_villages(table, communes(a=COMMUNE))
    assert placed["commune_code"].tolist() == ["z", "a"]
    assert placed["commune_name"].tolist() == [pd.NA, "Xã a"]
    assert findings[0].rows == ("v0",)
    assert "the first says z and lies in a" in findings[0].message


def test_a_commune_of_two_parts_is_shared_whole_and_the_input_is_not_changed() -> None:
    islands = MultiPolygon([box(X, Y, X + 1_000, Y + 1_000), box(X + 5_000, Y, X + 6_000, Y + 1_000)])
    table = villages(at(500, 500), at(900, 500))
    before = table.copy(deep=True)
    placed, _ = place_villages(table, communes(a=islands))
    assert placed.geometry.area.sum() == pytest.approx(2e6)
    assert placed.geometry.is_valid.all()
    assert table.equals(before)
