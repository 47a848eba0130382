"""Points in polygons, against shapely asked point by point and against arithmetic with fractions."""

from fractions import Fraction

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely import MultiPolygon, Point, Polygon, box

from lomsong.area_index import index_areas
from lomsong.compiled import get_num_threads, set_num_threads
from lomsong.errors import TableError
from lomsong.joins import assign_points, pair_points
from lomsong.orientation import turn


def random_shapes(rng: np.random.Generator, count: int) -> NDArray[np.object_]:
    """Return polygons with corners on whole numbers, so that edges touch, cross and coincide; and their kin."""
    shapes = []
    for kind in rng.integers(0, 6, count):
        x, y = rng.integers(0, 20, 2)
        if kind == 0:
            shape = box(x, y, x + rng.integers(1, 8), y + rng.integers(1, 8))
        elif kind == 1:
            shape = shapely.convex_hull(shapely.multipoints(rng.integers(0, 12, (6, 2)) + np.array([x, y])))
        elif kind == 2:
            shape = Point(x, y).buffer(5).difference(Point(x, y).buffer(2))  # with a hole
        elif kind == 3:
            shape = MultiPolygon([box(x, y, x + 1, y + 1), box(x + 3, y + 3, x + 5, y + 5)])
        elif kind == 4:
            shape = Polygon([(x, y), (x + 9, y + 1), (x + 9, y + 1 + 1e-9)])  # a sliver
        else:
            shape = Polygon()
        shapes.append(shape if shape.geom_type in ("Polygon", "MultiPolygon") else Polygon())
    return np.array(shapes, dtype=object)


def awkward_points(rng: np.random.Generator, shapes: NDArray[np.object_]) -> tuple[np.ndarray, np.ndarray]:
    """Return points anywhere, on whole numbers, on every corner and on the middles of edges."""
    corners = shapely.get_coordinates(shapes)
    middles = (corners[1:] + corners[:-1]) / 2
    anywhere, whole = rng.uniform(-2, 30, (300, 2)), rng.integers(-1, 29, (300, 2))
    every = np.concatenate([anywhere, whole, corners, middles])
    return every[:, 0], every[:, 1]


@pytest.mark.parametrize("seed", range(25))
def test_pairs_are_those_of_geopandas(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = random_shapes(rng, int(rng.integers(1, 40)))
    x, y = awkward_points(rng, shapes)
    point, shape = pair_points(index_areas(shapes), x, y)
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y))
    joined = gpd.sjoin(points, gpd.GeoDataFrame(geometry=shapes), predicate="intersects")
    assert set(zip(point.tolist(), shape.tolist(), strict=True)) == set(
        zip(joined.index.tolist(), joined["index_right"].tolist(), strict=True)
    )
    assert len(point) == len(joined)


@pytest.mark.parametrize("seed", range(5))
def test_where_polygons_overlap_the_smaller_has_the_point_then_the_first(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = np.concatenate([random_shapes(rng, 20), random_shapes(np.random.default_rng(seed), 20)])
    x, y = awkward_points(rng, shapes)
    found = assign_points(index_areas(shapes), x, y)
    areas = shapely.area(shapes)
    for k, spot in enumerate(shapely.points(x, y)):
        holding = [row for row, shape in enumerate(shapes) if shape.intersects(spot)]
        assert found[k] == min(holding, key=lambda row: (areas[row], row), default=-1)


def test_a_village_in_the_hole_of_another_has_its_points() -> None:
    ring, core = box(0, 0, 9, 9).difference(box(3, 3, 6, 6)), box(3, 3, 6, 6)
    index = index_areas([ring, core])
    assert assign_points(index, [1.0, 4.5, 3.0, 20.0], [1.0, 4.5, 5.0, 4.0]).tolist() == [0, 1, 1, -1]


def test_points_without_a_place_lie_nowhere() -> None:
    index = index_areas([box(0, 0, 1, 1)])
    assert assign_points(index, [np.nan, 0.5, np.inf, -np.inf], [0.5, np.nan, 0.5, 0.5]).tolist() == [-1] * 4


@pytest.mark.parametrize("shapes", [[], [Polygon()], [None, Polygon()]])
def test_nothing_lies_in_no_polygon(shapes: list[object]) -> None:
    index = index_areas(np.array(shapes, dtype=object))
    assert assign_points(index, [0.0], [0.0]).tolist() == [-1]
    assert pair_points(index, [0.0], [0.0])[0].size == 0


def test_no_points_have_no_polygon() -> None:
    assert assign_points(index_areas([box(0, 0, 1, 1)]), [], []).size == 0


def test_a_point_shape_is_refused_with_what_to_do() -> None:
    with pytest.raises(TableError, match="village_areas"):
        index_areas([Point(0, 0)])


def test_far_islands_and_one_at_the_origin_are_found() -> None:
    """A village at (0, 0) by mistake must not make the grid of the others too coarse or too large."""
    shapes = [box(0, 0, 1, 1), *(box(5e6 + k * 10, 2e6, 5e6 + k * 10 + 10, 2e6 + 10) for k in range(50))]
    x = np.array([0.5, *(5e6 + np.arange(50) * 10 + 5)])
    y = np.array([0.5, *np.full(50, 2e6 + 5)])
    assert assign_points(index_areas(shapes), x, y).tolist() == list(range(51))


def test_one_and_two_threads_find_the_same() -> None:
    rng = np.random.default_rng(3)
    shapes = random_shapes(rng, 60)
    x, y = rng.uniform(0, 28, (2, 20_000))
    before = get_num_threads()
    found = []
    try:
        for threads in (1, min(2, before)):
            set_num_threads(threads)
            index = index_areas(shapes)
            found.append((assign_points(index, x, y).tobytes(), pair_points(index, x, y)[1].tobytes()))
    finally:
        set_num_threads(before)
    assert found[0] == found[1]


coordinates = st.floats(-1e7, 1e7, allow_nan=False, allow_subnormal=False)


@settings(max_examples=200, deadline=None)
@given(a=st.tuples(coordinates, coordinates), b=st.tuples(coordinates, coordinates), share=st.floats(0, 1))
def test_the_side_of_a_line_is_never_misjudged(
    a: tuple[float, float], b: tuple[float, float], share: float
) -> None:
    """Points as near to the line as doubles allow, judged by fractions."""
    p = a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])
    ax, ay, bx, by, px, py = (Fraction(value) for value in (*a, *b, *p))
    exact = (ax - px) * (by - py) - (ay - py) * (bx - px)
    if exact and abs(exact) < Fraction(1, 10**250):
        return  # smaller than products of doubles can tell
    assert turn(*a, *b, *p) == (exact > 0) - (exact < 0)
