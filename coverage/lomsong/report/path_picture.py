"""The picture of a path: terrain over the bulging earth, the ray, its Fresnel zone, the obstacle and the losses."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lomsong.atomic import write_whole
from lomsong.errors import OutputError
from lomsong.path import PathExplanation
from lomsong.report.drawing import Area, Drawing, Line, Point, Words, breadth, fit
from lomsong.report.path_terms import describe_path, list_losses, name_level, say_number, say_verdict, shorten
from lomsong.report.path_words import say_path
from lomsong.units import EARTH_RADIUS_M
from lomsong.wording import Language, write_number

#: Size of the sheet. [pixel]
WIDTH, HEIGHT = 900, 420
#: The plot on it: left, top, right, bottom. [pixel]
_LEFT, _TOP, _RIGHT, _BOTTOM = 62.0, 74.0, 636.0, 336.0
#: The table beside it: first and last pixel of a row.
_TABLE_LEFT, _TABLE_RIGHT = 660.0, 884.0
#: Okabe and Ito's colours, told apart by everyone; lightness alone tells terrain, bulge and paper apart.
_TERRAIN, _GROUND_LINE, _BULGE, _UNKNOWN = "#d9cbb3", "#6b5b45", "#a08c6c", "#eeeeee"
_CLUTTER, _FRESNEL, _RAY, _OBSTACLE = "#009e73", "#56b4e9", "#0072b2", "#d55e00"
_INK, _PALE_INK, _RULE = "#222222", "#555555", "#cccccc"
_FRESNEL_OPACITY = 0.35
#: Lowest height range of a plot: level ground must look level. [m]
_LEAST_RANGE_M = 40.0
#: Room for the words at the obstacle. [pixel]
_OBSTACLE_WORDS = 124.0

_Floats = NDArray[np.float64]
_Shapes = Iterator[Area | Line | Words]


def draw_path(path: PathExplanation, language: Language = "en") -> Drawing:
    """
    Draw a path.

    Parameters
    ----------
    path : PathExplanation
        From `explain_path`.
    language : {'en', 'vi'}
        Of words and numbers.

    Returns
    -------
    Drawing
        The mast stands left. Heights are above sea level plus the earth's bulge over the straight line between the
        ends, so that the ray is straight. Names are shown as they are; the picture says when the data are made up.
    """
    frame = _Frame.of(path)
    shapes = (
        *_heading(path, language),
        *_ground(path, frame, language),
        *_ray(path, frame),
        *_obstacle(path, frame, language),
        *_axes(path, frame, language),
        *_ends(path, language),
        *_legend(path, language),
        *_table(path, language),
    )
    title = say_path("title", language, site=path.site_id, village=path.village_name or path.village_id)
    return Drawing(WIDTH, HEIGHT, title, describe_path(path, language), shapes)


def save_path_picture(path: PathExplanation, file: str | Path) -> Path:
    """
    Write the picture of a path: ``.svg``, or ``.png`` where matplotlib is installed.

    Raises
    ------
    OutputError
        Another ending, no matplotlib, or a place that cannot be written to.
    """
    file = Path(file)
    ending = file.suffix.lower()
    if ending not in (".svg", ".png"):
        raise OutputError(f"picture: '{file.name}' must end in .svg or .png")
    drawing = draw_path(path)
    content = drawing.as_svg().encode("utf-8") if ending == ".svg" else drawing.as_png()
    write_whole(file, content)
    return file


@dataclass(frozen=True, slots=True)
class _Frame:
    """From metres to pixels."""

    length_m: float
    low_m: float
    high_m: float

    @classmethod
    def of(cls, path: PathExplanation) -> "_Frame":
        ground = path.profile.ground_m + path.bulge_m
        heights = np.concatenate(
            [
                ground,
                ground + np.nan_to_num(path.profile.clutter_m),
                path.line_m + path.fresnel_m,
                path.line_m,
            ]
        )
        known = heights[np.isfinite(heights)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
        spare = max(_LEAST_RANGE_M - (high - low), 0.0) / 2
        pad = 0.1 * (high - low + 2 * spare)
        return cls(max(path.length_m, 1.0), low - spare - pad, high + spare + 2 * pad)

    def x(self, distance_m: _Floats) -> _Floats:
        return np.asarray(_LEFT + (_RIGHT - _LEFT) * distance_m / self.length_m)

    def y(self, height_m: _Floats) -> _Floats:
        share = (height_m - self.low_m) / (self.high_m - self.low_m)
        return np.asarray(np.clip(_BOTTOM - (_BOTTOM - _TOP) * share, _TOP, _BOTTOM))

    def points(self, distance_m: _Floats, height_m: _Floats) -> list[Point]:
        x, y = self.x(distance_m), self.y(height_m)
        return list(zip(x.tolist(), y.tolist(), strict=True))


def _heading(path: PathExplanation, language: Language) -> _Shapes:
    width = _RIGHT - 16 if path.synthetic else WIDTH - 32
    yield Words(16, 26, fit(path.village_name or path.village_id, width, 16), size=16, bold=True)
    km = f"{write_number(path.length_m / 1000, 2, language)} km"
    carrier = f"{path.technology.upper()} {path.frequency_mhz:g} MHz"
    place = say_path("village_line", language, id=fit(path.village_id, 160, 11))
    line = f"{place} · {carrier} · {km} · {path.area}"
    yield Words(16, 45, fit(line, WIDTH - 32, 11), colour=_PALE_INK)
    if path.synthetic:
        left, right = 736.0, 884.0
        yield Area([(left, 12), (right, 12), (right, 32), (left, 32)], _OBSTACLE)
        yield Words(
            (left + right) / 2,
            26,
            say_path("synthetic", language),
            colour="#ffffff",
            anchor="middle",
            bold=True,
        )


def _ground(path: PathExplanation, frame: _Frame, language: Language) -> _Shapes:
    if path.length_m < 1.0:
        middle = ((_LEFT + _RIGHT) / 2, (_TOP + _BOTTOM) / 2)
        yield Words(*middle, say_path("one_place", language), anchor="middle")
        return
    distance, bulge = path.profile.distance_m, path.bulge_m
    ground = path.profile.ground_m + bulge
    yield Area([(_LEFT, _TOP), (_RIGHT, _TOP), (_RIGHT, _BOTTOM), (_LEFT, _BOTTOM)], _UNKNOWN)
    for run in _known_runs(ground):
        surface = frame.points(distance[run], ground[run])
        left, right = surface[0][0], surface[-1][0]
        yield Area([(left, _TOP), (right, _TOP), (right, _BOTTOM), (left, _BOTTOM)], "#ffffff")
        yield Area([(left, _BOTTOM), *surface, (right, _BOTTOM)], _TERRAIN)
        top = ground[run] + np.nan_to_num(path.profile.clutter_m[run])
        if np.any(top > ground[run]):
            yield Area([*surface, *reversed(frame.points(distance[run], top))], _CLUTTER)
        yield Line(surface, _GROUND_LINE, 1.2)
    base = frame.points(distance, frame.low_m + bulge)
    yield Area([(_LEFT, _BOTTOM), *base, (_RIGHT, _BOTTOM)], _BULGE)


def _known_runs(values: _Floats) -> list[slice]:
    """Return the stretches of two samples or more without a gap."""
    known = np.concatenate([[False], np.isfinite(values), [False]])
    begins, ends = np.flatnonzero(~known[:-1] & known[1:]), np.flatnonzero(known[:-1] & ~known[1:])
    return [slice(int(a), int(b)) for a, b in zip(begins, ends, strict=True) if b - a > 1]


def _ray(path: PathExplanation, frame: _Frame) -> _Shapes:
    if np.isnan(path.line_m).any() or path.length_m < 1.0:
        return
    distance = path.profile.distance_m
    over = frame.points(distance, path.line_m + path.fresnel_m)
    under = frame.points(distance, path.line_m - path.fresnel_m)
    yield Area([*over, *reversed(under)], _FRESNEL, _FRESNEL_OPACITY)
    yield Line(over, _FRESNEL, 0.8)
    yield Line(under, _FRESNEL, 0.8)
    ends = np.array([0, -1])
    yield Line(frame.points(np.array([0.0, frame.length_m]), path.line_m[ends]), _RAY, 1.6, (6, 3))
    for x, place in zip((_LEFT, _RIGHT), ends, strict=True):
        foot, top = frame.y(np.array([path.profile.ground_m[place], path.line_m[place]])).tolist()
        yield Line([(x, foot), (x, top)], _INK, 3.0)
        yield Area([(x - 4, top), (x, top - 5), (x + 4, top), (x, top + 5)], _INK)


def _obstacle(path: PathExplanation, frame: _Frame, language: Language) -> _Shapes:
    obstacle = path.obstacle
    if obstacle is None:
        return
    i = int(np.argmin(np.abs(path.profile.distance_m - obstacle.distance_m)))
    height = obstacle.ground_m + obstacle.clutter_m + path.bulge_m[i]
    ((x, y),) = frame.points(np.array([obstacle.distance_m]), np.array([height]))
    yield Line([(x, y), (x, _BOTTOM)], _OBSTACLE, 1.0, (2, 3))
    yield Area([(x, y), (x - 6, y - 10), (x + 6, y - 10)], _OBSTACLE)
    top = write_number(obstacle.ground_m + obstacle.clutter_m, 0, language)
    text = f"{write_number(obstacle.distance_m / 1000, 2, language)} km, {top} m"
    half = _OBSTACLE_WORDS / 2
    middle = min(max(x, _LEFT + half + 4), _RIGHT - half - 4)
    # over whatever the words would cross
    near = np.abs(frame.x(path.profile.distance_m) - middle) <= half
    tops = np.fmax(path.profile.ground_m + path.bulge_m + path.profile.clutter_m, path.line_m)[near]
    above = float(frame.y(tops).min(initial=y - 10))
    yield Words(
        middle, max(min(above, y - 10) - 5, _TOP + 2), text, colour=_OBSTACLE, anchor="middle", bold=True
    )


def _axes(path: PathExplanation, frame: _Frame, language: Language) -> _Shapes:
    yield Line([(_LEFT, _TOP), (_LEFT, _BOTTOM), (_RIGHT, _BOTTOM)], _PALE_INK)
    for tick in _ticks(frame.low_m, frame.high_m):
        y = float(frame.y(np.array(tick)))
        yield Line([(_LEFT - 4, y), (_LEFT, y)], _PALE_INK)
        yield Words(
            _LEFT - 7, y + 4, write_number(tick, 0, language), size=10, colour=_PALE_INK, anchor="end"
        )
    yield Words(16, _TOP - 10, say_path("height_axis", language), size=10, colour=_PALE_INK)
    if path.length_m < 1.0:
        return
    for tick in _ticks(0.0, path.length_m):
        x = float(frame.x(np.array(tick)))
        yield Line([(x, _BOTTOM), (x, _BOTTOM + 4)], _PALE_INK)
        yield Words(
            x, _BOTTOM + 15, shorten(tick / 1000, language), size=10, colour=_PALE_INK, anchor="middle"
        )
    yield Words(_RIGHT + 8, _BOTTOM + 4, "km", size=10, colour=_PALE_INK)


def _ticks(low: float, high: float) -> list[float]:
    """Return four to eight round numbers within a range."""
    rough = (high - low) / 6
    power = 10.0 ** np.floor(np.log10(rough))
    step = float(power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough))
    first = int(np.ceil(low / step - 1e-9))
    return [n * step for n in range(first, int(np.floor(high / step + 1e-9)) + 1)]


def _ends(path: PathExplanation, language: Language) -> _Shapes:
    y, room = _BOTTOM + 31, _RIGHT - _LEFT - 20

    def mast(name: str) -> str:
        height = shorten(path.transmitter_height_m, language)
        return say_path("mast", language, id=name, height=height)

    phone = say_path("phone", language, height=shorten(path.receiver_height_m, language))
    village = fit(path.village_name or path.village_id, room / 2 - breadth(phone, 11), 11) + phone
    room -= breadth(village, 11) + breadth(mast(""), 11)
    yield Words(_LEFT, y, mast(fit(path.site_id, room, 11)), bold=True)
    yield Words(_RIGHT, y, village, anchor="end", bold=True)


def _legend(path: PathExplanation, language: Language) -> _Shapes:
    factor = path.effective_earth_radius_m / EARTH_RADIUS_M
    items = [(say_path("terrain", language), _TERRAIN, 1.0)]
    if path.bulge_m.size and path.length_m >= 1.0:
        rise, k = write_number(path.bulge_m.max(), 1, language), write_number(factor, 2, language)
        items.append((say_path("bulge", language, height=rise, factor=k), _BULGE, 1.0))
    if np.nansum(path.profile.clutter_m) > 0:
        items.append((say_path("clutter", language), _CLUTTER, 1.0))
    items.append((say_path("fresnel", language), _FRESNEL, _FRESNEL_OPACITY * 2))
    if path.profile.missing:
        items.append((say_path("no_height", language), _UNKNOWN, 1.0))
    x, y = _LEFT, _BOTTOM + 52
    for text, colour, opacity in items:
        yield Area([(x, y - 8), (x + 14, y - 8), (x + 14, y), (x, y)], colour, opacity)
        yield Words(x + 18, y, text, size=10, colour=_PALE_INK)
        x += 34 + 5.6 * len(text)
    yield Line([(x, y - 4), (x + 14, y - 4)], _RAY, 1.6, (6, 3))
    yield Words(x + 18, y, say_path("sight", language), size=10, colour=_PALE_INK)
    notes = "; ".join(path.notes_vi if language == "vi" else path.notes)
    yield Words(_LEFT, y + 20, fit(notes, WIDTH - _LEFT - 16, 10), size=10, colour=_PALE_INK)


def _table(path: PathExplanation, language: Language) -> _Shapes:
    left, right, y = _TABLE_LEFT, _TABLE_RIGHT, 101.0
    yield Words(left, 64, fit(path.operator, right - left, 12), size=12, bold=True)
    yield Words(left, 80, path.model, size=10, colour=_PALE_INK)
    yield Words(left, y, say_path("total_loss", language), colour=_PALE_INK)
    yield Words(
        right, y, say_number(path.budget.path_loss_db, "dB", language), anchor="end", colour=_PALE_INK
    )
    yield Line([(left, y + 5), (right, y + 5)], _PALE_INK, 1.0)
    y += 20.0
    heavy = {say_path("margin", language), name_level(path, language)}
    for text, value in list_losses(path, language):
        bold = text in heavy
        yield Words(left, y, text, bold=bold)
        yield Words(right, y, value, anchor="end", bold=bold)
        yield Line([(left, y + 5), (right, y + 5)], _RULE, 0.6)
        y += 18.0
    for text in say_verdict(path, language):
        yield Words(left, y + 4, text, size=10.5, colour=_OBSTACLE if path.obstacle else _INK)
        y += 15.0
