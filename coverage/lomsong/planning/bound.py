"""
What no plan can beat: a bound by Lagrangian relaxation, and the candidates that it rules out.

A row counts once however many candidates cover it. Put a price λ on every row instead, let each candidate earn the
prices of its rows, and the best set for those prices is found by sorting; whatever the prices, its value bounds every
plan. The prices are improved step by step with the volume algorithm, which also gives a fractional plan near the
optimum of the linear relaxation.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lomsong.compiled import kernel
from lomsong.planning.covering import TOLERANCE, Covering

_Floats = NDArray[np.float64]

#: Part by which the step shrinks after `PATIENCE` steps without progress, and grows again after one with it.
SHRINK, GROW = 0.66, 1.1
PATIENCE = 15
#: Step at the start, as part of the gap, and the one at which the prices have settled.
FIRST_STEP, LAST_STEP = 0.5, 1e-4
#: Halvings in the search for the price of money.
HALVINGS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """
    A proven limit of the value of any plan.

    Attributes
    ----------
    value : float
        No plan is worth more.
    excess : ndarray, shape (n,)
        How much lower the bound becomes if a candidate with a positive number is left out, or one with a
        negative number (its size) is put in.
    fraction : ndarray, shape (n,)
        Near the best fractional plan: how much of each candidate it builds.
    steps : int
        Steps made.
    """

    value: float
    excess: _Floats
    fraction: _Floats
    steps: int


def bound(covering: Covering, *, known: float, steps: int, gap: float = 0.0) -> Bound:
    """
    Bound the value of every plan; needs and floors are relaxed, which keeps the bound valid.

    Parameters
    ----------
    covering : Covering
        Best reduced.
    known : float
        Value of a plan at hand, from which the step is taken.
    steps : int
        Most steps.
    gap : float
        Stop when the bound is within this part of `known`.

    Returns
    -------
    Bound
    """
    weights, matrix = covering.weights, covering.cover.astype(np.float64)
    back = sparse.csr_array(matrix.T)
    money = _Money.of(covering)
    degree = np.maximum(np.diff(back.indptr), 1)
    share = min(1.0, known / max(covering.total, 1e-300))
    prices = np.minimum(weights, weights / np.sqrt(degree)) * share
    best, best_excess = np.inf, np.zeros(len(covering.costs))
    fraction = np.zeros(len(covering.costs))
    step_part, since = FIRST_STEP, 0
    unit = 1.0 - TOLERANCE if covering.whole else 0.0
    center, done = prices, 0
    served = np.zeros(len(weights))
    for done in range(1, steps + 1):
        earned = matrix @ prices
        picked, excess, limit = money.best(earned)
        value = float(weights.sum() - prices.sum()) + limit
        reached = back @ picked
        if done == 1:
            fraction, served = picked, reached
        if value < best:
            if best - value > 1e-5 * abs(best) + 1e-12 or not np.isfinite(best):
                since = 0
                step_part = min(step_part * GROW, 2.0)
            best, best_excess = value, excess
            center = prices
        else:
            since += 1
        slope_new = 1.0 - reached
        mix = _mixing(1.0 - served, slope_new, center, weights)
        fraction = mix * picked + (1 - mix) * fraction
        served = mix * reached + (1 - mix) * served
        if since >= PATIENCE:
            step_part *= SHRINK
            since = 0
        if best <= known * (1 + gap) + TOLERANCE or best - known < unit or step_part < LAST_STEP:
            break
        slope = 1.0 - served
        slope[(center <= 0) & (slope < 0)] = 0.0
        slope[(center >= weights) & (slope > 0)] = 0.0
        size = float(slope @ slope)
        if size > 0.0:
            prices = np.clip(center + step_part * (best - known) / size * slope, 0.0, weights)
        else:
            prices = center
    return Bound(value=_round_down(best, covering), excess=best_excess, fraction=fraction, steps=done)


def _round_down(value: float, covering: Covering) -> float:
    """A whole-number instance has no plan between two whole numbers."""
    value = min(value, covering.total)
    return float(np.floor(value + 1e-6 * max(1.0, abs(value)) ** 0.5)) if covering.whole else value


def _mixing(old: _Floats, new: _Floats, prices: _Floats, weights: _Floats) -> float:
    """Return how much of the newest set goes into the mean: what makes the slope shortest, within limits."""
    old = np.where(((prices <= 0) & (old < 0)) | ((prices >= weights) & (old > 0)), 0.0, old)
    new = np.where(((prices <= 0) & (new < 0)) | ((prices >= weights) & (new > 0)), 0.0, new)
    apart = new - old
    size = float(apart @ apart)
    if size <= 0.0:
        return 0.05
    return float(np.clip(-(old @ apart) / size, 0.01, 0.1))


@dataclass(frozen=True, slots=True)
class _Money:
    """The choice of candidates when each earns a fixed amount: the best per site, while money lasts."""

    costs: _Floats
    budget: float
    order: NDArray[np.int64]
    heads: NDArray[np.int64]

    @classmethod
    def of(cls, covering: Covering) -> "_Money":
        order = np.argsort(covering.sites, kind="stable")
        sites = covering.sites[order]
        heads = np.flatnonzero(np.r_[True, sites[1:] != sites[:-1]])
        return cls(covering.costs, covering.budget, order, heads)

    def best(self, earned: _Floats) -> tuple[_Floats, _Floats, float]:
        """Return the chosen (fractions), the excess of each candidate, and the value; all for one price of money."""
        low, high = 0.0, float((earned / np.maximum(self.costs, 1e-12)).max(initial=0.0))
        if self._spent(earned, low) <= self.budget:
            high = 0.0
        elif len(self.heads) == len(self.order):
            return self._sorted(earned)
        for _ in range(HALVINGS if high > 0 else 0):
            middle = 0.5 * (low + high)
            if self._spent(earned, middle) > self.budget:
                low = middle
            else:
                high = middle
        return self._at(earned, high)

    def _spent(self, earned: _Floats, price: float) -> float:
        """Return what the choice costs where money has a price."""
        return float(_spend(earned, price, self.costs, self.order, self.heads))

    def _sorted(self, earned: _Floats) -> tuple[_Floats, _Floats, float]:
        """The same where every site has one candidate: by earning per cost, the last one in part."""
        rate = earned / np.maximum(self.costs, 1e-12)
        order = np.argsort(-rate, kind="stable")
        total = np.cumsum(self.costs[order])
        full = int(np.searchsorted(total, self.budget * (1 + TOLERANCE), side="right"))
        price = float(rate[order[full]]) if full < len(order) else 0.0
        picked, excess, value = self._at(earned, price)
        picked = np.zeros(len(earned))
        picked[order[:full]] = 1.0
        if full < len(order):
            left = self.budget - (total[full - 1] if full else 0.0)
            picked[order[full]] = max(left, 0.0) / max(self.costs[order[full]], 1e-12)
        return picked, excess, value

    def _at(self, earned: _Floats, price: float) -> tuple[_Floats, _Floats, float]:
        net = earned - price * self.costs
        best = np.maximum(np.maximum.reduceat(net[self.order], self.heads), 0.0)
        value = price * self.budget + float(best.sum())
        counts = np.diff(np.r_[self.heads, len(self.order)])
        excess = np.empty(len(net))
        excess[self.order] = net[self.order] - np.repeat(best, counts)
        picked = _take(net, self.order, self.heads)
        chosen = picked > 0
        alone = counts.repeat(counts) == 1
        single = np.zeros(len(net), dtype=bool)
        single[self.order] = alone
        # left out, a lone candidate loses what it nets
        excess[chosen & single] = net[chosen & single]
        return picked, excess, value


@kernel
def _take(net, order, heads):  # type: ignore[no-untyped-def]
    """Return one candidate a site as flags: the one that nets most, if it nets anything; the first of equals."""
    picked = np.zeros(len(net))
    for site in range(len(heads)):
        best = _best_of(net, order, heads, site)
        if net[best] > 0.0:
            picked[best] = 1.0
    return picked


@kernel
def _spend(earned, price, costs, order, heads):  # type: ignore[no-untyped-def]
    """Return what the choice of `_take` costs; the whole time of the bound goes into this."""
    net = earned - price * costs
    spent = 0.0
    for site in range(len(heads)):
        best = _best_of(net, order, heads, site)
        if net[best] > 0.0:
            spent += costs[best]
    return spent


@kernel
def _best_of(net, order, heads, site):  # type: ignore[no-untyped-def]
    best = order[heads[site]]
    for at in range(heads[site] + 1, heads[site + 1] if site + 1 < len(heads) else len(order)):
        if net[order[at]] > net[best]:
            best = order[at]
    return best
