"""Terrain tiles: joined as GDAL joins them, nothing lost at a seam, and one clear error for what cannot be joined."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.merge
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio.transform import from_origin

from lomsong.errors import CrsError, MissingSourceError, SourceError
from lomsong.sources.terrain_tiles import read_tiles
from lomsong.sources.tile_files import find_tiles

WGS84 = CRS.from_epsg(4326)
STEP = 1 / 120
BOUNDS = (104.2, 21.2, 105.8, 21.8)


def hill(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """A surface without corners, so that every way of sampling agrees about it."""
    return np.asarray(500 + 300 * np.sin(3 * x) + 200 * np.cos(4 * y))


def write_tile(
    folder: Path,
    name: str,
    west: float,
    north: float,
    *,
    size: tuple[int, int] = (120, 120),
    step: float = STEP,
    crs: str | None = "EPSG:4326",
    add: float = 0.0,
    nodata: float | None = -9999.0,
) -> Path:
    rows, columns = size
    x = west + (np.arange(columns) + 0.5) * step
    y = north - (np.arange(rows) + 0.5) * step
    values = (hill(x[np.newaxis, :], y[:, np.newaxis]) + add).astype(np.float32)
    path = folder / name
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=rows,
        width=columns,
        count=1,
        dtype="float32",
        crs=crs,
        transform=from_origin(west, north, step, step),
        nodata=nodata,
    ) as dataset:
        dataset.write(values, 1)
    return path


def write_hgt(folder: Path, name: str, heights: NDArray[np.int16]) -> Path:
    """An SRTM tile by its definition: big-endian 16-bit samples from the north-west corner, named by the south-west."""
    path = folder / name
    path.write_bytes(heights.astype(">i2").tobytes())
    return path


def test_joined_tiles_equal_what_rasterio_merges(tmp_path: Path) -> None:
    tiles = [write_tile(tmp_path, f"{west}.tif", west, 22.0) for west in (104.0, 105.0)]
    raster, findings = read_tiles(tiles, bounds=BOUNDS, crs=WGS84, layer="terrain")
    merged, affine = rasterio.merge.merge(tiles)
    column = round((raster.transform[0] - affine.c) / STEP)
    row = round((affine.f - raster.transform[2]) / STEP)
    rows, columns = raster.values.shape
    np.testing.assert_array_equal(raster.values, merged[0, row : row + rows, column : column + columns])
    assert findings[0].count == 2
    assert not [finding for finding in findings if finding.severity == "warning"]


def test_tiles_read_in_bands_are_joined_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiles = [
        write_tile(tmp_path, f"{west}.tif", west, 22.0, add=add)
        for west, add in ((104.0, 0), (104.5, 9), (105.0, 0))
    ]
    whole, findings = read_tiles(tiles, bounds=BOUNDS, crs=WGS84, layer="terrain")
    monkeypatch.setattr("lomsong.sources.terrain_tiles.BAND_ROWS", 7)
    banded, found = read_tiles(tiles, bounds=BOUNDS, crs=WGS84, layer="terrain")
    np.testing.assert_array_equal(banded.values, whole.values)
    assert (banded.transform, found) == (whole.transform, findings)
    assert any(finding.severity == "warning" for finding in found)


def test_only_the_window_is_read(tmp_path: Path) -> None:
    tiles = [write_tile(tmp_path, f"{west}.tif", west, 22.0) for west in (104.0, 105.0, 106.0)]
    raster, findings = read_tiles(tiles, bounds=(104.9, 21.4, 105.1, 21.6), crs=WGS84, layer="terrain")
    assert raster.values.shape == (28, 28)  # 24 wanted cells and 2 beyond each edge
    assert findings[0].rows == ("104.0.tif", "105.0.tif")
    west, south, east, north = raster.bounds
    assert west < 104.9 and south < 21.4 and east > 105.1 and north > 21.6  # noqa: PT018 - one fact


def test_there_is_no_gap_and_no_step_at_the_seam(tmp_path: Path) -> None:
    tiles = [write_tile(tmp_path, f"{west}.tif", west, 22.0) for west in (104.0, 105.0)]
    raster, _ = read_tiles(tiles, bounds=BOUNDS, crs=WGS84, layer="terrain")
    x = np.linspace(104.99, 105.01, 101)
    y = np.full(101, 21.5)
    assert raster.sample(x, y) == pytest.approx(hill(x, y), abs=0.2)


def test_bounds_may_be_given_in_another_crs(tmp_path: Path) -> None:
    write_tile(tmp_path, "a.tif", 104.0, 22.0)
    utm = CRS.from_epsg(32648)
    raster, _ = read_tiles(
        find_tiles(tmp_path, layer="terrain"),
        bounds=(430_000, 2_370_000, 440_000, 2_380_000),
        crs=utm,
        layer="terrain",
    )
    to_raster = raster.transformer_from(utm)
    x, y = to_raster.transform(
        np.array([430_000.0, 440_000, 430_000, 440_000]),
        np.array([2_370_000.0, 2_370_000, 2_380_000, 2_380_000]),
    )
    assert np.isfinite(raster.sample(x, y)).all()


def test_the_first_tile_with_a_value_counts_and_differences_are_counted(tmp_path: Path) -> None:
    first = write_tile(tmp_path, "a.tif", 104.0, 22.0)
    with rasterio.open(first, "r+") as dataset:
        values = dataset.read(1)
        values[60:70, 60:70] = -9999
        dataset.write(values, 1)
    second = write_tile(tmp_path, "b.tif", 104.0, 22.0, add=50.0)
    bounds = (104.0, 21.0, 105.0, 22.0)
    raster, findings = read_tiles([first, second], bounds=bounds, crs=WGS84, layer="terrain")
    alone, _ = read_tiles([first], bounds=bounds, crs=WGS84, layer="terrain")
    other, _ = read_tiles([second], bounds=bounds, crs=WGS84, layer="terrain")
    np.testing.assert_array_equal(raster.values, np.where(np.isnan(alone.values), other.values, alone.values))
    assert np.isnan(alone.values).sum() == 100
    assert "14,300 cells lie in more than one" in findings[0].message
    assert findings[1].count == 14_300
    assert "differ by more than 1 m" in findings[1].message


def test_srtm_tiles_lie_where_their_names_say(tmp_path: Path) -> None:
    down, across = np.mgrid[0:1201, 0:1201]
    for name, east in (("N21E104.hgt", 0), ("N21E105.hgt", 1200)):
        heights = (down + across + east).astype(np.int16)
        if not east:
            heights[600, 100] = -32768
        write_hgt(tmp_path, name, heights)
    tiles = find_tiles(tmp_path, layer="terrain")
    raster, findings = read_tiles(tiles, bounds=BOUNDS, crs=WGS84, layer="terrain")
    # a sample of the file stands on a whole multiple of 3 seconds from the corner
    x, y = np.array([104.5, 105.0, 105.5]), np.array([21.5, 21.25, 21.75])
    expected = (22 - y) * 1200 + (x - 104) * 1200
    assert raster.sample(x, y) == pytest.approx(expected, abs=0.01)
    assert np.isnan(raster.sample(np.array([104 + 100 / 1200 + 0.2]), np.array([21.5]))).sum() == 0
    assert [finding.severity for finding in findings] == ["note"]  # the shared column tells the same heights


def test_a_void_of_an_srtm_tile_is_missing(tmp_path: Path) -> None:
    heights = np.full((1201, 1201), 7, dtype=np.int16)
    heights[600, 600] = -32768
    raster, _ = read_tiles(
        [write_hgt(tmp_path, "N21E104.hgt", heights)], bounds=BOUNDS, crs=WGS84, layer="terrain"
    )
    assert np.isnan(raster.sample(np.array([104.5]), np.array([21.5]))).all()
    assert int(np.isnan(raster.values).sum()) == 1


def test_a_tile_of_another_cell_size_is_resampled_and_named(tmp_path: Path) -> None:
    tiles = [
        write_tile(tmp_path, "a.tif", 104.0, 22.0),
        write_tile(tmp_path, "b.tif", 105.0, 22.0, size=(180, 180), step=1 / 180),
        write_tile(tmp_path, "c.tif", 106.0, 22.0),
    ]
    raster, findings = read_tiles(tiles, bounds=(104.2, 21.2, 106.8, 21.8), crs=WGS84, layer="terrain")
    assert raster.transform[1] == pytest.approx(STEP)
    x = np.linspace(104.9, 106.1, 200)
    y = np.full(200, 21.5)
    assert raster.sample(x, y) == pytest.approx(hill(x, y), abs=1.0)
    assert findings[-1].rows == ("b.tif",)
    assert "resampled" in findings[-1].message


def test_a_tile_of_another_crs_is_resampled_and_named(tmp_path: Path) -> None:
    plain = write_tile(tmp_path, "a.tif", 104.0, 22.0)
    utm = tmp_path / "b.tif"
    with rasterio.open(
        utm,
        "w",
        driver="GTiff",
        height=400,
        width=400,
        count=1,
        dtype="float32",
        crs="EPSG:32648",
        transform=from_origin(480_000, 2_440_000, 300, 300),
    ) as dataset:
        x, y = np.meshgrid(480_000 + (np.arange(400) + 0.5) * 300, 2_440_000 - (np.arange(400) + 0.5) * 300)
        to_degrees = Transformer.from_crs("EPSG:32648", "EPSG:4326", always_xy=True)
        dataset.write(hill(*to_degrees.transform(x, y)).astype(np.float32), 1)
    raster, findings = read_tiles([plain, utm], bounds=BOUNDS, crs=WGS84, layer="terrain")
    x, y = np.linspace(104.3, 105.7, 200), np.linspace(21.3, 21.7, 200)
    assert raster.crs == CRS.from_epsg(32648)  # one tile each: the finer grid is the result's
    assert raster.sample(*raster.transformer_from(WGS84).transform(x, y)) == pytest.approx(
        hill(x, y), abs=2.0
    )
    assert findings[-1].rows == ("a.tif",)


def test_a_vrt_reads_as_one_tile_and_one_without_its_tiles_is_an_error(tmp_path: Path) -> None:
    tile = write_tile(tmp_path, "a.tif", 104.0, 22.0)
    vrt = tmp_path / "all.vrt"
    vrt.write_text(
        f'<VRTDataset rasterXSize="120" rasterYSize="120"><SRS>EPSG:4326</SRS>'
        f"<GeoTransform>104, {STEP!r}, 0, 22, 0, -{STEP!r}</GeoTransform>"
        '<VRTRasterBand dataType="Float32" band="1"><NoDataValue>-9999</NoDataValue><SimpleSource>'
        '<SourceFilename relativeToVRT="1">a.tif</SourceFilename><SourceBand>1</SourceBand>'
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )
    assert find_tiles(tmp_path, layer="terrain") == [tile]  # a VRT among its tiles is not one more tile
    raster, _ = read_tiles(find_tiles(vrt, layer="terrain"), bounds=BOUNDS, crs=WGS84, layer="terrain")
    plain, _ = read_tiles([tile], bounds=BOUNDS, crs=WGS84, layer="terrain")
    np.testing.assert_array_equal(raster.values, plain.values)
    tile.unlink()
    with pytest.raises(SourceError, match=r"all\.vrt"):
        read_tiles([vrt], bounds=BOUNDS, crs=WGS84, layer="terrain")


def test_what_cannot_be_joined_is_one_error_that_names_every_tile(tmp_path: Path) -> None:
    good = write_tile(tmp_path, "good.tif", 104.0, 22.0)
    text = tmp_path / "text.tif"
    text.write_text("not a raster")
    unnamed = write_hgt(tmp_path, "valley.hgt", np.zeros((1201, 1201), dtype=np.int16))
    bare = write_tile(tmp_path, "bare.tif", 105.0, 22.0, crs=None)
    with pytest.raises(SourceError) as caught:
        read_tiles([good, text, unnamed, bare], bounds=BOUNDS, crs=WGS84, layer="terrain")
    message = str(caught.value)
    assert message.startswith("terrain: 3 problems")
    for words in ("text.tif", "valley.hgt", "N22E104.hgt", "bare.tif", "does not say its CRS"):
        assert words in message
    assert "good.tif" not in message


def test_a_declared_crs_and_nodata_stand_in_for_what_tiles_do_not_say(tmp_path: Path) -> None:
    tile = write_tile(tmp_path, "a.tif", 104.0, 22.0, crs=None, nodata=None)
    with rasterio.open(tile, "r+") as dataset:
        values = dataset.read(1)
        values[60, 60] = -1
        dataset.write(values, 1)
    raster, _ = read_tiles(
        [tile], bounds=BOUNDS, crs=WGS84, layer="terrain", declared_crs="EPSG:4326", nodata=-1
    )
    assert int(np.isnan(raster.values).sum()) == 1
    tagged = write_tile(tmp_path, "b.tif", 104.0, 22.0)
    with pytest.raises((SourceError, CrsError), match="the settings say"):
        read_tiles([tagged], bounds=BOUNDS, crs=WGS84, layer="terrain", declared_crs="EPSG:32648")


def test_tiles_of_elsewhere_and_empty_folders_say_so(tmp_path: Path) -> None:
    with pytest.raises(MissingSourceError, match="holds no raster"):
        find_tiles(tmp_path, layer="terrain")
    with pytest.raises(MissingSourceError, match="there is no file"):
        find_tiles([tmp_path / "a.tif"], layer="terrain")
    tile = write_tile(tmp_path, "a.tif", 10.0, 50.0)
    with pytest.raises(SourceError, match=r"no village lies inside 1 tile; a\.tif covers x 10 to 11"):
        read_tiles([tile], bounds=BOUNDS, crs=WGS84, layer="terrain")


def test_a_gap_between_tiles_is_missing_not_zero(tmp_path: Path) -> None:
    tiles = [write_tile(tmp_path, f"{west}.tif", west, 22.0) for west in (104.0, 106.0)]
    raster, _ = read_tiles(tiles, bounds=(104.2, 21.2, 106.8, 21.8), crs=WGS84, layer="terrain")
    assert np.isnan(raster.sample(np.array([105.5]), np.array([21.5]))).all()
    assert np.isfinite(raster.sample(np.array([104.5, 106.5]), np.array([21.5, 21.5]))).all()
