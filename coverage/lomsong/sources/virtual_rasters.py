"""Virtual rasters (VRT): which files they name, so that nothing else is opened for them."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

from lomsong.errors import SourceError

#: GDAL looks for what a file is within these bytes. [bytes]
_HEAD = 1024
_MARK = b"<VRTDataset"
#: A virtual raster of a hundred thousand tiles is smaller. [bytes]
_LARGEST = 64 << 20
_CHUNK = 1 << 20
#: Elements, and attributes, that name a raster; GDAL does not tell capitals from small letters.
_NAMES_A_RASTER = ("sourcefilename", "sourcedataset")
#: Files within archives and on the network, and rasters whose steps name further files.
_ELSEWHERE = re.compile(r"(?i)/vsi|\.zip\b|processeddataset")


def read_head(path: Path, *, layer: str) -> bytes:
    """
    Return the first bytes of a file, which tell what it is.

    Raises
    ------
    SourceError
        The file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(_HEAD)
    except OSError as error:
        raise SourceError(f"{layer}: {path.name} cannot be read ({error.strerror})") from None


def is_virtual(head: bytes) -> bool:
    """Tell whether the first bytes of a file are those of a virtual raster."""
    return _MARK in head


def is_description(head: bytes) -> bool:
    """Tell whether the first bytes are those of a text, with which GDAL asks a service on the network for cells."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"{"))


def named_rasters(path: Path, *, layer: str) -> list[Path]:
    """
    Return the files that a virtual raster is made of, those of virtual rasters within it too, in the order of their names.

    Raises
    ------
    SourceError
        It is damaged or too large, names what is no file on this machine, or has GDAL open an archive.
    """
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        virtual = waiting.pop()
        if virtual.stat().st_size > _LARGEST:
            raise SourceError(
                f"{layer}: {virtual.name} is larger than {_LARGEST >> 20} MiB; name the folder of the tiles instead"
            )
        for each in _parse(virtual, layer):
            if each in found:
                continue
            found.add(each)
            head = read_head(each, layer=layer)
            if is_virtual(head):
                waiting.append(each)
            elif is_description(head):
                raise SourceError(f"{layer}: {each.name}, which {virtual.name} names, is no raster")
    return sorted(found)


def _parse(path: Path, layer: str) -> list[Path]:
    names = _Names()
    parser = ET.XMLParser(target=names)  # noqa: S314 - entities of its own are refused, see _Names
    try:
        # text is handed over, so that an encoding that the file declares means nothing, as to GDAL
        with path.open(encoding="utf-8-sig") as text:
            while chunk := text.read(_CHUNK):
                parser.feed(chunk)
        parser.close()
        return [_locate(name, path.parent) for name in dict.fromkeys(names.found)]
    except (ET.ParseError, UnicodeDecodeError) as error:
        raise SourceError(f"{layer}: {path.name} is not a sound virtual raster: {error}") from None
    except SourceError as error:
        raise SourceError(f"{layer}: {path.name} {error}") from None
    except OSError as error:
        raise SourceError(f"{layer}: {path.name} cannot be read ({error.strerror})") from None


def _locate(name: str, folder: Path) -> Path:
    for place in (folder / name, Path(name)):
        try:
            if place.is_file():
                return place.resolve()
        except (OSError, ValueError):
            break  # far too long, or with a zero byte
    raise SourceError(
        f"names '{name[:100]}', and there is no such file; correct it, or name the folder of the tiles"
    )


class _Names:
    """Gathers what a virtual raster names while it is parsed, and keeps nothing else of it."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._text: list[str] = []

    def doctype(self, *_: object) -> None:
        raise SourceError("declares entities of its own, which no virtual raster needs")

    def start(self, _tag: str, attributes: dict[str, str]) -> None:
        self._text = []
        for name, value in attributes.items():
            self._keep(name, value)

    def data(self, text: str) -> None:
        self._text.append(text)

    def end(self, tag: str) -> None:
        self._keep(tag, "".join(self._text))
        self._text = []

    def close(self) -> None:
        pass

    def _keep(self, tag: str, text: str) -> None:
        if _ELSEWHERE.search(text):
            raise SourceError(
                "names files in archives or on the network, or needs a step of processing; name the folder of the tiles instead"
            )
        if tag.rpartition("}")[2].lower() in _NAMES_A_RASTER:
            self.found.append(text.strip())
