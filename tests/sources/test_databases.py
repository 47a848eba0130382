"""Tables of a real PostgreSQL server with PostGIS: what arrives, and what is said when it does not."""

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import sqlalchemy as sa
from postgres_server import PASSWORD, Server
from shapely import Point, box

from lomsong.addresses import parse_database
from lomsong.errors import SourceError
from lomsong.settings import Settings
from lomsong.settings_file import parse_settings
from lomsong.sources.boundaries import read_villages
from lomsong.sources.copies import take_copies
from lomsong.sources.databases import connection, read_query
from lomsong.sources.masts import read_masts

ODD = 'Thôn "bản"; DROP TABLE keep --'


@pytest.fixture(scope="module")
def tables(postgres: Server) -> Server:
    """Fill the database with villages and masts of a made-up place."""
    for statement in (
        "CREATE SCHEMA IF NOT EXISTS admin",
        "CREATE TABLE keep (id int)",
        "INSERT INTO keep VALUES (1)",
        "CREATE TABLE admin.thon (village_id text, village_name text, population numeric(9,1), seen timestamptz, geom geometry(Polygon, 32648))",
        "INSERT INTO admin.thon SELECT '0' || i, 'Thôn ' || i, i * 10, '2026-01-02 03:04:05+07',"
        " ST_MakeEnvelope(400000 + i * 1000, 2400000, 401000 + i * 1000, 2401000, 32648) FROM generate_series(9, 1, -1) i",
        "CREATE TABLE masts (cell text, lon double precision, lat double precision, operator text, technology text)",
        "INSERT INTO masts VALUES ('a', 104.0, 21.7, 'A', '4g'), ('b', 104.1, 21.7, 'A', '4g')",
        "CREATE TABLE empty (geom geometry)",
        "CREATE TABLE mixed AS SELECT ST_SetSRID(ST_Point(1, 2), 4326) AS geom UNION ALL SELECT ST_SetSRID(ST_Point(3, 4), 3857)",
        "CREATE TABLE two AS SELECT ST_Point(1, 2) AS a, ST_Point(3, 4) AS b",
        "CREATE ROLE visitor LOGIN PASSWORD 'seen'",
        "CREATE DATABASE plain",
    ):
        postgres.ask("gis", statement.replace("%", "%%"))
    with postgres.engine("gis").connect() as opened:
        opened.execute(sa.schema.CreateTable(sa.Table(ODD, sa.MetaData(), sa.Column("a:b%c", sa.Text))))
        opened.execute(sa.insert(sa.table(ODD, sa.column("a:b%c"))), [{"a:b%c": "x"}])
    return postgres


def settings_of(folder: Path, **inputs: object) -> Settings:
    nowhere = {"path": "nowhere"}
    wanted = {"villages": nowhere, "masts": [nowhere], "terrain": nowhere, **inputs}
    settings = parse_settings({"name": "x", "inputs": wanted})
    update = {}
    for name in inputs:
        value = getattr(settings.inputs, name)
        placed = [
            each.model_copy(update={"path": folder / each.path})
            for each in (value if isinstance(value, tuple) else [value])
        ]
        update[name] = tuple(placed) if isinstance(value, tuple) else placed[0]
    return settings.model_copy(update={"inputs": settings.inputs.model_copy(update=update)})


def ask(server: Server, what: str, *, query: str | None = None, database: str = "gis") -> pd.DataFrame:
    address = parse_database(server.address(database) + (f"?table={what}" if what else ""))
    with connection(address) as opened:
        return read_query(opened, address, query, layer="villages")


@pytest.mark.usefixtures("keeper")
def test_villages_and_masts_are_read_as_of_one_moment_and_the_same_rows_make_the_same_file(
    tables: Server, tmp_path: Path
) -> None:
    columns = {"sector_id": "cell", "longitude_deg": "lon", "latitude_deg": "lat"}
    settings = settings_of(
        tmp_path,
        villages={"path": tables.address("gis") + "?table=admin.thon"},
        masts=[
            {
                "path": tables.address("gis") + "?table=masts",
                "format": "sites",
                "columns": columns,
                "crs": "EPSG:4326",
            }
        ],
    )
    take_copies(settings.inputs)
    villages, _ = read_villages(settings.inputs.villages)
    assert villages["village_id"].tolist() == [f"0{i}" for i in range(1, 10)]
    assert villages["population"].tolist() == [i * 10 for i in range(1, 10)]
    assert villages.crs.to_epsg() == 32648
    assert villages.geometry[0].equals(box(401_000, 2_400_000, 402_000, 2_401_000))
    masts, _ = read_masts(settings.inputs.masts[0])
    assert masts["sector_id"].tolist() == ["a", "b"]
    assert masts.geometry[0] == Point(104.0, 21.7)
    path = settings.inputs.villages.path
    before, stamp = path.read_bytes(), path.stat().st_mtime_ns
    # the same rows, rewritten, lie elsewhere in the table
    tables.ask("gis", "UPDATE admin.thon SET village_name = village_name WHERE village_id > '04'")
    take_copies(settings.inputs)
    assert path.read_bytes() == before
    assert path.stat().st_mtime_ns == stamp
    shown = settings.model_dump_json()
    assert PASSWORD not in shown
    assert json.loads(shown)["inputs"]["villages"]["address"].endswith("?table=admin.thon")


@pytest.mark.usefixtures("keeper")
def test_rows_of_a_table_come_in_the_order_of_their_numbers(tables: Server) -> None:
    tables.ask(
        "gis", "CREATE TABLE numbered AS SELECT i AS gid, 'x' AS a FROM unnest(ARRAY[10, 9, 100, 1]) i"
    )
    assert ask(tables, "numbered")["gid"].tolist() == [1, 9, 10, 100]


@pytest.mark.usefixtures("keeper")
def test_a_query_keeps_its_order_and_may_hold_colons_and_percents(tables: Server) -> None:
    query = "SELECT village_id, geom, seen::date AS day, 5 % 3 AS rest FROM admin.thon WHERE village_name LIKE 'Th%' ORDER BY village_id DESC;"
    found = ask(tables, "", query=query)
    assert isinstance(found, gpd.GeoDataFrame)
    assert found["village_id"].tolist() == [f"0{i}" for i in range(9, 0, -1)]
    assert found["day"].tolist() == ["2026-01-01"] * 9 or found["day"].tolist() == ["2026-01-02"] * 9
    assert set(found["rest"]) == {2}


@pytest.mark.usefixtures("keeper")
def test_no_copy_is_made_of_what_names_a_person(tables: Server, tmp_path: Path) -> None:
    query = "SELECT '452040123456789' AS imsi, 7.5 AS download, ST_SetSRID(ST_Point(104, 21), 4326) AS place"
    settings = settings_of(
        tmp_path, speed_tests=[{"path": tables.address("gis"), "query": query, "network": "mobile"}]
    )
    take_copies(settings.inputs)
    kept = gpd.read_parquet(settings.inputs.speed_tests[0].path)
    assert sorted(kept.columns) == ["download", "geometry"]


@pytest.mark.usefixtures("keeper")
def test_hostile_names_are_names(tables: Server) -> None:
    database = parse_database(tables.address("gis"))
    hostile = type(database)(database.host, database.port, database.name, (ODD,))
    with connection(database) as opened:
        found = read_query(opened, hostile, None, layer="masts")
    assert found.to_dict("list") == {"a:b%c": ["x"]}
    assert tables.ask("gis", "SELECT count(*) FROM keep") == [(1,)]


@pytest.mark.usefixtures("keeper")
@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM keep RETURNING *",
        "SELECT 1) AS x; COMMIT; DELETE FROM keep; SELECT * FROM (SELECT 1",
        "WITH gone AS (DELETE FROM keep RETURNING *) SELECT * FROM gone",
        "SELECT nextval('counter')",
    ],
)
def test_a_query_cannot_change_anything(tables: Server, query: str) -> None:
    tables.ask("gis", "CREATE SEQUENCE IF NOT EXISTS counter")
    with pytest.raises(SourceError, match="postgresql://127"):
        ask(tables, "", query=query)
    assert tables.ask("gis", "SELECT count(*) FROM keep") == [(1,)]


@pytest.mark.usefixtures("keeper")
@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("nowhere", "nowhere"),
        ("empty", "no rows"),
        ("mixed", "3857, 4326"),
        ("two", "a, b"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(tables: Server, table: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        ask(tables, table)


def test_a_wrong_password_is_told_without_it(
    tables: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PGUSER", "keeper")
    monkeypatch.setenv("PGPASSWORD", "not-the-word")
    settings = settings_of(tmp_path, villages={"path": tables.address("gis") + "?table=admin.thon"})
    with pytest.raises(SourceError, match="PGPASSWORD") as caught:
        take_copies(settings.inputs)
    assert "not-the-word" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_visitor_without_rights_is_told_so(tables: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGUSER", "visitor")
    monkeypatch.setenv("PGPASSWORD", "seen")
    with pytest.raises(SourceError, match="ask the database's owner"):
        ask(tables, "masts")


@pytest.mark.usefixtures("keeper")
def test_nobody_at_the_address_is_told_so(postgres: Server) -> None:
    with pytest.raises(SourceError, match="no connection"):
        ask(Server(1), "masts")
    with pytest.raises(SourceError, match='"elsewhere" does not exist'):
        ask(postgres, "masts", database="elsewhere")


@pytest.mark.usefixtures("keeper")
def test_a_connection_lost_on_the_way_leaves_the_copies_of_the_last_time(
    tables: Server, tmp_path: Path
) -> None:
    dies = "SELECT village_id, geom, pg_terminate_backend(pg_backend_pid()) FROM admin.thon"
    settings = settings_of(
        tmp_path,
        villages={"path": tables.address("gis") + "?table=admin.thon"},
        communes={"path": tables.address("gis"), "query": dies},
    )
    settings.inputs.villages.path.parent.mkdir()
    settings.inputs.villages.path.write_bytes(b"of the last time")
    with pytest.raises(SourceError, match="connection was lost"):
        take_copies(settings.inputs)
    assert [each.read_bytes() for each in tmp_path.rglob("*.parquet")] == [b"of the last time"]


@pytest.mark.usefixtures("keeper")
def test_a_database_without_postgis_gives_tables_but_no_shapes(tables: Server) -> None:
    tables.ask("plain", "CREATE TABLE IF NOT EXISTS t AS SELECT 1 AS a")
    assert ask(tables, "t", database="plain").to_dict("list") == {"a": [1]}
    with pytest.raises(SourceError, match="CREATE EXTENSION postgis"):
        ask(tables, "", query="SELECT ST_Point(1, 2) AS geom", database="plain")
