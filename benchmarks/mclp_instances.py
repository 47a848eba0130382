"""Readers of published covering instances and their best known values; see `mclp.py`."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from lomsong.planning.covering import Covering, build_covering

EARTH_M = 6_378_100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    instance: str
    radius: float
    limit: float
    limit_name: str  # "p" or "budget"
    best_known: float
    covering: Covering


def read_city(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return latitude and longitude [deg] of each node, and its demand."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    keys = [line.split(":")[0].split()[0] for line in lines]
    count = int(lines[keys.index("DIMENSION")].split(":")[1])
    first = keys.index("NODE_COORD_SECTION") + 1
    places = np.array([line.split()[-2:] for line in lines[first : first + count]], dtype=np.float64)
    first = keys.index("DEMAND_SECTION") + 1
    demand = np.array([line.split()[-1] for line in lines[first : first + count]], dtype=np.float64)
    return places, demand


def city_cover(places: NDArray[np.float64], radius_m: float) -> sparse.csr_array:
    """Pairs within the radius by the formula of the instances, in single precision."""
    lat, lon = np.radians(places).T
    xyz = EARTH_M * np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    pairs = cKDTree(xyz).query_pairs(radius_m * 1.001 + 1.0, output_type="ndarray")
    a, b = pairs.T
    cosine = np.sin(lat[a]) * np.sin(lat[b]) + np.cos(lat[a]) * np.cos(lat[b]) * np.cos(lon[a] - lon[b])
    near = (EARTH_M * np.arccos(np.minimum(cosine, 1.0))).astype(np.float32) <= np.float32(radius_m)
    a, b = a[near], b[near]
    own = np.arange(len(places))
    i, j = np.concatenate([a, b, own]), np.concatenate([b, a, own])
    return sparse.csr_array((np.ones(len(i), dtype=bool), (i, j)), shape=(len(places), len(places)))


def read_budgeted(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return facilities (x, y, cost) and customers (x, y, demand)."""
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    tables = []
    for kind, last in (("F", "cost"), ("C", "demand")):
        mine = [row[1:] for row in rows if row[0] == kind]
        tables.append(pd.DataFrame(mine, columns=["id", "x", "y", last]).astype(float))
    return tables[0], tables[1]


def budgeted_cover(facilities: pd.DataFrame, customers: pd.DataFrame, radius: float) -> sparse.csr_array:
    f, c = facilities[["x", "y"]].to_numpy(), customers[["x", "y"]].to_numpy()
    distance = np.sqrt(((f[:, None, :] - c[None, :, :]) ** 2).sum(axis=2))
    return sparse.csr_array(distance <= radius)


def city_cases(folder: Path) -> Iterator[Case]:
    table = folder / "best_known.csv"
    if not table.is_file():
        return
    for (name, radius), part in pd.read_csv(table).groupby(["instance", "radius_m"], sort=False):
        places, demand = read_city(folder / f"{name}.txt")
        cover = city_cover(places, float(radius))
        for row in part.itertuples():
            covering = build_covering(weights=demand, cover=cover, budget=float(row.p))
            yield Case(
                instance=str(name), radius=float(radius), limit=float(row.p), limit_name="p",
                best_known=float(row.best_known), covering=covering,
            )  # fmt: skip


def budgeted_cases(folder: Path) -> Iterator[Case]:
    table = folder / "budgeted_optima.csv"
    if not table.is_file():
        return
    for row in pd.read_csv(table).itertuples():
        facilities, customers = read_budgeted(folder / f"{row.instance}.dat")
        covering = build_covering(
            weights=customers["demand"],
            cover=budgeted_cover(facilities, customers, float(row.radius)),
            costs=facilities["cost"],
            budget=float(row.budget),
        )
        yield Case(
            instance=str(row.instance), radius=float(row.radius), limit=float(row.budget), limit_name="budget",
            best_known=float(row.optimum), covering=covering,
        )  # fmt: skip
