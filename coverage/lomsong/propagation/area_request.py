"""What is asked of the area engines: a mast, receivers, the air, and which numbers they can be."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lomsong.errors import RadioError
from lomsong.propagation.area_exact import NEAREST_M
from lomsong.propagation.limits import Limit, refuse_outside

Engine = Literal["exact", "radial"]
Model = Literal["p1812", "p526"]

_LIMITS = (
    Limit("frequency_mhz", 30.0, 6000.0, "MHz"),
    Limit("transmitter height_m", 1.0, 3000.0, "m"),
    Limit("receiver_height_m", 1.0, 3000.0, "m"),
    Limit("time_percent", 1.0, 50.0, "%"),
    Limit("surface_refractivity", 0.0, math.inf, "N-units", low_excluded=True),
)
RADIUS = Limit("radius_m", NEAREST_M, math.inf, "m", high_excluded=True)
CELL = Limit("cell_m", 0.0, math.inf, "m", low_excluded=True, high_excluded=True)
_STEP = Limit("step_m", 0.0, math.inf, "m", low_excluded=True, high_excluded=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transmitter:
    """
    One antenna on a mast.

    Attributes
    ----------
    x, y : float
        Where it stands, in the CRS of the terrain: longitude and latitude for a geographic one.
    height_m : float
        Above ground, 1 to 3000. [m]
    frequency_mhz : float
        Carrier frequency, 30 to 6000. [MHz]
    """

    x: float
    y: float
    height_m: float
    frequency_mhz: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaSettings:
    """
    The receivers, the air and how to compute.

    Attributes
    ----------
    refractivity_gradient : float
        Median fall of the refractivity in the lowest kilometre (Delta N), below 157. [N-units/km]
    surface_refractivity : float
        Median refractivity at sea level (N_0). [N-units]
    receiver_height_m : float
        Above ground, 1 to 3000; a telephone in the hand. [m]
    time_percent : float
        Part of an average year for which the loss is not exceeded, 1 to 50; the radial engine knows 50. [%]
    vertical : bool
        Polarisation: vertical, or else horizontal.
    model : {"p1812", "p526"}
        ITU-R P.1812 inland, without clutter, at 50 % of locations; or only its diffraction, that of P.526, over free
        space, at 50 % of time.
    engine : {"radial", "exact"}
        Shared walks, or one for every receiver.
    step_m : float, optional
        Distance between samples of the terrain; by default the longer side of its cells, where an arc second
        counts as `area.METRES_PER_ARC_SECOND`. [m]
    """

    refractivity_gradient: float
    surface_refractivity: float
    receiver_height_m: float = 1.5
    time_percent: float = 50.0
    vertical: bool = True
    model: Model = "p1812"
    engine: Engine = "radial"
    step_m: float | None = None


def refuse_numbers(transmitter: Transmitter, settings: AreaSettings, *more: tuple[Limit, float]) -> None:
    """
    Do nothing where every number is in its range and all go together.

    Parameters
    ----------
    transmitter, settings
        What was asked for.
    more : tuple of (Limit, float)
        Further numbers with their limits.

    Raises
    ------
    RadioError
        Names every number out of range, or what cannot go together.
    """
    given = (
        transmitter.frequency_mhz,
        transmitter.height_m,
        settings.receiver_height_m,
        settings.time_percent,
        settings.surface_refractivity,
    )
    pairs = [*zip(_LIMITS, given, strict=True), *more]
    if settings.step_m is not None:
        pairs.append((_STEP, settings.step_m))
    refuse_outside("area", *((limit, np.asarray(value, dtype=np.float64)) for limit, value in pairs))
    if settings.time_percent < 50.0 and (settings.engine != "exact" or settings.model != "p1812"):
        raise RadioError(
            f"area: time_percent {settings.time_percent:g} needs engine 'exact' and model 'p1812'; "
            "the others know 50 % of time only"
        )
