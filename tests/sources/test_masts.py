"""Mast lists of every layout: a tiny twin of each, operators' own tables in every spelling, and the real files."""

import gzip
from pathlib import Path
from typing import Literal

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from pyproj import Transformer
from shapely import Point, box

from lomsong.errors import LomsongError, SourceError, TableError
from lomsong.settings import MastSource
from lomsong.sources import tables
from lomsong.sources.masts import read_masts
from lomsong.sources.masts.network import keep_within_reach, refuse_exchanged_axes
from lomsong.sources.tables import Box

WGS84 = "EPSG:4326"
COLUMNS = {
    "site_id": "Mã trạm",
    "latitude_deg": "Vĩ độ",
    "longitude_deg": "Kinh độ",
    "technology": "Công nghệ",
}


def table_file(folder: Path, text: str, name: str = "m.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def own_list(path: Path, **changes: object) -> MastSource:
    given = {"path": path, "crs": WGS84, "operator": "X", "columns": COLUMNS, **changes}
    return MastSource(**given)  # type: ignore[arg-type]


def told(findings: list) -> str:  # type: ignore[type-arg]
    return " | ".join(finding.message for finding in findings)


# --- layouts known by name --------------------------------------------------------------------------------------

OPENCELLID = "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal"
KAGGLE = "Unnamed: 0,radio,MCC,MNC,TAC,CID,unit,LON,LAT,RANGE,SAM,changeable,created,updated,averageSignal,Country,Network,Continent"


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_opencellid_is_known_by_its_header(tmp_path: Path, suffix: str) -> None:
    text = f"{OPENCELLID}\nLTE,452,4,7,256,0,104,22,1000,1,1,1477602130,1477602130,0\nGSM,452,4,7,0,0,0,0,1000,1,1,1,1,0\n"
    path = tmp_path / f"cells{suffix}"
    path.write_bytes(gzip.compress(text.encode()) if suffix.endswith("gz") else text.encode())
    frame, findings = read_masts(MastSource(path=path, operators={"452-04": "Viettel"}))
    assert frame["operator"].tolist() == ["Viettel"]
    assert frame["node"].tolist() == ["452-04-eNB1"]
    assert frame["on_air"].tolist() == ["2016-10-27"]
    assert "(0, 0)" in told(findings)


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_opencellids_country_files_have_no_header_and_lose_no_cell(tmp_path: Path, suffix: str) -> None:
    lines = [f"LTE,452,4,7,{256 * n},0,104,2{n},1000,1,1,1477602130,1477602130,0" for n in (1, 2)]
    path = tmp_path / f"452{suffix}"
    text = "\n".join(lines).encode()
    path.write_bytes(gzip.compress(text) if suffix.endswith("gz") else text)
    frame, _ = read_masts(MastSource(path=path))
    assert frame["node"].tolist() == ["452-04-eNB1", "452-04-eNB2"]
    assert frame.geometry.y.tolist() == [21.0, 22.0]


@pytest.mark.parametrize("updated", ["1477602130", "1477602130000", "2016-10-27", "2016-10-27 21:02:10"])
def test_the_age_of_a_cell_is_read_however_it_is_written(tmp_path: Path, updated: str) -> None:
    path = table_file(tmp_path, f"{OPENCELLID}\nLTE,452,4,7,256,0,104,22,1000,1,1,0,{updated},0\n")
    assert read_masts(MastSource(path=path))[0]["on_air"].tolist() == ["2016-10-27"]


def test_cells_of_another_countrys_code_are_counted_with_the_way_to_leave_them_out(tmp_path: Path) -> None:
    rows = [
        f"LTE,{mcc},4,7,{256 * n},0,104,22,1000,1,1,0,1477602130,0"
        for n, mcc in enumerate([452, 452, 452, 452, 457])
    ]
    path = table_file(tmp_path, "\n".join([OPENCELLID, *rows, ""]))
    frame, findings = read_masts(MastSource(path=path))
    assert len(frame) == 5
    foreign = next(finding for finding in findings if "other countries" in finding.message)
    assert foreign.rows == ("LTE-457-04-7-1024",)
    assert "country_codes: ['452']" in foreign.message


def test_the_other_header_gives_the_operators_name(tmp_path: Path) -> None:
    text = f"{KAGGLE}\n0,GSM,651,1,117,11201,0,26.95,-29.84,27324,7,1,1369925573,1443966345,0,Lesotho,Vodacom,Africa\n"
    frame, _ = read_masts(MastSource(path=table_file(tmp_path, text)))
    assert frame["operator"].tolist() == ["Vodacom"]
    assert frame[["samples", "range_m", "sector_number"]].iloc[0].tolist() == [7, 27324, 1]


@pytest.mark.parametrize(
    ("radio", "cell", "node", "beam"),
    [
        ("LTE", "179290882", "1-01-eNB700355", 2),
        ("UMTS", "196901", "1-01-7-RNC3-29", 3),
        ("GSM", "11783", "1-01-7-1178", 3),
        ("NR", "68719476735", None, None),
    ],
)
def test_cell_ids_tell_the_base_station_where_the_numbering_allows(
    tmp_path: Path, radio: str, cell: str, node: str | None, beam: int | None
) -> None:
    text = f"{OPENCELLID}\n{radio},1,1,7,{cell},0,104,22,1000,1,1,1,1477602130,0\n"
    frame, _ = read_masts(MastSource(path=table_file(tmp_path, text)))
    if node is None:
        assert frame["node"].isna().all()
        assert frame["sector_number"].isna().all()
    else:
        assert frame["node"].tolist() == [node]
        assert frame["sector_number"].tolist() == [beam]


def test_cells_of_another_country_code_are_set_aside(tmp_path: Path) -> None:
    rows = "".join(f"LTE,{mcc},1,7,{mcc},0,104,22,1000,1,1,1,1477602130,0\n" for mcc in (452, 457, 452))
    source = MastSource(path=table_file(tmp_path, f"{OPENCELLID}\n{rows}"), country_codes=("452",))
    frame, findings = read_masts(source)
    assert set(frame["sector_id"]) == {"LTE-452-01-7-452"}
    assert "country code is not 452" in told(findings)


def osm_file(folder: Path, rows: list[dict[str, object]]) -> Path:
    shapes = [row.pop("shape", Point(104 + i / 10, 22)) for i, row in enumerate(rows)]
    frame = gpd.GeoDataFrame(
        [{"osm_id": str(i), **row} for i, row in enumerate(rows)], geometry=shapes, crs=WGS84
    )
    frame.to_file(folder / "osm.geojson")
    return folder / "osm.geojson"


def test_osm_masts_are_sorted_by_their_tags(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"man_made": "tower", "tower:type": "communication", "operator": "X", "height": "45 m"},
        {"man_made": "mast", "communication:mobile_phone": "yes", "communication:television": "yes"},
        {"man_made": "mast"},
        {"man_made": "mast", "communication:television": "yes"},
        {"man_made": "tower", "tower:type": "watchtower"},
        {"man_made": "tower", "tower:type": "bell_tower"},
        {"man_made": "tower", "name": "Tháp Truyền hình Xã"},
        {"man_made": "tower"},
        {"man_made": "tower", "tower:type": "communication", "shape": box(105, 22, 105.001, 22.001)},
        {"man_made": "flagpole"},
        {"man_made": None},
    ]
    frame, findings = read_masts(MastSource(path=osm_file(tmp_path, rows)))
    assert frame["sector_id"].tolist() == ["osm-0", "osm-1", "osm-2", "osm-8"]
    assert frame["operator"].tolist() == ["X", "unknown", "unknown", "unknown"]
    assert frame["antenna_height_m"][0] == 45
    assert set(frame["technology"]) == {"4g"}
    counted = {
        finding.message.split(" set aside: ")[1]: finding.count
        for finding in findings
        if "set aside" in finding.message
    }
    assert sum(counted.values()) == 5
    assert counted["of type 'watchtower'"] == counted["of type 'bell_tower'"] == 1
    assert any(
        f.severity == "assumption" and "without a word" in f.message and f.count == 1 for f in findings
    )
    assert any(f.severity == "assumption" and "technology" in f.message and f.count == 4 for f in findings)


def test_acccs_bands_become_carriers(tmp_path: Path) -> None:
    text = "year,operator,rfnsa_id,lat,lon,tech_3g,tech_4g,low_band_4g,bands\n2018,T,,-36.2,149.0,1,1,1,WCDMA850;LTE700\n"
    frame, _ = read_masts(MastSource(path=table_file(tmp_path, text)))
    assert frame["frequency_mhz"].tolist() == [850, 700]
    assert frame["on_air"].tolist() == ["2018", "2018"]
    assert len(set(frame["site_id"])) == 1


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Operateur,x,y,2G,3G,4G,lon,lat,operator", "20801,535937.0,6330628.0,1,0,1,0.95,44.05,Orange"),
        ("code_op;nom_op;num_site;x_lambert_93;y_lambert_93;site_2g;site_3g;site_4g;site_5g", "20801;Orange;007;535937;6330628;1;0;1;0"),
    ],
)  # fmt: skip
def test_arceps_flags_become_carriers_in_lambert_93(tmp_path: Path, header: str, row: str) -> None:
    frame, _ = read_masts(MastSource(path=table_file(tmp_path, f"{header}\n{row}\n")))
    assert frame.crs.to_epsg() == 2154
    assert frame["technology"].tolist() == ["2g", "4g"]
    assert set(frame["operator"]) == {"Orange"}
    degrees = frame.to_crs(WGS84).geometry[0]
    assert (degrees.x, degrees.y) == pytest.approx((0.952261, 44.055507), abs=1e-5)


def test_arceps_overseas_sites_have_degrees_alone_and_are_not_lost(tmp_path: Path) -> None:
    text = (
        "code_op,nom_op,num_site,x_lambert_93,y_lambert_93,latitude,longitude,site_2g,site_3g,site_4g\n"
        "1,Orange,1,,,16.2,-61.5,0,0,1\n1,Orange,2,580000,6370000,44.4187,1.4927,0,0,1\n"
    )
    frame, findings = read_masts(MastSource(path=table_file(tmp_path, text)))
    assert frame.to_crs(WGS84).geometry.x.tolist() == pytest.approx([-61.5, 1.4927])
    assert "no position" not in told(findings)


def test_hiflds_structures_lend_their_height_with_doubt(tmp_path: Path) -> None:
    text = "id,license,structure,structure_type,latitude,longitude\n1,V,56.1,TOWER,43.7,-70.5\n2,V,0,TOWER,43.8,-70.5\n"
    frame, findings = read_masts(MastSource(path=table_file(tmp_path, text)))
    assert frame["antenna_height_m"].tolist()[0] == 56.1
    assert np.isnan(frame["antenna_height_m"][1])
    assert frame["height_sigma_m"][0] == pytest.approx(11.22)
    assert "taken as that of the structure" in told(findings)


PARTS = ("deg", "min", "sec", "dir")


def in_parts(style: str) -> str:
    """Return the headings of two angles: latdeg, LAT_DEG, lat_degrees, Latitude Degrees."""
    long = ("degrees", "minutes", "seconds", "direction")
    return ",".join(
        {"latdeg": f"{axis}{short}", "LAT_DEG": f"{axis}_{short}".upper(), "lat_degrees": f"{axis}_{word}",
         "Latitude Degrees": f"{ {'lat': 'Latitude', 'lon': 'Longitude'}[axis]} {word.title()}"}[style]
        for axis in ("lat", "lon")
        for short, word in zip(PARTS, long, strict=True)
    )  # fmt: skip


@pytest.mark.parametrize("style", ["latdeg", "LAT_DEG", "lat_degrees", "Latitude Degrees"])
def test_degrees_minutes_and_seconds_in_columns_of_their_own_are_a_place(tmp_path: Path, style: str) -> None:
    rows = "V,POLE,30,43,30,36,N,71,15,0.0,W\nV,POLE,30,0,0,36,S,0,7,12,E\n"
    text = f"licensee,structype,allstruc,{in_parts(style)}\n{rows}"
    frame, _ = read_masts(MastSource(path=table_file(tmp_path, text)))
    assert frame.crs == WGS84
    assert frame.geometry.y.tolist() == pytest.approx([43.51, -0.01])
    assert frame.geometry.x.tolist() == pytest.approx([-71.25, 0.12])
    own, _ = read_masts(
        MastSource(
            path=table_file(tmp_path, text),
            columns={"operator": "licensee"},
            crs="EPSG:4326",
            technology="4g",
        )
    )
    assert own.geometry.y.tolist() == pytest.approx([43.51, -0.01])


def test_the_fccs_registered_structures_need_only_an_operator(tmp_path: Path) -> None:
    text = f"registration_number,structure_type,overall_height_above_ground,{in_parts('lat_degrees')}\n1200001,TOWER,60.5,43,30,36,N,71,15,0,W\n"
    frame, findings = read_masts(MastSource(path=table_file(tmp_path, text), operator="V"))
    assert frame["sector_id"].tolist() == ["1200001"]
    assert frame["antenna_height_m"].tolist() == [60.5]
    assert "that of the structure" in told(findings)
    named = text.replace("structure_type", "entity_name", 1).replace("TOWER", "Owner", 1)
    named = named.replace("\n", ",structure_type\n", 1).removesuffix("\n") + ",TOWER\n"
    frame, _ = read_masts(MastSource(path=table_file(tmp_path, named)))
    assert frame["operator"].tolist() == ["Owner"]


def test_an_angle_with_a_part_missing_or_beyond_its_range_is_no_place(tmp_path: Path) -> None:
    good = "V,POLE,30,43,30,36,N,71,15,0,W"
    bad = [
        "V,POLE,30,43,75,36,N,71,15,0,W",
        "V,POLE,30,43,30,36,N,71,,0,W",
        "V,POLE,30,43,30,-6,N,71,15,0,W",
        "V,POLE,30,43,30,36,?,71,15,0,W",
    ]
    text = f"licensee,structype,allstruc,{in_parts('latdeg')}\n" + "\n".join([good, *bad]) + "\n"
    frame, findings = read_masts(MastSource(path=table_file(tmp_path, text)))
    assert len(frame) == 1
    assert next(each for each in findings if "no position" in each.message).count == 4


def test_without_a_side_the_degrees_carry_the_sign(tmp_path: Path) -> None:
    text = "site,op,tech,latdeg,latmin,londeg,lonmin\nA,V,4G,-0,30.6,-71,15\n"
    source = MastSource(
        path=table_file(tmp_path, text),
        crs="EPSG:4326",
        columns={"site_id": "site", "operator": "op", "technology": "tech"},
    )
    frame, _ = read_masts(source)
    assert (frame.geometry.x[0], frame.geometry.y[0]) == pytest.approx((-71.25, -0.51))


# --- operators' own tables --------------------------------------------------------------------------------------

SPELLINGS = ["21.0534722|104.5", "21,0534722|104,5", "21°03'12.5\"N|104°30'E", "21 03 12.5 N|104 30 0 E", "N21.0534722|E104.5",
             "21º03′12.5″ B|104º30′ Đ", "21-03-12.5|104-30-00", "21° 3' 12,5'' N|104° 30' E"]  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("separator", [";", "\t"])
def test_positions_are_read_in_every_spelling(tmp_path: Path, spelling: str, separator: str) -> None:
    latitude, longitude = spelling.split("|")
    cells = [cell.replace('"', '""') for cell in ("A1", latitude, longitude, "4G")]
    text = separator.join(COLUMNS.values()) + "\n" + separator.join(f'"{cell}"' for cell in cells) + "\n"
    frame, _ = read_masts(own_list(table_file(tmp_path, text)))
    assert frame.geometry[0].x == pytest.approx(104.5)
    assert frame.geometry[0].y == pytest.approx(21.0534722, abs=1e-7)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1258"])
def test_encodings_of_operators_are_read(tmp_path: Path, encoding: str) -> None:
    text = "site,lat,lon,tech,op\nA1,21.5,104.5,4G,Mạng Núi\n"
    if encoding == "cp1258":
        text = text.replace("ạ", "a\u0323")
    columns = {
        "site_id": "site",
        "latitude_deg": "lat",
        "longitude_deg": "lon",
        "technology": "tech",
        "operator": "op",
    }
    path = table_file(tmp_path, text, encoding=encoding)
    frame, _ = read_masts(
        own_list(path, columns=columns, encoding=encoding if encoding == "cp1258" else None)
    )
    assert frame["operator"].tolist() == ["Mạng Núi"]


@pytest.mark.parametrize(
    "crs",
    [
        "EPSG:3405",
        "EPSG:3406",
        "+proj=tmerc +lat_0=0 +lon_0=104.75 +k=0.9999 +x_0=500000 +y_0=0 +ellps=WGS84 +units=m",
    ],
)
def test_local_metres_with_decimal_commas_land_where_they_belong(tmp_path: Path, crs: str) -> None:
    x, y = Transformer.from_crs(WGS84, crs, always_xy=True).transform(104.5, 21.5)
    text = f"x;y;tech\n{f'{x:.2f}'.replace('.', ',')};{f'{y:.2f}'.replace('.', ',')};4G\n"
    source = own_list(
        table_file(tmp_path, text), crs=crs, columns={"x_m": "x", "y_m": "y", "technology": "tech"}
    )
    point = read_masts(source)[0].to_crs(WGS84).geometry[0]
    assert (point.x, point.y) == pytest.approx((104.5, 21.5), abs=1e-6)


def test_vn2000_degrees_keep_their_datum(tmp_path: Path) -> None:
    text = ",".join(COLUMNS.values()) + "\nA,21.5,104.5,4G\n"
    frame, _ = read_masts(own_list(table_file(tmp_path, text), crs="EPSG:4756"))
    assert frame.crs.to_epsg() == 4756


def test_exchanged_axes_are_told_by_values_and_by_letters(tmp_path: Path) -> None:
    for latitude, longitude in (("104.5", "21.5"), ("104°30'E", "21°30'N")):
        text = ",".join(COLUMNS.values()) + f"\nA,{latitude},{longitude},4G\n"
        with pytest.raises(TableError, match="swapped"):
            read_masts(own_list(table_file(tmp_path, text)))


def test_metres_in_the_columns_of_degrees_are_not_called_swapped(tmp_path: Path) -> None:
    text = ",".join(COLUMNS.values()) + "\nA,2345678,456789,4G\n"
    with pytest.raises(TableError, match="metres of another CRS"):
        read_masts(own_list(table_file(tmp_path, text)))


def test_a_technology_cell_may_list_several_or_name_its_band(tmp_path: Path) -> None:
    columns = {**COLUMNS, "frequency_mhz": "MHz", "azimuth_deg": "Hướng", "antenna_height_m": "Cao"}
    text = (
        "Mã trạm;Vĩ độ;Kinh độ;Công nghệ;MHz;Hướng;Cao\nA;22;104;3G/4G;;;42 m\nB;22,1;104;LTE1800;;-10;30\n"
        "C;22,2;104;4G;700;120°;30m\nD;22,3;104;HSPA+;;;\nE;22,4;104;VoLTE;;;\n"
    )
    frame, findings = read_masts(own_list(table_file(tmp_path, text), columns=columns))
    frame = frame.sort_values(["site_id", "technology"])
    assert frame["site_id"].tolist() == ["A", "A", "B", "C", "D"]
    assert frame["technology"].tolist() == ["3g", "4g", "4g", "4g", "3g"]
    assert frame["frequency_mhz"].tolist() == pytest.approx([np.nan, np.nan, 1800, 700, np.nan], nan_ok=True)
    assert frame["azimuth_deg"].tolist() == pytest.approx([np.nan, np.nan, 350, 120, np.nan], nan_ok=True)
    assert frame["antenna_height_m"].tolist() == pytest.approx([42, 42, 30, 30, np.nan], nan_ok=True)
    assert told(findings).count("VoLTE") == 1
    assert "azimuth of 1 sector is negative" in told(findings)


def test_exchanged_metres_are_told_from_where_the_villages_are() -> None:
    villages = gpd.GeoDataFrame(geometry=[box(105.1, 21.0, 105.2, 21.1)], crs=WGS84)
    metres = villages.to_crs("EPSG:5897").geometry[0].centroid
    right = gpd.GeoDataFrame(geometry=[metres], crs="EPSG:5897")
    refuse_exchanged_axes(right, villages)
    with pytest.raises(SourceError, match="x_m and y_m exchanged"):
        refuse_exchanged_axes(
            gpd.GeoDataFrame(geometry=[Point(metres.y, metres.x)], crs="EPSG:5897"), villages
        )


def test_dates_are_parsed_and_other_words_counted(tmp_path: Path) -> None:
    text = "site,lat,lon,tech,d\n" + "".join(
        f"{i},21.5,104.{i},4G,{word}\n"
        for i, word in enumerate(["25/12/2019", "2020", "2021-03-04 10:00", "planned", ""])
    )
    columns = {
        "site_id": "site",
        "latitude_deg": "lat",
        "longitude_deg": "lon",
        "technology": "tech",
        "on_air": "d",
    }
    frame, findings = read_masts(own_list(table_file(tmp_path, text), columns=columns))
    assert frame["on_air"].tolist()[:3] == ["2019-12-25", "2020", "2021-03-04"]
    assert frame["on_air"].isna().sum() == 2
    assert "no date in 1 row (planned)" in told(findings)


def workbook(folder: Path, *, hidden: bool = False) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Tram"
    sheet.append(["DANH SÁCH TRẠM"])
    sheet.append([])
    sheet.append(["", "Vị trí", "", "Kỹ thuật", ""])
    sheet.merge_cells("B3:C3")
    sheet.merge_cells("D3:E3")
    sheet.append(["Mã trạm", "Vĩ độ", "Kinh độ", "Công nghệ", "Cao (m)"])
    sheet.append(["T01", 21.5, 104.5, "4G", 42])
    sheet.append(["T02", "21°30'00\"N", "104°36'E", "LTE", "30,5"])
    if hidden:
        other = book.create_sheet("old")
        other.append(["a", "b"])
        other.append([1, 2])
        other.sheet_state = "hidden"
    book.save(folder / "m.xlsx")
    return folder / "m.xlsx"


def test_a_workbook_with_titles_merged_headings_and_a_hidden_sheet(tmp_path: Path) -> None:
    columns = {
        "site_id": "Mã trạm", "latitude_deg": "Vị trí Vĩ độ", "longitude_deg": "Vị trí Kinh độ",
        "technology": "Kỹ thuật Công nghệ", "antenna_height_m": "Kỹ thuật Cao (m)",
    }  # fmt: skip
    frame, findings = read_masts(own_list(workbook(tmp_path, hidden=True), columns=columns))
    assert frame["site_id"].tolist() == ["T01", "T02"]
    assert frame["antenna_height_m"].tolist() == [42, 30.5]
    assert frame.geometry.x.tolist() == pytest.approx([104.5, 104.6])
    assert "hidden sheets not read: old" in told(findings)


def test_a_workbook_whose_heading_is_merged_downwards_and_sideways(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Mã trạm", "Công nghệ", "Tọa độ", None])
    sheet.append([None, None, "Kinh độ", "Vĩ độ"])
    sheet.append(["A", "4G", "104,5", "22,25"])
    for cells in ("A1:A2", "B1:B2", "C1:D1"):
        sheet.merge_cells(cells)
    book.save(tmp_path / "m.xlsx")
    columns = {**COLUMNS, "longitude_deg": "Tọa độ Kinh độ", "latitude_deg": "Tọa độ Vĩ độ"}
    frame, _ = read_masts(own_list(tmp_path / "m.xlsx", columns=columns))
    assert frame["site_id"].tolist() == ["A"]
    assert (frame.geometry.x[0], frame.geometry.y[0]) == (104.5, 22.25)


def test_a_workbook_with_two_tables_asks_which(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for name in ("a", "b"):
        sheet = book.create_sheet(name)
        sheet.append(["x", "y"])
        sheet.append([1, 2])
    book.save(tmp_path / "m.xlsx")
    with pytest.raises(SourceError, match="set 'layer' to one of a, b"):
        read_masts(own_list(tmp_path / "m.xlsx"))


@pytest.mark.parametrize("content", [b"PK\x03\x04junk", b"\xd0\xcf\x11\xe0old workbook"])
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.xlsx").write_bytes(content)
    with pytest.raises(SourceError, match="not a readable workbook"):
        read_masts(own_list(tmp_path / "m.xlsx"))


def test_lines_above_the_header_are_skipped_and_counted(tmp_path: Path) -> None:
    text = "Danh sách trạm\nlập năm 2023\n" + ",".join(COLUMNS.values()) + "\nA,21.5,104.5,4G\n"
    frame, findings = read_masts(own_list(table_file(tmp_path, text)))
    assert len(frame) == 1
    assert "2 lines above the header" in told(findings)


# --- size, traps and privacy ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["opencellid", None])
def test_a_large_file_is_read_in_pieces_and_only_near_the_area(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: Literal["opencellid"] | None
) -> None:
    rng = np.random.default_rng(3)
    count = 5000
    table = pd.DataFrame(
        {"radio": "LTE", "mcc": 452, "net": 4, "area": 7, "cell": np.arange(count), "unit": 0,
         "lon": rng.uniform(100, 110, count).round(6), "lat": rng.uniform(10, 23, count).round(6), "range": 1000, "samples": 3,
         "changeable": 1, "created": 1477602130, "updated": 1477602130, "averageSignal": 0}
    )  # fmt: skip
    table.to_csv(tmp_path / "c.csv.gz", index=False)
    source = MastSource(path=tmp_path / "c.csv.gz", format=name)
    whole, _ = read_masts(source)
    monkeypatch.setattr(tables, "LARGE", 10_000)
    area = Box(104.0, 21.0, 106.0, 23.0)
    part, findings = read_masts(source, box=area)
    inside = whole[area.holds(whole.geometry.x.to_numpy(), whole.geometry.y.to_numpy())]
    assert part["sector_id"].tolist() == inside["sector_id"].tolist()
    assert f"{count - len(inside):,} of 5,000 rows" in told(findings)
    with pytest.raises(SourceError, match="none of 5,000 rows"):
        read_masts(source, box=Box(0.0, 0.0, 1.0, 1.0))


def test_text_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lomsong.sources.files.LARGEST_TEXT", 100_000)
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"0" * 1_000_000))
    with pytest.raises(SourceError, match="holds more than"):
        read_masts(own_list(tmp_path / "bomb.csv.gz"))


def test_a_header_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="columns; a table of places has fewer"):
        read_masts(own_list(table_file(tmp_path, "a," * 50_000 + "\n1,2\n")))


def test_people_and_devices_leave_the_table_at_reading(tmp_path: Path) -> None:
    text = "site,lat,lon,tech,Phone number,hex\nA,21.5,104.5,4G,0912345678,452040123456789\n"
    columns = {"site_id": "site", "latitude_deg": "lat", "longitude_deg": "lon", "technology": "tech"}
    _, findings = read_masts(own_list(table_file(tmp_path, text), columns=columns))
    assert "2 columns dropped at reading: Phone number, hex" in told(findings)
    assert "0912345678" not in told(findings)


# --- the real files ---------------------------------------------------------------------------------------------


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "rows", "words"),
    [
        ("au-capital/towers.csv", 414, ""),
        ("fr-lot/sites_arcep.csv", 1112, "without a usable band"),
        ("vn-northwest/osm_masts.geojson", 49, "for television, radio or links alone"),
        ("vn-northwest/osm_points.geojson", 49, "of no known type"),
        ("readers/hifld_usa_cellular_towers_clip_NH_VT.csv", 47, "that of the structure"),
        ("readers/Helsinki.osm.pbf", 1, "of no known type"),
        ("readers/opencellid_313_usa.csv", 3517, ""),
        ("readers/opencellid_651_lesotho_kaggle_variant.csv", 1936, ""),
        ("readers/opencellid_248_tartu.geojson", 1996, ""),
    ],
)
def test_every_real_list_reads_without_a_word_on_its_format(
    real: Path, name: str, rows: int, words: str
) -> None:
    frame, findings = read_masts(MastSource(path=real / name))
    assert len(frame) == rows
    assert words in told(findings)
    assert frame["sector_id"].is_unique


@pytest.mark.real
def test_an_extract_without_masts_says_so(real: Path) -> None:
    with pytest.raises(LomsongError, match="holds no mast and no tower"):
        read_masts(MastSource(path=real / "readers" / "test.osm.pbf"))


def test_cells_farther_than_a_mast_reaches_from_the_area_of_the_villages_are_set_aside() -> None:
    """Two villages at opposite corners: the other corners of their box are out of reach, the way between is not."""
    crs, radius_m = "EPSG:32648", 10_000.0
    villages = gpd.GeoDataFrame(
        geometry=[box(0, 0, 1_000, 1_000), box(99_000, 99_000, 100_000, 100_000)], crs=crs
    )
    rng = np.random.default_rng(3)
    points = gpd.GeoSeries(gpd.points_from_xy(*rng.uniform(-15_000, 115_000, (2, 4_000))), crs=crs)
    masts = gpd.GeoDataFrame({"sector_id": [str(k) for k in range(len(points))]}, geometry=points)
    kept, findings = keep_within_reach(masts, villages, radius_m)
    away_m = points.distance(villages.geometry.union_all().convex_hull)
    assert set(masts["sector_id"][away_m <= radius_m]) <= set(kept["sector_id"])
    assert set(kept["sector_id"]) <= set(masts["sector_id"][away_m <= radius_m * 1.001])
    assert findings[0].count == len(masts) - len(kept) > 1_000
    assert "more than 10 km" in findings[0].message
    with pytest.raises(SourceError, match="within reach of a village"):
        keep_within_reach(masts[away_m > 2 * radius_m], villages, radius_m)
