"""What is known about one path, as values: the ends, the ray, the obstacle and the terms of the loss."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lomsong.propagation.profile import Profile

_Floats = NDArray[np.float64]

_NESTED = ("profile", "bulge_m", "line_m", "fresnel_m", "obstacle", "budget")
_PROFILE_COLUMNS = ("distance_m", "ground_m", "clutter_m", "longitude_deg", "latitude_deg")
#: Decimals in JSON by the ending of a name; a millimetre and a thousandth of a decibel are beyond all models.
_DECIMALS = {"_deg": 7}
_OTHER_DECIMALS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """
    What stands highest in the first Fresnel zone.

    Attributes
    ----------
    distance_m, from_village_m : float
        From the mast, and from the village. [m]
    ground_m, clutter_m : float
        Terrain above sea level, and what stands on it. [m]
    over_line_m : float
        Top above the line of sight, earth bulge included; negative below it. [m]
    nu : float
        Fresnel diffraction parameter; positive where it blocks the line of sight. [unitless]
    """

    distance_m: float
    from_village_m: float
    ground_m: float
    clutter_m: float
    over_line_m: float
    nu: float

    @property
    def blocks(self) -> bool:
        """Return whether it stands in the line of sight."""
        return self.over_line_m > 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkBudget:
    """
    From the power of the mast to what the phone measures; NaN where the terrain is not known.

    ``path_loss_db = free_space_db + diffraction_db + other_db`` and ``level_dbm = eirp_dbm -
    antenna_attenuation_db - path_loss_db + reference_offset_db``.

    Attributes
    ----------
    eirp_dbm : float
        Power of the whole carrier towards the main beam. [dBm]
    antenna_attenuation_db : float
        Fall of the antenna pattern towards the village. [dB]
    free_space_db, diffraction_db : float
        Loss over the distance alone, and what terrain adds by diffraction. [dB]
    other_db : float
        What the other mechanisms of the model change: negative where scatter fills a deep shadow. [dB]
    path_loss_db : float
        Basic transmission loss. [dB]
    reference_offset_db : float
        Measured signal minus whole carrier. [dB]
    level_dbm, threshold_dbm, margin_db : float
        Median level, the level that counts as signal, and their difference. [dBm, dBm, dB]
    sigma_db : float
        Standard deviation of the real level about this one. [dB]
    """

    eirp_dbm: float
    antenna_attenuation_db: float
    free_space_db: float
    diffraction_db: float
    other_db: float
    path_loss_db: float
    reference_offset_db: float
    level_dbm: float
    threshold_dbm: float
    margin_db: float
    sigma_db: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PathExplanation:
    """
    One path from a mast to the centre of a village.

    Attributes
    ----------
    area : str
        What the run is called.
    synthetic : bool
        The data are made up, and every picture must say so.
    village_id, village_name, site_id, sector_id, operator, technology, level_kind, model : str
        The two ends, the carrier, what the level is and which model it is from.
    frequency_mhz, transmitter_height_m, receiver_height_m, effective_earth_radius_m : float
        Carrier [MHz]; antennas above ground, earth with refraction. [m]
    profile : Profile
        The ground from the mast to the village.
    bulge_m : ndarray, shape (n,)
        How far the curved earth rises over the straight line between the ends. [m]
    line_m : ndarray, shape (n,)
        Line of sight above sea level; straight where heights carry the bulge. NaN where an end has no height. [m]
    fresnel_m : ndarray, shape (n,)
        Radius of the first Fresnel zone about the line. [m]
    line_of_sight : bool or None
        Nothing stands in the line; None where the terrain is not known.
    obstacle : Obstacle or None
        The dominant one; None where nothing comes near enough to cost anything, or the terrain is not known.
    budget : LinkBudget
        The terms of the loss.
    notes, notes_vi : tuple of str
        What the reader should know about the numbers, in English and in Vietnamese.
    """

    area: str
    synthetic: bool
    village_id: str
    village_name: str
    site_id: str
    sector_id: str
    operator: str
    technology: str
    level_kind: str
    model: str
    frequency_mhz: float
    transmitter_height_m: float
    receiver_height_m: float
    effective_earth_radius_m: float
    profile: Profile
    bulge_m: _Floats
    line_m: _Floats
    fresnel_m: _Floats
    line_of_sight: bool | None
    obstacle: Obstacle | None
    budget: LinkBudget
    notes: tuple[str, ...] = ()
    notes_vi: tuple[str, ...] = ()

    @property
    def length_m(self) -> float:
        """Return the distance between mast and village. [m]"""
        return float(self.profile.length_m)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, None for what is not known."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name not in _NESTED}
        profile = {name: getattr(self.profile, name).tolist() for name in _PROFILE_COLUMNS}
        lines = {name: getattr(self, name).tolist() for name in ("bulge_m", "line_m", "fresnel_m")}
        content = {
            **plain,
            "distance_m": self.length_m,
            "bearing_deg": float(self.profile.bearing_deg),
            "obstacle": None
            if self.obstacle is None
            else {**asdict(self.obstacle), "blocks": self.obstacle.blocks},
            "budget": asdict(self.budget),
            "missing_heights": int(self.profile.missing),
            "profile": {**profile, **lines},
        }
        known: dict[str, Any] = _known(content)
        return known


def _known(value: Any, name: str = "") -> Any:
    """Round numbers for JSON, which has no NaN."""
    if isinstance(value, Mapping):
        return {key: _known(each, key) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_known(each, name) for each in value]
    if isinstance(value, float):
        digits = next((places for end, places in _DECIMALS.items() if name.endswith(end)), _OTHER_DECIMALS)
        return round(value, digits) + 0.0 if np.isfinite(value) else None
    return value
