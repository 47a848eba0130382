"""
Settings: frozen, strict models; every default says where it comes from.

`settings_file` reads them from YAML; `settings_reference` prints them for the documentation.
"""

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from lomsong.addresses import (
    check_address,
    copy_name,
    hide_login,
    is_address,
    is_database,
    is_store,
    parse_database,
)

Technology = Literal["2g", "3g", "4g", "5g"]
Programme = Literal["fund", "operators", "utility"]
#: Propagation models; `propagation.models` says what each is.
ModelName = Literal["p1812", "p526", "deygout", "itm", "hata", "cost231", "rma", "free_space"]
#: What a terrain model shows: the ground, or the tops of trees and roofs (a surface model such as SRTM in part,
#: Copernicus GLO-30 or ALOS).
Surface = Literal["bare_earth", "surface"]
#: No canopy or city averages more than this. [m]
ClutterHeight = Annotated[float, Field(ge=0, le=150)]

#: Folder of the copies of tables, beside the settings file.
COPIES = "copies"

_OFCOM = "assumption: value Ofcom is known to use, not checked against its source"
_ASSUMED = "assumption of this project"
_PHILLIPS = "Phillips et al. 2012: 8-9 dB for models tuned to local data, 12-15 dB untuned"


def _setting(default: Any, meaning: str, *, source: str, unit: str = "", **limits: Any) -> Any:
    return Field(default, description=meaning, json_schema_extra={"source": source, "unit": unit}, **limits)


def _wanted(meaning: str, **limits: Any) -> Any:
    return Field(..., description=meaning, **limits)


def _by_band(meaning: str, **limits: Any) -> Any:
    return _setting(None, meaning + "; by band if not given", source="carriers by band", **limits)


class StrictModel(BaseModel):
    """Base of all settings: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class LayerSource(StrictModel):
    """A file, a table of a database or the features of a service, and what cannot be read from it."""

    path: Path = _wanted(
        "the file, relative to the settings file; or postgresql://host/database?table=schema.name, "
        "https://host/collections/NAME/items, a WFS or s3://bucket/key, of which each run and check takes a copy into "
        "'copies' beside the settings; logins are the environment's"
    )
    address: str | None = _setting(
        None,
        "the database of which 'path' is a copy; taken from 'path' where that is an address",
        source="file",
    )
    query: str | None = _setting(
        None, "a SELECT to read from the database instead of a table, best with ORDER BY", source="file"
    )
    layer: str | None = _setting(None, "layer within the file; the only one if not given", source="file")
    crs: str | None = _setting(None, "coordinate system, where the file does not say", source="file")
    encoding: str | None = _setting(None, "text encoding, where it is not UTF-8", source="file")
    columns: dict[str, str] = _setting(
        {}, "our column name: the file's column name, for those that differ", source="file"
    )
    attribution: str = _setting("", "whom to name for this layer on maps and reports", source="the user")
    licence: str = _setting("", "licence of the layer", source="the user")

    @model_validator(mode="before")
    @classmethod
    def _keep_copy(cls, given: Any) -> Any:
        """Name the copy that is read instead of a database."""
        if not isinstance(given, dict):
            return given
        address, query = given.get("path"), given.get("query")
        if isinstance(address, str) and is_address(address):
            check_address(address)
            given = {**given, "address": address, "path": Path(COPIES) / copy_name(address, query)}
        address = given.get("address")
        if isinstance(address, str) and is_database(address):
            if bool(parse_database(address).table) == bool(query):
                raise ValueError("give either ?table=schema.name in the address or 'query' beside it")
        elif query is not None:
            raise ValueError("'query' needs a path such as postgresql://host/database")
        elif isinstance(address, str):
            check_address(address)
        return given


class BoundarySource(LayerSource):
    """Boundaries or places; the kind of file is told by its content."""

    format: Literal["auto", "plain", "gadm", "geoboundaries", "cod_ab", "osm"] = _setting(
        "auto",
        "layout of the columns, which names those not under 'columns'; 'auto' tells it from their names, 'plain' is none",
        source="file",
    )
    admin_level: int | None = _setting(
        None, "OpenStreetMap: take the administrative polygons of this level", source="file", ge=1, le=12
    )
    places: tuple[str, ...] = _setting(
        ("village", "hamlet"),
        "OpenStreetMap without admin_level: take the places of these kinds",
        source=_ASSUMED,
        min_length=1,
    )


class MastSource(LayerSource):
    """A list of masts or cells."""

    format: Literal["opencellid", "osm", "accc", "anfr", "arcep", "bakom", "hifld", "sites"] | None = (
        _setting(
            None,
            "layout of the file; 'sites' is a table with one row a site or sector, read through 'columns'; found from the "
            "column names if not given",
            source="file",
        )
    )
    technology: Technology | None = _setting(
        None, "the technology of every row, where no column says", source="the user"
    )
    country_codes: tuple[str, ...] = _setting(
        (),
        "mobile country codes of the area, such as '452'; cells of other countries are set aside",
        source="the user",
    )
    operators: dict[str, str] = _setting(
        {}, "operator's name by network code, for example '452-04': Viettel", source="the user"
    )
    operator: str | None = _setting(
        None, "the operator of every row, where no column says", source="the user"
    )


class SpeedTestSource(LayerSource):
    """Speed tests: published tiles, or a list of tests."""

    network: Literal["mobile", "fixed"] = _wanted("kind of network tested; fixed tests never count as signal")
    format: Literal["ookla", "mlab", "list"] | None = _setting(
        None,
        "layout of the file: Ookla's tiles, Measurement Lab's NDT rows, or a list with one row a test, such as an "
        "export of i-Speed; found from the column names if not given",
        source="file",
    )
    operator: str | None = _setting(
        None, "the operator of every row, where no column says", source="the user"
    )
    published: bool | None = _setting(
        None,
        "the rows are aggregates that their publisher made public; true for Ookla's tiles",
        source="the user",
    )


class ReportSource(LayerSource):
    """Points at which there was no service."""

    operator: str | None = _setting(
        None, "the operator of every row, where no column says", source="the user"
    )
    operators: dict[str, str] = _setting({}, "our name of an operator by the file's", source="the user")
    published: bool = _setting(
        False, "the rows are aggregates that their publisher made public", source="the user"
    )


class SignalSource(ReportSource):
    """A drive-test log, or a list of samples of signal."""

    technology: Technology | None = _setting(
        None, "the technology of every row, where no column says", source="the user"
    )


class CheckSource(LayerSource):
    """A check list that a field team filled in."""

    operator: str | None = _setting(
        None, "the operator of every row, where no column says", source="the user"
    )
    operators: dict[str, str] = _setting({}, "our name of an operator by the file's", source="the user")
    technology: Technology | None = _setting(
        None, "the technology of every row, where no column says", source="the user"
    )


class FixedSource(LayerSource):
    """A list of where fixed lines are on offer: by village, by commune, or as points."""

    complete: bool = _setting(
        False, "what the list does not name has no line; else nothing is known of it", source="the user"
    )


def _check_object(address: str) -> None:
    if not is_store(address):
        raise ValueError(f"{hide_login(address)}: rasters come from files or from s3://bucket/key")
    check_address(address)


class RasterSource(StrictModel):
    """A raster, in one file or several."""

    path: Path | Annotated[tuple[Path, ...], Field(min_length=1)] = _wanted(
        "the file, a folder of tiles, or a list of them, relative to the settings file; where tiles overlap, the first "
        "that has a value counts; s3://bucket/key for a file that is copied into 'copies' beside the settings"
    )
    addresses: tuple[str, ...] = _setting(
        (),
        "objects of which files in 'path' are copies; taken from 'path' where that has addresses",
        source="file",
    )
    crs: str | None = _setting(None, "coordinate system, where the file does not say", source="file")
    nodata: float | None = _setting(None, "missing value, where the file does not say", source="file")
    attribution: str = _setting("", "whom to name for this layer on maps and reports", source="the user")
    licence: str = _setting("", "licence of the layer", source="the user")

    @model_validator(mode="before")
    @classmethod
    def _keep_copies(cls, given: Any) -> Any:
        """Name the copies that are read instead of objects."""
        if not isinstance(given, dict):
            return given
        path = given.get("path")
        named = path if isinstance(path, list | tuple) else [path]
        addresses = [each for each in named if isinstance(each, str) and is_address(each)]
        for each in addresses:
            _check_object(each)
        if not addresses:
            return given
        placed = [Path(COPIES) / copy_name(each, None) if each in addresses else each for each in named]
        return {**given, "path": placed if len(placed) > 1 else placed[0], "addresses": addresses}

    @model_validator(mode="after")
    def _match_copies(self) -> "RasterSource":
        """Refuse addresses that no path is the copy of; a run's settings have both."""
        names = {path.name for path in self.paths}
        for each in self.addresses:
            _check_object(each)
            if copy_name(each, None) not in names:
                raise ValueError(f"{each}: write it under 'path'; 'addresses' follow from it")
        return self

    @property
    def copies(self) -> dict[str, Path]:
        """The file of each object."""
        by_name = {path.name: path for path in self.paths}
        return {each: by_name[copy_name(each, None)] for each in self.addresses}

    @property
    def paths(self) -> tuple[Path, ...]:
        """What is named, one or several, in its order."""
        return (self.path,) if isinstance(self.path, Path) else self.path

    @property
    def only_file(self) -> Path | None:
        """The file that is all of it; none where tiles are joined."""
        return self.paths[0] if len(self.paths) == 1 and not self.paths[0].is_dir() else None


class PopulationSource(RasterSource):
    """A raster of people."""

    unit: Literal["persons_per_cell", "persons_per_km2"] | None = _setting(
        None,
        "what a cell counts: 'persons_per_cell' or 'persons_per_km2'; never guessed from the file, per cell and "
        "reported as an assumption if not given",
        source="what WorldPop, GHSL and HRSL publish as counts",
    )


class InputSettings(StrictModel):
    """The files a run reads."""

    villages: BoundarySource = _wanted("village boundaries or points")
    communes: BoundarySource | None = _setting(
        None,
        "commune polygons: villages that are points get their part of the commune, and people can be scaled to its total",
        source="optional layer",
    )
    code_mapping: LayerSource | None = _setting(
        None,
        "old and new administrative codes with kind (whole or split) and date; fills the one from the other",
        source="optional layer",
    )
    masts: tuple[MastSource, ...] = _wanted("mast and cell lists", min_length=1)
    terrain: RasterSource = _wanted("terrain model")
    surface: Surface = _setting(
        "bare_earth",
        "what the terrain model shows: 'bare_earth', or 'surface' for one that holds trees and roofs already, to "
        "which no clutter is added",
        source=_ASSUMED + "; the data sheet of the terrain model says",
    )
    land_cover: RasterSource | None = _setting(
        None,
        "land-cover classes in the codes of ESA WorldCover; without it clutter is not counted",
        source="optional layer",
    )
    population: PopulationSource | None = _setting(
        None, "people per cell; without it demand points are a grid", source="optional layer"
    )
    speed_tests: tuple[SpeedTestSource, ...] = _setting((), "speed tests", source="optional layer")
    signal_samples: tuple[SignalSource, ...] = _setting(
        (), "drive-test logs and other samples of signal", source="optional layer"
    )
    no_service_reports: tuple[ReportSource, ...] = _setting(
        (), "points at which there was no service", source="optional layer"
    )
    field_checks: tuple[CheckSource, ...] = _setting(
        (), "check lists that field teams filled in", source="optional layer"
    )
    overrides: LayerSource | None = _setting(
        None,
        "verdicts set by hand, a table with the columns village_id, status, date, who, why",
        source="optional layer",
    )
    fixed_availability: tuple[FixedSource, ...] = _setting(
        (), "lists of where fixed lines are on offer", source="optional layer"
    )
    country: LayerSource | None = _setting(
        None, "outline of the country; masts outside it are set aside", source="optional layer"
    )
    roads: LayerSource | None = _setting(
        None, "roads: any vector file, or OpenStreetMap", source="optional layer"
    )
    power: LayerSource | None = _setting(
        None, "power lines and substations: any vector file, or OpenStreetMap", source="optional layer"
    )
    fibre: LayerSource | None = _setting(
        None, "fibre lines and exchanges: any vector file, or OpenStreetMap", source="optional layer"
    )
    schools: LayerSource | None = _setting(
        None, "schools: any vector file, or OpenStreetMap", source="optional layer"
    )
    clinics: LayerSource | None = _setting(
        None, "clinics and hospitals: any vector file, or OpenStreetMap", source="optional layer"
    )
    protected: LayerSource | None = _setting(
        None, "protected areas: any vector file, or OpenStreetMap", source="optional layer"
    )
    water: LayerSource | None = _setting(
        None, "rivers and lakes: any vector file, or OpenStreetMap", source="optional layer"
    )
    structures: LayerSource | None = _setting(
        None, "existing towers and masts to share: any vector file, or OpenStreetMap", source="optional layer"
    )
    population_totals: LayerSource | None = _setting(
        None,
        "table of official numbers of people: by village_id they are the villages', by commune_code the population "
        "raster is scaled to them",
        source="optional layer",
    )
    buildings: LayerSource | None = _setting(
        None, "buildings, points or polygons: where people live within a village", source="optional layer"
    )
    community_centres: LayerSource | None = _setting(
        None,
        "cultural houses or community centres: the centre of a village that gives none",
        source="optional layer",
    )
    truth: LayerSource | None = _setting(
        None,
        "known answers to compare the result with; only synthetic districts have them",
        source="optional layer",
    )


class CarrierDefaults(StrictModel):
    """What a sector of one technology is taken for where its record does not say."""

    frequency_mhz: float = _wanted("carrier frequency [MHz]", ge=30, le=6000)
    threshold_dbm: float = _wanted("level that counts as signal [dBm]", ge=-150, le=0)
    bandwidth_mhz: float | None = _by_band("channel bandwidth [MHz]", gt=0, le=400)
    eirp_dbm: float | None = _by_band("power of the whole carrier in the main beam [dBm]", ge=0, le=90)
    antenna_height_m: float | None = _by_band("antenna above ground [m]", ge=1, le=300)
    beamwidth_deg: float | None = _by_band("horizontal width between -3 dB points [deg]", gt=0, le=360)
    vertical_beamwidth_deg: float | None = _by_band("vertical width between -3 dB points [deg]", gt=0, le=180)
    downtilt_deg: float | None = _by_band("tilt of the main beam under the horizon [deg]", ge=-20, le=45)
    source: str = _wanted("where the frequency and the threshold come from")


_USUAL_BAND = "frequency: assumption, the band most used; threshold: " + _OFCOM
#: Defaults by technology.
CARRIERS: dict[Technology, CarrierDefaults] = {
    "2g": CarrierDefaults(frequency_mhz=900, threshold_dbm=-81, source=_USUAL_BAND),
    "3g": CarrierDefaults(frequency_mhz=2100, threshold_dbm=-100, source=_USUAL_BAND),
    "4g": CarrierDefaults(frequency_mhz=1800, threshold_dbm=-105, source=_USUAL_BAND),
    "5g": CarrierDefaults(frequency_mhz=3500, threshold_dbm=-105, source=_USUAL_BAND),
}


class RadioSettings(StrictModel):
    """How levels are predicted."""

    model: ModelName = _setting(
        "p1812",
        "'p1812'; 'p526' or 'deygout' for free space and diffraction alone; 'itm' for Longley-Rice; 'hata', 'cost231', "
        "'rma' and 'free_space' are baselines to compare with, which do not look at the terrain",
        source="ITU-R P.1812-8, made for point-to-area services of 30 MHz to 6 GHz",
    )

    area_engine: Literal["radial", "exact"] = _setting(
        "radial",
        "how rasters are computed: shared walks, or one for every cell (about four times slower)",
        source="measured: the radial engine differs by 0.04 dB in the median in real mountains",
    )
    carriers: dict[Technology, CarrierDefaults] = _setting(
        CARRIERS,
        "defaults by technology; what a file gives comes first",
        source="each carries its own source",
    )
    receiver_height_m: float = _setting(
        1.5, "receiver above ground", source="BNetzA and BEREC reporting guidelines", unit="m", ge=1, le=100
    )
    maximum_radius_m: float = _setting(
        35_000,
        "no sector is tried beyond this",
        source=_ASSUMED + ": the timing-advance limit of GSM",
        unit="m",
        gt=0,
    )
    refractivity_gradient: float = _setting(
        45,
        "median fall of the radio refractivity in the lowest kilometre",
        source="northern Vietnam, ITU-R P.453 maps as quoted in the domain notes",
        unit="N-units/km",
        ge=1,
        lt=157,
    )
    surface_refractivity: float = _setting(
        365,
        "median radio refractivity at sea level",
        source="northern Vietnam, ITU-R P.453 maps as quoted in the domain notes",
        unit="N-units",
        gt=0,
        le=500,
    )
    profile_step_m: float | None = _setting(
        None,
        "distance between terrain samples; the cell size of the terrain if not given",
        source=_ASSUMED,
        unit="m",
        gt=0,
    )
    antennas: dict[str, Path] | Path = _setting(
        {},
        "pattern files (.msi) by the names that sectors give in their column antenna, or a folder of files called after "
        "them; taken when the inputs are read",
        source="3GPP TR 36.814's pattern for sectors that name none",
    )
    clutter_heights_m: dict[int, ClutterHeight] = _setting(
        {},
        "height of what stands on the ground by land-cover class, for those that differ or that WorldCover lacks; "
        "taken when the inputs are read",
        source="ITU-R P.1812-8's table of clutter heights as quoted by public programs, for classes not named",
        unit="m",
    )
    sigma_clear_db: float = _setting(
        8,
        "spread of the real level about the prediction on a clear path",
        source=_PHILLIPS,
        unit="dB",
        gt=0,
        le=40,
    )
    sigma_blocked_db: float = _setting(
        14, "the same behind an obstacle", source=_PHILLIPS, unit="dB", gt=0, le=40
    )
    blocked_from_db: float = _setting(
        20, "diffraction loss from which a path counts as fully blocked", source=_ASSUMED, unit="dB", gt=0
    )
    site_correlation: float = _setting(
        0.5,
        "correlation of shadowing between two masts as seen from one place",
        source="3GPP TR 36.942: 0.5 between sites",
        ge=0,
        le=0.9,
    )

    @field_validator("carriers", mode="before")
    @classmethod
    def _fill_from_defaults(cls, given: Any) -> Any:
        """Let a settings file name only what differs; a changed technology is the user's own statement."""
        if not isinstance(given, dict):
            return given
        filled: dict[str, Any] = dict(given)
        for technology, default in CARRIERS.items():
            value = given.get(technology, default)
            if isinstance(value, dict):
                value = {**default.model_dump(), "source": "the settings file", **value}
            filled[technology] = value
        return filled


_GEOMETRY_OF_LISTS = _ASSUMED + ": the usual care of site lists"


class SiteSettings(StrictModel):
    """How cells become sites, and how far their records are trusted."""

    same_mast_m: float = _setting(
        150,
        "cells of one operator closer than this stand on one mast",
        source=_ASSUMED,
        unit="m",
        gt=0,
        le=5000,
    )
    widest_mast_m: float = _setting(
        400,
        "a chain of cells wider than this is cut: it is several masts, along a road or in a town",
        source=_ASSUMED,
        unit="m",
        gt=0,
        le=20_000,
    )
    widest_node_m: float = _setting(
        3000,
        "cells with one base-station number but further apart than this, and than their own uncertainty, are on "
        "different masts",
        source=_ASSUMED,
        unit="m",
        gt=0,
    )
    stale_after_years: float = _setting(
        5,
        "a cell last seen this long before the youngest record of all is stale",
        source=_ASSUMED,
        unit="years",
        gt=0,
    )
    position_sigma_m: float = _setting(
        30,
        "uncertainty of a position in a site list, along each axis",
        source=_GEOMETRY_OF_LISTS,
        unit="m",
        ge=0,
    )
    height_sigma_given_m: float = _setting(
        3,
        "uncertainty of an antenna height that the list gives",
        source=_GEOMETRY_OF_LISTS,
        unit="m",
        ge=0,
        le=300,
    )
    height_sigma_assumed_m: float = _setting(
        10,
        "uncertainty of a height that stands in for a missing one",
        source=_ASSUMED,
        unit="m",
        ge=0,
        le=300,
    )
    eirp_sigma_given_db: float = _setting(
        2,
        "uncertainty of a radiated power that the list gives",
        source=_GEOMETRY_OF_LISTS,
        unit="dB",
        ge=0,
        le=60,
    )
    eirp_sigma_assumed_db: float = _setting(
        5, "uncertainty of a power that stands in for a missing one", source=_ASSUMED, unit="dB", ge=0, le=60
    )


class PrivacySettings(StrictModel):
    """What is done so that nobody can be told from an output."""

    minimum_devices: int = _setting(
        5,
        "counts of fewer devices (tests where devices are unknown) are shown as less than this, but used in full; "
        "aggregates that their publisher made public are exempt",
        source=_ASSUMED,
        unit="devices",
        ge=1,
    )
    bin_m: float = _setting(
        50,
        "places of single tests and of drive tests are read as the centres of squares of this side",
        source=_ASSUMED + ": finer than any prediction, coarser than a doorstep",
        unit="m",
        ge=1,
        le=10_000,
    )


class DemandSettings(StrictModel):
    """Where people are taken to be."""

    grid_spacing_m: float = _setting(
        500,
        "spacing of demand points in a village without a population raster",
        source=_ASSUMED,
        unit="m",
        ge=20,
    )
    point_radius_m: float = _setting(
        500, "radius around a village that is given as a point", source=_ASSUMED, unit="m", ge=20
    )
    cluster_gap_m: float = _setting(
        300,
        "people further apart than this belong to different residential clusters",
        source=_ASSUMED,
        unit="m",
        gt=0,
    )
    most_points: int = _setting(
        80,
        "populated cells of a village beyond which blocks of cells stand for them, but for one in each cluster; without a population raster, points beyond which its grid is coarser",
        source=_ASSUMED,
        ge=9,
    )
    household_size: float = _setting(
        3.6,
        "persons per household where households are not given",
        source="Vietnam census 2019: 3.6",
        unit="persons",
        gt=0,
    )


class ServiceSettings(StrictModel):
    """What counts as service, and the limits between the statuses."""

    technologies: tuple[Technology, ...] = _setting(
        ("3g", "4g", "5g"),
        "technologies that count; 2G alone is reported apart",
        source=_ASSUMED,
        min_length=1,
    )
    covered_from: float = _setting(
        0.5, "probability at the centre from which a village counts as covered", source=_ASSUMED, gt=0, lt=1
    )
    hollow_households: float = _setting(
        10, "smallest cluster that makes a village hollow", source=_ASSUMED, unit="households", gt=0
    )
    hollow_share: float = _setting(
        0.8, "covered share of people below which a village is hollow", source=_ASSUMED, gt=0, le=1
    )
    unsure_between: tuple[float, float] = _setting(
        (0.2, 0.8), "probabilities that need a sample nearby to be believed", source=_ASSUMED
    )
    near_m: float = _setting(
        1000, "a mobile test this close to the centre speaks for it", source=_ASSUMED, unit="m", gt=0
    )
    minimum_tests: float = _setting(3, "mobile tests that count as a sign of signal", source=_ASSUMED, gt=0)
    target_mbps: float = _setting(
        10,
        "median mobile download a served village has",
        source="UN/ITU 2030 meaningful connectivity",
        unit="Mbit/s",
        gt=0,
    )
    terrain_share: float = _setting(
        0.999,
        "share of people that must lie inside the terrain model to judge a village",
        source=_ASSUMED,
        gt=0,
        le=1,
    )

    @field_validator("unsure_between")
    @classmethod
    def _rising_probabilities(cls, given: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= given[0] <= given[1] <= 1:
            raise ValueError("needs two probabilities, the smaller first")
        return given


class EvidenceSettings(StrictModel):
    """How measurements are weighed against the prediction."""

    bin_m: float = _setting(
        100, "samples within a cell of this side are one", source=_ASSUMED, unit="m", ge=10, le=2000
    )
    most_bins: int = _setting(
        20_000, "more bins of samples than this are thinned by lot", source=_ASSUMED, ge=100
    )
    half_life_years: float = _setting(
        3,
        "age at which evidence counts half, against the newest measurement",
        source=_ASSUMED,
        unit="years",
        gt=0,
    )
    usual_length_m: float = _setting(
        1000,
        "samples of one operator and technology within this length count as repeats of each other",
        source=_ASSUMED + ": errors of the terrain's loss reach further than shadowing",
        unit="m",
        gt=0,
    )
    terrain_sigma_m: float = _setting(
        2.5,
        "standard deviation of the terrain model's height",
        source="Copernicus GLO-30: 4 m for nine points in ten, from memory and not checked",
        unit="m",
        ge=0,
        le=100,
    )
    enough_samples: float = _setting(
        20, "independent samples from which a bias of its own is learned", source=_ASSUMED, gt=0
    )
    enough_tests: float = _setting(
        50, "mobile tests from which the rate of testing is learned", source=_ASSUMED, gt=0
    )
    reach_m: float = _setting(
        400,
        "a test, report or check so far from a place counts 1/e for it",
        source=_ASSUMED + ": about the size of a published tile",
        unit="m",
        gt=0,
    )
    false_report_part: float = _setting(
        0.2,
        "reports of no service from a place with signal, as a part of those from one without",
        source=_ASSUMED,
        gt=0,
        lt=1,
    )
    one_operator_part: float = _setting(
        0.5, "weight of absence that is about one operator alone", source=_ASSUMED, ge=0, le=1
    )
    check_reliability: float = _setting(
        0.97, "chance that a field check is right", source=_ASSUMED, gt=0.5, lt=1
    )
    unrecorded_part: float = _setting(
        0.1,
        "chance that a mast which no record knows serves a place, before the evidence",
        source=_ASSUMED + ": mast lists commonly lack a tenth or more",
        gt=0,
        lt=1,
    )
    wrong_record_part: float = _setting(
        0.04,
        "chance that a recorded mast is off the air or stands elsewhere",
        source=_ASSUMED + ": a list holds some masts that are gone or moved",
        ge=0,
        lt=0.5,
    )


class SpeedTarget(StrictModel):
    """A speed that somebody holds to be worth reaching."""

    name: str = _wanted("what it is called in the tables", min_length=1)
    download_mbps: float = _wanted("download [Mbit/s]", gt=0)
    upload_mbps: float = _setting(0, "upload; zero where the target names none", source="the target", ge=0)
    source: str = _wanted("who set it")


_UN_ITU = "UN/ITU 2030 targets for universal and meaningful connectivity"
_MASTER_PLAN = "Vietnam's master plan: average by 2025"
#: As quoted in the domain notes.
TARGETS = (
    SpeedTarget(name="2", download_mbps=2, source="Ofcom, 4G"),
    SpeedTarget(name="5/1", download_mbps=5, upload_mbps=1, source="FCC Broadband Data Collection, 4G"),
    SpeedTarget(name="10", download_mbps=10, source=_UN_ITU),
    SpeedTarget(name="35/3", download_mbps=35, upload_mbps=3, source="FCC Broadband Data Collection, 5G"),
    SpeedTarget(name="40", download_mbps=40, source=_MASTER_PLAN + ", 4G"),
    SpeedTarget(name="100", download_mbps=100, source=_MASTER_PLAN + ", 5G"),
)


class BroadbandSettings(StrictModel):
    """What speeds are worth, how far tests are trusted, and what tells of a fixed line."""

    targets: tuple[SpeedTarget, ...] = _setting(
        TARGETS, "speeds that villages are held against", source="each carries its own source", min_length=1
    )
    services_download_mbps: float = _setting(
        5,
        "download that online public services need",
        source=_ASSUMED + ": the FCC's lowest class with an upload",
        unit="Mbit/s",
        gt=0,
    )
    services_upload_mbps: float = _setting(
        1, "upload that they need: forms and scans", source=_ASSUMED + ": the same", unit="Mbit/s", gt=0
    )
    spread_of_tests: float = _setting(
        0.9,
        "standard deviation of ln speed among tests of a village, where too few tell",
        source=_ASSUMED,
        gt=0,
    )
    spread_of_villages: float = _setting(
        0.7,
        "standard deviation of ln median speed among villages of a commune, where too few tell",
        source=_ASSUMED,
        gt=0,
    )
    spread_of_communes: float = _setting(0.5, "the same among communes", source=_ASSUMED, gt=0)
    lowest_reading: float = _setting(
        0.01, "speeds and latencies below this are taken for it: zero has no logarithm", source=_ASSUMED, gt=0
    )
    line_unheard: float = _setting(
        0.5, "chance of a fixed line where nothing was heard of one", source=_ASSUMED, gt=0, lt=1
    )
    line_listed: float = _setting(0.95, "chance in a village that a list names", source=_ASSUMED, gt=0, lt=1)
    line_listed_commune: float = _setting(
        0.7, "chance in a village whose commune a list names", source=_ASSUMED, gt=0, lt=1
    )
    line_not_listed: float = _setting(
        0.1, "chance where a list denies it, or is complete and silent", source=_ASSUMED, gt=0, lt=1
    )
    line_near: float = _setting(0.7, "chance beside a known fibre", source=_ASSUMED, gt=0, lt=1)
    line_far: float = _setting(
        0.25, "chance far from every known fibre: maps of fibre have gaps", source=_ASSUMED, gt=0, lt=1
    )
    fibre_reach_m: float = _setting(
        5000, "the chance falls from near to far over about this distance", source=_ASSUMED, unit="m", gt=0
    )
    line_present_from: float = _setting(
        0.8, "chance from which a line counts as present", source=_ASSUMED, gt=0, lt=1
    )
    line_absent_to: float = _setting(
        0.2, "chance up to which it counts as absent", source=_ASSUMED, gt=0, lt=1
    )
    test_clumping: float = _setting(
        0.5,
        "shape of the negative binomial law of the number of tests; small where few people make most of them",
        source=_ASSUMED,
        gt=0,
    )
    misplaced_tests: float = _setting(
        0.02,
        "part of the usual number of fixed tests that is placed where no line is",
        source=_ASSUMED,
        gt=0,
        lt=1,
    )


class Override(StrictModel):
    """A verdict that a person set by hand."""

    village_id: str = _wanted("the village")
    status: Literal["white", "hollow", "underserved", "served", "covered", "verify"] = _wanted("the verdict")
    date: dt.date = _wanted("when it was set")
    who: str = _wanted("who set it", min_length=1)
    why: str = _wanted("why", min_length=1)


class RankingSettings(StrictModel):
    """How the parts of need are weighted; the weights are scaled to add up to one."""

    weight_people: float = _setting(0.6, "weight of unserved people", source=_ASSUMED, ge=0)
    weight_severity: float = _setting(0.25, "weight of the chance of no signal", source=_ASSUMED, ge=0)
    weight_isolation: float = _setting(
        0.15,
        "weight of the distance to a road, or to the nearest mast where no roads are given",
        source=_ASSUMED,
        ge=0,
    )
    weight_social: float = _setting(
        0.15,
        "weight of schools, clinics, difficulty class, ethnic minorities and poverty; none where no village gives any",
        source=_ASSUMED,
        ge=0,
    )
    severity_hollow: float = _setting(
        0.6, "how grave a hollow village is beside a white one", source=_ASSUMED, ge=0, le=1
    )
    severity_underserved: float = _setting(
        0.3, "how grave an underserved village is beside a white one", source=_ASSUMED, ge=0, le=1
    )
    draws: int = _setting(200, "draws behind the rank intervals", source=_ASSUMED, ge=0, le=100_000)
    top: int = _setting(10, "size of the top group whose chance is told", source=_ASSUMED, ge=1)
    p_spread: float = _setting(
        0.5, "spread of the chance of signal between draws, on the logit scale", source=_ASSUMED, ge=0
    )
    population_spread: float = _setting(
        0.2, "spread of the population between draws, on the log scale", source=_ASSUMED, ge=0
    )
    weight_concentration: float = _setting(
        30, "how firmly the weights stand (Dirichlet); more is firmer", source=_ASSUMED, gt=0
    )


_PLACEHOLDER = "placeholder: "
_ABOUT_5000 = _PLACEHOLDER + "academic cost models, about 5,000 USD each; not Vietnamese"
_NO_FIGURE = _PLACEHOLDER + "assumption of this project; no source was found"


def _cost(default: float, meaning: str, *, source: str = _NO_FIGURE, unit: str = "USD") -> Any:
    return _setting(default, meaning, source=source, unit=unit, ge=0)


class CostSettings(StrictModel):
    """What a site costs; every default is a placeholder until it is set."""

    currency: str = _setting("USD", "name of the money, for tables", source=_ASSUMED)
    tower: float = _cost(5000, "tower of the reference height", source=_ABOUT_5000)
    tower_reference_m: float = _setting(
        30, "height the tower price is for", source=_NO_FIGURE, unit="m", gt=0
    )
    tower_exponent: float = _cost(1.5, "the price grows with the height to this power", unit="")
    civil_works: float = _cost(5000, "foundation, fence, earthing", source=_ABOUT_5000)
    transport: float = _cost(5000, "transport to the site", source=_ABOUT_5000)
    installation: float = _cost(5000, "installation and test", source=_ABOUT_5000)
    equipment: float = _cost(15_000, "radio equipment and antennas")
    road_per_m: float = _cost(20, "access road", unit="USD/m")
    assumed_road_m: float = _cost(300, "length of access road where no road layer is given", unit="m")
    grid_per_m: float = _cost(15, "power line to the grid", unit="USD/m")
    assumed_grid_m: float = _cost(
        300, "length of power line where no layer of power lines is given", unit="m"
    )
    solar: float = _cost(12_000, "solar panels and batteries instead of the grid")
    microwave_hop: float = _cost(
        30_000,
        "one microwave hop, both ends",
        source=_PLACEHOLDER + "academic cost models: 30,000-80,000 USD",
    )
    fibre_per_m: float = _cost(
        5,
        "fibre, laid",
        source=_PLACEHOLDER + "academic cost models, rural; ITU planning: 8-20 USD/m",
        unit="USD/m",
    )
    fibre_detour: float = _setting(
        1.3, "fibre follows roads: its length over the straight line", source=_NO_FIGURE, ge=1
    )
    satellite: float = _cost(8000, "satellite terminal")
    satellite_per_year: float = _cost(6000, "satellite capacity", unit="USD/year")
    opex_share: float = _setting(
        0.10,
        "running cost a year over the capital",
        source=_PLACEHOLDER + "domain notes: 10 % of capex",
        ge=0,
        le=1,
    )
    discount_rate: float = _setting(
        0.05, "discount rate; sweep 0.02 to 0.10", source=_PLACEHOLDER + "domain notes", ge=0, le=1
    )
    horizon_years: int = _setting(
        10, "years counted", source=_PLACEHOLDER + "domain notes", unit="years", ge=1, le=50
    )
    revenue_per_person_year: float = _cost(
        0,
        "revenue of a person reached: what it does not pay of a site is shown as the subsidy needed; never in the budget",
        unit="USD/year",
    )
    price_spread: float = _cost(
        0.2, "spread of each price between draws of the robustness, on the log scale", unit=""
    )
    site_cost_spread: float = _cost(
        0.2, "spread of the cost of each site between draws of the robustness, on the log scale", unit=""
    )
    subsidy_share: float = _setting(
        0.0,
        "part of the radio equipment that is subsidised; Decree 88/2025 gives 0.15 of average 5G equipment to operators "
        "with 20,000 stations and more",
        source="none unless set",
        ge=0,
        le=1,
    )


class SiteConfiguration(StrictModel):
    """One way to build a new site."""

    name: str = _wanted("name of the configuration")
    technology: Technology = _wanted("radio generation")
    antenna_height_m: float = _wanted("antenna above ground [m]", ge=1, le=300)
    frequency_mhz: float | None = _by_band("carrier frequency [MHz]", ge=30, le=6000)
    eirp_dbm: float | None = _by_band("power of the whole carrier in the main beam [dBm]", ge=0, le=90)


_CONFIGURATIONS = (
    SiteConfiguration(name="30 m", technology="4g", antenna_height_m=30),
    SiteConfiguration(name="42 m", technology="4g", antenna_height_m=42),
)


class PlanningSettings(StrictModel):
    """What the plan may build, and for how much."""

    budget: float = _setting(500_000, "present value that may be spent", source=_NO_FIGURE, unit="USD", ge=0)
    phases: int = _setting(
        3, "years in which the budget is spent, in equal parts", source=_ASSUMED, ge=1, le=30
    )
    yearly_shares: tuple[float, ...] = _setting(
        (),
        "parts of the budget by year instead, scaled to one, such as [3, 2, 1]; then planning.phases does not count",
        source="the user",
        max_length=30,
    )
    configurations: tuple[SiteConfiguration, ...] = _setting(
        _CONFIGURATIONS, "ways to build a site; one at most is built", source=_ASSUMED, min_length=1
    )
    levels: tuple[float, ...] = _setting(
        (0.5, 0.7, 0.9),
        "steps in which the chance of signal from a new site counts",
        source=_ASSUMED,
        min_length=1,
    )
    unserved_below: float = _setting(
        0.5, "demand points with less chance of signal than this are planned for", source=_ASSUMED, gt=0, le=1
    )
    most_candidates: int = _setting(400, "candidate sites looked at", source=_ASSUMED, ge=1, le=50_000)
    high_ground_m: float = _setting(
        4000, "high ground this near to people without signal is looked at", source=_ASSUMED, unit="m", ge=0
    )
    reuse_within_m: float = _setting(
        15_000, "existing masts this near may get another sector", source=_ASSUMED, unit="m", ge=0
    )
    steepest_slope: float = _setting(
        0.6, "no new tower on steeper ground (rise over run)", source=_ASSUMED, gt=0
    )
    hop_m: float = _setting(30_000, "longest microwave hop", source=_ASSUMED, unit="m", gt=0)
    hop_mhz: float = _setting(7000, "microwave carrier", source=_ASSUMED, unit="MHz", ge=1000, le=90_000)
    fresnel_share: float = _setting(
        0.6,
        "part of the first Fresnel zone that terrain must leave free",
        source="usual rule of link planning",
        gt=0,
        le=2,
    )
    programmes: tuple[Programme, ...] = _setting(
        ("fund", "operators", "utility"),
        "who pays for the villages that are planned for: the fund where grid power is and a village is eligible, the operators "
        "where it is not, the utility first where no grid power is",
        source="who pays in Vietnam, from petition answers and tenders in the press",
        min_length=1,
    )
    floors: dict[str, float] = _setting(
        {}, "least part of the people without signal to reach, by commune or province code", source="the user"
    )
    gap: float = _setting(
        0.001, "a plan proven within this part of the best is good enough", source=_ASSUMED, ge=0, le=1
    )
    nodes: int = _setting(2000, "most branch-and-bound nodes", source=_ASSUMED, ge=1)
    draws: int = _setting(40, "Monte Carlo draws of the robustness", source=_ASSUMED, ge=0, le=10_000)

    @field_validator("yearly_shares")
    @classmethod
    def _shares_of_something(cls, given: tuple[float, ...]) -> tuple[float, ...]:
        if given and not (all(0 <= share < float("inf") for share in given) and sum(given) > 0):
            raise ValueError("needs parts from 0 up, at least one of them above 0")
        return given

    @field_validator("floors")
    @classmethod
    def _shares_of_people(cls, given: dict[str, float]) -> dict[str, float]:
        if wrong := [area for area, share in given.items() if not 0 <= share <= 1]:
            raise ValueError(f"needs parts from 0 to 1: {', '.join(wrong)}")
        return given

    @field_validator("levels")
    @classmethod
    def _rising_levels(cls, given: tuple[float, ...]) -> tuple[float, ...]:
        if any(not 0 < level <= 1 for level in given) or list(given) != sorted(set(given)):
            raise ValueError("needs probabilities in (0, 1], each larger than the one before")
        return given


class Settings(StrictModel):
    """Everything a run needs to know."""

    name: str = _wanted("name of the area, shown on maps and reports")
    synthetic: bool = _setting(False, "the data are made up; every output says so", source="the user")
    seed: int = _setting(1, "seed of every random draw", source=_ASSUMED, ge=0)
    working_crs: str | None = _setting(
        None, "projected metric coordinate system to compute in", source="the UTM zone of the villages"
    )
    inputs: InputSettings = _wanted("the files a run reads")
    radio: RadioSettings = _setting(RadioSettings(), "how levels are predicted", source="below")
    sites: SiteSettings = _setting(SiteSettings(), "how cells become sites", source="below")
    privacy: PrivacySettings = _setting(
        PrivacySettings(), "how nobody can be told from an output", source="below"
    )
    demand: DemandSettings = _setting(DemandSettings(), "where people are taken to be", source="below")
    service: ServiceSettings = _setting(ServiceSettings(), "what counts as service", source="below")
    evidence: EvidenceSettings = _setting(EvidenceSettings(), "how measurements are weighed", source="below")
    broadband: BroadbandSettings = _setting(BroadbandSettings(), "speeds and fixed lines", source="below")
    overrides: tuple[Override, ...] = _setting(
        (), "verdicts set by hand; the youngest of a village counts", source="the user"
    )
    ranking: RankingSettings = _setting(RankingSettings(), "how need is weighted", source="below")
    costs: CostSettings = _setting(CostSettings(), "what a site costs", source="below")
    planning: PlanningSettings = _setting(PlanningSettings(), "what the plan may build", source="below")
