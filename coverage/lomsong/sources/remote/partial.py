"""A file on its way from the network: the part that came, and a note beside it on what it is a part of."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lomsong.errors import OutputError
from lomsong.sources.files import checksum


@dataclass(slots=True)
class Origin:
    """What is known of a half-fetched file; written beside it, never with a secret."""

    url: str
    validator: str = ""
    total: int | None = None
    etag: str = ""
    last_modified: str = ""
    published: str = ""


class Partial:
    """
    The part of a file that lies there; a part of unknown origin is thrown away.

    Attributes
    ----------
    path : Path
        Where it lies.
    origin : Origin
        What it is a part of.
    """

    def __init__(self, target: Path, url: str) -> None:
        self.path, self._note = _part(target), _note(target)
        noted = self._read_note(url)
        self.origin = noted or Origin(url)
        if noted is None:
            self._delete()

    def size(self) -> int:
        """Return how much there is. [bytes]"""
        return self.path.stat().st_size if self.path.is_file() else 0

    def write_note(self) -> None:
        """Write down what it is a part of."""
        self._note.write_text(json.dumps(asdict(self.origin)), encoding="utf-8")

    def forget(self) -> None:
        """Throw away what is there."""
        self._delete()
        self.origin = Origin(self.origin.url)

    def compare(self) -> str:
        """Return what differs from the checksum that the server publishes, or an empty text."""
        kind, _, wanted = self.origin.published.partition(":")
        if not kind:
            return ""
        found = checksum(self.path) if kind == "sha256" else _md5(self.path)
        return "" if found == wanted else f"its {kind} is {found}, the server publishes {wanted}"

    def _delete(self) -> None:
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def _read_note(self, url: str) -> Origin | None:
        """Return what an earlier run noted, if it is about the same address and can be gone on with."""
        try:
            content: Any = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        if not isinstance(content, dict) or set(content) != set(Origin.__slots__):
            return None
        total = content.pop("total")
        if not all(isinstance(text, str) for text in content.values()) or content["url"] != url:
            return None
        if total is not None and (type(total) is not int or total < self.size()):
            return None
        whole = total is not None and total == self.size()
        return Origin(**content, total=total) if content["validator"] or whole else None


def partial_bytes(target: Path) -> int:
    """Return how much of a file an earlier run left. [bytes]"""
    part = _part(target)
    return part.stat().st_size if part.is_file() and _note(target).is_file() else 0


def place(target: Path) -> None:
    """
    Move a whole file into its place.

    Raises
    ------
    OutputError
        The folder cannot be written to.
    """
    try:
        _part(target).replace(target)
        _note(target).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror}") from None


def _part(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def _note(target: Path) -> Path:
    return target.with_name(target.name + ".part.json")


def _md5(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
