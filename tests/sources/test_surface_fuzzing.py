"""Broken rasters, surroundings, antennas and lists about villages end in our errors, and whole ones are read."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import rasterio
from fuzzing_surfaces import BOUNDS, KINDS, METRIC, READERS, attack_surfaces, good_files
from rasterio.enums import ColorInterp
from rasterio.transform import from_origin

from lomsong.errors import SourceError
from lomsong.settings import RasterSource
from lomsong.sources.rasters import read_terrain


# rasterio takes GDAL's messages for UTF-8, and says on the way that it could not pass one on
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_broken_files_end_in_our_errors_and_whole_ones_are_read(tmp_path: Path, kind: str) -> None:
    """A seeded few of what benchmarks/fuzz_boundaries.py does by the thousand."""
    for seed in range(6):
        folder = tmp_path / str(seed)
        folder.mkdir()
        attack_surfaces(folder, kind, seed)
    for name, content in good_files(kind).items():
        (tmp_path / name).write_bytes(content)
    READERS[kind](tmp_path / kind)


def test_a_zip_never_reaches_gdal(tmp_path: Path) -> None:
    """GDAL opens zipped SRTM tiles by itself, and crashes on some that are broken."""
    path = tmp_path / "N22E104.hgt.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("N22E104.hgt", good_files("N22E104.hgt")["N22E104.hgt"])
    with pytest.raises(SourceError, match="unpack it"):
        read_terrain(RasterSource(path=path), bounds=BOUNDS, crs=METRIC)


@pytest.mark.parametrize("folder", [False, True])
def test_of_several_bands_none_is_taken_for_the_heights(tmp_path: Path, folder: bool) -> None:
    path = tmp_path / "dem.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=60, height=60, count=2, dtype="float32", crs="EPSG:4326",
        transform=from_origin(104.0, 22.1, 0.002, 0.002),
    ) as target:  # fmt: skip
        target.write(np.ones((2, 60, 60), dtype=np.float32))
    source = RasterSource(path=tmp_path if folder else path)
    with pytest.raises(SourceError, match="2 bands and nothing says which counts"):
        read_terrain(source, bounds=BOUNDS, crs=METRIC)
    with rasterio.open(path, "r+") as target:
        target.colorinterp = [ColorInterp.gray, ColorInterp.alpha]
    assert (read_terrain(source, bounds=BOUNDS, crs=METRIC)[0].values == 1).all()
