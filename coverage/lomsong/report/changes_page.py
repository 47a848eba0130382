"""What changed between runs as files: a page to read, a chart, and tables."""

from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from lomsong.atomic import staged_folder
from lomsong.changes import CHANGES, Comparison
from lomsong.report.csv_files import write_csv
from lomsong.report.drawing import Area, Drawing, Line, Words, fit
from lomsong.report.tables import round_columns, write_geopackage

#: Villages of one kind of change on the page; the CSV has them all.
SHOWN = 200
#: Marks on the map of changes; a country's villages would be one blot.
_MOST_MARKS = 5_000
#: Written last.
PAGE = "changes.html"
#: Colour and size of a mark; told apart by size and by the table too. [pixel]
_MARKS = {
    "same": ("#C9CED6", 2.0), "other change": ("#CC79A7", 3.0), "appeared": ("#777777", 3.0), "vanished": ("#777777", 3.0),
    "still dark": ("#E69F00", 4.0), "newly covered": ("#0072B2", 5.0), "newly dark": ("#D55E00", 5.0),
}  # fmt: skip
_DARK, _HOLLOW, _INK = "#D55E00", "#E69F00", "#222222"


def write_changes(found: Comparison, folder: str | Path, *, synthetic: bool = False) -> None:
    """
    Write ``changes.csv``, ``changes.gpkg``, ``progress.csv``, ``progress.svg`` and ``changes.html``.

    Parameters
    ----------
    found : Comparison
        From `compare`.
    folder : path
        Nothing in it changes before every file is ready.
    synthetic : bool
        Say that the data is made up.
    """
    flat = round_columns(pd.DataFrame(found.changes.drop(columns="geometry")))
    with staged_folder(Path(folder), last=PAGE) as scratch:
        write_csv(flat, scratch / "changes.csv")
        write_geopackage(
            gpd.GeoDataFrame(flat, geometry=found.changes.geometry, crs=found.changes.crs),
            scratch / "changes.gpkg",
            layer="changes",
        )
        write_csv(found.progress, scratch / "progress.csv")
        (scratch / "progress.svg").write_text(draw_progress(found).as_svg(), encoding="utf-8")
        (scratch / PAGE).write_text(render_changes(found, synthetic=synthetic), encoding="utf-8")


def render_changes(found: Comparison, *, synthetic: bool = False) -> str:
    """Return a whole page without any outside resource or script; every text escaped."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(files("lomsong.report").joinpath("changes.html.j2").read_text("utf-8"))
    lists = []
    for (before, after), part in found.changes.groupby(["from_run", "to_run"], sort=False):
        for change in CHANGES:
            mine = part[part["change"] == change]
            if change != "same" and len(mine):
                rows = pd.DataFrame(mine.drop(columns="geometry").head(SHOWN)).astype(object)
                causes = mine["cause"].dropna().value_counts().to_dict()
                lists.append(
                    {
                        "title": f"{before} → {after}: {change}",
                        "count": len(mine),
                        "causes": causes,
                        "rows": rows.where(rows.notna(), None).to_dict("records"),
                    }
                )
    last = found.changes[found.changes["to_run"] == found.progress["run"].iloc[-1]]
    progress = found.progress.astype(object)
    return template.render(
        found=found,
        progress=progress.where(progress.notna(), None).to_dict("records"),
        lists=lists,
        shown=SHOWN,
        # the drawings escape their texts themselves
        chart=Markup(draw_progress(found).as_svg()),  # noqa: S704
        picture=Markup(draw_changes(last).as_svg()),  # noqa: S704
        synthetic=synthetic,
        version=version("lomsong"),
    )


def draw_progress(found: Comparison) -> Drawing:
    """Draw villages without signal and hollow ones by run, down to the target."""
    table = found.progress
    height, base, top, left = 320, 260.0, 50.0, 60.0
    width = int(max(left + 110 * len(table) + 40, 480))
    most = max(int(table[["white", "hollow"]].to_numpy().max()), found.target, 1)
    scale = (base - top) / most
    shapes: list[Area | Line | Words] = [
        Words(20, 22, "Villages without signal and hollow villages, by run", size=13, bold=True),
        Line([(left - 10, base), (width - 20, base)], _INK),
    ]
    for number, (_, row) in enumerate(table.iterrows()):
        x = left + 110 * number
        for place, (name, colour) in enumerate((("white", _DARK), ("hollow", _HOLLOW))):
            begin, y = x + 40 * place, base - float(row[name]) * scale
            shapes.append(Area([(begin, base), (begin, y), (begin + 34, y), (begin + 34, base)], colour))
            shapes.append(
                Words(begin + 17, y - 5, f"{int(row[name]):,}", anchor="middle", bold=name == "white")
            )
            shapes.append(Words(begin + 17, base + 14, name, size=10, anchor="middle"))
        shapes.append(Words(x + 37, base + 34, fit(str(row["run"]), 104, 11), anchor="middle", bold=True))
    line = base - found.target * scale
    shapes.append(Line([(left - 10, line), (width - 20, line)], "#009E73", 1.5, dash=(6, 4)))
    shapes.append(
        Words(left - 14, line + 4, f"target {found.target:,}", size=10, colour="#00684b", anchor="end")
    )
    counts = ", ".join(f"{row['run']} {row['white']:,}" for _, row in table.iterrows())
    described = f"Villages without signal by run: {counts}; the target is {found.target:,}."
    return Drawing(width, height, "Progress to the target", described, tuple(shapes))


def draw_changes(changes: gpd.GeoDataFrame) -> Drawing:
    """Draw every village of one step as a mark by its change, north up."""
    width, height, edge = 640, 420, 20.0
    shown = changes
    if len(changes) > _MOST_MARKS:
        shown = changes[~changes["change"].isin(["same"])].head(_MOST_MARKS)
    points = shown.geometry.representative_point()
    x, y = points.x.to_numpy(), points.y.to_numpy()
    fine = np.isfinite(x) & np.isfinite(y)
    kinds = shown["change"].to_numpy()
    shapes: list[Area | Line | Words] = []
    if fine.any():
        slim = float(np.cos(np.radians(y[fine].mean())))
        span = max(
            (np.ptp(x[fine]) * slim) / (width - 200 - 2 * edge), np.ptp(y[fine]) / (height - 2 * edge), 1e-9
        )
        across = edge + (x - x[fine].min()) * slim / span
        down = height - edge - (y - y[fine].min()) / span
        for kind, (colour, half) in _MARKS.items():
            for row in np.flatnonzero(fine & (kinds == kind)):
                a, b = float(across[row]), float(down[row])
                shapes.append(
                    Area(
                        [
                            (a - half, b - half),
                            (a + half, b - half),
                            (a + half, b + half),
                            (a - half, b + half),
                        ],
                        colour,
                    )
                )
    counts = changes["change"].value_counts()
    for number, (kind, (colour, half)) in enumerate(_MARKS.items()):
        y_line = 40.0 + 22 * number
        shapes.append(
            Area(
                [
                    (460 - half, y_line - half),
                    (460 + half, y_line - half),
                    (460 + half, y_line + half),
                    (460 - half, y_line + half),
                ],
                colour,
            )
        )
        shapes.append(Words(474, y_line + 4, f"{kind}: {int(counts.get(kind, 0)):,}"))
    described = "; ".join(f"{kind} {int(counts.get(kind, 0)):,}" for kind in _MARKS)
    return Drawing(
        width, height, "Where villages changed", f"Villages by change: {described}.", tuple(shapes)
    )
