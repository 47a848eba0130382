"""Descriptions of placemarks that are tables of a name and a value, as map programs write them: one column a name."""

from contextlib import suppress
from html.parser import HTMLParser

import geopandas as gpd
import pandas as pd

#: More names than this are no table of attributes.
MOST_NAMES = 200
#: What stands for a value that is missing.
_MISSING = frozenset({"", "<null>", "null"})


class _Table(HTMLParser):
    """Collects the rows of two cells, those of tables within cells too."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.pairs: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the signature is the library's
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"} and self.rows:
            self.rows[-1].append("")
        elif tag == "br":
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "tr" and self.rows:
            cells = [" ".join(cell.split()) for cell in self.rows.pop()]
            if len(cells) == 2 and cells[0]:
                self.pairs.setdefault(cells[0].rstrip(":").rstrip(), cells[1])

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def split_descriptions(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """
    Return placemarks with a column for each name in the tables of their descriptions.

    Parameters
    ----------
    frame : GeoDataFrame
        As read; columns that it has already stay as they are.

    Returns
    -------
    GeoDataFrame
        Same rows; text where a description has the name, else missing.
    """
    named = next((name for name in frame.columns if str(name).casefold() == "description"), None)
    if named is None:
        return frame
    texts = [text if isinstance(text, str) and "<t" in text.casefold() else "" for text in frame[named]]
    tables = [_read(text) for text in texts]
    names = list(dict.fromkeys(name for table in tables for name in table))
    taken = {str(name).casefold() for name in frame.columns}
    new = [name for name in names if name.casefold() not in taken]
    if not new or len(names) > MOST_NAMES:
        return frame
    columns = {
        name: pd.Series([table.get(name) for table in tables], index=frame.index, dtype="string")
        for name in new
    }
    return frame.assign(**columns)


def _read(text: str) -> dict[str, str]:
    if not text:
        return {}
    table = _Table()
    # the parser's way to refuse a section that it does not know; the rows before it count
    with suppress(AssertionError):
        table.feed(text)
        table.close()
    return {name: value for name, value in table.pairs.items() if value.casefold() not in _MISSING}
