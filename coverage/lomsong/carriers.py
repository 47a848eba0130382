"""
What a carrier of one technology on one band is usually like: a stand-in where a site's record does not say.

Every number carries its source; the word "assumption" opens those that rest on usual practice alone. Report ITU-R
M.2292 was not consulted itself but as table 17 of an ITU-R study quotes it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Floats = NDArray[np.float64]

_M2292 = "Report ITU-R M.2292, macro rural, as quoted in table 17 of an ITU-R sharing study"
_BEAM = "ITU-R F.1336-5 section 3.1: 31000 x 10^(-gain/10) / horizontal width, from the gain beside it"
_PANEL = "assumption: two-metre panel, 15 dBi being usual below 1 GHz"
_ACTIVE = (
    "assumption: active antenna, broadcast beams rather than traffic beams, since RSRP is measured on them"
)


@dataclass(frozen=True, slots=True)
class Typical:
    """A number and where it comes from."""

    value: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """
    Typical carrier of one technology on one band.

    Attributes
    ----------
    technology : str
        '2g', '3g', '4g' or '5g'.
    band_mhz : float
        What the band is called. [MHz]
    downlink_mhz : tuple of float
        Lowest and highest frequency that masts send on: 3GPP TS 45.005, 25.104, 36.104 and 38.104. [MHz]
    bandwidth_mhz : Typical
        Channel. [MHz]
    power_dbm : Typical
        The whole carrier at the transmitter. [dBm]
    gain_dbi, feeder_loss_db : Typical
        Antenna, and cables to it. [dBi, dB]
    beamwidth_deg, vertical_beamwidth_deg : Typical
        Width and height between the -3 dB points. [deg]
    antenna_height_m : Typical
        Above ground. [m]
    downtilt_deg : Typical
        Electrical and mechanical together. [deg]
    """

    technology: str
    band_mhz: float
    downlink_mhz: tuple[float, float]
    bandwidth_mhz: Typical
    power_dbm: Typical
    gain_dbi: Typical
    feeder_loss_db: Typical
    beamwidth_deg: Typical
    vertical_beamwidth_deg: Typical
    antenna_height_m: Typical
    downtilt_deg: Typical

    @property
    def eirp_dbm(self) -> Typical:
        """Power of the whole carrier towards the main beam; its source is those of its three terms. [dBm]"""
        terms = (self.power_dbm, self.gain_dbi, self.feeder_loss_db)
        value = self.power_dbm.value + self.gain_dbi.value - self.feeder_loss_db.value
        return Typical(value, "; ".join(dict.fromkeys(term.source for term in terms)))


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierValues:
    """
    Typical values of many carriers at once, NaN where there is none.

    Attributes
    ----------
    row : ndarray of int, shape (...)
        Which of `CARRIERS`, -1 for none; leads to the sources.
    band_mhz, bandwidth_mhz, eirp_dbm, beamwidth_deg, vertical_beamwidth_deg, antenna_height_m, downtilt_deg : ndarray
        As in `Carrier`, shape (...).
    """

    row: NDArray[np.int64]
    band_mhz: _Floats
    bandwidth_mhz: _Floats
    eirp_dbm: _Floats
    beamwidth_deg: _Floats
    vertical_beamwidth_deg: _Floats
    antenna_height_m: _Floats
    downtilt_deg: _Floats


def _macro(
    technology: str,
    band_mhz: float,
    downlink_mhz: tuple[float, float],
    bandwidth_mhz: Typical,
    power_dbm: Typical,
) -> Carrier:
    """Return a carrier on a passive 65 degree panel."""
    low = band_mhz < 1000.0
    return Carrier(
        technology=technology,
        band_mhz=band_mhz,
        downlink_mhz=downlink_mhz,
        bandwidth_mhz=bandwidth_mhz,
        power_dbm=power_dbm,
        gain_dbi=Typical(15.0, _PANEL) if low else Typical(18.0, _M2292),
        feeder_loss_db=Typical(3.0, _M2292),
        beamwidth_deg=Typical(65.0, _M2292),
        vertical_beamwidth_deg=Typical(15.1 if low else 7.6, _BEAM),
        antenna_height_m=Typical(30.0, _M2292),
        downtilt_deg=Typical(3.0, _M2292),
    )


def _active(band_mhz: float, downlink_mhz: tuple[float, float]) -> Carrier:
    """Return a 5G carrier on an active antenna."""
    return Carrier(
        technology="5g",
        band_mhz=band_mhz,
        downlink_mhz=downlink_mhz,
        bandwidth_mhz=Typical(100.0, "assumption: the widest channel below 6 GHz, 3GPP TS 38.104"),
        power_dbm=Typical(53.0, "assumption: 200 W, common for 64 transmitters"),
        gain_dbi=Typical(17.0, _ACTIVE),
        feeder_loss_db=Typical(0.0, "assumption: transmitters sit in the antenna"),
        beamwidth_deg=Typical(65.0, _ACTIVE),
        vertical_beamwidth_deg=Typical(9.5, _BEAM),
        antenna_height_m=Typical(30.0, "assumption: on the mast of the other bands, " + _M2292),
        downtilt_deg=Typical(3.0, "assumption: as the other bands, " + _M2292),
    )


_GSM_CHANNEL = Typical(0.2, "3GPP TS 45.005: 200 kHz between carriers")
_UMTS_CHANNEL = Typical(5.0, "3GPP TS 25.104: 5 MHz between carriers")
_10_MHZ = Typical(10.0, "assumption: usual holding of one operator on this band")
_20_MHZ = Typical(20.0, "assumption: usual holding of one operator on this band")
_20_W_GSM = Typical(43.0, "assumption: 20 W for each GSM carrier at the transmitter")
_20_W = Typical(43.0, _M2292 + ", 5 MHz channel")
_40_W = Typical(46.0, _M2292 + ", 10 and 20 MHz channels")

#: By technology, then rising band.
CARRIERS: tuple[Carrier, ...] = (
    _macro("2g", 900.0, (925.0, 960.0), _GSM_CHANNEL, _20_W_GSM),
    _macro("2g", 1800.0, (1805.0, 1880.0), _GSM_CHANNEL, _20_W_GSM),
    _macro("3g", 850.0, (869.0, 894.0), _UMTS_CHANNEL, _20_W),
    _macro("3g", 900.0, (925.0, 960.0), _UMTS_CHANNEL, _20_W),
    _macro("3g", 2100.0, (2110.0, 2170.0), _UMTS_CHANNEL, _20_W),
    _macro("4g", 700.0, (758.0, 803.0), _10_MHZ, _40_W),
    _macro("4g", 800.0, (791.0, 821.0), _10_MHZ, _40_W),
    _macro("4g", 850.0, (869.0, 894.0), _10_MHZ, _40_W),
    _macro("4g", 900.0, (925.0, 960.0), _10_MHZ, _40_W),
    _macro("4g", 1800.0, (1805.0, 1880.0), _20_MHZ, _40_W),
    _macro("4g", 2100.0, (2110.0, 2170.0), _10_MHZ, _40_W),
    _macro("4g", 2300.0, (2300.0, 2400.0), _20_MHZ, _40_W),
    _macro("4g", 2600.0, (2620.0, 2690.0), _20_MHZ, _40_W),
    _macro("5g", 700.0, (758.0, 803.0), _10_MHZ, _40_W),
    _active(2600.0, (2496.0, 2690.0)),
    _active(3500.0, (3300.0, 3800.0)),
)


def pick_rows(technology: ArrayLike, frequency_mhz: ArrayLike) -> NDArray[np.int64]:
    """
    Find the carrier of the same technology on the nearest band.

    A frequency is as near to a band as to its name or to its downlink, whichever is nearer, so "900" and "947.2"
    both mean that of 925 to 960 MHz. However far the nearest is, it is taken.

    Parameters
    ----------
    technology : array_like of str, shape (...)
        '2g', '3g', '4g' or '5g'; others have none.
    frequency_mhz : array_like, shape (...)
        Carrier frequency, or what its band is called. [MHz]

    Returns
    -------
    ndarray of int, shape (...)
        Row of `CARRIERS`, -1 where the technology or the frequency is missing. Of bands equally near, the one with
        the nearer name (4G at 791 to 803 MHz is in two downlinks and counts as 800), then the lower.

    Examples
    --------
    >>> rows = pick_rows("4g", [806.0, 881.5, 5900.0])
    >>> [CARRIERS[row].band_mhz for row in rows]
    [800.0, 850.0, 2600.0]
    """
    names, wanted = np.broadcast_arrays(
        np.asarray(technology).astype(str), np.asarray(frequency_mhz, dtype=np.float64)
    )
    rows = np.full(names.shape, -1, dtype=np.int64)
    for name in dict.fromkeys(carrier.technology for carrier in CARRIERS):
        own = np.array([row for row, carrier in enumerate(CARRIERS) if carrier.technology == name])
        mine = (names == name) & np.isfinite(wanted)
        frequency = wanted[mine][:, np.newaxis]
        band = np.array([CARRIERS[row].band_mhz for row in own])
        low, high = np.array([CARRIERS[row].downlink_mhz for row in own]).T
        to_downlink = np.maximum(np.maximum(low - frequency, frequency - high), 0.0)
        to_name = np.abs(frequency - band)
        away = np.minimum(to_name, to_downlink)
        nearest = away == away.min(axis=1, keepdims=True)
        # argmin takes the first of equals, and bands rise
        rows[mine] = own[np.argmin(np.where(nearest, to_name, np.inf), axis=1)]
    return rows


def typical_values(technology: ArrayLike, frequency_mhz: ArrayLike) -> CarrierValues:
    """
    Look up what carriers are usually like.

    Parameters
    ----------
    technology : array_like of str, shape (...)
        '2g', '3g', '4g' or '5g'.
    frequency_mhz : array_like, shape (...)
        Carrier frequency, or what its band is called. [MHz]

    Returns
    -------
    CarrierValues
        Arrays of the broadcast shape; `pick_rows` says which carrier each is.

    Examples
    --------
    >>> typical_values(["2g", "5g"], [900.0, 3550.0]).eirp_dbm.tolist()
    [55.0, 70.0]
    """
    row = pick_rows(technology, frequency_mhz)

    def spread(values: list[float]) -> _Floats:
        # row -1 takes the last
        return np.array([*values, np.nan])[row]

    return CarrierValues(
        row=row,
        band_mhz=spread([carrier.band_mhz for carrier in CARRIERS]),
        bandwidth_mhz=spread([carrier.bandwidth_mhz.value for carrier in CARRIERS]),
        eirp_dbm=spread([carrier.eirp_dbm.value for carrier in CARRIERS]),
        beamwidth_deg=spread([carrier.beamwidth_deg.value for carrier in CARRIERS]),
        vertical_beamwidth_deg=spread([carrier.vertical_beamwidth_deg.value for carrier in CARRIERS]),
        antenna_height_m=spread([carrier.antenna_height_m.value for carrier in CARRIERS]),
        downtilt_deg=spread([carrier.downtilt_deg.value for carrier in CARRIERS]),
    )
