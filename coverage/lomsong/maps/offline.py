"""
A page that needs no network and runs no data.

Folium (through branca) compiles every rendered macro a second time as a Jinja template without a sandbox: a
village named ``{{ 191*7 }}`` would be computed by Python while the map is saved. So nothing of ours that depends
on data goes through a macro. It goes through `RawElement`, as JSON in a script tag that no browser executes.
"""

import base64
import html
import json
import re
from functools import cache
from importlib.resources import files

from branca.element import CssLink, Element, Figure, JavascriptLink
from folium.raster_layers import TileLayer

from lomsong.errors import OutputError
from lomsong.maps.packing import encode

#: What the page may do: run its own inline script and style, show inline pictures. Nothing may be fetched or sent.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; "
    "connect-src 'none'; base-uri 'none'; form-action 'none'"
)
_PICTURES = "img-src data: blob:"
#: Characters that could end the script tag, start a comment, break a line of JavaScript, or not be UTF-8.
_UNSAFE = re.compile("[<>&\u2028\u2029\ud800-\udfff]")
#: Characters with a meaning in a template, a JavaScript string or HTML, and those that no page can hold as they are.
_FOR_FOLIUM = re.compile("[&<>\"'{}$\\\\#%`\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_STYLE_PICTURE = re.compile(r"url\(images/([\w.-]+)\)")
#: Internet Explorer's vector graphics, and the reference that makes developer tools ask for a file.
_DROPPED = re.compile(r"behavior: url\(#default#VML\);|//# sourceMappingURL=\S+")


class RawElement(Element):
    """
    An element that renders as the text it was given, which no template engine reads.

    Parameters
    ----------
    text : str
        HTML or JavaScript; whoever makes it vouches for it.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self._name = "RawElement"
        self.text = text

    def render(self, **kwargs: object) -> str:  # noqa: ARG002 - the signature is branca's
        """Return the text."""
        return self.text


class PolicyElement(RawElement):
    """
    The security policy of a page, which must come before all that it is to hold for.

    Parameters
    ----------
    pictures_from : str
        One server that pictures may come from besides, such as ``OnlineTiles.origin``; empty for none.
    """

    def __init__(self, pictures_from: str = "") -> None:
        policy = POLICY.replace(_PICTURES, f"{_PICTURES} {pictures_from}".rstrip())
        super().__init__(f'<meta http-equiv="Content-Security-Policy" content="{policy}">')

    def render(self, **kwargs: object) -> str:
        """
        Return the policy, once the rest of the page is known to keep it.

        Raises
        ------
        OutputError
            Something added to the map wants a file from the network; the message names all of them.
        """
        figure = self.get_root()
        wanted = external_resources(figure) if isinstance(figure, Figure) else []
        if wanted:
            lines = "\n  - ".join(wanted)
            raise OutputError(
                f"map: it is one file without network, but {len(wanted)} of its parts would be loaded from elsewhere; "
                f"leave out the layer or plugin that needs them, or add Lomsong's layers to a folium.Map of your own"
                f"\n  - {lines}"
            )
        return super().render(**kwargs)


def external_resources(figure: Figure) -> list[str]:
    """Return the addresses that a rendered figure would load: scripts, styles and map tiles."""
    links = [child.url for child in children(figure.header) if isinstance(child, JavascriptLink | CssLink)]
    tiles: list[str] = []
    waiting = children(figure)
    while waiting:
        element = waiting.pop()
        if isinstance(element, TileLayer) and not str(element.tiles).startswith("data:"):
            tiles.append(str(element.tiles))
        waiting.extend(children(element))
    return links + tiles


def children(element: Element) -> list[Element]:
    """Return what has been added to an element, in order; branca has no public name for it."""
    return list(element._children.values())  # noqa: SLF001 - every Folium plugin reads it


def embed_json(value: object) -> str:
    r"""
    Write plain values as JSON that is inert inside a script tag.

    Examples
    --------
    >>> print(embed_json(["</script>", "a & b"]))
    ["\u003c/script\u003e","a \u0026 b"]
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def entity_escape(text: str) -> str:
    r"""
    Return foreign text for Folium's own popups, tooltips, icons and layer names, where it shows literally.

    Folium's macros are compiled twice and end in JavaScript strings and in HTML; what means anything in one of the
    three becomes an entity, which means nothing in the first two and the letter itself in the third.

    Examples
    --------
    >>> entity_escape("{{ 1 }} <b>")
    '&#123;&#123; 1 &#125;&#125; &#60;b&#62;'
    """
    return _FOR_FOLIUM.sub(lambda found: _entity(found.group()), text)


def _entity(letter: str) -> str:
    # neither lone surrogates nor NUL can be written as an entity
    return "\ufffd" if letter == "\0" or "\ud800" <= letter <= "\udfff" else f"&#{ord(letter)};"


def data_element(value: object, element_id: str) -> RawElement:
    """Return an element that carries `value` to the page without being executed."""
    return RawElement(f'<script type="application/json" id="{element_id}">{embed_json(value)}</script>\n')


def pack_element(packed: bytes, element_id: str) -> RawElement:
    """Return an element that carries a pack to the page without being executed."""
    return RawElement(f'<script type="application/gzip" id="{element_id}">{encode(packed)}</script>\n')


def picture(content: bytes) -> str:
    """Return a PNG as an address that contains the picture itself."""
    return "data:image/png;base64," + base64.b64encode(content).decode("ascii")


@cache
def asset(name: str) -> str:
    """
    Return the text of a file in ``assets/``, fit to stand inside a script or style tag.

    Raises
    ------
    OutputError
        The file holds something that would end the tag.
    """
    text = (files("lomsong.maps") / "assets" / name).read_text(encoding="utf-8")
    text = _STYLE_PICTURE.sub(lambda found: f"url({_asset_picture(found.group(1))})", _DROPPED.sub("", text))
    if re.search(r"</(script|style)|<!--", text, flags=re.IGNORECASE):
        raise OutputError(
            f"maps/assets/{name} cannot be put into a page: it contains a closing tag or a comment mark"
        )
    return text.strip()


def _asset_picture(name: str) -> str:
    return picture((files("lomsong.maps") / "assets" / name).read_bytes())


def script_element(*names: str) -> RawElement:
    """Return the named scripts of ``assets/`` as one inline script."""
    return RawElement("<script>\n" + "\n".join(asset(name) for name in names) + "\n</script>\n")


def style_element(*names: str) -> RawElement:
    """Return the named styles of ``assets/`` as one inline style."""
    return RawElement("<style>\n" + "\n".join(asset(name) for name in names) + "\n</style>\n")


def leaflet_element() -> RawElement:
    """Return Leaflet with its licence, its default marker pictures, and the little of jQuery that Folium uses."""
    icons = {
        "iconUrl": _asset_picture("marker-icon.png"),
        "iconRetinaUrl": _asset_picture("marker-icon-2x.png"),
        "shadowUrl": _asset_picture("marker-shadow.png"),
    }
    return RawElement(
        f"<script>\n/* Leaflet's licence:\n{asset('LICENSE.leaflet')}\n*/\n{asset('leaflet.js')}\n"
        f"L.Icon.Default.imagePath = ''; L.Icon.Default.mergeOptions({embed_json(icons)});\n"
        f"{asset('folium_needs.js')}\n</script>\n"
    )


def head_elements(title: str, *, pictures_from: str = "") -> dict[str, Element]:
    """
    Return what the head of an offline page starts with, by name and in order.

    Parameters
    ----------
    title : str
        Title of the document; any text.
    pictures_from : str
        As for `PolicyElement`.
    """
    # a lone surrogate cannot be written as UTF-8
    title = title.encode("utf-8", "replace").decode("utf-8")
    return {
        "lomsong_policy": PolicyElement(pictures_from),
        "lomsong_title": RawElement(f"<title>{html.escape(title)}</title>\n"),
        "leaflet_css": style_element("leaflet.css"),
        "leaflet": leaflet_element(),
    }
