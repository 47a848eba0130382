"""Rasters in several files: land cover as WorldCover comes, lists of tiles, and tiles that declare a scale."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from pyproj import CRS
from rasterio.transform import from_origin

from lomsong.errors import SettingsError, SourceError
from lomsong.grid import Raster
from lomsong.settings import InputSettings, PopulationSource, RasterSource
from lomsong.settings_file import load_settings
from lomsong.sources.population import read_population
from lomsong.sources.rasters import read_land_cover, read_terrain
from lomsong.sources.records import list_records, refuse_changed, stamp_files

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


def test_a_list_of_tiles_is_the_folder_that_holds_them(tmp_path: Path) -> None:
    values = np.random.default_rng(2).integers(1, 90, (100, 200)).astype(np.int16)
    files = [tmp_path / f"{k}.tif" for k in range(2)]
    for k, file in enumerate(files):
        write(file, values[:, 100 * k : 100 * k + 100], 104.0 + k, 23.0)
    bounds = (104.5, 22.3, 105.5, 22.7)
    listed, folder = (
        read_terrain(RasterSource(path=path), bounds=bounds, crs=WGS84) for path in (tuple(files), tmp_path)
    )
    np.testing.assert_array_equal(listed[0].values, folder[0].values)
    assert listed[1] == folder[1]
    cover = [read_land_cover(RasterSource(path=path), terrain=ground()) for path in (tuple(files), tmp_path)]
    np.testing.assert_array_equal(cover[0].values, cover[1].values)
    people, _ = read_population(
        PopulationSource(path=tuple(files), unit="persons_per_cell"), bounds=bounds, crs=WGS84
    )
    np.testing.assert_array_equal(next(people.bands())[1], listed[0].values)


def test_of_listed_tiles_the_first_counts(tmp_path: Path) -> None:
    for name, height in (("a", 1), ("b", 2)):
        write(tmp_path / f"{name}.tif", np.full((100, 200), height, dtype=np.int16), 104.0, 23.0)
    paths = (tmp_path / "b.tif", tmp_path / "a.tif")
    raster, _ = read_terrain(RasterSource(path=paths), bounds=(104.5, 22.3, 105.5, 22.7), crs=WGS84)
    assert (raster.values == 2).all()


def test_listed_files_lie_beside_the_settings(tmp_path: Path) -> None:
    text = "name: x\ninputs:\n  villages: {path: v.gpkg}\n  masts: [{path: m.csv}]\n  terrain: {path: [a.hgt, dem/b.hgt]}\n"
    (tmp_path / "lomsong.yml").write_text(text)
    terrain = load_settings(tmp_path / "lomsong.yml").inputs.terrain
    assert terrain.paths == (tmp_path / "a.hgt", tmp_path / "dem" / "b.hgt")
    (tmp_path / "lomsong.yml").write_text(text.replace("a.hgt, dem/b.hgt", ""))
    with pytest.raises(SettingsError, match=r"inputs\.terrain\.path"):
        load_settings(tmp_path / "lomsong.yml")


def test_each_listed_file_is_on_record_and_watched(tmp_path: Path) -> None:
    for name in ("v.gpkg", "m.csv", "a.tif", "b.tif"):
        (tmp_path / name).write_bytes(name.encode())
    wanted = InputSettings.model_validate(
        {"villages": {"path": tmp_path / "v.gpkg"}, "masts": [{"path": tmp_path / "m.csv"}],
         "terrain": {"path": [tmp_path / "a.tif", tmp_path / "b.tif"], "attribution": "us"}}
    )  # fmt: skip
    records, _ = list_records(wanted, {})
    assert [(each.layer, each.path, each.attribution) for each in records[2:]] == [
        ("terrain", "a.tif", "us"), ("terrain", "b.tif", "us"),
    ]  # fmt: skip
    before = stamp_files(wanted)
    (tmp_path / "b.tif").write_bytes(b"another")
    with pytest.raises(SourceError, match=r"b\.tif \(terrain\) changed"):
        refuse_changed(before, wanted)
