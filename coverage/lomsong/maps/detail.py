"""How far one must zoom in before a vertex matters."""

import numpy as np
from numpy.typing import NDArray

from lomsong.compiled import kernel
from lomsong.maps.topology import Arcs

#: A line may leave its true course by this. [pixel]
TOLERANCE_PX = 0.6
#: Zoom at which a step of the frame is one pixel (256-pixel tiles).
STEP_ZOOM = 16
#: Nothing finer is sent than matters at this zoom: 6 m at the equator.
FINEST_ZOOM = 14
#: Coarsest limit, however many vertices that leaves.
_COARSEST_ZOOM = 11
#: From this number of vertices on, the next coarser limit is taken: it keeps the file of a nation small.
MOST_VERTICES = 1_200_000


def keep_detail(arcs: Arcs, *, most: int = MOST_VERTICES) -> tuple[Arcs, NDArray[np.uint8], int]:
    """
    Leave out what no reader can see.

    Parameters
    ----------
    arcs : Arcs
        With every vertex.
    most : int
        Vertices to aim for.

    Returns
    -------
    arcs : Arcs
        Without vertices finer than the limit; ends of arcs stay.
    zooms : ndarray of uint8, shape (vertices,)
        Zoom from which on each vertex is drawn; 0 for ends.
    shift : int
        Low bits of the coordinates that matter at no zoom, a quarter of a pixel at the limit; they are still there.
    """
    zooms = vertex_zooms(arcs.x.astype(np.float64), arcs.y.astype(np.float64), arcs.starts)
    finest = FINEST_ZOOM
    while finest > _COARSEST_ZOOM and int((zooms <= finest).sum()) > most:
        finest -= 1
    kept = zooms <= finest
    lengths = np.add.reduceat(kept, arcs.starts[:-1]) if len(arcs.starts) > 1 else np.zeros(0, dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    thin = Arcs(arcs.x[kept], arcs.y[kept], starts, arcs.ring_arcs, arcs.ring_sizes)
    return thin, zooms[kept], FINEST_ZOOM - finest


@kernel
def vertex_zooms(x, y, starts):  # type: ignore[no-untyped-def]
    """
    Return the zoom from which on each vertex of some arcs is needed.

    A vertex is needed where the line without it would leave the true one by more than `TOLERANCE_PX` (Douglas and
    Peucker's division, with a vertex never needed earlier than the one that divided before it).

    Parameters
    ----------
    x, y : ndarray of float64, shape (vertices,)
        Places. [steps]
    starts : ndarray of int64, shape (arcs + 1,)
        Where each arc begins.

    Returns
    -------
    ndarray of uint8, shape (vertices,)
        0 for the ends of arcs, 255 for vertices on a straight line.

    References
    ----------
    .. [1] D. Douglas, T. Peucker, "Algorithms for the reduction of the number of points required to represent a
       digitized line or its caricature", Cartographica 10 (1973).
    """
    zooms = np.full(len(x), 255, dtype=np.uint8)
    longest = 0
    for arc in range(len(starts) - 1):
        longest = max(longest, starts[arc + 1] - starts[arc])
    lefts = np.empty(longest + 1, dtype=np.int64)
    rights = np.empty(longest + 1, dtype=np.int64)
    limits = np.empty(longest + 1, dtype=np.float64)
    for arc in range(len(starts) - 1):
        begin, end = starts[arc], starts[arc + 1] - 1
        zooms[begin] = 0
        zooms[end] = 0
        lefts[0], rights[0], limits[0] = begin, end, np.inf
        waiting = 1
        while waiting > 0:
            waiting -= 1
            left, right, limit = lefts[waiting], rights[waiting], limits[waiting]
            dx, dy = x[right] - x[left], y[right] - y[left]
            long2 = dx * dx + dy * dy
            worst, place = 0.0, -1
            for i in range(left + 1, right):
                ex, ey = x[i] - x[left], y[i] - y[left]
                part = 0.0
                if long2 > 0.0:
                    part = min(max((ex * dx + ey * dy) / long2, 0.0), 1.0)
                away = (ex - part * dx) ** 2 + (ey - part * dy) ** 2
                if away > worst:
                    worst, place = away, i
            if place < 0:
                continue
            away = min(np.sqrt(worst), limit)
            zoom = np.ceil(STEP_ZOOM - np.log2(away / TOLERANCE_PX))
            zooms[place] = np.uint8(min(max(zoom, 0.0), 254.0))
            lefts[waiting], rights[waiting], limits[waiting] = left, place, away
            waiting += 1
            lefts[waiting], rights[waiting], limits[waiting] = place, right, away
            waiting += 1
    return zooms
