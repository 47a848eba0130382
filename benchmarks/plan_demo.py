"""
Plans for made-up districts, judged by the truth behind them: people really covered by the plan, and by two simple rules
that spend the same money: worst villages first, highest population first.

The truth follows radio rules of its own; the plan never sees it.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import lomsong as ls
from lomsong.planning.evaluation import rival_order
from lomsong.planning.investment import choose
from lomsong.planning.problem import Problem, state
from lomsong.prediction import predict
from lomsong.sources.demo.district import District, make_district
from lomsong.sources.demo.files import write_demo
from lomsong.sources.demo.levels import THRESHOLD_DBM, clutter_db, draw_shadowing, reference_offset_db, trace

#: Of the new sites; the usual values for 4G at 1800 MHz, which the settings' defaults give too.
FREQUENCY_MHZ, BANDWIDTH_MHZ = 1800.0, 20.0


def really_covered(
    district: District, problem: Problem, options: list[int], eirp_dbm: float, seed: int
) -> float:
    """People without signal in truth whom the new sites reach in truth."""
    points = district.point_truth
    homes = points[(points["kind"] == "home") & ~points["has_signal"]]
    if not options:
        return 0.0
    places = homes[["x", "y"]].to_numpy(dtype=np.float64)
    table, candidates = problem.options.table.iloc[options], problem.candidates
    sites = candidates.geometry.iloc[table["site"]]
    xy: NDArray[np.float64] = np.column_stack([sites.x, sites.y])
    heights = np.array(
        [problem.settings.configurations[number].antenna_height_m for number in table["configuration"]]
    )
    heights = np.fmin(heights, candidates["mast_height_m"].to_numpy(dtype=np.float64)[table["site"]])
    paths = trace(district.ground, xy, heights, places)
    # every candidate has shadowing of its own, the same whichever rule builds it
    shadow = np.vstack(
        [draw_shadowing(places, 1, np.random.default_rng((seed, int(site)))) for site in table["site"]]
    )
    loss = paths.loss_db(FREQUENCY_MHZ) + clutter_db(district.ground, places, FREQUENCY_MHZ) + shadow
    level = eirp_dbm + reference_offset_db("4g", BANDWIDTH_MHZ) - loss
    return float(homes["people"].to_numpy()[(level >= THRESHOLD_DBM["4g"]).any(axis=0)].sum())


def one_district(seed: int, folder: Path, budget: float) -> tuple[float, float, float]:
    """Return people really covered by the plan, by worst first and by largest first."""
    district = make_district(seed)
    settings = ls.load_settings(write_demo(folder / str(seed), seed=seed))
    inputs = ls.read(settings)
    prediction = predict(inputs)
    ranked = ls.rank(ls.assess(prediction, inputs, settings.service), settings.ranking)
    chosen = settings.planning.model_copy(update={"budget": budget})
    problem = state(ranked, inputs, chosen, prediction=prediction)
    best = choose(problem, chosen).solution.chosen.tolist()
    people = ranked.sort_values(["population", "village_id"], ascending=[False, True])
    worst = rival_order(problem, ranked["village_id"].astype(str).tolist(), budget=budget)
    largest = rival_order(problem, people["village_id"].astype(str).tolist(), budget=budget)
    eirp = float(inputs.sectors.loc[inputs.sectors["technology"] == "4g", "eirp_dbm"].median())
    covered = [really_covered(district, problem, options, eirp, seed) for options in (best, worst, largest)]
    return covered[0], covered[1], covered[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--budget", type=float, default=500_000)
    given = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(given.first, given.first + given.seeds):
            begin = time.perf_counter()
            rows.append(one_district(seed, Path(folder), given.budget))
            plan, worst, largest = rows[-1]
            print(
                f"seed {seed}: plan {plan:,.0f}, worst first {worst:,.0f}, largest first {largest:,.0f} people really "
                f"covered ({time.perf_counter() - begin:.0f} s)",
                flush=True,
            )
    table = np.array(rows)
    for column, name in ((1, "worst villages first"), (2, "highest population first")):
        margin = table[:, 0] / np.maximum(table[:, column], 1.0) - 1
        print(
            f"plan against {name}: median margin {np.median(margin):+.1%}, worst {margin.min():+.1%}, "
            f"better in {(margin > 0).sum()} and worse in {(margin < 0).sum()} of {len(margin)}"
        )


if __name__ == "__main__":
    main()
