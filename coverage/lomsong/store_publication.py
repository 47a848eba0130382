"""A folder that lomsong wrote in an object store: what says that it is whole goes last."""

import fnmatch
from pathlib import Path
from typing import Any

from lomsong.addresses import parse_store
from lomsong.errors import MissingSourceError, OutputError
from lomsong.sources.object_store import object_store

#: Files that are written last in a folder of ours: of a run, and of a map in parts.
_LAST = ("run.json", "index.html")
#: What maps in parts leave when another takes their place.
_PARTS = ("lomsong_*.js", "lomsong_*.pmtiles")
_BLOCK_BYTES = 1 << 22
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".geojson": "application/geo+json",
    ".csv": "text/csv; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".tif": "image/tiff",
    ".pdf": "application/pdf",
    ".kml": "application/vnd.google-earth.kml+xml",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".gpkg": "application/geopackage+sqlite3",
    ".parquet": "application/vnd.apache.parquet",
    ".pmtiles": "application/vnd.pmtiles",
}


def store_folder(folder: str | Path, address: str) -> int:
    """
    Copy a finished run, or a map in parts, into an object store.

    Parameters
    ----------
    folder : path
        Holds ``run.json`` or ``index.html``, written last by lomsong and stored last here.
    address : str
        ``s3://bucket/prefix``; who asks, and which server, is known to the environment.

    Returns
    -------
    int
        Files stored.

    Raises
    ------
    MissingSourceError
        The folder is none of ours, or is not finished.
    OutputError
        The store is not there, refuses, or is lost on the way: then a run lacks its ``run.json`` there, a map is the old one,
        and storing again makes it whole.
    """
    folder = Path(folder)
    last = next((name for name in _LAST if (folder / name).is_file()), None)
    if last is None:
        raise MissingSourceError(
            f"{folder} holds neither a finished run (run.json) nor a map in parts (index.html); "
            f"`lomsong run CONFIG --out {folder}` makes one"
        )
    try:
        bucket, prefix = parse_store(address)
    except ValueError as error:
        raise OutputError(f"publish: {error}") from None
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    # parts of a run that goes on are hidden
    names = sorted(path.as_posix() for path in paths if not any(part.startswith(".") for part in path.parts))
    place = "/".join(part for part in (bucket, prefix) if part)
    with object_store(address, error=OutputError) as store:
        there = _list(store, place)
        if last == "run.json" and last in there:
            store.delete_file(f"{place}/{last}")
        for name in [*(each for each in names if each != last), last]:
            _send(store, folder / name, f"{place}/{name}")
        for name in there - set(names):
            if last == "index.html" and any(fnmatch.fnmatchcase(name, part) for part in _PARTS):
                store.delete_file(f"{place}/{name}")
    return len(names)


def _list(store: Any, place: str) -> set[str]:
    """Names of the objects in a place, not deeper."""
    from pyarrow.fs import FileSelector  # noqa: PLC0415 - takes a while to load

    found = store.get_file_info(FileSelector(place, allow_not_found=True))
    return {each.base_name for each in found if each.is_file}


def _send(store: Any, path: Path, place: str) -> None:
    """Store one file; an object is only there when it is whole."""
    kind = _KINDS.get(path.suffix.lower(), "application/octet-stream")
    with path.open("rb") as file, store.open_output_stream(place, metadata={"Content-Type": kind}) as stream:
        while block := file.read(_BLOCK_BYTES):
            stream.write(block)
