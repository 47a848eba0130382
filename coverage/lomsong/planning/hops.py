"""Which pairs of places a microwave hop can join: terrain must leave the first Fresnel zone free."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lomsong.propagation.p526 import effective_earth_radius
from lomsong.units import wavelength_m

_Floats = NDArray[np.float64]

#: Samples of terrain on a hop, and pairs worked on at a time.
SAMPLES, BLOCK = 200, 4000


def clearance(
    ground: Callable[[_Floats, _Floats], _Floats],
    near: tuple[_Floats, _Floats, _Floats],
    far: tuple[_Floats, _Floats, _Floats],
    *,
    frequency_mhz: float,
    refractivity_gradient: float,
) -> _Floats:
    """
    Least clearance of the ray over terrain, in radii of the first Fresnel zone.

    Parameters
    ----------
    ground : callable
        Height of the ground at easting and northing. [m]
    near, far : tuple of ndarray, shape (n,)
        Easting, northing and height of the antenna over ground of both ends. [m]
    frequency_mhz : float
        Carrier. [MHz]
    refractivity_gradient : float
        Fall of refractivity in the lowest kilometre. [N-units/km]

    Returns
    -------
    ndarray, shape (n,)
        Negative where terrain blocks the ray; NaN where terrain is missing on the way. [unitless]

    References
    ----------
    .. [1] ITU-R P.526, section 2 (Fresnel ellipsoids): radius √(λ d₁ d₂ / (d₁ + d₂)).
    """
    count = len(near[0])
    result = np.full(count, np.nan)
    radius = float(effective_earth_radius(refractivity_gradient))
    part = (np.arange(SAMPLES) + 0.5) / SAMPLES
    wave_m = float(wavelength_m(frequency_mhz))
    for first in range(0, count, BLOCK):
        rows = slice(first, first + BLOCK)
        (x0, y0, h0), (x1, y1, h1) = ([axis[rows] for axis in end] for end in (near, far))
        top0, top1 = ground(x0, y0) + h0, ground(x1, y1) + h1
        length = np.hypot(x1 - x0, y1 - y0)[:, None]
        x = x0[:, None] + (x1 - x0)[:, None] * part
        y = y0[:, None] + (y1 - y0)[:, None] * part
        below = ground(x.ravel(), y.ravel()).reshape(x.shape)
        d0, d1 = length * part, length * (1 - part)
        ray = top0[:, None] + (top1 - top0)[:, None] * part - d0 * d1 / (2 * radius)
        fresnel = np.sqrt(wave_m * d0 * d1 / np.maximum(length, 1.0))
        result[rows] = ((ray - below) / np.maximum(fresnel, 1e-3)).min(axis=1)
    return result
