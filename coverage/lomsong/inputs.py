"""Everything a run reads, as one value; it can also be put together from frames in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS, Proj
from pyproj.exceptions import ProjError

from lomsong.antenna_pattern import Pattern
from lomsong.contracts import Column
from lomsong.errors import CrsError, SourceError
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.grid import Raster, require_metric
from lomsong.schemas import MEASUREMENTS
from lomsong.settings import InputSettings, LayerSource, RasterSource, Settings
from lomsong.sites import build_sectors
from lomsong.sources.antennas import find_antennas, read_antenna
from lomsong.sources.boundaries import read_villages
from lomsong.sources.fields import rename_columns, to_text
from lomsong.sources.files import checksum, read_delimited, require_file
from lomsong.sources.land_cover import WORLDCOVER, override_heights, stand_up
from lomsong.sources.masts import read_masts
from lomsong.sources.population import read_population
from lomsong.sources.raster_files import Bounds
from lomsong.sources.rasters import read_land_cover, read_terrain
from lomsong.sources.speedtests import read_speed_tests
from lomsong.sources.vectors import parse_crs

#: A working CRS may be wrong by this part of a length; a UTM zone is within a thousandth.
WORST_SCALE = 0.01


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One input file: what it is for, its checksum, and whom to name for it."""

    layer: str
    path: str
    sha256: str
    attribution: str
    licence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """
    The tables and rasters of one run.

    Attributes
    ----------
    settings : Settings
        What they were read with.
    villages : GeoDataFrame
        Contract `VILLAGES`, in the metric working CRS, index 0..n-1.
    sectors : GeoDataFrame
        Contract `SECTORS`, in the working CRS; defaults filled in and named in ``assumed``.
    measurements : GeoDataFrame
        Contract `MEASUREMENTS`, in the working CRS; may have no rows.
    terrain : Raster
        Ground height. [m]
    clutter : Raster or None
        Height of what stands on the ground, on the grid of the terrain; zero where it is not known. [m]
    antennas : mapping of str to Pattern
        Antenna patterns by the names that sectors give.
    population : Raster or None
        People per cell. [persons]
    truth : DataFrame or None
        Known answers by ``village_id``, for synthetic districts.
    findings : tuple of Finding
        What the readers repaired, dropped and assumed.
    records : tuple of SourceRecord
        The files.
    """

    settings: Settings
    villages: gpd.GeoDataFrame
    sectors: gpd.GeoDataFrame
    measurements: gpd.GeoDataFrame
    terrain: Raster
    clutter: Raster | None = None
    antennas: Mapping[str, Pattern] = field(default_factory=dict)
    population: Raster | None = None
    truth: pd.DataFrame | None = None
    findings: tuple[Finding, ...] = field(default=())
    records: tuple[SourceRecord, ...] = field(default=())

    @property
    def crs(self) -> CRS:
        """Return the metric working CRS."""
        return CRS.from_user_input(self.villages.crs)


def read(settings: Settings) -> Inputs:
    """
    Read every file of the settings into one metric CRS.

    Parameters
    ----------
    settings : Settings
        From `load_settings`.

    Returns
    -------
    Inputs
        Tables that keep their contracts.

    Raises
    ------
    LomsongError
        A file is missing, broken, in an unknown CRS or breaks its contract; one message says what to do.
    """
    wanted = settings.inputs
    villages, findings = read_villages(wanted.villages)
    crs = _working_crs(villages, settings)
    villages = _to_working(villages, crs, layer="villages")
    bounds = _reach(villages, settings.radio.maximum_radius_m)
    raw = []
    for source in wanted.masts:
        masts, found = read_masts(source)
        _refuse_swapped(masts, villages)
        raw.append(_to_working(masts, crs, layer="masts"))
        findings += found
    gathered, found = _one_network(raw)
    findings += found
    near, found = _within_reach(gathered, bounds)
    findings += found
    sectors, found = build_sectors(near, settings.radio, settings.sites)
    findings += found
    measurements, found = _read_measurements(settings, crs)
    findings += found
    terrain, found = read_terrain(wanted.terrain, bounds=bounds, crs=crs)
    findings += found
    clutter, found = _read_clutter(settings, terrain)
    findings += found
    antennas = {}
    files = find_antennas(settings.radio.antennas)
    for name, path in files.items():
        antennas[name], found = read_antenna(path)
        findings += found
    population = None
    if wanted.population is not None:
        population, found = read_population(
            wanted.population, bounds=_reach(villages, settings.demand.point_radius_m), crs=crs
        )
        findings += found
    return Inputs(
        settings=settings,
        villages=villages,
        sectors=sectors,
        measurements=measurements,
        terrain=terrain,
        clutter=clutter,
        antennas=antennas,
        population=population,
        truth=None if wanted.truth is None else _read_truth(wanted.truth),
        findings=tuple(findings),
        records=(
            *_records(wanted),
            *(SourceRecord("antenna", path.name, checksum(path), "", "") for path in files.values()),
        ),
    )


def _working_crs(villages: gpd.GeoDataFrame, settings: Settings) -> CRS:
    if settings.working_crs is not None:
        crs = require_metric(parse_crs(settings.working_crs, layer="working_crs"))
        _refuse_stretched(crs, villages)
        return crs
    try:
        return CRS.from_user_input(villages.estimate_utm_crs())
    except (RuntimeError, ValueError):
        raise SourceError("villages: they lie in no UTM zone; set working_crs in the settings") from None


def _refuse_stretched(crs: CRS, villages: gpd.GeoDataFrame) -> None:
    """Refuse a projection made for another part of the world: its metres are none here."""
    west, south, east, north = villages.to_crs("EPSG:4326").total_bounds
    try:
        scale = Proj(crs).get_factors((west + east) / 2, (south + north) / 2).meridional_scale
    except ProjError:
        scale = np.inf
    if not abs(scale - 1) <= WORST_SCALE:
        raise CrsError(
            f"working_crs: {crs.name} stretches lengths at the villages to {scale:.3g} of what they are; leave "
            "working_crs out to use their UTM zone"
        )


def _to_working(frame: gpd.GeoDataFrame, crs: CRS, *, layer: str) -> gpd.GeoDataFrame:
    try:
        return frame.to_crs(crs)
    except ProjError as error:
        raise CrsError(f"{layer}: nothing leads from {frame.crs.name} to {crs.name}: {error}") from None


def _reach(villages: gpd.GeoDataFrame, radius_m: float) -> Bounds:
    west, south, east, north = villages.total_bounds
    if not np.isfinite([west, south, east, north]).all():
        raise SourceError("villages: none has a usable shape")
    return west - radius_m, south - radius_m, east + radius_m, north + radius_m


def _refuse_swapped(masts: gpd.GeoDataFrame, villages: gpd.GeoDataFrame) -> None:
    """Refuse positions that would fall among the villages if their axes were exchanged."""
    if not masts.crs.is_geographic:
        return
    west, south, east, north = villages.to_crs(masts.crs).total_bounds
    x, y = masts.geometry.x, masts.geometry.y

    def inside(a: pd.Series, b: pd.Series) -> float:
        return float((a.between(west - 1, east + 1) & b.between(south - 1, north + 1)).mean())

    if inside(x, y) < 0.1 and inside(y, x) > 0.5:
        raise SourceError(
            f"masts and villages: none of {len(masts)} masts lies near a village, but they would with longitude and "
            "latitude exchanged in one of the two; if it is the masts, swap longitude_deg and latitude_deg under "
            "inputs.masts columns; if it is the villages, mend their file"
        )


def _one_network(raw: list[gpd.GeoDataFrame]) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    frame = gpd.GeoDataFrame(pd.concat(raw, ignore_index=True), crs=raw[0].crs)
    findings = []
    same = pd.DataFrame(
        {
            "x": frame.geometry.x.round(),
            "y": frame.geometry.y.round(),
            **{name: frame[name] for name in ("operator", "sector_id", "technology")},
        }
    )
    twice = same.duplicated(keep="first")
    if twice.any():
        ids = tuple(frame.loc[twice, "sector_id"].astype(str))
        findings.append(
            Finding(
                layer="masts",
                word="clean",
                severity="warning",
                message=f"{count_rows(len(ids), 'sector')} stand in two files; the first counts: {name_rows(ids)}",
                count=len(ids),
                rows=ids,
            )
        )
    frame = frame[~twice].reset_index(drop=True)
    # different operators, or different files of one, may number alike
    again = frame["sector_id"].duplicated(keep=False)
    frame.loc[again, "sector_id"] = frame["operator"].astype(str) + " " + frame["sector_id"].astype(str)
    number = frame.groupby("sector_id").cumcount()
    frame.loc[number > 0, "sector_id"] += " #" + (number + 1).astype(str)
    return frame, findings


def _within_reach(raw: gpd.GeoDataFrame, bounds: Bounds) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    west, south, east, north = bounds
    x, y = raw.geometry.x, raw.geometry.y
    near = x.between(west, east) & y.between(south, north)
    if not near.any():
        raise SourceError(
            f"masts: none of {len(raw)} rows lies within reach of a village; check their CRS and that the mast list "
            "and the villages are of the same area"
        )
    away = int((~near).sum())
    findings = []
    if away:
        ids = tuple(raw.loc[~near, "sector_id"].astype(str))
        message = f"{count_rows(away, 'sector')} beyond reach of every village left out"
        findings.append(
            Finding(layer="masts", word="correct", severity="note", message=message, count=away, rows=ids)
        )
    return raw[near].reset_index(drop=True), findings


def _read_measurements(settings: Settings, crs: CRS) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    findings: list[Finding] = []
    frames = []
    for source in settings.inputs.speed_tests:
        tiles, found = read_speed_tests(source)
        findings += found
        # the same tile is tested on mobile and on fixed lines
        tiles["measurement_id"] = source.network + "-" + tiles["measurement_id"]
        frames.append(tiles.to_crs(crs))
    if not frames:
        return no_measurements(crs), findings
    frame = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=crs)
    for column in MEASUREMENTS.columns:
        if column.name not in frame:
            frame[column.name] = pd.Series(np.nan, index=frame.index, dtype=_dtype(column))
    MEASUREMENTS.check(frame)
    return frame[[*MEASUREMENTS.names(), "geometry"]], findings


def no_measurements(crs: CRS) -> gpd.GeoDataFrame:
    """Return a measurement table without rows."""
    empty = pd.DataFrame({column.name: pd.Series(dtype=_dtype(column)) for column in MEASUREMENTS.columns})
    return gpd.GeoDataFrame(empty, geometry=gpd.GeoSeries([], crs=crs), crs=crs)


def _dtype(column: Column) -> str:
    return {"number": "float64", "flag": "boolean"}.get(column.kind, "string")


def _read_clutter(settings: Settings, terrain: Raster) -> tuple[Raster | None, list[Finding]]:
    source, message = settings.inputs.land_cover, ""
    if settings.inputs.surface == "surface":
        message = "the terrain is a surface model: it holds trees and roofs, so no clutter is added"
    elif source is None:
        message = "no land cover: clutter is not counted"
    if source is None or message:
        return None, [Finding(layer="land_cover", word="sufficient", severity="note", message=message)]
    table = override_heights(
        WORLDCOVER, settings.radio.clutter_heights_m, source="the user: radio.clutter_heights_m"
    )
    return stand_up(read_land_cover(source, terrain=terrain), table)


def _read_truth(source: LayerSource) -> pd.DataFrame:
    path = require_file(Path(source.path), layer="truth")
    frame, _ = read_delimited(path, layer="truth", encoding=source.encoding)
    frame = rename_columns(frame, source.columns, layer="truth", known=["village_id", "has_signal"])
    lacking = [name for name in ("village_id", "has_signal") if name not in frame]
    if lacking:
        raise SourceError(f"truth: {path.name} lacks {', '.join(lacking)}")
    signal = to_text(frame["has_signal"]).str.casefold().isin(["true", "1", "yes"])
    return pd.DataFrame({"village_id": to_text(frame["village_id"]), "has_signal": signal})


def _records(wanted: InputSettings) -> list[SourceRecord]:
    layers: list[tuple[str, LayerSource | RasterSource | None]] = [
        ("villages", wanted.villages),
        *(("masts", source) for source in wanted.masts),
        *(("speed_tests", source) for source in wanted.speed_tests),
        ("terrain", wanted.terrain),
        ("land_cover", wanted.land_cover),
        ("population", wanted.population),
        ("truth", wanted.truth),
    ]
    return [
        SourceRecord(
            layer=layer,
            path=Path(source.path).name,
            sha256=checksum(Path(source.path)),
            attribution=source.attribution,
            licence=source.licence,
        )
        for layer, source in layers
        if source is not None
    ]
