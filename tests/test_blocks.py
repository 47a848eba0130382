"""Blocks of places and tiles of rasters on windows of the land: the same bytes as on all of it, and little to send."""

import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from pyproj import CRS
from worlds import CELL_M, X0, Y0, flat_terrain

from lomsong import blocks, signal_raster
from lomsong.blocks import Block, gather
from lomsong.errors import EngineError
from lomsong.grid import Raster
from lomsong.inputs import Inputs
from lomsong.network import Network
from lomsong.parcels import Divided, Work, do_part, pack_whole
from lomsong.prediction import predict
from lomsong.propagation import land as land_module
from lomsong.propagation.area import STRETCH
from lomsong.propagation.area_frame import frame_mast, path_margin
from lomsong.propagation.land import Box, bound_paths, join_tiles, whole_land, without_cells
from lomsong.raster_tiles import OFF_PART, OFF_STEPS
from lomsong.signal_raster import predict_raster
from lomsong.store import Arrays

World = Callable[..., Inputs]
RADIUS_M = 7000.0
#: Upper left corner of the made-up world, about. [degrees]
CORNER_DEG = (104.03, 22.02)


@dataclass
class Elsewhere:
    """Stands in for workers that see no file of ours: every part is done with what would be sent to them."""

    common_bytes: int = 0
    piece_bytes: list[int] = field(default_factory=list)

    def map(self, work: Work, common: Any, parts: Sequence[Any], **_: object) -> Iterator[Arrays]:
        assert isinstance(common, Divided)
        parcel = pack_whole(common.bare(), label=str(id(common)))
        self.common_bytes = len(parcel.content)
        for part in parts:
            sent = {
                name: pickle.loads(pickle.dumps(cut(), protocol=5))  # noqa: S301 - just made
                for name, cut in common.pieces(part).items()
            }
            self.piece_bytes.append(sum(len(pickle.dumps(piece, protocol=5)) for piece in sent.values()))
            yield do_part(work, parcel, part, list(sent), list(sent.values()))


def rough(shape: tuple[int, int], seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = rng.normal(100, 60, (shape[0] // 10 + 1, shape[1] // 10 + 1))
    return coarse.repeat(10, 0).repeat(10, 1)[: shape[0], : shape[1]].astype(np.float32)


def in_degrees() -> Raster:
    """Return ground of about the same place and cells in degrees, over which straight lines are bent."""
    lon, lat = CORNER_DEG
    return Raster(rough((380, 400), 4), (lon, 1 / 1200, lat, -1 / 1200), CRS.from_epsg(4326))


CASES = {
    "metres": ("p1812", "radial", False, False),
    "degrees": ("p1812", "radial", True, False),
    "exact": ("p526", "exact", True, False),
    "wooded": ("p1812", "radial", True, True),
}


@pytest.fixture(params=CASES)
def edges(world: World, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Inputs:
    """Return a world with masts on, at and beyond the edges of the terrain, holes in it, and villages outside."""
    model, engine, bent, wooded = CASES[request.param]
    rng = np.random.default_rng(9)
    terrain = in_degrees() if bent else replace(flat_terrain(), values=rough((400, 400), 4))
    terrain.values[180:200, 210:230] = np.nan
    spots = [(0.05, 18.0), (-3.0, 15.0), (35.9, 35.8), (20.0, 0.1), *rng.uniform(1, 35, (14, 2))]
    names = {f"m{i}": (float(x), float(y)) for i, (x, y) in enumerate(spots)}
    places = [(0.6, 20.0), (37.5, 20.0), (20.0, 17.0), *rng.uniform(1, 35, (7, 2))]
    inputs = world(
        {f"v{i}": (float(x), float(y)) for i, (x, y) in enumerate(places)},
        names,
        terrain=terrain,
        mast_columns={"operator": [("A", "B")[i % 2] for i in range(len(spots))]},
        radio={"model": model, "area_engine": engine, "maximum_radius_m": RADIUS_M},
    )
    monkeypatch.setattr(land_module, "TILE_CELLS", 32)
    monkeypatch.setattr(blocks, "CHUNK_POINTS", 40)
    monkeypatch.setattr(signal_raster, "TILE_CELLS", 20)
    if not wooded:
        return inputs
    woods = np.abs(rough(terrain.shape, 5)) // 10
    return replace(inputs, clutter=replace(terrain, values=woods))


def test_demand_points_on_windows_get_the_bytes_of_the_whole_land(edges: Inputs) -> None:
    there = Elsewhere()
    whole, windows = predict(edges), predict(edges, engine=there)  # type: ignore[arg-type]
    assert len(there.piece_bytes) > 3
    assert whole.signal["level_dbm"].notna().sum() > 100
    assert whole.signal["unseen_bound_dbm"].notna().any()
    assert pickle.dumps(windows.signal.to_dict("list")) == pickle.dumps(whole.signal.to_dict("list"))
    assert (windows.paths, windows.glances, windows.pairs) == (whole.paths, whole.glances, whole.pairs)
    assert max(there.piece_bytes) < edges.terrain.values.nbytes * (2 if edges.clutter else 1)
    assert there.common_bytes < edges.terrain.values.nbytes / 4


def test_raster_tiles_on_windows_get_the_bytes_of_the_whole_land(edges: Inputs) -> None:
    there = Elsewhere()
    whole = list(predict_raster(edges, cell_m=500.0))
    windows = predict_raster(edges, cell_m=500.0, engine=there)  # type: ignore[arg-type]
    for one, other in zip(whole, windows, strict=True):
        assert np.isfinite(one.level_dbm).mean() > 0.2
        assert np.isnan(one.level_dbm).any()
        for layer in ("level_dbm", "second_level_dbm", "sigma_db", "masts", "sector_row"):
            assert getattr(other, layer).tobytes() == getattr(one, layer).tobytes()
    assert len(there.piece_bytes) > 6
    assert there.common_bytes < edges.terrain.values.nbytes / 4


def test_few_villages_in_a_wide_land_send_little_of_it(world: World) -> None:
    cells = 4000
    terrain = flat_terrain(cells=cells)
    middle = cells * CELL_M / 2000
    inputs = world(
        {"v": (middle, middle)}, {"m": (middle + 3, middle)}, terrain=terrain, radio={"maximum_radius_m": RADIUS_M}
    )  # fmt: skip
    there = Elsewhere()
    predict(inputs, engine=there)  # type: ignore[arg-type]
    list(predict_raster(inputs, cell_m=500.0, engine=there))  # type: ignore[arg-type]
    assert there.common_bytes + max(there.piece_bytes) < terrain.values.nbytes / 10


def test_a_window_that_is_too_small_is_refused_and_not_taken_for_the_edge_of_the_terrain(
    world: World,
) -> None:
    inputs = world({"v": (20, 20)}, {"m": (16, 20)}, radio={"maximum_radius_m": RADIUS_M})
    network = Network.of(inputs, inputs.sectors, inputs.settings.radio)
    places = predict(inputs).demand
    block = Block.of(places, network, inputs)
    box = block.bound(network)
    land = network.land
    tiles = {name: cut() for name, cut in land_module.cut_tiles(land, box).items()}
    block.reach(network.on(join_tiles(land, box, tiles)))
    for smaller in (
        box._replace(first_row=box.first_row + 2),
        box._replace(end_row=box.end_row - 2),
        box._replace(first_column=box.first_column + 2),
        box._replace(end_column=box.end_column - 2),
    ):
        with pytest.raises(EngineError, match="too little terrain"):
            block.reach(network.on(join_tiles(land, smaller, tiles)))
    with pytest.raises(EngineError, match="too little terrain"):
        block.reach(network.on(without_cells(land)))


@pytest.mark.parametrize(
    ("crs", "x", "y"),
    [
        ("EPSG:4326", 105.0, 10.0),
        ("EPSG:4326", 20.0, 77.0),
        ("EPSG:3857", 1e6, 1.1e7),
        ("EPSG:32648", 9e5, 2.4e6),
    ],
)
def test_the_box_around_masts_and_cells_leaves_room_for_paths_that_bend(crs: str, x: float, y: float) -> None:
    """Where the area engines go at all; what the frame itself refuses needs no window."""
    radius_m = 35_000.0
    cell = 1 / 3600 if crs == "EPSG:4326" else 30.0
    terrain = Raster(np.zeros((0, 0), dtype=np.float32), (x, cell, y, -cell), CRS.from_user_input(crs))
    frame = frame_mast(terrain, x, y, STRETCH * radius_m)
    room_m = OFF_PART * radius_m + OFF_STEPS * 30.0
    for need, gradient in zip(
        path_margin(frame, STRETCH * radius_m, 30.0), frame.forward[:, :2], strict=True
    ):
        assert 0.0 < need < 0.8 * room_m * float(np.hypot(*gradient))


def test_a_joined_window_holds_the_cells_of_its_box(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(land_module, "TILE_CELLS", 5)
    land = whole_land(rough((23, 17), 1), rough((23, 17), 2))
    for box in (Box(0, 23, 0, 17), Box(5, 10, 5, 10), Box(4, 11, 3, 16), Box(22, 23, 0, 1), Box(7, 7, 2, 9)):
        tiles = {name: cut() for name, cut in land_module.cut_tiles(land, box).items()}
        window = join_tiles(without_cells(land), box, tiles)
        cells = slice(box.first_row, box.end_row), slice(box.first_column, box.end_column)
        np.testing.assert_array_equal(window.terrain, land.terrain[cells])
        if window.terrain.size:
            np.testing.assert_array_equal(window.clutter, land.clutter[cells])


def test_the_bound_of_paths_holds_every_neighbour_of_their_samples() -> None:
    land = whole_land(np.zeros((30, 40), dtype=np.float32))
    rng = np.random.default_rng(2)
    for _ in range(200):
        row, column = rng.uniform(-20, 50, 2), rng.uniform(-20, 60, 2)
        box = bound_paths(land, row, column)
        part = np.linspace(0, 1, 50)
        down, right = row[0] + (row[1] - row[0]) * part, column[0] + (column[1] - column[0]) * part
        inside = (down >= 0) & (down <= 29) & (right >= 0) & (right <= 39)
        for behind in (0, 1):
            assert (box.first_row <= np.floor(down[inside])).all()
            assert (np.minimum(np.floor(down[inside]) + behind, 29) < box.end_row).all()
            assert (np.minimum(np.floor(right[inside]) + behind, 39) < box.end_column).all()
            assert (box.first_column <= np.floor(right[inside])).all()
    assert bound_paths(land, np.array([np.nan, np.inf]), np.array([1.0, 2.0])) == Box(0, 0, 0, 0)


def test_blocks_lie_together_and_hold_every_place_once_whatever_the_order_of_the_table() -> None:
    rng = np.random.default_rng(3)
    villages = rng.uniform(0, 400e3, (60, 2))
    places = np.concatenate(
        [villages + rng.uniform(-500, 500, 2) for _ in range(10)]
    )  # far from each other in the table
    found = gather(places + np.array([X0, Y0]), 50)
    assert sorted(np.concatenate(found)) == list(range(600))
    assert all(len(rows) <= 50 for rows in found)
    assert max(np.ptp(places[rows], axis=0).max() for rows in found) <= blocks.SPREAD_M
    assert gather(places[:0], 50) == []
    assert [list(rows) for rows in gather(places[:1], 50)] == [[0]]
