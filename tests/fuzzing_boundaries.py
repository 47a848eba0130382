"""Break boundary files at random, as bytes and as tables, and read them: only our errors may come out."""

import gzip
import json
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from fuzzing import mutate
from shapely import box

from lomsong.errors import LomsongError
from lomsong.settings import BoundarySource, LayerSource
from lomsong.sources.boundaries import read_communes, read_villages
from lomsong.sources.code_mapping import read_code_mapping
from lomsong.sources.places import read_buildings, read_community_centres
from lomsong.sources.totals import read_totals

OSM = (
    "<?xml version='1.0' encoding='UTF-8'?><osm version='0.6'><node id='1' lat='22.0' lon='104.0'/>"
    "<node id='2' lat='22.0' lon='104.1'/><node id='3' lat='22.1' lon='104.1'>"
    "<tag k='place' v='hamlet'/><tag k='amenity' v='community_centre'/><tag k='name' v='Bản A'/><tag k='population' v='12'/></node>"
    "<way id='9'><nd ref='1'/><nd ref='2'/><nd ref='3'/><nd ref='1'/>"
    "<tag k='boundary' v='administrative'/><tag k='admin_level' v='8'/></way></osm>"
)
KML = (
    "<?xml version='1.0' encoding='UTF-8'?><kml xmlns='http://www.opengis.net/kml/2.2'><Document><name>T</name><Folder><name>v</name>"
    "<Placemark><name>Bản A</name><ExtendedData><Data name='village_id'><value>01</value></Data></ExtendedData><Polygon><outerBoundaryIs>"
    "<LinearRing><coordinates>104,22 104.1,22 104.1,22.1 104,22.1 104,22</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
    "<Placemark><name>B</name><ExtendedData><Data name='village_id'><value>02</value></Data></ExtendedData><Point><coordinates>104.5,22.5,3</coordinates></Point></Placemark></Folder><Folder><name>w</name><Placemark><name>C</name><ExtendedData><Data name='village_id'><value>03</value></Data></ExtendedData></Placemark></Folder></Document></kml>"
)
MAPPING = "old_code,new_code,kind,share,date,old_name,new_name\n01,11,whole,,2025-07-01,Xã A,Xã B\n02,11,split,0.5,,C,D\n02,12,split,0.5,,,\n"
POINTS = (
    "village_id;village_name;centre_longitude_deg;centre_latitude_deg\n01;Bản A;104.5;22.5\n02;B;104.6;22.6\n"
)
#: Different broken tables of each kind: writing one costs more than reading it, so each is broken again as bytes.
VARIANTS = 200
ODD_CELLS = (
    None,
    np.nan,
    1e308,
    -1e308,
    np.inf,
    "",
    "NA",
    "1234.0",
    "\x00",
    "Đ" * 5000,
    "=1+1",
    True,
    10**17,
)


def villages() -> gpd.GeoDataFrame:
    """Return three villages with the columns of GADM and of our own."""
    shapes = [box(104 + i / 10, 22, 104.1 + i / 10, 22.1) for i in range(3)]
    table = {
        "GID_0": "VNM", "GID_1": "VNM.1_1", "NAME_1": "ĐiệnBiên", "GID_3": ["a", "b", "c"], "NAME_3": ["Nà", "B", "NA"],
        "village_id": ["01", "02", "03"], "population": [1.0, 2.0, np.nan], "commune_code": ["01234", "1234", "1234.0"],
    }  # fmt: skip
    return gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4326")


def break_table(frame: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Shuffle, rename, drop, retype columns; put odd cells and shapes in."""
    frame = frame.copy()
    for _ in range(int(rng.integers(1, 4))):
        columns = [name for name in frame.columns if name != "geometry"]
        if not columns:
            break
        name = str(rng.choice(columns))
        match int(rng.integers(0, 6)):
            case 0:
                frame = frame[[*rng.permutation(columns), "geometry"]]
            case 1:
                frame = frame.rename(
                    columns={
                        name: str(rng.choice(["", "Tên", "shapeID", "osm_id", "ADM3_PCODE", "@id", "geom"]))
                    }
                )
            case 2:
                frame = frame.drop(columns=name)
            case 3:
                cells = frame[name].astype(object).tolist()
                cells[int(rng.integers(0, len(cells)))] = ODD_CELLS[int(rng.integers(0, len(ODD_CELLS)))]
                frame[name] = cells
            case 4:
                frame[name] = rng.choice([0.5, np.nan, 1e300, -7.0], len(frame))
            case _:
                odd = [
                    None,
                    shapely.Point(),
                    shapely.Point(np.inf, 1e300),
                    shapely.LineString([(0, 0), (1, 1)]),
                    shapely.Polygon(),
                    shapely.GeometryCollection([shapely.Point(1, 1)]),
                ]
                shapes = list(frame.geometry)
                shapes[int(rng.integers(0, len(shapes)))] = odd[int(rng.integers(0, len(odd)))]
                frame = frame.set_geometry(gpd.GeoSeries(shapes, crs=frame.crs))
    return frame.loc[:, ~frame.columns.duplicated()]


def _write(frame: gpd.GeoDataFrame, path: Path) -> Path:
    match path.suffix:
        case ".parquet":
            plain = pd.DataFrame(frame.drop(columns="geometry")).astype("string")
            plain["geom"] = shapely.to_wkb(frame.geometry.to_numpy())
            pq.write_table(pa.Table.from_pandas(plain, preserve_index=False), path)
        case ".geoparquet":
            frame.to_parquet(path)
        case ".geojson":
            path.write_text(frame.to_json(), encoding="utf-8")
        case ".xlsx":
            plain = pd.DataFrame(frame.drop(columns="geometry"))
            middle = frame.geometry.representative_point()
            plain["centre_longitude_deg"], plain["centre_latitude_deg"] = middle.x, middle.y
            plain.to_excel(path, index=False)
        case ".tab" | ".mif":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                frame.to_file(path, driver="MapInfo File")
        case _:
            with warnings.catch_warnings():
                # a shapefile shortens names
                warnings.simplefilter("ignore")
                frame.to_file(path)
    return path


def _read_villages(path: Path) -> None:
    crs = "EPSG:4326" if path.suffix in (".parquet", ".xlsx") else None
    read_villages(BoundarySource(path=path, crs=crs))


def _read_osm(path: Path) -> None:
    read_villages(BoundarySource(path=path))
    read_villages(BoundarySource(path=path, admin_level=8))


Reader = Callable[[Path], object]


#: What the kinds that are no tables of shapes hold, and how they are read.
_TEXTS: dict[str, tuple[str, Reader]] = {
    "osm": (OSM, _read_osm),
    "points.csv": (POINTS, lambda each: read_villages(BoundarySource(path=each))),
    "mapping.csv": (MAPPING, lambda each: read_code_mapping(LayerSource(path=each))),
    "totals.csv": ("commune_code,population\n01,5\n02,6\n", lambda each: read_totals(LayerSource(path=each))),
    "buildings.csv": ("latitude,longitude\n22,104\n22.1,104.1\n", lambda each: read_buildings(LayerSource(path=each))),
    "centres.osm": (OSM, lambda each: read_community_centres(LayerSource(path=each))),
    "kml": (KML, _read_villages),
    "spelt.csv": ('village_id,geom\n01,"SRID=4326;POLYGON((104 22,104.1 22,104.1 22.1,104 22))"\n02,"SRID=4326;POINT(104.2 22)"\n', _read_villages),
    "communes.osm": (OSM, lambda each: read_communes(BoundarySource(path=each, admin_level=8))),
}  # fmt: skip


def _reader(kind: str) -> Reader:
    return _TEXTS[kind][1] if kind in _TEXTS else _read_villages


def _make(folder: Path, kind: str, frame: gpd.GeoDataFrame, rng: np.random.Generator) -> Path:
    """Write a good file of one kind, or a broken table in a good file."""
    path = folder / f"v.{kind}"
    if kind in ("gpkg", "shp", "fgb", "geojson", "parquet", "geoparquet", "xlsx", "tab", "mif"):
        return _write(frame, path)
    if kind == "zip":
        _write(frame, folder / "v.shp")
        name = str(rng.choice(["v", "../v", "a/b/v", "/v", "v\x00"]))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for each in sorted(folder.glob("v.*")):
                if each != path:
                    archive.writestr(name + each.suffix, each.read_bytes())
    elif kind == "kmz":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(
                str(rng.choice(["doc.kml", "../doc.kml", "a/doc.kml"])),
                mutate(KML.encode(), rng) if rng.integers(0, 2) else KML,
            )
            archive.writestr("images/icon.png", b"-")
    elif kind == "gz":
        path.write_bytes(gzip.compress(frame.to_json().encode("utf-8"), mtime=0))
    elif kind == "deep.geojson":
        depth = min(int(rng.integers(1, 3000)), 400)
        shape = {"type": "Polygon", "coordinates": json.loads("[" * depth + "]" * depth)}
        feature = {"type": "Feature", "properties": {"village_id": "1"}, "geometry": shape}
        path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    else:
        coding = str(rng.choice(["utf-8", "utf-8-sig", "cp1258", "utf-16"]))
        path.write_bytes(_TEXTS[kind][0].encode(coding, "replace"))
    return path


KINDS = (
    "gpkg", "shp", "fgb", "geojson", "parquet", "geoparquet", "zip", "gz", "deep.geojson", "osm", "points.csv", "mapping.csv",
    "totals.csv", "buildings.csv", "centres.osm", "communes.osm", "kml", "kmz", "tab", "xlsx", "mif", "spelt.csv",
)  # fmt: skip


@cache
def _files(kind: str, variant: int) -> tuple[dict[str, bytes], str]:
    """Return the files of the good table of a kind (variant 0) or of one of its broken tables, and which is read."""
    rng = np.random.default_rng([variant, KINDS.index(kind), 1])
    frame = break_table(villages(), rng) if variant else villages()
    with tempfile.TemporaryDirectory() as outer:
        folder = Path(outer)
        try:
            path = _make(folder, kind, frame, rng)
        except Exception:  # noqa: BLE001 - the writer refused the broken table
            return _files(kind, 0)
        return {each.name: each.read_bytes() for each in sorted(folder.glob("v.*"))}, path.name


def attack_boundaries(folder: Path, kind: str, seed: int) -> bool:
    """Break a file of a kind, as a table or as bytes or both, and read it; return whether it was refused with an error of ours."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    variant = int(rng.integers(0, VARIANTS)) if rng.integers(0, 2) else 0
    files, name = _files(kind, variant)
    for each, content in files.items():
        (folder / each).write_bytes(content)
    path = folder / name
    if not variant or rng.integers(0, 2):
        parts = sorted(files) if kind in ("shp", "tab", "mif") else [name]
        broken = folder / parts[int(rng.integers(0, len(parts)))]
        broken.write_bytes(mutate(broken.read_bytes(), rng))
    before = sorted(each.name for each in folder.parent.rglob("*"))
    try:
        _reader(kind)(path)
    except LomsongError as error:
        return bool(str(error).strip())
    after = sorted(each.name for each in folder.parent.rglob("*"))
    if after != before:
        raise AssertionError(f"written beside the input: {set(after) - set(before)}")
    return False
