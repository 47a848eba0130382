"""The files people open: workbook, GeoPackage, GeoJSON, CSV; typed, dressed, and inert whatever a village is called."""

import csv
import hashlib
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from map_attacks import ATTACKS

from lomsong.maps.static_map import _LOOKS
from lomsong.report.csv_files import Dress, dress_csv, guard, read_service, unguard, write_csv
from lomsong.report.qgis_style import LOOKS
from lomsong.report.summary import dictionary, summarise
from lomsong.report.tables import write_villages
from lomsong.report.workbook import MOST_LETTERS, Sheet, save_workbook
from lomsong.schemas import CONNECTIONS, STATUSES, VILLAGES

FORMULAS = [
    '=HYPERLINK("https://example.invalid","x")', "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "'=1", "＝1+1", "#REF!", "#N/A",
    "=cmd|' /C calc'!A0", "TRUE", "1e5", "0012", "2024-01-01", "_x003D_1", "{=1}", "%0A=1",
]  # fmt: skip
#: Lone surrogates are in no file: they are not UTF-8, and pandas holds none.
NAMES = [name for name in (*FORMULAS, *ATTACKS) if name.encode("utf-8", "replace").decode() == name]
#: A C string, as GDAL's, ends at a zero byte; such names come from memory only.
GDAL_NAMES = [name for name in NAMES if "\x00" not in name]


def village_frame(names: list[str]) -> gpd.GeoDataFrame:
    count = len(names)
    rng = np.random.Generator(np.random.PCG64(7))
    statuses = [STATUSES[i % len(STATUSES)] for i in range(count)]
    table = pd.DataFrame(
        {
            "village_id": [f"{i:05d}" for i in range(count)],
            "village_name": names,
            "commune_name": [f"Xã {i % 3}" for i in range(count)],
            "province_name": "Tỉnh Một",
            "households": 20.0,
            "people": rng.integers(50, 500, count).astype(float),
            "grid_power": pd.array([[True, False, None][i % 3] for i in range(count)], dtype="boolean"),
            "fund_eligible": pd.array([bool(i % 2) for i in range(count)], dtype="boolean"),
            "status": statuses,
            "connection": [CONNECTIONS[i % len(CONNECTIONS)] for i in range(count)],
            "unserved_people": 10.0,
            "unready_people": 12.0,
            "p_signal": 0.25,
            "rank": np.arange(1, count + 1),
            "need": 50.0,
            "reasons": names,
        }
    )
    squares = [shapely.box(104 + 0.01 * (i % 50), 22 + 0.01 * (i // 50), 104.009 + 0.01 * (i % 50), 22.009 + 0.01 * (i // 50)) for i in range(count)]  # fmt: skip
    return gpd.GeoDataFrame(table, geometry=squares, crs=4326).to_crs(32648)


def texts(path: Path, sheet: str) -> tuple[list[str], list[list[object]]]:
    rows = list(openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True))
    return [str(cell) for cell in rows[0]], [list(row) for row in rows[1:]]


def test_every_hostile_name_stays_text_in_the_workbook(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    save_workbook(
        path, [Sheet("villages", pd.DataFrame({"=1+1": NAMES, "number": 1.5}))], about=[("=a", "=1")]
    )
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    kept = [row[0] for row in book["villages"].iter_rows(min_row=2)]
    assert len(kept) == len(NAMES)
    for name, cell in zip(NAMES, kept, strict=True):
        if name.lstrip().startswith(("=", "+", "-", "@")):
            assert cell.style_id
            assert cell.quotePrefix
        if name.isprintable() and len(name) < MOST_LETTERS and "_x" not in name and cell.value is not None:
            assert cell.value == name
    with zipfile.ZipFile(path) as parts:
        xml = b"".join(parts.read(name) for name in parts.namelist() if "sheet" in name)
    assert b"<f>" not in xml
    assert b"<hyperlink" not in xml


def test_letters_that_no_workbook_holds_are_cleaned_and_counted(tmp_path: Path) -> None:
    names = ["a\x00b", "c\x1b[31m", "right\u202eleft", "x" * 40_000, "plain"]
    findings = save_workbook(tmp_path / "b.xlsx", [Sheet("s", pd.DataFrame({"name": names}))], about=[])
    assert sorted(each.count for each in findings) == [1, 3]
    _, rows = texts(tmp_path / "b.xlsx", "s")
    assert [row[0] for row in rows[:3]] == ["ab", "c[31m", "rightleft"]
    assert len(str(rows[3][0])) == MOST_LETTERS
    _, notes = texts(tmp_path / "b.xlsx", "changes")
    assert len(notes) == 2


def test_columns_are_typed_filtered_and_explained(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "village_id": ["007", "008"],
            "population": [12.5, np.nan],
            "grid_power": pd.array([True, None], dtype="boolean"),
            "rank": [1, 2],
            "odd": [np.inf, 1.0],
        }
    )
    path = tmp_path / "b.xlsx"
    save_workbook(path, [Sheet("villages", frame, VILLAGES.columns)], about=[], warning="Synthetic data: R&D")
    book = openpyxl.load_workbook(path)
    sheet = book["villages"]
    assert [cell.value for cell in sheet[2]] == ["007", 12.5, True, 1, None]
    assert [cell.data_type for cell in sheet[2]] == ["s", "n", "b", "n", "n"]
    assert [cell.value for cell in sheet[3]] == ["008", None, None, 2, 1]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:E3"
    assert sheet.column_dimensions["A"].width >= len("village_id")
    assert book["about"]["A1"].value == "Synthetic data: R&D"
    _, words = texts(path, "data dictionary")
    assert ["villages", "population", "number", "persons"] in [row[:4] for row in words]


def test_the_same_tables_give_the_same_workbook(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        save_workbook(tmp_path / name, [Sheet("s", pd.DataFrame({"x": NAMES}))], about=[("k", "v")])
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_the_geopackage_brings_its_style_and_its_flags(tmp_path: Path) -> None:
    frame = village_frame(GDAL_NAMES[:40])
    write_villages(frame, tmp_path, synthetic=True)
    path = tmp_path / "villages.gpkg"
    assert {str(row[0]) for row in pyogrio.list_layers(path)} == {"villages", "layer_styles"}
    read = pyogrio.read_dataframe(path, layer="villages", use_arrow=False)
    assert read["village_name"].tolist() == frame["village_name"].tolist()
    assert read["grid_power"].isna().tolist() == frame["grid_power"].isna().tolist()
    styles = pyogrio.read_dataframe(path, layer="layer_styles")
    assert styles[["f_table_name", "f_geometry_column", "f_table_schema"]].iloc[0].tolist() == [
        "villages",
        "geom",
        "",
    ]
    assert bool(styles["useAsDefault"].iloc[0])
    qml = ET.fromstring(styles["styleQML"].iloc[0].split("\n", 1)[1])  # noqa: S314 - written by us
    values = [each.get("value") for each in qml.iter("category")]
    assert values == list(STATUSES)
    symbols = {each.get("name"): each for each in qml.iter("symbol")}
    for each in qml.iter("category"):
        fill = LOOKS[str(each.get("value"))][0]
        wanted = ",".join(str(int(fill[i : i + 2], 16)) for i in (1, 3, 5)) + ",255"
        options = symbols[each.get("symbol")].find("layer").iter("Option")  # type: ignore[union-attr]
        assert wanted in [option.get("value") for option in options]
    sld = ET.fromstring(styles["styleSLD"].iloc[0])  # noqa: S314 - written by us
    assert len(list(sld.iter("{http://www.opengis.net/sld}Rule"))) == len(STATUSES)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert "Synthetic" in database.execute("SELECT description FROM layer_styles").fetchone()[0]


def test_the_style_has_the_colours_of_the_map() -> None:
    assert {status: look[:2] for status, look in LOOKS.items()} == {s: look[:2] for s, look in _LOOKS.items()}
    assert len({look[2] for look in LOOKS.values()}) == len(LOOKS)


def test_the_geojson_keeps_to_its_standard(tmp_path: Path) -> None:
    frame = village_frame(GDAL_NAMES)
    # an outer ring the wrong way round, with a hole
    crooked = shapely.Polygon(
        [(104.5, 22.5), (104.5, 22.6), (104.6, 22.6), (104.6, 22.5)],
        [[(104.52, 22.52), (104.54, 22.52), (104.54, 22.54), (104.52, 22.54)]],
    )
    frame.loc[0, "geometry"] = gpd.GeoSeries([crooked], crs=4326).to_crs(frame.crs).iloc[0]
    write_villages(frame, tmp_path, synthetic=True)
    content = json.loads((tmp_path / "villages.geojson").read_text(encoding="utf-8"))
    assert "crs" not in content
    assert "Synthetic" in content["description"]
    features = content["features"]
    assert [each["properties"]["village_name"] for each in features] == GDAL_NAMES
    assert {each["properties"]["grid_power"] for each in features} == {True, False, None}
    for each in features:
        rings = shapely.geometry.shape(each["geometry"])
        assert shapely.LinearRing(rings.exterior.coords).is_ccw
        assert all(not shapely.LinearRing(hole.coords).is_ccw for hole in rings.interiors)
        coordinates = np.array(rings.exterior.coords)
        assert np.array_equal(coordinates, coordinates.round(6))
        assert (np.abs(coordinates[:, 0] - 104.4) < 1).all()


def test_a_csv_gives_back_every_name_to_the_letter(tmp_path: Path) -> None:
    table = pd.DataFrame({"village_id": NAMES, "people": 1.5})
    write_csv(table, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as lines:
        csv.field_size_limit(1_000_000)
        assert [row["village_id"] for row in csv.DictReader(lines)] == NAMES
    read = pd.read_csv(tmp_path / "t.csv", dtype={"village_id": str}, keep_default_na=False)
    assert read["village_id"].tolist() == NAMES


def test_a_csv_for_spreadsheets_is_inert_and_can_be_undone(tmp_path: Path) -> None:
    table = pd.DataFrame({"village_id": NAMES, "operator": "=A", "technology": "4g", "p_centre": -0.5, "covered_share": np.nan})  # fmt: skip
    write_csv(table, tmp_path / "service.csv")
    dress_csv(tmp_path, Dress(bom=True, inert=True))
    content = (tmp_path / "service.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = pd.read_csv(tmp_path / "service.csv", dtype=str, keep_default_na=False)
    begin = rows["village_id"].str.lstrip(" \n").str[:1]
    numbers = pd.to_numeric(rows["village_id"], errors="coerce").notna()
    assert not (begin.isin(list("=+-@\t\r")) & ~numbers).any()
    assert set(rows["p_centre"]) == {"-0.5"}
    back = read_service(tmp_path / "service.csv")
    assert back["village_id"].tolist() == NAMES
    assert set(back["operator"]) == {"=A"}
    assert unguard(guard(pd.Series(["'=1", "''=1", "=1"]))).tolist() == ["'=1", "''=1", "=1"]


def test_a_plain_csv_has_no_mark_and_stays_as_written(tmp_path: Path) -> None:
    write_csv(pd.DataFrame({"name": ["Bản", "=1"]}), tmp_path / "t.csv")
    before = hashlib.sha256((tmp_path / "t.csv").read_bytes()).digest()
    dress_csv(tmp_path, Dress())
    assert hashlib.sha256((tmp_path / "t.csv").read_bytes()).digest() == before
    assert (tmp_path / "t.csv").read_text(encoding="utf-8") == "name\nBản\n=1\n"


@pytest.fixture
def indicators() -> tuple[gpd.GeoDataFrame, pd.DataFrame, pd.DataFrame]:
    frame = village_frame([f"Bản {i}" for i in range(36)])
    frame.loc[[3, 7], "people"] = np.nan
    service = pd.DataFrame(
        {
            "village_id": np.repeat(frame["village_id"].to_numpy(), 2),
            "operator": "any",
            "technology": ["4g", "any"] * len(frame),
            "covered_share": np.tile([0.25, 0.5], len(frame)),
        }
    )
    service.loc[0, "covered_share"] = np.nan
    return frame, service, summarise(frame, service)


def test_the_summary_counts_every_group_of_every_area(
    indicators: tuple[gpd.GeoDataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    """The oracle counts village by village."""
    frame, _, summary = indicators
    for _, row in summary[summary["level"] == "commune by group"].iterrows():
        mine = frame[
            ("Tỉnh Một / " + frame["commune_name"] == row["area"])
            & (frame["status"] == row["status"])
            & (frame["fund_eligible"].map({True: "yes", False: "no"}) == row["fund_eligible"])
            & (frame["grid_power"].astype(object).map({True: "yes", False: "no"}).fillna("unknown") == row["grid_power"])
        ]  # fmt: skip
        assert row["villages"] == len(mine) > 0
        assert row["people"] == pytest.approx(mine["people"].sum())
        assert row["households"] == pytest.approx(20 * len(mine))
    for level in ("all by group", "province by group", "commune by group", "commune", "all"):
        part = summary[summary["level"] == level]
        assert part["villages"].sum() == 36
        assert part["people_unknown"].sum() == 2
        assert part["unready_people"].sum() == pytest.approx(36 * 12)


def test_shares_count_people_where_both_are_known(
    indicators: tuple[gpd.GeoDataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    _, _, summary = indicators
    whole = summary.iloc[0]
    assert whole["covered_share_4g"] == pytest.approx(0.25)
    assert whole["covered_share_any"] == pytest.approx(0.5)
    known = {column.name for column in dictionary() if not column.name.endswith("*")}
    stems = tuple(column.name[:-1] for column in dictionary() if column.name.endswith("*"))
    assert [name for name in summary if name not in known and not name.startswith(stems)] == []
