"""From degrees to pixels of a drawing: north up, true to scale in the middle, borders no finer than a pixel shows."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from lomsong.report.drawing import Area, Drawing, Line, Point, Words
from lomsong.report.path_words import say_path
from lomsong.wording import Language, write_number

#: A degree of a great circle. [m]
_DEGREE_M = 111_195.0
#: Borders are drawn no finer than this. [pixel]
_FINE_PX = 0.6
_INK = "#222222"
#: Height of the strip that says that data are made up. [pixel]
_STRIP = 20
Shape = Area | Line | Words
_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plane:
    """
    A window of the earth on a box of pixels.

    Attributes
    ----------
    west, south, east, north : float
        What the box shows. [deg]
    left, top, right, bottom : float
        The box. [pixel]
    """

    west: float
    south: float
    east: float
    north: float
    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(
        cls,
        bounds: tuple[float, float, float, float],
        box: tuple[float, float, float, float],
        *,
        least_m: float,
    ) -> "Plane":
        """Return the smallest window of the box's shape that holds west, south, east, north and is `least_m` wide."""
        west, south, east, north = bounds
        left, top, right, bottom = box
        slim = max(float(np.cos(np.radians((south + north) / 2))), 0.01)
        per_pixel = max(
            (east - west) * slim * 1.06 / (right - left),
            (north - south) * 1.06 / (bottom - top),
            least_m / _DEGREE_M / (right - left),
        )
        half_x, half_y = per_pixel * (right - left) / slim / 2, per_pixel * (bottom - top) / 2
        x, y = (west + east) / 2, (south + north) / 2
        return cls(x - half_x, y - half_y, x + half_x, y + half_y, left, top, right, bottom)

    @property
    def metres_per_pixel(self) -> float:
        """Return the scale in the middle. [m]"""
        return (self.north - self.south) * _DEGREE_M / (self.bottom - self.top)

    def to_pixels(self, degrees: _Floats) -> _Floats:
        """Return places, shape (n, 2), longitude and latitude, as pixels."""
        x = self.left + (degrees[:, 0] - self.west) / (self.east - self.west) * (self.right - self.left)
        y = self.bottom - (degrees[:, 1] - self.south) / (self.north - self.south) * (self.bottom - self.top)
        return np.column_stack([x, y])

    def point(self, longitude_deg: float, latitude_deg: float) -> Point:
        """Return one place as pixels."""
        x, y = self.to_pixels(np.array([[longitude_deg, latitude_deg]]))[0]
        return float(x), float(y)

    def outlines(self, shape: shapely.Geometry) -> list[list[Point]]:
        """Return the outer rings of a shape within the box, as fine as pixels show."""
        shape = shape if shape.is_valid else shapely.make_valid(shape)
        clipped = shapely.clip_by_rect(shape, self.west, self.south, self.east, self.north)
        drawn = shapely.simplify(shapely.transform(clipped, self.to_pixels), _FINE_PX)
        parts = [
            part for part in shapely.get_parts(drawn) if part.geom_type == "Polygon" and not part.is_empty
        ]
        return [[(float(x), float(y)) for x, y in part.exterior.coords] for part in parts]

    def scale_bar(self, language: Language) -> list[Shape]:
        """Return a bar of round length and an arrow to the north, in the lower corners."""
        room_m = (self.right - self.left) * self.metres_per_pixel / 4
        power = 10.0 ** np.floor(np.log10(max(room_m, 1.0)))
        length_m = float(max(factor * power for factor in (1, 2, 5) if factor * power <= max(room_m, 1.0)))
        x, y = self.left + 10, self.bottom - 10
        end = x + length_m / self.metres_per_pixel
        decimals = 0 if length_m >= 1000 else 1
        text = f"{write_number(length_m / 1000, decimals, language)} km"
        a, b = self.right - 14, self.bottom - 10
        return [
            Area([(x - 5, y - 22), (end + 5, y - 22), (end + 5, y + 6), (x - 5, y + 6)], "#ffffff", 0.8),
            Line([(x, y), (end, y)], _INK, 3.0),
            Words(x, y - 6, text, 10),
            Area([(a - 10, b - 32), (a + 10, b - 32), (a + 10, b + 5), (a - 10, b + 5)], "#ffffff", 0.8),
            Area([(a, b - 18), (a - 5, b), (a, b - 4), (a + 5, b)], _INK),
            Words(a, b - 21, "B" if language == "vi" else "N", 10, anchor="middle", bold=True),
        ]


def mark_synthetic(drawing: Drawing, language: Language) -> Drawing:
    """Return a drawing with a strip below that says that the data are made up: pictures travel alone."""
    strip = drawing.height + _STRIP
    words = say_path("synthetic", language)
    shapes = (
        *drawing.shapes,
        Area(box(0, drawing.height, drawing.width, strip), "#7a1f00"),
        Words(10, strip - 6, words, 11, "#ffffff", bold=True),
    )
    told = f"{drawing.description} {say_path('synthetic_data', language)}"
    return Drawing(drawing.width, strip, drawing.title, told, shapes)


def disc(centre: Point, radius: float, fill: str) -> Area:
    """Return a round mark."""
    turns = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    return Area(
        [(centre[0] + radius * float(np.cos(t)), centre[1] + radius * float(np.sin(t))) for t in turns], fill
    )


def triangle(centre: Point, half: float, fill: str) -> Area:
    """Return the mark of a mast."""
    x, y = centre
    return Area([(x, y - half), (x - half, y + half), (x + half, y + half)], fill)


def diamond(centre: Point, half: float, fill: str) -> Area:
    """Return the mark of a proposed site."""
    x, y = centre
    return Area([(x - half, y), (x, y - half), (x + half, y), (x, y + half)], fill)


def box(left: float, top: float, right: float, bottom: float) -> list[Point]:
    """Return the corners of a rectangle."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]
