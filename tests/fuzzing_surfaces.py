"""Break rasters, surroundings, antennas and lists about villages at random, and read them: only our errors may come out."""

import io
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
from fuzzing import mutate
from fuzzing_boundaries import OSM
from pyproj import CRS
from rasterio.io import MemoryFile
from rasterio.transform import from_origin
from shapely import LineString, box

from lomsong.errors import LomsongError
from lomsong.grid import Raster
from lomsong.settings import FixedSource, LayerSource, PopulationSource, RasterSource
from lomsong.sources.antennas import read_antenna
from lomsong.sources.fixed_lines import read_fixed_lines
from lomsong.sources.overrides import read_overrides
from lomsong.sources.population import read_population
from lomsong.sources.rasters import read_land_cover, read_terrain
from lomsong.sources.surroundings import read_surroundings

DEGREES = CRS.from_epsg(4326)
METRIC = CRS.from_epsg(32648)
BOUNDS = (400_000.0, 2_440_000.0, 402_000.0, 2_442_000.0)
TERRAIN = Raster(np.zeros((20, 20), dtype=np.float32), (104.03, 0.001, 22.08, -0.001), DEGREES)
VILLAGES = gpd.GeoDataFrame(
    {"village_id": ["01", "02"], "village_name": ["A", "B"], "commune_code": ["1", "1"]},
    geometry=[box(400_000, 2_440_000, 401_000, 2_441_000), box(401_000, 2_441_000, 402_000, 2_442_000)],
    crs=METRIC,
)
_VRT = (
    "<VRTDataset rasterXSize='60' rasterYSize='60'><SRS>EPSG:4326</SRS>"
    "<GeoTransform>104.0, 0.002, 0.0, 22.1, 0.0, -0.002</GeoTransform><VRTRasterBand dataType='Int16' band='1'>"
    "<SimpleSource><SourceFilename relativeToVRT='1'>tile.tif</SourceFilename><SourceBand>1</SourceBand>"
    "<SrcRect xOff='0' yOff='0' xSize='60' ySize='60'/><DstRect xOff='0' yOff='0' xSize='60' ySize='60'/>"
    "</SimpleSource></VRTRasterBand></VRTDataset>"
)
_ANTENNA = (
    "NAME Panel\nMAKE Somebody\nFREQUENCY 900\nGAIN 15.0 dBi\nTILT ELECTRICAL\nHORIZONTAL 360\n"
    + "".join(f"{angle} {min(abs((angle + 180) % 360 - 180) / 6, 30):.1f}\n" for angle in range(360))
    + "VERTICAL 360\n"
    + "".join(f"{angle} {min(abs((angle + 180) % 360 - 180), 30):.1f}\n" for angle in range(360))
)


def _raster(dtype: str, values: np.ndarray, *, driver: str = "GTiff", **more: object) -> bytes:
    profile = {"driver": driver, "height": values.shape[-2], "width": values.shape[-1], "count": 1, "dtype": dtype,
               "crs": "EPSG:4326", "transform": from_origin(104.0, 22.1, 0.002, 0.002), **more}  # fmt: skip
    with MemoryFile() as memory:
        with memory.open(**profile) as target:
            target.write(values.astype(dtype).reshape(-1, *values.shape[-2:]))
        return bytes(memory.read())


def _terrain(path: Path) -> None:
    read_terrain(RasterSource(path=path), bounds=BOUNDS, crs=METRIC)


def _people(path: Path) -> None:
    people, _ = read_population(
        PopulationSource(path=path, unit="persons_per_cell"), bounds=BOUNDS, crs=METRIC
    )
    for _, values in people.bands():
        values.sum()


def _around(layer: str) -> Callable[[Path], object]:
    return lambda path: read_surroundings(LayerSource(path=path), layer=layer, bounds=BOUNDS, crs=METRIC)


#: How each kind is read, by its name; the name ends as the file's does.
READERS: dict[str, Callable[[Path], object]] = {
    "dem.tif": _terrain,
    "plain.tif": _terrain,
    "float.tif": _terrain,
    "N22E104.hgt": _terrain,
    "N22E104.hgt.zip": _terrain,
    "dem.vrt": _terrain,
    "folder.tif": lambda path: _terrain(path.parent),
    "people.tif": _people,
    "cover.tif": lambda path: read_land_cover(RasterSource(path=path), terrain=TERRAIN),
    "roads.geojson": _around("roads"),
    "roads.gpkg": _around("roads"),
    "power.osm": _around("power"),
    "schools.geojson": _around("schools"),
    "fixed.csv": lambda path: read_fixed_lines([FixedSource(path=path)], villages=VILLAGES, radius_m=500.0),
    "overrides.csv": lambda path: read_overrides([], LayerSource(path=path), village_ids=VILLAGES["village_id"]),
    "antenna.msi": read_antenna,
}  # fmt: skip
KINDS = tuple(READERS)


@cache
def good_files(kind: str) -> dict[str, bytes]:
    """Return the files of a kind; the first is the one that is read, and broken."""
    rng = np.random.default_rng(7)
    heights = rng.integers(0, 900, (60, 60))
    tile = _raster("int16", heights, compress="deflate", nodata=-32768)
    lines = gpd.GeoDataFrame(
        {"osm_id": ["1", "2"], "highway": ["primary", "track"], "name": ["Đường A", None], "amenity": ["school", "school"]},
        geometry=[LineString([(104.03, 22.06), (104.05, 22.08)]), LineString([(104.04, 22.06), (104.04, 22.08)])], crs=DEGREES,
    )  # fmt: skip
    srtm = np.pad(heights, ((0, 1201 - 60), (0, 1201 - 60)), mode="edge").astype(">i2").tobytes()
    contents: dict[str, Callable[[], dict[str, bytes]]] = {
        "dem.tif": lambda: {kind: tile},
        "plain.tif": lambda: {kind: _raster("int16", heights)},
        "float.tif": lambda: {kind: _raster("float32", heights / 7.0, compress="lzw", predictor=3, tiled=True, blockxsize=16, blockysize=16)},
        "N22E104.hgt": lambda: {kind: srtm},
        "N22E104.hgt.zip": lambda: {kind: _zipped("N22E104.hgt", srtm)},
        "dem.vrt": lambda: {kind: _VRT.encode(), "tile.tif": tile},
        "folder.tif": lambda: {kind: tile, "other.tif": _raster("int16", heights + 5, transform=from_origin(104.12, 22.1, 0.002, 0.002))},
        "people.tif": lambda: {kind: _raster("float32", rng.random((60, 60)), nodata=-99999.0, compress="deflate")},
        "cover.tif": lambda: {kind: _raster("uint8", rng.choice([10, 30, 50, 80], (60, 60)), compress="deflate", nodata=0)},
        "roads.geojson": lambda: {kind: lines.to_json().encode()},
        "schools.geojson": lambda: {kind: lines.to_json().encode()},
        "roads.gpkg": lambda: {kind: _written(lines)},
        "power.osm": lambda: {kind: OSM.replace("k='place' v='hamlet'", "k='power' v='tower'").encode()},
        "fixed.csv": lambda: {kind: b"village_id,technology\n01,ftth\n02,\n"},
        "overrides.csv": lambda: {kind: "village_id,status,date,who,why\n01,covered,2026-01-02,A,seen\n02,white,2026-01-02,B,Nói\n".encode()},
        "antenna.msi": lambda: {kind: _ANTENNA.encode()},
    }  # fmt: skip
    return contents[kind]()


def _zipped(name: str, content: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def _written(frame: gpd.GeoDataFrame) -> bytes:
    import tempfile  # noqa: PLC0415 - here only

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.gpkg"
        frame.to_file(path)
        return path.read_bytes()


def attack_surfaces(folder: Path, kind: str, seed: int) -> bool:
    """Break a file of a kind and read it; return whether it was refused with an error of ours."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    files = good_files(kind)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    path = folder / kind
    content = path.read_bytes()
    # most of a raster is pixels, which are never wrong: half of the time the beginning is broken
    head = content[:600] if rng.integers(0, 2) else content
    path.write_bytes(mutate(head, rng) + content[len(head) :])
    before = sorted(each.name for each in folder.parent.rglob("*"))
    try:
        READERS[kind](path)
    except LomsongError as error:
        return bool(str(error).strip())
    after = sorted(each.name for each in folder.parent.rglob("*"))
    if after != before:
        raise AssertionError(f"written beside the input: {set(after) - set(before)}")
    return False
