"""Terrain, forest, villages and roads of a made-up world."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from evidence_worlds.kinds import Kind
from numpy.typing import NDArray
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import cdist

Array = NDArray[np.float64]

#: Side of a terrain cell and number of cells: 36 km, the villages within the middle 26 km. [m]
CELL_M, CELLS, MARGIN_M = 90.0, 400, 5_000.0
#: Lower left corner, in UTM zone 48 north: as in the other small worlds of the tests.
X0, Y0 = 400_000.0, 2_400_000.0
VILLAGES = 170
#: Least distance between village centres; half the side of a village's square. [m]
GAP_M, HALF_M = 1100.0, 600.0
#: Homes of a village: clusters of houses besides the centre, and how far off. [m]
HAMLETS, HAMLET_M = 2, (250.0, 560.0)
#: Distance between the places of a road where samples can be taken. [m]
ROAD_STEP_M = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """
    Land, and where people live and drive on it.

    Attributes
    ----------
    height : ndarray, shape (CELLS, CELLS)
        Row 0 in the north. [m]
    forest : ndarray of bool
        Same cells.
    villages : DataFrame
        ``x``, ``y`` of the centre [m], ``population``.
    homes : DataFrame
        ``village``, ``x``, ``y``, ``people``; the centre first.
    roads : DataFrame
        ``x``, ``y`` and ``leg`` of every place on a road where a sample can be taken.
    """

    height: Array
    forest: NDArray[np.bool_]
    villages: pd.DataFrame
    homes: pd.DataFrame
    roads: pd.DataFrame


def smooth_field(rng: np.random.Generator, wavelength_m: float, *, rough: float = 0.1) -> Array:
    """Gaussian noise of mean 0 and deviation 1 in which one wavelength prevails."""
    across = np.fft.rfftfreq(CELLS, CELL_M)
    down = np.fft.fftfreq(CELLS, CELL_M)
    number = np.hypot(down[:, None], across[None, :]) * wavelength_m
    band = np.exp(-2 * (number - 1) ** 2) + rough * (number > 0) * np.maximum(number, 1.0) ** -2.2
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((CELLS, CELLS))) * band, s=(CELLS, CELLS))
    return (field - field.mean()) / field.std()


def pixel(x: Array, y: Array) -> tuple[Array, Array]:
    """Return fractional row and column; whole numbers are cell centres."""
    return (Y0 + CELLS * CELL_M - y) / CELL_M - 0.5, (x - X0) / CELL_M - 0.5


def cell(x: Array, y: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    row, column = pixel(x, y)
    return _whole(row), _whole(column)


def _whole(axis: Array) -> NDArray[np.int64]:
    return np.clip(np.rint(axis), 0, CELLS - 1).astype(np.int64)


def make_ground(kind: Kind, rng: np.random.Generator) -> Ground:
    ridge = np.abs(smooth_field(rng, kind.wavelength_m))
    height = 100 + kind.relief_m * (ridge / 2.2 + 0.12 * smooth_field(rng, kind.wavelength_m / 4))
    height = height - height.min() + 20 + 8 * smooth_field(rng, 600)
    wood = smooth_field(rng, 2500, rough=0.4) + 0.8 * (ridge - ridge.mean()) / ridge.std()
    forest = wood > np.quantile(wood, 1 - kind.forest_share)
    villages = _place_villages(height, rng)
    homes = _place_homes(villages, rng)
    return Ground(
        height=height, forest=forest, villages=villages, homes=homes, roads=_lay_roads(villages, rng)
    )


def _place_villages(height: Array, rng: np.random.Generator) -> pd.DataFrame:
    span = CELLS * CELL_M - 2 * MARGIN_M
    tried = rng.uniform(MARGIN_M, MARGIN_M + span, (6000, 2)) + np.array([X0, Y0])
    row, column = cell(*tried.T)
    high = (height[row, column] - height.min()) / np.ptp(height)
    # people live low, some of them high
    tried = tried[rng.random(len(tried)) < np.exp(-4 * high) + 0.06]
    chosen: list[Array] = []
    for spot in tried:
        if all(np.hypot(*(spot - other)) >= GAP_M for other in chosen):
            chosen.append(spot)
        if len(chosen) == VILLAGES:
            break
    xy = np.array(chosen)
    people = np.clip(rng.lognormal(np.log(420), 0.6, len(xy)), 60, 4000).round()
    return pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1], "population": people})


def _place_homes(villages: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for number, village in enumerate(villages.itertuples()):
        rows.append((number, village.x, village.y, 0.6 * village.population))
        for _ in range(HAMLETS):
            turn, away = rng.uniform(0, 2 * np.pi), rng.uniform(*HAMLET_M)
            x, y = village.x + away * np.cos(turn), village.y + away * np.sin(turn)
            rows.append((number, x, y, 0.4 / HAMLETS * village.population))
    return pd.DataFrame(rows, columns=["village", "x", "y", "people"])


def _lay_roads(villages: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Join villages by the shortest tree; a road bends, and passes most centres at some distance."""
    xy = villages[["x", "y"]].to_numpy()
    stops = xy + rng.normal(0, 150, xy.shape)
    tree = minimum_spanning_tree(cdist(xy, xy)).tocoo()
    parts = []
    for leg, (start, end) in enumerate(zip(tree.row, tree.col, strict=True)):
        middle = (stops[start] + stops[end]) / 2 + rng.normal(0, 200, 2)
        count = max(int(np.hypot(*(stops[end] - stops[start])) / ROAD_STEP_M), 3)
        part = np.linspace(0, 1, count)[:, None]
        bow = (1 - part) ** 2 * stops[start] + 2 * part * (1 - part) * middle + part**2 * stops[end]
        parts.append(pd.DataFrame({"x": bow[:, 0], "y": bow[:, 1], "leg": leg}))
    return pd.concat(parts, ignore_index=True)
