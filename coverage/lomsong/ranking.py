"""Need: who is without signal, how surely, who they are and how far away; each part is shown, and how sure the order is."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.special import expit, logit

from lomsong.context import distance_to
from lomsong.errors import SettingsError
from lomsong.overrides import decided_chance
from lomsong.settings import RankingSettings

#: Where a part is unknown it neither raises nor lowers the village.
UNKNOWN_PART = 50.0
#: Columns behind the social part; more is needier in each.
SOCIAL = ("schools", "clinics", "difficulty_class", "minority_share", "poverty_share")
#: Of these, what a layer of surroundings can count where the villages do not say.
COUNTED = ("schools", "clinics")
#: A village known by a point only has the schools and clinics this near. [m]
NEAR_M = 1000.0
#: A rank interval leaves out this part of the draws on either side.
TAIL = 0.05
#: Chances are kept this far from 0 and 1 before they are drawn about.
_SURE = 1e-3


def rank(
    villages: gpd.GeoDataFrame,
    settings: RankingSettings | None = None,
    *,
    roads: gpd.GeoDataFrame | None = None,
    services: Mapping[str, gpd.GeoDataFrame] | None = None,
) -> gpd.GeoDataFrame:
    """
    Order villages by need for investment.

    Need is the weighted sum of percentile ranks: expected people without signal, severity (the chance that the centre
    is without signal; less grave, that outlying people are, or that service is slow), isolation (distance to a road, or
    to the nearest mast) and, where any village gives one of `SOCIAL`, the mean of those. Ties go to the smaller village
    code.

    Parameters
    ----------
    villages : GeoDataFrame
        From `assess`.
    settings : RankingSettings
        The weights.
    roads : GeoDataFrame, optional
        Roads in the CRS of the villages, as in ``inputs.context["roads"]``.
    services : mapping of str to GeoDataFrame, optional
        Layers named as in `COUNTED`, in the CRS of the villages, such as ``inputs.context``: counted in each village
        where no village gives the number itself.

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
    villages = _count_services(villages, services or {})
    ranked = villages.copy()
    parts = {
        "need_people": percentile_rank(villages["unserved_people"]),
        "need_severity": percentile_rank(severity(villages, settings)),
        "need_isolation": percentile_rank(_isolation(villages, roads)),
    }
    social = [percentile_rank(villages[name].astype(float)) for name in SOCIAL if _given(villages, name)]
    if social:
        parts["need_social"] = pd.concat(social, axis=1).mean(axis=1)
    weights = _weights(settings, list(parts))
    for name, values in parts.items():
        ranked[name] = values
    ranked["need"] = sum(ranked[name] * weight for name, weight in weights.items())
    # rounded first: the order must not hang on the last bit of a sum
    order = np.lexsort((ranked["village_id"].astype(str), -ranked["need"].round(9)))
    ranked = ranked.iloc[order]
    ranked["rank"] = np.arange(1, len(ranked) + 1)
    return ranked


def _count_services(villages: gpd.GeoDataFrame, services: Mapping[str, gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Return a copy with the number of schools and clinics inside each village; about it, where it is a point."""
    counted = villages.copy()
    for name in COUNTED:
        layer = services.get(name)
        if layer is None or _given(villages, name):
            continue
        shapes, found = counted.geometry.to_numpy(), layer.geometry.to_numpy()
        found = found[~(shapely.is_missing(found) | shapely.is_empty(found))]
        known = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        reach = np.where(shapely.get_dimensions(shapes) == 2, 0.0, NEAR_M)
        number = np.where(known, 0.0, np.nan)
        if len(found):
            tree = shapely.STRtree(shapely.point_on_surface(found))
            rows = np.flatnonzero(known)
            hits = tree.query(shapes[rows], predicate="dwithin", distance=reach[rows])[0]
            number[rows] = np.bincount(hits, minlength=len(rows))
        counted[name] = number
    return counted


def _given(villages: pd.DataFrame, name: str) -> bool:
    return name in villages and bool(villages[name].notna().any())


def _weights(settings: RankingSettings, parts: list[str]) -> dict[str, float]:
    given = {name: float(getattr(settings, name.replace("need_", "weight_"))) for name in parts}
    total = sum(given.values())
    if total <= 0:
        raise SettingsError("ranking: every weight is 0; give at least one of them a value")
    return {name: weight / total for name, weight in given.items()}


def severity(villages: pd.DataFrame, settings: RankingSettings) -> "pd.Series[float]":
    """
    How grave the want of signal is, between 0 and 1: the gravest of what may be true, times its chance. What a person
    decided is certain.

    Parameters
    ----------
    villages : DataFrame
        ``p_signal``; and ``covered_share`` and ``status`` where they are there.
    settings : RankingSettings
        How grave hollow and underserved villages are beside white ones.
    """
    p, share = villages["p_signal"].astype(float), None
    if "covered_share" in villages:
        share = villages["covered_share"].astype(float)
    if {"status", "override"} <= set(villages):
        said = decided_chance(villages)
        p = said.fillna(p)
        share = None if share is None else said.fillna(share)
    grave = 1 - p
    if share is not None:
        outlying = settings.severity_hollow * (1 - share)
        grave = grave.where(~(outlying > grave), outlying)
    if "status" in villages:
        slow = settings.severity_underserved * p
        grave = grave.where(~(villages["status"].eq("underserved") & (slow > grave)), slow)
    return grave


def _isolation(villages: gpd.GeoDataFrame, roads: gpd.GeoDataFrame | None) -> "pd.Series[float]":
    if roads is None or not len(roads):
        nearest: pd.Series[float] = villages["nearest_site_m"]
        return nearest
    return pd.Series(distance_to(villages.geometry.representative_point(), roads), index=villages.index)


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


def add_rank_uncertainty(
    ranked: gpd.GeoDataFrame, settings: RankingSettings | None = None, *, seed: int
) -> gpd.GeoDataFrame:
    """
    Say how sure the order is: draw chances of signal, populations and weights, and rank again.

    Parameters
    ----------
    ranked : GeoDataFrame
        From `rank`.
    settings : RankingSettings
        Draws, spreads and weights.
    seed : int
        Of the draws; the same seed gives the same intervals.

    Returns
    -------
    GeoDataFrame
        With ``rank_low`` and ``rank_high`` (5 % of the draws lie outside on either side) and ``p_top``.
    """
    settings = settings or RankingSettings()
    if not settings.draws or not len(ranked):
        return ranked
    rng = np.random.default_rng(seed)
    # drawn in the order of the codes, so that the order of rows does not matter
    order = np.argsort(ranked["village_id"].astype(str).to_numpy(), kind="stable")
    table = ranked.iloc[order]
    p = np.clip(table["p_signal"].to_numpy(dtype=np.float64), _SURE, 1 - _SURE)
    people = table["unserved_people"].to_numpy(dtype=np.float64)
    decided = (
        decided_chance(table).notna() if "override" in table else pd.Series(False, table.index)
    ).to_numpy()
    fixed = [name for name in ("need_isolation", "need_social") if name in table]
    weights = _weights(settings, ["need_people", "need_severity", *fixed])
    concentration = settings.weight_concentration * np.array(list(weights.values()))
    used = concentration > 0
    ranks = np.empty((settings.draws, len(table)), dtype=np.int64)
    for draw in range(settings.draws):
        drawn = expit(logit(p) + rng.normal(0.0, settings.p_spread, len(p)))
        # what a person decided is certain
        crowd = (
            people
            * np.where(decided, 1.0, (1 - drawn) / (1 - p))
            * np.exp(rng.normal(0.0, settings.population_spread, len(p)))
        )
        weight = np.zeros(len(concentration))
        weight[used] = rng.dirichlet(concentration[used])
        grave = severity(table.assign(p_signal=np.where(np.isnan(p), np.nan, drawn)), settings)
        parts = [percentile_rank(pd.Series(crowd)), percentile_rank(grave), *(table[name] for name in fixed)]
        need = sum(part.to_numpy() * share for part, share in zip(parts, weight, strict=True))
        place = np.argsort(-np.round(np.asarray(need), 9), kind="stable")
        ranks[draw, place] = np.arange(1, len(table) + 1)
    low, high = np.quantile(ranks, [TAIL, 1 - TAIL], axis=0, method="nearest")
    back = np.argsort(order, kind="stable")
    return ranked.assign(
        rank_low=low.astype(np.int64)[back],
        rank_high=high.astype(np.int64)[back],
        p_top=(ranks <= settings.top).mean(axis=0)[back],
    )


def rank_by_part(ranked: gpd.GeoDataFrame) -> pd.DataFrame:
    """
    Show how the order changes if one part alone counted.

    Parameters
    ----------
    ranked : GeoDataFrame
        From `rank`.

    Returns
    -------
    DataFrame
        ``village_id, rank`` and one column ``rank_PART`` for each part; ties go to the smaller village code.
    """
    table = pd.DataFrame({"village_id": ranked["village_id"], "rank": ranked["rank"]})
    for name in ("need_people", "need_severity", "need_isolation", "need_social"):
        if name in ranked:
            place: NDArray[np.int64] = np.lexsort((ranked["village_id"].astype(str), -ranked[name].round(9)))
            column = np.empty(len(ranked), dtype=np.int64)
            column[place] = np.arange(1, len(ranked) + 1)
            table[name.replace("need_", "rank_")] = column
    return table
