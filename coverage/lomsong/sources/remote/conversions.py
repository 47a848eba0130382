"""Fetched files in a form that a run reads: OpenStreetMap objects as GeoJSON, tiles as one virtual raster."""

import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import rasterio
from rasterio.errors import RasterioError

from lomsong.errors import SourceError
from lomsong.sources.remote.cuttings import written
from lomsong.sources.remote.formats import read_json


def convert_overpass(source: Path, target: Path) -> int:
    """
    Write an answer of Overpass as GeoJSON: points, or lines where their course was asked for.

    Returns
    -------
    int
        Objects written.

    Raises
    ------
    SourceError
        The answer is not what it should be.
    """
    answer = read_json(source)
    elements = answer.get("elements") if isinstance(answer, dict) else None
    rows = [_feature(each) for each in elements] if isinstance(elements, list) else []
    features = sorted(
        (row for row in rows if row is not None), key=lambda row: str(row["properties"]["osm_id"])
    )
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, allow_nan=False) for row in features)
    with written(target) as aside:
        aside.write_text(f'{{"type":"FeatureCollection","features":[\n{lines}\n]}}\n', encoding="utf-8")
    return len(features)


def _feature(element: Any) -> dict[str, Any] | None:
    if not isinstance(element, dict) or not isinstance(element.get("type"), str):
        return None
    geometry = _geometry(element)
    if geometry is None:
        return None
    tags = element.get("tags")
    texts = (
        {key: value for key, value in tags.items() if isinstance(value, str)}
        if isinstance(tags, dict)
        else {}
    )
    name = {"osm_id": f"{element['type']}/{element.get('id')}"}
    return {"type": "Feature", "properties": {**texts, **name}, "geometry": geometry}


def _geometry(element: dict[str, Any]) -> dict[str, Any] | None:
    course = element.get("geometry")
    if isinstance(course, list):
        places = [place for place in map(_place, course) if place is not None]
        if len(places) > 1:
            return {"type": "LineString", "coordinates": places}
    for where in (element, element.get("center")):
        place = _place(where)
        if place is not None:
            return {"type": "Point", "coordinates": place}
    return None


def _place(where: Any) -> list[float] | None:
    if not isinstance(where, dict):
        return None
    x, y = where.get("lon"), where.get("lat")
    if not (isinstance(x, int | float) and isinstance(y, int | float)):
        return None
    return [float(x), float(y)] if -180 <= x <= 180 and -90 <= y <= 90 else None


def write_vrt(tiles: list[Path], target: Path) -> int:
    """
    Write a virtual raster over tiles of one grid, with paths relative to it.

    Returns
    -------
    int
        Tiles in it.

    Raises
    ------
    SourceError
        A tile is no raster, or the tiles do not share a cell size.
    """
    opened = []
    for path in tiles:
        try:
            with rasterio.open(path) as dataset:
                opened.append(
                    (path, dataset.bounds, dataset.transform, dataset.crs, dataset.dtypes[0], dataset.nodata)
                )
        except RasterioError as error:
            raise SourceError(f"{path.name} is not a readable raster: {str(error)[:150]}") from None
    _, _, grid, crs, kind, nodata = opened[0]
    if any(
        abs(each[2].a - grid.a) > 1e-9 or abs(each[2].e - grid.e) > 1e-9 or each[3] != crs for each in opened
    ):
        raise SourceError(f"{target.name}: the tiles do not share cell size and CRS")
    west, north = min(each[1].left for each in opened), max(each[1].top for each in opened)
    width = round((max(each[1].right for each in opened) - west) / grid.a)
    height = round((north - min(each[1].bottom for each in opened)) / -grid.e)
    missing = "" if nodata is None else f"<NoDataValue>{nodata:g}</NoDataValue>"
    names = {"uint8": "Byte", "int16": "Int16", "uint16": "UInt16", "float32": "Float32"}
    parts = []
    for path, box, _, _, _, _ in opened:
        columns, rows = round((box.right - box.left) / grid.a), round((box.top - box.bottom) / -grid.e)
        size = f'xSize="{columns}" ySize="{rows}"'
        parts.append(
            f'<SimpleSource><SourceFilename relativeToVRT="1">{escape(path.relative_to(target.parent).as_posix())}'
            f'</SourceFilename><SourceBand>1</SourceBand><SrcRect xOff="0" yOff="0" {size}/>'
            f'<DstRect xOff="{round((box.left - west) / grid.a)}" yOff="{round((north - box.top) / -grid.e)}" {size}/>'
            "</SimpleSource>"
        )
    content = (
        f'<VRTDataset rasterXSize="{width}" rasterYSize="{height}"><SRS>{escape(crs.to_wkt())}</SRS>'
        f"<GeoTransform>{west!r}, {grid.a!r}, 0, {north!r}, 0, {grid.e!r}</GeoTransform>"
        f'<VRTRasterBand dataType="{names.get(kind, "Float32")}" band="1">{missing}{"".join(parts)}'
        "</VRTRasterBand></VRTDataset>\n"
    )
    with written(target) as aside:
        aside.write_text(content, encoding="utf-8")
    return len(parts)
