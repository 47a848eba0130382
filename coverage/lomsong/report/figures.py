"""Every picture of a report by name: in the page, and beside it as SVG and PNG with its words for those who cannot see it."""

from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from lomsong.atomic import told_as_ours, write_whole
from lomsong.report.area_pictures import draw_area, draw_statuses
from lomsong.report.changes_pictures import draw_changes, draw_progress
from lomsong.report.contents import ReportContents
from lomsong.report.csv_files import write_csv
from lomsong.report.drawing import Drawing
from lomsong.report.evidence_page import draw_self_test
from lomsong.report.plan_section import draw_curve, draw_parts
from lomsong.report.plane import mark_synthetic
from lomsong.report.village_pages import VillagePage
from lomsong.wording import Language

#: Written last: which file shows what, in words.
LIST_FILE = "figures.csv"


def draw_figures(
    contents: ReportContents, pages: list[VillagePage], language: Language
) -> dict[str, Drawing]:
    """Return every picture of a report by its name, in the order of the page."""
    villages = contents.ranked.to_crs(4326)
    figures = {
        "area": draw_area(villages, language),
        "statuses": draw_statuses(contents.ranked, language),
    }
    if contents.changes is not None:
        last = contents.changes.changes
        figures["progress"] = draw_progress(contents.changes, language)
        figures["changes"] = draw_changes(last, language)
    if contents.plan is not None:
        money = contents.settings.costs.currency
        figures["plan"] = draw_area(villages, language, sites=contents.plan.sites)
        if len(contents.plan.sites):
            figures["plan_parts"] = draw_parts(contents.plan, money, language)
        if len(contents.plan.curve):
            figures["plan_curve"] = draw_curve(contents.plan, money, language)
    figures |= draw_self_test(contents.self_test, language)
    if contents.settings.synthetic:
        figures = {name: mark_synthetic(drawing, language) for name, drawing in figures.items()}
    for number, page in enumerate(pages, start=1):
        if page.area is not None:
            figures[f"village_{number:02d}_map"] = page.area
        if page.profile is not None:
            figures[f"village_{number:02d}_terrain"] = page.profile
    return figures


def write_figures(figures: dict[str, Drawing], folder: Path) -> Path:
    """
    Write each picture as SVG, as PNG where matplotlib is installed, and `LIST_FILE` with their titles and descriptions.

    Raises
    ------
    OutputError
        The folder cannot be written to.
    """
    painted = find_spec("matplotlib") is not None
    with told_as_ours(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, drawing in figures.items():
            write_whole(folder / f"{name}.svg", drawing.as_svg().encode("utf-8"))
            if painted:
                write_whole(folder / f"{name}.png", drawing.as_png())
        rows = [
            {"figure": name, "title": each.title, "description": each.description}
            for name, each in figures.items()
        ]
        write_csv(pd.DataFrame(rows), folder / LIST_FILE)
    return folder
