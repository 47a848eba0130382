"""Tables with a column that spells shapes, as databases and spreadsheets export them."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from shapely import MultiPolygon, box

from lomsong.errors import CrsError, TableError
from lomsong.settings import BoundarySource
from lomsong.sources.boundaries import read_communes, read_villages

SHAPES = [box(104, 21, 105, 22), MultiPolygon([box(105, 21, 106, 22), box(107, 21, 108, 22)]), None]
SPELT = {
    "wkt": shapely.to_wkt,
    "geom": lambda shape: f"SRID=4326;{shapely.to_wkt(shape)}",
    "the_geom": lambda shape: shapely.to_wkb(shapely.set_srid(shape, 4326), hex=True, include_srid=True),
    "WKB_GEOMETRY": lambda shape: "\\x" + shapely.to_wkb(shape, hex=True),
}


def write(folder: Path, name: str, ending: str = "csv", **more: object) -> Path:
    texts = [None if shape is None else SPELT[name](shape) for shape in SHAPES]
    table = pd.DataFrame({"village_id": ["01", "02", "03"], "village_name": "Thôn Đá", name: texts, **more})
    path = folder / f"villages.{ending}"
    table.to_excel(path, index=False) if ending == "xlsx" else table.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize("name", sorted(SPELT))
def test_villages_are_read_from_a_column_that_spells_their_shapes(
    tmp_path: Path, name: str, ending: str
) -> None:
    frame, _ = read_villages(BoundarySource(path=write(tmp_path, name, ending), crs="EPSG:4326"))
    assert frame["village_id"].tolist() == ["01", "02", "03"]
    assert frame.crs.to_epsg() == 4326
    for found, shape in zip(frame.geometry, SHAPES, strict=True):
        assert found.is_empty if shape is None else found.equals(shape)


def test_places_beside_shapes_are_centres(tmp_path: Path) -> None:
    path = write(tmp_path, "geom", centre_longitude_deg=104.2, centre_latitude_deg=21.3)
    frame, _ = read_villages(BoundarySource(path=path))
    assert frame.geometry[0].equals(SHAPES[0])
    assert frame["centre_longitude_deg"].tolist() == [104.2] * 3


def test_what_the_shapes_say_of_their_crs_counts_and_must_be_said_by_somebody(tmp_path: Path) -> None:
    frame, _ = read_villages(BoundarySource(path=write(tmp_path, "geom")))
    assert frame.crs.to_epsg() == 4326
    with pytest.raises(CrsError, match="the settings say"):
        read_villages(BoundarySource(path=tmp_path / "villages.csv", crs="EPSG:32648"))
    with pytest.raises(CrsError, match="does not say its CRS"):
        read_villages(BoundarySource(path=write(tmp_path, "wkt")))
    mixed = (tmp_path / "villages.csv").read_text().replace("MULTI", "SRID=3857;MULTI").replace("wkt", "geom")
    (tmp_path / "mixed.csv").write_text(mixed.replace('"POLYGON', '"SRID=4326;POLYGON'))
    with pytest.raises(CrsError, match="3857, 4326"):
        read_villages(BoundarySource(path=tmp_path / "mixed.csv"))


def test_a_text_that_is_no_shape_leaves_its_row_without_one_and_is_counted(tmp_path: Path) -> None:
    path = write(tmp_path, "wkt")
    path.write_text(path.read_text().replace("MULTIPOLYGON (((", "MULTIPOLYGON ((("[:-2]))
    frame, findings = read_villages(BoundarySource(path=path, crs="EPSG:4326"))
    assert frame.geometry.is_empty.tolist() == [False, True, True]
    assert any("1 shape of villages.csv cannot be built" in finding.message for finding in findings)


def test_a_column_of_that_name_may_be_something_else(tmp_path: Path) -> None:
    path = tmp_path / "villages.csv"
    path.write_text("village_id,shape\n01,round\n")
    with pytest.raises(TableError, match="no shapes and no column"):
        read_villages(BoundarySource(path=path))


def test_communes_are_read_so_too(tmp_path: Path) -> None:
    path = write(tmp_path, "geom").rename(tmp_path / "communes.csv")
    path.write_text(path.read_text().replace("village_", "commune_").replace("commune_id", "commune_code"))
    frame, _ = read_communes(BoundarySource(path=path))
    assert isinstance(frame, gpd.GeoDataFrame)
    assert frame["commune_code"].tolist() == ["01", "02", "03"]
