"""The map of a run: villages by status over the relief, with the masts, a ranked list, a search and the reasons."""

import os
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import cast

import folium
import geopandas as gpd
from branca.element import Figure

from lomsong.errors import OutputError
from lomsong.inputs import Inputs
from lomsong.maps.contents import DRAWN, find_labels, mast_contents, relief_contents, village_contents
from lomsong.maps.frame import WebFrame, find_frame
from lomsong.maps.layer import DataLayer, PanelElement, content_id
from lomsong.maps.offline import head_elements
from lomsong.maps.relief import shade_relief

#: Where the head of a page takes our elements: after the line that names its encoding.
_AFTER_ENCODING = 1


def village_map(
    villages: gpd.GeoDataFrame,
    *,
    inputs: Inputs | None = None,
    sectors: gpd.GeoDataFrame | None = None,
) -> folium.Map:
    """
    Draw the villages with what is known about each.

    Parameters
    ----------
    villages : GeoDataFrame
        One row a village, polygons or points in any CRS. ``village_id`` and ``status`` must be there; all other
        columns of `VILLAGES`, `ASSESSMENT` and `RANKING` are shown where they are.
    inputs : Inputs, optional
        What the run has read: adds masts, relief, name and attributions. Without it the labels come from
        ``villages.attrs["lomsong"]`` (``name``, ``synthetic``, ``attributions``).
    sectors : GeoDataFrame, optional
        Contract `SECTORS`, any CRS: the masts to draw; those of the inputs if not given.

    Returns
    -------
    folium.Map
        Shows itself in a notebook; `save_map` (atomically) and its own ``save(path)`` write it as one file that
        needs no network. The same villages give the same bytes. More Folium layers may be added; one that loads
        from the network makes rendering raise `OutputError`.

    Raises
    ------
    CrsError, TableError
        The villages have no CRS, no rows, no ids or no status.
    """
    DRAWN.check(villages)
    frame = find_frame(villages.geometry)
    labels = asdict(find_labels(villages, inputs))
    layers = _ground_layers(inputs, sectors, frame)
    listed = DataLayer("villages", village_contents(villages, frame), name="Villages")
    layers.insert(1 if layers and layers[0].kind == "relief" else 0, listed)

    drawn = folium.Map(
        location=_middle(listed), zoom_start=9, tiles=None, zoom_snap=0.5, fade_animation=False
    )
    # Folium draws lots for this part of the map's name
    drawn._id = content_id(labels, [layer.get_name() for layer in layers])  # noqa: SLF001
    # Folium would load Leaflet, jQuery, Bootstrap and three icon fonts from the network
    drawn.default_js, drawn.default_css = [], []
    figure = cast("Figure", drawn.get_root())
    for place, (name, element) in enumerate(head_elements(labels["name"]).items()):
        figure.header.add_child(element, name=name, index=_AFTER_ENCODING + place)
    for layer in layers:
        drawn.add_child(layer)
    figure.add_child(PanelElement(drawn, listed, labels))
    return drawn


def save_map(drawn: folium.Map, path: str | Path) -> Path:
    """
    Write a map as one self-contained file; a reader never sees half of it.

    Parameters
    ----------
    drawn : folium.Map
        From `village_map`.
    path : str or Path
        The HTML file; its folder must exist.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        The file cannot be written there, or the map holds a layer that needs the network.
    """
    target = Path(path)
    text = drawn.get_root().render().encode("utf-8")
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        unfinished.write_bytes(text)
        unfinished.replace(target)
    except OSError as error:
        raise OutputError(
            f"map: {target} cannot be written: {error.strerror}; does the folder exist?"
        ) from None
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return target


def _ground_layers(
    inputs: Inputs | None, sectors: gpd.GeoDataFrame | None, frame: WebFrame
) -> list[DataLayer]:
    """Relief and masts, those of them that there are."""
    layers = []
    relief = None if inputs is None else shade_relief(inputs.terrain, frame)
    if relief is not None:
        layers.append(DataLayer("relief", relief_contents(relief), name="Relief"))
    if sectors is None and inputs is not None:
        sectors = inputs.sectors
    masts = None if sectors is None else mast_contents(sectors, frame)
    if masts is not None:
        layers.append(DataLayer("masts", masts, name="Masts"))
    return layers


def _middle(layer: DataLayer) -> list[float]:
    if layer.packs.bounds is None:
        return [0.0, 0.0]
    south, west, north, east = layer.packs.bounds
    return [(south + north) / 2, (west + east) / 2]
