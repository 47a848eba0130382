"""BAKOM's lists of Swiss antenna sites, with the columns and words of the published files and made-up stations."""

import json
from pathlib import Path

import geopandas as gpd
import pytest

from lomsong.errors import TableError
from lomsong.findings import Finding
from lomsong.settings import MastSource
from lomsong.sources.masts import read_masts


def collection(path: Path, rows: list[tuple[tuple[float, float], dict[str, object]]]) -> Path:
    features = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": place}, "properties": properties}
        for place, properties in rows
    ]
    crs = {"type": "name", "properties": {"name": "EPSG:2056"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))
    return path


def station(
    name: str, techno: str, power: str, typ: str = "Outdoor > 6 Werp", **words: str
) -> dict[str, object]:
    return {
        "station": name, "typ_en": typ, "power_en": f"Power class : {power}", "techno_en": f"Technology {techno}", "adaptiv_en": "",
        "bewilligung_en": "Site data sheet 2022-07-14", "agw_en": "Installation limit value 5.0 V/m", "koord": "2600000,1200000", **words,
    }  # fmt: skip


STATIONS = [
    ((2_600_000, 1_200_000), station("Swisscom AAAA", "3G,4G,5G", "medium (up to 5'000 W)")),
    ((2_600_000, 1_200_000), station("Salt BB_01", "4G", "low (up to 500 W)")),
    ((2_610_000, 1_200_000), station("Sunrise CC1-1", "4G,5G", "high (over 5'000 W)")),
    ((2_610_000, 1_210_000), station("Sunrise DD2-2", "4G", "very low (up to 6 W)", "Indoor ≤ 6 Werp")),
    ((2_610_000, 1_220_000), station("SBB EE-EE-01", "2G", "low (up to 500 W)")),
    ((2_610_000, 1_230_000), station("VOD-123456", "2G", "")),
]


def told(findings: list[Finding], part: str) -> Finding:
    return next(each for each in findings if part in each.message)


def test_stations_become_carriers_with_the_power_of_their_class(tmp_path: Path) -> None:
    frame, findings = read_masts(MastSource(path=collection(tmp_path / "sites.json", STATIONS)))
    rows = frame.set_index("sector_id")
    assert rows.index.tolist() == [
        "Swisscom AAAA 3G", "Swisscom AAAA 4G", "Swisscom AAAA 5G", "Salt BB_01 4G", "Sunrise CC1-1 4G", "Sunrise CC1-1 5G", "VOD-123456 2G",
    ]  # fmt: skip
    assert rows["technology"].tolist() == ["3g", "4g", "5g", "4g", "4g", "5g", "2g"]
    assert rows["operator"].tolist() == [*["Swisscom"] * 3, "Salt", *["Sunrise"] * 2, "unknown"]
    # 1581 W lies in the middle of 500 to 5000 W: 62.0 dBm, 64.1 dBm against an isotropic antenna, a third of it each
    assert rows.loc["Swisscom AAAA 3G", "eirp_dbm"] == pytest.approx(64.14 - 4.77, abs=0.06)
    assert rows.loc["Salt BB_01 4G", "eirp_dbm"] == pytest.approx(47.4 + 2.15, abs=0.11)
    assert rows.loc["Sunrise CC1-1 5G", "eirp_dbm"] == pytest.approx(70.0 + 2.15 - 3.0, abs=0.11)
    # ten decibels spread evenly are 2.9 of one standard deviation, twenty 5.5
    assert rows.loc["Swisscom AAAA 4G", "eirp_sigma_db"] == pytest.approx((2.89**2 + 3**2) ** 0.5, abs=0.11)
    assert rows.loc["Salt BB_01 4G", "eirp_sigma_db"] == pytest.approx((5.54**2 + 3**2) ** 0.5, abs=0.11)
    assert rows["eirp_dbm"].isna().tolist() == [False] * 6 + [True]
    assert rows.to_crs(4326).geometry.y["Swisscom AAAA 3G"] == pytest.approx(46.951, abs=1e-3)
    assert told(findings, "inside a house or tunnel").rows == ("Sunrise DD2-2",)
    assert told(findings, "the railway's").rows == ("SBB EE-EE-01",)
    assert told(findings, "radiated power of 3 stations").severity == "assumption"
    assert told(findings, "without an operator").count == 1


def test_the_words_are_read_in_german_and_french(tmp_path: Path) -> None:
    rows = []
    for language, technology, powers in (
        ("de", "Technologie", ("sehr klein", "klein", "mittel", "gross")),
        ("fr", "Technologie", ("très faible", "faible", "moyenne", "forte")),
    ):
        for number, power in enumerate(powers):
            name = f"Salt {language}{number}"
            words = {"station": name, f"techno_{language}": f"{technology} 4G", f"power_{language}": power}
            rows.append(((2_600_000.0 + 100 * len(rows), 1_200_000.0), words))
    for rows_of_one in (rows[:4], rows[4:]):
        frame, _ = read_masts(MastSource(path=collection(tmp_path / "sites.json", rows_of_one)))
        assert frame["eirp_dbm"].tolist() == sorted(frame["eirp_dbm"])
        assert frame["eirp_dbm"].nunique() == 4


@pytest.mark.parametrize("ending", ["json", "gpkg"])
def test_a_list_of_one_technology_is_one_network_unless_told_whose(tmp_path: Path, ending: str) -> None:
    powers = ("Sehr Klein", "Klein", "Mittel", "Gross")
    rows = [
        ((2_600_000.0 + 1000 * number, 1_200_000.0), {"lang": "de", "id": number, "powercode_de": power})
        for number, power in enumerate(powers)
    ]
    path = collection(tmp_path / "ch.bakom.mobil-antennenstandorte-lte_de.json", rows)
    if ending == "gpkg":
        gpd.read_file(path).to_file(path.with_suffix(".gpkg"))
        path = path.with_suffix(".gpkg")
    frame, findings = read_masts(MastSource(path=path))
    assert frame["technology"].tolist() == ["4g"] * 4
    assert set(frame["operator"]) == {"unknown"}
    # 1 to 10 W: 3.16 W, 35 dBm; each class is ten times the one before
    assert frame["eirp_dbm"].tolist() == pytest.approx([37.1, 47.1, 57.1, 67.1], abs=0.11)
    assert told(findings, "operator of 4 masts is not in the list").severity == "assumption"
    named, _ = read_masts(MastSource(path=path, operator="Salt", technology="3g"))
    assert set(named["operator"]) == {"Salt"}
    assert set(named["technology"]) == {"3g"}
    other = path.rename(tmp_path / f"sites.{ending}")
    with pytest.raises(TableError, match="technology"):
        read_masts(MastSource(path=other))
