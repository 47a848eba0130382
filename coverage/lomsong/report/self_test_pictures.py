"""The self-test as pictures: reliability, coverage of intervals, and what drives the errors."""

from collections.abc import Sequence

from lomsong.report.drawing import Area, Drawing, Line, Point, Words, fit
from lomsong.report.self_test import SelfTest
from lomsong.report.words import say
from lomsong.wording import Language, label, write_number

_SIDE, _LEFT, _TOP, _BOTTOM = 300, 62, 34, 46
_BLUE, _GREY, _LIGHT, _RED = "#1b5e9b", "#555555", "#d9d9d9", "#b3261e"
_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_SHOWN_DRIVERS = 8
Shape = Area | Line | Words


def draw_reliability(test: SelfTest, language: Language) -> Drawing:
    """Draw how often there was signal against the chance that was predicted, with 90 % bars; dots grow with villages."""
    shapes = _frame(say("predicted_chance", language), say("found_share", language), language)
    most = max((each.villages for each in test.reliability), default=1)
    for each in test.reliability:
        x = _across(each.predicted)
        shapes.append(Line(((x, _up(each.low)), (x, _up(each.high))), _BLUE, 1.5))
        half = 2.5 + 4.5 * (each.villages / most) ** 0.5
        y = _up(each.found)
        shapes.append(Area(((x - half, y), (x, y - half), (x + half, y), (x, y + half)), _BLUE))
    return _sheet(shapes, say("reliability", language), say("reliability_alt", language))


def draw_coverage(test: SelfTest, language: Language) -> Drawing:
    """Draw how many held-out levels lay in their intervals against how many should."""
    shapes = _frame(say("nominal", language), say("inside", language), language)
    points = [(_across(each.nominal), _up(each.found)) for each in test.coverage]
    if len(points) > 1:
        shapes.append(Line(points, _BLUE, 2.0))
    shapes += [Area(_diamond(point, 4.0), _BLUE) for point in points]
    return _sheet(shapes, say("coverage", language), say("coverage_alt", language))


def draw_drivers(test: SelfTest, language: Language) -> Drawing:
    """Draw the part of all squared errors of each group beside its part of all villages, the largest excess first."""
    rows = test.drivers[:_SHOWN_DRIVERS]
    width, row_height, left = 640, 34, 250
    scale = (width - left - 60) / max(
        [0.01, *(max(each.part_of_error, each.part_of_villages) for each in rows)]
    )
    shapes: list[Shape] = [Words(12, 20, say("drivers", language), 13, bold=True)]
    for number, each in enumerate(rows):
        top = 40 + number * row_height
        name = f"{say('driver_' + each.subject, language)}: {label(each.subject, each.group, language)}"
        shapes.append(Words(left - 10, top + 15, fit(name, left - 20, 11), 11, anchor="end"))
        for part, colour, drop in ((each.part_of_error, _RED, 0), (each.part_of_villages, _LIGHT, 12)):
            right = left + part * scale
            shapes.append(Area(_box(left, top + drop, right, top + drop + 10), colour))
            percent = f"{write_number(100 * part, 0, language)} %"
            shapes.append(Words(right + 5, top + drop + 9, percent, 9, _GREY))
    foot = 52 + len(rows) * row_height
    shapes += [
        Area(_box(left, foot, left + 10, foot + 10), _RED),
        Words(left + 15, foot + 9, say("of_errors", language), 10),
        Area(_box(left + 180, foot, left + 190, foot + 10), _LIGHT),
        Words(left + 195, foot + 9, say("of_villages", language), 10),
    ]
    return Drawing(width, foot + 24, say("drivers", language), say("drivers_alt", language), tuple(shapes))


def _frame(below: str, beside: str, language: Language) -> list[Shape]:
    shapes: list[Shape] = [Line(((_across(0), _up(0)), (_across(1), _up(1))), _GREY, 1.0, dash=(4, 4))]
    for tick in _TICKS:
        shapes.append(Line(((_across(tick), _up(0)), (_across(tick), _up(1))), _LIGHT))
        shapes.append(Line(((_across(0), _up(tick)), (_across(1), _up(tick))), _LIGHT))
        written = write_number(tick, 1, language)
        shapes.append(Words(_across(tick), _up(0) + 15, written, 10, _GREY, "middle"))
        shapes.append(Words(_across(0) - 7, _up(tick) + 4, written, 10, _GREY, "end"))
    shapes.append(Words(_across(0.5), _up(0) + 34, below, 11, anchor="middle"))
    shapes.append(Words(8, _TOP - 12, beside, 11))
    return shapes


def _sheet(shapes: Sequence[Shape], title: str, description: str) -> Drawing:
    return Drawing(_LEFT + _SIDE + 24, _TOP + _SIDE + _BOTTOM, title, description, tuple(shapes))


def _across(share: float) -> float:
    return _LEFT + _SIDE * share


def _up(share: float) -> float:
    return _TOP + _SIDE * (1 - share)


def _diamond(centre: Point, half: float) -> tuple[Point, ...]:
    x, y = centre
    return ((x - half, y), (x, y - half), (x + half, y), (x, y + half))


def _box(left: float, top: float, right: float, bottom: float) -> tuple[Point, ...]:
    return ((left, top), (right, top), (right, bottom), (left, bottom))
