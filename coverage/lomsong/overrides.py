"""Verdicts that a person set by hand, and what follows from them for people and chances."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.inputs import Inputs

Array = NDArray[np.float64]

#: What a status set by hand says of the chance of signal.
DECIDED = {"white": 0.0, "underserved": 1.0, "covered": 1.0, "served": 1.0}


def set_by_hand(facts: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    """Return the status of every village with what a person set instead, and who, when and why."""
    status = facts["status_computed"].to_numpy(dtype=object).copy()
    told = np.full(len(facts), None, dtype=object)
    if inputs.overrides is not None and len(inputs.overrides):
        given = inputs.overrides.set_index("village_id").reindex(inputs.villages["village_id"])
        words = given["date"] + ", " + given["who"] + ": " + given["why"]
        here = words.notna().to_numpy()
        status[here], told[here] = given["status"].to_numpy()[here], words.to_numpy()[here]
    return pd.DataFrame({"status": status, "override": told}, index=facts.index)


def unserved_by_hand(facts: pd.DataFrame) -> "pd.Series[float]":
    """Return the people without signal: all or none of a village that a person called white or lit."""
    said = decided_chance(facts)
    return facts["unserved_people"].where(said.isna(), facts["people"] * (1 - said))


def chances_by_hand(p: Array, demand: pd.DataFrame, villages: pd.DataFrame) -> Array:
    """Return the chances at the demand points with those of villages that a person decided: what a plan goes by."""
    said = decided_chance(villages).set_axis(villages["village_id"].to_numpy())
    mine = said.reindex(demand["village_id"]).to_numpy(dtype=np.float64)
    return np.where(np.isnan(mine) | np.isnan(p), p, mine)


def decided_chance(villages: pd.DataFrame) -> "pd.Series[float]":
    """
    Return 0 where a person called a village white, 1 where they said it has signal everywhere; NaN where nobody decided.

    Parameters
    ----------
    villages : DataFrame
        ``status`` and ``override``. Hollow villages and those to verify keep the computed chances: NaN.
    """
    said = villages["status"].map(DECIDED).astype("float64")
    return said.where(villages["override"].notna())
