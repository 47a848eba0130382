"""Official numbers of people: joined by code, or what the population raster is scaled to."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import CRS
from shapely import box
from worlds import CRS_METRIC, X0, Y0, flat_terrain, village_table

from lomsong.errors import TableError
from lomsong.grid import Raster
from lomsong.population_totals import apply_totals, scale_to_totals
from lomsong.settings import LayerSource
from lomsong.sources.places import read_buildings, read_community_centres
from lomsong.sources.totals import read_totals
from lomsong.villages import build_demand

RASTER = Raster(
    np.ones((300, 300), dtype=np.float32), (X0, 100.0, Y0 + 30_000, -100.0), CRS.from_user_input(CRS_METRIC)
)


def two_communes() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return three villages of 100 cells each, and their two communes of 2,000 and 400 cells."""
    code = pd.Series(["01", "01", "02"], dtype="string")
    villages = village_table({"a": (5, 5), "b": (7, 5), "c": (11, 5)}, population=np.nan).assign(
        commune_code=code
    )
    shapes = [
        box(X0 + 4000, Y0 + 3000, X0 + 8000, Y0 + 8000),
        box(X0 + 10_000, Y0 + 4000, X0 + 12_000, Y0 + 6000),
    ]
    table = {"commune_code": pd.Series(["01", "02"], dtype="string")}
    return villages, gpd.GeoDataFrame(table, geometry=shapes, crs=CRS_METRIC)


def test_the_factor_is_the_official_number_over_the_raster_in_the_commune() -> None:
    villages, communes = two_communes()
    totals = pd.Series([1000.0, 600.0, 5.0], index=["01", "02", "99"])
    scaled, findings = scale_to_totals(villages, totals, RASTER, communes=communes, point_radius_m=500)
    assert scaled["population_factor"].tolist() == pytest.approx([0.5, 0.5, 1.5])
    assert "population_factor" not in villages
    words = " ".join(finding.message for finding in findings)
    assert "in 2 communes: it counts 150% of the official number there; factors from 0.50 to 1.50" in words
    assert "1 code with a total in no village: 99" in words
    demand, _ = build_demand(scaled, terrain=flat_terrain(), population=RASTER)
    assert demand.groupby("village_id")["people"].sum().tolist() == pytest.approx([50.0, 50.0, 150.0])


def test_without_commune_polygons_the_villages_together_have_the_total() -> None:
    villages, _ = two_communes()
    scaled, findings = scale_to_totals(villages, pd.Series([50.0], index=["01"]), RASTER, point_radius_m=500)
    assert scaled["population_factor"].tolist()[:2] == pytest.approx([0.25, 0.25])
    assert np.isnan(scaled["population_factor"][2])
    words = " ".join(finding.message for finding in findings)
    assert "1 commune with a factor outside 0.5 to 2" in words
    assert "1 commune without an official total" in words
    demand, _ = build_demand(scaled, terrain=flat_terrain(), population=RASTER)
    assert demand.groupby("village_id")["people"].sum().tolist()[:2] == pytest.approx([25.0, 25.0])


def test_a_commune_where_the_raster_has_nobody_is_not_scaled() -> None:
    villages, communes = two_communes()
    empty = Raster(np.zeros((300, 300), dtype=np.float32), RASTER.transform, RASTER.crs)
    scaled, _ = scale_to_totals(
        villages, pd.Series([9.0], index=["01"]), empty, communes=communes, point_radius_m=500
    )
    assert scaled["population_factor"].isna().all()


def test_scaling_needs_commune_codes() -> None:
    with pytest.raises(TableError, match="no commune_code"):
        scale_to_totals(
            village_table({"a": (5, 5)}), pd.Series([1.0], index=["1"]), RASTER, point_radius_m=500
        )


def test_numbers_by_village_come_before_the_file_and_gaps_are_named() -> None:
    villages = village_table({"01": (5, 5), "02": (7, 5)}, population=[10.0, 20.0])
    totals = pd.DataFrame({"village_id": ["01", "77"], "population": [11.0, 5.0]})
    filled, findings = apply_totals(villages, totals)
    assert filled["population"].tolist() == [11.0, 20.0]
    assert [finding.rows for finding in findings] == [("77",), ("02",)]
    with pytest.raises(TableError, match="leading zeros"):
        apply_totals(villages, totals.assign(village_id=["1", "77"]))


def test_a_table_of_totals_keeps_zeros_and_sets_bad_rows_aside(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("ma;dan\n01;120\n02;-5\n03;many\n04;7\n04;8\n;9\n", encoding="utf-8")
    source = LayerSource(path=tmp_path / "t.csv", columns={"commune_code": "ma", "population": "dan"})
    table, findings = read_totals(source)
    assert table.to_dict("list") == {"commune_code": ["01"], "population": [120.0]}
    assert [finding.count for finding in findings] == [3, 2]
    with pytest.raises(TableError, match="needs a population and one of"):
        read_totals(source.model_copy(update={"columns": {"commune_code": "ma"}}))


@pytest.mark.parametrize("name", ["b.gpkg", "b.csv"])
def test_buildings_are_points_whatever_they_come_as(tmp_path: Path, name: str) -> None:
    shapes = [box(104, 22, 104.2, 22.2), box(105, 22, 105.2, 22.2)]
    if name == "b.csv":
        text = "latitude,longitude,area_in_meters,geometry\n22.1,104.1,40,x\n22.1,105.1,30,y\n999,1,1,z\n"
        (tmp_path / name).write_text(text)
    else:
        gpd.GeoDataFrame(geometry=[*shapes, None], crs="EPSG:4326").to_file(tmp_path / name)
    frame, findings = read_buildings(LayerSource(path=tmp_path / name))
    assert frame.geometry.x.tolist() == pytest.approx([104.1, 105.1])
    assert "1 row without a usable place" in findings[0].message


def test_only_community_centres_are_centres_where_the_file_tells(tmp_path: Path) -> None:
    places = gpd.points_from_xy([104.0, 104.1, 104.2], [22.0, 22.0, 22.0])
    frame = gpd.GeoDataFrame(
        {"amenity": ["bank", "community_centre", None]}, geometry=places, crs="EPSG:4326"
    )
    frame.to_file(tmp_path / "p.geojson")
    found, _ = read_community_centres(LayerSource(path=tmp_path / "p.geojson"))
    assert found.geometry.x.tolist() == [104.1]
    frame.drop(columns="amenity").to_file(tmp_path / "all.geojson")
    assert len(read_community_centres(LayerSource(path=tmp_path / "all.geojson"))[0]) == 3


@pytest.mark.real
@pytest.mark.parametrize("name", ["Helsinki.osm.pbf", "test.osm.pbf"])
def test_buildings_of_a_real_extract_read_and_broken_rings_are_counted(real: Path, name: str) -> None:
    frame, findings = read_buildings(LayerSource(path=real / "readers" / name))
    assert len(frame) > 300
    assert frame.geometry.geom_type.eq("Point").all()
    assert any("cannot be built" in finding.message for finding in findings)
