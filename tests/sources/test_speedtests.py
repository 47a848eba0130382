"""Speed tests of every layout: tiny twins, odd cells, and nothing that tells who ran them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lomsong.errors import SourceError, TableError
from lomsong.schemas import MEASUREMENTS
from lomsong.settings import PrivacySettings, SpeedTestSource
from lomsong.sources import tables
from lomsong.sources.speedtests import decode_quadkeys, read_speed_tests
from lomsong.sources.tables import Box
from lomsong.sources.witnesses import bin_places, complete


def speed_file(folder: Path, text: str, name: str = "t.csv") -> SpeedTestSource:
    (folder / name).write_text(text, encoding="utf-8")
    return SpeedTestSource(path=folder / name, network="mobile")


def told(findings: list) -> str:  # type: ignore[type-arg]
    return " | ".join(finding.message for finding in findings)


# --- published tiles --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2023-04-01_performance_mobile_tiles.csv", "2023-05-15"),
        ("ookla_x_2025Q4.csv", "2025-11-15"),
        ("t.csv", None),
    ],
)
def test_tiles_are_dated_to_the_middle_of_the_quarter_in_their_name(
    tmp_path: Path, name: str, day: str | None
) -> None:
    frame, _ = read_speed_tests(speed_file(tmp_path, "quadkey,avg_d_kbps\n3112302131202302,1000\n", name))
    assert frame["published"].all()
    assert "time" not in frame if day is None else frame["time"].tolist() == [day]


def quadkey_by_hand(longitude: float, latitude: float, zoom: int) -> str:
    """The recipe of the tile system, digit by digit."""
    sine = np.sin(np.radians(latitude))
    x = (longitude + 180) / 360
    y = 0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi)
    key = ""
    for _ in range(zoom):
        x, y = 2 * x, 2 * y
        key += str(int(x) + 2 * int(y))
        x, y = x % 1, y % 1
    return key


@pytest.mark.parametrize("zoom", [1, 15, 16, 30])
def test_quadkeys_of_any_zoom_lead_back_to_their_place(zoom: int) -> None:
    rng = np.random.default_rng(zoom)
    longitude, latitude = rng.uniform(-179, 179, 50), rng.uniform(-80, 80, 50)
    keys = [quadkey_by_hand(x, y, zoom) for x, y in zip(longitude, latitude, strict=True)]
    x, y, size = decode_quadkeys(np.array(keys, dtype=object))
    assert np.all(np.abs(x - longitude) <= 180 / 2**zoom + 1e-9)
    assert np.all(np.abs(y - latitude) <= 180 / 2**zoom + 1e-9)
    assert np.all(size > 0)


def test_what_is_no_quadkey_has_no_place() -> None:
    keys = np.array(["", "4", "01x", "0" * 31, "０１", "0 1", "012"], dtype=object)
    assert np.isnan(decode_quadkeys(keys)[0]).tolist() == [True] * 6 + [False]


WEST = quadkey_by_hand(-80.6, 13.4, 16)  # begins with a zero


@pytest.mark.parametrize("kind", ["mixed text", "whole numbers", "decimals", "all short, area known"])
def test_quadkeys_that_lost_their_zeros_do_not_move_to_the_pole(tmp_path: Path, kind: str) -> None:
    assert WEST.startswith("0")
    box = None
    if kind == "mixed text":
        source = speed_file(tmp_path, f"quadkey,avg_d_kbps\n{int(WEST)},1000\n3112302131202302,1000\n")
    elif kind == "all short, area known":
        source = speed_file(tmp_path, f"quadkey,avg_d_kbps\n{int(WEST)},1000\n")
        box = Box(-81, 13, -80, 14)
    else:
        number = float(WEST) if kind == "decimals" else int(WEST)
        table = pd.DataFrame({"quadkey": [number], "avg_d_kbps": [1000]})
        table.to_parquet(tmp_path / "t.parquet")
        source = SpeedTestSource(path=tmp_path / "t.parquet", network="mobile")
    frame, findings = read_speed_tests(source, box=box)
    assert (frame.geometry.x[0], frame.geometry.y[0]) == pytest.approx((-80.6, 13.4), abs=0.006)
    assert "1 quadkey had lost leading zeros; put back" in told(findings)


def test_coarse_keys_of_an_unknown_area_are_left_as_they_are(tmp_path: Path) -> None:
    key = quadkey_by_hand(104.5, 21.5, 14)
    frame, findings = read_speed_tests(speed_file(tmp_path, f"quadkey,avg_d_kbps\n{key},1000\n"))
    assert frame.geometry.x[0] == pytest.approx(104.5, abs=0.02)
    assert findings == []


@pytest.mark.parametrize(
    ("columns", "cells"),
    [
        ("tile", '"POLYGON((105 21, 105.006 21, 105.006 21.004, 105 21.004, 105 21))"'),
        ("tile_x,tile_y", "105.003,21.002"),
    ],
)
def test_a_key_in_scientific_form_is_said_and_the_tile_stands_in(
    tmp_path: Path, columns: str, cells: str
) -> None:
    text = f"quadkey,{columns},avg_d_kbps\n1.32203E+15,{cells},1000\n"
    frame, findings = read_speed_tests(speed_file(tmp_path, text))
    assert (frame.geometry.x[0], frame.geometry.y[0]) == pytest.approx((105.003, 21.002))
    assert "scientific form" in told(findings)
    frame, _ = read_speed_tests(speed_file(tmp_path, text.replace("quadkey", "nr")))
    assert frame.geometry.x[0] == pytest.approx(105.003)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
@pytest.mark.parametrize("by", ["quadkey", "centre"])
def test_a_large_file_of_tiles_keeps_only_those_near_the_area(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, by: str
) -> None:
    rng = np.random.default_rng(2)
    x, y = rng.uniform(100, 110, 3000), rng.uniform(10, 23, 3000)
    table = pd.DataFrame({"avg_d_kbps": rng.integers(1, 9999, 3000), "tests": 1, "devices": 1})
    if by == "quadkey":
        table["quadkey"] = [quadkey_by_hand(a, b, 16) for a, b in zip(x, y, strict=True)]
    else:
        table["tile_x"], table["tile_y"] = x.round(4), y.round(4)
    path = tmp_path / f"t{suffix}"
    table.to_parquet(path) if suffix == ".parquet" else table.to_csv(path, index=False)
    source = SpeedTestSource(path=path, network="mobile")
    whole, _ = read_speed_tests(source)
    monkeypatch.setattr(tables, "LARGE", 1000)
    area = Box(104.0, 20.0, 106.0, 23.0)
    part, findings = read_speed_tests(source, box=area)
    inside = whole[area.holds(whole.geometry.x.to_numpy(), whole.geometry.y.to_numpy())]
    assert len(part) == len(inside)
    assert part["download_mbps"].tolist() == inside["download_mbps"].tolist()
    assert "of 3,000 rows" in told(findings)


# --- lists of single tests --------------------------------------------------------------------------------------

VIETNAMESE = (
    "Thời gian;Nhà mạng;Công nghệ;Vĩ độ;Kinh độ;Tốc độ tải xuống (Mbps);Tốc độ tải lên (Mbps);Độ trễ (ms);Số điện thoại\n"
    "25/12/2023 08:15;Viettel;4G;21,5001;104,5001;35,5;12,1;30;0912345678\n"
    "26/12/2023 09:00;VNPT;WiFi;21,6;104,6;80;40;5;0912345679\n"
    "26/12/2023 09:00;VNPT;5G;0;0;80;40;5;0912345679\n"
    "26/12/2023 09:00;VNPT;5G;21,7;104,7;-1;9e9;x;0912345679\n"
)


def test_an_i_speed_list_is_read_by_its_vietnamese_headings(tmp_path: Path) -> None:
    frame, findings = read_speed_tests(speed_file(tmp_path, VIETNAMESE))
    assert frame["download_mbps"].tolist()[:2] == [35.5, 80]
    assert frame["operator"].tolist() == ["Viettel", "VNPT", "VNPT"]
    assert frame["network"].tolist() == ["mobile", "fixed", "mobile"]
    assert frame["time"].tolist()[0] == "2023-12-25"
    assert frame.loc[2, ["download_mbps", "upload_mbps", "latency_ms"]].isna().all()
    assert not frame["published"].any()
    words = told(findings)
    for word in (
        "Số điện thoại",
        "over Wi-Fi",
        "(0, 0)",
        "impossible 'download_mbps'",
        "impossible 'latency_ms'",
    ):
        assert word in words
    MEASUREMENTS.check(complete(frame))


def test_a_large_list_of_single_tests_keeps_its_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "LARGE", 10)
    frame, _ = read_speed_tests(speed_file(tmp_path, VIETNAMESE), box=Box(0.0, 0.0, 1.0, 1.0))
    assert len(frame) == 3


def test_english_headings_with_other_units_come_out_in_ours(tmp_path: Path) -> None:
    text = "Test Date,Carrier,Network Type,Latitude,Longitude,Download (kbps),uploadKbps,Ping ms,device_id\n2023-05-01T10:00:00Z,X,LTE,21.5,104.5,35500,1000,30,abc\n"
    frame, findings = read_speed_tests(speed_file(tmp_path, text))
    assert frame[["download_mbps", "upload_mbps", "latency_ms"]].iloc[0].tolist() == [35.5, 1.0, 30.0]
    assert frame["technology"].tolist() == ["4g"]
    assert "device_id" in told(findings)


def test_the_column_map_goes_before_the_headings(tmp_path: Path) -> None:
    text = "lat,lon,download,speed2\n21.5,104.5,1,2\n"
    source = speed_file(tmp_path, text).model_copy(update={"columns": {"download_mbps": "speed2"}})
    assert read_speed_tests(source)[0]["download_mbps"].tolist() == [2]


def test_a_list_without_speeds_or_places_says_what_to_map(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"map it under inputs\.speed_tests columns"):
        read_speed_tests(speed_file(tmp_path, "lat,lon,x\n1,2,3\n"))
    with pytest.raises(TableError, match="'longitude_deg' is missing"):
        read_speed_tests(speed_file(tmp_path, "download,x\n1,2\n"))


# --- Measurement Lab --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", [".", "_"])
def test_ndt_rows_are_read_flattened_either_way_and_vague_places_set_aside(tmp_path: Path, mark: str) -> None:
    names = ["date", "a.MeanThroughputMbps", "a.MinRTT", "a.UUID", "client.IP", "client.Geo.Latitude", "client.Geo.Longitude",
             "client.Geo.AccuracyRadiusKm", "client.Network.ASName"]  # fmt: skip
    rows = [
        "2023-05-01,12.5,30,ndt-1,1.2.3.4,21.5,104.5,1,Viettel Group",
        "2023-05-01,12.5,30,ndt-2,1.2.3.5,21.5,104.5,50,Viettel Group",
    ]
    text = "\n".join([",".join(name.replace(".", mark) for name in names), *rows])
    frame, findings = read_speed_tests(speed_file(tmp_path, text))
    assert frame[["download_mbps", "latency_ms", "tile_size_m"]].values.tolist() == [[12.5, 30.0, 2000.0]]
    assert frame["operator"].tolist() == ["Viettel Group"]
    assert "known to more than 5 km" in told(findings)
    assert "1.2.3.4" not in frame.to_csv()
    assert "client" in told(findings).split("can tell")[0]


# --- privacy ----------------------------------------------------------------------------------------------------


def test_a_list_of_which_nothing_is_left_is_no_fault_of_the_program(tmp_path: Path) -> None:
    text = "date,a_MeanThroughputMbps,client_Geo_Latitude,client_Geo_Longitude,client_Geo_AccuracyRadiusKm\n2023-05-01,12,21,105,100\n"
    frame, findings = read_speed_tests(speed_file(tmp_path, text))
    assert frame.empty
    assert "known to more than 5 km only" in told(findings)


def test_places_move_to_the_middle_of_a_square_and_no_further(tmp_path: Path) -> None:
    rows = "".join(f"{21.5 + i / 7919},{104.5 + i / 7907},{i + 1}\n" for i in range(300))
    source = speed_file(tmp_path, "lat,lon,download\n" + rows)
    exact, _ = read_speed_tests(source, privacy=PrivacySettings(bin_m=1))
    coarse, _ = read_speed_tests(source, privacy=PrivacySettings(bin_m=100))
    moved = coarse.to_crs(32648).distance(exact.to_crs(32648))
    assert 10 < moved.max() <= 100 / np.sqrt(2) + 2
    again = bin_places(coarse, 100)
    assert again.to_crs(32648).distance(coarse.to_crs(32648)).max() < 1e-3
    assert 30 < again.geometry.nunique() == coarse.geometry.nunique() < 300


def test_exchanged_axes_are_noticed_against_the_villages(tmp_path: Path) -> None:
    source = speed_file(tmp_path, "lat,lon,download\n10.5,50.5,1\n10.6,50.6,1\n")
    with pytest.raises(SourceError, match="longitude and latitude exchanged"):
        read_speed_tests(source, box=Box(10.0, 50.0, 11.0, 51.0))
    assert len(read_speed_tests(source, box=Box(50.0, 10.0, 51.0, 11.0))[0]) == 2


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("readers/ookla_puertorico_mobile_2022Q3.geojson", 7222),
        ("readers/ookla_turkey_mobile_2025Q4.parquet", 53339),
        ("vn-northwest/speedtests_fixed.csv", 8488),
        ("fr-lot/speedtests_fixed.csv", 1541),
        ("au-capital/speedtests_fixed.csv", 2431),
    ],
)
def test_every_real_file_of_tiles_reads_whole(real: Path, name: str, rows: int) -> None:
    frame, findings = read_speed_tests(SpeedTestSource(path=real / name, network="mobile"))
    assert len(frame) == rows
    assert frame["download_mbps"].notna().all()
    assert findings == []
    MEASUREMENTS.check(complete(frame))
