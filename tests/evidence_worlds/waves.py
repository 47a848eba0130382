"""
How waves travel in the made-up worlds: three physics of their own, clutter, shadowing and antennas.

`crests`: knife edges on the highest crest and on one more to either side, each with its own loss (after Epstein and
Peterson). `rounded`: one rounded hill, whose loss grows with its length and not only its height. `bending`: no edges
at all; the loss grows with the angle by which the ray must bend, up to a ceiling where scatter takes over.
"""

import numpy as np
from evidence_worlds.ground import CELL_M, CELLS, Ground, cell, pixel
from evidence_worlds.kinds import Kind
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[np.float64]

PHONE_M = 1.5
LIGHT_MPS = 299_792_458.0
#: Earth with ordinary refraction. [m]
BENT_EARTH_M = 8_495_000.0
SAMPLES = 128
_BATCH = 8000
#: Loss among fences and houses everywhere, at 1800 MHz. [dB]
HOUSES_DB = 4.0
#: Beyond this nothing is received. [m]
REACH_M = 22_000.0


def path_losses(
    kind: Kind, ground: Ground, masts: Array, heights_m: Array, places: Array, frequency_mhz: float
) -> Array:
    """Return the loss between every mast and every place, shape (masts, places); infinite beyond `REACH_M`. [dB]"""
    east = places[None, :, 0] - masts[:, None, 0]
    north = places[None, :, 1] - masts[:, None, 1]
    length = np.maximum(np.hypot(east, north), 20.0)
    losses = np.full(length.shape, np.inf)
    mast, place = np.nonzero(length < REACH_M)
    wave = LIGHT_MPS / (frequency_mhz * 1e6)
    for first in range(0, len(mast), _BATCH):
        m, p = mast[first : first + _BATCH], place[first : first + _BATCH]
        distance = length[m, p]
        top, along = _profile(ground, masts[m], heights_m[m], places[p], distance)
        losses[m, p] = PHYSICS[kind.physics](top, along, wave)
    free = 20 * np.log10(4 * np.pi * length / wave)
    farther = 10 * (kind.exponent - 2) * np.log10(np.maximum(length / 1000.0, 1.0))
    return free + farther + losses


def _profile(
    ground: Ground, start: Array, height_m: Array, end: Array, distance: Array
) -> tuple[Array, Array]:
    part = np.linspace(0, 1, SAMPLES)
    x = start[:, :1] + (end - start)[:, :1] * part
    y = start[:, 1:] + (end - start)[:, 1:] * part
    top = ndimage.map_coordinates(ground.height, pixel(x, y), order=1, mode="nearest")
    along = distance[:, None] * part
    top = top + along * (distance[:, None] - along) / (2 * BENT_EARTH_M)
    top[:, 0] += height_m
    top[:, -1] += PHONE_M
    return top, along


def _fresnel(top: Array, along: Array, first: NDArray[np.int64], last: NDArray[np.int64]) -> Array:
    """Fresnel parameter times the root of the wavelength of every sample between two others; -inf elsewhere."""
    rows, index = np.arange(len(top)), np.arange(SAMPLES)
    near, far = along[rows, first][:, None], along[rows, last][:, None]
    low, high = top[rows, first][:, None], top[rows, last][:, None]
    before, behind = np.maximum(along - near, 1.0), np.maximum(far - along, 1.0)
    above = top - (low + (high - low) * before / np.maximum(far - near, 1.0))
    inside = (index > first[:, None] + 1) & (index < last[:, None] - 1)
    return np.where(inside, above * np.sqrt(2 * (before + behind) / (before * behind)), -np.inf)


def _edge_db(nu: Array) -> Array:
    above = np.maximum(nu, -0.7)
    return np.where(nu > -0.7, 6.9 + 20 * np.log10(np.sqrt((above - 0.1) ** 2 + 1) + above - 0.1), 0.0)


def _crests(top: Array, along: Array, wave: float) -> Array:
    rows = np.arange(len(top))
    ends = np.zeros(len(top), np.int64), np.full(len(top), SAMPLES - 1)
    whole = _fresnel(top, along, *ends)
    main = whole.argmax(axis=1)
    loss = np.maximum(_edge_db(whole[rows, main] / np.sqrt(wave)), 0.0)
    blocked = whole[rows, main] > 0
    for side in ((ends[0], main), (main, ends[1])):
        other = _fresnel(top, along, *side).max(axis=1) / np.sqrt(wave)
        loss += np.where(blocked & (other > 0), _edge_db(other), 0.0)
    return loss


def _rounded(top: Array, along: Array, wave: float) -> Array:
    rows = np.arange(len(top))
    whole = _fresnel(top, along, np.zeros(len(top), np.int64), np.full(len(top), SAMPLES - 1))
    best = whole.max(axis=1) / np.sqrt(wave)
    span = along[rows, -1]
    # the hill is as long as the part of the path that stands above the line
    width = (whole > 0).mean(axis=1) * span
    rounding = 7.0 * np.log10(1 + width / (40.0 * np.sqrt(wave / 0.17)) / 10)
    return np.maximum(_edge_db(best), 0.0) + np.where(best > 0, rounding, 0.0)


def _bending(top: Array, along: Array, wave: float) -> Array:
    span = along[:, -1:]
    inner = slice(2, -2)
    sight = (top[:, -1:] - top[:, :1]) / span
    up = ((top[:, inner] - top[:, :1]) / along[:, inner]).max(axis=1, keepdims=True) - sight
    down = ((top[:, inner] - top[:, -1:]) / (span - along[:, inner])).max(axis=1, keepdims=True) + sight
    angle = np.maximum(up, 0.0) + np.maximum(down, 0.0)
    milliradian = 1000 * angle[:, 0] * (0.17 / wave) ** 0.5
    # what only just clears the line still costs a little
    grazing = 5.0 * np.exp(np.minimum(np.maximum(up, down)[:, 0], 0.0) * 150)
    return np.minimum(grazing + 15.0 * np.log10(1 + milliradian / 8.0), 55.0)


PHYSICS = {"crests": _crests, "rounded": _rounded, "bending": _bending}


def clutter_db(kind: Kind, ground: Ground, places: Array, frequency_mhz: float) -> Array:
    """Return the loss in what stands around each place, shape (places,). [dB]"""
    density = ndimage.uniform_filter(ground.forest.astype(float), 5)
    row, column = cell(*places.T)
    return (HOUSES_DB + kind.clutter_db * density[row, column]) * (frequency_mhz / 1800.0) ** 0.3


class Shadowing:
    """Correlated shadowing of every mast at any place: a part common to all masts and a part of its own."""

    def __init__(self, kind: Kind, masts: int, rng: np.random.Generator) -> None:
        self.kind = kind
        self.common = _exponential_field(kind.shadow_m, rng)
        self.seeds = rng.integers(2**32, size=masts)

    def at(self, mast: int, places: Array) -> Array:
        """Return the shadowing of one mast, shape (places,); the same for the same place. [dB]"""
        own = _exponential_field(self.kind.shadow_m, np.random.default_rng(self.seeds[mast]))
        part = self.kind.shadow_between
        field = np.sqrt(part) * self.common + np.sqrt(1 - part) * own
        values = ndimage.map_coordinates(field, pixel(places[:, 0], places[:, 1]), order=1, mode="nearest")
        return self.kind.shadow_db * values


def _exponential_field(length_m: float, rng: np.random.Generator) -> Array:
    """Gaussian field of deviation 1 whose correlation falls as exp(-distance / length)."""
    across, down = np.fft.rfftfreq(CELLS, CELL_M), np.fft.fftfreq(CELLS, CELL_M)
    number = 2 * np.pi * np.hypot(down[:, None], across[None, :]) * length_m
    root = (1 + number**2) ** -0.75
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((CELLS, CELLS))) * root, s=(CELLS, CELLS))
    return (field - field.mean()) / field.std()


def pattern_db(offset_deg: Array, beamwidth_deg: float) -> Array:
    """Gain of a sector beside its main beam: a cosine power with a floor behind."""
    beside = np.abs((offset_deg + 180) % 360 - 180)
    power = 3.0 / (-10 * np.log10(np.cos(np.radians(beamwidth_deg / 4)) ** 2))
    return np.maximum(10 * power * np.log10(np.maximum(np.cos(np.radians(beside / 2)) ** 2, 1e-6)), -22.0)
