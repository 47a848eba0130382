"""The servers of many cells, entered antenna by antenna: what stands highest, what next on another mast, and how many count."""

# Kernels take everything by position.

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lomsong.compiled import kernel, parallel_kernel, prange
from lomsong.propagation.beam import Beams, beam_attenuation
from lomsong.propagation.free_space import free_space_loss_kernel
from lomsong.propagation.pairs import NEAREST_M, Emitters, bearing, look_off_axis

#: Cells that one thread takes at a time.
_CHUNK = 4096

_Floats = NDArray[np.float64]
_Levels = NDArray[np.float32]
_Integers = NDArray[np.int64]


class Board(NamedTuple):
    """What is known of each cell so far; levels are minus infinity and sectors -1 where there is none."""

    level_dbm: _Levels
    second_dbm: _Levels  # the best on another mast
    excess_db: _Floats  # loss of the best beyond free space
    sector: NDArray[np.int32]
    masts: NDArray[np.int32]  # with a level at or above the threshold
    own_dbm: _Levels  # the same of the mast at hand
    own_excess_db: _Floats
    own_sector: NDArray[np.int32]


def blank_board(cells: int) -> Board:
    """Return a board without servers."""
    none, nothing = np.full(cells, -np.inf, np.float32), np.full(cells, np.nan)
    nobody, empty = np.full(cells, -1, np.int32), np.zeros(cells, np.int32)
    return Board(none, none.copy(), nothing, nobody, empty, none.copy(), nothing.copy(), nobody.copy())


@parallel_kernel
def find_near(xy: _Floats, x: float, y: float, radius_m: float) -> tuple[_Integers, _Floats]:
    """Return the cells within a radius of a place, in their order, and how far away they are; shape of xy (cells, 2)."""
    chunks = (len(xy) + _CHUNK - 1) // _CHUNK
    ends = np.zeros(chunks + 1, dtype=np.int64)
    for chunk in prange(chunks):
        count = 0
        for cell in range(chunk * _CHUNK, min((chunk + 1) * _CHUNK, len(xy))):
            east, north = xy[cell, 0] - x, xy[cell, 1] - y
            count += math.sqrt(east * east + north * north) <= radius_m
        ends[chunk + 1] = count
    ends = np.cumsum(ends)
    near, away_m = np.empty(ends[-1], dtype=np.int64), np.empty(ends[-1])
    for chunk in prange(chunks):
        k = ends[chunk]
        for cell in range(chunk * _CHUNK, min((chunk + 1) * _CHUNK, len(xy))):
            east, north = xy[cell, 0] - x, xy[cell, 1] - y
            distance_m = math.sqrt(east * east + north * north)
            if distance_m <= radius_m:
                near[k], away_m[k] = cell, distance_m
                k += 1
    return near, away_m


@parallel_kernel
def beyond_free_space(loss_db: _Levels, away_m: _Floats, frequency_mhz: float) -> _Floats:
    """Return losses less those of free space. [dB]"""
    excess_db = np.empty(away_m.size)
    for k in prange(away_m.size):
        excess_db[k] = loss_db[k] - free_space_loss_kernel(away_m[k], frequency_mhz)
    return excess_db


@parallel_kernel
def enter_antenna(
    board: Board,
    emitters: Emitters,
    beams: Beams,
    sectors: _Integers,
    xy: _Floats,
    near: _Integers,
    away_m: _Floats,
    excess_db: _Floats,
    departure_deg: _Levels,
) -> None:
    """
    Enter the sectors of one antenna, which share their paths, into what is known of their mast.

    Parameters
    ----------
    board : Board
        Written to.
    emitters, beams
        All sectors.
    sectors : ndarray of int
        Those of the antenna; of equal levels the first counts.
    xy : ndarray, shape (cells, 2)
        Centres of the cells of the board. [m]
    near : ndarray of int
        Cells within reach.
    away_m, excess_db, departure_deg : ndarray, shape of near
        How far they are, the loss beyond free space, and the elevation of the ray at the mast; NaN for no path.
    """
    for chunk in prange((near.size + _CHUNK - 1) // _CHUNK):
        part = slice(chunk * _CHUNK, min((chunk + 1) * _CHUNK, near.size))
        _enter_cells(
            board,
            emitters,
            beams,
            sectors,
            xy,
            near[part],
            away_m[part],
            excess_db[part],
            departure_deg[part],
        )


@kernel
def _enter_cells(
    board: Board,
    emitters: Emitters,
    beams: Beams,
    sectors: _Integers,
    xy: _Floats,
    near: _Integers,
    away_m: _Floats,
    excess_db: _Floats,
    departure_deg: _Levels,
) -> None:
    x, y, frequency_mhz = emitters.x[sectors[0]], emitters.y[sectors[0]], emitters.frequency_mhz[sectors[0]]
    for k in range(near.size):
        if math.isnan(excess_db[k]):
            continue
        cell = near[k]
        bearing_deg = bearing(xy[cell, 0] - x, xy[cell, 1] - y)
        free_db = free_space_loss_kernel(max(away_m[k], NEAREST_M), frequency_mhz)
        for sector in sectors:
            offset, horizontal, _ = look_off_axis(emitters, beams, sector, bearing_deg)
            taken = beam_attenuation(
                beams.tables,
                beams.number[sector],
                offset,
                departure_deg[k],
                horizontal,
                beams.vertical_deg[sector],
                beams.downtilt_deg[sector],
            )
            level = np.float32(emitters.power_dbm[sector] - free_db - taken - excess_db[k])
            if level > board.own_dbm[cell]:
                board.own_dbm[cell] = level
                board.own_excess_db[cell], board.own_sector[cell] = excess_db[k], sector


@parallel_kernel
def close_mast(board: Board, threshold_dbm: float) -> None:
    """Let the mast at hand compete with those before it, and make room for the next."""
    cells = board.own_dbm.size
    for chunk in prange((cells + _CHUNK - 1) // _CHUNK):
        _close_cells(board, threshold_dbm, chunk * _CHUNK, min((chunk + 1) * _CHUNK, cells))


@kernel
def _close_cells(board: Board, threshold_dbm: float, first: int, end: int) -> None:
    for cell in range(first, end):
        own = board.own_dbm[cell]
        if own == -np.inf:
            continue
        board.own_dbm[cell] = -np.inf
        if own >= threshold_dbm:
            board.masts[cell] += 1
        if own > board.level_dbm[cell]:
            board.second_dbm[cell], board.level_dbm[cell] = board.level_dbm[cell], own
            board.excess_db[cell], board.sector[cell] = board.own_excess_db[cell], board.own_sector[cell]
        elif own > board.second_dbm[cell]:
            board.second_dbm[cell] = own
