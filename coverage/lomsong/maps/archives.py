"""Tile archives: files beside a hosted page, of which it reads what somebody looks at."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from lomsong.errors import OutputError
from lomsong.maps.columns import plain_text
from lomsong.maps.frame import WORLD_STEPS, WebFrame
from lomsong.maps.packing import Packable, deltas, varints
from lomsong.maps.shapes import Bounds, are_areas, find_centres

#: Zoom of the finest outlines, whose tiles have 4096 steps a side: those of `WORLD_STEPS`.
DEEPEST = 12
_EXTENT = WORLD_STEPS >> DEEPEST
#: Corners that move an outline by less are left out above the finest zoom; 16 are a pixel. [steps of a tile]
_SIMPLIFIED_STEPS = 10
#: GDAL coarsens a larger tile. [bytes]
_MOST_TILE_BYTES = 3_000_000


@dataclass(frozen=True, slots=True)
class Archive:
    """
    A file to be written beside a page.

    Attributes
    ----------
    name : str
        Its name, another one for other content: no cache gives an old file for a new one.
    write : callable
        Writes it to the path it is given.
    """

    name: str
    write: Callable[[Path], None]


def archive_name(kind: str, content: Iterable[bytes]) -> str:
    """Return the name of an archive of one kind of layer."""
    digest = hashlib.sha256()
    for part in content:
        digest.update(part)
    return f"lomsong_{kind}_{digest.hexdigest()[:16]}.pmtiles"


@dataclass(frozen=True, slots=True)
class TiledShapes:
    """
    Outlines of some places as an archive, and where each place lies.

    Attributes
    ----------
    boxes : ndarray of int64, shape (4, places)
        West, north, east and south edge. [steps]
    is_area : ndarray of bool, shape (places,)
        It has an outline.
    x, y, placed : ndarray, shape (places,)
        As of `Shapes`.
    archive : Archive
        The outlines.
    """

    boxes: NDArray[np.int64]
    is_area: NDArray[np.bool_]
    x: NDArray[np.int64]
    y: NDArray[np.int64]
    placed: NDArray[np.bool_]
    archive: Archive

    def arrays(self) -> dict[str, Packable]:
        """Return what the page needs besides the tiles."""
        west, north, east, south = self.boxes
        return {
            "areas": self.is_area.astype(np.uint8),
            "box_x": deltas(west),
            "box_y": deltas(north),
            "box_width": varints(east - west),
            "box_height": varints(south - north),
            "place_x": deltas(self.x),
            "place_y": deltas(self.y),
            "placed": self.placed.astype(np.uint8),
        }

    def bounds(self, frame: WebFrame) -> Bounds | None:
        """Return south, west, north and east edge, None where nothing has a place. [deg, WGS 84]"""
        west, north, east, south = self.boxes[:, self.is_area | self.placed]
        if not len(west):
            return None
        (left, right), (top, bottom) = frame.degrees(
            np.array([west.min(), east.max()]), np.array([north.min(), south.max()])
        )
        return float(bottom), float(left), float(top), float(right)


def tile_shapes(places: gpd.GeoDataFrame, frame: WebFrame) -> TiledShapes | None:
    """
    Return the outlines of a table as vector tiles, and where its rows lie; None where there is no outline.

    Parameters
    ----------
    places : GeoDataFrame
        As for `build_shapes`, with ``status``.
    frame : WebFrame
        The projection of the map.
    """
    geometry = np.array(places.geometry.array, dtype=object)
    crs = CRS.from_user_input(places.crs)
    geometry[~np.isfinite(shapely.bounds(geometry)).all(axis=1)] = None
    x, y, placed = find_centres(places, geometry, crs, frame)
    outlines = gpd.GeoSeries(geometry, crs=crs).to_crs(frame.crs).to_numpy()
    # what lies at a pole is not on the map
    outlines[~np.isfinite(shapely.bounds(outlines)).all(axis=1)] = None
    is_area = are_areas(outlines)
    if not is_area.any():
        return None
    boxes = np.stack([x, y, x, y])
    west, south, east, north = shapely.bounds(outlines[is_area]).T
    turns = np.stack([*frame.fraction(west, north), *frame.fraction(east, south)])
    boxes[:, is_area] = np.round(turns * WORLD_STEPS).astype(np.int64)
    # names would be half of every coarse tile; other programs join the rest by the row
    status = [plain_text(cell) for cell in places["status"].to_numpy(object)[is_area]]
    table = gpd.GeoDataFrame(
        {"row": np.flatnonzero(is_area), "status": status}, geometry=outlines[is_area], crs=frame.crs
    )
    content = [*shapely.to_wkb(outlines[is_area]), repr(status).encode("utf-8", "replace")]
    archive = Archive(archive_name("villages", content), lambda path: write_outlines(table, frame, path))
    return TiledShapes(boxes, is_area, x, y, placed, archive)


def write_outlines(table: gpd.GeoDataFrame, frame: WebFrame, path: Path) -> None:
    """
    Write areas as an archive of vector tiles, in one layer called *villages*.

    Parameters
    ----------
    table : GeoDataFrame
        Areas in the CRS of the frame, with the columns to be told of each.
    frame : WebFrame
        Areas across the edge of the world are cut there.
    path : Path
        The file; its name ends in ``.pmtiles``.

    Raises
    ------
    OutputError
        GDAL cannot write such a file, or not there.
    """
    if "w" not in pyogrio.list_drivers().get("PMTiles", ""):
        raise OutputError(
            "map: this build of GDAL writes no PMTiles, which a hosted map needs; install pyogrio from PyPI or a libgdal "
            "with SQLite and GEOS, or make the map without --hosted"
        )
    geometry = table.geometry.to_numpy()
    web = table.set_geometry(_in_one_world(shapely.make_valid(geometry), frame))
    try:
        pyogrio.write_dataframe(
            web.set_crs(3857, allow_override=True),
            path,
            driver="PMTiles",
            layer="villages",
            dataset_options={
                "NAME": "villages",
                "DESCRIPTION": "Villages by status",
                "MINZOOM": "0",
                "MAXZOOM": str(DEEPEST),
                "EXTENT": str(_EXTENT),
                "SIMPLIFICATION": str(_SIMPLIFIED_STEPS),
                "SIMPLIFICATION_MAX_ZOOM": "0",
                "MAX_SIZE": str(_MOST_TILE_BYTES),
            },
        )
    except (pyogrio.errors.DataSourceError, RuntimeError) as error:
        raise OutputError(f"map: the tiles {path.name} cannot be written: {error}") from None


def _in_one_world(geometry: NDArray[Any], frame: WebFrame) -> NDArray[Any]:
    """Cut shapes at the antimeridian, which tiles do not cross, if it runs through the frame."""
    if frame.middle_deg == 0:
        return geometry
    half_m = 0.5 * frame.metres(1.0)
    east = shapely.intersection(geometry, shapely.box(0, -half_m, half_m, half_m))
    west = shapely.intersection(geometry, shapely.box(-half_m, -half_m, 0, half_m))
    whole: NDArray[Any] = shapely.union(_moved(east, -half_m), _moved(west, half_m))
    return whole


def _moved(geometry: NDArray[Any], east_m: float) -> NDArray[Any]:
    moved: NDArray[Any] = shapely.transform(geometry, lambda xy: xy + np.array([east_m, 0.0]))
    return moved
