"""Masts that no record knows: heard by samples where no recorded one could be."""

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from lomsong.evidence.calibration import UNEXPLAINED, Fit
from lomsong.evidence.shadowing import Known, Shadowing, estimate_errors
from lomsong.prediction import Prediction

#: Levels of an unknown mast: alike by 1/e at this distance, spread about their mean, and how far below the threshold that mean
#: is taken to lie: assumptions, since nothing is known of such a mast.
ALIKE_M, SPREAD_DB, BELOW_DB = 1200.0, 14.0, 12.0
#: Variance of a level right beside a sample, in that of the levels.
BESIDE = (4.0 / SPREAD_DB) ** 2
#: Further off a sample says nothing. [m]
REACH_M = 3000.0
#: How alike the levels are, as the kriging of errors takes it.
LAW = Shadowing(length_m=ALIKE_M, part=1.0, between=1.0, pairs=0)
#: Name of the mast in the list of servers.
NAME = "unrecorded"


def stray_servers(prediction: Prediction, fit: Fit, thresholds_dbm: dict[str, float]) -> pd.DataFrame:
    """
    List, for each demand point near such a sample, the server that must be there.

    Simple kriging of the level itself: right beside the sample it is the sample's, far off it is that of a place without
    signal. Weak samples that recorded masts explain count, too: where so little was heard, the unknown mast gave no more.

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
    bins = fit.bins
    stray = ((bins["explained"] < UNEXPLAINED) & ~(bins["error"] < 0)).to_numpy()
    needed = bins["technology"].map(thresholds_dbm).to_numpy(dtype=np.float64)
    margin = bins["measured_dbm"].to_numpy() - needed
    telling = bins.assign(stray=stray, margin_db=margin)[stray | (margin < 0)]
    demand = prediction.demand
    at = np.column_stack([demand.geometry.x, demand.geometry.y])
    tables = []
    for (operator, technology), mine in telling.groupby(["operator", "technology"], sort=True):
        if not mine["stray"].any():
            continue
        xy = mine[["x", "y"]].to_numpy()
        away = cKDTree(xy[mine["stray"]]).query(at, distance_upper_bound=REACH_M)[0]
        near = np.flatnonzero(np.isfinite(away))
        known = Known(
            xy=xy,
            mast=np.zeros(len(mine), dtype=np.int64),
            error=(mine["margin_db"].to_numpy() + BELOW_DB) / SPREAD_DB,
            extra=np.full(len(mine), BESIDE),
        )
        one_mast = np.zeros((len(near), 1), dtype=np.int64)
        level, variance = estimate_errors(LAW, known, at[near], near, one_mast)
        tables.append(
            pd.DataFrame(
                {
                    "demand_id": demand["demand_id"].to_numpy()[near],
                    "operator": operator,
                    "technology": technology,
                    "site_id": NAME,
                    "margin_sigmas": ((level - BELOW_DB / SPREAD_DB) / np.sqrt(variance + BESIDE))[:, 0],
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
