"""The settings file of a fetched area: ready to run, and saying what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

#: The file's name in the folder of a fetch.
AREA_FILE = "area.yml"

#: What a run takes where it is there, in the order of the file.
_OPTIONAL = (
    "land_cover",
    "population",
    "speed_tests",
    "roads",
    "power",
    "schools",
    "clinics",
    "community_centres",
)

_NO_MASTS = """\
  # No list of masts was fetched, and a run needs one. Add it here, for example an operator's list:
  # masts:
  #   - path: sites.csv
  #     crs: EPSG:4326
  #     columns: {longitude_deg: lon, latitude_deg: lat, operator: operator, technology: tech}
  # or put your OpenCelliD token into the environment variable OPENCELLID_TOKEN and fetch again.
"""
_NO_VILLAGES = """\
  # No boundaries were fetched, and a run needs villages. Add yours:
  # villages: {path: villages.gpkg, columns: {village_id: CODE, village_name: NAME}}
"""
_NO_TERRAIN = """\
  # No terrain was fetched, and a run needs it: fetch the layer dem, or add yours:
  # terrain: {path: dem.tif}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """
    One line under ``inputs``.

    Attributes
    ----------
    feeds : str
        The settings key.
    path : str
        Relative to the settings file.
    more : tuple of (str, value)
        Further keys, in order.
    attribution, licence : str
        On what terms.
    """

    feeds: str
    path: str
    attribution: str
    licence: str
    more: tuple[tuple[str, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as the settings file has it."""
        return {
            "path": self.path,
            **dict(self.more),
            "attribution": _one_line(self.attribution),
            "licence": _one_line(self.licence),
        }


def write_settings_text(
    name: str, sources: Sequence[Source], *, surface: str | None, remarks: Sequence[str]
) -> str:
    """
    Return the settings of a fetched area as text.

    Parameters
    ----------
    name : str
        Of the area.
    sources : sequence of Source
        What was fetched for a run.
    surface : str or None
        What the terrain model shows.
    remarks : sequence of str
        What a reader of the file should know.

    Returns
    -------
    str
        YAML; what a run needs and is not there stands in it as a comment that says how to add it.
    """
    by_key: dict[str, list[Source]] = {}
    for source in sources:
        by_key.setdefault(source.feeds, []).append(source)
    parts = [
        "# Written by lomsong fetch; sources.json beside it has the checksum, licence and address of every file.\n",
        *(f"# {_one_line(remark)}\n" for remark in remarks),
        _dump({"name": _one_line(name)}),
        "\ninputs:\n",
    ]
    for key, lacking in (("villages", _NO_VILLAGES), ("masts", _NO_MASTS), ("terrain", _NO_TERRAIN)):
        parts.append(_entry(key, by_key[key]) if key in by_key else lacking)
    if surface is not None and "terrain" in by_key:
        parts.append(f"  surface: {surface}  # what the terrain model shows; trees and roofs are in it\n")
    parts += [_entry(key, by_key[key]) for key in _OPTIONAL if key in by_key]
    return "".join(parts)


def missing_inputs(sources: Sequence[Source]) -> tuple[str, ...]:
    """Return what a run needs and is not among the sources."""
    there = {source.feeds for source in sources}
    return tuple(key for key in ("villages", "masts", "terrain") if key not in there)


def _entry(key: str, sources: Sequence[Source]) -> str:
    listed = key in ("masts", "speed_tests")
    value = [source.as_dict() for source in sources] if listed else sources[0].as_dict()
    return "".join(f"  {line}\n" for line in _dump({key: value}).splitlines())


def _one_line(text: str) -> str:
    """Return a text that survives YAML: its writer loses some control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _dump(value: Any) -> str:
    text: str = yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=110)
    return text
