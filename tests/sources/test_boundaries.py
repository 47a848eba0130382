"""Boundary files of every known kind and layout: small made-up twins, and the real files where they are here."""

import gzip
import json
import subprocess
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from fuzzing_boundaries import KINDS, attack_boundaries
from shapely import LineString, Point, box

from lomsong.errors import CrsError, SourceError, TableError
from lomsong.settings import BoundarySource
from lomsong.sources import containers
from lomsong.sources.boundaries import read_communes, read_villages
from lomsong.sources.repair import repair_polygons
from lomsong.text import decode

WGS84 = "EPSG:4326"
SHAPES = [box(104 + i / 10, 22, 104.1 + i / 10, 22.1) for i in range(3)]
CODE = {"village_id": "code", "village_name": "ten"}
NAMES = ["Bản Đèo Gió", "Nà Lò", "Phìn Ngàn"]


def plain(names: list[str] = NAMES, **columns: object) -> gpd.GeoDataFrame:
    data = {"code": ["007", "008", "009"], "ten": names, **columns}
    return gpd.GeoDataFrame(data, geometry=SHAPES, crs=WGS84)


def read(path: Path, **changes: object) -> tuple[gpd.GeoDataFrame, list[str]]:
    frame, findings = read_villages(BoundarySource(path=path, **changes))  # type: ignore[arg-type]
    return frame, [finding.message for finding in findings]


def zipped(path: Path, into: str = "") -> Path:
    """Zip a file with its companions."""
    target = path.parent / (path.stem + ".zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in path.parent.glob(path.stem + ".*"):
            if each != target:
                archive.write(each, into + each.name)
    return target


# --- kinds of file ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["v.gpkg", "v.geojson", "v.shp", "v.fgb", "v.parquet"])
@pytest.mark.parametrize("packed", [False, True])
def test_every_kind_of_file_gives_the_same_villages(tmp_path: Path, name: str, packed: bool) -> None:
    path = tmp_path / name
    frame = plain()
    frame.to_parquet(path) if name.endswith("parquet") else frame.to_file(path)
    found, messages = read(zipped(path, "folder/") if packed else path, columns=CODE)
    found = found.sort_values("village_id")
    assert found["village_id"].tolist() == ["007", "008", "009"]
    assert found["village_name"].tolist() == NAMES
    assert shapely.area(shapely.symmetric_difference(found.geometry.to_numpy(), SHAPES)).max() < 1e-7
    assert found.crs == WGS84
    assert messages == []


def test_a_gzipped_geojson_reads_and_the_suffix_decides_nothing(tmp_path: Path) -> None:
    plain().to_file(tmp_path / "v.geojson")
    (tmp_path / "v.geojson.gz").write_bytes(gzip.compress((tmp_path / "v.geojson").read_bytes()))
    (tmp_path / "v.shp").write_bytes((tmp_path / "v.geojson").read_bytes())
    assert len(read(tmp_path / "v.geojson.gz", columns=CODE)[0]) == 3
    assert len(read(tmp_path / "v.shp", columns=CODE)[0]) == 3


def test_plain_parquet_with_binary_shapes_needs_its_crs_said(tmp_path: Path) -> None:
    frame = plain()
    binary = [
        *shapely.to_wkb(SHAPES[:2]),
        b"\x01\x03\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00" + b"\x00" * 32,
    ]
    table = pd.DataFrame({"code": frame["code"], "ten": frame["ten"], "geom": binary})
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), tmp_path / "v.parquet")
    with pytest.raises(CrsError, match="does not say its CRS"):
        read(tmp_path / "v.parquet", columns=CODE)
    found, messages = read(tmp_path / "v.parquet", columns=CODE, crs=WGS84)
    assert found.geometry.is_empty.tolist() == [False, False, True]
    assert any("1 shape of v.parquet cannot be built" in message for message in messages)


def test_a_parquet_without_shapes_says_so(tmp_path: Path) -> None:
    pd.DataFrame({"code": ["1"]}).to_parquet(tmp_path / "v.parquet")
    with pytest.raises(SourceError, match="has no geometry"):
        read(tmp_path / "v.parquet")


def test_a_parquet_that_claims_a_billion_cells_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain().to_parquet(tmp_path / "v.parquet")
    monkeypatch.setattr("lomsong.sources.geoparquet.MOST_CELLS", 8)
    with pytest.raises(SourceError, match="claims 3 rows"):
        read(tmp_path / "v.parquet", columns=CODE)


def test_a_table_of_points_needs_its_two_columns(tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text("code;lon;lat\n01;104.5;22.5\n02;;\n", encoding="utf-8")
    columns = {"village_id": "code", "centre_longitude_deg": "lon", "centre_latitude_deg": "lat"}
    found, messages = read(tmp_path / "v.csv", columns=columns)
    assert found.geometry[0] == Point(104.5, 22.5)
    assert found["village_id"].tolist() == ["01", "02"]
    assert any("without a usable shape: 02" in message for message in messages)
    with pytest.raises(TableError, match="no column centre_longitude_deg or centre_latitude_deg"):
        read(tmp_path / "v.csv", columns={"village_id": "code"})


@pytest.mark.parametrize("name", ["v.csv", "v.xlsx"])
def test_a_list_of_villages_reads_as_people_write_it(tmp_path: Path, name: str) -> None:
    rows = [
        ["code", "ten", "lon", "lat", "dan so", "dien tich"],
        ["007", "Bản Đèo Gió", "104,5", "22°15'00\"N", "1.234", "55,44"],
        ["008", "Nà Lò", "104,75", "22,5", "900", "12"],
    ]
    if name.endswith("xlsx"):
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(tmp_path / name)
    else:
        (tmp_path / name).write_text("\n".join(";".join(row) for row in rows), encoding="utf-8")
    columns = {**CODE, "centre_longitude_deg": "lon", "centre_latitude_deg": "lat", "population": "dan so"}
    found, messages = read(tmp_path / name, columns={**columns, "area_km2": "dien tich"})
    assert found["area_km2"].tolist() == [55.44, 12]
    assert found["village_id"].tolist() == ["007", "008"]
    assert [(point.x, point.y) for point in found.geometry] == [(104.5, 22.25), (104.75, 22.5)]
    assert found["centre_latitude_deg"].tolist() == [22.25, 22.5]
    assert found["population"].tolist() == [1234, 900]
    assert any("between thousands in 1 row" in message for message in messages)


@pytest.mark.parametrize("name", ["v.csv", "v.parquet"])
def test_places_of_villages_may_be_metres_of_vn2000(tmp_path: Path, name: str) -> None:
    table = pd.DataFrame({"ma": ["01", "02"], "X": ["2330123,5", "2 331 000"], "Y": ["512345,25", "513000"]})
    # the Vietnamese X points north
    columns = {"village_id": "ma", "x_m": "Y", "y_m": "X"}
    if name.endswith("csv"):
        table.to_csv(tmp_path / name, index=False, sep=";")
    else:
        table.to_parquet(tmp_path / name)
    found, _ = read(tmp_path / name, columns=columns, crs="EPSG:5897")
    assert [(point.x, point.y) for point in found.geometry] == [(512345.25, 2330123.5), (513000, 2331000)]
    assert found.crs.to_epsg() == 5897


def test_places_of_villages_in_metres_or_exchanged_are_one_error(tmp_path: Path) -> None:
    columns = {"village_id": "code", "centre_longitude_deg": "lon", "centre_latitude_deg": "lat"}
    (tmp_path / "v.csv").write_text("code;lon;lat\n01;512345;2330123\n", encoding="utf-8")
    with pytest.raises(TableError, match="give the places in degrees"):
        read(tmp_path / "v.csv", columns=columns, crs="EPSG:5897")
    columns_m = {"village_id": "code", "x_m": "lon", "y_m": "lat"}
    with pytest.raises(TableError, match="x_m and y_m are metres"):
        read(tmp_path / "v.csv", columns=columns_m, crs="EPSG:4326")
    with pytest.raises(CrsError, match="does not say its CRS"):
        read(tmp_path / "v.csv", columns=columns_m)
    (tmp_path / "v.csv").write_text("code;lon;lat\n01;22N;104E\n", encoding="utf-8")
    with pytest.raises(TableError, match="latitudes carry E or W"):
        read(tmp_path / "v.csv", columns=columns)


def test_vietnamese_of_the_windows_code_page_is_told_from_other_languages() -> None:
    # NFC of what code page 1258 holds: letters with a hat or horn in one, their tones as marks of their own
    names = "Ba\u0309n \u0110e\u0300o Gio\u0301, Na\u0300 Lo\u0300, M\u01b0\u01a1\u0300ng Te\u0300"
    found = decode(names.encode("cp1258"), declared=None, name="v")
    assert (found.encoding, found.detected) == ("cp1258", True)
    assert found.text == names
    italian = "Cos\u00ec per\u00f2 la citt\u00e0 di Forl\u00ec \u00e8 pi\u00f9 grande".encode("cp1252")
    assert decode(italian, declared=None, name="v").encoding != "cp1258"


def test_the_styles_that_a_desktop_gis_leaves_are_no_layer_to_choose(tmp_path: Path) -> None:
    plain().to_file(tmp_path / "v.gpkg", layer="thon")
    import pyogrio  # noqa: PLC0415

    styles = pd.DataFrame({"styleName": ["a"], "styleQML": ["<qgis/>"]})
    pyogrio.write_dataframe(styles, tmp_path / "v.gpkg", layer="layer_styles", append=True)
    assert len(read(tmp_path / "v.gpkg", columns=CODE)[0]) == 3


# --- archives -----------------------------------------------------------------------------------------------------


def test_an_archive_of_several_shapefiles_is_chosen_from_by_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "adm.zip", "w") as archive:
        for level in ("vnm_adm1", "vnm_adm3"):
            plain().to_file(tmp_path / f"{level}.shp")
            for each in tmp_path.glob(level + ".*"):
                archive.write(each, each.name)
    with pytest.raises(SourceError, match="2 layers; set 'layer' to one of vnm_adm1, vnm_adm3"):
        read(tmp_path / "adm.zip", columns=CODE)
    assert len(read(tmp_path / "adm.zip", columns=CODE, layer="vnm_adm3")[0]) == 3


@pytest.mark.parametrize(
    "name", ["../v.geojson", "/etc/v.geojson", "a/../../v.geojson", "..\\v.geojson", "C:v.geojson"]
)
def test_an_archive_with_paths_that_lead_out_is_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "v.zip", "w") as archive:
        archive.writestr(name, '{"type": "FeatureCollection", "features": []}')
    with pytest.raises(SourceError, match="unsafe path"):
        read(tmp_path / "v.zip")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["v.zip"]


def test_an_archive_that_swells_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    big = b" " * (containers.RATIO_COUNTS_FROM + 1)
    with zipfile.ZipFile(tmp_path / "v.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("v.geojson", big)
    (tmp_path / "v.geojson.gz").write_bytes(gzip.compress(b"{" + big))
    for name in ("v.zip", "v.geojson.gz"):
        with pytest.raises(SourceError, match="unpacks"):
            read(tmp_path / name)


def test_an_archive_whose_sizes_lie_is_refused(tmp_path: Path) -> None:
    plain().to_file(tmp_path / "v.fgb")
    path = zipped(tmp_path / "v.fgb")
    content = path.read_bytes()
    real = (tmp_path / "v.fgb").stat().st_size
    path.write_bytes(content.replace(real.to_bytes(4, "little"), (real - 9).to_bytes(4, "little")))
    with pytest.raises(SourceError, match="broken archive"):
        read(path, columns=CODE)


@pytest.mark.parametrize("content", [b"PK\x05\x06" + b"\x00" * 18, b"PK\x03\x04rubbish", b"\x1f\x8brubbish"])
def test_an_empty_or_broken_archive_is_one_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "v.zip").write_bytes(content)
    with pytest.raises(SourceError, match=r"broken archive|holds no vector file"):
        read(tmp_path / "v.zip")


@pytest.mark.parametrize(
    "content",
    [
        b"<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
        b"<?xml version='1.0'?><gml:FeatureCollection xmlns:gml='http://www.opengis.net/gml'/>",
    ],
)
def test_a_file_that_points_elsewhere_is_not_followed(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "v.gpkg").write_bytes(content)
    with pytest.raises(SourceError, match="not a readable vector file"):
        read(tmp_path / "v.gpkg")


@pytest.mark.parametrize("depth", [5_000, 200_000])
def test_deep_geojson_ends_in_one_error(tmp_path: Path, depth: int) -> None:
    shape = '{"type":"Polygon","coordinates":' + "[" * depth + "]" * depth + "}"
    feature = '{"type":"Feature","properties":{"village_id":"1"},"geometry":' + shape + "}"
    (tmp_path / "v.geojson").write_text('{"type":"FeatureCollection","features":[' + feature + "]}")
    with pytest.raises(SourceError, match=r"v\.geojson"):
        read(tmp_path / "v.geojson")


# --- text ---------------------------------------------------------------------------------------------------------


def recoded(path: Path, names: list[str], codec: str, *, said: bool) -> Path:
    """Write a shapefile whose table is in `codec`, with or without the companion that says so."""
    width = max(len(name.encode(codec)) for name in names)
    marks = [f"@{i}".ljust(width, "_") for i in range(3)]
    plain(marks).to_file(path)
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    table[29] = 0
    content = bytes(table)
    for mark, name in zip(marks, names, strict=True):
        content = content.replace(mark.encode(), name.encode(codec).ljust(width))
    path.with_suffix(".dbf").write_bytes(content)
    path.with_suffix(".cpg").write_text(codec) if said else path.with_suffix(".cpg").unlink()
    return path


@pytest.mark.parametrize(
    ("codec", "declared", "said"),
    [("utf-8", None, True), ("utf-8", None, False), ("cp1258", "cp1258", False), ("cp1258", None, True)],
)
def test_a_shapefile_is_read_in_the_encoding_that_it_or_the_user_says(
    tmp_path: Path, codec: str, declared: str | None, said: bool
) -> None:
    # in code page 1258 some tones are letters of their own
    names = ["Ba\u0309n A", "Na\u0300 Lo\u0300", "Đe\u0300o"]
    path = recoded(tmp_path / "v.shp", names, codec, said=said)
    found, messages = read(path, columns=CODE, encoding=declared)
    assert found["village_name"].tolist() == ["Bản A", "Nà Lò", "Đèo"]
    assert messages == []


def test_a_shapefile_that_hides_its_encoding_has_it_detected_and_said(tmp_path: Path) -> None:
    names = [
        "Château de Géry-lès-Prés",
        "Séniergues près de là où l'été dure",
        "Église à côté du château fort",
    ]
    found, messages = read(recoded(tmp_path / "v.shp", names, "cp1252", said=False), columns=CODE)
    assert "Géry" in found["village_name"][0]
    assert any("does not say the encoding" in message for message in messages)


def test_a_coordinate_system_that_is_no_text_is_one_error(tmp_path: Path) -> None:
    plain().to_file(tmp_path / "v.shp")
    about = tmp_path / "v.prj"
    about.write_bytes(about.read_bytes().replace(b"GCS_WGS_1984", b"GCS_\x8d\xff\xfe"))
    with pytest.raises(SourceError, match="not a readable vector file"):
        read(tmp_path / "v.shp", columns=CODE)


def test_a_name_cut_within_a_letter_keeps_its_rest(tmp_path: Path) -> None:
    path = recoded(tmp_path / "v.shp", ["Nà Lò", "Bản A", "Đèo"], "utf-8", said=True)
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace("Nà Lò".encode(), "xNà L".encode() + b"\xc3"))
    found, messages = read(path, columns=CODE)
    assert found["village_name"][0] == "xNà L"
    assert any("1 text of v.shp cut off" in message for message in messages)


def test_the_vietnamese_font_encoding_equals_what_iconv_makes_of_it(tmp_path: Path) -> None:
    letters = bytes(byte for byte in range(0xA1, 0x100) if byte not in b"\xaf\xb0\xb1\xb2\xb3\xb4\xba\xbf\xc0\xc1\xc2\xc3\xc4\xc5\xcd\xd9\xda\xdb\xe0\xf0\xff")  # fmt: skip
    try:
        said = subprocess.run(
            ["iconv", "-f", "TCVN5712-1", "-t", "UTF-8"], input=letters, capture_output=True, check=True
        )
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("no iconv with TCVN 5712 here")
    assert decode(letters, declared="TCVN3", name="x").text == said.stdout.decode("utf-8")
    (tmp_path / "v.csv").write_bytes(
        b"village_id,village_name,centre_longitude_deg,centre_latitude_deg\n1,B\xb6n \xa7\xcco,104,22\n"
    )
    for said_in_settings in ("tcvn3", None):
        found, messages = read(tmp_path / "v.csv", encoding=said_in_settings)
        assert found["village_name"][0] == "Bản Đèo"
        assert any("tcvn3 (detected)" in message for message in messages) == (said_in_settings is None)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Sète, Orléans, Né", "latin-1"),
        ("Łódź, Częstochowa", "cp1250"),
        ("Москва", "cp1251"),
        ("5 µm ® São Tomé", "latin-1"),
    ],
)
def test_texts_of_other_languages_are_not_taken_for_the_vietnamese_fonts(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), declared=None, name="v").encoding != "tcvn3"


def test_na_is_null_but_places_called_na_and_nan_keep_their_names(tmp_path: Path) -> None:
    plain(["NA", "Na", "Nan"]).to_file(tmp_path / "v.gpkg")
    found, _ = read(tmp_path / "v.gpkg", columns=CODE)
    assert found["village_name"].isna().tolist() == [True, False, False]


# --- layouts ------------------------------------------------------------------------------------------------------


def gadm(names: list[str]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "GID_3": ["VNM.24.1.1_1", "VNM.24.1.2_1", "VNM.24.1.3_1"],
            "GID_0": "VNM",
            "COUNTRY": "Vietnam",
            "GID_1": "VNM.24_1",
            "NAME_1": "ĐiệnBiên",
            "NL_NAME_1": "NA",
            "GID_2": "VNM.24.1_1",
            "NAME_2": "ĐiệnBiênPhủ",
            "NAME_3": names,
            "VARNAME_3": "NA",
        },
        geometry=SHAPES,
        crs=WGS84,
    )


def test_gadm_is_known_and_its_joined_names_are_parted(tmp_path: Path) -> None:
    gadm(["MườngThanh", "NA", "Phường12"]).to_file(tmp_path / "v.gpkg", layer="ADM_ADM_3")
    found, messages = read(tmp_path / "v.gpkg")
    assert found["village_id"].tolist() == ["VNM.24.1.1_1", "VNM.24.1.2_1", "VNM.24.1.3_1"]
    assert found["village_name"].tolist() == ["Mường Thanh", pd.NA, "Phường 12"]
    assert found["commune_code"].tolist() == found["village_id"].tolist()
    assert set(found["district_name"]) == {"Điện Biên Phủ"}
    assert set(found["province_name"]) == {"Điện Biên"}
    assert any("written without spaces" in message for message in messages)
    assert any("layout 'gadm'" in message for message in messages)


def test_an_old_edition_of_gadm_numbers_its_levels(tmp_path: Path) -> None:
    columns = {
        "ISO": ["VNM"] * 3, "ID_0": [250] * 3, "NAME_0": ["Vietnam"] * 3, "ID_1": [1, 1, 2], "NAME_1": ["A", "A", "B"],
        "ID_2": [11, 12, 13], "NAME_2": ["Nà Lò", "Bản Mù", "C"],
    }  # fmt: skip
    gpd.GeoDataFrame(columns, geometry=SHAPES, crs=WGS84).to_file(tmp_path / "v.shp", encoding="utf-8")
    found, _ = read(tmp_path / "v.shp")
    assert found["village_id"].tolist() == ["11", "12", "13"]
    assert found["village_name"].tolist() == ["Nà Lò", "Bản Mù", "C"]
    assert found["province_code"].tolist() == ["1", "1", "2"]


def test_gadm_with_spaces_is_left_as_it_is(tmp_path: Path) -> None:
    gadm(["Mường Thanh", "McDonald", "Noong Bua"]).to_file(tmp_path / "v.gpkg")
    found, messages = read(tmp_path / "v.gpkg")
    assert found["village_name"].tolist() == ["Mường Thanh", "McDonald", "Noong Bua"]
    assert not any("parted" in message for message in messages)


def test_ocha_boundaries_prefer_the_local_language(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {
            "ADM3_PCODE": ["VN1010701", "VN1010702", "VN1010703"],
            "ADM3_EN": ["A", "B", "C"],
            "ADM3_VI": NAMES,
            "ADM2_PCODE": "VN10107",
            "ADM2_EN": "Muong Lay",
            "ADM1_PCODE": "VN101",
            "ADM1_VI": "Điện Biên",
            "ADM0_EN": "Viet Nam",
            "ADM0_PCODE": "VN",
        },
        geometry=SHAPES,
        crs=WGS84,
    )
    frame.to_file(tmp_path / "v.geojson")
    found, _ = read(tmp_path / "v.geojson")
    assert found["village_id"].tolist() == ["VN1010701", "VN1010702", "VN1010703"]
    assert found["village_name"].tolist() == NAMES
    assert found.loc[0, ["district_code", "district_name", "province_code", "province_name"]].tolist() == [
        "VN10107", "Muong Lay", "VN101", "Điện Biên",
    ]  # fmt: skip
    lower = frame.rename(columns=lambda name: {"ADM3_VI": "adm3_name"}.get(name, name.lower()))
    lower.to_file(tmp_path / "lower.geojson")
    assert read(tmp_path / "lower.geojson")[0]["village_name"].tolist() == NAMES


def test_geoboundaries_are_known_and_the_user_comes_first(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"shapeName": NAMES, "shapeISO": "", "shapeID": ["a1", "a2", "a3"], "shapeGroup": "VNM", "shapeType": "ADM3", "ma": ["01", "02", "03"]},
        geometry=SHAPES,
        crs=WGS84,
    )  # fmt: skip
    frame.to_file(tmp_path / "v.geojson")
    assert read(tmp_path / "v.geojson")[0]["village_id"].tolist() == ["a1", "a2", "a3"]
    found, _ = read(tmp_path / "v.geojson", columns={"village_id": "ma"})
    assert found["village_id"].tolist() == ["01", "02", "03"]
    assert found["village_name"].tolist() == NAMES
    with pytest.raises(TableError, match="'village_id' is missing"):
        read(tmp_path / "v.geojson", format="plain")


def test_communes_take_the_deepest_level_for_their_own(tmp_path: Path) -> None:
    gadm(["MườngThanh", "NA", "NoongBua"]).to_file(tmp_path / "v.gpkg")
    found, _ = read_communes(BoundarySource(path=tmp_path / "v.gpkg"))
    assert found["commune_code"].tolist() == ["VNM.24.1.1_1", "VNM.24.1.2_1", "VNM.24.1.3_1"]
    assert found["commune_name"].tolist() == ["Mường Thanh", pd.NA, "Noong Bua"]


def test_points_are_no_communes(tmp_path: Path) -> None:
    gpd.GeoDataFrame({"commune_code": ["1"]}, geometry=[Point(104, 22)], crs=WGS84).to_file(
        tmp_path / "c.gpkg"
    )
    with pytest.raises(SourceError, match="communes must be polygons"):
        read_communes(BoundarySource(path=tmp_path / "c.gpkg"))


OSM = """<?xml version='1.0' encoding='UTF-8'?>
<osm version="0.6">
 <node id="1" lat="22.0" lon="104.0"/> <node id="2" lat="22.0" lon="104.1"/> <node id="3" lat="22.1" lon="104.1"/>
 <node id="4" lat="22.05" lon="104.05"><tag k="place" v="hamlet"/><tag k="name" v="Bản A"/><tag k="population" v="1 200?"/></node>
 <node id="5" lat="22.06" lon="104.06"><tag k="place" v="village"/><tag k="name" v="Bản B"/><tag k="population" v="150"/></node>
 <node id="6" lat="22.06" lon="104.07"><tag k="place" v="suburb"/></node>
 <way id="9"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/>
  <tag k="boundary" v="administrative"/><tag k="admin_level" v="8"/><tag k="name" v="Xã A"/></way>
 <way id="10"><nd ref="1"/><nd ref="2"/><nd ref="1"/>
  <tag k="boundary" v="administrative"/><tag k="admin_level" v="8"/><tag k="area" v="yes"/></way>
</osm>
"""


def test_osm_places_and_polygons_are_chosen_by_kind_and_level(tmp_path: Path) -> None:
    (tmp_path / "v.osm").write_text(OSM, encoding="utf-8")
    places, messages = read(tmp_path / "v.osm")
    assert places["village_id"].tolist() == ["n4", "n5"]
    assert places["population"].tolist()[1] == 150
    assert np.isnan(places["population"][0])
    assert any("population is no number in 1 row" in message for message in messages)
    polygons, messages = read(tmp_path / "v.osm", admin_level=8)
    assert polygons["village_id"].tolist()[0] == "w9"
    assert polygons.geometry[0].area == pytest.approx(0.005)
    with pytest.raises(SourceError, match=r"no administrative polygon of level 4; it has 2 8"):
        read(tmp_path / "v.osm", admin_level=4)
    with pytest.raises(SourceError, match="it has 1 hamlet, 1 suburb, 1 village"):
        read(tmp_path / "v.osm", places=["city"])


def test_lines_are_refused_whatever_the_layout(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"shapeName": ["a"], "shapeID": ["1"]}, geometry=[LineString([(104, 22), (105, 22)])], crs=WGS84)  # fmt: skip
    frame.to_file(tmp_path / "v.geojson")
    with pytest.raises(SourceError, match="neither polygon nor point"):
        read(tmp_path / "v.geojson")


def test_a_file_in_utf16_or_with_a_byte_order_mark_reads(tmp_path: Path) -> None:
    plain().to_file(tmp_path / "v.geojson")
    text = (tmp_path / "v.geojson").read_text(encoding="utf-8")
    (tmp_path / "bom.geojson").write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))
    (tmp_path / "wide.geojson").write_bytes(text.encode("utf-16"))
    assert read(tmp_path / "bom.geojson", columns=CODE)[0]["village_name"].tolist() == NAMES
    assert (
        read(tmp_path / "wide.geojson", columns=CODE, encoding="utf-16")[0]["village_name"].tolist() == NAMES
    )


# --- the real files -----------------------------------------------------------------------------------------------

MULTIPOLYGONS = {"layer": "multipolygons"}


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "changes", "rows", "crs"),
    [
        ("au-capital/localities.geojson", {"columns": {"village_id": "ssc_code"}}, 229, "EPSG:4283"),
        ("fr-lot/communes.geojson", {"columns": {"village_id": "code"}}, 320, WGS84),
        (
            "vn-northwest/communes_2025.gpkg",
            {"layer": "communes", "columns": {"village_id": "code"}},
            437,
            WGS84,
        ),
        (
            "vn-northwest/communes_2025.gpkg",
            {"layer": "provinces", "columns": {"village_id": "code"}},
            6,
            WGS84,
        ),
        ("vn-northwest/osm_points.geojson", {}, 4968, WGS84),
        ("vn-northwest/osm_masts.geojson", {}, 73, WGS84),
        ("readers/Helsinki.osm.pbf", {"places": ["suburb", "neighbourhood"]}, 6, WGS84),
        ("readers/Helsinki.osm.pbf", MULTIPOLYGONS, 1095, WGS84),
        ("readers/test.osm.pbf", {}, 1, WGS84),
        ("readers/test.osm.pbf", MULTIPOLYGONS, 2302, WGS84),
    ],
)
def test_every_real_boundary_file_reads_whole(
    real: Path, name: str, changes: dict[str, object], rows: int, crs: str
) -> None:
    found, messages = read(real / name, **changes)
    assert len(found) == rows
    assert found.crs == crs
    assert found["village_id"].is_unique
    assert any("cannot be built" in message for message in messages) is (changes == MULTIPOLYGONS)


@pytest.mark.real
def test_real_codes_keep_their_leading_zeros(real: Path) -> None:
    found, _ = read(
        real / "vn-northwest" / "communes_2025.gpkg", layer="communes", columns={"village_id": "code"}
    )
    assert found["village_id"].str.len().eq(5).all()
    assert found["village_id"].str.startswith("0").any()


@pytest.mark.real
def test_two_real_layers_must_be_chosen_from(real: Path) -> None:
    with pytest.raises(SourceError, match="one of communes, provinces"):
        read(real / "vn-northwest" / "communes_2025.gpkg", columns={"village_id": "code"})


def test_json_that_is_no_map_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "v.geojson").write_text(json.dumps({"rows": [1, 2]}))
    with pytest.raises(SourceError, match=r"v\.geojson"):
        read(tmp_path / "v.geojson")


@pytest.mark.parametrize(
    "text",
    [
        "<OGRVRTDataSource><!-- <kml --><OGRVRTLayer name='x'><SrcDataSource>/vsicurl/http://127.0.0.1:9/x</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
        "<!-- <OGRVRTDataSource> --><kml/><OGRVRTDataSource/>",
        "<OGRWFSDataSource><URL>http://127.0.0.1:9</URL><osm/></OGRWFSDataSource>",
        "<gpx><!-- <osm> --></gpx>",
    ],
)
def test_an_xml_text_that_fetches_what_it_names_never_reaches_gdal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr("pyogrio.list_layers", pytest.fail)
    (tmp_path / "v.kml").write_text(text)
    with pytest.raises(SourceError, match="not a readable vector file"):
        read(tmp_path / "v.kml")


def test_a_shape_that_cannot_be_mended_is_left_empty_and_counted() -> None:
    nested = shapely.GeometryCollection(
        [SHAPES[0], shapely.GeometryCollection([shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])])]
    )
    endless = shapely.Polygon([(104, 22), (np.inf, 22), (104.1, 22.1), (104, 22)])
    frame = plain().set_geometry(gpd.GeoSeries([SHAPES[0], endless, nested], crs=WGS84))
    mended, findings = repair_polygons(frame, layer="villages", key="code")
    assert mended.geometry.is_empty.tolist()[:2] == [False, True]
    assert mended.geometry.is_valid.all()
    assert any("without a usable shape: 008" in finding.message for finding in findings)


def test_columns_of_one_name_are_numbered(tmp_path: Path) -> None:
    plain().to_file(tmp_path / "v.tab", driver="MapInfo File")
    text = (tmp_path / "v.tab").read_bytes()
    assert text.count(b"  ten Char") == 1
    (tmp_path / "v.tab").write_bytes(text.replace(b"  ten Char", b" code Char"))
    with pytest.raises(TableError, match=r"code\.1"):
        read(tmp_path / "v.tab", columns={"village_id": "code", "village_name": "ten"})
    found, _ = read(tmp_path / "v.tab", columns={"village_id": "code", "village_name": "code.1"})
    assert found["village_name"].tolist() == NAMES


@pytest.mark.parametrize("kind", KINDS)
def test_broken_files_end_in_our_errors_or_in_tables(tmp_path: Path, kind: str) -> None:
    """A seeded few of what benchmarks/fuzz_boundaries.py does by the thousand."""
    for seed in range(4):
        folder = tmp_path / str(seed)
        folder.mkdir()
        attack_boundaries(folder, kind, seed)
