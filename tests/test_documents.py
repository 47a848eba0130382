"""What the documents show runs: Python, settings and commands, word for word."""

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from lomsong.cli import main
from lomsong.schemas import TABLES
from lomsong.settings_file import parse_settings

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "maps" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
#: A part of the settings is tried within these.
WHOLE = {
    "name": "x",
    "inputs": {"villages": {"path": "v"}, "masts": [{"path": "m"}], "terrain": {"path": "t"}},
}


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (path.relative_to(ROOT).as_posix(), text)
        for path in DOCUMENTS
        for kind, text in BLOCK.findall(path.read_text(encoding="utf-8"))
        if kind == language
    ]


def commands() -> list[tuple[str, str]]:
    """Commands in blocks, and those in a sentence that are whole."""
    shown = [
        (name, line.removeprefix("$ ").partition("  #")[0].partition(" #")[0].strip())
        for name, text in blocks("console")
        for line in text.splitlines()
        if line.startswith("$ lomsong")
    ]
    for path in DOCUMENTS:
        prose = BLOCK.sub("", path.read_text(encoding="utf-8"))
        spans = re.findall(r"`(lomsong [a-z]+ [^`]+)`", prose)
        shown += [
            (path.name, " ".join(span.split())) for span in spans if not re.search(r"[\[|…]|\.\.\.", span)
        ]
    return shown


@pytest.mark.parametrize(("name", "text"), blocks("python"))
def test_python_in_the_documents_runs(name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    exec(compile(text, name, "exec"), {})  # noqa: S102 - our own documents


# a catalogue of layers is tested with its reader
@pytest.mark.parametrize(
    ("name", "text"), [each for each in blocks("yaml") if not each[1].startswith("layers:")]
)
def test_settings_in_the_documents_are_settings(name: str, text: str) -> None:
    parse_settings({**WHOLE, **yaml.safe_load(text)}, subject=name)


@pytest.mark.parametrize(("name", "line"), commands())
def test_commands_in_the_documents_exist_with_their_options(name: str, line: str) -> None:
    words = [word for each in line.split("&&") for word in shlex.split(each)]
    del name
    for part in " ".join(words).split("lomsong ")[1:]:
        command, *rest = part.split()
        # N and M stand for numbers in a sentence
        rest = ["1000" if re.fullmatch("[A-Z]", word) else word for word in rest]
        try:
            main.commands[command].make_context(command, rest)
        except click.exceptions.MissingParameter:
            assert "--" in part  # a sentence may name an option alone, not a command without its run


def test_links_between_the_documents_lead_somewhere() -> None:
    made = {
        "generated/data-dictionary.md",
        "generated/carriers.md",
        "generated/python.md",
        "generated/settings.md",
        "generated/command-line.md",
        "generated/words.md",
    }
    for path in DOCUMENTS:
        for link in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert link in made or (path.parent / link).exists(), f"{path.name}: {link}"


def test_every_page_of_the_documentation_is_in_the_contents() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    listed = set(index.split())
    for path in (ROOT / "docs").glob("*.md"):
        assert path.stem in listed or path.stem == "index", path.name


def test_columns_named_in_the_settings_of_the_documents_are_columns_of_ours() -> None:
    known = {column.name for contract in TABLES.values() for column in contract.columns}
    known |= {
        "site_id",
        "sector_id",
        "bands",
        "time",
        "antenna",
        "x_m",
        "y_m",
        "longitude_deg",
        "latitude_deg",
    }
    for name, text in blocks("yaml"):
        for found in re.findall(r"columns: \{([^}]*)\}", text):
            for pair in found.split(","):
                assert pair.partition(":")[0].strip() in known, f"{name}: {pair}"
