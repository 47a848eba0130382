"""What the path and the place of a sample look like: the columns that corrections are learned on."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from lomsong.evidence.names import rows_of
from lomsong.evidence.windows import window_means
from lomsong.grid import Raster
from lomsong.inputs import Inputs

Array = NDArray[np.float64]

#: Windows in which a place's surroundings are looked at. [m]
ROUGHNESS_M, RISE_M, CLUTTER_M = 1000.0, 3000.0, 400.0
#: Names of the physical features, in order; `physical` says what they are.
PHYSICAL = (
    "little_loss",
    "much_loss",
    "log_distance",
    "rise",
    "roughness",
    "clutter",
    "elevation",
    "near_obstacle",
)
#: Prior deviation of the correction for one unit of any of them. [dB]
PHYSICAL_PRIOR_DB = 8.0
#: Prior deviation of the bias of everything, of a technology and band, of an operator, of an operator on a band. The first
#: is what local samples take away: untuned models are 12 to 15 dB off, tuned ones 8 to 9 (Phillips 2012). [dB]
BIAS_PRIORS_DB = (10.0, 6.0, 3.0, 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the terrain around every place is like, looked up in rasters made once."""

    inputs: Inputs
    rise: NDArray[np.float32]
    roughness: NDArray[np.float32]
    clutter: NDArray[np.float32] | None

    @classmethod
    def of(cls, inputs: Inputs) -> "Surroundings":
        """Sum up the terrain and the clutter around every cell."""
        terrain = inputs.terrain
        cell_m = terrain.cell_size_m()
        near = max(round(ROUGHNESS_M / cell_m), 3)
        rise = _deviations(terrain, max(round(RISE_M / cell_m), 3))
        square = _deviations(terrain, near)
        np.square(square, out=square)
        roughness = window_means(square, near)
        np.maximum(roughness, 0, out=roughness)
        np.sqrt(roughness, out=roughness)
        clutter = None
        if inputs.clutter is not None:
            clutter = window_means(inputs.clutter.values, max(round(CLUTTER_M / cell_m), 1))
        return cls(inputs=inputs, rise=rise, roughness=roughness, clutter=clutter)

    def at(self, x: Array, y: Array) -> tuple[Array, Array, Array]:
        """Return rise, roughness and clutter height at points of the working CRS. [m]"""
        to_terrain = self.inputs.terrain.transformer_from(CRS.from_user_input(self.inputs.crs))
        row, column = self.inputs.terrain.pixel(*to_terrain.transform(x, y))
        rows, columns = self.rise.shape
        r = np.clip(np.rint(np.nan_to_num(row)), 0, rows - 1).astype(np.int64)
        c = np.clip(np.rint(np.nan_to_num(column)), 0, columns - 1).astype(np.int64)
        clutter = np.zeros(len(r)) if self.clutter is None else self.clutter[r, c].astype(np.float64)
        return self.rise[r, c].astype(np.float64), self.roughness[r, c].astype(np.float64), clutter


def _deviations(terrain: Raster, cells: int) -> NDArray[np.float32]:
    """Return how far each cell lies above the mean of the square around it; a missing one counts as at sea level. [m]"""
    means = window_means(terrain.values, cells)
    for first, band in terrain.bands():
        part = means[first : first + len(band)]
        np.subtract(np.nan_to_num(band), part, out=part)
    return means


@dataclass(frozen=True, slots=True, kw_only=True)
class Masts:
    """Where the masts are, looked up by name."""

    names: pd.Index
    x: Array
    y: Array
    top_m: Array

    @classmethod
    def of(cls, inputs: Inputs) -> "Masts":
        """Take the first sector of every mast."""
        first = inputs.sectors.drop_duplicates("site_id")
        x, y = first.geometry.x.to_numpy(), first.geometry.y.to_numpy()
        to_terrain = inputs.terrain.transformer_from(CRS.from_user_input(inputs.crs))
        ground = inputs.terrain.sample(*to_terrain.transform(x, y))
        return cls(
            names=pd.Index(first["site_id"].astype(str)),
            x=x,
            y=y,
            top_m=np.nan_to_num(ground) + first["antenna_height_m"].to_numpy(dtype=np.float64),
        )

    def rows(self, site_ids: pd.Series) -> NDArray[np.int32]:
        """Return the row of each mast, -1 for none."""
        return rows_of(site_ids, self.names)


def physical(
    x: Array,
    y: Array,
    ground_m: Array,
    mast: NDArray[np.int64],
    diffraction_db: Array,
    obstacle_m: Array,
    *,
    masts: Masts,
    surroundings: Surroundings,
) -> Array:
    """
    Features of paths, each of the order of one.

    Parameters
    ----------
    x, y, ground_m : ndarray, shape (n,)
        Place in the working CRS and height of its ground. [m]
    mast : ndarray of int, shape (n,)
        Row of `masts`.
    diffraction_db, obstacle_m : ndarray, shape (n,)
        Loss beyond free space, and the obstacle's distance from the place; NaN for none. [dB, m]
    masts, surroundings
        What to look up in.

    Returns
    -------
    ndarray, shape (n, len(PHYSICAL))
        Columns in the order of `PHYSICAL`: loss up to and beyond 15 dB, logarithm of distance, height above the
        surroundings, roughness, clutter height, angle to the mast, nearness of the obstacle.
    """
    away = np.maximum(np.hypot(x - masts.x[mast], y - masts.y[mast]), 50.0)
    rise, rough, clutter = surroundings.at(x, y)
    loss = np.nan_to_num(diffraction_db)
    elevation = np.degrees(np.arctan2(masts.top_m[mast] - np.nan_to_num(ground_m), away))
    columns = [
        np.minimum(loss, 15.0) / 15.0,
        np.clip(loss - 15.0, 0.0, 40.0) / 15.0,
        np.log10(away / 3000.0),
        np.clip(rise / 80.0, -2.5, 2.5),
        np.clip(rough / 40.0, 0.0, 3.0),
        clutter / 8.0,
        np.clip(elevation / 4.0, -3.0, 3.0),
        np.exp(-np.nan_to_num(obstacle_m, nan=1e9) / 500.0),
    ]
    return np.column_stack(columns)
