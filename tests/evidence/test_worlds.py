"""The made-up worlds that the evidence is judged on: drawn from a seed, and strangers to the predictor's physics."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
from evidence_worlds.kinds import KINDS
from evidence_worlds.network import SENSITIVITY_DBM
from evidence_worlds.world import make_world, without_measurements

FOLDER = Path(__file__).parents[1] / "evidence_worlds"


def test_the_worlds_know_nothing_of_the_predictors_physics() -> None:
    for path in FOLDER.glob("*.py"):
        imported = re.findall(r"^\s*(?:from|import)\s+(lomsong[\w.]*)", path.read_text("utf-8"), re.MULTILINE)
        assert not [name for name in imported if "propagation" in name or "prediction" in name], path


def test_there_are_at_least_six_kinds_within_the_stated_ranges() -> None:
    assert len(KINDS) >= 6
    for kind in KINDS.values():
        assert 6 <= kind.shadow_db <= 10
        assert 0.1 <= kind.missing <= 0.3
    assert len({kind.physics for kind in KINDS.values()}) == 3


def test_the_same_seed_draws_the_same_world_and_another_seed_another() -> None:
    one, again, other = (make_world("quiet", seed) for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(one.levels, again.levels)
    pd.testing.assert_frame_equal(one.inputs.measurements, again.inputs.measurements)
    assert one.inputs.terrain.values.shape == other.inputs.terrain.values.shape
    assert not np.array_equal(one.inputs.terrain.values, other.inputs.terrain.values)


def test_a_world_is_measured_only_where_there_is_signal_and_some_of_it_is_dark() -> None:
    world = make_world("quiet", 5)
    table = world.inputs.measurements
    samples = table[table["kind"] == "signal"]
    assert (samples["level_dbm"] >= samples["technology"].map(SENSITIVITY_DBM)).all()
    # the judge knows the mast behind each sample, and what its record is off by where it stands in the records
    assert world.serving.index.tolist() == samples["measurement_id"].tolist()
    assert np.isfinite(world.serving["site_error_db"]).equals(world.serving["fate"] != "missing")
    assert 0.15 < 1 - world.truth["has_signal"].mean() < 0.5
    assert 0.25 <= world.truth["visited"].mean() <= 0.4
    assert without_measurements(world).measurements.empty
    assert "signal" not in set(without_measurements(world, "signal").measurements["kind"])
