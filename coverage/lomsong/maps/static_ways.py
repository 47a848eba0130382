"""Lines on the printed map: roads, waters, and how planned sites are connected."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import shapely
from pyproj import CRS

from lomsong.maps.ways import AREA, MAIN, MIDDLE, MINOR, sort_ways

#: The page's colours of lines, and how wide they are. [point]
WAY_COLOURS = {"water": "#155e8a", "roads": "#4a3b2a"}
BACKHAUL_COLOUR = "#5b2a86"
_WATER_FILL = "#9ecbe8"
_WIDTHS = {AREA: 0.3, MINOR: 0.3, MIDDLE: 0.6, MAIN: 1.1}
#: A line may leave its true course by this. [pixel]
_FINE_PX = 0.7


def draw_ways(axes: Any, layers: Mapping[str, gpd.GeoDataFrame | None], crs: CRS, *, pixels: int) -> None:
    """
    Draw waters and roads over what a sheet shows already.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        With its limits set, in `crs`.
    layers : mapping
        By the names of `WAY_COLOURS`, the lowest first; as in ``inputs.context``.
    crs : pyproj.CRS
        Of the sheet.
    pixels : int
        Of its longer side: nothing finer is drawn.
    """
    from matplotlib.collections import LineCollection, PathCollection  # noqa: PLC0415 - optional

    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    fine_m = max(right - left, top - bottom) / pixels * _FINE_PX
    for name, layer in layers.items():
        if layer is None or not len(layer):
            continue
        shapes, classes = sort_ways(layer.to_crs(crs))
        shapes = shapely.simplify(shapes, fine_m)
        for each, width in _WIDTHS.items():
            mine = [shape for shape in shapes[classes == each] if not shape.is_empty]
            if not mine:
                continue
            style: dict[str, Any] = {"linewidths": width, "zorder": 3.5, "rasterized": True}
            colour = WAY_COLOURS[name]
            if each == AREA:
                outlines = [outline_of(shape) for shape in mine]
                drawn: Any = PathCollection(outlines, facecolor=_WATER_FILL, edgecolor=colour, **style)
                drawn.set_transform(axes.transData)
            else:
                lines = [shapely.get_coordinates(line) for line in mine]
                drawn = LineCollection(lines, colors=colour, **style)
            axes.add_collection(drawn, autolim=False)


def backhaul_lines(plan: gpd.GeoDataFrame | None) -> list[shapely.LineString]:
    """Return the lines in the column ``backhaul`` of a plan, in its CRS; none where there is no such column."""
    if plan is None or "backhaul" not in plan:
        return []
    return [line for line in plan["backhaul"] if isinstance(line, shapely.LineString) and not line.is_empty]


def draw_backhaul(axes: Any, plan: gpd.GeoDataFrame | None, crs: CRS) -> None:
    """
    Draw how the sites of a plan are connected, under their marks.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        In `crs`.
    plan : GeoDataFrame or None
        As in `MapParts`.
    crs : pyproj.CRS
        Of the sheet.
    """
    from matplotlib.collections import LineCollection  # noqa: PLC0415 - optional

    lines = backhaul_lines(plan)
    if plan is None or not lines:
        return
    there = gpd.GeoSeries(lines, crs=plan.crs).to_crs(crs)
    ways = [shapely.get_coordinates(line) for line in there]
    axes.add_collection(
        LineCollection(ways, colors=BACKHAUL_COLOUR, linewidths=1.2, linestyles="--", zorder=3.8),
        autolim=False,
    )


def outline_of(shape: shapely.Geometry) -> Any:
    """Return a polygon or its parts as a path of matplotlib, holes open."""
    from matplotlib.path import Path as Outline  # noqa: PLC0415 - optional

    rings = shapely.get_rings(shapely.orient_polygons(shapely.get_parts(shape)))
    return Outline.make_compound_path(
        *(Outline(shapely.get_coordinates(ring), closed=True) for ring in rings)
    )
