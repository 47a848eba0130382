"""What few devices did is used and not told; terms of licences travel and are flagged."""

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point
from worlds import CRS_METRIC, X0, Y0

import lomsong as ls
from lomsong.inputs import Inputs
from lomsong.measurements import count_tests
from lomsong.sources.licences import WELL_KNOWN, flag_terms
from lomsong.sources.privacy import drop_identities
from lomsong.sources.witnesses import complete


def made_tests(
    count: int, *, devices: float = np.nan, published: bool = False, kind: str = "speed"
) -> gpd.GeoDataFrame:
    table = pd.DataFrame(
        {"measurement_id": [f"{kind}{published}{i}" for i in range(count)], "network": "mobile", "kind": kind,
         "download_mbps": 20.0, "tests": 1.0, "devices": devices, "published": published}
    )  # fmt: skip
    points = [Point(X0 + 5000 + i, Y0 + 5000) for i in range(count)]
    return complete(gpd.GeoDataFrame(table.astype({"published": "boolean"}), geometry=points, crs=CRS_METRIC))


def verdict(world: Callable[..., Inputs], tests: gpd.GeoDataFrame) -> pd.Series:
    inputs = world({"v": (5, 5)}, {"m": (6, 5)}, tests=tests)
    return ls.assess(ls.predict(inputs), inputs).iloc[0]


def test_a_count_of_few_is_shown_as_less_than_five_and_its_speed_not_at_all(
    world: Callable[..., Inputs],
) -> None:
    row = verdict(world, made_tests(4).assign(download_mbps=60.0))
    assert row["mobile_tests_shown"] == "<5"
    assert pd.isna(row["mobile_tests"])
    assert pd.isna(row["download_mbps"])
    assert "<5 mobile tests within" in row["reasons"]
    assert row["evidence"] == "both"  # used all the same
    assert row["status"] == "served"


@pytest.mark.parametrize(
    "tests",
    [made_tests(5), made_tests(4, published=True), made_tests(1, devices=7.0)],
    ids=["enough tests", "published", "enough devices"],
)
def test_counts_of_enough_devices_and_published_ones_are_told(
    world: Callable[..., Inputs], tests: gpd.GeoDataFrame
) -> None:
    row = verdict(world, tests)
    assert row["mobile_tests"] == len(tests)
    assert row["mobile_tests_shown"] == str(len(tests))
    assert row["download_mbps"] == pytest.approx(20)


def test_ten_tests_of_one_device_are_few(world: Callable[..., Inputs]) -> None:
    assert verdict(world, made_tests(1, devices=1.0).assign(tests=10.0))["mobile_tests_shown"] == "<5"


def test_few_private_tests_beside_published_ones_cannot_be_told_by_subtraction() -> None:
    tiles = pd.concat([made_tests(9, published=True), made_tests(2)], ignore_index=True)
    zero = np.zeros(11, dtype=np.int64)
    assert count_tests(tiles, np.arange(11), zero, 1).shown(5) == ["9 + <5"]


def test_samples_and_reports_are_no_speed_tests(world: Callable[..., Inputs]) -> None:
    row = verdict(
        world, pd.concat([made_tests(9, kind="signal"), made_tests(9, kind="no_service")], ignore_index=True)
    )
    assert row["mobile_tests_shown"] == "0"
    assert pd.isna(row["download_mbps"])


@pytest.mark.parametrize(
    "name",
    ["IMSI", "imei_sv", "Device ID", "device_id", "deviceId", "client.IP", "client_ip", "ip_address", "Phone number", "Số điện thoại",
     "MSISDN", "mac_address", "BSSID", "user-id", "Họ và tên", "email", "advertising_id", "a.UUID"],
)  # fmt: skip
def test_identities_go_by_name(name: str) -> None:
    frame, findings = drop_identities(pd.DataFrame({name: ["x"], "lat": [1]}), layer="t")
    assert list(frame) == ["lat"]
    assert findings[0].rows == (name,)


@pytest.mark.parametrize(
    "cell",
    [
        "452040123456789",
        "192.168.1.7",
        "2001:db8::8a2e:370:7334",
        "00:1B:44:11:3A:B7",
        "a@b.vn",
        "550e8400-e29b-41d4-a716-446655440000",
    ],
)
def test_identities_go_by_what_they_look_like(cell: str) -> None:
    frame, findings = drop_identities(
        pd.DataFrame({"field7": [cell, cell, ""], "lat": ["1", "2", "3"]}), layer="t"
    )
    assert list(frame) == ["lat"]
    assert cell not in findings[0].message


@pytest.mark.parametrize(
    ("name", "cell"),
    [("devices", 3), ("quadkey", "311230213120230"), ("site_id", "HG-002"), ("description", "x"), ("cell", "179290882"), ("tests", 1),
     ("time", "10:20:30"), ("operator", "X"), ("tip", "x"), ("hotel", "x"), ("structure", 3.0)],
)  # fmt: skip
def test_what_a_run_needs_stays(name: str, cell: object) -> None:
    assert drop_identities(pd.DataFrame({name: [cell]}), layer="t")[1] == []


@pytest.mark.parametrize(
    ("licence", "words"),
    [
        ("CC BY-NC-SA 4.0", ["non-commercial", "share-alike"]),
        ("CC-BY-SA", ["share-alike"]),
        ("ODbL", ["share-alike"]),
        ("Open Database License 1.0", ["share-alike"]),
        ("noncommercial use only", ["non-commercial"]),
        ("CC BY 4.0", []),
        ("Licence Ouverte", []),
        ("NCSA", []),
        ("", []),
    ],
)
def test_terms_that_bind_are_flagged(licence: str, words: list[str]) -> None:
    findings = flag_terms([("f.csv", licence)])
    assert [finding.message.split(" terms")[0] for finding in findings] == words


def test_every_well_known_licence_has_a_source() -> None:
    assert all(each.source and each.licence and each.attribution for each in WELL_KNOWN.values())


def test_a_layout_brings_its_terms_where_the_settings_name_none() -> None:
    demo = Path(__file__).parents[1] / "data" / "demo"
    settings = ls.load_settings(demo / "district.yml")
    masts = tuple(
        source.model_copy(update={"attribution": "", "licence": ""}) for source in settings.inputs.masts
    )
    bare = settings.model_copy(update={"inputs": settings.inputs.model_copy(update={"masts": masts})})
    inputs = ls.read(bare)
    by_path = {record.path: record for record in inputs.records}
    assert by_path["cells_opencellid.csv"].licence == WELL_KNOWN["opencellid"].licence
    assert by_path["sites_vien_thong_may.csv"].licence == ""
    messages = [finding.message for finding in inputs.findings if finding.layer == "licence"]
    assert any("share-alike" in message for message in messages)
