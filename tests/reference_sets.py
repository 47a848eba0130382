"""Reads reference values of propagation models, laid out as in ../shared/validation; no model is in here."""

import csv
import gzip
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lomsong.propagation.p1812_profile import path_centre_latitude


@dataclass(frozen=True, slots=True)
class PathCase:
    """One path, what to call `p1812_losses` with, and what others found."""

    name: str
    distance_m: NDArray[np.float64]
    height_m: NDArray[np.float64]
    arguments: dict[str, object]
    expected_db: float
    #: Intermediate values by (name, equation), where the set has them.
    log: dict[tuple[str, str], float] = field(default_factory=dict)


def read_sg3(folder: Path) -> list[PathCase]:
    """Read the profiles of ITU-R study group 3 (layout "Fryderyk"), every row of measurements a case."""
    cases = []
    for path in sorted((folder / "profiles").glob("*.csv")):
        with path.open(newline="") as file:
            rows = list(csv.reader(file))
        profile = np.array([[float(cell) for cell in row[:5]] for row in _section(rows, "Profile")[1:]])
        header = {row[0].rstrip(":").strip(): row[1] for row in rows if len(row) == 2}
        ends = [float(header[name]) for name in ("Tx LAT", "Tx LON", "Rx LAT", "Rx LON")]
        distance_m = profile[:, 0] * 1e3
        place = {
            "latitude_deg": float(path_centre_latitude(*ends, distance_m[-1])),
            "refractivity_gradient": float(_starting(header, "Average annual values dN")),
            "surface_refractivity": float(_starting(header, "Average annual sea-level")),
            "clutter_height_m": profile[:, 3],
            "zone": profile[:, 4],
        }
        for i, row in enumerate(_section(rows, "Measurements")):
            link = {
                "frequency_mhz": float(row[0]),
                "transmitter_height_m": float(row[1]),
                "receiver_height_m": float(row[3]),
                "vertical": row[4] == "2",
                "time_percent": float(row[14]),
            }
            log = _read_log(folder / "results" / f"{path.stem}_{i}_log.csv")
            name = f"{path.stem}_{i}"
            cases.append(PathCase(name, distance_m, profile[:, 1], place | link, float(row[17]), log))
    return cases


def read_random_paths(folder: Path) -> list[PathCase]:
    """Read the random mountain paths of p1812_ref, packed or not."""
    cases = []
    for path in sorted(folder.glob("*.jsonl*")):
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
            found = [json.loads(line) for line in file]
        for case in found:
            distance_m = np.linspace(0.0, case["d_km"] * 1e3, case["n"])
            ends = (case["phi_t"], case["lam_t"], case["phi_r"], case["lam_r"])
            arguments = {
                "latitude_deg": float(path_centre_latitude(*ends, distance_m[-1])),
                "refractivity_gradient": case["DN"],
                "surface_refractivity": case["N0"],
                "clutter_height_m": case["R"] or 0.0,
                "zone": case["zone"] or 4.0,
                "frequency_mhz": case["f_ghz"] * 1e3,
                "transmitter_height_m": case["htg"],
                "receiver_height_m": case["hrg"],
                "vertical": case["pol"] == "V",
                "time_percent": case["p"],
                "location_percent": case["pL"],
                "location_sigma_db": case["sigmaL"],
            }
            heights = np.array(case["h"])
            cases.append(PathCase(str(case["id"]), distance_m, heights, arguments, case["Lb"]))
    return cases


def _section(rows: list[list[str]], name: str) -> list[list[str]]:
    marks = [row[0].strip() if row else "" for row in rows]
    return rows[marks.index(f"{{Begin of {name}}}") + 1 : marks.index(f"{{End of {name}}}")]


def _starting(header: dict[str, str], start: str) -> str:
    return next(value for name, value in header.items() if name.startswith(start))


def _read_log(path: Path) -> dict[tuple[str, str], float]:
    if not path.is_file():
        return {}
    with path.open(newline="") as file:
        rows = [row for row in csv.reader(file) if len(row) > 3 and row[3].strip()]
    return {(row[0].strip(), row[1].strip()): float(row[3]) for row in rows if row[0] != "# Parameter"}
