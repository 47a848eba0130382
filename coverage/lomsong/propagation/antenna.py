"""Antennas: what a sector radiates in a direction, and which level each technology measures."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lomsong.antenna_pattern import to_antenna_frame
from lomsong.compiled import kernel

#: Weakest direction of a sector antenna below its main beam, 3GPP TR 36.814 table A.2.1.1-2. [dB]
FRONT_TO_BACK_DB = 25.0
#: Weakest direction above or below it before azimuth counts, the same table. TR 38.901 table 7.3-1 has 30 dB for this
#: and for the other, but for one element of an array, which is no sector antenna. [dB]
SIDE_LOBE_DB = 20.0
#: Share of the carrier's power in the common pilot channel of 3G: -10 dB, 3GPP TS 25.942 and usual planning.
PILOT_SHARE_DB = -10.0
#: Subcarriers in one resource block, 3GPP TS 36.211 and 38.211.
SUBCARRIERS_PER_BLOCK = 12
#: Channel bandwidth [MHz] → resource blocks: 3GPP TS 36.101 table 5.6-1 for 4G.
BLOCKS_4G = {1.4: 6, 3.0: 15, 5.0: 25, 10.0: 50, 15.0: 75, 20.0: 100}
#: The same for 5G at 30 kHz subcarrier spacing, 3GPP TS 38.101-1 table 5.3.2-1.
BLOCKS_5G = {
    5.0: 11, 10.0: 24, 15.0: 38, 20.0: 51, 25.0: 65, 30.0: 78, 40.0: 106,
    50.0: 133, 60.0: 162, 70.0: 189, 80.0: 217, 90.0: 245, 100.0: 273,
}  # fmt: skip
LEVEL_KIND = {"2g": "rxlev", "3g": "rscp", "4g": "rsrp", "5g": "rsrp"}


def horizontal_attenuation(offset_deg: ArrayLike, beamwidth_deg: ArrayLike) -> NDArray[np.float64]:
    """
    Fall of a sector antenna's gain away from its main beam.

    Parameters
    ----------
    offset_deg : array_like, shape (...)
        Direction minus azimuth, any number of turns. [deg]
    beamwidth_deg : array_like, shape (...)
        Width between the -3 dB points, above zero. [deg]

    Returns
    -------
    ndarray, shape (...)
        Zero in the main beam, `FRONT_TO_BACK_DB` at most. [dB]

    References
    ----------
    .. [1] 3GPP TR 36.814, table A.2.1.1-2: A(φ) = min(12 (φ / φ3dB)², A_m).
    """
    turned = (np.asarray(offset_deg, dtype=np.float64) + 180.0) % 360.0 - 180.0
    return np.minimum(12.0 * (turned / np.asarray(beamwidth_deg, dtype=np.float64)) ** 2, FRONT_TO_BACK_DB)


def vertical_attenuation(
    elevation_deg: ArrayLike, *, beamwidth_deg: ArrayLike, electrical_tilt_deg: ArrayLike
) -> NDArray[np.float64]:
    """
    Fall of an antenna's gain above and below its main beam.

    An omnidirectional antenna has this attenuation in every azimuth, and no other.

    Parameters
    ----------
    elevation_deg : array_like, shape (...)
        Direction above the horizon, within ±90. [deg]
    beamwidth_deg : array_like, shape (...)
        Height between the -3 dB points, above zero. [deg]
    electrical_tilt_deg : array_like, shape (...)
        Main beam below the horizon. [deg]

    Returns
    -------
    ndarray, shape (...)
        Zero in the main beam, `SIDE_LOBE_DB` at most. [dB]

    References
    ----------
    .. [1] 3GPP TR 36.814, table A.2.1.1-2: A(θ) = min(12 ((θ - θ_tilt) / θ3dB)², SLA_v); the same form in
       TR 38.901, table 7.3-1.
    """
    offset = np.asarray(elevation_deg, dtype=np.float64) + np.asarray(electrical_tilt_deg, dtype=np.float64)
    return np.minimum(12.0 * (offset / np.asarray(beamwidth_deg, dtype=np.float64)) ** 2, SIDE_LOBE_DB)


@kernel
def vertical_excess(  # type: ignore[no-untyped-def]
    elevation_deg, horizontal_db, beamwidth_deg, downtilt_deg
):
    """
    Return what the vertical pattern takes beyond the horizontal one, for callers that are themselves compiled. [dB]

    The same as `combined_attenuation` of both less the horizontal one.
    """
    off = (elevation_deg + downtilt_deg) / beamwidth_deg
    vertical_db = min(12.0 * off * off, SIDE_LOBE_DB)
    return min(horizontal_db + vertical_db, FRONT_TO_BACK_DB) - horizontal_db


def combined_attenuation(horizontal_db: ArrayLike, vertical_db: ArrayLike) -> NDArray[np.float64]:
    """
    Fall of a sector antenna's gain in a direction from its falls in azimuth and in elevation.

    Parameters
    ----------
    horizontal_db, vertical_db : array_like, shape (...)
        From `horizontal_attenuation` and `vertical_attenuation`. [dB]

    Returns
    -------
    ndarray, shape (...)
        Their sum, `FRONT_TO_BACK_DB` at most. [dB]

    References
    ----------
    .. [1] 3GPP TR 36.814, table A.2.1.1-2: A(φ, θ) = min(A_H(φ) + A_V(θ), A_m); the same in TR 38.901, table 7.3-1.
    """
    total = np.asarray(horizontal_db, dtype=np.float64) + np.asarray(vertical_db, dtype=np.float64)
    return np.minimum(total, FRONT_TO_BACK_DB)


def sector_attenuation(
    azimuth_offset_deg: ArrayLike,
    elevation_deg: ArrayLike,
    *,
    beamwidth_deg: ArrayLike,
    vertical_beamwidth_deg: ArrayLike,
    electrical_tilt_deg: ArrayLike = 0.0,
    mechanical_tilt_deg: ArrayLike = 0.0,
) -> NDArray[np.float64]:
    """
    Fall of a sector antenna's gain in a direction, the antenna tilted electrically, mechanically or both.

    Electrical tilt bends the beam down in every azimuth; mechanical tilt turns the whole antenna, so what falls in
    front rises behind.

    Parameters
    ----------
    azimuth_offset_deg : array_like, shape (...)
        Direction minus azimuth, any number of turns. [deg]
    elevation_deg : array_like, shape (...)
        Direction above the horizon, within ±90; `elevation_angle` gives it. [deg]
    beamwidth_deg, vertical_beamwidth_deg : array_like, shape (...)
        Width and height between the -3 dB points, above zero. An infinite width is an omnidirectional antenna. [deg]
    electrical_tilt_deg, mechanical_tilt_deg : array_like, shape (...)
        Downwards. [deg]

    Returns
    -------
    ndarray, shape (...)
        Zero in the main beam, `FRONT_TO_BACK_DB` at most. [dB]

    Examples
    --------
    Sector and omni, 5 degrees below the horizon on the mast's far side:

    >>> sector_attenuation(180.0, -5.0, beamwidth_deg=[65, np.inf], vertical_beamwidth_deg=10).tolist()
    [25.0, 3.0]
    """
    azimuth, elevation = to_antenna_frame(azimuth_offset_deg, elevation_deg, mechanical_tilt_deg)
    return combined_attenuation(
        horizontal_attenuation(azimuth, beamwidth_deg),
        vertical_attenuation(
            elevation, beamwidth_deg=vertical_beamwidth_deg, electrical_tilt_deg=electrical_tilt_deg
        ),
    )


def elevation_angle(
    antenna_altitude_m: ArrayLike,
    receiver_altitude_m: ArrayLike,
    distance_m: ArrayLike,
    *,
    effective_earth_radius_m: ArrayLike,
) -> NDArray[np.float64]:
    """
    Angle above the horizon at which an antenna sees a receiver over the curved earth.

    Terrain between them is not looked at.

    Parameters
    ----------
    antenna_altitude_m, receiver_altitude_m : array_like, shape (...)
        Ground plus height of each, above sea level. [m]
    distance_m : array_like, shape (...)
        Along the earth at sea level, zero or more. [m]
    effective_earth_radius_m : array_like, shape (...)
        Radius over which rays are straight, from `p526.effective_earth_radius`; infinite for a flat earth. [m]

    Returns
    -------
    ndarray, shape (...)
        Negative below the horizontal plane of the antenna. At distance zero ±90, or 0 at the antenna itself. [deg]

    Examples
    --------
    A receiver as high as the antenna sinks by half the angle at the earth's centre:

    >>> elevation_angle(100, 100, 10_000, effective_earth_radius_m=8.5e6).round(4).tolist()
    -0.0337
    """
    antenna = np.asarray(antenna_altitude_m, dtype=np.float64)
    receiver = np.asarray(receiver_altitude_m, dtype=np.float64)
    distance = np.asarray(distance_m, dtype=np.float64)
    radius = np.asarray(effective_earth_radius_m, dtype=np.float64)
    angle = distance / radius
    # forms that neither cancel on short paths nor multiply zero by infinity over a flat earth
    sink = (1.0 + receiver / radius) * distance * np.sinc(angle / (2.0 * np.pi)) * np.sin(angle / 2.0)
    ahead = (1.0 + receiver / radius) * distance * np.sinc(angle / np.pi)
    return np.degrees(np.arctan2(receiver - antenna - sink, ahead))


def reference_offset(technology: ArrayLike, bandwidth_mhz: ArrayLike) -> NDArray[np.float64]:
    """
    Measured level minus power of the whole carrier, at any one place.

    4G and 5G phones report RSRP, the power of one subcarrier: -10 log10(12 N_RB) for N_RB resource blocks. 3G
    phones report RSCP, the power of the pilot; 2G phones RXLEV, the power of the broadcast carrier itself.

    Parameters
    ----------
    technology : array_like of str, shape (...)
        One of '2g', '3g', '4g', '5g'.
    bandwidth_mhz : array_like, shape (...)
        Channel bandwidth; a width that the standard lacks counts as the next narrower one. [MHz]

    Returns
    -------
    ndarray, shape (...)
        At most zero. [dB]

    References
    ----------
    .. [1] 3GPP TS 36.214 (RSRP), TS 25.215 (RSCP), TS 45.008 (RXLEV).

    Examples
    --------
    >>> reference_offset(["4g", "3g", "2g"], [10, 5, 0.2]).round(1).tolist()
    [-27.8, -10.0, 0.0]
    """
    kinds, widths = np.broadcast_arrays(np.asarray(technology), np.asarray(bandwidth_mhz, dtype=np.float64))
    offset = np.full(kinds.shape, np.nan)
    offset[kinds == "2g"] = 0.0
    offset[kinds == "3g"] = PILOT_SHARE_DB
    for name, table in (("4g", BLOCKS_4G), ("5g", BLOCKS_5G)):
        mine = kinds == name
        steps = np.array(sorted(table))
        place = np.clip(np.searchsorted(steps, widths[mine] + 1e-9, side="right") - 1, 0, len(steps) - 1)
        blocks = np.array([table[step] for step in steps])[place]
        offset[mine] = -10.0 * np.log10(SUBCARRIERS_PER_BLOCK * blocks)
    return np.where(np.isnan(widths), np.nan, offset)
