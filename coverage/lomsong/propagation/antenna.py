"""Antennas: what a sector radiates in a direction, and which level each technology measures."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Weakest direction of a sector antenna below its main beam, 3GPP TR 36.814 table A.2.1.1-2. [dB]
FRONT_TO_BACK_DB = 25.0
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
