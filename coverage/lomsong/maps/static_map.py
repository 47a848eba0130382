"""The same map on paper: a sheet with scale bar, north arrow, legend, sources and date."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from lomsong.atomic import write_whole
from lomsong.errors import OutputError
from lomsong.maps.contents import DRAWN
from lomsong.maps.discretion import discreet
from lomsong.maps.frame import WebFrame, find_frame
from lomsong.maps.parts import MapOptions, MapParts, find_labels
from lomsong.maps.relief import shade_relief
from lomsong.maps.static_ways import (
    BACKHAUL_COLOUR,
    WAY_COLOURS,
    backhaul_lines,
    draw_backhaul,
    draw_ways,
    outline_of,
)
from lomsong.schemas import STATUSES
from lomsong.text import clean
from lomsong.wording import LANGUAGES, write_number

#: Width and height of the sheets. [inch]
SHEETS: Mapping[str, tuple[float, float]] = {
    "a4": (11.69, 8.27),
    "a4-portrait": (8.27, 11.69),
    "slide": (13.333, 7.5),
}
#: Letters of a name that are shown.
_MOST_LETTERS = 200
#: The page's colours and patterns, in matplotlib's words.
_LOOKS = {
    "white": ("#D55E00", "#5c2900", "xxx"),
    "hollow": ("#E69F00", "#5f4200", "..."),
    "underserved": ("#F0E442", "#5e5800", "---"),
    "verify": ("#CC79A7", "#5e2846", "///"),
    "covered": ("#56B4E9", "#0f4a6e", "|||"),
    "served": ("#0072B2", "#002f4a", ""),
}
_WORDS: dict[str, tuple[str, str]] = {
    "white": ("White: no signal at the centre", "Trắng sóng: trung tâm không có sóng"),
    "hollow": ("Hollow: gaps around the centre", "Lõm sóng: quanh trung tâm còn chỗ mất sóng"),
    "underserved": ("Underserved: signal, but too slow", "Sóng kém: có sóng nhưng quá chậm"),
    "verify": ("Verify: needs checking", "Cần kiểm tra: cần đối chiếu thực địa"),
    "covered": ("Covered: signal, speed unknown", "Có sóng: chưa rõ tốc độ"),
    "served": ("Served: signal, fast enough", "Đạt yêu cầu: có sóng, đủ nhanh"),
    "masts": ("Mast", "Trạm phát sóng"),
    "counts": ("{villages} villages, {people} people", "{villages} thôn bản, {people} người"),
    "villages": ("{villages} villages", "{villages} thôn bản"),
    "sources": ("Sources", "Nguồn"),
    "synthetic": (
        "SYNTHETIC DATA: made up, not a real place",
        "DỮ LIỆU MÔ PHỎNG: không phải địa danh có thật",
    ),
    "north": ("N", "B"),
    "sites": ("Proposed site", "Trạm đề xuất"),
    "backhaul": ("Backhaul", "Truyền dẫn"),
    "roads": ("Road", "Đường bộ"),
    "water": ("Water", "Sông hồ"),
}
_DPI = 200
#: Letters in a line of the sources, of both the narrow and the wide sheets.
_FOOT_LETTERS = 130
#: Borders are drawn no finer than this. [pixel of the printed map]
_FINE_PX = 0.7
#: Patterns and borders of more villages than this would cover their colours.
_CROWD = 4000


@dataclass(frozen=True, slots=True)
class _Sheet:
    figure: Any
    axes: Any
    language: int

    def words(self, key: str, **values: str) -> str:
        return _WORDS[key][self.language].format(**values)


def draw_static_map(
    villages: gpd.GeoDataFrame,
    path: str | Path,
    *,
    parts: MapParts | None = None,
    options: MapOptions | None = None,
    paper: Literal["a4", "a4-portrait", "slide"] = "a4",
    drawn_on: date | None = None,
) -> Path:
    """
    Draw the villages by status as a picture file.

    Parameters
    ----------
    villages, parts, options
        As in `village_map`.
    path : str or Path
        ``.png``, ``.svg`` or ``.pdf``; the fills of the last two are pictures, so that a nation's file stays small.
    paper : {'a4', 'a4-portrait', 'slide'}
        Size of the sheet.
    drawn_on : date, optional
        Date on the sheet; today if not given.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        matplotlib is not installed, the ending is another one, or the file cannot be written.
    CrsError, TableError
        As in `village_map`.
    """
    target, options, parts = Path(path), options or MapOptions(), parts or MapParts()
    if target.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise OutputError(f"static map: {target.name} should end in .png, .svg or .pdf")
    DRAWN.check(villages)
    villages, parts = discreet(villages, parts, options)
    sheet = _new_sheet(paper, options)
    frame = find_frame(villages.geometry)
    labels = find_labels(villages, parts)
    _draw_relief(sheet, parts, frame)
    _draw_villages(sheet, villages, frame)
    draw_ways(sheet.axes, {"water": parts.water, "roads": parts.roads}, frame.crs, pixels=6 * _DPI)
    draw_backhaul(sheet.axes, parts.plan, frame.crs)
    _draw_points(sheet, parts, frame)
    _furnish(sheet, frame)
    name = clean(labels.name[:_MOST_LETTERS])
    head = f"{sheet.words('synthetic')}\n{name}" if labels.synthetic else name
    sheet.figure.text(0.03, 0.97, head, fontsize=15, fontweight="bold", va="top", parse_math=False)
    _legend(sheet, villages, parts)
    credits_ = ", ".join(clean(text[:_MOST_LETTERS]) for text in labels.attributions) or "–"
    day = (drawn_on or date.today()).isoformat()
    told = textwrap.wrap(
        f"{sheet.words('sources')}: {credits_}", _FOOT_LETTERS, max_lines=4, placeholder=" …"
    )
    foot = "\n".join([*told, f"lomsong · {day}"])
    sheet.figure.text(0.03, 0.02, foot, fontsize=7, va="bottom", parse_math=False)
    return _save(sheet, target)


def _new_sheet(paper: str, options: MapOptions) -> _Sheet:
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - optional, and slow to load
    except ModuleNotFoundError:
        raise OutputError(
            "a static map needs matplotlib: pip install 'lomsong[notebook]', or write .html instead"
        ) from None
    if paper not in SHEETS:
        raise OutputError(f"there is no paper '{paper}'; there are {', '.join(SHEETS)}")
    figure = Figure(figsize=SHEETS[paper], dpi=_DPI)
    wide = SHEETS[paper][0] > SHEETS[paper][1]
    axes = figure.add_axes((0.03, 0.08, 0.66, 0.8) if wide else (0.04, 0.28, 0.92, 0.6))
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    return _Sheet(figure, axes, LANGUAGES.index(options.language))


def _draw_relief(sheet: _Sheet, parts: MapParts, frame: WebFrame) -> None:
    relief = None if parts.terrain is None else shade_relief(parts.terrain, frame, longest_px=1600)
    if relief is None:
        return
    from io import BytesIO  # noqa: PLC0415

    from matplotlib.image import imread  # noqa: PLC0415 - optional

    south, west, north, east = relief.bounds
    to_frame = Transformer.from_crs(4326, frame.crs, always_xy=True)
    (left, right), (bottom, top) = to_frame.transform([west, east], [south, north])
    sheet.axes.imshow(
        imread(BytesIO(relief.png)), extent=(left, right, bottom, top), zorder=0, interpolation="bilinear"
    )


def _draw_villages(sheet: _Sheet, villages: gpd.GeoDataFrame, frame: WebFrame) -> None:
    from matplotlib.collections import PathCollection  # noqa: PLC0415 - optional

    there = np.array(villages.geometry.to_crs(frame.crs).array, dtype=object)
    bounds = shapely.total_bounds(there)
    if not np.isfinite(bounds).all():
        return
    pixel_m = max(bounds[2] - bounds[0], bounds[3] - bounds[1], 1.0) / (6 * _DPI)
    kinds = shapely.get_type_id(there)
    area = np.isin(kinds, (3, 6))
    there[area] = shapely.simplify(there[area], pixel_m * _FINE_PX)
    crowd = len(villages) > _CROWD
    for status in STATUSES:
        fill, line, hatch = _LOOKS[status]
        mine = (villages["status"] == status).to_numpy()
        paths = [outline_of(shape) for shape in there[mine & area] if not shape.is_empty]
        style: dict[str, Any] = {
            "facecolor": fill,
            "edgecolor": line,
            "linewidth": 0.0 if crowd else 0.4,
            "zorder": 2,
            "alpha": 0.85,
        }
        if paths:
            patches = PathCollection(paths, **style, hatch=None if crowd else hatch, rasterized=True)
            patches.set_transform(sheet.axes.transData)
            sheet.axes.add_collection(patches, autolim=False)
        rest = [shape for shape in there[mine & ~area] if shape is not None and not shape.is_empty]
        if rest:
            middle = shapely.get_coordinates(shapely.centroid(rest))
            sheet.axes.scatter(
                *middle.T, s=18, c=fill, edgecolors=line, linewidths=0.6, zorder=3, rasterized=True
            )
    room = 0.03 * max(bounds[2] - bounds[0], bounds[3] - bounds[1], 2000.0)
    sheet.axes.set_xlim(bounds[0] - room, bounds[2] + room)
    sheet.axes.set_ylim(bounds[1] - room, bounds[3] + room)


def _draw_points(sheet: _Sheet, parts: MapParts, frame: WebFrame) -> None:
    for table, style in (
        (parts.sectors, {"marker": "^", "s": 10, "c": "#1d1d1f", "edgecolors": "#ffffff", "linewidths": 0.4}),
        (parts.plan, {"marker": "D", "s": 22, "c": "#009E73", "edgecolors": "#00382a", "linewidths": 0.8}),
    ):
        if table is None or not len(table):
            continue
        points: NDArray[np.float64] = shapely.get_coordinates(table.geometry.to_crs(frame.crs).array)
        sheet.axes.scatter(*np.unique(points, axis=0).T, **style, zorder=4, rasterized=len(points) > _CROWD)


def _furnish(sheet: _Sheet, frame: WebFrame) -> None:
    """Draw scale bar and north arrow; the bar holds in the middle of the sheet, as Mercator grows to the poles."""
    (left, right), (bottom, top) = sheet.axes.get_xlim(), sheet.axes.get_ylim()
    _, latitude = Transformer.from_crs(frame.crs, 4326, always_xy=True).transform(left, (bottom + top) / 2)
    stretch = 1 / np.cos(np.radians(latitude))
    bar_m = _round_length((right - left) / stretch / 4)
    x, y = left + 0.03 * (right - left), bottom + 0.03 * (top - bottom)
    sheet.axes.plot(
        [x, x + bar_m * stretch], [y, y], color="#111111", linewidth=3, solid_capstyle="butt", zorder=6
    )
    text = f"{bar_m / 1000:g} km" if bar_m >= 1000 else f"{bar_m:g} m"
    sheet.axes.text(x, y + 0.012 * (top - bottom), text, fontsize=8, zorder=6)
    sheet.axes.annotate(
        sheet.words("north"), xy=(0.965, 0.97), xytext=(0.965, 0.89), xycoords="axes fraction", ha="center",
        va="center", fontsize=11, fontweight="bold", arrowprops={"arrowstyle": "-|>", "color": "#111111"}, zorder=6,
    )  # fmt: skip


def _round_length(length_m: float) -> float:
    """
    Return the largest of 1, 2, 5, 10, 20 ... that is not longer.

    Examples
    --------
    >>> _round_length(7300.0)
    5000.0
    """
    power = 10.0 ** np.floor(np.log10(max(length_m, 1.0)))
    return float(max(factor * power for factor in (1, 2, 5) if factor * power <= max(length_m, 1.0)))


def _legend(sheet: _Sheet, villages: gpd.GeoDataFrame, parts: MapParts) -> None:
    from matplotlib.lines import Line2D  # noqa: PLC0415 - optional
    from matplotlib.patches import Patch  # noqa: PLC0415

    handles: list[Any] = []
    language = LANGUAGES[sheet.language]
    residents = villages.get("people", villages.get("population", pd.Series(np.nan, villages.index)))
    people = pd.to_numeric(residents, errors="coerce")
    for status in STATUSES:
        fill, line, hatch = _LOOKS[status]
        mine = villages["status"] == status
        count = write_number(int(mine.sum()), 0, language)
        known = people[mine].notna().any()
        told = (
            sheet.words("counts", villages=count, people=write_number(float(people[mine].sum()), 0, language))
            if known
            else sheet.words("villages", villages=count)
        )
        label = f"{sheet.words(status)}\n{told}"
        handles.append(Patch(facecolor=fill, edgecolor=line, hatch=hatch, label=label, linewidth=0.6))
    points = (("masts", parts.sectors, "^", "#1d1d1f"), ("sites", parts.plan, "D", "#009E73"))
    handles += [
        Line2D([], [], marker=marker, color="none", markerfacecolor=colour, markeredgecolor="#ffffff", label=sheet.words(key))
        for key, table, marker, colour in points
        if table is not None and len(table)
    ]  # fmt: skip
    handles += [
        Line2D([], [], color=colour, linewidth=1.4, label=sheet.words(name))
        for name, colour in WAY_COLOURS.items()
        if getattr(parts, name) is not None and len(getattr(parts, name))
    ]
    if backhaul_lines(parts.plan):
        handles.append(Line2D([], [], color=BACKHAUL_COLOUR, linestyle="--", label=sheet.words("backhaul")))
    wide = sheet.axes.get_position().width < 0.8
    where = (
        {"loc": "upper left", "bbox_to_anchor": (0.7, 0.88)}
        if wide
        else {"loc": "lower left", "bbox_to_anchor": (0.04, 0.07)}
    )
    sheet.figure.legend(
        handles=handles, frameon=False, fontsize=9, labelspacing=0.9, ncols=1 if wide else 2, **where
    )


def _save(sheet: _Sheet, target: Path) -> Path:
    import warnings  # noqa: PLC0415
    from io import BytesIO  # noqa: PLC0415

    import matplotlib as mpl  # noqa: PLC0415 - optional

    kind = target.suffix.lower()[1:]
    undated: dict[str, dict[str, Any]] = {
        "pdf": {"CreationDate": None, "ModDate": None}, "svg": {"Date": None}, "png": {"Software": None}
    }  # fmt: skip
    content = BytesIO()
    with (
        mpl.rc_context({"svg.hashsalt": "lomsong", "font.family": ["Noto Sans", "DejaVu Sans"]}),
        warnings.catch_warnings(),
    ):
        # names hold letters that no font here has; boxes stand for them
        warnings.filterwarnings("ignore", message="Glyph .* missing|.*findfont.*")
        sheet.figure.savefig(content, format=kind, metadata=undated[kind])
    write_whole(target, content.getvalue())
    return target
