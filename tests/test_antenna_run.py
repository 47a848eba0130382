"""Antenna files in a run: the file's pattern counts, in the prediction, on the path, on the map and in the findings."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from worlds import CRS_METRIC, ridged_terrain, small_settings

from lomsong.antenna_pattern import Cut, Pattern
from lomsong.errors import MissingSourceError, SourceError
from lomsong.inputs import Inputs
from lomsong.path import explain_path
from lomsong.prediction import predict, predict_sectors
from lomsong.propagation.beam import least_attenuation, table_attenuation, tabulate
from lomsong.settings import RadioSettings
from lomsong.settings_file import load_settings
from lomsong.signal_raster import predict_raster
from lomsong.sources.antennas import find_antennas

World = Callable[..., Inputs]
ANGLES = tuple(float(angle) for angle in range(360))


def cut(width_deg: float, least_db: float, middle_deg: float = 0.0) -> Cut:
    off = [(angle - middle_deg + 180) % 360 - 180 for angle in ANGLES]
    return Cut(ANGLES, tuple(min(12 * (angle / width_deg) ** 2, least_db) for angle in off))


#: A panel with an electrical tilt of 4 degrees and a back that is weaker than 3GPP has it.
PANEL = Pattern(
    name="panel",
    frequency_mhz=1800.0,
    gain_dbi=17.0,
    horizontal=cut(60.0, 40.0),
    vertical=cut(7.0, 40.0, 4.0),
    electrical_tilt_deg=4.0,
)


def network(world: World, **columns: object) -> Inputs:
    """Return a mast 12 km west of a village on level ground, with the panel."""
    given = {"azimuth_deg": 90.0, "frequency_mhz": 1800.0, "antenna": "panel", **columns}
    return replace(world({"v": (16, 15)}, {"m": (4, 15)}, mast_columns=given), antennas={"panel": PANEL})


def level(inputs: Inputs) -> float:
    return float(predict(inputs).signal["level_dbm"].iloc[0])


@pytest.mark.parametrize("tilt_deg", [0.0, 3.0, -2.5])
def test_the_table_is_the_pattern(tilt_deg: float) -> None:
    rng = np.random.default_rng(1)
    tables = tabulate(PANEL, tilt_deg)[np.newaxis]
    azimuth, elevation = rng.uniform(-720, 720, 500), rng.uniform(-30, 30, 500)
    found = [table_attenuation(tables, 0, *each) for each in zip(azimuth, elevation, strict=True)]
    np.testing.assert_allclose(found, PANEL.attenuation(azimuth, elevation, tilt_deg), atol=0.6)
    whole = PANEL.attenuation(np.arange(360), -4.0, tilt_deg)
    np.testing.assert_allclose([table_attenuation(tables, 0, a, -4.0) for a in range(360)], whole, atol=1e-5)
    least = [least_attenuation(tables.min(axis=2).astype(np.float64), 0, each) for each in azimuth]
    assert (np.array(found) >= np.array(least) - 1e-9).all()
    assert np.isnan(table_attenuation(tables, 0, 10.0, np.nan))


def test_the_back_of_the_file_counts_and_not_that_of_3gpp(world: World) -> None:
    front, back = level(network(world)), level(network(world, azimuth_deg=270.0))
    behind = float(PANEL.attenuation(180.0, 0.0) - PANEL.attenuation(0.0, 0.0))
    assert front - back == pytest.approx(behind, abs=0.6)
    without = {"antenna": None}
    assert level(network(world, **without)) - level(network(world, azimuth_deg=270.0, **without)) < 26


def test_a_downtilt_counts_in_whole_and_an_assumed_one_gives_way_to_the_file(world: World) -> None:
    """The ray to a village far off leaves close to the horizon, so the tilt is what the vertical cut takes."""
    found = {tilt: level(network(world, downtilt_deg=tilt)) for tilt in (4.0, 6.0)}
    assert found[4.0] - found[6.0] == pytest.approx(12 * (6.0**2 - 4.0**2) / 7.0**2, abs=0.5)
    assert level(network(world)) == found[4.0]


def test_an_antenna_without_a_direction_radiates_all_around_as_in_its_main_beam(world: World) -> None:
    assert level(network(world, azimuth_deg=np.nan)) == pytest.approx(level(network(world)), abs=0.1)


def test_a_name_without_a_file_is_counted_and_falls_back_to_3gpp(world: World) -> None:
    inputs = network(world, antenna="pannel")
    found = predict(inputs)
    (said,) = [finding for finding in found.findings if finding.layer == "antennas"]
    assert "'pannel'" in said.message
    assert said.count == 1
    assert level(inputs) == level(network(world, antenna=None))


def test_a_pattern_on_another_band_is_told(world: World) -> None:
    said = [
        each.message
        for each in predict(network(world, frequency_mhz=900.0)).findings
        if each.layer == "antennas"
    ]
    assert len(said) == 1
    assert "1800 MHz" in said[0]
    assert not [each for each in predict(network(world)).findings if each.layer == "antennas"]


@pytest.fixture
def crowd(world: World) -> Inputs:
    """Return twenty tilted panels in hills, half of them with the file."""
    rng = np.random.default_rng(7)
    terrain = ridged_terrain(150.0)
    terrain.values[:] += (60 * rng.normal(0, 1, (40, 40)).repeat(10, 0).repeat(10, 1)).astype(np.float32)
    columns = {
        "azimuth_deg": rng.uniform(0, 360, 20),
        "downtilt_deg": rng.choice([0.0, 2.0, 6.0, 9.0], 20),
        "antenna": ["panel", None] * 10,
        "frequency_mhz": 1800.0,
    }
    masts = {f"m{i:02d}": tuple(rng.uniform(4, 20, 2)) for i in range(20)}
    inputs = world({"v": (11, 12), "w": (14, 9)}, masts, terrain=terrain, mast_columns=columns)
    return replace(inputs, antennas={"panel": PANEL})


def test_bound_and_stop_still_finds_what_all_pairs_hold(crowd: Inputs) -> None:
    found = predict(crowd)
    pairs = predict_sectors(crowd, found.demand, crowd.sectors).sort_values("level_dbm", ascending=False)
    best = pairs.groupby("demand_id").nth([0, 1]).groupby("demand_id")
    signal = found.signal.set_index("demand_id")
    np.testing.assert_array_equal(best["level_dbm"].max(), signal["level_dbm"])
    np.testing.assert_array_equal(best["level_dbm"].min(), signal["second_level_dbm"])
    assert found.paths < found.pairs


def test_the_path_has_the_level_of_the_prediction(crowd: Inputs) -> None:
    found = predict(crowd)
    centre = found.demand.loc[
        found.demand["is_centre"] & (found.demand["village_id"] == "v"), "demand_id"
    ].iloc[0]
    levels = predict_sectors(crowd, found.demand, crowd.sectors).set_index(["demand_id", "sector_id"])[
        "level_dbm"
    ]
    for sector in levels.loc[centre].index[:6]:
        path = explain_path(crowd, village_id="v", site_id=str(sector))
        assert path.budget.level_dbm == pytest.approx(levels[centre, sector], abs=0.3)


@pytest.mark.parametrize("model", ["p1812", "itm"])
def test_the_map_has_the_levels_of_demand_points_in_its_cells(crowd: Inputs, model: str) -> None:
    radio = RadioSettings(model=model, area_engine="exact")  # type: ignore[arg-type]
    (raster,) = predict_raster(crowd, radio, cell_m=250.0)
    x_left, step, y_top, _ = raster.transform
    row, column = np.indices(raster.level_dbm.shape)
    x, y = x_left + (column.ravel() + 0.5) * step, y_top - (row.ravel() + 0.5) * step
    places = gpd.GeoDataFrame(
        {"demand_id": np.arange(x.size), "ground_m": 0.0}, geometry=gpd.points_from_xy(x, y), crs=CRS_METRIC
    )
    pairs = predict_sectors(crowd, places, crowd.sectors, radio)
    best = pairs.groupby("demand_id")["level_dbm"].max()
    off = np.abs(raster.level_dbm.ravel()[best.index] - best.to_numpy())
    # the exact engine walks geodesics with samples of its own; other models walk the same paths
    assert np.median(off) < (0.3 if model == "p1812" else 1e-4)
    assert np.quantile(off, 0.9) < (2.0 if model == "p1812" else 1e-4)
    assert raster.model.startswith("ITU-R P.1812" if model == "p1812" else "Longley-Rice")


def test_settings_name_files_or_a_folder_of_them(tmp_path: Path) -> None:
    for name in ("a.msi", "b.MSI", "c.txt"):
        (tmp_path / name).write_text("x")
    assert list(find_antennas(tmp_path)) == ["a", "b"]
    assert find_antennas({"z": tmp_path / "a.msi"}) == {"z": tmp_path / "a.msi"}
    (tmp_path / "a.pln").write_text("x")
    with pytest.raises(SourceError, match=r"a\.msi and a\.pln"):
        find_antennas(tmp_path)
    with pytest.raises(MissingSourceError, match="no folder"):
        find_antennas(tmp_path / "nowhere")
    text = "name: x\ninputs: {villages: {path: v}, masts: [{path: m}], terrain: {path: t}}\nradio: {antennas: %s}\n"
    for given, wanted in (("{panel: p.msi}", {"panel": tmp_path / "p.msi"}), ("files", tmp_path / "files")):
        (tmp_path / "run.yml").write_text(text % given)
        assert load_settings(tmp_path / "run.yml").radio.antennas == wanted
    assert small_settings().radio.antennas == {}
