"""The answers: which places and villages have signal, by the truth's own rules."""

import numpy as np
import pandas as pd

from lomsong.sources.demo.levels import THRESHOLD_DBM
from lomsong.sources.demo.names import OPERATORS
from lomsong.sources.demo.network import SERVICE, Network
from lomsong.sources.demo.settlements import Settlements

#: A village is hollow where a cluster of so many households, or so large a share of its people, lacks signal.
HOLLOW_HOUSEHOLDS, HOLLOW_SHARE = 10, 0.8
#: The name of an operator and technology where there is no level at all.
_NONE = ""


def judge_points(people: Settlements, network: Network) -> pd.DataFrame:
    """
    Judge every point of the settlements.

    Returns
    -------
    DataFrame
        ``people.points`` with ``operator``, ``technology``, ``level_dbm`` and ``margin_db`` of the strongest server
        that counts as service, ``has_signal``, ``has_2g``.
    """
    table = people.points
    kinds = [(operator, technology) for technology in SERVICE for operator in range(len(OPERATORS))]
    levels = np.array([network.levels[technology][operator] for operator, technology in kinds])
    margins = levels - np.array([THRESHOLD_DBM[technology] for _, technology in kinds])[:, None]
    best, rows = margins.argmax(axis=0), np.arange(len(table))
    known = np.isfinite(margins[best, rows])
    names = np.array([OPERATORS[operator][1] for operator, _ in kinds], dtype=object)
    technologies = np.array([technology for _, technology in kinds], dtype=object)
    return table.assign(
        operator=np.where(known, names[best], _NONE),
        technology=np.where(known, technologies[best], _NONE),
        level_dbm=np.where(known, levels[best, rows], np.nan),
        margin_db=np.where(known, margins[best, rows], np.nan),
        has_signal=margins[best, rows] >= 0,
        has_2g=network.levels["2g"].max(axis=0) >= THRESHOLD_DBM["2g"],
    )


def judge_villages(people: Settlements, points: pd.DataFrame) -> pd.DataFrame:
    """
    Judge every village from its judged points.

    Returns
    -------
    DataFrame
        One row a village: codes, ``has_signal`` at the centre from 3G on and from any operator, its server, level
        and margin, ``has_2g``, ``covered_share`` of people, ``clusters``, ``dark_clusters``, ``hollow``, ``fixed_line``.
    """
    centres = points[points["kind"] == "centre"].set_index("village")
    homes = points[points["kind"] == "home"]
    covered = homes["people"] * homes["has_signal"]
    share = covered.groupby(homes["village"]).sum() / homes.groupby("village")["people"].sum()
    keys = [homes["village"], homes["cluster"]]
    by_cluster = pd.DataFrame(
        {
            "share": covered.groupby(keys).sum() / homes["people"].groupby(keys).sum(),
            "households": homes["households"].groupby(keys).sum(),
        }
    )
    dark = (by_cluster["share"] < 0.5) & (by_cluster["households"] >= HOLLOW_HOUSEHOLDS)
    dark_clusters = dark.groupby(level="village").sum()
    frame = people.villages[["village_id", "village_name"]].join(
        centres[["has_signal", "operator", "technology", "level_dbm", "margin_db", "has_2g"]]
    )
    return frame.assign(
        covered_share=share,
        clusters=by_cluster.groupby(level="village").size(),
        dark_clusters=dark_clusters,
        hollow=frame["has_signal"] & ((dark_clusters > 0) | (share < HOLLOW_SHARE)),
        fixed_line=people.villages["fixed_line"],
    )
