"""The planner's own list of sites: read from a file, every problem told at once, doubts counted."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.contracts import problem_list
from lomsong.errors import MissingSourceError, SourceError
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.inputs import Inputs
from lomsong.planning.candidates import TOO_NEAR_M, ground_height
from lomsong.settings import PlanningSettings
from lomsong.sources.fields import to_number, to_text
from lomsong.sources.files import read_delimited
from lomsong.sources.headers import number_repeats

#: Columns of the list; degrees are of WGS 84.
WANTED = ("site_id", "longitude_deg", "latitude_deg")
#: May be there too: the name of one of ``planning.configurations``.
CONFIGURATION = "configuration"

_LAYER = "proposed sites"


def read_proposal(
    path: str | Path, inputs: Inputs, settings: PlanningSettings
) -> tuple[gpd.GeoDataFrame, tuple[Finding, ...]]:
    """
    Read a planner's own list of sites.

    Parameters
    ----------
    path : path
        Text table with ``site_id``, ``longitude_deg``, ``latitude_deg`` and, if wanted, ``configuration``.
    inputs : Inputs
        Of the run: its terrain and masts.
    settings : PlanningSettings
        Its configurations; the first is taken where the list names none.

    Returns
    -------
    candidates : GeoDataFrame
        As of `find_candidates`, with ``configuration``, its number; in the order of the list. A site with the name and
        the place of a mast that stands is another sector on it.
    findings : tuple of Finding
        Columns that do not count, sites beyond the terrain or named as a mast that stands elsewhere.

    Raises
    ------
    LomsongError
        The file is no such table; all its problems in one message.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingSourceError(f"{_LAYER}: there is no file {path}; give a CSV with {', '.join(WANTED)}")
    frame, findings = read_delimited(path, layer=_LAYER, encoding=None)
    frame.columns = pd.Index(number_repeats(frame.columns.str.casefold()))
    lacking = [name for name in WANTED if name not in frame]
    if lacking:
        raise SourceError(
            f"{_LAYER}: {path.name} lacks {', '.join(lacking)}; it needs {', '.join(WANTED)} and has "
            f"{name_rows(frame.columns)}"
        )
    unused = [str(name) for name in frame if name not in (*WANTED, CONFIGURATION)]
    if unused:
        kinds = ", ".join(kind.name for kind in settings.configurations)
        message = f"columns that do not count: {', '.join(unused)}; how a site is built, '{CONFIGURATION}' says: {kinds}"
        findings.append(_doubt(message, len(unused)))
    names = to_text(frame["site_id"])
    x, y = (pd.to_numeric(to_number(frame[name]), errors="coerce") for name in WANTED[1:])
    kind, unknown = _configurations(frame, settings)
    problems = [*_problems_of_names(names), *_problems_of_places(x, y), *unknown]
    if problems:
        raise SourceError(problem_list(f"{_LAYER}: {path.name}", problems))
    points = gpd.GeoSeries(gpd.points_from_xy(x, y), crs="EPSG:4326").to_crs(inputs.crs)
    findings += _beyond_terrain(names, points, inputs)
    table = gpd.GeoDataFrame({"site_id": names.astype(str), CONFIGURATION: kind}, geometry=points)
    candidates = proposed_candidates(table, inputs)
    return candidates, (*findings, *_namesakes(candidates, inputs))


def proposed_candidates(table: gpd.GeoDataFrame, inputs: Inputs) -> gpd.GeoDataFrame:
    """
    Make candidates of a planner's own list.

    Parameters
    ----------
    table : GeoDataFrame
        ``site_id`` and points in the working CRS; ``configuration``, a number, where it is not the first.
    inputs : Inputs
        With the masts that stand.

    Returns
    -------
    GeoDataFrame
        With ``origin`` and ``mast_height_m``, as of `find_candidates`.
    """
    ids = inputs.sectors["site_id"].astype(str)
    first = inputs.sectors.geometry[~ids.duplicated()].set_axis(ids[~ids.duplicated()])
    there = gpd.GeoSeries(first.reindex(table["site_id"]).to_numpy(), index=table.index, crs=inputs.crs)
    standing = (table.geometry.distance(there) <= TOO_NEAR_M).to_numpy()
    height = inputs.sectors.groupby(ids)["antenna_height_m"].max().reindex(table["site_id"])
    given = table if CONFIGURATION in table else table.assign(**{CONFIGURATION: 0})
    return given.assign(
        origin=np.where(standing, "existing mast", "proposed"),
        mast_height_m=np.where(standing, height.to_numpy(dtype=np.float64), np.nan),
    )


def _configurations(frame: pd.DataFrame, settings: PlanningSettings) -> tuple[NDArray[np.int64], list[str]]:
    known: dict[str, int] = {}
    for number, each in enumerate(settings.configurations):
        known.setdefault(each.name, number)
    if CONFIGURATION not in frame:
        return np.zeros(len(frame), dtype=np.int64), []
    given = to_text(frame[CONFIGURATION])
    wrong = given.notna() & ~given.isin(list(known))
    problems = []
    if wrong.any():
        problems.append(
            f"'{CONFIGURATION}' is none of {', '.join(known)} in {_rows(wrong)}; the others are set under "
            "planning.configurations"
        )
    return np.array([known.get(name, 0) for name in given], dtype=np.int64), problems


def _problems_of_names(names: pd.Series) -> list[str]:
    problems = []
    if names.isna().any():
        problems.append(f"'site_id' is missing in {_rows(names.isna())}")
    twice = names.notna() & names.duplicated(keep=False)
    if twice.any():
        problems.append(f"'site_id' is there more than once: {name_rows(names[twice].unique())}")
    return problems


def _problems_of_places(x: pd.Series, y: pd.Series) -> list[str]:
    problems = [
        f"'{name}' is no number of degrees from -{most} to {most} in {_rows(bad)}"
        for name, values, most in ((WANTED[1], x, 180), (WANTED[2], y, 90))
        if (bad := ~values.between(-most, most)).any()
    ]
    away = x[x.notna() & y.notna()].abs(), y[x.notna() & y.notna()].abs()
    if problems and len(away[0]) and away[0].max() <= 90 and away[1].max() <= 180:
        problems.append("the two columns of the place seem to be exchanged")
    elif problems and len(away[0]) and max(away[0].max(), away[1].max()) > 360:
        problems.append("this looks like metres of a projected system; convert the places to WGS 84 first")
    return problems


def _rows(bad: "pd.Series[bool]") -> str:
    return f"{count_rows(int(bad.sum()))}, counted below the header: {name_rows(np.flatnonzero(bad) + 1)}"


def _namesakes(candidates: gpd.GeoDataFrame, inputs: Inputs) -> list[Finding]:
    """Count the sites that have the name of a standing mast, but not its place."""
    known = candidates["site_id"].isin(inputs.sectors["site_id"].astype(str))
    away = candidates.loc[known & (candidates["origin"] != "existing mast"), "site_id"]
    if not len(away):
        return []
    message = f"{count_rows(len(away), 'site')} named as a mast that stands elsewhere, taken as new: {name_rows(away)}"
    return [_doubt(message, len(away))]


def _beyond_terrain(names: pd.Series, points: gpd.GeoSeries, inputs: Inputs) -> list[Finding]:
    """Count the sites of which nothing can be predicted; refuse a list that has no other."""
    out = _beyond(points, inputs)
    if out.all():
        there = points.to_crs("EPSG:4326")
        turned = gpd.GeoSeries(gpd.points_from_xy(there.y, there.x), crs="EPSG:4326")
        exchanged = (there.x.abs() <= 90).all() and not _beyond(turned.to_crs(inputs.crs), inputs).all()
        hint = (
            "longitude_deg and latitude_deg seem to be exchanged"
            if exchanged
            else "is it for this area, in degrees of WGS 84?"
        )
        raise SourceError(f"{_LAYER}: no site of the list lies on the terrain of the run; {hint}")
    if not out.any():
        return []
    return [
        _doubt(
            f"{count_rows(int(out.sum()), 'site')} beyond the terrain of the run, where nothing can be predicted: {name_rows(names[out])}",
            int(out.sum()),
        )
    ]


def _beyond(points: gpd.GeoSeries, inputs: Inputs) -> NDArray[np.bool_]:
    x, y = points.x.to_numpy(dtype=np.float64), points.y.to_numpy(dtype=np.float64)
    known = np.isfinite(x) & np.isfinite(y)
    height = np.full(len(x), np.nan)
    height[known] = ground_height(inputs, x[known], y[known])
    beyond: NDArray[np.bool_] = np.isnan(height)
    return beyond


def _doubt(message: str, count: int) -> Finding:
    return Finding(layer=_LAYER, word="correct", severity="warning", message=message, count=count)
