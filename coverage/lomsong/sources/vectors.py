"""Vector files (GeoPackage, GeoJSON, Shapefile, FlatGeobuf, GeoParquet) as frames with a CRS and valid shapes."""

import warnings
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from lomsong.errors import CrsError, SourceError
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.settings import LayerSource
from lomsong.sources.files import read_text

#: Formats whose text must be UTF-8 by their standards, and in practice is not always.
_TEXT_FORMATS = (".geojson", ".json")


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


def read_vector(source: LayerSource, *, layer: str) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Read one layer of a vector file.

    Raises
    ------
    SourceError
        Not a vector file, several layers and none chosen, or no rows.
    CrsError
        No CRS.
    """
    path = Path(source.path)
    findings: list[Finding] = []
    if path.suffix.lower() in (".parquet", ".geoparquet"):
        frame = _read_geoparquet(path, layer)
    else:
        handle: Path | bytes = path
        if path.suffix.lower() in _TEXT_FORMATS:
            decoded, findings = read_text(path, layer=layer, encoding=source.encoding)
            if decoded.encoding != "utf-8":
                handle = decoded.text.encode("utf-8")
        frame = _read_ogr(handle, path.name, source, layer)
    if frame.empty:
        raise SourceError(f"{layer}: {path.name} has no rows")
    crs = settle_crs(frame.crs, source.crs, layer=layer)
    return frame.set_crs(crs, allow_override=True), findings


def _read_geoparquet(path: Path, layer: str) -> gpd.GeoDataFrame:
    try:
        return gpd.read_parquet(path)
    except (ValueError, OSError, KeyError, CRSError, shapely.errors.GEOSException) as error:
        raise SourceError(f"{layer}: {path.name} is not GeoParquet: {_first_line(error)}") from None


def _read_ogr(handle: Path | bytes, name: str, source: LayerSource, layer: str) -> gpd.GeoDataFrame:
    text_format = Path(name).suffix.lower() in _TEXT_FORMATS
    try:
        # opened before listing, so that a broken file fails here with GDAL's reason
        layers = [str(row[0]) for row in pyogrio.list_layers(handle)]
        if not layers:
            raise SourceError(f"{layer}: {name} holds no layer")
        if source.layer is None and len(layers) > 1:
            raise SourceError(
                f"{layer}: {name} holds {len(layers)} layers; set 'layer' to one of {', '.join(layers)}"
            )
        if source.layer is not None and source.layer not in layers:
            raise SourceError(f"{layer}: {name} has no layer '{source.layer}'; it has {', '.join(layers)}")
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", RuntimeWarning
            )  # GDAL's remarks on odd field types; nothing is lost
            warnings.simplefilter("ignore", UserWarning)
            frame = pyogrio.read_dataframe(
                handle, layer=source.layer or 0, encoding=None if text_format else source.encoding
            )
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        shapely.errors.GEOSException,
    ) as error:
        raise SourceError(f"{layer}: {name} is not a readable vector file: {_first_line(error)}") from None
    except (UnicodeDecodeError, LookupError):
        raise SourceError(
            f"{layer}: the text in {name} is not {source.encoding or 'UTF-8'}; set 'encoding', for example cp1258"
        ) from None
    if not isinstance(frame, gpd.GeoDataFrame):
        raise SourceError(f"{layer}: {name} has no geometry")
    return frame


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def repair_polygons(
    frame: gpd.GeoDataFrame, *, layer: str, key: str
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Mend polygons that cross themselves; only the polygonal part is kept, and every mended row is counted.

    Raises
    ------
    SourceError
        A geometry is neither polygon nor point.
    """
    # a third axis means nothing for a boundary
    geometry = pd.Series(shapely.force_2d(frame.geometry.to_numpy()), index=frame.index)
    broken = ~pd.Series(shapely.is_valid(geometry.to_numpy()), index=frame.index) & geometry.notna()
    geometry[broken] = [_polygonal(shapely.make_valid(shape)) for shape in geometry[broken]]
    kinds = pd.Series(shapely.get_type_id(geometry.to_numpy()), index=frame.index)
    empty = geometry.isna() | pd.Series(shapely.is_empty(geometry.to_numpy()), index=frame.index)
    wrong = ~kinds.isin([0, 3, 6]) & ~empty
    if wrong.any():
        raise SourceError(
            f"{layer}: neither polygon nor point in {count_rows(int(wrong.sum()))}: {name_rows(frame.loc[wrong, key])}"
        )
    findings = []
    if broken.any():
        ids = tuple(frame.loc[broken, key].astype(str))
        findings.append(
            Finding(
                layer=layer,
                word="clean",
                severity="warning",
                message=f"{count_rows(len(ids), 'invalid polygon')} repaired: {name_rows(ids)}",
                count=len(ids),
                rows=ids,
            )
        )
    if empty.any():
        ids = tuple(frame.loc[empty, key].astype(str))
        findings.append(
            Finding(
                layer=layer,
                word="sufficient",
                severity="warning",
                message=f"{count_rows(len(ids))} without a usable shape: {name_rows(ids)}; they stay, as 'verify'",
                count=len(ids),
                rows=ids,
            )
        )
    geometry[empty] = shapely.Polygon()
    return frame.set_geometry(gpd.GeoSeries(geometry, crs=frame.crs)), findings


def _polygonal(shape: shapely.Geometry) -> shapely.Geometry:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts) if parts else shapely.Polygon()
