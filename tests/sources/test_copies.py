"""Runs and checks begin with fresh copies; a copy of the last time is no excuse for a database that does not answer."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from lomsong.cli import main
from lomsong.errors import SourceError
from lomsong.inputs import read
from lomsong.settings_file import load_settings

SETTINGS = """
name: made up
inputs:
  villages: {path: "postgresql://127.0.0.1:1/gis?table=thon"}
  masts: [{path: masts.csv}]
  terrain: {path: terrain.tif}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "district.yml"
    path.write_text(SETTINGS)
    return path


@pytest.mark.parametrize("command", ["run", "check"])
def test_run_and_check_ask_the_database_even_where_a_copy_is_there(config: Path, command: str) -> None:
    copy = load_settings(config).inputs.villages.path
    assert copy.parent == config.parent / "copies"
    copy.parent.mkdir()
    copy.write_bytes(b"of the last time")
    out = config.parent / "out"
    more = ["--out", str(out)] if command == "run" else []
    done = CliRunner().invoke(main, [command, str(config), *more])
    assert done.exit_code == 1
    assert "no connection" in done.output
    assert copy.read_bytes() == b"of the last time"
    assert not out.exists()


def test_reading_again_takes_only_the_copies_that_are_missing(config: Path) -> None:
    settings = load_settings(config)
    with pytest.raises(SourceError, match="no connection"):
        read(settings)
    settings.inputs.villages.path.parent.mkdir()
    settings.inputs.villages.path.write_bytes(b"of the last time")
    with pytest.raises(SourceError, match="thon-"):
        read(settings)
