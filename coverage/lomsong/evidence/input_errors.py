"""What wrong records do to a level: the error of masts' positions, heights and powers, and of the terrain."""

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from lomsong.evidence.design import server_paths
from lomsong.evidence.features import Masts, Surroundings, physical
from lomsong.inputs import Inputs
from lomsong.prediction import Prediction, predict_places
from lomsong.settings import EvidenceSettings

Array = NDArray[np.float64]

#: Places, drawn by lot, at which levels are computed again with moved masts.
PLACES = 300
#: Variances are learned and told between these. [dB²]
LEAST, MOST = 0.01, 400.0
#: Ridge penalty: a few dozen paths must outweigh it.
_PENALTY = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class InputErrors:
    """
    Variance of a predicted level that comes from wrong inputs.

    Attributes
    ----------
    model : Ridge or None
        Logarithm of the variance from positions, heights and terrain, on the features of a path; None for no such error.
    eirp_db, position_m, height_m : ndarray, shape (masts,)
        Standard deviations by row of `masts`.
    masts, surroundings
        What features are looked up in.
    """

    model: Ridge | None
    eirp_db: Array
    position_m: Array
    height_m: Array
    masts: Masts
    surroundings: Surroundings

    def variance(self, paths: pd.DataFrame) -> Array:
        """
        Return the variance of each path's level, zero where it has no mast. [dB²]

        The error of the power adds exactly; that of positions and heights is what the model has learned.
        """
        mast = np.maximum(paths["mast"].to_numpy(), 0)
        total = self.eirp_db[mast] ** 2
        if self.model is not None and len(paths):
            total = total + np.clip(np.exp(self.model.predict(self._columns(paths))), LEAST, MOST)
        return np.where(paths["mast"].to_numpy() >= 0, total, 0.0)

    def _columns(self, paths: pd.DataFrame) -> Array:
        mast = np.maximum(paths["mast"].to_numpy(), 0)
        x, y, ground_m, diffraction_db, obstacle_m = (
            paths[name].to_numpy(dtype=np.float64)
            for name in ("x", "y", "ground_m", "diffraction_db", "obstacle_m")
        )
        features = physical(
            x, y, ground_m, mast, diffraction_db, obstacle_m, masts=self.masts, surroundings=self.surroundings
        )
        return np.column_stack([features, np.log1p(self.position_m[mast]), np.log1p(self.height_m[mast])])


def learn_input_errors(
    prediction: Prediction, masts: Masts, surroundings: Surroundings, settings: EvidenceSettings
) -> InputErrors:
    """
    Move every mast by its own error east and west, north and south, up and down, and learn how much that moves levels.

    The variance of a level is the sum over the three directions of half the difference squared: exact where the level is
    linear in the error, and the same for all masts at once, as a level depends on its own mast alone.

    A terrain that is wrong by some metres against both ends of a path is an antenna that is wrong by as much.

    Parameters
    ----------
    prediction : Prediction
        Unmoved.
    masts, surroundings, settings
        What features are looked up in, and the error of the terrain.
    """
    inputs = prediction.inputs
    by_mast = inputs.sectors.assign(name=inputs.sectors["site_id"].astype(str)).groupby("name")
    sigma = {
        name: by_mast[name].mean().reindex(masts.names).fillna(0.0).to_numpy(dtype=np.float64)
        for name in ("eirp_sigma_db", "position_sigma_m", "height_sigma_m")
    }
    errors = InputErrors(
        model=None,
        eirp_db=sigma["eirp_sigma_db"],
        position_m=sigma["position_sigma_m"],
        height_m=np.hypot(sigma["height_sigma_m"], settings.terrain_sigma_m),
        masts=masts,
        surroundings=surroundings,
    )
    if not (errors.position_m.any() or errors.height_m.any()):
        return errors
    rng = np.random.default_rng(inputs.settings.seed)
    inside = np.flatnonzero(prediction.demand["ground_m"].notna())
    rows = np.sort(rng.choice(inside, min(PLACES, len(inside)), replace=False))
    places = prediction.demand.iloc[rows]
    paths, moved = _move(errors, places, prediction)
    return replace(errors, model=_fit(errors, paths, moved))


def _move(
    errors: InputErrors, places: gpd.GeoDataFrame, prediction: Prediction
) -> tuple[pd.DataFrame, Array]:
    """Return the unmoved paths at some places, and the variance of their levels."""
    inputs = prediction.inputs
    keys = ["demand_id", "operator", "technology"]
    table = prediction.signal[prediction.signal["demand_id"].isin(places["demand_id"])]
    at = pd.DataFrame(
        {
            "x": places.geometry.x.to_numpy(),
            "y": places.geometry.y.to_numpy(),
            "ground_m": places["ground_m"].to_numpy(),
        },
        index=places["demand_id"].to_numpy(),
    )
    squares = []
    for direction in np.eye(3):
        levels = [
            predict_places(places, _moved(inputs, errors, sign * direction), prediction.radio)
            .signal.set_index(keys)["level_dbm"]
            .reindex(pd.MultiIndex.from_frame(table[keys]))
            .to_numpy(dtype=np.float64)
            for sign in (1.0, -1.0)
        ]
        squares.append(((levels[0] - levels[1]) / 2) ** 2)
    known = np.isfinite(squares).all(axis=0) & table["level_dbm"].notna().to_numpy()
    paths = server_paths(table, at, inputs, errors.masts)
    return paths[known], np.sum(squares, axis=0)[known]


def _moved(inputs: Inputs, errors: InputErrors, direction: Array) -> Inputs:
    """Return the inputs with every mast, all of its sectors alike, off by its own error in one direction."""
    sectors = inputs.sectors
    row = errors.masts.rows(sectors["site_id"])
    east, north = direction[:2, None] * errors.position_m[row]
    height = sectors["antenna_height_m"].to_numpy(dtype=np.float64) + direction[2] * errors.height_m[row]
    points = gpd.points_from_xy(sectors.geometry.x + east, sectors.geometry.y + north)
    moved = sectors.assign(antenna_height_m=np.clip(height, 1.0, 300.0)).set_geometry(
        gpd.GeoSeries(points, index=sectors.index, crs=sectors.crs)
    )
    return replace(inputs, sectors=moved)


def _fit(errors: InputErrors, paths: pd.DataFrame, square: Array) -> Ridge | None:
    if len(paths) < 2:
        return None
    columns = errors._columns(paths)  # noqa: SLF001 - the same columns as it predicts from
    model = Ridge(alpha=_PENALTY).fit(columns, np.log(np.clip(square, LEAST, MOST)))
    # the mean of the variance, not of its logarithm, must come out right
    told = np.exp(model.predict(columns))
    model.intercept_ += float(np.log(square.clip(LEAST, MOST).mean() / told.mean()))
    return model
