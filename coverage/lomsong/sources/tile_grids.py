"""Where the cells of raster tiles lie: on a common grid or off it, and which cells of it are wanted."""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError
from rasterio.windows import Window

from lomsong.errors import CrsError
from lomsong.grid import Raster
from lomsong.sources.raster_files import Bounds

#: Cells more than this share of a cell off the common grid are resampled onto it. [cell]
_ON_GRID = 0.01
#: Cells around the wanted bounds, so that bilinear look-ups at their edge find neighbours.
MARGIN_CELLS = 2


@dataclass(frozen=True, slots=True)
class TileGrid:
    """Where the cells of a raster lie: CRS, cell sizes (positive), and one cell corner."""

    crs: CRS
    x_step: float
    y_step: float
    left: float
    top: float

    def key(self) -> tuple[str, float, float]:
        """Return what tiles of one data set have in common."""
        name = str(self.crs.to_epsg() or self.crs.to_wkt())
        return name, float(f"{self.x_step:.6g}"), float(f"{self.y_step:.6g}")

    def holds(self, other: "TileGrid") -> bool:
        """Tell whether the other's cells are cells of this grid."""
        if self.key() != other.key():
            return False
        across, down = (other.left - self.left) / self.x_step, (other.top - self.top) / self.y_step
        return abs(across - round(across)) <= _ON_GRID and abs(down - round(down)) <= _ON_GRID


@dataclass(frozen=True, slots=True)
class Tile:
    """A raster file and the cells it holds."""

    path: Path
    grid: TileGrid
    rows: int
    columns: int

    def bounds(self) -> Bounds:
        """Return west, south, east and north edge in the tile's own CRS."""
        grid = self.grid
        return grid.left, grid.top - self.rows * grid.y_step, grid.left + self.columns * grid.x_step, grid.top


@lru_cache(maxsize=64)
def _transformer(crs: CRS, into: CRS) -> Transformer:
    # slow to make, and there may be thousands of tiles
    return Transformer.from_crs(crs, into, always_xy=True)


def box_in(bounds: Bounds, crs: CRS, into: CRS) -> Bounds:
    """
    Return the box around bounds of one CRS in another.

    Raises
    ------
    CrsError
        Nothing leads from one to the other.
    """
    try:
        box: Bounds = _transformer(crs, into).transform_bounds(*bounds, densify_pts=21)
    except ProjError as error:
        raise CrsError(f"raster tiles: nothing leads from {crs.name} to {into.name}: {error}") from None
    return box


def overlaps(tile: Tile, bounds: Bounds, crs: CRS) -> bool:
    """Tell whether a tile lies inside bounds, at least in part."""
    west, south, east, north = box_in(bounds, crs, tile.grid.crs)
    left, bottom, right, top = tile.bounds()
    return west < right and east > left and south < top and north > bottom


def find_common_grid(tiles: list[Tile]) -> TileGrid:
    """Return the grid that most tiles lie on; of equally common ones the finer, then the first."""
    votes = Counter(tile.grid.key() for tile in tiles)
    area = {tile.grid.key(): Raster(*_cell(tile.grid)).cell_size_m() for tile in tiles}
    chosen = min(votes, key=lambda key: (-votes[key], area[key]))  # of equals the first inserted
    return next(tile.grid for tile in tiles if tile.grid.key() == chosen)


def _cell(grid: TileGrid) -> tuple[NDArray[np.float32], tuple[float, float, float, float], CRS]:
    one = np.zeros((1, 1), dtype=np.float32)
    return one, (grid.left, grid.x_step, grid.top, -grid.y_step), grid.crs


def find_window(tiles: list[Tile], grid: TileGrid, bounds: Bounds, crs: CRS) -> Window:
    """Return the wanted cells of the grid, clipped to what the tiles cover together; may start left of the grid."""
    west, south, east, north = box_in(bounds, crs, grid.crs)
    edges = np.array([box_in(tile.bounds(), tile.grid.crs, grid.crs) for tile in tiles])
    margin_x, margin_y = MARGIN_CELLS * grid.x_step, MARGIN_CELLS * grid.y_step
    west, south = max(west - margin_x, edges[:, 0].min()), max(south - margin_y, edges[:, 1].min())
    east, north = min(east + margin_x, edges[:, 2].max()), min(north + margin_y, edges[:, 3].max())
    # edges that lie on the grid but for rounding must not gain an empty row
    first_column = int(np.floor((west - grid.left) / grid.x_step + _ON_GRID))
    first_row = int(np.floor((grid.top - north) / grid.y_step + _ON_GRID))
    last_column = int(np.ceil((east - grid.left) / grid.x_step - _ON_GRID))
    last_row = int(np.ceil((grid.top - south) / grid.y_step - _ON_GRID))
    return Window(first_column, first_row, max(last_column - first_column, 1), max(last_row - first_row, 1))
