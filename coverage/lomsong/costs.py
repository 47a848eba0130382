"""
What a site costs: capital by part, running cost, and the present value of both.

Every price comes from the settings, where each default says that it is a placeholder.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lomsong.contracts import problem_list
from lomsong.errors import PlanError
from lomsong.findings import count_rows
from lomsong.settings import CostSettings

_Floats = NDArray[np.float64]


def annuity(rate: float, years: int) -> float:
    """
    Present value of one unit paid at the end of each year.

    Parameters
    ----------
    rate : float
        Discount rate. [1/year]
    years : int
        Number of payments.

    Examples
    --------
    >>> round(annuity(0.05, 10), 4), annuity(0.0, 10)
    (7.7217, 10.0)
    """
    return float(years) if rate == 0 else (1 - (1 + rate) ** -years) / rate


def tower_cost(height_m: ArrayLike, costs: CostSettings) -> _Floats:
    """
    Price of a tower, growing with its height.

    Parameters
    ----------
    height_m : array_like, shape (...)
        Antenna above ground. [m]

    Returns
    -------
    ndarray, shape (...)
        [money]
    """
    height = np.asarray(height_m, dtype=np.float64)
    return costs.tower * (height / costs.tower_reference_m) ** costs.tower_exponent


def power_cost(
    grid_m: ArrayLike, has_grid: ArrayLike, costs: CostSettings
) -> tuple[_Floats, NDArray[np.bool_]]:
    """
    Price of power: a line to the grid, or solar where that is cheaper or there is no grid.

    Parameters
    ----------
    grid_m : array_like, shape (...)
        Distance to the grid. [m]
    has_grid : array_like of bool, shape (...)
        Whether the grid is there at all.

    Returns
    -------
    cost : ndarray, shape (...)
        [money]
    solar : ndarray of bool, shape (...)
        Where solar was taken.
    """
    line = np.asarray(grid_m, dtype=np.float64) * costs.grid_per_m
    solar = ~np.asarray(has_grid, dtype=np.bool_) | (line > costs.solar)
    return np.where(solar, costs.solar, line), solar


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCosts:
    """
    Cost of candidate sites by part, each an array of shape (n,).

    Attributes
    ----------
    parts : mapping of str to ndarray
        Capital by part. [money]
    per_year, extra_per_year : ndarray
        Running cost, and what of it is no share of the capital. [money/year]
    present : ndarray
        Capital, less the subsidy, and the discounted running cost: what the budget counts. [money]
    """

    parts: Mapping[str, _Floats]
    per_year: _Floats
    present: _Floats
    extra_per_year: _Floats

    @property
    def capital(self) -> _Floats:
        """Return the sum of the parts."""
        total: _Floats = np.sum(list(self.parts.values()), axis=0)
        return total


def add_up(parts: Mapping[str, ArrayLike], extra_per_year: ArrayLike, costs: CostSettings) -> SiteCosts:
    """
    Add up the parts of sites to their present value.

    Parameters
    ----------
    parts : mapping of str to array_like, shape (n,)
        Capital by part; ``equipment`` is what a subsidy is for. [money]
    extra_per_year : array_like, shape (n,)
        Running cost beside the share of the capital, such as satellite capacity. [money/year]
    costs : CostSettings
        Share of running cost, rate, horizon, subsidy.

    Returns
    -------
    SiteCosts

    Raises
    ------
    PlanError
        A cost is negative or missing; every part that is so is named.
    """
    arrays = {name: np.asarray(values, dtype=np.float64) for name, values in parts.items()}
    extra = np.asarray(extra_per_year, dtype=np.float64)
    problems = [
        f"'{name}' is negative or missing in {count_rows(bad, 'site')}; set a price from 0 up under costs"
        for name, values in [*arrays.items(), ("per_year", extra)]
        if (bad := int((~(np.isfinite(values) & (values >= 0))).sum()))
    ]
    if problems:
        raise PlanError(problem_list("costs", problems))
    capital = np.sum(list(arrays.values()), axis=0)
    per_year = costs.opex_share * capital + extra
    subsidy = costs.subsidy_share * arrays.get("equipment", np.zeros_like(capital))
    present = capital - subsidy + annuity(costs.discount_rate, costs.horizon_years) * per_year
    return SiteCosts(parts=arrays, per_year=per_year, present=present, extra_per_year=extra)


def draw_costs(known: SiteCosts, costs: CostSettings, rng: np.random.Generator) -> SiteCosts:
    """
    Draw what the sites may really cost: every price is off by a factor of its own, and so is every site.

    Parameters
    ----------
    known : SiteCosts
        At the prices of the settings.
    costs : CostSettings
        With ``price_spread`` and ``site_cost_spread``.
    rng : Generator
        Of the draws.

    Returns
    -------
    SiteCosts
        The factors are lognormal with median 1.
    """
    site = np.exp(rng.normal(0.0, costs.site_cost_spread, len(known.present)))
    price = np.exp(rng.normal(0.0, costs.price_spread, len(known.parts) + 1))
    parts = {
        name: values * factor * site
        for (name, values), factor in zip(known.parts.items(), price, strict=False)
    }
    return add_up(parts, known.extra_per_year * price[-1] * site, costs)


def present_revenue(people: ArrayLike, costs: CostSettings) -> _Floats:
    """
    Present value of what people who are reached pay over the years counted.

    Parameters
    ----------
    people : array_like, shape (...)
        [persons]

    Returns
    -------
    ndarray, shape (...)
        [money]
    """
    yearly = np.asarray(people, dtype=np.float64) * costs.revenue_per_person_year
    return yearly * annuity(costs.discount_rate, costs.horizon_years)
