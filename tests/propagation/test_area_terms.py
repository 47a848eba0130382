"""The quick forms of the area engines against the Recommendation's own, term by term."""

import math

import numpy as np
import pytest

from lomsong.propagation.area_duct import duct_coupling, duct_fading
from lomsong.propagation.area_sphere import bulge_excess, prepare_sphere
from lomsong.propagation.area_terms import Horizons, Walk, prepare_radio
from lomsong.propagation.p526 import bullington_kernel
from lomsong.propagation.p526_profile import scan_profile
from lomsong.propagation.p526_sphere import spherical_earth_kernel
from lomsong.propagation.p1812_mechanisms import Air, anomalous_time, ducting_loss
from lomsong.propagation.p1812_profile import Path, Zones

RADIUS_M = 8.5e6


@pytest.mark.parametrize("vertical", [True, False])
def test_the_bulge_costs_what_the_sphere_costs_beyond_its_own_bullington_loss(vertical: bool) -> None:
    draw = np.random.default_rng(4)
    costly = 0
    for _ in range(300):
        d, frequency = 10 ** draw.uniform(3.0, 5.0), 10 ** draw.uniform(1.6, 3.7)
        tx, rx = 10 ** draw.uniform(-0.5, 2.5, 2)
        steps = int(draw.integers(8, 300))
        x = np.linspace(0.0, d, steps + 1)
        over_db = bullington_kernel(scan_profile(x, x, steps + 1, tx, rx, 1.0 / RADIUS_M, True), d, frequency)
        sphere_db = spherical_earth_kernel(d, tx, rx, frequency, RADIUS_M, vertical, 0.0)
        found = bulge_excess(
            d, float(steps), tx, rx, RADIUS_M, frequency, prepare_sphere(frequency, vertical, RADIUS_M)
        )
        assert found == pytest.approx(max(sphere_db - over_db, 0.0), abs=1e-8)
        costly += found > 0.0
    assert costly > 100


def test_a_duct_costs_what_the_recommendation_says() -> None:
    draw = np.random.default_rng(5)
    for _ in range(300):
        d, frequency = 10 ** draw.uniform(3.0, 5.3), 10 ** draw.uniform(1.5, 3.7)
        tx_m, rx_m, latitude = 10 ** draw.uniform(0.5, 2.0), 1.5, draw.uniform(-80.0, 80.0)
        ground, fit_tx, fit_rx = draw.uniform(-200.0, 200.0, 3)
        roughness, sight = draw.choice([3.0, 40.0, 300.0]), bool(draw.integers(2))
        tx_horizon, rx_horizon = draw.uniform(0.1, 0.5, 2) * d
        angles = draw.uniform(-5.0, 20.0, 2)
        radio = prepare_radio(frequency, True, RADIUS_M, 325.0, tx_m, rx_m, False)
        walk = Walk(d, ground, fit_tx, fit_rx, 0.0, 0.0, 0.0, -1.0 if sight else 1.0, 0.0, 0.0)
        horizons = Horizons(tx_horizon, rx_horizon, angles[0], angles[1], 5.0)
        zones = Zones(0.0, d, d, math.inf, math.inf)
        path = Path(
            d,
            tx_m,
            ground + rx_m,
            sight,
            tx_horizon,
            rx_horizon,
            angles[0],
            angles[1],
            5.0,
            tx_m - min(fit_tx, 0.0),
            ground + rx_m - min(fit_rx, ground),
            roughness,
            0.0,
            0.0,
        )
        air = Air(RADIUS_M, 325.0, anomalous_time(latitude, zones))
        expected = ducting_loss(path, zones, frequency, air, 50.0)
        coupling = duct_coupling(walk, horizons, radio)
        fading = duct_fading(walk, horizons, radio, math.log(1e-3 * d), roughness, latitude)
        assert coupling + fading == pytest.approx(expected, abs=1e-8)
        assert fading >= 0.0, "the coupling alone bounds the loss from below"
