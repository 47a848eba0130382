"""The verdict on a village in words and numbers."""

import math
from collections.abc import Hashable
from typing import Any

import pandas as pd

from lomsong.findings import count_rows
from lomsong.inputs import Inputs
from lomsong.prediction import Prediction
from lomsong.settings import ServiceSettings

#: One village as `assessment` gathers its numbers, or one row of the signal table.
Facts = dict[Hashable, Any]

#: Diffraction below this is not worth a word. [dB]
WORTH_TELLING_DB = 3.0


def explain(
    facts: pd.DataFrame, prediction: Prediction, inputs: Inputs, settings: ServiceSettings
) -> list[str]:
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
    list of str
        For example "nearest mast 3.4 km (Mạng Núi); best server 4G −118 dBm, 13 dB under the threshold; terrain
        1.9 km away blocks 31 dB; no mobile test within 1 km; p = 0.06".
    """
    best = _best_servers(prediction, settings)
    operators = inputs.sectors["operator"].to_numpy()
    lines = []
    records: list[Facts] = facts.to_dict("records")
    for row in records:
        if row["centre_row"] < 0:
            lines.append("the village has no usable shape, so nothing could be computed")
            continue
        parts = [
            f"nearest recorded mast {_kilometres(row['nearest_site_m'])} ({operators[row['nearest_sector']]})"
        ]
        parts += _server_parts(best.get(row["centre_row"]), row)
        parts += _gap_parts(row, settings)
        parts += _test_parts(row, settings)
        if math.isfinite(row["p_signal"]):
            parts.append(f"p = {row['p_signal']:.2f}")
        lines.append("; ".join(parts))
    return lines


def _best_servers(prediction: Prediction, settings: ServiceSettings) -> dict[int, Facts]:
    """Return the strongest usable server at each centre, by margin in standard deviations."""
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


def _server_parts(best: Facts | None, row: Facts) -> list[str]:
    if best is None:
        return ["no server above the floor"] if math.isfinite(row["p_signal"]) else []
    margin = best["margin_db"]
    side = "over" if margin >= 0 else "under"
    parts = [
        f"best server {best['operator']} {str(best['technology']).upper()} at {_kilometres(best['distance_m'])}: "
        f"{_number(best['level_dbm'])} dBm, {abs(margin):.0f} dB {side} the threshold"
    ]
    loss = best["diffraction_db"]
    if loss < WORTH_TELLING_DB:
        parts.append("clear path")
    elif math.isfinite(best["obstacle_m"]):
        parts.append(f"terrain {_kilometres(best['obstacle_m'])} away blocks {loss:.0f} dB")
    else:
        parts.append(f"terrain close to the path takes {loss:.0f} dB")
    if isinstance(best["second_site_id"], str):
        parts.append(f"a second mast reaches {_number(best['second_level_dbm'])} dBm")
    return parts


def _gap_parts(row: Facts, settings: ServiceSettings) -> list[str]:
    parts = []
    if row["terrain_share"] < settings.terrain_share:
        parts.append(f"{100 * (1 - row['terrain_share']):.0f} % of its people lie outside the terrain model")
    if row["verify_cause"] == "missing input" and row["terrain_share"] >= settings.terrain_share:
        parts.append("a mast within reach lies beyond the terrain model and could serve it")
    if row["dark_cluster_households"] >= settings.hollow_households:
        parts.append(f"a cluster of {row['dark_cluster_households']:.0f} households is probably dark")
    if math.isfinite(row["covered_share"]):
        parts.append(f"{100 * row['covered_share']:.0f} % of people covered")
    if row["p_signal"] < settings.covered_from <= row["p_2g"]:
        parts.append(f"2G alone reaches it (p = {row['p_2g']:.2f})")
    return parts


def _test_parts(row: Facts, settings: ServiceSettings) -> list[str]:
    near = f"within {_kilometres(settings.near_m)} of the centre"
    if row["near_tests"] > 0:
        shown = str(row["near_tests_shown"])
        parts = [
            f"{count_rows(int(shown), 'mobile test') if shown.isdigit() else f'{shown} mobile tests'} {near}"
        ]
    else:
        parts = [f"no mobile test {near}"]
    if row["verify_cause"] == "contradiction":
        parts.append("the tests contradict the prediction")
    if math.isfinite(row["download_low_mbps"]):
        parts.append(
            f"median download {row['download_mbps']:.0f} Mbit/s "
            f"({row['download_low_mbps']:.0f} to {row['download_high_mbps']:.0f})"
        )
    return parts


def _kilometres(metres: float) -> str:
    return f"{metres / 1000:.1f} km"


def _number(value: float) -> str:
    return f"{value:.0f}".replace("-", "−")
