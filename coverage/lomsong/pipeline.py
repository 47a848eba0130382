"""The chain from files to files, and nothing else."""

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from lomsong.assessment import CHANCES_FILE, Assessment, assess_service
from lomsong.atomic import refuse_to_replace, staged_folder, told_as_ours
from lomsong.checking import rank_checks
from lomsong.engine import SERIAL, Engine
from lomsong.errors import LomsongError
from lomsong.evidence.core import Evidence, calibrate
from lomsong.findings import Finding
from lomsong.inputs import Inputs, read
from lomsong.prediction import Prediction, predict
from lomsong.progress import SILENT, Progress
from lomsong.propagation.models import MODELS
from lomsong.quality import QualityReport, check
from lomsong.ranking import add_rank_uncertainty, rank
from lomsong.report.checklist import write_checklist
from lomsong.report.contents import ReportContents
from lomsong.report.csv_files import Dress, dress_csv, write_csv
from lomsong.report.document import render_report
from lomsong.report.quality_page import render_quality
from lomsong.report.run_workbook import write_run_workbook
from lomsong.report.self_test import make_self_test
from lomsong.report.summary import summarise
from lomsong.report.tables import round_columns, write_ranking, write_sectors, write_villages
from lomsong.report.truth import TruthComparison, compare_truth
from lomsong.run_map import explain_first, save_run_map
from lomsong.run_report import write_evidence
from lomsong.settings import Settings
from lomsong.signal_raster import predict_raster, write_raster
from lomsong.sources.copies import take_copies
from lomsong.sources.records import input_paths, refuse_changed, stamp_files
from lomsong.store import PARTS_FOLDER, REACH_FOLDER, Store, identify

#: Written last: a folder with this file holds one whole run.
RUN_FILE = "run.json"
#: What else a run writes.
RESULTS = (
    "broadband.csv", "demand_points.parquet", "evidence.json", "field_checks.*", "map.html", "paths.json", "quality.*",
    "ranking*.csv", "report.*", "sectors.parquet", "service.csv", "signal.parquet", "signal_*.tif", "summary.csv",
    "villages.*",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished run: the villages in order of need, what is known about the data, and where the files are."""

    folder: Path
    villages: gpd.GeoDataFrame
    quality: QualityReport
    truth: TruthComparison | None
    record: dict[str, Any]


def run(
    settings: Settings,
    out: str | Path,
    *,
    raster_cell_m: float | None = None,
    csv: Dress | None = None,
    engine: Engine = SERIAL,
    resume: bool = False,
    progress: Progress = SILENT,
) -> Run:
    """
    Run the whole chain and write its files.

    Parameters
    ----------
    settings : Settings
        From `load_settings`.
    out : path
        Folder of the results. Nothing in it changes before every result is ready.
    raster_cell_m : float, optional
        Also write ``signal_OPERATOR_TECHNOLOGY.tif`` with cells of this size; takes longer. [m]
    csv : Dress, optional
        CSV files for spreadsheets; faithful and without a byte order mark if not given.
    engine : Engine
        Where the prediction and the rasters are worked on; the results are the same.
    resume : bool
        Use the parts that a run into this folder left when it was stopped, where they are of the same inputs, settings and
        code. Without it they are thrown away.
    progress : Progress
        Told how far the work is.

    Returns
    -------
    Run
        The result, also in memory.

    Raises
    ------
    LomsongError
        Bad input, input that changes on the way, or a folder that cannot be written to.
    """
    clock = _Clock(progress)
    folder = Path(out)
    take_copies(settings.inputs)
    before = stamp_files(settings.inputs)
    refuse_to_replace(folder, (RUN_FILE, *RESULTS), input_paths(settings.inputs))
    with _told_of_parts(folder / PARTS_FOLDER), staged_folder(folder, last=RUN_FILE) as scratch:
        with clock.step("read"):
            inputs = read(settings)
        store = Store(folder / PARTS_FOLDER, _identity(inputs))
        keeping = replace(engine, store=store)
        if not resume:
            store.clear()
        with clock.step("check"):
            quality = check(inputs)
        with clock.step("predict"):
            prediction = predict(inputs, engine=keeping, progress=progress)
        with clock.step("calibrate"):
            evidence = calibrate(prediction)
            prediction = evidence.prediction
        with clock.step("assess"):
            assessment = assess_service(evidence, inputs)
        with clock.step("rank"):
            ranked = rank(
                assessment.villages,
                settings.ranking,
                roads=inputs.context.get("roads"),
                services=inputs.context,
            )
            ranked = add_rank_uncertainty(ranked, settings.ranking, seed=settings.seed)
        if raster_cell_m is not None:
            with clock.step("rasters"):
                for raster in predict_raster(inputs, cell_m=raster_cell_m, engine=keeping, progress=progress):
                    write_raster(raster, scratch)
        truth = None if inputs.truth is None else compare_truth(ranked, inputs.truth)
        held_out = None if evidence.fit is None else evidence.fit.validation
        self_test = make_self_test(ranked, inputs.truth, None if held_out is None else held_out.held_out)
        noticed = (*prediction.findings, *evidence.findings, *assessment.findings)
        quality = quality.with_findings(noticed)
        refuse_changed(before, settings.inputs)
        with clock.step("write"), told_as_ours(folder):
            summary, paths = summarise(ranked, assessment.service), explain_first(prediction, ranked)
            changed = _write_tables(scratch, inputs, prediction, assessment, ranked, quality, summary)
            quality = quality.with_findings(changed)
            dress_csv(scratch, csv or Dress())
            write_evidence(self_test, truth, scratch)
            contents = ReportContents(
                ranked=round_columns(
                    ranked
                ),  # as the tables have it, so that a report drawn again is the same
                sectors=inputs.sectors,
                summary=summary,
                settings=settings,
                quality=quality,
                grades=[asdict(grade) for grade in quality.grades()],
                records=inputs.records,
                truth=truth,
                self_test=self_test,
                version=version("lomsong"),
                paths=paths,
            )
            _write_pages(scratch, contents)
            save_run_map(
                scratch, inputs, ranked, service=assessment.service, findings=quality.findings, paths=paths
            )
        record = _record(settings, inputs, evidence, quality, clock)
        with told_as_ours(folder):
            _write_json(scratch / RUN_FILE, record)
    for kept in (store, Store(folder / REACH_FOLDER, store.identity)):
        kept.clear()
    return Run(folder=folder, villages=ranked, quality=quality, truth=truth, record=record)


@contextmanager
def _told_of_parts(kept: Path) -> Iterator[None]:
    """Say in an error that finished parts are kept, and how to use them."""
    try:
        yield
    except (LomsongError, MemoryError) as error:
        if kept.is_dir() and "--resume" not in str(error):
            error.add_note(
                f"The parts that are done are kept in {kept}: mend this and run again with --resume."
            )
        raise


def _identity(inputs: Inputs) -> str:
    checksums = [(record.layer, record.sha256) for record in inputs.records]
    return identify(inputs.settings.model_dump(mode="json"), checksums)


def _write_tables(
    folder: Path,
    inputs: Inputs,
    prediction: Prediction,
    assessment: Assessment,
    ranked: gpd.GeoDataFrame,
    quality: QualityReport,
    summary: pd.DataFrame,
) -> tuple[Finding, ...]:
    write_villages(ranked, folder, synthetic=inputs.settings.synthetic)
    write_ranking(ranked, folder)
    settings = inputs.settings
    checks = rank_checks(
        ranked,
        covered_from=settings.service.covered_from,
        reliability=settings.evidence.check_reliability,
    )
    write_checklist(checks, folder)
    write_sectors(inputs.sectors, folder)
    round_columns(prediction.signal).to_parquet(folder / "signal.parquet", index=False)
    points = prediction.demand[["demand_id", "village_id"]].assign(p_signal=assessment.p_signal)
    round_columns(pd.DataFrame(points)).to_parquet(folder / CHANCES_FILE, index=False)
    write_csv(round_columns(assessment.service), folder / "service.csv")
    write_csv(round_columns(assessment.broadband), folder / "broadband.csv")
    write_csv(summary, folder / "summary.csv")
    return write_run_workbook(
        folder / "report.xlsx",
        ranked,
        service=assessment.service,
        summary=summary,
        quality=quality,
        records=inputs.records,
        settings=inputs.settings,
        version=version("lomsong"),
    )


def _write_pages(folder: Path, contents: ReportContents) -> None:
    quality = contents.quality
    (folder / "quality.json").write_text(quality.as_json() + "\n", encoding="utf-8")
    page = render_quality(quality, settings=contents.settings, version=contents.version)
    (folder / "quality.html").write_text(page, encoding="utf-8")
    (folder / "report.html").write_text(render_report(contents), encoding="utf-8")


def _record(
    settings: Settings, inputs: Inputs, evidence: Evidence, quality: QualityReport, clock: "_Clock"
) -> dict[str, Any]:
    prediction = evidence.prediction
    model = MODELS[prediction.radio.model]
    return {
        "lomsong": version("lomsong"),
        "python": sys.version.split()[0],
        "name": settings.name,
        "synthetic": settings.synthetic,
        "seed": settings.seed,
        "model": {"name": model.name, "title": model.title, "label": model.label},
        "working_crs": inputs.crs.to_string(),
        "counts": {
            **quality.counts,
            "demand_points": len(prediction.demand),
            "pairs_within_reach": prediction.pairs,
            "paths_glanced_at": prediction.glances,
            "paths_evaluated": prediction.paths,
        },
        "evidence": evidence.record(),
        "warnings": [finding.message for finding in quality.of("warning")],
        "assumptions": [finding.message for finding in quality.of("assumption")],
        "inputs": [asdict(record) for record in inputs.records],
        "settings": settings.model_dump(mode="json"),
        "seconds": clock.seconds,
        "processor_seconds": clock.processor_seconds,
        "peak_memory_mib": round(peak_memory_mib()),
    }


def peak_memory_mib() -> float:
    """Return the most memory this process has held at once. [MiB]"""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # kibibytes on Linux, bytes on macOS
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


class _Clock:
    """Seconds spent in each step, which is also shown as progress."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.seconds: dict[str, float] = {}
        self.processor_seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        begin, used = time.perf_counter(), time.process_time()
        yield
        self.seconds[name] = round(time.perf_counter() - begin, 3)
        self.processor_seconds[name] = round(time.process_time() - used, 3)
