"""Terrain profiles against pyproj's own geodesics and rasterio's own bilinear sampling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from rasterio.enums import Resampling
from rasterio.transform import from_origin
from rasterio.warp import reproject
from worlds import CELL_M, CRS_METRIC, X0, Y0, flat_terrain, ridged_terrain

from lomsong.errors import RadioError
from lomsong.grid import Raster
from lomsong.propagation.clutter import ClutterLayer
from lomsong.propagation.p526 import delta_bullington_loss
from lomsong.propagation.profile import terrain_profile

METRIC = CRS.from_user_input(CRS_METRIC)
WGS84 = CRS.from_epsg(4326)
GEOD = Geod(ellps="WGS84")


def degree_raster(values: NDArray[np.float32], *, west: float, north: float, step: float) -> Raster:
    return Raster(values, (west, step, north, -step), WGS84)


def rough(shape: tuple[int, int]) -> NDArray[np.float32]:
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    return (500 + 200 * np.sin(rows / 7) + 150 * np.cos(columns / 5)).astype(np.float32)


def test_the_samples_lie_on_the_geodesic_at_even_distances() -> None:
    raster = degree_raster(rough((400, 400)), west=103, north=24, step=0.01)
    start, end = (103.6, 23.4), (106.1, 20.8)
    profile = terrain_profile(raster, start, end, step_m=500, crs=WGS84)
    bearing, _, length = GEOD.inv(*start, *end)
    inner = GEOD.npts(*start, *end, npts=profile.distance_m.size - 2)
    assert profile.length_m == pytest.approx(length, abs=1e-6)
    assert profile.bearing_deg == pytest.approx(bearing % 360, abs=1e-9)
    assert np.ptp(np.diff(profile.distance_m)) < 1e-6
    assert np.diff(profile.distance_m).max() <= 500
    found = np.column_stack([profile.longitude_deg, profile.latitude_deg])[1:-1]
    assert found == pytest.approx(np.array(inner), abs=1e-9)
    assert (profile.longitude_deg[-1], profile.latitude_deg[-1]) == pytest.approx(end, abs=1e-9)


def test_heights_equal_gdal_bilinear_resampling_at_the_same_points() -> None:
    values = rough((120, 140))
    raster = Raster(values, (X0, CELL_M, Y0 + 120 * CELL_M, -CELL_M), METRIC)
    profile = terrain_profile(
        raster, (X0 + 1000, Y0 + 800), (X0 + 11_000, Y0 + 9_500), step_m=700, crs=METRIC
    )
    x, y = Transformer.from_crs(WGS84, METRIC, always_xy=True).transform(
        profile.longitude_deg, profile.latitude_deg
    )
    for px, py, height in zip(x, y, profile.ground_m, strict=True):
        five = np.zeros((5, 5))  # a few cells of 1 m about the point, computed by GDAL
        reproject(
            values.astype(np.float64),
            five,
            src_transform=from_origin(X0, Y0 + 120 * CELL_M, CELL_M, CELL_M),
            src_crs=CRS_METRIC,
            dst_transform=from_origin(px - 2.5, py + 2.5, 1, 1),
            dst_crs=CRS_METRIC,
            resampling=Resampling.bilinear,
            tolerance=0,
        )
        assert height == pytest.approx(five[2, 2], abs=0.01)


def test_a_raster_in_degrees_and_the_same_ground_in_metres_give_one_profile() -> None:
    step = 0.0005
    to_metric = Transformer.from_crs(WGS84, METRIC, always_xy=True)

    def ground(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float32]:
        return (300 + 100 * np.sin((x - X0) / 900) + 80 * np.cos((y - Y0) / 700)).astype(np.float32)

    west, north = 104.0, 21.9
    longitude, latitude = np.meshgrid(
        west + (np.arange(600) + 0.5) * step, north - (np.arange(500) + 0.5) * step
    )
    in_degrees = degree_raster(
        ground(*to_metric.transform(longitude, latitude)), west=west, north=north, step=step
    )
    x, y = np.meshgrid(X0 + (np.arange(600) + 0.5) * 50, Y0 + 25_000 - (np.arange(500) + 0.5) * 50)
    in_metres = Raster(ground(x, y), (X0, 50.0, Y0 + 25_000, -50.0), METRIC)
    ends = (X0 + 3_000, Y0 + 4_000), (X0 + 22_000, Y0 + 17_000)
    first = terrain_profile(in_degrees, *ends, step_m=100, crs=METRIC)
    second = terrain_profile(in_metres, *ends, step_m=100, crs=METRIC)
    assert first.missing == second.missing == 0
    assert first.ground_m == pytest.approx(second.ground_m, abs=1.0)


def test_many_paths_equal_each_path_alone() -> None:
    raster = Raster(rough((400, 400)), (X0, CELL_M, Y0 + 400 * CELL_M, -CELL_M), METRIC)
    ends_x, ends_y = X0 + np.array([[8e3, 20e3, 30e3]]), Y0 + np.array([[9e3], [25e3]])
    many = terrain_profile(raster, (X0 + 5e3, Y0 + 5e3), (ends_x, ends_y), step_m=90, crs=METRIC)
    assert many.ground_m.shape == (2, 3, many.distance_m.shape[-1])
    assert many.missing.shape == (2, 3)
    for i in range(2):
        for j in range(3):
            end = (ends_x[0, j], ends_y[i, 0])
            step = float(many.length_m[i, j]) / (many.distance_m.shape[-1] - 1)
            alone = terrain_profile(raster, (X0 + 5e3, Y0 + 5e3), end, step_m=step, crs=METRIC)
            assert alone.ground_m == pytest.approx(many.ground_m[i, j], abs=1e-6)


def test_a_missing_cell_and_what_lies_off_the_raster_are_nan_and_counted() -> None:
    terrain = flat_terrain(cells=100)
    terrain.values[:, 50] = np.nan
    inside = terrain_profile(terrain, (X0 + 1000, Y0 + 4000), (X0 + 8000, Y0 + 4000), step_m=45, crs=METRIC)
    assert inside.missing == np.isnan(inside.ground_m).sum()
    # the missing column spoils what lies between the centres of its neighbours: two cells
    assert inside.missing * 45 == pytest.approx(2 * CELL_M, abs=60)
    across = terrain_profile(terrain, (X0 + 5000, Y0 + 4000), (X0 + 13_000, Y0 + 4000), step_m=45, crs=METRIC)
    off = np.isnan(across.ground_m)
    assert off[-1]
    assert not off[20]
    outside = terrain_profile(terrain, (X0 - 5000, Y0), (X0 - 1000, Y0), step_m=45, crs=METRIC)
    assert outside.missing == outside.ground_m.size


def test_a_place_that_is_not_one_gives_nan_and_spares_the_others() -> None:
    profile = terrain_profile(
        flat_terrain(), ([np.nan, X0 + 1000], [Y0, Y0 + 1000]), (X0 + 5000, Y0 + 5000), step_m=90, crs=METRIC
    )
    assert np.isnan(profile.ground_m[0]).all()
    assert np.isnan(profile.distance_m[0]).all()
    assert profile.missing.tolist() == [profile.ground_m.shape[1], 0]


def test_a_path_of_no_length_has_its_three_samples_in_one_place() -> None:
    here = (X0 + 5000, Y0 + 5000)
    profile = terrain_profile(flat_terrain(120.0), here, here, step_m=90, crs=METRIC)
    assert profile.distance_m.tolist() == [0.0, 0.0, 0.0]
    assert profile.ground_m == pytest.approx([120.0] * 3)
    assert profile.missing == 0


@pytest.mark.parametrize("step_m", [0.0, -30.0, np.nan])
def test_a_step_that_leads_nowhere_is_refused(step_m: float) -> None:
    with pytest.raises(RadioError, match="step_m"):
        terrain_profile(flat_terrain(), (X0, Y0), (X0, Y0), step_m=step_m, crs=METRIC)


def test_across_the_date_line_the_way_is_the_short_one() -> None:
    raster = degree_raster(np.full((100, 100), 5, dtype=np.float32), west=179, north=1, step=0.01)
    profile = terrain_profile(raster, (179.9, 0.5), (-179.9, 0.5), step_m=1000, crs=WGS84)
    assert profile.length_m == pytest.approx(GEOD.inv(179.9, 0.5, -179.9, 0.5)[2])
    assert profile.length_m < 30_000


def test_clutter_is_read_beside_the_ground_and_its_gaps_are_counted_apart() -> None:
    terrain = flat_terrain(cells=100)
    codes = np.full((100, 100), 30, dtype=np.float32)
    codes[:, 40:50] = 10
    codes[:, 80:] = 0
    layer = ClutterLayer(Raster(codes, terrain.transform, METRIC))
    ends = (X0 + 1000, Y0 + 4000), (X0 + 8000, Y0 + 4000)
    profile = terrain_profile(terrain, *ends, step_m=10, crs=METRIC, clutter=layer)
    bare = terrain_profile(terrain, *ends, step_m=10, crs=METRIC)
    x = X0 + 1000 + profile.distance_m * 7000 / profile.length_m
    assert (profile.clutter_m == 15).sum() * 10 == pytest.approx(10 * CELL_M, abs=20)
    assert set(profile.clutter_m[x < X0 + 40 * CELL_M - 5]) == {0.0}
    assert profile.missing_clutter == np.isnan(profile.clutter_m).sum() > 0
    assert profile.missing == bare.missing == bare.missing_clutter == 0
    np.testing.assert_array_equal(profile.ground_m, bare.ground_m)


def test_a_wall_in_the_raster_is_where_the_profile_says_and_diffracts() -> None:
    profile = terrain_profile(
        ridged_terrain(150.0), (X0 + 2000, Y0 + 9000), (X0 + 18_000, Y0 + 9000), step_m=90, crs=METRIC
    )
    wall = profile.distance_m[profile.ground_m > 200]
    assert wall.mean() == pytest.approx(8000, abs=100)
    loss = delta_bullington_loss(
        profile.distance_m,
        profile.ground_m,
        transmitter_height_m=30,
        receiver_height_m=1.5,
        frequency_mhz=1800,
        effective_earth_radius_m=8.5e6,
    )
    # one edge 134 m over the line, 8 km from both ends: 6.9 + 20 log10(2 nu), nu = h sqrt(2 d / (lambda d1 d2))
    nu = 134 * np.sqrt(2 * 16_000 / (0.1666 * 8000 * 8000))
    assert float(loss) == pytest.approx(6.9 + 20 * np.log10(2 * nu) + 10.3, abs=1.5)


@settings(deadline=None, max_examples=25)
@given(x=st.floats(-170, 170), y=st.floats(-75, 75), bearing=st.floats(0, 360), length=st.floats(1, 60_000))
def test_anywhere_on_earth_lengths_and_ends_are_those_of_pyproj(
    x: float, y: float, bearing: float, length: float
) -> None:
    raster = degree_raster(np.full((10, 10), 1, dtype=np.float32), west=-180, north=90, step=36.0)
    end_x, end_y, _ = GEOD.fwd(x, y, bearing, length)
    profile = terrain_profile(raster, (x, y), (end_x, end_y), step_m=250, crs=WGS84)
    assert profile.length_m == pytest.approx(length, abs=1e-5)
    assert profile.distance_m.size == max(int(np.ceil(length / 250 - 1e-6)) + 1, 3)
