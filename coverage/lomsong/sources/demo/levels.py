"""
The truth's own radio rules. They share nothing with the predictor, on purpose.

Free space is physics and the same for both. Everything else differs: diffraction over up to three wooded crests
after Epstein and Peterson, clutter by land, antennas with side lobes and a tilt, and shadowing that is
correlated in space and between masts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage
from scipy.spatial.distance import cdist

from lomsong.sources.demo.terrain import Ground
from lomsong.units import EARTH_RADIUS_M, SPEED_OF_LIGHT_MPS

Array = NDArray[np.float64]

#: Levels that count as signal, and what each technology measures: the thresholds of the settings' defaults. [dBm]
THRESHOLD_DBM = {"2g": -81.0, "3g": -100.0, "4g": -105.0, "5g": -105.0}
#: Resource blocks by technology and bandwidth in MHz: 3GPP TS 36.101 table 5.6-1, TS 38.101-1 table 5.3.2-1.
RESOURCE_BLOCKS = {("4g", 10.0): 50, ("4g", 20.0): 100, ("5g", 100.0): 273}
#: Pilot of 3G: a tenth of the power. [dB]
PILOT_DB = 10.0
#: Height of a phone, and of trees on forest ground. [m]
PHONE_M, CANOPY_M = 1.5, 9.0
#: Earth with ordinary refraction: four thirds of its radius. [m]
BENT_EARTH_M = EARTH_RADIUS_M * 4 / 3
#: Spread of shadowing, distance at which its correlation falls to 1/e, correlation between two masts.
SHADOW_DB, SHADOW_LENGTH_M, SHADOW_BETWEEN_MASTS = 7.0, 500.0, 0.5
#: Clutter loss at 1800 MHz among fields and houses, and in forest, and its growth with frequency. [dB]
FIELD_DB, FOREST_DB, CLUTTER_EXPONENT = 3.0, 9.0, 0.3
#: Samples of one profile, and the part of it next to either end where nothing counts as a crest.
_SAMPLES, _END_PART = 192, 0.012
#: Two crests closer than this part of the path, or than this length, are one.
_CREST_PART, _CREST_M = 0.06, 350.0
#: Trees this near to a place belong to its clutter and not to the crests. [m]
_OWN_TREES_M = 250.0
#: An edge this far below the line costs nothing.
_CLEAR_NU = -0.78
_BATCH = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """
    Geometry of the way from masts to places, whatever the frequency.

    Attributes
    ----------
    distance_m, bearing_deg, elevation_deg : ndarray, shape (masts, places)
        Length on the ground, direction as seen from the mast clockwise from north, and angle above the horizon
        at which the wave leaves.
    edges_root_m : ndarray, shape (masts, places, 3)
        Of each crest, the Fresnel parameter times the root of the wavelength; NaN where there is none. [m^0.5]
    """

    distance_m: Array
    bearing_deg: Array
    elevation_deg: Array
    edges_root_m: Array

    def loss_db(self, frequency_mhz: float) -> Array:
        """Return free space plus Epstein-Peterson diffraction. [dB]"""
        wave = SPEED_OF_LIGHT_MPS / (frequency_mhz * 1e6)
        free = 20 * np.log10(4 * np.pi * np.maximum(self.distance_m, 20.0) / wave)
        nu = np.nan_to_num(self.edges_root_m / np.sqrt(wave), nan=-9.0)
        above = np.maximum(nu, _CLEAR_NU)
        each = 6.9 + 20 * np.log10(np.sqrt((above - 0.1) ** 2 + 1) + above - 0.1)
        loss: Array = free + np.where(nu > _CLEAR_NU, np.maximum(each, 0.0), 0.0).sum(axis=-1)
        return loss


def trace(ground: Ground, masts: Array, mast_height_m: Array, places: Array) -> Paths:
    """
    Find the crests between every mast and every place.

    Parameters
    ----------
    ground : Ground
        Heights and forest.
    masts, places : ndarray, shape (m, 2) and (n, 2)
        Positions in the metric CRS. [m]
    mast_height_m : ndarray, shape (m,)
        Antenna above ground. [m]
    """
    trees = np.where(ground.forest, CANOPY_M, 0.0)
    shape = (len(masts), len(places))
    mast, place = (index.ravel() for index in np.indices(shape))
    results = [
        _trace_batch(ground, trees, masts[mast[at]], mast_height_m[mast[at]], places[place[at]])
        for at in (slice(first, first + _BATCH) for first in range(0, len(mast), _BATCH))
    ]
    distance, bearing, elevation, edges = (np.concatenate(parts) for parts in zip(*results, strict=True))
    return Paths(
        distance_m=distance.reshape(shape),
        bearing_deg=bearing.reshape(shape),
        elevation_deg=elevation.reshape(shape),
        edges_root_m=edges.reshape(*shape, 3),
    )


def _trace_batch(
    ground: Ground, trees: Array, start: Array, height_m: Array, end: Array
) -> tuple[Array, Array, Array, Array]:
    east, north = (end - start).T
    distance = np.maximum(np.hypot(east, north), 1.0)
    part = np.linspace(0.0, 1.0, _SAMPLES)
    x, y = start[:, :1] + east[:, None] * part, start[:, 1:] + north[:, None] * part
    pixels = ground.height.pixel(x, y)
    # on the flattened earth straight rays stay straight
    along = distance[:, None] * part
    top = ndimage.map_coordinates(ground.height.values, pixels, order=1, output=np.float64, mode="nearest")
    top -= along**2 / (2 * BENT_EARTH_M)
    top[:, 0] += height_m
    top[:, -1] += PHONE_M
    # trees around the place are its clutter
    on_way = along < distance[:, None] - _OWN_TREES_M
    on_way[:, 0] = False
    top += on_way * ndimage.map_coordinates(trees, pixels, order=1, mode="nearest")
    open_part = (part > _END_PART) & (part < 1 - _END_PART)
    crest = np.maximum(_CREST_PART, _CREST_M / distance)
    whole = np.zeros(len(distance), dtype=np.int64)
    last = np.full(len(distance), _SAMPLES - 1)
    main, found = _highest(top, along, whole, last, open_part, crest)
    left, found_left = _highest(top, along, whole, np.where(found, main, 0), open_part, crest)
    right, found_right = _highest(top, along, np.where(found, main, last), last, open_part, crest)
    # the chain mast - left - main - right - place, where missing crests fall together with a neighbour
    left, right = np.where(found_left, left, whole), np.where(found_right, right, last)
    edges = np.full((len(distance), 3), np.nan)
    for number, (before, at, after, real) in enumerate(
        ((whole, left, main, found_left), (left, main, right, found), (main, right, last, found_right))
    ):
        edges[real, number] = _edge(top[real], along[real], before[real], at[real], after[real])
    first = np.where(found_left, left, np.where(found, main, np.where(found_right, right, last)))
    rows = np.arange(len(distance))
    elevation = np.degrees(np.arctan2(top[rows, first] - top[:, 0], along[rows, first]))
    return distance, np.degrees(np.arctan2(east, north)) % 360, elevation, edges


def _highest(
    top: Array,
    along: Array,
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    open_part: NDArray[np.bool_],
    crest: Array,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Find the sample that stands out most between two others, and whether it is a crest of its own."""
    rows = np.arange(len(top))
    index = np.arange(_SAMPLES)
    gap = np.maximum((crest * (_SAMPLES - 1)).astype(np.int64), 1)
    low, high = first + np.where(first > 0, gap, 0), last - np.where(last < _SAMPLES - 1, gap, 0)
    allowed = open_part & (index > low[:, None]) & (index < high[:, None])
    near, far = along[rows, first][:, None], along[rows, last][:, None]
    span = np.maximum(far - near, 1e-6)
    line = top[rows, first][:, None] + (top[rows, last] - top[rows, first])[:, None] * (along - near) / span
    before, behind = np.maximum(along - near, 1e-6), np.maximum(far - along, 1e-6)
    nu = np.where(allowed, (top - line) * np.sqrt(2 * span / (before * behind)), -np.inf)
    best = nu.argmax(axis=1)
    # a crest that only grazes matters where it is the only one; a second one must block
    whole = (first == 0) & (last == _SAMPLES - 1)
    return best, nu[rows, best] > np.where(whole, -0.35, 0.0)


def _edge(
    top: Array, along: Array, before: NDArray[np.int64], at: NDArray[np.int64], after: NDArray[np.int64]
) -> Array:
    rows = np.arange(len(top))
    near, far = along[rows, at] - along[rows, before], along[rows, after] - along[rows, at]
    part = near / (near + far)
    line = top[rows, before] * (1 - part) + top[rows, after] * part
    edge: Array = (top[rows, at] - line) * np.sqrt(2 * (near + far) / (near * far))
    return edge


def clutter_db(ground: Ground, places: Array, frequency_mhz: float) -> Array:
    """Return the loss in what stands around each place, shape (places,). [dB]"""
    row, column = ground.cells(*places.T)
    at_1800: Array = np.where(ground.forest[row, column], FOREST_DB, FIELD_DB)
    return at_1800 * float((frequency_mhz / 1800.0) ** CLUTTER_EXPONENT)


def draw_shadowing(places: Array, masts: int, rng: np.random.Generator) -> Array:
    """
    Draw the shadowing of each mast at each place.

    Returns
    -------
    ndarray, shape (masts, places)
        Gaussian of deviation `SHADOW_DB`; exponential correlation in space, the same part of it shared by all
        masts. [dB]
    """
    covariance = np.exp(-cdist(places, places) / SHADOW_LENGTH_M)
    root = np.linalg.cholesky(covariance + 1e-9 * np.eye(len(places)))
    shared = root @ rng.standard_normal(len(places))
    own = rng.standard_normal((masts, len(places))) @ root.T
    both: Array = np.sqrt(SHADOW_BETWEEN_MASTS) * shared + np.sqrt(1 - SHADOW_BETWEEN_MASTS) * own
    return both * SHADOW_DB


def sector_gain_db(
    offset_deg: ArrayLike, elevation_deg: ArrayLike, beamwidth_deg: float, tilt_deg: float
) -> Array:
    """
    Gain of a panel antenna relative to its main beam: a raised cosine with side lobes and a filled-in null below.

    Parameters
    ----------
    offset_deg, elevation_deg : array_like, shape (...)
        Direction beside the main beam, and above the horizon. [deg]
    beamwidth_deg, tilt_deg : float
        Horizontal width between -3 dB points; electrical tilt below the horizon. [deg]
    """
    offset = np.abs((np.asarray(offset_deg, dtype=np.float64) + 180) % 360 - 180)
    # cos²ⁿ falls by 3 dB at half the beamwidth
    power = -0.3 / np.log10(np.cos(np.radians(min(beamwidth_deg, 170.0) / 4)) ** 2)
    main = 20 * power * np.log10(np.maximum(np.cos(np.radians(offset / 2)), 1e-3))
    lobes = -21.0 + 2.5 * np.cos(np.radians(offset * 5))
    below = np.asarray(elevation_deg, dtype=np.float64) + tilt_deg
    vertical = np.maximum(-12 * (below / 11.0) ** 2, -9.0)
    gain: Array = np.maximum(main, lobes) + vertical
    return gain


def reference_offset_db(technology: str, bandwidth_mhz: float) -> float:
    """Return what the phone reports (RXLEV, RSCP, RSRP) less the power of the whole carrier. [dB]"""
    if technology == "2g":
        return 0.0
    if technology == "3g":
        return -PILOT_DB
    return float(-10 * np.log10(12 * RESOURCE_BLOCKS[technology, bandwidth_mhz]))
