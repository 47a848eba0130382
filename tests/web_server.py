"""A web server on this machine that serves the layouts of the open layers, well or badly, from memory."""

import gzip
import hashlib
import io
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import yaml
from pyproj import Transformer
from rasterio.transform import from_origin
from shapely import box

from lomsong.sources.remote.catalogue import load_catalogue

#: One country of the tests: codes are real, shapes and numbers are made up.
COUNTRY = (103.0, 22.0, 104.0, 23.0)


_KINDS = {".html": "text/html; charset=utf-8", ".js": "text/javascript"}


@dataclass
class Answer:
    """How one address answers."""

    body: bytes = b""
    etag: str = ""
    modified: str = ""
    ranges: bool = True
    head: bool = True
    #: Statuses given before the file, one a request.
    first: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    #: Cut the connection after so many bytes, once for each number; a negative one resets it.
    cuts: list[int] = field(default_factory=list)
    location: str = ""
    packed: bool = False
    pause_s: float = 0.0
    #: Pause after every 8 KiB.
    drip_s: float = 0.0


@dataclass
class Site:
    """The server's files and what it was asked."""

    address: str = ""
    files: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def put(self, path: str, body: bytes, **more: object) -> Answer:
        answer = Answer(body, etag=f'"{hashlib.sha256(body).hexdigest()[:16]}"')
        for name, value in more.items():
            setattr(answer, name, value)
        self.files[path] = answer
        return answer

    def gets(self, part: str = "") -> list[str]:
        return [path for method, path, _ in self.asked if method == "GET" and part in path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, *, body: bool) -> None:
        site: Site = self.server.site  # type: ignore[attr-defined]
        site.asked.append((self.command, self.path, dict(self.headers)))
        parts = urlsplit(self.path)
        answer = site.files.get(f"{parts.path}?{parts.query}") or site.files.get(parts.path)
        if answer is None:
            return self._say(404, b"<html>not found</html>", {})
        if not body and not answer.head:
            return self._say(405, b"", {})
        if body and answer.first:
            return self._say(answer.first.pop(0), b"<html>trouble</html>", answer.headers)
        if answer.location:
            return self._say(302, b"", {"Location": answer.location})
        return self._send(answer, body=body)

    def _send(self, answer: Answer, *, body: bool) -> None:
        content, status = answer.body, 200
        headers = dict(answer.headers)
        headers |= {"ETag": answer.etag} if answer.etag else {}
        headers |= {"Last-Modified": answer.modified} if answer.modified else {}
        wanted = self.headers.get("Range")
        same = self.headers.get("If-Range", "") in (answer.etag, answer.modified)
        if answer.packed:
            content = gzip.compress(content)
            headers["Content-Encoding"] = "gzip"
        elif wanted and answer.ranges and same:
            begin, _, end = wanted.removeprefix("bytes=").partition("-")
            start = int(begin)
            if start >= len(content):
                return self._say(416, b"", {})
            last = min(int(end or len(content)), len(content) - 1)
            headers["Content-Range"] = f"bytes {start}-{last}/{len(content)}"
            content, status = content[start : last + 1], 206
        if not body:
            return self._say(status, b"", headers, length=len(content))
        time.sleep(answer.pause_s)
        if answer.cuts:
            return self._cut(status, content, headers, answer.cuts.pop(0))
        if answer.drip_s:
            return self._drip(content, headers, answer.drip_s)
        return self._say(status, content, headers)

    def _drip(self, content: bytes, headers: dict[str, str], pause_s: float) -> None:
        self._say(200, b"", headers, length=len(content))
        for start in range(0, len(content), 8192):
            self.wfile.write(content[start : start + 8192])
            time.sleep(pause_s)

    def _say(
        self, status: int, content: bytes, headers: dict[str, str], *, length: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            with suppress(OSError):
                self.wfile.write(content)

    def _cut(self, status: int, content: bytes, headers: dict[str, str], after: int) -> None:
        self._say(status, content[: abs(after)], headers, length=len(content))
        self.wfile.flush()
        if after < 0:  # no time to linger: the other side sees a reset
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    site: Site

    def handle_error(self, *_: object) -> None:
        """Say nothing of connections that the other side dropped: that is what is tested."""


@contextmanager
def serving() -> Iterator[Site]:
    """Serve until the block ends."""
    site = Site()
    server = _Server(("127.0.0.1", 0), _Handler)
    server.site = site
    site.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def hosting(folder: Path, *, ranges: bool = True) -> Iterator[Site]:
    """Serve the files of a folder, whole or in the ranges asked for."""
    with serving() as site:
        for path in folder.iterdir():
            kind = _KINDS.get(path.suffix, "application/octet-stream")
            site.put(f"/{path.name}", path.read_bytes(), headers={"Content-Type": kind}, ranges=ranges)
        yield site


def write_catalogue(site: Site, path: Path) -> Path:
    """Write a catalogue that differs from the packaged one in its addresses only."""
    layers = {name: {"base_url": f"{site.address}/{name}"} for name in load_catalogue().layers}
    path.write_text(yaml.safe_dump({"layers": layers}))
    return path


def raster(west: float, north: float, size: float, values: np.ndarray, nodata: float | None = None) -> bytes:
    """Return a GeoTIFF."""
    cell = size / values.shape[1]
    with rasterio.MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            height=values.shape[0],
            width=values.shape[1],
            count=1,
            dtype=values.dtype,
            crs="EPSG:4326",
            transform=from_origin(west, north, cell, cell),
            nodata=nodata,
        ) as target:
            target.write(values, 1)
        return bytes(memory.read())


def polygons(rows: list[tuple[str, tuple[float, float, float, float]]]) -> bytes:
    """Return boundaries as geoBoundaries writes them."""
    frame = gpd.GeoDataFrame(
        {"shapeName": [name for name, _ in rows], "shapeID": [f"id-{name}" for name, _ in rows]},
        geometry=[box(*bounds) for _, bounds in rows],
        crs="EPSG:4326",
    )
    return frame.to_json().encode()


def quadkey(longitude: float, latitude: float) -> str:
    """Return the tile of zoom 16 at a place, halving the Mercator square sixteen times."""
    x, y = Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True).transform(longitude, latitude)
    half, key = 20037508.342789244, ""
    left, top = -half, half
    for _ in range(16):
        east, south = x >= left + half, y < top - half
        key += str(int(east) + 2 * int(south))
        left, top = left + half * east, top - half * south
        half /= 2
    return key


CELLS = "".join(
    f"LTE,452,4,7,{100 + i},0,{103.02 + i / 10:.3f},22.{i}5,1000,9,1,1477602130,1577602130,0\n"
    for i in range(9)
)


def fill_site(site: Site) -> None:
    """Serve every layer of a made-up country with the codes of Viet Nam."""
    rng = np.random.default_rng(4)
    for lat in range(21, 24):
        for lon in range(102, 105):
            name = f"Copernicus_DSM_COG_10_N{lat}_00_E{lon}_00_DEM"
            if (lat, lon) != (21, 104):  # a tile of the sea
                heights = rng.integers(100, 900, (120, 120)).astype(np.float32)
                site.put(f"/dem/{name}/{name}.tif", raster(lon, lat + 1, 1, heights))
    for lat, lon in ((21, 102), (21, 105)):
        name = f"ESA_WorldCover_10m_2021_v200_N{lat}E{lon}_Map.tif"
        site.put(
            f"/land_cover/v200/2021/map/{name}", raster(lon, lat + 3, 3, np.full((90, 90), 30, np.uint8), 0)
        )
    people = np.full((20, 20), 90, np.float32)
    population = "GIS/Population/Global_2015_2030/R2025A/2025/VNM/v1/100m/constrained/vnm_pop_2025_CN_100m_R2025A_v1.tif"
    site.put(f"/population/{population}", raster(103, 23, 1, people, -99999), ranges=False)
    _fill_boundaries(site)
    tiles = pd.DataFrame(
        {
            "quadkey": [
                quadkey(103.4, 22.4),
                quadkey(103.2, 22.7),
                quadkey(-60.0, 10.0),
                quadkey(103.4, -22.4),
            ],
            "avg_d_kbps": [9000, 8000, 7000, 6000],
            "tests": [5, 4, 3, 2],
        }
    )
    for network in ("mobile", "fixed"):
        out = io.BytesIO()
        tiles.to_parquet(out)
        folder = f"parquet/performance/type={network}/year=2025/quarter=4"
        site.put(f"/speed_{network}/{folder}/2025-10-01_performance_{network}_tiles.parquet", out.getvalue())
    site.put("/opencellid/ocid/downloads", gzip.compress(CELLS.encode(), mtime=0))
    elements = [
        {"type": "node", "id": 5, "lat": 22.2, "lon": 103.2, "tags": {"man_made": "mast", "name": "Cột"}},
        {"type": "way", "id": 4, "center": {"lat": 22.3, "lon": 103.3}, "tags": {"man_made": "tower"}},
    ]
    course = [{"lat": 22.1, "lon": 103.1}, {"lat": 22.2, "lon": 103.2}]
    mapped = {
        "osm_masts": elements,
        "osm_places": elements,
        "osm_roads": [{"type": "way", "id": 6, "geometry": course, "tags": {"highway": "tertiary"}}],
        "osm_power": [{"type": "way", "id": 7, "geometry": course, "tags": {"power": "line"}}],
        "osm_services": [
            {"type": "node", "id": 8, "lat": 22.2, "lon": 103.1, "tags": {"amenity": "school"}},
            {"type": "node", "id": 9, "lat": 22.3, "lon": 103.2, "tags": {"amenity": "clinic"}},
        ],
    }
    for name, found in mapped.items():
        site.put(f"/{name}/api/interpreter", json.dumps({"elements": found}).encode(), head=False)
    _fill_extracts(site)


def _fill_boundaries(site: Site) -> None:
    quarters = [
        (f"Bản {i}{j}", (103 + i / 5, 22 + j / 5, 103.2 + i / 5, 22.2 + j / 5))
        for i in range(5)
        for j in range(5)
    ]
    levels = []
    for level, rows in (("ADM0", [("VN", COUNTRY)]), ("ADM3", quarters)):
        site.put(f"/files/{level}.geojson", polygons(rows))
        levels.append(
            {
                "boundaryType": level,
                "boundaryISO": "VNM",
                "boundaryLicense": "Open Data Commons Open Database License 1.0",
                "boundarySource": "made up",
                "boundaryYearRepresented": "2020",
                "admUnitCount": str(len(rows)),
                "gjDownloadURL": f"{site.address}/files/{level}.geojson",
                "simplifiedGeometryGeoJSON": f"{site.address}/files/ADM0.geojson",
            }
        )
    site.put("/boundaries/api/current/gbOpen/VNM/ALL/", json.dumps(levels).encode())


def _fill_extracts(site: Site) -> None:
    def feature(name: str, codes: list[str], bounds: tuple[float, float, float, float]) -> dict[str, object]:
        geometry = json.loads(gpd.GeoSeries([box(*bounds)]).to_json())["features"][0]["geometry"]
        urls = {"pbf": f"{site.address}/files/{name}.osm.pbf"}
        return {
            "type": "Feature",
            "properties": {"id": name, "iso3166-1:alpha2": codes, "urls": urls},
            "geometry": geometry,
        }

    features = [
        feature("vietnam", ["VN"], COUNTRY),
        feature("laos", ["LA"], (102.0, 21.0, 103.3, 22.5)),
        feature("asia", [], (60.0, -10.0, 180.0, 80.0)),
    ]
    site.put(
        "/osm_extract/index-v1.json", json.dumps({"type": "FeatureCollection", "features": features}).encode()
    )
    extract = b"\x00\x00\x00\x0e\x0a\x09OSMHeader\x18\x01" + b"x" * 500
    site.put("/files/vietnam.osm.pbf", extract)
    digest = hashlib.md5(extract, usedforsecurity=False).hexdigest()
    site.put("/files/vietnam.osm.pbf.md5", f"{digest}  vietnam-latest.osm.pbf\n".encode())
