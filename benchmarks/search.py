"""
Bound and stop: how many terrain profiles the search for servers evaluates, against trying every sector in reach.

The demo district keeps its villages and terrain and gets N masts at random places in it, with the carriers of its own masts.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

import lomsong as ls
from lomsong.assessment import assess
from lomsong.inputs import Inputs
from lomsong.prediction import Prediction, predict

ROOT = Path(__file__).parents[1]


def crowd(inputs: Inputs, masts: int, seed: int = 1) -> Inputs:
    """Return the inputs with `masts` masts drawn from the district's own, each moved to a random place."""
    rng = np.random.default_rng(seed)
    sites = inputs.sectors["site_id"].unique()
    west, south, east, north = inputs.villages.total_bounds
    parts = []
    for number in range(masts):
        part = inputs.sectors[inputs.sectors["site_id"] == rng.choice(sites)].copy()
        x, y = rng.uniform(west, east), rng.uniform(south, north)
        part["site_id"] = f"s{number}"
        part["sector_id"] = [f"s{number}-{row}" for row in range(len(part))]
        parts.append(
            part.set_geometry(gpd.points_from_xy([x] * len(part), [y] * len(part)), crs=inputs.sectors.crs)
        )
    sectors = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=inputs.sectors.crs)
    return replace(inputs, sectors=sectors)


def report(name: str, inputs: Inputs) -> Prediction:
    begin = time.perf_counter()
    done = predict(inputs)
    seconds = time.perf_counter() - begin
    print(
        f"{name}: {len(done.demand):,} demand points, {done.pairs:,} pairs within reach, {done.glances:,} glanced at, "
        f"{done.paths:,} profiles evaluated ({done.pairs / done.paths:.1f} times fewer), {seconds:.1f} s"
    )
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--masts", type=int, default=2000)
    parser.add_argument("--config", default=str(ROOT / "data" / "demo" / "district.yml"))
    arguments = parser.parse_args()
    inputs = crowd(ls.read(ls.load_settings(arguments.config)), arguments.masts)
    predict(replace(inputs, villages=inputs.villages.iloc[:1]))  # compile
    print(f"{arguments.masts} masts, {len(inputs.sectors)} sectors")
    done = report("all villages", inputs)
    dark = assess(done, inputs).query("p_signal < 0.5").index
    if len(dark):
        report(
            "villages without signal",
            replace(inputs, villages=inputs.villages.loc[dark].reset_index(drop=True)),
        )
    else:
        print("no village is without signal among so many masts; try fewer")


if __name__ == "__main__":
    main()
