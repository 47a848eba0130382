"""The texts of the demo folder: its settings file and its README."""

from lomsong.settings import CARRIERS, DemandSettings, RadioSettings, ServiceSettings
from lomsong.sources.demo.district import District
from lomsong.sources.demo.names import COMMUNES, DISTRICT_NAME, OPERATORS
from lomsong.sources.demo.records import CROWD_ERROR_M, LIST_ERROR_M, MOVED_M

ATTRIBUTION = "synthetic data of the lomsong demo, about no real place"
LICENCE = "CC0 1.0"


def write_settings(district: District) -> str:
    """Return the settings file, comments included; rules stand in it with the values of their defaults."""
    radio, demand, service = RadioSettings(), DemandSettings(), ServiceSettings()
    credit = f'attribution: "{ATTRIBUTION}"\n      licence: "{LICENCE}"'
    credit_above = credit.replace("\n      ", "\n    ")
    thresholds = "\n".join(
        f"    {name}: {{threshold_dbm: {carrier.threshold_dbm:g}}}  # {_MEASURED[name]}"
        for name, carrier in CARRIERS.items()
    )
    return f"""\
# Settings of the synthetic demo district. Nothing in this folder is about a real place.
# `lomsong run district.yml --out RESULT` analyses it; copy this file to start with your own data.
name: "{DISTRICT_NAME} (synthetic)"
synthetic: true                # every map and report will say so
seed: {district.seed}
# working_crs: EPSG:32606      # metres; left out, it is the UTM zone of the villages (this one)

inputs:
  villages:
    path: villages.gpkg
    layer: villages
    columns:                   # our name: the file's name, for those that differ
      village_id: ma_thon
      village_name: ten_thon
      commune_code: ma_xa
      commune_name: ten_xa
      district_name: ten_huyen
      province_name: ten_tinh
      population: dan_so
      households: so_ho
      centre_longitude_deg: kinh_do
      centre_latitude_deg: vi_do
    {credit_above}

  masts:                       # as many lists as there are
    - path: cells_opencellid.csv
      format: opencellid       # crowd-sourced: no antenna, no power, positions estimated
      operators:               # network code: name
        "{OPERATORS[0][0]}": {OPERATORS[0][1]}
        "{OPERATORS[1][0]}": {OPERATORS[1][1]}
      {credit}
    - path: sites_vien_thong_may.csv
      format: sites            # an operator's own list
      crs: EPSG:4326
      operator: {OPERATORS[2][1]}
      columns:
        site_id: SITE
        sector_id: SECTOR
        latitude_deg: LAT
        longitude_deg: LON
        technology: TECHNOLOGY
        frequency_mhz: FREQUENCY_MHZ
        bandwidth_mhz: BANDWIDTH_MHZ
        eirp_dbm: EIRP_DBM
        antenna_height_m: HEIGHT_M
        azimuth_deg: AZIMUTH
        beamwidth_deg: BEAMWIDTH
        on_air: ON_AIR
      {credit}

  terrain:
    path: terrain.tif
    {credit_above}

  population:                  # people per cell; without it demand points are a plain grid
    path: population.tif
    {credit_above}

  speed_tests:
    - path: speedtests_mobile.parquet
      network: mobile          # a sign of signal
      {credit}
    - path: speedtests_fixed.parquet
      network: fixed           # never a sign of mobile signal
      {credit}

  signal_samples:              # a drive test corrects the predicted levels
    - path: drive_test.csv
      crs: EPSG:4326
      {credit}

  truth:                       # only a made-up district knows it; the report compares the result with it
    path: truth/villages.csv
    {credit_above}

# From here on every value is the default. They stand here to be changed; the settings reference names
# the source of each, and the other settings.
radio:
  carriers:                    # level that counts as signal, by technology; the defaults are assumptions
{thresholds}
  receiver_height_m: {radio.receiver_height_m:g}
  maximum_radius_m: {radio.maximum_radius_m:g}
  sigma_clear_db: {radio.sigma_clear_db:g}            # spread of the real level about the prediction on a clear path
  sigma_blocked_db: {radio.sigma_blocked_db:g}         # the same behind a ridge
  site_correlation: {radio.site_correlation:g}

demand:
  cluster_gap_m: {demand.cluster_gap_m:g}           # people further apart belong to different clusters
  household_size: {demand.household_size:g}

service:
  technologies: [{", ".join(service.technologies)}]   # 2G alone is reported apart
  covered_from: {service.covered_from:g}            # probability at the centre from which a village is covered
  hollow_households: {service.hollow_households:g}        # smallest cluster without signal that makes a village hollow
  hollow_share: {service.hollow_share:g}            # share of people with signal below which it is hollow
  near_m: {service.near_m:g}                 # a mobile test this near speaks for the centre
  minimum_tests: {service.minimum_tests:g}
  target_mbps: {service.target_mbps:g}
"""


_MEASURED = {"2g": "RXLEV", "3g": "RSCP", "4g": "RSRP", "5g": "RSRP"}


def write_readme(district: District) -> str:
    """Return what the folder's README says about files, truth and licence."""
    masts, truth = district.records.masts, district.village_truth
    count = masts["record"].value_counts()
    communes = ", ".join(name for _, name in COMMUNES)
    return f"""\
# {DISTRICT_NAME}: a synthetic district

**Everything here is made up.** No place, person, operator or measurement in this folder is real. The district
lies in the empty North Pacific (near 34° N 147° W) so that nobody takes it for one, and its names and codes
({communes}) are invented. `lomsong demo` drew it from the seed {district.seed}; another seed gives another district, and a
test of the package draws this one again and compares. Licence: {LICENCE}, do what you like with it.

## Files
| file | what | made to look like |
|---|---|---|
| district.yml | settings of a run, with comments | |
| villages.gpkg | {len(truth)} villages with boundaries, people, grid power (some unknown) and centres (some unknown) | a provincial boundary file (EPSG:4326) |
| cells_opencellid.csv | {len(district.records.cells)} cells of {OPERATORS[0][1]} and {OPERATORS[1][1]} | OpenCelliD's export: samples often 1, range mostly 1000, averageSignal 0; test network (country code 1) |
| sites_vien_thong_may.csv | {len(district.records.listed)} carriers of {OPERATORS[2][1]}, some cells empty | an operator's own list |
| speedtests_mobile.parquet, speedtests_fixed.parquet | {len(district.mobile_tests)} and {len(district.fixed_tests)} tiles | Ookla's open data, zoom 16, second quarter of 2023 |
| drive_test.csv | {len(district.samples)} samples in some villages: the newest technology that each operator's phone heard, nothing where it heard none | a drive-test log |
| terrain.tif | height in metres, 60 m cells, EPSG:32606 | a terrain model |
| population.tif | people per cell of 3 arc seconds, missing value -99999 | WorldPop, constrained: sums are near the census, not equal |
| truth/ | the answers, see below | what no planner has |

## The truth
| file | what |
|---|---|
| truth/villages.csv | by village: `has_signal` (3G or later, any operator, at the centre), strongest server with level and margin above its threshold, `covered_share` of people, `hollow`, `fixed_line` |
| truth/points.csv | the same by point: homes (populated cells with their cluster), fields and roads, centres |
| truth/masts.csv | every real mast with its true position, planned and real powers, and its `record` |

{int(truth["has_signal"].sum())} of {len(truth)} villages have signal at the centre; {int(truth["hollow"].sum())} of those are hollow (an outlying cluster of ten households or more lacks it, or
more than a fifth of the people). The operators built, one mast after the other, where they gained most people, until only
these villages were left.

The truth follows its own rules, which the predictor does not share:
| | truth | predictor |
|---|---|---|
| ridges | Epstein and Peterson, up to three crests, with trees on them | delta-Bullington (ITU-R P.526, and inside P.1812) over the bare ground of terrain.tif |
| surroundings | clutter of fields and of forest | not known, as no land cover is given: part of the spread |
| shadowing | 7 dB, correlated over 500 m and by half between masts | a probability, not a draw |
| antennas | side lobes, tilt, real directions | one pattern without tilt; every direction where no azimuth is on record |
| power | the plan, off by about 3 dB at each site | the record, or a default |
| masts | all that are on air, where they are | the records |

The records differ from the real masts (`record` in truth/masts.csv):
| record | masts | meaning |
|---|---|---|
| near | {count.get("near", 0)} | recorded, off by about {CROWD_ERROR_M:g} m (crowd) or {LIST_ERROR_M:g} m (the operator's list); cells of one mast scatter by some 35 m more |
| moved | {count.get("moved", 0)} | recorded about {MOVED_M / 1000:g} km away |
| missing | {count.get("missing", 0)} | on air, in no record |
| stale | {count.get("stale", 0)} | recorded, but switched off years ago |

The thresholds are those of the settings' defaults. Villages with `fixed_line` have fixed broadband whether or not
a phone has signal there: some fixed tests lie in villages without any.

A limit of this truth: its settlements, powers and noise were chosen by the authors to be plausible; agreement with it says
that the parts work together, not how well the method does in a real district.
"""
