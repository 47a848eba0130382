"""The whole area as pictures: villages by status on a map, and how many villages and people each status has."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lomsong.report.drawing import Area, Drawing, Line, Words, fit
from lomsong.report.plane import Plane, Shape, box, diamond, disc
from lomsong.report.qgis_style import LOOKS
from lomsong.report.village_words import say_village
from lomsong.schemas import STATUSES
from lomsong.wording import Language, label, write_number

WIDTH, HEIGHT = 760, 440
_MAP_RIGHT = 560.0
_LEGEND = 578.0
_INK, _PALE, _RULE = "#222222", "#555555", "#cccccc"
SITE = "#009E73"
#: More villages than this are drawn as squares of land, so that a nation's picture stays small and legible.
MOST_SHAPES = 1500
#: Side of such a square. [pixel]
_SQUARE = 8.0
#: Shares of villages without signal in a square, and their colours from light to dark.
_STEPS = ((0.0, "#e8eef2"), (0.05, "#fee8c8"), (0.2, "#fdbb84"), (0.5, "#e34a33"))
#: Numbered sites on one picture.
_NUMBERED = 30


def draw_area(
    villages: gpd.GeoDataFrame, language: Language, *, sites: pd.DataFrame | None = None
) -> Drawing:
    """
    Draw the villages by status; where there are many, squares by their share of villages without signal.

    Parameters
    ----------
    villages : GeoDataFrame
        In WGS 84, with ``status``.
    language : {'en', 'vi'}
        Of the words.
    sites : DataFrame, optional
        Proposed sites with ``order``, ``longitude_deg`` and ``latitude_deg``.
    """
    title = say_village("plan_map" if sites is not None else "area_map", language)
    counts = villages["status"].value_counts()
    told = "; ".join(f"{label('status', each, language)} {int(counts.get(each, 0)):,}" for each in STATUSES)
    described = f"{say_village('area_map_alt', language)} {told}."
    places = villages.geometry.to_numpy()
    there = ~(shapely.is_missing(places) | shapely.is_empty(places))
    shapes: list[Shape] = [Words(10, 20, title, 13, bold=True)]
    if not there.any():
        return Drawing(WIDTH, HEIGHT, title, described, tuple(shapes))
    west, south, east, north = map(float, shapely.total_bounds(places[there]))
    plane = Plane.around((west, south, east, north), (10, 32, _MAP_RIGHT, HEIGHT - 10), least_m=2000)
    shapes.append(Area(box(10, 32, _MAP_RIGHT, HEIGHT - 10), "#f7f7f5"))
    many = len(villages) > MOST_SHAPES
    shapes += _squares(villages[there], plane) if many else _villages(villages[there], plane)
    shapes += _sites(sites, plane)
    shapes.append(Line([*box(10, 32, _MAP_RIGHT, HEIGHT - 10), (10, 32)], _RULE))
    shapes += plane.scale_bar(language)
    shapes += _share_legend(language) if many else _status_legend(counts, language)
    if sites is not None and len(sites):
        shapes += [
            diamond((_LEGEND + 7, 250), 7, SITE),
            Words(_LEGEND + 22, 254, say_village("proposed_site", language)),
        ]
    return Drawing(WIDTH, HEIGHT, title, described, tuple(shapes))


def draw_statuses(villages: pd.DataFrame, language: Language) -> Drawing:
    """Draw how many villages and people have each status, as two rows of bars with their numbers."""
    people = pd.to_numeric(villages.get("people", pd.Series(np.nan, villages.index)), errors="coerce")
    title = say_village("status_bars", language)
    left, right = 150.0, 680.0
    shapes: list[Shape] = [Words(10, 20, title, 13, bold=True)]
    told = []
    y = 40.0
    for status in STATUSES:
        mine = (villages["status"] == status).to_numpy()
        name = label("status", status, language)
        shapes.append(Words(left - 10, y + 18, fit(name, left - 20, 12), 12, anchor="end", bold=True))
        lines = []
        for number, (count, total, unit) in enumerate(
            (
                (float(mine.sum()), float(len(villages)), say_village("villages_unit", language)),
                (float(people[mine].sum()), float(people.sum()), say_village("people_unit", language)),
            )
        ):
            share = count / total if total else 0.0
            top = y + 14 * number
            shapes.append(
                Area(box(left, top, left + share * (right - left - 170), top + 11), LOOKS[status][0])
            )
            shapes.append(Line([(left, top - 1), (left, top + 12)], _INK))
            text = f"{write_number(count, 0, language)} {unit} ({write_number(100 * share, 0, language)} %)"
            shapes.append(Words(left + share * (right - left - 170) + 6, top + 10, text, 10.5))
            lines.append(text)
        told.append(f"{name}: {', '.join(lines)}")
        y += 40
    return Drawing(700, int(y), title, "; ".join(told) + ".", tuple(shapes))


def draw_outline(shape: shapely.Geometry, status: str, plane: Plane, *, heavy: bool = False) -> list[Shape]:
    """Return one village in the colours of its status."""
    fill, line = LOOKS[status][:2] if status in LOOKS else ("#dddddd", "#777777")
    if shape.geom_type in ("Point", "MultiPoint"):
        middle = shape.centroid
        x, y = plane.point(middle.x, middle.y)
        if not (plane.left <= x <= plane.right and plane.top <= y <= plane.bottom):
            return []
        return [disc((x, y), 7 if heavy else 4, line), disc((x, y), 6 if heavy else 3, fill)]
    drawn: list[Shape] = []
    for ring in plane.outlines(shape):
        drawn += [
            Area(ring, fill, 1.0 if heavy else 0.75),
            Line(ring, _INK if heavy else line, 2.4 if heavy else 0.6),
        ]
    return drawn


def _villages(villages: gpd.GeoDataFrame, plane: Plane) -> list[Shape]:
    # the largest first, so that an enclave lies on top
    order = np.argsort(-shapely.area(villages.geometry.to_numpy()), kind="stable")
    statuses = villages["status"].to_numpy()
    places = villages.geometry.to_numpy()
    return [shape for row in order.tolist() for shape in draw_outline(places[row], str(statuses[row]), plane)]


def _squares(villages: gpd.GeoDataFrame, plane: Plane) -> list[Shape]:
    middle = shapely.get_coordinates(shapely.centroid(villages.geometry.to_numpy()))
    pixels = plane.to_pixels(middle)
    cells = pd.DataFrame(
        {
            "column": np.floor((pixels[:, 0] - plane.left) / _SQUARE).astype(int),
            "row": np.floor((pixels[:, 1] - plane.top) / _SQUARE).astype(int),
            "dark": (villages["status"] == "white").to_numpy(dtype=float),
        }
    )
    shares = cells.groupby(["row", "column"])["dark"].mean()
    drawn: list[Shape] = []
    for (row, column), share in zip(shares.index, shares.to_numpy(), strict=True):
        colour = [fill for least, fill in _STEPS if share >= least or least == 0.0][-1]
        x, y = plane.left + column * _SQUARE, plane.top + row * _SQUARE
        drawn.append(Area(box(x, y, min(x + _SQUARE, plane.right), min(y + _SQUARE, plane.bottom)), colour))
    return drawn


def _sites(sites: pd.DataFrame | None, plane: Plane) -> list[Shape]:
    drawn: list[Shape] = []
    if sites is None:
        return drawn
    for row in sites.head(_NUMBERED).to_dict("records"):
        x, y = plane.point(float(row["longitude_deg"]), float(row["latitude_deg"]))
        if plane.left <= x <= plane.right and plane.top <= y <= plane.bottom:
            drawn += [diamond((x, y), 10, "#ffffff"), diamond((x, y), 9, SITE)]
            drawn.append(Words(x, y + 4, str(row["order"]), 10, "#ffffff", "middle", bold=True))
    return drawn


def _status_legend(counts: "pd.Series[int]", language: Language) -> list[Shape]:
    drawn: list[Shape] = []
    for number, status in enumerate(STATUSES):
        y = 46.0 + 30 * number
        fill, line = LOOKS[status][:2]
        drawn += [
            Area(box(_LEGEND, y, _LEGEND + 14, y + 14), fill),
            Line([*box(_LEGEND, y, _LEGEND + 14, y + 14), (_LEGEND, y)], line),
        ]
        count = write_number(int(counts.get(status, 0)), 0, language)
        drawn.append(Words(_LEGEND + 22, y + 11, f"{label('status', status, language)}: {count}"))
    return drawn


def _share_legend(language: Language) -> list[Shape]:
    drawn: list[Shape] = [
        Words(_LEGEND, 50, say_village("share_white_one", language), 10.5, _PALE),
        Words(_LEGEND, 65, say_village("share_white_two", language), 10.5, _PALE),
    ]
    for number, (least, fill) in enumerate(_STEPS):
        y = 80.0 + 24 * number
        last = number + 1 == len(_STEPS)
        upto = 100 if last else 100 * _STEPS[number + 1][0]
        text = f"{write_number(100 * least, 0, language)}–{write_number(upto, 0, language)} %"
        drawn += [
            Area(box(_LEGEND, y, _LEGEND + 14, y + 14), fill),
            Line([*box(_LEGEND, y, _LEGEND + 14, y + 14), (_LEGEND, y)], _RULE),
            Words(_LEGEND + 22, y + 11, text),
        ]
    return drawn
