"""Probability that any usable server reaches a place, with shadowing correlated between masts."""

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lomsong.compiled import parallel_kernel, prange

#: Nodes of the Gauss-Hermite rule; at correlation 0.5 it is exact to about 1e-9 (see the tests).
NODES = 48


def any_server_probability(
    margin_sigmas: ArrayLike, group: ArrayLike, *, groups: int, correlation: float
) -> NDArray[np.float64]:
    """
    Probability that at least one server of each group is above its threshold.

    The shadowing of server i, in its standard deviations, is √ρ C + √(1-ρ) Eᵢ with one common C for the place
    and independent Eᵢ, all standard normal; given C the servers fail independently, and C is integrated out.

    Parameters
    ----------
    margin_sigmas : array_like, shape (n,)
        (predicted level - threshold) / σ of each server. [unitless]
    group : array_like of int, shape (n,)
        Which place the server is for, from 0; any order.
    groups : int
        Number of places.
    correlation : float
        ρ in [0, 1): correlation of shadowing between two masts as seen from one place.

    Returns
    -------
    ndarray, shape (groups,)
        Zero for a place without servers; NaN where one of its margins is NaN.

    References
    ----------
    .. [1] 3GPP TR 36.942, section 5.1.4: site-to-site correlation 0.5.

    Examples
    --------
    >>> any_server_probability([0.0], [0], groups=2, correlation=0.5).round(6).tolist()
    [0.5, 0.0]
    """
    margins = np.asarray(margin_sigmas, dtype=np.float64)
    place = np.asarray(group, dtype=np.int64)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(groups + 1))
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    p: NDArray[np.float64] = _integrate(margins[order], starts, nodes, weights / weights.sum(), correlation)
    return p


@parallel_kernel
def _integrate(margins, starts, nodes, weights, correlation):  # type: ignore[no-untyped-def]
    """Return one less the chance that all servers of each group fail, over the common part of their errors."""
    groups = len(starts) - 1
    result = np.zeros(groups)
    root, own = math.sqrt(correlation), math.sqrt(2.0 * (1.0 - correlation))
    for group in prange(groups):
        if starts[group] == starts[group + 1]:
            continue
        failing = 0.0
        for node in range(len(nodes)):
            alone = weights[node]
            for server in range(starts[group], starts[group + 1]):
                alone *= 0.5 * math.erfc((margins[server] + root * nodes[node]) / own)
            failing += alone
        result[group] = min(max(1.0 - failing, 0.0), 1.0) if not math.isnan(failing) else math.nan
    return result


def list_servers(signal: pd.DataFrame, thresholds_dbm: dict[str, float]) -> pd.DataFrame:
    """
    List the best and the second server of every row of `signal` below each other.

    Parameters
    ----------
    signal : DataFrame
        Contract `SIGNAL`.
    thresholds_dbm : dict
        Usable level by technology.

    Returns
    -------
    DataFrame
        Columns ``demand_id, operator, technology, site_id, margin_sigmas``.
    """
    keys = ["demand_id", "operator", "technology"]
    threshold = signal["technology"].map(thresholds_dbm).astype("float64")
    best = signal[[*keys, "site_id"]].assign(
        margin_sigmas=(signal["level_dbm"] - threshold) / signal["sigma_db"]
    )
    second = (
        signal[[*keys, "second_site_id"]]
        .rename(columns={"second_site_id": "site_id"})
        .assign(margin_sigmas=(signal["second_level_dbm"] - threshold) / signal["second_sigma_db"])
    )
    both = pd.concat([best, second], ignore_index=True)
    return both[both["margin_sigmas"].notna()].reset_index(drop=True)


def point_probability(servers: pd.DataFrame, points: int, *, correlation: float) -> NDArray[np.float64]:
    """
    Probability of signal at each demand point from the given servers.

    Carriers on one mast share its shadowing, so only the best of each mast counts.

    Parameters
    ----------
    servers : DataFrame
        From `list_servers`, cut down to the operators and technologies that count.
    points : int
        Number of demand points; their ids are 0..points-1.
    correlation : float
        Between masts.

    Returns
    -------
    ndarray, shape (points,)
        Probability.
    """
    if servers.empty:
        return np.zeros(points)
    # numbers in the order of the names: sorting millions of names would take longer than all the rest
    mast, names = pd.factorize(servers["site_id"].astype(object), sort=True)
    key = servers["demand_id"].to_numpy(dtype=np.int64) * len(names) + mast
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    best = np.maximum.reduceat(servers["margin_sigmas"].to_numpy(dtype=np.float64)[order], first)
    return any_server_probability(best, key[first] // len(names), groups=points, correlation=correlation)
