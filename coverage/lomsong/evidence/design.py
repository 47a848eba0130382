"""The table that corrections are learned on: each bin of samples with the path that should serve it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.evidence.features import (
    BIAS_PRIORS_DB,
    PHYSICAL,
    PHYSICAL_PRIOR_DB,
    Masts,
    Surroundings,
    physical,
)
from lomsong.evidence.names import rows_of
from lomsong.inputs import Inputs
from lomsong.settings import RadioSettings

Array = NDArray[np.float64]

_LEVELS = ("band", "operator", "operator on a band")
_CARRIER = ("operator", "technology", "band")


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """
    Turns paths into columns: the biases that have enough samples, and the physical features.

    Attributes
    ----------
    levels : tuple of (str, str)
        The biases beyond the common one: what of, and which.
    masts, surroundings
        What features are looked up in.
    blocked_from_db : float
        Loss from which a path is wholly obstructed. [dB]
    """

    levels: tuple[tuple[str, str], ...]
    masts: Masts
    surroundings: Surroundings
    blocked_from_db: float

    @property
    def biases(self) -> int:
        """Number of columns that are biases; the rest are physical."""
        return 1 + len(self.levels)

    def priors_db(self) -> Array:
        """Prior deviation of the coefficient of each column. [dB]"""
        of = dict(zip(("all", *_LEVELS), BIAS_PRIORS_DB, strict=True))
        biases = [of["all"], *(of[kind] for kind, _ in self.levels)]
        return np.array([*biases, *[PHYSICAL_PRIOR_DB] * len(PHYSICAL)])

    def columns(self, paths: pd.DataFrame) -> Array:
        """
        Columns of paths.

        Parameters
        ----------
        paths : DataFrame
            ``operator, technology, band, x, y, ground_m, mast, diffraction_db, obstacle_m``.

        Returns
        -------
        ndarray, shape (n, columns)
            A path without a mast has NaN.
        """
        names, carrier = name_biases(paths)
        biases = [(names[kind] == which).to_numpy(dtype=np.float64)[carrier] for kind, which in self.levels]
        mast = paths["mast"].to_numpy()
        x, y, ground_m, diffraction_db, obstacle_m = (
            paths[name].to_numpy(dtype=np.float64)
            for name in ("x", "y", "ground_m", "diffraction_db", "obstacle_m")
        )
        features = physical(
            x,
            y,
            ground_m,
            np.maximum(mast, 0),
            diffraction_db,
            obstacle_m,
            masts=self.masts,
            surroundings=self.surroundings,
        )
        table = np.column_stack([np.ones(len(paths)), *biases, features])
        table[mast < 0] = np.nan
        return table

    def obstruction(self, diffraction_db: Array) -> Array:
        """Return 0 on a clear path up to 1 behind an obstacle."""
        return np.clip(np.nan_to_num(diffraction_db) / self.blocked_from_db, 0.0, 1.0)


def name_biases(paths: pd.DataFrame) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Name the band, the operator, and both of every carrier there is; return also which carrier each path is of."""
    numbers = [pd.factorize(paths[name]) for name in _CARRIER]
    code = np.zeros(len(paths), dtype=np.int64)
    for codes, found in numbers:
        code = code * (len(found) + 1) + codes + 1
    _, first, carrier = np.unique(code, return_index=True, return_inverse=True)
    each = paths.iloc[first]
    band = each["technology"].astype(str) + " " + each["band"].astype(str)
    operator = each["operator"].astype(str)
    names = pd.DataFrame(dict(zip(_LEVELS, (band, operator, operator + " " + band), strict=True)))
    return names, np.asarray(carrier, dtype=np.int64)


def choose_biases(paths: pd.DataFrame, weight: Array, enough: float) -> tuple[tuple[str, str], ...]:
    """Keep the biases whose samples are worth `enough` independent ones, where there is more than one to tell apart."""
    names, carrier = name_biases(paths)
    each = np.bincount(carrier, weights=weight, minlength=len(names))
    kept = []
    for kind in _LEVELS:
        worth = pd.Series(each).groupby(names[kind].to_numpy()).sum()
        if len(worth) > 1:
            kept += [(kind, str(which)) for which in sorted(worth.index[worth >= enough])]
    return tuple(kept)


def server_paths(signal: pd.DataFrame, places: pd.DataFrame, inputs: Inputs, masts: Masts) -> pd.DataFrame:
    """
    Put what the design needs beside each row of a signal table, for its best and its second server.

    Parameters
    ----------
    signal : DataFrame
        Contract `SIGNAL`.
    places : DataFrame
        Index ``demand_id``; ``x``, ``y``, ``ground_m``.
    inputs, masts
        Sectors, and where masts are.

    Returns
    -------
    DataFrame
        Index of `signal`; columns of both servers, those of the second with the prefix ``second_``.
    """
    at = places.loc[signal["demand_id"]]
    sectors = inputs.sectors
    bands = np.append(sectors["frequency_mhz"].to_numpy(dtype=np.float64), np.nan)
    band = bands[rows_of(signal["sector_id"], pd.Index(sectors["sector_id"].astype(str)))]
    return pd.DataFrame(
        {
            "operator": signal["operator"].to_numpy(),
            "technology": signal["technology"].to_numpy(),
            "band": pd.Series(band).round(-2).fillna(0).astype(int).to_numpy(),
            "x": at["x"].to_numpy(),
            "y": at["y"].to_numpy(),
            "ground_m": at["ground_m"].to_numpy(),
            "level_dbm": signal["level_dbm"].to_numpy(dtype=np.float64),
            "mast": masts.rows(signal["site_id"]),
            "diffraction_db": signal["diffraction_db"].to_numpy(dtype=np.float64),
            "obstacle_m": signal["obstacle_m"].to_numpy(dtype=np.float64),
            "second_level_dbm": signal["second_level_dbm"].to_numpy(dtype=np.float64),
            "second_mast": masts.rows(signal["second_site_id"]),
            "second_diffraction_db": signal["second_diffraction_db"].to_numpy(dtype=np.float64),
        },
        index=signal.index,
    )


def second_paths(paths: pd.DataFrame) -> pd.DataFrame:
    """Return the table of the second servers in the columns of the first."""
    return paths.assign(
        level_dbm=paths["second_level_dbm"],
        mast=paths["second_mast"],
        diffraction_db=paths["second_diffraction_db"],
        obstacle_m=np.nan,
    )


def literature(radio: RadioSettings) -> tuple[float, float]:
    """Return the spread on a clear path and behind an obstacle where nothing was learned. [dB]"""
    return radio.sigma_clear_db, radio.sigma_blocked_db
