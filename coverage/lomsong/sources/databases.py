"""Tables of a PostgreSQL database, read without changing anything; the environment alone knows who logs in."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely
from pyproj.exceptions import CRSError

from lomsong.addresses import Database
from lomsong.errors import LomsongError, SourceError

if TYPE_CHECKING:
    from sqlalchemy import Connection, TextClause
    from sqlalchemy.engine.interfaces import IsolationLevel

#: Time to connect. [s]
CONNECT_S = 10
#: A cable that is pulled says nothing: a minute without a sign of the server, however long a query takes, is the end. [s; the last one ms]
_ALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000}
_SHAPES = ("geometry", "geography")


@contextmanager
def connection(
    database: Database, *, read_only: bool = True, error: type[LomsongError] = SourceError
) -> "Iterator[Connection]":
    """
    Open one transaction; it is committed when the block ends well, and nothing of it stays when it does not.

    Parameters
    ----------
    database : Database
        Which one; user, password and certificates are those of the environment (PGUSER, PGPASSWORD, PGPASSFILE, PGSSLMODE).
    read_only : bool
        The server refuses every change, and all tables are read as of one moment.
    error : type
        What is raised.

    Raises
    ------
    LomsongError
        The extra is not installed, nobody answers, the login is refused, or a statement fails.
    """
    try:
        import sqlalchemy as sa  # noqa: PLC0415 - an extra
        from sqlalchemy.pool import NullPool  # noqa: PLC0415
    except ImportError:
        raise error(f"{database}: databases need the extra: pip install 'lomsong[postgis]'") from None
    address = sa.URL.create(
        "postgresql+psycopg", host=database.host or None, port=database.port, database=database.name
    )
    engine = sa.create_engine(
        address,
        poolclass=NullPool,
        connect_args={"connect_timeout": CONNECT_S, "application_name": "lomsong", **_ALIVE},
        hide_parameters=True,
    )
    level: IsolationLevel = "REPEATABLE READ" if read_only else "READ COMMITTED"
    try:
        options = {"isolation_level": level, "postgresql_readonly": read_only}
        with engine.execution_options(**options).begin() as opened:
            yield opened
    except (sa.exc.SQLAlchemyError, pd.errors.DatabaseError) as fault:
        raise error(f"{database}: {_explain(fault)}") from None


def _explain(fault: Exception) -> str:
    """Say what the server said, and what to do about it."""
    import sqlalchemy as sa  # noqa: PLC0415

    if isinstance(fault, pd.errors.DatabaseError) and isinstance(fault.__cause__, sa.exc.SQLAlchemyError):
        fault = fault.__cause__  # pandas wraps it
    original = getattr(fault, "orig", None) or fault
    said = (str(original).strip().splitlines() or [type(original).__name__])[0][:300]
    code = getattr(original, "sqlstate", None) or ""
    if getattr(fault, "connection_invalidated", False) or code.startswith(("57P", "08")):
        return f"the connection was lost ({said}); nothing was changed, so try again"
    if code == "" and isinstance(fault, sa.exc.OperationalError):
        return (
            f"no connection ({said}); check the address, that the server runs, and PGUSER and PGPASSWORD (or PGPASSFILE) "
            "in the environment"
        )
    if code == "25006":
        return f"the query would change the database ({said}); only reading is allowed here"
    if code == "42501":
        return f"not allowed ({said}); ask the database's owner for the right"
    if code in {"42883", "42704"} and "st_" in said.lower() + "geometry":
        return f"{said}; is PostGIS missing there? its owner runs CREATE EXTENSION postgis"
    if code == "55P03":
        return f"somebody else is writing there ({said}); try again when they are done"
    return said


def read_query(opened: "Connection", database: Database, query: str | None, *, layer: str) -> pd.DataFrame:
    """
    Read one table or query.

    Parameters
    ----------
    opened : Connection
        From `connection`.
    database : Database
        Names the table, if `query` does not.
    query : str or None
        One SELECT; kept in its order. The rows of a table are sorted, so that the same rows make the same file.
    layer : str
        For messages.

    Returns
    -------
    DataFrame or GeoDataFrame
        Index 0..n-1; with shapes where there is a column of geometry. Exact numbers are floats, dates and all other kinds
        text.

    Raises
    ------
    SourceError
        No rows, several columns of geometry or coordinate systems, or shapes that are none.
    """
    quote = opened.dialect.identifier_preparer.quote_identifier
    inner = f"({query.strip().rstrip(';')})" if query else ".".join(quote(part) for part in database.table)
    what = f"{layer}: {'the query' if query else '.'.join(database.table)} in {database}"
    shapes = _shape_columns(opened, inner)
    if len(shapes) > 1:
        raise SourceError(
            f"{what} has {len(shapes)} columns of geometry ({', '.join(shapes)}); ask for one with 'query'"
        )
    try:
        if not shapes:
            frame = pd.read_sql(_single(inner), opened)
        else:
            frame = gpd.read_postgis(_single(inner), opened, geom_col=shapes[0])
    except shapely.errors.GEOSException as fault:
        raise SourceError(f"{what} holds a shape that cannot be read: {fault}") from None
    except CRSError as fault:
        raise SourceError(f"{what} has a coordinate system that is not known: {fault}") from None
    if frame.empty:
        raise SourceError(f"{what} has no rows")
    if shapes:
        numbers = set(shapely.get_srid(frame.geometry[frame.geometry.notna()].to_numpy()).tolist())
        if len(numbers) > 1:
            raise SourceError(
                f"{what} mixes coordinate systems ({', '.join(map(str, sorted(numbers)))}); bring them into one with "
                "'query' and ST_Transform"
            )
    if isinstance(frame, gpd.GeoDataFrame) and "geometry" not in frame:
        frame = frame.rename_geometry("geometry")
    frame = _plain_columns(frame)
    return frame if query else _sorted(frame)


def _single(inner: str, ending: str = "") -> "TextClause":
    """
    Return a statement that reads all of `inner`.

    A statement with a parameter is sent in a way in which the server takes no second one behind a semicolon.
    """
    import sqlalchemy as sa  # noqa: PLC0415

    # a colon that is the user's is no parameter; names in `inner` are quoted, and a query may only read
    literal = inner.replace(":", "\\:")
    statement = f"SELECT * FROM {literal} AS asked WHERE :always {ending}"  # noqa: S608
    return sa.text(statement).bindparams(always=True)


def _shape_columns(opened: "Connection", inner: str) -> list[str]:
    import sqlalchemy as sa  # noqa: PLC0415

    kinds = opened.execute(
        sa.text("SELECT oid FROM pg_type WHERE typname = ANY(:names)"), {"names": list(_SHAPES)}
    )
    numbers = set(kinds.scalars())
    asked = opened.execute(_single(inner, "LIMIT 0"))
    described = asked.cursor.description or []
    asked.close()
    return [str(column[0]) for column in described if column[1] in numbers]


def _plain_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a copy whose columns every reader understands."""
    frame = frame.copy()
    shape = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else None
    for name in frame.columns:
        if name == shape:
            continue
        column = frame[name]
        if column.dtype == object:
            frame[name] = _plain(column)
        elif isinstance(column.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_any_dtype(column):
            frame[name] = pd.Series(
                [None if pd.isna(value) else value.isoformat() for value in column],
                index=column.index,
                dtype="string",
            )
    return frame


def _plain(column: pd.Series) -> pd.Series:
    given = column[column.notna()]
    kinds = {type(value) for value in given}
    if kinds and kinds <= {Decimal, float, int}:
        return pd.Series([_number(value) for value in column], index=column.index, dtype="float64")
    if kinds and kinds <= {bool}:
        return column.astype("boolean")
    return pd.Series(
        [None if _missing(value) else _text(value) for value in column], index=column.index, dtype="string"
    )


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _number(value: Any) -> float:
    return float("nan") if _missing(value) else float(value)


def _text(value: Any) -> str:
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return value.hex() if isinstance(value, bytes) else str(value)


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort rows by their columns, numbers as numbers, as which most tables begin: a table has no order of its own."""
    shape = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else None
    keys = pd.DataFrame(
        {
            str(at): column if pd.api.types.is_numeric_dtype(column) else column.astype(str)
            for at, (name, column) in enumerate(frame.items())
            if name != shape
        }
    )
    if shape is not None:
        keys["shape"] = shapely.to_wkb(frame.geometry.to_numpy(), hex=True)
    order = keys.sort_values(list(keys.columns), kind="stable", na_position="last").index
    return frame.loc[order].reset_index(drop=True)
