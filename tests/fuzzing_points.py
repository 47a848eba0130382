"""Break lists of masts and of measurements, as bytes and as tables, and read them: only our errors may come out."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
from fuzzing import mutate
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from shapely import Point, box

from lomsong.errors import LomsongError
from lomsong.schemas import MEASUREMENTS
from lomsong.settings import CheckSource, MastSource, ReportSource, SignalSource, SpeedTestSource
from lomsong.sources.masts import read_masts
from lomsong.sources.signals import read_field_checks, read_no_service, read_signal_samples
from lomsong.sources.speedtests import read_speed_tests
from lomsong.sources.witnesses import complete

VILLAGES = gpd.GeoDataFrame({"village_id": ["001"]}, geometry=[box(104, 22, 104.1, 22.1)], crs="EPSG:4326")
#: Cells that files of the wild hold where something else is expected.
ODD_CELLS = [
    "", "-", "NA", "nan", "inf", "-inf", "1e400", "-1e308", "99999999999999999999999", "0", "-0", "-200", "2147483647", "1,5",
    "1.234.567,8", "12:30", "2023-13-45", "31/02/2023", "0001-01-01", "99991231", "21°61'N", "N21S", "°", "'", '"', "4G;5G", "LTE-1800",
    "true", "[1]", "{}", "=1+1", "\u202e", "\u0000", "🗼", "e\u0301" * 30, "a" * 5000, "1" * 400, "٣٤",
]  # fmt: skip
ODD_HEADINGS = [
    "",
    "geometry",
    "lat",
    "lon",
    "x_m",
    "bands",
    "technology",
    "sector_id",
    "site_id",
    "node",
    "tests",
    "0",
    "a" * 300,
    "time",
]


@dataclass(frozen=True)
class Seed:
    """A good file of one kind, how it is read, and the text table in it."""

    suffix: str
    content: bytes
    read: Callable[[Path], object]
    table: bytes | None = None
    #: Puts a broken table into a sound file; by the suffix where there is none.
    wrap: Callable[[bytes], bytes] | None = None


def _table(header: str, *rows: str, separator: str = ",") -> bytes:
    return "\n".join([header, *rows, ""]).replace(",", separator).encode()


def _check_masts(**given: object) -> Callable[[Path], object]:
    def read(path: Path) -> object:
        frame, findings = read_masts(MastSource(path=path, **given))  # type: ignore[arg-type]
        assert frame["sector_id"].is_unique
        assert np.isfinite(frame.geometry.x).all()
        return findings

    return read


def _check(read_one: Callable[[Path], tuple[gpd.GeoDataFrame, object]]) -> Callable[[Path], object]:
    def read(path: Path) -> object:
        frame, findings = read_one(path)
        if len(frame):
            MEASUREMENTS.check(complete(frame))
            assert np.isfinite(frame.geometry.x).all()
        return findings

    return read


def _bytes_of(write: Callable[[io.BytesIO], object]) -> bytes:
    target = io.BytesIO()
    write(target)
    return target.getvalue()


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    for row in (["site", "lat", "lon", "tech"], ["A", 22.0, 104.0, "4G"], ["B", "22,1", "104°6'E", "5G"]):
        book.active.append(row)
    return _bytes_of(book.save)


def _features(text: bytes, **shape: object) -> bytes:
    """Make a GeoJSON of a text table: every feature with the same shape."""
    names, *rows = [line.split(",") for line in text.decode("latin-1").splitlines()] or [[""]]
    features = [
        {"type": "Feature", "properties": dict(zip(names, row, strict=False)), "geometry": shape}
        for row in rows
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def _as_points(text: bytes) -> bytes:
    return _features(text, type="Point", coordinates=[104.5, 21.5])


def _as_tiles(text: bytes) -> bytes:
    ring = [[104.5, 21.5], [104.51, 21.5], [104.51, 21.51], [104.5, 21.51], [104.5, 21.5]]
    return _features(text, type="Polygon", coordinates=[ring])


_ANFR = {
    "SUP_STATION": b"STA_NM_ANFR;ADM_ID\n001;23\n002;240\n",
    "SUP_SUPPORT": b"SUP_ID;STA_NM_ANFR;COR_NB_DG_LAT;COR_NB_MN_LAT;COR_NB_SC_LAT;COR_CD_NS_LAT;COR_NB_DG_LON;COR_NB_MN_LON;COR_NB_SC_LON;"
    b"COR_CD_EW_LON;SUP_NM_HAUT\n77;001;44;30;36;N;1;15;0;E;40,5\n88;002;14;6;0;S;61;0;18;W;\n",
    "SUP_ANTENNE": b"STA_NM_ANFR;AER_ID;SUP_ID;AER_NB_AZIMUT;AER_NB_ALT_BAS\n001;1;77;120,0;35,2\n002;2;88;;12,0\n",
    "SUP_EMETTEUR": b"EMR_ID;EMR_LB_SYSTEME;STA_NM_ANFR;AER_ID;EMR_DT_SERVICE\ne1;LTE 800;001;1;05/03/2018\ne2;FH;002;2;01/02/2003\n",
}


def _anfr(table: str) -> Seed:
    def wrap(text: bytes) -> bytes:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            for name, content in {**_ANFR, table: text}.items():
                archive.writestr(zipfile.ZipInfo(f"{name}.txt"), content)
        return target.getvalue()

    return Seed(".zip", wrap(_ANFR[table]), _check_masts(), _ANFR[table], wrap)


def make_seeds() -> dict[str, Seed]:
    """Return one good file of each kind that the readers of masts and measurements know."""
    cells = _table(
        "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal",
        *(
            f"{radio},1,1,7,{i},0,104.{i},22.{i},1000,{i},1,1477602130,1477602130,0"
            for i, radio in enumerate(["LTE", "UMTS", "GSM", "NR"])
        ),
    )
    osm = gpd.GeoDataFrame(
        {"osm_id": ["1", "2"], "man_made": ["mast", "tower"], "tower:type": [None, "communication"], "height": ["30", "40 m"],
         "other_tags": ['"communication:mobile_phone"=>"yes"', None]},
        geometry=[Point(104, 22), Point(104.1, 22)], crs="EPSG:4326",
    )  # fmt: skip
    tiles = pd.DataFrame(
        {
            "quadkey": ["3112302131202302", "3112302131202303"],
            "avg_d_kbps": [5.0, 6.0],
            "tests": [1, 2],
            "devices": [1, 1],
        }
    )
    own = {
        "crs": "EPSG:4326",
        "operator": "X",
        "columns": {"site_id": "site", "latitude_deg": "lat", "longitude_deg": "lon", "technology": "tech"},
    }
    metres = {
        "crs": "EPSG:3405",
        "operator": "X",
        "columns": {"x_m": "x", "y_m": "y", "bands": "bands", "on_air": "d"},
    }
    rows = tiles.to_csv(index=False).encode()
    speed = _check(lambda path: read_speed_tests(SpeedTestSource(path=path, network="mobile")))
    seeds = {
        "opencellid": Seed(".csv", cells, _check_masts(format="opencellid")),
        "opencellid-gz": Seed(".csv.gz", gzip.compress(cells, mtime=0), _check_masts(format="opencellid")),
        "osm": Seed(".geojson", osm.to_json().encode(), _check_masts()),
        "accc": Seed(".csv", _table("year,operator,rfnsa_id,lat,lon,tech_3g,tech_4g,bands", "2018,T,,-36.2,149.0,1,1,WCDMA850;LTE700"), _check_masts()),
        "arcep": Seed(".csv", _table("Operateur,x,y,2G,3G,4G,lon,lat,operator", "20801,535937.0,6330628.0,1,0,1,0.95,44.05,Orange"), _check_masts()),
        "bakom": Seed(".csv", _table("station;typ_en;power_en;techno_en;x;y", "Salt A;Outdoor > 6 Werp;Power class : low (up to 500 W);Technology 4G,5G;2600000;1200000"), _check_masts(columns={"x_m": "x", "y_m": "y"}, format="bakom")),
        "hifld": Seed(".csv", _table("id,license,structure,structure_type,latitude,longitude", "1,V,56.1,TOWER,43.7,-70.5"), _check_masts()),
        "sites": Seed(".csv", _table("site,lat,lon,tech", "A,22.0,104.0,4G", "B,21°03'12N,104 30 0,5G", separator=";"), _check_masts(**own)),
        "sites-metres": Seed(".csv", _table("x;y;bands;d", "500000,5;2400000,5;LTE700;25/12/2019"), _check_masts(**metres)),
        "sites-xlsx": Seed(".xlsx", _workbook(), _check_masts(**own)),
        "ookla-csv": Seed(".csv", tiles.to_csv(index=False).encode(), speed),
        "ookla-parquet": Seed(".parquet", _bytes_of(tiles.to_parquet), speed),
        "mlab": Seed(".csv", _table("date,a.MeanThroughputMbps,a.MinRTT,client.Geo.Latitude,client.Geo.Longitude,client.Geo.AccuracyRadiusKm", "2023-05-01,12.5,30,21.5,104.5,1"), speed),
        "ispeed": Seed(".csv", _table("Thời gian,Nhà mạng,Công nghệ,Vĩ độ,Kinh độ,Tốc độ tải xuống (kbps),Độ trễ (ms)", "25/12/2023 08:15,X,4G,21.5,104.5,3500,30", "2023-12-25,X,WiFi,21.5,104.5,35,3"), speed),
        "drive": Seed(".csv", _table("Timestamp,Longitude,Latitude,Speed,Operatorname,NetworkMode,RSRP", "2020.02.13_15.02.01,104.5,21.5,0,B,LTE,-93", "2020.02.13_15.02.02,104.5,21.5,0,B,HSPA+,-93"),
                      _check(lambda path: read_signal_samples(SignalSource(path=path)))),
        "reports": Seed(".csv", _table("time,longitude,latitude,operator,imsi", "2023-05-01,104.5,21.5,X,452040123456789"),
                        _check(lambda path: read_no_service(ReportSource(path=path)))),
        "checks": Seed(".csv", _table("Mã thôn,Ngày,Nhà mạng,Công nghệ,Có sóng,Mức thu", "001,01/11/2023,X,4G,có,-98", "001,02/11/2023,X,4G,không,"),
                       _check(lambda path: read_field_checks(CheckSource(path=path), villages=VILLAGES))),
        "opencellid-variant": Seed(".csv", _table("Unnamed: 0,radio,MCC,MNC,TAC,CID,unit,LON,LAT,RANGE,SAM,changeable,created,updated,averageSignal",
                                                  "0,LTE,651,1,7,20481,0,27.5,-29.3,1000,2,1,1477602130,1477602130,0"), _check_masts()),
        "opencellid-bare": Seed(".csv", cells.split(b"\n", 1)[1], _check_masts()),
        "opencellid-geojson": Seed(".geojson", _as_points(cells), _check_masts(), cells, _as_points),
        "anfr-support": _anfr("SUP_SUPPORT"),
        "anfr-emitter": _anfr("SUP_EMETTEUR"),
        "fcc": Seed(".csv", _table("registration_number,structure_type,latitude_degrees,latitude_minutes,latitude_seconds,latitude_direction,"
                                   "longitude_degrees,longitude_minutes,longitude_seconds,longitude_direction,height_of_structure",
                                   "1001,TOWER,44,1,5.5,N,71,30,2.0,W,58.5"), _check_masts(operator="X")),
        "sites-zones": Seed(".csv", _table("site;x;y;muc;tech", "A;512345,5;2330123;48N;4G", "B;512345;2330123;105°45';5G", "C;1;2;;2G"),
                            _check_masts(crs="EPSG:4756", operator="X", columns={"site_id": "site", "x_m": "x", "y_m": "y", "zone": "muc", "technology": "tech"})),
        "ookla-geojson": Seed(".geojson", _as_tiles(rows), speed, rows, _as_tiles),
        "speed-xlsx": Seed(".xlsx", _wrap(rows, ".xlsx"), speed, rows),
    }  # fmt: skip
    inside = {
        "opencellid-gz": cells,
        "sites-xlsx": b"site,lat,lon,tech\nA,22.0,104.0,4G\nB,22.1,104 6 0,5G\n",
        "ookla-parquet": rows,
    }
    return {
        kind: seed
        if seed.table is not None
        else replace(seed, table=inside.get(kind, seed.content if seed.suffix == ".csv" else None))
        for kind, seed in seeds.items()
    }


def mutate_table(content: bytes, rng: np.random.Generator) -> bytes:
    """Shuffle, rename, drop and repeat columns, put odd cells anywhere, change the encoding and the line ends."""
    separator = (
        ";" if content.split(b"\n", 1)[0].count(b";") > content.split(b"\n", 1)[0].count(b",") else ","
    )
    rows = [line.split(separator) for line in content.decode("utf-8").splitlines()]
    for _ in range(int(rng.integers(1, 5))):
        width = max(map(len, rows))
        column, row = int(rng.integers(0, width)), int(rng.integers(0, len(rows)))
        match int(rng.integers(0, 8)):
            case 0:
                order = rng.permutation(width)
                rows = [[each[i] for i in order if i < len(each)] for each in rows]
            case 1:
                rows = [[cell for i, cell in enumerate(each) if i != column] or [""] for each in rows]
            case 2 if column < len(rows[0]):
                rows[0][column] = str(rng.choice(ODD_HEADINGS))
            case 3:
                rows = [[*each, each[column]] if column < len(each) else each for each in rows]
            case 4:
                rows = [rows[0], *[list(each) for each in rows[1:] for _ in range(int(rng.integers(0, 4)))]]
            case _ if column < len(rows[row]):
                rows[row][column] = str(ODD_CELLS[int(rng.integers(0, len(ODD_CELLS)))])
            case _:
                rows[row] = [*rows[row], "extra"]
    end = str(rng.choice(["\n", "\r\n", "\r"]))
    text = end.join(separator.join(each) for each in rows) + end
    encoding = str(rng.choice(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1258", "latin-1"]))
    return text.encode(encoding, "replace")


def _wrap(text: bytes, suffix: str) -> bytes:
    """Put a broken table into a sound container."""
    if suffix == ".csv.gz":
        return gzip.compress(text, mtime=0)
    if suffix == ".csv":
        return text
    rows = [line.split(",") for line in text.decode("latin-1").splitlines()]
    if suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append([ILLEGAL_CHARACTERS_RE.sub("", cell)[:30_000] for cell in row])
        return _bytes_of(book.save)
    width = max(map(len, rows))
    columns = {f"{name}" if rows[0].count(name) == 1 else f"{name}{i}": i for i, name in enumerate(rows[0])}
    frame = pd.DataFrame([row + [""] * (width - len(row)) for row in rows[1:]])
    frame = pd.DataFrame({name: frame[i] if len(frame) else [] for name, i in columns.items()})
    for name in frame.columns[::2]:
        number = pd.to_numeric(frame[name], errors="coerce")
        if number.notna().any():
            frame[name] = number
    return _bytes_of(frame.to_parquet)


def attack(kind: str, folder: Path, seed: int, seeds: dict[str, Seed] | None = None) -> bool:
    """Break one file of one kind and read it; return whether it was refused with an error of ours."""
    rng = np.random.default_rng([seed, *kind.encode()])
    good = (seeds or make_seeds())[kind]
    content = good.content
    if good.table is not None and rng.random() < 0.7:
        table = mutate_table(good.table, rng)
        content = _wrap(table, good.suffix) if good.wrap is None else good.wrap(table)
    if good.table is None or rng.random() < (0.5 if good.suffix == ".csv" else 0.2):
        content = mutate(content, rng)
    path = folder / f"f{good.suffix}"
    path.write_bytes(content)
    try:
        good.read(path)
    except LomsongError as error:
        return bool(str(error).strip())
    return False
