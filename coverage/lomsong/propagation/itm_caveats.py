"""What makes a Longley-Rice result doubtful: inputs and paths outside what the model was checked on."""

from enum import IntFlag

from lomsong.compiled import kernel
from lomsong.propagation.itm_link import DOUBTFUL_REFRACTIVITY, Link
from lomsong.propagation.itm_variability import EXTREME_DEVIATE, Statistics, share_deviates

#: Elevation of a horizon beyond which small angles are no longer small. [rad]
_STEEP_RAD = 0.2


class Caveat(IntFlag):
    """Reasons for doubt; the numbers are those of NTIA's own warnings."""

    TX_HEIGHT = 0x0001  # outside 1 to 1000 m
    RX_HEIGHT = 0x0002
    FREQUENCY = 0x0004  # outside 40 to 10 000 MHz
    FAR = 0x0008  # over 1000 km
    VERY_FAR = 0x0010  # over 2000 km
    NEAR_FOR_HEIGHTS = 0x0020  # the antennas see each other at more than 0.2 rad
    NEAR = 0x0040  # under 1 km
    TX_STEEP = 0x0080  # horizon at more than 0.2 rad
    RX_STEEP = 0x0100
    TX_HORIZON_SHORT = 0x0200  # a tenth of the smooth earth's
    RX_HORIZON_SHORT = 0x0400
    TX_HORIZON_LONG = 0x0800  # three times the smooth earth's
    RX_HORIZON_LONG = 0x1000
    EXTREME_QUANTILE = 0x2000  # beyond 99.9 %
    REFRACTIVITY = 0x4000  # at the ground below 250 N-units: high mountains


@kernel
def find_caveats(link: Link, statistics: Statistics) -> int:
    """
    Reasons to doubt a prediction.

    Parameters
    ----------
    link : Link
    statistics : Statistics

    Returns
    -------
    int
        Sum of `Caveat` numbers, 0 for none.
    """
    path, distance_m = link.path, link.path.distance_m
    tx_smooth_m = (2.0 * path.tx_effective_m / link.curvature) ** 0.5
    rx_smooth_m = (2.0 * path.rx_effective_m / link.curvature) ** 0.5
    z_time, z_location, z_situation = share_deviates(statistics)
    found = (
        not 1.0 <= link.tx_height_m <= 1000.0,
        not 1.0 <= link.rx_height_m <= 1000.0,
        not 40.0 <= link.frequency_mhz <= 10e3,
        distance_m > 1000e3,
        distance_m > 2000e3,
        distance_m < abs(path.tx_effective_m - path.rx_effective_m) / _STEEP_RAD,
        distance_m < 1e3,
        abs(path.tx_angle) > _STEEP_RAD,
        abs(path.rx_angle) > _STEEP_RAD,
        path.tx_horizon_m < 0.1 * tx_smooth_m,
        path.rx_horizon_m < 0.1 * rx_smooth_m,
        path.tx_horizon_m > 3.0 * tx_smooth_m,
        path.rx_horizon_m > 3.0 * rx_smooth_m,
        max(abs(z_time), abs(z_location), abs(z_situation)) > EXTREME_DEVIATE,
        link.refractivity < DOUBTFUL_REFRACTIVITY,
    )
    caveats = 0
    for bit in range(len(found)):
        if found[bit]:
            caveats |= 1 << bit
    return caveats
