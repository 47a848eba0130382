"""The status of each village, by the rules of the guide."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.settings import ServiceSettings

#: Reports of no service that are as telling as this contradict tests beside them. [natural logarithm of a ratio]
STRONG_DENIAL = -2.5


def judge_status(
    facts: pd.DataFrame, settings: ServiceSettings
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """
    Apply the rules of the guide, 'verify' first: missing input, contradiction, weak evidence.

    Parameters
    ----------
    facts : DataFrame
        What `assess_service` knows of each village.
    settings : ServiceSettings
        Thresholds.

    Returns
    -------
    status, cause : ndarray of str, shape (villages,)
        The cause is of 'verify' alone, None for the others.
    """
    low, high = settings.unsure_between
    p = facts["p_signal"].to_numpy(dtype=np.float64)
    tested = (facts["near_tests"] >= settings.minimum_tests).to_numpy()
    sampled = tested | (facts["near_samples"] > 0).to_numpy() | (facts["checked"] != 0).to_numpy()
    missing = np.isnan(p) | (facts["terrain_share"] < settings.terrain_share).to_numpy()
    # a mast beyond the terrain's edge might serve the place: its absence was never shown
    missing |= (p < high) & (facts["p_unseen"] >= settings.covered_from).to_numpy()
    hollow = _is_hollow(facts["covered_share"], facts["dark_cluster_households"], settings)
    missing |= hollow & ~_is_hollow(facts["hopeful_share"], facts["hopeful_dark_households"], settings)
    with np.errstate(invalid="ignore"):
        contradicted = tested & (facts["p_before"] < low).to_numpy()
        # people test where others report that they cannot
        contradicted |= tested & (facts["denied"] < STRONG_DENIAL).to_numpy()
        weak = ~sampled & (p >= low) & (p <= high)
        lit = (p >= settings.covered_from) | (tested & (p >= low))
    slow = (facts["download_high_mbps"] < settings.target_mbps).to_numpy()
    fast = (facts["download_low_mbps"] >= settings.target_mbps).to_numpy()
    status = np.select(
        [missing | contradicted | weak, ~lit, hollow, slow, fast],
        ["verify", "white", "hollow", "underserved", "served"],
        default="covered",
    ).astype(object)
    cause = np.select(
        [missing, contradicted, weak], ["missing input", "contradiction", "weak evidence"], default=""
    ).astype(object)
    cause[cause == ""] = None
    return status, cause


def _is_hollow(share: pd.Series, dark_households: pd.Series, settings: ServiceSettings) -> NDArray[np.bool_]:
    return np.asarray(
        (dark_households >= settings.hollow_households) | (share < settings.hollow_share), dtype=bool
    )


def name_evidence(facts: pd.DataFrame, settings: ServiceSettings) -> NDArray[np.str_]:
    """Tell whether each village was measured, predicted, both or none; arguments as of `judge_status`."""
    tested = (facts["near_tests"] >= settings.minimum_tests) | (facts["near_samples"] > 0)
    tested |= facts["checked"] != 0
    predicted = facts["p_signal"].notna()
    return np.select(
        [tested & predicted, tested, predicted], ["both", "measured", "predicted"], default="none"
    )
