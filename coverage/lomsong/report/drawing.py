"""Small drawings: areas, lines and words on a sheet measured in pixels, written as SVG or PNG, the same bytes each time."""

import io
import unicodedata
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal
from xml.etree import ElementTree as ET

from lomsong.errors import OutputError
from lomsong.text import clean

#: Fonts that hold Vietnamese, on any machine.
_FONTS = "DejaVu Sans, Noto Sans, Arial, sans-serif"
#: Pixels of a PNG for each pixel of the sheet.
_PNG_SCALE = 2
_SVG = "http://www.w3.org/2000/svg"

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Area:
    """A filled polygon."""

    points: Sequence[Point]
    fill: str
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points, dashed or not."""

    points: Sequence[Point]
    colour: str
    width: float = 1.0
    dash: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text, shown letter by letter as it is; `y` is the line that the letters stand on."""

    x: float
    y: float
    text: str
    size: float = 11.0
    colour: str = "#222222"
    anchor: Literal["start", "middle", "end"] = "start"
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """A sheet of `width` × `height` pixels; `title` and `description` are for those who cannot see it."""

    width: int
    height: int
    title: str
    description: str
    shapes: tuple[Area | Line | Words, ...]

    def as_svg(self) -> str:
        """Return the drawing as an SVG document that runs nothing and asks the network for nothing."""
        sheet = ET.Element(
            "svg",
            {
                "xmlns": _SVG,
                "viewBox": f"0 0 {self.width} {self.height}",
                "width": str(self.width),
                "height": str(self.height),
                "role": "img",
                "font-family": _FONTS,
            },
        )
        ET.SubElement(sheet, "title").text = clean(self.title)
        ET.SubElement(sheet, "desc").text = clean(self.description)
        ET.SubElement(sheet, "rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})
        for shape in self.shapes:
            _append(sheet, shape)
        ET.indent(sheet, " ")
        return ET.tostring(sheet, encoding="unicode") + "\n"

    def as_png(self) -> bytes:
        """
        Return the drawing as a PNG, twice as fine as the sheet.

        Raises
        ------
        OutputError
            matplotlib, which draws it, is not installed.
        """
        if find_spec("matplotlib") is None:
            raise OutputError(
                "a PNG needs matplotlib: pip install 'lomsong[notebook]', or write an .svg, which needs nothing"
            )
        return _paint(self)


def fit(text: str, width: float, size: float) -> str:
    """
    Return as much of a text as fits into `width` pixels at a font size, with an ellipsis where it was cut.

    Examples
    --------
    >>> fit("Bản Hồ Đợi", 200, 11), fit("Bản Hồ Đợi", 40, 11)
    ('Bản Hồ Đợi', 'Bản …')
    """
    text = clean(text)
    if breadth(text, size) <= width:
        return text
    total, kept = size, 0  # the ellipsis
    for letter in text:
        total += breadth(letter, size)
        if total > width:
            break
        kept += 1
    return text[:kept] + "…"


def breadth(text: str, size: float) -> float:
    """Return about how broad a text is at a font size, rather more than less; depends on no font. [pixel]"""
    return size * sum(map(_letter_breadth, text))


def _letter_breadth(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0.0
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    return 0.75 if letter.isupper() else 0.62


def _append(sheet: ET.Element, shape: Area | Line | Words) -> None:
    if isinstance(shape, Words):
        place = {"x": _short(shape.x), "y": _short(shape.y), "font-size": _short(shape.size)}
        look = {"fill": shape.colour, "text-anchor": shape.anchor}
        if shape.bold:
            look["font-weight"] = "bold"
        ET.SubElement(sheet, "text", {**place, **look}).text = clean(shape.text)
        return
    points = " ".join(f"{_short(x)},{_short(y)}" for x, y in shape.points)
    if isinstance(shape, Area):
        look = {"points": points, "fill": shape.fill}
        if shape.opacity < 1.0:
            look["fill-opacity"] = _short(shape.opacity)
        ET.SubElement(sheet, "polygon", look)
        return
    look = {"points": points, "fill": "none", "stroke": shape.colour, "stroke-width": _short(shape.width)}
    if shape.dash:
        look["stroke-dasharray"] = " ".join(map(_short, shape.dash))
    ET.SubElement(sheet, "polyline", {**look, "stroke-linejoin": "round"})


def _short(number: float) -> str:
    return f"{number + 0.0:.2f}".rstrip("0").rstrip(".")


def _paint(drawing: Drawing) -> bytes:
    import matplotlib as mpl  # noqa: PLC0415 - in the optional extra 'notebook'
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.lines import Line2D  # noqa: PLC0415
    from matplotlib.patches import Polygon  # noqa: PLC0415
    from matplotlib.text import Text  # noqa: PLC0415

    points_per_pixel = 0.72  # at 100 dots an inch
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()  # a reader's style must not change the picture
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # drawn as a box
        figure = Figure(figsize=(drawing.width / 100, drawing.height / 100), dpi=100 * _PNG_SCALE)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set(xlim=(0, drawing.width), ylim=(drawing.height, 0))
        axes.axis("off")
        for order, shape in enumerate(drawing.shapes):
            if isinstance(shape, Area):
                axes.add_patch(
                    Polygon(
                        shape.points, facecolor=shape.fill, alpha=shape.opacity, linewidth=0, zorder=order
                    )
                )
            elif isinstance(shape, Line):
                x, y = zip(*shape.points, strict=True)
                line = Line2D(
                    x, y, color=shape.colour, linewidth=shape.width * points_per_pixel, zorder=order
                )
                if shape.dash:
                    line.set_dashes([length / shape.width for length in shape.dash])  # in line widths
                axes.add_line(line)
            else:
                axes.add_artist(
                    Text(
                        shape.x,
                        shape.y,
                        clean(shape.text),
                        color=shape.colour,
                        fontsize=shape.size * points_per_pixel,
                        fontweight="bold" if shape.bold else "normal",
                        horizontalalignment=_ALIGNMENT[shape.anchor],
                        verticalalignment="baseline",
                        parse_math=False,
                        usetex=False,
                        zorder=order,
                    )
                )
        content = io.BytesIO()
        figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


_ALIGNMENT: dict[str, Literal["left", "center", "right"]] = {
    "start": "left",
    "middle": "center",
    "end": "right",
}
