"""The table of servers: what the search found by number, with names, levels and their spread."""

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.network import Network
from lomsong.propagation import servers
from lomsong.propagation.antenna import LEVEL_KIND
from lomsong.propagation.models import MODELS
from lomsong.schemas import SIGNAL
from lomsong.settings import RadioSettings
from lomsong.store import Arrays


def spread(diffraction_db: NDArray[np.float64], radio: RadioSettings) -> NDArray[np.float64]:
    """
    Standard deviation of the real level about the predicted one; it grows with the obstruction.

    Parameters
    ----------
    diffraction_db : ndarray, shape (...)
        Loss beyond free space. [dB]
    radio : RadioSettings
        The values on a clear and on a blocked path, and where blocked begins.

    Returns
    -------
    ndarray, shape (...)
        Between the two, linear in the loss; that of a blocked path for a model that does not look at the terrain. [dB]
    """
    part = np.clip(diffraction_db / radio.blocked_from_db, 0.0, 1.0)
    if MODELS[radio.model].excess is not None:
        # it cannot tell a clear path from a blocked one
        part = np.where(np.isnan(diffraction_db), np.nan, 1.0)
    return radio.sigma_clear_db + (radio.sigma_blocked_db - radio.sigma_clear_db) * part


def join_blocks(
    found: list[Arrays], blocks: list[NDArray[np.int64]], places: gpd.GeoDataFrame, groups: int
) -> Arrays:
    """
    Put the results of all blocks into one table in the order of the places; empties `found`.

    Parameters
    ----------
    found : list of dict
        Of each block the `servers.FIELDS` of every ``row``, which is place × groups + group.
    blocks : list of ndarray of int
        Rows of the places of each block.
    places : GeoDataFrame
        ``demand_id``.
    groups : int
        How many operators × technologies there are.

    Returns
    -------
    dict of ndarray
        With ``demand_id`` and ``group`` instead of ``row``.
    """
    rows = [
        block[each["row"] // groups] * groups + each["row"] % groups
        for each, block in zip(found, blocks, strict=True)
    ]
    row = np.concatenate([*rows, np.zeros(0, dtype=np.int64)])
    order = np.argsort(row, kind="stable")
    place, group = np.divmod(row[order], groups)
    table: Arrays = {"demand_id": places["demand_id"].to_numpy()[place], "group": group}
    for name in servers.FIELDS[: servers.PATHS]:
        table[name] = np.concatenate([*(each.pop(name) for each in found), np.zeros(0)])[order]
    return table


def build_signal(found: Arrays, network: Network, groups: pd.DataFrame) -> pd.DataFrame:
    """
    Name what was found by number.

    Parameters
    ----------
    found : dict of ndarray
        From `join_blocks`.
    network : Network
        Its sectors, and the spread of levels.
    groups : DataFrame
        ``operator`` and ``technology`` of each group.

    Returns
    -------
    DataFrame
        Contract `SIGNAL`.
    """
    sectors, radio = network.sectors, network.radio
    kind = groups["technology"].map(LEVEL_KIND)
    sites = sectors["site_id"]
    table = pd.DataFrame(
        {
            "demand_id": found["demand_id"],
            "operator": _named(found["group"], groups["operator"]),
            "technology": _named(found["group"], groups["technology"]),
            "level_kind": _named(found["group"], kind),
            "level_dbm": found["level_dbm"],
            "sigma_db": spread(found["diffraction_db"], radio),
            "sector_id": _named(found["sector"], sectors["sector_id"]),
            "site_id": _named(found["sector"], sites),
            "distance_m": found["distance_m"],
            "diffraction_db": found["diffraction_db"],
            "obstacle_m": found["obstacle_m"],
            "second_level_dbm": found["second_level_dbm"],
            "second_sigma_db": spread(found["second_diffraction_db"], radio),
            "second_site_id": _named(found["second_sector"], sites),
            "second_diffraction_db": found["second_diffraction_db"],
            "unseen_bound_dbm": found["unseen_bound_dbm"],
        }
    )
    return table[SIGNAL.names()]


def _named(rows: NDArray[np.generic], names: pd.Series) -> pd.Categorical:
    """Return the names at some rows, -1 for none; each is kept once, since a nation's table has millions of rows."""
    codes, unique = pd.factorize(names.astype(str))
    return pd.Categorical.from_codes(np.append(codes, -1)[rows.astype(np.int64)], pd.Index(unique, dtype=str))
