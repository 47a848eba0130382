"""Pictures of a map from one server of the user's choice: the only thing that a page may ever load, and only when asked for."""

import re
from dataclasses import dataclass

from lomsong.errors import SettingsError
from lomsong.maps.contents import Packs
from lomsong.maps.packing import pack

_NAME = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
#: A server by name, or this machine; no password, and nothing that means anything in a policy, in HTML or in a template.
_ADDRESS = re.compile(
    rf"(https://{_NAME}(?:\.{_NAME})*(?::[0-9]{{1,5}})?|http://127\.0\.0\.1(?::[0-9]{{1,5}})?)"
    r"/[A-Za-z0-9._~/?&=@%+:,{}-]*"
)
_PLACES = ("{z}", "{x}", "{y}")


@dataclass(frozen=True, slots=True)
class OnlineTiles:
    """
    Where a page may load map tiles from.

    Attributes
    ----------
    url : str
        Address of a tile with ``{z}``, ``{x}`` and ``{y}`` in it, such as ``https://tiles.example/{z}/{x}/{y}.png``.
        The server learns which places the reader looks at.
    attribution : str
        Whom to name for them; shown on the map as it stands, never as HTML.

    Raises
    ------
    SettingsError
        The address is not one of tiles, or nobody is named.
    """

    url: str
    attribution: str

    def __post_init__(self) -> None:
        rest = self.url
        for place in _PLACES:
            rest = rest.replace(place, "", 1)
        if not _ADDRESS.fullmatch(self.url) or len(rest) != len(self.url) - 9 or set("{}") & set(rest):
            raise SettingsError(
                f"online tiles: {self.url[:120]!r} is not the address of tiles; write https://, one server, and {{z}}, {{x}} "
                "and {y} once each, with nothing but plain letters, digits and /._~?&=@%+:,- around them"
            )
        if not self.attribution.strip():
            raise SettingsError("online tiles: name whom the tiles come from as their attribution")

    @property
    def origin(self) -> str:
        """Return the server as a content-security policy names it."""
        found = _ADDRESS.fullmatch(self.url)
        return "" if found is None else found.group(1)


def tile_contents(tiles: OnlineTiles) -> Packs:
    """Return the address and the names as the page gets them."""
    return Packs(pack({"url": tiles.url, "attribution": tiles.attribution}, {}))
