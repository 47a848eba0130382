"""Wrong records: the power's error adds exactly, a mast that may stand elsewhere is less sure behind a ridge."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from worlds import ridged_terrain

import lomsong as ls
from lomsong.evidence.core import calibrate
from lomsong.evidence.features import BIAS_PRIORS_DB
from lomsong.inputs import Inputs

Maker = Callable[..., Inputs]
EXACT = {"evidence": {"terrain_sigma_m": 0}}


def spreads(inputs: Inputs, **sigmas: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the spread of an untuned model, and that of the calibration without samples."""
    sure = {"eirp_sigma_db": 0.0, "position_sigma_m": 0.0, "height_sigma_m": 0.0}
    doubtful = replace(inputs, sectors=inputs.sectors.assign(**(sure | sigmas)))
    prediction = ls.predict(doubtful)
    untuned = np.hypot(prediction.signal["sigma_db"].to_numpy(), BIAS_PRIORS_DB[0])
    return untuned, calibrate(prediction).prediction.signal["sigma_db"].to_numpy()


def test_the_error_of_the_power_adds_in_quadrature(world: Maker) -> None:
    plain, wide = spreads(world({"v": (8, 15)}, {"m": (15, 15)}, **EXACT), eirp_sigma_db=6.0)
    np.testing.assert_allclose(wide, np.hypot(plain, 6.0))


def test_without_any_doubt_the_spread_is_that_of_an_untuned_model(world: Maker) -> None:
    plain, same = spreads(world({"v": (8, 15)}, {"m": (15, 15)}, **EXACT))
    np.testing.assert_allclose(plain, same)


def test_a_mast_that_may_stand_elsewhere_is_less_sure(world: Maker) -> None:
    inputs = world({"v": (16, 15), "w": (17, 12)}, {"m": (4, 15)}, terrain=ridged_terrain(300.0), **EXACT)
    plain, little = spreads(inputs, position_sigma_m=30.0)
    _, much = spreads(inputs, position_sigma_m=800.0)
    assert (little >= plain).all()
    assert much.mean() > little.mean()
    assert spreads(inputs, position_sigma_m=800.0)[1].tolist() == much.tolist()


@pytest.mark.parametrize("height", [1.0, 8.0])
def test_an_uncertain_terrain_widens_the_spread(world: Maker, height: float) -> None:
    inputs = world(
        {"v": (16, 15)}, {"m": (4, 15)}, terrain=ridged_terrain(60.0), evidence={"terrain_sigma_m": height}
    )
    plain, wide = spreads(inputs)
    assert (wide > plain).any()
