"""The ground of the demo district: ridges, connected valleys, and what grows on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS
from scipy import ndimage

from lomsong.grid import Raster

#: Metric CRS of the district: UTM zone 6 north, in the empty North Pacific near 34 N 147 W.
METRIC_CRS = CRS.from_epsg(32606)
#: Middle of the district in that CRS. [m]
MIDDLE_M = (500_000.0, 3_762_000.0)
#: Side of a cell, and cells along one side of the terrain: 42.6 km, over 5 km beyond every village.
CELL_M = 60.0
CELLS = 710
#: Lowest valley floor and highest crest, the crest before the finest detail. [m]
LOWEST_M, HIGHEST_M = 150.0, 1480.0
#: Ground steeper than this, or this far above its surroundings, is left to the forest.
FOREST_SLOPE_DEG = 13.0
FOREST_RISE_M = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """
    Height and land of every cell.

    Attributes
    ----------
    height : Raster
        Whole metres above sea level. [m]
    slope_deg : ndarray, shape (rows, columns)
        Steepness. [deg]
    rise_m : ndarray, shape (rows, columns)
        Height above the mean of the surrounding 3 km; negative in valleys. [m]
    forest : ndarray of bool, shape (rows, columns)
        Forest; the rest is fields and villages.
    """

    height: Raster
    slope_deg: NDArray[np.float64]
    rise_m: NDArray[np.float64]
    forest: NDArray[np.bool_]

    def cells(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return row and column of the cells that hold points of the metric CRS, clipped to the edge."""
        row, column = self.height.pixel(x, y)
        return (
            np.clip(np.rint(row), 0, CELLS - 1).astype(np.int64),
            np.clip(np.rint(column), 0, CELLS - 1).astype(np.int64),
        )

    def centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return x and y of every cell's middle, each of the shape of the raster. [m]"""
        x_left, x_step, y_top, y_step = self.height.transform
        x, y = np.meshgrid(
            x_left + (np.arange(CELLS) + 0.5) * x_step, y_top + (np.arange(CELLS) + 0.5) * y_step
        )
        return x, y


def make_ground(rng: np.random.Generator) -> Ground:
    """
    Draw a mountain district.

    The zero lines of a smooth random field run through the whole area without ends, as valleys do; its
    absolute value rises from them to ridges. Finer fields cut side valleys and spurs into the slopes.
    """
    strike = np.radians(rng.uniform(110, 150))
    main = _valleys(_field(rng, wavelength_m=10_500, strike=strike, stretch=1.7), floor=0.05)
    side = _valleys(_field(rng, wavelength_m=4_200, strike=strike, stretch=1.0), floor=0.08)
    spur = _valleys(_field(rng, wavelength_m=1_700, strike=strike, stretch=1.0), floor=0.10)
    # turned over, valleys are crests
    crest = 1.0 - _valleys(_field(rng, wavelength_m=4_800, strike=strike, stretch=2.0), floor=0.04)
    lift = _field(rng, wavelength_m=26_000, strike=strike, stretch=1.0)
    detail = _field(rng, wavelength_m=500, strike=strike, stretch=1.0)
    slope_part = 0.12 + main
    relief = main + slope_part * (0.4 * side + 0.6 * crest + 0.22 * spur) + 0.16 * lift
    low, high = np.percentile(relief, [0.2, 99.8])
    height = LOWEST_M + (HIGHEST_M - LOWEST_M) * np.clip((relief - low) / (high - low), 0.0, 1.1)
    height = np.rint(height + 5.0 * detail * slope_part).astype(np.float32)
    return _described(height)


def _described(height: NDArray[np.float32]) -> Ground:
    down, across = np.gradient(ndimage.gaussian_filter(height.astype(np.float64), 1.0), CELL_M)
    slope_deg = np.degrees(np.arctan(np.hypot(down, across)))
    rise_m = height.astype(np.float64) - ndimage.uniform_filter(
        height.astype(np.float64), size=51, mode="nearest"
    )
    forest = (slope_deg > FOREST_SLOPE_DEG) | (rise_m > FOREST_RISE_M)
    # single trees are no forest
    forest = ndimage.binary_opening(forest, iterations=1)
    half_m = CELLS * CELL_M / 2
    transform = (MIDDLE_M[0] - half_m, CELL_M, MIDDLE_M[1] + half_m, -CELL_M)
    return Ground(
        height=Raster(height, transform, METRIC_CRS), slope_deg=slope_deg, rise_m=rise_m, forest=forest
    )


def _field(
    rng: np.random.Generator, *, wavelength_m: float, strike: float, stretch: float
) -> NDArray[np.float64]:
    """Smooth Gaussian noise of mean 0 and deviation 1, longer along `strike` by the factor `stretch`."""
    noise = rng.standard_normal((CELLS, CELLS))
    down, across = np.meshgrid(np.fft.fftfreq(CELLS, CELL_M), np.fft.rfftfreq(CELLS, CELL_M), indexing="ij")
    along = across * np.sin(strike) - down * np.cos(strike)
    beside = across * np.cos(strike) + down * np.sin(strike)
    wavenumber = np.hypot(along * stretch, beside) * wavelength_m
    # one wavelength prevails, with a tail towards finer forms
    band = wavenumber**2 * np.exp(-(wavenumber**2)) + 0.02 * np.exp(-((wavenumber / 3) ** 2)) * (
        wavenumber > 0
    )
    field = np.fft.irfft2(np.fft.rfft2(noise) * band, s=(CELLS, CELLS))
    standard: NDArray[np.float64] = (field - field.mean()) / field.std()
    return standard


def _valleys(field: NDArray[np.float64], *, floor: float) -> NDArray[np.float64]:
    """Zero on the zero lines of `field`, with a rounded floor, up to about 1 on the crests between them."""
    return np.tanh(np.sqrt(field**2 + floor**2) - floor)
