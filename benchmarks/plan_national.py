"""A country-sized plan: 90,000 villages (made up), 20,000 candidates, 200 sites; the gap that is proven, time and memory."""

import argparse
import resource
import time

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from lomsong.planning.covering import Covering, build_covering
from lomsong.planning.solve import solve


def made_up_country(villages: int, candidates: int, sites: int, radius_m: float, seed: int) -> Covering:
    """Return villages in clusters over 330,000 km², uneven in people, and candidates among them; synthetic."""
    rng = np.random.default_rng(seed)
    size = 575_000.0
    towns = rng.uniform(0, size, (villages // 30, 2))
    homes = towns[rng.integers(0, len(towns), villages)] + rng.normal(0, 6_000, (villages, 2))
    masts = homes[rng.choice(villages, candidates, replace=False)] + rng.normal(0, 1_000, (candidates, 2))
    people = np.round(rng.lognormal(5.5, 0.9, villages))
    pairs = cKDTree(masts).query_ball_tree(cKDTree(homes), radius_m)
    starts = np.cumsum([0, *map(len, pairs)])
    rows = np.concatenate([np.sort(np.array(each, dtype=np.int64)) for each in pairs])
    cover = sparse.csr_array((np.ones(len(rows), dtype=bool), rows, starts), shape=(candidates, villages))
    return build_covering(weights=people, cover=cover, budget=sites)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--villages", type=int, default=90_000)
    parser.add_argument("--candidates", type=int, default=20_000)
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--radius", type=float, default=8_000.0, help="metres")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    covering = made_up_country(given.villages, given.candidates, given.sites, given.radius, given.seed)
    begin = time.perf_counter()
    found = solve(covering, method="fast", gap=0.002, bound_steps=3000)
    print(
        f"{given.villages:,} villages, {given.candidates:,} candidates, {covering.cover.nnz:,} pairs, {given.sites} sites: "
        f"{found.value:,.0f} of {covering.total:,.0f} people, bound {found.bound:,.0f}, proven gap {100 * found.gap:.3f} %, "
        f"{time.perf_counter() - begin:.1f} s ({time.process_time():.1f} s of CPU), "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB at most, stopped by {found.stop}"
    )


if __name__ == "__main__":
    main()
