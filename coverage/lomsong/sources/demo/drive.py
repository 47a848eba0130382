"""Samples of signal: a drive through some villages with one phone of each operator."""

import numpy as np
import pandas as pd
from pyproj import Transformer

from lomsong.sources.demo.names import OPERATORS
from lomsong.sources.demo.network import Network
from lomsong.sources.demo.settlements import Settlements
from lomsong.sources.demo.terrain import METRIC_CRS

#: Share of the villages that the drive reaches; those with many people come first, roads being better there.
VISITED_SHARE = 0.4
#: The weakest level that the phones report. [dBm]
SENSITIVITY_DBM = {"2g": -104.0, "3g": -112.0, "4g": -120.0, "5g": -118.0}
#: Spread of one reading about the level. [dB]
READING_DB = 2.5
DAY = "2023-06-20"


def drive(people: Settlements, network: Network, rng: np.random.Generator) -> pd.DataFrame:
    """
    Draw what the phones report: each the newest technology that it hears, nothing where it hears none.

    Returns
    -------
    DataFrame
        ``time, operator, technology, level_dbm, longitude_deg, latitude_deg``.
    """
    population = people.villages["population"].to_numpy()
    order = np.argsort(-population * rng.lognormal(0.0, 0.7, len(population)))
    visited = order[: round(VISITED_SHARE * len(population))]
    # homes, fields and roads: nobody stops at the cultural house
    there = people.points["village"].isin(visited) & (people.points["kind"] != "centre")
    rows = np.flatnonzero(there)
    to_degrees = Transformer.from_crs(METRIC_CRS, "EPSG:4326", always_xy=True)
    at = people.points.iloc[rows]
    longitude, latitude = to_degrees.transform(at["x"].to_numpy(), at["y"].to_numpy())
    tables: list[pd.DataFrame] = []
    for number, (_, operator) in enumerate(OPERATORS):
        technology = np.full(len(rows), "", dtype=object)
        level = np.full(len(rows), np.nan)
        for name, weakest in SENSITIVITY_DBM.items():
            reading = network.levels[name][number, rows] + rng.normal(0.0, READING_DB, len(rows))
            heard = reading >= weakest
            technology[heard], level[heard] = name.upper(), reading[heard]
        table = pd.DataFrame(
            {"time": DAY, "operator": operator, "technology": technology, "level_dbm": level}
        )
        table["longitude_deg"], table["latitude_deg"] = longitude, latitude
        tables.append(table[technology != ""])
    every: pd.DataFrame = pd.concat(tables, ignore_index=True)
    return every
