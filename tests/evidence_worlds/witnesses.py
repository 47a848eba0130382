"""Who measured what: drive tests on some roads, speed tests where people have signal, reports, field checks."""

from itertools import chain

import numpy as np
import pandas as pd
from evidence_worlds.ground import Ground
from evidence_worlds.network import SENSITIVITY_DBM, SERVICE, THRESHOLD_DBM, TODAY, Network
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Array = NDArray[np.float64]

#: A road place this near to a centre visits its village; side of a speed-test tile. [m]
VISIT_M, TILE_M = 700.0, 610.0
LEVEL_KIND = {"2g": "rxlev", "3g": "rscp", "4g": "rsrp"}
#: Samples taken in one place.
REPEATS = 2
#: Old samples were taken this long ago, young ones within the last year. [days]
OLD_DAYS = (500, 1200)


def drive(network: Network, share: float, rng: np.random.Generator) -> pd.DataFrame:
    """
    Drive along roads until so large a share of villages was passed; roads with many people come first.

    A phone of every operator reports its newest technology that is above the sensitivity, and nothing where none is. For
    the judge alone: the ``site`` that served, and the level before the phone's error (``true_dbm``).
    """
    kind, ground = network.kind, network.ground
    if share <= 0:
        return pd.DataFrame()
    places = ground.roads[["x", "y"]].to_numpy()
    driven = _choose_legs(ground, share, rng)
    rows = np.flatnonzero(ground.roads["leg"].isin(driven))
    old = np.isin(ground.roads["leg"].to_numpy()[rows], [leg for leg in driven if rng.random() < kind.old])
    parts = []
    for mine, days in ((rows[~old], (5, 360)), (rows[old], OLD_DAYS)):
        if not len(mine):
            continue
        since = TODAY - pd.Timedelta(days=OLD_DAYS[0] - 100) if days is OLD_DAYS else TODAY
        levels = network.levels(places[mine], since=since)
        levels = pd.concat([levels.assign(true_dbm=levels["level_dbm"])] * REPEATS, ignore_index=True)
        levels["level_dbm"] += rng.normal(0, kind.device_db, len(levels))
        levels = levels[levels["level_dbm"] >= levels["technology"].map(SENSITIVITY_DBM)]
        levels["copy"] = levels.groupby(["place", "operator", "technology"]).cumcount()
        newest = levels.sort_values("technology").groupby(["place", "operator", "copy"]).tail(1)
        at = places[mine][newest["place"]]
        age = rng.uniform(*days, len(newest)).round()
        parts.append(
            pd.DataFrame(
                {
                    "kind": "signal",
                    "operator": newest["operator"].to_numpy(),
                    "technology": newest["technology"].to_numpy(),
                    "level_dbm": newest["level_dbm"].to_numpy().round(1),
                    "level_kind": newest["technology"].map(LEVEL_KIND).to_numpy(),
                    "time": (TODAY - pd.to_timedelta(age, unit="D")).strftime("%Y-%m-%d"),
                    "x": at[:, 0],
                    "y": at[:, 1],
                    "site": newest["site"].to_numpy(),
                    "true_dbm": newest["true_dbm"].to_numpy(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _choose_legs(ground: Ground, share: float, rng: np.random.Generator) -> list[int]:
    people = ground.villages["population"].to_numpy()
    reach = cKDTree(ground.villages[["x", "y"]].to_numpy())
    legs = {leg: part[["x", "y"]].to_numpy() for leg, part in ground.roads.groupby("leg")}
    passed = {
        leg: sorted(set(chain.from_iterable(reach.query_ball_point(xy, VISIT_M)))) for leg, xy in legs.items()
    }
    weight = np.array([people[passed[leg]].sum() + 50.0 for leg in legs]) * rng.lognormal(0, 0.5, len(legs))
    seen: set[int] = set()
    driven: list[int] = []
    for leg in np.array(list(legs))[np.argsort(-weight)]:
        if len(seen) >= share * len(people):
            break
        driven.append(int(leg))
        seen |= set(passed[int(leg)])
    return driven


def draw_tests(network: Network, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the tests that people made at home where some operator serves them, summed up by tile."""
    kind, homes = network.kind, network.ground.homes
    levels = network.levels(homes[["x", "y"]].to_numpy())
    fine = levels["level_dbm"] >= levels["technology"].map(THRESHOLD_DBM)
    served = levels[fine & levels["technology"].isin(SERVICE)].groupby("place")["operator"].nunique()
    part = served.reindex(range(len(homes))).fillna(0).to_numpy() / kind.operators
    keen = rng.gamma(kind.overdispersion, 1 / kind.overdispersion, homes["village"].max() + 1)
    mean = homes["people"] * kind.tests_per_head * keen[homes["village"]] * part
    tests = rng.poisson(mean)
    x, y = ((np.floor(homes[axis] / TILE_M) + 0.5) * TILE_M for axis in ("x", "y"))
    table = pd.DataFrame({"x": x, "y": y, "tests": tests.astype(float)})
    tiles = table[table["tests"] > 0].groupby(["x", "y"], as_index=False)["tests"].sum()
    download = rng.lognormal(np.log(15), 0.7, len(tiles))
    return tiles.assign(kind="speed", download_mbps=download, tile_size_m=TILE_M, time="2023-03-01")


def report_no_service(network: Network, lit: NDArray[np.bool_], rng: np.random.Generator) -> pd.DataFrame:
    kind, villages = network.kind, network.ground.villages
    mean = np.where(lit, kind.false_reports * kind.report_rate, kind.report_rate)
    rows = np.repeat(np.arange(len(villages)), rng.poisson(mean))
    at = villages[["x", "y"]].to_numpy()[rows] + rng.normal(0, 150, (len(rows), 2))
    return pd.DataFrame({"kind": "no_service", "time": "2023-02-01", "x": at[:, 0], "y": at[:, 1]})


def check_fields(network: Network, lit: NDArray[np.bool_], rng: np.random.Generator) -> pd.DataFrame:
    """Visit some villages; one answer in fifty is wrong."""
    villages = network.ground.villages
    rows = np.flatnonzero(rng.random(len(villages)) < network.kind.checks)
    found = lit[rows] ^ (rng.random(len(rows)) < 0.02)
    at = villages[["x", "y"]].to_numpy()[rows]
    table = pd.DataFrame({"kind": "field_check", "time": "2023-05-01", "x": at[:, 0], "y": at[:, 1]})
    return table.assign(has_signal=found)
