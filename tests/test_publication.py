"""Runs in a real PostGIS database: whole or not there, one line for each, and nobody else's work touched."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from postgres_server import PASSWORD, Server
from shapely import Point, box

from lomsong.cli import main
from lomsong.errors import OutputError
from lomsong.publication import publish_run

pytestmark = pytest.mark.usefixtures("keeper")


def write_run(folder: Path, *, villages: int = 3, **columns: object) -> Path:
    """Write the files of a made-up run that are published."""
    folder.mkdir(parents=True)
    table = pd.DataFrame(
        {
            "village_id": [f"0{i}" for i in range(villages)],
            "village_name": "Thôn 'Đá'",
            "status": "white",
            "p_signal": np.linspace(0, 1, villages).round(3),
            "rank": range(1, villages + 1),
            "fund_eligible": pd.array([True, None, False] * villages, dtype="boolean")[:villages],
        }
    ).assign(**columns)
    shapes = [box(104 + i, 21, 105 + i, 22) for i in range(villages)]
    gpd.GeoDataFrame(table, geometry=shapes, crs=4326).to_parquet(folder / "villages.parquet")
    masts = pd.DataFrame({"sector_id": ["a", "b"], "operator": "A"})
    gpd.GeoDataFrame(masts, geometry=[Point(104, 21), None], crs=4326).to_parquet(folder / "sectors.parquet")
    (folder / "service.csv").write_text(
        "village_id,operator,technology,p_centre,covered_share\n00,any,any,0.5,\n"
    )
    record = {
        "name": "made up",
        "synthetic": True,
        "lomsong": "0",
        "settings": {"name": "made up"},
        "odd": float("nan"),
    }
    (folder / "run.json").write_text(json.dumps(record))
    return folder


@pytest.fixture
def gis(postgres: Server) -> Iterator[Server]:
    yield postgres
    for (schema,) in postgres.ask("gis", "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'lomsong%%'"):
        name = str(schema).replace('"', '""').replace("%", "%%")
        postgres.ask("gis", f'DROP SCHEMA "{name}" CASCADE')


def schemas(server: Server) -> list[str]:
    rows = server.ask("gis", "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'lomsong%%' ORDER BY 1")
    return [str(row[0]) for row in rows]


def test_a_run_arrives_with_shapes_types_and_a_line_in_the_list(gis: Server, tmp_path: Path) -> None:
    done = publish_run(write_run(tmp_path / "autumn"), gis.address("gis"))
    assert (done.run_id, done.schema, done.replaced) == ("autumn", "lomsong_autumn", False)
    assert done.rows == {"villages": 3, "sectors": 2, "service": 1}
    rows = gis.ask(
        "gis",
        "SELECT village_id, village_name, p_signal, rank, fund_eligible, ST_SRID(geometry), ST_Area(geometry) "
        "FROM lomsong_autumn.villages ORDER BY rank",
    )
    assert rows == [
        ("00", "Thôn 'Đá'", 0.0, 1, True, 4326, 1.0),
        ("01", "Thôn 'Đá'", 0.5, 2, None, 4326, 1.0),
        ("02", "Thôn 'Đá'", 1.0, 3, False, 4326, 1.0),
    ]
    assert gis.ask("gis", "SELECT sector_id, ST_AsText(geometry) FROM lomsong_autumn.sectors ORDER BY 1") == [
        ("a", "POINT(104 21)"),
        ("b", None),
    ]
    assert gis.ask("gis", "SELECT covered_share FROM lomsong_autumn.service") == [(None,)]
    listed = gis.ask(
        "gis", "SELECT run_id, schema_name, synthetic, record->'settings'->>'name' FROM lomsong.runs"
    )
    assert listed == [("autumn", "lomsong_autumn", True, "made up")]
    assert PASSWORD not in str(gis.ask("gis", "SELECT record::text FROM lomsong.runs"))


def test_publishing_again_replaces_the_rows_and_keeps_the_views_on_them(gis: Server, tmp_path: Path) -> None:
    publish_run(write_run(tmp_path / "old" / "autumn", villages=4), gis.address("gis"))
    gis.ask("gis", "CREATE VIEW lomsong_autumn.dark AS SELECT village_id FROM lomsong_autumn.villages")
    done = publish_run(write_run(tmp_path / "new" / "autumn", villages=2), gis.address("gis"))
    assert done.replaced
    assert gis.ask("gis", "SELECT count(*) FROM lomsong_autumn.dark") == [(2,)]
    assert gis.ask("gis", "SELECT count(*) FROM lomsong.runs") == [(1,)]
    # other columns cannot fit under the view: said, and nothing is changed
    other = write_run(tmp_path / "odd" / "autumn", villages=1, people=5)
    with pytest.raises(OutputError, match="depend"):
        publish_run(other, gis.address("gis"))
    assert gis.ask("gis", "SELECT count(*) FROM lomsong_autumn.dark") == [(2,)]
    gis.ask("gis", "DROP VIEW lomsong_autumn.dark")
    publish_run(other, gis.address("gis"))
    assert gis.ask("gis", "SELECT village_id, people FROM lomsong_autumn.villages") == [("00", 5)]


@pytest.mark.parametrize("name", ['x"; DROP SCHEMA public CASCADE; --', "Mùa thu %s :id", "a.b"])
def test_hostile_names_of_runs_are_names(gis: Server, tmp_path: Path, name: str) -> None:
    run = write_run(tmp_path / "run")
    publish_run(run, gis.address("gis"), run_id=name)
    assert publish_run(run, gis.address("gis"), run_id=name).replaced
    assert schemas(gis) == ["lomsong", f"lomsong_{name}"]


def test_a_name_that_the_server_would_cut_off_is_refused(gis: Server, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="63 bytes"):
        publish_run(write_run(tmp_path / "run"), gis.address("gis"), run_id="thôn" * 12)
    assert schemas(gis) == []


def test_a_schema_of_somebody_else_is_left_alone(gis: Server, tmp_path: Path) -> None:
    gis.ask("gis", "CREATE SCHEMA lomsong_autumn")
    with pytest.raises(OutputError, match="--id"):
        publish_run(write_run(tmp_path / "autumn"), gis.address("gis"))
    assert gis.ask("gis", "SELECT count(*) FROM pg_tables WHERE schemaname = 'lomsong_autumn'") == [(0,)]


def test_a_database_without_postgis_is_told_so(gis: Server, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="CREATE EXTENSION postgis"):
        publish_run(write_run(tmp_path / "run"), gis.address("postgres"))
    assert gis.ask("postgres", "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'lomsong%%'") == [(0,)]


def test_postgis_may_lie_in_a_schema_of_its_own(postgres: Server, tmp_path: Path) -> None:
    postgres.ask("postgres", "CREATE DATABASE apart")
    postgres.ask("apart", 'CREATE SCHEMA "Bản đồ"')
    postgres.ask("apart", 'CREATE EXTENSION postgis SCHEMA "Bản đồ"')
    publish_run(write_run(tmp_path / "autumn"), postgres.address("apart"))
    asked = 'SELECT count(*), min("Bản đồ".ST_Area(geometry)) FROM lomsong_autumn.villages'
    assert postgres.ask("apart", asked) == [(3, 1.0)]


def test_who_may_not_make_schemas_is_told_so(
    gis: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gis.ask("gis", "CREATE ROLE guest LOGIN PASSWORD 'seen-by-all'")
    monkeypatch.setenv("PGUSER", "guest")
    monkeypatch.setenv("PGPASSWORD", "seen-by-all")
    with pytest.raises(OutputError, match=r"not allowed .* ask the database's owner"):
        publish_run(write_run(tmp_path / "autumn"), gis.address("gis"))
    assert schemas(gis) == []


def wait_for(server: Server, waiting: str) -> int:
    """Return the process of the server that waits for a lock while it writes."""
    asked = "SELECT pid, query FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'lomsong'"
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for process, query in server.ask("gis", asked):
            if str(query).startswith(waiting):
                return int(str(process))
        time.sleep(0.02)
    raise TimeoutError(waiting)


def test_a_connection_lost_in_the_middle_of_writing_leaves_the_old_rows(gis: Server, tmp_path: Path) -> None:
    publish_run(write_run(tmp_path / "old" / "autumn", villages=4), gis.address("gis"))
    newer = write_run(tmp_path / "new" / "autumn", villages=2)
    said: list[str] = []

    def publish() -> None:
        try:
            publish_run(newer, gis.address("gis"))
        except OutputError as error:
            said.append(str(error))

    with gis.engine("gis").execution_options(isolation_level="READ COMMITTED").begin() as opened:
        # villages are written by now; the sectors wait for us
        opened.exec_driver_sql("LOCK TABLE lomsong_autumn.sectors IN ACCESS SHARE MODE")
        opened.exec_driver_sql("LOCK TABLE lomsong_autumn.sectors IN SHARE MODE")
        worker = threading.Thread(target=publish)
        worker.start()
        process = wait_for(gis, "DELETE FROM lomsong_autumn.sectors")
        gis.ask("gis", f"SELECT pg_terminate_backend({process})")
        worker.join(30)
    assert len(said) == 1
    assert "connection was lost" in said[0]
    assert gis.ask("gis", "SELECT count(*) FROM lomsong_autumn.villages") == [(4,)]
    publish_run(newer, gis.address("gis"))
    assert gis.ask("gis", "SELECT count(*) FROM lomsong_autumn.villages") == [(2,)]


def test_two_writers_at_once_both_arrive_whole(gis: Server, tmp_path: Path) -> None:
    runs = [
        write_run(tmp_path / folder / "autumn", villages=40, village_name=folder) for folder in ("one", "two")
    ]
    faults: list[Exception] = []

    def publish(run: Path, name: str) -> None:
        try:
            publish_run(run, gis.address("gis"), run_id=name)
        except OutputError as error:
            faults.append(error)

    orders = [(runs[0], "autumn"), (runs[1], "autumn"), (runs[0], "other")]
    workers = [threading.Thread(target=publish, args=order) for order in orders]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert faults == []
    # the last of the two counts, and is not mixed with the first
    assert gis.ask("gis", "SELECT count(*), count(DISTINCT village_name) FROM lomsong_autumn.villages") == [
        (40, 1)
    ]
    assert gis.ask("gis", "SELECT run_id FROM lomsong.runs ORDER BY 1") == [("autumn",), ("other",)]


def test_a_writer_that_waits_too_long_gives_up_with_nothing_written(gis: Server, tmp_path: Path) -> None:
    run = write_run(tmp_path / "autumn")
    publish_run(run, gis.address("gis"))
    with gis.engine("gis").execution_options(isolation_level="READ COMMITTED").begin() as opened:
        opened.exec_driver_sql("LOCK TABLE lomsong.runs IN SHARE MODE")
        with pytest.raises(OutputError, match="somebody else is writing"):
            publish_run(run, gis.address("gis"), run_id="late", wait_s=0.1)
    assert "lomsong_late" not in schemas(gis)


def test_the_command_says_what_it_did_and_what_is_wrong_in_one_message(
    gis: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = str(write_run(tmp_path / "autumn"))
    done = CliRunner().invoke(main, ["publish", run, gis.address("gis")])
    assert (done.exit_code, done.output) == (
        0,
        'Published: villages (3 rows), sectors (2 rows), service (1 row) in schema "lomsong_autumn"\n',
    )
    monkeypatch.setenv("PGPASSWORD", "not-the-word")
    for arguments in ([run, gis.address("gis")], [run, "nowhere.gpkg"], [run, gis.address("gis") + "?table=a"],
                      [run, "postgresql://keeper:not-the-word@127.0.0.1/gis"], [str(tmp_path), gis.address("gis")]):  # fmt: skip
        failed = CliRunner().invoke(main, ["publish", *arguments])
        assert failed.exit_code == 1
        assert failed.output.startswith("Error: ")
        assert "not-the-word" not in failed.output
        assert failed.output.count("\n") == 1
