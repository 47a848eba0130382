"""Break lists of masts and of measurements, as bytes and as tables, and read them: only our errors may come out."""

import gzip
import io
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
    }  # fmt: skip
    inside = {
        "opencellid-gz": cells,
        "sites-xlsx": b"site,lat,lon,tech\nA,22.0,104.0,4G\nB,22.1,104 6 0,5G\n",
        "ookla-parquet": rows,
    }
    return {
        kind: replace(seed, table=inside.get(kind, seed.content if seed.suffix == ".csv" else None))
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
        content = _wrap(mutate_table(good.table, rng), good.suffix)
    if good.table is None or rng.random() < (0.5 if good.suffix == ".csv" else 0.2):
        content = mutate(content, rng)
    path = folder / f"f{good.suffix}"
    path.write_bytes(content)
    try:
        good.read(path)
    except LomsongError as error:
        return bool(str(error).strip())
    return False
