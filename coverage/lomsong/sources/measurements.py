"""Every witness of a run in one table: speed tests, samples of signal, reports of no service, field checks."""

from collections.abc import Iterable
from pathlib import Path

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from lomsong.contracts import may_repeat
from lomsong.findings import Finding
from lomsong.points import coordinates
from lomsong.schemas import MEASUREMENTS
from lomsong.settings import Settings
from lomsong.sources.signals import read_field_checks, read_no_service, read_signal_samples
from lomsong.sources.speedtests import read_speed_tests
from lomsong.sources.tables import Box
from lomsong.sources.witnesses import complete, dtype_of, refuse_exchanged


def read_measurements(
    settings: Settings, crs: CRS, *, villages: gpd.GeoDataFrame, box: Box | None
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Read the measurements that the settings name.

    Parameters
    ----------
    settings : Settings
        ``inputs.speed_tests``, ``signal_samples``, ``no_service_reports`` and ``field_checks``.
    crs : CRS
        The working CRS.
    villages : GeoDataFrame
        Contract `VILLAGES`: field checks may name them instead of a place.
    box : Box or None
        The area in degrees.

    Returns
    -------
    frame : GeoDataFrame
        Contract `MEASUREMENTS`, in the working CRS; may have no rows. ``attrs["layouts"]``: layout by file.
    findings : list of Finding
        What the readers noticed.
    """
    wanted, privacy = settings.inputs, settings.privacy
    frames: list[gpd.GeoDataFrame] = []
    findings: list[Finding] = []
    layouts: dict[Path, str] = {}

    def take(frame: gpd.GeoDataFrame, found: list[Finding], *, layer: str, name: str, prefix: str) -> None:
        if layer != "speed_tests":  # their reader has looked already
            refuse_exchanged(*coordinates(frame.geometry), box, layer=layer, name=name)
            frame = frame.to_crs(crs)
        findings.extend(found)
        # files may number alike, and the same tile is tested on mobile and on fixed lines
        frame["measurement_id"] = prefix + "-" + frame["measurement_id"].astype("string")
        frames.append(complete(frame))

    for tests in wanted.speed_tests:
        frame, found = read_speed_tests(tests, box=box, privacy=privacy, crs=crs)
        layouts[tests.path] = str(frame.attrs.pop("layout", ""))
        take(frame, found, layer="speed_tests", name=tests.path.name, prefix=tests.network)
    for samples in wanted.signal_samples:
        frame, found = read_signal_samples(samples, privacy=privacy)
        take(frame, found, layer="signal_samples", name=samples.path.name, prefix="signal")
    for reports in wanted.no_service_reports:
        frame, found = read_no_service(reports, privacy=privacy)
        take(frame, found, layer="no_service_reports", name=reports.path.name, prefix="report")
    for checks in wanted.field_checks:
        frame, found = read_field_checks(checks, villages=villages)
        take(frame, found, layer="field_checks", name=checks.path.name, prefix="check")
    joined = _join(frames, crs) if any(map(len, frames)) else no_measurements(crs)
    joined.attrs["layouts"] = layouts
    return joined, findings


def _join(frames: Iterable[gpd.GeoDataFrame], crs: CRS) -> gpd.GeoDataFrame:
    filled = [each for each in frames if len(each)]
    joined = filled[0] if len(filled) == 1 else pd.concat(filled, ignore_index=True)
    frame = gpd.GeoDataFrame(joined, crs=crs)
    if may_repeat(frame["measurement_id"]):
        again = frame["measurement_id"].duplicated(keep=False)
        number = frame.groupby("measurement_id").cumcount() + 1
        frame["measurement_id"] = frame["measurement_id"].mask(
            again & (number > 1), frame["measurement_id"] + " #" + number.astype("string")
        )
    MEASUREMENTS.check(frame)
    return frame


def no_measurements(crs: CRS) -> gpd.GeoDataFrame:
    """Return a measurement table without rows."""
    empty = pd.DataFrame({column.name: pd.Series(dtype=dtype_of(column)) for column in MEASUREMENTS.columns})
    return gpd.GeoDataFrame(empty, geometry=gpd.GeoSeries([], crs=crs), crs=crs)
