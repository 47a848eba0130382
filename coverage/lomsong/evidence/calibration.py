"""Calibration: what the samples say about the predicted levels, carried to every demand point."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from lomsong.evidence.design import (
    Design,
    choose_biases,
    literature,
    server_paths,
)
from lomsong.evidence.features import Masts, Surroundings
from lomsong.evidence.samples import Samples, age_weight
from lomsong.evidence.shadowing import Shadowing, fit_shadowing
from lomsong.evidence.truncated import Observed, TruncatedLevelRegressor, expected_report
from lomsong.evidence.validation import (
    LevelModel,
    Training,
    Validation,
    fit_model,
    validate,
)
from lomsong.inputs import Inputs
from lomsong.prediction import Prediction, predict_places
from lomsong.settings import EvidenceSettings

Array = NDArray[np.float64]

#: Side of a block of cross-validation in lengths of the variogram, and the least. [m]
BLOCK_LENGTHS, LEAST_BLOCK_M = 3.0, 1500.0
#: Bins that a correction is learned on at most; the estimate between samples uses all of them.
MOST_LEARNED = 5000
#: Spread of the plain prediction about the truth when asking whether a sample was to be expected. [dB]
HEARD_DB = 10.0
#: A sample that the recorded masts explain with less probability than this was served by a mast that no record knows.
UNEXPLAINED = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """
    What was learned from the samples.

    Attributes
    ----------
    design, model, shadowing
        Columns, correction and spread, and how errors are alike nearby.
    validation : Validation or None
        Blocked cross-validation; None where there were too few blocks.
    bins : DataFrame
        The bins with their path, ``weight``, ``explained``, ``presence`` (logarithm of the likelihood ratio, the best server
        there against not there), standardised ``error`` and the variance of its ``noise``.
    block_m : float
        Side of the blocks. [m]
    """

    design: Design
    model: LevelModel
    shadowing: Shadowing
    validation: Validation | None
    bins: pd.DataFrame
    block_m: float

    def record(self) -> dict[str, Any]:
        """Return what was learned, as plain values."""
        regressor = self.model.regressor
        told: dict[str, Any] = {
            "correction": self.model.kind,
            "sigma_clear_db": round(float(regressor.sigma_[0]), 2),
            "sigma_blocked_db": round(float(regressor.sigma_[1]), 2),
            "unexplained_samples": round(regressor.outliers_, 3),
            "correlation_length_m": self.shadowing.length_m,
            "correlated_part": round(self.shadowing.part, 3),
            "between_masts": round(self.shadowing.between, 3),
            "bins": len(self.bins),
            "block_m": self.block_m,
            "block_reason": f"{BLOCK_LENGTHS:g} correlation lengths, at least {LEAST_BLOCK_M:g} m",
        }
        if self.validation is not None:
            told["cross_validation"] = self.validation.candidates.round(4).to_dict("index")
            told["learning_curve"] = self.validation.curve.round(4).to_dict("records")
        return told


def gather_bins(samples: Samples, prediction: Prediction, masts: Masts) -> pd.DataFrame:
    """
    Put each bin beside the path of the server that should have been heard there.

    A bin whose operator is unknown is held against the operator predicted to be strongest in its technology.

    Returns
    -------
    DataFrame
        The bins' columns and those of `server_paths`; levels are missing where no server is predicted.
    """
    inputs = prediction.inputs
    points = samples.places
    signal = _predict_heard(samples, inputs, prediction)
    places = pd.DataFrame(
        {
            "x": points.geometry.x.to_numpy(),
            "y": points.geometry.y.to_numpy(),
            "ground_m": points["ground_m"].to_numpy(),
        },
        index=points["demand_id"].to_numpy(),
    )
    paths = server_paths(signal, places, inputs, masts).assign(place=signal["demand_id"])
    bins = samples.bins.rename(columns={"level_dbm": "measured_dbm"}).drop(columns=["x", "y"])
    ordered = paths.sort_values("level_dbm", ascending=False, kind="stable")
    keys = ["place", "technology"]
    strongest = ordered.drop_duplicates(keys).set_index(keys)["operator"]
    wanted = pd.MultiIndex.from_frame(bins[keys])
    named = pd.Series(strongest.reindex(wanted).to_numpy(), index=bins.index)
    bins["operator"] = bins["operator"].astype(object).where(bins["operator"].notna(), named)
    joined = bins.merge(
        paths.drop(columns=["x", "y", "ground_m"]), on=["place", "operator", "technology"], how="left"
    )
    joined["newer_margin_db"] = _newer_margin(joined, paths, prediction)
    where = places.loc[joined["place"]]
    joined[["x", "y", "ground_m"]] = where[["x", "y", "ground_m"]].to_numpy()
    for name in ("mast", "second_mast"):
        joined[name] = joined[name].fillna(-1).astype(np.int64)
    joined["band"] = joined["band"].fillna(0).astype(int)
    return joined


def _predict_heard(samples: Samples, inputs: Inputs, prediction: Prediction) -> pd.DataFrame:
    """Predict each place for the operators that were heard there, and for all where a sample does not say whose it is."""
    sectors, bins = inputs.sectors, samples.bins
    named = set(bins["operator"].dropna().astype(str))
    unnamed = bins.loc[bins["operator"].isna(), "place"]
    tables = []
    for operator, mine in sectors.groupby(sectors["operator"].astype(str), sort=True):
        heard = bins.loc[bins["operator"] == operator, "place"] if operator in named else unnamed[:0]
        rows = np.unique(np.concatenate([heard, unnamed]))
        if len(rows):
            alone = replace(inputs, sectors=mine)
            tables.append(predict_places(samples.places.iloc[rows], alone, prediction.radio).signal)
    if not tables:
        return predict_places(samples.places, inputs, prediction.radio).signal.iloc[:0]
    return pd.concat(tables, ignore_index=True)


def _newer_margin(bins: pd.DataFrame, paths: pd.DataFrame, prediction: Prediction) -> Array:
    """Return by how much the operator's best newer technology is predicted above its threshold; -inf for none. [dB]"""
    thresholds: dict[str, float] = {
        name: carrier.threshold_dbm for name, carrier in prediction.radio.carriers.items()
    }
    margin = paths["level_dbm"] - paths["technology"].map(thresholds).astype("float64")
    other = paths[["place", "operator"]].assign(newer=paths["technology"].astype(str), margin=margin)
    mine = bins[["place", "operator", "technology"]].reset_index()
    both = mine.merge(other, on=["place", "operator"])
    both = both[both["newer"] > both["technology"].astype(str)]
    best = both.groupby("index")["margin"].max().reindex(range(len(bins)))
    return best.fillna(-np.inf).to_numpy(dtype=np.float64)


def fit_levels(
    bins: pd.DataFrame,
    prediction: Prediction,
    masts: Masts,
    surroundings: Surroundings,
    settings: EvidenceSettings,
) -> Fit | None:
    """
    Learn corrections, spread and shadowing; None where the samples are worth too few independent ones.

    Parameters
    ----------
    bins : DataFrame
        From `gather_bins`.
    prediction, masts, surroundings, settings
        Priors, what features are looked up in, and limits.
    """
    radio, seed = prediction.radio, prediction.inputs.settings.seed
    usable = bins["level_dbm"].notna() & (bins["mast"] >= 0)
    table = bins[usable].reset_index(drop=True)
    weight = _worth(table, settings.usual_length_m) * age_weight(
        table["age_years"].to_numpy(), settings.half_life_years
    )
    weight *= _chance_heard(table, bins) * ~_second_choice(table)
    clear, blocked = literature(radio)
    # samples that contradict each other are worth as much as one with so much noise
    weight /= 1.0 + (table["scatter_db"].to_numpy() / clear) ** 2
    if not len(table) or weight.sum() < settings.enough_samples:
        return None
    design = Design(
        levels=choose_biases(table, weight, settings.enough_samples),
        masts=masts,
        surroundings=surroundings,
        blocked_from_db=radio.blocked_from_db,
    )
    regressor = TruncatedLevelRegressor(
        design.priors_db(), sigma_clear_db=clear, sigma_blocked_db=blocked, correlation=radio.site_correlation
    )
    data = _training(table, design, weight, bins)
    first = fit_model("physical", data.part(_draw_some(len(table), seed)), regressor, seed)
    shadowing = _shadowing(first, data, table, seed, radio.site_correlation)
    block_m = max(BLOCK_LENGTHS * shadowing.length_m, LEAST_BLOCK_M)
    data = replace(data, block=_blocks(table, block_m))
    learned = data.part(_draw_some(len(table), seed))
    validation = validate(learned, regressor, seed)
    model = fit_model("bias" if validation is None else validation.chosen, learned, regressor, seed)
    shadowing = _shadowing(model, data, table, seed, radio.site_correlation)
    extra = model.beyond(data.X, data.mast)
    mean, sigma = model.regressor.reported(data.X, data.observed, extra=extra)
    table = table.assign(
        weight=weight,
        explained=model.regressor.explained(data.X, data.y, data.observed, extra=extra),
        presence=model.regressor.presence(data.X, data.y, data.observed, extra=extra),
        error=(data.y - mean) / sigma,
        noise=(table["scatter_db"].to_numpy() / sigma) ** 2,
    )
    lost = bins[~usable].assign(weight=1.0, explained=0.0, presence=0.0, error=np.nan, noise=0.0)
    return Fit(
        design=design,
        model=model,
        shadowing=shadowing,
        validation=validation,
        bins=pd.concat([table, lost], ignore_index=True),
        block_m=block_m,
    )


def _training(table: pd.DataFrame, design: Design, weight: Array, bins: pd.DataFrame) -> Training:
    # nothing below the weakest report of a technology was ever reported
    weakest = bins.groupby("technology")["measured_dbm"].min()
    observed = Observed(
        first_dbm=table["level_dbm"].to_numpy(),
        second_dbm=table["second_level_dbm"].to_numpy(),
        obstruction=design.obstruction(table["diffraction_db"].to_numpy()),
        sensitivity_dbm=weakest.reindex(table["technology"]).to_numpy() - 0.5,
        weight=weight,
    )
    return Training(
        X=design.columns(table),
        y=table["measured_dbm"].to_numpy(),
        observed=observed,
        mast=table["mast"].to_numpy(),
        block=_blocks(table, LEAST_BLOCK_M),
        biases=design.biases,
    )


def _worth(table: pd.DataFrame, length_m: float) -> Array:
    """Worth of each bin in independent samples: bins of one operator in one stretch of road repeat each other."""
    cell = [np.floor(table[axis] / length_m) for axis in ("x", "y")]
    count = table.groupby([*cell, table["operator"], table["technology"]])["place"].transform("size")
    # half of the variance of neighbours is common to them
    return np.asarray(1.0 / (1.0 + 0.5 * (count - 1)), dtype=np.float64)


def _draw_some(count: int, seed: int) -> NDArray[np.int64]:
    """Draw the bins that a correction is learned on: more would change nothing but the time."""
    rows = np.arange(count)
    if count <= MOST_LEARNED:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, MOST_LEARNED, replace=False))


def _chance_heard(table: pd.DataFrame, bins: pd.DataFrame) -> Array:
    """
    How likely a sample was to be expected at all, from the plain prediction.

    Where none was, those that exist are the lucky few, and how few cannot be known: they would pull the correction to
    wherever luck looks common.
    """
    weakest = bins.groupby("technology")["measured_dbm"].min().reindex(table["technology"]).to_numpy()
    return np.asarray(ndtr((table["level_dbm"].to_numpy() - weakest) / HEARD_DB))


def _second_choice(table: pd.DataFrame) -> NDArray[np.bool_]:
    """
    Tell samples of an older technology where the operator's newer one was predicted to be usable.

    Phones report the newest they hear, so these exist only where the newer one failed: they are no fair draw.
    """
    return table["newer_margin_db"].to_numpy() > 0


def _blocks(table: pd.DataFrame, side_m: float) -> NDArray[np.int64]:
    cells = pd.DataFrame({axis: np.floor(table[axis] / side_m) for axis in ("x", "y")})
    return np.asarray(cells.groupby(["x", "y"], sort=True).ngroup())


def _shadowing(
    model: LevelModel,
    data: Training,
    table: pd.DataFrame,
    seed: int,
    between: float,
) -> Shadowing:
    extra = model.beyond(data.X, data.mast)
    mean, sigma = model.regressor.reported(data.X, data.observed, extra=extra)
    known = model.regressor.explained(data.X, data.y, data.observed, extra=extra) > UNEXPLAINED
    # against what is to be expected of a report: the cut alone makes weak places look good
    error = (data.y - expected_report(mean, sigma, data.observed.sensitivity_dbm)) / sigma
    return fit_shadowing(
        table["x"].to_numpy()[known],
        table["y"].to_numpy()[known],
        data.mast[known],
        error[known],
        between=between,
        rng=np.random.default_rng(seed),
    )
