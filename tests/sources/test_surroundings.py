"""Context layers: from the user's own files, from tables with tags, and from OpenStreetMap extracts."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from pyproj import CRS
from shapely import LineString, Point, Polygon, box

from lomsong.errors import LomsongError
from lomsong.settings import LayerSource
from lomsong.sources.surroundings import COLUMNS, TAGS, read_surroundings

UTM = CRS.from_epsg(32648)
BOUNDS = (400_000.0, 2_400_000.0, 430_000.0, 2_430_000.0)
HERE = (410_000.0, 2_410_000.0)


def read(path: Path, layer: str, **source: object) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    frame, findings = read_surroundings(
        LayerSource.model_validate({"path": path, **source}), layer=layer, bounds=BOUNDS, crs=UTM
    )
    assert list(frame.columns) == [*COLUMNS, "geometry"]
    assert frame.crs == UTM
    assert frame.geometry.is_valid.all()
    return frame, {finding.message: finding.count for finding in findings}


def test_of_a_file_without_tags_every_row_counts_and_is_cut_off_at_reach(tmp_path: Path) -> None:
    x, y = HERE
    lines = [LineString([(x, y), (x + 100_000, y)]), LineString([(x + 90_000, y), (x + 95_000, y)])]
    frame = gpd.GeoDataFrame({"TYPE": ["asphalt", "earth"], "id": ["007", "8"]}, geometry=lines, crs=UTM)
    path = tmp_path / "roads.gpkg"
    frame.to_crs("EPSG:4326").to_file(path)
    found, _ = read(path, "roads", columns={"kind": "TYPE"})
    assert found["kind"].tolist() == ["asphalt"]
    assert found["feature_id"].tolist() == ["007"]
    assert found.length.iloc[0] == pytest.approx(20_000, abs=2)


def test_tags_as_columns_choose_the_rows(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {
            "osm_id": ["1", "2", "3"],
            "amenity": ["school", "restaurant", None],
            "man_made": [None, None, "mast"],
        },
        geometry=[Point(HERE)] * 3,
        crs=UTM,
    )
    path = tmp_path / "points.geojson"
    frame.to_crs("EPSG:4326").to_file(path)
    assert read(path, "schools")[0]["feature_id"].tolist() == ["1"]
    assert read(path, "structures")[0]["kind"].tolist() == ["mast"]
    empty, findings = read(path, "roads")
    assert empty.empty
    assert findings == {
        "0 features near the villages; 0 of 3 rows of points.geojson are roads by their tags": 0
    }


def test_shapefiles_of_geofabrik_say_it_in_one_column(tmp_path: Path) -> None:
    shape = LineString([HERE, (HERE[0] + 500, HERE[1])])
    frame = gpd.GeoDataFrame(
        {"osm_id": ["1", "2"], "fclass": ["tertiary", "footway"]}, geometry=[shape] * 2, crs=UTM
    )
    frame.to_file(tmp_path / "gis_osm_roads.shp")
    assert read(tmp_path / "gis_osm_roads.shp", "roads")[0]["kind"].tolist() == ["tertiary"]


def test_broken_shapes_are_mended_or_left_out_and_counted(tmp_path: Path) -> None:
    x, y = HERE
    bow = Polygon([(x, y), (x + 100, y + 100), (x + 100, y), (x, y + 100)])
    frame = gpd.GeoDataFrame(
        {"name": ["bow", "none", "good"]}, geometry=[bow, None, box(x, y, x + 9, y + 9)], crs=UTM
    )
    frame.to_file(tmp_path / "water.gpkg")
    found, findings = read(tmp_path / "water.gpkg", "water")
    assert found["name"].tolist() == ["bow", "good"]
    assert found.area.iloc[0] == pytest.approx(5000)
    assert findings["1 invalid shape mended"] == findings["1 row without a shape left out"] == 1


def test_rows_that_the_working_crs_cannot_show_are_beyond_reach(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(geometry=[Point(105, 22), Point(-75, 89.9999), Point(0, -90)], crs="EPSG:4326")
    frame["n"] = 1
    frame.to_file(tmp_path / "far.gpkg")
    assert len(read(tmp_path / "far.gpkg", "schools")[0]) <= 1


def test_what_is_no_vector_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "roads.gpkg").write_bytes(b"nothing of the kind")
    for path in (tmp_path / "roads.gpkg", tmp_path / "none.gpkg", tmp_path):
        with pytest.raises(LomsongError, match="roads"):
            read(path, "roads")


@pytest.mark.parametrize(
    ("name", "layer", "least"),
    [("Helsinki", "roads", 900), ("Helsinki", "power", 2), ("Helsinki", "schools", 10), ("Helsinki", "clinics", 7),
     ("Helsinki", "water", 5), ("Helsinki", "fibre", 0), ("test", "roads", 200), ("test", "power", 2),
     ("test", "protected", 0)],
)  # fmt: skip
def test_real_extracts_give_their_layers(real: Path, name: str, layer: str, least: int) -> None:
    source = LayerSource(path=real / "readers" / f"{name}.osm.pbf")
    frame, findings = read_surroundings(
        source, layer=layer, bounds=(-1e7, -1e7, 1e7, 1e7), crs=CRS.from_epsg(32635)
    )
    assert len(frame) >= least
    assert frame["feature_id"].notna().all()
    allowed = frozenset().union(*TAGS[layer].values())
    assert set(frame["kind"]) <= allowed
    assert np.isfinite(frame.total_bounds).all() or frame.empty
    assert findings[-1].count == len(frame)


def test_real_points_are_schools_and_masts_but_no_roads(real: Path) -> None:
    path = real / "vn-northwest" / "osm_points.geojson"
    raw = gpd.read_file(path)
    wide = (0.0, 2_000_000.0, 1_000_000.0, 3_000_000.0)
    found = {
        layer: read_surroundings(LayerSource(path=path), layer=layer, bounds=wide, crs=UTM)[0]
        for layer in ("schools", "structures", "roads")
    }
    assert len(found["schools"]) == raw["amenity"].isin(TAGS["schools"]["amenity"]).sum()
    assert len(found["structures"]) == raw["man_made"].isin(TAGS["structures"]["man_made"]).sum()
    assert found["roads"].empty
