"""Surveys in metres of several zones, folders of placemarks, MapInfo's exchange files and the lists of one technology each."""

import gzip
import zipfile
from contextlib import suppress
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from openpyxl import Workbook
from pyproj import CRS, Transformer

from lomsong.errors import LomsongError, SourceError, TableError
from lomsong.settings import MastSource
from lomsong.sources.masts import read_masts
from lomsong.sources.zones import find_zone

COLUMNS = {"x_m": "East", "y_m": "North", "zone": "Zone"}
#: The seven numbers from VN-2000 to WGS 84 as the survey's own circular gives them.
HELMERT = "-191.90441429,-39.30318279,-111.45032835,-0.00928836,0.01975479,-0.00427372,0.252906278"


def survey(folder: Path, rows: list[tuple[float, float, str]]) -> Path:
    path = folder / "survey.csv"
    lines = [f"S{number},A,4g,{x},{y},{zone}" for number, (x, y, zone) in enumerate(rows)]
    path.write_text("\n".join(["site_id,operator,technology,East,North,Zone", *lines]) + "\n")
    return path


def test_zones_of_utm_are_put_together(tmp_path: Path) -> None:
    places = [(104.9, 22.1), (108.2, 16.0), (-70.6, -33.4)]
    rows = []
    for (longitude, latitude), zone in zip(places, (48, 49, 19), strict=True):
        south = " +south" if latitude < 0 else ""
        utm = CRS.from_proj4(f"+proj=utm +zone={zone}{south} +datum=WGS84")
        x, y = Transformer.from_crs(4326, utm, always_xy=True).transform(longitude, latitude)
        rows.append((round(x, 2), round(y, 2), f"{zone}{'S' if south else 'N'}"))
    found, _ = read_masts(MastSource(path=survey(tmp_path, rows), columns=COLUMNS, crs="EPSG:4326"))
    assert found.crs == CRS.from_epsg(4326)
    assert np.column_stack([found.geometry.x, found.geometry.y]) == pytest.approx(np.array(places), abs=1e-6)


def test_meridians_of_vn_2000_are_put_together(tmp_path: Path) -> None:
    places, rows = [(105.7, 21.4), (104.6, 21.5), (106.4, 20.9)], []
    for (longitude, latitude), meridian, text in zip(
        places, (105.75, 104.75, 106.25), ("105°45'", "104.75", "KTT 106-15"), strict=True
    ):
        strip = CRS.from_proj4(
            f"+proj=tmerc +lon_0={meridian} +k=0.9999 +x_0=500000 +ellps=WGS84 +towgs84={HELMERT}"
        )
        x, y = Transformer.from_crs(4326, strip, always_xy=True).transform(longitude, latitude)
        rows.append((round(x, 2), round(y, 2), text))
    found, findings = read_masts(MastSource(path=survey(tmp_path, rows), columns=COLUMNS))
    # 0.00005 degrees are 5 m; two sets of seven numbers differ by less
    assert np.column_stack([found.geometry.x, found.geometry.y]) == pytest.approx(np.array(places), abs=5e-5)
    assert not [finding for finding in findings if "set aside" in finding.message]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("48N", "WGS 84 / UTM zone 48N"), ("UTM 48 Q", "WGS 84 / UTM zone 48N"), ("19S", "WGS 84 / UTM zone 19S"), ("19H", "WGS 84 / UTM zone 19S"),
        ("48", None), ("61N", None), ("0N", None), ("48I", None), ("", None), ("105.45", None), ("105°46'", None), ("110-00", None), ("x", None),
        ("105°45′00″", "VN-2000 / TM-3 105-45"), ("105,75", "VN-2000 / TM-3 105-45"), ("105 45", "VN-2000 / TM-3 105-45"), ("108°30'E", "VN-2000 / TM-3 108-30"),
        ("9" * 400, None), ("105°" * 50, None),
    ],
)  # fmt: skip
def test_a_zone_is_what_its_name_says_or_nothing(text: str, name: str | None) -> None:
    found = find_zone(text, CRS.from_epsg(4326))
    assert (None if found is None else found.name) == name


def test_on_vn_2000_a_zone_needs_no_letter_and_lies_in_vietnam() -> None:
    datum = CRS.from_epsg(4756)
    found = find_zone("48", datum)
    assert found is not None
    assert found.to_epsg() == 3405
    assert find_zone("33", datum) is None
    assert find_zone("48N", None) is None


def test_rows_whose_zone_is_no_zone_are_set_aside_and_counted(tmp_path: Path) -> None:
    rows = [
        (500_000, 2_400_000, "48N"),
        (500_000, 2_400_000, "105.45"),
        (500_000, 2_400_000, ""),
        (1e30, 2e30, "48N"),
    ]
    found, findings = read_masts(MastSource(path=survey(tmp_path, rows), columns=COLUMNS, crs="EPSG:4326"))
    assert found["site_id"].tolist() == ["S0"]
    assert any("3 rows set aside: no position" in finding.message for finding in findings)


@pytest.mark.parametrize(
    ("rows", "crs", "told"),
    [
        ([(5e5, 24e5, "48N")], "EPSG:32648", "datum"),
        ([(5e5, 24e5, "48N")], None, "write 48N with crs"),
        ([(5e5, 24e5, "north")], "EPSG:4326", "metres"),
        ([(24e5, 5e5, "48N")], "EPSG:4326", "exchanged"),
    ],
)
def test_what_the_settings_lack_is_told(
    tmp_path: Path, rows: list[tuple[float, float, str]], crs: str | None, told: str
) -> None:
    with pytest.raises(TableError, match=told):
        read_masts(MastSource(path=survey(tmp_path, rows), columns=COLUMNS, crs=crs))


def test_a_column_of_that_name_may_be_something_else(tmp_path: Path) -> None:
    source = MastSource(path=survey(tmp_path, [(5e5, 24e5, "urban")]), columns=COLUMNS, crs="EPSG:32648")
    assert read_masts(source)[0].geometry.x.tolist() == [5e5]


def placemark(name: str, shape: str) -> str:
    return f"<Placemark><name>{name}</name><ExtendedData><Data name='tech'><value>4g</value></Data></ExtendedData>{shape}</Placemark>"


SITES = (
    '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
    "<Folder><name>Sóng Xanh</name>"
    + placemark("HG001", "<Point><coordinates>105.1,22.5,0</coordinates></Point>")
    + placemark("HG002", "<Point><coordinates>105.2,22.5</coordinates></Point>")
    + "</Folder><Folder><name>Núi Đá</name>"
    + placemark("HG003", "<Point><coordinates>105.3,22.6</coordinates></Point>")
    + placemark("hop", "<LineString><coordinates>105.1,22.5 105.3,22.6</coordinates></LineString>")
    + "</Folder></Document></kml>"
)


@pytest.mark.parametrize("name", ["sites.kml", "sites.kmz", "sites.kml.gz"])
def test_every_folder_of_placemarks_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith("z") and not name.endswith("gz"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("doc.kml", SITES)
    else:
        path.write_bytes(gzip.compress(SITES.encode()) if name.endswith("gz") else SITES.encode())
    columns = {"site_id": "Name", "technology": "tech", "operator": "folder"}
    found, findings = read_masts(MastSource(path=path, columns=columns, operator="A"))
    assert found["site_id"].tolist() == ["HG001", "HG002", "HG003"]
    assert found["operator"].tolist() == ["Sóng Xanh", "Sóng Xanh", "Núi Đá"]
    assert found.geometry.x.tolist() == pytest.approx([105.1, 105.2, 105.3])
    assert any("1 placemark set aside: no points but LineString" in finding.message for finding in findings)
    if name == "sites.kml":
        one, _ = read_masts(MastSource(path=path, layer="Núi Đá", columns=columns))
        assert len(one) == 1


TABLE = (
    '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
    "<Placemark><name>a</name><description><![CDATA[<html><body><table><tr><td>Trạm số 1</td></tr><tr><td><table>"
    "<tr><td>MÃ TRẠM:</td><td>HG001</td></tr><tr bgcolor='#D4E4F3'><td>CONG NGHE</td><td>3G/<b>4G</b></td></tr>"
    "<tr><td>CAO DO</td><td>42 m</td></tr><tr><td>name</td><td>other</td></tr></table></td></tr></table></body></html>]]>"
    "</description><Point><coordinates>105.1,22.5</coordinates></Point></Placemark>"
    "<Placemark><name>b</name><description>&lt;table&gt;&lt;tr&gt;&lt;th&gt;MÃ TRẠM&lt;/th&gt;&lt;td&gt;HG002&lt;/td&gt;&lt;/tr&gt;"
    "&lt;tr&gt;&lt;td&gt;CONG NGHE&lt;/td&gt;&lt;td&gt;4G&lt;/td&gt;&lt;/tr&gt;&lt;tr&gt;&lt;td&gt;CAO DO&lt;/td&gt;&lt;td&gt;&amp;lt;Null&amp;gt;"
    "&lt;/td&gt;&lt;/tr&gt;&lt;/table&gt;</description><Point><coordinates>105.2,22.5</coordinates></Point></Placemark>"
    "</Document></kml>"
)


def test_tables_in_descriptions_of_placemarks_are_columns(tmp_path: Path) -> None:
    path = tmp_path / "sites.kml"
    path.write_text(TABLE)
    columns = {"site_id": "MÃ TRẠM", "technology": "CONG NGHE", "antenna_height_m": "CAO DO"}
    found, _ = read_masts(MastSource(path=path, columns=columns, operator="A"))
    assert found["site_id"].tolist() == ["HG002", "HG001", "HG001"]
    assert found["technology"].tolist() == ["4g", "3g", "4g"]
    assert found["antenna_height_m"].fillna(0).tolist() == [0, 42, 42]
    named, _ = read_masts(MastSource(path=path, columns=columns | {"site_id": "Name"}, operator="A"))
    assert set(named["site_id"]) == {"a", "b"}  # a name of the table's own replaces none of the file's


@pytest.mark.parametrize(
    "content",
    [
        TABLE.replace("<table>", "<table><![foo[", 1), TABLE.replace("<tr>", "<tr><tr>"), TABLE.replace("</table>", ""), TABLE.replace("HG001", "<td>" * 9999), TABLE.replace("HG001", "<tr>" * 99999),
        SITES.replace("105.1,22.5,0", "x,y"), SITES[:400], SITES.replace("</Document>", "<NetworkLink><Link><href>http://127.0.0.1:9/x.kml</href></Link></NetworkLink></Document>"),
        SITES.replace("Núi Đá", "&lt;script&gt;" * 50), '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + SITES[21:].replace("HG001", "&x;"),
        "<kml><Document></Document></kml>",
    ],
)  # fmt: skip
def test_hostile_placemarks_are_read_or_refused_in_one_message(tmp_path: Path, content: str) -> None:
    path = tmp_path / "sites.kml"
    path.write_text(content)
    source = MastSource(path=path, columns={"site_id": "Name", "technology": "tech"}, operator="A")
    with suppress(LomsongError):
        found, _ = read_masts(source)
        assert not found["site_id"].astype(str).str.contains("root:").any()


def test_mapinfo_in_both_its_forms(tmp_path: Path) -> None:
    table = gpd.GeoDataFrame(
        {"site_id": ["A", "B"], "operator": ["X", "Y"], "technology": ["4g", "2g"]},
        geometry=gpd.points_from_xy([105.1, 105.2], [22.5, 22.6]),
        crs=4326,
    )
    table.to_file(tmp_path / "t.tab", driver="MapInfo File")
    table.to_file(tmp_path / "m.mif", driver="MapInfo File", dataset_options={"FORMAT": "MIF"})
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        for part in ("m.mif", "m.mid"):
            archive.write(tmp_path / part, part)
    for name in ("t.tab", "m.mif", "both.zip"):
        found, _ = read_masts(MastSource(path=tmp_path / name))
        assert found["site_id"].tolist() == ["A", "B"]
        assert found.geometry.y.tolist() == pytest.approx([22.5, 22.6])
    (tmp_path / "m.mid").unlink()
    broken = tmp_path / "b.mif"
    broken.write_bytes(b"Version   300\nCharset \xff\nColumns 99999999\n")
    for path in (tmp_path / "m.mif", broken):
        with pytest.raises(LomsongError, match="masts"):
            read_masts(MastSource(path=path))


def test_mozillas_cells_are_opencellids(tmp_path: Path) -> None:
    path = tmp_path / "MLS-full-cell-export.csv.gz"
    lines = (
        "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal",
        "UMTS,452,1,10,1234567,,105.1,21.5,1000,20,1,1459692342,1488347104,",
        "LTE,452,2,11,7654321,5,105.2,21.6,500,3,1,1459692342,1488347104,",
    )
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    found, _ = read_masts(MastSource(path=path))
    assert found["technology"].tolist() == ["3g", "4g"]
    assert found["operator"].tolist() == ["452-01", "452-02"]


def test_headings_of_merged_cells_over_two_rows(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    for row in (
        ["DANH SÁCH TRẠM"], ["Mã trạm", "Nhà mạng", "Toạ độ", None, "Thiết bị", None],
        [None, None, "Kinh độ", "Vĩ độ", "Công nghệ", "Cao"], ["A", "X", 105.1, 22.5, "4g", 30], ["B", "Y", 105.2, 22.6, "2g", 40],
    ):  # fmt: skip
        sheet.append(row)
    for area in ("A1:F1", "C2:D2", "E2:F2", "A2:A3", "B2:B3"):
        sheet.merge_cells(area)
    book.save(tmp_path / "sites.xlsx")
    columns = {
        "site_id": "Mã trạm", "operator": "Nhà mạng", "longitude_deg": "Toạ độ Kinh độ", "latitude_deg": "Toạ độ Vĩ độ",
        "technology": "Thiết bị Công nghệ", "antenna_height_m": "Thiết bị Cao",
    }  # fmt: skip
    found, _ = read_masts(MastSource(path=tmp_path / "sites.xlsx", columns=columns, crs="EPSG:4326"))
    assert found["site_id"].tolist() == ["A", "B"]
    assert found["antenna_height_m"].tolist() == [30, 40]


def test_a_broken_kmz_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sites.kmz"
    path.write_bytes(b"PK\x03\x04" + b"x" * 300)
    with pytest.raises(SourceError, match="archive"):
        read_masts(MastSource(path=path))
