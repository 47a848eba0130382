"""Old and new administrative codes: whole and split units, several names, spoilt codes; nothing is guessed."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box

from lomsong.admin_codes import CodeMapping, build_mapping
from lomsong.admin_names import bare_key, match_names
from lomsong.code_repair import mend_codes
from lomsong.errors import TableError
from lomsong.settings import LayerSource
from lomsong.sources.code_mapping import read_code_mapping
from lomsong.village_codes import complete_codes

ROWS = [
    # old, new, kind, share, old name, new name
    ("00691", "00700", "whole", None, "Xã Thượng Sơn", "Xã Cao Bồ"),
    ("00694", "00700", "whole", None, "Xã Cao Bồ", "Xã Cao Bồ"),
    ("00697", "00701", "split", 0.7, "Xã Đạo Đức|Xã Đức", "Xã Vị Xuyên"),
    ("00697", "00702", "split", 0.3, "Xã Đạo Đức|Xã Đức", "Phường Hà Giang 1"),
    ("00703", "00702", "whole", None, "Thị trấn Việt Lâm", "Phường Hà Giang 1"),
    ("01234", "01234", "whole", None, "Phường Việt Lâm", "Xã Khác"),
]


def mapping(rows: list[tuple[object, ...]] = ROWS) -> CodeMapping:
    table = pd.DataFrame(rows, columns=["old_code", "new_code", "kind", "share", "old_name", "new_name"])
    return build_mapping(table.assign(share=table["share"].astype("float64"), date="2025-07-01"))


def text(*cells: object) -> "pd.Series[str]":
    return pd.Series(cells, dtype="string")


# --- codes --------------------------------------------------------------------------------------------------------


def test_a_whole_unit_has_one_heir_and_a_split_one_all_with_their_shares() -> None:
    pairs, findings = mapping().translate(text("00694", "00697", None, "99999", "00697"), to="new")
    assert pairs["row"].tolist() == [0, 1, 1, 4, 4]
    assert pairs["other"].tolist() == ["00700", "00701", "00702", "00701", "00702"]
    assert pairs["share"].tolist()[1:] == [0.7, 0.3, 0.7, 0.3]
    assert pairs["alone"].tolist() == [True, False, False, False, False]
    unknown, split = findings
    assert unknown.rows == ("99999",)
    assert split.rows == ("00697",)


def test_a_new_unit_names_all_it_was_made_of() -> None:
    pairs, findings = mapping().translate(text("00700", "00701"), to="old")
    assert pairs["other"].tolist() == ["00691", "00694", "00697"]
    assert pairs["alone"].tolist() == [False, False, True]
    assert "made of several" in findings[0].message


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ([*ROWS, ROWS[0]], "the same pair stands twice: 00691"),
        ([("1", "2", "whole", None, "", ""), ("1", "3", "whole", None, "", "")], "'whole' with several"),
        ([("1", "2", "split", None, "", "")], "'split' with one new code: 1"),
        ([("1", "2", "split", None, "", ""), ("1", "3", "whole", None, "", "")], "both 'whole' and 'split'"),
        ([("1", "2", "split", 0.7, "", ""), ("1", "3", "split", 0.7, "", "")], "do not add up to one: 1"),
        ([("1", "2", "moved", None, "", "")], "'kind' is not one of whole, split"),
        ([(None, "2", "whole", None, "", "")], "'old_code' has no value"),
    ],
)
def test_a_mapping_that_does_not_hold_together_is_refused(rows: list[tuple[object, ...]], what: str) -> None:
    with pytest.raises(TableError, match=what):
        mapping(rows)


def test_shares_that_are_only_partly_known_stay_unknown() -> None:
    rows = [("1", "2", "split", 0.7, "", ""), ("1", "3", "split", None, "", "")]
    pairs, _ = mapping(rows).translate(text("1"), to="new")
    assert pairs["share"].isna().tolist() == [False, True]


# --- names --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Xã Thượng Sơn", "00691"),
        ("thuong son", "00691"),
        ("THƯỢNG SƠN", "00691"),
        ("Thuong Son Commune", "00691"),
        ("Đạo Đức", "00697"),
        ("Xa Duc", "00697"),
        ("Phường Việt Lâm", "01234"),
        ("TT. Việt Lâm", "00703"),
        ("Nowhere|Cao Bo", "00694"),
    ],
)
def test_a_unit_is_found_by_any_of_its_names(name: str, code: str) -> None:
    found, findings = match_names(text(name), mapping(), system="old")
    if name.startswith("TT."):
        # the short form of the kind is not the long one, and the bare name fits two
        assert found.isna().all()
        assert "fit several" in findings[0].message
    else:
        assert found.tolist() == [code]
        assert findings == []


def test_a_name_that_fits_none_or_two_is_listed_and_left_open() -> None:
    found, findings = match_names(text("Việt Lâm", "Mường Thanh", None), mapping(), system="old")
    assert found.isna().all()
    assert [finding.rows for finding in findings] == [("Mường Thanh",), ("Việt Lâm",)]


def test_the_unit_above_tells_two_of_one_name_apart() -> None:
    table = pd.DataFrame(
        {"old_code": ["1", "2"], "new_code": ["8", "9"], "kind": "whole", "old_name": "Xã Tân Lập", "new_name": "x", "old_parent": ["Tỉnh Hà Giang", "Tỉnh Yên Bái"]}
    )  # fmt: skip
    both = build_mapping(table)
    names = text("Tân Lập", "Tân Lập", "Tân Lập")
    found, _ = match_names(names, both, system="old", parents=text("Yen Bai", "Tỉnh Hà Giang", "Sơn La"))
    assert found.tolist() == ["2", "1", pd.NA]


@pytest.mark.parametrize(
    ("name", "key"), [("Xã", "xa"), ("Xaclet", "xaclet"), ("Xã Xá", "xa"), ("Quận 1", "1"), ("", "")]
)
def test_the_kind_of_unit_is_only_taken_off_a_whole_word(name: str, key: str) -> None:
    assert bare_key(name) == key


# --- spoilt codes -------------------------------------------------------------------------------------------------


def test_decimal_points_are_taken_off_and_counted() -> None:
    mended, findings = mend_codes(text("1234.0", "1235", None), layer="villages", column="village_id")
    assert mended.tolist() == ["1234", "1235", pd.NA]
    assert "had become decimal numbers" in findings[0].message


def test_nothing_is_mended_where_two_codes_would_become_one() -> None:
    mended, findings = mend_codes(text("1234.0", "1234"), layer="villages", column="village_id")
    assert mended.tolist() == ["1234.0", "1234"]
    assert findings == []


def test_zeros_come_back_only_where_the_padded_code_is_known() -> None:
    known = pd.Index(["01234", "12345", "567"])
    mended, findings = mend_codes(text("1234", "12345", "999", "567"), known, layer="v", column="c")
    assert mended.tolist() == ["01234", "12345", "999", "567"]
    assert findings[0].rows == ("1234",)


def test_codes_a_digit_short_are_counted_but_running_numbers_are_not() -> None:
    mended, findings = mend_codes(text("1101", "46268", "97418"), layer="v", column="c")
    assert mended.tolist() == ["1101", "46268", "97418"]
    assert findings[0].rows == ("1101",)
    running = pd.Series([str(number) for number in range(9_990, 10_010)], dtype="string")
    assert mend_codes(running, layer="v", column="c")[1] == []
    assert mend_codes(text("01101", "46268"), layer="v", column="c")[1] == []


def test_scientific_numbers_are_said_and_left() -> None:
    mended, findings = mend_codes(text("1.23457E+11", "7"), layer="v", column="c")
    assert mended.tolist() == ["1.23457E+11", "7"]
    assert "scientific" in findings[0].message


# --- villages -----------------------------------------------------------------------------------------------------


def villages(**columns: list[object]) -> gpd.GeoDataFrame:
    rows = len(next(iter(columns.values())))
    table = pd.DataFrame({name: pd.Series(cells, dtype="string") for name, cells in columns.items()})
    table.insert(0, "village_id", [f"v{row}" for row in range(rows)])
    return gpd.GeoDataFrame(
        table, geometry=[box(row, 0, row + 1, 1) for row in range(rows)], crs="EPSG:32648"
    )


def test_each_system_is_filled_from_the_other_where_one_answer_is_left() -> None:
    table = villages(
        commune_code=[None, None, "00701", "00700", "77"],
        commune_code_old=["00694", "00697", None, None, None],
    )
    filled, findings = complete_codes(table, mapping())
    assert filled["commune_code"].tolist() == ["00700", pd.NA, "00701", "00700", "77"]
    assert filled["commune_code_old"].tolist() == ["00694", "00697", "00697", pd.NA, pd.NA]
    assert filled["commune_name_old"].tolist()[0] == "Xã Cao Bồ"
    messages = " ".join(finding.message for finding in findings)
    assert "1 unit split among several new ones; none is chosen (00697)" in messages
    assert "unknown to the code mapping (77)" in messages
    assert table["commune_code"].isna().sum() == 2


def test_two_codes_that_the_mapping_does_not_join_are_named() -> None:
    _, findings = complete_codes(villages(commune_code=["00700"], commune_code_old=["00703"]), mapping())
    assert "does not join: v0" in findings[0].message


def test_codes_of_another_kind_are_joined_by_name() -> None:
    table = villages(commune_code=["A", "B"], commune_name=["Vị Xuyên", "xã cao bồ"])
    filled, findings = complete_codes(table, mapping())
    assert filled["commune_code"].tolist() == ["A", "B"]
    assert filled["commune_code_old"].tolist() == ["00697", pd.NA]
    assert any("joined to the code mapping by the name" in finding.message for finding in findings)


# --- files --------------------------------------------------------------------------------------------------------

KEYS = (
    "new_province_key,new_ward_key,old_province_key,old_district_key,old_ward_key,kind,is_default\n"
    "tinhp,phuongan,tinhp,huyenh,xaan,whole,True\ntinhp,phuongan,tinhp,huyenh,xabe,split,True\n"
    "tinhp,xace,tinhp,huyenh,xabe,split,False\n"
)


def test_the_layout_of_keys_is_known_and_its_default_heir_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(KEYS)
    found, _ = read_code_mapping(LayerSource(path=tmp_path / "m.csv"))
    pairs, _ = found.translate(text("tinhp/huyenh/xabe"), to="new")
    assert pairs["other"].tolist() == ["tinhp/phuongan", "tinhp/xace"]
    assert not pairs["alone"].any()
    codes, _ = match_names(text("Phường Ân", "Ân"), found, system="new", parents=text("Tỉnh P", "P"))
    assert codes.tolist() == ["tinhp/phuongan", "tinhp/phuongan"]


def test_any_table_becomes_a_mapping_through_its_columns(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("cu;moi;loai\n001;009;Whole\n", encoding="utf-8")
    source = LayerSource(
        path=tmp_path / "m.csv", columns={"old_code": "cu", "new_code": "moi", "kind": "loai"}
    )
    assert read_code_mapping(source)[0].codes("old") == ["001"]
    with pytest.raises(TableError, match="'kind' is missing"):
        read_code_mapping(source.model_copy(update={"columns": {"old_code": "cu", "new_code": "moi"}}))


@pytest.mark.real
def test_the_real_mapping_has_1240_whole_and_5_split_communes_and_fits_all_names(real: Path) -> None:
    found, findings = read_code_mapping(LayerSource(path=real / "vn-northwest" / "communes_old_to_new.csv"))
    assert findings == []
    assert found.table["kind"].value_counts().to_dict() == {"whole": 1240, "split": 10}
    assert len(found.codes("old")) == 1245
    folder = real / "vn-northwest" / "communes_2025.gpkg"
    communes = gpd.read_file(folder, layer="communes")
    provinces = gpd.read_file(folder, layer="provinces").set_index("code")["name"]
    above = communes["province_code"].map(provinces)
    codes, lost = match_names(communes["fullName"], found, system="new", parents=above)
    assert lost == []
    assert set(codes) == set(found.codes("new"))
    short, _ = match_names(communes["nameEn"], found, system="new", parents=above)
    wrong = short.notna() & (short != codes)
    assert not wrong.any()
    assert short.notna().mean() > 0.98
