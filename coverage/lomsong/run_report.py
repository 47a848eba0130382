"""The report of a finished run, drawn again from its files without computing anything again."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd

from lomsong.atomic import write_whole
from lomsong.errors import MissingSourceError, OutputError, SourceError
from lomsong.findings import Finding
from lomsong.quality import QualityReport
from lomsong.report.document import render_report
from lomsong.report.evidence_page import render_self_test
from lomsong.report.self_test import SelfTest, parse_self_test
from lomsong.report.truth import TruthComparison
from lomsong.settings_file import parse_settings
from lomsong.sources.records import SourceRecord
from lomsong.wording import Language

#: What the report of a run needs besides its tables.
EVIDENCE_FILE = "evidence.json"


def write_evidence(test: SelfTest, truth: TruthComparison | None, folder: Path) -> None:
    """Write ``evidence.json``: the self-test, and the comparison with the truth where there is one."""
    content = {"self_test": test.as_dict(), "truth": None if truth is None else truth.as_dict()}
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    (folder / EVIDENCE_FILE).write_text(text, encoding="utf-8")


def redraw_report(
    folder: str | Path,
    *,
    out: str | Path | None = None,
    language: Language = "en",
    evidence_only: bool = False,
) -> Path:
    """
    Write the report of a finished run again, or its self-test as a page of its own.

    Parameters
    ----------
    folder : path
        Folder of the run.
    out : path, optional
        File to write, .html; ``report.html`` or ``evidence.html`` in the folder if not given.
    language : {'en', 'vi'}
        Of words and numbers; findings about the data are in English.
    evidence_only : bool
        Write the self-test alone.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    MissingSourceError, SourceError
        The folder holds no whole run, or one of its files is broken.
    OutputError
        The file cannot be written, or does not end in .html.
    """
    folder = Path(folder)
    target = folder / ("evidence.html" if evidence_only else "report.html") if out is None else Path(out)
    if target.suffix.lower() not in (".html", ".htm"):
        raise OutputError(f"{target.name}: the report is HTML; name a file that ends in .html")
    record = _read_json(folder, "run.json")
    evidence = _read_json(folder, EVIDENCE_FILE)
    try:
        page = (
            _evidence_page(record, evidence, language)
            if evidence_only
            else _report_page(folder, record, evidence, language)
        )
    except (KeyError, TypeError) as error:
        raise SourceError(f"{folder}: its files lack what the report needs ({error}); run it again") from None
    write_whole(target, page.encode("utf-8"))
    return target


def _evidence_page(record: dict[str, Any], evidence: dict[str, Any], language: Language) -> str:
    return render_self_test(
        parse_self_test(evidence["self_test"]),
        name=str(record["name"]),
        synthetic=bool(record["synthetic"]),
        language=language,
    )


def _report_page(folder: Path, record: dict[str, Any], evidence: dict[str, Any], language: Language) -> str:
    quality = _read_json(folder, "quality.json")
    findings = tuple(Finding(**{**each, "rows": tuple(each["rows"])}) for each in quality["findings"])
    truth = evidence["truth"]
    return render_report(
        _read_villages(folder / "villages.parquet"),
        settings=parse_settings(record["settings"], subject=f"settings in {folder}/run.json"),
        quality=QualityReport(counts=quality["counts"], findings=findings),
        records=[SourceRecord(**each) for each in record["inputs"]],
        truth=None if truth is None else TruthComparison(**{**truth, "missed": tuple(truth["missed"])}),
        self_test=parse_self_test(evidence["self_test"]),
        version=str(record["lomsong"]),
        language=language,
    )


def _read_villages(path: Path) -> gpd.GeoDataFrame:
    try:
        return gpd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be read: {error}; run it again") from None


def _read_json(folder: Path, name: str) -> dict[str, Any]:
    path = folder / name
    if not path.is_file():
        raise MissingSourceError(
            f"{folder} holds no finished run of this version (no {name}); `lomsong run CONFIG --out {folder}` makes one"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise SourceError(f"{path} is not readable as JSON: {error}; run it again") from None
    if not isinstance(content, dict):
        raise SourceError(f"{path} does not hold what a run writes there; run it again")
    return content
