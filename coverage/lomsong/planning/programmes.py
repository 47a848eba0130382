"""Who pays for a village, by rule: the universal-service fund, the operators, or the electricity utility first."""

import geopandas as gpd
import numpy as np
import pandas as pd

#: Who pays: fund-eligible with grid power, other with grid power, without grid power.
FUND, OPERATORS, UTILITY = "universal-service fund", "operators", "utility first, or solar"
#: The same by their names in ``planning.programmes``.
NAMES = {"fund": FUND, "operators": OPERATORS, "utility": UTILITY}


def programme_of(villages: gpd.GeoDataFrame) -> "pd.Series[str]":
    """
    Say who pays for each village.

    Parameters
    ----------
    villages : GeoDataFrame
        ``village_id``, and ``grid_power`` and ``fund_eligible`` where they are known: what is not known counts as with
        power, and as not eligible.

    Returns
    -------
    Series of str
        By village code.
    """
    ids = villages["village_id"].astype(str)
    no_power, eligible = (
        villages[name].eq(value).fillna(value=False).to_numpy(dtype=bool)
        if name in villages
        else np.zeros(len(villages), dtype=bool)
        for name, value in (("grid_power", False), ("fund_eligible", True))
    )
    return pd.Series(np.select([no_power, eligible], [UTILITY, FUND], OPERATORS), index=ids)


def sum_by(sites: gpd.GeoDataFrame, column: str) -> pd.DataFrame:
    """
    Add up the sites of a plan by year or by who pays.

    Parameters
    ----------
    sites : GeoDataFrame
        Contract `PLAN`.
    column : str
        ``phase`` or ``programme``.

    Returns
    -------
    DataFrame
        The column, ``sites``, ``people`` and ``cost``; in the order of the values.
    """
    groups = sites.groupby(column, sort=True)
    sums: pd.DataFrame = groups.agg(sites=("site_id", "size"), people=("people", "sum"), cost=("cost", "sum"))
    return sums.reset_index()
