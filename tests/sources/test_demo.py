"""The demo district: the same from the same seed, honest about its records, and independent of the predictor."""

import ast
import itertools
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyproj
import pytest
import rasterio
import shapely

from lomsong.errors import OutputError, SettingsError
from lomsong.settings_file import load_settings
from lomsong.sources import demo
from lomsong.sources.demo import write_demo
from lomsong.sources.demo.district import District, make_district
from lomsong.sources.demo.levels import draw_shadowing, sector_gain_db, trace
from lomsong.sources.demo.terrain import CELL_M, CELLS, METRIC_CRS, MIDDLE_M, Ground, make_ground
from lomsong.sources.speedtests import decode_quadkeys

KEPT = Path(__file__).parents[2] / "data" / "demo"
SEEDS = (1, 2, 3)
CROWD = ("Sóng Xanh", "Mạng Núi")
LISTED = "Viễn Thông Mây"
GEOD = pyproj.Geod(ellps="WGS84")
NUMBER = re.compile(r"-?\d+\.\d+")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "again"
    write_demo(folder)
    return folder


@pytest.fixture(scope="module", params=SEEDS)
def district(request: pytest.FixtureRequest) -> District:
    return make_district(request.param)


def read_table(name: str) -> pd.DataFrame:
    return pd.read_csv(KEPT / name, dtype={"village_id": str})


def same_text(one: str, other: str) -> bool:
    """Equal but for the last digit of a number with decimals."""
    if NUMBER.sub("#", one) != NUMBER.sub("#", other):
        return False
    pairs = zip(NUMBER.findall(one), NUMBER.findall(other), strict=True)
    return all(abs(float(a) - float(b)) <= 1.01e-6 for a, b in pairs)


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# The folder that the repository keeps is what the code draws.


def test_the_kept_district_has_the_files_that_the_code_writes(written: Path) -> None:
    assert files_in(KEPT) == files_in(written)


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "cells_opencellid.csv",
        "district.yml",
        "drive_test.csv",
        "sites_vien_thong_may.csv",
        "truth/masts.csv",
        "truth/points.csv",
        "truth/villages.csv",
    ],
)
def test_a_kept_text_is_what_the_code_writes(written: Path, name: str) -> None:
    kept, again = ((folder / name).read_text(encoding="utf-8") for folder in (KEPT, written))
    assert same_text(kept, again), f"{name} has changed; if that is meant, run: lomsong demo data/demo"


@pytest.mark.parametrize("name", ["terrain.tif", "population.tif"])
def test_a_kept_raster_is_what_the_code_writes(written: Path, name: str) -> None:
    with rasterio.open(KEPT / name) as kept, rasterio.open(written / name) as again:
        assert kept.profile == again.profile
        off = np.abs(kept.read(1).astype(float) - again.read(1).astype(float))
    assert off.max() <= 1
    assert (off > 1e-4).mean() <= 0.001


def test_the_kept_villages_are_what_the_code_writes(written: Path) -> None:
    kept, again = (gpd.read_file(folder / "villages.gpkg") for folder in (KEPT, written))
    pd.testing.assert_frame_equal(
        pd.DataFrame(kept.drop(columns="geometry")),
        pd.DataFrame(again.drop(columns="geometry")),
        atol=1e-6,
        rtol=0,
    )
    assert shapely.equals_exact(kept.geometry.to_numpy(), again.geometry.to_numpy(), tolerance=1e-6).all()


@pytest.mark.parametrize("name", ["speedtests_mobile.parquet", "speedtests_fixed.parquet"])
def test_the_kept_speed_tests_are_what_the_code_writes(written: Path, name: str) -> None:
    assert pq.read_table(KEPT / name).equals(pq.read_table(written / name))


def test_the_kept_district_is_small() -> None:
    assert sum((KEPT / name).stat().st_size for name in files_in(KEPT)) < 3_000_000


# Randomness comes from the seed alone.


def test_the_same_seed_gives_the_same_bytes(written: Path, tmp_path: Path) -> None:
    write_demo(tmp_path / "twin", seed=2023)
    for name in files_in(written):
        assert (written / name).read_bytes() == (tmp_path / "twin" / name).read_bytes(), name


def test_another_seed_gives_another_district(written: Path, district: District) -> None:
    with rasterio.open(written / "terrain.tif") as kept:
        heights = kept.read(1)
    assert (heights != district.ground.height.values).mean() > 0.9
    names = pd.read_csv(written / "truth" / "villages.csv")["village_name"]
    assert names.tolist() != district.village_truth["village_name"].tolist()


# The settings file.


def test_the_settings_parse_and_say_synthetic(written: Path) -> None:
    settings = load_settings(written / "district.yml")
    assert settings.synthetic
    assert "synthetic" in settings.name
    sources = [
        settings.inputs.villages,
        *settings.inputs.masts,
        settings.inputs.terrain,
        settings.inputs.population,
        *settings.inputs.speed_tests,
        settings.inputs.truth,
    ]
    assert all(source is not None and source.path.is_file() for source in sources)
    assert all(source is not None and "synthetic" in source.attribution for source in sources)


def test_the_rules_in_the_settings_are_the_defaults(written: Path) -> None:
    settings = load_settings(written / "district.yml")
    for part in ("demand", "service", "ranking"):
        assert getattr(settings, part) == type(getattr(settings, part))(), part
    plain = type(settings.radio)()
    for name, carrier in settings.radio.carriers.items():
        assert carrier.model_copy(update={"source": ""}) == plain.carriers[name].model_copy(
            update={"source": ""}
        )


def test_no_column_of_a_file_is_mapped_to_nothing(written: Path) -> None:
    settings = load_settings(written / "district.yml")
    villages = gpd.read_file(written / "villages.gpkg")
    assert set(settings.inputs.villages.columns.values()) <= set(villages.columns)
    listed = pd.read_csv(written / "sites_vien_thong_may.csv")
    assert set(settings.inputs.masts[1].columns.values()) == set(listed.columns)


# The truth shares nothing with the predictor.


def test_the_demo_imports_nothing_of_the_predictor() -> None:
    allowed = {
        "errors",
        "findings",
        "units",
        "text",
        "contracts",
        "schemas",
        "settings",
        "settings_file",
        "grid",
    }
    for path in Path(demo.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                if name.startswith("lomsong"):
                    fine = name.startswith("lomsong.sources.demo") or name.split(".")[1] in allowed
                    assert fine, f"{path.name} imports {name}"


# What the districts are like.


def test_some_villages_are_dark_and_some_are_hollow(district: District) -> None:
    truth = district.village_truth
    assert 0.15 <= (~truth["has_signal"]).mean() <= 0.35
    assert truth["hollow"].sum() >= 2
    assert truth.loc[truth["hollow"], "has_signal"].all()


def test_every_centre_lies_in_its_village_and_in_no_other(district: District) -> None:
    villages = district.people.villages
    outlines = np.array(district.people.outlines)
    assert shapely.is_valid(outlines).all()
    tree = shapely.STRtree(outlines)
    centre, village = tree.query(shapely.points(villages[["x", "y"]].to_numpy()), predicate="within")
    assert centre.tolist() == village.tolist() == list(range(len(villages)))


def test_villages_fill_the_district_without_overlaps(district: District) -> None:
    outlines = district.people.outlines
    whole = shapely.union_all(outlines).area
    assert sum(outline.area for outline in outlines) == pytest.approx(whole, rel=1e-6)


def test_the_terrain_reaches_5_km_beyond_every_village(district: District) -> None:
    west, south, east, north = shapely.union_all(district.people.outlines).bounds
    left, bottom, right, top = district.ground.height.bounds
    assert min(west - left, south - bottom, right - east, top - north) >= 5000


def test_the_population_raster_is_near_the_census_and_not_equal_to_it(district: District) -> None:
    people = district.population.people
    counted = float(people[people > 0].sum())
    census = float(district.people.villages["population"].sum())
    assert counted == pytest.approx(census, rel=0.10)
    assert counted != census


def test_codes_keep_their_zeros_and_the_district_is_in_the_empty_pacific() -> None:
    villages = gpd.read_file(KEPT / "villages.gpkg")
    assert villages["ma_thon"].str.fullmatch(r"00\d{5}").all()
    assert villages["ma_thon"].is_unique
    west, south, east, north = villages.total_bounds
    assert west > -147.5
    assert east < -146.5
    assert south > 33.5
    assert north < 34.5
    assert villages["kinh_do"].isna().any()
    assert villages["grid_power"].isna().any()


# Records and truth.


def distance_m(one: pd.DataFrame, other: pd.DataFrame) -> np.ndarray:
    pairs = list(itertools.product(range(len(one)), range(len(other))))
    a, b = (
        frame.iloc[list(rows)] for frame, rows in zip((one, other), zip(*pairs, strict=True), strict=True)
    )
    _, _, away = GEOD.inv(a["lon"].to_numpy(), a["lat"].to_numpy(), b["lon"].to_numpy(), b["lat"].to_numpy())
    return np.asarray(away).reshape(len(one), len(other))


@pytest.fixture(scope="module")
def masts() -> pd.DataFrame:
    return read_table("truth/masts.csv")


@pytest.fixture(scope="module")
def cells() -> pd.DataFrame:
    return read_table("cells_opencellid.csv")


def test_a_tenth_to_a_sixth_of_the_real_masts_is_in_no_record(masts: pd.DataFrame) -> None:
    real = masts[masts["on_air"]]
    assert 0.09 <= (real["record"] == "missing").mean() <= 0.16
    listed = set(read_table("sites_vien_thong_may.csv")["SITE"])
    mine = masts[masts["operator"] == LISTED]
    assert listed == set(mine.loc[mine["record"] != "missing", "site_id"])


def test_most_masts_are_a_little_off_and_a_few_far_off(masts: pd.DataFrame) -> None:
    near = masts[(masts["record"] == "near") & masts["operator"].isin(CROWD)]
    assert 90 < near["offset_m"].mean() < 220
    moved = masts.loc[masts["record"] == "moved", "offset_m"]
    assert len(moved) >= 2
    assert moved.between(950, 2500).all()
    written_off = GEOD.inv(
        masts["lon"], masts["lat"], masts["recorded_lon"].fillna(0), masts["recorded_lat"].fillna(0)
    )
    real = (masts["record"] == "near") | (masts["record"] == "moved")
    # metres on the map grid, which is a little smaller than the ground
    assert np.allclose(np.array(written_off[2])[real], masts.loc[real, "offset_m"], rtol=0.002, atol=0.3)


def test_cells_of_the_crowd_stand_about_the_recorded_masts(masts: pd.DataFrame, cells: pd.DataFrame) -> None:
    known = masts[masts["record"] != "missing"].assign(lon=masts["recorded_lon"], lat=masts["recorded_lat"])
    for net, operator in enumerate(CROWD, start=1):
        mine = cells[cells["net"] == net]
        away = distance_m(mine, known[known["operator"] == operator])
        assert away.min(axis=1).max() < 200
        assert away.min(axis=0).max() < 200


def test_stale_records_are_old_and_their_masts_are_off_air(masts: pd.DataFrame, cells: pd.DataFrame) -> None:
    stale = masts[masts["record"] == "stale"]
    assert len(stale) >= 2
    assert not stale["on_air"].any()
    assert masts.loc[masts["record"] != "stale", "on_air"].all()
    heard = pd.to_datetime(cells["updated"], unit="s")
    crowd = stale[stale["operator"].isin(CROWD)].assign(lon=stale["recorded_lon"], lat=stale["recorded_lat"])
    for _, mast in crowd.iterrows():
        mine = (cells["net"] == 1 + CROWD.index(mast["operator"])).to_numpy()
        about = distance_m(cells, mast.to_frame().T)[:, 0] < 200
        assert (heard[mine & about] < "2018").any()
    assert (heard <= "2023-06-30").all()


def test_real_powers_spread_about_the_planned_ones(district: District) -> None:
    masts = district.records.masts
    errors = np.concatenate(
        [(masts[f"real_{name}_dbm"] - masts[f"planned_{name}_dbm"]).dropna() for name in ("2g", "4g")]
    )
    assert 1.5 < errors.std() < 4.5


def test_the_crowd_file_looks_like_opencellid(cells: pd.DataFrame) -> None:
    header = "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal"
    assert ",".join(cells.columns) == header
    assert set(cells["mcc"]) == {1}
    assert set(cells["net"]) == {1, 2}
    assert set(cells["radio"]) <= {"GSM", "UMTS", "LTE", "NR"}
    assert (cells["averageSignal"] == 0).all()
    assert 0.7 < (cells["range"] == 1000).mean() < 0.95
    assert 0.35 < (cells["samples"] <= 1).mean() < 0.65
    assert (cells["created"] <= cells["updated"]).all()
    assert not cells.duplicated(["radio", "net", "area", "cell"]).any()


# Speed tests.


@pytest.mark.parametrize("name", ["mobile", "fixed"])
def test_a_tile_is_the_one_that_its_quadkey_names(name: str) -> None:
    tiles = pq.read_table(KEPT / f"speedtests_{name}.parquet").to_pandas()
    longitude, latitude, size = decode_quadkeys(tiles["quadkey"].to_numpy(dtype=object))
    outlines = shapely.from_wkt(tiles["tile"].to_numpy())
    assert tiles["quadkey"].str.len().eq(16).all()
    assert np.allclose(shapely.get_x(shapely.centroid(outlines)), longitude, atol=1e-9)
    assert np.allclose(shapely.get_y(shapely.centroid(outlines)), latitude, atol=1e-6)
    assert ((size > 490) & (size < 520)).all()
    assert (tiles["devices"] <= tiles["tests"]).all()


def test_every_mobile_tile_holds_a_point_with_signal() -> None:
    points = read_table("truth/points.csv")
    lit = points[points["has_signal"]]
    tiles = shapely.from_wkt(pq.read_table(KEPT / "speedtests_mobile.parquet")["tile"].to_pylist())
    tile, _ = shapely.STRtree(shapely.points(lit["lon"], lit["lat"])).query(tiles, predicate="intersects")
    assert set(tile) == set(range(len(tiles)))


def test_fixed_tests_lie_in_villages_with_a_fixed_line_signal_or_not() -> None:
    villages = gpd.read_file(KEPT / "villages.gpkg")
    truth = read_table("truth/villages.csv").set_index("village_id").loc[villages["ma_thon"]]
    wired = villages.geometry[truth["fixed_line"].to_numpy()]
    tiles = shapely.from_wkt(pq.read_table(KEPT / "speedtests_fixed.parquet")["tile"].to_pylist())
    assert set(shapely.STRtree(wired.to_numpy()).query(tiles, predicate="intersects")[0]) == set(
        range(len(tiles))
    )
    assert (truth["fixed_line"] & ~truth["has_signal"]).any()


def test_speeds_spread_widely() -> None:
    speed = pq.read_table(KEPT / "speedtests_mobile.parquet")["avg_d_kbps"].to_pandas()
    assert speed.quantile(0.9) > 8 * speed.quantile(0.1)


# The truth's physics, against what is known by hand.


def plain() -> Ground:
    """Return flat ground without trees."""
    ground = make_ground(np.random.default_rng(0))
    flat = np.zeros((CELLS, CELLS))
    height = type(ground.height)(flat.astype(np.float32), ground.height.transform, METRIC_CRS)
    return Ground(height=height, slope_deg=flat, rise_m=flat, forest=flat > 1)


def with_wall(ground: Ground, *, east_m: float, height_m: float) -> Ground:
    """Return the same with a north-south wall, thick enough for a sample to meet its top."""
    values = ground.height.values.copy()
    middle = int(CELLS / 2 + east_m / CELL_M)
    values[:, middle - 1 : middle + 2] = height_m
    height = type(ground.height)(values, ground.height.transform, METRIC_CRS)
    return Ground(height=height, slope_deg=ground.slope_deg, rise_m=ground.rise_m, forest=ground.forest)


@pytest.fixture(scope="module")
def flat() -> Ground:
    return plain()


def loss_over(ground: Ground, *, mast_height_m: float = 60.0, distance_m: float = 6000.0) -> float:
    start = np.array([MIDDLE_M])
    paths = trace(ground, start, np.array([mast_height_m]), np.add(start, (distance_m, 0.0)))
    return float(paths.loss_db(1800.0)[0, 0])


def test_a_high_mast_over_flat_ground_has_free_space_loss(flat: Ground) -> None:
    # 32.44 + 20 log10(f in MHz) + 20 log10(d in km), ITU-R P.525
    free = 32.44 + 20 * np.log10(1800) + 20 * np.log10(2.0)
    assert loss_over(flat, mast_height_m=250, distance_m=2000) == pytest.approx(free, abs=0.2)


def test_one_wall_costs_what_a_knife_edge_costs(flat: Ground) -> None:
    wall = with_wall(flat, east_m=3000, height_m=200)
    free = 32.44 + 20 * np.log10(1800) + 20 * np.log10(6.0)
    # the line runs at 30.75 m above the middle: nu = h √(2 (d1 + d2) / (λ d1 d2)), far in the shadow 13 + 20 log10 nu
    nu = (200 - 30.75) * np.sqrt(2 * 6000 / (0.16655 * 3000 * 3000))
    assert loss_over(wall) - free == pytest.approx(13 + 20 * np.log10(nu), abs=1.0)


def test_a_second_wall_costs_more(flat: Ground) -> None:
    one = with_wall(flat, east_m=2000, height_m=200)
    assert loss_over(with_wall(one, east_m=4000, height_m=200)) > loss_over(one) + 5


def test_a_higher_wall_never_costs_less(flat: Ground) -> None:
    losses = [loss_over(with_wall(flat, east_m=3000, height_m=height)) for height in range(0, 400, 20)]
    assert (np.diff(losses) >= -1e-9).all()


def test_an_antenna_is_3_db_weaker_at_half_its_beamwidth() -> None:
    assert sector_gain_db(0.0, -4.0, 65.0, 4.0) == pytest.approx(0.0, abs=1e-9)
    assert sector_gain_db([-32.5, 32.5, 392.5], -4.0, 65.0, 4.0) == pytest.approx([-3.0] * 3, abs=0.01)
    assert sector_gain_db(180.0, -4.0, 65.0, 4.0) < -17


def test_shadowing_has_its_spread_and_its_correlations() -> None:
    places = np.array([[0.0, 0.0], [500.0, 0.0], [50_000.0, 0.0]])
    drawn = draw_shadowing(places, 2, np.random.default_rng(1))
    many = np.array([draw_shadowing(places, 2, np.random.default_rng(seed)) for seed in range(4000)])
    assert drawn.shape == (2, 3)
    assert many.std(axis=0) == pytest.approx(np.full((2, 3), 7.0), abs=0.3)
    assert np.corrcoef(many[:, 0, 0], many[:, 1, 0])[0, 1] == pytest.approx(0.5, abs=0.06)
    assert np.corrcoef(many[:, 0, 0], many[:, 0, 1])[0, 1] == pytest.approx(np.exp(-1), abs=0.06)
    assert np.corrcoef(many[:, 0, 0], many[:, 0, 2])[0, 1] == pytest.approx(0.0, abs=0.06)


# Writing.


@pytest.fixture
def quick(district: District, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `write_demo` write a district that is drawn already."""
    monkeypatch.setattr("lomsong.sources.demo.files.make_district", lambda _: district)


def test_a_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(OutputError, match="not empty"):
        write_demo(tmp_path)
    assert files_in(tmp_path) == ["thesis.txt"]


def test_a_folder_with_real_settings_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "district.yml").write_text("name: Real place\nsynthetic: false\n")
    with pytest.raises(OutputError, match="no demo district"):
        write_demo(tmp_path)
    assert files_in(tmp_path) == ["district.yml"]


def test_a_file_in_the_way_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("")
    with pytest.raises(OutputError, match="is a file"):
        write_demo(tmp_path / "demo")


def test_a_negative_seed_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="zero or more"):
        write_demo(tmp_path / "demo", seed=-1)


@pytest.mark.usefixtures("quick")
def test_an_earlier_demo_is_replaced_and_a_strangers_file_stays(tmp_path: Path, written: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "district.yml").write_text("name: old\nsynthetic: true\n")
    (folder / "notes.txt").write_text("mine")
    assert write_demo(folder) == folder / "district.yml"
    assert files_in(folder) == sorted([*files_in(written), "notes.txt"])
    assert load_settings(folder / "district.yml").name != "old"
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


@pytest.mark.usefixtures("quick")
def test_an_empty_folder_is_filled(tmp_path: Path, written: Path) -> None:
    assert write_demo(tmp_path) == tmp_path / "district.yml"
    assert files_in(tmp_path) == files_in(written)


@pytest.mark.usefixtures("quick")
def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lomsong.sources.demo.files.write_readme", fail)
    with pytest.raises(OutputError, match="No space left"):
        write_demo(tmp_path / "demo")
    assert list(tmp_path.iterdir()) == []
