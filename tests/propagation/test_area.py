"""
Both area engines: against P.1812 on profiles sampled with plain numpy, against an engine of somebody else, each other.
"""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pyproj import CRS, Geod
from scipy.ndimage import map_coordinates

from lomsong.compiled import get_num_threads, set_num_threads
from lomsong.errors import CrsError, RadioError
from lomsong.grid import Raster
from lomsong.propagation.area import AreaLoss, area_loss, pixel_losses, place_losses
from lomsong.propagation.area_frame import frame_mast, monomials
from lomsong.propagation.area_request import AreaSettings, Engine, Transmitter
from lomsong.propagation.area_walk import make_room, path_bend, sample_path
from lomsong.propagation.free_space import free_space_loss
from lomsong.propagation.land import whole_land
from lomsong.propagation.p526 import delta_bullington_loss, effective_earth_radius
from lomsong.propagation.p1812 import p1812_losses

SHARED = Path(__file__).parents[3] / "shared"
GRADIENT, REFRACTIVITY = 45.0, 325.0
CELL_M = 90.0
#: In this CRS a geodesic from the origin is a straight line of true length: profiles need no geodesy.
CENTRED = CRS.from_proj4("+proj=aeqd +lat_0=21 +lon_0=105 +ellps=WGS84 +units=m")
#: Bars of the radial engine against the exact one. [dB], share of cells
BIAS_DB, MEDIAN_DB, P95_DB, DIFFERING = 0.05, 0.25, 2.0, 0.005
TYPICAL_THRESHOLD_DB = 140.0


def mountains(cells: int = 300, height_m: float = 900.0, seed: int = 7) -> NDArray[np.float32]:
    """Draw ridges and valleys of all sizes, with spectrum falling as in real mountains."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(cells)[:, None], np.fft.rfftfreq(cells)[None, :])
    spectrum = np.where(frequency > 0, (frequency + 3.0 / cells) ** -2.1, 0.0)
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((cells, cells))) * spectrum, s=(cells, cells))
    field = (field - field.min()) / np.ptp(field)
    return (200.0 + height_m * field).astype(np.float32)


def centred(values: NDArray[np.float32]) -> Raster:
    """Lay heights around the origin of `CENTRED`, which falls between cell centres."""
    half_m = values.shape[0] * CELL_M / 2
    return Raster(values, (-half_m - 20.0, CELL_M, half_m + 10.0, -CELL_M), CENTRED)


def mast(**changes: float) -> Transmitter:
    return Transmitter(**{"x": 0.0, "y": 0.0, "height_m": 30.0, "frequency_mhz": 900.0, **changes})


def settings(engine: Engine = "exact", **changes: object) -> AreaSettings:
    given = {"refractivity_gradient": GRADIENT, "surface_refractivity": REFRACTIVITY, "step_m": CELL_M}
    return AreaSettings(engine=engine, **{**given, **changes})  # type: ignore[arg-type]


def profile(terrain: Raster, x: float, y: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sample the straight line from the origin, by scipy's interpolation."""
    length_m = math.hypot(x, y)
    share = np.linspace(0.0, 1.0, max(math.floor(length_m / CELL_M + 0.5), 2) + 1)
    left, x_step, top, y_step = terrain.transform
    pixels = [(share * y - top) / y_step - 0.5, (share * x - left) / x_step - 0.5]
    return share * length_m, map_coordinates(terrain.values.astype(np.float64), pixels, order=1)


def some_receivers(found: AreaLoss, count: int) -> list[tuple[int, int]]:
    rows, columns = np.nonzero(np.isfinite(found.path_loss_db))
    chosen = np.random.default_rng(3).choice(rows.size, count, replace=False)
    return list(zip(rows[chosen], columns[chosen], strict=True))


@pytest.fixture(scope="module")
def terrain() -> Raster:
    return centred(mountains())


@pytest.fixture(scope="module")
def tile() -> Raster:
    """Return the real tile, read without rasterio's help: 1201 x 1201 big-endian heights at whole 3 seconds."""
    path = SHARED / "data" / "real" / "readers" / "dem" / "N44W072.hgt"
    if not path.is_file():
        pytest.skip("the real terrain is not here: ../shared/data/real/readers/dem/N44W072.hgt is missing")
    heights = np.fromfile(path, ">i2").reshape(1201, 1201).astype(np.float32)
    second3 = 1.0 / 1200.0
    return Raster(heights, (-72.0 - second3 / 2, second3, 45.0 + second3 / 2, -second3), CRS.from_epsg(4326))


@pytest.mark.parametrize(("frequency_mhz", "height_m"), [(60.0, 10.0), (700.0, 30.0), (5900.0, 80.0)])
def test_an_exact_cell_is_p1812_on_its_profile(
    terrain: Raster, frequency_mhz: float, height_m: float
) -> None:
    transmitter = mast(frequency_mhz=frequency_mhz, height_m=height_m)
    found = area_loss(terrain, transmitter, settings(vertical=False), radius_m=12e3, cell_m=170.0)
    for row, column in some_receivers(found, 60):
        distance_m, height = profile(terrain, found.x[column], found.y[row])
        expected = p1812_losses(
            distance_m,
            height,
            transmitter_height_m=height_m,
            receiver_height_m=1.5,
            frequency_mhz=frequency_mhz,
            latitude_deg=21.0 + math.degrees(0.5 * found.y[row] / 6371e3),
            refractivity_gradient=GRADIENT,
            surface_refractivity=REFRACTIVITY,
            vertical=False,
        )
        assert found.path_loss_db[row, column] == pytest.approx(float(expected.basic_db), abs=1e-3)


def test_over_gentle_ground_with_ducts_an_exact_cell_is_still_p1812() -> None:
    """Far over nearly flat ground the smooth earth, ducts and troposcatter take over from ridges."""
    terrain = centred(mountains(cells=1200, height_m=40.0))
    places_m = np.random.default_rng(5).uniform(-36e3, 36e3, (60, 2))
    longitude, latitude = _degrees(places_m)
    found = place_losses(
        terrain, mast(frequency_mhz=300.0), settings(), longitude_deg=longitude, latitude_deg=latitude
    )
    for k, (x, y) in enumerate(places_m):
        distance_m, height = profile(terrain, x, y)
        expected = p1812_losses(
            distance_m,
            height,
            transmitter_height_m=30.0,
            receiver_height_m=1.5,
            frequency_mhz=300.0,
            latitude_deg=21.0 + math.degrees(0.5 * y / 6371e3),
            refractivity_gradient=GRADIENT,
            surface_refractivity=REFRACTIVITY,
        )
        assert found[k] == pytest.approx(float(expected.basic_db), abs=2e-3)


def test_less_time_is_p1812_too(terrain: Raster) -> None:
    chosen = settings(time_percent=5.0)
    found = area_loss(terrain, mast(), chosen, radius_m=6e3, cell_m=500.0)
    for row, column in some_receivers(found, 25):
        distance_m, height = profile(terrain, found.x[column], found.y[row])
        expected = p1812_losses(
            distance_m,
            height,
            transmitter_height_m=30.0,
            receiver_height_m=1.5,
            frequency_mhz=900.0,
            latitude_deg=21.0 + math.degrees(0.5 * found.y[row] / 6371e3),
            refractivity_gradient=GRADIENT,
            surface_refractivity=REFRACTIVITY,
            time_percent=5.0,
        )
        assert found.path_loss_db[row, column] == pytest.approx(float(expected.basic_db), abs=1e-3)


def test_the_cheaper_model_is_delta_bullington_over_free_space(terrain: Raster) -> None:
    found = area_loss(terrain, mast(), settings(model="p526"), radius_m=9e3, cell_m=400.0)
    for row, column in some_receivers(found, 25):
        distance_m, height = profile(terrain, found.x[column], found.y[row])
        slant_m = math.hypot(distance_m[-1], height[-1] + 1.5 - height[0] - 30.0)
        expected = free_space_loss(slant_m, 900.0) + delta_bullington_loss(
            distance_m,
            height,
            transmitter_height_m=30.0,
            receiver_height_m=1.5,
            frequency_mhz=900.0,
            effective_earth_radius_m=effective_earth_radius(GRADIENT),
        )
        assert found.path_loss_db[row, column] == pytest.approx(float(expected), abs=1e-3)


@pytest.mark.parametrize("latitude", [-38.0, 0.0, 21.0, 44.5, 62.0])
def test_paths_are_geodesics_to_less_than_a_metre(latitude: float) -> None:
    """A raster whose height is its row (or column) tells where a path goes; pyproj knows where it should."""
    step = 1.0 / 1200.0
    size = 1400
    geod = Geod(ellps="WGS84")
    metres = np.array([111e3 * step, 111e3 * step * math.cos(math.radians(latitude))])
    index = np.arange(size, dtype=np.float32)
    shape = (size, 2 * size)
    longitude = 105.0
    transform = (longitude - size * step, step, latitude + size * step / 2, -step)
    rasters = [
        Raster(np.ascontiguousarray(np.broadcast_to(values, shape)), transform, CRS.from_epsg(4326))
        for values in (index[:, None], np.arange(2 * size, dtype=np.float32)[None, :])
    ]
    frame = frame_mast(rasters[0], longitude, latitude, 36e3)
    room = make_room(400)
    for azimuth in np.arange(0.0, 360.0, 25.0):
        east, north = 35e3 * np.sin(np.radians(azimuth)), 35e3 * np.cos(np.radians(azimuth))
        change = monomials(np.float64(east), np.float64(north)) @ frame.forward.T
        shares = np.linspace(0, 35e3, 389)
        lon, lat, _ = geod.fwd(*(np.full(389, v) for v in (longitude, latitude, azimuth)), shares)
        expected = rasters[0].pixel(np.asarray(lon), np.asarray(lat))
        for axis in (0, 1):
            bend = path_bend(frame.forward, east, north)
            start = (frame.row, frame.column)
            land = whole_land(rasters[axis].values)
            assert sample_path(land, start, (change[0], change[1]), bend, 388, 0.0, room)
            miss_m = (room.heights[:389] - expected[axis]) * metres[axis]
            assert np.abs(miss_m).max() < 1.0


@pytest.mark.parametrize("number", [0, 1])
def test_the_exact_engine_agrees_with_crc_covlib(tile: Raster, number: int) -> None:
    """
    Compare with `p1812_area`, whose makers fed their engine the tile upside down.

    Mount Washington, at 44.27 N in truth and in the tile, stands at 44.73 N for them, and their rows run from south
    to north although the README says the opposite. With the tile mirrored about 44.5 N, both engines agree.
    """
    folder = SHARED / "validation" / "p1812_area" / "open"
    if not folder.is_dir():
        pytest.skip("the reference values are not here: ../shared/validation/p1812_area is missing")
    said = json.loads((folder / f"area_{number}.json").read_text())
    values = np.load(folder / f"area_{number}.npz")
    mirrored = Raster(np.ascontiguousarray(tile.values[::-1]), tile.transform, tile.crs)
    transmitter = mast(
        x=said["tx_lon"],
        y=said["tx_lat"],
        height_m=said["tx_height_m"],
        frequency_mhz=said["frequency_mhz"],
    )
    longitude, latitude = np.meshgrid(values["lon"], values["lat"])
    found = place_losses(
        mirrored,
        transmitter,
        settings(step_m=said["profile_step_m"]),
        longitude_deg=longitude,
        latitude_deg=latitude,
    )
    south = np.radians(latitude - said["tx_lat"]) * 6371e3
    east = np.radians(longitude - said["tx_lon"]) * 6371e3 * np.cos(np.radians(said["tx_lat"]))
    error = np.abs(found - values["path_loss_db"][::-1])[np.hypot(south, east) > 500.0]
    assert np.isfinite(error).all()
    assert np.median(error) <= 0.05
    assert np.percentile(error, 99) <= 1.0


def _compare(ground: Raster, transmitter: Transmitter, radius_m: float) -> None:
    exact, radial = (
        area_loss(ground, transmitter, settings(engine), radius_m=radius_m, cell_m=CELL_M).path_loss_db
        for engine in ("exact", "radial")
    )
    assert np.array_equal(np.isnan(exact), np.isnan(radial))
    known = np.isfinite(exact)
    error = (radial - exact)[known]
    assert abs(error.mean()) <= BIAS_DB
    assert np.median(np.abs(error)) <= MEDIAN_DB
    assert np.percentile(np.abs(error), 95) <= P95_DB
    differ = (radial[known] > TYPICAL_THRESHOLD_DB) != (exact[known] > TYPICAL_THRESHOLD_DB)
    assert differ.mean() <= DIFFERING


@pytest.mark.parametrize("frequency_mhz", [700.0, 1800.0, 3500.0])
def test_the_radial_engine_keeps_its_bars_in_synthetic_mountains(
    terrain: Raster, frequency_mhz: float
) -> None:
    _compare(terrain, mast(frequency_mhz=frequency_mhz), 12e3)


@pytest.mark.parametrize("frequency_mhz", [700.0, 3500.0])
def test_the_radial_engine_keeps_its_bars_in_real_mountains(tile: Raster, frequency_mhz: float) -> None:
    _compare(tile, mast(x=-71.55, y=44.45, frequency_mhz=frequency_mhz), 30e3)


@pytest.mark.parametrize("engine", ["exact", "radial"])
def test_what_lies_behind_a_missing_cell_is_unknown(engine: Engine) -> None:
    values = mountains()
    values[140:160, 200:203] = np.nan
    found = area_loss(centred(values), mast(), settings(engine), radius_m=10e3, cell_m=CELL_M)
    east = np.searchsorted(found.x, 8000.0)
    middle = found.y.size // 2
    assert np.isnan(found.path_loss_db[middle, east])
    assert np.isfinite(found.path_loss_db[middle, np.searchsorted(found.x, 3000.0)])
    assert np.isfinite(found.path_loss_db[middle, np.searchsorted(found.x, -8000.0)])


@pytest.mark.parametrize("engine", ["exact", "radial"])
def test_a_mast_on_the_border_of_the_terrain_sees_inwards_only(terrain: Raster, engine: Engine) -> None:
    west = terrain.transform[0] + CELL_M / 2
    found = area_loss(terrain, mast(x=west), settings(engine), radius_m=5e3, cell_m=100.0)
    distance_m = np.hypot(*np.meshgrid(found.x - west, found.y))
    inland = (found.x[None, :] > west + 1.0) & (distance_m > 260.0) & (distance_m < 4990.0)
    assert np.isfinite(found.path_loss_db[inland]).all()
    assert np.isnan(found.path_loss_db[:, found.x < west - 1.0]).all()


@pytest.mark.parametrize("engine", ["exact", "radial"])
def test_nearer_than_the_model_begins_there_is_no_loss(terrain: Raster, engine: Engine) -> None:
    found = area_loss(terrain, mast(), settings(engine), radius_m=2e3, cell_m=50.0)
    distance_m = np.hypot(*np.meshgrid(found.x, found.y))
    assert np.isnan(found.path_loss_db[distance_m < 249.0]).all()
    assert np.isfinite(found.path_loss_db[(distance_m > 251.0) & (distance_m < 1999.0)]).all()
    assert np.isnan(found.path_loss_db[distance_m > 2001.0]).all()


def test_over_the_flat_sea_both_engines_give_the_same_in_every_direction() -> None:
    terrain = centred(np.zeros((700, 700), dtype=np.float32))
    exact, radial = (
        area_loss(terrain, mast(), settings(engine), radius_m=30e3, cell_m=300.0)
        for engine in ("exact", "radial")
    )
    assert np.nanmax(np.abs(exact.path_loss_db - radial.path_loss_db)) < 0.1
    turned = exact.path_loss_db[::-1].T
    assert np.nanmax(np.abs(exact.path_loss_db - turned)) < 0.05  # latitude and samples differ a little
    middle = exact.path_loss_db[100, 101:]
    assert np.all(np.diff(middle[np.isfinite(middle)]) > 0)


def test_one_receiver_is_the_same_as_in_the_whole_area(terrain: Raster) -> None:
    found = area_loss(terrain, mast(), settings(), radius_m=6e3, cell_m=300.0)
    longitude, latitude = found.coordinates()
    for row, column in some_receivers(found, 10):
        alone = place_losses(
            terrain,
            mast(),
            settings(),
            longitude_deg=longitude[row, column],
            latitude_deg=latitude[row, column],
        )
        assert float(alone) == pytest.approx(found.path_loss_db[row, column], abs=2e-3)


@pytest.mark.parametrize("engine", ["exact", "radial"])
def test_places_given_as_pixels_are_the_same_places(terrain: Raster, engine: Engine) -> None:
    found = area_loss(terrain, mast(), settings(engine), radius_m=6e3, cell_m=300.0)
    row, column = terrain.pixel(*np.meshgrid(found.x, found.y))
    pixels, _ = pixel_losses(terrain, mast(), settings(engine), row=row, column=column, radius_m=6e3)
    known = np.isfinite(found.path_loss_db)
    # the same rays in the radial engine, but for their number
    assert np.median(np.abs(pixels - found.path_loss_db)[known]) < (1e-3 if engine == "exact" else MEDIAN_DB)


@pytest.mark.parametrize("engine", ["exact", "radial"])
def test_a_place_without_coordinates_stays_unknown(terrain: Raster, engine: Engine) -> None:
    places = {"longitude_deg": [math.nan, 105.03], "latitude_deg": [21.0, math.nan]}
    assert np.isnan(place_losses(terrain, mast(), settings(engine), **places)).all()  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", ["exact", "radial"])
def test_the_number_of_threads_does_not_change_a_byte(terrain: Raster, engine: Engine) -> None:
    threads = get_num_threads()
    found = []
    for number in {1, threads}:
        set_num_threads(number)
        found.append(area_loss(terrain, mast(), settings(engine), radius_m=8e3, cell_m=150.0).path_loss_db)
    set_num_threads(threads)
    assert len({losses.tobytes() for losses in found}) == 1


#: Prints how many losses are known and the checksum of all.
EXACT_AREA = """
import hashlib
import numpy as np
from pyproj import CRS
from lomsong.grid import Raster
from lomsong.propagation.area import pixel_losses
from lomsong.propagation.area_request import AreaSettings, Transmitter
rng = np.random.default_rng(1)
heights = rng.normal(0, 60, (25, 25)).repeat(16, 0).repeat(16, 1) + rng.normal(0, 8, (400, 400))
terrain = Raster(heights.astype(np.float32), (4e5, 90.0, 2.4e6, -90.0), CRS.from_epsg(32648))
mast = Transmitter(x=418e3, y=2.382e6, height_m=30, frequency_mhz=900)
settings = AreaSettings(refractivity_gradient=45, surface_refractivity=325, model="p526", engine="exact")
row, column = np.mgrid[5:395:1.5, 5:395:1.5]
losses, slopes = pixel_losses(terrain, mast, settings, row=row, column=column, radius_m=20e3)
print(np.isfinite(losses).sum(), hashlib.sha256(losses.tobytes() + slopes.tobytes()).hexdigest())
"""


def test_what_compiles_the_engine_and_what_loads_it_from_disk_give_the_same_bytes(tmp_path: Path) -> None:
    def run() -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", EXACT_AREA],
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split()

    compiled = run()
    assert any(tmp_path.rglob("*.nbc"))
    assert int(compiled[0]) > 50_000
    assert run() == compiled


@pytest.mark.parametrize("engine", ["exact", "radial"])
def test_bands_of_rows_do_not_change_a_byte(
    terrain: Raster, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = area_loss(terrain, mast(), settings(engine), radius_m=5e3, cell_m=150.0).path_loss_db
    monkeypatch.setattr("lomsong.propagation.area.BAND_CELLS", 500)
    banded = area_loss(terrain, mast(), settings(engine), radius_m=5e3, cell_m=150.0).path_loss_db
    assert banded.tobytes() == whole.tobytes()


def test_distances_are_true_in_a_map_projection_that_stretches() -> None:
    """Web Mercator doubles lengths at 60 N; free space only knows the true ones."""
    crs = CRS.from_epsg(3857)
    x, y = 1_113_195.0, 8_399_738.0  # 10 E, 60 N
    terrain = Raster(np.zeros((400, 400), dtype=np.float32), (x - 36e3, 180.0, y + 36e3, -180.0), crs)
    found = area_loss(
        terrain, mast(x=x, y=y, height_m=200.0), settings(step_m=90.0), radius_m=3e3, cell_m=500.0
    )
    longitude, latitude = found.coordinates()
    row, column = 1, 4
    _, _, distance_m = Geod(ellps="WGS84").inv(10.0, 60.0, longitude[row, column], latitude[row, column])
    expected = 92.4 + 20 * math.log10(0.9) + 20 * math.log10(math.hypot(distance_m, 198.5) / 1e3)
    assert found.path_loss_db[row, column] == pytest.approx(expected, abs=1e-3)
    assert distance_m == pytest.approx(math.hypot(1000.0, 2500.0), rel=2e-3)


@pytest.mark.parametrize("frequency_mhz", [29.9, 6001.0])
def test_a_frequency_outside_the_recommendation_is_refused_with_the_limit(
    terrain: Raster, frequency_mhz: float
) -> None:
    with pytest.raises(RadioError, match=r"'frequency_mhz' is outside \[30, 6000\] MHz"):
        area_loss(terrain, mast(frequency_mhz=frequency_mhz), settings(), radius_m=5e3, cell_m=90.0)


def test_all_numbers_out_of_range_are_named_at_once(terrain: Raster) -> None:
    with pytest.raises(RadioError, match=r"(?s)3 problems.*height_m.*receiver_height_m.*cell_m"):
        area_loss(terrain, mast(height_m=0.0), settings(receiver_height_m=0.5), radius_m=5e3, cell_m=0.0)


def test_a_mast_without_terrain_is_refused(terrain: Raster) -> None:
    with pytest.raises(RadioError, match="no terrain under it"):
        area_loss(terrain, mast(x=1e6), settings(), radius_m=5e3, cell_m=90.0)


def test_the_radial_engine_refuses_other_times(terrain: Raster) -> None:
    with pytest.raises(RadioError, match="needs engine 'exact'"):
        area_loss(terrain, mast(), settings("radial", time_percent=10.0), radius_m=5e3, cell_m=90.0)


def test_a_radius_that_no_polynomial_follows_is_refused() -> None:
    values = np.zeros((50, 50), dtype=np.float32)
    terrain = Raster(values, (0.0, 1.0, 89.9, -1.0), CRS.from_epsg(4326))
    with pytest.raises(RadioError, match="take a smaller radius"):
        area_loss(terrain, mast(x=20.0, y=85.0), settings(), radius_m=400e3, cell_m=5e3)


def test_terrain_that_is_nowhere_on_earth_is_refused() -> None:
    local = CRS.from_wkt(
        'LOCAL_CS["site grid",LOCAL_DATUM["peg",0],UNIT["metre",1],AXIS["x",EAST],AXIS["y",NORTH]]'
    )
    terrain = Raster(np.zeros((50, 50), dtype=np.float32), (0.0, 90.0, 4500.0, -90.0), local)
    with pytest.raises(CrsError, match=r"not tied to the earth|no ellipsoid"):
        area_loss(terrain, mast(x=2000.0, y=2000.0), settings(), radius_m=1e3, cell_m=90.0)


def _degrees(places_m: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return longitude and latitude of places in `CENTRED`, by azimuth and length from its origin."""
    count = len(places_m)
    azimuth = np.degrees(np.arctan2(places_m[:, 0], places_m[:, 1]))
    start = np.full(count, 105.0), np.full(count, 21.0)
    longitude, latitude, _ = Geod(ellps="WGS84").fwd(*start, azimuth, np.hypot(*places_m.T))
    return np.asarray(longitude), np.asarray(latitude)
