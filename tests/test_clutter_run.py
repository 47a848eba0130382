"""Land cover in a run: from the file to the level, and no tree counted twice."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rasterio
import yaml
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.transform import from_bounds, from_origin
from rasterio.warp import reproject
from worlds import CELL_M, CRS_METRIC, X0, Y0, flat_terrain, mast_table, village_table

from lomsong.errors import LomsongError, RadioError, SettingsError, SourceError
from lomsong.findings import Finding
from lomsong.grid import Raster
from lomsong.inputs import Inputs, read
from lomsong.path import explain_path
from lomsong.prediction import predict
from lomsong.settings import RasterSource, Settings
from lomsong.settings_file import load_settings, parse_settings
from lomsong.sources.rasters import read_land_cover

World = Callable[..., Inputs]
CELLS = 400
TREES, GRASS, TOWN, WATER = 10, 30, 50, 80
TRANSFORM = from_origin(X0, Y0 + CELLS * CELL_M, CELL_M, CELL_M)


def write_raster(path: Path, values: np.ndarray, **changes: Any) -> Path:
    profile = {
        "driver": "GTiff", "height": values.shape[0], "width": values.shape[1], "count": 1, "dtype": values.dtype,
        "crs": CRS_METRIC, "transform": TRANSFORM,
    }  # fmt: skip
    with rasterio.open(path, "w", **{**profile, **changes}) as target:
        target.write(values, 1)
    return path


def belt(*, fill: int = GRASS, kind: int = TREES) -> np.ndarray:
    """Return open land with a belt of `kind` from 8 to 12 km east."""
    codes = np.full((CELLS, CELLS), fill, dtype=np.uint8)
    codes[:, 89:133] = kind
    return codes


def write_world(folder: Path, **changes: Any) -> Settings:
    """Write a village 14 km east of a mast over level ground; `changes` go into the settings."""
    village_table({"v": (18, 15)}).to_file(folder / "villages.gpkg")
    masts = mast_table({"m": (4, 15)}).to_crs(4326)
    table = pd.DataFrame(masts.drop(columns="geometry")).assign(
        latitude_deg=masts.geometry.y, longitude_deg=masts.geometry.x
    )
    table.to_csv(folder / "masts.csv", index=False)
    write_raster(folder / "terrain.tif", flat_terrain().values)
    inputs = {
        "villages": {"path": "villages.gpkg"},
        "masts": [{"path": "masts.csv", "crs": "EPSG:4326"}],
        "terrain": {"path": "terrain.tif"},
        **changes.pop("inputs", {}),
    }
    content = {"name": "made up", "synthetic": True, "working_crs": CRS_METRIC, "inputs": inputs, **changes}
    (folder / "settings.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return load_settings(folder / "settings.yml")


def covered(
    folder: Path, codes: np.ndarray, *, raster: dict[str, Any] | None = None, **changes: Any
) -> Inputs:
    write_raster(folder / "cover.tif", codes, **(raster or {}))
    inputs = {"land_cover": {"path": "cover.tif"}, **changes.pop("inputs", {})}
    return read(write_world(folder, inputs=inputs, **changes))


def level(inputs: Inputs) -> float:
    return float(predict(inputs).signal["level_dbm"].max())


def about(inputs: Inputs) -> list[Finding]:
    return [finding for finding in inputs.findings if finding.layer == "land_cover"]


# --- from the file to the level ---------------------------------------------------------------------------------


def test_a_forest_between_mast_and_village_lowers_the_level(tmp_path: Path) -> None:
    bare = read(write_world(tmp_path))
    wooded = covered(tmp_path, belt())
    assert bare.clutter is None
    assert wooded.clutter is not None
    assert wooded.clutter.transform == wooded.terrain.transform
    assert set(np.unique(wooded.clutter.values)) == {0.0, 15.0}
    assert level(wooded) < level(bare) - 1
    explained = explain_path(wooded, village_id="v")
    row = predict(wooded).signal.iloc[0]
    assert explained.budget.level_dbm == pytest.approx(row["level_dbm"], abs=0.3)
    assert explained.obstacle is not None
    assert explained.obstacle.clutter_m == 15.0


def test_what_stands_under_the_antennas_costs_nothing(world: World) -> None:
    inputs = world({"v": (18, 15)}, {"m": (4, 15)})
    bare, terrain = predict(inputs), inputs.terrain
    nearest = bare.demand.geometry.iloc[int(bare.demand.geometry.x.argmin())]
    mast = inputs.sectors.geometry.iloc[0]
    row, column = terrain.pixel(np.array([mast.x, nearest.x]), np.array([mast.y, nearest.y]))
    heights = np.zeros_like(terrain.values)
    heights[np.rint(row).astype(int), np.rint(column).astype(int)] = 15.0
    signal = predict(replace(inputs, clutter=Raster(heights, terrain.transform, terrain.crs))).signal
    at = int(bare.demand.geometry.x.argmin())
    assert signal["level_dbm"].iloc[at] == bare.signal["level_dbm"].iloc[at]
    heights[:, int(column.mean())] = 15.0
    signal = predict(replace(inputs, clutter=Raster(heights, terrain.transform, terrain.crs))).signal
    assert signal["level_dbm"].iloc[at] < bare.signal["level_dbm"].iloc[at]


@pytest.mark.parametrize("model", ["p1812", "p526"])
def test_taller_clutter_never_strengthens_the_level(world: World, model: str) -> None:
    inputs = world({"v": (18, 15)}, {"m": (4, 15)}, radio={"model": model})
    terrain = inputs.terrain
    kinds = np.random.default_rng(3).random(terrain.values.shape).astype(np.float32)
    levels = [
        level(replace(inputs, clutter=Raster(kinds * height, terrain.transform, terrain.crs)))
        for height in (0.0, 2.0, 10.0, 20.0, 60.0)
    ]
    assert levels == sorted(levels, reverse=True)


def test_clutter_of_no_height_is_no_clutter(world: World) -> None:
    inputs = world({"v": (18, 15), "w": (10, 20)}, {"m": (4, 15), "n": (25, 9)})
    terrain = inputs.terrain
    nothing = Raster(np.zeros_like(terrain.values), terrain.transform, terrain.crs)
    assert predict(replace(inputs, clutter=nothing)).signal.equals(predict(inputs).signal)


def test_clutter_on_another_grid_is_refused(world: World) -> None:
    inputs = world({"v": (18, 15)}, {"m": (4, 15)})
    other = Raster(np.zeros((400, 399), np.float32), inputs.terrain.transform, inputs.terrain.crs)
    with pytest.raises(RadioError, match="not on the grid of the terrain"):
        predict(replace(inputs, clutter=other))


# --- the file ---------------------------------------------------------------------------------------------------


def test_land_cover_in_another_crs_and_cell_size_lies_where_it_should(tmp_path: Path) -> None:
    """Two twins: rasterio's look-up of single points, and GDAL's warper, which may err by an eighth of a cell."""
    degrees = Transformer.from_crs(CRS_METRIC, 4326, always_xy=True)
    west, south, east, north = degrees.transform_bounds(X0 - 1000, Y0 - 1000, X0 + 37_000, Y0 + 37_000)
    rng = np.random.default_rng(8)
    codes = rng.choice([TREES, GRASS, TOWN, WATER], (300, 320)).astype(np.uint8).repeat(4, 0).repeat(4, 1)
    place = from_bounds(west, south, east, north, codes.shape[1], codes.shape[0])
    path = write_raster(tmp_path / "cover.tif", codes, crs="EPSG:4326", transform=place)
    terrain = flat_terrain()
    found = read_land_cover(RasterSource(path=path), terrain=terrain)
    assert found.transform == terrain.transform
    centre = (np.arange(CELLS) + 0.5) * CELL_M
    x, y = degrees.transform(*(axis.ravel() for axis in np.meshgrid(X0 + centre, Y0 + centre[::-1])))
    with rasterio.open(path) as dataset:
        sampled = [value[0] for value in dataset.sample(zip(x, y, strict=True))]
    assert found.values.ravel().tolist() == sampled
    warped = np.zeros(terrain.values.shape, np.uint8)
    reproject(
        codes, warped, src_transform=place, src_crs="EPSG:4326", dst_transform=TRANSFORM, dst_crs=CRS_METRIC,
        resampling=Resampling.nearest,
    )  # fmt: skip
    pixels = np.array([(x - place.c) / place.a, (y - place.f) / place.e])
    inner = (np.abs(pixels - np.rint(pixels)) > 0.125).all(axis=0)
    assert inner.mean() > 0.5
    assert (found.values.ravel() == warped.ravel())[inner].all()


def test_a_run_takes_land_cover_in_degrees(tmp_path: Path) -> None:
    degrees = Transformer.from_crs(CRS_METRIC, 4326, always_xy=True)
    west, south, east, north = degrees.transform_bounds(X0 - 1000, Y0 - 1000, X0 + 37_000, Y0 + 37_000)
    codes = np.full((1200, 1200), TREES, dtype=np.uint8)
    place = from_bounds(west, south, east, north, 1200, 1200)
    inputs = covered(tmp_path, codes, raster={"crs": "EPSG:4326", "transform": place})
    assert inputs.clutter is not None
    assert (inputs.clutter.values == 15.0).all()


def test_cells_without_a_class_are_open_land_and_counted(tmp_path: Path) -> None:
    codes = belt()
    codes[:100] = 0
    inputs = covered(tmp_path, codes[:, :300], raster={"nodata": 0})
    assert inputs.clutter is not None
    assert not inputs.clutter.values[:100].any()
    assert not inputs.clutter.values[:, 300:].any()
    counted = [finding for finding in about(inputs) if finding.severity == "warning"]
    assert [finding.count for finding in counted] == [100 * 300 + 400 * 100]
    assert "no land-cover class; taken as open land" in counted[0].message
    assert np.isfinite(level(inputs))


def test_a_missing_value_that_the_file_does_not_declare_is_named_and_can_be_set(tmp_path: Path) -> None:
    codes = belt()
    codes[:5] = 255
    with pytest.raises(RadioError, match=r"no class 255; .*inputs\.land_cover"):
        covered(tmp_path, codes)
    inputs = covered(tmp_path, codes, inputs={"land_cover": {"path": "cover.tif", "nodata": 255}})
    assert [finding.count for finding in about(inputs) if finding.severity == "warning"] == [5 * CELLS]


@pytest.mark.parametrize(
    ("codes", "raster", "what"),
    [
        (belt(), {"transform": from_origin(9e5, 2e5, 90, 90)}, "land_cover: no village lies inside"),
        (belt(), {"crs": None}, "land_cover.* CRS"),
        (np.zeros((CELLS, CELLS), np.uint8), {"nodata": 0}, "holds no class at all"),
        (belt().astype(np.float32) + 0.5, {}, "no class 10.5, 30.5"),
    ],
)
@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_land_cover_that_cannot_be_is_one_clear_error(
    tmp_path: Path, codes: np.ndarray, raster: dict[str, Any], what: str
) -> None:
    with pytest.raises(LomsongError, match=what):
        covered(tmp_path, codes, raster=raster)


def test_a_file_that_is_no_raster_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cover.tif").write_bytes(b"trees")
    with pytest.raises(SourceError, match="land_cover"):
        read(write_world(tmp_path, inputs={"land_cover": {"path": "cover.tif"}}))


# --- the settings -----------------------------------------------------------------------------------------------


def test_a_surface_model_counts_no_tree_twice(tmp_path: Path) -> None:
    bare = read(write_world(tmp_path))
    surface = covered(tmp_path, belt(), inputs={"surface": "surface"})
    assert surface.clutter is None
    assert predict(surface).signal.equals(predict(bare).signal)
    assert "surface model" in about(surface)[0].message
    assert any("surface model" in note for note in explain_path(surface, village_id="v").notes)
    assert "land_cover" in [record.layer for record in surface.records]


def test_a_user_table_overrides_and_extends(tmp_path: Path) -> None:
    codes = belt(kind=TREES)
    codes[:, 133:140] = 55
    table = {TREES: 25.5, 55: 4.0}
    tall = covered(tmp_path, codes, radio={"clutter_heights_m": table})
    assert tall.clutter is not None
    assert set(np.unique(tall.clutter.values)) == {0.0, 4.0, 25.5}
    assert level(tall) < level(covered(tmp_path, belt()))
    message = about(tall)[0]
    assert "tree cover 25.5 m, class 55 4 m; nothing on grassland" in message.message
    assert "radio.clutter_heights_m" in message.source


def test_the_table_survives_the_record_of_a_run(tmp_path: Path) -> None:
    settings = write_world(tmp_path, radio={"clutter_heights_m": {TREES: 25.5}})
    again = parse_settings(json.loads(json.dumps(settings.model_dump(mode="json"))))
    assert again.radio.clutter_heights_m == {TREES: 25.5}
    assert again == settings


@pytest.mark.parametrize("height", [-1, 151, ".nan", "tall"])
def test_a_height_that_cannot_be_is_named(tmp_path: Path, height: object) -> None:
    with pytest.raises(SettingsError, match=r"clutter_heights_m\.10"):
        write_world(tmp_path, radio={"clutter_heights_m": {TREES: height}})


def test_the_heights_and_their_source_are_an_assumption_that_is_told(tmp_path: Path) -> None:
    codes = belt(kind=TOWN)
    codes[0, 0] = TREES
    (told,) = about(covered(tmp_path, codes))
    assert told.severity == "assumption"
    assert told.message.endswith("tree cover 15 m, built-up 10 m; nothing on grassland")
    assert "P.1812" in told.source


def test_without_land_cover_a_note_says_so(tmp_path: Path) -> None:
    (told,) = about(read(write_world(tmp_path)))
    assert (told.severity, told.message) == ("note", "no land cover: clutter is not counted")


def test_the_file_is_on_record_with_its_checksum(tmp_path: Path) -> None:
    records = {record.layer: record for record in covered(tmp_path, belt()).records}
    assert records["land_cover"].path == "cover.tif"
    assert len(records["land_cover"].sha256) == 64
