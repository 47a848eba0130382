"""Roads and waters of the user's own files, as lines that a map of any size can carry."""

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from lomsong.maps.contents import Packs
from lomsong.maps.detail import keep_detail
from lomsong.maps.frame import WebFrame
from lomsong.maps.packing import deltas, pack, varints
from lomsong.maps.topology import Arcs

#: What a way is drawn as; the front end's ``ways.js`` has the same numbers.
MAIN, MIDDLE, MINOR, AREA = range(4)
#: By the values of OpenStreetMap; kinds not named here, of files of the user's own, are in the middle.
_CLASS_OF = {
    **dict.fromkeys(("motorway", "trunk", "primary", "motorway_link", "trunk_link", "primary_link"), MAIN),
    **dict.fromkeys(("unclassified", "residential", "service", "track", "road", "living_street"), MINOR),
    **dict.fromkeys(("river", "canal", "riverbank"), MAIN),
    "stream": MINOR,
}
#: Vertices of a layer; what is beyond, the least and the shortest, is left out. About 0.3 MB of the file.
MOST_VERTICES = 80_000


def sort_ways(layer: gpd.GeoDataFrame) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """
    Take a layer apart into lines and areas, what matters most first.

    Parameters
    ----------
    layer : GeoDataFrame
        A context layer of `Inputs`: shapes of any kind, and what they are by ``kind`` where that is known. Points
        are left out.

    Returns
    -------
    shapes : ndarray of Geometry, shape (n,)
        Lines, joined where they go on, and polygons; by class, the longest first.
    classes : ndarray of uint8, shape (n,)
        `MAIN`, `MIDDLE`, `MINOR` or `AREA`. Where no kind is known at all, every line is a main one.
    """
    given = np.asarray(layer.geometry.array, dtype=object)
    parts, row = shapely.get_parts(given[~shapely.is_missing(given)], return_index=True)
    row = np.flatnonzero(~shapely.is_missing(given))[row]
    kinds = layer["kind"].to_numpy(dtype=object) if "kind" in layer else np.full(len(layer), None)
    named = any(isinstance(kind, str) for kind in kinds)
    class_of = np.array(
        [_CLASS_OF.get(str(kind), MIDDLE) if named else MAIN for kind in kinds], dtype=np.uint8
    )
    is_line = np.isin(shapely.get_type_id(parts), (1, 2)) & ~shapely.is_empty(parts)
    is_area = (shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)
    shapes, classes = (
        [shapely.orient_polygons(parts[is_area])],
        [np.full(is_area.sum(), AREA, dtype=np.uint8)],
    )
    for each in (MAIN, MIDDLE, MINOR):
        mine = parts[is_line & (class_of[row] == each)]
        shapes.append(shapely.get_parts(shapely.line_merge(shapely.multilinestrings(mine))))
        classes.append(np.full(len(shapes[-1]), each, dtype=np.uint8))
    found, is_what = np.concatenate(shapes), np.concatenate(classes)
    # a lake matters as much as a river of its shore's length
    order = np.lexsort((-shapely.length(found), np.where(is_what == AREA, MAIN, is_what)))
    return found[order], is_what[order]


def way_contents(
    layer: gpd.GeoDataFrame, frame: WebFrame, *, most: int = MOST_VERTICES
) -> tuple[Packs | None, bool]:
    """
    Return roads or waters as the page gets them.

    Parameters
    ----------
    layer : GeoDataFrame
        As for `sort_ways`, in any CRS.
    frame : WebFrame
        The projection of the map.
    most : int
        Vertices to send.

    Returns
    -------
    packs : Packs or None
        None where there is nothing to draw.
    whole : bool
        Nothing had to be left out.
    """
    shapes, classes = sort_ways(layer)
    lines, of = _lines(shapes, classes == AREA)
    xy, line = shapely.get_coordinates(lines, return_index=True)
    x, y, known = frame.steps(xy, CRS.from_user_input(layer.crs))
    sizes = np.bincount(line[known], minlength=len(lines))
    drawn = sizes > 1
    known &= drawn[line]
    none = np.zeros(0, dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes[drawn])])
    arcs, zooms, shift = keep_detail(Arcs(x[known], y[known], starts, none, none), most=most)
    of, kept = of[drawn], int(np.searchsorted(arcs.starts[1:], most, side="right"))
    whole = kept == len(of)
    if not whole:
        kept = int(np.searchsorted(of, of[kept]))  # no shore without its islands
    if not kept:
        return None, whole
    end = int(arcs.starts[kept])
    return Packs(
        pack(
            {},
            {
                "arc_sizes": varints(np.diff(arcs.starts[: kept + 1])),
                "arc_shift": np.array([shift], dtype=np.uint8),
                "arc_x": deltas(arcs.x[:end] >> shift),
                "arc_y": deltas(arcs.y[:end] >> shift),
                "arc_zooms": zooms[:end],
                "classes": classes[of[:kept]],
            },
        )
    ), whole


def _lines(shapes: NDArray[Any], is_area: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the lines and the rings of all shapes in their order, and the shape of each."""
    rings, at = shapely.get_rings(shapes[is_area], return_index=True)
    lines = np.concatenate([shapes[~is_area], rings])
    of = np.concatenate([np.flatnonzero(~is_area), np.flatnonzero(is_area)[at]])
    order = np.argsort(of, kind="stable")
    return lines[order], of[order]
