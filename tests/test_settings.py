"""Settings: strict, sourced, and clear about what is wrong."""

from pathlib import Path

import pytest

from lomsong.errors import MissingSourceError, SettingsError
from lomsong.settings import CARRIERS
from lomsong.settings_file import load_settings, parse_settings
from lomsong.settings_reference import describe_settings

NEEDED = "inputs:\n  villages: {path: v.gpkg}\n  masts: [{path: m.csv}]\n  terrain: {path: t.tif}\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "settings.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_paths_are_relative_to_the_settings_file(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, "name: x\n" + NEEDED))
    assert settings.inputs.villages.path == tmp_path / "v.gpkg"
    assert settings.inputs.masts[0].path == tmp_path / "m.csv"


@pytest.mark.parametrize(
    ("line", "nearest"),
    [
        ("wroking_crs: EPSG:32648", "working_crs"),
        ("radio: {reciever_height_m: 2}", "receiver_height_m"),
        ("zzz: 1", ""),
    ],
)
def test_an_unknown_key_names_the_nearest_valid_one(tmp_path: Path, line: str, nearest: str) -> None:
    with pytest.raises(SettingsError, match=f"nearest valid key is '{nearest}"):
        load_settings(write(tmp_path, f"name: x\n{line}\n{NEEDED}"))


def test_an_unknown_key_inside_a_list_of_sources_is_found(tmp_path: Path) -> None:
    text = "name: x\ninputs:\n  villages: {path: v}\n  masts: [{path: m, fromat: opencellid}]\n  terrain: {path: t}\n"
    with pytest.raises(SettingsError, match=r"masts\.0\.fromat.*'format'"):
        load_settings(write(tmp_path, text))


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings({"nam": "x", "seed": -1})
    message = str(caught.value)
    assert "'nam'" in message
    assert "'seed'" in message
    assert "'inputs' is missing" in message


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("name: x\nname: y\n" + NEEDED, "given twice"),
        ("name: [unclosed\n", "not readable as YAML"),
        ("just a sentence", "key: value"),
        ("", "key: value"),
        ("name: x\nradio: {receiver_height_m: .nan}\n" + NEEDED, "receiver_height_m"),
        ("name: x\nradio: {receiver_height_m: tall}\n" + NEEDED, "receiver_height_m"),
        ("name: x\nservice: {unsure_between: [0.8, 0.2]}\n" + NEEDED, "unsure_between"),
    ],
)
def test_a_broken_file_gets_one_clear_error(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(SettingsError, match=what):
        load_settings(write(tmp_path, text))


def test_a_missing_file_says_what_to_do_next(tmp_path: Path) -> None:
    with pytest.raises(MissingSourceError, match="lomsong demo"):
        load_settings(tmp_path / "none.yml")


def test_bytes_that_are_not_text_are_an_error_not_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "s.yml").write_bytes(b"name: \xff\xfe\x00")
    with pytest.raises(SettingsError):
        load_settings(tmp_path / "s.yml")


def test_a_carrier_may_name_only_what_differs(tmp_path: Path) -> None:
    text = "name: x\nradio: {carriers: {4g: {eirp_dbm: 55}}}\n" + NEEDED
    carriers = load_settings(write(tmp_path, text)).radio.carriers
    assert carriers["4g"].eirp_dbm == 55
    assert carriers["4g"].frequency_mhz == CARRIERS["4g"].frequency_mhz
    assert carriers["4g"].source == "the settings file"
    assert carriers["3g"] == CARRIERS["3g"]


def test_every_default_has_a_meaning_and_a_source() -> None:
    lines = list(describe_settings())
    assert len(lines) > 60
    for line in lines:
        assert line.meaning, line.key
        assert line.source or line.default == "required", line.key


def test_settings_never_change() -> None:
    settings = parse_settings(
        {
            "name": "x",
            "inputs": {"villages": {"path": "v"}, "masts": [{"path": "m"}], "terrain": {"path": "t"}},
        }
    )
    with pytest.raises(ValueError, match="frozen"):
        settings.name = "y"
