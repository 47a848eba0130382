"""
How good the evidence is on made-up worlds, against simple baselines; one JSON line a world and a summary.

    python benchmarks/evidence.py                     # the seeds that the method was made with
    python benchmarks/evidence.py --final             # seeds that nobody looked at before
    python benchmarks/evidence.py --scale             # 90,000 villages and a million samples: seconds and memory
"""

import argparse
import json
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.stats import norm
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from evidence_worlds.ground import CELL_M, CELLS, X0, Y0
from evidence_worlds.kinds import DEVELOPMENT_SEEDS, FINAL_SEEDS, KINDS
from evidence_worlds.network import SERVICE, THRESHOLD_DBM
from evidence_worlds.witnesses import VISIT_M
from evidence_worlds.world import World, make_world, without_measurements

import lomsong as ls
from lomsong.evidence.calibration import Fit
from lomsong.evidence.core import Evidence, calibrate
from lomsong.evidence.truncated import strongest_of_two
from lomsong.inputs import Inputs
from lomsong.prediction import Prediction

Array = NDArray[np.float64]

#: Spacing of demand points for the measure of scale: about four a village. [m]
SPACING_M = 600.0


def brier(p: Array, lit: Array) -> float:
    return float(np.mean((np.clip(p, 0, 1) - lit) ** 2))


def calibration_error(p: Array, lit: Array, bins: int = 10) -> float:
    """Return the expected calibration error over bins of equal width."""
    number = np.clip((p * bins).astype(int), 0, bins - 1)
    gaps = [
        abs(p[number == k].mean() - lit[number == k].mean()) * (number == k).mean() for k in np.unique(number)
    ]
    return float(np.sum(gaps))


def labels(inputs: Inputs, xy: Array) -> Array:
    """Return what the samples near each centre say: usable, not usable, or NaN; what a baseline can learn from."""
    table = inputs.measurements
    samples = table[(table["kind"] == "signal") & table["technology"].isin(SERVICE)]
    if samples.empty:
        return np.full(len(xy), np.nan)
    over = (samples["level_dbm"] - samples["technology"].map(THRESHOLD_DBM)).to_numpy(dtype=float)
    near = cKDTree(np.column_stack([samples.geometry.x, samples.geometry.y])).query_ball_point(xy, VISIT_M)
    return np.array([float(over[rows].max() >= 0) if rows else np.nan for rows in near])


def baselines(inputs: Inputs, xy: Array) -> dict[str, Array]:
    sectors = inputs.sectors[inputs.sectors["technology"].isin(SERVICE)]
    away = cKDTree(np.column_stack([sectors.geometry.x, sectors.geometry.y])).query(xy)[0] / 1000
    label = labels(inputs, xy)
    known = np.isfinite(label)
    if len(set(label[known])) < 2:
        flat = np.full(len(xy), label[known].mean() if known.any() else 0.5)
        return {"distance": flat, "boosting": flat}
    distance = LogisticRegression().fit(np.log(away[known, None]), label[known])
    table = np.column_stack([xy / 1000, away])
    trees = GradientBoostingClassifier(n_estimators=50, max_depth=2, subsample=0.8, random_state=0)
    trees.fit(table[known], label[known])
    return {
        "distance": distance.predict_proba(np.log(away[:, None]))[:, 1],
        "boosting": trees.predict_proba(table)[:, 1],
    }


def found(p: Array, lit: Array) -> dict[str, float]:
    dark, low = lit == 0, p < 0.5
    return {
        "recall": float((dark & low).sum() / max(dark.sum(), 1)),
        "precision": float((dark & low).sum() / max(low.sum(), 1)),
    }


def level_figures(world: World, prediction: Prediction) -> dict[str, float]:
    """Return how far levels at unvisited centres are off and how often intervals hold them, by the record of the mast."""
    centres = prediction.demand[prediction.demand["is_centre"].astype(bool)][["village_id", "demand_id"]]
    keys = ["demand_id", "operator", "technology"]
    columns = ["level_dbm", "sigma_db", "second_level_dbm"]
    told = prediction.signal[[*keys, *columns]].rename(columns={"level_dbm": "best_dbm"})
    both = world.levels.merge(centres, on="village_id").merge(told, on=keys)
    visited = world.truth.set_index("village_id")["visited"]
    # far below the sensitivity nobody asks for the level
    both = both[~both["village_id"].map(visited) & (both["best_dbm"] > -115)]
    levels = np.sort(both[["best_dbm", "second_level_dbm"]].to_numpy(dtype=float), axis=1)
    first = np.nanmax(levels, axis=1)
    second = np.where(np.isnan(levels).any(axis=1), np.nan, np.nanmin(levels, axis=1))
    correlation = prediction.radio.site_correlation
    mean, sigma = strongest_of_two(first, second, both["sigma_db"].to_numpy(), correlation)
    off = both["level_dbm"].to_numpy() - mean
    near = (both["fate"] == "near").to_numpy()
    power_alone = float(np.hypot(world.kind.shadow_db, world.kind.power_db))
    figures = {"centres_noise_db": world.noise_db, "noise_power_alone_db": power_alone}
    for name, rows in (("recorded", near), ("unrecorded", ~near)):
        if rows.any():
            figures[f"rmse_{name}_db"] = float(np.sqrt(np.mean(off[rows] ** 2)))
    for level in (0.8, 0.9):
        inside = np.abs(off / sigma) <= norm.ppf(0.5 + level / 2)
        figures[f"centres_within_{round(100 * level)}"] = float(inside[near].mean())
    return figures


def blocked_figures(world: World, fit: Fit | None) -> dict[str, float]:
    """
    Return how far levels of samples in blocks that the model had not seen are off, by the record of the serving mast.

    The noise is that of the same places and serving masts, with the same weights.
    """
    if fit is None or fit.validation is None:
        return {}
    held = fit.validation.held_out
    bins = fit.bins.iloc[: len(held)]
    table = world.inputs.measurements[world.inputs.measurements["kind"] == "signal"]
    near, site_error = np.zeros(len(bins), dtype=bool), np.zeros(len(bins))
    for key, mine in table.groupby(["operator", "technology"]):
        rows = np.flatnonzero((bins["operator"] == key[0]) & (bins["technology"] == key[1]))
        if len(rows):
            tree = cKDTree(np.column_stack([mine.geometry.x, mine.geometry.y]))
            nearest = tree.query(bins[["x", "y"]].to_numpy()[rows])[1]
            record = world.serving.loc[mine["measurement_id"].iloc[nearest]]
            # a record beyond the reach of the waves has no error that could be told
            near[rows] = ((record["fate"] == "near") & np.isfinite(record["site_error_db"])).to_numpy()
            site_error[rows] = record["site_error_db"].to_numpy()
    square = (held["level_dbm"] - held["expected_dbm"]).to_numpy() ** 2
    weight = bins["weight"].to_numpy()
    of_records = np.sqrt(np.average(site_error[near] ** 2, weights=weight[near]))
    noise = float(np.hypot(world.kind.shadow_db, of_records))
    return {"noise_db": noise} | {
        f"blocked_rmse_{name}_db": float(np.sqrt(np.average(square[rows], weights=weight[rows])))
        for name, rows in (("recorded", near), ("unrecorded", ~near))
        if weight[rows].sum() > 0
    }


def judge(world: World) -> dict[str, object]:
    inputs = world.inputs
    prediction = ls.predict(inputs)
    ids = world.truth["village_id"]
    lit = world.truth["has_signal"].to_numpy(dtype=float)
    centres = prediction.demand[prediction.demand["is_centre"].astype(bool)].set_index("village_id").loc[ids]
    xy = np.column_stack([centres.geometry.x, centres.geometry.y])
    # one spread everywhere: the rival does not know that it grows behind ridges
    flat = replace(prediction, signal=prediction.signal.assign(sigma_db=10.0, second_sigma_db=10.0))
    rivals = {"p1812": p_of(flat, inputs, ids), **baselines(inputs, xy)}
    begin = time.perf_counter()
    evidence = calibrate(prediction)
    table = ls.assess(evidence, inputs).set_index("village_id").loc[ids]
    seconds = time.perf_counter() - begin
    p = table["p_signal"].to_numpy()
    record = evidence.record()
    figures: dict[str, object] = {
        "world": world.kind.name, "villages": len(ids), "dark": float(1 - lit.mean()),
        "visited": float(world.truth["visited"].mean()), "brier": brier(p, lit),
        **{f"brier_{name}": brier(rival, lit) for name, rival in rivals.items()},
        "calibration_error": calibration_error(p, lit), **found(p, lit), **level_figures(world, evidence.prediction), **blocked_figures(world, evidence.fit),
        "correction": record.get("correction"), **honesty(world, prediction, table), "seconds": seconds,
        "p": p.tolist(), "lit": lit.tolist(),
    }  # fmt: skip
    if "cross_validation" in record:
        chosen = record["cross_validation"][record["correction"]]
        figures |= {f"blocked_{name}": chosen[name] for name in ("rmse_db", "within_80", "within_90")}
    return figures


def p_of(prediction: Prediction | Evidence, inputs: Inputs, ids: pd.Series) -> Array:
    return ls.assess(prediction, inputs).set_index("village_id").loc[ids, "p_signal"].to_numpy()


def honesty(world: World, prediction: Prediction, table: gpd.GeoDataFrame) -> dict[str, float]:
    bare = without_measurements(world)
    silent = (
        ls.assess(calibrate(prediction, bare.measurements), bare).set_index("village_id").loc[table.index]
    )
    lit = world.truth["has_signal"].to_numpy(dtype=float)
    return {
        "verify_weak": float((table["verify_cause"] == "weak evidence").sum()),
        "verify_weak_without": float((silent["verify_cause"] == "weak evidence").sum()),
        "contradictions": float((table["verify_cause"] == "contradiction").sum()),
        "brier_without": brier(silent["p_signal"].to_numpy(), lit),
        # the mean distance from one half: what is not measured is less sure
        "sureness": float(np.abs(table["p_signal"] - 0.5).mean()),
        "sureness_without": float(np.abs(silent["p_signal"] - 0.5).mean()),
    }


def summarise(rows: list[dict[str, object]]) -> dict[str, object]:
    p, lit = (np.concatenate([row[name] for row in rows]) for name in ("p", "lit"))
    table = pd.DataFrame([{k: v for k, v in row.items() if k not in ("p", "lit")} for row in rows])
    mean = table.mean(numeric_only=True)
    rivals = {name: float(mean[f"brier_{name}"]) for name in ("p1812", "distance", "boosting")}
    best = min(rivals.values())
    return {
        "worlds": len(rows),
        "brier": float(mean["brier"]),
        "best_baseline": min(rivals, key=lambda name: rivals[name]),
        "brier_lower_by": float(1 - mean["brier"] / best),
        "calibration_error_pooled": calibration_error(p, lit),
        **{f"{name}_pooled": value for name, value in found(p, lit).items()},
        "blocked_rmse_over_noise": float((table["blocked_rmse_recorded_db"] / table["noise_db"]).mean()),
        # stricter: as if the records were wrong in power alone
        "blocked_rmse_over_noise_power_alone": float(
            (table["blocked_rmse_recorded_db"] / table["noise_power_alone_db"]).mean()
        ),
        "centres_rmse_over_noise": float((table["rmse_recorded_db"] / table["centres_noise_db"]).mean()),
        "honest_worlds": int((table["verify_weak_without"] >= table["verify_weak"]).sum()),
        "mean": {name: round(float(value), 4) for name, value in mean.items()},
    }


def scale(villages: int, samples: int) -> dict[str, float]:
    """Time calibration and status in a country of many worlds side by side; their truth plays no part."""
    one = make_world("crests", DEVELOPMENT_SEEDS[0]).inputs
    demand = one.settings.demand.model_copy(update={"grid_spacing_m": SPACING_M})
    one = replace(one, population=None, settings=one.settings.model_copy(update={"demand": demand}))
    tiles = -(-villages // len(one.villages))
    # predicting a country is another figure: every world takes over the points and servers of the first
    few = ls.predict(one)
    big = spread_out(one, tiles, samples)
    prediction = repeat(few, big, tiles)
    counts = {"villages": len(big.villages), "samples": samples, "demand_points": len(prediction.demand)}
    counts |= {"signal_rows": len(prediction.signal), "sectors": len(big.sectors)}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    begin, busy = time.perf_counter(), time.process_time()
    evidence = calibrate(prediction)
    calibrated, calibrated_busy = time.perf_counter(), time.process_time()
    ls.assess(evidence, big)
    return {
        **counts,
        "calibrate_s": calibrated - begin,
        "assess_s": time.perf_counter() - calibrated,
        "calibrate_processor_s": calibrated_busy - busy,
        "assess_processor_s": time.process_time() - calibrated_busy,
        "memory_before_gib": before,
        "peak_memory_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def offsets(tiles: int) -> Array:
    """Return how far each world lies from the first, east and north, in about a square. [m]"""
    across = int(np.ceil(np.sqrt(tiles)))
    number = np.arange(tiles)
    return np.column_stack([number % across, -(number // across)]) * CELLS * CELL_M


def shifted(table: gpd.GeoDataFrame, tiles: int, names: tuple[str, ...]) -> gpd.GeoDataFrame:
    """Repeat a table once a world, with names and places of its own."""
    rows, tile = np.tile(np.arange(len(table)), tiles), np.repeat(np.arange(tiles), len(table))
    wide = table.iloc[rows].reset_index(drop=True)
    for name in names:
        wide[name] = renamed(wide[name], tile)
    off = offsets(tiles)[tile]
    moved = wide.geometry.to_numpy().copy()
    count = shapely.get_num_coordinates(moved)
    moved = shapely.set_coordinates(moved, shapely.get_coordinates(moved) + np.repeat(off, count, axis=0))
    return wide.set_geometry(gpd.GeoSeries(moved, crs=table.crs))


def renamed(names: pd.Series, tile: NDArray[np.int64]) -> pd.Series:
    """Return the names with the number of their world; missing stays missing."""
    ending = pd.Series(tile, index=names.index).astype(str)
    return (names.astype(object) + "-" + ending).where(names.notna(), names)


def spread_out(one: Inputs, tiles: int, samples: int) -> Inputs:
    """Lay worlds side by side; the samples are drawn from those of the first and strewn over its land."""
    rng = np.random.default_rng(1)
    across = int(np.ceil(np.sqrt(tiles)))
    terrain = np.tile(one.terrain.values, (-(-tiles // across), across))
    table = one.measurements
    signal = table[table["kind"] == "signal"]
    side = CELLS * CELL_M
    west, north = X0, Y0 + side
    spots = rng.uniform(0, side, (samples, 2)) + offsets(tiles)[rng.integers(tiles, size=samples)]
    many = signal.sample(samples, replace=True, random_state=1).reset_index(drop=True)
    many = many.set_geometry(
        gpd.GeoSeries(gpd.points_from_xy(west + spots[:, 0], Y0 + spots[:, 1]), crs=table.crs)
    )
    other = shifted(table[table["kind"] != "signal"], tiles, ())
    measurements = pd.concat([many, other], ignore_index=True)
    measurements["measurement_id"] = [f"m{number}" for number in range(len(measurements))]
    return replace(
        one,
        villages=shifted(one.villages, tiles, ("village_id",)),
        sectors=shifted(one.sectors, tiles, ("sector_id", "site_id")),
        terrain=replace(one.terrain, values=terrain, transform=(west, CELL_M, north, -CELL_M)),
        measurements=gpd.GeoDataFrame(measurements, crs=table.crs),
    )


def repeat(few: Prediction, big: Inputs, tiles: int) -> Prediction:
    """Give every world the demand points and servers of the first."""
    count, rows = len(few.demand), len(few.signal)
    demand = shifted(few.demand, tiles, ("village_id",))
    demand["demand_id"] = np.arange(len(demand))
    signal = pd.concat([few.signal] * tiles, ignore_index=True)
    tile = np.repeat(np.arange(tiles), rows)
    signal["demand_id"] += tile * count
    for name in ("site_id", "sector_id", "second_site_id"):
        names = few.signal[name].cat.categories
        number = signal[name].cat.codes.to_numpy().astype(np.int64)
        every = [f"{one}-{number}" for number in range(tiles) for one in names]
        codes = np.where(number < 0, -1, number + tile * len(names))
        signal[name] = pd.Categorical.from_codes(codes, pd.Index(every, dtype=str))
    return replace(few, demand=demand, signal=signal, inputs=big)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--final", action="store_true", help="the seeds that were kept apart")
    parser.add_argument("--seeds", type=int, nargs="*", help="seeds of your own")
    parser.add_argument("--kinds", nargs="*", default=list(KINDS))
    parser.add_argument("--coverage", type=float, default=0.3, help="share of villages that samples reach")
    parser.add_argument("--scale", action="store_true")
    parser.add_argument("--villages", type=int, default=90_000)
    parser.add_argument("--samples", type=int, default=1_000_000)
    given = parser.parse_args()
    if given.scale:
        print(json.dumps(scale(given.villages, given.samples)))
        return
    rows = []
    for seed in given.seeds or (FINAL_SEEDS if given.final else DEVELOPMENT_SEEDS):
        for name in given.kinds:
            rows.append(judge(make_world(name, seed, coverage=given.coverage)))
            told = {k: round(v, 4) if isinstance(v, float) else v for k, v in rows[-1].items()}
            print(
                json.dumps({"seed": seed, **{k: v for k, v in told.items() if k not in ("p", "lit")}}),
                flush=True,
            )
    print(json.dumps({"summary": summarise(rows)}))


if __name__ == "__main__":
    main()
