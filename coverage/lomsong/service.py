"""Probability of signal per demand point → service per village, operator and technology."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.evidence.probability import Servers, list_servers, point_probabilities
from lomsong.homes import Homes
from lomsong.prediction import Prediction
from lomsong.schemas import ANY, SERVICE
from lomsong.settings import ServiceSettings

Array = NDArray[np.float64]
#: Operator and technology, either of them possibly 'any'.
Choice = tuple[str, str]


def usable_servers(
    prediction: Prediction, others: pd.DataFrame | None = None, doubts: pd.Series | None = None
) -> Servers:
    """List every server of every demand point with its margin over the threshold of its technology; as `list_servers`."""
    thresholds: dict[str, float] = {
        name: carrier.threshold_dbm for name, carrier in prediction.radio.carriers.items()
    }
    wrong = prediction.inputs.settings.evidence.wrong_record_part
    return list_servers(prediction.signal, thresholds, others, wrong=wrong, doubts=doubts)


def service_chances(
    prediction: Prediction, servers: Servers, settings: ServiceSettings, choices: list[Choice] | None = None
) -> dict[Choice, Array]:
    """
    Probability of signal at each demand point for every operator and technology, and for 'any' of each.

    Parameters
    ----------
    prediction : Prediction
        Demand points.
    servers : Servers
        From `usable_servers`.
    settings : ServiceSettings
        Which technologies count towards 'any'.
    choices : list, optional
        What to compute; all that any server belongs to if not given.

    Returns
    -------
    dict of ndarray, shape (demand points,)
        NaN outside the terrain model.
    """
    wanted = list_choices(servers) if choices is None else choices
    counts = servers.carriers["technology"].isin(settings.technologies)
    members = np.zeros((len(wanted), len(servers.carriers)), dtype=bool)
    for row, (operator, technology) in enumerate(wanted):
        mine = counts if technology == ANY else servers.carriers["technology"] == technology
        if operator != ANY:
            mine = mine & (servers.carriers["operator"] == operator)
        members[row] = mine
    p = point_probabilities(
        servers,
        members,
        points=len(prediction.demand),
        correlation=prediction.radio.site_correlation,
    )
    p[:, prediction.demand["ground_m"].isna().to_numpy()] = np.nan
    return dict(zip(wanted, p, strict=True))


def list_choices(servers: Servers) -> list[Choice]:
    """List 'any', each technology, each operator and each of its technologies, of those that have a server."""
    there = servers.carriers.iloc[np.unique(servers.carrier)]
    choices = [(ANY, ANY), *((ANY, name) for name in sorted(there["technology"].unique()))]
    for operator, mine in there.groupby("operator"):
        choices += [(str(operator), name) for name in (ANY, *sorted(mine["technology"]))]
    return choices


def build_service(chances: dict[Choice, Array], homes: Homes) -> pd.DataFrame:
    """
    Sum up service by village.

    Parameters
    ----------
    chances : dict of ndarray
        From `service_chances`.
    homes : Homes
        Demand points of each village.

    Returns
    -------
    DataFrame
        Contract `SERVICE`; a village without a computable demand point has missing values, never zero.
    """
    tables = [
        pd.DataFrame(
            {
                "village_id": homes.ids,
                "p_centre": homes.at_centre(p),
                "covered_share": homes.covered_share(p),
                "operator": operator,
                "technology": technology,
            }
        )
        for (operator, technology), p in chances.items()
    ]
    return pd.concat(tables, ignore_index=True)[SERVICE.names()]
