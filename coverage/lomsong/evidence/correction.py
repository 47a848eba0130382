"""Correction: what was learned from samples carried to the levels at every demand point."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.evidence.calibration import UNEXPLAINED, Fit
from lomsong.evidence.design import literature, second_paths, server_paths
from lomsong.evidence.features import BIAS_PRIORS_DB
from lomsong.evidence.input_errors import InputErrors
from lomsong.evidence.samples import age_weight
from lomsong.evidence.shadowing import Known, estimate_errors
from lomsong.prediction import Prediction
from lomsong.settings import EvidenceSettings, RadioSettings

Array = NDArray[np.float64]

#: What is changed, and in how many rows at once: the features of a nation's paths would not fit into memory.
_CORRECTED = ("level_dbm", "sigma_db", "second_level_dbm", "second_sigma_db")
_BATCH = 200_000


def correct_signal(
    prediction: Prediction, fit: Fit | None, errors: InputErrors, settings: EvidenceSettings
) -> pd.DataFrame:
    """
    Correct the level and spread of both servers of every row of the signal table.

    A spread learned from samples holds the usual error of the inputs already: only what goes beyond it is added. Where
    nothing was learned, the model may be off by a bias that is usual between regions.

    Returns
    -------
    DataFrame
        Contract `SIGNAL`, same rows.
    """
    demand, signal = prediction.demand, prediction.signal
    places = pd.DataFrame(
        {"x": demand.geometry.x.to_numpy(), "y": demand.geometry.y.to_numpy(), "ground_m": demand["ground_m"]}
    ).set_index(demand["demand_id"])
    learned = None if fit is None else _Learned.of(fit, errors, settings)
    figures = {name: np.full(len(signal), np.nan) for name in _CORRECTED}
    for first in range(0, len(signal), _BATCH):
        some = signal.iloc[first : first + _BATCH]
        paths = server_paths(some, places, prediction.inputs, errors.masts)
        second = second_paths(paths)
        if learned is None:
            told = []
            for path, sigma in ((paths, some["sigma_db"]), (second, some["second_sigma_db"])):
                # nobody measured what the model is off by in this region
                spread = sigma.to_numpy() ** 2 + errors.variance(path) + BIAS_PRIORS_DB[0] ** 2
                told += [path["level_dbm"].to_numpy(), np.sqrt(spread)]
        else:
            told = learned.correct(paths, second, some["demand_id"].to_numpy())
        for name, values in zip(_CORRECTED, told, strict=True):
            figures[name][first : first + _BATCH] = values
    return signal.assign(**figures)


def untuned_correlation(radio: RadioSettings) -> float:
    """
    Return the correlation of two masts' errors where nothing was learned: a region's bias is common to all of them.

    Examples
    --------
    >>> round(untuned_correlation(RadioSettings(sigma_clear_db=10, sigma_blocked_db=10, site_correlation=0.5)), 2)
    0.75
    """
    own, bias = np.mean(np.square(literature(radio))), BIAS_PRIORS_DB[0] ** 2
    return float((bias + radio.site_correlation * own) / (bias + own))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Learned:
    """
    What every path is corrected with.

    Attributes
    ----------
    fit, errors
        Correction and spread, and what wrong records do to a path.
    known : Known
        The samples' own errors.
    usual : float
        Variance from wrong records that the learned spread holds already. [dB²]
    """

    fit: Fit
    errors: InputErrors
    known: Known
    usual: float

    @classmethod
    def of(cls, fit: Fit, errors: InputErrors, settings: EvidenceSettings) -> "_Learned":
        trained = fit.bins[fit.bins["error"].notna()]
        near = trained[trained["explained"] > UNEXPLAINED]
        age = age_weight(near["age_years"].to_numpy(), settings.half_life_years)
        return cls(
            fit=fit,
            errors=errors,
            known=Known(
                xy=near[["x", "y"]].to_numpy(),
                mast=near["mast"].to_numpy(),
                error=near["error"].to_numpy(),
                extra=1.0 / age - 1.0 + near["noise"].to_numpy(),
            ),
            usual=float(np.average(errors.variance(trained), weights=trained["weight"])),
        )

    def correct(self, paths: pd.DataFrame, second: pd.DataFrame, place: NDArray[np.int64]) -> list[Array]:
        """Return level and spread of the best, level and spread of the second server of each row."""
        masts = np.column_stack([paths["mast"], second["mast"]])
        error, variance = estimate_errors(
            self.fit.shadowing, self.known, paths[["x", "y"]].to_numpy(), place, masts
        )
        return [
            *self._correct(paths, error[:, 0], variance[:, 0]),
            *self._correct(second, error[:, 1], variance[:, 1]),
        ]

    def _correct(self, paths: pd.DataFrame, error: Array, variance: Array) -> tuple[Array, Array]:
        level, sigma = np.full(len(paths), np.nan), np.full(len(paths), np.nan)
        rows = np.flatnonzero(paths["level_dbm"].notna() & (paths["mast"] >= 0))
        some = paths.iloc[rows]
        fit, regressor = self.fit, self.fit.model.regressor
        X = fit.design.columns(some)
        spread = regressor.spread(fit.design.obstruction(some["diffraction_db"].to_numpy()))
        unsure = ((X @ regressor.covariance_) * X).sum(axis=1)
        correction = fit.model.correction(X, some["mast"].to_numpy())
        beyond = np.maximum(self.errors.variance(some) - self.usual, 0.0)
        level[rows] = some["level_dbm"].to_numpy() + correction + error[rows] * spread
        sigma[rows] = np.sqrt((spread**2 + beyond) * variance[rows] + unsure)
        return level, sigma
