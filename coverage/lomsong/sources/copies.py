"""Copies of what is no file: every run and check begins by taking them, and reads nothing else."""

import io
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from lomsong.addresses import Database, is_database, is_store, parse_database
from lomsong.atomic import told_as_ours, write_whole
from lomsong.errors import SourceError
from lomsong.settings import InputSettings, LayerSource, RasterSource
from lomsong.sources.databases import connection, read_query
from lomsong.sources.object_store import fetch_object
from lomsong.sources.privacy import drop_identities
from lomsong.sources.services import read_service

#: Layers whose readers drop what names a person; no copy of it is made either.
_OF_PERSONS = ("masts", "speed_tests", "signal_samples", "no_service_reports", "field_checks")


def take_copies(wanted: InputSettings, *, missing_only: bool = False) -> None:
    """
    Read every table of a database, every service and every object that the settings name into the file that stands for it.

    Parameters
    ----------
    wanted : InputSettings
        Sources with an address are read; files are left alone.
    missing_only : bool
        Keep the copies that are there.

    All tables of one database are as of one moment. No file is touched before tables and services have been read, and one
    whose content is the same stays as it is; the copy of an object is replaced once it is whole.

    Raises
    ------
    LomsongError
        A database or service does not give what is asked for; the copies of the last time stay.
    """
    by_database: dict[str, list[tuple[str, LayerSource, Database]]] = {}
    files: dict[Path, bytes] = {}
    for layer, source, address in _addressed(wanted):
        if missing_only and source.path.is_file():
            continue
        if is_database(address):
            database = parse_database(address)
            by_database.setdefault(str(database), []).append((layer, source, database))
        elif source.path not in files:
            files[source.path] = read_service(address, layer=layer)
    for sources in by_database.values():
        with connection(sources[0][2]) as opened:
            for layer, source, database in sources:
                frame = read_query(opened, database, source.query, layer=layer)
                if layer in _OF_PERSONS:
                    frame, _ = drop_identities(frame, layer=layer)
                files[source.path] = _as_parquet(frame, layer)
    for address, path in _objects(wanted, missing_only=missing_only).items():
        fetch_object(address, path)
    for path, content in files.items():
        _keep(path, content)


def _keep(path: Path, content: bytes) -> None:
    with told_as_ours(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_bytes() != content:
            write_whole(path, content)


def _sources(wanted: InputSettings) -> Iterator[tuple[str, object]]:
    for layer in InputSettings.model_fields:
        value = getattr(wanted, layer)
        for source in value if isinstance(value, tuple) else (value,):
            yield layer, source


def _addressed(wanted: InputSettings) -> Iterator[tuple[str, LayerSource, str]]:
    """Yield what is read as a table."""
    for layer, source in _sources(wanted):
        if isinstance(source, LayerSource) and source.address is not None and not is_store(source.address):
            yield layer, source, source.address


def _objects(wanted: InputSettings, *, missing_only: bool) -> dict[str, Path]:
    """Return the file of each object that is to be copied."""
    found: dict[str, Path] = {}
    for _, source in _sources(wanted):
        if isinstance(source, RasterSource):
            found |= source.copies
        elif isinstance(source, LayerSource) and source.address is not None and is_store(source.address):
            found[source.address] = source.path
    return {address: path for address, path in found.items() if not (missing_only and path.is_file())}


def _as_parquet(frame: pd.DataFrame, layer: str) -> bytes:
    buffer = io.BytesIO()
    try:
        frame.to_parquet(buffer, index=False)
    except (ValueError, TypeError) as error:
        raise SourceError(f"{layer}: the table cannot be kept as Parquet: {error}") from None
    return buffer.getvalue()
