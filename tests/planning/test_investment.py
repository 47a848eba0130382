"""The plan on small worlds whose answer can be seen."""

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from click.testing import CliRunner
from shapely import LineString
from worlds import CRS_METRIC, X0, Y0, flat_terrain, ridged_terrain

from lomsong.assessment import assess
from lomsong.cli import main
from lomsong.errors import PlanError
from lomsong.inputs import Inputs
from lomsong.planning.evaluation import evaluate_sites
from lomsong.planning.hops import clearance
from lomsong.planning.investment import Plan, choose, plan
from lomsong.planning.problem import state
from lomsong.planning.programmes import FUND, OPERATORS, UTILITY, sum_by
from lomsong.planning.proposal import proposed_candidates
from lomsong.planning.robustness import try_robustness
from lomsong.prediction import predict
from lomsong.ranking import rank
from lomsong.schemas import PLAN

World = Callable[..., Inputs]
#: A mast east of a high wall, and villages in its shadow and beside it.
VILLAGES = {"far": (2.0, 18.0), "alone": (5.0, 30.0), "near": (14.0, 18.0)}
MAST = {"M": (15.0, 18.0)}
#: Too weak to reach two villages from one place.
WEAK = {"name": "weak", "technology": "4g", "antenna_height_m": 20, "eirp_dbm": 36}


def walled(world: World, **changes: object) -> Inputs:
    planning = {"most_candidates": 20, "draws": 6, "configurations": [WEAK], **changes.pop("planning", {})}  # type: ignore[dict-item]
    columns = {"population": [900.0, 100.0, 500.0], "commune_code": ["02", "01", "01"]}
    columns |= changes.pop("village_columns", {})  # type: ignore[arg-type]
    return world(
        VILLAGES, MAST, terrain=ridged_terrain(900.0), village_columns=columns, planning=planning, **changes
    )


def plan_of(inputs: Inputs) -> Plan:
    prediction = predict(inputs)
    return plan(rank(assess(prediction, inputs)), inputs, prediction=prediction)


def test_the_larger_dark_village_is_built_first_and_the_served_one_is_left_alone(world: World) -> None:
    done = plan_of(walled(world, planning={"budget": 1e7}))
    assert done.solution.proven
    PLAN.check(done.sites)
    assert done.sites["village_ids"].tolist()[0].split(";")[0] == "far"
    assert "near" not in set(done.villages["village_id"])
    assert done.sites["cost_total"].iloc[-1] == pytest.approx(done.solution.spent)
    parts = [
        name
        for name in done.sites
        if name.startswith("cost_") and name not in ("cost_total", "cost_capital", "cost_per_year")
    ]
    np.testing.assert_allclose(done.sites[parts].sum(axis=1), done.sites["cost_capital"])


def test_no_money_builds_nothing_and_says_at_what_budget_each_village_comes_in(world: World) -> None:
    done = plan_of(walled(world, planning={"budget": 0}))
    assert len(done.sites) == 0
    assert set(done.villages["why"]) == {"the budget ends before it"}
    assert (done.villages["comes_in_at"] > 0).all()


def test_a_floor_sends_money_where_the_people_are_few(world: World) -> None:
    free = plan_of(walled(world, planning={"budget": 160_000}))

    def chosen(**changes: object) -> Plan:
        return choose(free.problem, free.problem.settings.model_copy(update=changes))

    assert "alone" not in ";".join(free.sites["village_ids"]).split(";")
    assert "alone" in ";".join(chosen(floors={"01": 0.3}).sites["village_ids"]).split(";")
    with pytest.raises(PlanError, match="01"):
        chosen(budget=100, floors={"01": 0.3})
    with pytest.raises(PlanError, match="nobody without signal lives in an area with the code '77'"):
        chosen(floors={"77": 0.3})


def test_the_same_inputs_give_the_same_plan(world: World) -> None:
    first, again = (plan_of(walled(world)) for _ in range(2))
    assert first.sites.drop(columns=["geometry", "backhaul"]).equals(
        again.sites.drop(columns=["geometry", "backhaul"])
    )


def test_who_pays_follows_power_and_fund(world: World) -> None:
    columns = {"grid_power": [False, True, True], "fund_eligible": [True, True, False]}
    done = plan_of(walled(world, planning={"budget": 1e7}, village_columns=columns))
    payer = {
        row["village_ids"]: row["programme"] for row in done.sites.to_dict("records") if row["village_ids"]
    }
    assert payer["far"] == UTILITY
    assert payer["alone"] == FUND
    split = sum_by(done.sites, "programme").set_index("programme")
    assert split.loc[FUND, "cost"] == done.sites.set_index("village_ids").loc["alone", "cost"]
    assert split["people"].sum() == pytest.approx(done.solution.value)
    plain = plan_of(walled(world, planning={"budget": 1e7}))
    assert set(plain.sites["programme"]) == {OPERATORS}


def test_villages_without_power_can_be_left_to_the_utility(world: World) -> None:
    columns = {"grid_power": [False, True, True], "fund_eligible": [True, True, False]}
    planning = {"budget": 1e7, "programmes": ["fund", "operators"]}
    done = plan_of(walled(world, planning=planning, village_columns=columns))
    assert done.villages["village_id"].tolist() == ["alone"]
    assert any("2 of 3 villages" in finding.message for finding in done.findings)


def test_a_wall_keeps_a_candidate_from_the_mast_and_satellite_is_the_last_resort(world: World) -> None:
    inputs = walled(world, planning={"budget": 1e7})
    done = plan_of(inputs)
    behind = done.sites[done.sites.geometry.x < X0 + 9000]
    assert not behind["backhaul_kind"].eq("microwave").any()
    fibre = gpd.GeoDataFrame(
        {"feature_id": ["f"], "name": ["f"], "kind": ["f"]},
        geometry=[LineString([(X0 + 2000, Y0), (X0 + 2000, Y0 + 36_000)])],
        crs=CRS_METRIC,
    )
    inputs.context["fibre"] = fibre
    assert plan_of(inputs).sites["backhaul_kind"].eq("fibre").any()


def test_fresnel_clearance_over_level_ground_is_the_height_over_the_bulge() -> None:
    terrain = flat_terrain(0.0)
    end = (np.array([X0 + 5000.0]), np.array([Y0 + 5000.0]), np.array([50.0]))
    far = (np.array([X0 + 5000.0]), np.array([Y0 + 25_000.0]), np.array([50.0]))
    found = clearance(terrain.sample, end, far, frequency_mhz=7000, refractivity_gradient=39.0)
    middle, wave = 10_000.0, 299_792_458 / 7e9
    radius = 6_371_000 * 157 / (157 - 39)
    wanted = (50 - middle * middle / (2 * radius)) / np.sqrt(wave * middle / 2)
    assert found[0] == pytest.approx(wanted, rel=0.01)


def test_the_planners_own_list_is_held_against_the_best_of_equal_cost(world: World) -> None:
    inputs = walled(world, planning={"budget": 1e7})
    prediction = predict(inputs)
    ranked = rank(assess(prediction, inputs))
    settings = inputs.settings.planning
    open_choice = state(ranked, inputs, settings, prediction=prediction)
    table = gpd.GeoDataFrame(
        {"site_id": ["mine", "twin"]},
        geometry=gpd.points_from_xy([X0 + 5000] * 2, [Y0 + 30_000] * 2),
        crs=CRS_METRIC,
    )
    own = state(
        ranked, inputs, settings, prediction=prediction, candidates=proposed_candidates(table, inputs)
    )
    done = evaluate_sites(own, open_choice, settings)
    assert done.people <= done.best_people <= done.bound + 1e-6
    assert done.sites["adds"].tolist() == [0.0, 0.0]  # twins: either can go
    np.testing.assert_allclose(done.sites["overlap"], done.sites["alone"])
    assert done.missed["village_id"].iloc[0] == "far"
    best = choose(open_choice, settings)
    assert (best.sites["lost_people"] <= best.solution.value + 1e-6).all()
    robust = try_robustness(best, draws=6, seed=1)
    assert robust.low_people <= robust.expected_people
    assert robust.sites["in_plan"].between(0, 1).all()


def test_the_command_plans_on_a_finished_run_and_refuses_what_is_none(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["plan", str(tmp_path)])
    assert done.exit_code == 1
    assert "holds no finished run" in done.output
    wrong = CliRunner().invoke(main, ["plan", str(tmp_path), "--floor", "02"])
    assert wrong.exit_code == 2
