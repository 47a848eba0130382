"""The backhaul of a plan as one picture: under each microwave hop its terrain, the ray and the first Fresnel zone."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lomsong.planning.hop_paths import HopPath
from lomsong.report.drawing import Area, Drawing, Line, Point, Words, fit

#: Width of the sheet, height of its heading and of one hop. [pixel]
WIDTH, HEADING, PANEL = 900, 64, 190
#: The plot of a hop within its panel: left, top, right, bottom. [pixel]
_LEFT, _TOP, _RIGHT, _BOTTOM = 62.0, 40.0, 884.0, 160.0
#: Lowest height range of a plot: level ground must look level. [m]
_LEAST_RANGE_M = 40.0
#: Okabe and Ito's colours.
_TERRAIN, _GROUND_LINE, _FRESNEL, _RAY, _WARNING = "#d9cbb3", "#6b5b45", "#56b4e9", "#0072b2", "#d55e00"
_INK, _PALE_INK = "#222222", "#555555"

_Floats = NDArray[np.float64]
_Shapes = Iterator[Area | Line | Words]


def draw_hops(hops: Sequence[HopPath], *, area: str, synthetic: bool) -> Drawing:
    """
    Draw the hops of a plan beneath each other.

    Parameters
    ----------
    hops : sequence of HopPath
        From `trace_hops`.
    area : str
        Name of the run.
    synthetic : bool
        The data are made up, and the picture says so.

    Returns
    -------
    Drawing
        Heights are above sea level plus the earth's bulge over the straight line between the ends. A plan without hops
        gives a sheet that says so.
    """
    shapes: list[Area | Line | Words] = [*_heading(area, synthetic=synthetic)]
    for number, hop in enumerate(hops):
        shapes += _panel(hop, float(HEADING + number * PANEL))
    if not hops:
        shapes.append(Words(16, HEADING + 16, "No site of this plan has a microwave hop."))
    height = HEADING + max(len(hops) * PANEL, 40)
    words = "; ".join(f"{hop.site_id} to {hop.connects_to}: {_say(hop)}" for hop in hops)
    return Drawing(
        WIDTH, height, f"Microwave hops of the plan, {area}", words or "no microwave hop", tuple(shapes)
    )


def _heading(area: str, *, synthetic: bool) -> _Shapes:
    yield Words(16, 26, fit(f"Backhaul of the plan: {area}", WIDTH - 180, 16), size=16, bold=True)
    note = "terrain over the bulging earth (brown), line of sight (dashed), first Fresnel zone (blue)"
    yield Words(16, 45, note, colour=_PALE_INK)
    if synthetic:
        yield Area([(756, 12), (884, 12), (884, 32), (756, 32)], _WARNING)
        yield Words(820, 26, "SYNTHETIC DATA", colour="#ffffff", anchor="middle", bold=True)


def _say(hop: HopPath) -> str:
    length = f"{hop.profile.distance_m[-1] / 1000:.1f} km"
    if not np.isfinite(hop.free).all():
        return f"{length}, terrain missing on the way"
    least = float(hop.free.min(initial=np.inf))
    clear = (
        "more than the zone is free"
        if least > 1
        else f"{least:.2f} of the zone is free at the tightest place"
    )
    return f"{length}, {clear}; {hop.needed:g} is needed"


def _panel(hop: HopPath, top: float) -> _Shapes:
    title = (
        f"{hop.order}. {hop.site_id} ({hop.near_height_m:g} m) to {hop.connects_to} ({hop.far_height_m:g} m)"
    )
    yield Words(16, top + 14, fit(title, WIDTH - 32, 12), size=12, bold=True)
    yield Words(16, top + 30, f"{hop.frequency_mhz / 1000:g} GHz, {_say(hop)}", colour=_PALE_INK)
    ground = hop.profile.ground_m + hop.ray.bulge_m
    over, under = hop.ray.line_m + hop.ray.fresnel_m, hop.ray.line_m - hop.ray.fresnel_m
    known = np.concatenate([ground, over, under])
    known = known[np.isfinite(known)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, _LEAST_RANGE_M)
    high = max(high, low + _LEAST_RANGE_M)

    def points(distance_m: _Floats, height_m: _Floats) -> list[Point]:
        x = _LEFT + (_RIGHT - _LEFT) * distance_m / max(float(hop.profile.distance_m[-1]), 1.0)
        y = top + _BOTTOM - (_BOTTOM - _TOP) * (height_m - low) / (high - low)
        return list(zip(x.tolist(), y.tolist(), strict=True))

    there = np.isfinite(ground)
    distance = hop.profile.distance_m
    if there.any():
        surface = points(distance[there], ground[there])
        floor = [(surface[-1][0], top + _BOTTOM), (surface[0][0], top + _BOTTOM)]
        yield Area([*surface, *floor], _TERRAIN)
        yield Line(surface, _GROUND_LINE, 1.2)
    if np.isfinite(hop.ray.line_m).all():
        yield Area([*points(distance, over), *reversed(points(distance, under))], _FRESNEL, 0.35)
        ends = np.array([0, -1])
        yield Line(points(distance[ends], hop.ray.line_m[ends]), _RAY, 1.6, (6, 3))
        for end in ends:
            foot, head = points(distance[[end, end]], np.array([ground[end], hop.ray.line_m[end]]))
            yield Line([foot, head], _INK, 3.0)
    for height in (low, high):
        y = top + _BOTTOM - (_BOTTOM - _TOP) * (height - low) / (high - low)
        yield Words(_LEFT - 7, y + 4, f"{height:,.0f} m", size=10, colour=_PALE_INK, anchor="end")
    length = f"{distance[-1] / 1000:.1f} km"
    yield Words(_RIGHT, top + _BOTTOM + 14, length, size=10, colour=_PALE_INK, anchor="end")
