"""
Maximal covering: plans against the best known values of published instances, and against spopt in the same run.

DIR is laid out as `../shared/benchmarks/mclp`; either kind of instance may be absent, and so may best known values. City
instances (a number of sites) run the fast path and the strong path; budgeted ones are solved to proof.
"""

import argparse
import json
import math
import sys
import time
from pathlib import Path
from typing import TextIO

import numpy as np
from mclp_instances import BUDGETED, CITY, Case, read_cases
from numpy.typing import NDArray
from scipy import sparse

from lomsong.planning.covering import Covering, build_covering
from lomsong.planning.solve import Method, Solution, solve


def measure(case: Case, method: Method) -> dict[str, object]:
    begin, cpu = time.perf_counter(), time.process_time()
    found = solve(case.covering, method=method)
    return {
        "instance": case.instance,
        case.limit_name: case.limit,
        "radius": case.radius,
        "method": f"{method}: {found.method}",
        "value": found.value,
        "best_known": case.best_known,
        "share_of_best": share_of(found.value, case.best_known),
        "bound": found.bound,
        "gap": found.gap if math.isfinite(found.gap) else None,
        "seconds": time.perf_counter() - begin,
        "cpu_seconds": time.process_time() - cpu,
        "proven": found.proven,
        "stop": found.stop,
    }


def share_of(value: float, best: float | None) -> float | None:
    if best is None:
        return None
    return value / best if best else 1.0


def random_case(
    radius: float, *, seed: int, demand: int = 2000, candidates: int = 500
) -> tuple[Covering, NDArray[np.float64]]:
    """Return demand and candidates spread at random over a square of 100, p = 50, and the distances."""
    rng = np.random.default_rng(seed)
    people, masts = rng.uniform(0, 100, (demand, 2)), rng.uniform(0, 100, (candidates, 2))
    weights = rng.integers(1, 101, demand).astype(float)
    distance = np.sqrt(((people[:, None, :] - masts[None, :, :]) ** 2).sum(axis=2))
    return build_covering(
        weights=weights, cover=sparse.csr_array((distance <= radius).T), budget=50
    ), distance


def against_spopt(radius: float, *, seed: int, seconds: float) -> dict[str, object]:
    import pulp  # noqa: PLC0415 - only this comparison needs the rival
    from spopt.locate import MCLP  # noqa: PLC0415

    covering, distance = random_case(radius, seed=seed)
    begin = time.perf_counter()
    ours: Solution = solve(covering, method="exact", nodes=None)
    mine = time.perf_counter() - begin
    begin = time.perf_counter()
    model = MCLP.from_cost_matrix(distance, covering.weights, service_radius=radius, p_facilities=50)
    model = model.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=seconds))
    theirs = time.perf_counter() - begin
    value = float(model.problem.objective.value())
    value = max(value, -value)
    return {
        "radius": radius, "seed": seed, "ours": ours.value, "proven": ours.proven, "seconds": mine,
        "spopt": value, "spopt_seconds": theirs, "times_faster": theirs / mine, "same": abs(ours.value - value) < 0.5,
        "weighted_share": ours.value / covering.total, "spopt_share": float(model.perc_cov) / 100.0,
    }  # fmt: skip


def line_of(row: dict[str, object], case: Case) -> str:
    share, gap = row["share_of_best"], row["gap"]
    told = "no best value known" if share is None else f"{100 * share:.4f} % of best"
    return (
        f"{case.instance:<20} {case.limit_name} {case.limit:<6g} r {case.radius:<7g} {row['method']:<32} {told:>20}, "
        f"gap {'unknown' if gap is None else f'{100 * gap:.3f} %'}, {row['seconds']:.2f} s "
        f"({row['cpu_seconds']:.1f} s of CPU){', proven' if row['proven'] else ''}"
    )


def sum_up(rows: list[dict[str, object]]) -> list[str]:
    lines = []
    for method in ("fast", "strong", "exact"):
        mine = [row for row in rows if row["method"].startswith(method)]
        share = [100 * row["share_of_best"] for row in mine if row["share_of_best"] is not None]
        if mine:
            told = (
                f"mean {np.mean(share):.4f} %, worst {min(share):.4f} %" if share else "no best value known"
            )
            lines.append(
                f"{method}: {told}, slowest {max(row['seconds'] for row in mine):.2f} s, "
                f"{sum(row['proven'] for row in mine)} of {len(mine)} proven"
            )
    return lines


def measure_all(folder: Path, only: str | None, shown: TextIO) -> list[dict[str, object]]:
    """Measure every case of a folder, each told as it is done; what cannot be read is told and left out."""

    def complain(problem: str) -> None:
        print(f"left out: {problem}", file=sys.stderr)

    rows = []
    for kind, methods in ((CITY, ("fast", "strong")), (BUDGETED, ("exact",))):
        wanted = [method for method in methods if only in (None, method)]
        for case in read_cases(folder, kind, complain) if wanted else ():
            for method in wanted:
                rows.append(measure(case, method))
                print(line_of(rows[-1], case), file=shown, flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true", help="a list on stdout; progress goes to stderr")
    parser.add_argument("--spopt", action="store_true", help="compare with spopt too (needs the bench extra)")
    parser.add_argument("--spopt-seconds", type=float, default=600)
    parser.add_argument("--only", choices=["fast", "strong", "exact", "spopt"], help="one part only")
    arguments = parser.parse_args()
    shown = sys.stderr if arguments.json else sys.stdout
    warm, _ = random_case(5.0, seed=0, demand=400, candidates=350)
    for method in ("fast", "strong", "exact"):
        solve(warm, method=method, rounds=1, nodes=1)  # compile
    rows = measure_all(arguments.folder, arguments.only, shown)
    if arguments.json:
        print(json.dumps(rows, indent=2, allow_nan=False))
    for line in sum_up(rows):
        print(line, file=shown)
    if arguments.spopt or arguments.only == "spopt":
        for radius in (4.0, 8.0):
            print(json.dumps(against_spopt(radius, seed=1, seconds=arguments.spopt_seconds)), file=shown)
    elif not rows:
        sys.exit(
            f"no case in {arguments.folder}: it needs {CITY.table} or {BUDGETED.table} and the files they name"
        )


if __name__ == "__main__":
    main()
