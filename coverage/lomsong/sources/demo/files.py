"""Writing the district to a folder: real formats, no clock, and nothing half written."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import rasterio
import shapely
import yaml
from numpy.typing import NDArray
from pyogrio.errors import DataSourceError
from pyproj import Transformer
from rasterio.errors import RasterioError

from lomsong.errors import OutputError, SettingsError
from lomsong.sources.demo.district import NO_PEOPLE, District, make_district
from lomsong.sources.demo.documents import write_readme, write_settings
from lomsong.sources.demo.settlements import CELLS_A_DEGREE
from lomsong.sources.demo.terrain import CELL_M, METRIC_CRS

SETTINGS_FILE = "district.yml"
#: Last date of the data, written where a format wants a time.
FILE_DATE = "2023-06-30T00:00:00Z"
#: Decimals of longitudes and latitudes: a tenth of a metre. [deg]
_DECIMALS = 6
#: The villages' columns in the file, and ours.
_VILLAGE_COLUMNS = {
    "ma_thon": "village_id",
    "ten_thon": "village_name",
    "ma_xa": "commune_code",
    "ten_xa": "commune_name",
    "ten_huyen": "district_name",
    "ten_tinh": "province_name",
    "dan_so": "population",
    "so_ho": "households",
    "grid_power": "grid_power",
    "fund_eligible": "fund_eligible",
}
_GPKG_DATE = "OGR_CURRENT_DATE"


def write_demo(folder: Path, *, seed: int = 2023) -> Path:
    """
    Write the synthetic district.

    Parameters
    ----------
    folder : Path
        Made if it is not there. An earlier demo in it is replaced, and files of other names are left alone.
    seed : int
        The same seed gives the same district.

    Returns
    -------
    Path
        The settings file to run.

    Raises
    ------
    OutputError
        The folder holds something else, or cannot be written; nothing is changed then.
    SettingsError
        The seed is negative.
    """
    folder = Path(folder)
    if seed < 0:
        raise SettingsError(f"demo: the seed must be zero or more, not {seed}")
    _refuse_foreign(folder)
    district = make_district(seed)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.resolve().parent) as scratch:
            ready = Path(scratch) / "demo"
            ready.mkdir()
            _write_files(district, ready)
            _move(ready, folder)
    except (OSError, RasterioError, DataSourceError) as error:
        raise OutputError(f"demo: {folder} cannot be written ({error})") from None
    return folder / SETTINGS_FILE


def _refuse_foreign(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise OutputError(f"demo: {folder} is a file; name a folder")
    if any(folder.iterdir()) and not _is_demo(folder):
        raise OutputError(
            f"demo: {folder} is not empty and holds no demo district; name another folder, or empty it"
        )


def _is_demo(folder: Path) -> bool:
    try:
        content = yaml.safe_load((folder / SETTINGS_FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return False
    return isinstance(content, dict) and content.get("synthetic") is True


def _move(ready: Path, folder: Path) -> None:
    """Put finished files in place, a new folder all at once; one that is there may be somebody's working folder."""
    if not folder.exists():
        ready.replace(folder)
        return
    files = sorted(path.relative_to(ready) for path in ready.rglob("*") if path.is_file())
    # the settings last: without them nothing here can be run
    for name in sorted(files, key=lambda path: path.name == SETTINGS_FILE):
        (folder / name).parent.mkdir(exist_ok=True)
        (ready / name).replace(folder / name)


def _write_files(district: District, folder: Path) -> None:
    (folder / "truth").mkdir()
    _write_villages(district, folder / "villages.gpkg")
    _write_rasters(district, folder)
    for name, tiles in (("mobile", district.mobile_tests), ("fixed", district.fixed_tests)):
        # without pandas' metadata, which name its version
        table = pa.Table.from_pandas(tiles, preserve_index=False).replace_schema_metadata(None)
        pq.write_table(table, folder / f"speedtests_{name}.parquet", compression="zstd")
    records = district.records
    _write_csv(records.cells, folder / "cells_opencellid.csv")
    _write_csv(records.listed, folder / "sites_vien_thong_may.csv")
    _write_csv(district.samples, folder / "drive_test.csv")
    _write_csv(records.masts, folder / "truth" / "masts.csv")
    _write_csv(district.village_truth, folder / "truth" / "villages.csv")
    _write_csv(_with_degrees(district), folder / "truth" / "points.csv")
    (folder / SETTINGS_FILE).write_text(write_settings(district), encoding="utf-8", newline="\n")
    (folder / "README.md").write_text(write_readme(district), encoding="utf-8", newline="\n")


def _with_degrees(district: District) -> pd.DataFrame:
    """Return the judged points with the code of their village and in WGS 84."""
    points = district.point_truth
    longitude, latitude = _to_degrees(points["x"], points["y"])
    table = points.drop(columns=["village", "x", "y"])
    table.insert(0, "village_id", district.people.villages["village_id"].to_numpy()[points["village"]])
    table.insert(3, "lon", longitude)
    table.insert(4, "lat", latitude)
    return table


def _to_degrees(x: pd.Series, y: pd.Series) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    to_degrees = Transformer.from_crs(METRIC_CRS, "EPSG:4326", always_xy=True)
    longitude, latitude = to_degrees.transform(x.to_numpy(), y.to_numpy())
    return longitude, latitude


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table with the decimals that its units deserve."""
    rounded = table.copy()
    for name in table.columns:
        if pd.api.types.is_bool_dtype(table[name]):
            rounded[name] = table[name].map({True: "true", False: "false"})
        elif pd.api.types.is_float_dtype(table[name]):
            place = str(name).casefold().rsplit("_", 1)[-1]
            decimals = _DECIMALS if place in ("lon", "lat", "deg") else 3 if place == "share" else 1
            rounded[name] = table[name].round(decimals)
    rounded.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def _write_villages(district: District, path: Path) -> None:
    villages = district.people.villages
    frame = villages[list(_VILLAGE_COLUMNS.values())].set_axis(list(_VILLAGE_COLUMNS), axis=1)
    longitude, latitude = _to_degrees(villages["x"], villages["y"])
    known = villages["centre_known"]
    frame["kinh_do"] = pd.Series(longitude).round(_DECIMALS).where(known)
    frame["vi_do"] = pd.Series(latitude).round(_DECIMALS).where(known)
    shapes = gpd.GeoSeries(district.people.outlines, crs=METRIC_CRS).to_crs("EPSG:4326")
    multi = [
        shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape]) for shape in shapes
    ]
    with _fixed_date():
        pyogrio.write_dataframe(
            gpd.GeoDataFrame(frame, geometry=multi, crs="EPSG:4326"), path, layer="villages", driver="GPKG"
        )


@contextlib.contextmanager
def _fixed_date() -> Iterator[None]:
    """Keep the clock out of GeoPackages."""
    before = pyogrio.get_gdal_config_option(_GPKG_DATE)
    pyogrio.set_gdal_config_options({_GPKG_DATE: FILE_DATE})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({_GPKG_DATE: before})


def _write_rasters(district: District, folder: Path) -> None:
    height = district.ground.height
    x_left, _, y_top, _ = height.transform
    layout = {
        "driver": "GTiff",
        "count": 1,
        "compress": "deflate",
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
    }
    with rasterio.open(
        folder / "terrain.tif",
        "w",
        **layout,
        predictor=2,
        zlevel=9,
        dtype="int16",
        nodata=-32768,
        height=height.values.shape[0],
        width=height.values.shape[1],
        crs=METRIC_CRS.to_string(),
        transform=rasterio.Affine(CELL_M, 0.0, x_left, 0.0, -CELL_M, y_top),
    ) as terrain:
        terrain.write(height.values.astype("int16"), 1)
        terrain.update_tags(DESCRIPTION="synthetic terrain of the lomsong demo, metres")
    population = district.population
    step = 1 / CELLS_A_DEGREE
    with rasterio.open(
        folder / "population.tif",
        "w",
        **layout,
        dtype="float32",
        nodata=NO_PEOPLE,
        height=population.people.shape[0],
        width=population.people.shape[1],
        crs="EPSG:4326",
        transform=rasterio.Affine(step, 0.0, population.west_deg, 0.0, -step, population.north_deg),
    ) as people:
        people.write(population.people, 1)
        people.update_tags(DESCRIPTION="synthetic population of the lomsong demo, people per cell")
