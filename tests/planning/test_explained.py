"""What a plan says of itself, on problems made by hand whose answers can be counted."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from worlds import CRS_METRIC, X0, Y0

from lomsong.costs import add_up
from lomsong.planning.alternatives import cover_everything
from lomsong.planning.covering import NOTHING
from lomsong.planning.investment import Plan, choose
from lomsong.planning.listing import lose_each, lose_masts
from lomsong.planning.options import Options
from lomsong.planning.problem import Problem
from lomsong.planning.robustness import try_robustness
from lomsong.settings import CostSettings, PlanningSettings

#: One price, no running cost: present value = price.
EXACT = CostSettings(
    opex_share=0, price_spread=0, site_cost_spread=0, revenue_per_person_year=1, discount_rate=0
)


def problem(
    reach: list[list[float]],
    *,
    people: list[float],
    needs: list[int],
    sites: list[int] | None = None,
    p_signal: float = 0.0,
    prices: CostSettings = EXACT,
    **planning: object,
) -> Problem:
    """Return options (rows of `reach`, 10 each) over villages v0, v1, ... of one demand point."""
    count = len(reach)
    number = np.arange(count) if sites is None else np.array(sites)
    table = pd.DataFrame(
        {"site": number, "configuration": 0, "needs": needs, "backhaul_kind": "relay", "connects_to": "", "to_x": np.nan, "to_y": np.nan, "power": "grid"}
    )  # fmt: skip
    names = [f"v{i}" for i in range(len(people))]
    villages = gpd.GeoDataFrame(
        {"village_id": names},
        geometry=gpd.points_from_xy([X0] * len(names), [Y0] * len(names)),
        crs=CRS_METRIC,
    )
    masts = len(set(number.tolist()))
    return Problem(
        demand=villages.assign(unserved=np.array(people) * (1 - p_signal), p_signal=p_signal),
        villages=villages,
        candidates=gpd.GeoDataFrame(
            {"site_id": [f"s{i}" for i in range(masts)], "origin": "village", "mast_height_m": np.nan},
            geometry=gpd.points_from_xy([X0] * masts, [Y0] * masts),
            crs=CRS_METRIC,
        ),
        options=Options(
            table=table,
            costs=add_up({"equipment": np.full(count, 10.0)}, np.zeros(count), prices),
            findings=(),
        ),
        reach=sparse.csr_array(np.array(reach, dtype=np.float64)),
        levels=(1.0,),
        settings=PlanningSettings(levels=(1.0,), **planning),  # type: ignore[arg-type]
        prices=prices,
        findings=(),
    )


def planned(stated: Problem) -> Plan:
    return choose(stated, stated.settings)


def chained(**changes: object) -> Problem:
    """Return a site that hangs on another, and a third by itself."""
    return problem(
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        people=[5, 7, 4],
        needs=[NOTHING, 0, NOTHING],
        **changes,  # type: ignore[arg-type]
    )


def test_the_loss_of_a_mast_counts_all_that_hangs_on_it() -> None:
    lost = lose_each(chained(), [0, 1, 2]).set_index("site_id")
    assert lost["lost_people"].to_dict() == {"s0": 12.0, "s1": 7.0, "s2": 4.0}
    assert lost["silenced"].to_dict() == {"s0": "s1", "s1": "", "s2": ""}
    sites = planned(chained(budget=30.0, phases=1)).sites.set_index("site_id")
    assert sites["lost_people"].to_dict() == lost["lost_people"].to_dict()


def test_the_loss_of_a_standing_mast_takes_every_site_that_ends_at_it() -> None:
    stated = chained()
    stated.options.table["backhaul_kind"] = ["microwave", "relay", "microwave"]
    stated.options.table["connects_to"] = ["M", "s0", "M"]
    (lost,) = lose_masts(stated, [0, 1, 2]).to_dict("records")
    assert lost == {"site_id": "M", "lost_people": 16.0, "silenced": "s0;s1;s2"}
    stated.options.table["connects_to"] = ["M", "s0", "other"]
    assert lose_masts(stated, [0, 1, 2])["lost_people"].tolist() == [12.0, 4.0]


def test_the_runner_up_of_a_relay_serves_whom_its_fall_would_leave() -> None:
    # the third site reaches what hangs on the first, though not as much
    stated = problem(
        [[1, 0, 0], [0, 1, 1], [0, 1, 0]],
        people=[5, 7, 4],
        needs=[NOTHING, 0, NOTHING],
        budget=20.0,
        phases=1,
    )
    sites = planned(stated).sites.set_index("site_id")
    assert sites["runner_up"].to_dict() == {"s0": "s2", "s1": "s2"}


def test_what_revenue_does_not_pay_needs_a_subsidy() -> None:
    sites = planned(
        chained(budget=30.0, prices=EXACT.model_copy(update={"horizon_years": 1}))
    ).sites.set_index("site_id")
    assert sites["revenue"].to_dict() == {"s0": 5.0, "s1": 7.0, "s2": 4.0}
    assert sites["subsidy_needed"].to_dict() == {"s0": 5.0, "s1": 3.0, "s2": 6.0}
    rich = planned(chained(budget=30.0, prices=EXACT.model_copy(update={"horizon_years": 10}))).sites
    assert (rich["subsidy_needed"] == 0).all()


def test_a_plan_that_nothing_shakes_is_the_plan_of_every_world() -> None:
    plan = planned(chained(budget=20.0, phases=1))
    robust = try_robustness(plan, draws=5, seed=1)
    assert robust.sites["in_plan"].tolist() == [1.0, 1.0]
    assert (robust.sites["place_low"] == robust.sites["place_high"]).all()
    assert robust.over_budget == 0.0
    assert robust.checks["shift"].eq(0).all()


def test_dearer_worlds_overspend_and_reach_fewer() -> None:
    doubtful = EXACT.model_copy(update={"price_spread": 0.5, "site_cost_spread": 0.2})
    sure, shaken = (
        try_robustness(planned(chained(budget=20.0, prices=prices)), draws=40, seed=1)
        for prices in (EXACT, doubtful)
    )
    # at the median price the budget pays for just two sites: half of the worlds are dearer
    assert 0.3 < shaken.over_budget < 0.9
    assert shaken.expected_people < sure.expected_people
    again = try_robustness(planned(chained(budget=20.0, prices=doubtful)), draws=40, seed=1)
    assert again.expected_people == shaken.expected_people


def test_the_cost_of_everything_says_why_there_is_none() -> None:
    # two ways to build one site, each for another village
    stated = problem([[1, 0], [0, 1]], people=[5, 7], needs=[NOTHING] * 2, sites=[0, 0])
    whole = cover_everything(stated, stated.settings)
    assert whole.site_ids == ()
    assert np.isnan(whole.cost)
    assert (whole.people, whole.beyond, whole.gap) == (12.0, 0.0, 0.0)
    assert "one configuration" in whole.why
    fine = cover_everything(chained(), PlanningSettings())
    assert (fine.cost, fine.why) == (30.0, "")


@pytest.mark.parametrize(
    ("reach", "why"),
    [([[0, 1]], "no candidate site reaches it"), ([[1, 1]], "the budget ends before it")],
)
def test_a_village_left_out_is_told_why(reach: list[list[float]], why: str) -> None:
    stated = problem(reach, people=[5, 7], needs=[NOTHING], budget=5.0)
    villages = planned(stated).villages.set_index("village_id")
    assert villages.loc["v0", "why"] == why
    assert (villages.loc["v0", "comes_in_at"] == 10.0) == (why == "the budget ends before it")


def test_a_village_that_only_the_other_way_to_build_a_chosen_site_reaches_is_told_so() -> None:
    stated = problem([[1, 0], [0, 1]], people=[5, 7], needs=[NOTHING] * 2, sites=[0, 0], budget=100.0)
    villages = planned(stated).villages.set_index("village_id")
    assert villages.loc["v0", "why"] == "only another way to build a chosen site reaches it"


def test_a_village_with_a_chance_below_a_half_of_every_site_is_told_so() -> None:
    stated = replace(
        problem([[0.4, 0], [0, 1]], people=[5, 7], needs=[NOTHING] * 2, budget=100.0), levels=(0.3, 1.0)
    )
    villages = planned(stated).villages.set_index("village_id")
    assert villages.loc["v0", "why"] == "candidate sites reach less than half of its people"
    assert villages.loc["v0", ["reached", "reachable"]].tolist() == [1.5, 5.0]


def test_a_village_left_out_comes_in_beyond_the_budget_though_greedy_alone_would_reach_it_sooner() -> None:
    # the best two sites leave out the one that alone reaches most, and with it the last village
    reach = [[1, 1, 0, 0, 1], [1, 0, 1, 0, 0], [0, 1, 0, 1, 0]]
    done = planned(problem(reach, people=[5, 5, 4, 4, 1], needs=[NOTHING] * 3, budget=20.0, phases=1))
    assert sorted(done.sites["site_id"]) == ["s1", "s2"]
    assert done.curve["people"].tolist()[1] == 11.0
    assert done.villages.set_index("village_id")["comes_in_at"].to_dict() == {
        "v0": 10.0, "v1": 20.0, "v2": 10.0, "v3": 20.0, "v4": 30.0
    }  # fmt: skip


def test_without_a_candidate_there_is_a_plan_that_builds_nothing() -> None:
    stated = problem([[1.0]], people=[5], needs=[NOTHING])
    nobody = Problem(
        demand=stated.demand,
        villages=stated.villages,
        candidates=stated.candidates.iloc[:0],
        options=Options(table=stated.options.table.iloc[:0], costs=add_up({"equipment": []}, [], EXACT), findings=()),
        reach=sparse.csr_array((0, 1)),
        levels=stated.levels,
        settings=stated.settings,
        prices=EXACT,
        findings=(),
    )  # fmt: skip
    plan = planned(nobody)
    assert len(plan.sites) == 0
    assert plan.solution.proven
    assert plan.villages["why"].tolist() == ["no candidate site reaches it"]
