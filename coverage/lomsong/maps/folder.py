"""A map as a folder: a small page, and its data beside it in scripts that it takes in when they are asked for."""

import re
from pathlib import Path

import folium

from lomsong.atomic import staged_folder, told_as_ours
from lomsong.errors import OutputError
from lomsong.maps.layer import archives_of
from lomsong.maps.offline import POLICY

INDEX = "index.html"
#: Nothing may be fetched still, but scripts may lie beside the page.
_BESIDE = POLICY.replace("script-src 'unsafe-inline'", "script-src 'self' 'unsafe-inline'")
#: Tiles are read from the page's own server.
_FETCHING = ("connect-src 'none'", "connect-src 'self'")
_PACK = re.compile(r'<script type="application/gzip" id="(lomsong_\w+)">([A-Za-z0-9+/=]+)</script>')
_CHUNK = re.compile(r"lomsong_\w+\.(js|pmtiles)")


def save_map_folder(drawn: folium.Map, folder: str | Path) -> Path:
    """
    Write a map as a folder that opens from disk and from any web server.

    The page holds the program and the words; every layer's data is a chunk of its own. What popups tell, and layers that
    are switched off, are only read when somebody looks at them. A hosted map has tile archives besides, and opens from a
    web server only: one that answers range requests.

    Parameters
    ----------
    drawn : folium.Map
        From `village_map`.
    folder : path
        Made if it is not there; chunks of an earlier map in it are removed, other files stay.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    OutputError
        The folder cannot be written to or holds another page, or the map holds a layer that needs the network.
    """
    folder = Path(folder)
    _refuse_another_page(folder / INDEX)
    text = drawn.get_root().render()
    chunks = {f"{name}.js": f'lomsong.chunk("{name}","{packed}");\n' for name, packed in _PACK.findall(text)}
    page = _PACK.sub(r'<script type="application/gzip" id="\1" data-chunk="\1.js"></script>', text)
    page = page.replace(POLICY.split(";")[1], _BESIDE.split(";")[1], 1)
    archives = archives_of(drawn)
    if archives:
        page = page.replace(*_FETCHING, 1)
    with staged_folder(folder, last=INDEX) as scratch, told_as_ours(folder):
        for name, content in chunks.items():
            (scratch / name).write_text(content, encoding="ascii")
        for archive in archives:
            archive.write(scratch / archive.name)
        (scratch / INDEX).write_bytes(page.encode())
    with told_as_ours(folder):
        kept = {*chunks, *(archive.name for archive in archives)}
        for old in folder.glob("lomsong_*"):
            if _CHUNK.fullmatch(old.name) and old.name not in kept:
                old.unlink()
    return folder / INDEX


def _refuse_another_page(page: Path) -> None:
    """Refuse a folder whose page is not one of ours: the start of somebody's site."""
    with told_as_ours(page.parent):
        if page.is_file() and b"lomsong" not in page.read_bytes():
            raise OutputError(
                f"{page.parent} holds an {page.name} that is no map of lomsong's; name another folder with --out"
            )
