"""
An antenna as its maker measured it: two cuts through its pattern, and the pattern between them.

The value lies this low so that readers can make it and propagation can use it. Angles of a cut run as in Planet's
files: the horizontal one clockwise from the main beam, the vertical one from the horizon in front downwards, so
90 is straight down, 180 the horizon behind and 270 straight up.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lomsong.errors import RadioError

#: The main beam may lie this far from the tilt that its maker states. [deg]
TILT_TOLERANCE_DEG = 1.0

_Floats = NDArray[np.float64]


def to_antenna_frame(
    azimuth_offset_deg: ArrayLike, elevation_deg: ArrayLike, mechanical_tilt_deg: ArrayLike
) -> tuple[_Floats, _Floats]:
    """
    Direction as the antenna sees it that was tilted on its mast.

    The antenna turns about the horizontal axis across its main beam, so a downtilt in front is an uptilt behind
    and a roll to the sides. Without tilt the angles come back untouched.

    Parameters
    ----------
    azimuth_offset_deg : array_like, shape (...)
        Direction minus azimuth of the antenna, clockwise. [deg]
    elevation_deg : array_like, shape (...)
        Direction above the horizon, within ±90. [deg]
    mechanical_tilt_deg : array_like, shape (...)
        Tilt of the antenna, downwards positive. [deg]

    Returns
    -------
    azimuth_deg, elevation_deg : ndarray, shape (...)
        The direction in the antenna's own frame. [deg]

    References
    ----------
    .. [1] 3GPP TR 38.901, section 7.1.3 (downtilt only: rotation about y).
    """
    azimuth, elevation, tilt = np.broadcast_arrays(
        *(
            np.asarray(each, dtype=np.float64)
            for each in (azimuth_offset_deg, elevation_deg, mechanical_tilt_deg)
        )
    )
    with np.errstate(invalid="ignore"):
        phi, theta, beta = np.radians(azimuth), np.radians(elevation), np.radians(tilt)
        ahead, right, up = np.cos(theta) * np.cos(phi), np.cos(theta) * np.sin(phi), np.sin(theta)
        local_ahead = ahead * np.cos(beta) - up * np.sin(beta)
        local_up = ahead * np.sin(beta) + up * np.cos(beta)
        turned_azimuth = np.degrees(np.arctan2(right, local_ahead))
        turned_elevation = np.degrees(np.arctan2(local_up, np.hypot(local_ahead, right)))
    # rounding would cost the exactness of the cuts
    untilted = tilt == 0.0
    return np.where(untilted, azimuth, turned_azimuth), np.where(untilted, elevation, turned_elevation)


@dataclass(frozen=True, slots=True)
class Cut:
    """
    Attenuation around one plane through the pattern, linear in dB between its points.

    Attributes
    ----------
    angle_deg : tuple of float
        Rising, from 0 to below 360. [deg]
    attenuation_db : tuple of float
        Below the gain of the antenna, never negative. [dB]

    Raises
    ------
    RadioError
        The two differ in length, are empty, or hold a value that cannot be.
    """

    angle_deg: tuple[float, ...]
    attenuation_db: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "angle_deg", tuple(map(float, self.angle_deg)))
        object.__setattr__(self, "attenuation_db", tuple(map(float, self.attenuation_db)))
        angles, values = self.angle_deg, self.attenuation_db
        wrong = []
        if not angles or len(angles) != len(values):
            wrong.append(f"{len(angles)} angles and {len(values)} attenuations; give one for each")
        if not all(0.0 <= angle < 360.0 for angle in angles):
            wrong.append("an angle is outside [0, 360) deg")
        if any(after <= before for before, after in pairwise(angles)):
            wrong.append("the angles do not rise")
        if not all(math.isfinite(value) and value >= 0.0 for value in values):
            wrong.append("an attenuation is negative or not finite")
        if wrong:
            raise RadioError("antenna cut: " + "; ".join(wrong))

    def at(self, angle_deg: ArrayLike) -> _Floats:
        """
        Return the attenuation at an angle of any number of turns; exactly the cut's own value at its points. [dB]

        Examples
        --------
        >>> Cut((0, 90, 180, 270), (0, 10, 30, 10)).at([45, -90, 361]).round(2).tolist()
        [5.0, 10.0, 0.11]
        """
        wanted = np.asarray(angle_deg, dtype=np.float64)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.interp(wanted % 360.0, self.angle_deg, self.attenuation_db, period=360.0))

    def mirrored(self) -> "Cut":
        """Return the cut with its angles counted the other way round."""
        points = sorted(
            (-angle % 360.0, value) for angle, value in zip(self.angle_deg, self.attenuation_db, strict=True)
        )
        return Cut(tuple(angle for angle, _ in points), tuple(value for _, value in points))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """
    Antenna pattern of one product on one frequency at one electrical tilt.

    Attributes
    ----------
    name : str
        As the maker calls it.
    frequency_mhz : float
        Frequency that it was measured at. [MHz]
    gain_dbi : float
        Gain that attenuations count from. [dBi]
    horizontal : Cut
        Around the antenna, from the main beam clockwise.
    vertical : Cut
        Through the main beam, from the horizon downwards. Holds the electrical tilt already.
    electrical_tilt_deg : float or None
        Downwards, as the maker states it; None where that is not stated. [deg]
    make, polarization, comment : str
        As written.

    Raises
    ------
    RadioError
        The frequency or the gain cannot be.
    """

    name: str
    frequency_mhz: float
    gain_dbi: float
    horizontal: Cut
    vertical: Cut
    electrical_tilt_deg: float | None = None
    make: str = ""
    polarization: str = ""
    comment: str = ""

    def __post_init__(self) -> None:
        if not (
            math.isfinite(self.frequency_mhz) and self.frequency_mhz > 0.0 and math.isfinite(self.gain_dbi)
        ):
            raise RadioError(
                f"antenna {self.name}: {self.frequency_mhz:g} MHz and {self.gain_dbi:g} dBi; "
                "a pattern needs a frequency above zero and a finite gain"
            )

    @property
    def peak_elevation_deg(self) -> float:
        """Elevation of the strongest direction in front of the antenna; of equals the nearest to the horizon. [deg]"""
        turned = (np.array([0.0, *self.vertical.angle_deg]) + 180.0) % 360.0 - 180.0
        front = turned[np.abs(turned) <= 90.0]
        best = np.lexsort((np.abs(front), self.vertical.at(front)))[0]
        return -float(front[best]) + 0.0

    @property
    def built_in_tilt_deg(self) -> float:
        """Return the tilt that the vertical cut holds: as stated where that is where the beam is, else the beam's. [deg]"""
        beam = -self.peak_elevation_deg
        stated = self.electrical_tilt_deg
        return stated if stated is not None and abs(beam - stated) <= TILT_TOLERANCE_DEG else beam

    @property
    def cut_elevation_deg(self) -> float:
        """
        Elevation at which the horizontal cut lies. [deg]

        Makers measure it on the horizon or on the cone of the main beam: it is the one of the two on which the
        vertical cut agrees with it better, the horizon if both do.
        """
        here, peak = float(self.horizontal.at(0.0)), self.peak_elevation_deg
        on_horizon, on_cone = (
            abs(float(self.vertical.at(0.0)) - here),
            abs(float(self.vertical.at(-peak)) - here),
        )
        return 0.0 if on_horizon <= on_cone else peak

    @property
    def crossing_gap_db(self) -> float:
        """Largest difference of the two cuts where they cross, in front and behind; zero if they agree. [dB]"""
        sides = np.array([0.0, 1.0])
        gap = self.horizontal.at(180.0 * sides) - self._across(sides, np.asarray(self.cut_elevation_deg))
        return float(np.abs(gap).max())

    def attenuation(
        self, azimuth_offset_deg: ArrayLike, elevation_deg: ArrayLike, mechanical_tilt_deg: ArrayLike = 0.0
    ) -> _Floats:
        """
        Fall of the gain in a direction, interpolated between the two cuts.

        Horizontal projection interpolation: the vertical cut's front and rear halves are cross-weighted by azimuth,
        and the horizontal cut adds how much it differs from the same weighting of its own front and rear values.
        Where the cuts disagree at their crossings, the weight between them goes by the angle to each cut, so both
        give the file's values everywhere else.

        Parameters
        ----------
        azimuth_offset_deg : array_like, shape (...)
            Direction minus azimuth of the antenna, clockwise, any number of turns. [deg]
        elevation_deg : array_like, shape (...)
            Direction above the horizon, within ±90. [deg]
        mechanical_tilt_deg : array_like, shape (...)
            Tilt of the antenna on its mast, downwards positive, on top of the electrical tilt in the cuts. [deg]

        Returns
        -------
        ndarray, shape (...)
            Below `gain_dbi`, never negative; at a point of a cut exactly its value. [dB]

        References
        ----------
        .. [1] Altair WinProp user guide, "Horizontal Projection Interpolation (HPI) Algorithm".
        .. [2] F. Gil, A. R. Claro, J. M. Ferreira, C. Pardelinha, L. M. Correia, "A 3D interpolation method for
           base-station-antenna radiation patterns", IEEE Antennas and Propagation Magazine 43(2), 2001 (cross-weights
           by the angle to each cut).
        """
        azimuth, elevation = to_antenna_frame(azimuth_offset_deg, elevation_deg, mechanical_tilt_deg)
        with np.errstate(invalid="ignore"):
            side = np.abs((azimuth + 180.0) % 360.0 - 180.0)
        rear = side / 180.0
        plane = self.cut_elevation_deg
        around = self.horizontal.at(azimuth)
        straight = (1.0 - rear) * self.horizontal.at(0.0) + rear * self.horizontal.at(180.0)
        across = self._across(rear, elevation)
        on_plane = self._across(rear, np.asarray(plane))
        weight = _share(np.minimum(side, 180.0 - side), np.abs(elevation - plane))
        blend = weight * (around + (across - on_plane)) + (1.0 - weight) * ((around - straight) + across)
        return np.maximum(blend, 0.0)

    def _across(self, rear: _Floats, elevation_deg: _Floats) -> _Floats:
        """Return the vertical cut's two halves at an elevation, weighted by the share of the rear one."""
        return (1.0 - rear) * self.vertical.at(-elevation_deg) + rear * self.vertical.at(
            180.0 + elevation_deg
        )


def _share(first: _Floats, second: _Floats) -> _Floats:
    """Return the first's share of the sum, and zero where both are zero."""
    total = first + second
    return np.asarray(first / np.where(total == 0.0, 1.0, total))
