"""
Path loss from one mast to a whole area, by either of two engines.

*exact* walks the terrain profile of every receiver and equals `p1812_losses`; *radial* shares walks among receivers
in the same direction and is several times faster, at a median error of some hundredths of a decibel in mountains.
Paths are geodesics; receivers lie on a grid around the mast along the axes of the terrain's CRS.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer

from lomsong.errors import RadioError
from lomsong.grid import Raster
from lomsong.progress import SILENT, Progress, task
from lomsong.propagation.area_exact import NEAREST_M, Mast, exact_losses, timed_losses
from lomsong.propagation.area_frame import Frame, frame_mast, locate_grid, locate_pixels, path_margin
from lomsong.propagation.area_request import CELL, RADIUS, AreaSettings, Transmitter, refuse_numbers
from lomsong.propagation.area_sweep import radial_losses, was_compiled
from lomsong.propagation.area_terms import Radio, prepare_radio
from lomsong.propagation.area_walk import bilinear
from lomsong.propagation.land import Land, is_whole, require_paths, whole_land
from lomsong.propagation.p526 import effective_earth_radius
from lomsong.units import EARTH_RADIUS_M

#: Receivers worked on at a time: bounds memory, and is one step of the progress bar.
BAND_CELLS = 1_000_000
#: How much longer a path may be on the ground than on the map it was measured on.
STRETCH = 1.01
#: Length that an arc second of a terrain model counts as, as in the names of the products (3 seconds, 90 m). [m]
METRES_PER_ARC_SECOND = 30.0

_Floats = NDArray[np.float64]
_Losses = NDArray[np.float32]
_UNWANTED: _Losses = np.empty(0, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class AreaLoss:
    """
    Path loss on a grid around a mast.

    Attributes
    ----------
    path_loss_db : ndarray of float32, shape (rows, columns)
        NaN beyond the radius, nearer than `NEAREST_M`, where the model begins, and where the path leaves the terrain
        or crosses a missing cell. [dB]
    x : ndarray, shape (columns,)
        Of the columns from west to east, in `crs`.
    y : ndarray, shape (rows,)
        Of the rows from north to south, in `crs`.
    crs : pyproj.CRS
        That of the terrain.
    """

    path_loss_db: _Losses
    x: _Floats
    y: _Floats
    crs: CRS

    def coordinates(self) -> tuple[_Floats, _Floats]:
        """Return longitude and latitude of every receiver, each of shape (rows, columns). [degrees]"""
        x, y = np.meshgrid(self.x, self.y)
        if self.crs.is_geographic or self.crs.geodetic_crs is None:
            return x, y
        longitude, latitude = Transformer.from_crs(self.crs, self.crs.geodetic_crs, always_xy=True).transform(
            x, y
        )
        return np.asarray(longitude), np.asarray(latitude)


def area_loss(
    terrain: Raster,
    transmitter: Transmitter,
    settings: AreaSettings,
    *,
    radius_m: float,
    cell_m: float,
    progress: Progress = SILENT,
) -> AreaLoss:
    """
    Basic transmission loss from a mast to a grid of receivers around it.

    Parameters
    ----------
    terrain : Raster
        Ground above sea level, NaN where missing, in any geographic or projected CRS. [m]
    transmitter : Transmitter
        Its mast is the middle of the grid.
    settings : AreaSettings
        The receivers, the air and how to compute.
    radius_m : float
        Receivers lie no further from the mast, 250 m or more. [m]
    cell_m : float
        Distance between receivers at the mast. [m]
    progress : Progress
        Told about every band of rows.

    Returns
    -------
    AreaLoss
        The same bytes for any number of threads.

    Raises
    ------
    RadioError
        An input is outside its range, the mast is not on the terrain, or the radius is too large for the CRS.
    CrsError
        The CRS is not tied to the earth.

    References
    ----------
    .. [1] ITU-R P.1812-8, with the troposcatter of P.1812-6.
    """
    refuse_numbers(transmitter, settings, (RADIUS, radius_m), (CELL, cell_m))
    land = whole_land(terrain.values)
    frame, radio, mast = _prepare(terrain, land, transmitter, settings, radius_m)
    half = math.floor(radius_m / cell_m + 1e-9)
    offsets = (np.arange(2 * half + 1, dtype=np.float64) - half) * cell_m
    rows, columns = offsets * np.hypot(*frame.forward[0, :2]), offsets * np.hypot(*frame.forward[1, :2])
    losses = np.empty((rows.size, columns.size), dtype=np.float32)
    band = max(BAND_CELLS // columns.size, 1)
    name = (
        "path loss"
        if was_compiled()
        else "path loss (the first run compiles the engine and keeps it on disk)"
    )
    with task(progress, name, -(-rows.size // band)) as shown:
        for first in range(0, rows.size, band):
            part = losses[first : first + band]
            places = np.empty((part.size, 4))
            locate_grid(rows[first : first + band], columns, frame.backward, places)
            _run(land, mast, frame, places, radio, settings, part.reshape(-1), _UNWANTED)
            shown.advance()
    _, x_step, _, y_step = terrain.transform
    return AreaLoss(losses, transmitter.x + columns * x_step, transmitter.y + rows * y_step, terrain.crs)


def place_losses(
    terrain: Raster,
    transmitter: Transmitter,
    settings: AreaSettings,
    *,
    longitude_deg: ArrayLike,
    latitude_deg: ArrayLike,
) -> _Losses:
    """
    Basic transmission loss from a mast to places anywhere around it.

    Parameters
    ----------
    terrain, transmitter, settings
        As in `area_loss`.
    longitude_deg, latitude_deg : array_like, shape (...)
        Places on the geographic CRS under that of the terrain. [degrees]

    Returns
    -------
    ndarray of float32, shape (...)
        NaN as in `AreaLoss`, and where a coordinate is NaN. [dB]

    Raises
    ------
    RadioError, CrsError
        As in `area_loss`.
    """
    refuse_numbers(transmitter, settings)
    longitude, latitude = np.broadcast_arrays(
        np.asarray(longitude_deg, dtype=np.float64), np.asarray(latitude_deg, dtype=np.float64)
    )
    near = frame_mast(terrain, transmitter.x, transmitter.y, NEAREST_M)
    places = near.locate(longitude.ravel(), latitude.ravel())
    distance_m = np.hypot(places[:, 0], places[:, 1])
    reach_m = float(np.max(distance_m, initial=NEAREST_M, where=np.isfinite(distance_m))) * (1.0 + 1e-9)
    land = whole_land(terrain.values)
    frame, radio, mast = _prepare(terrain, land, transmitter, settings, reach_m)
    places = frame.locate(longitude.ravel(), latitude.ravel())
    losses = np.empty(longitude.size, dtype=np.float32)
    _run(land, mast, frame, places, radio, settings, losses, _UNWANTED)
    return losses.reshape(longitude.shape)


def pixel_losses(
    terrain: Raster,
    transmitter: Transmitter,
    settings: AreaSettings,
    *,
    row: ArrayLike,
    column: ArrayLike,
    radius_m: float,
    land: Land | None = None,
) -> tuple[_Losses, _Losses]:
    """
    Basic transmission loss from a mast to places that are already known as pixels of the terrain, and where rays go.

    Parameters
    ----------
    terrain, transmitter, settings
        As in `area_loss`.
    row, column : array_like, shape (...)
        Fractional pixels, as of `Raster.pixel`.
    radius_m : float
        Places lie no further from the mast. As a map's lengths are not quite true, those up to `STRETCH` times as
        far count too. [m]
    land : Land, optional
        The heights to look up, instead of those of `terrain`; a window must hold what `path_margin` says around mast
        and places.

    Returns
    -------
    loss_db : ndarray of float32, shape (...)
        NaN as in `AreaLoss`, and where a pixel is NaN. [dB]
    departure_deg : ndarray of float32, shape (...)
        Elevation in which the ray leaves the mast: to the receiver, or to the horizon that hides it. NaN where the
        loss is, and for less than 50 % of time. [deg]

    Raises
    ------
    RadioError, CrsError
        As in `area_loss`.
    EngineError
        A window is too small.
    """
    refuse_numbers(transmitter, settings, (RADIUS, radius_m))
    land = whole_land(terrain.values) if land is None else land
    rows, columns = np.broadcast_arrays(
        np.asarray(row, dtype=np.float64), np.asarray(column, dtype=np.float64)
    )
    frame, radio, mast = _prepare(terrain, land, transmitter, settings, STRETCH * radius_m)
    down, right = rows.ravel(), columns.ravel()
    if not is_whole(land):
        off_rows, off_columns = path_margin(frame, mast.reach_m, mast.step_m)
        require_paths(
            land,
            np.append(down, mast.row),
            np.append(right, mast.column),
            off_rows=off_rows,
            off_columns=off_columns,
        )
    losses, slopes = np.empty(down.size, dtype=np.float32), np.full(down.size, np.nan, dtype=np.float32)
    for first in range(0, down.size, BAND_CELLS):
        band = slice(first, first + BAND_CELLS)
        places = locate_pixels(down[band], right[band], frame.row, frame.column, frame.backward)
        _run(land, mast, frame, places, radio, settings, losses[band], slopes[band])
    return losses.reshape(rows.shape), np.degrees(np.arctan(slopes)).reshape(rows.shape)


def _prepare(
    terrain: Raster, land: Land, transmitter: Transmitter, settings: AreaSettings, radius_m: float
) -> tuple[Frame, Radio, Mast]:
    """Return the surroundings of the mast and what is the same for all its paths."""
    x, y = float(transmitter.x), float(transmitter.y)
    row, column = (float(part) for part in terrain.pixel(np.asarray(x), np.asarray(y)))
    ground_m = ground_under(terrain, land, x, y)
    if math.isnan(ground_m):
        west, south, east, north = terrain.bounds
        raise RadioError(
            f"area: the mast at ({x:.6g}, {y:.6g}) has no terrain under it; the terrain reaches from "
            f"({west:.6g}, {south:.6g}) to ({east:.6g}, {north:.6g})"
        )
    frame = frame_mast(terrain, x, y, radius_m)
    step_m = default_step(terrain, frame) if settings.step_m is None else settings.step_m
    radio = prepare_radio(
        float(transmitter.frequency_mhz),
        bool(settings.vertical),
        float(effective_earth_radius(settings.refractivity_gradient)),
        float(settings.surface_refractivity),
        float(transmitter.height_m),
        float(settings.receiver_height_m),
        settings.model == "p526",
    )
    per_m = math.degrees(1.0 / EARTH_RADIUS_M)
    mast = Mast(row, column, ground_m, frame.latitude_deg, per_m, float(radius_m), float(step_m))
    return frame, radio, mast


def ground_under(terrain: Raster, land: Land, x: float, y: float) -> float:
    """Return the ground at a place in the CRS of the terrain, NaN where there is none. [m]"""
    row, column = terrain.pixel(np.array([x]), np.array([y]))
    if not is_whole(land):
        require_paths(land, row, column)
    return (
        float(bilinear(land, float(row[0]), float(column[0])))
        if min(land.rows, land.columns) > 1
        else math.nan
    )


def default_step(terrain: Raster, frame: Frame) -> float:
    """Return the longer side of the terrain's cells as it counts for sampling. [m]"""
    if terrain.crs.is_geographic:
        _, x_step, _, y_step = terrain.transform
        return 3600.0 * METRES_PER_ARC_SECOND * max(abs(x_step), abs(y_step))
    return float(np.linalg.norm(frame.backward[:, :2], axis=0).max())


def _run(
    land: Land,
    mast: Mast,
    frame: Frame,
    places: _Floats,
    radio: Radio,
    settings: AreaSettings,
    losses: _Losses,
    slopes: _Losses,
) -> None:
    """Fill `losses` of places by the engine that the settings choose, and unless empty the slopes of their rays."""
    if settings.time_percent < 50.0:
        timed_losses(land, mast, frame.forward, places, radio, float(settings.time_percent), losses)
    elif settings.engine == "exact":
        exact_losses(land, mast, frame.forward, places, radio, losses, slopes)
    else:
        radial_losses(land, mast, frame.forward, places, radio, losses, slopes)
