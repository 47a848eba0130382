"""Files of a nation: tables, workbook and report of a made-up run of 90,000 villages; seconds, sizes and memory."""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lomsong.findings import Finding
from lomsong.quality import QualityReport
from lomsong.report.contents import ReportContents
from lomsong.report.csv_files import write_csv
from lomsong.report.document import render_report
from lomsong.report.run_workbook import write_run_workbook
from lomsong.report.self_test import make_self_test
from lomsong.report.summary import summarise
from lomsong.report.tables import round_columns, write_ranking, write_villages
from lomsong.schemas import CONNECTIONS, STATUSES
from lomsong.settings_file import parse_settings

OPERATORS = ("Sóng Xanh", "Mạng Núi", "Viễn Thông Mây", "any")
TECHNOLOGIES = ("2g", "3g", "4g", "5g", "any")
T = TypeVar("T")
PROVINCES, DISTRICTS, COMMUNES = 34, 700, 3321


def made_up_villages(count: int, seed: int) -> gpd.GeoDataFrame:
    """Return villages with 32 corners each, all columns of a run, in order of need; synthetic."""
    rng = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(count)))
    row, column = np.divmod(np.arange(count), side)
    turn = np.linspace(0, 2 * np.pi, 33)
    radius = 0.009 * (0.8 + 0.2 * rng.random((count, 32)))
    radius = np.column_stack([radius, radius[:, 0]])
    x = (102 + 0.02 * column)[:, None] + radius * np.cos(turn)
    y = (8.5 + 0.02 * row)[:, None] + radius * np.sin(turn)
    shapes = shapely.polygons(np.stack([x, y], axis=2))
    commune = rng.integers(0, COMMUNES, count)
    reasons = "nearest recorded mast {0:.1f} km (Mạng Núi); best server Mạng Núi 4G at {0:.1f} km: −118 dBm, 13 dB under the threshold; terrain 1.8 km away blocks 52 dB; p = 0.0{1}"
    reasons_vi = "trạm BTS gần nhất trong danh sách cách {0:.1f} km (Mạng Núi); trạm tốt nhất Mạng Núi 4G cách {0:.1f} km: −118 dBm, thấp hơn ngưỡng 13 dB; p = 0,0{1}"
    away = rng.gamma(2, 1500, count)
    people = np.round(rng.lognormal(5.5, 0.9, count))
    p = rng.beta(2, 0.6, count)
    table = pd.DataFrame(
        {
            "village_id": [f"{i:07d}" for i in range(count)],
            "village_name": [f"Thôn Sương Trầm {i}" for i in range(count)],
            "commune_code": [f"{i:05d}" for i in commune],
            "commune_name": [f"Xã Mây Ngàn {i}" for i in commune],
            "district_name": [f"Huyện {i * DISTRICTS // COMMUNES}" for i in commune],
            "province_name": [f"Tỉnh {i * PROVINCES // COMMUNES}" for i in commune],
            "population": people,
            "households": np.round(people / 3.6),
            "grid_power": pd.array(rng.random(count) < 0.95, dtype="boolean"),
            "fund_eligible": pd.array(rng.random(count) < 0.3, dtype="boolean"),
            "status": rng.choice(STATUSES, count),
            "verify_cause": None,
            "override": None,
            "status_computed": "covered",
            "p_signal": p,
            "p_2g": p,
            "covered_share": p,
            "evidence": rng.choice(["predicted", "both", "measured"], count),
            "confidence": np.abs(p - 0.5) + 0.5,
            "reasons": [reasons.format(a / 1000, i % 10) for i, a in enumerate(away)],
            "reasons_vi": [reasons_vi.format(a / 1000, i % 10) for i, a in enumerate(away)],
            "nearest_site_m": away,
            "people": people,
            "unserved_people": people * (1 - p),
            "terrain_share": 1.0,
            "mobile_tests_shown": rng.choice(["0", "<5", "12"], count),
            "download_mbps": rng.lognormal(2.5, 0.6, count),
            "connection": rng.choice(CONNECTIONS, count),
            "unready_people": people * (1 - p),
            "unready_basis": "signal and speed",
            "rank": np.arange(1, count + 1),
            "need": np.linspace(100, 0, count),
            "need_people": rng.random(count) * 100,
            "need_severity": rng.random(count) * 100,
            "need_isolation": rng.random(count) * 100,
            "rank_low": np.arange(1, count + 1),
            "rank_high": np.arange(5, count + 5),
            "p_top": 0.5,
        }
    )
    return gpd.GeoDataFrame(table, geometry=shapes, crs=4326).to_crs(32648)


def made_up_service(villages: gpd.GeoDataFrame, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    pairs = [(operator, technology) for operator in OPERATORS for technology in TECHNOLOGIES]
    ids = np.repeat(villages["village_id"].to_numpy(), len(pairs))
    table = pd.DataFrame(pairs * len(villages), columns=["operator", "technology"])
    chance = rng.random(len(table))
    return table.assign(village_id=ids, p_centre=chance, covered_share=chance)


def made_up_sectors(count: int, seed: int) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(seed)
    places = shapely.points(102 + 6 * rng.random(count), 8.5 + 6 * rng.random(count))
    names = [f"S{i:06d}" for i in range(count)]
    return gpd.GeoDataFrame({"sector_id": names, "site_id": names}, geometry=places, crs=4326)


def timed(name: str, work: Callable[[], T]) -> T:
    begin, used = time.perf_counter(), time.process_time()
    result = work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{name:<10} {time.perf_counter() - begin:7.1f} s ({time.process_time() - used:.1f} s of CPU), {peak:.2f} GiB at most",
        flush=True,
    )
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--villages", type=int, default=90_000)
    parser.add_argument("--sectors", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    nowhere = {"path": "nowhere"}
    settings = parse_settings(
        {
            "name": "nation",
            "synthetic": True,
            "inputs": {"villages": nowhere, "masts": [nowhere], "terrain": nowhere},
        }
    )
    ranked = timed("make up", lambda: round_columns(made_up_villages(given.villages, given.seed)))
    service, sectors = made_up_service(ranked, given.seed), made_up_sectors(given.sectors, given.seed)
    finding = Finding(
        layer="masts",
        word="sufficient",
        severity="assumption",
        message="antenna height taken as 30 m",
        source="made up",
    )
    quality = QualityReport(counts={}, findings=(finding,) * 40)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def write_tables() -> pd.DataFrame:
            write_villages(ranked, folder, synthetic=True)
            write_ranking(ranked, folder)
            write_csv(round_columns(service), folder / "service.csv")
            summary = summarise(ranked, service)
            write_csv(summary, folder / "summary.csv")
            return summary

        tables = [folder / f"villages.{end}" for end in ("parquet", "gpkg", "geojson", "csv")]
        summary = timed("tables", write_tables)
        print("           " + ", ".join(f"{each.name} {each.stat().st_size / 1e6:.1f} MB" for each in tables))
        book = folder / "report.xlsx"
        timed(
            "workbook",
            lambda: write_run_workbook(
                book,
                ranked,
                service=service,
                summary=summary,
                quality=quality,
                records=[],
                settings=settings,
                version="0",
            ),
        )
        print(f"           {book.stat().st_size / 1e6:.1f} MB")
        contents = ReportContents(
            ranked=ranked,
            sectors=sectors,
            summary=summary,
            settings=settings,
            quality=quality,
            records=[],
            truth=None,
            self_test=make_self_test(ranked, None, None),
            version="0",
        )
        page = timed("report", lambda: render_report(contents))
        print(f"           {len(page.encode()) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
