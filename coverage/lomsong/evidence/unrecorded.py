"""Masts that no record knows: heard by samples where no recorded one could be."""

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from lomsong.evidence.calibration import UNEXPLAINED, Fit
from lomsong.prediction import Prediction

#: Distance at which the level of an unknown mast is alike by 1/e, spread of levels about their mean, and how far below
#: the threshold that mean is taken to lie: assumptions, since nothing is known of such a mast.
ALIKE_M, SPREAD_DB, BELOW_DB = 1200.0, 14.0, 12.0
#: Spread of a level right beside the sample. [dB]
BESIDE_DB = 4.0
#: Further off a sample says nothing. [m]
REACH_M = 3000.0
#: Name of the mast in the list of servers.
NAME = "unrecorded"


def stray_servers(prediction: Prediction, fit: Fit, thresholds_dbm: dict[str, float]) -> pd.DataFrame:
    """
    List, for each demand point near such a sample, the server that must be there.

    Simple kriging of the level itself: right beside the sample it is the sample's, far off it is that of a place without
    signal.

    Parameters
    ----------
    prediction : Prediction
        Demand points.
    fit : Fit
        Its bins say which samples the recorded masts do not explain.
    thresholds_dbm : dict
        Usable level by technology.

    Returns
    -------
    DataFrame
        Columns ``demand_id, operator, technology, site_id, margin_sigmas``; one row a point, operator and technology.
    """
    strays = fit.bins[(fit.bins["explained"] < UNEXPLAINED) & ~(fit.bins["error"] < 0)]
    demand = prediction.demand
    at = np.column_stack([demand.geometry.x, demand.geometry.y])
    tables = []
    for (operator, technology), mine in strays.groupby(["operator", "technology"], sort=True):
        threshold = thresholds_dbm[str(technology)]
        found = cKDTree(mine[["x", "y"]].to_numpy()).query(at, distance_upper_bound=REACH_M)
        away, row = np.asarray(found[0]), np.asarray(found[1])
        near = np.flatnonzero(np.isfinite(away))
        alike = np.exp(-away[near] / ALIKE_M)
        margin = alike * (mine["measured_dbm"].to_numpy()[row[near]] - threshold + BELOW_DB) - BELOW_DB
        sigma = np.sqrt(BESIDE_DB**2 + SPREAD_DB**2 * (1 - alike**2))
        tables.append(
            pd.DataFrame(
                {
                    "demand_id": demand["demand_id"].to_numpy()[near],
                    "operator": operator,
                    "technology": technology,
                    "site_id": NAME,
                    "margin_sigmas": margin / sigma,
                }
            )
        )
    return pd.concat(tables, ignore_index=True) if tables else no_strays()


def no_strays() -> pd.DataFrame:
    """Return the list without a server."""
    return pd.DataFrame(
        {
            "demand_id": pd.Series(dtype=np.int64),
            "operator": pd.Series(dtype=object),
            "technology": pd.Series(dtype=object),
            "site_id": pd.Series(dtype=object),
            "margin_sigmas": pd.Series(dtype=np.float64),
        }
    )
