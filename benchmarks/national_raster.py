"""
The signal raster of one operator and technology of a nation that `national.py --folder` made: seconds and memory.

    python benchmarks/national_raster.py FOLDER/nation-1/nation.yml --operator A --technology 4g --cell-m 90
"""

import argparse
import json
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from lomsong import load_settings, read
from lomsong.engine import Engine
from lomsong.inputs import Inputs
from lomsong.signal_raster import predict_raster, write_raster
from lomsong.store import Store, identify


def processor_seconds() -> float:
    """Return what this process and its workers have used."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def checksums(inputs: Inputs) -> list[tuple[str, str]]:
    return [(record.layer, record.sha256) for record in inputs.records]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path)
    parser.add_argument("--operator", default="A")
    parser.add_argument("--technology", default="4g")
    parser.add_argument("--cell-m", type=float, default=90.0)
    parser.add_argument("--engine", choices=["serial", "processes"], default="serial")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--keep", type=Path, help="write the raster into this folder")
    parser.add_argument("--parts", type=Path, help="keep finished tiles here, and use those that are there")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args()
    inputs = read(load_settings(given.config))
    sectors = inputs.sectors
    mine = (sectors["operator"] == given.operator) & (sectors["technology"] == given.technology)
    inputs = replace(inputs, sectors=sectors[mine])
    begin, used = time.perf_counter(), processor_seconds()
    asked = [given.operator, given.technology]
    store = None if given.parts is None else Store(given.parts, identify(asked, checksums(inputs)))
    engine = Engine(kind=given.engine, workers=given.workers, store=store)
    (raster,) = predict_raster(inputs, cell_m=given.cell_m, engine=engine)
    found = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        size = write_raster(raster, given.keep or Path(folder)).stat().st_size
    end = time.perf_counter()
    figures = {
        "sectors": int(mine.sum()), "masts": int(sectors.loc[mine, "site_id"].nunique()), "cells": raster.level_dbm.size,
        "compute_s": round(found - begin, 1), "write_s": round(end - found, 1),
        "processor_s": round(processor_seconds() - used, 1), "file_mib": round(size / 2**20, 1),
        "gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "gib_worker": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20, 2),
    }  # fmt: skip
    print(json.dumps(figures))
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
