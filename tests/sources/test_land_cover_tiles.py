"""Land cover as a folder of tiles, as WorldCover comes, and tiles whose file declares a scale."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from pyproj import CRS
from rasterio.transform import from_origin

from lomsong.errors import SourceError
from lomsong.grid import Raster
from lomsong.settings import RasterSource
from lomsong.sources.rasters import read_land_cover, read_terrain

WGS84 = CRS.from_epsg(4326)
STEP = 0.01


def write(path: Path, values: np.ndarray, west: float, north: float) -> None:
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1, dtype=values.dtype,
        crs="EPSG:4326", transform=from_origin(west, north, STEP, STEP),
    ) as target:  # fmt: skip
        target.write(values, 1)


def ground() -> Raster:
    """Return terrain from 104.5 to 105.5 degrees east, across the seam of two tiles."""
    return Raster(np.zeros((20, 40), dtype=np.float32), (104.5, 0.025, 22.9, -0.025), WGS84)


def test_tiles_of_land_cover_join_without_a_seam(tmp_path: Path) -> None:
    codes = np.random.default_rng(1).choice(np.array([10, 30, 50, 80], dtype=np.uint8), (100, 200))
    for k in range(2):
        write(tmp_path / f"{k}.tif", codes[:, 100 * k : 100 * k + 100], 104.0 + k, 23.0)
    write(tmp_path / "far.tif", codes[:, :100], 10.0, 23.0)
    single = tmp_path / "single"
    single.mkdir()
    write(single / "one.tif", codes, 104.0, 23.0)
    joined = read_land_cover(RasterSource(path=tmp_path), terrain=ground())
    alone = read_land_cover(RasterSource(path=single / "one.tif"), terrain=ground())
    np.testing.assert_array_equal(joined.values, alone.values)
    assert not np.isnan(joined.values).any()


def test_a_missing_tile_leaves_its_cells_without_a_class(tmp_path: Path) -> None:
    write(tmp_path / "0.tif", np.full((100, 100), 10, dtype=np.uint8), 104.0, 23.0)
    codes = read_land_cover(RasterSource(path=tmp_path), terrain=ground()).values
    assert np.isnan(codes[:, 20:]).all()
    assert (codes[:, :20] == 10).all()


def test_tiles_that_all_lie_elsewhere_are_an_error(tmp_path: Path) -> None:
    write(tmp_path / "0.tif", np.full((10, 10), 10, dtype=np.uint8), 10.0, 50.0)
    with pytest.raises(SourceError, match="no village lies inside"):
        read_land_cover(RasterSource(path=tmp_path), terrain=ground())


def test_the_scale_that_tiles_declare_is_applied(tmp_path: Path) -> None:
    for k in range(2):
        write(tmp_path / f"{k}.tif", np.full((100, 100), 500, dtype=np.int16), 104.0 + k, 23.0)
        with rasterio.open(tmp_path / f"{k}.tif", "r+") as target:
            target.scales, target.offsets = (0.1,), (7.0,)
    raster, _ = read_terrain(RasterSource(path=tmp_path), bounds=(104.5, 22.3, 105.5, 22.7), crs=WGS84)
    assert np.unique(raster.values).tolist() == pytest.approx([57.0])
