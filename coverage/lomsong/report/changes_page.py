"""What changed between runs as files: a page to read, a chart, and tables."""

from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import geopandas as gpd
import pandas as pd
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from lomsong.atomic import staged_folder
from lomsong.changes import CHANGES, Comparison
from lomsong.report.changes_pictures import draw_progress, draw_steps
from lomsong.report.csv_files import write_csv
from lomsong.report.fonts import font_faces
from lomsong.report.plane import mark_synthetic
from lomsong.report.tables import round_columns, write_geopackage

#: Villages of one kind of change on the page; the CSV has them all.
SHOWN = 200
#: Written last.
PAGE = "changes.html"


def write_changes(found: Comparison, folder: str | Path, *, synthetic: bool = False) -> None:
    """
    Write ``changes.csv``, ``changes.gpkg``, ``progress.csv``, ``progress.svg``, a map of each step and ``changes.html``.

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
        maps = [picture for _, picture in draw_steps(found)]
        pictures = {"progress": draw_progress(found)}
        pictures |= {f"changes_{number}": picture for number, picture in enumerate(maps, start=1)}
        for name, picture in pictures.items():
            marked = mark_synthetic(picture, "en") if synthetic else picture
            (scratch / f"{name}.svg").write_text(marked.as_svg(), encoding="utf-8")
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
    progress = found.progress.astype(object)
    return template.render(
        found=found,
        progress=progress.where(progress.notna(), None).to_dict("records"),
        lists=lists,
        shown=SHOWN,
        # the drawings escape their texts themselves
        chart=Markup(draw_progress(found).as_svg()),  # noqa: S704
        steps=[(title, Markup(picture.as_svg())) for title, picture in draw_steps(found)],  # noqa: S704
        synthetic=synthetic,
        fonts=Markup(font_faces()),  # noqa: S704 - our own rules
        version=version("lomsong"),
    )
