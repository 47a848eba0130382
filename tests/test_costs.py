"""Costs: hand-made sums, and the cases that must not pass."""

import numpy as np
import pytest

from lomsong.costs import add_up, annuity, draw_costs, power_cost, present_revenue, tower_cost
from lomsong.errors import PlanError
from lomsong.settings import CostSettings
from lomsong.settings_reference import describe_settings


def test_an_annuity_is_the_sum_of_its_discounted_payments() -> None:
    assert annuity(0.05, 10) == pytest.approx(sum(1.05**-year for year in range(1, 11)))


def test_present_value_is_capital_less_subsidy_and_discounted_running_cost() -> None:
    costs = CostSettings(opex_share=0.1, discount_rate=0.0, horizon_years=10, subsidy_share=0.5)
    done = add_up({"tower": [100.0], "equipment": [40.0]}, [3.0], costs)
    assert done.capital.tolist() == [140.0]
    assert done.per_year.tolist() == [17.0]
    assert done.present.tolist() == [140.0 - 20.0 + 170.0]


def test_a_tower_of_the_reference_height_costs_its_price_and_a_higher_one_more() -> None:
    prices = tower_cost([30.0, 60.0], CostSettings(tower=5000, tower_reference_m=30, tower_exponent=2))
    np.testing.assert_allclose(prices, [5000.0, 20_000.0])


def test_solar_is_taken_without_a_grid_and_where_the_line_is_dearer() -> None:
    cost, solar = power_cost(
        [100.0, 100.0, 5000.0], [True, False, True], CostSettings(grid_per_m=15, solar=12_000)
    )
    assert cost.tolist() == [1500.0, 12_000.0, 12_000.0]
    assert solar.tolist() == [False, True, True]


@pytest.mark.parametrize("bad", [-1.0, np.nan])
def test_a_negative_or_missing_part_is_one_error_that_names_it(bad: float) -> None:
    with pytest.raises(PlanError, match="'road' is negative or missing in 1 site"):
        add_up({"tower": [1.0, 1.0], "road": [0.0, bad]}, [0.0, 0.0], CostSettings())


def test_drawn_costs_move_a_price_for_all_sites_and_each_site_by_itself() -> None:
    known = add_up({"tower": [100.0, 200.0], "road": [10.0, 50.0]}, [0.0, 5.0], CostSettings())
    fixed = CostSettings(price_spread=0, site_cost_spread=0)
    np.testing.assert_allclose(draw_costs(known, fixed, np.random.default_rng(1)).present, known.present)
    drawn = draw_costs(known, CostSettings(price_spread=0.3, site_cost_spread=0), np.random.default_rng(1))
    tower, road = (drawn.parts[name] / np.array(known.parts[name]) for name in ("tower", "road"))
    assert tower[0] == pytest.approx(tower[1])
    assert tower[1] != pytest.approx(road[1])
    alone = draw_costs(known, CostSettings(price_spread=0, site_cost_spread=0.3), np.random.default_rng(1))
    np.testing.assert_allclose(alone.capital / known.capital, alone.present / known.present)
    assert alone.present[0] / known.present[0] != pytest.approx(alone.present[1] / known.present[1])


def test_revenue_is_what_people_pay_discounted() -> None:
    costs = CostSettings(revenue_per_person_year=2, discount_rate=0.05, horizon_years=10)
    assert float(present_revenue(10.0, costs)) == pytest.approx(20 * sum(1.05**-y for y in range(1, 11)))


def test_every_price_says_that_it_is_a_placeholder() -> None:
    lines = {line.key: line.source for line in describe_settings() if line.key.startswith("costs.")}
    prices = [key for key in lines if key.split(".")[1] not in ("currency", "subsidy_share")]
    assert prices
    assert all("placeholder" in lines[key] for key in prices)
