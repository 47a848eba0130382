"""Typical carriers: every number has a source, and the nearest band is the nearest."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lomsong.carriers import CARRIERS, CarrierValues, Typical, pick_rows, typical_values

#: The bands that the package promises to know.
BANDS = {
    "2g": [900, 1800],
    "3g": [850, 900, 2100],
    "4g": [700, 800, 850, 900, 1800, 2100, 2300, 2600],
    "5g": [700, 2600, 3500],
}


def band(technology: str, frequency_mhz: float) -> float:
    return float(typical_values(technology, frequency_mhz).band_mhz)


def test_every_promised_band_is_there_once_and_in_order() -> None:
    found: dict[str, list[float]] = {}
    for carrier in CARRIERS:
        found.setdefault(carrier.technology, []).append(carrier.band_mhz)
    assert found == BANDS


def test_every_number_says_where_it_comes_from() -> None:
    known = ("assumption: ", "ITU-R ", "Report ITU-R ", "3GPP ")
    for carrier in CARRIERS:
        values = [getattr(carrier, each.name) for each in fields(carrier)]
        sourced = [value for value in values if isinstance(value, Typical)]
        assert len(sourced) == 8
        assert all(value.source.startswith(known) for value in sourced)


def test_the_eirp_is_power_plus_gain_minus_feeder_and_names_all_their_sources() -> None:
    for carrier in CARRIERS:
        terms = carrier.power_dbm, carrier.gain_dbi, carrier.feeder_loss_db
        power, gain, feeder = (term.value for term in terms)
        assert carrier.eirp_dbm.value == power + gain - feeder
        assert all(term.source in carrier.eirp_dbm.source for term in terms)


def test_rural_4g_radiates_what_report_m2292_says() -> None:
    """61 dBm e.i.r.p. in 10 and 20 MHz, 58 dBm in 5 MHz, with 18 dBi."""
    assert typical_values("4g", [1800, 2100, 2600]).eirp_dbm.tolist() == [61.0, 61.0, 61.0]
    assert typical_values("3g", 2100).eirp_dbm == 58.0


def test_vertical_beamwidths_follow_from_the_gain_by_f1336() -> None:
    for carrier in CARRIERS:
        by_formula = 31_000 * 10 ** (-carrier.gain_dbi.value / 10) / carrier.beamwidth_deg.value
        assert carrier.vertical_beamwidth_deg.value == pytest.approx(by_formula, abs=0.06)


@pytest.mark.parametrize("technology", BANDS)
def test_a_band_is_found_by_its_name_and_throughout_its_downlink(technology: str) -> None:
    for carrier in CARRIERS:
        if carrier.technology == technology:
            low, high = carrier.downlink_mhz
            assert band(technology, carrier.band_mhz) == carrier.band_mhz
            middle = (low + high) / 2
            assert band(technology, middle) == carrier.band_mhz
            assert band(technology, low) == carrier.band_mhz


@pytest.mark.parametrize(
    ("technology", "frequency", "expected"),
    [
        ("2g", 1350.0, 900),  # 390 MHz above the lower downlink, 450 below the upper one and its name
        ("2g", 1379.9, 900),
        ("2g", 1380.0, 1800),  # 420 from the lower downlink and from the name 1800
        ("4g", 790.0, 700),
        ("4g", 796.0, 800),  # inside two downlinks
        ("4g", 800.0, 800),
        ("4g", 806.0, 800),
        ("4g", 881.5, 850),
        ("4g", 5900.0, 2600),
        ("5g", 30.0, 700),
        ("3g", 947.2, 900),
    ],
)
def test_the_nearest_band_wins_and_of_equals_the_one_of_the_nearer_name(
    technology: str, frequency: float, expected: float
) -> None:
    assert band(technology, frequency) == expected


@given(st.sampled_from(sorted(BANDS)), st.floats(30, 6000))
def test_no_other_band_is_nearer_than_the_one_picked(technology: str, frequency: float) -> None:
    def away(row: int) -> float:
        low, high = CARRIERS[row].downlink_mhz
        inside = 0.0 if low <= frequency <= high else min(abs(frequency - low), abs(frequency - high))
        return min(abs(frequency - CARRIERS[row].band_mhz), inside)

    picked = int(pick_rows(technology, frequency))
    assert CARRIERS[picked].technology == technology
    others = [row for row, carrier in enumerate(CARRIERS) if carrier.technology == technology]
    assert away(picked) == min(away(row) for row in others)


def test_what_is_missing_has_no_carrier() -> None:
    values = typical_values(["4g", "4g", "6g", None], [1800.0, np.nan, 1800.0, 1800.0])
    assert (values.row >= 0).tolist() == [True, False, False, False]
    for each in fields(CarrierValues):
        if each.name != "row":
            assert np.isnan(getattr(values, each.name)).tolist() == [False, True, True, True]


def test_arrays_equal_scalars_and_broadcast() -> None:
    technologies, frequencies = np.array([["2g"], ["4g"]]), np.array([700.0, 1850.0, 2600.0])
    together = typical_values(technologies, frequencies)
    assert together.eirp_dbm.shape == (2, 3)
    for i, j in np.ndindex(2, 3):
        alone = typical_values(technologies[i, 0], frequencies[j])
        assert alone.row == together.row[i, j]
        assert alone.downtilt_deg == together.downtilt_deg[i, j]
        assert alone.bandwidth_mhz.shape == ()
