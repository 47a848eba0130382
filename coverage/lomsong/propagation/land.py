"""
The land that paths cross: all of the terrain with what stands on it, or a window of both.

Whatever is worked out about a path counts the cells of the whole terrain; the corner of a window counts only where a cell
is looked up. So a window that holds every cell a path looks up gives the same bytes as the whole.
"""

# Kernels take everything by position.

from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lomsong.errors import EngineError

#: Cells of each side of the tiles that land is cut into for workers elsewhere.
TILE_CELLS = 512

_Floats = NDArray[np.float64]
_Heights = NDArray[np.float32]
#: Row and column of a tile among tiles.
Tile = tuple[int, int]
#: Terrain and clutter of a tile.
Piece = tuple[_Heights, _Heights]


class Land(NamedTuple):
    """Terrain and clutter, or a window of them, and where in the whole it lies."""

    terrain: _Heights  # ground above sea level, NaN where missing; C order [m]
    clutter: _Heights  # height of what stands on it, on the same cells without NaN; empty for none [m]
    first_row: int  # of the window in the whole
    first_column: int
    rows: int  # of the whole
    columns: int


class Box(NamedTuple):
    """Rows and columns of the whole terrain from the first up to the end."""

    first_row: int
    end_row: int
    first_column: int
    end_column: int


def whole_land(terrain: _Heights, clutter: _Heights | None = None) -> Land:
    """Return a terrain with its clutter, if it has one, as kernels know it."""
    rows, columns = terrain.shape
    standing = np.zeros((0, 0), dtype=np.float32) if clutter is None else clutter
    return Land(np.ascontiguousarray(terrain, dtype=np.float32), standing, 0, 0, rows, columns)


def bound_paths(
    land: Land, row: _Floats, column: _Floats, *, off_rows: float = 0.0, off_columns: float = 0.0
) -> Box:
    """
    Return the cells that paths between some places can look up.

    Parameters
    ----------
    land : Land
        Says how large the terrain is.
    row, column : ndarray, shape (n,)
        The places in fractional pixels of the terrain, on it or not; one that is not finite has no path.
    off_rows, off_columns : float
        How far paths leave the straight lines between the places. [pixels]

    Returns
    -------
    Box
        Straight lines do not leave the box around their ends. A look-up takes the cell before a sample, the one
        behind, and its rounding may take one more on either side.
    """
    known = np.isfinite(row) & np.isfinite(column)
    if not known.any():
        return Box(0, 0, 0, 0)
    first_row, end_row = _extend(row[known], off_rows, land.rows)
    first_column, end_column = _extend(column[known], off_columns, land.columns)
    return Box(first_row, end_row, first_column, end_column)


def _extend(pixel: _Floats, off: float, cells: int) -> tuple[int, int]:
    first, last = np.clip([pixel.min() - off, pixel.max() + off], -4.0, cells + 4.0)
    return min(max(int(np.floor(first)) - 1, 0), cells), max(min(int(np.floor(last)) + 3, cells), 0)


def require_paths(
    land: Land, row: _Floats, column: _Floats, *, off_rows: float = 0.0, off_columns: float = 0.0
) -> None:
    """
    Do nothing where the land holds all cells that paths between some places can look up; arguments as of `bound_paths`.

    Raises
    ------
    EngineError
        It does not. Kernels do not look where a window ends: a path must not be begun that leaves it.
    """
    box = bound_paths(land, row, column, off_rows=off_rows, off_columns=off_columns)
    rows, columns = land.terrain.shape
    nothing = box.first_row >= box.end_row or box.first_column >= box.end_column
    inside = (
        land.first_row <= box.first_row
        and box.end_row <= land.first_row + rows
        and land.first_column <= box.first_column
        and box.end_column <= land.first_column + columns
    )
    if not (nothing or inside):
        raise EngineError(
            f"a worker was sent too little terrain (it needs {box}, but has {rows} x {columns} cells from "
            f"{land.first_row}, {land.first_column}); this is a fault of lomsong: use engine processes, and report it"
        )


def is_whole(land: Land) -> bool:
    """Tell whether land is no window, so that nothing needs to be required of it."""
    return land.terrain.shape == (land.rows, land.columns)


def cut_tiles(land: Land, box: Box) -> dict[Hashable, Callable[[], Piece]]:
    """Return the tiles of whole land that hold the cells of a box, each to be cut when it is wanted."""
    return {
        (row, column): partial(_cut_tile, land, (row, column))
        for row in range(box.first_row // TILE_CELLS, -(-box.end_row // TILE_CELLS))
        for column in range(box.first_column // TILE_CELLS, -(-box.end_column // TILE_CELLS))
    }


def _cut_tile(land: Land, tile: Tile) -> Piece:
    cells = tuple(slice(TILE_CELLS * number, TILE_CELLS * (number + 1)) for number in tile)
    clutter = land.clutter[cells] if land.clutter.size else land.clutter
    return np.ascontiguousarray(land.terrain[cells]), np.ascontiguousarray(clutter)


def without_cells(land: Land) -> Land:
    """Return land that holds nothing but its size."""
    nothing = np.zeros((0, 0), dtype=np.float32)
    return land._replace(terrain=nothing, clutter=nothing, first_row=0, first_column=0)


def join_tiles(land: Land, box: Box, pieces: Mapping[Tile, Piece]) -> Land:
    """Return the window of a box, made of the tiles that hold its cells; `land` says how large the whole is."""
    shape = max(box.end_row - box.first_row, 0), max(box.end_column - box.first_column, 0)
    terrain = np.empty(shape, dtype=np.float32)
    clutter = np.empty(shape if any(each[1].size for each in pieces.values()) else (0, 0), dtype=np.float32)
    for (row, column), piece in pieces.items():
        top, left = TILE_CELLS * row - box.first_row, TILE_CELLS * column - box.first_column
        for whole, part in zip((terrain, clutter), piece, strict=True):
            if whole.size:
                above, before = max(-top, 0), max(-left, 0)
                inside = whole[max(top, 0) :, max(left, 0) :][: len(part) - above, : part.shape[1] - before]
                inside[:] = part[above : above + inside.shape[0], before : before + inside.shape[1]]
    return land._replace(
        terrain=terrain, clutter=clutter, first_row=box.first_row, first_column=box.first_column
    )
