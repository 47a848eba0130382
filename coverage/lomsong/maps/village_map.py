"""The map of a run: villages by status over the relief, with the masts, a ranked list, a search and the reasons."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import cast

import folium
import geopandas as gpd
from branca.element import Figure

from lomsong.errors import OutputError
from lomsong.inputs import Inputs
from lomsong.maps.contents import (
    DRAWN,
    border_contents,
    border_line_contents,
    mast_contents,
    relief_contents,
    village_contents,
)
from lomsong.maps.discretion import discreet
from lomsong.maps.frame import WebFrame, find_frame
from lomsong.maps.layer import DataLayer, PanelElement, archives_of, content_id
from lomsong.maps.measurement_contents import measurement_contents
from lomsong.maps.offline import head_elements
from lomsong.maps.parts import MapOptions, MapParts, find_labels, parts_of
from lomsong.maps.plan_contents import plan_contents
from lomsong.maps.relief import shade_relief
from lomsong.maps.signal_contents import signal_contents
from lomsong.maps.signal_tiles import signal_tile_contents
from lomsong.maps.tiles import tile_contents
from lomsong.maps.ways import way_contents
from lomsong.wording import PHRASES

#: Where the head of a page takes our elements: after the line that names its encoding.
_AFTER_ENCODING = 1


#: A notebook keeps every map it has shown; larger ones are shown reduced. [bytes]
MOST_NOTEBOOK_BYTES = 2_000_000
_REDUCED_COLUMNS = (
    "village_id",
    "village_name",
    "commune_name",
    "status",
    "population",
    "people",
    "p_signal",
    "rank",
    "geometry",
)


class VillageMap(folium.Map):
    """A `folium.Map` that shows itself in a notebook without its outlines where the whole page is too large."""

    reduced: Callable[[], folium.Map] | None = None

    def _repr_html_(self, **kwargs: object) -> str:
        size = len(self.get_root().render().encode("utf-8"))
        if self.reduced is None or size <= MOST_NOTEBOOK_BYTES:
            return str(super()._repr_html_(**kwargs))
        note = (
            f"<p>The whole map has {size / 1e6:.1f} MB: here are its villages as points. "
            "<code>save_map(map, 'map.html')</code> writes all of it.</p>"
        )
        # not of our own kind: points are as small as it gets
        return note + str(folium.Map._repr_html_(self.reduced(), **kwargs))


def village_map(
    villages: gpd.GeoDataFrame,
    *,
    inputs: Inputs | None = None,
    parts: MapParts | None = None,
    options: MapOptions | None = None,
) -> folium.Map:
    """
    Draw the villages with what is known about each.

    Parameters
    ----------
    villages : GeoDataFrame
        One row a village, polygons or points in any CRS. ``village_id`` and ``status`` must be there; all other
        columns of `VILLAGES`, `ASSESSMENT` and `RANKING` are shown where they are.
    inputs : Inputs, optional
        What the run has read: adds masts, measurements, relief, name and attributions.
    parts : MapParts, optional
        The same and more as tables of their own; used instead of `inputs`.
    options : MapOptions, optional
        Language, and what is told about where masts are.

    Returns
    -------
    folium.Map
        Shows itself in a notebook; `save_map` (atomically) and its own ``save(path)`` write it as one file that
        needs no network unless `options` ask for online tiles. The same villages give the same bytes. More Folium layers may be added; one that loads
        from the network makes rendering raise `OutputError`.

    Raises
    ------
    CrsError, TableError
        The villages have no CRS, no rows, no ids or no status.
    SourceError
        A signal raster cannot be read.
    """
    DRAWN.check(villages)
    options = options or MapOptions()
    if parts is None:
        parts = MapParts() if inputs is None else parts_of(inputs)
    villages, parts = discreet(villages, parts, options)
    frame = find_frame(villages.geometry)
    tiles = options.online_tiles
    layers = [] if tiles is None else [DataLayer("tiles", tile_contents(tiles), name="Online map")]
    layers += _layers(villages, parts, frame, hosted=options.hosted)
    listed = next(layer for layer in layers if layer.kind == "villages")
    labels = asdict(find_labels(villages, parts))
    labels |= {"language": options.language, "phrases": list(PHRASES.values())}

    drawn = VillageMap(
        location=_middle(listed), zoom_start=9, tiles=None, zoom_snap=0.5, fade_animation=False
    )
    # Folium draws lots for this part of the map's name
    drawn._id = content_id(labels, [layer.get_name() for layer in layers])  # noqa: SLF001
    # Folium would load Leaflet, jQuery, Bootstrap and three icon fonts from the network
    drawn.default_js, drawn.default_css = [], []
    figure = cast("Figure", drawn.get_root())
    for place, (name, element) in enumerate(
        head_elements(labels["name"], pictures_from="" if tiles is None else tiles.origin).items()
    ):
        figure.header.add_child(element, name=name, index=_AFTER_ENCODING + place)
    for layer in layers:
        drawn.add_child(layer)
    figure.add_child(PanelElement(drawn, listed, labels))
    drawn.reduced = partial(_reduced_map, villages, parts, options)
    return drawn


def _reduced_map(villages: gpd.GeoDataFrame, parts: MapParts, options: MapOptions) -> folium.Map:
    """Draw the villages alone, as points, with what lists and legends need."""
    points = villages[[name for name in _REDUCED_COLUMNS if name in villages]]
    points = points.set_geometry(villages.geometry.representative_point())
    return village_map(points, parts=MapParts(labels=find_labels(villages, parts)), options=options)


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
    if archives_of(drawn):
        raise OutputError(f"map: a hosted map is a folder; give one instead of {target.name}")
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


def _layers(villages: gpd.GeoDataFrame, parts: MapParts, frame: WebFrame, *, hosted: bool) -> list[DataLayer]:
    """All layers for which there is something to show, from the ground up."""
    layers = []
    relief = None if parts.terrain is None else shade_relief(parts.terrain, frame)
    if relief is not None:
        layers.append(DataLayer("relief", relief_contents(relief), name="Relief"))
    told = village_contents(
        villages,
        frame,
        service=parts.service,
        findings=parts.findings,
        pictures=parts.pictures,
        hosted=hosted,
    )
    layers.append(DataLayer("villages", told, name="Villages"))
    layers += _ways(parts, frame)
    layers += [
        DataLayer("signal", picture.packs, name=picture.name, show=False)
        for picture in (signal_tile_contents if hosted else signal_contents)(parts.rasters, frame)
    ]
    if parts.measurements is not None:
        hexagons = measurement_contents(parts.measurements, frame, minimum_tests=parts.minimum_tests)
        if hexagons is not None:
            layers.append(DataLayer("measurements", hexagons, name="Measurements", show=False))
    layers += _borders(villages, frame, tiled=told.archive is not None)
    masts = None if parts.sectors is None else mast_contents(parts.sectors, frame)
    if masts is not None:
        layers.append(DataLayer("masts", masts, name="Masts"))
    plan = None if parts.plan is None else plan_contents(parts.plan, villages["village_id"], frame)
    if plan is not None:
        layers.append(DataLayer("plan", plan, name="Proposed sites"))
    return layers


def _borders(villages: gpd.GeoDataFrame, frame: WebFrame, *, tiled: bool) -> list[DataLayer]:
    names = {
        column: name
        for name, column in (("Communes", "commune_name"), ("Provinces", "province_name"))
        if column in villages and villages[column].nunique() > 1
    }
    packs = (
        border_line_contents(villages, list(names), frame) if tiled and names else map(border_contents, names)
    )
    return [
        DataLayer("borders", each, name=name, show=False)
        for each, name in zip(packs, names.values(), strict=True)
    ]


def _ways(parts: MapParts, frame: WebFrame) -> list[DataLayer]:
    layers = []
    if parts.water is not None:
        packs, whole = way_contents(parts.water, frame)
        if packs is not None:
            layers.append(DataLayer("water", packs, name="Waters" if whole else "Main waters"))
    if parts.roads is not None:
        packs, whole = way_contents(parts.roads, frame)
        if packs is not None:
            layers.append(DataLayer("roads", packs, name="Roads" if whole else "Main roads"))
    return layers


def _middle(layer: DataLayer) -> list[float]:
    if layer.packs.bounds is None:
        return [0.0, 0.0]
    south, west, north, east = layer.packs.bounds
    return [(south + north) / 2, (west + east) / 2]
