"""The whole district, drawn from one seed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.sources.demo.drive import drive
from lomsong.sources.demo.network import Network, build_network
from lomsong.sources.demo.records import Records, keep_records
from lomsong.sources.demo.settlements import CELLS_A_DEGREE, Settlements, settle
from lomsong.sources.demo.speedtests import draw_fixed_tests, draw_mobile_tests
from lomsong.sources.demo.terrain import Ground, make_ground
from lomsong.sources.demo.truth import judge_points, judge_villages

#: Missing value of the population raster, as WorldPop's.
NO_PEOPLE = -99_999.0
#: Error of the population raster, as deviation of the logarithm: of a whole village, and of one cell.
VILLAGE_ERROR, CELL_ERROR = 0.10, 0.35
#: Cells around the outermost people.
_MARGIN_CELLS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """
    People per cell of 3 arc seconds in WGS 84.

    Attributes
    ----------
    people : ndarray of float32, shape (rows, columns)
        `NO_PEOPLE` where nobody lives. [persons]
    west_deg, north_deg : float
        Upper left corner.
    """

    people: NDArray[np.float32]
    west_deg: float
    north_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """Ground, people, the real network, what is on record of them, and the answers."""

    seed: int
    ground: Ground
    people: Settlements
    population: Population
    network: Network
    records: Records
    mobile_tests: pd.DataFrame
    fixed_tests: pd.DataFrame
    samples: pd.DataFrame
    point_truth: pd.DataFrame
    village_truth: pd.DataFrame


def make_district(seed: int) -> District:
    """Draw a district; the same seed gives the same one."""
    ground_rng, people_rng, raster_rng, network_rng, record_rng, mobile_rng, fixed_rng, drive_rng = (
        np.random.default_rng(seed).spawn(8)
    )
    ground = make_ground(ground_rng)
    people = settle(ground, people_rng)
    network = build_network(ground, people, network_rng)
    point_truth = judge_points(people, network)
    return District(
        seed=seed,
        ground=ground,
        people=people,
        population=_estimate_population(people.places, raster_rng),
        network=network,
        records=keep_records(network, record_rng),
        mobile_tests=draw_mobile_tests(people, network, mobile_rng),
        fixed_tests=draw_fixed_tests(people, fixed_rng),
        samples=drive(people, network, drive_rng),
        point_truth=point_truth,
        village_truth=judge_villages(people, point_truth),
    )


def _estimate_population(places: pd.DataFrame, rng: np.random.Generator) -> Population:
    """Spread people over cells as a gridded estimate does: near the truth in sum, rough in each cell."""
    village = rng.lognormal(0.0, VILLAGE_ERROR, int(places["village"].max()) + 1)[places["village"]]
    cell = rng.lognormal(-(CELL_ERROR**2) / 2, CELL_ERROR, len(places))
    row, column = places["cell_row"].to_numpy(), places["cell_column"].to_numpy()
    top, left = row.max() + _MARGIN_CELLS, column.min() - _MARGIN_CELLS
    shape = (top - row.min() + _MARGIN_CELLS + 1, column.max() - left + _MARGIN_CELLS + 1)
    people = np.zeros(shape)
    # two settlements may share a cell
    np.add.at(people, (top - row, column - left), places["people"].to_numpy() * village * cell)
    return Population(
        people=np.where(people > 0, people, NO_PEOPLE).astype(np.float32),
        west_deg=left / CELLS_A_DEGREE,
        north_deg=(top + 1) / CELLS_A_DEGREE,
    )
