"""The check list that a field team takes along: CSV to fill in, KML to find the way; both read back as field checks."""

from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lomsong.schemas import FIELD_CHECKS
from lomsong.text import clean, guard_cell

#: Columns that the team fills in; `inputs.field_checks` reads them.
TO_FILL_IN = ("has_signal", "time", "operator", "technology", "level_dbm", "note")
#: Places in the KML: as many as a phone shows without trouble. The CSV has them all.
MOST_PLACES = 1000
_KML = "http://www.opengis.net/kml/2.2"


def write_checklist(checks: gpd.GeoDataFrame, folder: Path, *, name: str = "field_checks") -> None:
    """
    Write a check list as ``NAME.csv`` and ``NAME.kml``.

    Parameters
    ----------
    checks : GeoDataFrame
        From `rank_checks`, in any CRS.
    folder : Path
        Where to.
    name : str
        Of the files.
    """
    table = list_checks(checks)
    texts = table.select_dtypes(exclude="number").columns
    safe = table.assign(**{name: table[name].map(guard_cell, na_action="ignore") for name in texts})
    # the mark lets spreadsheets read Vietnamese
    safe.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8-sig")
    (folder / f"{name}.kml").write_bytes(_kml(table.head(MOST_PLACES)))


def list_checks(checks: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the rows of the check list: contract `FIELD_CHECKS`, places in WGS 84 at the centres, and cells to fill in."""
    inside = checks.geometry.representative_point().to_crs("EPSG:4326")
    x, y = inside.x.to_numpy(), inside.y.to_numpy()
    if {"centre_longitude_deg", "centre_latitude_deg"} <= set(checks):
        given = checks[["centre_longitude_deg", "centre_latitude_deg"]].to_numpy(np.float64, na_value=np.nan)
        whole = np.isfinite(given).all(axis=1)
        x, y = np.where(whole, given[:, 0], x), np.where(whole, given[:, 1], y)
    placed = checks.assign(longitude_deg=x.round(6), latitude_deg=y.round(6))
    table = pd.DataFrame(placed.reindex(columns=FIELD_CHECKS.names()))
    table["p_signal"], table["check_value"] = table["p_signal"].round(4), table["check_value"].round(1)
    return table.assign(**dict.fromkeys(TO_FILL_IN, ""))


def _kml(table: pd.DataFrame) -> bytes:
    root = ET.Element("kml", {"xmlns": _KML})
    document = ET.SubElement(root, "Document")
    ET.SubElement(document, "name").text = "Field checks"
    for row in table.to_dict("records"):
        place = ET.SubElement(document, "Placemark")
        ET.SubElement(place, "name").text = _text(row["village_name"]) or _text(row["village_id"])
        ET.SubElement(place, "description").text = _text(row["reasons"])
        data = ET.SubElement(place, "ExtendedData")
        for name in ("village_id", "check_order", "check_value", "status", *TO_FILL_IN):
            ET.SubElement(ET.SubElement(data, "Data", {"name": name}), "value").text = _text(row[name])
        if shapely.is_valid(shapely.Point(row["longitude_deg"], row["latitude_deg"])):
            point = ET.SubElement(place, "Point")
            ET.SubElement(point, "coordinates").text = f"{row['longitude_deg']},{row['latitude_deg']}"
    ET.indent(root, " ")
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _text(value: object) -> str:
    return "" if pd.isna(value) else clean(str(value))  # type: ignore[call-overload]
