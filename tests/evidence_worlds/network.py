"""The masts that are on air, the levels they give, and what the records say of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from evidence_worlds.ground import Ground, cell
from evidence_worlds.kinds import Kind
from evidence_worlds.waves import Shadowing, clutter_db, path_losses, pattern_db
from numpy.typing import NDArray

Array = NDArray[np.float64]

SERVICE = ("3g", "4g", "5g")
#: Usable level, and the least that a phone reports. [dBm]
THRESHOLD_DBM = {"2g": -81.0, "3g": -100.0, "4g": -105.0}
SENSITIVITY_DBM = {"2g": -106.0, "3g": -114.0, "4g": -122.0}
#: Frequency [MHz], planned power of the carrier [dBm], and what a phone measures less that power [dB].
CARRIERS = {"2g": (900.0, 50.0, 0.0), "3g": (2100.0, 52.0, -10.0), "4g": (1800.0, 56.0, -10 * np.log10(1200))}
#: Day the files stand for; a mast younger than a year was not there for old samples.
TODAY = pd.Timestamp("2023-06-30")
YOUNG_SHARE = 0.2
TOWERS_HILL, TOWERS_VILLAGE = 25, 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """
    Towers and the sites that operators have on them.

    Attributes
    ----------
    towers : DataFrame
        ``x``, ``y`` [m], ``height_m``.
    sites : DataFrame
        One row an operator's mast that is on air, or a stale record: ``operator``, ``tower``, ``technologies``,
        ``azimuth_deg`` of the first of three sectors, ``power_error_db``, ``fate`` (near, moved, missing, stale),
        ``on_air`` (date).
    """

    kind: Kind
    ground: Ground
    towers: pd.DataFrame
    sites: pd.DataFrame
    shadowing: Shadowing

    def levels(self, places: Array, *, since: pd.Timestamp = TODAY) -> pd.DataFrame:
        """
        Return the strongest level of each operator and technology at each place.

        Parameters
        ----------
        places : ndarray, shape (n, 2)
            In the metric CRS. [m]
        since : Timestamp
            Only masts that were on air by then.

        Returns
        -------
        DataFrame
            ``place``, ``operator``, ``technology``, ``level_dbm``, ``site`` (row of `sites`); none below -160 dBm.
        """
        live = self.sites[(self.sites["fate"] != "stale") & (self.sites["on_air"] <= since)]
        return self.strongest(live, places)

    def strongest(self, sites: pd.DataFrame, places: Array) -> pd.DataFrame:
        used = np.unique(sites["tower"])
        losses = {name: self._losses(used, places, CARRIERS[name][0]) for name in self.kind.technologies}
        towers = self.towers[["x", "y"]].to_numpy()
        parts = []
        for site in sites.itertuples():
            row = np.searchsorted(used, site.tower)
            east, north = (places - towers[site.tower]).T
            bearing = np.degrees(np.arctan2(east, north))
            gain = np.max([pattern_db(bearing - site.azimuth_deg - 120 * k, 65.0) for k in range(3)], axis=0)
            for name in site.technologies:
                _, power, offset = CARRIERS[name]
                level = power + site.power_error_db + offset + gain - losses[name][row]
                parts.append(
                    pd.DataFrame(
                        {
                            "place": np.arange(len(places)),
                            "operator": site.operator,
                            "technology": name,
                            "level_dbm": level,
                            "site": site.Index,
                        }
                    )[level > -160]
                )
        table = pd.concat(parts, ignore_index=True)
        best = table.groupby(["place", "operator", "technology"])["level_dbm"].idxmax()
        return table.loc[best].reset_index(drop=True)

    def _losses(self, used: NDArray[np.int64], places: Array, frequency_mhz: float) -> Array:
        towers = self.towers.iloc[used]
        masts, heights = towers[["x", "y"]].to_numpy(), towers["height_m"].to_numpy()
        loss = path_losses(self.kind, self.ground, masts, heights, places, frequency_mhz)
        loss += clutter_db(self.kind, self.ground, places, frequency_mhz)
        return loss - np.array([self.shadowing.at(tower, places) for tower in used])


def build_network(kind: Kind, ground: Ground, rng: np.random.Generator) -> Network:
    """Let the operators build in turn where it gains them most people, until few enough villages are dark."""
    towers = _draw_towers(ground, rng)
    shadowing = Shadowing(kind, len(towers), rng)
    offers = _draw_offers(kind, len(towers), rng)
    everything = Network(kind=kind, ground=ground, towers=towers, sites=offers, shadowing=shadowing)
    centres = ground.villages[["x", "y"]].to_numpy()
    reached = np.zeros((len(offers), len(centres)), dtype=bool)
    for number in range(len(offers)):
        levels = everything.strongest(offers.iloc[[number]], centres)
        fine = levels["level_dbm"] >= levels["technology"].map(THRESHOLD_DBM)
        reached[number, levels.loc[fine & levels["technology"].isin(SERVICE), "place"]] = True
    built = _grow(kind, offers["operator"].to_numpy(), reached, ground.villages["population"].to_numpy(), rng)
    sites = _draw_fates(kind, offers, built, rng)
    return Network(kind=kind, ground=ground, towers=towers, sites=sites, shadowing=shadowing)


def _draw_towers(ground: Ground, rng: np.random.Generator) -> pd.DataFrame:
    """High ground beside the larger villages, and hills that overlook several."""
    people = ground.villages["population"].to_numpy()
    chosen = rng.choice(len(people), TOWERS_VILLAGE, replace=False, p=people / people.sum())
    spots = []
    for village in ground.villages.iloc[chosen].itertuples():
        tried = rng.uniform(-500, 500, (3, 2)) + np.array([village.x, village.y])
        spots.append(tried[ground.height[cell(*tried.T)].argmax()])
    low, high = ground.villages[["x", "y"]].min(), ground.villages[["x", "y"]].max()
    for _ in range(TOWERS_HILL):
        tried = rng.uniform(low, high, (3, 2))
        spots.append(tried[ground.height[cell(*tried.T)].argmax()])
    xy = np.array(spots)
    height = rng.choice([22.0, 30.0, 36.0, 45.0], len(xy))
    return pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1], "height_m": height})


def _draw_offers(kind: Kind, towers: int, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for operator in range(kind.operators):
        for tower in np.flatnonzero(rng.random(towers) < 0.75):
            carried = [name for name in kind.technologies if rng.random() < 0.75] or [kind.technologies[-1]]
            rows.append(
                {
                    "operator": f"Op{operator + 1}",
                    "tower": int(tower),
                    "technologies": tuple(carried),
                    "azimuth_deg": rng.uniform(0, 120),
                    "power_error_db": rng.normal(0, kind.power_db),
                }
            )
    return pd.DataFrame(rows)


def _grow(
    kind: Kind,
    operator: NDArray[np.object_],
    reached: NDArray[np.bool_],
    people: Array,
    rng: np.random.Generator,
) -> list[int]:
    names = sorted(set(operator))
    covered = {name: np.zeros(reached.shape[1], dtype=bool) for name in names}
    free = np.ones(len(operator), dtype=bool)
    built: list[int] = []
    while free.any():
        if np.any(list(covered.values()), axis=0).mean() >= 1 - kind.dark_share:
            break
        name = names[rng.integers(len(names))]
        gain = np.where(free & (operator == name), (reached & ~covered[name]) @ people + 20.0, 0.0)
        if not gain.any():
            break
        # land, roads and habits decide as much as people do
        best = int(rng.choice(len(gain), p=gain / gain.sum()))
        built.append(best)
        free[best] = False
        covered[name] |= reached[best]
    return built


def _draw_fates(kind: Kind, offers: pd.DataFrame, built: list[int], rng: np.random.Generator) -> pd.DataFrame:
    order = rng.permutation(built)
    missing, moved = round(kind.missing * len(order)), round(kind.moved * len(order))
    others = np.setdiff1d(np.arange(len(offers)), built)
    gone = rng.choice(others, size=min(round(kind.stale * len(order)), len(others)), replace=False)
    sites = offers.loc[[*order, *gone]].reset_index(drop=True)
    fates = ["missing"] * missing + ["moved"] * moved + ["near"] * (len(order) - missing - moved)
    sites["fate"] = fates + ["stale"] * len(gone)
    age = rng.uniform(400, 2500, len(sites))
    young = (rng.random(len(sites)) < YOUNG_SHARE) & (kind.old > 0) & (sites["fate"] != "stale")
    age = np.where(young, rng.uniform(30, 350, len(sites)), age)
    age = np.where(sites["fate"] == "stale", age + 1500, age)
    sites["on_air"] = TODAY - pd.to_timedelta(age.round(), unit="D")
    return sites


def record_masts(network: Network, rng: np.random.Generator) -> pd.DataFrame:
    """Return the raw rows of a mast list, as a reader of an operator's file would; one row a sector."""
    kind, sites = network.kind, network.sites[network.sites["fate"] != "missing"]
    rows = []
    for site in sites.itertuples():
        tower = network.towers.iloc[site.tower]
        turn = rng.uniform(0, 2 * np.pi)
        off = (
            rng.uniform(1000, 2000) * np.array([np.cos(turn), np.sin(turn)]) if site.fate == "moved" else 0.0
        )
        x, y = np.array([tower.x, tower.y]) + off + rng.normal(0, kind.position_m, 2)
        height = max(tower.height_m * (1 + rng.normal(0, kind.height_part)), 8.0)
        for name in site.technologies:
            frequency, power, _ = CARRIERS[name]
            rows += [
                {
                    "sector_id": f"{site.operator}-{site.Index}-{name}-{sector}",
                    "site_id": f"{site.operator}-{site.Index}",
                    "operator": site.operator,
                    "technology": name,
                    "frequency_mhz": frequency,
                    "bandwidth_mhz": {"2g": 0.2, "3g": 5.0, "4g": 20.0}[name],
                    "eirp_dbm": power,
                    "antenna_height_m": height,
                    "azimuth_deg": (site.azimuth_deg + 120 * sector) % 360 if kind.azimuths_known else np.nan,
                    "beamwidth_deg": 65.0 if kind.azimuths_known else np.nan,
                    "on_air": str(site.on_air.date()),
                    "position_sigma_m": kind.position_m if kind.sigmas_known else np.nan,
                    "height_sigma_m": kind.height_part * height if kind.sigmas_known else np.nan,
                    "eirp_sigma_db": kind.power_db if kind.sigmas_known else np.nan,
                    "x": x,
                    "y": y,
                }
                for sector in range(3 if kind.azimuths_known else 1)
            ]
    return pd.DataFrame(rows)


def site_errors(network: Network, records: pd.DataFrame, levels: pd.DataFrame, places: Array) -> Array:
    """
    Return what the wrong records of the serving masts alone do to levels, with the world's own physics.

    Parameters
    ----------
    network : Network
        The truth.
    records : DataFrame
        From `record_masts`.
    levels : DataFrame
        From `Network.levels` at the places.
    places : ndarray, shape (n, 2)
        In the metric CRS. [m]

    Returns
    -------
    ndarray, shape (levels,)
        True level without shadowing less that from the records; NaN for a mast that they do not hold. [dB]
    """
    kind, ground = network.kind, network.ground
    errors = np.full(len(levels), np.nan)
    place, site, name = (levels[column].to_numpy() for column in ("place", "site", "technology"))
    number = records["site_id"].str.split("-").str[1].astype(int)
    for mast, sectors in records.groupby(number.to_numpy()):
        row = sectors.iloc[0]
        at, height = np.array([[row["x"], row["y"]]]), np.array([row["antenna_height_m"]])
        shadow = network.shadowing.at(int(network.sites["tower"].iloc[mast]), places)
        azimuths = sectors["azimuth_deg"].unique()
        bearing = np.degrees(np.arctan2(*(places - at).T))
        if np.isnan(azimuths).any():
            # nobody knows where the sectors point: the mean over all directions
            gain = np.full(len(places), pattern_db(np.arange(-60.0, 61.0), 65.0).mean())
        else:
            gain = np.max([pattern_db(bearing - azimuth, 65.0) for azimuth in azimuths], axis=0)
        for technology in sectors["technology"].unique():
            rows = np.flatnonzero((site == mast) & (name == technology))
            frequency, power, offset = CARRIERS[technology]
            loss = path_losses(kind, ground, at, height, places[place[rows]], frequency)[0]
            loss += clutter_db(kind, ground, places[place[rows]], frequency)
            told = power + offset + gain[place[rows]] - loss
            errors[rows] = levels["level_dbm"].to_numpy()[rows] - shadow[place[rows]] - told
    return errors
