"""Broken rasters, surroundings, antennas and lists about villages end in our errors, and whole ones are read."""

import gzip
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import rasterio
from fuzzing_surfaces import BOUNDS, KINDS, METRIC, READERS, attack_surfaces, good_files
from rasterio.enums import ColorInterp
from rasterio.transform import from_origin

from lomsong.errors import SourceError
from lomsong.settings import RasterSource
from lomsong.sources.files import checksum
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


def test_a_packed_tile_that_lies_beside_its_unpacked_one_counts_once(tmp_path: Path) -> None:
    tile = good_files("N22E104.hgt")["N22E104.hgt"]
    (tmp_path / "N22E104.hgt").write_bytes(tile)
    pack(tmp_path / "N22E104.hgt.zip", {"N22E104.hgt": tile})
    _, findings = read_terrain(RasterSource(path=tmp_path), bounds=BOUNDS, crs=METRIC)
    assert findings[0].message == "1 of 1 tile joined"


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("N22E104.hgt.zip", "N22E104.hgt"),
        ("N22E104.SRTMGL1.hgt.zip", "N22E104.hgt"),
        ("tile_7.zip", "dem/dem.tif"),
        ("renamed.tif", "dem.tif"),
        ("N22E104.hgt.gz", ""),
    ],
)
@pytest.mark.parametrize("folder", [False, True])
def test_a_packed_tile_is_read_as_the_tile_in_it(
    tmp_path: Path, name: str, member: str, folder: bool
) -> None:
    kind = Path(member or "N22E104.hgt").name
    content = good_files(kind)[kind]
    (tmp_path / "plain").mkdir()
    (tmp_path / "packed").mkdir()
    (tmp_path / "plain" / kind).write_bytes(content)
    path = tmp_path / "packed" / name
    if member:
        pack(path, {member: content, "read me.txt": b"-", "__MACOSX/._dem.tif": b"-"})
    else:
        path.write_bytes(gzip.compress(content))
    plain, packed = (
        read_terrain(RasterSource(path=each.parent if folder else each), bounds=BOUNDS, crs=METRIC)[0]
        for each in (tmp_path / "plain" / kind, path)
    )
    np.testing.assert_array_equal(packed.values, plain.values)
    assert packed.transform == plain.transform


def pack(path: Path, files: dict[str, bytes], *, way: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", way) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def lying(path: Path, size: int) -> Path:
    """A zip whose only file is said to unpack to fewer bytes than it does, with the sum of those."""
    pack(path, {"N22E104.hgt": bytes(80 << 20)})
    content = bytearray(path.read_bytes())
    record = content.index(b"PK\x01\x02")
    for at, number in ((16, zlib.crc32(bytes(size))), (24, size)):
        content[record + at : record + at + 4] = number.to_bytes(4, "little")
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("files", "way", "says"),
    [
        ({"a.tif": b"1", "b.tif": b"2"}, zipfile.ZIP_STORED, "holds 2 rasters, not one; unpack it"),
        ({"read me.txt": b"1"}, zipfile.ZIP_STORED, "holds no raster"),
        ({"../N22E104.hgt": b"1"}, zipfile.ZIP_STORED, "unsafe path"),
        ({"N22E104.hgt": bytes(70 << 20)}, zipfile.ZIP_DEFLATED, "unpacks from 0 to 70 MiB"),
        ({"N22E104.hgt": bytes(1 << 20)}, zipfile.ZIP_LZMA, "packed in an unusual way"),
        ({"N22E104.hgt": b"1"}, zipfile.ZIP_STORED, "not a readable raster"),
    ],
)
def test_what_is_no_single_sound_tile_is_one_clear_error(
    tmp_path: Path, files: dict[str, bytes], way: int, says: str
) -> None:
    path = pack(tmp_path / "N22E104.hgt.zip", files, way=way)
    for each in (path, tmp_path):
        with pytest.raises(SourceError, match=says):
            read_terrain(RasterSource(path=each), bounds=BOUNDS, crs=METRIC)


def test_a_zip_that_hides_its_size_is_unpacked_no_further_than_it_says(tmp_path: Path) -> None:
    path = lying(tmp_path / "N22E104.hgt.zip", 1 << 20)
    tracemalloc.start()
    with pytest.raises(SourceError, match=r"N22E104\.hgt\.zip"):
        read_terrain(RasterSource(path=path), bounds=BOUNDS, crs=METRIC)
    assert tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ((b"tile.tif", b"N22E104.hgt.ZIP"), "names files in archives"),
        ((b"tile.tif", b"N22E104.hgt&#46;z&#x69;p"), "names files in archives"),
        (
            (b"tile.tif", b"&#47;vs&#105;curl/http://127.0.0.1:9/tile.tif"),
            "names files in archives or on the network",
        ),
        (
            (b"<SRS>", b"<Metadata><MDI key='X_DATASET'>/vsis3/a.tif</MDI></Metadata><SRS>"),
            "or on the network",
        ),
        ((b"'60'>", b"'60' subClass='VRTProcessedDataset'>"), "step of processing"),
        ((b"<VRTDataset", b"<!DOCTYPE x [<!ENTITY y '/vsi'>]><VRTDataset"), "declares entities of its own"),
        ((b"tile.tif", b"&lt;VRTDataset/&gt;"), "there is no such file"),
        ((b"tile.tif", b"WMS:http://127.0.0.1:9"), "there is no such file"),
        ((b"SourceFilename", b"sourceFILENAME"), "which dem.vrt names, is no raster"),
        ((b"</VRTRasterBand>", b""), "not a sound virtual raster"),
        ((b"tile.tif", b"\xff.tif"), "not a sound virtual raster"),
    ],
)
def test_a_virtual_raster_of_anything_but_files_never_reaches_gdal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: tuple[bytes, bytes], says: str
) -> None:
    monkeypatch.setattr("rasterio.open", pytest.fail)
    text = good_files("dem.vrt")["dem.vrt"]
    assert change[0] in text
    (tmp_path / "dem.vrt").write_bytes(text.replace(*change))
    (tmp_path / "tile.tif").write_bytes(b"\xef\xbb\xbf\n<GDAL_WMS><Service/></GDAL_WMS>")
    with pytest.raises(SourceError, match=says):
        read_terrain(RasterSource(path=tmp_path / "dem.vrt"), bounds=BOUNDS, crs=METRIC)


def test_virtual_rasters_of_virtual_rasters_read_and_a_hidden_archive_in_one_is_refused(
    tmp_path: Path,
) -> None:
    files = good_files("dem.vrt")
    (tmp_path / "in").mkdir()
    for name, content in files.items():
        (tmp_path / "in" / name).write_bytes(content)
    outer = tmp_path / "all.vrt"
    outer.write_bytes(files["dem.vrt"].replace(b"tile.tif", b"in/dem.vrt"))
    source = RasterSource(path=outer)
    plain, _ = read_terrain(RasterSource(path=tmp_path / "in" / "tile.tif"), bounds=BOUNDS, crs=METRIC)
    nested, _ = read_terrain(source, bounds=BOUNDS, crs=METRIC)
    np.testing.assert_array_equal(nested.values, plain.values)
    whole = checksum(outer)
    (tmp_path / "in" / "dem.vrt").write_bytes(files["dem.vrt"].replace(b"tile.tif", b"../all.vrt"))
    assert checksum(outer) != whole  # and names that go round in a circle end
    (tmp_path / "in" / "dem.vrt").write_bytes(files["dem.vrt"].replace(b"tile.tif", b"a.&#122;ip"))
    with pytest.raises(SourceError, match=r"dem\.vrt names files in archives"):
        read_terrain(source, bounds=BOUNDS, crs=METRIC)


def test_a_raster_that_may_not_be_read_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "dem.tif"
    path.write_bytes(b"-")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SourceError, match=r"dem\.tif cannot be read \(Permission denied\)"):
        read_terrain(RasterSource(path=path), bounds=BOUNDS, crs=METRIC)


def test_a_description_of_a_service_is_no_raster(tmp_path: Path) -> None:
    path = tmp_path / "dem.tif"
    path.write_text(
        "<GDAL_WMS><Service name='TMS'><ServerUrl>http://127.0.0.1:9</ServerUrl></Service></GDAL_WMS>"
    )
    with pytest.raises(SourceError, match="not a readable raster"):
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
