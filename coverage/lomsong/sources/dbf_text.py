"""
Text of shapefiles: the code page is in a companion file, in the table's header, or nowhere.

GDAL knows fewer code pages than Python (1258 makes it lose columns), so it is asked for bytes, which are decoded here.
"""

import codecs
import re

import pandas as pd

from lomsong.errors import SourceError
from lomsong.findings import Finding, count_rows
from lomsong.sources.containers import Opened
from lomsong.text import decode, recode

#: Read with this, every byte becomes one character.
BYTES = "ISO-8859-1"
#: The byte of a dBASE header that names the code page, and its values; 0x57 ("ANSI") is written whatever the text is.
_CODE_PAGE_BYTE = 29
_CODE_PAGES = {
    0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x13: "cp932", 0x4D: "cp936", 0x4E: "cp949", 0x4F: "cp950",
    0x50: "cp874", 0x58: "cp1252", 0x59: "cp1252", 0x64: "cp852", 0x65: "cp866", 0x7A: "cp936", 0x7B: "cp932",
    0x7C: "cp874", 0xC8: "cp1250", 0xC9: "cp1251", 0xCA: "cp1254", 0xCB: "cp1253", 0xCC: "cp1257",
}  # fmt: skip


def find_encoding(opened: Opened) -> str | None:
    """Return the encoding that a shapefile says its text has, as Python calls it; None where it says none."""
    said = (opened.companion(".cpg") or b"").decode("ascii", "replace").strip()
    digits = re.sub(r"\D", "", said)
    latin = re.fullmatch(r"8859(\d+)", digits)
    for name in (said, f"cp{digits}", f"iso8859-{latin.group(1)}" if latin else ""):
        try:
            return "utf-8" if digits == "65001" else codecs.lookup(name).name
        except (LookupError, ValueError):
            continue
    table = opened.companion(".dbf")
    return _CODE_PAGES.get(table[_CODE_PAGE_BYTE]) if table and len(table) > _CODE_PAGE_BYTE else None


def decode_columns(
    frame: pd.DataFrame, *, layer: str, name: str, encoding: str | None
) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Decode text that was read as `BYTES`.

    Parameters
    ----------
    frame : DataFrame
        Text columns and column names hold one character for each byte of the file.
    layer, name : str
        For messages.
    encoding : str or None
        What the settings or the file say; None tries UTF-8 and then detects it from all the text together.

    Raises
    ------
    SourceError
        The encoding is unknown or does not fit.
    """
    texts = [
        column
        for column in frame.columns
        if column != "geometry" and not pd.api.types.is_numeric_dtype(frame[column])
    ]
    words = {str(column) for column in frame.columns}
    for column in texts:
        words.update(cell for cell in frame[column] if isinstance(cell, str))
    odd = {word: word.encode(BYTES, "replace") for word in sorted(words) if not word.isascii()}
    if not odd:
        return frame, []
    decoded, findings = _decode_words(odd, encoding, layer, name)
    frame = frame.assign(
        **{
            column: frame[column].map(lambda cell: decoded.get(cell, cell), na_action="ignore")
            for column in texts
        }
    )
    frame.columns = pd.Index([decoded.get(column, column) for column in frame.columns])
    return frame, findings


def _decode_words(
    words: dict[str, bytes], encoding: str | None, layer: str, name: str
) -> tuple[dict[str, str], list[Finding]]:
    label = f"{layer}: {name}"
    if encoding is None or _is_utf8(encoding):
        try:
            return _decode_cut(words, layer, name)
        except UnicodeDecodeError:
            if encoding is not None:
                raise SourceError(
                    f"{label}: its text is not UTF-8, although it says so; set 'encoding', for example cp1258"
                ) from None
    if encoding is not None:
        return {word: decode(raw, declared=encoding, name=label).text for word, raw in words.items()}, []
    found = decode(b"\n".join(words.values()), declared=None, name=label)
    message = (
        f"{name} does not say the encoding of its text; read as {found.encoding} (detected). "
        "Check a name with diacritics, and set 'encoding' in the settings if it is wrong"
    )
    finding = Finding(layer=layer, word="clean", severity="warning", message=message, count=1)
    decoded = {word: recode(raw, found.encoding) for word, raw in words.items()}
    return decoded, [finding]


def _is_utf8(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        return False


def _decode_cut(words: dict[str, bytes], layer: str, name: str) -> tuple[dict[str, str], list[Finding]]:
    """Decode UTF-8 whose last letter may be cut off, as columns of a fixed width do to long names."""
    decoded = {}
    cut = 0
    for word, raw in words.items():
        decoder = codecs.getincrementaldecoder("utf-8")()
        decoded[word] = decoder.decode(raw)
        cut += bool(decoder.getstate()[0])
    if not cut:
        return decoded, []
    message = f"{count_rows(cut, 'text')} of {name} cut off within a letter by the width of its column; the rest is kept"
    return decoded, [Finding(layer=layer, word="clean", severity="warning", message=message, count=cut)]
