"""Which correction to believe: candidates compared on blocks of land that they did not see."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.model_selection import GroupKFold

from lomsong.evidence.truncated import Observed, TruncatedLevelRegressor, expected_report

Array = NDArray[np.float64]

#: The candidates, simplest first. A bias alone is none: models are off by 15 to 30 dB behind ridges, and the priors draw
#: physical terms to nothing where the samples do not speak for them; it is what is left where nothing can be held out.
CANDIDATES = ("physical", "boosted")
FOLDS = 5
#: Parts of the training data on which the learning curve is drawn.
CURVE = (0.25, 0.5)
#: Trees may learn from no fewer independent samples than this.
ENOUGH_FOR_TREES = 300
#: Prior deviation of one mast's own error. [dB]
MAST_DB = 5.0
#: A coefficient that a candidate does not have.
_ABSENT_DB = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """Everything a candidate is fitted to: columns, reports, the serving mast, and the block each bin lies in."""

    X: Array
    y: Array
    observed: Observed
    mast: NDArray[np.int64]
    block: NDArray[np.int64]
    biases: int

    def part(self, rows: NDArray[np.int64]) -> "Training":
        """Return some of the rows."""
        return Training(
            X=self.X[rows],
            y=self.y[rows],
            observed=self.observed.part(rows),
            mast=self.mast[rows],
            block=self.block[rows],
            biases=self.biases,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelModel:
    """
    A fitted candidate.

    Attributes
    ----------
    kind : str
        One of `CANDIDATES`, or 'bias'.
    regressor : TruncatedLevelRegressor
        Biases, physical terms and spread.
    trees : GradientBoostingRegressor or None
        What is left, for the candidate that has them.
    masts : Series
        Each mast's own error, shrunken, by its number. [dB]
    """

    kind: str
    regressor: TruncatedLevelRegressor
    trees: GradientBoostingRegressor | None
    masts: pd.Series
    biases: int

    def beyond(self, X: Array, mast: NDArray[np.int64]) -> Array:
        """Return the correction beyond the linear terms. [dB]"""
        more = self.masts.reindex(mast).fillna(0.0).to_numpy()
        if self.trees is not None and len(X):
            more = more + self.trees.predict(X[:, self.biases :])
        return np.asarray(more)

    def correction(self, X: Array, mast: NDArray[np.int64]) -> Array:
        """Return the whole correction of the predicted level. [dB]"""
        return self.regressor.predict(X) + self.beyond(X, mast)


def fit_model(kind: str, data: Training, regressor: TruncatedLevelRegressor, seed: int) -> LevelModel:
    """
    Fit one candidate.

    Parameters
    ----------
    kind : str
        One of `CANDIDATES`, or 'bias'.
    data : Training
        What to fit to.
    regressor : TruncatedLevelRegressor
        Unfitted, with the priors of every column.
    seed : int
        Of the trees.
    """
    prior = regressor.prior_db.copy()
    if kind == "bias":
        prior[data.biases :] = _ABSENT_DB
    fitted = clone(regressor).set_params(prior_db=prior).fit(data.X, data.y, data.observed)
    known = fitted.explained(data.X, data.y, data.observed)
    left, sigma = _surprise(fitted, data, 0.0)
    trees = None
    if kind == "boosted":
        trees = GradientBoostingRegressor(
            n_estimators=60,
            learning_rate=0.06,
            max_depth=3,
            min_samples_leaf=40,
            subsample=0.7,
            random_state=seed,
        )
        trees.fit(data.X[:, data.biases :], left, sample_weight=data.observed.weight * known)
        left = left - trees.predict(data.X[:, data.biases :])
    masts = _mast_errors(left, sigma, data.observed.weight * known, data.mast)
    return LevelModel(kind=kind, regressor=fitted, trees=trees, masts=masts, biases=data.biases)


def _surprise(fitted: TruncatedLevelRegressor, data: Training, extra: Array | float) -> tuple[Array, Array]:
    """Return how far each report lies from what was to be expected of a report, and the spread. [dB]"""
    mean, sigma = fitted.reported(data.X, data.observed, extra=extra)
    return data.y - expected_report(mean, sigma, data.observed.sensitivity_dbm), sigma


def _mast_errors(left: Array, sigma: Array, weight: Array, mast: NDArray[np.int64]) -> pd.Series:
    """Shrink the mean of what is left at each mast towards zero."""
    precision = weight / sigma**2
    table = pd.DataFrame({"mast": mast, "sum": precision * left, "precision": precision})
    sums = table.groupby("mast").sum()
    shrunken: pd.Series = sums["sum"] / (sums["precision"] + MAST_DB**-2.0)
    return shrunken


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """
    What blocked cross-validation found.

    Attributes
    ----------
    chosen : str
        The simplest candidate within one standard error of the best.
    candidates : DataFrame
        Index `CANDIDATES` tried: ``log_score``, ``rmse_db``, ``within_80``, ``within_90`` and ``gap_error`` (the
        standard error of the difference to the best).
    curve : DataFrame
        ``part`` of the training blocks, ``rmse_db`` and ``log_score`` of the chosen candidate.
    held_out : DataFrame
        One row a bin: ``level_dbm``, ``expected_dbm``, ``rank`` (predicted probability of a report at or below) of the
        chosen candidate when it had not seen the bin's block.
    """

    chosen: str
    candidates: pd.DataFrame
    curve: pd.DataFrame
    held_out: pd.DataFrame


def validate(data: Training, regressor: TruncatedLevelRegressor, seed: int) -> Validation | None:
    """
    Compare the candidates by blocked cross-validation; None with fewer than `FOLDS` blocks.

    Random splits would put neighbours of a held-out sample, which share its shadowing, into the training.
    """
    blocks = np.unique(data.block)
    if len(blocks) < FOLDS:
        return None
    weight = data.observed.weight
    tried = CANDIDATES if weight.sum() >= ENOUGH_FOR_TREES else CANDIDATES[:-1]
    folds = list(GroupKFold(FOLDS).split(data.X, groups=data.block))
    held = {kind: _hold_out(kind, data, regressor, folds, seed) for kind in tried}
    best = max(tried, key=lambda kind: float(np.average(held[kind]["score"], weights=weight)))
    rows = {}
    for kind in tried:
        table = held[kind]
        gap = _by_block(held[best]["score"] - table["score"], weight, data.block)
        rows[kind] = {
            "log_score": float(np.average(table["score"], weights=weight)),
            "gap_error": gap,
            **_figures(table, weight),
        }
    frame = pd.DataFrame(rows).T
    short = frame["log_score"].max() - frame["log_score"]
    chosen = str(frame.index[short <= frame["gap_error"]][0])
    curve = _learning_curve(chosen, data, regressor, folds, seed, held[chosen])
    return Validation(
        chosen=chosen, candidates=frame, curve=curve, held_out=held[chosen].drop(columns="score")
    )


def _hold_out(
    kind: str,
    data: Training,
    regressor: TruncatedLevelRegressor,
    folds: list[tuple[NDArray[np.int64], NDArray[np.int64]]],
    seed: int,
    part: float = 1.0,
) -> pd.DataFrame:
    table = pd.DataFrame(
        index=range(len(data.y)), columns=["score", "expected_dbm", "rank"], dtype=np.float64
    )
    table["level_dbm"] = data.y
    for train, test in folds:
        rows = train
        if part < 1.0:
            names = np.unique(data.block[train])
            kept = np.random.default_rng(seed).permutation(names)[: max(int(part * len(names)), 1)]
            rows = train[np.isin(data.block[train], kept)]
        model = fit_model(kind, data.part(rows), regressor, seed)
        there = data.part(test)
        extra = model.beyond(there.X, there.mast)
        mean, sigma = model.regressor.reported(there.X, there.observed, extra=extra)
        table.loc[test, "score"] = model.regressor.log_score(there.X, there.y, there.observed, extra=extra)
        table.loc[test, "expected_dbm"] = expected_report(mean, sigma, there.observed.sensitivity_dbm)
        table.loc[test, "rank"] = model.regressor.rank_of(there.X, there.y, there.observed, extra=extra)
    return table


def _figures(table: pd.DataFrame, weight: Array) -> dict[str, float]:
    off = table["rank"] - 0.5
    square = (table["level_dbm"] - table["expected_dbm"]) ** 2
    return {
        "rmse_db": float(np.sqrt(np.average(square, weights=weight))),
        "within_80": float(np.average(off.abs() <= 0.4, weights=weight)),
        "within_90": float(np.average(off.abs() <= 0.45, weights=weight)),
    }


def _by_block(gap: pd.Series, weight: Array, block: NDArray[np.int64]) -> float:
    """Return the standard error of a weighted mean whose blocks are independent."""
    sums = pd.DataFrame({"gap": gap * weight, "weight": weight}).groupby(block).sum()
    mean = sums["gap"].sum() / sums["weight"].sum()
    off = sums["gap"] - mean * sums["weight"]
    return float(np.sqrt((off**2).sum()) / sums["weight"].sum())


def _learning_curve(
    kind: str,
    data: Training,
    regressor: TruncatedLevelRegressor,
    folds: list[tuple[NDArray[np.int64], NDArray[np.int64]]],
    seed: int,
    whole: pd.DataFrame,
) -> pd.DataFrame:
    rows = []
    for part in (*CURVE, 1.0):
        table = whole if part == 1.0 else _hold_out(kind, data, regressor, folds, seed, part)
        score = float(np.average(table["score"], weights=data.observed.weight))
        rows.append({"part": part, "log_score": score, **_figures(table, data.observed.weight)})
    return pd.DataFrame(rows)
