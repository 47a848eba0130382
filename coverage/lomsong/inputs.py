"""Everything a run reads, as one value; it can also be put together from frames in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Proj, Transformer
from pyproj.exceptions import ProjError

from lomsong.antenna_pattern import Pattern
from lomsong.errors import CrsError, SourceError
from lomsong.findings import Finding
from lomsong.grid import Banded, Raster, require_metric
from lomsong.points import coordinates
from lomsong.settings import InputSettings, LayerSource, Settings
from lomsong.sites import build_sectors
from lomsong.sources.antennas import find_antennas, read_antenna
from lomsong.sources.boundaries import read_villages
from lomsong.sources.copies import take_copies
from lomsong.sources.fields import rename_columns, set_aside, to_text
from lomsong.sources.files import checksum, read_delimited, require_file
from lomsong.sources.fixed_lines import read_fixed_lines
from lomsong.sources.land_cover import WORLDCOVER, override_heights, stand_up
from lomsong.sources.masts import read_masts
from lomsong.sources.masts.network import join_lists, keep_within_reach, refuse_exchanged_axes
from lomsong.sources.measurements import no_measurements, read_measurements
from lomsong.sources.overrides import read_overrides
from lomsong.sources.population import read_population
from lomsong.sources.raster_files import Bounds
from lomsong.sources.rasters import read_land_cover, read_terrain
from lomsong.sources.records import SourceRecord, list_records
from lomsong.sources.repair import mend_shapes
from lomsong.sources.surroundings import TAGS, read_surroundings
from lomsong.sources.tables import Box
from lomsong.sources.vectors import parse_crs, read_vector
from lomsong.village_inputs import apply_official_totals, populated_bounds, read_places, settle_communes

__all__ = ["Inputs", "SourceRecord", "no_measurements", "read"]
#: A box in degrees holds a little more than the one in metres. [deg]
BOX_MARGIN_DEG = 0.1
#: A working CRS may be wrong by this part of a length; a UTM zone is within a thousandth.
WORST_SCALE = 0.01


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
    communes : GeoDataFrame or None
        Contract `COMMUNES`, in the working CRS.
    clutter : Raster or None
        Height of what stands on the ground, on the grid of the terrain; zero where it is not known. [m]
    antennas : mapping of str to Pattern
        Antenna patterns by the names that sectors give.
    population : Banded or None
        People per cell: from files a raster that is read band by band, from memory a `Raster`. [persons]
    context : dict of GeoDataFrame
        What lies about, by layer of `TAGS` for those that the settings name: ``feature_id``, ``name``, ``kind`` and
        shapes in the working CRS, cut off at reach; such as ``context["roads"]``.
    buildings, community_centres : GeoDataFrame or None
        Points, in the working CRS.
    fixed_lines : DataFrame or None
        What lists say of fixed lines: ``village_id`` and ``listed``, see `read_fixed_lines`.
    overrides : DataFrame or None
        Verdicts set by hand, see `read_overrides`.
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
    communes: gpd.GeoDataFrame | None = None
    clutter: Raster | None = None
    antennas: Mapping[str, Pattern] = field(default_factory=dict)
    population: Banded | None = None
    context: dict[str, gpd.GeoDataFrame] = field(default_factory=dict)
    buildings: gpd.GeoDataFrame | None = None
    community_centres: gpd.GeoDataFrame | None = None
    fixed_lines: pd.DataFrame | None = None
    overrides: pd.DataFrame | None = None
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
    take_copies(wanted, missing_only=True)
    villages, findings = read_villages(wanted.villages)
    crs = _working_crs(villages, settings)
    villages = _to_working(villages, "villages", crs=crs)
    to_working = partial(_to_working, crs=crs)
    villages, communes, found = settle_communes(villages, wanted, to_working)
    findings += found
    bounds = _reach(villages, settings.radio.maximum_radius_m)
    box = _degree_box(bounds, crs)
    sectors, layouts, found = _read_sectors(settings, villages, box, crs)
    findings += found
    measurements, found = read_measurements(settings, crs, villages=villages, box=box)
    findings += found
    layouts |= measurements.attrs.pop("layouts", {})
    terrain, found = read_terrain(wanted.terrain, bounds=bounds, crs=crs)
    findings += found
    clutter, found = _read_clutter(settings, terrain)
    findings += found
    files = find_antennas(settings.radio.antennas)
    antennas, found = _read_antennas(files)
    findings += found
    population, found = _read_population(settings, villages, communes, crs)
    findings += found
    records, found = list_records(wanted, layouts)
    findings += found
    fixed_lines, overrides, found = _read_statements(settings, villages)
    findings += found
    context, found = _read_context(wanted, bounds, crs)
    findings += found
    villages, found = apply_official_totals(villages, communes, population, settings)
    findings += found
    buildings, centres, found = read_places(wanted, to_working)
    findings += found
    return Inputs(
        settings=settings,
        villages=villages,
        communes=communes,
        sectors=sectors,
        measurements=measurements,
        terrain=terrain,
        clutter=clutter,
        antennas=antennas,
        population=population,
        context=context,
        buildings=buildings,
        community_centres=centres,
        fixed_lines=fixed_lines,
        overrides=overrides,
        truth=None if wanted.truth is None else _read_truth(wanted.truth),
        findings=tuple(findings),
        records=(
            *records,
            *(SourceRecord("antenna", path.name, checksum(path), "", "") for path in files.values()),
        ),
    )


def _read_sectors(
    settings: Settings, villages: gpd.GeoDataFrame, box: Box | None, crs: CRS
) -> tuple[gpd.GeoDataFrame, dict[Path, str], list[Finding]]:
    """Read the mast lists and make sectors of them; a nation's raw lists leave memory with this function."""
    wanted, findings = settings.inputs, []
    layouts: dict[Path, str] = {}
    raw = []
    for source in wanted.masts:
        masts, found = read_masts(source, box=box)
        layouts[Path(source.path)] = str(masts.attrs.pop("layout", ""))
        refuse_exchanged_axes(masts, villages)
        raw.append(_to_working(masts, "masts", crs=crs))
        findings += found
    gathered, found = join_lists(raw)
    findings += found
    gathered, found = _within_country(gathered, wanted.country)
    findings += found
    near, found = keep_within_reach(gathered, villages, settings.radio.maximum_radius_m)
    findings += found
    sectors, found = build_sectors(near, settings.radio, settings.sites)
    return sectors, layouts, findings + found


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


def _to_working(frame: gpd.GeoDataFrame, layer: str, *, crs: CRS) -> gpd.GeoDataFrame:
    try:
        return frame.to_crs(crs)
    except ProjError as error:
        raise CrsError(f"{layer}: nothing leads from {frame.crs.name} to {crs.name}: {error}") from None


def _reach(villages: gpd.GeoDataFrame, radius_m: float) -> Bounds:
    west, south, east, north = villages.total_bounds
    if not np.isfinite([west, south, east, north]).all():
        raise SourceError("villages: none has a usable shape")
    return west - radius_m, south - radius_m, east + radius_m, north + radius_m


def _degree_box(bounds: Bounds, crs: CRS) -> Box | None:
    """Return the area in degrees with a margin, or none where it crosses the 180th meridian."""
    west, south, east, north = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform_bounds(
        *bounds
    )
    if not np.isfinite([west, south, east, north]).all() or west > east:
        return None
    return Box(west - BOX_MARGIN_DEG, south - BOX_MARGIN_DEG, east + BOX_MARGIN_DEG, north + BOX_MARGIN_DEG)


def _within_country(
    masts: gpd.GeoDataFrame, source: LayerSource | None
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Set aside the masts outside the country's outline: crowd-sourced cells of one code lie in others, too."""
    if source is None:
        return masts, []
    require_file(Path(source.path), layer="country")
    country, findings = read_vector(source, layer="country")
    outline = shapely.union_all(
        mend_shapes(_to_working(country, "country", crs=masts.crs).geometry.to_numpy())
    )
    shapely.prepare(outline)
    outside = pd.Series(~shapely.intersects_xy(outline, *coordinates(masts.geometry)), index=masts.index)
    masts, found = set_aside(
        masts, outside, layer="masts", word="correct", key="sector_id", why="they lie outside the country"
    )
    return masts.reset_index(drop=True), findings + found


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


def _read_population(
    settings: Settings, villages: gpd.GeoDataFrame, communes: gpd.GeoDataFrame | None, crs: CRS
) -> tuple[Banded | None, list[Finding]]:
    source = settings.inputs.population
    if source is None:
        return None, []
    around = populated_bounds(villages, communes, settings.demand.point_radius_m)
    return read_population(source, bounds=around, crs=crs)


def _read_antennas(files: Mapping[str, Path]) -> tuple[dict[str, Pattern], list[Finding]]:
    antennas, findings = {}, []
    for name, path in files.items():
        antennas[name], found = read_antenna(path)
        findings += found
    return antennas, findings


def _read_statements(
    settings: Settings, villages: gpd.GeoDataFrame
) -> tuple[pd.DataFrame | None, pd.DataFrame, list[Finding]]:
    """Read what is said of villages by name: fixed lines on offer, and verdicts set by hand."""
    wanted = settings.inputs
    overrides, findings = read_overrides(
        settings.overrides, wanted.overrides, village_ids=villages["village_id"]
    )
    fixed_lines, found = read_fixed_lines(
        wanted.fixed_availability, villages=villages, radius_m=settings.demand.point_radius_m
    )
    return fixed_lines, overrides, findings + found


def _read_context(
    wanted: InputSettings, bounds: Bounds, crs: CRS
) -> tuple[dict[str, gpd.GeoDataFrame], list[Finding]]:
    context, findings = {}, []
    for layer in TAGS:
        source: LayerSource | None = getattr(wanted, layer)
        if source is not None:
            context[layer], found = read_surroundings(source, layer=layer, bounds=bounds, crs=crs)
            findings += found
    return context, findings


def _read_truth(source: LayerSource) -> pd.DataFrame:
    path = require_file(Path(source.path), layer="truth")
    frame, _ = read_delimited(path, layer="truth", encoding=source.encoding)
    frame = rename_columns(frame, source.columns, layer="truth", known=["village_id", "has_signal"])
    lacking = [name for name in ("village_id", "has_signal") if name not in frame]
    if lacking:
        raise SourceError(f"truth: {path.name} lacks {', '.join(lacking)}")
    signal = to_text(frame["has_signal"]).str.casefold().isin(["true", "1", "yes"])
    return pd.DataFrame({"village_id": to_text(frame["village_id"]), "has_signal": signal})
