"""What changed between runs as pictures: progress to the target, and where."""

import geopandas as gpd
import numpy as np

from lomsong.changes import Comparison
from lomsong.report.drawing import Area, Drawing, Line, Words, fit
from lomsong.report.plane import Plane, Shape, box
from lomsong.wording import LANGUAGES, Language, label, write_number

#: Marks on the map of changes; a country's villages would be one blot.
_MOST_MARKS = 5_000
#: Colour and size of a mark; told apart by size and by the table too. [pixel]
_MARKS = {
    "same": ("#C9CED6", 2.0), "other change": ("#CC79A7", 3.0), "appeared": ("#777777", 3.0), "vanished": ("#777777", 3.0),
    "still dark": ("#E69F00", 4.0), "newly covered": ("#0072B2", 5.0), "newly dark": ("#D55E00", 5.0),
}  # fmt: skip
#: Room for the bars of a run. [pixel]
_RUN = 150
_DARK, _HOLLOW, _TARGET, _INK = "#D55E00", "#E69F00", "#009E73", "#222222"
_WORDS = {
    "bars": (
        "Villages without signal and hollow villages, by run",
        "Thôn bản trắng sóng và lõm sóng theo lần chạy",
    ),
    "title": ("Progress to the target", "Tiến độ tới mục tiêu"),
    "target": ("target {count}", "mục tiêu {count}"),
    "bars_alt": (
        "Villages without signal by run: {counts}; the target is {target}.",
        "Số thôn bản không có sóng theo lần chạy: {counts}; mục tiêu là {target}.",
    ),
    "where": ("Where villages changed", "Nơi có thay đổi"),
    "where_alt": ("Villages by change: {told}.", "Thôn bản theo thay đổi: {told}."),
}


def draw_progress(found: Comparison, language: Language = "en") -> Drawing:
    """Draw villages without signal and hollow ones by run, down to the target."""
    table = found.progress
    height, base, top, left = 320, 260.0, 56.0, 90.0
    width = int(max(left + _RUN * len(table) + 20, 480))
    most = max(int(table[["white", "hollow"]].to_numpy().max()), found.target, 1)
    scale = (base - top) / most
    shapes: list[Shape] = [
        Words(10, 20, _say("bars", language), 13, bold=True),
        Line([(left - 10, base), (width - 20, base)], _INK),
    ]
    for number, (_, row) in enumerate(table.iterrows()):
        x = left + _RUN * number
        for place, (name, colour) in enumerate((("white", _DARK), ("hollow", _HOLLOW))):
            begin, y = x + 64 * place, base - float(row[name]) * scale
            shapes.append(Area(box(begin, y, begin + 36, base), colour))
            count = write_number(int(row[name]), 0, language)
            shapes.append(Words(begin + 18, y - 5, count, anchor="middle", bold=name == "white"))
            shapes.append(Words(begin + 18, base + 14, label("status", name, language), 9, anchor="middle"))
        shapes.append(
            Words(x + 50, base + 34, fit(str(row["run"]), _RUN - 16, 11), anchor="middle", bold=True)
        )
    line = base - found.target * scale
    target = write_number(found.target, 0, language)
    shapes.append(Line([(left - 10, line), (width - 20, line)], _TARGET, 1.5, dash=(6, 4)))
    shapes.append(Words(left - 14, line + 4, _say("target", language, count=target), 10, "#00684b", "end"))
    counts = ", ".join(
        f"{row['run']} {write_number(int(row['white']), 0, language)}" for _, row in table.iterrows()
    )
    described = _say("bars_alt", language, counts=counts, target=target)
    return Drawing(width, height, _say("title", language), described, tuple(shapes))


def draw_steps(found: Comparison, language: Language = "en") -> list[tuple[str, Drawing]]:
    """Draw a map of each step from run to run, with what it is called."""
    return [
        (f"{before} → {after}", draw_changes(part, language))
        for (before, after), part in found.changes.groupby(["from_run", "to_run"], sort=False)
    ]


def draw_changes(changes: gpd.GeoDataFrame, language: Language = "en") -> Drawing:
    """Draw every village of one step as a mark by its change, north up."""
    width, height, right = 640, 420, 440.0
    shown = changes
    if len(changes) > _MOST_MARKS:
        shown = changes[~changes["change"].isin(["same"])].head(_MOST_MARKS)
    points = shown.geometry.representative_point()
    x, y = points.x.to_numpy(), points.y.to_numpy()
    fine = np.isfinite(x) & np.isfinite(y)
    kinds = shown["change"].to_numpy()
    shapes: list[Shape] = [Words(10, 20, _say("where", language), 13, bold=True)]
    if fine.any():
        bounds = (float(x[fine].min()), float(y[fine].min()), float(x[fine].max()), float(y[fine].max()))
        plane = Plane.around(bounds, (16, 36, right, height - 16), least_m=1000)
        pixels = plane.to_pixels(np.column_stack([x, y]))
        for kind, (colour, half) in _MARKS.items():
            for row in np.flatnonzero(fine & (kinds == kind)):
                a, b = pixels[row].tolist()
                shapes.append(Area(box(a - half, b - half, a + half, b + half), colour))
    counts = changes["change"].value_counts()
    told = []
    for number, (kind, (colour, half)) in enumerate(_MARKS.items()):
        middle = 50.0 + 22 * number
        shapes.append(Area(box(right + 20 - half, middle - half, right + 20 + half, middle + half), colour))
        text = f"{label('change', kind, language)}: {write_number(int(counts.get(kind, 0)), 0, language)}"
        shapes.append(Words(right + 34, middle + 4, text))
        told.append(text)
    described = _say("where_alt", language, told="; ".join(told))
    return Drawing(width, height, _say("where", language), described, tuple(shapes))


def _say(key: str, language: Language, **values: object) -> str:
    return _WORDS[key][LANGUAGES.index(language)].format(**values)
