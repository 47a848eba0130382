"""Rasters larger than memory lie in files, and nothing that is computed of them is another."""

import resource
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from scipy import ndimage

import lomsong as ls
from lomsong.errors import OutputError
from lomsong.evidence.features import Surroundings
from lomsong.evidence.windows import window_means
from lomsong.quality.surfaces import measure_terrain
from lomsong.scratch import make_room, told_as_temporary
from lomsong.settings import RasterSource
from lomsong.sources.land_cover import stand_up
from lomsong.sources.rasters import read_land_cover

CONFIG = Path(__file__).parents[1] / "data" / "demo" / "district.yml"


@pytest.fixture
def no_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Keep every array in a file, in a folder of its own."""
    monkeypatch.setattr("lomsong.scratch.MOST_IN_MEMORY", 0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_an_array_in_a_file_is_as_one_in_memory_and_leaves_nothing_behind(no_memory: Path) -> None:
    room = make_room((30, 40))
    room[...] = np.arange(1200).reshape(30, 40)
    assert room.dtype == np.float32
    assert room.flags.c_contiguous
    assert room.sum() == 1199 * 600
    assert list(no_memory.iterdir()) == []


def test_a_full_folder_for_temporary_files_is_an_error_and_no_crash(no_memory: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(OutputError, match=f"temporary files to {no_memory}.*TMPDIR"):
            make_room((100, 100))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_no_folder_for_temporary_files_at_all_is_an_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    with pytest.raises(OutputError, match="temporary files: none"), told_as_temporary():
        raise FileNotFoundError(2, "none")


@pytest.mark.parametrize(
    ("shape", "cells"), [((20, 30), 11), ((90, 1500), 10), ((50, 7), 33), ((3, 3), 3), ((1, 9), 5)]
)
def test_window_means_are_those_of_scipy_to_the_last_bit(shape: tuple[int, int], cells: int) -> None:
    values = np.random.default_rng(1).uniform(-5, 3000, shape).astype(np.float32)
    values.flat[::7] = np.nan
    wanted = ndimage.uniform_filter(np.nan_to_num(values), cells)
    np.testing.assert_array_equal(window_means(values, cells), wanted)


def write_cover(terrain: Path, cover: Path) -> Path:
    """Write a class, or none, for each cell of a terrain."""
    with rasterio.open(terrain) as dataset:
        profile, shape = dataset.profile, dataset.shape
    codes = np.random.default_rng(2).choice(np.array([0, 10, 50, 80], dtype=np.uint8), shape)
    with rasterio.open(cover, "w", **{**profile, "dtype": "uint8", "nodata": None, "predictor": 1}) as target:
        target.write(codes, 1)
    return cover


def all_that_is_read(cover: Path) -> tuple[object, ...]:
    inputs = ls.read(ls.load_settings(CONFIG))
    clutter, found = stand_up(read_land_cover(RasterSource(path=cover), terrain=inputs.terrain))
    inputs = replace(inputs, clutter=clutter)
    around = Surroundings.of(inputs)
    assert around.clutter is not None
    arrays = (inputs.terrain.values, clutter.values, around.rise, around.roughness, around.clutter)
    return *(array.tobytes() for array in arrays), inputs.findings, found, measure_terrain(inputs)


def test_rasters_in_files_read_in_bands_give_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cover = write_cover(CONFIG.parent / "terrain.tif", tmp_path / "cover.tif")
    wanted = all_that_is_read(cover)
    monkeypatch.setattr("lomsong.scratch.MOST_IN_MEMORY", 0)
    monkeypatch.setattr("lomsong.grid.BAND_ROWS", 7)
    assert all_that_is_read(cover) == wanted


def test_a_spike_counts_once_wherever_bands_end(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = ls.read(ls.load_settings(CONFIG))
    inputs.terrain.values[[0, 5, 6, 7, 8, 40], [3, 3, 30, 60, 90, 0]] += 5000.0
    wanted = [(measure.count, measure.of) for measure in measure_terrain(inputs)]
    for rows in (1, 2, 3, 7):
        monkeypatch.setattr("lomsong.grid.BAND_ROWS", rows)
        assert [(measure.count, measure.of) for measure in measure_terrain(inputs)] == wanted
    assert wanted[-1][0] == 4  # on the edge of the terrain nobody knows what is beyond
