"""A PostgreSQL server with PostGIS of the tests' own: a cluster in a folder that vanishes, on 127.0.0.1 only."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

#: Owner of everything; made up, and worth nothing outside the folder.
USER, PASSWORD = "keeper", "kept-for-the-tests"


@dataclass(frozen=True)
class Server:
    port: int

    def address(self, database: str) -> str:
        return f"postgresql://127.0.0.1:{self.port}/{database}"

    def engine(self, database: str) -> sa.Engine:
        url = f"postgresql+psycopg://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"
        return sa.create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")

    def ask(self, database: str, statement: str) -> list[tuple[object, ...]]:
        with self.engine(database).connect() as opened:
            answer = opened.exec_driver_sql(statement)
            return [tuple(row) for row in answer] if answer.returns_rows else []


def find_programs() -> Path | None:
    """Return the folder of the server's programs, if PostGIS is installed for it."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        asked = [folder / "pg_config", "--sharedir"]
        if (folder / "initdb").is_file() and (folder / "pg_config").is_file():
            shared = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
            if (Path(shared) / "extension" / "postgis.control").is_file():
                return folder
    return None


@contextmanager
def serve() -> Iterator[Server]:
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL with PostGIS is not installed")
    folder = Path(tempfile.mkdtemp(prefix="lomsong-postgres-"))
    secret = folder / "secret"
    secret.write_text(PASSWORD)
    # the server refuses to be run by root
    who: list[str] = []
    if os.geteuid() == 0:
        who = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        for path in (folder, secret):
            os.chown(path, 65534, 65534)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off "
        "-c max_connections=20 -c shared_buffers=16MB"
    )

    def call(program: str, *arguments: str | Path) -> None:
        # the server outlives the call that starts it, so it must not hold a pipe of ours
        with (folder / "said").open("ab") as said:
            subprocess.run(
                [*who, programs / program, "-D", data, *arguments],
                cwd=folder,
                check=True,
                stdout=said,
                stderr=said,
                env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
            )

    try:
        ways = ("-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        call("initdb", "-U", USER, "--pwfile", secret, *ways)
        call("pg_ctl", "-o", options, "-l", folder / "log", "-w", "start")
        try:
            yield Server(port)
        finally:
            call("pg_ctl", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
