"""Several runs on one map: a slider through time and a dividing line between two of them."""

from dataclasses import dataclass

import folium
import numpy as np
from branca.element import Element
from numpy.typing import NDArray

from lomsong.errors import OutputError
from lomsong.maps.layer import DataLayer, content_id, figure_of
from lomsong.maps.offline import RawElement, children, pack_element, script_element, style_element
from lomsong.maps.packing import pack
from lomsong.schemas import STATUSES

#: Code of a village that a run does not have.
ABSENT = 255


@dataclass(frozen=True, slots=True)
class RunHistory:
    """
    What runs, the oldest first, said of the villages of the last one.

    Attributes
    ----------
    names : tuple of str
        What each run is called.
    statuses : ndarray of uint8, shape (runs, villages)
        Place in `STATUSES` of each village, in the order of the map's; `ABSENT` where a run lacks it.
    """

    names: tuple[str, ...]
    statuses: NDArray[np.uint8]


class RunsElement(Element):
    """
    What the panel needs to go through runs; add it to the map with `add_runs`.

    Parameters
    ----------
    drawn : folium.Map
        The map.
    villages : DataLayer
        Its villages.
    history : RunHistory
        The runs.
    """

    def __init__(self, drawn: folium.Map, villages: DataLayer, history: RunHistory) -> None:
        super().__init__()
        arrays = {f"run{run}": codes for run, codes in enumerate(history.statuses)}
        self._name = "lomsong_runs"
        self.packed = pack({"runs": list(history.names), "statuses": list(STATUSES)}, arrays)
        self._id = content_id(self.packed)
        self.drawn = drawn
        self.villages = villages

    def render(self, **kwargs: object) -> str:  # noqa: ARG002 - the signature is branca's
        """Put the runs and the script that shows them into the figure, before the panel."""
        figure = figure_of(self)
        name = self.get_name()
        figure.header.add_child(style_element("comparison.css"), name="lomsong_comparison_css")
        figure.header.add_child(script_element("comparison.js"), name="lomsong_comparison_js")
        figure.html.add_child(pack_element(self.packed, name), name=name)
        start = f'lomsong.comparison({self.drawn.get_name()}, {self.villages.get_name()}, "{name}");\n'
        figure.script.add_child(RawElement(start), name=name)
        return ""


def add_runs(drawn: folium.Map, history: RunHistory) -> folium.Map:
    """
    Let a map of the last run go through all of them.

    Parameters
    ----------
    drawn : folium.Map
        From `village_map`.
    history : RunHistory
        With as many villages as the map.

    Returns
    -------
    folium.Map
        The same map.

    Raises
    ------
    OutputError
        The map has no villages of ours.
    """
    layers = [layer for layer in children(drawn) if isinstance(layer, DataLayer) and layer.kind == "villages"]
    if not layers:
        raise OutputError("map: runs can only be shown on a map of village_map")
    drawn.add_child(RunsElement(drawn, layers[0], history))
    return drawn
