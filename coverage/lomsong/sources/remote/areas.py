"""The area of a fetch: a box, the extent of a file, or a country by its code; and which tiles and codes belong to it."""

import csv
import math
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

import shapely

from lomsong.errors import SourceError
from lomsong.settings import LayerSource
from lomsong.sources.vectors import read_vector

#: Metres of a degree of latitude, for margins. [m]
_DEGREE_M = 111_320.0

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Country:
    """A country's codes: ISO 3166 alpha-2 and alpha-3, and its mobile country codes (ITU-T E.212)."""

    iso2: str
    iso3: str
    mcc: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Area:
    """
    What to fetch layers for.

    Attributes
    ----------
    name : str
        For people and for the settings file.
    shape : Polygon or MultiPolygon
        In WGS 84; for a country by code, its outline once that is fetched.
    country : Country or None
        Where it is known.
    whole_country : bool
        The area is the country itself.
    """

    name: str
    shape: shapely.Geometry
    country: Country | None
    whole_country: bool = False

    @property
    def bounds(self) -> Bounds:
        """Return west, south, east and north. [deg]"""
        west, south, east, north = self.shape.bounds
        return west, south, east, north


@lru_cache(maxsize=1)
def countries() -> dict[str, Country]:
    """Return every country by its alpha-2 and by its alpha-3 code."""
    text = resources.files("lomsong.sources.remote").joinpath("countries.csv").read_text("ascii")
    rows = [
        Country(row["alpha2"], row["alpha3"], tuple(row["mcc"].split()))
        for row in csv.DictReader(text.splitlines())
    ]
    return {code: row for row in rows for code in (row.iso2, row.iso3)}


def find_country(code: str) -> Country:
    """
    Return the country of an ISO 3166 code.

    Raises
    ------
    SourceError
        There is none.

    Examples
    --------
    >>> find_country("vn").iso3, find_country("LSO").mcc
    ('VNM', ('651',))
    """
    found = countries().get(code.strip().upper())
    if found is None:
        raise SourceError(
            f"'{code}' is no ISO 3166 country code; write two or three letters, for example VN or VNM"
        )
    return found


def parse_area(text: str, *, country: Country | None = None) -> Area | Country:
    """
    Understand what a user calls an area.

    Parameters
    ----------
    text : str
        ``west,south,east,north`` in degrees, the path of a vector file, or an ISO 3166 code.
    country : Country, optional
        The country that the box or file lies in, where the user says it.

    Returns
    -------
    Area or Country
        A country by code has no outline yet.

    Raises
    ------
    SourceError
        It is none of these, or a box that cannot be.
    """
    numbers = _numbers(text)
    if numbers is not None:
        return Area(f"area {text.replace(' ', '')}", _box(numbers), country)
    path = Path(text)
    if path.is_file():
        return Area(path.stem, _extent(path), country)
    if text.strip().isalpha() and len(text.strip()) in (2, 3):
        return find_country(text)
    raise SourceError(
        f"'{text}' is no area: write a box west,south,east,north in degrees (102.9,22.0,103.4,22.6), the path of a "
        "vector file, or an ISO 3166 country code (VN or VNM)"
    )


def _numbers(text: str) -> list[float] | None:
    parts = text.replace(";", ",").split(",")
    if len(parts) != 4:
        return None
    try:
        return [float(part) for part in parts]
    except ValueError:
        return None


def _box(numbers: list[float]) -> shapely.Polygon:
    west, south, east, north = numbers
    if not all(math.isfinite(number) for number in numbers):
        raise SourceError("the box has a number that is none")
    if not (-90 <= south <= 90 and -90 <= north <= 90):
        raise SourceError("the box has a latitude beyond 90; the order is west,south,east,north")
    if not (-180 <= west <= 180 and -180 <= east <= 180):
        raise SourceError(
            "the box has a longitude beyond 180; the order is west,south,east,north, in degrees"
        )
    if west >= east or south >= north:
        raise SourceError(
            "the box is empty: west must be less than east and south less than north; fetch an area across the 180th "
            "meridian as two boxes"
        )
    return shapely.box(west, south, east, north)


def _extent(path: Path) -> shapely.Polygon:
    frame, _ = read_vector(LayerSource(path=path), layer="area")
    west, south, east, north = (float(edge) for edge in frame.to_crs("EPSG:4326").total_bounds)
    edges = (west, south, east, north)
    if not all(math.isfinite(edge) for edge in edges):
        raise SourceError(f"area: {path.name} holds no usable shape")
    if west == east or south == north:  # a single point has an extent too
        west, south, east, north = west - 0.05, south - 0.05, east + 0.05, north + 0.05
    return _box([max(west, -180), max(south, -90), min(east, 180), min(north, 90)])


def widen(shape: shapely.Geometry, margin_m: float) -> shapely.Geometry:
    """
    Return a shape grown by at least a margin: paths to masts leave the area.

    Parameters
    ----------
    shape : Geometry
        In degrees.
    margin_m : float
        How far, on the ground. [m]

    Returns
    -------
    Geometry
        Its parts, each grown, together; clipped to the world.
    """
    grown = []
    for part in shapely.get_parts(shape):
        _, south, _, north = part.bounds
        up = margin_m / _DEGREE_M
        narrow = max(math.cos(math.radians(min(max(abs(south), abs(north)) + up, 89.0))), 0.01)
        across = up / narrow
        # a box in longitude and latitude: buffer in a stretched plane, so that the margin holds both ways
        stretched = shapely.transform(part, lambda xy, k=up / across: xy * (k, 1.0))
        wide = shapely.transform(
            stretched.simplify(up / 20).buffer(up * 1.1, quad_segs=4), lambda xy, k=across / up: xy * (k, 1.0)
        )
        grown.append(shapely.intersection(wide, shapely.box(-180, -90, 180, 90)))
    return shapely.union_all(grown)


def tiles(shape: shapely.Geometry, size_deg: int) -> list[tuple[int, int]]:
    """
    List the tiles of a degree grid that a shape touches.

    Parameters
    ----------
    shape : Geometry
        In WGS 84.
    size_deg : int
        Side of a tile; tiles start at multiples of it. [deg]

    Returns
    -------
    list of (int, int)
        Longitude and latitude of the south-west corners, in order. A tile that is only touched at its edge is
        left out.
    """
    west, south, east, north = shape.bounds
    columns = range(math.floor(west / size_deg) * size_deg, math.ceil(east / size_deg) * size_deg, size_deg)
    rows = range(math.floor(south / size_deg) * size_deg, math.ceil(north / size_deg) * size_deg, size_deg)
    shapely.prepare(shape)
    return [
        (left, low)
        for low in rows
        for left in columns
        if shape.intersects(tile := shapely.box(left, low, left + size_deg, low + size_deg))
        and not shape.touches(tile)
    ]


def country_values(country: Country) -> dict[str, str]:
    """Return what an address may say of a country."""
    return {
        "iso2": country.iso2.lower(),
        "ISO2": country.iso2,
        "iso3": country.iso3.lower(),
        "ISO3": country.iso3,
    }


def tile_values(left: int, low: int) -> dict[str, str]:
    """
    Return what a tile's name is made of.

    Examples
    --------
    >>> tile_values(-72, 44)
    {'ns': 'N', 'ew': 'W', 'lat': '44', 'lon': '072'}
    """
    return {
        "ns": "N" if low >= 0 else "S",
        "ew": "E" if left >= 0 else "W",
        "lat": f"{abs(low):02d}",
        "lon": f"{abs(left):03d}",
    }
