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
    return np.array(sorted(build_order(covering)), dtype=np.int64)


def build_order(
    covering: Covering, among: NDArray[np.int64] | None = None, *, built: list[int] | None = None
) -> list[int]:
    """
    Return the candidates of the greedy plan in the order in which they are bought, relays before what needs them.

    Parameters
    ----------
    covering : Covering
        Any instance.
    among : ndarray of int, optional
        Only these may be bought; so a plan at hand is put in order.
    built : list of int, optional
        These stand and are paid for; the order goes on from them.
    """
    count = len(covering.costs)
    allowed = np.ones(count, dtype=bool) if among is None else np.isin(np.arange(count), among)
    chains = {
        int(j): _chain(covering, int(j), allowed)
        for j in np.flatnonzero(allowed & (covering.needs != NOTHING))
    }
    cover = covering.cover.astype(np.float64)
    before = [] if built is None else built
    open_weights = np.where(covering.covered(before), 0.0, covering.weights)
    order: list[int] = []
    spent = covering.spent(before)
    free = allowed & (covering.needs == NOTHING)
    taken = np.isin(covering.sites, covering.sites[before])
    while True:
        worth = _urgent(covering, open_weights)
        gains = cover @ worth
        score = np.where(free & ~taken & (gains > 1e-9), gains / np.maximum(covering.costs, 1e-9), 0.0)
        score[spent + covering.costs > covering.limit] = 0.0
        best = int(np.argmax(score)) if count else 0
        top, new = (float(score[best]), [best]) if count else (0.0, [])
        for candidate, chain in chains.items():
            if chain is None or taken[candidate] or gains[candidate] <= 1e-9:
                continue
            missing = [j for j in reversed(chain) if not taken[j]]
            cost = float(covering.costs[missing].sum())
            if covering.affords(spent + cost) and float(gains[missing].sum()) / max(cost, 1e-9) > top * (
                1 + 1e-12
            ):
                top, new = float(gains[missing].sum()) / max(cost, 1e-9), missing
        if top <= 0.0:
            return order
        order += new
        taken |= np.isin(covering.sites, covering.sites[new])
        spent += float(covering.costs[new].sum())
        open_weights[covering.covered(new)] = 0.0


def _urgent(covering: Covering, open_weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what each row is worth now: only those of areas under their floor, while there are any."""
    urgent = np.zeros(len(open_weights), dtype=bool)
    for floor in covering.floors:
        done = covering.weights[floor.rows].sum() - open_weights[floor.rows].sum()
        if done < floor.amount:
            urgent[floor.rows] = True
    part = np.where(urgent, open_weights, 0.0)
    return part if part.any() else open_weights


def _chain(covering: Covering, candidate: int, allowed: NDArray[np.bool_]) -> list[int] | None:
    """Return the candidate and the cheapest way to build all that it needs; None where that cannot be built."""
    chain = [candidate]
    while (site := covering.needs[chain[-1]]) != NOTHING:
        options = np.flatnonzero((covering.sites == site) & allowed)
        if len(options) == 0:
            return None
        chain.append(int(options[np.argmin(covering.costs[options])]))
    return chain
