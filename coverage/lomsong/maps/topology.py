"""Rings cut into arcs, so that a border between two villages is sent once and simplified once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Shorts = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Arcs:
    """
    Rings as runs of shared arcs.

    Attributes
    ----------
    x, y : ndarray of int64, shape (vertices,)
        The vertices of all arcs, one arc after the other; each begins and ends at a junction. [steps]
    starts : ndarray of int64, shape (arcs + 1,)
        Where each arc begins in `x` and `y`.
    ring_arcs : ndarray of int64, shape (uses,)
        The arcs of every ring in order: twice the number of the arc, plus one where it runs backwards.
    ring_sizes : ndarray of int64, shape (rings,)
        Arcs in each ring that was given; 0 where less than a triangle was left of it.
    """

    x: Ints
    y: Ints
    starts: Ints
    ring_arcs: Ints
    ring_sizes: Ints


def cut_arcs(x: Ints, y: Ints, ring_of: Ints, rings: int) -> Arcs:
    """
    Find the borders that rings share.

    A vertex where the neighbours differ from one ring to another is a junction; between junctions a border is the
    same line for all rings along it, told by its first step.

    Parameters
    ----------
    x, y : ndarray of int64, shape (n,)
        Vertices on a grid of steps below 2^31; rings may be closed or not.
    ring_of : ndarray of int64, shape (n,)
        Ring of each vertex, ascending.
    rings : int
        Number of rings.

    Returns
    -------
    Arcs
        In the order in which the rings meet them.
    """
    # half the memory: a nation has millions of vertices, and neither steps, rings nor vertices reach 2^31
    x, y, ring_of = x.astype(np.int32), y.astype(np.int32), ring_of.astype(np.int32)
    x, y, ring_of = _without_repeats(x, y, ring_of, rings)
    if not len(x):
        none = np.zeros(0, dtype=np.int64)
        return Arcs(none, none, np.zeros(1, dtype=np.int64), none, np.zeros(rings, dtype=np.int64))
    vertex, number = _number_places(x, y)
    first, size = _ring_extents(ring_of, rings)
    after, before = _neighbours(first, size, len(vertex))
    cut = _junctions(vertex, vertex[before], vertex[after], number)
    del before, after
    order, first, size, cut = _start_at_cuts(vertex, cut, first, size)
    vertex = vertex[order]
    begins = np.flatnonzero(cut)
    ring = ring_of[order][begins]
    # the end of an arc is the next cut of its ring, or the ring's own start
    last_of_ring = np.append(ring[1:] != ring[:-1], True)
    ends = np.append(begins[1:], len(vertex))
    closing = np.where(last_of_ring, first[ring], ends)
    forward = vertex[begins].astype(np.int64) * number + vertex[_step_on(begins + 1, first, size, ring)]
    backward = vertex[closing].astype(np.int64) * number + vertex[ends - 1]
    kind, backwards, shown = _same_arcs(np.minimum(forward, backward), backward < forward)
    # vertices of each arc that is the first of its kind, with the closing one
    lengths = (ends - begins)[shown]
    starts = np.concatenate([[0], np.cumsum(lengths + 1)])
    places = np.repeat(begins[shown] - starts[:-1], lengths + 1) + np.arange(starts[-1])
    places[starts[1:] - 1] = closing[shown]
    places = order[places]
    return Arcs(
        x=x[places].astype(np.int64),
        y=y[places].astype(np.int64),
        starts=starts,
        ring_arcs=2 * kind + backwards,
        ring_sizes=np.bincount(ring, minlength=rings),
    )


def _without_repeats(x: Ints, y: Ints, ring_of: Ints, rings: int) -> tuple[Ints, Ints, Ints]:
    """Drop vertices that repeat the one before, closing vertices, and what is then less than a triangle."""
    if not len(x):
        return x, y, ring_of
    same_ring = ring_of[1:] == ring_of[:-1]
    repeats = np.concatenate([[False], same_ring & (x[1:] == x[:-1]) & (y[1:] == y[:-1])])
    x, y, ring_of = x[~repeats], y[~repeats], ring_of[~repeats]
    first, size = _ring_extents(ring_of, rings)
    used = size > 1
    begin, end = first[used], first[used] + size[used] - 1
    closed = (x[begin] == x[end]) & (y[begin] == y[end])
    keep = np.ones(len(x), dtype=np.bool_)
    keep[end[closed]] = False
    size = np.bincount(ring_of[keep], minlength=rings)
    keep &= size[ring_of] >= 3
    return x[keep], y[keep], ring_of[keep]


def _ring_extents(ring_of: Ints, rings: int) -> tuple[Ints, Ints]:
    size = np.bincount(ring_of, minlength=rings)
    return np.cumsum(size) - size, size


def _number_places(x: Ints, y: Ints) -> tuple[Ints, int]:
    """Give each place a number, equal where the places are equal."""
    places, vertex = np.unique((y.astype(np.int64) << 32) + x, return_inverse=True)
    return vertex.astype(np.int32), len(places)


def _neighbours(first: Ints, size: Ints, count: int) -> tuple[Shorts, Shorts]:
    """Return the positions after and before every position, around its ring."""
    used = size > 0
    begin, end = first[used], first[used] + size[used] - 1
    after, before = np.arange(1, count + 1, dtype=np.int32), np.arange(-1, count - 1, dtype=np.int32)
    after[end], before[begin] = begin, end
    return after, before


def _junctions(vertex: Ints, before: Ints, after: Ints, number: int) -> NDArray[np.bool_]:
    """Mark the vertices that have other neighbours elsewhere."""
    pair = np.minimum(before, after).astype(np.int64) * number + np.maximum(before, after)
    low = np.full(number, np.iinfo(np.int64).max)
    order = np.argsort(vertex, kind="stable")
    groups = np.flatnonzero(np.diff(vertex[order], prepend=-1))
    low = np.minimum.reduceat(pair[order], groups)
    high = np.maximum.reduceat(pair[order], groups)
    marked: NDArray[np.bool_] = (low != high)[vertex]
    return marked


def _start_at_cuts(
    vertex: Ints, cut: NDArray[np.bool_], first: Ints, size: Ints
) -> tuple[Shorts, Ints, Ints, NDArray[np.bool_]]:
    """Turn each ring so that it begins at a junction; a ring without one begins at its lowest vertex."""
    used = size > 0
    begin, length = first[used], size[used]
    ring = np.repeat(np.arange(len(begin), dtype=np.int32), length)
    where = np.arange(len(vertex), dtype=np.int32)
    nowhere = len(vertex)
    place = np.minimum.reduceat(np.where(cut, where, nowhere), begin)
    lowest = np.minimum.reduceat(vertex, begin)
    fallback = np.minimum.reduceat(np.where(vertex == lowest[ring], where, nowhere), begin)
    place = np.where(place < nowhere, place, fallback)
    order = (begin[ring] + (where - begin[ring] + (place - begin)[ring]) % length[ring]).astype(np.int32)
    turned = cut[order]
    turned[begin] = True
    return order, first, size, turned


def _step_on(position: Ints, first: Ints, size: Ints, ring: Ints) -> Ints:
    return np.where(position >= first[ring] + size[ring], first[ring], position)


def _same_arcs(key: Ints, turned: NDArray[np.bool_]) -> tuple[Ints, Ints, NDArray[Any]]:
    """Number the arcs by first use; return number and direction of every use, and which use shows each arc."""
    _, shown, kind = np.unique(key, return_index=True, return_inverse=True)
    by_use = np.argsort(shown, kind="stable")
    rank = np.empty_like(by_use)
    rank[by_use] = np.arange(len(by_use))
    kind = rank[kind]
    shown = shown[by_use]
    return kind, (turned != turned[shown][kind]).astype(np.int64), shown
