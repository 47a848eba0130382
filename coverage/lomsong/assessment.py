"""Status of each village, how sure it is, and the numbers behind it."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.special import ndtr

from lomsong.broadband import Speeds, find_lines, judge_broadband, measure_speeds
from lomsong.evidence.core import Evidence
from lomsong.evidence.probability import Servers
from lomsong.findings import Finding
from lomsong.homes import Homes
from lomsong.inputs import Inputs
from lomsong.measurements import counts_near
from lomsong.nearest import find_nearest
from lomsong.overrides import chances_by_hand, set_by_hand, unserved_by_hand
from lomsong.prediction import Prediction
from lomsong.reasons import explain
from lomsong.schemas import ANY, ASSESSMENT
from lomsong.service import build_service, service_chances, usable_servers
from lomsong.settings import ServiceSettings
from lomsong.status import judge_status, name_evidence

Array = NDArray[np.float64]

#: Where a run keeps the chance of signal at every demand point, after all evidence.
CHANCES_FILE = "demand_points.parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """
    The verdict on every village.

    Attributes
    ----------
    villages : GeoDataFrame
        Every village with the columns of `ASSESSMENT`, in the order of the input.
    service : DataFrame
        Contract `SERVICE`.
    broadband : DataFrame
        Contract `BROADBAND`.
    p_signal : ndarray
        Chance of signal at every demand point of the prediction, as of `signal_chance`; 0 or 1 where a person decided.
    findings : tuple of Finding
        What was assumed.
    """

    villages: gpd.GeoDataFrame
    service: pd.DataFrame
    broadband: pd.DataFrame
    p_signal: Array
    findings: tuple[Finding, ...]


def assess(
    prediction: Prediction | Evidence, inputs: Inputs, settings: ServiceSettings | None = None
) -> gpd.GeoDataFrame:
    """
    Judge every village; `assess_service` also gives the table per operator and technology.

    Parameters
    ----------
    prediction : Prediction or Evidence
        From `predict`, or from `calibrate`.
    inputs : Inputs
        From `read`.
    settings : ServiceSettings, optional
        Those of the inputs' settings if not given.

    Returns
    -------
    GeoDataFrame
        Every village with the columns of `ASSESSMENT`.
    """
    return assess_service(prediction, inputs, settings).villages


def assess_service(
    prediction: Prediction | Evidence, inputs: Inputs, settings: ServiceSettings | None = None
) -> Assessment:
    """Judge every village, and sum up service per operator and technology."""
    settings = settings or inputs.settings.service
    evidence = prediction if isinstance(prediction, Evidence) else None
    prediction = prediction.prediction if isinstance(prediction, Evidence) else prediction
    villages = inputs.villages
    homes = Homes.of(prediction.demand, villages["village_id"])
    chances = service_chances(prediction, _all_servers(prediction, evidence), settings)
    p_before, p = _weigh_evidence(evidence, chances[ANY, ANY])
    # tests and reports tell no operator, so they speak for 'any' alone
    chances[ANY, ANY] = p
    facts = _places(prediction, inputs, p, homes, settings)
    facts["p_signal"] = homes.at_centre(p)
    facts["p_2g"] = homes.at_centre(chances.get((ANY, "2g"), 0.0 * p))
    facts["covered_share"] = homes.covered_share(p)
    unseen = _unseen_probability(prediction, settings)
    # the best that masts beyond the terrain's edge could do: would it change the verdict?
    hopeful = np.where(unseen >= settings.covered_from, 1.0, p)
    facts["hopeful_share"] = homes.covered_share(hopeful)
    facts["hopeful_dark_households"] = _dark_cluster(prediction, hopeful, inputs, homes, settings)
    facts["p_unseen"] = homes.at_centre(unseen)
    speeds = measure_speeds(inputs)
    facts = facts.join(_tests(inputs, prediction, facts["centre_row"], settings, speeds))
    facts = facts.join(_weigh(evidence, p_before, facts["centre_row"], settings))
    facts["nearest_site_m"], facts["nearest_sector"] = _nearest(prediction, inputs, facts["centre_row"])
    facts["status_computed"], facts["verify_cause"] = judge_status(facts, settings)
    facts = facts.join(set_by_hand(facts, inputs))
    facts["unserved_people"] = unserved_by_hand(facts)
    facts["verify_cause"] = facts["verify_cause"].where(facts["status"] == facts["status_computed"], None)
    centres = _centres(prediction, facts["centre_row"])
    lines = find_lines(inputs, centres, speeds.counts["fixed"].total)
    facts["fixed_line"], facts["p_fixed_line"] = lines.verdict, lines.p_line
    facts["fixed_line_basis"] = lines.basis
    facts = facts.join(judge_broadband(facts, speeds, lines, inputs))
    facts["evidence"] = name_evidence(facts, settings)
    facts["confidence"] = (0.5 + (facts["p_signal"] - 0.5).abs()).where(
        (facts["verify_cause"] != "missing input") & facts["override"].isna()
    )
    # used in full above, but what so few people did is not told: it would be theirs
    told = ["mobile_tests", "download_mbps", "download_low_mbps", "download_high_mbps"]
    facts[told] = facts[told].mask(facts["few_tests"])
    reasons = explain(facts, prediction, inputs, settings)
    facts["reasons"], facts["reasons_vi"] = reasons["en"], reasons["vi"]
    judged = villages.join(facts[[name for name in ASSESSMENT.names() if name != "village_id"]])
    ASSESSMENT.check(judged)
    label = {
        "name": inputs.settings.name,
        "synthetic": inputs.settings.synthetic,
        "attributions": [record.attribution for record in inputs.records if record.attribution],
    }
    judged.attrs["lomsong"] = label
    return Assessment(
        villages=judged,
        service=build_service(chances, homes),
        broadband=speeds.table,
        p_signal=chances_by_hand(p, prediction.demand, judged),
        findings=speeds.findings,
    )


def signal_chance(prediction: Prediction | Evidence, settings: ServiceSettings | None = None) -> Array:
    """
    Chance of signal at every demand point, after all that is known of it; what the verdicts rest on.

    Parameters
    ----------
    prediction, settings
        As of `assess`.

    Returns
    -------
    ndarray, shape (demand points,)
        In the order of the demand table; NaN outside the terrain model.
    """
    evidence = prediction if isinstance(prediction, Evidence) else None
    plain = prediction.prediction if isinstance(prediction, Evidence) else prediction
    settings = settings or plain.inputs.settings.service
    chances = service_chances(plain, _all_servers(plain, evidence), settings, [(ANY, ANY)])
    return _weigh_evidence(evidence, chances[ANY, ANY])[1]


def _all_servers(prediction: Prediction, evidence: Evidence | None) -> Servers:
    """Recorded servers, and those that only samples heard."""
    if evidence is None:
        return usable_servers(prediction)
    return usable_servers(prediction, evidence.strays, evidence.doubts)


def _weigh_evidence(evidence: Evidence | None, p: Array) -> tuple[Array, Array]:
    """Chance of signal at every demand point before and after tests, reports and checks."""
    return (p, p) if evidence is None else (evidence.before_tests(p), evidence.posterior(p))


def _weigh(
    evidence: Evidence | None, p_before: Array, centre_row: pd.Series, settings: ServiceSettings
) -> pd.DataFrame:
    """Facts from the evidence: the chance before the tests, tests expected, samples near, and what was reported."""
    row = centre_row.clip(lower=0).to_numpy()
    known = (centre_row >= 0).to_numpy()
    facts = pd.DataFrame({"p_before": np.where(known, p_before[row], np.nan)}, index=centre_row.index)
    facts["expected_tests"], facts["denied"], facts["checked"] = np.nan, 0.0, 0.0
    facts["near_samples"], facts["usable_samples"] = 0, 0
    if evidence is None:
        return facts
    seen = evidence.witnesses.part(row)
    told = known & evidence.rate.learned
    facts["expected_tests"] = np.where(told, evidence.rate.expected(seen), np.nan)
    near = evidence.samples_near(row, settings.near_m, settings.technologies)
    facts["near_samples"], facts["usable_samples"] = (np.where(known, count, 0) for count in near)
    facts["denied"] = np.where(known, evidence.rate.denial(seen), 0.0)
    facts["checked"] = np.where(known, seen.checks, 0.0)
    return facts


def _places(
    prediction: Prediction, inputs: Inputs, p: Array, homes: Homes, settings: ServiceSettings
) -> pd.DataFrame:
    """Facts from the demand points: centre, people, share inside the terrain, dark clusters."""
    villages, demand = inputs.villages, prediction.demand
    heads = demand["people"].to_numpy(dtype=np.float64)
    inside = homes.sum(homes.share * demand["ground_m"].notna().to_numpy())
    # where the chance is unknown, so is the number of people without signal
    unserved = homes.sum(heads * (1 - p))
    people = homes.sum(heads)
    if "population" in villages:
        given = villages["population"].to_numpy(np.float64, na_value=np.nan)
        people = np.where(np.isfinite(given), given, people)
    return pd.DataFrame(
        {
            "centre_row": homes.centre,
            "terrain_share": np.nan_to_num(np.clip(inside, 0, 1)),
            "people": people,
            "unserved_people": np.where(inside >= settings.terrain_share, unserved, np.nan),
            "dark_cluster_households": _dark_cluster(prediction, p, inputs, homes, settings),
        },
        index=villages.index,
    )


def _dark_cluster(
    prediction: Prediction, p: Array, inputs: Inputs, homes: Homes, settings: ServiceSettings
) -> Array:
    """Return the households of the largest cluster of each village that is more likely dark than not."""
    demand, villages = prediction.demand, inputs.villages
    households = (
        villages["households"].to_numpy(np.float64, na_value=np.nan)
        if "households" in villages
        else np.full(len(villages), np.nan)
    )
    table = pd.DataFrame(
        {
            "village": homes.village,
            "cluster": demand["cluster"].to_numpy(),
            "share": homes.share,
            "people": demand["people"].to_numpy(dtype=np.float64),
            "lit": homes.share * p,
        }
    )
    clusters = (
        table[(table["cluster"] >= 0) & (table["village"] >= 0)]
        .groupby(["village", "cluster"])[["share", "people", "lit"]]
        .sum()
        .reset_index()
    )
    known = households[clusters["village"]]
    size = np.where(
        np.isfinite(known),
        known * clusters["share"],
        clusters["people"] / inputs.settings.demand.household_size,
    )
    dark = clusters["lit"] < settings.covered_from * clusters["share"]
    largest = np.zeros(len(villages))
    np.maximum.at(largest, clusters["village"].to_numpy(), np.where(dark, size, 0.0))
    return largest


def _unseen_probability(prediction: Prediction, settings: ServiceSettings) -> Array:
    """Chance of signal from the strongest mast that could not be computed, as if its path were clear."""
    radio, signal = prediction.radio, prediction.signal
    some = signal.loc[signal["unseen_bound_dbm"].notna(), ["demand_id", "technology", "unseen_bound_dbm"]]
    some = some[some["technology"].isin(settings.technologies)]
    thresholds = {name: carrier.threshold_dbm for name, carrier in radio.carriers.items()}
    margin = some["unseen_bound_dbm"] - some["technology"].map(thresholds).astype("float64")
    best = np.full(len(prediction.demand), -np.inf)
    np.maximum.at(best, some["demand_id"].to_numpy(), margin.to_numpy())
    return np.asarray(ndtr(best / radio.sigma_clear_db))


def _tests(
    inputs: Inputs,
    prediction: Prediction,
    centre_row: pd.Series,
    settings: ServiceSettings,
    speeds: Speeds,
) -> pd.DataFrame:
    """Facts from the tests of each village: how many, those near its centre, and how fast they were."""
    measurements, minimum = inputs.measurements, inputs.settings.privacy.minimum_devices
    # a sample of signal or a report of none is no speed
    mobile = measurements[(measurements["kind"] == "speed") & (measurements["network"] == "mobile")]
    near = counts_near(_centres(prediction, centre_row), mobile, near_m=settings.near_m)
    on_air, wired = speeds.counts["mobile"], speeds.counts["fixed"]
    # what is borrowed from the commune says nothing certain of the village
    median = speeds.own("mobile", "download_mbps")
    low, high = median.interval()
    return pd.DataFrame(
        {
            "mobile_tests": on_air.total,
            "mobile_tests_shown": on_air.shown(minimum),
            "few_tests": on_air.are_few(minimum),
            "near_tests": near.total,
            "near_tests_shown": near.shown(minimum),
            "download_mbps": np.exp(median.middle),
            "download_low_mbps": np.exp(low),
            "download_high_mbps": np.exp(high),
            "fixed_download_mbps": np.where(
                wired.are_few(minimum), np.nan, np.exp(speeds.own("fixed", "download_mbps").middle)
            ),
        },
        index=inputs.villages.index,
    )


def _centres(prediction: Prediction, centre_row: pd.Series) -> gpd.GeoSeries:
    centres = prediction.demand.geometry.iloc[centre_row.clip(lower=0)].where(centre_row.to_numpy() >= 0)
    return centres.reset_index(drop=True)


def _nearest(
    prediction: Prediction, inputs: Inputs, centre_row: pd.Series
) -> tuple[Array, NDArray[np.int64]]:
    sectors = inputs.sectors
    points = prediction.demand.geometry.iloc[centre_row.clip(lower=0)]
    to_degrees = Transformer.from_crs(inputs.crs, "EPSG:4326", always_xy=True)
    here, masts = (to_degrees.transform(each.x, each.y) for each in (points, sectors.geometry))
    row, distance = find_nearest(*here, *masts)
    return np.where(centre_row >= 0, distance, np.nan), row
