"""Explained paths as a file of a run, so that pictures can be drawn again in any language without the sources."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lomsong.errors import SourceError
from lomsong.path.explanation import LinkBudget, Obstacle, PathExplanation
from lomsong.propagation.profile import Profile

#: Paths of the villages with the greatest need, by village.
PATHS_FILE = "paths.json"
_PLAIN = (
    "area", "village_id", "village_name", "site_id", "sector_id", "operator", "technology", "level_kind", "model",
)  # fmt: skip
_NUMBERS = ("frequency_mhz", "transmitter_height_m", "receiver_height_m", "effective_earth_radius_m")


def paths_as_json(paths: Sequence[PathExplanation]) -> str:
    """Return paths as the text of `PATHS_FILE`, rounded to what they can mean."""
    content = [path.as_dict() for path in paths]
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"


def parse_paths(text: str, *, subject: str) -> dict[str, PathExplanation]:
    """
    Read what `paths_as_json` wrote.

    Parameters
    ----------
    text : str
        Content of the file.
    subject : str
        What an error is about.

    Returns
    -------
    dict
        Paths by village id.

    Raises
    ------
    SourceError
        The text holds something else.
    """
    try:
        paths = [_parse(each) for each in json.loads(text)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            f"{subject} does not hold what a run writes there ({error}); run it again"
        ) from None
    return {path.village_id: path for path in paths}


def read_paths(folder: Path) -> dict[str, PathExplanation]:
    """Read the paths of a finished run; none where it has written none."""
    file = folder / PATHS_FILE
    if not file.is_file():
        return {}
    try:
        return parse_paths(file.read_text(encoding="utf-8"), subject=str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{file} cannot be read: {error}; run it again") from None


def _parse(content: Mapping[str, Any]) -> PathExplanation:
    shape, obstacle, budget = content["profile"], content["obstacle"], content["budget"]
    sight = content["line_of_sight"]
    length = len(shape["distance_m"])
    zeros = np.array(0)
    profile = Profile(
        distance_m=_array(shape["distance_m"], length),
        ground_m=_array(shape["ground_m"], length),
        clutter_m=_array(shape["clutter_m"], length),
        longitude_deg=_array(shape["longitude_deg"], length),
        latitude_deg=_array(shape["latitude_deg"], length),
        bearing_deg=np.array(_number(content["bearing_deg"])),
        missing=np.array(int(content["missing_heights"])),
        missing_clutter=zeros,
    )
    ends: dict[str, Any] = {name: str(content[name]) for name in _PLAIN}
    ends |= {name: _number(content[name]) for name in _NUMBERS}
    return PathExplanation(
        **ends,
        synthetic=bool(content["synthetic"]),
        profile=profile,
        bulge_m=_array(shape["bulge_m"], length),
        line_m=_array(shape["line_m"], length),
        fresnel_m=_array(shape["fresnel_m"], length),
        line_of_sight=None if sight is None else bool(sight),
        obstacle=None
        if obstacle is None
        else Obstacle(**{each.name: _number(obstacle[each.name]) for each in fields(Obstacle)}),
        budget=LinkBudget(**{each.name: _number(budget[each.name]) for each in fields(LinkBudget)}),
        notes=tuple(map(str, content["notes"])),
        notes_vi=tuple(map(str, content["notes_vi"])),
    )


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _array(values: Sequence[Any], length: int) -> NDArray[np.float64]:
    if len(values) != length or not length:
        raise ValueError("profiles of unlike lengths")
    return np.array([_number(each) for each in values], dtype=np.float64)
