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
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.stats import norm
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from evidence_worlds.kinds import DEVELOPMENT_SEEDS, FINAL_SEEDS, KINDS
from evidence_worlds.network import SERVICE, THRESHOLD_DBM
from evidence_worlds.witnesses import VISIT_M
from evidence_worlds.world import World, make_world, without_measurements

import lomsong as ls
from lomsong.evidence.core import Evidence, calibrate
from lomsong.evidence.truncated import strongest_of_two
from lomsong.inputs import Inputs
from lomsong.prediction import Prediction

Array = NDArray[np.float64]

#: Villages whose servers are really predicted for the measure of scale.
PREDICTED = 500


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
    figures = {"noise_db": world.noise_db}
    for name, rows in (("recorded", near), ("unrecorded", ~near)):
        if rows.any():
            figures[f"rmse_{name}_db"] = float(np.sqrt(np.mean(off[rows] ** 2)))
    for level in (0.8, 0.9):
        inside = np.abs(off / sigma) <= norm.ppf(0.5 + level / 2)
        figures[f"centres_within_{round(100 * level)}"] = float(inside[near].mean())
    return figures


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
        "calibration_error": calibration_error(p, lit), **found(p, lit), **level_figures(world, evidence.prediction),
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
        "rmse_over_noise": float((table["rmse_recorded_db"] / table["noise_db"]).mean()),
        "honest_worlds": int((table["verify_weak_without"] >= table["verify_weak"]).sum()),
        "mean": {name: round(float(value), 4) for name, value in mean.items()},
    }


def scale(villages: int, samples: int) -> dict[str, float]:
    """Time calibration and status on many villages; the worlds' truth plays no part."""
    world = make_world("crests", DEVELOPMENT_SEEDS[0])
    one = world.inputs
    rng = np.random.default_rng(1)
    west, south, east, north = one.villages.total_bounds
    spots = rng.uniform((west, south), (east, north), (villages, 2))
    places = gpd.GeoDataFrame(
        {"village_id": [f"v{i}" for i in range(villages)], "population": 300.0},
        geometry=gpd.points_from_xy(*spots.T),
        crs=one.villages.crs,
    )
    table = one.measurements
    signal = table[table["kind"] == "signal"]
    many = signal.sample(samples, replace=True, random_state=1).reset_index(drop=True)
    moved = gpd.points_from_xy(
        np.clip(many.geometry.x + rng.normal(0, 6000, samples), west, east),
        np.clip(many.geometry.y + rng.normal(0, 6000, samples), south, north),
    )
    many = many.assign(measurement_id=[f"s{i}" for i in range(samples)]).set_geometry(
        gpd.GeoSeries(moved, crs=one.villages.crs)
    )
    other = table[table["kind"] != "signal"]
    # predicting so many is another figure: each village takes over the points and servers of one that was predicted
    small = replace(one, villages=places.iloc[:PREDICTED].reset_index(drop=True), population=None)
    few = ls.predict(small)
    big = replace(
        one, villages=places, population=None,
        measurements=gpd.GeoDataFrame(pd.concat([many, other], ignore_index=True), crs=one.villages.crs),
    )  # fmt: skip
    prediction = repeat(few, big)
    begin = time.perf_counter()
    evidence = calibrate(prediction)
    calibrated = time.perf_counter()
    ls.assess(evidence, big)
    return {
        "villages": villages,
        "samples": samples,
        "demand_points": len(prediction.demand),
        "calibrate_s": calibrated - begin,
        "assess_s": time.perf_counter() - calibrated,
        "peak_memory_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def repeat(few: Prediction, big: Inputs) -> Prediction:
    """Give every village the demand points and servers of one of the predicted villages, moved to its place."""
    count, copies = len(few.demand), -(-len(big.villages) // PREDICTED)
    rows = np.tile(np.arange(count), copies)
    copy = np.repeat(np.arange(copies), count)
    number = copy * PREDICTED + pd.factorize(few.demand["village_id"])[0][rows]
    rows, copy, number = (part[number < len(big.villages)] for part in (rows, copy, number))
    old = few.inputs.villages.geometry.iloc[number % PREDICTED]
    new = big.villages.geometry.iloc[number]
    at = few.demand.geometry.iloc[rows]
    x, y = (
        at.x.to_numpy() - old.x.to_numpy() + new.x.to_numpy(),
        at.y.to_numpy() - old.y.to_numpy() + new.y.to_numpy(),
    )
    demand = (
        few.demand.iloc[rows]
        .reset_index(drop=True)
        .set_geometry(gpd.GeoSeries(gpd.points_from_xy(x, y), crs=big.crs))
    )
    demand["village_id"], demand["demand_id"] = (
        big.villages["village_id"].to_numpy()[number],
        np.arange(len(demand)),
    )
    signal = pd.concat(
        [few.signal.assign(demand_id=few.signal["demand_id"] + k * count) for k in range(copies)],
        ignore_index=True,
    )
    signal = signal[signal["demand_id"] < len(demand)].reset_index(drop=True)
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
