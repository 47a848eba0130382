"""The run on real layers with real gaps: it ends, and it says what was missing. No result is a finding about a place."""

from pathlib import Path

import pytest

import lomsong as ls
from lomsong.pipeline import Run, run

CONFIG = Path(__file__).parents[1] / "docs" / "examples" / "au-capital.yml"

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def done(real: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    assert real.is_dir()
    return run(ls.load_settings(CONFIG), tmp_path_factory.mktemp("au-capital"))


def test_every_locality_is_judged_and_ranked(done: Run) -> None:
    assert len(done.villages) == 229
    assert done.villages["rank"].tolist() == list(range(1, 230))
    assert (done.folder / "map.html").is_file()


def test_the_bands_come_from_the_file(real: Path) -> None:
    assert real.is_dir()
    sectors = ls.read(ls.load_settings(CONFIG)).sectors
    assert sectors["site_id"].nunique() == 160
    assert set(sectors["frequency_mhz"]) == {850.0, 700.0, 1800.0, 2100.0, 2600.0}
    assert not sectors["assumed"].str.contains("frequency").any()


def test_every_gap_is_counted_and_named(done: Run) -> None:
    messages = " ".join(done.record["assumptions"] + done.record["warnings"])
    for words in (
        "antenna height of 185 3G sectors",
        "eirp of 229 4G sectors",
        "azimuth of 414 sectors unknown",
        "no population raster",
    ):
        assert words in messages
    assert "37 villages reach beyond the terrain model" in messages


def test_places_beyond_the_terrain_are_verified_never_white(done: Run) -> None:
    partly = done.villages["terrain_share"] < 0.999
    assert partly.sum() >= 30
    assert set(done.villages.loc[partly, "status"]) == {"verify"}


def test_fixed_tests_decide_no_signal_status(done: Run) -> None:
    assert not done.villages["evidence"].isin(["both", "measured"]).any()
    assert (done.villages["mobile_tests"] == 0).all()
    present = done.villages["fixed_line"] == "present"
    assert present.sum() > 50
    # a line is present only where someone tested one
    assert done.villages.loc[present, "fixed_download_mbps"].notna().all()
