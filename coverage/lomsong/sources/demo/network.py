"""The real network: towers, the sectors on them, and three operators that build where it pays."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.sources.demo.levels import (
    THRESHOLD_DBM,
    clutter_db,
    draw_shadowing,
    reference_offset_db,
    sector_gain_db,
    trace,
)
from lomsong.sources.demo.names import OPERATORS
from lomsong.sources.demo.settlements import Settlements
from lomsong.sources.demo.terrain import Ground

Array = NDArray[np.float64]

#: Technologies that count as service.
SERVICE = ("3g", "4g", "5g")
#: Share of the villages that are left without service when building stops, drawn between these.
DARK_SHARE = (0.18, 0.26)
#: How often each operator is the one to build, and how many sites each builds at least while they gain it people.
TURNS, FEWEST_SITES = (0.42, 0.31, 0.27), (18, 13, 11)
#: Chance that an operator's site carries each technology; 5G only where many people are.
CHANCES = (
    {"2g": 1.0, "3g": 0.35, "4g": 0.85},
    {"2g": 1.0, "3g": 0.50, "4g": 0.65},
    {"2g": 0.7, "3g": 0.0, "4g": 0.95},
)
MANY_PEOPLE, CHANCE_5G = 1500, 0.55
#: Frequency in MHz, bandwidth in MHz and planned power of a carrier in dBm.
CARRIERS = {
    "2g": (900.0, 0.2, 56.0),
    "3g": (2100.0, 5.0, 58.0),
    "4g": (1800.0, 20.0, 61.0),
    "5g": (3500.0, 100.0, 70.0),
}
#: Some 4G carriers are half as wide.
NARROW_4G, NARROW_CHANCE = (10.0, 58.0), 0.3
#: Spread of the power really radiated about the planned one. [dB]
POWER_ERROR_DB = 3.0
#: Towers that could be built on heights between villages.
HILL_TOWERS = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """
    What is on air.

    Attributes
    ----------
    sites : DataFrame
        One row a mast of one operator, numbered by its index: ``operator`` (row of `OPERATORS`), ``tower``, ``x``, ``y`` and
        ``height_m`` [m], ``built`` (False: a place where the operator could build but did not).
    sectors : DataFrame
        One row a carrier in one direction: ``site`` (row of `sites`), ``technology``, ``frequency_mhz``,
        ``bandwidth_mhz``, ``planned_dbm``, ``eirp_dbm``, ``azimuth_deg``, ``beamwidth_deg``, ``tilt_deg``.
    levels : dict of str to ndarray, shape (operators, points)
        Strongest level of each technology at each point of the settlements; minus infinity where there is none. [dBm]
    """

    sites: pd.DataFrame
    sectors: pd.DataFrame
    levels: dict[str, Array]


def build_network(ground: Ground, people: Settlements, rng: np.random.Generator) -> Network:
    """Let the operators build until only the stated share of villages is without service."""
    tower_rng, shape_rng, shadow_rng, grow_rng = rng.spawn(4)
    towers = _draw_towers(ground, people, tower_rng)
    sites, sectors = _draw_offers(towers, people, shape_rng)
    points = people.points[["x", "y"]].to_numpy()
    centre = people.points["kind"].to_numpy() == "centre"
    shadowing = draw_shadowing(points, len(towers), shadow_rng)
    tower = sites["tower"].to_numpy()[sectors["site"]]
    at_centres = _sector_levels(ground, towers, tower, sectors, points[centre], shadowing[:, centre])
    built = _grow(sites, sectors, at_centres, people.villages["population"].to_numpy(), grow_rng)
    sites = sites.assign(built=np.isin(np.arange(len(sites)), built))
    on_air = sites["built"].to_numpy()[sectors["site"]]
    used, row = np.unique(tower[on_air], return_inverse=True)
    levels = _sector_levels(ground, towers.iloc[used], row, sectors[on_air], points, shadowing[used])
    return Network(sites=sites, sectors=sectors, levels=_strongest(sites, sectors[on_air], levels))


def _draw_towers(ground: Ground, people: Settlements, rng: np.random.Generator) -> pd.DataFrame:
    """Find high ground beside each village, and hilltops between villages."""
    x, y = (axis[::2, ::2].ravel() for axis in ground.centres())
    height, rise = ground.height.values[::2, ::2].ravel(), ground.rise_m[::2, ::2].ravel()
    centres = people.villages[["x", "y"]].to_numpy()
    spots = []
    nearest = np.full(len(x), np.inf)
    for centre in centres:
        away = np.hypot(x - centre[0], y - centre[1])
        nearest = np.minimum(nearest, away)
        ring = np.flatnonzero((away > 150) & (away < 600))
        tried = rng.choice(ring, size=min(5, len(ring)), replace=False)
        spots.append(tried[height[tried].argmax()])
    # a road reaches these hills: not the highest ones, and not far from people
    weight = np.exp(np.clip(rise, -100, 160) / 50.0) * ((nearest > 600) & (nearest < 2200))
    spots += rng.choice(len(x), size=HILL_TOWERS, replace=False, p=weight / weight.sum()).tolist()
    return pd.DataFrame(
        {
            "x": x[spots],
            "y": y[spots],
            "height_m": rng.choice([24.0, 30.0, 36.0, 42.0], len(spots), p=(0.3, 0.4, 0.2, 0.1)),
        }
    )


def _draw_offers(
    towers: pd.DataFrame, people: Settlements, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw what each operator would put on each tower."""
    offered = rng.random((len(OPERATORS), len(towers))) < 0.7
    operator, tower = np.nonzero(offered)
    sites = pd.DataFrame({"operator": operator, "tower": tower})
    sites[["x", "y", "height_m"]] = towers.to_numpy()[tower]
    # each operator hangs its antennas at another height of the same tower
    sites["height_m"] -= sites["operator"] * 2.0
    centres, population = people.villages[["x", "y"]].to_numpy(), people.villages["population"].to_numpy()
    rows = []
    for number, site in enumerate(sites.to_dict("records")):
        away = centres - (site["x"], site["y"])
        distance = np.hypot(*away.T)
        bearings = np.degrees(np.arctan2(*away.T)) % 360
        weight = population / np.maximum(distance, 400.0)
        rows += _draw_sectors(number, CHANCES[site["operator"]], distance, bearings, weight, population, rng)
    return sites, pd.DataFrame(rows)


def _draw_sectors(
    site: int,
    chances: dict[str, float],
    distance_m: Array,
    bearing_deg: Array,
    weight: Array,
    population: NDArray[np.int64],
    rng: np.random.Generator,
) -> list[dict[str, object]]:
    technologies = [name for name, chance in chances.items() if rng.random() < chance] or ["4g"]
    if (
        population[distance_m < 3000].sum() > MANY_PEOPLE
        and "4g" in technologies
        and rng.random() < CHANCE_5G
    ):
        technologies.append("5g")
    # the first sector looks where most people are
    first = bearing_deg[weight.argmax()] + rng.normal(0, 12)
    count = rng.choice([3, 2, 1], p=(0.7, 0.2, 0.1))
    azimuths = np.rint((first + {3: 120, 2: 160, 1: 0}[int(count)] * np.arange(count)) % 360 / 10) * 10 % 360
    beamwidth, tilt = rng.choice([65.0, 90.0], p=(0.8, 0.2)), rng.choice([2.0, 4.0, 6.0])
    # a site's own feeders, connectors and neglect, and a little more on each carrier
    error = rng.normal(0, POWER_ERROR_DB * 0.9)
    rows = []
    for technology in technologies:
        frequency, bandwidth, planned = CARRIERS[technology]
        if technology == "4g" and rng.random() < NARROW_CHANCE:
            bandwidth, planned = NARROW_4G
        planned += rng.choice([-2.0, 0.0, 1.0])
        carrier = {
            "site": site,
            "technology": technology,
            "frequency_mhz": frequency,
            "bandwidth_mhz": bandwidth,
            "planned_dbm": planned,
            "beamwidth_deg": beamwidth,
            "tilt_deg": tilt,
        }
        own = planned + error + rng.normal(0, POWER_ERROR_DB * 0.44, len(azimuths))
        rows += [
            {**carrier, "azimuth_deg": azimuth, "eirp_dbm": round(float(power), 1)}
            for azimuth, power in zip(azimuths, own, strict=True)
        ]
    return rows


def _sector_levels(
    ground: Ground,
    towers: pd.DataFrame,
    tower: NDArray[np.int64],
    sectors: pd.DataFrame,
    places: Array,
    shadowing: Array,
) -> Array:
    """Return the level of each sector at each place, shape (sectors, places). [dBm]"""
    paths = trace(ground, towers[["x", "y"]].to_numpy(), towers["height_m"].to_numpy(), places)
    losses = {
        frequency: paths.loss_db(frequency) + clutter_db(ground, places, frequency) + shadowing
        for frequency in sorted(set(sectors["frequency_mhz"]))
    }
    levels = np.empty((len(sectors), len(places)))
    for row, (at, sector) in enumerate(zip(tower, sectors.to_dict("records"), strict=True)):
        beside = paths.bearing_deg[at] - sector["azimuth_deg"]
        gain = sector_gain_db(beside, paths.elevation_deg[at], sector["beamwidth_deg"], sector["tilt_deg"])
        measured = reference_offset_db(sector["technology"], sector["bandwidth_mhz"])
        levels[row] = sector["eirp_dbm"] + gain + measured - losses[sector["frequency_mhz"]][at]
    return levels


def _grow(
    sites: pd.DataFrame,
    sectors: pd.DataFrame,
    levels: Array,
    population: NDArray[np.int64],
    rng: np.random.Generator,
) -> list[int]:
    """Choose the sites that are built: each operator in turn takes the one that gains it most people."""
    thresholds = sectors["technology"].map(THRESHOLD_DBM).to_numpy()
    serves = (levels >= thresholds[:, None]) & sectors["technology"].isin(SERVICE).to_numpy()[:, None]
    reached = np.zeros((len(sites), len(population)), dtype=bool)
    np.logical_or.at(reached, sectors["site"].to_numpy(), serves)
    operator = sites["operator"].to_numpy()
    covered = np.zeros((len(OPERATORS), len(population)), dtype=bool)
    wanted = round(len(population) * (1 - rng.uniform(*DARK_SHARE)))
    built: list[int] = []
    free = np.ones(len(sites), dtype=bool)
    while free.any():
        counts = np.bincount(operator[built], minlength=len(OPERATORS))
        done = covered.any(axis=0).sum() >= wanted
        if done and (counts >= FEWEST_SITES).all():
            break
        turn = int(rng.choice(len(OPERATORS), p=TURNS))
        # the last site must not serve far more villages than are wanted
        spare = wanted + 1 - (reached | covered.any(axis=0)).sum(axis=1)
        gain = np.where(free & (operator == turn) & (spare >= 0), (reached & ~covered[turn]) @ population, 0)
        # fashions, land owners and roads decide between equals
        best = int((gain * rng.uniform(0.7, 1.3, len(gain))).argmax())
        if gain[best] == 0 or (done and counts[turn] >= FEWEST_SITES[turn]):
            free &= operator != turn
            continue
        built.append(best)
        free[best] = False
        covered[turn] |= reached[best]
    return built


def _strongest(sites: pd.DataFrame, sectors: pd.DataFrame, levels: Array) -> dict[str, Array]:
    operator = sites["operator"].to_numpy()[sectors["site"]]
    technology = sectors["technology"].to_numpy()
    best = {name: np.full((len(OPERATORS), levels.shape[1]), -np.inf) for name in THRESHOLD_DBM}
    for row, level in enumerate(levels):
        mine = best[technology[row]]
        mine[operator[row]] = np.maximum(mine[operator[row]], level)
    return best
