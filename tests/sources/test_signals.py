"""Drive tests, reports of no service and field checks."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from lomsong.errors import TableError
from lomsong.schemas import MEASUREMENTS
from lomsong.settings import CheckSource, PrivacySettings, ReportSource, SignalSource
from lomsong.sources.signals import read_field_checks, read_no_service, read_signal_samples
from lomsong.sources.witnesses import complete

HEADER = "Timestamp,Longitude,Latitude,Speed,Operatorname,CellID,NetworkMode,RSRP,RSRQ,State\n"


def written(folder: Path, text: str, name: str = "log.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def told(findings: list) -> str:  # type: ignore[type-arg]
    return " | ".join(finding.message for finding in findings)


def test_repeated_positions_become_one_row_with_the_median_level(tmp_path: Path) -> None:
    rows = "".join(
        f"2020.02.13_15.02.0{i},104.5,21.5,0,B,1,LTE,{level},-10,I\n"
        for i, level in enumerate((-90, -100, -95))
    )
    frame, _ = read_signal_samples(SignalSource(path=written(tmp_path, HEADER + rows)))
    assert frame[["level_dbm", "tests", "devices"]].values.tolist() == [[-95, 3, 1]]
    assert frame["level_kind"].tolist() == ["rsrp"]
    assert frame["time"].tolist() == ["2020-02-13"]
    assert not frame["published"].any()
    MEASUREMENTS.check(complete(frame))


def test_sentinels_and_levels_of_another_technology_do_not_count(tmp_path: Path) -> None:
    rows = [
        ("LTE", "-200"), ("LTE", "-"), ("LTE", "2147483647"), ("HSPA+", "-70"), ("EDGE", "-70"), ("LTE", "-99"), ("5G", "-88"),
    ]  # fmt: skip
    text = HEADER + "".join(
        f"2020.02.13_15.02.01,{104.5 + i / 100},21.5,0,B,1,{mode},{level},-,I\n"
        for i, (mode, level) in enumerate(rows)
    )
    frame, findings = read_signal_samples(SignalSource(path=written(tmp_path, text)))
    frame = frame.set_index(frame.geometry.x.round(2)).sort_index()
    assert frame["level_dbm"].dropna().tolist() == [-99, -88]
    assert frame["technology"].tolist() == ["4g", "4g", "4g", "3g", "2g", "4g", "5g"]
    assert set(frame["kind"]) == {"signal"}
    assert "2 rows with a level that no phone reports (-200, 2.14748e+09 dBm)" in told(findings)
    assert "2 rows carry the level of another technology" in told(findings)


def test_the_other_g_nettrack_layout_takes_its_level_by_technology(tmp_path: Path) -> None:
    text = "Timestamp\tLongitude\tLatitude\tOperatorname\tNetworkTech\tNetworkMode\tLevel\n" + "".join(
        f"2020.02.13_15.02.01\t{104 + i}\t21.5\tB\t{tech}\t{mode}\t{level}\n"
        for i, (tech, mode, level) in enumerate(
            [("4G", "LTE", -100), ("3G", "HSPA", -90), ("2G", "EDGE", -80), ("-", "No service", "-")]
        )
    )
    frame, _ = read_signal_samples(SignalSource(path=written(tmp_path, text, "log.txt")))
    frame = frame.set_index(frame.geometry.x.round()).sort_index()
    assert frame["level_kind"].tolist()[:3] == ["rsrp", "rscp", "rxlev"]
    assert frame["level_dbm"].tolist()[:3] == [-100, -90, -80]
    assert frame["kind"].tolist() == ["signal", "signal", "signal", "no_service"]


def test_levels_are_known_by_their_headings_however_these_are_written(tmp_path: Path) -> None:
    text = (
        "time;lat;lon;Operatorname;Operator;nettype;RSRP (dBm);SS-RSRP;RSCP_dBm\n"
        "2023-05-01;21,5;104,5;Viettel;45204;LTE;-95,5;;\n2023-05-01;21,6;104,5;Viettel;45204;5G NSA;;-100;\n"
        "2023-05-01;21,7;104,5;Viettel;45204;UMTS;;;-88\n2023-05-01;21,8;104,5;Viettel;45204;NO_SERVICE;;;\n"
    )
    frame, _ = read_signal_samples(SignalSource(path=written(tmp_path, text)))
    frame = frame.set_index(frame.geometry.y.round(1)).sort_index()
    assert frame["level_dbm"].tolist()[:3] == [-95.5, -100, -88]
    assert frame["kind"].tolist() == ["signal", "signal", "signal", "no_service"]
    assert set(frame["operator"]) == {"Viettel"}


def test_an_hour_that_stands_apart_from_its_date_leaves_the_date(tmp_path: Path) -> None:
    text = "Date,Time,Lat,Lon,Tech,RSRP\n2024-02-01,10:11:12,21.5,104.5,LTE,-95\n2024-02-01,,21.6,104.5,LTE,-97\n"
    frame, findings = read_signal_samples(SignalSource(path=written(tmp_path, text), operator="A"))
    assert frame["time"].tolist() == ["2024-02-01", "2024-02-01"]
    assert not any("no date" in finding.message for finding in findings)


def test_a_log_of_rsrp_alone_says_which_setting_it_lacks(tmp_path: Path) -> None:
    source = SignalSource(path=written(tmp_path, "lat,lon,rsrp\n21.5,104.5,-95\n"))
    frame, findings = read_signal_samples(source)
    assert frame.empty
    assert "set inputs.signal_samples technology" in told(findings)
    frame, _ = read_signal_samples(source.model_copy(update={"technology": "4g"}))
    assert frame["level_dbm"].tolist() == [-95]


def test_any_log_reads_through_a_column_map(tmp_path: Path) -> None:
    text = "a;b;c;d;imsi\n104,5;21,5;-95,5;LTE;452040123456789\n"
    columns = {"longitude_deg": "a", "latitude_deg": "b", "level_dbm": "c", "technology": "d"}
    frame, findings = read_signal_samples(
        SignalSource(path=written(tmp_path, text), columns=columns, operator="Viettel")
    )
    assert frame["level_dbm"].tolist() == [-95.5]
    assert frame["operator"].tolist() == ["Viettel"]
    assert "imsi" in told(findings)


def test_a_level_without_a_technology_is_left_out_unless_the_settings_say_it(tmp_path: Path) -> None:
    path = written(tmp_path, "lon,lat,rsrp,level\n104.5,21.5,,-95\n")
    assert read_signal_samples(SignalSource(path=path))[0].empty
    frame, _ = read_signal_samples(SignalSource(path=path, technology="4g"))
    assert frame["level_dbm"].tolist() == [-95]


def test_reports_of_no_service_keep_a_day_and_a_square(tmp_path: Path) -> None:
    text = "Thời gian,Kinh độ,Vĩ độ,Nhà mạng,IMEI\n2023-05-01 23:59:01,104.50001,21.50001,viettel,356938035643809\n,0,0,viettel,1\n"
    source = ReportSource(path=written(tmp_path, text), operators={"viettel": "Viettel"})
    frame, findings = read_no_service(source, privacy=PrivacySettings(bin_m=200))
    assert frame[["kind", "operator", "time"]].values.tolist() == [["no_service", "Viettel", "2023-05-01"]]
    assert frame.geometry[0].x != 104.50001
    assert "IMEI" in told(findings)
    assert "(0, 0)" in told(findings)


VILLAGES = gpd.GeoDataFrame(
    {
        "village_id": ["001", "002"],
        "centre_longitude_deg": [104.02, np.nan],
        "centre_latitude_deg": [22.02, np.nan],
    },
    geometry=[box(104.0, 22.0, 104.1, 22.1), box(104.2, 22.0, 104.3, 22.1)],
    crs="EPSG:4326",
).to_crs(32648)


def test_a_check_list_is_placed_by_village_or_position(tmp_path: Path) -> None:
    text = (
        "Mã thôn,Ngày,Nhà mạng,Công nghệ,Có sóng,Mức thu (dBm),Ghi chú,Kinh độ,Vĩ độ\n"
        "001,01/11/2023,Viettel,4G,có,-98,nhà ông A,,\n"
        "002,15/11/2023,VNPT,4G,Không có sóng,,,,\n"
        "002,15/11/2023,VNPT,2G,yes,-200,,104.25,22.05\n"
        "999,15/11/2023,VNPT,2G,yes,,,,\n"
        "001,15/11/2023,VNPT,2G,,,,,\n"
    )
    frame, findings = read_field_checks(CheckSource(path=written(tmp_path, text)), villages=VILLAGES)
    assert frame["has_signal"].tolist() == [True, False, True]
    assert frame.geometry[0].x == pytest.approx(104.02)
    assert box(104.2, 22.0, 104.3, 22.1).contains(frame.geometry[1])
    assert (frame.geometry[2].x, frame.geometry[2].y) == pytest.approx((104.25, 22.05))
    assert frame["level_dbm"].tolist()[0] == -98
    assert frame["level_dbm"].isna().tolist() == [False, True, True]
    assert frame["time"].tolist() == ["2023-11-01", "2023-11-15", "2023-11-15"]
    assert "999" in told(findings)
    assert "not filled in" in told(findings)
    assert "nhà ông A" not in frame.to_csv()
    MEASUREMENTS.check(complete(frame))


def test_a_check_list_whose_codes_lost_their_zeros_finds_its_villages(tmp_path: Path) -> None:
    villages = gpd.GeoDataFrame(
        {"village_id": ["0012"]}, geometry=[box(104, 21, 104.2, 21.2)], crs="EPSG:4326"
    )
    path = written(tmp_path, "Mã thôn,Kết quả\n12,không\n")
    frame, findings = read_field_checks(CheckSource(path=path), villages=villages)
    assert frame["has_signal"].tolist() == [False]
    assert "had lost leading zeros; put back" in told(findings)


def test_a_check_list_without_its_answer_or_place_says_what_to_map(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="'has_signal' is missing"):
        read_field_checks(CheckSource(path=written(tmp_path, "Mã thôn,x\n001,1\n")), villages=VILLAGES)
    with pytest.raises(TableError, match="'village_id' is missing"):
        read_field_checks(CheckSource(path=written(tmp_path, "x,Có sóng\n001,có\n")), villages=VILLAGES)


@pytest.mark.real
def test_the_real_drive_test_shrinks_to_squares_without_rsrp_on_3g(real: Path) -> None:
    frame, findings = read_signal_samples(SignalSource(path=real / "readers" / "gnettrack_drive_test.csv"))
    raw = pd.read_csv(real / "readers" / "gnettrack_drive_test.csv")
    assert frame["tests"].sum() == len(raw)
    assert len(frame) < len(raw) / 5
    assert frame.loc[frame["technology"] == "3g", "level_dbm"].isna().all()
    assert "602 rows carry the level of another technology" in told(findings)
