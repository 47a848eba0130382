"""A page as a file: HTML as it is, or PDF by WeasyPrint where that optional extra is installed."""

from importlib import import_module
from pathlib import Path
from typing import Any

from lomsong.atomic import write_whole
from lomsong.errors import OutputError

_HTML, _PDF = (".html", ".htm"), ".pdf"
_ADVICE = "a PDF needs WeasyPrint: pip install 'lomsong[pdf]' (and the Pango library of the system), or open the .html in a browser and print it"


def refuse_ending(target: Path) -> None:
    """
    Say early that a file cannot be written.

    Raises
    ------
    OutputError
        It ends in neither .html nor .pdf, or WeasyPrint is not there for a .pdf.
    """
    ending = target.suffix.lower()
    if ending not in (*_HTML, _PDF):
        raise OutputError(f"{target.name}: the report is HTML or PDF; name a file that ends in .html or .pdf")
    if ending == _PDF:
        _load_weasyprint()


def write_page(page: str, target: Path) -> None:
    """Write a page, whole or not at all; nothing outside the page is asked for."""
    if target.suffix.lower() == _PDF:
        weasyprint, urls = _load_weasyprint()
        # what lies in the page, and nothing else: no file and no server
        fetcher = urls.URLFetcher(allowed_protocols=("data",))
        content = weasyprint.HTML(string=page, url_fetcher=fetcher).write_pdf()
        write_whole(target, bytes(content))
        return
    write_whole(target, page.encode("utf-8"))


def _load_weasyprint() -> tuple[Any, Any]:
    try:
        return import_module("weasyprint"), import_module("weasyprint.urls")
    except (ImportError, OSError):  # OSError: a library of the system is missing
        raise OutputError(_ADVICE) from None
