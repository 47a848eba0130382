"""Probability that any usable server reaches a place, with shadowing correlated between masts."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lomsong.compiled import kernel, parallel_kernel, prange
from lomsong.evidence.names import number_names

#: Nodes of the Gauss-Hermite rule; at correlation 0.5 it is exact to about 1e-7 (see the tests).
NODES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """
    Every server of every demand point as numbers, so that those of a nation fit into memory.

    Attributes
    ----------
    point : ndarray of int, shape (n,)
        Row of the demand point, ascending.
    carrier : ndarray of int, shape (n,)
        Row of `carriers`.
    mast : ndarray of int, shape (n,)
        The same for all carriers of a mast.
    margin_sigmas : ndarray, shape (n,)
        (predicted level - threshold) / σ. [unitless]
    carriers : DataFrame
        ``operator`` and ``technology``.
    wrong : ndarray, shape (masts,)
        Chance that each mast is not there, whatever its level: masts fail one by one, so two are seldom gone together.
    """

    point: NDArray[np.int32]
    carrier: NDArray[np.int32]
    mast: NDArray[np.int32]
    margin_sigmas: NDArray[np.float32]
    carriers: pd.DataFrame
    wrong: NDArray[np.float64]


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
    place = np.asarray(group, dtype=np.int32)
    order = np.argsort(place, kind="stable")
    servers = Servers(
        point=place[order],
        carrier=np.zeros(len(order), dtype=np.int32),
        mast=np.arange(len(order), dtype=np.int32),
        margin_sigmas=np.asarray(margin_sigmas, dtype=np.float32)[order],
        carriers=pd.DataFrame({"operator": [""], "technology": [""]}),
        wrong=np.zeros(len(order)),
    )
    every = np.ones((1, 1), dtype=bool)
    p: NDArray[np.float64] = point_probabilities(servers, every, points=groups, correlation=correlation)[0]
    return p


def point_probabilities(
    servers: Servers, choices: NDArray[np.bool_], *, points: int, correlation: float
) -> NDArray[np.float64]:
    """
    Probability of signal at each demand point, for several choices of carriers at once.

    Carriers on one mast share its shadowing, so only the best of each mast counts.

    Parameters
    ----------
    servers : Servers
        From `list_servers`.
    choices : ndarray of bool, shape (choices, carriers)
        Which carriers count.
    points : int
        Number of demand points.
    correlation : float
        Between masts.

    Returns
    -------
    ndarray, shape (choices, points)
        Probability.
    """
    starts = np.searchsorted(servers.point, np.arange(points + 1))
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    p: NDArray[np.float64] = _integrate(
        servers.margin_sigmas,
        servers.carrier,
        servers.mast,
        starts,
        choices,
        nodes,
        weights / weights.sum(),
        correlation,
        servers.wrong,
    )
    return p


@parallel_kernel
def _integrate(margins, carrier, mast, starts, choices, nodes, weights, correlation, wrong):  # type: ignore[no-untyped-def]
    """Return one less the chance that all servers of each choice fail, over the common part of their errors."""
    points = len(starts) - 1
    result = np.zeros((len(choices), points))
    root, own = math.sqrt(correlation), math.sqrt(2.0 * (1.0 - correlation))
    for point in prange(points):
        here = slice(starts[point], starts[point + 1])
        margin, of, at = margins[here].astype(np.float64), carrier[here], mast[here]
        fails = np.empty((len(margin), len(nodes)))
        for server in range(len(margin)):
            gone = wrong[at[server]]
            for node in range(len(nodes)):
                silent = 0.5 * math.erfc((margin[server] + root * nodes[node]) / own)
                fails[server, node] = gone + (1.0 - gone) * silent
        best = np.empty(len(margin), np.int64)
        for choice in range(len(choices)):
            count = _pick_best(margin, of, at, choices[choice], best)
            if count == 1:
                # alone it needs no integral
                there = 1.0 - wrong[at[best[0]]]
                result[choice, point] = there * 0.5 * math.erfc(-margin[best[0]] / math.sqrt(2.0))
            elif count > 1:
                failing = 0.0
                for node in range(len(nodes)):
                    alone = weights[node]
                    for number in range(count):
                        alone *= fails[best[number], node]
                    failing += alone
                result[choice, point] = (
                    min(max(1.0 - failing, 0.0), 1.0) if not math.isnan(failing) else math.nan
                )
    return result


@kernel
def _pick_best(margin, carrier, mast, counts, best):  # type: ignore[no-untyped-def]
    """Put the best counting server of each mast into `best`; return how many there are."""
    found = 0
    for server in range(len(margin)):
        if counts[carrier[server]]:
            place = 0
            while place < found and mast[best[place]] != mast[server]:
                place += 1
            if place == found:
                found += 1
                best[place] = server
            elif margin[server] > margin[best[place]]:
                best[place] = server
    return found


def list_servers(
    signal: pd.DataFrame,
    thresholds_dbm: dict[str, float],
    others: pd.DataFrame | None = None,
    *,
    wrong: float = 0.0,
    doubts: pd.Series | None = None,
) -> Servers:
    """
    List the best and the second server of every row of `signal`.

    Parameters
    ----------
    signal : DataFrame
        Contract `SIGNAL`; demand points are numbered from 0.
    thresholds_dbm : dict
        Usable level by technology.
    others : DataFrame, optional
        Further servers: ``demand_id, operator, technology, site_id, margin_sigmas``.
    wrong : float
        Chance that a mast is not there.
    doubts : Series, optional
        The same of some masts by their name, from `doubt_masts`.
    """
    further = others if others is not None else signal.iloc[:0].assign(margin_sigmas=0.0)
    operators, operator_names = number_names(signal["operator"], further["operator"])
    technologies, technology_names = number_names(signal["technology"], further["technology"])
    masts, mast_names = number_names(signal["site_id"], signal["second_site_id"], further["site_id"])
    threshold = np.array([*(thresholds_dbm.get(name, np.nan) for name in technology_names), np.nan])
    margins = [_margin(signal, prefix, threshold[technologies[0]]) for prefix in ("", "second_")]
    carriers = [
        operator * len(technology_names) + technology
        for operator, technology in zip(operators, technologies, strict=True)
    ]
    margin = np.append(np.column_stack(margins), further["margin_sigmas"].to_numpy(dtype=np.float32))
    heard = ~np.isnan(margin)
    points = [table["demand_id"].to_numpy(dtype=np.int32) for table in (signal, further)]
    point = np.append(np.repeat(points[0], 2), points[1])[heard]
    carrier = np.append(np.repeat(carriers[0], 2), carriers[1])[heard]
    mast = np.append(np.column_stack(masts[:2]), masts[2])[heard]
    margin = margin[heard]
    if np.any(point[1:] < point[:-1]):
        order = np.argsort(point, kind="stable")
        point, carrier, mast, margin = point[order], carrier[order], mast[order], margin[order]
    return Servers(
        point=point,
        carrier=carrier,
        mast=mast,
        margin_sigmas=margin,
        carriers=pd.MultiIndex.from_product(
            [operator_names, technology_names], names=["operator", "technology"]
        ).to_frame(index=False),
        wrong=np.full(len(mast_names), wrong)
        if doubts is None
        else doubts.reindex(mast_names).fillna(wrong).to_numpy(),
    )


def _margin(signal: pd.DataFrame, prefix: str, threshold_dbm: NDArray[np.float64]) -> NDArray[np.float32]:
    level, sigma = (signal[f"{prefix}{name}"].to_numpy() for name in ("level_dbm", "sigma_db"))
    return np.asarray((level - threshold_dbm) / sigma, dtype=np.float32)
