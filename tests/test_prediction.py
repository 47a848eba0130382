"""Prediction: against a brute force over every sector, and against what physics must do."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pyproj import Geod, Transformer
from worlds import CRS_METRIC, flat_terrain, ridged_terrain

from lomsong import blocks
from lomsong.compiled import get_num_threads, set_num_threads
from lomsong.errors import RadioError
from lomsong.grid import Raster
from lomsong.inputs import Inputs
from lomsong.network import FLOOR_SIGMAS
from lomsong.prediction import predict, predict_sectors
from lomsong.propagation.antenna import (
    combined_attenuation,
    horizontal_attenuation,
    reference_offset,
    vertical_attenuation,
)
from lomsong.propagation.empirical import cost231_hata_loss, okumura_hata_loss, rma_nlos_loss
from lomsong.propagation.free_space import free_space_loss
from lomsong.propagation.itm import itm_loss
from lomsong.propagation.p526 import delta_bullington_loss, effective_earth_radius
from lomsong.propagation.p526_deygout import deygout_loss
from lomsong.propagation.p1812 import p1812_losses
from lomsong.settings import RadioSettings
from lomsong.signal_table import spread

World = Callable[..., Inputs]
TO_DEGREES = Transformer.from_crs(CRS_METRIC, 4326, always_xy=True)
#: Where the usual carriers are outside the limits of a model.
FREQUENCY_MHZ = {"hata": 900.0, "cost231": 1800.0}


def standing(clutter: Raster | None, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return what stands on a path: the cell that holds each sample, and nothing under the antennas."""
    if clutter is None:
        return np.zeros(len(x))
    left, across, top, down = clutter.transform
    heights = clutter.values[((y - top) // down).astype(int), ((x - left) // across).astype(int)]
    return np.concatenate([[0.0], heights[1:-1], [0.0]])


def oracle_loss(radio, away, ground, clutter, ends) -> float:  # type: ignore[no-untyped-def]
    """Return the loss beyond free space by the public functions of the model."""
    surface, length = ground + clutter, away[-1]
    base, mobile, frequency = ends["transmitter_height_m"], ends["receiver_height_m"], ends["frequency_mhz"]
    radius = effective_earth_radius(radio.refractivity_gradient)
    free = float(free_space_loss(length, frequency))
    near = max(length, 1000.0)
    if radio.model == "p1812":
        losses = p1812_losses(
            away,
            ground,
            latitude_deg=21.8,
            clutter_height_m=clutter,
            refractivity_gradient=radio.refractivity_gradient,
            surface_refractivity=radio.surface_refractivity,
            **ends,
        )
        return float(losses.basic_db - losses.free_space_db)
    total = {
        "p526": lambda: free + delta_bullington_loss(away, surface, effective_earth_radius_m=radius, **ends),
        "deygout": lambda: free + deygout_loss(away, surface, effective_earth_radius_m=radius, **ends),
        "itm": lambda: itm_loss(ground, length / (len(ground) - 1), base, mobile, frequency),
        "hata": lambda: okumura_hata_loss(near, frequency, base, mobile) + 20 * np.log10(length / near),
        "cost231": lambda: (
            cost231_hata_loss(near, frequency, base, mobile, extrapolate=True) + 20 * np.log10(length / near)
        ),
        "rma": lambda: rma_nlos_loss(length, frequency, base, mobile, extrapolate=True),
        "free_space": lambda: free,
    }
    return float(total[radio.model]()) - free


def brute_force(inputs: Inputs, point: int, demand) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """Return the level of every sector at one demand point, without any shortcut."""
    radio, terrain = inputs.settings.radio, inputs.terrain
    place = demand.geometry.iloc[point]
    levels = {}
    for sector in inputs.sectors.itertuples():
        distance = max(place.distance(sector.geometry), 10.0)
        count = max(int(np.ceil(distance / terrain.cell_size_m())) + 1, 3)
        along = np.linspace(0, 1, count)
        x = sector.geometry.x + (place.x - sector.geometry.x) * along
        y = sector.geometry.y + (place.y - sector.geometry.y) * along
        heights = terrain.sample(x, y)
        clutter = standing(inputs.clutter, x, y)
        ends = {
            "transmitter_height_m": sector.antenna_height_m,
            "receiver_height_m": radio.receiver_height_m,
            "frequency_mhz": sector.frequency_mhz,
        }
        loss = oracle_loss(radio, distance * along, heights, clutter, ends)
        start = TO_DEGREES.transform(sector.geometry.x, sector.geometry.y)
        bearing = Geod(ellps="WGS84").inv(*start, *TO_DEGREES.transform(place.x, place.y))[0]
        pattern = 0.0
        if np.isfinite(sector.azimuth_deg):
            # the ray leaves towards the receiver, or towards the terrain that hides it
            radius = float(effective_earth_radius(radio.refractivity_gradient))
            seen = np.append((heights + clutter)[1:-1], heights[-1] + radio.receiver_height_m)
            tx_m, away = heights[0] + sector.antenna_height_m, distance * along[1:]
            elevation = np.degrees(np.arctan(np.max((seen - tx_m) / away - away / (2 * radius))))
            pattern = float(
                combined_attenuation(
                    horizontal_attenuation(bearing - sector.azimuth_deg, sector.beamwidth_deg),
                    vertical_attenuation(
                        elevation,
                        beamwidth_deg=sector.vertical_beamwidth_deg,
                        electrical_tilt_deg=sector.downtilt_deg,
                    ),
                )
            )
        offset = float(reference_offset(sector.technology, sector.bandwidth_mhz))
        free = float(free_space_loss(distance, sector.frequency_mhz))
        levels[sector.sector_id] = sector.eirp_dbm + offset - pattern - free - loss
    return levels


@pytest.fixture(
    params=[
        *((model, wooded) for model in ("p1812", "p526") for wooded in (False, True)),
        *((model, True) for model in ("deygout", "itm", "hata", "cost231", "rma", "free_space")),
    ],
    ids=lambda chosen: f"{chosen[0]}-{'wooded' if chosen[1] else 'bare'}",
)
def hills(world: World, request: pytest.FixtureRequest) -> Inputs:
    rng = np.random.default_rng(5)
    terrain = flat_terrain()
    rough = rng.normal(0, 1, (40, 40)).repeat(10, 0).repeat(10, 1)
    terrain.values[:] += (120 * rough).astype(np.float32)
    masts = {f"m{i:02d}": tuple(rng.uniform(2, 33, 2)) for i in range(40)}
    model, wooded = request.param
    inputs = world(
        {f"v{i}": tuple(rng.uniform(3, 32, 2)) for i in range(6)},
        masts,
        terrain=terrain,
        mast_columns={
            "technology": rng.choice(["3g", "4g"], 40),
            "operator": rng.choice(["A", "B"], 40),
            "azimuth_deg": np.where(rng.random(40) < 0.5, rng.uniform(0, 360, 40), np.nan),
            "site_id": [f"s{i // 2}" for i in range(40)],
            **({"frequency_mhz": FREQUENCY_MHZ[model]} if model in FREQUENCY_MHZ else {}),
        },
        radio={"model": model},
    )
    if not wooded:
        return inputs
    woods = np.random.default_rng(6).choice([0.0, 0.0, 10.0, 15.0, 30.0], (80, 80))
    heights = woods.repeat(5, 0).repeat(5, 1).astype(np.float32)
    return replace(inputs, clutter=Raster(heights, terrain.transform, terrain.crs))


def test_bound_and_stop_finds_the_servers_that_brute_force_finds(hills: Inputs) -> None:
    prediction = predict(hills)
    signal = prediction.signal.set_index(["demand_id", "operator", "technology"])
    info = hills.sectors.set_index("sector_id")
    radio = hills.settings.radio
    floor = {
        name: each.threshold_dbm - FLOOR_SIGMAS * radio.sigma_blocked_db
        for name, each in radio.carriers.items()
    }
    for point in range(0, len(prediction.demand), 7):
        levels = brute_force(hills, point, prediction.demand)
        for (operator, technology), rows in info.groupby(["operator", "technology"]):
            mine = sorted(((levels[s], s) for s in rows.index), reverse=True)
            best = mine[0]
            other = [level for level, s in mine if info.loc[s, "site_id"] != info.loc[best[1], "site_id"]]
            if best[0] < floor[technology]:
                assert (point, operator, technology) not in signal.index
                continue
            row = signal.loc[(point, operator, technology)]
            assert row["level_dbm"] == pytest.approx(best[0], abs=0.01)
            assert row["sector_id"] == best[1]
            second = other[0] if other[0] >= floor[technology] else np.nan
            assert row["second_level_dbm"] == pytest.approx(second, abs=0.01, nan_ok=True)


def test_the_search_evaluates_fewer_paths_than_there_are_pairs(hills: Inputs) -> None:
    prediction = predict(hills)
    model = hills.settings.radio.model
    # three edges leave hardly a level above the floor here, so nothing stops the search
    assert prediction.paths < prediction.pairs or model == "deygout"
    assert (prediction.glances > 0) == (model in {"p1812", "p526"})


def test_every_pair_above_the_floor_is_told_and_the_best_of_them_is_the_best_server(hills: Inputs) -> None:
    prediction = predict(hills)
    pairs = predict_sectors(hills, prediction.demand, hills.sectors)
    assert pairs.columns.tolist() == [
        *("demand_id", "sector_id", "level_dbm", "sigma_db", "distance_m", "diffraction_db")
    ]
    assert not pairs.duplicated(["demand_id", "sector_id"]).any()
    best = pairs.merge(hills.sectors[["sector_id", "operator", "technology"]], on="sector_id")
    best = best.sort_values(["level_dbm", "sector_id"], ascending=[False, True])
    best = best.groupby(["demand_id", "operator", "technology"]).first()
    text = prediction.signal.select_dtypes("category").columns
    signal = prediction.signal.astype(dict.fromkeys(text, str))
    signal = signal.set_index(["demand_id", "operator", "technology"]).sort_index()
    assert best.index.equals(signal.index)
    shared = ["sector_id", "level_dbm", "sigma_db", "distance_m", "diffraction_db"]
    pd.testing.assert_frame_equal(best[shared], signal[shared], check_exact=True, check_dtype=False)


def test_pairs_come_in_blocks_and_sectors_need_not_be_those_of_the_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = world({"v": (16, 15), "w": (8, 9)}, {"m": (4, 15)})
    thought_of = world({"v": (16, 15)}, {"x": (12, 12), "y": (30, 30)}).sectors
    demand = predict(inputs).demand
    whole = predict_sectors(inputs, demand, thought_of)
    assert set(whole["sector_id"]) == {"x", "y"}
    monkeypatch.setattr(blocks, "CHUNK_PAIRS", 3)
    pd.testing.assert_frame_equal(predict_sectors(inputs, demand, thought_of), whole)
    assert predict_sectors(inputs, demand, thought_of.iloc[:0]).empty


@pytest.mark.parametrize(
    ("model", "frequency_mhz", "limit"),
    [("hata", 1800.0, "150, 1500"), ("cost231", 900.0, "1500, 2000"), ("rma", 450.0, "500, 30000")],
)
def test_a_carrier_outside_the_limits_of_the_model_is_refused_with_the_limit_and_what_fits(
    world: World, model: str, frequency_mhz: float, limit: str
) -> None:
    inputs = world(
        {"v": (16, 15)}, {"m": (4, 15)}, mast_columns={"frequency_mhz": frequency_mhz}, radio={"model": model}
    )
    with pytest.raises(RadioError, match=rf"{model}.*\[{limit}\] MHz.*p1812"):
        predict(inputs)


def test_a_baseline_is_named_as_one_and_what_is_extrapolated_is_counted(world: World) -> None:
    def said(model: str, **columns: float) -> str:
        inputs = world(
            {"v": (16, 15)},
            {"m": (4, 15)},
            mast_columns={"frequency_mhz": 1800.0, **columns},
            radio={"model": model},
        )
        return "\n".join(finding.message for finding in predict(inputs).findings)

    assert "baseline" not in said("p1812")
    assert "3GPP TR 38.901 RMa NLOS" in said("rma")
    assert "baseline" in said("rma")
    assert "5 km" in said("rma")
    assert "20 km" not in said("cost231", antenna_height_m=40.0)
    assert "antenna_height_m" in said("cost231", antenna_height_m=20.0)


def test_one_thread_and_two_give_the_same(hills: Inputs) -> None:
    many = predict(hills).signal
    threads = get_num_threads()
    try:
        set_num_threads(1)
        one = predict(hills).signal
    finally:
        set_num_threads(threads)
    assert one.equals(many)


def test_a_ridge_between_mast_and_village_darkens_it(world: World) -> None:
    places = {"villages": {"v": (16, 15)}, "masts": {"m": (4, 15)}}
    levels = [
        predict(world(**places, terrain=ridged_terrain(height))).signal["level_dbm"].max()
        for height in (0.0, 50.0, 150.0, 400.0)
    ]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] - levels[3] > 20


def test_the_obstacle_is_where_the_ridge_is(world: World) -> None:
    inputs = world({"v": (16, 15)}, {"m": (4, 15)}, terrain=ridged_terrain(300.0, east_km=10))
    prediction = predict(inputs)
    centre = prediction.demand.loc[prediction.demand["is_centre"], "demand_id"].iloc[0]
    row = prediction.signal.set_index("demand_id").loc[centre]
    assert row["obstacle_m"] == pytest.approx(6000, abs=300)
    assert row["diffraction_db"] > 20


def test_a_sector_that_looks_away_is_weaker_by_its_pattern(world: World) -> None:
    def level(azimuth: float) -> float:
        inputs = world(
            {"v": (16, 15)}, {"m": (4, 15)}, mast_columns={"azimuth_deg": azimuth, "downtilt_deg": 0.0}
        )
        return float(predict(inputs).signal.set_index("demand_id")["level_dbm"].loc[0])

    assert level(90.0) - level(270.0) == pytest.approx(25.0, abs=0.02)


def test_the_level_is_what_the_technology_measures(world: World) -> None:
    """Same power and frequency: RSRP of 20 MHz lies 30.8 dB, RSCP 10 dB under the carrier's power."""
    common = {"eirp_dbm": 60.0, "frequency_mhz": 1800.0}
    level = {}
    for technology in ("2g", "3g", "4g"):
        inputs = world({"v": (10, 15)}, {"m": (6, 15)}, mast_columns={"technology": technology, **common})
        level[technology] = predict(inputs).signal["level_dbm"].iloc[0]
    assert level["2g"] - level["3g"] == pytest.approx(10.0)
    assert level["2g"] - level["4g"] == pytest.approx(10 * np.log10(12 * 100))


def test_a_mast_beyond_the_terrain_is_unseen_not_absent(world: World) -> None:
    inputs = world({"v": (2, 15)}, {"m": (-3, 15)})
    signal = predict(inputs).signal
    assert signal["level_dbm"].isna().all()
    assert signal["unseen_bound_dbm"].notna().all()


def test_a_void_in_the_terrain_makes_the_path_unseen(world: World) -> None:
    terrain = flat_terrain()
    terrain.values[:, 100:104] = np.nan
    signal = predict(world({"v": (16, 15)}, {"m": (4, 15)}, terrain=terrain)).signal
    assert signal["level_dbm"].isna().all()


def test_nothing_above_the_floor_has_no_row(world: World) -> None:
    inputs = world(
        {"v": (30, 15)}, {"m": (2, 15)}, mast_columns={"eirp_dbm": 0.0}, terrain=ridged_terrain(900.0)
    )
    assert predict(inputs).signal.empty


def test_the_floor_is_four_sigmas_under_the_threshold(hills: Inputs) -> None:
    radio = hills.settings.radio
    lowest = (
        min(radio.carriers[name].threshold_dbm for name in ("3g", "4g"))
        - FLOOR_SIGMAS * radio.sigma_blocked_db
    )
    assert predict(hills).signal["level_dbm"].min() >= lowest


def test_the_air_of_another_place_is_an_assumption_until_it_is_set(world: World) -> None:
    places = {"villages": {"v": (16, 15)}, "masts": {"m": (4, 15)}}
    assert any("air as over" in finding.message for finding in predict(world(**places)).findings)
    own = world(**places, radio={"refractivity_gradient": 40, "surface_refractivity": 320})
    assert not any("air as over" in finding.message for finding in predict(own).findings)


def test_a_mast_in_the_village_does_not_break_the_formulas(world: World) -> None:
    signal = predict(world({"v": (15, 15)}, {"m": (15, 15)})).signal
    assert np.isfinite(signal["level_dbm"]).all()


def test_the_spread_grows_with_the_obstruction() -> None:
    radio = RadioSettings()
    sigma = spread(np.array([0.0, 10.0, 20.0, 60.0, np.nan]), radio)
    assert sigma[:4].tolist() == [8.0, 11.0, 14.0, 14.0]
    assert np.isnan(sigma[4])
