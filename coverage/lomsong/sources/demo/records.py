"""What is on record about the network: crowd-sourced cells, one operator's list, and how both differ from the truth."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import Transformer

from lomsong.sources.demo.names import OPERATORS
from lomsong.sources.demo.network import Network
from lomsong.sources.demo.terrain import METRIC_CRS

#: Share of real masts that no record knows, drawn between these, and of recorded masts that were switched off.
MISSING_SHARE, STALE_SHARE = (0.10, 0.15), 0.08
#: Share of recorded masts in a grossly wrong place, and how wrong on average. [m]
MOVED_SHARE, MOVED_M = 0.07, 1500.0
#: Mean error of the other masts in the crowd-sourced file and in the operator's list, and of cells about their mast. [m]
CROWD_ERROR_M, LIST_ERROR_M, CELL_SCATTER_M = 150.0, 40.0, 35.0
#: Chance that the crowd has met a cell of a recorded mast.
CELL_CHANCE = 0.85
#: The operator that gives its own list; the others are crowd-sourced.
LISTED = 2
#: Prefixes of mast names.
PREFIXES = ("SX", "MN", "VTM")
#: Day the files stand for, in seconds since 1970: 2023-06-30.
TODAY_S = 1_688_083_200
_DAY_S, _YEAR_S = 86_400, 31_557_600
_RADIO = {"2g": "GSM", "3g": "UMTS", "4g": "LTE", "5g": "NR"}
#: Chance that a cell of the operator's list is empty.
_EMPTY = {"BANDWIDTH_MHZ": 0.10, "EIRP_DBM": 0.15, "HEIGHT_M": 0.12, "BEAMWIDTH": 0.10, "ON_AIR": 0.08}


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """
    The mast files.

    Attributes
    ----------
    cells : DataFrame
        Header of OpenCelliD's export, one row a cell.
    listed : DataFrame
        One operator's list, one row a carrier in one direction.
    masts : DataFrame
        The truth about each real mast and each stale record, and how they differ.
    """

    cells: pd.DataFrame
    listed: pd.DataFrame
    masts: pd.DataFrame


def keep_records(network: Network, rng: np.random.Generator) -> Records:
    """Draw what the files say about `network`."""
    fate_rng, cell_rng, list_rng = rng.spawn(3)
    masts = _draw_fates(network.sites, fate_rng)
    sectors = network.sectors.merge(masts, left_on="site", right_index=True)
    sectors = sectors[sectors["record"] != "missing"]
    crowd = sectors[sectors["operator"] != LISTED].reset_index(drop=True)
    cells = _crowd_cells(crowd, cell_rng)
    listed = _operator_list(sectors[sectors["operator"] == LISTED].reset_index(drop=True), list_rng)
    return Records(cells=cells, listed=listed, masts=_mast_truth(masts, network.sectors))


def _draw_fates(sites: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Give each real mast a name, a record and a recorded position; add stale masts."""
    real = rng.permutation(np.flatnonzero(sites["built"]))
    missing = round(len(real) * rng.uniform(*MISSING_SHARE))
    moved = max(2, round(len(real) * MOVED_SHARE))
    fate = {**dict.fromkeys(real, "near"), **dict.fromkeys(real[:missing], "missing")}
    fate |= dict.fromkeys(real[missing : missing + moved], "moved")
    gone = rng.choice(
        np.flatnonzero(~sites["built"]), size=max(2, round(len(real) * STALE_SHARE)), replace=False
    )
    fate |= dict.fromkeys(gone, "stale")
    masts = sites.loc[sorted(fate)].copy()
    masts["record"] = [fate[number] for number in masts.index]
    order = masts.groupby("operator").cumcount() + 1
    masts["site_id"] = [f"{PREFIXES[o]}-{n:03d}" for o, n in zip(masts["operator"], order, strict=True)]
    usual = np.where(masts["operator"] == LISTED, LIST_ERROR_M, CROWD_ERROR_M)
    mean = np.where(masts["record"] == "moved", MOVED_M, usual)
    # two equal errors north and east: their length has the stated mean, or for moved masts at least two thirds of it
    length = rng.rayleigh(mean / np.sqrt(np.pi / 2))
    length = np.where(masts["record"] == "moved", np.clip(length, MOVED_M * 0.67, MOVED_M * 1.6), length)
    turn = rng.uniform(0, 2 * np.pi, len(masts))
    masts["recorded_x"] = masts["x"] + length * np.sin(turn)
    masts["recorded_y"] = masts["y"] + length * np.cos(turn)
    age = rng.uniform(0.5, 7.0, len(masts))
    masts["since_s"] = np.where(
        masts["record"] == "stale", TODAY_S - (7.5 + age / 3) * _YEAR_S, TODAY_S - age * _YEAR_S
    )
    return masts


def _crowd_cells(sectors: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    met = rng.random(len(sectors)) < CELL_CHANCE
    met |= ~sectors["site"].duplicated().to_numpy()
    cells = sectors[met].reset_index(drop=True)
    count = len(cells)
    scatter = rng.normal(0.0, CELL_SCATTER_M, (2, count))
    longitude, latitude = _degrees(cells["recorded_x"] + scatter[0], cells["recorded_y"] + scatter[1])
    net = cells["operator"] + 1
    beam = cells.groupby(["site", "technology"]).cumcount() + 1
    created = cells["since_s"] + rng.uniform(0, 0.4, count) * _YEAR_S
    stale = cells["record"] == "stale"
    # a switched-off mast was last heard within a year of its first record
    last = np.where(stale, created + _YEAR_S, TODAY_S)
    updated = created + rng.beta(2.0, 1.0, count) * np.maximum(last - created, 0)
    wide = rng.random(count) < 0.18
    seldom = rng.random(count) < 0.5
    return pd.DataFrame(
        {
            "radio": cells["technology"].map(_RADIO),
            "mcc": 1,
            "net": net,
            "area": 4100 + 10 * net + (cells["tower"] % 3),
            "cell": _cell_numbers(cells, beam),
            "unit": np.where(cells["technology"].isin(["4g", "5g"]), rng.integers(0, 504, count), 0),
            "lon": longitude,
            "lat": latitude,
            "range": np.where(wide, np.rint(rng.lognormal(np.log(2200), 0.7, count)), 1000).astype(np.int64),
            "samples": np.where(seldom, 1, 1 + rng.geometric(0.12, count)),
            "changeable": 1,
            "created": created.astype(np.int64),
            "updated": updated.astype(np.int64),
            "averageSignal": 0,
        }
    )


def _cell_numbers(cells: pd.DataFrame, beam: pd.Series) -> NDArray[np.int64]:
    """Number cells as the standards do: 16 bits in 2G, 12 + 16 in 3G, 20 + 8 in 4G, 24 + 12 in 5G."""
    station = 100 + cells["site"] + 1000 * cells["operator"]
    numbers = {
        "2g": station * 10 + beam,
        "3g": (40 + cells["operator"]) * 65536 + station * 10 + beam,
        "4g": (200_000 + station) * 256 + beam,
        "5g": (700_000 + station) * 4096 + beam,
    }
    technology = cells["technology"].to_numpy()
    table = pd.DataFrame(numbers).to_numpy(dtype=np.int64)
    column = np.array([list(numbers).index(name) for name in technology])
    picked: NDArray[np.int64] = table[np.arange(len(cells)), column]
    return picked


def _operator_list(sectors: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    longitude, latitude = _degrees(sectors["recorded_x"], sectors["recorded_y"])
    beam = sectors.groupby(["site", "technology"]).cumcount() + 1
    generation = sectors["technology"].str.upper()
    on_air = pd.to_datetime((sectors["since_s"] // _DAY_S).astype(np.int64), unit="D").dt.strftime("%Y-%m-%d")
    table = pd.DataFrame(
        {
            "SITE": sectors["site_id"],
            "SECTOR": [f"{s}-{g}-{b}" for s, g, b in zip(sectors["site_id"], generation, beam, strict=True)],
            "LAT": latitude,
            "LON": longitude,
            "TECHNOLOGY": generation,
            "FREQUENCY_MHZ": sectors["frequency_mhz"].astype(np.int64),
            "BANDWIDTH_MHZ": sectors["bandwidth_mhz"],
            "EIRP_DBM": sectors["planned_dbm"],
            "HEIGHT_M": sectors["height_m"],
            "AZIMUTH": sectors["azimuth_deg"].astype(np.int64),
            "BEAMWIDTH": sectors["beamwidth_deg"],
            "ON_AIR": on_air,
        }
    )
    for column, chance in _EMPTY.items():
        table[column] = table[column].mask(rng.random(len(table)) < chance)
    return table


def _mast_truth(masts: pd.DataFrame, sectors: pd.DataFrame) -> pd.DataFrame:
    mine = sectors[sectors["site"].isin(masts.index)]
    real = masts["record"] != "stale"
    known = masts["record"] != "missing"
    longitude, latitude = _degrees(masts["x"], masts["y"])
    recorded_longitude, recorded_latitude = _degrees(masts["recorded_x"], masts["recorded_y"])
    offset = np.hypot(masts["recorded_x"] - masts["x"], masts["recorded_y"] - masts["y"])
    frame = pd.DataFrame(
        {
            "site_id": masts["site_id"],
            "operator": [OPERATORS[number][1] for number in masts["operator"]],
            "on_air": real,
            "record": masts["record"],
            "lon": longitude,
            "lat": latitude,
            "recorded_lon": pd.Series(recorded_longitude, index=masts.index).where(known),
            "recorded_lat": pd.Series(recorded_latitude, index=masts.index).where(known),
            "offset_m": pd.Series(offset, index=masts.index).where(known & real),
            "antenna_height_m": masts["height_m"],
            "azimuths_deg": _joined(mine, "azimuth_deg"),
            "beamwidth_deg": mine.groupby("site")["beamwidth_deg"].first(),
            "tilt_deg": mine.groupby("site")["tilt_deg"].first(),
            "technologies": mine.groupby("site")["technology"].agg(
                lambda names: ";".join(sorted(set(names)))
            ),
        }
    )
    for technology in _RADIO:
        rows = mine[mine["technology"] == technology]
        for name, column in (("planned", "planned_dbm"), ("real", "eirp_dbm")):
            frame[f"{name}_{technology}_dbm"] = rows.groupby("site")[column].mean()
    return frame


def _joined(sectors: pd.DataFrame, column: str) -> pd.Series:
    return sectors.groupby("site")[column].agg(
        lambda values: ";".join(f"{value:.0f}" for value in sorted(set(values)))
    )


def _degrees(x: pd.Series, y: pd.Series) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    longitude, latitude = Transformer.from_crs(METRIC_CRS, "EPSG:4326", always_xy=True).transform(
        x.to_numpy(), y.to_numpy()
    )
    return np.asarray(longitude), np.asarray(latitude)
