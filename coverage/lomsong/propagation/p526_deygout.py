"""
Diffraction over up to three thin ridges after Deygout, in the form of ITU-R P.526-11.

The recommendations have replaced it by delta-Bullington (`p526`). Planning tools still offer it, so it is here for
comparison: it asks for the ridges one by one, and costs more than delta-Bullington where terrain is round.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lomsong.compiled import kernel
from lomsong.propagation.limits import Limit, refuse_outside
from lomsong.propagation.p526 import knife_edge_kernel
from lomsong.propagation.p526_profile import stack_profiles
from lomsong.propagation.p526_sphere import WAVELENGTH_M_MHZ

_LIMITS = (
    Limit("transmitter_height_m", 0.0, math.inf, "m"),
    Limit("receiver_height_m", 0.0, math.inf, "m"),
    Limit("frequency_mhz", 0.0, math.inf, "MHz", low_excluded=True),
    Limit("effective_earth_radius_m", 0.0, math.inf, "m", low_excluded=True),
)

_Floats = NDArray[np.float64]


@kernel
def _find_edge(
    distance_m: _Floats,
    height_m: _Floats,
    first: int,
    last: int,
    first_amsl_m: float,
    last_amsl_m: float,
    effective_earth_radius_m: float,
) -> tuple[float, int]:
    """
    Return the sample strictly between two that stands highest in the Fresnel zone of the line between them.

    With nu squared, but for a factor and with its sign; minus infinity and `first` where no sample lies between.
    """
    span_m = distance_m[last] - distance_m[first]
    strongest, edge = -math.inf, first
    for i in range(first + 1, last):
        before_m = distance_m[i] - distance_m[first]
        after_m = distance_m[last] - distance_m[i]
        line_m = (first_amsl_m * after_m + last_amsl_m * before_m) / span_m
        above_m = height_m[i] + before_m * after_m / (2.0 * effective_earth_radius_m) - line_m
        squared = above_m * abs(above_m) * span_m / (before_m * after_m)
        if squared > strongest:
            strongest, edge = squared, i
    return strongest, edge


@kernel
def _fresnel(squared: float, frequency_mhz: float) -> float:
    """Return the knife-edge parameter nu from what `_find_edge` found."""
    return math.copysign(math.sqrt(2.0 * abs(squared) * frequency_mhz / WAVELENGTH_M_MHZ), squared)


@kernel
def deygout_profile(
    distance_m: _Floats,
    height_m: _Floats,
    n: int,
    transmitter_amsl_m: float,
    receiver_amsl_m: float,
    frequency_mhz: float,
    effective_earth_radius_m: float,
) -> tuple[float, int, float]:
    """
    Deygout loss of one profile, for callers that are themselves compiled; allocates nothing.

    Takes and returns what `p526.delta_bullington_profile` does, without the ground's electrical properties.
    """
    end = n - 1
    total = 0.0
    for i in range(n):
        total += height_m[i]
    if math.isnan(total):
        return math.nan, 0, math.nan
    radius_m = effective_earth_radius_m
    squared, main = _find_edge(distance_m, height_m, 0, end, transmitter_amsl_m, receiver_amsl_m, radius_m)
    nu = _fresnel(squared, frequency_mhz)
    main_db = knife_edge_kernel(nu)
    if main_db <= 0.0:
        return 0.0, main, nu
    edge_m = height_m[main]
    before, _ = _find_edge(distance_m, height_m, 0, main, transmitter_amsl_m, edge_m, radius_m)
    after, _ = _find_edge(distance_m, height_m, main, end, edge_m, receiver_amsl_m, radius_m)
    others_db = knife_edge_kernel(_fresnel(before, frequency_mhz))
    others_db += knife_edge_kernel(_fresnel(after, frequency_mhz))
    empirical_db = 10.0 + 4e-5 * distance_m[end]
    return main_db + (1.0 - math.exp(-main_db / 6.0)) * (others_db + empirical_db), main, nu


@kernel
def _deygout_paths(distance_m: _Floats, height_m: _Floats, numbers: _Floats) -> _Floats:
    """Run `deygout_profile` on every row; `numbers` holds its scalars in its order. [dB]."""
    paths, n = distance_m.shape
    loss_db = np.empty(paths)
    for i in range(paths):
        tx_m, rx_m, frequency, radius = numbers[i]
        tx_m += height_m[i, 0]
        rx_m += height_m[i, n - 1]
        found = deygout_profile(distance_m[i], height_m[i], n, tx_m, rx_m, frequency, radius)
        loss_db[i] = math.nan if math.isnan(numbers[i].sum() + distance_m[i].sum()) else found[0]
    return loss_db


def deygout_loss(
    distance_m: ArrayLike,
    height_m: ArrayLike,
    *,
    transmitter_height_m: ArrayLike,
    receiver_height_m: ArrayLike,
    frequency_mhz: ArrayLike,
    effective_earth_radius_m: ArrayLike,
) -> _Floats:
    """
    Diffraction loss over terrain by Deygout's construction with three edges, in excess of free space.

    The main edge has the largest knife-edge parameter on the whole path; one more edge is sought on each side of
    it. ``L = J(main) + T (J(before) + J(after) + C)`` with ``T = 1 - exp(-J(main) / 6)`` and the empirical
    correction for the roundness of the earth ``C = 10 + 0.04 d`` (d in km).

    Parameters
    ----------
    distance_m : array_like, shape (..., n)
        Distance of the samples from the transmitter: from 0, rising, the receiver last. [m]
    height_m : array_like, shape (..., n)
        Terrain above sea level. [m]
    transmitter_height_m, receiver_height_m : array_like, shape (...)
        Antennas above the ground at the first and the last sample, zero or more. [m]
    frequency_mhz : array_like, shape (...)
        Carrier frequency, above zero. [MHz]
    effective_earth_radius_m : array_like, shape (...)
        Earth radius with refraction, as of `p526.effective_earth_radius`. [m]

    Returns
    -------
    ndarray, shape (...)
        Loss, zero or more; NaN where an input is NaN. [dB]

    Raises
    ------
    RadioError
        If an input is outside its range, or a profile is not one.

    References
    ----------
    .. [1] ITU-R P.526-11, section 4.4.2 (cascaded knife edge method).
    .. [2] J. Deygout, "Multiple knife-edge diffraction of microwaves", IEEE Trans. Antennas and Propagation,
       vol. 14, no. 4, 1966.
    """
    given = (transmitter_height_m, receiver_height_m, frequency_mhz, effective_earth_radius_m)
    values = tuple(np.asarray(numbers, dtype=np.float64) for numbers in given)
    refuse_outside("Deygout", *zip(_LIMITS, values, strict=True))
    shape, rows = stack_profiles("Deygout", distance_m, height_m, per_path=values)
    return np.asarray(_deygout_paths(*rows)).reshape(shape)
