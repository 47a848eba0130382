"""What surrounds the villages in the inputs: communes and codes, official numbers of people, buildings, centres."""

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd

from lomsong.code_repair import mend_codes
from lomsong.errors import TableError
from lomsong.findings import Finding
from lomsong.grid import Banded
from lomsong.population_totals import apply_totals, scale_to_totals
from lomsong.settings import InputSettings, LayerSource, Settings
from lomsong.sources.boundaries import read_communes
from lomsong.sources.code_mapping import read_code_mapping
from lomsong.sources.places import read_buildings, read_community_centres
from lomsong.sources.totals import read_totals
from lomsong.territories import place_villages
from lomsong.village_codes import complete_codes

#: Brings a layer into the working CRS.
ToWorking = Callable[[gpd.GeoDataFrame, str], gpd.GeoDataFrame]


def settle_communes(
    villages: gpd.GeoDataFrame, wanted: InputSettings, to_working: ToWorking
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame | None, list[Finding]]:
    """
    Find the commune of each village, its codes in both systems, and an outline for villages that are points.

    Returns
    -------
    villages : GeoDataFrame
        A copy with ``geometry_origin``, and what the communes and the code mapping know.
    communes : GeoDataFrame or None
        Contract `COMMUNES` in the working CRS.
    findings : list of Finding
        What was mended, taken over or left open.
    """
    findings: list[Finding] = []
    communes = None
    if wanted.communes is not None:
        communes, findings = read_communes(wanted.communes)
        communes = to_working(communes, "communes")
        if "commune_code" in villages:
            known = pd.Index(communes["commune_code"])
            mended, found = mend_codes(
                villages["commune_code"], known, layer="villages", column="commune_code"
            )
            villages, findings = villages.assign(commune_code=mended), findings + found
    villages, found = place_villages(villages, communes)
    findings += found
    if wanted.code_mapping is not None:
        mapping, found = read_code_mapping(wanted.code_mapping)
        findings += found
        villages, found = complete_codes(villages, mapping)
        findings += found
    return villages, communes, findings


def read_places(
    wanted: InputSettings, to_working: ToWorking
) -> tuple[gpd.GeoDataFrame | None, gpd.GeoDataFrame | None, list[Finding]]:
    """Return buildings and community centres in the working CRS, where the settings name them, and findings."""
    findings: list[Finding] = []
    frames: list[gpd.GeoDataFrame | None] = []
    readers = (
        ("buildings", wanted.buildings, read_buildings),
        ("community_centres", wanted.community_centres, read_community_centres),
    )
    for layer, source, reader in readers:
        if source is None:
            frames.append(None)
            continue
        frame, found = reader(source)
        frames.append(to_working(frame, layer))
        findings += found
    return frames[0], frames[1], findings


def apply_official_totals(
    villages: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame | None,
    population: Banded | None,
    settings: Settings,
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Use official numbers of people: those of villages as they are, those of communes to scale the raster.

    Commune totals come from ``inputs.population_totals``, else from the commune layer.

    Raises
    ------
    TableError
        Totals by commune without a population raster to scale.
    """
    source: LayerSource | None = settings.inputs.population_totals
    findings: list[Finding] = []
    if source is not None:
        table, findings = read_totals(source)
        if "village_id" in table:
            mended, found = mend_codes(
                table["village_id"],
                pd.Index(villages["village_id"]),
                layer="population_totals",
                column="village_id",
            )
            filled, more = apply_totals(villages, table.assign(village_id=mended))
            return filled, findings + found + more
        if population is None:
            raise TableError(
                "population_totals: numbers by commune scale a population raster, and there is none; set "
                "inputs.population, or give numbers by village_id"
            )
        totals = table.set_index("commune_code")["population"]
    elif communes is not None and population is not None and "population" in communes:
        totals = communes.set_index("commune_code")["population"].astype("float64")
    else:
        return villages, []
    scaled, found = scale_to_totals(
        villages,
        totals,
        population,
        communes=communes,
        point_radius_m=settings.demand.point_radius_m,
    )
    return scaled, findings + found


def populated_bounds(
    villages: gpd.GeoDataFrame, communes: gpd.GeoDataFrame | None, margin_m: float
) -> tuple[float, float, float, float]:
    """Return west, south, east, north of the villages, with a margin, and of the communes that they lie in."""
    boxes = [villages.total_bounds]
    if communes is not None and "commune_code" in villages:
        boxes.append(communes[communes["commune_code"].isin(villages["commune_code"])].total_bounds)
    boxes = [box for box in boxes if np.isfinite(box).all()]
    west, south = np.min([box[:2] for box in boxes], axis=0)
    east, north = np.max([box[2:] for box in boxes], axis=0)
    return (
        float(west) - margin_m,
        float(south) - margin_m,
        float(east) + margin_m,
        float(north) + margin_m,
    )
