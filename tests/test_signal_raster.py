"""Signal rasters: equal to single paths, honest about what could not be computed, and readable by others."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from worlds import flat_terrain

from lomsong import signal_raster
from lomsong.engine import SERIAL, Engine, Kind
from lomsong.errors import RadioError
from lomsong.grid import Raster
from lomsong.inputs import Inputs
from lomsong.prediction import predict_sectors
from lomsong.propagation.antenna import reference_offset
from lomsong.propagation.p1812 import p1812_losses
from lomsong.raster_tiles import Surroundings, Tile, serve_tile
from lomsong.settings import RadioSettings
from lomsong.signal_raster import BANDS, SignalRaster, predict_raster, write_raster
from lomsong.store import Arrays, Store

LAYERS = ("level_dbm", "second_level_dbm", "sigma_db", "masts", "sector_row")
World = Callable[..., Inputs]


@pytest.fixture
def hills(world: World) -> Inputs:
    rng = np.random.default_rng(3)
    terrain = flat_terrain()
    terrain.values[:] += (80 * rng.normal(0, 1, (40, 40)).repeat(10, 0).repeat(10, 1)).astype(np.float32)
    masts = {"a": (8, 15), "b": (14, 18), "c": (14, 18)}
    return world(
        {"v": (10, 15), "w": (13, 13)}, masts, terrain=terrain, mast_columns={"site_id": ["a", "b", "b"]}
    )


def one(inputs: Inputs, cell_m: float = 250.0) -> SignalRaster:
    (raster,) = predict_raster(inputs, cell_m=cell_m)
    return raster


def test_cells_equal_single_paths(hills: Inputs) -> None:
    """The radial engine shares walks, so the bar is its published error, not equality."""
    raster = one(hills)
    radio, terrain = hills.settings.radio, hills.terrain
    x_left, step, y_top, _ = raster.transform
    errors = []
    for row in range(0, raster.level_dbm.shape[0], 3):
        for column in range(0, raster.level_dbm.shape[1], 3):
            x, y = x_left + (column + 0.5) * step, y_top - (row + 0.5) * step
            levels = []
            for mast in hills.sectors.itertuples():
                away = float(np.hypot(x - mast.geometry.x, y - mast.geometry.y))
                part = np.linspace(0, 1, int(np.ceil(away / 90)) + 1)
                ground = terrain.sample(
                    mast.geometry.x + (x - mast.geometry.x) * part,
                    mast.geometry.y + (y - mast.geometry.y) * part,
                )
                losses = p1812_losses(
                    away * part,
                    ground,
                    transmitter_height_m=mast.antenna_height_m,
                    receiver_height_m=radio.receiver_height_m,
                    frequency_mhz=mast.frequency_mhz,
                    latitude_deg=21.8,
                    refractivity_gradient=radio.refractivity_gradient,
                    surface_refractivity=radio.surface_refractivity,
                )
                offset = float(reference_offset(mast.technology, mast.bandwidth_mhz))
                levels.append(mast.eirp_dbm + offset - float(losses.basic_db))
            errors.append(float(raster.level_dbm[row, column]) - max(levels))
    assert len(errors) >= 30
    assert np.median(np.abs(errors)) < 0.5
    assert np.quantile(np.abs(errors), 0.95) < 4


def wood(hills: Inputs) -> Inputs:
    """Return hills with woods, where every cell has a path of its own."""
    terrain = hills.terrain
    kinds = np.random.default_rng(5).choice([0.0, 15.0], terrain.values.shape).astype(np.float32)
    return replace(hills, clutter=Raster(kinds, terrain.transform, terrain.crs))


def levels_in_cells(inputs: Inputs, raster: SignalRaster) -> pd.DataFrame:
    """Return the level of every sector at the centre of every cell, as for demand points."""
    x_left, step, y_top, _ = raster.transform
    row, column = np.indices(raster.level_dbm.shape)
    centres = gpd.points_from_xy(x_left + (column.ravel() + 0.5) * step, y_top - (row.ravel() + 0.5) * step)
    cells = gpd.GeoDataFrame(
        {"demand_id": np.arange(row.size), "ground_m": 1.0}, geometry=centres, crs=inputs.crs
    )
    return predict_sectors(inputs, cells, inputs.sectors)


def test_clutter_counts_in_cells_as_it_does_for_demand_points(hills: Inputs) -> None:
    wooded = wood(hills)
    raster, bare = one(wooded, 400.0), one(hills, 400.0)
    best = levels_in_cells(wooded, raster).groupby("demand_id")["level_dbm"].max()
    heard = raster.level_dbm.ravel()[best.index]
    np.testing.assert_allclose(heard, best.to_numpy(), atol=1e-3)
    assert np.nanmean(bare.level_dbm - raster.level_dbm) > 1.0


def test_every_layer_is_what_comparing_all_sectors_gives(hills: Inputs) -> None:
    sectors = hills.sectors.assign(azimuth_deg=[90.0, 200.0, 320.0], eirp_dbm=100.0)
    wooded = wood(replace(hills, sectors=sectors))
    raster = one(wooded, 400.0)
    levels = levels_in_cells(wooded, raster).merge(sectors[["sector_id", "site_id"]])
    levels = levels.sort_values(["demand_id", "level_dbm"], ascending=[True, False])
    of_masts = levels.drop_duplicates(["demand_id", "site_id"])
    best, second = (of_masts.groupby("demand_id").nth(n).set_index("demand_id") for n in (0, 1))
    threshold = wooded.settings.radio.carriers["4g"].threshold_dbm
    masts = (of_masts["level_dbm"] >= threshold).groupby(of_masts["demand_id"]).sum()
    named = wooded.sectors["sector_id"].to_numpy()[raster.sector_row.ravel()]
    assert (named[best.index] == best["sector_id"]).all()
    assert (raster.masts.ravel()[masts.index] == masts).all()
    assert 0 < (masts == 2).sum() < raster.masts.size
    for layer, wanted in (
        (raster.level_dbm, best["level_dbm"]),
        (raster.second_level_dbm, second["level_dbm"]),
        (raster.sigma_db, best["sigma_db"]),
    ):
        np.testing.assert_allclose(layer.ravel()[wanted.index], wanted, atol=1e-3)
        assert np.isnan(layer).sum() == layer.size - len(wanted)


def test_the_settings_choose_the_engine(hills: Inputs) -> None:
    exact = RadioSettings(area_engine="exact")
    (slow,) = predict_raster(hills, exact, cell_m=250.0)
    away = np.abs(slow.level_dbm - one(hills).level_dbm)
    assert away.max() > 0
    assert np.median(away) < 0.5


def files(inputs: Inputs, folder: Path, engine: Engine = SERIAL) -> dict[str, bytes]:
    folder.mkdir()
    for raster in predict_raster(inputs, cell_m=500.0, engine=engine):
        write_raster(raster, folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def in_pieces(signals: Iterator[SignalRaster]) -> list[bytes]:
    return [getattr(raster, name).tobytes() for raster in signals for name in LAYERS]


@pytest.fixture
def two(hills: Inputs) -> Inputs:
    return replace(hills, sectors=hills.sectors.assign(operator=["A", "B", "A"]))


def test_tiles_hold_what_the_whole_grid_holds(two: Inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = in_pieces(predict_raster(two, cell_m=250.0))
    monkeypatch.setattr(signal_raster, "TILE_CELLS", 7)
    assert in_pieces(predict_raster(two, cell_m=250.0)) == whole


@pytest.mark.parametrize(
    "kind",
    [
        "processes",
        pytest.param(
            "dask",
            marks=pytest.mark.skipif(
                find_spec("distributed") is None,
                reason="Dask is not installed: pip install 'lomsong[dask]'",
            ),
        ),
    ],
)
def test_workers_write_the_same_rasters(
    two: Inputs, kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every engine gives what the parts give in their order (test_engine); here, that tiles can be sent to workers."""
    monkeypatch.setattr(signal_raster, "TILE_CELLS", 7)
    wanted = files(two, tmp_path / "serial")
    assert len(wanted) == 2
    assert files(two, tmp_path / "workers", Engine(kind=kind, workers=2)) == wanted


def test_rasters_go_on_where_they_were_and_other_cells_are_other_parts(
    two: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal_raster, "TILE_CELLS", 7)
    engine, done = Engine(store=Store(tmp_path / "parts", "x")), []

    def counting(around: Surroundings, tile: Tile) -> Arrays:
        done.append(tile)
        return serve_tile(around, tile)

    monkeypatch.setattr(signal_raster, "serve_tile", counting)
    wanted = in_pieces(predict_raster(two, cell_m=500.0))
    tiles = len(done)
    first = predict_raster(two, cell_m=500.0, engine=engine)
    next(first)
    first.close()  # type: ignore[attr-defined]
    assert in_pieces(predict_raster(two, cell_m=500.0, engine=engine)) == wanted
    assert len(done) == 2 * tiles
    list(predict_raster(two, cell_m=501.0, engine=engine))
    assert len(done) > 2 * tiles


def test_the_second_server_stands_on_another_mast_and_masts_count_once(hills: Inputs) -> None:
    raster = one(hills)
    assert np.isfinite(raster.level_dbm).all()
    # b and c radiate alike from one mast: were c a server of its own, it would equal b
    assert (raster.second_level_dbm < raster.level_dbm).all()
    assert raster.masts.max() <= 2


def test_cells_lie_on_whole_multiples_of_their_size_and_cover_the_villages(hills: Inputs) -> None:
    raster = one(hills, 300.0)
    x_left, step, y_top, _ = raster.transform
    assert x_left % 300 == 0
    assert y_top % 300 == 0
    west, south, east, north = hills.villages.total_bounds
    rows, columns = raster.level_dbm.shape
    assert x_left <= west
    assert x_left + columns * step >= east
    assert y_top >= north
    assert y_top - rows * step <= south


def test_a_mast_without_terrain_lights_nothing_and_void_cells_stay_empty(world: World) -> None:
    terrain = flat_terrain()
    terrain.values[:, 110:116] = np.nan
    inputs = world({"v": (9, 15), "w": (12, 15)}, {"m": (8, 15), "off": (-5, 15)}, terrain=terrain)
    raster = one(inputs)
    assert np.isnan(raster.level_dbm).any()
    assert np.isfinite(raster.level_dbm).any()
    assert set(np.unique(raster.sector_row)) == {-1, 0}


def test_a_tile_that_no_mast_reaches_is_dark(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal_raster, "TILE_CELLS", 8)
    inputs = world({"v": (8, 15), "w": (30, 15)}, {"m": (8, 15)}, radio={"maximum_radius_m": 5000.0})
    raster = one(inputs)
    assert np.isfinite(raster.level_dbm[:, 0]).all()
    assert (raster.sector_row[:, -1] == -1).all()
    assert (raster.masts[:, -1] == 0).all()


@pytest.mark.parametrize("cell_m", [0.0, -5.0, float("nan"), 0.01])
def test_cells_that_cannot_be_are_refused(hills: Inputs, cell_m: float) -> None:
    with pytest.raises(RadioError, match="raster"):
        list(predict_raster(hills, cell_m=cell_m))


def test_the_file_is_a_cloud_optimised_geotiff_with_named_bands(hills: Inputs, tmp_path: Path) -> None:
    raster = one(hills)
    path = write_raster(raster, tmp_path)
    with rasterio.open(path) as found:
        assert found.descriptions == BANDS
        assert found.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        np.testing.assert_array_equal(found.read(1), raster.level_dbm)
        assert found.tags()["operator"] == "A"
        assert found.bounds.left == raster.transform[0]


@pytest.mark.parametrize("name", ["../../etc/x", "Mạng Núi", "", "a/b\\c", "{{ 7*7 }}", "🙂"])
def test_hostile_operator_names_give_plain_file_names(hills: Inputs, name: str) -> None:
    raster = one(hills)
    plain = SignalRaster(
        **{**{field: getattr(raster, field) for field in raster.__slots__}, "operator": name}
    )
    assert Path(plain.file_name).name == plain.file_name
    assert plain.file_name.isascii()
