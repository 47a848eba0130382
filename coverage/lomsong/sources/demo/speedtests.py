"""Speed-test tiles in the layout of Ookla's open data: mobile ones only where the truth has signal."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import Transformer

from lomsong.sources.demo.levels import THRESHOLD_DBM
from lomsong.sources.demo.names import OPERATORS
from lomsong.sources.demo.network import SERVICE, Network
from lomsong.sources.demo.settlements import Settlements
from lomsong.sources.demo.terrain import METRIC_CRS

#: Zoom of the published tiles, about 500 m here.
ZOOM = 16
#: Mean number of tests a quarter: mobile per person, fixed per household.
MOBILE_RATE, FIXED_RATE = 0.03, 0.08
#: Part of the tests that people make on fields and roads.
FIELD_PART = 0.35
#: Median download, upload as a part of it, latency: what people get where the level is ample. [Mbit/s, ms]
SPEED = {"3g": (2.6, 0.30, 105.0), "4g": (21.0, 0.35, 44.0), "5g": (120.0, 0.18, 27.0)}
FIXED_SPEED = (48.0, 0.75, 11.0)
#: Spread of the logarithm of speed between villages (how many share a cell) and between tests.
BETWEEN_VILLAGES, BETWEEN_TESTS = 0.7, 0.6
#: Margin above the threshold from which a stronger level brings no more speed. [dB]
AMPLE_DB = 18.0


def draw_mobile_tests(people: Settlements, network: Network, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the tests that phones made where they had 3G, 4G or 5G, and sum them up by tile."""
    points = people.points
    margins = {name: network.levels[name] - THRESHOLD_DBM[name] for name in SERVICE}
    keen = rng.gamma(2.0, 0.5, len(people.villages))
    share = rng.lognormal(0.0, BETWEEN_VILLAGES, (len(OPERATORS), len(people.villages)))
    expected = _people_testing(people) * MOBILE_RATE * keen[points["village"]]
    rows = []
    for number, village, tests in zip(points.index, points["village"], rng.poisson(expected), strict=True):
        served = [
            (operator, name)
            for operator in range(len(OPERATORS))
            for name in _best(margins, operator, number)
        ]
        for _ in range(int(tests) if served else 0):
            operator, technology = served[rng.integers(len(served))]
            ample = np.clip((margins[technology][operator, number] + 2.0) / AMPLE_DB, 0.05, 1.0)
            rows.append((number, *_result(SPEED[technology], ample * share[operator, village], rng)))
    return _tiles(points, rows)


def _people_testing(people: Settlements) -> NDArray[np.float64]:
    """Return how many people test at each point: at home, and shared among the fields of their village."""
    points = people.points
    field = points["kind"] == "field"
    residents = points.groupby("village")["people"].transform("sum")
    fields = field.groupby(points["village"]).transform("sum")
    return np.where(field, residents * FIELD_PART / fields, points["people"] * (1 - FIELD_PART))


def draw_fixed_tests(people: Settlements, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the tests made over fixed lines, in the main cluster of villages that have them, signal or not."""
    share = rng.lognormal(0.0, BETWEEN_VILLAGES, len(people.villages))
    points = people.points
    wired = people.villages["fixed_line"].to_numpy()[points["village"]] & (points["cluster"] == 0)
    tests = rng.poisson(FIXED_RATE * points["households"] * wired)
    village = points["village"].to_numpy()
    rows = [
        (number, *_result(FIXED_SPEED, share[village[number]], rng))
        for number in np.repeat(points.index, tests)
    ]
    return _tiles(points, rows)


def _best(margins: dict[str, NDArray[np.float64]], operator: int, place: int) -> list[str]:
    """Return the newest technology of an operator that reaches a place, if any."""
    return [name for name in reversed(SERVICE) if margins[name][operator, place] >= 0][:1]


def _result(
    kind: tuple[float, float, float], factor: float, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Draw download and upload in kbit/s, and latency in ms, of one test."""
    median_mbps, upload_part, latency_ms = kind
    luck = rng.normal(0.0, (BETWEEN_TESTS, 0.3, 0.3))
    download = median_mbps * 1e3 * factor * np.exp(luck[0])
    return (
        download,
        download * upload_part * np.exp(luck[1]),
        latency_ms * np.exp(luck[2]) / np.sqrt(min(factor, 1.0)),
    )


def _tiles(points: pd.DataFrame, rows: list[tuple[int, float, float, float]]) -> pd.DataFrame:
    tests = pd.DataFrame(rows, columns=["point", "avg_d_kbps", "avg_u_kbps", "avg_lat_ms"])
    at = points.iloc[tests["point"]]
    to_degrees = Transformer.from_crs(METRIC_CRS, "EPSG:4326", always_xy=True)
    column, line = tile_numbers(*to_degrees.transform(at["x"].to_numpy(), at["y"].to_numpy()))
    tests["quadkey"] = [name_tile(c, r) for c, r in zip(column, line, strict=True)]
    tests["column"], tests["line"] = column, line
    grouped = tests.groupby("quadkey", sort=True)
    table = grouped[["avg_d_kbps", "avg_u_kbps", "avg_lat_ms"]].mean().round().astype(np.int64)
    table["tests"] = grouped.size()
    # people in one place often test twice with the same phone
    table["devices"] = np.ceil(table["tests"] * 0.6).astype(np.int64)
    first = grouped[["column", "line"]].first()
    table.insert(0, "tile", [_outline(c, r) for c, r in zip(first["column"], first["line"], strict=True)])
    return table.reset_index()


def tile_numbers(
    longitude_deg: NDArray[np.float64], latitude_deg: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return column and line of the map tiles of `ZOOM` that hold points in WGS 84."""
    count = 1 << ZOOM
    column = np.floor((np.asarray(longitude_deg) + 180) / 360 * count)
    line = np.floor((1 - np.arcsinh(np.tan(np.radians(latitude_deg))) / np.pi) / 2 * count)
    return column.astype(np.int64), line.astype(np.int64)


def name_tile(column: int, line: int) -> str:
    """
    Return the quadkey of a tile of `ZOOM`.

    References
    ----------
    .. [1] Microsoft, "Bing Maps Tile System".

    Examples
    --------
    >>> name_tile(59844, 39597)
    '3112302131202302'
    """
    return "".join(str((column >> bit & 1) + 2 * (line >> bit & 1)) for bit in range(ZOOM - 1, -1, -1))


def _outline(column: int, line: int) -> str:
    west, east = (edge / (1 << ZOOM) * 360 - 180 for edge in (column, column + 1))
    north, south = (
        np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * edge / (1 << ZOOM))))) for edge in (line, line + 1)
    )
    corners = [(west, north), (east, north), (east, south), (west, south), (west, north)]
    return f"POLYGON(({', '.join(f'{x:.13g} {y:.13g}' for x, y in corners)}))"
