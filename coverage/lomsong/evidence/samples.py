"""Signal samples → bins: one level a place, year, operator and technology, each with its weight."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from lomsong.findings import Finding, count_rows
from lomsong.inputs import Inputs
from lomsong.points import coordinates
from lomsong.settings import EvidenceSettings

LAYER = "measurements"
_DAYS_A_YEAR = 365.25
#: Samples of one cell agree within this standard deviation. Crowdsourced ones of a whole city lie 10 to 12 dB about models
#: (domain notes), so more than that within one cell is contradiction. [dB]
AGREE_DB = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """
    Binned signal samples.

    Attributes
    ----------
    bins : DataFrame
        ``place`` (row of `places`), ``operator`` (missing where the samples do not say), ``technology``,
        ``level_dbm`` (median), ``scatter_db`` (standard deviation about their mean, 0 where they agree), ``samples`` (how
        many), ``age_years``, ``x``, ``y``.
    places : GeoDataFrame
        Where to predict: ``demand_id``, ``ground_m`` and points in the working CRS.
    findings : tuple of Finding
        What was left out.
    """

    bins: pd.DataFrame
    places: gpd.GeoDataFrame
    findings: tuple[Finding, ...]


def measurement_ages(measurements: pd.DataFrame) -> pd.Series:
    """
    Age of every row against the newest one; NaN where it has no time. [years]

    No clock is asked: the same files give the same ages on any day.
    """
    time = pd.to_datetime(measurements["time"], errors="coerce", utc=True, format="ISO8601")
    age = (time.max() - time).dt.total_seconds() / (_DAYS_A_YEAR * 86_400)
    return pd.Series(age.to_numpy(dtype=np.float64), index=measurements.index)


def age_weight(age_years: NDArray[np.float64], half_life_years: float) -> NDArray[np.float64]:
    """
    Weight of evidence of some age: one when new or of unknown age, a half after each half-life.

    Examples
    --------
    >>> age_weight(np.array([0.0, 3.0, np.nan]), 3.0).tolist()
    [1.0, 0.5, 1.0]
    """
    return np.asarray(0.5 ** (np.nan_to_num(age_years) / half_life_years), dtype=np.float64)


def bin_samples(measurements: gpd.GeoDataFrame, inputs: Inputs, settings: EvidenceSettings) -> Samples:
    """
    Sum samples up by cell, year, operator and technology, and keep no more than the model can use.

    Parameters
    ----------
    measurements : GeoDataFrame
        Contract `MEASUREMENTS`, in the working CRS.
    inputs : Inputs
        Terrain and seed.
    settings : EvidenceSettings
        Size of a cell, and the most bins.

    Returns
    -------
    Samples
        Sorted by place; empty tables where there is no usable sample.
    """
    mobile = (measurements["kind"] == "signal") & (measurements["network"] == "mobile")
    signal = measurements[mobile]
    usable = signal["level_dbm"].notna() & signal["technology"].notna()
    findings = []
    if (~usable).any():
        count = int((~usable).sum())
        message = f"{count_rows(count, 'signal sample')} without level or technology left out"
        findings.append(
            Finding(layer=LAYER, word="sufficient", severity="warning", message=message, count=count)
        )
    age = measurement_ages(measurements)[signal.index[usable]].to_numpy()
    kept = signal[usable]
    x, y = coordinates(kept.geometry)
    table = pd.DataFrame(
        {
            "column": np.floor(x / settings.bin_m),
            "line": np.floor(y / settings.bin_m),
            "year": np.floor(np.nan_to_num(age, nan=-1.0)),
            "operator": kept["operator"].astype("string").fillna("").to_numpy(),
            "technology": kept["technology"].astype("string").to_numpy(),
            "level_dbm": kept["level_dbm"].to_numpy(dtype=np.float64),
            "age_years": age,
            "x": x,
            "y": y,
        }
    )
    keys = ["column", "line", "year", "operator", "technology"]
    grouped = table.groupby(keys, sort=True)
    bins = grouped[["age_years", "x", "y"]].mean()
    bins["level_dbm"] = grouped["level_dbm"].median()
    bins["scatter_db"] = _scatter(grouped["level_dbm"].std(ddof=0))
    bins["samples"] = grouped.size()
    bins = bins.reset_index()
    findings += _say_contradictions(bins)
    bins, found = _thin(bins, settings.most_bins, inputs.settings.seed)
    bins["operator"] = bins["operator"].astype("string").mask(bins["operator"] == "")
    return Samples(bins=bins, places=_places(bins, inputs), findings=(*findings, *found))


def _scatter(deviation_db: pd.Series) -> pd.Series:
    """Return how far the samples of each bin contradict each other; those of most cells do not. [dB]"""
    return deviation_db.where(deviation_db > AGREE_DB, 0.0)


def _say_contradictions(bins: pd.DataFrame) -> list[Finding]:
    count = int((bins["scatter_db"] > 0).sum())
    if not count:
        return []
    message = (
        f"the samples of {count_rows(count, 'bin')} contradict each other by more than {AGREE_DB:g} dB: they are believed "
        "the less, the more they do"
    )
    return [Finding(layer=LAYER, word="correct", severity="warning", message=message, count=count)]


def _thin(bins: pd.DataFrame, most: int, seed: int) -> tuple[pd.DataFrame, list[Finding]]:
    """Leave out whole cells by lot where there are too many bins."""
    if len(bins) <= most:
        return bins, []
    cell = bins.groupby(["column", "line"], sort=True).ngroup().to_numpy()
    order = np.random.default_rng(seed).permutation(cell.max() + 1)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    kept = rank[cell] < len(order) * most / len(bins)
    message = f"{kept.sum():,} of {len(bins):,} bins of samples, drawn by lot, are enough for the calibration"
    note = Finding(layer=LAYER, word="sufficient", severity="note", message=message, count=int((~kept).sum()))
    return bins[kept].reset_index(drop=True), [note]


def _places(bins: pd.DataFrame, inputs: Inputs) -> gpd.GeoDataFrame:
    """Give each cell one place, in the mean of its samples, and number the bins' places."""
    cells = bins.groupby(["column", "line"], sort=True)
    bins["place"] = cells.ngroup()
    middle = cells[["x", "y"]].mean().reset_index(drop=True)
    points = gpd.GeoSeries(gpd.points_from_xy(middle["x"], middle["y"]), crs=inputs.crs)
    to_terrain = inputs.terrain.transformer_from(CRS.from_user_input(inputs.crs))
    ground = inputs.terrain.sample(*to_terrain.transform(middle["x"].to_numpy(), middle["y"].to_numpy()))
    return gpd.GeoDataFrame({"demand_id": np.arange(len(middle)), "ground_m": ground}, geometry=points)
