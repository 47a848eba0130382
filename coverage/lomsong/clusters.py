"""Places that belong together: single linkage by distance, with chains broken at a greatest width; linear in practice."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.compiled import kernel

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]


def cluster_places(
    x: _Floats, y: _Floats, group: _Integers, *, link_m: float, widest_m: float
) -> NDArray[np.int64]:
    """
    Number the clusters of places.

    Places of one group closer than `link_m`, directly or through others, share a cluster. Where such a cluster is
    wider than `widest_m` (the diagonal of its bounding box), it is a chain: it is cut into balls of that width, round
    the places that have most others near them.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Metric coordinates, finite. [m]
    group : ndarray of int, shape (n,)
        Places of different groups never share a cluster; 0 and up.
    link_m, widest_m : float
        Greatest distance between neighbours, and greatest width of a cluster. [m]

    Returns
    -------
    ndarray of int, shape (n,)
        Cluster of each place, from 0, in the order of their first places.

    Examples
    --------
    >>> x = np.array([0.0, 100.0, 900.0])
    >>> cluster_places(x, np.zeros(3), np.zeros(3, dtype=np.int64), link_m=150.0, widest_m=400.0).tolist()
    [0, 0, 1]
    """
    if len(x) == 0:
        return np.empty(0, dtype=np.int64)
    # many cells are recorded at one position: each counts once
    spot, _ = pd.factorize(x + 1j * y)
    back, _ = pd.factorize(spot * (int(group.max()) + 1) + group)
    _, sample = np.unique(back, return_index=True)
    side = link_m / np.sqrt(2.0)
    column = np.floor((x[sample] - x.min()) / side).astype(np.int64) + 3
    row = np.floor((y[sample] - y.min()) / side).astype(np.int64) + 3
    width, height = int(column.max()) + 4, int(row.max()) + 4
    key = (group[sample] * width + column) * height + row
    order = np.argsort(key, kind="stable")
    px, py, keys = x[sample][order], y[sample][order], key[order]
    first = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
    cells, last = keys[first], np.append(first[1:], len(keys))
    root = _link(px, py, cells, first, last, height, link_m)
    _, component = np.unique(root, return_inverse=True)
    final = _cut_chains(px, py, component.reshape(-1), cells, first, last, height, side, widest_m)
    label = np.empty(len(order), dtype=np.int64)
    label[order] = final
    return _by_first(label[back])


def _by_first(label: _Integers) -> _Integers:
    """Number the clusters in the order in which they come."""
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse.reshape(-1)]


def _cut_chains(
    x: _Floats,
    y: _Floats,
    component: _Integers,
    cells: _Integers,
    first: _Integers,
    last: _Integers,
    height: int,
    side: float,
    widest_m: float,
) -> _Integers:
    count = int(component.max()) + 1
    low = np.full((2, count), np.inf)
    high = np.full((2, count), -np.inf)
    for axis, values in enumerate((x, y)):
        np.minimum.at(low[axis], component, values)
        np.maximum.at(high[axis], component, values)
    wide = np.hypot(*(high - low)) > widest_m
    if not wide.any():
        return component
    crowd = np.repeat(last - first, last - first)
    chained = np.flatnonzero(wide[component])
    # the most crowded first: where many cells are recorded stands a mast
    leaders = chained[np.lexsort((chained, -crowd[chained]))]
    reach = int(np.ceil(0.5 * widest_m / side))
    label: _Integers = _take_balls(
        x, y, component, cells, first, last, height, leaders, reach, 0.5 * widest_m
    )
    return label


@kernel
def _find(parent, at):  # type: ignore[no-untyped-def]
    while parent[at] != at:
        parent[at] = parent[parent[at]]
        at = parent[at]
    return at


@kernel
def _seek(cells, wanted):  # type: ignore[no-untyped-def]
    at = np.searchsorted(cells, wanted)
    return at if at < len(cells) and cells[at] == wanted else -1


@kernel
def _any_within(x, y, a0, a1, b0, b1, limit2):  # type: ignore[no-untyped-def]
    for a in range(a0, a1):
        for b in range(b0, b1):
            if (x[a] - x[b]) ** 2 + (y[a] - y[b]) ** 2 <= limit2:
                return True
    return False


@kernel
def _link(x, y, cells, first, last, height, link_m):  # type: ignore[no-untyped-def]
    """Join the places of each grid cell, which are all near each other, and cells with a near pair between them."""
    parent = np.arange(len(x))
    for cell in range(len(cells)):
        for place in range(first[cell], last[cell]):
            parent[place] = first[cell]
    for cell in range(len(cells)):
        for right in range(3):
            for up in range(-2, 3):
                if right == 0 and up <= 0:
                    continue
                other = _seek(cells, cells[cell] + right * height + up)
                if other < 0:
                    continue
                a, b = _find(parent, first[cell]), _find(parent, first[other])
                if a != b and _any_within(
                    x, y, first[cell], last[cell], first[other], last[other], link_m * link_m
                ):
                    parent[max(a, b)] = min(a, b)
    for place in range(len(x)):
        parent[place] = _find(parent, place)
    return parent


@kernel
def _take_balls(x, y, component, cells, first, last, height, leaders, reach, radius_m):  # type: ignore[no-untyped-def]
    label = component.copy()
    taken = np.zeros(len(x), dtype=np.bool_)
    cell_of = np.empty(len(x), dtype=np.int64)
    for cell in range(len(cells)):
        cell_of[first[cell] : last[cell]] = cell
    number = component.max() + 1
    for leader in leaders:
        if taken[leader]:
            continue
        for right in range(-reach, reach + 1):
            for up in range(-reach, reach + 1):
                other = _seek(cells, cells[cell_of[leader]] + right * height + up)
                if other < 0:
                    continue
                for place in range(first[other], last[other]):
                    near = (x[place] - x[leader]) ** 2 + (y[place] - y[leader]) ** 2 <= radius_m * radius_m
                    if near and not taken[place] and component[place] == component[leader]:
                        taken[place] = True
                        label[place] = number
        number += 1
    return label
