"""The command line: what a user types, sees and gets as an exit code."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lomsong.cli import main
from lomsong.errors import SourceError
from lomsong.schemas import TABLES
from lomsong.terminal.lines import print_json, print_lines
from lomsong.terminal.tables import print_table

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "data" / "demo" / "district.yml"


def lomsong(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_help_has_examples_for_every_command() -> None:
    listed = lomsong("--help").output
    assert "Examples:" in listed
    assert not re.search(r"\w\.\.\.", listed)  # no command is told half
    for name in main.commands:
        assert "Example" in lomsong(name, "--help").output, name


def test_run_ends_with_a_map_to_open(tmp_path: Path) -> None:
    done = lomsong("run", str(CONFIG), "--out", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "map.html").is_file()
    assert "map.html" in done.output
    assert "synthetic" in done.output
    assert "Against the truth" in done.output


def test_quiet_says_nothing_and_json_only_json(tmp_path: Path) -> None:
    assert lomsong("run", str(CONFIG), "--out", str(tmp_path), "--quiet").output == ""
    record = json.loads(lomsong("run", str(CONFIG), "--out", str(tmp_path), "--json").output)
    assert record["counts"]["villages"] > 50


def test_check_prints_findings_as_a_table_or_as_json() -> None:
    assert "assumption" in lomsong("check", str(CONFIG)).output
    report = json.loads(lomsong("check", str(CONFIG), "--json").output)
    expected = {"layer", "word", "severity", "message", "count", "rows", "source", "action"}
    assert expected == set(report["findings"][0])
    assert {grade["grade"] for grade in report["grades"]} <= set("ABCD")


@pytest.mark.parametrize("table", TABLES)
def test_columns_prints_every_table(table: str) -> None:
    assert TABLES[table].key in lomsong("columns", table).output
    assert {row["name"] for row in json.loads(lomsong("columns", table, "--json").output)} == set(
        TABLES[table].names()
    )


def test_settings_prints_one_section_or_all() -> None:
    assert "radio.receiver_height_m" in lomsong("settings", "radio").output
    assert "villages" not in lomsong("settings", "ranking").output


@pytest.mark.parametrize(
    "arguments",
    [
        ["columns", "nonsense"],
        ["settings", "nonsense"],
        ["run", "x.yml"],
        ["nonsense"],
        ["--nonsense"],
        ["map", "r", "--anyway"],
        ["run", "x.yml", "--out", "o", "--workers", "2"],
        ["run", "x.yml", "--out", "o", "--raster-cell", "250"],
        ["run", "x.yml", "--out", "o", "--rasters", "--raster-cell", "nan"],
    ],
)
def test_wrong_usage_is_exit_code_two(arguments: list[str]) -> None:
    done = lomsong(*arguments)
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def broken(folder: Path, old: str, new: str) -> Path:
    """Copy the demo's settings with one change and absolute paths."""
    text = CONFIG.read_text(encoding="utf-8")
    assert old in text
    lines = [
        line.replace("path: ", f"path: {CONFIG.parent}/") if "path: " in line else line
        for line in text.replace(old, new).splitlines()
    ]
    path = folder / "district.yml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("terrain.tif", "nothing.tif", "there is no file"),
        ("villages.gpkg", "nothing.gpkg", "there is no file"),
        ("synthetic: true", "synthetic: true\nworking_crs: EPSG:4326", "not a projected CRS in metres"),
        ("synthetic: true", "synthetic: true\nworking_crs: EPSG:4", "not a coordinate system"),
        ("synthetic: true", "synthetik: true", "nearest valid key is 'synthetic'"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_one(tmp_path: Path, old: str, new: str, what: str) -> None:
    done = lomsong("run", str(broken(tmp_path, old, new)), "--out", str(tmp_path / "out"))
    assert done.exit_code == 1
    assert what in done.output
    assert "Traceback" not in done.output
    assert not (tmp_path / "out" / "run.json").exists()


def test_a_mistake_of_ours_is_no_traceback_either(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("lomsong.settings_file.load_settings", fail)
    done = lomsong("check", "x.yml")
    assert done.exit_code == 1
    assert "mistake in lomsong" in done.output
    assert "Traceback" not in done.output


def test_what_the_system_refuses_is_no_mistake_of_ours(tmp_path: Path) -> None:
    done = lomsong("demo", str(tmp_path / ("long" * 100)))
    assert done.exit_code == 1
    assert "File name too long" in done.output
    assert "mistake" not in done.output


def test_settings_that_are_not_utf_8_say_so(tmp_path: Path) -> None:
    config = tmp_path / "district.yml"
    config.write_text(CONFIG.read_text(encoding="utf-8"), encoding="utf-16")
    done = lomsong("check", str(config))
    assert done.exit_code == 1
    assert "district.yml: byte 1 is not UTF-8" in done.output


#: A name that sets the title of a window, moves the cursor, turns the text around and is half of a letter.
COMMANDS = "Bản\x1b]0;title\x07\x9b2J\u202e\ud800"


def test_no_name_commands_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise SourceError(f"sites: 1 problem\n  - twice: {COMMANDS}")

    monkeypatch.setattr("lomsong.settings_file.load_settings", fail)
    said = lomsong("check", "x.yml").output
    print_table(COMMANDS, (f"{COMMANDS}[bold]",), [(COMMANDS,)])
    print_lines(f"Note: {COMMANDS}\nPage: elsewhere")
    shown = capsys.readouterr().out
    assert "1 problem\n  - twice: Bản" in said
    assert "Bản" in shown
    assert "[bold]" in shown
    assert "\nPage" not in shown
    assert not set(said + shown) & set("\x1b\x07\x9b\u202e\ud800")


@pytest.mark.parametrize("width", [30, 60, 90])
def test_no_number_is_broken_in_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    heads = ("site", "what", "people", "cost", "backhaul")
    print_table(
        "plan", heads, [("H-499530-3759450", "high ground, 30 m", "12,345", "1,133,799", "microwave")]
    )
    shown = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert all(word in shown for word in ("H-499530-3759450", "12,345", "1,133,799", "microwave", *heads))
    assert max(map(len, shown.splitlines())) <= width


def test_json_keeps_every_name_and_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    given = {"name": f"{COMMANDS}\n\U0001fffe", "order": [1, None]}
    print_json(json.dumps(given, ensure_ascii=False, indent=2))
    shown = capsys.readouterr().out
    assert json.loads(shown) == given
    assert "Bản" in shown
    assert not set(shown) & set("\x1b\x07\x9b\u202e\ud800")


def test_json_keeps_every_name_where_the_output_is_not_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"name": f"{COMMANDS} Đèo Gió"}
    out = io.TextIOWrapper(io.BytesIO(), encoding="cp1252", errors="replace")
    monkeypatch.setattr(sys, "stdout", out)
    print_json(json.dumps(given, ensure_ascii=False))
    out.seek(0)
    assert json.loads(out.read()) == given


def test_all_that_is_printed_goes_through_one_door() -> None:
    package = ROOT / "coverage" / "lomsong"
    doors = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if re.search(r"click\.s?echo|^\s*print\(|\.print\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert doors == {"terminal/lines.py", "terminal/tables.py"}


def test_no_progress_bar_is_drawn_where_there_is_no_terminal(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lomsong", "run", str(CONFIG), "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_path_tells_and_draws_what_lies_between_a_village_and_a_mast(tmp_path: Path) -> None:
    run = tmp_path / "out"
    assert lomsong("run", str(CONFIG), "--out", str(run), "--quiet").exit_code == 0
    village = (run / "ranking.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[1]
    picture = tmp_path / "path.svg"
    done = lomsong("path", str(run), "--village", village, "--out", str(picture))
    assert done.exit_code == 0, done.output
    assert "free space" in done.output
    assert picture.read_text(encoding="utf-8").startswith("<")
    numbers = json.loads(lomsong("path", str(run), "--village", village, "--json").output)
    assert numbers["village_id"] == village
    missing = lomsong("path", str(run), "--village", "nobody")
    assert missing.exit_code == 1
    assert "nobody" in missing.output


def test_demo_writes_a_district_that_runs(tmp_path: Path) -> None:
    done = lomsong("demo", str(tmp_path / "d"), "--seed", "7")
    assert done.exit_code == 0, done.output
    assert "lomsong run" in done.output
    assert lomsong("check", str(tmp_path / "d" / "district.yml")).exit_code == 0
