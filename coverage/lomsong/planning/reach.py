"""Whom a candidate site would reach: the radio engine's levels of every configuration, kept for the next plan."""

import hashlib
from contextlib import suppress

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import norm

from lomsong.errors import OutputError
from lomsong.inputs import Inputs
from lomsong.planning.options import Options
from lomsong.prediction import predict_sectors
from lomsong.settings import PlanningSettings
from lomsong.sites import build_sectors
from lomsong.store import Arrays, Store

#: Operator's name of sectors that are only thought of.
PLANNED = "planned"
#: What is kept of each pair of a sector and a demand point.
_KEPT = ("sector", "demand", "level_dbm", "sigma_db")


def find_reach(
    inputs: Inputs,
    demand: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    options: Options,
    settings: PlanningSettings,
    *,
    store: Store | None = None,
) -> sparse.csr_array:
    """
    Find the chance of signal at each demand point from each option, by the radio engine.

    Parameters
    ----------
    inputs : Inputs
        Terrain, clutter and radio settings.
    demand : GeoDataFrame
        Points to reach, index 0..k-1.
    candidates : GeoDataFrame
        From `find_candidates`.
    options : Options
        From `list_options`.
    settings : PlanningSettings
        Configurations, and the lowest chance that counts.
    store : Store, optional
        Of an identity that names the inputs and the radio settings; what it holds is not computed again.

    Returns
    -------
    csr_array, shape (options, k)
        Chances where they are at least the lowest level.
    """
    table = options.table
    shape = (len(table), len(demand))
    if not len(table) or not len(demand):
        return sparse.csr_array(shape)
    kinds = len(settings.configurations)
    sectors = _planned_sectors(inputs, candidates, settings)
    found = _kept_levels(inputs, demand.assign(demand_id=np.arange(len(demand))), sectors, store)
    carriers = inputs.settings.radio.carriers
    threshold = np.array(
        [carriers[configuration.technology].threshold_dbm for configuration in settings.configurations]
    )
    row = found["sector"]
    chance = norm.cdf((found["level_dbm"] - threshold[row % kinds]) / found["sigma_db"])
    kept = chance >= settings.levels[0]
    by_pair = sparse.csr_array(
        (chance[kept], (row[kept], found["demand"][kept])), shape=(len(candidates) * kinds, len(demand))
    )
    return sparse.csr_array(by_pair[(table["site"] * kinds + table["configuration"]).to_numpy()])


def _planned_sectors(
    inputs: Inputs, candidates: gpd.GeoDataFrame, settings: PlanningSettings
) -> gpd.GeoDataFrame:
    """Return a sector for every candidate and configuration, in this order, numbered from 0."""
    kinds = settings.configurations
    site = np.repeat(np.arange(len(candidates)), len(kinds))
    names = [str(number) for number in range(len(site))]
    raw = pd.DataFrame(
        {
            "sector_id": names,
            "site_id": names,
            "operator": PLANNED,
            "technology": [kind.technology for kind in kinds] * len(candidates),
            "antenna_height_m": [kind.antenna_height_m for kind in kinds] * len(candidates),
            "frequency_mhz": [kind.frequency_mhz for kind in kinds] * len(candidates),
            "eirp_dbm": [kind.eirp_dbm for kind in kinds] * len(candidates),
        }
    ).astype({"frequency_mhz": "float64", "eirp_dbm": "float64"})
    # another sector on a mast that stands hangs no higher than the mast
    mast_m = candidates["mast_height_m"].to_numpy(dtype=np.float64)[site]
    raw["antenna_height_m"] = np.fmin(raw["antenna_height_m"].to_numpy(dtype=np.float64), mast_m)
    points = candidates.geometry.iloc[site].to_numpy()
    sectors, _ = build_sectors(gpd.GeoDataFrame(raw, geometry=points, crs=inputs.crs), inputs.settings.radio)
    return sectors


def _kept_levels(
    inputs: Inputs, demand: gpd.GeoDataFrame, sectors: gpd.GeoDataFrame, store: Store | None
) -> Arrays:
    """Return the levels from the store, or compute and keep them; a plan does not fail for want of room to keep them."""
    if store is None:
        return _levels(inputs, demand, sectors)
    name = f"reach {_fingerprint(demand)} {_fingerprint(sectors)}"
    found = store.load(name, 0)
    if found is None or set(found) != set(_KEPT):
        found = _levels(inputs, demand, sectors)
        with suppress(OutputError):
            store.save(name, 0, found)
    return found


def _levels(inputs: Inputs, demand: gpd.GeoDataFrame, sectors: gpd.GeoDataFrame) -> Arrays:
    levels = predict_sectors(inputs, demand, sectors)
    columns: tuple[NDArray[np.generic], ...] = (
        levels["sector_id"].astype("int64").to_numpy(),
        levels["demand_id"].to_numpy(dtype=np.int64),
        levels["level_dbm"].to_numpy(dtype=np.float64),
        levels["sigma_db"].to_numpy(dtype=np.float64),
    )
    return dict(zip(_KEPT, columns, strict=True))


def _fingerprint(table: gpd.GeoDataFrame) -> str:
    """Name a table by all that it holds."""
    plain = pd.DataFrame(table.to_wkb())
    digest = hashlib.sha256(repr([(str(name), str(kind)) for name, kind in plain.dtypes.items()]).encode())
    digest.update(pd.util.hash_pandas_object(plain, index=False).to_numpy().tobytes())
    return digest.hexdigest()
