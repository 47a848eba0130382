"""What servers' lists of files say: nothing in them is trusted to have its form."""

from typing import Any
from urllib.parse import urlsplit

import shapely
from shapely.geometry import shape as to_shape

from lomsong.errors import SourceError


def checked_address(url: str) -> str:
    """
    Return an address out of a server's answer.

    Raises
    ------
    SourceError
        It is none of the web's, or holds a user name.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or "{" in url:
        raise SourceError("a server's list of files holds an address that is not on the web; not followed")
    return url


def text_of(row: dict[str, Any], key: str) -> str:
    """Return a value as one line of text, empty where there is none."""
    return " ".join(str(row.get(key) or "").split())[:500]


def features(content: Any) -> list[dict[str, Any]]:
    """Return the features of a GeoJSON collection that have properties."""
    rows = content.get("features") if isinstance(content, dict) else None
    listed = rows if isinstance(rows, list) else []
    return [row for row in listed if isinstance(row, dict) and isinstance(row.get("properties"), dict)]


def outline_of(feature: dict[str, Any]) -> shapely.Geometry | None:
    """Return the shape of a feature, or None where it is no area on the earth."""
    try:
        found = shapely.make_valid(to_shape(feature["geometry"]))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, shapely.errors.ShapelyError):
        return None
    west, south, east, north = found.bounds if not found.is_empty else (1.0, 1.0, 0.0, 0.0)
    inside = -180 <= west < east <= 180 and -90 <= south < north <= 90
    return found if inside and found.area > 0 else None


def codes_in(properties: dict[str, Any]) -> list[str]:
    """Return the ISO 3166 alpha-2 codes that an extract of Geofabrik is for."""
    codes = properties.get("iso3166-1:alpha2")
    listed = codes if isinstance(codes, list) else [codes]
    return [code for code in listed if isinstance(code, str)]


def countries_of(feature: dict[str, Any]) -> list[str]:
    """Return the same of a feature of its index."""
    return codes_in(feature["properties"])
