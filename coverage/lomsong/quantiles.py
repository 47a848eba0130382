"""Medians and percentiles of many groups at once, such as the tests of each village."""

# Kernels take everything by position.

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lomsong.compiled import kernel, parallel_kernel, prange

_Floats = NDArray[np.float64]
_Longs = NDArray[np.int64]


def group_quantiles(
    group: ArrayLike, values: ArrayLike, *, groups: int, shares: ArrayLike, weights: ArrayLike | None = None
) -> tuple[_Floats, _Longs]:
    """
    Return quantiles of the values of each group.

    Without weights a quantile lies between two values where it falls between them, as with numpy and pandas. With
    weights it is the smallest value at which that share of the weight is reached.

    Parameters
    ----------
    group : array_like of int, shape (n,)
        Group of each value; a negative one leaves the value out.
    values : array_like, shape (n,)
        NaN is left out.
    groups : int
        Number of groups.
    shares : array_like, shape (q,)
        Between 0 and 1: 0.5 is the median. [unitless]
    weights : array_like, shape (n,), optional
        Not negative; a value without weight is left out.

    Returns
    -------
    quantiles : ndarray, shape (groups, q)
        NaN for a group without values. [unit of the values]
    count : ndarray, shape (groups,)
        Values that took part.

    Examples
    --------
    >>> group_quantiles([0, 0, 1], [1.0, 2.0, 7.0], groups=3, shares=[0.5])[0].ravel().tolist()
    [1.5, 7.0, nan]
    """
    owner = np.ascontiguousarray(group, dtype=np.int64)
    given = np.ascontiguousarray(values, dtype=np.float64)
    weighing = np.ones(0) if weights is None else np.ascontiguousarray(weights, dtype=np.float64)
    wanted = np.atleast_1d(np.asarray(shares, dtype=np.float64))
    start = np.zeros(groups + 1, dtype=np.int64)
    _count(owner, given, weighing, start)
    start = np.cumsum(start)
    sorted_values = np.empty(start[-1])
    sorted_weights = np.empty(start[-1] if len(weighing) else 0)
    _spread(owner, given, weighing, start[:-1].copy(), sorted_values, sorted_weights)
    quantiles = np.full((groups, len(wanted)), np.nan)
    _measure(start, sorted_values, sorted_weights, wanted, quantiles)
    return quantiles, np.diff(start)


@kernel
def _takes_part(i: int, group: _Longs, values: _Floats, weights: _Floats) -> bool:
    return group[i] >= 0 and not np.isnan(values[i]) and (len(weights) == 0 or weights[i] > 0.0)


@kernel
def _count(group: _Longs, values: _Floats, weights: _Floats, count: _Longs) -> None:
    for i in range(len(group)):
        if _takes_part(i, group, values, weights):
            count[group[i] + 1] += 1


@kernel
def _spread(
    group: _Longs, values: _Floats, weights: _Floats, place: _Longs, out: _Floats, out_weights: _Floats
) -> None:
    """Put the values of each group side by side."""
    for i in range(len(group)):
        if _takes_part(i, group, values, weights):
            out[place[group[i]]] = values[i]
            if len(weights):
                out_weights[place[group[i]]] = weights[i]
            place[group[i]] += 1


@parallel_kernel
def _measure(start: _Longs, values: _Floats, weights: _Floats, shares: _Floats, quantiles: _Floats) -> None:
    for g in prange(len(start) - 1):
        first, end = start[g], start[g + 1]
        if end == first:
            continue
        if len(weights):
            order = np.argsort(values[first:end], kind="mergesort")
            reached = np.cumsum(weights[first:end][order])
            for q in range(len(shares)):
                k = np.searchsorted(reached, shares[q] * reached[-1])
                quantiles[g, q] = values[first + order[min(k, len(order) - 1)]]
        else:
            ordered = np.sort(values[first:end])
            for q in range(len(shares)):
                at = shares[q] * (len(ordered) - 1)
                k = min(int(at), len(ordered) - 1)
                above = ordered[min(k + 1, len(ordered) - 1)]
                quantiles[g, q] = ordered[k] + (at - k) * (above - ordered[k])
