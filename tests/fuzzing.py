"""Break input files at random and read them: only our errors may come out."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
from pyproj import CRS
from rasterio.transform import from_origin
from shapely import box

from lomsong.errors import LomsongError
from lomsong.settings import BoundarySource, MastSource, RasterSource, SpeedTestSource
from lomsong.sources.boundaries import read_villages
from lomsong.sources.masts import read_masts
from lomsong.sources.rasters import read_terrain
from lomsong.sources.speedtests import read_speed_tests

NASTY = [
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"1e400",
    b"nan",
    b'"',
    b"\r\n",
    b",,,,",
    b"-",
    b"'; DROP",
    "Đèo".encode("cp1258", "replace"),
]


def write_seeds(folder: Path) -> dict[str, Path]:
    """Write one good file of each kind."""
    shapes = [box(104 + i / 10, 22, 104.1 + i / 10, 22.1) for i in range(3)]
    villages = gpd.GeoDataFrame(
        {"village_id": ["01", "02", "03"], "village_name": ["Bản A", "B", "C"], "population": [1, 2, 3]},
        geometry=shapes,
        crs="EPSG:4326",
    )
    villages.to_file(folder / "v.geojson")
    villages.to_file(folder / "v.gpkg")
    villages.to_parquet(folder / "v.parquet")
    cells = "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal\n"
    cells += "".join(f"LTE,1,1,7,{i},0,104.{i},22.{i},1000,1,1,1477602130,1477602130,0\n" for i in range(9))
    (folder / "m.csv").write_text(cells)
    tiles = pd.DataFrame(
        {"quadkey": ["3112302131202302", "3112302131202303"], "avg_d_kbps": [5.0, 6.0], "tests": [1, 2]}
    )
    tiles.to_parquet(folder / "t.parquet")
    tiles.to_csv(folder / "t.csv", index=False)
    profile = {
        "driver": "GTiff",
        "height": 50,
        "width": 50,
        "count": 1,
        "dtype": "int16",
        "crs": "EPSG:4326",
        "transform": from_origin(104, 22.5, 0.01, 0.01),
        "compress": "deflate",
    }
    with rasterio.open(folder / "r.tif", "w", **profile) as target:
        target.write(np.random.default_rng(0).integers(0, 999, (50, 50)).astype(np.int16), 1)
    return {path.suffix + path.stem: path for path in folder.iterdir()}


def mutate(content: bytes, rng: np.random.Generator) -> bytes:
    """Flip, cut, repeat or insert bytes."""
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 6))):
        at = int(rng.integers(0, max(len(data), 1)))
        match int(rng.integers(0, 5)):
            case 0:
                data[at : at + 1] = bytes([int(rng.integers(0, 256))])
            case 1:
                del data[at:]
            case 2:
                data[at:at] = NASTY[int(rng.integers(0, len(NASTY)))]
            case 3:
                data[at:at] = data[at : at + int(rng.integers(1, 200))]
            case _:
                del data[at : at + int(rng.integers(1, 50))]
    return bytes(data)


def read(path: Path) -> None:
    """Read a file as what its name says."""
    match path.name[0]:
        case "v":
            read_villages(BoundarySource(path=path))
        case "m":
            read_masts(MastSource(path=path, format="opencellid"))
        case "t":
            read_speed_tests(SpeedTestSource(path=path, network="mobile"))
        case _:
            read_terrain(RasterSource(path=path), bounds=(104.1, 22.1, 104.2, 22.2), crs=CRS.from_epsg(4326))


def attack(folder: Path, seed: int) -> int:
    """Mutate each kind of file once and read it; return how many were refused."""
    rng = np.random.default_rng(seed)
    refused = 0
    for path in write_seeds(folder).values():
        path.write_bytes(mutate(path.read_bytes(), rng))
        try:
            read(path)
        except LomsongError as error:
            refused += bool(str(error).strip())
    return refused
