"""OpenCelliD's cells, in either header, and what their numbers tell about base stations and directions."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.contracts import problem_list
from lomsong.errors import TableError
from lomsong.settings import MastSource
from lomsong.sources.tables import Needs

LAYER = "masts"
_WANTED = ("radio", "mcc", "net", "area", "cell", "lon", "lat")
#: The columns of the files of single countries, which come without a header.
HEADER = (
    "radio", "mcc", "net", "area", "cell", "unit", "lon", "lat", "range", "samples", "changeable", "created",
    "updated", "averageSignal",
)  # fmt: skip
_RADIOS = frozenset({"GSM", "UMTS", "LTE", "NR", "CDMA", "NBIOT"})
#: A cell without its position says nothing.
_LEAST_CELLS = 8
#: The other header in circulation, lower case: its name, and the usual one.
_ALIASES = {"mnc": "net", "tac": "area", "lac": "area", "cid": "cell", "sam": "samples"}


def _locate(piece: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the positions of a piece of a large file."""
    if not {"lon", "lat"} <= set(piece):
        return np.full(len(piece), np.nan), np.full(len(piece), np.nan)
    x, y = (pd.to_numeric(piece[name], errors="coerce").to_numpy(np.float64) for name in ("lon", "lat"))
    return x, y


NEEDS = Needs(columns=(*_WANTED, *_ALIASES, "range", "samples", "updated", "network"), locate=_locate)


def name_columns(raw: pd.DataFrame, first_line: list[str]) -> pd.DataFrame:
    """
    Return the cells of a country file, which has no header: its first line, taken for one, is a cell like the others.

    Parameters
    ----------
    raw : DataFrame
        As read.
    first_line : list of str
        The cells of the line that was taken for a header.
    """
    cells = [cell.strip() for cell in first_line]
    columns = list(HEADER[: len(cells)])
    if len(cells) < _LEAST_CELLS or len(cells) != raw.shape[1] or len(columns) != raw.shape[1]:
        return raw
    if cells[0].upper() not in _RADIOS or not all(cell.isdigit() for cell in cells[1:5]):
        return raw
    first = pd.DataFrame([cells], columns=columns, dtype=str)
    return pd.concat([first, raw.set_axis(columns, axis=1)], ignore_index=True)


def recognise(columns: frozenset[str]) -> bool:
    """Return whether the column names (lower case) are those of OpenCelliD."""
    usual = columns | {_ALIASES[name] for name in columns if name in _ALIASES}
    return {"radio", "mcc", "net", "area", "cell"} <= usual


def shape(raw: pd.DataFrame, source: MastSource) -> pd.DataFrame:
    """
    Return the cells under our column names; the younger of two records of one cell comes last.

    ``node`` is what stands for the base station in the cell id: 20 bits in LTE (3GPP TS 36.300), and by habit all
    but the last digit of a GSM cell id and of the 16 bits of a UMTS one; the rest is ``sector_number``.

    Raises
    ------
    TableError
        A column is missing.
    """
    lower = {str(column).casefold(): column for column in raw.columns}
    lower = {**{usual: lower[other] for other, usual in _ALIASES.items() if other in lower}, **lower}
    absent = [column for column in _WANTED[:5] if column not in lower]
    if "geometry" not in raw:
        absent += [column for column in _WANTED[5:] if column not in lower]
    if absent:
        name = source.path.name
        raise TableError(
            problem_list(
                f"{LAYER} ({name})", [f"column '{column}' is missing (OpenCelliD)" for column in absent]
            )
        )
    text = {name: _code(raw[lower[name]]) for name in ("radio", "mcc", "net", "area", "cell")}
    radio, network = text["radio"].str.upper(), text["mcc"] + "-" + text["net"].str.zfill(2)
    frame = pd.DataFrame(
        {
            "sector_id": radio + "-" + network + "-" + text["area"] + "-" + text["cell"],
            "network": network,
            "operator": _operator(raw, lower, network, source),
            "technology": radio,
        }
    )
    frame["node"], frame["sector_number"] = _nodes(radio, network, text["area"], text["cell"])
    for ours, theirs in (("samples", "samples"), ("range_m", "range")):
        if theirs in lower:
            number = pd.to_numeric(_code(raw[lower[theirs]]), errors="coerce")
            frame[ours] = number.where(number.between(0, 1e7)).astype("float64")
    if "geometry" in raw:
        frame["geometry"] = raw["geometry"].to_numpy()
    else:
        frame["longitude_deg"], frame["latitude_deg"] = raw[lower["lon"]], raw[lower["lat"]]
    if "updated" in lower:
        written = _code(raw[lower["updated"]])
        seconds = pd.to_numeric(written, errors="coerce")
        in_seconds = seconds.between(0, 1e10).fillna(value=False).astype(bool)
        day = pd.to_datetime(seconds.where(in_seconds), unit="s", errors="coerce")
        # exports of others write milliseconds or dates, which whoever finishes the list reads; 0 is no time
        other = written.where((written != "") & ~in_seconds, pd.NA)
        frame["on_air"] = day.dt.strftime("%Y-%m-%d").astype("string").fillna(other)
        # the same cell can stand twice; the younger record knows better
        frame = frame.sort_values("on_air", kind="stable", na_position="first")
    return frame


def _code(values: pd.Series) -> pd.Series:
    """Return codes as text without blanks; a column of whole numbers loses its ".0"."""
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")
    return values.astype("string").str.strip().fillna("")


def _operator(raw: pd.DataFrame, lower: dict[str, str], network: pd.Series, source: MastSource) -> pd.Series:
    """Name the operator: as the settings call its network code, else as the file does, else by the code."""
    named = network.astype(object).map(source.operators).astype("string")
    if "network" in lower:
        named = named.fillna(_code(raw[lower["network"]]).replace("", pd.NA))
    return named.fillna(network).astype("string")


def _nodes(
    radio: pd.Series, network: pd.Series, area: pd.Series, cell: pd.Series
) -> tuple[pd.Series, pd.Series]:
    number = pd.to_numeric(cell, errors="coerce")
    number = number.where(number.between(0, 2**36)).fillna(-1).astype("int64")
    low = number % 65536
    node = pd.Series(pd.NA, index=cell.index, dtype="string")
    beam = pd.Series(float("nan"), index=cell.index, dtype="float64")
    known = number >= 0
    lte, umts, gsm = (known & (radio == name) for name in ("LTE", "UMTS", "GSM"))
    node[lte] = network[lte] + "-eNB" + (number[lte] // 256).astype("string")
    beam[lte] = (number[lte] % 256).astype("float64")
    node[umts] = (
        network[umts] + "-" + area[umts] + "-RNC" + (number[umts] // 65536).astype("string")
        + "-" + (low[umts] // 10).astype("string")
    )  # fmt: skip
    beam[umts] = (low[umts] % 10).astype("float64")
    node[gsm] = network[gsm] + "-" + area[gsm] + "-" + (number[gsm] // 10).astype("string")
    beam[gsm] = (number[gsm] % 10).astype("float64")
    return node, beam
