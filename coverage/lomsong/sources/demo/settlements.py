"""Where people live: villages in valleys and high basins, their outlying hamlets, and houses in both."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.spatial import cKDTree

from lomsong.sources.demo.names import COMMUNES, DISTRICT_NAME, PROVINCE_NAME, draw_village_names
from lomsong.sources.demo.outlines import divide, draw_outline
from lomsong.sources.demo.terrain import METRIC_CRS, MIDDLE_M, Ground

VILLAGES = 60
#: Of these so many lie in high basins and the heads of side valleys.
HIGH_VILLAGES = 20
#: Distance between village centres, between any two settlements, and of hamlets from their centre. [m]
VILLAGE_GAP_M, SETTLEMENT_GAP_M, HAMLET_M = 1500.0, 650.0, (850.0, 2300.0)
#: Chance of none, one, two or three hamlets.
HAMLET_CHANCES = (0.46, 0.36, 0.14, 0.04)
#: Spots on the fields and roads of each village, and how far from its centre at most. [m]
FIELDS, FIELDS_M = 8, 1600.0
#: Population cells a degree: 3 arc seconds, as WorldPop's.
CELLS_A_DEGREE = 1200
#: Settlements keep this far from the outline. [m]
_EDGE_M = 500.0
#: Spread of the houses of one household, along and across the settlement; of n, √n times as wide. [m]
ALONG_M, ACROSS_M = 13.0, 7.5
#: A settlement is placed on the middle of every third cell.
_EVERY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlements:
    """
    The villages and the places where their people are.

    Attributes
    ----------
    villages : DataFrame
        One row a village: codes, names, numbers, middle ``x``, ``y`` [m], ``fixed_line`` (a truth), and
        ``centre_known`` (whether the boundary file gives the centre).
    outlines : list of shapely geometry
        Their boundaries in the metric CRS. [m]
    places : DataFrame
        One row a populated cell of 3 arc seconds: ``village`` (row number), ``cluster`` (0 is the main one),
        ``x``, ``y`` of its houses [m], ``people``, ``households``, ``cell_row``, ``cell_column``.
    points : DataFrame
        Everywhere the truth is asked for: the places (``kind`` home), fields and roads (field, cluster -1) and
        the village centres (centre, cluster -1), the last two without people.
    """

    villages: pd.DataFrame
    outlines: list[shapely.Geometry]
    places: pd.DataFrame
    points: pd.DataFrame


def settle(ground: Ground, rng: np.random.Generator) -> Settlements:
    """Place villages, hamlets and houses on `ground`, and divide the district among them."""
    place_rng, people_rng, outline_rng = rng.spawn(3)
    outline = draw_outline(outline_rng)
    spots = _Spots.on(ground, outline)
    centres = _village_spots(spots, place_rng)
    clusters = _with_hamlets(spots, centres, place_rng)
    villages = _describe(ground, centres, people_rng)
    places = _houses(villages, clusters, people_rng)
    villages = _counted(villages, places, people_rng)
    outlines = divide(outline, clusters[["x", "y"]].to_numpy(), clusters["village"].to_numpy(), outline_rng)
    points = _points(villages, places, _draw_fields(spots, centres, place_rng))
    return Settlements(villages=villages, outlines=outlines, places=places, points=points)


@dataclass(frozen=True, slots=True)
class _Spots:
    """Cells of the district where a settlement could stand."""

    xy: NDArray[np.float64]
    height_m: NDArray[np.float64]
    slope_deg: NDArray[np.float64]
    rise_m: NDArray[np.float64]

    @classmethod
    def on(cls, ground: Ground, outline: shapely.Polygon) -> "_Spots":
        x, y = (axis[::_EVERY, ::_EVERY].ravel() for axis in ground.centres())
        area = outline.buffer(-_EDGE_M)
        shapely.prepare(area)
        inside = shapely.contains_xy(area, x, y)
        height, slope, rise = (
            grid[::_EVERY, ::_EVERY].ravel()[inside].astype(np.float64)
            for grid in (ground.height.values, ground.slope_deg, ground.rise_m)
        )
        return cls(np.column_stack([x, y])[inside], height, slope, rise)

    def away_from(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the distance of each spot from one point. [m]"""
        away: NDArray[np.float64] = np.hypot(*(self.xy - xy).T)
        return away


def _village_spots(spots: _Spots, rng: np.random.Generator) -> NDArray[np.float64]:
    gentle = np.exp(-((spots.slope_deg / 8.0) ** 2))
    low_height, middle_height = np.quantile(spots.height_m, [0.1, 0.5])
    valley = gentle * np.exp(-np.clip(spots.height_m - low_height, 0.0, None) / 180.0)
    high = np.where(
        spots.height_m > middle_height, gentle * np.exp(-np.clip(spots.rise_m, -80.0, None) / 60.0), 0.0
    )
    free = np.ones(len(spots.xy))
    chosen: list[NDArray[np.float64]] = []
    for weight in [high] * HIGH_VILLAGES + [valley] * (VILLAGES - HIGH_VILLAGES):
        chance = weight * free
        spot = spots.xy[rng.choice(len(chance), p=chance / chance.sum())]
        free[spots.away_from(spot) < VILLAGE_GAP_M] = 0.0
        chosen.append(spot)
    # codes run from north to south, as clerks number villages
    return np.array(sorted(chosen, key=lambda spot: (-spot[1], spot[0])))


def _with_hamlets(spots: _Spots, centres: NDArray[np.float64], rng: np.random.Generator) -> pd.DataFrame:
    nearest, owner = cKDTree(centres).query(spots.xy)
    free = nearest >= SETTLEMENT_GAP_M
    rows = [(number, 0, *centre) for number, centre in enumerate(centres)]
    weight = np.exp(-((spots.slope_deg / 14.0) ** 2) - np.clip(spots.rise_m, -60.0, None) / 150.0)
    for number, centre in enumerate(centres):
        away = spots.away_from(centre)
        reach = (away >= HAMLET_M[0]) & (away <= HAMLET_M[1]) & (owner == number)
        for cluster in range(1, 1 + int(rng.choice(len(HAMLET_CHANCES), p=HAMLET_CHANCES))):
            chance = weight * (reach & free)
            if not chance.any():
                break
            spot = spots.xy[rng.choice(len(chance), p=chance / chance.sum())]
            free &= spots.away_from(spot) >= SETTLEMENT_GAP_M
            rows.append((number, cluster, *spot))
    return pd.DataFrame(rows, columns=["village", "cluster", "x", "y"])


def _draw_fields(spots: _Spots, centres: NDArray[np.float64], rng: np.random.Generator) -> pd.DataFrame:
    """Draw where people work and travel around each village."""
    away, owner = cKDTree(centres).query(spots.xy)
    weight = np.exp(-((spots.slope_deg / 12.0) ** 2) - away / 700.0) * (away < FIELDS_M)
    rows = []
    for number in range(len(centres)):
        mine = np.flatnonzero((owner == number) & (weight > 0))
        chance = weight[mine] / weight[mine].sum()
        picked = rng.choice(mine, size=min(FIELDS, len(mine)), replace=False, p=chance)
        rows += [(number, *spots.xy[spot]) for spot in picked]
    return pd.DataFrame(rows, columns=["village", "x", "y"])


def _describe(ground: Ground, centres: NDArray[np.float64], rng: np.random.Generator) -> pd.DataFrame:
    """Give villages codes, names and what depends on how high and how far they lie."""
    count = len(centres)
    row, column = ground.cells(*centres.T)
    height = ground.height.values[row, column].astype(np.float64)
    turn = rng.uniform(0, 2 * np.pi) + np.arange(len(COMMUNES)) * 2 * np.pi / len(COMMUNES)
    seats = np.column_stack([np.cos(turn), np.sin(turn)]) * 8000.0 + MIDDLE_M
    commune = np.hypot(*(centres[:, None] - seats).transpose(2, 0, 1)).argmin(axis=1)
    order = pd.Series(commune).groupby(commune).cumcount().to_numpy() + 1
    remote = (height - height.mean()) / height.std() + rng.normal(0.0, 0.8, count)
    power = pd.array(remote < np.quantile(remote, 0.85), dtype="boolean")
    # the power utility's list does not mention every village
    known_power = power.copy()
    known_power[rng.random(count) < 0.06] = pd.NA
    poorest = pd.Series(height).groupby(commune).mean().idxmax()
    # there is less field to live on up high
    usual = 92.0 * np.exp(-0.35 * (height - height.mean()) / height.std())
    households = np.clip(np.rint(usual * rng.lognormal(0.0, 0.35, count)), 24, 340)
    seat = np.hypot(*(centres[:, None] - seats).transpose(2, 0, 1)).argmin(axis=0)
    households[seat] = np.rint(households[seat] * 1.3 + 90)
    # the cultural house stands near the middle
    house = centres + rng.normal(0.0, 40.0, centres.shape)
    return pd.DataFrame(
        {
            "village_id": [f"{COMMUNES[c][0]}{n:02d}" for c, n in zip(commune, order, strict=True)],
            "village_name": draw_village_names(rng, count),
            "commune_code": [COMMUNES[c][0] for c in commune],
            "commune_name": [COMMUNES[c][1] for c in commune],
            "district_name": DISTRICT_NAME,
            "province_name": PROVINCE_NAME,
            "x": house[:, 0],
            "y": house[:, 1],
            "households": households.astype(np.int64),
            "grid_power": known_power,
            "fund_eligible": (commune == poorest) | (remote > np.quantile(remote, 0.7)),
            "fixed_line": power.to_numpy(dtype=bool)
            & (rng.random(count) < np.clip(households / 160.0, 0.2, 0.95)),
            "centre_known": rng.random(count) >= 0.07,
        }
    )


def _houses(villages: pd.DataFrame, clusters: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Scatter the households of each cluster and sum them up by cell."""
    shares = np.where(clusters["cluster"] > 0, rng.uniform(0.10, 0.24, len(clusters)), 0.0)
    hamlets = np.rint(shares * villages["households"].to_numpy()[clusters["village"]])
    hamlets = np.where(clusters["cluster"] > 0, np.maximum(hamlets, 6), 0)
    in_hamlets = np.bincount(clusters["village"], weights=hamlets, minlength=len(villages))
    counts = np.where(
        clusters["cluster"] > 0,
        hamlets,
        (villages["households"] - in_hamlets).to_numpy()[clusters["village"]],
    ).astype(np.int64)
    parts = []
    for cluster, count in zip(clusters.to_dict("records"), counts, strict=True):
        along, across = np.sqrt(count) * ALONG_M, np.sqrt(count) * ACROSS_M
        turn = rng.uniform(0, np.pi)
        spread = np.clip(rng.standard_normal((count, 2)), -2.0, 2.0) * (along, across)
        turned = spread @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        parts.append(
            pd.DataFrame(
                {
                    "village": cluster["village"],
                    "cluster": cluster["cluster"],
                    "x": turned[:, 0] + cluster["x"],
                    "y": turned[:, 1] + cluster["y"],
                    "people": 1 + rng.poisson(3.4, count),
                }
            )
        )
    houses = pd.concat(parts, ignore_index=True).astype({"village": np.int64, "cluster": np.int64})
    to_degrees = Transformer.from_crs(METRIC_CRS, "EPSG:4326", always_xy=True)
    longitude, latitude = to_degrees.transform(houses["x"].to_numpy(), houses["y"].to_numpy())
    houses["cell_row"] = np.floor(latitude * CELLS_A_DEGREE).astype(np.int64)
    houses["cell_column"] = np.floor(longitude * CELLS_A_DEGREE).astype(np.int64)
    houses["households"] = 1
    keys = ["village", "cluster", "cell_row", "cell_column"]
    sums = {"x": "mean", "y": "mean", "people": "sum", "households": "sum"}
    return houses.groupby(keys, as_index=False).agg(sums)


def _points(villages: pd.DataFrame, places: pd.DataFrame, fields: pd.DataFrame) -> pd.DataFrame:
    columns = ["kind", "village", "cluster", "x", "y", "people", "households"]
    nobody = {"cluster": -1, "people": 0, "households": 0}
    centres = villages[["x", "y"]].assign(village=np.arange(len(villages)))
    parts = [
        places.assign(kind="home"),
        fields.assign(kind="field", **nobody),
        centres.assign(kind="centre", **nobody),
    ]
    return pd.concat([part[columns] for part in parts], ignore_index=True)


def _counted(villages: pd.DataFrame, places: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Add what the census counts; it was held at another time than the houses were drawn."""
    people = places.groupby("village")["people"].sum().reindex(range(len(villages))).to_numpy()
    return villages.assign(population=np.rint(people * rng.normal(1.0, 0.02, len(villages))).astype(np.int64))
