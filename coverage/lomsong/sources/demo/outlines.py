"""The district's outline, and village boundaries that fill it without gaps or overlaps."""

import numpy as np
import shapely
from numpy.typing import NDArray

from lomsong.sources.demo.terrain import MIDDLE_M

#: Half the width of the district. [m]
HALF_WIDTH_M = 15_000.0
#: Boundaries get a corner at least this often, so that they can wind. [m]
_CORNER_M = 160.0
#: How far boundaries wind about a straight line, and over which length. [m]
_WIND_M, _WIND_LENGTH_M = 130.0, 1900.0


def draw_outline(rng: np.random.Generator) -> shapely.Polygon:
    """Draw the outline of the district, a rounded square of uneven sides. [m]"""
    turn = np.linspace(0.0, 2 * np.pi, 240, endpoint=False)
    radius = HALF_WIDTH_M * (np.abs(np.cos(turn)) ** 5 + np.abs(np.sin(turn)) ** 5) ** (-1 / 5)
    for wave in range(3, 12):
        radius *= 1 + 0.03 / np.sqrt(wave) * np.cos(wave * turn + rng.uniform(0, 2 * np.pi))
    corners = np.column_stack([radius * np.cos(turn), radius * np.sin(turn)]) + MIDDLE_M
    return shapely.Polygon(np.rint(corners))


def divide(
    outline: shapely.Polygon, xy: NDArray[np.float64], village: NDArray[np.int64], rng: np.random.Generator
) -> list[shapely.Geometry]:
    """
    Divide the district among villages; each gets the ground nearest to its settlements.

    Parameters
    ----------
    outline : Polygon
        The district. [m]
    xy : ndarray, shape (settlements, 2)
        Middles of the settlements, all inside the outline. [m]
    village : ndarray of int, shape (settlements,)
        Number of the village of each, 0 to n - 1.
    rng : Generator
        For the winding of the boundaries.

    Returns
    -------
    list of Polygon or MultiPolygon, length n
        Whole metres, so that neighbours share every corner.
    """
    phases = rng.uniform(0, 2 * np.pi, (2, 4))
    seeds = xy.copy()
    # the boundaries are straight in a space that is bent afterwards: bend the seeds the other way first
    for _ in range(8):
        seeds = xy - _winding(seeds, phases)
    cells = shapely.get_parts(
        shapely.voronoi_polygons(
            shapely.MultiPoint(seeds), extend_to=outline.buffer(2 * HALF_WIDTH_M), ordered=True
        )
    )
    straight = shapely.segmentize(outline, _CORNER_M)
    inside = shapely.intersection(cells, straight)
    parts = [shapely.union_all(inside[village == number]) for number in range(int(village.max()) + 1)]
    return [
        shapely.transform(shapely.segmentize(part, _CORNER_M), lambda at: np.rint(at + _winding(at, phases)))
        for part in parts
    ]


def _winding(xy: NDArray[np.float64], phases: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shift of each point by a smooth field, gentle enough never to fold. [m]"""
    x, y = (xy - MIDDLE_M).T * 2 * np.pi / _WIND_LENGTH_M
    east = np.sin(y + phases[0, 0]) + 0.6 * np.sin(1.7 * y - 0.8 * x + phases[0, 1])
    north = np.sin(x + phases[1, 0]) + 0.6 * np.sin(1.7 * x + 0.8 * y + phases[1, 1])
    return np.column_stack([east, north]) * _WIND_M / 1.6
