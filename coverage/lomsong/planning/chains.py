"""Greedy plan where sites need other sites: a candidate is bought with all that it still needs."""

import numpy as np
from numpy.typing import NDArray

from lomsong.planning.covering import NOTHING, Covering


def grow_plan(covering: Covering) -> NDArray[np.int64]:
    """
    Build a plan by gain per cost, relay chains and floors included.

    While an area is under its floor only what it gains counts. Ties go to the smaller number.

    Parameters
    ----------
    covering : Covering
        Any instance.

    Returns
    -------
    ndarray of int
        Within the budget; floors may be missed, which `Covering.allows` tells. Rising.
    """
    chains = [_chain(covering, candidate) for candidate in range(len(covering.costs))]
    cover = covering.cover.astype(np.float64)
    open_weights = covering.weights.copy()
    chosen: list[int] = []
    built: set[int] = set()
    spent = 0.0
    while True:
        worth = _urgent(covering, open_weights)
        gains = cover @ worth
        best, best_score, best_new = -1, 0.0, []
        for candidate in np.flatnonzero(gains > 0):
            chain = chains[candidate]
            if chain is None or int(covering.sites[candidate]) in built:
                continue
            new = [j for j in chain if int(covering.sites[j]) not in built]
            cost = float(covering.costs[new].sum())
            if not covering.affords(spent + cost):
                continue
            score = float(gains[new].sum()) / max(cost, 1e-9)
            if score > best_score * (1 + 1e-12):
                best, best_score, best_new = int(candidate), score, new
        if best < 0:
            return np.array(sorted(chosen), dtype=np.int64)
        chosen += best_new
        built |= {int(covering.sites[j]) for j in best_new}
        spent += float(covering.costs[best_new].sum())
        open_weights[covering.covered(best_new)] = 0.0


def _urgent(covering: Covering, open_weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what each row is worth now: only those of areas under their floor, while there are any."""
    urgent = np.zeros(len(open_weights), dtype=bool)
    for floor in covering.floors:
        done = covering.weights[floor.rows].sum() - open_weights[floor.rows].sum()
        if done < floor.amount:
            urgent[floor.rows] = True
    part = np.where(urgent, open_weights, 0.0)
    return part if part.any() else open_weights


def _chain(covering: Covering, candidate: int) -> list[int] | None:
    """Return the candidate and the cheapest way to build all that it needs; None where that cannot be built."""
    chain = [candidate]
    while (site := covering.needs[chain[-1]]) != NOTHING:
        options = np.flatnonzero(covering.sites == site)
        if len(options) == 0:
            return None
        chain.append(int(options[np.argmin(covering.costs[options])]))
    return chain
