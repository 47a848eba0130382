"""The layouts of mast lists that are known by name, and how each is told from its columns."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from lomsong.findings import Finding
from lomsong.settings import MastSource
from lomsong.sources.masts import anfr, bakom, opencellid, openstreetmap, regulators
from lomsong.sources.tables import Needs

_WGS84 = "EPSG:4326"


@dataclass(frozen=True, slots=True, kw_only=True)
class MastFormat:
    """
    One layout.

    Attributes
    ----------
    recognise : callable
        Says from the column names, in lower case, whether a file has this layout.
    shape : callable
        Gives the columns our names.
    crs : callable
        The CRS in which the layout is defined, for what `shape` returned.
    needs : Needs or None
        What is read of a large file.
    silent_on : tuple of str
        Columns that lists of this layout never have, so that a default is no fault of the file.
    """

    recognise: Callable[[frozenset[str]], bool]
    shape: Callable[[pd.DataFrame, MastSource], tuple[pd.DataFrame, list[Finding]]]
    crs: Callable[[pd.DataFrame], str]
    needs: Needs | None = None
    silent_on: tuple[str, ...] = ()


def _plain(
    shape: Callable[[pd.DataFrame], pd.DataFrame],
) -> Callable[[pd.DataFrame, MastSource], tuple[pd.DataFrame, list[Finding]]]:
    return lambda raw, _source: (shape(raw), [])


def _degrees(frame: pd.DataFrame) -> str:  # noqa: ARG001 - every layout has the same signature
    return _WGS84


def _swiss(frame: pd.DataFrame) -> str:  # noqa: ARG001 - every layout has the same signature
    return bakom.SWISS_METRES


#: By the name that the settings use; tried in this order where the settings give none.
FORMATS: dict[str, MastFormat] = {
    "opencellid": MastFormat(
        recognise=opencellid.recognise,
        shape=lambda raw, source: (opencellid.shape(raw, source), []),
        crs=_degrees,
        needs=opencellid.NEEDS,
    ),
    "osm": MastFormat(
        recognise=openstreetmap.recognise,
        shape=lambda raw, _source: openstreetmap.shape(raw),
        crs=_degrees,
        silent_on=("technology", "operator"),
    ),
    "accc": MastFormat(
        recognise=regulators.recognise_accc, shape=_plain(regulators.shape_accc), crs=_degrees
    ),
    "arcep": MastFormat(
        recognise=regulators.recognise_arcep, shape=_plain(regulators.shape_arcep), crs=regulators.arcep_crs
    ),
    "anfr": MastFormat(recognise=anfr.recognise, shape=_plain(anfr.shape), crs=_degrees),
    "bakom": MastFormat(recognise=bakom.recognise, shape=bakom.shape, crs=_swiss),
    "hifld": MastFormat(
        recognise=regulators.recognise_hifld,
        shape=_plain(regulators.shape_hifld),
        crs=_degrees,
        silent_on=("technology",),
    ),
}


def find_format(source: MastSource, columns: list[str]) -> str:
    """
    Return the name of a file's layout: what the settings say, else what its columns say, else 'sites'.

    A column map without a format is the user's own description of a table, so nothing is guessed then.
    """
    if source.format is not None:
        return source.format
    if source.columns:
        return "sites"
    lower = frozenset(name.strip().casefold() for name in columns)
    return next((name for name, each in FORMATS.items() if each.recognise(lower)), "sites")
