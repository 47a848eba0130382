"""Places cut into blocks whose sectors in reach fit into memory, and that lie together where windows of the land count."""

from collections.abc import Iterator
from typing import NamedTuple

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from lomsong.inputs import Inputs
from lomsong.network import Network
from lomsong.propagation.land import Box, bound_paths, is_whole, require_paths
from lomsong.propagation.links import Scene
from lomsong.propagation.pairs import Reach

#: Demand points worked on at a time, and pairs of a point and a sector: so memory does not grow with the network.
CHUNK_POINTS = 2000
CHUNK_PAIRS = 2_000_000
#: Places of one block lie in a square of this side, about the radius of a mast: so the land of a block is bounded. [m]
SPREAD_M = 35_000.0

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]


class Block(NamedTuple):
    """Places as a worker needs them: in the working CRS and in pixels of the terrain, and whether they lie on it."""

    xy: _Floats
    row: _Floats
    column: _Floats
    known: NDArray[np.bool_]

    @classmethod
    def of(cls, places: gpd.GeoDataFrame, network: Network, inputs: Inputs) -> "Block":
        """Lay out places with ``ground_m`` and points in the working CRS."""
        xy = np.column_stack([places.geometry.x, places.geometry.y])
        scene = network.place(xy, inputs)
        return cls(xy, scene.place_row, scene.place_column, places["ground_m"].notna().to_numpy())

    def take(self, rows: _Integers | slice) -> "Block":
        """Return some of the places."""
        return Block(self.xy[rows], self.row[rows], self.column[rows], self.known[rows])

    def reach(self, network: Network) -> tuple[Scene, Reach]:
        """
        Return the places in the network's scene, and all sectors within reach of them.

        Raises
        ------
        EngineError
            The land of the scene is a window that does not hold the paths between them.
        """
        scene = network.scene._replace(place_row=self.row, place_column=self.column)
        # a place outside the terrain has no profile to any mast
        reach = network.reach(np.where(self.known[:, np.newaxis], self.xy, np.nan))
        if not is_whole(network.land):
            places = self.known & (np.diff(reach.starts) > 0)
            require_paths(network.land, *self._ends(network, places, reach.sector))
        return scene, reach

    def bound(self, network: Network) -> Box:
        """Return the cells of the terrain that paths between the places and all sectors in reach can look up."""
        ends = self._ends(network, self.known, network.beside(self.xy[self.known]))
        return bound_paths(network.land, *ends)

    def _ends(
        self, network: Network, places: NDArray[np.bool_], sectors: _Integers
    ) -> tuple[_Floats, _Floats]:
        scene = network.scene
        row = np.concatenate([self.row[places], scene.sector_row[sectors]])
        column = np.concatenate([self.column[places], scene.sector_column[sectors]])
        return row, column


def count_at_a_time(places: _Floats, network: Network) -> int:
    """Return how many places a block may have; shape of places (places, 2), in the working CRS."""
    return min(CHUNK_POINTS, max(CHUNK_PAIRS // network.most_in_reach(places), 1))


def gather(places: _Floats, most: int) -> list[_Integers]:
    """
    Gather places into blocks that lie together, whatever the order of the table.

    Parameters
    ----------
    places : ndarray, shape (places, 2)
        In the working CRS. [m]
    most : int
        Places of a block.

    Returns
    -------
    list of ndarray of int
        Rows of the places of each block: together all rows, each once.
    """
    if not len(places):
        return []
    along = gpd.GeoSeries(gpd.points_from_xy(*places.T)).hilbert_distance().to_numpy()
    order = np.argsort(along, kind="stable")
    return [
        part for first in range(0, len(order), most) for part in _part(places, order[first : first + most])
    ]


def _part(places: _Floats, rows: _Integers) -> Iterator[_Integers]:
    """Cut a run of places where it jumps, as between islands."""
    if len(rows) > 1 and np.ptp(places[rows], axis=0).max() > SPREAD_M:
        middle = len(rows) // 2
        yield from _part(places, rows[:middle])
        yield from _part(places, rows[middle:])
    else:
        yield rows
