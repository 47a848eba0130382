"""Readers of published covering instances and their best known values; see `mclp.py`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from lomsong.errors import LomsongError
from lomsong.planning.covering import Covering, build_covering

EARTH_M = 6_378_100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    instance: str
    radius: float
    limit: float
    limit_name: str  # "p" or "budget"
    best_known: float | None
    covering: Covering


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How instances of a kind are laid out: the table of cases, its columns, and the file of each instance."""

    table: str
    suffix: str
    radius: str
    limit: str
    best: str
    load: Callable[[Path, float], tuple[pd.Series, sparse.csr_array, pd.Series | None]]


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
    places = customers[["x", "y"]].to_numpy()
    # one facility at a time, so that many customers need no table of all distances
    rows = [
        np.flatnonzero(np.sqrt(((places - facility) ** 2).sum(axis=1)) <= radius)
        for facility in facilities[["x", "y"]].to_numpy()
    ]
    starts = np.cumsum([0, *map(len, rows)])
    hit = np.concatenate([np.zeros(0, dtype=np.int64), *rows])
    return sparse.csr_array(
        (np.ones(len(hit), dtype=bool), hit, starts), shape=(len(facilities), len(customers))
    )


def load_city(path: Path, radius_m: float) -> tuple[pd.Series, sparse.csr_array, None]:
    places, demand = read_city(path)
    return pd.Series(demand), city_cover(places, radius_m), None


def load_budgeted(path: Path, radius: float) -> tuple[pd.Series, sparse.csr_array, pd.Series]:
    facilities, customers = read_budgeted(path)
    return customers["demand"], budgeted_cover(facilities, customers, radius), facilities["cost"]


CITY = Kind(
    table="best_known.csv", suffix=".txt", radius="radius_m", limit="p", best="best_known", load=load_city
)
BUDGETED = Kind(
    table="budgeted_optima.csv", suffix=".dat", radius="radius", limit="budget", best="optimum", load=load_budgeted
)  # fmt: skip


def read_cases(folder: Path, kind: Kind, complain: Callable[[str], None]) -> Iterator[Case]:
    """Yield the cases of a kind; what cannot be read is complained about and left out."""
    path = folder / kind.table
    if not path.is_file():
        return
    table = pd.read_csv(path, dtype={"instance": str})
    lacking = [name for name in ("instance", kind.radius, kind.limit) if name not in table]
    if lacking:
        complain(f"{kind.table} lacks {', '.join(lacking)}")
        return
    for (name, radius), part in table.groupby(["instance", kind.radius], sort=False):
        try:
            weights, cover, costs = kind.load(folder / f"{name}{kind.suffix}", float(radius))
            for row in part.to_dict("records"):
                best = float(row.get(kind.best, np.nan))
                yield Case(
                    instance=name, radius=float(radius), limit=float(row[kind.limit]), limit_name=kind.limit,
                    best_known=None if np.isnan(best) else best,
                    covering=build_covering(weights=weights, cover=cover, costs=costs, budget=float(row[kind.limit])),
                )  # fmt: skip
        except (LomsongError, OSError, ValueError, IndexError) as error:
            complain(f"{name} with radius {radius}: {error}")
