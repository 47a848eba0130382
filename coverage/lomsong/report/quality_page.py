"""The quality of the data as a page to read: grades, measures, what was done to the rows, what to fetch next."""

from importlib.metadata import version as installed_version
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from lomsong.atomic import write_whole
from lomsong.errors import OutputError
from lomsong.quality import QualityReport
from lomsong.quality.measures import LIMITS_SOURCE
from lomsong.settings import Settings

#: Row ids spelt out for one measure or finding; the JSON has them all.
SHOWN_ROWS = 200
WORDS = {
    "correct": ("đúng", "positional and thematic accuracy"),
    "sufficient": ("đủ", "completeness"),
    "clean": ("sạch", "logical consistency"),
    "live": ("sống", "temporal quality"),
}


def render_quality(report: QualityReport, *, settings: Settings, version: str) -> str:
    """
    Render the quality report as HTML.

    Parameters
    ----------
    report : QualityReport
        From `check`.
    settings : Settings
        Name of the area, and whether it is synthetic.
    version : str
        Of the program.

    Returns
    -------
    str
        A whole page without any outside resource or script; every text escaped.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(files("lomsong.report").joinpath("quality.html.j2").read_text("utf-8"))
    return template.render(
        report=report,
        grades=report.grades(),
        words=WORDS,
        settings=settings,
        version=version,
        limits_source=LIMITS_SOURCE,
        shown_rows=SHOWN_ROWS,
    )


def save_quality(report: QualityReport, path: str | Path, *, settings: Settings) -> Path:
    """
    Write the page, whole or not at all.

    Raises
    ------
    OutputError
        The name does not end in .html, or the place cannot be written to.
    """
    target = Path(path)
    if target.suffix.lower() not in (".html", ".htm"):
        raise OutputError(f"{target.name}: the quality page is HTML; name a file that ends in .html")
    page = render_quality(report, settings=settings, version=installed_version("lomsong"))
    write_whole(target, page.encode("utf-8"))
    return target
