"""Addresses of databases: names as in SQL, and no secret in them or in what is said of them."""

import pytest

from lomsong.addresses import Database, copy_name, hide_login, parse_database, require_name, split_name
from lomsong.errors import SettingsError
from lomsong.settings import Settings
from lomsong.settings_file import load_settings, parse_settings


def settings_with(villages: dict[str, object]) -> Settings:
    nowhere = {"path": "nowhere"}
    return parse_settings(
        {"name": "x", "inputs": {"villages": villages, "masts": [nowhere], "terrain": nowhere}}
    )


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("villages", ("villages",)),
        ("admin.Thôn bản", ("admin", "Thôn bản")),
        ('"my schema"."odd.name"', ("my schema", "odd.name")),
        ('"say ""hi"""', ('say "hi"',)),
        ('"x; DROP TABLE y --"', ("x; DROP TABLE y --",)),
    ],
)
def test_names_are_split_as_in_sql(text: str, parts: tuple[str, ...]) -> None:
    assert split_name(text) == parts


@pytest.mark.parametrize("text", ["", "a.b.c", "a.", ".a", 'a"b', '"a', '""', "a" * 64, "thôn" * 16])
def test_names_that_the_server_would_not_keep_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"schema\.name|no name"):
        split_name(text)


def test_a_name_may_not_hold_nul() -> None:
    with pytest.raises(ValueError, match="no name"):
        require_name("a\0b")


def test_an_address_is_taken_apart() -> None:
    found = parse_database("postgresql://db.example:5433/gis?table=admin.thon")
    assert found == Database("db.example", 5433, "gis", ("admin", "thon"))
    assert str(found) == "postgresql://db.example:5433/gis"
    assert parse_database("postgresql:///gis").host == ""


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:hush@db.example/gis?table=a",
        "postgresql://me:hu/sh@db.example/gis?table=a",
        "postgresql://me:hush hush@db.example/gis?table=a",
        "postgresql://db.example/gis?table=a&password=hush",
        "postgresql://me:hush@[db/gis",
    ],
)
def test_a_login_in_an_address_is_refused_without_being_repeated(address: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_with({"path": address})
    assert "hu" not in str(caught.value).replace("should", "")
    assert "PGUSER" in str(caught.value) or "environment" in str(caught.value)


def test_a_login_in_a_broken_settings_file_is_not_repeated(tmp_path) -> None:
    path = tmp_path / "s.yml"
    path.write_text("inputs:\n  villages: {path: 'postgresql://me:hush@db/gis?table=a'\n  masts: [\n")
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert "hush" not in str(caught.value)


def test_texts_without_a_login_stay() -> None:
    assert hide_login("see https://a.example/b and me") == "see https://a.example/b and me"


def test_a_table_becomes_a_copy_beside_the_settings_and_survives_the_record_of_a_run() -> None:
    source = settings_with({"path": "postgresql://db/gis?table=admin.thon"}).inputs.villages
    assert source.path.parent.name == "copies"
    assert source.path.name == copy_name("postgresql://db/gis?table=admin.thon", None)
    again = settings_with(source.model_dump(mode="json")).inputs.villages
    assert again == source


def test_two_queries_of_one_database_are_two_copies() -> None:
    assert copy_name("postgresql://db/gis", "SELECT 1") != copy_name("postgresql://db/gis", "SELECT 2")


@pytest.mark.parametrize(
    "source",
    [
        {"path": "postgresql://db/gis"},
        {"path": "postgresql://db/gis?table=a", "query": "SELECT 1"},
        {"path": "villages.gpkg", "query": "SELECT 1"},
        {"path": "postgresql://db"},
        {"path": "postgresql://db:port/gis?table=a"},
    ],
)
def test_an_address_without_one_thing_to_read_is_refused(source: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=r"inputs\.villages"):
        settings_with(source)
