"""Folium layers that hand their data to our own front end; they go onto any `folium.Map` and into any layer control."""

import hashlib
import json
from typing import Any, Literal

import folium
from branca.element import Element, Figure
from folium.map import Layer

from lomsong.errors import OutputError
from lomsong.maps.archives import Archive
from lomsong.maps.contents import Packs
from lomsong.maps.offline import (
    RawElement,
    children,
    data_element,
    embed_json,
    entity_escape,
    pack_element,
    script_element,
    style_element,
)

Kind = Literal[
    "villages", "masts", "relief", "signal", "measurements", "plan", "borders", "roads", "water", "tiles"
]


def content_id(*parts: object) -> str:
    """Return a name made from what is drawn, so that the same input gives the same file."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, bytes):
            digest.update(part)
        else:
            digest.update(json.dumps(part, sort_keys=True, separators=(",", ":")).encode("ascii"))
    return digest.hexdigest()[:16]


class DataLayer(Layer):
    """
    A layer drawn by our front end from data that no template reads.

    Parameters
    ----------
    kind : {'villages', 'masts', 'relief', 'signal', 'measurements', 'plan', 'borders', 'roads', 'water', 'tiles'}
        Which of the front end's layers it is.
    packs : Packs
        From `contents`.
    name : str
        Name in layer controls.
    show : bool
        Shown when the map opens.
    """

    def __init__(
        self,
        kind: Kind,
        packs: Packs,
        *,
        name: str,
        show: bool = True,
    ) -> None:
        # Folium's own layer control writes names into a template and into HTML
        super().__init__(name=entity_escape(name), overlay=True, control=True, show=show)
        self.title = name
        self._name = f"lomsong_{kind}"
        self._id = content_id(kind, packs.first, packs.later or b"")
        self.kind = kind
        self.packs = packs

    def _get_self_bounds(self) -> list[list[float | None]]:
        if self.packs.bounds is None:
            return [[None, None], [None, None]]
        south, west, north, east = self.packs.bounds
        return [[south, west], [north, east]]

    def render(self, **kwargs: object) -> str:
        """Put the front end, the data and one line that joins them into the figure."""
        figure = figure_of(self)
        add_front_end(figure)
        if self.packs.archive is not None:
            figure.header.add_child(script_element("hosted.js"), name="lomsong_hosted_js")
        name = self.get_name()
        for part, packed in (("first", self.packs.first), ("later", self.packs.later)):
            if packed is not None:
                figure.html.add_child(pack_element(packed, f"{name}_{part}"), name=f"{name}_{part}")
        start = f'var {name} = lomsong.{self.kind}("{name}");\n'
        if self.show and self._parent is not None:
            start += f"{name}.addTo({self._parent.get_name()});\n"
        figure.script.add_child(RawElement(start), name=name)
        # Layer.render would add the last line again under another random name each time the map is drawn
        super(Layer, self).render(**kwargs)  # type: ignore[no-untyped-call]
        return ""


class PanelElement(Element):
    """
    The panel beside the map (legend, search, ranked list) and the layer control; add it to the figure, after the map.

    As a child of the figure it renders after every layer of the map, so the control knows layers added later too.

    Parameters
    ----------
    drawn : folium.Map
        The map that the panel belongs to.
    villages : DataLayer
        The layer that it lists.
    labels : dict
        ``name``, ``synthetic``, ``attributions``, ``language``, and ``phrases`` in English and Vietnamese.
    """

    def __init__(self, drawn: folium.Map, villages: DataLayer, labels: dict[str, Any]) -> None:
        super().__init__()
        self._name = "lomsong_panel"
        self._id = content_id(labels)
        self.drawn = drawn
        self.villages = villages
        self.labels = labels

    def render(self, **kwargs: object) -> str:  # noqa: ARG002 - the signature is branca's
        """Put the labels and the start of the panel into the figure."""
        figure = figure_of(self)
        element_id = f"{self.get_name()}_data"
        figure.header.add_child(style_element("village_panel.css"), name="lomsong_panel_css")
        # Folium forbids zooming the page; people with weak eyes need it, and the later of two wins
        figure.header.add_child(
            RawElement('<meta name="viewport" content="width=device-width, initial-scale=1">\n'),
            name="lomsong_view",
        )
        figure.html.add_child(data_element(self.labels, element_id), name=element_id)
        start = (
            f"{self._layer_control()}"
            f'lomsong.panel({self.drawn.get_name()}, {self.villages.get_name()}, lomsong.data("{element_id}"));\n'
        )
        figure.script.add_child(RawElement(start), name=self.get_name())
        return ""

    def _layer_control(self) -> str:
        added = children(self.drawn)
        if any(isinstance(child, folium.LayerControl) for child in added):
            return ""
        layers = [child for child in added if isinstance(child, Layer) and child.control]
        names = [
            [
                embed_json(layer.layer_name),
                layer.get_name(),
                str(layer.overlay).lower(),
                embed_json(_kind(layer)),
            ]
            for layer in layers
        ]
        rows = ", ".join(f"[{', '.join(row)}]" for row in names)
        return f"lomsong.layerControl({self.drawn.get_name()}, [{rows}]);\n"


def archives_of(drawn: folium.Map) -> list[Archive]:
    """Return the tile archives that the layers of a map read."""
    packs = [child.packs for child in children(drawn) if isinstance(child, DataLayer)]
    return [each.archive for each in packs if each.archive is not None]


def _kind(layer: Layer) -> str:
    return layer.kind if isinstance(layer, DataLayer) else ""


def add_front_end(figure: Figure) -> None:
    """Put the style and the script that draw our layers into the head of a page, once."""
    figure.header.add_child(style_element("village_layer.css"), name="lomsong_layer_css")
    figure.header.add_child(script_element("lomsong_map.js"), name="lomsong_layer_js")


def figure_of(element: Element) -> Figure:
    """
    Return the page that an element stands on.

    Raises
    ------
    OutputError
        It stands on none.
    """
    root = element.get_root()
    if not isinstance(root, Figure):
        raise OutputError("map: a layer can only be drawn on a folium.Map; add it to one first")
    return root
