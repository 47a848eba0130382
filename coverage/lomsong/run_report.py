"""The report of a finished run, drawn again from its files without computing anything again."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from lomsong.changes import Comparison, compare, find_mapping, read_runs
from lomsong.errors import MissingSourceError, SourceError
from lomsong.findings import Finding
from lomsong.path import read_paths
from lomsong.quality import QualityReport
from lomsong.report.contents import ReportContents
from lomsong.report.csv_files import unguard
from lomsong.report.document import render_with_figures
from lomsong.report.drawing import Drawing
from lomsong.report.evidence_page import draw_self_test, render_self_test
from lomsong.report.figures import write_figures
from lomsong.report.page_files import refuse_ending, write_page
from lomsong.report.plan_section import read_plan_tables
from lomsong.report.self_test import SelfTest, parse_self_test
from lomsong.report.truth import TruthComparison
from lomsong.settings_file import parse_settings
from lomsong.sources.records import SourceRecord
from lomsong.wording import Language

#: What the report of a run needs besides its tables.
EVIDENCE_FILE = "evidence.json"
#: Pictures beside a report.
FIGURES_FOLDER = "figures"


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
    since: str | Path | None = None,
    figures: bool = False,
) -> Path:
    """
    Write the report of a finished run again, or its self-test as a page of its own.

    Parameters
    ----------
    folder : path
        Folder of the run.
    out : path, optional
        File to write, .html, or .pdf where WeasyPrint is installed; ``report.html`` or ``evidence.html`` in the folder if
        not given.
    language : {'en', 'vi'}
        Of words and numbers; findings about the data are in English.
    evidence_only : bool
        Write the self-test alone.
    since : path, optional
        Folder of an older run of the same area: the report also says what changed.
    figures : bool
        Also write every picture of the report as SVG and PNG into a folder ``figures`` beside it.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    MissingSourceError, SourceError
        The folder holds no whole run, or one of its files is broken.
    OutputError
        The file cannot be written, does not end in .html or .pdf, or WeasyPrint is not there.
    TableError
        The older run cannot be compared with this one; the message says why.
    """
    folder = Path(folder)
    target = folder / ("evidence.html" if evidence_only else "report.html") if out is None else Path(out)
    refuse_ending(target)
    record = _read_json(folder, "run.json")
    evidence = _read_json(folder, EVIDENCE_FILE)
    pictures: dict[str, Drawing] = {}
    try:
        if evidence_only:
            test = parse_self_test(evidence["self_test"])
            page, pictures = _evidence_page(test, record, language), draw_self_test(test, language)
        else:
            contents = _read_contents(folder, record, evidence, since)
            page, pictures = render_with_figures(contents, language=language)
    except (KeyError, TypeError) as error:
        raise SourceError(f"{folder}: its files lack what the report needs ({error}); run it again") from None
    write_page(page, target)
    if figures:
        write_figures(pictures, target.parent / FIGURES_FOLDER)
    return target


def _evidence_page(test: SelfTest, record: dict[str, Any], language: Language) -> str:
    return render_self_test(
        test, name=str(record["name"]), synthetic=bool(record["synthetic"]), language=language
    )


def _read_contents(
    folder: Path, record: dict[str, Any], evidence: dict[str, Any], since: str | Path | None
) -> ReportContents:
    quality = _read_json(folder, "quality.json")
    findings = tuple(Finding(**{**each, "rows": tuple(each["rows"])}) for each in quality["findings"])
    truth = evidence["truth"]
    return ReportContents(
        ranked=_read_table(folder / "villages.parquet"),
        sectors=_read_table(folder / "sectors.parquet"),
        summary=_read_summary(folder / "summary.csv"),
        settings=parse_settings(record["settings"], subject=f"settings in {folder}/run.json"),
        quality=QualityReport(counts=quality["counts"], findings=findings),
        grades=quality["grades"],
        records=[SourceRecord(**each) for each in record["inputs"]],
        truth=None if truth is None else TruthComparison(**{**truth, "missed": tuple(truth["missed"])}),
        self_test=parse_self_test(evidence["self_test"]),
        version=str(record["lomsong"]),
        paths=read_paths(folder),
        plan=read_plan_tables(folder),
        changes=None if since is None else _compare(since, folder),
    )


def _compare(since: str | Path, folder: Path) -> Comparison:
    runs = read_runs([since, folder])
    return compare(runs, mapping=find_mapping(runs))


def _read_summary(path: Path) -> pd.DataFrame:
    try:
        text = dict.fromkeys(("level", "area", "status", "grid_power", "fund_eligible"), str)
        table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""], encoding="utf-8-sig")
        return table.assign(area=unguard(table["area"].fillna("")))
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be read: {error}; run it again") from None


def _read_table(path: Path) -> gpd.GeoDataFrame:
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
