"""The tables that cross module boundaries, one contract each; the data dictionary is printed from here."""

from lomsong.contracts import Column, Table

TECHNOLOGIES = ("2g", "3g", "4g", "5g")
LEVEL_KINDS = ("rsrp", "rscp", "rxlev")
STATUSES = ("white", "hollow", "underserved", "served", "covered", "verify")
EVIDENCE = ("measured", "predicted", "both", "none")
MEASUREMENT_KINDS = ("speed", "signal", "no_service", "field_check")
ANY = "any"
FIXED_LINE = ("present", "absent", "unknown")
#: Signal and line; a kind that is not named is not known.
CONNECTIONS = ("mobile and fixed", "mobile only", "mobile", "fixed", "neither", "no mobile", "unknown")
GEOMETRY_ORIGINS = ("given", "voronoi", "buffer")

_VILLAGE = Column(name="village_id", kind="text", meaning="village code, kept as text", required=True)
_OPERATOR = Column(name="operator", kind="text", meaning="network operator", required=True)
_TECHNOLOGY = Column(
    name="technology", kind="text", meaning="radio generation", choices=TECHNOLOGIES, required=True
)

_COMMUNE_CODE = Column(name="commune_code", kind="text", meaning="code of the commune, current system")
_COMMUNE_CODE_OLD = Column(
    name="commune_code_old", kind="text", meaning="code of the commune in the system before the current one"
)
_AREA = Column(
    name="area_km2",
    kind="number",
    unit="km2",
    minimum=0,
    meaning="area as published, to hold the outline against",
)
_ABOVE_COMMUNE = (
    Column(name="district_code", kind="text", meaning="code of the district, where districts exist"),
    Column(name="district_name", kind="text", meaning="name of the district, where districts exist"),
    Column(name="province_code", kind="text", meaning="code of the province"),
    Column(name="province_name", kind="text", meaning="name of the province"),
)

VILLAGES = Table(
    name="villages",
    meaning="one row a village: the places whose coverage is asked for",
    key="village_id",
    geometry="Polygon",
    columns=(
        Column(
            name="village_id",
            kind="text",
            meaning="village code, kept as text",
            required=True,
            unique=True,
            hint="map it under inputs.villages.columns, for example village_id: CODE",
        ),
        Column(name="village_name", kind="text", meaning="name as written, Unicode NFC"),
        _COMMUNE_CODE,
        Column(name="commune_name", kind="text", meaning="name of the commune"),
        _COMMUNE_CODE_OLD,
        Column(name="commune_name_old", kind="text", meaning="name of the commune in the old system"),
        *_ABOVE_COMMUNE,
        Column(name="population", kind="number", unit="persons", minimum=0, maximum=1e8, meaning="residents"),
        Column(
            name="households", kind="number", unit="households", minimum=0, maximum=1e8, meaning="households"
        ),
        _AREA,
        Column(name="grid_power", kind="flag", meaning="the electricity grid reaches the village"),
        Column(name="schools", kind="number", minimum=0, meaning="schools in the village"),
        Column(name="clinics", kind="number", minimum=0, meaning="health stations in the village"),
        Column(
            name="difficulty_class",
            kind="number",
            minimum=0,
            maximum=3,
            meaning="class of difficulty of the area; 3 is the most difficult",
        ),
        Column(
            name="minority_share",
            kind="number",
            minimum=0,
            maximum=1,
            meaning="part of the people of ethnic minorities",
        ),
        Column(
            name="poverty_share",
            kind="number",
            minimum=0,
            maximum=1,
            meaning="part of the households that are poor",
        ),
        Column(name="fund_eligible", kind="flag", meaning="lies in the universal-service fund's area"),
        Column(
            name="centre_longitude_deg",
            kind="number",
            unit="deg",
            minimum=-180,
            maximum=180,
            meaning="longitude of the centre or cultural house (WGS 84)",
        ),
        Column(
            name="centre_latitude_deg",
            kind="number",
            unit="deg",
            minimum=-90,
            maximum=90,
            meaning="latitude of the centre or cultural house (WGS 84)",
        ),
        Column(
            name="population_factor",
            kind="number",
            minimum=0,
            meaning="official number of people of the commune over the population raster's; the raster's people here are "
            "multiplied by it",
        ),
        Column(
            name="geometry_origin",
            kind="text",
            meaning="where the outline comes from: the file, a share of the commune around a point, or a disc around it",
            choices=GEOMETRY_ORIGINS,
        ),
    ),
)

COMMUNES = Table(
    name="communes",
    meaning="one row a commune: the unit above the villages",
    key="commune_code",
    geometry="Polygon",
    columns=(
        Column(
            name="commune_code",
            kind="text",
            meaning="code of the commune, kept as text",
            required=True,
            unique=True,
            hint="map it under inputs.communes.columns, for example commune_code: CODE",
        ),
        Column(name="commune_name", kind="text", meaning="name as written, Unicode NFC"),
        *_ABOVE_COMMUNE,
        Column(
            name="population",
            kind="number",
            unit="persons",
            minimum=0,
            maximum=1e9,
            meaning="official number of residents",
        ),
        _AREA,
    ),
)

SECTORS = Table(
    name="sectors",
    meaning="one row a carrier of one antenna direction on one mast",
    key="sector_id",
    geometry="Point",
    columns=(
        Column(
            name="sector_id",
            kind="text",
            meaning="identifies the row in messages and maps",
            required=True,
            unique=True,
        ),
        Column(name="site_id", kind="text", meaning="mast that carries the sector", required=True),
        _OPERATOR,
        _TECHNOLOGY,
        Column(
            name="frequency_mhz",
            kind="number",
            unit="MHz",
            minimum=30,
            maximum=6000,
            meaning="carrier frequency",
            required=True,
        ),
        Column(
            name="bandwidth_mhz",
            kind="number",
            unit="MHz",
            minimum=0.2,
            maximum=400,
            meaning="channel bandwidth",
        ),
        Column(
            name="eirp_dbm",
            kind="number",
            unit="dBm",
            minimum=0,
            maximum=90,
            meaning="radiated power of the whole carrier towards its main beam",
            required=True,
        ),
        Column(
            name="antenna_height_m",
            kind="number",
            unit="m",
            minimum=1,
            maximum=300,
            meaning="antenna above ground",
            required=True,
        ),
        Column(
            name="azimuth_deg",
            kind="number",
            unit="deg",
            minimum=0,
            maximum=360,
            meaning="main beam, clockwise from north; missing means all directions alike",
        ),
        Column(
            name="beamwidth_deg",
            kind="number",
            unit="deg",
            minimum=1,
            maximum=360,
            meaning="horizontal width between the -3 dB points",
        ),
        Column(
            name="vertical_beamwidth_deg",
            kind="number",
            unit="deg",
            minimum=1,
            maximum=180,
            meaning="vertical width between the -3 dB points; missing means no vertical pattern",
        ),
        Column(
            name="downtilt_deg",
            kind="number",
            unit="deg",
            minimum=-20,
            maximum=45,
            meaning="tilt of the main beam under the horizon, electrical and mechanical together",
        ),
        Column(
            name="antenna",
            kind="text",
            meaning="name of the antenna in radio.antennas, whose pattern then counts instead of the widths",
        ),
        Column(name="on_air", kind="date", meaning="date of the last sign of life, ISO 8601"),
        Column(
            name="position_sigma_m",
            kind="number",
            unit="m",
            minimum=0,
            maximum=1e6,
            meaning="standard deviation of the position along each axis",
        ),
        Column(
            name="height_sigma_m",
            kind="number",
            unit="m",
            minimum=0,
            maximum=300,
            meaning="standard deviation of the antenna height",
        ),
        Column(
            name="eirp_sigma_db",
            kind="number",
            unit="dB",
            minimum=0,
            maximum=60,
            meaning="standard deviation of the radiated power",
        ),
        Column(
            name="confidence",
            kind="number",
            minimum=0,
            maximum=1,
            meaning="score of a crowd-sourced record from its samples, age and range; missing for other lists",
        ),
        Column(
            name="assumed", kind="text", meaning="columns of this row that hold a default, comma separated"
        ),
    ),
)

MEASUREMENTS = Table(
    name="measurements",
    meaning="one row a speed test, a signal sample, a report of no service, a field check or a published aggregate of them",
    key="measurement_id",
    geometry="Point",
    columns=(
        Column(name="measurement_id", kind="text", meaning="identifies the row", required=True, unique=True),
        Column(
            name="network",
            kind="text",
            meaning="fixed-line tests never count as mobile signal",
            choices=("mobile", "fixed"),
            required=True,
        ),
        Column(
            name="kind",
            kind="text",
            meaning="what the row bears witness to: a test needs signal, a report says that there was none",
            choices=MEASUREMENT_KINDS,
            required=True,
        ),
        Column(
            name="time",
            kind="date",
            meaning="day or instant of the measurement, ISO 8601; the middle of the period of an aggregate",
        ),
        Column(name="operator", kind="text", meaning="network operator; missing where the row does not say"),
        Column(
            name="technology",
            kind="text",
            meaning="radio generation; missing where the row does not say",
            choices=TECHNOLOGIES,
        ),
        Column(
            name="frequency_mhz",
            kind="number",
            unit="MHz",
            minimum=30,
            maximum=6000,
            meaning="carrier frequency, where the row says",
        ),
        Column(
            name="level_dbm",
            kind="number",
            unit="dBm",
            minimum=-160,
            maximum=0,
            meaning="measured level of the serving cell",
        ),
        Column(name="level_kind", kind="text", meaning="what the level is", choices=LEVEL_KINDS),
        Column(
            name="has_signal",
            kind="flag",
            meaning="what a field check found; missing for all other kinds",
        ),
        Column(
            name="download_mbps",
            kind="number",
            unit="Mbit/s",
            minimum=0,
            maximum=100_000,
            meaning="download speed, mean of the tests in the row",
        ),
        Column(
            name="upload_mbps",
            kind="number",
            unit="Mbit/s",
            minimum=0,
            maximum=100_000,
            meaning="upload speed",
        ),
        Column(
            name="latency_ms", kind="number", unit="ms", minimum=0, maximum=60_000, meaning="round-trip time"
        ),
        Column(name="tests", kind="number", minimum=1, maximum=1e9, meaning="number of tests in the row"),
        Column(name="devices", kind="number", minimum=1, maximum=1e9, meaning="number of devices in the row"),
        Column(
            name="tile_size_m",
            kind="number",
            unit="m",
            minimum=0,
            maximum=1e6,
            meaning="side of the tile that the row sums up",
        ),
        Column(
            name="published",
            kind="flag",
            meaning="an aggregate that its publisher made public: its counts are shown as they are",
        ),
    ),
)

DEMAND = Table(
    name="demand",
    meaning="one row a demand point: a place where people are",
    key="demand_id",
    geometry="Point",
    columns=(
        Column(name="demand_id", kind="integer", meaning="number of the point", required=True, unique=True),
        _VILLAGE,
        Column(
            name="people",
            kind="number",
            unit="persons",
            minimum=0,
            maximum=1e8,
            meaning="people it stands for; missing where the village's population is unknown",
        ),
        Column(
            name="share",
            kind="number",
            minimum=0,
            maximum=1,
            meaning="part of the village's people at this point; adds up to one",
            required=True,
        ),
        Column(
            name="cluster",
            kind="integer",
            meaning="residential cluster within the village, from 0; -1 where clusters cannot be told",
            required=True,
        ),
        Column(name="is_centre", kind="flag", meaning="the village's centre", required=True),
        Column(
            name="origin",
            kind="text",
            meaning="where the point comes from",
            choices=("population", "buildings", "grid", "given", "community_centre"),
            required=True,
        ),
        Column(
            name="ground_m",
            kind="number",
            unit="m",
            minimum=-500,
            maximum=9000,
            meaning="terrain height; missing outside the terrain model",
        ),
    ),
)

SIGNAL = Table(
    name="signal",
    meaning="one row a demand point, operator and technology: the servers that reach it",
    key="demand_id",
    geometry="none",
    columns=(
        Column(name="demand_id", kind="integer", meaning="demand point", required=True),
        _OPERATOR,
        _TECHNOLOGY,
        Column(
            name="level_kind", kind="text", meaning="what the level is", choices=LEVEL_KINDS, required=True
        ),
        Column(
            name="level_dbm",
            kind="number",
            unit="dBm",
            maximum=60,
            meaning="median level of the best server; missing means none above the floor",
        ),
        Column(
            name="sigma_db",
            kind="number",
            unit="dB",
            minimum=0,
            maximum=60,
            meaning="standard deviation of the real level about the predicted one",
        ),
        Column(name="sector_id", kind="text", meaning="best server"),
        Column(name="site_id", kind="text", meaning="mast of the best server"),
        Column(
            name="distance_m", kind="number", unit="m", minimum=0, maximum=2e5, meaning="to the best server"
        ),
        Column(
            name="diffraction_db",
            kind="number",
            unit="dB",
            minimum=0,
            meaning="loss beyond free space on the way to the best server",
        ),
        Column(
            name="obstacle_m",
            kind="number",
            unit="m",
            minimum=0,
            maximum=2e5,
            meaning="distance from the demand point to the terrain that blocks most; missing on a clear path",
        ),
        Column(
            name="second_level_dbm",
            kind="number",
            unit="dBm",
            maximum=60,
            meaning="median level of the best server on another mast",
        ),
        Column(
            name="second_sigma_db",
            kind="number",
            unit="dB",
            minimum=0,
            maximum=60,
            meaning="its standard deviation",
        ),
        Column(name="second_site_id", kind="text", meaning="mast of the second server"),
        Column(
            name="second_diffraction_db",
            kind="number",
            unit="dB",
            minimum=0,
            meaning="loss beyond free space on the way to the second server",
        ),
        Column(
            name="unseen_bound_dbm",
            kind="number",
            unit="dBm",
            meaning="free-space level of the strongest sector whose path leaves the terrain model",
        ),
    ),
)

SERVICE = Table(
    name="service",
    meaning="one row a village, operator and technology ('any' sums up)",
    key="village_id",
    geometry="none",
    columns=(
        _VILLAGE,
        Column(name="operator", kind="text", meaning="network operator, or 'any'", required=True),
        Column(
            name="technology",
            kind="text",
            meaning="radio generation, or 'any' of those that count",
            choices=(*TECHNOLOGIES, ANY),
            required=True,
        ),
        Column(
            name="p_centre",
            kind="number",
            minimum=0,
            maximum=1,
            meaning="probability of usable signal at the centre",
        ),
        Column(
            name="covered_share",
            kind="number",
            minimum=0,
            maximum=1,
            meaning="expected share of people with signal",
        ),
    ),
)

ASSESSMENT = Table(
    name="assessment",
    meaning="one row a village: its status, how sure that is, and why",
    key="village_id",
    geometry="Polygon",
    columns=(
        _VILLAGE,
        Column(name="status", kind="text", meaning="the verdict", choices=STATUSES, required=True),
        Column(
            name="status_computed",
            kind="text",
            meaning="what the evidence says, where a person set the status by hand; else the same",
            choices=STATUSES,
            required=True,
        ),
        Column(name="override", kind="text", meaning="the date, person and reason of a status set by hand"),
        Column(
            name="verify_cause",
            kind="text",
            meaning="why a status is 'verify'",
            choices=("contradiction", "weak evidence", "missing input"),
        ),
        Column(
            name="p_signal",
            kind="number",
            minimum=0,
            maximum=1,
            meaning="probability that any usable server reaches the centre; missing where nothing could be computed",
        ),
        Column(
            name="p_2g",
            kind="number",
            minimum=0,
            maximum=1,
            meaning="the same for 2G, which alone is no service",
        ),
        Column(
            name="covered_share",
            kind="number",
            minimum=0,
            maximum=1,
            meaning="expected share of people with signal from any operator",
        ),
        Column(
            name="evidence", kind="text", meaning="what the verdict rests on", choices=EVIDENCE, required=True
        ),
        Column(
            name="confidence",
            kind="number",
            minimum=0,
            maximum=1,
            meaning="probability that the signal part of the verdict is right",
        ),
        Column(
            name="reasons", kind="text", meaning="the verdict explained in words and numbers", required=True
        ),
        Column(name="reasons_vi", kind="text", meaning="the same in Vietnamese", required=True),
        Column(
            name="nearest_site_m",
            kind="number",
            unit="m",
            minimum=0,
            meaning="distance from the centre to the nearest recorded mast",
        ),
        Column(
            name="people",
            kind="number",
            unit="persons",
            minimum=0,
            meaning="residents: the village's own number, else the population raster's, else households of its buildings",
        ),
        Column(
            name="unserved_people",
            kind="number",
            unit="persons",
            minimum=0,
            meaning="expected number of people without signal",
        ),
        Column(
            name="terrain_share",
            kind="number",
            minimum=0,
            maximum=1,
            meaning="share of people inside the terrain",
        ),
        Column(
            name="mobile_tests",
            kind="number",
            minimum=0,
            meaning="mobile speed tests in the village; missing where so few devices could tell who made them",
        ),
        Column(
            name="mobile_tests_shown",
            kind="text",
            meaning="the same as it may be shown: a number, or less than the smallest count shown, such as <5",
        ),
        Column(
            name="download_mbps",
            kind="number",
            unit="Mbit/s",
            minimum=0,
            meaning="median mobile download speed by the tests of the village, drawn towards its commune",
        ),
        Column(
            name="download_low_mbps",
            kind="number",
            unit="Mbit/s",
            minimum=0,
            meaning="lower end of its 80 % interval",
        ),
        Column(
            name="download_high_mbps",
            kind="number",
            unit="Mbit/s",
            minimum=0,
            meaning="upper end of its 80 % interval",
        ),
        Column(
            name="fixed_line",
            kind="text",
            meaning="fixed broadband: present, absent or unknown by lists, the way to fibre and fixed tests; no test proves nothing",
            choices=FIXED_LINE,
        ),
        Column(
            name="p_fixed_line", kind="number", minimum=0, maximum=1, meaning="probability of a fixed line"
        ),
        Column(
            name="fixed_line_basis",
            kind="text",
            meaning="what that rests on: list, tests, fibre; empty where nothing was heard of a line",
        ),
        Column(
            name="fixed_download_mbps",
            kind="number",
            unit="Mbit/s",
            minimum=0,
            meaning="median fixed download speed by the tests of the village, drawn towards its commune",
        ),
        Column(
            name="connection",
            kind="text",
            meaning="signal at the centre and fixed line together; 'mobile' and 'no mobile' where the line is unknown",
            choices=CONNECTIONS,
        ),
        Column(
            name="unready_people",
            kind="number",
            unit="persons",
            minimum=0,
            meaning="expected people without a connection fast enough for online public services; a line counts where it is present",
        ),
        Column(
            name="unready_basis",
            kind="text",
            meaning="'signal alone' where nobody measured a speed anywhere, so that signal was taken for enough",
            choices=("signal and speed", "signal alone"),
        ),
    ),
)

_SPEED_BASIS = ("village", "commune", "area", "none")


def _median_columns(stem: str, unit: str, suffix: str, what: str) -> tuple[Column, ...]:
    return (
        Column(name=f"{stem}_{suffix}", kind="number", unit=unit, minimum=0, meaning=f"median {what}"),
        Column(
            name=f"{stem}_low_{suffix}",
            kind="number",
            unit=unit,
            minimum=0,
            meaning="lower end of its 80 % interval",
        ),
        Column(
            name=f"{stem}_high_{suffix}",
            kind="number",
            unit=unit,
            minimum=0,
            meaning="upper end of its 80 % interval",
        ),
        Column(
            name=f"{stem}_basis",
            kind="text",
            meaning="whose tests it rests on: without its own, a village borrows from its commune, that from the area",
            choices=_SPEED_BASIS,
            required=True,
        ),
    )


BROADBAND = Table(
    name="broadband",
    meaning="one row a village and kind of network: how fast it is",
    key="village_id",
    geometry="none",
    columns=(
        _VILLAGE,
        Column(
            name="network", kind="text", meaning="kind of network", choices=("mobile", "fixed"), required=True
        ),
        Column(
            name="tests_shown", kind="text", meaning="tests in the village as they may be shown, such as <5"
        ),
        *_median_columns("download", "Mbit/s", "mbps", "download speed"),
        *_median_columns("upload", "Mbit/s", "mbps", "upload speed"),
        *_median_columns("latency", "ms", "ms", "round-trip time"),
        Column(
            name="target_met",
            kind="text",
            meaning="highest of broadband.targets that the lower ends reach; 'none' if none, empty where no speed is known",
        ),
        Column(name="target_possible", kind="text", meaning="highest that the upper ends reach"),
    ),
)

FIELD_CHECKS = Table(
    name="field_checks",
    meaning="one row a village worth a visit, the most useful first; columns to fill in stand beside",
    key="village_id",
    geometry="none",
    columns=(
        Column(name="check_order", kind="integer", minimum=1, meaning="place in the order", required=True),
        _VILLAGE,
        Column(name="village_name", kind="text", meaning="name as written"),
        Column(name="commune_name", kind="text", meaning="name of the commune"),
        Column(
            name="longitude_deg",
            kind="number",
            unit="deg",
            minimum=-180,
            maximum=180,
            meaning="of the centre (WGS 84)",
        ),
        Column(
            name="latitude_deg",
            kind="number",
            unit="deg",
            minimum=-90,
            maximum=90,
            meaning="of the centre (WGS 84)",
        ),
        Column(name="status", kind="text", meaning="the verdict so far", choices=STATUSES, required=True),
        Column(name="p_signal", kind="number", minimum=0, maximum=1, meaning="probability of signal so far"),
        Column(
            name="check_value",
            kind="number",
            minimum=0,
            meaning="people whom one check is expected to spare a wrong decision, or what the plan says hangs on it",
            required=True,
        ),
        Column(name="reasons", kind="text", meaning="why the verdict is so"),
    ),
)

RANKING = Table(
    name="ranking",
    meaning="one row a village, the one to fund first on top",
    key="village_id",
    geometry="none",
    columns=(
        _VILLAGE,
        Column(name="rank", kind="integer", minimum=1, meaning="place in the order", required=True),
        Column(
            name="need",
            kind="number",
            minimum=0,
            maximum=100,
            meaning="weighted sum of the parts",
            required=True,
        ),
        Column(
            name="need_people",
            kind="number",
            minimum=0,
            maximum=100,
            meaning="percentile rank of unserved people",
        ),
        Column(
            name="need_severity",
            kind="number",
            minimum=0,
            maximum=100,
            meaning="percentile rank of the chance that the place is without signal",
        ),
        Column(
            name="need_isolation",
            kind="number",
            minimum=0,
            maximum=100,
            meaning="percentile rank of the distance to a road, or to the nearest mast where no roads are given",
        ),
        Column(
            name="need_social",
            kind="number",
            minimum=0,
            maximum=100,
            meaning="mean percentile rank of schools, clinics, difficulty, ethnic minorities and poverty",
        ),
        Column(
            name="rank_low", kind="integer", minimum=1, meaning="rank that it beats in one draw of twenty"
        ),
        Column(
            name="rank_high",
            kind="integer",
            minimum=1,
            meaning="rank that it falls behind in one draw of twenty",
        ),
        Column(name="p_top", kind="number", minimum=0, maximum=1, meaning="chance to be in the top group"),
    ),
)

PLAN = Table(
    name="plan",
    meaning="one row a site to build, the first to build on top",
    key="site_id",
    geometry="Point",
    columns=(
        Column(name="site_id", kind="text", meaning="name of the site", required=True, unique=True),
        Column(
            name="order", kind="integer", minimum=1, meaning="place in the order of building", required=True
        ),
        Column(
            name="phase",
            kind="integer",
            minimum=1,
            meaning="year in which it is built; chosen for all sites together, so that people wait least",
            required=True,
        ),
        Column(
            name="origin",
            kind="text",
            meaning="why it is a candidate: village, high ground, existing mast, structure",
        ),
        Column(name="configuration", kind="text", meaning="way in which it is built"),
        Column(name="technology", kind="text", meaning="radio generation", choices=TECHNOLOGIES),
        Column(
            name="antenna_height_m",
            kind="number",
            unit="m",
            minimum=1,
            maximum=300,
            meaning="antenna above ground",
        ),
        Column(
            name="people",
            kind="number",
            unit="persons",
            minimum=0,
            meaning="expected people without signal that it reaches beyond the sites before it",
        ),
        Column(
            name="people_total",
            kind="number",
            unit="persons",
            minimum=0,
            meaning="the same of all sites so far",
        ),
        Column(
            name="village_ids", kind="text", meaning="villages that it newly covers, semicolons between them"
        ),
        Column(
            name="cost",
            kind="number",
            minimum=0,
            meaning="present value of capital and running cost, as the budget counts",
        ),
        Column(name="cost_total", kind="number", minimum=0, meaning="the same of all sites so far"),
        Column(
            name="cost_capital",
            kind="number",
            minimum=0,
            meaning="capital; the columns cost_PART add up to it",
        ),
        Column(name="cost_per_year", kind="number", minimum=0, meaning="running cost a year"),
        Column(
            name="revenue",
            kind="number",
            minimum=0,
            meaning="present value of what the people whom it reaches pay, by costs.revenue_per_person_year",
        ),
        Column(
            name="subsidy_needed",
            kind="number",
            minimum=0,
            meaning="part of the cost that the revenue does not pay",
        ),
        Column(name="power", kind="text", meaning="power supply", choices=("grid", "solar", "existing")),
        Column(
            name="backhaul_kind",
            kind="text",
            meaning="how it is connected; a relay hangs on another site of the plan",
            choices=("existing", "fibre", "microwave", "relay", "satellite"),
        ),
        Column(name="connects_to", kind="text", meaning="site at the other end of its backhaul"),
        Column(name="programme", kind="text", meaning="who pays, by rule"),
        Column(name="runner_up", kind="text", meaning="site that would best stand in for it"),
        Column(
            name="lost_people",
            kind="number",
            unit="persons",
            minimum=0,
            meaning="people whom the plan no longer reaches if it fails, with all that hangs on it",
        ),
        Column(
            name="silenced",
            kind="text",
            meaning="sites that fail with it because their backhaul hangs on it, semicolons between them",
        ),
    ),
)

TABLES = {
    table.name: table
    for table in (
        VILLAGES,
        COMMUNES,
        SECTORS,
        MEASUREMENTS,
        DEMAND,
        SIGNAL,
        SERVICE,
        BROADBAND,
        ASSESSMENT,
        FIELD_CHECKS,
        RANKING,
        PLAN,
    )
}
