"""
From an instance to a plan with a proven gap: the fast path, the bound, and the exact or the strong path.

Ties: of candidates that cover the same for the same price the first stays, a plan keeps nothing that adds nothing, and
of two plans of equal worth the cheaper, then the one with the smaller candidate numbers.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lomsong.errors import PlanError
from lomsong.findings import name_rows
from lomsong.planning.bound import bound
from lomsong.planning.chains import grow_plan
from lomsong.planning.covering import TOLERANCE, Covering
from lomsong.planning.exact import solve_exactly
from lomsong.planning.polish import polish
from lomsong.planning.reduction import Reduced, keep_candidates, reduce
from lomsong.planning.search import search
from lomsong.planning.temper import anneal

Method = Literal["auto", "fast", "exact", "strong"]

#: Steps of the fast path: tabu walk, then proposals of annealing; less than a second on thousands of candidates.
WALK_STEPS, FAST_PROPOSALS = 4_000, 1_600_000
#: Annealing goes on from this many candidates; with fewer the tabu walk is enough.
MANY = 300
#: Steps of the bound after the fast path, before the exact path, and where the bound itself is the proof.
QUICK_BOUND_STEPS, BOUND_STEPS, LONG_BOUND_STEPS = 30, 400, 3_000
#: The exact path takes instances up to this many pairs of a candidate and a row.
EXACT_PAIRS = 60_000
#: Rounds of the strong path.
ROUNDS = 7

_Plan = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """
    A plan of candidates and what is proven about it.

    Attributes
    ----------
    chosen : ndarray of int
        Candidates of the full instance, rising.
    value, spent : float
        Covered weight and cost.
    bound : float
        No plan is worth more.
    proven : bool
        No plan is better: the bound says so.
    method : str
        What was run.
    stop : str
        Why it ended: 'proven', 'gap', 'nodes', 'steps' or 'clock'; after 'clock' another run may differ.
    """

    chosen: _Plan
    value: float
    spent: float
    bound: float
    proven: bool
    method: str
    stop: str

    @property
    def gap(self) -> float:
        """Return the most by which a better plan could beat this one, as part of its value."""
        if self.proven:
            return 0.0
        return (self.bound - self.value) / self.value if self.value > 0 else float("inf")

    @property
    def gap_percent(self) -> float:
        """Return the gap in percent with two decimals, rounded up: what is not proven is never told as nothing."""
        return float(np.ceil(1e4 * self.gap) / 100)


def solve(
    full: Covering,
    *,
    method: Method = "auto",
    gap: float = 0.0,
    nodes: int | None = 20_000,
    seconds: float | None = None,
    rounds: int = ROUNDS,
    bound_steps: int | None = None,
    seed: int = 1,
) -> Solution:
    """
    Choose candidates that cover the most within the budget.

    Parameters
    ----------
    full : Covering
        The instance.
    method : {'auto', 'fast', 'exact', 'strong'}
        *fast*: greedy and local search with a bound; *exact*: branch and bound; *strong*: tempering and merging, for
        thousands of candidates. *auto* takes the exact path where needs or floors bind or the instance is small.
    gap : float
        A plan proven to be within this part of the best is good enough.
    nodes : int, optional
        Most branch-and-bound nodes.
    seconds : float, optional
        Most time of the exact path; the only limit that depends on the machine. [s]
    rounds : int
        Of the strong path; the time is proportional.
    bound_steps : int, optional
        Steps of the bound, which is what the gap of the fast and the strong path comes from; by method if not given.
    seed : int
        Of the random draws.

    Returns
    -------
    Solution

    Raises
    ------
    PlanError
        Floors cannot be met; the message names them.
    """
    _require_floors(full)
    small = reduce(full)
    part = small.covering
    start = _quick(part, seed=seed)
    exact = method == "exact" or (method == "auto" and (part.linked or part.cover.nnz <= EXACT_PAIRS))
    if start is None and not exact:
        raise PlanError("floors and relay chains need the exact method; leave planning.method at 'auto'")
    usual = BOUND_STEPS if exact else QUICK_BOUND_STEPS if method == "fast" else LONG_BOUND_STEPS
    steps = usual if bound_steps is None else bound_steps
    known = part.value(start) if start is not None else 0.0
    limit = bound(part, known=known, steps=steps if len(part.costs) else 0, gap=gap)
    top, stop, name = limit.value, "steps", "greedy and local search"
    if start is not None and _closed(part, known, top, gap):
        stop = "proven" if _closed(part, known, top, 0.0) else "gap"
    elif exact:
        start, top, stop = _branch(
            full, part, start, limit.excess, top, gap=gap, nodes=nodes, seconds=seconds
        )
        name = "branch and bound"
    elif method != "fast" and start is not None:
        start, name = polish(part, start, rounds=rounds, seed=seed), "tempering and merging"
    if start is None:
        raise PlanError(
            "no plan was found that meets every floor before the solver stopped; raise planning.nodes"
        )
    return _finish(full, small, start, top, method=name, stop=stop)


def _closed(part: Covering, value: float, top: float, gap: float) -> bool:
    slack = 1 - 1e-6 if part.whole else TOLERANCE * max(1.0, abs(value))
    return top - value < max(slack, gap * value)


def _quick(part: Covering, *, seed: int) -> _Plan | None:
    if part.linked:
        grown = grow_plan(part)
        return grown if part.allows(grown) else None
    start = search(part, steps=0 if len(part.costs) > MANY else WALK_STEPS, seed=seed)
    if len(part.costs) > MANY:
        start = anneal(part, start, proposals=FAST_PROPOSALS, seed=seed)
    return start


def _branch(
    full: Covering,
    part: Covering,
    start: _Plan | None,
    excess: NDArray[np.float64],
    top: float,
    *,
    gap: float,
    nodes: int | None,
    seconds: float | None,
) -> tuple[_Plan, float, str]:
    """Branch on the candidates that the bound does not rule out; also the bound and why it stopped."""
    known = part.value(start) if start is not None else 0.0
    left = np.arange(len(part.costs))
    if start is not None:
        slack = top - known + (1.0 if part.whole else 1e-6 * max(1.0, known))
        left = np.flatnonzero((excess >= -slack) | np.isin(left, start))
    smaller = keep_candidates(part, left)
    begin = None if start is None else np.searchsorted(left, start)
    found = solve_exactly(smaller, start=begin, gap=gap, nodes=nodes, seconds=seconds)
    if found.stop == "infeasible":
        raise PlanError(_short_floors(full, part))
    plan = start if found.chosen is None else left[found.chosen]
    if plan is None:
        raise PlanError(
            "no plan was found that meets every floor before the solver stopped; raise planning.nodes"
        )
    if start is not None and part.value(start) >= part.value(plan):
        plan = start
    return plan, min(top, max(found.bound, part.value(plan))), found.stop


def _require_floors(full: Covering) -> None:
    """Refuse floors that even all candidates together do not reach; say which."""
    if not full.floors:
        return
    hit = full.covered(np.arange(len(full.costs)))
    most = [(f, float(full.weights[f.rows][hit[f.rows]].sum())) for f in full.floors]
    short = [
        f"{f.name} (at most {np.floor(100 * reached / f.amount):.0f} % of what is asked)"
        for f, reached in most
        if reached < f.amount * (1 - TOLERANCE)
    ]
    if short:
        raise PlanError(
            f"floors out of reach with every candidate built: {name_rows(short)}; lower them or add candidates"
        )


def _short_floors(full: Covering, part: Covering) -> str:
    """Say which floors do not fit into the budget: those that fail alone, else all of them together."""
    alone = []
    for floor in part.floors:
        one = Covering(
            weights=part.weights, cover=part.cover, costs=part.costs, budget=part.budget, sites=part.sites,
            needs=part.needs, floors=(floor,),
        )  # fmt: skip
        if solve_exactly(one, gap=1.0, nodes=200).stop == "infeasible":
            alone.append(floor.name)
    if alone:
        return f"floors that the budget of {full.budget:,.0f} cannot meet: {name_rows(alone)}; lower them or raise it"
    names = name_rows([floor.name for floor in part.floors])
    return f"the budget of {full.budget:,.0f} meets each floor alone but not all together: {names}; lower them or raise it"


def _finish(full: Covering, small: Reduced, plan: _Plan, top: float, *, method: str, stop: str) -> Solution:
    chosen = np.sort(small.candidates[_prune(small.covering, plan)])
    value = full.value(chosen)
    top = float(np.floor(top + 1e-6)) if full.whole else top
    proven = _closed(full, value, top, 0.0)
    if stop == "proven" and not proven:
        stop = "gap"
    return Solution(
        chosen=chosen,
        value=value,
        spent=full.spent(chosen),
        bound=max(top, value),
        proven=proven,
        method=method,
        stop="proven" if proven else stop,
    )


def _prune(part: Covering, plan: _Plan) -> _Plan:
    """Leave out what adds nothing, the dearest and last first, as long as nothing else needs it."""
    kept = list(plan)
    for candidate in sorted(plan, key=lambda j: (-part.costs[j], -j)):
        rest = [j for j in kept if j != candidate]
        if part.value(rest) >= part.value(kept) and part.allows(rest):
            kept = rest
    return np.array(kept, dtype=np.int64)
