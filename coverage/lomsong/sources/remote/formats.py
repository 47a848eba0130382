"""What a file's first bytes say it is: so that an error page is never taken for a map."""

import json
from pathlib import Path
from typing import Any

from lomsong.errors import SourceError
from lomsong.sources.remote.catalogue import Format

#: Bytes that tell every format here. [bytes]
HEAD_BYTES = 64
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
#: An answer that is read into memory is not larger. [bytes]
_LARGEST_JSON = 512 << 20


def looks_like(head: bytes, format_: Format) -> bool:
    """
    Tell whether the first bytes of a file are those of its format.

    Parameters
    ----------
    head : bytes
        At least `HEAD_BYTES` of them, or the whole file.
    format_ : str
        What it should be.
    """
    match format_:
        case "geotiff":
            return head.startswith(_TIFF)
        case "parquet":
            return head.startswith(b"PAR1")
        case "gzip":
            return head.startswith(b"\x1f\x8b\x08")
        case "pbf":
            return b"OSMHeader" in head[:32]
        case _:
            return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def describe_start(head: bytes) -> str:
    """Say in words what an unexpected answer begins with, on one line and without control characters."""
    text = head[:HEAD_BYTES].decode("utf-8", "replace")
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        return "a web page"
    if head.startswith(b"version https://git-lfs"):
        return "a pointer to large-file storage, not the file"
    shown = "".join(letter if letter.isprintable() else "." for letter in " ".join(text.split()))
    return f"'{shown}'" if shown.strip(". ") else "nothing readable"


def require_end(path: Path, format_: Format) -> str:
    """Return what is wrong with the end of a whole file, or an empty text."""
    if format_ == "parquet":
        with path.open("rb") as stream:
            stream.seek(max(path.stat().st_size - 4, 0))
            if stream.read(4) != b"PAR1":
                return "its end is missing"
    if format_ == "overpass":
        try:
            answer = read_json(path)
        except SourceError as error:
            return str(error)
        if not isinstance(answer, dict) or not isinstance(answer.get("elements"), list):
            return "it holds no 'elements'"
        if "error" in str(answer.get("remark", "")):
            return f"the server gave up: {str(answer['remark'])[:200]}; ask for a smaller area"
    return ""


def read_json(path: Path) -> Any:
    """
    Read a JSON file that came from the network.

    Raises
    ------
    SourceError
        It is too large or not JSON.
    """
    if path.stat().st_size > _LARGEST_JSON:
        raise SourceError(f"{path.name} is larger than {_LARGEST_JSON >> 20} MiB; ask for a smaller area")
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path.name} is not JSON: {str(error)[:200]}") from None
