"""A finished run in a PostGIS database: a schema of its own and a line in the list of runs, whole or not at all."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.types import TypeEngine, UserDefinedType

from lomsong.addresses import Database, is_database, parse_database, require_name
from lomsong.change_causes import FinishedRun
from lomsong.changes import read_finished
from lomsong.errors import OutputError
from lomsong.report.csv_files import read_service
from lomsong.sources.databases import connection

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: Schema of the list of runs; those of the runs begin with it.
HOME = "lomsong"
#: Longest wait for another publication. [s]
WAIT_S = 60
#: Everybody who publishes holds this lock; any number would do.
_LOCK = 0x6C6F6D73
#: The projection of what a run writes.
_WGS84 = 4326


@dataclass(frozen=True, slots=True)
class Published:
    """What was published: under which id, in which schema, the rows by table, and whether it replaced something."""

    run_id: str
    schema: str
    rows: dict[str, int]
    replaced: bool


def publish_run(
    folder: str | Path, address: str, *, run_id: str | None = None, wait_s: float = WAIT_S
) -> Published:
    """
    Put the tables of a finished run into a PostGIS database, in one transaction.

    Parameters
    ----------
    folder : path
        Folder of the run.
    address : str
        ``postgresql://host:port/database``; who logs in is known to the environment.
    run_id : str, optional
        Publishing again under one id replaces what was there; the name of the folder if not given.
    wait_s : float
        Longest wait for somebody else who publishes or changes the same tables. [s]

    Returns
    -------
    Published
        Schema ``lomsong_ID`` holds ``villages``, ``sectors`` and ``service``; ``lomsong.runs`` lists all runs.

    Raises
    ------
    MissingSourceError, SourceError
        The folder holds no whole run.
    OutputError
        The database is not there, lacks PostGIS, refuses, or is lost on the way: then nothing in it has changed.
    """
    name = run_id or Path(folder).resolve().name
    schema = f"{HOME}_{name}"
    database = _target(address, schema)
    run = read_finished(folder)
    tables = _tables(Path(folder), run)
    with connection(database, read_only=False, error=OutputError) as opened:
        _require_postgis(opened, database)
        opened.execute(sa.text(f"SET LOCAL lock_timeout = {int(wait_s * 1000)}"))
        opened.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        runs = _list_of_runs(opened)
        replaced = _claim(opened, runs, name, schema, database)
        for table, frame in tables.items():
            _fill(opened, schema, table, frame)
        _enlist(opened, runs, name, schema, run.record)
    return Published(name, schema, {table: len(frame) for table, frame in tables.items()}, replaced)


def _target(address: str, schema: str) -> Database:
    problem = "a database is named as postgresql://host:port/database"
    try:
        database = parse_database(address) if is_database(address) else None
        require_name(schema)
    except ValueError as error:
        database, problem = None, str(error)
    if database is not None and database.table:
        database, problem = None, f"{database}: name no table; a run has a schema of its own, see --id"
    if database is None:
        raise OutputError(f"publish: {problem}")
    return database


def _tables(folder: Path, run: FinishedRun) -> dict[str, pd.DataFrame]:
    return {
        "villages": run.villages,
        "sectors": run.sectors,
        "service": read_service(folder / "service.csv"),
    }


def _require_postgis(opened: "Connection", database: Database) -> None:
    """Refuse a database without PostGIS, and find its types in whatever schema they are."""
    found = opened.execute(
        sa.text(
            "SELECT set_config('search_path', concat_ws(', ', nullif(current_setting('search_path'), ''), quote_ident(nspname)), true) "
            "FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'postgis'"
        )
    ).scalar()
    if found is None:
        raise OutputError(
            f"{database} lacks PostGIS; its owner runs CREATE EXTENSION postgis, then publish again"
        )


def _list_of_runs(opened: "Connection") -> sa.Table:
    """Return the list of runs, made where there is none."""
    runs = sa.Table(
        "runs",
        sa.MetaData(schema=HOME),
        sa.Column("run_id", sa.Text, primary_key=True),
        sa.Column("schema_name", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text),
        sa.Column("synthetic", sa.Boolean),
        sa.Column("lomsong", sa.Text),
        sa.Column("record", JSONB),
        sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.func.now()),
    )
    opened.execute(sa.schema.CreateSchema(HOME, if_not_exists=True))
    runs.create(opened, checkfirst=True)
    return runs


def _claim(opened: "Connection", runs: sa.Table, name: str, schema: str, database: Database) -> bool:
    """Make the schema of a run; return whether the run was there before. Somebody else's schema is left alone."""
    listed = opened.execute(sa.select(runs.c.run_id).where(runs.c.schema_name == schema)).scalar()
    if listed is None and sa.inspect(opened).has_schema(schema):
        raise OutputError(
            f"publish: {database} has a schema '{schema}' that is of no run of ours; choose another --id"
        )
    if listed is None:
        opened.execute(sa.schema.CreateSchema(schema))
    return listed == name


def _fill(opened: "Connection", schema: str, name: str, frame: pd.DataFrame) -> None:
    """Replace the rows of a table; it stays, with the views and rights on it, where its columns are the same."""
    table = sa.Table(name, sa.MetaData(schema=schema), *_columns(frame))
    there = _layout(opened, schema, name)
    if there and there != [(each.name, _kind(each.type)) for each in table.columns]:
        quoted = opened.dialect.identifier_preparer.format_table(table)
        opened.execute(sa.text(f"DROP TABLE {quoted.replace(':', chr(92) + ':')}"))
        there = []
    if there:
        opened.execute(table.delete())
    else:
        table.create(opened)
        if isinstance(frame, gpd.GeoDataFrame):
            sa.Index(f"{name}_shape", table.c[frame.geometry.name], postgresql_using="gist").create(opened)
    if len(frame):
        opened.execute(table.insert(), _rows(frame))


def _columns(frame: pd.DataFrame) -> list[sa.Column[Any]]:
    shape = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else None
    return [sa.Column(str(name), _Shape() if name == shape else _type(frame[name])) for name in frame.columns]


def _type(column: pd.Series) -> TypeEngine[Any]:
    if pd.api.types.is_bool_dtype(column):
        return sa.Boolean()
    if pd.api.types.is_integer_dtype(column):
        return sa.BigInteger()
    if pd.api.types.is_float_dtype(column):
        return sa.Double()
    return sa.DateTime() if pd.api.types.is_datetime64_dtype(column) else sa.Text()


def _kind(kind: TypeEngine[Any]) -> str:
    """Return a type as the server writes it."""
    spoken = {
        sa.Boolean: "boolean",
        sa.BigInteger: "bigint",
        sa.Double: "double precision",
        sa.DateTime: "timestamp without time zone",
        _Shape: "USER-DEFINED",
    }
    return spoken.get(type(kind), "text")


def _layout(opened: "Connection", schema: str, name: str) -> list[tuple[str, str]]:
    asked = sa.text(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = :schema AND table_name = :name ORDER BY ordinal_position"
    )
    return [(str(row[0]), str(row[1])) for row in opened.execute(asked, {"schema": schema, "name": name})]


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = pd.DataFrame(frame).astype(object)
    if isinstance(frame, gpd.GeoDataFrame):
        plain[frame.geometry.name] = shapely.to_wkb(
            shapely.set_srid(frame.geometry.to_numpy(), _WGS84), hex=True, include_srid=True
        )
    columns = [[_value(value) for value in plain[name]] for name in plain.columns]
    names = [str(name) for name in plain.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _value(value: Any) -> Any:
    if hasattr(value, "tolist"):
        value = value.tolist()  # numpy's numbers and lists
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    # PostgreSQL keeps no NUL in a text
    return re.sub("\0", "", value) if isinstance(value, str) else None if pd.isna(value) else value


def _enlist(opened: "Connection", runs: sa.Table, name: str, schema: str, record: dict[str, Any]) -> None:
    values = {
        "schema_name": schema,
        "name": record.get("name"),
        "synthetic": record.get("synthetic"),
        "lomsong": record.get("lomsong"),
        # JSON of a database knows no NaN
        "record": json.loads(json.dumps(record), parse_constant=lambda _: None),
        "published_at": sa.func.now(),
    }
    line = insert(runs).values(run_id=name, **values)
    opened.execute(line.on_conflict_do_update(index_elements=["run_id"], set_=values))


class _Shape(UserDefinedType[Any]):
    """A column of PostGIS, filled with well-known binary in hexadecimal."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the type as it is written in SQL."""
        return f"geometry(Geometry, {_WGS84})"
