"""One village on a small map: its neighbours by status, the masts, its best mast, and the proposed site for it."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lomsong.path import PathExplanation
from lomsong.report.area_pictures import SITE, draw_outline
from lomsong.report.drawing import Area, Drawing, Line, Words, breadth, fit
from lomsong.report.plane import Plane, Shape, box, diamond, triangle
from lomsong.report.qgis_style import LOOKS
from lomsong.report.village_words import say_village
from lomsong.schemas import STATUSES
from lomsong.wording import Language, label

WIDTH, HEIGHT = 700, 380
_MAP_RIGHT = 520.0
_LEGEND = 536.0
#: The window shows at least this much land. [m]
_LEAST_M = 5000.0
_RAY, _MAST, _INK, _RULE = "#0072B2", "#1d1d1f", "#222222", "#cccccc"
#: Neighbours drawn; a window of a dense nation may hold more.
_MOST_NEIGHBOURS = 400


def draw_village(
    village: "pd.Series[Any]",
    villages: gpd.GeoDataFrame,
    sectors: gpd.GeoDataFrame,
    language: Language,
    *,
    path: PathExplanation | None = None,
    site: "pd.Series[Any] | None" = None,
) -> Drawing | None:
    """
    Draw a village among its neighbours, from its best mast where a path is known.

    Parameters
    ----------
    village : Series
        One row of `villages`.
    villages, sectors : GeoDataFrame
        All of them in WGS 84.
    language : {'en', 'vi'}
        Of the words.
    path : PathExplanation, optional
        To its best mast.
    site : Series, optional
        Row of the plan that covers it.

    Returns
    -------
    Drawing or None
        None where the village has no place.
    """
    shape = village["geometry"]
    if not isinstance(shape, shapely.Geometry) or shape.is_empty:
        return None
    ends = (
        []
        if path is None
        else [(path.profile.longitude_deg[at], path.profile.latitude_deg[at]) for at in (0, -1)]
    )
    if site is not None:
        ends.append((float(site["longitude_deg"]), float(site["latitude_deg"])))
    reach = shapely.union_all([shapely.box(*shape.bounds), *(shapely.Point(end) for end in ends)]).bounds
    plane = Plane.around(reach, (10, 32, _MAP_RIGHT, HEIGHT - 10), least_m=_LEAST_M)
    name = str(village.get("village_name") or village["village_id"])
    title = say_village("village_map", language, village=name)
    shapes: list[Shape] = [
        Words(10, 20, fit(title, WIDTH - 20, 13), 13, bold=True),
        Area(box(10, 32, _MAP_RIGHT, HEIGHT - 10), "#f7f7f5"),
    ]
    window = shapely.box(plane.west, plane.south, plane.east, plane.north)
    near = villages.iloc[np.sort(villages.sindex.query(window))[:_MOST_NEIGHBOURS]]
    for status, each in zip(near["status"], near.geometry, strict=True):
        shapes += draw_outline(each, str(status), plane)
    shapes += draw_outline(shape, str(village["status"]), plane, heavy=True)
    shapes += _masts(sectors, window, plane)
    if path is not None and path.length_m >= 1.0:
        shapes += _ray(plane, ends[0], ends[1])
    if site is not None:
        mark = plane.point(*ends[-1])
        shapes += [diamond(mark, 10, "#ffffff"), diamond(mark, 9, SITE)]
        shapes.append(Words(mark[0], mark[1] + 4, str(site["order"]), 10, "#ffffff", "middle", bold=True))
    shapes += _name(name, shape, plane)
    shapes.append(Line([*box(10, 32, _MAP_RIGHT, HEIGHT - 10), (10, 32)], _RULE))
    shapes += plane.scale_bar(language)
    shapes += _legend(
        set(near["status"]) | {str(village["status"])}, language, path=path, site=site is not None
    )
    described = say_village(
        "village_map_alt", language, village=name, status=label("status", str(village["status"]), language)
    )
    if path is not None:
        described += " " + say_village("best_mast", language) + f": {path.site_id} ({path.operator})."
    return Drawing(WIDTH, HEIGHT, title, described, tuple(shapes))


def _masts(sectors: gpd.GeoDataFrame, window: shapely.Polygon, plane: Plane) -> list[Shape]:
    inside = sectors.iloc[np.sort(sectors.sindex.query(window))]
    places = np.unique(shapely.get_coordinates(inside.geometry.to_numpy()), axis=0)
    drawn: list[Shape] = []
    for x, y in plane.to_pixels(places).tolist() if len(places) else []:
        drawn += [triangle((x, y), 6, "#ffffff"), triangle((x, y), 4.5, _MAST)]
    return drawn


def _ray(plane: Plane, mast: tuple[float, float], village: tuple[float, float]) -> list[Shape]:
    one, two = plane.point(*mast), plane.point(*village)
    return [
        Line([one, two], "#ffffff", 3.4),
        Line([one, two], _RAY, 1.8, (6, 3)),
        triangle(one, 7, "#ffffff"),
        triangle(one, 6, _RAY),
    ]


def _name(name: str, shape: shapely.Geometry, plane: Plane) -> list[Shape]:
    """Return the name under the village, on white, within the map."""
    x, _ = plane.point(*shape.representative_point().coords[0])
    _, low = plane.point(shape.bounds[0], shape.bounds[1])
    text = fit(name, 220, 12)
    half = breadth(text, 12) / 2 + 4
    x = min(max(x, plane.left + half), plane.right - half)
    y = min(low + 16, plane.bottom - 40)
    return [
        Area(box(x - half, y - 12, x + half, y + 4), "#ffffff", 0.85),
        Words(x, y, text, 12, anchor="middle", bold=True),
    ]


def _legend(
    statuses: set[str], language: Language, *, path: PathExplanation | None, site: bool
) -> list[Shape]:
    drawn: list[Shape] = []
    y = 46.0
    for status in STATUSES:
        if status in statuses:
            fill, line = LOOKS[status][:2]
            drawn += [
                Area(box(_LEGEND, y, _LEGEND + 14, y + 14), fill),
                Line([*box(_LEGEND, y, _LEGEND + 14, y + 14), (_LEGEND, y)], line),
            ]
            drawn.append(Words(_LEGEND + 22, y + 11, label("status", status, language)))
            y += 24
    drawn += [
        triangle((_LEGEND + 7, y + 8), 4.5, _MAST),
        Words(_LEGEND + 22, y + 12, say_village("mast", language)),
    ]
    y += 24
    if path is not None:
        drawn += [
            triangle((_LEGEND + 7, y + 8), 6, _RAY),
            Words(_LEGEND + 22, y + 12, say_village("best_mast", language)),
        ]
        drawn.append(Words(_LEGEND + 22, y + 26, fit(path.site_id, WIDTH - _LEGEND - 26, 10), 10))
        y += 38
    if site:
        drawn += [
            diamond((_LEGEND + 7, y + 8), 7, SITE),
            Words(_LEGEND + 22, y + 12, say_village("proposed_site", language)),
        ]
    return drawn
