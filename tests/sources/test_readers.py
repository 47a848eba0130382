"""Readers: what is broken gives one clear error or a counted warning; nothing is lost in silence."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from fuzzing import attack
from pyproj import CRS
from rasterio.transform import from_origin
from shapely import LineString, Point, Polygon, box

from lomsong.errors import CrsError, MissingSourceError, SourceError, TableError
from lomsong.grid import load_bands
from lomsong.settings import BoundarySource, MastSource, PopulationSource, RasterSource, SpeedTestSource
from lomsong.sources.boundaries import read_villages
from lomsong.sources.masts import read_masts
from lomsong.sources.population import read_population
from lomsong.sources.rasters import read_terrain
from lomsong.sources.speedtests import decode_quadkeys, read_speed_tests

WGS84 = "EPSG:4326"
SQUARE = box(104.0, 22.0, 104.1, 22.1)
BOWTIE = Polygon([(104, 22), (104.1, 22.1), (104.1, 22), (104, 22.1)])


def villages_file(
    folder: Path, shapes: list[object], name: str = "v.gpkg", crs: str | None = WGS84, **columns: object
) -> Path:
    data = {"code": [f"0{i}" for i in range(len(shapes))], **columns}
    path = folder / name
    gpd.GeoDataFrame(data, geometry=shapes, crs=crs).to_file(path)
    return path


def village_source(path: Path, **changes: object) -> BoundarySource:
    return BoundarySource(path=path, columns={"village_id": "code"}, **changes)  # type: ignore[arg-type]


# --- villages ---------------------------------------------------------------------------------------------------


def test_codes_keep_their_leading_zeros_and_names_become_nfc(tmp_path: Path) -> None:
    path = villages_file(tmp_path, [SQUARE], village_name=["Ba\u0309n Na\u0300"])
    frame, findings = read_villages(village_source(path))
    assert frame["village_id"].tolist() == ["00"]
    assert frame["village_name"].tolist() == ["B\u1ea3n N\u00e0"]
    assert findings == []


def test_an_invalid_polygon_is_repaired_and_counted(tmp_path: Path) -> None:
    frame, findings = read_villages(village_source(villages_file(tmp_path, [BOWTIE, SQUARE])))
    assert frame.geometry.is_valid.all()
    assert len(frame) == 2
    assert findings[0].count == 1
    assert findings[0].rows == ("00",)
    assert "repaired" in findings[0].message


def test_a_village_without_a_shape_stays(tmp_path: Path) -> None:
    frame, findings = read_villages(village_source(villages_file(tmp_path, [SQUARE, None])))
    assert frame["village_id"].tolist() == ["00", "01"]
    assert frame.geometry.is_empty.tolist() == [False, True]
    assert "without a usable shape" in findings[0].message


def test_flags_are_understood_in_words_and_odd_ones_are_counted(tmp_path: Path) -> None:
    words = ["yes", "Không", "1.0", "0.0", None, "maybe"]
    path = villages_file(tmp_path, [SQUARE] * 6, grid_power=words)
    frame, findings = read_villages(village_source(path))
    assert frame["grid_power"].isna().tolist() == [False] * 4 + [True] * 2
    assert frame["grid_power"].iloc[:4].tolist() == [True, False] * 2
    assert "neither yes nor no in 1 row" in findings[0].message


@pytest.mark.parametrize(
    ("make", "error", "what"),
    [
        (lambda d: d / "none.gpkg", MissingSourceError, "there is no file"),
        (lambda d: villages_file(d, [SQUARE], crs=None, name="v.shp"), CrsError, "does not say its CRS"),
        (
            lambda d: villages_file(d, [LineString([(104, 22), (104.1, 22)])]),
            SourceError,
            "neither polygon nor point",
        ),
        (lambda d: villages_file(d, [box(22, 104, 22.1, 104.1)]), TableError, "swapped"),
        (lambda d: villages_file(d, [SQUARE, SQUARE], code=["1", "1"]), TableError, "not unique"),
        (
            lambda d: villages_file(d, [SQUARE], population=["many"]),
            TableError,
            "'population' is not a number",
        ),
        (lambda d: villages_file(d, [SQUARE], population=[-3]), TableError, "outside"),
    ],
)
@pytest.mark.filterwarnings("ignore:.crs. was not provided")
def test_bad_villages_give_one_clear_error(tmp_path: Path, make, error: type[Exception], what: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=what):
        read_villages(village_source(make(tmp_path)))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("v.geojson", b"not json"),
        ("v.geojson", b""),
        ("v.gpkg", b"SQLite format 3\x00" + b"\x00" * 50),
        ("v.shp", b"\x00" * 200),
        ("v.parquet", b"PAR1"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError):
        read_villages(village_source(tmp_path / name))


def test_an_empty_layer_is_refused(tmp_path: Path) -> None:
    text = {"type": "FeatureCollection", "name": "v", "features": []}
    (tmp_path / "v.geojson").write_text(json.dumps(text))
    with pytest.raises(SourceError, match=r"no rows|no geometry|holds no layer"):
        read_villages(village_source(tmp_path / "v.geojson"))


def test_a_mapped_column_that_is_missing_names_the_nearest(tmp_path: Path) -> None:
    path = villages_file(tmp_path, [SQUARE])
    with pytest.raises(TableError, match=r"'CODES' \(for village_id\).*nearest is 'code'"):
        read_villages(BoundarySource(path=path, columns={"village_id": "CODES"}))


def test_several_layers_must_be_chosen_from(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"code": ["1"]}, geometry=[SQUARE], crs=WGS84)
    for layer in ("communes", "provinces"):
        frame.to_file(tmp_path / "v.gpkg", layer=layer)
    with pytest.raises(SourceError, match="communes, provinces"):
        read_villages(village_source(tmp_path / "v.gpkg"))
    assert len(read_villages(village_source(tmp_path / "v.gpkg", layer="communes"))[0]) == 1


def test_a_crs_that_contradicts_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CrsError, match="the settings say"):
        read_villages(village_source(villages_file(tmp_path, [SQUARE]), crs="EPSG:32648"))


FRENCH = [
    "Château-d'Œx à côté de l'église", "Saint-Géry où l'été dure", "Séniergues près de là", "Labastide-du-Haut-Mont",
    "Lacapelle-Cabanac et ses forêts", "Montcuq-en-Quercy-Blanc, chef-lieu", "Prudhomat, à la frontière du département",
    "Saint-Céré, où la rivière Bave s'élargit", "Sousceyrac-en-Quercy, ancienne commune rattachée", "Vayrac, près du château",
]  # fmt: skip


@pytest.mark.parametrize(("declared", "noted"), [(None, True), ("cp1252", False)])
def test_text_that_is_not_utf8_is_decoded_and_the_guess_is_said(
    tmp_path: Path, declared: str | None, noted: bool
) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"code": str(i), "village_name": name},
            "geometry": {"type": "Point", "coordinates": [104 + i / 10, 22]},
        }
        for i, name in enumerate(FRENCH)
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    (tmp_path / "v.geojson").write_bytes(text.encode("cp1252"))
    frame, findings = read_villages(village_source(tmp_path / "v.geojson", encoding=declared))
    assert "Géry" in frame["village_name"][1]
    assert any("not UTF-8" in finding.message for finding in findings) is noted


# --- masts ------------------------------------------------------------------------------------------------------

SITES = "site,lat,lon,op,tech,mhz\nA1,22.01,104.01,X,4G,1800\nA2,22.02,104.02,X,LTE,\n"
COLUMNS = {
    "site_id": "site",
    "latitude_deg": "lat",
    "longitude_deg": "lon",
    "operator": "op",
    "technology": "tech",
    "frequency_mhz": "mhz",
}


def masts_file(folder: Path, text: str, name: str = "m.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def mast_source(path: Path, **changes: object) -> MastSource:
    return MastSource(**{"path": path, "crs": WGS84, "columns": COLUMNS, **changes})  # type: ignore[arg-type]


def test_a_site_list_is_read_through_its_column_map(tmp_path: Path) -> None:
    frame, findings = read_masts(mast_source(masts_file(tmp_path, SITES)))
    assert frame["technology"].tolist() == ["4g", "4g"]
    assert frame["frequency_mhz"].tolist()[0] == 1800
    assert np.isnan(frame["frequency_mhz"][1])
    assert frame["sector_id"].is_unique
    assert findings == []


def test_bands_become_one_carrier_each_on_one_mast(tmp_path: Path) -> None:
    text = "lat,lon,op,bands\n22,104,X,WCDMA850;LTE700;LTE1800\n22,104,X,junk\n"
    columns = {"latitude_deg": "lat", "longitude_deg": "lon", "operator": "op", "bands": "bands"}
    frame, findings = read_masts(mast_source(masts_file(tmp_path, text), columns=columns))
    assert frame["technology"].tolist() == ["3g", "4g", "4g"]
    assert frame["frequency_mhz"].tolist() == [850, 700, 1800]
    assert len(set(frame["site_id"])) == 1
    assert any("bands not understood" in finding.message for finding in findings)
    assert any("1 mast without a usable band" in finding.message for finding in findings)


def test_a_semicolon_table_and_positions_that_cannot_be_are_counted(tmp_path: Path) -> None:
    text = "site;lat;lon;op;tech;mhz\nA;22;104;X;4G;1800\nB;0;0;X;4G;1800\nC;;104;X;4G;1800\nD;22;999;X;4G;1800\nE;22;104;X;WiMAX;1800\n"
    frame, findings = read_masts(mast_source(masts_file(tmp_path, text)))
    assert frame["site_id"].tolist() == ["A"]
    words = " ".join(finding.message for finding in findings)
    assert "(0, 0)" in words
    assert "no position" in words
    assert "off the earth" in words
    assert "WiMAX" in words


OPENCELLID = "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal\n"


def test_opencellid_cells_get_their_operator_and_the_younger_record_counts(tmp_path: Path) -> None:
    rows = "LTE,1,1,7,256,0,104,22,1000,1,1,1477602130,1477602130,0\nLTE,1,1,7,257,0,104,22,1000,1,1,1477602130,1577602130,0\nLTE,1,1,7,256,0,104.5,22,1000,1,1,1477602130,1577602130,0\nCDMA,1,1,7,9,0,104,22,1000,1,1,1,1,0\n"
    source = MastSource(
        path=masts_file(tmp_path, OPENCELLID + rows), format="opencellid", operators={"1-01": "Test"}
    )
    frame, findings = read_masts(source)
    assert set(frame["operator"]) == {"Test"}
    assert frame["node"].unique().tolist() == ["1-01-eNB1"]
    assert frame.set_index("sector_id").geometry["LTE-1-01-7-256"].x == 104.5
    assert any("same cell" in finding.message for finding in findings)
    assert any("CDMA" in finding.message for finding in findings)


@pytest.mark.parametrize(
    ("text", "changes", "error", "what"),
    [
        (SITES, {"crs": None}, TableError, "need their CRS"),
        (SITES, {"crs": "EPSG:99999"}, CrsError, "not a coordinate system"),
        (SITES, {"columns": {**COLUMNS, "operator": "who"}}, TableError, "column 'who'"),
        (SITES, {"columns": {**COLUMNS, "hight": "mhz"}}, TableError, "not a column of ours"),
        (
            SITES,
            {"columns": {k: v for k, v in COLUMNS.items() if k != "technology"}},
            TableError,
            "'technology' is missing",
        ),
        (
            SITES,
            {"columns": {k: v for k, v in COLUMNS.items() if k != "operator"}},
            TableError,
            "'operator' is missing",
        ),
        (
            SITES,
            {"columns": {k: v for k, v in COLUMNS.items() if k != "latitude_deg"}},
            TableError,
            "'latitude_deg' is missing",
        ),
        (SITES.replace("22.01", "104.01").replace("22.02", "104.02"), {}, TableError, "swapped"),
        ("", {}, SourceError, "is empty"),
        ("site,lat\n", {}, SourceError, "no rows"),
        ("a,b\n1,2,3,4\n5,6,7,8,9\n", {}, SourceError, "not a readable table"),
        (SITES, {"format": "opencellid", "columns": {}}, TableError, "'radio' is missing"),
    ],
)
def test_bad_masts_give_one_clear_error(
    tmp_path: Path, text: str, changes: dict[str, object], error: type[Exception], what: str
) -> None:
    with pytest.raises(error, match=what):
        read_masts(mast_source(masts_file(tmp_path, text), **changes))


@pytest.mark.parametrize("name", ["v.gpkg", "v.geojson", "v.zip", "v.parquet"])
def test_a_file_without_content_is_called_empty(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(SourceError, match=rf"{name} is empty"):
        read_villages(BoundarySource(path=tmp_path / name))


# --- speed tests ------------------------------------------------------------------------------------------------


def test_tiles_stand_at_the_centre_of_their_quadkey(tmp_path: Path) -> None:
    pd.DataFrame(
        {"quadkey": ["3112302131202302"], "avg_d_kbps": [59146], "avg_u_kbps": [3049], "avg_lat_ms": [45]}
    ).to_parquet(tmp_path / "t.parquet")
    frame, _ = read_speed_tests(SpeedTestSource(path=tmp_path / "t.parquet", network="mobile"))
    assert frame.geometry[0].distance(Point(148.735657, -35.090698)) < 1e-5
    assert frame["download_mbps"][0] == pytest.approx(59.146)


def test_impossible_speeds_become_missing_and_are_counted(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("quadkey,avg_d_kbps\n0123,-5\n0122,1e12\n0121,1000\nxyz,1000\n")
    frame, findings = read_speed_tests(SpeedTestSource(path=tmp_path / "t.csv", network="fixed"))
    assert frame["download_mbps"].isna().tolist() == [True, True, False]
    assert any("2 rows have an impossible" in finding.message for finding in findings)
    assert any("no usable position" in finding.message for finding in findings)


@pytest.mark.parametrize("content", [b"PAR1garbage", b""])
def test_a_broken_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.parquet").write_bytes(content)
    with pytest.raises(SourceError):
        read_speed_tests(SpeedTestSource(path=tmp_path / "t.parquet", network="mobile"))


def test_quadkeys_equal_the_tiles_of_the_real_file(real: Path) -> None:
    table = pd.read_csv(real / "au-capital" / "speedtests_fixed.csv", dtype={"quadkey": str})
    longitude, latitude, size = decode_quadkeys(table["quadkey"].to_numpy(dtype=object))
    np.testing.assert_allclose(longitude, (table["west"] + table["east"]) / 2, atol=1e-9)
    # the centre of a Mercator tile lies a little off the mean latitude
    np.testing.assert_allclose(latitude, (table["south"] + table["north"]) / 2, atol=1e-5)
    assert size.min() > 480


# --- rasters ----------------------------------------------------------------------------------------------------


def raster_file(
    folder: Path, values: np.ndarray, name: str = "t.tif", crs: str | None = WGS84, **options: object
) -> Path:
    path = folder / name
    profile = {
        "driver": "GTiff",
        "height": values.shape[0],
        "width": values.shape[1],
        "count": 1,
        "dtype": values.dtype,
        "crs": crs,
        "transform": from_origin(104, 22.5, 0.01, 0.01),
        **options,
    }
    with rasterio.open(path, "w", **profile) as target:
        target.write(values, 1)
    return path


BOUNDS = (104.1, 22.1, 104.2, 22.2)
LAND = np.full((50, 50), 500, dtype=np.int16)


def terrain(path: Path, bounds: tuple[float, float, float, float] = BOUNDS, **changes: object):  # type: ignore[no-untyped-def]
    return read_terrain(RasterSource(path=path, **changes), bounds=bounds, crs=CRS.from_epsg(4326))  # type: ignore[arg-type]


def test_only_the_part_around_the_villages_is_read(tmp_path: Path) -> None:
    raster, _ = terrain(raster_file(tmp_path, LAND))
    assert raster.values.shape == (14, 14)
    west, south, east, north = raster.bounds
    assert west <= BOUNDS[0]
    assert east >= BOUNDS[2]
    assert south <= BOUNDS[1]
    assert north >= BOUNDS[3]


def test_voids_and_sentinels_become_missing_and_are_counted(tmp_path: Path) -> None:
    values = LAND.copy()
    values[30:33, 12] = -32768
    raster, findings = terrain(raster_file(tmp_path, values))
    assert int(np.isnan(raster.values).sum()) == 3
    assert findings[0].count == 3
    raster, findings = terrain(raster_file(tmp_path, values), nodata=-32768)
    assert int(np.isnan(raster.values).sum()) == 3
    assert findings[0].severity == "note"


@pytest.mark.parametrize(
    ("make", "bounds", "error", "what"),
    [
        (lambda d: d / "none.tif", BOUNDS, MissingSourceError, "there is no file"),
        (lambda d: raster_file(d, LAND, crs=None), BOUNDS, CrsError, "does not say its CRS"),
        (lambda d: raster_file(d, LAND), (10.0, 10.0, 11.0, 11.0), SourceError, "no village lies inside"),
        (
            lambda d: raster_file(d, np.full((50, 50), -32768, np.int16)),
            BOUNDS,
            SourceError,
            "no height at all",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_bad_terrain_gives_one_clear_error(
    tmp_path: Path, make, bounds, error: type[Exception], what: str
) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=what):
        terrain(make(tmp_path), bounds)


@pytest.mark.parametrize("keep", [0, 20, 300, 0.5])
def test_a_corrupt_raster_is_refused(tmp_path: Path, keep: float) -> None:
    noise = np.random.default_rng(1).integers(0, 3000, (50, 50)).astype(np.int16)
    path = raster_file(tmp_path, noise, compress="deflate")
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content)) if 0 < keep < 1 else int(keep)])
    with pytest.raises((SourceError, CrsError), match="terrain"):
        terrain(path)


def test_the_scale_that_a_file_declares_is_applied(tmp_path: Path) -> None:
    path = raster_file(tmp_path, LAND)
    with rasterio.open(path, "r+") as target:
        target.scales, target.offsets = (0.1,), (7.0,)
    raster, _ = terrain(path)
    assert np.unique(raster.values).tolist() == pytest.approx([57.0])


def test_people_that_cannot_be_are_missing(tmp_path: Path) -> None:
    values = np.full((50, 50), 2.0, dtype=np.float32)
    values[30, 12] = -5
    values[31, 12] = 3.4e38
    path = raster_file(tmp_path, values)
    people, findings = read_population(
        PopulationSource(path=path, unit="persons_per_cell"), bounds=BOUNDS, crs=CRS.from_epsg(4326)
    )
    raster = load_bands(people)
    assert np.nansum(raster.values) == 2.0 * (raster.values.size - 2)
    assert findings[0].count == 2


@pytest.mark.parametrize("seed", range(40))
def test_mutated_files_end_in_our_errors_or_in_tables(tmp_path: Path, seed: int) -> None:
    """A seeded few of what benchmarks/fuzz_readers.py does by the thousand."""
    attack(tmp_path, seed)
