"""Vector files (GeoPackage, GeoJSON, Shapefile, FlatGeobuf, GeoParquet) as frames with a CRS and valid shapes."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from lomsong.errors import CrsError, SourceError
from lomsong.findings import Finding, count_rows
from lomsong.settings import LayerSource
from lomsong.sources.containers import MOST_UNPACKED, Opened, is_utf8, open_vector
from lomsong.sources.dbf_text import BYTES, decode_columns, find_encoding
from lomsong.sources.files import detected_finding, read_text
from lomsong.sources.geoparquet import read_geoparquet
from lomsong.sources.headers import number_repeats
from lomsong.sources.kml_tables import split_descriptions
from lomsong.text import decode

#: Column of the folder that a placemark of a KML file lies in.
KML_FOLDER = "folder"


def parse_crs(text: str, *, layer: str) -> CRS:
    """
    Return the coordinate system called `text`.

    Raises
    ------
    CrsError
        PROJ knows none of that name.
    """
    try:
        return CRS.from_user_input(text)
    except CRSError:
        raise CrsError(f"{layer}: '{text}' is not a coordinate system; write for example EPSG:4326") from None


def settle_crs(found: CRS | None, declared: str | None, *, layer: str) -> CRS:
    """
    Return the CRS of a layer from what the file and the settings say.

    Raises
    ------
    CrsError
        Neither says one, or they disagree.
    """
    stated = None if declared is None else parse_crs(declared, layer=layer)
    if found is None and stated is None:
        raise CrsError(
            f"{layer}: the file does not say its CRS; set inputs.{layer} crs, for example crs: EPSG:4326"
        )
    if found is not None and stated is not None and not found.equals(stated, ignore_axis_order=True):
        raise CrsError(
            f"{layer}: the file says {found.name}, the settings say {stated.name}; remove or correct 'crs'"
        )
    return found if found is not None else stated  # type: ignore[return-value]


def read_vector(
    source: LayerSource, *, layer: str, where: str | None = None
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Read one layer of a vector file, zipped or not; what it is is told by its first bytes.

    A shape that cannot be decoded is left empty and counted.

    Parameters
    ----------
    source : LayerSource
        The file, and what it does not say itself.
    layer : str
        For messages.
    where : str, optional
        A condition on rows, in the SQL of OGR; not for Parquet.

    Raises
    ------
    SourceError
        Not a vector file, several layers and none chosen, or no rows.
    CrsError
        No CRS.
    """
    opened = open_vector(Path(source.path), layer=layer, member=source.layer)
    findings: list[Finding] = []
    if opened.kind == "parquet":
        frame, broken = read_geoparquet(opened.handle, opened.name, layer=layer)
    else:
        handle = opened.handle
        if opened.kind == "json" and (source.encoding is not None or not is_utf8(handle)):
            handle, findings = _as_utf8(opened, source, layer)
        frame, broken = _read_ogr(handle, opened, source, layer, where)
        if opened.kind == "shapefile":
            encoding = source.encoding or find_encoding(opened)
            frame, found = decode_columns(frame, layer=layer, name=opened.name, encoding=encoding)
            findings += found
    if frame.empty:
        raise SourceError(f"{layer}: {opened.name} has no rows")
    if not frame.columns.is_unique:
        frame.columns = pd.Index(number_repeats(map(str, frame.columns)))
    crs = settle_crs(frame.crs, source.crs, layer=layer)
    return frame.set_crs(crs, allow_override=True), findings + broken_findings(broken, opened.name, layer)


def _as_utf8(opened: Opened, source: LayerSource, layer: str) -> tuple[bytes, list[Finding]]:
    if isinstance(opened.handle, bytes):
        decoded = decode(opened.handle, declared=source.encoding, name=f"{layer}: {opened.name}")
        return decoded.text.encode("utf-8"), detected_finding(decoded, opened.name, layer=layer)
    decoded, findings = read_text(Path(opened.handle), layer=layer, encoding=source.encoding)
    return decoded.text.encode("utf-8"), findings


def broken_findings(broken: NDArray[np.bool_], name: str, layer: str) -> list[Finding]:
    """Count the rows whose shape could not be decoded."""
    count = int(broken.sum())
    if not count:
        return []
    message = f"{count_rows(count, 'shape')} of {name} cannot be built (such as a ring of two points); left without one"
    return [Finding(layer=layer, word="clean", severity="warning", message=message, count=count)]


def _read_ogr(
    handle: str | bytes, opened: Opened, source: LayerSource, layer: str, where: str | None
) -> tuple[gpd.GeoDataFrame, NDArray[np.bool_]]:
    name = opened.name
    own = {"shapefile": BYTES, "json": None, "osm": None}
    encoding = own.get(opened.kind, source.encoding)
    try:
        with warnings.catch_warnings():
            # GDAL's remarks on odd field types and rings; what is broken is counted
            warnings.simplefilter("ignore", RuntimeWarning)
            warnings.simplefilter("ignore", UserWarning)
            frames, broken = [], []
            for wanted, folder in _choose_layers(handle, opened, source, layer):
                _refuse_impossible_count(handle, wanted, opened, layer)
                frame = pyogrio.read_dataframe(
                    handle, layer=wanted, encoding=encoding, where=where, on_invalid="ignore"
                )
                frames.append(frame if folder is None else frame.assign(**{KML_FOLDER: folder}))
                broken.append(_broken_shapes(frame, handle, wanted, where))
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pyogrio.errors.FieldError,
        pyogrio.errors.FeatureError,
        pyogrio.errors.GeometryError,
        pyogrio.errors.CRSError,
        shapely.errors.GEOSException,
        CRSError,
        OverflowError,
        # what pyogrio 0.13 raises over a coordinate system whose name is not UTF-8
        UnboundLocalError,
    ) as error:
        raise SourceError(f"{layer}: {name} is not a readable vector file: {_first_line(error)}") from None
    except (UnicodeDecodeError, LookupError):
        raise SourceError(
            f"{layer}: the text in {name} is not {source.encoding or 'UTF-8'}; set 'encoding', for example cp1258"
        ) from None
    whole = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    if not isinstance(whole, gpd.GeoDataFrame):
        raise SourceError(f"{layer}: {name} has no geometry")
    if opened.kind == "kml":
        whole = split_descriptions(whole)
    return whole, np.concatenate(broken)


def _choose_layers(
    handle: str | bytes, opened: Opened, source: LayerSource, layer: str
) -> Sequence[tuple[str | int, str | None]]:
    """Return the layers to read; of KML, whose folders are layers to GDAL, all if none is chosen, with their names."""
    if opened.kind != "kml":
        return [(_choose_layer(handle, opened.name, source, layer), None)]
    folders = [
        (number, str(name))
        for number, (name, shape) in enumerate(pyogrio.list_layers(handle))
        if shape is not None
    ]
    if source.layer is None and len(folders) > 1:
        return folders
    wanted = _choose_layer(handle, opened.name, source, layer)
    # one layer in memory has a name that GDAL makes up
    return [(wanted, wanted if isinstance(wanted, str) else opened.name)]


def _choose_layer(handle: str | bytes, name: str, source: LayerSource, layer: str) -> str | int:
    # opened before anything else, so that a broken file fails here with GDAL's reason
    listed = pyogrio.list_layers(handle)
    every = [str(row[0]) for row in listed]
    # tables without shapes, such as the styles that QGIS leaves, are no layers to choose from
    spatial = [str(row[0]) for row in listed if row[1] is not None]
    if not spatial:
        raise SourceError(f"{layer}: {name} {'has no geometry' if every else 'holds no layer'}")
    if isinstance(handle, bytes):
        # GDAL names the layer of a file in memory at random
        return every.index(spatial[0])
    # in an archive the name may be the file's, which chose it already
    if source.layer is not None and source.layer in every:
        return source.layer
    inside = handle.startswith("/vsizip/")
    if source.layer is not None and not (inside and len(spatial) == 1):
        raise SourceError(f"{layer}: {name} has no layer '{source.layer}'; it has {', '.join(spatial)}")
    if len(spatial) > 1:
        raise SourceError(
            f"{layer}: {name} holds {len(spatial)} layers; set 'layer' to one of {', '.join(spatial)}"
        )
    return spatial[0]


def _refuse_impossible_count(handle: str | bytes, wanted: str | int, opened: Opened, layer: str) -> None:
    """Refuse a header that claims more rows than the file has bytes, before room is made for them."""
    if opened.kind not in ("shapefile", "flatgeobuf", "gpkg") or isinstance(handle, bytes):
        return
    size = Path(handle).stat().st_size if not handle.startswith("/vsizip/") else MOST_UNPACKED
    rows = int(pyogrio.read_info(handle, layer=wanted)["features"])
    if rows > size:
        raise SourceError(f"{layer}: {opened.name} claims {rows:,} rows in {size:,} bytes; it is broken")


def _broken_shapes(
    frame: gpd.GeoDataFrame, handle: str | bytes, wanted: str | int, where: str | None
) -> NDArray[np.bool_]:
    if not isinstance(frame, gpd.GeoDataFrame) or not frame.geometry.isna().any():
        return np.zeros(len(frame), dtype=bool)
    _, _, binary, _ = pyogrio.raw.read(handle, layer=wanted, columns=[], where=where)
    given = np.array([shape is not None for shape in binary], dtype=bool)
    return np.asarray(given & frame.geometry.isna().to_numpy(), dtype=bool)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
