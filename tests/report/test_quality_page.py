"""The quality page: whole, escaped, and honest about what was done."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lomsong.errors import OutputError
from lomsong.findings import Finding
from lomsong.inputs import Inputs
from lomsong.quality import check
from lomsong.report.quality_page import render_quality, save_quality

World = Callable[..., Inputs]
HOSTILE = "<script>alert(1)</script>{{ 191*7 }}"


def test_the_page_shows_grades_limits_and_advice(world: World) -> None:
    inputs = world({"a": (5, 5), "b": (8, 8)}, {"m": (6, 6)})
    page = render_quality(check(inputs), settings=inputs.settings, version="0")
    assert "sectors that" in page or "values of sectors that are defaults" in page
    assert "A up to" in page
    assert "What to fetch next" in page
    assert "Synthetic data" in page
    assert "đúng" in page


def test_hostile_ids_and_messages_show_literally(world: World) -> None:
    inputs = world({HOSTILE: (5, 5), "b": (5.2, 5)}, {HOSTILE: (6, 6)})
    report = check(inputs).with_findings(
        [Finding(layer=HOSTILE, word="clean", severity="warning", message=HOSTILE, rows=(HOSTILE,))]
    )
    page = render_quality(report, settings=inputs.settings, version="0")
    assert "<script" not in page
    assert "1337" not in page
    assert "{{ 191*7 }}" in page


def test_the_page_is_written_whole_or_not_at_all(world: World, tmp_path: Path) -> None:
    inputs = world({"a": (5, 5)}, {"m": (6, 6)})
    report = check(inputs)
    written = save_quality(report, tmp_path / "quality.html", settings=inputs.settings)
    assert written.read_text(encoding="utf-8").endswith("</html>")
    with pytest.raises(OutputError, match=r"\.html"):
        save_quality(report, tmp_path / "quality.pdf", settings=inputs.settings)
    with pytest.raises(OutputError, match="cannot write"):
        save_quality(report, tmp_path / "nowhere" / "quality.html", settings=inputs.settings)
    assert [path.name for path in tmp_path.iterdir()] == ["quality.html"]
