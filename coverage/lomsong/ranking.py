"""Need: who is without signal, how surely, and how far away; each part is shown."""

import geopandas as gpd
import numpy as np
import pandas as pd

from lomsong.errors import SettingsError
from lomsong.settings import RankingSettings

#: Where a part is unknown it neither raises nor lowers the village.
UNKNOWN_PART = 50.0


def rank(villages: gpd.GeoDataFrame, settings: RankingSettings | None = None) -> gpd.GeoDataFrame:
    """
    Order villages by need for investment.

    Need is the weighted sum of three percentile ranks: expected people without signal, chance that the centre
    is without signal, distance to the nearest mast. Ties go to the smaller village code.

    Parameters
    ----------
    villages : GeoDataFrame
        From `assess`.
    settings : RankingSettings
        The weights.

    Returns
    -------
    GeoDataFrame
        The same villages with the columns of `RANKING`, the first to fund on top.

    Raises
    ------
    SettingsError
        Every weight is zero.
    """
    settings = settings or RankingSettings()
    weights = {
        "need_people": settings.weight_people,
        "need_severity": settings.weight_severity,
        "need_isolation": settings.weight_isolation,
    }
    total = sum(weights.values())
    if total <= 0:
        raise SettingsError("ranking: every weight is 0; give at least one of them a value")
    ranked = villages.copy()
    ranked["need_people"] = percentile_rank(villages["unserved_people"])
    ranked["need_severity"] = percentile_rank(1 - villages["p_signal"])
    ranked["need_isolation"] = percentile_rank(villages["nearest_site_m"])
    ranked["need"] = sum(ranked[name] * weight / total for name, weight in weights.items())
    # rounded first: the order must not hang on the last bit of a sum
    order = np.lexsort((ranked["village_id"].astype(str), -ranked["need"].round(9)))
    ranked = ranked.iloc[order]
    ranked["rank"] = np.arange(1, len(ranked) + 1)
    return ranked


def percentile_rank(values: pd.Series) -> pd.Series:
    """
    Share of the other values that are strictly smaller, in percent; `UNKNOWN_PART` where missing.

    Examples
    --------
    >>> percentile_rank(pd.Series([0.0, 0.0, 5.0, np.nan])).tolist()
    [0.0, 0.0, 100.0, 50.0]
    """
    known = values.notna().sum()
    smaller = values.rank(method="min") - 1
    return (100.0 * smaller / max(known - 1, 1)).fillna(UNKNOWN_PART)
