"""Probability of signal per demand point → service per village, operator and technology."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.evidence.probability import list_servers, point_probability
from lomsong.prediction import Prediction
from lomsong.schemas import ANY, SERVICE
from lomsong.settings import ServiceSettings


def point_service(prediction: Prediction, servers: pd.DataFrame) -> NDArray[np.float64]:
    """
    Probability of signal at each demand point from `servers`; NaN outside the terrain model.

    Returns
    -------
    ndarray, shape (len(prediction.demand),)
        In the order of the demand table.
    """
    demand = prediction.demand
    p = point_probability(servers, len(demand), correlation=prediction.radio.site_correlation)
    return np.where(demand["ground_m"].notna(), p, np.nan)


def usable_servers(prediction: Prediction) -> pd.DataFrame:
    """List every server of every demand point with its margin over the threshold of its technology."""
    thresholds: dict[str, float] = {
        name: carrier.threshold_dbm for name, carrier in prediction.radio.carriers.items()
    }
    return list_servers(prediction.signal, thresholds)


def build_service(
    prediction: Prediction, servers: pd.DataFrame, settings: ServiceSettings, village_ids: pd.Series
) -> pd.DataFrame:
    """
    Sum up service for every operator and technology, and for 'any' of each.

    Parameters
    ----------
    prediction : Prediction
        Demand points.
    servers : DataFrame
        From `usable_servers`.
    settings : ServiceSettings
        Which technologies count towards 'any'.
    village_ids : Series
        Every village, in order.

    Returns
    -------
    DataFrame
        Contract `SERVICE`; a village without a computable demand point has missing values, never zero.
    """
    tables = []
    for operator, technology, part in _groups(servers, settings):
        table = sum_up(prediction, point_service(prediction, part), village_ids)
        tables.append(table.assign(operator=operator, technology=technology))
    return pd.concat(tables, ignore_index=True)[SERVICE.names()]


def sum_up(prediction: Prediction, p: NDArray[np.float64], village_ids: pd.Series) -> pd.DataFrame:
    """
    Probability at the centre and expected covered share of each village.

    Parameters
    ----------
    p : ndarray
        From `point_service`.

    Returns
    -------
    DataFrame
        ``village_id, p_centre, covered_share`` in the order of `village_ids`; the share is of the people whose
        place could be computed.
    """
    demand = prediction.demand
    village = demand["village_id"].to_numpy()
    known = np.isfinite(p)
    share = pd.Series(np.where(known, demand["share"], 0.0)).groupby(village).sum()
    covered = pd.Series(np.where(known, demand["share"] * np.nan_to_num(p), 0.0)).groupby(village).sum()
    centre = demand["is_centre"].to_numpy(dtype=bool)
    at_centre = pd.Series(p[centre], index=village[centre])
    ids = village_ids.to_numpy()
    with_people = (covered / share.where(share > 0)).reindex(ids)
    return pd.DataFrame(
        {
            "village_id": ids,
            "p_centre": at_centre.reindex(ids).to_numpy(),
            "covered_share": with_people.clip(0, 1).to_numpy(),
        }
    )


def _groups(servers: pd.DataFrame, settings: ServiceSettings) -> Iterator[tuple[str, str, pd.DataFrame]]:
    operators = sorted(servers["operator"].unique())
    technologies = sorted(servers["technology"].unique())
    counting = servers[servers["technology"].isin(settings.technologies)]
    yield ANY, ANY, counting
    for technology in technologies:
        yield ANY, technology, servers[servers["technology"] == technology]
    for operator in operators:
        mine = servers[servers["operator"] == operator]
        yield operator, ANY, counting[counting["operator"] == operator]
        for technology in sorted(mine["technology"].unique()):
            yield operator, technology, mine[mine["technology"] == technology]
