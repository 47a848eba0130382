"""Reads a map page back, written apart from the code that writes it: plain loops over the bytes."""

import base64
import gzip
import json
import re
import struct
from typing import Any

import numpy as np
import shapely

FORMATS = {"u1": "B", "i1": "b", "u2": "H", "i2": "h", "u4": "I", "i4": "i", "f8": "d"}
LOWEST = {"i1": -(2**7), "i2": -(2**15), "i4": -(2**31)}


class SentPack:
    """One pack of a page: its header and its arrays as lists."""

    def __init__(self, packed: bytes) -> None:
        raw = gzip.decompress(packed)
        (size,) = struct.unpack("<I", raw[:4])
        header = json.loads(raw[4 : 4 + size])
        self.meta: dict[str, Any] = header["meta"]
        self.bytes: dict[str, bytes] = {}
        self.kinds: dict[str, str] = {}
        for name, kind, offset, length in header["arrays"]:
            self.kinds[name] = kind
            self.bytes[name] = raw[4 + size + offset : 4 + size + offset + length]

    def numbers(self, name: str) -> list[Any]:
        content, letter = self.bytes[name], FORMATS[self.kinds[name]]
        return list(struct.unpack(f"<{len(content) // struct.calcsize(letter)}{letter}", content))

    def varints(self, name: str) -> list[int]:
        values, value, shift = [], 0, 0
        for byte in self.bytes[name]:
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                values.append(value)
                value = shift = 0
        return values

    def deltas(self, name: str) -> list[int]:
        total, values = 0, []
        for step in self.varints(name):
            total += -(step + 1) // 2 if step % 2 else step // 2
            values.append(total)
        return values

    def texts(self, name: str) -> list[str | None]:
        begin, values = 0, []
        for size in self.varints(f"{name}.sizes"):
            end = begin + max(size - 1, 0)
            values.append(None if size == 0 else self.bytes[f"{name}.bytes"][begin:end].decode("utf-8"))
            begin = end
        return values

    def column(self, name: str) -> list[Any]:
        kind = self.meta["columns"][name]
        if kind["kind"] == "text":
            return self.texts(name)
        if kind["kind"] == "words":
            words = [None, *self.texts(name)]
            return [words[code] for code in self.numbers(f"{name}.codes")]
        values = self.numbers(f"{name}.values")
        if kind["kind"] == "flag":
            return [None if value == 2 else bool(value) for value in values]
        missing = LOWEST.get(self.kinds[f"{name}.values"])
        scale = 10 ** kind["digits"]
        return [None if value == missing or value != value else value / scale for value in values]  # noqa: PLR0124

    def places(self) -> list[tuple[float, float] | None]:
        """Longitude and latitude of the centres."""
        known = self.numbers("placed") if "placed" in self.bytes else [1] * len(self.deltas("place_x"))
        pairs = zip(self.deltas("place_x"), self.deltas("place_y"), known, strict=True)
        return [to_degrees(x, y) if there else None for x, y, there in pairs]

    def outlines(self) -> list[shapely.Geometry | None]:
        """The polygons in degrees; rings that run as the first of a place are outlines, others holes."""
        arcs = self._arcs()
        uses, fresh = [], 0
        for behind in self.varints("ring_arcs"):
            uses.append(2 * fresh - behind)
            fresh += behind == 0
        at_use = at_ring = 0
        sizes = self.varints("ring_sizes")
        found: list[shapely.Geometry | None] = []
        for rings in self.varints("place_rings"):
            shape: shapely.Geometry = shapely.Polygon()
            for size in sizes[at_ring : at_ring + rings]:
                line: list[tuple[float, float]] = []
                for use in uses[at_use : at_use + size]:
                    line += (arcs[use // 2][::-1] if use % 2 else arcs[use // 2])[:-1]
                at_use += size
                shape = shape.symmetric_difference(shapely.make_valid(shapely.Polygon(line)))
            at_ring += rings
            found.append(shape if rings else None)
        return found

    def _arcs(self) -> list[list[tuple[float, float]]]:
        shift = self.numbers("arc_shift")[0]
        x, y = ([value << shift for value in self.deltas(name)] for name in ("arc_x", "arc_y"))
        arcs, begin = [], 0
        for size in self.varints("arc_sizes"):
            arcs.append([to_degrees(x[i], y[i]) for i in range(begin, begin + size)])
            begin += size
        return arcs


def as_shown(value: str) -> str:
    """A lone surrogate cannot be written; it is shown as browsers show it."""
    return re.sub("[\ud800-\udfff]", "\ufffd", value)


def to_degrees(x: int, y: int) -> tuple[float, float]:
    """Steps of Web Mercator (2^24 around the world) to longitude and latitude."""
    turn = y / 2**24
    return x / 2**24 * 360 - 180, float(np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * turn)))))


def sent(text: str, kind: str, part: str = "first") -> SentPack:
    """What a page carries for one of its layers."""
    found = re.findall(
        rf'<script type="application/gzip" id="lomsong_{kind}_\w+_{part}">(.*?)</script>', text
    )
    assert len(found) == 1
    return SentPack(base64.b64decode(found[0]))


def sent_columns(text: str, kind: str) -> dict[str, list[Any]]:
    """Every column that a page carries for one of its layers."""
    return {
        name: pack.column(name)
        for pack in (sent(text, kind), sent(text, kind, "later"))
        for name in pack.meta["columns"]
    }


def sent_json(text: str, kind: str) -> Any:
    """The JSON that a page carries for its panel."""
    found = re.findall(rf'<script type="application/json" id="lomsong_{kind}_\w+_data">(.*?)</script>', text)
    assert len(found) == 1
    return json.loads(found[0])
