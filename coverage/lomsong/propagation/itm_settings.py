"""What the Longley-Rice model is told besides the path: ground, air and the quantile asked for."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from lomsong.errors import RadioError
from lomsong.propagation.itm_link import Medium
from lomsong.propagation.itm_variability import Statistics, deviate
from lomsong.propagation.limits import Limit, refuse_outside

Climate = Literal[
    "equatorial",
    "continental subtropical",
    "maritime subtropical",
    "desert",
    "continental temperate",
    "maritime temperate over land",
    "maritime temperate over sea",
]
#: The radio climates in the order of their numbers, from 1.
CLIMATES: tuple[Climate, ...] = get_args(Climate)
Variability = Literal["single message", "accidental", "mobile", "broadcast"]
#: The variability modes in the order of their numbers, from 0.
VARIABILITIES: tuple[Variability, ...] = get_args(Variability)

_SETTING_LIMITS = (
    Limit("refractivity", 250, 400, "N-units"),
    Limit("permittivity", 1, math.inf, "", low_excluded=True),
    Limit("conductivity", 0, math.inf, "S/m", low_excluded=True),
    Limit("time_percent", 0, 100, "%", low_excluded=True, high_excluded=True),
    Limit("location_percent", 0, 100, "%", low_excluded=True, high_excluded=True),
    Limit("situation_percent", 0, 100, "%", low_excluded=True, high_excluded=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItmSettings:
    """
    Ground, air and the quantile asked for.

    Attributes
    ----------
    polarization : {"vertical", "horizontal"}
        Of both antennas; slanted antennas lie between.
    permittivity, conductivity : float
        Of the ground, relative and in [S/m]; the defaults are the average ground of [1]_.
    refractivity : float
        Reduced to sea level, 250 to 400; the default is that of northern Vietnam on the map of ITU-R P.453.
        [N-units]
    climate : str
        One of `CLIMATES`.
    time_percent, location_percent, situation_percent : float
        Share of times, locations and situations in which the loss is not exceeded, in (0, 100). [%]
    variability : {"broadcast", "mobile", "accidental", "single message"}
        Whether the three percentages count apart; "mobile" takes time for location, "accidental" situation
        for location, "single message" situation for all.
    fixed_location, fixed_situation : bool
        Whether locations, or situations, do not vary.

    References
    ----------
    .. [1] Hufford, Longley and Kissick, "A guide to the use of the ITS irregular terrain model in the area
       prediction mode", NTIA Report 82-100, 1982.
    """

    polarization: Literal["vertical", "horizontal"] = "vertical"
    permittivity: float = 15.0
    conductivity: float = 0.005
    refractivity: float = 365.0
    climate: Climate = "maritime subtropical"
    time_percent: float = 50.0
    location_percent: float = 50.0
    situation_percent: float = 50.0
    variability: Variability = "broadcast"
    fixed_location: bool = False
    fixed_situation: bool = False

    def __post_init__(self) -> None:
        """Refuse what the model has no formula for."""
        values = [getattr(self, limit.name) for limit in _SETTING_LIMITS]
        if any(math.isnan(value) for value in values):
            raise RadioError("Longley-Rice settings: a value is NaN; give a number or leave the default")
        refuse_outside(
            "Longley-Rice settings",
            *((limit, np.array([value])) for limit, value in zip(_SETTING_LIMITS, values, strict=True)),
        )
        for name, allowed in (
            ("polarization", ("vertical", "horizontal")),
            ("climate", CLIMATES),
            ("variability", VARIABILITIES),
        ):
            if getattr(self, name) not in allowed:
                words = ", ".join(allowed)
                raise RadioError(f"Longley-Rice settings: {name} {getattr(self, name)!r} is none of: {words}")

    def medium(self) -> Medium:
        """Return ground and air for `itm_kernel`."""
        vertical = self.polarization == "vertical"
        return Medium(float(self.permittivity), float(self.conductivity), vertical, float(self.refractivity))

    def statistics(self) -> Statistics:
        """Return the quantile for `itm_kernel`."""
        return Statistics(
            CLIMATES.index(self.climate),
            VARIABILITIES.index(self.variability),
            bool(self.fixed_location),
            bool(self.fixed_situation),
            deviate(self.time_percent),
            deviate(self.location_percent),
            deviate(self.situation_percent),
        )


DEFAULT_SETTINGS = ItmSettings()
