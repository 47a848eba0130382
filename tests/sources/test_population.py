"""People from rasters of any unit, projection, tiling and missing value."""

from pathlib import Path
from xml.sax.saxutils import escape

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from rasterio.transform import from_origin
from shapely import box

from lomsong.errors import MissingSourceError, SourceError
from lomsong.grid import load_bands, row_areas_m2
from lomsong.settings import PopulationSource
from lomsong.sources.files import checksum
from lomsong.sources.population import read_population
from lomsong.zonal import ZonalSums, sum_raster

WGS84, MOLLWEIDE = CRS.from_epsg(4326), CRS.from_user_input("ESRI:54009")
COUNT, DENSITY = "persons_per_cell", "persons_per_km2"
STEP = 0.01
BOUNDS = (104.2, 22.2, 104.6, 22.6)


def write(
    path: Path,
    values: NDArray[np.generic],
    *,
    west: float = 104.0,
    north: float = 23.0,
    step: float = STEP,
    crs: CRS = WGS84,
    nodata: float | None = None,
) -> Path:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=values.shape[0],
        width=values.shape[1],
        count=1,
        dtype=values.dtype,
        crs=crs.to_wkt(),
        transform=from_origin(west, north, step, step),
        nodata=nodata,
    ) as target:
        target.write(values, 1)
    return path


def people(seed: int = 1, shape: tuple[int, int] = (100, 100)) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(0, 50, shape).astype(np.float32)


def sum_people(source: PopulationSource, areas: gpd.GeoSeries) -> ZonalSums:
    """Read what lies about some areas, and share it out among them."""
    bounds = tuple(areas.total_bounds)
    raster, _ = read_population(source, bounds=bounds, crs=CRS.from_user_input(areas.crs))
    return sum_raster(areas, raster)


def write_vrt(path: Path, tiles: list[Path], *, columns: int, rows: int) -> Path:
    """Write a virtual raster that lays equal tiles side by side."""
    sources = "".join(
        f'<SimpleSource><SourceFilename relativeToVRT="1">{escape(tile.name)}</SourceFilename><SourceBand>1</SourceBand>'
        f'<SrcRect xOff="0" yOff="0" xSize="{columns}" ySize="{rows}"/>'
        f'<DstRect xOff="{k * columns}" yOff="0" xSize="{columns}" ySize="{rows}"/></SimpleSource>'
        for k, tile in enumerate(tiles)
    )
    path.write_text(
        f'<VRTDataset rasterXSize="{columns * len(tiles)}" rasterYSize="{rows}"><SRS>EPSG:4326</SRS>'
        f"<GeoTransform>104, {STEP}, 0, 23, 0, -{STEP}</GeoTransform>"
        f'<VRTRasterBand dataType="Float32" band="1">{sources}</VRTRasterBand></VRTDataset>'
    )
    return path


def test_a_picture_of_a_layer_is_not_the_layer(tmp_path: Path) -> None:
    path = tmp_path / "p.tif"
    shape = {"height": 100, "width": 100, "count": 3, "dtype": "uint8"}
    with rasterio.open(
        path, "w", driver="GTiff", crs=WGS84.to_wkt(), transform=from_origin(104.0, 23.0, STEP, STEP), **shape
    ) as target:
        target.write(np.ones((3, 100, 100), dtype=np.uint8))
    with pytest.raises(SourceError, match="a picture of 3 colour bands"):
        read_population(PopulationSource(path=path, unit=COUNT), bounds=BOUNDS, crs=WGS84)


def test_people_per_km2_become_people_by_the_true_area_of_each_cell(tmp_path: Path) -> None:
    """Ten people a square kilometre everywhere: a village holds ten times its area."""
    path = write(tmp_path / "density.tif", np.full((100, 100), 10.0, dtype=np.float32))
    source = PopulationSource(path=path, unit=DENSITY)
    area = gpd.GeoSeries([box(104.313, 22.301, 104.377, 22.399)], crs=WGS84)
    area_km2 = abs(Geod(ellps="WGS84").geometry_area_perimeter(area.segmentize(0.001).iloc[0])[0]) / 1e6
    assert sum_people(source, area).total[0] == pytest.approx(10 * area_km2, rel=1e-5)


def test_a_unit_that_is_not_said_is_an_assumption_whatever_the_file_is_called(tmp_path: Path) -> None:
    path = write(tmp_path / "vnm_pd_density_per_km2.tif", people())
    raster, findings = read_population(PopulationSource(path=path), bounds=BOUNDS, crs=WGS84)
    assert [finding.severity for finding in findings] == ["assumption"]
    assert "unit" in findings[0].message
    told, _ = read_population(PopulationSource(path=path, unit=COUNT), bounds=BOUNDS, crs=WGS84)
    np.testing.assert_array_equal(load_bands(raster).values, load_bands(told).values)


@pytest.mark.parametrize(
    ("missing", "declared", "stated"),
    [(-99999.0, True, None), (-200.0, True, None), (np.nan, True, None), (-99999.0, False, None),
     (3.4e38, False, None), (65535.0, False, 65535.0), (-99999.0, False, -99999.0)],
)  # fmt: skip
def test_every_way_to_say_nobody_knows_counts_nobody(
    tmp_path: Path, missing: float, declared: bool, stated: float | None
) -> None:
    values = people()
    values[40:60, 40:60] = missing
    path = write(tmp_path / "people.tif", values, nodata=missing if declared else None)
    source = PopulationSource(path=path, unit=COUNT, nodata=stated)
    whole = gpd.GeoSeries([box(104, 22, 105, 23)], crs=WGS84)
    values[40:60, 40:60] = 0
    assert sum_people(source, whole).total[0] == pytest.approx(values.sum(dtype=np.float64), rel=1e-6)


def test_streaming_gives_what_the_raster_in_memory_gives(tmp_path: Path) -> None:
    path = write(tmp_path / "people.tif", people(shape=(1200, 60)), step=0.0008)
    rng = np.random.default_rng(3)
    x, y = rng.uniform(104, 104.04, 20), rng.uniform(22.1, 22.9, 20)
    areas = gpd.GeoSeries(gpd.points_from_xy(x, y), crs=WGS84).to_crs("EPSG:32648").buffer(2500)
    source = PopulationSource(path=path, unit=COUNT)
    raster, _ = read_population(source, bounds=tuple(areas.total_bounds), crs=CRS.from_user_input(areas.crs))
    streamed = sum_raster(areas, raster)
    np.testing.assert_allclose(streamed.total, sum_raster(areas, load_bands(raster)).total, rtol=1e-9)
    assert (streamed.total > 0).all()


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32", "float64"])
def test_numbers_of_every_type_are_read_band_by_band(tmp_path: Path, dtype: str) -> None:
    values = np.random.default_rng(3).integers(0, 250, (1100, 30)).astype(dtype)
    path = write(tmp_path / "p.tif", values, step=0.001, nodata=7)
    source = PopulationSource(path=path, unit=COUNT)
    read, _ = read_population(source, bounds=(103.0, 21.0, 105.0, 24.0), crs=WGS84)
    wanted = np.where(values == 7, np.nan, values)
    np.testing.assert_array_equal(load_bands(read).values, wanted)
    village = gpd.GeoSeries([box(103.9, 21.0, 104.5, 23.5)], crs=WGS84)
    assert sum_people(source, village).total[0] == pytest.approx(np.nansum(wanted))


def test_mollweide_cells_keep_their_people(tmp_path: Path) -> None:
    """GHSL comes in metres of an equal-area projection; people per cell do not change with the view."""
    x, y = Transformer.from_crs(WGS84, MOLLWEIDE, always_xy=True).transform(104.0, 23.0)
    path = write(tmp_path / "ghsl.tif", people(), west=x, north=y, step=1000.0, crs=MOLLWEIDE, nodata=-200.0)
    inside = gpd.GeoSeries([box(x + 20_500, y - 60_250, x + 40_000, y - 30_000)], crs=MOLLWEIDE)
    expected = people()[30:60, 20:40].astype(np.float64)
    expected = expected[:, 1:].sum() + expected[:, 0].sum() / 2
    expected += people()[60, 21:40].sum(dtype=np.float64) / 4 + float(people()[60, 20]) / 8
    sums = sum_people(PopulationSource(path=path, unit=COUNT), inside)
    assert sums.total[0] == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(row_areas_m2((x, 1000.0, y, -1000.0), (5, 5), MOLLWEIDE), 1e6, rtol=1e-6)


def test_row_areas_are_those_of_geodesic_polygons() -> None:
    found = row_areas_m2((104.0, 0.1, 60.0, -15.0), (8, 3), WGS84)
    for row, area in enumerate(found):
        north = 60.0 - 15.0 * row
        cell = box(104.1, north - 15.0, 104.2, north).segmentize(0.001)
        assert area == pytest.approx(abs(Geod(ellps="WGS84").geometry_area_perimeter(cell)[0]), rel=1e-6)


def test_a_folder_and_a_vrt_of_tiles_read_as_one_raster(tmp_path: Path) -> None:
    folder = tmp_path / "tiles"
    folder.mkdir()
    values = people(shape=(100, 100))
    tiles = [
        write(folder / f"{k}.tif", values[:, 50 * k : 50 * k + 50], west=104.0 + 0.5 * k) for k in range(2)
    ]
    vrt = write_vrt(folder / "all.vrt", tiles, columns=50, rows=100)
    single = write(tmp_path / "one.tif", values)
    found = [
        load_bands(read_population(PopulationSource(path=path, unit=COUNT), bounds=BOUNDS, crs=WGS84)[0])
        for path in (single, folder, vrt)
    ]
    for other in found[1:]:
        np.testing.assert_array_equal(other.values, found[0].values)
        np.testing.assert_allclose(other.transform, found[0].transform)


def test_tiles_off_the_grid_are_refused_because_counts_cannot_be_interpolated(tmp_path: Path) -> None:
    write(tmp_path / "a.tif", people())
    write(tmp_path / "b.tif", people(), west=104.503)
    with pytest.raises(SourceError, match="counts cannot be interpolated"):
        read_population(PopulationSource(path=tmp_path, unit=COUNT), bounds=BOUNDS, crs=WGS84)


def test_the_checksum_of_a_vrt_changes_with_its_tiles(tmp_path: Path) -> None:
    tiles = [write(tmp_path / f"{k}.tif", people(k, (10, 10))) for k in range(2)]
    vrt = write_vrt(tmp_path / "all.vrt", tiles, columns=10, rows=10)
    before = checksum(vrt)
    assert checksum(vrt) == before
    write(tiles[1], people(9, (10, 10)))
    assert checksum(vrt) != before
    tiles[1].unlink()
    assert checksum(vrt) not in (before, "")


def test_people_elsewhere_and_no_file_say_so(tmp_path: Path) -> None:
    path = write(tmp_path / "people.tif", people())
    far = gpd.GeoSeries([box(10, 50, 11, 51)], crs=WGS84)
    with pytest.raises(SourceError, match="no village lies inside"):
        sum_people(PopulationSource(path=path), far)
    with pytest.raises(MissingSourceError, match="there is no file"):
        read_population(PopulationSource(path=tmp_path / "none.tif"), bounds=BOUNDS, crs=WGS84)


def test_a_real_population_raster_is_shared_out_among_communes(real: Path) -> None:
    """Streaming equals pieces cut by shapely for a few communes; all of them together lose nobody."""
    folder = real / "vn-northwest"
    source = PopulationSource(path=folder / "population_2020_1km.tif", unit=COUNT)
    communes = gpd.read_file(folder / "communes_2025.gpkg", layer="communes").to_crs(WGS84)
    read, findings = read_population(source, bounds=tuple(communes.total_bounds), crs=WGS84)
    sums = sum_raster(communes.geometry, read)
    assert [finding.severity for finding in findings] in ([], ["warning"])
    raster = load_bands(read)
    left, x_step, top, y_step = raster.transform
    for row in (0, 100, 200):
        shape = communes.geometry.iloc[row]
        west, south, east, north = shape.bounds
        c0, c1 = int((west - left) / x_step), int((east - left) / x_step) + 1
        r0, r1 = int((north - top) / y_step), int((south - top) / y_step) + 1
        expected = sum(
            float(raster.values[r, c])
            * box(left + c * x_step, top + (r + 1) * y_step, left + (c + 1) * x_step, top + r * y_step)
            .intersection(shape)
            .area
            / abs(x_step * y_step)
            for r in range(r0, r1)
            for c in range(c0, c1)
            if np.isfinite(raster.values[r, c])
        )
        assert sums.total[row] == pytest.approx(expected, rel=1e-9)
