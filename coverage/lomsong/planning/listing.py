"""What a plan says of itself: its sites in the order of building, the villages that it leaves out, people against money."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from lomsong.costs import present_revenue
from lomsong.planning.chains import build_order
from lomsong.planning.covering import Covering
from lomsong.planning.problem import (
    LIKELY,
    VILLAGE_SHARE,
    Problem,
    chance_of,
    covered_villages,
    stepped,
    to_covering,
)
from lomsong.planning.programmes import OPERATORS, programme_of
from lomsong.schemas import PLAN
from lomsong.settings import PlanningSettings

_Floats = NDArray[np.float64]


def draw_curve(problem: Problem) -> pd.DataFrame:
    """Return cost and people of the greedy order to the end, and the knee."""
    best = np.zeros(len(problem.demand))
    cost, rows = 0.0, [(0.0, 0.0)]
    for option in build_order(_with_money_for_all(problem)):
        cost += float(problem.options.costs.present[option])
        best = np.maximum(best, chance_of(problem, option))
        rows.append((cost, float(stepped(problem, best) @ problem.demand["unserved"].to_numpy())))
    curve = pd.DataFrame(rows, columns=["cost", "people"])
    # the knee lies furthest above the straight line from nothing to everything
    last = curve.iloc[-1]
    above = curve["people"] / max(last["people"], 1e-9) - curve["cost"] / max(last["cost"], 1e-9)
    return curve.assign(knee=np.arange(len(curve)) == int(above.to_numpy().argmax()))


def _with_money_for_all(problem: Problem) -> Covering:
    return to_covering(problem, budget=float(problem.options.costs.present.sum()))


def _come_in(problem: Problem, order: list[int]) -> dict[str, float]:
    """Return the budget at which each village is covered: on the way of the plan, then as the greedy order goes on from it."""
    best = np.zeros(len(problem.demand))
    cost = 0.0
    first: dict[str, float] = {}
    for option in [*order, *build_order(_with_money_for_all(problem), built=order)]:
        cost += float(problem.options.costs.present[option])
        best = np.maximum(best, chance_of(problem, option))
        for village in covered_villages(problem, best):
            first.setdefault(village, cost)
    return first


def list_sites(
    problem: Problem, covering: Covering, order: list[int], year: list[int], settings: PlanningSettings
) -> gpd.GeoDataFrame:
    """Return the contract `PLAN` of the options of a plan in the order of building, each with its year."""
    costs, people = problem.options.costs, problem.demand["unserved"].to_numpy()
    best = np.zeros(len(problem.demand))
    known: set[str] = set()
    rows = []
    spent = reached = 0.0
    for number, option in enumerate(order, start=1):
        spent += float(costs.present[option])
        best = np.maximum(best, chance_of(problem, option))
        total = float(stepped(problem, best) @ people)
        new = [village for village in covered_villages(problem, best) if village not in known]
        known.update(new)
        rows.append(
            {
                "order": number,
                "phase": year[number - 1],
                **_describe(problem, settings, option),
                "people": total - reached,
                "people_total": total,
                "village_ids": ";".join(new),
                "cost": float(costs.present[option]),
                "cost_total": spent,
                **_price(problem, option, total - reached),
                **_connect(problem, option),
                "programme": _programme(problem, chance_of(problem, option)),
                "runner_up": _runner_up(problem, covering, order, option),
            }
        )
        reached = total
    lost = lose_each(problem, order)
    frame = pd.DataFrame(rows, columns=None if rows else PLAN.names())
    frame = frame.assign(lost_people=lost["lost_people"], silenced=lost["silenced"])
    crs = problem.candidates.crs
    points, lines = _draw(problem, order)
    table = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(points, crs=crs), crs=crs)
    table["backhaul"] = gpd.GeoSeries(lines, index=table.index, crs=crs)
    return table


def _describe(problem: Problem, settings: PlanningSettings, option: int) -> dict[str, object]:
    row = problem.options.table.iloc[option]
    candidate = problem.candidates.iloc[int(row["site"])]
    configuration = settings.configurations[int(row["configuration"])]
    return {
        "site_id": str(candidate["site_id"]),
        "origin": str(candidate["origin"]),
        "configuration": configuration.name,
        "technology": configuration.technology,
        "antenna_height_m": float(np.fmin(configuration.antenna_height_m, candidate["mast_height_m"])),
    }


def _price(problem: Problem, option: int, people: float) -> dict[str, float]:
    costs = problem.options.costs
    revenue = float(present_revenue(people, problem.prices))
    return {
        "cost_capital": float(costs.capital[option]),
        "cost_per_year": float(costs.per_year[option]),
        "revenue": revenue,
        "subsidy_needed": max(float(costs.present[option]) - revenue, 0.0),
        **{f"cost_{name}": float(values[option]) for name, values in costs.parts.items()},
    }


def _connect(problem: Problem, option: int) -> dict[str, str]:
    row = problem.options.table.iloc[option]
    return {name: str(row[name]) for name in ("power", "backhaul_kind", "connects_to")}


def _draw(problem: Problem, order: list[int]) -> tuple[list[shapely.Point], list[shapely.LineString | None]]:
    """Return where the sites stand and the lines to where their backhaul ends, None where it has none."""
    table = problem.options.table.iloc[order]
    points = list(problem.candidates.geometry.iloc[table["site"]])
    ends = zip(points, table["to_x"], table["to_y"], strict=True)
    return points, [
        shapely.LineString([(point.x, point.y), (x, y)]) if np.isfinite(x) else None for point, x, y in ends
    ]


def _programme(problem: Problem, chance: _Floats) -> str:
    """Who pays, by the villages where most of the people of the site live."""
    people = problem.demand["unserved"] * (chance >= problem.levels[0])
    payer = problem.demand["village_id"].astype(str).map(programme_of(problem.villages))
    by_word = people.groupby(payer).sum()
    return str(by_word.idxmax()) if len(by_word) and by_word.max() > 0 else OPERATORS


def _runner_up(problem: Problem, covering: Covering, order: list[int], option: int) -> str:
    """The site that would best stand in for one of the plan, for the money it frees; empty where none would help."""
    rest = _left_standing(covering, order, {int(covering.sites[option])})
    left = np.where(covering.covered(rest), 0.0, covering.weights)
    gains = covering.cover.astype(np.float64) @ left
    built = set(covering.sites[rest].tolist())
    fits = covering.costs <= covering.budget - covering.spent(rest)
    reachable = np.array([need < 0 or need in built for need in covering.needs.tolist()], dtype=bool)
    other = ~np.isin(covering.sites, covering.sites[order])
    gains = np.where(fits & reachable & other, gains, 0.0)
    if not len(gains) or gains.max() <= 0:
        return ""
    return str(problem.candidates["site_id"].iloc[int(covering.sites[int(np.argmax(gains))])])


def list_villages(problem: Problem, order: list[int]) -> pd.DataFrame:
    """Return each village with people without signal: the site that covers it, or why none does and at what budget."""
    village = problem.demand["village_id"].astype(str)
    people = problem.demand["unserved"]
    best = np.zeros(len(people))
    by_order: dict[str, int] = {}
    for number, option in enumerate(order, start=1):
        best = np.maximum(best, chance_of(problem, option))
        for name in covered_villages(problem, best):
            by_order.setdefault(name, number)
    # where levels begin below LIKELY, not everybody who is reached counts as covered
    possible, likely = (
        np.asarray((problem.reach >= least).sum(axis=0)).ravel() > 0 for least in (problem.levels[0], LIKELY)
    )
    table = pd.DataFrame(
        {
            "people": people.groupby(village).sum(),
            "reached": (people * stepped(problem, best)).groupby(village).sum(),
            "reachable": (people * possible).groupby(village).sum(),
        }
    )
    table["order"] = pd.Series(by_order, dtype="Int64").reindex(table.index)
    table["comes_in_at"] = pd.Series(_come_in(problem, order), dtype=np.float64).reindex(table.index)
    out = table["order"].isna()
    none = table["reachable"] <= 0
    few = (people * likely).groupby(village).sum() < VILLAGE_SHARE * table["people"]
    never = table["comes_in_at"].isna()
    words = [
        "no candidate site reaches it",
        "candidate sites reach less than half of its people",
        "only another way to build a chosen site reaches it",
    ]
    table["why"] = np.where(out, np.select([none, few, never], words, "the budget ends before it"), "")
    return table.rename_axis("village_id").reset_index()


def lose_each(problem: Problem, chosen: list[int]) -> pd.DataFrame:
    """
    Say what is lost when one site falls away, and with it all that hangs on it.

    Parameters
    ----------
    problem : Problem
        From `state`.
    chosen : list of int
        Options of a plan.

    Returns
    -------
    DataFrame
        One row an option: ``site_id, lost_people, silenced`` (other sites that lose their backhaul, semicolons between
        them).
    """
    covering, sites = to_covering(problem, budget=np.inf), _site_names(problem)
    return _losses(
        covering,
        sites,
        chosen,
        [(str(sites[covering.sites[j]]), {int(covering.sites[j])}) for j in chosen],
    )


def lose_masts(problem: Problem, chosen: list[int]) -> pd.DataFrame:
    """
    Say what of a plan is lost when a standing mast falls away that its backhaul ends at.

    Parameters
    ----------
    problem, chosen
        As of `lose_each`.

    Returns
    -------
    DataFrame
        As of `lose_each`, one row a mast, the most people first; whom the mast itself serves is not counted.
    """
    covering, table = to_covering(problem, budget=np.inf), problem.options.table
    hanging: dict[str, set[int]] = {}
    for option in chosen:
        if table["backhaul_kind"].iloc[option] in ("microwave", "existing"):
            hanging.setdefault(str(table["connects_to"].iloc[option]), set()).add(int(covering.sites[option]))
    lost = _losses(covering, _site_names(problem), chosen, list(hanging.items()))
    return lost.sort_values(["lost_people", "site_id"], ascending=[False, True], ignore_index=True)


def _site_names(problem: Problem) -> NDArray[np.object_]:
    names: NDArray[np.object_] = problem.candidates["site_id"].astype(str).to_numpy(dtype=object)
    return names


def _losses(
    covering: Covering, names: NDArray[np.object_], chosen: list[int], falls: list[tuple[str, set[int]]]
) -> pd.DataFrame:
    """Return what is lost where sites fall, each time with all that hangs on them."""
    whole = covering.value(chosen)
    rows = []
    for name, first in falls:
        rest = _left_standing(covering, chosen, first)
        gone = set(covering.sites[chosen].tolist()) - set(covering.sites[rest].tolist())
        silenced = [str(names[site]) for site in sorted(gone) if names[site] != name]
        rows.append(
            {"site_id": name, "lost_people": whole - covering.value(rest), "silenced": ";".join(silenced)}
        )
    return pd.DataFrame(rows, columns=["site_id", "lost_people", "silenced"])


def _left_standing(covering: Covering, chosen: list[int], fallen: set[int]) -> list[int]:
    """Return the options that still work where sites fall, and with them all that hangs on them."""
    gone = set(fallen)
    while more := {int(covering.sites[j]) for j in chosen if int(covering.needs[j]) in gone} - gone:
        gone |= more
    return [j for j in chosen if int(covering.sites[j]) not in gone]
