"""The record beside the files: where each came from, its checksum, its licence and whom to name."""

import json
import os
import threading
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import Any

from lomsong.errors import OutputError, SourceError
from lomsong.sources.files import checksum

#: The file's name in the folder of a fetch.
MANIFEST = "sources.json"
_KIND = "lomsong fetch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """
    One file that was fetched, or made from fetched ones.

    Attributes
    ----------
    path : str
        Relative to the folder, with slashes.
    layer, url : str
        Its layer, and the address without any secret; for a file made here the files it was made from.
    sha256, size : str, int
        Of the file as it lies there. [size in bytes]
    published : str
        The server's own checksum that was compared, as ``md5:...``, or empty.
    licence, licence_url, attribution, terms, note
        On what terms it may be used.
    etag, last_modified : str
        What the server says of the version.
    """

    path: str
    layer: str
    url: str
    sha256: str
    size: int
    licence: str
    attribution: str
    licence_url: str = ""
    terms: tuple[str, ...] = ()
    note: str = ""
    published: str = ""
    etag: str = ""
    last_modified: str = ""


@dataclass(slots=True)
class Manifest:
    """The records of one folder; safe to use from several threads."""

    folder: Path
    records: dict[str, Record] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def holds(self, path: str, *, url: str) -> bool:
        """Tell whether a file from this address lies there whole."""
        record = self.records.get(path)
        file = self.folder / path
        return (
            record is not None
            and record.url == url
            and file.is_file()
            and file.stat().st_size == record.size
            and checksum(file) == record.sha256
        )

    def add(self, record: Record) -> None:
        """
        Take in one file and write the record down at once.

        Raises
        ------
        OutputError
            The folder cannot be written to.
        """
        with self._lock:
            self.records[record.path] = record
            self._write()

    def _write(self) -> None:
        content = {
            "made_by": _KIND,
            "files": [asdict(self.records[path]) for path in sorted(self.records)],
        }
        text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        replace_text(self.folder / MANIFEST, text)


def replace_text(path: Path, text: str) -> None:
    """
    Write a text file whole or not at all.

    Raises
    ------
    OutputError
        The folder cannot be written to.
    """
    aside = path.with_name(path.name + ".new")
    try:
        aside.write_text(text, encoding="utf-8")
        os.replace(aside, path)  # noqa: PTH105 - says what it does
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror}; choose another folder with --out"
        ) from None


def read_manifest(folder: Path) -> Manifest:
    """
    Read the record of a folder; an empty one where there is none yet.

    Raises
    ------
    SourceError
        The file is there but is not ours, or broken.
    """
    path = folder / MANIFEST
    if not path.exists():
        return Manifest(folder)
    broken = f"{path} is not a record that lomsong wrote; move it away, or choose another folder with --out"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise SourceError(broken) from None
    if not isinstance(content, dict) or content.get("made_by") != _KIND:
        raise SourceError(broken)
    rows = content.get("files")
    records = [_record(row) for row in rows] if isinstance(rows, list) else [None]
    if any(record is None for record in records):
        raise SourceError(broken)
    return Manifest(folder, {record.path: record for record in records if record is not None})


def _record(row: Any) -> Record | None:
    """Return a row as a record, or None where anything in it cannot be."""
    if not isinstance(row, dict) or set(row) != {each.name for each in fields(Record)}:
        return None
    terms = row["terms"]
    texts = [value for name, value in row.items() if name not in ("size", "terms")]
    if not (isinstance(terms, list) and all(isinstance(text, str) for text in [*texts, *terms])):
        return None
    if type(row["size"]) is not int or row["size"] < 0 or not is_inside(row["path"]):
        return None
    return Record(**{**row, "terms": tuple(terms)})


def is_inside(path: str) -> bool:
    """
    Tell whether a relative path stays within its folder.

    Examples
    --------
    >>> is_inside("dem/N22.tif"), is_inside("../N22.tif"), is_inside("/etc/passwd"), is_inside("C:a")
    (True, False, False, False)
    """
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and not set(path) & set("\\:\0")
