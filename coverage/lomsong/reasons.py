"""The verdict on a village in words and numbers."""

import math
from collections.abc import Hashable
from datetime import date
from typing import Any

import pandas as pd

from lomsong.inputs import Inputs
from lomsong.prediction import Prediction
from lomsong.settings import ServiceSettings
from lomsong.wording import LANGUAGES, Language, Named, Phrase, Value

#: One village as `assessment` gathers its numbers, or one row of the signal table.
Facts = dict[Hashable, Any]

#: Diffraction below this is not worth a word. [dB]
WORTH_TELLING_DB = 3.0


def explain(
    facts: pd.DataFrame, prediction: Prediction, inputs: Inputs, settings: ServiceSettings
) -> dict[Language, list[str]]:
    """
    Write the reasons of every village.

    Parameters
    ----------
    facts : DataFrame
        One row a village, as `assessment` gathers them.
    prediction, inputs, settings
        Where the numbers come from.

    Returns
    -------
    dict of list of str
        By language, for example "nearest mast 3.4 km (Mạng Núi); best server 4G −118 dBm, 13 dB under the threshold;
        terrain 1.9 km away blocks 31 dB; no mobile test within 1 km; p = 0.06".
    """
    by_hand = _override_phrases(inputs, facts)
    best = find_best_servers(prediction, settings)
    operators = inputs.sectors["operator"].to_numpy()
    lines: dict[Language, list[str]] = {language: [] for language in LANGUAGES}
    records: list[Facts] = facts.to_dict("records")
    for position, row in enumerate(records):
        phrases = _phrases(row, best.get(row["centre_row"]), str(operators[row["nearest_sector"]]), settings)
        phrases = by_hand.get(position, []) + phrases
        for language, written in lines.items():
            written.append("; ".join(phrase.say(language) for phrase in phrases))
    return lines


def _override_phrases(inputs: Inputs, facts: pd.DataFrame) -> dict[int, list[Phrase]]:
    """Return by row of the villages what was set by hand."""
    if inputs.overrides is None or inputs.overrides.empty:
        return {}
    named = dict(zip(inputs.villages["village_id"].astype(str), range(len(facts)), strict=True))
    computed = facts["status_computed"].tolist()
    phrases = {}
    for each in inputs.overrides.to_dict("records"):
        row = named[str(each["village_id"])]
        values: dict[str, Value] = {
            "status": Named("status", str(each["status"])),
            "date": _day(str(each["date"])),
            "who": str(each["who"]),
            "why": str(each["why"]),
            "computed": Named("status", str(computed[row])),
        }
        phrases[row] = [Phrase("override", values)]
    return phrases


def _day(written: str) -> Value:
    """Return a day; a date that names only a year or a month stays as it was written."""
    try:
        return date.fromisoformat(written)
    except ValueError:
        return written


def _phrases(row: Facts, best: Facts | None, operator: str, settings: ServiceSettings) -> list[Phrase]:
    if row["centre_row"] < 0:
        return [Phrase("no_shape")]
    phrases = [Phrase("nearest", {"distance_km": _kilometres(row["nearest_site_m"]), "operator": operator})]
    phrases += _server_phrases(best, row)
    phrases += _gap_phrases(row, settings)
    phrases += _test_phrases(row, settings)
    if math.isfinite(row["p_signal"]):
        phrases.append(Phrase("p", {"p": (row["p_signal"], 2)}))
    return phrases


def find_best_servers(prediction: Prediction, settings: ServiceSettings) -> dict[int, Facts]:
    """Return by demand point the strongest usable server at each centre, by margin in standard deviations."""
    demand, signal = prediction.demand, prediction.signal
    centres = set(demand.loc[demand["is_centre"].astype(bool), "demand_id"])
    here = signal[signal["demand_id"].isin(centres) & signal["technology"].isin(settings.technologies)]
    here = here[here["level_dbm"].notna()]
    threshold = here["technology"].map(
        {name: c.threshold_dbm for name, c in prediction.radio.carriers.items()}
    )
    here = here.assign(margin_db=here["level_dbm"] - threshold.astype("float64"))
    here = here.assign(margin_sigmas=here["margin_db"] / here["sigma_db"])
    strongest = here.loc[here.groupby("demand_id")["margin_sigmas"].idxmax()]
    records: list[Facts] = strongest.to_dict("records")
    return {int(record["demand_id"]): record for record in records}


def _server_phrases(best: Facts | None, row: Facts) -> list[Phrase]:
    if best is None:
        return [Phrase("no_server")] if math.isfinite(row["p_signal"]) else []
    margin = best["margin_db"]
    values: dict[str, Value] = {
        "operator": str(best["operator"]),
        "technology": str(best["technology"]).upper(),
        "distance_km": _kilometres(best["distance_m"]),
        "level": (best["level_dbm"], 0),
        "margin": (abs(margin), 0),
    }
    phrases = [Phrase("server_over" if margin >= 0 else "server_under", values)]
    loss = best["diffraction_db"]
    if loss < WORTH_TELLING_DB:
        phrases.append(Phrase("clear_path"))
    elif math.isfinite(best["obstacle_m"]):
        phrases.append(Phrase("blocked", {"obstacle_km": _kilometres(best["obstacle_m"]), "loss": (loss, 0)}))
    else:
        phrases.append(Phrase("grazed", {"loss": (loss, 0)}))
    if isinstance(best["second_site_id"], str):
        phrases.append(Phrase("second", {"level": (best["second_level_dbm"], 0)}))
    return phrases


def _gap_phrases(row: Facts, settings: ServiceSettings) -> list[Phrase]:
    phrases = []
    if row["terrain_share"] < settings.terrain_share:
        phrases.append(Phrase("outside", {"share": (100 * (1 - row["terrain_share"]), 0)}))
    if row["verify_cause"] == "missing input" and row["terrain_share"] >= settings.terrain_share:
        phrases.append(Phrase("unseen_mast"))
    if row["dark_cluster_households"] >= settings.hollow_households:
        phrases.append(Phrase("dark_cluster", {"households": (row["dark_cluster_households"], 0)}))
    if math.isfinite(row["covered_share"]):
        phrases.append(Phrase("covered_share", {"share": (100 * row["covered_share"], 0)}))
    if row["p_signal"] < settings.covered_from <= row["p_2g"]:
        phrases.append(Phrase("only_2g", {"p": (row["p_2g"], 2)}))
    return phrases


def _test_phrases(row: Facts, settings: ServiceSettings) -> list[Phrase]:
    near: dict[str, Value] = {"near_km": _kilometres(settings.near_m)}
    if row["near_tests"] > 0:
        shown = str(row["near_tests_shown"])
        count: Value = (float(shown), 0) if shown.isdigit() else shown
        phrases = [Phrase("one_test", near) if shown == "1" else Phrase("tests", {"count": count, **near})]
    else:
        phrases = [Phrase("no_test", near)]
    phrases += _witness_phrases(row, near)
    if row["verify_cause"] == "contradiction":
        phrases.append(Phrase("contradiction"))
    if math.isfinite(row["download_low_mbps"]):
        phrases.append(
            Phrase(
                "download",
                {
                    "middle": (row["download_mbps"], 0),
                    "low": (row["download_low_mbps"], 0),
                    "high": (row["download_high_mbps"], 0),
                },
            )
        )
    return phrases


def _kilometres(metres: float) -> tuple[float, int]:
    return metres / 1000, 1


def _witness_phrases(row: Facts, near: dict[str, Value]) -> list[Phrase]:
    """Say what was to be expected, measured, reported and checked."""
    phrases = []
    expected: Value = (row["expected_tests"], 1 if row["expected_tests"] < 10 else 0)
    if math.isfinite(row["expected_tests"]):
        name = "none_of_expected" if row["near_tests"] == 0 else "expected"
        phrases.append(Phrase(name, {"expected": expected}))
    if row["near_samples"] > 0:
        counts: dict[str, Value] = {
            "usable": (row["usable_samples"], 0),
            "count": (row["near_samples"], 0),
        }
        phrases.append(Phrase("sampled", counts | near))
    if row["denied"] < 0:
        phrases.append(Phrase("denied"))
    if row["checked"] != 0:
        phrases.append(Phrase("checked_signal" if row["checked"] > 0 else "checked_none"))
    return phrases
