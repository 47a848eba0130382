"""Clutter: the heights of the table, the nearest cell, and no canopy counted twice."""

import numpy as np
import pytest
import rasterio
from pyproj import CRS
from rasterio.io import MemoryFile
from rasterio.transform import from_origin

from lomsong.errors import RadioError
from lomsong.grid import Raster
from lomsong.propagation.clutter import (
    WORLDCOVER,
    ClutterLayer,
    lookup_clutter,
    nearest_classes,
    override_heights,
    representative_heights,
)

#: The classes of ESA's product user manual, and the heights of the P.1812 kinds.
CLASSES = {
    10: 15.0, 20: 0.0, 30: 0.0, 40: 0.0, 50: 10.0, 60: 0.0, 70: 0.0, 80: 0.0, 90: 0.0, 95: 15.0, 100: 0.0,
}  # fmt: skip


def codes_raster(codes: np.ndarray, *, step: float = 10.0) -> Raster:
    return Raster(codes.astype(np.float32), (500_000.0, step, 2_400_000.0, -step), CRS.from_epsg(32648))


def test_every_worldcover_class_has_its_height_and_says_where_it_is_from() -> None:
    assert {code: kind.height_m for code, kind in WORLDCOVER.items()} == CLASSES
    assert all("P.1812" in kind.source for kind in WORLDCOVER.values())
    assert representative_heights(list(CLASSES)).tolist() == list(CLASSES.values())


def test_scalars_and_arrays_agree_and_the_input_stays() -> None:
    codes = np.array([[10.0, np.nan], [50.0, 80.0]])
    before = codes.copy()
    heights = representative_heights(codes)
    np.testing.assert_array_equal(codes, before)
    assert heights.shape == (2, 2)
    assert float(representative_heights(10)) == heights[0, 0] == 15.0
    assert np.isnan(heights[0, 1])


def test_no_data_is_not_open_land() -> None:
    assert np.isnan(representative_heights([0, np.nan])).all()


def test_a_surface_model_already_holds_trees_and_roofs() -> None:
    assert representative_heights([10, 50, 95], surface="surface").tolist() == [0.0, 0.0, 0.0]
    assert representative_heights([10, 50, 95], surface="bare_earth").tolist() == [15.0, 10.0, 15.0]
    assert np.isnan(representative_heights(np.nan, surface="surface"))
    with pytest.raises(RadioError, match="bare_earth, surface"):
        representative_heights([10], surface="canopy")  # type: ignore[arg-type]


def test_a_user_table_overrides_and_extends_without_changing_the_first() -> None:
    table = override_heights(WORLDCOVER, {50: 18.0, 55: 25.0}, source="survey 2025")
    assert representative_heights([10, 50, 55], table).tolist() == [15.0, 18.0, 25.0]
    assert (table[50].name, table[50].source) == ("built-up", "survey 2025")
    assert table[10] == WORLDCOVER[10]
    assert WORLDCOVER[50].height_m == 10.0
    assert 55 not in WORLDCOVER


def test_heights_that_cannot_be_are_all_named() -> None:
    with pytest.raises(RadioError, match="2 problems") as caught:
        override_heights(WORLDCOVER, {10: -1.0, 20: 3.0, 50: np.nan}, source="")
    assert "class 10" in str(caught.value)
    assert "class 50" in str(caught.value)


def test_a_class_without_a_height_is_an_error_not_a_guess() -> None:
    with pytest.raises(RadioError, match="no class 7, 33; it has 10, 20"):
        representative_heights([10, 33, 7, 33])


def test_the_nearest_cell_is_the_one_rasterio_samples() -> None:
    rng = np.random.default_rng(5)
    codes = rng.choice(list(CLASSES), (40, 50))
    raster = codes_raster(codes)
    x = 500_000 + rng.uniform(0, 500, 300)
    y = 2_400_000 - rng.uniform(0, 400, 300)
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", height=40, width=50, count=1, dtype="uint8", crs="EPSG:32648",
            transform=from_origin(500_000, 2_400_000, 10, 10),
        ) as dataset:  # fmt: skip
            dataset.write(codes.astype(np.uint8), 1)
        with rasterio.open(memory.name) as dataset:
            expected = [float(value[0]) for value in dataset.sample(np.column_stack([x, y]))]
    assert nearest_classes(raster, x, y).tolist() == expected
    layer = ClutterLayer(raster)
    assert lookup_clutter(layer, x, y).tolist() == [CLASSES[int(code)] for code in expected]


def test_off_the_raster_there_is_no_class() -> None:
    raster = codes_raster(np.full((4, 4), 10))
    x = np.array([499_999.0, 500_000.5, 500_039.5, 500_041.0, np.nan, 500_001.0])
    y = np.array([2_399_999.0, 2_399_999.5, 2_399_960.5, 2_399_999.0, 2_399_999.0, np.inf])
    assert np.isnan(nearest_classes(raster, x, y)).tolist() == [True, False, False, True, True, True]
