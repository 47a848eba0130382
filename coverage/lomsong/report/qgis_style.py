"""
Layers that come dressed: the style table that QGIS looks for in a GeoPackage, as QML and as SLD.

Colours and patterns are those of the map; they are told apart without colour too.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

from lomsong.schemas import STATUSES

Shape = Literal["fill", "marker"]
#: Fill, line and pattern (QGIS brush, SLD mark) of each status.
LOOKS: Mapping[str, tuple[str, str, str, str]] = {
    "white": ("#D55E00", "#5c2900", "diagonal_x", "shape://times"),
    "hollow": ("#E69F00", "#5f4200", "dense6", "shape://dot"),
    "underserved": ("#F0E442", "#5e5800", "horizontal", "shape://horline"),
    "verify": ("#CC79A7", "#5e2846", "b_diagonal", "shape://slash"),
    "covered": ("#56B4E9", "#0f4a6e", "vertical", "shape://vertline"),
    "served": ("#0072B2", "#002f4a", "", ""),
}
#: Mark of each status where villages are points.
_MARKS = {
    "white": ("cross_fill", "x"), "hollow": ("circle", "circle"), "underserved": ("square", "square"),
    "verify": ("diamond", "triangle"), "covered": ("pentagon", "star"), "served": ("triangle", "cross"),
}  # fmt: skip
STATUS_WORDS = {
    "white": "White: no signal at the centre",
    "hollow": "Hollow: gaps around the centre",
    "underserved": "Underserved: signal, but too slow",
    "verify": "To verify in the field",
    "covered": "Covered: speed not known well enough",
    "served": "Served",
}
_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
  styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now'))
)
"""
_FIXED_DATE = "2000-01-01T00:00:00.000Z"


def add_status_style(path: Path, *, layer: str, shape: Shape, note: str = "") -> None:
    """
    Put the style of a layer with a column ``status`` into its GeoPackage as the default.

    Parameters
    ----------
    path : Path
        GeoPackage written a moment ago.
    layer : str
        Its layer.
    shape : {'fill', 'marker'}
        For areas or for points.
    note : str
        Shown as the description of the style.
    """
    with closing(sqlite3.connect(path)) as database, database:
        column = database.execute(
            "SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?", (layer,)
        ).fetchone()[0]
        database.execute(_TABLE)
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?, 0)",
            (_FIXED_DATE,),
        )
        database.execute(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
            "styleQML, styleSLD, useAsDefault, description, owner, update_time) VALUES ('', '', ?, ?, 'status', ?, ?, 1, ?, '', ?)",
            (layer, column, status_qml(shape), status_sld(layer, shape), note, _FIXED_DATE),
        )


def status_qml(shape: Shape) -> str:
    """Return the style as QGIS writes it: one category a status, in the order of the legend."""
    root = ET.Element("qgis", {"version": "3.28.0", "styleCategories": "Symbology"})
    renderer = ET.SubElement(
        root,
        "renderer-v2",
        {"type": "categorizedSymbol", "attr": "status", "symbollevels": "0", "enableorderby": "0", "forceraster": "0"},
    )  # fmt: skip
    categories, symbols = ET.SubElement(renderer, "categories"), ET.SubElement(renderer, "symbols")
    for number, status in enumerate(STATUSES):
        ET.SubElement(
            categories,
            "category",
            {"value": status, "type": "string", "symbol": str(number), "label": STATUS_WORDS[status], "render": "true"},
        )  # fmt: skip
        opacity = "0.85" if shape == "fill" else "1"
        symbol = ET.SubElement(
            symbols,
            "symbol",
            {"name": str(number), "type": shape, "alpha": opacity, "clip_to_extent": "1", "force_rhr": "0"},
        )
        for kind, options in _symbol_layers(status, shape):
            layer = ET.SubElement(
                symbol, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"}
            )
            _write_options(layer, options)
    ET.indent(root, " ")
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + ET.tostring(
        root, encoding="unicode"
    )


def _symbol_layers(status: str, shape: Shape) -> Iterable[tuple[str, dict[str, str]]]:
    fill, line, brush, _ = LOOKS[status]
    outline = {
        "outline_color": _rgba(line),
        "outline_style": "solid",
        "outline_width": "0.2",
        "outline_width_unit": "MM",
    }
    if shape == "marker":
        mark = _MARKS[status][0]
        yield "SimpleMarker", {"name": mark, "color": _rgba(fill), "size": "3", "size_unit": "MM", **outline}
        return
    yield "SimpleFill", {"color": _rgba(fill), "style": "solid", **outline}
    if brush:
        yield "SimpleFill", {"color": _rgba(line), "style": brush, **outline, "outline_style": "no"}


def _write_options(layer: ET.Element, options: dict[str, str]) -> None:
    """Write options twice: ``Option`` is read by QGIS 3.26 and later, ``prop`` by those before."""
    group = ET.SubElement(layer, "Option", {"type": "Map"})
    for name, value in options.items():
        ET.SubElement(group, "Option", {"name": name, "type": "QString", "value": value})
    for name, value in options.items():
        ET.SubElement(layer, "prop", {"k": name, "v": value})


def _rgba(colour: str) -> str:
    return ",".join(str(int(colour[place : place + 2], 16)) for place in (1, 3, 5)) + ",255"


def status_sld(layer: str, shape: Shape) -> str:
    """Return the same as OGC Styled Layer Descriptor 1.0, for GeoServer and others."""
    root = ET.Element(
        "StyledLayerDescriptor",
        {
            "version": "1.0.0",
            "xmlns": "http://www.opengis.net/sld",
            "xmlns:ogc": "http://www.opengis.net/ogc",
        },
    )
    named = ET.SubElement(root, "NamedLayer")
    ET.SubElement(named, "Name").text = layer
    style = ET.SubElement(ET.SubElement(named, "UserStyle"), "FeatureTypeStyle")
    for status in STATUSES:
        rule = ET.SubElement(style, "Rule")
        ET.SubElement(rule, "Name").text = status
        ET.SubElement(rule, "Title").text = STATUS_WORDS[status]
        equal = ET.SubElement(ET.SubElement(rule, "ogc:Filter"), "ogc:PropertyIsEqualTo")
        ET.SubElement(equal, "ogc:PropertyName").text = "status"
        ET.SubElement(equal, "ogc:Literal").text = status
        _write_symbolizers(rule, status, shape)
    ET.indent(root, " ")
    return ET.tostring(root, encoding="unicode")


def _write_symbolizers(rule: ET.Element, status: str, shape: Shape) -> None:
    fill, line, _, mark = LOOKS[status]
    if shape == "marker":
        graphic = ET.SubElement(ET.SubElement(rule, "PointSymbolizer"), "Graphic")
        _write_mark(graphic, _MARKS[status][1], fill=fill, line=line)
        ET.SubElement(graphic, "Size").text = "10"
        return
    area = ET.SubElement(rule, "PolygonSymbolizer")
    _css(ET.SubElement(area, "Fill"), {"fill": fill, "fill-opacity": "0.85"})
    _css(ET.SubElement(area, "Stroke"), {"stroke": line, "stroke-width": "0.5"})
    if mark:
        pattern = ET.SubElement(ET.SubElement(rule, "PolygonSymbolizer"), "Fill")
        graphic = ET.SubElement(ET.SubElement(pattern, "GraphicFill"), "Graphic")
        _write_mark(graphic, mark, fill=None, line=line)
        ET.SubElement(graphic, "Size").text = "8"


def _write_mark(graphic: ET.Element, name: str, *, fill: str | None, line: str) -> None:
    mark = ET.SubElement(graphic, "Mark")
    ET.SubElement(mark, "WellKnownName").text = name
    if fill is not None:
        _css(ET.SubElement(mark, "Fill"), {"fill": fill})
    _css(ET.SubElement(mark, "Stroke"), {"stroke": line, "stroke-width": "0.5"})


def _css(parent: ET.Element, values: dict[str, str]) -> None:
    for name, value in values.items():
        ET.SubElement(parent, "CssParameter", {"name": name}).text = value
