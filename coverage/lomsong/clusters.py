"""Places that belong together: single linkage by distance, with chains broken at a greatest width; linear in practice."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.compiled import kernel

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]
#: Places of a grid cell that are compared each with each; more are sorted.
_FEW = 16


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
    side = link_m / np.sqrt(2.0)
    column = np.floor((x - x.min()) / side).astype(np.int64) + 3
    row = np.floor((y - y.min()) / side).astype(np.int64) + 3
    width, height = int(column.max()) + 4, int(row.max()) + 4
    key = (group * width + column) * height + row
    order = np.argsort(key, kind="stable")
    # many cells are recorded at one position: each counts once
    leader = _first_alike(x[order], y[order], key[order])
    leads = leader == np.arange(len(leader))
    spot = (np.cumsum(leads) - 1)[leader]
    sample = order[leads]
    px, py, keys = x[sample], y[sample], key[sample]
    first = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
    cells, last = keys[first], np.append(first[1:], len(keys))
    component = pd.factorize(_link(px, py, cells, first, last, height, link_m))[0]
    label = np.empty(len(order), dtype=np.int64)
    label[order] = _cut_chains(px, py, component, cells, first, last, height, side, widest_m)[spot]
    # numbered in the order in which they come
    return pd.factorize(label)[0].astype(np.int64)


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
def find_root(parent, at):  # type: ignore[no-untyped-def]
    """Return the root of a tree of a forest of parents, whose paths are halved on the way."""
    while parent[at] != at:
        parent[at] = parent[parent[at]]
        at = parent[at]
    return at


@kernel
def _seek(cells, wanted):  # type: ignore[no-untyped-def]
    at = np.searchsorted(cells, wanted)
    return at if at < len(cells) and cells[at] == wanted else -1


@kernel
def _first_alike(x, y, keys):  # type: ignore[no-untyped-def]
    """Return for each place of sorted grid cells the first at the same position."""
    leader = np.arange(len(x))
    begin = 0
    while begin < len(x):
        end = begin + 1
        while end < len(x) and keys[end] == keys[begin]:
            end += 1
        if end - begin <= _FEW:
            for place in range(begin + 1, end):
                at = begin
                while x[at] != x[place] or y[at] != y[place]:
                    at += 1
                leader[place] = at
        else:
            _lead_crowd(x[begin:end], y[begin:end], begin, leader[begin:end])
        begin = end
    return leader


@kernel
def _lead_crowd(x, y, begin, leader):  # type: ignore[no-untyped-def]
    """Do the same for the places of one cell, by sorting; of equal places the first comes first, both sorts being stable."""
    by_y = np.argsort(y, kind="mergesort")
    before = -1
    for place in by_y[np.argsort(x[by_y], kind="mergesort")]:
        if before < 0 or x[place] != x[before] or y[place] != y[before]:
            before = place
        leader[place] = begin + before


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
    for right in range(3):
        # both run through the sorted cells side by side
        begin = 0
        for cell in range(len(cells)):
            lowest = cells[cell] + right * height + (-2 if right else 1)
            while begin < len(cells) and cells[begin] < lowest:
                begin += 1
            other = begin
            while other < len(cells) and cells[other] <= cells[cell] + right * height + 2:
                a, b = find_root(parent, first[cell]), find_root(parent, first[other])
                if a != b and _any_within(
                    x, y, first[cell], last[cell], first[other], last[other], link_m * link_m
                ):
                    parent[max(a, b)] = min(a, b)
                other += 1
    for place in range(len(x)):
        parent[place] = find_root(parent, place)
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
