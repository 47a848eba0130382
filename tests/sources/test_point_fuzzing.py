"""A seeded few of what benchmarks/fuzz_points.py does by the thousand, and traps made on purpose."""

import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from fuzzing_points import Seed, attack, make_seeds

from lomsong.errors import SourceError
from lomsong.settings import MastSource
from lomsong.sources.masts import read_masts

SEEDS = make_seeds()


@pytest.mark.parametrize("kind", SEEDS)
def test_every_good_file_reads(tmp_path: Path, kind: str) -> None:
    seed: Seed = SEEDS[kind]
    path = tmp_path / f"f{seed.suffix}"
    path.write_bytes(seed.content)
    seed.read(path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", SEEDS)
def test_broken_files_end_in_our_errors_or_in_tables(tmp_path: Path, kind: str) -> None:
    refused = sum(attack(kind, tmp_path, seed, SEEDS) for seed in range(12))
    assert 0 < refused <= 12


def test_a_workbook_that_unpacks_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lomsong.sources.workbooks.LARGEST", 1_000_000)
    with zipfile.ZipFile(tmp_path / "m.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", "0" * 5_000_000)
    with pytest.raises(SourceError, match="unpacks to"):
        read_masts(MastSource(path=tmp_path / "m.xlsx"))


def test_a_workbook_whose_parts_are_encrypted_is_refused(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "m.xlsx")
    content = bytearray((tmp_path / "m.xlsx").read_bytes())
    # the flag of every entry of the central directory, eight bytes behind its mark
    for start in re.finditer(b"PK\x01\x02", bytes(content)):
        content[start.start() + 8] |= 1
    (tmp_path / "m.xlsx").write_bytes(content)
    with pytest.raises(SourceError, match=r"not a readable workbook.*password"):
        read_masts(MastSource(path=tmp_path / "m.xlsx"))


def test_names_within_a_workbook_write_nothing_anywhere(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in" / "m.xlsx", "w") as archive:
        archive.writestr("../../evil.txt", "x")
    with pytest.raises(SourceError, match="not a readable workbook"):
        read_masts(MastSource(path=tmp_path / "in" / "m.xlsx"))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["in", "m.xlsx"]
