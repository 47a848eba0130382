"""The nearest place, against geodesics to every place."""

import numpy as np
import pytest
from pyproj import Geod, Transformer

from lomsong.nearest import find_nearest, to_space

GEOD = Geod(ellps="WGS84")


@pytest.mark.parametrize(("west", "east", "south", "north"), [(102, 106, 20, 24), (-180, 180, -90, 90)])
def test_the_nearest_is_that_of_all_geodesics(west: float, east: float, south: float, north: float) -> None:
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(west, east, 80), rng.uniform(south, north, 80)
    to_lon, to_lat = rng.uniform(west, east, 300), rng.uniform(south, north, 300)
    place, distance = find_nearest(lon, lat, to_lon, to_lat)
    every = np.array(
        [GEOD.inv(np.full(300, a), np.full(300, b), to_lon, to_lat)[2] for a, b in zip(lon, lat, strict=True)]
    )
    np.testing.assert_allclose(distance, every[np.arange(80), place], rtol=0, atol=1e-4)
    np.testing.assert_allclose(distance, every.min(axis=1), rtol=1e-6)


def test_degrees_would_have_chosen_the_wrong_mast() -> None:
    """In the far north a degree of longitude is short: the mast two degrees east is the nearer one."""
    place, distance = find_nearest([25.0], [70.0], [27.0, 25.0], [70.0, 71.0])
    assert place.tolist() == [0]
    assert 70_000 < distance[0] < 80_000


def test_the_antimeridian_is_no_seam() -> None:
    place, distance = find_nearest([179.99], [-17.0], [-179.99, 179.0], [-17.0, -17.0])
    assert place.tolist() == [0]
    assert distance[0] == pytest.approx(2130, abs=5)


def test_without_a_position_there_is_no_neighbour() -> None:
    place, distance = find_nearest([np.nan, 5.0], [1.0, 1.0], [np.nan, 5.0], [1.0, 1.0])
    assert place.tolist() == [-1, 1]
    assert np.isnan(distance[0])
    assert distance[1] == 0
    assert find_nearest([1.0], [1.0], [], [])[0].tolist() == [-1]


def test_space_is_that_of_proj() -> None:
    rng = np.random.default_rng(2)
    lon, lat = rng.uniform(-180, 180, 50), rng.uniform(-90, 90, 50)
    to_ecef = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    expected = np.column_stack(to_ecef.transform(lon, lat, np.zeros(50)))
    np.testing.assert_allclose(to_space(lon, lat), expected, atol=1e-6)
