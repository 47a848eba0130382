"""Files of raster tiles: found in folders and lists, and opened as far as to know where they lie."""

from collections.abc import Sequence
from pathlib import Path

from pyproj import CRS
from rasterio.errors import RasterioError

from lomsong.contracts import problem_list
from lomsong.errors import LomsongError, MissingSourceError, SourceError
from lomsong.sources.files import require_file
from lomsong.sources.raster_files import (
    PACKED_SUFFIXES,
    TILE_SUFFIXES,
    find_layout,
    gdal_reason,
    open_dataset,
)
from lomsong.sources.tile_grids import Tile, TileGrid
from lomsong.sources.vectors import settle_crs


def find_tiles(path: Path | Sequence[Path], *, layer: str) -> list[Path]:
    """
    List the tiles that a folder holds, or check that the files of a list are there.

    Parameters
    ----------
    path : Path or sequence of Path
        A folder (its own tiles, not those of folders within), one raster or VRT, or several rasters.
    layer : str
        Which layer, for messages.

    Returns
    -------
    list of Path
        A folder's tiles in the order of their names, a list's in its own order: where tiles overlap the first
        counts.

    Raises
    ------
    MissingSourceError
        A file is not there, or a folder holds no tile.
    """
    if not isinstance(path, Path):
        return [tile for each in path for tile in find_tiles(each, layer=layer)]
    if not path.is_dir():
        return [require_file(path, layer=layer)]
    files = sorted(each for each in path.iterdir() if each.is_file())
    found = [each for each in files if each.suffix.lower() in TILE_SUFFIXES]
    plain = {each.name.casefold() for each in found}
    # a tile that lies there unpacked, too, is read from there
    found += [each for each in files if _is_packed_tile(each) and each.stem.casefold() not in plain]
    found.sort()
    if not found:
        raise MissingSourceError(
            f"{layer}: the folder {path} holds no raster ({', '.join(TILE_SUFFIXES)}); name the folder of the tiles"
        )
    return found


def _is_packed_tile(path: Path) -> bool:
    """Tell whether an archive is taken for a tile: any zip, and what is gzipped under a tile's name."""
    suffix = path.suffix.lower()
    return suffix in PACKED_SUFFIXES and (suffix == ".zip" or Path(path.stem).suffix.lower() in TILE_SUFFIXES)


def open_tiles(tiles: Sequence[Path], layer: str, declared_crs: str | None) -> list[Tile]:
    """
    Find out where each tile lies, without reading a value.

    Raises
    ------
    SourceError
        Some cannot be read, are rotated or have no CRS; all are named at once.
    """
    found, problems = [], []
    for path in tiles:
        try:
            found.append(_open(path, layer, declared_crs))
        except (RasterioError, UnicodeDecodeError) as error:
            by_name = ".hgt" in path.name.lower()
            hint = "; its name must say where it lies, such as N22E104.hgt" if by_name else ""
            problems.append(f"{path.name} is not a readable raster: {gdal_reason(error)}{hint}")
        except LomsongError as error:
            problems.append(
                f"{path.name}: {str(error).removeprefix(layer + ': ').removeprefix(path.name + ' ')}"
            )
    if problems:
        raise SourceError(problem_list(layer, problems))
    return found


def _open(path: Path, layer: str, declared_crs: str | None) -> Tile:
    with open_dataset(path, layer=layer) as dataset:
        found = CRS.from_user_input(dataset.crs) if dataset.crs else None
        crs = settle_crs(found, declared_crs, layer=layer)
        affine = find_layout(dataset, path.name)
        grid = TileGrid(crs, affine.a, -affine.e, affine.c, affine.f)
        return Tile(path, grid, dataset.height, dataset.width)
